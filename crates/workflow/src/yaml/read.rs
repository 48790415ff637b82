//! From events to the tree, within limits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{self as scanner, Event, Parser, ScalarStyle, ScanError, Tag};

use super::{Kind, Limits, Node, Resolved, Scalar, Span, Style, scalar};
use crate::Problem;
use crate::place::Source;

/// The one document of a file.
pub(super) struct Document<'t> {
    pub(super) root: Node<'t>,
    /// Anchors that no alias names, with their `&`.
    pub(super) unused_anchors: Vec<Range<usize>>,
}

/// How many comments without a blank before them are seen through.
const MAX_TIGHT_COMMENTS: usize = 16;

/// Reads the one document of a file.
pub(super) fn read<'t>(source: &Source<'t>, limits: &Limits) -> Result<Document<'t>, Problem> {
    let text = source.text;
    let max = limits.file_size;
    // A character has four bytes at most.
    if text.len() > max && (text.len() > max * 4 || text.chars().count() > max) {
        let message = format!("The maximum file size of {max} characters has been exceeded");
        return Err(problem(source, 0..0, message));
    }
    if let Some(at) = text.find('\0') {
        let message = "A NUL character cannot stand in a YAML file".to_owned();
        return Err(problem(source, at..at + 1, message));
    }
    let found = document(text, source, limits);
    let mut at = match &found {
        Ok(_) => None,
        Err(fault) => fault.at,
    };
    // GitHub takes a comment right behind a bracket or quote, which YAML 1.2 does not. What is
    // blank in its place leaves all else where it is.
    let mut without: Option<String> = None;
    for _ in 0..MAX_TIGHT_COMMENTS {
        let seen = without.as_deref().unwrap_or(text);
        let Some(comment) = at.and_then(|at| tight_comment(seen, at)) else {
            break;
        };
        let blank: String = seen[comment.clone()].chars().map(|_| ' ').collect();
        if blank.len() != comment.len() {
            // Beyond ASCII the places would move.
            break;
        }
        let mut next = seen.to_owned();
        next.replace_range(comment, &blank);
        match document(&next, source, limits) {
            Ok(document) => {
                return Ok(Document {
                    root: document.root.into_owned(),
                    unused_anchors: document.unused_anchors,
                });
            }
            Err(fault) => at = fault.at,
        }
        without = Some(next);
    }
    found.map_err(|fault| fault.problem)
}

/// A comment of this line that begins at or before `at`, right behind a bracket or quote.
fn tight_comment(text: &str, at: usize) -> Option<Range<usize>> {
    let at = at.min(text.len());
    let line = text.get(..at)?.rfind('\n').map_or(0, |i| i + 1);
    let end = text[line..]
        .find(['\n', '\r'])
        .map_or(text.len(), |i| line + i);
    let tight = |(i, _): &(usize, &str)| text[..line + i].ends_with([']', '}', '"', '\'']);
    let mut signs = text[line..end].match_indices('#');
    let (start, _) = signs.find(tight)?;
    Some(line + start..end)
}

/// Why a document could not be read.
struct Fault {
    problem: Problem,
    /// Where it is no YAML; of limits and the like no other reading would do better.
    at: Option<usize>,
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { problem, at: None }
    }
}

/// Reads `text`, whose places are those of `source`.
fn document<'p>(
    text: &'p str,
    source: &Source<'_>,
    limits: &Limits,
) -> Result<Document<'p>, Fault> {
    let mut reader = Reader {
        text,
        source,
        limits,
        anchors: BTreeMap::new(),
        unused: BTreeMap::new(),
        open: Vec::new(),
        root: None,
        nodes: 0,
        bytes: 0,
    };
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|e| {
            let problem = reader.scan_error(&e);
            let at = Some(problem.place.span.start);
            Fault { problem, at }
        })?;
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let message = "A workflow file holds one YAML document".to_owned();
                return Err(problem(source, reader.bytes_of(span), message).into());
            }
        }
        reader.event(event, span)?;
    }
    let unused_anchors = reader.unused.into_values().collect();
    match reader.root {
        Some(root) => Ok(Document {
            root,
            unused_anchors,
        }),
        None => Err(problem(source, 0..0, "The file is empty".to_owned()).into()),
    }
}

