//! One source → its statements, each with what it means.

use std::ops::Range;

use crate::clause::{self, Failure};
use crate::markdown::{self, Block, Kind, Row};
use crate::rules::{self, Meaning};
use crate::scope::{self, Headings};
use crate::setting::{Draft, Env, Setting};
use crate::token::{self, Token};
use crate::{Place, Source, Statement, Status};

/// A statement and the settings that it makes.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) statement: Statement,
    pub(crate) settings: Vec<Setting>,
    block: usize,
    section: usize,
    barred: bool,
    tokens: Vec<Token>,
}

/// Reads all statements of a source.
pub(crate) fn read(source: &Source) -> Vec<Read> {
    let blocks = markdown::blocks(&source.text);
    let mut reader = Reader {
        source,
        lines: Lines::new(&source.text),
        leads: vec![Lead::None; blocks.len()],
        blocks,
        headings: Headings::default(),
        out: Vec::new(),
    };
    for at in 0..reader.blocks.len() {
        reader.block(at);
    }
    reader.out = crate::doubt::apply(reader.out, &reader.blocks);
    reader.out
}

/// What the text above a statement says about it.
#[derive(Debug, Clone)]
enum Lead {
    None,
    /// Words that announce rules; they can also be a subject.
    Neutral(Vec<Token>),
    /// Words that name the environment that is spoken of.
    Environment(Vec<Token>),
    /// The start of a sentence that each statement below ends.
    Open(Vec<Token>),
    /// A statement by itself, with more to say below.
    Statement(Vec<Token>),
    /// Nothing that is known; what stands below it is not either.
    Unknown,
}

struct Reader<'a> {
    source: &'a Source,
    lines: Lines,
    blocks: Vec<Block>,
    leads: Vec<Lead>,
    headings: Headings,
    out: Vec<Read>,
}

/// What a statement is read into.
struct Outcome {
    meanings: Vec<Meaning>,
    failure: Option<Failure>,
}

impl Outcome {
    fn failed(failure: Failure) -> Self {
        Self {
            meanings: Vec::new(),
            failure: Some(failure),
        }
    }
}

