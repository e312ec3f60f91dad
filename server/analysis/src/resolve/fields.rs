//! Fields: what is put into them where they are declared, in constructors, in literals and by assignment.
//!
//! Invariant: a field's value is said in terms of the constructor's parameters.

use std::sync::Arc;

use portolan_grammars::facts::{
    Assignment, Entry, Expr, ExprId, Field, FunctionId, FunctionKind, SourceFacts, Symbol, TextRange, TypeDef, TypeKind, TypeRef,
};

use super::evaluate::Evaluator;
use super::index::{FileIndex, last_segment};
use super::switches::region_at;
use super::uses::Use;
use super::value::{ClassRef, Instance, ParamRef, Value};
use crate::{FileId, FunctionRef};

impl<'w> Evaluator<'w> {
    /// A value with a constructor's parameters replaced by what it was given.
    pub(super) fn with_arguments(&mut self, value: &Value, constructor: FunctionRef, arguments: &[Value]) -> Value {
        let given = |param: ParamRef| (param.function == constructor).then(|| arguments.get(param.index as usize).cloned()).flatten();
        if let Value::Instance(instance) = value
            && let Some(passed) = instance.param.filter(|_| instance.origin.is_none()).and_then(given)
        {
            // What was passed is known better than by its type.
            let same = |one: &&Value| matches!(one, Value::Instance(one) if one.library == instance.library);
            let mut passed: Vec<Value> = passed.alternatives().iter().filter(same).map(|one| with_captures(one, instance)).collect();
            for name in &instance.members {
                passed = passed.iter().map(|one| self.member(one, name, None)).collect();
            }
            if !passed.is_empty() {
                return Value::one_of(passed);
            }
        }
        if value.has_param() { self.substitute(value, &given) } else { value.clone() }
    }

    /// The value of a field, in terms of the constructor's parameters: its initial value and everything that is assigned to it. `None`
    /// if the class has no such field.
    pub(super) fn field(&mut self, class: ClassRef, name: &Symbol) -> Option<Value> {
        let key = (class, name.clone());
        if let Some(value) = self.fields.get(&key) {
            return Some(value.clone());
        }
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        let declared = def.fields.iter().find(|field| field.name == *name && !(def.kind == TypeKind::Enum));
        if !self.enter_field(&key) {
            return declared.map(|_| Value::Unknown);
        }
        let value = match def.kind {
            TypeKind::Class => self.class_field(class, name),
            TypeKind::Struct => declared.and_then(|field| self.struct_field(class, field)),
            _ => declared.map(|_| Value::Unknown),
        };
        self.field_guard.remove(&key);
        let mut value = value?;
        let thin = value.is_unknown()
            || matches!(&value, Value::Param(..))
            || matches!(&value, Value::OneOf(all) if all.iter().all(|one| matches!(one, Value::Param(..))));
        let textual = declared.and_then(|field| field.ty.as_ref()).is_some_and(|ty| self.is_address_type(class.file, def.function, ty));
        if let Value::Param(param, path) = &value
            && textual
            && let Some(given) = self.passed_settings(*param, path)
        {
            value = given;
        } else if thin
            && (!textual || value.is_unknown())
            && let Some(ty) = declared.and_then(|field| field.ty.as_ref())
            && let Some(typed) = self.typed(class.file, def.function, ty)
        {
            value = known_by(typed, &value);
        }
        // A whole address that counts where no settings say another. Other texts may come with each request.
        if value.is_unknown()
            && let Some(field) = declared.filter(|field| !field.attributes.is_empty())
            && let Some(default) = self.serde_default(class, facts, field)
            && default.literal().is_some_and(|text| text.contains("://"))
        {
            value = default;
        }
        self.fields.insert(key, value.clone());
        Some(value)
    }

    /// Whether a type holds an address, or is a struct around one that has nothing else: `struct ApiUrl(url::Url)`.
    fn is_address_type(&mut self, file: FileId, function: FunctionId, ty: &TypeRef) -> bool {
        if is_text(last_segment(&ty.path)) {
            return true;
        }
        let around = self.class_named(file, function, &ty.path).and_then(|class| Some(self.facts(class.file)?.type_def(class.class)));
        around.is_some_and(|def| match def.fields.as_slice() {
            [only] => {
                def.kind == TypeKind::Struct && only.name == "0" && only.ty.as_ref().is_some_and(|ty| is_text(last_segment(&ty.path)))
            }
            _ => false,
        })
    }

    fn class_field(&mut self, class: ClassRef, name: &Symbol) -> Option<Value> {
        let (facts, index) = self.file(class.file)?;
        let def = facts.type_def(class.class);
        let mut values = Vec::new();
        let mut exists = false;
        for field in def.fields.iter().filter(|field| field.name == *name && !field.is_static) {
            exists = true;
            values.extend(self.injected(class.file, def.function, &field.attributes, field.ty.as_ref()));
            if let Some(value) = field.value.filter(|_| !replaces(facts, index, def, name)) {
                values.push(self.eval(class.file, value));
            }
        }
        for id in &def.methods {
            let function = facts.function(*id);
            if function.kind != FunctionKind::Constructor {
                continue;
            }
            for (at, param) in function.params.iter().enumerate() {
                if param.property && param.name == *name {
                    exists = true;
                    let param_ref = ParamRef { function: FunctionRef { file: class.file, function: *id }, index: at as u32 };
                    // An injected service is known by its type; a text only by what is passed.
                    let injected = self.injected(class.file, *id, &param.attributes, param.ty.as_ref());
                    let typed = injected.or_else(|| param.ty.as_ref().and_then(|ty| self.typed(class.file, *id, ty)));
                    let passed = Value::Param(param_ref, Arc::from([]));
                    values.push(match typed {
                        // Options that only hold things are known by what is passed.
                        Some(Value::Some(class)) if self.only_holds(class) => passed,
                        Some(typed) => known_by(typed, &passed),
                        None => passed,
                    });
                }
            }
        }
        for at in index.assignments.get(name).into_iter().flatten() {
            let assignment = &facts.assignments[*at as usize];
            let Expr::Member { object, .. } = facts.expr(assignment.target) else { continue };
            if matches!(facts.expr(*object), Expr::This) && self.this_class(class.file, facts, assignment.function) == Some(class) {
                exists = true;
                values.push(self.eval(class.file, assignment.value));
            }
        }
        exists.then(|| Value::one_of(values))
    }

