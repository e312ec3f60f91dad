//! The world: facts of all files, and the snapshot that follows from them.
//!
//! Facts may be handed in by many threads at once; one thread makes snapshots, and readers hold an [`Arc<Snapshot>`] that never changes. A
//! changed file is handed in as facts; the next snapshot relinks what depends on it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use dashmap::{DashMap, DashSet};
use portolan_grammars::FileFacts;
use portolan_grammars::catalog::{Catalog, Library};
use portolan_grammars::facts::{Module, Symbol};
use portolan_grammars::manifests::Manifest;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::bodies::Checks;
use crate::chart::index::ChartIndex;
use crate::chart::{Call, Chart};
use crate::files::Files;
use crate::resolve::assemble::{Input, assemble};
use crate::resolve::exports::handed_on;
use crate::resolve::generated_clients::{Generated, GeneratedClients, document_path};
use crate::resolve::link::{FileLink, OutboundCall};
use crate::resolve::links::Links;
use crate::rules::no_timeout::Endless;
use crate::rules::retries::Declared;
use crate::rules::{self, Finding, Suppressed};
use crate::workspace::Workspace;
use crate::workspace::modules::macros_of;
use crate::workspace::services::imported_packages;
use crate::workspace::settings::{self, Ignored};
use crate::{FileId, Place};

/// Everything that is known at one moment. Cheap to share, never changes.
#[derive(Debug)]
pub struct Snapshot {
    /// Grows with every snapshot.
    pub revision: u64,
    /// The files.
    pub files: Files,
    /// Packages and services.
    pub workspace: Arc<Workspace>,
    /// The links that the chart is made from, by [`FileId`].
    pub links: Arc<[Option<Arc<FileLink>>]>,
    /// The chart.
    pub chart: Arc<Chart>,
    /// The chart turned round: callers, functions, places.
    pub index: Arc<ChartIndex>,
    /// What is to be told of what the rules found, sorted by place.
    pub findings: Arc<Vec<Finding>>,
    /// The same before any is left out for its number.
    pub open: Arc<Vec<Finding>>,
    /// What the rules found and somebody has accepted.
    pub suppressed: Arc<Vec<Suppressed>>,
    /// Where in [`Self::links`] the calls are, by where they stand.
    sent: OnceLock<FxHashMap<Place, Vec<(FileId, usize)>>>,
    retries: OnceLock<Declared>,
    checks: OnceLock<Checks>,
    endless: OnceLock<Endless>,
}

impl Snapshot {
    /// Turns a chart round and runs the rules over it.
    pub fn new(revision: u64, files: Files, workspace: Arc<Workspace>, links: Arc<[Option<Arc<FileLink>>]>, chart: Arc<Chart>) -> Self {
        let index = Arc::new(ChartIndex::new(&chart, &files));
        let (findings, open, suppressed) = Default::default();
        let (sent, retries, checks, endless) = Default::default();
        let mut snapshot =
            Self { revision, files, workspace, links, chart, index, findings, open, suppressed, sent, retries, checks, endless };
        let found = match snapshot.chart.as_built() {
            None => rules::check(&snapshot),
            // Rules judge what is built; what they noted of its calls says nothing of the whole, which numbers them otherwise.
            Some(built) => {
                let index = Arc::new(ChartIndex::new(&built, &snapshot.files));
                let whole = (std::mem::replace(&mut snapshot.chart, Arc::new(built)), std::mem::replace(&mut snapshot.index, index));
                let found = rules::check(&snapshot);
                (snapshot.chart, snapshot.index) = whole;
                snapshot.endless.take();
                found
            }
        };
        snapshot.findings = Arc::new(found.shown);
        snapshot.open = Arc::new(found.open);
        snapshot.suppressed = Arc::new(found.suppressed);
        snapshot
    }

    /// What crosses a process boundary in a file with code.
    pub fn link(&self, file: FileId) -> Option<&FileLink> {
        self.links.get(file.0 as usize)?.as_deref()
    }

    /// What waits as long as it takes.
    pub(crate) fn endless(&self) -> &Endless {
        self.endless.get_or_init(|| Endless::of(self))
    }

    /// What checks bodies.
    pub(crate) fn checks(&self) -> &Checks {
        self.checks.get_or_init(|| Checks::new(self))
    }

    /// What is declared to try again.
    pub(crate) fn retries(&self) -> &Declared {
        self.retries.get_or_init(|| Declared::new(self))
    }

