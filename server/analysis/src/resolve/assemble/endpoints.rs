//! Endpoints of each service: routes with all their prefixes, rpc methods, and gateways declared in code.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use super::around::Guards;
use super::messages::Asked;
use super::passages::Passage;
use super::reach::Reach;
use super::text;
use super::tracing::Coverages;
use super::{Input, Places};
use crate::chart::{Endpoint, Protocol, ServiceIndex};
use crate::resolve::link::{FileLink, ModulePathDecl, MountDecl, ProxyDecl, RouteDecl, Router, RouterMade, Site, VersioningDecl};
use crate::resolve::paths;
use crate::resolve::value::{CallRef, ClassRef, Part, Pattern, join_patterns};
use crate::{FunctionRef, Place};

/// Mounts around mounts that are followed.
const MAX_MOUNTS: u32 = 6;
/// Prefixes that one router may have.
const MAX_PREFIXES: usize = 12;

/// Routes, mounts and proxies of all files, by router.
pub(in crate::resolve) struct Routes<'a> {
    pub(in crate::resolve) routes: Vec<&'a RouteDecl>,
    mounts: FxHashMap<Router, Vec<&'a MountDecl>>,
    /// Routers that functions make anew for their callers, by the router as its maker knows it.
    made: FxHashMap<Router, Vec<&'a RouterMade>>,
    /// The same router as its maker knows it, by the one that a caller has.
    within: FxHashMap<Router, Router>,
    opaque: Vec<&'a MountDecl>,
    global_prefixes: Vec<&'a MountDecl>,
    versionings: Vec<&'a VersioningDecl>,
    /// The modules that list each controller, where any module has a path.
    modules: FxHashMap<ClassRef, Vec<ClassRef>>,
    module_paths: FxHashMap<ClassRef, Vec<&'a ModulePathDecl>>,
    pub(in crate::resolve) proxies: Vec<&'a ProxyDecl>,
}

/// Whether a function's code is part of what is looked at: of a service.
pub(in crate::resolve) type Reaches<'a> = &'a dyn Fn(FunctionRef) -> bool;
/// Whether what is looked at is made of a framework's module.
pub(in crate::resolve) type IsMadeOf<'a> = &'a dyn Fn(ClassRef) -> bool;

impl<'a> Routes<'a> {
    /// Collects them from the links.
    pub(in crate::resolve) fn collect(links: &'a [Option<Arc<FileLink>>]) -> Self {
        let links = || links.iter().flatten();
        let parts: FxHashSet<Router> = links().flat_map(|link| &link.parts).copied().collect();
        let (mut made, mut within): (FxHashMap<Router, Vec<&RouterMade>>, _) = Default::default();
        for router in links().flat_map(|link| &link.routers_made) {
            made.entry(router.inner()).or_default().push(router);
            FxHashMap::entry(&mut within, router.outer()).or_insert(router.inner());
        }
        let mut mounts: FxHashMap<Router, Vec<&MountDecl>> = FxHashMap::default();
        let mut global_prefixes = Vec::new();
        for mount in links().flat_map(|link| &link.mounts) {
            match mount.child {
                Some(child) => mounts.entry(child).or_default().push(mount),
                None => global_prefixes.push(mount),
            }
        }
        let (mut modules, mut module_paths): (FxHashMap<ClassRef, Vec<ClassRef>>, FxHashMap<ClassRef, Vec<_>>) = Default::default();
        for path in links().flat_map(|link| &link.module_paths) {
            module_paths.entry(path.module).or_default().push(path);
        }
        for listed in links().flat_map(|link| &link.controllers).filter(|_| !module_paths.is_empty()) {
            modules.entry(listed.controller).or_default().push(listed.module);
        }
        Self {
            routes: links()
                .flat_map(|link| &link.routes)
                .filter(|route| route.router.is_none_or(|router| !parts.contains(&router)))
                .collect(),
            mounts,
            made,
            within,
            opaque: links().flat_map(|link| &link.opaque_mounts).collect(),
            global_prefixes,
            versionings: links().flat_map(|link| &link.versionings).collect(),
            modules,
            module_paths,
            proxies: links().flat_map(|link| &link.proxies).collect(),
        }
    }

