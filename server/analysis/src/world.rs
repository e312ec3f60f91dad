//! The world: facts of all files, and the snapshot that follows from them.
//!
//! One writer holds the [`World`]; readers hold an [`Arc<Snapshot>`] that never changes. A changed file is handed in as facts; the next
//! snapshot relinks what depends on it.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::FileFacts;
use portolan_grammars::catalog::Catalog;
use portolan_grammars::facts::{FunctionId, SourceFacts, TextRange};
use rustc_hash::FxHashMap;

use crate::chart::Chart;
use crate::chart::index::ChartIndex;
use crate::rules::Finding;
use crate::workspace::Workspace;

/// Names a file of one world; dense, never used again for another path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The range in it.
    pub range: TextRange,
}

/// A function of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionRef {
    /// The file.
    pub file: FileId,
    /// The function in it.
    pub function: FunctionId,
}

/// The files of a world: paths relative to its root, with `/`, and their facts.
#[derive(Debug, Clone, Default)]
pub struct Files {
    by_path: FxHashMap<Utf8PathBuf, FileId>,
    entries: Vec<FileEntry>,
    others: Arc<Vec<Utf8PathBuf>>,
}

#[derive(Debug, Clone)]
struct FileEntry {
    path: Utf8PathBuf,
    facts: Option<Arc<FileFacts>>,
}

impl Files {
    /// Files read from texts by path, as discovery would read them; what is no source and no manifest is left out. For tests and tools.
    pub fn from_texts(texts: &[(&str, &str)]) -> Self {
        let mut files = Self::default();
        for (path, text) in texts {
            let path = Utf8Path::new(path);
            if let Some(kind) = portolan_grammars::classify(path) {
                files.set(path.to_owned(), Some(Arc::new(portolan_grammars::read(path, text, kind))));
            }
        }
        files
    }
    /// Files whose facts are at hand. For tests and tools.
    pub fn from_facts(facts: impl IntoIterator<Item = (Utf8PathBuf, FileFacts)>) -> Self {
        let mut files = Self::default();
        for (path, facts) in facts {
            files.set(path, Some(Arc::new(facts)));
        }
        files
    }
    /// The file at `path`, if it is there now.
    pub fn id(&self, path: &Utf8Path) -> Option<FileId> {
        let id = *self.by_path.get(path)?;
        self.entries[id.0 as usize].facts.is_some().then_some(id)
    }
    /// Paths of the workspace's files that are not read, sources of other languages above all: whose folder they are in tells what a service is
    /// written in.
    pub fn others(&self) -> &[Utf8PathBuf] {
        &self.others
    }
    /// Says which files there are that are not read.
    pub fn set_others(&mut self, mut paths: Vec<Utf8PathBuf>) {
        paths.sort();
        self.others = Arc::new(paths);
    }
    /// The path of a file.
    pub fn path(&self, id: FileId) -> &Utf8Path {
        &self.entries[id.0 as usize].path
    }
    /// The facts of a file; `None` once it is gone.
    pub fn facts(&self, id: FileId) -> Option<&Arc<FileFacts>> {
        self.entries[id.0 as usize].facts.as_ref()
    }
    /// The facts of a source file; `None` for manifests and files that are gone.
    pub fn source(&self, id: FileId) -> Option<&SourceFacts> {
        self.facts(id)?.source()
    }
    /// All files that are there, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Utf8Path, &Arc<FileFacts>)> {
        self.entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| Some((FileId(index as u32), entry.path.as_path(), entry.facts.as_ref()?)))
    }
    /// The 1-based line of a place.
    pub fn line(&self, place: Place) -> u32 {
        self.facts(place.file).map_or(1, |facts| facts.line(place.range.start))
    }

    pub(crate) fn set(&mut self, path: Utf8PathBuf, facts: Option<Arc<FileFacts>>) -> FileId {
        if let Some(&id) = self.by_path.get(&path) {
            self.entries[id.0 as usize].facts = facts;
            return id;
        }
        let id = FileId(self.entries.len() as u32);
        self.by_path.insert(path.clone(), id);
        self.entries.push(FileEntry { path, facts });
        id
    }
}

/// Everything that is known at one moment. Cheap to share, never changes.
#[derive(Debug)]
pub struct Snapshot {
    /// Grows with every snapshot that differs from the one before.
    pub revision: u64,
    /// The files.
    pub files: Files,
    /// Packages and services.
    pub workspace: Arc<Workspace>,
    /// The chart.
    pub chart: Arc<Chart>,
    /// The chart turned round: callers, functions, places.
    pub index: Arc<ChartIndex>,
    /// What the rules found, sorted by place.
    pub findings: Arc<Vec<Finding>>,
}

impl Snapshot {
    /// Turns a chart round and runs the rules over it.
    pub fn new(revision: u64, files: Files, workspace: Arc<Workspace>, chart: Arc<Chart>) -> Self {
        let index = Arc::new(ChartIndex::new(&chart, &files));
        let mut snapshot = Self { revision, files, workspace, chart, index, findings: Arc::default() };
        snapshot.findings = Arc::new(crate::rules::check(&snapshot));
        snapshot
    }
}

/// The facts of all files, and what was made of them so far.
#[derive(Debug)]
pub struct World {
    catalog: Arc<Catalog>,
    files: Files,
    revision: u64,
}

impl World {
    /// A world without files.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, files: Files::default(), revision: 0 }
    }

    /// Hands in the facts of a new or changed file; `path` is relative to the workspace's root, with `/`.
    pub fn set(&mut self, path: Utf8PathBuf, facts: Arc<FileFacts>) {
        self.files.set(path, Some(facts));
    }

    /// Hands in the paths of files that are not read, relative to the workspace's root.
    pub fn set_others(&mut self, paths: Vec<Utf8PathBuf>) {
        self.files.set_others(paths);
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &Utf8Path) {
        self.files.set(path.to_owned(), None);
    }

    /// What follows from all that was handed in; relinks what changed since the last call.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        self.revision += 1;
        let workspace = Arc::new(Workspace::build(&self.files));
        let chart = Arc::new(Chart::default());
        let _ = &self.catalog;
        Arc::new(Snapshot::new(self.revision, self.files.clone(), workspace, chart))
    }
}
