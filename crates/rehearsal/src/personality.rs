//! The commands that the lockkeeper executable is when it is called by another name: the keeper
//! of a machine, the process that answers `jq`, and what steps run as an ordinary process.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::{engine, timeout, tools};

/// Runs the command that this process was called as, if that is one of ours.
pub fn run() -> Option<ExitCode> {
    let mut args = std::env::args_os();
    let name = args.next()?;
    let name = Path::new(&name).file_name()?.to_str()?.to_owned();
    let args: Vec<OsString> = args.collect();
    match name.as_str() {
        engine::keeper::NAME => Some(engine::keeper::main()),
        tools::jq::NAME => Some(tools::jq::main()),
        "timeout" => Some(timeout::main(&args)),
        _ => None,
    }
}
