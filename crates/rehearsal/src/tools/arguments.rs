//! A command line read against the options that a tool knows.

/// Options as one list: the canonical name first, then aliases; `=` after the canonical name when
/// it takes a value (`"--tag= -t"`).
pub(crate) type Known = &'static [&'static str];

/// How a tool reads its options.
#[derive(Clone, Copy)]
pub(crate) struct Grammar {
    /// Options that change what the model does.
    pub(crate) known: Known,
    /// Options without a bearing on the world: progress bars, caches, colours.
    pub(crate) cosmetic: Known,
    /// Everything from the first word that is no option is left alone.
    pub(crate) stop_at_first_word: bool,
    /// `--name=value` is understood; curl's is not.
    pub(crate) equals_sign: bool,
}

impl Grammar {
    pub(crate) const fn new(known: Known, cosmetic: Known) -> Self {
        Self {
            known,
            cosmetic,
            stop_at_first_word: false,
            equals_sign: true,
        }
    }

    fn find(&self, name: &str) -> Option<(&'static str, bool)> {
        self.known.iter().chain(self.cosmetic).find_map(|entry| {
            let mut names = entry.split(' ');
            let first = names.next()?;
            let canonical = first.trim_end_matches('=');
            (canonical == name || names.any(|alias| alias == name))
                .then_some((canonical, first.ends_with('=')))
        })
    }
}

/// Why a command line cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misuse {
    Unknown(String),
    NoValue(String),
}

/// A command line, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Options in their order, by canonical name; a flag's value is `true` or `false`.
    pub(crate) options: Vec<(&'static str, String)>,
    /// What is no option.
    pub(crate) words: Vec<String>,
    /// What follows `--`.
    pub(crate) after: Vec<String>,
}

impl Arguments {
    pub(crate) fn parse(args: &[String], grammar: &Grammar) -> Result<Self, Misuse> {
        let mut read = Self::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if arg == "--" {
                read.after.extend(rest.cloned());
                break;
            }
            if !arg.starts_with('-') || arg == "-" {
                read.words.push(arg.clone());
                if grammar.stop_at_first_word {
                    read.words.extend(rest.cloned());
                    break;
                }
                continue;
            }
            if arg.starts_with("--") || grammar.find(arg).is_some() {
                let (name, attached) = match arg.split_once('=') {
                    Some((name, value)) if grammar.equals_sign => (name, Some(value.to_owned())),
                    _ => (arg.as_str(), None),
                };
                let (name, takes_value) = grammar
                    .find(name)
                    .ok_or_else(|| Misuse::Unknown(name.to_owned()))?;
                let value = match (takes_value, attached) {
                    (_, Some(value)) => value,
                    (true, None) => rest
                        .next()
                        .cloned()
                        .ok_or_else(|| Misuse::NoValue(name.to_owned()))?,
                    (false, None) => "true".to_owned(),
                };
                read.options.push((name, value));
                continue;
            }
            read.bundle(&arg[1..], &mut rest, grammar)?;
        }
        Ok(read)
    }

    /// `-fsSLo file`: short flags, the last of which may take a value.
    fn bundle<'a>(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = &'a String>,
        grammar: &Grammar,
    ) -> Result<(), Misuse> {
        for (at, letter) in letters.char_indices() {
            let short = format!("-{letter}");
            let (name, takes_value) = grammar.find(&short).ok_or(Misuse::Unknown(short))?;
            if !takes_value {
                self.options.push((name, "true".to_owned()));
                continue;
            }
            let attached = &letters[at + letter.len_utf8()..];
            let attached = match attached.strip_prefix('=') {
                Some(value) if grammar.equals_sign => value,
                _ => attached,
            };
            let value = if attached.is_empty() {
                rest.next()
                    .cloned()
                    .ok_or_else(|| Misuse::NoValue(name.to_owned()))?
            } else {
                attached.to_owned()
            };
            self.options.push((name, value));
            break;
        }
        Ok(())
    }

    /// The last value given.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let given = self.options.iter().rev().find(|(given, _)| *given == name);
        given.map(|(_, value)| value.as_str())
    }

    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.options
            .iter()
            .filter(move |(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a flag is given, and not as `--flag=false`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name)
            .is_some_and(|value| !matches!(value, "false" | "0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar::new(
        &["--tag= -t", "--push", "--fail -f", "--output= -o"],
        &["--quiet -q", "--progress="],
    );

    fn read(args: &[&str]) -> Result<Arguments, Misuse> {
        let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        Arguments::parse(&args, &GRAMMAR)
    }

    #[test]
    fn bundles_values_and_words() {
        let read = read(&[
            "-fqoout",
            "-t",
            "a:1",
            "--tag=b:2",
            "--push=false",
            ".",
            "--",
            "-x",
        ]);
        let read = read.expect("all known");
        assert_eq!(read.values("--tag").collect::<Vec<_>>(), ["a:1", "b:2"]);
        assert_eq!(read.value("--output"), Some("out"));
        assert!(read.has("--fail") && !read.has("--push"));
        assert_eq!(
            (read.words, read.after),
            (vec![".".into()], vec!["-x".into()])
        );
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(read(&["-fz"]), Err(Misuse::Unknown("-z".into())));
        assert_eq!(read(&["--sbom=x"]), Err(Misuse::Unknown("--sbom".into())));
        assert_eq!(read(&["-t"]), Err(Misuse::NoValue("--tag".into())));
    }
}
