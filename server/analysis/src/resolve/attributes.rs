//! Decorators and attributes: what they mean to libraries, which values they inject, and which collections they name.
//!
//! What deliberately does not live here: the spans that they declare ([`super::spans`]).

use std::sync::Arc;

use portolan_grammars::catalog::Meaning;
use portolan_grammars::facts::{Attribute, CallId, Expr, ExprId, FunctionId, Language, SourceFacts, Symbol, TypeRef};
use rustc_hash::FxHashMap;

use super::evaluate::Evaluator;
use super::library::{CallView, LibraryCallee};
use super::spans::attribute_call;
use super::value::{CallRef, ClassRef, Instance, Value};
use crate::FileId;

impl<'w> Evaluator<'w> {
    /// The libraries that an attribute's path leads to.
    pub(super) fn attribute_callees(&mut self, file: FileId, function: FunctionId, path: &Symbol) -> Vec<LibraryCallee> {
        if matches!(
            path.as_str(),
            "derive" | "doc" | "allow" | "cfg" | "serde" | "inline" | "must_use" | "expect" | "async_trait" | "error"
        ) {
            return Vec::new();
        }
        let key = (file, path.clone());
        if let Some(found) = self.attributes.get(&key) {
            return found.clone();
        }
        let Some((facts, _)) = self.file(file) else { return Vec::new() };
        let value = if facts.language == Language::Rust {
            let segments: Vec<Symbol> = path.split("::").map(Symbol::new).collect();
            match self.rust_path_in(file, facts, function, &segments) {
                // Macros have names of their own: `#[delete("/{id}")] async fn delete()`.
                Value::Function(..) => self.macro_named(file, path).unwrap_or(Value::Unknown),
                value => value,
            }
        } else {
            self.decorator(file, path)
        };
        let found = self.library_callees(facts.language.into(), &value);
        self.attributes.insert(key, found.clone());
        found
    }

    /// The libraries that an attribute of a function leads to: by its path, else as a word of the macro that stands on the whole block around the
    /// function, `#[oai(…)]` below `#[OpenApi]`.
    pub(super) fn function_attribute_callees(&mut self, file: FileId, function: FunctionId, path: &Symbol) -> Vec<LibraryCallee> {
        let mut found = self.attribute_callees(file, function, path);
        let Some(facts) = self.facts(file).filter(|facts| found.is_empty() && facts.language == Language::Rust) else { return found };
        for around in attributes_around(facts, function) {
            for of in self.attribute_callees(file, FunctionId::MODULE, &around.path) {
                found.push(LibraryCallee { name: path.to_string(), ..of });
            }
        }
        found
    }

    /// What a decorator is.
    fn decorator(&mut self, file: FileId, path: &Symbol) -> Value {
        let Some((facts, index)) = self.file(file) else { return Value::Unknown };
        let mut segments = path.split('.');
        let first = Symbol::new(segments.next().unwrap_or_default());
        let Some(at) = index.imports.get(&first).and_then(|all| all.first()) else { return Value::Unknown };
        let value = self.ecmascript_import(file, &facts.imports[*at as usize]);
        segments.fold(value, |value, segment| self.member(&value, &segment.into(), None))
    }

    /// Whether a decorator is a library's, or one of the workspace that a library's function makes: `() => SetMetadata("handles", …)` marks a
    /// method for whoever looks for it.
    pub(super) fn is_decorated_by_library(&mut self, file: FileId, path: &Symbol) -> bool {
        match self.decorator(file, path) {
            Value::External(..) => true,
            Value::Function(made_by, _) => self.facts(made_by.file).is_some_and(|facts| {
                let mut returned = facts.function(made_by.function).returns.iter();
                returned.any(|returned| self.is_made_by_library(made_by.file, facts, *returned))
            }),
            _ => false,
        }
    }

    /// Whether an expression is what a function of a library gives back.
    pub(super) fn is_made_by_library(&mut self, file: FileId, facts: &SourceFacts, made: ExprId) -> bool {
        let Expr::Call(call) = facts.expr(made) else { return false };
        matches!(self.eval(file, facts.call(*call).callee), Value::External(package, _) if package != "global")
    }

    /// The value that a decorator of a parameter or field injects. Its declared type wins where it is a library's, and keeps what is captured.
    pub(super) fn injected(&mut self, file: FileId, function: FunctionId, attributes: &[Attribute], ty: Option<&TypeRef>) -> Option<Value> {
        if attributes.is_empty() {
            return None;
        }
        let value = self.injected_value(file, attributes)?;
        let typed = ty.and_then(|ty| self.typed(file, function, ty));
        let Some(Value::Instance(declared)) = typed else { return Some(value) };
        let values = value.alternatives().iter().map(|value| match value {
            Value::Instance(made) if made.library != declared.library || made.type_name != declared.type_name => {
                let mut one = (*declared).clone();
                one.captures.extend(made.captures.iter().map(|(name, value)| (name.clone(), value.clone())));
                Value::Instance(Arc::new(one))
            }
            value => value.clone(),
        });
        Some(Value::one_of(values))
    }

    fn injected_value(&mut self, file: FileId, attributes: &[Attribute]) -> Option<Value> {
        for attribute in attributes {
            for found in self.attribute_callees(file, FunctionId::MODULE, &attribute.path) {
                for meaning in self.cx.catalog.attribute_meanings(found.library, &found.name).iter() {
                    let Meaning::Injected(entry) = meaning else { continue };
                    let call = attribute_call(attribute);
                    let view = CallView { site: CallRef { file, call: CallId(0) }, call: &call, callee: &found, members: &[] };
                    if let Some(token) = &entry.token {
                        let Some(value) = self.provided(token, &view).or_else(|| self.registered(token, &view)) else { continue };
                        return Some(value);
                    }
                    let mut captures = FxHashMap::default();
                    for (name, selector) in &entry.captures {
                        if let Some(value) = self.select(selector, &view) {
                            captures.insert(name.clone(), value);
                        }
                    }
                    return Some(Value::Instance(Arc::new(Instance {
                        library: found.library as u32,
                        type_name: entry.type_name.clone(),
                        captures,
                        members: Vec::new(),
                        origin: None,
                        root: None,
                        param: None,
                    })));
                }
            }
        }
        None
    }

    /// The collection that a class stands for, as its decorator says, the library's class that it derives from, or its name.
    pub(super) fn collection_of_class(&mut self, class: ClassRef) -> Option<Symbol> {
        let def = self.facts(class.file)?.type_def(class.class);
        for attribute in &def.attributes {
            for found in self.attribute_callees(class.file, def.function, &attribute.path) {
                for meaning in self.cx.catalog.attribute_meanings(found.library, &found.name).iter() {
                    let Meaning::Entity(entry) = meaning else { continue };
                    let call = attribute_call(attribute);
                    let view = CallView { site: CallRef { file: class.file, call: CallId(0) }, call: &call, callee: &found, members: &[] };
                    return match self.select_text(&entry.collection, &view) {
                        Some(name) => name.literal(),
                        None => Some(super::data::collection_name(&def.name, entry.naming)),
                    };
                }
            }
        }
        self.collection_of_model_class(class)
    }
}

/// The attributes of the class, trait or `impl` block that a function is written in.
pub(super) fn attributes_around(facts: &SourceFacts, function: FunctionId) -> &[Attribute] {
    let declared = facts.function(function);
    match declared.owner {
        Some(owner) => &facts.type_def(owner).attributes,
        None if declared.impl_of.is_some() => {
            facts.impls.iter().find(|block| block.methods.contains(&function)).map_or(&[], |block| &block.attributes)
        }
        None => &[],
    }
}
