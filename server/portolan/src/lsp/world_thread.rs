//! The one writer: applies changes to the world and publishes views.
//!
//! All changes that have come in are applied before a view is made, so that a burst costs one view. What deliberately does not live here:
//! anything that waits for the editor. Invariant: a text that the editor holds wins over the disk; once it is closed, the disk is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};

use camino::{Utf8Path, Utf8PathBuf};
use line_index::LineIndex;
use portolan_analysis::{Files, Snapshot, World, refactors};
use portolan_grammars::catalog::Catalog;
use portolan_grammars::manifests::ManifestFormat;
use portolan_grammars::{FileFacts, FileKind};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use tokio::sync::watch;

use super::documents::{Document, Documents, lines_of};
use super::session::{Change, Open, Order, Reading, Rehearsal, View};
use super::to_proto::Encoding;
use crate::discover::{Discovery, Found, discover, discover_at, documents_at, kind_at};
use crate::guard::guarded;
use crate::load::{Unread, read_disk, read_text};
use crate::roots::{Roots, normalize};

/// Files that say which files count.
const IGNORE_FILES: &[&str] = &[".gitignore", ".ignore", "CACHEDIR.TAG"];

/// Code nests deeper than a thread's usual stack likes.
const STACK_BYTES: usize = 16 << 20;

/// Starts the thread; it ends when the sender of its changes is gone.
pub(super) fn start(
    encoding: Encoding,
    reading: Arc<Reading>,
    orders: mpsc::Receiver<Order>,
    views: watch::Sender<Option<Arc<View>>>,
) -> std::io::Result<()> {
    let writer = Writer::new(encoding, reading);
    std::thread::Builder::new().name("world".to_owned()).stack_size(STACK_BYTES).spawn(move || writer.run(&orders, &views))?;
    Ok(())
}

/// A file of the world.
#[derive(Debug)]
struct Entry {
    found: Found,
    facts: Arc<FileFacts>,
    lines: Arc<LineIndex>,
    /// Of the text on disk; `None` where the editor's text was read.
    hash: Option<u64>,
}

impl Entry {
    /// Whether it is a document that code names.
    fn is_document(&self) -> bool {
        self.found.kind == FileKind::Manifest(ManifestFormat::OpenApi)
    }
}

/// What reading a file from disk gave.
enum FromDisk {
    Read { facts: Arc<FileFacts>, lines: LineIndex, hash: u64 },
    Same,
    Nothing,
}

/// What changes that came in together leave to be read.
#[derive(Debug, Default)]
struct Batch {
    /// Texts that the editor holds.
    texts: BTreeSet<PathBuf>,
    /// Files and folders on disk.
    disk: Vec<PathBuf>,
}

struct Writer {
    encoding: Encoding,
    reading: Arc<Reading>,
    roots: Arc<Roots>,
    world: World,
    /// By path on disk, so that what is below a folder stands together.
    entries: BTreeMap<PathBuf, Entry>,
    /// Paths of files that are not read.
    others: BTreeSet<Utf8PathBuf>,
    others_changed: bool,
    documents: Documents,
    snapshot: Option<Arc<Snapshot>>,
    /// How many snapshots there were; a world's own count begins anew with it.
    revision: u64,
    applied: u64,
    dirty: bool,
    /// As of the last view.
    lines: Arc<Vec<Option<Arc<LineIndex>>>>,
    /// The files whose ids the lines go by.
    lines_of: Files,
    /// Whether the snapshot is older than the facts, as the analysis met a bug: then its lines are, too.
    outdated: bool,
    /// Lines of files that were read since the last view that was made of them.
    touched: FxHashMap<Utf8PathBuf, Arc<LineIndex>>,
}

impl Writer {
    fn new(encoding: Encoding, reading: Arc<Reading>) -> Self {
        Self {
            encoding,
            reading,
            roots: Arc::default(),
            world: World::new(Catalog::builtin()),
            entries: BTreeMap::new(),
            others: BTreeSet::new(),
            others_changed: false,
            documents: Documents::default(),
            snapshot: None,
            revision: 0,
            applied: 0,
            dirty: true,
            lines: Arc::default(),
            lines_of: Files::default(),
            outdated: false,
            touched: FxHashMap::default(),
        }
    }

