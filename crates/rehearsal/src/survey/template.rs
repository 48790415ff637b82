//! CloudFormation templates in the repository: the roles and repositories that they make.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, Tag};
use serde_json::{Map, Value};

/// A role of a template, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TemplateRole {
    pub(crate) name: String,
    /// The trust policy, JSON.
    pub(crate) trust: Value,
    pub(crate) policies: Vec<Value>,
}

/// What the templates of a repository make.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Template {
    pub(crate) roles: Vec<TemplateRole>,
    /// ECR repositories by name: whether their tags are immutable.
    pub(crate) repositories: BTreeMap<String, bool>,
}

/// What parameters and pseudo parameters stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values {
    /// Pseudo parameters and defaults.
    pub(crate) known: BTreeMap<String, String>,
    pub(crate) owner: String,
    pub(crate) owner_id: u64,
    pub(crate) repository: String,
    pub(crate) repository_id: u64,
    pub(crate) branch: String,
}

/// The most nodes that a template may have.
const MOST_NODES: usize = 50_000;

impl Template {
    /// Takes in a file if it is a CloudFormation template.
    pub(crate) fn read(&mut self, text: &str, values: &Values) {
        let Some(document) = parse(text) else { return };
        let Some(resources) = document.get("Resources").and_then(Value::as_object) else {
            return;
        };
        let mut values = values.clone();
        if let Some(parameters) = document.get("Parameters").and_then(Value::as_object) {
            for (name, parameter) in parameters {
                let default = parameter
                    .get("Default")
                    .map(text_of)
                    .filter(|text| !text.is_empty());
                if let Some(value) = values.guess(name).or(default) {
                    values.known.entry(name.clone()).or_insert(value);
                }
            }
        }
        for (id, resource) in resources {
            let known = match resource.get("Type").and_then(Value::as_str) {
                Some("AWS::IAM::OIDCProvider") => {
                    let url = text_of(&values.resolve(&resource["Properties"]["Url"]));
                    let host = url.trim_start_matches("https://").to_owned();
                    format!(
                        "arn:aws:iam::{}:oidc-provider/{host}",
                        values.of("AWS::AccountId")
                    )
                }
                Some("AWS::ECR::Repository") => {
                    text_of(&values.resolve(&resource["Properties"]["RepositoryName"]))
                }
                _ => continue,
            };
            values.known.insert(id.clone(), known);
        }
        for resource in resources.values() {
            let properties = resource.get("Properties").cloned().unwrap_or_default();
            match resource.get("Type").and_then(Value::as_str) {
                Some("AWS::IAM::Role") => {
                    let name = text_of(&values.resolve(&properties["RoleName"]));
                    if name.is_empty() {
                        continue;
                    }
                    let policies = properties["Policies"]
                        .as_array()
                        .map(Vec::as_slice)
                        .unwrap_or_default();
                    self.roles.push(TemplateRole {
                        name,
                        trust: values.resolve(&properties["AssumeRolePolicyDocument"]),
                        policies: policies
                            .iter()
                            .map(|policy| values.resolve(&policy["PolicyDocument"]))
                            .collect(),
                    });
                }
                Some("AWS::ECR::Repository") => {
                    let name = text_of(&values.resolve(&properties["RepositoryName"]));
                    let mutability = text_of(&values.resolve(&properties["ImageTagMutability"]));
                    self.repositories
                        .insert(name, mutability.starts_with("IMMUTABLE"));
                }
                _ => {}
            }
        }
    }
}

impl Values {
    /// What a parameter stands for whose name says that it is about the repository.
    fn guess(&self, name: &str) -> Option<String> {
        let name = name.to_ascii_lowercase();
        let has = |word: &str| name.contains(word);
        let id = name.ends_with("id");
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

    fn of(&self, name: &str) -> String {
        self.known
            .get(name)
            .cloned()
            .unwrap_or_else(|| format!("unresolved-{name}"))
    }

    /// A value with its intrinsic functions replaced by what they give; of a choice that depends
    /// on a condition, the first branch.
    fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                if let (1, Some((function, argument))) = (members.len(), members.iter().next()) {
                    match function.as_str() {
                        "Ref" => return Value::String(self.of(&text_of(argument))),
                        "Fn::GetAtt" => {
                            let name = match argument {
                                Value::Array(parts) => {
                                    parts.iter().map(text_of).collect::<Vec<_>>().join(".")
                                }
                                other => text_of(other),
                            };
                            return Value::String(self.of(&name));
                        }
                        "Fn::Sub" => return Value::String(self.substitute(argument)),
                        "Fn::Join" => {
                            let separator = text_of(&argument[0]);
                            let parts = argument[1]
                                .as_array()
                                .map(Vec::as_slice)
                                .unwrap_or_default();
                            return Value::String(
                                parts
                                    .iter()
                                    .map(|part| text_of(&self.resolve(part)))
                                    .collect::<Vec<_>>()
                                    .join(&separator),
                            );
                        }
                        "Fn::If" => return self.resolve(&argument[1]),
                        _ => {}
                    }
                }
                // Keys of trust conditions may be written as `!Sub` texts in a list of pairs; plain
                // keys stand for themselves.
                Value::Object(
                    members
                        .iter()
                        .map(|(key, member)| (key.clone(), self.resolve(member)))
                        .collect(),
                )
            }
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.resolve(item)).collect())
            }
            other => other.clone(),
        }
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
                    None => out.push_str(&self.of(name)),
                },
            }
            rest = &rest[at + end + 1..];
        }
        out.push_str(rest);
        out
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Reads YAML or JSON with CloudFormation's short tags (`!Ref`, `!Sub`, …) as their long forms.
fn parse(text: &str) -> Option<Value> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        events.push(event);
        if events.len() > MOST_NODES {
            return None;
        }
    }
    let mut events = events.into_iter().filter(|event| {
        !matches!(
            event,
            Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::StreamEnd
                | Event::Nothing
        )
    });
    node(&mut events, 0)
}

