//! What `portolan.toml` files say, joined to the services and rules that they name.
//!
//! A file speaks for the folder it lies in; of two around one service or file the inner one counts. What deliberately does not live here: roots
//! and names of services, which [`super::services`] asks for as it finds them, and environments, which are [`super::environment`]'s. Invariant:
//! a name that means nothing is a problem with its place, and settles nothing.

use camino::Utf8Path;
use portolan_grammars::FileFacts;
use portolan_grammars::catalog::{Family, Library};
use portolan_grammars::facts::{self, Spanned, Symbol, TextRange};
use portolan_grammars::manifests::settings::{PathMatcher, Settings};
use portolan_grammars::manifests::{Manifest, Variable};
use portolan_grammars::suggest;
use rustc_hash::{FxHashMap, FxHashSet};

mod rules;

pub use rules::RulePolicy;

use super::modules::package_name;
use super::services::known::normal;
use super::services::{Context, Draft};
use super::sources::{Source, Sources};
use super::{Package, paths};
use crate::chart::{Evidence, Service, ServiceIndex, Target};
use crate::{FileId, Place};

/// Something in a `portolan.toml` that cannot be as it is written, seen from the whole workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// One sentence for the user.
    pub message: String,
}

/// What settings say of hosts, calls and rpc services.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settled {
    /// The inner folders first.
    scopes: Vec<Scope>,
    origins: FxHashMap<ServiceIndex, (ServiceIndex, Evidence)>,
    rpc: FxHashMap<Symbol, (ServiceIndex, Evidence)>,
    rules: RulePolicy,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Scope {
    folder: String,
    hosts: FxHashMap<Symbol, (Target, Evidence)>,
    /// Endings of host names, with the dot.
    endings: Vec<(Symbol, Target, Evidence)>,
    calls: Vec<CallRule>,
}

#[derive(Debug, Clone, PartialEq)]
struct CallRule {
    files: PathMatcher,
    function: Option<Symbol>,
    target: Target,
    evidence: Evidence,
}

/// Which files settings leave out.
#[derive(Debug, Default)]
pub(crate) struct Ignored(Vec<(String, PathMatcher)>);

impl Ignored {
    /// Gathers the patterns of all settings that are not left out themselves.
    pub(crate) fn of<'a>(files: impl Iterator<Item = (&'a Utf8Path, &'a FileFacts)>) -> Self {
        let mut found: Vec<(&str, &Settings)> = files
            .filter_map(|(path, facts)| match facts.manifest() {
                Some(Manifest::Settings(settings)) if !settings.ignore.is_empty() => Some((path.as_str(), &**settings)),
                _ => None,
            })
            .collect();
        found.sort_by_key(|(path, _)| (path.matches('/').count(), *path));
        let mut ignored = Self::default();
        for (path, settings) in found {
            if !ignored.matches(path) {
                let patterns = settings.ignore.iter().map(|pattern| pattern.value.as_str());
                ignored.0.push((paths::folder(path).to_owned(), PathMatcher::new(patterns)));
            }
        }
        ignored
    }

    /// Whether a file is left out.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|(folder, patterns)| below(path, folder).is_some_and(|path| patterns.matches(path)))
    }

    /// Whether nothing is left out.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The path as seen from a folder around it.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// House-made clients, by the packages and files that hand them out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HouseMade {
    /// ECMAScript packages.
    packages: FxHashSet<Symbol>,
    /// Crates, with `_`.
    crates: FxHashSet<Symbol>,
    /// Files, and what the catalog calls them.
    files: FxHashMap<FileId, Symbol>,
}

