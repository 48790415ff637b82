//! GitHub's REST API, as far as jobs of deployment pipelines call it.
//!
//! A route is a function in one of the files here and a line of [`ROUTES`]. Answers have the
//! fields of GitHub's own OpenAPI description that clients read, under the names it gives them.

mod approvals;
mod commits;
mod deployments;
mod dispatches;
mod environments;
mod repository;
mod route;
mod rules;
mod runs;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Access, Hub, Permissions, Run, Visibility, bot};
use crate::clock::Instant;
use crate::event::{Log, What};
use crate::ids::{Caller, JobId, RunId};
use crate::outage::{Ailment, Api};
use route::{Method, Route, Target, get, post};

/// An answer of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct RestReply {
    pub status: u16,
    /// `null` where GitHub sends no body.
    pub body: Value,
    pub headers: Vec<(String, String)>,
    /// What hit the request: after [`Ailment::LostAnswer`] the client must not see the answer,
    /// after [`Ailment::Slow`] it sees it later.
    pub ailment: Option<Ailment>,
}

/// Every route: its id in GitHub's OpenAPI description, its path (`{name}` is one segment, `{name+}`
/// the rest), the scope that it needs, its function.
#[rustfmt::skip] // a table: one line a route
const ROUTES: &[Route] = &[
    get("repos/get", "", "metadata", repository::get),
    get("repos/get-branch", "branches/{branch+}", "contents", repository::branch),
    get("repos/list-branches", "branches", "contents", repository::branches),
    get("git/get-ref", "git/ref/{ref+}", "contents", repository::git_ref),
    get("checks/list-for-ref", "commits/{ref}/check-runs", "checks", commits::check_runs),
    get("repos/get-commit", "commits/{ref+}", "contents", commits::get),
    get("repos/compare-commits-with-basehead", "compare/{basehead+}", "contents", commits::compare),
    get("repos/get-branch-rules", "rules/branches/{branch+}", "metadata", rules::of_branch),
    get("repos/get-all-environments", "environments", "actions", environments::list),
    get("repos/get-environment", "environments/{environment}", "actions", environments::get),
    get("repos/list-deployment-branch-policies", "environments/{environment}/deployment-branch-policies", "actions", environments::branch_policies),
    get("actions/list-workflow-runs-for-repo", "actions/runs", "actions", runs::list),
    get("actions/list-workflow-runs", "actions/workflows/{workflow}/runs", "actions", runs::list_of_workflow),
    get("actions/get-workflow-run", "actions/runs/{run}", "actions", runs::get),
    get("actions/list-jobs-for-workflow-run", "actions/runs/{run}/jobs", "actions", runs::jobs),
    get("actions/get-reviews-for-run", "actions/runs/{run}/approvals", "actions", approvals::history),
    get("actions/get-pending-deployments-for-run", "actions/runs/{run}/pending_deployments", "actions", approvals::pending),
    post("actions/review-pending-deployments-for-run", "actions/runs/{run}/pending_deployments", "deployments", approvals::review),
    post("actions/cancel-workflow-run", "actions/runs/{run}/cancel", "actions", runs::cancel),
    post("actions/force-cancel-workflow-run", "actions/runs/{run}/force-cancel", "actions", runs::force_cancel),
    post("actions/re-run-workflow", "actions/runs/{run}/rerun", "actions", runs::rerun),
    get("actions/list-repo-workflows", "actions/workflows", "actions", dispatches::workflows),
    get("actions/get-workflow", "actions/workflows/{workflow}", "actions", dispatches::workflow),
    post("actions/create-workflow-dispatch", "actions/workflows/{workflow}/dispatches", "actions", dispatches::create),
    get("repos/list-deployments", "deployments", "deployments", deployments::list),
    post("repos/create-deployment", "deployments", "deployments", deployments::create),
    get("repos/get-deployment", "deployments/{deployment}", "deployments", deployments::get),
    get("repos/list-deployment-statuses", "deployments/{deployment}/statuses", "deployments", deployments::statuses),
    post("repos/create-deployment-status", "deployments/{deployment}/statuses", "deployments", deployments::create_status),
    get("actions/get-custom-oidc-sub-claim-for-repo", "actions/oidc/customization/sub", "actions", rules::oidc_subject),
];