fn node<'a>(events: &mut impl Iterator<Item = Event<'a>>, depth: usize) -> Option<Value> {
    let event = events.next()?;
    after(event, events, depth)
}

fn after<'a>(
    event: Event<'a>,
    events: &mut impl Iterator<Item = Event<'a>>,
    depth: usize,
) -> Option<Value> {
    if depth > 64 {
        return None;
    }
    match event {
        Event::Scalar(text, style, _, tag) => {
            let plain = style == saphyr_parser::ScalarStyle::Plain && tag.is_none();
            let value = match text.as_ref() {
                "true" if plain => Value::Bool(true),
                "false" if plain => Value::Bool(false),
                "" | "~" | "null" if plain => Value::Null,
                other => Value::String(other.to_owned()),
            };
            Some(long_form(tag.as_deref(), value))
        }
        Event::SequenceStart(_, tag) => {
            let mut items = Vec::new();
            loop {
                match events.next()? {
                    Event::SequenceEnd => break,
                    other => items.push(after(other, events, depth + 1)?),
                }
            }
            Some(long_form(tag.as_deref(), Value::Array(items)))
        }
        Event::MappingStart(_, tag) => {
            let mut members = Map::new();
            loop {
                match events.next()? {
                    Event::MappingEnd => break,
                    key => {
                        let key = text_of(&after(key, events, depth + 1)?);
                        members.insert(key, node(events, depth + 1)?);
                    }
                }
            }
            Some(long_form(tag.as_deref(), Value::Object(members)))
        }
        // Aliases are not CloudFormation.
        _ => None,
    }
}

fn long_form(tag: Option<&Tag>, value: Value) -> Value {
    let Some(tag) = tag.filter(|tag| tag.handle == "!") else {
        return value;
    };
    let name = match tag.suffix.as_str() {
        "Ref" | "Condition" => tag.suffix.clone(),
        other => format!("Fn::{other}"),
    };
    Value::Object(Map::from_iter([(name, value)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_repositories() {
        let text = r#"
Parameters:
  Branch: { Type: String, Default: main }
  Owner: { Type: String }
Resources:
  Images:
    Type: AWS::ECR::Repository
    Properties: { RepositoryName: shop, ImageTagMutability: IMMUTABLE }
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "shop-deploy-${Branch}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRoleWithWebIdentity
            Principal: { Federated: !Sub "arn:aws:iam::${AWS::AccountId}:oidc-provider/x" }
            Condition:
              StringEquals:
                "x:sub": [!Sub "repo:${Owner}/shop:ref:refs/heads/${Branch}", !Join ["-", [a, !Ref Branch]]]
"#;
        let values = Values {
            known: BTreeMap::from([("AWS::AccountId".to_owned(), "123456789012".to_owned())]),
            owner: "example".to_owned(),
            branch: "main".to_owned(),
            ..Values::default()
        };
        let mut template = Template::default();
        template.read(text, &values);
        assert_eq!(
            template.repositories,
            BTreeMap::from([("shop".to_owned(), true)])
        );
        assert_eq!(template.roles[0].name, "shop-deploy-main");
        let statement = &template.roles[0].trust["Statement"][0];
        assert_eq!(
            statement["Principal"]["Federated"],
            "arn:aws:iam::123456789012:oidc-provider/x"
        );
        assert_eq!(
            statement["Condition"]["StringEquals"]["x:sub"],
            serde_json::json!(["repo:example/shop:ref:refs/heads/main", "a-main"])
        );
        template.read("on: push\njobs: {}\n", &values);
        template.read("a: [", &values);
        assert_eq!(template.roles.len(), 1);
    }
}
