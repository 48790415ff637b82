//! Texts of policies that may hold wildcards and variables.

use super::context::{Context, Known};

/// A compiled text: `*`, `?` and `${key}` where its place allows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Unit(Unit),
    Variable {
        key: String,
        default: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Char(char),
    Any,
    One,
}

/// What a place of a policy allows in its texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grammar {
    pub(crate) wildcards: bool,
    pub(crate) variables: bool,
}

/// Whether a text fits, as far as that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    No,
    /// It depends on a key of the request of which nothing is known.
    Unknown(String),
}

impl Fit {
    pub(crate) fn of(fits: bool) -> Self {
        if fits { Fit::Yes } else { Fit::No }
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Fit::Yes => Fit::No,
            Fit::No => Fit::Yes,
            unknown => unknown,
        }
    }

    /// Yes where one is; else unknown where one is.
    pub(crate) fn any(fits: impl IntoIterator<Item = Fit>) -> Self {
        let mut found = Fit::No;
        for fit in fits {
            match fit {
                Fit::Yes => return Fit::Yes,
                Fit::No => {}
                Fit::Unknown(key) => found = Fit::Unknown(key),
            }
        }
        found
    }

    /// No where one is; else unknown where one is.
    pub(crate) fn all(fits: impl IntoIterator<Item = Fit>) -> Self {
        Self::any(fits.into_iter().map(Fit::not)).not()
    }
}

impl Pattern {
    pub(crate) fn new(text: &str, grammar: Grammar) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if grammar.variables
                && let Some((part, length)) = variable(rest)
            {
                parts.push(part);
                rest = &rest[length..];
                continue;
            }
            parts.push(Part::Unit(match next {
                '*' if grammar.wildcards => Unit::Any,
                '?' if grammar.wildcards => Unit::One,
                other => Unit::Char(other),
            }));
            rest = &rest[next.len_utf8()..];
        }
        Self {
            text: text.to_owned(),
            parts,
        }
    }

    /// As it is written in the policy.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The units with variables replaced: a variable that has no value fits nothing.
    fn units(&self, context: &Context) -> Result<Option<Vec<Unit>>, String> {
        let mut units = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part {
                Part::Unit(unit) => units.push(*unit),
                Part::Variable { key, default } => {
                    let value = match context.get(key) {
                        // Keys with several values are no variables.
                        Known::Values([one]) => Some(one.as_str()),
                        Known::Values(_) | Known::Absent => default.as_deref(),
                        Known::Nothing => return Err(key.clone()),
                    };
                    match value {
                        Some(value) => units.extend(value.chars().map(Unit::Char)),
                        None => return Ok(None),
                    }
                }
            }
        }
        Ok(Some(units))
    }

    fn judge(&self, context: &Context, fits: impl Fn(&[Unit]) -> bool) -> Fit {
        match self.units(context) {
            Ok(Some(units)) => Fit::of(fits(&units)),
            Ok(None) => Fit::No,
            Err(key) => Fit::Unknown(key),
        }
    }

    /// Whether a whole text fits.
    pub(crate) fn fits(&self, text: &str, context: &Context) -> Fit {
        self.judge(context, |units| glob(units, text, false, false))
    }

    pub(crate) fn fits_any_case(&self, text: &str, context: &Context) -> Fit {
        self.judge(context, |units| glob(units, text, false, true))
    }

    /// Whether a resource fits: a star inside a segment of the ARN ends with its segment, a star
    /// at the end of one goes on past it.
    pub(crate) fn fits_resource(&self, arn: &str, context: &Context) -> Fit {
        self.judge(context, |units| glob(units, arn, true, false))
    }

    /// Whether an ARN fits, each of its six parts by itself.
    pub(crate) fn fits_arn(&self, arn: &str, context: &Context) -> Fit {
        self.judge(context, |units| {
            let colon = Unit::Char(':');
            let patterns: Vec<&[Unit]> = units.splitn(6, |unit| *unit == colon).collect();
            let parts: Vec<&str> = arn.splitn(6, ':').collect();
            patterns.len() == 6
                && parts.len() == 6
                && patterns
                    .iter()
                    .zip(parts)
                    .all(|(pattern, part)| glob(pattern, part, false, false))
        })
    }
}

