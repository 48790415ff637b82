//! Commit messages that keep workflows from starting
//! (<https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs>).

const INSTRUCTIONS: [&str; 5] = [
    "[skip ci]",
    "[ci skip]",
    "[no ci]",
    "[skip actions]",
    "[actions skip]",
];

/// The instruction of a commit message not to run workflows on `push` and `pull_request`, if it
/// has one: a word in brackets anywhere, or `skip-checks: true` as the last trailer.
pub fn skips_workflows(message: &str) -> Option<&str> {
    if let Some(found) = INSTRUCTIONS.iter().find(|i| message.contains(**i)) {
        return Some(found);
    }
    let mut lines = message.trim_end().lines().rev();
    let last = lines.next()?.trim();
    let (key, value) = last.split_once(':')?;
    if key != "skip-checks" || !matches!(value, "true" | " true") {
        return None;
    }
    // The trailers stand alone at the end, after two empty lines.
    let trailer = |line: &&str| {
        let key = line.split_once(':').map(|(key, _)| key);
        key.is_some_and(|key| {
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
    };
    let mut before = lines.skip_while(trailer);
    let empty = before
        .by_ref()
        .take(2)
        .filter(|line| line.trim().is_empty())
        .count();
    (empty == 2).then_some(last)
}
