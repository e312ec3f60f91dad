//! `portolan init`.

use std::process::ExitCode;

use clap::Args;
use portolan_analysis::settle;
use portolan_grammars::manifests::settings::FILE_NAME;

use super::{Failure, Folder};
use crate::output;

/// Writes a `portolan.toml` in which every setting is explained.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan init
  portolan init --force services/")]
pub(super) struct Init {
    #[command(flatten)]
    folder: Folder,
    /// Takes the place of a portolan.toml that is there
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        use std::io::Write;
        let path = self.folder.resolve()?.join(FILE_NAME);
        let refusal = || Failure::new(format!("{} is there already: --force replaces it", path.display()));
        // Asked before the workspace is read, as that may take a while.
        if !self.force && path.exists() {
            return Err(refusal());
        }
        let workspace = self.folder.read()?;
        let text = settle::template(&workspace.snapshot);
        let mut options = std::fs::OpenOptions::new();
        options.write(true);
        if self.force {
            options.create(true).truncate(true)
        } else {
            options.create_new(true)
        };
        let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => refusal(),
            _ => Failure::new(format!("cannot write {}: {error}", path.display())),
        })?;
        output::note(&format!("wrote {}", path.display()));
        Ok(ExitCode::SUCCESS)
    }
}
