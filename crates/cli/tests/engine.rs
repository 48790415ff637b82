//! Real processes, watched until they wait.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lockkeeper_rehearsal::engine::{Engine, Happening, MachineId, Options, Signal, Step};

struct Played {
    /// What was asked and answered, in order, then how the step ended.
    history: Vec<String>,
    output: String,
}

fn engine() -> Engine {
    Engine::new(Options {
        executable: PathBuf::from(env!("CARGO_BIN_EXE_lockkeeper")),
        no_sandbox: false,
        strangers: false,
        patience: Duration::from_secs(20),
        processor: Some(0),
        real: Vec::new(),
    })
    .expect("an engine")
}

fn start(engine: &mut Engine, script: &str) -> (MachineId, PathBuf) {
    let machine = engine
        .open(&["aws", "curl", "sleep"], 7, 0)
        .expect("a machine");
    let (directory, inside) = engine.directories(machine).expect("it is there");
    let (directory, inside) = (directory.to_owned(), inside.to_owned());
    std::fs::write(directory.join("rw/temp/step.sh"), script).expect("the script");
    engine.set_clock(1_772_442_000_000_000_000);
    let step = Step {
        argv: ["bash", "-e", "-o", "pipefail"]
            .map(String::from)
            .into_iter()
            .chain([inside.join("rw/temp/step.sh").display().to_string()])
            .collect(),
        env: vec![
            (
                "PATH".into(),
                format!(
                    "{}:/usr/local/bin:/usr/bin:/bin",
                    inside.join("bin").display()
                ),
            ),
            ("HOME".into(), inside.join("rw/home").display().to_string()),
        ],
        cwd: inside.join("rw/work"),
    };
    engine.start(machine, 0, &step).expect("it starts");
    (machine, directory)
}

/// Plays a script: every call but `sleep` is answered with its own arguments; of the sleeping ones
/// the first to end is woken when nothing else is left.
fn play(script: &str) -> Played {
    let mut engine = engine();
    let (machine, _) = start(&mut engine, script);
    let mut history = Vec::new();
    let mut output = Vec::new();
    let mut asleep: Vec<(f64, lockkeeper_rehearsal::engine::CallId)> = Vec::new();
    let mut now = 0.0;
    for _ in 0..500 {
        engine.settle().expect("it settles");
        output.extend(engine.take_output(machine).remove(&0).unwrap_or_default());
        if let Some((_, _, happening)) = engine.take_happenings().into_iter().next() {
            history.push(format!("{happening:?}"));
            break;
        }
        asleep.retain(|(_, call)| engine.is_waiting(*call));
        let fresh = engine
            .waiting_calls()
            .into_iter()
            .find(|call| asleep.iter().all(|(_, other)| other != call));
        if let Some(call) = fresh {
            let argv = engine.invocation(call).expect("it waits").argv.clone();
            history.push(format!("{now} {}", argv.join(" ")));
            if argv[0] == "sleep" {
                asleep.push((now + argv[1].parse::<f64>().expect("seconds"), call));
            } else {
                engine.print(call, format!("<{}>\n", argv[1..].join(" ")).as_bytes(), b"");
                engine.exit(call, 0);
            }
            continue;
        }
        asleep.sort_by(|a, b| a.0.total_cmp(&b.0));
        if asleep.is_empty() {
            history.push("stuck".into());
            break;
        }
        let (until, call) = asleep.remove(0);
        now = until;
        engine.exit(call, 0);
    }
    Played {
        history,
        output: String::from_utf8_lossy(&output).into_owned(),
    }
}

#[test]
fn a_pipeline_of_calls() {
    let played = play(
        "x=$(aws one | tr a-z A-Z | cat)\necho \"$x\"\nsleep 3\naws two | while read -r line; do echo \"got $line\"; done\nexit 4\n",
    );
    assert_eq!(
        played.history,
        ["0 aws one", "0 sleep 3", "3 aws two", "Exited(4)"]
    );
    assert_eq!(played.output, "<ONE>\ngot <two>\n");
}

