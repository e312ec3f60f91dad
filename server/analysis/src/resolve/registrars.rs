//! Functions that register routes for their callers, who say which: `function both(app, path, answer) { app.get(path, answer); app.put(path, answer); }`.
//!
//! What deliberately does not live here: routers that callers pass to functions which know their paths, as those are mounts ([`super::routes`]).
//! Invariant: where the callers say the whole path and nobody knows what they say, there is no route.

use portolan_grammars::facts::{ExprId, FunctionKind, RegionKind, Symbol};

use super::callers::MAX_PASSED_ON;
use super::collections::EACH;
use super::link::{Linker, RouteDecl, Router, Site};
use super::routers::router_of;
use super::value::{CallRef, ParamRef, Part, Pattern, Value};
use crate::{FileId, FunctionRef};

/// Who answers a route.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// A function, where it is known.
    Function(Option<FunctionRef>),
    /// What an expression of a file stands for.
    At(FileId, ExprId),
}

/// A route as a call registers it, before it is known what that is told by callers.
#[derive(Clone)]
pub(super) struct Registration {
    /// What it is added to.
    pub(super) router: Option<Router>,
    /// Its method, as a text.
    pub(super) method: Value,
    /// Its path.
    pub(super) path: Value,
    /// Who answers.
    pub(super) handler: Handler,
    /// What runs before that.
    pub(super) guards: Vec<FunctionRef>,
    /// The call that says the path.
    pub(super) site: CallRef,
    /// The function that is in.
    pub(super) function: FunctionRef,
}

impl<'w> Linker<'w> {
    /// Adds a route; of one whose path callers say, one for each of them.
    pub(super) fn register(&mut self, route: Registration) {
        let mut open = vec![(route, 0)];
        while let Some((route, depth)) = open.pop() {
            match self.registrar(&route.path) {
                Some((registrar, whole)) if depth < MAX_PASSED_ON => {
                    let callers = self.evaluator.callers(registrar);
                    if callers.is_empty() && !whole {
                        self.declare(&route);
                    }
                    let told = callers.iter().filter_map(|caller| self.told(&route, registrar, *caller, whole));
                    open.extend(told.map(|told| (told, depth + 1)).collect::<Vec<_>>());
                }
                Some((_, true)) => {}
                _ => self.declare(&route),
            }
        }
    }

    /// The function whose callers say a path, and whether they say all of it. What an object is made with says nothing of who registers.
    fn registrar(&mut self, path: &Value) -> Option<(FunctionRef, bool)> {
        let patterns = path.patterns();
        let told = |part: &Part| part.param().filter(|param| !param.is_own_object());
        let param = patterns.iter().flat_map(|pattern| &pattern.parts).find_map(told)?;
        let facts = self.evaluator.facts(param.function.file)?;
        let makes = facts.function(param.function.function).kind == FunctionKind::Constructor;
        let whole = patterns.iter().all(|pattern| matches!(pattern.parts.as_slice(), [part] if told(part).is_some()));
        (!makes).then_some((param.function, whole))
    }

    /// The route that a registrar adds for one of its callers.
    fn told(&mut self, route: &Registration, registrar: FunctionRef, caller: CallRef, whole: bool) -> Option<Registration> {
        let call = self.evaluator.facts(caller.file)?.call(caller.call);
        if call.args.iter().any(|argument| argument.spread) {
            return None;
        }
        let arguments = self.evaluator.handed_to(registrar, caller.file, call);
        let given = |param: ParamRef| {
            let told = param.function == registrar && !param.is_own_object();
            told.then(|| arguments.get(param.index as usize).cloned().unwrap_or(Value::Unknown))
        };
        let path = self.evaluator.substitute(&route.path, &given);
        let known = path.patterns().into_iter().filter(|pattern| !whole || !pattern.is_hole());
        let path = Value::one_of(known.map(Value::pattern));
        // Which of a list's paths a call under a condition is for, the condition says.
        if (is_of_list(&route.path) || path.alternatives().len() > 1) && self.is_conditional(route.site) {
            return None;
        }
        let router = match route.router {
            Some(Router::Param(param)) if param.function == registrar => Some(router_in(&given(param)?)?),
            router => router,
        };
        let passed = |handler: Value| match handler {
            Value::Param(param, path) if param.function == registrar && path.is_empty() => {
                call.args.get(param.index as usize).map(|argument| Handler::At(caller.file, argument.value))
            }
            _ => None,
        };
        let handler = match route.handler {
            Handler::At(file, expr) => passed(self.evaluator.eval(file, expr)).unwrap_or(route.handler),
            known => known,
        };
        let method = self.evaluator.substitute(&route.method, &given);
        let (site, function) = (if whole { caller } else { route.site }, self.evaluator.function_of(caller));
        (!path.is_unknown()).then(|| Registration { router, method, path, handler, guards: route.guards.clone(), site, function })
    }

    /// Whether a call stands in an arm of which one runs.
    fn is_conditional(&mut self, site: CallRef) -> bool {
        let Some(facts) = self.evaluator.facts(site.file) else { return false };
        facts.region(facts.call(site.call).region).kind == RegionKind::Branch
    }

    /// Adds a route as it is known.
    fn declare(&mut self, route: &Registration) {
        if let Some(router) = route.router {
            self.parameter_mounts(router, route.site, route.function);
        }
        let folder = route.router.and_then(|router| self.mounted_folder(router));
        let handler = match route.handler {
            Handler::Function(function) => function,
            Handler::At(file, expr) => self.evaluator.facts(file).and_then(|facts| self.handler_in(file, facts, expr)),
        };
        let paths: Vec<Pattern> = route.path.patterns();
        for method in route.method.patterns() {
            let method = method.literal().map_or_else(|| "*".into(), |method| Symbol::from(method.to_ascii_uppercase()));
            let declared = RouteDecl::of_router(route.router, method, paths.clone(), Site::Call(route.site), route.function, handler);
            self.link.routes.push(RouteDecl { folder: folder.clone(), guards: route.guards.clone(), ..declared });
        }
    }
}

/// Whether a path is that of each element of a list which callers pass.
pub(super) fn is_of_list(path: &Value) -> bool {
    let is_each = |part: &Part| matches!(part, Part::Param(_, path, _) if path.iter().any(|name| name == EACH));
    path.patterns().iter().flat_map(|pattern| &pattern.parts).any(is_each)
}

/// The router that a value is.
fn router_in(value: &Value) -> Option<Router> {
    value.alternatives().iter().find_map(|value| match value {
        Value::Instance(instance) => router_of(instance),
        Value::Param(outer, path) if path.is_empty() => Some(Router::Param(*outer)),
        _ => None,
    })
}
