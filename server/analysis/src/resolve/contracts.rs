//! Rpc services that the workspace declares: `.proto` files, and generated code that is checked in, which names its service in texts.
//!
//! What deliberately does not live here: which calls go to a service and who implements it ([`super::rpc`], [`super::rpc_servers`]). Invariant:
//! the contracts are a function of the facts of all files; an edit that changes what one file declares asks for everything to be linked again.

use portolan_grammars::catalog::{Catalog, Family, RpcContract, RpcTrait};
use portolan_grammars::facts::{Attribute, Entry, Expr, ExprId, FunctionId, Object, SourceFacts, Symbol, TypeId, TypeKind};
use portolan_grammars::manifests::Manifest;
use rustc_hash::{FxHashMap, FxHashSet};

use super::index::{FileIndex, Indexed, last_segment};
use super::rpc::{camel_case, service_name, snake_case};
use super::value::{ClassRef, Value};
use crate::FileId;

pub(super) mod elsewhere;

/// Rpc services by name, and the generated types that belong to them.
#[derive(Debug, Default, PartialEq)]
pub struct Contracts {
    /// Simple name, as declared and as code generators write it → `package.Service`.
    pub services: FxHashMap<Symbol, Vec<Symbol>>,
    /// Methods of each `package.Service`.
    pub declared: FxHashMap<Symbol, Vec<Symbol>>,
    /// Of those that `.proto` files declare, the methods neither side of which streams.
    pub unary: FxHashMap<Symbol, FxHashSet<Symbol>>,
    /// The methods and paths by which an rpc (`package.Service/Method`) is asked over HTTP, where something serves it so.
    pub http: FxHashMap<Symbol, Vec<(Symbol, Symbol)>>,
    /// Names that rpc methods have in code.
    pub methods: FxHashSet<Symbol>,
    /// Generated client types that are checked in, with their service.
    pub stubs: FxHashMap<ClassRef, Symbol>,
    /// Generated types that are called like clients and stand for whatever they are given, an implementation or a connection: by name, the
    /// what makes one of a connection.
    pub holders: FxHashMap<Symbol, Vec<Connecting>>,
    /// Generated traits that servers implement, with their service.
    pub traits: FxHashMap<ClassRef, Symbol>,
    /// Services whose declaration is not in the workspace.
    pub elsewhere: FxHashSet<Symbol>,
    /// Those of them that only clients are known of; their methods are whatever those are asked.
    pub asked: FxHashSet<Symbol>,
    /// Traits that an attribute makes clients and servers of, by name.
    pub remote: FxHashMap<Symbol, Vec<RemoteMethod>>,
}

/// A generated function that makes what sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connecting {
    /// Its name.
    pub name: Symbol,
    /// Its parameters.
    pub arity: u32,
    /// Whether it is one of the type's own; else a method of a builder.
    pub own: bool,
}

/// A method of a trait that is called over the network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemoteMethod {
    /// Its name in code.
    pub name: Symbol,
    /// Its parameters.
    pub arity: u32,
    /// Its name on the wire.
    pub wire: Symbol,
}

/// What one source file's generated code declares.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    /// `package.Service` and a method; an empty method where only the service is named.
    rpcs: Vec<(Symbol, Symbol)>,
    stubs: Vec<(TypeId, Symbol)>,
    traits: Vec<(TypeId, Symbol)>,
    remote: Vec<(Symbol, RemoteMethod)>,
    /// Of services that others declare.
    elsewhere: Vec<(Symbol, Symbol)>,
    /// The same, of which only a client is seen.
    asked: Vec<Symbol>,
}

impl Declared {
    /// Reads them.
    pub fn read(facts: &SourceFacts, index: &FileIndex, catalog: &Catalog) -> Self {
        let mut declared = Self::default();
        match Family::from(facts.language) {
            Family::Rust => {
                declared.rust(facts, index, catalog);
                declared.elsewhere = elsewhere::implemented(facts, index);
                declared.asked = elsewhere::asked(facts, catalog);
            }
            Family::TypeScript => declared.objects(facts, index, catalog),
        }
        declared
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.rpcs.is_empty() && self.remote.is_empty() && self.elsewhere.is_empty() && self.asked.is_empty()
    }

