//! The scripts that workflows call, as they stand in `scripts/`.

/// The folder in the repository.
pub(crate) const FOLDER: &str = ".github/deploy";

macro_rules! scripts {
    ($($name:literal),* $(,)?) => {
        /// File name and text of each script.
        pub(crate) const SCRIPTS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("scripts/", $name)))),*];
    };
}

scripts![
    "calls.sh",
    "deploy.sh",
    "evidence.sh",
    "order.sh",
    "push.sh",
    "record.sh",
    "report.sh",
    "restore.sh",
    "service.sh",
    "smoke.sh",
    "supersede.sh",
    "verify-approval.sh",
    "verify-environment.sh",
    "verify-image.sh",
    "verify-run.sh",
    "verify-service.sh",
    "verify-serving.sh",
];
