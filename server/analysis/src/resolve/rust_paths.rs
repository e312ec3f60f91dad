//! Rust paths: `crate::config::URL`, `Self::new`, `Client::builder`, through modules, uses and globs.

use std::sync::Arc;

use portolan_grammars::catalog::{Family, Meaning};
use portolan_grammars::facts::{CallKind, Expr, FunctionId, FunctionKind, Import, Imported, SourceFacts, Symbol};

use rustc_hash::FxHashMap;

use super::evaluate::Evaluator;
use super::index::FileIndex;
use super::value::{ClassRef, Instance, Value};
use crate::workspace::modules::{ModuleId, RustModule};
use crate::{FileId, FunctionRef};

/// Uses followed from one to the next before a path counts as unknown.
const MAX_HOPS: u32 = 12;
/// What a value of a table remembers its module's name by; catalog entries select it.
const MODULE_OF_TABLE: &str = "table";

impl<'w> Evaluator<'w> {
    /// A path as seen in a function.
    pub(super) fn rust_path_in(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, path: &[Symbol]) -> Value {
        let value = self.rust_path_here(file, facts, function, path);
        let Value::External(package, whole) = &value else { return value };
        match whole.split_first().and_then(|(module, rest)| Some((self.cx.catalog.handed_on(package, module)?, rest))) {
            Some((home, rest)) => Value::External(home.clone(), rest.into()),
            None => value,
        }
    }

    fn rust_path_here(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId, path: &[Symbol]) -> Value {
        let Some((first, rest)) = path.split_first() else { return Value::Unknown };
        if first == "Self" {
            let class = self.this_class(file, facts, function);
            if class.is_none()
                && let Some((of, made)) = self.impl_of_made(file, facts, function)
            {
                return self.own_or_made(file, &facts.function(function).module, of, &made, rest);
            }
            return class.map_or(Value::Unknown, |class| self.associated(&Value::Class(class), rest));
        }
        let Some((_, index)) = self.file(file) else { return Value::Unknown };
        let imports = index.imports.get(first).map_or(&[][..], Vec::as_slice);
        let functions = index.functions.get(first).map_or(&[][..], Vec::as_slice);
        // Uses inside functions.
        let mut around = function;
        while around != FunctionId::MODULE {
            let import = imports.iter().map(|at| &facts.imports[*at as usize]).find(|import| import.function == around);
            if let Some(import) = import {
                let base = self.rust_import(file, import);
                return self.associated(&base, rest);
            }
            let nested = functions.iter().find(|id| {
                let nested = facts.function(**id);
                nested.parent == around && nested.kind == FunctionKind::Function
            });
            if let Some(nested) = nested
                && rest.is_empty()
            {
                return Value::Function(FunctionRef { file, function: *nested }, None);
            }
            if let Some(value) = self.rust_function_glob(file, (facts, index), around, path) {
                return value;
            }
            around = facts.function(around).parent;
        }
        self.module_path(file, &facts.function(function).module, path)
    }

    /// A path as seen in a module of a file, kept: code names the same few types over and over.
    fn module_path(&mut self, file: FileId, inline: &Symbol, path: &[Symbol]) -> Value {
        let key = (file, inline.clone());
        if let Some(value) = self.paths.get(&key).and_then(|known| known.get(path)) {
            return value.clone();
        }
        let cuts = self.cuts;
        let value = self.rust_path(file, inline, path, 0);
        // In the middle of a circle it may mean less than elsewhere.
        if self.cuts == cuts {
            self.paths.entry(key).or_default().insert(path.into(), value.clone());
        }
        value
    }

    /// What a path means by a glob of a function: `use schema::orders::dsl::*;`.
    fn rust_function_glob(
        &mut self,
        file: FileId,
        (facts, index): (&'w SourceFacts, &'w FileIndex),
        function: FunctionId,
        path: &[Symbol],
    ) -> Option<Value> {
        let globs = index.globs.iter().map(|at| &facts.imports[*at as usize]);
        for import in globs.filter(|import| import.function == function) {
            let mut whole: Vec<Symbol> = import.source.split("::").filter(|segment| !segment.is_empty()).map(Symbol::new).collect();
            if whole.first() == path.first() {
                continue;
            }
            whole.extend(path.iter().cloned());
            let value = self.rust_path(file, &facts.function(function).module, &whole, 4);
            match self.brought_by_glob(value, path) {
                Value::Unknown => {}
                value => return Some(value),
            }
        }
        None
    }

