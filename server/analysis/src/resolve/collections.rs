//! Elements of lists and maps that are known by their declared types alone: `for (_, client) in &self.clients`, `self.clients.get(id)`.
//!
//! Values of such elements are instances of a class or of a library's type; what was put into the list does not live here.

use std::sync::Arc;

use portolan_grammars::facts::{Binding, CallId, Expr, ExprId, FunctionId, FunctionKind, Param, SourceFacts, Symbol, TypeDef, TypeRef};

use super::evaluate::{Evaluator, inside};
use super::index::{callee_name, last_segment};
use super::value::{CallRef, ClassRef, ParamRef, Value};
use crate::{FileId, FunctionRef};

/// Calls and fields followed from a loop to a declared type.
const MAX_STEPS: u32 = 6;
/// Values put into one list that are looked at.
const MAX_PUSHED: usize = 16;

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

/// The member of a parameter that stands for each element of the list that callers pass.
pub(super) const EACH: &str = "*";

/// Methods of lists and of what may be there that call a function with what they hold.
const HANDS_ELEMENTS: [&str; 12] =
    ["and_then", "every", "filter", "filter_map", "find", "flatMap", "flat_map", "forEach", "for_each", "map", "map_err", "some"];

impl<'w> Evaluator<'w> {
    /// The elements of a list.
    pub fn elements(&mut self, of: &Value) -> Value {
        let mut items: Vec<Value> = Vec::new();
        for value in of.alternatives() {
            match value {
                Value::Array(known) => items.extend(known.iter().cloned()),
                Value::Param(param, path) if self.is_of_settings(*param) => {
                    if let Some(Value::Array(known)) = self.passed_settings(*param, path) {
                        items.extend(known.iter().cloned());
                    }
                }
                Value::Param(param, path) if self.is_list_passed(*param, path) => items.push(self.member(value, &EACH.into(), None)),
                _ => {}
            }
        }
        Value::one_of(items)
    }

    /// Whether callers decide what a list holds that a parameter of ECMAScript is, or a field of one.
    fn is_list_passed(&mut self, param: ParamRef, path: &[Symbol]) -> bool {
        !param.is_own_object()
            && path.last().is_none_or(|last| last != EACH)
            && self.facts(param.function.file).is_some_and(|facts| facts.language.is_ecmascript())
    }

    /// What a callback's parameter is by what calls it: an element, for `items.map(item => …)`, and what was waited for, for
    /// `load().then(value => …)`.
    pub(super) fn handed_by_builtin(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, index: u32) -> Option<Value> {
        if facts.function(function).kind != FunctionKind::Closure || index != 0 {
            return None;
        }
        let &(call, position) = self.file(file)?.1.argument_of.get(&function)?;
        let Expr::Member { object, name } = facts.expr(facts.call(call).callee) else { return None };
        let (over, name) = (*object, name.as_str());
        if name == "then" && facts.language.is_ecmascript() {
            return Some(self.eval(file, over)).filter(|value| position == 0 && !value.is_unknown());
        }
        if !HANDS_ELEMENTS.contains(&name) {
            return None;
        }
        let object = self.eval(file, iterated(facts, over));
        let elements = match self.elements(&object) {
            Value::Unknown => self.iterated_element(file, facts, over).unwrap_or(Value::Unknown),
            elements => elements,
        };
        let is_list = !elements.is_unknown() || matches!(object, Value::Array(_) | Value::OneOf(_));
        let value = if name == "and_then" || (name == "map" && !is_list) { object } else { elements };
        Some(value).filter(|value| !value.is_unknown())
    }

