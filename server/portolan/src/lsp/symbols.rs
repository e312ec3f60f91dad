//! Symbols of documents and of the workspace.

use portolan_analysis::FileId;
use portolan_analysis::ide::{self, SymbolKind as Kind};
use tower_lsp::ls_types::{DocumentSymbol, DocumentSymbolResponse, Location, SymbolInformation, SymbolKind, TextDocumentIdentifier};

use super::editor::Editor;
use super::session::{Session, View};
use super::{to_proto, uri};

/// `textDocument/documentSymbol`; as a tree for editors that know trees.
pub(super) fn of_document(
    view: &View,
    session: &Session,
    editor: Editor,
    document: &TextDocumentIdentifier,
) -> Option<DocumentSymbolResponse> {
    let file = view.file(&uri::path(&document.uri)?)?;
    let symbols = ide::document_symbols(&view.snapshot, file);
    if editor.symbol_trees {
        let tree = symbols.into_iter().filter_map(|symbol| tree(view, session, file, symbol)).collect();
        return Some(DocumentSymbolResponse::Nested(tree));
    }
    let mut flat = Vec::new();
    for symbol in &symbols {
        for each in std::iter::once(symbol).chain(&symbol.children) {
            let range = to_proto::range(view.lines(file)?, session.encoding, each.range);
            flat.push(information(each.name.clone(), each.kind, each.detail.clone(), Location::new(document.uri.clone(), range)));
        }
    }
    Some(DocumentSymbolResponse::Flat(flat))
}

#[expect(deprecated, reason = "the type has a member that must be given")]
fn tree(view: &View, session: &Session, file: FileId, symbol: ide::Symbol) -> Option<DocumentSymbol> {
    let lines = view.lines(file)?;
    let children: Vec<_> = symbol.children.into_iter().filter_map(|child| tree(view, session, file, child)).collect();
    Some(DocumentSymbol {
        name: symbol.name,
        detail: Some(symbol.detail),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: to_proto::range(lines, session.encoding, symbol.range),
        selection_range: to_proto::range(lines, session.encoding, symbol.selection),
        children: (!children.is_empty()).then_some(children),
    })
}

/// `workspace/symbol`.
pub(super) fn of_workspace(view: &View, session: &Session, query: &str) -> Vec<SymbolInformation> {
    let symbols = ide::workspace_symbols(&view.snapshot, query).into_iter();
    symbols
        .filter_map(|symbol| {
            let location = to_proto::location(view, session.encoding, symbol.place)?;
            Some(information(symbol.name, symbol.kind, symbol.container, location))
        })
        .collect()
}

#[expect(deprecated, reason = "the type has a member that must be given")]
fn information(name: String, of: Kind, container: String, location: Location) -> SymbolInformation {
    let container_name = (!container.is_empty()).then_some(container);
    SymbolInformation { name, kind: kind(of), tags: None, deprecated: None, location, container_name }
}

fn kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Service => SymbolKind::MODULE,
        Kind::Endpoint => SymbolKind::INTERFACE,
        Kind::Rpc => SymbolKind::METHOD,
        Kind::Consumer | Kind::Channel | Kind::Publish => SymbolKind::EVENT,
        Kind::Call => SymbolKind::FUNCTION,
        Kind::Collection | Kind::Access => SymbolKind::STRUCT,
    }
}
