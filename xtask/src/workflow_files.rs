//! Workflow files to judge and measure with: our own, what is generated for the example, and those of
//! public repositories where they lie beside this one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Failure, output, text};
use crate::tree::{copy_of_example, files, lockkeeper_command, root};

pub(crate) struct WorkflowFile {
    /// The path, from the folder that it was found in.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Where third-party data lies, if it does.
fn shared() -> PathBuf {
    std::env::var_os("LOCKKEEPER_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from)
}

/// Workflows of public repositories; says so where they are absent.
pub(crate) fn public() -> Result<Vec<WorkflowFile>, Failure> {
    let folder = shared().join("corpus/workflows");
    if !folder.is_dir() {
        println!("  left out: no workflows of public repositories beside this one");
        return Ok(Vec::new());
    }
    below(&folder)
}

/// Workflows of the examples, and those that are generated for one.
pub(crate) fn own() -> Result<Vec<WorkflowFile>, Failure> {
    let mut found = below(&root().join("examples"))?;
    let copy = copy_of_example()?;
    let generated = output(&mut lockkeeper_command(&["generate"], &copy.path))?;
    if !generated.status.success() {
        return Err(Failure::Setup(text(&generated)));
    }
    found.extend(below(&copy.path.join(".github/workflows"))?);
    Ok(found)
}

fn below(folder: &Path) -> Result<Vec<WorkflowFile>, Failure> {
    let mut found = Vec::new();
    for path in files(folder)? {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let public = folder.ends_with("workflows");
        let workflow = public || name.contains(".github/workflows/");
        if workflow && (name.ends_with(".yml") || name.ends_with(".yaml")) {
            let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
            found.push(WorkflowFile { name, text });
        }
    }
    Ok(found)
}