    /// What is put into a list after it was made: `list.push(x)`, Rust's `list.extend(others)`.
    pub(super) fn pushed(&mut self, file: FileId, facts: &'w SourceFacts, binding: &Binding) -> Vec<Value> {
        let Some((_, index)) = self.file(file) else { return Vec::new() };
        let mut pushed = Vec::new();
        let rust = !facts.language.is_ecmascript();
        // Another variable of that name takes what is put into it from there on.
        let is_next =
            |other: &&Binding| other.name == binding.name && other.function == binding.function && other.range.start > binding.range.start;
        let next = facts.bindings.iter().filter(is_next).map(|other| other.range.end).min().filter(|_| rust);
        let before = next.unwrap_or(u32::MAX);
        for name in if rust { &["push", "extend"][..] } else { &["push"] } {
            for call in index.calls.get(*name).into_iter().flatten().map(|call| facts.call(*call)) {
                let Expr::Member { object, .. } = facts.expr(call.callee) else { continue };
                if !matches!(facts.expr(*object), Expr::Name(name) if *name == binding.name)
                    || !inside(facts, call.function, binding.function)
                    || rust && !(binding.range.start..before).contains(&call.range.start)
                {
                    continue;
                }
                for argument in call.args.iter().filter(|argument| !argument.spread).take(MAX_PUSHED) {
                    match self.eval(file, argument.value) {
                        Value::Array(items) if *name == "extend" => pushed.extend(items.iter().take(MAX_PUSHED).cloned()),
                        _ if *name == "extend" => {}
                        one => pushed.push(one),
                    }
                }
                if pushed.len() >= MAX_PUSHED {
                    return pushed;
                }
            }
        }
        pushed
    }

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

    /// An element of a collection of a declared type that an expression goes over: `self.clients.values_mut()`.
    pub(super) fn iterated_element(&mut self, file: FileId, facts: &SourceFacts, over: ExprId) -> Option<Value> {
        // What is not an iterator may hold the collection as a whole: an option's `map` is given that.
        let mut next = over;
        for _ in 0..MAX_STEPS {
            let Expr::Call(call) = facts.expr(next) else { return None };
            let Expr::Member { object, name } = facts.expr(facts.call(*call).callee) else { return None };
            match name.as_str() {
                "iter" | "iter_mut" | "into_iter" | "values" | "values_mut" | "into_values" | "keys" | "into_keys" | "drain" => {
                    return self.typed_element(file, over);
                }
                "filter" | "rev" | "skip" | "take" | "cloned" | "copied" => next = *object,
                _ => return None,
            }
        }
        None
    }

