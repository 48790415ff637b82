//! Rules and stack → every file, as data first.

use lockkeeper_policy::{Reading, Status};

use crate::error::PlanError;
use crate::file::{Comments, GeneratedFile};
use crate::pins::Pins;
use crate::rules::Rules;
use crate::site::Site;
use crate::stacks::Stack;
use crate::workflow::Workflow;
use crate::workflows::{PRODUCTION_FILE, ci, production, staging};
use crate::yaml::{Map, document};
use crate::{guide, infra, scripts};

/// All that would be written, and what a reader must know of it.
#[derive(Debug, Clone)]
pub struct Plan {
    workflows: Vec<PlannedWorkflow>,
    template: (String, Map),
    guide: (String, String),
    /// What no rule says and was filled in, in a sentence each.
    pub assumptions: Vec<String>,
    /// Statements that nothing enforces: their place, their text, and why.
    pub open: Vec<Open>,
}

/// A statement that the pipeline does not enforce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub source: String,
    pub line: usize,
    pub text: String,
    pub status: Status,
    pub note: Option<String>,
    /// The nearest sentence that would be understood.
    pub canonical: Option<String>,
}

#[derive(Debug, Clone)]
struct PlannedWorkflow {
    file: &'static str,
    from: String,
    workflow: Workflow,
}

/// Plans the pipeline that keeps the rules of `reading` in a repository of this `stack`.
pub fn plan(reading: &Reading, stack: &Stack) -> Result<Plan, PlanError> {
    if let Some(contradiction) = reading.contradictions.first() {
        let show = |claim: &lockkeeper_policy::Claim| {
            format!(
                "{}:{} ({})",
                claim.place.source, claim.place.line, claim.value
            )
        };
        return Err(PlanError::Contradiction {
            first: show(&contradiction.first),
            second: show(&contradiction.second),
        });
    }
    let rules = Rules::new(reading);
    let site = Site::new(&reading.policy, rules, stack)?;
    let mut workflows = Vec::new();
    let mut add = |file, pointers: &[&str], workflow| {
        workflows.push(PlannedWorkflow {
            file,
            from: rules.lines(pointers),
            workflow,
        });
    };
    if let Some(workflow) = ci(&site)? {
        add(
            "ci.yml",
            &["/ci", "/pull_request", "/production_branch"],
            workflow,
        );
    }
    add(
        "deploy-staging.yml",
        &[
            "/environments/staging",
            "/services",
            "/ci/image_scan",
            "/migrations",
            "/production_branch",
        ],
        staging(&site)?,
    );
    add(
        PRODUCTION_FILE,
        &[
            "/environments/production",
            "/services",
            "/migrations",
            "/rollback",
            "/production_branch",
        ],
        production(&site),
    );
    let everything = [
        "/production_branch",
        "/pull_request",
        "/ci",
        "/services",
        "/environments",
        "/migrations",
        "/rollback",
        "/images",
    ];
    let mut assumptions: Vec<String> = reading
        .assumptions()
        .map(|(pointer, why)| format!("{}: {why}", guide::spoken(pointer)))
        .collect();
    assumptions.extend(stack.assumptions.iter().cloned());
    let open = reading
        .statements
        .iter()
        .filter(|statement| {
            matches!(
                statement.status,
                Status::NotUnderstood | Status::Acknowledged | Status::Partial
            )
        })
        .map(|statement| Open {
            source: statement.source.clone(),
            line: statement.line,
            text: statement.text.clone(),
            status: statement.status,
            note: statement.note.clone(),
            canonical: statement.canonical.clone(),
        })
        .collect::<Vec<_>>();
    Ok(Plan {
        template: (
            rules.lines(&[
                "/services",
                "/environments",
                "/migrations",
                "/images",
                "/production_branch",
            ]),
            infra::template(&site),
        ),
        guide: (
            rules.lines(&everything),
            guide::guide(&site, &assumptions, &open),
        ),
        workflows,
        assumptions,
        open,
    })
}

impl Plan {
    /// Every file, in the order of their paths. `pins` says which commits of actions to use.
    pub fn files(&self, pins: &Pins) -> Vec<GeneratedFile> {
        let bodies: Vec<String> = self
            .workflows
            .iter()
            .map(|planned| document(&planned.workflow.to_yaml(pins)))
            .collect();
        let mut files: Vec<GeneratedFile> = self
            .workflows
            .iter()
            .zip(&bodies)
            .map(|(planned, body)| {
                let path = format!(".github/workflows/{}", planned.file);
                GeneratedFile::sealed(&path, &planned.from, body, Comments::Hash)
            })
            .collect();
        files.extend(scripts::called(bodies).into_iter().map(|(name, text)| {
            let path = format!("{}/{name}", scripts::FOLDER);
            GeneratedFile::sealed(
                &path,
                "its own copy, the same in every pipeline",
                text,
                Comments::Hash,
            )
        }));
        let (from, template) = &self.template;
        files.push(GeneratedFile::sealed(
            infra::FILE,
            from,
            &document(template),
            Comments::Hash,
        ));
        let (from, text) = &self.guide;
        files.push(GeneratedFile::sealed(
            guide::FILE,
            from,
            text,
            Comments::Angle,
        ));
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files
    }
}
