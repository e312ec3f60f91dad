//! Values that many files ask for, found once for all of them.
//!
//! Each file is linked by an evaluator of its own, so what it takes of others is found anew for each file that takes it. For most constants that
//! is next to nothing; for a schema of a thousand environment variables, which half a workspace imports, it is nearly all there is to do, and
//! functions are asked for what they give back by whoever calls them. What deliberately does not live here: what a value is. Invariant: a shared
//! value depends on the facts alone, not on who asks first. So an evaluator that starts from nothing finds it, and one that looks for what a
//! function gives back takes no other function's result from here, one that looks for an initializer nothing at all: no two wait for one another.

use std::hash::Hash;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use portolan_grammars::facts::{Expr, ExprId, FunctionId, SourceFacts, Symbol};
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::dependencies::Dependencies;
use super::evaluate::{Context, Evaluator};
use super::value::Value;
use crate::{FileId, FunctionRef};

/// Expressions from which on an initializer counts as long.
const LONG: usize = 64;

type Found = Arc<OnceLock<(Value, Dependencies)>>;

/// Values that were found, with what they depend on, while the facts stay as they are.
#[derive(Debug)]
pub struct Shared<K: Eq + Hash>(DashMap<K, Found, FxBuildHasher>);

impl<K: Eq + Hash> Default for Shared<K> {
    fn default() -> Self {
        Self(DashMap::default())
    }
}

impl<K: Eq + Hash> Shared<K> {
    fn found(&self, key: K) -> Found {
        self.0.entry(key).or_default().clone()
    }
}

/// What is found once for all files.
#[derive(Debug, Default)]
pub struct SharedValues {
    /// What long initializers stand for.
    pub initializers: Shared<(FileId, ExprId)>,
    /// What functions give back.
    pub results: Shared<FunctionRef>,
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
        let Some(shared) = self.cx.initializers.filter(|_| !self.has_or_owns(file, id)) else { return self.eval(file, id) };
        if self.file(file).is_none_or(|(_, index)| index.long_initializers.binary_search(&id).is_err()) {
            return self.eval(file, id);
        }
        let nothing_shared = Context { initializers: None, results: None, ..self.cx };
        let value = self.adopt(&shared.found((file, id)), file, nothing_shared, |evaluator| evaluator.eval(file, id));
        self.keep(file, id, value.clone());
        value
    }

    /// What a function of another file gives back; `None` where this evaluator is to find it.
    pub(super) fn shared_result(&mut self, function: FunctionRef) -> Option<Value> {
        let shared = self.cx.results.filter(|_| !self.owns(function.file))?;
        let no_results = Context { results: None, ..self.cx };
        Some(self.adopt(&shared.found(function), function.file, no_results, |evaluator| evaluator.result_of(function)))
    }

    /// Takes a value that was found, or has an evaluator of its own find it, and depends on what it depends on.
    fn adopt<'w>(&mut self, found: &Found, file: FileId, cx: Context<'w>, find: impl FnOnce(&mut Evaluator<'w>) -> Value) -> Value {
        let (value, dependencies) = found.get_or_init(|| {
            let mut evaluator = Evaluator::new(cx, file);
            let value = find(&mut evaluator);
            (value, evaluator.into_dependencies())
        });
        self.depend_on(dependencies);
        value.clone()
    }
}
