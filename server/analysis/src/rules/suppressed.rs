//! Which findings people have accepted, by a comment or in a baseline.
//!
//! Judged over all findings, before any are left out for their number, so that none comes up in place of one that was accepted. What deliberately
//! does not live here: settings, which are asked as findings are reported. Invariant: a comment accepts findings of the rules it names where it
//! says; an entry of a baseline accepts one finding.

use camino::Utf8Path;
use portolan_grammars::facts::{Spanned, Symbol, TextRange};
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::baseline::BaselineEntry;
use portolan_grammars::suppressions::Suppression;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Finding;
use super::pairs::{Known, has_all, known, pair};
use crate::files::Files;
use crate::{FileId, Place, Snapshot};

/// A finding that somebody has accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// By what.
    pub by: SuppressedBy,
    /// The comment, or the entry of the baseline.
    pub place: Place,
    /// Why; empty where that is not said.
    pub reason: Symbol,
}

/// What accepts findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressedBy {
    /// A comment beside the code.
    Comment,
    /// An entry of `portolan-baseline.toml`.
    Baseline,
}

impl SuppressedBy {
    /// Its name in documents: `comment`, `baseline`.
    pub fn as_str(self) -> &'static str {
        match self {
            SuppressedBy::Comment => "comment",
            SuppressedBy::Baseline => "baseline",
        }
    }
}

/// Something that was meant to accept findings and does not, or does not say why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Idle {
    /// A comment that is not understood.
    Unreadable(Symbol),
    /// The name of something that is no rule.
    NoRule(Symbol),
    /// The name of a rule that finds nothing there.
    Unused(&'static str),
    /// A comment that says no reason.
    NoReason,
    /// An entry of a baseline whose finding is gone.
    Stale(BaselineEntry),
}

/// What became of the findings.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Those that nobody has accepted.
    pub(super) open: Vec<Finding>,
    /// The others.
    pub(super) suppressed: Vec<Suppressed>,
    /// What accepts nothing, sorted by place.
    pub(super) idle: Vec<(Place, Idle)>,
}

/// Judges findings, sorted by place.
pub(super) fn judge(snapshot: &Snapshot, findings: Vec<Finding>) -> Judged {
    let mut judged = Judged::default();
    let mut comments = Comments::of(&snapshot.files);
    let (mut left, mut suppressed) = (Vec::new(), Vec::new());
    for finding in findings {
        match comments.covering(&finding) {
            Some((place, reason)) => suppressed.push(Suppressed { finding, by: SuppressedBy::Comment, place, reason }),
            None => left.push(finding),
        }
    }
    comments.idle(snapshot, &mut judged.idle);
    let entries = entries(&snapshot.files);
    let accepted: Vec<Known<'_, Symbol>> =
        entries.iter().map(|(_, entry)| Known { identity: &entry.identity, file: &entry.file, parts: &entry.parts }).collect();
    let pairs = pair(&known(snapshot, &left), &accepted);
    let used: FxHashSet<usize> = pairs.iter().flatten().copied().collect();
    for (finding, pair) in left.into_iter().zip(pairs) {
        match pair.map(|at| entries[at]) {
            Some((file, entry)) => {
                let (place, reason) = (Place { file, range: entry.range }, entry.reason.clone());
                suppressed.push(Suppressed { finding, by: SuppressedBy::Baseline, place, reason });
            }
            None => judged.open.push(finding),
        }
    }
    for (_, (file, entry)) in entries.into_iter().enumerate().filter(|(at, _)| !used.contains(at)) {
        let place = Place { file, range: entry.range };
        let folder = snapshot.files.path(file).parent().unwrap_or("".into());
        if super::named(&entry.rule).is_none() {
            judged.idle.push((place, Idle::NoRule(entry.rule.clone())));
        } else if is_settled(snapshot, folder, entry) && !has_grown(&judged.open, entry) {
            judged.idle.push((place, Idle::Stale(entry.clone())));
        }
    }
    judged.idle.sort_by_key(|(place, _)| *place);
    suppressed.sort_by_key(|it| (it.finding.place, it.finding.rule));
    judged.suppressed = suppressed;
    judged
}

/// Whether an entry of the baseline in `folder` that means no finding is of no use. A rule that does not look finds nothing, and what it would
/// find is not known.
pub(crate) fn is_settled(snapshot: &Snapshot, folder: &Utf8Path, entry: &BaselineEntry) -> bool {
    let policy = snapshot.workspace.settings.rules();
    super::named(&entry.rule).is_none_or(|rule| policy.looks(rule, &folder.join(entry.file.as_str())))
}

/// Whether the finding that an entry means stands for more than the entry knows of.
pub(crate) fn has_grown<'a>(open: impl IntoIterator<Item = &'a Finding>, entry: &BaselineEntry) -> bool {
    open.into_iter().any(|finding| finding.identity == entry.identity && !has_all(&entry.parts, &finding.parts))
}

/// The comments of all files, and which of their rules have accepted something.
struct Comments<'a> {
    by_file: FxHashMap<FileId, Vec<(&'a Suppression, Vec<bool>)>>,
}

impl<'a> Comments<'a> {
    fn of(files: &'a Files) -> Self {
        let of_file = |it: &'a Suppression| (it, vec![false; it.rules.len()]);
        let files = files.iter().filter(|(_, _, facts)| !facts.suppressions.is_empty());
        Self { by_file: files.map(|(file, _, facts)| (file, facts.suppressions.iter().map(of_file).collect())).collect() }
    }

    /// The comment that accepts a finding; of several the first, and all count as used.
    fn covering(&mut self, finding: &Finding) -> Option<(Place, Symbol)> {
        let file = finding.place.file;
        let mut found = None;
        for (comment, used) in self.by_file.get_mut(&file)? {
            let covers = comment.covers.start <= finding.place.range.start && finding.place.range.start < comment.covers.end;
            if !covers {
                continue;
            }
            for (_, used) in comment.rules.iter().zip(used).filter(|(rule, _)| rule.value == finding.rule) {
                *used = true;
                found.get_or_insert_with(|| (Place { file, range: comment.range }, comment.reason.clone()));
            }
        }
        found
    }

    fn idle(&self, snapshot: &Snapshot, idle: &mut Vec<(Place, Idle)>) {
        let policy = snapshot.workspace.settings.rules();
        for (&file, comments) in &self.by_file {
            let path = snapshot.files.path(file);
            let mut say = |range: TextRange, what: Idle| idle.push((Place { file, range }, what));
            for (comment, used) in comments {
                if let Some(problem) = &comment.problem {
                    say(comment.range, Idle::Unreadable(problem.clone()));
                    continue;
                }
                for (Spanned { value: name, range }, used) in comment.rules.iter().zip(used) {
                    match super::named(name) {
                        None => say(*range, Idle::NoRule(name.clone())),
                        Some(rule) if !used && policy.looks(rule, path) => say(*range, Idle::Unused(rule.name)),
                        Some(_) => {}
                    }
                }
                if comment.reason.is_empty() && used.contains(&true) {
                    say(comment.range, Idle::NoReason);
                }
            }
        }
    }
}

/// The entries of all baselines, in order.
fn entries(files: &Files) -> Vec<(FileId, &BaselineEntry)> {
    let mut entries = Vec::new();
    for (file, _, facts) in files.iter() {
        if let Some(Manifest::Baseline(baseline)) = facts.manifest() {
            entries.extend(baseline.entries.iter().map(|entry| (file, entry)));
        }
    }
    entries
}
