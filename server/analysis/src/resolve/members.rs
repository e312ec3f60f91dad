//! Members of values: fields and methods, of whatever a value is.
//!
//! What deliberately does not live here: what a field holds, which is [`super::fields`]'. Invariant: a member that is not known is unknown, or a hole that
//! says whose it is.

use std::sync::Arc;

use portolan_grammars::facts::{Expr, ExprId, FunctionId, FunctionKind, Language, SourceFacts, Symbol, TypeKind, VARIANT};

use super::alternatives::variable;
use super::collections::EACH;
use super::declared_types::is_wrapper;
use super::evaluate::Evaluator;
use super::index::own_name;
use super::url_parts::PUT_BEHIND;
use super::value::{ClassRef, Instance, ObjectValue, ParamRef, Part, Pattern, Source, Value, origin};
use super::variants::variant_of;
use crate::{FileId, FunctionRef};

/// How many members behind one another of what callers pass are told apart.
const MAX_PATH: usize = 4;

impl<'w> Evaluator<'w> {
    /// What stands at a path of members.
    pub(super) fn at_path(&mut self, value: Value, path: &[Symbol]) -> Value {
        path.iter().fold(value, |value, name| self.member(&value, name, None))
    }

    /// A member of a value.
    pub fn member(&mut self, value: &Value, name: &Symbol, source: Option<Source>) -> Value {
        if name == VARIANT {
            return variant_of(value);
        }
        match value {
            Value::OneOf(values) => {
                let members: Vec<Value> = values.iter().map(|value| self.member(value, name, source)).collect();
                Value::one_of(members)
            }
            Value::Object(object) => self.object_member(value, object, name, source),
            Value::Text(_) if name == "origin" => origin(value),
            Value::Text(_) if name == "href" => value.clone(),
            Value::Array(items) if name == EACH => Value::one_of(items.iter().cloned()),
            Value::Array(items) => name.parse::<usize>().ok().and_then(|at| items.get(at).cloned()).unwrap_or(Value::Unknown),
            Value::External(..) if name == "default" => value.clone(),
            Value::External(package, path) => external_member(package, path, name, source),
            Value::Instance(instance) => self.member_of_instance(instance, name),
            Value::Module(file) => self.export(*file, name),
            Value::WorkingModule(..) if name == "default" => value.clone(),
            Value::WorkingModule(path, members) => {
                Value::WorkingModule(path.clone(), members.iter().cloned().chain([name.clone()]).collect())
            }
            Value::RustModule(..) => self.associated(value, std::slice::from_ref(name)),
            Value::Class(class) => match self.static_member(*class, name) {
                Value::Unknown if name == "name" => self.name_of_class(*class).map_or(Value::Unknown, Value::text),
                member => member,
            },
            // Only what is made here is known not to be of a class that extends the one it is known by.
            Value::New(class, ..) if name == "constructor" && self.name_of_class(*class).is_some() => Value::Class(*class),
            Value::New(class, ..) | Value::Some(class) => match self.instance_member(value, *class, name) {
                Some(member) if !member.is_unknown() => member,
                _ => guess(name, source).unwrap_or(Value::Unknown),
            },
            Value::Param(param, path) => self.param_member(value, *param, path, name),
            Value::Unknown => guess(name, source).unwrap_or(Value::Unknown),
            Value::Function(..) if matches!(name.as_str(), "bind" | "call" | "apply") => value.clone(),
            Value::Function(function, _) if name == PUT_BEHIND => self.put_behind(*function),
            _ => Value::Unknown,
        }
    }

    /// A field of an object, of its class, or of what is spread into it.
    fn object_member(&mut self, value: &Value, object: &ObjectValue, name: &Symbol, source: Option<Source>) -> Value {
        if let Some(value) = object.fields.get(name) {
            if let Some(assigned) = self.assigned(object, name) {
                return assigned;
            }
            return match value {
                Value::Unknown => guess(name, source).unwrap_or(Value::Unknown),
                value => value.clone(),
            };
        }
        if let Some(class) = object.class {
            return self.instance_member(value, class, name).unwrap_or(Value::Unknown);
        }
        let spread: Vec<Value> = object.rest.iter().map(|rest| self.member(rest, name, source)).collect();
        Value::one_of(spread)
    }

