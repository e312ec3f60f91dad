//! Generated rpc clients and servers, known by the names that code generators give them.
//!
//! Where the generated code is not in the workspace, a class `CartServiceClient` that nobody declares is the client of the rpc service
//! `CartService` that a `.proto` file declares. A class that the workspace declares by such a name is taken for one only if it is generated, or
//! if what its methods send names the service ([`super::contracts`]).

use std::sync::Arc;

use portolan_grammars::catalog::{Family, RpcClient, Selector};
use portolan_grammars::facts::{
    Call, CallId, CallKind, Expr, ExprId, FunctionId, Imported, SourceFacts, Symbol, TextRange, TypeKind, TypeRef,
};

use super::contracts::described_service;
use super::contracts::elsewhere::is_from;
use super::evaluate::Evaluator;
use super::index::{callee_name, last_segment, with_import};
use super::library::{CallView, LibraryCallee};
use super::rows::RowPart;
use super::uses::Use;
use super::value::{CallRef, ClassRef, Value};
use crate::{FileId, FunctionRef};

/// Imports of imports that are followed.
const MAX_IMPORTS: usize = 4;

impl<'w> Evaluator<'w> {
    /// The rpc client that a call makes, if it does.
    pub(super) fn rpc_client(&mut self, file: FileId, facts: &'w SourceFacts, id: CallId) -> Option<Value> {
        if self.cx.contracts.services.is_empty() {
            return None;
        }
        let call = facts.call(id);
        let family = Family::from(facts.language);
        let (class, constructor, modules) = match (facts.expr(call.callee), family) {
            (Expr::Path(path), Family::Rust) => {
                let [of @ .., constructor] = path.as_slice() else { return None };
                let mut modules = self.imported_path(file, of);
                (modules.pop()?, Some(constructor.clone()), modules)
            }
            (_, Family::TypeScript) if call.kind == CallKind::New => (callee_name(facts, call.callee)?.clone(), None, Vec::new()),
            _ => return None,
        };
        let mut found = None;
        for (library, entry) in self.cx.catalog.rpc_clients(family) {
            if entry.callee.is_some() {
                continue;
            }
            let made = match &constructor {
                Some(constructor) => entry.constructors.contains(constructor),
                None => true,
            };
            let Some(simple) = service_name(&entry.class, &class) else { continue };
            let Some(candidates) = self.cx.contracts.services.get(simple) else { continue };
            // What is put into it answers within the process.
            if let (Some(connecting), Some(constructor)) = (self.cx.contracts.holders.get(&class), &constructor)
                && !connecting.iter().any(|made| made.own && made.name == *constructor)
            {
                return None;
            }
            // A class named just like the service could be anything, unless the file uses the library; so could any class in a file
            // that does not.
            let marked = |class: &Symbol| self.imports_library(facts, library) || self.is_generated_for(file, class, library, entry);
            if !made || (family == Family::TypeScript && !marked(&class)) {
                continue;
            }
            let service = match family {
                Family::TypeScript => self.pick_by_import(file, &class, candidates)?,
                _ => match self.coming_from(candidates, &modules).as_slice() {
                    [] => continue,
                    candidates => pick(candidates, &modules),
                },
            };
            let view_callee = LibraryCallee { library, name: String::new(), receiver: None };
            let view = CallView { site: CallRef { file, call: id }, call, callee: &view_callee, members: &[] };
            let address = entry.address.as_ref().and_then(|selector: &Selector| self.select(selector, &view)).unwrap_or(Value::Unknown);
            // What another library's clients are given tells no address.
            let of_other = matches!(address, Value::Instance(_));
            let client = Value::RpcClient(service, Arc::new(address));
            if !of_other {
                return Some(client);
            }
            found = found.or(Some(client));
        }
        found
    }

    /// A client that a method of its own hands on, with more settings: `CartClient::new(channel).max_decoding_message_size(limit)`.
    pub(super) fn same_client(&mut self, file: FileId, facts: &'w SourceFacts, id: CallId) -> Option<Value> {
        if facts.language.is_ecmascript() || self.cx.contracts.services.is_empty() {
            return None;
        }
        let Expr::Member { object, name } = facts.expr(facts.call(id).callee) else { return None };
        let client = self.eval(file, *object);
        let Value::RpcClient(service, _) = &client else { return None };
        if self.cx.contracts.asked.contains(service) {
            return (!facts.call(id).awaited).then_some(client);
        }
        let methods = self.cx.contracts.declared.get(service)?;
        (!methods.iter().any(|rpc| is_rpc_method(rpc, name))).then_some(client)
    }

