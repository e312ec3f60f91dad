//! `no-timeout`: a client without a time limit, by which one service waits for another.
//!
//! What limits a call, [`crate::resolve`] knows. Invariant: a client is reported once, however many calls go through it; calls that go through no
//! client, or through one that is made for them alone, are one finding a file, of which each function is a part, so that one more of them is news.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::catalog::Limited;
use portolan_grammars::facts::{Binding, Call, Expr, ExprId, FunctionId, SourceFacts, Symbol, TextRange, TypeRef};
use rustc_hash::FxHashSet;

use super::context::fitting;
use super::{Context, Draft, Number, RuleOption, Severity, Sink, exempt};
use crate::chart::flow::{Spot, is_let_go};
use crate::chart::index::Runner;
use crate::chart::operation::answers_by;
use crate::chart::{CallIndex, ServiceIndex, ServiceKind};
use crate::resolve::index::last_segment;
use crate::resolve::link::{OutboundCall, Request, Unlimited};
use crate::resolve::value::CallRef;
use crate::words::enumerate_first;
use crate::{FileId, FunctionRef, Place, Snapshot};

pub(crate) const SECONDS: Number =
    Number { name: "seconds", meaning: "The limit that `portolan fix` and the editor's action give, in seconds.", default: 30, least: 1 };
/// How many calls are named.
const MAX_CALLS: usize = 10;
/// How many services are named on each side.
const MAX_NAMES: usize = 3;

rule! {
    /// ## What it does
    /// Finds clients by which a service waits for another without a time limit: none on the client, the request, or around it. A warning where the
    /// endpoint that is asked waits for others itself, or a transaction is open meanwhile.
    ///
    /// A client is reported once, where it is made; calls that are made without one, such as `fetch`, or with one that their function makes anew,
    /// once a file; rpcs, whose clients a generator makes, once for a package and the service that it asks. Left alone are clients with a limit of
    /// their own (reqwest's blocking one, `ky`), calls within `tokio::time::timeout` or with a `signal`, calls through a gateway, which has limits,
    /// services whose requests a mesh limits (Istio's VirtualService), responses that are read as a stream, health checks, and what front ends ask
    /// for other than to answer a request; and promises that are let go (`void fetch(…)`, `fetch(…).catch(log)`), but not those whose answer a
    /// callback gets (`.then(…)`). Of rpcs those count that a `.proto` file declares and that do not stream, in packages whose code beside
    /// them says nothing of deadlines, time-outs or interceptors.
    ///
    /// ## Why it matters
    /// A service that hangs is worse than one that is down: whoever asks it hangs, too, and keeps its own callers, memory and connections waiting.
    ///
    /// ## Example
    /// ```rust
    /// let http = reqwest::Client::new(); // waits as long as it takes
    /// let stock: Stock = http.get(format!("{inventory}/stock/{sku}")).send().await?.json().await?;
    /// ```
    ///
    /// ## How to fix
    /// Say how long an answer is worth waiting for, less than your own callers wait for you: `Client::builder().timeout(…)`,
    /// `axios.create({ timeout })`, `fetch(url, { signal: AbortSignal.timeout(…) })`; `portolan fix --rule no-timeout` does. Give an rpc a deadline:
    /// `client.quote(request, { deadline })`, `request.set_timeout(…)`, `Endpoint::timeout(…)`.
    "no-timeout", Resilience, Information, "A service waits for another without a time limit", check,
    options: &[RuleOption::Number(SECONDS)]
}

/// Whose limit is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Client {
    /// A client is made by this call.
    Made(CallRef),
    /// Calls in this file are made without one, or each with its own.
    In(FileId),
    /// A package, or files of none, ask this rpc service by clients that a generator made.
    Stub(Option<usize>, Symbol),
}

/// What is missing there.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// The calls that would have to say it: the one that makes the client, or each that is made without one.
    pub(crate) calls: Vec<Unlimited>,
    /// The library's calls that send.
    pub(crate) leaves: Vec<CallRef>,
    /// Who waits for whom.
    pub(crate) waits: Vec<CallIndex>,
}

