//! The identity tokens that the hub issues to jobs and that STS checks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

pub const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The claims of one token, as GitHub writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims(pub Map<String, Value>);

impl Claims {
    pub fn get(&self, claim: &str) -> Option<&str> {
        self.0.get(claim).and_then(Value::as_str)
    }
}

fn seal(body: &str) -> String {
    let hash = Sha256::digest(format!("lockkeeper world issuer\n{body}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

/// Issues a token: opaque to whoever carries it, and not to be made by anyone else.
pub fn issue(claims: &Claims) -> String {
    let body = hex(Value::Object(claims.0.clone()).to_string().as_bytes());
    let seal = seal(&body);
    format!("world.{body}.{seal}")
}

/// The claims of a token, if the hub issued it.
pub fn verify(token: &str) -> Option<Claims> {
    let (body, given) = token.strip_prefix("world.")?.split_once('.')?;
    if given != seal(body) {
        return None;
    }
    serde_json::from_slice(&unhex(body)?).ok().map(Claims)
}
