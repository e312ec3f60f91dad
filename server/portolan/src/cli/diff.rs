//! `portolan diff`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use portolan_analysis::chart::diff;
use portolan_analysis::chart::document::{Document, SCHEMA};
use portolan_analysis::report;

use super::revision::{self, Revision};
use super::{Failure, Folder};
use crate::output;
use crate::output::report::{markdown, plain};

/// Tells what differs between two charts: services, edges, routes, tables, channels, findings.
///
/// A side is a chart that `portolan chart --format json` wrote, a folder, or a revision of the workspace's git repository.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan diff main
  portolan diff v1.0 v1.1 --format markdown
  portolan diff saved.json --format json")]
pub(super) struct Diff {
    /// What was: a chart, a folder or a revision
    #[arg(value_name = "BASE")]
    base: String,
    /// What is: likewise [default: the workspace as it is]
    #[arg(value_name = "HEAD")]
    head: Option<String>,
    /// The workspace's folder, within its git repository
    #[arg(short = 'C', long, value_name = "PATH", default_value = ".")]
    workspace: PathBuf,
    /// The form of the differences
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Writes the differences to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For a pull request
    Markdown,
    /// For programs: stable and sorted
    Json,
}

impl Diff {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let base = side(&self.base, &self.workspace)?;
        let head = match &self.head {
            Some(head) => side(head, &self.workspace)?,
            None => folder(&self.workspace)?,
        };
        let diff = diff::Diff::new(&base, &head);
        let text = match self.format {
            Format::Text => plain::render(&report::Report::of_changes(&diff)),
            Format::Markdown => markdown::render(&report::Report::of_changes(&diff)),
            Format::Json => output::json(&diff).map_err(|error| Failure::new(format!("cannot write the differences as JSON: {error}")))?,
        };
        output::print_to(self.output.as_deref(), &text).map_err(Failure::new)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The chart that an argument means: a file, else a folder, else a revision.
fn side(name: &str, workspace: &Path) -> Result<Document, Failure> {
    let path = Path::new(name);
    if path.is_file() {
        return saved(path);
    }
    if path.is_dir() {
        return folder(path);
    }
    let none = || {
        let why = revision::why_none(workspace);
        Failure::new(format!("`{name}` is no file, no folder and no git revision of {}{why}", workspace.display()))
    };
    folder(&Revision::written_aside(name, workspace)?.ok_or_else(none)?.root)
}

fn folder(path: &Path) -> Result<Document, Failure> {
    let workspace = Folder { path: path.to_owned() }.read()?;
    workspace.tell_problems(false);
    Ok(Document::new(&workspace.snapshot))
}

fn saved(path: &Path) -> Result<Document, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::new(format!("cannot read {shown}: {error}")))?;
    let document: Document = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{shown} is no chart as `portolan chart --format json` writes it: {error}")))?;
    if document.schema != SCHEMA {
        return Err(Failure::new(format!("{shown} has schema {}, and this portolan reads {SCHEMA}: write it again", document.schema)));
    }
    Ok(document)
}