fn problem(source: &Source<'_>, span: Range<usize>, message: String) -> Problem {
    Problem {
        place: source.place(span),
        message,
        suggestion: None,
    }
}

/// The name of a tag in YAML's core schema, written `!!name` or `!<tag:yaml.org,2002:name>`.
fn core(tag: &Tag) -> Option<&str> {
    const CORE: &str = "tag:yaml.org,2002:";
    if tag.is_yaml_core_schema() {
        return Some(&tag.suffix);
    }
    tag.suffix.strip_prefix(CORE)
}

/// A collection whose end has not come.
struct Open<'p> {
    anchor: usize,
    span: Range<usize>,
    /// Whether it is written with brackets or braces.
    flow: bool,
    items: Items<'p>,
    /// Where its first part begins and its last one ends.
    first: Option<usize>,
    last: usize,
}

enum Items<'p> {
    Sequence(Vec<Node<'p>>),
    /// The entries, and the key whose value has not come.
    Mapping(Vec<(Node<'p>, Node<'p>)>, Option<Node<'p>>),
}

impl<'p> Open<'p> {
    /// Adds what stands at these bytes; an alias has them of its own.
    fn add(&mut self, node: Node<'p>, bytes: Range<usize>) {
        self.first.get_or_insert(bytes.start);
        self.last = self.last.max(bytes.end);
        match &mut self.items {
            Items::Sequence(items) => items.push(node),
            Items::Mapping(entries, key) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(node),
            },
        }
    }
}

struct Reader<'s, 'u, 'p> {
    /// What is read: the text of the source but for comments, in which no more is different than
    /// what is blank.
    text: &'p str,
    source: &'s Source<'u>,
    limits: &'s Limits,
    anchors: BTreeMap<usize, Node<'p>>,
    /// Anchors that no alias has named so far, where they could be found.
    unused: BTreeMap<usize, Range<usize>>,
    open: Vec<Open<'p>>,
    root: Option<Node<'p>>,
    nodes: usize,
    bytes: usize,
}

impl<'p> Reader<'_, '_, 'p> {
    fn bytes_of(&self, span: scanner::Span) -> Range<usize> {
        let start = self.source.byte(span.start.index());
        start..self.source.byte(span.end.index()).max(start)
    }

    /// The anchor of a node that begins at a byte: it stands before it, perhaps with a tag between.
    fn anchor(&self, node: usize) -> Option<Range<usize>> {
        let start = match self.text[node..].starts_with('&') {
            true => node,
            false => self.text[..node].rfind('&')?,
        };
        let text = &self.text[start..];
        let length = text.find(|c: char| c.is_whitespace() || ",[]{}".contains(c));
        Some(start..start + length.unwrap_or(text.len()))
    }

    fn scan_error(&self, error: &ScanError) -> Problem {
        let at = self.source.byte(error.marker().index());
        let mut found = problem(self.source, at..at, format!("Not YAML: {}", error.info()));
        let line = self.source.text[..at].rfind('\n').map_or(0, |i| i + 1);
        if self.source.text[line..]
            .split('\n')
            .next()
            .unwrap_or("")
            .contains('\t')
        {
            found.suggestion = Some("indent with spaces, YAML allows no tabs there".to_owned());
        }
        found
    }

    fn fail<T>(&self, span: scanner::Span, message: String) -> Result<T, Problem> {
        Err(problem(self.source, self.bytes_of(span), message))
    }

