//! Types of Rust that stand for a collection without a declaration of their own: sea-orm's `Entity` and `ActiveModel` beside `Model`, made by a derive or
//! named by a trait in code that is written out in full.
//!
//! What deliberately does not live here: classes that derive from a library's model ([`super::model_classes`]). Invariant: what has no collection's name
//! is no entity.

use std::sync::Arc;

use portolan_grammars::catalog::{Family, Meaning};
use portolan_grammars::facts::{Symbol, TypeId, TypeKind};
use rustc_hash::FxHashMap;

use super::evaluate::Evaluator;
use super::value::{ClassRef, Instance, Value};
use crate::{FileId, FunctionRef};

impl<'w> Evaluator<'w> {
    /// A type that a derive makes beside a struct which stands for a collection: sea-orm's `Entity` beside `Model`.
    pub(super) fn beside_entity(&mut self, file: FileId, inline: &Symbol, name: &Symbol) -> Option<Value> {
        if !self.cx.catalog.is_made_beside(name) {
            return None;
        }
        let facts = self.facts(file)?;
        for (at, def) in facts
            .types
            .iter()
            .enumerate()
            .filter(|(_, def)| def.module == *inline && def.kind == TypeKind::Struct && !def.attributes.is_empty())
        {
            for attribute in &def.attributes {
                for found in self.attribute_callees(file, def.function, &attribute.path) {
                    let beside = self.cx.catalog.attribute_meanings(found.library, &found.name).iter().find_map(|meaning| match meaning {
                        Meaning::Entity(entry) => entry.beside.get(name).cloned(),
                        _ => None,
                    });
                    let Some(type_name) = beside else { continue };
                    let class = ClassRef { file, class: TypeId(at as u32) };
                    let Some(collection) = self.collection_of_class(class) else { continue };
                    return Some(entity(found.library, type_name, collection));
                }
            }
        }
        None
    }

    /// A type of a module in which a trait of a library says what collection that module's entity stands for:
    /// `impl EntityName for Entity { fn table_name(&self) -> &str { "orders" } }`.
    pub(super) fn named_entity(&mut self, file: FileId, inline: &Symbol, name: &Symbol) -> Option<Value> {
        let catalog = self.cx.catalog;
        if !catalog.is_made_beside(name) {
            return None;
        }
        let (facts, index) = self.file(file)?;
        for (library, entry) in
            catalog.libraries.iter().enumerate().flat_map(|(at, library)| library.entity.iter().map(move |entry| (at, entry)))
        {
            let (Some(naming), Some(type_name)) = (&entry.named_by, entry.beside.get(name)) else { continue };
            let is_of_library = |source: &str| {
                let package = source.split("::").next().unwrap_or_default();
                catalog.libraries_of(Family::Rust, package).contains(&library)
            };
            let blocks = index.trait_impls.get(&naming.implements).into_iter().flatten().map(|at| &facts.impls[*at as usize]);
            let mut methods = blocks.filter(|block| block.module == *inline).flat_map(|block| &block.methods);
            let Some(method) = methods.find(|id| facts.function(**id).name == naming.method) else { continue };
            if !facts.imports.iter().any(|import| is_of_library(&import.source)) {
                continue;
            }
            let Some(collection) = self.result_of(FunctionRef { file, function: *method }).literal() else { continue };
            return Some(entity(library, type_name.clone(), collection));
        }
        None
    }
}

/// A value of a library's type that stands for a collection.
fn entity(library: usize, type_name: Symbol, collection: Symbol) -> Value {
    let captures = FxHashMap::from_iter([(Symbol::from("collection"), Value::text(collection))]);
    let (library, members) = (library as u32, Vec::new());
    Value::Instance(Arc::new(Instance { library, type_name, captures, members, origin: None, root: None, param: None }))
}
