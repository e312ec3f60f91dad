//! `call-in-loop`: one request for each element, where one for all would do.
//!
//! A call is followed up through the functions that make it, as long as what it asks for is what they are given, to a loop whose elements it asks
//! for. Invariant: what only repeats (retries, polling, pages) is no finding, as it does not ask for elements.

use std::collections::BTreeMap;
use std::ops::Range;

use portolan_grammars::facts::{
    Arg, Call as Site, CallId, CallKind, Expr, ExprId, FunctionId, RegionKind, ResultUse, SourceFacts, TextRange,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::caches::is_kept;
use super::{Context, Draft, Severity, Sink, exempt};
use crate::chart::flow::{Loop, Spot};
use crate::chart::index::Runner;
use crate::chart::operation::{SpanRef, answers_by};
use crate::chart::origins::{Origin, origins};
use crate::chart::{Call, Protocol, ServiceIndex, ServiceKind, Status};
use crate::{FunctionRef, Place};

/// Function calls between the loop and the request.
const MAX_HOPS: u32 = 4;
/// Ways up that are looked at for one request.
const MAX_WAYS: usize = 200;
/// Lists of a length that is written in the code are no loop that grows, up to this one.
const FEW: usize = 5;

/// Words in the names of what is looped over that say that elements are many already.
const BATCHES: &[&str] = &["batch", "batches", "chunk", "chunks", "chunked", "page", "pages", "window", "windows", "attempts", "retries"];
/// Words in the names of functions and objects that run so many of what they are given at a time.
const LIMITERS: &[&str] = &["limit", "limited", "limiter", "throttle", "throttled", "queue", "semaphore"];
/// Functions of streams that do.
const LIMITED: &[&str] = &["buffer_unordered", "buffered", "try_buffer_unordered", "for_each_concurrent", "try_for_each_concurrent"];
/// Methods that make more elements, so that how many there were says nothing.
const ADDING: &[&str] = &["flatMap", "flat_map", "flat", "flatten", "concat", "chain", "cycle"];

rule! {
    /// ## What it does
    /// Finds calls of other services that are made once for each element of a list: in a loop, or in a function that `map` and its kin run for each
    /// element; there itself or up to four functions deeper. What is asked for must depend on the element.
    ///
    /// It is a warning where a request or a message sets the loop off, a hint in a front end, and information elsewhere.
    ///
    /// Left alone are retries, polling and reading page by page; loops that end with the first answer; lists that are written out and short; lists of
    /// batches, and parts of one (`.slice(start, start + 50)`) or its first few (`.slice(0, 4)`); lists of who is asked (nodes, each with a client or
    /// a host of its own), where they are not asked one after the other; streams, and functions called like a limit, that run so many at a time;
    /// calls that nobody waits for, that are only made where a cache has no answer, or that one of several classes makes, where another one would
    /// ask or tell somebody else; calls that only go to other hosts; what is drawn for each element of a page; health checks; what is deployed but
    /// not built here, tools of the command line, and code in folders of migrations, seeds, scripts and examples.
    ///
    /// ## Why it matters
    /// Ten elements are ten round trips, and a thousand are a thousand: one after the other they add up to a time-out, all at once they are a load
    /// that the other service did not plan for.
    ///
    /// ## Example
    /// ```ts
    /// for (const item of order.items) {
    ///   await axios.get(`${process.env.STOCK_URL}/stock/${item.sku}`);
    /// }
    /// ```
    ///
    /// ## How to fix
    /// Ask for all elements at once: an endpoint that takes a list of ids, or an rpc with a repeated field. Where there is none, run them with a
    /// limit, or keep a copy of what is asked for.
    "call-in-loop", Coupling, Warning, "One request is made for each element of a list", check
}

/// A loop that a call is in.
struct Found {
    /// The function that has the loop.
    function: FunctionRef,
    /// What stands in the loop: the call, or that of a function which makes it.
    place: Place,
    over: ExprId,
    /// Function calls between that and the request.
    hops: u32,
}

/// A loop, the call in it, and the service that is asked.
type Asked<'a> = (Found, &'a Call, ServiceIndex);

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    // Several calls behind one place are one finding, which names the nearest.
    let mut by_place: BTreeMap<(Place, ServiceIndex), Vec<Asked<'_>>> = BTreeMap::new();
    let mut code = FxHashMap::default();
    for call in &context.chart.calls {
        let Some(to) = call.target().filter(|to| counts(context, call, *to)) else { continue };
        let runs = code.entry(call.from).or_insert_with(|| context.runs(call.from));
        if !runs(call.function) {
            continue;
        }
        for found in loops(context, call, runs) {
            by_place.entry((found.place, call.from)).or_default().push((found, call, to));
        }
    }
    for mut all in by_place.into_values() {
        all.sort_by_key(|(found, call, _)| (found.hops, call.place));
        report(context, sink, &all);
    }
}

