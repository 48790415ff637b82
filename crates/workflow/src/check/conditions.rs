//! `if:` that always or never holds.

use super::site::{Key, Text};
use super::{Check, Report, Subject};

const ALWAYS_TRUE: &str = "condition-text";

pub(super) const CHECK: Check = Check {
    kinds: &[ALWAYS_TRUE],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for site in &subject.sites {
        let (Key::If, Text::Condition(condition)) = (site.key, site.text) else {
            continue;
        };
        if condition.value.is_always_true_text() {
            report.warning(
                ALWAYS_TRUE,
                &condition.place,
                "this condition is always true: with text around `${{ }}` it is a string, and a \
                 string that is not empty is true",
                Some("put all of it inside one `${{ }}`, or leave the braces out".to_owned()),
            );
        }
    }
}
