//! How a request is answered: from a view, away from the thread that reads messages.
//!
//! Invariant: the view knows every change the editor sent before it asked, and of the document in question no newer text, as positions would not
//! be those of the question; what is no longer wanted is given up.

use std::sync::Arc;

use tokio::task::AbortHandle;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::Uri;

use super::session::{Session, View};
use super::uri;

/// Takes work back that has not begun when its request is dropped.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Computes an answer about the workspace; the default where there is no view.
pub(super) fn answer<T: Default + Send + 'static>(
    session: Option<Arc<Session>>,
    compute: impl FnOnce(&View, &Session) -> T + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    answer_about(session, None, compute)
}

/// Computes an answer about a document.
pub(super) fn answer_about<T: Default + Send + 'static>(
    session: Option<Arc<Session>>,
    document: Option<&Uri>,
    compute: impl FnOnce(&View, &Session) -> T + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    let path = document.and_then(uri::path);
    // Noted now: what is sent from here on is not waited for.
    let asked = session.map(|session| {
        let version = path.as_ref().and_then(|path| session.version(path));
        (session.current(), version, session)
    });
    async move {
        let Some((view, version, session)) = asked else { return Ok(T::default()) };
        let Some(view) = view.await else { return Ok(T::default()) };
        if path.is_some_and(|path| view.open.get(&path).map(|open| open.version) != version) {
            return Err(Error { code: ErrorCode::ContentModified, message: "the document was changed meanwhile".into(), data: None });
        }
        let work = tokio::task::spawn_blocking(move || compute(&view, &session));
        let _abort = AbortOnDrop(work.abort_handle());
        work.await.map_err(|error| {
            tracing::error!("a request met a bug: {error}");
            Error::internal_error()
        })
    }
}