    /// An element of what is collected of a closure's results: `clients.iter().map(|client| client.clone()).collect::<Vec<_>>()`.
    pub(super) fn mapped_element(&mut self, file: FileId, of: ExprId) -> Option<Value> {
        let facts = self.facts(file)?;
        let mut next = of;
        for _ in 0..MAX_STEPS {
            next = match facts.expr(next) {
                Expr::Name(name) => {
                    let function = facts.exprs[next.index()].function;
                    let (_, index) = self.file(file)?;
                    let bindings = index.bindings.get(name)?.iter().map(|at| &facts.bindings[*at as usize]);
                    let mut own = bindings.filter(|binding| inside(facts, function, binding.function));
                    let value = own.next()?.value?;
                    // Of several by one name, which one is meant is not known here.
                    if own.next().is_some() {
                        return None;
                    }
                    value
                }
                Expr::Call(call) => {
                    let call = facts.call(*call);
                    let Expr::Member { object, name } = facts.expr(call.callee) else { return None };
                    match name.as_str() {
                        "collect" | "iter" | "iter_mut" | "into_iter" | "filter" | "rev" | "skip" | "take" | "cloned" => *object,
                        "map" => {
                            let Value::Function(each, _) = self.eval(file, call.args.first()?.value) else { return None };
                            return Some(self.result_of(each)).filter(|value| !value.is_unknown());
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            };
        }
        None
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

    /// What a closure is called with by the function that it is given to, as that declares it: `with(|client| …)` of
    /// `fn with(&self, work: impl Fn(&mut Client))`. A type parameter is what the type of the receiver says.
    pub(super) fn called_with(&mut self, closure: FunctionRef, parameter: u32) -> Option<Value> {
        let (facts, index) = self.file(closure.file)?;
        let &(id, position) = index.argument_of.get(&closure.function)?;
        let call = facts.call(id);
        let name = callee_name(facts, call.callee)?;
        if facts.function(closure.function).params.get(parameter as usize)?.ty.is_some() || !self.is_function(name) {
            return None;
        }
        let callee = self.eval(closure.file, call.callee);
        for callee in callee.alternatives().to_vec() {
            let Value::Function(called, _) = callee else { continue };
            let Some(declaring) = self.facts(called.file) else { continue };
            let declared = declaring.function(called.function);
            if let Some(value) = self.calls_with(called, position, parameter) {
                return Some(value);
            }
            let Some(ty) = declared.params.get(position as usize).and_then(|param| param.inputs.get(parameter as usize)) else { continue };
            if let Some(typed) = self.typed(called.file, called.function, ty) {
                return Some(typed);
            }
            let Expr::Member { object, .. } = facts.expr(call.callee) else { continue };
            let class = declared.impl_of.as_ref().and_then(|name| self.class_named(called.file, FunctionId::MODULE, name));
            let class = class.or(declared.owner.map(|class| ClassRef { file: called.file, class }));
            let at = class.and_then(|class| {
                let params = &self.facts(class.file)?.type_def(class.class).type_params;
                params.iter().position(|param| *param == ty.path)
            });
            let (Some(at), Some(of)) = (at, self.declared_type(closure.file, *object, MAX_STEPS)) else { continue };
            if let Some(typed) = held(of.ty).args.get(at).and_then(|ty| self.typed(of.file, of.function, ty)) {
                return Some(typed);
            }
        }
        None
    }

    /// The object that a function calls the function with that it is given for a parameter, or has a library call it with:
    /// `const client = await pool.connect(); return work(client);`, `pool.connect(work)`.
    fn calls_with(&mut self, function: FunctionRef, position: u32, parameter: u32) -> Option<Value> {
        let (facts, index) = self.file(function.file)?;
        let name = &facts.function(function.function).params.get(position as usize)?.name;
        let own = Value::Param(ParamRef { function, index: position }, Arc::from([]));
        let mut found = Vec::new();
        for &id in index.calls.get(name).into_iter().flatten() {
            let call = facts.call(id);
            if inside(facts, call.function, function.function)
                && matches!(facts.expr(call.callee), Expr::Name(_))
                && self.eval(function.file, call.callee) == own
                && let Some(argument) = call.args.get(parameter as usize)
            {
                found.push(self.eval(function.file, argument.value));
            }
        }
        if found.is_empty() {
            let is_own = |expr: ExprId| matches!(facts.expr(expr), Expr::Name(of) if of == name);
            let calls = facts.calls.iter().enumerate().filter(|(_, call)| inside(facts, call.function, function.function));
            for (at, call) in calls {
                let Some(position) = call.args.iter().position(|argument| is_own(argument.value)) else { continue };
                let site = CallRef { file: function.file, call: CallId(at as u32) };
                found.extend(self.handed_over(site, position as u32, None, parameter));
            }
        }
        let is_object = |value: &Value| matches!(value, Value::Instance(_) | Value::New(..) | Value::Some(_)) && !value.has_param();
        let mut objects: Vec<Value> = Value::one_of(found).alternatives().to_vec();
        objects.retain(is_object);
        (!objects.is_empty()).then(|| Value::one_of(objects))
    }

    /// What a function that is given gives back, where that is of the type of its only argument: a builder or router with something added to it.
    pub(super) fn handed_back(&mut self, given: ParamRef, site: CallRef) -> Option<Value> {
        let declared = self.facts(given.function.file)?.function(given.function.function).params.get(given.index as usize)?;
        let result = declared.ty.as_ref().filter(|ty| ty.path == "fn")?.args.first()?;
        if !matches!(declared.inputs.as_slice(), [input] if is_same(input, result)) {
            return None;
        }
        let argument = self.facts(site.file)?.call(site.call).args.first()?.value;
        Some(self.eval(site.file, argument)).filter(|value| matches!(value, Value::Instance(_)))
    }

    /// What an expression is declared to be, and where its names mean something.
    pub(super) fn declared_as(&mut self, file: FileId, expr: ExprId) -> Option<(FileId, FunctionId, &'w TypeRef)> {
        let declared = self.declared_type(file, expr, MAX_STEPS)?;
        Some((declared.file, declared.function, held(declared.ty)))
    }

    fn declared_type(&mut self, file: FileId, expr: ExprId, steps: u32) -> Option<Declared<'w>> {
        let facts = self.facts(file)?;
        let steps = steps.checked_sub(1)?;
        let function = facts.exprs[expr.index()].function;
        match facts.expr(expr) {
            Expr::Member { object, name } => {
                let class = self.class_of(file, *object)?;
                let facts = self.facts(class.file)?;
                let def = facts.type_def(class.class);
                let field = def.fields.iter().find(|field| field.name == *name).map(|field| &field.ty);
                let ty = field.or_else(|| Some(&kept_parameter(facts, def, name)?.ty))?.as_ref()?;
                Some(Declared { file: class.file, function: def.function, ty, side: Side::Both })
            }
            Expr::Name(name) => self.declared_name(file, facts, function, name, (facts.expr_range(expr).start, steps)),
            Expr::Call(call) => {
                // `Arc::clone(&self.jobs)`.
                if let Expr::Path(path) = facts.expr(facts.call(*call).callee)
                    && let [.., owner, clone] = path.as_slice()
                    && matches!((owner.as_str(), clone.as_str()), ("Arc" | "Rc", "clone"))
                {
                    return self.declared_type(file, facts.call(*call).args.first()?.value, steps);
                }
                let Expr::Member { object, name } = facts.expr(facts.call(*call).callee) else { return None };
                let side = match name.as_str() {
                    "keys" | "into_keys" => Side::Keys,
                    "values" | "values_mut" | "into_values" => Side::Values,
                    "iter" | "iter_mut" | "into_iter" | "drain" | "clone" | "lock" | "read" | "write" | "unwrap" | "expect" | "as_ref"
                    | "as_mut" | "borrow" | "borrow_mut" | "filter" | "rev" | "skip" | "take" | "load" | "cloned" | "copied" => Side::Both,
                    _ => return self.declared_result(file, facts.call(*call).callee),
                };
                let inner = self.declared_type(file, *object, steps)?;
                Some(Declared { side: if side == Side::Both { inner.side } else { side }, ..inner })
            }
            _ => None,
        }
    }

    /// What a method of the workspace is declared to give back.
    fn declared_result(&mut self, file: FileId, callee: ExprId) -> Option<Declared<'w>> {
        let callee = self.eval(file, callee);
        let called = callee.alternatives().iter().find_map(|callee| match callee {
            Value::Function(called, _) => Some(*called),
            _ => None,
        })?;
        let ty = self.facts(called.file)?.function(called.function).result.as_ref()?;
        Some(Declared { file: called.file, function: called.function, ty, side: Side::Both })
    }

    fn declared_name(
        &mut self,
        file: FileId,
        facts: &'w SourceFacts,
        mut function: FunctionId,
        name: &Symbol,
        (at, steps): (u32, u32),
    ) -> Option<Declared<'w>> {
        loop {
            let here = facts.function(function);
            // `let jobs = jobs.lock()`: the name on the right is an outer one.
            let around = |value| facts.expr_range(value).start <= at && at < facts.expr_range(value).end;
            let binding = facts.bindings.iter().rev().find(|binding| {
                binding.name == *name && binding.function == function && binding.range.end <= at && !binding.value.is_some_and(around)
            });
            if let Some(binding) = binding {
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

/// The parameter of a constructor that is a field by itself: `constructor(private readonly orders: Orders)`.
fn kept_parameter<'f>(facts: &'f SourceFacts, def: &TypeDef, name: &Symbol) -> Option<&'f Param> {
    let params = def.methods.iter().flat_map(|method| &facts.function(*method).params);
    params.into_iter().find(|param| param.property && param.name == *name)
}

/// What a Rust iterator goes over: `list` of `list.iter().cloned()`.
pub(super) fn iterated(facts: &SourceFacts, mut of: ExprId) -> ExprId {
    for _ in 0..MAX_STEPS {
        of = match facts.expr(of) {
            Expr::Call(call) if !facts.language.is_ecmascript() && facts.call(*call).args.is_empty() => {
                match facts.expr(facts.call(*call).callee) {
                    Expr::Member { object, name } if matches!(name.as_str(), "iter" | "iter_mut" | "into_iter" | "cloned" | "copied") => {
                        *object
                    }
                    _ => break,
                }
            }
            _ => break,
        };
    }
    of
}

/// A type without what only holds it: `Arc<Mutex<T>>` is `T`.
pub(super) fn held(mut ty: &TypeRef) -> &TypeRef {
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

/// Whether two types are written alike.
fn is_same(left: &TypeRef, right: &TypeRef) -> bool {
    left.path == right.path
        && left.args.len() == right.args.len()
        && left.args.iter().zip(&right.args).all(|(left, right)| is_same(left, right))
}