    /// Whether the type of an `impl` block may be a generated rpc client: one that is declared elsewhere, or is another name.
    pub(super) fn may_be_client(&mut self, file: FileId, class: Option<ClassRef>) -> bool {
        if self.cx.contracts.services.is_empty() {
            return false;
        }
        let Some(class) = class else { return true };
        let is_alias = |facts: &SourceFacts| facts.type_def(class.class).kind == TypeKind::Alias;
        (class.file != file && self.cx.contracts.stubs.contains_key(&class)) || self.facts(class.file).is_some_and(is_alias)
    }

    /// The generated rpc client whose methods a function is one of: `impl Orders for CartClient<Channel> { … }`.
    pub(super) fn client_around(&mut self, file: FileId, facts: &'w SourceFacts, function: FunctionId) -> Option<Value> {
        let of = super::evaluate::around(facts, function).find_map(|at| facts.function(at).impl_of.clone())?;
        let ty = TypeRef { path: of, args: Vec::new(), range: TextRange::default() };
        self.typed(file, function, &ty).filter(|value| matches!(value, Value::RpcClient(..)))
    }

    /// The one client that a macro is given: `retry!(connect(address).await, 5)` hands on what it has tried to get.
    pub(super) fn client_through_macro(&mut self, file: FileId, call: &Call) -> Option<Value> {
        if self.cx.contracts.services.is_empty() {
            return None;
        }
        let mut clients =
            call.args.iter().map(|argument| self.eval(file, argument.value)).filter(|value| matches!(value, Value::RpcClient(..)));
        let client = clients.next()?;
        clients.next().is_none().then_some(client)
    }

    /// The client that a library's call makes of a service's object: `createClient(CartService, transport)`.
    pub(super) fn rpc_client_of(&mut self, entry: &RpcClient, view: &CallView<'_>) -> Option<Value> {
        let selector = entry.service.as_ref()?;
        let service = self.service_named(selector, view);
        let given = match &service {
            Some(_) => None,
            None => self.select(selector, view),
        };
        let address = entry.address.as_ref().and_then(|selector| self.select(selector, view)).unwrap_or(Value::Unknown);
        match (service, given) {
            (Some(service), _) => Some(Value::RpcClient(service, Arc::new(address))),
            (None, Some(Value::Param(of, path))) if path.is_empty() => Some(Value::RpcClientOf(of, view.callee.library, Arc::new(address))),
            _ => None,
        }
    }

    /// What a function gives back, where that is a client of the service whose object a call gives it: `connect(CartService)`.
    pub(super) fn client_of_given(&mut self, function: FunctionRef, value: Value, site: CallRef) -> Value {
        let Value::RpcClientOf(of, library, address) = &value else { return value };
        let argument = self.facts(site.file).and_then(|facts| facts.call(site.call).args.get(of.index as usize));
        let Some(argument) = argument.filter(|_| of.function == function) else { return value };
        if let Some(service) = self.service_at(site.file, *library, argument.value) {
            return Value::RpcClient(service, address.clone());
        }
        match self.eval(site.file, argument.value) {
            Value::Param(outer, path) if path.is_empty() => Value::RpcClientOf(outer, *library, address.clone()),
            _ => Value::Unknown,
        }
    }

    /// The rpc service that a place of a call names: by a text, or by the name of a generated object (`shop.Cart.service`,
    /// `CartDefinition`).
    pub(super) fn service_named(&mut self, selector: &Selector, view: &CallView<'_>) -> Option<Symbol> {
        let services = &self.cx.contracts.services;
        if let Some(text) = self.select_text(selector, view).filter(|value| matches!(value, Value::Text(_))) {
            let text = text.literal()?;
            let candidates = services.get(last_segment(&text))?;
            return candidates.iter().find(|name| **name == text).or_else(|| candidates.first()).cloned();
        }
        let facts = self.facts(view.site.file)?;
        match super::routes::argument_expr(facts, selector, view) {
            Some(expr) => self.service_at(view.site.file, view.callee.library, expr),
            None => described_service(&self.select(selector, view)?, self.cx.catalog),
        }
    }

