//! What stands at a position: hover, definition, references, call hierarchy.

use portolan_analysis::chart::document::Document;
use portolan_analysis::ide::{self, call_hierarchy};
use portolan_analysis::{FileId, Place};
use tower_lsp::ls_types::{
    CallHierarchyIncomingCall, CallHierarchyItem, CallHierarchyOutgoingCall, GotoDefinitionResponse, Hover, HoverContents, Location,
    LocationLink, MarkupContent, MarkupKind, Range, ReferenceParams, SymbolKind, TextDocumentPositionParams,
};

use super::editor::Editor;
use super::session::{Session, View};
use super::{from_proto, to_proto};
use crate::roots::Root;

/// `textDocument/hover`.
pub(super) fn hover(view: &View, session: &Session, editor: Editor, at: &TextDocumentPositionParams) -> Option<Hover> {
    let (file, offset) = from_proto::place(view, session, at)?;
    let lines = view.lines(file)?;
    let hover = ide::hover(&view.snapshot, file, offset)?;
    let contents = if editor.markdown {
        MarkupContent { kind: MarkupKind::Markdown, value: to_proto::markdown(view, &hover.markdown) }
    } else {
        MarkupContent { kind: MarkupKind::PlainText, value: to_proto::plain_text(&hover.markdown) }
    };
    Some(Hover {
        contents: HoverContents::Markup(contents),
        range: (hover.place.file == file).then(|| to_proto::range(lines, session.encoding, hover.place.range)),
    })
}

/// `textDocument/definition`; as links for editors that know them.
pub(super) fn definition(
    view: &View,
    session: &Session,
    editor: Editor,
    at: &TextDocumentPositionParams,
) -> Option<GotoDefinitionResponse> {
    let (file, offset) = from_proto::place(view, session, at)?;
    let locations = locations(view, session, ide::definition(&view.snapshot, file, offset))?;
    if !editor.links {
        return Some(GotoDefinitionResponse::Array(locations));
    }
    let origin = origin(view, session, file, offset);
    let link = |location: Location| LocationLink {
        origin_selection_range: origin,
        target_uri: location.uri,
        target_range: location.range,
        target_selection_range: location.range,
    };
    Some(GotoDefinitionResponse::Link(locations.into_iter().map(link).collect()))
}

/// What of the text a link is on.
fn origin(view: &View, session: &Session, file: FileId, offset: u32) -> Option<Range> {
    let (_, place) = view.snapshot.index.at(file, offset).into_iter().next()?;
    Some(to_proto::range(view.lines(file)?, session.encoding, place.range))
}

/// `textDocument/references`.
pub(super) fn references(view: &View, session: &Session, parameters: &ReferenceParams) -> Option<Vec<Location>> {
    let (file, offset) = from_proto::place(view, session, &parameters.text_document_position)?;
    locations(view, session, ide::references(&view.snapshot, file, offset, parameters.context.include_declaration))
}

/// The locations of places; `None` where there is none.
fn locations(view: &View, session: &Session, places: Vec<Place>) -> Option<Vec<Location>> {
    let locations: Vec<_> = places.into_iter().filter_map(|place| to_proto::location(view, session.encoding, place)).collect();
    (!locations.is_empty()).then_some(locations)
}

/// `textDocument/prepareCallHierarchy`.
pub(super) fn hierarchy_items(view: &View, session: &Session, at: &TextDocumentPositionParams) -> Option<Vec<CallHierarchyItem>> {
    let (file, offset) = from_proto::place(view, session, at)?;
    let items = call_hierarchy::items(&view.snapshot, file, offset);
    let items: Vec<_> = items.into_iter().filter_map(|item| hierarchy_item(view, session, item)).collect();
    (!items.is_empty()).then_some(items)
}

/// `callHierarchy/incomingCalls`.
pub(super) fn incoming(view: &View, session: &Session, item: &CallHierarchyItem) -> Option<Vec<CallHierarchyIncomingCall>> {
    let links = call_hierarchy::incoming(&view.snapshot, &node(item)?);
    let call = |(item, places): call_hierarchy::Link| {
        // Of the caller's own document.
        let file = item.place.file;
        let from_ranges = ranges(view, session, file, &places);
        Some(CallHierarchyIncomingCall { from: hierarchy_item(view, session, item)?, from_ranges })
    };
    Some(links.into_iter().filter_map(call).collect())
}

/// `callHierarchy/outgoingCalls`.
pub(super) fn outgoing(view: &View, session: &Session, item: &CallHierarchyItem) -> Option<Vec<CallHierarchyOutgoingCall>> {
    let file = view.file(&super::uri::path(&item.uri)?)?;
    let links = call_hierarchy::outgoing(&view.snapshot, &node(item)?);
    let call = |(item, places): call_hierarchy::Link| {
        let from_ranges = ranges(view, session, file, &places);
        Some(CallHierarchyOutgoingCall { to: hierarchy_item(view, session, item)?, from_ranges })
    };
    Some(links.into_iter().filter_map(call).collect())
}

fn node(item: &CallHierarchyItem) -> Option<call_hierarchy::Node> {
    serde_json::from_value(item.data.clone()?).ok()
}

/// The ranges of those places that stand in a file: the protocol has no way to name another one.
fn ranges(view: &View, session: &Session, file: FileId, places: &[Place]) -> Vec<Range> {
    let Some(lines) = view.lines(file) else { return Vec::new() };
    places.iter().filter(|place| place.file == file).map(|place| to_proto::range(lines, session.encoding, place.range)).collect()
}

fn hierarchy_item(view: &View, session: &Session, item: call_hierarchy::Item) -> Option<CallHierarchyItem> {
    let Location { uri, range } = to_proto::location(view, session.encoding, item.place)?;
    let kind = match (&item.node, item.is_consumer) {
        (None, _) => SymbolKind::FUNCTION,
        (_, true) => SymbolKind::EVENT,
        (_, false) => SymbolKind::INTERFACE,
    };
    let data = item.node.and_then(|node| serde_json::to_value(node).ok());
    Some(CallHierarchyItem { name: item.name, kind, tags: None, detail: Some(item.service), uri, range, selection_range: range, data })
}

/// `portolan/chart`: the chart as it stands in `portolan chart --format json`, and in `roots` where its files are: the URI of each folder, by
/// what paths within it begin with.
pub(super) fn chart(view: &View) -> serde_json::Value {
    let mut chart = serde_json::to_value(Document::new(&view.snapshot)).unwrap_or_default();
    let root = |root: &Root| Some(serde_json::json!({ "prefix": root.prefix, "uri": to_proto::uri_of(view, &root.folder)? }));
    if let Some(keys) = chart.as_object_mut() {
        keys.insert("roots".to_owned(), view.roots.iter().filter_map(root).collect());
    }
    chart
}