impl Waiting {
    /// Whether one of the calls makes a client, and does not send itself.
    pub(crate) fn is_client(&self, unlimited: &Unlimited) -> bool {
        !self.leaves.contains(&unlimited.call)
    }
    /// Whether a transaction stays open for as long as one of the calls takes.
    pub(crate) fn is_in_transaction(&self, snapshot: &Snapshot) -> bool {
        self.waits.iter().any(|call| snapshot.chart.is_in_transaction(&snapshot.files, snapshot.chart.call(*call).place))
    }
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for (client, waiting) in &context.snapshot.endless().clients {
        report(context, sink, client, waiting);
    }
}

/// What waits as long as it takes.
#[derive(Debug)]
pub(crate) struct Endless {
    /// The clients without a limit by which services wait for each other.
    pub(crate) clients: BTreeMap<Client, Waiting>,
    /// The chart's calls that wait by them.
    pub(crate) calls: FxHashSet<CallIndex>,
}

impl Endless {
    /// Finds it in a snapshot, which keeps it: see [`Snapshot::endless`].
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let clients = clients(snapshot);
        let calls = clients.values().flat_map(|waiting| waiting.waits.iter().copied()).collect();
        Self { clients, calls }
    }
}

fn clients(snapshot: &Snapshot) -> BTreeMap<Client, Waiting> {
    let around = Around::find(snapshot);
    let mut found: BTreeMap<Client, Waiting> = BTreeMap::new();
    let sent = snapshot.links.iter().flatten().flat_map(|link| &link.calls);
    let sent: Vec<_> = sent.filter_map(|outbound| endless(snapshot, &around, outbound).map(|(at, waits)| (outbound, at, waits))).collect();
    // What a client's own function sends is told with what others send by it.
    let is_shared = |(outbound, unlimited, _): &&(&OutboundCall, &Unlimited, Vec<CallIndex>)| {
        unlimited.call != outbound.leaf && !is_made_for(snapshot, unlimited.call, outbound)
    };
    let shared: FxHashSet<CallRef> = sent.iter().filter(is_shared).map(|(_, unlimited, _)| unlimited.call).collect();
    for (outbound, unlimited, waits) in sent {
        let at = unlimited.call;
        let client = match &outbound.request {
            Request::Rpc { service, .. } => Client::Stub(snapshot.workspace.package_of(snapshot.files.path(at.file)), service.clone()),
            _ if !shared.contains(&at) => Client::In(at.file),
            _ => Client::Made(at),
        };
        let waiting = found.entry(client).or_default();
        waiting.calls.push(unlimited.clone());
        waiting.leaves.push(outbound.leaf);
        waiting.waits.extend(waits);
    }
    for waiting in found.values_mut() {
        waiting.calls.sort_unstable();
        waiting.calls.dedup();
        waiting.waits.sort_unstable();
        waiting.waits.dedup();
    }
    found
}

/// Whether a client is made for the one request that is sent by it, in the function that sends it.
fn is_made_for(snapshot: &Snapshot, made: CallRef, outbound: &OutboundCall) -> bool {
    let function = leaf_function(snapshot, outbound);
    function.function != FunctionId::MODULE && snapshot.files.function_at(made) == Some(function)
}

/// What would have to say how long a static span is waited for, and who waits; nothing where that is limited, or is no matter of the rule.
fn endless<'a>(snapshot: &Snapshot, around: &Around, outbound: &'a OutboundCall) -> Option<(&'a Unlimited, Vec<CallIndex>)> {
    let unlimited = outbound.unlimited.as_ref().filter(|_| !outbound.detached)?;
    let in_mesh = |index: &CallIndex| {
        let target = snapshot.chart.call(*index).target();
        target.is_some_and(|to| snapshot.workspace.deployments[to.index()].limited_by_mesh)
    };
    let waits: Vec<CallIndex> = waits(snapshot, outbound).filter(|index| !in_mesh(index)).collect();
    let is_limited = || around.is_limited(snapshot, outbound) || says_itself(snapshot, outbound);
    let counts = !waits.is_empty() && !is_limited() && !is_exempt(snapshot, outbound);
    counts.then_some((unlimited, waits))
}

