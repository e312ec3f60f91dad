//! What tries a call again when it fails: its client, a library's function around it, one of the workspace's own, or a loop.
//!
//! What deliberately does not live here: whether that does harm. Invariant: a call that may not be tried again is not among those that are.

use std::collections::VecDeque;

use portolan_grammars::facts::{
    Call as SyntaxCall, CallId, Entry, Expr, ExprId, FunctionId, FunctionKind, Region, RegionKind, SourceFacts, Symbol, TextRange,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Context, exempt};
use crate::chart::flow::Spot;
use crate::chart::origins::{Origin, origins};
use crate::chart::{Call, CallIndex};
use crate::resolve::index::callee_name;
use crate::resolve::link::{OutboundCall, Retries as Of, RetryDecl};
use crate::resolve::value::CallRef;
use crate::{FileId, FunctionRef, Place, Snapshot};

/// Functions between a call and what tries it again.
const MAX_HOPS: u32 = 4;
/// Places that are looked at for one call.
const MAX_WAYS: usize = 100;
/// Words in the names of what counts tries.
const COUNTERS: &[&str] = &["attempt", "attempts", "retry", "retries", "tries"];
/// Words in the names of functions that try again what they are given.
const RETRIERS: &[&str] = &["retry", "retries", "retrying", "backoff"];
/// Words in the names of functions that wait.
const PAUSES: &[&str] = &["sleep", "delay", "wait", "timeout", "backoff", "pause", "tick"];
/// Words in the names of a limit to the number of tries.
const LIMITS: &[&str] = &["max", "limit", "attempts", "retries", "tries"];
/// What is written where only some failures, or some requests, are tried again.
const CHOICES: &[&str] = &[
    "econnrefused",
    "is_connect",
    "isconnect",
    "permanent",
    "aborterror",
    "bail",
    "retryable",
    "retriable",
    "shouldretry",
    "should_retry",
    "transient",
    "idempot",
];

/// How a call is tried again.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    /// What does it.
    pub(crate) place: Place,
    /// The same in words: `pRetry`, `a loop`.
    pub(crate) by: String,
    /// How often at most, the first time not counted.
    pub(crate) times: Option<u32>,
    /// Whether it goes on for ever.
    pub(crate) endless: bool,
    /// Whether it is sure not to wait in between.
    pub(super) at_once: bool,
    /// Whether that is sure to be for requests, too, which do harm twice.
    pub(super) harmful: bool,
}

/// How one call is tried again, for who asks about no other.
pub(crate) fn of_call(snapshot: &Snapshot, call: CallIndex) -> Option<Tried> {
    Retries::new(&Context::without_operations(snapshot)).of(call)
}

/// What a call is given to, as part of an argument, that is called like what tries again, whatever it does.
pub(crate) fn named_around(snapshot: &Snapshot, call: CallIndex) -> Option<&Symbol> {
    let place = snapshot.chart.call(call).place;
    let facts = snapshot.files.source(place.file)?;
    let is_given = |around: &&SyntaxCall| around.args.iter().any(|argument| facts.expr_range(argument.value).contains(place.range));
    let mut names = facts.calls.iter().filter(is_given).filter_map(|around| callee_name(facts, around.callee));
    names.find(|name| exempt::has_word(name, RETRIERS))
}

/// What is declared to try again, by what it tries; a snapshot has it once, for all who ask.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    functions: FxHashMap<FunctionRef, DeclAt>,
    calls: FxHashMap<Place, DeclAt>,
    clients: FxHashMap<CallRef, DeclAt>,
    libraries: FxHashMap<(Option<usize>, Symbol), DeclAt>,
}

/// A file, and which of its declarations.
type DeclAt = (FileId, usize);

impl Declared {
    /// Collects what the files of a snapshot declare.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut all = Self::default();
        let links = snapshot.links.iter().enumerate().filter_map(|(file, link)| Some((FileId(file as u32), link.as_ref()?)));
        for (file, at, retry) in links.flat_map(|(file, link)| link.retries.iter().enumerate().map(move |(at, retry)| (file, at, retry))) {
            let it = (file, at);
            match &retry.of {
                Of::Work(functions, calls) => {
                    all.functions.extend(functions.iter().map(|function| (*function, it)));
                    let places = calls.iter().filter_map(|call| snapshot.files.called_at(CallRef { file: retry.site.file, call: *call }));
                    all.calls.extend(places.map(|place| (place, it)));
                }
                Of::Client(client) => {
                    all.clients.insert(*client, it);
                }
                Of::Library(library) => {
                    all.libraries.insert((package(snapshot, retry.site.file), library.clone()), it);
                }
            }
        }
        all
    }
}