    /// A member of a library's instance: what was captured when it was made, what was put on it, or something of its own.
    fn member_of_instance(&mut self, instance: &Arc<Instance>, name: &Symbol) -> Value {
        if let Some(captured) = instance.captures.get(name)
            && instance.members.is_empty()
            && (matches!(captured, Value::Text(_)) || self.cx.catalog.is_given_method(name))
        {
            return captured.clone();
        }
        if let Some(put) = self.decorated(instance, name).or_else(|| self.extended(instance, name)) {
            return put;
        }
        // Known by its declared type alone: what callers pass remembers it.
        if let Some(param) = instance.param.filter(|_| instance.origin.is_none() && instance.members.is_empty())
            && self.cx.catalog.captures(instance.library as usize, &instance.type_name, name)
        {
            return Value::Param(param, Arc::from([name.clone()]));
        }
        let mut longer = (**instance).clone();
        longer.members.push(name.clone());
        Value::Instance(Arc::new(longer))
    }

    /// A member of what callers pass, as far as the parameter's type tells; else a longer path of it.
    fn param_member(&mut self, value: &Value, param: ParamRef, path: &[Symbol], name: &Symbol) -> Value {
        if path.is_empty() {
            if let Some(one) = self.rest_argument(param, name) {
                return one;
            }
            // `State(state): State<AppState>`: what the pattern takes out is what the type is known by.
            if name == "0" && self.is_wrapped(param) {
                return value.clone();
            }
            if name != "constructor"
                && let Some(typed) = self.parameter_type(param)
            {
                let member = self.member(&typed, name, None);
                if !member.is_unknown() && !is_guess(&member) {
                    return self.called_on_variant(member, param);
                }
            }
        }
        if path.len() >= MAX_PATH {
            return Value::Unknown;
        }
        Value::Param(param, path.iter().cloned().chain([name.clone()]).collect())
    }

    /// The method that a call in Rust means where a field has its name too: of a builder, of what only shows what it holds. A field that is called
    /// stands in brackets.
    pub(super) fn called_method(&mut self, file: FileId, facts: &SourceFacts, id: ExprId, of: &Value, name: &Symbol) -> Option<Value> {
        let (_, index) = self.file(file)?;
        let calls = index.calls.get(name)?;
        let values = of.alternatives().to_vec();
        let methods: Vec<_> = values.iter().map(|value| self.methods_beside_field(value, name)).collect();
        if methods.iter().all(Option::is_none) || !calls.iter().any(|call| facts.call(*call).callee == id) {
            return None;
        }
        let meant = |(value, methods): (&Value, Option<Arc<[FunctionRef]>>)| match methods {
            Some(methods) => Value::one_of(methods.iter().map(|method| Value::Function(*method, Some(Arc::new(value.clone()))))),
            None => self.member(value, name, None),
        };
        let members: Vec<Value> = values.iter().zip(methods).map(meant).collect();
        Some(Value::one_of(members))
    }

    /// The methods of a name that a value has, where the file of its type has a field of that name, too.
    fn methods_beside_field(&mut self, value: &Value, name: &Symbol) -> Option<Arc<[FunctionRef]>> {
        let class = self.declared_class(value)?;
        let is_field = self.facts(class.file)?.types.iter().any(|def| def.fields.iter().any(|field| field.name == *name));
        is_field.then(|| self.methods(class, name)).filter(|methods| !methods.is_empty())
    }

    /// The type of the workspace that a value is an instance of, be it only by declaration.
    pub(super) fn declared_class(&mut self, value: &Value) -> Option<ClassRef> {
        match value {
            Value::Param(param, path) if path.is_empty() => self.parameter_type(*param)?.instance_of(),
            value => value.instance_of(),
        }
    }

    /// The name of a class of ECMAScript, which code may ask it for.
    pub(super) fn name_of_class(&mut self, class: ClassRef) -> Option<Symbol> {
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        (facts.language.is_ecmascript() && def.kind == TypeKind::Class && !def.name.is_empty()).then(|| def.name.clone())
    }

