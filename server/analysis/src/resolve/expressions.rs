//! What the kinds of expressions stand for that are made of others: `this`, members, elements, objects, one of several.
//!
//! What deliberately does not live here: names, calls and members of values, which have files of their own ([`super::members`],
//! [`super::ecmascript`], [`super::rust_paths`]).

use std::sync::Arc;

use portolan_grammars::facts::{Entry, Expr, ExprId, FunctionId, Language, Object, SourceFacts, Symbol, VARIANT};

use super::classes::this_of_field;
use super::collections::iterated;
use super::evaluate::{ANY_METHOD, Evaluator, around, is_library};
use super::keyed::under_key;
use super::value::{ObjectValue, Source, Value};
use crate::FileId;

impl<'w> Evaluator<'w> {
    /// `this`, `self`.
    pub(super) fn this_value(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, id: ExprId) -> Value {
        match self.this_class(file, facts, function).or_else(|| this_of_field(file, facts, function, id)) {
            class if facts.language == Language::Rust && self.may_be_client(file, class) => {
                let client = self.client_around(file, facts, function);
                client.or(class.map(Value::Some)).unwrap_or(Value::Unknown)
            }
            Some(class) => Value::Some(class),
            None => self.this_object(file, facts, function).map_or(Value::Unknown, |object| self.eval(file, object)),
        }
    }

    /// `object.name`.
    pub(super) fn member_value(&mut self, file: FileId, facts: &'w SourceFacts, id: ExprId, object: ExprId, name: &Symbol) -> Value {
        if name == VARIANT && matches!(facts.expr(object), Expr::This) {
            return self.own_variant(file, facts, facts.exprs[id.index()].function);
        }
        let of = self.eval(file, object);
        if facts.language == Language::Rust
            && let Some(method) = self.called_method(file, facts, id, &of, name)
        {
            return method;
        }
        match self.member(&of, name, Some(Source::Expr(file, id))) {
            Value::Unknown if matches!(facts.expr(object), Expr::This) => {
                let function = facts.exprs[id.index()].function;
                let open = self.open_field(file, facts, function, &of, name);
                open.or_else(|| match of {
                    // In a static method, `this` is the class.
                    Value::Some(class) if facts.language.is_ecmascript() && is_in_static(facts, function) => {
                        Some(self.static_member(class, name))
                    }
                    // What a framework lays on the objects that it is given, goes by its name as their parameters do.
                    Value::Unknown | Value::Object(_) => self.customary_value(file, name, None),
                    _ => None,
                })
                .unwrap_or(Value::Unknown)
            }
            member => member,
        }
    }

    /// `object[index]`.
    pub(super) fn index_value(&mut self, file: FileId, facts: &'w SourceFacts, id: ExprId, of: ExprId, key: ExprId) -> Value {
        let object = self.eval(file, of);
        let index = self.eval(file, key);
        let keys: Option<Vec<Symbol>> = index.alternatives().iter().map(Value::literal).collect();
        // A method of a library that several words name is looked up as a call is made.
        if let Some(keys) = keys.filter(|keys| keys.len() == 1 || !is_library(&object)) {
            let members: Vec<Value> = keys.iter().map(|key| self.member(&object, key, Some(Source::Expr(file, id)))).collect();
            return match Value::one_of(members) {
                Value::Unknown => self.put_by_key(file, facts, of, key),
                members => members,
            };
        }
        // A method that only running code names: `axios[method](url)`.
        if is_library(&object) && !index.is_unknown() {
            return self.member(&object, &ANY_METHOD.into(), None);
        }
        let source = Source::Keyed(file, of);
        let held = object.alternatives().iter().flat_map(|object| match object {
            Value::Array(items) => items.to_vec(),
            Value::Object(object) => object.in_order().iter().map(|(name, value)| under_key(value, name, &index, source)).collect(),
            _ => Vec::new(),
        });
        match Value::one_of(held) {
            Value::Unknown => self.put_by_key(file, facts, of, key),
            value => value,
        }
    }

    /// One of what a list has.
    pub(super) fn element_value(&mut self, file: FileId, facts: &'w SourceFacts, of: ExprId) -> Value {
        let list = self.eval(file, iterated(facts, of));
        let elements = self.elements(&list);
        if elements.is_unknown() && facts.language == Language::Rust {
            let typed = self.typed_element(file, of).filter(|element| !element.is_unknown());
            return typed.or_else(|| self.mapped_element(file, of)).unwrap_or(elements);
        }
        elements
    }

    /// An object or struct literal.
    pub(super) fn object_value(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, object: &'w Object) -> Value {
        let mut value = ObjectValue::default();
        if !object.type_path.is_empty() {
            value.class = self.class_named(file, function, &object.type_path);
            // A struct that a derive makes for a library.
            if value.class.is_none()
                && facts.language == Language::Rust
                && let Some(made) = self.made_type(file, facts, function, &object.type_path)
            {
                return made;
            }
        }
        for entry in &object.entries {
            match entry {
                Entry::Field { name, value: expr, .. } => {
                    value.fields.insert(name.clone(), self.eval(file, *expr));
                    value.sources.insert(name.clone(), Source::Expr(file, *expr));
                }
                Entry::Computed { key, value: expr } => {
                    if let Some(name) = self.eval(file, *key).literal() {
                        value.fields.insert(name.clone(), self.eval(file, *expr));
                        value.sources.insert(name, Source::Expr(file, *expr));
                    }
                }
                Entry::Spread(expr) => {
                    let other = self.eval(file, *expr);
                    value.spread(other);
                }
            }
        }
        Value::Object(Arc::new(value))
    }

    /// One of several, each with what must hold for it.
    pub(super) fn choice_value(&mut self, file: FileId, facts: &'w SourceFacts, id: ExprId, arms: &[ExprId]) -> Value {
        let all = facts.expr_range(id);
        let mut values = Vec::with_capacity(arms.len());
        for arm in arms {
            let value = self.eval(file, *arm);
            values.push(self.in_its_cases(value, file, facts, *arm, Some(all)));
        }
        Value::one_of(values)
    }
}

/// Whether the method around some code is one of the class itself.
fn is_in_static(facts: &SourceFacts, function: FunctionId) -> bool {
    let mut members = around(facts, function).map(|at| facts.function(at)).filter(|declared| declared.owner.is_some());
    members.next().is_some_and(|method| !method.has_self)
}
