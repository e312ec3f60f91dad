//! `portolan why`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use portolan_analysis::chart::Target;
use portolan_analysis::why::{self, Account};
use portolan_analysis::{FileId, Snapshot};
use portolan_grammars::suggest;

use super::{Failure, Folder, Workspace};
use crate::output;
use crate::output::excerpts::{self, Message, Style, Tone};

/// Shows why a service calls another one, or does not; or what is known of a line.
#[derive(Debug, Args)]
#[command(
    override_usage = "portolan why <FROM> <TO> [PATH]\n       portolan why <FILE:LINE[:COLUMN]> [PATH]",
    after_help = "Examples:
  portolan why web orders                   an edge, hop by hop
  portolan why services/web/src/api.ts:12   a line

Exits with 1 if there is nothing to explain: no edge, or nothing at that line."
)]
pub(super) struct Why {
    /// Two services, or a service and someone outside by the name in the chart; or a place, as `check` and `chart` print it. Then the
    /// workspace's folder, if it is not this one
    #[arg(required = true, num_args = 1..=3, value_name = "WHAT")]
    what: Vec<String>,
}

/// How many calls from one service to another are explained.
const MAX_EDGES: usize = 10;

/// What is asked.
enum Question {
    Edge(String, String),
    Line { file: String, line: u32, column: Option<u32> },
}

impl Why {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let (question, folder) = self.question()?;
        let workspace = Folder { path: folder }.read()?;
        workspace.tell_problems(false);
        let style = Style { colours: output::stdout_has_colours(), width: output::stdout_width() };
        let (text, found) = match question {
            Question::Edge(from, to) => edge(&workspace, &from, &to, style)?,
            Question::Line { file, line, column } => at(&workspace, &file, line, column, style)?,
        };
        output::print(&text).map_err(|error| Failure::new(format!("cannot write the answer: {error}")))?;
        Ok(ExitCode::from(u8::from(!found)))
    }

    fn question(&self) -> Result<(Question, PathBuf), Failure> {
        let folder = |at: usize| self.what.get(at).map_or_else(|| PathBuf::from("."), PathBuf::from);
        if let Some((file, line, column)) = place(&self.what[0]) {
            if self.what.len() > 2 {
                return Err(Failure::new("a place takes no second name: portolan why FILE:LINE[:COLUMN] [PATH]"));
            }
            return Ok((Question::Line { file, line, column }, folder(1)));
        }
        match self.what.as_slice() {
            [from, to, ..] => Ok((Question::Edge(from.clone(), to.clone()), folder(2))),
            _ => Err(Failure::new(format!("why `{}` what? Give two services, or a place as FILE:LINE", self.what[0]))),
        }
    }
}

/// `FILE:LINE` or `FILE:LINE:COLUMN`.
fn place(text: &str) -> Option<(String, u32, Option<u32>)> {
    let (rest, last) = text.rsplit_once(':')?;
    let last: u32 = last.parse().ok()?;
    match rest.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse::<u32>().ok()?))) {
        Some((file, line)) => Some((file.to_owned(), line, Some(last))),
        None => Some((rest.to_owned(), last, None)),
    }
}

fn show(workspace: &Workspace, accounts: &[Account], tone: Tone, style: Style) -> String {
    let messages: Vec<Message<'_>> = accounts
        .iter()
        .map(|account| Message {
            tone,
            id: None,
            title: &account.title,
            place: account.place,
            label: Some(&account.label),
            related: account.hops.iter().map(|(place, words)| (*place, words.as_str())).collect(),
            notes: account.notes.iter().map(String::as_str).collect(),
        })
        .collect();
    excerpts::render(&workspace.root, &workspace.snapshot, &messages, style)
}

fn edge(workspace: &Workspace, from: &str, to: &str, style: Style) -> Result<(String, bool), Failure> {
    let snapshot = &workspace.snapshot;
    let (from, to) = (why::named(snapshot, from).map_err(Failure::new)?, why::named(snapshot, to).map_err(Failure::new)?);
    let Target::Service(service) = from else {
        return Err(Failure::new(format!("{} is outside of the workspace: whom it calls is not known", snapshot.chart.name_of(&from))));
    };
    let explanation = why::edge(snapshot, service, &to);
    let found = !explanation.edges.is_empty();
    if found {
        let shown = &explanation.edges[..explanation.edges.len().min(MAX_EDGES)];
        let mut text = show(workspace, shown, Tone::Plain, style);
        let more = explanation.edges.len() - shown.len();
        if more > 0 {
            text.push_str(&format!("and {more} more, which `portolan chart` lists; `portolan why FILE:LINE` explains each\n"));
        }
        return Ok((text, true));
    }
    let mut text = format!("{} is not known to call {}.\n", snapshot.chart.name_of(&from), snapshot.chart.name_of(&to));
    if !explanation.refused.is_empty() {
        text.push_str("\nThese calls might, and why they are not taken for it:\n\n");
        text.push_str(&show(workspace, &explanation.refused, Tone::Hint, style));
    }
    for note in &explanation.notes {
        text.push_str(&format!("- {note}\n"));
    }
    Ok((text, false))
}

