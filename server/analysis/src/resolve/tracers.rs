//! What makes spans: calls and imports that start a tracer, what they cover, and libraries around tracers.
//!
//! What deliberately does not live here: which services run them ([`super::assemble`]). Invariant: of a library that is not read it is never said
//! that it starts no tracer, nor that it starts one.

use portolan_grammars::catalog::{self, Family, Meaning, TracingRole};
use portolan_grammars::facts::{Entry, Expr, ExprId, Import, Imported, SourceFacts, Symbol};

use super::library::CallView;
use super::link::{Linker, Site, TracingDecl};
use super::spans::Walk;
use super::value::Value;
use crate::FunctionRef;
use crate::workspace::modules::Specifier;

impl<'w> Linker<'w> {
    /// Modules whose import alone starts a tracer, or may start one.
    pub(super) fn tracing_imports(&mut self, walk: &Walk<'w>) {
        let catalog = self.evaluator.cx.catalog;
        let loaded = walk.facts.exprs.iter().filter_map(|expression| match &expression.kind {
            Expr::Import(source) => Some((None, source, expression.function)),
            _ => None,
        });
        let imported = walk.facts.imports.iter().filter(|import| !import.type_only);
        for (import, source, function) in imported.map(|import| (Some(import), &import.source, import.function)).chain(loaded) {
            let (role, covers) = match catalog.tracing_import(source) {
                Some(entry) => (entry.role, entry.covers.clone()),
                None if walk.facts.language.is_ecmascript()
                    && catalog.may_start_tracer(source)
                    && import.is_none_or(|import| is_used(walk.facts, import))
                    && matches!(self.evaluator.specifier(self.file, source), Specifier::Package(..)) =>
                {
                    (TracingRole::Wrapper, Vec::new())
                }
                None => continue,
            };
            let function = FunctionRef { file: self.file, function };
            if self.link.tracing.iter().any(|known| known.site == Site::File(self.file) && known.name == *source) {
                continue;
            }
            self.link.tracing.push(TracingDecl {
                role,
                covers,
                site: Site::File(self.file),
                made_by: None,
                function,
                name: source.clone(),
            });
        }
    }

    /// What a tracing call covers; `None` if it lacks what makes it trace.
    pub(super) fn tracing(&mut self, view: &CallView<'_>, entry: &catalog::Tracing) -> Option<Vec<Symbol>> {
        if let Some(keys) = &entry.requires_key {
            let found = view.call.args.iter().any(|argument| match self.evaluator.eval(self.file, argument.value) {
                Value::Object(object) => keys.iter().any(|key| object.fields.contains_key(key)),
                _ => false,
            });
            if !found {
                return None;
            }
        }
        let mut covers = entry.covers.clone();
        if let Some(list) = &entry.list
            && let Some(value) = self.evaluator.select(list, view)
        {
            for value in value.alternatives().to_vec() {
                covers.extend(self.instrumentation(&value));
            }
        }
        // What is listed stands in the arguments as calls, whose values the catalog need not hand out.
        if entry.list.is_some() {
            for argument in &view.call.args {
                self.listed(argument.value, &mut covers, 0);
            }
        }
        covers.sort();
        covers.dedup();
        Some(covers)
    }

    /// The name that a span is given: the first text among the arguments, or the value of a key `name`.
    pub(super) fn span_name(&mut self, view: &CallView<'_>) -> Option<Symbol> {
        view.call.args.iter().find_map(|argument| match self.evaluator.eval(self.file, argument.value) {
            Value::Object(object) => object.fields.get("name").and_then(Value::literal),
            Value::Text(pattern) => pattern.literal(),
            _ => None,
        })
    }

    fn instrumentation(&mut self, value: &Value) -> Vec<Symbol> {
        let Value::Array(items) = value else { return Vec::new() };
        items.iter().flat_map(|item| self.instrumentation(item)).collect()
    }

    /// Adds what the instrumentations named in an expression cover.
    fn listed(&mut self, expr: ExprId, covers: &mut Vec<Symbol>, depth: u32) {
        if depth > 6 {
            return;
        }
        let Some(facts) = self.evaluator.facts(self.file) else { return };
        match facts.expr(expr) {
            Expr::Array(items) => items.iter().for_each(|item| self.listed(*item, covers, depth + 1)),
            Expr::Choice(items) | Expr::Fallback(items) => items.iter().for_each(|item| self.listed(*item, covers, depth + 1)),
            Expr::Object(object) => {
                for entry in &object.entries {
                    if let Entry::Field { value, .. } = entry {
                        self.listed(*value, covers, depth + 1);
                    }
                }
            }
            Expr::Call(id) => {
                let family = Family::from(facts.language);
                let callee = self.evaluator.eval(self.file, facts.call(*id).callee);
                for found in self.evaluator.library_callees(family, &callee) {
                    for meaning in self.evaluator.meanings(&found).iter() {
                        if let Meaning::Tracing(entry) = meaning
                            && entry.role == TracingRole::Instrumentation
                        {
                            covers.extend(entry.covers.iter().cloned());
                        }
                    }
                }
            }
            Expr::Name(name) => {
                let (_, index) = match self.evaluator.file(self.file) {
                    Some(found) => found,
                    None => return,
                };
                let value = index.bindings.get(name).and_then(|all| all.first()).and_then(|at| facts.bindings[*at as usize].value);
                if let Some(value) = value {
                    self.listed(value, covers, depth + 1);
                }
            }
            _ => {}
        }
    }
}

/// Whether more is done with an import than to write it as a decorator or a type.
fn is_used(facts: &SourceFacts, import: &Import) -> bool {
    let by_name = || facts.exprs.iter().any(|expression| matches!(&expression.kind, Expr::Name(name) if *name == import.local));
    import.reexport || matches!(import.imported, Imported::Effect | Imported::Glob) || by_name()
}
