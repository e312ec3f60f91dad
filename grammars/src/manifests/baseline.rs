//! `portolan-baseline.toml`: findings that were there when people began to look, and are not to be told of again.
//!
//! It is a manifest like any other: one file in, facts out. Which findings it means is the analysis' to say. Invariant: of entries that are wrong,
//! the others are read.

use serde::{Deserialize, Serialize};
use toml::Spanned as At;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Manifest, ManifestFacts, mend};
use crate::catalog::plain_message;
use crate::facts::{Problem, Symbol, TextRange};

/// Name of the file.
pub const FILE_NAME: &str = "portolan-baseline.toml";

/// The list of entries, as its headers write it.
const LIST: &str = "finding";

/// A baseline.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// Its entries in order.
    pub entries: Vec<BaselineEntry>,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// Its rule.
    pub rule: Symbol,
    /// Its file, relative to the folder of the baseline: for who reads it, and to tell equal ones apart.
    pub file: Symbol,
    /// What it is known by.
    pub identity: Symbol,
    /// What it said: for who reads it.
    #[serde(default)]
    pub message: Symbol,
    /// Why it stays, where somebody has said so.
    #[serde(default)]
    pub reason: Symbol,
    /// Of a finding that stands for several things, those that are known.
    #[serde(default)]
    pub parts: Vec<Symbol>,
    /// Where it stands.
    #[serde(skip)]
    pub range: TextRange,
}

pub(super) fn matches(name: &str) -> bool {
    name == FILE_NAME
}

/// Reads a baseline.
pub(super) fn read(text: &str) -> ManifestFacts {
    let clean = mend::without_mark(text);
    let (root, errors) = DeTable::parse_recoverable(&clean);
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| Problem { message: error.message().to_owned(), range: range(error.span().unwrap_or_default()) })
        .collect();
    let mut baseline = Baseline::default();
    for (key, value) in root.get_ref().iter() {
        match value.get_ref() {
            DeValue::Array(list) if key.get_ref() == LIST => {
                for element in list.iter() {
                    match entry(element) {
                        Ok(entry) => baseline.entries.push(entry),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            _ => {
                let message = format!("unknown key `{}` in {FILE_NAME}; `portolan baseline` writes `[[{LIST}]]` alone", key.get_ref());
                problems.push(Problem { message, range: range(key.span()) });
            }
        }
    }
    problems.sort_by_key(|problem| problem.range);
    ManifestFacts { manifest: Manifest::Baseline(baseline), problems }
}

fn entry(element: &At<DeValue<'_>>) -> Result<BaselineEntry, Problem> {
    let place = range(element.span());
    let read = BaselineEntry::deserialize(ValueDeserializer::from(element.clone()));
    read.map(|entry| BaselineEntry { range: place, ..entry }).map_err(|error| {
        let at = error.span().filter(|span| !span.is_empty()).map_or(place, range);
        Problem { message: plain_message(error.message()), range: at }
    })
}

fn range(at: std::ops::Range<usize>) -> TextRange {
    TextRange::new(at.start, at.end.max(at.start))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn baseline(text: &str) -> (Baseline, Vec<String>) {
        let facts = read(text);
        let Manifest::Baseline(baseline) = facts.manifest else { return Default::default() };
        (baseline, facts.problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn entries_are_read_and_wrong_ones_are_said() {
        let text = "[[finding]]\nrule = \"a\"\nfile = \"b.ts\"\nidentity = \"a | b\"\nmessage = \"c\"\n\n[[finding]]\nrule = \"d\"\n\n\
                    [[finding]]\nrule = \"e\"\nfile = \"f\"\nidentity = \"g\"\nline = 3\n\n[other]\n";
        let (baseline, problems) = baseline(text);
        let entry = &baseline.entries[0];
        assert_eq!((entry.rule.as_str(), entry.identity.as_str(), entry.reason.as_str()), ("a", "a | b", ""));
        assert!(text[entry.range.start as usize..entry.range.end as usize].starts_with("[[finding]]"), "{:?}", entry.range);
        assert_eq!(baseline.entries.len(), 1);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].contains("missing field `file`") || problems[0].contains("`file`"), "{problems:?}");
        assert!(problems[2].starts_with("unknown key `other`"), "{problems:?}");
    }

    #[test]
    fn what_is_no_toml_is_a_problem() {
        let (baseline, problems) = baseline("[[finding]\nrule = ");
        assert!(baseline.entries.is_empty() && !problems.is_empty());
        assert_eq!(super::tests::baseline("").0, Baseline::default());
    }
}
