//! `portolan check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use portolan_analysis::chart::document::{self, Site};
use portolan_analysis::rules::{self, Finding, Severity};
use portolan_grammars::manifests::ManifestFormat;
use portolan_grammars::{FileFacts, FileKind};
use serde::Serialize;

use super::revision::{self, Revision};
use super::{Failure, Folder, Workspace};
use crate::load::{problems_of, read_text, whole_text};
use crate::output::findings::Listing;
use crate::output::{self, findings, github, gitlab, junit, sarif};

/// Shows what the rules find and nobody has accepted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan check --fail-on error
  portolan check --changed-since origin/main --format github
  portolan check --format sarif > portolan.sarif
  portolan explain RULE                  why a finding matters, and what can be done
Accept a finding by a comment above its line: // portolan: allow(RULE) reason")]
pub(super) struct Check {
    #[command(flatten)]
    folder: Folder,
    /// Exits with 1 if a finding is at least so bad
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Warning)]
    fail_on: FailOn,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Tells only what this git revision does not have: what a change brings
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
    /// A baseline in place of the workspace's portolan-baseline.toml
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline")]
    baseline: Option<PathBuf>,
    /// Tells also what portolan-baseline.toml accepts
    #[arg(long)]
    no_baseline: bool,
    /// Lists what could not be read, and what is accepted by whom
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

/// What `--format json` writes: the findings as they stand in the chart's JSON, those that are accepted, and what could not be read.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    generator: document::Generator,
    findings: Vec<document::Finding>,
    suppressed: Vec<Suppressed>,
    problems: Vec<Problem>,
    services: usize,
    unresolved: usize,
}

/// A finding that is accepted, by a `comment` or the `baseline`.
#[derive(Debug, Serialize)]
struct Suppressed {
    #[serde(flatten)]
    finding: document::Finding,
    by: &'static str,
    at: Site,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Problem {
    file: String,
    line: Option<u32>,
    message: String,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        // Asked before the workspace is read, as that may take a while.
        let base = self.changed_since.as_ref().map(|revision| aside(revision, &self.folder.path)).transpose()?;
        let baseline = self.baseline()?;
        let workspace = self.read(&self.folder, baseline.as_ref())?;
        let empty = workspace.is_empty();
        workspace.tell_problems(self.verbose);
        let mut findings = workspace.snapshot.findings.clone();
        if let Some(base) = base {
            let base = self.read(&Folder { path: base.root.clone() }, baseline.as_ref())?;
            findings = Arc::new(rules::capped(&workspace.snapshot.files, &rules::only_in(&workspace.snapshot, &base.snapshot)));
        }
        let fails = |finding: &Finding| self.fail_on.severity().is_some_and(|limit| finding.severity >= limit);
        let listing = Listing { root: &workspace.root, snapshot: &workspace.snapshot, findings: &findings, problems: &workspace.problems };
        if self.verbose {
            listing.suppressed().for_each(|line| output::note(&line));
        }
        let failure = |error: &dyn std::fmt::Display| Failure::new(format!("cannot write the findings: {error}"));
        let text = match self.format {
            Format::Text if empty && findings.is_empty() => String::new(),
            Format::Text => {
                let style = findings::Style { colours: output::stdout_has_colours(), width: output::stdout_width() };
                let mut text = findings::render(&workspace.root, &workspace.snapshot, &findings::by_weight(&findings), style);
                text.push_str(&findings::summary(&workspace.snapshot, &findings));
                text.push('\n');
                text
            }
            Format::Json => output::json(&report(&workspace, &findings)).map_err(|error| failure(&error))?,
            Format::Sarif => sarif::render(&listing).map_err(|error| failure(&error))?,
            Format::Github => github::render(&listing),
            Format::Gitlab => gitlab::render(&listing).map_err(|error| failure(&error))?,
            Format::Junit => junit::render(&listing, fails).map_err(|error| failure(&error))?,
        };
        output::print(&text).map_err(|error| failure(&error))?;
        Ok(ExitCode::from(u8::from(findings.iter().any(fails))))
    }

    /// The baseline that was asked for, and where it is as seen from the workspace.
    fn baseline(&self) -> Result<Option<(Utf8PathBuf, Arc<FileFacts>)>, Failure> {
        let Some(file) = &self.baseline else { return Ok(None) };
        let failure = |why: &dyn std::fmt::Display| Failure::new(format!("cannot read the baseline {}: {why}", file.display()));
        let text = whole_text(file).map_err(|why| failure(&format!("it {why}")))?;
        let whole = super::absolute(file).map_err(|error| failure(&error))?;
        let path = whole.strip_prefix(self.folder.resolve()?).unwrap_or(&whole).to_owned();
        let path = Utf8PathBuf::from_path_buf(path).map_err(|_| failure(&"its name is not valid UTF-8"))?;
        let facts = read_text(&path, &text, FileKind::Manifest(ManifestFormat::Baseline)).map_err(|why| failure(&why))?;
        // Half of a baseline would tell of findings that are accepted.
        if let Some(problem) = problems_of(&path, &facts).next() {
            let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            return Err(failure(&format!("{line}{}; `portolan baseline` writes one", problem.message)));
        }
        Ok(Some((path, Arc::new(facts))))
    }

    /// Reads a workspace, with the baseline that was asked for in place of its own.
    fn read(&self, folder: &Folder, baseline: Option<&(Utf8PathBuf, Arc<FileFacts>)>) -> Result<Workspace, Failure> {
        folder.read_with(|world| {
            if self.no_baseline || baseline.is_some() {
                world.remove_baselines();
            }
            if let Some((path, facts)) = baseline {
                world.set(path.clone(), facts.clone());
            }
        })
    }
}

/// The revision that findings are compared with.
fn aside(revision: &str, workspace: &Path) -> Result<Revision, Failure> {
    let none = || {
        let why = revision::why_none(workspace);
        Failure::new(format!("`{revision}` is no git revision of {}{why}", workspace.display()))
    };
    Revision::written_aside(revision, workspace)?.ok_or_else(none)
}

fn report(workspace: &Workspace, findings: &[Finding]) -> Report {
    let snapshot = &workspace.snapshot;
    let site =
        |place: portolan_analysis::Place| Site { file: snapshot.files.path(place.file).to_string(), line: snapshot.files.line(place) };
    let suppressed = document::findings(snapshot, snapshot.suppressed.iter().map(|it| &it.finding)).into_iter();
    Report {
        schema: document::SCHEMA,
        generator: document::Generator::default(),
        findings: document::findings(snapshot, findings),
        suppressed: suppressed
            .zip(snapshot.suppressed.iter())
            .map(|(finding, it)| Suppressed { finding, by: it.by.as_str(), at: site(it.place), reason: it.reason.to_string() })
            .collect(),
        problems: workspace
            .problems
            .iter()
            .map(|problem| Problem { file: problem.path.to_string(), line: problem.line, message: problem.message.clone() })
            .collect(),
        services: snapshot.chart.services.iter().filter(|service| !service.third_party).count(),
        unresolved: snapshot.chart.unresolved.len(),
    }
}
