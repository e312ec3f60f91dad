//! The command line: arguments in, exit code out.
//!
//! Invariant: 0 means all is well, 1 that a finding is as bad as `--fail-on` says or that `why` has nothing to explain, 2 that the command could
//! not do its work. The help and `docs/ci.md` tell users so.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use portolan_analysis::words::counted;
use portolan_analysis::{Snapshot, World};
use portolan_grammars::{manifests, suggest};

use crate::guard::guarded;
use crate::load::{FileProblem, load_roots};
use crate::output::{self, Wait};
use crate::roots::Roots;

mod baseline;
mod chart;
mod check;
mod completions;
mod diff;
mod explain;
mod fix;
mod init;
mod lsp;
mod report;
mod revision;
mod rules;
mod trace;
mod unresolved;
mod why;

const EXAMPLES: &str = "Examples:
  portolan check                         what the rules find here
  portolan check --changed-since main    only what this branch brings
  portolan baseline                      accepts what is found today
  portolan why web orders                the lines from which an edge follows
  portolan trace \"POST /checkout\"        what a request sets going, and what is recorded of it
  portolan diff main                     what changes between services
  portolan report --format html -o analysis.html

Exit codes: 0 all is well; 1 a finding is as bad as --fail-on says, or why has nothing to explain; 2 the work could not be done.";

/// Charts the services of a workspace: who waits for whom, who shares whose data, and where a trace would go dark.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, disable_help_subcommand = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How many threads to use [default: one for each processor]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Says nothing about the work itself, only what was asked for and what went wrong
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows what the rules find
    Check(check::Check),
    /// Shows the services and what crosses between them
    Chart(chart::Chart),
    /// Tells what differs between two charts, folders or git revisions
    Diff(diff::Diff),
    /// Writes an analysis of the system: services, communication, data, risks
    Report(report::Report),
    /// Shows why a service calls another one, or does not; or what is known of a line
    Why(why::Why),
    /// Foretells the trace of a request or a message, and where it goes dark
    Trace(trace::Foretell),
    /// Lists calls that could not be followed, and what would settle them
    Unresolved(unresolved::Unresolved),
    /// Applies the edits that answer findings and are safe
    Fix(fix::Fix),
    /// Writes down the findings that are known, so that only others are told of
    Baseline(baseline::Baseline),
    /// Lists the rules, and which of them look
    Rules(rules::Rules),
    /// Explains a rule: what it finds, why that matters, what can be done
    Explain(explain::Explain),
    /// Writes a portolan.toml in which every setting is explained
    Init(init::Init),
    /// Serves an editor over standard input and output
    Lsp(lsp::Lsp),
    /// Writes a script by which a shell completes commands and options
    Completions(completions::Completions),
    /// Writes the manual page
    Man(completions::Man),
}

/// The form of a list that people and programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: stable and sorted
    Json,
}

/// The folder that a command looks at.
#[derive(Debug, Args)]
struct Folder {
    /// The workspace's folder
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
}

/// Why a command could not do its work, as a sentence for the user.
#[derive(Debug)]
struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

const FAILED: u8 = 2;

/// Files that are written for portolan alone.
const OWN_FILES: [&str; 2] = [manifests::settings::FILE_NAME, manifests::baseline::FILE_NAME];

