//! Fields that a class leaves open for those that extend it to fill in: `abstract subject: string`, read as `this.subject`.
//!
//! The object is then one more parameter of the method: who calls the method on an object of a class that fills the field in says what it is. What
//! deliberately does not live here: fields that constructors fill in ([`super::fields`]). Invariant: a field that the class or a base of it gives any
//! value is not open.

use std::sync::Arc;

use portolan_grammars::facts::{Expr, FunctionId, FunctionKind, SourceFacts, Symbol, TypeKind};

use super::evaluate::Evaluator;
use super::value::{CallRef, ClassRef, ParamRef, Value};
use crate::{FileId, FunctionRef};

impl<'w> Evaluator<'w> {
    /// `this.name` in a method whose class leaves the field open.
    pub(super) fn open_field(
        &mut self,
        file: FileId,
        facts: &SourceFacts,
        function: FunctionId,
        object: &Value,
        name: &Symbol,
    ) -> Option<Value> {
        let Value::Some(class) = object else { return None };
        if !facts.language.is_ecmascript() || !self.leaves_open(*class, name) {
            return None;
        }
        Some(Value::Param(own_object(file, facts, function)?, Arc::from([name.clone()])))
    }

    /// Whether a class, or a base of it, declares a field and gives it no value, and others extend it.
    fn leaves_open(&mut self, class: ClassRef, name: &Symbol) -> bool {
        let mut current = class;
        let mut declared = false;
        for _ in 0..6 {
            let Some(facts) = self.facts(current.file) else { return false };
            let def = facts.type_def(current.class);
            let mut fields = def.fields.iter().filter(|field| field.name == *name && !field.is_static);
            let without_body = |id: &FunctionId| {
                let function = facts.function(*id);
                function.name == *name && function.kind == FunctionKind::Getter && function.returns.is_empty()
            };
            declared |= fields.any(|field| field.value.is_none()) || def.methods.iter().any(without_body);
            match self.base_class(current) {
                Some(base) if !declared => current = base,
                _ => break,
            }
        }
        let Some(facts) = self.facts(class.file) else { return false };
        let def = facts.type_def(class.class);
        declared && def.kind == TypeKind::Class && self.has_subtypes(&def.name)
    }

    /// What a call site calls a method on, for the parameter that the object is.
    pub(super) fn own_object_at(&mut self, site: CallRef, method: FunctionRef) -> Value {
        match self.called_on_own(site) {
            Some(own) => own,
            None => Value::one_of(self.receivers(site, method)),
        }
    }

    /// The receiver of a call, where that is the object of the method around: which one, the callers of that method say.
    pub(super) fn own_receiver(&mut self, site: CallRef, receiver: Option<&Value>) -> Option<Value> {
        if matches!(receiver, Some(Value::Some(_))) { self.called_on_own(site) } else { None }
    }

    fn called_on_own(&mut self, site: CallRef) -> Option<Value> {
        let facts = self.facts(site.file)?;
        let call = facts.call(site.call);
        let Expr::Member { object, .. } = facts.expr(call.callee) else { return None };
        if !matches!(facts.expr(*object), Expr::This | Expr::Super) {
            return None;
        }
        let own = own_object(site.file, facts, call.function).or_else(|| self.own_enum(site.file, facts, call.function))?;
        Some(Value::Param(own, Arc::from([])))
    }

    /// The class whose method's object a parameter is.
    pub(super) fn class_of_own(&mut self, param: ParamRef) -> Option<ClassRef> {
        let file = param.function.file;
        let declared = self.facts(file)?.function(param.function.function);
        match (declared.owner, &declared.impl_of) {
            _ if !param.is_own_object() => None,
            (Some(class), _) => Some(ClassRef { file, class }),
            (None, Some(name)) => self.class_named(file, FunctionId::MODULE, name),
            (None, None) => None,
        }
    }
}

/// The object of the method that code stands in.
fn own_object(file: FileId, facts: &SourceFacts, mut function: FunctionId) -> Option<ParamRef> {
    loop {
        let here = facts.function(function);
        if here.owner.is_some() {
            // An arrow that is a field's value has the object as its `this`, too.
            let is_of_object = matches!(here.kind, FunctionKind::Method | FunctionKind::Getter | FunctionKind::Closure) && here.has_self;
            return is_of_object.then_some(ParamRef::own_object(FunctionRef { file, function }));
        }
        if here.kind == FunctionKind::Module || function == here.parent {
            return None;
        }
        function = here.parent;
    }
}
