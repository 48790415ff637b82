//! Printing any span gives back the bytes that it names: in the tree, and in the model.

mod shared;

use lockkeeper_workflow::yaml::{Kind, Limits, Node, Style, Tree};
use lockkeeper_workflow::{Place, action_of, load_action, workflow_of};

fn tree(text: &str) -> Tree<'_> {
    Tree::read("test.yml", text).unwrap_or_else(|p| panic!("{p}\n{text}"))
}

/// Equal but for line ends at the end of a scalar, which its span does not have.
fn same(a: &Node<'_>, b: &Node<'_>) -> bool {
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

/// Line and column are those of the first byte.
fn check_position(place: &Place, text: &str) {
    let before = &text[..place.span.start];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    assert_eq!(place.line as usize, before.matches('\n').count() + 1);
    let line = text[line_start..place.span.start].trim_start_matches('\u{feff}');
    let column = line.chars().count() + 1;
    assert_eq!(place.column as usize, column);
}

/// Reads what each span names by itself and compares it with the node.
fn check_tree(tree: &Tree<'_>, text: &str) -> usize {
    let mut checked = 0;
    tree.root().walk(&mut |node| {
        let place = tree.place(node.span);
        let excerpt = place.excerpt(text).expect("a span inside the file");
        assert_eq!(excerpt, tree.excerpt(node.span));
        check_position(&place, text);
        checked += 1;
        match &node.kind {
            Kind::Scalar(s)
                if s.style == Style::Plain && !s.text.contains('\n') && !excerpt.contains('\n') =>
            {
                assert_eq!(excerpt, s.text, "{place}");
            }
            Kind::Scalar(s) if s.text.is_empty() && s.style == Style::Plain => {
                assert_eq!(excerpt, "");
            }
            // An alias cannot be read without its anchor.
            _ if [" *", "[*"].iter().any(|alias| excerpt.contains(alias)) => {}
            Kind::Scalar(_) => {
                // A block scalar needs something to be indented against.
                let alone = format!("k: {excerpt}\n");
                let again = Tree::read("alone.yml", &alone).expect("reads alone");
                let again = again.root().get("k").expect("one key");
                assert!(same(node, again), "{place}: {excerpt}");
            }
            _ => {
                let alone = format!("{}{excerpt}", " ".repeat(place.column as usize - 1));
                let again =
                    Tree::read("alone.yml", &alone).unwrap_or_else(|p| panic!("{p} {alone}"));
                assert!(same(node, again.root()), "{place}: {excerpt}");
            }
        }
    });
    checked
}

/// Every place of the model names a key, a value or an expression of the tree.
fn check_model(tree: &Tree<'_>, text: &str) -> usize {
    let (workflow, _) = workflow_of(tree);
    let (action, _) = action_of(tree);
    let mut nodes = std::collections::BTreeSet::new();
    tree.root().walk(&mut |node| {
        nodes.insert((node.span.start as usize, node.span.end as usize));
    });
    let mut checked = 0;
    let mut check = |place: &Place| {
        checked += 1;
        check_position(place, text);
        let excerpt = place.excerpt(text).expect("a place inside the file");
        let expression = excerpt.starts_with("${{") && excerpt.ends_with("}}");
        let node = nodes.contains(&(place.span.start, place.span.end));
        assert!(expression || node, "{place}: {excerpt}");
    };
    if let Some(workflow) = workflow {
        workflow.places(&mut check);
    }
    if let Some(action) = action {
        action.places(&mut check);
    }
    checked
}

/// A text as it is, with the line ends of Windows, behind a byte order mark, and after letters of
/// several bytes.
fn forms(text: &str) -> [String; 4] {
    [
        text.to_owned(),
        text.replace("\r\n", "\n").replace('\n', "\r\n"),
        format!("\u{feff}{}", text.trim_start_matches('\u{feff}')),
        format!(
            "# häuser 家 \u{1F3E0}\n{}",
            text.trim_start_matches('\u{feff}')
        ),
    ]
}

const RARE: &str = r#"# häuser
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
tabs: {	"a"	: 1,	b: [	]	}	# blank
quoted: "one
  two \
  three"
? complex
: value
anchor: &a [x, y]
alias: [*a, "z"]
keep: |+
  kept

end: !!str 12
"#;

#[test]
fn spans_name_their_bytes() {
    let tree = tree(RARE);
    assert_eq!(check_tree(&tree, RARE), 49);
    let Kind::Mapping(entries) = &tree.root().kind else {
        panic!("a mapping");
    };
    let excerpts: Vec<&str> = entries.iter().map(|(_, v)| tree.excerpt(v.span)).collect();
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
            "{\t\"a\"\t: 1,\tb: [\t]\t}",
            "\"one\n  two \\\n  three\"",
            "value",
            "[x, y]",
            "[*a, \"z\"]",
            "|+\n  kept",
            "12",
        ]
    );
}

