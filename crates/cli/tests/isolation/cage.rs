//! Where a hostile workflow is played: as an ordinary user, in a user and a PID namespace of its
//! own, with limits on processes, bytes and seconds, so that a hole in the sandbox hurts nothing.

use std::process::Command;

const INSIDE: &str = "LOCKKEEPER_TEST_CAGE";
/// The user and group that have nothing, where the tests run as root.
const NOBODY: &str = "65534";

/// Plays the test `name` in a cage: true inside it. Outside, it is started there and must pass.
pub(crate) fn enter(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    // As root, whatever is on the way to this executable must let others through.
    let probe = within(&["true".to_owned()]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: this machine makes no user and PID namespace for an ordinary user");
        return false;
    }
    let this = std::env::current_exe().expect("it is running");
    let this = this.display().to_string();
    let arguments = [&this, "--exact", name, "--nocapture", "--test-threads=1"].map(str::to_owned);
    if !within(&[this.clone(), "--list".to_owned()])
        .output()
        .is_ok_and(|output| output.status.success())
    {
        println!("skipped: an ordinary user cannot run {this}");
        return false;
    }
    let output = within(&arguments).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "in the cage:\n{text}");
    let skipped = text.lines().filter(|line| line.starts_with("skipped: "));
    skipped.for_each(|line| println!("{line}"));
    false
}

/// A command in a cage.
fn within(arguments: &[String]) -> Command {
    let mut words: Vec<&str> = Vec::new();
    // SAFETY: asks who this process is.
    if unsafe { libc::geteuid() } == 0 {
        words.extend([
            "setpriv",
            "--reuid",
            NOBODY,
            "--regid",
            NOBODY,
            "--clear-groups",
        ]);
    }
    words.extend(["timeout", "-k", "5", "240"]);
    words.extend([
        "unshare",
        "--user",
        "--map-current-user",
        "--pid",
        "--mount",
    ]);
    words.extend(["--fork", "--kill-child", "--mount-proc"]);
    // Counted in the new namespace alone.
    words.extend(["prlimit", "--nproc=1500", "--fsize=2147483648", "--core=0"]);
    words.extend(["--cpu=200", "--nofile=1024"]);
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .args(arguments)
        .env(INSIDE, "1")
        .env_remove("TMPDIR")
        .current_dir("/");
    command
}

/// A directory where anybody may make one, and which no machine hides under one of its own.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("lockkeeper-cage-")
        .tempdir_in("/var/tmp")
        .expect("a directory")
}
