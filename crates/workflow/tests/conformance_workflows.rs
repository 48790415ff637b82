//! GitHub's own workflow reader tests (actions/languageservices), when present: what they accept
//! loads, what they refuse is refused, where the reason lies within one file.

mod shared;

use lockkeeper_workflow::{
    Limits, Problem, TokenDefault, Workflow, check_calls, count_jobs, load, load_within,
};
use serde_json::Value as Json;
use shared::Tally;

/// The limits that a case sets.
fn limits(options: &str) -> Limits {
    let mut limits = Limits::default();
    for line in options.lines() {
        match line.split_once(": ") {
            Some(("max-depth", n)) => limits.depth = n.trim().parse().expect("a number"),
            Some(("max-file-size", n)) => limits.file_size = n.trim().parse().expect("a number"),
            _ => {}
        }
    }
    limits
}

/// Judges the calls of a workflow; the case has the called ones as pairs of name and text.
fn calls(
    name: &str,
    options: &str,
    workflow: Workflow,
    rest: &[&str],
) -> Result<Workflow, Vec<Problem>> {
    // A case may ask that called workflows are not looked at.
    if !name.contains("reusable") || options.contains("skip-reusable-workflows: true") {
        return Ok(workflow);
    }
    let mut called = Vec::new();
    for pair in rest.chunks(2) {
        called.push((pair[0].trim(), load(pair[0].trim(), pair[1])?));
    }
    let find = |uses: &str| called.iter().find(|(n, _)| *n == uses).map(|(_, w)| w);
    let token = if options.contains("permissions-policy: LimitedRead") {
        TokenDefault::Restricted
    } else {
        TokenDefault::Permissive
    };
    let mut problems = check_calls(&workflow, token, &find);
    let limit = options
        .lines()
        .find_map(|line| line.strip_prefix("max-job-limit: "));
    if let Some(limit) = limit
        && count_jobs(&workflow, &find) > limit.trim().parse().expect("a number")
    {
        problems.push(Problem {
            place: workflow.place.clone(),
            message: format!("The workflow may not contain more than {limit} jobs"),
            suggestion: None,
        });
    }
    if problems.is_empty() {
        Ok(workflow.clone())
    } else {
        Err(problems)
    }
}

#[test]
fn workflows_are_accepted_and_refused_alike() {
    let mut tally = Tally::new("workflow-parser");
    let files = shared::parts("workflow-parser");
    for file in files.iter().flat_map(|part| shared::files(part, &[".yml"])) {
        let name = file
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&file)
            .expect("a readable file")
            .replace("\r\n", "\n");
        let parts: Vec<&str> = text.split("\n---\n").collect();
        let workflow = parts[1];
        let expected: Json =
            serde_json::from_str(parts.last().expect("parts").trim()).expect("JSON");
        let errors = expected["errors"].as_array().cloned().unwrap_or_default();
        let path = format!(".github/workflows/{name}");
        let found = load_within(&path, workflow, &limits(parts[0]))
            .and_then(|workflow| calls(&name, parts[0], workflow, &parts[2..parts.len() - 1]));
        let result = match (&found, errors.is_empty()) {
            (Ok(_), true) | (Err(_), false) => Ok(()),
            (Err(problems), true) => Err(format!("refused: {problems:?}")),
            (Ok(_), false) => Err(format!("accepted, but: {errors:?}")),
        };
        // Where GitHub names a place, one of ours is there too.
        let result = result.and_then(|()| {
            let problems = found.as_ref().err().cloned().unwrap_or_default();
            for error in &errors {
                let message = error["Message"].as_str().unwrap_or("");
                let Some((_, rest)) = message.split_once("(Line: ") else {
                    continue;
                };
                let (place, said) = rest.split_once("): ").unwrap_or((rest, ""));
                let line = place.split(',').next().and_then(|l| l.parse::<u32>().ok());
                if !problems.iter().any(|p| Some(p.place.line) == line) {
                    let ours: Vec<String> = problems.iter().map(ToString::to_string).collect();
                    return Err(format!("nothing in line {line:?} ({said}), but {ours:?}"));
                }
            }
            Ok(())
        });
        tally.case(&name, result);
    }
    tally.finish();
}
