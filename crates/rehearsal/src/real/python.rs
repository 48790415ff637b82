//! Programs that are Python scripts: their interpreter and packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Found, is_covered, is_of_system};

/// The interpreter that a script's first line names, where that is a Python.
pub(super) fn interpreter(script: &[u8]) -> Option<PathBuf> {
    let line = script
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let line = std::str::from_utf8(line).ok()?.trim();
    let path = PathBuf::from(line.split_ascii_whitespace().next()?);
    let name = path.file_name()?.to_str()?;
    (path.is_absolute() && name.starts_with("python")).then_some(path)
}

/// What the interpreter says of itself, a line each: its prefix, the prefix of the Python below a
/// virtual environment, and where `package` is.
fn ask(interpreter: &Path, package: &str) -> Result<[PathBuf; 3], String> {
    let code = format!(
        "import sys, importlib.util as u\n\
         print(sys.prefix)\nprint(sys.base_prefix)\nprint(u.find_spec('{package}').origin)"
    );
    let output = Command::new(interpreter)
        .args(["-s", "-E", "-c", &code])
        .env_clear()
        .output()
        .map_err(|error| format!("{}: {error}", interpreter.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines().map(PathBuf::from);
    match (lines.next(), lines.next(), lines.next()) {
        (Some(prefix), Some(base), Some(package)) => Ok([prefix, base, package]),
        _ => Err(format!(
            "{} does not find the package `{package}` without the user's own directory",
            interpreter.display()
        )),
    }
}

/// A script of `package`, as steps can run it.
pub(super) fn script(file: &Path, interpreter: &Path, package: &str) -> Result<Found, String> {
    let [prefix, base, origin] = ask(interpreter, package)?;
    for path in [&prefix, &base] {
        if !path.is_absolute() || path == Path::new("/") {
            return Err(format!(
                "its Python has no directory of its own: {}",
                path.display()
            ));
        }
    }
    // A virtual environment may be anywhere, as it is mounted; what it links to must be in place.
    if base != prefix && is_covered(&base) {
        return Err(format!(
            "its Python is in {}, which steps have for themselves",
            base.display()
        ));
    }
    if !origin.starts_with(&prefix) {
        return Err(format!("its packages are not in {}", prefix.display()));
    }
    let within = |path: &Path| match path.strip_prefix(&prefix) {
        Ok(rest) => Ok(rest.to_owned()),
        // What the system has is where it is.
        Err(_) if is_of_system(path) => Ok(path.to_owned()),
        Err(_) => Err(format!("{} is not in {}", path.display(), prefix.display())),
    };
    let words = vec![within(interpreter)?, within(file)?];
    let also = if base == prefix {
        Vec::new()
    } else {
        vec![base]
    };
    Ok(Found {
        root: prefix,
        words,
        also,
        version: String::new(),
    })
}
