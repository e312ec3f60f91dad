//! Elements of lists and maps that are known by their declared types alone: `for (_, client) in &self.clients`, `self.clients.get(id)`.
//!
//! Values of such elements are instances of a class or of a library's type; what was put into the list does not live here.

use std::sync::Arc;

use portolan_grammars::facts::{Expr, ExprId, FunctionId, SourceFacts, Symbol, TypeRef};

use super::evaluate::Evaluator;
use super::index::last_segment;
use super::value::{ClassRef, Value};
use crate::FileId;

/// Calls and fields followed from a loop to a declared type.
const MAX_STEPS: u32 = 6;

/// A type, and where it is written: what its names mean depends on that.
struct Declared<'w> {
    file: FileId,
    function: FunctionId,
    ty: &'w TypeRef,
    /// Whether only a map's keys or only its values are meant.
    side: Side,
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Both,
    Keys,
    Values,
}

impl<'w> Evaluator<'w> {
    /// An element of a collection whose declared type is known; of a map, a pair.
    pub(super) fn typed_element(&mut self, file: FileId, of: ExprId) -> Option<Value> {
        let declared = self.declared_type(file, of, MAX_STEPS)?;
        let ty = held(declared.ty);
        let mut typed =
            |at: usize| ty.args.get(at).and_then(|ty| self.typed(declared.file, declared.function, ty)).unwrap_or(Value::Unknown);
        match (last_segment(&ty.path), declared.side) {
            ("HashMap" | "BTreeMap" | "DashMap" | "IndexMap" | "FxHashMap", side) => Some(match side {
                Side::Keys => typed(0),
                Side::Values => typed(1),
                Side::Both => Value::Array(Arc::from([typed(0), typed(1)])),
            }),
            ("Vec" | "VecDeque" | "HashSet" | "BTreeSet" | "IndexSet" | "SmallVec" | "[]", _) => Some(typed(0)),
            _ => None,
        }
    }

    /// The value that a map's lookup by key hands out.
    pub(super) fn typed_lookup(&mut self, file: FileId, map: ExprId) -> Option<Value> {
        let declared = self.declared_type(file, map, MAX_STEPS)?;
        let ty = held(declared.ty);
        let at = match last_segment(&ty.path) {
            "HashMap" | "BTreeMap" | "DashMap" | "IndexMap" | "FxHashMap" => 1,
            "Vec" | "VecDeque" | "SmallVec" => 0,
            _ => return None,
        };
        self.typed(declared.file, declared.function, ty.args.get(at)?)
    }

    fn declared_type(&mut self, file: FileId, expr: ExprId, steps: u32) -> Option<Declared<'w>> {
        let facts = self.facts(file)?;
        let steps = steps.checked_sub(1)?;
        let function = facts.exprs[expr.index()].function;
        match facts.expr(expr) {
            Expr::Member { object, name } => {
                let class = self.class_of(file, *object)?;
                let def = self.facts(class.file)?.type_def(class.class);
                let ty = def.fields.iter().find(|field| field.name == *name)?.ty.as_ref()?;
                Some(Declared { file: class.file, function: def.function, ty, side: Side::Both })
            }
            Expr::Name(name) => self.declared_name(file, facts, function, name, steps),
            Expr::Call(call) => {
                let Expr::Member { object, name } = facts.expr(facts.call(*call).callee) else { return None };
                let side = match name.as_str() {
                    "keys" | "into_keys" => Side::Keys,
                    "values" | "values_mut" | "into_values" => Side::Values,
                    "iter" | "iter_mut" | "into_iter" | "drain" | "clone" | "lock" | "read" | "write" | "unwrap" | "expect" | "as_ref"
                    | "as_mut" | "borrow" | "borrow_mut" | "filter" | "rev" | "skip" | "take" | "load" => Side::Both,
                    _ => return None,
                };
                let inner = self.declared_type(file, *object, steps)?;
                Some(Declared { side: if side == Side::Both { inner.side } else { side }, ..inner })
            }
            _ => None,
        }
    }

    fn declared_name(
        &mut self,
        file: FileId,
        facts: &'w SourceFacts,
        mut function: FunctionId,
        name: &Symbol,
        steps: u32,
    ) -> Option<Declared<'w>> {
        loop {
            let here = facts.function(function);
            if let Some(binding) = facts.bindings.iter().rev().find(|binding| binding.name == *name && binding.function == function) {
                return match (&binding.ty, binding.value) {
                    (Some(ty), _) => Some(Declared { file, function, ty, side: Side::Both }),
                    (None, Some(value)) => self.declared_type(file, value, steps),
                    (None, None) => None,
                };
            }
            if let Some(param) = here.params.iter().find(|param| param.name == *name) {
                return Some(Declared { file, function, ty: param.ty.as_ref()?, side: Side::Both });
            }
            if here.parent == function {
                return None;
            }
            function = here.parent;
        }
    }

    fn class_of(&mut self, file: FileId, expr: ExprId) -> Option<ClassRef> {
        match self.eval(file, expr) {
            Value::Some(class) | Value::New(class, ..) => Some(class),
            Value::Object(object) => object.class,
            Value::Param(param, path) if path.is_empty() => match self.parameter_type(param)? {
                Value::Some(class) => Some(class),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A type without what only holds it: `Arc<Mutex<T>>` is `T`.
fn held(mut ty: &TypeRef) -> &TypeRef {
    for _ in 0..6 {
        match last_segment(&ty.path) {
            "Arc" | "Rc" | "Box" | "Option" | "Mutex" | "RwLock" | "RefCell" | "Cow" | "OnceCell" | "OnceLock" | "LazyLock" | "ArcSwap"
                if !ty.args.is_empty() =>
            {
                ty = &ty.args[0];
            }
            _ => break,
        }
    }
    ty
}
