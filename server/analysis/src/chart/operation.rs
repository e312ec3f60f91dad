//! Operation trees: what happens when an endpoint is asked or a message comes in.
//!
//! A tree follows the functions of one process. What deliberately does not live here: what the endpoints do that it calls ([`super::trace`]), and
//! judgement. Invariant: every walk is bounded, whatever the chart says.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::index::{AccessRef, ChartIndex, EndRef};
use super::{CallIndex, ChannelIndex, Chart, Coverage, EndpointIndex, FunctionEdge, ServiceIndex, Status};
use crate::{FunctionRef, Place};

/// How many function calls lie at most between a handler and a span that counts as its own.
pub const MAX_FUNCTION_HOPS: u32 = 6;

/// What starts an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Root {
    /// An endpoint is asked.
    Endpoint(EndpointIndex),
    /// A message comes in.
    Consumer(EndRef),
}

impl Root {
    /// All endpoints, then all subscriptions.
    pub fn all(chart: &Chart) -> impl Iterator<Item = Root> {
        let endpoints = (0..chart.endpoints.len() as u32).map(|at| Root::Endpoint(EndpointIndex(at)));
        let channels = chart.channels.iter().enumerate();
        let ends = channels
            .flat_map(|(at, channel)| (0..channel.consumers.len() as u32).map(move |end| EndRef { channel: ChannelIndex(at as u32), end }));
        endpoints.chain(ends.map(Root::Consumer))
    }

    /// The service whose process it is, and the function that handles it.
    pub fn handler(self, chart: &Chart) -> (ServiceIndex, Option<FunctionRef>) {
        match self {
            Root::Endpoint(index) => {
                let endpoint = chart.endpoint(index);
                (endpoint.service, endpoint.handler)
            }
            Root::Consumer(end) => {
                let consumer = end.consumer(chart);
                (consumer.service, consumer.function)
            }
        }
    }

    /// What runs before that and may refuse the request, in order.
    pub fn guards(self, chart: &Chart) -> &[FunctionRef] {
        match self {
            Root::Endpoint(index) => &chart.endpoint(index).guards,
            Root::Consumer(_) => &[],
        }
    }

    /// The service whose process it is.
    pub fn service(self, chart: &Chart) -> ServiceIndex {
        self.handler(chart).0
    }

    /// Method and path, or the name of the channel.
    pub fn label(self, chart: &Chart) -> String {
        match self {
            Root::Endpoint(index) => chart.endpoint(index).label(),
            Root::Consumer(end) => chart.channel(end.channel).name.to_string(),
        }
    }

    /// Whether a span is recorded for it.
    pub fn coverage(self, chart: &Chart) -> &Coverage {
        match self {
            Root::Endpoint(index) => &chart.endpoint(index).coverage,
            Root::Consumer(end) => &end.consumer(chart).coverage,
        }
    }
}

/// A span below a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpanRef {
    /// A call of another service.
    Call(CallIndex),
    /// A message sent.
    Publish(EndRef),
    /// A read or write of a table or collection.
    Access(AccessRef),
}

impl SpanRef {
    /// Where it stands.
    pub fn place(self, chart: &Chart) -> Place {
        match self {
            SpanRef::Call(call) => chart.call(call).place,
            SpanRef::Publish(end) => end.producer(chart).place,
            SpanRef::Access(access) => access.of(chart).place,
        }
    }

    /// The service whose process runs it.
    pub fn service(self, chart: &Chart) -> ServiceIndex {
        match self {
            SpanRef::Call(call) => chart.call(call).from,
            SpanRef::Publish(end) => end.producer(chart).service,
            SpanRef::Access(access) => access.of(chart).service,
        }
    }

    /// How sure it is.
    pub fn status(self, chart: &Chart) -> Status {
        match self {
            SpanRef::Call(call) => chart.call(call).status,
            SpanRef::Publish(end) => end.producer(chart).status,
            SpanRef::Access(access) => access.of(chart).status,
        }
    }
}

/// A span that a handler reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The span.
    pub span: SpanRef,
    /// Where it stands.
    pub place: Place,
    /// The function it stands in.
    pub function: FunctionRef,
    /// How many function calls lie between; 0 in the handler itself.
    pub hops: u32,
    /// Whether the handler may answer without waiting for it: it stands in, or behind, a spawned task, a timer or a dropped promise, or comes
    /// once the handler has answered.
    pub detached: bool,
    /// Whether it comes before the handler, in what checks the request.
    pub guards: bool,
}

/// What a handler does, in the order of the code.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operation {
    /// Its steps; each span once.
    pub steps: Vec<Step>,
}

