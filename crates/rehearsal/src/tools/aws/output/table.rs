//! `--output table`: sections of boxed rows.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::request::python;

/// Wider tables turn rows into columns where they can: what the CLI takes for the terminal's width
/// when there is none.
const TERMINAL: usize = 80;
/// What a cell needs beside its text.
const PADDING: usize = 4;

struct Section {
    title: String,
    indent: usize,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Section {
    fn cells(&self) -> impl Iterator<Item = &Vec<String>> {
        let headers = Some(&self.headers).filter(|headers| !headers.is_empty());
        headers.into_iter().chain(&self.rows)
    }

    /// What each column needs.
    fn needs(&self) -> Vec<usize> {
        let mut needs = Vec::new();
        for row in self.cells() {
            needs.resize(needs.len().max(row.len()), 0);
            for (need, cell) in needs.iter_mut().zip(row) {
                *need = (*need).max(width(cell) + PADDING);
            }
        }
        needs
    }

    /// What the whole section needs, borders included.
    fn need(&self) -> usize {
        let cells: usize = self.needs().iter().sum();
        (width(&self.title) + 2).max(cells + 2) + 2 * self.indent
    }

    /// Column widths that fill `total`.
    fn widths(&self, total: usize) -> Vec<usize> {
        let mut widths = self.needs();
        let sum: usize = widths.iter().sum();
        if sum == 0 {
            return widths;
        }
        let scale = total as f64 / sum as f64;
        for width in &mut widths {
            *width = (*width as f64 * scale).round_ties_even() as usize;
        }
        // Rounding leaves too much, taken off from the left, or too little, added from the right.
        let count = widths.len();
        let mut at = 0;
        while widths.iter().sum::<usize>() > total {
            widths[at % count] -= 1;
            at += 1;
        }
        at = 0;
        while widths.iter().sum::<usize>() < total {
            widths[count - 1 - at % count] += 1;
            at += 1;
        }
        widths
    }

    /// A single row becomes two columns: header and value.
    fn turn(&mut self) {
        if let ([row], false) = (&self.rows[..], self.headers.is_empty()) {
            let pairs = self.headers.iter().zip(row);
            self.rows = pairs.map(|(h, v)| vec![h.clone(), v.clone()]).collect();
            self.headers.clear();
        }
    }
}

/// Columns on a terminal; scripts of East Asia take two.
fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3
            | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6
            | 0x1f300..=0x1f64f | 0x20000..=0x3fffd)
    };
    text.chars().map(|c| 1 + usize::from(wide(c))).sum()
}

pub(super) fn table(title: &str, value: &Value) -> String {
    let mut sections = Vec::new();
    collect(Some(title), value, 0, &mut sections);
    if sections.is_empty() {
        return String::new();
    }
    let need = |sections: &[Section]| sections.iter().map(Section::need).max().unwrap_or(0);
    if need(&sections) > TERMINAL {
        sections.iter_mut().for_each(Section::turn);
    }
    let total = need(&sections);
    let mut out = format!("{}\n", "-".repeat(total));
    for section in &sections {
        render(section, total - 2 * section.indent, &mut out);
    }
    out
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn row(section: &mut [Section], cells: Vec<String>) {
    if let Some(section) = section.last_mut() {
        section.rows.push(cells);
    }
}

fn collect(title: Option<&str>, value: &Value, indent: usize, sections: &mut Vec<Section>) {
    if empty(value) {
        return;
    }
    if title.is_some() || sections.is_empty() {
        sections.push(Section {
            title: title.unwrap_or_default().to_owned(),
            indent,
            headers: Vec::new(),
            rows: Vec::new(),
        });
    }
    match value {
        Value::Array(items) => match items.first() {
            Some(Value::Object(_)) => objects(title, items, indent, sections),
            _ => {
                for item in items {
                    match item {
                        Value::Array(inner) if inner.iter().all(is_scalar) => {
                            row(sections, inner.iter().map(python::str).collect());
                        }
                        item if is_scalar(item) => row(sections, vec![python::str(item)]),
                        item => collect(None, item, indent, sections),
                    }
                }
            }
        },
        Value::Object(members) => {
            let (headers, more) = keys(&[members]);
            if let [only] = headers[..] {
                row(sections, vec![only.to_owned(), python::str(&members[only])]);
            } else if !headers.is_empty() {
                let cells = headers.iter().map(|key| python::str(&members[*key]));
                row(sections, cells.collect());
                set_headers(sections, &headers);
            }
            for key in more {
                collect(Some(key), &members[key], indent + 1, sections);
            }
        }
        scalar => row(sections, vec![python::str(scalar)]),
    }
}

fn set_headers(sections: &mut [Section], headers: &[&str]) {
    if let Some(section) = sections.last_mut() {
        section.headers = headers.iter().map(|key| (*key).to_owned()).collect();
    }
}

/// Keys of scalar members, then of others, each sorted.
fn keys<'a>(objects: &[&'a Map<String, Value>]) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut scalars, mut others) = (BTreeSet::new(), BTreeSet::new());
    for (key, member) in objects.iter().copied().flatten() {
        match is_scalar(member) {
            true => scalars.insert(key.as_str()),
            false => others.insert(key.as_str()),
        };
    }
    (scalars.into_iter().collect(), others.into_iter().collect())
}