fn at(workspace: &Workspace, file: &str, line: u32, column: Option<u32>, style: Style) -> Result<(String, bool), Failure> {
    let snapshot = &workspace.snapshot;
    let id = find_file(workspace, file)?;
    let path = snapshot.files.path(id);
    let starts = snapshot.files.facts(id).map(|facts| facts.line_starts.as_slice()).unwrap_or_default();
    let Some(start) = (line as usize).checked_sub(1).and_then(|at| starts.get(at)).copied() else {
        return Err(Failure::new(format!("{path} has {} lines", starts.len())));
    };
    let end = starts.get(line as usize).map_or(u32::MAX, |next| next - 1);
    let mut accounts = why::at(snapshot, id, start, end);
    if let Some(column) = column {
        let offset = start + column.saturating_sub(1);
        // What is around the column, if anything is; else all of the line.
        let around: Vec<Account> =
            accounts.iter().filter(|account| (account.place.range.start..=account.place.range.end).contains(&offset)).cloned().collect();
        if !around.is_empty() {
            accounts = around;
        }
    }
    if !accounts.is_empty() {
        let mut text = show(workspace, &accounts, Tone::Plain, style);
        text.push_str(&proposals(snapshot, id, start, end));
        return Ok((text, true));
    }
    let mut lines: Vec<u32> = snapshot
        .index
        .within(id, 0, u32::MAX)
        .iter()
        .filter(|(subject, _)| subject.is_crossing())
        .map(|(_, place)| snapshot.files.line(*place))
        .collect();
    lines.dedup();
    lines.sort_by_key(|other| other.abs_diff(line));
    lines.truncate(6);
    lines.sort_unstable();
    let near = match lines.as_slice() {
        [] => "nothing in this file crosses a boundary between services".to_owned(),
        lines => format!("lines that do: {}", lines.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")),
    };
    Ok((format!("Nothing at {path}:{line} crosses a boundary between services; {near}.\n"), false))
}

/// What would settle unresolved calls of a line.
fn proposals(snapshot: &Snapshot, file: FileId, start: u32, end: u32) -> String {
    let mut text = String::new();
    for group in portolan_analysis::settle::groups(snapshot) {
        let here = |at: &u32| {
            snapshot
                .chart
                .unresolved
                .get(*at as usize)
                .is_some_and(|call| call.place.file == file && (start..=end).contains(&call.place.range.start))
        };
        if group.calls.iter().any(here) {
            super::unresolved::settling(snapshot, &group, &mut text);
        }
    }
    text
}

/// The file of a path as a user gives it: from the workspace's root, or from where they stand.
fn find_file(workspace: &Workspace, file: &str) -> Result<FileId, Failure> {
    let snapshot = &workspace.snapshot;
    let plain = file.replace('\\', "/");
    let plain = plain.trim_start_matches("./");
    let from_here = super::absolute(Path::new(file))
        .ok()
        .and_then(|path| Utf8PathBuf::from_path_buf(path.strip_prefix(&workspace.root).ok()?.to_owned()).ok());
    let known = |path: &Utf8Path| snapshot.files.id(path);
    if let Some(id) = known(Utf8Path::new(plain)).or_else(|| from_here.as_deref().and_then(known)) {
        return Ok(id);
    }
    // A part of a path is enough where it can mean one file only.
    let ending = format!("/{plain}");
    let all: Vec<&str> = snapshot.files.paths().iter().map(|path| path.as_str()).collect();
    let fitting: Vec<&&str> = all.iter().filter(|path| path.ends_with(&ending)).collect();
    match fitting.as_slice() {
        [one] => return known(Utf8Path::new(one)).ok_or_else(|| Failure::new(format!("{one} is not read"))),
        [] => {}
        several => {
            let several: Vec<&str> = several.iter().take(5).map(|path| **path).collect();
            return Err(Failure::new(format!("`{file}` may be several files: {}", several.join(", "))));
        }
    }
    if workspace.root.join(plain).is_file() {
        return Err(Failure::new(format!("{plain} is not read: it is no source of a known language, a test, or left out")));
    }
    let meant = suggest::nearest(plain, all.iter().copied()).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    Err(Failure::new(format!("there is no file `{file}`{meant}")))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_are_told_from_names() {
        assert_eq!(place("a/b.ts:12"), Some(("a/b.ts".to_owned(), 12, None)));
        assert_eq!(place("a/b.ts:12:3"), Some(("a/b.ts".to_owned(), 12, Some(3))));
        assert_eq!(place("C:/a.ts:12"), Some(("C:/a.ts".to_owned(), 12, None)));
        assert_eq!(place("orders"), None);
        assert_eq!(place("host:name"), None);
    }
}
