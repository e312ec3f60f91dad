//! Handlers: from what a route is given to the functions that answer, by which method, and what runs before them.
//!
//! What deliberately does not live here: which routes there are ([`super::routes`]), and what runs before all routes of a router or class
//! ([`super::guards`]).

use portolan_grammars::catalog::{self, Meaning};
use portolan_grammars::facts::{CallId, Expr, ExprId, SourceFacts, Symbol};

use super::evaluate::inside;
use super::library::CallView;
use super::link::Linker;
use super::outbound::function_in;
use super::routes::argument_expr;
use super::spans::Walk;
use super::value::{Pattern, Source, Value};
use crate::{FileId, FunctionRef};

/// Who answers by one method of a method router.
#[derive(Debug, Clone)]
pub(super) struct MethodAnswer {
    /// `http.request.method`.
    pub(super) method: Symbol,
    /// Who answers.
    pub(super) handler: Option<FunctionRef>,
    /// What runs before that.
    pub(super) guards: Vec<FunctionRef>,
}

/// What is known of a chain of calls that makes a method router.
#[derive(Default)]
struct MethodChain {
    routes: Vec<MethodAnswer>,
    methods: Vec<Symbol>,
    handlers: Vec<Option<FunctionRef>>,
    guards: Vec<FunctionRef>,
}

impl MethodChain {
    fn answer(&self, method: Symbol, handler: Option<FunctionRef>) -> MethodAnswer {
        MethodAnswer { method, handler, guards: self.guards.clone() }
    }

    /// All of it, in the order of the code. Methods and a handler that are said apart make routes together.
    fn answers(mut self) -> Vec<MethodAnswer> {
        let handler = self.handlers.first().copied();
        if handler.is_some() && self.methods.is_empty() {
            self.methods.push("*".into());
        }
        let methods = std::mem::take(&mut self.methods);
        let apart: Vec<MethodAnswer> = methods.into_iter().map(|method| self.answer(method, handler.flatten())).collect();
        self.routes.extend(apart);
        self.routes.reverse();
        self.routes
    }
}

impl<'w> Linker<'w> {
    /// What `get(list).post(create)`, `web::get().to(list)` answers by each method.
    pub(super) fn method_router(&mut self, walk: &Walk<'w>, expr: ExprId) -> Vec<MethodAnswer> {
        let mut chain = MethodChain::default();
        let mut next = Some(expr);
        while let Some(expr) = next {
            let Expr::Call(id) = walk.facts.expr(expr) else { break };
            self.method_link(walk, *id, &mut chain);
            next = match walk.facts.expr(walk.facts.call(*id).callee) {
                Expr::Member { object, .. } => Some(*object),
                _ => None,
            };
        }
        chain.answers()
    }

    /// What one call of the chain that makes a method router adds to it.
    fn method_link(&mut self, walk: &Walk<'w>, id: CallId, chain: &mut MethodChain) {
        self.each_meaning(walk.facts, id, |linker, meaning, view| match meaning {
            Meaning::MethodRouter(entry) => linker.method_answer(walk, view, entry, chain),
            // The chain is read from its end on, and so from the outermost layer.
            Meaning::Middleware(entry) if entry.guards => {
                let given = argument_expr(walk.facts, &entry.middleware, view);
                chain.guards.extend(given.map(|expr| linker.guards_in(walk, expr)).unwrap_or_default());
            }
            _ => {}
        });
    }

    fn method_answer(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::MethodRouter, chain: &mut MethodChain) {
        let method = entry.method.as_ref().and_then(|selector| self.evaluator.select(selector, view));
        let method = method.map(|method| {
            let first = method.patterns().first().and_then(Pattern::literal);
            first.map_or_else(|| "*".into(), |method| Symbol::from(method.to_ascii_uppercase()))
        });
        let given = entry.handler.as_ref().and_then(|selector| argument_expr(walk.facts, selector, view));
        let handler = given.and_then(|expr| self.handler(walk, expr));
        match (method, entry.handler.is_some()) {
            (Some(method), true) => chain.routes.push(chain.answer(method, handler)),
            (Some(method), false) => chain.methods.push(method),
            (None, true) => chain.handlers.push(handler),
            (None, false) => {}
        }
    }

    /// The function behind a handler argument: wrappers such as `asyncHandler(show)` are looked through, here and where a controller wraps what
    /// it hands out.
    pub(super) fn handler(&mut self, walk: &Walk<'w>, expr: ExprId) -> Option<FunctionRef> {
        self.handler_in(self.file, walk.facts, expr)
    }

    pub(super) fn handler_in(&mut self, file: FileId, facts: &'w SourceFacts, expr: ExprId) -> Option<FunctionRef> {
        let (mut file, mut facts, mut expr) = (file, facts, expr);
        for _ in 0..6 {
            // A call's own arguments say more than what a wrapper hands back, which is a closure of its own.
            if let Expr::Call(id) = facts.expr(expr) {
                let call = facts.call(*id);
                let argument = call.args.iter().rev().map(|argument| argument.value).find(|argument| {
                    matches!(facts.expr(*argument), Expr::Closure(_)) || function_in(&self.evaluator.eval(file, *argument)).is_some()
                });
                if let Some(argument) = argument {
                    expr = argument;
                    continue;
                }
            }
            let value = self.evaluator.eval(file, expr);
            let Some((wrapped_in, wrapped)) = self.wrapped(file, facts, expr) else { return function_in(&value) };
            (file, facts, expr) = (wrapped_in, self.evaluator.facts(wrapped_in)?, wrapped);
        }
        None
    }

    /// The call that a name or a member stands for: `export default { show: expressify(show) }`, `const show = expressify(…)`.
    fn wrapped(&mut self, file: FileId, facts: &'w SourceFacts, expr: ExprId) -> Option<(FileId, ExprId)> {
        let (mut file, mut facts, mut expr) = (file, facts, expr);
        for _ in 0..4 {
            (file, expr) = match facts.expr(expr) {
                Expr::Member { object, name } => match self.evaluator.eval(file, *object) {
                    Value::Object(object) => match object.sources.get(name)? {
                        Source::Expr(file, value) => (*file, *value),
                        _ => return None,
                    },
                    _ => return None,
                },
                Expr::Name(name) => {
                    let user = facts.exprs[expr.index()].function;
                    let (_, index) = self.evaluator.file(file)?;
                    let mut same = index.bindings_of(facts, name).filter(|binding| inside(facts, user, binding.function));
                    match (same.next(), same.next()) {
                        (Some(binding), None) if binding.constant => (file, binding.value?),
                        _ => return None,
                    }
                }
                _ => return None,
            };
            facts = self.evaluator.facts(file)?;
            if matches!(facts.expr(expr), Expr::Call(_)) {
                return Some((file, expr));
            }
        }
        None
    }
}
