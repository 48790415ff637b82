//! Patterns of ECR's filters.

/// `*` stands for any text, also none; everything else for itself.
pub(crate) fn stars(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Linear in `text` times `pattern` at worst: it goes back only to the last star.
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, t));
                p += 1;
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
    fn any_text() {
        assert!(stars("v*-rc*", "v1-rc"));
        assert!(stars("a*c*d*", "abcxxdyyd"));
        assert!(!stars("a?c", "abc"));
        assert!(stars("*", ""));
        assert!(!stars("dev-*", "prod-1"));
        assert!(!stars("*a*b", "aaaaaaaac"));
    }
}