impl HouseMade {
    /// Finds the files; one that is not there is a problem.
    pub(crate) fn of(
        sources: &Sources<'_>,
        packages: &[Package],
        file: &dyn Fn(Family, &str, &str) -> Option<FileId>,
        entry: &dyn Fn(usize) -> Option<FileId>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut own = Self::default();
        for source in &sources.settings {
            for client in &source.facts.clients {
                for package in &client.value.packages {
                    match (client.value.language, package.strip_prefix("./")) {
                        (Family::Rust, None) => {
                            own.crates.insert(package.replace('-', "_").into());
                        }
                        (Family::TypeScript, None) => {
                            own.packages.insert(package.clone());
                            let at = packages.iter().position(|known| known.name == *package);
                            own.files.extend(at.and_then(entry).map(|file| (file, package.clone())));
                        }
                        (language, Some(path)) => match file(language, source.folder(), path) {
                            Some(file) => {
                                own.files.insert(file, key_of(source.folder(), path));
                            }
                            None => problems.push(source.problem(client.range, format!("there is no source file `{package}`"))),
                        },
                    }
                }
            }
        }
        own
    }

    /// What a file is called in the catalog, if it hands out a house-made client.
    pub(crate) fn file(&self, file: FileId) -> Option<&Symbol> {
        self.files.get(&file)
    }

    /// Package and subpath of a specifier, if the package is of house-made clients.
    pub(crate) fn package<'s>(&self, specifier: &'s str) -> Option<(&'s str, &'s str)> {
        if self.packages.is_empty() {
            return None;
        }
        package_name(specifier).filter(|(package, _)| self.packages.contains(*package))
    }

    /// Whether a crate is of house-made clients.
    pub(crate) fn is_crate(&self, name: &str) -> bool {
        self.crates.contains(name)
    }
}

fn key_of(folder: &str, path: &str) -> Symbol {
    format!("./{}", paths::join(folder, path).unwrap_or_else(|| path.to_owned())).into()
}

impl<T> Source<'_, T> {
    fn problem(&self, range: TextRange, message: impl Into<String>) -> Problem {
        Problem { place: Place { file: self.file, range }, message: message.into() }
    }
}

/// What reading the files has found to be wrong that are written for Portolan alone.
pub(super) fn own_problems(files: &crate::files::Files) -> Vec<Problem> {
    let own = files.iter().filter(|(_, _, facts)| matches!(facts.manifest(), Some(Manifest::Settings(_) | Manifest::Baseline(_))));
    let problem =
        |file, problem: &facts::Problem| Problem { place: Place { file, range: problem.range }, message: problem.message.clone() };
    own.flat_map(|(file, _, facts)| facts.problems().iter().map(move |it| problem(file, it))).collect()
}

/// The library entries of all settings.
pub(crate) fn libraries(files: &crate::files::Files) -> Vec<Library> {
    let mut libraries = Vec::new();
    for (_, path, facts) in files.iter() {
        let Some(Manifest::Settings(settings)) = facts.manifest() else { continue };
        for client in &settings.clients {
            let mut library = client.value.clone();
            for package in &mut library.packages {
                if let Some(path_of) = package.strip_prefix("./") {
                    *package = key_of(paths::folder(path.as_str()), path_of);
                }
            }
            libraries.push(library);
        }
    }
    libraries
}

/// Variables that settings give a service, the strongest first.
pub(super) fn environment<'a>(context: &Context<'a>, draft: &Draft<'a>) -> Vec<(FileId, &'a Variable)> {
    let mut given: Vec<(FileId, &Variable)> = Vec::new();
    for (source, service) in draft.settings.iter().rev() {
        given.extend(service.environment.iter().map(|variable| (source.file, variable)));
    }
    for source in inner_first(&context.sources.settings) {
        if paths::is_within(&draft.root, source.folder()) {
            given.extend(source.facts.environment.iter().map(|variable| (source.file, variable)));
        }
    }
    given
}

fn inner_first<'s, 'a>(sources: &'s [Source<'a, Settings>]) -> Vec<&'s Source<'a, Settings>> {
    let mut sorted: Vec<&Source<'_, Settings>> = sources.iter().collect();
    sorted.sort_by_key(|source| (std::cmp::Reverse(source.path.matches('/').count()), source.path));
    sorted
}

/// Services by what they are called.
struct Names<'a> {
    services: &'a [Service],
    by_name: FxHashMap<String, Vec<ServiceIndex>>,
}

