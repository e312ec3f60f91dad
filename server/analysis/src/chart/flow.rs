//! Control flow around the spans of a chart: how often what stands at a place runs, who waits for it, what becomes of its result.
//!
//! It is read off the facts of one file. What deliberately does not live here: ways through functions, which are [`super::operation`]'s. Invariant:
//! every walk is bounded, whatever the facts say.

use portolan_grammars::facts::{
    Arg, Call, CallId, CallKind, Expr, ExprId, Function, FunctionId, FunctionKind, Region, RegionId, RegionKind, ResultUse, SourceFacts,
    Symbol, TextRange,
};

use super::{Call as ChartCall, Chart, Protocol, Transaction};
use crate::Place;
use crate::files::Files;
use crate::resolve::evaluate::around;
use crate::words::words;

/// How many regions lie at most around a place.
const MAX_REGIONS: usize = 64;
/// How many calls a chain has at most: `fetch(url).then(read).catch(log)`.
const MAX_CHAIN: usize = 64;
/// Functions around a closure that are looked at.
const MAX_AROUND: usize = 16;
/// Members that are compared of two values.
const MAX_MEMBERS: usize = 8;
/// How many calls, all in the arguments of the second, lie at most between two of a chain.
const MAX_BETWEEN: usize = 512;

/// Methods of ECMAScript that run the function they are given once for each element.
const ITERATING: &[&str] = &["map", "forEach", "flatMap", "filter", "reduce", "some", "every"];
/// Methods of Rust that do, and that nothing but iterators and streams have.
const ITERATING_RUST: &[&str] = &["for_each", "for_each_concurrent", "filter_map", "flat_map", "fold"];
/// Methods of Rust that make an iterator or stream, so that a `map` behind them runs for each element.
const ITERATORS: &[&str] = &["iter", "iter_mut", "into_iter", "values", "keys", "drain", "into_values", "into_keys", "par_iter"];

/// Functions of ECMAScript that run what they are given later.
const TIMERS: &[&str] = &["setTimeout", "setInterval", "setImmediate", "queueMicrotask"];

/// What stands at a place: a call, or a closure where it is written.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    source: &'a SourceFacts,
    at: At,
}

#[derive(Debug, Clone, Copy)]
enum At {
    Call(CallId),
    Closure(FunctionId),
}

/// A loop around a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// Once for each element: of what.
    Each(ExprId),
    /// Until something holds, or so many times.
    Until,
}

impl<'a> Spot<'a> {
    /// What stands at a place of the chart: of a call, its name; of a closure that its function runs, all of it.
    pub fn at(files: &'a Files, place: Place) -> Option<Self> {
        Self::within(files.source(place.file)?, place.range)
    }

    /// What a call of a file is.
    pub(crate) fn of(source: &'a SourceFacts, call: CallId) -> Self {
        Self { source, at: At::Call(call) }
    }

    fn within(source: &'a SourceFacts, range: TextRange) -> Option<Self> {
        let is_here = |call: &Call| call.name_range == range || call.range == range;
        // Calls are in the order of their ends, almost.
        let near = source.calls.partition_point(|call| call.range.end < range.end);
        let call = source.calls[near..].iter().position(is_here).map(|at| at + near);
        if let Some(at) = call.or_else(|| source.calls[..near].iter().position(is_here)) {
            return Some(Self { source, at: At::Call(CallId(at as u32)) });
        }
        // An edge to a closure stands at its first token.
        let is_closure =
            |function: &Function| function.kind == FunctionKind::Closure && (function.range == range || function.name_range == range);
        let at = source.functions.iter().position(is_closure)?;
        Some(Self { source, at: At::Closure(FunctionId(at as u32)) })
    }

