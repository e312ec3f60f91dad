//! Publishes diagnostics as views come.
//!
//! An editor that pulls diagnostics is sent those that it does not pull. Invariant: diagnostics are sent only for the version of a text that the
//! editor still holds; what did not change is not sent again, but for a document that was opened since; what is gone is cleared.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::{Instant, timeout_at};
use tower_lsp::Client;

use super::diagnostics::{self, Set, Sets};
use super::editor::Editor;
use super::refresh::{self, Refresh};
use super::session::{Open, Session, View};
use super::status::{StatusNotification, StatusParams};

/// How long no further view must come.
const QUIET: Duration = Duration::from_millis(40);

/// After so long, views are published although more are coming.
const PATIENCE: Duration = Duration::from_millis(250);

/// Publishes until there are no more views, and tells the status behind each where that is wanted.
pub(super) async fn run(client: Client, session: Arc<Session>, editor: Editor) {
    let (mut views, mut settings) = (session.views(), session.watch_settings());
    let mut sent = Sets::default();
    let mut refresh = Refresh::default();
    loop {
        let changed = tokio::select! {
            changed = views.changed() => changed,
            changed = settings.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        while let Ok(Ok(())) = timeout_at((Instant::now() + QUIET).min(deadline), views.changed()).await {}
        let Some(view) = views.borrow_and_update().clone() else { continue };
        let made = {
            let (view, session, mut seen) = (view.clone(), session.clone(), std::mem::take(&mut refresh));
            tokio::task::spawn_blocking(move || {
                let sets = diagnostics::all(&view, &session, editor);
                let stale = refresh::look(&mut seen, &view, &session, editor, &sets);
                (sets, stale, seen)
            })
            .await
        };
        match made {
            Ok((mut sets, stale, seen)) => {
                refresh = seen;
                // Who pulls is not pushed to.
                sets.retain(|path, _| !editor.pulls || !(session.pulls_workspace() || view.open.contains_key(path)));
                send(&client, editor, &session, &view, sets, &mut sent).await;
                refresh::tell(&mut refresh, &client, editor, stale);
            }
            Err(error) => tracing::error!("diagnostics met a bug: {error}"),
        }
        if editor.wants_status {
            let quiescent = view.applied == session.sent();
            client.send_notification::<StatusNotification>(StatusParams::of(&view, quiescent)).await;
        }
    }
}

async fn send(client: &Client, editor: Editor, session: &Session, view: &View, sets: Sets, sent: &mut Sets) {
    for set in plan(|path| session.version(path), &view.open, sets, sent) {
        client.publish_diagnostics(set.uri, set.diagnostics, set.version.filter(|_| editor.diagnostic_versions)).await;
    }
}

/// What to send, sorted by path, and notes it as sent: `held` is the version that the editor holds now, `open` what the view was made of.
fn plan(held: impl Fn(&Path) -> Option<i32>, open: &FxHashMap<PathBuf, Open>, sets: Sets, sent: &mut Sets) -> Vec<Set> {
    let mut new = sets;
    for (path, set) in sent.iter() {
        let version = open.get(path).map(|open| open.version);
        new.entry(path.clone()).or_insert_with(|| Set { uri: set.uri.clone(), version, diagnostics: Vec::new() });
    }
    let mut new: Vec<(PathBuf, Set)> = new.into_iter().collect();
    // Where the editor is ahead, the view that follows will be right.
    new.retain(|(path, set)| held(path) == set.version);
    new.sort_by(|a, b| a.0.cmp(&b.0));
    let mut plan = Vec::new();
    for (path, set) in new {
        let before = if set.diagnostics.is_empty() { sent.remove(&path) } else { sent.insert(path, set.clone()) };
        // Eglot shows nothing of what came before the document was opened.
        let opened = |before: &Set| before.version.is_none() && set.version.is_some();
        if before.is_none_or(|before| before.uri != set.uri || before.diagnostics != set.diagnostics || opened(&before)) {
            plan.push(set);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::str::FromStr;

    use tower_lsp::ls_types::{Diagnostic, Range, Uri};

    use super::*;

    fn sets(version: Option<i32>, messages: &[&str]) -> Sets {
        let diagnostics = messages.iter().map(|message| Diagnostic::new_simple(Range::default(), (*message).to_owned())).collect();
        let set = Set { uri: Uri::from_str("file:///w/a.ts").unwrap(), version, diagnostics };
        Sets::from_iter([(PathBuf::from("/w/a.ts"), set)])
    }

    fn open(version: i32) -> FxHashMap<PathBuf, Open> {
        let open = Open { uri: Uri::from_str("file:///w/a.ts").unwrap(), version, text: Arc::default() };
        FxHashMap::from_iter([(PathBuf::from("/w/a.ts"), open)])
    }

    fn messages(plan: Vec<Set>) -> Vec<(Option<i32>, Vec<String>)> {
        plan.into_iter().map(|set| (set.version, set.diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect())).collect()
    }

    #[test]
    fn only_the_version_that_the_editor_holds_is_published() {
        let mut sent = Sets::default();
        // Behind, and ahead of a document that was closed and opened again.
        for held in [Some(4), Some(1), None] {
            assert!(plan(|_| held, &open(3), sets(Some(3), &["x"]), &mut sent).is_empty());
        }
        let plan = plan(|_| Some(3), &open(3), sets(Some(3), &["x"]), &mut sent);
        assert_eq!(messages(plan), [(Some(3), vec!["x".to_owned()])]);
    }

    #[test]
    fn the_same_is_sent_again_when_it_is_opened_only_and_what_is_gone_is_cleared_once() {
        let mut sent = Sets::default();
        for times in [1, 0] {
            assert_eq!(plan(|_| None, &FxHashMap::default(), sets(None, &["x"]), &mut sent).len(), times);
        }
        for (version, times) in [(1, 1), (1, 0), (2, 0)] {
            assert_eq!(plan(|_| Some(version), &open(version), sets(Some(version), &["x"]), &mut sent).len(), times);
        }
        // The editor is ahead: not yet.
        assert!(plan(|_| Some(3), &open(2), Sets::default(), &mut sent).is_empty());
        assert_eq!(messages(plan(|_| Some(3), &open(3), Sets::default(), &mut sent)), [(Some(3), vec![])]);
        assert!(plan(|_| Some(3), &open(3), Sets::default(), &mut sent).is_empty());
    }
}
