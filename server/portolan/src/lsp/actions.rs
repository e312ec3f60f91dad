//! Code actions: edits that the editor may apply.
//!
//! An action is offered without its edit where the editor asks for that later. Invariant: an edit is one that the editor has said it can apply, of
//! the versions of the texts that the view was made of.

use std::collections::HashMap;

use camino::Utf8Path;
use line_index::LineIndex;
use portolan_analysis::FileId;
use portolan_analysis::refactors::{self, Edit, Level, Offer, Replacement, Texts};
use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::{
    AnnotatedTextEdit, ChangeAnnotation, CodeAction, CodeActionDisabled, CodeActionKind, CodeActionOrCommand, CodeActionParams,
    CodeActionResponse, CreateFile, CreateFileOptions, DocumentChangeOperation, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, Position, Range, ResourceOp, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use super::editor::Editor;
use super::session::{Session, View};
use super::{from_proto, to_proto, uri};
use crate::load::text_to_edit;

/// What sorts of actions there are.
pub(super) const KINDS: [CodeActionKind; 3] =
    [CodeActionKind::QUICKFIX, CodeActionKind::REFACTOR_REWRITE, CodeActionKind::REFACTOR_EXTRACT];
/// By what edits name the one thing that they ask to confirm.
const CONFIRMED: &str = "portolan";

/// By what an action is found again when its edit is asked for; its title says which of those at the place it is.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    uri: Uri,
    version: Option<i32>,
    start: u32,
    end: u32,
}

/// `textDocument/codeAction`: what answers the findings of the lines in question and settles their calls.
pub(super) fn offered(view: &View, session: &Session, editor: Editor, parameters: &CodeActionParams) -> Option<CodeActionResponse> {
    let is_wanted = |kind: &CodeActionKind| {
        let wanted = |only: &CodeActionKind| kind == only || kind.as_str().starts_with(&format!("{}.", only.as_str()));
        parameters.context.only.as_ref().is_none_or(|only| only.iter().any(wanted))
    };
    if !editor.actions || !KINDS.iter().any(is_wanted) {
        return None;
    }
    let path = uri::path(&parameters.text_document.uri)?;
    let (start, end) = whole_lines(view.lines(view.file(&path)?)?, session, parameters.range);
    let version = view.open.get(&path).map(|open| open.version);
    let asked = Asked { uri: parameters.text_document.uri.clone(), version, start, end };
    let offers = offers(view, &asked)?;
    let actions: Vec<CodeActionOrCommand> = offers
        .into_iter()
        .filter(|offer| is_wanted(&kind(offer.level)))
        .filter_map(|offer| Some(CodeActionOrCommand::CodeAction(action(view, session, editor, &asked, offer)?)))
        .collect();
    (!actions.is_empty()).then_some(actions)
}

/// `codeAction/resolve`: the action with its edit; an error is a sentence for the user.
pub(super) fn resolved(view: &View, session: &Session, editor: Editor, action: CodeAction) -> Result<CodeAction, String> {
    let asked: Option<Asked> = action.data.clone().and_then(|data| serde_json::from_value(data).ok());
    let asked = asked.ok_or("this action is not one of portolan's")?;
    let version = uri::path(&asked.uri).and_then(|path| view.open.get(&path)).map(|open| open.version);
    let offer = offers(view, &asked).into_iter().flatten().find(|offer| offer.title == action.title);
    let (true, Some(offer)) = (version == asked.version, offer) else { return Err("the document was changed meanwhile".to_owned()) };
    let edit = sound_edit(view, session, &offer)?;
    let edit = to_workspace_edit(view, session, editor, &offer, &edit).ok_or("the editor cannot apply this edit")?;
    Ok(CodeAction { edit: Some(edit), ..action })
}

fn offers(view: &View, asked: &Asked) -> Option<Vec<Offer>> {
    let path = uri::path(&asked.uri)?;
    let (root, _) = view.roots.to_world(&path)?;
    Some(refactors::offers(&view.snapshot, &Held(view), &root.prefix, view.file(&path)?, asked.start, asked.end))
}

/// An offer as the editor takes it; nothing where it can do nothing with it.
fn action(view: &View, session: &Session, editor: Editor, asked: &Asked, offer: Offer) -> Option<CodeAction> {
    let finding = offer.finding.and_then(|at| view.snapshot.findings.get(at));
    let diagnostic = finding.and_then(|finding| to_proto::diagnostic(view, session.encoding, editor, finding));
    let mut action = CodeAction {
        kind: Some(kind(offer.level)),
        diagnostics: diagnostic.map(|diagnostic| vec![diagnostic]),
        is_preferred: (editor.prefers_actions && offer.level == Level::Safe && offer.plan.is_ok()).then_some(true),
        ..CodeAction::default()
    };
    match &offer.plan {
        Err(refusal) if !editor.disables_actions => {
            tracing::debug!("{} is not offered: {refusal}", offer.title);
            return None;
        }
        Err(refusal) => action.disabled = Some(CodeActionDisabled { reason: refusal.to_string() }),
        // It is made once more when it is asked for; an editor that cannot apply it is not offered it at all.
        Ok(edit) if editor.resolves_actions => {
            to_workspace_edit(view, session, editor, &offer, edit)?;
            action.data = serde_json::to_value(asked).ok();
        }
        Ok(_) => action.edit = Some(to_workspace_edit(view, session, editor, &offer, &sound_edit(view, session, &offer).ok()?)?),
    }
    action.title = offer.title;
    Some(action)
}

/// What sort of action an offer is: what does the same as before settles something, what does not is a change of the program.
fn kind(level: Level) -> CodeActionKind {
    match level {
        Level::Assisted(_) => CodeActionKind::REFACTOR_REWRITE,
        Level::Sketch(_) => CodeActionKind::REFACTOR_EXTRACT,
        Level::Safe | Level::Statement | Level::Acceptance => CodeActionKind::QUICKFIX,
    }
}

