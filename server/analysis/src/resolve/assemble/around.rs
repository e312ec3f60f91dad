//! What stands around a route: the routers that it is put into, and which calls of them stand in front of it.
//!
//! What deliberately does not live here: what such calls add, spans ([`super::tracing`]) or guards. Invariant: every walk is bounded;
//! what is said to run before a route stands on every way by which its service leads to it.

use std::sync::Arc;

use portolan_grammars::catalog::MiddlewareOrder;
use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Input;
use super::reach::Reach;
use crate::FunctionRef;
use crate::chart::ServiceIndex;
use crate::resolve::link::{GuardDecl, MountDecl, RouteDecl, Router, Site};
use crate::resolve::paths;
use crate::resolve::value::CallRef;

/// Routers around routers that are followed.
const MAX_AROUND: u32 = 6;
/// Ways up from one route that are followed for what runs before it.
const MAX_WAYS: usize = 256;

/// The routers around each router.
pub(super) struct Around {
    /// The routers that a router is put into, or is another name of, and the calls that say so.
    above: FxHashMap<Router, Vec<(Router, CallRef)>>,
}

impl Around {
    /// Of all files.
    pub(super) fn of(input: &Input<'_>) -> Self {
        let mut above: FxHashMap<Router, Vec<(Router, CallRef)>> = FxHashMap::default();
        for mount in input.links.iter().flatten().flat_map(|link| &link.mounts) {
            if let (Some(child), Some(parent)) = (mount.child, mount.parent) {
                above.entry(child).or_default().push((parent, mount.site));
            }
        }
        for made in input.links.iter().flatten().flat_map(|link| &link.routers_made) {
            above.entry(made.inner()).or_default().push((made.outer(), made.site));
            above.entry(made.outer()).or_default().push((made.inner(), made.site));
        }
        Self { above }
    }

    /// The routers that a route is in, the innermost first, each with the call in it that leads to the route; an attributed handler is told by no
    /// order of calls.
    pub(super) fn routers(&self, route: &RouteDecl) -> Vec<(Router, Option<CallRef>)> {
        let at = added_by(route);
        let mut found = Vec::new();
        let mut open: Vec<(Router, Option<CallRef>, u32)> = route.router.map(|router| (router, at, 0)).into_iter().collect();
        let mut seen = FxHashSet::default();
        while let Some((router, call, depth)) = open.pop() {
            found.push((router, call));
            for (parent, site) in self.above.get(&router).into_iter().flatten() {
                if depth < MAX_AROUND && seen.insert(*parent) {
                    open.push((*parent, at.map(|_| *site), depth + 1));
                }
            }
        }
        found
    }
}

/// The call that adds a route to its router.
fn added_by(route: &RouteDecl) -> Option<CallRef> {
    match route.site {
        Site::Call(call) | Site::Row(call, ..) => Some(call),
        Site::Function(_) | Site::Attribute(..) | Site::Part(..) | Site::File(_) => None,
    }
}

/// Whether what a call adds to a router stands in front of what another call of it leads to.
pub(super) fn stands_before(input: &Input<'_>, order: MiddlewareOrder, added: CallRef, at: Option<CallRef>) -> bool {
    let Some(at) = at else { return true };
    // Which of two functions runs first, the text does not say.
    let (one, other) = (input.files.function_at(at), input.files.function_at(added));
    let earlier = one == other && at.call < added.call;
    match order {
        MiddlewareOrder::All => true,
        MiddlewareOrder::Earlier => earlier || one != other,
        MiddlewareOrder::Later => !earlier,
    }
}

/// What runs before the handlers of routes.
pub(super) struct Guards<'a> {
    /// What is added to routers.
    of_routers: FxHashMap<Router, Vec<&'a GuardDecl>>,
    /// What stands before a router where a call puts it.
    of_mounts: FxHashMap<(Router, CallRef), Vec<&'a GuardDecl>>,
    above: FxHashMap<Router, Vec<Way>>,
    /// The same router as its maker knows it, by the one that a caller has.
    within: FxHashMap<Router, Router>,
    /// The same for many routes.
    shared: FxHashSet<Arc<[FunctionRef]>>,
}

/// A way from a router to one that is around it.
struct Way {
    /// Which one, if that is known.
    to: Option<Router>,
    /// The call that puts it there, and the function which that is in.
    site: CallRef,
    function: FunctionRef,
    /// Whether both are the same router, as its maker and as a caller knows it.
    made: bool,
    /// The prefixes under which it is put there, where all are known.
    prefixes: Option<Vec<Symbol>>,
}

impl Way {
    fn of_mount(mount: &MountDecl) -> Self {
        let known: Option<Vec<Symbol>> = mount.prefixes.iter().map(|prefix| Some(paths::normal_route(&prefix.literal()?))).collect();
        let prefixes = known.filter(|known| !known.is_empty());
        Self { to: mount.parent, site: mount.site, function: mount.function, made: false, prefixes }
    }

    /// Whether a path may lead along it: it has one of the prefixes.
    fn may_lead_to(&self, path: &str) -> bool {
        let segments = |path: &str| path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let path = segments(path);
        let has = |prefix: &Symbol| {
            let prefix = segments(prefix);
            prefix.is_empty() || path.windows(prefix.len()).any(|part| part == prefix)
        };
        self.prefixes.as_ref().is_none_or(|prefixes| prefixes.iter().any(has))
    }
}