    /// Traits of which an attribute makes clients and servers. One without a server is of an interface of others.
    fn remote_traits(&mut self, facts: &SourceFacts, entry: &RpcTrait, packages: &[Symbol]) {
        let is_of_library = |source: &str| packages.iter().any(|package| source.split("::").next() == Some(package.as_str()));
        let imported =
            facts.imports.iter().any(|import| import.local == entry.attribute && is_of_library(&import.source.replace('-', "_")));
        for def in facts.types.iter().filter(|def| def.kind == TypeKind::Trait) {
            let is_meant =
                |path: &str| last_segment(path) == entry.attribute && (imported && path == entry.attribute || is_of_library(path));
            let all = def.attributes.iter().filter(|attribute| is_meant(&attribute.path));
            let Some(attribute) = all.into_iter().find(|attribute| has_word(facts, attribute, "server")) else { continue };
            let namespace = attribute_text(facts, attribute, "namespace");
            let separator = attribute_text(facts, attribute, "namespace_separator").unwrap_or_else(|| "_".into());
            for method in def.methods.iter().map(|id| facts.function(*id)) {
                let own = method.attributes.iter().find(|own| entry.methods.contains(&own.path));
                let Some(name) = own.and_then(|own| attribute_text(facts, own, "name")) else { continue };
                let wire = namespace.as_ref().map_or_else(|| name.clone(), |space| format!("{space}{separator}{name}").into());
                let arity = method.params.len() as u32;
                self.remote.push((def.name.clone(), RemoteMethod { name: method.name.clone(), arity, wire }));
            }
        }
    }

    /// Structs whose methods send to a path that names service and method, and traits beside a server type whose constant names the service.
    fn rust(&mut self, facts: &SourceFacts, index: &FileIndex, catalog: &Catalog) {
        for library in catalog.libraries.iter().filter(|library| library.language == Family::Rust) {
            library.rpc_trait.iter().for_each(|entry| self.remote_traits(facts, entry, &library.packages));
            for stub in library.rpc_client.iter().filter_map(|entry| entry.stub.as_ref()) {
                let (before, last) = stub.rsplit_once("::").unwrap_or(("", stub));
                for call in index.calls.get(last).into_iter().flatten().map(|call| facts.call(*call)) {
                    let Expr::Path(path) = facts.expr(call.callee) else { continue };
                    if path.iter().rev().nth(1).is_none_or(|segment| segment != before) {
                        continue;
                    }
                    let Some(Expr::Str(text)) = call.args.first().map(|argument| facts.expr(argument.value)) else { continue };
                    let Some((service, method)) = rpc_path(text) else { continue };
                    if let Some(of) = struct_of(facts, index, call.function)
                        && !self.stubs.iter().any(|(known, _)| *known == of)
                    {
                        self.stubs.push((of, service.clone()));
                    }
                    self.rpcs.push((service, method));
                }
            }
            for constant in library.rpc_server.iter().filter_map(|entry| entry.named_by.as_ref()) {
                for at in index.bindings.get(constant).into_iter().flatten() {
                    let binding = &facts.bindings[*at as usize];
                    let Some((module, server)) = binding.module.rsplit_once("::").or(Some(("", binding.module.as_str()))) else { continue };
                    let text = binding.value.and_then(|value| constant_text(facts, index, value, module));
                    let (Some(text), Some(name)) = (text.filter(|text| is_service(text)), server.strip_suffix("Server")) else { continue };
                    let of_trait = index.types.get(name).into_iter().flatten().find(|id| {
                        let def = facts.type_def(**id);
                        def.kind == TypeKind::Trait && def.module == module
                    });
                    if let Some(id) = of_trait {
                        self.traits.push((*id, text.clone()));
                        self.rpcs.push((text, Symbol::default()));
                    }
                }
            }
        }
    }

    /// Objects that describe a service.
    fn objects(&mut self, facts: &SourceFacts, index: &FileIndex, catalog: &Catalog) {
        if index.identities.is_empty() {
            return;
        }
        let contracts: Vec<&RpcContract> = contracts(catalog).collect();
        let inner: FxHashSet<ExprId> = index.identities.iter().copied().collect();
        for (at, expression) in facts.exprs.iter().enumerate() {
            let Expr::Object(object) = &expression.kind else { continue };
            let own = inner.contains(&ExprId(at as u32));
            for contract in &contracts {
                let found = match (&contract.service, &contract.path) {
                    (Some(key), _) if own => self.described(facts, object, contract, key),
                    (None, Some(key)) if !own => self.by_paths(facts, object, key, &inner),
                    _ => false,
                };
                if found {
                    break;
                }
            }
        }
    }

