//! A loop as it is written: over what it goes, and what it does for each element.
//!
//! Invariant: all of it stands in the code as ranges, and nothing else of the code is part of it.

use portolan_grammars::facts::{Binding, Call, CallId, Expr, ExprId, FunctionId, FunctionKind, RegionKind, TextRange};
use portolan_grammars::languages::Statement;

use super::super::{Refusal, Source};
use super::AT_A_TIME;
use super::proof::skips;

/// Methods whose result is an array.
const ARRAYS: [&str; 9] = ["map", "filter", "slice", "concat", "flatMap", "flat", "sort", "split", "splice"];
/// Functions of `Object` whose result is one.
const OF_OBJECTS: [&str; 3] = ["keys", "values", "entries"];

/// What waits for the rounds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Waits {
    /// A loop, for each of them before the next.
    ForEach,
    /// `Promise.all`, for all of them together.
    ForAll,
}

/// What the rounds of a loop are gathered in: `const results = [];` above it, and `results.push(one);` at the end of each.
pub(super) struct Gathered {
    /// `const results = `, of that statement.
    pub(super) bound: TextRange,
    /// All of the last statement of a round.
    pub(super) push: TextRange,
    /// What is pushed.
    pub(super) value: TextRange,
}

/// A loop.
pub(super) struct Rounds {
    pub(super) waits: Waits,
    /// All of it.
    pub(super) range: TextRange,
    /// The function that it stands in.
    pub(super) function: FunctionId,
    /// What it goes over.
    pub(super) over: String,
    /// The same, as an array.
    pub(super) list: String,
    /// What an element is called, as parameters of a function.
    pub(super) params: String,
    /// Whether what is done for each is async already.
    pub(super) is_async: bool,
    /// What is done for each.
    pub(super) body: TextRange,
    pub(super) gathered: Option<Gathered>,
    /// Where it goes on with the next element.
    pub(super) skips: Vec<TextRange>,
}

impl Rounds {
    /// The innermost loop around a call.
    pub(super) fn around(source: &Source<'_>, call: &Call) -> Result<Self, Refusal> {
        let facts = source.facts;
        let own = facts.function(call.function);
        let loop_around = source.tree().and_then(|tree| tree.each_loop(call.range.start));
        if let Some(each) = loop_around.filter(|each| call.function == FunctionId::MODULE || own.range.contains(each.range)) {
            if !each.constant {
                return Err(Refusal::new("the loop's variable is no constant"));
            }
            let (over, list) = (source.slice(each.over).to_owned(), list(source, each.over));
            let gathered = gathered(source, each.range, each.body)?;
            return Ok(Self {
                waits: Waits::ForEach,
                range: each.range,
                function: call.function,
                over,
                list,
                params: format!("({})", source.slice(each.pattern)),
                is_async: true,
                body: each.body,
                gathered,
                skips: skips(source, each.range)?,
            });
        }
        let unclear = || Refusal::new("the promises are waited for elsewhere");
        let maps = given(source, call.function).filter(|_| own.kind == FunctionKind::Closure).ok_or_else(unclear)?;
        let Expr::Member { object, name } = facts.expr(facts.call(maps).callee) else { return Err(unclear()) };
        let all = facts.calls.iter().find(|all| matches!(all.args.as_slice(), [only] if is_call(source, only.value, maps)));
        let all = all.filter(|all| source.slice(facts.expr_range(all.callee)) == "Promise.all").ok_or_else(unclear)?;
        if name != "map" || facts.call(maps).args.len() != 1 || !all.type_args.is_empty() {
            return Err(unclear());
        }
        if own.params.len() > 2 {
            return Err(Refusal::new("what is done for each is given all of them"));
        }
        if is_short(source, *object) {
            return Err(Refusal::new(format!("there are no more than {AT_A_TIME} of them")));
        }
        if facts.regions.iter().any(|region| region.kind == RegionKind::Parallel && region.range.contains(all.range)) {
            return Err(Refusal::new("it is itself made for many at once"));
        }
        let body = facts.region(own.body).range;
        let head = source.slice(TextRange { start: own.range.start, end: body.start }).trim_end();
        let head = head.strip_suffix("=>").ok_or_else(|| Refusal::new("what is done for each is no arrow function"))?;
        let over = source.slice(facts.expr_range(*object)).to_owned();
        Ok(Self {
            waits: Waits::ForAll,
            range: all.range,
            function: all.function,
            list: over.clone(),
            over,
            params: head.strip_prefix("async").filter(|_| own.is_async).unwrap_or(head).trim().to_owned(),
            is_async: own.is_async,
            body,
            gathered: None,
            skips: Vec::new(),
        })
    }
}

