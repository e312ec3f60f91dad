//! Answers to requests: each is a function of a view.
//!
//! Invariant: an answer is computed away from the thread that reads messages, from a view that knows every change the editor sent before it
//! asked, and is given up when the editor no longer wants it.

use std::sync::Arc;

use portolan_analysis::chart::document::Document;
use portolan_analysis::ide;
use tokio::task::AbortHandle;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    GotoDefinitionResponse, Hover, HoverContents, LocationLink, MarkupContent, MarkupKind, TextDocumentPositionParams,
};

use super::session::{Session, View};
use super::{from_proto, to_proto};

/// Takes work back that has not begun when its request is dropped.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Computes an answer from a view that knows all that was sent before; the default where there is no view.
pub(super) fn answer<T: Default + Send + 'static>(
    session: Option<Arc<Session>>,
    compute: impl FnOnce(&View, &Session) -> T + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    // Taken now: what is sent from here on is not waited for.
    let waiting = session.map(|session| (session.current(), session));
    async move {
        let Some((view, session)) = waiting else { return Ok(T::default()) };
        let Some(view) = view.await else { return Ok(T::default()) };
        let work = tokio::task::spawn_blocking(move || compute(&view, &session));
        let _abort = AbortOnDrop(work.abort_handle());
        work.await.map_err(|error| {
            tracing::error!("a request met a bug: {error}");
            Error::internal_error()
        })
    }
}

/// `textDocument/hover`.
pub(super) fn hover(view: &View, session: &Session, at: &TextDocumentPositionParams) -> Option<Hover> {
    let (file, offset) = from_proto::place(view, session, at)?;
    let lines = view.lines(file)?;
    let hover = ide::hover(&view.snapshot, file, offset)?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: to_proto::markdown(view, &hover.markdown) }),
        range: (hover.place.file == file).then(|| to_proto::range(lines, session.encoding, hover.place.range)),
    })
}

/// `textDocument/definition`; as links for editors that know them.
pub(super) fn definition(view: &View, session: &Session, at: &TextDocumentPositionParams, links: bool) -> Option<GotoDefinitionResponse> {
    let (file, offset) = from_proto::place(view, session, at)?;
    let places = ide::definition(&view.snapshot, file, offset);
    let locations = places.into_iter().filter_map(|place| to_proto::location(view, session.encoding, place));
    if !links {
        let locations: Vec<_> = locations.collect();
        return (!locations.is_empty()).then_some(GotoDefinitionResponse::Array(locations));
    }
    let links: Vec<_> = locations
        .map(|location| LocationLink {
            origin_selection_range: None,
            target_uri: location.uri,
            target_range: location.range,
            target_selection_range: location.range,
        })
        .collect();
    (!links.is_empty()).then_some(GotoDefinitionResponse::Link(links))
}

/// `portolan/chart`: the chart as it stands in `portolan chart --format json`.
pub(super) fn chart(view: &View) -> serde_json::Value {
    serde_json::to_value(Document::new(&view.snapshot)).unwrap_or_default()
}
