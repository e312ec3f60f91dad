//! The diagnostics of a view: of all files for those that publish, of one or all for editors that pull.
//!
//! Invariant: a diagnostic has no more members than the editor said it takes; equal diagnostics have equal result ids.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use portolan_analysis::FileId;
use rustc_hash::{FxHashMap, FxHasher};
use tower_lsp::ls_types::{
    Diagnostic, DocumentDiagnosticReport, DocumentDiagnosticReportResult, FullDocumentDiagnosticReport, PreviousResultId,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport, Uri,
    WorkspaceDiagnosticReport, WorkspaceDiagnosticReportResult, WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};

use super::editor::Editor;
use super::session::{Session, View};
use super::{to_proto, uri};

/// Diagnostics of one file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Set {
    /// The file, as the editor spells it.
    pub(super) uri: Uri,
    /// The version of its text, where the editor holds it.
    pub(super) version: Option<i32>,
    /// What is to be shown.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Diagnostics by file.
pub(super) type Sets = FxHashMap<PathBuf, Set>;

/// The diagnostics of one file or of all, each with its file: findings, then what is wrong in files that are written for
/// Portolan alone; none where the user turned them off.
fn each(view: &View, session: &Session, editor: Editor, only: Option<FileId>) -> impl Iterator<Item = (FileId, Diagnostic)> {
    let (snapshot, encoding, shown) = (&view.snapshot, session.encoding, session.settings().diagnostics.enable);
    let wanted = move |file: FileId| shown && only.is_none_or(|only| only == file);
    let findings = snapshot.findings.iter().filter(move |finding| wanted(finding.place.file));
    let problems = snapshot.workspace.problems.iter().filter(move |problem| wanted(problem.place.file));
    let findings = findings.map(move |finding| (finding.place.file, to_proto::diagnostic(view, encoding, editor, finding)));
    let problems = problems.map(move |problem| (problem.place.file, to_proto::problem(view, encoding, problem)));
    findings.chain(problems).filter_map(|(file, diagnostic)| Some((file, diagnostic?)))
}

/// The diagnostics of all files that have any.
pub(super) fn all(view: &View, session: &Session, editor: Editor) -> Sets {
    let mut sets = Sets::default();
    for (file, diagnostic) in each(view, session, editor, None) {
        let Some(path) = view.roots.to_disk(view.snapshot.files.path(file)) else { continue };
        if let Some(set) = sets.get_mut(&path) {
            set.diagnostics.push(diagnostic);
        } else if let Some(uri) = to_proto::uri_of(view, &path) {
            let version = view.open.get(&path).map(|open| open.version);
            sets.insert(path, Set { uri, version, diagnostics: vec![diagnostic] });
        }
    }
    sets
}

/// What names some diagnostics: the same for the same.
pub(super) fn result_id(diagnostics: &[Diagnostic]) -> String {
    let mut hasher = FxHasher::default();
    serde_json::to_string(diagnostics).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// `textDocument/diagnostic`.
pub(super) fn of_document(
    view: &View,
    session: &Session,
    editor: Editor,
    document: &Uri,
    previous: Option<&str>,
) -> DocumentDiagnosticReportResult {
    let path = uri::path(document);
    let file = path.as_ref().and_then(|path| view.file(path));
    let items = file.map(|file| each(view, session, editor, Some(file)).map(|(_, diagnostic)| diagnostic).collect());
    let items: Vec<Diagnostic> = items.unwrap_or_default();
    if let Some(path) = path.filter(|_| !items.is_empty()) {
        session.shown().insert(path, document.clone());
    }
    let id = result_id(&items);
    let report = if previous == Some(&id) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
        })
    } else {
        let full = FullDocumentDiagnosticReport { result_id: Some(id), items };
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: full,
        })
    };
    DocumentDiagnosticReportResult::Report(report)
}

/// `workspace/diagnostic`: of all files that have any, and of those that had some, whether the editor says so or not: VS Code goes on showing
/// those of a document that is closed, but says no more that it does.
pub(super) fn of_workspace(
    view: &View,
    session: &Session,
    editor: Editor,
    previous: Vec<PreviousResultId>,
) -> WorkspaceDiagnosticReportResult {
    let mut sets = all(view, session, editor);
    let mut known: FxHashMap<PathBuf, String> = FxHashMap::default();
    let mut shown = session.shown();
    let nothing = result_id(&[]);
    for PreviousResultId { uri, value } in previous {
        let Some(path) = uri::path(&uri) else { continue };
        if value == nothing {
            shown.remove(&path);
        } else {
            shown.insert(path.clone(), uri.clone());
        }
        known.insert(path, value);
    }
    shown.extend(sets.iter().map(|(path, set)| (path.clone(), set.uri.clone())));
    for (path, uri) in &*shown {
        let version = view.open.get(path).map(|open| open.version);
        sets.entry(path.clone()).or_insert_with(|| Set { uri: uri.clone(), version, diagnostics: Vec::new() });
    }
    drop(shown);
    let mut sets: Vec<(PathBuf, Set)> = sets.into_iter().collect();
    sets.sort_by(|a, b| a.0.cmp(&b.0));
    let report = |(path, Set { uri, version, diagnostics }): (PathBuf, Set)| {
        let (version, id) = (version.map(i64::from), result_id(&diagnostics));
        if known.get(&path) == Some(&id) {
            let unchanged_document_diagnostic_report = UnchangedDocumentDiagnosticReport { result_id: id };
            let unchanged = WorkspaceUnchangedDocumentDiagnosticReport { uri, version, unchanged_document_diagnostic_report };
            WorkspaceDocumentDiagnosticReport::Unchanged(unchanged)
        } else {
            let full_document_diagnostic_report = FullDocumentDiagnosticReport { result_id: Some(id), items: diagnostics };
            WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport { uri, version, full_document_diagnostic_report })
        }
    };
    WorkspaceDiagnosticReportResult::Report(WorkspaceDiagnosticReport { items: sets.into_iter().map(report).collect() })
}
