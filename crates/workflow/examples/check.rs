//! Loads workflow files and prints what is wrong with them: `cargo run --example check -- FILE…`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in std::env::args().skip(1) {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{file}: {error}");
                code = ExitCode::from(2);
                continue;
            }
        };
        match lockkeeper_workflow::load(&file, &text) {
            Ok(workflow) => {
                let order = lockkeeper_workflow::graph::order(&workflow);
                println!("{file}: {}", order.join(" "));
                for key in &workflow.unmodelled {
                    println!("{}: {} ({})", key.place, key.key, key.why);
                }
            }
            Err(problems) => {
                code = ExitCode::from(1);
                for problem in problems {
                    let hint = problem.suggestion.as_deref().unwrap_or("");
                    println!("{problem} {hint}");
                }
            }
        }
    }
    code
}
