//! Keys under which Rust code puts things into a map, and lists that iterators collect: a registry of handlers by topic whose topics are subscribed to,
//! `self.handlers.keys().map(|topic| topic.as_str()).collect()`.
//!
//! What deliberately does not live here: what stands under the keys, which is known by the map's declared type ([`super::collections`]). Invariant: a
//! key that is not known is left out.

use portolan_grammars::facts::{CallKind, Expr, ExprId, FunctionKind, SourceFacts, Symbol};

use super::evaluate::{Evaluator, inside};
use super::value::{ClassRef, Value};
use crate::FileId;

/// Calls between a map and what is collected of it.
const MAX_STEPS: u32 = 8;
/// Keys of one map.
const MAX_KEYS: usize = 24;

impl<'w> Evaluator<'w> {
    /// What is collected of a list or of a map's keys.
    pub(super) fn collected(&mut self, file: FileId, facts: &'w SourceFacts, of: ExprId, steps: u32) -> Option<Value> {
        let steps = steps.checked_sub(1)?;
        if let Expr::Call(call) = facts.expr(of)
            && let Expr::Member { object, name } = facts.expr(facts.call(*call).callee)
        {
            match name.as_str() {
                "keys" | "into_keys" => return self.keys_put(file, facts, *object),
                "cloned" | "copied" | "iter" | "into_iter" | "rev" | "filter" => return self.collected(file, facts, *object, steps),
                "map" => {
                    let list = self.collected(file, facts, *object, steps)?;
                    let each = facts.call(*call).args.first()?.value;
                    return self.mapped(file, &list, each);
                }
                _ => {}
            }
        }
        Some(self.eval(file, of)).filter(|list| matches!(list, Value::Array(_)))
    }

    /// A list of what a function makes of each element.
    fn mapped(&mut self, file: FileId, list: &Value, each: ExprId) -> Option<Value> {
        let made = match self.eval(file, each) {
            // Its parameter stands for the elements already.
            Value::Function(each, _) if self.facts(each.file)?.function(each.function).kind == FunctionKind::Closure => {
                self.result_of(each)
            }
            Value::Function(each, _) => {
                let element = self.elements(list);
                self.apply(each, None, &[element])
            }
            // `String::as_str`, `Into::into`
            Value::External(..) => return Some(list.clone()),
            _ => Value::Unknown,
        };
        (!made.is_unknown()).then(|| Value::Array(made.alternatives().into()))
    }

    /// The keys that are put into a map: a field of the object around, or a variable.
    pub(super) fn keys_put(&mut self, file: FileId, facts: &'w SourceFacts, map: ExprId) -> Option<Value> {
        let map = held_in(facts, map);
        let function = facts.exprs[map.index()].function;
        let mut keys = Vec::new();
        match facts.expr(map) {
            Expr::Member { object, name } if matches!(facts.expr(*object), Expr::This) => {
                let class = self.this_class(file, facts, function)?;
                self.keys_put_by(class, name, &mut keys)?;
            }
            Expr::Name(name) => {
                let is_it = |expr: ExprId| {
                    let expr = held_in(facts, expr);
                    matches!(facts.expr(expr), Expr::Name(other) if other == name)
                        && inside(facts, facts.exprs[expr.index()].function, function)
                };
                for key in inserted(facts, self.file(file)?.1, is_it) {
                    keys.push(self.eval(file, key));
                }
            }
            _ => return None,
        }
        let texts: Vec<Value> =
            keys.iter().flat_map(|key| key.alternatives().to_vec()).filter(|key| !key.is_unknown()).take(MAX_KEYS).collect();
        (!texts.is_empty()).then(|| Value::Array(texts.into()))
    }

    /// The keys that the methods of a type put into a field of it, by way of what callers pass.
    fn keys_put_by(&mut self, class: ClassRef, field: &Symbol, keys: &mut Vec<Value>) -> Option<()> {
        let name = self.facts(class.file)?.type_def(class.class).name.clone();
        for &file in self.impl_files(class, &name).iter() {
            let (facts, index) = self.file(file)?;
            let is_field = |expr: ExprId| match facts.expr(held_in(facts, expr)) {
                Expr::Member { object, name } => name == field && matches!(facts.expr(*object), Expr::This),
                _ => false,
            };
            for key in inserted(facts, index, is_field) {
                let function = facts.exprs[key.index()].function;
                if self.this_class(file, facts, function) == Some(class) {
                    let key = self.eval(file, key);
                    keys.push(self.with_passed(key));
                }
            }
        }
        Some(())
    }
}

/// The keys of `map.insert(key, value)` and `map.entry(key)` on a map.
fn inserted(facts: &SourceFacts, index: &super::index::FileIndex, is_it: impl Fn(ExprId) -> bool) -> Vec<ExprId> {
    let calls = ["insert", "entry"].iter().flat_map(|name| index.calls.get(*name).into_iter().flatten()).map(|id| facts.call(*id));
    let keys = calls.filter(|call| call.kind == CallKind::Call).filter_map(|call| match (facts.expr(call.callee), &*call.args) {
        (Expr::Member { object, name }, [key, _]) if name == "insert" && is_it(*object) => Some(key.value),
        (Expr::Member { object, name }, [key]) if name == "entry" && is_it(*object) => Some(key.value),
        _ => None,
    });
    keys.take(MAX_KEYS).collect()
}

/// A map without what only holds it: `self.handlers` of `self.handlers.write().await`.
fn held_in(facts: &SourceFacts, mut of: ExprId) -> ExprId {
    for _ in 0..MAX_STEPS {
        of = match facts.expr(of) {
            Expr::Call(call) if facts.call(*call).args.is_empty() => match facts.expr(facts.call(*call).callee) {
                Expr::Member { object, name } if is_held(name) => *object,
                _ => break,
            },
            _ => break,
        };
    }
    of
}

fn is_held(method: &str) -> bool {
    matches!(method, "lock" | "read" | "write" | "borrow" | "borrow_mut" | "unwrap" | "as_ref" | "as_mut" | "iter" | "clone")
}
