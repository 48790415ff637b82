//! Patterns of AWS's policies and filters.

/// `*` stands for any text, also none; everything else for itself.
pub(crate) fn stars(pattern: &str, text: &str) -> bool {
    matches(pattern.as_bytes(), text.as_bytes(), false)
}

/// As [`stars`], and `?` stands for any one character.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    matches(pattern.as_bytes(), text.as_bytes(), true)
}

/// Linear in `text` times `pattern` at worst: it goes back only to the last star.
fn matches(pattern: &[u8], text: &[u8], question_mark: bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(b'?') if question_mark => {
                p += 1;
                t += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        assert!(glob("repo:o/r:*", "repo:o/r:ref:refs/heads/main"));
        assert!(glob("a?c*d*", "abcxxdyyd"));
        assert!(!glob("a?c", "ac"));
        assert!(!stars("a?c", "abc"));
        assert!(stars("*", ""));
        assert!(!stars("dev-*", "prod-1"));
        assert!(!glob("*a*b", "aaaaaaaac"));
    }
}
