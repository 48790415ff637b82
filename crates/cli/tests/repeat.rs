//! The same seed gives the same reports, byte for byte, also where the machine is busy.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Programs that keep every processor busy while it lives, and end by themselves after a minute of
/// computing if nobody ends them.
struct Load(Vec<Child>);

impl Load {
    fn on_all_processors() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let spawn = |_| {
            Command::new("bash")
                .args(["-c", "ulimit -t 60; while :; do :; done"])
                .stdin(Stdio::null())
                .spawn()
                .unwrap()
        };
        Self((0..processors.min(8)).map(spawn).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Every report of a rehearsal, by its name.
fn reports(into: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::create_dir(into).unwrap();
    let naive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/naive");
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("rehearse")
        .arg(naive)
        .args(["--seed", "7", "--format", "json"])
        .args(["--scenario", "two-merges", "--scenario", "bad-image-flaps"])
        .args(["--html", "page.html", "--junit", "tests.xml"])
        .args(["--trace", "trace.json", "--summary", "summary.md"])
        .args(["--events", "events.jsonl"])
        .current_dir(into)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let printed = String::from_utf8(output.stdout).unwrap();
    fs::write(into.join("report.json"), without_wall_times(&printed)).unwrap();
    let files = fs::read_dir(into).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    });
    files.collect()
}

/// The bytes as they are, but for how long playing took.
fn without_wall_times(report: &str) -> String {
    let mut parts = report.split("\"wall_seconds\":");
    let mut kept = parts.next().unwrap().to_owned();
    let mut times = 0;
    for part in parts {
        let end = part.find([',', '}', '\n']).unwrap();
        part[..end].trim().parse::<f64>().unwrap();
        kept.push_str(&part[end..]);
        times += 1;
    }
    assert!(times > 0, "{report}");
    kept
}

#[test]
fn ten_rehearsals_on_a_busy_machine_say_the_same() {
    let outside = tempfile::tempdir().unwrap();
    let first = reports(&outside.path().join("idle"));
    assert_eq!(first.len(), 6, "{:?}", first.keys());
    let _load = Load::on_all_processors();
    for time in 1..=10 {
        let again = reports(&outside.path().join(time.to_string()));
        for (name, bytes) in &first {
            assert!(
                again.get(name) == Some(bytes),
                "{name} differs, time {time}"
            );
        }
    }
}