impl Operation {
    /// What `function` does when the process of `service` runs it.
    pub fn of(chart: &Chart, index: &ChartIndex, service: ServiceIndex, function: FunctionRef) -> Self {
        let reached = reach(index, function);
        let mut steps = Vec::new();
        let mut seen = FxHashSet::default();
        let mut waiting = vec![Move::Enter(function)];
        while let Some(step) = waiting.pop() {
            let function = match step {
                Move::Step(step) => {
                    steps.push(step);
                    continue;
                }
                Move::Enter(function) => function,
            };
            let Some(&Reached { hops, detached, .. }) = reached.get(&function) else { continue };
            if !seen.insert(function) {
                continue;
            }
            let mut moves: Vec<(Place, Move)> = Vec::new();
            for span in index.spans_in(function).filter(|span| span.service(chart) == service) {
                let place = span.place(chart);
                let detached = detached || index.is_detached(place) || index.is_answered(place);
                moves.push((place, Move::Step(Step { span, place, function, hops, detached, guards: false })));
            }
            moves.extend(index.edges_of(function).iter().map(|edge| (edge.place, Move::Enter(edge.callee))));
            moves.sort_by_key(|(place, _)| *place);
            waiting.extend(moves.into_iter().rev().map(|(_, step)| step));
        }
        Self { steps }
    }

    /// What an endpoint does; nothing where its handler is not known.
    pub fn of_endpoint(chart: &Chart, index: &ChartIndex, endpoint: EndpointIndex) -> Self {
        Self::of_root(chart, index, Root::Endpoint(endpoint))
    }

    /// What happens when something starts it; nothing where its handler is not known. What checks the request comes first.
    pub fn of_root(chart: &Chart, index: &ChartIndex, root: Root) -> Self {
        let (service, Some(handler)) = root.handler(chart) else { return Self::default() };
        let own = Self::of(chart, index, service, handler);
        let guards = root.guards(chart);
        if guards.is_empty() {
            return own;
        }
        let mut seen: FxHashSet<SpanRef> = own.steps.iter().map(|step| step.span).collect();
        let before = guards.iter().flat_map(|guard| Self::of(chart, index, service, *guard).steps);
        let mut steps: Vec<Step> = before.filter(|step| seen.insert(step.span)).map(|step| Step { guards: true, ..step }).collect();
        steps.extend(own.steps);
        Self { steps }
    }

    /// What the handler does itself, without what checks the request before.
    pub fn own(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| !step.guards)
    }

    /// The calls that its handler waits for.
    pub fn awaited(&self) -> impl Iterator<Item = CallIndex> {
        self.calls().filter(|(_, step)| !step.detached).map(|(call, _)| call)
    }

    /// The calls among its steps.
    pub fn calls(&self) -> impl Iterator<Item = (CallIndex, &Step)> {
        self.steps.iter().filter_map(|step| match step.span {
            SpanRef::Call(call) => Some((call, step)),
            SpanRef::Publish(_) | SpanRef::Access(_) => None,
        })
    }
}

/// What starts the operations that may run a function: handlers, and what checks requests for them, from which it is in reach, sorted.
pub fn roots_around(index: &ChartIndex, function: FunctionRef) -> Vec<Root> {
    let mut roots: Vec<Root> = Vec::new();
    let mut seen = FxHashSet::default();
    let mut queue = VecDeque::from([(function, 0)]);
    while let Some((function, hops)) = queue.pop_front() {
        if !seen.insert(function) {
            continue;
        }
        let endpoints = index.endpoints_of(function).iter().chain(index.endpoints_behind(function));
        roots.extend(endpoints.map(|endpoint| Root::Endpoint(*endpoint)));
        roots.extend(index.consumers_of(function).iter().map(|end| Root::Consumer(*end)));
        if hops < MAX_FUNCTION_HOPS {
            queue.extend(index.runners_of(function).iter().map(|runner| (runner.function, hops + 1)));
        }
    }
    roots.sort_unstable();
    roots.dedup();
    roots
}

/// Whether a service runs a function to answer requests or messages. Of a front end that is what runs on its server, and not in a browser.
pub fn answers_by(chart: &Chart, index: &ChartIndex, service: ServiceIndex, function: FunctionRef) -> bool {
    roots_around(index, function).into_iter().any(|root| root.handler(chart).0 == service)
}

/// The functions that run, or may, when one does; itself among them.
pub fn reaches(index: &ChartIndex, function: FunctionRef) -> impl Iterator<Item = FunctionRef> {
    reach(index, function).into_keys()
}

enum Move {
    Enter(FunctionRef),
    Step(Step),
}