    /// The static spans that a call of the chart was made from: those whose method and path are decided where it stands, in whatever file the
    /// wrapper is that sends them.
    pub fn outbound(&self, call: &Call) -> impl Iterator<Item = &OutboundCall> {
        let sent = self.sent.get_or_init(|| {
            let mut sent: FxHashMap<Place, Vec<(FileId, usize)>> = FxHashMap::default();
            let links = self.links.iter().enumerate().filter_map(|(file, link)| Some((FileId(file as u32), link.as_ref()?)));
            for (file, at, outbound) in links.flat_map(|(file, link)| link.calls.iter().enumerate().map(move |(at, call)| (file, at, call)))
            {
                if let Some(place) = self.files.called_at(outbound.site) {
                    sent.entry(place).or_default().push((file, at));
                }
            }
            sent
        });
        sent.get(&call.place).into_iter().flatten().filter_map(|(file, at)| self.link(*file)?.calls.get(*at))
    }
}

/// The facts of all files, and what was made of them so far.
#[derive(Debug)]
pub struct World {
    /// What comes with Portolan.
    catalog: Arc<Catalog>,
    /// The same, with what the workspace's settings add, and clients that are generated of documents.
    whole: Arc<Catalog>,
    facts: DashMap<Utf8PathBuf, Arc<FileFacts>, FxBuildHasher>,
    others: Arc<Vec<Utf8PathBuf>>,
    /// What generates clients of documents, by the file that says so.
    generated: DashMap<Utf8PathBuf, Vec<Generated>, FxBuildHasher>,
    files: Files,
    workspace: Arc<Workspace>,
    links: Links,
    /// Files whose facts changed since the last snapshot.
    changed: DashSet<Utf8PathBuf, FxBuildHasher>,
    /// Whether files came or went, or a manifest, a module tree, imports that tell what a service is, or what files say of generated clients changed:
    /// then everything is linked again.
    reshaped: AtomicBool,
    revision: u64,
}

