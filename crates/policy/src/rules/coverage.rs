use super::{Form, Meaning, Parts, Recogniser, Refusal, checks};
use crate::setting::Draft;

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Test coverage",
    meaning: "The tests are a check, and are red below this share of covered lines.",
    forms: &[
        Form {
            pattern: "#coverage([minimum|required] [test|code|line|unit test] coverage [gate|threshold|minimum|requirement|target] [<must> be|=|of|<must> stay|<must> remain] <percent>) [<required>] [<enforced>]",
            meaning,
        },
        Form {
            pattern: "#coverage(<percent> [test|code|line|unit test] coverage) [<be>] [<required>] [<enforced>]",
            meaning,
        },
        Form {
            pattern: "[code|test] [coverage] #coverage(<percent> [test|code|line|unit test] coverage) (<required>|yes)",
            meaning,
        },
        Form {
            pattern: "[<pr>] (require|requires|need|needs) #coverage(<percent> [test|code|line|unit test] coverage)",
            meaning,
        },
        Form {
            pattern: "[<tests>] (must|shall|should|need to|have to) (reach|cover|have|achieve) #coverage(<percent> [of] [the] [code|lines|test coverage|code coverage|line coverage|coverage])",
            meaning,
        },
    ],
    // The checks of a pull request name the coverage with the tests.
    write: |_: &Draft| Vec::new(),
    examples: &[
        "Test coverage must be at least 90%",
        "Minimum test coverage: 80 %",
        "Code coverage ≥ 80%",
        "80 percent test coverage is required",
        "Tests must cover at least 85% of lines",
    ],
    near_misses: &[
        "Coverage should be around 80%",
        "Test coverage is 80%",
        "Coverage must be at least 80% for new code",
        "Coverage must not be below 80% on Mondays",
        "Coverage must be at least 180%",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let percent = parts.percent()?.ok_or_else(|| Refusal {
        why: "a percentage is expected here".to_owned(),
        span: parts.whole(),
    })?;
    Ok(Meaning::enforced(checks::coverage(percent, parts, &[])))
}