    /// The rpc service whose generated object an expression is, by what that describes or by how it is called.
    fn service_at(&mut self, file: FileId, library: usize, expr: ExprId) -> Option<Symbol> {
        if let Some(service) = described_service(&self.eval(file, expr), self.cx.catalog) {
            return Some(service);
        }
        let (facts, index) = self.file(file)?;
        let mut next = Some(expr);
        for _ in 0..8 {
            let name = match facts.expr(next?) {
                Expr::Member { object, name } => {
                    next = Some(*object);
                    name.clone()
                }
                Expr::Name(name) => {
                    let bound = index.bindings.get(name).and_then(|all| all.first());
                    next = bound.and_then(|at| facts.bindings[*at as usize].value);
                    if let Some(service) = self.service_by_name(file, library, name) {
                        return Some(service);
                    }
                    continue;
                }
                _ => return None,
            };
            if let Some(service) = self.services_called(library, &name).and_then(|candidates| candidates.first()) {
                return Some(service.clone());
            }
        }
        None
    }

    /// The client of a service's object that a library's generic type names: `Client<typeof CartService>`.
    pub(super) fn rpc_generic(
        &mut self,
        file: FileId,
        function: FunctionId,
        package: &Symbol,
        path: &[Symbol],
        ty: &TypeRef,
    ) -> Option<Value> {
        let [name] = path else { return None };
        let of = ty.args.first().filter(|of| of.path == "typeof")?.args.first()?;
        let family = self.family(file)?;
        let catalog = self.cx.catalog;
        let makes = |library: &&usize| catalog.libraries[**library].rpc_client.iter().any(|entry| entry.types.contains(name));
        let library = *catalog.libraries_of(family, package).iter().find(makes)?;
        let facts = self.facts(file)?;
        let service = match self.type_value(file, facts, function, &of.path).and_then(|of| described_service(&of, catalog)) {
            Some(service) => service,
            None => self.service_by_name(file, library, &of.path)?,
        };
        Some(Value::RpcClient(service, Arc::new(Value::Unknown)))
    }

