//! What is agreed with the editor: what it can, and what the server offers.

use std::path::PathBuf;

use tower_lsp::ls_types::{
    CallHierarchyServerCapability, ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions,
    DidChangeWatchedFilesRegistrationOptions, DocumentLinkOptions, FileSystemWatcher, GlobPattern, HoverProviderCapability,
    InitializeParams, MarkupKind, OneOf, PositionEncodingKind, Registration, ResourceOperationKind, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, WatchKind,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};

use super::marks::{SHOW_REFERENCES, SHOW_TRACE};
use super::settings::SECTION;
use super::to_proto::Encoding;
use super::uri;

/// Files whose changes on disk matter. Every kind of file that can be read must match; creations and deletions are watched for all.
const WATCHED: &[&str] = &[
    "**/*.{rs,ts,tsx,mts,cts,js,jsx,mjs,cjs,vue,svelte}",
    "**/*.{yaml,yml,json,jsonc,toml,proto,prisma,sql,conf,template,tpl,env,dockerfile,Dockerfile}",
    "**/{Dockerfile*,Containerfile*,Caddyfile,Procfile,CACHEDIR.TAG}",
    "**/{.env*,.gitignore,.ignore}",
];

/// What the editor can do, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Editor {
    /// It can be asked to watch files.
    pub(super) watches: bool,
    /// It can show progress.
    pub(super) shows_progress: bool,
    /// It understands links with an origin.
    pub(super) links: bool,
    /// It wants `portolan/status`: `{"experimental": {"portolanStatus": true}}`.
    pub(super) wants_status: bool,
    /// It takes code actions that are edits, not commands alone.
    pub(super) actions: bool,
    /// It applies edits of documents in order, with their versions.
    pub(super) document_changes: bool,
    /// It creates files as part of an edit.
    pub(super) creates: bool,
    /// It shows Markdown.
    pub(super) markdown: bool,
    /// It shows symbols as a tree.
    pub(super) symbol_trees: bool,
    /// It shows what a link leads to.
    pub(super) link_tooltips: bool,
    /// What it does on a click: `{"commands": ["portolan.showReferences", "portolan.showTrace"]}` in its `initializationOptions`.
    pub(super) commands: Commands,
    /// It can be asked what is set.
    pub(super) tells_settings: bool,
    /// It can be asked to tell when settings change.
    pub(super) follows_settings: bool,
}

/// Commands that the editor carries out by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Commands {
    /// Shows places.
    pub(super) references: bool,
    /// Shows the trace of a handler.
    pub(super) trace: bool,
}

impl Editor {
    /// Reads its capabilities, and the commands among its own options.
    pub(super) fn new(parameters: &InitializeParams) -> Self {
        let capabilities = &parameters.capabilities;
        let commands = parameters.initialization_options.as_ref().and_then(|options| options["commands"].as_array());
        let knows = |command: &str| commands.is_some_and(|commands| commands.iter().any(|known| known == command));
        let text = capabilities.text_document.as_ref();
        let hover = text.and_then(|text| text.hover.as_ref());
        let symbol = text.and_then(|text| text.document_symbol.as_ref());
        let link = text.and_then(|text| text.document_link.as_ref());
        let watched = capabilities.workspace.as_ref().and_then(|workspace| workspace.did_change_watched_files.as_ref());
        let edit = capabilities.workspace.as_ref().and_then(|workspace| workspace.workspace_edit.as_ref());
        let action = capabilities.text_document.as_ref().and_then(|text| text.code_action.as_ref());
        let definition = capabilities.text_document.as_ref().and_then(|text| text.definition.as_ref());
        let workspace = capabilities.workspace.as_ref();
        let configuration = workspace.and_then(|workspace| workspace.did_change_configuration.as_ref());
        Self {
            markdown: hover.and_then(|hover| hover.content_format.as_ref()).is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            symbol_trees: symbol.and_then(|symbol| symbol.hierarchical_document_symbol_support).unwrap_or(false),
            link_tooltips: link.and_then(|link| link.tooltip_support).unwrap_or(false),
            commands: Commands { references: knows(SHOW_REFERENCES), trace: knows(SHOW_TRACE) },
            tells_settings: workspace.and_then(|workspace| workspace.configuration).unwrap_or(false),
            follows_settings: configuration.and_then(|configuration| configuration.dynamic_registration).unwrap_or(false),
            watches: watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
            shows_progress: capabilities.window.as_ref().and_then(|window| window.work_done_progress).unwrap_or(false),
            wants_status: capabilities.experimental.as_ref().and_then(|own| own.get("portolanStatus")?.as_bool()).unwrap_or(false),
            actions: action.is_some_and(|action| action.code_action_literal_support.is_some()),
            document_changes: edit.and_then(|edit| edit.document_changes).unwrap_or(false),
            creates: edit
                .and_then(|edit| edit.resource_operations.as_ref())
                .is_some_and(|kinds| kinds.contains(&ResourceOperationKind::Create)),
            links: definition.and_then(|definition| definition.link_support).unwrap_or(false),
        }
    }
}

/// Bytes where the editor can, as that costs nothing; else what everybody must speak.
pub(super) fn encoding(capabilities: &ClientCapabilities) -> Encoding {
    let offered = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref()).unwrap_or_default();
    if offered.contains(&PositionEncodingKind::UTF8) { Encoding::Utf8 } else { Encoding::Utf16 }
}

/// The folders of the workspace, in the newest form the editor gives them.
#[expect(deprecated, reason = "older editors give `rootUri` or `rootPath` alone")]
pub(super) fn folders(parameters: &InitializeParams) -> Vec<PathBuf> {
    if let Some(folders) = &parameters.workspace_folders {
        return folders.iter().filter_map(|folder| uri::path(&folder.uri)).collect();
    }
    let root = parameters.root_uri.as_ref().and_then(uri::path);
    root.or_else(|| parameters.root_path.as_ref().map(PathBuf::from)).filter(|root| root.is_absolute()).into_iter().collect()
}

/// What the server offers.
pub(super) fn server(encoding: Encoding) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: None }),
        inlay_hint_provider: Some(OneOf::Left(true)),
        document_link_provider: Some(DocumentLinkOptions { resolve_provider: None, work_done_progress_options: Default::default() }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..ServerCapabilities::default()
    }
}

/// What the server asks to be told of.
pub(super) fn registrations(editor: Editor) -> Vec<Registration> {
    let settings = || Registration {
        id: "portolan/settings".to_owned(),
        method: "workspace/didChangeConfiguration".to_owned(),
        register_options: Some(serde_json::json!({ "section": SECTION })),
    };
    let watchers = editor.watches.then(watchers).flatten();
    watchers.into_iter().chain(editor.follows_settings.then(settings)).collect()
}

/// Asks the editor to watch files. Whole folders may come and go as one event, so creations and deletions are watched whatever the name.
fn watchers() -> Option<Registration> {
    let changes = WATCHED
        .iter()
        .map(|glob| FileSystemWatcher { glob_pattern: GlobPattern::String((*glob).to_owned()), kind: Some(WatchKind::Change) });
    let all = FileSystemWatcher { glob_pattern: GlobPattern::String("**/*".to_owned()), kind: Some(WatchKind::Create | WatchKind::Delete) };
    let options = DidChangeWatchedFilesRegistrationOptions { watchers: changes.chain([all]).collect() };
    Some(Registration {
        id: "portolan/watch".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(serde_json::to_value(options).ok()?),
    })
}
