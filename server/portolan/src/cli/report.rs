//! `portolan report`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use portolan_analysis::report;

use super::{Failure, Folder};
use crate::output;
use crate::output::report::markdown;

/// Writes an analysis of the system, from its chart, in whole sentences.
#[derive(Debug, Args)]
pub(super) struct Report {
    #[command(flatten)]
    folder: Folder,
    /// Writes the report to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Lists what could not be read
    #[arg(short, long)]
    verbose: bool,
}

impl Report {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        workspace.is_empty();
        workspace.tell_problems(self.verbose);
        let report = report::Report::new(&workspace.snapshot);
        output::print_to(self.output.as_deref(), &markdown::render(&report)).map_err(Failure::new)?;
        Ok(ExitCode::SUCCESS)
    }
}
