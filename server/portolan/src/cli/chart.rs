//! `portolan chart`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use portolan_analysis::chart::document::Document;
use portolan_analysis::chart::export;

use super::{Failure, Folder};
use crate::output;

/// Shows the services and what crosses between them.
#[derive(Debug, Args)]
pub(super) struct Chart {
    #[command(flatten)]
    folder: Folder,
    /// The form of the chart
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Writes the chart to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Lists what could not be read
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: stable and sorted
    Json,
    /// A diagram that GitHub and many editors show
    Mermaid,
}

impl Chart {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        let empty = workspace.is_empty();
        workspace.tell_problems(self.verbose);
        let chart = match self.format {
            Format::Text if empty => String::new(),
            Format::Text => export::text(&workspace.snapshot),
            Format::Json => output::json(&Document::new(&workspace.snapshot))
                .map_err(|error| Failure::new(format!("cannot write the chart as JSON: {error}")))?,
            Format::Mermaid => export::mermaid(&workspace.snapshot),
        };
        match &self.output {
            Some(file) => {
                std::fs::write(file, chart).map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))?;
            }
            None => output::print(&chart).map_err(|error| Failure::new(format!("cannot write the chart: {error}")))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
