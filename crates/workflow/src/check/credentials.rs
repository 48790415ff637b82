//! Passwords in the file
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idcontainercredentials>).

use super::{Check, Report, Subject};

const PASSWORD: &str = "hardcoded-password";

pub(super) const CHECK: Check = Check {
    kinds: &[PASSWORD],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for job in subject.workflow.jobs.values() {
        for container in job.container.iter().chain(job.services.values()) {
            let credentials = container.credentials.iter();
            for password in credentials.filter_map(|c| c.password.as_ref()) {
                if password.expressions().next().is_none() {
                    report.warning(
                        PASSWORD,
                        password.place(),
                        "this password can be read by everyone who can read the repository",
                        Some(
                            "keep it as a secret and write `${{ secrets.REGISTRY_PASSWORD }}`"
                                .to_owned(),
                        ),
                    );
                }
            }
        }
    }
}
