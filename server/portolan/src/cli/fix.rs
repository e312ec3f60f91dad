//! `portolan fix`.
//!
//! Invariant: an edit is kept only if the workspace with it has one finding less and none more; nothing is written before all edits are made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use portolan_analysis::refactors::{self, Level, Texts};
use portolan_analysis::rules::{self, Finding};
use portolan_analysis::words::counted;
use portolan_analysis::{Snapshot, World};
use rustc_hash::FxHashMap;

use super::{Failure, Folder};
use crate::load::text_to_edit;
use crate::output::{self, edits};

/// Applies the edits that answer findings and are safe: the program does what it did, or only gains a limit or a span.
///
/// Shows them as a diff.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan fix --dry-run
  portolan fix --rule handler-without-span")]
pub(super) struct Fix {
    #[command(flatten)]
    folder: Folder,
    /// Answers the findings of this rule alone; may be given several times
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,
    /// Shows the edits and writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Writes also where changes that are not committed could be mixed up with the edits
    #[arg(long)]
    allow_dirty: bool,
}

impl Fix {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(unknown) = self.rules.iter().find(|rule| rules::named(rule).is_none()) {
            return Err(super::no_rule(unknown));
        }
        if !self.dry_run && !self.allow_dirty {
            refuse_dirty(&self.folder.resolve()?)?;
        }
        let (workspace, mut world) = self.folder.load()?;
        workspace.is_empty();
        let mut work = Work { texts: Edited { root: workspace.root, texts: BTreeMap::new() }, answered: 0, refused: FxHashMap::default() };
        let mut snapshot = workspace.snapshot;
        while let Some(next) = work.step(&mut world, &snapshot, &self.rules) {
            snapshot = next;
        }
        let Work { texts, answered, refused } = work;
        output::print(&texts.diff()).map_err(|error| Failure::new(format!("cannot write the edits: {error}")))?;
        for finding in snapshot.findings.iter() {
            if let Some(why) = refused.get(&key(&snapshot, finding)) {
                let (path, line) = (snapshot.files.path(finding.place.file), snapshot.files.line(finding.place));
                output::note(&format!("{path}:{line}: {} is left: {why}", finding.rule));
            }
        }
        if !self.dry_run {
            texts.write()?;
        }
        let verb = if self.dry_run { "would be answered" } else { "answered" };
        let files = counted(texts.texts.len(), "file", "files");
        output::note(&match answered {
            0 => "nothing to edit: no finding has an edit that is safe".to_owned(),
            some => format!("{} {verb} in {files}", counted(some, "finding", "findings")),
        });
        Ok(ExitCode::SUCCESS)
    }
}

/// Edits in the making.
struct Work {
    texts: Edited,
    answered: usize,
    /// Why a finding is left, by its key.
    refused: FxHashMap<(String, Utf8PathBuf), String>,
}

impl Work {
    /// Makes one more edit; nothing where none is left to be made.
    fn step(&mut self, world: &mut World, snapshot: &Snapshot, rules: &[String]) -> Option<Arc<Snapshot>> {
        let wanted = |finding: &Finding| rules.is_empty() || rules.iter().any(|rule| rule == finding.rule);
        for (at, finding) in snapshot.findings.iter().enumerate().filter(|(_, finding)| wanted(finding)) {
            if self.refused.contains_key(&key(snapshot, finding)) {
                continue;
            }
            for offer in refactors::answers(snapshot, &self.texts, "".into(), at).into_iter().filter(|offer| offer.level == Level::Safe) {
                let files = offer.plan.and_then(|edit| refactors::applied(snapshot, &self.texts, &edit));
                let checked = files.and_then(|files| Ok((refactors::recheck(world, snapshot, &files, Some(finding), Level::Safe)?, files)));
                match checked {
                    Ok((after, files)) => {
                        self.texts.texts.extend(files);
                        self.answered += 1;
                        return Some(after);
                    }
                    Err(refusal) => {
                        self.refused.insert(key(snapshot, finding), refusal.to_string());
                    }
                }
            }
        }
        None
    }
}

/// By what a finding is known from edit to edit.
fn key(snapshot: &Snapshot, finding: &Finding) -> (String, Utf8PathBuf) {
    (finding.identity.to_string(), snapshot.files.path(finding.place.file).to_owned())
}

/// The texts of a folder, some of them edited.
struct Edited {
    root: PathBuf,
    texts: BTreeMap<Utf8PathBuf, String>,
}

impl Texts for Edited {
    fn text(&self, path: &Utf8Path) -> Result<String, String> {
        self.texts.get(path).map_or_else(|| text_to_edit(&self.root.join(path)), |text| Ok(text.clone()))
    }
}

impl Edited {
    /// The edits as `git apply` takes them.
    fn diff(&self) -> String {
        let mut diff = String::new();
        for (path, text) in &self.texts {
            let old = text_to_edit(&self.root.join(path)).ok();
            diff += &edits::diff(path.as_str(), old.as_deref(), text);
        }
        diff
    }

    fn write(&self) -> Result<(), Failure> {
        for (path, text) in &self.texts {
            let disk = self.root.join(path);
            std::fs::write(&disk, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", disk.display())))?;
        }
        Ok(())
    }
}

/// Refuses a folder whose edits could not be told from what was there, or not be taken back.
fn refuse_dirty(root: &Path) -> Result<(), Failure> {
    const ANYWAY: &str = "commit or stash first, or say --allow-dirty";
    let status = Command::new("git").arg("-C").arg(root).args(["status", "--porcelain", "--", "."]).output();
    let status = status.map_err(|error| Failure::new(format!("cannot ask git what is not committed: {error}; {ANYWAY}")))?;
    if !status.status.success() {
        let message = format!("{} is in no git repository, from which it could be restored; say --allow-dirty to edit it", root.display());
        return Err(Failure::new(message));
    }
    match String::from_utf8_lossy(&status.stdout).lines().count() {
        0 => Ok(()),
        count => Err(Failure::new(format!("{} not committed: {ANYWAY}", counted(count, "change is", "changes are")))),
    }
}
