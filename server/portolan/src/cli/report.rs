//! `portolan report`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use portolan_analysis::report;

use super::{Failure, Folder};
use crate::output;
use crate::output::report::{html, markdown};

/// Writes an analysis of the system, from its chart, in whole sentences.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan report --output analysis.md
  portolan report --format html -o analysis.html")]
pub(super) struct Report {
    #[command(flatten)]
    folder: Folder,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// Writes the report to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Lists what could not be read
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a repository: places are links, pictures are Mermaid
    Markdown,
    /// One page that needs nothing else, with the service map
    Html,
}

impl Report {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        workspace.is_empty();
        workspace.tell_problems(self.verbose);
        let report = report::Report::new(&workspace.snapshot);
        let text = match self.format {
            Format::Markdown => markdown::render(&report),
            Format::Html => html::render(&report),
        };
        output::print_to(self.output.as_deref(), &text).map_err(Failure::new)?;
        Ok(ExitCode::SUCCESS)
    }
}
