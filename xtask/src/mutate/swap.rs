//! Words for words: staging for production, one state for another.

pub(crate) fn swap_environments(text: &str) -> String {
    const PAIRS: [(&str, &str); 3] = [
        ("staging", "production"),
        ("Staging", "Production"),
        ("STAGING", "PRODUCTION"),
    ];
    // A cluster of production's does not say so.
    const KEPT: &str = "\u{0}";
    let clusters: Vec<String> = text
        .split("-staging-cluster")
        .map(|part| part.replace("-cluster", &format!("-{KEPT}-cluster")))
        .collect();
    let mut swapped = clusters.join("-cluster");
    for (staging, production) in PAIRS {
        let parts: Vec<String> = swapped
            .split(staging)
            .map(|part| part.replace(production, staging))
            .collect();
        swapped = parts.join(production);
    }
    swapped.replace(KEPT, "staging")
}

/// Another state than the one that a word names.
pub(crate) fn other_state(word: &str) -> Option<&'static str> {
    const PAIRS: &[(&str, &str)] = &[
        ("ACTIVE", "INACTIVE"),
        ("COMPLETED", "FAILED"),
        ("ECS", "EXTERNAL"),
        ("FAILED", "COMPLETED"),
        ("GONE", "IN_PROGRESS"),
        ("PRIMARY", "ACTIVE"),
        ("ROLLING", "BLUE_GREEN"),
        ("RUNNING", "STOPPED"),
        ("STOPPED", "RUNNING"),
        ("SUCCESSFUL", "STOPPED"),
        ("approved", "rejected"),
        ("false", "true"),
        ("required_reviewers", "branch_policy"),
        ("true", "false"),
        ("waiting", "in_progress"),
    ];
    let found = PAIRS.iter().find(|(from, _)| *from == word);
    found.map(|(_, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::swap_environments;

    #[test]
    fn both_ways_at_once() {
        let text = "staging-verified, PRODUCTION_URL, x-staging-cluster, y-cluster";
        let swapped = "production-verified, STAGING_URL, x-cluster, y-staging-cluster";
        assert_eq!(swap_environments(text), swapped);
        assert_eq!(swap_environments(swapped), text);
    }
}
