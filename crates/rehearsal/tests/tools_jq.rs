//! The embedded `jq` beside the one that is installed, where there is one.

use std::io::Write;
use std::process::{Command, Stdio};

use lockkeeper_rehearsal::tools::jq;

fn ours(args: &[&str], input: &str) -> (u8, String, String) {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let input = input.to_owned();
    // As `jq::main` does it: deep values need a deep stack.
    let worker = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let code = jq::answer(&args, input.as_bytes(), &mut out, &mut err);
            let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
            (code, text(out), text(err))
        });
    worker.expect("a thread").join().expect("no panic")
}

fn theirs(args: &[&str], input: &str) -> Option<(u8, String)> {
    let mut child = Command::new("jq")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // A program that does not read its input closes the pipe.
    child.stdin.take()?.write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().ok()?;
    let code = output.status.code()?;
    Some((
        code as u8,
        String::from_utf8_lossy(&output.stdout).into_owned(),
    ))
}

const SERVICES: &str = r#"{"services":[{"serviceName":"api","taskDefinition":"arn:aws:ecs:eu-central-1:111122223333:task-definition/api:7","desiredCount":2,"deployments":[{"id":"ecs-svc/1","status":"PRIMARY","rolloutState":"COMPLETED","failedTasks":0},{"id":"ecs-svc/0","status":"ACTIVE","rolloutState":null}],"tags":[{"key":"team","value":"core"},{"key":"a","value":null}]}],"failures":[],"π":"snow ☃ \"quoted\" \u0007","n":[1,2.5,-3,0.1,1e3]}"#;

const PROGRAMS: &[&[&str]] = &[
    &["."],
    &["-c", "."],
    &["-S", "."],
    &["-a", "."],
    &["--tab", ".failures, .n"],
    &["--indent", "1", ".services[0].tags"],
    &["--indent", "0", "."],
    &["-r", ".services[0].serviceName"],
    &["-j", ".n[]"],
    &[
        "-r",
        ".services[].deployments[] | select(.status == \"PRIMARY\") | .id",
    ],
    &["-e", ".failures | length == 0"],
    &["-e", ".nothing"],
    &["-e", ".services[] | select(.desiredCount > 5)"],
    &["-c", "del(.services[0].deployments[0], .n)"],
    &["-c", "del(.services, .failures) | keys"],
    &[
        "-c",
        ".services[0] | del(.taskDefinition, .missing, .deployments)",
    ],
    &["-c", "del(.n[0, 2])"],
    &["-c", "del(.n[] | select(. > 1))"],
    &["-c", ".a.b.c = 1 | .a"],
    &[
        "-c",
        ".a.b |= . + {d: 2} | .a.b.d += 3 | .a, (.z.y //= \"x\" | .z), (.q[2].r = 1 | .q)",
    ],
    &[
        "-c",
        ".services[0].tags[0, 1].value |= \"v\\(.)\" | .services[0].tags",
    ],
    &[
        "-c",
        "(.services[] | select(.serviceName == \"api\") | .desiredCount) = (1, 5) | .services[0].desiredCount",
    ],
    &[
        "-c",
        ".n[1:3] = [9] | .n, (.n |= map(select(. != 1)) | .n), (.n[-1] *= 2 | .n)",
    ],
    &[
        "-c",
        ".services[0].deployments[].status |= ascii_downcase | .services[0].deployments | map(.status)",
    ],
    &[
        "-c",
        "(.services[0] | to_entries) as $e | {(\"k\\($e | length)\"): $e[0].key}, setpath([\"x\", 0]; 1).x",
    ],
    &["-c", "del(.n[1:3])"],
    &["-c", "delpaths([[\"services\", 0, \"tags\"], [\"n\"]])"],
    &["-c", "to_entries | map(.key)"],
    &["-c", ".services[0].tags | from_entries"],
    &[
        "-c",
        ".services[0] | with_entries(select(.key | startswith(\"d\")))",
    ],
    &[
        "-r",
        ".services[0].taskDefinition | split(\"/\") | last | sub(\":\\\\d+$\"; \"\")",
    ],
    &[
        "-r",
        ".services[0].taskDefinition | capture(\"(?<family>[^/:]+):(?<revision>\\\\d+)$\") | \"\\(.family) \\(.revision)\"",
    ],
    &["-r", "\"\\(.n[0] / 2) of \\(.n | length) \\(.n | add)\""],
    &[
        "-r",
        ".n | \"sum \\(add) mean \\(add / length) \\(\"in \\(.[1] * 2)\")\"",
    ],
    &[
        "-c",
        "[.n[] | tostring], (.n | join(\"-\")), ([] | join(\",\"))",
    ],
    &["-c", "[null, \"a\", 1, true] | join(\",\")"],
    &["-r", ".n | @csv, @tsv, @json, @text, @html, @sh"],
    &[
        "-r",
        "[\"a\\\"b\", \"c\\td\"] | @csv, @tsv, @base64 \"x\\(.)\", (.[0] | @uri)",
    ],
    &[
        "-c",
        ".n | map(. * 2) , map(floor), sort, max, min, unique, any(. > 2), all(. > 0)",
    ],
    &[
        "-c",
        "[.services[0].deployments | sort_by(.id)[] | .status], (.services[0].deployments | group_by(.status) | map(length))",
    ],
    &[
        "-c",
        "reduce .n[] as $x (0; . + $x), [foreach .n[] as $x (0; . + 1)], [range(3)], [limit(2; .n[])]",
    ],
    &["-c", "[paths(type == \"number\")] | length"],
    &[
        "-c",
        ".services[0].deployments[0] += {\"x\": 1} | .services[0].deployments[0] | keys",
    ],
    &["-c", "(.services |= map(.serviceName)), .a"],
    &[
        "-c",
        ".a |= . + 1 | .a, (.services[0].desiredCount |= 3 | .n)",
    ],
    &[
        "-c",
        ".services[0].desiredCount as $d | .services[0].deployments | map(select(.failedTasks == 0)) | length + $d",
    ],
    &[
        "-c",
        ".x += [1] | .x, (.y // {} | .z), (.n | first, last, nth(1))",
    ],
    &[
        "-c",
        ".services[0].tags |= map(select(.key != \"a\")) | .services[0].tags",
    ],
    &[
        "-c",
        "if .failures == [] then \"none\" elif true then 1 else 2 end, (.x // \"fallback\"), (.n[10] // empty)",
    ],
    &[
        "-c",
        "try error(\"boom\") catch ., (try (.n | keys | .[0] | error) catch .), [.n[] | tojson | fromjson]",
    ],
    &[
        "-c",
        "walk(if type == \"number\" then . + 1 else . end) | .n",
    ],
    &["-c", "([.. | numbers] | length), ([.. | strings] | length)"],
    &[
        "-c",
        "getpath([\"services\", 0, \"desiredCount\"]), getpath([\"x\", \"y\"]), (null | .a), (null | .[0]), .n[1:3], .n[-1]",
    ],
    &[
        "-c",
        "has(\"n\"), (.n | contains([1])), (.n | index(2.5)), (\"a,b\" | test(\"A\"; \"i\")), (.n | inside([1, 2.5, -3, 0.1, 1000]))",
    ],
    &[
        "-c",
        "\"a b\" | ascii_upcase, ltrimstr(\"a\"), rtrimstr(\"b\"), explode, length, utf8bytelength, .[1:]",
    ],
    &["-c", "1 | ltrimstr(\"a\")"],
    &[
        "-c",
        "{a: 1, b: {c: 2}} * {b: {d: 3}}, ([1, 2, 1] - [1]), ({a: 1} + {a: 2})",
    ],
    &[
        "-c",
        "\"2026-03-02T09:00:00Z\" | fromdate, (fromdate | todate)",
    ],
    &["-c", ". as {n: [$one, $two]} | $one + $two"],
    &[
        "-c",
        "def f(x): x * 2; [.n[] | f(.)], ([.n[] | tostream] | length)",
    ],
    &[
        "-n",
        "-c",
        "1e-5, 0.0001, 1.5e300, 3.0 * 1, 1 / 3, 10 / 2, -0.5, 1e3 * 1, infinite, nan, ([1, 2] != [1])",
    ],
    &["-n", "-c", "[inputs.n | length]"],
    &["-c", "input"],
    &["-s", "-c", "length, .[0].n"],
    &["-R", "-c", "[length > 10, (fromjson | .n[0])]"],
    &["-R", "-s", "-c", "split(\"\\n\") | length"],
    &[
        "-n",
        "-r",
        "--arg",
        "f",
        "api",
        "--argjson",
        "count",
        "2",
        "$f, $count + 1, $ARGS.named.f",
    ],
    &["-n", "-c", "--args", "$ARGS.positional", "a", "b"],
    &["-n", "-c", "($ENV.PATH | type), (env | type)"],
    &["-r", "\"# no comment\" # a comment with \"quotes\\(\"\n"],
    &[
        "-c",
        "IN(.n[]; 1, 2), ([.services[]] | INDEX(.serviceName) | keys)",
    ],
    &["-c", "ascii_downcase"],
    &[".services | .a"],
    &[".n[] | .x"],
    &["{"],
    &["nosuch(1)"],
    &["$undefined"],
    &["-n", "\"bye\\n\" | halt_error"],
    &["-n", "{}, error(\"x\"), 2"],
    &["-n", "halt"],
    &["--nosuch", "."],
    &[".", "/no/such/file"],
];

