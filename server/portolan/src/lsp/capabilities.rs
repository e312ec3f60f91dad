//! What the server offers to an editor, and what it asks to be told of.

use tower_lsp::ls_types::{
    CallHierarchyServerCapability, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions, DiagnosticOptions,
    DiagnosticServerCapabilities, DidChangeWatchedFilesRegistrationOptions, DocumentLinkOptions, FileOperationFilter, FileOperationPattern,
    FileOperationRegistrationOptions, FileSystemWatcher, GlobPattern, HoverProviderCapability, OneOf, PositionEncodingKind, Registration,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, WatchKind,
    WorkspaceFileOperationsServerCapabilities, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};

use super::actions;
use super::editor::Editor;
use super::editor_settings::SECTION;
use super::to_proto::Encoding;

/// Files whose changes on disk matter. Every kind of file that can be read must match; creations and deletions are watched for all.
/// Eglot watches nothing if there is a wildcard within braces, and its `*` is at least one character.
const WATCHED: &[&str] = &[
    "**/*.{rs,ts,tsx,mts,cts,js,jsx,mjs,cjs,vue,svelte,go}",
    "**/*.{yaml,yml,json,jsonc,toml,proto,prisma,sql,conf,nginx,template,tpl,env,hcl,tiltfile,dockerfile,Dockerfile}",
    "**/{Dockerfile,Containerfile,Caddyfile,Procfile,Makefile,makefile,GNUmakefile,go.mod,CODEOWNERS,CACHEDIR.TAG,.env,.gitignore,.ignore}",
    "**/Dockerfile*",
    "**/Containerfile*",
    "**/Tiltfile*",
    "**/.env*",
];

/// What the server offers.
pub(super) fn server(encoding: Encoding, editor: Editor) -> ServerCapabilities {
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
            code_action_kinds: Some(actions::KINDS.to_vec()),
            resolve_provider: Some(editor.resolves_actions),
            work_done_progress_options: Default::default(),
        })),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: Some(WorkspaceFileOperationsServerCapabilities {
                did_create: Some(all_files()),
                did_rename: Some(all_files()),
                did_delete: Some(all_files()),
                ..WorkspaceFileOperationsServerCapabilities::default()
            }),
        }),
        diagnostic_provider: editor.pulls.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("portolan".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                ..DiagnosticOptions::default()
            })
        }),
        ..ServerCapabilities::default()
    }
}

/// Files and folders of any name.
fn all_files() -> FileOperationRegistrationOptions {
    let pattern = FileOperationPattern { glob: "**".to_owned(), matches: None, options: None };
    FileOperationRegistrationOptions { filters: vec![FileOperationFilter { scheme: Some("file".to_owned()), pattern }] }
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

#[cfg(test)]
mod tests {
    use super::WATCHED;

    #[test]
    fn no_wildcard_stands_within_braces() {
        for glob in WATCHED {
            let within = glob.split_once('{').map_or("", |(_, rest)| rest);
            assert!(!within.contains(['*', '?', '{']), "{glob}");
        }
    }
}