    /// The rpc service whose generated object a part of an item of a list is: by what that describes, else by how it is called.
    pub(super) fn service_in_row(&mut self, file: FileId, library: usize, part: &RowPart) -> Option<Symbol> {
        let described = described_service(&part.value, self.cx.catalog);
        described.or_else(|| self.service_at(file, library, part.written?)).or_else(|| match &part.value {
            Value::External(_, path) => match self.services_called(library, path.last()?)?.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    /// The rpc services whose generated objects a library's generators call so.
    fn services_called(&self, library: usize, name: &Symbol) -> Option<&'w Vec<Symbol>> {
        let services = &self.cx.contracts.services;
        let mut by_pattern = self.cx.catalog.libraries[library].rpc_client.iter().filter_map(|client| service_name(&client.class, name));
        let found = by_pattern.find_map(|name| services.get(name)).or_else(|| services.get(name));
        found.or_else(|| services.get(name.strip_suffix("Service")?))
    }

    /// The rpc service whose generated object goes by a name in a file: of several of that name, the one that the import hints at.
    fn service_by_name(&mut self, file: FileId, library: usize, name: &Symbol) -> Option<Symbol> {
        let (facts, index) = self.file(file)?;
        let local = name;
        let import = index.imports.get(name).and_then(|all| all.first()).map(|at| &facts.imports[*at as usize]);
        let name = match import.map(|import| &import.imported) {
            Some(Imported::Named(original)) => original.clone(),
            _ => name.clone(),
        };
        let found = self.services_called(library, &name)?;
        self.pick_by_import(file, local, found).filter(|service| !service.is_empty())
    }

    /// Of several rpc services by one simple name, the one whose package the import of a name hints at: by its file, else by its folders.
    fn pick_by_import(&mut self, file: FileId, name: &Symbol, candidates: &[Symbol]) -> Option<Symbol> {
        let (facts, index) = self.file(file)?;
        let import = index.imports.get(name).and_then(|all| all.first()).map(|at| &facts.imports[*at as usize]);
        let source = import.map_or("", |import| import.source.as_str());
        let (folders, file) = source.rsplit_once('/').unwrap_or(("", source));
        let folders: Vec<Symbol> = folders.split('/').map(Symbol::new).collect();
        Some(pick(&picks(candidates, &[generated_stem(file).into()]), &folders))
    }

    /// The modules that a path of a file leads through.
    pub(super) fn modules_of(&mut self, file: FileId, path: &[Symbol]) -> Vec<Symbol> {
        let mut whole = self.imported_path(file, path);
        whole.pop();
        whole
    }

    /// A path of a file with its imports followed as far as they name the path, whatever the file calls things: generated code need not be there
    /// to be followed.
    pub(super) fn imported_path(&mut self, file: FileId, path: &[Symbol]) -> Vec<Symbol> {
        let (mut file, mut whole) = (file, path.to_vec());
        for _ in 0..MAX_IMPORTS {
            let Some((facts, index)) = self.file(file) else { break };
            // `use shop;` names itself.
            let is_longer = |longer: &Vec<Symbol>| longer.len() != whole.len() || longer.first() != whole.first();
            match with_import(facts, index, &whole).filter(is_longer) {
                Some(longer) => whole = longer,
                None if facts.language.is_ecmascript() => break,
                None => match self.handed_on(file, &whole) {
                    Some(origin) => (file, whole) = origin,
                    None => break,
                },
            }
        }
        whole
    }

    /// Where a path leads that goes through a module of the workspace whose only glob hands on what others declare, and the file of that module:
    /// `pub use shop_proto::shop::cart::v1::*`.
    fn handed_on(&mut self, file: FileId, path: &[Symbol]) -> Option<(FileId, Vec<Symbol>)> {
        let modules = &self.cx.workspace.modules;
        let (at, module) = (1..path.len()).rev().find_map(|at| match self.rust_path(file, &Symbol::default(), &path[..at], 0) {
            Value::RustModule(module) => Some((at, module)),
            _ => None,
        })?;
        let place = modules.place(module)?;
        let (facts, index) = self.file(place.file)?;
        let mut globs = index.globs.iter().map(|glob| &facts.imports[*glob as usize]);
        let (Some(glob), None) = (globs.find(|glob| glob.reexport && glob.module == place.inline), globs.next()) else { return None };
        let origin = glob.source.split("::").filter(|segment| !segment.is_empty()).map(Symbol::new);
        Some((place.file, origin.chain(path[at..].iter().cloned()).collect()))
    }

    /// Whether what is taken from modules may be of a service: of one that is declared elsewhere, only what comes from there.
    pub(super) fn may_come_from(&self, service: &Symbol, modules: &[Symbol]) -> bool {
        !self.cx.contracts.elsewhere.contains(service) || is_from(service, modules)
    }

    /// The services that a client may be of that is named by some modules.
    fn coming_from(&self, candidates: &[Symbol], modules: &[Symbol]) -> Vec<Symbol> {
        candidates.iter().filter(|service| self.may_come_from(service, modules)).cloned().collect()
    }

    /// Whether a type that stands for whatever it is given is given nothing but implementations: nobody makes one of a connection.
    fn holds_implementations(&mut self, name: &Symbol) -> bool {
        let Some(connecting) = self.cx.contracts.holders.get(name) else { return false };
        !connecting.iter().any(|made| {
            let files = match made.own {
                true => self.files_with(Use::AssociatedCall(name, &made.name, Some(made.arity))),
                false => self.files_with(Use::Call(&made.name, Some(made.arity))),
            };
            let connects = |facts: &SourceFacts| !facts.generated && (made.own || builds(facts, name, &made.name));
            files.iter().any(|file| self.facts(*file).is_some_and(connects))
        })
    }

    /// The rpc client that a declared type's name means, of several that of the modules it is named by.
    pub(super) fn rpc_typed(&mut self, name: &Symbol, modules: &[Symbol]) -> Option<Value> {
        for family in [Family::Rust, Family::TypeScript] {
            for (_, entry) in self.cx.catalog.rpc_clients(family) {
                // The bare service name as a type is the server's trait or interface more often than a client.
                if entry.class == "{service}" || entry.callee.is_some() {
                    continue;
                }
                if let Some(candidates) = service_name(&entry.class, name).and_then(|simple| self.cx.contracts.services.get(simple)) {
                    if self.holds_implementations(name) {
                        return None;
                    }
                    let coming = self.coming_from(candidates, modules);
                    let candidates = if coming.is_empty() { candidates } else { &coming };
                    return Some(Value::RpcClient(pick(candidates, modules), Arc::new(Value::Unknown)));
                }
            }
        }
        None
    }

    /// What a call makes whose value is an object of a generated client type that is checked in: a client of that type's service.
    pub(super) fn made_stub(&mut self, value: &Value, site: CallRef, facts: &'w SourceFacts) -> Value {
        match value.instance_of().and_then(|class| self.cx.contracts.stubs.get(&class)) {
            Some(service) => self.stub(service.clone(), site, facts),
            None => value.clone(),
        }
    }

    /// The service of the generated client type whose constructor a function is: `fn new(inner: T) -> Self` beside what it sends.
    pub(super) fn constructed_stub(&mut self, function: FunctionRef) -> Option<Symbol> {
        if self.cx.contracts.stubs.is_empty() {
            return None;
        }
        let (facts, index) = self.file(function.file)?;
        let declared = facts.function(function.function);
        let (of, result) = (declared.impl_of.as_ref()?, declared.result.as_ref()?);
        let makes = result.path == "Self" || result.path == *of;
        if !makes || declared.has_self {
            return None;
        }
        let of = index.types.get(last_segment(of))?.iter().find(|id| facts.type_def(**id).module == declared.module)?;
        self.cx.contracts.stubs.get(&ClassRef { file: function.file, class: *of }).cloned()
    }

    /// A generated client that a call makes, with the address that the call is given.
    pub(super) fn stub(&mut self, service: Symbol, site: CallRef, facts: &'w SourceFacts) -> Value {
        let family = Family::from(facts.language);
        let call = facts.call(site.call);
        let constructor = match facts.expr(call.callee) {
            Expr::Path(path) => path.last().cloned(),
            _ => None,
        };
        for (library, entry) in self.cx.catalog.rpc_clients(family) {
            let makes = constructor.as_ref().is_none_or(|constructor| entry.constructors.contains(constructor));
            let Some(selector) = entry.address.as_ref().filter(|_| makes && entry.callee.is_none()) else { continue };
            let view_callee = LibraryCallee { library, name: String::new(), receiver: None };
            let view = CallView { site, call, callee: &view_callee, members: &[] };
            // What another library's clients are given tells no address.
            if let Some(address) = self.select(selector, &view).filter(|address| !matches!(address, Value::Instance(_))) {
                return Value::RpcClient(service, Arc::new(address));
            }
        }
        Value::RpcClient(service, Arc::new(Value::Unknown))
    }

    /// Whether a file imports a class from one that is named as a library's generator does, and has the library.
    fn is_generated_for(&self, file: FileId, class: &Symbol, library: usize, entry: &RpcClient) -> bool {
        let (Some(ending), Some(path)) = (&entry.module, self.cx.paths.get(file.0 as usize)) else { return false };
        let facts = self.cx.files.get(file.0 as usize).and_then(|entry| entry.as_ref()?.facts.source());
        let mut imports = facts.into_iter().flat_map(|facts| &facts.imports).filter(|import| import.local == *class);
        let is_named = imports.any(|import| {
            let module = [".js", ".ts"].iter().find_map(|extension| import.source.strip_suffix(extension));
            module.unwrap_or(&import.source).ends_with(ending.as_str())
        });
        is_named && self.cx.package_depends_on(path, &self.cx.catalog.libraries[library].packages)
    }

    /// Whether a file imports a package of a library.
    pub fn imports_library(&self, facts: &SourceFacts, library: usize) -> bool {
        let packages = &self.cx.catalog.libraries[library].packages;
        facts.imports.iter().any(|import| packages.contains(&import.source))
    }
}

/// The service's name in a generated class's: `CartService` in `CartServiceClient` by `{service}Client`.
pub fn service_name<'a>(pattern: &str, class: &'a str) -> Option<&'a str> {
    let (before, rest) = pattern.split_at(pattern.bytes().position(|byte| byte == b'{')?);
    let after = rest.strip_prefix("{service}")?;
    class.strip_prefix(before)?.strip_suffix(after).filter(|name| !name.is_empty())
}

