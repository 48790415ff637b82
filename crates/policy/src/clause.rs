//! One clause → what it means, or why nothing can be said.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use crate::pattern::Pattern;
use crate::rules::{self, Meaning, Parts, ReadyForm, Refusal};
use crate::setting::Draft;
use crate::token::{Kind, Token};

/// A clause with more words than this is prose, not a rule.
const LONGEST: usize = 80;
/// How many words a suggestion may leave over.
const SUGGESTION_LEFTOVER: usize = 6;

/// How many forms are tried for a suggestion: those that share most words with the clause.
const SUGGESTIONS_TRIED: usize = 16;
/// Words that many rules have, so that none is meant by them.
const GENERAL: [&str; 8] = [
    "before", "merge", "main", "with", "must", "after", "every", "only",
];

/// Why a clause is not understood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failure {
    pub(crate) leftover: Vec<Range<usize>>,
    pub(crate) note: Option<String>,
    pub(crate) nearest: Option<String>,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            leftover: vec![refusal.span],
            note: Some(refusal.why),
            nearest: None,
        }
    }
}

/// Reads a clause whole: as one rule, or as several that are joined.
pub(crate) fn read(tokens: &[Token]) -> Result<Vec<Meaning>, Failure> {
    let first = match whole(tokens) {
        Some(Ok(meaning)) => return Ok(vec![meaning]),
        Some(Err(refusal)) => Some(refusal),
        None => None,
    };
    if let Some(rest) = after_label(tokens)
        && let Some(Ok(meaning)) = whole(rest)
    {
        return Ok(vec![meaning]);
    }
    if let Some(meanings) = joined(tokens) {
        return Ok(meanings);
    }
    Err(first.map_or_else(|| nearest(tokens), Failure::from))
}

/// The first form that accounts for every word.
fn whole(tokens: &[Token]) -> Option<Result<Meaning, Refusal>> {
    if tokens.len() > LONGEST || !tokens.iter().any(Token::is_content) {
        return None;
    }
    let mut refused = None;
    let words = Words::of(tokens);
    for (ready, vocabulary) in rules::forms().iter().zip(&*VOCABULARIES) {
        if !vocabulary.can_hold(&words) {
            continue;
        }
        let Some(found) = ready.pattern.find(tokens, 0) else {
            continue;
        };
        match (ready.form.meaning)(&Parts::new(tokens, &found)) {
            Ok(meaning) => return Some(Ok(meaning)),
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    refused.map(Err)
}

static NEUTRAL: LazyLock<Pattern> = LazyLock::new(|| Pattern::compile("<neutral>"));
static SUBJECT: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::compile("[for|on|in] [<each>] <env> [<deploy>]"));

/// True for words that announce rules and say nothing about them.
pub(crate) fn is_neutral(tokens: &[Token]) -> bool {
    tokens.len() <= LONGEST && NEUTRAL.find(tokens, 0).is_some()
}

/// True for words that name one environment and nothing else.
pub(crate) fn is_environment(tokens: &[Token]) -> bool {
    tokens.len() <= 8 && SUBJECT.find(tokens, 0).is_some()
}

/// What follows a label such as `Approvals:`.
fn after_label(tokens: &[Token]) -> Option<&[Token]> {
    let colon = tokens.iter().position(|token| token.kind == Kind::Colon)?;
    is_neutral(&tokens[..colon]).then(|| &tokens[colon + 1..])
}

/// Two rules, or more, joined by a word or a mark. A negation could reach over the joint, so there
/// must be none before it.
fn joined(tokens: &[Token]) -> Option<Vec<Meaning>> {
    if tokens.len() > LONGEST {
        return None;
    }
    for (at, token) in tokens.iter().enumerate() {
        if reaches_far(token) {
            return None;
        }
        let joint = matches!(token.norm.as_str(), "and" | "but" | "," | "-" | "+" | "&");
        if !joint || token.code || at == 0 {
            continue;
        }
        let Some(Ok(left)) = whole(&tokens[..at]) else {
            continue;
        };
        let mut rest = &tokens[at + 1..];
        while rest
            .first()
            .is_some_and(|t| matches!(t.norm.as_str(), "and" | "but" | ","))
        {
            rest = &rest[1..];
        }
        let right = match whole(rest) {
            Some(Ok(meaning)) => vec![meaning],
            _ => match joined(rest) {
                Some(meanings) => meanings,
                None => continue,
            },
        };
        // "Staging deploys on merge and smoke tests run": after which deploys?
        if right
            .iter()
            .flat_map(|m| &m.settings)
            .any(|setting| setting.any_environment)
        {
            continue;
        }
        let mut meanings = vec![left];
        meanings.extend(right);
        return Some(meanings);
    }
    None
}

fn reaches_far(token: &Token) -> bool {
    matches!(
        token.norm.as_str(),
        "not"
            | "never"
            | "no"
            | "nobody"
            | "neither"
            | "nor"
            | "none"
            | "without"
            | "if"
            | "unless"
            | "when"
            | "whenever"
            | "until"
            | "except"
            | "only"
    ) && !token.code
}

/// The rule that comes nearest, and what keeps the clause from being it.
fn nearest(tokens: &[Token]) -> Failure {
    let content: Vec<&Token> = tokens.iter().filter(|token| token.is_content()).collect();
    let all = || {
        content
            .iter()
            .map(|token| token.span.clone())
            .collect::<Vec<_>>()
    };
    if tokens.len() > LONGEST {
        return Failure {
            leftover: all(),
            ..Failure::default()
        };
    }
    let words: BTreeSet<&str> = content.iter().map(|token| token.norm.as_str()).collect();
    let known_words = Words::of(tokens);
    let allowance = SUGGESTION_LEFTOVER.min(content.len() / 2);
    let mut close: Vec<(usize, &ReadyForm)> = rules::forms()
        .iter()
        .zip(&*VOCABULARIES)
        .map(|(ready, vocabulary)| (vocabulary.count(&known_words), vocabulary.slots, ready))
        .filter(|(known, slots, _)| {
            *known >= 2 && slots.saturating_add(known + allowance) >= content.len()
        })
        .map(|(known, _, ready)| (known, ready))
        .collect();
    close.sort_by_key(|(known, _)| std::cmp::Reverse(*known));
    let mut best: Option<(usize, usize, Failure)> = None;
    for (_, ready) in close.into_iter().take(SUGGESTIONS_TRIED) {
        let Some(found) = ready.pattern.find(tokens, allowance) else {
            continue;
        };
        let (cost, matched) = (found.skipped.len(), found.matched);
        if matched < 2
            || best.as_ref().is_some_and(|(least, most, _)| {
                (*least, usize::MAX - most) <= (cost, usize::MAX - matched)
            })
        {
            continue;
        }
        let leftover = found
            .skipped
            .iter()
            .map(|&at| tokens[at].span.clone())
            .collect();
        let nearest = match (ready.form.meaning)(&Parts::new(tokens, &found)) {
            Ok(meaning) => rules::write(&Draft::from_iter(meaning.settings)).join("; "),
            Err(_) => ready.recogniser.examples[0].to_owned(),
        };
        best = Some((
            cost,
            matched,
            Failure {
                leftover,
                note: None,
                nearest: Some(nearest),
            },
        ));
    }
    if let Some((_, _, failure)) = best {
        return failure;
    }
    Failure {
        leftover: all(),
        note: None,
        nearest: by_topic(&words),
    }
}

/// The rule that shares most of its words with these.
fn by_topic(words: &BTreeSet<&str>) -> Option<String> {
    let score = |recogniser: &rules::Recogniser| {
        let example = recogniser.examples[0].to_lowercase();
        example
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 3 && !GENERAL.contains(word) && words.contains(word))
            .count()
    };
    let best = rules::recognisers()
        .iter()
        .rev()
        .max_by_key(|recogniser| score(recogniser))?;
    (score(best) >= 1).then(|| best.examples[0].to_owned())
}