    fn run(mut self, orders: &mpsc::Receiver<Order>, views: &watch::Sender<Option<Arc<View>>>) {
        while let Ok(first) = orders.recv() {
            let (mut changes, mut rehearsals) = (Vec::new(), Vec::new());
            for order in std::iter::once(first).chain(orders.try_iter()) {
                match order {
                    Order::Change(change) => changes.push(change),
                    Order::Rehearsal(rehearsal) => rehearsals.push(rehearsal),
                }
            }
            if !changes.is_empty() {
                self.take_over(changes);
                if let Some(view) = self.view() {
                    views.send_replace(Some(Arc::new(view)));
                }
            }
            for rehearsal in rehearsals {
                let outcome = self.rehearse(&rehearsal);
                // Who asked may have gone.
                let _ = rehearsal.outcome.send(outcome);
            }
        }
    }

    fn take_over(&mut self, changes: Vec<Change>) {
        let mut batch = Batch::default();
        for change in changes {
            self.applied += 1;
            if let Err(panic) = guarded(|| self.apply(change, &mut batch)) {
                tracing::error!("a change met a bug: {panic}");
            }
        }
        if let Err(panic) = guarded(|| self.catch_up(batch)) {
            tracing::error!("changed files met a bug: {panic}");
        }
    }

    fn apply(&mut self, change: Change, batch: &mut Batch) {
        match change {
            Change::Folders(folders) => {
                self.roots = Arc::new(Roots::new(folders));
                self.read_all();
            }
            Change::Open { path, uri, version, text } => {
                self.documents.insert(path.clone(), Document::new(uri, version, text));
                batch.texts.insert(path);
            }
            Change::Edit { path, version, edits } => match self.documents.get_mut(&path) {
                Some(document) => {
                    document.edit(version, edits, self.encoding);
                    batch.texts.insert(path);
                }
                None => tracing::warn!("{} was changed but never opened", path.display()),
            },
            Change::Close { path } => {
                self.documents.remove(&path);
                batch.disk.push(path);
            }
            Change::Disk(paths) => batch.disk.extend(paths),
        }
    }

    /// Tries an edit and takes it back: the next snapshot links its files again, as after an edit in the editor.
    fn rehearse(&mut self, rehearsal: &Rehearsal) -> Result<(), String> {
        let snapshot = self.snapshot.clone().filter(|_| self.revision == rehearsal.revision);
        let snapshot = snapshot.ok_or("the workspace was changed meanwhile")?;
        let outcome =
            guarded(|| refactors::rehearse(&mut self.world, &snapshot, &rehearsal.files, rehearsal.finding.as_ref(), rehearsal.level));
        match outcome {
            Ok(outcome) => outcome.map_err(|refusal| refusal.to_string()),
            Err(panic) => {
                self.begin_anew();
                Err(format!("the analysis met a bug: {panic}"))
            }
        }
    }

    /// Reads what the changes of a batch touched: each text once, however many edits there were.
    fn catch_up(&mut self, batch: Batch) {
        for path in &batch.texts {
            self.read_document(path);
        }
        if !batch.disk.is_empty() {
            self.look(batch.disk);
        }
        self.read_named();
    }

    /// Reads the documents that code names, and forgets those as such that it names no longer.
    fn read_named(&mut self) {
        let named = self.world.documents();
        let forgotten = self.entries.values().filter(|entry| entry.is_document() && !named.contains(&entry.found.path));
        let forgotten: Vec<PathBuf> = forgotten.map(|entry| entry.found.disk.clone()).collect();
        forgotten.iter().for_each(|path| self.remove(path));
        let is_read =
            |path: &Utf8PathBuf| self.roots.to_disk(path).is_some_and(|disk| self.entries.get(&disk).is_some_and(Entry::is_document));
        let mut found = documents_at(&self.roots, named.iter().filter(|path| !is_read(path)).cloned());
        found.extend(forgotten.iter().filter_map(|path| self.find(path)));
        // It may have been read as something else.
        found.iter().for_each(|file| self.remove(&file.disk));
        self.read_found(found);
    }

    /// Reads a text that the editor holds, if it belongs to the workspace.
    fn read_document(&mut self, path: &Path) {
        let found = match self.entries.get(path) {
            Some(entry) => entry.found.clone(),
            None => match self.find(path) {
                Some(found) => found,
                None => return,
            },
        };
        let Some(document) = self.documents.get_mut(path) else { return };
        match document.read(&found) {
            Ok(facts) => {
                let lines = document.lines.clone();
                self.set(found, Arc::new(facts), lines, None);
            }
            Err(message) => {
                tracing::warn!("{}: {message}", path.display());
                self.remove(path);
            }
        }
    }

