//! What a library's call hands to a function among its arguments: `transaction(async (tx) => …)`, and objects that have such a value.
//!
//! What deliberately does not live here: what a call gives back, see [`super::library`]. Invariant: of an object only those fields are a library's that
//! its catalog knows; any other is the parameter's own, as if nothing were known of it.

use std::sync::Arc;

use portolan_grammars::catalog::{self, Family, GivenTo, Meaning};
use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::evaluate::Evaluator;
use super::library::CallView;
use super::value::{CallRef, ObjectValue, ParamRef, Value};
use crate::FunctionRef;

impl<'w> Evaluator<'w> {
    /// The value that a library's call hands to a parameter of a function among its arguments: `transaction(async (tx) => …)`.
    pub(super) fn given(&mut self, function: FunctionRef, parameter: u32) -> Option<Value> {
        let (_, index) = self.file(function.file)?;
        let (id, position, key) = match index.argument_of.get(&function.function) {
            Some(&(call, position)) => (call, position, None),
            None => {
                let (call, position, key) = index.option_of.get(&function.function)?;
                (*call, *position, Some(key))
            }
        };
        let given = self.handed_over(CallRef { file: function.file, call: id }, position, key, parameter)?;
        Some(with_its_own(given, ParamRef { function, index: parameter }))
    }

    /// The value that a library's call hands to a parameter of the function at a position among its arguments, or below a key there.
    pub(super) fn handed_over(&mut self, site: CallRef, position: u32, key: Option<&Symbol>, parameter: u32) -> Option<Value> {
        let (facts, index) = self.file(site.file)?;
        let call = facts.call(site.call);
        let family = Family::from(facts.language);
        // Only the library's own functions hand something out; most closures are given to others.
        let name = super::index::callee_name(facts, call.callee)?;
        if !self.cx.catalog.may_give(family, name) && !index.imports.contains_key(name) && !index.bindings.contains_key(name) {
            return None;
        }
        let callee = self.eval(site.file, call.callee);
        for callee in callee.alternatives().to_vec() {
            for found in self.library_callees(family, &callee) {
                let meanings = self.meanings(&found);
                for meaning in meanings.iter() {
                    let Meaning::Value(entry) = meaning else { continue };
                    let Some(to) = &entry.given_to else { continue };
                    let argument = if to.argument < 0 { call.args.len() as i32 + to.argument } else { to.argument };
                    if argument == position as i32 && to.parameter == parameter && to.key.as_ref() == key {
                        let view = CallView { site, call, callee: &found, members: &meanings.members };
                        return self.handed_as(entry, to, &view);
                    }
                }
            }
        }
        None
    }

    /// The value that is handed over, or an object that has it, with what the catalog knows of that object besides.
    fn handed_as(&mut self, entry: &catalog::Value, to: &GivenTo, view: &CallView<'_>) -> Option<Value> {
        if to.field.is_none() && to.fields.is_empty() {
            return Some(self.handed_out(entry, view));
        }
        let mut fields = FxHashMap::default();
        for (name, selector) in &to.fields {
            fields.extend(self.select(selector, view).map(|value| (name.clone(), value)));
        }
        fields.extend(to.field.as_ref().map(|name| (name.clone(), self.handed_out(entry, view))));
        (!fields.is_empty()).then(|| Value::Object(Arc::new(ObjectValue { fields, ..ObjectValue::default() })))
    }
}

/// An object with what was added lying over it; a field that only some of several additions have may be the object's own still.
pub(super) fn overlaid(before: Option<&Value>, added: &Value) -> Value {
    let additions: Vec<Option<&ObjectValue>> = added.alternatives().iter().map(as_object).collect();
    let mut over = ObjectValue::default();
    for name in additions.iter().flatten().flat_map(|addition| addition.fields.keys()) {
        let own = before.and_then(as_object).and_then(|before| before.fields.get(name));
        let values = additions.iter().filter_map(|addition| addition.and_then(|addition| addition.fields.get(name)).or(own));
        over.fields.insert(name.clone(), Value::one_of(values.cloned()));
    }
    let over = Value::Object(Arc::new(over));
    let Some(before) = before else { return over };
    Value::one_of(before.alternatives().iter().map(|before| {
        let mut whole = ObjectValue::default();
        whole.spread(before.clone());
        whole.spread(over.clone());
        Value::Object(Arc::new(whole))
    }))
}

fn as_object(value: &Value) -> Option<&ObjectValue> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// What a library hands over as an object with some fields known, and what is known of no field is the parameter's own, as deep as that goes.
fn with_its_own(given: Value, param: ParamRef) -> Value {
    let Value::Object(known) = &given else { return given };
    let mut whole = (**known).clone();
    for (name, field) in &mut whole.fields {
        if let Value::Object(object) = field {
            let own = Value::Param(param, Arc::from([name.clone()]));
            let rest = object.rest.iter().cloned().chain([own]).collect();
            *field = Value::Object(Arc::new(ObjectValue { rest, ..(**object).clone() }));
        }
    }
    whole.rest.push(Value::Param(param, Arc::from([])));
    Value::Object(Arc::new(whole))
}
