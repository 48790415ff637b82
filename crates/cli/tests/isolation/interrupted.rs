//! Ctrl-C in the middle of a step.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::cage;
use crate::played::{command, repository};

/// Waits for something to be so, for half a minute at most.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The processes of this PID namespace that have not ended, this one left out. It is the one that
/// orphans come to, and asks for no exit codes.
fn others() -> Vec<String> {
    let me = std::process::id().to_string();
    let entries = fs::read_dir("/proc").expect("it is mounted");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && *name != me)
        .filter(|name| {
            let stat = fs::read_to_string(Path::new("/proc").join(name).join("stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        })
        .collect()
}

fn interrupt(arguments: &[&str]) {
    let (project, scratch, flags) = (cage::directory(), cage::directory(), cage::directory());
    // Without the sandbox, it says on the outside that it runs; with it, its processes do.
    let flag = flags.path().join("running");
    let script = format!(
        "(touch {} 2>/dev/null) || true\nwhile :; do :; done & while :; do :; done",
        flag.display()
    );
    repository(project.path(), &script);
    let before = others();
    let mut child = command(project.path(), arguments)
        .env("TMPDIR", scratch.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("lockkeeper starts");
    let runs = || {
        let mut texts = others().into_iter().filter_map(|pid| {
            fs::read_to_string(Path::new("/proc").join(pid).join("cmdline")).ok()
        });
        texts.any(|text| text.contains("temp/step-"))
    };
    until("a step runs", runs);
    assert!(
        fs::read_dir(scratch.path())
            .expect("it is there")
            .next()
            .is_some()
    );
    // SAFETY: a child of this process that is not waited for yet.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(130));
    until("every process has ended", || others() == before);
    let left: Vec<_> = fs::read_dir(scratch.path()).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn leaves_no_process_and_no_directory() {
    if !cage::enter("interrupted::leaves_no_process_and_no_directory") {
        return;
    }
    interrupt(&[]);
    interrupt(&["--no-sandbox"]);
}
