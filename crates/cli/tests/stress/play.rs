//! Plays one script: the seed picks which waiting call is answered, time jumps when none is left.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockkeeper_rehearsal::engine::{CallId, Engine, Step};

use super::conditions::Condition;
use super::scripts::Chance;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Played {
    history: Vec<String>,
    output: String,
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.history {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "> {}", self.output.replace('\n', "\n> "))
    }
}

/// One of the processors of this process, each in its turn.
pub(crate) fn processor() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let all: Vec<usize> = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|text| {
            let line = text
                .lines()
                .find_map(|l| l.strip_prefix("Cpus_allowed_list:"))?;
            let mut all = Vec::new();
            for part in line.trim().split(',') {
                let (first, last) = part.split_once('-').unwrap_or((part, part));
                all.extend(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?);
            }
            Some(all)
        })
        .unwrap_or_default();
    let at = NEXT.fetch_add(1, Ordering::Relaxed);
    all.get(at % all.len().max(1)).copied().unwrap_or_default()
}

pub(crate) fn play(script: &str, seed: u64, condition: &Condition) -> Played {
    let (script, options) = (script.to_owned(), condition.options());
    // On a thread of its own, which a pinned engine binds.
    let thread = std::thread::spawn(move || {
        let mut engine = Engine::new(options).expect("an engine");
        play_in(&mut engine, &script, seed)
    });
    thread.join().expect("no panic")
}

pub(crate) fn play_in(engine: &mut Engine, script: &str, seed: u64) -> Played {
    let tools = ["aws", "curl", "sleep"];
    let machine = engine.open(&tools, seed, 0).expect("a machine");
    let (directory, inside) = engine.directories(machine).expect("it is there");
    let (directory, inside) = (directory.to_owned(), inside.to_owned());
    std::fs::write(directory.join("rw/temp/step.sh"), script).expect("the script");
    engine.set_clock(1_772_442_000_000_000_000);
    let entry = inside.join("rw/temp/step.sh").display().to_string();
    let path = format!("{}:/usr/bin:/bin", inside.join("bin").display());
    let step = Step {
        argv: vec!["bash".into(), "-o".into(), "pipefail".into(), entry],
        env: vec![
            ("PATH".into(), path),
            ("HOME".into(), inside.join("rw/home").display().to_string()),
            ("TMPDIR".into(), inside.join("rw/tmp").display().to_string()),
        ],
        cwd: inside.join("rw/work"),
    };
    engine.start(machine, 0, &step).expect("it starts");
    let mut chance = Chance::new(seed);
    let (mut history, mut output) = (Vec::new(), Vec::new());
    let mut asleep: Vec<(u64, CallId)> = Vec::new();
    let mut now = 0;
    for _ in 0..2000 {
        engine.settle().expect("it settles");
        output.extend(engine.take_output(machine).remove(&0).unwrap_or_default());
        for (_, _, happening) in engine.take_happenings() {
            history.push(format!("{now} {happening:?}"));
        }
        asleep.retain(|(_, call)| engine.is_waiting(*call));
        let fresh: Vec<CallId> = engine
            .waiting_calls()
            .into_iter()
            .filter(|call| asleep.iter().all(|(_, other)| other != call))
            .collect();
        if !fresh.is_empty() {
            // Also how many there were to choose from is part of the history.
            let call = fresh[chance.below(fresh.len())];
            let argv = engine.invocation(call).expect("it waits").argv.clone();
            history.push(format!("{now} of {} {}", fresh.len(), argv.join(" ")));
            if argv[0] == "sleep" {
                let seconds: f64 = argv[1].parse().expect("seconds");
                asleep.push((now + (seconds * 1000.0) as u64, call));
            } else {
                engine.print(call, format!("<{}>\n", argv[1..].join(" ")).as_bytes(), b"");
                engine.exit(call, i32::from(argv.get(1).is_some_and(|arg| arg == "bad")));
            }
            continue;
        }
        // Of several that end at once, the first to have begun.
        asleep.sort_by_key(|(until, _)| *until);
        if asleep.is_empty() {
            break;
        }
        let (until, call) = asleep.remove(0);
        now = until;
        engine.set_clock(1_772_442_000_000_000_000 + now * 1_000_000);
        engine.exit(call, 0);
    }
    history.extend(engine.notes().iter().map(|note| format!("note: {note}")));
    engine.close(machine);
    let output = String::from_utf8_lossy(&output).into_owned();
    Played { history, output }
}
