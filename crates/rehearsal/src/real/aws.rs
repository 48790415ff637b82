//! The AWS CLI: version 1 and distributions' version 2 are Python scripts, Amazon's own version 2
//! is a program in a directory with its libraries.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Entry, Found, on_path, python};

pub(super) const ENTRY: Entry = Entry {
    name: "aws",
    env: &[
        // Any loopback address leads to the world.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("NO_PROXY", "127.0.0.1"),
        ("no_proxy", "127.0.0.1"),
        // As version 2 does by itself, and the model.
        ("AWS_RETRY_MODE", "standard"),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONNOUSERSITE", "1"),
    ],
    start_up: |durations| durations.aws_start,
    find,
};

fn find(path: Option<&Path>) -> Result<Found, String> {
    let mut found = match path {
        Some(path) => look(path),
        None => on_path("aws", look),
    }?;
    found.version = version(&found)?;
    Ok(found)
}

fn look(file: &Path) -> Result<Found, String> {
    let problem = |error: std::io::Error| format!("{}: {error}", file.display());
    let file = std::path::absolute(file).map_err(problem)?;
    let mut head = Vec::new();
    std::fs::File::open(&file)
        .and_then(|opened| opened.take(4096).read_to_end(&mut head))
        .map_err(problem)?;
    if let Some(interpreter) = python::interpreter(&head) {
        return python::script(&file, &interpreter, "awscli");
    }
    if !head.starts_with(b"\x7fELF") {
        return Err(format!(
            "{} is neither a program nor a Python script: name the one behind it (--real aws=PATH)",
            file.display()
        ));
    }
    // The installer links to it.
    let file = file.canonicalize().map_err(problem)?;
    match (file.parent(), file.file_name()) {
        (Some(root), Some(name)) if root != Path::new("/") => Ok(Found {
            root: root.to_owned(),
            words: vec![PathBuf::from(name)],
            also: Vec::new(),
            version: String::new(),
        }),
        _ => Err(format!("{} has no directory of its own", file.display())),
    }
}

/// `aws-cli/1.46.3 Python/3.11.7 …`
fn version(found: &Found) -> Result<String, String> {
    let mut words = found.words.iter().map(|word| found.root.join(word));
    let Some(program) = words.next() else {
        return Err("it has no program".into());
    };
    let output = Command::new(&program)
        .args(words)
        .arg("--version")
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.split_ascii_whitespace().next() {
        Some(version) if version.starts_with("aws-cli/") => Ok(version.to_owned()),
        _ => Err(format!(
            "{} --version says {:?}",
            program.display(),
            text.trim()
        )),
    }
}
