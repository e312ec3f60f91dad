//! From the links of all files and the workspace to a chart: what each service's code says, as that service sees it.

use std::sync::Arc;

use portolan_grammars::catalog::Catalog;
use portolan_grammars::facts::{Expr, FunctionId, Symbol, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use self::passages::Passage;
use self::ports::Ports;
use self::reach::Reach;
use self::targets::{Answer, Endpoints, Targets};
use super::link::{Extent, FileLink, OutboundCall, Request, Site, TransactionDecl, Url};
use super::paths::HOLE;
use super::value::{CallRef, Part, Pattern, Source};
use crate::chart::{
    Call, Chart, Endpoint, EndpointIndex, Evidence, FunctionEdge, Protocol, Reason, ServiceIndex, ServiceKind, Status, Target, Transaction,
    Unresolved,
};
use crate::files::Files;
use crate::workspace::{HostMatch, Workspace, is_local};
use crate::{FileId, FunctionRef, Place};

mod blind_spots;
pub(super) mod endpoints;
mod messages;
mod operations;
mod owners;
mod passages;
mod ports;
mod reach;
mod requests;
mod sdks;
pub(super) mod stores;
mod targets;
pub(crate) use targets::is_telling;
pub(super) mod text;
mod tools;
mod tracing;
mod variables;

/// All that a chart is made from.
pub struct Input<'a> {
    /// The files.
    pub files: &'a Files,
    /// Packages and services.
    pub workspace: &'a Workspace,
    /// Libraries.
    pub catalog: &'a Catalog,
    /// Links by [`FileId`].
    pub links: &'a [Option<Arc<FileLink>>],
}

impl<'a> Input<'a> {
    /// The services whose code is in the workspace.
    fn own_services(&self) -> impl Iterator<Item = ServiceIndex> + use<'a> {
        let services = &self.workspace.services;
        (0..services.len() as u32).map(ServiceIndex).filter(move |service| !services[service.index()].third_party)
    }
}

/// From facts' names to places.
#[derive(Clone, Copy)]
struct Places<'a> {
    files: &'a Files,
}

impl Places<'_> {
    /// A call's own name: the method.
    fn call(self, call: CallRef) -> Place {
        self.files.called_at(call).unwrap_or(Place { file: call.file, range: TextRange::default() })
    }
    /// A function's name.
    fn function(self, function: FunctionRef) -> Place {
        let range = self.files.source(function.file).map_or(TextRange::default(), |facts| facts.function(function.function).name_range);
        Place { file: function.file, range }
    }
    fn site(self, site: Site) -> Place {
        match site {
            Site::Call(call) => self.call(call),
            Site::Row(call, file, row) => self.source(Source::Expr(file, row)).unwrap_or_else(|| self.call(call)),
            Site::Function(function) => self.function(function),
            Site::File(file) => Place { file, range: TextRange::default() },
        }
    }
    /// What a source says, in a few words; nothing for punctuation.
    fn words(self, source: Source) -> Option<String> {
        if let Source::Expr(file, expr) = source
            && let Some(facts) = self.files.source(file)
            && let Expr::Str(text) = facts.expr(expr)
        {
            let telling = text.chars().any(char::is_alphanumeric);
            return telling.then(|| format!("`{}`", text.chars().take(60).collect::<String>()));
        }
        if matches!(source, Source::Setting(..)) {
            return Some("setting in a configuration file".to_owned());
        }
        Some("part of the URL".to_owned())
    }
    fn source(self, source: Source) -> Option<Place> {
        match source {
            Source::Expr(file, expr) => {
                let range = self.files.source(file)?.expr_range(expr);
                Some(Place { file, range })
            }
            Source::Call(file, call) => Some(self.call(CallRef { file, call })),
            Source::Setting(file, range) => Some(Place { file, range }),
        }
    }
}

