//! What the arguments of a call switch off in the function that it calls: `create({ encrypt: false })`, where that asks `if (input.encrypt)`.
//!
//! What deliberately does not live here: options that environments switch, see [`crate::resolve`], and who calls a function. Invariant: an option is
//! off only where calls themselves write that down, or write all of an object that lacks it.

use portolan_grammars::facts::{Entry, Expr, ExprId, RegionKind, SourceFacts, Symbol};

use super::flow::Spot;
use crate::files::Files;
use crate::resolve::value::CallRef;
use crate::{FunctionRef, Place};

/// What a condition asks of what its function is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Which of the function's parameters.
    index: usize,
    /// A field of it.
    field: Option<Symbol>,
}

/// What a call says of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It switches it off.
    Off,
    /// It hands on what the function around it is given.
    By(Asked),
    /// Anything else.
    Perhaps,
}

/// Whether a call switches off what stands at a place of the function that it calls.
pub(crate) fn is_off(files: &Files, call: Place, callee: FunctionRef, at: Place) -> bool {
    let Some(id) = Spot::at(files, call).and_then(|spot| spot.call()) else { return false };
    let call = CallRef { file: call.file, call: id };
    asked_around(files, callee, at).iter().any(|asked| answer(files, call, callee, asked) == Answer::Off)
}

/// What a function must be given for it to run what stands at a place of it, each by itself.
pub(crate) fn asked_around(files: &Files, function: FunctionRef, at: Place) -> Vec<Asked> {
    let Some(inner) = Spot::at(files, at).filter(|_| at.file == function.file) else { return Vec::new() };
    let around = inner.regions().take_while(|region| region.kind != RegionKind::Body);
    around.flat_map(|region| &region.conditions).filter_map(|condition| asked(inner.source(), function, *condition)).collect()
}

/// What a call says of what the function that it calls asks.
pub(crate) fn answer(files: &Files, call: CallRef, callee: FunctionRef, wanted: &Asked) -> Answer {
    let (Some(source), Some(called)) = (files.source(call.file), files.source(callee.file)) else { return Answer::Perhaps };
    let outer = source.call(call.call);
    let plain = outer.args.iter().take(wanted.index + 1).all(|argument| !argument.spread);
    let Some(given) = outer.args.get(wanted.index).filter(|_| plain).map(|argument| argument.value) else { return Answer::Perhaps };
    let params = &called.function(callee.function).params;
    // Where there is a default, that is what `undefined` stands for.
    let has_default = params.get(wanted.index).is_some_and(|param| param.default.is_some());
    if has_default && !matches!(source.expr(given), Expr::Object(_) | Expr::Bool(_)) {
        return Answer::Perhaps;
    }
    let caller = FunctionRef { file: call.file, function: outer.function };
    let by = |asked: Option<Asked>| asked.map_or(Answer::Perhaps, Answer::By);
    match (source.expr(given), &wanted.field) {
        (Expr::Object(object), Some(field)) => {
            match object.entries.iter().rev().find(|entry| !matches!(entry, Entry::Field { name, .. } if name != field)) {
                None => Answer::Off,
                Some(Entry::Field { value, .. }) if is_false(source, *value) => Answer::Off,
                Some(Entry::Field { value, .. }) => by(asked(source, caller, *value)),
                Some(_) => Answer::Perhaps,
            }
        }
        // Handed on as a whole.
        (Expr::Name(_), Some(field)) => {
            let whole = asked(source, caller, given).filter(|asked| asked.field.is_none());
            by(whole.map(|asked| Asked { field: Some(field.clone()), ..asked }))
        }
        (_, None) if is_false(source, given) => Answer::Off,
        (_, None) => by(asked(source, caller, given)),
        _ => Answer::Perhaps,
    }
}

/// Whether a function assigns a name, or this field of what it stands for.
fn is_assigned(source: &SourceFacts, callee: FunctionRef, name: &Symbol, field: Option<&Symbol>) -> bool {
    let within = source.function(callee.function).range;
    let is_it = |value: ExprId| matches!(source.expr(value), Expr::Name(other) if other == name);
    source.assignments.iter().map(|assignment| assignment.target).filter(|target| within.contains(source.expr_range(*target))).any(
        |target| match source.expr(target) {
            Expr::Member { object, name } => is_it(*object) && Some(name) == field,
            _ => is_it(target),
        },
    )
}

/// The parameter, or its field, that a condition asks for.
fn asked(source: &SourceFacts, callee: FunctionRef, condition: ExprId) -> Option<Asked> {
    let function = source.function(callee.function);
    let named = |wanted: &Symbol, field: Option<&Symbol>| {
        let index = function.params.iter().position(|param| param.name == *wanted)?;
        (!is_assigned(source, callee, wanted, field)).then_some(index)
    };
    match source.expr(condition) {
        Expr::Member { object, name } => match source.expr(*object) {
            Expr::Name(of) => Some(Asked { index: named(of, Some(name))?, field: Some(name.clone()) }),
            _ => None,
        },
        Expr::Name(name) => named(name, None).map(|index| Asked { index, field: None }).or_else(|| {
            if is_assigned(source, callee, name, None) {
                return None;
            }
            let mut bound = source.bindings.iter().filter(|binding| binding.function == callee.function && binding.name == *name);
            let (Some(binding), None) = (bound.next(), bound.next()) else { return None };
            let Expr::Member { object, name } = source.expr(binding.value?) else { return None };
            match source.expr(*object) {
                Expr::Param { function, index } if *function == callee.function => {
                    Some(Asked { index: *index as usize, field: Some(name.clone()) })
                }
                _ => None,
            }
        }),
        _ => None,
    }
}

/// Whether a value is written as `false` or nothing.
fn is_false(source: &SourceFacts, value: ExprId) -> bool {
    matches!(source.expr(value), Expr::Bool(false) | Expr::Null)
}
