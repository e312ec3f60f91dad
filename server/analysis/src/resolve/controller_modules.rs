//! Modules of a framework that list controllers, and the paths beneath which their routes are put.
//!
//! What deliberately does not live here: which modules a program is made of, and so whole paths, see [`super::assemble`]. Invariant: a path is that of
//! the controllers that its module lists itself, and not of those of modules which that one is made of.

use portolan_grammars::catalog;
use portolan_grammars::facts::{Expr, ExprId, SourceFacts, TypeDef, TypeId};

use super::library::CallView;
use super::link::{ControllerDecl, Linker, ModulePathDecl};
use super::outbound::prefixed;
use super::routes::argument_expr;
use super::spans::Walk;
use super::value::{ClassRef, ObjectValue, Pattern, Value};
use crate::FunctionRef;

/// Lists in lists, and paths beneath paths, that are followed.
const MAX_DEPTH: u32 = 8;

impl<'w> Linker<'w> {
    /// The controllers that a class lists as a module, be it in its decorator or in an object by which it makes one at run time.
    pub(super) fn controller_module(&mut self, walk: &Walk<'w>, class: TypeId, view: &CallView<'_>, entry: &catalog::ControllerModule) {
        let facts = walk.facts;
        let def = facts.type_def(class);
        let listed = |object: ExprId| match facts.expr(object) {
            Expr::Object(object) => object.field(&entry.controllers).map(|controllers| (object.field(&entry.module), controllers)),
            _ => None,
        };
        let decorated = view.argument(0).and_then(|argument| listed(argument.value)).map(|(_, controllers)| (None, controllers));
        let is_within = |def: &TypeDef, at: ExprId| def.range.contains(facts.expr_range(at));
        let made = (0..facts.exprs.len() as u32).map(ExprId).filter(|at| is_within(def, *at)).filter_map(listed);
        let made = made.filter_map(|(module, controllers)| Some((Some(module?), controllers)));
        for (module, controllers) in decorated.into_iter().chain(made).collect::<Vec<_>>() {
            let own = ClassRef { file: self.file, class };
            let module = module.map_or(Some(own), |module| class_of(&self.evaluator.eval(self.file, module)));
            let Some(module) = module else { continue };
            let mut classes = Vec::new();
            self.listed_values(facts, controllers).iter().for_each(|listed| add_classes(listed, MAX_DEPTH, &mut classes));
            self.link.controllers.extend(classes.into_iter().map(|controller| ControllerDecl { controller, module }));
        }
    }

    /// A call that says beneath which paths the routes of modules are.
    pub(super) fn module_routes(
        &mut self,
        walk: &Walk<'w>,
        function: FunctionRef,
        view: &CallView<'_>,
        entry: &catalog::ModuleRoutes,
    ) -> bool {
        let Some(routes) = argument_expr(walk.facts, &entry.routes, view) else { return false };
        let within = self.decorated_with(view.site);
        let mut found = Vec::new();
        let routes = self.listed_values(walk.facts, routes);
        routes.iter().for_each(|route| add_paths(route, &[Pattern::default()], entry, MAX_DEPTH, &mut found));
        let all = found.into_iter().map(|(module, paths)| ModulePathDecl { module, paths, within, function });
        self.link.module_paths.extend(all);
        true
    }

    /// What a list is made of, with the whole of each list that is spread out in it.
    fn listed_values(&mut self, facts: &SourceFacts, list: ExprId) -> Vec<Value> {
        let Expr::Array(items) = facts.expr(list) else { return vec![self.evaluator.eval(self.file, list)] };
        let spread = |item: &ExprId| if let Expr::Element(list) = facts.expr(*item) { *list } else { *item };
        items.iter().map(|item| self.evaluator.eval(self.file, spread(item))).collect()
    }
}

/// Collects the modules of a list, each with its paths, beneath those of what the list is of.
fn add_paths(routes: &Value, around: &[Pattern], entry: &catalog::ModuleRoutes, depth: u32, found: &mut Vec<(ClassRef, Vec<Pattern>)>) {
    match routes {
        Value::Array(items) | Value::OneOf(items) if depth > 0 => {
            items.iter().for_each(|item| add_paths(item, around, entry, depth - 1, found));
        }
        Value::Object(object) if object.class.is_none() && depth > 0 => {
            let own = own_paths(object, around, entry);
            let module = object.fields.get(&entry.module).and_then(class_of);
            found.extend(module.map(|module| (module, own.clone())));
            if let Some(children) = object.fields.get(&entry.children) {
                add_paths(children, &own, entry, depth - 1, found);
            }
        }
        module => found.extend(class_of(module).map(|module| (module, around.to_vec()))),
    }
}

/// The paths of what has one of its own, or those around it.
fn own_paths(object: &ObjectValue, around: &[Pattern], entry: &catalog::ModuleRoutes) -> Vec<Pattern> {
    match object.fields.get(&entry.path) {
        Some(path) => around.iter().flat_map(|around| path.patterns().into_iter().map(|path| prefixed(around, &path))).collect(),
        None => around.to_vec(),
    }
}

/// Collects the classes of a list, or of lists in it.
fn add_classes(list: &Value, depth: u32, found: &mut Vec<ClassRef>) {
    match list {
        Value::Array(items) | Value::OneOf(items) if depth > 0 => items.iter().for_each(|item| add_classes(item, depth - 1, found)),
        value => found.extend(class_of(value)),
    }
}

fn class_of(value: &Value) -> Option<ClassRef> {
    match value {
        Value::Class(class) => Some(*class),
        _ => None,
    }
}
