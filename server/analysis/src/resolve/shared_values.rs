//! Values of long initializers, found once for all files that name them.
//!
//! Each file is linked by an evaluator of its own, so what a module's constant stands for is found anew for each file that imports it. For
//! most constants that is next to nothing; for a schema of a thousand environment variables, which half a workspace imports, it is nearly all
//! there is to do. What deliberately does not live here: what a value is. Invariant: a shared value depends on the facts alone, not on who
//! asks first, as an evaluator that starts from nothing finds it, which takes no shared values itself.

use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use portolan_grammars::facts::{Expr, ExprId, FunctionId, SourceFacts, Symbol};
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::dependencies::Dependencies;
use super::evaluate::{Context, Evaluator};
use super::value::Value;
use crate::FileId;

/// Expressions from which on an initializer counts as long.
const LONG: usize = 64;

type Found = Arc<OnceLock<(Value, Dependencies)>>;

/// What long initializers stand for, with what that depends on, while the facts stay as they are.
#[derive(Debug, Default)]
pub struct SharedValues(DashMap<(FileId, ExprId), Found, FxBuildHasher>);

impl SharedValues {
    fn found(&self, file: FileId, id: ExprId) -> Found {
        self.0.entry((file, id)).or_default().clone()
    }
}

/// The long initializers of a module's names, sorted: those of many expressions, and those that name such a one beside them.
pub(super) fn long_initializers(facts: &SourceFacts) -> Box<[ExprId]> {
    let mut long = Vec::new();
    let mut names: FxHashSet<&Symbol> = FxHashSet::default();
    let module = facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE);
    let bound = module.filter_map(|binding| Some((&binding.name, binding.value?)));
    for (name, value) in bound.chain(facts.exports.iter().map(|export| (&export.name, export.value))) {
        if is_long(facts, value, &names) {
            long.push(value);
            names.insert(name);
        }
    }
    long.sort_unstable();
    long.dedup();
    long.into()
}

/// Whether an initializer is long; `names` are those of long ones.
fn is_long(facts: &SourceFacts, value: ExprId, names: &FxHashSet<&Symbol>) -> bool {
    if matches!(facts.expr(value), Expr::Closure(_) | Expr::Class(_)) {
        return false;
    }
    let range = facts.expr_range(value);
    // What an expression is made of stands before it.
    let parts = facts.exprs[..=value.index()].iter().rev().take_while(|part| range.contains(part.range));
    let mut count = 0;
    parts.take(LONG).any(|part| {
        count += 1;
        count == LONG || matches!(&part.kind, Expr::Name(name) if names.contains(name))
    })
}

impl Evaluator<'_> {
    /// What an initializer of a module's name, or what is exported, stands for.
    pub(super) fn initializer(&mut self, file: FileId, id: ExprId) -> Value {
        let Some(shared) = self.cx.shared.filter(|_| !self.has_or_owns(file, id)) else { return self.eval(file, id) };
        if self.file(file).is_none_or(|(_, index)| index.long_initializers.binary_search(&id).is_err()) {
            return self.eval(file, id);
        }
        let found = shared.found(file, id);
        let (value, dependencies) = found.get_or_init(|| {
            let mut evaluator = Evaluator::new(Context { shared: None, ..self.cx }, file);
            let value = evaluator.eval(file, id);
            (value, evaluator.into_dependencies())
        });
        self.adopt(file, id, value.clone(), dependencies);
        value.clone()
    }
}