impl<'a> Names<'a> {
    fn of(services: &'a [Service]) -> Self {
        let mut by_name: FxHashMap<String, Vec<ServiceIndex>> = FxHashMap::default();
        for (at, service) in services.iter().enumerate() {
            for name in service.aliases.iter().chain([&service.id, &service.name]) {
                let known = by_name.entry(normal(name)).or_default();
                if !known.contains(&ServiceIndex(at as u32)) {
                    known.push(ServiceIndex(at as u32));
                }
            }
        }
        Self { services, by_name }
    }

    fn find(&self, name: &str) -> Option<ServiceIndex> {
        if let Some(at) = self.services.iter().position(|service| service.id == name) {
            return Some(ServiceIndex(at as u32));
        }
        match self.by_name.get(&normal(name)).map(Vec::as_slice) {
            Some([one]) => Some(*one),
            _ => None,
        }
    }

    fn wanted(&self, source: &Source<'_, Settings>, name: &Spanned<Symbol>, problems: &mut Vec<Problem>) -> Option<ServiceIndex> {
        let found = self.find(&name.value);
        if found.is_none() {
            let message = match self.by_name.get(&normal(&name.value)) {
                Some(several) => {
                    let ids: Vec<String> = several.iter().map(|one| format!("`{}`", self.services[one.index()].id)).collect();
                    format!("several services go by `{}`: {}", name.value, ids.join(", "))
                }
                None => format!("there is no service `{}`{}", name.value, suggest::hint(&name.value, &self.ids())),
            };
            problems.push(source.problem(name.range, message));
        }
        found
    }

    fn ids(&self) -> Vec<&'a str> {
        self.services.iter().map(|service| service.id.as_str()).collect()
    }
}

