//! No other environment's resources are reachable.
//!
//! Who deploys an environment is learnt from the story: the tokens with which a job took on the
//! role that then updated its service. Everyone else is tried: the jobs of the other environment,
//! of pull requests, of other branches, of other repositories. Each role that such a token may take
//! on is asked for every action that changes the service, its cluster, its tasks or deployments.

use std::collections::{BTreeMap, BTreeSet};

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::cloud::{
    AccessRequest, Asker, Context, Mutation, Policies, PolicyDocument, judge as judge_access,
    mutations, trusts_token,
};
use lockkeeper_world::event::{Event, What};
use lockkeeper_world::ids::JobId;
use serde_json::Value;

use super::{Breach, Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::PermissionsIsolated,
    covers: Classes::A_TO_C,
    mend: "Give each environment a role of its own: its trust policy names that environment's subject exactly, its policy that environment's service and cluster.",
    judge,
};

type Claims = BTreeMap<String, String>;

/// A role whose policies are known.
struct Role {
    arn: String,
    trust: PolicyDocument,
    policies: Policies,
}

/// How an environment was deployed.
#[derive(Default)]
struct Deployed {
    /// The service's ARN.
    service: Option<String>,
    by: Vec<Claims>,
    /// Where its role was taken on.
    place: Option<(Event, Claims)>,
}

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let roles: Vec<Role> = story.events.iter().filter_map(role).collect();
    let mut taken: BTreeMap<JobId, (&Event, &Claims)> = BTreeMap::new();
    let mut seen: BTreeSet<&Claims> = BTreeSet::new();
    let mut deployed = [Deployed::default(), Deployed::default()];
    let mut repository = None;
    for event in story.events {
        match (&event.what, event.caller) {
            (What::RoleTaken { claims, .. }, Some(caller)) => {
                seen.insert(claims);
                taken.insert(caller.job, (event, claims));
            }
            (
                What::AccessJudged {
                    action,
                    resource,
                    refused: None,
                    ..
                },
                Some(caller),
            ) => {
                if resource.ends_with(&format!(":repository/{}", story.facts.repository)) {
                    repository = Some(resource.as_str());
                }
                if action != "ecs:UpdateService" {
                    continue;
                }
                for (target, deployed) in Target::BOTH.into_iter().zip(&mut deployed) {
                    let Some(service) = story.service(target) else {
                        continue;
                    };
                    let tail = format!(":service/{}/{}", service.cluster, service.service);
                    if let (true, Some((at, claims))) =
                        (resource.ends_with(&tail), taken.get(&caller.job))
                    {
                        deployed.service = Some(resource.clone());
                        if !deployed.by.contains(claims) {
                            deployed.by.push((*claims).clone());
                        }
                        deployed.place = Some(((*at).clone(), (*claims).clone()));
                    }
                }
            }
            _ => {}
        }
    }
    let [staging, production] = &deployed;
    if staging.service.is_none()
        || production.service.is_none()
        || staging.service == production.service
    {
        return judgement;
    }
    judgement.exercise();
    for (target, own) in Target::BOTH.into_iter().zip(&deployed) {
        let (Some(service), Some((event, claims))) = (&own.service, &own.place) else {
            continue;
        };
        let changes = mutations(service);
        let images = repository.map(mutations).unwrap_or_default();
        let mut tokens: Vec<(String, Claims, bool)> = seen
            .iter()
            .filter(|other| !own.by.iter().any(|ours| subject(ours) == subject(other)))
            .map(|other| {
                let deploys = deployed.iter().any(|one| one.by.contains(other));
                (
                    format!("a job whose token says {}", subject(other)),
                    (*other).clone(),
                    deploys,
                )
            })
            .collect();
        let strangers = strangers(claims);
        tokens.extend(
            strangers
                .into_iter()
                .map(|(who, claims)| (who, claims, false)),
        );
        tokens.retain(|(_, claims, _)| !own.by.contains(claims));
        for (who, claims, deploys) in &tokens {
            for role in &roles {
                if !trusts_token(&role.trust, &role.arn, claims).allowed() {
                    continue;
                }
                // Whoever deploys another environment shares the images with it.
                let images = if *deploys { &[][..] } else { &images };
                let reached: Vec<&Mutation> = changes
                    .iter()
                    .chain(images)
                    .filter(|change| reaches(role, change))
                    .collect();
                let Some(first) = reached.first() else {
                    continue;
                };
                let others = match reached.len() - 1 {
                    0 => String::new(),
                    1 => " and one more action".to_owned(),
                    more => format!(" and {more} more actions"),
                };
                let caller = event.caller;
                let run = caller.and_then(|c| story.history.run(c.run, c.attempt));
                judgement.breach(Breach {
                    message: format!(
                        "{who} may take on the role {} and with it {} on {}{others}: {} is within its reach",
                        super::role_name(&role.arn),
                        first.action,
                        first.resource,
                        target.name(),
                    ),
                    run: caller.map(|caller| caller.run),
                    file: run.map(|run| run.workflow.clone()),
                    line: caller.map(|caller| caller.line),
                    seq: event.seq,
                });
            }
        }
    }
    judgement
}