#[test]
fn spans_name_their_bytes_in_every_form_of_a_file() {
    let mut checked = 0;
    for text in forms(RARE) {
        checked += check_tree(&tree(&text), &text);
    }
    assert_eq!(checked, 4 * 49);
    let text = "a: 1\rb:\r  - x\r";
    let tree = tree(text);
    let x = tree.root().get("b").expect("a key");
    assert_eq!((tree.excerpt(x.span), tree.place(x.span).line), ("- x", 3));
}

#[test]
fn spans_name_their_bytes_in_real_files() {
    let mut files = Vec::new();
    for name in ["corpus/workflows", "fixtures"] {
        if let Some(folder) = shared::folder(name) {
            files.extend(shared::files(&folder, &[".yml", ".yaml"]));
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for own in ["examples", "crates/cli/tests"] {
        files.extend(shared::files(&root.join(own), &[".yml", ".yaml"]));
    }
    let (mut spans, mut places) = (0, 0);
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a readable file");
        for text in forms(&text) {
            let tree = Tree::read(&file.to_string_lossy(), &text);
            let Ok(tree) = tree else { continue };
            spans += check_tree(&tree, &text);
            places += check_model(&tree, &text);
        }
    }
    println!("{} files, {spans} spans, {places} places", files.len());
    assert!(spans > 400 && places > 400);
}

/// The spans of children lie in their parent's, in order, unless there are aliases.
fn check_nesting(node: &Node<'_>, tree: &Tree<'_>, text: &str) {
    let span = node.span.range();
    assert!(
        text.get(span.clone()).is_some(),
        "{}",
        tree.place(node.span)
    );
    let mut at = span.start;
    let mut child = |child: &Node<'_>| {
        let inner = child.span.range();
        assert!(
            at <= inner.start && inner.end <= span.end,
            "{}",
            tree.place(child.span)
        );
        at = inner.end;
        check_nesting(child, tree, text);
    };
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(child),
        Kind::Mapping(entries) => {
            for (key, value) in entries {
                child(key);
                child(value);
            }
        }
    }
}

#[test]
fn spans_nest_in_mutated_files() {
    const BITS: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "#",
        "\n",
        "\r\n",
        "  ",
        "\t",
        "\"",
        "'",
        "|\n",
        ">-\n",
        ",",
        "? ",
        "&x ",
        "!!str ",
        "é",
        "${{ a }}",
        "]#",
        "{a: b}: c\n",
        "[a]: b\n",
    ];
    let text = RARE.replace("alias: [*a, \"z\"]\n", "");
    let (mut seed, mut read) = (1_u64, 0);
    let mut next = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for _ in 0..3000 {
        let mut text = text.clone();
        for _ in 0..1 + next(3) {
            let at = next(text.len() + 1);
            if !text.is_char_boundary(at) {
                continue;
            }
            match next(3) {
                0 => text.truncate(at),
                1 if at < text.len() => drop(text.remove(at)),
                _ => text.insert_str(at, BITS[next(BITS.len())]),
            }
        }
        if text.contains('*') {
            continue;
        }
        if let Ok(tree) = Tree::read("mutated.yml", &text) {
            check_nesting(tree.root(), &tree, &text);
            let _ = workflow_of(&tree);
            read += 1;
        }
    }
    assert!(read > 500, "{read}");
}

