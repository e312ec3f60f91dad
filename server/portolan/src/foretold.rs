//! A predicted trace as a tree in words, for whoever shows it: a terminal, a program, an editor.
//!
//! What deliberately does not live here: how it looks, and how a place is written, which is up to who asks. Invariant: what is said to be dark has a
//! reason where the chart knows one.

use portolan_analysis::chart::trace::{self, StepKind, Words};
use portolan_analysis::chart::{Chart, Coverage};
use portolan_analysis::{Place, Snapshot, ide};
use serde::Serialize;

/// What happens when an endpoint is asked, or a message comes in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace<P> {
    /// Id of the service.
    pub service: String,
    /// Method and path; the channel's name where a message starts it.
    pub endpoint: String,
    /// Where the handler stands.
    #[serde(flatten)]
    pub place: P,
    /// Whether a span is recorded for it; null where it cannot be told.
    pub recorded: Option<bool>,
    /// Why none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_dark: Option<String>,
    /// What it does, in the order of the code.
    pub steps: Vec<Step<P>>,
}

/// One thing that a handler does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step<P> {
    /// What sort of span.
    pub kind: StepKind,
    /// `POST /orders`, `orders.placed`, `reads orders`.
    pub label: String,
    /// Id of the service that answers, host of one outside, or id of the store; null for messages.
    pub service: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub place: P,
    /// Whether it stands in, or behind, a loop.
    pub repeated: bool,
    /// Whether the handler may answer without waiting for it.
    pub detached: bool,
    /// Whether a span is recorded for it; null where it cannot be told.
    pub recorded: Option<bool>,
    /// What the endpoint does that is asked, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Trace<P>>,
}

/// A trace in words, its places as `place` writes them.
pub fn told<P>(snapshot: &Snapshot, trace: &trace::Trace, place: impl Fn(Place) -> P) -> Trace<P> {
    Writer { snapshot, chart: &snapshot.chart, place }.trace(trace)
}

struct Writer<'a, F> {
    snapshot: &'a Snapshot,
    chart: &'a Chart,
    place: F,
}

impl<P, F: Fn(Place) -> P> Writer<'_, F> {
    fn trace(&self, trace: &trace::Trace) -> Trace<P> {
        Trace {
            service: self.chart.service(trace.root.service(self.chart)).id.to_string(),
            endpoint: trace.root.label(self.chart),
            place: (self.place)(ide::handling_place(self.snapshot, trace.root)),
            recorded: trace.recorded,
            why_dark: match trace.root.coverage(self.chart) {
                Coverage::Dark(why) => Some(why.clone()),
                Coverage::NotTraced if trace.recorded == Some(false) => Some("its service starts no tracer".to_owned()),
                _ => None,
            },
            steps: trace.steps.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn step(&self, step: &trace::TraceStep) -> Step<P> {
        let Words { kind, label, party } = step.step.words(self.chart);
        Step {
            kind,
            label,
            service: party,
            place: (self.place)(step.step.place),
            repeated: step.repeated,
            detached: step.step.detached,
            recorded: step.recorded,
            answer: step.answer.as_ref().map(|answer| self.trace(answer)),
        }
    }
}