    /// Whether a type of ECMAScript is an object without functions.
    fn only_holds(&mut self, class: ClassRef) -> bool {
        let Some(facts) = self.facts(class.file) else { return false };
        let def = facts.type_def(class.class);
        let is_function = |field: &Field| field.ty.as_ref().is_none_or(|ty| ty.path == "fn");
        matches!(def.kind, TypeKind::Interface | TypeKind::Alias)
            && !def.fields.is_empty()
            && def.methods.is_empty()
            && !def.fields.iter().any(is_function)
    }

    /// What is put into a field of a struct. What a command line or the environment says comes before what other code writes into a struct of its
    /// own, such as a helper of tests.
    fn struct_field(&mut self, class: ClassRef, field: &Field) -> Option<Value> {
        let written = self.written_field(class, &field.name)?;
        if field.attributes.is_empty() {
            return Some(written);
        }
        let is_text = |value: &&Value| matches!(value, Value::Text(text) if !text.is_hole() && !text.has_param());
        let texts: Vec<Option<&Value>> = written.alternatives().iter().filter(is_text).map(Some).collect();
        let otherwise = if texts.is_empty() { vec![None] } else { texts };
        let given: Option<Vec<Value>> = otherwise.into_iter().map(|text| self.argument_field(class, &field.name, text)).collect();
        Some(given.map_or(written, Value::one_of))
    }

    /// What struct literals of the type's crate put into a field.
    fn written_field(&mut self, class: ClassRef, name: &Symbol) -> Option<Value> {
        let facts = self.facts(class.file)?;
        let type_name = facts.type_def(class.class).name.clone();
        let own: Vec<_> = self.cx.workspace.modules.crates_of(class.file).collect();
        let mut values = Vec::new();
        for &file in self.files_with(Use::Literal(&type_name)) {
            let same_crate = file == class.file || self.cx.workspace.modules.crates_of(file).any(|krate| own.contains(&krate));
            if !same_crate {
                continue;
            }
            let Some((facts, index)) = self.file(file) else { continue };
            for id in index.literals.get(&type_name).into_iter().flatten() {
                let Expr::Object(object) = facts.expr(*id) else { continue };
                if file != class.file && self.class_named(file, facts.exprs[id.index()].function, &object.type_path) != Some(class) {
                    continue;
                }
                for entry in &object.entries {
                    if let Entry::Field { name: field, value, .. } = entry
                        && field == name
                        && !self.is_left_out(file, facts.expr_range(*value))
                    {
                        values.push(self.eval(file, *value));
                    }
                }
            }
            if values.len() > 32 {
                break;
            }
        }
        Some(Value::one_of(values))
    }
}

/// Whether the constructor gives a field another value than it starts with, whatever happens: that holds then, known or not.
fn replaces(facts: &SourceFacts, index: &FileIndex, def: &TypeDef, name: &Symbol) -> bool {
    let assignments = index.assignments.get(name).into_iter().flatten().map(|at| &facts.assignments[*at as usize]);
    let is_own = |target: ExprId| matches!(facts.expr(target), Expr::Member { object, .. } if matches!(facts.expr(*object), Expr::This));
    let is_made_of_it = |value: TextRange| {
        facts.exprs.iter().any(|part| value.contains(part.range) && matches!(&part.kind, Expr::Member { name: read, .. } if read == name))
    };
    let always =
        |assignment: &Assignment| region_at(facts, facts.expr_range(assignment.target)) == Some(facts.function(assignment.function).body);
    assignments.filter(|assignment| is_own(assignment.target)).any(|assignment| {
        facts.function(assignment.function).kind == FunctionKind::Constructor
            && def.methods.contains(&assignment.function)
            && always(assignment)
            && !is_made_of_it(facts.expr_range(assignment.value))
    })
}

/// Whether a type of that name holds an address.
fn is_text(name: &str) -> bool {
    matches!(name, "String" | "Url" | "Uri" | "str")
}

/// A value of a library's type that a field has, with the parameter that it came by.
fn known_by(typed: Value, came_by: &Value) -> Value {
    let mut params = came_by.alternatives().iter().map(|value| match value {
        Value::Param(param, path) if path.is_empty() => Some(*param),
        _ => None,
    });
    let first = params.next().flatten();
    match (&typed, first.filter(|first| params.all(|param| param == Some(*first)))) {
        (Value::Instance(instance), Some(param)) if instance.param.is_none() => {
            Value::Instance(Arc::new(Instance { param: Some(param), ..(**instance).clone() }))
        }
        _ => typed,
    }
}

/// A library's value with what was done to it under another name: `fn patient(builder: ClientBuilder) { builder.timeout(limit) }`.
fn with_captures(value: &Value, done: &Instance) -> Value {
    match value {
        Value::Instance(one) if !done.captures.is_empty() => {
            let mut one = (**one).clone();
            one.captures.extend(done.captures.iter().map(|(name, value)| (name.clone(), value.clone())));
            Value::Instance(Arc::new(one))
        }
        other => other.clone(),
    }
}
