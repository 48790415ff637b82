//! JUnit XML, which CI systems draw as a list of tests.

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{Played, Report, Verdict};

/// One suite with a case for each promise as declared, one with a case for each story. Virtual
/// seconds stand for the times of stories.
///
/// # Errors
/// None that input could cause: the document is written to memory.
pub fn junit(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut promises = TestSuite::new("promises");
    for promise in &report.promises {
        let status = match promise.verdict {
            Verdict::Kept => TestCaseStatus::success(),
            Verdict::NotExercised => {
                let mut status = TestCaseStatus::skipped();
                status.set_message("no story in which it could have been broken was played");
                status
            }
            Verdict::Broken => {
                let declared = promise.evidence.iter().filter(|e| e.settings == "declared");
                let evidence: Vec<String> = declared
                    .map(|e| format!("{}:{}: {} ({})", e.file, e.line, e.message, e.scenario))
                    .collect();
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status
                    .set_type("broken")
                    .set_message(evidence.first().map_or("broken", String::as_str))
                    .set_description(format!("{}\nmend: {}", evidence.join("\n"), promise.mend));
                status
            }
        };
        let mut case = TestCase::new(promise.id.as_str(), status);
        case.set_classname("lockkeeper.promises");
        if promise.with_defaults != promise.verdict {
            let words = promise.with_defaults.as_str();
            case.set_system_out(format!("with GitHub's default settings: {words}"));
        }
        promises.add_test_case(case);
    }
    let mut stories = TestSuite::new("stories");
    for scenario in &report.scenarios {
        let note = scenario.note.as_deref();
        let status = match scenario.verdict {
            Played::Passed => TestCaseStatus::success(),
            Played::NotPlayed => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(note.unwrap_or("not played"));
                status
            }
            Played::Failed => {
                let breaks = report.promises.iter().filter(|promise| {
                    let mut evidence = promise.evidence.iter();
                    evidence.any(|e| e.scenario == scenario.id && e.settings == "declared")
                });
                let breaks: Vec<&str> = breaks.map(|promise| promise.id.as_str()).collect();
                let message = match note {
                    Some(note) => note.to_owned(),
                    None => format!("breaks {}", breaks.join(", ")),
                };
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_type("failed").set_message(message);
                status
            }
        };
        let mut case = TestCase::new(scenario.id, status);
        case.set_classname("lockkeeper.stories");
        case.set_time(std::time::Duration::from_millis(
            (scenario.virtual_seconds * 1000.0) as u64,
        ));
        stories.add_test_case(case);
    }
    let mut document = Document::new("lockkeeper rehearse");
    document.add_test_suites([promises, stories]);
    document.to_string()
}
