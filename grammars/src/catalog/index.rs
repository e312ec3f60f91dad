//! The catalog's index: from callees to what they mean in one library.
//!
//! What deliberately does not live here: how a piece of code gets its callee, and what all libraries say together (`lookups.rs`). Invariant: the
//! index is a function of the libraries, and lookups neither search nor allocate, except for callees that match a `*`.

use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::lookups::{Lookups, last_segment};
use super::{
    Binding, BodySchema, CommonTable, Connection, Consumer, ConsumerAttribute, ControllerModule, DeadLetter, Entity, Family, GraphqlCall,
    GraphqlClient, GraphqlServer, Guard, HttpClient, HttpRoute, Injected, InstanceCall, KeyedLookup, Library, ListedClass, Listen,
    Listener, MethodRouter, Middleware, ModuleRoutes, Mount, Names, ProcedureClient, ProcedureServer, Producer, Proxy, Query, RequestBody,
    Retry, RouteAttribute, RpcClient, RpcServer, SdkCall, Selector, ServiceSchema, SettingReader, Spawn, TextCall, TimeLimit, Tracing,
    Transaction, Value, Versioning,
};
use crate::facts::Symbol;

/// All libraries that are known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalog {
    /// The libraries, sorted by id. Their positions name them in the lookups.
    pub libraries: Vec<Library>,
    indexes: Vec<LibraryIndex>,
    pub(super) lookups: Lookups,
}

