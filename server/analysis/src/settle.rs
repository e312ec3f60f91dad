//! What would settle calls that are not resolved: groups of them by what they lack, and the lines of `portolan.toml` that give it.
//!
//! What deliberately does not live here: showing it to anybody, and writing to a disk. Invariant: what is proposed is an edit that the reader of
//! settings understands, and after which the calls are resolved; where none is sure to be right, the candidates are named and nothing is
//! preferred.

use std::collections::BTreeMap;

use camino::Utf8Path;
use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use crate::chart::{Chart, EndpointIndex, Protocol, Reason, ServiceIndex, ServiceKind, Unresolved};
use crate::resolve::assemble::{is_telling, names_around};
use crate::resolve::paths::{self, Segment};
use crate::workspace::HostMatch;
use crate::{FileId, FunctionRef, Snapshot};

mod remedy;
mod template;

pub(crate) use remedy::text as toml_text;
pub use remedy::{Insertion, Remedy, insertion};
pub use template::template;

/// How many services are proposed for one thing that is not known.
const MAX_CANDIDATES: usize = 4;

/// Calls that lack the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Why they are not resolved.
    pub reason: Reason,
    /// What the code calls that which decides the host; empty where it has no name.
    pub decided_by: Symbol,
    /// The file, and if it is one, the function that would have to be told where its calls go; nothing where another thing is lacking.
    pub location: Option<(FileId, Option<Symbol>)>,
    /// The calls, as positions in [`Chart::unresolved`], by service and place.
    pub calls: Vec<u32>,
    /// Who may answer, the likeliest first.
    pub candidates: Vec<Candidate>,
}

/// A service that may answer calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The service.
    pub service: ServiceIndex,
    /// Why it may, in words that follow its name: `serves 3 of them`.
    pub why: String,
}

/// All unresolved calls, what would settle most of them first.
pub fn groups(snapshot: &Snapshot) -> Vec<Group> {
    let chart = &snapshot.chart;
    let serving = Serving::new(chart);
    let mut by_lack: BTreeMap<(Reason, Option<ServiceIndex>), Vec<u32>> = BTreeMap::new();
    let mut by_file: BTreeMap<(Reason, FileId), Vec<u32>> = BTreeMap::new();
    let wrapped = wrapped(chart);
    let mut groups: Vec<Group> = Vec::new();
    for (sender, calls) in &wrapped {
        let (reason, decided_by) = (Reason::Host, chart.unresolved[calls[0] as usize].decided_by.clone());
        let location = Some((sender.file, names_around(&snapshot.files, *sender).into_iter().next()));
        let candidates = candidates(snapshot, &serving, calls);
        groups.push(Group { reason, decided_by, location, calls: calls.clone(), candidates });
    }
    for (at, call) in chart.unresolved.iter().enumerate() {
        match &call.reason {
            Reason::Host if wrapped.contains_key(&call.sender) => {}
            Reason::GatewayTarget | Reason::Answers(_) | Reason::Host | Reason::Url => {
                by_file.entry((call.reason.clone(), call.decided_in.file)).or_default().push(at as u32);
            }
            // Whose relative URLs they are makes a difference.
            Reason::Relative | Reason::Gateways => by_lack.entry((call.reason.clone(), Some(call.from))).or_default().push(at as u32),
            _ => by_lack.entry((call.reason.clone(), None)).or_default().push(at as u32),
        }
    }
    for ((reason, _), calls) in by_lack {
        let candidates = candidates(snapshot, &serving, &calls);
        groups.push(Group { reason, decided_by: Symbol::default(), location: None, calls, candidates });
    }
    for ((reason, file), calls) in by_file {
        for (function, decided_by, calls) in by_function(snapshot, calls) {
            let candidates = candidates(snapshot, &serving, &calls);
            groups.push(Group { reason: reason.clone(), decided_by, location: Some((file, function)), calls, candidates });
        }
    }
    // One line in a shared file settles a place once for each service that runs it; what counts is how many places that are.
    groups.sort_by_key(|group| std::cmp::Reverse(places(chart, &group.calls)));
    groups
}

/// How many places some calls stand at.
pub fn places(chart: &Chart, calls: &[u32]) -> usize {
    let mut places: Vec<_> = calls.iter().filter_map(|at| chart.unresolved.get(*at as usize)).map(|call| call.place).collect();
    places.sort();
    places.dedup();
    places.len()
}

