//! Calls by HTTP: joined with who answers by host and path, else by what stands around them.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashSet;

use super::calls::{Rows, Scene, answered, deduplicated, goes_to, told};
use super::documents::Asked;
use super::targets::{Answer, Found, dapr_invocation};
use super::text::{Address, Text};
use super::{Input, owners, text};
use crate::FunctionRef;
use crate::chart::{Call, EndpointIndex, Evidence, Protocol, Reason, ServiceIndex, Status, Target, Unresolved};
use crate::resolve::link::{OutboundCall, Request, Url};
use crate::resolve::paths::HOLE;
use crate::resolve::value::{Part, Pattern, Source};
use crate::workspace::is_local;

/// Parts of a URL that evidence names.
const MAX_SOURCES: usize = 6;

/// Calls that host and path do not settle, and what those that are settled say of others.
#[derive(Default)]
pub(super) struct Http<'a> {
    open: Vec<Open<'a>>,
    votes: owners::Votes,
}

/// A call that its host and path do not settle: what stands around it may.
struct Open<'a> {
    call: Call,
    outbound: &'a OutboundCall,
    url: &'a Url,
    reason: Reason,
    kin: Vec<owners::Kin>,
    candidates: Vec<ServiceIndex>,
    /// Who answers, as far as the path tells.
    presumed: Option<Found>,
}

