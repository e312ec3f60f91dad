//! GraphQL servers whose root types are objects of the code's own: `Schema::build(Query, Mutation, EmptySubscription)`, where an attribute makes
//! each method of a type's `impl` block a field.
//!
//! What deliberately does not live here: maps of resolvers and decorators, see [`super::graphql`]. Invariant: a field whose name is not certain is
//! none.

use portolan_grammars::catalog::{self, GRAPHQL_ROOTS};
use portolan_grammars::facts::{Attribute, Expr, SourceFacts, Symbol};

use super::index::last_segment;
use super::library::CallView;
use super::link::{Linker, OperationHandler};
use super::setting_readers::cased;
use super::value::{ClassRef, Value};
use crate::chart::Protocol;
use crate::{FileId, FunctionRef};

/// Objects merged into one that are followed.
const MAX_MERGED: usize = 64;

impl<'w> Linker<'w> {
    /// The fields of the objects that a call makes a schema's roots.
    pub(super) fn graphql_objects(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::GraphqlServer) -> bool {
        for (root, selector) in GRAPHQL_ROOTS.iter().zip(&entry.roots) {
            let Some(value) = self.evaluator.select(selector, view) else { continue };
            let classes = value.alternatives().iter().filter_map(|value| match value {
                Value::Class(class) | Value::Some(class) | Value::New(class, ..) => Some(*class),
                Value::Object(object) => object.class,
                _ => None,
            });
            let mut open: Vec<ClassRef> = classes.collect();
            let mut at = 0;
            while let Some(class) = open.get(at).copied().filter(|_| at < MAX_MERGED) {
                at += 1;
                self.graphql_fields(function, root, class, entry);
                for merged in self.merged(class, entry) {
                    if !open.contains(&merged) {
                        open.push(merged);
                    }
                }
            }
        }
        !entry.roots.is_empty()
    }

    fn graphql_fields(&mut self, function: FunctionRef, root: &Symbol, class: ClassRef, entry: &catalog::GraphqlServer) {
        let Some(facts) = self.evaluator.facts(class.file) else { return };
        let type_name = facts.type_def(class.class).name.clone();
        let is_object = |attribute: &&Attribute| entry.objects.iter().any(|name| *name == last_segment(&attribute.path));
        for &file in self.evaluator.impl_files(class, &type_name).iter() {
            let Some((facts, index)) = self.evaluator.file(file) else { continue };
            for block in index.impls.get(&type_name).into_iter().flatten().map(|at| &facts.impls[*at as usize]) {
                let Some(object) = block.attributes.iter().find(is_object) else { continue };
                let case = self.key(file, facts, object, "rename_fields");
                for id in &block.methods {
                    let method = facts.function(*id);
                    let own: Vec<&Attribute> = method.attributes.iter().filter(|own| last_segment(&own.path) == "graphql").collect();
                    let is_left_out = own
                        .iter()
                        .flat_map(|own| &own.args)
                        .any(|arg| matches!(facts.expr(*arg), Expr::Name(word) if matches!(word.as_str(), "skip" | "ignore" | "flatten" | "entity")));
                    if is_left_out {
                        continue;
                    }
                    let name = match own.iter().find_map(|own| self.key(file, facts, own, "name")) {
                        Some(name) => name.to_string(),
                        None => cased(&method.name, Some(case.as_deref().unwrap_or("camelCase"))),
                    };
                    let handler = Some(FunctionRef { file, function: *id });
                    let name = format!("{root}.{name}").into();
                    self.link.operation_handlers.push(OperationHandler::plain(Protocol::Graphql, name, function, handler));
                }
            }
        }
    }

    /// The types whose fields a derive merges into one type's: `#[derive(MergedObject)] struct Query(Orders, Customers);`.
    fn merged(&mut self, class: ClassRef, entry: &catalog::GraphqlServer) -> Vec<ClassRef> {
        let Some(facts) = self.evaluator.facts(class.file) else { return Vec::new() };
        let def = facts.type_def(class.class);
        let merges = facts.derived(def).any(|name| entry.merged.contains(name));
        if !merges {
            return Vec::new();
        }
        let types = def.fields.iter().filter_map(|field| field.ty.as_ref());
        types.filter_map(|ty| self.evaluator.class_named(class.file, def.function, &ty.path)).collect()
    }

    /// The text that an attribute has under a key.
    fn key(&mut self, file: FileId, facts: &SourceFacts, attribute: &Attribute, key: &str) -> Option<Symbol> {
        let value = attribute.args.iter().find_map(|arg| match facts.expr(*arg) {
            Expr::Object(object) => object.field(key),
            _ => None,
        })?;
        self.evaluator.eval(file, value).literal()
    }
}
