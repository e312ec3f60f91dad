//! Who uses a name: from a declaration to the files that call, build, implement, extend or re-export something by its name.
//!
//! A use is kept as a hash of all that a file's text says about it: a call knows how many arguments it has, and `Orders::new(…)` is no use of
//! what some other type's `new` is. Two uses that share a hash only make a link look at a file too many. Invariant: the uses of a file depend
//! on its facts alone; the index of all files is the sum of those.

use std::hash::{Hash, Hasher};

use portolan_grammars::FileKind;
use portolan_grammars::facts::{Call, CallKind, Expr, FunctionId, Imported, SourceFacts, Symbol, TypeKind};
use portolan_grammars::languages::language_of;
use rustc_hash::{FxHashMap, FxHasher};

use super::index::{FileIndex, last_segment, self_type};
use crate::FileId;

/// How many arguments a call has, where that tells functions apart: in Rust. Elsewhere always the same.
pub type Arity = Option<u32>;

/// One way in which a file may use something by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use<'a> {
    /// `name(…)`, `module::name(…)`, `x.name(…)`, `new Name(…)`.
    Call(&'a str, Arity),
    /// `Type::name(…)`, by the type's own name where the file gives it another.
    AssociatedCall(&'a str, &'a str, Arity),
    /// `Type::name(…)` of any type.
    AnyAssociatedCall(&'a str, Arity),
    /// `Type { … }`.
    Literal(&'a str),
    /// `impl Type`.
    Impl(&'a str),
    /// `impl Trait for …`.
    TraitImpl(&'a str),
    /// A method of that name in `impl<T: Bound> Trait for T`.
    BlanketMethod(&'a str),
    /// `class … extends Type`, `interface … extends Type`.
    Subtype(&'a str),
    /// `name = …`, `x.name = …`.
    Assignment(&'a str),
    /// An object that says what is injected for a token of that name or text.
    Provider(&'a str),
    /// `use … Type as …`, `type … = Type`.
    Alias(&'a str),
    /// A value, type or re-export that others may import by that name.
    Export(&'a str),
    /// A function has that name; asked for by whoever calls it.
    Function(&'a str),
}

/// A [`Use`] as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UseKey(u64);

impl Use<'_> {
    /// Whether it is one of several; an associated call also where that of any type is.
    pub fn is_among(self, keys: &[UseKey]) -> bool {
        let among = |of: Use<'_>| keys.binary_search(&of.key()).is_ok();
        among(self) || matches!(self, Use::AssociatedCall(_, name, arity) if among(Use::AnyAssociatedCall(name, arity)))
    }
    /// Its hash.
    pub fn key(self) -> UseKey {
        let mut hasher = FxHasher::default();
        self.hash(&mut hasher);
        UseKey(hasher.finish())
    }
}

/// All uses in one file, sorted, each once.
pub fn uses(facts: &SourceFacts, index: &FileIndex) -> Box<[UseKey]> {
    let mut keys: Vec<UseKey> = Vec::with_capacity(facts.calls.len() * 2);
    for call in &facts.calls {
        if let Some(of) = call_use(facts, index, call) {
            keys.push(of.key());
            if let Use::AssociatedCall(_, name, arity) = of {
                keys.push(Use::AnyAssociatedCall(name, arity).key());
            }
        }
    }
    keys.extend(index.literals.keys().map(|name| Use::Literal(name).key()));
    keys.extend(index.impls.keys().map(|name| Use::Impl(name).key()));
    keys.extend(index.trait_impls.keys().map(|name| Use::TraitImpl(name).key()));
    keys.extend(blanket_methods(facts).map(|id| Use::BlanketMethod(&facts.function(id).name).key()));
    keys.extend(index.subtypes.keys().map(|name| Use::Subtype(name).key()));
    keys.extend(index.assignments.keys().map(|name| Use::Assignment(name).key()));
    keys.extend(index.providers.keys().map(|name| Use::Provider(name).key()));
    keys.extend(aliases(facts).map(|(name, _)| Use::Alias(name).key()));
    if facts.language.is_ecmascript() {
        keys.extend(exports(facts, index).map(|name| Use::Export(name).key()));
    }
    keys.extend(index.kept.iter().map(|kept| Use::Function(&kept.key).key()));
    keys.extend(index.functions.keys().chain(index.closure_names.values()).map(|name| Use::Function(name).key()));
    keys.sort_unstable();
    keys.dedup();
    keys.into()
}

/// The methods of traits that a file implements for whatever has some bounds.
pub fn blanket_methods(facts: &SourceFacts) -> impl Iterator<Item = FunctionId> {
    let is_parameter = |of: &str| of.len() <= 2 && of.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    // A type may be called as shortly: `S3`.
    let is_named = |of: &Symbol| facts.types.iter().any(|def| def.name == *of) || facts.imports.iter().any(|import| import.local == *of);
    let blanket = facts.impls.iter().filter(move |block| {
        let of = &block.self_type.path;
        block.trait_ref.is_some() && is_parameter(of) && !is_named(of)
    });
    blanket.flat_map(|block| block.methods.iter().copied())
}

/// The use that a call is, by what is written there.
pub fn call_use<'a>(facts: &'a SourceFacts, index: &'a FileIndex, call: &Call) -> Option<Use<'a>> {
    let rust = !facts.language.is_ecmascript();
    let arity = (rust && call.kind != CallKind::Macro).then_some(call.args.len() as u32);
    match facts.expr(call.callee) {
        Expr::Name(name) => Some(Use::Call(imported_name(facts, index, name), arity)),
        Expr::Member { name, .. } => Some(Use::Call(name, arity)),
        Expr::Path(path) => match path.as_slice() {
            [name] => Some(Use::Call(imported_name(facts, index, name), arity)),
            [.., of, name] if is_type_name(of) => Some(Use::AssociatedCall(own_name(facts, index, of, call.function)?, name, arity)),
            [.., name] => Some(Use::Call(name, arity)),
            [] => None,
        },
        Expr::Import(source) => Some(Use::Call(module_name(source), arity)),
        _ => None,
    }
}

/// What a module that is called as it is imported goes by, `require("./routes/orders")(app)`: the name of its file or folder.
pub fn module_name(source: &str) -> &str {
    let mut parts = source.trim_end_matches('/').rsplit('/');
    let last = parts.next().unwrap_or(source);
    let stem = if is_ecmascript(last) { last.rsplit_once('.').map_or(last, |(stem, _)| stem) } else { last };
    if stem == "index" { parts.next().unwrap_or(stem) } else { stem }
}

fn is_ecmascript(file: &str) -> bool {
    matches!(language_of(file.into()), Some(FileKind::Source(language)) if language.is_ecmascript())
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

/// What a type that a file names is called where it is declared, as far as the file itself says.
fn own_name<'a>(facts: &'a SourceFacts, index: &'a FileIndex, name: &'a Symbol, function: FunctionId) -> Option<&'a str> {
    if name == "Self" {
        return self_type(facts, function).or(Some("Self"));
    }
    Some(imported_name(facts, index, name))
}

/// What something imported is called where it is declared, as far as the import renames it.
fn imported_name<'a>(facts: &'a SourceFacts, index: &'a FileIndex, name: &'a Symbol) -> &'a str {
    let renamed = index.imports.get(name).into_iter().flatten().find_map(|at| match &facts.imports[*at as usize].imported {
        Imported::Named(own) if own != name && own != "default" => Some(last_segment(own)),
        _ => None,
    });
    renamed.unwrap_or(name)
}

/// Names that a file gives to types which have others: the type's, and the file's. In Rust a type may be known by either everywhere.
pub fn aliases(facts: &SourceFacts) -> impl Iterator<Item = (&str, &Symbol)> {
    let renamed = facts.imports.iter().filter_map(|import| match &import.imported {
        Imported::Named(original) if *original != import.local && is_type_name(original) => Some((last_segment(original), &import.local)),
        _ => None,
    });
    let declared = facts.types.iter().filter(|def| def.kind == TypeKind::Alias);
    let declared = declared.filter_map(|def| Some((last_segment(&def.bases.first()?.path), &def.name)));
    renamed.chain(declared).filter(|_| !facts.language.is_ecmascript())
}

/// The names that a file may be asked for by whoever imports from it: fields of an object that is the whole module are among them.
fn exports<'a>(facts: &'a SourceFacts, index: &'a FileIndex) -> impl Iterator<Item = &'a Symbol> {
    let reexports = facts.imports.iter().filter(|import| import.reexport && !import.local.is_empty()).map(|import| &import.local);
    let whole = ["=", "default"].into_iter().filter_map(|name| index.exports.get(name)?.first());
    let fields = whole.filter_map(|at| match facts.expr(facts.exports[*at as usize].value) {
        Expr::Object(object) => Some(object.entries.iter()),
        _ => None,
    });
    let fields = fields.flatten().filter_map(|entry| match entry {
        portolan_grammars::facts::Entry::Field { name, .. } => Some(name),
        _ => None,
    });
    index.exports.keys().chain(reexports).chain(fields).chain(index.types.keys())
}

/// The uses that calls of a function may be, by the names it has; `of` are the names of the type or trait it belongs to.
pub fn calls_of(facts: &SourceFacts, function: FunctionId, names: &[Symbol], of: &[Symbol]) -> Vec<UseKey> {
    let declared = facts.function(function);
    let rust = !facts.language.is_ecmascript();
    let arity = rust.then_some(declared.params.len() as u32);
    // `Type::method(object, …)` passes the object too.
    let associated = rust.then_some(declared.params.len() as u32 + u32::from(declared.has_self));
    // What a trait provides is called by the names of all that implement it.
    let any = declared.owner.is_some();
    let mut keys = Vec::new();
    for name in names {
        keys.push(Use::Call(name, arity).key());
        if rust {
            keys.push(Use::Call(name, associated).key());
            keys.extend(of.iter().map(|of| Use::AssociatedCall(of, name, associated).key()));
            if any {
                keys.push(Use::AnyAssociatedCall(name, associated).key());
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The files of each use.
#[derive(Debug, Clone, Default)]
pub struct UseIndex {
    files: FxHashMap<UseKey, Vec<FileId>>,
}

impl UseIndex {
    /// The index of all files.
    pub fn of<'a>(files: impl Iterator<Item = (FileId, &'a FileIndex)>) -> Self {
        let mut all = Self::default();
        files.for_each(|(file, index)| all.insert(file, index));
        all
    }
    /// Takes a file's uses in.
    pub fn insert(&mut self, file: FileId, index: &FileIndex) {
        for key in &index.uses {
            let files = self.files.entry(*key).or_default();
            // Most often they come in order.
            if files.last().is_none_or(|last| *last < file) {
                files.push(file);
            } else if let Err(at) = files.binary_search(&file) {
                files.insert(at, file);
            }
        }
    }
    /// Takes a file's uses out.
    pub fn remove(&mut self, file: FileId, index: &FileIndex) {
        for key in &index.uses {
            if let Some(files) = self.files.get_mut(key)
                && let Ok(at) = files.binary_search(&file)
            {
                files.remove(at);
            }
        }
    }
    /// The files with a use, sorted.
    pub fn files_with(&self, key: UseKey) -> &[FileId] {
        self.files.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// Uses that the first has and the second has not.
pub fn without(of: Option<&FileIndex>, other: Option<&FileIndex>) -> Vec<UseKey> {
    let (of, other) = (all_of(of), all_of(other));
    of.iter().filter(|key| other.binary_search(key).is_err()).copied().collect()
}

fn all_of(index: Option<&FileIndex>) -> &[UseKey] {
    index.map_or(&[], |index| &index.uses)
}
