//! Guards: functions that run before a route's handler and may refuse the request. Middleware among the route's own arguments or of its router,
//! classes that decorators name, types of parameters that take something out of the request.
//!
//! What deliberately does not live here: which routes a router's middleware stands in front of, which follows from all files
//! ([`super::assemble`]). Invariant: only code of the workspace is named; what a library's middleware does is not looked at.

use portolan_grammars::catalog::{self, MiddlewareOrder};
use portolan_grammars::facts::{Attribute, Expr, ExprId, FunctionId, Param, Symbol, TypeRef};

use super::attributes::attributes_around;
use super::evaluate::Evaluator;
use super::index::last_segment;
use super::library::CallView;
use super::link::{GuardDecl, Linker, Router};
use super::outbound::function_in;
use super::routers::router_of;
use super::routes::argument_expr;
use super::spans::Walk;
use super::value::Value;
use crate::{FileId, FunctionRef};

/// Calls and lists within one another that are looked through: `layer(from_fn(auth))`.
const MAX_NESTED: u32 = 4;

impl<'w> Linker<'w> {
    /// The functions that run for each request by what an expression is: a function, a list of them, what a function of the workspace makes, what
    /// a library's function is given.
    pub(super) fn guards_in(&mut self, walk: &Walk<'w>, expr: ExprId) -> Vec<FunctionRef> {
        let mut found = Vec::new();
        self.gather(walk, expr, MAX_NESTED, &mut found);
        found
    }

    /// Recurses at most `depth` deep.
    fn gather(&mut self, walk: &Walk<'w>, expr: ExprId, depth: u32, found: &mut Vec<FunctionRef>) {
        match walk.facts.expr(expr) {
            Expr::Array(items) if depth > 0 => items.iter().for_each(|item| self.gather(walk, *item, depth - 1, found)),
            Expr::Call(id) if depth > 0 => {
                let call = walk.facts.call(*id);
                match self.evaluator.eval(self.file, call.callee) {
                    // What it is given says more than what it hands back, which is a closure of its own: `asyncHandler(auth)`.
                    Value::Function(..) => {
                        let given: Vec<FunctionRef> =
                            call.args.iter().filter_map(|argument| function_in(&self.evaluator.eval(self.file, argument.value))).collect();
                        let mut made = || function_in(&self.evaluator.eval(self.file, expr)).into_iter().collect();
                        found.extend(if given.is_empty() { made() } else { given });
                    }
                    Value::External(..) | Value::Instance(_) => {
                        if let (Expr::Member { object, .. }, false) = (walk.facts.expr(call.callee), walk.facts.language.is_ecmascript()) {
                            self.gather(walk, *object, depth - 1, found);
                        }
                        call.args.iter().for_each(|argument| self.gather(walk, argument.value, depth - 1, found));
                    }
                    _ => {}
                }
            }
            Expr::Name(_) | Expr::Path(_) | Expr::Member { .. } | Expr::Closure(_) => {
                found.extend(function_in(&self.evaluator.eval(self.file, expr)));
            }
            _ => {}
        }
    }

    /// What runs before a route's handler by its own arguments; `known` are path and handler.
    pub(super) fn route_guards(
        &mut self,
        walk: &Walk<'w>,
        view: &CallView<'_>,
        entry: &catalog::HttpRoute,
        known: [Option<ExprId>; 2],
    ) -> Vec<FunctionRef> {
        let mut found = Vec::new();
        if entry.guarded {
            let others = view.call.args.iter().map(|argument| argument.value).filter(|value| !known.contains(&Some(*value)));
            others.for_each(|value| found.extend(self.guards_in(walk, value)));
        }
        for given in entry.guards.iter().filter_map(|selector| argument_expr(walk.facts, selector, view)) {
            found.extend(self.guards_in(walk, given));
        }
        found
    }

    /// What runs before the routes of a router that is put somewhere, by the same call: `app.use("/orders", requireUser, orders)`.
    pub(super) fn mount_guards(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::Mount, children: &[Router]) {
        let is_router = |child: &&Router| matches!(child, Router::Made(_) | Router::Param(_));
        let routers: Vec<Router> = children.iter().filter(is_router).copied().collect();
        if !entry.guarded || routers.is_empty() {
            return;
        }
        let known = [&entry.prefix, &entry.router].map(|selector| argument_expr(walk.facts, selector.as_ref()?, view));
        let others = view.call.args.iter().map(|argument| argument.value).filter(|value| !known.contains(&Some(*value)));
        let functions: Vec<FunctionRef> = others.flat_map(|value| self.guards_in(walk, value)).collect();
        if functions.is_empty() {
            return;
        }
        for router in routers {
            let guard = GuardDecl { router, order: MiddlewareOrder::All, site: view.site, mount: true, functions: functions.clone() };
            self.link.guards.push(guard);
        }
    }

