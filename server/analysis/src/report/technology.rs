//! *Technology Recommendations*: what the workspace has already and should be used again, and what it lacks, each with its reason.

use core::time::Duration;
use std::collections::BTreeMap;

use super::facts::Facts;
use super::{Block, Text, below};
use crate::Place;
use crate::chart::{Channel, Coverage, ServiceIndex, ServiceKind};
use crate::rules::retries::{self, Tried};
use crate::words::{counted, duration};

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let there: Vec<Text> =
        brokers(facts).into_iter().chain(tracing(facts)).chain(limits(facts)).chain(retries(facts)).chain(stores(facts)).collect();
    let lacking: Vec<Text> = untraced(facts).into_iter().chain(dark(facts)).chain(no_broker(facts)).collect();
    let list = |points: Vec<Text>| if points.is_empty() { Vec::new() } else { vec![Block::List(points)] };
    let mut blocks = below("What is there and can be used again", list(there));
    blocks.extend(below("What is missing", list(lacking)));
    blocks
}

fn brokers(facts: &Facts<'_>) -> Vec<Text> {
    let mut systems: BTreeMap<&str, Vec<&Channel>> = BTreeMap::new();
    for channel in facts.chart.channels.iter().filter(|channel| channel.system != "*") {
        systems.entry(&channel.system).or_default().push(channel);
    }
    let texts = systems.into_iter().map(|(system, channels)| {
        let ends = channels.iter().flat_map(|channel| channel.producers.iter().chain(&channel.consumers));
        let users = facts.first_places(ends.filter(|end| end.status.is_settled()).map(|end| (end.service, end.place)));
        let carries = format!(" carries {}, for ", counted(channels.len(), "channel", "channels"));
        let text = Text::say("Messages: ").code(system).and(carries).then(facts.users_text(&users));
        text.and("; further events can take the same way.")
    });
    texts.collect()
}

fn tracing(facts: &Facts<'_>) -> Option<Text> {
    let mut traced: BTreeMap<Option<(Place, &str)>, Vec<ServiceIndex>> = BTreeMap::new();
    for row in facts.chart.tracing.iter().filter(|row| row.instrumented) {
        let evidence = row.evidence.first().map(|evidence| (evidence.place, &*evidence.what));
        traced.entry(evidence).or_default().push(row.service);
    }
    let texts: Vec<Text> = traced
        .into_iter()
        .map(|(evidence, services)| {
            let text = facts.services(services);
            match evidence {
                Some((place, what)) => text.and(format!(" ({what}")).at(facts.site(place)).and(")"),
                None => text,
            }
        })
        .collect();
    let others = if facts.chart.tracing.iter().all(|row| row.instrumented) { "." } else { "; others can do the same." };
    (!texts.is_empty()).then(|| Text::say("Tracing is there in ").all(texts).and(others))
}

/// Services that say how long they wait for others, each with the call that is waited for least.
fn limits(facts: &Facts<'_>) -> Option<Text> {
    let mut least: BTreeMap<ServiceIndex, (Duration, Place)> = BTreeMap::new();
    for (_, call) in facts.calls() {
        if let Some(limit) = call.limit {
            let known = least.entry(call.from).or_insert((limit, call.place));
            *known = (*known).min((limit, call.place));
        }
    }
    let texts: Vec<Text> = least
        .into_iter()
        .map(|(service, (limit, place))| {
            Text::of_service(facts.id(service)).and(format!(" ({}", duration(limit))).at(facts.site(place)).and(")")
        })
        .collect();
    let waits = if texts.len() == 1 { "says" } else { "say" };
    (!texts.is_empty()).then(|| Text::say("Time limits: ").all(texts).and(format!(" {waits} how long an answer is worth waiting for.")))
}

/// Services that send again what failed, each with what does it.
fn retries(facts: &Facts<'_>) -> Option<Text> {
    let mut tried: BTreeMap<ServiceIndex, Tried> = BTreeMap::new();
    for (index, call) in facts.calls() {
        if let Some(how) = retries::of_call(facts.snapshot, index) {
            tried.entry(call.from).or_insert(how);
        }
    }
    let texts: Vec<Text> = tried
        .into_iter()
        .map(|(service, how)| {
            Text::of_service(facts.id(service)).and(" (by ").then(Text::quoting(&how.by)).at(facts.site(how.place)).and(")")
        })
        .collect();
    let sends = if texts.len() == 1 { "sends" } else { "send" };
    (!texts.is_empty()).then(|| Text::say("Retries: ").all(texts).and(format!(" {sends} again what failed.")))
}

