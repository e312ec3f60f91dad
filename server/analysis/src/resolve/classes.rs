//! Classes, structs and traits: what they derive from, their methods and their constructors.
//!
//! What deliberately does not live here: what their fields hold. Invariant: of a trait's or interface's methods those that may run are few, or none is
//! followed.

use std::sync::Arc;

use portolan_grammars::facts::{
    Call, Expr, ExprId, FunctionId, FunctionKind, Language, SourceFacts, Symbol, TextRange, TypeId, TypeKind, TypeRef,
};

use super::callers::MAX_PASSED_ON;
use super::evaluate::Evaluator;
use super::index::last_segment;
use super::uses::{Use, blanket_methods};
use super::value::{ClassRef, Value};
use crate::{FileId, FunctionRef};

/// Implementations of a trait or interface that a call may mean; with more, it is not followed.
const MAX_IMPLEMENTATIONS: usize = 4;

/// How many classes of a lineage are looked at.
const MAX_BASES: usize = 6;

impl<'w> Evaluator<'w> {
    /// The first base class that is in the workspace.
    pub(super) fn base_class(&mut self, class: ClassRef) -> Option<ClassRef> {
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        match def.superclass.map(|superclass| self.eval(class.file, superclass)) {
            Some(Value::Class(base)) => return Some(base),
            // What it extends is a library's; an interface beside it has nothing to inherit.
            Some(Value::External(..)) => return None,
            _ => {}
        }
        let bases = def.bases.clone();
        bases.iter().find_map(|base| self.class_named(class.file, def.function, &base.path)).filter(|base| *base != class)
    }

    /// A class and those that it derives from, the nearest first.
    pub(super) fn lineage(&mut self, class: ClassRef) -> Vec<ClassRef> {
        let mut all = vec![class];
        while all.len() < MAX_BASES {
            let Some(base) = self.base_class(all[all.len() - 1]) else { break };
            all.push(base);
        }
        all
    }

    /// An instance of a class that extends a library's.
    pub(super) fn library_subclass(&mut self, class: ClassRef) -> Option<Value> {
        let facts = self.facts(class.file)?;
        let superclass = facts.type_def(class.class).superclass?;
        let Value::External(package, path) = self.eval(class.file, superclass) else { return None };
        let value = self.model_class(class).or_else(|| self.library_typed(class.file, &package, &path))?;
        // Its own methods are called through the class; only what it inherits is the library's.
        facts.type_def(class.class).methods.is_empty().then_some(value)
    }

    /// Whether a class has a method of its own by that name.
    pub(super) fn has_method(&mut self, class: ClassRef, name: &Symbol) -> bool {
        !self.methods(class, name).is_empty()
    }

    /// The methods of a class by that name: its own, those of its `impl` blocks, and for a trait or interface those of the few that
    /// implement it.
    pub(super) fn methods(&mut self, class: ClassRef, name: &Symbol) -> Arc<[FunctionRef]> {
        let key = (class, name.clone());
        if let Some(known) = self.methods.get(&key) {
            return known.clone();
        }
        let found: Arc<[FunctionRef]> = self.find_methods(class, name).into();
        self.methods.insert(key, found.clone());
        found
    }

    fn find_methods(&mut self, class: ClassRef, name: &Symbol) -> Vec<FunctionRef> {
        let Some(facts) = self.facts(class.file) else { return Vec::new() };
        let def = facts.type_def(class.class);
        let own: Vec<FunctionRef> = def
            .methods
            .iter()
            .filter(|id| facts.function(**id).name == *name && facts.function(**id).kind != FunctionKind::Constructor)
            .map(|id| FunctionRef { file: class.file, function: *id })
            .collect();
        match def.kind {
            // Of an abstract method those that fill it in.
            TypeKind::Class if !own.is_empty() && own.iter().all(|function| is_abstract(facts, function.function)) => {
                let implementations = self.implementations(class, name);
                let is_few = !implementations.is_empty() && implementations.len() <= MAX_IMPLEMENTATIONS;
                return if is_few { implementations } else { own };
            }
            TypeKind::Class | TypeKind::Alias => return own,
            TypeKind::Interface | TypeKind::Trait => {
                let has_body = |function: &FunctionRef| {
                    facts.function(function.function).body.index() != 0 && !facts.function(function.function).returns.is_empty()
                };
                let implementations = self.implementations(class, name);
                if implementations.is_empty() || implementations.len() > MAX_IMPLEMENTATIONS {
                    return own.into_iter().filter(has_body).collect();
                }
                return implementations;
            }
            TypeKind::Struct | TypeKind::Enum => {}
        }
        let type_name = def.name.clone();
        let mut found = Vec::new();
        for &file in self.impl_files(class, &type_name).iter() {
            let Some((facts, index)) = self.file(file) else { continue };
            for at in index.impls.get(&type_name).into_iter().flatten() {
                let block = &facts.impls[*at as usize];
                let method = block.methods.iter().find(|id| facts.function(**id).name == *name);
                if let Some(method) = method {
                    found.push(FunctionRef { file, function: *method });
                }
            }
        }
        if found.is_empty() && self.facts(class.file).is_some_and(|facts| facts.language == Language::Rust) {
            found.extend(self.blanket_method(name));
        }
        found.dedup();
        found
    }

