//! What containers hand out: instances of the classes that they are asked for, and what was put on a framework's object under a name, or on what
//! such an object is made with.
//!
//! What deliberately does not live here: what decorators inject, see [`super::providers`]. Invariant: what is put on an object counts within the
//! package that the object is of.

use portolan_grammars::catalog::{Family, InstanceCall};
use portolan_grammars::facts::{Expr, Symbol};

use super::evaluate::Evaluator;
use super::library::{CallView, LibraryCallee};
use super::uses::Use;
use super::value::{CallRef, Instance, Value};
use crate::FileId;

impl<'w> Evaluator<'w> {
    /// The instance that a container hands out for a class.
    pub(super) fn instance_for(&mut self, entry: &InstanceCall, view: &CallView<'_>) -> Option<Value> {
        let class = self.select(&entry.class, view)?;
        let instances = class.alternatives().iter().map(|class| match class {
            Value::Class(class) => Value::Some(*class),
            Value::External(package, path) => self.library_typed(view.site.file, package, path).unwrap_or(Value::Unknown),
            _ => Value::Unknown,
        });
        Some(Value::one_of(instances.collect::<Vec<_>>())).filter(|value| !value.is_unknown())
    }

    /// What code puts on a library's object under a name.
    pub(super) fn decorated(&mut self, object: &Instance, name: &Symbol) -> Option<Value> {
        let library = object.library as usize;
        let entries = &self.cx.catalog.libraries[library].decoration;
        if entries.is_empty() || !object.members.is_empty() {
            return None;
        }
        let place = object.param.map(|param| param.function.file).or(object.origin.map(|made| made.file))?;
        let package = self.package(place);
        let mut found = Vec::new();
        for entry in entries {
            for callee in entry.callee.iter() {
                let Some((_, method)) = callee.rsplit_once('.').filter(|(of, _)| *of == object.type_name) else { continue };
                for &file in self.files_with(Use::Call(method, None)) {
                    if self.package(file) != package {
                        continue;
                    }
                    let Some((facts, index)) = self.file(file) else { continue };
                    for &id in index.calls.get(method).into_iter().flatten() {
                        let known = LibraryCallee { library, name: callee.to_string(), receiver: None };
                        let view = CallView { site: CallRef { file, call: id }, call: facts.call(id), callee: &known, members: &[] };
                        let is_named =
                            self.select(&entry.name, &view).and_then(|given| given.literal()).is_some_and(|given| given == *name);
                        if is_named && self.is_put_on(file, &view, object) {
                            found.extend(self.select(&entry.value, &view));
                        }
                    }
                }
            }
        }
        Some(Value::one_of(found)).filter(|value| !value.is_unknown())
    }

    /// A function that is put on what a library's value is made with: `schema.statics.build = …` for `Order.build`.
    pub(super) fn extended(&mut self, value: &Instance, name: &Symbol) -> Option<Value> {
        let catalog = self.cx.catalog;
        let library = value.library as usize;
        if !value.members.is_empty() {
            return None;
        }
        let entry = catalog.libraries[library].extension.iter().find(|entry| entry.type_name == value.type_name)?;
        let Some(Value::Instance(made_with)) = value.captures.get(&entry.capture).cloned() else { return None };
        let (of, member) = entry.target.split_once('.')?;
        let origin = made_with.origin.filter(|_| made_with.type_name == of && made_with.library == value.library)?;
        let (facts, index) = self.file(origin.file)?;
        let mut found = Vec::new();
        for at in index.assignments.get(name).into_iter().flatten() {
            let assignment = &facts.assignments[*at as usize];
            let Expr::Member { object, .. } = facts.expr(assignment.target) else { continue };
            let Value::Instance(target) = self.eval(origin.file, *object) else { continue };
            if target.origin == Some(origin) && matches!(target.members.as_slice(), [only] if only == member) {
                found.push(self.eval(origin.file, assignment.value));
            }
        }
        Some(Value::one_of(found)).filter(|value| !value.is_unknown())
    }

    /// Whether a method is called on an object of the same kind.
    fn is_put_on(&mut self, file: FileId, view: &CallView<'_>, object: &Instance) -> bool {
        let Some(facts) = self.facts(file) else { return false };
        let Expr::Member { object: on, .. } = facts.expr(view.call.callee) else { return false };
        let on = match self.eval(file, *on) {
            Value::Param(param, path) if path.is_empty() => self.parameter_type(param).unwrap_or(Value::Unknown),
            on => on,
        };
        let same =
            |value: &Value| matches!(value, Value::Instance(one) if one.library == object.library && one.type_name == object.type_name);
        Family::from(facts.language) == Family::TypeScript && on.alternatives().iter().any(same)
    }

    fn package(&self, file: FileId) -> Option<usize> {
        self.cx.workspace.package_of(self.cx.paths.get(file.0 as usize)?)
    }
}
