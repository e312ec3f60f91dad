//! Functions that code names without calling them: handed on as values, written in place, kept in objects.
//!
//! A function that makes an object of functions and hands it out runs none of them, either.
//! A module that only keeps functions in a constant object runs none of them: `export const orders = { list: listOrders }`. They run where they
//! are taken out: by a member that is resolved, by a call on something unknown that has the object's name (`client.orders.list()`), or all of
//! them where the object is handed on to code that is not the workspace's; a list of such objects that a module keeps for itself is one, too.
//! What deliberately does not live here: calls. Invariant: what an object of a file keeps depends on its facts alone.

use portolan_grammars::facts::{Binding, Call, Entry, Expr, ExprId, FunctionId, FunctionKind, Imported, SourceFacts, Symbol, TypeRef};
use rustc_hash::{FxHashMap, FxHashSet};

use super::index::closure_in;
use super::link::{EdgeDecl, KeptDecl, Linker, Mention};
use super::spans::Walk;
use super::value::{CallRef, Value};
use crate::FunctionRef;

/// A value that a constant object of a module has, which may be a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The name of the object; of an object in another its key there; empty for one that a function makes.
    pub object: Symbol,
    /// The key.
    pub key: Symbol,
    /// The value.
    pub value: ExprId,
}

/// What constant objects of a module have that may be functions, and what its functions make and hand out by name: `return { send, receive }`.
pub(super) fn kept(facts: &SourceFacts) -> Vec<Kept> {
    let mut found = Vec::new();
    if !facts.language.is_ecmascript() {
        return found;
    }
    let constants = facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE && binding.constant);
    let constants = constants.filter_map(|binding| Some((&binding.name, binding.value?)));
    let whole =
        facts.exports.iter().filter(|export| matches!(export.name.as_str(), "default" | "=")).map(|export| (&export.name, export.value));
    for (name, value) in constants.chain(whole) {
        collect(facts, name, value, 0, &mut found);
    }
    for factory in factories(facts) {
        for result in &facts.function(factory).returns {
            collect_made(facts, *result, 0, &mut found);
        }
    }
    found
}

/// The functions of an object that a function makes and hands out, by their keys: they run where one is taken out.
fn collect_made(facts: &SourceFacts, value: ExprId, depth: u32, found: &mut Vec<Kept>) {
    let object = match facts.expr(value) {
        Expr::Object(object) => object,
        Expr::Name(_) if depth == 0 => match bound_value(facts, value).map(|bound| facts.expr(bound)) {
            Some(Expr::Object(object)) => object,
            _ => return,
        },
        _ => return,
    };
    for entry in &object.entries {
        let Entry::Field { name: key, value, .. } = entry else { continue };
        match facts.expr(*value) {
            Expr::Closure(function) if facts.function(*function).kind == FunctionKind::Closure => {}
            Expr::Name(name) if name == key && named_closure(facts, *value).is_some() => {}
            Expr::Object(_) if depth < 4 => {
                collect_made(facts, *value, depth + 1, found);
                continue;
            }
            _ => continue,
        }
        found.push(Kept { object: Symbol::default(), key: key.clone(), value: *value });
    }
}

/// Functions that a module declares or hands out, and those that they give back.
fn factories(facts: &SourceFacts) -> Vec<FunctionId> {
    let declared = facts.functions.iter().enumerate().map(|(at, function)| (FunctionId(at as u32), function));
    let declared = declared.filter(|(_, function)| function.kind == FunctionKind::Function && function.parent == FunctionId::MODULE);
    let bound = facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE && binding.constant);
    let bound = bound.filter_map(|binding| closure_in(facts, binding.value?));
    let exported = facts.exports.iter().filter_map(|export| closure_in(facts, export.value));
    let mut found: Vec<FunctionId> = declared.map(|(id, _)| id).chain(bound).chain(exported).collect();
    found.sort_unstable();
    found.dedup();
    let given_back =
        |id: &FunctionId| facts.function(*id).returns.iter().filter_map(|result| closure_in(facts, *result)).collect::<Vec<_>>();
    let inner: Vec<FunctionId> = found.iter().flat_map(given_back).filter(|id| !found.contains(id)).collect();
    found.extend(inner);
    found
}

