//! *Service Decomposition*: which services there are, of what size, and which of them belong together.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use portolan_grammars::catalog::Operation as Access;

use super::facts::Facts;
use super::{Block, Text, below, table};
use crate::chart::{Service, ServiceIndex, ServiceKind};
use crate::rules::exempt;
use crate::words::counted;

/// So many operations between two services, and so large a part of all that one of them calls, are affinity.
const AFFINITY: (usize, usize, usize) = (4, 2, 3);
/// How many tables are named as evidence.
const MAX_TABLES: usize = 4;

pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let sizes = sizes(facts);
    let mut columns = vec!["Service", "Kind", "Root", "Languages", "Answers", "Lines read", "Known from"];
    let mut rows: Vec<Vec<Text>> = facts.built().map(|(index, service)| row(facts, &sizes, index, service)).collect();
    if facts.has_owners() {
        columns.push("Owners");
        for (row, (_, service)) in rows.iter_mut().zip(facts.built()) {
            row.push(owners(facts, service));
        }
    }
    let mut blocks: Vec<Block> = table(&columns, rows).into_iter().collect();
    let bought: Vec<Text> = facts
        .bought()
        .map(|service| {
            let text = Text::of_service(service.id.as_str());
            service.evidence.first().map_or(text.clone(), |evidence| text.at(facts.site(evidence.place)))
        })
        .collect();
    if !bought.is_empty() {
        blocks.push(Block::Paragraph(Text::say("Deployed, but not built here: ").all(bought).and(".")));
    }
    blocks.extend(below("Which belong together", contexts(facts)));
    blocks.extend(below("Affinity", affinity(facts)));
    blocks
}

fn row(facts: &Facts<'_>, sizes: &BTreeMap<ServiceIndex, usize>, index: ServiceIndex, service: &Service) -> Vec<Text> {
    let endpoints = facts.chart.endpoints.iter().filter(|endpoint| endpoint.service == index).count();
    let languages: Vec<&str> = service.languages.iter().map(|language| language.as_str()).collect();
    let root = if service.root.as_str().is_empty() { "." } else { service.root.as_str() };
    // Several programs of one folder have their lines in common.
    let shared = facts.built().any(|(other, it)| other != index && it.root == service.root);
    let lines = match sizes.get(&index).filter(|lines| **lines > 0) {
        Some(lines) if shared => format!("{lines}, shared"),
        Some(lines) => lines.to_string(),
        None => "–".to_owned(),
    };
    let known = service.evidence.first().map_or_else(Text::default, |evidence| Text::default().at(facts.site(evidence.place)));
    let endpoints = if endpoints == 0 { "–".to_owned() } else { counted(endpoints, "operation", "operations") };
    vec![
        Text::of_service(service.id.as_str()),
        Text::say(service.kind.as_str()),
        Text::of_code(root),
        Text::say(languages.join(", ")),
        Text::say(endpoints),
        Text::say(lines),
        known,
    ]
}

/// Who answers for a service, and where that is said.
fn owners(facts: &Facts<'_>, service: &Service) -> Text {
    let Some((_, place)) = service.owners.first() else { return Text::say("–") };
    let names: Vec<&str> = service.owners.iter().map(|(owner, _)| owner.as_str()).collect();
    Text::say(names.join(", ")).at(facts.site(*place))
}

/// Lines of source below each service's root and below no other root in it.
fn sizes(facts: &Facts<'_>) -> BTreeMap<ServiceIndex, usize> {
    let roots: Vec<(ServiceIndex, &Utf8Path)> = facts.built().map(|(index, service)| (index, service.root.as_path())).collect();
    let mut sizes = BTreeMap::new();
    for (id, path, file) in facts.snapshot.files.iter() {
        if facts.snapshot.files.source(id).is_none() {
            continue;
        }
        let longest = roots.iter().filter(|(_, root)| path.starts_with(root)).map(|(_, root)| root.as_str().len()).max();
        for (service, _) in roots.iter().filter(|(_, root)| path.starts_with(root) && Some(root.as_str().len()) == longest) {
            *sizes.entry(*service).or_default() += file.line_starts.len();
        }
    }
    sizes
}

