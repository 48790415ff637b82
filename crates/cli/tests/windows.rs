//! Rules that name days and hours, and a pipeline that forgets to look at the clock.

mod example;

use std::fs;

use example::{repository, verdict};

#[test]
fn a_window_is_kept_before_and_after_the_approval() {
    let directory = repository(
        "- Production deploys only on weekdays, 10:00–16:00 JST\n- No production deploys on Fridays\n",
    );
    let judged = || verdict(directory.path(), "window-kept", &["deploy-window"]);
    assert_eq!(judged(), ("kept".to_owned(), Vec::new()));

    let workflow = directory
        .path()
        .join(".github/workflows/deploy-production.yml");
    let whole = fs::read_to_string(&workflow).unwrap();
    let start = whole.find("      - name: Verify the deploy window again\n");
    let (before, rest) = whole.split_at(start.unwrap());
    let end = rest.find("      - name: Record").unwrap();
    let forgetful = format!("{before}{}", &rest[end..]);
    fs::write(&workflow, &forgetful).unwrap();
    let (verdict, breaches) = judged();
    assert_eq!(verdict, "broken");
    let (message, line) = &breaches[0];
    assert!(
        message.contains("on Tuesday, 16:00 (Asia/Tokyo)"),
        "{message}"
    );
    let blamed = forgetful.lines().nth(line - 1);
    assert_eq!(blamed, Some("      - name: Deploy"));
}
