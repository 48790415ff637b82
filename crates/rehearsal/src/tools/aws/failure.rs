//! How a call of `aws` fails, in the words and with the exit codes of AWS CLI version 2.

use crate::tools::Need;

/// The usage that argument errors carry.
pub(super) const USAGE: &str = "usage: aws [options] <command> <subcommand> \
[<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help";

/// Ends the command with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) exit: i32,
    /// What the enhanced and JSON error formats name it, where they name it.
    pub(super) code: Option<String>,
    pub(super) message: String,
    /// What the enhanced format writes where that is not made of code and message.
    sentence: Option<String>,
    /// The usage comes first.
    pub(super) usage: bool,
}

impl Failure {
    fn coded(exit: i32, code: &str, message: String) -> Self {
        Failure {
            exit,
            code: Some(code.to_owned()),
            message,
            sentence: None,
            usage: false,
        }
    }

    /// The command line or a parameter is wrong.
    pub(super) fn parameters(message: impl Into<String>) -> Self {
        Self::coded(252, "ParamValidation", message.into())
    }

    /// As [`Failure::parameters`], from the argument parser, which appends the usage.
    pub(super) fn arguments(message: impl std::fmt::Display) -> Self {
        Self::parameters(format!("{message}\n\n{USAGE}"))
    }

    /// One parameter's value cannot be read.
    pub(super) fn parameter(option: &str, message: impl std::fmt::Display) -> Self {
        Self::parameters(format!("Error parsing parameter '{option}': {message}"))
    }

    pub(super) fn unknown_options(options: &[String]) -> Self {
        Failure {
            exit: 252,
            code: None,
            message: format!("Unknown options: {}", options.join(", ")),
            sentence: None,
            usage: true,
        }
    }

    pub(super) fn no_region() -> Self {
        let text = "You must specify a region. You can also configure your region by running \
                    \"aws configure\".";
        Self::coded(253, "NoRegion", text.to_owned())
    }

    pub(super) fn no_credentials() -> Self {
        let text = "Unable to locate credentials. You can configure credentials by running \
                    \"aws login\".";
        Self::coded(253, "NoCredentials", text.to_owned())
    }

    /// A service refused; `retries` is set where the last attempt was used up.
    pub(super) fn service(
        code: &str,
        operation: &str,
        message: &str,
        retries: Option<u32>,
    ) -> Self {
        let retries = retries.map_or_else(String::new, |count| {
            format!(" (reached max retries: {count})")
        });
        let sentence = format!(
            "An error occurred ({code}) when calling the {operation} operation{retries}: {message}"
        );
        Failure {
            sentence: Some(sentence),
            ..Self::coded(254, code, message.to_owned())
        }
    }

    /// AWS would know this; the model does not.
    pub(super) fn not_modelled(what: &str) -> Self {
        let text = format!("lockkeeper's model of AWS does not know `{what}`");
        Failure {
            exit: 254,
            ..Self::general(text)
        }
    }

    /// Anything else.
    pub(super) fn general(message: impl Into<String>) -> Self {
        Failure {
            exit: 255,
            code: None,
            message: message.into(),
            sentence: None,
            usage: false,
        }
    }

    /// What it writes to standard error, in `--cli-error-format`'s `format`.
    pub(super) fn text(&self, format: &str) -> String {
        let line = |message: &str| format!("\naws: [ERROR]: {}\n", message.trim());
        let enhanced = || match (&self.sentence, &self.code) {
            (Some(sentence), _) => line(sentence),
            (None, Some(code)) => line(&format!("An error occurred ({code}): {}", self.message)),
            (None, None) => line(&self.message),
        };
        let text = match (format, &self.code) {
            ("legacy", _) => line(self.sentence.as_ref().unwrap_or(&self.message)),
            ("json", Some(code)) => {
                // Services' errors come as they were answered: message first.
                let mut fields = vec![("Code", code), ("Message", &self.message)];
                if self.sentence.is_some() {
                    fields.reverse();
                }
                let fields = fields.into_iter();
                super::output::json(
                    &fields
                        .map(|(k, v)| (k.to_owned(), serde_json::Value::from(v.as_str())))
                        .collect(),
                )
            }
            _ => enhanced(),
        };
        match self.usage {
            true => format!("\n{USAGE}\n\n{text}"),
            false => text,
        }
    }
}

/// Why a step of the command did not give a value.
#[derive(Debug)]
pub(super) enum Stop {
    /// The tool's process must do something first.
    Need(Need),
    Fail(Failure),
}

impl From<Need> for Stop {
    fn from(need: Need) -> Self {
        Stop::Need(need)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Fail(failure)
    }
}