/// Of several rpc services by one simple name, the one whose package the modules of the code end like: `pb::shop_floor::v2::cart_client` is of
/// `shopFloor.v2`. Else the first.
pub(super) fn pick(candidates: &[Symbol], modules: &[Symbol]) -> Symbol {
    picks(candidates, modules).into_iter().next().unwrap_or_default()
}

/// All that [`pick`] may mean: those that fit the modules best.
pub(super) fn picks(candidates: &[Symbol], modules: &[Symbol]) -> Vec<Symbol> {
    // Generators put each service into a module of its own, which may be called like the package.
    let (inner, stem) = match modules.split_last() {
        Some((last, inner)) if last.ends_with("_client") || last.ends_with("_server") => {
            (inner, last.rsplit_once('_').map(|(stem, _)| stem))
        }
        _ => (modules, None),
    };
    let in_common = |service: &str| {
        let package = || service.split('.').rev().skip(1);
        let by_modules = package().zip(inner.iter().rev()).take_while(|(package, module)| snake_case(package) == **module).count();
        by_modules.max(usize::from(package().next().is_some_and(|package| Some(package) == stem)))
    };
    let common: Vec<usize> = candidates.iter().map(|candidate| in_common(candidate)).collect();
    let best = common.iter().max();
    candidates.iter().zip(&common).filter(|(_, common)| Some(*common) == best).map(|(candidate, _)| candidate.clone()).collect()
}