/// Runs the command line; the first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no error; a closed pipe is nobody's business.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED));
        }
    };
    output::be_quiet(cli.quiet);
    if let Some(jobs) = cli.jobs
        && let Err(error) = rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global()
    {
        output::complain(&format!("cannot start {jobs} threads: {error}"));
        return ExitCode::from(FAILED);
    }
    let result = match cli.command {
        Command::Check(command) => command.run(),
        Command::Chart(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Why(command) => command.run(),
        Command::Trace(command) => command.run(),
        Command::Unresolved(command) => command.run(),
        Command::Fix(command) => command.run(),
        Command::Baseline(command) => command.run(),
        Command::Rules(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Lsp(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    result.unwrap_or_else(|failure| {
        output::complain(&failure.0);
        ExitCode::from(FAILED)
    })
}

/// A workspace as a command sees it.
struct Workspace {
    root: PathBuf,
    snapshot: Arc<Snapshot>,
    problems: Vec<FileProblem>,
}

impl Folder {
    /// Reads the workspace, and shows how far it has come if that takes long.
    fn read(&self) -> Result<Workspace, Failure> {
        self.read_with(|_| ())
    }

    /// As [`Folder::read`]; `prepare` is given the world before anything is made of it.
    fn read_with(&self, prepare: impl FnOnce(&World)) -> Result<Workspace, Failure> {
        let (workspace, world) = self.load_with(prepare)?;
        std::mem::forget(world);
        Ok(workspace)
    }

    /// As [`Folder::read`], with the world, which may change.
    fn load(&self) -> Result<(Workspace, World), Failure> {
        self.load_with(|_| ())
    }

    fn load_with(&self, prepare: impl FnOnce(&World)) -> Result<(Workspace, World), Failure> {
        let root = self.resolve()?;
        let wait = Wait::start();
        let mut loaded = load_roots(&Roots::one(root.clone()), &|done, total| wait.files(done, total));
        prepare(&loaded.world);
        let snapshot = guarded(|| loaded.world.snapshot());
        wait.end();
        let snapshot = snapshot.map_err(|panic| Failure::new(format!("this workspace met a bug in portolan: {panic}")))?;
        // The process ends with the command: to take everything apart before would be work for nothing.
        std::mem::forget(snapshot.clone());
        let mut problems = loaded.problems;
        problems.extend(own_problems(&snapshot));
        problems.sort();
        problems.dedup();
        Ok((Workspace { root, snapshot, problems }, loaded.world))
    }

    fn resolve(&self) -> Result<PathBuf, Failure> {
        let shown = self.path.display();
        let data = std::fs::metadata(&self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failure::new(format!("no such folder: {shown}")),
            _ => Failure::new(format!("cannot look at {shown}: {error}")),
        })?;
        if data.is_file() {
            return Err(Failure::new(format!("{shown} is a file: give its folder")));
        }
        // Else an unreadable folder would look like an empty one.
        std::fs::read_dir(&self.path).map_err(|error| Failure::new(format!("cannot read the folder {shown}: {error}")))?;
        absolute(&self.path).map_err(|error| Failure::new(format!("cannot look at {shown}: {error}")))
    }
}

/// There is no rule of this name.
fn no_rule(name: &str) -> Failure {
    let meant = suggest::nearest(name, portolan_analysis::rules::all().iter().map(|rule| rule.name));
    let next = meant.map_or_else(|| "`portolan rules` lists them".to_owned(), |meant| format!("did you mean `{meant}`?"));
    Failure::new(format!("there is no rule `{name}`; {next}"))
}

/// What is wrong in files that are written for portolan alone, some of which only the whole workspace shows.
fn own_problems(snapshot: &Snapshot) -> impl Iterator<Item = FileProblem> {
    snapshot.workspace.problems.iter().map(|problem| FileProblem {
        path: snapshot.files.path(problem.place.file).to_owned(),
        line: Some(snapshot.files.line(problem.place)),
        message: problem.message.clone(),
    })
}

fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    Ok(crate::roots::normalize(&std::path::absolute(path)?))
}

impl Workspace {
    /// Whether no service was found at all; says so.
    fn is_empty(&self) -> bool {
        let empty = self.snapshot.chart.services.is_empty();
        if empty {
            output::note(&format!(
                "no services found in {}: looked for compose files, Kubernetes manifests and Dockerfiles, and for packages (Cargo.toml, \
                 package.json) with a binary, a start script or routes, in {}",
                self.root.display(),
                counted(self.snapshot.files.iter().count(), "file", "files")
            ));
        }
        empty
    }

    /// Says what could not be read: how much of it, or all of it. What the user wrote for portolan alone is always said.
    fn tell_problems(&self, all: bool) {
        let (own, others): (Vec<_>, Vec<_>) =
            self.problems.iter().partition(|problem| problem.path.file_name().is_some_and(|name| OWN_FILES.contains(&name)));
        own.iter().for_each(|problem| output::warn(&problem.to_string()));
        others.iter().filter(|_| all).for_each(|problem| output::note(&problem.to_string()));
        if others.is_empty() {
            return;
        }
        let count = others.len();
        let hint = if all { "" } else { " (-v lists them)" };
        output::note(&format!("{count} problem{} while reading{hint}", if count == 1 { "" } else { "s" }));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_arguments_make_sense() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_no_folder_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ts");
        std::fs::write(&file, "").unwrap();
        let resolve = |path: PathBuf| Folder { path }.resolve().map_err(|failure| failure.0);
        assert_eq!(resolve(file.clone()).unwrap_err(), format!("{} is a file: give its folder", file.display()));
        let missing = folder.path().join("none");
        assert_eq!(resolve(missing.clone()).unwrap_err(), format!("no such folder: {}", missing.display()));
        assert_eq!(resolve(folder.path().join("x/..")).unwrap_err(), format!("no such folder: {}", folder.path().join("x/..").display()));
        assert_eq!(resolve(folder.path().join(".")).unwrap(), folder.path());
    }

    #[test]
    fn exit_codes_tell_failures_from_usage() {
        let run = |arguments: &[&str]| format!("{:?}", run(arguments.iter().map(OsString::from)));
        let failed = format!("{:?}", ExitCode::from(2));
        assert_eq!(run(&["portolan", "check", "/no/such/folder"]), failed);
        assert_eq!(run(&["portolan", "chart", "--format", "svg"]), failed);
        assert_eq!(run(&["portolan", "--version"]), format!("{:?}", ExitCode::SUCCESS));
    }
}
