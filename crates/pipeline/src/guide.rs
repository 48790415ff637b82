//! DEPLOYMENT.md: what the pipeline does, how to use and set it up, and what keeps each rule.

use lockkeeper_names::conventions::{
    AWS_ACCOUNT_ID, PRODUCTION_URL, SMOKE_TEST_HEADER, STAGING_URL,
};
use lockkeeper_policy::Status;

use crate::infra;
use crate::markdown::{Page, code, escape};
use crate::plan::Open;
use crate::site::{EnvironmentSite, Site};
use crate::trace::KEEPERS;
use crate::workflows::CI_GATE;

/// The file in the repository.
pub(crate) const FILE: &str = "DEPLOYMENT.md";

pub(crate) fn guide(site: &Site<'_>, assumptions: &[String], open: &[Open]) -> String {
    let mut page = Page::default();
    page.heading(1, &format!("Deploying {}", site.service.name));
    page.paragraph(
        "Green means that the version asked for is serving, and production changes only after a person approved that very change.",
    );
    pipelines(&mut page, site);
    promote(&mut page, site);
    roll_back(&mut page, site);
    when_red(&mut page, site);
    set_up(&mut page, site);
    traceability(&mut page, site);
    assumed(&mut page, assumptions);
    nobody(&mut page, open);
    threats(&mut page, site);
    page.finish()
}

fn pipelines(page: &mut Page, site: &Site<'_>) {
    let branch = code(site.branch);
    let ci = &site.policy.ci;
    let mut gates = Vec::new();
    for (asked, name) in [
        (ci.lint, "lint".to_owned()),
        (ci.type_check, "type check".to_owned()),
        (
            ci.test || ci.coverage_percent.is_some(),
            match ci.coverage_percent {
                Some(percent) => format!("tests with at least {percent}% of lines covered"),
                None => "tests".to_owned(),
            },
        ),
        (
            ci.image_build || ci.image_scan.is_some(),
            "image build".to_owned(),
        ),
        (ci.image_scan.is_some(), "image scan".to_owned()),
    ] {
        if asked {
            gates.push(name);
        }
    }
    page.heading(2, "Pipelines");
    let place = |environment: &EnvironmentSite<'_>| {
        format!(
            "service {} in cluster {}, {}",
            code(&site.service.name),
            code(environment.cluster),
            code(environment.region)
        )
    };
    page.table(
        &["workflow", "starts", "does", "gates"],
        &[
            vec![
                "`ci.yml`".into(),
                format!("pull request to {branch}, merge queue"),
                "checks the change; has no credentials".into(),
                if gates.is_empty() {
                    "none".into()
                } else {
                    gates.join(", ")
                },
            ],
            vec![
                "`deploy-staging.yml`".into(),
                format!("each merge to {branch}"),
                format!(
                    "builds the image once, pushes it by digest, deploys it to {}",
                    place(&site.staging)
                ),
                if site.policy.ci.image_scan.is_some() {
                    "image scan".into()
                } else {
                    "none".into()
                },
            ],
            vec![
                "`deploy-production.yml`".into(),
                "by hand, with a commit".into(),
                format!(
                    "deploys the image that staging verified to {}",
                    place(&site.production)
                ),
                if site.production.rule.approval {
                    "verification, then a required reviewer of the environment `production`".into()
                } else {
                    "verification".into()
                },
            ],
        ],
    );
    page.paragraph(
        "Each deployment records what serves, deploys a revision that differs in the image alone, follows that one deployment to its end, checks that every task runs the digest asked for and keeps running, asks the load balancer, and puts a tag on the image as evidence: `staging-verified-<commit>` or `production-served-<commit>`. If any of this fails, is cancelled or runs out of time, it puts back what served before and ends red; the last line says what serves.",
    );
    page.paragraph(
        "One deployment at a time runs for each environment. Merges wait for their turn; one that arrives after a newer commit serves ends red and names that commit. For production the newest request wins: older ones that still wait for a reviewer are cancelled. A deploy job ends within 50 minutes, so a rollback waits for at most that long.",
    );
}