/// Whether a file calls a builder's method on what a type of that name hands out: `CartClient::tower().build_from_channel(channel)`. A builder in a
/// variable may be any that the file names.
fn builds(facts: &SourceFacts, name: &Symbol, method: &Symbol) -> bool {
    facts.calls.iter().any(|call| match facts.expr(call.callee) {
        Expr::Member { object, name: called } if called == method => match start_of_chain(facts, *object) {
            Some(path) => path.contains(name),
            None => names(facts, name),
        },
        _ => false,
    })
}

/// The path that a chain of methods begins with.
fn start_of_chain(facts: &SourceFacts, mut at: ExprId) -> Option<&[Symbol]> {
    loop {
        at = match facts.expr(at) {
            Expr::Path(path) => return Some(path),
            Expr::Call(call) => facts.call(*call).callee,
            Expr::Member { object, .. } => *object,
            _ => return None,
        };
    }
}

/// Whether a file brings in or writes a type's name.
fn names(facts: &SourceFacts, name: &Symbol) -> bool {
    facts.imports.iter().any(|import| import.local == *name)
        || facts.exprs.iter().any(|expression| matches!(&expression.kind, Expr::Path(path) if path.contains(name)))
}

/// What generators name a file after: `shop` of `shop_connect.js`, `shop_pb`, `shop_grpc_pb`.
fn generated_stem(file: &str) -> &str {
    let stem = file.split('.').next().unwrap_or(file);
    ["_grpc_pb", "_connect", "_connectweb", "_pb"].iter().find_map(|ending| stem.strip_suffix(ending)).unwrap_or(stem)
}

/// `get_cart` as generators write a type's name: `GetCart`.
pub fn camel_case(snake: &str) -> String {
    let mut camel = String::with_capacity(snake.len());
    for word in snake.split('_') {
        let mut characters = word.chars();
        camel.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(characters.as_str());
    }
    camel
}

/// `GetCart` as generators write it: `get_cart`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let characters: Vec<char> = name.chars().collect();
    for (at, character) in characters.iter().enumerate() {
        if character.is_uppercase() {
            let after_lower = at > 0 && !characters[at - 1].is_uppercase();
            let before_lower = characters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if at > 0 && (after_lower || before_lower) && characters[at - 1] != '_' {
                snake.push('_');
            }
            snake.extend(character.to_lowercase());
        } else {
            snake.push(*character);
        }
    }
    snake
}

/// Whether a method's name is how generators write an rpc's.
pub fn is_rpc_method(rpc: &str, method: &str) -> bool {
    method == snake_case(rpc) || method == rpc || {
        let mut characters = rpc.chars();
        characters
            .next()
            .is_some_and(|first| method.starts_with(first.to_ascii_lowercase()) && method[first.len_utf8()..] == *characters.as_str())
    }
}
