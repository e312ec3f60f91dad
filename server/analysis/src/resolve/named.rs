//! What the top level of an ECMAScript file and each function there names: what a bundler asks to leave out what nobody uses.
//!
//! A name is enough, be it called, handed on or only looked at. What deliberately does not live here: which files a process loads, and so
//! what of all this it runs, see [`super::assemble`]. Invariant: what a file says in a way that is not followed (a component's elements, code
//! that does not parse) is taken to name all that the file imports.

use portolan_grammars::facts::{Attribute, Expr, ExprId, FunctionId, FunctionKind, Import, Imported, SourceFacts, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::index::closure_in;
use super::link::Linker;
use super::spans::Walk;
use crate::FileId;
use crate::workspace::modules::Specifier;

/// Endings of files whose elements name what their script imports and declares.
const COMPONENT_ENDINGS: [&str; 2] = ["vue", "svelte"];

/// What a file names, by whose code does so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names {
    /// Functions of the top level that run only once they are named.
    pub functions: Vec<FunctionId>,
    /// What it hands out by name.
    pub exports: Vec<(Symbol, Named)>,
    /// Files of which it hands out all.
    pub stars: Vec<FileId>,
    /// What the code of such a function names, and of the module all other code, sorted.
    pub by: Vec<(FunctionId, Named)>,
}

/// Something that is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Named {
    /// A function of the file's own top level.
    Own(FunctionId),
    /// What another file hands out by a name.
    Of(FileId, Symbol),
    /// Whatever another file hands out.
    All(FileId),
    /// Nothing that the file declares or imports: a build may have brought it in.
    Unknown(Symbol),
}

impl<'w> Linker<'w> {
    /// Notes what an ECMAScript file names.
    pub(super) fn names(&mut self, walk: &Walk<'w>) {
        let facts = walk.facts;
        if !facts.language.is_ecmascript() {
            return;
        }
        let ending = self.evaluator.cx.paths[self.file.0 as usize].extension().unwrap_or_default();
        let is_open = COMPONENT_ENDINGS.contains(&ending) || !facts.problems.is_empty();
        let scope = Scope { own: declared(facts), imported: self.imported(facts) };
        let mut names = Names::default();
        self.exports(facts, &scope, &mut names);
        let mut by: FxHashSet<(FunctionId, Named)> = self.link.names.by.drain(..).collect();
        scope.collect(facts, &mut by);
        if is_open {
            by.extend(scope.imported.values().flatten().map(|named| (FunctionId::MODULE, named.clone())));
        } else {
            names.functions = named_functions(&names.exports, &by);
        }
        // What is called in a way that is not seen runs with the module.
        let of = |function: FunctionId| if names.functions.binary_search(&function).is_ok() { function } else { FunctionId::MODULE };
        names.by = by.into_iter().map(|(function, named)| (of(function), named)).collect();
        names.by.sort_unstable();
        names.by.dedup();
        self.link.names = names;
    }

    /// A file that is loaded by its name, or in place: whatever it hands out may be used.
    pub(super) fn names_all_of(&mut self, file: FileId) {
        self.link.names.by.push((FunctionId::MODULE, Named::All(file)));
    }

    /// What names of imports stand for.
    fn imported(&mut self, facts: &SourceFacts) -> FxHashMap<Symbol, Vec<Named>> {
        let mut imported: FxHashMap<Symbol, Vec<Named>> = FxHashMap::default();
        for import in facts.imports.iter().filter(|import| !import.reexport && !import.local.is_empty()) {
            imported.entry(import.local.clone()).or_default().extend(self.import_target(import));
        }
        imported
    }

    fn import_target(&mut self, import: &Import) -> Option<Named> {
        if import.type_only {
            return None;
        }
        let Specifier::File(target) = self.evaluator.specifier(self.file, &import.source) else { return None };
        Some(match &import.imported {
            Imported::Named(name) => Named::Of(target, name.clone()),
            Imported::Default => Named::Of(target, "default".into()),
            _ => Named::All(target),
        })
    }

    fn exports(&mut self, facts: &SourceFacts, scope: &Scope<'_>, names: &mut Names) {
        for export in &facts.exports {
            let closure = closure_in(facts, export.value).map(Named::Own);
            let named = match facts.expr(export.value) {
                Expr::Name(name) => Some(scope.meant(name)),
                _ => None,
            };
            names.exports.extend(named.into_iter().flatten().chain(closure).map(|named| (export.name.clone(), named)));
        }
        for import in facts.imports.iter().filter(|import| import.reexport) {
            match (&import.imported, self.import_target(import)) {
                (Imported::Glob, Some(Named::All(target))) => names.stars.push(target),
                (_, Some(named)) => names.exports.push((import.local.clone(), named)),
                (_, None) => {}
            }
        }
    }
}

/// What names mean at the top level of a file.
struct Scope<'f> {
    own: FxHashMap<&'f Symbol, Vec<FunctionId>>,
    imported: FxHashMap<Symbol, Vec<Named>>,
}

