//! `service-size`: a service that is most of the system, or hardly anything.
//!
//! What deliberately does not live here: how to cut it. Invariant: only systems of several services are looked at, and only services that are read.

use std::collections::BTreeSet;

use portolan_grammars::catalog::Operation;

use super::parties::is_one_database;
use super::{Context, Draft, Number, RuleOption, Sink, exempt};
use crate::Place;
use crate::chart::{ServiceIndex, ServiceKind};
use crate::words::counted;

const MIN_SERVICES: Number = Number { name: "min_services", meaning: "A system of fewer services is left alone.", default: 6, least: 2 };
const MAX_SHARE: Number =
    Number { name: "max_share", meaning: "A service is large that has more than these percents of all handlers.", default: 40, least: 1 };
const MIN_LINES: Number =
    Number { name: "min_lines", meaning: "A service of one caller is small that has fewer lines than these.", default: 300, least: 1 };
/// How many handlers a small service has at most.
const FEW_HANDLERS: usize = 2;
/// Services with handlers that there must be for one to have most of them.
const MIN_SERVING: usize = 3;

rule! {
    /// ## What it does
    /// Lists services with more than two fifths of all handlers of requests and messages in a system of six services or more, and services of at most
    /// two handlers and few lines that one other service calls, and that keep no data. Where two have that many, none has too many.
    ///
    /// Gateways, front ends, functions, examples, tools and services in languages that are not read are left alone.
    ///
    /// ## Why it matters
    /// The large one is the system: who wants to change anything meets everybody else there, and what the others gain by being apart is lost. The
    /// small one is a function that fails in more ways than a function does.
    ///
    /// ## Example
    /// ```text
    /// api has 61 of 94 handlers and writes 12 of 17 tables
    /// ```
    ///
    /// ## How to fix
    /// Cut the large one along the tables that are written together; the report lists them. Move the small one into its caller.
    "service-size", Topology, Hint, "A service is most of the system, or hardly anything", check,
    recommended: false, options: &[RuleOption::Number(MIN_SERVICES), RuleOption::Number(MAX_SHARE), RuleOption::Number(MIN_LINES)]
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let own: Vec<ServiceIndex> =
        (0..context.chart.services.len() as u32).map(ServiceIndex).filter(|service| !context.chart.service(*service).third_party).collect();
    let handlers: Vec<usize> = own.iter().map(|service| handlers(context, *service)).collect();
    let (all, serving) = (handlers.iter().sum::<usize>(), handlers.iter().filter(|count| **count > 0).count());
    for (&service, &count) in own.iter().zip(&handlers) {
        let facts = context.chart.service(service);
        let (Some(place), true) = (facts.evidence.first().map(|evidence| evidence.place), facts.is_read() && !exempt::is_aside(facts))
        else {
            continue;
        };
        if facts.kind != ServiceKind::Backend || own.len() < sink.number(&MIN_SERVICES, place.file) {
            continue;
        }
        let share = all * sink.number(&MAX_SHARE, place.file);
        let alone = handlers.iter().filter(|count| **count * 100 > share).count() == 1;
        if serving >= MIN_SERVING && count * 100 > share && alone {
            let (written, tables) = tables(context, service);
            let and = if written > 0 { format!(" and writes {written} of {tables} tables") } else { String::new() };
            report(sink, service, place, format!("{} has {count} of {all} handlers{and}", context.id(service)), Vec::new(), "large");
        } else if (1..=FEW_HANDLERS).contains(&count) {
            small(context, sink, service, place, count);
        }
    }
}

/// How many requests and messages a service handles, without those of machines that watch.
fn handlers(context: &Context<'_>, service: ServiceIndex) -> usize {
    let chart = context.chart;
    let endpoints = chart.endpoints.iter().filter(|endpoint| endpoint.service == service && !exempt::is_plumbing(&endpoint.path)).count();
    endpoints + chart.channels.iter().flat_map(|channel| &channel.consumers).filter(|end| end.service == service).count()
}

/// How many tables a service writes, and how many there are that are written.
fn tables(context: &Context<'_>, service: ServiceIndex) -> (usize, usize) {
    let stores = context.chart.stores.iter().filter(|store| is_one_database(store));
    let mut counts = (0, 0);
    for collection in stores.flat_map(|store| &store.collections) {
        let mut writes = collection.accesses.iter().filter(|access| access.operation == Operation::Write && access.status.is_settled());
        let by: BTreeSet<ServiceIndex> = writes.by_ref().map(|access| access.service).collect();
        counts.0 += usize::from(by.contains(&service));
        counts.1 += usize::from(!by.is_empty());
    }
    counts
}

fn small(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, place: Place, handlers: usize) {
    let chart = context.chart;
    let calls = || chart.calls.iter().filter(|call| call.target() == Some(service) && call.status.is_settled());
    let callers: BTreeSet<ServiceIndex> = calls().map(|call| call.from).collect();
    let channels = chart.channels.iter().any(|channel| channel.consumers.iter().any(|end| end.service == service));
    let keeps_data = chart.stores.iter().any(|store| store.users.iter().any(|(user, _)| *user == service));
    let (Some(caller), 1, Some(lines)) = (callers.first().copied(), callers.len(), lines(context, service)) else { return };
    if channels || keeps_data || lines >= sink.number(&MIN_LINES, place.file) {
        return;
    }
    let sites = calls().map(|call| (call.place, format!("{} calls {}", context.id(caller), call.label()))).collect();
    let handlers = counted(handlers, "handler", "handlers");
    let message = format!("{} has {handlers} in {lines} lines, and {} alone calls it", context.id(service), context.id(caller));
    report(sink, service, place, message, sites, "small");
}

/// How many lines of code a service has, where its folder is its own.
fn lines(context: &Context<'_>, service: ServiceIndex) -> Option<usize> {
    let root = &context.chart.service(service).root;
    let shared = context.chart.services.iter().filter(|other| other.root.starts_with(root)).count() > 1;
    if shared || root.as_str().is_empty() {
        return None;
    }
    let sources = context.snapshot.files.iter().filter(|(_, path, facts)| path.starts_with(root) && facts.source().is_some());
    Some(sources.map(|(_, _, facts)| facts.line_starts.len()).sum())
}

fn report(sink: &mut Sink<'_>, service: ServiceIndex, place: Place, message: String, related: Vec<(Place, String)>, which: &str) {
    sink.report(Draft { severity: None, message, place, related, services: vec![service], subject: vec![which.to_owned()] });
}
