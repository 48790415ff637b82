//! What the command line knows of AWS's APIs: operations, shapes, waiters, paginators.
//!
//! `cargo xtask aws-table` writes the data. Each service is read once, when it is first called.

use std::sync::OnceLock;

use indexmap::IndexMap;
use lockkeeper_world::outage::Api;
use serde::Deserialize;
use serde_json::Value;

/// One service's API.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    pub(super) endpoint_prefix: String,
    pub(super) operations: IndexMap<String, Operation>,
    shapes: IndexMap<String, Shape>,
    pub(super) waiters: IndexMap<String, Waiter>,
    pub(super) paginators: IndexMap<String, Paginator>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    input: Option<String>,
    output: Option<String>,
    /// Called without a signature, so without credentials.
    #[serde(default)]
    pub(super) unsigned: bool,
}

/// What is known of a value's form.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Shape {
    Structure {
        members: IndexMap<String, String>,
        #[serde(default)]
        required: Vec<String>,
        /// Members that the client fills in when they are not given.
        #[serde(default)]
        tokens: Vec<String>,
        /// At most one member is set.
        #[serde(default)]
        union: bool,
        /// Anything that JSON can say.
        #[serde(default)]
        document: bool,
    },
    List {
        member: String,
        #[serde(default)]
        min: Option<f64>,
    },
    Map {
        key: String,
        value: String,
    },
    String {
        #[serde(default)]
        min: Option<f64>,
    },
    Integer {
        #[serde(default)]
        min: Option<f64>,
    },
    Long {
        #[serde(default)]
        min: Option<f64>,
    },
    Float,
    Double,
    Boolean,
    Timestamp,
    Blob,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiter {
    pub(super) operation: String,
    /// Seconds between two attempts.
    pub(super) delay: u64,
    pub(super) max_attempts: u32,
    pub(super) acceptors: Vec<Acceptor>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Acceptor {
    pub(super) matcher: Matcher,
    #[serde(default)]
    pub(super) argument: Option<String>,
    pub(super) expected: Value,
    pub(super) state: AcceptorState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Matcher {
    Path,
    PathAll,
    PathAny,
    Status,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AcceptorState {
    Success,
    Failure,
    Retry,
}

/// A list, or its only item.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn all(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Paginator {
    pub(super) input_token: String,
    pub(super) output_token: String,
    pub(super) limit_key: Option<String>,
    result_key: OneOrMany,
    #[serde(default)]
    pub(super) non_aggregate_keys: Vec<String>,
}

impl Paginator {
    pub(super) fn result_keys(&self) -> &[String] {
        self.result_key.all()
    }
}

impl Service {
    pub(super) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    pub(super) fn input(&self, operation: &Operation) -> Option<&Shape> {
        self.shape(operation.input.as_deref()?)
    }

    pub(super) fn output(&self, operation: &Operation) -> Option<&Shape> {
        self.shape(operation.output.as_deref()?)
    }

    /// An operation or waiter by the name that the command line gives it.
    pub(super) fn by_cli_name<'a, T>(
        table: &'a IndexMap<String, T>,
        cli_name: &str,
    ) -> Option<(&'a str, &'a T)> {
        table
            .iter()
            .find(|(name, _)| kebab(name) == cli_name)
            .map(|(name, entry)| (name.as_str(), entry))
    }
}

struct Known {
    name: &'static str,
    api: Api,
    json: &'static str,
    read: OnceLock<Option<Service>>,
}

static SERVICES: [Known; 4] = [
    Known {
        name: "ecr",
        api: Api::Ecr,
        json: include_str!("../../../data/aws-ecr.json"),
        read: OnceLock::new(),
    },
    Known {
        name: "ecs",
        api: Api::Ecs,
        json: include_str!("../../../data/aws-ecs.json"),
        read: OnceLock::new(),
    },
    Known {
        name: "elbv2",
        api: Api::Elbv2,
        json: include_str!("../../../data/aws-elbv2.json"),
        read: OnceLock::new(),
    },
    Known {
        name: "sts",
        api: Api::Sts,
        json: include_str!("../../../data/aws-sts.json"),
        read: OnceLock::new(),
    },
];

/// A service that this model can call.
pub(super) fn service(name: &str) -> Option<(Api, &'static Service)> {
    let known = SERVICES.iter().find(|known| known.name == name)?;
    let read = known
        .read
        .get_or_init(|| serde_json::from_str(known.json).ok());
    read.as_ref().map(|service| (known.api, service))
}

/// A service of this model.
pub(super) fn service_of(api: Api) -> Option<&'static Service> {
    let known = SERVICES.iter().find(|known| known.api == api)?;
    service(known.name).map(|(_, service)| service)
}

#[derive(Deserialize)]
struct Commands {
    commands: Vec<String>,
}

/// Every first word that the AWS CLI understands, modelled or not.
pub(super) fn commands() -> &'static [String] {
    static READ: OnceLock<Vec<String>> = OnceLock::new();
    READ.get_or_init(|| {
        let json = include_str!("../../../data/aws-commands.json");
        serde_json::from_str::<Commands>(json).map_or_else(|_| Vec::new(), |read| read.commands)
    })
}

/// `DescribeSSLPolicies` as `describe-ssl-policies`: the command line's spelling of API names.
pub(super) fn kebab(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    for (at, &c) in chars.iter().enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            let before = chars[at - 1];
            let after = chars.get(at + 1);
            let starts_word = before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase));
            if starts_word {
                out.push('-');
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_reads_whole() {
        for known in &SERVICES {
            let read = serde_json::from_str::<Service>(known.json);
            assert!(read.is_ok(), "{}: {:?}", known.name, read.err());
        }
        assert!(commands().iter().any(|name| name == "ecs"));
    }
}