/// Answers how calls are tried again.
pub(super) struct Retries<'a> {
    context: &'a Context<'a>,
    declared: &'a Declared,
}

/// A place that a call is made at, or behind.
struct Way {
    function: FunctionRef,
    place: Place,
    hops: u32,
    /// Whether who runs the function is of interest, too.
    goes_on: bool,
}

impl<'a> Retries<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self { context, declared: context.snapshot.retries() }
    }

    /// How a call of the chart is tried again.
    pub(super) fn of(&self, index: CallIndex) -> Option<Tried> {
        let call = self.context.chart.call(index);
        let sent: Vec<&OutboundCall> = self.context.snapshot.outbound(call).collect();
        sent.iter().find_map(|outbound| self.by_client(call, outbound)).or_else(|| self.around(call, &sent))
    }

    fn by_client(&self, call: &Call, outbound: &OutboundCall) -> Option<Tried> {
        let method = call.method.as_ref()?;
        if let Some(retry) = &outbound.retry {
            let listed = retry.methods.iter().any(|listed| listed == "*" || listed == method);
            let place = self.context.snapshot.files.called_at(outbound.leaf)?;
            let by = "its client".to_owned();
            return listed.then_some(Tried { place, by, times: retry.times, endless: false, at_once: false, harmful: true });
        }
        let own = outbound.client.and_then(|client| self.declared.clients.get(&client));
        let library = || {
            let unmade = outbound.client.is_none().then(|| (package(self.context.snapshot, outbound.leaf.file), outbound.library.clone()));
            unmade.and_then(|key| self.declared.libraries.get(&key))
        };
        self.by_declared(*own.or_else(library)?)
    }

    fn by_declared(&self, (file, at): DeclAt) -> Option<Tried> {
        let retry: &RetryDecl = self.context.snapshot.link(file)?.retries.get(at)?;
        let files = &self.context.snapshot.files;
        let place = files.called_at(retry.site)?;
        let facts = files.source(retry.site.file)?;
        let by = match (facts.expr(facts.call(retry.site.call).callee), retry.name.as_str()) {
            (Expr::Name(name), _) => format!("`{name}`"),
            (_, name) => format!("`{}`", name.rsplit(['.', ':']).next().unwrap_or(name)),
        };
        // What its functions choose is a choice, too.
        let chosen = match &retry.of {
            Of::Work(functions, _) => functions.iter().any(|function| self.chooses(*function)),
            Of::Client(_) | Of::Library(_) => false,
        };
        let (at_once, harmful) = (retry.pauses == Some(false), retry.harmful && !chosen);
        Some(Tried { place, by, times: retry.times, endless: false, at_once, harmful })
    }

    /// What tries again stands around a call, or around the library's call that sends it.
    fn around(&self, call: &Call, sent: &[&OutboundCall]) -> Option<Tried> {
        let files = &self.context.snapshot.files;
        let runs = self.context.runs(call.from);
        let mut ways = VecDeque::from([Way { function: call.function, place: call.place, hops: 0, goes_on: true }]);
        for leaf in sent.iter().map(|outbound| outbound.leaf) {
            let (Some(place), Some(function)) = (files.called_at(leaf), files.function_at(leaf)) else { continue };
            if place != call.place {
                ways.push_back(Way { function, place, hops: 0, goes_on: false });
            }
        }
        let mut seen: FxHashSet<(FunctionRef, Place)> = FxHashSet::default();
        while let Some(way) = ways.pop_front() {
            if seen.len() >= MAX_WAYS || !seen.insert((way.function, way.place)) {
                continue;
            }
            let Some(spot) = Spot::at(files, way.place).filter(|_| way.place.file == way.function.file) else { continue };
            if let Some(tried) = self.at(&way, &spot) {
                return Some(tried);
            }
            let function = spot.source().function(way.function.function);
            let outer = FunctionRef { function: function.parent, ..way.function };
            let is_closure = function.kind == FunctionKind::Closure;
            if is_closure {
                // Where a closure is written, its calls are made, as far as it matters here.
                let place = Place { file: way.function.file, range: function.range };
                ways.push_back(Way { function: outer, place, hops: way.hops, goes_on: way.goes_on });
            }
            let runners = self.context.index.runners_of(way.function).iter();
            for runner in runners.filter(|runner| runs(runner.function) && !(is_closure && runner.function == outer)) {
                if way.hops < MAX_HOPS && (way.goes_on || is_closure) {
                    // Others that give something to the same function are others' business.
                    let goes_on = way.goes_on && !is_closure;
                    ways.push_back(Way { function: runner.function, place: runner.place, hops: way.hops + 1, goes_on });
                }
            }
        }
        None
    }

    /// What tries again what is done at a place.
    fn at(&self, way: &Way, spot: &Spot<'_>) -> Option<Tried> {
        if let Some(retry) = self.declared.calls.get(&way.place).or_else(|| self.declared.functions.get(&way.function)) {
            return self.by_declared(*retry);
        }
        self.by_own_function(way.function, spot.source()).or_else(|| self.by_loop(way, spot))
    }

    /// A function of the workspace that is given the closure, is called like one that tries again, and does something several times.
    fn by_own_function(&self, function: FunctionRef, source: &SourceFacts) -> Option<Tried> {
        let is_it = |value| matches!(source.expr(value), Expr::Closure(it) if *it == function.function);
        let given = source.calls.iter().find(|call| call.args.iter().any(|argument| is_it(argument.value)))?;
        let name = match source.expr(given.callee) {
            Expr::Name(name) | Expr::Member { name, .. } => name,
            Expr::Path(path) => path.last()?,
            _ => return None,
        };
        if !exempt::has_word(name, RETRIERS) {
            return None;
        }
        let place = Place { file: function.file, range: given.name_range };
        let caller = FunctionRef { file: function.file, function: given.function };
        // What the function is given may be known to run there, too.
        let edge = self.context.index.edges_of(caller).iter().find(|edge| edge.place == place && edge.callee != function)?;
        let retrier = self.context.snapshot.files.source(edge.callee.file)?;
        let range = retrier.function(edge.callee.function).range;
        let regions = retrier.regions.iter().filter(|region| range.contains(region.range));
        let mut loops = regions.filter(|region| region.kind.is_loop_until()).peekable();
        let again = || self.context.index.edges_of(edge.callee).iter().any(|inner| inner.callee == edge.callee);
        if loops.peek().is_none() && !again() {
            return None;
        }
        let endless = loops.any(|region| is_endless(retrier, region));
        if mentions(source, given.range, CHOICES) || mentions(retrier, range, CHOICES) {
            return None;
        }
        Some(Tried { place, by: format!("`{name}`"), times: None, endless, at_once: false, harmful: true })
    }

    /// A loop that counts tries around what may fail, or one without end that is left with its answer.
    fn by_loop(&self, way: &Way, spot: &Spot<'_>) -> Option<Tried> {
        let source = spot.source();
        let mut caught = false;
        for region in spot.regions() {
            if region.function != way.function.function {
                return None;
            }
            caught |= region.kind == RegionKind::Try;
            if !region.kind.is_loop_until() {
                continue;
            }
            let fails = || source.regions.iter().any(|inner| inner.kind == RegionKind::Catch && region.range.contains(inner.range));
            let answered = || spot.call().is_some_and(|call| is_answer(source, way.function.function, region, call));
            // What counts tries stands where the loop begins; a counter further in may be about anything, unless the answer ends the loop.
            let head = TextRange { start: region.range.start, end: head_end(source, region, spot) };
            let counted = names(source, head, COUNTERS) || names(source, region.range, COUNTERS) && answered();
            let waits = pauses(source, region.range);
            let survives = if source.language.is_ecmascript() { caught } else { fails() };
            if survives && (counted || (region.kind == RegionKind::Loop && waits && answered())) {
                let place = Place { file: way.function.file, range: first_token(region.range) };
                if mentions(source, region.range, CHOICES) || chooses_failures(source, region) {
                    return None;
                }
                // How long a try takes may be pause enough, so that nothing is said of that.
                let (by, times, at_once) = ("a loop".to_owned(), None, false);
                return Some(Tried { place, by, times, endless: is_endless(source, region), at_once, harmful: true });
            }
        }
        None
    }

    fn chooses(&self, function: FunctionRef) -> bool {
        let facts = self.context.snapshot.files.source(function.file);
        facts.is_none_or(|facts| mentions(facts, facts.function(function.function).range, CHOICES))
    }
}

