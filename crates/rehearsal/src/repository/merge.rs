//! Merge commits, as GitHub makes one for a pull request that can be merged
//! (`refs/pull/<n>/merge`).

use std::collections::BTreeMap;

use lockkeeper_names::CommitSha;
use sha1::{Digest, Sha1};

use super::{Change, File, Repository, git_command};

/// A merge of a commit into a branch's tip.
#[derive(Debug)]
pub struct Merge {
    pub sha: CommitSha,
    /// Whose files it has, but for [`Merge::files`].
    pub(super) head: CommitSha,
    pub(super) files: BTreeMap<String, File>,
    /// What a Git directory that has both parents lacks: objects by their names, as Git keeps them.
    objects: Vec<(String, Vec<u8>)>,
}

impl Merge {
    /// The objects that the merge adds: a path below `objects`, and what stands there.
    pub fn objects(&self) -> impl Iterator<Item = (String, &[u8])> {
        let path = |name: &str| format!("{}/{}", &name[..2], &name[2..]);
        self.objects
            .iter()
            .map(move |(name, bytes)| (path(name), bytes.as_slice()))
    }
}

impl Repository {
    /// The merge of `head` into `tip`; nothing where they conflict, or where there is nothing to
    /// merge.
    pub fn merge(&self, tip: &CommitSha, head: &CommitSha) -> Option<&Merge> {
        let made = self.merges.get(&(tip.clone(), head.clone()))?;
        made.get_or_init(|| self.make_merge(tip, head)).as_ref()
    }

    fn make_merge(&self, tip: &CommitSha, head: &CommitSha) -> Option<Merge> {
        let (of_tip, of_head) = (self.line_of(tip)?, self.line_of(head)?);
        let shared = |change: &&Change| of_head.iter().any(|other| other.name == change.name);
        let ours: Vec<&Change> = of_tip.iter().copied().filter(|c| !shared(c)).collect();
        let in_ours = |change: &Change| of_tip.iter().any(|other| other.name == change.name);
        let theirs: Vec<&Change> = of_head.iter().copied().filter(|c| !in_ours(c)).collect();
        if theirs.is_empty() {
            return None;
        }
        // From the oldest on.
        let sum = |changes: &[&Change]| -> BTreeMap<String, File> {
            let files = changes.iter().rev().flat_map(|change| change.files.clone());
            files.collect()
        };
        let (ours, theirs) = (sum(&ours), sum(&theirs));
        let common = of_tip.iter().copied().find(shared);
        let before = match common {
            Some(change) => self.files_of(self.change(&change.name)?)?,
            None => self.files_of(&self.root)?,
        };
        let mut files = BTreeMap::new();
        for (path, file) in ours {
            let merged = match theirs.get(&path) {
                None => file,
                Some(other) if *other == file => continue,
                Some(other) => File {
                    executable: file.executable || other.executable,
                    contents: join(before.get(path.as_str()).copied(), &file, other)?,
                },
            };
            files.insert(path, merged);
        }
        let mut objects = Vec::new();
        let tree = match files.is_empty() {
            true => self.tree_of(head)?,
            false => {
                let mut whole: BTreeMap<&str, &File> = self.files_of(head)?;
                whole.extend(files.iter().map(|(path, file)| (path.as_str(), file)));
                for file in files.values() {
                    objects.push(object("blob", &file.contents));
                }
                let paths: Vec<(&str, &File)> = whole.into_iter().collect();
                tree(&paths, 0, &mut objects)
            }
        };
        let who = "GitHub <noreply@github.com> 1772409600 +0000";
        let text = format!(
            "tree {tree}\nparent {tip}\nparent {head}\nauthor {who}\ncommitter {who}\n\nMerge {head} into {tip}\n"
        );
        let commit = object("commit", text.as_bytes());
        let sha = commit.0.parse().ok()?;
        objects.push(commit);
        Some(Merge {
            sha,
            head: head.clone(),
            files,
            objects,
        })
    }