    fn described(&mut self, facts: &SourceFacts, object: &Object, contract: &RpcContract, key: &str) -> bool {
        let Some(service) = text_field(facts, object, key).filter(|text| is_service(text)) else { return false };
        let methods = contract.methods.as_deref().and_then(|key| object.field(key)).map(|value| facts.expr(value));
        let Some(Expr::Object(methods)) = methods else { return false };
        for entry in &methods.entries {
            let Entry::Field { name, value, .. } = entry else { continue };
            let Expr::Object(method) = facts.expr(*value) else { continue };
            let method = contract.name.as_deref().and_then(|key| text_field(facts, method, key)).unwrap_or_else(|| name.clone());
            self.rpcs.push((service.clone(), method));
        }
        true
    }

    fn by_paths(&mut self, facts: &SourceFacts, object: &Object, key: &str, inner: &FxHashSet<ExprId>) -> bool {
        let mut found = false;
        for entry in &object.entries {
            let Entry::Field { value, .. } = entry else { continue };
            if inner.contains(value)
                && let Expr::Object(method) = facts.expr(*value)
                && let Some(rpc) = text_field(facts, method, key).and_then(|path| rpc_path(&path))
            {
                self.rpcs.push(rpc);
                found = true;
            }
        }
        found
    }
}

impl Contracts {
    /// Those of all files.
    pub fn collect(files: &[Option<Indexed>], catalog: &Catalog) -> Self {
        let mut all = Self::default();
        for entry in files.iter().flatten() {
            let Some(Manifest::Proto(proto)) = entry.facts.manifest() else { continue };
            // A template names no package: `package shop.{{name}}.v1`.
            if !proto.package.is_empty() && proto.package.split('.').any(str::is_empty) {
                continue;
            }
            for rule in &proto.http {
                let known = all.http.entry(rule.rpc.clone()).or_default();
                let answer = (rule.method.clone(), rule.path.clone());
                if !known.contains(&answer) {
                    known.push(answer);
                }
            }
            for service in &proto.services {
                let simple = &service.name.value;
                let full: Symbol = if proto.package.is_empty() { simple.clone() } else { format!("{}.{simple}", proto.package).into() };
                all.service(&full);
                service.methods.iter().for_each(|method| all.method(&full, &method.name.value));
                let unary = service.methods.iter().filter(|method| !method.streaming).map(|method| method.name.value.clone());
                all.unary.entry(full).or_default().extend(unary);
            }
        }
        for (service, method) in files.iter().flatten().flat_map(|entry| &entry.contracts.rpcs) {
            all.service(service);
            all.method(service, method);
        }
        for (service, method) in files.iter().flatten().flat_map(|entry| &entry.contracts.elsewhere) {
            let known = all.services.get(last_segment(service));
            if known.is_none_or(|known| known.iter().all(|known| all.elsewhere.contains(known))) {
                all.elsewhere.insert(service.clone());
                all.service(service);
                all.method(service, method);
            }
        }
        for service in files.iter().flatten().flat_map(|entry| &entry.contracts.asked) {
            let known = all.services.get(last_segment(service));
            if known.is_none_or(|known| known.iter().all(|known| known != service && all.elsewhere.contains(known))) {
                all.elsewhere.insert(service.clone());
                all.asked.insert(service.clone());
                all.service(service);
            }
        }
        for (of, method) in files.iter().flatten().flat_map(|entry| &entry.contracts.remote) {
            let known = all.remote.entry(of.clone()).or_default();
            if let Err(at) = known.binary_search(method) {
                known.insert(at, method.clone());
            }
            all.methods.insert(method.name.clone());
        }
        if !all.remote.is_empty() {
            all.methods.extend(catalog.libraries.iter().flat_map(|library| &library.rpc_trait).map(|entry| entry.serve.clone()));
        }
        for (at, entry) in files.iter().enumerate() {
            let Some(entry) = entry else { continue };
            let class = |id: TypeId| ClassRef { file: FileId(at as u32), class: id };
            all.stubs.extend(entry.contracts.stubs.iter().map(|(id, service)| (class(*id), service.clone())));
            all.traits.extend(entry.contracts.traits.iter().map(|(id, service)| (class(*id), service.clone())));
            // What describes a service is generated, whether it says so or not.
            if let Some(facts) = entry.facts.source()
                && (facts.generated || facts.language.is_ecmascript() && !entry.contracts.rpcs.is_empty())
            {
                all.generated(facts, &entry.contracts, catalog, class);
            }
        }
        all
    }