    fn event(&mut self, event: Event<'p>, span: scanner::Span) -> Result<(), Problem> {
        match &event {
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if *anchor > 0 =>
            {
                let written = self.anchor(self.bytes_of(span).start);
                self.unused.extend(written.map(|bytes| (*anchor, bytes)));
            }
            Event::Alias(id) => {
                self.unused.remove(id);
            }
            _ => {}
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let mut scalar = self.scalar(text, style, tag.as_deref(), span)?;
                let bytes = self.scalar_span(&scalar, span);
                if let Some(written) = self.text.get(bytes.clone())
                    && written == scalar.text
                {
                    scalar.text = Cow::Borrowed(written);
                }
                let node = Node {
                    kind: Kind::Scalar(scalar),
                    span: Span::of(bytes),
                };
                let bytes = node.span.range();
                self.put(node, anchor, bytes)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(anchor, tag.as_deref(), span, false, "seq")
            }
            Event::MappingStart(anchor, tag) => {
                self.start(anchor, tag.as_deref(), span, true, "map")
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some(node) => self.put(node, 0, self.bytes_of(span)),
                None => self.fail(
                    span,
                    "An alias may not stand inside its own anchor".to_owned(),
                ),
            },
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        span: scanner::Span,
        mapping: bool,
        wanted: &str,
    ) -> Result<(), Problem> {
        if let Some(tag) = tag
            && core(tag) != Some(wanted)
        {
            return self.fail(span, format!("Unexpected tag '{tag}'"));
        }
        if self.open.len() >= self.limits.depth {
            return self.fail(span, "Maximum object depth exceeded".to_owned());
        }
        self.count(1, 0, self.bytes_of(span))?;
        let mut span = self.bytes_of(span);
        span.start = behind_properties(self.text, span.start);
        span.end = span.end.max(span.start);
        // A block mapping may begin with a key in brackets; its own beginning has no length.
        let bracket = if mapping { '{' } else { '[' };
        let flow = !span.is_empty() && self.text[span.start..].starts_with(bracket);
        let items = match mapping {
            true => Items::Mapping(Vec::new(), None),
            false => Items::Sequence(Vec::new()),
        };
        self.open.push(Open {
            anchor,
            first: None,
            last: span.start,
            span,
            flow,
            items,
        });
        Ok(())
    }

    fn end(&mut self, span: scanner::Span) -> Result<(), Problem> {
        // Blanks and a comment behind a bracket are in the parser's span.
        let end = self.bytes_of(span).start + 1;
        // The parser closes only what it opened.
        let Some(open) = self.open.pop() else {
            return self.fail(span, "Unexpected end".to_owned());
        };
        // A block collection has no brackets: it is as long as what stands in it.
        let sequence = matches!(open.items, Items::Sequence(_));
        let sign = if sequence { b']' } else { b'}' };
        // A block mapping whose first key is a flow mapping begins with a brace, too.
        let closed = open.flow && self.text.as_bytes().get(end - 1) == Some(&sign);
        let bytes = match open.first {
            _ if closed => open.span.start..end,
            Some(first) if sequence => self.dash(open.span.start, first)..open.last,
            Some(first) => first..open.last,
            None => open.span.clone(),
        };
        let kind = match open.items {
            Items::Sequence(items) => Kind::Sequence(items),
            Items::Mapping(entries, _) => Kind::Mapping(entries),
        };
        let span = Span::of(bytes.clone());
        self.add(Node { kind, span }, open.anchor, bytes);
        Ok(())
    }

    /// Counts a node and adds it to what is open.
    fn put(&mut self, node: Node<'p>, anchor: usize, at: Range<usize>) -> Result<(), Problem> {
        let (nodes, bytes) = node.size();
        self.count(nodes, bytes, at.clone())?;
        self.add(node, anchor, at);
        Ok(())
    }

