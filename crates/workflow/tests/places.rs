//! Parts of expressions are found in the file, however the expression is written there.

use lockkeeper_workflow::expr::Expr;
use lockkeeper_workflow::{StepKind, TemplateExpr, load};

const TEXT: &str = "on: push
jobs:
  deploy:
    runs-on: ubuntu-24.04
    if: \"github.actor != 'mona'\"
    env: ${{ fromJSON(vars.SETTINGS) }}
    steps:
      - run: echo 'größer' ${{ env.RING }} \"${{env.FLEET}}\"
        if: |
          github.ref_name == 'main' &&
            !startsWith(env.RING, 'x')
      - run: |
          echo ${{ format('{0}-{1}',
            env.RING,
            env.FLEET) }}
      - run: >-
          echo ${{ env.A
          }} ${{ env.B }}
      - run: \"echo \\\"${{ env.C }}\\\"\\n\"
";

fn parts<'e>(expr: &'e Expr, found: &mut Vec<&'e Expr>) {
    found.push(expr);
    for child in expr.children() {
        parts(child, found);
    }
}

/// The file holds the same text at the place, but for white space, and line and column lead there.
fn check(of: &TemplateExpr) {
    let mut all = Vec::new();
    parts(&of.expr, &mut all);
    for part in all {
        let place = of.place_of(&part.span);
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        let written = place.excerpt(TEXT).expect("a place in the file");
        assert_eq!(bare(written), bare(&of.source[part.span.clone()]));
        let line = TEXT.lines().nth(place.line as usize - 1).expect("a line");
        let rest: String = line.chars().skip(place.column as usize - 1).collect();
        let first = written.lines().next().expect("not empty");
        assert!(rest.starts_with(first), "{place}: {rest} / {first}");
    }
}

#[test]
fn each_part_of_an_expression_has_its_place() {
    let workflow = load("ci.yml", TEXT).expect("legal");
    let job = &workflow.jobs["deploy"];
    let conditions = job
        .if_
        .iter()
        .chain(job.steps.iter().filter_map(|s| s.if_.as_ref()));
    let mut seen = 0;
    for expression in conditions.flat_map(|c| c.value.expressions()) {
        check(expression);
        seen += 1;
    }
    for step in &job.steps {
        let StepKind::Run { script, .. } = &step.kind else {
            panic!("all are scripts");
        };
        for expression in script.expressions() {
            check(expression);
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
}

#[test]
fn a_whole_mapping_given_by_an_expression_is_kept() {
    let workflow = load("ci.yml", TEXT).expect("legal");
    let env = &workflow.jobs["deploy"].env;
    let whole = env.whole.as_ref().expect("one expression");
    assert_eq!(whole.source(), "${{ fromJSON(vars.SETTINGS) }}");
    assert!(env.is_empty());
}

#[test]
fn an_error_in_a_later_line_of_an_expression_is_shown_there() {
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          ${{ 1 ==\n          \
                nothing }}\n";
    let problems = load("ci.yml", text).expect_err("no such context");
    assert_eq!((problems[0].place.line, problems[0].place.column), (8, 11));
}

#[test]
fn what_is_missing_at_the_end_is_shown_at_the_end() {
    let text =
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ github. }}\n";
    let problems = load("ci.yml", text).expect_err("no name behind the dot");
    let place = &problems[0].place;
    assert_eq!((place.line, place.column), (6, 31));
    assert_eq!(place.excerpt(text), Some("}}"));
}
