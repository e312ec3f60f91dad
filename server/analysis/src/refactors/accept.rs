//! Accepting a finding: a comment above its line, or an entry of the baseline.
//!
//! Invariant: a comment leaves the reason to be filled in, which is for a person to say.

use camino::Utf8Path;
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::baseline::FILE_NAME;
use portolan_grammars::suppressions;

use super::{Context, Edit, Level, Offer, Refusal};
use crate::baseline;
use crate::rules::Finding;
use crate::words::counted;

/// What accepts a finding, given with its position among the snapshot's. `folder` is the root of the workspace that its file is in.
pub(super) fn offers(context: &Context<'_>, folder: &Utf8Path, at: usize, finding: &Finding) -> Vec<Offer> {
    if finding.is_upkeep() {
        return Vec::new();
    }
    let offer = |title: String, plan| Offer { title, level: Level::Acceptance, finding: Some(at), plan };
    let rule = finding.rule;
    let findings: Vec<&Finding> = if finding.is_of_others() {
        let same = |other: &&Finding| other.rule == rule && other.place.file == finding.place.file;
        context.snapshot.open.iter().filter(same).collect()
    } else {
        vec![finding]
    };
    let mut offers = Vec::new();
    let what = if finding.is_of_others() {
        format!("all {} of {rule} in this file", counted(findings.len(), "finding", "findings"))
    } else {
        offers.push(offer(format!("Accept here with a comment: allow({rule})"), comment(context, finding)));
        rule.to_owned()
    };
    offers.push(offer(format!("Add to {FILE_NAME}: {what}"), entries(context, folder, &findings)));
    offers
}

/// The comment above the line.
fn comment(context: &Context<'_>, finding: &Finding) -> Result<Edit, Refusal> {
    let (file, offset) = (finding.place.file, finding.place.range.start);
    let path = context.snapshot.files.path(file);
    let name = path.file_name().unwrap_or(path.as_str());
    let Some(kind) = portolan_grammars::classify(path) else { return Err(Refusal::new(format!("{name} is not read"))) };
    let insertion = if context.snapshot.files.source(file).is_some() {
        let source = context.source(file)?;
        suppressions::insertion(path, &source.text, kind, source.tree(), offset, finding.rule)
    } else {
        suppressions::insertion(path, &context.text(file)?, kind, None, offset, finding.rule)
    };
    let insertion = insertion.ok_or_else(|| Refusal::new(format!("no comment can stand there in {name}")))?;
    let mut edit = Edit::default();
    edit.insert(file, insertion.offset, insertion.line);
    Ok(edit)
}

/// The entries of the baseline, which is made if there is none.
fn entries(context: &Context<'_>, folder: &Utf8Path, findings: &[&Finding]) -> Result<Edit, Refusal> {
    let entries = findings.iter().map(|finding| baseline::entry(context.snapshot, folder, finding)).collect();
    let path = folder.join(FILE_NAME);
    let mut edit = Edit::default();
    let facts = context.snapshot.files.id(&path).and_then(|file| Some((file, context.snapshot.files.facts(file)?)));
    let Some((file, facts)) = facts else {
        edit.create(path, baseline::text(entries));
        return Ok(edit);
    };
    let text = context.text(file)?;
    match facts.manifest() {
        Some(Manifest::Baseline(known)) if facts.problems().is_empty() => {
            for (offset, block) in baseline::insertions(known, &text, entries) {
                edit.insert(file, offset, block);
            }
            Ok(edit)
        }
        _ => Err(Refusal::new(format!("{FILE_NAME} is not understood"))),
    }
}
