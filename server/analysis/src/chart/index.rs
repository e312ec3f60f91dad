//! The chart turned round: who calls an endpoint, what a function does, what stands at a place.
//!
//! Built once per snapshot from the chart and the facts, in time that follows the size of the chart. What deliberately does not live here:
//! anything that needs more than one look-up, such as operation trees. Invariant: lists keep the order of the chart.

use std::sync::OnceLock;

use portolan_grammars::facts::{Call, Entry, Expr, ExprId, FunctionId, FunctionKind, SourceFacts, Symbol};
use portolan_grammars::manifests::Manifest;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Access, CallIndex, ChannelEnd, ChannelIndex, Chart, Collection, EndpointIndex, FunctionEdge, ServiceIndex, Store, StoreIndex,
    VariableIndex,
};
mod spots;

pub use spots::Subject;

use self::spots::{Spots, first_line};
use super::flow::{Spot, answers_within};
use super::operation::SpanRef;
use crate::files::Files;
use crate::{FileId, FunctionRef, Place};

/// How many objects lie at most around a closure that is handed out in them.
const MAX_NESTED: u32 = 3;
/// How often a closure is followed that a function hands on to another.
const MAX_HANDED_ON: u32 = 3;

/// Names one end of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndRef {
    /// The channel.
    pub channel: ChannelIndex,
    /// Which of its producers or consumers.
    pub end: u32,
}

impl EndRef {
    /// The producer it names.
    pub fn producer(self, chart: &Chart) -> &ChannelEnd {
        &chart.channel(self.channel).producers[self.end as usize]
    }
    /// The consumer it names.
    pub fn consumer(self, chart: &Chart) -> &ChannelEnd {
        &chart.channel(self.channel).consumers[self.end as usize]
    }
}

/// Names a table or collection of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CollectionRef {
    /// The store.
    pub store: StoreIndex,
    /// Which of its collections.
    pub collection: u32,
}

impl CollectionRef {
    /// The store and the collection it names.
    pub fn of(self, chart: &Chart) -> (&Store, &Collection) {
        let store = chart.store(self.store);
        (store, &store.collections[self.collection as usize])
    }
}

/// Names an access to a table or collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessRef {
    /// The collection.
    pub collection: CollectionRef,
    /// Which of its accesses.
    pub access: u32,
}

impl AccessRef {
    /// The access it names.
    pub fn of(self, chart: &Chart) -> &Access {
        &self.collection.of(chart).1.accesses[self.access as usize]
    }
}

/// Names an rpc of a `.proto` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RpcRef {
    /// The file.
    pub file: FileId,
    /// Which of its services.
    pub service: u32,
    /// Which of the service's methods.
    pub method: u32,
}

impl RpcRef {
    /// Its path, `package.Service/Method`, and where its name stands.
    pub fn of(self, files: &Files) -> Option<(Symbol, Place)> {
        let Some(Manifest::Proto(proto)) = files.facts(self.file)?.manifest() else { return None };
        let service = proto.services.get(self.service as usize)?;
        let method = service.methods.get(self.method as usize)?;
        let package = if proto.package.is_empty() { String::new() } else { format!("{}.", proto.package) };
        let path = format!("{package}{}/{}", service.name.value, method.name.value).into();
        Some((path, Place { file: self.file, range: method.name.range }))
    }
}

/// A function that runs another, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Runner {
    /// The function.
    pub function: FunctionRef,
    /// The call in it, or where the closure is written.
    pub place: Place,
    /// Whether it does not wait.
    pub detached: bool,
}

/// The chart turned round.
#[derive(Debug, Default)]
pub struct ChartIndex {
    calls: FxHashMap<FunctionRef, Vec<CallIndex>>,
    producers: FxHashMap<FunctionRef, Vec<EndRef>>,
    accesses: FxHashMap<FunctionRef, Vec<AccessRef>>,
    callers: FxHashMap<EndpointIndex, Vec<CallIndex>>,
    endpoints: FxHashMap<FunctionRef, Vec<EndpointIndex>>,
    guarded: FxHashMap<FunctionRef, Vec<EndpointIndex>>,
    consumers: FxHashMap<FunctionRef, Vec<EndRef>>,
    edges: FxHashMap<FunctionRef, Vec<FunctionEdge>>,
    /// The edges turned round; made when first asked for.
    runners: OnceLock<FxHashMap<FunctionRef, Vec<Runner>>>,
    detached: FxHashSet<Place>,
    answered: FxHashSet<Place>,
    rpcs: Vec<RpcRef>,
    spots: Spots,
}