/// Calls from several places that one wrapper sends, and whose host has the same name everywhere: the wrapper may be told for all of them. By
/// the wrapper's function.
fn wrapped(chart: &Chart) -> BTreeMap<FunctionRef, Vec<u32>> {
    let mut by_sender: BTreeMap<FunctionRef, Vec<u32>> = BTreeMap::new();
    for (at, call) in chart.unresolved.iter().enumerate().filter(|(_, call)| call.reason == Reason::Host) {
        by_sender.entry(call.sender).or_default().push(at as u32);
    }
    by_sender.retain(|_, calls| {
        let row = |at: &u32| &chart.unresolved[*at as usize];
        let name = &row(&calls[0]).decided_by;
        // A name such as `url` says nothing: every caller has one of its own.
        let telling = name.len() > 3 && !matches!(name.as_str(), "input" | "endpoint" | "address" | "host" | "path");
        telling && calls.iter().all(|at| row(at).decided_by == *name) && places(chart, calls) > 1
    });
    by_sender
}

/// Calls of one file by who would have to be told: all of the file where one thing decides all hosts, else each function.
fn by_function(snapshot: &Snapshot, calls: Vec<u32>) -> Vec<(Option<Symbol>, Symbol, Vec<u32>)> {
    let row = |at: &u32| &snapshot.chart.unresolved[*at as usize];
    let common = |calls: &[u32]| {
        let mut names: Vec<&Symbol> = calls.iter().map(|at| &row(at).decided_by).collect();
        names.sort();
        names.dedup();
        match names.as_slice() {
            [one] => Some((*one).clone()),
            _ => None,
        }
    };
    let mut functions: BTreeMap<Option<Symbol>, Vec<u32>> = BTreeMap::new();
    for at in &calls {
        functions.entry(function_name(snapshot, row(at))).or_default().push(*at);
    }
    match common(&calls) {
        Some(name) if functions.len() > 1 && !name.is_empty() => vec![(None, name, calls)],
        _ => functions.into_iter().map(|(function, calls)| (function, common(&calls).unwrap_or_default(), calls)).collect(),
    }
}

/// The name of the function that would have to be told where a call goes.
fn function_name(snapshot: &Snapshot, call: &Unresolved) -> Option<Symbol> {
    names_around(&snapshot.files, call.decided_in).into_iter().next()
}

/// Endpoints by service, taken apart once.
pub(crate) struct Serving<'a> {
    chart: &'a Chart,
    by_service: FxHashMap<ServiceIndex, Vec<(EndpointIndex, Vec<Segment>)>>,
}

impl<'a> Serving<'a> {
    /// Takes the endpoints of a chart apart.
    pub(crate) fn new(chart: &'a Chart) -> Self {
        let mut by_service: FxHashMap<ServiceIndex, Vec<(EndpointIndex, Vec<Segment>)>> = FxHashMap::default();
        for (at, endpoint) in chart.endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.protocol == Protocol::Http) {
            by_service.entry(endpoint.service).or_default().push((EndpointIndex(at as u32), paths::segments(&endpoint.path)));
        }
        Self { chart, by_service }
    }

    /// Whether any HTTP endpoint of a service is known.
    pub(crate) fn knows(&self, service: ServiceIndex) -> bool {
        self.by_service.contains_key(&service)
    }

    /// The endpoint of a service that a call means, if the call's path says enough to tell.
    pub(crate) fn serves(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str) -> Option<EndpointIndex> {
        self.find(service, path, |declared| declared == "*" || method.is_none_or(|method| declared == method.as_str()))
    }

    /// The endpoint of a service at a call's path that has another method.
    pub(crate) fn serves_otherwise(&self, service: ServiceIndex, method: &Symbol, path: &str) -> Option<EndpointIndex> {
        self.find(service, path, |declared| declared != "*" && declared != method.as_str())
    }

    fn find(&self, service: ServiceIndex, path: &str, agrees: impl Fn(&str) -> bool) -> Option<EndpointIndex> {
        let call = paths::segments(path);
        if is_telling(&call) { self.best(service, &call, agrees) } else { None }
    }

    /// Whether a service has a route like a call's, though the path may say too little to tell it from others.
    fn may_serve(&self, service: ServiceIndex, method: Option<&Symbol>, path: &str) -> bool {
        let call = paths::segments(path);
        let agrees = |declared: &str| declared == "*" || method.is_none_or(|method| declared == method.as_str());
        call.iter().any(|segment| matches!(segment, Segment::Literal(_))) && self.best(service, &call, agrees).is_some()
    }

    fn best(&self, service: ServiceIndex, call: &[Segment], agrees: impl Fn(&str) -> bool) -> Option<EndpointIndex> {
        let fitting = self.by_service.get(&service)?.iter().filter(|(at, route)| {
            agrees(self.chart.endpoint(*at).method.as_deref().unwrap_or("*")) && paths::fits_by_literals(call, route)
        });
        fitting.filter_map(|(at, route)| Some((paths::fit(call, route)?, *at))).max_by_key(|(score, _)| *score).map(|(_, at)| at)
    }

    /// An endpoint whose path ends as the call's does, or the other way round: a prefix is missing on one side.
    pub(crate) fn serves_nearly(&self, service: ServiceIndex, path: &str) -> Option<EndpointIndex> {
        let call = paths::segments(path);
        if !is_telling(&call) {
            return None;
        }
        let tail = |long: &[Segment], short: &[Segment], call_is_long: bool| {
            long.len() > short.len() && is_telling(short) && {
                let end = &long[long.len() - short.len()..];
                let (call, route) = if call_is_long { (end, short) } else { (short, end) };
                paths::fit(call, route).is_some() && paths::fits_by_literals(call, route)
            }
        };
        let all = self.by_service.get(&service)?;
        all.iter().find(|(_, route)| tail(route, &call, false) || tail(&call, route, true)).map(|(at, _)| *at)
    }
}

