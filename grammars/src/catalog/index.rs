//! The catalog's index: from packages to libraries, and from callees to what they mean.
//!
//! What deliberately does not live here: how a piece of code gets its callee. Invariant: the index is a function of the libraries, and lookups
//! neither search nor allocate, except for callees that match a `*`.

use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::entries::EntryFiles;
use super::{
    AppliedFunction, Binding, BodySchema, Connection, Consumer, ConsumerAttribute, DeadLetter, Entity, EnvironmentModule, Family,
    GraphqlCall, GraphqlClient, GraphqlServer, Guard, HttpClient, HttpRoute, Injected, InstanceCall, Library, Listen, Listener,
    MethodRouter, Middleware, Mount, Names, ProcedureClient, ProcedureServer, Producer, Provider, Proxy, Query, RequestBody, Retry,
    RouteAttribute, RpcClient, RpcServer, SdkCall, Selector, SettingReader, Spawn, TextCall, TimeLimit, Tracing, Transaction, Value,
    Versioning,
};
use crate::facts::{Entry, ExprId, Object, Symbol};

/// All libraries that are known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalog {
    /// The libraries, sorted by id. Their positions name them in the lookups.
    pub libraries: Vec<Library>,
    indexes: Vec<LibraryIndex>,
    packages: FxHashMap<(Family, Symbol), Vec<usize>>,
    /// Crates that hand on others, with the module in which they do and the crate that is meant.
    handed_on: FxHashMap<Symbol, Vec<(Symbol, Symbol)>>,
    interesting: FxHashSet<(Family, Symbol)>,
    /// Languages of which some library gives every name a meaning: `*`.
    all_interesting: Vec<Family>,
    spawning: FxHashSet<(Family, Symbol)>,
    limiting: FxHashSet<(Family, Symbol)>,
    retrying: FxHashSet<(Family, Symbol)>,
    bodies: FxHashSet<(Family, Symbol)>,
    giving: FxHashSet<(Family, Symbol)>,
    making: FxHashSet<(Family, Symbol)>,
    /// Methods by which values call functions that they were given; of TypeScript.
    given_methods: Vec<Symbol>,
    beside: FxHashSet<Symbol>,
    /// Positions of libraries and of what in them calls functions among its arguments.
    applying: Vec<(usize, usize)>,
    /// What methods are called in their library, and the type of a first argument by which that is known.
    anywhere: FxHashMap<(Family, Symbol), Vec<KnownByArgument>>,
    entry_files: EntryFiles,
    /// Modules that frameworks make of the environment: the library and the entry.
    environment_modules: FxHashMap<Symbol, (usize, usize)>,
    /// Positions of libraries, and types, by what parameters are called by custom.
    customary: FxHashMap<(Family, Symbol), Vec<(usize, Symbol)>>,
    /// Positions of libraries that mount folders.
    mounting: Vec<usize>,
    /// Positions of libraries and of their providers.
    providers: Vec<(usize, usize)>,
    /// Positions of libraries and of their rpc clients.
    rpc_clients: Vec<(usize, usize)>,
    /// Positions of libraries and of their entries of tracing, by the module whose import is evidence of it.
    tracing_imports: FxHashMap<Symbol, (usize, usize)>,
}

