//! GitHub's patterns for branch policies and rulesets: Ruby's `File.fnmatch` with paths.

/// `*` and `?` stay inside a segment, `**/` crosses segments, `[a-z]` and `[^a-z]` match one
/// character.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Row by row: which prefixes of the text the pattern so far can have consumed.
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let segment_start = at == 0 || pattern[at - 1] == '/';
        if segment_start && pattern[at..].starts_with(&['*', '*', '/']) {
            for end in 1..=text.len() {
                if text[end - 1] == '/' && reach[..end].iter().any(|r| *r) {
                    reach[end] = true;
                }
            }
            at += 3;
            continue;
        }
        if pattern[at] == '*' {
            for end in 1..=text.len() {
                if reach[end - 1] && text[end - 1] != '/' {
                    reach[end] = true;
                }
            }
            at += 1;
            continue;
        }
        let (accepts, length) = one(&pattern[at..]);
        for end in (1..=text.len()).rev() {
            reach[end] = reach[end - 1] && accepts(text[end - 1]);
        }
        reach[0] = false;
        at += length;
    }
    reach[text.len()]
}

/// What the pattern's next element accepts, and its length.
fn one(pattern: &[char]) -> (Box<dyn Fn(char) -> bool>, usize) {
    let first = pattern[0];
    if first == '?' {
        return (Box::new(|c| c != '/'), 1);
    }
    if first == '\\' && pattern.len() > 1 {
        let wanted = pattern[1];
        return (Box::new(move |c| c == wanted), 2);
    }
    if first == '['
        && let Some(close) = pattern
            .iter()
            .skip(2)
            .position(|c| *c == ']')
            .map(|p| p + 2)
    {
        let negated = matches!(pattern[1], '^' | '!');
        let set: Vec<char> = pattern[1 + usize::from(negated)..close].to_vec();
        return (
            Box::new(move |c| c != '/' && in_set(&set, c) != negated),
            close + 1,
        );
    }
    (Box::new(move |c| c == first), 1)
}

fn in_set(set: &[char], c: char) -> bool {
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == '-' {
            if (set[at]..=set[at + 2]).contains(&c) {
                return true;
            }
            at += 3;
        } else {
            if set[at] == c {
                return true;
            }
            at += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("main", "main", true),
            ("main", "mainly", false),
            ("*", "main", true),
            ("*", "feature/x", false),
            ("release/*", "release/1", true),
            ("release/*", "release/1/2", false),
            ("*/*", "a/b", true),
            ("**/*", "a/b/c", true),
            ("**/*", "a", true),
            ("release/**/*", "release/a/b", true),
            ("**", "a/b", false),
            ("v[0-9]?", "v12", true),
            ("v[0-9]", "vx", false),
            ("v[^0-9]", "vx", true),
            ("refs/pull/*/merge", "refs/pull/7/merge", true),
            ("", "", true),
            ("", "x", false),
            ("[", "[", true),
            ("a[]", "a[]", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
