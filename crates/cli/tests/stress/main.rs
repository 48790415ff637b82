//! Many small scripts, each played under every condition: their histories are equal, seed by seed.
//!
//! `cargo xtask stress` plays many more of them than `cargo test`: `LOCKKEEPER_STRESS_PLAYS` says
//! how many. A seed that fails is played alone with `LOCKKEEPER_STRESS_SEED`.

mod conditions;
mod container;
mod load;
mod play;
mod scripts;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use conditions::{CONDITIONS, Condition};
use play::Played;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The histories of one script that differ from the first, worded.
fn disagreements(seed: u64, usable: &[&Condition]) -> Vec<String> {
    let script = scripts::draw(seed);
    let mut expected: Option<(&Condition, Played)> = None;
    let mut found = Vec::new();
    for condition in usable {
        let played = play::play(&script, seed, condition);
        match &expected {
            None => expected = Some((condition, played)),
            Some((first, wanted)) if *wanted != played => found.push(format!(
                "seed {seed}: {} and {} differ\n--- script\n{script}--- {}\n{wanted}--- {}\n{played}",
                first.name, condition.name, first.name, condition.name
            )),
            Some(_) => {}
        }
    }
    found
}

#[test]
fn one_seed_has_one_history_whatever_the_conditions() {
    if container::is_inside() {
        container::enter();
    }
    let usable: Vec<&Condition> = CONDITIONS
        .iter()
        .filter(|condition| condition.is_usable())
        .collect();
    for condition in CONDITIONS {
        if !condition.is_usable() {
            println!("left out here: {}", condition.name);
        }
    }
    let plays = number("LOCKKEEPER_STRESS_PLAYS").unwrap_or(120);
    let rounds = plays.div_ceil(usable.len() as u64).max(1);
    let only = number("LOCKKEEPER_STRESS_SEED");
    let first = only.unwrap_or(1);
    let end = only.map_or(first + rounds, |seed| seed + 1);
    let next = AtomicU64::new(first);
    let found: Mutex<Vec<String>> = Mutex::default();
    let began = std::time::Instant::now();
    for loaded in [false, true] {
        let _load = loaded.then(load::Load::start);
        next.store(first, Ordering::Relaxed);
        // Half of the conditions each: both halves begin with the same one, so that they compare.
        let chosen: Vec<&Condition> = usable
            .iter()
            .copied()
            .filter(|condition| condition.loaded == loaded || std::ptr::eq(*condition, usable[0]))
            .collect();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= end {
                            return;
                        }
                        let new = disagreements(seed, &chosen);
                        let mut found = found.lock().expect("no panic");
                        found.extend(new);
                        let done = seed - first + 1;
                        if done.is_multiple_of(100) {
                            println!(
                                "{}: {done} of {} seeds, {} differences, {} s",
                                if loaded { "loaded" } else { "unloaded" },
                                end - first,
                                found.len(),
                                began.elapsed().as_secs()
                            );
                        }
                    }
                });
            }
        });
    }
    let found = found.into_inner().expect("no panic");
    println!(
        "{} scripts under {} conditions: {} differ",
        end - first,
        usable.len(),
        found.len()
    );
    assert!(
        found.is_empty(),
        "{} differences, the first:\n{}",
        found.len(),
        found[0]
    );
}

/// The same, where a container runtime's filter refuses what it refuses by default.
#[test]
fn one_seed_has_one_history_in_a_container() {
    if container::is_inside() {
        return;
    }
    let plays = (number("LOCKKEEPER_STRESS_PLAYS").unwrap_or(120) / 4).to_string();
    let output = container::command("one_seed_has_one_history_whatever_the_conditions")
        .env("LOCKKEEPER_STRESS_PLAYS", plays)
        .output()
        .expect("this test starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    println!("in a container: {text}");
}

/// What isolation is left there, and that the engine says so.
#[test]
fn a_container_leaves_landlock_and_seccomp() {
    if !container::is_inside() {
        let output = container::command("a_container_leaves_landlock_and_seccomp")
            .output()
            .expect("this test starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        return;
    }
    container::enter();
    let condition = &CONDITIONS[0];
    let mut engine = lockkeeper_rehearsal::engine::Engine::new(condition.options()).expect("one");
    engine.open(&[], 1, 0).expect("a machine");
    let layers = engine.layers().expect("it was started");
    assert!(!layers.namespaces && layers.seccomp, "{layers:?}");
}
