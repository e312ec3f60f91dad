//! The findings of a check, and their form as text for a terminal: message, excerpt of the source, and the places that belong to it.
//!
//! What deliberately does not live here: forms for programs, which have a file each beside this one.
//!
//! Invariant: findings appear in the order they are given, and equal findings over equal texts make equal output.

use std::cmp::Reverse;
use std::path::Path;

use portolan_analysis::rules::{self, Finding, Rule, Severity, SuppressedBy, tally};
use portolan_analysis::words::counted;
use portolan_analysis::{Place, Snapshot};
use rustc_hash::FxHashMap;

pub use super::excerpts::Style;
use super::excerpts::{self, Message, Tone};
use super::texts::Texts;
use crate::load::FileProblem;

/// What a check has to tell, in whatever form.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Where the texts are.
    pub root: &'a Path,
    /// What was checked.
    pub snapshot: &'a Snapshot,
    /// What was found and is to be told, in order.
    pub findings: &'a [Finding],
    /// What could not be read.
    pub problems: &'a [FileProblem],
}

/// Numbers findings that have one identity, in the order they come, as other tools take those of one fingerprint for one.
#[derive(Debug, Default)]
pub struct Fingerprints<'a> {
    seen: FxHashMap<&'a str, usize>,
}

impl<'a> Fingerprints<'a> {
    /// The fingerprint of the next finding: its identity, and from the second of an identity on a number.
    pub fn next(&mut self, finding: &'a Finding) -> String {
        let nth = self.seen.entry(&finding.identity).or_default();
        *nth += 1;
        if *nth == 1 { finding.identity.to_string() } else { format!("{} #{nth}", finding.identity) }
    }
}

impl<'a> Listing<'a> {
    /// The texts of the findings.
    pub fn texts(&self) -> Texts<'a> {
        Texts::read(self.root, self.snapshot, self.findings.iter().map(|finding| finding.place))
    }

    /// The texts of all places that belong to the findings, and to those that are accepted.
    pub fn all_texts(&self) -> Texts<'a> {
        let accepted = self.snapshot.suppressed.iter();
        let findings = self.findings.iter().chain(accepted.clone().map(|it| &it.finding));
        let places = findings.flat_map(|finding| std::iter::once(finding.place).chain(finding.related.iter().map(|(place, _)| *place)));
        Texts::read(self.root, self.snapshot, places.chain(accepted.map(|it| it.place)))
    }

    /// What is accepted and by what, one line each.
    pub fn suppressed(&self) -> impl Iterator<Item = String> {
        self.snapshot.suppressed.iter().map(|it| {
            let by = match it.by {
                SuppressedBy::Comment => "a comment".to_owned(),
                SuppressedBy::Baseline => self.at(it.place),
            };
            let reason = if it.reason.is_empty() { String::new() } else { format!(": {}", it.reason) };
            format!("{}: {} is accepted by {by}{reason}", self.at(it.finding.place), it.finding.rule)
        })
    }

    /// The path of a place's file.
    pub fn path(&self, place: Place) -> &'a str {
        self.snapshot.files.path(place.file).as_str()
    }

    /// A place as `path:line`.
    pub fn at(&self, place: Place) -> String {
        format!("{}:{}", self.path(place), self.snapshot.files.line(place))
    }

    /// The findings of a rule.
    pub fn of(&self, rule: &Rule) -> impl Iterator<Item = &'a Finding> {
        let name = rule.name;
        self.findings.iter().filter(move |finding| finding.rule == name)
    }
}

/// Findings as people want to hear of them: the worst first, of those what is felt the soonest; those of one rule together, by place.
pub fn by_weight(findings: &[Finding]) -> Vec<Finding> {
    let mut sorted = findings.to_vec();
    sorted.sort_by_key(|finding| {
        let theme = rules::named(finding.rule).map(|rule| rule.theme);
        (Reverse(finding.severity), theme, finding.rule, finding.place)
    });
    sorted
}

