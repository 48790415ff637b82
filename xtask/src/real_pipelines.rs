//! `cargo xtask real-pipelines`: rehearses workflows of public repositories, where their files are
//! there, and holds `docs/real-pipelines.md` against what comes of it.
//!
//! As an ordinary user, and with every layer of isolation: the files are strangers'.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Outcome;
use crate::process::{Failure, output, step};
use crate::tree;

/// `owner__name`, as their folders are called.
const REPOSITORIES: &[&str] = &[
    "0xSoftBoi__suwappubot",
    "Amplify-Cost__ascend-sdk-python",
    "GeoSamples__sesar-rest-api",
    "OasisDEX__oasis-borrow",
    "UniquePixels__bot-sofari",
    "aipotheosis-labs__gate22",
    "cds-snc__ai-answers",
    "olivermolina__nextjs-aws-fargate",
    "onboard-github__onboard-be",
    "theijhay__dprod",
];
/// At least this many of them, with at least this many promises that were put to the test.
const WELL_EXERCISED: (usize, usize) = (6, 4);
/// Who has nothing, where this is run as root.
const NOBODY: &str = "65534";
const BEGIN: &str = "<!-- begin table -->\n";
const END: &str = "<!-- end table -->\n";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write the table of docs/real-pipelines.md anew instead of comparing it
    #[arg(long)]
    write: bool,
    /// Keep the reports in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let Some(corpus) = corpus() else {
        println!(
            "skipped: no folder of public workflows beside the repository (LOCKKEEPER_SHARED)"
        );
        return Ok(Outcome::Well);
    };
    step(Command::new("cargo").args(["build", "--quiet", "-p", "lockkeeper"]))?;
    let place = tempfile::Builder::new()
        .prefix("lockkeeper-real-")
        .tempdir_in("/var/tmp")
        .map_err(Failure::file(Path::new("/var/tmp")))?;
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path(), open).map_err(Failure::file(place.path()))?;
    let program = place.path().join("lockkeeper");
    fs::copy(tree::root().join("target/debug/lockkeeper"), &program)
        .map_err(Failure::file(&program))?;
    let mut found = Vec::new();
    for name in REPOSITORIES {
        let report = rehearse(&program, &corpus.join(name))?;
        println!("  {name}: {} promises judged", judged(&report).len());
        if let Some(keep) = &arguments.keep {
            fs::create_dir_all(keep).map_err(Failure::file(keep))?;
            let to = keep.join(format!("{name}.json"));
            fs::write(&to, format!("{report:#}\n")).map_err(Failure::file(&to))?;
        }
        found.push((*name, report));
    }
    let mut complaints = Vec::new();
    for (name, report) in &found {
        complaints.extend(unisolated(name, report));
    }
    let (repositories, promises) = WELL_EXERCISED;
    let well = found
        .iter()
        .filter(|(_, report)| judged(report).len() >= promises);
    let well = well.count();
    if well < repositories {
        complaints.push(format!(
            "only {well} repositories put {promises} promises to the test"
        ));
    }
    complaints.extend(document(&found, arguments.write)?);
    for complaint in &complaints {
        println!("  {complaint}");
    }
    Ok(match complaints.is_empty() {
        true => Outcome::Well,
        false => Outcome::Findings,
    })
}

fn corpus() -> Option<PathBuf> {
    let shared = match std::env::var_os("LOCKKEEPER_SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => tree::root().join("../shared"),
    };
    let workflows = shared.join("corpus/workflows");
    workflows.is_dir().then_some(workflows)
}