/// The closure that a name of the function around is bound to for good.
fn named_closure(facts: &SourceFacts, value: ExprId) -> Option<FunctionId> {
    closure_in(facts, bound_value(facts, value)?)
}

/// The value that a name of the function around is bound to for good.
fn bound_value(facts: &SourceFacts, value: ExprId) -> Option<ExprId> {
    let Expr::Name(name) = facts.expr(value) else { return None };
    let function = facts.exprs[value.index()].function;
    let mut bound = facts.bindings.iter().filter(|binding| binding.name == *name && binding.function == function);
    let (Some(binding), None) = (bound.next(), bound.next()) else { return None };
    binding.value.filter(|_| binding.constant)
}

/// Other names that a module gives functions, by the value that stands there: `export const task = createTask`.
fn other_names(facts: &SourceFacts) -> FxHashMap<ExprId, &Symbol> {
    let constants = facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE && binding.constant);
    let names = constants.filter_map(|binding| {
        let value = binding.value?;
        matches!(facts.expr(value), Expr::Name(_)).then_some((value, &binding.name))
    });
    if facts.language.is_ecmascript() { names.collect() } else { FxHashMap::default() }
}

fn collect(facts: &SourceFacts, name: &Symbol, value: ExprId, depth: u32, found: &mut Vec<Kept>) {
    let Expr::Object(object) = facts.expr(value) else { return };
    for entry in &object.entries {
        let Entry::Field { name: key, value, .. } = entry else { continue };
        match facts.expr(*value) {
            Expr::Closure(_) | Expr::Name(_) | Expr::Member { .. } => {
                found.push(Kept { object: name.clone(), key: key.clone(), value: *value });
            }
            Expr::Object(_) if depth < 4 => collect(facts, key, *value, depth + 1, found),
            _ => {}
        }
    }
}

/// Lists that constants of a module are which it does not export, each with its elements.
fn lists(facts: &SourceFacts) -> Vec<(&Symbol, &[ExprId])> {
    let is_exported = |name: &Symbol| {
        facts.exports.iter().any(|export| export.name == *name || matches!(facts.expr(export.value), Expr::Name(of) if of == name))
    };
    let constants = facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE && binding.constant);
    let lists = constants.filter_map(|binding| match facts.expr(binding.value?) {
        Expr::Array(elements) if !is_exported(&binding.name) => Some((&binding.name, elements.as_slice())),
        _ => None,
    });
    lists.collect()
}

/// The method of a call with the name of what it is called on: `orders.list`.
pub(super) fn called_on(facts: &SourceFacts, call: &Call) -> Option<Symbol> {
    let Expr::Member { name, .. } = facts.expr(call.callee) else { return None };
    let of = receiver(facts, call).filter(|_| facts.language.is_ecmascript())?;
    Some(format!("{of}.{name}").into())
}

/// The name of what a method is called on.
pub(super) fn receiver(facts: &SourceFacts, call: &Call) -> Option<Symbol> {
    let Expr::Member { object, .. } = facts.expr(call.callee) else { return None };
    match facts.expr(*object) {
        Expr::Name(of) | Expr::Member { name: of, .. } => Some(of.clone()),
        _ => None,
    }
}

/// Whether a value comes of a call, which may make a function that nothing names, or of what is not known.
fn may_be_made(walk: &Walk<'_>, value: ExprId) -> bool {
    match walk.facts.expr(value) {
        Expr::Call(_) | Expr::Unknown => true,
        Expr::Member { object, .. } | Expr::Index { object, .. } | Expr::Element(object) => may_be_made(walk, *object),
        Expr::Choice(parts) | Expr::Fallback(parts) | Expr::Array(parts) => parts.iter().any(|part| may_be_made(walk, *part)),
        _ => false,
    }
}

