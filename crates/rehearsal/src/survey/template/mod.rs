//! CloudFormation templates in the repository: the roles and repositories that they make.

mod document;
mod intrinsic;

use std::collections::BTreeMap;

use lockkeeper_world::cloud::{Policies, PolicyDocument};
use serde_json::Value;

pub(crate) use intrinsic::Values;
use intrinsic::text_of;

/// A role of a template, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TemplateRole {
    pub(crate) name: String,
    /// The trust policy, JSON.
    pub(crate) trust: Value,
    pub(crate) policies: Vec<Value>,
    pub(crate) boundary: Option<Value>,
    /// How long its sessions may last, in seconds.
    pub(crate) max_session: u64,
    /// Policies of it whose text is not in the template.
    pub(crate) missing: Vec<String>,
}

impl TemplateRole {
    /// What the role may do; none where that is not wholly known.
    pub(crate) fn policies(&self) -> Option<Policies> {
        if !self.missing.is_empty() {
            return None;
        }
        let identity = self.policies.iter().map(PolicyDocument::read);
        let boundary = self.boundary.as_ref().map(PolicyDocument::read);
        Some(Policies {
            identity: identity.collect::<Result<_, _>>().ok()?,
            boundary: boundary.transpose().ok()?,
            ..Policies::default()
        })
    }

    /// Why what the role may do is not wholly known.
    fn doubt(&self) -> Option<String> {
        if let Some(missing) = self.missing.first() {
            return Some(format!("the text of {missing} is not known"));
        }
        let documents = self.policies.iter().chain(&self.boundary);
        let error = documents
            .into_iter()
            .find_map(|document| PolicyDocument::read(document).err())?;
        Some(error.to_string())
    }
}

/// An ECR repository of a template.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TemplateRepository {
    pub(crate) immutable: bool,
    /// Its lifecycle policy, JSON.
    pub(crate) lifecycle: Option<String>,
}

/// What the templates of a repository make.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Template {
    pub(crate) roles: Vec<TemplateRole>,
    pub(crate) repositories: BTreeMap<String, TemplateRepository>,
    /// What could not be resolved: what depends on it is refused.
    pub(crate) unresolved: Vec<String>,
}