    /// The changes that lead to a commit, the newest first.
    fn line_of(&self, sha: &CommitSha) -> Option<Vec<&Change>> {
        let mut line = Vec::new();
        let mut at = sha;
        while at != &self.root {
            let (_, change) = self.changes.values().find(|(other, _)| other == at)?;
            line.push(change);
            at = match &change.parent {
                Some(parent) => &self.changes.get(parent)?.0,
                None => &self.root,
            };
        }
        Some(line)
    }

    /// The name of a commit's tree.
    fn tree_of(&self, sha: &CommitSha) -> Option<String> {
        let trees = self.trees.get_or_init(|| {
            let listed = git_command(Some(&self.git))
                .args(["log", "--all", "--format=%H %T"])
                .output();
            let text = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
            let text = text.unwrap_or_default();
            text.lines()
                .filter_map(|line| line.split_once(' '))
                .map(|(sha, tree)| (sha.to_owned(), tree.to_owned()))
                .collect()
        });
        trees.get(sha.as_str()).cloned()
    }
}

/// One file as two sides have changed it. What both add at its end stands one after the other;
/// anything else that both change is a conflict.
fn join(before: Option<&File>, ours: &File, theirs: &File) -> Option<Vec<u8>> {
    let before = before.map_or(&[][..], |file| &file.contents);
    let ours = ours.contents.strip_prefix(before)?;
    let theirs = theirs.contents.strip_prefix(before)?;
    (!before.is_empty()).then(|| [before, ours, theirs].concat())
}

/// An object: its name, and its bytes as a loose object, which is a stream of zlib's. Nothing is
/// compressed: these live as long as one job.
fn object(kind: &str, contents: &[u8]) -> (String, Vec<u8>) {
    let mut whole = format!("{kind} {}\0", contents.len()).into_bytes();
    whole.extend_from_slice(contents);
    let name = Sha1::digest(&whole);
    let name = name.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut stream = vec![0x78, 0x01];
    let last = whole.len().div_ceil(0xffff).max(1) - 1;
    for (at, block) in whole.chunks(0xffff).enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(at == last));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in &whole {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend_from_slice(&(b << 16 | a).to_be_bytes());
    (name, stream)
}

/// The tree of files that share their first `depth` directories; adds it and those below it.
fn tree(files: &[(&str, &File)], depth: usize, objects: &mut Vec<(String, Vec<u8>)>) -> String {
    // Git sorts a directory as if its name ended with a slash.
    let mut entries: BTreeMap<String, (&'static str, String, String)> = BTreeMap::new();
    let mut at = 0;
    while let Some((path, file)) = files.get(at) {
        let rest = path.split('/').nth(depth).unwrap_or_default();
        let is_file = path.split('/').count() == depth + 1;
        if is_file {
            let mode = if file.executable { "100755" } else { "100644" };
            let name = object("blob", &file.contents).0;
            entries.insert(rest.to_owned(), (mode, rest.to_owned(), name));
            at += 1;
            continue;
        }
        let same = |(other, _): &&(&str, &File)| {
            let mut parts = other.split('/').skip(depth);
            parts.next() == Some(rest) && parts.next().is_some()
        };
        let count = files[at..].iter().take_while(same).count().max(1);
        let name = tree(&files[at..at + count], depth + 1, objects);
        entries.insert(format!("{rest}/"), ("40000", rest.to_owned(), name));
        at += count;
    }
    let mut contents = Vec::new();
    for (mode, name, hash) in entries.into_values() {
        contents.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        let bytes = (0..hash.len() / 2)
            .filter_map(|i| u8::from_str_radix(hash.get(i * 2..i * 2 + 2)?, 16).ok());
        contents.extend(bytes);
    }
    let made = object("tree", &contents);
    let name = made.0.clone();
    objects.push(made);
    name
}
