//! Loads workflows from standard input, each line `{"t": "<text of a workflow>"}`, and prints the
//! problems of each as a JSON array. For comparing with other readers.

use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: serde_json::Value = serde_json::from_str(&line?)?;
        let text = case["t"].as_str().unwrap_or("");
        let problems = lockkeeper_workflow::load("w.yml", text)
            .err()
            .unwrap_or_default();
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        writeln!(out, "{}", serde_json::json!(shown))?;
    }
    Ok(())
}
