use std::ops::Range;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::Severity;
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Image scan",
    meaning: "The image is scanned with Trivy, and findings of these severities are red.",
    forms: &[
        Form {
            pattern: "[<each>] [docker|container] (image|images) <be> scanned (with|by|using) trivy [for <findings>] [<before>]",
            meaning,
        },
        Form {
            pattern: "[<each>] [docker|container] (image|images) <be> scanned (with|by|using) trivy <findings> [<must>] <fail>",
            meaning,
        },
        Form {
            pattern: "scan [<each>] [docker|container] (image|images) (with|by|using) trivy [for <findings>] [<before>]",
            meaning,
        },
        Form {
            pattern: "trivy (scans|<must> scan) [<each>] [docker|container] (image|images) [for <findings>] [<before>]",
            meaning,
        },
        Form {
            pattern: "trivy [scan|scans] [<must>] (fail|fails|block|blocks|fails on|blocks on|fail on|block on) [build|ci|pr|merge|merges|on] <findings>",
            meaning,
        },
    ],
    // The checks of a pull request name the scan.
    write: |_: &Draft| Vec::new(),
    examples: &[
        "Images are scanned with Trivy before merge",
        "Images are scanned with Trivy; HIGH and CRITICAL vulnerabilities fail the build",
        "Scan every image with Trivy for critical vulnerabilities",
        "Trivy blocks on HIGH and CRITICAL findings",
        "Trivy blocks on MEDIUM or higher findings",
    ],
    near_misses: &[
        "Images are scanned with Grype",
        "Images are scanned with Trivy weekly",
        "Trivy reports HIGH findings",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    Ok(Meaning::enforced(settings(
        parts.severities(),
        parts.whole(),
    )))
}

/// A scan with Trivy; the severities if they are named.
pub(super) fn settings(severities: Vec<Severity>, span: Range<usize>) -> Vec<Setting> {
    let mut settings = vec![Setting::new(Key::Scanner, Value::Given).at(span.clone())];
    if !severities.is_empty() {
        settings.push(Setting::new(Key::Severities, Value::Severities(severities)).at(span));
    }
    settings
}