/// The numbers of a clause's content words; none for a word that no pattern has.
struct Words(Vec<Option<usize>>);

impl Words {
    fn of(tokens: &[Token]) -> Self {
        let content = tokens.iter().filter(|token| token.is_content());
        Self(
            content
                .map(|token| NUMBERS.get(token.norm.as_str()).copied())
                .collect(),
        )
    }
}

/// The words that a form can hold: a quick way to see that it does not fit.
struct Vocabulary {
    words: Vec<bool>,
    /// How many words of any kind it can take besides.
    slots: usize,
}

impl Vocabulary {
    fn has(&self, word: Option<usize>) -> bool {
        word.is_some_and(|word| self.words[word])
    }

    fn count(&self, words: &Words) -> usize {
        words.0.iter().filter(|word| self.has(**word)).count()
    }

    /// False when some word can be no part of the form.
    fn can_hold(&self, words: &Words) -> bool {
        let known = self.count(words);
        known.saturating_add(self.slots) >= words.0.len() && (known > 0 || words.0.is_empty())
    }
}

/// Every word of every form, numbered.
static NUMBERS: LazyLock<BTreeMap<&'static str, usize>> = LazyLock::new(|| {
    let words: BTreeSet<&str> = rules::forms()
        .iter()
        .flat_map(|ready| ready.pattern.words())
        .collect();
    words
        .into_iter()
        .enumerate()
        .map(|(number, word)| (word, number))
        .collect()
});

static VOCABULARIES: LazyLock<Vec<Vocabulary>> = LazyLock::new(|| {
    rules::forms()
        .iter()
        .map(|ready| {
            let mut words = vec![false; NUMBERS.len()];
            for word in ready.pattern.words() {
                words[NUMBERS[word]] = true;
            }
            Vocabulary {
                words,
                slots: ready.pattern.slots(),
            }
        })
        .collect()
});