impl Template {
    /// What a reader must know of the roles to believe the verdicts.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let unresolved = self.unresolved.iter().map(|name| {
            format!("`{name}` of the template is not known: what depends on it is refused")
        });
        let roles = self.roles.iter().filter_map(|role| {
            let doubt = role.doubt()?;
            Some(format!(
                "the role {} may do everything here, and its permissions are not judged: {doubt}",
                role.name
            ))
        });
        unresolved.chain(roles).collect()
    }

    /// Takes in a file if it is a CloudFormation template.
    pub(crate) fn read(&mut self, text: &str, values: &Values) {
        let Some(document) = document::parse(text) else {
            return;
        };
        let Some(resources) = document.get("Resources").and_then(Value::as_object) else {
            return;
        };
        let mut values = values.clone();
        if let Some(parameters) = document.get("Parameters").and_then(Value::as_object) {
            values.learn_parameters(parameters);
        }
        if let Some(conditions) = document.get("Conditions").and_then(Value::as_object) {
            values.conditions = conditions.clone();
        }
        let made: Vec<(&String, &str, &Value)> = resources
            .iter()
            .filter(|(_, resource)| {
                let condition = resource.get("Condition").and_then(Value::as_str);
                condition.is_none_or(|name| values.condition(name) != Some(false))
            })
            .filter_map(|(id, resource)| {
                let kind = resource.get("Type").and_then(Value::as_str)?;
                Some((id, kind, resource.get("Properties").unwrap_or(&Value::Null)))
            })
            .collect();
        for (id, kind, properties) in &made {
            values.learn_resource(id, kind, properties);
        }
        let mut roles: BTreeMap<&str, TemplateRole> = BTreeMap::new();
        let mut order = Vec::new();
        let mut managed: BTreeMap<String, Value> = BTreeMap::new();
        for (id, kind, properties) in &made {
            match *kind {
                "AWS::IAM::Role" => {
                    let name = values.role_name(id, properties);
                    let inline = list(&properties["Policies"]);
                    let policies = inline
                        .iter()
                        .map(|policy| values.resolve(&policy["PolicyDocument"]))
                        .collect();
                    order.push(id.as_str());
                    roles.insert(
                        id.as_str(),
                        TemplateRole {
                            name,
                            trust: values.resolve(&properties["AssumeRolePolicyDocument"]),
                            policies,
                            boundary: None,
                            max_session: text_of(
                                &values.resolve(&properties["MaxSessionDuration"]),
                            )
                            .parse()
                            .unwrap_or(3600),
                            missing: Vec::new(),
                        },
                    );
                }
                "AWS::IAM::ManagedPolicy" => {
                    managed.insert(
                        text_of(&values.of(id)),
                        values.resolve(&properties["PolicyDocument"]),
                    );
                }
                "AWS::ECR::Repository" => {
                    let name = text_of(&values.resolve(&properties["RepositoryName"]));
                    let mutability = text_of(&values.resolve(&properties["ImageTagMutability"]));
                    let text = &properties["LifecyclePolicy"]["LifecyclePolicyText"];
                    let lifecycle = text_of(&values.resolve(text));
                    self.repositories.insert(
                        name,
                        TemplateRepository {
                            immutable: mutability.starts_with("IMMUTABLE"),
                            lifecycle: Some(lifecycle).filter(|text| !text.is_empty()),
                        },
                    );
                }
                _ => {}
            }
        }
        // What is attached: by the role, by the policy, or as a boundary.
        for (id, kind, properties) in &made {
            match *kind {
                "AWS::IAM::Role" => {
                    let Some(role) = roles.get_mut(id.as_str()) else {
                        continue;
                    };
                    for arn in list(&values.resolve(&properties["ManagedPolicyArns"])) {
                        let arn = text_of(&arn);
                        match managed.get(&arn) {
                            Some(document) => role.policies.push(document.clone()),
                            None => role.missing.push(arn),
                        }
                    }
                    let boundary = text_of(&values.resolve(&properties["PermissionsBoundary"]));
                    match managed.get(&boundary) {
                        Some(document) => role.boundary = Some(document.clone()),
                        None if boundary.is_empty() => {}
                        None => role.missing.push(boundary),
                    }
                }
                "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::ManagedPolicy" => {
                    let document = values.resolve(&properties["PolicyDocument"]);
                    let mut names = list(&values.resolve(&properties["Roles"]));
                    names.extend(list(&values.resolve(&properties["RoleName"])));
                    for name in names.iter().map(text_of) {
                        for role in roles.values_mut().filter(|role| role.name == name) {
                            role.policies.push(document.clone());
                        }
                    }
                }
                _ => {}
            }
        }
        for id in order {
            self.roles.extend(roles.remove(id));
        }
        for name in values.unresolved() {
            if !self.unresolved.contains(&name) {
                self.unresolved.push(name);
            }
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Template {
        let mut values = Values::of_stack("123456789012", "eu-west-1");
        values.owner = "example".to_owned();
        values.branch = "main".to_owned();
        let mut template = Template::default();
        template.read(text, &values);
        template
    }

    #[test]
    fn roles_and_repositories() {
        let template = read(
            r#"
Parameters:
  Branch: { Type: String, Default: main }
  Owner: { Type: String }
  ProviderArn: { Type: String, Default: "" }
  StagingTaskRoleArns: { Type: CommaDelimitedList }
Conditions:
  Makes: !Equals [!Ref ProviderArn, ""]
  Takes: !Not [!Condition Makes]
Resources:
  Images:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: shop
      ImageTagMutability: IMMUTABLE
      LifecyclePolicy: { LifecyclePolicyText: '{"rules":[]}' }
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "shop-deploy-${Branch}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRoleWithWebIdentity
            Principal:
              Federated: !If [Makes, !Sub "arn:aws:iam::${AWS::AccountId}:oidc-provider/x", !Ref ProviderArn]
            Condition:
              StringEquals:
                "x:sub": [!Sub "repo:${Owner}/shop:ref:refs/heads/${Branch}", !Join ["-", [a, !Ref Branch]]]
      Policies:
        - PolicyName: one
          PolicyDocument:
            Statement:
              - { Effect: Allow, Action: "ecr:*", Resource: !GetAtt Images.Arn }
              - { Effect: Allow, Action: "iam:PassRole", Resource: !Ref StagingTaskRoleArns }
              - { Effect: Allow, Action: "logs:*", Resource: !GetAtt Logs.Arn }
  Other:
    Type: AWS::IAM::Role
    Condition: Takes
    Properties: { RoleName: other }
"#,
        );
        let repository = &template.repositories["shop"];
        assert!(repository.immutable);
        assert_eq!(repository.lifecycle.as_deref(), Some(r#"{"rules":[]}"#));
        assert_eq!(template.roles.len(), 1);
        let role = &template.roles[0];
        assert_eq!(role.name, "shop-deploy-main");
        let statement = &role.trust["Statement"][0];
        assert_eq!(
            statement["Principal"]["Federated"],
            "arn:aws:iam::123456789012:oidc-provider/x"
        );
        assert_eq!(
            statement["Condition"]["StringEquals"]["x:sub"],
            json!(["repo:example/shop:ref:refs/heads/main", "a-main"])
        );
        let resources: Vec<_> = (0..3)
            .map(|at| role.policies[0]["Statement"][at]["Resource"].clone())
            .collect();
        assert_eq!(
            resources,
            [
                json!("arn:aws:ecr:eu-west-1:123456789012:repository/shop"),
                json!([
                    "arn:aws:iam::123456789012:role/staging-task",
                    "arn:aws:iam::123456789012:role/staging-execution"
                ]),
                json!("${unresolved:Logs.Arn}"),
            ]
        );
        assert_eq!(template.unresolved, ["Logs.Arn"]);
    }

    #[test]
    fn policies_that_are_attached() {
        let template = read(
            r#"
Resources:
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Statement: [] }
      ManagedPolicyArns: [!Ref Own, "arn:aws:iam::aws:policy/ReadOnlyAccess"]
      PermissionsBoundary: !Ref Limit
  Own:
    Type: AWS::IAM::ManagedPolicy
    Properties: { PolicyDocument: { Statement: [{ Sid: own }] } }
  Limit:
    Type: AWS::IAM::ManagedPolicy
    Properties: { PolicyDocument: { Statement: [{ Sid: limit }] } }
  More:
    Type: AWS::IAM::Policy
    Properties: { Roles: [!Ref Deploy], PolicyDocument: { Statement: [{ Sid: more }] } }
"#,
        );
        let role = &template.roles[0];
        assert_eq!(role.name, "Deploy");
        let sids: Vec<_> = role
            .policies
            .iter()
            .map(|policy| policy["Statement"][0]["Sid"].clone())
            .collect();
        assert_eq!(sids, ["own", "more"]);
        assert_eq!(
            role.boundary.as_ref().unwrap()["Statement"][0]["Sid"],
            "limit"
        );
        assert_eq!(role.missing, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    }

    #[test]
    fn what_is_no_template_and_what_never_ends() {
        assert_eq!(read("on: push\njobs: {}\n"), Template::default());
        assert_eq!(read("a: ["), Template::default());
        let circle = "Conditions: { A: !And [!Condition B, !Condition B], B: !Or [!Condition A, !Condition A] }\n\
             Resources: { R: { Type: \"AWS::IAM::Role\", Condition: A, Properties: { RoleName: r } } }\n";
        assert_eq!(read(circle).roles.len(), 1);
    }
}
