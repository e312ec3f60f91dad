//! The methods of the protocol, a line or two each.
//!
//! Invariant: handlers of notifications never wait, so that they are done in the order of their messages; nothing that asks the editor is
//! waited for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem, CallHierarchyOutgoingCall,
    CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams, CodeAction, CodeActionParams, CodeActionResponse, CodeLens,
    CodeLensParams, ConfigurationItem, CreateFilesParams, DeleteFilesParams, DidChangeConfigurationParams, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReportResult, DocumentLink, DocumentLinkParams,
    DocumentSymbolParams, DocumentSymbolResponse, GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverParams, InitializeParams,
    InitializeResult, InitializedParams, InlayHint, InlayHintParams, Location, MessageType, ReferenceParams, Registration,
    RenameFilesParams, ServerInfo, TextDocumentPositionParams, WorkspaceDiagnosticParams, WorkspaceDiagnosticReportResult,
    WorkspaceSymbolParams, WorkspaceSymbolResponse,
};
use tower_lsp::{Client, LanguageServer};

use super::answer::{answer, answer_about};
use super::capabilities;
use super::editor::{self, Editor};
use super::editor_settings::{SECTION, Settings};
use super::session::{Change, Reading, Session};
use super::status::{StatusNotification, StatusParams};
use super::{actions, diagnostics, handlers, marks, progress, publish, symbols, trace, uri, world_thread};
use crate::foretold::Trace;

/// An editor that does not answer within this time is not waited for.
const ANSWER: Duration = Duration::from_secs(10);

/// The protocol's `RequestFailed`: the request was right, and still there is no answer.
const REQUEST_FAILED: i64 = -32803;

/// One editor's server.
#[derive(Debug)]
pub(super) struct Backend {
    client: Client,
    shut_down: Arc<AtomicBool>,
    session: OnceLock<(Arc<Session>, Editor)>,
    folders: Mutex<Vec<PathBuf>>,
    /// What goes on beside the messages; ends with the server.
    tasks: Mutex<JoinSet<()>>,
}

impl Backend {
    /// A server that speaks through `client` and says in `shut_down` that it was asked to.
    pub(super) fn new(client: Client, shut_down: Arc<AtomicBool>) -> Self {
        Self { client, shut_down, session: OnceLock::new(), folders: Mutex::default(), tasks: Mutex::default() }
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.session.get().map(|(session, _)| session.clone())
    }

    fn editor(&self) -> Editor {
        self.session.get().map(|(_, editor)| *editor).unwrap_or_default()
    }

    fn send(&self, change: Change) {
        if let Some((session, _)) = self.session.get() {
            session.send(change);
        }
    }

