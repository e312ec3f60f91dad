//! *Summary*: the whole in a few sentences and one picture.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::{Block, Text, risks};
use crate::chart::ServiceKind;
use crate::chart::map::NodeKind;
use crate::rules;
use crate::words::{counted, enumerate};

/// How many rules are named whose findings weigh most.
const MAX_GRAVE: usize = 3;

pub(super) fn figures(facts: &Facts<'_>) -> Vec<(&'static str, usize)> {
    vec![
        ("services", facts.built().count()),
        ("synchronous edges", facts.waits().len()),
        ("channels", facts.chart.channels.len()),
        ("stores", facts.chart.stores.len()),
        ("findings", facts.snapshot.findings.len()),
        ("unresolved calls", facts.chart.unresolved.len()),
    ]
}

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let chart = facts.chart;
    let built = facts.built().count();
    if built == 0 {
        return vec![Block::Paragraph(Text::say("No service was found that this workspace builds."))];
    }
    let mut kinds: BTreeMap<ServiceKind, usize> = BTreeMap::new();
    for (_, service) in facts.built() {
        *kinds.entry(service.kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| sort(*kind, *count)).collect();
    let mut first = format!("This workspace builds {} ({})", counted(built, "service", "services"), enumerate(&kinds));
    match facts.bought().count() {
        0 => first.push('.'),
        bought => first.push_str(&format!(" and deploys {bought} more that {} built elsewhere.", if bought == 1 { "is" } else { "are" })),
    }
    let waits = facts.waits();
    let pairs = waits.len();
    let operations: usize = waits.iter().map(|(.., calls)| facts.operations(calls).len()).sum();
    let tables: usize = chart.stores.iter().map(|store| store.collections.len()).sum();
    let mut second = if pairs == 0 {
        String::new()
    } else {
        format!(" Calls join {} of services, in {}.", counted(pairs, "pair", "pairs"), counted(operations, "operation", "operations"))
    };
    let channels = chart.channels.len();
    if channels > 0 {
        let carry = if channels == 1 { "carries" } else { "carry" };
        second.push_str(&format!(" {} {carry} messages.", counted(channels, "channel", "channels")));
    }
    let stores = chart.stores.len();
    if stores > 0 {
        let hold = if stores == 1 { "holds" } else { "hold" };
        let tables = counted(tables, "known table or collection", "known tables and collections");
        second.push_str(&format!(" {} {hold} {tables}.", counted(stores, "store", "stores")));
    }
    let cycles = facts.graph.cycles();
    if let Some((chain, _)) = facts.chains.first() {
        second
            .push_str(&format!(" The longest chain found has a request wait on {} in a row.", counted(chain.len(), "service", "services")));
    }
    if !cycles.is_empty() {
        second.push_str(&format!(" There {} of services that wait for each other.", was(cycles.len(), "cycle", "cycles")));
    }
    let mut blocks = vec![Block::Paragraph(Text::say(first).and(second)), Block::Paragraph(Text::say(found(facts)))];
    let gravest = gravest(facts);
    if !gravest.is_empty() {
        blocks.push(Block::List(gravest));
    }
    let unread: Vec<_> = facts.unread().map(|(index, _)| index).collect();
    if !unread.is_empty() {
        let text = Text::say("Of ").then(facts.services(unread)).and(" the code, or most of it, is in languages that are not read: ");
        blocks.push(Block::Paragraph(text.and("what is called from there is not known, and not in the picture.")));
    }
    let map = facts.map.through_channels().only(|node| !matches!(node.kind, NodeKind::Outside));
    if !map.edges.is_empty() {
        blocks.push(Block::Map(map));
    }
    blocks
}

fn found(facts: &Facts<'_>) -> String {
    let counts = rules::tally(&facts.snapshot.findings);
    let found = if counts.is_empty() { "The rules find nothing".to_owned() } else { format!("The rules find {}", enumerate(&counts)) };
    match facts.chart.unresolved.len() {
        0 => format!("{found}; every call that is read could be followed."),
        1 => format!("{found}; 1 call could not be followed."),
        unresolved => format!("{found}; {unresolved} calls could not be followed."),
    }
}

/// The rules that found what weighs most, each with one finding.
fn gravest(facts: &Facts<'_>) -> Vec<Text> {
    let found = risks::ranked(facts).into_iter().flat_map(|(_, found)| found);
    let worst = found.filter(|(_, list)| list[0].severity >= rules::Severity::Warning).take(MAX_GRAVE);
    let texts = worst.map(|(rule, list)| {
        let text = Text::say(format!("{} ({} of ", rule.summary, counted(list.len(), "finding", "findings"))).code(rule.name).and("): ");
        text.then(Text::quoting(&list[0].message)).at(facts.site(list[0].place)).and(".")
    });
    texts.collect()
}

/// So many services of a kind.
fn sort(kind: ServiceKind, count: usize) -> String {
    match kind {
        ServiceKind::Backend => counted(count, "back end", "back ends"),
        ServiceKind::Frontend => counted(count, "front end", "front ends"),
        ServiceKind::Gateway => counted(count, "gateway", "gateways"),
        ServiceKind::Worker => counted(count, "worker", "workers"),
        ServiceKind::Cli => counted(count, "command-line tool", "command-line tools"),
        ServiceKind::Job => counted(count, "job", "jobs"),
    }
}

fn was(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", if count == 1 { "is" } else { "are" }, counted(count, one, many))
}