/// Whether a call of a helper that gives back a request goes on to limit that: `self.request(url)?.timeout(limit).send()`. Rust only, where all
/// builders call it so.
fn says_itself(snapshot: &Snapshot, outbound: &OutboundCall) -> bool {
    let spot = snapshot.files.called_at(outbound.site).and_then(|place| Spot::at(&snapshot.files, place));
    let Some(spot) = spot.filter(|spot| outbound.site != outbound.leaf && !spot.source().language.is_ecmascript()) else { return false };
    let limits =
        |link: &Call| matches!(spot.source().expr(link.callee), Expr::Member { name, .. } if name == "timeout" && link.args.len() == 1);
    spot.chain().skip(1).any(limits)
}

/// The chart's calls that a static span is, as far as a service waits for another in them.
fn waits<'a>(snapshot: &'a Snapshot, outbound: &'a OutboundCall) -> impl Iterator<Item = CallIndex> + 'a {
    let place = snapshot.files.called_at(outbound.site);
    snapshot.index.calls_in(outbound.function).iter().copied().filter(move |index| {
        let call = snapshot.chart.call(*index);
        let from = snapshot.chart.service(call.from);
        let waits = match from.kind {
            ServiceKind::Backend | ServiceKind::Worker | ServiceKind::Job => !from.third_party,
            ServiceKind::Frontend => answers_by(&snapshot.chart, &snapshot.index, call.from, outbound.function),
            _ => false,
        };
        let bare = call.via.is_empty() && !call.development && !exempt::is_plumbing(&call.path) && !is_let_go(&snapshot.files, call);
        let answers = call.target().is_some_and(|to| to != call.from);
        Some(call.place) == place && waits && bare && answers && call.status.is_settled()
    })
}

/// The calls that other calls limit.
#[derive(Default)]
struct Around {
    /// Where they stand.
    limited: FxHashSet<Place>,
    /// Packages whose process has limits for all that say nothing else.
    packages: FxHashSet<usize>,
    /// Packages of which a file may give rpcs a deadline.
    limits_rpcs: FxHashSet<usize>,
}

impl Around {
    fn find(snapshot: &Snapshot) -> Self {
        let mut around = Self::default();
        for (at, link) in snapshot.links.iter().enumerate() {
            let (Some(link), file) = (link, FileId(at as u32)) else { continue };
            around.limited.extend(link.limited.iter().filter_map(|call| snapshot.files.called_at(CallRef { file, call: *call })));
            if link.limits.iter().any(|(_, _, of)| *of == Limited::Process) {
                around.packages.extend(snapshot.workspace.package_of(snapshot.files.path(file)));
            }
            if link.limits_rpcs {
                around.limits_rpcs.extend(snapshot.workspace.package_of(snapshot.files.path(file)));
            }
        }
        around
    }

    /// Whether something stands around a call that limits it: its wrapper's caller, or who calls the function it is in.
    fn is_limited(&self, snapshot: &Snapshot, outbound: &OutboundCall) -> bool {
        let at = |call: CallRef| snapshot.files.called_at(call).is_some_and(|place| self.limited.contains(&place));
        let package = snapshot.workspace.package_of(snapshot.files.path(outbound.leaf.file));
        if at(outbound.site) || at(outbound.leaf) || package.is_some_and(|package| self.packages.contains(&package)) {
            return true;
        }
        let is_rpc = matches!(outbound.request, Request::Rpc { .. }) && !self.limits_rpcs.is_empty();
        if is_rpc && !self.limits_rpcs.is_disjoint(&snapshot.workspace.with_dependencies(package)) {
            return true;
        }
        // Of a function that sends for many others, those between it and this call count alone.
        let below = |function: FunctionRef| snapshot.index.edges_of(outbound.function).iter().any(|edge| edge.callee == function);
        self.limits(snapshot, outbound.function, &|_| true)
            || self.limits(snapshot, leaf_function(snapshot, outbound), &|runner| runner == outbound.function || below(runner))
    }

