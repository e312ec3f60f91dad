//! What all libraries say together: which packages are whose, which names are worth a second look, and where entries are that code is led to
//! by something else than a callee.
//!
//! What deliberately does not live here: what a callee means in one library. Invariant: made of the libraries anew whenever these change.

use rustc_hash::{FxHashMap, FxHashSet};

use super::entries::EntryFiles;
use super::{
    AppliedFunction, Catalog, EnvironmentModule, Family, GeneratedClient, Library, Names, Provider, RpcClient, SettingStruct, Tracing,
};
use crate::facts::{ExprId, Object, Symbol};

/// A library's position, and that of an entry in one of its lists.
type Place = (usize, usize);

/// Last segments of names, by language: what is looked at before a name is resolved.
#[derive(Debug, Clone, PartialEq, Default)]
struct Words(FxHashSet<(Family, Symbol)>);

impl Words {
    fn extend<'a>(&mut self, family: Family, names: impl Iterator<Item = &'a Symbol>) {
        self.0.extend(names.map(|name| (family, Symbol::new(last_segment(name)))));
    }
    fn has(&self, family: Family, word: &str) -> bool {
        self.0.contains(&(family, Symbol::new(word)))
    }
}

/// Everything that is looked up without knowing the library.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Lookups {
    packages: FxHashMap<(Family, Symbol), Vec<usize>>,
    /// Crates that hand on others, with the module in which they do and the crate that is meant.
    handed_on: FxHashMap<Symbol, Vec<(Symbol, Symbol)>>,
    interesting: Words,
    /// Languages of which some library gives every name a meaning: `*`.
    all_interesting: Vec<Family>,
    spawning: Words,
    limiting: Words,
    retrying: Words,
    bodies: Words,
    guarding: Words,
    giving: Words,
    making: Words,
    /// Methods by which values call functions that they were given; of TypeScript.
    given_methods: Vec<Symbol>,
    /// Methods by which handlers of ECMAScript answer, and members by which they read a request's body.
    answers: FxHashSet<Symbol>,
    body_members: FxHashSet<Symbol>,
    /// Last segments of what checks a request's body, with the argument that this is.
    body_checks: Vec<(Symbol, usize)>,
    beside: FxHashSet<Symbol>,
    applying: Vec<Place>,
    /// What methods are called in their library, and the type of a first argument by which that is known.
    anywhere: FxHashMap<(Family, Symbol), Vec<KnownByArgument>>,
    entry_files: EntryFiles,
    /// Modules that frameworks make of the environment.
    environment_modules: FxHashMap<Symbol, Place>,
    /// Positions of libraries, and types, by what parameters are called by custom.
    customary: FxHashMap<(Family, Symbol), Vec<(usize, Symbol)>>,
    /// Positions of libraries that mount folders.
    mounting: Vec<usize>,
    providers: Vec<Place>,
    /// Positions of libraries whose modules list classes.
    listing: Vec<usize>,
    rpc_clients: Vec<Place>,
    setting_structs: Vec<Place>,
    /// Positions of libraries by which clients are generated.
    generators: Vec<usize>,
    /// Entries of tracing, by the module whose import is evidence of it.
    tracing_imports: FxHashMap<Symbol, Place>,
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

impl Lookups {
    pub(super) fn of(libraries: &[Library]) -> Self {
        let mut lookups = Self { entry_files: EntryFiles::of(libraries), ..Self::default() };
        for (at, library) in libraries.iter().enumerate() {
            lookups.add_packages(at, library);
            lookups.add_words(library);
            lookups.add_values(library);
            lookups.add_names(at, library);
            lookups.add_places(at, library);
        }
        let all = [Family::Rust, Family::TypeScript].into_iter().filter(|family| lookups.interesting.has(*family, "*"));
        lookups.all_interesting = all.collect();
        lookups
    }

