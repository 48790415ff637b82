//! Parameters, conditions and intrinsic functions: what the values of a template come to.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// What names stand for, and what is known of the repository to guess parameters by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values {
    /// Pseudo parameters, parameters, and what resources are referred to by.
    pub(crate) known: BTreeMap<String, Value>,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) owner: String,
    pub(crate) owner_id: u64,
    pub(crate) repository: String,
    pub(crate) repository_id: u64,
    pub(crate) branch: String,
    pub(super) conditions: Map<String, Value>,
    unresolved: RefCell<BTreeSet<String>>,
    /// How many conditions were looked at: they may name each other over and over.
    steps: Cell<u32>,
}

/// The most conditions that are looked at; a circle of them ends here.
const MOST_STEPS: u32 = 2_000;

impl Values {
    /// The pseudo parameters of a stack in this account and region.
    pub(crate) fn of_stack(account: &str, region: &str) -> Self {
        let pseudo = [
            ("AWS::AccountId", account),
            ("AWS::Region", region),
            ("AWS::Partition", "aws"),
            ("AWS::URLSuffix", "amazonaws.com"),
        ];
        Self {
            known: pseudo
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .chain([("AWS::NoValue".to_owned(), Value::Null)])
                .collect(),
            account: account.to_owned(),
            region: region.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn learn_parameters(&mut self, parameters: &Map<String, Value>) {
        for (name, parameter) in parameters {
            let kind = parameter.get("Type").map(text_of).unwrap_or_default();
            let listed = kind == "CommaDelimitedList" || kind.starts_with("List<");
            let default = parameter.get("Default").map(text_of);
            let Some(text) = self.guess(name, listed).or(default) else {
                continue;
            };
            let value = match listed {
                true => text
                    .split(',')
                    .map(|part| Value::from(part.trim()))
                    .collect(),
                false => Value::String(text),
            };
            self.known.entry(name.clone()).or_insert(value);
        }
    }

    /// What `Ref` and `Fn::GetAtt` of a resource give.
    pub(super) fn learn_resource(&mut self, id: &str, kind: &str, properties: &Value) {
        let (account, region) = (self.account.clone(), self.region.clone());
        let (reference, attributes): (String, Vec<(&str, String)>) = match kind {
            "AWS::IAM::OIDCProvider" => {
                let url = text_of(&self.resolve(&properties["Url"]));
                let host = url.trim_start_matches("https://");
                let arn = format!("arn:aws:iam::{account}:oidc-provider/{host}");
                (arn.clone(), vec![("Arn", arn)])
            }
            "AWS::IAM::Role" => {
                let name = self.role_name(id, properties);
                let arn = format!("arn:aws:iam::{account}:role/{name}");
                (name, vec![("Arn", arn)])
            }
            "AWS::IAM::ManagedPolicy" => {
                let name = text_of(&self.resolve(&properties["ManagedPolicyName"]));
                let name = if name.is_empty() { id.to_owned() } else { name };
                let arn = format!("arn:aws:iam::{account}:policy/{name}");
                (arn.clone(), vec![("PolicyArn", arn)])
            }
            "AWS::ECR::Repository" => {
                let name = text_of(&self.resolve(&properties["RepositoryName"]));
                let arn = format!("arn:aws:ecr:{region}:{account}:repository/{name}");
                let uri = format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}");
                (name, vec![("Arn", arn), ("RepositoryUri", uri)])
            }
            _ => return,
        };
        self.known.insert(id.to_owned(), reference.into());
        for (name, value) in attributes {
            self.known.insert(format!("{id}.{name}"), value.into());
        }
    }

    /// A role's name; CloudFormation makes one of the resource's where the template gives none.
    pub(super) fn role_name(&self, id: &str, properties: &Value) -> String {
        let name = text_of(&self.resolve(&properties["RoleName"]));
        if name.is_empty() { id.to_owned() } else { name }
    }

    /// What a parameter stands for whose name says that it is about the repository, or about the
    /// roles of tasks.
    fn guess(&self, name: &str, listed: bool) -> Option<String> {
        let name = name.to_ascii_lowercase();
        let has = |word: &str| name.contains(word);
        let id = name.ends_with("id");
        if ["taskrole", "executionrole", "taskexecution"]
            .iter()
            .any(|word| has(word))
        {
            let environment = match () {
                () if has("staging") => "staging",
                () if has("prod") => "production",
                () => "ecs",
            };
            let arn =
                |what: &str| format!("arn:aws:iam::{}:role/{environment}-{what}", self.account);
            return Some(match () {
                () if listed => format!("{},{}", arn("task"), arn("execution")),
                () if has("exec") => arn("execution"),
                () => arn("task"),
            });
        }
        Some(match () {
            () if has("oidc") || has("provider") || has("arn") => return None,
            () if (has("owner") || has("org")) && id => self.owner_id.to_string(),
            () if has("owner") || has("org") => self.owner.clone(),
            () if has("repo") && has("ecr") => return None,
            () if has("repo") && id => self.repository_id.to_string(),
            () if has("repo") && (has("full") || has("slug")) => {
                format!("{}/{}", self.owner, self.repository)
            }
            () if has("repo") => self.repository.clone(),
            () if has("branch") => self.branch.clone(),
            () => return None,
        })
    }

    /// What a name stands for. Where that is not known, a policy variable that has no value: what
    /// depends on it is then never taken as allowed.
    pub(super) fn of(&self, name: &str) -> Value {
        match self.known.get(name) {
            Some(value) => value.clone(),
            None => self.unknown(name),
        }
    }

    fn unknown(&self, what: &str) -> Value {
        self.unresolved.borrow_mut().insert(what.to_owned());
        Value::String(format!("${{unresolved:{what}}}"))
    }

    /// The names that were asked for and are not known.
    pub(super) fn unresolved(&self) -> Vec<String> {
        self.unresolved.borrow().iter().cloned().collect()
    }

    /// Whether a condition of the template holds; none where that cannot be told.
    pub(super) fn condition(&self, name: &str) -> Option<bool> {
        self.holds(self.conditions.get(name)?)
    }

    fn holds(&self, condition: &Value) -> Option<bool> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS {
            return None;
        }
        let (function, argument) = condition.as_object()?.iter().next()?;
        let each = || {
            let all = argument.as_array().map(Vec::as_slice).unwrap_or_default();
            all.iter().map(|one| self.holds(one))
        };
        match function.as_str() {
            "Condition" => self.holds(self.conditions.get(&text_of(argument))?),
            "Fn::Equals" => {
                let texts = [&argument[0], &argument[1]].map(|side| text_of(&self.resolve(side)));
                let known = texts.iter().all(|text| !text.contains("${unresolved:"));
                known.then(|| texts[0] == texts[1])
            }
            "Fn::Not" => Some(!each().next()??),
            "Fn::And" => each().try_fold(true, |all, one| Some(all && one?)),
            "Fn::Or" => each().try_fold(false, |any, one| Some(any || one?)),
            _ => None,
        }
    }