    /// The whole paths of a route, with all prefixes, as the framework writes them.
    pub(in crate::resolve) fn paths(&self, route: &RouteDecl, reaches: Reaches<'_>, is_made_of: IsMadeOf<'_>) -> Vec<Pattern> {
        let prefixes = match route.router {
            Some(router) if route.mounted && !self.is_mounted(router, reaches) => Vec::new(),
            Some(router) => match &route.folder {
                Some(folder) if !self.is_mounted(router, reaches) => vec![folder.clone()],
                _ => self.prefixes(router, reaches),
            },
            None => match route.controller {
                Some(controller) => {
                    let around = self.versioned(route, self.global_prefixes(reaches), reaches);
                    let paths = self.paths_of_modules(controller, reaches, is_made_of);
                    around.iter().flat_map(|around| paths.iter().map(move |path| join_prefix(around, path))).collect()
                }
                None => vec![Pattern::default()],
            },
        };
        prefixes.iter().flat_map(|prefix| route.paths.iter().map(move |path| join_prefix(prefix, path))).collect()
    }

    /// The method of a route that names none, if what it is mounted by does.
    fn method(&self, route: &RouteDecl, reaches: Reaches<'_>) -> Symbol {
        let (mut next, mut depth) = (route.router.filter(|_| route.method == "*"), 0);
        while let Some(router) = next.filter(|_| depth < MAX_MOUNTS) {
            let mut around = self.mounts.get(&router).into_iter().flatten().filter(|mount| reaches(mount.function));
            let (Some(mount), None) = (around.next(), around.next()) else { break };
            if let Some(method) = &mount.method {
                return method.clone();
            }
            next = mount.parent.filter(|parent| *parent != router);
            depth += 1;
        }
        route.method.clone()
    }

    fn is_mounted(&self, router: Router, reaches: Reaches<'_>) -> bool {
        self.mounts.get(&router).into_iter().flatten().any(|mount| reaches(mount.function))
    }

    /// The prefix of all routes of classes; empty where there is none.
    fn global_prefixes(&self, reaches: Reaches<'_>) -> Vec<Pattern> {
        let found = self.global_prefixes.iter().filter(|mount| reaches(mount.function)).flat_map(|mount| &mount.prefixes).next();
        vec![found.cloned().unwrap_or_default()]
    }

    /// Prefixes with a route's versions behind them, where versions are part of the path.
    fn versioned(&self, route: &RouteDecl, prefixes: Vec<Pattern>, reaches: Reaches<'_>) -> Vec<Pattern> {
        let Some(versioning) = self.versionings.iter().find(|versioning| reaches(versioning.function)) else { return prefixes };
        let versions = route.versions.as_ref().unwrap_or(&versioning.versions);
        if versions.is_empty() {
            return prefixes;
        }
        let segment = |version: &Symbol| {
            let mut segment = versioning.prefix.clone();
            segment.push(Part::Text(version.clone()));
            segment
        };
        prefixes.iter().flat_map(|prefix| versions.iter().map(move |version| join_prefix(prefix, &segment(version)))).collect()
    }

    /// The paths of the modules that list a controller; one that is empty where none has any.
    fn paths_of_modules(&self, controller: ClassRef, reaches: Reaches<'_>, is_made_of: IsMadeOf<'_>) -> Vec<Pattern> {
        let mut found: Vec<Pattern> = Vec::new();
        for module in self.modules.get(&controller).into_iter().flatten().filter(|module| is_made_of(**module)) {
            let said = self.module_paths.get(module).into_iter().flatten();
            let said = said.filter(|path| reaches(path.function) && path.within.is_none_or(is_made_of));
            let mut paths: Vec<&Pattern> = said.flat_map(|path| &path.paths).collect();
            let root = Pattern::default();
            if paths.is_empty() {
                paths.push(&root);
            }
            for path in paths {
                if !found.contains(path) {
                    found.push(path.clone());
                }
            }
        }
        if found.is_empty() { vec![Pattern::default()] } else { found }
    }