/// Makes the chart.
pub fn assemble(input: &Input<'_>) -> Chart {
    let reach = Reach::find(input);
    let places = Places { files: input.files };
    let mut chart = Chart { services: input.workspace.services.clone(), ..Chart::default() };
    let routes = endpoints::Routes::collect(input.links);
    let coverage = tracing::Coverages::find(input, &reach);
    let passages = passages::find(input, &reach, &routes);
    chart.endpoints = endpoints::find(input, &reach, &routes, &passages, &coverage);
    calls(input, &reach, &places, passages, &mut chart);
    chart.channels = messages::find(input, &reach, &coverage);
    tools::settle(input, &mut chart);
    chart.blind_spots = blind_spots::find(input, &reach, &routes, &chart.endpoints);
    chart.stores = stores::find(input, &reach);
    chart.tracing = coverage.tracing(input);
    chart.functions = functions(input, &places);
    chart.transactions = transactions(input, &places);
    chart.variables = variables::find(input, &reach, &chart);
    chart
}

fn calls(input: &Input<'_>, reach: &Reach, places: &Places<'_>, passages: Vec<Passage>, chart: &mut Chart) {
    let endpoints = std::mem::take(&mut chart.endpoints);
    let passage_targets = passages::targets(input, &passages);
    let targets = Targets {
        input,
        endpoints: Endpoints::new(&endpoints, chart.services.len(), &passages),
        ports: Ports::find(input, reach),
        passages,
        passage_targets,
    };
    let services: Vec<ServiceIndex> = input.own_services().collect();
    let mut rows: Vec<Call> = Vec::new();
    let mut unresolved: Vec<Unresolved> = Vec::new();
    let mut votes = owners::Votes::default();
    let mut open: Vec<Open<'_>> = Vec::new();
    for outbound in input.links.iter().flatten().flat_map(|link| &link.calls) {
        // What a house-made client does inside is told by settings.
        if input.workspace.modules.is_house_made(outbound.site.file) {
            continue;
        }
        for &service in &services {
            if !reach.has(service, outbound.function) {
                continue;
            }
            match &outbound.request {
                Request::Http { method, .. } => {
                    let mut out = HttpOut { rows: &mut rows, unresolved: &mut unresolved, votes: &mut votes, open: &mut open };
                    http(&targets, reach, places, service, outbound, method.as_ref(), &mut out)
                }
                Request::Rpc { .. } => rpc(&targets, reach, places, service, outbound, &mut rows, &mut unresolved),
                Request::Sdk { .. } => {}
            }
        }
    }
    sdks::calls(&targets, reach, places, &services, &mut rows);
    operations::calls(&targets, reach, places, &services, &mut rows, &mut unresolved);
    requests::calls(&targets, reach, places, &mut rows, &mut unresolved);
    presume(&targets, &mut open, &mut votes, &mut rows);
    for call in open {
        settle(&targets, &votes, call, &mut rows, &mut unresolved);
    }
    for passage in &targets.passages {
        gateway_hop(&targets, passage, &mut rows);
    }
    let key = |place: Place| (place.file, place.range.start);
    rows.sort_by(|a, b| {
        (a.from, key(a.place), &a.to, &a.path, &a.method, a.status).cmp(&(b.from, key(b.place), &b.to, &b.path, &b.method, b.status))
    });
    // A query string that a call may have makes it no other call.
    let same_path = |longer: &Symbol, shorter: &Symbol| longer.strip_prefix(shorter.as_str()).is_some_and(|rest| matches!(rest, "" | "{}"));
    rows.dedup_by(|a, b| a.from == b.from && a.place == b.place && a.to == b.to && same_path(&a.path, &b.path) && a.method == b.method);
    // A base URL alone is what a wrapper would ask for by default; where a call says more, that is what it asks for.
    let telling: FxHashSet<(ServiceIndex, Place, Target)> =
        rows.iter().filter(|call| call.endpoint.is_some()).map(|call| (call.from, call.place, call.to.clone())).collect();
    rows.retain(|call| call.endpoint.is_some() || call.path != "/" || !telling.contains(&(call.from, call.place, call.to.clone())));
    unresolved.sort_by(|a, b| (a.from, key(a.place), &a.reason).cmp(&(b.from, key(b.place), &b.reason)));
    unresolved.dedup_by(|a, b| a.from == b.from && a.place == b.place);
    // A place that resolves in one way is not unresolved in another.
    let resolved: FxHashSet<(ServiceIndex, Place)> = rows.iter().map(|call| (call.from, call.place)).collect();
    unresolved.retain(|row| !resolved.contains(&(row.from, row.place)));
    chart.calls = rows;
    chart.unresolved = unresolved;
    chart.endpoints = endpoints;
}

