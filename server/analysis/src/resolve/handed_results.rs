//! What a function gives back that tells nothing by itself: what it was given, or what a function gives back that it was given.
//!
//! What deliberately does not live here: functions whose own code tells what they give back, see [`super::evaluate`]. Invariant: only
//! ECMAScript is looked at, as Rust's types tell more.

use portolan_grammars::facts::{Expr, ExprId, Symbol, TypeRef};

use super::evaluate::Evaluator;
use super::foreign::is_primitive;
use super::held_values::held_values;
use super::value::Value;
use crate::FunctionRef;

/// Expressions that are looked at to find what a function gives back.
const MAX_RESULTS: u32 = 32;

impl<'w> Evaluator<'w> {
    /// What a function gives back that hands on what it or its object was given, or calls it, for given arguments.
    pub(super) fn handed_result(&mut self, function: FunctionRef, receiver: Option<&Value>, arguments: &[Value]) -> Option<Value> {
        self.generic_result(function, arguments).or_else(|| self.called_result(function, receiver, arguments))
    }

    /// What a generic function gives back that says only so much: what it was given, or what a function it was given gives back:
    /// `singleton<T>(name: string, make: () => T): T`.
    fn generic_result(&mut self, function: FunctionRef, arguments: &[Value]) -> Option<Value> {
        let facts = self.facts(function.file).filter(|facts| facts.language.is_ecmascript())?;
        let declared = facts.function(function.function);
        let awaited = |ty: &'w TypeRef| if ty.path == "Promise" { ty.args.first().unwrap_or(ty) } else { ty };
        let result = awaited(declared.result.as_ref()?);
        let is_result = |ty: &'w TypeRef| {
            let ty = awaited(ty);
            ty.path == result.path && ty.args.is_empty()
        };
        let (at, ty) = declared.params.iter().enumerate().find_map(|(at, param)| {
            let ty = param.ty.as_ref()?;
            (is_result(ty) || ty.path == "fn" && ty.args.first().is_some_and(is_result)).then_some((at, ty))
        })?;
        // A type parameter is known to nobody.
        let of = self.type_value(function.file, facts, function.function, &result.path)?;
        if !result.args.is_empty() || !matches!(of, Value::External(package, _) if package == "global") {
            return None;
        }
        match arguments.get(at)? {
            Value::Function(made, receiver) if ty.path == "fn" => Some(self.apply(*made, receiver.as_deref(), &[])),
            _ if ty.path == "fn" => None,
            // A text that is made of a text may be any.
            _ if is_primitive(&result.path) => None,
            given => Some(given.clone()),
        }
    }

    /// What a function gives back that returns what a function returns which it was given, alone or in an object, or which its object was made
    /// with: `load({ schema, transform }) { …; return transform(checked); }`, `connect() { return this.make(this.address); }`.
    fn called_result(&mut self, function: FunctionRef, receiver: Option<&Value>, arguments: &[Value]) -> Option<Value> {
        let facts = self.facts(function.file).filter(|facts| facts.language.is_ecmascript())?;
        let mut results: Vec<Value> = Vec::new();
        let mut open: Vec<ExprId> = facts.function(function.function).returns.clone();
        let mut steps = 0;
        while let Some(result) = open.pop().filter(|_| steps < MAX_RESULTS) {
            steps += 1;
            let call = match facts.expr(result) {
                Expr::Call(call) => facts.call(*call),
                Expr::Choice(parts) | Expr::Fallback(parts) => {
                    open.extend(parts);
                    continue;
                }
                Expr::Name(name) => {
                    open.extend(self.bound_in(function, result, name));
                    continue;
                }
                _ => continue,
            };
            let Value::Param(param, path) = self.eval(function.file, call.callee) else { continue };
            let given = match param.function == function {
                true => arguments.get(param.index as usize).cloned(),
                false => receiver.and_then(|receiver| self.constructed_with(receiver, param)),
            };
            let Some(given) = given else { continue };
            let Value::Function(made, around) = self.at_path(given, &path) else { continue };
            let passed = self.handed_to(made, function.file, call);
            let made = self.apply(made, around.as_deref(), &passed);
            let of_caller = self
                .substitute(&made, &|inner| (inner.function == function).then(|| arguments.get(inner.index as usize).cloned()).flatten());
            results.push(of_caller);
        }
        (!results.is_empty()).then(|| Value::one_of(results)).filter(|value| !value.is_unknown())
    }

    /// What a variable of a function's own is given.
    fn bound_in(&mut self, function: FunctionRef, at: ExprId, name: &Symbol) -> Vec<ExprId> {
        let Some((facts, index)) = self.file(function.file) else { return Vec::new() };
        let binding = index.bindings_of(facts, name).find(|binding| binding.function == function.function);
        binding.map_or_else(Vec::new, |binding| held_values(facts, index, binding, Some(facts.expr_range(at).start)))
    }
}