/// How a function is reached from a handler.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    /// How many function calls lie between.
    pub(super) hops: u32,
    /// Whether all ways to it are detached.
    pub(super) detached: bool,
    /// The function it is reached from by the shortest way, and where; `None` for the handler itself.
    pub(super) from: Option<(FunctionRef, Place)>,
}

/// The functions in reach. Ways that are waited for come first.
pub(super) fn reach(index: &ChartIndex, from: FunctionRef) -> FxHashMap<FunctionRef, Reached> {
    let mut reached: FxHashMap<FunctionRef, Reached> = FxHashMap::default();
    let is_left = |edge: &FunctionEdge| edge.detached || index.is_answered(edge.place);
    for detached in [false, true] {
        let mut queue: VecDeque<(FunctionRef, Reached)> = VecDeque::new();
        if detached {
            // The second round starts at what the first one left behind.
            let mut starts: Vec<(FunctionRef, Reached)> = Vec::new();
            for (&function, &Reached { hops, .. }) in &reached {
                let edges = index.edges_of(function).iter().filter(|edge| is_left(edge) && hops < MAX_FUNCTION_HOPS);
                starts.extend(edges.map(|edge| (edge.callee, Reached { hops: hops + 1, detached, from: Some((function, edge.place)) })));
            }
            starts.sort_by_key(|(function, reached)| (reached.hops, *function, reached.from));
            queue.extend(starts);
        } else {
            queue.push_back((from, Reached { hops: 0, detached, from: None }));
        }
        while let Some((function, this)) = queue.pop_front() {
            if reached.contains_key(&function) {
                continue;
            }
            reached.insert(function, this);
            if this.hops < MAX_FUNCTION_HOPS {
                let edges = index.edges_of(function).iter().filter(|edge| detached || !is_left(edge));
                queue.extend(edges.map(|edge| {
                    let from = Some((function, edge.place));
                    (edge.callee, Reached { hops: this.hops + 1, detached, from })
                }));
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use portolan_grammars::catalog::Operation as Access;

    use super::*;
    use crate::chart::ServiceKind;
    use crate::testing::{Scene, access, end};

    #[test]
    fn steps_follow_functions_and_say_what_is_not_waited_for() {
        let mut scene = Scene::default();
        let file = scene.file("src/app.ts", "handler read() load fetch-price select task() audit send();");
        let service = scene.service("orders", ServiceKind::Backend);
        let other = scene.service("prices", ServiceKind::Backend);
        let handler = scene.function(file, "handler");
        let load = scene.function(file, "load");
        let audit = scene.function(file, "audit");
        let (to_load, to_audit) = (scene.place(file, "read()"), scene.place(file, "task()"));
        scene.edge(handler, load, to_load, false);
        scene.edge(handler, audit, to_audit, true);
        scene.edge(load, handler, to_load, false);
        let place = scene.place(file, "fetch-price");
        let endpoint = scene.endpoint(other, "GET /price", place, audit);
        scene.call(service, place, load, endpoint);
        scene.call(other, place, load, endpoint);
        let place = scene.place(file, "select");
        scene.store("db", "postgresql", vec![("orders", vec![access(service, Access::Read, place, load)])]);
        let place = scene.place(file, "send()");
        scene.channel("orders", vec![end(service, place, audit)], Vec::new());
        let snapshot = scene.snapshot();
        let operation = Operation::of(&snapshot.chart, &snapshot.index, service, handler);
        let steps: Vec<_> = operation.steps.iter().map(|step| (step.hops, step.detached)).collect();
        assert_eq!(steps, [(1, false), (1, false), (1, true)]);
        assert!(matches!(operation.steps[0].span, SpanRef::Call(CallIndex(0))));
        assert!(matches!(operation.steps[1].span, SpanRef::Access(_)));
        assert!(matches!(operation.steps[2].span, SpanRef::Publish(_)));
    }

    #[test]
    fn more_than_six_functions_away_is_out_of_reach() {
        let mut scene = Scene::default();
        let file = scene.file("src/app.ts", "f0 f1 f2 f3 f4 f5 f6 f7 call");
        let service = scene.service("a", ServiceKind::Backend);
        let functions: Vec<_> = (0..8).map(|n| scene.function(file, &format!("f{n}"))).collect();
        let place = scene.place(file, "call");
        for pair in functions.windows(2) {
            scene.edge(pair[0], pair[1], place, false);
        }
        let endpoint = scene.endpoint(service, "GET /x", place, functions[0]);
        scene.call(service, place, functions[6], endpoint);
        scene.call(service, place, functions[7], endpoint);
        let snapshot = scene.snapshot();
        let operation = Operation::of_endpoint(&snapshot.chart, &snapshot.index, endpoint);
        assert_eq!(operation.steps.iter().map(|step| step.hops).collect::<Vec<_>>(), [6]);
    }
}
