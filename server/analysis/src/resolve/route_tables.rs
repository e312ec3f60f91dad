//! Routes that a loop adds for each item of a table: `routes.forEach((route) => app[route.method](route.path, route.handler))`, wherever the
//! table is written, or by whoever passes it.
//!
//! What deliberately does not live here: rows whose method their handler says ([`super::rows`]), and lists that a library goes through itself.
//! Invariant: a condition around the call leaves only the items of which it may hold; where it is not followed, the table says nothing.

use std::sync::Arc;

use portolan_grammars::catalog;
use portolan_grammars::facts::{Expr, ExprId, Extent, RegionKind, SourceFacts, Symbol};

use super::callers::MAX_PASSED_ON;
use super::evaluate::{Evaluator, regions_around};
use super::library::CallView;
use super::link::{Linker, RouteDecl, Site};
use super::outbound::function_in;
use super::rows::part_of_item;
use super::spans::Walk;
use super::value::{CallRef, ObjectValue, Source, Value};
use crate::{FileId, FunctionRef};

/// Items of one table that are looked at.
const MAX_ITEMS: usize = 512;
/// Callers that pass a table which are looked at.
const MAX_TABLES: usize = 24;

/// An item of a table.
struct Item {
    /// What it is.
    object: Arc<ObjectValue>,
    /// The function that gives the table to the loop.
    given_in: FunctionRef,
}

impl<'w> Linker<'w> {
    /// Adds the routes of a call that a loop makes for each item of a table, of which the path is a part. Whether it is such a call.
    pub(super) fn routes_of_table(
        &mut self,
        walk: &Walk<'w>,
        function: FunctionRef,
        view: &CallView<'_>,
        entry: &catalog::HttpRoute,
        [path, handler]: [Option<ExprId>; 2],
    ) -> bool {
        let Some((list, path)) = path.and_then(|path| self.evaluator.part_of_row(self.file, path)) else { return false };
        let part = |linker: &mut Self, expr: ExprId| linker.evaluator.part_of_row(linker.file, expr).filter(|(of, _)| *of == list);
        let Some(items) = self.evaluator.items_asked_for(view.site, list, function) else { return false };
        let method_key = match walk.facts.expr(view.call.callee) {
            Expr::Index { index, .. } => part(self, in_any_letters(walk.facts, *index)).map(|(_, key)| key),
            _ => None,
        };
        let method = entry.method.as_ref().and_then(|selector| self.evaluator.select(selector, view)).unwrap_or(Value::Unknown);
        let handler_key = handler.and_then(|handler| part(self, handler)).map(|(_, key)| key);
        let handler = handler.filter(|_| handler_key.is_none()).and_then(|handler| self.handler(walk, handler));
        let router = self.router_around(view);
        if let Some(router) = router {
            self.parameter_mounts(router, view.site, function);
        }
        let guards = self.route_guards(walk, view, entry, [None, None]);
        for Item { object, given_in } in items {
            let Some(paths) = object.fields.get(&path).map(Value::patterns).filter(|paths| !paths.is_empty()) else { continue };
            let handler = handler_key.as_ref().map_or(handler, |key| self.part_handler(&object, key));
            let site = match object.sources.get(&path) {
                Some(Source::Expr(file, expr)) => Site::Row(view.site, *file, *expr),
                _ => Site::Call(view.site),
            };
            let methods = method_key.as_ref().and_then(|key| object.fields.get(key)).unwrap_or(&method).patterns();
            for method in methods {
                let method = method.literal().map_or_else(|| "*".into(), |method| Symbol::from(method.to_ascii_uppercase()));
                let route = RouteDecl::of_router(router, method, paths.clone(), site, given_in, handler);
                self.link.routes.push(RouteDecl { guards: guards.clone(), ..route });
            }
        }
        true
    }

    /// The function that stands under a key of an object.
    fn part_handler(&mut self, object: &ObjectValue, key: &Symbol) -> Option<FunctionRef> {
        match object.sources.get(key) {
            Some(Source::Expr(file, expr)) => self.evaluator.facts(*file).and_then(|facts| self.handler_in(*file, facts, *expr)),
            _ => object.fields.get(key).and_then(function_in),
        }
    }
}

impl<'w> Evaluator<'w> {
    /// The list that a loop goes through, and which part of its items an expression stands for.
    fn part_of_row(&mut self, file: FileId, expr: ExprId) -> Option<(ExprId, Symbol)> {
        let (facts, index) = self.file(file)?;
        part_of_item(facts, index, expr)
    }

    /// The items of a list for which a call is made that stands in the loop through it; `None` where they are not known, or a condition around it
    /// asks what is not followed.
    fn items_asked_for(&mut self, site: CallRef, list: ExprId, function: FunctionRef) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        let table = self.eval(site.file, list);
        self.add_items(&table, function, MAX_PASSED_ON, &mut items);
        let (facts, index) = self.file(site.file).filter(|_| !items.is_empty())?;
        let call = facts.call(site.call);
        let cases = || index.cases.get(&call.function).into_iter().flatten().map(|at| &facts.cases[*at as usize]);
        for region in regions_around(facts, call.region) {
            match facts.region(region).kind {
                RegionKind::Branch => {}
                RegionKind::Body | RegionKind::ForEach { .. } => break,
                _ => continue,
            }
            let mut is_followed = false;
            for (_, case) in cases().filter(|(of, _)| *of == region) {
                let asked = part_of_item(facts, index, case.subject).filter(|(of, _)| *of == list);
                let values: Option<Vec<Symbol>> = case.values.iter().map(|value| self.eval(site.file, *value).literal()).collect();
                if let (Some((_, key)), Some(values), Extent::Whole) = (asked, values, case.extent) {
                    is_followed = true;
                    let value = |item: &Item| item.object.fields.get(&key).and_then(Value::literal);
                    items.retain(|item| value(item).is_none_or(|value| values.contains(&value) != case.negated));
                }
            }
            if !is_followed {
                return None;
            }
        }
        Some(items)
    }

    /// Adds the items of a list; of one that callers pass, those that each of them does.
    fn add_items(&mut self, table: &Value, given_in: FunctionRef, depth: u32, items: &mut Vec<Item>) {
        match table {
            Value::Array(all) | Value::OneOf(all) => all.iter().for_each(|item| self.add_items(item, given_in, depth, items)),
            Value::Object(object) if items.len() < MAX_ITEMS => items.push(Item { object: object.clone(), given_in }),
            Value::Param(param, path) if depth > 0 && !param.is_own_object() => {
                for caller in self.callers(param.function).iter().take(MAX_TABLES) {
                    let passed = self.passed(*caller, *param);
                    let (passed, given_in) = (self.at_path(passed, path), self.function_of(*caller));
                    self.add_items(&passed, given_in, depth - 1, items);
                }
            }
            _ => {}
        }
    }
}

/// What a text is made of that is only written in capital or small letters: `route.method.toLowerCase()`.
fn in_any_letters(facts: &SourceFacts, text: ExprId) -> ExprId {
    let Expr::Call(call) = facts.expr(text) else { return text };
    match facts.expr(facts.call(*call).callee) {
        Expr::Member { object, name } if matches!(name.as_str(), "toLowerCase" | "toUpperCase") => *object,
        _ => text,
    }
}
