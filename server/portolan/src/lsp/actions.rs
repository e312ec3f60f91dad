//! Code actions: edits that the editor may apply.
//!
//! Invariant: an edit is one that the editor has said it can apply, of the version of a text that the view was made of.

use std::collections::HashMap;

use line_index::LineIndex;
use portolan_analysis::ide::{self, Change};
use tower_lsp::ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, CreateFile, CreateFileOptions,
    DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, Position, Range, ResourceOp,
    TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use super::editor::Editor;
use super::session::{Session, View};
use super::{from_proto, to_proto, uri};

/// `textDocument/codeAction`: lines of `portolan.toml` that settle the calls of the lines in question.
pub(super) fn settling(view: &View, session: &Session, editor: Editor, parameters: &CodeActionParams) -> Option<CodeActionResponse> {
    let kind = CodeActionKind::QUICKFIX;
    let wanted = |only: &CodeActionKind| kind.as_str() == only.as_str() || kind.as_str().starts_with(&format!("{}.", only.as_str()));
    if !editor.actions || parameters.context.only.as_ref().is_some_and(|only| !only.iter().any(wanted)) {
        return None;
    }
    let path = uri::path(&parameters.text_document.uri)?;
    let (root, _) = view.roots.to_world(&path)?;
    let file = view.file(&path)?;
    let lines = view.lines(file)?;
    let (start, end) = whole_lines(lines, session, parameters.range);
    let actions: Vec<CodeActionOrCommand> = ide::fixes(&view.snapshot, file, start, end)
        .into_iter()
        .filter_map(|fix| {
            let edit = edit(view, session, editor, ide::change(&view.snapshot, &root.prefix, &fix.remedy)?)?;
            let action = CodeAction { title: fix.title, kind: Some(kind.clone()), edit: Some(edit), ..CodeAction::default() };
            Some(CodeActionOrCommand::CodeAction(action))
        })
        .collect();
    (!actions.is_empty()).then_some(actions)
}

/// From the start of a range's first line to the end of its last.
fn whole_lines(lines: &LineIndex, session: &Session, range: Range) -> (u32, u32) {
    let start = from_proto::offset(lines, session.encoding, Position::new(range.start.line, 0));
    let end = from_proto::offset(lines, session.encoding, Position::new(range.end.line, u32::MAX));
    (start, end.max(start))
}

/// An edit as the editor can apply it; nothing where it cannot.
fn edit(view: &View, session: &Session, editor: Editor, change: Change) -> Option<WorkspaceEdit> {
    match change {
        Change::Insert(file, insertion) => {
            let lines = view.lines(file)?;
            let at = to_proto::position(lines, session.encoding, insertion.offset);
            let target = to_proto::file(view, file)?;
            let disk = view.roots.to_disk(view.snapshot.files.path(file))?;
            let version = view.open.get(&disk).map(|open| open.version);
            let edit = TextEdit { range: Range::new(at, at), new_text: insertion.text };
            Some(if editor.document_changes {
                changes(DocumentChanges::Edits(vec![document_edit(target, version, edit)]))
            } else {
                WorkspaceEdit { changes: Some(HashMap::from([(target, vec![edit])])), ..WorkspaceEdit::default() }
            })
        }
        Change::Create(path, text) => {
            let disk = view.roots.to_disk(&path)?;
            // One that is there but not read is somebody's own affair.
            if !(editor.document_changes && editor.creates) || disk.exists() {
                return None;
            }
            let target = to_proto::uri_of(view, &disk)?;
            let options = CreateFileOptions { overwrite: None, ignore_if_exists: Some(true) };
            let create = CreateFile { uri: target.clone(), options: Some(options), annotation_id: None };
            let edit = TextEdit { range: Range::default(), new_text: text };
            Some(changes(DocumentChanges::Operations(vec![
                DocumentChangeOperation::Op(ResourceOp::Create(create)),
                DocumentChangeOperation::Edit(document_edit(target, None, edit)),
            ])))
        }
    }
}

fn changes(changes: DocumentChanges) -> WorkspaceEdit {
    WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
}

fn document_edit(uri: Uri, version: Option<i32>, edit: TextEdit) -> TextDocumentEdit {
    TextDocumentEdit { text_document: OptionalVersionedTextDocumentIdentifier { uri, version }, edits: vec![OneOf::Left(edit)] }
}
