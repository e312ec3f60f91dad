//! Fields of an object that code elsewhere assigns: `OpenAPI.BASE = process.env.ORDERS_URL`.
//!
//! What deliberately does not live here: settings of a library's values, which the catalog names. Invariant: an object is the same as another if
//! the field's value stands in the same place, and only objects of generated code, or without a value of their own, are asked about.

use portolan_grammars::facts::{Expr, Symbol};

use super::evaluate::Evaluator;
use super::value::{ObjectValue, Source, Value};

/// Assignments of one name that are looked at.
const MAX_ASSIGNMENTS: usize = 32;

impl<'w> Evaluator<'w> {
    /// What a field of an object is assigned anywhere, where its own value is only there to be replaced.
    pub(super) fn assigned(&mut self, object: &ObjectValue, name: &Symbol) -> Option<Value> {
        let Some(Source::Expr(of, _)) = object.sources.get(name) else { return None };
        let value = object.fields.get(name)?;
        let empty = match value {
            Value::Unknown | Value::Null => false,
            Value::Text(text) => text.is_empty(),
            _ => return None,
        };
        let facts = self.facts(*of)?;
        if !facts.language.is_ecmascript() || !(empty || facts.generated) {
            return None;
        }
        let mut values = Vec::new();
        for &file in self.files_with(super::uses::Use::Assignment(name)) {
            let Some((facts, index)) = self.file(file) else { continue };
            for at in index.assignments.get(name).into_iter().flatten().take(MAX_ASSIGNMENTS) {
                let assignment = &facts.assignments[*at as usize];
                let Expr::Member { object: target, .. } = facts.expr(assignment.target) else { continue };
                if !matches!(facts.expr(*target), Expr::Name(_) | Expr::Member { .. }) {
                    continue;
                }
                let same = matches!(self.eval(file, *target), Value::Object(other) if other.sources.get(name) == object.sources.get(name));
                if same {
                    values.push(self.eval(file, assignment.value));
                }
            }
        }
        let value = Value::one_of(values);
        (!value.is_unknown()).then_some(value)
    }
}