#[test]
fn answers_as_the_installed_one() {
    let input = format!("{SERVICES}\n");
    if theirs(&["."], "1").is_none() {
        println!("skipped: no jq is installed");
        return;
    }
    let mut wrong = Vec::new();
    for program in PROGRAMS {
        let Some((code, out)) = theirs(program, &input) else {
            continue;
        };
        let (our_code, our_out, err) = ours(program, &input);
        if our_code != code || our_out != out {
            wrong.push(format!(
                "jq {program:?}\n theirs ({code}): {out}\n ours ({our_code}): {our_out}{err}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bad_input_is_an_error_and_no_crash() {
    let deep = "[".repeat(200_000);
    for input in ["{\"a\": ", "abc", "{'a': 1}", "\"\u{1}", &deep] {
        let (code, _, err) = ours(&["."], input);
        assert_eq!(code, 2, "{} {err}", &input[..input.len().min(20)]);
        assert!(err.starts_with("jq: parse error: "), "{err}");
    }
    let (code, out, err) = ours(&[".a"], "{\"a\":1} \"x\" {\"a\":2}");
    assert_eq!((code, out.as_str()), (5, "1\n2\n"));
    assert!(
        err.contains("Cannot index string with string \"a\""),
        "{err}"
    );
    let (_, _, err) = ours(&[".[]"], "null");
    assert!(err.contains("Cannot iterate over null (null)"), "{err}");
}

#[test]
fn a_literal_keeps_its_digits() {
    let (_, out, _) = ours(&["-c", "."], "[1.0, 100000000000000000001, 2.50]");
    assert_eq!(out, "[1.0,100000000000000000001,2.50]\n");
}