/// A method that its first argument tells, whatever it is called on.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownByArgument {
    /// Position of the library.
    pub library: usize,
    /// What the method is called there: `Database.insert`.
    pub callee: Symbol,
    /// The argument's type.
    pub argument: Symbol,
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
    GraphqlCall(&'a GraphqlCall),
    GraphqlClient(&'a GraphqlClient),
    GraphqlServer(&'a GraphqlServer),
    ProcedureClient(&'a ProcedureClient),
    ProcedureServer(&'a ProcedureServer),
    Binding(&'a Binding),
    DeadLetter(&'a DeadLetter),
    Consumer(&'a Consumer),
    ConsumerAttribute(&'a ConsumerAttribute),
    Connection(&'a Connection),
    Query(&'a Query),
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
    BodySchema body_schema, Mount mount, Versioning versioning, Listen listen, RpcClient rpc_client, Binding binding, DeadLetter dead_letter, Listener listener,
    TextCall text, InstanceCall instance, GraphqlCall graphql_call, GraphqlClient graphql_client, GraphqlServer graphql_server, ProcedureClient procedure_client, ProcedureServer procedure_server,
    Middleware middleware, Guard guard, Proxy proxy, RpcServer rpc_server, Producer producer, Consumer consumer, ConsumerAttribute consumer_attribute,
    Connection connection, Query query, Entity entity, SdkCall sdk_call, Transaction transaction, Tracing tracing,
    Spawn spawn, SettingReader setting_reader, TimeLimit time_limit, Retry retry,
}

/// The names of one library.
#[derive(Debug, Clone, PartialEq, Default)]
struct LibraryIndex {
    callees: FxHashMap<Symbol, Vec<MeaningId>>,
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
        self.entry_files = EntryFiles::of(&self.libraries);
        self.packages.clear();
        self.handed_on.clear();
        self.interesting.clear();
        self.spawning.clear();
        self.limiting.clear();
        self.retrying.clear();
        self.bodies.clear();
        self.giving.clear();
        self.making.clear();
        self.given_methods.clear();
        self.beside.clear();
        self.applying.clear();
        self.anywhere.clear();
        self.customary.clear();
        self.mounting.clear();
        self.providers.clear();
        self.rpc_clients.clear();
        self.tracing_imports.clear();
        self.environment_modules.clear();
        for (at, library) in self.libraries.iter().enumerate() {
            for package in &library.packages {
                self.packages.entry((library.language, package_key(library.language, package))).or_default().push(at);
            }
            for (by, module) in &library.handed_on {
                let home = library.packages.first().cloned().unwrap_or_default();
                self.handed_on.entry(package_key(Family::Rust, by)).or_default().push((module.clone(), home));
            }
            self.beside.extend(library.entity.iter().flat_map(|entity| entity.beside.keys()).cloned());
            let spawns = library.spawn.iter().flat_map(|entry| entry.callee.iter());
            self.spawning.extend(spawns.map(|callee| (library.language, Symbol::new(last_segment(callee)))));
            let limits = library.time_limit.iter().flat_map(|entry| entry.callee.iter());
            self.limiting.extend(limits.map(|callee| (library.language, Symbol::new(last_segment(callee)))));
            let retries = library.retry.iter().flat_map(|entry| entry.callee.iter());
            self.retrying.extend(retries.map(|callee| (library.language, Symbol::new(last_segment(callee)))));
            let bodies = library.request_body.iter().filter_map(|entry| entry.type_name.as_ref()).flat_map(Names::iter);
            self.bodies.extend(bodies.map(|name| (library.language, Symbol::new(last_segment(name)))));
            let gives = library.value.iter().filter(|entry| entry.given_to.is_some()).flat_map(|entry| entry.callee.iter());
            self.giving.extend(gives.map(|callee| (library.language, Symbol::new(last_segment(callee)))));
            let makes = library.value.iter().filter(|entry| entry.given_to.is_none() && entry.type_name != "Self");
            let methods = makes.flat_map(|entry| entry.callee.iter()).filter(|callee| callee.contains('.'));
            let given = library.value.iter().filter(|_| library.language == Family::TypeScript).flat_map(|entry| entry.methods.keys());
            self.given_methods.extend(given.cloned());
            self.making.extend(methods.map(|callee| (library.language, Symbol::new(last_segment(callee)))));
            for (name, type_name) in &library.parameters {
                self.customary.entry((library.language, name.clone())).or_default().push((at, type_name.clone()));
            }
            for entry in &library.query {
                let Some(argument) = &entry.anywhere else { continue };
                for callee in entry.callee.iter() {
                    let method = (library.language, Symbol::new(last_segment(callee)));
                    let known = KnownByArgument { library: at, callee: callee.clone(), argument: argument.clone() };
                    self.anywhere.entry(method).or_default().push(known);
                }
            }
            self.mounting.extend((!library.mounted_folders.is_empty()).then_some(at));
            self.applying.extend((0..library.applied.len()).map(|position| (at, position)));
            self.providers.extend((0..library.provider.len()).map(|position| (at, position)));
            self.rpc_clients.extend((0..library.rpc_client.len()).map(|position| (at, position)));
            for (position, entry) in library.tracing.iter().enumerate() {
                for module in entry.import.iter().flat_map(Names::iter) {
                    self.tracing_imports.entry(module.clone()).or_insert((at, position));
                }
            }
            for (position, entry) in library.environment_module.iter().enumerate() {
                self.environment_modules.extend(entry.modules.iter().map(|module| (module.clone(), (at, position))));
            }
            let verbs = library.procedure_call.iter().flat_map(|entry| entry.verbs.iter());
            self.interesting.extend(verbs.map(|verb| (library.language, verb.clone())));
            let index = &self.indexes[at];
            let callees = index.callees.iter().chain(index.patterns.iter().map(|(callee, ids)| (callee, ids)));
            for (callee, _) in
                callees.filter(|(_, ids)| ids.iter().any(|id| !matches!(id.kind, Kind::Value | Kind::SettingReader | Kind::BodySchema)))
            {
                self.interesting.insert((library.language, Symbol::new(last_segment(callee))));
            }
        }
        self.all_interesting =
            [Family::Rust, Family::TypeScript].into_iter().filter(|family| self.interesting.contains(&(*family, "*".into()))).collect();
    }

    /// The libraries that a package belongs to: an npm package, also as a subpath of it (`next/server`) or with `node:`; a crate, with `-` and
    /// `_` alike; or `global`.
    pub fn libraries_of(&self, family: Family, package: &str) -> &[usize] {
        let exact = self.packages.get(&(family, package_key(family, package)));
        let found = exact.or_else(|| match family {
            Family::Rust => None,
            Family::TypeScript => self.packages.get(&(family, Symbol::new(package_of_import(package)))),
        });
        found.map_or(&[], Vec::as_slice)
    }

    /// The crate whose name a module of another crate stands for, if that crate hands it on there.
    pub fn handed_on(&self, by: &str, module: &str) -> Option<&Symbol> {
        let all = self.handed_on.get(&package_key(Family::Rust, by))?;
        all.iter().find(|(known, _)| known == module).map(|(_, home)| home)
    }

    /// The methods by which values of libraries call functions that they were given.
    pub fn given_methods(&self) -> impl Iterator<Item = &Symbol> {
        self.given_methods.iter()
    }

    /// Whether a value may call a function that it was given by a method of this name.
    pub fn is_given_method(&self, name: &str) -> bool {
        self.given_methods.iter().any(|method| method == name)
    }

    /// Whether a call by this name may be more than the making of a value. `last_segment` is what stands behind the last `.` or `::` of the
    /// code's own callee, so this is sure for methods and Rust paths; a bare name may be an alias or a default import, so must be resolved. Methods
    /// of generated rpc clients are not asked for here, nor are attributes.
    pub fn is_interesting(&self, family: Family, last_segment: &str) -> bool {
        self.all_interesting.contains(&family) || self.interesting.contains(&(family, Symbol::new(last_segment)))
    }

    /// Whether a call by this name may leave the caller's flow; as with [`Catalog::is_interesting`], a bare name must be resolved.
    pub fn may_spawn(&self, family: Family, last_segment: &str) -> bool {
        self.spawning.contains(&(family, Symbol::new(last_segment)))
    }

    /// Whether a call by this name may say how long others wait; a bare name must be resolved.
    pub fn may_limit(&self, family: Family, last_segment: &str) -> bool {
        self.limiting.contains(&(family, Symbol::new(last_segment)))
    }

    /// Whether a call by this name may have others made again; a bare name must be resolved.
    pub fn may_retry(&self, family: Family, last_segment: &str) -> bool {
        self.retrying.contains(&(family, Symbol::new(last_segment)))
    }

    /// Whether a call by this name may hand a value to a function among its arguments; a bare name must be resolved.
    pub fn may_give(&self, family: Family, last_segment: &str) -> bool {
        self.giving.contains(&(family, Symbol::new(last_segment)))
    }

    /// What calls functions among its arguments, each with the position of its library.
    pub fn applied(&self) -> impl Iterator<Item = (usize, &AppliedFunction)> {
        self.applying.iter().map(|(library, position)| (*library, &self.libraries[*library].applied[*position]))
    }

    /// Whether a handler of ECMAScript answers by a method of this name of what it is given second.
    pub fn is_answer(&self, method: &str) -> bool {
        let libraries = self.libraries.iter().filter(|library| library.language == Family::TypeScript);
        libraries.flat_map(|library| &library.answers).any(|answer| answer == method)
    }

    /// Names of what checks a request's body that it is given, with the argument.
    pub fn body_checks(&self) -> impl Iterator<Item = (&str, usize)> {
        let entries = self.libraries.iter().flat_map(|library| &library.body_schema);
        let given = |entry: &BodySchema| entry.body.as_ref()?.takes().first()?.argument.and_then(|at| usize::try_from(at).ok());
        entries
            .filter_map(move |entry| Some((entry, given(entry)?)))
            .flat_map(|(entry, at)| entry.callee.iter().map(move |callee| (last_segment(callee), at)))
    }

    /// Whether a handler of ECMAScript reads a request's body off what it is given first by these members.
    pub fn is_body(&self, members: &str) -> bool {
        let libraries = self.libraries.iter().filter(|library| library.language == Family::TypeScript);
        libraries.flat_map(|library| &library.bodies).any(|body| body == members)
    }

    /// What a method of this name may be that its first argument tells.
    pub fn known_by_argument(&self, family: Family, method: &Symbol) -> &[KnownByArgument] {
        self.anywhere.get(&(family, method.clone())).map_or(&[], Vec::as_slice)
    }

    /// Whether a method of this name may hand out a value of its own: `kafka.producer()`.
    pub fn may_make(&self, family: Family, method: &str) -> bool {
        self.making.contains(&(family, Symbol::new(method)))
    }

    /// Whether a Rust type of this name may be one that a derive made for some library.
    pub fn is_made_beside(&self, name: &Symbol) -> bool {
        self.beside.contains(name)
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

    /// What a module has of the environment, where a framework makes it of that.
    pub fn environment_module(&self, module: &str) -> Option<&EnvironmentModule> {
        let (library, position) = self.environment_modules.get(module)?;
        self.libraries.get(*library)?.environment_module.get(*position)
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

    /// Whether a parameter of a type with this last name may take a request's body.
    pub fn may_take_body(&self, family: Family, last_segment: &str) -> bool {
        self.bodies.contains(&(family, Symbol::new(last_segment)))
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

    /// The token of an object that says what is injected for one.
    pub fn provider_token(&self, family: Family, object: &Object) -> Option<ExprId> {
        self.provider(family, object).map(|(_, _, token)| token)
    }

    /// The entry by which an object says what is injected for a token, its library and the token.
    pub fn provider(&self, family: Family, object: &Object) -> Option<(usize, &Provider, ExprId)> {
        if self.providers.is_empty() || object.entries.len() < 2 {
            return None;
        }
        let field = |key: &Symbol| {
            object.entries.iter().find_map(|entry| match entry {
                Entry::Field { name, value, .. } if name == key => Some(*value),
                _ => None,
            })
        };
        self.providers.iter().find_map(|(at, position)| {
            let library = &self.libraries[*at];
            let provider = &library.provider[*position];
            let token = field(&provider.token).filter(|_| library.language == family)?;
            provider.requires.iter().any(|key| field(key).is_some()).then_some((*at, provider, token))
        })
    }

    /// The rpc clients of a language's libraries, each with its library's position.
    pub fn rpc_clients(&self, family: Family) -> impl Iterator<Item = (usize, &RpcClient)> {
        let clients = self.rpc_clients.iter().filter(move |(at, _)| self.libraries[*at].language == family);
        clients.map(|(at, position)| (*at, &self.libraries[*at].rpc_client[*position]))
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

    /// The libraries that load a file by themselves, by its path in the package; each does so where the package depends on it.
    pub fn loaders_of(&self, path: &str) -> impl Iterator<Item = &Library> {
        self.entry_files.loaders(path).into_iter().filter_map(|at| self.libraries.get(at))
    }

    /// The libraries, by position, and types that a parameter without a declared type may be of by its name; each only where the package depends
    /// on it.
    pub fn customary(&self, family: Family, name: &Symbol) -> &[(usize, Symbol)] {
        self.customary.get(&(family, name.clone())).map_or(&[], Vec::as_slice)
    }

    /// The libraries that mount the routers of some folders' files by themselves; each does so where the package depends on it.
    pub fn mounting(&self) -> impl Iterator<Item = &Library> {
        self.mounting.iter().filter_map(|at| self.libraries.get(*at))
    }

    /// Every word of a command line that is evidence of tracing, with its entry.
    pub fn tracing_flags(&self) -> impl Iterator<Item = (&Symbol, &Tracing)> {
        let entries = self.libraries.iter().flat_map(|library| &library.tracing);
        entries.flat_map(|entry| entry.flag.iter().flat_map(Names::iter).map(move |flag| (flag, entry)))
    }

    /// What the import of a module says of tracing.
    pub fn tracing_import(&self, module: &Symbol) -> Option<&Tracing> {
        let (library, position) = *self.tracing_imports.get(module)?;
        self.libraries.get(library)?.tracing.get(position)
    }

    /// Whether an ECMAScript module that the catalog does not know may start a tracer, by its package's name: `nestjs-otel`. OpenTelemetry's own
    /// packages, and instrumentations for them, are what others start one with.
    pub fn may_start_tracer(&self, module: &str) -> bool {
        let package = package_of_import(module);
        let mut words = package.split(|character: char| !character.is_alphanumeric());
        words.clone().any(|word| matches!(word, "opentelemetry" | "otel"))
            && !words.any(|word| matches!(word, "instrumentation" | "instrumentations"))
            && !package.starts_with("@opentelemetry/")
            && !self.packages.contains_key(&(Family::TypeScript, Symbol::new(package)))
    }
}

impl Library {
    /// A library that knows nothing yet.
    pub fn named(id: &str, language: Family) -> Self {
        Self {
            id: Symbol::new(id),
            language,
            packages: Vec::new(),
            handed_on: FxHashMap::default(),
            aliases: FxHashMap::default(),
            types: Vec::new(),
            parameters: FxHashMap::default(),
            answers: Vec::new(),
            bodies: Vec::new(),
            mounted_folders: Vec::new(),
            value: Vec::new(),
            injected: Vec::new(),
            provider: Vec::new(),
            setting: Vec::new(),
            setting_reader: Vec::new(),
            setting_source: Vec::new(),
            setting_struct: Vec::new(),
            environment_module: Vec::new(),
            http_client: Vec::new(),
            http_route: Vec::new(),
            method_router: Vec::new(),
            route_attribute: Vec::new(),
            request_body: Vec::new(),
            body_schema: Vec::new(),
            mount: Vec::new(),
            versioning: Vec::new(),
            listen: Vec::new(),
            middleware: Vec::new(),
            guard: Vec::new(),
            file_route: Vec::new(),
            entry_file: Vec::new(),
            proxy: Vec::new(),
            proxy_table: Vec::new(),
            rpc_client: Vec::new(),
            rpc_contract: Vec::new(),
            rpc_server: Vec::new(),
            rpc_trait: Vec::new(),
            producer: Vec::new(),
            listener: Vec::new(),
            text: Vec::new(),
            instance: Vec::new(),
            applied: Vec::new(),
            decoration: Vec::new(),
            extension: Vec::new(),
            graphql_call: Vec::new(),
            graphql_client: Vec::new(),
            graphql_server: Vec::new(),
            procedure_call: Vec::new(),
            procedure_client: Vec::new(),
            procedure_server: Vec::new(),
            binding: Vec::new(),
            dead_letter: Vec::new(),
            consumer: Vec::new(),
            consumer_attribute: Vec::new(),
            connection: Vec::new(),
            query: Vec::new(),
            entity: Vec::new(),
            model_class: Vec::new(),
            sdk_call: Vec::new(),
            transaction: Vec::new(),
            tracing: Vec::new(),
            spawn: Vec::new(),
            time_limit: Vec::new(),
            retry: Vec::new(),
            example: Vec::new(),
            counterexample: Vec::new(),
        }
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
            Value value, HttpClient http_client, HttpRoute http_route, MethodRouter method_router, BodySchema body_schema, Mount mount, Versioning versioning, Listen listen,
            Middleware middleware, Proxy proxy, RpcClient rpc_client, RpcServer rpc_server, Producer producer, Binding binding, DeadLetter dead_letter, Listener listener,
            TextCall text, InstanceCall instance, GraphqlCall graphql_call, GraphqlClient graphql_client, GraphqlServer graphql_server, ProcedureClient procedure_client, ProcedureServer procedure_server,
            Consumer consumer, Connection connection, Query query, SdkCall sdk_call, Transaction transaction, Tracing tracing, Spawn spawn,
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
            Injected injected, RouteAttribute route_attribute, RequestBody request_body, RpcServer rpc_server, GraphqlServer graphql_server, ConsumerAttribute consumer_attribute, Entity entity,
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
                index.callees.entry(callee.clone()).or_default().push(id);
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
        for (callee, ids) in &mut self.callees {
            if ids.iter().any(|id| matches!(id.kind, Kind::Value)) {
                continue;
            }
            let mut matching = self.patterns.iter().filter(|(pattern, _)| members(pattern, callee).is_some());
            let value = matching.find_map(|(_, ids)| ids.iter().find(|id| matches!(id.kind, Kind::Value)));
            ids.extend(value.copied());
        }
    }

    fn find(&self, callee: &str) -> Option<(&[MeaningId], Vec<Symbol>)> {
        if let Some(ids) = self.callees.get(callee) {
            return Some((ids, Vec::new()));
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

/// What stands behind the last `.` or `::`.
fn last_segment(callee: &str) -> &str {
    callee.rsplit(['.', ':']).next().unwrap_or(callee)
}

/// A package's name as the index keeps it.
fn package_key(family: Family, package: &str) -> Symbol {
    match family {
        Family::Rust if package.contains('-') => Symbol::new(package.replace('-', "_")),
        Family::Rust | Family::TypeScript => Symbol::new(package),
    }
}

/// The package part of an import: `next` of `next/server`, `@scope/name` of `@scope/name/sub`.
fn package_of_import(import: &str) -> &str {
    let import = import.strip_prefix("node:").unwrap_or(import);
    let segments = if import.starts_with('@') { 2 } else { 1 };
    import.match_indices('/').nth(segments - 1).map_or(import, |(at, _)| &import[..at])
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