    /// The method of a trait that is implemented for whatever has some bounds, `impl<T: HasClients> Calls for T`, where only one such trait has it.
    fn blanket_method(&mut self, name: &Symbol) -> Option<FunctionRef> {
        let mut only = None;
        for &file in self.files_with(Use::BlanketMethod(name)) {
            let Some(facts) = self.facts(file) else { continue };
            for function in blanket_methods(facts).filter(|id| facts.function(*id).name == *name) {
                if only.replace(FunctionRef { file, function }).is_some() {
                    return None;
                }
            }
        }
        only
    }

    /// The files that may have `impl` blocks of a type: its own first, and those of its crate where the name means the type.
    pub(super) fn impl_files(&mut self, class: ClassRef, type_name: &Symbol) -> Arc<[FileId]> {
        if let Some(known) = self.impl_files.get(&class) {
            return known.clone();
        }
        let found: Arc<[FileId]> = self.find_impl_files(class, type_name).into();
        self.impl_files.insert(class, found.clone());
        found
    }

    fn find_impl_files(&mut self, class: ClassRef, type_name: &Symbol) -> Vec<FileId> {
        let modules = &self.cx.workspace.modules;
        let own: Vec<_> = modules.crates_of(class.file).collect();
        let mut files = vec![class.file];
        for &file in self.files_with(Use::Impl(type_name)) {
            if file == class.file {
                continue;
            }
            let same_crate = self.cx.workspace.modules.crates_of(file).any(|krate| own.contains(&krate));
            if !same_crate {
                continue;
            }
            let Some((_, index)) = self.file(file) else { continue };
            if index.impls.contains_key(type_name) && self.class_named(file, FunctionId::MODULE, type_name) == Some(class) {
                files.push(file);
            }
        }
        files
    }

    /// What a call of a method may mean on an object of which only a trait is known, beside the implementations that are followed one by one: all of
    /// them where they are many, and what the trait gives those that have none of their own.
    pub(super) fn dispatched(&mut self, object: &Value, name: &Symbol) -> Vec<FunctionRef> {
        let mut found = Vec::new();
        for value in object.alternatives() {
            let class = match value {
                Value::Some(class) => *class,
                Value::Param(param, path) if path.is_empty() => match self.parameter_type(*param) {
                    Some(Value::Some(class)) => class,
                    _ => continue,
                },
                _ => continue,
            };
            if self.facts(class.file).is_none_or(|facts| facts.type_def(class.class).kind != TypeKind::Trait) {
                continue;
            }
            let key = (class, name.clone());
            let all = match self.dispatches.get(&key) {
                Some(known) => known.clone(),
                None => {
                    let all: Arc<[FunctionRef]> = self.implementations(class, name).into();
                    self.dispatches.insert(key, all.clone());
                    all
                }
            };
            if all.len() > MAX_IMPLEMENTATIONS {
                found.extend(all.iter().copied());
            } else if !all.is_empty() {
                found.extend(self.given_by_trait(class, name));
            }
        }
        found
    }

