//! YAML anchors that nothing takes up.

use super::{Check, Report, Subject};

const UNUSED: &str = "unused-anchor";

pub(super) const CHECK: Check = Check {
    kinds: &[UNUSED],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for anchor in &subject.workflow.unused_anchors {
        let name = &anchor.value;
        report.warning(
            UNUSED,
            &anchor.place,
            format!("no alias `*{name}` takes up the anchor `&{name}`"),
            Some("leave the anchor out".to_owned()),
        );
    }
}
