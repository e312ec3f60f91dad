//! Objects that hold what decides a span: a repository its model, a queue's wrapper its queue. Their methods' call sites are the spans, each with
//! what the object was made with.
//!
//! What deliberately does not live here: wrappers that are told everything by each call ([`super::outbound`]). Invariant: where all call
//! sites are of objects that are not known, the spans are those of the plain wrapper.

use portolan_grammars::facts::{Expr, ExprId, FunctionKind, Symbol};
use rustc_hash::FxHashSet;

use super::link::Linker;
use super::outbound::Draft;
use super::value::{CallRef, ClassRef, ParamRef, Part, Value};
use crate::FunctionRef;

/// Objects around objects that are followed.
const MAX_HOLDERS: u32 = 6;
/// Spans that one may become.
const MAX_HELD: usize = 2000;

/// What an object is named by where it is used.
#[derive(Debug, Clone, PartialEq)]
enum Name {
    /// A field of the class around.
    Field(ClassRef, Symbol),
    /// A name of a function.
    Local(FunctionRef, Symbol),
}

impl<'w> Linker<'w> {
    /// Moves a span up to where it is known which object it is of; all else as [`Linker::lift`] does.
    pub(super) fn lift_to_owners(&mut self, draft: Draft, undecided: &dyn Fn(&mut Self, &Draft) -> bool) -> Vec<Draft> {
        let whole = draft.clone();
        let mut done = Vec::new();
        let mut open = vec![(draft, 0)];
        let mut seen = FxHashSet::default();
        // Whether somebody calls it on an object that is not known: it may be any.
        let mut strayed = false;
        while let Some((draft, depth)) = open.pop() {
            if done.len() >= MAX_HELD || !seen.insert((draft.site, draft.texts.clone())) {
                continue;
            }
            let Some((method, param)) = self.holding_method(&draft) else {
                done.extend(self.lift(draft, undecided));
                continue;
            };
            if depth >= MAX_HOLDERS {
                continue;
            }
            for caller in self.evaluator.callers(method).iter() {
                let function = self.evaluator.function_of(*caller);
                let held = self.held_by_caller(&draft, *caller, method, param);
                strayed |= held.is_empty();
                for texts in held {
                    open.extend(self.drafts(*caller, function, &texts, draft.detached).into_iter().map(|draft| (draft, depth + 1)));
                }
            }
        }
        if strayed && done.is_empty() { self.lift(whole, undecided) } else { done }
    }

    /// The texts of a draft at a call of the method it stands in, for each object that this is called on.
    fn held_by_caller(&mut self, draft: &Draft, caller: CallRef, method: FunctionRef, param: ParamRef) -> Vec<Vec<Value>> {
        let mut found = Vec::new();
        if !self.is_constructor(param.function) {
            return self.set_at_caller(draft, caller, param);
        }
        for receiver in self.evaluator.receivers(caller, method) {
            let receiver = match receiver {
                Value::Param(of, path) if path.is_empty() => self.evaluator.parameter_type(of).unwrap_or(Value::Unknown),
                receiver => receiver,
            };
            match self.evaluator.constructed_with(&receiver, param) {
                Some(passed) => found.extend(self.with_passed(draft, param, &passed)),
                // On a receiver that only the class around knows (`this`), its own callers tell.
                None if matches!(receiver, Value::Some(_)) => found.push(draft.texts.iter().cloned().map(Value::pattern).collect()),
                None => {}
            }
        }
        found
    }

    /// The texts where another method of the same object was given what decides: `this.inner.open(name)`, then `this.inner.add(job)`.
    fn set_at_caller(&mut self, draft: &Draft, caller: CallRef, param: ParamRef) -> Vec<Vec<Value>> {
        let Some(object) = self.object_of(caller) else { return Vec::new() };
        if matches!(self.evaluator.facts(caller.file).map(|facts| facts.expr(object)), Some(Expr::This | Expr::Super)) {
            return vec![draft.texts.iter().cloned().map(Value::pattern).collect()];
        }
        let Some(name) = self.object_name(caller, object) else { return Vec::new() };
        let mut found = Vec::new();
        for setter in self.evaluator.callers(param.function).iter().filter(|setter| setter.file == caller.file) {
            let Some(other) = self.object_of(*setter) else { continue };
            if self.object_name(*setter, other).as_ref() == Some(&name) {
                let passed = self.evaluator.passed(*setter, param);
                found.extend(self.with_passed(draft, param, &passed));
            }
        }
        found
    }

    /// The texts of a draft with what was passed put in; `None` where one of them is not meant then.
    fn with_passed(&mut self, draft: &Draft, param: ParamRef, passed: &Value) -> Option<Vec<Value>> {
        let given = |of: ParamRef| (of == param).then(|| passed.clone());
        let texts = draft.texts.iter().map(|text| self.evaluator.substitute_pattern(text, &given));
        texts.map(|text| (!matches!(text, Value::Null)).then_some(text)).collect()
    }

    fn is_constructor(&mut self, function: FunctionRef) -> bool {
        self.evaluator.facts(function.file).is_some_and(|facts| facts.function(function.function).kind == FunctionKind::Constructor)
    }

    /// The object that a method is called on.
    fn object_of(&mut self, call: CallRef) -> Option<ExprId> {
        let facts = self.evaluator.facts(call.file)?;
        match facts.expr(facts.call(call.call).callee) {
            Expr::Member { object, .. } => Some(*object),
            _ => None,
        }
    }

    fn object_name(&mut self, call: CallRef, object: ExprId) -> Option<Name> {
        let facts = self.evaluator.facts(call.file)?;
        let function = facts.call(call.call).function;
        match facts.expr(object) {
            Expr::Name(name) => Some(Name::Local(FunctionRef { file: call.file, function }, name.clone())),
            Expr::Member { object, name } if matches!(facts.expr(*object), Expr::This) => {
                Some(Name::Field(self.evaluator.this_class(call.file, facts, function)?, name.clone()))
            }
            _ => None,
        }
    }

    /// The method that a draft stands in, and the parameter that decides, if that is one of the constructor or another method of the same
    /// object's class or of a base.
    fn holding_method(&mut self, draft: &Draft) -> Option<(FunctionRef, ParamRef)> {
        let param = draft.texts[0].parts.iter().find_map(|part| match part {
            Part::Param(param, ..) if !param.is_own_object() => Some(*param),
            _ => None,
        })?;
        let made_by = self.evaluator.facts(param.function.file)?.function(param.function.function);
        let base = made_by.owner.filter(|_| matches!(made_by.kind, FunctionKind::Constructor | FunctionKind::Method))?;
        let facts = self.evaluator.facts(draft.function.file)?;
        let mut at = draft.function.function;
        loop {
            let here = facts.function(at);
            let method = FunctionRef { file: draft.function.file, function: at };
            if method == param.function {
                return None;
            }
            if let Some(owner) = here.owner.filter(|_| here.kind == FunctionKind::Method) {
                let class = ClassRef { file: draft.function.file, class: owner };
                let extends = self.evaluator.extends(class, ClassRef { file: param.function.file, class: base });
                return extends.then_some((method, param));
            }
            if here.parent == at {
                return None;
            }
            at = here.parent;
        }
    }
}
