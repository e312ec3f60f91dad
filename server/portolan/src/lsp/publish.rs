//! Publishes diagnostics as views come.
//!
//! Invariant: diagnostics are sent only for the version of a text that the editor still holds; what did not change is not sent again; what is
//! gone is cleared.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portolan_analysis::FileId;
use rustc_hash::FxHashMap;
use tokio::time::{Instant, timeout_at};
use tower_lsp::Client;
use tower_lsp::ls_types::{Diagnostic, Uri};

use super::session::{Open, Session, View};
use super::status::{StatusNotification, StatusParams};
use super::to_proto;

/// How long no further view must come.
const QUIET: Duration = Duration::from_millis(40);

/// After so long, views are published although more are coming.
const PATIENCE: Duration = Duration::from_millis(250);

/// Diagnostics of one file.
#[derive(Debug, Clone, PartialEq)]
struct Set {
    uri: Uri,
    version: Option<i32>,
    diagnostics: Vec<Diagnostic>,
}

type Sets = FxHashMap<PathBuf, Set>;

/// Publishes until there are no more views; `wants_status` has the status told behind each.
pub(super) async fn run(client: Client, session: Arc<Session>, wants_status: bool) {
    let (mut views, mut settings) = (session.views(), session.watch_settings());
    let mut sent = Sets::default();
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
            let (view, session) = (view.clone(), session.clone());
            tokio::task::spawn_blocking(move || make(&view, &session)).await
        };
        match made {
            Ok(sets) => send(&client, &session, &view, sets, &mut sent).await,
            Err(error) => tracing::error!("diagnostics met a bug: {error}"),
        }
        if wants_status {
            let quiescent = view.applied == session.sent();
            client.send_notification::<StatusNotification>(StatusParams::of(&view, quiescent)).await;
        }
    }
}

/// The diagnostics of all files that have any: findings, and what is wrong in settings.
fn make(view: &View, session: &Session) -> Sets {
    let mut sets = Sets::default();
    if !session.settings().diagnostics.enable {
        return sets;
    }
    let mut add = |file: FileId, diagnostic: Option<Diagnostic>| {
        let Some(diagnostic) = diagnostic else { return };
        let Some(path) = view.roots.to_disk(view.snapshot.files.path(file)) else { return };
        if let Some(set) = sets.get_mut(&path) {
            set.diagnostics.push(diagnostic);
        } else if let Some(uri) = to_proto::uri_of(view, &path) {
            let version = view.open.get(&path).map(|open| open.version);
            sets.insert(path, Set { uri, version, diagnostics: vec![diagnostic] });
        }
    };
    for finding in view.snapshot.findings.iter() {
        add(finding.place.file, to_proto::diagnostic(view, session.encoding, finding));
    }
    for problem in &view.snapshot.workspace.problems {
        add(problem.place.file, to_proto::problem(view, session.encoding, problem));
    }
    sets
}

async fn send(client: &Client, session: &Session, view: &View, sets: Sets, sent: &mut Sets) {
    for set in plan(|path| session.version(path), &view.open, sets, sent) {
        client.publish_diagnostics(set.uri, set.diagnostics, set.version).await;
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
        if before.is_none_or(|before| before.uri != set.uri || before.diagnostics != set.diagnostics) {
            plan.push(set);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::str::FromStr;

    use tower_lsp::ls_types::Range;

    use super::*;

    fn sets(version: Option<i32>, messages: &[&str]) -> Sets {
        let diagnostics = messages.iter().map(|message| Diagnostic::new_simple(Range::default(), (*message).to_owned())).collect();
        let set = Set { uri: Uri::from_str("file:///w/a.ts").unwrap(), version, diagnostics };
        Sets::from_iter([(PathBuf::from("/w/a.ts"), set)])
    }

    fn open(version: i32) -> FxHashMap<PathBuf, Open> {
        let open = Open { uri: Uri::from_str("file:///w/a.ts").unwrap(), version };
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
    fn the_same_is_not_sent_again_and_what_is_gone_is_cleared_once() {
        let mut sent = Sets::default();
        assert_eq!(plan(|_| None, &FxHashMap::default(), sets(None, &["x"]), &mut sent).len(), 1);
        assert!(plan(|_| Some(1), &open(1), sets(Some(1), &["x"]), &mut sent).is_empty());
        // The editor is ahead: not yet.
        assert!(plan(|_| Some(3), &open(2), Sets::default(), &mut sent).is_empty());
        assert_eq!(messages(plan(|_| Some(3), &open(3), Sets::default(), &mut sent)), [(Some(3), vec![])]);
        assert!(plan(|_| Some(3), &open(3), Sets::default(), &mut sent).is_empty());
    }
}