    /// Whether a parameter's declared type stands for what it holds.
    fn is_wrapped(&mut self, param: ParamRef) -> bool {
        let Some(facts) = self.facts(param.function.file) else { return false };
        let declared = facts.function(param.function.function).params.get(param.index as usize);
        let ty = declared.and_then(|declared| declared.ty.as_ref());
        ty.is_some_and(|ty| !ty.args.is_empty() && is_wrapper(own_name(facts, &ty.path)))
    }

    /// A field or method of an instance: of its class, then of its bases.
    fn instance_member(&mut self, receiver: &Value, class: ClassRef, name: &Symbol) -> Option<Value> {
        let mut current = class;
        let mut given = self.constructor_arguments(receiver);
        for _ in 0..6 {
            let field = self.field(current, name);
            if let Some(value) = field {
                let value = self.called_on(value, receiver);
                let value = match &given {
                    Some((constructor, arguments)) => self.with_arguments(&value, *constructor, arguments),
                    None => value,
                };
                let value = self.or_by_type(value, current, name, receiver);
                // A function that an interface has for a property is a method of who implements it.
                if !value.is_unknown() || !self.is_interface(current) || self.methods(current, name).is_empty() {
                    return Some(value);
                }
            }
            let methods = self.methods(current, name);
            if !methods.is_empty() {
                let values: Vec<Value> = methods
                    .iter()
                    .map(|&method| {
                        let getter =
                            self.facts(method.file).is_some_and(|facts| facts.function(method.function).kind == FunctionKind::Getter);
                        if getter {
                            self.apply(method, Some(receiver), &[])
                        } else {
                            Value::Function(method, Some(Arc::new(receiver.clone())))
                        }
                    })
                    .collect();
                return Some(Value::one_of(values));
            }
            given = self.super_arguments(current, given);
            match self.base_class(current) {
                Some(base) => current = base,
                None => break,
            }
        }
        // What it inherits from a library's class.
        if let Some(model) = self.model_class(class) {
            return Some(self.member(&model, name, None));
        }
        let facts = self.facts(current.file)?;
        let superclass = facts.type_def(current.class).superclass?;
        if let Value::External(package, path) = self.eval(current.file, superclass) {
            let base = self.library_typed(current.file, &package, &path)?;
            return Some(self.member(&base, name, None));
        }
        None
    }

    fn is_interface(&mut self, class: ClassRef) -> bool {
        self.facts(class.file).is_some_and(|facts| facts.type_def(class.class).kind == TypeKind::Interface)
    }

    /// A field's value, or what its type says where only who extends its class knows that.
    fn or_by_type(&mut self, value: Value, class: ClassRef, name: &Symbol, receiver: &Value) -> Value {
        if !value.is_unknown() && !self.is_made_with(&value) {
            return value;
        }
        let facts = self.facts(class.file);
        let declared = facts.and_then(|facts| facts.type_def(class.class).fields.iter().find(|field| field.name == *name)?.ty.as_ref());
        declared.and_then(|ty| self.field_by_type(class, ty, receiver)).unwrap_or(value)
    }

    /// A field's value as a member of an object: an arrow that stands there has that object as its `this`.
    fn called_on(&mut self, value: Value, receiver: &Value) -> Value {
        let Value::Function(function, None) = value else { return value };
        let is_of_object = self.facts(function.file).is_some_and(|facts| {
            let declared = facts.function(function.function);
            declared.kind == FunctionKind::Closure && declared.has_self && declared.owner.is_some()
        });
        Value::Function(function, is_of_object.then(|| Arc::new(receiver.clone())))
    }

