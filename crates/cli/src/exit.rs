//! How the command ends: 0 all well, 1 findings, 2 unusable input, 3 the machine failed us.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Bad usage or unusable input.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
        }
    }

    /// Input, output or the system failed.
    pub(crate) fn machine(message: impl Into<String>) -> Self {
        Self {
            code: 3,
            message: message.into(),
        }
    }

    /// Prints the message and gives the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        let style = anstyle::Style::new()
            .bold()
            .fg_color(Some(anstyle::AnsiColor::Red.into()));
        writeln!(
            anstream::stderr(),
            "{style}error:{style:#} {}",
            self.message
        )
        .ok();
        ExitCode::from(self.code)
    }
}

/// What printing came to; a reader that has gone away is no failure.
pub(crate) fn printed(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::machine(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a file whole: to a temporary one beside it, then renamed.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // As any file that a program makes: the umask decides who may read it.
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let mut file = tempfile::Builder::new()
        .permissions(everyone)
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Lets Ctrl-C, and what else ends a process politely, delete the scratch directories first.
pub(crate) fn clean_up_when_interrupted() {
    // SAFETY: the set is initialised before it is used; blocking signals and waiting for them
    // touches no memory but the two variables here.
    unsafe {
        let mut set = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&mut set);
        for number in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            libc::sigaddset(&mut set, number);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        std::thread::spawn(move || {
            let mut number = 0;
            if libc::sigwait(&set, &mut number) == 0 {
                lockkeeper_rehearsal::engine::scratch::remove_all();
                std::process::exit(128 + number);
            }
        });
    }
}