    /// What runs before the routes of a router that a middleware is given to; behind a path, it would not be for all of them.
    pub(super) fn middleware_guards(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::Middleware) {
        let Some(router) = view.callee.receiver.as_ref().and_then(|receiver| router_of(receiver)).filter(|_| entry.guards) else { return };
        let runs_before = |word: &Symbol| entry.before.is_empty() || entry.before.contains(word);
        let when = entry.when.as_ref().map(|selector| self.evaluator.select(selector, view).and_then(|when| when.literal()));
        if when.is_some_and(|when| !when.is_some_and(|when| runs_before(&when))) {
            return;
        }
        let mut functions = Vec::new();
        for (at, argument) in view.call.args.iter().enumerate() {
            if entry.when.is_none() && at == 0 && view.call.args.len() > 1 && self.is_path(argument.value) {
                return;
            }
            functions.extend(self.guards_in(walk, argument.value));
        }
        functions.retain(|function| self.takes_at_most(*function, entry.max_parameters));
        if !functions.is_empty() {
            self.link.guards.push(GuardDecl { router, order: entry.covers, site: view.site, mount: false, functions });
        }
    }

    /// Whether the first of several arguments says below which path something is for requests: one that does not stand for all.
    fn is_path(&mut self, argument: ExprId) -> bool {
        let value = self.evaluator.eval(self.file, argument);
        let for_all = |value: &Value| value.literal().is_some_and(|text| matches!(text.as_str(), "" | "/" | "*" | "/*"));
        match &value {
            Value::Text(_) | Value::OneOf(_) => !for_all(&value),
            Value::Array(items) => items.iter().any(|item| matches!(item, Value::Text(_))),
            Value::Unknown | Value::Param(..) => true,
            _ => false,
        }
    }

    fn takes_at_most(&mut self, function: FunctionRef, count: Option<u32>) -> bool {
        let params = self.evaluator.facts(function.file).map_or(0, |facts| facts.function(function.function).params.len());
        count.is_none_or(|count| params <= count as usize)
    }

    /// The methods of classes that decorators of a handler and of its class name, those of the class first.
    pub(super) fn attribute_guards(&mut self, walk: &Walk<'w>, handler: FunctionId) -> Vec<FunctionRef> {
        if !walk.facts.language.is_ecmascript() {
            return Vec::new();
        }
        let own = &walk.facts.function(handler).attributes;
        let mut found = Vec::new();
        for attribute in attributes_around(walk.facts, handler).iter().chain(own) {
            for method in self.guard_methods(attribute) {
                for argument in &attribute.args {
                    found.extend(self.guard_of(*argument, &method));
                }
            }
        }
        found
    }

    /// The methods by which the classes check requests that a decorator names.
    fn guard_methods(&mut self, attribute: &Attribute) -> Vec<Symbol> {
        let catalog = self.evaluator.cx.catalog;
        let mut methods = Vec::new();
        for found in self.evaluator.attribute_callees(self.file, FunctionId::MODULE, &attribute.path) {
            methods.extend(catalog.attribute_meanings(found.library, &found.name).iter().filter_map(|meaning| match meaning {
                catalog::Meaning::Guard(entry) => Some(entry.method.clone()),
                _ => None,
            }));
        }
        methods
    }

    /// What runs of a class or an instance of one; or a function itself.
    fn guard_of(&mut self, given: ExprId, method: &Symbol) -> Option<FunctionRef> {
        match self.evaluator.eval(self.file, given) {
            Value::Class(class) | Value::New(class, ..) => self.evaluator.methods(class, method).first().copied(),
            value => function_in(&value),
        }
    }

    /// Adds what the types of handlers' parameters take out of the request: `async fn list(user: CurrentUser)`.
    pub(super) fn extractor_guards(&mut self) {
        let mut routes = std::mem::take(&mut self.link.routes);
        for route in &mut routes {
            if let Some(handler) = route.handler {
                let found = self.evaluator.extractors(handler);
                route.guards.extend(found);
            }
        }
        self.link.routes = routes;
    }
}

impl<'w> Evaluator<'w> {
    /// The functions of the workspace that make the parameters of a handler in Rust.
    fn extractors(&mut self, handler: FunctionRef) -> Vec<FunctionRef> {
        let Some(facts) = self.facts(handler.file).filter(|facts| !facts.language.is_ecmascript()) else { return Vec::new() };
        let params: &[Param] = &facts.function(handler.function).params;
        let mut found = Vec::new();
        for ty in params.iter().filter_map(|param| param.ty.as_ref()) {
            for ty in std::iter::once(ty).chain(ty.args.first()) {
                if let Some(class) = self.class_named(handler.file, handler.function, &ty.path) {
                    found.extend(self.method_of_trait(class, Self::extracting));
                }
            }
        }
        found
    }

    /// The method of a trait by which a framework makes parameters of handlers.
    fn extracting(&mut self, file: FileId, implemented: &TypeRef) -> Option<Symbol> {
        let (catalog, facts) = (self.cx.catalog, self.facts(file)?);
        if !catalog.may_guard(facts.language.into(), last_segment(&implemented.path)) {
            return None;
        }
        let Value::External(package, path) = self.type_value(file, facts, FunctionId::MODULE, &implemented.path)? else { return None };
        let path = path.join("::");
        let guards = catalog.libraries_of(facts.language.into(), &package).iter().flat_map(|library| &catalog.libraries[*library].guard);
        let named = |entry: &&catalog::Guard| entry.implements.iter().flat_map(|names| names.iter()).any(|name| *name == path);
        guards.filter(|entry| named(entry)).map(|entry| entry.method.clone()).next()
    }
}
