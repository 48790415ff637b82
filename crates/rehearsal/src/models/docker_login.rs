//! `docker/login-action`.

use super::{Bench, Model, Progress};

struct Login;

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Login)
}

impl Model for Login {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        if let Some(code) = bench.exit_code {
            return match code {
                0 => Progress::Done,
                _ => Progress::Failed(bench.printed.to_owned()),
            };
        }
        let text = |name: &str| bench.input(name).unwrap_or_default().to_owned();
        let (registry, user, password) = (text("registry"), text("username"), text("password"));
        // The action asks ECR for a password itself when the user is an AWS access key.
        let script = if user.starts_with("AKIA")
            || (registry.contains(".dkr.ecr.") && user.is_empty())
        {
            "aws ecr get-login-password | docker login --username AWS --password-stdin \"$REGISTRY\""
        } else {
            "printf %s \"$PASSWORD\" | docker login --username \"$USERNAME\" --password-stdin ${REGISTRY:+\"$REGISTRY\"}"
        };
        let mut env = vec![
            ("REGISTRY".to_owned(), registry),
            ("USERNAME".to_owned(), user.clone()),
            ("PASSWORD".to_owned(), password.clone()),
        ];
        if user.starts_with("AKIA") {
            env.extend([
                ("AWS_ACCESS_KEY_ID".to_owned(), user),
                ("AWS_SECRET_ACCESS_KEY".to_owned(), password),
            ]);
        }
        Progress::Run {
            argv: ["bash", "-o", "pipefail", "-c", script]
                .map(str::to_owned)
                .to_vec(),
            env,
        }
    }
}