    /// A path as seen in a module of a file.
    pub(super) fn rust_path(&mut self, file: FileId, inline: &Symbol, path: &[Symbol], hops: u32) -> Value {
        let Some((first, rest)) = path.split_first() else { return Value::Unknown };
        if hops > MAX_HOPS {
            return Value::Unknown;
        }
        let modules = &self.cx.workspace.modules;
        let Some(own) = modules.modules_of(file).first() else {
            // A file outside of all module trees still sees its own items.
            return match self.rust_item(&RustModule { file, inline: inline.clone() }, None, path, hops) {
                Value::Unknown => external_path(path),
                value => value,
            };
        };
        let Some(module) = modules.below(*own, inline) else { return Value::Unknown };
        match first.as_str() {
            "crate" | "$crate" => match modules.crate_root(modules.crate_of(module)) {
                Some(root) => self.rust_module_path(root, rest, hops),
                None => Value::Unknown,
            },
            "self" => self.rust_module_path(module, rest, hops),
            "super" => {
                let supers = path.iter().take_while(|segment| *segment == "super").count();
                let around = (0..supers).fold(module, |module, _| modules.parent(module));
                self.rust_module_path(around, &path[supers..], hops)
            }
            _ => {
                let here = self.rust_module_path(module, path, hops);
                if !here.is_unknown() {
                    return here;
                }
                if let Some(root) = modules.crate_named(file, first).and_then(|other| modules.crate_root(other)) {
                    return self.rust_module_path(root, rest, hops);
                }
                let everywhere = if rest.is_empty() { self.crate_wide_macro(module, first) } else { None };
                everywhere.unwrap_or_else(|| external_path(path))
            }
        }
    }

    /// What a name means as a macro or an attribute, whatever function of a file is called like it.
    pub(super) fn macro_named(&mut self, file: FileId, name: &Symbol) -> Option<Value> {
        let (facts, index) = self.file(file)?;
        let imports = index.imports.get(name).into_iter().flatten().map(|at| &facts.imports[*at as usize]);
        for import in imports {
            if let found @ Value::External(..) = self.rust_import(file, import) {
                return Some(found);
            }
        }
        let module = *self.cx.workspace.modules.modules_of(file).first()?;
        self.crate_wide_macro(module, name)
    }

    /// A macro or attribute that `#[macro_use] extern crate` brings into a whole crate, of a library that is known to have one of that name.
    fn crate_wide_macro(&self, module: ModuleId, name: &Symbol) -> Option<Value> {
        let modules = &self.cx.workspace.modules;
        let catalog = self.cx.catalog;
        let brought = &modules.krate(modules.crate_of(module))?.macros_of;
        let mut libraries =
            brought.iter().flat_map(|package| catalog.libraries_of(Family::Rust, package).iter().map(move |library| (package, *library)));
        let (package, _) = libraries
            .find(|(_, library)| !catalog.meanings(*library, name).is_empty() || !catalog.attribute_meanings(*library, name).is_empty())?;
        Some(Value::External(package.clone(), std::slice::from_ref(name).into()))
    }

    fn rust_module_path(&mut self, module: ModuleId, path: &[Symbol], hops: u32) -> Value {
        if path.is_empty() {
            return Value::RustModule(module);
        }
        let modules = &self.cx.workspace.modules;
        let Some(place) = modules.place(module) else { return Value::Unknown };
        match modules.house_made(place.file) {
            Some(client) => Value::External(client.clone(), path.into()),
            None => self.rust_item(place, Some(module), path, hops),
        }
    }

