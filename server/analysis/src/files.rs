//! Files, and the names of things in them: which file, which function, which range.
//!
//! What deliberately does not live here: what follows from facts. Invariant: ids are ranks of sorted paths, so that equal sets of files have equal
//! ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::FileFacts;
use portolan_grammars::facts::{Function, FunctionId, SourceFacts, TextRange};
use portolan_grammars::manifests::Manifest;

use crate::resolve::value::CallRef;

/// Names a file of one snapshot; dense, in the order of paths.
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

/// The files of a world: paths relative to its root, with `/`, and their facts. Sorted by path, so that ids say nothing but the order.
#[derive(Debug, Clone, Default)]
pub struct Files {
    paths: Arc<Vec<Utf8PathBuf>>,
    facts: Vec<Option<Arc<FileFacts>>>,
    others: Arc<Vec<Utf8PathBuf>>,
}

impl Files {
    /// Files read from texts by path, as discovery would read them; what is no source and no manifest is left out. For tests and tools.
    pub fn from_texts(texts: &[(&str, &str)]) -> Self {
        let read = texts.iter().filter_map(|(path, text)| {
            let path = Utf8Path::new(path);
            let kind = portolan_grammars::classify(path)?;
            Some((path.to_owned(), portolan_grammars::read(path, text, kind)))
        });
        Self::from_facts(read)
    }
    /// Files whose facts are at hand. For tests and tools.
    pub fn from_facts(facts: impl IntoIterator<Item = (Utf8PathBuf, FileFacts)>) -> Self {
        let facts: BTreeMap<String, FileFacts> = facts.into_iter().map(|(path, facts)| (path.into_string(), facts)).collect();
        Self::sorted(facts.into_iter().map(|(path, facts)| (path.into(), Arc::new(facts))).collect(), Arc::default())
    }
    /// Files with the ids of the order given: [`Files::id`] may not find them. For scenes made by hand.
    #[cfg(test)]
    pub(crate) fn in_order(facts: impl IntoIterator<Item = (Utf8PathBuf, FileFacts)>) -> Self {
        let (paths, facts): (Vec<_>, Vec<_>) = facts.into_iter().map(|(path, facts)| (path, Some(Arc::new(facts)))).unzip();
        Self { paths: Arc::new(paths), facts, others: Arc::default() }
    }
    /// Of files sorted by path as texts, which is much faster than part by part; each path stands there once.
    pub(crate) fn sorted(files: Vec<(Utf8PathBuf, Arc<FileFacts>)>, others: Arc<Vec<Utf8PathBuf>>) -> Self {
        let (paths, facts): (Vec<_>, Vec<_>) = files.into_iter().map(|(path, facts)| (path, Some(facts))).unzip();
        Self { paths: Arc::new(paths), facts, others }
    }
    /// Puts a file's new facts in place of its old ones.
    pub(crate) fn replace(&mut self, id: FileId, facts: Arc<FileFacts>) {
        self.facts[id.0 as usize] = Some(facts);
    }
    /// The file at `path`, if it is there.
    pub fn id(&self, path: &Utf8Path) -> Option<FileId> {
        let at = self.paths.binary_search_by(|known| known.as_str().cmp(path.as_str())).ok()?;
        Some(FileId(at as u32))
    }
    /// Paths of the workspace's files that are not read, sources of other languages above all: whose folder they are in tells what a service is
    /// written in.
    pub fn others(&self) -> &[Utf8PathBuf] {
        &self.others
    }
    /// Paths of files whose code is no source that is read, of Go's too, of which only little is: by their names they tell of languages.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &str> {
        let is_go = |facts: &FileFacts| matches!(facts.manifest(), Some(Manifest::Go(_)));
        let go = self.iter().filter(move |(.., facts)| is_go(facts)).map(|(_, path, _)| path.as_str());
        self.others.iter().map(|path| path.as_str()).chain(go)
    }
    /// Says which files there are that are not read.
    pub fn set_others(&mut self, mut paths: Vec<Utf8PathBuf>) {
        paths.sort();
        self.others = Arc::new(paths);
    }
    /// The paths of all files, by [`FileId`].
    pub fn paths(&self) -> &[Utf8PathBuf] {
        &self.paths
    }
    /// The path of a file.
    pub fn path(&self, id: FileId) -> &Utf8Path {
        &self.paths[id.0 as usize]
    }
    /// The facts of a file.
    pub fn facts(&self, id: FileId) -> Option<&Arc<FileFacts>> {
        self.facts.get(id.0 as usize)?.as_ref()
    }
    /// The facts of a source file; `None` for manifests.
    pub fn source(&self, id: FileId) -> Option<&SourceFacts> {
        self.facts(id)?.source()
    }
    /// What is known of a function.
    pub fn function(&self, function: FunctionRef) -> Option<&Function> {
        self.source(function.file)?.functions.get(function.function.index())
    }
    /// Where a call stands: at the name of what is called.
    pub fn called_at(&self, call: CallRef) -> Option<Place> {
        let range = self.source(call.file)?.calls.get(call.call.index())?.name_range;
        Some(Place { file: call.file, range })
    }
    /// The function that a call stands in.
    pub fn function_at(&self, call: CallRef) -> Option<FunctionRef> {
        let function = self.source(call.file)?.calls.get(call.call.index())?.function;
        Some(FunctionRef { file: call.file, function })
    }
    /// All files, by path.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Utf8Path, &Arc<FileFacts>)> {
        self.paths
            .iter()
            .zip(&self.facts)
            .enumerate()
            .filter_map(|(index, (path, facts))| Some((FileId(index as u32), path.as_path(), facts.as_ref()?)))
    }
    /// The 1-based line of a place.
    pub fn line(&self, place: Place) -> u32 {
        self.facts(place.file).map_or(1, |facts| facts.line(place.range.start))
    }
}
