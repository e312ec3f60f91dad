//! *Communication Patterns*: who waits for whom and whether that is needed, chains and cycles, channels, gateways, and parties outside.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Wait};
use super::{Block, Text, below, table};
use crate::chart::{Call, CallIndex, Channel, ChannelEnd, Service, ServiceIndex, ServiceKind, Target};
use crate::words::counted;

/// How many chains are told hop by hop.
const MAX_CHAINS: usize = 5;
/// How many operations of a party outside are named.
const MAX_OPERATIONS: usize = 4;

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let parts = [
        ("Who waits for whom", waits(facts)),
        ("Chains", chains(facts)),
        ("Cycles", cycles(facts)),
        ("Messages", channels(facts)),
        ("Gateways", gateways(facts)),
        ("Parties outside", outside(facts)),
    ];
    parts.into_iter().flat_map(|(heading, blocks)| below(heading, blocks)).collect()
}

fn waits(facts: &Facts<'_>) -> Vec<Block> {
    let rows = facts.joint(facts.waits()).into_iter().map(|Wait { from, to, calls }| {
        let people = from.iter().all(|service| matches!(facts.chart.service(*service).kind, ServiceKind::Frontend | ServiceKind::Cli));
        let (reasons, doubts) = judged(facts, people, &calls);
        vec![
            facts.services(from),
            facts.services(to),
            facts.operations_text(&calls).then(passed(facts, &calls)).and(development(facts, &calls)).and(facts.doubt(&calls)),
            Text::say(reasons.join("; ")),
            Text::say(doubts.join("; ")),
        ]
    });
    table(&["From", "To", "Operations", "For waiting", "Against"], rows.collect()).into_iter().collect()
}

/// The gateways that calls pass.
fn passed(facts: &Facts<'_>, calls: &[CallIndex]) -> Text {
    let via = |call: &CallIndex| facts.chart.call(*call).via.as_slice();
    let gateways: BTreeSet<ServiceIndex> = calls.iter().flat_map(via).copied().collect();
    if gateways.is_empty() {
        return Text::default();
    }
    let some = if calls.iter().all(|call| !via(call).is_empty()) { ", through " } else { ", some through " };
    Text::say(some).then(facts.services(gateways))
}

/// Whether calls are made in development alone, where the proxy of a development server leads to who answers.
fn development(facts: &Facts<'_>, calls: &[CallIndex]) -> String {
    match (calls.iter().filter(|call| facts.chart.call(**call).development).count(), calls.len()) {
        (0, _) => String::new(),
        (some, all) if some == all => "; in development alone, by its proxy".to_owned(),
        (some, all) => format!("; {some} of {all} calls in development alone, by its proxy"),
    }
}

/// What speaks for and against waiting for the answers of some calls, which people wait for or services.
fn judged(facts: &Facts<'_>, people: bool, calls: &[CallIndex]) -> (Vec<String>, Vec<String>) {
    let mut operations: BTreeMap<String, Vec<&Call>> = BTreeMap::new();
    for call in calls.iter().map(|call| facts.chart.call(*call)) {
        operations.entry(call.label()).or_default().push(call);
    }
    let count = |wanted: Option<bool>| operations.values().filter(|calls| calls.iter().all(|call| call.changes() == wanted)).count();
    let (reads, writes, unknown) = (count(Some(false)), count(Some(true)), count(None));
    let (mut reasons, mut doubts) = (Vec::new(), Vec::new());
    if reads > 0 {
        reasons.push(format!("{} for an answer", counted(reads, "operation asks", "operations ask")));
    }
    if writes > 0 {
        let looks_on = if people { " while a person waits" } else { "" };
        reasons.push(format!("{} change something{looks_on}", counted(writes, "operation may", "operations may")));
    }
    if unknown > 0 {
        reasons.push(format!("{} not say whether anything changes", counted(unknown, "operation does", "operations do")));
    }
    let told = |calls: &&Vec<&Call>| calls.iter().all(|call| facts.is_told(call));
    let untaken = if people { 0 } else { operations.values().filter(told).count() };
    if untaken > 0 {
        doubts.push(format!("the answer of {untaken} is not used"));
    }
    (reasons, doubts)
}

