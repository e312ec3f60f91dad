//! Tells the editor to ask again where what it shows in a document has changed by an edit elsewhere.
//!
//! Of the document that is edited the editor asks by itself. Invariant: nothing is told to an editor that did not say it listens.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::time::Duration;

use portolan_analysis::ide;
use portolan_grammars::facts::TextRange;
use rustc_hash::{FxHashMap, FxHasher};
use tokio::task::JoinSet;
use tower_lsp::Client;

use super::diagnostics::{Sets, result_id};
use super::editor::Editor;
use super::session::{Session, View};

/// An editor that does not answer within this time is not waited for.
const ANSWER: Duration = Duration::from_secs(10);

/// What a document shows, in a number each, and the version of its text that it was made of.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown {
    version: Option<i32>,
    lenses: u64,
    hints: u64,
    diagnostics: String,
}

/// What the editor shows now.
#[derive(Debug, Default)]
pub(super) struct Refresh {
    shown: Option<FxHashMap<PathBuf, Shown>>,
    told: JoinSet<()>,
}

/// What the editor should ask for again.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stale {
    lenses: bool,
    hints: bool,
    diagnostics: bool,
}

/// What of a view's documents has changed since the last one.
pub(super) fn look(refresh: &mut Refresh, view: &View, session: &Session, editor: Editor, sets: &Sets) -> Stale {
    let mut stale = Stale::default();
    let settings = session.settings();
    let mut now: FxHashMap<PathBuf, Shown> = FxHashMap::default();
    if editor.refreshes_lenses || editor.refreshes_hints {
        for (path, open) in &view.open {
            let Some(file) = view.file(path) else { continue };
            let (mut lenses, mut hints) = (FxHasher::default(), FxHasher::default());
            if settings.code_lens.enable && editor.refreshes_lenses {
                ide::lenses(&view.snapshot, file).into_iter().for_each(|lens| (lens.title, lens.place.range).hash(&mut lenses));
            }
            if settings.inlay_hints.enable && editor.refreshes_hints {
                let all = ide::hints(&view.snapshot, file, TextRange { start: 0, end: u32::MAX });
                all.into_iter().for_each(|hint| (hint.offset, hint.answers).hash(&mut hints));
            }
            let shown = Shown { version: Some(open.version), lenses: lenses.finish(), hints: hints.finish(), diagnostics: String::new() };
            now.insert(path.clone(), shown);
        }
    }
    if editor.pulls {
        for (path, set) in sets {
            let shown = now.entry(path.clone()).or_insert_with(|| Shown { version: set.version, ..Shown::default() });
            shown.diagnostics = result_id(&set.diagnostics);
        }
    }
    // Before the first view nothing was shown: whoever asked is still waiting.
    let Some(before) = refresh.shown.take() else {
        refresh.shown = Some(now);
        return stale;
    };
    for path in now.keys().chain(before.keys()) {
        // One that was opened or closed just now is asked for by itself; of one that shows nothing, nothing is kept.
        let version = view.open.get(path).map(|open| open.version);
        let nothing = Shown { version, ..Shown::default() };
        let (old, new) = (before.get(path).unwrap_or(&nothing), now.get(path).unwrap_or(&nothing));
        if old.version == new.version {
            let is_known = before.contains_key(path) && now.contains_key(path);
            stale.lenses |= is_known && old.lenses != new.lenses;
            stale.hints |= is_known && old.hints != new.hints;
            stale.diagnostics |= old.diagnostics != new.diagnostics;
        }
    }
    refresh.shown = Some(now);
    stale
}

/// Tells the editor; does not wait for its answers.
pub(super) fn tell(refresh: &mut Refresh, client: &Client, editor: Editor, stale: Stale) {
    while refresh.told.try_join_next().is_some() {}
    let mut spawn = |wanted: bool, ask: fn(Client) -> Asking| {
        if wanted {
            let asking = ask(client.clone());
            refresh.told.spawn(async move {
                match tokio::time::timeout(ANSWER, asking).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!("the editor does not ask again: {error}"),
                    Err(_) => tracing::debug!("the editor did not answer"),
                }
            });
        }
    };
    spawn(stale.lenses && editor.refreshes_lenses, |client| Box::pin(async move { client.code_lens_refresh().await }));
    spawn(stale.hints && editor.refreshes_hints, |client| Box::pin(async move { client.inlay_hint_refresh().await }));
    spawn(stale.diagnostics && editor.pulls, |client| Box::pin(async move { client.workspace_diagnostic_refresh().await }));
}

type Asking = std::pin::Pin<Box<dyn Future<Output = tower_lsp::jsonrpc::Result<()>> + Send>>;