impl Settled {
    /// Joins all settings to the services; `told` are the places of names that services were found by.
    pub(super) fn of(
        context: &Context<'_>,
        drafts: &[Draft<'_>],
        services: &[Service],
        told: &FxHashSet<Place>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut settled = Self::default();
        if context.sources.settings.is_empty() {
            return settled;
        }
        settled.rules = RulePolicy::of(&context.sources.settings, problems);
        let names = Names::of(services);
        for source in inner_first(&context.sources.settings) {
            settled.scopes.push(scope(source, &names, problems));
            for service in &source.facts.services {
                if !told.contains(&Place { file: source.file, range: service.name.range }) {
                    let hint = suggest::hint(&service.name.value, &names.ids());
                    let message = format!("there is no service `{}`; give its `root`, if it is to be one{hint}", service.name.value);
                    problems.push(source.problem(service.name.range, message));
                }
            }
        }
        for (at, draft) in drafts.iter().enumerate() {
            let service = ServiceIndex(at as u32);
            for (source, given) in &draft.settings {
                let why = |what: String, range| Evidence { what, place: Place { file: source.file, range } };
                if let Some(origin) = &given.origin
                    && let Some(target) = names.wanted(source, origin, problems)
                {
                    let what = format!("{} answers relative URLs of {}", services[target.index()].id, draft.name);
                    settled.origins.insert(service, (target, why(what, origin.range)));
                }
                for rpc in &given.implements {
                    let what = format!("{} implements {}", draft.name, rpc.value);
                    settled.rpc.insert(rpc.value.clone(), (service, why(what, rpc.range)));
                }
            }
        }
        settled
    }

    /// Who answers at a host, as a service whose code lies in `root` sees it.
    pub(crate) fn host(&self, root: &Utf8Path, host: &str, port: Option<&str>) -> Option<&(Target, Evidence)> {
        let scopes = || self.scopes.iter().filter(|scope| paths::is_within(root.as_str(), &scope.folder));
        let exact = port.and_then(|port| {
            let whole = format!("{host}:{port}");
            scopes().find_map(|scope| scope.hosts.get(whole.as_str()))
        });
        exact.or_else(|| scopes().find_map(|scope| scope.hosts.get(host)))
    }

    /// The name and the reason of someone outside, by the ending of a host.
    pub(crate) fn ending(&self, root: &Utf8Path, host: &str) -> Option<(&Target, &Evidence)> {
        let mut scopes = self.scopes.iter().filter(|scope| paths::is_within(root.as_str(), &scope.folder));
        scopes.find_map(|scope| {
            let found = scope.endings.iter().filter(|(ending, ..)| host.ends_with(ending.as_str()));
            found.max_by_key(|(ending, ..)| ending.len()).map(|(_, target, why)| (target, why))
        })
    }

    /// Who answers the calls in a function of a file, where nothing else tells; `functions` are the names of the functions around a call, the
    /// inner one first.
    pub(crate) fn calls(&self, path: &Utf8Path, functions: &[Symbol]) -> Option<(&Target, &Evidence)> {
        let rules = self.scopes.iter().filter_map(|scope| Some((below(path.as_str(), &scope.folder)?, scope)));
        let fitting = rules.flat_map(|(path, scope)| scope.calls.iter().filter(move |rule| rule.files.matches(path)));
        // What names the function says more than what names the file alone.
        let mut whole_file = None;
        for rule in fitting {
            match &rule.function {
                Some(name) if functions.contains(name) => return Some((&rule.target, &rule.evidence)),
                Some(_) => {}
                None => whole_file = whole_file.or(Some((&rule.target, &rule.evidence))),
            }
        }
        whole_file
    }

    /// Whether any calls are spoken of.
    pub(crate) fn speaks_of_calls(&self) -> bool {
        self.scopes.iter().any(|scope| !scope.calls.is_empty())
    }

    /// The service that answers a front end's relative URLs.
    pub(crate) fn origin(&self, service: ServiceIndex) -> Option<&(ServiceIndex, Evidence)> {
        self.origins.get(&service)
    }

    /// What is said of rules.
    pub fn rules(&self) -> &RulePolicy {
        &self.rules
    }

    /// The service that implements an rpc service, by its full name.
    pub(crate) fn implementing(&self, rpc: &str) -> Option<&(ServiceIndex, Evidence)> {
        self.rpc.get(rpc).or_else(|| self.rpc.get(rpc.rsplit('.').next().unwrap_or(rpc)))
    }
}

fn scope(source: &Source<'_, Settings>, names: &Names<'_>, problems: &mut Vec<Problem>) -> Scope {
    let why = |what: String, range| Evidence { what, place: Place { file: source.file, range } };
    let mut scope = Scope { folder: source.folder().to_owned(), ..Scope::default() };
    for host in &source.facts.hosts {
        if let Some(service) = names.wanted(source, &host.target, problems) {
            let what = format!("{} is {}", host.name.value, names.services[service.index()].id);
            scope.hosts.insert(host.name.value.clone(), (Target::Service(service), why(what, host.name.range)));
        }
    }
    for host in &source.facts.external {
        let evidence = why(format!("{} is {}", host.name.value, host.target.value), host.name.range);
        let target = Target::External(host.target.value.clone());
        match host.name.value.strip_prefix('*') {
            Some(ending) => scope.endings.push((ending.into(), target, evidence)),
            None => {
                if scope.hosts.insert(host.name.value.clone(), (target, evidence)).is_some() {
                    problems.push(source.problem(host.name.range, format!("`{}` is a service's host already", host.name.value)));
                }
            }
        }
    }
    for call in &source.facts.calls {
        // A name that no service has is someone outside; one that looks like a service's was meant to be it.
        let target = match names.find(&call.to.value) {
            Some(service) => Target::Service(service),
            None => {
                if let Some(meant) = suggest::nearest(&call.to.value, names.ids()) {
                    let message = format!("there is no service `{}`; did you mean `{meant}`?", call.to.value);
                    problems.push(source.problem(call.to.range, message));
                }
                Target::External(call.to.value.clone())
            }
        };
        let what = format!("calls here go to {}", call.to.value);
        scope.calls.push(CallRule {
            files: PathMatcher::new([call.file.value.as_str()]),
            function: call.function.as_ref().map(|function| function.value.clone()),
            target,
            evidence: why(what, call.to.range),
        });
    }
    scope
}