    /// Whether a method that a call on an object may mean runs only if there may be an instance of its type: each method of Rust, as what a field or
    /// a parameter holds may be made by code that never runs; of ECMAScript, where the object is known by an interface or an abstract class, and the
    /// method is that of a class below it.
    pub(super) fn is_dispatched(&mut self, method: FunctionRef, object: &Value) -> bool {
        let Some(facts) = self.facts(method.file) else { return false };
        let declared = facts.function(method.function);
        if facts.language == Language::Rust {
            return declared.has_self && declared.impl_of.is_some();
        }
        let Some(own) = declared.owner.map(|class| ClassRef { file: method.file, class }) else { return false };
        object.alternatives().to_vec().iter().all(|known| {
            let Some(class) = self.declared_class(known) else { return false };
            match self.facts(class.file).map(|facts| facts.type_def(class.class).kind) {
                Some(TypeKind::Interface) => true,
                Some(TypeKind::Class) => !self.lineage(class).contains(&own),
                _ => false,
            }
        })
    }

    /// What `Self::load(id)` may mean in what a trait gives its types: what they implement it by.
    pub(super) fn dispatched_by_self(&mut self, file: FileId, facts: &SourceFacts, call: &Call) -> Vec<FunctionRef> {
        let Expr::Path(path) = facts.expr(call.callee) else { return Vec::new() };
        let [of, name] = path.as_slice() else { return Vec::new() };
        if of != "Self" {
            return Vec::new();
        }
        let owner = super::evaluate::around(facts, call.function).find_map(|at| facts.function(at).owner);
        match owner.filter(|owner| facts.type_def(*owner).kind == TypeKind::Trait) {
            Some(class) => self.implementations(ClassRef { file, class }, name),
            None => Vec::new(),
        }
    }

    /// Whether what a class names as its base is another of the same name: each service may have an `EventBus` of its own.
    fn is_of_namesake(&mut self, file: FileId, facts: &SourceFacts, id: TypeId, base: ClassRef, name: &str) -> bool {
        let def = facts.type_def(id);
        let mut named = def.bases.iter().filter(|of| last_segment(&of.path) == name);
        named.all(|of| self.class_named(file, def.function, &of.path).is_some_and(|found| found != base))
    }

    /// What a call of a method means on a field of a type parameter, `struct Orders<S> { store: S }`: the methods of what is put there, where that is
    /// known of whoever puts something there.
    pub(super) fn methods_of_type_parameter(
        &mut self,
        file: FileId,
        facts: &'w SourceFacts,
        object: ExprId,
        name: &Symbol,
    ) -> Vec<FunctionRef> {
        let Expr::Member { object: holder, name: field } = facts.expr(object) else { return Vec::new() };
        let Some(class) = self.eval(file, *holder).instance_of() else { return Vec::new() };
        let Some(holder) = self.facts(class.file) else { return Vec::new() };
        let def = holder.type_def(class.class);
        let is_parameter =
            |ty: &TypeRef| def.type_params.contains(&ty.path) || ty.args.iter().any(|arg| def.type_params.contains(&arg.path));
        if !def.fields.iter().any(|declared| declared.name == *field && declared.ty.as_ref().is_some_and(is_parameter)) {
            return Vec::new();
        }
        let put = self.eval(file, object);
        let Some(classes) = self.classes_put(&put, MAX_PASSED_ON) else { return Vec::new() };
        let methods: Vec<Arc<[FunctionRef]>> = classes.into_iter().map(|class| self.methods(class, name)).collect();
        if methods.iter().any(|methods| methods.is_empty()) {
            Vec::new()
        } else {
            methods.iter().flat_map(|all| all.iter().copied()).collect()
        }
    }

    /// The types of all that a value may be, by way of what callers pass; `None` where one is not known.
    fn classes_put(&mut self, put: &Value, depth: u32) -> Option<Vec<ClassRef>> {
        let mut found = Vec::new();
        for value in put.alternatives() {
            match value {
                Value::Param(param, path) if path.is_empty() && depth > 0 => {
                    let callers = self.callers(param.function);
                    if callers.is_empty() {
                        return None;
                    }
                    for site in callers.iter() {
                        let passed = self.passed(*site, *param);
                        found.extend(self.classes_put(&passed, depth - 1)?);
                    }
                }
                // The value of a struct without fields is written as its type.
                Value::Class(class) => found.push(*class),
                value => found.push(value.instance_of()?),
            }
        }
        Some(found)
    }

