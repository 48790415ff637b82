//! The scripts that workflows call, as they stand in `scripts/`.

/// The folder in the repository.
pub(crate) const FOLDER: &str = ".github/deploy";

macro_rules! scripts {
    ($($name:literal),* $(,)?) => {
        /// File name and text of each script.
        const SCRIPTS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("scripts/", $name)))),*];
    };
}

scripts![
    "calls.sh",
    "deploy.sh",
    "evidence.sh",
    "migrate.sh",
    "order.sh",
    "push.sh",
    "record.sh",
    "report.sh",
    "restore.sh",
    "revision.sh",
    "service.sh",
    "smoke.sh",
    "supersede.sh",
    "verify-approval.sh",
    "verify-environment.sh",
    "verify-image.sh",
    "verify-run.sh",
    "verify-service.sh",
    "verify-serving.sh",
    "verify-window.sh",
];

/// The scripts that these texts call, and those that these source.
pub(crate) fn called(mut texts: Vec<String>) -> Vec<(&'static str, &'static str)> {
    let mut left: Vec<(&str, &str)> = SCRIPTS.to_vec();
    loop {
        let (found, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(|(name, _)| {
            let path = format!("/{name}");
            texts.iter().any(|text| text.contains(&path))
        });
        left = rest;
        if found.is_empty() {
            break;
        }
        texts.extend(found.iter().map(|(_, text)| (*text).to_owned()));
    }
    SCRIPTS
        .iter()
        .copied()
        .filter(|script| !left.contains(script))
        .collect()
}