fn role(event: &Event) -> Option<Role> {
    let What::RoleKnown {
        role,
        trust,
        policies,
        boundary,
    } = &event.what
    else {
        return None;
    };
    let read = |document: &Value| PolicyDocument::read(document).ok();
    Some(Role {
        arn: role.clone(),
        trust: read(trust)?,
        policies: Policies {
            identity: policies.iter().map(read).collect::<Option<_>>()?,
            boundary: boundary.as_ref().and_then(read),
            ..Policies::default()
        },
    })
}

fn subject(claims: &Claims) -> &str {
    claims.get("sub").map_or("", String::as_str)
}

fn reaches(role: &Role, change: &Mutation) -> bool {
    let account = role.arn.split(':').nth(4).unwrap_or_default();
    let asker = Asker {
        session: Some(format!(
            "arn:aws:sts::{account}:assumed-role/{}/session",
            super::role_name(&role.arn)
        )),
        ..Asker::of_arn(&role.arn)
    };
    let mut context = Context::partial();
    context.set("aws:PrincipalArn", role.arn.as_str());
    context.set("aws:SecureTransport", "true");
    context.leave_out("ecs:CreateAction");
    for (key, value) in &change.keys {
        context.set(key, value.as_str());
    }
    let request = AccessRequest {
        asker: &asker,
        action: change.action,
        resource: &change.resource,
        context: &context,
    };
    judge_access(&role.policies, None, request).allowed()
}

/// Those who come with a token of GitHub like this one and deploy nothing.
fn strangers(claims: &Claims) -> Vec<(String, Claims)> {
    let Some(("repo", rest)) = subject(claims).split_once(':') else {
        return Vec::new();
    };
    let Some((repository, context)) = rest.split_once(':') else {
        return Vec::new();
    };
    let with = |repository: &str, context: &str, git_ref: Option<&str>| {
        let mut other = claims.clone();
        other.insert("sub".into(), format!("repo:{repository}:{context}"));
        if let Some(git_ref) = git_ref {
            other.insert("ref".into(), git_ref.to_owned());
            other.remove("environment");
        }
        other
    };
    // Ids, where the subject carries them, follow an @.
    let (owner, name) = repository.split_once('/').unwrap_or((repository, ""));
    let id = |part: &str, new: &str, number: u32| match part.contains('@') {
        true => format!("{new}@{number}"),
        false => new.to_owned(),
    };
    let elsewhere = |owner: &str, name: &str| {
        let mut other = with(&format!("{owner}/{name}"), context, None);
        let plain = |part: &str| part.split('@').next().unwrap_or_default().to_owned();
        let slug = format!("{}/{}", plain(owner), plain(name));
        let workflow = claims.get("job_workflow_ref").map_or("", String::as_str);
        if let Some((_, file)) = workflow.split_once("/.github/") {
            other.insert("job_workflow_ref".into(), format!("{slug}/.github/{file}"));
        }
        other.insert("repository".into(), slug);
        other.insert("repository_id".into(), "1".into());
        other
    };
    let other_name = id(name, "another-repository", 1);
    vec![
        (
            "a pull request's job".into(),
            with(repository, "pull_request", Some("refs/pull/1/merge")),
        ),
        (
            "a job of any branch".into(),
            with(
                repository,
                "ref:refs/heads/any-branch",
                Some("refs/heads/any-branch"),
            ),
        ),
        (
            "a job of another repository of the owner".into(),
            elsewhere(owner, &other_name),
        ),
        (
            "a job of a stranger's repository".into(),
            elsewhere(&id(owner, "a-stranger", 1), &other_name),
        ),
    ]
}
