//! What handlers, the world thread and the publisher share.
//!
//! Invariant: changes are counted in the order they are sent, and a view says how many of them it has seen; so whoever asks can wait for a
//! view that knows all it knows itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use camino::Utf8PathBuf;
use line_index::LineIndex;
use portolan_analysis::refactors::Level;
use portolan_analysis::rules::Finding;
use portolan_analysis::{FileId, Snapshot};
use rustc_hash::FxHashMap;
use tokio::sync::watch;
use tower_lsp::ls_types::{Range, Uri};

use super::editor_settings::Settings;
use super::to_proto::Encoding;
use crate::roots::Roots;

/// Something that happened to the workspace.
#[derive(Debug)]
pub(super) enum Change {
    /// The folders are these from now on; everything in them is read.
    Folders(Vec<PathBuf>),
    /// The editor holds the text of a file.
    Open {
        /// The file.
        path: PathBuf,
        /// Its URI, as the editor spells it.
        uri: Uri,
        /// The version of the text.
        version: i32,
        /// The text.
        text: String,
    },
    /// The editor changed a text that it holds.
    Edit {
        /// The file.
        path: PathBuf,
        /// The version of the new text.
        version: i32,
        /// What was replaced by what, one after the other; without a range, everything.
        edits: Vec<(Option<Range>, String)>,
    },
    /// The editor holds the text no more.
    Close {
        /// The file.
        path: PathBuf,
    },
    /// Files or folders were created, changed or deleted on disk.
    Disk(Vec<PathBuf>),
}

/// What the world thread is asked for.
#[derive(Debug)]
pub(super) enum Order {
    /// To take over what happened.
    Change(Change),
    /// To tell what would follow from an edit; nothing happened.
    Rehearsal(Rehearsal),
}

/// An edit to be tried on the world, and taken back.
#[derive(Debug)]
pub(super) struct Rehearsal {
    /// The revision of the view that it was made of.
    pub(super) revision: u64,
    /// The files as they would be.
    pub(super) files: BTreeMap<Utf8PathBuf, String>,
    /// The finding that it answers, if it answers one.
    pub(super) finding: Option<Finding>,
    /// What whoever takes it lets himself in for.
    pub(super) level: Level,
    /// Told whether the finding would be gone and no other would come; an error is a sentence for the user.
    pub(super) outcome: mpsc::Sender<Result<(), String>>,
}

/// A text that the editor holds.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// Its URI, as the editor spells it.
    pub(super) uri: Uri,
    /// Its version.
    pub(super) version: i32,
    /// What it says.
    pub(super) text: Arc<String>,
}

/// Everything that is known at one moment, as the editor may ask for it. Never changes.
#[derive(Debug)]
pub(super) struct View {
    /// Grows with every snapshot.
    pub(super) revision: u64,
    /// How many changes it has seen.
    pub(super) applied: u64,
    /// The analysis.
    pub(super) snapshot: Arc<Snapshot>,
    /// The folders.
    pub(super) roots: Arc<Roots>,
    /// Lines of each file, by its id; of the very text that the snapshot was made of.
    pub(super) lines: Arc<Vec<Option<Arc<LineIndex>>>>,
    /// The files whose text the editor holds, by path on disk; also such as are no part of the workspace.
    pub(super) open: FxHashMap<PathBuf, Open>,
}

impl View {
    /// The lines of a file.
    pub(super) fn lines(&self, file: FileId) -> Option<&LineIndex> {
        self.lines.get(file.0 as usize)?.as_deref()
    }
    /// A file of the world by its path on disk.
    pub(super) fn file(&self, path: &Path) -> Option<FileId> {
        self.snapshot.files.id(&self.roots.to_world(path)?.1)
    }
}

/// How far the first reading has come.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Files read.
    pub(super) done: AtomicUsize,
    /// Files there are; 0 until that is known.
    pub(super) total: AtomicUsize,
}

/// The shared state of one editor's session.
#[derive(Debug)]
pub(super) struct Session {
    /// How the editor counts characters.
    pub(super) encoding: Encoding,
    /// How far the first reading has come.
    pub(super) reading: Arc<Reading>,
    settings: watch::Sender<Settings>,
    pulls_workspace: AtomicBool,
    shown: Mutex<FxHashMap<PathBuf, Uri>>,
    sender: Mutex<mpsc::Sender<Order>>,
    sent: AtomicU64,
    versions: Mutex<FxHashMap<PathBuf, i32>>,
    views: watch::Receiver<Option<Arc<View>>>,
}