fn promote(page: &mut Page, site: &Site<'_>) {
    page.heading(2, "To promote");
    page.numbered([
        "Wait for *Deploy to staging* to be green for the commit.",
        "Start *Deploy to production* with that commit:",
    ]);
    page.code(
        "sh",
        &format!(
            "gh workflow run deploy-production.yml --ref {} -f image_tag=\"$(git rev-parse origin/{})\"",
            site.branch, site.branch
        ),
    );
    if let Some(window) = &site.production.rule.window {
        page.paragraph(&format!(
            "Only on {}, from {} to {} ({}): outside of this window a new version is refused, when it is asked for and again when it was approved. A rollback is possible at any time.",
            window.days, window.from, window.to, escape(window.time_zone.as_str())
        ));
    }
    if site.production.rule.approval {
        page.paragraph(
            "A reviewer opens the run, reads the summary of *Verify the request* (image and commit now and requested, what lies between them, migrations) and approves or rejects. If the service or the image changes before the approval, nothing is deployed: start again.",
        );
    }
}

fn roll_back(page: &mut Page, site: &Site<'_>) {
    page.heading(2, "To roll back");
    page.paragraph(
        "Start *Deploy to production* with the commit that served before. The image must still carry the tag `production-served-<commit>` or `staging-verified-<commit>`; the revision that last ran it is used again, or the log says how the environment differs. List what production served:",
    );
    page.code(
        "sh",
        &format!(
            "aws ecr describe-images --region {} --repository-name {} --query 'sort_by(imageDetails,&imagePushedAt)[].imageTags' --output json | grep production-served",
            site.registry_region(),
            site.service.repository
        ),
    );
    page.paragraph(match &site.policy.migrations {
        None => "It needs an approval like any other change of production. It does not wait for older requests, and not for staging. Database migrations are not rolled back: a migration must suit the version before it.",
        Some(_) => "It needs an approval like any other change of production. It does not wait for older requests, and not for staging. It migrates nothing and undoes no migration: see below.",
    });
    migrations(page, site);
}

fn migrations(page: &mut Page, site: &Site<'_>) {
    let Some(migrations) = &site.policy.migrations else {
        return;
    };
    page.heading(2, "Migrations of the database");
    page.paragraph(&format!(
        "Before the service gets a new image, {} runs from that image in an ECS task of its own: same task definition, container, network and roles as the service. Only when it has ended with 0 does the deployment begin. Where it fails, nothing else is changed and the run is red; where it takes longer than ten minutes or the run is cancelled, it goes on, and the next deployment waits for it.",
        code(&migrations.command)
    ));
    page.list([
        "While a deployment runs, and after one that was taken back or rolled back, the old version works on the new schema. So a migration must suit the version before it: add first, and take away one release later, when no version that needs it can come back.",
        "The command must be able to run again: a deployment that is tried again runs it again, for the same image too, never twice at once.",
        "A change that cannot suit both versions goes in two releases. To go back behind a migration that took something away, bring the schema back by a new migration first.",
    ]);
}

fn when_red(page: &mut Page, _site: &Site<'_>) {
    page.heading(2, "When it is red");
    page.list([
        "Read the last line of the job *What serves* (or of *Restore what served before*): it names the digest.",
        "The step *Deploy* prints why: ECS events, reasons of stopped tasks, target health, and where the logs are.",
        "A red run of staging can be run again: the image that was pushed is used again.",
        "A run of production cannot be run again, because what was approved then is not approved now. Start a new one.",
        "\"restore started, unconfirmed\" means that ECS was told to go back and was not seen to finish: look at the service.",
    ]);
}

