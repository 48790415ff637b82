//! What workflow files spell out about the place that they deploy to, and the repository that they
//! expect to be in: for pipelines whose rules do not say so.

mod branch;
mod place;
mod slug;

use std::collections::BTreeMap;
use std::sync::Arc;

use lockkeeper_names::{AccountId, BranchName, Region, RepositorySlug};

use crate::stage::Loaded;

/// What is spelled out, each with where.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Written {
    pub(crate) account: Option<Found<AccountId>>,
    pub(crate) region: Option<Found<Region>>,
    pub(crate) branch: Option<Found<BranchName>>,
    pub(crate) slug: Option<Found<RepositorySlug>>,
}

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found<T> {
    pub(crate) value: T,
    pub(crate) file: String,
    pub(crate) line: usize,
    /// Other values that stand in the same role.
    pub(crate) others: Vec<String>,
}

impl Written {
    pub(crate) fn read(workflows: &[Arc<Loaded>]) -> Self {
        Self {
            account: place::account(workflows),
            region: place::region(workflows),
            branch: branch::branch(workflows),
            slug: slug::slug(workflows),
        }
    }

    /// What was concluded, in sentences.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(found) = &self.account {
            lines.push(found.sentence("the AWS account is"));
        }
        if let Some(found) = &self.region {
            lines.push(found.sentence("the AWS region is"));
        }
        if let Some(found) = &self.branch {
            lines.push(found.sentence("changes are merged into the branch"));
        }
        if let Some(found) = &self.slug {
            lines.push(found.sentence("the repository is"));
        }
        lines
    }
}

impl<T: ToString> Found<T> {
    fn sentence(&self, what: &str) -> String {
        let Self {
            value, file, line, ..
        } = self;
        let mut text = format!("{what} {}, as {file}:{line} says", value.to_string());
        if !self.others.is_empty() {
            text.push_str(&format!("; not {}", self.others.join(" or ")));
        }
        text
    }
}

/// The lines of a workflow that are no comments, with their numbers.
fn lines(loaded: &Loaded) -> impl Iterator<Item = (usize, &str)> {
    let lines = loaded.text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with('#'))
        .map(|(at, line)| (at + 1, line))
}

/// The value that stands most often, the first of those that do.
fn most_often<T: Clone + Ord + ToString>(
    all: impl IntoIterator<Item = (T, String, usize)>,
) -> Option<Found<T>> {
    let mut counted: Vec<(Found<T>, usize)> = Vec::new();
    let mut at: BTreeMap<T, usize> = BTreeMap::new();
    for (value, file, line) in all {
        let index = *at.entry(value.clone()).or_insert_with(|| {
            let others = Vec::new();
            counted.push((
                Found {
                    value,
                    file,
                    line,
                    others,
                },
                0,
            ));
            counted.len() - 1
        });
        counted[index].1 += 1;
    }
    let most = counted.iter().map(|(_, count)| *count).max()?;
    let index = counted.iter().position(|(_, count)| *count == most)?;
    let (mut found, _) = counted.remove(index);
    found.others = counted
        .iter()
        .map(|(other, _)| other.value.to_string())
        .collect();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Library;

    fn read(files: &[(&str, &str)]) -> Written {
        let library = Library::default();
        let loaded: Vec<_> = files
            .iter()
            .map(|(name, text)| library.read(name, text).unwrap())
            .collect();
        Written::read(&loaded)
    }

    #[test]
    fn place_branch_and_repository_are_read() {
        let written = read(&[
            (
                "a.yml",
                "on: {push: {branches: ['feature/**']}}\njobs: {a: {runs-on: x, steps: [{run: echo}]}}",
            ),
            (
                "deploy.yml",
                "on: {push: {branches: [trunk, dev]}}\n# arn:aws:iam::999999999999:role/old in us-west-1\njobs:\n  ship:\n    runs-on: ubuntu-24.04\n    if: github.repository == 'acme/shop'\n    env: {AWS_REGION: eu-north-1}\n    steps:\n      - run: aws ecs update-service --cluster c --service s\n      - run: docker push 210987654321.dkr.ecr.eu-north-1.amazonaws.com/shop:1\n",
            ),
        ]);
        assert_eq!(
            written.account.as_ref().unwrap().value.as_str(),
            "210987654321"
        );
        assert_eq!(
            written.region.as_ref().unwrap().value.as_str(),
            "eu-north-1"
        );
        assert_eq!(written.branch.as_ref().unwrap().value.as_str(), "trunk");
        assert_eq!(written.slug.as_ref().unwrap().value.as_str(), "acme/shop");
        assert_eq!(
            written.sentences()[0],
            "the AWS account is 210987654321, as deploy.yml:10 says"
        );
        assert_eq!(
            written.sentences()[2],
            "changes are merged into the branch trunk, as deploy.yml:1 says; not dev"
        );
    }

    #[test]
    fn what_nobody_says_is_not_found() {
        let written = read(&[(
            "ci.yml",
            "on: pull_request\njobs: {a: {runs-on: x, steps: [{run: 'echo 123456789012 us-east-1'}]}}",
        )]);
        assert_eq!(written, Written::default());
    }
}