/// Services that share a codebase or write one table, which makes them one bounded context for now, and those that own data of their own.
fn contexts(facts: &Facts<'_>) -> Vec<Block> {
    let mut joined = Joined::new(facts.chart.services.len());
    let mut reasons: BTreeMap<usize, Vec<Text>> = BTreeMap::new();
    let takes_part = |index: ServiceIndex| !exempt::from_data_rules(facts.chart.service(index));
    let mut codebases: BTreeMap<u64, Vec<ServiceIndex>> = BTreeMap::new();
    for (index, _) in facts.built().filter(|(index, _)| takes_part(*index)) {
        codebases.entry(facts.context.group(index)).or_default().push(index);
    }
    let mut why: Vec<(ServiceIndex, Text)> = Vec::new();
    for services in codebases.values().filter(|services| services.len() > 1) {
        services.windows(2).for_each(|pair| joined.join(pair[0].index(), pair[1].index()));
        why.push((services[0], facts.services(services.iter().copied()).and(" are built from one codebase")));
    }
    let mut owned: BTreeMap<ServiceIndex, Vec<Text>> = BTreeMap::new();
    let mut tools: BTreeMap<ServiceIndex, BTreeSet<ServiceIndex>> = BTreeMap::new();
    for store in facts.chart.stores.iter().filter(|store| store.identified) {
        for collection in store.collections.iter().filter(|collection| !exempt::has_word(&collection.name, exempt::SHARED_TABLES.default)) {
            let mut writers = facts.users(collection, Access::Write);
            let others: Vec<ServiceIndex> = writers.keys().copied().filter(|service| !takes_part(*service)).collect();
            writers.retain(|service, _| takes_part(*service));
            let services: Vec<ServiceIndex> = writers.keys().copied().collect();
            match services.as_slice() {
                [] => {}
                [owner] => {
                    tools.entry(*owner).or_default().extend(others);
                    owned.entry(*owner).or_default().push(Text::of_code(collection.name.as_str()).at(facts.site(writers[owner])));
                }
                several => {
                    several.windows(2).for_each(|pair| joined.join(pair[0].index(), pair[1].index()));
                    let text =
                        facts.users_text(&writers).and(" write ").code(collection.name.as_str()).and(" of ").code(facts.store_name(store));
                    why.push((several[0], text));
                }
            }
        }
    }
    for (service, text) in why {
        reasons.entry(joined.root(service.index())).or_default().push(text);
    }
    let mut points = Vec::new();
    let mut together: BTreeSet<ServiceIndex> = BTreeSet::new();
    for (root, reasons) in &reasons {
        let members: Vec<ServiceIndex> =
            facts.built().map(|(index, _)| index).filter(|index| joined.root(index.index()) == *root).collect();
        together.extend(&members);
        let text = facts.services(members.iter().copied()).and(" are one bounded context as the code stands");
        // One codebase is all that there is to say where it makes all of them.
        let is_codebase = codebases.values().any(|services| *services == members);
        let text = if is_codebase {
            text.and(": they are built from one codebase, ").code(facts.chart.service(members[0]).root.as_str())
        } else {
            text.and(": ").all(reasons.iter().cloned())
        };
        points.push(text.and("."));
    }
    for (service, tables) in owned.iter().filter(|(service, _)| !together.contains(service)) {
        let text = Text::of_service(facts.id(*service)).and(" is a context of its own: it alone");
        let text = match tools.get(service).filter(|tools| !tools.is_empty()) {
            Some(tools) => text.and(", apart from ").then(facts.services(tools.iter().copied())).and(", writes "),
            None => text.and(" writes "),
        };
        points.push(text.some(tables.iter().cloned(), MAX_TABLES).and("."));
    }
    if points.is_empty() { Vec::new() } else { vec![Block::List(points)] }
}

/// Services that call one other service above all. What people use is made for who answers it, and a gateway calls nobody of itself.
fn affinity(facts: &Facts<'_>) -> Vec<Block> {
    let (least, part, whole) = AFFINITY;
    let calls_of_itself = |service: ServiceIndex| {
        !matches!(facts.chart.service(service).kind, ServiceKind::Frontend | ServiceKind::Cli | ServiceKind::Gateway)
    };
    let waits: Vec<_> = facts.waits().into_iter().filter(|(from, ..)| calls_of_itself(*from)).collect();
    let mut all: BTreeMap<ServiceIndex, usize> = BTreeMap::new();
    for (from, _, calls) in &waits {
        *all.entry(*from).or_default() += facts.operations(calls).len();
    }
    let mut points = Vec::new();
    for (from, to, calls) in &waits {
        let (operations, total) = (facts.operations(calls), all.get(from).copied().unwrap_or(0));
        let count = operations.len();
        let Some((_, first)) = operations.first().filter(|_| count >= least && count * whole >= total * part) else { continue };
        let text = Text::of_service(facts.id(*from)).and(format!(" calls {count} operations of ")).service(facts.id(*to));
        let text = text.and(", the first").at(facts.site(*first));
        points.push(if count == total {
            text.and(", and none of another service that is built here.")
        } else {
            text.and(format!(", of {total} that it calls in all."))
        });
    }
    if points.is_empty() {
        return Vec::new();
    }
    let meaning = "A change of what the one answers is likely to be a change of the other, too.";
    vec![Block::Paragraph(Text::say(meaning)), Block::List(points)]
}

/// Which of a number of things were joined: each set has one root.
struct Joined(Vec<usize>);

impl Joined {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }
    fn root(&self, mut at: usize) -> usize {
        // Ends, as roots are smaller than what hangs on them.
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