impl Scope<'_> {
    fn meant(&self, name: &Symbol) -> impl Iterator<Item = Named> {
        let own = self.own.get(name).into_iter().flatten().map(|function| Named::Own(*function));
        own.chain(self.imported.get(name).into_iter().flatten().cloned())
    }

    fn is_known(&self, name: &Symbol) -> bool {
        self.own.contains_key(name) || self.imported.contains_key(name)
    }

    /// Collects what all code of a file names.
    fn collect(&self, facts: &SourceFacts, found: &mut FxHashSet<(FunctionId, Named)>) {
        let tops: FxHashSet<FunctionId> = self.own.values().flatten().copied().chain(exported_closures(facts)).collect();
        let by: Vec<FunctionId> = (0..facts.functions.len() as u32).map(|at| top_of(facts, &tops, FunctionId(at))).collect();
        let handed_out: FxHashSet<ExprId> = facts.exports.iter().map(|export| export.value).collect();
        let bound = bound_names(facts);
        let mut add = |by: FunctionId, name: &Symbol| {
            found.extend(self.meant(name).map(|named| (by, named)));
            if !self.is_known(name) && !bound.contains(name) {
                found.insert((FunctionId::MODULE, Named::Unknown(name.clone())));
            }
        };
        for (at, expression) in facts.exprs.iter().enumerate() {
            if let Expr::Name(name) = &expression.kind
                && !handed_out.contains(&ExprId(at as u32))
            {
                add(by[expression.function.index()], name);
            }
        }
        for attribute in attributes(facts) {
            add(FunctionId::MODULE, &attribute.path.split('.').next().unwrap_or_default().into());
        }
    }
}

/// Functions of the top level by their names: declared ones, and closures that are bound for good.
fn declared(facts: &SourceFacts) -> FxHashMap<&Symbol, Vec<FunctionId>> {
    let mut found: FxHashMap<&Symbol, Vec<FunctionId>> = FxHashMap::default();
    for (at, function) in facts.functions.iter().enumerate() {
        if function.kind == FunctionKind::Function && function.parent == FunctionId::MODULE && function.owner.is_none() {
            found.entry(&function.name).or_default().push(FunctionId(at as u32));
        }
    }
    for binding in facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE && binding.constant) {
        if let Some(closure) = binding.value.and_then(|value| closure_in(facts, value)) {
            found.entry(&binding.name).or_default().push(closure);
        }
    }
    found
}

/// Functions that are written where they are handed out: `export default () => …`.
fn exported_closures(facts: &SourceFacts) -> impl Iterator<Item = FunctionId> {
    facts.exports.iter().filter_map(|export| closure_in(facts, export.value))
}

/// The function of the top level that a function's code is part of, else the module.
fn top_of(facts: &SourceFacts, tops: &FxHashSet<FunctionId>, mut function: FunctionId) -> FunctionId {
    while function != FunctionId::MODULE && !tops.contains(&function) {
        function = facts.function(function).parent;
    }
    function
}

/// The functions that are handed out, or that the module or another of them names: of others, in a `namespace` say, names tell nothing.
fn named_functions(exports: &[(Symbol, Named)], by: &FxHashSet<(FunctionId, Named)>) -> Vec<FunctionId> {
    let mut names: FxHashMap<FunctionId, Vec<FunctionId>> = FxHashMap::default();
    for (function, named) in by {
        if let Named::Own(own) = named {
            names.entry(*function).or_default().push(*own);
        }
    }
    let exported = exports.iter().filter_map(|(_, named)| if let Named::Own(own) = named { Some(*own) } else { None });
    let mut open: Vec<FunctionId> = exported.chain(names.get(&FunctionId::MODULE).into_iter().flatten().copied()).collect();
    let mut found: FxHashSet<FunctionId> = FxHashSet::default();
    while let Some(function) = open.pop() {
        if found.insert(function) {
            open.extend(names.get(&function).into_iter().flatten());
        }
    }
    let mut found: Vec<FunctionId> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// All names that a file gives to something.
fn bound_names(facts: &SourceFacts) -> FxHashSet<&Symbol> {
    let bindings = facts.bindings.iter().map(|binding| &binding.name);
    let functions = facts.functions.iter().flat_map(|function| function.params.iter().map(|param| &param.name).chain([&function.name]));
    bindings.chain(functions).chain(facts.types.iter().map(|def| &def.name)).collect()
}

/// All decorators of a file.
fn attributes(facts: &SourceFacts) -> impl Iterator<Item = &Attribute> {
    let functions =
        facts.functions.iter().flat_map(|function| function.params.iter().flat_map(|param| &param.attributes).chain(&function.attributes));
    let types = facts.types.iter().flat_map(|def| def.fields.iter().flat_map(|field| &field.attributes).chain(&def.attributes));
    functions.chain(types)
}