fn chains(facts: &Facts<'_>) -> Vec<Block> {
    if facts.chains.is_empty() {
        return Vec::new();
    }
    let points = facts.chains.iter().take(MAX_CHAINS).map(|(chain, others)| {
        let start = facts.chart.endpoint(chain.start);
        let text = Text::of_code(start.label()).and(" of ").service(facts.id(start.service));
        let text = text.at(facts.site(start.place)).and(format!(" can wait on {} in a row: ", counted(chain.len(), "service", "services")));
        let hops = chain.hops.iter().map(|hop| {
            let (call, endpoint) = (facts.chart.call(hop.call), facts.chart.endpoint(hop.endpoint));
            let hop = Text::of_service(facts.id(call.from)).and(" asks ").service(facts.id(endpoint.service)).and(" for ");
            hop.code(endpoint.label()).at(facts.site(call.place))
        });
        let text = text.all(hops);
        match others.len() {
            0 => text.and("."),
            others => text.and(format!("; {} the same way.", counted(others, "other request can go", "other requests can go"))),
        }
    });
    let meaning = "Each handler may make the call that comes next; whether it does can depend on what it is asked.";
    let mut blocks = vec![Block::Paragraph(Text::say(meaning)), Block::List(points.collect())];
    if let Some(rest) = facts.chains.len().checked_sub(MAX_CHAINS).filter(|rest| *rest > 0) {
        blocks.push(Block::Paragraph(Text::say(format!(
            "{} of two hops and more are not listed.",
            counted(rest, "other chain", "other chains")
        ))));
    }
    blocks
}

fn cycles(facts: &Facts<'_>) -> Vec<Block> {
    let points: Vec<Text> = facts
        .graph
        .cycles()
        .into_iter()
        .map(|members| {
            let inside = |service: &ServiceIndex| members.contains(service);
            let edges: Vec<Text> = facts
                .waits()
                .into_iter()
                .filter(|(from, to, _)| inside(from) && inside(to))
                .map(|(from, to, calls)| {
                    let text = Text::of_service(facts.id(from)).and(" calls ").service(facts.id(to)).and(" (");
                    text.then(facts.operations_text(&calls)).and(")")
                })
                .collect();
            let text = facts.services(members.iter().copied()).and(" wait for each other, directly or through one another");
            if edges.is_empty() { text.and(", through the routes of a gateway.") } else { text.and(": ").all(edges).and(".") }
        })
        .collect();
    if points.is_empty() { points.into_iter().map(Block::Paragraph).collect() } else { vec![Block::List(points)] }
}

fn channels(facts: &Facts<'_>) -> Vec<Block> {
    let row = |channel: &Channel| {
        let broker = if channel.system == "*" { "not known" } else { channel.system.as_str() };
        let ends = |ends: &[ChannelEnd]| {
            let mut places = BTreeMap::new();
            for end in ends.iter().filter(|end| end.status.is_settled()) {
                places.entry(end.service).or_insert(end.place);
            }
            if places.is_empty() { Text::say("nobody here") } else { facts.users_text(&places) }
        };
        vec![Text::of_code(channel.name.as_str()), Text::say(broker), ends(&channel.producers), ends(&channel.consumers)]
    };
    table(&["Channel", "Broker", "Sent by", "Received by"], facts.chart.channels.iter().map(row).collect()).into_iter().collect()
}

fn gateways(facts: &Facts<'_>) -> Vec<Block> {
    let routes = facts.chart.calls.iter().filter(|call| call.status.is_settled() && Facts::is_route(call));
    let rows = routes.map(|call| {
        let to = match &call.to {
            Target::Service(service) => Text::of_service(facts.id(*service)),
            Target::External(name) => Text::say(name.as_str()),
        };
        vec![Text::of_service(facts.id(call.from)), Text::of_code(call.path.as_str()), to, Text::default().at(facts.site(call.place))]
    });
    table(&["Gateway", "Passes on", "To", "As said at"], rows.collect()).into_iter().collect()
}

/// Who is asked and is not built here: what is deployed beside the services, and hosts elsewhere.
fn outside(facts: &Facts<'_>) -> Vec<Block> {
    let mut parties: BTreeMap<(bool, &str), Vec<CallIndex>> = BTreeMap::new();
    for (index, call) in facts.calls() {
        let party = match &call.to {
            Target::External(name) => (true, name.as_str()),
            Target::Service(to) if facts.chart.service(*to).third_party => (false, facts.chart.service(*to).id.as_str()),
            Target::Service(_) => continue,
        };
        parties.entry(party).or_default().push(index);
    }
    let rows = parties.into_iter().map(|((outside, name), calls)| {
        let party = match (outside, namesake(facts, name)) {
            (false, _) => Text::of_service(name).and(", deployed here"),
            (true, Some(service)) => Text::of_code(name).and(", named like ").service(service.id.as_str()),
            (true, None) => Text::of_code(name),
        };
        let callers = facts.first_places(calls.iter().map(|call| facts.chart.call(*call)).map(|call| (call.from, call.place)));
        let operations = facts.operations(&calls).into_iter().map(|(label, _)| Text::of_code(label));
        vec![party, facts.users_text(&callers), Text::default().some(operations, MAX_OPERATIONS).then(passed(facts, &calls))]
    });
    table(&["Party", "Called by", "Operations"], rows.collect()).into_iter().collect()
}

/// The service that is built here and that a host is named like: it may be the same one, where it is in production.
fn namesake<'a>(facts: &Facts<'a>, host: &str) -> Option<&'a Service> {
    let (first, _) = host.split_once('.')?;
    facts.built().map(|(_, service)| service).find(|service| service.id == first)
}
