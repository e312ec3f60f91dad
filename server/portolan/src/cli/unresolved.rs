//! `portolan unresolved`: calls whose target is not known, and messages whose channel has no name that is.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use portolan_analysis::chart::document::{Document, Generator};
use portolan_analysis::chart::{BlindSpot, May, Reason};
use portolan_analysis::settle::{self, Group, Remedy};
use portolan_analysis::words::counted;
use portolan_analysis::{Place, Snapshot};
use serde::Serialize;

use super::{Failure, Folder, Format};
use crate::output;

/// How many calls of a group are written out.
const MAX_CALLS: usize = 4;

/// Lists calls and messages that could not be followed, and what would settle the calls.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  portolan unresolved
  portolan unresolved --format json")]
pub(super) struct Unresolved {
    #[command(flatten)]
    folder: Folder,
    /// The form of the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Lists every call, and what could not be read
    #[arg(short, long)]
    verbose: bool,
}

/// What `--format json` writes.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    generator: Generator,
    /// Calls that lack the same thing, what would settle most of them first.
    groups: Vec<Row>,
    /// Messages that go to or come from a channel whose name is not known.
    messages: Vec<Message>,
}

#[derive(Debug, Serialize)]
struct Message {
    service: String,
    /// `sends` or `receives`.
    does: &'static str,
    /// `messaging.system`, where it is known.
    system: Option<String>,
    file: String,
    line: u32,
}

#[derive(Debug, Serialize)]
struct Row {
    reason: String,
    decided_by: Option<String>,
    calls: Vec<Call>,
    candidates: Vec<Candidate>,
    /// Lines of `portolan.toml`, with placeholders where nothing is proposed.
    settings: Option<String>,
}

#[derive(Debug, Serialize)]
struct Call {
    from: String,
    method: Option<String>,
    path: Option<String>,
    file: String,
    line: u32,
}

#[derive(Debug, Serialize)]
struct Candidate {
    service: String,
    why: String,
    settings: Option<String>,
}

