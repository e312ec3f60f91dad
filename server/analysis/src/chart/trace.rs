//! Predicted traces: what happens across services when an endpoint is asked or a message comes in, and what of it a tracer would record.
//!
//! A trace joins operation trees: each call to an endpoint that is known is followed by what that endpoint does. Here lives what its steps are
//! called, too. What deliberately does not: how a trace is shown. Invariant: every trace is bounded, in depth and in size, whatever the chart says.

use portolan_grammars::catalog;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::flow::Spot;
use super::operation::{Operation, Reached, Root, SpanRef, Step, reach};
use super::{Chart, Coverage, ServiceIndex};
use crate::files::Files;
use crate::{FunctionRef, Snapshot};

/// How many endpoints lie at most behind each other in a trace.
pub const MAX_TRACE_DEPTH: usize = 8;
/// How many steps a trace has at most.
const MAX_TRACE_STEPS: usize = 400;

/// A predicted trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Where it starts.
    pub root: Root,
    /// Whether a span is recorded for that; `None` where it cannot be told.
    pub recorded: Option<bool>,
    /// What happens, in the order of the code.
    pub steps: Vec<TraceStep>,
}

/// A step of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceStep {
    /// The step.
    pub step: Step,
    /// Whether it stands in, or behind, a loop.
    pub repeated: bool,
    /// Whether a span is recorded for it; `None` where it cannot be told.
    pub recorded: Option<bool>,
    /// For a call whose endpoint is known, what that does; `None` too where the trace would come back to itself or grow out of bounds.
    pub answer: Option<Trace>,
}

/// What sort of span a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// Somebody else answers.
    Call,
    /// A message is sent.
    Publish,
    /// A table or collection is read or written.
    Access,
}

/// A step in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What sort of span.
    pub kind: StepKind,
    /// `POST /orders`, `orders.placed`, `reads orders`.
    pub label: String,
    /// Id of the service that answers, host of one outside, or id of the store; none for messages.
    pub party: Option<String>,
}

impl Step {
    /// What happens, in words.
    pub fn words(&self, chart: &Chart) -> Words {
        match self.span {
            SpanRef::Call(index) => {
                let call = chart.call(index);
                Words { kind: StepKind::Call, label: chart.label_of(call), party: Some(chart.name_of(&call.to).to_string()) }
            }
            SpanRef::Publish(end) => Words { kind: StepKind::Publish, label: chart.channel(end.channel).name.to_string(), party: None },
            SpanRef::Access(access) => {
                let (store, collection) = access.collection.of(chart);
                let verb = match access.of(chart).operation {
                    catalog::Operation::Read => "reads",
                    catalog::Operation::Write => "writes",
                };
                Words { kind: StepKind::Access, label: format!("{verb} {}", collection.name), party: Some(store.id.to_string()) }
            }
        }
    }
}

impl Trace {
    /// The trace that starts at `root`. Ambiguous calls are not followed.
    pub fn of(snapshot: &Snapshot, root: Root) -> Self {
        Tracer { snapshot, path: Vec::new(), budget: MAX_TRACE_STEPS }.follow(root)
    }
}

struct Tracer<'a> {
    snapshot: &'a Snapshot,
    path: Vec<Root>,
    budget: usize,
}

impl Tracer<'_> {
    /// Recurses at most [`MAX_TRACE_DEPTH`] deep.
    fn follow(&mut self, root: Root) -> Trace {
        let (chart, index) = (&*self.snapshot.chart, &*self.snapshot.index);
        let (service, handler) = root.handler(chart);
        self.path.push(root);
        let mut steps = Vec::new();
        let mut reached = handler.map(|handler| reach(index, handler)).unwrap_or_default();
        for guard in root.guards(chart) {
            for (function, how) in reach(index, *guard) {
                reached.entry(function).or_insert(how);
            }
        }
        let records = records(chart, service);
        for step in Operation::of_root(chart, index, root).steps {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            let answer = self.answering(&step).map(|root| self.follow(root));
            let repeated = is_repeated(&self.snapshot.files, &reached, &step);
            steps.push(TraceStep { step, repeated, recorded: records, answer });
        }
        self.path.pop();
        Trace { root, recorded: recorded(chart, service, root.coverage(chart)), steps }
    }

    /// The endpoint that a step is followed to.
    fn answering(&self, step: &Step) -> Option<Root> {
        let SpanRef::Call(call) = step.span else { return None };
        let call = Some(self.snapshot.chart.call(call)).filter(|call| call.status.is_settled())?;
        Some(Root::Endpoint(call.endpoint?)).filter(|root| self.path.len() < MAX_TRACE_DEPTH && !self.path.contains(root))
    }
}

/// Whether a handler's span is recorded.
fn recorded(chart: &Chart, service: ServiceIndex, coverage: &Coverage) -> Option<bool> {
    match coverage {
        Coverage::Covered(_) => Some(true),
        Coverage::Dark(_) => Some(false),
        Coverage::NotTraced => chart.tracing.iter().any(|row| row.service == service).then_some(false),
        Coverage::Unknown => None,
    }
}

/// Whether what leaves a service is recorded: all of it, none of it, or, as far as is known, some.
fn records(chart: &Chart, service: ServiceIndex) -> Option<bool> {
    let row = chart.tracing.iter().find(|row| row.service == service)?;
    if row.instrumented { row.covers.iter().any(|name| name == "*").then_some(true) } else { Some(false) }
}

/// Whether a step, or a call on the way to it, stands in a loop.
fn is_repeated(files: &Files, reached: &FxHashMap<FunctionRef, Reached>, step: &Step) -> bool {
    let mut at = Some((step.function, step.place));
    while let Some((function, place)) = at {
        if Spot::at(files, place).is_some_and(|spot| spot.loops(function.function).next().is_some()) {
            return true;
        }
        at = reached.get(&function).and_then(|reached| reached.from);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ServiceKind;
    use crate::testing::Scene;

    #[test]
    fn traces_cross_services_and_end_where_they_come_back() {
        let mut scene = Scene::default();
        let file = scene.file("src/app.ts", "one two call-two call-one");
        let (a, b) = (scene.service("a", ServiceKind::Backend), scene.service("b", ServiceKind::Backend));
        let (one, two) = (scene.function(file, "one"), scene.function(file, "two"));
        let place = scene.place(file, "one");
        let first = scene.endpoint(a, "GET /one", place, one);
        let place = scene.place(file, "two");
        let second = scene.endpoint(b, "GET /two", place, two);
        let place = scene.place(file, "call-two");
        scene.call(a, place, one, second);
        let place = scene.place(file, "call-one");
        scene.call(b, place, two, first);
        let trace = Trace::of(&scene.snapshot(), Root::Endpoint(first));
        let answer = trace.steps[0].answer.as_ref().map(|answer| (answer.root, answer.steps[0].answer.is_none()));
        assert_eq!(answer, Some((Root::Endpoint(second), true)));
    }
}