fn counts(context: &Context<'_>, call: &Call, to: ServiceIndex) -> bool {
    let from = context.chart.service(call.from);
    // One call site for several services asks each of them: no list of elements that one of them could take.
    let only =
        |other: &Call| other.place != call.place || other.from != call.from || other.to == call.to || other.status == Status::Ambiguous;
    let renders = || {
        let spot = Spot::at(&context.snapshot.files, call.place);
        spot.is_some_and(|spot| spot.call().is_some_and(|id| spot.source().call(id).kind == CallKind::Element))
    };
    call.status.is_settled()
        && to != call.from
        && !context.chart.service(to).third_party
        && from.kind != ServiceKind::Cli
        && !exempt::is_plumbing(&call.path)
        && !context.stands_beside(call.place.file)
        && !context.snapshot.outbound(call).any(|outbound| outbound.detached)
        && context.index.calls_in(call.function).iter().all(|other| only(context.chart.call(*other)))
        && !renders()
}

/// A way up from a call: where it stands, and what it is asked with there.
struct Way {
    function: FunctionRef,
    place: Place,
    asked: Vec<ExprId>,
    hops: u32,
    /// Where it stands in blocks and closures of the same function: what they ask is asked here.
    within: Vec<Place>,
}

/// The loops whose elements a call asks for, in functions that its service `runs`.
fn loops(context: &Context<'_>, call: &Call, runs: &impl Fn(FunctionRef) -> bool) -> Vec<Found> {
    let files = &context.snapshot.files;
    let Some(spot) = Spot::at(files, call.place) else { return Vec::new() };
    let mut found = Vec::new();
    let mut ways = vec![Way { function: call.function, place: call.place, asked: spot.asked(), hops: 0, within: Vec::new() }];
    let mut seen: FxHashSet<(FunctionRef, Place)> = FxHashSet::default();
    let mut at = 0;
    while at < ways.len() && ways.len() < MAX_WAYS {
        let Way { function, place, hops, .. } = ways[at];
        let (asked, mut within) = (std::mem::take(&mut ways[at].asked), std::mem::take(&mut ways[at].within));
        within.push(place);
        at += 1;
        let Some(spot) = Spot::at(files, place).filter(|_| seen.insert((function, place))) else { continue };
        if is_kept(context, function, place) {
            continue;
        }
        let source = spot.source();
        let made_of = origins(source, asked.iter().copied());
        let elements = spot.loops(function.function).filter_map(|it| match it {
            Loop::Each(over) => made_of.contains(&Origin::Element(over)).then_some(over),
            Loop::Until => None,
        });
        if let Some(over) = elements.into_iter().next() {
            let it = Found { function, place, over, hops };
            let asks_each = || within.iter().any(|place| asks_elements(context, call, *place, over));
            if is_told(context, &spot, &it) && (is_in_turn(&spot) || !asks_each()) {
                found.push(it);
            }
            continue;
        }
        // Who else runs a shared function in a loop is no matter of this service.
        let runners = context
            .index
            .runners_of(function)
            .iter()
            .filter(|runner| runs(runner.function) && !context.leaves_behind(runner, function))
            .filter(|runner| !may_ask_another(context, call, runner, function, runs));
        let here = Way { function, place, asked, hops, within };
        let next = runners.filter_map(|runner| way_up(context, &here, runner, source, &made_of));
        ways.extend(next.filter(|next| next.hops <= MAX_HOPS && !next.asked.is_empty()));
    }
    found
}

