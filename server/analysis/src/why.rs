//! Why an edge is there, or why it is not: evidence hop by hop, or the candidates and why each was refused.
//!
//! Answers are plain data with places; what deliberately does not live here is how they look. Invariant: nothing is guessed anew: what is said
//! follows from the chart alone.

use std::collections::{BTreeMap, VecDeque};

use portolan_grammars::catalog::Operation;
use portolan_grammars::suggest;
use rustc_hash::FxHashMap;

use crate::chart::graph::{Edge, ServiceGraph};
use crate::chart::index::{AccessRef, Subject};
use crate::chart::{Call, CallIndex, ChannelEnd, ChannelIndex, Chart, EndpointIndex, Evidence, ServiceIndex, Target, Unresolved};
use crate::settle::Serving;
use crate::words::enumerate;
use crate::{FileId, Place, Snapshot};

/// How many refused candidates are told of.
const MAX_REFUSED: usize = 8;

/// A place, a sentence about it, and the places that belong to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// One sentence without a full stop.
    pub title: String,
    /// Where it is.
    pub place: Place,
    /// Words at that place.
    pub label: String,
    /// Hops, in order, each with a few words.
    pub hops: Vec<(Place, String)>,
    /// Further sentences.
    pub notes: Vec<String>,
}

/// What connects two services, or what does not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explanation {
    /// Calls and messages that connect them, by place.
    pub edges: Vec<Account>,
    /// Where there are none: calls that might, and why they do not.
    pub refused: Vec<Account>,
    /// Where there are none: sentences on what else is known.
    pub notes: Vec<String>,
}

/// What a name means: a service by its id or another name, or someone outside by the name in the chart.
///
/// # Errors
/// A sentence that says what was meant, or what there is.
pub fn named(snapshot: &Snapshot, name: &str) -> Result<Target, String> {
    let chart = &snapshot.chart;
    if let Some(at) = chart.services.iter().position(|service| service.id == name) {
        return Ok(Target::Service(ServiceIndex(at as u32)));
    }
    let same = |other: &str| plain(other) == plain(name);
    let services: Vec<u32> = (0..chart.services.len() as u32)
        .filter(|at| {
            let service = &chart.services[*at as usize];
            service.aliases.iter().chain([&service.id, &service.name]).any(|other| same(other))
        })
        .collect();
    match services.as_slice() {
        [one] => return Ok(Target::Service(ServiceIndex(*one))),
        [] => {}
        several => {
            let ids: Vec<&str> = several.iter().map(|at| chart.services[*at as usize].id.as_str()).collect();
            return Err(format!("several services go by `{name}`: {}", ids.join(", ")));
        }
    }
    let outside = chart.calls.iter().filter_map(|call| match &call.to {
        Target::External(host) => Some(host),
        Target::Service(_) => None,
    });
    let mut outside: Vec<_> = outside.collect();
    outside.sort();
    outside.dedup();
    if let Some(host) = outside.iter().find(|host| same(host)) {
        return Ok(Target::External((*host).clone()));
    }
    let ids: Vec<&str> = chart.services.iter().map(|service| service.id.as_str()).collect();
    let meant = suggest::nearest(name, ids.iter().copied().chain(outside.iter().map(|host| host.as_str())));
    Err(match meant {
        Some(meant) => format!("there is no service `{name}`; did you mean `{meant}`?"),
        None if ids.is_empty() => format!("there is no service `{name}`: this workspace has none"),
        None => format!("there is no service `{name}`; there are {}", ids.join(", ")),
    })
}

