//! Options and words as Python's argparse tells them apart, on which the AWS CLI stands.

use indexmap::IndexMap;

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Takes {
    Nothing,
    One,
    /// Every word up to the next option.
    Words,
}

/// The options that one parser knows, by name with its dashes.
pub(in super::super) type Options = IndexMap<String, Takes>;

/// What was given for an option; the last one wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Given {
    Flag,
    One(String),
    Words(Vec<String>),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Parsed {
    pub(in super::super) given: IndexMap<String, Given>,
    /// The first word that belongs to no option.
    pub(in super::super) word: Option<String>,
    /// What this parser does not know, in order.
    pub(in super::super) rest: Vec<String>,
}

enum Class<'a> {
    Word,
    Known(&'a str, Takes, Option<&'a str>),
    Unknown,
}

/// Reads `args`; the error is argparse's message.
pub(in super::super) fn parse(
    options: &Options,
    args: &[String],
    takes_word: bool,
) -> Result<Parsed, String> {
    let mut classes = Vec::with_capacity(args.len());
    let mut only_words = false;
    for arg in args {
        if only_words {
            classes.push(Class::Word);
        } else if arg == "--" {
            only_words = true;
            classes.push(Class::Unknown);
        } else {
            classes.push(class(options, arg)?);
        }
    }
    let mut parsed = Parsed::default();
    let mut at = 0;
    while at < args.len() {
        let arg = &args[at];
        at += 1;
        match classes[at - 1] {
            Class::Word if takes_word && parsed.word.is_none() => parsed.word = Some(arg.clone()),
            Class::Unknown if arg == "--" => {}
            Class::Word | Class::Unknown => parsed.rest.push(arg.clone()),
            Class::Known(name, takes, explicit) => {
                let given = match (takes, explicit) {
                    (Takes::Nothing, None) => Given::Flag,
                    (Takes::Nothing, Some(value)) => {
                        return Err(format!(
                            "argument {name}: ignored explicit argument {}",
                            super::python::repr(value)
                        ));
                    }
                    (Takes::One, Some(value)) => Given::One(value.to_owned()),
                    (Takes::One, None) => {
                        if !matches!(classes.get(at), Some(Class::Word)) {
                            return Err(format!("argument {name}: expected one argument"));
                        }
                        at += 1;
                        Given::One(args[at - 1].clone())
                    }
                    (Takes::Words, Some(value)) => Given::Words(vec![value.to_owned()]),
                    (Takes::Words, None) => {
                        let from = at;
                        while matches!(classes.get(at), Some(Class::Word)) {
                            at += 1;
                        }
                        Given::Words(args[from..at].to_vec())
                    }
                };
                parsed.given.insert(name.to_owned(), given);
            }
        }
    }
    Ok(parsed)
}

fn class<'a>(options: &'a Options, arg: &'a str) -> Result<Class<'a>, String> {
    if !arg.starts_with('-') || arg == "-" {
        return Ok(Class::Word);
    }
    if let Some((name, takes)) = options.get_key_value(arg) {
        return Ok(Class::Known(name, *takes, None));
    }
    let (head, explicit) = match arg.split_once('=') {
        Some((head, value)) => (head, Some(value)),
        None => (arg, None),
    };
    if explicit.is_some()
        && let Some((name, takes)) = options.get_key_value(head)
    {
        return Ok(Class::Known(name, *takes, explicit));
    }
    if head.starts_with("--") {
        // An unambiguous beginning stands for the whole name.
        let matches: Vec<_> = options
            .iter()
            .filter(|(name, _)| name.starts_with(head))
            .collect();
        match matches[..] {
            [] => {}
            [(name, takes)] => return Ok(Class::Known(name, *takes, explicit)),
            _ => {
                let names: Vec<&str> = matches.iter().map(|(name, _)| name.as_str()).collect();
                return Err(format!(
                    "ambiguous option: {arg} could match {}",
                    names.join(", ")
                ));
            }
        }
    }
    let number = arg[1..].bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && arg[1..].bytes().any(|b| b.is_ascii_digit())
        && arg[1..].matches('.').count() <= 1;
    Ok(match number || arg.contains(' ') {
        true => Class::Word,
        false => Class::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        [
            ("--cluster", Takes::One),
            ("--services", Takes::Words),
            ("--force", Takes::Nothing),
            ("--service-name", Takes::One),
        ]
        .into_iter()
        .map(|(name, takes)| (name.to_owned(), takes))
        .collect()
    }

    fn read(args: &[&str]) -> Result<Parsed, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        parse(&options(), &args, true)
    }

    #[test]
    fn values_words_and_the_rest() {
        let parsed = read(&[
            "go",
            "--cluster=a=b",
            "--services",
            "x",
            "y",
            "--force",
            "-1",
            "--other",
            "z",
        ])
        .unwrap();
        assert_eq!(parsed.word.as_deref(), Some("go"));
        assert_eq!(parsed.given["--cluster"], Given::One("a=b".into()));
        assert_eq!(
            parsed.given["--services"],
            Given::Words(vec!["x".into(), "y".into()])
        );
        assert_eq!(parsed.rest, ["-1", "--other", "z"]);
    }

    #[test]
    fn beginnings_stand_for_names_when_only_one_fits() {
        assert_eq!(
            read(&["--clu", "a"]).unwrap().given["--cluster"],
            Given::One("a".into())
        );
        assert_eq!(
            read(&["--serv", "a"]).unwrap_err(),
            "ambiguous option: --serv could match --services, --service-name"
        );
    }

    #[test]
    fn a_dashed_value_is_no_value() {
        assert_eq!(
            read(&["--cluster", "--force"]).unwrap_err(),
            "argument --cluster: expected one argument"
        );
        assert_eq!(
            read(&["--cluster", "-a b"]).unwrap().given["--cluster"],
            Given::One("-a b".into())
        );
        assert_eq!(
            read(&["--force=true"]).unwrap_err(),
            "argument --force: ignored explicit argument 'true'"
        );
    }
}