/// Whether a loop may be long, and nothing in its function spares requests.
fn is_told(context: &Context<'_>, spot: &Spot<'_>, found: &Found) -> bool {
    !context.stands_beside(found.function.file)
        && grows(spot.source(), found.over)
        && !is_eased(context, spot, found.place)
        && !ends_with_answer(spot, found.function.function)
        && !context.is_left_behind(found.function)
}

/// The way from a function on, by what runs it; none where that is not known to run it there and then.
fn way_up(context: &Context<'_>, here: &Way, runner: &Runner, source: &SourceFacts, made_of: &FxHashSet<Origin>) -> Option<Way> {
    let function = here.function;
    let outer = Spot::at(&context.snapshot.files, runner.place)?;
    let is_around = runner.function.file == function.file && source.function(function.function).parent == runner.function.function;
    let (asked, hops, within) = match outer.call() {
        // What a component is given, it runs when somebody clicks, or not at all.
        Some(call) if outer.source().call(call).kind == CallKind::Element => return None,
        Some(_) if is_around && outer.gives(function.function) => {
            // What is handed to something that nobody waits for is kept there for later: a route, a listener.
            if source.language.is_ecmascript() && !outer.is_awaited() && outer.result() == ResultUse::Ignored {
                return None;
            }
            (here.asked.clone(), here.hops, here.within.clone())
        }
        Some(_) => (passed(&outer, made_of, function.function), here.hops + 1, Vec::new()),
        // A block of Rust runs where it is written; a function of JavaScript, where it is called.
        None if is_around && !source.language.is_ecmascript() => (here.asked.clone(), here.hops, here.within.clone()),
        None => return None,
    };
    Some(Way { function: runner.function, place: runner.place, asked, hops, within })
}

/// Whether what runs a function may as well run another one in its place, which asks or tells somebody else: one class of several. One that asks
/// nobody only stands in for it.
fn may_ask_another(
    context: &Context<'_>,
    call: &Call,
    runner: &Runner,
    function: FunctionRef,
    runs: &impl Fn(FunctionRef) -> bool,
) -> bool {
    let is_method = |function: FunctionRef| {
        context.snapshot.files.source(function.file).is_some_and(|source| source.function(function.function).owner.is_some())
    };
    let here = context.index.edges_of(runner.function).iter().filter(|edge| edge.place == runner.place);
    let mut others = here.map(|edge| edge.callee).filter(|callee| *callee != function && is_method(*callee) && runs(*callee));
    is_method(function) && others.any(|other| asks_another(context, other, call))
}

/// Whether a function has spans, itself or by functions that it calls, and none that asks the service that a call does.
fn asks_another(context: &Context<'_>, function: FunctionRef, call: &Call) -> bool {
    let mut open = vec![(function, 0)];
    let (mut at, mut elsewhere) = (0, false);
    while let Some(&(function, hops)) = open.get(at) {
        at += 1;
        for span in context.index.spans_in(function).filter(|span| span.service(context.chart) == call.from) {
            match span {
                SpanRef::Call(index) if context.chart.call(index).to == call.to => return false,
                _ => elsewhere = true,
            }
        }
        if hops < MAX_HOPS {
            let next = context.index.edges_of(function).iter().map(|edge| edge.callee);
            let new: Vec<FunctionRef> = next.filter(|callee| open.iter().all(|(known, _)| known != callee)).collect();
            open.extend(new.into_iter().take(MAX_WAYS.saturating_sub(open.len())).map(|callee| (callee, hops + 1)));
        }
    }
    elsewhere
}

/// What a call passes for the parameters that a request is made of.
fn passed(outer: &Spot<'_>, made_of: &FxHashSet<Origin>, function: FunctionId) -> Vec<ExprId> {
    let Some(call) = outer.call().map(|call| outer.source().call(call)) else { return Vec::new() };
    let of_function = made_of.iter().filter_map(|origin| match origin {
        Origin::Param(of, index) if *of == function => Some(*index as usize),
        _ => None,
    });
    let mut passed: Vec<ExprId> = of_function.filter_map(|index| call.args.get(index)).map(|argument| argument.value).collect();
    passed.sort();
    passed
}