    /// Whether something limits one of the calls by which a function is run, or the function that it stands in; of functions that count.
    fn limits(&self, snapshot: &Snapshot, function: FunctionRef, counts: &dyn Fn(FunctionRef) -> bool) -> bool {
        let runners = |function| snapshot.index.runners_of(function).iter().filter(|runner| counts(runner.function));
        let is_limited = |runner: &Runner| self.limited.contains(&runner.place);
        runners(function).any(|runner| is_limited(runner) || runners(runner.function).any(is_limited))
    }
}

/// Whether a call is none that the rule is about: it stands beside the service's work, or its answer comes bit by bit.
fn is_exempt(snapshot: &Snapshot, outbound: &OutboundCall) -> bool {
    let beside = [outbound.site.file, outbound.leaf.file].iter().any(|file| exempt::stands_beside(snapshot.files.path(*file)));
    beside || [outbound.function, leaf_function(snapshot, outbound)].into_iter().any(|function| streams(snapshot, function))
}

/// Whether a function reads or asks for an answer that comes bit by bit: no limit could be said for all of it.
pub(crate) fn streams(snapshot: &Snapshot, function: FunctionRef) -> bool {
    let Some(facts) = snapshot.files.source(function.file) else { return true };
    let range = facts.function(function.function).range;
    let whole = function.function == FunctionId::MODULE;
    let within = |other| whole || range.contains(other);
    let reads = || {
        facts.calls.iter().filter(|call| within(call.range)).any(|call| match facts.expr(call.callee) {
            Expr::Member { name, .. } => {
                matches!(name.as_str(), "bytes_stream" | "chunk" | "eventsource" | "getReader" | "pipeThrough" | "pipeTo" | "upgrade")
            }
            _ => false,
        })
    };
    let asks = || {
        facts.exprs.iter().filter(|expression| within(expression.range)).any(|expression| match &expression.kind {
            Expr::Str(text) => matches!(text.as_str(), "stream" | "text/event-stream" | "application/x-ndjson"),
            _ => false,
        })
    };
    facts.function(function.function).result.as_ref().is_some_and(gives_stream) || reads() || asks()
}

/// Whether a type is a stream, or has one in it: `Result<impl Stream<Item = Bytes>, Failure>`.
fn gives_stream(ty: &TypeRef) -> bool {
    matches!(last_segment(&ty.path), "Stream" | "BoxStream" | "ReadableStream") || ty.args.iter().any(gives_stream)
}

