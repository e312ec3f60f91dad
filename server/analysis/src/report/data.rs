//! *Data Management*: who owns which data, who else looks at it, and where one request changes things in several places.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::catalog::Operation as Access;

use super::facts::{Facts, Wait};
use super::{Block, Text, below, table};
use crate::chart::operation::{SpanRef, Step};
use crate::chart::{EndpointIndex, ServiceIndex, ServiceKind, Store, document};
use crate::rules::exempt;
use crate::words::counted;

/// How many handlers a list names.
const MAX_HANDLERS: usize = 12;
/// How many tables are named of those that one service uses in one way.
const MAX_TABLES: usize = 3;

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    if facts.built().next().is_none() {
        return Vec::new();
    }
    let mut blocks = stores(facts);
    for store in &facts.chart.stores {
        blocks.extend(below(&format!("Who writes and reads {}", facts.store_name(store)), ownership(facts, store)));
    }
    blocks.extend(below("Reading what another service owns", read_models(facts)));
    blocks.extend(below("Saving and sending in one request", dual_writes(facts)));
    blocks.extend(below("Changing several services in one request", sagas(facts)));
    blocks.extend(below("Candidates for events", events(facts)));
    blocks
}

fn stores(facts: &Facts<'_>) -> Vec<Block> {
    let points = facts.chart.stores.iter().map(|store| {
        let (name, engine) = (facts.store_name(store), document::engine(&store.system));
        let text = Text::of_code(&name);
        let text = if name.starts_with(engine) { text } else { text.and(format!(" ({engine})")) };
        let users = facts.first_places(store.users.iter().copied());
        let text = text.and(" is opened by ");
        let text = if users.is_empty() { text.and("nobody here") } else { text.then(facts.users_text(&users)) };
        let text =
            if store.identified || users.len() < 2 { text } else { text.and("; nothing in the workspace tells whether all mean one") };
        text.and(".").then(used_alone(facts, store))
    });
    let points: Vec<Text> = points.collect();
    if !points.is_empty() {
        return vec![Block::List(points)];
    }
    let unread = facts.unread().next().is_some();
    let rest = if unread { "; what is in languages that are not read may open some" } else { "" };
    vec![Block::Paragraph(Text::say(format!("No service opens a store that is known{rest}.")))]
}

/// The services that use tables of a store.
fn users(store: &Store) -> BTreeSet<ServiceIndex> {
    let accesses = store.collections.iter().flat_map(|collection| &collection.accesses);
    accesses.filter(|access| access.status.is_settled()).map(|access| access.service).collect()
}

/// What the only service does that uses tables of a store.
fn used_alone(facts: &Facts<'_>, store: &Store) -> Text {
    let services = users(store);
    let (Some(service), 1) = (services.first(), services.len()) else { return Text::default() };
    let mut known: BTreeMap<&str, Vec<Text>> = BTreeMap::new();
    for collection in &store.collections {
        let [writes, reads] = [Access::Write, Access::Read].map(|operation| facts.users(collection, operation).remove(service));
        let (what, place) = match (writes, reads) {
            (Some(place), Some(_)) => ("reads and writes are", place),
            (Some(place), None) => ("writes alone are", place),
            (None, Some(place)) => ("reads alone are", place),
            (None, None) => continue,
        };
        known.entry(what).or_default().push(Text::of_code(collection.name.as_str()).at(facts.site(place)));
    }
    let word = store.collection_word().to_lowercase();
    let uses = ["reads and writes are", "writes alone are", "reads alone are"].into_iter().filter_map(|what| {
        let tables = known.remove(what)?;
        let count = counted(tables.len(), &word, &format!("{word}s"));
        Some(Text::say(format!("of {count} {what} known: ")).some(tables, MAX_TABLES))
    });
    let text = Text::say(" ").service(facts.id(*service)).and(" alone is known to use what is in it: ");
    uses.enumerate().fold(text, |text, (at, uses)| text.and(if at == 0 { "" } else { "; " }).then(uses)).and(".")
}