/// Whether what is looped over may be long: no short list that is written out, and none of batches.
fn grows(source: &SourceFacts, over: ExprId) -> bool {
    let mut value = over;
    for _ in 0..16 {
        match source.expr(value) {
            Expr::Array(elements) => return elements.len() > FEW,
            Expr::Name(name) if exempt::has_word(name, BATCHES) => return false,
            Expr::Name(name) => {
                let same = source.bindings.iter().filter(|binding| binding.name == *name);
                let mut values = same.filter_map(|binding| binding.value);
                match (values.next(), values.next()) {
                    (Some(only), None) => value = only,
                    _ => return true,
                }
            }
            Expr::Member { name, .. } => return !exempt::has_word(name, BATCHES),
            Expr::Call(call) => {
                let callee = source.call(*call).callee;
                let window = |args: &[Arg]| matches!(args, [start, end] if is_window(source, start.value, end.value));
                match source.expr(callee) {
                    Expr::Member { name, .. } if name == "slice" && window(&source.call(*call).args) => return false,
                    Expr::Member { .. } if taken(source, *call).is_some_and(|range| range.len() <= FEW) => return false,
                    Expr::Member { name, .. } if ADDING.contains(&name.as_str()) => return true,
                    Expr::Member { object, name } if !exempt::has_word(name, BATCHES) => value = *object,
                    Expr::Name(name) => return !exempt::has_word(name, BATCHES),
                    Expr::Path(path) => return !path.last().is_some_and(|name| exempt::has_word(name, BATCHES)),
                    _ => return false,
                }
            }
            _ => return true,
        }
    }
    true
}

/// Whether what stands in a loop is waited for before the next element's turn.
fn is_in_turn(spot: &Spot<'_>) -> bool {
    let mut around = spot.regions().take_while(|region| region.kind != RegionKind::Body);
    spot.is_awaited() && around.any(|region| matches!(region.kind, RegionKind::ForEach { .. }))
}

/// Whether each element is who is asked, or says it: a client made for a node, the host of an instance. One request cannot ask them all.
fn asks_elements(context: &Context<'_>, call: &Call, place: Place, over: ExprId) -> bool {
    let Some(spot) = Spot::at(&context.snapshot.files, place) else { return false };
    let source = spot.source();
    let Some(of) = spot.call().map(|id| source.call(id)) else { return false };
    let by_element = |value: ExprId| origins(source, [value]).contains(&Origin::Element(over));
    let receiver = match source.expr(of.callee) {
        Expr::Member { object, .. } => Some(*object),
        _ => None,
    };
    let begins =
        of.args.first().filter(|_| place == call.place && call.protocol == Protocol::Http).and_then(|url| beginning(source, url.value));
    // What a wrapper is given first may be anything, unless it is made a URL.
    let is_url = |made: bool| made || context.snapshot.outbound(call).all(|sent| sent.leaf == sent.site);
    let url = begins.filter(|(_, made)| is_url(*made)).map(|(url, _)| url);
    receiver.into_iter().chain(url).any(by_element)
}

/// What a URL begins with, where that is no text: the base of `new URL(path, base)`, the first part of a template; and whether it is made by `URL`.
fn beginning(source: &SourceFacts, mut url: ExprId) -> Option<(ExprId, bool)> {
    let mut made = false;
    for _ in 0..8 {
        url = match source.expr(url) {
            Expr::Concat(parts) => *parts.first()?,
            Expr::Call(call) if matches!(source.expr(source.call(*call).callee), Expr::Name(name) if name == "URL") => {
                made = true;
                source.call(*call).args.last()?.value
            }
            Expr::Name(name) => {
                let function = source.exprs[url.index()].function;
                let bound = source.bindings.iter().rfind(|binding| binding.name == *name && binding.function == function);
                match bound.and_then(|binding| binding.value) {
                    Some(value) if matches!(source.expr(value), Expr::Concat(_) | Expr::Call(_)) => value,
                    _ => return Some((url, made)),
                }
            }
            Expr::Member { .. } | Expr::Element(_) | Expr::Param { .. } | Expr::Fallback(_) | Expr::Choice(_) => return Some((url, made)),
            _ => return None,
        };
    }
    None
}

/// Whether a call is given a function that what stands in a range is part of: `limit(() => ask(id))`; or is what stands there, and is given one.
fn runs_within(source: &SourceFacts, call: &Site, range: TextRange) -> bool {
    let mut given = call.args.iter().filter(|argument| matches!(source.expr(argument.value), Expr::Closure(_)));
    given.any(|argument| call.name_range == range || source.expr_range(argument.value).contains(range))
}

