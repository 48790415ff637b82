//! `container` and `services`.

use indexmap::IndexMap;

use super::reader::Reader;
use crate::expr::Scope;
use crate::model::{Container, Credentials};
use crate::yaml::Node;

impl Reader<'_, '_> {
    pub(super) fn services(&mut self, node: &Node, path: &str) -> IndexMap<String, Container> {
        if self.expands(node, &Scope::JOB, &format!("{path}."), "services") {
            return IndexMap::new();
        }
        let mut services = IndexMap::new();
        for (name, body) in self
            .entries(node, "a mapping of services")
            .unwrap_or_default()
        {
            if let Some(container) = self.container(body, true) {
                services.insert(name.value, container);
            }
        }
        services
    }

    pub(super) fn container(&mut self, node: &Node, service: bool) -> Option<Container> {
        let scope = &Scope::JOB;
        let place = node.place.clone();
        if node.scalar().is_some() {
            return Some(Container {
                image: self.template(node, scope)?,
                env: Vec::new(),
                options: None,
                ports: Vec::new(),
                volumes: Vec::new(),
                credentials: None,
                entrypoint: None,
                command: None,
                place,
            });
        }
        let mut keys = vec!["image", "options", "env", "ports", "volumes", "credentials"];
        if service {
            keys.extend(["entrypoint", "command"]);
        }
        let fields = self.fields(node, &keys)?;
        let image = self
            .required(&fields, "image", &place)
            .and_then(|n| self.template(n, scope));
        let options = fields.get("options").and_then(|n| self.template(n, scope));
        let env = fields
            .get("env")
            .map(|n| self.pairs(n, &Scope::RUNNER))
            .unwrap_or_default();
        let mut list = |key: &str| {
            let node = fields.get(key)?;
            let items = self.sequence(node, "a sequence")?;
            Some(items.iter().filter_map(|i| self.filled(i, scope)).collect())
        };
        let ports = list("ports").unwrap_or_default();
        let volumes = list("volumes").unwrap_or_default();
        let credentials = fields.get("credentials").and_then(|n| {
            let scope = &Scope::CREDENTIALS;
            if self.expands(n, scope, "", "credentials") {
                return None;
            }
            let fields = self.fields(n, &["username", "password"])?;
            Some(Credentials {
                username: fields.get("username").and_then(|n| self.filled(n, scope)),
                password: fields.get("password").and_then(|n| self.filled(n, scope)),
            })
        });
        let entrypoint = fields
            .get("entrypoint")
            .and_then(|n| self.template(n, scope));
        let command = fields.get("command").and_then(|n| self.template(n, scope));
        Some(Container {
            image: image?,
            env,
            options,
            ports,
            volumes,
            credentials,
            entrypoint,
            command,
            place,
        })
    }
}
