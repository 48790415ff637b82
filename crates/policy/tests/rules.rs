//! Each rule's own examples: they are read, near misses are not, canonical sentences give the rule
//! back, and nothing can be added to an example without changing or losing what it means.

use lockkeeper_policy::{Policy, Reading, Source, Status, prose, read, rules};

/// Reads one statement in a section about deployment, beside a service that it may belong to.
fn one(sentence: &str) -> Reading {
    let text = format!("## Deployment\n\n- {sentence}\n");
    read(&Source::new("CLAUDE.md", text)).unwrap()
}

fn is_read(reading: &Reading) -> bool {
    !reading.statements.is_empty()
        && reading
            .statements
            .iter()
            .all(|s| matches!(s.status, Status::Enforced | Status::Partial | Status::Noted))
}

#[test]
fn examples_are_read_and_near_misses_are_not() {
    let mut wrong = Vec::new();
    for rule in rules() {
        for example in rule.examples {
            let reading = one(example);
            if !is_read(&reading) {
                wrong.push(format!(
                    "{}: not read: {example}\n   {:?}",
                    rule.title, reading.statements
                ));
            }
        }
        for near_miss in rule.near_misses {
            if is_read(&one(near_miss)) {
                wrong.push(format!("{}: misread: {near_miss}", rule.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_canonical_sentence_gives_the_rule_back() {
    for rule in rules() {
        for example in rule.examples {
            let first = one(example);
            let canonical = first.statements[0].canonical.clone().unwrap();
            let second = one(&canonical);
            assert!(is_read(&second), "{example} → {canonical}");
            assert_eq!(second.policy, first.policy, "{example} → {canonical}");
            assert_eq!(
                second.statements[0].sets, first.statements[0].sets,
                "{example} → {canonical}"
            );
            assert_eq!(second.statements[0].canonical.as_ref(), Some(&canonical));
        }
    }
}

/// What can be put into a sentence, and where: before it, after it, before its n-th word.
const ADDITIONS: [&str; 20] = [
    "not",
    "never",
    "no",
    "except hotfixes",
    "except on Fridays",
    "unless it is urgent",
    "if the build is green",
    "if possible",
    "sometimes",
    "usually",
    "ideally",
    "only on Fridays",
    "on Fridays",
    "mostly",
    "frobnicated",
    "without",
    "optional",
    "?",
    "no longer",
    "TBD",
];

#[test]
fn no_addition_leaves_a_rule_as_it_was() {
    let mut wrong = Vec::new();
    for rule in rules() {
        for example in rule.examples {
            let plain = one(example);
            let words: Vec<&str> = example.split(' ').collect();
            for addition in ADDITIONS {
                for at in 0..=words.len() {
                    let mut longer = words.clone();
                    longer.insert(at, addition);
                    let sentence = longer.join(" ");
                    let reading = one(&sentence);
                    if is_read(&reading) && says_the_same(&reading, &plain) {
                        wrong.push(sentence);
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// True when a statement still sets something, and to the very same.
fn says_the_same(reading: &Reading, plain: &Reading) -> bool {
    reading.policy == plain.policy && reading.statements[0].sets == plain.statements[0].sets
}

#[test]
fn prose_of_a_policy_reads_back_as_that_policy() {
    let texts = [
        include_str!("texts/01-bullets.md"),
        include_str!("texts/02-nested.md"),
        include_str!("texts/05-environment-table.md"),
        include_str!("texts/08-negations.md"),
        include_str!("texts/24-two-branches.md"),
        include_str!("texts/25-several-in-one.md"),
        include_str!("texts/26-services.md"),
        include_str!("texts/29-no-rules.md"),
    ];
    let examples: Vec<String> = rules()
        .flat_map(|rule| rule.examples)
        .map(|example| format!("## Deployment\n- Service: `a-b`\n- {example}\n"))
        .collect();
    for text in texts.into_iter().chain(examples.iter().map(String::as_str)) {
        let policy = read(&Source::new("CLAUDE.md", text)).unwrap().policy;
        let written = prose(&policy);
        let again = read(&Source::new("CLAUDE.md", written.clone())).unwrap();
        assert!(again.is_clean(), "{written}\n{:#?}", again.statements);
        assert_eq!(again.policy, policy, "{written}");
        assert_eq!(prose(&again.policy), written);
        same_shape(&policy);
    }
}

/// The serialised form has both environments, whatever was said.
fn same_shape(policy: &Policy) {
    let json = serde_json::to_value(policy).unwrap();
    for env in ["staging", "production"] {
        assert!(json["environments"][env]["approval"].is_boolean());
    }
}