    /// An item of a module, by the names it declares, its child modules, its uses and its globs.
    fn rust_item(&mut self, module: &RustModule, at: Option<ModuleId>, path: &[Symbol], hops: u32) -> Value {
        let Some((name, rest)) = path.split_first() else { return Value::Unknown };
        let file = module.file;
        let Some((facts, index)) = self.file(file) else { return Value::Unknown };
        if let Some(made) = self.named_entity(file, &module.inline, name) {
            return self.own_or_made(file, &module.inline, name, &made, rest);
        }
        if let Some(class) = index.types.get(name).and_then(|all| all.iter().find(|id| facts.type_def(**id).module == module.inline)) {
            return self.associated(&Value::Class(ClassRef { file, class: *class }), rest);
        }
        if rest.is_empty() {
            let own = |id: &&FunctionId| {
                let function = facts.function(**id);
                function.module == module.inline && function.parent == FunctionId::MODULE && function.kind == FunctionKind::Function
            };
            if let Some(function) = index.functions.get(name).and_then(|all| all.iter().find(own)) {
                return Value::Function(FunctionRef { file, function: *function }, None);
            }
            let binding = index.bindings.get(name).and_then(|all| {
                all.iter()
                    .map(|at| &facts.bindings[*at as usize])
                    .find(|binding| binding.function == FunctionId::MODULE && binding.module == module.inline)
            });
            if let Some(binding) = binding {
                return self.binding(file, facts, binding, None);
            }
        }
        let modules = &self.cx.workspace.modules;
        let child = at.and_then(|module| modules.child(module, name)).filter(|child| modules.place(*child).is_some());
        let import = index.imports.get(name).and_then(|all| {
            all.iter()
                .map(|at| &facts.imports[*at as usize])
                .find(|import| import.module == module.inline && import.function == FunctionId::MODULE && import.local == *name)
        });
        let import = import.filter(|import| !(import.source.is_empty() && matches!(&import.imported, Imported::Named(own) if own == name)));
        if let Some(child) = child {
            // Modules and functions have names of their own: `mod list; pub use list::list;`, `mod post; use axum::routing::post;`.
            if rest.is_empty()
                && let Some(import) = import
                && let function @ (Value::Function(..) | Value::External(..)) = self.rust_use(file, import, hops + 1)
            {
                return function;
            }
            return self.rust_module_path(child, rest, hops);
        }
        if let Some(import) = import {
            let base = self.rust_use(file, import, hops + 1);
            return self.associated(&base, rest);
        }
        if let Some(package) = modules.generated(module)
            && self.cx.catalog.libraries_of(Family::Rust, package).iter().any(|library| self.cx.catalog.has_under(*library, name))
        {
            return Value::External(package.clone(), path.into());
        }
        let mut outside = None;
        for at in &index.globs {
            let import = &facts.imports[*at as usize];
            if import.module != module.inline || import.imported != Imported::Glob || import.function != FunctionId::MODULE {
                continue;
            }
            let mut whole: Vec<Symbol> = import.source.split("::").map(Symbol::new).collect();
            // A glob of this very module brings nothing we could follow.
            if whole.first().is_some_and(|first| first == name) {
                continue;
            }
            whole.extend(path.iter().cloned());
            let value = self.rust_path(file, &module.inline, &whole, hops + 4);
            match self.brought_by_glob(value, path) {
                Value::Unknown => {}
                // What the workspace's own code says comes first.
                value @ Value::External(..) => outside = outside.or(Some(value)),
                value => return value,
            }
        }
        if let Some(made) = self.beside_entity(file, &module.inline, name) {
            return self.own_or_made(file, &module.inline, name, &made, rest);
        }
        self.declared_table(file, name, rest).or(outside).unwrap_or(Value::Unknown)
    }

    /// What a glob brings in by a path; of an outside package only what a library is known to have there. A prelude hands out what stands elsewhere.
    fn brought_by_glob(&self, value: Value, path: &[Symbol]) -> Value {
        let Value::External(package, whole) = &value else { return value };
        let libraries = self.cx.catalog.libraries_of(Family::Rust, package);
        let knows = |name: &str| libraries.iter().any(|library| self.cx.catalog.has_under(*library, name));
        let modules = whole.len().saturating_sub(path.len());
        if libraries.is_empty() {
            Value::Unknown
        } else if (modules + 1..=whole.len()).any(|end| knows(&whole[..end].join("::"))) {
            value
        } else if modules > 0 && whole[modules - 1] == "prelude" && path.first().is_some_and(|name| knows(name)) {
            Value::External(package.clone(), path.into())
        } else {
            Value::Unknown
        }
    }

    /// The type of an `impl` block and what it stands for, where a derive made it.
    fn impl_of_made(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId) -> Option<(&'w Symbol, Value)> {
        let mut at = facts.function(function);
        while at.impl_of.is_none() && at.parent != FunctionId::MODULE {
            at = facts.function(at.parent);
        }
        let of = at.impl_of.as_ref()?;
        let made = self.module_path(file, &at.module, std::slice::from_ref(of));
        matches!(made, Value::Instance(_)).then_some((of, made))
    }

