//! `portolan baseline`.
//!
//! Invariant: a baseline that is there gets smaller unless the user says otherwise, and one that is not understood is left as it is.

use std::process::ExitCode;

use clap::Args;
use portolan_analysis::baseline::{self, Renewal};
use portolan_analysis::words::counted;
use portolan_grammars::manifests::baseline::FILE_NAME;

use super::{Failure, Folder};
use crate::load::text_to_edit;
use crate::output::{self, edits};

/// Writes `portolan-baseline.toml`: findings that are known and accepted for now, so that only others are told of.
///
/// The first time, all findings go into it. From then on it only shrinks: entries whose finding is gone are taken out, and new findings are
/// put in with --add alone.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan baseline                 the first time: accepts all that is found today
  portolan baseline                 later: takes out what is settled
  portolan baseline --add           accepts what is new, for a reviewer to see in the file's diff
  portolan check --no-baseline      tells all findings once more")]
pub(super) struct Baseline {
    #[command(flatten)]
    folder: Folder,
    /// Puts findings in that are new
    #[arg(long)]
    add: bool,
    /// Shows what would be written, and writes nothing
    #[arg(long)]
    dry_run: bool,
}

impl Baseline {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        workspace.tell_problems(false);
        let (snapshot, path) = (&workspace.snapshot, workspace.root.join(FILE_NAME));
        let file = snapshot.files.id(FILE_NAME.into());
        if file.and_then(|file| snapshot.files.facts(file)).is_some_and(|facts| !facts.problems().is_empty()) {
            return Err(Failure::new(format!("{} is not understood: mend it, or delete it to begin anew", path.display())));
        }
        // One that nobody reads, as an ignore rule hides it, is not written over.
        let old =
            if path.exists() { Some(text_to_edit(&path).map_err(|why| Failure::new(format!("{} {why}", path.display())))?) } else { None };
        if old.is_some() && file.is_none() {
            return Err(Failure::new(format!("{} is there but left out by an ignore file or by settings", path.display())));
        }
        let renewal = baseline::renewed(snapshot, file, "".into(), self.add || old.is_none());
        let unchanged = old.as_ref().is_some_and(|old| *old == renewal.text) || (old.is_none() && renewal.known == 0);
        if self.dry_run {
            let diff = edits::diff(FILE_NAME, old.as_deref(), &renewal.text);
            output::print(if unchanged { "" } else { &diff }).map_err(|error| Failure::new(format!("cannot write the edits: {error}")))?;
        } else if !unchanged {
            std::fs::write(&path, &renewal.text).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
        }
        let verb = match (unchanged, self.dry_run) {
            (true, _) => "nothing to write in",
            (false, true) => "would write",
            (false, false) => "wrote",
        };
        output::note(&format!("{verb} {}: {}", path.display(), told(&renewal)));
        Ok(ExitCode::SUCCESS)
    }
}

fn told(renewal: &Renewal) -> String {
    let mut parts = vec![format!("{} known", counted(renewal.known, "finding is", "findings are"))];
    if renewal.added > 0 {
        parts.push(format!("{} new", renewal.added));
    }
    if renewal.settled > 0 {
        parts.push(format!("{} settled and taken out", renewal.settled));
    }
    if renewal.left > 0 {
        parts.push(format!(
            "{} not in it (--add puts {} in)",
            counted(renewal.left, "is", "are"),
            if renewal.left == 1 { "it" } else { "them" }
        ));
    }
    parts.join(", ")
}
