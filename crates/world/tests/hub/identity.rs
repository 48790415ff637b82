use lockkeeper_names::Login;
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::hub::*;
use lockkeeper_world::ids::JobId;
use lockkeeper_world::oidc::{self, Claims};

use crate::story::*;

fn may_identify() -> Permissions {
    Permissions::none().with("id-token", Access::Write)
}

fn claims(story: &Story, job: JobId) -> Claims {
    let audience = Some("sts.amazonaws.com");
    let token = story.hub.oidc_token(story.now, job, audience).unwrap();
    oidc::verify(&token).unwrap()
}

/// The subject of a running job in a run that `change` adapts.
fn subject(
    spec: RepositorySpec,
    environment: Option<&str>,
    change: impl Fn(&mut RunRequest),
) -> String {
    let mut story = Story::with(spec, settings());
    let mut request = story.request();
    change(&mut request);
    let run = story.create(request);
    let job = story.job(
        run,
        JobRequest {
            environment: environment.map(env),
            permissions: may_identify(),
            ..JobRequest::new("deploy", 5)
        },
    );
    if story.state(job) == "waiting" {
        story.review(run, "carol", true).unwrap();
    }
    story.start(job);
    claims(&story, job).get("sub").unwrap().to_owned()
}

#[test]
fn subjects_name_the_environment_else_the_pull_request_else_the_ref() {
    let old = spec;
    let young = || RepositorySpec {
        created_after_immutable_ids: true,
        ..spec()
    };
    let main = |_: &mut RunRequest| ();
    let pull = |request: &mut RunRequest| {
        request.trigger = "pull_request".to_owned();
        request.git_ref = "refs/pull/3/merge".to_owned();
    };
    let tag = |request: &mut RunRequest| request.git_ref = "refs/tags/v1".to_owned();
    assert_eq!(
        subject(old(), Some("production"), main),
        "repo:example/shop:environment:production"
    );
    assert_eq!(
        subject(old(), Some("staging"), pull),
        "repo:example/shop:environment:staging"
    );
    assert_eq!(subject(old(), None, pull), "repo:example/shop:pull_request");
    assert_eq!(
        subject(old(), None, main),
        "repo:example/shop:ref:refs/heads/main"
    );
    assert_eq!(
        subject(old(), None, tag),
        "repo:example/shop:ref:refs/tags/v1"
    );
    assert_eq!(
        subject(young(), Some("production"), main),
        "repo:example@11/shop@77:environment:production"
    );
    assert_eq!(
        subject(young(), None, pull),
        "repo:example@11/shop@77:pull_request"
    );
}

#[test]
fn the_setting_overrides_the_age() {
    for (form, prefix) in [
        (OidcSubject::ByAge, "repo:example/shop"),
        (OidcSubject::Classic, "repo:example/shop"),
        (OidcSubject::Immutable, "repo:example@11/shop@77"),
    ] {
        let settings = Settings {
            oidc_subject: form,
            ..settings()
        };
        let story = Story::with(spec(), settings);
        assert_eq!(story.hub.subject_prefix(), prefix);
    }
}

#[test]
fn a_token_says_who_asks_and_for_whom() {
    let mut story = Story::new();
    let (run, job) = story.running(may_identify());
    let claims = claims(&story, job);
    for (claim, value) in [
        ("iss", oidc::ISSUER),
        ("aud", "sts.amazonaws.com"),
        ("ref", "refs/heads/main"),
        ("repository", "example/shop"),
        ("repository_id", "77"),
        ("repository_owner_id", "11"),
        ("actor", "bob"),
        ("event_name", "workflow_dispatch"),
        ("run_id", &run.to_string()),
        ("run_attempt", "1"),
        ("sha", sha('a').as_str()),
        (
            "job_workflow_ref",
            "example/shop/.github/workflows/deploy.yml@refs/heads/main",
        ),
    ] {
        assert_eq!(claims.get(claim), Some(value), "{claim}");
    }
    assert_eq!(claims.get("environment"), None);
    let owners = story.hub.oidc_token(story.now, job, None).unwrap();
    let owners = oidc::verify(&owners).unwrap();
    assert_eq!(owners.get("aud"), Some("https://github.com/example"));
}

#[test]
fn no_identity_without_permission_or_after_the_end() {
    let mut story = Story::new();
    let read = Permissions::none().with("id-token", Access::Read);
    let (_, job) = story.running(read);
    assert!(story.hub.oidc_token(story.now, job, None).is_err());
    let (_, job) = story.running(may_identify());
    assert!(story.hub.oidc_token(story.now, job, None).is_ok());
    story.end(job, Conclusion::Success);
    assert!(story.hub.oidc_token(story.now, job, None).is_err());
}

#[test]
fn default_permissions_never_identify() {
    for default in [DefaultToken::Read, DefaultToken::Write] {
        let granted = Permissions::by_default(default);
        assert_eq!(granted.of("id-token"), Access::None);
        assert_eq!(granted.of("metadata"), Access::Read);
        assert_eq!(granted.writes(), default == DefaultToken::Write);
    }
    let fork = Permissions::all(Access::Write).for_fork();
    assert!(!fork.writes());
    assert_eq!(fork.of("contents"), Access::Read);
}

#[test]
fn the_owner_is_an_admin_and_strangers_are_nothing() {
    let story = Story::new();
    let role = |who: &str| story.hub.role(&who.parse::<Login>().unwrap());
    assert_eq!(role("example"), Some(Role::Admin));
    assert_eq!(role("BOB"), Some(Role::Write));
    assert_eq!(role("mallory"), None);
}