/// A request that reached its route.
struct Call<'a> {
    now: Instant,
    log: &'a mut Log,
    caller: Option<Caller>,
    /// Whose token it is.
    job: Option<JobId>,
    /// What the pattern's names stand for.
    names: BTreeMap<&'static str, String>,
    query: BTreeMap<String, String>,
    path: String,
    body: &'a Value,
}

impl Call<'_> {
    fn not_modelled(&mut self, text: String) {
        let line = self.caller.map(|caller| caller.line);
        let what = What::NotModelled {
            text,
            file: None,
            line,
        };
        self.log.push(self.now, self.caller, what);
    }

    fn name(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str)
    }

    fn required(&self, field: &str) -> Result<&str, Failure> {
        self.text(field).ok_or_else(|| {
            Failure::new(
                422,
                format!("Invalid request.\n\n\"{field}\" wasn't supplied."),
            )
        })
    }

    fn run<'h>(&self, hub: &'h Hub) -> Result<&'h Run, Failure> {
        let id = self
            .name("run")
            .parse()
            .map(RunId)
            .map_err(|_| Failure::not_found())?;
        hub.run(id).ok_or_else(Failure::not_found)
    }

    /// One page of a list, by `per_page` and `page`, and the `Link` header that leads to the others.
    fn page<T>(&self, all: Vec<T>) -> (Vec<T>, Vec<(String, String)>) {
        let number = |name: &str, default: usize| {
            let given = self.query.get(name).and_then(|text| text.parse().ok());
            given.filter(|n| *n > 0).unwrap_or(default)
        };
        let per_page = number("per_page", 30).min(100);
        let page = number("page", 1);
        let pages = all.len().div_ceil(per_page).max(1);
        let link = |to: usize, rel: &str| {
            let mut query = self.query.clone();
            query.insert("page".to_owned(), to.to_string());
            let query: Vec<String> = query
                .iter()
                .map(|(k, v)| format!("{}={}", route::encode(k), route::encode(v)))
                .collect();
            format!(
                "<https://api.github.com{}?{}>; rel=\"{rel}\"",
                self.path,
                query.join("&")
            )
        };
        let mut links = Vec::new();
        if page > 1 {
            links.push(link((page - 1).min(pages), "prev"));
            links.push(link(1, "first"));
        }
        if page < pages {
            links.push(link(page + 1, "next"));
            links.push(link(pages, "last"));
        }
        let headers = match links.is_empty() {
            true => Vec::new(),
            false => vec![("Link".to_owned(), links.join(", "))],
        };
        let start = (page - 1).saturating_mul(per_page);
        (
            all.into_iter().skip(start).take(per_page).collect(),
            headers,
        )
    }
}

/// What a route answers.
struct Answer {
    status: u16,
    body: Value,
    headers: Vec<(String, String)>,
}

impl Answer {
    fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
        }
    }

    fn ok(body: Value) -> Result<Self, Failure> {
        Ok(Self::new(200, body))
    }
}

/// An error as GitHub words it.
struct Failure {
    status: u16,
    message: String,
    /// GitHub would have answered.
    modelled: bool,
}

impl Failure {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            modelled: true,
        }
    }

    /// Never an empty success for what the hub does not know.
    fn not_modelled() -> Self {
        Self {
            modelled: false,
            ..Self::not_found()
        }
    }

    fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    fn into_answer(self) -> Answer {
        let Self {
            status, message, ..
        } = self;
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Answer::new(status, body)
    }
}