impl Unresolved {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let workspace = self.folder.read()?;
        let empty = workspace.is_empty();
        workspace.tell_problems(self.verbose);
        let snapshot = &workspace.snapshot;
        let groups = settle::groups(snapshot);
        let text = match self.format {
            Format::Text if empty => String::new(),
            Format::Text => text(snapshot, &groups, self.verbose) + &messages_text(snapshot, self.verbose),
            Format::Json => {
                let rows = groups.iter().map(|group| row(snapshot, group)).collect();
                let document = Document::new(snapshot);
                let messages = nameless(snapshot).map(|spot| message(snapshot, spot)).collect();
                output::json(&Report { schema: document.schema, generator: document.generator, groups: rows, messages })
                    .map_err(|error| Failure::new(format!("cannot write the list as JSON: {error}")))?
            }
        };
        output::print(&text).map_err(|error| Failure::new(format!("cannot write the list: {error}")))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn at(snapshot: &Snapshot, place: Place) -> String {
    format!("{}:{}", snapshot.files.path(place.file), snapshot.files.line(place))
}

// Writing to a String cannot fail, so results of `write!` are dropped.
fn text(snapshot: &Snapshot, groups: &[Group], all: bool) -> String {
    let chart = &snapshot.chart;
    if groups.is_empty() && chart.calls.is_empty() {
        return "No calls were found.\n".to_owned();
    }
    if groups.is_empty() {
        return format!("Every call is resolved: {}.\n", counted(chart.calls.len(), "call", "calls"));
    }
    let everything: Vec<u32> = (0..chart.unresolved.len() as u32).collect();
    let places = settle::places(chart, &everything);
    let mut services: Vec<_> = chart.unresolved.iter().map(|call| call.from).collect();
    services.sort();
    services.dedup();
    let is = if places == 1 { "is" } else { "are" };
    let mut out = format!(
        "{} of {} {is} not resolved; {} known.\nWhat would settle most comes first. The lines go into portolan.toml.\n",
        counted(places, "call", "calls"),
        counted(services.len(), "service", "services"),
        if chart.calls.len() == 1 { "1 is".to_owned() } else { format!("{} are", chart.calls.len()) },
    );
    // What stands alone is listed in short.
    let (alone, together): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(|group| !all && is_alone(snapshot, group));
    for group in together {
        out.push('\n');
        group_text(snapshot, group, all, &mut out);
    }
    if !alone.is_empty() {
        let one = alone.len() == 1;
        let (have, goes) = if one { ("call has a host of its", "it goes") } else { ("calls have hosts of their", "each goes") };
        let _ = writeln!(out, "\n{} {have} own, known at run time only; `[[calls]]` says where {goes} (-v shows the lines):", alone.len());
        let calls: Vec<u32> = alone.iter().flat_map(|group| group.calls.iter().copied()).collect();
        rows(snapshot, &calls, usize::MAX, &mut out);
    }
    out
}

/// Whether a group is of one place, whose host nobody can guess.
fn is_alone(snapshot: &Snapshot, group: &Group) -> bool {
    matches!(group.reason, Reason::Host | Reason::Url) && group.candidates.is_empty() && settle::places(&snapshot.chart, &group.calls) == 1
}

fn group_text(snapshot: &Snapshot, group: &Group, all: bool, out: &mut String) {
    let chart = &snapshot.chart;
    let places = settle::places(chart, &group.calls);
    let title = format!("{}: {}", counted(places, "call", "calls"), heading(snapshot, group));
    let _ = writeln!(out, "{title}");
    rows(snapshot, &group.calls, if all { usize::MAX } else { MAX_CALLS }, out);
    settling(snapshot, group, out);
}

/// Calls, a line a place: shared code stands there once for each service that runs it.
fn rows(snapshot: &Snapshot, calls: &[u32], most: usize, out: &mut String) {
    let chart = &snapshot.chart;
    let mut lines: Vec<(String, Vec<&str>, String)> = Vec::new();
    for call in calls.iter().filter_map(|at| chart.unresolved.get(*at as usize)) {
        let (at, label) = (at(snapshot, call.place), call.label());
        let service = chart.service(call.from).id.as_str();
        match lines.iter_mut().find(|(known, _, other)| *known == at && *other == label) {
            Some((_, services, _)) => services.push(service),
            None => lines.push((at, vec![service], label)),
        }
    }
    let count = lines.len();
    let most = if count <= most.saturating_add(1) { count } else { most };
    table(&lines[..most], count - most, out);
}

/// Places with their services and what is said of each, and how many are left out.
fn table(lines: &[(String, Vec<&str>, String)], more: usize, out: &mut String) {
    let width = lines.iter().map(|(at, ..)| at.chars().count()).max().unwrap_or(0).min(70);
    for (at, services, label) in lines {
        let _ = writeln!(out, "  {at:width$}  {}  {label}", services.join(", "));
    }
    if more > 0 {
        let _ = writeln!(out, "  and {more} more (-v lists them)");
    }
}

/// Places that send to or receive from a channel whose name is not known.
fn nameless(snapshot: &Snapshot) -> impl Iterator<Item = &BlindSpot> {
    snapshot.chart.blind_spots.iter().filter(|spot| !matches!(spot.may, May::Answer(_)))
}

fn message(snapshot: &Snapshot, spot: &BlindSpot) -> Message {
    let (does, system) = match &spot.may {
        May::Receive(system) => ("receives", system),
        May::Send(system) | May::Answer(system) => ("sends", system),
    };
    Message {
        service: snapshot.chart.service(spot.service).id.to_string(),
        does,
        system: Some(system.to_string()).filter(|system| system != "*"),
        file: snapshot.files.path(spot.place.file).to_string(),
        line: snapshot.files.line(spot.place),
    }
}

fn messages_text(snapshot: &Snapshot, all: bool) -> String {
    let mut lines: Vec<(String, Vec<&str>, String)> = Vec::new();
    for spot in nameless(snapshot) {
        let Message { does, system, .. } = message(snapshot, spot);
        let (at, label) = (at(snapshot, spot.place), format!("{does} by {}", system.as_deref().unwrap_or("a broker")));
        let service = snapshot.chart.service(spot.service).id.as_str();
        match lines.iter_mut().find(|(known, _, other)| *known == at && *other == label) {
            Some((_, services, _)) => services.push(service),
            None => lines.push((at, vec![service], label)),
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let heading = if lines.len() == 1 { "1 message has a channel" } else { &format!("{} messages have channels", lines.len()) };
    let mut out = format!("\n{heading} whose name is known at run time only:\n");
    let most = if all || lines.len() <= MAX_CALLS + 1 { lines.len() } else { MAX_CALLS };
    table(&lines[..most], lines.len() - most, &mut out);
    out
}

/// Who may answer a group of calls, and the lines that say so.
pub(super) fn settling(snapshot: &Snapshot, group: &Group, out: &mut String) {
    let chart = &snapshot.chart;
    let indented = |out: &mut String, lines: &str| {
        for line in lines.lines() {
            let _ = writeln!(out, "    {line}");
        }
    };
    let name = |candidate: &settle::Candidate| &chart.service(candidate.service).id;
    let best = group.candidates.first().and_then(|candidate| Some((candidate, settle::group_remedy(snapshot, group, candidate.service)?)));
    match best {
        Some((candidate, remedy)) => {
            let others: Vec<String> = group.candidates[1..].iter().map(|other| format!("{} {}", name(other), other.why)).collect();
            let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join("; ")) };
            let _ = writeln!(out, "  {} {}{others}; if it is meant:", name(candidate), candidate.why);
            indented(out, &remedy.lines("".into()));
        }
        None => indented(out, &settle::placeholder(snapshot, group, "".into()).unwrap_or_default()),
    }
}

/// Why calls of a group are not resolved, and where.
fn heading(snapshot: &Snapshot, group: &Group) -> String {
    let mut title = match &group.reason {
        Reason::Host => "the host is known at run time only".to_owned(),
        Reason::Url => "the URL is known at run time only".to_owned(),
        other => other.to_string(),
    };
    if !group.decided_by.is_empty() {
        let _ = write!(title, ", from `{}`", group.decided_by);
    }
    if let Some((file, function)) = group.location.as_ref().filter(|_| settle::places(&snapshot.chart, &group.calls) > 1) {
        let function = function.as_ref().map(|name| format!("`{name}` of ")).unwrap_or_default();
        let _ = write!(title, ", in {function}{}", snapshot.files.path(*file));
    }
    title
}

fn row(snapshot: &Snapshot, group: &Group) -> Row {
    let chart = &snapshot.chart;
    let lines = |remedy: Remedy| remedy.lines("".into());
    let candidates: Vec<Candidate> = group
        .candidates
        .iter()
        .map(|candidate| Candidate {
            service: chart.service(candidate.service).id.to_string(),
            why: candidate.why.clone(),
            settings: settle::group_remedy(snapshot, group, candidate.service).map(lines),
        })
        .collect();
    let calls = group.calls.iter().filter_map(|at| chart.unresolved.get(*at as usize));
    Row {
        reason: group.reason.to_string(),
        decided_by: Some(group.decided_by.to_string()).filter(|name| !name.is_empty()),
        calls: calls
            .map(|call| Call {
                from: chart.service(call.from).id.to_string(),
                method: call.method.as_ref().map(ToString::to_string),
                path: Some(call.path.to_string()).filter(|path| !path.is_empty()),
                file: snapshot.files.path(call.place.file).to_string(),
                line: snapshot.files.line(call.place),
            })
            .collect(),
        settings: candidates.first().and_then(|first| first.settings.clone()).or_else(|| settle::placeholder(snapshot, group, "".into())),
        candidates,
    }
}
