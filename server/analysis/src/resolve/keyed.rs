//! What code puts into a map or an object under a key that only running code knows, and takes out by such a key again:
//! `queues[name] = new Queue(name); return queues[name];`.
//!
//! What deliberately does not live here: lists, and maps that are known by their declared types ([`super::collections`]). Invariant: what a function
//! puts in that is made of its own parameters is found by that function alone, as other callers ask for other things.

use portolan_grammars::facts::{CallKind, Expr, ExprId, FunctionId, SourceFacts, Symbol, TypeId};

use super::evaluate::{Evaluator, around, inside};
use super::index::FileIndex;
use super::value::Value;
use crate::FileId;

/// Places that put something into one map which are looked at.
const MAX_PUTS: usize = 16;

/// What holds values by key.
#[derive(PartialEq)]
enum Table<'f> {
    /// `queues`, by where it is bound.
    Bound(FunctionId, &'f Symbol),
    /// `this.queues`, by the class.
    Own(TypeId, &'f Symbol),
}

impl<'w> Evaluator<'w> {
    /// What stands in a map, or in an object that is written empty, under a key that is not known.
    pub(super) fn put_by_key(&mut self, file: FileId, facts: &'w SourceFacts, of: ExprId, reader: FunctionId) -> Value {
        if !facts.language.is_ecmascript() {
            return Value::Unknown;
        }
        let Some((_, index)) = self.file(file) else { return Value::Unknown };
        let Some(table) = table(facts, index, of).filter(|table| starts_empty(facts, index, table)) else { return Value::Unknown };
        let is_it = |expr: ExprId| self::table(facts, index, expr).is_some_and(|other| other == table);
        let assigned = facts.assignments.iter().filter_map(|assignment| match facts.expr(assignment.target) {
            Expr::Index { object, .. } if is_it(*object) => Some(assignment.value),
            _ => None,
        });
        let set = index.calls.get("set").into_iter().flatten().filter_map(|id| {
            match (facts.expr(facts.call(*id).callee), &*facts.call(*id).args) {
                (Expr::Member { object, .. }, [_, value]) if is_it(*object) => Some(value.value),
                _ => None,
            }
        });
        let puts: Vec<ExprId> = assigned.chain(set).take(MAX_PUTS).collect();
        let found = puts.into_iter().filter_map(|put| {
            let maker = facts.exprs[put.index()].function;
            let value = self.eval(file, put);
            let same = inside(facts, maker, reader) || inside(facts, reader, maker);
            (same || !value.has_param()).then_some(value)
        });
        Value::one_of(found.collect::<Vec<_>>())
    }
}

/// What an expression names, if it may hold values by key: a variable that is seen there, or a field of the class around.
fn table<'f>(facts: &'f SourceFacts, index: &FileIndex, expr: ExprId) -> Option<Table<'f>> {
    let mut outwards = around(facts, facts.exprs[expr.index()].function);
    match facts.expr(expr) {
        Expr::Name(name) => {
            let is_param = |function: FunctionId| facts.function(function).params.iter().any(|param| param.name == *name);
            let is_bound = |function: FunctionId| index.bindings_of(facts, name).any(|binding| binding.function == function);
            let binder = outwards.find(|function| is_param(*function) || is_bound(*function))?;
            (!is_param(binder)).then_some(Table::Bound(binder, name))
        }
        Expr::Member { object, name } if matches!(facts.expr(*object), Expr::This) => {
            outwards.find_map(|function| facts.function(function).owner).map(|class| Table::Own(class, name))
        }
        _ => None,
    }
}

/// Whether a table is made empty: `{}`, `new Map()`, `Object.create(null)`.
fn starts_empty(facts: &SourceFacts, index: &FileIndex, table: &Table<'_>) -> bool {
    let is_empty = |value: ExprId| match facts.expr(value) {
        Expr::Object(object) => object.entries.is_empty(),
        Expr::Call(call) => {
            let call = facts.call(*call);
            match facts.expr(call.callee) {
                Expr::Name(name) => call.kind == CallKind::New && matches!(name.as_str(), "Map" | "WeakMap"),
                Expr::Member { object, name } => name == "create" && matches!(facts.expr(*object), Expr::Name(name) if name == "Object"),
                _ => false,
            }
        }
        _ => false,
    };
    match table {
        Table::Bound(function, name) => {
            let mut bindings = index.bindings_of(facts, name).filter(|binding| binding.function == *function);
            bindings.any(|binding| binding.value.is_some_and(is_empty))
        }
        Table::Own(class, name) => {
            let fields = facts.type_def(*class).fields.iter().filter(|field| field.name == **name);
            fields.filter_map(|field| field.value).any(is_empty)
        }
    }
}
