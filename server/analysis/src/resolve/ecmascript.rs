//! Names across ECMAScript modules: imports, exports, re-exports.

use std::sync::Arc;

use portolan_grammars::facts::{Expr, Import, Imported, Symbol};

use super::evaluate::{Evaluator, external};
use super::uses::Use;
use super::value::Value;
use crate::FileId;
use crate::workspace::modules::Specifier;

impl<'w> Evaluator<'w> {
    /// A name that no function around declares: the environment's own, such as `fetch`.
    pub(super) fn ecmascript_name(name: &Symbol) -> Value {
        Value::External("global".into(), std::sync::Arc::from([name.clone()]))
    }

    /// What an import brings in.
    pub(super) fn ecmascript_import(&mut self, file: FileId, import: &Import) -> Value {
        if let Some(value) = self.environment_module(import) {
            return value;
        }
        match self.specifier(file, &import.source) {
            Specifier::File(target) => self.whole_module(target, &import.imported),
            Specifier::Package(package, subpath) => {
                let module = external(&package, &subpath);
                match &import.imported {
                    Imported::Named(name) => self.member(&module, name, None),
                    _ => module,
                }
            }
            Specifier::Missing => Value::Unknown,
        }
    }

    /// A name of a module that a framework makes of the environment: a variable, or the object of all of them.
    fn environment_module(&mut self, import: &Import) -> Option<Value> {
        let Imported::Named(name) = &import.imported else { return None };
        let module = self.cx.catalog.environment_module(&import.source)?;
        let environment = Value::External("global".into(), Arc::from(["process".into(), "env".into()]));
        match &module.object {
            Some(object) => (name == object).then_some(environment),
            None => Some(self.member(&environment, name, None)),
        }
    }

    /// A module of the workspace, or one of its names.
    pub(super) fn whole_module(&mut self, target: FileId, imported: &Imported) -> Value {
        match imported {
            Imported::Named(name) => self.export(target, name),
            Imported::Default => {
                let value = self.export(target, &"default".into());
                if value.is_unknown() { self.export(target, &"=".into()) } else { value }
            }
            Imported::Require => {
                let value = self.export(target, &"=".into());
                if value.is_unknown() { Value::Module(target) } else { value }
            }
            Imported::Namespace | Imported::Glob | Imported::Effect | Imported::Macros => Value::Module(target),
        }
    }

    /// What a file hands out under a name, through its re-exports.
    pub fn export(&mut self, file: FileId, name: &Symbol) -> Value {
        let key = (file, name.clone());
        if !self.export_guard.insert(key.clone()) {
            return Value::Unknown;
        }
        let value = self.export_unguarded(file, name);
        self.export_guard.remove(&key);
        value
    }

    /// Whether the catalog knows a package to have a name.
    fn is_known_name(&mut self, file: FileId, package: &Symbol, name: &Symbol) -> bool {
        let Some(family) = self.family(file) else { return false };
        let catalog = self.cx.catalog;
        let knows = |library: &usize| catalog.type_name(*library, name).is_some() || !catalog.meanings(*library, name).is_empty();
        catalog.libraries_of(family, package).iter().any(knows)
    }

    fn export_unguarded(&mut self, file: FileId, name: &Symbol) -> Value {
        let Some((facts, index)) = self.file(file) else { return Value::Unknown };
        if let Some(at) = index.exports.get(name).and_then(|all| all.first()) {
            return self.initializer(file, facts.exports[*at as usize].value);
        }
        let reexport = |at: &u32| facts.imports[*at as usize].reexport;
        if let Some(at) = index.imports.get(name).and_then(|all| all.iter().find(|at| reexport(at))) {
            return self.ecmascript_import(file, &facts.imports[*at as usize]);
        }
        if name != "default" {
            let having = self.files_with(Use::Export(name));
            for target in self.cx.stars.through(file, having) {
                let value = self.export(target, name);
                if !value.is_unknown() {
                    return value;
                }
            }
            // A package may or may not have it; of one that the catalog describes, that is known.
            for (package, subpath) in self.cx.stars.packages(file) {
                if self.is_known_name(file, package, name) {
                    return self.member(&external(package, subpath), name, None);
                }
            }
        }
        // `module.exports = { name }`.
        if name != "="
            && name != "default"
            && let Some(at) = index.exports.get("=").and_then(|all| all.first())
        {
            let object = self.initializer(file, facts.exports[*at as usize].value);
            return self.member(&object, name, None);
        }
        // `export default { name }`, taken apart by a bundler's interop, and names of components without a default.
        if name != "="
            && name != "default"
            && let Some(at) = index.exports.get("default").and_then(|all| all.first())
            && let Expr::Object(_) = facts.expr(facts.exports[*at as usize].value)
        {
            let object = self.initializer(file, facts.exports[*at as usize].value);
            return self.member(&object, name, None);
        }
        Value::Unknown
    }
}
