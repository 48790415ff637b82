//! `container` and `services`.

use indexmap::IndexMap;

use super::reader::Reader;
use crate::expr::Scope;
use crate::model::{Container, Credentials, Keys, Pairs, Services};
use crate::place::Spanned;
use crate::tables::workflow_keys as keys;
use crate::yaml::Node;

impl Reader<'_, '_> {
    pub(super) fn services(&mut self, node: &Node<'_>) -> Services {
        let whole = self.whole_expression(node, &Scope::JOB);
        let mut services = IndexMap::new();
        let entries = match whole {
            Some(_) => None,
            None => self.entries(node, "a mapping of services"),
        };
        for (name, body) in entries.unwrap_or_default() {
            let id = name.value.clone();
            if let Some(container) = self.container(body, Some(name)) {
                services.insert(id, container);
            }
        }
        Services { services, whole }
    }

    /// `container`, or the service of a name.
    pub(super) fn container(
        &mut self,
        node: &Node<'_>,
        name: Option<Spanned<String>>,
    ) -> Option<Container> {
        let scope = &Scope::JOB;
        let place = self.place(node);
        if node.scalar().is_some() {
            return Some(Container {
                name,
                image: self.template(node, scope)?,
                env: Pairs::default(),
                options: None,
                ports: Vec::new(),
                volumes: Vec::new(),
                credentials: None,
                entrypoint: None,
                command: None,
                keys: Keys::default(),
                place,
            });
        }
        let fields = self.fields(
            node,
            if name.is_some() {
                keys::SERVICE_CONTAINER_MAPPING
            } else {
                keys::CONTAINER_MAPPING
            },
        )?;
        let image = self
            .required(&fields, "image", node)
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
        let credentials = fields.get("credentials").and_then(|n| self.credentials(n));
        let entrypoint = fields
            .get("entrypoint")
            .and_then(|n| self.template(n, scope));
        let command = fields.get("command").and_then(|n| self.template(n, scope));
        Some(Container {
            name,
            image: image?,
            env,
            options,
            ports,
            volumes,
            credentials,
            entrypoint,
            command,
            keys: fields.keys(),
            place,
        })
    }

    fn credentials(&mut self, node: &Node<'_>) -> Option<Credentials> {
        let scope = &Scope::CREDENTIALS;
        let mut credentials = Credentials {
            username: None,
            password: None,
            whole: self.whole_expression(node, scope),
            keys: Keys::default(),
            place: self.place(node),
        };
        if credentials.whole.is_none() {
            let fields = self.fields(node, keys::CONTAINER_REGISTRY_CREDENTIALS)?;
            credentials.username = fields.get("username").and_then(|n| self.filled(n, scope));
            credentials.keys = fields.keys();
            credentials.password = fields.get("password").and_then(|n| self.filled(n, scope));
        }
        Some(credentials)
    }
}
