use super::Gate;
use crate::error::PlanError;
use crate::site::Site;
use crate::stacks::Coverage;
use crate::steps;
use crate::workflow::{Job, Step};
use crate::yaml::{Map, Yaml};

pub(super) const GATE: Gate = Gate {
    asked: |ci| ci.test || ci.coverage_percent.is_some(),
    job,
};

fn job(site: &Site<'_>) -> Result<Job, PlanError> {
    let command = site
        .stack
        .test
        .as_deref()
        .ok_or_else(|| PlanError::NoCommand {
            gate: "tests",
            place: site.rules.place("/ci/test"),
            remedy: "add a script `test` to package.json",
        })?;
    let mut commands = vec![command.to_owned()];
    if let Some(percent) = site.policy.ci.coverage_percent {
        match &site.stack.coverage {
            Coverage::Enforced { percent: own } if *own >= percent => {}
            Coverage::Enforced { percent: own } => {
                return Err(PlanError::CoverageTooLow {
                    own: *own,
                    asked: percent,
                    place: site.rules.place("/ci/coverage_percent"),
                });
            }
            Coverage::Arguments(arguments) => {
                commands = vec![format!("{command} -- {}", threshold(arguments, percent))];
            }
            Coverage::Afterwards(after) => commands.push(threshold(after, percent)),
            Coverage::Unknown(why) => {
                return Err(PlanError::NoCoverage {
                    asked: percent,
                    place: site.rules.place("/ci/coverage_percent"),
                    why: why.clone(),
                });
            }
        }
    }
    let name = match site.policy.ci.coverage_percent {
        Some(percent) => format!("Test, at least {percent}% of lines covered"),
        None => "Test".to_owned(),
    };
    let mut script = commands.join("\n");
    if commands.len() > 1 {
        script.push('\n');
    }
    let mut step = Step::run(name, script);
    let mut services = Vec::new();
    if let Some(image) = &site.stack.postgres {
        // Reachable from this job's runner alone, and gone with it.
        services.push(("postgres", postgres(image)));
        step = step.env(
            "DATABASE_URL",
            "postgres://postgres:postgres@localhost:5432/test",
        );
    }
    Ok(Job {
        id: "test",
        name: "Test".into(),
        timeout_minutes: 30,
        permissions: vec![("contents", "read")],
        services,
        steps: [steps::toolchain(site.stack), vec![step]].concat(),
        ..Job::default()
    })
}

fn threshold(command: &str, percent: u8) -> String {
    command.replace("{percent}", &percent.to_string())
}

fn postgres(image: &str) -> Map {
    Map::new()
        .with("image", image)
        .with(
            "env",
            Map::new()
                .with("POSTGRES_PASSWORD", "postgres")
                .with("POSTGRES_DB", "test"),
        )
        .with("ports", vec![Yaml::from("5432:5432")])
        .with(
            "options",
            "--health-cmd pg_isready --health-interval 5s --health-timeout 5s --health-retries 12",
        )
}
