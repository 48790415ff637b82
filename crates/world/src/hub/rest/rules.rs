//! Rules that bind a branch, and the form of OIDC subjects.

use lockkeeper_names::BranchName;
use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub};

/// GitHub's own app, the only one that reports checks here.
pub(super) const ACTIONS_APP: u64 = 15368;

pub(super) fn of_branch(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let Ok(branch) = BranchName::parse(call.name("branch")) else {
        return Err(Failure::not_found());
    };
    let mut rules: Vec<Value> = Vec::new();
    let slug = hub.spec.slug.as_str();
    for (at, set) in hub.settings.rulesets.iter().enumerate() {
        if !hub
            .rulesets_of(&branch)
            .any(|active| std::ptr::eq(active, set))
        {
            continue;
        }
        let mut add = |kind: &str, parameters: Option<Value>| {
            let mut rule = json!({
                "type": kind,
                "ruleset_source_type": "Repository",
                "ruleset_source": slug,
                "ruleset_id": at + 1,
            });
            if let Some(parameters) = parameters {
                rule["parameters"] = parameters;
            }
            rules.push(rule);
        };
        if set.non_fast_forward {
            add("non_fast_forward", None);
        }
        if let Some(pull_request) = &set.pull_request {
            let parameters = json!({
                "required_approving_review_count": pull_request.required_approving_review_count,
                "dismiss_stale_reviews_on_push": true,
                "require_code_owner_review": false,
                "require_last_push_approval": false,
                "required_review_thread_resolution": false,
            });
            add("pull_request", Some(parameters));
        }
        if !set.required_checks.is_empty() {
            let checks: Vec<Value> = set
                .required_checks
                .iter()
                .map(|context| json!({ "context": context, "integration_id": ACTIONS_APP }))
                .collect();
            let parameters = json!({
                "strict_required_status_checks_policy": set.strict,
                "do_not_enforce_on_create": false,
                "required_status_checks": checks,
            });
            add("required_status_checks", Some(parameters));
        }
    }
    let (page, headers) = call.page(rules);
    Ok(Answer {
        status: 200,
        body: page.into(),
        headers,
    })
}

pub(super) fn oidc_subject(hub: &mut Hub, _call: &mut Call<'_>) -> Result<Answer, Failure> {
    Answer::ok(json!({
        "use_default": true,
        "use_immutable_subject": hub.immutable_subject(),
        "sub_claim_prefix": hub.subject_prefix(),
    }))
}