    fn add_packages(&mut self, at: usize, library: &Library) {
        for package in &library.packages {
            self.packages.entry((library.language, package_key(library.language, package))).or_default().push(at);
        }
        for (by, module) in &library.handed_on {
            let home = library.packages.first().cloned().unwrap_or_default();
            self.handed_on.entry(package_key(Family::Rust, by)).or_default().push((module.clone(), home));
        }
        self.mounting.extend((!library.mounted_folders.is_empty()).then_some(at));
    }

    fn add_words(&mut self, library: &Library) {
        let family = library.language;
        self.spawning.extend(family, library.spawn.iter().flat_map(|entry| entry.callee.iter()));
        self.limiting.extend(family, library.time_limit.iter().flat_map(|entry| entry.callee.iter()));
        self.retrying.extend(family, library.retry.iter().flat_map(|entry| entry.callee.iter()));
        self.guarding.extend(family, library.guard.iter().filter_map(|entry| entry.implements.as_ref()).flat_map(Names::iter));
        self.bodies.extend(family, library.request_body.iter().filter_map(|entry| entry.type_name.as_ref()).flat_map(Names::iter));
        self.interesting.extend(family, library.procedure_call.iter().flat_map(|entry| entry.verbs.iter()));
        let telling = library.callees().into_iter().filter(|(_, id)| !id.only_makes_values());
        self.interesting.extend(family, telling.flat_map(|(names, _)| names.iter()));
    }

    fn add_values(&mut self, library: &Library) {
        let family = library.language;
        let gives = library.value.iter().filter(|entry| entry.given_to.is_some());
        self.giving.extend(family, gives.flat_map(|entry| entry.callee.iter()));
        let makes = library.value.iter().filter(|entry| entry.given_to.is_none() && entry.type_name != "Self");
        self.making.extend(family, makes.flat_map(|entry| entry.callee.iter()).filter(|callee| callee.contains('.')));
        if family == Family::TypeScript {
            self.given_methods.extend(library.value.iter().flat_map(|entry| entry.methods.keys()).cloned());
            self.answers.extend(library.answers.iter().cloned());
            self.body_members.extend(library.bodies.iter().cloned());
        }
        for entry in &library.body_schema {
            let given = entry.body.as_ref().and_then(|body| usize::try_from(body.takes().first()?.argument?).ok());
            let checks = given.into_iter().flat_map(|at| entry.callee.iter().map(move |callee| (Symbol::new(last_segment(callee)), at)));
            self.body_checks.extend(checks);
        }
    }

    fn add_names(&mut self, at: usize, library: &Library) {
        self.beside.extend(library.entity.iter().flat_map(|entity| entity.beside.keys()).cloned());
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
    }

    fn add_places(&mut self, at: usize, library: &Library) {
        let places = |count: usize| (0..count).map(move |position| (at, position));
        self.applying.extend(places(library.applied.len()));
        self.providers.extend(places(library.provider.len()));
        self.listing.extend((!library.listed_class.is_empty()).then_some(at));
        self.rpc_clients.extend(places(library.rpc_client.len()));
        self.setting_structs.extend(places(library.setting_struct.len()));
        self.generators.extend(library.generated_client.is_some().then_some(at));
        for (position, entry) in library.tracing.iter().enumerate() {
            for module in entry.import.iter().flat_map(Names::iter) {
                self.tracing_imports.entry(module.clone()).or_insert((at, position));
            }
        }
        for (position, entry) in library.environment_module.iter().enumerate() {
            self.environment_modules.extend(entry.modules.iter().map(|module| (module.clone(), (at, position))));
        }
    }
}

impl Catalog {
    /// The libraries that a package belongs to: an npm package, also as a subpath of it (`next/server`) or with `node:`; a crate, with `-` and
    /// `_` alike; or `global`.
    pub fn libraries_of(&self, family: Family, package: &str) -> &[usize] {
        let exact = self.lookups.packages.get(&(family, package_key(family, package)));
        let found = exact.or_else(|| match family {
            Family::Rust => None,
            Family::TypeScript => self.lookups.packages.get(&(family, Symbol::new(package_of_import(package)))),
        });
        found.map_or(&[], Vec::as_slice)
    }