    fn count(&mut self, nodes: usize, bytes: usize, at: Range<usize>) -> Result<(), Problem> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > self.limits.nodes || self.bytes > self.limits.text {
            let message = "The file, with its aliases expanded, is too large".to_owned();
            return Err(problem(self.source, at, message));
        }
        Ok(())
    }

    fn add(&mut self, node: Node<'p>, anchor: usize, bytes: Range<usize>) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.add(node, bytes),
            None => self.root = Some(node),
        }
    }

    fn scalar(
        &self,
        text: Cow<'p, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: scanner::Span,
    ) -> Result<Scalar<'p>, Problem> {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let value = match tag {
            None if style == Style::Plain => scalar::resolve(&text),
            None => Resolved::String,
            // `!` alone: not resolved, so a string.
            Some(tag) if tag.suffix.is_empty() || tag.suffix == "!" => Resolved::String,
            Some(tag) => {
                let Some(name) = core(tag) else {
                    return self.fail(span, format!("Unexpected tag '{tag}'"));
                };
                match scalar::tagged(name, &text) {
                    Some(value) => value,
                    None if matches!(name, "null" | "bool" | "int" | "float") => {
                        let message = format!(
                            "The value '{text}' is invalid for the type 'tag:yaml.org,2002:{name}'"
                        );
                        return self.fail(span, message);
                    }
                    None => {
                        let message = format!("Unexpected tag 'tag:yaml.org,2002:{name}'");
                        return self.fail(span, message);
                    }
                }
            }
        };
        Ok(Scalar { text, value, style })
    }

    /// The bytes of a scalar: quotes and the indicator of a block included, the line break after a
    /// block excluded.
    fn scalar_span(&self, scalar: &Scalar<'_>, span: scanner::Span) -> Range<usize> {
        let mut bytes = self.bytes_of(span);
        let text = self.text;
        if matches!(scalar.style, Style::Plain | Style::Quoted) {
            bytes.start = behind_properties(text, bytes.start).min(bytes.end);
        }
        if scalar.style != Style::Quoted {
            let written = &text[bytes.clone()];
            bytes.end = bytes.start + written.trim_end().len();
        }
        match scalar.style {
            Style::Literal | Style::Folded => {
                bytes.start = block_header(text, bytes.start, scalar.text.is_empty());
                bytes.end = bytes.end.max(bytes.start + 1);
            }
            Style::Plain if scalar.text.is_empty() => {
                let at = self.after_colon().unwrap_or(bytes.start);
                bytes = at..at;
            }
            Style::Quoted => bytes.end = bytes.start + quoted_len(&text[bytes.clone()]),
            _ => {}
        }
        bytes
    }

    /// Where the dash of a block sequence's first item stands.
    fn dash(&self, start: usize, first_item: usize) -> usize {
        let text = self.text;
        if text[start..].starts_with('-') {
            return start;
        }
        let before = text[..first_item].trim_end();
        if before.ends_with('-') {
            before.len() - 1
        } else {
            first_item
        }
    }

    /// Where a value that is left out would stand: behind the colon of its key.
    fn after_colon(&self) -> Option<usize> {
        let Items::Mapping(_, Some(key)) = &self.open.last()?.items else {
            return None;
        };
        let key_end = key.span.end as usize;
        let rest = self.text.get(key_end..)?;
        let colon = rest.trim_start().strip_prefix(':')?;
        Some(key_end + rest.len() - colon.len())
    }
}

/// Where a node begins whose anchor or tag may stand before it.
fn behind_properties(text: &str, start: usize) -> usize {
    let mut at = start;
    while text[at..].starts_with(['&', '!']) {
        let rest = &text[at..];
        let property = rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len());
        let behind = rest[property..].trim_start();
        at += rest.len() - behind.len();
    }
    at
}

/// The length of a quoted scalar; the parser's span also has the blanks and comment behind it.
fn quoted_len(written: &str) -> usize {
    let double = written.starts_with('"');
    let mut chars = written.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' if double => {
                chars.next();
            }
            '"' if double => return i + 1,
            '\'' if !double => match chars.peek() {
                Some((_, '\'')) => {
                    chars.next();
                }
                _ => return i + 1,
            },
            _ => {}
        }
    }
    written.len()
}

/// The parser's span of a block begins at its content; this is where its `|` or `>` stands.
fn block_header(text: &str, content: usize, empty: bool) -> usize {
    // An empty block may be placed at its own indicator.
    if empty && text[content..].starts_with(['|', '>']) {
        return content;
    }
    let before = text[..content].trim_end();
    let line = before.rfind(['\n', '\r']).map_or(0, |i| i + 1);
    let header = before[line..].char_indices().find(|(i, c)| {
        let rest = before[line + i..].trim_start_matches(['|', '>']);
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
        let comment = rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#');
        matches!(c, '|' | '>') && (rest.is_empty() || comment)
    });
    header.map_or(content, |(i, _)| line + i)
}
