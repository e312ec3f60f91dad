//! The texts that messages speak of, and where in them a place stands.
//!
//! What deliberately does not live here: an editor's positions. Invariant: a place is found in a text that is shorter, or gone, too.

use std::path::Path;

use portolan_analysis::{FileId, Place, Snapshot};
use portolan_grammars::MAX_DOCUMENT_BYTES;
use rustc_hash::FxHashMap;

use crate::load::read_disk;

/// Some texts of a workspace, read once.
#[derive(Debug)]
pub struct Texts<'a> {
    snapshot: &'a Snapshot,
    texts: FxHashMap<FileId, String>,
}

/// Lines and columns, counted from 1; columns in units of UTF-16, the end's behind its last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Line of the start.
    pub line: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Columns of start and end; none where the file is gone.
    pub columns: Option<(u32, u32)>,
}

impl<'a> Texts<'a> {
    /// Reads the files of `places` below `root`.
    pub fn read(root: &Path, snapshot: &'a Snapshot, places: impl Iterator<Item = Place>) -> Self {
        let mut texts: FxHashMap<FileId, String> = FxHashMap::default();
        for place in places {
            texts.entry(place.file).or_insert_with(|| {
                // A file that went away since has no text.
                read_disk(&root.join(snapshot.files.path(place.file)), MAX_DOCUMENT_BYTES).map(|text| text.text).unwrap_or_default()
            });
        }
        Self { snapshot, texts }
    }

    /// The text of a file; empty if it is gone.
    pub fn text(&self, file: FileId) -> &str {
        self.texts.get(&file).map(String::as_str).unwrap_or_default()
    }

    /// Where a place stands.
    pub fn region(&self, place: Place) -> Region {
        let line = self.snapshot.files.line(place);
        let text = self.text(place.file);
        if text.is_empty() {
            return Region { line, end_line: line, columns: None };
        }
        let start = boundary(text, place.range.start, false);
        let end = boundary(text, place.range.end, true).max(start);
        let end_line = line + text[start..end].matches('\n').count() as u32;
        Region { line, end_line, columns: Some((column(text, start), column(text, end))) }
    }
}

fn column(text: &str, offset: usize) -> u32 {
    let before = &text[..offset];
    let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
    line.encode_utf16().count() as u32 + 1
}

/// The nearest boundary between characters, before or (`up`) behind an offset.
pub(super) fn boundary(text: &str, offset: u32, up: bool) -> usize {
    let mut at = (offset as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at = if up { at + 1 } else { at - 1 };
    }
    at
}
