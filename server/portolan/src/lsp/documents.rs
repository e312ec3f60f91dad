//! The texts that an editor holds, and their edits.
//!
//! Invariant: after an edit, text, lines and tree agree; a tree is kept only while it was told of every edit.

use std::path::PathBuf;
use std::sync::Arc;

use line_index::LineIndex;
use portolan_grammars::languages::{Edit, Tree};
use portolan_grammars::{FileFacts, FileKind};
use rustc_hash::FxHashMap;
use tower_lsp::ls_types::{Position, Range, Uri};

use super::from_proto;
use super::to_proto::Encoding;
use crate::discover::Found;
use crate::guard::guarded;

/// The open documents, by path on disk.
pub(super) type Documents = FxHashMap<PathBuf, Document>;

/// A text that the editor holds.
#[derive(Debug)]
pub(super) struct Document {
    /// Its URI, as the editor spells it.
    pub(super) uri: Uri,
    /// Its version.
    pub(super) version: i32,
    /// The lines of the text.
    pub(super) lines: Arc<LineIndex>,
    /// The text.
    pub(super) text: Arc<String>,
    tree: Option<Tree>,
}

impl Document {
    /// A text as it was opened.
    pub(super) fn new(uri: Uri, version: i32, text: String) -> Self {
        Self { uri, version, lines: Arc::new(lines_of(&text)), text: Arc::new(text), tree: None }
    }

    /// Replaces ranges by texts, one after the other; without a range, everything.
    pub(super) fn edit(&mut self, version: i32, edits: Vec<(Option<Range>, String)>, encoding: Encoding) {
        if version <= self.version {
            tracing::warn!("{} went from version {} to {version}", self.uri.as_str(), self.version);
        }
        self.version = version;
        for (range, text) in edits {
            match range {
                Some(range) => self.replace(range, &text, encoding),
                None => {
                    self.text = Arc::new(text);
                    self.tree = None;
                    self.lines = Arc::new(lines_of(&self.text));
                }
            }
        }
    }

    fn replace(&mut self, range: Range, text: &str, encoding: Encoding) {
        let (start, old_end) = (self.offset(range.start, encoding), self.offset(range.end, encoding));
        let (start, old_end) = (start.min(old_end), start.max(old_end));
        let new_end = start + text.len();
        let (start_point, old_end_point) = (point(&self.lines, start), point(&self.lines, old_end));
        Arc::make_mut(&mut self.text).replace_range(start..old_end, text);
        self.lines = Arc::new(lines_of(&self.text));
        let new_end_point = point(&self.lines, new_end);
        if let Some(tree) = &mut self.tree {
            tree.edit(&Edit { start, old_end, new_end, start_point, old_end_point, new_end_point });
        }
    }

    /// The byte at a position; a line's end is before its line break, whichever that is.
    /// Lines and text agree, so it is a character's first.
    fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let offset = (from_proto::offset(&self.lines, encoding, position) as usize).min(self.text.len());
        let in_break = self.text[..offset].ends_with('\r') && self.text[offset..].starts_with('\n');
        offset - usize::from(in_break)
    }

    /// Reads the text; an error is a sentence for the user.
    pub(super) fn read(&mut self, found: &Found) -> Result<FileFacts, String> {
        if self.text.len() > found.kind.max_bytes() {
            self.tree = None;
            return Err("not read: it is too large".to_owned());
        }
        let bug = |panic| format!("not read because of a bug in portolan: {panic}");
        match found.kind {
            FileKind::Manifest(_) => guarded(|| portolan_grammars::read(&found.relative, &self.text, found.kind)).map_err(bug),
            FileKind::Source(_) | FileKind::Component => {
                // If reading panics, the tree is not trusted again.
                let old = self.tree.take();
                let read = || portolan_grammars::read_source(&found.relative, &self.text, found.kind, old.as_ref());
                let (facts, tree) = guarded(read).map_err(bug)?;
                self.tree = tree;
                Ok(facts)
            }
        }
    }
}

fn point(lines: &LineIndex, offset: usize) -> (usize, usize) {
    let at = lines.try_line_col((offset as u32).into());
    at.map_or((0, offset), |at| (at.line as usize, at.col as usize))
}

/// The lines of a text.
pub(super) fn lines_of(text: &str) -> LineIndex {
    LineIndex::new(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::str::FromStr;

    use camino::Utf8PathBuf;
    use portolan_grammars::facts::Language;

    use super::*;

    fn document(text: &str) -> Document {
        Document::new(Uri::from_str("file:///w/a.rs").unwrap(), 1, text.to_owned())
    }

    fn replace(start: (u32, u32), end: (u32, u32), text: &str) -> (Option<Range>, String) {
        (Some(Range::new(Position::new(start.0, start.1), Position::new(end.0, end.1))), text.to_owned())
    }

    #[test]
    fn edits_apply_one_after_the_other() {
        let mut utf16 = document("é🦀b\r\nsecond\n");
        // Behind the crab: é is one unit, the crab two.
        utf16.edit(2, vec![replace((0, 3), (0, 4), "c"), replace((0, 3), (0, 3), "x"), replace((1, 0), (1, 6), "")], Encoding::Utf16);
        assert_eq!(*utf16.text, "é🦀xc\r\n\n");
        let mut utf8 = document("é🦀b\r\nsecond\n");
        utf8.edit(2, vec![replace((0, 6), (0, 7), "c"), replace((0, 0), (0, 2), "")], Encoding::Utf8);
        assert_eq!(*utf8.text, "🦀c\r\nsecond\n");
        assert_eq!(utf8.version, 2);
    }

    #[test]
    fn odd_ranges_are_brought_into_the_text() {
        let mut document = document("ab\r\ncd");
        document.edit(2, vec![replace((0, 99), (0, 99), "!"), replace((9, 9), (9, 9), "?"), replace((1, 1), (1, 0), "C")], Encoding::Utf16);
        assert_eq!(*document.text, "ab!\r\nCd?");
        document.edit(3, vec![(None, "new".to_owned()), replace((0, 3), (0, 3), "er")], Encoding::Utf16);
        assert_eq!(*document.text, "newer");
    }

    #[test]
    fn a_document_reads_as_its_text_does() {
        let found = Found {
            path: Utf8PathBuf::from("a.rs"),
            relative: Utf8PathBuf::from("a.rs"),
            disk: PathBuf::from("/w/a.rs"),
            kind: FileKind::Source(Language::Rust),
        };
        let mut document = document("fn f() { g(\"é\"); }\n");
        document.read(&found).unwrap();
        let edits = [
            replace((0, 9), (0, 10), "hh"),
            replace((0, 0), (0, 0), "use a::b;\n"),
            replace((1, 13), (1, 14), "🦀"),
            replace((1, 0), (1, 99), "fn f() {"),
            replace((1, 8), (1, 8), " if x { y(); } }"),
        ];
        for (at, edit) in edits.into_iter().enumerate() {
            document.edit(at as i32 + 2, vec![edit], Encoding::Utf16);
            let facts = document.read(&found).unwrap();
            assert_eq!(facts, portolan_grammars::read(&found.relative, &document.text, found.kind), "{}", document.text);
        }
    }
}
