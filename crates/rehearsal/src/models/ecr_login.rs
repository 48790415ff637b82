//! `aws-actions/amazon-ecr-login`: logs Docker in to the account's registry.

use lockkeeper_world::cloud::ApiCaller;
use lockkeeper_world::outage::Api;
use serde_json::json;

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
                _ => Progress::Failed(format!(
                    "Could not login to the registry: {}",
                    bench.printed
                )),
            };
        }
        if bench
            .input("registry-type")
            .is_some_and(|kind| kind != "private")
        {
            bench.not_modelled("the public registry of amazon-ecr-login: the private one is used");
        }
        let key = bench.env.get("AWS_ACCESS_KEY_ID").cloned();
        let region = bench.env.get("AWS_REGION").cloned().unwrap_or_default();
        let caller = ApiCaller {
            access_key: key,
            source: Some(bench.caller),
            region: region.parse().ok(),
        };
        let account = match bench.input("registries") {
            Some(registries) => registries
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned(),
            None => {
                let now = bench.world.now();
                let reply = bench.world.cloud.call(
                    now,
                    &mut bench.world.log,
                    &caller,
                    Api::Sts,
                    "GetCallerIdentity",
                    &json!({}),
                );
                match reply.result {
                    Ok(answer) => answer["Account"].as_str().unwrap_or_default().to_owned(),
                    Err(error) => return Progress::Failed(error.message),
                }
            }
        };
        let registry = format!("{account}.dkr.ecr.{region}.amazonaws.com");
        bench
            .effects
            .outputs
            .insert("registry".into(), registry.clone());
        bench
            .effects
            .log
            .push(format!("Logging into registry {registry}"));
        Progress::Run {
            argv: ["bash", "-o", "pipefail", "-c", "aws ecr get-login-password | docker login --username AWS --password-stdin \"$REGISTRY\""].map(str::to_owned).to_vec(),
            env: vec![("REGISTRY".into(), registry)],
        }
    }
}