impl Session {
    /// A session whose orders go to `sender` and whose views come from `views`.
    pub(super) fn new(
        encoding: Encoding,
        settings: Settings,
        reading: Arc<Reading>,
        sender: mpsc::Sender<Order>,
        views: watch::Receiver<Option<Arc<View>>>,
    ) -> Self {
        let settings = watch::Sender::new(settings);
        Self {
            encoding,
            settings,
            pulls_workspace: AtomicBool::new(false),
            shown: Mutex::default(),
            reading,
            sender: Mutex::new(sender),
            sent: AtomicU64::new(0),
            versions: Mutex::default(),
            views,
        }
    }

    /// Hands a change to the world thread. Never waits.
    pub(super) fn send(&self, change: Change) {
        match &change {
            Change::Open { path, version, .. } | Change::Edit { path, version, .. } => {
                lock(&self.versions).insert(path.clone(), *version);
            }
            Change::Close { path } => {
                lock(&self.versions).remove(path);
            }
            Change::Folders(_) | Change::Disk(_) => {}
        }
        // Counted first: a view may then be awaited that has not seen the change, never the other way round.
        let sender = lock(&self.sender);
        self.sent.fetch_add(1, Ordering::SeqCst);
        if sender.send(Order::Change(change)).is_err() {
            tracing::error!("the world thread is gone: a change is lost");
        }
    }

    /// Tries what would follow from files of a view with an edit, and the finding that it answers. Waits for the world thread, but not for ever.
    pub(super) fn rehearse(
        &self,
        view: &View,
        files: BTreeMap<Utf8PathBuf, String>,
        finding: Option<&Finding>,
        level: Level,
    ) -> Result<(), String> {
        const LIMIT: Duration = Duration::from_secs(20);
        let (outcome, told) = mpsc::channel();
        let rehearsal = Rehearsal { revision: view.revision, files, finding: finding.cloned(), level, outcome };
        // Where nobody is there to take it, nothing is told.
        let _ = lock(&self.sender).send(Order::Rehearsal(rehearsal));
        told.recv_timeout(LIMIT).unwrap_or_else(|_| Err("what would follow could not be told in time".to_owned()))
    }

    /// How many changes were sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// The version of the text that the editor holds now, whether or not the world has seen it.
    pub(super) fn version(&self, path: &Path) -> Option<i32> {
        lock(&self.versions).get(path).copied()
    }

    /// A view that has seen all changes sent before this call; `None` where there will be none.
    pub(super) fn current(&self) -> impl Future<Output = Option<Arc<View>>> + Send + use<> {
        let wanted = self.sent();
        let mut views = self.views.clone();
        async move { views.wait_for(|view| view.as_ref().is_some_and(|view| view.applied >= wanted)).await.ok().and_then(|view| view.clone()) }
    }

    /// Notes that the editor pulls the diagnostics of the whole workspace.
    pub(super) fn note_workspace_pull(&self) {
        self.pulls_workspace.store(true, Ordering::SeqCst);
    }

    /// Whether it does.
    pub(super) fn pulls_workspace(&self) -> bool {
        self.pulls_workspace.load(Ordering::SeqCst)
    }

    /// Files of which the editor pulled diagnostics, as it spells them, until it knows that there are none.
    pub(super) fn shown(&self) -> MutexGuard<'_, FxHashMap<PathBuf, Uri>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is set now.
    pub(super) fn settings(&self) -> Settings {
        *self.settings.borrow()
    }

    /// Sets it anew.
    pub(super) fn set(&self, settings: Settings) {
        self.settings.send_if_modified(|old| std::mem::replace(old, settings) != settings);
    }

    /// What is set, as it changes.
    pub(super) fn watch_settings(&self) -> watch::Receiver<Settings> {
        self.settings.subscribe()
    }

    /// The views as they come.
    pub(super) fn views(&self) -> watch::Receiver<Option<Arc<View>>> {
        self.views.clone()
    }
}

/// Nothing in these sections can panic, so a poisoned lock holds sound data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