/// Whether a name is bound within a function around: what functions it may stand for, is named where it gets its value.
fn is_local(walk: &Walk<'_>, mut function: FunctionId, name: &Symbol) -> bool {
    let bound = walk.index.bindings.get(name).map_or(&[][..], Vec::as_slice);
    let declared = walk.index.functions.get(name).map_or(&[][..], Vec::as_slice);
    while function != FunctionId::MODULE {
        let here = walk.facts.function(function);
        if declared.iter().any(|id| walk.facts.function(*id).parent == function) {
            return false;
        }
        let mut own = bound.iter().map(|at| &walk.facts.bindings[*at as usize]).filter(|binding| binding.function == function).peekable();
        if own.peek().is_some() {
            return own.all(|binding| binding.value.is_some_and(|value| !may_be_made(walk, value)));
        }
        if here.params.iter().any(|param| param.name == *name) {
            return true;
        }
        function = here.parent;
    }
    false
}

/// Whether a name is that of a value of a function around: no function of a module is called by it without being named where it gets its value.
pub(super) fn is_bound_within(walk: &Walk<'_>, mut function: FunctionId, name: &Symbol) -> bool {
    while function != FunctionId::MODULE {
        let here = walk.facts.function(function);
        let is_own = |binding: &Binding| binding.function == function;
        if here.params.iter().any(|param| param.name == *name) || walk.index.bindings_of(walk.facts, name).any(is_own) {
            return true;
        }
        function = here.parent;
    }
    false
}

/// Methods of a list by which its elements are come by.
const WALKS_LIST: [&str; 10] = ["concat", "entries", "filter", "find", "flatMap", "forEach", "map", "reduce", "slice", "values"];

/// Members of an ECMAScript function that hand it on, or call it.
const HANDS_ON_ITS_OBJECT: [&str; 3] = ["bind", "call", "apply"];

impl<'w> Linker<'w> {
    /// Functions named without being called: handlers, callbacks, methods handed on.
    pub(super) fn mentions(&mut self, walk: &Walk<'w>) {
        // Neither what is called here, nor what others may import and then name themselves.
        let mut elsewhere = vec![false; walk.facts.exprs.len()];
        for id in walk.facts.calls.iter().map(|call| call.callee).chain(walk.facts.exports.iter().map(|export| export.value)) {
            elsewhere[id.index()] = true;
        }
        // Nor what is only read from, or becomes a part of a text. Rust's traits give functions methods: `list_orders.layer(…)`.
        let mut read = vec![false; walk.facts.exprs.len()];
        let ecmascript = walk.facts.language.is_ecmascript();
        for expression in &walk.facts.exprs {
            match &expression.kind {
                Expr::Member { object, name } if ecmascript && !HANDS_ON_ITS_OBJECT.contains(&name.as_str()) => read[object.index()] = true,
                Expr::Concat(parts) => parts.iter().for_each(|part| read[part.index()] = true),
                _ => (),
            }
        }
        let renamed = other_names(walk.facts);
        let kept: FxHashMap<ExprId, &Kept> = walk.index.kept.iter().map(|kept| (kept.value, kept)).collect();
        // A class that another one extends has instances where that one has.
        walk.facts.types.iter().filter_map(|def| def.superclass).for_each(|of| elsewhere[of.index()] = true);
        // A token that says for what something is injected makes nothing.
        let family = walk.facts.language.into();
        for expression in &walk.facts.exprs {
            if let Expr::Object(object) = &expression.kind
                && let Some(token) = self.evaluator.cx.catalog.provider_token(family, object)
            {
                elsewhere[token.index()] = true;
            }
        }
        for (at, expression) in walk.facts.exprs.iter().enumerate() {
            if elsewhere[at] {
                continue;
            }
            let id = ExprId(at as u32);
            let name = match &expression.kind {
                Expr::Name(name) => name,
                // Rust has no methods without a call: this is a field.
                Expr::Member { name, .. } if ecmascript => name,
                Expr::Path(path) => match path.last() {
                    Some(name) => name,
                    None => continue,
                },
                _ => continue,
            };
            let is_class = name.starts_with(|first: char| first.is_ascii_uppercase())
                && (walk.index.imports.contains_key(name) || walk.index.types.contains_key(name));
            let named_before =
                || matches!(expression.kind, Expr::Name(_)) && !kept.contains_key(&id) && is_local(walk, expression.function, name);
            if !is_class && (read[at] || !self.evaluator.is_function(name) || named_before()) {
                continue;
            }
            let value = self.evaluator.eval(self.file, id);
            for value in value.alternatives() {
                if let Value::Class(class) = value {
                    self.live_class(walk, expression.function, *class);
                }
                let Value::Function(function, _) = value else { continue };
                let (function, maker) = (*function, expression.function);
                match (kept.get(&id), renamed.get(&id)) {
                    (Some(Kept { object, key, .. }), _) => {
                        self.link.kept.push(KeptDecl { object: object.clone(), key: key.clone(), function, maker, declared: false });
                    }
                    (None, Some(name)) => {
                        self.link.kept.push(KeptDecl { object: Symbol::default(), key: (*name).clone(), function, maker, declared: false });
                    }
                    (None, None) => self.link.edges.push(EdgeDecl::plain(expression.function, function, None)),
                }
            }
        }
    }

