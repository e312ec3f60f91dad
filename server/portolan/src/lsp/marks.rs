//! What is shown in a document without asking: lenses above handlers, hints behind calls, links in manifests. Each can be turned off.

use portolan_analysis::ide::{self, Leads};
use portolan_grammars::facts::TextRange;
use serde_json::json;
use tower_lsp::ls_types::{
    CodeLens, Command, DocumentLink, InlayHint, InlayHintLabel, InlayHintLabelPart, InlayHintParams, Range, TextDocumentIdentifier, Uri,
};

use super::editor::Editor;
use super::session::{Session, View};
use super::{from_proto, to_proto, uri};

/// The command that shows places: of a document, a position in it, and locations.
pub(super) const SHOW_REFERENCES: &str = "portolan.showReferences";
/// The command that shows the predicted trace of the handler at a position of a document.
pub(super) const SHOW_TRACE: &str = "portolan.showTrace";
/// The command that shows the map around a service, by its id.
pub(super) const SHOW_MAP: &str = "portolan.showMap";

/// `textDocument/codeLens`.
pub(super) fn lenses(view: &View, session: &Session, editor: Editor, document: &TextDocumentIdentifier) -> Option<Vec<CodeLens>> {
    if !session.settings().code_lens.enable {
        return None;
    }
    let file = view.file(&uri::path(&document.uri)?)?;
    let lines = view.lines(file)?;
    let lens = |lens: ide::Lens| {
        let range = to_proto::range(lines, session.encoding, lens.place.range);
        let command = match lens.leads {
            Leads::Places(places) if editor.commands.references && !places.is_empty() => {
                let locations: Vec<_> = places.into_iter().filter_map(|place| to_proto::location(view, session.encoding, place)).collect();
                command(lens.title, SHOW_REFERENCES, json!([document.uri, range.start, locations]))
            }
            Leads::Trace if editor.commands.trace => command(lens.title, SHOW_TRACE, json!([document.uri, range.start])),
            Leads::Map(service) if editor.commands.map => command(lens.title, SHOW_MAP, json!([view.snapshot.chart.service(service).id])),
            // A title that leads nowhere: the protocol has no other form for it.
            Leads::Places(_) | Leads::Trace | Leads::Map(_) => Command { title: lens.title, command: String::new(), arguments: None },
        };
        CodeLens { range, command: Some(command), data: None }
    };
    Some(ide::lenses(&view.snapshot, file).into_iter().map(lens).collect())
}

fn command(title: String, command: &str, arguments: serde_json::Value) -> Command {
    Command { title, command: command.to_owned(), arguments: arguments.as_array().cloned() }
}

/// `textDocument/inlayHint`.
pub(super) fn hints(view: &View, session: &Session, parameters: &InlayHintParams) -> Option<Vec<InlayHint>> {
    if !session.settings().inlay_hints.enable {
        return None;
    }
    let file = view.file(&uri::path(&parameters.text_document.uri)?)?;
    let lines = view.lines(file)?;
    let Range { start, end } = parameters.range;
    let offset = |position| from_proto::offset(lines, session.encoding, position);
    let range = TextRange { start: offset(start), end: offset(end) };
    let hint = |hint: ide::Hint| {
        let mut parts: Vec<InlayHintLabelPart> = Vec::new();
        for (text, place) in hint.answers {
            let separator = if parts.is_empty() { "→ " } else { ", " };
            let location = place.and_then(|place| to_proto::location(view, session.encoding, place));
            parts.push(InlayHintLabelPart { value: separator.to_owned(), ..InlayHintLabelPart::default() });
            parts.push(InlayHintLabelPart { value: text, location, ..InlayHintLabelPart::default() });
        }
        InlayHint {
            position: to_proto::position(lines, session.encoding, hint.offset),
            label: InlayHintLabel::LabelParts(parts),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        }
    };
    Some(ide::hints(&view.snapshot, file, range).into_iter().map(hint).collect())
}

/// `textDocument/documentLink`.
pub(super) fn links(view: &View, session: &Session, editor: Editor, document: &TextDocumentIdentifier) -> Option<Vec<DocumentLink>> {
    if !session.settings().document_links.enable {
        return None;
    }
    let file = view.file(&uri::path(&document.uri)?)?;
    let lines = view.lines(file)?;
    let link = |link: ide::Link| {
        Some(DocumentLink {
            range: to_proto::range(lines, session.encoding, link.range),
            target: Some(at_line(&to_proto::file(view, link.target.file)?, view.snapshot.files.line(link.target))?),
            tooltip: editor.link_tooltips.then_some(link.what),
            data: None,
        })
    };
    Some(ide::links(&view.snapshot, file).into_iter().filter_map(link).collect())
}

/// A URI that opens a file at a line.
fn at_line(file: &Uri, line: u32) -> Option<Uri> {
    if line <= 1 { Some(file.clone()) } else { format!("{}#L{line}", file.as_str()).parse().ok() }
}