    /// The rest of a path behind a type that a derive made: a function that code beside it gives the type, else the library's.
    fn own_or_made(&mut self, file: FileId, inline: &Symbol, of: &Symbol, made: &Value, rest: &[Symbol]) -> Value {
        if let [name] = rest
            && let Some((facts, index)) = self.file(file)
        {
            let blocks = index.impls.get(of).into_iter().flatten().map(|at| &facts.impls[*at as usize]);
            let mut methods = blocks.filter(|block| block.module == *inline).flat_map(|block| &block.methods);
            if let Some(method) = methods.find(|id| facts.function(**id).name == *name) {
                return Value::Function(FunctionRef { file, function: *method }, None);
            }
        }
        self.associated(made, rest)
    }

    /// A table that a macro of a query builder declares as a module of its own: `schema::orders::table`, `schema::orders::dsl::orders`.
    fn declared_table(&mut self, file: FileId, name: &Symbol, rest: &[Symbol]) -> Option<Value> {
        let whole = match rest {
            [] => true,
            [part] => part == "table" || part == "dsl",
            [dsl, part] => dsl == "dsl" && (part == name || part == "table"),
            _ => false,
        };
        if !whole {
            return None;
        }
        let (facts, index) = self.file(file)?;
        for call in index.calls.get("table")? {
            let call = facts.call(*call);
            // The macro's own path is looked up here too: its package is no table.
            let own = match facts.expr(call.callee) {
                Expr::Path(path) => path.first() == Some(name),
                Expr::Name(macro_name) => macro_name == name,
                _ => false,
            };
            if call.kind != CallKind::Macro || own {
                continue;
            }
            let callee = self.eval(file, call.callee);
            for found in self.library_callees(Family::Rust, &callee) {
                let Some(type_name) = self.meanings(&found).iter().find_map(|meaning| match meaning {
                    Meaning::Value(entry) => Some(entry.type_name.clone()),
                    _ => None,
                }) else {
                    continue;
                };
                let mut captures = FxHashMap::default();
                captures.insert(Symbol::from(MODULE_OF_TABLE), Value::text(name.clone()));
                let (library, members) = (found.library as u32, Vec::new());
                let instance = Instance { library, type_name, captures, members, origin: None, root: None, param: None };
                return Some(Value::Instance(Arc::new(instance)));
            }
        }
        None
    }

    /// What a `use` brings in.
    pub(super) fn rust_import(&mut self, file: FileId, import: &Import) -> Value {
        self.rust_use(file, import, 0)
    }

    fn rust_use(&mut self, file: FileId, import: &Import, hops: u32) -> Value {
        let mut path: Vec<Symbol> = import.source.split("::").filter(|segment| !segment.is_empty()).map(Symbol::new).collect();
        if let Imported::Named(name) = &import.imported {
            path.push(name.clone());
        }
        if path.first() == Some(&import.local) && path.len() == 1 {
            // `use reqwest;`
            let modules = &self.cx.workspace.modules;
            if let Some(root) = modules.crate_named(file, &path[0]).and_then(|krate| modules.crate_root(krate)) {
                return Value::RustModule(root);
            }
            return external_path(&path);
        }
        // A use that starts with a name which is itself this use would go in circles; hops end that.
        self.rust_path(file, &import.module, &path, hops + 1)
    }

    /// The rest of a path behind a type, module or package.
    pub(super) fn associated(&mut self, base: &Value, rest: &[Symbol]) -> Value {
        let Some((name, more)) = rest.split_first() else { return base.clone() };
        let next = match base {
            Value::RustModule(module) => return self.rust_module_path(*module, rest, 1),
            Value::External(package, path) => {
                let whole: Vec<Symbol> = path.iter().cloned().chain(rest.iter().cloned()).collect();
                return Value::External(package.clone(), whole.into());
            }
            // The module of a table is known by the table.
            Value::Instance(instance) if instance.captures.contains_key(MODULE_OF_TABLE) => {
                let own = instance.captures.get(MODULE_OF_TABLE).and_then(Value::literal);
                let same = name == "table" || name == "dsl" || own.as_ref() == Some(name);
                if same { base.clone() } else { Value::Unknown }
            }
            other => self.member(other, name, None),
        };
        self.associated(&next, more)
    }
}

fn external_path(path: &[Symbol]) -> Value {
    match path.split_first() {
        // A lone lower-case name is no crate that anybody named: it may be a prelude function or a macro's own.
        Some((first, rest)) => Value::External(first.clone(), rest.into()),
        None => Value::Unknown,
    }
}
