//! Values that were found already, by expression.
//!
//! Nearly all that one file's linking asks for is its own: those values lie in the order of its expressions. What deliberately does not live
//! here: what may be kept.

use portolan_grammars::facts::ExprId;
use rustc_hash::FxHashMap;

use super::value::Value;
use crate::FileId;

/// Values of one file's expressions, and of some of others.
#[derive(Debug)]
pub(super) struct Memo {
    file: FileId,
    own: Vec<Option<Value>>,
    others: FxHashMap<(FileId, ExprId), Value>,
}

impl Memo {
    /// Nothing yet, for a file with so many expressions.
    pub(super) fn new(file: FileId, expressions: usize) -> Self {
        Self { file, own: vec![None; expressions], others: FxHashMap::default() }
    }

    /// Whether a file is the one that most values are of.
    pub(super) fn is_own(&self, file: FileId) -> bool {
        file == self.file
    }

    /// The value of an expression, if it was found.
    pub(super) fn get(&self, file: FileId, id: ExprId) -> Option<&Value> {
        if file == self.file { self.own.get(id.index())?.as_ref() } else { self.others.get(&(file, id)) }
    }

    /// Keeps the value of an expression.
    pub(super) fn insert(&mut self, file: FileId, id: ExprId, value: Value) {
        match self.own.get_mut(id.index()).filter(|_| file == self.file) {
            Some(own) => *own = Some(value),
            None => {
                self.others.insert((file, id), value);
            }
        }
    }
}
