//! Lists and tables of routes that macros are given: `routes![show, create]`, `mount! { rocket, "/v1", "/orders" => orders::routes() }`.
//!
//! What deliberately does not live here: calls that put a list under a prefix ([`super::routes`]), and macros that the workspace defines, which are
//! followed. Invariant: known by what a macro is given, functions with attributes and prefixes of paths, not by its name.

use portolan_grammars::facts::{Call, CallKind, Entry, Expr, FunctionKind, Symbol};

use super::evaluate::Evaluator;
use super::link::Router;
use super::link::{Linker, MountDecl};
use super::spans::Walk;
use super::value::{CallRef, Pattern, Value, join_patterns};
use crate::{FileId, FunctionRef};

/// Lists within lists that are looked through.
const MAX_DEPTH: u32 = 3;

impl<'w> Evaluator<'w> {
    /// The functions with attributes that a macro is given and nothing else, as a list.
    pub(super) fn listed(&mut self, file: FileId, call: &Call) -> Option<Value> {
        let facts = self.facts(file)?;
        let is_named = |expr: &Expr| matches!(expr, Expr::Name(_) | Expr::Path(_) | Expr::Object(_));
        if call.args.is_empty() || !call.args.iter().all(|argument| is_named(facts.expr(argument.value))) {
            return None;
        }
        let mut all = Vec::new();
        for argument in &call.args {
            match self.eval(file, argument.value) {
                // `list![settings: show]`
                Value::Object(object) if object.class.is_none() => {
                    all.extend(object.in_order().into_iter().map(|(_, value)| value.clone()))
                }
                value => all.push(value),
            }
        }
        let is_attributed = |value: &Value| match value {
            Value::Function(function, None) => self.facts(function.file).is_some_and(|facts| {
                let declared = facts.function(function.function);
                declared.kind == FunctionKind::Function && !declared.attributes.is_empty()
            }),
            _ => false,
        };
        all.iter().all(is_attributed).then(|| Value::Array(all.into()))
    }
}

impl<'w> Linker<'w> {
    /// Routers and lists of routes that a macro puts under prefixes.
    pub(super) fn mount_table(&mut self, walk: &Walk<'w>, site: CallRef) {
        let call = walk.facts.call(site.call);
        let Some((last, before)) = call.args.split_last().filter(|_| call.kind == CallKind::Macro && !walk.facts.language.is_ecmascript())
        else {
            return;
        };
        let Expr::Object(table) = walk.facts.expr(last.value) else { return };
        let rows: Option<Vec<(&Symbol, _)>> = table
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Field { name, value, .. } if is_prefix(name) => Some((name, *value)),
                _ => None,
            })
            .collect();
        let Some(rows) = rows.filter(|rows| table.type_path.is_empty() && rows.iter().any(|(name, _)| !name.is_empty())) else { return };
        let bases = before.iter().filter_map(|argument| self.evaluator.eval(self.file, argument.value).literal());
        let base = bases.into_iter().find(|text| text.starts_with('/')).unwrap_or_default();
        let function = FunctionRef { file: self.file, function: call.function };
        for (name, value) in rows {
            let prefixes = vec![join_patterns(&Pattern::text(base.trim_end_matches('/')), &Pattern::text(name.clone()))];
            let mut children = Vec::new();
            let value = self.evaluator.eval(self.file, value);
            add_functions(&value, MAX_DEPTH, &mut children);
            for child in children {
                let (child, prefixes) = (Some(Router::Attributed(child)), prefixes.clone());
                self.link.mounts.push(MountDecl { parent: None, prefixes, child, method: None, site, function });
            }
        }
    }
}

fn is_prefix(name: &str) -> bool {
    name.is_empty() || name.starts_with('/')
}

/// The functions in a list, or in a tuple with one.
fn add_functions(value: &Value, depth: u32, all: &mut Vec<FunctionRef>) {
    match value {
        Value::Function(function, None) => all.push(*function),
        Value::Array(items) | Value::OneOf(items) if depth > 0 => items.iter().for_each(|item| add_functions(item, depth - 1, all)),
        _ => {}
    }
}
