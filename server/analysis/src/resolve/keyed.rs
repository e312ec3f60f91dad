//! What code puts into a map or an object under a key, and takes out by a key again: `queues[name] = new Queue(name); return queues[name];`, also
//! where methods do so that are given the key: `services.register("orders", url)`, `services.get("orders")`. What is put in under a certain key
//! comes out for that key alone; of several that may be meant, each says so ([`Source::Keyed`]).
//!
//! What deliberately does not live here: lists, and maps that are known by their declared types ([`super::collections`]). Invariant: what a function
//! puts in that is made of its own parameters is found by that function alone, or by the key that its callers pass: other callers ask for other
//! things.

use std::sync::Arc;

use portolan_grammars::facts::{CallKind, Expr, ExprId, Extent, FunctionId, SourceFacts, Symbol, TypeId};

use super::cases::guarded;
use super::evaluate::{Evaluator, around, inside};
use super::index::FileIndex;
use super::value::{Guard, ParamRef, Source, Value};
use crate::{FileId, FunctionRef};

/// Places that put something into one map which are looked at.
const MAX_PUTS: usize = 16;
/// Callers of a function that puts things into a map which are looked at.
const MAX_REGISTERED: usize = 64;

/// What holds values by key.
#[derive(PartialEq)]
enum Table<'f> {
    /// `queues`, by where it is bound.
    Bound(FunctionId, &'f Symbol),
    /// `this.queues`, by the class.
    Own(TypeId, &'f Symbol),
}

/// Something that is put under a key.
struct Put {
    key: ExprId,
    value: ExprId,
}

/// The key by which something is taken out.
enum Key {
    /// Certain texts.
    Texts(Vec<Symbol>),
    /// What is passed for a parameter, or for a member of one.
    Passed(ParamRef, Arc<[Symbol]>),
    /// Only running code knows.
    Untold,
}

impl<'w> Evaluator<'w> {
    /// What stands in a map, or in an object that is written empty, under a key.
    pub(super) fn put_by_key(&mut self, file: FileId, facts: &'w SourceFacts, of: ExprId, key: ExprId) -> Value {
        if !facts.language.is_ecmascript() {
            return Value::Unknown;
        }
        let Some((_, index)) = self.file(file) else { return Value::Unknown };
        let Some(table) = table(facts, index, of) else { return Value::Unknown };
        let Some(first) = first_puts(facts, index, &table) else { return Value::Unknown };
        let is_it = |expr: ExprId| self::table(facts, index, expr).is_some_and(|other| other == table);
        let assigned = facts.assignments.iter().filter_map(|assignment| match facts.expr(assignment.target) {
            Expr::Index { object, index } if is_it(*object) => Some(Put { key: *index, value: assignment.value }),
            _ => None,
        });
        let set = index.calls.get("set").into_iter().flatten().filter_map(|id| {
            match (facts.expr(facts.call(*id).callee), &*facts.call(*id).args) {
                (Expr::Member { object, .. }, [key, value]) if is_it(*object) => Some(Put { key: key.value, value: value.value }),
                _ => None,
            }
        });
        let puts: Vec<Put> = first.into_iter().chain(assigned).chain(set).take(MAX_PUTS).collect();
        let reader = facts.exprs[of.index()].function;
        let asked = self.map_key(file, key);
        let mut found = Vec::new();
        for put in &puts {
            self.taken_of(file, facts, put, reader, &asked, &mut found);
        }
        let found = found.iter().map(|value| marked(value, Some(Source::Keyed(file, of)), &[]));
        if matches!(asked, Key::Passed(..)) { merged(found.collect()) } else { Value::one_of(found.collect::<Vec<_>>()) }
    }

    fn map_key(&mut self, file: FileId, key: ExprId) -> Key {
        let value = self.eval(file, key);
        if let Value::Param(param, path) = value {
            return Key::Passed(param, path);
        }
        let texts: Option<Vec<Symbol>> = value.alternatives().iter().map(Value::literal).collect();
        texts.map_or(Key::Untold, Key::Texts)
    }

    /// Adds what is taken out by a key of what is put in at one place: of what a function puts in that is made of its own parameters, what each of
    /// its callers has it put in.
    fn taken_of(&mut self, file: FileId, facts: &'w SourceFacts, put: &Put, reader: FunctionId, asked: &Key, found: &mut Vec<Value>) {
        let (value, own) = (self.eval(file, put.value), self.eval(file, put.key));
        let maker = facts.exprs[put.value.index()].function;
        let putter = FunctionRef { file, function: maker };
        let is_passed = matches!(&own, Value::Param(param, _) if param.function == putter) && maker != reader;
        if !is_passed {
            let same = inside(facts, maker, reader) || inside(facts, reader, maker);
            if same || !value.has_param() {
                found.extend(asked.finds(own.literal().as_ref(), value));
            }
            return;
        }
        for caller in self.callers(putter).iter().take(MAX_REGISTERED) {
            let passed = self.arguments(*caller);
            let given = |of: ParamRef| (of.function == putter).then(|| passed.get(of.index as usize).cloned().unwrap_or(Value::Unknown));
            let key = self.substitute(&own, &given).literal();
            if !asked.may_find(key.as_ref()) {
                continue;
            }
            let value = self.substitute(&value, &given);
            // What carries no conditions cannot say for which key it is meant.
            if !matches!(asked, Key::Passed(..)) || matches!(value, Value::Text(_) | Value::New(..)) {
                found.extend(asked.finds(key.as_ref(), value));
            }
        }
    }
}

impl Key {
    /// Whether what is put in under a key, if it is known, may be what is asked for. An empty one is what a name has before something gives it one.
    fn may_find(&self, key: Option<&Symbol>) -> bool {
        match (self, key) {
            (_, Some(key)) if key.is_empty() => false,
            (Key::Texts(texts), Some(key)) => texts.contains(key),
            _ => true,
        }
    }

    /// What is put in under a key, if it may be what is asked for, with what must hold for that.
    fn finds(&self, key: Option<&Symbol>, value: Value) -> Option<Value> {
        if !self.may_find(key) {
            return None;
        }
        match (self, key) {
            (Key::Passed(param, path), Some(key)) => Some(marked(&value, None, &[for_key(*param, path, key)])),
            _ => Some(value),
        }
    }
}

/// What must hold for what is put in under a key to be meant, where the key is passed.
fn for_key(param: ParamRef, path: &[Symbol], key: &Symbol) -> Guard {
    let (values, path) = (vec![key.clone()], path.to_vec());
    Guard { param, path, values, extent: Extent::Whole, negated: false, partial: false, not_all: Vec::new() }
}

/// What an object that is written out has under a key, where the one that is asked for is passed, or only running code knows it.
pub(super) fn under_key(value: &Value, key: &Symbol, asked: &Value, source: Source) -> Value {
    match asked {
        Value::Param(param, path) => marked(value, Some(source), &[for_key(*param, path, key)]),
        _ => marked(value, Some(source), &[]),
    }
}

/// A value whose texts carry conditions and say that they were taken out by a key.
fn marked(value: &Value, source: Option<Source>, guards: &[Guard]) -> Value {
    let each = |values: &[Value]| -> Arc<[Value]> { values.iter().map(|value| marked(value, source, guards)).collect() };
    match value {
        Value::Text(text) => {
            let mut text = (**text).clone();
            text.sources.extend(source.filter(|source| !text.sources.contains(source)));
            guarded(Value::pattern(text), guards)
        }
        Value::OneOf(values) => Value::one_of(values.iter().map(|value| marked(value, source, guards))),
        Value::New(class, arguments, site) => Value::New(*class, each(arguments), *site),
        Value::Object(object) => {
            let mut object = (**object).clone();
            object.fields.values_mut().for_each(|field| *field = marked(field, source, guards));
            Value::Object(Arc::new(object))
        }
        other => other.clone(),
    }
}

/// One of several values. Objects that one place makes are one, of whatever goes for each of its arguments.
fn merged(values: Vec<Value>) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for value in values.iter().flat_map(Value::alternatives) {
        let same = all.iter_mut().find_map(|known| match (known, value) {
            (Value::New(_, known, site), Value::New(_, arguments, other)) if site == other && known.len() == arguments.len() => {
                Some((known, arguments))
            }
            _ => None,
        });
        match same {
            Some((known, arguments)) => {
                *known = known.iter().zip(arguments.iter()).map(|(one, other)| Value::one_of([one.clone(), other.clone()])).collect();
            }
            None => all.push(value.clone()),
        }
    }
    Value::one_of(all)
}

