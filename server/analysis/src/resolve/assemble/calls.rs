//! The calls of all services: each kind adds its own, and each place is told once.
//!
//! What deliberately does not live here: how calls of a kind are joined with who answers; that is in a module of each kind.

use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use super::documents::Documents;
use super::http::Http;
use super::passages::{self, Passage};
use super::ports::Ports;
use super::reach::Reach;
use super::targets::{Endpoints, Found, Targets};
use super::{Input, Places, choices, operations, requests, rpc, sdks};
use crate::chart::{Call, Endpoint, Evidence, ServiceIndex, Status, Target, Unresolved};
use crate::files::Files;
use crate::resolve::link::OutboundCall;
use crate::resolve::paths::HOLE;
use crate::{FunctionRef, Place};

/// What calls are joined by.
pub(super) struct Scene<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) reach: &'a Reach,
    pub(super) places: Places<'a>,
    pub(super) targets: Targets<'a>,
    pub(super) documents: Documents<'a>,
    /// The services whose code is in the workspace.
    pub(super) services: Vec<ServiceIndex>,
}

impl<'a> Scene<'a> {
    /// What clients send, with each service that runs it. What a house-made client does inside is told by settings.
    pub(super) fn outbound(&self) -> impl Iterator<Item = (ServiceIndex, &'a OutboundCall)> {
        let modules = &self.input.workspace.modules;
        let all = self.input.links.iter().flatten().flat_map(|link| &link.calls);
        all.filter(|call| !modules.is_house_made(call.site.file)).flat_map(|call| {
            let running = self.services.iter().filter(|service| self.reach.has(**service, call.function));
            running.map(move |service| (*service, call))
        })
    }

    /// A service's name.
    pub(super) fn name(&self, service: ServiceIndex) -> &'a str {
        &self.input.workspace.services[service.index()].name
    }
}

/// Calls, joined with who answers or not.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) settled: Vec<Call>,
    pub(super) unresolved: Vec<Unresolved>,
}

/// Finds the calls of all services.
pub(super) fn find<'a>(
    input: &'a Input<'a>,
    reach: &'a Reach,
    places: Places<'a>,
    passages: Vec<Passage>,
    endpoints: &'a [Endpoint],
) -> Rows {
    let targets = Targets {
        input,
        endpoints: Endpoints::new(endpoints, input.workspace.services.len(), &passages),
        ports: Ports::find(input, reach),
        passage_targets: passages::targets(input, &passages),
        passages,
    };
    let documents = Documents::of(input, &targets.endpoints);
    let scene = Scene { input, reach, places, targets, documents, services: input.own_services().collect() };
    let mut rows = Rows::default();
    let http = Http::gather(&scene, &mut rows);
    rpc::calls(&scene, &mut rows);
    sdks::calls(&scene, &mut rows);
    operations::calls(&scene, &mut rows);
    requests::calls(&scene, &mut rows);
    http.settle(&scene, &mut rows);
    passages::hops(&scene.targets, &mut rows);
    rows.told_once(endpoints);
    choices::tell(input, &mut rows.settled);
    rows
}