impl World {
    /// A world without files.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self {
            whole: catalog.clone(),
            catalog,
            facts: DashMap::default(),
            others: Arc::default(),
            generated: DashMap::default(),
            files: Files::default(),
            workspace: Arc::default(),
            links: Links::default(),
            changed: DashSet::default(),
            reshaped: AtomicBool::new(true),
            revision: 0,
        }
    }

    /// Hands in the facts of a new or changed file; `path` is relative to the workspace's root, with `/`.
    pub fn set(&self, path: Utf8PathBuf, facts: Arc<FileFacts>) {
        let old = self.facts.insert(path.clone(), facts.clone());
        let same_shape = old.is_some_and(|old| match (old.source(), facts.source()) {
            (Some(old), Some(new)) => {
                let handed_on = |facts| handed_on(facts).map(|import| &import.source);
                let imported = |facts| imported_packages(facts).collect::<BTreeSet<_>>();
                old.modules.iter().map(module_shape).eq(new.modules.iter().map(module_shape))
                    && (!self.workspace.asks_for_imports(&path) || imported(old) == imported(new))
                    && handed_on(old).eq(handed_on(new))
                    && macros_of(old).eq(macros_of(new))
            }
            // A baseline says nothing of what there is.
            (None, None) if [&old, &facts].iter().all(|facts| matches!(facts.manifest(), Some(Manifest::Baseline(_)))) => {
                old.problems() == facts.problems()
            }
            (None, None) => old.content == facts.content && old.line_starts == facts.line_starts,
            _ => false,
        });
        let same_clients = self.take_generated(&path, &facts);
        self.reshaped.fetch_or(!same_shape || !same_clients, Ordering::Relaxed);
        self.changed.insert(path);
    }

    /// Notes what a file says of generated clients; tells whether it said the same before.
    fn take_generated(&self, path: &Utf8Path, facts: &FileFacts) -> bool {
        let new = facts.source().map(|source| Generated::read(path, source, &self.catalog)).unwrap_or_default();
        if new.is_empty() {
            return self.generated.remove(path).is_none();
        }
        let same = self.generated.get(path).is_some_and(|old| *old == new);
        self.generated.insert(path.to_owned(), new);
        same
    }

    /// The paths of documents that files name of which clients are generated, sorted. Whoever hands in files reads these as
    /// [`OpenApi`](portolan_grammars::manifests::ManifestFormat::OpenApi), whatever they are called.
    pub fn documents(&self) -> BTreeSet<Utf8PathBuf> {
        let is_package = |folder: &str| self.facts.contains_key(Utf8Path::new(folder).join("Cargo.toml").as_path());
        let said = self.generated.iter();
        let named = said.flat_map(|entry| {
            let names = entry.value().iter().flat_map(Generated::documents);
            names.filter_map(|name| document_path(entry.key(), name, &is_package)).collect::<Vec<_>>()
        });
        named.map(Utf8PathBuf::from).collect()
    }

    /// Hands in the paths of files that are not read, relative to the workspace's root.
    pub fn set_others(&mut self, mut paths: Vec<Utf8PathBuf>) {
        paths.sort();
        if *self.others != paths {
            self.others = Arc::new(paths);
            self.reshaped.store(true, Ordering::Relaxed);
        }
    }

    /// Takes a file away.
    pub fn remove(&self, path: &Utf8Path) {
        self.generated.remove(path);
        self.reshaped.fetch_or(self.facts.remove(path).is_some(), Ordering::Relaxed);
    }

    /// Takes all baselines away, so that what they accept is told.
    pub fn remove_baselines(&self) {
        let is_baseline = |facts: &FileFacts| matches!(facts.manifest(), Some(Manifest::Baseline(_)));
        let paths: Vec<Utf8PathBuf> =
            self.facts.iter().filter(|entry| is_baseline(entry.value())).map(|entry| entry.key().clone()).collect();
        paths.iter().for_each(|path| self.remove(path));
    }

    /// What follows from all that was handed in; relinks what changed since the last call.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        self.revision += 1;
        let changed = std::mem::take(&mut self.changed);
        if std::mem::take(self.reshaped.get_mut()) {
            self.files = self.files_in_question();
            let mut workspace = Workspace::build(&self.files);
            let said = |path: &Utf8Path| self.generated.get(path).map_or_else(Vec::new, |said| said.clone());
            let clients = GeneratedClients::of(&self.files, &self.catalog, said);
            workspace.modules.set_generated(clients.modules);
            workspace.documents = clients.documents;
            self.workspace = Arc::new(workspace);
            self.whole = self.whole_catalog(clients.libraries);
            self.links.rebuild(&self.files, self.files.paths(), &self.workspace, &self.whole);
        } else {
            let mut ids = Vec::with_capacity(changed.len());
            for path in changed {
                if let (Some(id), Some(facts)) = (self.files.id(&path), self.facts.get(&path)) {
                    self.files.replace(id, facts.value().clone());
                    ids.push(id);
                }
            }
            ids.sort_unstable();
            self.links.update(&ids, &self.files, self.files.paths(), &self.workspace, &self.whole);
        }
        let input = Input { files: &self.files, workspace: &self.workspace, catalog: &self.whole, links: self.links.all() };
        let chart = Arc::new(assemble(&input));
        Arc::new(Snapshot::new(self.revision, self.files.clone(), self.workspace.clone(), self.links.all().into(), chart))
    }
}

impl World {
    /// All files but those that settings leave out.
    fn files_in_question(&self) -> Files {
        let mut facts: Vec<(Utf8PathBuf, Arc<FileFacts>)> =
            self.facts.iter().map(|entry| (entry.key().clone(), entry.value().clone())).collect();
        facts.sort_unstable_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        let ignored = Ignored::of(facts.iter().map(|(path, facts)| (path.as_path(), &**facts)));
        if ignored.is_empty() {
            return Files::sorted(facts, self.others.clone());
        }
        facts.retain(|(path, _)| !ignored.matches(path.as_str()));
        let others = self.others.iter().filter(|path| !ignored.matches(path.as_str())).cloned().collect();
        Files::sorted(facts, Arc::new(others))
    }

    /// The catalog with the libraries of settings, and with those that are generated.
    fn whole_catalog(&self, generated: Vec<Library>) -> Arc<Catalog> {
        let mut libraries = settings::libraries(&self.files);
        libraries.extend(generated);
        if libraries.is_empty() {
            return self.catalog.clone();
        }
        let mut whole = (*self.catalog).clone();
        whole.extend(libraries);
        Arc::new(whole)
    }
}

/// What of a Rust module declaration decides which files belong to a crate.
fn module_shape(module: &Module) -> (&Symbol, &Symbol, &Option<Symbol>, bool) {
    (&module.name, &module.module, &module.path, module.inline)
}