    /// A file that is not known yet: on disk and not ignored, or not on disk at all, as the editor may hold the text of a file that is new.
    fn find(&self, path: &Path) -> Option<Found> {
        if let Some((_, world)) = self.roots.to_world(path)
            && self.world.documents().contains(&world)
        {
            return documents_at(&self.roots, [world]).pop();
        }
        let found = kind_at(&self.roots, path)?;
        if path.exists() { discover_at(&self.roots, &[path.to_owned()]).files.pop() } else { Some(found) }
    }

    /// Looks at paths that changed on disk.
    fn look(&mut self, paths: Vec<PathBuf>) {
        let mut paths: Vec<PathBuf> = paths.iter().map(|path| normalize(path)).collect();
        if paths.iter().any(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| IGNORE_FILES.contains(&name))) {
            self.read_all();
            return;
        }
        paths.sort();
        paths.dedup();
        let Discovery { files, others, .. } = discover_at(&self.roots, &paths);
        let there: FxHashSet<&Path> = files.iter().map(|file| file.disk.as_path()).collect();
        let mut gone: Vec<PathBuf> = Vec::new();
        let mut others_gone: Vec<Utf8PathBuf> = Vec::new();
        for path in &paths {
            let below = self.entries.range(path.clone()..).map(|(below, _)| below).take_while(|below| below.starts_with(path));
            gone.extend(below.filter(|below| !there.contains(below.as_path())).cloned());
            if let Some((_, path)) = self.roots.to_world(path) {
                let below = self.others.range(path.clone()..).take_while(|below| below.starts_with(&path));
                others_gone.extend(below.filter(|below| others.binary_search(below).is_err()).cloned());
            }
        }
        gone.extend(self.linked_to(&paths));
        for path in gone {
            // The editor may still hold the text.
            if !self.documents.contains_key(&path) {
                self.remove(&path);
            }
        }
        for path in others_gone {
            self.others_changed |= self.others.remove(&path);
        }
        for path in others {
            self.others_changed |= self.others.insert(path);
        }
        self.read_found(files);
    }

    /// The documents that are links to one of these paths, or to nothing any more.
    fn linked_to(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let documents: Vec<&PathBuf> = self.entries.iter().filter(|(_, entry)| entry.is_document()).map(|(path, _)| path).collect();
        if documents.is_empty() {
            return Vec::new();
        }
        let changed: FxHashSet<PathBuf> = paths.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let is_changed = |path: &Path| path.canonicalize().map_or(true, |target| changed.contains(&target));
        documents.into_iter().filter(|path| is_changed(path)).cloned().collect()
    }

    /// Reads the whole workspace, and forgets what is no longer part of it.
    fn read_all(&mut self) {
        let Discovery { files, others, .. } = discover(&self.roots);
        let others = BTreeSet::from_iter(others);
        self.others_changed |= self.others != others;
        self.others = others;
        let kept: FxHashMap<&Path, &Utf8Path> = files.iter().map(|file| (file.disk.as_path(), file.path.as_path())).collect();
        // A second folder beside the first gives the files of both other names.
        let gone: Vec<PathBuf> = self
            .entries
            .iter()
            .filter(|(disk, entry)| kept.get(disk.as_path()) != Some(&entry.found.path.as_path()))
            .map(|(disk, _)| disk.clone())
            .collect();
        for path in gone {
            self.remove(&path);
        }
        self.read_found(files);
        let open: Vec<PathBuf> = self.documents.keys().cloned().collect();
        for path in open {
            if !self.entries.contains_key(&path) {
                self.read_document(&path);
            }
        }
    }

    /// Reads files from disk, in parallel, where the editor does not hold their text.
    fn read_found(&mut self, mut found: Vec<Found>) {
        found.retain(|file| {
            let open = self.documents.contains_key(&file.disk);
            !open || !self.entries.contains_key(&file.disk)
        });
        let (open, closed): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|file| self.documents.contains_key(&file.disk));
        self.reading.total.store(closed.len(), Ordering::Relaxed);
        self.reading.done.store(0, Ordering::Relaxed);
        let read: Vec<FromDisk> = closed
            .par_iter()
            .map(|file| {
                let read = from_disk(file, self.entries.get(&file.disk).and_then(|entry| entry.hash));
                self.reading.done.fetch_add(1, Ordering::Relaxed);
                read
            })
            .collect();
        for (file, read) in closed.into_iter().zip(read) {
            match read {
                FromDisk::Read { facts, lines, hash } => self.set(file, facts, Arc::new(lines), Some(hash)),
                FromDisk::Same => {}
                FromDisk::Nothing => self.remove(&file.disk),
            }
        }
        for file in open {
            self.read_document(&file.disk);
        }
    }

    fn set(&mut self, found: Found, facts: Arc<FileFacts>, lines: Arc<LineIndex>, hash: Option<u64>) {
        self.touched.insert(found.path.clone(), lines.clone());
        if let Some(entry) = self.entries.get_mut(&found.disk)
            && entry.found == found
            && entry.facts == facts
        {
            // Opened, closed, or edited without a difference to us.
            entry.lines = lines;
            entry.hash = hash;
            return;
        }
        self.world.set(found.path.clone(), facts.clone());
        self.entries.insert(found.disk.clone(), Entry { found, facts, lines, hash });
        self.dirty = true;
    }

    fn remove(&mut self, path: &Path) {
        if let Some(entry) = self.entries.remove(path) {
            self.world.remove(&entry.found.path);
            self.dirty = true;
        }
    }

    /// The view of what is known now; `None` if there is no snapshot at all.
    fn view(&mut self) -> Option<View> {
        if std::mem::take(&mut self.others_changed) {
            self.world.set_others(self.others.iter().cloned().collect());
            self.dirty = true;
        }
        if std::mem::take(&mut self.dirty) {
            match guarded(|| self.world.snapshot()) {
                Ok(snapshot) => {
                    self.snapshot = Some(snapshot);
                    self.revision += 1;
                    self.outdated = false;
                }
                Err(panic) => {
                    tracing::error!("the analysis met a bug: {panic}");
                    self.begin_anew();
                    self.outdated = true;
                }
            }
        }
        let snapshot = self.snapshot.clone()?;
        // Where files came or went, the others have other ids.
        if !std::ptr::eq(snapshot.files.paths(), self.lines_of.paths()) {
            self.lines_of = snapshot.files.clone();
            self.lines = Arc::new(vec![None; snapshot.files.paths().len()]);
            self.touched.extend(self.entries.values().map(|entry| (entry.found.path.clone(), entry.lines.clone())));
        }
        if !self.outdated && !self.touched.is_empty() {
            let all = Arc::make_mut(&mut self.lines);
            for (path, lines) in std::mem::take(&mut self.touched) {
                let Some(id) = snapshot.files.id(&path) else { continue };
                let at = id.0 as usize;
                if all.len() <= at {
                    all.resize(at + 1, None);
                }
                all[at] = Some(lines);
            }
        }
        let held = |document: &Document| Open { uri: document.uri.clone(), version: document.version, text: document.text.clone() };
        let open = self.documents.iter().map(|(path, document)| (path.clone(), held(document))).collect();
        Some(View { revision: self.revision, applied: self.applied, snapshot, roots: self.roots.clone(), lines: self.lines.clone(), open })
    }

    /// Makes a new world of the facts there are, as the old one may be half changed. Until the next change, the last good snapshot has to do.
    fn begin_anew(&mut self) {
        self.world = World::new(Catalog::builtin());
        self.others_changed = true;
        let mut entries: Vec<&Entry> = self.entries.values().collect();
        entries.sort_by(|a, b| a.found.path.cmp(&b.found.path));
        for entry in entries {
            self.world.set(entry.found.path.clone(), entry.facts.clone());
            self.touched.insert(entry.found.path.clone(), entry.lines.clone());
        }
        if self.snapshot.is_none() {
            self.snapshot = guarded(|| World::new(Catalog::builtin()).snapshot()).ok();
        }
    }
}

/// Reads a file, unless its text has the hash `known`.
fn from_disk(file: &Found, known: Option<u64>) -> FromDisk {
    let text = match read_disk(&file.disk, file.kind.max_bytes()) {
        Ok(text) => text,
        Err(Unread::Gone) => return FromDisk::Nothing,
        Err(Unread::Because(message)) => {
            tracing::warn!("{}: {message}", file.path);
            return FromDisk::Nothing;
        }
    };
    let hash = hash(&text.text);
    if known == Some(hash) {
        return FromDisk::Same;
    }
    if let Some(problem) = &text.problem {
        tracing::warn!("{}: {problem}", file.path);
    }
    match read_text(&file.relative, &text.text, file.kind) {
        Ok(facts) => FromDisk::Read { facts: Arc::new(facts), lines: lines_of(&text.text), hash },
        Err(message) => {
            tracing::warn!("{}: {message}", file.path);
            FromDisk::Nothing
        }
    }
}

fn hash(text: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}
