//! The actions that answer findings as lines of text, by which specs compare them: what each changes, or why it is refused.

use camino::Utf8Path;
use portolan_analysis::refactors::{self, Offer};
use portolan_analysis::{Snapshot, World};
use similar::TextDiff;

use crate::lines;
use crate::texts::{Texts, world};

struct Map<'a>(&'a Texts);

impl refactors::Texts for Map<'_> {
    fn text(&self, path: &Utf8Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "is not there any more".to_owned())
    }
}

/// The actions of all findings, and what they change.
pub fn all(snapshot: &Snapshot, texts: &Texts) -> Vec<String> {
    let mut world = world(texts);
    world.snapshot();
    let mut lines = Vec::new();
    for (at, finding) in snapshot.findings.iter().enumerate() {
        for offer in refactors::answers(snapshot, &Map(texts), "".into(), at) {
            lines.push(format!("{} {}", lines::place(snapshot, finding.place), offer.title));
            match changes(&mut world, snapshot, texts, &offer) {
                Ok(changed) => lines.extend(changed),
                Err(refusal) => lines.push(format!("refused: {refusal}")),
            }
        }
    }
    lines
}

/// The changed lines of each file, by their numbers.
fn changes(world: &mut World, snapshot: &Snapshot, texts: &Texts, offer: &Offer) -> Result<Vec<String>, refactors::Refusal> {
    let (edit, map) = (offer.plan.clone()?, Map(texts));
    for changes in edit.changes.values() {
        assert!(changes.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start), "edits overlap: {changes:#?}");
    }
    let files = refactors::applied(snapshot, &map, &edit)?;
    if let Some(finding) = offer.finding {
        refactors::rehearse(world, snapshot, &files, &snapshot.findings[finding], offer.level)?;
    }
    let mut lines = Vec::new();
    for (path, text) in files {
        lines.push(path.to_string());
        let old = texts.get(&path).map_or("", String::as_str);
        let diff = TextDiff::from_lines(old, &text).unified_diff().context_radius(0).to_string();
        lines.extend(diff.lines().map(str::to_owned));
    }
    Ok(lines)
}