    /// The method of a trait itself, where a type that implements the trait has none of its own.
    fn given_by_trait(&mut self, class: ClassRef, name: &Symbol) -> Option<FunctionRef> {
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        let given = def.methods.iter().copied().find(|id| facts.function(*id).name == *name && facts.function(*id).body.index() != 0)?;
        let trait_name = def.name.clone();
        for &file in self.files_with(Use::TraitImpl(&trait_name)) {
            let Some((facts, index)) = self.file(file) else { continue };
            for at in index.trait_impls.get(&trait_name).into_iter().flatten() {
                let block = &facts.impls[*at as usize];
                let Some(path) = block.trait_ref.as_ref().map(|ty| &ty.path) else { continue };
                let has_own = block.methods.iter().any(|id| facts.function(*id).name == *name);
                if !has_own && self.class_named(file, FunctionId::MODULE, path) == Some(class) {
                    return Some(FunctionRef { file: class.file, function: given });
                }
            }
        }
        None
    }

    /// The method of a type that is wanted of a trait which it implements.
    pub(super) fn method_of_trait(
        &mut self,
        class: ClassRef,
        wanted: impl Fn(&mut Self, FileId, &TypeRef) -> Option<Symbol>,
    ) -> Option<FunctionRef> {
        let name = self.facts(class.file)?.type_def(class.class).name.clone();
        for &file in self.impl_files(class, &name).iter() {
            let (facts, index) = self.file(file)?;
            for block in index.impls.get(&name).into_iter().flatten().map(|at| &facts.impls[*at as usize]) {
                let Some(method) = block.trait_ref.as_ref().and_then(|of| wanted(self, file, of)) else { continue };
                if let Some(function) = block.methods.iter().find(|id| facts.function(**id).name == method) {
                    return Some(FunctionRef { file, function: *function });
                }
            }
        }
        None
    }

    /// The functions that implement a trait's or interface's method.
    pub(super) fn implementations(&mut self, class: ClassRef, name: &Symbol) -> Vec<FunctionRef> {
        let Some(facts) = self.facts(class.file) else { return Vec::new() };
        let trait_name = facts.type_def(class.class).name.clone();
        let mut found = Vec::new();
        for &file in self.files_with(Use::TraitImpl(&trait_name)) {
            let Some((facts, index)) = self.file(file) else { continue };
            for at in index.trait_impls.get(&trait_name).into_iter().flatten() {
                let block = &facts.impls[*at as usize];
                let Some(path) = block.trait_ref.as_ref().map(|ty| ty.path.clone()) else { continue };
                if let Some(method) = block.methods.iter().find(|id| facts.function(**id).name == *name)
                    && self.class_named(file, FunctionId::MODULE, &path) == Some(class)
                {
                    found.push(FunctionRef { file, function: *method });
                }
            }
        }
        for &file in self.files_with(Use::Subtype(&trait_name)) {
            let Some((facts, index)) = self.file(file) else { continue };
            for id in index.subtypes.get(&trait_name).into_iter().flatten() {
                let def = facts.type_def(*id);
                if def.kind == TypeKind::Class
                    && let Some(method) = def.methods.iter().find(|method| facts.function(**method).name == *name)
                    && !self.is_of_namesake(file, facts, *id, class, &trait_name)
                {
                    found.push(FunctionRef { file, function: *method });
                }
            }
        }
        found
    }

    /// Whether a method of Rust gives its own object back as it is: `fn checked(self) -> Result<Self> { …; Ok(self) }`.
    pub(super) fn hands_itself_back(&mut self, function: FunctionRef) -> bool {
        let Some(facts) = self.facts(function.file).filter(|facts| facts.language == Language::Rust) else { return false };
        let declared = facts.function(function.function);
        let given = |expr: ExprId, names: &[&str]| match facts.expr(expr) {
            Expr::Call(id) => match facts.expr(facts.call(*id).callee) {
                Expr::Name(name) if names.contains(&name.as_str()) => facts.call(*id).args.first().map(|argument| argument.value),
                _ => None,
            },
            _ => None,
        };
        let is_own = |expr: ExprId| matches!(facts.expr(given(expr, &["Ok", "Some"]).unwrap_or(expr)), Expr::This);
        let is_changed = |target: ExprId| matches!(facts.expr(facts.whole_of(target)), Expr::This);
        declared.has_self
            && declared.returns.iter().any(|result| is_own(*result))
            && declared.returns.iter().all(|result| is_own(*result) || given(*result, &["Err"]).is_some())
            && !facts.assignments.iter().any(|assignment| assignment.function == function.function && is_changed(assignment.target))
    }

