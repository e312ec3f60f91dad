//! What is shown in a terminal or written to a pipe.
//!
//! Invariant: nothing else in this crate prints. Results go to stdout, everything said about the work itself to stderr. A reader that has
//! gone away is no error.
#![allow(clippy::print_stderr)]

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

pub mod edits;
pub mod excerpts;
pub mod exports;
pub mod findings;
pub mod github;
pub mod gitlab;
pub mod junit;
pub mod page;
pub mod report;
pub mod sarif;
pub mod texts;
pub mod trace;

/// Work that takes no longer than this goes unmentioned.
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes a result to stdout; a closed pipe is silently accepted.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a result to a file, or to stdout where none is named.
pub fn print_to(file: Option<&Path>, text: &str) -> Result<(), String> {
    match file {
        Some(file) => std::fs::write(file, text).map_err(|error| match (error.kind(), file.parent()) {
            (io::ErrorKind::NotFound, Some(folder)) => format!("cannot write {}: there is no folder {}", file.display(), folder.display()),
            _ => format!("cannot write {}: {error}", file.display()),
        }),
        None => print(text).map_err(|error| format!("cannot write to the standard output: {error}")),
    }
}

/// Whether the user wants to hear nothing about the work itself.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Keeps [`note`] and [`Wait`] silent.
pub fn be_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Says something about the work on stderr.
pub fn note(message: &str) {
    if !QUIET.load(Ordering::Relaxed) {
        say(message);
    }
}

/// Says on stderr what the user should know, also where nothing about the work is to be said.
pub fn warn(message: &str) {
    say(message);
}

/// Says on stderr why the work could not be done.
pub fn complain(message: &str) {
    say(&format!("portolan: {message}"));
}

fn say(message: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// JSON for people and programs: indented, with a line feed at the end.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text)
}

/// Whether what goes to stdout may be coloured: it is a terminal that can, and the user does not mind.
pub fn stdout_has_colours() -> bool {
    let refused =
        std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !refused && io::stdout().is_terminal()
}

/// How many columns a line on stdout should have.
pub fn stdout_width() -> usize {
    const DEFAULT: usize = 140;
    if !io::stdout().is_terminal() {
        return DEFAULT;
    }
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).map_or(DEFAULT, |columns: usize| columns.max(60))
}

/// Tells a person at a terminal how far reading has come, once it has taken a while.
#[derive(Debug)]
pub struct Wait {
    since: Instant,
    visible: bool,
    bar: OnceLock<ProgressBar>,
}

impl Wait {
    /// Starts the clock.
    pub fn start() -> Self {
        Self { since: Instant::now(), visible: !QUIET.load(Ordering::Relaxed) && io::stderr().is_terminal(), bar: OnceLock::new() }
    }

    /// So many files are read, of so many.
    pub fn files(&self, done: usize, total: usize) {
        if !self.visible || self.since.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr_with_hz(10));
            match ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
            .with_message("reading")
        });
        bar.set_position(done as u64);
        if done == total {
            bar.set_message("charting");
        }
    }

    /// Takes the bar off the terminal.
    pub fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