    /// A value with its intrinsic functions replaced by what they give.
    pub(super) fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                if let (1, Some((function, argument))) = (members.len(), members.iter().next())
                    && let Some(given) = self.function(function, argument)
                {
                    return given;
                }
                let members = members
                    .iter()
                    .map(|(key, member)| (key.clone(), self.resolve(member)))
                    .filter(|(_, member)| !member.is_null());
                Value::Object(members.collect())
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.resolve(item));
                Value::Array(items.filter(|item| !item.is_null()).collect())
            }
            other => other.clone(),
        }
    }

    /// What an intrinsic function gives; none if it is not one.
    fn function(&self, function: &str, argument: &Value) -> Option<Value> {
        Some(match function {
            "Ref" => self.of(&text_of(argument)),
            "Fn::GetAtt" => {
                let name = match argument {
                    Value::Array(parts) => parts.iter().map(text_of).collect::<Vec<_>>().join("."),
                    other => text_of(other),
                };
                self.of(&name)
            }
            "Fn::Sub" => Value::String(self.substitute(argument)),
            "Fn::Join" => {
                let separator = text_of(&argument[0]);
                let parts = self.resolve(&argument[1]);
                let parts = parts.as_array().map(Vec::as_slice).unwrap_or_default();
                Value::String(
                    parts
                        .iter()
                        .map(text_of)
                        .collect::<Vec<_>>()
                        .join(&separator),
                )
            }
            "Fn::If" => {
                let name = text_of(&argument[0]);
                match self.condition(&name) {
                    Some(true) => self.resolve(&argument[1]),
                    Some(false) => self.resolve(&argument[2]),
                    None => self.unknown(&name),
                }
            }
            "Fn::Split" => {
                let text = text_of(&self.resolve(&argument[1]));
                let separator = text_of(&argument[0]);
                if separator.is_empty() {
                    return Some(self.unknown(function));
                }
                text.split(&separator).map(Value::from).collect()
            }
            "Fn::Select" => {
                let at = text_of(&argument[0]).parse::<usize>().ok();
                let items = self.resolve(&argument[1]);
                match at.and_then(|at| items.get(at)) {
                    Some(item) => item.clone(),
                    None => self.unknown(function),
                }
            }
            other if other.starts_with("Fn::") => self.unknown(other),
            _ => return None,
        })
    }

    fn substitute(&self, argument: &Value) -> String {
        let (text, own) = match argument {
            Value::Array(parts) => (
                text_of(&parts.first().cloned().unwrap_or_default()),
                parts.get(1).cloned().unwrap_or_default(),
            ),
            other => (text_of(other), Value::Null),
        };
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let Some(end) = rest[at..].find('}') else {
                break;
            };
            let name = &rest[at + 2..at + end];
            match name.strip_prefix('!') {
                Some(literal) => out.push_str(&format!("${{{literal}}}")),
                None => match own.get(name) {
                    Some(value) => out.push_str(&text_of(&self.resolve(value))),
                    None => out.push_str(&text_of(&self.of(name))),
                },
            }
            rest = &rest[at + end + 1..];
        }
        out.push_str(rest);
        out
    }
}

pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
