//! Shows that each judge can say no.

use std::fs;

use tempfile::TempDir;

use super::{Judge, Tools};
use crate::Outcome;
use crate::process::Failure;

pub(super) fn run(judges: &[&Judge], tools: &Tools) -> Result<Outcome, Failure> {
    println!("judges: each is given a bad file, and one that is not there");
    let dir = TempDir::with_prefix("lockkeeper-bad-")
        .map_err(|error| Failure::Setup(format!("no temporary folder: {error}")))?;
    let mut outcome = Outcome::Well;
    for judge in judges {
        let complaint = complaint(judge, tools, &dir)?;
        println!(
            "  {:<16} {}",
            judge.name,
            complaint.as_deref().unwrap_or("objects")
        );
        if complaint.is_some() {
            outcome = Outcome::Findings;
        }
    }
    Ok(outcome)
}

/// What is wrong with a judge, if anything.
fn complaint(judge: &Judge, tools: &Tools, dir: &TempDir) -> Result<Option<String>, Failure> {
    let bad = &judge.bad;
    if !(judge.takes)(bad.path.as_ref()) {
        return Ok(Some(format!("WOULD NOT BE GIVEN {}", bad.path)));
    }
    let file = dir.path().join(bad.path);
    let folder = file.parent().unwrap_or(dir.path());
    fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    fs::write(&file, bad.text).map_err(Failure::file(&file))?;
    let Some(findings) = judge.judge(tools, std::slice::from_ref(&file))? else {
        return Ok(Some("FINDS NOTHING IN A BAD FILE".into()));
    };
    if let Some(missing) = bad
        .objections
        .iter()
        .find(|objection| !findings.contains(*objection))
    {
        return Ok(Some(format!("DOES NOT MENTION {missing}\n{findings}")));
    }
    match judge.judge(tools, &[folder.join("not-there.yml")]) {
        Ok(None) => Ok(Some("IS CONTENT WITH A FILE THAT IS NOT THERE".into())),
        Ok(Some(_)) | Err(Failure::Broken { .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}