/// A table of services by tables: `R`, `W`, `RW`; and where the first write stands. Nothing where one service alone uses them.
fn ownership(facts: &Facts<'_>, store: &Store) -> Vec<Block> {
    let services = users(store);
    if services.len() < 2 {
        return Vec::new();
    }
    let columns: Vec<String> = std::iter::once(store.collection_word().to_owned())
        .chain(services.iter().map(|service| facts.id(*service)))
        .chain(["Written at".to_owned(), "Read at".to_owned()])
        .collect();
    let rows = store.collections.iter().map(|collection| {
        let (writes, reads) = (facts.users(collection, Access::Write), facts.users(collection, Access::Read));
        let cells = services.iter().map(|service| match (reads.contains_key(service), writes.contains_key(service)) {
            (true, true) => Text::say("RW"),
            (true, false) => Text::say("R"),
            (false, true) => Text::say("W"),
            (false, false) => Text::default(),
        });
        let first = |places: &BTreeMap<ServiceIndex, _>| {
            let place = places.values().min_by_key(|place| facts.rank(**place));
            place.map_or_else(|| Text::say("–"), |place| Text::default().at(facts.site(*place)))
        };
        let ends = [first(&writes), first(&reads)];
        std::iter::once(Text::of_code(collection.name.as_str())).chain(cells).chain(ends).collect()
    });
    vec![Block::Table { columns, rows: rows.collect() }]
}

/// Tables with one writer that other codebases read.
fn read_models(facts: &Facts<'_>) -> Vec<Block> {
    let mut points = Vec::new();
    for store in facts.chart.stores.iter().filter(|store| store.identified) {
        for collection in &store.collections {
            let (tools, writers): (BTreeMap<_, _>, BTreeMap<_, _>) = facts
                .users(collection, Access::Write)
                .into_iter()
                .partition(|(service, _)| exempt::from_data_rules(facts.chart.service(*service)));
            let (Some((owner, place)), 1) = (writers.first_key_value(), writers.len()) else { continue };
            let mut readers = facts.users(collection, Access::Read);
            readers.retain(|service, _| {
                facts.context.group(*service) != facts.context.group(*owner) && !exempt::from_data_rules(facts.chart.service(*service))
            });
            if readers.is_empty() {
                continue;
            }
            let text = facts.users_text(&readers).and(if readers.len() == 1 { " reads " } else { " read " }).code(collection.name.as_str());
            let text = text.and(", which ").service(facts.id(*owner)).and(" alone writes");
            let text = if tools.is_empty() { text } else { text.and(", apart from ").then(facts.services(tools.keys().copied())) };
            let text = text.at(facts.site(*place));
            points.push(text.and("."));
        }
    }
    if points.is_empty() {
        return Vec::new();
    }
    let meaning = "A table that others read is as hard to change as an interface. A copy kept up by its owner's events, or a question to the owner, would leave the owner free.";
    vec![Block::Paragraph(Text::say(meaning)), Block::List(points)]
}

/// The steps of an endpoint's handler that it waits for and that are sure.
fn steps<'a>(facts: &'a Facts<'_>, endpoint: EndpointIndex) -> impl Iterator<Item = &'a Step> {
    facts.context.operation(endpoint).own()
}

fn endpoints(facts: &Facts<'_>) -> impl Iterator<Item = EndpointIndex> {
    let count = facts.chart.endpoints.len() as u32;
    let chart = facts.chart;
    (0..count).map(EndpointIndex).filter(move |endpoint| !exempt::from_chains(chart.service(chart.endpoint(*endpoint).service)))
}

fn handler(facts: &Facts<'_>, endpoint: EndpointIndex) -> Text {
    let endpoint = facts.chart.endpoint(endpoint);
    Text::of_code(endpoint.label()).and(" of ").service(facts.id(endpoint.service)).at(facts.site(endpoint.place))
}

