//! `portolan check`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use portolan_analysis::chart::document::{self, Document};
use portolan_analysis::rules::{Finding, Severity};
use serde::Serialize;

use super::{Failure, Folder, Workspace};
use crate::output::findings::Listing;
use crate::output::{self, findings, github, gitlab, junit, sarif};

/// Shows what the rules find.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    folder: Folder,
    /// Exits with 1 if a finding is at least so bad
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Warning)]
    fail_on: FailOn,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
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
    /// SARIF 2.1.0, for code scanning and viewers
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
    /// A code quality report of GitLab
    Gitlab,
    /// A JUnit report, for build servers
    Junit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A contract that cannot work
    Error,
    /// Wrong now, or fails under load
    Warning,
    /// A design cost
    Information,
    /// A candidate, or inventory
    Hint,
    /// Nothing: findings are only shown
    Never,
}

impl FailOn {
    fn severity(self) -> Option<Severity> {
        Some(match self {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Information => Severity::Information,
            FailOn::Hint => Severity::Hint,
            FailOn::Never => return None,
        })
    }
}

/// What `--format json` writes: the findings as they stand in the chart's JSON, and what could not be read.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    generator: document::Generator,
    findings: Vec<document::Finding>,
    problems: Vec<Problem>,
    services: usize,
    unresolved: usize,
}

#[derive(Debug, Serialize)]
struct Problem {
    file: String,
    line: Option<u32>,
    message: String,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        let empty = workspace.is_empty();
        workspace.tell_problems(self.verbose);
        let findings = workspace.snapshot.findings.as_slice();
        let fails = |finding: &Finding| self.fail_on.severity().is_some_and(|limit| finding.severity >= limit);
        let listing = Listing { root: &workspace.root, snapshot: &workspace.snapshot, findings, problems: &workspace.problems };
        let failure = |error: &dyn std::fmt::Display| Failure::new(format!("cannot write the findings: {error}"));
        let text = match self.format {
            Format::Text if empty && findings.is_empty() => String::new(),
            Format::Text => {
                let style = findings::Style { colours: output::stdout_has_colours(), width: output::stdout_width() };
                let mut text = findings::render(&workspace.root, &workspace.snapshot, findings, style);
                text.push_str(&findings::summary(&workspace.snapshot));
                text.push('\n');
                text
            }
            Format::Json => output::json(&report(&workspace)).map_err(|error| failure(&error))?,
            Format::Sarif => sarif::render(&listing).map_err(|error| failure(&error))?,
            Format::Github => github::render(&listing),
            Format::Gitlab => gitlab::render(&listing).map_err(|error| failure(&error))?,
            Format::Junit => junit::render(&listing, fails).map_err(|error| failure(&error))?,
        };
        output::print(&text).map_err(|error| failure(&error))?;
        Ok(ExitCode::from(u8::from(findings.iter().any(fails))))
    }
}

fn report(workspace: &Workspace) -> Report {
    let document = Document::new(&workspace.snapshot);
    Report {
        schema: document.schema,
        generator: document.generator,
        findings: document.findings,
        problems: workspace
            .problems
            .iter()
            .map(|problem| Problem { file: problem.path.to_string(), line: problem.line, message: problem.message.clone() })
            .collect(),
        services: workspace.snapshot.chart.services.iter().filter(|service| !service.third_party).count(),
        unresolved: workspace.snapshot.chart.unresolved.len(),
    }
}
