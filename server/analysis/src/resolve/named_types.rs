//! The types that Rust code names: of those there may be instances, and a method called on something unknown may be one of theirs.
//!
//! A type goes by its own name here, wherever it is declared, and its generic arguments count too. So what a file names follows from its facts
//! alone, and no edit of another file changes it.

use portolan_grammars::facts::{Expr, FunctionId, Imported, SourceFacts, Symbol, TypeRef};
use rustc_hash::FxHashMap;

use super::index::last_segment;

/// The types that each function of a file names, sorted: in its signature, its body, and as the type whose method it is.
pub(super) fn named_types(facts: &SourceFacts) -> Vec<(FunctionId, Symbol)> {
    let mut found = Named { own: renamed(facts), names: Vec::new() };
    for (at, function) in facts.functions.iter().enumerate() {
        let id = FunctionId(at as u32);
        for ty in function.params.iter().filter_map(|param| param.ty.as_ref()).chain(&function.result) {
            found.ty(id, ty);
        }
        if let Some(of) = &function.impl_of {
            found.name(id, of);
        }
    }
    for binding in &facts.bindings {
        if let Some(ty) = &binding.ty {
            found.ty(binding.function, ty);
        }
    }
    for call in &facts.calls {
        call.type_args.iter().for_each(|ty| found.ty(call.function, ty));
    }
    for expression in &facts.exprs {
        match &expression.kind {
            Expr::Name(name) => found.name(expression.function, name),
            // `Kind::Variant(…)`, `Client::new(…)`.
            Expr::Path(path) => path.iter().for_each(|name| found.name(expression.function, name)),
            Expr::Object(object) => object.type_path.split("::").for_each(|name| found.name(expression.function, name)),
            _ => {}
        }
    }
    found.names.sort_unstable();
    found.names.dedup();
    found.names
}

/// The types that a declared type holds: of its fields, and what it is an alias or a subtrait of.
pub(super) fn held_types(facts: &SourceFacts, def: &portolan_grammars::facts::TypeDef) -> Vec<Symbol> {
    let mut found = Named { own: renamed(facts), names: Vec::new() };
    for ty in def.fields.iter().filter_map(|field| field.ty.as_ref()).chain(&def.bases) {
        found.ty(def.function, ty);
    }
    found.names.into_iter().map(|(_, name)| name).collect()
}

/// The own names of types that a file has under others.
fn renamed(facts: &SourceFacts) -> FxHashMap<&str, &str> {
    let renamed = facts.imports.iter().filter_map(|import| match &import.imported {
        Imported::Named(own) if *own != import.local => Some((import.local.as_str(), last_segment(own))),
        _ => None,
    });
    renamed.collect()
}

struct Named<'a> {
    own: FxHashMap<&'a str, &'a str>,
    names: Vec<(FunctionId, Symbol)>,
}

impl Named<'_> {
    fn ty(&mut self, function: FunctionId, ty: &TypeRef) {
        self.name(function, last_segment(&ty.path));
        ty.args.iter().for_each(|argument| self.ty(function, argument));
    }

    fn name(&mut self, function: FunctionId, name: &str) {
        if !name.starts_with(char::is_uppercase) || name == "Self" {
            return;
        }
        let own = self.own.get(name).copied().unwrap_or(name);
        self.names.push((function, own.into()));
    }
}
