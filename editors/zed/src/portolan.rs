//! Starts Portolan's server in Zed.
//!
//! What lives here: where the server is found, and which of Zed's settings it is given. What deliberately does not: anything about services; the
//! server says all of it. Invariant: nothing is downloaded.

use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree, serde_json};

struct Portolan;

impl zed::Extension for Portolan {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, server: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let binary = LspSettings::for_worktree(server.as_ref(), worktree)?.binary;
        let (path, arguments, variables) = match binary {
            Some(binary) => (binary.path, binary.arguments, binary.env),
            None => (None, None, None),
        };
        let command = path
            .or_else(|| worktree.which("portolan"))
            .ok_or("portolan is not on the path: install it, or name it in `lsp.portolan.binary.path`")?;
        let mut env = worktree.shell_env();
        env.extend(variables.into_iter().flatten());
        Ok(Command { command, args: arguments.unwrap_or_else(|| vec!["lsp".to_owned()]), env })
    }

    fn language_server_workspace_configuration(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<serde_json::Value>> {
        let settings = LspSettings::for_worktree(server.as_ref(), worktree)?.settings;
        Ok(Some(serde_json::json!({ "portolan": settings.unwrap_or_default() })))
    }
}

zed::register_extension!(Portolan);