impl ChartIndex {
    /// Turns `chart` round; `files` are those it was made from.
    pub fn new(chart: &Chart, files: &Files) -> Self {
        let mut index = Self::default();
        index.add_endpoints(chart, files);
        index.add_calls(chart, files);
        index.add_channels(chart, files);
        index.add_accesses(chart);
        index.add_edges(chart, files);
        index.mark_answered(chart, files);
        index.add_variables(chart);
        index.add_schemas(chart, files);
        index.add_services(chart, files);
        index.spots.finish();
        index
    }

    /// Calls that stand in a function; each names the service whose process runs it.
    pub fn calls_in(&self, function: FunctionRef) -> &[CallIndex] {
        list(&self.calls, &function)
    }
    /// Publishes that stand in a function.
    pub fn producers_in(&self, function: FunctionRef) -> &[EndRef] {
        list(&self.producers, &function)
    }
    /// Accesses to tables and collections that stand in a function.
    pub fn accesses_in(&self, function: FunctionRef) -> &[AccessRef] {
        list(&self.accesses, &function)
    }
    /// Who calls an endpoint.
    pub fn callers_of(&self, endpoint: EndpointIndex) -> &[CallIndex] {
        list(&self.callers, &endpoint)
    }
    /// The endpoints that a function answers.
    pub fn endpoints_of(&self, handler: FunctionRef) -> &[EndpointIndex] {
        list(&self.endpoints, &handler)
    }
    /// The endpoints before whose handlers a function runs.
    pub fn endpoints_behind(&self, guard: FunctionRef) -> &[EndpointIndex] {
        list(&self.guarded, &guard)
    }
    /// The subscriptions whose messages a function handles.
    pub fn consumers_of(&self, handler: FunctionRef) -> &[EndRef] {
        list(&self.consumers, &handler)
    }
    /// The functions that a function runs, by place: those it calls, and the closures written in it that nothing is known to call.
    pub fn edges_of(&self, function: FunctionRef) -> &[FunctionEdge] {
        list(&self.edges, &function)
    }
    /// The function that a function calls at a place; `None` where none is known, or one of several.
    pub fn callee_at(&self, caller: FunctionRef, place: Place) -> Option<FunctionRef> {
        let mut edges = self.edges_of(caller).iter().filter(|edge| edge.place == place);
        edges.next().map(|edge| edge.callee).filter(|_| edges.next().is_none())
    }
    /// All spans that stand in a function, in whatever service's process.
    pub fn spans_in(&self, function: FunctionRef) -> impl Iterator<Item = SpanRef> {
        let calls = self.calls_in(function).iter().map(|call| SpanRef::Call(*call));
        let publishes = self.producers_in(function).iter().map(|end| SpanRef::Publish(*end));
        calls.chain(publishes).chain(self.accesses_in(function).iter().map(|access| SpanRef::Access(*access)))
    }
    /// What runs a function, sorted.
    pub fn runners_of(&self, function: FunctionRef) -> &[Runner] {
        let runners = self.runners.get_or_init(|| {
            let mut runners: FxHashMap<FunctionRef, Vec<Runner>> = FxHashMap::default();
            for (caller, edges) in &self.edges {
                for edge in edges {
                    let runner = Runner { function: *caller, place: edge.place, detached: edge.detached };
                    runners.entry(edge.callee).or_default().push(runner);
                }
            }
            for list in runners.values_mut() {
                list.sort_unstable();
                list.dedup();
            }
            runners
        });
        list(runners, &function)
    }
    /// Whether the function that a span stands in goes on without waiting for it: a promise that is dropped.
    pub fn is_detached(&self, place: Place) -> bool {
        self.detached.contains(&place)
    }
    /// Whether what stands at a place comes once its handler has answered the request.
    pub fn is_answered(&self, place: Place) -> bool {
        self.answered.contains(&place)
    }
    /// The rpcs of all contracts.
    pub fn rpcs(&self) -> &[RpcRef] {
        &self.rpcs
    }
    /// All that stands at `offset`, with its place; the narrowest place wins and is the only one left.
    pub fn at(&self, file: FileId, offset: u32) -> Vec<(Subject, Place)> {
        self.spots.at(file, offset)
    }
    /// All that begins between two offsets of a file, by place.
    pub fn within(&self, file: FileId, start: u32, end: u32) -> Vec<(Subject, Place)> {
        self.spots.within(file, start, end)
    }

