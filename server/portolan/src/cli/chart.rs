//! `portolan chart`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use portolan_analysis::chart::document::Document;
use portolan_analysis::chart::export;
use portolan_analysis::chart::map::ServiceMap;

use super::{Failure, Folder, Workspace};
use crate::output;
use crate::output::exports::{backstage, dot, likec4, matrix, mermaid, plantuml, structurizr};

/// Shows the services and what crosses between them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan chart --format mermaid
  portolan chart --format json --output chart.json services/")]
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
    /// Graphviz, for `dot`
    Dot,
    /// A LikeC4 model with a view
    Likec4,
    /// A workspace in Structurizr's language
    Structurizr,
    /// PlantUML with the macros of C4
    Plantuml,
    /// Catalog entities of Backstage
    Backstage,
    /// A matrix for spreadsheets: who calls whom
    CsvCalls,
    /// A matrix for spreadsheets: who reads and writes which table
    CsvTables,
}

impl Chart {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        let empty = workspace.is_empty();
        workspace.tell_problems(self.verbose);
        let chart = self.rendered(&workspace, empty)?;
        output::print_to(self.output.as_deref(), &chart).map_err(Failure::new)?;
        Ok(ExitCode::SUCCESS)
    }
    fn rendered(&self, workspace: &Workspace, empty: bool) -> Result<String, Failure> {
        if self.format == Format::Text {
            return Ok(if empty { String::new() } else { export::text(&workspace.snapshot) });
        }
        let failure = |error: &dyn std::fmt::Display| Failure::new(format!("cannot write the chart: {error}"));
        let document = Document::new(&workspace.snapshot);
        let map = ServiceMap::new(&document);
        Ok(match self.format {
            Format::Text | Format::Json => output::json(&document).map_err(|error| failure(&error))?,
            Format::Mermaid => mermaid::render(&map),
            Format::Dot => dot::render(&map),
            Format::Likec4 => likec4::render(&map),
            Format::Structurizr => structurizr::render(&map),
            Format::Plantuml => plantuml::render(&map),
            Format::Backstage => backstage::render(&document).map_err(|error| failure(&error))?,
            Format::CsvCalls => matrix::calls(&map).map_err(|error| failure(&error))?,
            Format::CsvTables => matrix::tables(&document).map_err(|error| failure(&error))?,
        })
    }
}
