//! Reads: one file in, facts out.
//!
//! What lives here: languages, manifest formats, and the library catalog, as data. What deliberately does not: any knowledge of a second file,
//! of services, of a protocol or a disk. Invariant: this is the only crate that names `tree_sitter`.

pub mod catalog;
pub mod facts;
pub mod languages;
pub mod manifests;
pub mod suggest;
pub mod suppressions;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use facts::{Language, Problem, SourceFacts};
use languages::Tree;
use manifests::{Manifest, ManifestFacts, ManifestFormat};
use suppressions::Suppression;

/// A file is left alone beyond this size: 1 MiB of source is generated or data.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// The same for OpenAPI documents, which tools write and of which little is looked at.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 24;

/// How a file is to be read, decided by its path alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Source code.
    Source(Language),
    /// A Vue or Svelte component: its script block is read, at its place in the file.
    Component,
    /// A manifest.
    Manifest(ManifestFormat),
}

impl FileKind {
    /// The size beyond which such a file is left alone.
    pub fn max_bytes(self) -> usize {
        match self {
            // Of Go, what is large is generated, which its first lines tell.
            FileKind::Manifest(ManifestFormat::OpenApi | ManifestFormat::Go) => MAX_DOCUMENT_BYTES,
            _ => MAX_FILE_BYTES,
        }
    }
}

/// What one file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Offsets of the first byte of each line.
    pub line_starts: Vec<u32>,
    /// What was read.
    pub content: Content,
    /// Comments by which findings are accepted.
    pub suppressions: Vec<Suppression>,
}

/// The two sorts of files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Source code.
    Source(SourceFacts),
    /// A manifest.
    Manifest(ManifestFacts),
}

impl FileFacts {
    /// The 1-based line that the byte at `offset` stands on.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|start| *start <= offset).max(1) as u32
    }
    /// The facts of source code.
    pub fn source(&self) -> Option<&SourceFacts> {
        match &self.content {
            Content::Source(source) => Some(source),
            Content::Manifest(_) => None,
        }
    }
    /// The facts of a manifest.
    pub fn manifest(&self) -> Option<&manifests::Manifest> {
        match &self.content {
            Content::Source(_) => None,
            Content::Manifest(facts) => Some(&facts.manifest),
        }
    }
    /// What could not be read.
    pub fn problems(&self) -> &[Problem] {
        match &self.content {
            Content::Source(source) => &source.problems,
            Content::Manifest(facts) => &facts.problems,
        }
    }
}

/// Decides by a path, relative to the workspace, whether and how a file is read. Tests, generated declarations and vendored code are not.
pub fn classify(path: &Utf8Path) -> Option<FileKind> {
    if languages::is_skipped(path) {
        return None;
    }
    languages::language_of(path).or_else(|| manifests::format_of(path).map(FileKind::Manifest))
}

/// Reads one file. Never fails: what could not be read is among its problems.
pub fn read(path: &Utf8Path, text: &str, kind: FileKind) -> FileFacts {
    match kind {
        FileKind::Source(_) | FileKind::Component => read_source(path, text, kind, None).0,
        FileKind::Manifest(format) => {
            let content = manifests::read(format, text);
            let suppressions = suppressions::read(path, text, kind, None);
            // Where no place in a file is told of, its lines are of no interest, so that most edits of it change nothing.
            let has_places = !matches!(&content.manifest, Manifest::Go(file) if file.servers.is_empty()) || !suppressions.is_empty();
            let line_starts = if has_places { line_starts(text) } else { Vec::new() };
            FileFacts { line_starts, content: Content::Manifest(content), suppressions }
        }
    }
}

/// Reads a source file as [`read`] does. `old` is the tree of its former text, told of every edit since.
pub fn read_source(path: &Utf8Path, text: &str, kind: FileKind, old: Option<&Tree>) -> (FileFacts, Option<Tree>) {
    let (source, tree) = languages::read(path, text, kind, old);
    let suppressions = suppressions::read(path, text, kind, tree.as_ref());
    (FileFacts { line_starts: line_starts(text), content: Content::Source(source), suppressions }, tree)
}

fn line_starts(text: &str) -> Vec<u32> {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes());
    // Counting is quick, and what is kept for long is as large as it must be.
    let mut starts = Vec::with_capacity(ends.clone().count() + 1);
    starts.push(0);
    starts.extend(ends.map(|at| at as u32 + 1));
    starts
}