/// Whether the last name of a value is of a kind.
fn is_named(source: &SourceFacts, value: ExprId, kind: impl Fn(&str) -> bool) -> bool {
    matches!(source.expr(value), Expr::Name(name) | Expr::Member { name, .. } if kind(name))
}

/// Whether it is a number of elements from another number on: `start + 8` behind `start`.
fn is_window(source: &SourceFacts, start: ExprId, end: ExprId) -> bool {
    match source.expr(end) {
        Expr::Concat(parts) => parts.first().is_some_and(|first| source.expr(*first) == source.expr(start)),
        _ => false,
    }
}

/// Which elements a call takes of a list at most, where numbers say so: `slice(0, 20)`, `take(20)`.
fn taken(source: &SourceFacts, call: CallId) -> Option<Range<usize>> {
    let call = source.call(call);
    let number = |at: usize| match source.expr(call.args.get(at)?.value) {
        Expr::Number(number) => number.parse::<usize>().ok(),
        _ => None,
    };
    match source.expr(call.callee) {
        Expr::Member { name, .. } if name == "slice" => Some(number(0)?..number(1)?),
        Expr::Member { name, .. } if name == "take" => Some(0..number(0)?),
        _ => None,
    }
}

/// How many elements of a list are looped over at most, and whether they are its first: those of `items.iter().take(20)`.
fn most(source: &SourceFacts, mut over: ExprId) -> Option<(usize, bool)> {
    let mut most = None;
    for _ in 0..16 {
        let Expr::Call(call) = source.expr(over) else { break };
        let Expr::Member { object, name } = source.expr(source.call(*call).callee) else { break };
        most = match most {
            _ if ADDING.contains(&name.as_str()) => return None,
            Some((count, first)) => Some((count, first && matches!(name.as_str(), "iter" | "into_iter"))),
            None => taken(source, *call).map(|range| (range.len(), range.start == 0)),
        };
        over = *object;
    }
    most
}

/// Whether what is around a call runs so many at a time, or nobody waits for all of them.
pub(super) fn is_eased(context: &Context<'_>, spot: &Spot<'_>, place: Place) -> bool {
    let source = spot.source();
    let around = source.calls.iter().filter(|call| call.range.contains(place.range));
    // What the file says itself can be followed.
    let is_told = |name: &str| {
        let closure = |value| matches!(source.expr(value), Expr::Closure(_));
        source.functions.iter().any(|function| function.name == name)
            || source.bindings.iter().any(|binding| binding.name == name && binding.value.is_some_and(closure))
    };
    let is_limiter = |call: &Site, name: &str| exempt::has_word(name, LIMITERS) && !is_told(name) && runs_within(source, call, place.range);
    runs_from_list(source, place)
        || around.into_iter().any(|call| match source.expr(call.callee) {
            Expr::Name(name) if is_limiter(call, name) => true,
            Expr::Member { object, name } if is_limiter(call, name) || is_named(source, *object, |of| is_limiter(call, of)) => true,
            Expr::Member { name, .. } if LIMITED.contains(&name.as_str()) => true,
            Expr::Member { object, .. } if matches!(source.expr(*object), Expr::Name(name) if name == "Promise") => {
                let together = Place { file: place.file, range: call.name_range };
                Spot::at(&context.snapshot.files, together).is_some_and(|together| together.is_dropped())
            }
            _ => false,
        })
}

/// Whether what is made at a place is only put into a list, of which so many at a time are run: `stream::iter(asked).buffered(8)`.
fn runs_from_list(source: &SourceFacts, place: Place) -> bool {
    let pushed_to = |call: &Site| match source.expr(call.callee) {
        Expr::Member { object, name } if name == "push" => Some((*object, call.function)),
        _ => None,
    };
    let mut lists = source.calls.iter().filter(|call| call.range.contains(place.range)).filter_map(pushed_to);
    let limits = |call: &Site, list: &str| match source.expr(call.callee) {
        Expr::Member { object, name } if LIMITED.contains(&name.as_str()) => {
            let made = source.expr_range(*object);
            source.exprs.iter().any(|it| made.contains(it.range) && matches!(&it.kind, Expr::Name(name) if name == list))
        }
        _ => false,
    };
    // A list of that name in another function is another one.
    lists.any(|(list, function)| match source.expr(list) {
        Expr::Name(name) => source.calls.iter().any(|call| call.function == function && limits(call, name)),
        _ => false,
    })
}

