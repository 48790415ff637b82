//! The files that `lockkeeper rehearse` writes, for a pipeline whose names mean harm.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// What a step of the pipeline is called here.
const HOSTILE: &str =
    r#"</script><img src=x onerror=alert(1)> ]]> ::error::x & "quoted" | `tick` \u202Eevil"#;

fn pipeline() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let workflows = directory.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/naive");
    for file in ["CLAUDE.md", "Dockerfile"] {
        fs::copy(example.join(file), directory.path().join(file)).unwrap();
    }
    for entry in fs::read_dir(example.join(".github/workflows")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = HOSTILE.replace('"', "\\\"");
        let text = text.replace(
            "- name: Deploy",
            &format!("- name: \"{name}\"\n        # Deploy"),
        );
        fs::write(workflows.join(path.file_name().unwrap()), text).unwrap();
    }
    directory
}

fn rehearse(pipeline: &Path, into: &Path) -> Output {
    fs::create_dir(into).unwrap();
    fs::write(into.join("summary.md"), "# Before\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(["rehearse", "--format", "github", "--html", "r.html"])
        .args(["--junit", "r.xml", "--trace", "r.json"])
        .args(["--summary", "summary.md"])
        .arg(pipeline)
        .current_dir(into)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    output
}

#[test]
fn reports_say_the_same_each_time_and_let_no_name_out_of_its_place() {
    let pipeline = pipeline();
    let outside = tempfile::tempdir().unwrap();
    let (first, second) = (outside.path().join("1"), outside.path().join("2"));
    let output = rehearse(pipeline.path(), &first);
    rehearse(pipeline.path(), &second);
    for name in ["r.html", "r.xml", "r.json", "summary.md"] {
        let same = fs::read(first.join(name)).unwrap() == fs::read(second.join(name)).unwrap();
        assert!(same, "{name} differs between two runs with one seed");
    }

    let html = fs::read_to_string(first.join("r.html")).unwrap();
    assert_eq!(html.matches("</script").count(), 2, "a name ends a script");
    assert!(!html.contains("<img"), "a name became an element");
    assert!(html.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));
    assert!(html.contains("[U+202E]evil"), "text is turned round");
    let at = html.find("id=\"data\">").unwrap() + "id=\"data\">".len();
    let data = &html[at..at + html[at..].find("</script").unwrap()];
    let data: Value = serde_json::from_str(data).unwrap();
    let marks = data["marks"].as_array().unwrap();
    assert!(!marks.is_empty());
    for mark in marks {
        let story = &data["stories"][mark["story"].as_u64().unwrap() as usize]["film"];
        assert!(mark["at"].as_u64() <= story["end"].as_u64(), "{mark}");
        assert!(!mark["chain"].as_array().unwrap().is_empty(), "{mark}");
    }

    let trace: Value = serde_json::from_slice(&fs::read(first.join("r.json")).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let slices = events.iter().filter(|event| event["ph"] == "X");
    let deploys = slices.filter(|event| event["name"].as_str().unwrap().contains("onerror"));
    assert!(deploys.count() > 0, "the hostile step is in the trace");

    let summary = fs::read_to_string(first.join("summary.md")).unwrap();
    assert!(summary.starts_with("# Before\n## Rehearsal: "), "{summary}");
    assert!(!summary.contains("<img"), "{summary}");

    let printed = String::from_utf8(output.stdout).unwrap();
    let commands: Vec<&str> = printed.lines().filter(|l| l.starts_with("::")).collect();
    assert!(!commands.is_empty());
    for command in commands {
        let place = command.split_once("file=").unwrap().1;
        let (file, rest) = place.split_once(",line=").unwrap();
        let line: usize = rest.split(',').next().unwrap().parse().unwrap();
        let text = fs::read_to_string(pipeline.path().join(file)).unwrap();
        assert!(text.lines().count() >= line, "{command}");
    }
}
