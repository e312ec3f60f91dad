//! `fan-out`: a request that waits on many services, each asked by the same handler.
//!
//! What deliberately does not live here: services asked one by the other, see [`super::sync_chain`]. Invariant: only calls that the handler waits for
//! count, and each service once.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::{Context, Draft, Number, RuleOption, Sink, Texts, exempt};
use crate::chart::{CallIndex, EndpointIndex, ServiceIndex};

const MIN_SERVICES: Number = Number { name: "min_services", meaning: "Fewer services are no fan-out.", default: 5, least: 2 };
pub(super) const COMPOSERS: Texts = Texts {
    name: "composers",
    meaning: "Words in the names of services whose work it is to ask many others.",
    default: &["bff", "gateway", "aggregator", "composer", "proxy", "portal"],
};
/// With fewer handlers, no service is there to pass requests on.
const MIN_HANDLERS: usize = 4;
/// With more of them in a hundred that pass on what one service says, it is.
const MAX_PASSING: usize = 70;
/// How many services are named in a message.
const MAX_NAMES: usize = 6;
/// How many other endpoints that ask the same services are named.
const MAX_OTHERS: usize = 5;

rule! {
    /// ## What it does
    /// Finds endpoints whose handler, at most six function calls deep, waits for five or more other services of the workspace. Endpoints of one
    /// service that ask the same ones are reported once.
    ///
    /// Gateways and back ends of front ends are there to do that and are left alone, by their kind or name, and so are services most of whose
    /// endpoints pass one service's answer on. Calls in spawned tasks and health checks do not count.
    ///
    /// ## Why it matters
    /// The endpoint is there only while all of them are, and as slow as the slowest. One that fails has to be decided on in the middle of the others,
    /// some of which have done their part.
    ///
    /// ## Example
    /// ```ts
    /// app.get("/overview", async (req, res) => {
    ///   const [user, orders, stock, prices, mails] = await Promise.all([users(), orders(), stock(), prices(), mails()]); // 5 services
    ///   res.json({ user, orders, stock, prices, mails });
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Keep a read model that events of these services feed, let those answer together who know each other, or leave the composing to a back end of
    /// the front end.
    "fan-out", Coupling, Information, "A handler waits on many services", check,
    options: &[RuleOption::Number(MIN_SERVICES), RuleOption::Texts(COMPOSERS)]
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut passing: FxHashMap<ServiceIndex, bool> = FxHashMap::default();
    let mut told: BTreeMap<(ServiceIndex, BTreeSet<ServiceIndex>), (EndpointIndex, Vec<EndpointIndex>)> = BTreeMap::new();
    for index in (0..context.chart.endpoints.len() as u32).map(EndpointIndex) {
        let endpoint = context.chart.endpoint(index);
        let (service, file) = (endpoint.service, endpoint.place.file);
        let composes = exempt::has_word(context.id(service), &sink.texts(&COMPOSERS, file));
        if exempt::from_chains(context.chart.service(service)) || composes {
            continue;
        }
        let asked: BTreeSet<ServiceIndex> = asked(context, index).into_keys().collect();
        let asks_many = asked.len() >= sink.number(&MIN_SERVICES, file);
        if asks_many && !*passing.entry(service).or_insert_with(|| passes_on(context, service)) {
            told.entry((service, asked)).or_insert_with(|| (index, Vec::new())).1.push(index);
        }
    }
    for (first, all) in told.into_values() {
        report(context, sink, first, &all);
    }
}

/// Whether most of what a service does is to ask one other service, and give back what that says: it is there to ask for others.
fn passes_on(context: &Context<'_>, service: ServiceIndex) -> bool {
    let own = (0..context.chart.endpoints.len() as u32).map(EndpointIndex).filter(|index| {
        let endpoint = context.chart.endpoint(*index);
        endpoint.service == service && !exempt::is_plumbing(&endpoint.path)
    });
    let (mut all, mut passing) = (0, 0);
    for index in own {
        let operation = context.operation(index);
        all += 1;
        passing += usize::from(asked(context, index).len() == 1 && operation.calls().count() == operation.steps.len());
    }
    all >= MIN_HANDLERS && passing * 100 > all * MAX_PASSING
}

/// The services that a handler waits for, each with the first call of it.
fn asked(context: &Context<'_>, index: EndpointIndex) -> BTreeMap<ServiceIndex, CallIndex> {
    let from = context.chart.endpoint(index).service;
    let mut asked = BTreeMap::new();
    for call in context.operation(index).awaited() {
        let row = context.chart.call(call);
        let counts = row.status.is_settled() && !row.development && !exempt::is_plumbing(&row.path);
        if let Some(to) = row.target().filter(|to| counts && *to != from && !context.chart.service(*to).third_party) {
            asked.entry(to).or_insert(call);
        }
    }
    asked
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, first: EndpointIndex, all: &[EndpointIndex]) {
    let (endpoint, asked) = (context.chart.endpoint(first), asked(context, first));
    let mut names: Vec<&str> = asked.keys().take(MAX_NAMES).map(|service| context.id(*service).as_str()).collect();
    if asked.len() > MAX_NAMES {
        names.push("…");
    }
    let calls = asked.iter().map(|(service, call)| {
        let call = context.chart.call(*call);
        (call.place, format!("waits for {}: {}", context.id(*service), call.label()))
    });
    let others = all.iter().filter(|other| **other != first).take(MAX_OTHERS).map(|other| {
        let other = context.chart.endpoint(*other);
        (other.place, format!("{} waits on the same", other.label()))
    });
    sink.report(Draft {
        severity: None,
        message: format!("{} of {} calls {} services: {}", endpoint.label(), context.id(endpoint.service), asked.len(), names.join(", ")),
        place: endpoint.place,
        related: calls.chain(others).collect(),
        services: std::iter::once(endpoint.service).chain(asked.keys().copied()).collect(),
        subject: vec![endpoint.label()],
    });
}
