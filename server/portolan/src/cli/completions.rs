//! `portolan completions` and `portolan man`: what a package puts beside the binary.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure};
use crate::output;

/// Writes a script by which a shell completes portolan's commands and options.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan completions bash > ~/.local/share/bash-completion/completions/portolan
  portolan completions zsh > \"${fpath[1]}/_portolan\"
  portolan completions fish > ~/.config/fish/completions/portolan.fish")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "portolan", &mut script);
        print(&script)
    }
}

/// Writes the manual page, or with --output one for each command into a folder.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan man | man -l -
  portolan man --output /usr/local/share/man/man1")]
pub(super) struct Man {
    /// The folder that gets the pages of all commands
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let Some(folder) = self.output else {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
            rendered.map_err(|error| Failure::new(format!("cannot write the manual page: {error}")))?;
            return print(&page);
        };
        let failure = |error: std::io::Error| Failure::new(format!("cannot write manual pages to {}: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(failure)?;
        clap_mangen::generate_to(Cli::command(), &folder).map_err(failure)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn print(bytes: &[u8]) -> Result<ExitCode, Failure> {
    output::print(&String::from_utf8_lossy(bytes))
        .map_err(|error| Failure::new(format!("cannot write to the standard output: {error}")))?;
    Ok(ExitCode::SUCCESS)
}