impl Hub {
    /// Answers one request of GitHub's REST API. `caller` is the step that sent it; what the request
    /// may do depends on `token` alone.
    #[allow(clippy::too_many_arguments)] // an HTTP request has this many parts
    pub fn rest(
        &mut self,
        now: Instant,
        log: &mut Log,
        caller: Option<Caller>,
        token: &str,
        method: &str,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> RestReply {
        let (path, query) = route::split(path_and_query);
        let target = Method::parse(method)
            .zip(self.inside(&path))
            .map(|(method, inside)| route::find(ROUTES, method, inside));
        let operation = match &target {
            Some(Target::Found(route, _)) => route.operation,
            _ => "",
        };
        let ailment = self.outages.hit(now, Api::GitHub, operation);
        let answer = match ailment {
            Some(Ailment::Throttled) => throttled(),
            Some(Ailment::ServerError) => Failure::new(502, "Server Error").into_answer(),
            Some(Ailment::LostAnswer | Ailment::Slow(_)) | None => {
                let mut call = Call {
                    now,
                    log,
                    caller,
                    job: None,
                    names: BTreeMap::new(),
                    query,
                    path,
                    body: body.unwrap_or(&Value::Null),
                };
                let answer = self.answer(&mut call, token, target);
                answer.unwrap_or_else(|failure| {
                    if !failure.modelled {
                        let (method, path) = (method.to_ascii_uppercase(), &call.path);
                        let text = format!("GitHub API {method} {path}: answered with 404");
                        call.not_modelled(text);
                    }
                    failure.into_answer()
                })
            }
        };
        let what = What::RestCalled {
            method: method.to_ascii_uppercase(),
            path: path_and_query.to_owned(),
            status: answer.status,
            ailment,
        };
        log.push(now, caller, what);
        RestReply {
            status: answer.status,
            body: answer.body,
            headers: answer.headers,
            ailment,
        }
    }

    fn answer(
        &mut self,
        call: &mut Call<'_>,
        token: &str,
        target: Option<Target>,
    ) -> Result<Answer, Failure> {
        let who = self.authenticate(token)?;
        let Some(Target::Found(route, names)) = target else {
            return Err(Failure::not_modelled());
        };
        self.authorize(who, route)?;
        call.job = who;
        call.names = names;
        (route.answer)(self, call)
    }

    /// The path below `/repos/{owner}/{repo}`, if it is this repository's.
    fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut parts = path.strip_prefix("/repos/")?.splitn(3, '/');
        let ours =
            |text: Option<&str>, name: &str| text.is_some_and(|t| t.eq_ignore_ascii_case(name));
        (ours(parts.next(), self.spec.owner()) && ours(parts.next(), self.spec.name()))
            .then(|| parts.next().unwrap_or(""))
    }

    /// The running job behind a token; none for a request without one.
    fn authenticate(&self, token: &str) -> Result<Option<JobId>, Failure> {
        if token.is_empty() {
            return Ok(None);
        }
        let job = self.job_of_token(token);
        job.map(Some)
            .ok_or_else(|| Failure::new(401, "Bad credentials"))
    }

    fn authorize(&self, who: Option<JobId>, route: &Route) -> Result<(), Failure> {
        let needed = match route.method {
            Method::Get => Access::Read,
            Method::Post => Access::Write,
        };
        let public_read = needed == Access::Read && self.spec.visibility == Visibility::Public;
        let permissions = who
            .and_then(|job| self.jobs.get(&job))
            .map(|job| &job.permissions)
            .map_or_else(Permissions::none, Clone::clone);
        if who.is_none() && !public_read {
            return Err(match self.spec.visibility {
                Visibility::Public => Failure::new(401, "Requires authentication"),
                // What is private does not even exist for strangers.
                Visibility::Private | Visibility::Internal => Failure::not_found(),
            });
        }
        // What everybody can read needs no permission, the settings excepted.
        if (public_read && route.operation != "actions/get-custom-oidc-sub-claim-for-repo")
            || (who.is_some() && permissions.of(route.permission) >= needed)
        {
            return Ok(());
        }
        Err(Failure::new(403, "Resource not accessible by integration"))
    }

    fn api_url(&self, path: &str) -> String {
        format!("https://api.github.com/repos/{}{path}", self.spec.slug)
    }

    fn html_url(&self, path: &str) -> String {
        format!("https://github.com/{}{path}", self.spec.slug)
    }

    fn user(&self, who: &lockkeeper_names::Login) -> Value {
        let kind = if *who == bot() { "Bot" } else { "User" };
        json!({
            "login": who.as_str(),
            "id": self.user_id(who),
            "url": format!("https://api.github.com/users/{who}"),
            "html_url": format!("https://github.com/{who}"),
            "type": kind,
            "site_admin": false,
        })
    }
}

fn throttled() -> Answer {
    let failure = Failure::new(
        429,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    );
    let mut answer = failure.into_answer();
    answer
        .headers
        .push(("Retry-After".to_owned(), "60".to_owned()));
    answer
}