impl Reader<'_> {
    fn block(&mut self, at: usize) {
        let block = self.blocks[at].clone();
        match &block.kind {
            Kind::Heading(level) => {
                self.headings.enter(*level, token::tokens(&block.chars));
            }
            Kind::Row(row) => self.row(at, &block, row),
            Kind::Item => {
                let tokens = token::tokens(&block.chars);
                self.item(at, &block, tokens);
            }
            Kind::Paragraph => self.paragraph(at, &block),
        }
    }

    fn has_children(&self, at: usize) -> bool {
        self.blocks[at + 1..]
            .iter()
            .any(|block| block.parent == Some(at))
    }

    fn lead_of(&self, block: &Block) -> Lead {
        block
            .parent
            .map_or(Lead::None, |parent| self.leads[parent].clone())
    }

    fn item(&mut self, at: usize, block: &Block, tokens: Vec<Token>) {
        let lead = self.lead_of(block);
        if !self.has_children(at) {
            let outcome = self.outcome(block, &tokens, &lead);
            self.state(at, tokens, outcome);
            return;
        }
        self.introduction(at, block, tokens, lead);
    }

    /// A sentence or item with more below it.
    fn introduction(&mut self, at: usize, block: &Block, tokens: Vec<Token>, lead: Lead) {
        let open = block
            .chars
            .iter()
            .rev()
            .find(|c| !c.value.is_whitespace())
            .is_some_and(|c| c.value == ':');
        if clause::is_environment(&tokens) {
            self.leads[at] = match lead {
                Lead::None | Lead::Neutral(_) => Lead::Environment(tokens),
                Lead::Open(above) => Lead::Open(above.into_iter().chain(tokens).collect()),
                other => other,
            };
            return;
        }
        if clause::is_neutral(&tokens) {
            self.leads[at] = match lead {
                Lead::None | Lead::Neutral(_) => Lead::Neutral(tokens),
                other => other,
            };
            return;
        }
        let outcome = self.outcome(block, &tokens, &lead);
        let understood = outcome.failure.is_none();
        self.leads[at] = match (understood, open) {
            (_, true) => Lead::Open(tokens.clone()),
            (true, false) => Lead::Statement(tokens.clone()),
            (false, false) => Lead::Unknown,
        };
        // The start of a sentence need not be one; whether it is, its ends show.
        if understood || !open || !self.is_continued(at, &tokens) {
            self.state(at, tokens, outcome);
        }
    }

    /// True when something below ends the sentence that `tokens` start.
    fn is_continued(&self, at: usize, tokens: &[Token]) -> bool {
        self.blocks[at + 1..]
            .iter()
            .filter(|block| block.parent == Some(at))
            .any(|child| {
                let whole: Vec<Token> = tokens
                    .iter()
                    .cloned()
                    .chain(token::tokens(&child.chars))
                    .collect();
                clause::read(&whole).is_ok()
            })
    }

    fn paragraph(&mut self, at: usize, block: &Block) {
        let sentences = self.sentences(block);
        let last = sentences.len().saturating_sub(1);
        let introduces = self.has_children(at);
        let mut lead = self.lead_of(block);
        for (index, tokens) in sentences.into_iter().enumerate() {
            if introduces && index == last {
                self.introduction(at, block, tokens, lead.clone());
            } else {
                let outcome = self.outcome(block, &tokens, &lead);
                // `Staging: …` speaks of staging to the paragraph's end.
                if let (Lead::None, Some(subject)) = (&lead, inline_subject(&tokens)) {
                    lead = Lead::Environment(subject.to_vec());
                }
                self.state(at, tokens, outcome);
            }
        }
    }

    /// The sentences of a paragraph; its lines, where each of them is a rule by itself.
    fn sentences(&self, block: &Block) -> Vec<Vec<Token>> {
        let by_line: Vec<Vec<Token>> = block
            .chars
            .split(|c| c.value == markdown::SOFT_BREAK)
            .map(token::tokens)
            .collect();
        if by_line.len() > 1 && by_line.iter().all(|line| clause::read(line).is_ok()) {
            return by_line;
        }
        let tokens = token::tokens(&block.chars);
        tokens
            .split_inclusive(|token| token.kind == token::Kind::Sentence)
            .filter(|sentence| sentence.iter().any(|token| token.kind == token::Kind::Word))
            .map(<[Token]>::to_vec)
            .collect()
    }

    fn outcome(&self, block: &Block, tokens: &[Token], lead: &Lead) -> Outcome {
        let mut outcome = self.reading(tokens, lead);
        let barred = self
            .bar(block)
            .map(str::to_owned)
            .or_else(|| self.headings.doubt());
        if let Some(why) = barred {
            let failure = outcome.failure.take().unwrap_or_default();
            outcome = Outcome::failed(Failure {
                note: Some(why),
                nearest: None,
                ..failure
            });
        }
        outcome
    }

    /// Why a block's form keeps it from being a rule.
    fn bar(&self, block: &Block) -> Option<&'static str> {
        let task = block.open_task && !self.headings.is_checklist();
        block
            .barred
            .or(task.then_some("an open task says what is to be done, not what holds"))
    }

    fn reading(&self, tokens: &[Token], lead: &Lead) -> Outcome {
        if let Lead::Unknown = lead {
            return Outcome::failed(Failure {
                note: Some("what stands above it is not understood".to_owned()),
                ..Failure::default()
            });
        }
        let subject = match lead {
            Lead::Environment(tokens) => Some(tokens.as_slice()),
            _ => self.headings.environment(),
        };
        let start: Option<(&[Token], bool)> = match lead {
            Lead::Open(tokens) => Some((tokens, false)),
            Lead::Statement(tokens) | Lead::Neutral(tokens) => Some((tokens, true)),
            Lead::None | Lead::Environment(_) | Lead::Unknown => None,
        };
        // A statement that is one sentence in spite of its marks.
        let clauses: Vec<&[Token]> = scope::clauses(tokens).collect();
        if clauses.len() > 1 {
            let soft: Vec<Token> = tokens.iter().map(softened).collect();
            if let Ok(meanings) = with_leads(&soft, subject, start) {
                return Outcome {
                    meanings,
                    failure: None,
                };
            }
        }
        let mut outcome = Outcome {
            meanings: Vec::new(),
            failure: None,
        };
        let mut own_subject: Option<Vec<Token>> = None;
        for clause in clauses {
            let read = with_leads(clause, own_subject.as_deref().or(subject), start);
            match read {
                Ok(meanings) => {
                    let vague = meanings
                        .iter()
                        .flat_map(|m| &m.settings)
                        .any(|s| s.any_environment);
                    let named = outcome
                        .meanings
                        .iter()
                        .flat_map(|m| &m.settings)
                        .any(speaks_of_one);
                    if vague && named {
                        outcome.failure.get_or_insert(Failure {
                            leftover: clause.iter().map(|t| t.span.clone()).collect(),
                            note: Some(
                                "which environments this part means is not clear; name them"
                                    .to_owned(),
                            ),
                            nearest: None,
                        });
                    }
                    outcome.meanings.extend(meanings);
                }
                Err(failure) => {
                    outcome.failure.get_or_insert(failure);
                }
            }
            if own_subject.is_none() {
                own_subject = inline_subject(clause).map(<[Token]>::to_vec);
            }
        }
        if outcome.failure.is_some() {
            outcome.meanings.clear();
        }
        outcome
    }

    fn row(&mut self, at: usize, block: &Block, row: &Row) {
        let cells: Vec<Vec<Token>> = row.cells.iter().map(|cell| token::tokens(cell)).collect();
        let heads: Vec<Vec<Token>> = row.heads.iter().map(|cell| token::tokens(cell)).collect();
        let tokens: Vec<Token> = cells.concat();
        if !tokens.iter().any(Token::is_content) {
            return;
        }
        let lead = self.lead_of(block);
        let parts = crate::table::statements(&cells, &heads);
        let mut outcome = Outcome {
            meanings: Vec::new(),
            failure: None,
        };
        for part in parts {
            let one = self.outcome(block, &part, &lead);
            outcome.meanings.extend(one.meanings);
            if let Some(failure) = one.failure {
                outcome.failure.get_or_insert(failure);
            }
        }
        if outcome.failure.is_some() {
            outcome.meanings.clear();
        }
        self.state(at, tokens, outcome);
    }

    /// Records what became of a statement.
    fn state(&mut self, block: usize, tokens: Vec<Token>, outcome: Outcome) {
        let in_scope = self.headings.in_scope();
        if !in_scope && outcome.failure.is_some() {
            return;
        }
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return;
        };
        let span = self.widened(block, first.span.start..last.span.end);
        let place = self
            .lines
            .place(&self.source.text, &self.source.name, span.clone());
        let mut statement = Statement {
            source: place.source,
            line: place.line,
            column: place.column,
            text: one_line(&self.source.text[span.clone()]),
            span: span.clone(),
            status: Status::NotUnderstood,
            sets: Vec::new(),
            canonical: None,
            leftover: Vec::new(),
            note: None,
        };
        let mut settings = Vec::new();
        match outcome.failure {
            Some(failure) => {
                let inside = |part: &Range<usize>| part.start >= span.start && part.end <= span.end;
                statement.leftover = merged(failure.leftover.into_iter().filter(inside).collect());
                statement.note = failure.note;
                statement.canonical = failure.nearest;
            }
            None => {
                let notes = outcome.meanings.iter().filter_map(|meaning| meaning.note);
                let should = tokens.iter().any(|t| t.norm == "should" && !t.code);
                statement.note = notes
                    .chain(should.then_some("“should” is read as “must”"))
                    .next()
                    .map(str::to_owned);
                statement.status = status(&outcome.meanings);
                for meaning in outcome.meanings {
                    settings.extend(meaning.settings.into_iter().map(|mut setting| {
                        let narrow = setting.span.take();
                        let narrow =
                            narrow.filter(|part| part.start >= span.start && part.end <= span.end);
                        setting.span = Some(narrow.unwrap_or(span.clone()));
                        setting
                    }));
                }
                let sentences = rules::write(&settings.iter().cloned().collect::<Draft>());
                statement.canonical = (!sentences.is_empty()).then(|| sentences.join("; "));
                if !in_scope {
                    statement.status = Status::OutsideScope;
                    settings.clear();
                }
            }
        }
        let section = self.headings.section();
        let barred = self.bar(&self.blocks[block]).is_some();
        self.out.push(Read {
            statement,
            settings,
            block,
            section,
            barred,
            tokens,
        });
    }

    /// The statement's words with the marks around them, as far as they are its own.
    fn widened(&self, block: usize, span: Range<usize>) -> Range<usize> {
        let text = &self.source.text;
        let limit = &self.blocks[block].span;
        let mut span = span;
        for mark in ['`', '*', '_', '[', '(', '"', '~'] {
            while span.start > limit.start
                && text[..span.start].ends_with(mark)
                && text[..span.start].len() > limit.start
            {
                span.start -= mark.len_utf8();
            }
        }
        for mark in ['`', '*', '_'] {
            while span.end < limit.end && text[span.end..].starts_with(mark) {
                span.end += mark.len_utf8();
            }
        }
        span
    }
}