fn plain(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Why a service calls, or sends to, another one or someone outside; or why it does not.
pub fn edge(snapshot: &Snapshot, from: ServiceIndex, to: &Target) -> Explanation {
    let chart = &snapshot.chart;
    let mut explanation = Explanation::default();
    for (at, row) in chart.calls.iter().enumerate() {
        let passes = matches!(to, Target::Service(to) if row.via.contains(to));
        if row.from == from && (row.to == *to || passes) {
            explanation.edges.push(call(snapshot, CallIndex(at as u32)));
        }
    }
    if let Target::Service(to) = to {
        messages(snapshot, from, *to, &mut explanation.edges);
    }
    if explanation.edges.is_empty() {
        match to {
            Target::Service(to) => refusals(snapshot, from, *to, &mut explanation),
            Target::External(name) => {
                let others = chart.calls.iter().filter(|call| call.to == Target::External(name.clone()));
                let mut callers: Vec<&str> = others.map(|call| chart.service(call.from).id.as_str()).collect();
                callers.dedup();
                explanation.notes.push(format!("{name} is called by {}", callers.join(", ")));
                unresolved_note(snapshot, from, 0, &mut explanation.notes);
            }
        }
    }
    explanation
}

/// The evidence of a call.
pub fn call(snapshot: &Snapshot, index: CallIndex) -> Account {
    let chart = &snapshot.chart;
    let call = chart.call(index);
    let to = chart.name_of(&call.to);
    let mut title = format!("{} calls {to}: {}", chart.service(call.from).id, call.label());
    if !call.via.is_empty() {
        let via: Vec<&str> = call.via.iter().map(|gateway| chart.service(*gateway).id.as_str()).collect();
        title.push_str(&format!(", by way of {}", via.join(", ")));
    }
    let mut hops = steps(&call.evidence, call.place);
    let mut notes = Vec::new();
    if let Some(endpoint) = call.endpoint.map(|endpoint| chart.endpoint(endpoint)) {
        hops.push((endpoint.place, format!("{} answers {}", chart.service(endpoint.service).id, endpoint.label())));
    } else if call.target().is_some() {
        notes.push(format!("no endpoint of {to} is known to answer it"));
    }
    notes.push(match call.status {
        crate::chart::Status::Exact => "exact: every hop is written in the workspace".to_owned(),
        crate::chart::Status::Likely => "likely: one hop is inferred".to_owned(),
        crate::chart::Status::Ambiguous => "ambiguous: it is one of several, and not drawn".to_owned(),
    });
    Account { title, place: call.place, label: words_at(call), hops: numbered(hops), notes }
}

fn words_at(call: &Call) -> String {
    format!("{} is decided here", call.label())
}

fn steps(evidence: &[Evidence], own: Place) -> Vec<(Place, String)> {
    evidence.iter().filter(|hop| hop.place != own || hop.what.starts_with("env ")).map(|hop| (hop.place, hop.what.clone())).collect()
}

fn numbered(hops: Vec<(Place, String)>) -> Vec<(Place, String)> {
    if hops.len() < 2 {
        return hops;
    }
    hops.into_iter().enumerate().map(|(at, (place, words))| (place, format!("{}. {words}", at + 1))).collect()
}

fn messages(snapshot: &Snapshot, from: ServiceIndex, to: ServiceIndex, edges: &mut Vec<Account>) {
    let chart = &snapshot.chart;
    let (sender, receiver) = (&chart.service(from).id, &chart.service(to).id);
    for channel in &chart.channels {
        for producer in channel.producers.iter().filter(|end| end.service == from) {
            let consumers: Vec<&ChannelEnd> = channel.consumers.iter().filter(|end| end.service == to).collect();
            if !consumers.is_empty() {
                edges.push(Account {
                    title: format!("{sender} sends to {receiver}: {} ({})", channel.name, channel.system),
                    place: producer.place,
                    label: format!("{} is sent here", channel.name),
                    hops: conditions(chart, from, producer.place)
                        .chain(consumers.iter().flat_map(|end| {
                            let received = (end.place, format!("{receiver} receives it"));
                            std::iter::once(received).chain(conditions(chart, to, end.place))
                        }))
                        .collect(),
                    notes: Vec::new(),
                });
            }
        }
    }
}

/// Calls of a service that might go to another one, and why they do not.
fn refusals(snapshot: &Snapshot, from: ServiceIndex, to: ServiceIndex, explanation: &mut Explanation) {
    let chart = &snapshot.chart;
    let (caller, wanted) = (chart.service(from).id.clone(), chart.service(to).id.clone());
    let serving = Serving::new(chart);
    let endpoint_hop = |at: EndpointIndex| (chart.endpoint(at).place, format!("{wanted} has {}", chart.endpoint(at).label()));
    let mut told = 0;
    for row in chart.unresolved.iter().filter(|row| row.from == from) {
        if row.candidates.contains(&to) || serving.serves(to, row.method.as_ref(), &row.path).is_some() {
            told += 1;
            explanation.refused.push(unresolved(snapshot, row, Some((to, &serving))));
        }
    }
    for row in chart.calls.iter().filter(|row| row.from == from) {
        let elsewhere = chart.name_of(&row.to);
        let evidence = || steps(&row.evidence, row.place);
        let is_answered = row.endpoint.is_some();
        let account = |why: String, endpoint| Account {
            title: format!("{} of {caller} goes to {elsewhere}, not to {wanted}", row.label()),
            place: row.place,
            label: why,
            hops: numbered(evidence().into_iter().chain([endpoint_hop(endpoint)]).collect()),
            notes: Vec::new(),
        };
        if let Some(endpoint) = serving.serves(to, row.method.as_ref(), &row.path) {
            let why = format!("{wanted} would serve it too, but its host is {elsewhere}'s");
            explanation.refused.push(account(why, endpoint));
        } else if !is_answered
            && let Some(endpoint) = row.method.as_ref().and_then(|method| serving.serves_otherwise(to, method, &row.path))
        {
            explanation.refused.push(account(format!("{wanted} has this path, but not for {}", row.label()), endpoint));
        } else if !is_answered
            && row.target().is_some()
            && let Some(endpoint) = serving.serves_nearly(to, &row.path)
        {
            explanation.refused.push(account("nearly a path of it: one of both has a prefix more".to_owned(), endpoint));
        }
    }
    for row in chart.unresolved.iter().filter(|row| row.from == from) {
        let other = row.method.as_ref().and_then(|method| serving.serves_otherwise(to, method, &row.path));
        let near = other.or_else(|| serving.serves_nearly(to, &row.path));
        if let Some(endpoint) = near.filter(|_| serving.serves(to, row.method.as_ref(), &row.path).is_none()) {
            told += 1;
            let mut account = unresolved(snapshot, row, None);
            account.hops.push(endpoint_hop(endpoint));
            account.label = format!("{}, and {wanted} has nearly this route", account.label);
            explanation.refused.push(account);
        }
    }
    let more = explanation.refused.len().saturating_sub(MAX_REFUSED);
    explanation.refused.truncate(MAX_REFUSED);
    if more > 0 {
        explanation.notes.push(format!("{more} more calls of {caller} might be meant, and were refused likewise"));
    }
    notes(snapshot, from, to, &serving, told, &mut explanation.notes);
}

fn notes(snapshot: &Snapshot, from: ServiceIndex, to: ServiceIndex, serving: &Serving<'_>, told: usize, notes: &mut Vec<String>) {
    let chart = &snapshot.chart;
    let (caller, wanted) = (&chart.service(from).id, &chart.service(to).id);
    let mut targets: BTreeMap<&str, usize> = BTreeMap::new();
    for row in chart.calls.iter().filter(|row| row.from == from) {
        *targets.entry(chart.name_of(&row.to)).or_default() += 1;
    }
    if !chart.service(from).is_read() {
        let languages: Vec<&str> = chart.service(from).languages.iter().map(|language| language.as_str()).collect();
        notes.push(format!("most of the code of {caller} is not read: it is in {}", enumerate(&languages)));
    }
    if targets.is_empty() {
        notes.push(format!("no call of {caller} is known to go anywhere"));
    } else {
        let list: Vec<String> = targets.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        notes.push(format!("calls of {caller} go to {}", list.join(", ")));
    }
    unresolved_note(snapshot, from, told, notes);
    if !serving.knows(to) {
        notes.push(format!("no HTTP endpoint of {wanted} is known, so no path can tell that it is meant"));
    }
    if let Some(path) = path(chart, from, to) {
        let names: Vec<&str> = path.iter().map(|service| chart.service(*service).id.as_str()).collect();
        notes.push(format!("it reaches {wanted} by way of others: {}", names.join(" → ")));
    }
    let back = chart.calls.iter().filter(|row| row.from == to && row.to == Target::Service(from)).count();
    if back > 0 {
        let calls = if back == 1 { "1 call".to_owned() } else { format!("{back} calls") };
        notes.push(format!("the other way round there is an edge: {wanted} calls {caller} ({calls})"));
    }
    let shared = chart.stores.iter().filter(|store| [from, to].iter().all(|one| store.users.iter().any(|(user, _)| user == one)));
    let shared: Vec<&str> = shared.map(|store| store.id.as_str()).collect();
    if !shared.is_empty() {
        notes.push(format!("both open {}", shared.join(", ")));
    }
}

fn unresolved_note(snapshot: &Snapshot, from: ServiceIndex, told: usize, notes: &mut Vec<String>) {
    let chart = &snapshot.chart;
    let rest = chart.unresolved.iter().filter(|row| row.from == from).count().saturating_sub(told);
    if rest > 0 {
        let (calls, it) = if rest == 1 { ("call", "its") } else { ("calls", "their") };
        let more = if told > 0 { " more" } else { "" };
        let name = &chart.service(from).id;
        notes.push(format!("of {rest}{more} {calls} of {name} nobody knows {it} target: see `portolan unresolved`"));
    }
}

/// The shortest way of waiting from one service to another that is longer than one call.
fn path(chart: &Chart, from: ServiceIndex, to: ServiceIndex) -> Option<Vec<ServiceIndex>> {
    let mut next: FxHashMap<ServiceIndex, Vec<ServiceIndex>> = FxHashMap::default();
    for (caller, called, edge) in ServiceGraph::new(chart).edges() {
        if matches!(edge, Edge::Sync(_)) {
            next.entry(caller).or_default().push(called);
        }
    }
    let mut before: FxHashMap<ServiceIndex, ServiceIndex> = FxHashMap::default();
    let mut waiting = VecDeque::from([from]);
    while let Some(here) = waiting.pop_front() {
        for &service in next.get(&here).map(Vec::as_slice).unwrap_or_default() {
            if service == from || before.contains_key(&service) {
                continue;
            }
            before.insert(service, here);
            if service == to {
                let mut path = vec![to];
                while let Some(&earlier) = path.last().and_then(|last| before.get(last)) {
                    path.push(earlier);
                }
                path.reverse();
                return Some(path);
            }
            waiting.push_back(service);
        }
    }
    None
}

/// Why a call is not resolved; with a service that it was thought to go to, why it is not known to.
pub(crate) fn unresolved(snapshot: &Snapshot, row: &Unresolved, wanted: Option<(ServiceIndex, &Serving<'_>)>) -> Account {
    let chart = &snapshot.chart;
    let caller = &chart.service(row.from).id;
    let mut hops = steps(&row.evidence, row.place);
    let title = match wanted {
        Some((to, serving)) => {
            let name = &chart.service(to).id;
            if let Some(endpoint) = serving.serves(to, row.method.as_ref(), &row.path) {
                hops.push((chart.endpoint(endpoint).place, format!("{name} serves {}", chart.endpoint(endpoint).label())));
            }
            format!("{} of {caller} may go to {name}, but that is not known", row.label())
        }
        None => format!("nobody knows where {} of {caller} goes", row.label()),
    };
    let mut notes = Vec::new();
    let others: Vec<&str> = row.candidates.iter().map(|one| chart.service(*one).id.as_str()).collect();
    if others.len() > 1 {
        notes.push(format!("it fits {} services, and none of them more than the others: {}", others.len(), others.join(", ")));
    }
    if !row.decided_by.is_empty() && !row.reason.to_string().contains(row.decided_by.as_str()) {
        notes.push(format!("what decides its host is called `{}` in the code", row.decided_by));
    }
    Account { title, place: row.place, label: row.reason.to_string(), hops: numbered(hops), notes }
}

/// Accounts of all that stands on the lines of a range of bytes, by place; a place that means the same for several services is told of once.
pub fn at(snapshot: &Snapshot, file: FileId, start: u32, end: u32) -> Vec<Account> {
    let chart = &snapshot.chart;
    let serving = Serving::new(chart);
    // A line of shared code stands there once for each service that runs it.
    let mut accounts: Vec<(Account, Vec<&str>)> = Vec::new();
    for (subject, place) in snapshot.index.within(file, start, end) {
        let (account, from) = match subject {
            Subject::Call(index) => (call(snapshot, index), Some(chart.call(index).from)),
            Subject::Unresolved(at) => {
                let Some(row) = chart.unresolved.get(at as usize) else { continue };
                (unresolved_anywhere(snapshot, &serving, row), Some(row.from))
            }
            Subject::Endpoint(index) => (endpoint(snapshot, index, place), None),
            Subject::Producer(end) => (channel_end(chart, end.channel, end.producer(chart), true, place), None),
            Subject::Consumer(end) => (channel_end(chart, end.channel, end.consumer(chart), false, place), None),
            Subject::Access(access) => (access_of(chart, access, place), None),
            Subject::Collection(_) | Subject::Variable(_) | Subject::Service(_) | Subject::Rpc(_) => continue,
        };
        let from = from.map(|service| chart.service(service).id.as_str());
        let same = |known: &Account| known.place == account.place && known.hops == account.hops && known.label == account.label;
        match accounts.iter_mut().find(|(known, _)| same(known)) {
            Some((_, others)) => others.extend(from),
            None => accounts.push((account, Vec::new())),
        }
    }
    let told = accounts.into_iter().map(|(mut account, mut others)| {
        others.dedup();
        if !others.is_empty() {
            account.notes.push(format!("the same code runs in {}", others.join(", ")));
        }
        account
    });
    let mut accounts: Vec<Account> = told.collect();
    accounts.sort_by_key(|account| account.place);
    accounts
}

/// A call that is not resolved, with every service that serves what it asks for.
fn unresolved_anywhere(snapshot: &Snapshot, serving: &Serving<'_>, row: &Unresolved) -> Account {
    let chart = &snapshot.chart;
    let mut account = unresolved(snapshot, row, None);
    let may = (0..chart.services.len() as u32).map(ServiceIndex).filter(|service| !row.candidates.contains(service));
    account.hops.extend(may.filter_map(|service| {
        let endpoint = chart.endpoint(serving.serves(service, row.method.as_ref(), &row.path)?);
        Some((endpoint.place, format!("{} serves {}", chart.service(service).id, endpoint.label())))
    }));
    account
}

fn endpoint(snapshot: &Snapshot, index: EndpointIndex, place: Place) -> Account {
    let chart = &snapshot.chart;
    let endpoint = chart.endpoint(index);
    let callers = snapshot.index.callers_of(index).iter().map(|index| chart.call(*index));
    let hops: Vec<_> = callers.map(|call| (call.place, format!("{} calls it", chart.service(call.from).id))).collect();
    let nobody = hops.is_empty().then(|| "nobody in this workspace is known to call it".to_owned());
    Account {
        title: format!("{} answers {}", chart.service(endpoint.service).id, endpoint.label()),
        place,
        label: "it is declared or handled here".to_owned(),
        hops,
        notes: nobody.into_iter().collect(),
    }
}

/// Who sends to a channel, or receives from it, and who is at its other side.
fn channel_end(chart: &Chart, channel: ChannelIndex, own: &ChannelEnd, sends: bool, place: Place) -> Account {
    let channel = chart.channel(channel);
    let others = if sends { &channel.consumers } else { &channel.producers };
    let (verb, others_verb) = if sends { ("sends", "receives it") } else { ("receives", "sends it") };
    let nobody = others.is_empty().then(|| format!("nobody in this workspace {others_verb}"));
    Account {
        title: format!("{} {verb} {} ({})", chart.service(own.service).id, channel.name, channel.system),
        place,
        label: format!("{} is named here", channel.name),
        hops: conditions(chart, own.service, own.place)
            .chain(others.iter().map(|end| (end.place, format!("{} {others_verb}", chart.service(end.service).id))))
            .collect(),
        notes: nobody.into_iter().collect(),
    }
}

/// On which settings it depends whether a service does what stands at a place.
fn conditions(chart: &Chart, service: ServiceIndex, place: Place) -> impl Iterator<Item = (Place, String)> {
    chart.conditions_at(service, place).iter().map(|hop| (hop.place, hop.what.clone()))
}

fn access_of(chart: &Chart, access: AccessRef, place: Place) -> Account {
    let (store, collection) = access.collection.of(chart);
    let own = access.of(chart);
    let verb = match own.operation {
        Operation::Read => "reads",
        Operation::Write => "writes",
    };
    let opened = store.users.iter().find(|(user, _)| *user == own.service);
    Account {
        title: format!("{} {verb} {} in {}", chart.service(own.service).id, collection.name, store.id),
        place,
        label: format!("{} is used here", collection.name),
        hops: conditions(chart, own.service, own.place)
            .chain(opened.map(|(_, place)| (*place, "the store is opened here".to_owned())))
            .collect(),
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