    /// The facts of its file.
    pub fn source(&self) -> &'a SourceFacts {
        self.source
    }

    /// The call that it is.
    pub fn call(&self) -> Option<CallId> {
        match self.at {
            At::Call(call) => Some(call),
            At::Closure(_) => None,
        }
    }

    /// The calls of its chain, from itself on: `fetch(url)`, then `.catch(log)` behind it.
    pub fn chain(&self) -> impl Iterator<Item = &'a Call> + use<'a> {
        let source = self.source;
        let next = move |id: &CallId| {
            let continues = |other: &Call| match source.expr(other.callee) {
                Expr::Member { object, .. } => matches!(source.expr(*object), Expr::Call(inner) if inner == id),
                _ => false,
            };
            let behind = id.index() + 1;
            source.calls.get(behind..)?.iter().take(MAX_BETWEEN).position(continues).map(|at| CallId((behind + at) as u32))
        };
        std::iter::successors(self.call(), next).map(|id| source.call(id)).take(MAX_CHAIN)
    }

    /// What it is asked with: the arguments of all calls of its chain, but not of what the chain begins with. What makes a client says whom is
    /// asked, not what for.
    pub fn asked(&self) -> Vec<ExprId> {
        let mut asked: Vec<ExprId> = self.chain().flat_map(|call| call.args.iter().map(|argument| argument.value)).collect();
        let mut before = self.call();
        for _ in 0..MAX_CHAIN {
            let Some(Expr::Member { object, .. }) = before.map(|call| self.source.expr(self.source.call(call).callee)) else { break };
            let Expr::Call(inner) = self.source.expr(*object) else { break };
            if matches!(self.source.expr(self.source.call(*inner).callee), Expr::Member { .. }) {
                asked.extend(self.source.call(*inner).args.iter().map(|argument| argument.value));
            }
            before = Some(*inner);
        }
        asked
    }

    /// The same, and what all calls are given in closures among that, or in the closure that it is.
    pub fn given(&self) -> Vec<ExprId> {
        let mut given = self.asked();
        let closures = given.iter().filter_map(|value| match self.source.expr(*value) {
            Expr::Closure(function) => Some(*function),
            _ => None,
        });
        let own = match self.at {
            At::Closure(function) => Some(function),
            At::Call(_) => None,
        };
        let ranges: Vec<TextRange> = closures.chain(own).map(|function| self.source.function(function).range).collect();
        let within = self.source.calls.iter().filter(|call| ranges.iter().any(|range| range.contains(call.range)));
        given.extend(within.flat_map(|call| call.args.iter().map(|argument| argument.value)));
        given
    }

    /// Whether its function waits for it there and then.
    pub fn is_awaited(&self) -> bool {
        self.chain().any(|call| call.awaited)
    }

    /// What becomes of its result, once all that is called on it has been: of `await fetch(url).catch(log);` only the failure is used.
    pub fn result(&self) -> ResultUse {
        let mut result = ResultUse::Used;
        let (mut reads, mut fails) = (false, false);
        for (at, call) in self.chain().enumerate() {
            result = call.result;
            if let Expr::Member { name, .. } = self.source.expr(call.callee)
                && at > 0
                && self.source.language.is_ecmascript()
            {
                fails |= name == "catch";
                reads |= name == "then" && call.args.first().is_some_and(|then| self.takes_something(then.value));
            }
        }
        match result {
            ResultUse::Ignored | ResultUse::FailureOnly if reads => ResultUse::Used,
            ResultUse::Ignored if fails => ResultUse::FailureOnly,
            result => result,
        }
    }

    fn takes_something(&self, function: ExprId) -> bool {
        match self.source.expr(function) {
            Expr::Closure(function) => !self.source.function(*function).params.is_empty(),
            _ => true,
        }
    }

    /// Whether it makes a promise that its statement drops: `fetch(url);`, `fetch(url).catch(log);`. ECMAScript only.
    pub fn is_dropped(&self) -> bool {
        let dropped = |last: &Call| last.result == ResultUse::Ignored && self.settled(last).is_none_or(|promise| promise.is_dropped());
        self.source.language.is_ecmascript() && !self.is_awaited() && self.chain().last().is_some_and(dropped)
    }

    /// Whether the promise that it makes is let go, and nothing goes on with its answer either: `void fetch(url);`, `fetch(url).catch(log);`, but
    /// not `fetch(url).then(answer)`. ECMAScript only.
    fn is_let_go(&self) -> bool {
        let calls_back = |call: &Call| call.args.iter().any(|argument| matches!(self.source.expr(argument.value), Expr::Closure(_)));
        let is_catch = |call: &Call| matches!(self.source.expr(call.callee), Expr::Member { name, .. } if name == "catch");
        let mut chain = self.chain();
        let is_plain = chain.next().is_some_and(|call| !calls_back(call));
        is_plain && chain.all(|call| call.args.is_empty() || is_catch(call)) && self.is_dropped()
    }

    /// Whether nobody waits for it, nor for what its answer is good for: its promise is dropped, and what goes on with the answer answers nobody:
    /// `fetch(url).then(log);`, but not `fetch(url).then((found) => res.json(found));`. ECMAScript only.
    fn is_unheard(&self) -> bool {
        let closures = |call: &'a Call| call.args.iter().map(|argument| self.source.expr(argument.value));
        let answers = |given: &Expr| matches!(given, Expr::Closure(closure) if answers_within(self.source, *closure));
        self.is_dropped() && !self.chain().flat_map(closures).any(answers)
    }

    /// Whether it is a call that is given a closure.
    pub fn gives(&self, closure: FunctionId) -> bool {
        self.given_at(closure).is_some()
    }

    /// Which of its arguments a closure is, if it is a call that is given it.
    pub fn given_at(&self, closure: FunctionId) -> Option<usize> {
        let is_it = |argument: &Arg| matches!(self.source.expr(argument.value), Expr::Closure(it) if *it == closure);
        self.source.call(self.call()?).args.iter().position(is_it)
    }

    /// Whether a function that is run there, or from there, is waited for by nobody: its promise is dropped, or a timer runs it. What is given to
    /// anything else may be kept, and is waited for by whoever runs it. ECMAScript only.
    pub fn leaves_behind(&self, function: FunctionId) -> bool {
        let source = self.source;
        let is_timer = |call: &Call| matches!(source.expr(call.callee), Expr::Name(name) if TIMERS.contains(&name.as_str()));
        match self.at {
            At::Call(call) if self.gives(function) => is_timer(source.call(call)),
            At::Call(_) => self.is_dropped(),
            At::Closure(_) => {
                let calls = source.calls.iter().enumerate().filter(|(_, call)| is_timer(call));
                let mut timers = calls.map(|(at, _)| Spot { source, at: At::Call(CallId(at as u32)) });
                source.language.is_ecmascript() && timers.any(|timer| timer.gives(function))
            }
        }
    }

    /// The promise that is settled by what a call leads to: the call stands in the function that `new Promise` is given, and is handed `resolve`
    /// or `reject`, as they are or within a callback.
    fn settled(&self, call: &Call) -> Option<Spot<'a>> {
        let source = self.source;
        let handed = |name: &str| {
            let within = |range: TextRange| call.range.start <= range.start && range.end <= call.range.end;
            source.exprs.iter().any(|expr| matches!(&expr.kind, Expr::Name(used) if used == name) && within(expr.range))
        };
        closures_around(source, call.function).take(MAX_REGIONS).find_map(|function| {
            let promise = promised(source, function)?;
            let settles = source.function(function).params.iter().any(|param| handed(&param.name));
            settles.then_some(Spot { source, at: At::Call(promise) })
        })
    }

    /// The regions around it, the innermost first, out of the closures that it stands in.
    pub fn regions(&self) -> impl Iterator<Item = &'a Region> + use<'a> {
        let source = self.source;
        self.region_ids().map(|id| source.region(id))
    }

    /// The innermost `try` around it in its own function.
    pub(crate) fn tried(&self) -> Option<&'a Region> {
        self.regions().take_while(|region| region.kind != RegionKind::Body).find(|region| region.kind == RegionKind::Try)
    }

    fn region_ids(&self) -> impl Iterator<Item = RegionId> + use<'a> {
        let source = self.source;
        std::iter::successors(Some(self.region()), move |id| source.region(*id).parent).take(MAX_REGIONS)
    }

    fn region(&self) -> RegionId {
        match self.at {
            At::Call(call) => self.source.call(call).region,
            At::Closure(function) => self.source.function(function).body,
        }
    }

    fn start(&self) -> u32 {
        match self.at {
            At::Call(call) => self.source.call(call).name_range.start,
            At::Closure(function) => self.source.function(function).range.start,
        }
    }

    /// Whether it runs once `earlier` of the same file has: it stands behind it, in the same region or in one within.
    pub fn follows(&self, earlier: &Spot<'_>) -> bool {
        self.start() > earlier.start() && self.region_ids().any(|id| id == earlier.region())
    }

    /// Whether it runs once one of some calls of the same file has been made: it stands behind it, in the same region or in one within.
    pub fn comes_after(&self, calls: &[&Call]) -> bool {
        calls.iter().any(|call| call.range.end <= self.start() && self.region_ids().any(|id| id == call.region))
    }

    /// The loops of `function` around it, the innermost first. A function that is run for each element is a loop's body.
    pub fn loops(&self, function: FunctionId) -> impl Iterator<Item = Loop> + use<'a> {
        let source = self.source;
        let mut left = false;
        let regions = self.regions().take_while(move |region| {
            let inside = !left;
            left = region.kind == RegionKind::Body && region.function == function;
            inside
        });
        regions.filter_map(move |region| match region.kind {
            RegionKind::ForEach { over } => Some(Loop::Each(over)),
            RegionKind::For | RegionKind::While | RegionKind::Loop => Some(Loop::Until),
            RegionKind::Body => iterated(source, region.function).map(Loop::Each),
            _ => None,
        })
    }
}