fn package(snapshot: &Snapshot, file: FileId) -> Option<usize> {
    snapshot.workspace.package_of(snapshot.files.path(file))
}

/// Where the beginning of a loop around a call ends: at what is tried in it, or at the first failure that is handled there.
fn head_end(source: &SourceFacts, region: &Region, spot: &Spot<'_>) -> u32 {
    let is_end = |kind: &RegionKind| matches!(kind, RegionKind::Try | RegionKind::Catch);
    let tries = source.regions.iter().filter(|inner| is_end(&inner.kind) && region.range.contains(inner.range));
    let call = spot.call().map(|call| source.call(call).range.start);
    tries.map(|inner| inner.range.start).chain(call).min().unwrap_or(region.range.end)
}

/// Where a finding points that is about a loop: its first word is as much as people want underlined.
fn first_token(range: TextRange) -> TextRange {
    TextRange { start: range.start, end: (range.start + 3).min(range.end) }
}

/// Whether what is caught in a loop is told apart by something else than the number of tries: the next one may be for another failure.
fn chooses_failures(source: &SourceFacts, region: &Region) -> bool {
    let inside = |kind: RegionKind, around: TextRange| {
        source.regions.iter().filter(move |inner| inner.kind == kind && around.contains(inner.range)).map(|inner| inner.range)
    };
    inside(RegionKind::Catch, region.range)
        .any(|caught| inside(RegionKind::Branch, caught).next().is_some() && !names(source, caught, COUNTERS))
}