impl<'a> Http<'a> {
    /// Adds the calls that host and path settle, and keeps the others.
    pub(super) fn gather(scene: &Scene<'a>, rows: &mut Rows) -> Self {
        let mut http = Self::default();
        for (service, outbound) in scene.outbound() {
            let Request::Http { method, urls, .. } = &outbound.request else { continue };
            if urls.is_empty() {
                rows.add_without_url(scene, service, outbound, method.as_ref());
            }
            let runs = |url: &&Url| url.contexts.iter().all(|context| scene.reach.has(service, *context));
            let (uncalled, known): (Vec<&'a Url>, Vec<&'a Url>) = urls.iter().filter(runs).partition(|url| url.uncalled);
            let known = if known.is_empty() { uncalled } else { known };
            let mut asked: Vec<(&'a Url, Text)> = Vec::new();
            for &url in known.iter().filter(|url| !known.iter().any(|other| gives_way(url, other))) {
                let guessed = is_one_of_several(url, &known);
                let texts = text::texts(scene.input, service, &url.pattern);
                asked.extend(texts.into_iter().map(|text| (url, Text { guessed: text.guessed || guessed, ..text })));
            }
            let is_meant = |text: &str| !asked.iter().any(|(_, other)| lacks_slash_of(text, &other.text));
            let meant: Vec<bool> = asked.iter().map(|(_, text)| is_meant(&text.text)).collect();
            for ((url, text), _) in asked.into_iter().zip(meant).filter(|(_, meant)| *meant) {
                http.add(scene, service, outbound, url, text, rows);
            }
        }
        http
    }

    fn add(&mut self, scene: &Scene<'a>, from: ServiceIndex, outbound: &'a OutboundCall, url: &'a Url, mut text: Text, rows: &mut Rows) {
        let Request::Http { method, .. } = &outbound.request else { return };
        add_sources(scene, url, &mut text.evidence);
        let mut call = Call {
            status: if text.guessed { Status::Likely } else { Status::Exact },
            ..call(scene, from, outbound, method.as_ref(), path_asked(&text.text))
        };
        let kin = || owners::kin(scene.input, from, outbound, url);
        let mut leave_open = |call, reason, kin, candidates, presumed| {
            self.open.push(Open { call, outbound, url, reason, kin, candidates, presumed });
        };
        let asked = scene.documents.asked(outbound, method.as_ref(), &call.path);
        text.evidence.extend(asked.as_ref().map(Asked::evidence));
        let answer = scene.targets.answer(from, method.as_ref(), &text);
        let answer = match asked {
            Some(asked) => asked.answer(&scene.targets, from, (url, &text), answer),
            None => answer,
        };
        match answer {
            Answer::Service(mut found) => {
                if let Some(name) = found.presumed.take() {
                    call.evidence = text.evidence;
                    leave_open(call, Reason::Variable(name), kin(), Vec::new(), Some(found));
                    return;
                }
                if is_witness(&found) {
                    self.votes.add(kin(), found.service, call.place);
                }
                answered(&mut call, found);
                rows.settled.push(call);
            }
            Answer::External(host) => {
                let told = match Address::parse(&text.text) {
                    Address::Host { host, port, .. } => scene.targets.told(from, &host, port.as_deref()),
                    _ => None,
                };
                if let Some((Target::External(_), why)) = told {
                    text.evidence.push(why);
                } else if let Some(found) = owners::published(scene.input, &scene.targets.endpoints, outbound, &host, &call) {
                    let evidence = [text.evidence, found.evidence.clone()].concat();
                    answered(&mut call, Found { evidence, ..found });
                    rows.settled.push(call);
                    return;
                }
                call.to = Target::External(host);
                call.evidence = deduplicated(text.evidence);
                rows.settled.push(call);
            }
            Answer::Ambiguous(candidates, reason) => {
                call.evidence = text.evidence;
                leave_open(call, reason, kin(), candidates, None);
            }
            Answer::Unresolved(reason) => {
                let hostless = match Address::parse(&text.text) {
                    Address::Unknown(_) | Address::Unset(..) => true,
                    Address::Host { host, .. } => is_local(&host),
                    Address::Relative(_) => false,
                };
                call.evidence = text.evidence;
                // What is relative only where something that is not known is missing.
                let reason = if url.pattern.open && reason == Reason::Relative { Reason::Host } else { reason };
                leave_open(call, reason, if hostless { kin() } else { Vec::new() }, Vec::new(), None);
            }
        }
    }

    /// Adds the calls that were left open: settled by what stands around them, or with why they are not.
    pub(super) fn settle(mut self, scene: &Scene<'a>, rows: &mut Rows) {
        self.presume(scene, rows);
        for open in self.open {
            open.settle(scene, &self.votes, rows);
        }
    }

    /// Settles the calls of which only the path tells who answers. A service that asks for the same by the same variable is not whom it names: it
    /// passes on to someone outside what others ask of that one, too.
    fn presume(&mut self, scene: &Scene<'a>, rows: &mut Rows) {
        let mut elsewhere: FxHashSet<(Reason, EndpointIndex)> = FxHashSet::default();
        for asked in self.open.iter().filter(|asked| matches!(asked.reason, Reason::Variable(_)) && asked.presumed.is_none()) {
            let own = scene.targets.endpoints.find(asked.call.from, asked.call.method.as_ref(), &asked.call.path);
            elsewhere.extend(own.map(|(endpoint, _)| (asked.reason.clone(), endpoint)));
        }
        let answered_at = |call: &Call| (call.from, call.place, call.method.clone(), call.path.clone());
        let by_address: FxHashSet<_> = rows.settled.iter().filter(|call| matches!(call.to, Target::Service(_))).map(answered_at).collect();
        self.open.retain_mut(|asked| {
            let Some(found) = asked.presumed.take() else { return true };
            // Whom another deployment of the code asks at an address is whom it asks here.
            if by_address.contains(&answered_at(&asked.call)) {
                return false;
            }
            if found.endpoint.is_some_and(|endpoint| elsewhere.contains(&(asked.reason.clone(), endpoint))) {
                asked.kin.clear();
                return true;
            }
            if is_witness(&found) {
                self.votes.add(std::mem::take(&mut asked.kin), found.service, asked.call.place);
            }
            answered(&mut asked.call, found);
            rows.settled.push(asked.call.clone());
            false
        });
    }
}

impl Rows {
    /// Adds a call of whose URL nothing is known: settings may say where it goes.
    fn add_without_url(&mut self, scene: &Scene<'_>, from: ServiceIndex, outbound: &OutboundCall, method: Option<&Symbol>) {
        let mut call = call(scene, from, outbound, method, HOLE.into());
        match told(scene.input, &around(scene.input, outbound)) {
            Some((to, why)) => {
                goes_to(&scene.targets, &mut call, to, why);
                self.settled.push(call);
            }
            None => self.unresolved.push(Unresolved {
                method: call.method,
                sender: owners::leaf_function(scene.input, outbound),
                ..Unresolved::new(from, call.place, outbound.function, Symbol::default(), Reason::Url)
            }),
        }
    }
}

impl Open<'_> {
    /// Settles it by what stands around it, or says why it cannot be.
    fn settle(mut self, scene: &Scene<'_>, votes: &owners::Votes, rows: &mut Rows) {
        let input = scene.input;
        if let Some((to, why)) = told(input, &around(input, self.outbound)) {
            goes_to(&scene.targets, &mut self.call, to, why);
            rows.settled.push(self.call);
            return;
        }
        let sender = owners::leaf_function(input, self.outbound);
        let (decided_by, decider) = decided_by(input, &self.url.pattern);
        let decided_in = if decider.is_some_and(|decider| decider.file == sender.file) { sender } else { self.outbound.function };
        if let Some(found) = self.meant(scene, votes, (&decided_by, decided_in)) {
            let evidence = [std::mem::take(&mut self.call.evidence), found.evidence.clone()].concat();
            answered(&mut self.call, Found { evidence, ..found });
            rows.settled.push(self.call);
            return;
        }
        let Call { from, place, function, method, path, evidence, .. } = self.call;
        rows.unresolved.push(Unresolved {
            method,
            candidates: self.candidates,
            evidence: deduplicated(evidence),
            decided_by,
            decided_in,
            sender,
            ..Unresolved::new(from, place, function, path, self.reason)
        });
    }

