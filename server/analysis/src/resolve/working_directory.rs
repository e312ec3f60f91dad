//! Modules that are loaded from the folder a process runs in: `require(path.join(process.cwd(), "config/settings.js"))`.
//!
//! A library that does so hands out something else to each service, so what it loads stays a path until code asks for it whose package is run. What
//! deliberately does not live here: settings of libraries that the catalog knows. Invariant: a process runs in the folder of its service's package,
//! and code of a package that no service runs does not know where it runs.

use std::sync::Arc;

use portolan_grammars::facts::{Call, Imported, SourceFacts, Symbol};

use super::evaluate::Evaluator;
use super::value::Value;
use crate::FileId;
use crate::workspace::paths::join;

impl<'w> Evaluator<'w> {
    /// What a call makes of the working directory: its path, one below it, or the module there.
    pub(super) fn working_directory_call(&mut self, callee: &Value, file: FileId, facts: &SourceFacts, call: &Call) -> Option<Value> {
        let Value::External(package, path) = callee else { return None };
        if !facts.language.is_ecmascript() {
            return None;
        }
        let package = package.strip_prefix("node:").unwrap_or(package);
        let mut arguments = call.args.iter().map(|argument| argument.value);
        match (package, path.last()?.as_str(), path.len()) {
            ("global", "cwd", 2) if path[0] == "process" => Some(Value::WorkingPath(Symbol::default())),
            ("process", "cwd", 1) => Some(Value::WorkingPath(Symbol::default())),
            ("path", "join" | "resolve", 1) => {
                let Value::WorkingPath(base) = self.eval(file, arguments.next()?) else { return None };
                let below = arguments.try_fold(base.to_string(), |base, argument| join(&base, &self.eval(file, argument).literal()?))?;
                Some(Value::WorkingPath(below.into()))
            }
            ("global", "require" | "import", 1) => {
                let paths = self.eval(file, arguments.next()?);
                let modules = paths.alternatives().iter().filter_map(|path| match path {
                    Value::WorkingPath(path) => Some(Value::WorkingModule(path.clone(), Arc::from([]))),
                    _ => None,
                });
                Some(Value::one_of(modules))
            }
            _ => None,
        }
    }

    /// A value as code of a file has it: what is loaded from the working directory is in the file's own package, where that is run.
    pub(super) fn in_working_directory(&mut self, file: FileId, value: Value) -> Value {
        if !value.alternatives().iter().any(|one| matches!(one, Value::WorkingModule(..))) {
            return value;
        }
        let workspace = self.cx.workspace;
        let package = workspace.package_of(&self.cx.paths[file.0 as usize]);
        let is_run = package.is_some() && workspace.deployments.iter().any(|deployment| deployment.package == package);
        let Some(root) = package.filter(|_| is_run).map(|package| &workspace.packages[package].root) else { return value };
        let values: Vec<Value> = value
            .alternatives()
            .iter()
            .map(|one| match one {
                Value::WorkingModule(path, members) => self.working_module(root.as_str(), path, members),
                other => other.clone(),
            })
            .collect();
        Value::one_of(values)
    }

    fn working_module(&mut self, root: &str, path: &Symbol, members: &[Symbol]) -> Value {
        let Some(target) = self.cx.workspace.modules.source_of(root, path) else { return Value::Unknown };
        let module = match self.whole_module(target, &Imported::Default) {
            Value::Unknown => Value::Module(target),
            module => module,
        };
        self.at_path(module, members)
    }
}