/// A climb from a route to all that is around it.
struct Climb<'c> {
    input: &'c Input<'c>,
    reach: &'c Reach,
    service: ServiceIndex,
    /// The path of the route, where it has several: ways that do not lead to it do not count.
    to: Option<&'c str>,
    /// Where it has come from.
    path: Vec<Router>,
    /// How many ways may still be taken.
    left: usize,
}

impl Climb<'_> {
    fn has(&self, call: CallRef) -> bool {
        self.input.files.function_at(call).is_some_and(|function| self.reach.has(self.service, function))
    }

    /// Whether the service puts a router there: another one may put it elsewhere.
    fn takes(&self, way: &Way) -> bool {
        let known = match way.to {
            Some(Router::Made(made)) => self.has(made),
            Some(Router::Param(param)) => self.reach.has(self.service, param.function),
            Some(Router::Attributed(function)) => self.reach.has(self.service, function),
            None => true,
        };
        known && self.reach.has(self.service, way.function) && self.to.is_none_or(|path| way.may_lead_to(path))
    }
}

impl<'a> Guards<'a> {
    /// Of all files.
    pub(super) fn of(input: &Input<'a>) -> Self {
        let links = || input.links.iter().flatten();
        let mut guards = Self {
            of_routers: FxHashMap::default(),
            of_mounts: FxHashMap::default(),
            above: FxHashMap::default(),
            within: FxHashMap::default(),
            shared: FxHashSet::default(),
        };
        for guard in links().flat_map(|link| &link.guards) {
            match guard.mount {
                true => guards.of_mounts.entry((guard.router, guard.site)).or_default().push(guard),
                false => guards.of_routers.entry(guard.router).or_default().push(guard),
            }
        }
        for mount in links().flat_map(|link| &link.mounts) {
            if let Some(child) = mount.child.filter(|child| mount.parent != Some(*child)) {
                guards.above.entry(child).or_default().push(Way::of_mount(mount));
            }
        }
        for made in links().flat_map(|link| &link.routers_made) {
            let way = Way { to: Some(made.outer()), site: made.site, function: made.function, made: true, prefixes: None };
            guards.above.entry(made.inner()).or_default().push(way);
            guards.within.entry(made.outer()).or_insert(made.inner());
        }
        guards
    }

    /// What a service runs before a route's handler, the outermost first: what stands on every way to it, or to one of its paths.
    pub(super) fn of_route(
        &mut self,
        input: &Input<'_>,
        reach: &Reach,
        service: ServiceIndex,
        route: &RouteDecl,
        path: Option<&str>,
    ) -> Arc<[FunctionRef]> {
        let mut found: Vec<FunctionRef> = Vec::new();
        if let Some(router) = route.router.filter(|_| !self.of_routers.is_empty() || !self.of_mounts.is_empty()) {
            let mut climb = Climb { input, reach, service, to: path, path: Vec::new(), left: MAX_WAYS };
            found.extend(self.before(&mut climb, router, added_by(route), false).unwrap_or_default());
        }
        found.extend(&route.guards);
        let mut seen = FxHashSet::default();
        found.retain(|function| Some(*function) != route.handler && seen.insert(*function) && reach.has(service, *function));
        if let Some(known) = self.shared.get(&found[..]) {
            return Arc::clone(known);
        }
        let found: Arc<[FunctionRef]> = found.into();
        self.shared.insert(Arc::clone(&found));
        found
    }

    /// What surely runs before what a call adds to a router; `None` where all ways lead in a circle. Recurses at most [`MAX_AROUND`] deep.
    fn before(&self, climb: &mut Climb<'_>, router: Router, call: Option<CallRef>, from_within: bool) -> Option<Vec<FunctionRef>> {
        climb.path.push(router);
        let above = self.above(climb, router, call.is_some());
        climb.path.pop();
        let mut found = above?;
        let within = |router: &Router| self.within.get(router).copied().filter(|_| !from_within);
        let mut same: Vec<Router> = std::iter::successors(Some(router), within).take(MAX_AROUND as usize).collect();
        same.reverse();
        let added = same.iter().filter_map(|router| self.of_routers.get(router)).flatten();
        let stands = added.filter(|guard| climb.has(guard.site) && stands_before(climb.input, guard.order, guard.site, call));
        found.extend(stands.flat_map(|guard| &guard.functions));
        Some(found)
    }

    /// What stands on every way to a router.
    fn above(&self, climb: &mut Climb<'_>, router: Router, ordered: bool) -> Option<Vec<FunctionRef>> {
        let (mut sure, mut any): (Option<Vec<FunctionRef>>, bool) = (None, false);
        for way in self.above.get(&router).into_iter().flatten() {
            if !climb.takes(way) {
                continue;
            }
            any = true;
            if way.to.is_some_and(|to| climb.path.contains(&to)) {
                continue;
            }
            // Of what is not looked at, nothing is sure.
            if climb.left == 0 || climb.path.len() > MAX_AROUND as usize {
                return Some(Vec::new());
            }
            climb.left -= 1;
            let around = way.to.map_or(Some(Vec::new()), |to| self.before(climb, to, ordered.then_some(way.site), way.made));
            let Some(mut found) = around else { continue };
            let mounted = self.of_mounts.get(&(router, way.site)).into_iter().flatten();
            found.extend(mounted.flat_map(|guard| &guard.functions));
            match &mut sure {
                Some(sure) => sure.retain(|function| found.contains(function)),
                None => sure = Some(found),
            }
            if sure.as_ref().is_some_and(Vec::is_empty) {
                return sure;
            }
        }
        sure.or_else(|| (!any).then(Vec::new))
    }
}
