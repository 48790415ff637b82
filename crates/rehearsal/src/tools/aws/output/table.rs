//! `--output table`: sections of boxed rows.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::request::python;

struct Section {
    title: Option<String>,
    indent: usize,
    headers: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
}

impl Section {
    fn columns(&self) -> usize {
        let headers = self.headers.as_ref().map_or(0, Vec::len);
        self.rows.iter().map(Vec::len).fold(headers, usize::max)
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.columns()];
        for row in self.headers.iter().chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    /// Width of the whole section, borders included.
    fn width(&self) -> usize {
        let cells: usize = self.widths().iter().map(|width| width + 3).sum();
        let title = self.title.as_ref().map_or(0, |title| title.chars().count());
        (cells + 1).max(title + 4) + 2 * self.indent
    }
}

pub(super) fn table(title: &str, value: &Value) -> String {
    let mut sections = Vec::new();
    collect(Some(title), value, 0, &mut sections);
    let width = sections.iter().map(Section::width).max().unwrap_or(0);
    let mut out = String::new();
    for (at, section) in sections.iter().enumerate() {
        render(section, width, at == 0, at + 1 == sections.len(), &mut out);
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
            title: title.map(str::to_owned),
            indent,
            headers: None,
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
        section.headers = Some(headers.iter().map(|key| (*key).to_owned()).collect());
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
                title: title.map(str::to_owned),
                indent,
                headers: None,
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

fn centred(text: &str, width: usize) -> String {
    let spare = width.saturating_sub(text.chars().count());
    let left = spare / 2;
    format!("{}{text}{}", " ".repeat(left), " ".repeat(spare - left))
}

fn render(section: &Section, width: usize, first: bool, last: bool, out: &mut String) {
    let side = "|".repeat(section.indent);
    let inner = width - 2 * section.indent;
    let mut line = |text: String| {
        out.push_str(&side);
        out.push_str(&text);
        out.push_str(&side);
        out.push('\n');
    };
    let rule = |columns: &[usize]| {
        let mut text = String::from("+");
        for width in columns {
            text.push_str(&"-".repeat(*width));
            text.push('+');
        }
        text
    };
    let mut widths: Vec<usize> = section.widths().iter().map(|width| width + 2).collect();
    let used: usize = widths.iter().map(|width| width + 1).sum::<usize>() + 1;
    if let Some(count) = std::num::NonZeroUsize::new(widths.len()) {
        let spare = inner.saturating_sub(used);
        for (at, width) in widths.iter_mut().enumerate() {
            *width += spare / count.get() + usize::from(at < spare % count.get());
        }
    }
    if let Some(title) = &section.title {
        line(if first {
            "-".repeat(inner)
        } else {
            rule(&[inner - 2])
        });
        line(format!("|{}|", centred(title, inner - 2)));
    }
    if section.rows.is_empty() {
        return;
    }
    let cells = |row: &[String], text: &dyn Fn(&str, usize) -> String| {
        let mut line = String::from("|");
        for (at, width) in widths.iter().enumerate() {
            line.push_str(&text(row.get(at).map_or("", String::as_str), *width));
            line.push('|');
        }
        line
    };
    line(rule(&widths));
    if let Some(headers) = &section.headers {
        line(cells(headers, &centred));
        line(rule(&widths));
    }
    let left = |text: &str, width: usize| {
        format!(
            "  {text}{}",
            " ".repeat((width - 2).saturating_sub(text.chars().count()))
        )
    };
    for row in &section.rows {
        line(cells(row, &left));
    }
    if last {
        line(rule(&widths));
    }
}