/// Whether a loop is left with what a call in it hands out, and not with its failure.
fn is_answer(source: &SourceFacts, function: FunctionId, region: &Region, call: CallId) -> bool {
    let mut returned = source.function(function).returns.iter().filter(|value| region.range.contains(source.expr_range(**value)));
    returned.any(|value| !is_failure(source, *value) && origins(source, [*value]).contains(&Origin::Result(call)))
}

/// Whether a value of Rust is a failure: `Err(error)`.
fn is_failure(source: &SourceFacts, value: ExprId) -> bool {
    match source.expr(value) {
        Expr::Call(call) => matches!(source.expr(source.call(*call).callee), Expr::Name(name) if name == "Err" || name == "bail"),
        _ => false,
    }
}

/// Whether a loop has no condition, nothing in it is called like a limit, and no failure is handed out of it. What is thrown is not known, so it can
/// be told of Rust alone.
fn is_endless(source: &SourceFacts, region: &Region) -> bool {
    let mut returned = source.function(region.function).returns.iter().filter(|value| region.range.contains(source.expr_range(**value)));
    !source.language.is_ecmascript()
        && region.kind == RegionKind::Loop
        && !names(source, region.range, LIMITS)
        && !returned.any(|value| is_failure(source, *value))
}

/// Whether a name in a stretch of code has one of the words.
fn names(source: &SourceFacts, range: TextRange, words: &[&str]) -> bool {
    let bound = source.bindings.iter().any(|binding| range.contains(binding.range) && exempt::has_word(&binding.name, words));
    bound
        || source.exprs.iter().filter(|expression| range.contains(expression.range)).any(|expression| match &expression.kind {
            Expr::Name(name) | Expr::Member { name, .. } => exempt::has_word(name, words),
            Expr::Path(path) => path.last().is_some_and(|name| exempt::has_word(name, words)),
            _ => false,
        })
}

/// Whether something in a stretch of code is called that waits.
fn pauses(source: &SourceFacts, range: TextRange) -> bool {
    source
        .calls
        .iter()
        .filter(|call| range.contains(call.range))
        .any(|call| callee_name(source, call.callee).is_some_and(|name| exempt::has_word(name, PAUSES)))
}

/// Whether a name, key or text in a stretch of code contains one of the parts, which are in lower case.
pub(super) fn mentions(source: &SourceFacts, range: TextRange, parts: &[&str]) -> bool {
    let has = |name: &str| {
        let name = name.to_ascii_lowercase();
        parts.iter().any(|part| name.contains(part))
    };
    source.exprs.iter().filter(|expression| range.contains(expression.range)).any(|expression| match &expression.kind {
        Expr::Str(name) | Expr::Name(name) | Expr::Member { name, .. } => has(name),
        Expr::Path(path) => path.iter().any(|name| has(name)),
        Expr::Object(object) => object.entries.iter().any(|entry| matches!(entry, Entry::Field { name, .. } if has(name))),
        _ => false,
    })
}