    fn add_endpoints(&mut self, chart: &Chart, files: &Files) {
        for (position, endpoint) in chart.endpoints.iter().enumerate() {
            let index = EndpointIndex(position as u32);
            let subject = Subject::Endpoint(index);
            self.spots.add(first_line(files, endpoint.place), subject);
            if let Some(place) = declaring_name(files, endpoint.place) {
                self.spots.add(place, subject);
            }
            if let Some((_, place)) = &endpoint.handler_name {
                self.spots.add(first_line(files, *place), subject);
            }
            for guard in endpoint.guards.iter() {
                self.guarded.entry(*guard).or_default().push(index);
            }
            if let Some(handler) = endpoint.handler {
                self.endpoints.entry(handler).or_default().push(index);
                self.add_name_spot(files, handler, subject);
            }
        }
    }

    fn add_calls(&mut self, chart: &Chart, files: &Files) {
        for (position, call) in chart.calls.iter().enumerate() {
            let index = CallIndex(position as u32);
            self.calls.entry(call.function).or_default().push(index);
            if let Some(endpoint) = call.endpoint {
                self.callers.entry(endpoint).or_default().push(index);
            }
            self.spots.add(call.place, Subject::Call(index));
            self.mark_detached(files, call.place);
        }
        for (position, row) in chart.unresolved.iter().enumerate() {
            self.spots.add(row.place, Subject::Unresolved(position as u32));
        }
    }

    fn add_channels(&mut self, chart: &Chart, files: &Files) {
        for (position, channel) in chart.channels.iter().enumerate() {
            let channel_index = ChannelIndex(position as u32);
            for (end, producer) in channel.producers.iter().enumerate() {
                let end = EndRef { channel: channel_index, end: end as u32 };
                if let Some(function) = producer.function {
                    self.producers.entry(function).or_default().push(end);
                }
                self.spots.add(producer.place, Subject::Producer(end));
            }
            for (end, consumer) in channel.consumers.iter().enumerate() {
                let end = EndRef { channel: channel_index, end: end as u32 };
                if let Some(function) = consumer.function {
                    self.consumers.entry(function).or_default().push(end);
                    self.add_name_spot(files, function, Subject::Consumer(end));
                }
                self.spots.add(first_line(files, consumer.place), Subject::Consumer(end));
            }
        }
    }

    fn add_accesses(&mut self, chart: &Chart) {
        for (store_position, store) in chart.stores.iter().enumerate() {
            for (collection_position, collection) in store.collections.iter().enumerate() {
                let collection_ref = CollectionRef { store: StoreIndex(store_position as u32), collection: collection_position as u32 };
                for (position, access) in collection.accesses.iter().enumerate() {
                    let access_ref = AccessRef { collection: collection_ref, access: position as u32 };
                    self.accesses.entry(access.function).or_default().push(access_ref);
                    self.spots.add(access.place, Subject::Access(access_ref));
                }
            }
        }
    }

    fn add_variables(&mut self, chart: &Chart) {
        for (position, variable) in chart.variables.iter().enumerate() {
            for place in variable.reads.iter().chain(variable.values.iter().map(|(_, place)| place)) {
                self.spots.add(*place, Subject::Variable(VariableIndex(position as u32)));
            }
        }
    }