/// Where the calls of [`http`] go.
struct HttpOut<'o, 'a> {
    rows: &'o mut Vec<Call>,
    unresolved: &'o mut Vec<Unresolved>,
    votes: &'o mut owners::Votes,
    open: &'o mut Vec<Open<'a>>,
}

/// A call that its host and path do not settle: what stands around it may.
struct Open<'a> {
    call: Call,
    outbound: &'a OutboundCall,
    kin: Vec<owners::Kin>,
    candidates: Vec<ServiceIndex>,
    reason: Reason,
    url: &'a Url,
    /// Who answers, as far as the path tells.
    presumed: Option<targets::Found>,
}

fn http<'a>(
    targets: &Targets<'_>,
    reach: &Reach,
    places: &Places<'_>,
    service: ServiceIndex,
    outbound: &'a OutboundCall,
    method: Option<&Symbol>,
    out: &mut HttpOut<'_, 'a>,
) {
    let Request::Http { urls, .. } = &outbound.request else { return };
    let place = places.call(outbound.site);
    if urls.is_empty() {
        if let Some((to, why)) = told(targets.input, &around(targets.input, outbound)) {
            let mut call = Call {
                method: method.cloned(),
                limit: outbound.limit,
                ..Call::new(service, to.clone(), Protocol::Http, HOLE.into(), place, outbound.function)
            };
            goes_to(targets, &mut call, to, why);
            out.rows.push(call);
            return;
        }
        out.unresolved.push(Unresolved {
            from: service,
            place,
            function: outbound.function,
            method: method.cloned(),
            path: Symbol::default(),
            reason: Reason::Url,
            candidates: Vec::new(),
            evidence: Vec::new(),
            decided_by: Symbol::default(),
            decided_in: outbound.function,
            sender: owners::leaf_function(targets.input, outbound),
        });
    }
    let known: Vec<&'a Url> = urls.iter().filter(|url| url.contexts.iter().all(|context| reach.has(service, *context))).collect();
    for &url in known.iter().filter(|url| !known.iter().any(|other| gives_way(url, other))) {
        for mut text in text::texts(targets.input, service, &url.pattern) {
            for passed in &url.passed {
                text.evidence.push(Evidence { what: "base URL passed here".to_owned(), place: places.call(*passed) });
            }
            for source in url.pattern.sources.iter().take(6) {
                if let (Some(place), Some(what)) = (places.source(*source), places.words(*source)) {
                    text.evidence.push(Evidence { what, place });
                }
            }
            let path = text::Address::parse(&text.text).path().to_owned();
            let path = targets::dapr_invocation(&path).map_or(path.as_str(), |(_, path)| path);
            let path = path.split('?').next().unwrap_or_default().replace("//", "/");
            let path: Symbol = if path.is_empty() { "/".into() } else { path.into() };
            let mut call = Call {
                method: method.cloned(),
                status: if text.guessed { Status::Likely } else { Status::Exact },
                limit: outbound.limit,
                ..Call::new(service, Target::External(Symbol::default()), Protocol::Http, path, place, outbound.function)
            };
            match targets.answer(service, method, &text) {
                Answer::Service(mut found) => {
                    if let Some(name) = found.presumed.take() {
                        call.evidence = text.evidence;
                        let kin = owners::kin(targets.input, service, outbound, url);
                        let reason = Reason::Variable(name);
                        out.open.push(Open { call, outbound, kin, candidates: Vec::new(), reason, url, presumed: Some(found) });
                        continue;
                    }
                    if found.via.is_empty() && found.endpoint.is_some() {
                        out.votes.add(owners::kin(targets.input, service, outbound, url), found.service, place);
                    }
                    answered(&mut call, found);
                    out.rows.push(call);
                }
                Answer::External(host) => {
                    if let text::Address::Host { host, port, .. } = text::Address::parse(&text.text)
                        && let Some((Target::External(_), why)) = targets.told(service, &host, port.as_deref())
                    {
                        text.evidence.push(why);
                    }
                    call.to = Target::External(host);
                    call.evidence = deduplicated(text.evidence);
                    out.rows.push(call);
                }
                Answer::Ambiguous(candidates, reason) => {
                    call.evidence = text.evidence;
                    let kin = owners::kin(targets.input, service, outbound, url);
                    out.open.push(Open { call, outbound, kin, candidates, reason, url, presumed: None });
                }
                Answer::Unresolved(reason) => {
                    let hostless = match text::Address::parse(&text.text) {
                        text::Address::Unknown(_) | text::Address::Unset(..) => true,
                        text::Address::Host { host, .. } => is_local(&host),
                        text::Address::Relative(_) => false,
                    };
                    call.evidence = text.evidence;
                    let kin = if hostless { owners::kin(targets.input, service, outbound, url) } else { Vec::new() };
                    out.open.push(Open { call, outbound, kin, candidates: Vec::new(), reason, url, presumed: None });
                }
            }
        }
    }
}