/// All findings, one after the other, with excerpts of the files below `root`.
pub fn render(root: &Path, snapshot: &Snapshot, findings: &[Finding], style: Style) -> String {
    let messages: Vec<Message<'_>> = findings.iter().map(message).collect();
    excerpts::render(root, snapshot, &messages, style)
}

fn message(finding: &Finding) -> Message<'_> {
    Message {
        tone: match finding.severity {
            Severity::Error => Tone::Error,
            Severity::Warning => Tone::Warning,
            Severity::Information => Tone::Note,
            Severity::Hint => Tone::Hint,
        },
        id: Some(finding.rule),
        title: &finding.message,
        place: finding.place,
        label: None,
        related: finding.related.iter().map(|(place, words)| (*place, words.as_str())).collect(),
        notes: Vec::new(),
    }
}

/// One line on what was found, where, what is accepted, and what is not known: `3 warnings, 2 notes in 5 services; 4 in the baseline; 12 calls
/// unresolved (see portolan unresolved)`.
pub fn summary(snapshot: &Snapshot, findings: &[Finding]) -> String {
    let found = tally(findings);
    let found = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
    let services = snapshot.chart.services.iter().filter(|service| !service.third_party).count();
    let mut line = format!("{found} in {}", counted(services, "service", "services"));
    let accepted = snapshot.suppressed.len();
    if accepted > 0 {
        let by = |by| snapshot.suppressed.iter().filter(|it| it.by == by).count();
        let (comments, baseline) = (by(SuppressedBy::Comment), by(SuppressedBy::Baseline));
        line.push_str(&match (comments, baseline) {
            (_, 0) => format!("; {accepted} accepted by comments"),
            (0, _) => format!("; {accepted} in the baseline"),
            _ => format!("; {comments} accepted by comments, {baseline} in the baseline"),
        });
    }
    let unresolved = snapshot.chart.unresolved.len();
    if unresolved > 0 {
        line.push_str(&format!("; {} unresolved (see portolan unresolved)", counted(unresolved, "call", "calls")));
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use camino::Utf8Path;
    use portolan_analysis::{Place, World};
    use portolan_grammars::catalog::Catalog;
    use portolan_grammars::facts::{Language, TextRange};
    use portolan_grammars::{FileKind, read};

    use super::*;

    #[test]
    fn excerpts_of_two_files_and_of_one_that_is_gone() {
        let texts = [("a.rs", "let é = \"🦀\";\nlet b = 2;\n"), ("b.rs", "fn f() {}\n"), ("gone.rs", "x\ny\n")];
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(Catalog::builtin());
        for (path, text) in texts {
            world.set(path.into(), Arc::new(read(Utf8Path::new(path), text, FileKind::Source(Language::Rust))));
            if path != "gone.rs" {
                std::fs::write(folder.path().join(path), text).unwrap();
            }
        }
        let snapshot = world.snapshot();
        let place =
            |path: &str, start, end| Place { file: snapshot.files.id(Utf8Path::new(path)).unwrap(), range: TextRange::new(start, end) };
        let finding = Finding {
            rule: "some-rule",
            severity: Severity::Information,
            message: "a waits for b".to_owned(),
            // Ends within the crab.
            place: place("a.rs", 4, 12),
            related: vec![(place("b.rs", 3, 4), "answers".to_owned()), (place("gone.rs", 2, 900), "was".to_owned())],
            identity: "some-rule".into(),
            parts: Vec::new(),
            services: Vec::new(),
        };
        let text = render(folder.path(), &snapshot, &[finding], Style { colours: false, width: 100 });
        for part in ["note[some-rule]: a waits for b", "a.rs:1:5", "let é = \"🦀\";", "b.rs:1:4", "answers", "gone.rs:2"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert_eq!(summary(&snapshot, &[]), "no findings in 0 services");
    }
}
