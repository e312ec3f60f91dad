//! Revisions of a git repository, as folders.
//!
//! Invariant: a revision is written beside the repository, into a folder that goes away, with an index of its own; the repository, its index and
//! its working tree stay as they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::Failure;

/// A revision of a workspace; gone when dropped.
pub(super) struct Revision {
    /// What the workspace's folder was.
    pub(super) root: PathBuf,
    _aside: TempDir,
}

impl Revision {
    /// Writes a revision beside the repository; `None` if the repository has none of this name.
    pub(super) fn written_aside(name: &str, workspace: &Path) -> Result<Option<Self>, Failure> {
        // Asked first, so that what fails below is not mistaken for a wrong name; and no option can hide in it.
        let asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")];
        let Ok(commit) = git(workspace, &asked, None) else { return Ok(None) };
        let prefix = git(workspace, &["rev-parse", "--show-prefix"], None)?;
        let aside = tempfile::tempdir().map_err(|error| Failure::new(format!("cannot make a folder for {name}: {error}")))?;
        let (index, tree) = (aside.path().join("index"), aside.path().join("tree"));
        // From the top: below it, only a part would be written.
        let top = git(workspace, &["rev-parse", "--show-toplevel"], None)?;
        let top = Path::new(&top);
        git(top, &["read-tree", &commit], Some(&index))?;
        let to = format!("--prefix={}/", tree.display());
        git(top, &["checkout-index", "--all", "--force", &to], Some(&index))?;
        let root = tree.join(&prefix);
        if !root.is_dir() {
            return Err(Failure::new(format!("revision {name} has no folder {prefix}")));
        }
        Ok(Some(Self { root, _aside: aside }))
    }
}

/// Why a folder has no revision of some name, as the end of a sentence that says so.
pub(super) fn why_none(workspace: &Path) -> String {
    match git(workspace, &["rev-parse", "--is-shallow-repository"], None) {
        Ok(shallow) if shallow == "true" => "; this is a shallow clone, which has the last ones only: fetch it first".to_owned(),
        Ok(_) => "; `git branch --all` and `git tag` list what it has".to_owned(),
        Err(failure) if failure.0.contains("not a git repository") => ", which is in no git repository".to_owned(),
        Err(failure) => format!(": {failure}"),
    }
}

/// Runs git and gives its output without the last line feed.
fn git(folder: &Path, arguments: &[&str], index: Option<&Path>) -> Result<String, Failure> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).env("LC_ALL", "C");
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let output = command.output().map_err(|error| Failure::new(format!("cannot run git: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("git {} failed: {}", arguments.first().copied().unwrap_or_default(), said.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\r', '\n']).to_owned())
}
