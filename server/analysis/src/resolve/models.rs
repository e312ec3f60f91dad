//! Models that refer to others: from the path of a schema's field to the collection of the model that the field names.
//!
//! What deliberately does not live here: which calls make models, and which follow such a path; the catalog says. Invariant: a model that is
//! only named is known if all that are made by that name are kept in one collection.

use portolan_grammars::catalog::{Family, Selector};
use portolan_grammars::facts::Symbol;

use super::evaluate::Evaluator;
use super::library::CallView;
use super::uses::Use;
use super::value::Value;

/// What a model captures: its name, and where its documents are kept.
const MODEL: &str = "model";
const COLLECTION: &str = "collection";
/// Paths that one call follows.
const MAX_PATHS: usize = 16;
/// Calls by which models are made that are looked at.
const MAX_MODELS: usize = 512;

impl Evaluator<'_> {
    /// An argument of the call that made a library's value.
    pub(super) fn made_with(&mut self, value: &Value, index: u32) -> Option<Value> {
        let mut found = Vec::new();
        for value in value.alternatives() {
            let Value::Instance(made) = value else { continue };
            let Some(site) = made.origin.filter(|_| made.members.is_empty()) else { continue };
            let argument = self.facts(site.file)?.call(site.call).args.get(index as usize)?.value;
            found.push(self.eval(site.file, argument));
        }
        (!found.is_empty()).then(|| Value::one_of(found))
    }

    /// What an object has under the paths that a place of a call says.
    pub(super) fn under(&mut self, value: &Value, place: &Selector, view: &CallView<'_>) -> Option<Value> {
        let paths = self.select_text(place, view)?;
        let paths: Vec<Symbol> = paths.alternatives().iter().filter_map(Value::literal).collect();
        let paths = paths.iter().flat_map(|paths| paths.split_whitespace()).take(MAX_PATHS);
        let found: Vec<Value> = paths.filter_map(|path| self.dig(value.clone(), path)).collect();
        (!found.is_empty()).then(|| Value::one_of(found))
    }

    /// The collections of models, which may be known by their names alone.
    pub(super) fn collections_of_models(&mut self, models: &Value, library: usize) -> Option<Value> {
        let mut found = Vec::new();
        for model in models.alternatives() {
            match model {
                Value::Instance(model) if model.members.is_empty() => found.extend(model.captures.get(COLLECTION).cloned()),
                _ => found.extend(model.literal().and_then(|name| self.collection_of_model(&name, library))),
            }
        }
        (!found.is_empty()).then(|| Value::one_of(found))
    }

    /// The collection of all models that are made by a name.
    fn collection_of_model(&mut self, name: &Symbol, library: usize) -> Option<Value> {
        let catalog = self.cx.catalog;
        let makes = catalog.libraries[library].value.iter().filter(|entry| entry.captures.contains_key(MODEL));
        let mut methods: Vec<Symbol> =
            makes.flat_map(|entry| entry.callee.iter()).map(|callee| Symbol::new(super::index::last_segment(callee))).collect();
        methods.sort_unstable();
        methods.dedup();
        let mut collections: Vec<Value> = Vec::new();
        let mut left = MAX_MODELS;
        for method in &methods {
            for &file in self.files_with(Use::Call(method, None)) {
                let Some((facts, index)) = self.file(file).filter(|(facts, _)| Family::from(facts.language) == Family::TypeScript) else {
                    continue;
                };
                for &id in index.calls.get(method).into_iter().flatten() {
                    left = left.checked_sub(1)?;
                    for made in self.eval_call(file, facts, id).alternatives() {
                        let Value::Instance(model) = made else { continue };
                        let is_meant =
                            model.library as usize == library && model.captures.get(MODEL).and_then(Value::literal).as_ref() == Some(name);
                        let Some(collection) = model.captures.get(COLLECTION).filter(|_| is_meant) else { continue };
                        if !collections.contains(collection) {
                            collections.push(collection.clone());
                        }
                    }
                }
            }
        }
        match collections.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }
}