impl Read {
    pub(crate) fn block(&self) -> usize {
        self.block
    }

    pub(crate) fn section(&self) -> usize {
        self.section
    }

    /// The words of the statement, in lower case.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.tokens
            .iter()
            .filter(|token| token.kind == token::Kind::Word)
            .map(|token| token.norm.as_str())
    }

    /// True where its form, not its words, keeps it from being a rule.
    pub(crate) fn is_barred(&self) -> bool {
        self.barred
    }

    pub(crate) fn is_understood(&self) -> bool {
        !matches!(self.statement.status, Status::NotUnderstood)
    }

    /// Takes the statement out of the rules, for a reason outside of its own words.
    pub(crate) fn void(&mut self, why: String) {
        self.statement.status = Status::NotUnderstood;
        self.statement.note = Some(why);
        self.settings.clear();
    }
}

/// Reads a clause after what stands above it, and else by itself where that cannot be misleading.
fn with_leads(
    clause: &[Token],
    subject: Option<&[Token]>,
    start: Option<(&[Token], bool)>,
) -> Result<Vec<Meaning>, Failure> {
    let prefixed = |front: &[&[Token]]| {
        let whole: Vec<Token> = front
            .concat()
            .into_iter()
            .chain(clause.iter().cloned())
            .collect();
        clause::read(&whole)
    };
    if let (Some(subject), Some((start, _))) = (subject, start)
        && let Ok(meanings) = prefixed(&[subject, start])
    {
        return Ok(meanings);
    }
    if let Some(subject) = subject
        && let Ok(meanings) = prefixed(&[subject])
    {
        return Ok(meanings);
    }
    let mut failure = None;
    if let Some((start, by_itself)) = start {
        match prefixed(&[start]) {
            Ok(meanings) if subject.is_none() || !vague(&meanings) => return Ok(meanings),
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
        if !by_itself {
            let error = failure.unwrap_or_default();
            return Err(Failure {
                note: error.note.or_else(|| {
                    Some("the sentence that starts above does not go on like this".to_owned())
                }),
                ..error
            });
        }
    }
    match clause::read(clause) {
        Ok(meanings) if subject.is_some() && vague(&meanings) => Err(Failure {
            note: Some("which environments it means here is not clear; name them".to_owned()),
            ..Failure::default()
        }),
        other => other,
    }
}

/// True when some setting goes to an environment that is not named.
fn vague(meanings: &[Meaning]) -> bool {
    meanings
        .iter()
        .flat_map(|meaning| &meaning.settings)
        .any(|setting| setting.any_environment)
}

fn speaks_of_one(setting: &Setting) -> bool {
    let pointers = setting.key.pointers(0);
    !setting.any_environment
        && Env::ALL.iter().any(|env| {
            let start = format!("/environments/{}/", env.as_str());
            pointers.iter().any(|pointer| pointer.starts_with(&start))
        })
}

/// `Staging: …` speaks of staging to its end.
fn inline_subject(clause: &[Token]) -> Option<&[Token]> {
    let colon = clause
        .iter()
        .position(|token| token.kind == token::Kind::Colon)?;
    clause::is_environment(&clause[..colon]).then(|| &clause[..colon])
}

fn softened(token: &Token) -> Token {
    let mut token = token.clone();
    if token.kind == token::Kind::Clause {
        token.kind = token::Kind::Soft;
    }
    token
}

fn status(meanings: &[Meaning]) -> Status {
    [Status::Partial, Status::Enforced]
        .into_iter()
        .find(|status| meanings.iter().any(|meaning| meaning.status == *status))
        .unwrap_or(Status::Noted)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Neighbouring parts as one, in order.
fn merged(mut parts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    parts.sort_by_key(|part| (part.start, part.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for part in parts {
        match out.last_mut() {
            Some(last) if part.start <= last.end + 1 => last.end = last.end.max(part.end),
            _ => out.push(part),
        }
    }
    out
}

/// Where lines start.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let starts = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(starts).collect())
    }

    pub(crate) fn place(&self, text: &str, source: &str, span: Range<usize>) -> Place {
        let line = self.0.partition_point(|start| *start <= span.start);
        let start = self.0[line - 1];
        let end = self
            .0
            .get(line)
            .copied()
            .unwrap_or(text.len())
            .max(span.start);
        let column = text[start..span.start].chars().count() + 1;
        let on_line = text[span.start..span.end.min(end)]
            .trim_end()
            .chars()
            .count();
        Place {
            source: source.to_owned(),
            line,
            column,
            end_column: column + on_line,
        }
    }
}
