//! `aquasecurity/trivy-action`: `trivy` with the options that its inputs stand for.

use super::{Bench, Model, Progress};

struct Trivy;

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Trivy)
}

impl Model for Trivy {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        if let Some(code) = bench.exit_code {
            return match code {
                0 => Progress::Done,
                _ => Progress::Failed(format!("Process completed with exit code {code}.")),
            };
        }
        let mut argv = vec![
            "trivy".to_owned(),
            bench.input("scan-type").unwrap_or("image").to_owned(),
        ];
        for (input, option) in [
            ("exit-code", "--exit-code"),
            ("severity", "--severity"),
            ("format", "--format"),
            ("output", "--output"),
            ("vuln-type", "--pkg-types"),
            ("scanners", "--scanners"),
            ("input", "--input"),
            ("timeout", "--timeout"),
            ("trivyignores", "--ignorefile"),
        ] {
            if let Some(value) = bench.input(input) {
                argv.extend([option.to_owned(), value.to_owned()]);
            }
        }
        if bench.input("ignore-unfixed") == Some("true") {
            argv.push("--ignore-unfixed".to_owned());
        }
        if bench.input("input").is_none() {
            let target = bench
                .input("image-ref")
                .or(bench.input("scan-ref"))
                .unwrap_or(".");
            argv.push(target.to_owned());
        }
        Progress::Run {
            argv,
            env: Vec::new(),
        }
    }
}
