//! Faults as words: `throttle-ecs@r12x40`.

use std::fmt;

use super::{APIS, FAULTS, Fault, Kind, Moment, Subject};

/// Why a text is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("`{0}` is no kind of fault; there are: {1}")]
    Kind(String, String),
    #[error(
        "`{0}` says no moment: write `@s9` (step), `@r12` (request), `@t40` (second) or `@v1` (version)"
    )]
    Moment(String),
    #[error("{0} takes a moment of the form `@{1}`")]
    WrongMoment(&'static str, &'static str),
    #[error("{0} takes a number of seconds from 1 to {1}: write `x30` at its end")]
    Amount(&'static str, u32),
    #[error("{0} takes no number of seconds")]
    NoAmount(&'static str),
}

impl Fault {
    pub(crate) fn parse(text: &str) -> Result<Self, FaultError> {
        let (name, rest) = text.split_once('@').unwrap_or((text, ""));
        let (kind, api) = find(name)?;
        let (moment, amount) = match rest.split_once('x') {
            Some((moment, amount)) => (moment, Some(amount)),
            None => (rest, None),
        };
        let parsed = moment.chars().next().and_then(|letter| {
            let digits = &moment[letter.len_utf8()..];
            Moment::new(letter, number(digits)?)
        });
        let moment = parsed.ok_or_else(|| FaultError::Moment(shown(rest)))?;
        let is_version = matches!(moment, Moment::Version(_));
        if is_version != (kind.subject == Subject::Version) {
            let form = if is_version { "s9, @r12 or @t40" } else { "v1" };
            return Err(FaultError::WrongMoment(kind.name, form));
        }
        let amount = match (kind.amount, amount) {
            (None, None) => None,
            (None, Some(_)) => return Err(FaultError::NoAmount(kind.name)),
            (Some(of), given) => {
                let seconds = given.and_then(number);
                let fits = seconds.filter(|seconds| (1..=of.most).contains(seconds));
                Some(fits.ok_or(FaultError::Amount(kind.name, of.most))?)
            }
        };
        Ok(Self {
            kind,
            api,
            moment,
            amount,
        })
    }
}

fn find(name: &str) -> Result<(&'static Kind, Option<lockkeeper_world::outage::Api>), FaultError> {
    for kind in FAULTS.iter().copied() {
        if kind.subject != Subject::Api {
            if kind.name == name {
                return Ok((kind, None));
            }
            continue;
        }
        let api = name
            .strip_prefix(kind.name)
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|rest| APIS.iter().find(|(known, _)| *known == rest));
        if let Some((_, api)) = api {
            return Ok((kind, Some(*api)));
        }
    }
    Err(FaultError::Kind(shown(name), known()))
}

fn known() -> String {
    let apis: Vec<&str> = APIS.iter().map(|(name, _)| *name).collect();
    let names = FAULTS.iter().map(|kind| match kind.subject {
        Subject::Api => format!("{}-{{{}}}", kind.name, apis.join(",")),
        Subject::Version | Subject::Run => kind.name.to_owned(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Digits alone, as they would be printed.
pub(crate) fn number(digits: &str) -> Option<u32> {
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// A hostile text, short enough and harmless for a terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.escape_default().take(60).collect();
    if text.len() > 60 {
        shown.push('…');
    }
    shown
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name)?;
        let api = APIS.iter().find(|(_, api)| Some(*api) == self.api);
        if let Some((name, _)) = api {
            write!(f, "-{name}")?;
        }
        write!(f, "@{}", self.moment)?;
        match self.amount {
            Some(seconds) => write!(f, "x{seconds}"),
            None => Ok(()),
        }
    }
}