    /// Types of generated code that are named as a known service's client or server trait.
    fn generated(&mut self, facts: &SourceFacts, declared: &Declared, catalog: &Catalog, class: impl Fn(TypeId) -> ClassRef) {
        if self.services.is_empty() {
            return;
        }
        let family = Family::from(facts.language);
        let libraries = || catalog.libraries.iter().filter(|library| library.language == family);
        for (at, def) in facts.types.iter().enumerate() {
            let class = class(TypeId(at as u32));
            let named = |pattern: &str| {
                let simple = service_name(pattern, &def.name).filter(|_| pattern != "{service}" || def.kind == TypeKind::Trait)?;
                match self.services.get(simple)?.as_slice() {
                    [only] => Some(only.clone()).filter(|only| facts.generated || declared.rpcs.iter().any(|(of, _)| of == only)),
                    _ => None,
                }
            };
            if def.kind == TypeKind::Trait {
                let found =
                    libraries().flat_map(|library| &library.rpc_server).filter_map(|entry| entry.implements.as_deref()).find_map(named);
                if let Some(service) = found {
                    self.traits.entry(class).or_insert(service);
                }
            } else if let Some(service) = libraries().flat_map(|library| &library.rpc_client).find_map(|entry| named(&entry.class)) {
                // Where another type of the file is known to send, this one may only stand for whichever it is given.
                match declared.stubs.iter().find(|(_, known)| *known == service) {
                    Some((sends, _)) if facts.type_def(*sends).name != def.name => {
                        let connecting = connecting(facts, &def.name, &facts.type_def(*sends).name);
                        self.holders.entry(def.name.clone()).or_default().extend(connecting);
                    }
                    Some(_) => {}
                    None => {
                        self.stubs.entry(class).or_insert(service);
                    }
                }
            }
        }
    }

    fn service(&mut self, full: &Symbol) {
        let simple = last_segment(full);
        // Generators write `gNMI` as `GNmi`.
        let written = camel_case(&snake_case(simple));
        for name in [simple, written.as_str()] {
            let known = self.services.entry(name.into()).or_default();
            if let Err(at) = known.binary_search(full) {
                known.insert(at, full.clone());
            }
        }
        self.declared.entry(full.clone()).or_default();
    }

    fn method(&mut self, service: &Symbol, name: &Symbol) {
        let mut characters = name.chars();
        let Some(first) = characters.next() else { return };
        let methods = self.declared.entry(service.clone()).or_default();
        if methods.contains(name) {
            return;
        }
        methods.push(name.clone());
        self.methods.insert(snake_case(name).into());
        self.methods.insert(format!("{}{}", first.to_ascii_lowercase(), characters.as_str()).into());
        self.methods.insert(name.clone());
    }
}

/// The functions around a type that make the one which sends: `fn from_channel(channel: Channel) -> Self`, and what a builder has of the kind.
fn connecting(facts: &SourceFacts, of: &Symbol, sends: &Symbol) -> Vec<Connecting> {
    let method = |id: FunctionId| {
        let found = super::evaluate::around(facts, id).find(|at| facts.function(*at).impl_of.is_some())?;
        Some(facts.function(found)).filter(|function| function.impl_of.as_ref().is_some_and(|own| last_segment(own) != sends))
    };
    let mut found: Vec<Connecting> = Vec::new();
    // A builder may do so by way of the type's own functions.
    for _ in 0..2 {
        for call in &facts.calls {
            let Expr::Path(path) = facts.expr(call.callee) else { continue };
            let [.., made, constructor] = path.as_slice() else { continue };
            let connects = made == sends || made == of && found.iter().any(|known| known.own && known.name == *constructor);
            let Some(function) = method(call.function).filter(|_| connects) else { continue };
            let own = function.impl_of.as_ref() == Some(of);
            let made = Connecting { name: function.name.clone(), arity: function.params.len() as u32, own };
            if !found.contains(&made) {
                found.push(made);
            }
        }
    }
    found
}