impl Transaction {
    /// Whether it is open where something of its file stands.
    pub fn is_open_at(&self, files: &Files, place: Place) -> bool {
        let is_later = |later: &Place| later.file == place.file && later.range.contains(place.range);
        if place.file != self.region.file || !self.region.range.contains(place.range) || self.later.iter().any(is_later) {
            return false;
        }
        let spot = Spot::at(files, place);
        let is_over = |end: &Place| spot.zip(Spot::at(files, *end)).is_some_and(|(spot, end)| spot.follows(&end));
        !self.ends.iter().any(is_over)
    }
}

/// Whether the promise of a request is let go. An rpc that is given a callback is waited for there.
pub(crate) fn is_let_go(files: &Files, call: &ChartCall) -> bool {
    call.protocol == Protocol::Http && Spot::at(files, call.place).is_some_and(|spot| spot.is_let_go())
}

/// Whether nobody waits for a request: its promise is dropped, and what goes on with its answer answers nobody.
pub(crate) fn is_unheard(files: &Files, call: &ChartCall) -> bool {
    call.protocol == Protocol::Http && Spot::at(files, call.place).is_some_and(|spot| spot.is_unheard())
}

/// A function, and where it is a closure the functions that it stands in, out to the first that is none.
pub(crate) fn closures_around(source: &SourceFacts, function: FunctionId) -> impl Iterator<Item = FunctionId> {
    std::iter::successors(Some(function), |inner| {
        let here = source.function(*inner);
        (here.kind == FunctionKind::Closure && here.parent != *inner).then_some(here.parent)
    })
}

