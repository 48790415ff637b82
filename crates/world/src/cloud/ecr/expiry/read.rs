//! Reads the text of a lifecycle policy, as strictly as ECR does.

use serde_json::{Map, Value};

use super::{LifecyclePolicy, Limit, Rule, Selection};
use crate::cloud::ApiError;

/// At most this many wildcards may be in a pattern.
const MOST_WILDCARDS: usize = 4;
const MOST_RULES: usize = 50;

impl LifecyclePolicy {
    /// Reads the text of a policy.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let document: Value = serde_json::from_str(text)
            .map_err(|_| refuse("Could not map policyString into LifecyclePolicy."))?;
        let document = object(&document)?;
        only(document, &["rules"])?;
        let rules = required(document, "rules")?
            .as_array()
            .filter(|rules| (1..=MOST_RULES).contains(&rules.len()))
            .ok_or_else(|| refuse(format!("rules should have 1 to {MOST_RULES} items")))?;
        let mut rules = rules.iter().map(rule).collect::<Result<Vec<_>, _>>()?;
        rules.sort_by_key(|rule| rule.priority);
        if let Some(pair) = rules
            .windows(2)
            .find(|pair| pair[0].priority == pair[1].priority)
        {
            let priority = pair[0].priority;
            return Err(refuse(format!(
                "several rules have the rulePriority {priority}"
            )));
        }
        let any = |rule: &Rule| rule.selection == Selection::Any;
        let last = rules.len() - 1;
        if rules[..last].iter().any(any) {
            return Err(refuse(
                "the rule with the tagStatus any must have the highest rulePriority",
            ));
        }
        Ok(Self { rules })
    }
}

fn rule(rule: &Value) -> Result<Rule, ApiError> {
    let members = object(rule)?;
    only(
        members,
        &["rulePriority", "description", "selection", "action"],
    )?;
    let priority = number(members, "rulePriority")?;
    let priority = u32::try_from(priority).map_err(|_| refuse("rulePriority is too large"))?;
    if let Some(description) = members.get("description")
        && !description.is_string()
    {
        return Err(refuse("description is a string"));
    }
    let action = object(required(members, "action")?)?;
    only(action, &["type", "targetStorageClass"])?;
    match text(action, "type")? {
        "expire" if action.len() == 1 => {}
        "transition" => {
            return Err(ApiError::not_modelled(
                "a lifecycle rule that archives images is not modelled",
            ));
        }
        other => return Err(not_in_enum(other, &["expire", "transition"])),
    }
    let selection = object(required(members, "selection")?)?;
    only(
        selection,
        &[
            "tagStatus",
            "tagPrefixList",
            "tagPatternList",
            "storageClass",
            "countType",
            "countUnit",
            "countNumber",
        ],
    )?;
    if selection.contains_key("storageClass") {
        return Err(ApiError::not_modelled(
            "a lifecycle rule about a storage class is not modelled",
        ));
    }
    Ok(Rule {
        priority,
        selection: selected(selection)?,
        limit: limit(selection)?,
    })
}

fn selected(selection: &Map<String, Value>) -> Result<Selection, ApiError> {
    let status = text(selection, "tagStatus")?;
    let lists = [
        selection.get("tagPrefixList"),
        selection.get("tagPatternList"),
    ];
    if status != "tagged" {
        if lists.iter().any(Option::is_some) {
            return Err(refuse(format!(
                "tagPrefixList and tagPatternList cannot be given with the tagStatus {status}"
            )));
        }
        return match status {
            "any" => Ok(Selection::Any),
            "untagged" => Ok(Selection::Untagged),
            other => Err(not_in_enum(other, &["any", "tagged", "untagged"])),
        };
    }
    let (list, prefixes) = match lists {
        [Some(prefixes), None] => (prefixes, true),
        [None, Some(patterns)] => (patterns, false),
        [Some(_), Some(_)] => {
            return Err(refuse(
                "tagPrefixList and tagPatternList cannot be given together",
            ));
        }
        [None, None] => {
            return Err(refuse(
                "tagPrefixList or tagPatternList is required with the tagStatus tagged",
            ));
        }
    };
    let texts: Option<Vec<&str>> = list
        .as_array()
        .filter(|list| !list.is_empty())
        .and_then(|list| list.iter().map(Value::as_str).collect());
    let texts = texts.ok_or_else(|| refuse("a list of tags is a list of strings"))?;
    let mut patterns = Vec::new();
    for text in texts {
        if prefixes {
            // A star is no character of a tag: in a prefix it would match nothing.
            if text.is_empty() || text.contains('*') {
                return Err(refuse(format!("'{text}' is no prefix of a tag")));
            }
            patterns.push(format!("{text}*"));
            continue;
        }
        let wildcards = text.matches('*').count();
        if text.is_empty() || wildcards > MOST_WILDCARDS {
            return Err(refuse(format!(
                "the pattern '{text}' should have 1 to {MOST_WILDCARDS} wildcards"
            )));
        }
        patterns.push(text.to_owned());
    }
    Ok(Selection::Tagged(patterns))
}

fn limit(selection: &Map<String, Value>) -> Result<Limit, ApiError> {
    let kind = text(selection, "countType")?;
    let unit = match selection.get("countUnit") {
        None => None,
        Some(_) => Some(text(selection, "countUnit")?),
    };
    if let Some(unit) = unit.filter(|unit| *unit != "days") {
        return Err(not_in_enum(unit, &["days"]));
    }
    let count = number(selection, "countNumber")?;
    match (kind, unit) {
        ("imageCountMoreThan", None) => Ok(Limit::Count(count)),
        ("imageCountMoreThan", Some(_)) => Err(refuse(
            "countUnit cannot be given with the countType imageCountMoreThan",
        )),
        ("sinceImagePushed", Some(_)) => Ok(Limit::Days(count)),
        ("sinceImagePushed", None) => Err(missing("countUnit")),
        ("sinceImagePulled" | "sinceImageTransitioned", _) => Err(ApiError::not_modelled(format!(
            "the lifecycle countType {kind} is not modelled"
        ))),
        (other, _) => Err(not_in_enum(
            other,
            &["imageCountMoreThan", "sinceImagePushed"],
        )),
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, ApiError> {
    value
        .as_object()
        .ok_or_else(|| refuse("instance type does not match any allowed primitive type (object)"))
}

fn required<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a Value, ApiError> {
    members.get(name).ok_or_else(|| missing(name))
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    required(members, name)?
        .as_str()
        .ok_or_else(|| refuse(format!("{name} is a string")))
}

/// A whole number from 1.
fn number(members: &Map<String, Value>, name: &str) -> Result<u64, ApiError> {
    let value = required(members, name)?;
    let number = value.as_u64().filter(|number| *number >= 1);
    number.ok_or_else(|| {
        refuse(format!(
            "numeric instance is lower than the required minimum (minimum: 1, found: {value})"
        ))
    })
}

fn only(members: &Map<String, Value>, known: &[&str]) -> Result<(), ApiError> {
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => Err(refuse(format!(
            "object instance has properties which are not allowed by the schema: ([\"{unknown}\"])"
        ))),
        None => Ok(()),
    }
}

fn missing(name: &str) -> ApiError {
    refuse(format!(
        "object has missing required properties ([\"{name}\"])"
    ))
}

fn not_in_enum(value: &str, known: &[&str]) -> ApiError {
    refuse(format!(
        "instance value ({value}) not found in enum :(possible values: {known:?})"
    ))
}

fn refuse(what: impl std::fmt::Display) -> ApiError {
    ApiError::invalid_parameter(format!(
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle \
         policy validation failure: {what}'"
    ))
}
