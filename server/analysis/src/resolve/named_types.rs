//! The types that Rust code names: of those there may be instances, and a method called on something unknown may be one of theirs.
//!
//! A type goes by its own name here, wherever it is declared, and its generic arguments count too. So what a file names follows from its facts
//! alone, and no edit of another file changes it.

use portolan_grammars::facts::{Expr, FunctionId, Imported, SourceFacts, Symbol, TypeDef, TypeRef};
use rustc_hash::FxHashMap;

use super::index::last_segment;

/// The types that each function of a file names, sorted: in its signature, its body, and as the type whose method it is.
pub(super) fn named_types(facts: &SourceFacts) -> Vec<(FunctionId, Symbol)> {
    let own = renamed(facts);
    let mut names: Vec<(FunctionId, &str)> = Vec::new();
    let mut note = |function: FunctionId, name| names.extend(type_name(&own, name).map(|name| (function, name)));
    for (at, function) in facts.functions.iter().enumerate() {
        let id = FunctionId(at as u32);
        for ty in function.params.iter().filter_map(|param| param.ty.as_ref()).chain(&function.result) {
            names_in(ty, &mut |name| note(id, name));
        }
        if let Some(of) = &function.impl_of {
            note(id, of);
        }
    }
    for binding in &facts.bindings {
        if let Some(ty) = &binding.ty {
            names_in(ty, &mut |name| note(binding.function, name));
        }
    }
    for call in &facts.calls {
        call.type_args.iter().for_each(|ty| names_in(ty, &mut |name| note(call.function, name)));
    }
    for expression in &facts.exprs {
        match &expression.kind {
            Expr::Name(name) => note(expression.function, name),
            // `Kind::Variant(…)`, `Client::new(…)`.
            Expr::Path(path) if path.first().is_some_and(|first| first == "Self") => {}
            Expr::Path(path) => path.iter().for_each(|name| note(expression.function, name)),
            Expr::Object(object) => object.type_path.split("::").for_each(|name| note(expression.function, name)),
            _ => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|(function, name)| (function, name.into())).collect()
}

/// The types that each type of a file holds: of its fields, and what it is an alias or a subtrait of.
pub(super) fn held_types(facts: &SourceFacts, mut note: impl FnMut(&TypeDef, &str)) {
    let own = renamed(facts);
    for def in &facts.types {
        for ty in def.fields.iter().filter_map(|field| field.ty.as_ref()).chain(&def.bases) {
            names_in(ty, &mut |name| type_name(&own, name).into_iter().for_each(|name| note(def, name)));
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

/// The names of a type and of its arguments. A type that a trait gives is named where an implementation says which it is.
fn names_in<'a>(ty: &'a TypeRef, note: &mut dyn FnMut(&'a str)) {
    if !ty.path.starts_with("Self::") {
        note(last_segment(&ty.path));
    }
    ty.args.iter().for_each(|argument| names_in(argument, note));
}

/// The own name of what a name means, if it may be a type's.
fn type_name<'a>(own: &FxHashMap<&str, &'a str>, name: &'a str) -> Option<&'a str> {
    (name.starts_with(char::is_uppercase) && name != "Self").then(|| own.get(name).copied().unwrap_or(name))
}
