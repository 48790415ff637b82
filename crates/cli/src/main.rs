//! The `lockkeeper` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = lockkeeper_rehearsal::personality::run() {
        return code;
    }
    ExitCode::SUCCESS
}
