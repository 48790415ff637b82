//! Values of expressions where GitHub's evaluator is particular, each read in its source
//! (`src/Sdk/DTExpressions2` of actions/runner).

use lockkeeper_workflow::expr::{Contexts, EvalError, Scope, Value, parse};

fn eval(text: &str) -> Result<Value, EvalError> {
    let list = Value::array([
        Value::object([("n", Value::from(1)), ("tags", Value::array(["a", "b"]))]),
        Value::object([("n", Value::from(2)), ("tags", Value::array(["c"]))]),
    ]);
    let github = Value::object([("list", list), ("text", Value::from("x"))]);
    let expr = parse(text, &Scope::ANY).unwrap_or_else(|e| panic!("{text}: {e}"));
    expr.eval(&Contexts::new().with("github", github))
}

#[track_caller]
fn gives(text: &str, json: &str) {
    let found = eval(text).map(|v| v.to_json());
    let wanted = Value::from_json(json).unwrap_or_else(|e| panic!("{json}: {e}"));
    assert_eq!(found, Ok(wanted.to_json()), "{text}");
}

#[test]
fn numbers_print_as_dotnet_prints_them() {
    for (number, printed) in [
        ("0.0001", "0.0001"),
        ("0.00001", "1E-05"),
        ("123456789012345", "123456789012345"),
        ("1234567890123456", "1.23456789012346E+15"),
        ("1e15", "1E+15"),
        ("1e-7", "1E-07"),
        ("-1.5e300", "-1.5E+300"),
        ("0.1", "0.1"),
        ("-0", "0"),
        ("0xFFFFFFFF", "-1"),
    ] {
        gives(
            &format!("format('{{0}}', {number})"),
            &format!("\"{printed}\""),
        );
    }
    gives("'infinity' == Infinity", "true");
    gives("'-INFINITY' < 0", "true");
    gives("'nan' == NaN", "false");
}

#[test]
fn what_a_star_gave_stays_spread_through_operators() {
    gives("github.list.*.tags[0]", r#"["a", "c"]"#);
    gives("(github.nothing || github.list.*.tags)[0]", r#"["a", "c"]"#);
    gives("(true && github.list.*).n", "[1, 2]");
    gives("case(true, github.list.*, null).n", "[1, 2]");
    gives("github.text.*", "[]");
    gives("github.text.*[0]", "[]");
}

#[test]
fn arguments_that_are_not_needed_are_not_evaluated() {
    gives("contains(github.list[0], fromJSON('broken'))", "false");
    gives("contains(fromJSON('[]'), fromJSON('broken'))", "false");
    gives("startsWith(github, fromJSON('broken'))", "false");
    gives("join(fromJSON('[1]'), fromJSON('broken'))", "\"1\"");
    gives("github.text[fromJSON('broken')]", "null");
    gives("format('{0}', 1, fromJSON('broken'))", "\"1\"");
    gives("case(false, fromJSON('broken'), 1)", "1");
    for text in [
        "contains('a', fromJSON('broken'))",
        "join(fromJSON('[1, 2]'), fromJSON('broken'))",
        "github.list[fromJSON('broken')]",
    ] {
        assert!(matches!(eval(text), Err(EvalError::Json(_))), "{text}");
    }
}

#[test]
fn a_colon_announces_a_format_of_which_there_is_none() {
    gives("format('{0:}-{1}', 1, 2)", "\"1-2\"");
    for text in [
        "format('{0:x}', 1)",
        "format('{0 }', 1)",
        "format('{0:}}', 1)",
    ] {
        assert!(
            matches!(eval(text), Err(EvalError::FormatInvalid(_))),
            "{text}"
        );
    }
}

#[test]
fn json_is_read_strictly_and_to_the_nearest_double() {
    gives("fromJSON('1e999') == Infinity", "true");
    gives(
        "fromJSON('0.30000000000000004') == 0.30000000000000004",
        "true",
    );
    gives(r#"fromJSON('"\ud83d\ude00"') == '😀'"#, "true");
    gives(
        r#"fromJSON(' {"b": 1, "a": 2, "B": 3} ')"#,
        r#"{"b": 3, "a": 2}"#,
    );
    let deep = |n: usize| format!("fromJSON('{}{}')", "[".repeat(n), "]".repeat(n));
    assert!(eval(&deep(100)).is_ok());
    assert!(eval(&deep(102)).is_err());
    for broken in [
        "",
        " ",
        "1 2",
        "01",
        "1.",
        ".5",
        "+1",
        "[1,]",
        "{1:2}",
        "{\"a\" 1}",
        "nul",
        "''",
        "\"\t\"",
        r#""\ud800""#,
        r#""\x""#,
        "[",
        "\"",
        "{\"a\":",
        "NaN",
        "1e",
        "-",
    ] {
        let text = format!("fromJSON('{}')", broken.replace('\'', "''"));
        assert!(matches!(eval(&text), Err(EvalError::Json(_))), "{broken}");
    }
}

#[test]
fn line_breaks_that_javascript_knows_are_escaped_in_json() {
    let text = "toJSON('\u{85}\u{2028}\u{2029}\u{7f}\u{1}')";
    let wanted = Value::from("\"\\u0085\\u2028\\u2029\u{7f}\\u0001\"");
    assert_eq!(eval(text), Ok(wanted));
}

#[test]
fn case_is_folded_one_character_for_one() {
    for (a, b, same) in [
        ("ä", "Ä", true),
        ("ß", "SS", false),
        ("ı", "I", false),
        ("ſ", "S", false),
        ("ᾳ", "ᾼ", true),
        ("ᾀ", "ᾈ", true),
        ("ǆ", "Ǆ", true),
        ("µ", "Μ", true),
    ] {
        gives(
            &format!("'{a}' == '{b}'"),
            if same { "true" } else { "false" },
        );
    }
}

#[test]
fn a_chain_of_one_operator_is_one_level_deep() {
    let nested = format!("{}true{}", "true && (".repeat(120), ")".repeat(120));
    gives(&nested, "true");
}
