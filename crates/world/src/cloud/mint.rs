//! Ids that look like AWS's, each made from a counter, so that one story gives the same ids again.

use sha2::{Digest, Sha256};

#[derive(Debug, Clone, Default)]
pub(crate) struct Mint(u64);

impl Mint {
    fn next(&mut self, kind: &str) -> [u8; 32] {
        self.0 += 1;
        Sha256::digest(format!("{kind} {}", self.0)).into()
    }

    /// `count` lower-case hexadecimal digits: a task's id.
    pub(crate) fn hex(&mut self, kind: &str, count: usize) -> String {
        hex(&self.next(kind)).chars().take(count).collect()
    }

    /// 19 digits: a deployment's or a service revision's id.
    pub(crate) fn digits(&mut self, kind: &str) -> String {
        let bytes = self.next(kind);
        let digits = bytes.iter().skip(1).take(18).map(|b| b'0' + b % 10);
        std::iter::once(b'1' + bytes[0] % 9)
            .chain(digits)
            .map(char::from)
            .collect()
    }

    /// `count` letters and digits out of `alphabet`.
    pub(crate) fn letters(&mut self, kind: &str, count: usize, alphabet: &[u8]) -> String {
        let mut text = String::new();
        while text.len() < count {
            let bytes = self.next(kind);
            text.extend(
                bytes
                    .iter()
                    .map(|b| char::from(alphabet[usize::from(*b) % alphabet.len()])),
            );
        }
        text.truncate(count);
        text
    }
}

pub(crate) const BASE62: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// As in the ids of service deployments.
pub(crate) const BASE64_URL: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
pub(crate) const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
