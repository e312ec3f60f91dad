//! `portolan/trace`: the predicted trace of the handler at a position, as a tree that a client can draw.

use portolan_analysis::chart::trace::{self, StepKind, Words};
use portolan_analysis::chart::{self, Chart};
use portolan_analysis::{Place, ide};
use serde::Serialize;
use tower_lsp::ls_types::{Location, TextDocumentPositionParams};

use super::session::{Session, View};
use super::{from_proto, to_proto};

/// What happens when an endpoint is asked, or a message comes in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trace {
    /// Id of the service.
    service: String,
    /// Method and path; the channel's name where a message starts it.
    endpoint: String,
    /// Where the handler stands.
    location: Option<Location>,
    /// Whether a span is recorded for it; null where it cannot be told.
    recorded: Option<bool>,
    /// What it does, in the order of the code.
    steps: Vec<Step>,
}

/// One thing that a handler does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    /// What sort of span.
    kind: StepKind,
    /// `POST /orders`, `orders.placed`, `reads orders`.
    label: String,
    /// Id of the service that answers, host of one outside, or id of the store; left out for messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// Where it stands.
    location: Option<Location>,
    /// Whether it stands in, or behind, a loop.
    repeated: bool,
    /// Whether the handler may answer without waiting for it.
    detached: bool,
    /// Whether a span is recorded for it; null where it cannot be told.
    recorded: Option<bool>,
    /// What the endpoint does that is asked, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Trace>,
}

/// The trace of the handler at a position.
pub(super) fn answer(view: &View, session: &Session, at: &TextDocumentPositionParams) -> Option<Trace> {
    let (file, offset) = from_proto::place(view, session, at)?;
    let trace = ide::trace(&view.snapshot, file, offset)?;
    Some(Writer { view, session, chart: &view.snapshot.chart }.trace(&trace))
}

struct Writer<'a> {
    view: &'a View,
    session: &'a Session,
    chart: &'a Chart,
}

impl Writer<'_> {
    fn trace(&self, trace: &trace::Trace) -> Trace {
        Trace {
            service: self.id(trace.root.service(self.chart)),
            endpoint: trace.root.label(self.chart),
            location: self.location(ide::handling_place(&self.view.snapshot, trace.root)),
            recorded: trace.recorded,
            steps: trace.steps.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn step(&self, step: &trace::TraceStep) -> Step {
        let Words { kind, label, party } = step.step.words(self.chart);
        Step {
            kind,
            label,
            service: party,
            location: self.location(step.step.place),
            repeated: step.repeated,
            detached: step.step.detached,
            recorded: step.recorded,
            answer: step.answer.as_ref().map(|answer| self.trace(answer)),
        }
    }

    fn id(&self, service: chart::ServiceIndex) -> String {
        self.chart.service(service).id.to_string()
    }

    fn location(&self, place: Place) -> Option<Location> {
        to_proto::location(self.view, self.session.encoding, place)
    }
}
