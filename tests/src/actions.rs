//! The actions that answer findings, and those that are offered without any, as lines of text, by which specs compare them: what each changes, or
//! why it is refused.

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

/// The actions of all findings, then those of whole files, and what they change.
pub fn all(snapshot: &Snapshot, texts: &Texts) -> Vec<String> {
    let mut world = world(texts);
    world.snapshot();
    let mut lines = Vec::new();
    for (head, offer) in offers(snapshot, texts) {
        lines.push(format!("{head} {}", offer.title));
        match changes(&mut world, snapshot, texts, &offer) {
            Ok(changed) => lines.extend(changed),
            Err(refusal) => lines.push(format!("refused: {refusal}")),
        }
    }
    lines
}

/// What is offered, each with its place: of what answers no finding, the file.
fn offers(snapshot: &Snapshot, texts: &Texts) -> Vec<(String, Offer)> {
    let map = Map(texts);
    let mut offers = Vec::new();
    for (at, finding) in snapshot.findings.iter().enumerate() {
        let answers = refactors::answers(snapshot, &map, "".into(), at);
        offers.extend(answers.into_iter().map(|offer| (lines::place(snapshot, finding.place), offer)));
    }
    for (file, path, _) in snapshot.files.iter() {
        let proposals = refactors::proposals(snapshot, &map, "".into(), file, 0, u32::MAX);
        offers.extend(proposals.into_iter().map(|offer| (path.to_string(), offer)));
    }
    offers
}

/// The changed lines of each file, by their numbers.
fn changes(world: &mut World, snapshot: &Snapshot, texts: &Texts, offer: &Offer) -> Result<Vec<String>, refactors::Refusal> {
    let (edit, map) = (offer.plan.clone()?, Map(texts));
    for changes in edit.changes.values() {
        assert!(changes.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start), "edits overlap: {changes:#?}");
    }
    let files = refactors::applied(snapshot, &map, &edit)?;
    let finding = offer.finding.map(|finding| &snapshot.findings[finding]);
    refactors::rehearse(world, snapshot, &files, finding, offer.level)?;
    let mut lines = Vec::new();
    for (path, text) in files {
        lines.push(path.to_string());
        let old = texts.get(&path).map_or("", String::as_str);
        let diff = TextDiff::from_lines(old, &text).unified_diff().context_radius(0).to_string();
        lines.extend(diff.lines().map(str::to_owned));
    }
    Ok(lines)
}
