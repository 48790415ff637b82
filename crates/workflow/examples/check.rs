//! Reads workflow files and prints what GitHub refuses and what checks find, a line each:
//! `cargo run --example check -- FILE…`. Exit status 1 says that there was something.

use std::io::Write;
use std::process::ExitCode;

use lockkeeper_workflow::check::Repository;
use lockkeeper_workflow::{check, load_what_is_legal};

fn main() -> std::io::Result<ExitCode> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut code = ExitCode::SUCCESS;
    for file in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&file)?;
        let (workflow, problems) = load_what_is_legal(&file, &text);
        for problem in &problems {
            code = ExitCode::from(1);
            let hint = problem.suggestion.as_deref().unwrap_or("");
            writeln!(out, "{problem} {hint}")?;
        }
        // Nothing is known of the files beside this one.
        let repository = Repository::unknown();
        for finding in workflow.iter().flat_map(|w| check(w, &repository)) {
            code = ExitCode::from(1);
            let hint = finding.suggestion.as_deref().unwrap_or("");
            let (place, kind) = (&finding.place, finding.kind);
            writeln!(out, "{place}: {} [{kind}] {hint}", finding.message)?;
        }
    }
    out.flush()?;
    Ok(code)
}