/// Whether a URL that some code falls back to gives way to another, as callers of that code pass what decides the other.
fn gives_way(url: &Url, other: &Url) -> bool {
    let decided = url.contexts.last().filter(|_| url.fallback && !other.fallback);
    decided.is_some_and(|decided| other.contexts.split_last().is_some_and(|(_, inner)| inner.contains(decided)))
}

fn answered(call: &mut Call, found: targets::Found) {
    call.to = Target::Service(found.service);
    call.endpoint = found.endpoint;
    call.via = found.via;
    call.development = found.development;
    call.status = found.status;
    call.evidence = deduplicated(found.evidence);
}

/// Whom the workspace's settings say that the calls in some functions go to; the first function that is spoken of counts.
fn told<'a>(input: &Input<'a>, functions: &[FunctionRef]) -> Option<(&'a Target, &'a Evidence)> {
    let settings = &input.workspace.settings;
    if !settings.speaks_of_calls() {
        return None;
    }
    functions.iter().find_map(|function| settings.calls(input.files.path(function.file), &names_around(input.files, *function)))
}

/// What stands around a call says more than what stands around the wrapper that sends it.
fn around(input: &Input<'_>, outbound: &OutboundCall) -> [FunctionRef; 2] {
    [outbound.function, owners::leaf_function(input, outbound)]
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

/// Lets a call go where settings say.
fn goes_to(targets: &Targets<'_>, call: &mut Call, to: &Target, why: &Evidence) {
    let mut evidence = std::mem::take(&mut call.evidence);
    evidence.push(why.clone());
    call.status = Status::Exact;
    call.to = to.clone();
    if let Target::Service(service) = to {
        call.endpoint = targets.endpoints.find(*service, call.method.as_ref(), &call.path).map(|(endpoint, _)| endpoint);
    }
    call.evidence = deduplicated(evidence);
}

/// Settles the calls of which only the path tells who answers. A service that asks for the same by the same variable is not whom it names: it
/// passes on to someone outside what others ask of that one, too.
fn presume(targets: &Targets<'_>, open: &mut Vec<Open<'_>>, votes: &mut owners::Votes, rows: &mut Vec<Call>) {
    let mut elsewhere: FxHashSet<(Reason, EndpointIndex)> = FxHashSet::default();
    for asked in open.iter().filter(|asked| matches!(asked.reason, Reason::Variable(_)) && asked.presumed.is_none()) {
        let own = targets.endpoints.find(asked.call.from, asked.call.method.as_ref(), &asked.call.path);
        elsewhere.extend(own.map(|(endpoint, _)| (asked.reason.clone(), endpoint)));
    }
    open.retain_mut(|asked| {
        let Some(found) = asked.presumed.take() else { return true };
        if found.endpoint.is_some_and(|endpoint| elsewhere.contains(&(asked.reason.clone(), endpoint))) {
            asked.kin.clear();
            return true;
        }
        if found.via.is_empty() && found.endpoint.is_some() {
            votes.add(std::mem::take(&mut asked.kin), found.service, asked.call.place);
        }
        answered(&mut asked.call, found);
        rows.push(asked.call.clone());
        false
    });
}

/// Settles a call by what stands around it, or says why it cannot be.
fn settle(targets: &Targets<'_>, votes: &owners::Votes, open: Open<'_>, rows: &mut Vec<Call>, unresolved: &mut Vec<Unresolved>) {
    let Open { mut call, outbound, kin, candidates, reason, url, .. } = open;
    let (from, method, path) = (call.from, call.method.clone(), call.path.clone());
    if let Some((to, why)) = told(targets.input, &around(targets.input, outbound)) {
        goes_to(targets, &mut call, to, why);
        rows.push(call);
        return;
    }
    let sender = owners::leaf_function(targets.input, outbound);
    let (decided_by, decider) = decided_by(targets.input, &url.pattern);
    let decided_in = if decider.is_some_and(|decider| decider.file == sender.file) { sender } else { outbound.function };
    let mut found = None;
    if !kin.is_empty() || !candidates.is_empty() {
        let named = || matches!(reason, Reason::Host).then_some((decided_by.as_str(), decided_in));
        found = votes
            .settle(&kin, &candidates, &targets.endpoints, method.as_ref(), &path)
            .or_else(|| owners::named_for(targets.input, &targets.endpoints, from, outbound, method.as_ref(), &path))
            .or_else(|| owners::named_by_setting(targets.input, &targets.endpoints, &call, named()?));
    }
    match found {
        Some(found) => {
            let evidence = [std::mem::take(&mut call.evidence), found.evidence.clone()].concat();
            answered(&mut call, targets::Found { evidence, ..found });
            rows.push(call);
        }
        None => {
            unresolved.push(Unresolved {
                from,
                place: call.place,
                function: call.function,
                method,
                path,
                reason,
                candidates,
                evidence: deduplicated(call.evidence),
                decided_by,
                decided_in,
                sender,
            });
        }
    }
}

fn rpc(
    targets: &Targets<'_>,
    reach: &Reach,
    places: &Places<'_>,
    service: ServiceIndex,
    outbound: &OutboundCall,
    rows: &mut Vec<Call>,
    unresolved: &mut Vec<Unresolved>,
) {
    let Request::Rpc { service: rpc, method, addresses, .. } = &outbound.request else { return };
    let input = targets.input;
    let place = places.call(outbound.site);
    let path: Symbol = format!("{rpc}/{method}").into();
    let mut found: Vec<(ServiceIndex, Status, Vec<Evidence>)> = Vec::new();
    let mut via = Vec::new();
    for address in addresses {
        if !address.contexts.iter().all(|context| reach.has(service, *context)) {
            continue;
        }
        for text in text::texts(input, service, &address.pattern) {
            if let Answer::Service(answer) = targets.answer_rpc(service, &text, &path) {
                via = answer.via;
                found.push((answer.service, answer.status, answer.evidence));
            }
        }
    }
    // Without an address, the service that settings say implements it, or whose code does.
    if found.is_empty()
        && let Some((implementing, why)) = input.workspace.settings.implementing(rpc)
    {
        found.push((*implementing, Status::Exact, vec![why.clone()]));
    }
    if found.is_empty() {
        let mut implementing: Vec<_> =
            targets.endpoints.all.iter().filter(|endpoint| endpoint.protocol == Protocol::Grpc && endpoint.path == path).collect();
        implementing.sort_by_key(|endpoint| endpoint.service);
        implementing.dedup_by_key(|endpoint| endpoint.service);
        // A tool that holds a server to try things out is not whom others ask, nor what runs once beside a service.
        let is_tool =
            |endpoint: &&Endpoint| matches!(input.workspace.services[endpoint.service.index()].kind, ServiceKind::Cli | ServiceKind::Job);
        if !implementing.iter().all(is_tool) {
            implementing.retain(|endpoint| !is_tool(endpoint));
        }
        let others = implementing.iter().filter(|endpoint| endpoint.service != service).count();
        for endpoint in &implementing {
            if others > 0 && endpoint.service == service {
                continue;
            }
            let name = &input.workspace.services[endpoint.service.index()].name;
            let status = if implementing.len() == 1 { Status::Exact } else { Status::Likely };
            found.push((endpoint.service, status, vec![Evidence { what: format!("{name} implements {path}"), place: endpoint.place }]));
        }
    }
    if found.is_empty() {
        let simple = rpc.rsplit('.').next().unwrap_or(rpc);
        if let HostMatch::One(answer, _, why) = input.workspace.service_of_stem(&format!("{}_ADDR", super::rpc::snake_case(simple))) {
            found.push((answer, Status::Likely, vec![why]));
        }
    }
    if found.is_empty() {
        unresolved.push(Unresolved {
            from: service,
            place,
            function: outbound.function,
            method: None,
            path: path.clone(),
            reason: Reason::Rpc(rpc.clone()),
            candidates: Vec::new(),
            evidence: Vec::new(),
            decided_by: Symbol::default(),
            decided_in: outbound.function,
            sender: owners::leaf_function(input, outbound),
        });
    }
    for (to, status, evidence) in found {
        let endpoint = targets
            .endpoints
            .all
            .iter()
            .position(|endpoint| endpoint.service == to && endpoint.protocol == Protocol::Grpc && endpoint.path == path);
        rows.push(Call {
            endpoint: endpoint.map(|at| EndpointIndex(at as u32)),
            via: via.clone(),
            status,
            limit: outbound.limit,
            evidence: deduplicated(evidence),
            ..Call::new(service, Target::Service(to), Protocol::Grpc, path.clone(), place, outbound.function)
        });
    }
}

/// The hop of a gateway itself: from it to whom it passes on.
fn gateway_hop(targets: &Targets<'_>, passage: &Passage, rows: &mut Vec<Call>) {
    let text = text::Text { text: passage.base(), ..passage.target.clone() };
    let mut evidence = vec![passage.evidence.clone()];
    if let text::Address::Host { .. } | text::Address::Unset(..) = text::Address::parse(&text.text)
        && !passage.development
        && let Answer::Service(found) = targets.answer_after(passage.gateway, None, &text, passages::MAX_HOPS)
        && found.service != passage.gateway
    {
        evidence.extend(found.evidence);
        let Place { file, .. } = passage.evidence.place;
        let function = FunctionRef { file, function: FunctionId::MODULE };
        let path = passage.matched.shown();
        rows.push(Call {
            status: found.status,
            evidence: deduplicated(evidence),
            ..Call::new(passage.gateway, Target::Service(found.service), Protocol::Http, path, passage.evidence.place, function)
        });
    }
}

fn deduplicated(evidence: Vec<Evidence>) -> Vec<Evidence> {
    let mut kept: Vec<Evidence> = Vec::new();
    for one in evidence {
        if !kept.iter().any(|known| known.place == one.place) {
            kept.push(one);
        }
    }
    kept
}

/// Where transactions are open: in whatever service runs the code.
fn transactions(input: &Input<'_>, places: &Places<'_>) -> Vec<Transaction> {
    let open = |transaction: &TransactionDecl| {
        let place = places.call(transaction.site);
        match &transaction.extent {
            Extent::Function(function) => {
                let range = input.files.source(function.file)?.function(function.function).range;
                Some(Transaction { place, function: *function, region: Place { file: function.file, range }, ends: Vec::new() })
            }
            Extent::Until(ends) => {
                let file = place.file;
                let ends: Vec<Place> = ends.iter().map(|call| places.call(CallRef { file, call: *call })).collect();
                let start = input.files.source(file)?.call(transaction.site.call).range.end;
                let end = ends.iter().map(|end| end.range.start).max()?;
                Some(Transaction { place, function: transaction.function, region: Place { file, range: TextRange { start, end } }, ends })
            }
        }
    };
    let mut all: Vec<Transaction> = input.links.iter().flatten().flat_map(|link| &link.transactions).filter_map(open).collect();
    all.sort_by_key(|transaction| (transaction.place, transaction.region));
    all.dedup();
    all
}

fn functions(input: &Input<'_>, places: &Places<'_>) -> FxHashMap<FunctionRef, Vec<FunctionEdge>> {
    let mut all: FxHashMap<FunctionRef, Vec<FunctionEdge>> = FxHashMap::default();
    for (at, link) in input.links.iter().enumerate() {
        let Some(link) = link else { continue };
        let file = FileId(at as u32);
        for edge in &link.edges {
            let caller = FunctionRef { file, function: edge.caller };
            let place = match edge.call {
                Some(call) => places.call(call),
                None => places.function(edge.callee),
            };
            all.entry(caller).or_default().push(FunctionEdge { callee: edge.callee, place, detached: edge.detached });
        }
    }
    all
}
