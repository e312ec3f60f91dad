//! An edit of the workspace as plain data.
//!
//! Invariant: ranges are bytes of the texts that the snapshot was made of, and those of one file do not overlap.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use portolan_grammars::facts::TextRange;

use crate::FileId;

/// A text takes the place of a range.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replacement {
    /// The range; empty where something is put in.
    pub range: TextRange,
    /// What stands there then.
    pub text: String,
}

/// What is changed and what is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// Files that are there, and what is replaced in each, by place.
    pub changes: BTreeMap<FileId, Vec<Replacement>>,
    /// Files that are not there yet, and their texts.
    pub creates: BTreeMap<Utf8PathBuf, String>,
}

impl Edit {
    /// Puts a text before a byte; of several at one byte, the first added comes first.
    pub fn insert(&mut self, file: FileId, offset: u32, text: impl Into<String>) {
        self.replace(file, TextRange { start: offset, end: offset }, text);
    }

    /// Puts a text in place of a range.
    pub fn replace(&mut self, file: FileId, range: TextRange, text: impl Into<String>) {
        let changes = self.changes.entry(file).or_default();
        let at = changes.partition_point(|other| other.range.start <= range.start);
        changes.insert(at, Replacement { range, text: text.into() });
    }

    /// Takes back what was to be put before a byte.
    pub(super) fn take_insertion(&mut self, file: FileId, offset: u32) -> Option<String> {
        let changes = self.changes.get_mut(&file)?;
        let at = changes.iter().position(|change| change.range == TextRange { start: offset, end: offset })?;
        Some(changes.remove(at).text)
    }

    /// Takes back what was to be changed within a range; the result is what its text is with that.
    pub(super) fn take_within(&mut self, file: FileId, range: TextRange, text: &str) -> String {
        let changes = self.changes.entry(file).or_default();
        let (own, others) = std::mem::take(changes).into_iter().partition(|change| range.contains(change.range));
        *changes = others;
        within(range, text, &own)
    }

    /// Makes a file.
    pub fn create(&mut self, path: Utf8PathBuf, text: impl Into<String>) {
        self.creates.insert(path, text.into());
    }
}

/// The text of a range after replacements, those that lie in it.
pub(super) fn within(range: TextRange, text: &str, changes: &[Replacement]) -> String {
    let own = changes.iter().filter(|change| range.contains(change.range)).map(|change| Replacement {
        range: TextRange { start: change.range.start - range.start, end: change.range.end - range.start },
        text: change.text.clone(),
    });
    replaced(text, &own.collect::<Vec<_>>())
}

/// A text after replacements, which come in order.
pub fn replaced(text: &str, replacements: &[Replacement]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for Replacement { range, text: new } in replacements {
        result.push_str(text.get(at..range.start as usize).unwrap_or_default());
        result.push_str(new);
        at = range.end as usize;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_kept_in_order() {
        let mut edit = Edit::default();
        let file = FileId(0);
        edit.replace(file, TextRange::new(2, 4), "XY");
        edit.insert(file, 0, "a");
        edit.insert(file, 0, "b");
        edit.insert(file, 6, "end");
        assert_eq!(replaced("012345", &edit.changes[&file]), "ab01XY45end");
    }
}