fn set_up(page: &mut Page, site: &Site<'_>) {
    let branch = code(site.branch);
    page.heading(2, "Setting the repository up");
    page.heading(3, "AWS, once");
    page.code(
        "sh",
        &format!(
            "aws cloudformation deploy --region {} --stack-name {}-deployment --template-file {} \\\n  --capabilities CAPABILITY_NAMED_IAM --parameter-overrides \\\n  Owner=OWNER Repository=NAME \\\n  OwnerId=\"$(gh api repos/OWNER/NAME --jq .owner.id)\" RepositoryId=\"$(gh api repos/OWNER/NAME --jq .id)\" \\\n  StagingTaskRoleArns=TASK_ROLE_ARN,EXECUTION_ROLE_ARN \\\n  ProductionTaskRoleArns=TASK_ROLE_ARN,EXECUTION_ROLE_ARN",
            site.registry_region(),
            site.service.name,
            infra::FILE
        ),
    );
    page.list([
        "The account may have one identity provider for GitHub: if there is one already, add `ProviderArn=…`.".to_owned(),
        format!("If the image repository {} exists already, import it into the stack; its tags must be immutable.", code(&site.service.repository)),
        "Both services need a deployment circuit breaker with rollback, and a task definition with this container.".to_owned(),
        format!("Roles: {}, {}, {}.", code(&site.read_role), code(&site.staging.role), code(&site.production.role)),
    ]);
    page.heading(3, "GitHub, once");
    let mut items = vec![
        format!("Environment `staging`, limited to the branch {branch}, without reviewers."),
        if site.production.rule.approval {
            format!(
                "Environment `production`, limited to exactly the branch {branch}, with required reviewers; let nobody approve their own request, and switch off \"Allow administrators to bypass\". Until this is so, *Deploy to production* is red."
            )
        } else {
            format!(
                "Environment `production`, limited to exactly the branch {branch}. Until this is so, *Deploy to production* is red."
            )
        },
        format!(
            "Ruleset for {branch}: pull request required, required check {} (from GitHub Actions), branch up to date, no force push, no bypass.",
            code(CI_GATE)
        ),
        format!(
            "CODEOWNERS for `.github/`, {} and the rules themselves.",
            code(infra::FILE)
        ),
    ];
    let mut variables = Vec::new();
    if site.account.is_none() {
        variables.push(format!("{} (the AWS account)", code(AWS_ACCOUNT_ID)));
    }
    for (environment, variable) in [
        (&site.staging, STAGING_URL),
        (&site.production, PRODUCTION_URL),
    ] {
        if environment.rule.url.is_none() {
            variables.push(format!("{} (https)", code(variable)));
        }
    }
    if !variables.is_empty() {
        items.push(format!("Repository variables: {}.", variables.join(", ")));
    }
    items.push(format!(
        "Optional, an environment secret {}: one header (`Name: value`) that the smoke test sends.",
        code(SMOKE_TEST_HEADER)
    ));
    page.list(items);
    page.paragraph(
        "Required reviewers need a public repository or GitHub Enterprise; on other plans of private repositories GitHub has no such gate, and *Deploy to production* stays red rather than deploy without it.",
    );
}