    /// A static field, an enum's member, an associated function or constant.
    pub(super) fn static_member(&mut self, class: ClassRef, name: &Symbol) -> Value {
        let mut current = class;
        for _ in 0..6 {
            let Some((facts, index)) = self.file(current.file) else { return Value::Unknown };
            let def = facts.type_def(current.class);
            let field = def.fields.iter().find(|field| field.name == *name && (field.is_static || def.kind == TypeKind::Enum));
            if let Some(field) = field {
                let mut values: Vec<Value> = field.value.into_iter().map(|value| self.eval(current.file, value)).collect();
                for at in index.assignments.get(name).into_iter().flatten() {
                    let assignment = &facts.assignments[*at as usize];
                    if let Expr::Member { object, .. } = facts.expr(assignment.target)
                        && self.eval(current.file, *object) == Value::Class(current)
                    {
                        values.push(self.eval(current.file, assignment.value));
                    }
                }
                let value = Value::one_of(values);
                if !value.is_unknown() {
                    return value;
                }
                let Some(ty) = &field.ty else { return self.plain_variant(current, name) };
                // `enum Value { String(String) }` with `use Value::*`: the type's name means the variant again.
                let key = (current, name.clone());
                if !self.enter_field(&key) {
                    return Value::Unknown;
                }
                let typed = self.typed(current.file, def.function, ty);
                self.field_guard.remove(&key);
                return typed.unwrap_or(Value::Unknown);
            }
            let methods = self.methods(current, name);
            if !methods.is_empty() {
                return Value::one_of(methods.iter().map(|method| Value::Function(*method, None)));
            }
            // An associated constant stands in the `impl` block as a binding of the file.
            if def.kind != TypeKind::Class
                && let Some(at) = index.bindings.get(name).and_then(|all| all.first())
            {
                let binding = &facts.bindings[*at as usize];
                if binding.function == FunctionId::MODULE {
                    return self.binding(current.file, facts, binding, None);
                }
            }
            if def.kind == TypeKind::Alias
                && let Some(target) = def.bases.first()
            {
                match self.class_named(current.file, def.function, &target.path) {
                    Some(next) if next != current => {
                        current = next;
                        continue;
                    }
                    // `type Schema = RootNode<Query>;` and `Schema::new()`.
                    None if facts.language == Language::Rust => {
                        let path: Vec<Symbol> = target.path.split("::").map(Symbol::new).collect();
                        let target = self.rust_path_in(current.file, facts, def.function, &path);
                        return if matches!(target, Value::External(..)) { self.member(&target, name, None) } else { Value::Unknown };
                    }
                    _ => {}
                }
            }
            match self.base_class(current) {
                Some(base) => current = base,
                None => break,
            }
        }
        // A static method inherited from a library's class.
        self.model_class(class).map_or(Value::Unknown, |model| self.member(&model, name, None))
    }
}

/// A member of what another package exports.
fn external_member(package: &Symbol, path: &[Symbol], name: &Symbol, source: Option<Source>) -> Value {
    // `process.env` that was handed on as a value.
    if package == "global" && is_environment(path) {
        return variable(Pattern::text(name.clone()), None, source);
    }
    let longer: Arc<[Symbol]> = path.iter().cloned().chain([name.clone()]).collect();
    // A page's own origin is what a path without one is relative to.
    if package == "global" && is_own_origin(&longer) {
        return Value::text("");
    }
    Value::External(package.clone(), longer)
}

/// A settings key written like a variable's name is taken for that variable: `config.ORDERS_URL`, where the object cannot be followed.
fn guess(name: &Symbol, source: Option<Source>) -> Option<Value> {
    let constant = name.contains('_') && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    constant.then(|| Value::pattern(Pattern::part(Part::Env { name: name.clone(), default: None, guessed: true, source })))
}

fn is_guess(value: &Value) -> bool {
    matches!(value, Value::Text(pattern) if matches!(pattern.parts.as_slice(), [Part::Env { guessed: true, .. }]))
}

/// Whether a path of the global object is `process.env`.
fn is_environment(path: &[Symbol]) -> bool {
    matches!(path, [object, env] if env == "env" && (object == "process" || object == "Bun"))
}

/// Whether a member of the browser's environment is the origin of the page, or a part of it: `window.location.origin`.
fn is_own_origin(path: &[Symbol]) -> bool {
    let path = match path {
        [first, rest @ ..] if matches!(first.as_str(), "window" | "self" | "globalThis" | "document") => rest,
        path => path,
    };
    matches!(path, [location, part] if location == "location" && matches!(part.as_str(), "origin" | "href" | "protocol" | "host"))
}
