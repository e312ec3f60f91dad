//! Routers that a function makes anew for each who calls it: `createRouter()` of one file, called by many.
//!
//! What deliberately does not live here: which routes they have, see [`super::routes`]. Invariant: a router is its caller's own only where the
//! function keeps none for the next caller.

use portolan_grammars::catalog::{Catalog, Family};
use portolan_grammars::facts::{Expr, Import, SourceFacts};

use super::evaluate::Evaluator;
use super::value::{CallRef, Instance, Value};
use crate::FunctionRef;

/// Whether functions of a file may make routers.
pub(super) fn may_make_routers(facts: &SourceFacts, catalog: &Catalog) -> bool {
    let has_routers = |library: &usize| !catalog.libraries[*library].http_route.is_empty();
    let imports = |import: &Import| catalog.libraries_of(Family::TypeScript, &import.source).iter().any(has_routers);
    facts.language.is_ecmascript()
        && (facts.imports.iter().any(imports) || facts.exprs.iter().any(|expression| matches!(expression.kind, Expr::Import(_))))
}

impl Evaluator<'_> {
    /// What a function gives back to one of its callers: a router that it makes anew is that caller's own.
    pub(super) fn made_for_caller(&mut self, function: FunctionRef, value: Value, site: CallRef) -> Value {
        let Value::Instance(instance) = &value else { return value };
        if !self.is_made_in(function, instance) {
            return value;
        }
        Value::Instance(std::sync::Arc::new(Instance { root: Some(site), ..(**instance).clone() }))
    }

    /// The call by which a function makes a router anew for each of its callers.
    pub(super) fn made_for_callers(&mut self, function: FunctionRef) -> Option<CallRef> {
        let (facts, index) = self.file(function.file)?;
        if !index.may_make_routers || facts.function(function.function).returns.is_empty() {
            return None;
        }
        let Value::Instance(instance) = self.result_of(function) else { return None };
        self.is_made_in(function, &instance).then_some(instance.root)?
    }

    /// Whether a router is made within a function, which keeps it nowhere.
    fn is_made_in(&mut self, function: FunctionRef, instance: &Instance) -> bool {
        let Some(made) = instance.root.filter(|made| made.file == function.file && instance.members.is_empty()) else { return false };
        if self.cx.catalog.libraries[instance.library as usize].http_route.is_empty() {
            return false;
        }
        let Some(facts) = self.facts(function.file).filter(|facts| facts.language.is_ecmascript()) else { return false };
        let is_it = |value| matches!(facts.expr(value), Expr::Call(call) if *call == made.call);
        facts.call(made.call).function == function.function && !facts.assignments.iter().any(|assignment| is_it(assignment.value))
    }
}
