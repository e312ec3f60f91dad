//! Classes that derive from a library's model: what such a class is to the library, and which collection it stands for.
//!
//! What deliberately does not live here: decorators that name a collection ([`super::attributes`]). Invariant: a class without a collection is no
//! model, so a common base of a workspace's models is none.

use std::sync::Arc;

use portolan_grammars::catalog::ModelClass;
use portolan_grammars::facts::{CallKind, Expr, FunctionKind, Symbol};
use rustc_hash::FxHashMap;

use super::evaluate::Evaluator;
use super::library::{CallView, LibraryCallee};
use super::value::{CallRef, ClassRef, Instance, Value};

/// What a model captures.
const COLLECTION: &str = "collection";
/// Bases that are looked through.
const MAX_BASES: usize = 4;

impl<'w> Evaluator<'w> {
    /// What a class is to the library whose model it derives from.
    pub(super) fn model_class(&mut self, class: ClassRef) -> Option<Value> {
        let (base, entry) = self.model_base(class)?;
        let collection = self.collection_of_class(class)?;
        let captures = FxHashMap::from_iter([(Symbol::new(COLLECTION), Value::text(collection))]);
        let library = base.library as u32;
        let (type_name, members) = (entry.type_name.clone(), Vec::new());
        Some(Value::Instance(Arc::new(Instance { library, type_name, captures, members, origin: None, root: None, param: None })))
    }

    /// The library's class that a class derives from, directly or through others of the workspace.
    fn model_base(&mut self, class: ClassRef) -> Option<(LibraryCallee, &'w ModelClass)> {
        let mut current = class;
        for _ in 0..MAX_BASES {
            let facts = self.facts(current.file)?;
            let superclass = facts.type_def(current.class).superclass?;
            match self.eval(current.file, superclass) {
                Value::Class(base) if base != current => current = base,
                value @ Value::External(..) => {
                    let found = self.library_callees(facts.language.into(), &value);
                    let catalog = self.cx.catalog;
                    return found.into_iter().find_map(|callee| {
                        let entries = &catalog.libraries[callee.library].model_class;
                        let entry = entries.iter().find(|entry| entry.superclass.iter().any(|name| *name == callee.name))?;
                        Some((callee, entry))
                    });
                }
                _ => return None,
            }
        }
        None
    }

    /// The collection of a class that derives from a library's model and has no decorator that names it.
    pub(super) fn collection_of_model_class(&mut self, class: ClassRef) -> Option<Symbol> {
        let (base, entry) = self.model_base(class)?;
        let name = self.facts(class.file)?.type_def(class.class).name.clone();
        if let Some(member) = &entry.member {
            return self.static_text(class, member);
        }
        let follows = || entry.naming.map(|naming| super::data::collection_name(&name, naming));
        let Some(method) = &entry.named_by else { return follows() };
        let view_of = self.naming_call(class, method)?;
        let guard = (class, method.clone());
        if !self.enter_field(&guard) {
            return None;
        }
        let call = self.facts(class.file)?.call(view_of.call);
        let view = CallView { site: view_of, call, callee: &base, members: &[] };
        let named = entry.collection.as_ref().and_then(|place| self.select_text(place, &view));
        self.field_guard.remove(&guard);
        match named {
            Some(named) => named.literal(),
            None => follows(),
        }
    }

    /// What a static member of a class says, be it a field or what its getter gives back.
    fn static_text(&mut self, class: ClassRef, member: &Symbol) -> Option<Symbol> {
        let guard = (class, member.clone());
        if !self.enter_field(&guard) {
            return None;
        }
        let value = match self.member(&Value::Class(class), member, None) {
            Value::Function(getter, _) => self.result_of(getter),
            value => value,
        };
        self.field_guard.remove(&guard);
        value.literal()
    }

    /// The call of an inherited static method on a class: from without, or by the class itself.
    fn naming_call(&mut self, class: ClassRef, method: &Symbol) -> Option<CallRef> {
        let (facts, index) = self.file(class.file)?;
        for &id in index.calls.get(method).into_iter().flatten() {
            let call = facts.call(id);
            let Expr::Member { object, .. } = facts.expr(call.callee) else { continue };
            let is_own = match facts.expr(*object) {
                Expr::This | Expr::Super => self.this_class(class.file, facts, call.function) == Some(class),
                _ => self.eval(class.file, *object) == Value::Class(class),
            };
            if is_own && call.kind == CallKind::Call && facts.function(call.function).kind != FunctionKind::Constructor {
                return Some(CallRef { file: class.file, call: id });
            }
        }
        None
    }
}
