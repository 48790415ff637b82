//! A package script's line, split as `sh` would: commands, and what joins them.

/// What stands before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// The start, `;`, `&` or a new line.
    Then,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`: its input is the command before it, its status that of the whole.
    Pipe,
}

/// Splits a line into commands of words. Redirections are dropped, quotes taken off; expansions
/// stay as they are written.
pub(super) fn split(line: &str) -> Vec<(Joint, Vec<String>)> {
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut joint = Joint::Then;
    let mut characters = line.chars().peekable();
    let mut redirect = false;
    let end_word = |word: &mut Option<String>, words: &mut Vec<String>, redirect: &mut bool| {
        if let Some(word) = word.take() {
            if std::mem::take(redirect) {
                return;
            }
            words.push(word);
        }
    };
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' => {
                let text = word.get_or_insert_default();
                while let Some(inner) = characters.next() {
                    match inner {
                        _ if inner == character => break,
                        '\\' if character == '"' => text.extend(characters.next()),
                        other => text.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            '(' | ')' if word.is_none() => {}
            ')' => {}
            '>' | '<' => {
                // `2>&1`, `> file`: a number before it belongs to it.
                if word
                    .as_ref()
                    .is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()))
                {
                    word = None;
                }
                end_word(&mut word, &mut words, &mut redirect);
                while characters
                    .next_if(|c| matches!(c, '>' | '<' | '&'))
                    .is_some()
                {}
                redirect = true;
            }
            ';' | '\n' | '&' | '|' => {
                end_word(&mut word, &mut words, &mut redirect);
                let doubled = characters.next_if_eq(&character).is_some();
                let next = match (character, doubled) {
                    ('&', true) => Joint::And,
                    ('|', true) => Joint::Or,
                    ('|', false) => Joint::Pipe,
                    _ => Joint::Then,
                };
                if !words.is_empty() {
                    commands.push((joint, std::mem::take(&mut words)));
                }
                joint = next;
            }
            space if space.is_whitespace() => end_word(&mut word, &mut words, &mut redirect),
            other => word.get_or_insert_default().push(other),
        }
    }
    end_word(&mut word, &mut words, &mut redirect);
    if !words.is_empty() {
        commands.push((joint, words));
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_joints() {
        let split: Vec<(Joint, String)> = split(
            "tsc && c8 -r 'a b' node --test dist/*.js 2>&1 | tee out || true; echo \"x\\\"y\" > f",
        )
        .into_iter()
        .map(|(joint, words)| (joint, words.join("_")))
        .collect();
        let want = [
            (Joint::Then, "tsc"),
            (Joint::And, "c8_-r_a b_node_--test_dist/*.js"),
            (Joint::Pipe, "tee_out"),
            (Joint::Or, "true"),
            (Joint::Then, "echo_x\"y"),
        ];
        assert_eq!(split, want.map(|(joint, text)| (joint, text.to_owned())));
    }
}