/// The edit of an offer, if the workspace would be as the offer says.
fn sound_edit(view: &View, session: &Session, offer: &Offer) -> Result<Edit, String> {
    let edit = offer.plan.clone().map_err(|refusal| refusal.to_string())?;
    // To accept a finding, or to say what only a person knows, takes no trial.
    let is_tried = match offer.level {
        Level::Safe | Level::Assisted(_) | Level::Sketch(_) => true,
        Level::Statement => offer.finding.is_some(),
        Level::Acceptance => false,
    };
    if is_tried {
        let finding = offer.finding.and_then(|at| view.snapshot.findings.get(at));
        let files = refactors::applied(&view.snapshot, &Held(view), &edit).map_err(|refusal| refusal.to_string())?;
        session.rehearse(view, files, finding, offer.level)?;
    }
    Ok(edit)
}

/// The texts of a view: the editor's, else those on disk.
struct Held<'a>(&'a View);

impl Texts for Held<'_> {
    fn text(&self, path: &Utf8Path) -> Result<String, String> {
        let disk = self.0.roots.to_disk(path).ok_or("is in no folder of the workspace")?;
        match self.0.open.get(&disk) {
            Some(open) => Ok(open.text.to_string()),
            None => text_to_edit(&disk),
        }
    }
}

/// From the start of a range's first line to the end of its last.
fn whole_lines(lines: &LineIndex, session: &Session, range: Range) -> (u32, u32) {
    let start = from_proto::offset(lines, session.encoding, Position::new(range.start.line, 0));
    let end = from_proto::offset(lines, session.encoding, Position::new(range.end.line, u32::MAX));
    (start, end.max(start))
}

/// An edit as the editor can apply it; nothing where it cannot.
fn to_workspace_edit(view: &View, session: &Session, editor: Editor, offer: &Offer, edit: &Edit) -> Option<WorkspaceEdit> {
    // What a person must agree to is shown before it is done, by editors that can.
    let check = match offer.level {
        Level::Assisted(check) | Level::Sketch(check) if editor.annotates && editor.document_changes => Some(check),
        _ => None,
    };
    let annotated = check.is_some();
    let annotations = check.map(|check| HashMap::from([(CONFIRMED.to_owned(), annotation(offer, check))]));
    let changes: Vec<(Uri, Option<i32>, Vec<TextEdit>)> =
        edit.changes.iter().map(|(file, replacements)| changes_of(view, session, *file, replacements)).collect::<Option<_>>()?;
    if !editor.document_changes {
        let by_file = changes.into_iter().map(|(uri, _, edits)| (uri, edits)).collect::<HashMap<_, _>>();
        return edit.creates.is_empty().then(|| WorkspaceEdit { changes: Some(by_file), ..WorkspaceEdit::default() });
    }
    let document_edit = |uri, version, edits| document_edit(uri, version, edits, annotated);
    let changes = changes.into_iter().map(|(uri, version, edits)| document_edit(uri, version, edits));
    let document_changes = if edit.creates.is_empty() {
        DocumentChanges::Edits(changes.collect())
    } else {
        let mut operations = Vec::new();
        for (path, text) in &edit.creates {
            let disk = view.roots.to_disk(path)?;
            // One that is there but not read is somebody's own affair.
            if !editor.creates || disk.exists() {
                return None;
            }
            let uri = to_proto::uri_of(view, &disk)?;
            let options = CreateFileOptions { overwrite: None, ignore_if_exists: Some(true) };
            let annotation_id = annotated.then(|| CONFIRMED.to_owned());
            let create = CreateFile { uri: uri.clone(), options: Some(options), annotation_id };
            operations.push(DocumentChangeOperation::Op(ResourceOp::Create(create)));
            let edit = TextEdit { range: Range::default(), new_text: text.clone() };
            operations.push(DocumentChangeOperation::Edit(document_edit(uri, None, vec![edit])));
        }
        operations.extend(changes.map(DocumentChangeOperation::Edit));
        DocumentChanges::Operations(operations)
    };
    Some(WorkspaceEdit { changes: None, document_changes: Some(document_changes), change_annotations: annotations })
}

fn changes_of(view: &View, session: &Session, file: FileId, replacements: &[Replacement]) -> Option<(Uri, Option<i32>, Vec<TextEdit>)> {
    let lines = view.lines(file)?;
    let edits = replacements.iter().map(|replacement| TextEdit {
        range: to_proto::range(lines, session.encoding, replacement.range),
        new_text: replacement.text.clone(),
    });
    Some((to_proto::file(view, file)?, version(view, file), edits.collect()))
}

fn version(view: &View, file: FileId) -> Option<i32> {
    view.open.get(&view.roots.to_disk(view.snapshot.files.path(file))?).map(|open| open.version)
}

/// What the edits that a person must agree to are said to be, and what is to be checked.
fn annotation(offer: &Offer, check: &str) -> ChangeAnnotation {
    ChangeAnnotation { label: offer.title.clone(), needs_confirmation: Some(true), description: Some(check.to_owned()) }
}

fn document_edit(uri: Uri, version: Option<i32>, edits: Vec<TextEdit>, annotated: bool) -> TextDocumentEdit {
    let edits = edits.into_iter().map(|text_edit| match annotated {
        true => OneOf::Right(AnnotatedTextEdit { text_edit, annotation_id: CONFIRMED.to_owned() }),
        false => OneOf::Left(text_edit),
    });
    let edits = edits.collect();
    TextDocumentEdit { text_document: OptionalVersionedTextDocumentIdentifier { uri, version }, edits }
}