#[test]
fn all_places_of_a_model_are_walked() {
    let text = r#"name: W
description: d
run-name: by ${{ github.actor }}
on:
  push: { branches: [main], tags: ["v*"], paths-ignore: [docs] }
  workflow_call:
    inputs: { i: { type: string, default: "${{ github.ref }}" } }
    outputs: { o: { value: "${{ jobs.a.outputs.x }}" } }
    secrets: { s: { required: true } }
  workflow_dispatch: { inputs: { c: { type: choice, options: [p, q] } } }
  workflow_run: { workflows: [CI], types: [completed], branches-ignore: [x] }
  schedule: [{ cron: "1 2 * * *", timezone: UTC }]
  release: { types: [published] }
permissions: { contents: read }
env: { E: f }
defaults: { run: { shell: bash, working-directory: w } }
concurrency: { group: g, cancel-in-progress: false }
jobs:
  a:
    name: A
    runs-on: { group: r, labels: [l] }
    if: always()
    strategy: { matrix: { os: [m, n], include: [{ os: k }] }, fail-fast: true, max-parallel: 2 }
    environment: { name: production, url: u, deployment: true }
    container: { image: c, options: o, ports: ["80"], volumes: [v], credentials: { username: y, password: z } }
    services: { db: { image: pg, entrypoint: e, command: d } }
    outputs: { x: "${{ steps.s.outputs.t }}" }
    timeout-minutes: 3
    cancel-timeout-minutes: 4
    continue-on-error: true
    snapshot: { image-name: img, if: github.ref == 'x', version: 1.* }
    steps:
      - { id: s, name: N, run: "t ${{ github.sha }}", shell: sh, working-directory: d, env: { V: w } }
      - { uses: o/r@v1, with: { k: v }, background: true, id: b, timeout-minutes: 1 }
      - parallel: [{ run: p }]
      - wait: [b]
      - cancel: b
  b:
    needs: [a]
    uses: ./.github/workflows/x.yml
    with: { j: k }
    secrets: { t: "${{ secrets.T }}" }
"#;
    let tree = tree(text);
    let (workflow, problems) = workflow_of(&tree);
    assert!(problems.is_empty(), "{problems:?}");
    let mut seen = std::collections::BTreeSet::new();
    let workflow = workflow.expect("read");
    workflow.places(&mut |place| {
        seen.insert((place.span.start, place.span.end));
    });
    let mut missing = Vec::new();
    tree.root().walk(&mut |node| {
        let span = (node.span.start as usize, node.span.end as usize);
        if matches!(node.kind, Kind::Scalar(_)) && !seen.contains(&span) {
            missing.push(tree.excerpt(node.span));
        }
    });
    // The model holds a type, a flag and the like without a place.
    assert_eq!(missing, ["string", "true", "choice", "true"]);
    let action = "name: n\nauthor: a\ndescription: d\ninputs: {i: {description: x, default: y, deprecationMessage: z}}\noutputs: {o: {description: p, value: q}}\nbranding: {icon: zap, color: red}\nodd: 1\nruns: {using: composite, steps: [{run: r, shell: sh}]}\n";
    let mut words = Vec::new();
    load_action("action.yml", action)
        .expect("legal")
        .places(&mut |place| {
            words.push(place.excerpt(action).expect("inside"));
        });
    for word in [
        "n",
        "a",
        "d",
        "i",
        "x",
        "y",
        "z",
        "o",
        "p",
        "q",
        "zap",
        "red",
        "odd",
        "composite",
        "r",
        "sh",
    ] {
        assert!(words.contains(&word), "{word}");
    }
}

#[test]
fn aliases_are_read_and_bounded() {
    let text = "a: &x {k: 1}\nb: *x\nc: [*x, *x]\nd:\n- *x\n";
    let tree = tree(text);
    let of = |key: &str| tree.root().get(key).expect("a key");
    assert!(same(of("a"), of("b")));
    assert_eq!(tree.excerpt(of("b").span), "{k: 1}");
    assert_eq!(tree.excerpt(of("d").span), "- *x");

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
        format!("a: {}", "x".repeat(1024 * 1024)),
    ] {
        assert!(Tree::read("bomb.yml", &text).is_err());
    }
    let limits = Limits {
        nodes: 3,
        ..Limits::default()
    };
    assert!(Tree::read_within("small.yml", "a: [b, c]", &limits).is_err());
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
        "a: [b]c",
        "a: \"b\"c#",
    ] {
        assert!(Tree::read("bad.yml", text).is_err(), "{text:?}");
    }
}

#[test]
fn a_comment_right_behind_a_bracket_or_quote_is_one() {
    let text = "a: [b]#, c\nd: 'e'# f\ng: {h: \"i#j\"}#k: [\nl: m#n\n";
    let tree = tree(text);
    let of = |key: &str| tree.root().get(key).expect("a key");
    assert_eq!(tree.excerpt(of("a").span), "[b]");
    assert_eq!(tree.excerpt(of("d").span), "'e'");
    assert_eq!(tree.excerpt(of("g").span), "{h: \"i#j\"}");
    assert_eq!(tree.excerpt(of("l").span), "m#n");
}
