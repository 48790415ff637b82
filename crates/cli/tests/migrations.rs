//! Migrations before the deployment, and scripts that are careless with them.

mod example;

use std::fs;

use example::{repository, verdict};

#[test]
fn a_version_serves_only_after_its_migration() {
    let directory =
        repository("- Database migrations run before every deploy: `node dist/migrate.js`\n");
    let judged = |story: &str| verdict(directory.path(), "migrated-first", &[story]);
    for story in [
        "migration-fails",
        "migration-cancelled",
        "old-code-new-schema",
    ] {
        assert_eq!(judged(story), ("kept".to_owned(), Vec::new()), "{story}");
    }

    let script = directory.path().join(".github/deploy/migrate.sh");
    let whole = fs::read_to_string(&script).unwrap();
    let careless = [
        (
            "[[ $exit_code != 0 ]]",
            "false",
            "migration-fails",
            "the migration for production failed, and the run went on",
        ),
        (
            "--started-by \"$OWNER\" --desired-status RUNNING",
            "--started-by nobody --desired-status RUNNING",
            "migration-cancelled",
            "two migrations of production ran at the same time",
        ),
        (
            "follow \"$task\"",
            "exit_code=0",
            "old-code-new-schema",
            "although its migration had not ended well there",
        ),
    ];
    for (from, to, story, expected) in careless {
        assert!(whole.contains(from), "{from}");
        fs::write(&script, whole.replace(from, to)).unwrap();
        let (verdict, breaches) = judged(story);
        assert_eq!(verdict, "broken", "{story}");
        let told = breaches
            .iter()
            .any(|(message, _)| message.contains(expected));
        assert!(told, "{breaches:?}");
    }
}