/// Whether a closure answers who asked a function around it: by a method of that one's second parameter, `res.json(found)`, or by a callback that
/// it was given, `done(null, found)`.
pub(super) fn answers_within(source: &SourceFacts, closure: FunctionId) -> bool {
    let range = source.function(closure).range;
    around(source, closure).skip(1).take(MAX_AROUND).any(|function| {
        let params = &source.function(function).params;
        let by = params.get(1).map(|param| &param.name).filter(|name| !name.is_empty());
        source.calls.iter().filter(|call| range.contains(call.range)).any(|call| match source.expr(call.callee) {
            Expr::Name(name) => params.iter().any(|param| param.name == *name),
            Expr::Member { object, .. } => call.result != ResultUse::Used && by.is_some() && first_name(source, *object) == by,
            _ => false,
        })
    })
}

/// The calls by which a handler answers: `res.sendStatus(202);`. Its second parameter is what it answers by, with methods that libraries have for
/// that. ECMAScript only.
pub(crate) fn answers(source: &SourceFacts, handler: FunctionId, is_answer: impl Fn(&str) -> bool) -> Vec<CallId> {
    let by = source.function(handler).params.get(1).map(|param| &param.name);
    let Some(by) = by.filter(|name| source.language.is_ecmascript() && !name.is_empty()) else { return Vec::new() };
    let answers = |call: &Call| match source.expr(call.callee) {
        Expr::Member { object, name } => call.result == ResultUse::Ignored && is_answer(name) && first_name(source, *object) == Some(by),
        _ => false,
    };
    let own = source.calls.iter().enumerate().filter(|(_, call)| call.function == handler && answers(call));
    own.map(|(at, _)| CallId(at as u32)).collect()
}

