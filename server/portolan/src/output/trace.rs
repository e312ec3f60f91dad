//! A predicted trace as text: a waterfall of indented spans, each with what a tracer records of it and where it stands; and as JSON.
//!
//! Invariant: what is said to be dark has a reason where the chart knows one.

use portolan_analysis::chart::document::Site;
use portolan_analysis::chart::operation::Root;
use portolan_analysis::chart::trace::{self, StepKind, Words};
use portolan_analysis::chart::{Chart, Coverage};
use portolan_analysis::words::counted;
use portolan_analysis::{Place, Snapshot, ide};
use serde::Serialize;

/// What happens when an endpoint is asked, or a message comes in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    service: String,
    endpoint: String,
    #[serde(flatten)]
    site: Site,
    /// Whether a span is recorded for it; null where it cannot be told.
    recorded: Option<bool>,
    /// Why none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    why_dark: Option<String>,
    steps: Vec<Step>,
}

/// One thing that a handler does.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Step {
    kind: StepKind,
    label: String,
    /// Id of the service that answers, host of one outside, or id of the store; null for messages.
    service: Option<String>,
    #[serde(flatten)]
    site: Site,
    repeated: bool,
    detached: bool,
    recorded: Option<bool>,
    /// What the endpoint does that is asked, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Trace>,
}

impl Trace {
    /// The trace that starts at an endpoint or a subscription.
    pub fn new(snapshot: &Snapshot, root: Root) -> Self {
        Writer { snapshot, chart: &snapshot.chart }.trace(&trace::Trace::of(snapshot, root))
    }
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    chart: &'a Chart,
}

impl Writer<'_> {
    fn trace(&self, trace: &trace::Trace) -> Trace {
        Trace {
            service: self.chart.service(trace.root.service(self.chart)).id.to_string(),
            endpoint: trace.root.label(self.chart),
            site: self.site(ide::handling_place(self.snapshot, trace.root)),
            recorded: trace.recorded,
            why_dark: match trace.root.coverage(self.chart) {
                Coverage::Dark(why) => Some(why.clone()),
                Coverage::NotTraced if trace.recorded == Some(false) => Some("its service starts no tracer".to_owned()),
                _ => None,
            },
            steps: trace.steps.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn step(&self, step: &trace::TraceStep) -> Step {
        let Words { kind, label, party } = step.step.words(self.chart);
        Step {
            kind,
            label,
            service: party,
            site: self.site(step.step.place),
            repeated: step.repeated,
            detached: step.step.detached,
            recorded: step.recorded,
            answer: step.answer.as_ref().map(|answer| self.trace(answer)),
        }
    }

    fn site(&self, place: Place) -> Site {
        Site { file: self.snapshot.files.path(place.file).to_string(), line: self.snapshot.files.line(place) }
    }
}

/// A line of the waterfall.
struct Row {
    label: String,
    recorded: Option<bool>,
    site: Site,
}

/// The waterfall: who does what, indented by who asked for it; what is recorded of it; where it stands. Then, where the trace goes dark.
pub fn render(trace: &Trace) -> String {
    let (mut rows, mut dark) = (Vec::new(), Vec::new());
    waterfall(trace, 0, &mut rows, &mut dark);
    let width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for Row { label, recorded, site } in &rows {
        let gap = " ".repeat(width - label.chars().count());
        out += &format!("{label}{gap}  {:8}  {}:{}\n", state(*recorded), site.file, site.line);
    }
    let count = |state: Option<bool>| rows.iter().filter(|row| row.recorded == state).count();
    let mut parts = vec![format!("{} recorded", count(Some(true)))];
    parts.extend(Some(count(Some(false))).filter(|count| *count > 0).map(|count| format!("{count} dark")));
    parts.extend(Some(count(None)).filter(|count| *count > 0).map(|count| format!("{count} that cannot be told")));
    out += &format!("\n{}: {}\n", counted(rows.len(), "span", "spans"), parts.join(", "));
    for (who, why) in dark {
        out += &format!("dark from {who} on: {why}\n");
    }
    out
}

fn waterfall(trace: &Trace, depth: usize, rows: &mut Vec<Row>, dark: &mut Vec<(String, String)>) {
    let indent = "  ".repeat(depth);
    let who = format!("{} {}", trace.service, trace.endpoint);
    if let Some(why) = &trace.why_dark {
        let known = (who.clone(), why.clone());
        if !dark.contains(&known) {
            dark.push(known);
        }
    }
    rows.push(Row { label: format!("{indent}{who}"), recorded: trace.recorded, site: trace.site.clone() });
    for step in &trace.steps {
        let what = match (step.kind, &step.service) {
            (StepKind::Call, Some(party)) => format!("calls {party} {}", step.label),
            (StepKind::Access, Some(store)) => format!("{} in {store}", step.label),
            (StepKind::Publish, _) => format!("publishes {}", step.label),
            _ => step.label.clone(),
        };
        let marks = [(step.repeated, ", in a loop"), (step.detached, ", not waited for")];
        let marks: String = marks.iter().filter(|(is_so, _)| *is_so).map(|(_, words)| *words).collect();
        rows.push(Row { label: format!("{indent}  {what}{marks}"), recorded: step.recorded, site: step.site.clone() });
        if let Some(answer) = &step.answer {
            waterfall(answer, depth + 2, rows, dark);
        }
    }
}

fn state(recorded: Option<bool>) -> &'static str {
    match recorded {
        Some(true) => "recorded",
        Some(false) => "dark",
        None => "?",
    }
}