fn rehearse(program: &Path, directory: &Path) -> Result<Value, Failure> {
    let mut words: Vec<&str> = Vec::new();
    if rustix::process::geteuid().is_root() {
        words.extend(["setpriv", "--reuid", NOBODY, "--regid", NOBODY]);
        words.push("--clear-groups");
    }
    words.extend(["timeout", "-k", "5", "300"]);
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .arg(program)
        .args(["rehearse", "--format", "json", "--workflows"])
        .arg(directory)
        .current_dir("/")
        .env_remove("TMPDIR");
    let output = output(&mut command)?;
    serde_json::from_slice(&output.stdout).map_err(|error| Failure::Broken {
        program: "lockkeeper",
        why: format!("{}: {error}", directory.display()),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// What isolation lacked on this machine.
fn unisolated(name: &str, report: &Value) -> Vec<String> {
    // Where no story was played no machine is told of; the look before the stories had the same.
    let stories = report["scenarios"].as_array().into_iter().flatten();
    if stories
        .into_iter()
        .all(|story| story["verdict"] == "not_played")
    {
        return Vec::new();
    }
    let layers = ["namespaces", "landlock", "seccomp", "signals"];
    let missing = layers
        .into_iter()
        .filter(|layer| report["isolation"][layer] != true)
        .map(|layer| format!("{name}: without {layer}"));
    missing.collect()
}

/// The promises that were put to the test with the declared settings: true where kept.
fn judged(report: &Value) -> BTreeMap<String, bool> {
    let promises = report["promises"].as_array().into_iter().flatten();
    promises
        .filter_map(|promise| {
            let id = promise["id"].as_str()?.to_owned();
            match promise["verdict"].as_str()? {
                "kept" => Some((id, true)),
                "broken" => Some((id, false)),
                _ => None,
            }
        })
        .collect()
}

fn table(found: &[(&str, Value)]) -> String {
    let mut text = String::from(
        "| repository | stories played | kept | broken | assumed | not modelled |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (name, report) in found {
        let count = |member: &str| report[member].as_array().map_or(0, Vec::len);
        let stories = report["scenarios"].as_array().into_iter().flatten();
        let played = stories.filter(|story| story["verdict"] != "not_played");
        let judged = judged(report);
        let kept = judged.values().filter(|kept| **kept).count();
        text.push_str(&format!(
            "| {} | {} | {kept} | {} | {} | {} |\n",
            name.replacen("__", "/", 1),
            played.count(),
            judged.len() - kept,
            count("assumptions"),
            count("not_modelled"),
        ));
    }
    text
}

/// Compares the page, or writes its table; whatever is wrong with it, in words.
fn document(found: &[(&str, Value)], write: bool) -> Result<Vec<String>, Failure> {
    let path = tree::root().join("docs/real-pipelines.md");
    let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let parts = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let Some((before, (old, after))) = parts else {
        return Ok(vec![format!("{} has no table", path.display())]);
    };
    let new = table(found);
    let mut complaints = Vec::new();
    if write {
        let text = format!("{before}{BEGIN}{new}{END}{after}");
        fs::write(&path, text).map_err(Failure::file(&path))?;
    } else if old != new {
        complaints.push("the table differs: `cargo xtask real-pipelines --write`".to_owned());
    }
    let read = readings(after);
    for (name, report) in found {
        let name = name.replacen("__", "/", 1);
        let broken: BTreeSet<String> = judged(report)
            .into_iter()
            .filter_map(|(id, kept)| (!kept).then_some(id))
            .collect();
        let read = read.get(name.as_str()).cloned().unwrap_or_default();
        for id in broken.difference(&read) {
            complaints.push(format!("{name}: nobody has confirmed that {id} is broken"));
        }
        for id in read.difference(&broken) {
            complaints.push(format!("{name}: {id} is not broken, and the page says so"));
        }
    }
    Ok(complaints)
}

/// The promises that somebody has read to be broken, by repository: items under its heading.
fn readings(text: &str) -> BTreeMap<&str, BTreeSet<String>> {
    let mut read: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut repository = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            repository = Some(name);
        } else if let (Some(name), Some(item)) = (repository, line.strip_prefix("- `")) {
            let ids = item.split(':').next().unwrap_or_default();
            let ids = ids.split('`').filter(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            });
            read.entry(name).or_default().extend(ids.map(str::to_owned));
        }
    }
    read
}
