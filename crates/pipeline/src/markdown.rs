//! A small Markdown writer: text goes in as text, and cannot become markup.

use std::fmt::Write;

#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn heading(&mut self, level: usize, text: &str) {
        self.gap();
        let _ = writeln!(self.0, "{} {}", "#".repeat(level), escape(text));
    }

    /// A paragraph of our own Markdown.
    pub(crate) fn paragraph(&mut self, markdown: &str) {
        self.gap();
        let _ = writeln!(self.0, "{markdown}");
    }

    /// A list of our own Markdown.
    pub(crate) fn list<S: AsRef<str>>(&mut self, items: impl IntoIterator<Item = S>) {
        self.gap();
        for item in items {
            let _ = writeln!(self.0, "- {}", item.as_ref());
        }
    }

    pub(crate) fn numbered<S: AsRef<str>>(&mut self, items: impl IntoIterator<Item = S>) {
        self.gap();
        for (at, item) in items.into_iter().enumerate() {
            let _ = writeln!(self.0, "{}. {}", at + 1, item.as_ref());
        }
    }

    pub(crate) fn code(&mut self, language: &str, text: &str) {
        self.gap();
        let _ = writeln!(self.0, "```{language}\n{}\n```", text.trim_end());
    }

    /// A table of our own Markdown; pipes in cells are escaped.
    pub(crate) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        self.gap();
        let _ = writeln!(self.0, "| {} |", head.join(" | "));
        let _ = writeln!(self.0, "| {} |", vec!["---"; head.len()].join(" | "));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            let _ = writeln!(self.0, "| {} |", cells.join(" | "));
        }
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}

/// `text` so that Markdown shows exactly it, on one line.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '!' | '~' | '&' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A code span; for values that cannot hold a backtick.
pub(crate) fn code(text: impl std::fmt::Display) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escape("a `b` <c> [d](e)\n# f ${{ g }}"),
            "a \\`b\\` \\<c\\> \\[d\\](e) \\# f \\${{ g }}"
        );
        let mut page = Page::default();
        page.table(&["x"], &[vec!["a | b".into()]]);
        assert_eq!(page.finish(), "| x |\n| --- |\n| a \\| b |\n");
    }
}