    /// Whom it means, by what stands around it.
    fn meant(&self, scene: &Scene<'_>, votes: &owners::Votes, decided: (&str, FunctionRef)) -> Option<Found> {
        let Call { from, method, path, .. } = &self.call;
        if self.kin.is_empty() && self.candidates.is_empty() {
            return None;
        }
        let endpoints = &scene.targets.endpoints;
        let named = || matches!(self.reason, Reason::Host).then_some(decided);
        votes
            .settle(&self.kin, &self.candidates, endpoints, method.as_ref(), path)
            .or_else(|| owners::named_for(scene.input, endpoints, *from, self.outbound, method.as_ref(), path))
            .or_else(|| owners::named_by_setting(scene.input, endpoints, &self.call, named()?))
    }
}

/// A call to nobody yet.
fn call(scene: &Scene<'_>, from: ServiceIndex, outbound: &OutboundCall, method: Option<&Symbol>, path: Symbol) -> Call {
    let place = scene.places.call(outbound.site);
    let nobody = Target::External(Symbol::default());
    Call { method: method.cloned(), limit: outbound.limit, ..Call::new(from, nobody, Protocol::Http, path, place, outbound.function) }
}

/// The path that a URL asks for, without its query.
fn path_asked(url: &str) -> Symbol {
    let path = Address::parse(url).path().to_owned();
    let path = dapr_invocation(&path).map_or(path.as_str(), |(_, path)| path);
    let path = path.split('?').next().unwrap_or_default().replace("//", "/");
    if path.is_empty() { "/".into() } else { path.into() }
}

/// Adds where a URL's parts are written.
fn add_sources(scene: &Scene<'_>, url: &Url, evidence: &mut Vec<Evidence>) {
    let passed = |call| Evidence { what: "base URL passed here".to_owned(), place: scene.places.call(call) };
    evidence.extend(url.passed.iter().map(|call| passed(*call)));
    let (keyed, others): (Vec<Source>, Vec<Source>) = url.pattern.sources.iter().partition(|source| matches!(source, Source::Keyed(..)));
    evidence.extend(keyed.iter().chain(others.iter().take(MAX_SOURCES)).filter_map(|source| {
        let place = scene.places.source(*source)?;
        Some(Evidence { what: scene.places.words(*source)?, place })
    }));
}

/// Whether a URL that some code falls back to gives way to another, as callers of that code pass what decides the other.
fn gives_way(url: &Url, other: &Url) -> bool {
    let decided = url.contexts.last().filter(|_| url.fallback && !other.fallback);
    decided.is_some_and(|decided| other.contexts.split_last().is_some_and(|(_, inner)| inner.contains(decided)))
}

/// Whether a URL is another one without the slash behind its host: what joins the two asks first which of them has it.
fn lacks_slash_of(url: &str, other: &str) -> bool {
    let Some(behind_host) = other.find("://").and_then(|scheme| Some(scheme + 3 + other[scheme + 3..].find('/')?)) else { return false };
    url.len() + 1 == other.len() && url.starts_with(&other[..behind_host]) && url[behind_host..] == other[behind_host + 1..]
}

/// Whether a URL is only one of several that stand under keys of one map: which key is meant, only running code knows.
fn is_one_of_several(url: &Url, known: &[&Url]) -> bool {
    let map = url.pattern.sources.iter().find(|source| matches!(source, Source::Keyed(..)));
    map.is_some_and(|map| {
        let host = owners::base(url);
        known.iter().any(|other| other.pattern.sources.contains(map) && owners::base(other) != host)
    })
}

/// Whether who answers a call tells of others like it whom they mean.
fn is_witness(found: &Found) -> bool {
    found.via.is_empty() && found.endpoint.is_some()
}

/// What stands around a call says more than what stands around the wrapper that sends it.
fn around(input: &Input<'_>, outbound: &OutboundCall) -> [FunctionRef; 2] {
    [outbound.function, owners::leaf_function(input, outbound)]
}

/// What the code calls that which decides the beginning of a URL, and the function whose parameter it is.
fn decided_by(input: &Input<'_>, pattern: &Pattern) -> (Symbol, Option<FunctionRef>) {
    for part in &pattern.parts {
        return match part {
            Part::Text(text) if text.ends_with("://") => continue,
            Part::Text(_) | Part::NamedByCaller { .. } => (Symbol::default(), None),
            Part::Env { name, .. } | Part::Hole(name) => (name.clone(), None),
            Part::Setting { keys, .. } => (keys.join(".").into(), None),
            Part::Origin(of) | Part::Changed(_, of) => decided_by(input, of),
            Part::Param(param, path, _) => {
                let facts = input.files.source(param.function.file);
                let name = facts.and_then(|facts| facts.function(param.function.function).params.get(param.index as usize));
                let name = name.map(|param| param.name.as_str()).filter(|name| !name.is_empty());
                let words: Vec<&str> = name.into_iter().chain(path.iter().map(Symbol::as_str)).collect();
                (words.join(".").into(), Some(param.function))
            }
        };
    }
    (Symbol::default(), None)
}