    /// A closure runs as part of the function around it, unless it is given to a spawn. One that a module only keeps under a name, or hands out by
    /// default, runs where that is called or handed on: whoever imports the module runs none of it.
    pub(super) fn closures(&mut self, walk: &Walk<'w>) {
        let named = walk.facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE && binding.constant);
        let mut kept: FxHashSet<FunctionId> = named.filter_map(|binding| closure_in(walk.facts, binding.value?)).collect();
        kept.extend(
            walk.facts.exports.iter().filter(|export| export.name == "default").filter_map(|export| closure_in(walk.facts, export.value)),
        );
        // What makes others by name runs those that its own code, or that of the others, names.
        let makers: FxHashSet<FunctionId> = walk
            .index
            .kept
            .iter()
            .filter(|kept| kept.object.is_empty() && closure_in(walk.facts, kept.value).is_none())
            .map(|kept| walk.facts.exprs[kept.value.index()].function)
            .collect();
        let made = walk.facts.bindings.iter().filter(|binding| binding.constant && makers.contains(&binding.function));
        kept.extend(made.filter_map(|binding| closure_in(walk.facts, binding.value?)));
        for Kept { object, key, value } in &walk.index.kept {
            if let Some(function) = closure_in(walk.facts, *value) {
                kept.insert(function);
                let maker = walk.facts.function(function).parent;
                let function = FunctionRef { file: self.file, function };
                let declared = object.is_empty() && self.makes_own_type(walk, maker);
                self.link.kept.push(KeptDecl { object: object.clone(), key: key.clone(), function, maker, declared });
            }
        }
        for (at, function) in walk.facts.functions.iter().enumerate() {
            let id = FunctionId(at as u32);
            if function.kind != FunctionKind::Closure || kept.contains(&id) {
                continue;
            }
            let callee = FunctionRef { file: self.file, function: id };
            let detached = walk.detached_closures.contains(&id);
            let call = walk.index.argument_of.get(&id).map(|(call, _)| CallRef { file: self.file, call: *call });
            self.link.edges.push(EdgeDecl { detached, ..EdgeDecl::plain(function.parent, callee, call) });
        }
    }

    /// Whether a function says that it gives back something of a type of the workspace.
    fn makes_own_type(&mut self, walk: &Walk<'w>, maker: FunctionId) -> bool {
        let mut open: Vec<&TypeRef> = walk.facts.function(maker).result.iter().collect();
        while let Some(ty) = open.pop() {
            match ty.path.as_str() {
                "|" | "Promise" | "Readonly" => open.extend(&ty.args),
                path => {
                    if self.evaluator.class_named(self.file, maker, &path.into()).is_some() {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Keeps the functions of an object that is an element of a list under the list's name, if the object is known.
    fn keeps_of(&mut self, list: &Symbol, element: ExprId) -> bool {
        let Value::Object(object) = self.evaluator.eval(self.file, element) else { return false };
        let mut fields: Vec<(&Symbol, &Value)> = object.fields.iter().collect();
        fields.sort_by_key(|(key, _)| *key);
        for (key, value) in fields {
            if let Value::Function(function, _) = value {
                let (object, key, maker) = (list.clone(), key.clone(), FunctionId::MODULE);
                self.link.kept.push(KeptDecl { object, key, function: *function, maker, declared: false });
            }
        }
        true
    }

    /// Objects that are handed on as a whole to code that is not the workspace's: what they keep may run there. Code of the workspace calls it
    /// by its key.
    pub(super) fn handed_on(&mut self, walk: &Walk<'w>) {
        if !walk.facts.language.is_ecmascript() {
            return;
        }
        let facts = walk.facts;
        let lists = lists(facts);
        let own: FxHashSet<&Symbol> = walk.index.kept.iter().map(|kept| &kept.object).collect();
        // Many modules have a list of the same name.
        let cx = self.evaluator.cx;
        let path = &cx.paths[self.file.0 as usize];
        let list_named = |name: &Symbol| Symbol::from(format!("{path}#{name}"));
        let name_of = |id: ExprId| match facts.expr(id) {
            Expr::Name(name) if lists.iter().any(|(list, _)| *list == name) => Some(list_named(name)),
            Expr::Name(name) if own.contains(name) => Some(name.clone()),
            Expr::Name(name) => walk.index.imports.get(name)?.iter().find_map(|at| match &facts.imports[*at as usize] {
                import if import.type_only => None,
                import => match &import.imported {
                    Imported::Named(name) => Some(name.clone()),
                    Imported::Default => Some("default".into()),
                    Imported::Require => Some("=".into()),
                    _ => None,
                },
            }),
            _ => None,
        };
        let mut objects: Vec<(ExprId, Symbol)> =
            (0..facts.exprs.len() as u32).map(ExprId).filter_map(|id| Some((id, name_of(id)?))).collect();
        if objects.is_empty() {
            return;
        }
        let mut elsewhere = vec![false; facts.exprs.len()];
        let values = facts.exports.iter().map(|export| export.value).chain(facts.calls.iter().map(|call| call.callee));
        let values = values.chain(facts.bindings.iter().filter_map(|binding| binding.value));
        let values = values.chain(facts.assignments.iter().flat_map(|assignment| [assignment.target, assignment.value]));
        let values = values.chain(walk.index.kept.iter().map(|kept| kept.value));
        values.for_each(|id| elsewhere[id.index()] = true);
        for expression in &facts.exprs {
            let Expr::Member { object, name } = &expression.kind else { continue };
            let walks = WALKS_LIST.contains(&name.as_str()) && objects.binary_search_by_key(object, |(id, _)| *id).is_ok();
            // An object may have a method of that name.
            elsewhere[object.index()] |= !(walks && matches!(self.evaluator.eval(self.file, *object), Value::Array(_)));
        }
        for (list, element) in lists.iter().flat_map(|(list, elements)| elements.iter().map(move |element| (*list, *element))) {
            if objects.binary_search_by_key(&element, |(id, _)| *id).is_ok() && self.keeps_of(&list_named(list), element) {
                elsewhere[element.index()] = true;
            }
        }
        objects.retain(|(id, _)| !elsewhere[id.index()]);
        for call in &facts.calls {
            let is_object = |value: ExprId| objects.binary_search_by_key(&value, |(id, _)| *id).is_ok();
            if call.args.iter().any(|argument| is_object(argument.value)) {
                let callee = self.evaluator.eval(self.file, call.callee);
                if callee.alternatives().iter().any(|callee| matches!(callee, Value::Function(..) | Value::Class(_))) {
                    call.args.iter().for_each(|argument| elsewhere[argument.value.index()] = true);
                }
            }
        }
        for (id, name) in objects.into_iter().filter(|(id, _)| !elsewhere[id.index()]) {
            let name = format!("{name}.*").into();
            self.link.mentions.push(Mention {
                caller: facts.exprs[id.index()].function,
                name,
                receiver: None,
                arity: None,
                on_value: true,
                arm: None,
            });
        }
    }
}
