//! What code puts into a map or an object under a key that only running code knows, and takes out by such a key again:
//! `queues[name] = new Queue(name); return queues[name];`.
//!
//! What deliberately does not live here: lists, and maps that are known by their declared types ([`super::collections`]). Invariant: what a function
//! puts in that is made of its own parameters is found by that function alone, as other callers ask for other things.

use portolan_grammars::facts::{CallKind, Expr, ExprId, FunctionId, SourceFacts, Symbol};

use super::evaluate::{Evaluator, inside};
use super::index::FileIndex;
use super::value::Value;
use crate::FileId;

/// Places that put something into one map which are looked at.
const MAX_PUTS: usize = 16;

/// What holds values by key, as code names it.
#[derive(PartialEq)]
enum Table<'f> {
    /// `queues`.
    Named(&'f Symbol),
    /// `this.queues`.
    Own(&'f Symbol),
}

impl<'w> Evaluator<'w> {
    /// What stands in a map, or in an object that is written empty, under a key that is not known.
    pub(super) fn put_by_key(&mut self, file: FileId, facts: &'w SourceFacts, of: ExprId, reader: FunctionId) -> Value {
        let Some((table, (_, index))) = table(facts, of).zip(self.file(file)) else { return Value::Unknown };
        if !facts.language.is_ecmascript() || !starts_empty(facts, index, &table) {
            return Value::Unknown;
        }
        let is_it = |expr: ExprId| self::table(facts, expr).is_some_and(|other| other == table);
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

fn table(facts: &SourceFacts, expr: ExprId) -> Option<Table<'_>> {
    match facts.expr(expr) {
        Expr::Name(name) => Some(Table::Named(name)),
        Expr::Member { object, name } if matches!(facts.expr(*object), Expr::This) => Some(Table::Own(name)),
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
        Table::Named(name) => index.bindings_of(facts, name).any(|binding| binding.value.is_some_and(is_empty)),
        Table::Own(name) => {
            let fields = facts.types.iter().flat_map(|def| &def.fields).filter(|field| field.name == **name);
            fields.filter_map(|field| field.value).any(is_empty)
        }
    }
}
