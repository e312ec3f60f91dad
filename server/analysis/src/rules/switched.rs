//! What the arguments of a call switch off in the function that it calls: `create({ encrypt: false })`, where that asks `if (input.encrypt)`.
//!
//! What deliberately does not live here: options that environments switch, see [`crate::resolve`]. Invariant: an option is off only where the call
//! itself writes that down.

use portolan_grammars::facts::{Entry, Expr, ExprId, RegionKind, SourceFacts, Symbol};

use super::Context;
use crate::chart::flow::Spot;
use crate::{FunctionRef, Place};

/// Whether a call switches off what stands at a place of the function that it calls.
pub(super) fn is_off(context: &Context<'_>, call: Place, callee: FunctionRef, at: Place) -> bool {
    let files = &context.snapshot.files;
    let (Some(outer), Some(inner)) = (Spot::at(files, call), Spot::at(files, at)) else { return false };
    let Some(given) = outer.call().map(|id| &outer.source().call(id).args).filter(|_| at.file == callee.file) else { return false };
    let around = inner.regions().take_while(|region| region.kind != RegionKind::Body);
    around.flat_map(|region| &region.conditions).filter_map(|condition| asked(inner.source(), callee, *condition)).any(|(index, field)| {
        let plain = given.iter().take(index + 1).all(|argument| !argument.spread);
        let has_default = || inner.source().function(callee.function).params[index].default.is_some();
        // Where there is a default, that is what `undefined` stands for.
        let is_default = |value: ExprId| matches!(outer.source().expr(value), Expr::Null) && has_default();
        let is_off = |value: ExprId| is_false(outer.source(), value, field.as_ref()) && !is_default(value);
        given.get(index).is_some_and(|argument| plain && is_off(argument.value))
    })
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
fn asked(source: &SourceFacts, callee: FunctionRef, condition: ExprId) -> Option<(usize, Option<Symbol>)> {
    let function = source.function(callee.function);
    let named = |wanted: &Symbol, field: Option<&Symbol>| {
        let index = function.params.iter().position(|param| param.name == *wanted)?;
        (!is_assigned(source, callee, wanted, field)).then_some(index)
    };
    match source.expr(condition) {
        Expr::Member { object, name } => match source.expr(*object) {
            Expr::Name(of) => Some((named(of, Some(name))?, Some(name.clone()))),
            _ => None,
        },
        Expr::Name(name) => named(name, None).map(|index| (index, None)).or_else(|| {
            if is_assigned(source, callee, name, None) {
                return None;
            }
            let mut bound = source.bindings.iter().filter(|binding| binding.function == callee.function && binding.name == *name);
            let (Some(binding), None) = (bound.next(), bound.next()) else { return None };
            let Expr::Member { object, name } = source.expr(binding.value?) else { return None };
            match source.expr(*object) {
                Expr::Param { function, index } if *function == callee.function => Some((*index as usize, Some(name.clone()))),
                _ => None,
            }
        }),
        _ => None,
    }
}

/// Whether a value, or a field of it, is written as `false` or nothing.
fn is_false(source: &SourceFacts, value: ExprId, field: Option<&Symbol>) -> bool {
    match (source.expr(value), field) {
        (Expr::Bool(false) | Expr::Null, None) => true,
        (Expr::Object(object), Some(field)) => {
            let last = object.entries.iter().rev().find(|entry| !matches!(entry, Entry::Field { name, .. } if name != field));
            matches!(last, Some(Entry::Field { value, .. }) if is_false(source, *value, None))
        }
        _ => false,
    }
}
