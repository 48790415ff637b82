//! Scripts that steps run, and directories that they run in.

use lockkeeper_workflow as wf;

use super::{Site, StandIn, join};

/// Build tools that repositories carry along.
const WRAPPERS: &[&str] = &["gradlew", "mvnw", "artisan"];
/// Ends of names of files that are run, with how a comment begins.
const SCRIPTS: &[(&str, &str)] = &[(".sh", "#"), (".py", "#"), (".rb", "#")];

pub(super) fn named(site: Site<'_>, step: &wf::Step, wanted: &mut Vec<StandIn>) {
    let wf::StepKind::Run { script, .. } = &step.kind else {
        return;
    };
    let Some(directory) = site.directory(step) else {
        return;
    };
    if !directory.is_empty() {
        wanted.push(kept(&directory));
    }
    let mut here = directory;
    for line in script.source().lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        if let Some(to) = line.strip_prefix("cd ")
            && let Some(to) = join(&here, to.split([' ', ';', '&']).next().unwrap_or(to))
            && !to.is_empty()
        {
            wanted.push(kept(&to));
            here = to;
            continue;
        }
        let mut words = line.split(|c: char| c.is_whitespace() || "\"';|&()=,`".contains(c));
        while let Some(word) = words.next() {
            // What is written to is made by the script itself, in a directory that must be there.
            let (redirect, target) = match word.find(['<', '>']) {
                Some(at) => {
                    let end = word.rfind(['<', '>']).map_or(at, |end| end + 1);
                    (&word[at..end], &word[end..])
                }
                None => ("", word),
            };
            let target = match (redirect, target) {
                ("", word) => word,
                (_, "") => words.find(|word| !word.is_empty()).unwrap_or_default(),
                (_, target) => target,
            };
            if target.contains([':', '$', '{', '<', '>']) {
                continue;
            }
            match redirect {
                "" => wanted.extend(script_of(&here, target)),
                "<" => wanted.extend(read_file(&here, target)),
                ">" | ">>" => wanted.extend(written_into(&here, target)),
                _ => {}
            }
        }
    }
}

/// A file that is read: an empty one.
fn read_file(directory: &str, word: &str) -> Option<StandIn> {
    let path = join(directory, word).filter(|path| !path.is_empty())?;
    Some(StandIn {
        path,
        executable: false,
        contents: String::new(),
        what: "an empty file stands in for it".into(),
    })
}

/// The directory of a file that is written.
fn written_into(directory: &str, word: &str) -> Option<StandIn> {
    let path = join(directory, word)?;
    let (directory, _) = path.rsplit_once('/')?;
    Some(kept(directory))
}

fn script_of(directory: &str, word: &str) -> Option<StandIn> {
    let name = word.rsplit('/').next()?;
    let comment = SCRIPTS
        .iter()
        .find(|(end, _)| name.len() > end.len() && name.ends_with(end))
        .map(|(_, comment)| *comment);
    let wrapper = WRAPPERS.contains(&name) && (word == name || word.starts_with("./"));
    if comment.is_none() && !wrapper {
        return None;
    }
    let contents = match name.ends_with(".py") || name.ends_with(".rb") {
        true => "# stand-in\n",
        false => "#!/bin/sh\n# stand-in\n",
    };
    Some(StandIn {
        path: join(directory, word)?,
        executable: true,
        contents: contents.into(),
        what: "a script that succeeds and prints nothing stands in for it".into(),
    })
}

fn kept(directory: &str) -> StandIn {
    StandIn {
        path: format!("{directory}/.keep"),
        executable: false,
        contents: String::new(),
        what: "the directory is there, and otherwise empty".into(),
    }
}