/// What an expression names, if it may hold values by key: a variable that is seen there, or a field of the class around.
fn table<'f>(facts: &'f SourceFacts, index: &FileIndex, expr: ExprId) -> Option<Table<'f>> {
    let mut outwards = around(facts, facts.exprs[expr.index()].function);
    match facts.expr(expr) {
        Expr::Name(name) => {
            let is_param = |function: FunctionId| facts.function(function).params.iter().any(|param| param.name == *name);
            let is_bound = |function: FunctionId| index.bindings_of(facts, name).any(|binding| binding.function == function);
            let binder = outwards.find(|function| is_param(*function) || is_bound(*function))?;
            (!is_param(binder)).then_some(Table::Bound(binder, name))
        }
        Expr::Member { object, name } if matches!(facts.expr(*object), Expr::This) => {
            outwards.find_map(|function| facts.function(function).owner).map(|class| Table::Own(class, name))
        }
        _ => None,
    }
}

/// What a table has from the beginning; `None` for what is no table of which all is known: `{}`, `new Map([[key, value]])`, `Object.create(null)`.
fn first_puts(facts: &SourceFacts, index: &FileIndex, table: &Table<'_>) -> Option<Vec<Put>> {
    let made = |value: ExprId| match facts.expr(value) {
        Expr::Object(object) => object.entries.is_empty().then(Vec::new),
        Expr::Call(call) => {
            let call = facts.call(*call);
            match facts.expr(call.callee) {
                Expr::Name(name) if call.kind == CallKind::New && matches!(name.as_str(), "Map" | "WeakMap") => {
                    Some(call.args.first().map_or_else(Vec::new, |entries| entries_of(facts, entries.value)))
                }
                Expr::Member { object, name }
                    if name == "create" && matches!(facts.expr(*object), Expr::Name(name) if name == "Object") =>
                {
                    Some(Vec::new())
                }
                _ => None,
            }
        }
        _ => None,
    };
    match table {
        Table::Bound(function, name) => {
            let mut bindings = index.bindings_of(facts, name).filter(|binding| binding.function == *function);
            bindings.find_map(|binding| made(binding.value?))
        }
        Table::Own(class, name) => {
            let mut fields = facts.type_def(*class).fields.iter().filter(|field| field.name == **name);
            let written = fields.find_map(|field| made(field.value?));
            let is_own = |target: ExprId| self::table(facts, index, target).is_some_and(|other| other == *table);
            written.or_else(|| facts.assignments.iter().find_map(|assignment| is_own(assignment.target).then(|| made(assignment.value))?))
        }
    }
}

/// The entries of a list of pairs.
fn entries_of(facts: &SourceFacts, list: ExprId) -> Vec<Put> {
    let Expr::Array(pairs) = facts.expr(list) else { return Vec::new() };
    let pair = |pair: &ExprId| match facts.expr(*pair) {
        Expr::Array(pair) => match pair.as_slice() {
            [key, value] => Some(Put { key: *key, value: *value }),
            _ => None,
        },
        _ => None,
    };
    pairs.iter().filter_map(pair).collect()
}
