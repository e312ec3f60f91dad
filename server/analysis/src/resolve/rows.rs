//! Lists whose items belong together: `for (path, handler) in [("/orders", get(list)), …]`, where each path has its own handler.
//!
//! What deliberately does not live here: what the parts mean, and tables of which each item is a value ([`super::route_tables`]). Invariant: a row
//! is known only where the list is written out in the same file.

use portolan_grammars::facts::{CallKind, Expr, ExprId, FunctionId, SourceFacts, Symbol};

use super::evaluate::{Evaluator, around};
use super::index::FileIndex;
use super::value::Value;
use crate::FileId;

/// Names followed from a loop to the list.
const MAX_NAMES: usize = 4;

impl<'w> Evaluator<'w> {
    /// The two parts in each item of a list, where both expressions are parts of the item that a loop is at.
    pub(super) fn rows(&mut self, file: FileId, one: ExprId, other: ExprId) -> Option<Vec<(ExprId, ExprId)>> {
        let (facts, index) = self.file(file)?;
        let (list, first) = part_of_item(facts, index, one)?;
        let (same, second) = part_of_item(facts, index, other)?;
        if list != same {
            return None;
        }
        // Of a list that is known in part, the rest would be lost.
        let row = |item: &ExprId| {
            let item = index.written(facts, *item);
            Some((part(facts, item, &first)?, part(facts, item, &second)?))
        };
        let rows: Vec<(ExprId, ExprId)> = items(facts, index, list)?.iter().map(row).collect::<Option<_>>()?;
        (!rows.is_empty()).then_some(rows)
    }

    /// The two parts in each item of a list, however its items are made: `for (const [of, answers] of [pair(Cart, cart), …])`.
    pub(super) fn row_parts(&mut self, file: FileId, one: ExprId, other: ExprId) -> Option<Vec<[RowPart; 2]>> {
        let (facts, index) = self.file(file)?;
        let (list, first) = part_of_item(facts, index, in_front(facts, one))?;
        let (same, second) = part_of_item(facts, index, in_front(facts, other))?;
        let items = items(facts, index, list).filter(|_| list == same)?;
        let row = |item: &ExprId| {
            let value = self.eval(file, *item);
            let item = index.written(facts, *item);
            [&first, &second].map(|name| RowPart { written: part(facts, item, name), value: self.member(&value, name, None) })
        };
        Some(items.iter().map(row).collect())
    }
}

/// A part of an item of a list.
pub(super) struct RowPart {
    /// Where it is written out, if it is.
    pub(super) written: Option<ExprId>,
    /// What it stands for.
    pub(super) value: Value,
}

/// What a proxy of the language stands in front of.
pub(super) fn in_front(facts: &SourceFacts, expr: ExprId) -> ExprId {
    let Expr::Call(call) = facts.expr(expr) else { return expr };
    let call = facts.call(*call);
    match (facts.expr(call.callee), call.args.first()) {
        (Expr::Name(name), Some(of)) if name == "Proxy" && call.kind == CallKind::New => of.value,
        _ => expr,
    }
}

/// The list that a loop goes through, and which part of its items a name stands for.
pub(super) fn part_of_item(facts: &SourceFacts, index: &FileIndex, expr: ExprId) -> Option<(ExprId, Symbol)> {
    let part = match facts.expr(expr) {
        Expr::Name(name) => index.binding_at(facts, expr, name)?.value?,
        _ => expr,
    };
    let (object, name) = match facts.expr(part) {
        Expr::Member { object, name } => (*object, name.clone()),
        Expr::Index { object, index } => match facts.expr(*index) {
            Expr::Number(position) => (*object, position.clone()),
            _ => return None,
        },
        _ => return None,
    };
    Some((list_of_item(facts, index, object)?, name))
}

/// The list that a loop goes through, where an expression is the item that it is at.
fn list_of_item(facts: &SourceFacts, index: &FileIndex, item: ExprId) -> Option<ExprId> {
    let handed_to = |function: &FunctionId| {
        let (call, 0) = index.argument_of.get(function)? else { return None };
        match facts.expr(facts.call(*call).callee) {
            Expr::Member { object, name } if matches!(name.as_str(), "forEach" | "map") => Some(*object),
            _ => None,
        }
    };
    match facts.expr(item) {
        Expr::Element(list) => Some(*list),
        Expr::Param { function, index: 0 } => handed_to(function),
        Expr::Name(name) => match index.binding_at(facts, item, name) {
            Some(binding) => match facts.expr(binding.value?) {
                Expr::Element(list) => Some(*list),
                _ => None,
            },
            None => {
                let mut outwards = around(facts, facts.exprs[item.index()].function);
                let position = |function: &FunctionId| facts.function(*function).params.iter().position(|param| param.name == *name);
                let (function, position) = outwards.find_map(|function| Some((function, position(&function)?)))?;
                handed_to(&function).filter(|_| position == 0)
            }
        },
        _ => None,
    }
}

/// The items of a list that is written out, by whatever name it goes.
fn items<'f>(facts: &'f SourceFacts, index: &FileIndex, list: ExprId) -> Option<&'f [ExprId]> {
    let mut list = list;
    for _ in 0..MAX_NAMES {
        list = match facts.expr(list) {
            Expr::Array(items) => return Some(items),
            Expr::Name(name) => index.binding_at(facts, list, name)?.value?,
            // `routes.into_iter()`
            Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
                Expr::Member { object, name } if matches!(name.as_str(), "iter" | "into_iter") => *object,
                _ => return None,
            },
            _ => return None,
        };
    }
    None
}

/// A part of an item, by its position or its name.
fn part(facts: &SourceFacts, item: ExprId, name: &str) -> Option<ExprId> {
    match facts.expr(item) {
        Expr::Array(parts) => parts.get(name.parse::<usize>().ok()?).copied(),
        Expr::Object(object) => object.field(name),
        _ => None,
    }
}
