//! Routers as values: what identifies one, to which one a call adds, and what of several kinds of values a call puts together is one.
//!
//! What deliberately does not live here: the routes and mounts that follow ([`super::routes`]).

use portolan_grammars::catalog::{self, Meaning};
use portolan_grammars::facts::Symbol;

use super::library::CallView;
use super::link::{Linker, Router};
use super::value::{Instance, Value};

/// What identifies a router value.
pub(super) fn router_of(instance: &Instance) -> Option<Router> {
    match (instance.root, instance.param) {
        (Some(root), _) => Some(Router::Made(root)),
        (None, Some(param)) => Some(Router::Param(param)),
        (None, None) => None,
    }
}

impl<'w> Linker<'w> {
    /// The router that a call adds to: what it is made by, where that is a thing of its own, else what it is called on.
    pub(super) fn router_around(&self, view: &CallView<'_>) -> Option<Router> {
        let makes_own = |meaning: Meaning<'w>| matches!(meaning, Meaning::Value(entry) if entry.own);
        if self.evaluator.meanings(view.callee).iter().any(makes_own) {
            return Some(Router::Made(view.site));
        }
        view.callee.receiver.as_ref().and_then(|receiver| router_of(receiver))
    }

    /// Notes what is only a part of what a call puts together: `path("orders").and(param().and_then(check))`.
    pub(super) fn parts(&mut self, view: &CallView<'_>, entry: &catalog::Mount, given: &[Value]) {
        let parts = given.iter().filter_map(|value| is_of(value, &entry.parts, view.callee.library));
        let called_on = view.callee.receiver.as_deref().filter(|receiver| entry.parts.contains(&receiver.type_name));
        self.link.parts.extend(parts.chain(called_on).filter_map(router_of));
    }
}

/// The value of a library's type that a value is, if it is of one of these.
pub(super) fn is_of<'v>(value: &'v Value, types: &[Symbol], library: usize) -> Option<&'v Instance> {
    let Value::Instance(instance) = value else { return None };
    (instance.library as usize == library && types.contains(&instance.type_name)).then_some(instance)
}
