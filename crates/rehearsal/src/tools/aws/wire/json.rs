//! AWS JSON 1.1.

use lockkeeper_world::cloud::{ApiError, read_timestamp};
use serde_json::{Map, Number, Value, json};

use super::super::table::{Service, Shape};
use super::http::HttpResponse;

pub(super) fn input(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

pub(super) fn output(
    service: &Service,
    shape: Option<&Shape>,
    output: &Value,
    request_id: &str,
) -> HttpResponse {
    let body = match shape {
        Some(shape) => written(service, shape, output),
        None => Value::Object(Map::new()),
    };
    response(200, body, Vec::new(), request_id)
}

pub(super) fn error(error: &ApiError, request_id: &str) -> HttpResponse {
    let body = json!({ "__type": error.code, "message": error.message });
    let kind = vec![("x-amzn-ErrorType", error.code.clone())];
    response(error.http_status, body, kind, request_id)
}

fn response(
    status: u16,
    body: Value,
    mut headers: Vec<(&'static str, String)>,
    request_id: &str,
) -> HttpResponse {
    headers.push(("Content-Type", "application/x-amz-json-1.1".to_owned()));
    headers.push(("x-amzn-RequestId", request_id.to_owned()));
    HttpResponse {
        status,
        headers,
        body: body.to_string().into_bytes(),
    }
}

/// A value as the wire has it: instants are seconds since 1970.
fn written(service: &Service, shape: &Shape, value: &Value) -> Value {
    let inner = |name: &str, value: &Value| match service.shape(name) {
        Some(shape) => written(service, shape, value),
        None => value.clone(),
    };
    match (shape, value) {
        (Shape::Structure { document: true, .. }, value) => value.clone(),
        (Shape::Structure { members, .. }, Value::Object(given)) => members
            .iter()
            .filter_map(|(name, shape)| {
                let value = given.get(name).filter(|value| !value.is_null())?;
                Some((name.clone(), inner(shape, value)))
            })
            .collect::<Map<_, _>>()
            .into(),
        (Shape::List { member, .. }, Value::Array(items)) => {
            items.iter().map(|item| inner(member, item)).collect()
        }
        (Shape::Map { value: shape, .. }, Value::Object(given)) => given
            .iter()
            .map(|(key, value)| (key.clone(), inner(shape, value)))
            .collect::<Map<_, _>>()
            .into(),
        (Shape::Timestamp, value) => {
            let seconds = read_timestamp(value).map(|at| at.millis() as f64 / 1000.0);
            seconds
                .and_then(Number::from_f64)
                .map_or_else(|| value.clone(), Value::Number)
        }
        (_, value) => value.clone(),
    }
}
