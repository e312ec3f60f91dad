//! Rpc services whose declaration is not in the workspace, as the crate that generates their code is another's: known by those who implement
//! them, whose methods take tonic's requests, else by the clients of them that code takes from such a crate.
//!
//! What deliberately does not live here: who calls them, which is asked of those alone that come from a module of the same name ([`is_from`]).
//! Invariant: a service that only clients are known of is implemented by nobody here, so that an address alone says who answers.

use portolan_grammars::catalog::Catalog;
use portolan_grammars::facts::{Impl, Imported, SourceFacts, Symbol, TypeRef};

use crate::resolve::index::{FileIndex, last_segment, with_import};
use crate::resolve::rpc::{camel_case, snake_case};

/// The library whose requests the methods take.
const LIBRARY: &str = "tonic";
/// What its requests are called.
const REQUEST: &str = "Request";
/// What the names of generated clients end in.
const CLIENT: &str = "Client";

/// `module.Service` and method, of all that a file implements so.
pub(super) fn implemented(facts: &SourceFacts, index: &FileIndex) -> Vec<(Symbol, Symbol)> {
    let mut found = Vec::new();
    for block in &facts.impls {
        let methods = methods(facts, index, block);
        let service = if methods.is_empty() { None } else { service(facts, index, block) };
        found.extend(service.into_iter().flat_map(|service| methods.iter().map(move |method| (service.clone(), method.clone()))));
    }
    found
}

/// `module.Service` of the clients that a file takes from a crate of others by the names that tonic's generator gives them:
/// `shop::cart_client::CartClient`. Crates that the catalog knows are none.
pub(super) fn asked(facts: &SourceFacts, catalog: &Catalog) -> Vec<Symbol> {
    let imports = facts.imports.iter().filter_map(|import| match &import.imported {
        Imported::Named(name) => Some((import.source.split("::").collect::<Vec<_>>(), name.as_str())),
        _ => None,
    });
    let is_known =
        |krate: &str| catalog.libraries.iter().any(|library| library.packages.iter().any(|name| name.replace('-', "_") == krate));
    let client = imports.filter_map(|(modules, class)| {
        let service = class.strip_suffix(CLIENT).filter(|service| !service.is_empty())?;
        let [krate, .., own] = modules.as_slice() else { return None };
        let own_code = matches!(*krate, "" | "crate" | "self" | "super");
        let is_generated = *own == format!("{}_client", snake_case(service)) && !own_code && !is_known(krate);
        is_generated.then(|| format!("{}.{service}", modules[modules.len() - 2]).into())
    });
    client.collect()
}

/// Whether modules that lead to a name end in the one that a service is of.
pub(in crate::resolve) fn is_from(service: &str, modules: &[Symbol]) -> bool {
    let module = modules.iter().rev().find(|module| !module.ends_with("_client") && !module.ends_with("_server"));
    service.rsplit_once('.').is_some_and(|(own, _)| module.is_some_and(|module| *module == own))
}

/// The methods that take one of the library's requests, as contracts call them.
fn methods(facts: &SourceFacts, index: &FileIndex, block: &Impl) -> Vec<Symbol> {
    let functions = block.methods.iter().map(|id| facts.function(*id)).filter(|function| function.has_self);
    let asked = functions.filter(|function| {
        let first = function.params.first().and_then(|param| param.ty.as_ref());
        first.is_some_and(|ty| is_request(facts, index, ty))
    });
    asked.map(|function| camel_case(&function.name).into()).collect()
}

fn is_request(facts: &SourceFacts, index: &FileIndex, ty: &TypeRef) -> bool {
    last_segment(&ty.path) == REQUEST && whole(facts, index, &ty.path).first().is_some_and(|first| first == LIBRARY)
}

/// The service that a block's trait is of, by the module that the trait is taken from.
fn service(facts: &SourceFacts, index: &FileIndex, block: &Impl) -> Option<Symbol> {
    let mut path = whole(facts, index, &block.trait_ref.as_ref()?.path);
    let name = path.pop()?;
    if path.first().is_none_or(|first| first == LIBRARY) {
        return None;
    }
    let own = format!("{}_server", snake_case(&name));
    let module = path.iter().rev().find(|module| **module != own)?;
    Some(format!("{module}.{name}").into())
}

/// A path with the import that its first segment stands for.
fn whole(facts: &SourceFacts, index: &FileIndex, path: &str) -> Vec<Symbol> {
    let segments: Vec<Symbol> = path.split("::").map(Symbol::new).collect();
    with_import(facts, index, &segments).unwrap_or(segments)
}
