//! Declared types: what a name of a type means, and what it says of values.
//!
//! What deliberately does not live here: what the classes have that are meant. Invariant: a type parameter says nothing.

use std::sync::Arc;

use portolan_grammars::catalog::{Family, Meaning};
use portolan_grammars::facts::{FunctionId, Import, Imported, Language, Param, SourceFacts, Symbol, TypeKind, TypeRef};
use rustc_hash::FxHashMap;

use super::evaluate::Evaluator;
use super::index::own_name;
use super::uses::Use;
use super::value::{ClassRef, Instance, ParamRef, Value};
use crate::FileId;
use crate::workspace::modules::Specifier;

/// Members of a union that are looked at.
const MAX_OPTIONS: usize = 8;

/// Generic types that stand for what they hold.
pub(super) fn is_wrapper(name: &str) -> bool {
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
            | "Awaited"
            | "Readonly"
            | "Pick"
            | "Omit"
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

/// The declared type of a parameter, unless it says nothing.
fn telling_type(param: &Param) -> Option<&TypeRef> {
    param.ty.as_ref().filter(|ty| ty.path != "any")
}

impl<'w> Evaluator<'w> {
    /// What the declared type of a parameter says about its value.
    pub fn parameter_type(&mut self, param: ParamRef) -> Option<Value> {
        if param.is_own_object() {
            return self.class_of_own(param).map(Value::Some);
        }
        let facts = self.facts(param.function.file)?;
        let declared = facts.function(param.function.function).params.get(param.index as usize)?;
        if let Some(injected) = self.injected(param.function.file, param.function.function, &declared.attributes, declared.ty.as_ref()) {
            return Some(injected);
        }
        let Some(ty) = telling_type(declared) else { return self.customary_type(param, &declared.name) };
        match self.typed(param.function.file, param.function.function, ty)? {
            Value::Instance(instance) => {
                let mut instance = Instance { param: Some(param), ..(*instance).clone() };
                // `typeof orders`: what that value remembers need not be what callers' values do.
                if ty.path == "typeof" {
                    instance.captures.clear();
                }
                Some(Value::Instance(Arc::new(instance)))
            }
            value => Some(value),
        }
    }

    /// What a parameter without a declared type, or with one that says nothing, is by its name, where the package depends on the library that it
    /// is named for.
    fn customary_type(&mut self, param: ParamRef, name: &Symbol) -> Option<Value> {
        self.customary_value(param.function.file, name, Some(param))
    }

    /// What a value without a declared type is by its name alone, likewise.
    pub(super) fn customary_value(&mut self, file: FileId, name: &Symbol, param: Option<ParamRef>) -> Option<Value> {
        let cx = self.cx;
        let path = cx.paths.get(file.0 as usize)?;
        let family = self.family(file)?;
        let known = cx.catalog.customary(family, name).iter();
        let (library, type_name) =
            known.into_iter().find(|(library, _)| cx.package_depends_on(path, &cx.catalog.libraries[*library].packages))?;
        Some(Value::Instance(Arc::new(Instance {
            library: *library as u32,
            type_name: type_name.clone(),
            captures: FxHashMap::default(),
            members: Vec::new(),
            origin: None,
            root: None,
            param,
        })))
    }

    /// What a member of a parameter without a declared type is: one of what the parameter is by its name, or, where a pattern takes it out, what it
    /// is by its own.
    pub(super) fn customary_member(&mut self, param: ParamRef, path: &[Symbol]) -> Option<Value> {
        let [name] = path else { return None };
        let declared = self.facts(param.function.file)?.function(param.function.function).params.get(param.index as usize)?;
        if telling_type(declared).is_some() {
            return None;
        }
        if declared.name.is_empty() {
            return self.customary_type(param, name);
        }
        let of = self.customary_type(param, &declared.name)?;
        Some(self.member(&of, name, None))
    }

    /// What a declared type says about a value: an instance of a library's type or of a class of the workspace.
    pub fn typed(&mut self, file: FileId, function: FunctionId, ty: &TypeRef) -> Option<Value> {
        let facts = self.facts(file)?;
        let mut ty = ty;
        for _ in 0..6 {
            if ty.path == "|" {
                let mut options = ty.args.iter().filter(|option| !matches!(option.path.as_str(), "null" | "undefined"));
                let first = options.next()?;
                // Of several, whatever one is known to be: `Mock | Connection`.
                let rest: Vec<Value> = options.take(MAX_OPTIONS).filter_map(|option| self.typed(file, function, option)).collect();
                if !rest.is_empty() {
                    return Some(Value::one_of(self.typed(file, function, first).into_iter().chain(rest)));
                }
                ty = first;
            } else if !ty.args.is_empty() && is_wrapper(own_name(facts, &ty.path)) {
                ty = &ty.args[0];
            } else {
                break;
            }
        }
        if facts.language.is_ecmascript() && matches!(ty.path.as_str(), "typeof" | "ReturnType" | "InstanceType") {
            return self.type_of_value(file, facts, ty);
        }
        // A type parameter is known by its bound at best; that is a trait's name where the language lowers it so.
        let base = self.type_value(file, facts, function, &ty.path)?;
        match base {
            Value::Class(class) => {
                let facts = self.facts(class.file)?;
                let def = facts.type_def(class.class);
                if def.kind == TypeKind::Alias
                    && let Some(target) = def.bases.first()
                {
                    // A type may stand for itself: `type Pool = InstanceType<typeof Pool>`.
                    if !self.alias_guard.insert(class) {
                        return None;
                    }
                    let found = self.typed(class.file, def.function, target);
                    self.alias_guard.remove(&class);
                    return found;
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
            Value::External(package, path) => self
                .library_typed(file, &package, &path)
                .or_else(|| self.rpc_generic(file, function, &package, &path, ty))
                // What another crate of the workspace generates is known by its name alone.
                .or_else(|| self.rpc_declared(file, ty, path.last().unwrap_or(&Symbol::new(own_name(facts, &ty.path))))),
            // A type that a derive made, and what a variant of an enum holds.
            Value::Instance(_) | Value::Some(_) | Value::RpcClient(..) if facts.language == Language::Rust => Some(base),
            _ => self.rpc_declared(file, ty, &Symbol::new(own_name(facts, &ty.path))),
        }
    }

    /// What a type says that is taken from a value: `typeof db`, `ReturnType<typeof connect>`. Who has that type need not be that value.
    fn type_of_value(&mut self, file: FileId, facts: &'w SourceFacts, ty: &TypeRef) -> Option<Value> {
        let of = ty.args.first()?;
        let value = match ty.path.as_str() {
            "typeof" => self.lookup(file, facts, FunctionId::MODULE, &of.path, u32::MAX),
            "ReturnType" if of.path == "typeof" => match self.lookup(file, facts, FunctionId::MODULE, &of.args.first()?.path, u32::MAX) {
                Value::Function(function, _) => self.result_of(function),
                made => return self.type_made_by(facts.language.into(), &made),
            },
            "InstanceType" if of.path == "typeof" => {
                let name = of.args.first()?;
                return match self.lookup(file, facts, FunctionId::MODULE, &name.path, u32::MAX) {
                    Value::Class(class) => Some(Value::Some(class)),
                    Value::External(package, path) => self.library_typed(file, &package, &path),
                    _ => self.typed(file, FunctionId::MODULE, name),
                };
            }
            _ => return None,
        };
        let kinds = value.alternatives().iter().filter_map(|value| match value {
            Value::Instance(one) => Some(Value::Instance(Arc::new(Instance { origin: None, root: None, ..(**one).clone() }))),
            Value::New(class, ..) | Value::Some(class) => Some(Value::Some(*class)),
            _ => None,
        });
        Some(Value::one_of(kinds)).filter(|value| !value.is_unknown())
    }

    /// The value that a type is taken from, whatever is done with it then, be it by a name: `Awaited<ReturnType<typeof createContext>>`, or what a
    /// library makes of `typeof createContext`. Recurses at most `depth` deep.
    pub(super) fn taken_from(&mut self, file: FileId, ty: &TypeRef, depth: u32) -> Option<Value> {
        let facts = self.facts(file).filter(|_| depth > 0)?;
        let through = match ty.path.as_str() {
            "typeof" => return Some(self.lookup(file, facts, FunctionId::MODULE, &ty.args.first()?.path, u32::MAX)),
            "ReturnType" | "Omit" | "Pick" | "&" => true,
            name if is_wrapper(name) => true,
            _ => match self.type_value(file, facts, FunctionId::MODULE, &ty.path)? {
                Value::Class(class) => {
                    let def = self.facts(class.file)?.type_def(class.class);
                    let stands_for = def.bases.first().filter(|_| def.kind == TypeKind::Alias)?;
                    return self.taken_from(class.file, stands_for, depth - 1);
                }
                // A language's own types of types tell also what a function takes: `Parameters`.
                Value::External(package, _) => package != "global",
                _ => false,
            },
        };
        let mut args = ty.args.iter().filter(|_| through);
        args.find_map(|of| self.taken_from(file, of, depth - 1))
    }

    /// The type of what a library's function makes.
    pub(super) fn type_made_by(&mut self, family: Family, function: &Value) -> Option<Value> {
        let callees = self.library_callees(family, function);
        let (library, type_name) = callees.iter().find_map(|callee| {
            let made = self.meanings(callee).iter().find_map(|meaning| match meaning {
                Meaning::Value(entry) if entry.given_to.is_none() && entry.type_name != "Self" => Some(entry.type_name.clone()),
                _ => None,
            })?;
            Some((callee.library as u32, made))
        })?;
        let (captures, members) = (FxHashMap::default(), Vec::new());
        Some(Value::Instance(Arc::new(Instance { library, type_name, captures, members, origin: None, root: None, param: None })))
    }

    /// The rpc client that a type stands for by the form of its name.
    fn rpc_declared(&mut self, file: FileId, ty: &TypeRef, name: &Symbol) -> Option<Value> {
        // Few names have that form; where a path leads is asked for those alone.
        self.rpc_typed(name, &[])?;
        let path: Vec<Symbol> = ty.path.split("::").map(Symbol::new).collect();
        let modules = self.modules_of(file, &path);
        let client = self.rpc_typed(name, &modules)?;
        let is_meant = !matches!(&client, Value::RpcClient(service, _) if !self.may_come_from(service, &modules));
        is_meant.then_some(client)
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
    fn exported_type(&mut self, file: FileId, import: &Import) -> Option<Value> {
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

    /// A value of a library's type, as declared.
    pub(super) fn library_typed(&mut self, file: FileId, package: &Symbol, path: &[Symbol]) -> Option<Value> {
        let family = self.family(file)?;
        let separator = if family == Family::Rust { "::" } else { "." };
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
