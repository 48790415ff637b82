//! What an operator does to AWS by hand, past the pipeline, with an administrator's key.

use lockkeeper_world::cloud::ApiCaller;
use lockkeeper_world::event::ServiceKey;
use lockkeeper_world::outage::Api;
use serde_json::{Value, json};

use crate::director::{Director, PlayError};
use crate::survey::ADMIN_KEY;

impl Director<'_> {
    /// Changes a service: `change` holds members of UpdateService's input.
    pub(crate) fn change_service(
        &mut self,
        service: &ServiceKey,
        text: &str,
        change: &Value,
    ) -> Result<(), PlayError> {
        let mut input = json!({ "cluster": service.cluster, "service": service.service });
        if let (Some(input), Some(change)) = (input.as_object_mut(), change.as_object()) {
            input.extend(change.clone());
        }
        let actor = self.operator();
        self.stage.stimulus(&actor, text.to_owned());
        self.ask_aws(Api::Ecs, "UpdateService", &input)?;
        Ok(())
    }

    /// The task definition that a service names.
    pub(crate) fn task_definition(&mut self, service: &ServiceKey) -> Result<String, PlayError> {
        let input = json!({ "cluster": service.cluster, "services": [service.service] });
        let answer = self.ask_aws(Api::Ecs, "DescribeServices", &input)?;
        let named = answer["services"][0]["taskDefinition"].as_str();
        Ok(named.unwrap_or_default().to_owned())
    }

    fn ask_aws(&mut self, api: Api, operation: &str, input: &Value) -> Result<Value, PlayError> {
        let now = self.stage.now();
        let world = &mut self.stage.world;
        let caller = ApiCaller {
            access_key: Some(ADMIN_KEY.to_owned()),
            ..ApiCaller::default()
        };
        let reply = world
            .cloud
            .call(now, &mut world.log, &caller, api, operation, input);
        reply.result.map_err(|error| {
            PlayError::NotPlayable(format!("AWS did not take {operation}: {error}"))
        })
    }
}