/// Whether a list is the beginning of another one, and no longer than what is made at a time.
fn is_short(source: &Source<'_>, list: ExprId) -> bool {
    let facts = source.facts;
    let Expr::Call(call) = facts.expr(list) else { return false };
    let call = facts.call(*call);
    let cuts = matches!(facts.expr(call.callee), Expr::Member { name, .. } if name == "slice");
    let number = |at: usize| {
        call.args.get(at).and_then(|argument| match facts.expr(argument.value) {
            Expr::Number(number) => number.parse::<usize>().ok(),
            _ => None,
        })
    };
    cuts && number(0).zip(number(1)).is_some_and(|(start, end)| end.saturating_sub(start) <= AT_A_TIME)
}

/// The call that is given a closure as its first argument.
fn given(source: &Source<'_>, closure: FunctionId) -> Option<CallId> {
    let facts = source.facts;
    let is_it = |call: &Call| call.args.first().is_some_and(|it| matches!(facts.expr(it.value), Expr::Closure(given) if *given == closure));
    facts.calls.iter().position(is_it).map(|at| CallId(at as u32))
}

fn is_call(source: &Source<'_>, value: ExprId, call: CallId) -> bool {
    matches!(source.facts.expr(value), Expr::Call(id) if *id == call)
}

/// What is looped over, as an array: as it is where that is one, else spread into one.
fn list(source: &Source<'_>, over: TextRange) -> String {
    let text = source.slice(over);
    let value = source.facts.exprs.iter().position(|it| it.range == over).map(|at| ExprId(at as u32));
    if value.is_some_and(|value| is_array(source, value)) {
        return text.to_owned();
    }
    if Source::has_word(text, "await") { format!("[...({text})]") } else { format!("[...{text}]") }
}

fn is_array(source: &Source<'_>, value: ExprId) -> bool {
    let facts = source.facts;
    let made = |value: ExprId| match facts.expr(value) {
        Expr::Array(_) => true,
        Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
            Expr::Member { object, name } => match facts.expr(*object) {
                Expr::Name(of) if of == "Object" => OF_OBJECTS.contains(&name.as_str()),
                Expr::Name(of) if of == "Array" => name == "from" || name == "of",
                _ => ARRAYS.contains(&name.as_str()),
            },
            _ => false,
        },
        _ => false,
    };
    let Expr::Name(name) = facts.expr(value) else { return made(value) };
    let is_typed = |path: &str| matches!(path, "[]" | "Array" | "ReadonlyArray");
    let params = facts.functions.iter().flat_map(|function| &function.params).filter(|param| param.name == *name);
    let params: Vec<bool> = params.map(|param| !param.rest && param.ty.as_ref().is_some_and(|ty| is_typed(&ty.path))).collect();
    let is_one = |it: &Binding| it.ty.as_ref().map_or_else(|| it.constant && it.value.is_some_and(made), |ty| is_typed(&ty.path));
    let bound: Vec<bool> = facts.bindings.iter().filter(|it| it.name == *name).map(is_one).collect();
    // Of several things that are called so, all are arrays.
    params.len() + bound.len() > 0 && params.into_iter().chain(bound).all(|is_array| is_array)
}

/// What the rounds of a loop gather, where each ends with that and nothing else is in it yet.
fn gathered(source: &Source<'_>, range: TextRange, body: TextRange) -> Result<Option<Gathered>, Refusal> {
    let facts = source.facts;
    let Some(tree) = source.tree() else { return Ok(None) };
    let Some(last) = tree.statements_in(body).pop() else { return Ok(None) };
    let pushes =
        facts.calls.iter().find(|call| last.contains(call.range) && source.slice(last).trim_end_matches(';') == source.slice(call.range));
    let Some((pushes, Expr::Member { object, name })) = pushes.map(|call| (call, facts.expr(call.callee))) else { return Ok(None) };
    let (Expr::Name(list), "push", [value]) = (facts.expr(*object), name.as_str(), pushes.args.as_slice()) else { return Ok(None) };
    let block = tree.block(range.start);
    let before = block.iter().position(|statement| statement.range == range).and_then(|at| at.checked_sub(1)).map(|at| &block[at]);
    let is_empty = |statement: &&Statement| {
        let binds = statement.binds.as_ref();
        binds.is_some_and(|binds| {
            let (keyword, pattern, value) = (source.slice(binds.keyword), source.slice(binds.pattern), source.slice(binds.value));
            keyword == "const" && pattern == list && value == "[]"
        })
    };
    let comes_between = |end: u32| !source.slice(TextRange { start: end, end: range.start }).trim().is_empty();
    let bound = before.filter(is_empty).filter(|it| !comes_between(it.range.end)).and_then(|it| it.binds.as_ref().map(|binds| (it, binds)));
    let Some((statement, binds)) = bound else {
        return Err(Refusal::new(format!("`{list}` is begun elsewhere")));
    };
    if value.spread {
        return Err(Refusal::new("a round adds any number of things"));
    }
    let bound = TextRange { start: statement.range.start, end: binds.value.start };
    Ok(Some(Gathered { bound, push: last, value: facts.expr_range(value.value) }))
}
