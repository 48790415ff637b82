//! Files, network and processes outside a machine.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::cage;
use crate::played::{Played, play};

/// Plays it as always, then without the sandbox.
fn with_and_without(script: &str, between: impl FnOnce()) -> (Played, Played) {
    let kept = play(script, &[]);
    for layer in ["namespaces", "landlock", "seccomp", "signals"] {
        assert_eq!(kept.report["isolation"][layer], true, "{layer}");
    }
    assert_eq!(kept.report["isolation"]["process_limit"], "kernel");
    assert_eq!(kept.report["isolation"]["disk_limit"], "kernel");
    between();
    (kept, play(script, &["--no-sandbox"]))
}

#[test]
fn a_home_directory_is_neither_read_nor_deleted() {
    if !cage::enter("reach::a_home_directory_is_neither_read_nor_deleted") {
        return;
    }
    let home = cage::directory();
    let secret = home.path().join("secret");
    let fill = || std::fs::write(&secret, "a decoy").expect("a decoy");
    fill();
    let home = home.path().display();
    let script = format!(
        "set +e\n\
         cat {home}/secret >/dev/null 2>&1 && echo READ\n\
         ls {home} >/dev/null 2>&1 && echo LISTED\n\
         echo x 2>/dev/null >{home}/new && echo WROTE\n\
         ln -s {home}/secret link; cat link >/dev/null 2>&1 && echo FOLLOWED\n\
         rm -rf {home}/* 2>/dev/null; [ -e {home}/secret ] || echo GONE\n\
         rm -rf \"$HOME\"/* ./* && echo OWN\n\
         exit 0"
    );
    let (kept, open) = with_and_without(&script, || {
        assert_eq!(
            std::fs::read_to_string(&secret).expect("it is there"),
            "a decoy"
        );
    });
    for word in ["READ", "LISTED", "WROTE", "FOLLOWED"] {
        assert!(!kept.has_said(word), "{word}");
        assert!(open.has_said(word), "{word} without the sandbox");
    }
    assert!(kept.has_said("OWN"), "its own files are its own");
    assert!(!secret.exists(), "the decoy was there to be deleted");
    assert_eq!(kept.conclusions(), ["success"]);
}

#[test]
fn no_listener_is_reached() {
    if !cage::enter("reach::no_listener_is_reached") {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a decoy");
    listener.set_nonblocking(true).expect("it does not wait");
    let port = listener.local_addr().expect("it has one").port();
    let curl = Path::new("/usr/bin/curl").exists();
    if !curl {
        println!("skipped: there is no /usr/bin/curl, so only bash connects");
    }
    // The listener never answers, so that what connects ends by its own limit of a second.
    let script = format!(
        "set +e\n\
         (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo CONNECTED\n\
         if [ -x /usr/bin/curl ]; then\n\
           /usr/bin/curl -sS -m 1 http://127.0.0.1:{port}/ 2>err\n\
           [ $? = 28 ] && echo ASKED\n\
         fi\n\
         exit 0"
    );
    let (kept, open) = with_and_without(&script, || {
        let refused = listener.accept().expect_err("nobody has connected");
        assert_eq!(refused.kind(), std::io::ErrorKind::WouldBlock);
    });
    assert!(!kept.has_said("CONNECTED") && open.has_said("CONNECTED"));
    assert!(!kept.has_said("ASKED") && open.has_said("ASKED") == curl);
    assert!(
        listener.accept().is_ok(),
        "the decoy was there to be reached"
    );
    assert_eq!(kept.conclusions(), ["success"]);
}

fn decoy() -> Child {
    let mut command = Command::new("sleep");
    command.arg("200").stdin(Stdio::null());
    command.spawn().expect("a decoy")
}

#[test]
fn no_process_outside_is_signalled() {
    if !cage::enter("reach::no_process_outside_is_signalled") {
        return;
    }
    let mut decoy = decoy();
    let pid = decoy.id();
    let script = format!("kill -9 {pid} 2>/dev/null && echo SENT\nexit 0");
    let mut alive = None;
    let (kept, open) = with_and_without(&script, || {
        alive = Some(decoy.try_wait().expect("it is asked").is_none());
    });
    assert_eq!(alive, Some(true));
    assert!(!kept.has_said("SENT"));
    assert!(open.has_said("SENT"), "the decoy was there to be signalled");
    assert!(!decoy.wait().expect("it has ended").success());
    // To everybody: reaches the machine's own processes, which is itself no harm.
    let mut decoy = self::decoy();
    let kept = play("sleep 900 & kill -9 -1\necho SENT\n", &[]);
    assert!(decoy.try_wait().expect("it is asked").is_none());
    assert!(kept.has_said("SENT"), "bash does not signal itself");
    decoy.kill().expect("our own child");
    decoy.wait().expect("it has ended");
}

#[test]
fn no_namespace_and_no_terminal_is_had() {
    if !cage::enter("reach::no_namespace_and_no_terminal_is_had") {
        return;
    }
    let script = "set +e\n\
         unshare --user true 2>/dev/null && echo UNSHARED\n\
         (exec 3<>/dev/tty) 2>/dev/null && echo TYPED\n\
         echo x 2>/dev/null >/proc/sys/kernel/pid_max && echo SET\n\
         mount -t tmpfs none tmp 2>/dev/null && echo MOUNTED\n\
         exit 0";
    let (kept, open) = with_and_without(script, || ());
    assert!(open.has_said("UNSHARED"));
    assert_eq!(
        kept.said.iter().filter(|line| line.ends_with("ED")).count(),
        0
    );
    assert!(!kept.has_said("SET"));
}
