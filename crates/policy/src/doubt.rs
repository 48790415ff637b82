//! Statements that other statements may take back.
//!
//! What is not understood may be an exception to what stands beside it. Where its words make that
//! likely, the neighbour is not taken at its word either.

use crate::markdown::Block;
use crate::reader::Read;

/// Words with which something is taken back.
const EXCEPTIONS: &[&str] = &[
    "except",
    "exception",
    "exceptions",
    "excepting",
    "excluding",
    "unless",
    "but",
    "however",
    "although",
    "though",
    "not",
    "never",
    "only",
    "if",
    "otherwise",
    "instead",
    "longer",
    "optional",
    "until",
    "ignore",
    "waived",
    "skip",
    "skipped",
    "bypass",
    "bypassed",
    "exempt",
    "temporarily",
    "currently",
    "used",
    "false",
    "untrue",
    "wrong",
    "outdated",
    "deprecated",
    "disregard",
];
/// Words with which a sentence before a list says when the list holds.
const CONDITIONS: &[&str] = &[
    "when",
    "while",
    "during",
    "for",
    "local",
    "locally",
    "development",
    "hotfix",
    "hotfixes",
    "example",
    "planned",
    "proposed",
    "future",
    "old",
    "previously",
    "formerly",
    "eventually",
    "goal",
];
/// Words with which a statement that takes the one before it back begins.
const OPENERS: &[&str] = &[
    "except",
    "unless",
    "but",
    "however",
    "otherwise",
    "only",
    "although",
    "though",
    "or",
    "exception",
    "exceptions",
    "excluding",
];
/// Words that speak of the statements around.
const AROUND: &[&str] = &["above", "below", "following", "these", "those", "section"];

pub(crate) fn apply(mut reads: Vec<Read>, blocks: &[Block]) -> Vec<Read> {
    let parent = |block: usize| blocks[block].parent;
    let mut voided: Vec<(usize, usize)> = Vec::new();
    for (at, read) in reads.iter().enumerate() {
        if read.is_understood() || read.is_barred() {
            continue;
        }
        let has = |list: &[&str]| read.words().any(|word| list.contains(&word));
        let opens = read
            .words()
            .next()
            .is_some_and(|word| OPENERS.contains(&word));
        let takes_back = has(EXCEPTIONS);
        let previous = at
            .checked_sub(1)
            .map(|previous| (previous, &reads[previous]));
        if let Some((previous, before)) = previous {
            let same = before.block() == read.block();
            let sibling = parent(before.block()) == parent(read.block())
                && before.section() == read.section();
            if same && takes_back || sibling && opens {
                voided.push((previous, at));
            }
        }
        if takes_back && let Some(parent) = parent(read.block()) {
            voided.extend(
                (0..at)
                    .filter(|other| reads[*other].block() == parent)
                    .map(|other| (other, at)),
            );
        }
        if takes_back || has(CONDITIONS) {
            let follows =
                |other: &usize| blocks[reads[*other].block()].before == Some(read.block());
            voided.extend((at..reads.len()).filter(follows).map(|other| (other, at)));
        }
        let introduces = reads
            .iter()
            .any(|other| parent(other.block()) == Some(read.block()));
        if takes_back && has(AROUND) && !introduces {
            let same = |other: &usize| *other != at && reads[*other].section() == read.section();
            voided.extend((0..reads.len()).filter(same).map(|other| (other, at)));
        }
    }
    for (voided, by) in voided {
        let line = reads[by].statement.line;
        let text = reads[by].statement.text.clone();
        let read = &mut reads[voided];
        if read.is_understood() {
            read.void(format!(
                "line {line} may be an exception to it, and is not understood: “{text}”"
            ));
        }
    }
    reads
}
