//! Printing any span gives back the bytes that it names.

use super::{Kind, Limits, Node, Style, read};
use crate::place::Source;

#[path = "../../tests/shared/mod.rs"]
mod shared;

fn tree(text: &str) -> Node {
    let source = Source::new("test.yml", text);
    let document = read(&source, &Limits::default());
    document.unwrap_or_else(|p| panic!("{p}\n{text}")).root
}

fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Scalar(a), Kind::Scalar(b)) => a.text.trim_end() == b.text.trim_end(),
        (Kind::Sequence(a), Kind::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Kind::Mapping(a), Kind::Mapping(b)) => {
            let mut pairs = a.iter().zip(b);
            a.len() == b.len() && pairs.all(|((k, v), (l, w))| same(k, l) && same(v, w))
        }
        _ => false,
    }
}

/// Reads what each span names by itself and compares it with the node.
fn check(node: &Node, text: &str, checked: &mut usize) {
    let place = &node.place;
    let excerpt = place.excerpt(text).expect("a span inside the file");
    let before = &text[..place.span.start];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    assert_eq!(place.line as usize, before.matches('\n').count() + 1);
    assert_eq!(
        place.column as usize,
        text[line_start..place.span.start].chars().count() + 1
    );
    match &node.kind {
        Kind::Scalar(s)
            if s.style == Style::Plain && !s.text.contains('\n') && !excerpt.contains('\n') =>
        {
            assert_eq!(excerpt, s.text, "{place}");
        }
        Kind::Scalar(s) if s.text.is_empty() && s.style == Style::Plain => assert_eq!(excerpt, ""),
        // An alias cannot be read without its anchor.
        _ if excerpt.contains('*') && excerpt.contains(": *") => {}
        _ => {
            let alone = format!("{}{excerpt}", " ".repeat(place.column as usize - 1));
            // A block scalar at the top needs something to be indented against.
            let alone = match &node.kind {
                Kind::Scalar(_) => format!("k: {excerpt}\n"),
                _ => alone,
            };
            let mut again = tree(&alone);
            if let (Kind::Scalar(_), Kind::Mapping(entries)) = (&node.kind, &again.kind) {
                again = entries[0].1.clone();
            }
            assert!(same(node, &again), "{place}: {excerpt}");
        }
    }
    *checked += 1;
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|n| check(n, text, checked)),
        Kind::Mapping(entries) => {
            for (key, value) in entries {
                check(key, text, checked);
                check(value, text, checked);
            }
        }
    }
}

#[test]
fn spans_name_their_bytes() {
    let text = r#"# häuser
name: "déjà vu"   # comment
'on': [push, { pull_request: ~ }]
empty:
block: |
  one
    two

  three
folded: >-
  a
  b
list:
- plain words  # not these
-   - nested
    - 'it''s'
multi: first
  second
last: 1.50
"#;
    let mut checked = 0;
    let root = tree(text);
    check(&root, text, &mut checked);
    assert_eq!(checked, 25);
    let Kind::Mapping(entries) = &root.kind else {
        panic!("a mapping");
    };
    let excerpts: Vec<&str> = entries
        .iter()
        .map(|(_, v)| v.place.excerpt(text).expect("inside"))
        .collect();
    assert_eq!(
        excerpts,
        [
            "\"déjà vu\"",
            "[push, { pull_request: ~ }]",
            "",
            "|\n  one\n    two\n\n  three",
            ">-\n  a\n  b",
            "- plain words  # not these\n-   - nested\n    - 'it''s'",
            "first\n  second",
            "1.50",
        ]
    );
}

#[test]
fn line_ends_and_byte_order_marks_keep_places_right() {
    for text in ["a: 1\r\nb:\r\n  - x\r\n", "\u{feff}a: 1\nb:\n  - x\n"] {
        let Kind::Mapping(entries) = tree(text).kind else {
            panic!("a mapping");
        };
        let Kind::Sequence(items) = &entries[1].1.kind else {
            panic!("a sequence");
        };
        assert_eq!(items[0].place.excerpt(text), Some("x"));
        assert_eq!((items[0].place.line, items[0].place.column), (3, 5));
    }
}

#[test]
fn spans_name_their_bytes_in_real_workflows() {
    let mut checked = 0;
    for name in ["corpus/workflows", "fixtures"] {
        let Some(folder) = shared::folder(name) else {
            continue;
        };
        for file in shared::files(&folder, &[".yml", ".yaml"]) {
            let text = std::fs::read_to_string(&file).expect("a readable file");
            if !text.contains('\r') {
                check(&tree(&text), &text, &mut checked);
            }
        }
    }
    println!("{checked} spans");
}

#[test]
fn aliases_are_read_and_bounded() {
    let root = tree("a: &x {k: 1}\nb: *x\n");
    let Kind::Mapping(entries) = &root.kind else {
        panic!("a mapping");
    };
    assert!(same(&entries[0].1, &entries[1].1));

    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let last = format!("*a{}", i - 1);
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![last; 10].join(", "));
    }
    let wide = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(100_000),
        vec!["*a"; 1000].join(", ")
    );
    for text in [
        bomb,
        wide,
        "a: &a [*a]\n".to_owned(),
        "[".repeat(200),
        "- ".repeat(200),
    ] {
        let source = Source::new("bomb.yml", &text);
        assert!(read(&source, &Limits::default()).is_err());
    }
    let long = format!("a: {}", "x".repeat(1024 * 1024));
    assert!(read(&Source::new("long.yml", &long), &Limits::default()).is_err());
}

#[test]
fn what_is_not_one_document_is_refused() {
    for text in [
        "",
        "# nothing\n",
        "a: 1\n---\nb: 2\n",
        "a: \0b\n",
        "a: [\n",
        "a:\n\tb: 1\n",
        "\"\\xZZ\"",
    ] {
        let source = Source::new("bad.yml", text);
        assert!(read(&source, &Limits::default()).is_err(), "{text:?}");
    }
}
