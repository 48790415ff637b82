//! Workflows of a repository that is not ours, perhaps without the repository around them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lockkeeper_names::RepositorySlug;
use lockkeeper_policy::Policy;

use crate::rehearse::{RehearsalError, Request};
use crate::repository::{File, read_files};
use crate::stage::Loaded;
use crate::survey::{Written, any_account, stand_ins};

/// The files of a stranger's repository.
pub(crate) struct Strangers {
    pub(crate) files: BTreeMap<String, File>,
    /// Only the workflows are there: what else they name has to be stood in for.
    pub(crate) partial: bool,
}

/// Where GitHub looks for workflows.
pub(crate) const WORKFLOWS: &str = ".github/workflows/";

/// Whether a file of a workflow directory is a workflow.
pub(crate) fn is_workflow(name: &str) -> bool {
    !name.contains('/') && (name.ends_with(".yml") || name.ends_with(".yaml"))
}

/// Reads a repository's root, or a directory of workflow files.
pub(crate) fn read(directory: &Path) -> Result<Strangers, RehearsalError> {
    if !directory.is_dir() {
        return Err(RehearsalError::NotADirectory(
            directory.display().to_string(),
        ));
    }
    let whole = directory.join(WORKFLOWS).is_dir();
    let files = read_files(directory)?;
    if whole {
        return Ok(Strangers {
            files,
            partial: false,
        });
    }
    if !files.keys().any(|name| is_workflow(name)) {
        return Err(RehearsalError::NoWorkflowsOfStrangers(
            directory.display().to_string(),
        ));
    }
    let files = files
        .into_iter()
        .map(|(name, file)| (format!("{WORKFLOWS}{name}"), file))
        .collect();
    Ok(Strangers {
        files,
        partial: true,
    })
}

/// What a pipeline's own files say, where no rules do.
pub(crate) struct Foreign {
    pub(crate) policy: Policy,
    pub(crate) written: Option<Written>,
    pub(crate) slug: Option<RepositorySlug>,
    /// What was concluded and assumed.
    pub(crate) sentences: Vec<String>,
}

impl Foreign {
    /// Reads what workflows spell out, and puts stand-ins for what is missing among the files.
    pub(crate) fn prepare(
        request: &Request,
        partial: bool,
        workflows: &[Arc<Loaded>],
        files: &mut BTreeMap<String, File>,
    ) -> Self {
        let policy = request.policy.clone();
        if !request.strangers {
            return Self {
                policy,
                written: None,
                slug: None,
                sentences: Vec::new(),
            };
        }
        let written = Written::read(workflows);
        let mut sentences = written.sentences();
        let mut policy = policy;
        // Rules that name no service say nothing of this pipeline.
        if let (true, Some(branch)) = (policy.services.is_empty(), &written.branch) {
            policy.production_branch = branch.value.clone();
        }
        if partial {
            let account = written.account.as_ref();
            let account = account.map_or_else(any_account, |found| found.value.clone());
            let found = stand_ins(workflows, &account, files);
            files.extend(found.files);
            sentences.extend(found.sentences);
        }
        Self {
            policy,
            slug: written.slug.as_ref().map(|slug| slug.value.clone()),
            written: Some(written),
            sentences,
        }
    }
}
