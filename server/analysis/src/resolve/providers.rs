//! Injection by token: from `@Inject(TOKEN)` to the object that says what is provided for it.
//!
//! What deliberately does not live here: injection by type, which declared types tell. Invariant: providers are found by how their token is
//! written or by its text; of several, those in the package that asks count before all others.

use std::sync::Arc;

use portolan_grammars::catalog::{Family, Provider, Selector};
use portolan_grammars::facts::{Expr, ExprId, Symbol};
use rustc_hash::FxHashMap;

use super::evaluate::Evaluator;
use super::index::spelled;
use super::library::CallView;
use super::routes::argument_expr;
use super::uses::Use;
use super::value::{Instance, Value};
use crate::FileId;

/// Providers of one token that are looked at.
const MAX_PROVIDERS: usize = 24;

/// What something is put and asked for by, as it is written and as a text.
pub(super) struct Key {
    pub(super) written: Option<Symbol>,
    pub(super) text: Option<Symbol>,
}

impl<'w> Evaluator<'w> {
    /// The value that is provided for the token which a decorator names.
    pub(super) fn provided(&mut self, token: &Selector, view: &CallView<'_>) -> Option<Value> {
        let file = view.site.file;
        let token = self.asked_key(token, view)?;
        let mut names: Vec<Symbol> = token.written.iter().chain(&token.text).cloned().collect();
        names.dedup();
        let mut found: Vec<(FileId, ExprId)> = Vec::new();
        for name in &names {
            for &provider in self.files_with(Use::Provider(name)) {
                let Some((_, index)) = self.file(provider) else { continue };
                found.extend(index.providers.get(name).into_iter().flatten().map(|object| (provider, *object)));
            }
        }
        found.sort();
        found.dedup();
        let package = |file: FileId| self.cx.workspace.package_of(&self.cx.paths[file.0 as usize]);
        let own = package(file);
        if found.iter().any(|(provider, _)| package(*provider) == own) {
            found.retain(|(provider, _)| package(*provider) == own);
        }
        found.truncate(MAX_PROVIDERS);
        let values: Vec<Value> = found.into_iter().filter_map(|(file, object)| self.provider_value(file, object, &token)).collect();
        all_known(values)
    }

    /// The key that a call or a decorator names.
    pub(super) fn asked_key(&mut self, key: &Selector, view: &CallView<'_>) -> Option<Key> {
        let facts = self.facts(view.site.file)?;
        let written = argument_expr(facts, key, view).and_then(|key| spelled(facts, key));
        let text = self.select(key, view).and_then(|key| key.literal());
        Some(Key { written, text })
    }

    /// What one object provides, if it is for the token.
    fn provider_value(&mut self, file: FileId, object: ExprId, asked: &Key) -> Option<Value> {
        let facts = self.facts(file)?;
        let Expr::Object(fields) = facts.expr(object) else { return None };
        let (library, entry, token) = self.cx.catalog.provider(Family::from(facts.language), fields)?;
        let same = match (self.eval(file, token).literal(), &asked.text) {
            (Some(own), Some(text)) => own == *text,
            _ => spelled(facts, token) == asked.written,
        };
        if !same {
            return None;
        }
        let at = |key: &Option<Symbol>| key.as_ref().and_then(|key| fields.field(key));
        if let Some(class) = at(&entry.class) {
            return match self.eval(file, class) {
                Value::Class(class) => Some(Value::Some(class)),
                _ => None,
            };
        }
        if let Some(value) = at(&entry.value) {
            return Some(self.eval(file, value));
        }
        let made = match at(&entry.factory) {
            Some(factory) => match self.eval(file, factory) {
                Value::Function(function, _) => self.result_of(function),
                _ => return None,
            },
            None => self.eval(file, object),
        };
        self.described(library, entry, &made)
    }

    /// The value that options describe; a value that was made already is itself.
    fn described(&mut self, library: usize, entry: &Provider, options: &Value) -> Option<Value> {
        let Some(type_name) = &entry.type_name else { return Some(options.clone()) };
        let mut values = Vec::new();
        for options in options.alternatives() {
            if !matches!(options, Value::Object(_)) {
                values.push(options.clone());
                continue;
            }
            let mut captures = FxHashMap::default();
            for (name, key) in &entry.captures {
                if let Some(value) = self.dig(options.clone(), key) {
                    captures.insert(name.clone(), value);
                }
            }
            values.push(Value::Instance(Arc::new(Instance {
                library: library as u32,
                type_name: type_name.clone(),
                captures,
                members: Vec::new(),
                origin: None,
                root: None,
                param: None,
            })));
        }
        Some(Value::one_of(values))
    }
}

/// Values as one, if all are known here and now.
pub(super) fn all_known(values: Vec<Value>) -> Option<Value> {
    let value = Value::one_of(values);
    let known = value.alternatives().iter().all(|value| !matches!(value, Value::Unknown | Value::Null | Value::Param(..)));
    known.then_some(value)
}
