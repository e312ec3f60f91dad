//! `portolan/trace`: the predicted trace of the handler at a position, as a tree that a client can draw.

use portolan_analysis::ide;
use serde::Serialize;
use tower_lsp::ls_types::{Location, TextDocumentPositionParams};

use super::session::{Session, View};
use super::{from_proto, to_proto};
use crate::foretold::{self, Trace};

/// Where something of a trace stands; null where no editor could show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct At {
    location: Option<Location>,
}

/// The trace of the handler at a position.
pub(super) fn answer(view: &View, session: &Session, at: &TextDocumentPositionParams) -> Option<Trace<At>> {
    let (file, offset) = from_proto::place(view, session, at)?;
    let trace = ide::trace(&view.snapshot, file, offset)?;
    Some(foretold::told(&view.snapshot, &trace, |place| At { location: to_proto::location(view, session.encoding, place) }))
}
