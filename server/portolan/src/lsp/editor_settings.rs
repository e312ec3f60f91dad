//! What a person sets in the editor: the section `portolan` of its settings, described by `settings.schema.json` beside this crate's manifest.
//!
//! It comes with `initializationOptions`, and later with `workspace/didChangeConfiguration` or by asking the editor. What belongs to a workspace
//! and not to a person stands in `portolan.toml`. Invariant: what is not set, or not understood, is as it is by default or was before.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The section of the editor's settings that is meant for this server.
pub(super) const SECTION: &str = "portolan";

/// Settings of the language server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(title = "Portolan in an editor")]
pub(super) struct Settings {
    /// Findings, shown where they stand.
    pub(super) diagnostics: Diagnostics,
    /// Lines above handlers.
    pub(super) code_lens: CodeLens,
    /// Hints behind calls.
    pub(super) inlay_hints: InlayHints,
    /// Links in manifests.
    pub(super) document_links: DocumentLinks,
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident: $enable:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", default)]
        pub(super) struct $name {
            #[doc = $enable]
            pub(super) enable: bool,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { enable: true }
            }
        }
    )*};
}

switches! {
    /// Findings, shown where they stand.
    Diagnostics: "Show findings, and what is wrong in `portolan.toml`, as diagnostics.",
    /// Lines above handlers.
    CodeLens: "Show above each handler who calls it and what it does.",
    /// Hints behind calls.
    InlayHints: "Show behind each call which service answers, and behind each message who receives it.",
    /// Links in manifests.
    DocumentLinks: "Make links of what compose files, Kubernetes manifests and dotenv files name.",
}

impl Settings {
    /// Reads the section; an error is a sentence for the user.
    pub(super) fn read(section: &Value) -> Result<Self, String> {
        if section.is_null() {
            return Ok(Self::default());
        }
        serde_json::from_value(section.clone()).map_err(|error| format!("settings of portolan are not understood: {error}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_schema_in_the_tree_is_the_one_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json");
        let mut wanted = serde_json::to_string_pretty(&schemars::schema_for!(Settings)).unwrap();
        wanted.push('\n');
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
        assert!(found == wanted, "settings.schema.json is not the schema of the types: run this test with UPDATE_EXPECT=1");
    }

    #[test]
    fn what_is_not_set_is_on() {
        assert!(Settings::read(&serde_json::json!({"diagnostics": {}, "commands": []})).unwrap().diagnostics.enable);
        assert!(Settings::read(&serde_json::json!({"diagnostics": 1})).is_err());
    }
}
