//! Going through the pages of an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::paths;
use super::request::arguments::Paging;
use super::request::python;
use super::table::Paginator;

pub(super) struct Pages {
    paginator: &'static Paginator,
    paging: Paging,
    input: Map<String, Value>,
    /// Items of the first page that an earlier command showed already.
    skip: usize,
    first: bool,
    seen: usize,
    previous: Option<String>,
    current: Option<String>,
    non_aggregate: Map<String, Value>,
    result: Map<String, Value>,
    resume: Option<String>,
}

/// One page's part of the output.
pub(super) struct Page {
    pub(super) value: Value,
    pub(super) last: bool,
}

impl Pages {
    pub(super) fn new(
        paginator: &'static Paginator,
        paging: Paging,
        mut input: Map<String, Value>,
    ) -> Result<Pages, Failure> {
        let mut current = None;
        let mut skip = 0;
        if let Some(token) = &paging.starting_token {
            (current, skip) = starting(token, &paginator.input_token)?;
            if let Some(token) = &current {
                input.insert(paginator.input_token.clone(), token.as_str().into());
            }
        }
        if let (Some(size), Some(limit)) = (paging.page_size, &paginator.limit_key) {
            input.insert(limit.clone(), size.into());
        }
        Ok(Pages {
            paginator,
            paging,
            input,
            skip,
            first: true,
            seen: 0,
            previous: None,
            current,
            non_aggregate: Map::new(),
            result: Map::new(),
            resume: None,
        })
    }

    pub(super) fn input(&self) -> Value {
        Value::Object(self.input.clone())
    }

    /// Takes in one answer.
    pub(super) fn take(&mut self, mut answer: Value) -> Result<Page, Failure> {
        let keys = self.paginator.result_keys();
        let Some(primary) = keys.first() else {
            return Ok(Page {
                value: answer,
                last: true,
            });
        };
        if self.first {
            if self.paging.starting_token.is_some() {
                self.skip_shown(&mut answer, primary);
            }
            for key in &self.paginator.non_aggregate_keys {
                let found = paths::get(&answer, key).cloned().unwrap_or(Value::Null);
                paths::set(&mut self.non_aggregate, key, found);
            }
        }
        let skipped = if self.first { self.skip } else { 0 };
        let count = paths::get(&answer, primary)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let most = self
            .paging
            .max_items
            .map(|most| usize::try_from(most).unwrap_or(0));
        let excess = most.map_or(0, |most| (self.seen + count).saturating_sub(most));
        let last = if excess > 0 {
            let keep = count.saturating_sub(excess);
            if let Value::Object(members) = &mut answer
                && let Some(items) = paths::get(&members.clone().into(), primary)
                && let Some(items) = items.as_array()
            {
                paths::set(members, primary, items[..keep].to_vec().into());
            }
            self.resume = Some(self.token(self.current.as_deref(), Some(keep + skipped)));
            true
        } else {
            self.seen += count;
            let next = paths::get(&answer, &self.paginator.output_token)
                .and_then(Value::as_str)
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            match next {
                None => true,
                Some(next) if most == Some(self.seen) => {
                    self.resume = Some(self.token(Some(&next), None));
                    true
                }
                Some(next) if self.previous.as_ref() == Some(&next) => {
                    let key = python::repr(&self.paginator.input_token);
                    return Err(Failure::general(format!(
                        "Error during pagination: The same next token was received twice: \
                         {{{key}: {}}}",
                        python::repr(&next)
                    )));
                }
                Some(next) => {
                    self.input
                        .insert(self.paginator.input_token.clone(), next.as_str().into());
                    self.previous = Some(next.clone());
                    self.current = Some(next);
                    false
                }
            }
        };
        let value = self.merge(&answer, keys);
        self.first = false;
        Ok(Page { value, last })
    }

    fn skip_shown(&self, answer: &mut Value, primary: &str) {
        let shown = paths::get(answer, primary)
            .and_then(Value::as_array)
            .cloned();
        if let (Some(items), Value::Object(members)) = (shown, answer) {
            let rest = items.into_iter().skip(self.skip).collect::<Vec<_>>();
            paths::set(members, primary, rest.into());
        }
    }

    /// Adds a page to the whole; answers what this page alone looks like.
    fn merge(&mut self, answer: &Value, keys: &[String]) -> Value {
        let mut alone = match self.first {
            true => self.non_aggregate.clone(),
            false => Map::new(),
        };
        for key in keys {
            let found = paths::get(answer, key).cloned();
            paths::set(&mut alone, key, found.clone().unwrap_or(Value::Null));
            let Some(found) = found else { continue };
            let held = paths::get(&Value::Object(self.result.clone()), key).cloned();
            let merged = match (held, found) {
                (Some(Value::Array(mut held)), Value::Array(more)) => {
                    held.extend(more);
                    held.into()
                }
                (_, found) => found,
            };
            paths::set(&mut self.result, key, merged);
        }
        alone.into()
    }

    fn token(&self, next: Option<&str>, amount: Option<usize>) -> String {
        let key = Value::from(self.paginator.input_token.as_str());
        let next = next.map_or(Value::Null, Value::from);
        let amount = amount.map_or_else(String::new, |amount| {
            format!(", \"boto_truncate_amount\": {amount}")
        });
        BASE64.encode(format!("{{{key}: {next}{amount}}}"))
    }

    /// All pages as one answer.
    pub(super) fn whole(&self) -> Value {
        let mut whole = self.result.clone();
        merge_under(&mut whole, &self.non_aggregate);
        if let Some(token) = &self.resume {
            whole.insert("NextToken".to_owned(), token.as_str().into());
        }
        whole.into()
    }

    /// What text output adds where items are left.
    pub(super) fn rest(&self) -> Option<Value> {
        let token = self.resume.as_ref()?;
        Some(serde_json::json!({ "NextToken": { "NextToken": token } }))
    }
}

/// The service's token and the number of items to skip in a token of the CLI's own.
fn starting(token: &str, key: &str) -> Result<(Option<String>, usize), Failure> {
    let bad = || Failure::general(format!("Bad starting token: {token}"));
    let decoded = BASE64.decode(token).ok();
    let read: Option<Map<String, Value>> =
        decoded.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(members) = read {
        let next = members.get(key).ok_or_else(bad)?;
        let amount = match members.get("boto_truncate_amount") {
            Some(amount) => amount.as_u64().ok_or_else(bad)?,
            None => 0,
        };
        let skip = usize::try_from(amount).map_err(|_| bad())?;
        return Ok((next.as_str().map(str::to_owned), skip));
    }
    // Tokens of old: the service's own, with the number after three underscores.
    let parts: Vec<&str> = token.split("___").collect();
    let (next, skip) = match parts[..] {
        [next, skip] => match skip.parse() {
            Ok(skip) => (next, skip),
            Err(_) => (token, 0),
        },
        [next] => (next, 0),
        _ => return Err(bad()),
    };
    Ok((Some(next.to_owned()).filter(|next| next != "None"), skip))
}

/// Adds members without touching those that are there.
fn merge_under(target: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in more {
        match (target.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => merge_under(inner, more),
            (Some(_), _) => {}
            (None, value) if value.is_null() => {}
            (None, value) => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}