    /// Where collections are declared.
    fn add_schemas(&mut self, chart: &Chart, files: &Files) {
        for (store_position, store) in chart.stores.iter().enumerate() {
            for (position, collection) in store.collections.iter().enumerate() {
                let this = CollectionRef { store: StoreIndex(store_position as u32), collection: position as u32 };
                for place in &collection.declared {
                    self.spots.add(first_line(files, *place), Subject::Collection(this));
                }
            }
        }
    }

    /// Where manifests name services.
    fn add_services(&mut self, chart: &Chart, files: &Files) {
        for (position, service) in chart.services.iter().enumerate() {
            for evidence in service.evidence.iter().filter(|evidence| evidence.place.range.end > evidence.place.range.start) {
                self.spots.add(first_line(files, evidence.place), Subject::Service(ServiceIndex(position as u32)));
            }
        }
        for (file, _, facts) in files.iter() {
            let Some(Manifest::Proto(proto)) = facts.manifest() else { continue };
            for method in
                proto.services.iter().enumerate().flat_map(|(of, service)| {
                    (0..service.methods.len()).map(move |at| RpcRef { file, service: of as u32, method: at as u32 })
                })
            {
                if let Some((_, place)) = method.of(files) {
                    self.spots.add(place, Subject::Rpc(method));
                    self.rpcs.push(method);
                }
            }
        }
    }

    /// Takes over the chart's edges, and lets a function run the closures written in it unless something is known to call them: the callback
    /// of a `map`, the body of an `async` block. Those of an object that it returns are run by who is handed it.
    fn add_edges(&mut self, chart: &Chart, files: &Files) {
        self.edges = chart.functions.clone();
        for (caller, edges) in &mut self.edges {
            edges.retain(|edge| !is_handed_out(files, *caller, edge.callee));
        }
        let called: FxHashSet<FunctionRef> = self.edges.values().flatten().map(|edge| edge.callee).collect();
        let spans = self.calls.keys().chain(self.producers.keys()).chain(self.accesses.keys());
        let mut waiting: Vec<FunctionRef> = chart.functions.keys().chain(spans).copied().collect();
        let mut seen = FxHashSet::default();
        while let Some(function) = waiting.pop() {
            let handles =
                self.endpoints.contains_key(&function) || self.consumers.contains_key(&function) || self.guarded.contains_key(&function);
            if !seen.insert(function) || handles {
                continue;
            }
            let Some(facts) = files.function(function) else {
                continue;
            };
            let parent = FunctionRef { file: function.file, function: facts.parent };
            if facts.kind != FunctionKind::Closure || parent == function {
                continue;
            }
            if !called.contains(&function) && !is_handed_out(files, parent, function) {
                let place = Place { file: function.file, range: facts.range };
                self.edges.entry(parent).or_default().push(FunctionEdge { callee: function, place, detached: false });
            }
            waiting.push(parent);
        }
        let left = self.left_closures(files);
        for edges in self.edges.values_mut() {
            edges.iter_mut().for_each(|edge| edge.detached |= left.contains(&edge.callee));
            edges.sort_by_key(|edge| (edge.place, edge.callee, edge.detached));
        }
    }

    /// Closures that nobody waits for, as the promise of the call that runs them is dropped: `attempt(async () => { await … }).catch(log);`. One
    /// that answers a request in its function's place is waited for by who asks.
    fn left_closures(&self, files: &Files) -> FxHashSet<FunctionRef> {
        let mut left = FxHashSet::default();
        for (&caller, edges) in &self.edges {
            let is_own = |edge: &&FunctionEdge| {
                let closure = files.function(edge.callee).filter(|it| it.kind == FunctionKind::Closure && it.parent == caller.function);
                edge.callee.file == caller.file && edge.place.file == caller.file && closure.is_some()
            };
            for edge in edges.iter().filter(is_own) {
                let closure = edge.callee;
                let mut callees = edges.iter().filter(|other| other.place == edge.place && other.callee != closure).peekable();
                if callees.peek().is_none() {
                    continue;
                }
                let Some(spot) = Spot::at(files, edge.place).filter(|spot| spot.is_dropped()) else { continue };
                let Some(given) = spot.given_at(closure.function) else { continue };
                if callees.any(|other| self.runs(files, other.callee, given, MAX_HANDED_ON))
                    && !answers_within(spot.source(), closure.function)
                {
                    left.insert(closure);
                }
            }
        }
        left
    }

