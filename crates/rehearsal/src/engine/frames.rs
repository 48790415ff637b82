//! What the client behind a tool and the controller say to each other: a kind byte, a
//! little-endian length, that many bytes.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::tools::{Invocation, Program};

pub(crate) const OUT: u8 = 1;
pub(crate) const ERR: u8 = 2;
pub(crate) const STDIN: u8 = 3;
pub(crate) const READ: u8 = 4;
pub(crate) const WRITE: u8 = 5;
pub(crate) const EXIT: u8 = 6;
pub(crate) const RUN: u8 = 7;
pub(crate) const CALL: u8 = 16;
pub(crate) const DATA: u8 = 17;
pub(crate) const ERRNO: u8 = 18;
/// As [`CALL`], from a process that has children of its own.
pub(crate) const ALARM: u8 = 19;
/// As [`CALL`], from an installed program that sends what follows to a service.
pub(crate) const REQUEST: u8 = 20;
/// As [`CALL`], from an installed program that waits for its second word's nanoseconds.
pub(crate) const PAUSE: u8 = 21;

/// A frame that claims more than this is a broken client's.
pub(crate) const MOST: usize = 80 << 20;

pub(crate) fn encode(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + 5);
    frame.push(kind);
    frame.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    frame.extend_from_slice(bytes);
    frame
}

/// Takes the first whole frame off `buffer`.
pub(crate) fn decode(buffer: &mut Vec<u8>) -> Result<Option<(u8, Vec<u8>)>, TooLong> {
    let Some(head) = buffer.first_chunk::<5>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if length > MOST {
        return Err(TooLong);
    }
    if buffer.len() < length + 5 {
        return Ok(None);
    }
    let kind = head[0];
    let rest = buffer.split_off(length + 5);
    let mut frame = std::mem::replace(buffer, rest);
    frame.drain(..5);
    Ok(Some((kind, frame)))
}

#[derive(Debug)]
pub(crate) struct TooLong;

/// Reads a [`CALL`] frame: the number of arguments, the arguments, the working directory, the
/// environment, each ending in NUL. The tool's name is the last part of its first argument.
pub(crate) fn invocation(frame: &[u8]) -> Option<Invocation> {
    let (count, rest) = frame.split_first_chunk::<4>()?;
    let mut texts = rest.split(|byte| *byte == 0);
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut argv = Vec::new();
    for _ in 0..u32::from_le_bytes(*count) {
        argv.push(lossy(texts.next()?));
    }
    let name = argv.first_mut()?;
    if let Some((_, last)) = name.rsplit_once('/') {
        *name = last.to_owned();
    }
    let cwd = PathBuf::from(std::ffi::OsString::from_vec(texts.next()?.to_owned()));
    let env: BTreeMap<String, String> = texts
        .map(lossy)
        .filter_map(|entry| {
            entry
                .split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        })
        .collect();
    Some(Invocation { argv, cwd, env })
}

/// A [`RUN`] frame: the number of words, the words, the variables, each ending in NUL.
pub(crate) fn program(program: &Program) -> Vec<u8> {
    let mut frame = (program.words.len() as u32).to_le_bytes().to_vec();
    let variables = program
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    for text in program.words.iter().cloned().chain(variables) {
        frame.extend_from_slice(text.as_bytes());
        frame.push(0);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_arrives_whole_or_not_at_all() {
        let mut call = 3u32.to_le_bytes().to_vec();
        call.extend_from_slice(b"/mnt/bin/aws\0\0a b\0/mnt/work\0HOME=/mnt/home\0X=a=b\0");
        let bytes = [encode(CALL, &call), encode(DATA, b"next")].concat();
        let mut buffer = Vec::new();
        let mut seen = Vec::new();
        for byte in bytes {
            buffer.push(byte);
            seen.extend(decode(&mut buffer).unwrap());
        }
        assert_eq!(seen.len(), 2);
        let called = invocation(&seen[0].1).unwrap();
        assert_eq!(called.argv, ["aws", "", "a b"]);
        assert_eq!(called.cwd, PathBuf::from("/mnt/work"));
        assert_eq!(called.env("X"), Some("a=b"));
        assert_eq!(seen[1], (DATA, b"next".to_vec()));
    }

    #[test]
    fn a_broken_client_is_refused() {
        assert!(decode(&mut vec![OUT, 255, 255, 255, 255]).is_err());
        assert!(invocation(&[9, 0, 0, 0, b'x', 0]).is_none());
    }
}
