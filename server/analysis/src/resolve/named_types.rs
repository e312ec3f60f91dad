//! The types that Rust code names: of those there may be instances, and a method called on something unknown may be one of theirs.
//!
//! A type goes by its own name here, wherever it is declared, with the path that the file says before it, and its generic arguments count too. So
//! what a file names follows from its facts alone, and no edit of another file changes it.

use portolan_grammars::facts::{Expr, FunctionId, Imported, SourceFacts, Symbol, TypeId, TypeRef};
use rustc_hash::FxHashMap;

use super::index::last_segment;

/// A type as a function's code names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedType {
    /// The function.
    pub function: FunctionId,
    /// The type's own name.
    pub name: Symbol,
    /// Whether it may be the file's own of that name: written without a path, and imported under no other name.
    pub own: bool,
    /// The path of the module that it is written with or imported from: `crate::orders`.
    pub path: Option<Symbol>,
}

/// The types that each function of a file names, sorted: in its signature, its body, and as the type whose method it is.
pub(super) fn named_types(facts: &SourceFacts) -> Vec<NamedType> {
    let imports = Imports::of(facts);
    let mut names: Vec<NamedType> = Vec::new();
    let mut note = |function: FunctionId, path: &[&str]| {
        names.extend(imports.type_at(path).map(|(name, own, path)| NamedType { function, name: name.into(), own, path }));
    };
    for (at, function) in facts.functions.iter().enumerate() {
        let id = FunctionId(at as u32);
        for ty in function.params.iter().filter_map(|param| param.ty.as_ref()).chain(&function.result) {
            names_in(ty, &mut |path| note(id, path));
        }
        if let Some(of) = &function.impl_of {
            note(id, &[of]);
        }
    }
    for binding in &facts.bindings {
        if let Some(ty) = &binding.ty {
            names_in(ty, &mut |path| note(binding.function, path));
        }
    }
    for call in &facts.calls {
        call.type_args.iter().for_each(|ty| names_in(ty, &mut |path| note(call.function, path)));
    }
    let mut each = |function: FunctionId, path: &[&str]| (1..=path.len()).for_each(|end| note(function, &path[..end]));
    for expression in &facts.exprs {
        match &expression.kind {
            Expr::Name(name) => each(expression.function, &[name]),
            // `Kind::Variant(…)`, `Client::new(…)`.
            Expr::Path(path) if path.first().is_some_and(|first| first == "Self") => {}
            Expr::Path(path) => each(expression.function, &path.iter().map(Symbol::as_str).collect::<Vec<_>>()),
            Expr::Object(object) => each(expression.function, &object.type_path.split("::").collect::<Vec<_>>()),
            _ => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// A type that another one holds.
pub(super) struct HeldType<'f> {
    /// The type that holds it, as a position in the file's types.
    pub(super) holder: TypeId,
    /// The field or variant that it is part of; none where the holder is an alias or a subtrait of it.
    pub(super) field: Option<&'f Symbol>,
    /// Its own name.
    pub(super) name: &'f str,
    /// Whether it may be the file's own.
    pub(super) own: bool,
    /// The path of its module, as far as the file says it.
    pub(super) path: Option<Symbol>,
}

/// The types that each type of a file holds: of its fields, and what it is an alias or a subtrait of.
pub(super) fn held_types<'f>(facts: &'f SourceFacts, mut note: impl FnMut(HeldType<'f>)) {
    let imports = Imports::of(facts);
    for (holder, def) in (0..).map(TypeId).zip(&facts.types) {
        let of_fields = def.fields.iter().filter_map(|field| Some((Some(&field.name), field.ty.as_ref()?)));
        for (field, ty) in of_fields.chain(def.bases.iter().map(|base| (None, base))) {
            names_in(ty, &mut |path| {
                let meant = imports.type_at(path).into_iter();
                meant.for_each(|(name, own, path)| note(HeldType { holder, field, name, own, path }));
            });
        }
    }
}

/// What a file imports, by the names that it has here.
struct Imports<'f> {
    /// The own name, and where from; that is `None` where several imports differ in it.
    named: FxHashMap<&'f str, (&'f str, Option<&'f Symbol>)>,
}

impl<'f> Imports<'f> {
    fn of(facts: &'f SourceFacts) -> Self {
        let mut named: FxHashMap<&str, (&str, Option<&Symbol>)> = FxHashMap::default();
        for import in &facts.imports {
            let Imported::Named(own) = &import.imported else { continue };
            // What a path begins with means another thing in a module within the file.
            let from = Some(&import.source).filter(|source| import.module.is_empty() && !source.is_empty());
            let is_other = named.get(import.local.as_str()).is_some_and(|(_, known)| *known != from);
            named.insert(&import.local, (last_segment(own), from.filter(|_| !is_other)));
        }
        Self { named }
    }

    /// What the last name of a path means, if it may be a type's: its own name, whether it may be the file's own, and the path of its module.
    fn type_at<'n>(&self, path: &[&'n str]) -> Option<(&'n str, bool, Option<Symbol>)>
    where
        'f: 'n,
    {
        let (name, before) = path.split_last()?;
        if !name.starts_with(char::is_uppercase) || *name == "Self" {
            return None;
        }
        let own: Option<(&'n str, _)> = self.named.get(*name).copied();
        match before.split_first() {
            None => {
                let from = own.and_then(|(_, from)| from).cloned();
                Some(own.filter(|(own, _)| own != name).map_or((*name, true, from.clone()), |(own, _)| (own, false, from)))
            }
            Some((first, rest)) => {
                let name = own.map_or(*name, |(own, _)| own);
                // Behind another type there is none of its own name.
                let is_module = before.iter().all(|part| !part.starts_with(char::is_uppercase));
                let begins = match self.named.get(*first) {
                    Some((own, from)) => from.map(|from| format!("{from}::{own}")),
                    // What these count from is another module where code stands in one within the file.
                    None => Some((*first).to_owned()).filter(|first| first != "super" && first != "self"),
                };
                let path = begins.filter(|_| is_module).map(|begins| [&[begins.as_str()], rest].concat().join("::").into());
                Some((name, false, path))
            }
        }
    }
}

/// The paths of a type and of its arguments, as they are written.
fn names_in<'a>(ty: &'a TypeRef, note: &mut dyn FnMut(&[&'a str])) {
    if !ty.path.starts_with("Self::") {
        note(&ty.path.split("::").collect::<Vec<_>>());
    }
    ty.args.iter().for_each(|argument| names_in(argument, note));
}