fn objects(title: Option<&str>, items: &[Value], indent: usize, sections: &mut Vec<Section>) {
    let items: Vec<_> = items.iter().filter_map(Value::as_object).collect();
    let (headers, more) = keys(&items);
    for (at, item) in items.iter().enumerate() {
        if at > 0 && !more.is_empty() {
            sections.push(Section {
                title: title.unwrap_or_default().to_owned(),
                indent,
                headers: Vec::new(),
                rows: Vec::new(),
            });
        }
        if !headers.is_empty() {
            set_headers(sections, &headers);
            let cells = headers
                .iter()
                .map(|key| item.get(*key).map_or_else(String::new, python::str));
            row(sections, cells.collect());
        }
        for key in &more {
            if let Some(member) = item.get(*key) {
                collect(Some(key), member, indent + 1, sections);
            }
        }
    }
}

/// `text` in the middle of `length` columns, edges included.
fn centred(text: &str, length: usize, left_edge: &str) -> String {
    let before = (length / 2).saturating_sub(width(text) / 2 + 1);
    let used = left_edge.len() + before + width(text) + 1;
    let after = length.saturating_sub(used);
    format!(
        "{left_edge}{}{text}{}|",
        " ".repeat(before),
        " ".repeat(after)
    )
}

/// `text` at the left of `length` columns, edges included; the indent gives way first.
fn at_left(text: &str, length: usize, left_edge: &str) -> String {
    let edges = left_edge.len() + 1;
    let before = if length >= width(text) + edges + 2 {
        2
    } else {
        0
    };
    let after = length.saturating_sub(edges + before + width(text));
    format!(
        "{left_edge}{}{text}{}|",
        " ".repeat(before),
        " ".repeat(after)
    )
}

fn render(section: &Section, total: usize, out: &mut String) {
    let side = "|".repeat(section.indent);
    let mut line = |text: &str| {
        out.push_str(&format!("{side}{text}{side}\n"));
    };
    if !section.title.is_empty() {
        line(&centred(&section.title, total, "|"));
        if section.headers.is_empty() && section.rows.is_empty() {
            line(&format!("+{}+", "-".repeat(total.saturating_sub(2))));
        }
    }
    let widths = section.widths(total);
    let mut rule = String::new();
    for (at, width) in widths.iter().enumerate() {
        let first = usize::from(at == 0);
        rule.push_str(&"+"[..first]);
        rule.push_str(&"-".repeat(width.saturating_sub(1 + first)));
        rule.push('+');
    }
    let cells = |row: &[String], place: fn(&str, usize, &str) -> String| -> String {
        let edges = ["|"].into_iter().chain(std::iter::repeat(""));
        let cells = row.iter().zip(&widths).zip(edges);
        cells
            .map(|((cell, width), edge)| place(cell, *width, edge))
            .collect()
    };
    if !section.headers.is_empty() {
        line(&rule);
        line(&cells(&section.headers, centred));
    }
    if !section.rows.is_empty() {
        line(&rule);
        for row in &section.rows {
            line(&cells(row, at_left));
        }
        line(&rule);
    }
}
