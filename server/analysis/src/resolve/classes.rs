//! Members: fields and methods of classes and structs, declared types, and what constructors put into fields.

use std::sync::Arc;

use portolan_grammars::facts::{Call, Expr, FunctionId, FunctionKind, Imported, Language, SourceFacts, Symbol, TypeKind, TypeRef};

use super::evaluate::Evaluator;
use super::index::last_segment;
use super::uses::Use;
use super::value::{ClassRef, Instance, ParamRef, Part, Pattern, Source, Value, origin};
use crate::workspace::modules::Specifier;
use crate::{FileId, FunctionRef};

/// Implementations of a trait or interface that a call may mean; with more, it is not followed.
const MAX_IMPLEMENTATIONS: usize = 4;

/// Generic types that stand for what they hold.
fn is_wrapper(name: &str) -> bool {
    matches!(
        name,
        "Arc"
            | "Rc"
            | "Box"
            | "Option"
            | "Result"
            | "Mutex"
            | "RwLock"
            | "RefCell"
            | "OnceCell"
            | "OnceLock"
            | "LazyLock"
            | "Lazy"
            | "Pin"
            | "Data"
            | "State"
            | "Extension"
            | "Promise"
            | "Readonly"
            | "Partial"
            | "Required"
            | "Cow"
            | "Weak"
            | "NonNullable"
            | "Future"
            | "ArcSwap"
            | "ThinData"
    )
}

