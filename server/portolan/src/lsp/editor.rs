//! What the editor can, as far as it matters here, and what it opens.
//!
//! What deliberately does not live here: what the server offers it ([`super::capabilities`]). Invariant: what an editor does not say it cannot.

use std::path::PathBuf;

use tower_lsp::ls_types::{ClientCapabilities, InitializeParams, MarkupKind, PositionEncodingKind, ResourceOperationKind};

use super::marks::{SHOW_MAP, SHOW_REFERENCES, SHOW_TRACE};
use super::to_proto::Encoding;
use super::uri;

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
    /// It asks for the edit of an action when somebody takes it.
    pub(super) resolves_actions: bool,
    /// It shows actions that cannot be taken, and why.
    pub(super) disables_actions: bool,
    /// It is told which action answers a diagnostic best.
    pub(super) prefers_actions: bool,
    /// It applies edits of documents in order, with their versions.
    pub(super) document_changes: bool,
    /// It asks whoever takes an edit to confirm parts that say so.
    pub(super) annotates: bool,
    /// It creates files as part of an edit.
    pub(super) creates: bool,
    /// It shows Markdown.
    pub(super) markdown: bool,
    /// It shows symbols as a tree.
    pub(super) symbol_trees: bool,
    /// It shows what a link leads to.
    pub(super) link_tooltips: bool,
    /// What it does on a click: `{"commands": ["portolan.showReferences", …]}` in its `initializationOptions`.
    pub(super) commands: Commands,
    /// It asks for diagnostics, and does so again when it is told to.
    pub(super) pulls: bool,
    /// It shows places beside that of a diagnostic.
    pub(super) related: bool,
    /// It leads from a diagnostic to the page about it.
    pub(super) code_descriptions: bool,
    /// It sends back the data of a diagnostic.
    pub(super) diagnostic_data: bool,
    /// It compares the version of published diagnostics.
    pub(super) diagnostic_versions: bool,
    /// It asks for lenses again when it is told to.
    pub(super) refreshes_lenses: bool,
    /// It asks for hints again when it is told to.
    pub(super) refreshes_hints: bool,
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
    /// Shows the map around a service.
    pub(super) map: bool,
}

impl Editor {
    /// Reads its capabilities, and the commands among its own options.
    pub(super) fn new(parameters: &InitializeParams) -> Self {
        let capabilities = &parameters.capabilities;
        let commands = parameters.initialization_options.as_ref().and_then(|options| options["commands"].as_array());
        let knows = |command: &str| commands.is_some_and(|commands| commands.iter().any(|known| known == command));
        let workspace = capabilities.workspace.clone().unwrap_or_default();
        let text = capabilities.text_document.clone().unwrap_or_default();
        let published = text.publish_diagnostics.unwrap_or_default();
        let refreshes_diagnostics = workspace.diagnostics.and_then(|own| own.refresh_support).unwrap_or(false);
        // Editors that pull say of the members of a diagnostic there, or where they always said it.
        let pulled = text.diagnostic.clone().unwrap_or_default();
        let either = |published: Option<bool>, pulled: Option<bool>| published.unwrap_or(false) || pulled.unwrap_or(false);
        let edit = workspace.workspace_edit.unwrap_or_default();
        let action = text.code_action.unwrap_or_default();
        let resolves = action.resolve_support.is_some_and(|support| support.properties.iter().any(|property| property == "edit"));
        Self {
            watches: workspace.did_change_watched_files.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
            shows_progress: capabilities.window.as_ref().and_then(|window| window.work_done_progress).unwrap_or(false),
            links: text.definition.and_then(|definition| definition.link_support).unwrap_or(false),
            wants_status: capabilities.experimental.as_ref().and_then(|own| own.get("portolanStatus")?.as_bool()).unwrap_or(false),
            actions: action.code_action_literal_support.is_some(),
            resolves_actions: resolves && action.data_support.unwrap_or(false),
            disables_actions: action.disabled_support.unwrap_or(false),
            prefers_actions: action.is_preferred_support.unwrap_or(false),
            document_changes: edit.document_changes.unwrap_or(false),
            annotates: edit.change_annotation_support.is_some(),
            creates: edit.resource_operations.is_some_and(|kinds| kinds.contains(&ResourceOperationKind::Create)),
            markdown: text.hover.and_then(|hover| hover.content_format).is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            symbol_trees: text.document_symbol.and_then(|symbol| symbol.hierarchical_document_symbol_support).unwrap_or(false),
            link_tooltips: text.document_link.and_then(|link| link.tooltip_support).unwrap_or(false),
            commands: Commands { references: knows(SHOW_REFERENCES), trace: knows(SHOW_TRACE), map: knows(SHOW_MAP) },
            pulls: text.diagnostic.is_some() && refreshes_diagnostics,
            related: either(published.related_information, pulled.related_information),
            code_descriptions: either(published.code_description_support, pulled.code_description_support),
            diagnostic_data: either(published.data_support, pulled.data_support),
            diagnostic_versions: published.version_support.unwrap_or(false),
            refreshes_lenses: workspace.code_lens.and_then(|lens| lens.refresh_support).unwrap_or(false),
            refreshes_hints: workspace.inlay_hint.and_then(|hint| hint.refresh_support).unwrap_or(false),
            tells_settings: workspace.configuration.unwrap_or(false),
            follows_settings: workspace.did_change_configuration.and_then(|own| own.dynamic_registration).unwrap_or(false),
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
