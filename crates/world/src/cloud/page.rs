//! Answers in pages.

use serde_json::{Map, Value};

use super::ApiError;

/// The page of `items` that `token` asks for, under `member`, with `nextToken` where more follow.
pub(crate) fn page(
    items: Vec<Value>,
    member: &str,
    limit: usize,
    most: usize,
    token: Option<&str>,
) -> Result<Value, ApiError> {
    if !(1..=most).contains(&limit) {
        return Err(ApiError::invalid_parameter(format!(
            "maxResults should be between 1 and {most}"
        )));
    }
    let from = match token {
        None => 0,
        Some(token) => token
            .strip_prefix("from-")
            .and_then(|at| at.parse::<usize>().ok())
            .filter(|at| *at <= items.len())
            .ok_or_else(|| ApiError::invalid_parameter("Invalid token"))?,
    };
    let until = items.len().min(from.saturating_add(limit));
    let mut answer = Map::new();
    answer.insert(member.to_owned(), items[from..until].into());
    if until < items.len() {
        answer.insert("nextToken".to_owned(), format!("from-{until}").into());
    }
    Ok(answer.into())
}
