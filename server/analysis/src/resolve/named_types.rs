//! The types that Rust code names: of those there may be instances, and a method called on something unknown may be one of theirs.
//!
//! A type goes by its own name here, wherever it is declared, and its generic arguments count too. So what a file names follows from its facts
//! alone, and no edit of another file changes it.

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
}

/// The types that each function of a file names, sorted: in its signature, its body, and as the type whose method it is.
pub(super) fn named_types(facts: &SourceFacts) -> Vec<NamedType> {
    let renamed = renamed(facts);
    let mut names: Vec<(FunctionId, &str, bool)> = Vec::new();
    let mut note = |function: FunctionId, name, bare: bool| {
        names.extend(type_name(&renamed, name, bare).map(|(name, own)| (function, name, own)));
    };
    for (at, function) in facts.functions.iter().enumerate() {
        let id = FunctionId(at as u32);
        for ty in function.params.iter().filter_map(|param| param.ty.as_ref()).chain(&function.result) {
            names_in(ty, &mut |name, bare| note(id, name, bare));
        }
        if let Some(of) = &function.impl_of {
            note(id, of, true);
        }
    }
    for binding in &facts.bindings {
        if let Some(ty) = &binding.ty {
            names_in(ty, &mut |name, bare| note(binding.function, name, bare));
        }
    }
    for call in &facts.calls {
        call.type_args.iter().for_each(|ty| names_in(ty, &mut |name, bare| note(call.function, name, bare)));
    }
    for expression in &facts.exprs {
        match &expression.kind {
            Expr::Name(name) => note(expression.function, name, true),
            // `Kind::Variant(…)`, `Client::new(…)`.
            Expr::Path(path) if path.first().is_some_and(|first| first == "Self") => {}
            Expr::Path(path) => path.iter().enumerate().for_each(|(at, name)| note(expression.function, name, at == 0)),
            Expr::Object(object) => {
                object.type_path.split("::").enumerate().for_each(|(at, name)| note(expression.function, name, at == 0));
            }
            _ => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|(function, name, own)| NamedType { function, name: name.into(), own }).collect()
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
}

/// The types that each type of a file holds: of its fields, and what it is an alias or a subtrait of.
pub(super) fn held_types<'f>(facts: &'f SourceFacts, mut note: impl FnMut(HeldType<'f>)) {
    let renamed = renamed(facts);
    for (holder, def) in (0..).map(TypeId).zip(&facts.types) {
        let of_fields = def.fields.iter().filter_map(|field| Some((Some(&field.name), field.ty.as_ref()?)));
        for (field, ty) in of_fields.chain(def.bases.iter().map(|base| (None, base))) {
            names_in(ty, &mut |name, bare| {
                let meant = type_name(&renamed, name, bare).into_iter();
                meant.for_each(|(name, own)| note(HeldType { holder, field, name, own }));
            });
        }
    }
}

/// The own names of types that a file has under others.
fn renamed(facts: &SourceFacts) -> FxHashMap<&str, &str> {
    let renamed = facts.imports.iter().filter_map(|import| match &import.imported {
        Imported::Named(own) if *own != import.local => Some((import.local.as_str(), last_segment(own))),
        _ => None,
    });
    renamed.collect()
}

/// The names of a type and of its arguments, and whether each is written without a path.
fn names_in<'a>(ty: &'a TypeRef, note: &mut dyn FnMut(&'a str, bool)) {
    if !ty.path.starts_with("Self::") {
        note(last_segment(&ty.path), !ty.path.contains("::"));
    }
    ty.args.iter().for_each(|argument| names_in(argument, note));
}

/// The own name of what a name means, if it may be a type's, and whether it may be the file's own.
fn type_name<'a>(renamed: &FxHashMap<&str, &'a str>, name: &'a str, bare: bool) -> Option<(&'a str, bool)> {
    let is_type = name.starts_with(char::is_uppercase) && name != "Self";
    is_type.then(|| renamed.get(name).map_or((name, bare), |own| (*own, false)))
}
