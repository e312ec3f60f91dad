//! Functions that functions give back: what they keep of what those were given, and how they are called.
//!
//! `const ask = client("http://orders")`, then `ask("/orders")`. What deliberately does not live here: objects of functions, whose members are
//! looked up like any other's. Invariant: what made a function stays with it, so two that one function made for different callers are never mixed up.

use std::sync::Arc;

use portolan_grammars::facts::{CallId, Expr, ExprId, SourceFacts, Symbol};

use super::evaluate::Evaluator;
use super::value::{CallRef, ParamRef, Value};
use crate::FunctionRef;

/// Calls of a function of which is looked how they are named.
const MAX_MAKERS: usize = 64;
/// How often what is given back is given back again.
const MAX_HANDED_ON: u32 = 3;

impl Value {
    /// What the functions around a function were given for a parameter of theirs.
    pub(super) fn given_for(&self, param: ParamRef) -> Option<Value> {
        let Value::Given(function, arguments, around) = self else { return None };
        if *function == param.function {
            return arguments.get(param.index as usize).cloned();
        }
        around.as_ref()?.given_for(param)
    }
}

/// How functions are called that a function gives back.
#[derive(Debug, Default)]
pub(super) struct Handles {
    /// The names that they have where they are kept.
    pub(super) names: Vec<Symbol>,
    /// Calls of them there and then: `client(base)("/orders")`.
    pub(super) calls: Vec<CallRef>,
}

impl Evaluator<'_> {
    /// What a function gives back for some arguments: a function written in it remembers them.
    pub(super) fn enclosed(&mut self, result: Value, function: FunctionRef, receiver: Option<&Value>, arguments: &[Value]) -> Value {
        match result {
            Value::Function(inner, None) if inner != function && self.is_within(inner, function) => {
                let around = receiver.filter(|receiver| matches!(receiver, Value::Given(..))).cloned().map(Arc::new);
                Value::Function(inner, Some(Arc::new(Value::Given(function, arguments.into(), around))))
            }
            Value::OneOf(values) => Value::one_of(values.iter().map(|value| self.enclosed(value.clone(), function, receiver, arguments))),
            result => result,
        }
    }

    /// How a function is called that the function around it gives back.
    pub(super) fn handles(&mut self, function: FunctionRef) -> Handles {
        let mut found = Handles::default();
        let Some(facts) = self.facts(function.file) else { return found };
        let (declared, parent) = (facts.function(function.function), facts.function(function.function).parent);
        let is_it = |value: &ExprId| match facts.expr(*value) {
            Expr::Closure(closure) => *closure == function.function,
            Expr::Name(name) => !name.is_empty() && *name == declared.name,
            _ => false,
        };
        if parent != function.function && facts.function(parent).returns.iter().any(is_it) {
            self.handles_of(FunctionRef { function: parent, ..function }, MAX_HANDED_ON, &mut found);
        }
        found
    }

    /// How what a function gives back is called.
    fn handles_of(&mut self, maker: FunctionRef, depth: u32, found: &mut Handles) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let makers: Vec<CallRef> = self.callers(maker).iter().copied().take(MAX_MAKERS).collect();
        for made in makers {
            let Some(facts) = self.facts(made.file) else { continue };
            let is_made = |value: ExprId| matches!(facts.expr(value), Expr::Call(call) if *call == made.call);
            let bound = facts.bindings.iter().filter(|binding| binding.value.is_some_and(is_made)).map(|binding| binding.name.clone());
            let assigned = facts.assignments.iter().filter(|assignment| is_made(assignment.value));
            found.names.extend(bound.chain(assigned.filter_map(|assignment| last_name(facts, assignment.target))));
            let at_once = facts.calls.iter().enumerate().filter(|(_, call)| is_made(call.callee));
            found.calls.extend(at_once.map(|(at, _)| CallRef { file: made.file, call: CallId(at as u32) }));
            let function = facts.call(made.call).function;
            if facts.function(function).returns.iter().any(|value| is_made(*value)) {
                self.handles_of(FunctionRef { file: made.file, function }, depth, found);
            }
        }
    }
}

fn last_name(facts: &SourceFacts, target: ExprId) -> Option<Symbol> {
    match facts.expr(target) {
        Expr::Name(name) | Expr::Member { name, .. } => Some(name.clone()),
        _ => None,
    }
}