fn traceability(page: &mut Page, site: &Site<'_>) {
    page.heading(2, "What keeps each rule");
    let mut rows = Vec::new();
    for statement in &site.rules.reading().statements {
        if !matches!(
            statement.status,
            Status::Enforced | Status::Partial | Status::Noted
        ) {
            continue;
        }
        let place = format!("{}:{}", escape(&statement.source), statement.line);
        let mut keepers: Vec<_> = KEEPERS
            .iter()
            .filter(|keeper| statement.sets.iter().any(|pointer| keeper.keeps(pointer)))
            .collect();
        keepers.dedup_by_key(|keeper| keeper.pointer);
        if keepers.is_empty() {
            continue;
        }
        let column = |pick: fn(&crate::trace::Keeper) -> String| {
            let mut cells: Vec<String> = Vec::new();
            for cell in keepers.iter().map(|keeper| pick(keeper)) {
                if cell != "—" && !cells.contains(&cell) {
                    cells.push(cell);
                }
            }
            if cells.is_empty() {
                "—".to_owned()
            } else {
                cells.join("; ")
            }
        };
        let mut promises = Vec::new();
        for promise in keepers.iter().flat_map(|keeper| keeper.promises) {
            let id = code(promise.as_str());
            if !promises.contains(&id) {
                promises.push(id);
            }
        }
        rows.push(vec![
            place,
            escape(&statement.text),
            column(|keeper| keeper.pipeline.to_owned()),
            column(|keeper| keeper.github.to_owned()),
            column(|keeper| keeper.aws.to_owned()),
            promises.join(", "),
        ]);
    }
    page.table(
        &[
            "place",
            "statement",
            "pipeline",
            "GitHub setting",
            "AWS setting",
            "promises",
        ],
        &rows,
    );
    page.paragraph("`lockkeeper rehearse` plays these workflows against an embedded GitHub and AWS and says which promises hold.");
}

fn assumed(page: &mut Page, assumptions: &[String]) {
    page.heading(2, "What is assumed");
    if assumptions.is_empty() {
        page.paragraph("Nothing: the rules say it all.");
    } else {
        page.paragraph("No rule says so. Where it is wrong, add the rule.");
        page.list(assumptions.iter().map(|text| escape(text)));
    }
}

fn nobody(page: &mut Page, open: &[Open]) {
    page.heading(2, "What nobody enforces");
    if open.is_empty() {
        page.paragraph("Every statement about deployment is enforced.");
        return;
    }
    page.list(open.iter().map(|open| {
        let status = match open.status {
            Status::Partial => "kept in part",
            Status::Acknowledged => "people see to it",
            _ => "not understood",
        };
        let note = open
            .note
            .as_deref()
            .map(|note| format!(" ({})", escape(note)))
            .unwrap_or_default();
        format!(
            "{}:{}, {status}: {}{note}",
            escape(&open.source),
            open.line,
            escape(&open.text)
        )
    }));
}

fn threats(page: &mut Page, site: &Site<'_>) {
    page.heading(2, "What this holds against");
    let reviewer = if site.production.rule.approval {
        "production waits for a reviewer, who sees the digest"
    } else {
        "production takes only what staging verified"
    };
    page.table(
        &["who", "what holds", "what does not"],
        &[
            vec![
                "somebody careless with write access".into(),
                format!("gates on pull requests; {reviewer}; re-runs, stale approvals, other branches and unverified images are refused"),
                "a change that passes every gate and reads well".into(),
            ],
            vec![
                "somebody who edits workflows on a branch".into(),
                format!("roles trust {} and the environments alone, so a workflow of another branch gets no AWS credentials; code owners review `.github/`", code(site.branch)),
                "a reviewer who approves the edit".into(),
            ],
            vec![
                "an agent with the operator's token".into(),
                "it can ask for a deployment and not approve its own, where self-review is off".into(),
                "a token of a reviewer, or of an administrator, can approve".into(),
            ],
            vec![
                "a compromised action".into(),
                "actions are pinned to commits; the scanner runs without credentials; what is pushed is compared with what was scanned".into(),
                "code that a pinned commit already holds, in a job that has credentials".into(),
            ],
            vec![
                "an administrator".into(),
                "nothing technical: settings can be changed, and the audit log says by whom".into(),
                "everything".into(),
            ],
        ],
    );
}

/// A JSON pointer in words: `/environments/staging/cluster` is "staging's cluster".
pub(crate) fn spoken(pointer: &str) -> String {
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    match parts.as_slice() {
        ["environments", environment, rest @ ..] if !rest.is_empty() => {
            format!("{environment}'s {}", rest.join(" ").replace('_', " "))
        }
        ["services", _, rest @ ..] if !rest.is_empty() => {
            format!("the service's {}", rest.join(" ").replace('_', " "))
        }
        parts => parts.join(" ").replace('_', " "),
    }
}