    /// Whether a function runs what it is given for a parameter: itself, in a closure of its own, or in a function that it hands that on to.
    fn runs(&self, files: &Files, function: FunctionRef, given: usize, depth: u32) -> bool {
        let Some(source) = files.source(function.file) else { return false };
        let facts = source.function(function.function);
        let Some(name) = facts.params.get(given).map(|param| &param.name).filter(|name| !name.is_empty()) else { return false };
        let is_it = |value: ExprId| matches!(source.expr(value), Expr::Name(it) if it == name);
        source.calls.iter().filter(|call| facts.range.contains(call.range)).any(|call| {
            let handed = call.args.iter().position(|argument| is_it(argument.value)).filter(|_| depth > 0);
            let hands_on = |at: usize| {
                let place = Place { file: function.file, range: call.name_range };
                let callee = self.callee_at(FunctionRef { function: call.function, ..function }, place);
                callee.is_some_and(|callee| self.runs(files, callee, at, depth - 1))
            };
            is_it(call.callee) || handed.is_some_and(hands_on)
        })
    }

    fn mark_detached(&mut self, files: &Files, place: Place) {
        if Spot::at(files, place).is_some_and(|spot| spot.is_dropped()) {
            self.detached.insert(place);
        }
    }

    /// Finds what handlers of requests do when they have answered.
    fn mark_answered(&mut self, chart: &Chart, files: &Files) {
        let mut answered = FxHashSet::default();
        for (&handler, answers) in &chart.answers {
            let Some(source) = files.source(handler.file) else { continue };
            let answers: Vec<&Call> = answers.iter().map(|call| source.call(*call)).collect();
            let spans = self.spans_in(handler).map(|span| span.place(chart));
            let places = spans.chain(self.edges_of(handler).iter().map(|edge| edge.place)).filter(|place| place.file == handler.file);
            answered.extend(places.filter(|place| Spot::at(files, *place).is_some_and(|spot| spot.comes_after(&answers))));
        }
        self.answered = answered;
    }

    fn add_name_spot(&mut self, files: &Files, function: FunctionRef, subject: Subject) {
        let facts = files.function(function);
        if let Some(facts) = facts.filter(|facts| !facts.name.is_empty()) {
            self.spots.add(first_line(files, Place { file: function.file, range: facts.name_range }), subject);
        }
    }
}

/// The name of the call that a path is given to: `post` of `app.post("/orders", …)`.
fn declaring_name(files: &Files, path: Place) -> Option<Place> {
    let source = files.source(path.file)?;
    let is_given = |call: &&Call| call.args.iter().any(|argument| source.expr_range(argument.value) == path.range);
    source.calls.iter().find(is_given).map(|call| Place { file: path.file, range: call.name_range })
}

/// Whether a function returns an object that has a closure written in it.
fn is_handed_out(files: &Files, function: FunctionRef, closure: FunctionRef) -> bool {
    let (Some(source), Some(facts)) = (files.source(function.file), files.function(function)) else { return false };
    let is_own =
        files.function(closure).is_some_and(|closure| closure.kind == FunctionKind::Closure && closure.parent == function.function);
    is_own && function.file == closure.file && facts.returns.iter().any(|returned| holds(source, *returned, closure.function, MAX_NESTED))
}

fn holds(source: &SourceFacts, value: ExprId, closure: FunctionId, depth: u32) -> bool {
    let Expr::Object(object) = source.expr(value) else { return false };
    object.entries.iter().any(|entry| match entry {
        Entry::Field { value, .. } | Entry::Computed { value, .. } => {
            *source.expr(*value) == Expr::Closure(closure) || depth > 0 && holds(source, *value, closure, depth - 1)
        }
        Entry::Spread(_) => false,
    })
}

fn list<'a, K: std::hash::Hash + Eq, V>(map: &'a FxHashMap<K, Vec<V>>, key: &K) -> &'a [V] {
    map.get(key).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
