//! `portolan lsp`.

use std::process::ExitCode;

use clap::Args;

use super::Failure;

/// Serves an editor over standard input and output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan lsp                      as an editor starts it; editors/ of the repository says how to set each up")]
pub(super) struct Lsp {
    /// Accepted because many editors pass it; there is no other transport
    #[arg(long)]
    stdio: bool,
}

impl Lsp {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let Self { stdio: _ } = self;
        crate::lsp::serve_stdio().map_err(|error| Failure::new(format!("cannot serve: {error}")))
    }
}