    /// The crate whose name a module of another crate stands for, if that crate hands it on there.
    pub fn handed_on(&self, by: &str, module: &str) -> Option<&Symbol> {
        let all = self.lookups.handed_on.get(&package_key(Family::Rust, by))?;
        all.iter().find(|(known, _)| known == module).map(|(_, home)| home)
    }

    /// The methods by which values of libraries call functions that they were given.
    pub fn given_methods(&self) -> impl Iterator<Item = &Symbol> {
        self.lookups.given_methods.iter()
    }

    /// Whether a value may call a function that it was given by a method of this name.
    pub fn is_given_method(&self, name: &str) -> bool {
        self.given_methods().any(|method| method == name)
    }

    /// Whether a call by this name may be more than the making of a value. `last_segment` is what stands behind the last `.` or `::` of the
    /// code's own callee, so this is sure for methods and Rust paths; a bare name may be an alias or a default import, so must be resolved. Methods
    /// of generated rpc clients are not asked for here, nor are attributes.
    pub fn is_interesting(&self, family: Family, last_segment: &str) -> bool {
        self.lookups.all_interesting.contains(&family) || self.lookups.interesting.has(family, last_segment)
    }

    /// Whether a call by this name may leave the caller's flow; as with [`Catalog::is_interesting`], a bare name must be resolved.
    pub fn may_spawn(&self, family: Family, last_segment: &str) -> bool {
        self.lookups.spawning.has(family, last_segment)
    }

    /// Whether a call by this name may say how long others wait; a bare name must be resolved.
    pub fn may_limit(&self, family: Family, last_segment: &str) -> bool {
        self.lookups.limiting.has(family, last_segment)
    }

    /// Whether a call by this name may have others made again; a bare name must be resolved.
    pub fn may_retry(&self, family: Family, last_segment: &str) -> bool {
        self.lookups.retrying.has(family, last_segment)
    }

    /// Whether a call by this name may hand a value to a function among its arguments; a bare name must be resolved.
    pub fn may_give(&self, family: Family, last_segment: &str) -> bool {
        self.lookups.giving.has(family, last_segment)
    }

    /// Whether a method of this name may hand out a value of its own: `kafka.producer()`.
    pub fn may_make(&self, family: Family, method: &str) -> bool {
        self.lookups.making.has(family, method)
    }

    /// Whether a parameter of a type with this last name may take a request's body.
    pub fn may_take_body(&self, family: Family, last_segment: &str) -> bool {
        self.lookups.bodies.has(family, last_segment)
    }

    /// Whether a trait of this last name may make parameters of handlers.
    pub fn may_guard(&self, family: Family, last_segment: &str) -> bool {
        self.lookups.guarding.has(family, last_segment)
    }

    /// Whether a handler of ECMAScript answers by a method of this name of what it is given second.
    pub fn is_answer(&self, method: &str) -> bool {
        self.lookups.answers.contains(method)
    }

    /// Whether a handler of ECMAScript reads a request's body off what it is given first by these members.
    pub fn is_body(&self, members: &str) -> bool {
        self.lookups.body_members.contains(members)
    }

    /// Last segments of what checks a request's body, with the argument that this is.
    pub fn body_checks(&self) -> &[(Symbol, usize)] {
        &self.lookups.body_checks
    }

    /// What calls functions among its arguments, each with the position of its library.
    pub fn applied(&self) -> impl Iterator<Item = (usize, &AppliedFunction)> {
        self.lookups.applying.iter().map(|(library, position)| (*library, &self.libraries[*library].applied[*position]))
    }

    /// What a method of this name may be that its first argument tells.
    pub fn known_by_argument(&self, family: Family, method: &Symbol) -> &[KnownByArgument] {
        self.lookups.anywhere.get(&(family, method.clone())).map_or(&[], Vec::as_slice)
    }

    /// Whether a Rust type of this name may be one that a derive made for some library.
    pub fn is_made_beside(&self, name: &Symbol) -> bool {
        self.lookups.beside.contains(name)
    }