impl<'w> Evaluator<'w> {
    /// A member of a value.
    pub fn member(&mut self, value: &Value, name: &Symbol, source: Option<Source>) -> Value {
        match value {
            Value::OneOf(values) => {
                let members: Vec<Value> = values.iter().map(|value| self.member(value, name, source)).collect();
                Value::one_of(members)
            }
            Value::Object(object) => {
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
            Value::Text(_) if name == "origin" => origin(value),
            Value::Text(_) if name == "href" => value.clone(),
            Value::Array(items) => name.parse::<usize>().ok().and_then(|at| items.get(at).cloned()).unwrap_or(Value::Unknown),
            Value::External(package, path) => {
                if name == "default" {
                    return value.clone();
                }
                let longer: Arc<[Symbol]> = path.iter().cloned().chain([name.clone()]).collect();
                // A page's own origin is what a path without one is relative to.
                if package == "global" && is_own_origin(&longer) {
                    return Value::text("");
                }
                Value::External(package.clone(), longer)
            }
            Value::Instance(instance) => {
                if let Some(captured) = instance.captures.get(name)
                    && instance.members.is_empty()
                    && matches!(captured, Value::Text(_))
                {
                    return captured.clone();
                }
                let mut longer = (**instance).clone();
                longer.members.push(name.clone());
                Value::Instance(Arc::new(longer))
            }
            Value::Module(file) => self.export(*file, name),
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
            Value::Param(param, path) => {
                if path.is_empty()
                    && let Some(one) = self.rest_argument(*param, name)
                {
                    return one;
                }
                // `State(state): State<AppState>`: what the pattern takes out is what the type is known by.
                if path.is_empty() && name == "0" && self.is_wrapped(*param) {
                    return value.clone();
                }
                if path.is_empty()
                    && name != "constructor"
                    && let Some(typed) = self.parameter_type(*param)
                {
                    let member = self.member(&typed, name, None);
                    if !member.is_unknown() && !is_guess(&member) {
                        return member;
                    }
                }
                if path.len() >= 4 {
                    return Value::Unknown;
                }
                Value::Param(*param, path.iter().cloned().chain([name.clone()]).collect())
            }
            Value::Unknown => guess(name, source).unwrap_or(Value::Unknown),
            Value::Function(..) if matches!(name.as_str(), "bind" | "call" | "apply") => value.clone(),
            _ => Value::Unknown,
        }
    }

    /// Whether a parameter's declared type stands for what it holds.
    fn is_wrapped(&mut self, param: ParamRef) -> bool {
        let ty = self
            .facts(param.function.file)
            .and_then(|facts| facts.function(param.function.function).params.get(param.index as usize)?.ty.as_ref());
        ty.is_some_and(|ty| is_wrapper(last_segment(&ty.path)) && !ty.args.is_empty())
    }

    /// What the declared type of a parameter says about its value.
    pub fn parameter_type(&mut self, param: ParamRef) -> Option<Value> {
        let facts = self.facts(param.function.file)?;
        let declared = facts.function(param.function.function).params.get(param.index as usize)?;
        if let Some(injected) = self.injected(param.function.file, param.function.function, &declared.attributes, declared.ty.as_ref()) {
            return Some(injected);
        }
        let ty = declared.ty.as_ref()?;
        match self.typed(param.function.file, param.function.function, ty)? {
            Value::Instance(instance) => Some(Value::Instance(Arc::new(Instance { param: Some(param), ..(*instance).clone() }))),
            value => Some(value),
        }
    }

    /// What a declared type says about a value: an instance of a library's type or of a class of the workspace.
    pub fn typed(&mut self, file: FileId, function: FunctionId, ty: &TypeRef) -> Option<Value> {
        let mut ty = ty;
        for _ in 0..6 {
            if ty.path == "|" {
                ty = ty.args.iter().find(|option| !matches!(option.path.as_str(), "null" | "undefined"))?;
            } else if is_wrapper(last_segment(&ty.path)) && !ty.args.is_empty() {
                ty = &ty.args[0];
            } else {
                break;
            }
        }
        let facts = self.facts(file)?;
        // A type parameter is known by its bound at best; that is a trait's name where the language lowers it so.
        let base = self.type_value(file, facts, function, &ty.path)?;
        match base {
            Value::Class(class) => {
                let facts = self.facts(class.file)?;
                let def = facts.type_def(class.class);
                if def.kind == TypeKind::Alias
                    && let Some(target) = def.bases.first()
                {
                    let inner = def.function;
                    return self.typed(class.file, inner, target);
                }
                // A member of an enum is a text, known only by what is passed.
                if def.kind == TypeKind::Enum && facts.language.is_ecmascript() {
                    return None;
                }
                if let Some(service) = self.cx.contracts.stubs.get(&class) {
                    return Some(Value::RpcClient(service.clone(), Arc::new(Value::Unknown)));
                }
                Some(Value::Some(class))
            }
            Value::External(package, path) => self.library_typed(file, &package, &path).or_else(|| self.rpc_typed(path.last()?)),
            // A type that a derive made.
            Value::Instance(_) if facts.language == Language::Rust => Some(base),
            _ => self.rpc_typed(&Symbol::new(last_segment(&ty.path))),
        }
    }

    /// What a type's path means: a class, or a name of a package.
    pub(super) fn type_value(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, path: &Symbol) -> Option<Value> {
        if facts.language.is_ecmascript() {
            let mut segments = path.split('.');
            let first = Symbol::new(segments.next()?);
            let (_, index) = self.file(file)?;
            let mut value = if let Some(class) = index.types.get(&first).and_then(|all| all.first()) {
                Value::Class(ClassRef { file, class: *class })
            } else if let Some(at) = index.imports.get(&first).and_then(|all| all.first()) {
                let import = &facts.imports[*at as usize];
                let value = self.ecmascript_import(file, import);
                if value.is_unknown() { self.exported_type(file, import)? } else { value }
            } else {
                // A name that only the environment may know: `Express.Application`.
                Value::External("global".into(), Arc::from([first]))
            };
            for segment in segments {
                value = match &value {
                    Value::Module(module) => self.type_of_module(*module, &segment.into()).unwrap_or(Value::Unknown),
                    other => self.member(other, &segment.into(), None),
                };
            }
            return Some(value);
        }
        let path: Vec<Symbol> = path.split("::").map(Symbol::new).collect();
        Some(self.rust_path_in(file, facts, function, &path))
    }

    /// The value of a library's type that a path of a type stands for, where a derive made that type.
    pub(super) fn made_type(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, path: &Symbol) -> Option<Value> {
        match self.type_value(file, facts, function, path)? {
            made @ Value::Instance(_) => Some(made),
            _ => None,
        }
    }

    /// A type that an import brings in: types have no value, so exports of values do not show them.
    fn exported_type(&mut self, file: FileId, import: &portolan_grammars::facts::Import) -> Option<Value> {
        let name = match &import.imported {
            Imported::Named(name) => name.clone(),
            Imported::Default => import.local.clone(),
            _ => return Some(Value::Unknown),
        };
        match self.specifier(file, &import.source) {
            Specifier::File(target) => Some(self.type_of_module(target, &name).unwrap_or(Value::Unknown)),
            _ => Some(Value::Unknown),
        }
    }

    fn type_of_module(&mut self, target: FileId, name: &Symbol) -> Option<Value> {
        let key = (target, Symbol::from(format!("type {name}")));
        if !self.export_guard.insert(key.clone()) {
            return None;
        }
        let mut found = None;
        if let Some((facts, index)) = self.file(target) {
            if let Some(class) = index.types.get(name).and_then(|all| all.first()) {
                found = Some(Value::Class(ClassRef { file: target, class: *class }));
            } else {
                for at in index.imports.get(name).into_iter().flatten() {
                    let import = &facts.imports[*at as usize];
                    if let Specifier::File(next) = self.specifier(target, &import.source) {
                        let wanted = match &import.imported {
                            Imported::Named(original) => original.clone(),
                            _ => name.clone(),
                        };
                        found = self.type_of_module(next, &wanted);
                        if found.is_some() {
                            break;
                        }
                    }
                }
                if found.is_none() {
                    let having = self.files_with(Use::Export(name));
                    let through = self.cx.stars.through(target, having);
                    found = through.into_iter().find_map(|next| self.type_of_module(next, name));
                }
            }
        }
        self.export_guard.remove(&key);
        found
    }

    /// The class that a path names in a file.
    pub(super) fn class_named(&mut self, file: FileId, function: FunctionId, path: &Symbol) -> Option<ClassRef> {
        let facts = self.facts(file)?;
        let value = if path == "Self" {
            Value::Class(self.this_class(file, facts, function)?)
        } else {
            self.type_value(file, facts, function, path)?
        };
        match value {
            Value::Class(class) => Some(class),
            _ => None,
        }
    }

    /// The first base class that is in the workspace.
    pub(super) fn base_class(&mut self, class: ClassRef) -> Option<ClassRef> {
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        if let Some(superclass) = def.superclass
            && let Value::Class(base) = self.eval(class.file, superclass)
        {
            return Some(base);
        }
        let bases = def.bases.clone();
        bases.iter().find_map(|base| self.class_named(class.file, def.function, &base.path)).filter(|base| *base != class)
    }

    /// An instance of a class that extends a library's.
    pub(super) fn library_subclass(&mut self, class: ClassRef) -> Option<Value> {
        let facts = self.facts(class.file)?;
        let superclass = facts.type_def(class.class).superclass?;
        let Value::External(package, path) = self.eval(class.file, superclass) else { return None };
        let value = self.library_typed(class.file, &package, &path)?;
        // Its own methods are called through the class; only what it inherits is the library's.
        facts.type_def(class.class).methods.is_empty().then_some(value)
    }

    /// A field or method of an instance: of its class, then of its bases.
    fn instance_member(&mut self, receiver: &Value, class: ClassRef, name: &Symbol) -> Option<Value> {
        let mut current = class;
        let mut given = self.constructor_arguments(receiver);
        for _ in 0..6 {
            let field = self.field(current, name);
            if let Some(value) = field {
                return Some(match &given {
                    Some((constructor, arguments)) => self.with_arguments(&value, *constructor, arguments),
                    None => value,
                });
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
        let facts = self.facts(current.file)?;
        let superclass = facts.type_def(current.class).superclass?;
        if let Value::External(package, path) = self.eval(current.file, superclass) {
            let base = self.library_typed(current.file, &package, &path)?;
            return Some(self.member(&base, name, None));
        }
        None
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
        found.dedup();
        found
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

    /// The functions that implement a trait's or interface's method.
    fn implementations(&mut self, class: ClassRef, name: &Symbol) -> Vec<FunctionRef> {
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
                {
                    found.push(FunctionRef { file, function: *method });
                }
            }
        }
        found
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

    /// Whether a class has a method of its own by that name.
    pub(super) fn has_method(&mut self, class: ClassRef, name: &Symbol) -> bool {
        !self.methods(class, name).is_empty()
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

    /// A value with a constructor's parameters replaced by what it was given.
    pub(super) fn with_arguments(&mut self, value: &Value, constructor: FunctionRef, arguments: &[Value]) -> Value {
        let given = |param: ParamRef| (param.function == constructor).then(|| arguments.get(param.index as usize).cloned()).flatten();
        if let Value::Instance(instance) = value
            && let Some(passed) = instance.param.filter(|_| instance.origin.is_none()).and_then(given)
        {
            // What was passed is known better than by its type.
            let same = |one: &&Value| matches!(one, Value::Instance(one) if one.library == instance.library);
            let mut passed: Vec<Value> = passed.alternatives().iter().filter(same).cloned().collect();
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
        if !self.field_guard.insert(key.clone()) {
            self.cuts += 1;
            return declared.map(|_| Value::Unknown);
        }
        let value = match def.kind {
            TypeKind::Class => self.class_field(class, name),
            TypeKind::Struct => declared.and_then(|_| self.struct_field(class, name)),
            _ => declared.map(|_| Value::Unknown),
        };
        self.field_guard.remove(&key);
        let mut value = value?;
        let thin = value.is_unknown()
            || matches!(&value, Value::Param(..))
            || matches!(&value, Value::OneOf(all) if all.iter().all(|one| matches!(one, Value::Param(..))));
        if thin
            && declared.is_some_and(|field| !field.attributes.is_empty())
            && let Some(argument) = self.argument_field(class, name)
        {
            value = argument;
        } else if thin
            && let Some(ty) = declared.and_then(|field| field.ty.as_ref())
            && let Some(typed) = self.typed(class.file, def.function, ty)
        {
            value = known_by(typed, &value);
        }
        self.fields.insert(key, value.clone());
        Some(value)
    }

    fn class_field(&mut self, class: ClassRef, name: &Symbol) -> Option<Value> {
        let (facts, index) = self.file(class.file)?;
        let def = facts.type_def(class.class);
        let mut values = Vec::new();
        let mut exists = false;
        for field in def.fields.iter().filter(|field| field.name == *name && !field.is_static) {
            exists = true;
            values.extend(self.injected(class.file, def.function, &field.attributes, field.ty.as_ref()));
            if let Some(value) = field.value {
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

    /// What struct literals of the type's crate put into a field.
    fn struct_field(&mut self, class: ClassRef, name: &Symbol) -> Option<Value> {
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
                    if let portolan_grammars::facts::Entry::Field { name: field, value, .. } = entry
                        && field == name
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
                let Some(ty) = &field.ty else { return Value::Unknown };
                // `enum Value { String(String) }` with `use Value::*`: the type's name means the variant again.
                let key = (current, name.clone());
                if !self.field_guard.insert(key.clone()) {
                    self.cuts += 1;
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
                    return self.binding(current.file, facts, binding);
                }
            }
            if def.kind == TypeKind::Alias
                && let Some(target) = def.bases.first()
                && let Some(next) = self.class_named(current.file, def.function, &target.path)
                && next != current
            {
                current = next;
                continue;
            }
            match self.base_class(current) {
                Some(base) => current = base,
                None => break,
            }
        }
        // A static method inherited from a library's class.
        Value::Unknown
    }

    /// A value of a library's type, as declared.
    pub(super) fn library_typed(&mut self, file: FileId, package: &Symbol, path: &[Symbol]) -> Option<Value> {
        let family = self.family(file)?;
        let separator = if family == portolan_grammars::catalog::Family::Rust { "::" } else { "." };
        let name = if path.is_empty() { "default".to_owned() } else { path.join(separator) };
        for &library in self.cx.catalog.libraries_of(family, package) {
            if let Some(type_name) = self.cx.catalog.type_name(library, &name) {
                return Some(Value::Instance(Arc::new(Instance {
                    library: library as u32,
                    type_name: type_name.clone(),
                    captures: Default::default(),
                    members: Vec::new(),
                    origin: None,
                    root: None,
                    param: None,
                })));
            }
        }
        None
    }
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

/// A settings key written like a variable's name is taken for that variable: `config.ORDERS_URL`, where the object cannot be followed.
fn guess(name: &Symbol, source: Option<Source>) -> Option<Value> {
    let constant = name.contains('_') && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    constant.then(|| Value::pattern(Pattern::part(Part::Env { name: name.clone(), default: None, guessed: true, source })))
}

fn is_guess(value: &Value) -> bool {
    matches!(value, Value::Text(pattern) if matches!(pattern.parts.as_slice(), [Part::Env { guessed: true, .. }]))
}

/// Whether a member of the browser's environment is the origin of the page, or a part of it: `window.location.origin`.
fn is_own_origin(path: &[Symbol]) -> bool {
    let path = match path {
        [first, rest @ ..] if matches!(first.as_str(), "window" | "self" | "globalThis" | "document") => rest,
        path => path,
    };
    matches!(path, [location, part] if location == "location" && matches!(part.as_str(), "origin" | "href" | "protocol" | "host"))
}