fn stores(facts: &Facts<'_>) -> Option<Text> {
    let mut engines: BTreeMap<&str, Vec<(ServiceIndex, Place)>> = BTreeMap::new();
    for store in &facts.chart.stores {
        engines.entry(crate::chart::document::engine(&store.system)).or_default().extend(&store.users);
    }
    let texts: Vec<Text> = engines
        .into_iter()
        .map(|(engine, users)| {
            let users = facts.first_places(users);
            let text = Text::of_code(engine).and(format!(" ({}", counted(users.len(), "service", "services")));
            let first = users.values().copied().min_by_key(|place| facts.rank(*place));
            first.map_or(text.clone(), |place| text.and(", the first").at(facts.site(place))).and(")")
        })
        .collect();
    (!texts.is_empty()).then(|| Text::say("Stores in use are ").all(texts).and("."))
}

/// Services that take part in calls or messages and start no tracer.
fn untraced(facts: &Facts<'_>) -> Option<Text> {
    let mut first: BTreeMap<ServiceIndex, Place> = BTreeMap::new();
    for (_, call) in facts.calls() {
        first.entry(call.from).or_insert(call.place);
        if let (Some(to), Some(endpoint)) = (call.target(), call.endpoint) {
            first.entry(to).or_insert(facts.chart.endpoint(endpoint).place);
        }
    }
    for end in facts.chart.channels.iter().flat_map(|channel| channel.producers.iter().chain(&channel.consumers)) {
        first.entry(end.service).or_insert(end.place);
    }
    let rows = facts.chart.tracing.iter().filter(|row| !row.instrumented).map(|row| row.service);
    let dark = rows.filter(|service| !matches!(facts.chart.service(*service).kind, ServiceKind::Frontend | ServiceKind::Cli));
    let dark: BTreeMap<ServiceIndex, Place> = dark.filter_map(|service| Some((service, *first.get(&service)?))).collect();
    if dark.is_empty() {
        return None;
    }
    let (takes, starts) = if dark.len() == 1 { ("takes", "starts") } else { ("take", "start") };
    let text = Text::say("Tracing: ").then(facts.users_text(&dark));
    Some(text.and(format!(" {takes} part in calls or messages and {starts} no tracer that is known, so that traces end there.")))
}

/// Traced services with handlers that no span is recorded for.
fn dark(facts: &Facts<'_>) -> Vec<Text> {
    let mut handlers: BTreeMap<ServiceIndex, Vec<Place>> = BTreeMap::new();
    for endpoint in &facts.chart.endpoints {
        if matches!(endpoint.coverage, Coverage::Dark(_)) {
            handlers.entry(endpoint.service).or_default().push(endpoint.place);
        }
    }
    let texts = handlers.into_iter().map(|(service, places)| {
        let text = Text::say("Spans: ")
            .service(facts.id(service))
            .and(format!(" is traced, but no span is recorded for {}", counted(places.len(), "operation", "operations")));
        text.and(", the first").at(facts.site(places[0])).and(".")
    });
    texts.collect()
}

/// A broker is missing where services change each other's state by calls alone.
fn no_broker(facts: &Facts<'_>) -> Option<Text> {
    // What is not read may send.
    if !facts.chart.channels.is_empty() || facts.unread().next().is_some() {
        return None;
    }
    let between = |service: ServiceIndex| {
        !matches!(facts.chart.service(service).kind, ServiceKind::Frontend | ServiceKind::Cli | ServiceKind::Gateway)
    };
    let calls: Vec<_> = facts
        .calls()
        .filter(|(_, call)| call.target().is_some_and(|to| to != call.from) && between(call.from) && call.changes() == Some(true))
        .collect();
    let (_, first) = calls.first()?;
    let count = counted(calls.len(), "call that may change", "calls that may change");
    let text = Text::say(format!("Messages: no channel is known, and services make {count} something at another, the first"));
    Some(text.at(facts.site(first.place)).and(". A broker is worth its price only if some of these need not be answered."))
}
