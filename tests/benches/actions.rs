//! How many findings of a workspace each code action is offered for, and why the others are refused.
//!
//! `cargo bench -p portolan-tests --bench actions -- FOLDER…` tries every edit as an editor would have it: read again, with the finding gone and none
//! new. A line is a rule, the first words of the action's title, how many findings, and behind a refusal its reason; what answers no finding has no
//! rule.
//! With `--edits`, what each edit changes stands above.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use portolan_analysis::refactors::{self, Offer};
use portolan_analysis::{Snapshot, World};
use portolan_tests::disk;
use similar::TextDiff;

struct Disk<'a>(&'a Path);

impl refactors::Texts for Disk<'_> {
    fn text(&self, path: &Utf8Path) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

fn main() {
    // cargo adds `--bench`.
    let edits = std::env::args().any(|it| it == "--edits");
    let folders: Vec<PathBuf> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).map(PathBuf::from).collect();
    let folders = if folders.is_empty() { vec![disk::workspace("chandlery")] } else { folders };
    for folder in folders {
        show(&folder.canonicalize().unwrap(), edits);
    }
}

fn show(folder: &Path, edits: bool) {
    let mut world = portolan::load(folder).world;
    let snapshot = world.snapshot();
    let disk = Disk(folder);
    let mut counts: BTreeMap<(&str, String, String), Vec<String>> = BTreeMap::new();
    for (at, finding) in snapshot.findings.iter().enumerate() {
        let offers = refactors::answers(&snapshot, &disk, "".into(), at);
        let place = || format!("{}:{}", snapshot.files.path(finding.place.file), snapshot.files.line(finding.place));
        if offers.is_empty() {
            counts.entry((finding.rule, "–".to_owned(), "no action".to_owned())).or_default().push(place());
        }
        for offer in offers {
            let outcome = tried(&mut world, &snapshot, folder, &offer, edits.then(place));
            counts.entry((finding.rule, kind(&offer), outcome)).or_default().push(place());
        }
    }
    for (file, path, _) in snapshot.files.iter() {
        for offer in refactors::proposals(&snapshot, &disk, "".into(), file, 0, u32::MAX) {
            let outcome = tried(&mut world, &snapshot, folder, &offer, edits.then(|| path.to_string()));
            counts.entry(("–", kind(&offer), outcome)).or_default().push(path.to_string());
        }
    }
    println!("{}: {} findings", folder.display(), snapshot.findings.len());
    for ((rule, kind, outcome), places) in counts {
        println!("  {:>3}  {rule}  {kind}  {outcome}  {}", places.len(), places[..places.len().min(3)].join(" "));
    }
}

/// What becomes of an offer that is taken; what its edit changes is shown with a place.
fn tried(world: &mut World, snapshot: &Snapshot, folder: &Path, offer: &Offer, place: Option<String>) -> String {
    let disk = Disk(folder);
    let outcome = offer.plan.clone().and_then(|edit| {
        let files = refactors::applied(snapshot, &disk, &edit)?;
        refactors::rehearse(world, snapshot, &files, offer.finding.map(|at| &snapshot.findings[at]), offer.level)?;
        if let Some(place) = place {
            println!("{place}: {}", offer.title);
            files.iter().for_each(|(path, text)| print(folder, path, text));
        }
        Ok(())
    });
    match outcome {
        Ok(()) => "offered".to_owned(),
        Err(refusal) => format!("refused: {refusal}"),
    }
}

/// What a file says otherwise than it does on the disk.
fn print(folder: &Path, path: &Utf8PathBuf, text: &str) {
    let old = std::fs::read_to_string(folder.join(path)).unwrap_or_default();
    println!("{}", TextDiff::from_lines(&old, text).unified_diff().header(path.as_str(), path.as_str()));
}

/// The first words of a title, which are those of all offers of an action.
fn kind(offer: &Offer) -> String {
    offer.title.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