/// Reads `${key}`, `${key, 'default'}` or an escaped character at the beginning of `text`; with
/// its length.
fn variable(text: &str) -> Option<(Part, usize)> {
    let inner = text.strip_prefix("${")?;
    let end = inner.find('}')?;
    let length = "${".len() + end + "}".len();
    let inner = &inner[..end];
    let part = match inner {
        "*" | "?" | "$" => Part::Unit(Unit::Char(inner.chars().next()?)),
        _ => {
            let (key, default) = match inner.split_once(',') {
                Some((key, default)) => {
                    let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                    (key, Some(default.to_owned()))
                }
                None => (inner, None),
            };
            Part::Variable {
                key: key.trim().to_lowercase(),
                default,
            }
        }
    };
    Some((part, length))
}

/// Linear in `text` times `pattern` at worst: it goes back only to the last star. With
/// `segments` a star that no colon and no end follows does not match past a colon.
fn glob(pattern: &[Unit], text: &str, segments: bool, any_case: bool) -> bool {
    let text: Vec<char> = text.chars().collect();
    let same = |a: char, b: char| a == b || (any_case && a.to_lowercase().eq(b.to_lowercase()));
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Unit::Any) => {
                back = Some((p, t));
                p += 1;
                continue;
            }
            Some(Unit::One) => {
                p += 1;
                t += 1;
                continue;
            }
            Some(Unit::Char(c)) if same(*c, text[t]) => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        let Some((star, from)) = back else {
            return false;
        };
        let inside = segments
            && !matches!(
                pattern.get(star + 1),
                None | Some(Unit::Any | Unit::Char(':'))
            );
        if inside && text[from] == ':' {
            return false;
        }
        back = Some((star, from + 1));
        p = star + 1;
        t = from + 1;
    }
    pattern[p..].iter().all(|unit| *unit == Unit::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Grammar = Grammar {
        wildcards: true,
        variables: true,
    };

    #[test]
    fn wildcards_and_variables() {
        let mut context = Context::whole();
        context.set("aws:username", "ana*");
        let fits = |pattern: &str, text: &str| {
            Pattern::new(pattern, ALL).fits_resource(text, &context) == Fit::Yes
        };
        assert!(fits(
            "arn:aws:ecs:*:1:service/a/*",
            "arn:aws:ecs:x:1:service/a/b/c"
        ));
        assert!(fits("arn:aws:ecs:*", "arn:aws:ecs:x:1:service/a"));
        assert!(fits(
            "arn:aws:s3:*:backup",
            "arn:aws:s3:eu:1:something:backup"
        ));
        assert!(!fits("arn:aws:e*t:x", "arn:aws:e:t:x"));
        assert!(fits("home/${aws:username}", "home/ana*"));
        assert!(!fits("home/${aws:username}", "home/anna"));
        assert!(!fits("home/${aws:userid}", "home/"));
        assert!(fits("home/${aws:userid, 'nobody'}", "home/nobody"));
        assert!(fits("a${*}b?", "a*bc"));
        assert!(!fits("a${*}b", "axb"));
        assert!(fits("${broken", "${broken"));
        let partial = Context::partial();
        let unknown = Pattern::new("${aws:PrincipalTag/team}", ALL).fits("x", &partial);
        assert_eq!(unknown, Fit::Unknown("aws:principaltag/team".to_owned()));
    }

    #[test]
    fn arns_part_by_part() {
        let context = Context::whole();
        let fits = |pattern: &str, arn: &str| {
            Pattern::new(pattern, ALL).fits_arn(arn, &context) == Fit::Yes
        };
        assert!(fits(
            "arn:aws:ecs:*:*:cluster/a",
            "arn:aws:ecs:x:1:cluster/a"
        ));
        assert!(!fits(
            "arn:aws:ecs:*:cluster/a",
            "arn:aws:ecs:x:1:cluster/a"
        ));
        assert!(!fits("*", "arn:aws:ecs:x:1:cluster/a"));
    }
}
