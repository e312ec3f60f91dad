//! Publishes diagnostics as views come.
//!
//! Invariant: diagnostics are sent only for the version of a text that the editor still holds; what did not change is not sent again; what is
//! gone is cleared.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::{Instant, timeout_at};
use tower_lsp::Client;
use tower_lsp::ls_types::{Diagnostic, Uri};

use super::session::{Session, View};
use super::status::{Status, StatusParams};
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

/// Publishes until there are no more views.
pub(super) async fn run(client: Client, session: Arc<Session>) {
    let mut views = session.views();
    let mut sent = Sets::default();
    while views.changed().await.is_ok() {
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
        let quiescent = view.applied == session.sent();
        client.send_notification::<Status>(StatusParams::of(&view, quiescent)).await;
    }
}

/// The diagnostics of all files that have any.
fn make(view: &View, session: &Session) -> Sets {
    let mut sets = Sets::default();
    for finding in view.snapshot.findings.iter() {
        let file = finding.place.file;
        let Some(path) = view.roots.to_disk(view.snapshot.files.path(file)) else { continue };
        let Some(diagnostic) = to_proto::diagnostic(view, session.encoding, finding) else { continue };
        if let Some(set) = sets.get_mut(&path) {
            set.diagnostics.push(diagnostic);
        } else if let Some(uri) = to_proto::uri_of(view, &path) {
            let version = view.open.get(&path).map(|open| open.version);
            sets.insert(path, Set { uri, version, diagnostics: vec![diagnostic] });
        }
    }
    sets
}

async fn send(client: &Client, session: &Session, view: &View, sets: Sets, sent: &mut Sets) {
    let mut gone: Vec<PathBuf> = sent.keys().filter(|path| !sets.contains_key(*path)).cloned().collect();
    gone.sort();
    for path in gone {
        let version = view.open.get(&path).map(|open| open.version);
        if session.version(&path) == version
            && let Some(set) = sent.remove(&path)
        {
            client.publish_diagnostics(set.uri, Vec::new(), version).await;
        }
    }
    let mut sets: Vec<(PathBuf, Set)> = sets.into_iter().collect();
    sets.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, set) in sets {
        if session.version(&path) != set.version {
            // The editor is ahead: the view that follows will be right.
            continue;
        }
        let same = sent.get(&path).is_some_and(|sent| sent.uri == set.uri && sent.diagnostics == set.diagnostics);
        if !same {
            client.publish_diagnostics(set.uri.clone(), set.diagnostics.clone(), set.version).await;
        }
        sent.insert(path, set);
    }
}