impl Rows {
    fn told_once(&mut self, endpoints: &[Endpoint]) {
        let key = |place: Place| (place.file, place.range.start);
        let Self { settled, unresolved } = self;
        settled.sort_by(|a, b| {
            (a.from, key(a.place), &a.to, &a.path, &a.method, a.status).cmp(&(b.from, key(b.place), &b.to, &b.path, &b.method, b.status))
        });
        // A query string that a call may have makes it no other call.
        let same_path =
            |longer: &Symbol, shorter: &Symbol| longer.strip_prefix(shorter.as_str()).is_some_and(|rest| matches!(rest, "" | "{}"));
        settled
            .dedup_by(|a, b| a.from == b.from && a.place == b.place && a.to == b.to && same_path(&a.path, &b.path) && a.method == b.method);
        // A base URL alone is what a wrapper would ask for by default; where a call says more, that is what it asks for. Nor does it ask below a
        // prefix that is meant for others for what the service answers below another one.
        let mut telling: FxHashMap<(ServiceIndex, Place, Target), Vec<Symbol>> = FxHashMap::default();
        for call in settled.iter().filter(|call| call.endpoint.is_some()) {
            telling.entry((call.from, call.place, call.to.clone())).or_default().push(call.path.clone());
        }
        settled.retain(|call| {
            let told = telling.get(&(call.from, call.place, call.to.clone())).map_or(&[][..], Vec::as_slice);
            call.endpoint.is_some() || !told.iter().any(|told| call.path == "/" || ends_alike(told, &call.path))
        });
        // What may stand in place of a word is no other call where it asks the same service for the same: of the two, the one that is written as
        // the endpoint is.
        let asked = |call: &Call| (call.from, call.place, call.to.clone(), call.method.clone(), call.endpoint);
        let mut paths: FxHashMap<_, Vec<Symbol>> = FxHashMap::default();
        for call in settled.iter().filter(|call| matches!(call.to, Target::Service(_))) {
            paths.entry(asked(call)).or_default().push(call.path.clone());
        }
        paths.retain(|_, paths| paths.len() > 1);
        settled.retain(|call| {
            let served = call.endpoint.map(|endpoint| endpoints[endpoint.0 as usize].path.as_str());
            let others = paths.get(&asked(call)).into_iter().flatten();
            !others.into_iter().any(|other| match (fillings(other, &call.path), fillings(&call.path, other)) {
                (Some(words), _) => served.is_none_or(|served| words.iter().all(|word| served.split('/').any(|part| part == *word))),
                (_, Some(words)) => served.is_some_and(|served| words.iter().any(|word| served.split('/').all(|part| part != *word))),
                _ => false,
            })
        });
        unresolved.sort_by(|a, b| (a.from, key(a.place), &a.reason).cmp(&(b.from, key(b.place), &b.reason)));
        unresolved.dedup_by(|a, b| a.from == b.from && a.place == b.place);
        // A place that resolves in one way is not unresolved in another.
        let resolved: FxHashSet<(ServiceIndex, Place)> = settled.iter().map(|call| (call.from, call.place)).collect();
        unresolved.retain(|row| !resolved.contains(&(row.from, row.place)));
    }
}

/// Whether two paths are the same behind what they begin with.
fn ends_alike(one: &str, other: &str) -> bool {
    let ends = [one, other].map(|path| path.rsplit_once('/').filter(|(before, _)| !before.is_empty()).map(|(_, last)| last));
    ends[0].is_some() && ends[0] == ends[1]
}

/// The words that a path has in place of holes of another one, where it is that otherwise.
fn fillings<'p>(path: &'p str, open: &str) -> Option<Vec<&'p str>> {
    if path == open || path.split('/').count() != open.split('/').count() {
        return None;
    }
    let mut words = Vec::new();
    for (word, hole) in path.split('/').zip(open.split('/')).filter(|(word, hole)| word != hole) {
        words.push(Some(word).filter(|_| hole == HOLE)?);
    }
    Some(words)
}

/// Lets a call go to a service that was found to answer it.
pub(super) fn answered(call: &mut Call, found: Found) {
    call.to = Target::Service(found.service);
    call.endpoint = found.endpoint;
    call.via = found.via;
    call.development = found.development;
    call.status = found.status;
    call.evidence = deduplicated(found.evidence);
}

/// Lets a call go where settings say.
pub(super) fn goes_to(targets: &Targets<'_>, call: &mut Call, to: &Target, why: &Evidence) {
    call.status = Status::Exact;
    call.to = to.clone();
    if let Target::Service(service) = to {
        call.endpoint = targets.endpoints.find(*service, call.method.as_ref(), &call.path).map(|(endpoint, _)| endpoint);
    }
    call.evidence.push(why.clone());
    call.evidence = deduplicated(std::mem::take(&mut call.evidence));
}

/// Whom the workspace's settings say that the calls in some functions go to; the first function that is spoken of counts.
pub(super) fn told<'a>(input: &Input<'a>, functions: &[FunctionRef]) -> Option<(&'a Target, &'a Evidence)> {
    let settings = &input.workspace.settings;
    if !settings.speaks_of_calls() {
        return None;
    }
    functions.iter().find_map(|function| settings.calls(input.files.path(function.file), &names_around(input.files, *function)))
}

/// The names of a function and of those around it, the inner one first.
pub(crate) fn names_around(files: &Files, function: FunctionRef) -> Vec<Symbol> {
    let mut names = Vec::new();
    let Some(facts) = files.source(function.file) else { return names };
    let mut at = function.function;
    while names.len() < 32 {
        let here = facts.function(at);
        if !here.name.is_empty() {
            names.push(here.name.clone());
        }
        if here.parent == at {
            break;
        }
        at = here.parent;
    }
    names
}

/// Evidence, each place once.
pub(super) fn deduplicated(evidence: Vec<Evidence>) -> Vec<Evidence> {
    let mut kept: Vec<Evidence> = Vec::new();
    for one in evidence {
        if !kept.iter().any(|known| known.place == one.place) {
            kept.push(one);
        }
    }
    kept
}
