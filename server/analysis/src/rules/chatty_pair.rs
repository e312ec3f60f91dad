//! `chatty-pair`: two services that cannot do much without each other.
//!
//! What deliberately does not live here: several services, see [`super::fan_out`]. Invariant: a pair is reported once.

use std::collections::{BTreeMap, BTreeSet};

use super::fan_out::COMPOSERS;
use super::{Context, Draft, Number, RuleOption, Sink, exempt};
use crate::chart::{Call, CallIndex, EndpointIndex, ServiceIndex, ServiceKind};
use crate::words::counted;

const MIN_ENDPOINTS: Number =
    Number { name: "min_endpoints", meaning: "Fewer endpoints used by a service are not many.", default: 8, least: 2 };
const MIN_CALLS: Number = Number { name: "min_calls", meaning: "Fewer endpoints used by one handler are not many.", default: 3, least: 2 };
/// How many endpoints are named.
const MAX_SITES: usize = 10;

rule! {
    /// ## What it does
    /// Lists pairs of services of which one uses eight or more endpoints of the other, or three or more in one handler. Front ends, gateways, jobs
    /// and command line tools are left alone, by their kind or name: they are there for that. Of a client with many methods those count that are
    /// called.
    ///
    /// ## Why it matters
    /// Two services that say so much to each other change, fail and are deployed together. Often the boundary was drawn through the middle of one
    /// thing.
    ///
    /// ## Example
    /// ```ts
    /// app.post("/orders", async (req, res) => {
    ///   await inventory.get(`/stock/${sku}`);
    ///   await inventory.post(`/reservations`, { sku });
    ///   await inventory.put(`/shelves/${sku}`, { count });
    ///   res.sendStatus(201);
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Offer one endpoint that does what the caller wants done, or move what both work on to one side.
    "chatty-pair", Coupling, Hint, "Two services use much of each other", check,
    recommended: false, options: &[RuleOption::Number(MIN_ENDPOINTS), RuleOption::Number(MIN_CALLS), RuleOption::Texts(COMPOSERS)]
}

/// The endpoints of a service that another uses, each with the first call of it.
type Used = BTreeMap<EndpointIndex, CallIndex>;

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let calls = (0..context.chart.calls.len() as u32).map(CallIndex);
    let pairs = used(context, calls);
    let mut told = BTreeSet::new();
    for (pair, used) in &pairs {
        let Some(file) = used.values().map(|call| context.chart.call(*call).place.file).next() else { continue };
        if exempt::has_word(context.id(pair.0), &sink.texts(&COMPOSERS, file)) {
            told.insert(*pair);
        } else if used.len() >= sink.number(&MIN_ENDPOINTS, file) {
            told.insert(*pair);
            let files: BTreeSet<_> = calls_of(context, *pair).map(|call| context.chart.call(call).place.file).collect();
            let (endpoints, files) = (counted(used.len(), "endpoint", "endpoints"), counted(files.len(), "file", "files"));
            let message = format!("{} uses {endpoints} of {} in {files}", context.id(pair.0), context.id(pair.1));
            report(context, sink, *pair, used, message);
        }
    }
    for index in (0..context.chart.endpoints.len() as u32).map(EndpointIndex) {
        let endpoint = context.chart.endpoint(index);
        for (pair, used) in used(context, context.operation(index).awaited()) {
            if used.len() >= sink.number(&MIN_CALLS, endpoint.place.file) && told.insert(pair) {
                let message =
                    format!("{} of {} uses {} endpoints of {}", endpoint.label(), context.id(pair.0), used.len(), context.id(pair.1));
                report(context, sink, pair, &used, message);
            }
        }
    }
}

/// What of these calls counts, by the services at both ends.
fn used(context: &Context<'_>, calls: impl Iterator<Item = CallIndex>) -> BTreeMap<(ServiceIndex, ServiceIndex), Used> {
    let mut pairs: BTreeMap<(ServiceIndex, ServiceIndex), Used> = BTreeMap::new();
    for call in calls {
        if let Some((pair, endpoint)) = counting(context, call) {
            pairs.entry(pair).or_default().entry(endpoint).or_insert(call);
        }
    }
    pairs
}

fn counting(context: &Context<'_>, call: CallIndex) -> Option<((ServiceIndex, ServiceIndex), EndpointIndex)> {
    let row = context.chart.call(call);
    let (to, endpoint) = (row.target()?, row.endpoint?);
    let asks_for_others = |service: ServiceIndex| {
        let kind = context.chart.service(service).kind;
        exempt::from_chains(context.chart.service(service)) || matches!(kind, ServiceKind::Cli | ServiceKind::Job)
    };
    let counts = row.status.is_settled() && !row.development && !exempt::is_plumbing(&row.path) && to != row.from;
    (counts && is_used(context, row) && !asks_for_others(row.from) && !asks_for_others(to)).then_some(((row.from, to), endpoint))
}

/// Whether something runs the method that a call stands in: of a client with a method for each endpoint, others count for nothing.
fn is_used(context: &Context<'_>, call: &Call) -> bool {
    let function = call.function;
    let is_method = context.snapshot.files.function(function).is_some_and(|facts| facts.owner.is_some() && !facts.name.is_empty());
    !is_method
        || !context.index.runners_of(function).is_empty()
        || !context.index.endpoints_of(function).is_empty()
        || !context.index.consumers_of(function).is_empty()
}

fn calls_of(context: &Context<'_>, pair: (ServiceIndex, ServiceIndex)) -> impl Iterator<Item = CallIndex> {
    (0..context.chart.calls.len() as u32).map(CallIndex).filter(move |call| counting(context, *call).is_some_and(|(of, _)| of == pair))
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, pair: (ServiceIndex, ServiceIndex), used: &Used, message: String) {
    let mut calls: Vec<CallIndex> = used.values().copied().collect();
    calls.sort();
    let Some((first, others)) = calls.split_first() else { return };
    let place = context.chart.call(*first).place;
    let others = others.iter().map(|call| context.chart.call(*call)).filter(|call| call.place != place);
    sink.report(Draft {
        severity: None,
        message,
        place,
        related: others.take(MAX_SITES).map(|call| (call.place, format!("{} calls {}", context.id(call.from), call.label()))).collect(),
        services: vec![pair.0, pair.1],
        subject: vec![context.id(pair.0).to_string(), context.id(pair.1).to_string()],
    });
}
