//! Writes that leave more behind each time they are done: one more row, a number that has grown.
//!
//! What deliberately does not live here: statements, which [`super::sql`] reads, and what a schema says of keys. Invariant: where something may keep
//! a write from adding that cannot be followed, it does not add.

use portolan_grammars::catalog::{Adds, Selector};

use super::library::CallView;
use super::limits::{following, may_have};
use super::link::Linker;
use super::spans::Walk;
use super::value::Value;

/// Names of fields that are a row's key; who sets one has it refused the second time, if it is the same.
const KEYS: [&str; 4] = ["id", "_id", "uuid", "guid"];

/// Whether a column or field of this name is a row's key.
pub(super) fn is_key(name: &str) -> bool {
    KEYS.iter().any(|key| key.eq_ignore_ascii_case(name))
}

impl<'w> Linker<'w> {
    /// Whether a library's call adds each time.
    pub(super) fn adds(&mut self, walk: &Walk<'w>, view: &CallView<'_>, adds: &Adds) -> bool {
        if adds.unless.as_ref().is_some_and(|selector| self.evaluator.may_say(selector, view)) {
            return false;
        }
        if adds.unless_by.as_ref().is_some_and(|methods| following(walk.facts, view.site.call, methods).is_some()) {
            return false;
        }
        if let Some(given) = &adds.given {
            return self.evaluator.says(given, view);
        }
        let mut rows: Vec<Option<Value>> = adds.row.iter().map(|selector: &Selector| self.evaluator.select(selector, view)).collect();
        if let Some(methods) = &adds.row_by {
            let argument = following(walk.facts, view.site.call, methods).and_then(|call| call.args.first());
            rows.push(argument.map(|argument| self.evaluator.eval(view.site.file, argument.value)));
        }
        rows.iter().all(|row| row.as_ref().is_some_and(has_no_key))
    }
}

/// Whether a row is known to have no key of its own.
fn has_no_key(row: &Value) -> bool {
    match row {
        Value::Array(rows) => !rows.is_empty() && rows.iter().all(has_no_key),
        row => matches!(row, Value::Object(_)) && !KEYS.iter().any(|key| may_have(row, Some(key))),
    }
}
