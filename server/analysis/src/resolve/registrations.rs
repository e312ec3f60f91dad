//! What containers hand out by a key: from `container.get(KEY)` and `@inject(KEY)` to what is registered under it.
//!
//! What deliberately does not live here: objects that list what is provided ([`super::providers`]), and instances by their class
//! ([`super::containers`]). Invariants: a key is told by its text, and by how it is written only where neither has one; what one
//! package registers says nothing of another, whose process may have a container of its own.

use portolan_grammars::catalog::{Family, Registration, Selector};
use portolan_grammars::facts::{Call, CallId, CallKind, Expr, SourceFacts, Symbol};

use super::callers::MAX_PASSED_ON;
use super::evaluate::Evaluator;
use super::library::{CallView, LibraryCallee};
use super::providers::{Key, all_known};
use super::uses::Use;
use super::value::{CallRef, Value};
use crate::FileId;

/// Registrations of one key that are looked at.
const MAX_REGISTRATIONS: usize = 24;

/// A call that registers something under the key in question, and the call that is given what.
struct Registered<'w> {
    entry: &'w Registration,
    given_to: CallRef,
}

impl<'w> Evaluator<'w> {
    /// What is registered under the key that a call or a decorator names.
    pub(super) fn registered(&mut self, key: &Selector, view: &CallView<'_>) -> Option<Value> {
        let library = view.callee.library;
        if self.cx.catalog.libraries[library].registration.is_empty() {
            return None;
        }
        let key = self.asked_key(key, view)?;
        let name = key.written.clone().or_else(|| key.text.clone())?;
        if !self.key_guard.insert(name.clone()) {
            return None;
        }
        let values = self.registrations(library, &key, view.site.file);
        let values: Vec<Value> = values.into_iter().map(|value| self.passed_in(value)).collect();
        self.key_guard.remove(&name);
        all_known(values)
    }

    /// What is registered; of a parameter of the code around, what its callers pass.
    fn passed_in(&mut self, value: Value) -> Value {
        match value {
            Value::Param(param, path) => {
                let passed = self.param_values(param, MAX_PASSED_ON);
                self.at_path(passed, &path)
            }
            value => value,
        }
    }

    /// The values of all registrations under a key in the package of a file that asks.
    fn registrations(&mut self, library: usize, key: &Key, asking: FileId) -> Vec<Value> {
        let catalog = self.cx.catalog;
        let package = |file: FileId| self.cx.workspace.package_of(&self.cx.paths[file.0 as usize]);
        let is_of_own = |file: FileId| package(file) == package(asking);
        let mut found = Vec::new();
        for entry in &catalog.libraries[library].registration {
            for callee in entry.callee.iter() {
                let method = entry.then.as_ref().map_or_else(|| callee.rsplit('.').next().unwrap_or(callee), Symbol::as_str);
                for &file in self.files_with(Use::Call(method, None)).iter().filter(|file| is_of_own(**file)) {
                    found.extend(self.registrations_in(file, library, (entry, callee), method, key));
                }
            }
        }
        found.truncate(MAX_REGISTRATIONS);
        found.iter().filter_map(|registered| self.registered_value(library, registered)).collect()
    }

    /// The registrations under a key in one file.
    fn registrations_in(
        &mut self,
        file: FileId,
        library: usize,
        (entry, name): (&'w Registration, &str),
        method: &str,
        key: &Key,
    ) -> Vec<Registered<'w>> {
        let Some((facts, index)) = self.file(file) else { return Vec::new() };
        let mut found = Vec::new();
        for &id in index.calls.get(method).into_iter().flatten() {
            let by = if entry.then.is_some() { called_on(facts, id) } else { Some(id) };
            let Some(by) = by.map(|call| CallRef { file, call }) else { continue };
            let call = facts.call(by.call);
            let callee = LibraryCallee { library, name: name.to_owned(), receiver: None };
            let view = CallView { site: by, call, callee: &callee, members: &[] };
            if call.kind == CallKind::Call && self.has_key(&entry.key, &view, key) && self.is_of_container(file, facts, call, &callee) {
                found.push(Registered { entry, given_to: CallRef { file, call: id } });
            }
        }
        found
    }

    fn has_key(&mut self, selector: &Selector, view: &CallView<'_>, asked: &Key) -> bool {
        let Some(own) = self.asked_key(selector, view) else { return false };
        match (&own.text, &asked.text) {
            (Some(own), Some(asked)) => own == asked,
            (None, None) => own.written.is_some() && own.written == asked.written,
            _ => false,
        }
    }

    /// Whether a method is called on a value of the library's type that has it.
    fn is_of_container(&mut self, file: FileId, facts: &'w SourceFacts, call: &Call, callee: &LibraryCallee) -> bool {
        let Expr::Member { object, .. } = facts.expr(call.callee) else { return false };
        let on = match self.eval(file, *object) {
            Value::Param(param, path) if path.is_empty() => self.parameter_type(param).unwrap_or(Value::Unknown),
            on => on,
        };
        let Some((of, method)) = callee.name.rsplit_once('.') else { return false };
        on.alternatives().iter().any(|value| match value {
            Value::Instance(one) => one.library == callee.library as u32 && one.type_name == of && one.members.is_empty(),
            // A container that the library itself hands out as one of its names.
            Value::External(..) => {
                let named = self.member(value, &Symbol::new(method), None);
                let found = self.library_callees(Family::from(facts.language), &named);
                found.iter().any(|found| found.library == callee.library && found.name == callee.name)
            }
            _ => false,
        })
    }

    fn registered_value(&mut self, library: usize, registered: &Registered<'w>) -> Option<Value> {
        let call = self.facts(registered.given_to.file)?.call(registered.given_to.call);
        let callee = LibraryCallee { library, name: String::new(), receiver: None };
        let view = CallView { site: registered.given_to, call, callee: &callee, members: &[] };
        let class = registered.entry.class.as_ref().and_then(|class| self.select(class, &view));
        if let Some(Value::Class(class)) = class {
            return Some(Value::Some(class));
        }
        self.select(registered.entry.value.as_ref()?, &view)
    }
}

/// The call whose result a method is called on.
fn called_on(facts: &SourceFacts, id: CallId) -> Option<CallId> {
    let Expr::Member { object, .. } = facts.expr(facts.call(id).callee) else { return None };
    match facts.expr(*object) {
        Expr::Call(call) => Some(*call),
        _ => None,
    }
}