#[test]
fn background_jobs_wait_in_their_own_order() {
    let script = "(sleep 2; aws b) & (sleep 1; aws a) & wait\nsleep 30 & pid=$!\nsleep 1\nkill $pid; wait $pid || echo \"killed $?\"\n";
    let played = play(script);
    assert_eq!(
        played.history,
        [
            "0 sleep 2",
            "0 sleep 1",
            "1 aws a",
            "2 aws b",
            "2 sleep 30",
            "2 sleep 1",
            "Exited(0)"
        ]
    );
    assert_eq!(played.output, "<a>\n<b>\nkilled 143\n");
}

#[test]
fn timeout_ends_a_command_in_virtual_time() {
    let played = play(
        "timeout 5 sleep 60 || echo \"ended $?\"\ntimeout 60 aws quick\ntimeout -k 2 1 bash -c 'trap \"\" TERM; while :; do sleep 1; done' || echo \"ended $?\"\n",
    );
    assert_eq!(played.output, "ended 124\n<quick>\nended 137\n");
    assert_eq!(played.history.last().map(String::as_str), Some("Exited(0)"));
}

#[test]
fn clock_and_chance_are_the_worlds() {
    let script =
        "date -u +%FT%TZ; echo $EPOCHSECONDS; mktemp -u; printf '%(%H:%M)T\\n' -1; echo $$\n";
    let first = play(script);
    assert!(
        first
            .output
            .starts_with("2026-03-02T09:00:00Z\n1772442000\n"),
        "{}",
        first.output
    );
    for _ in 0..3 {
        assert_eq!(play(script).output, first.output);
    }
}

#[test]
fn strangers_reach_neither_network_nor_files() {
    let home = tempfile::tempdir().expect("a decoy home");
    std::fs::write(home.path().join("secret"), "decoy").expect("a decoy");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a decoy listener");
    listener.set_nonblocking(true).expect("it does not block");
    let port = listener.local_addr().expect("it has an address").port();
    let decoy = home.path().display().to_string();
    let script = format!(
        "set +e\ncat {decoy}/secret && echo READ\necho x > {decoy}/new && echo WROTE\nrm -rf {decoy} 2>/dev/null\nexec 3<>/dev/tcp/127.0.0.1/{port} && echo CONNECTED\ntouch /usr/lockkeeper-test && echo TOUCHED\necho \"$HOME\" > $HOME/ok && cat $HOME/ok\nenv | grep -c -i -E 'cargo|token|secret'\n"
    );
    let played = play(&script);
    for word in ["READ", "WROTE", "CONNECTED", "TOUCHED"] {
        assert!(
            !played.output.lines().any(|line| line == word),
            "{word}: {}",
            played.output
        );
    }
    assert!(played.output.contains("rw/home\n0\n"), "{}", played.output);
    assert!(home.path().join("secret").exists() && !home.path().join("new").exists());
    assert!(listener.accept().is_err(), "nobody connected");
}

#[test]
fn signals_go_to_the_entry_process_alone() {
    let mut engine = engine();
    let (machine, directory) = start(
        &mut engine,
        "trap 'echo caught; exit 130' INT\nsleep 100 & wait $!\n",
    );
    engine.settle().expect("it settles");
    assert_eq!(engine.waiting_calls().len(), 1);
    engine
        .signal(machine, 0, Signal::Interrupt)
        .expect("it is signalled");
    engine.settle().expect("it settles");
    assert_eq!(
        String::from_utf8_lossy(&engine.take_output(machine).remove(&0).unwrap_or_default()),
        "caught\n"
    );
    assert_eq!(
        engine.take_happenings(),
        [(machine, 0, Happening::Exited(130))]
    );
    assert_eq!(
        engine.waiting_calls().len(),
        1,
        "the background sleep is left behind"
    );
    engine.kill(machine, None).expect("it is killed");
    engine.settle().expect("it settles");
    assert!(engine.waiting_calls().is_empty());
    engine.close(machine);
    assert!(!Path::new(&directory).exists());
}
