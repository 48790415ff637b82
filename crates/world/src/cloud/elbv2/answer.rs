//! What a request to a host is answered with.

use lockkeeper_names::ImageDigest;

use crate::cloud::Cloud;
use crate::cloud::ecs::{TargetState, Task};
use crate::event::What;
use crate::ids::Caller;
use crate::{Instant, Log};

/// What a client sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebAnswer {
    /// A task answered.
    Answered {
        status: u16,
        body: String,
        digest: ImageDigest,
        task: String,
    },
    /// The load balancer answered by itself: 503 with no target to ask, 502 when the target that
    /// it asked did not answer.
    Unavailable { status: u16, body: String },
    /// No such host.
    Refused,
}

impl WebAnswer {
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } | Self::Unavailable { status, .. } => Some(*status),
            Self::Refused => None,
        }
    }
}

impl Cloud {
    /// One request of a user or a smoke test. Tasks in service answer in turn. While none is, the
    /// load balancer asks its unhealthy targets, as the real one does.
    pub fn request(
        &mut self,
        now: Instant,
        log: &mut Log,
        source: Option<Caller>,
        host: &str,
        path: &str,
    ) -> WebAnswer {
        let answer = self.answer(now, host, path);
        let digest = match &answer {
            WebAnswer::Answered { digest, .. } => Some(digest.clone()),
            _ => None,
        };
        let what = What::Requested {
            url: format!("https://{host}{path}"),
            status: answer.status(),
            digest,
        };
        log.push(now, source, what);
        answer
    }

    fn answer(&mut self, now: Instant, host: &str, path: &str) -> WebAnswer {
        let key = self.routes.get(&host.to_ascii_lowercase());
        let Some(service) = key.and_then(|key| self.ecs.services.get_mut(key)) else {
            return WebAnswer::Refused;
        };
        let asked = |state: TargetState| -> Vec<usize> {
            let matches = |task: &Task| match &task.target {
                Some(target) => target.state == state,
                None => task.in_service && state == TargetState::Healthy,
            };
            service.tasks.places(matches)
        };
        let mut targets = asked(TargetState::Healthy);
        if targets.is_empty() {
            targets = asked(TargetState::Unhealthy);
        }
        if targets.is_empty() {
            return page(503, "Service Temporarily Unavailable");
        }
        service.turn = service.turn.wrapping_add(1);
        let task = &service.tasks[targets[service.turn % targets.len()]];
        let (Some(status), Some(digest)) = (service.answer_of(task, now, path), task.digest())
        else {
            return page(502, "Bad Gateway");
        };
        let commit = self
            .images
            .get(digest)
            .and_then(|facts| facts.commit.as_ref())
            .map(ToString::to_string);
        let word = match status {
            200 => "ok",
            503 => "unavailable",
            _ => "error",
        };
        let body = serde_json::json!({
            "status": word,
            "version": commit,
            "commit": commit,
        });
        WebAnswer::Answered {
            status,
            body: body.to_string(),
            digest: digest.clone(),
            task: task.id.clone(),
        }
    }
}

fn page(status: u16, title: &str) -> WebAnswer {
    let body = format!(
        "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} \
         {title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    WebAnswer::Unavailable { status, body }
}
