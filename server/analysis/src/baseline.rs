//! The text of `portolan-baseline.toml`: findings that are known, one entry each, for people to read and to review.
//!
//! Which findings an entry means is [`crate::rules`]' to judge. Invariant: an entry is made of a finding and says no line, and the text of equal
//! entries is equal.

use camino::Utf8Path;
use portolan_grammars::facts::TextRange;
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::baseline::{Baseline, BaselineEntry};
use rustc_hash::FxHashSet;

use crate::rules::suppressed::{has_grown, is_settled};
use crate::rules::{Finding, SuppressedBy};
use crate::settle::toml_text;
use crate::{FileId, Snapshot};

/// What the file begins with.
const HEADER: &str = "\
# Findings that are known, and not told of again. `portolan baseline` takes out those that are settled, and `portolan baseline --add` puts in
# those that are new. An entry is known by its identity and means the `parts` that it names; it may have a `reason`.
";

/// A baseline, brought up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct Renewal {
    /// The text.
    pub text: String,
    /// How many findings it means.
    pub known: usize,
    /// How many of them it did not mean before.
    pub added: usize,
    /// How many entries are taken out, as their finding is gone.
    pub settled: usize,
    /// How many findings are not in it.
    pub left: usize,
}

/// The baseline in `folder`, if it is there, without entries that are settled; with `add`, all findings are in it.
pub fn renewed(snapshot: &Snapshot, file: Option<FileId>, folder: &Utf8Path, add: bool) -> Renewal {
    let new: Vec<&Finding> = snapshot.open.iter().filter(|finding| is_addable(finding)).collect();
    let known = snapshot.suppressed.iter().filter(|it| it.by == SuppressedBy::Baseline && Some(it.place.file) == file);
    let mut entries: Vec<BaselineEntry> =
        known.clone().map(|it| BaselineEntry { reason: it.reason.clone(), ..entry(snapshot, folder, &it.finding) }).collect();
    let meant: FxHashSet<TextRange> = known.map(|it| it.place.range).collect();
    let others = file.and_then(|file| of(snapshot, file)).into_iter().flat_map(|baseline| &baseline.entries);
    let others = others.filter(|entry| !meant.contains(&entry.range));
    // With what it has grown by, it is new.
    let (grown, others): (Vec<&BaselineEntry>, Vec<_>) = others.partition(|entry| has_grown(new.iter().copied(), entry));
    let others = others.into_iter().chain(grown.iter().copied().filter(|_| !add));
    let (gone, kept): (Vec<&BaselineEntry>, Vec<_>) =
        others.partition(|entry| !grown.contains(entry) && is_settled(snapshot, folder, entry));
    entries.extend(kept.into_iter().cloned());
    let (added, left) = if add { (new.len(), 0) } else { (0, new.len()) };
    if add {
        let reason = |finding: &Finding| {
            let known = grown.iter().find(|entry| entry.identity == finding.identity);
            known.map(|entry| entry.reason.clone()).unwrap_or_default()
        };
        entries.extend(new.into_iter().map(|finding| BaselineEntry { reason: reason(finding), ..entry(snapshot, folder, finding) }));
    }
    let known = entries.len();
    Renewal { text: text(entries), known, added, settled: gone.len(), left }
}

/// Whether a finding may be in a baseline.
pub(crate) fn is_addable(finding: &Finding) -> bool {
    !finding.is_upkeep() && !finding.is_of_others()
}

/// Texts to be put into the text of a baseline, each with its place, so that findings are in it.
pub(crate) fn insertions(baseline: &Baseline, text: &str, mut entries: Vec<BaselineEntry>) -> Vec<(u32, String)> {
    entries.sort();
    // A list that is not sorted is added to at its end.
    let sorted = baseline.entries.is_sorted();
    let mut insertions = Vec::new();
    for entry in entries {
        let behind = baseline.entries.iter().find(|other| sorted && **other > entry);
        insertions.push(match behind {
            Some(behind) => (behind.range.start, format!("{}\n", block(&entry))),
            None => {
                let open = if insertions.is_empty() && !text.is_empty() && !text.ends_with('\n') { "\n" } else { "" };
                (text.len() as u32, format!("{open}\n{}", block(&entry)))
            }
        });
    }
    insertions
}

/// The text of a baseline of some findings.
pub(crate) fn text(mut entries: Vec<BaselineEntry>) -> String {
    entries.sort();
    HEADER.to_owned() + &entries.iter().map(|entry| format!("\n{}", block(entry))).collect::<String>()
}

/// The entry of a finding in a baseline of `folder`.
pub(crate) fn entry(snapshot: &Snapshot, folder: &Utf8Path, finding: &Finding) -> BaselineEntry {
    let path = snapshot.files.path(finding.place.file);
    BaselineEntry {
        rule: finding.rule.into(),
        file: path.strip_prefix(folder).unwrap_or(path).as_str().into(),
        identity: finding.identity.clone(),
        parts: finding.parts.clone(),
        message: finding.message.as_str().into(),
        ..BaselineEntry::default()
    }
}

fn of(snapshot: &Snapshot, file: FileId) -> Option<&Baseline> {
    match snapshot.files.facts(file)?.manifest()? {
        Manifest::Baseline(baseline) => Some(baseline),
        _ => None,
    }
}

fn block(entry: &BaselineEntry) -> String {
    let BaselineEntry { rule, file, identity, message, reason, parts, .. } = entry;
    let mut block = "[[finding]]\n".to_owned();
    for (key, value) in [("rule", rule), ("file", file), ("message", message), ("identity", identity), ("reason", reason)] {
        if !value.is_empty() {
            block += &format!("{key} = {}\n", toml_text(value));
        }
    }
    if !parts.is_empty() {
        let parts: Vec<String> = parts.iter().map(|part| toml_text(part)).collect();
        block += &format!("parts = [{}]\n", parts.join(", "));
    }
    block
}
