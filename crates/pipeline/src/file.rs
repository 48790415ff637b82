//! Generated files: their headers, and how one is recognised that nobody has edited.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::pins::without_any_pins;

/// A file to write, relative to the repository's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// With `/`, relative to the repository's root.
    pub path: String,
    pub bytes: Vec<u8>,
    pub executable: bool,
}

const SEAL: &str = "lockkeeper:sha256=";

/// How comments look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comments {
    /// YAML and shell: `# …`.
    Hash,
    /// Markdown: `<!-- … -->`.
    Angle,
}

impl GeneratedFile {
    /// `body` under a header that says where it comes from and carries its seal.
    pub(crate) fn sealed(path: &str, from: &str, body: &str, comments: Comments) -> Self {
        let (first_line, body) = match body.strip_prefix("#!") {
            Some(_) => body.split_at(body.find('\n').map_or(body.len(), |at| at + 1)),
            None => ("", body),
        };
        let header = [
            format!("Written by lockkeeper from {from}."),
            "To change it, change the rules and run `lockkeeper generate`. It does not overwrite edits by hand."
                .to_owned(),
        ];
        let mut text = String::from(first_line);
        let (open, close) = match comments {
            Comments::Hash => ("# ", ""),
            Comments::Angle => ("<!-- ", " -->"),
        };
        for line in header {
            let line: String = line
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            // Nothing that a file's name may hold ends a comment.
            let _ = writeln!(text, "{open}{}{close}", line.replace("--", "- -"));
        }
        let seal = seal(&format!("{text}{body}"));
        let _ = writeln!(text, "{open}{SEAL}{seal}{close}");
        if comments == Comments::Hash {
            text.push('\n');
        }
        text.push_str(body);
        Self {
            path: path.to_owned(),
            bytes: text.into_bytes(),
            executable: path.ends_with(".sh"),
        }
    }

    /// The file's text; what lockkeeper writes is always UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }
}

/// Whether `text` is, pins of actions aside, what lockkeeper once wrote.
pub(crate) fn is_untouched(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    let Some(line) = text.lines().take(4).find(|line| line.contains(SEAL)) else {
        return false;
    };
    let Some((_, stated)) = line.split_once(SEAL) else {
        return false;
    };
    let stated = stated.trim_end_matches(" -->").trim();
    let Some((before, after)) = text.split_once(&format!("{line}\n")) else {
        return false;
    };
    let body = match line.starts_with('#') {
        true => after.strip_prefix('\n').unwrap_or(after),
        false => after,
    };
    seal(&format!("{before}{body}")) == stated
}

/// Updating a pin does not break the seal.
fn seal(text: &str) -> String {
    let mut out = String::new();
    for byte in Sha256::digest(without_any_pins(text).as_bytes()) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