/// Whether the loop around a call is left with its answer: it looks for the first that has one.
fn ends_with_answer(spot: &Spot<'_>, function: FunctionId) -> bool {
    let source = spot.source();
    let Some(call) = spot.call() else { return false };
    let Some(region) = spot.regions().find(|region| matches!(region.kind, RegionKind::ForEach { .. })) else { return false };
    let fails = |value: ExprId| match source.expr(value) {
        Expr::Call(call) => matches!(source.expr(source.call(*call).callee), Expr::Name(name) if name == "Err"),
        _ => false,
    };
    let answers = |value: ExprId, call: CallId| origins(source, [value]).contains(&Origin::Result(call));
    region.function == function
        && source
            .function(function)
            .returns
            .iter()
            .any(|value| region.range.contains(source.expr_range(*value)) && !fails(*value) && answers(*value, call))
}

/// What is looped over, as people call it: `order.items`.
fn words(source: &SourceFacts, over: ExprId) -> Option<String> {
    let mut names = Vec::new();
    let mut value = over;
    for _ in 0..16 {
        match source.expr(value) {
            Expr::Name(name) => {
                names.push(name.to_string());
                names.reverse();
                return Some(names.join("."));
            }
            Expr::This => {
                names.reverse();
                return (!names.is_empty()).then(|| names.join("."));
            }
            Expr::Member { object, name } => {
                names.push(name.to_string());
                value = *object;
            }
            // `items.iter()`, `items.filter(…)`: of what it is called on; `Object.keys(items)`: of what it is given.
            Expr::Call(call) if names.is_empty() => match (source.expr(source.call(*call).callee), source.call(*call).args.first()) {
                (Expr::Member { object, .. }, Some(first)) if matches!(source.expr(*object), Expr::Name(name) if name == "Object" || name == "Array") =>
                {
                    value = first.value;
                }
                (Expr::Member { object, .. }, _) => value = *object,
                _ => return None,
            },
            _ => return None,
        }
    }
    None
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, all: &[Asked<'_>]) {
    let Some(&(ref found, call, to)) = all.first() else { return };
    let Some(spot) = Spot::at(&context.snapshot.files, found.place) else { return };
    let source = spot.source();
    let of = match (words(source, found.over), most(source, found.over)) {
        (Some(words), Some((count, true))) => format!("for each of the first {count} of `{words}`"),
        (Some(words), Some((count, false))) => format!("for each of {count} of `{words}`"),
        (Some(words), None) => format!("for each of `{words}`"),
        (None, _) => "in a loop".to_owned(),
    };
    let together = spot.regions().any(|region| region.kind == RegionKind::Parallel && region.range.contains(source.expr_range(found.over)));
    let how = match (is_in_turn(&spot), together) {
        (true, _) => ", one after the other",
        (false, true) => ", all at once",
        (false, false) => "",
    };
    let message = format!("{} calls {} {} once {of}{how}", context.id(call.from), context.id(to), call.label());
    let mut related = Vec::new();
    if call.place != found.place {
        related.push((call.place, format!("{} calls {}", context.symbol(call.function), context.id(to))));
    }
    if let Some(endpoint) = call.endpoint {
        related.push((
            context.chart.endpoint(endpoint).place,
            format!("{} answers {}", context.id(to), context.chart.endpoint(endpoint).label()),
        ));
    }
    for (_, other, to) in all.iter().skip(1).filter(|(_, other, _)| other.label() != call.label() && other.place != call.place) {
        related.push((other.place, format!("also {} {}", context.id(*to), other.label())));
    }
    let severity = match context.chart.service(call.from).kind {
        _ if answers_by(context.chart, context.index, call.from, found.function) => None,
        // A page asks for what somebody looks at, and no more.
        ServiceKind::Frontend => Some(Severity::Hint),
        _ => Some(Severity::Information),
    };
    sink.report(Draft {
        severity,
        message,
        place: found.place,
        related,
        services: vec![call.from, to],
        subject: vec![call.label(), context.file(found.function), context.symbol(found.function)],
    });
}