    /// Has files or folders looked at that came, went or moved.
    fn look_at<'a>(&self, uris: impl Iterator<Item = &'a str>) {
        let paths: Vec<_> = uris.filter_map(|uri| uri::path(&uri.parse().ok()?)).collect();
        if !paths.is_empty() {
            self.send(Change::Disk(paths));
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }

    fn start(&self, parameters: &InitializeParams) -> std::io::Result<InitializeResult> {
        let encoding = editor::encoding(&parameters.capabilities);
        let (sender, changes) = mpsc::channel();
        let (publisher, views) = watch::channel(None);
        let reading = Arc::new(Reading::default());
        world_thread::start(encoding, reading.clone(), changes, publisher)?;
        let settings = parameters.initialization_options.as_ref().map_or(Ok(Settings::default()), Settings::read);
        let settings = settings.unwrap_or_else(|message| {
            tracing::warn!("{message}");
            Settings::default()
        });
        let session = Arc::new(Session::new(encoding, settings, reading, sender, views));
        let folders = editor::folders(parameters);
        *self.folders.lock().unwrap_or_else(PoisonError::into_inner) = folders.clone();
        session.send(Change::Folders(folders));
        // The library lets `initialize` through once.
        let editor = Editor::new(parameters);
        let _ = self.session.set((session, editor));
        Ok(InitializeResult {
            capabilities: capabilities::server(encoding, editor),
            server_info: Some(ServerInfo { name: "portolan".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) }),
            offset_encoding: None,
        })
    }

    async fn register(client: Client, registrations: Vec<Registration>) {
        match tokio::time::timeout(ANSWER, client.register_capability(registrations)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("changes on disk or of settings are not seen: the editor refused to tell of them: {error}"),
            Err(_) => tracing::warn!("changes on disk or of settings may not be seen: the editor did not answer"),
        }
    }

    /// Asks the editor what is set.
    async fn ask_settings(client: Client, session: Arc<Session>) {
        let item = ConfigurationItem { scope_uri: None, section: Some(SECTION.to_owned()) };
        match tokio::time::timeout(ANSWER, client.configuration(vec![item])).await {
            Ok(Ok(sections)) => {
                if let Some(section) = sections.first().filter(|section| !section.is_null()) {
                    Self::take_settings(client, session, section).await;
                }
            }
            Ok(Err(error)) => tracing::warn!("what is set is not known: {error}"),
            Err(_) => tracing::warn!("what is set is not known: the editor did not answer"),
        }
    }

    async fn take_settings(client: Client, session: Arc<Session>, section: &serde_json::Value) {
        match Settings::read(section) {
            Ok(settings) => session.set(settings),
            Err(message) => client.show_message(MessageType::WARNING, message).await,
        }
    }

    /// `portolan/chart`.
    pub(super) async fn chart(&self, _parameters: serde_json::Value) -> Result<serde_json::Value> {
        answer(self.session(), |view, _| handlers::chart(view)).await
    }

    /// `portolan/trace`.
    pub(super) async fn trace(&self, at: TextDocumentPositionParams) -> Result<Option<Trace<trace::At>>> {
        let uri = at.text_document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| trace::answer(view, session, &at)).await
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, parameters: InitializeParams) -> Result<InitializeResult> {
        self.start(&parameters)
            .map_err(|error| Error { message: format!("the server cannot start: {error}").into(), ..Error::internal_error() })
    }

    async fn initialized(&self, _: InitializedParams) {
        let Some(session) = self.session() else { return };
        let client = self.client.clone();
        let wants_status = self.editor().wants_status;
        if wants_status {
            self.spawn(async move { client.send_notification::<StatusNotification>(StatusParams::reading()).await });
        }
        self.spawn(publish::run(self.client.clone(), session.clone(), self.editor()));
        if self.editor().tells_settings {
            self.spawn(Self::ask_settings(self.client.clone(), session.clone()));
        }
        if self.editor().shows_progress {
            self.spawn(progress::run(self.client.clone(), session));
        }
        let registrations = capabilities::registrations(self.editor());
        if !registrations.is_empty() {
            self.spawn(Self::register(self.client.clone(), registrations));
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.shut_down.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn did_open(&self, parameters: DidOpenTextDocumentParams) {
        let document = parameters.text_document;
        if let Some(path) = uri::path(&document.uri) {
            self.send(Change::Open { path, uri: document.uri, version: document.version, text: document.text });
        }
    }

    async fn did_change(&self, parameters: DidChangeTextDocumentParams) {
        if let Some(path) = uri::path(&parameters.text_document.uri) {
            let edits = parameters.content_changes.into_iter().map(|change| (change.range, change.text)).collect();
            self.send(Change::Edit { path, version: parameters.text_document.version, edits });
        }
    }

    async fn did_close(&self, parameters: DidCloseTextDocumentParams) {
        if let Some(path) = uri::path(&parameters.text_document.uri) {
            self.send(Change::Close { path });
        }
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {
        // The text is known already.
    }

    async fn did_change_watched_files(&self, parameters: DidChangeWatchedFilesParams) {
        self.look_at(parameters.changes.iter().map(|event| event.uri.as_str()));
    }

    async fn did_create_files(&self, parameters: CreateFilesParams) {
        self.look_at(parameters.files.iter().map(|file| file.uri.as_str()));
    }

    async fn did_rename_files(&self, parameters: RenameFilesParams) {
        self.look_at(parameters.files.iter().flat_map(|file| [file.old_uri.as_str(), file.new_uri.as_str()]));
    }

    async fn did_delete_files(&self, parameters: DeleteFilesParams) {
        self.look_at(parameters.files.iter().map(|file| file.uri.as_str()));
    }

    async fn did_change_configuration(&self, parameters: DidChangeConfigurationParams) {
        let Some(session) = self.session() else { return };
        let client = self.client.clone();
        // Some editors tell all servers of all settings, others only that there are new ones.
        match parameters.settings.get(SECTION) {
            Some(section) => {
                let section = section.clone();
                self.spawn(async move { Self::take_settings(client, session, &section).await });
            }
            None if self.editor().tells_settings => self.spawn(Self::ask_settings(client, session)),
            None => {}
        }
    }

    async fn did_change_workspace_folders(&self, parameters: DidChangeWorkspaceFoldersParams) {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let removed: Vec<_> = parameters.event.removed.iter().filter_map(|folder| uri::path(&folder.uri)).collect();
        folders.retain(|folder| !removed.contains(folder));
        folders.extend(parameters.event.added.iter().filter_map(|folder| uri::path(&folder.uri)));
        self.send(Change::Folders(folders.clone()));
    }

    async fn hover(&self, parameters: HoverParams) -> Result<Option<Hover>> {
        let (at, editor) = (parameters.text_document_position_params, self.editor());
        let uri = at.text_document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| handlers::hover(view, session, editor, &at)).await
    }

    async fn goto_definition(&self, parameters: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let (at, editor) = (parameters.text_document_position_params, self.editor());
        let uri = at.text_document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| handlers::definition(view, session, editor, &at)).await
    }

    async fn references(&self, parameters: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let uri = parameters.text_document_position.text_document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| handlers::references(view, session, &parameters)).await
    }

    async fn prepare_call_hierarchy(&self, parameters: CallHierarchyPrepareParams) -> Result<Option<Vec<CallHierarchyItem>>> {
        let at = parameters.text_document_position_params;
        let uri = at.text_document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| handlers::hierarchy_items(view, session, &at)).await
    }

    async fn incoming_calls(&self, parameters: CallHierarchyIncomingCallsParams) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        answer(self.session(), move |view, session| handlers::incoming(view, session, &parameters.item)).await
    }

    async fn outgoing_calls(&self, parameters: CallHierarchyOutgoingCallsParams) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        answer(self.session(), move |view, session| handlers::outgoing(view, session, &parameters.item)).await
    }

    async fn document_symbol(&self, parameters: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        let (document, editor) = (parameters.text_document, self.editor());
        let uri = document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| symbols::of_document(view, session, editor, &document)).await
    }

    async fn symbol(&self, parameters: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        let found = answer(self.session(), move |view, session| symbols::of_workspace(view, session, &parameters.query)).await?;
        Ok(Some(WorkspaceSymbolResponse::Flat(found)))
    }

    async fn code_lens(&self, parameters: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        let (document, editor) = (parameters.text_document, self.editor());
        let uri = document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| marks::lenses(view, session, editor, &document)).await
    }

    async fn inlay_hint(&self, parameters: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let uri = parameters.text_document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| marks::hints(view, session, &parameters)).await
    }

    async fn document_link(&self, parameters: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        let (document, editor) = (parameters.text_document, self.editor());
        let uri = document.uri.clone();
        answer_about(self.session(), Some(&uri), move |view, session| marks::links(view, session, editor, &document)).await
    }

    async fn diagnostic(&self, parameters: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let (editor, uri) = (self.editor(), parameters.text_document.uri);
        let (document, previous) = (uri.clone(), parameters.previous_result_id);
        let answer = answer_about(self.session(), Some(&uri), move |view, session| {
            Some(diagnostics::of_document(view, session, editor, &document, previous.as_deref()))
        });
        answer.await?.ok_or_else(Error::internal_error)
    }

    async fn workspace_diagnostic(&self, parameters: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        let editor = self.editor();
        let answer = answer(self.session(), move |view, session| {
            session.note_workspace_pull();
            Some(diagnostics::of_workspace(view, session, editor, parameters.previous_result_ids))
        });
        answer.await?.ok_or_else(Error::internal_error)
    }

    async fn code_action(&self, parameters: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let (editor, uri) = (self.editor(), parameters.text_document.uri.clone());
        answer_about(self.session(), Some(&uri), move |view, session| actions::offered(view, session, editor, &parameters)).await
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        let editor = self.editor();
        let resolved = answer(self.session(), move |view, session| Some(actions::resolved(view, session, editor, action))).await?;
        let failure = |message: String| Error { code: ErrorCode::ServerError(REQUEST_FAILED), message: message.into(), data: None };
        resolved.unwrap_or_else(|| Err("nothing was read yet".to_owned())).map_err(failure)
    }
}
