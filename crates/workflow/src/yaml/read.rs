//! From events to the tree, within limits.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::{Kind, Limits, Node, Scalar, Style, scalar};
use crate::Problem;
use crate::expr::Value;
use crate::place::{Source, Spanned};

/// The one document of a file.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) root: Node,
    /// Names of anchors that no alias names, with the `&` in their places.
    pub(crate) unused_anchors: Vec<Spanned<String>>,
}

/// Reads the one document of a file.
pub(crate) fn read(source: &Source<'_>, limits: &Limits) -> Result<Document, Problem> {
    let text = source.text;
    let max = limits.file_size;
    if text.chars().take(max + 1).count() > max {
        let message = format!("The maximum file size of {max} characters has been exceeded");
        return Err(problem(source, 0..0, message));
    }
    if let Some(at) = text.find('\0') {
        let message = "A NUL character cannot stand in a YAML file".to_owned();
        return Err(problem(source, at..at + 1, message));
    }
    let mut reader = Reader {
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
        let (event, span) = event.map_err(|e| reader.scan_error(&e))?;
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let message = "A workflow file holds one YAML document".to_owned();
                return Err(problem(source, reader.bytes_of(span), message));
            }
        }
        reader.event(event, span)?;
    }
    let unused_anchors = reader.unused.into_values().flatten().collect();
    match reader.root {
        Some(root) => Ok(Document {
            root,
            unused_anchors,
        }),
        None => Err(problem(source, 0..0, "The file is empty".to_owned())),
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
struct Open {
    anchor: usize,
    span: Range<usize>,
    /// Whether it is written with brackets or braces.
    flow: bool,
    mapping: bool,
    /// Items, or keys and values in turn.
    items: Vec<Node>,
}

struct Reader<'s, 't> {
    source: &'s Source<'t>,
    limits: &'s Limits,
    anchors: BTreeMap<usize, Node>,
    /// Anchors that no alias has named so far, where their names could be found.
    unused: BTreeMap<usize, Option<Spanned<String>>>,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    bytes: usize,
}

impl Reader<'_, '_> {
    fn bytes_of(&self, span: Span) -> Range<usize> {
        let start = self.source.byte(span.start.index());
        start..self.source.byte(span.end.index()).max(start)
    }

    /// The anchor of a node that begins at a byte: it stands before it, perhaps with a tag between.
    fn anchor_name(&self, node: usize) -> Option<Spanned<String>> {
        let before = &self.source.text[..node];
        let start = match self.source.text[node..].starts_with('&') {
            true => node,
            false => before.rfind('&')?,
        };
        let text = &self.source.text[start..];
        let length = text.find(|c: char| c.is_whitespace() || ",[]{}".contains(c));
        let end = start + length.unwrap_or(text.len());
        let name = self.source.text[start + 1..end].to_owned();
        Some(Spanned::new(name, self.source.place(start..end)))
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

    fn fail<T>(&self, span: Span, message: String) -> Result<T, Problem> {
        Err(problem(self.source, self.bytes_of(span), message))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match &event {
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if *anchor > 0 =>
            {
                let name = self.anchor_name(self.bytes_of(span).start);
                self.unused.insert(*anchor, name);
            }
            Event::Alias(id) => {
                self.unused.remove(id);
            }
            _ => {}
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = self.scalar(text.into_owned(), style, tag.as_deref(), span)?;
                let place = self.source.place(self.scalar_span(&scalar, span));
                let kind = Kind::Scalar(scalar);
                self.put(Node { kind, place }, anchor, span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(anchor, tag.as_deref(), span, false, "seq")
            }
            Event::MappingStart(anchor, tag) => {
                self.start(anchor, tag.as_deref(), span, true, "map")
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some(node) => self.put(node, 0, span),
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
        span: Span,
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
        let span = self.bytes_of(span);
        let flow = self.source.text[span.start..].starts_with(['[', '{']) && !span.is_empty();
        self.open.push(Open {
            anchor,
            span,
            flow,
            mapping,
            items: Vec::new(),
        });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Problem> {
        let end = self.bytes_of(span).end;
        // The parser closes only what it opened.
        let Some(open) = self.open.pop() else {
            return self.fail(span, "Unexpected end".to_owned());
        };
        // A block collection has no brackets: it is as long as what stands in it.
        let bytes = match (open.flow, open.items.first(), open.items.last()) {
            (true, ..) => open.span.start..end,
            (false, Some(_), Some(_)) => {
                let starts = open.items.iter().map(|n| n.place.span.start);
                // An alias brings the place of its anchor, which may stand far before.
                let first = open.span.start;
                let last = open.items.iter().rev().map(|n| n.place.span.end);
                let last = last.filter(|e| *e <= end).max().unwrap_or(first);
                let mut first = starts.filter(|s| *s >= first).min().unwrap_or(first);
                if !open.mapping {
                    first = self.dash(open.span.start, first);
                }
                first..last.max(first)
            }
            _ => open.span.clone(),
        };
        let kind = if open.mapping {
            let mut entries = Vec::with_capacity(open.items.len() / 2);
            let mut items = open.items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                entries.push((key, value));
            }
            Kind::Mapping(entries)
        } else {
            Kind::Sequence(open.items)
        };
        let place = self.source.place(bytes);
        self.add(Node { kind, place }, open.anchor);
        Ok(())
    }

    /// Counts a node and adds it to what is open.
    fn put(&mut self, node: Node, anchor: usize, span: Span) -> Result<(), Problem> {
        let (nodes, bytes) = node.size();
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > self.limits.nodes || self.bytes > self.limits.text {
            let message = "The file, with its aliases expanded, is too large".to_owned();
            return self.fail(span, message);
        }
        self.add(node, anchor);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
    }

    fn scalar(
        &self,
        text: String,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Scalar, Problem> {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let value = match tag {
            None if style == Style::Plain => scalar::resolve(&text),
            None => Value::String(text.clone()),
            // `!` alone: not resolved, so a string.
            Some(tag) if tag.suffix.is_empty() || tag.suffix == "!" => Value::String(text.clone()),
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
    fn scalar_span(&self, scalar: &Scalar, span: Span) -> Range<usize> {
        let mut bytes = self.bytes_of(span);
        let text = self.source.text;
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
        let text = self.source.text;
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
        let open = self
            .open
            .last()
            .filter(|o| o.mapping && o.items.len() % 2 == 1)?;
        let key_end = open.items.last()?.place.span.end;
        let rest = self.source.text.get(key_end..)?;
        let colon = rest.trim_start().strip_prefix(':')?;
        Some(key_end + rest.len() - colon.len())
    }
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