    /// What `Type::default()` makes where `Default` is derived: some instance.
    pub(super) fn derived_default(&mut self, file: FileId, facts: &SourceFacts, call: &Call) -> Option<Value> {
        let Expr::Path(path) = facts.expr(call.callee) else { return None };
        let (name, of) = path.split_last()?;
        if name != "default" || !call.args.is_empty() {
            return None;
        }
        let of: Vec<&str> = of.iter().map(Symbol::as_str).collect();
        self.class_named(file, call.function, &of.join("::").into()).map(Value::Some)
    }

    /// The constructor of a class, if it declares one.
    pub fn constructor(&mut self, class: ClassRef) -> Option<FunctionRef> {
        let mut class = class;
        for _ in 0..6 {
            let facts = self.facts(class.file)?;
            let own = facts.type_def(class.class).methods.iter().find(|id| facts.function(**id).kind == FunctionKind::Constructor);
            if let Some(function) = own {
                return Some(FunctionRef { file: class.file, function: *function });
            }
            class = self.base_class(class)?;
        }
        None
    }

    /// The constructor of an instance made by `new`, and what it was given.
    pub(super) fn constructor_arguments(&mut self, receiver: &Value) -> Option<(FunctionRef, Arc<[Value]>)> {
        match receiver {
            Value::New(class, arguments, _) => Some((self.constructor(*class)?, arguments.clone())),
            _ => None,
        }
    }

    /// What an object was made with, by its own constructor and by those of its bases.
    pub(super) fn made_with_in_lineage(&mut self, object: &Value) -> Vec<(FunctionRef, Arc<[Value]>)> {
        let (Value::New(class, ..) | Value::Some(class)) = object else { return Vec::new() };
        let mut given = self.constructor_arguments(object);
        let mut all: Vec<(FunctionRef, Arc<[Value]>)> = given.clone().into_iter().collect();
        for class in self.lineage(*class) {
            given = self.super_arguments(class, given);
            all.extend(given.clone());
        }
        all
    }

    /// The constructor of a class's base and what `super(…)` gives it, in terms of what the class's own constructor was given.
    pub(super) fn super_arguments(
        &mut self,
        class: ClassRef,
        given: Option<(FunctionRef, Arc<[Value]>)>,
    ) -> Option<(FunctionRef, Arc<[Value]>)> {
        let base = self.base_class(class)?;
        let facts = self.facts(class.file)?;
        if !facts.language.is_ecmascript() {
            return None;
        }
        let methods = &facts.type_def(class.class).methods;
        let Some(own) = methods.iter().copied().find(|id| facts.function(*id).kind == FunctionKind::Constructor) else {
            // What it is given goes to the base's constructor.
            return given;
        };
        let base = self.constructor(base)?;
        let (_, index) = self.file(class.file)?;
        let call = index.super_calls.get(&own)?;
        let arguments: Vec<Value> = facts.call(*call).args.iter().map(|argument| self.eval(class.file, argument.value)).collect();
        let arguments = match given {
            Some((constructor, given)) => arguments.iter().map(|value| self.with_arguments(value, constructor, &given)).collect(),
            None => arguments.into(),
        };
        Some((base, arguments))
    }
}

/// The innermost class around a place.
pub(super) fn class_around(file: FileId, facts: &SourceFacts, range: TextRange) -> Option<ClassRef> {
    let classes = facts.types.iter().enumerate().filter(|(_, class)| class.kind == TypeKind::Class && class.range.contains(range));
    let (position, _) = classes.min_by_key(|(_, class)| class.range.end - class.range.start)?;
    Some(ClassRef { file, class: TypeId(position as u32) })
}

/// The class that `this` is an instance of in a field's value, which is part of no function of the class: `url = this.settings.url`.
pub(super) fn this_of_field(file: FileId, facts: &SourceFacts, function: FunctionId, this: ExprId) -> Option<ClassRef> {
    let class = class_around(file, facts, facts.expr_range(this))?;
    facts.function(function).range.contains(facts.type_def(class.class).range).then_some(class)
}

/// Whether a method of ECMAScript is declared without a body.
fn is_abstract(facts: &SourceFacts, method: FunctionId) -> bool {
    let method = facts.function(method);
    facts.region(method.body).range == method.range
}