/// Who may answer some calls that lack the same thing.
pub(crate) fn candidates(snapshot: &Snapshot, serving: &Serving<'_>, calls: &[u32]) -> Vec<Candidate> {
    let chart = &snapshot.chart;
    let calls: Vec<&Unresolved> = calls.iter().filter_map(|at| chart.unresolved.get(*at as usize)).collect();
    let Some(first) = calls.first() else { return Vec::new() };
    let named = match &first.reason {
        Reason::Variable(name) => snapshot.workspace.service_of_stem(name),
        _ => HostMatch::None,
    };
    let mut rated: Vec<(usize, Candidate)> = Vec::new();
    for at in 0..chart.services.len() as u32 {
        let service = ServiceIndex(at);
        if chart.service(service).third_party && !matches!(chart.service(service).kind, ServiceKind::Gateway) {
            continue;
        }
        let served: Vec<&&Unresolved> = calls.iter().filter(|call| serving.may_serve(service, call.method.as_ref(), &call.path)).collect();
        let considered = calls.iter().filter(|call| call.candidates.contains(&service)).count();
        let is_named = matches!(&named, HostMatch::One(one, ..) if *one == service) || is_named_for(snapshot, service, first);
        let (rate, why) = match (served.len(), considered) {
            (0, 0) if is_named => (1, "is named like it".to_owned()),
            (0, 0) => continue,
            (0, _) => (2, "goes by that name".to_owned()),
            (1, _) if calls.len() == 1 => (10, format!("serves {}", served[0].label())),
            (count, _) if count == calls.len() => (10 * count, "serves all of them".to_owned()),
            (count, _) => (10 * count, format!("serves {count} of them")),
        };
        rated.push((rate + usize::from(is_named), Candidate { service, why }));
    }
    rated.sort_by_key(|(rate, candidate)| (std::cmp::Reverse(*rate), candidate.service));
    rated.truncate(MAX_CANDIDATES);
    rated.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Whether what decides a call's host is named after a service.
fn is_named_for(snapshot: &Snapshot, service: ServiceIndex, call: &Unresolved) -> bool {
    let plain = |name: &str| name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let said = plain(call.decided_by.rsplit('.').next().unwrap_or_default());
    let row = snapshot.chart.service(service);
    // Short names are the beginning of any word.
    service != call.from
        && row.aliases.iter().chain([&row.id]).map(|name| plain(name)).any(|name| name.len() >= 5 && said.starts_with(&name))
}

/// What would let one call go to a service, or outside; nothing where no line of settings could.
pub fn remedy(snapshot: &Snapshot, call: &Unresolved, to: Option<ServiceIndex>) -> Option<Remedy> {
    let name = |service: ServiceIndex| snapshot.chart.service(service).id.clone();
    let entry = |table: &str, key: &Symbol, value: Symbol| Some(Remedy::Entry { table: table.to_owned(), key: key.clone(), value });
    match (&call.reason, to) {
        (Reason::Variable(variable), Some(to)) => entry("environment", variable, format!("http://{}", name(to)).into()),
        (Reason::Port(host) | Reason::Machine(host) | Reason::SharedHost(host), Some(to)) => entry("hosts", host, name(to)),
        (Reason::Port(host) | Reason::Machine(host), None) => entry("external", host, outside_name(call)),
        (Reason::Relative | Reason::Gateways, Some(to)) => {
            entry(&format!("services.{}", remedy::key(&name(call.from))), &"origin".into(), name(to))
        }
        (Reason::Rpc(rpc), Some(to)) => {
            Some(Remedy::List { table: format!("services.{}", remedy::key(&name(to))), key: "implements".into(), value: rpc.clone() })
        }
        (Reason::Rpc(_) | Reason::SharedHost(_), None) => None,
        (_, to) => Some(Remedy::Calls {
            file: snapshot.files.path(call.decided_in.file).to_owned(),
            function: function_name(snapshot, call),
            to: to.map_or_else(|| outside_name(call), name),
        }),
    }
}

/// What would let all calls of a group go to a service.
pub fn group_remedy(snapshot: &Snapshot, group: &Group, to: ServiceIndex) -> Option<Remedy> {
    let call = group.calls.first().and_then(|at| snapshot.chart.unresolved.get(*at as usize))?;
    match (&group.location, remedy(snapshot, call, Some(to))?) {
        (Some((file, function)), Remedy::Calls { to, .. }) => {
            Some(Remedy::Calls { file: snapshot.files.path(*file).to_owned(), function: function.clone(), to })
        }
        (_, remedy) => Some(remedy),
    }
}

/// What to call someone outside, of whom only the name of what leads there is known: `STRIPE_API_URL` is `stripe api`.
fn outside_name(call: &Unresolved) -> Symbol {
    let name = match &call.reason {
        Reason::Variable(name) | Reason::Port(name) | Reason::Machine(name) => name.as_str(),
        _ => call.decided_by.rsplit('.').next().unwrap_or_default(),
    };
    let mut words = String::new();
    let mut small = false;
    for letter in name.chars() {
        if small && letter.is_uppercase() {
            words.push(' ');
        }
        small = letter.is_lowercase();
        words.push(if matches!(letter, '_' | ':' | '-') { ' ' } else { letter.to_ascii_lowercase() });
    }
    let kept: Vec<&str> = words.split_whitespace().filter(|word| !matches!(*word, "url" | "uri" | "base" | "host" | "endpoint")).collect();
    if kept.is_empty() { "outside".into() } else { kept.join(" ").into() }
}

/// The lines of `portolan.toml` for something whose answer nobody can guess: with a placeholder, and a comment that says what it may be.
pub fn placeholder(snapshot: &Snapshot, group: &Group, folder: &Utf8Path) -> Option<String> {
    const NAME: &str = "SERVICE";
    let call = group.calls.first().and_then(|at| snapshot.chart.unresolved.get(*at as usize))?;
    let entry = |table: &str, key: &Symbol, value: &str| Remedy::Entry { table: table.to_owned(), key: key.clone(), value: value.into() };
    let (remedy, comment) = match &call.reason {
        Reason::Variable(variable) => (entry("environment", variable, "http://SERVICE"), "a service, or the URL of someone outside"),
        Reason::Port(host) | Reason::Machine(host) | Reason::SharedHost(host) => {
            (entry("hosts", host, NAME), "for someone outside, a name under [external]")
        }
        Reason::Rpc(rpc) => {
            (Remedy::List { table: format!("services.{NAME}"), key: "implements".into(), value: rpc.clone() }, "in whatever language")
        }
        Reason::Relative | Reason::Gateways => {
            let table = format!("services.{}", remedy::key(&snapshot.chart.service(call.from).id));
            (entry(&table, &"origin".into(), NAME), "its gateway, or the server it is served by")
        }
        Reason::GatewayTarget | Reason::Answers(_) | Reason::Host | Reason::Url => {
            let (file, function) = group.location.clone()?;
            let file = snapshot.files.path(file).to_owned();
            (Remedy::Calls { file, function, to: NAME.into() }, "a service, or a name for someone outside")
        }
    };
    Some(format!("{}  # {comment}\n", remedy.lines(folder).trim_end()))
}

#[cfg(test)]
mod tests;