/// What code of a transaction hands over to run once it is committed: `transaction.afterCommit(async () => …)`.
pub(crate) fn after_commit(source: &SourceFacts, region: TextRange) -> Vec<TextRange> {
    let waits = |name: &Symbol| {
        let words = words(name);
        let has = |wanted: [&str; 2]| words.iter().any(|word| wanted.contains(&word.as_str()));
        has(["commit", "committed"]) && has(["after", "on"])
    };
    let is_hook = |call: &&Call| match source.expr(call.callee) {
        Expr::Member { name, .. } | Expr::Name(name) => !call.args.is_empty() && waits(name),
        _ => false,
    };
    source.calls.iter().filter(|call| region.contains(call.range)).filter(is_hook).map(|call| call.range).collect()
}

impl Chart {
    /// Whether something waits for a transaction to be committed: it is handed over to run then, or handed over there.
    pub(crate) fn is_after_commit(&self, place: Place) -> bool {
        let mut later = self.transactions.iter().flat_map(|transaction| &transaction.later);
        later.any(|later| later.file == place.file && later.range.contains(place.range))
    }

    /// Whether a transaction is open where something stands.
    pub(crate) fn is_in_transaction(&self, files: &Files, place: Place) -> bool {
        self.transactions.iter().any(|transaction| transaction.is_open_at(files, place))
    }
}

/// Whether two expressions are written alike, as names and their members: `this.names`.
pub(crate) fn same_value(source: &SourceFacts, mut one: ExprId, mut other: ExprId) -> bool {
    for _ in 0..MAX_MEMBERS {
        match (source.expr(one), source.expr(other)) {
            (Expr::Member { object: first, name: left }, Expr::Member { object: second, name: right }) if left == right => {
                (one, other) = (*first, *second);
            }
            (left, right) => return matches!(left, Expr::Name(_) | Expr::This) && left == right,
        }
    }
    false
}

/// The name that a chain begins with: `res` of `res.status(202).json`.
pub fn first_name(source: &SourceFacts, mut value: ExprId) -> Option<&Symbol> {
    for _ in 0..MAX_CHAIN {
        value = match source.expr(value) {
            Expr::Member { object, .. } => *object,
            Expr::Call(call) => source.call(*call).callee,
            Expr::Name(name) => return Some(name),
            _ => return None,
        };
    }
    None
}

/// The `new Promise(…)` that a function is given to.
fn promised(source: &SourceFacts, function: FunctionId) -> Option<CallId> {
    let is_it = |call: &Call| {
        call.kind == CallKind::New
            && matches!(source.expr(call.callee), Expr::Name(name) if name == "Promise")
            && call.args.first().is_some_and(|given| *source.expr(given.value) == Expr::Closure(function))
    };
    source.calls.iter().position(is_it).map(|at| CallId(at as u32))
}

/// Over what a function is run, if it is what a method runs for each element: `orders.map((order) => …)`.
pub(super) fn iterated(source: &SourceFacts, function: FunctionId) -> Option<ExprId> {
    let range = source.function(function).range;
    let is_it = |value: ExprId| matches!(source.expr(value), Expr::Closure(it) if *it == function);
    let near = source.calls.partition_point(|call| call.range.end < range.end);
    let given = source.calls[near..].iter().find(|call| call.args.first().is_some_and(|first| is_it(first.value)))?;
    let Expr::Member { object, name } = source.expr(given.callee) else { return None };
    let iterates = if source.language.is_ecmascript() {
        ITERATING.contains(&name.as_str())
    } else {
        ITERATING_RUST.contains(&name.as_str()) || (name == "map" && is_iterator(source, *object))
    };
    iterates.then_some(*object)
}