    /// What a module has of the environment, where a framework makes it of that.
    pub fn environment_module(&self, module: &str) -> Option<&EnvironmentModule> {
        let (library, position) = self.lookups.environment_modules.get(module)?;
        self.libraries.get(*library)?.environment_module.get(*position)
    }

    /// The token of an object that says what is injected for one.
    pub fn provider_token(&self, family: Family, object: &Object) -> Option<ExprId> {
        self.provider(family, object).map(|(_, _, token)| token)
    }

    /// The entry by which an object says what is injected for a token, its library and the token.
    pub fn provider(&self, family: Family, object: &Object) -> Option<(usize, &Provider, ExprId)> {
        if self.lookups.providers.is_empty() || object.entries.len() < 2 {
            return None;
        }
        self.lookups.providers.iter().find_map(|(at, position)| {
            let library = &self.libraries[*at];
            let provider = &library.provider[*position];
            let token = object.field(&provider.token).filter(|_| library.language == family)?;
            provider.requires.iter().any(|key| object.field(key).is_some()).then_some((*at, provider, token))
        })
    }

    /// The libraries of a language whose modules list classes.
    pub fn listing(&self, family: Family) -> impl Iterator<Item = &Library> {
        self.lookups.listing.iter().map(|at| &self.libraries[*at]).filter(move |library| library.language == family)
    }

    /// The rpc clients of a language's libraries, each with its library's position.
    pub fn rpc_clients(&self, family: Family) -> impl Iterator<Item = (usize, &RpcClient)> {
        let clients = self.lookups.rpc_clients.iter().filter(move |(at, _)| self.libraries[*at].language == family);
        clients.map(|(at, position)| (*at, &self.libraries[*at].rpc_client[*position]))
    }

    /// The structs of settings that libraries fill in, each with its library's position.
    pub fn setting_structs(&self) -> impl Iterator<Item = (usize, &SettingStruct)> {
        self.lookups.setting_structs.iter().map(|(at, position)| (*at, &self.libraries[*at].setting_struct[*position]))
    }

    /// The libraries by which clients are generated, each with how.
    pub fn generators(&self) -> impl Iterator<Item = (&Library, &GeneratedClient)> {
        let libraries = self.lookups.generators.iter().map(|at| &self.libraries[*at]);
        libraries.filter_map(|library| Some((library, library.generated_client.as_ref()?)))
    }

    /// The libraries that load a file by themselves, by its path in the package; each does so where the package depends on it.
    pub fn loaders_of(&self, path: &str) -> impl Iterator<Item = &Library> {
        self.lookups.entry_files.loaders(path).into_iter().filter_map(|at| self.libraries.get(at))
    }

    /// The libraries, by position, and types that a parameter without a declared type may be of by its name; each only where the package depends
    /// on it.
    pub fn customary(&self, family: Family, name: &Symbol) -> &[(usize, Symbol)] {
        self.lookups.customary.get(&(family, name.clone())).map_or(&[], Vec::as_slice)
    }

    /// The libraries that mount the routers of some folders' files by themselves; each does so where the package depends on it.
    pub fn mounting(&self) -> impl Iterator<Item = &Library> {
        self.lookups.mounting.iter().filter_map(|at| self.libraries.get(*at))
    }

    /// Every word of a command line that is evidence of tracing, with its entry.
    pub fn tracing_flags(&self) -> impl Iterator<Item = (&Symbol, &Tracing)> {
        let entries = self.libraries.iter().flat_map(|library| &library.tracing);
        entries.flat_map(|entry| entry.flag.iter().flat_map(Names::iter).map(move |flag| (flag, entry)))
    }

    /// What the import of a module says of tracing.
    pub fn tracing_import(&self, module: &Symbol) -> Option<&Tracing> {
        let (library, position) = *self.lookups.tracing_imports.get(module)?;
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
            && !self.lookups.packages.contains_key(&(Family::TypeScript, Symbol::new(package)))
    }
}

/// What stands behind the last `.` or `::`.
pub(super) fn last_segment(callee: &str) -> &str {
    callee.rsplit(['.', ':']).next().unwrap_or(callee)
}

/// A package's name as the lookups keep it.
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