/// Handlers that save something and send a message.
fn dual_writes(facts: &Facts<'_>) -> Vec<Block> {
    let mut points = Vec::new();
    for endpoint in endpoints(facts) {
        let write = steps(facts, endpoint).find_map(|step| match step.span {
            SpanRef::Access(access) => {
                let row = access.of(facts.chart);
                let name = &access.collection.of(facts.chart).1.name;
                (row.operation == Access::Write && row.status.is_settled()).then_some((name, step.place))
            }
            SpanRef::Call(_) | SpanRef::Publish(_) => None,
        });
        let publish = steps(facts, endpoint).find_map(|step| match step.span {
            SpanRef::Publish(end) => {
                let sure = end.producer(facts.chart).status.is_settled();
                sure.then(|| (&facts.chart.channel(end.channel).name, step.place))
            }
            SpanRef::Call(_) | SpanRef::Access(_) => None,
        });
        if let (Some((table, written)), Some((channel, sent))) = (write, publish) {
            let text = handler(facts, endpoint).and(" leads to a write of ").code(table.as_str()).at(facts.site(written));
            points.push(text.and(" and to a message on ").code(channel.as_str()).at(facts.site(sent)).and("."));
        }
    }
    listed(
        points,
        "The two are in different systems: whatever ends the process between them leaves one without the other, unless they share a transaction or an outbox.",
    )
}

/// Handlers that change something at two services and more.
fn sagas(facts: &Facts<'_>) -> Vec<Block> {
    let mut points = Vec::new();
    for endpoint in endpoints(facts) {
        let mut changed: BTreeMap<ServiceIndex, (String, crate::Place)> = BTreeMap::new();
        for (call, step) in facts.context.operation(endpoint).calls().filter(|(_, step)| !step.guards) {
            let call = facts.chart.call(call);
            if let Some(target) = call.target().filter(|_| call.status.is_settled() && call.changes() == Some(true)) {
                changed.entry(target).or_insert_with(|| (call.label(), step.place));
            }
        }
        if changed.len() > 1 {
            let calls = changed
                .iter()
                .map(|(service, (label, place))| Text::of_code(label).and(" of ").service(facts.id(*service)).at(facts.site(*place)));
            points.push(handler(facts, endpoint).and(" leads to calls of ").all(calls).and("."));
        }
    }
    listed(
        points,
        "If a later step fails, the earlier ones stay done: each needs a step that takes it back, or all of them a saga that remembers how far it came.",
    )
}

/// Calls between services that change something and whose answer nobody reads: what could be told as an event.
fn events(facts: &Facts<'_>) -> Vec<Block> {
    let told = facts.waits().into_iter().filter_map(|(from, to, mut calls)| {
        if matches!(facts.chart.service(from).kind, ServiceKind::Frontend | ServiceKind::Cli | ServiceKind::Gateway) {
            return None;
        }
        calls.retain(|call| facts.is_told(facts.chart.call(*call)));
        (!calls.is_empty()).then_some((from, to, calls))
    });
    let row = |Wait { from, to, calls }| vec![facts.services(from), facts.services(to), facts.operations_text(&calls)];
    let rows = facts.joint(told).into_iter().map(row).collect();
    let Some(rows) = table(&["From", "To", "Operations"], rows) else { return Vec::new() };
    let text = "These calls may change something at another service, by their methods, and are waited for though nothing of the answer is used. Each could be an event that the other consumes, where the caller need not know at once that it went well.";
    vec![Block::Paragraph(Text::say(text)), rows]
}

fn listed(mut points: Vec<Text>, meaning: &str) -> Vec<Block> {
    if points.is_empty() {
        return Vec::new();
    }
    let rest = points.len().saturating_sub(MAX_HANDLERS);
    points.truncate(MAX_HANDLERS);
    let mut blocks = vec![Block::Paragraph(Text::say(meaning)), Block::List(points)];
    if rest > 0 {
        blocks.push(Block::Paragraph(Text::say(format!("{} more.", counted(rest, "handler does so", "handlers do so")))));
    }
    blocks
}
