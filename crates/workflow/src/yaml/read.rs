//! From events to the tree, within limits.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::{
    Kind, MAX_EXPANDED_TEXT, MAX_FILE_SIZE, MAX_NODES, MAX_YAML_DEPTH, Node, Scalar, Style, scalar,
};
use crate::Problem;
use crate::expr::Value;
use crate::place::Source;

/// Reads the one document of a file.
pub(crate) fn read(source: &Source<'_>) -> Result<Node, Problem> {
    let text = source.text;
    if text.chars().take(MAX_FILE_SIZE + 1).count() > MAX_FILE_SIZE {
        let message =
            format!("The maximum file size of {MAX_FILE_SIZE} characters has been exceeded");
        return Err(problem(source, 0..0, message));
    }
    if let Some(at) = text.find('\0') {
        let message = "A NUL character cannot stand in a YAML file".to_owned();
        return Err(problem(source, at..at + 1, message));
    }
    let mut reader = Reader {
        source,
        offsets: offsets(text),
        anchors: BTreeMap::new(),
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
    reader.root.ok_or_else(|| {
        let message = "The file is empty".to_owned();
        problem(source, 0..0, message)
    })
}

fn problem(source: &Source<'_>, span: Range<usize>, message: String) -> Problem {
    Problem {
        place: source.place(span),
        message,
        suggestion: None,
    }
}

/// Byte offsets of characters, if they are not the same as the characters' numbers.
fn offsets(text: &str) -> Option<Vec<usize>> {
    (!text.is_ascii()).then(|| text.char_indices().map(|(i, _)| i).collect())
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
    offsets: Option<Vec<usize>>,
    anchors: BTreeMap<usize, Node>,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    bytes: usize,
}

impl Reader<'_, '_> {
    fn byte(&self, index: usize) -> usize {
        match &self.offsets {
            None => index.min(self.source.text.len()),
            Some(offsets) => *offsets.get(index).unwrap_or(&self.source.text.len()),
        }
    }

    fn bytes_of(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }

    fn scan_error(&self, error: &ScanError) -> Problem {
        let at = self.byte(error.marker().index());
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
            && !(tag.is_yaml_core_schema() && tag.suffix == wanted)
        {
            return self.fail(span, format!("Unexpected tag '{tag}'"));
        }
        if self.open.len() >= MAX_YAML_DEPTH {
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
                let first = starts.filter(|s| *s >= first).min().unwrap_or(first);
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
        if self.nodes > MAX_NODES || self.bytes > MAX_EXPANDED_TEXT {
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
            Some(tag) if tag.is_yaml_core_schema() => match scalar::tagged(&tag.suffix, &text) {
                Some(value) => value,
                None if matches!(&*tag.suffix, "null" | "bool" | "int" | "float") => {
                    let message = format!(
                        "The value '{text}' is invalid for the type 'tag:yaml.org,2002:{}'",
                        tag.suffix
                    );
                    return self.fail(span, message);
                }
                None => {
                    let message = format!("Unexpected tag 'tag:yaml.org,2002:{}'", tag.suffix);
                    return self.fail(span, message);
                }
            },
            Some(tag) => return self.fail(span, format!("Unexpected tag '{tag}'")),
        };
        Ok(Scalar { text, value, style })
    }

    /// The bytes of a scalar, quotes included and the line break after a block excluded.
    fn scalar_span(&self, scalar: &Scalar, span: Span) -> Range<usize> {
        let mut bytes = self.bytes_of(span);
        if scalar.style != Style::Quoted {
            let written = &self.source.text[bytes.clone()];
            bytes.end = bytes.start + written.trim_end().len();
        }
        bytes
    }
}