    /// The paths under which a proxy takes requests.
    pub(in crate::resolve) fn proxied(&self, proxy: &ProxyDecl, reaches: Reaches<'_>) -> Vec<Pattern> {
        let empty = [Pattern::default()];
        let own = if proxy.paths.is_empty() { &empty[..] } else { &proxy.paths };
        self.prefixes(Router::Made(proxy.site), reaches)
            .iter()
            .flat_map(|mount| own.iter().map(move |path| join_prefix(mount, path)))
            .collect()
    }

    /// Mounts of what is not known, or of which no route is known.
    pub(in crate::resolve) fn opaque(&self, input: &Input<'_>) -> Vec<&'a MountDecl> {
        let mut known: FxHashSet<Router> = self.routes.iter().filter_map(|route| route.router).chain(self.parents()).collect();
        let outer: Vec<Router> = known.iter().filter_map(|inner| self.made.get(inner)).flatten().map(|made| made.outer()).collect();
        known.extend(outer);
        let proxies: FxHashSet<CallRef> = self.proxies.iter().map(|proxy| proxy.site).collect();
        let mut answering: FxHashSet<CallRef> = FxHashSet::default();
        for mount in self.mounts.values().flatten() {
            let answers = mount.child.is_some_and(|child| match child {
                Router::Made(made) => known.contains(&child) || proxies.contains(&made),
                Router::Param(_) => known.contains(&child),
                Router::Attributed(function) => known.contains(&child) || is_middleware(input, function),
            });
            if answers {
                answering.insert(mount.site);
            }
        }
        let mute = self.mounts.values().flatten().filter(|mount| mount.child != mount.parent && !answering.contains(&mount.site));
        self.opaque.iter().chain(mute).copied().collect()
    }

    /// The paths below which a mount puts something, where it has a prefix of its own.
    pub(in crate::resolve) fn below(&self, mount: &MountDecl, reaches: Reaches<'_>) -> Vec<Pattern> {
        let own: Vec<&Pattern> = mount.prefixes.iter().filter(|prefix| !prefix.parts.is_empty()).collect();
        if own.is_empty() {
            return Vec::new();
        }
        let around = mount.parent.map_or_else(|| vec![Pattern::default()], |parent| self.prefixes(parent, reaches));
        around.iter().flat_map(|around| own.iter().map(move |prefix| join_prefix(around, prefix))).collect()
    }

    /// Routers that others are put under.
    fn parents(&self) -> impl Iterator<Item = Router> {
        self.mounts.values().flatten().filter_map(|mount| mount.parent)
    }

    /// The prefixes that a router's routes have; one that is empty where it is mounted nowhere.
    fn prefixes(&self, router: Router, reaches: Reaches<'_>) -> Vec<Pattern> {
        let mut done: Vec<Pattern> = Vec::new();
        let mut open = vec![Climb { router, behind: Pattern::default(), depth: 0, from_within: false }];
        let mut seen = FxHashSet::default();
        while let Some(Climb { router, behind, depth, from_within }) = open.pop() {
            let all = self.mounts.get(&router).into_iter().flatten().filter(|mount| reaches(mount.function));
            // A prefix of its own stands before its routes, wherever it is mounted.
            let (own, mounts): (Vec<&&MountDecl>, Vec<&&MountDecl>) = all.partition(|mount| mount.parent == Some(router));
            let own = own.iter().find_map(|mount| mount.prefixes.first());
            let own = own.or_else(|| if from_within { None } else { self.prefix_within(router, reaches) });
            let behind = match own {
                Some(prefix) => join_prefix(prefix, &behind),
                None => behind,
            };
            let made = self.made.get(&router).into_iter().flatten().filter(|made| reaches(made.function));
            let mut above: Vec<(Option<Router>, Pattern, bool)> = made.map(|made| (Some(made.outer()), behind.clone(), true)).collect();
            for mount in mounts {
                let empty = [Pattern::default()];
                let prefixes = if mount.prefixes.is_empty() { &empty[..] } else { &mount.prefixes };
                above.extend(prefixes.iter().map(|prefix| (mount.parent, join_prefix(prefix, &behind), false)));
            }
            if above.is_empty() || depth >= MAX_MOUNTS {
                if !done.contains(&behind) {
                    done.push(behind);
                }
                continue;
            }
            for (parent, whole, from_within) in above {
                match parent {
                    Some(parent) if seen.len() < 256 && seen.insert((router, parent, whole.clone())) => {
                        open.push(Climb { router: parent, behind: whole, depth: depth + 1, from_within });
                    }
                    Some(_) => {}
                    None => done.push(whole),
                }
            }
            if done.len() >= MAX_PREFIXES {
                break;
            }
        }
        done.truncate(MAX_PREFIXES);
        done
    }

    /// The prefix of its own that a router was given by the function that made it.
    fn prefix_within(&self, router: Router, reaches: Reaches<'_>) -> Option<&'a Pattern> {
        let within = |router: &Router| self.within.get(router).copied();
        std::iter::successors(within(&router), within).take(MAX_MOUNTS as usize).find_map(|inner| {
            let mounts = self.mounts.get(&inner)?.iter();
            mounts.filter(|mount| mount.parent == Some(inner) && reaches(mount.function)).find_map(|mount| mount.prefixes.first())
        })
    }
}

/// A step up from a router to what it is put into.
struct Climb {
    router: Router,
    /// What stands behind the router's own prefix.
    behind: Pattern,
    depth: u32,
    /// Whether it is the same router as its maker knows it, whose own prefix is there already.
    from_within: bool,
}

/// Whether a function hands on what it does not answer: it takes who is next.
fn is_middleware(input: &Input<'_>, function: FunctionRef) -> bool {
    input.files.source(function.file).is_some_and(|facts| facts.function(function.function).params.len() > 2)
}

/// A path without a first segment that is a variable which nobody sets, or that nothing is known of.
fn without_unset(path: &str) -> &str {
    let first = path.trim_start_matches('/');
    match first.strip_prefix("${").or_else(|| first.strip_prefix('{')).and_then(|rest| rest.split_once('}')) {
        Some((_, rest)) => rest,
        None => path,
    }
}

/// A prefix before a path, either of which may be empty.
fn join_prefix(prefix: &Pattern, path: &Pattern) -> Pattern {
    if prefix.parts.is_empty() {
        return path.clone();
    }
    let mut joined = join_patterns(prefix, path);
    // Where a route is declared is where its own path stands, not where a prefix does.
    joined.sources = path.sources.clone();
    joined
}

/// A path in which what stands in a list of settings is left open, as it may be any of them.
fn with_lists_open(path: &Pattern) -> Pattern {
    let open = |part: &Part| match part {
        Part::Setting { keys, .. } if keys.iter().any(|key| key == "*") => Part::Hole(Symbol::default()),
        part => part.clone(),
    };
    Pattern { parts: path.parts.iter().map(open).collect(), sources: path.sources.clone(), ..Pattern::default() }
}

/// The service's endpoints, sorted by service, path, method and place.
pub(super) fn find(
    input: &Input<'_>,
    reach: &Reach,
    routes: &Routes<'_>,
    passages: &[Passage],
    coverage: &Coverages<'_>,
    asked: &Asked,
) -> Vec<Endpoint> {
    let places = Places { files: input.files };
    let mut guards = Guards::of(input);
    let mut all = Vec::new();
    for service in input.own_services() {
        let reaches = |function: FunctionRef| reach.has(service, function);
        let is_made_of = |module: ClassRef| reach.is_made_of(service, module);
        for route in &routes.routes {
            if !reach.runs(service, route.function) {
                continue;
            }
            let place = route_place(input, route);
            let mut known: BTreeSet<Symbol> = BTreeSet::new();
            for whole in routes.paths(route, &reaches, &is_made_of) {
                for text in text::texts(input, service, &with_lists_open(&whole)) {
                    // A framework's base path that nobody sets is none.
                    let whole = if route.convention.is_some() { without_unset(&text.text) } else { &text.text };
                    for form in paths::optional_forms(whole) {
                        known.insert(paths::normal_route(&form));
                    }
                }
            }
            let method = routes.method(route, &reaches);
            // A router that is put in several places may be guarded in one of them.
            let is_only = known.len() == 1;
            for path in known {
                let before = guards.of_route(input, reach, service, route, Some(path.as_str()).filter(|_| !is_only));
                all.push(Endpoint {
                    service,
                    protocol: Protocol::Http,
                    method: Some(method.clone()),
                    path,
                    place,
                    handler: route.handler,
                    handler_name: handler_name(input, &places, route.handler),
                    guards: before,
                    coverage: coverage.route(input, service, route),
                });
            }
        }
        rpc(input, reach, service, coverage, &places, &mut all);
        rpc_registered(input, service, &mut all);
        rpc_over_http(input, reach, service, &places, &mut all);
        super::operations::endpoints(input, reach, service, &places, &mut all);
        super::requests::endpoints(input, reach, service, coverage, asked, &mut all);
    }
    all.extend(passages.iter().filter_map(|passage| passed_on(&places, passage)));
    all.sort_by(|a, b| (a.service, &a.path, &a.method, a.place).cmp(&(b.service, &b.path, &b.method, b.place)));
    all.dedup_by(|a, b| a.service == b.service && a.path == b.path && a.method == b.method && a.place == b.place);
    all
}

/// What a gateway that code declares answers, by passing it on.
fn passed_on(places: &Places<'_>, passage: &Passage) -> Option<Endpoint> {
    let proxy = passage.proxy?;
    Some(Endpoint {
        service: passage.gateway,
        protocol: Protocol::Http,
        method: Some("*".into()),
        path: paths::normal_route(&format!("{}/*", passage.matched.prefix().trim_end_matches('/'))),
        place: places.call(proxy),
        handler: None,
        handler_name: None,
        guards: Arc::default(),
        coverage: crate::chart::Coverage::Unknown,
    })
}

/// Where a route's path stands, else its call, attribute or handler.
fn route_place(input: &Input<'_>, route: &RouteDecl) -> Place {
    let places = Places { files: input.files };
    if let Site::Call(call) = route.site {
        let own =
            |pattern: &Pattern| pattern.sources.iter().find_map(|source| places.source(*source).filter(|place| place.file == call.file));
        let whole = input.files.source(call.file).map(|facts| facts.call(call.call).range);
        if let Some(place) = route.paths.iter().find_map(own)
            && whole.is_some_and(|whole| whole.contains(place.range))
        {
            return place;
        }
    }
    places.site(route.site)
}

pub(super) fn handler_name(input: &Input<'_>, places: &Places<'_>, handler: Option<FunctionRef>) -> Option<(Symbol, Place)> {
    let handler = handler?;
    let facts = input.files.source(handler.file)?;
    let function = facts.function(handler.function);
    let name = if function.name.is_empty() { "handler".into() } else { function.name.clone() };
    Some((name, places.function(handler)))
}

fn rpc(input: &Input<'_>, reach: &Reach, service: ServiceIndex, coverage: &Coverages<'_>, places: &Places<'_>, all: &mut Vec<Endpoint>) {
    let links = || input.links.iter().flatten();
    let mut mounts = links().flat_map(|link| &link.rpc_mounts).peekable();
    if mounts.peek().is_some() && !mounts.any(|function| reach.has(service, *function)) {
        return;
    }
    let served: FxHashSet<&Symbol> =
        links().flat_map(|link| &link.rpc_servers).filter(|(_, function)| reach.runs(service, *function)).map(|(name, _)| name).collect();
    let put_anywhere: FxHashSet<&Symbol> = links().flat_map(|link| &link.rpc_servers).map(|(name, _)| name).collect();
    // What a library implements beside the service's own package is a stand-in for tests, or for others.
    let own = input.workspace.deployments[service.index()].package;
    let is_own = |function: FunctionRef| own.is_some() && input.workspace.package_of(input.files.path(function.file)) == own;
    let own_services: FxHashSet<&Symbol> = links()
        .flat_map(|link| &link.rpc_handlers)
        .filter(|handler| is_own(handler.handler) && reach.has(service, handler.handler))
        .map(|handler| &handler.service)
        .collect();
    for handler in links().flat_map(|link| &link.rpc_handlers) {
        let ours = if put_anywhere.contains(&handler.service) {
            served.contains(&handler.service) && in_packages(input, service, handler.handler)
        } else {
            reach.runs(service, handler.handler)
        };
        if !ours || own_services.contains(&handler.service) && !is_own(handler.handler) {
            continue;
        }
        all.push(Endpoint {
            service,
            protocol: Protocol::Grpc,
            method: None,
            path: format!("{}/{}", handler.service, handler.method).into(),
            place: places.function(handler.handler),
            handler: Some(handler.handler),
            handler_name: handler_name(input, places, Some(handler.handler)),
            guards: Arc::default(),
            coverage: coverage.rpc(input, service, handler.handler),
        });
    }
}

/// Rpcs that a service in another language answers: it registers a server, whatever that does.
fn rpc_registered(input: &Input<'_>, service: ServiceIndex, all: &mut Vec<Endpoint>) {
    let servers = input.workspace.registered.iter().filter(|server| server.service == service);
    for (server, method) in servers.flat_map(|server| server.methods.iter().map(move |method| (server, method))) {
        all.push(Endpoint {
            service,
            protocol: Protocol::Grpc,
            method: None,
            path: format!("{}/{method}", server.rpc).into(),
            place: server.place,
            handler: None,
            handler_name: None,
            guards: Arc::default(),
            coverage: crate::chart::Coverage::Unknown,
        });
    }
}

/// Rpcs that a service serves over HTTP, too, by paths that their declarations have.
fn rpc_over_http(input: &Input<'_>, reach: &Reach, service: ServiceIndex, places: &Places<'_>, all: &mut Vec<Endpoint>) {
    let links = || input.links.iter().flatten();
    let served: FxHashSet<&Symbol> =
        links().flat_map(|link| &link.rpc_over_http).filter(|(_, function)| reach.runs(service, *function)).map(|(name, _)| name).collect();
    if served.is_empty() {
        return;
    }
    let handlers = links().flat_map(|link| &link.rpc_handlers).filter(|handler| served.contains(&handler.service));
    for handler in handlers.filter(|handler| in_packages(input, service, handler.handler)) {
        all.extend(handler.http.iter().map(|(method, path)| Endpoint {
            service,
            protocol: Protocol::Http,
            method: Some(method.clone()),
            path: paths::normal_route(path),
            place: places.function(handler.handler),
            handler: Some(handler.handler),
            handler_name: handler_name(input, places, Some(handler.handler)),
            guards: Arc::default(),
            coverage: crate::chart::Coverage::Unknown,
        }));
    }
}

/// Whether a function's package is the service's or one that it depends on.
fn in_packages(input: &Input<'_>, service: ServiceIndex, function: FunctionRef) -> bool {
    let Some(own) = input.workspace.deployments[service.index()].package else { return true };
    let Some(package) = input.workspace.package_of(input.files.path(function.file)) else { return false };
    input.workspace.with_dependencies(Some(own)).contains(&package)
}