/// What a name of a library means.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "each is documented at its type")]
pub enum Meaning<'a> {
    Value(&'a Value),
    Injected(&'a Injected),
    HttpClient(&'a HttpClient),
    HttpRoute(&'a HttpRoute),
    MethodRouter(&'a MethodRouter),
    RouteAttribute(&'a RouteAttribute),
    RequestBody(&'a RequestBody),
    BodySchema(&'a BodySchema),
    Mount(&'a Mount),
    Versioning(&'a Versioning),
    ModuleRoutes(&'a ModuleRoutes),
    ControllerModule(&'a ControllerModule),
    Listen(&'a Listen),
    Middleware(&'a Middleware),
    Guard(&'a Guard),
    Proxy(&'a Proxy),
    RpcClient(&'a RpcClient),
    RpcServer(&'a RpcServer),
    Producer(&'a Producer),
    Listener(&'a Listener),
    TextCall(&'a TextCall),
    InstanceCall(&'a InstanceCall),
    ListedClass(&'a ListedClass),
    KeyedLookup(&'a KeyedLookup),
    GraphqlCall(&'a GraphqlCall),
    GraphqlClient(&'a GraphqlClient),
    GraphqlServer(&'a GraphqlServer),
    ProcedureClient(&'a ProcedureClient),
    ProcedureServer(&'a ProcedureServer),
    Binding(&'a Binding),
    DeadLetter(&'a DeadLetter),
    ServiceSchema(&'a ServiceSchema),
    Consumer(&'a Consumer),
    ConsumerAttribute(&'a ConsumerAttribute),
    Connection(&'a Connection),
    Query(&'a Query),
    CommonTable(&'a CommonTable),
    Entity(&'a Entity),
    SdkCall(&'a SdkCall),
    SettingReader(&'a SettingReader),
    Transaction(&'a Transaction),
    Tracing(&'a Tracing),
    Spawn(&'a Spawn),
    TimeLimit(&'a TimeLimit),
    Retry(&'a Retry),
}

/// All that a callee means, and the names that stood in place of its `*`.
#[derive(Debug, Clone)]
pub struct Meanings<'a> {
    /// The names in place of `*`, in order; empty for most.
    pub members: Vec<Symbol>,
    library: &'a Library,
    ids: &'a [MeaningId],
}

impl<'a> Meanings<'a> {
    /// The meanings, grouped by kind, each kind in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = Meaning<'a>> + use<'a> {
        let library = self.library;
        self.ids.iter().filter_map(move |id| id.of(library))
    }
    /// Whether the callee means nothing.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// A position in one of a library's lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MeaningId {
    kind: Kind,
    position: usize,
}

macro_rules! kinds {
    ($($kind:ident $field:ident),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq)]
        enum Kind { $($kind),* }
        impl MeaningId {
            fn of(self, library: &Library) -> Option<Meaning<'_>> {
                match self.kind { $(Kind::$kind => library.$field.get(self.position).map(Meaning::$kind)),* }
            }
        }
    };
}

kinds! {
    Value value, Injected injected, HttpClient http_client, HttpRoute http_route, MethodRouter method_router, RouteAttribute route_attribute, RequestBody request_body,
    BodySchema body_schema, Mount mount, Versioning versioning, ModuleRoutes module_routes, ControllerModule controller_module, Listen listen, RpcClient rpc_client, Binding binding, DeadLetter dead_letter, Listener listener,
    TextCall text, InstanceCall instance, ListedClass listed_class, KeyedLookup lookup, GraphqlCall graphql_call, GraphqlClient graphql_client, GraphqlServer graphql_server, ProcedureClient procedure_client, ProcedureServer procedure_server,
    Middleware middleware, Guard guard, Proxy proxy, RpcServer rpc_server, Producer producer, ServiceSchema service_schema, Consumer consumer, ConsumerAttribute consumer_attribute,
    Connection connection, Query query, CommonTable common_table, Entity entity, SdkCall sdk_call, Transaction transaction, Tracing tracing,
    Spawn spawn, SettingReader setting_reader, TimeLimit time_limit, Retry retry,
}

impl MeaningId {
    /// Whether a callee with this meaning only makes a value, or reads a setting.
    pub(super) fn only_makes_values(self) -> bool {
        matches!(self.kind, Kind::Value | Kind::SettingReader)
    }
}

/// What a callee means that is known by its whole name.
#[derive(Debug, Clone, PartialEq, Default)]
struct Known {
    ids: Vec<MeaningId>,
    /// The names in place of the stars by which it makes a value.
    members: Vec<Symbol>,
}

/// The names of one library.
#[derive(Debug, Clone, PartialEq, Default)]
struct LibraryIndex {
    callees: FxHashMap<Symbol, Known>,
    /// Callees with a `*`, the most telling first.
    patterns: Vec<(Symbol, Vec<MeaningId>)>,
    attributes: FxHashMap<Symbol, Vec<MeaningId>>,
    settings: FxHashMap<Symbol, usize>,
    types: FxHashSet<Symbol>,
    /// Paths in the package under which something is known: `routing`, `Router`, `prelude::Router`.
    heads: FxHashSet<Symbol>,
}

impl Catalog {
    /// The catalog that comes with Portolan; it is made once and shared.
    pub fn builtin() -> Arc<Self> {
        static BUILTIN: LazyLock<Arc<Catalog>> =
            LazyLock::new(|| Arc::new(Catalog::new(Catalog::embedded().filter_map(|(_, library)| library.ok()).collect())));
        Arc::clone(&BUILTIN)
    }

    /// A catalog of these libraries. Of two with one id the later counts.
    pub fn new(libraries: Vec<Library>) -> Self {
        let mut catalog = Self::default();
        catalog.extend(libraries);
        catalog
    }

    /// Adds libraries, those of a workspace's `portolan.toml`. One with the id of a known library takes its place. Positions change.
    pub fn extend(&mut self, libraries: Vec<Library>) {
        for mut library in libraries {
            expand_called(&mut library);
            match self.libraries.binary_search_by(|known| known.id.cmp(&library.id)) {
                Ok(at) => self.libraries[at] = library,
                Err(at) => self.libraries.insert(at, library),
            }
        }
        self.indexes = self.libraries.iter().map(LibraryIndex::new).collect();
        self.lookups = Lookups::of(&self.libraries);
    }

    /// What a callee means in the library at this position, with its aliases applied.
    pub fn meanings(&self, library: usize, callee: &str) -> Meanings<'_> {
        static NOTHING: LazyLock<Library> = LazyLock::new(|| Library::named("", Family::Rust));
        let (Some(found), Some(index)) = (self.libraries.get(library), self.indexes.get(library)) else {
            return Meanings { members: Vec::new(), library: &NOTHING, ids: &[] };
        };
        let (ids, members) =
            index.find(callee).or_else(|| found.without_alias(callee).and_then(|callee| index.find(&callee))).unwrap_or((&[], Vec::new()));
        Meanings { members, library: found, ids }
    }

    /// Whether a library in Rust knows anything by a path in the package, or under it: `routing`, `Router`.
    pub fn has_under(&self, library: usize, path: &str) -> bool {
        self.indexes.get(library).is_some_and(|index| index.heads.contains(path))
    }

    /// What an attribute or decorator means in the library at this position, by its path in the package.
    pub fn attribute_meanings(&self, library: usize, attribute: &str) -> Meanings<'_> {
        let mut nothing = self.meanings(library, "");
        nothing.ids = self.indexes.get(library).and_then(|index| index.attributes.get(attribute)).map_or(&[], Vec::as_slice);
        nothing
    }

    /// Whether a parameter of this type takes a request's body: by its path in a package.
    pub fn takes_body(&self, family: Family, package: &str, path: &str) -> bool {
        let named = |names: &Names| names.iter().any(|name| name == path);
        let entries = self.libraries_of(family, package).iter().flat_map(|library| &self.libraries[*library].request_body);
        entries.filter_map(|entry| entry.type_name.as_ref()).any(named)
    }

    /// The capture that an assignment to this member makes: `defaults.baseURL`.
    pub fn setting(&self, library: usize, target: &str) -> Option<&Symbol> {
        let position = *self.indexes.get(library)?.settings.get(target)?;
        Some(&self.libraries[library].setting.get(position)?.capture)
    }

    /// The library's name for a type that is declared by its path in the package (`default` for the package itself), if it knows it.
    pub fn type_name(&self, library: usize, path: &str) -> Option<&Symbol> {
        let aliases = &self.libraries.get(library)?.aliases;
        aliases.get(path).or_else(|| self.indexes.get(library)?.types.get(path))
    }

    /// Whether values of a library's type remember something by a name.
    pub fn captures(&self, library: usize, type_name: &str, name: &str) -> bool {
        let made = self.libraries.get(library).into_iter().flat_map(|library| &library.value);
        made.filter(|entry| entry.type_name == type_name).any(|entry| entry.captures.contains_key(name))
    }

    /// Whether values of another type of a library remember something by a name, which those of this type may be made of.
    pub fn others_capture(&self, library: usize, type_name: &str, name: &str) -> bool {
        let made = self.libraries.get(library).into_iter().flat_map(|library| &library.value);
        made.filter(|entry| entry.type_name != type_name && entry.type_name != "Self").any(|entry| entry.captures.contains_key(name))
    }
}

impl Library {
    /// A library that knows nothing yet.
    pub fn named(id: &str, language: Family) -> Self {
        Self { id: Symbol::new(id), language, ..Self::default() }
    }

    /// The callee with the longest alias it begins with replaced.
    fn without_alias(&self, callee: &str) -> Option<String> {
        let rest_of =
            |alias: &str| callee.strip_prefix(alias).filter(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with("::"));
        let (alias, name) = self.aliases.iter().filter(|(alias, _)| rest_of(alias).is_some()).max_by_key(|(alias, _)| alias.len())?;
        Some(format!("{name}{}", rest_of(alias)?))
    }

    /// The callees of every entry with its kind and position.
    pub(super) fn callees(&self) -> Vec<(&Names, MeaningId)> {
        let mut callees = Vec::new();
        macro_rules! each {
            ($($kind:ident $field:ident),*) => {
                $(for (position, entry) in self.$field.iter().enumerate() {
                    let names: Option<&Names> = (&entry.callee).into();
                    callees.extend(names.map(|names| (names, MeaningId { kind: Kind::$kind, position })));
                })*
            };
        }
        each!(
            Value value, HttpClient http_client, HttpRoute http_route, MethodRouter method_router, BodySchema body_schema, Mount mount, Versioning versioning, ModuleRoutes module_routes, Listen listen,
            Middleware middleware, Proxy proxy, RpcClient rpc_client, RpcServer rpc_server, Producer producer, Binding binding, DeadLetter dead_letter, Listener listener,
            TextCall text, InstanceCall instance, KeyedLookup lookup, GraphqlCall graphql_call, GraphqlClient graphql_client, GraphqlServer graphql_server, ProcedureClient procedure_client, ProcedureServer procedure_server,
            ServiceSchema service_schema, Consumer consumer, Connection connection, Query query, CommonTable common_table, SdkCall sdk_call, Transaction transaction, Tracing tracing, Spawn spawn,
            SettingReader setting_reader, TimeLimit time_limit, Retry retry
        );
        callees
    }

    /// The attributes of every entry with its kind and position.
    fn attributes(&self) -> Vec<(&Names, MeaningId)> {
        let mut attributes = Vec::new();
        macro_rules! each {
            ($($kind:ident $field:ident),*) => {
                $(for (position, entry) in self.$field.iter().enumerate() {
                    let names: Option<&Names> = (&entry.attribute).into();
                    attributes.extend(names.map(|names| (names, MeaningId { kind: Kind::$kind, position })));
                })*
            };
        }
        each!(
            Injected injected, ListedClass listed_class, RouteAttribute route_attribute, ControllerModule controller_module, RequestBody request_body, RpcServer rpc_server, GraphqlServer graphql_server, ConsumerAttribute consumer_attribute, Entity entity,
            Guard guard, Tracing tracing
        );
        attributes
    }
}

impl LibraryIndex {
    fn new(library: &Library) -> Self {
        let mut index = Self::default();
        for (callee, id) in library.callees().into_iter().flat_map(each_name) {
            if !callee.split('.').any(is_star) {
                index.callees.entry(callee.clone()).or_default().ids.push(id);
                continue;
            }
            match index.patterns.iter_mut().find(|(pattern, _)| pattern == callee) {
                Some((_, ids)) => ids.push(id),
                None => index.patterns.push((callee.clone(), vec![id])),
            }
        }
        index.patterns.sort_by_cached_key(|(pattern, _)| {
            let names = pattern.split('.').filter(|segment| !is_star(segment)).count();
            (pattern.split('.').any(|segment| segment == "**"), std::cmp::Reverse(names), pattern.clone())
        });
        index.add_values_of_stars();
        for (attribute, id) in library.attributes().into_iter().flat_map(each_name) {
            index.attributes.entry(attribute.clone()).or_default().push(id);
        }
        for (at, setting) in library.setting.iter().enumerate() {
            index.settings.extend(setting.target.iter().map(|target| (target.clone(), at)));
        }
        index.types.extend(library.types.iter().chain(library.aliases.values()).cloned());
        index.types.extend(library.entity.iter().flat_map(|entity| entity.beside.values()).cloned());
        index.types.extend(library.model_class.iter().map(|class| class.type_name.clone()));
        index.types.extend(library.value.iter().map(|value| value.type_name.clone()).filter(|name| name != "Self"));
        let patterns = index.patterns.iter().map(|(pattern, _)| pattern);
        let around = library.route_attribute.iter().filter_map(|entry| entry.class_attribute.as_ref()).flat_map(|names| names.iter());
        let names = index.callees.keys().chain(patterns).chain(index.attributes.keys()).chain(&index.types).chain(library.aliases.keys());
        let names = names.chain(around);
        index.heads = names.filter(|_| library.language == Family::Rust).flat_map(|name| heads(name)).collect();
        index
    }

    /// A name wins over a star of its own kind; what a call hands out is another matter: `Router.route` is a route, and `Router.*` says that it
    /// hands out the router.
    fn add_values_of_stars(&mut self) {
        let is_value = |id: &&MeaningId| matches!(id.kind, Kind::Value);
        for (callee, known) in &mut self.callees {
            if known.ids.iter().any(|id| is_value(&id)) {
                continue;
            }
            let mut matching = self.patterns.iter().filter_map(|(pattern, ids)| Some((members(pattern, callee)?, ids)));
            if let Some((members, id)) = matching.find_map(|(members, ids)| Some((members, *ids.iter().find(is_value)?))) {
                known.ids.push(id);
                known.members = members;
            }
        }
    }

    fn find(&self, callee: &str) -> Option<(&[MeaningId], Vec<Symbol>)> {
        if let Some(known) = self.callees.get(callee) {
            return Some((&known.ids, known.members.clone()));
        }
        self.patterns.iter().find_map(|(pattern, ids)| members(pattern, callee).map(|members| (ids.as_slice(), members)))
    }
}

fn is_star(segment: &str) -> bool {
    matches!(segment, "*" | "**")
}

/// The names of a callee that stand in place of a pattern's `*`, if it matches; those in place of a `**` as one, with the dots between them.
fn members(pattern: &str, callee: &str) -> Option<Vec<Symbol>> {
    let mut members = Vec::new();
    let (mut expected, mut rest) = (pattern.split('.'), Some(callee));
    loop {
        match (expected.next(), rest) {
            (None, None) => return Some(members),
            (Some("**"), Some(names)) => {
                let behind = expected.clone().count();
                let ends = match behind {
                    0 => names.len(),
                    count => names.rmatch_indices('.').nth(count - 1)?.0,
                };
                members.push(Symbol::new(&names[..ends]));
                rest = names.get(ends + 1..);
            }
            (Some(name), Some(names)) => {
                let (found, behind) = names.split_once('.').map_or((names, None), |(found, behind)| (found, Some(behind)));
                match name {
                    "*" => members.push(Symbol::new(found)),
                    name if name == found => {}
                    _ => return None,
                }
                rest = behind;
            }
            _ => return None,
        }
    }
}

/// Each path that a name of the package lies under, and the name itself, without methods of values.
fn heads(name: &str) -> impl Iterator<Item = Symbol> {
    let path = name.split('.').next().unwrap_or(name);
    path.match_indices("::").map(|(at, _)| at).chain([path.len()]).map(|end| Symbol::new(&path[..end]))
}

fn each_name((names, id): (&Names, MeaningId)) -> impl Iterator<Item = (&Symbol, MeaningId)> {
    names.iter().map(move |name| (name, id))
}

/// Makes of each entry whose method is the name called one entry a callee, with the method as a literal.
fn expand_called(library: &mut Library) {
    macro_rules! expand {
        ($field:ident, $names:ident, $method:expr) => {
            let entries = std::mem::take(&mut library.$field);
            for entry in entries {
                if !is_called($method(&entry)) {
                    library.$field.push(entry);
                    continue;
                }
                for name in entry.$names.iter() {
                    let method = Selector::Literal(method_named(last_segment(name)));
                    let mut one = entry.clone();
                    one.$names = Names::One(name.clone());
                    one.method = method.into();
                    library.$field.push(one);
                }
            }
        };
    }
    expand!(http_client, callee, |entry: &HttpClient| Some(entry.method.clone()));
    expand!(http_route, callee, |entry: &HttpRoute| entry.method.clone());
    expand!(method_router, callee, |entry: &MethodRouter| entry.method.clone());
    expand!(route_attribute, attribute, |entry: &RouteAttribute| Some(entry.method.clone()));
}

fn is_called(method: Option<Selector>) -> bool {
    matches!(method, Some(Selector::Take(take)) if take.called)
}

/// `http.request.method` by the name that libraries give its function.
fn method_named(name: &str) -> Symbol {
    match name.trim_end_matches("_service").trim_end_matches("_with").to_ascii_uppercase().as_str() {
        "DEL" => Symbol::new_static("DELETE"),
        "ALL" | "ANY" => Symbol::new_static("*"),
        method => Symbol::new(method),
    }
}