fn leaf_function(snapshot: &Snapshot, outbound: &OutboundCall) -> FunctionRef {
    let call = snapshot.files.source(outbound.leaf.file).map(|facts| facts.call(outbound.leaf.call).function);
    FunctionRef { file: outbound.leaf.file, function: call.unwrap_or(FunctionId::MODULE) }
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, client: &Client, waiting: &Waiting) {
    let snapshot = context.snapshot;
    let Some(first) = waiting.calls.first().map(|unlimited| unlimited.call) else { return };
    let (Some(place), Some(facts)) = (snapshot.files.called_at(first), snapshot.files.source(first.file)) else { return };
    let (mut from, mut to): (Vec<ServiceIndex>, Vec<ServiceIndex>) = (Vec::new(), Vec::new());
    let mut related = Vec::new();
    for index in &waiting.waits {
        let call = context.chart.call(*index);
        from.push(call.from);
        to.extend(call.target());
        let target = call.target().map_or("", |to| context.id(to).as_str());
        related.push((call.place, format!("{} waits for {target}: {}", context.id(call.from), call.label())));
    }
    let names = |services: &mut Vec<ServiceIndex>| {
        services.sort_unstable();
        services.dedup();
        services.iter().map(|service| context.id(*service).to_string()).collect::<Vec<String>>()
    };
    let (callers, targets) = (names(&mut from), names(&mut to));
    let callers = enumerate_first(&callers, MAX_NAMES);
    related.sort();
    related.dedup();
    let count = related.iter().map(|(place, _)| *place).collect::<BTreeSet<Place>>().len();
    related.truncate(MAX_CALLS);
    let client_of = |call: CallRef| match client_name(facts, call, &waiting.leaves) {
        _ if waiting.leaves.contains(&call) => spelled(facts, facts.call(call.call).callee),
        Some(name) => format!("`{name}`"),
        None => "This client".to_owned(),
    };
    let names: BTreeSet<String> = match client {
        Client::Stub(_, service) => [format!("The client of {service}")].into(),
        Client::Made(_) | Client::In(_) => waiting.calls.iter().map(|unlimited| client_of(unlimited.call)).collect(),
    };
    let has = if names.len() > 1 { "have" } else { "has" };
    let name = enumerate_first(&names.into_iter().collect::<Vec<_>>(), MAX_NAMES);
    let (calls, wait) = if count == 1 { ("call", "waits") } else { ("calls", "wait") };
    let symbol = |call: CallRef| context.symbol(FunctionRef { file: call.file, function: facts.call(call.call).function });
    let file = snapshot.files.path(first.file).to_string();
    let (subject, parts) = match client {
        Client::Made(_) => (vec![file, symbol(first), name.clone()], Vec::new()),
        Client::Stub(_, service) => (vec![service.to_string()], Vec::new()),
        Client::In(_) => (vec![file], waiting.calls.iter().map(|unlimited| symbol(unlimited.call).into()).collect()),
    };
    let draft = Draft {
        severity: (in_a_chain(context, waiting) || waiting.is_in_transaction(context.snapshot)).then_some(Severity::Warning),
        message: fitting(
            &format!("{name} {has} no timeout: {count} {calls} from {callers} to "),
            &targets,
            &format!(" {wait} as long as it takes"),
        ),
        place,
        related,
        services: [from, to].concat(),
        subject,
    };
    sink.report_parts(draft, parts);
}

/// Whether an endpoint that is asked waits for others itself.
fn in_a_chain(context: &Context<'_>, waiting: &Waiting) -> bool {
    let mut asked = waiting.waits.iter().filter_map(|call| context.chart.call(*call).endpoint);
    asked.any(|endpoint| {
        let service = context.chart.endpoint(endpoint).service;
        let waits = |index: CallIndex| {
            let call = context.chart.call(index);
            call.status.is_settled() && call.target().is_some_and(|to| to != service)
        };
        context.operation(endpoint).awaited().any(waits)
    })
}

/// What a client is called where it is made: a constant, a field, the type whose function makes it.
fn client_name(facts: &SourceFacts, made: CallRef, leaves: &[CallRef]) -> Option<String> {
    let call = facts.call(made.call);
    // What a request hands out is no client.
    let sends = |range: TextRange| leaves.iter().any(|leaf| leaf.file == made.file && range.contains(facts.call(leaf.call).range));
    let holds = |value: &ExprId| {
        let range = facts.expr_range(*value);
        range.contains(call.range) && !sends(range) && facts.exprs[value.index()].function == call.function
    };
    let is_bound = |binding: &&Binding| binding.function == call.function && binding.value.as_ref().is_some_and(holds);
    if let Some(binding) = facts.bindings.iter().rfind(is_bound).filter(|binding| !binding.name.is_empty()) {
        return Some(binding.name.to_string());
    }
    let function = facts.function(call.function);
    let owner = function.owner.map(|owner| &facts.type_def(owner).name).or(function.impl_of.as_ref());
    owner.filter(|owner| !owner.is_empty()).map(ToString::to_string)
}

/// A callee as code spells it.
fn spelled(facts: &SourceFacts, callee: ExprId) -> String {
    match facts.expr(callee) {
        Expr::Name(name) => name.to_string(),
        Expr::Path(path) => path.join("::"),
        Expr::Member { object, name } => match facts.expr(*object) {
            Expr::Name(_) | Expr::Path(_) | Expr::Member { .. } | Expr::This => format!("{}.{name}", spelled(facts, *object)),
            _ => name.to_string(),
        },
        Expr::This => "this".to_owned(),
        _ => String::new(),
    }
}