/// Whether a chain of Rust has made an iterator or stream: `orders.iter().filter(…)`, `stream::iter(orders)`.
fn is_iterator(source: &SourceFacts, mut value: ExprId) -> bool {
    for _ in 0..MAX_CHAIN {
        let Expr::Call(call) = source.expr(value) else { return false };
        match source.expr(source.call(*call).callee) {
            Expr::Member { name, .. } if ITERATORS.contains(&name.as_str()) => return true,
            Expr::Member { object, .. } => value = *object,
            Expr::Path(path) => return path.ends_with(&["stream".into(), "iter".into()]),
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each call of a name that starts with `get`: the calls of its file's facts.
    fn spots<R>(path: &str, text: &str, read: impl Fn(&Spot<'_>) -> R) -> Vec<R> {
        let kind = portolan_grammars::classify(path.into()).unwrap_or(portolan_grammars::FileKind::Component);
        let facts = portolan_grammars::read(path.into(), text, kind);
        let Some(source) = facts.source() else { return Vec::new() };
        let calls = source.calls.iter().filter(|call| text[call.name_range.start as usize..].starts_with("get"));
        calls.filter_map(|call| Spot::within(source, call.name_range)).map(|spot| read(&spot)).collect()
    }

    fn loops(path: &str, text: &str) -> Vec<String> {
        spots(path, text, |spot| {
            let function = spot.call().map_or(FunctionId::MODULE, |call| spot.source().call(call).function);
            let name = |it| match it {
                Loop::Each(over) => match spot.source().expr(over) {
                    Expr::Name(name) => name.to_string(),
                    _ => "each".to_owned(),
                },
                Loop::Until => "until".to_owned(),
            };
            spot.loops(function).map(name).collect::<Vec<_>>().join(" in ")
        })
    }

    #[test]
    fn loops_and_methods_that_iterate_repeat() {
        let text = "async function f(xs) { for (const x of xs) await get(x); await Promise.all(xs.map((x) => get(x))); run(() => get(1)); if (xs) get(2); }";
        assert_eq!(loops("a.ts", text), ["xs", "xs", "", ""]);
        let text = "async function f(xs) { for await (const x of xs) get(x); for (const x of xs) while (more()) get(x); }";
        assert_eq!(loops("a.ts", text), ["until", "until in xs"]);
        let text =
            "async fn f(xs: Vec<u8>) { for x in xs { get(x).await; } while a() { get(1); } x.map(|x| get(x)); xs.for_each(|x| get(x)); }";
        assert_eq!(loops("a.rs", text), ["xs", "until", "", "xs"]);
        let text = "async fn f(xs: Vec<u8>) { xs.iter().map(|x| get(x)); stream::iter(xs).map(|x| get(x)); for i in 0..3 { get(i); } }";
        assert_eq!(loops("a.rs", text), ["each", "each", "until"]);
    }

    #[test]
    fn chains_are_awaited_and_their_results_used_as_a_whole() {
        let text = "async function f() { const a = await get(1).json(); get(2).catch(log); await get(3).catch(log); await get(4).then((r) => use(r)); return get(5); }";
        let told = spots("a.ts", text, |spot| (spot.is_awaited(), spot.is_dropped(), spot.result()));
        let expected = [
            (true, false, ResultUse::Used),
            (false, true, ResultUse::FailureOnly),
            (true, false, ResultUse::FailureOnly),
            (true, false, ResultUse::Used),
            (false, false, ResultUse::Returned),
        ];
        assert_eq!(told, expected);
        let text = "async fn f() { get(1).send().await?; let _ = get(2).send().await; let a = get(3).send().await?; }";
        let told = spots("a.rs", text, |spot| (spot.is_awaited(), spot.is_dropped(), spot.result()));
        assert_eq!(told, [(true, false, ResultUse::FailureOnly), (true, false, ResultUse::Ignored), (true, false, ResultUse::Used)]);
    }
}