/// Whether an attribute has a word among its arguments.
fn has_word(facts: &SourceFacts, attribute: &Attribute, word: &str) -> bool {
    attribute.args.iter().any(|argument| match facts.expr(*argument) {
        Expr::Name(name) => name == word,
        Expr::Path(path) => matches!(path.as_slice(), [only] if only == word),
        _ => false,
    })
}

/// The text that an attribute gives a name: `#[method(name = "order")]`.
fn attribute_text(facts: &SourceFacts, attribute: &Attribute, key: &str) -> Option<Symbol> {
    attribute.args.iter().find_map(|argument| match facts.expr(*argument) {
        Expr::Object(object) => text_field(facts, object, key),
        _ => None,
    })
}

fn contracts(catalog: &Catalog) -> impl Iterator<Item = &RpcContract> {
    catalog.libraries.iter().flat_map(|library| &library.rpc_contract)
}

/// The service that an object describes, as generated code writes it.
pub fn described_service(value: &Value, catalog: &Catalog) -> Option<Symbol> {
    let Value::Object(object) = value else { return None };
    contracts(catalog).find_map(|contract| match (&contract.service, &contract.path) {
        (Some(key), _) => object.fields.get(key)?.literal().filter(|text| is_service(text)),
        (None, Some(key)) => object.fields.values().find_map(|method| match method {
            Value::Object(method) => Some(rpc_path(&method.fields.get(key)?.literal()?)?.0),
            _ => None,
        }),
        (None, None) => None,
    })
}

/// Whether a text may be a key's that names an rpc or a service: what an index keeps an object for.
pub fn may_identify(text: &str) -> bool {
    rpc_path(text).is_some() || (text.contains('.') && is_service(text))
}

/// `/package.Service/Method` taken apart.
fn rpc_path(text: &str) -> Option<(Symbol, Symbol)> {
    let (service, method) = text.strip_prefix('/')?.split_once('/')?;
    (is_service(service) && is_word(method)).then(|| (service.into(), method.into()))
}

/// `package.Service`, or a service without a package.
fn is_service(text: &str) -> bool {
    text.split('.').all(is_word) && last_segment(text).starts_with(|first: char| first.is_ascii_alphabetic())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The struct whose method a function is.
fn struct_of(facts: &SourceFacts, index: &FileIndex, mut function: FunctionId) -> Option<TypeId> {
    loop {
        let here = facts.function(function);
        if let Some(name) = &here.impl_of {
            let all = index.types.get(last_segment(name))?;
            return all.iter().copied().find(|id| facts.type_def(*id).module == here.module);
        }
        if here.parent == function {
            return None;
        }
        function = here.parent;
    }
}

/// A text, or that of the constant of the same module that is named.
fn constant_text(facts: &SourceFacts, index: &FileIndex, value: ExprId, module: &str) -> Option<Symbol> {
    match facts.expr(value) {
        Expr::Str(text) => Some(text.clone()),
        Expr::Name(name) => {
            let mut all = index.bindings.get(name)?.iter().map(|at| &facts.bindings[*at as usize]);
            match facts.expr(all.find(|binding| binding.module == module)?.value?) {
                Expr::Str(text) => Some(text.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

fn text_field(facts: &SourceFacts, object: &Object, key: &str) -> Option<Symbol> {
    match facts.expr(object.field(key)?) {
        Expr::Str(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_service, rpc_path};

    #[test]
    fn paths_name_service_and_method() {
        assert_eq!(rpc_path("/shop.v1.Cart/GetCart"), Some(("shop.v1.Cart".into(), "GetCart".into())));
        assert_eq!(rpc_path("/shop.v1.Cart/{id}"), None);
        assert_eq!(rpc_path("/orders"), None);
        assert_eq!(rpc_path("/a/b/c"), None);
        assert!(is_service("shop.Cart") && !is_service("shop..Cart") && !is_service("3.14"));
    }
}
