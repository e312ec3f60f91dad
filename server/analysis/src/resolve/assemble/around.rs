//! What stands around a route: the routers that it is put into, and which calls of them stand in front of it.
//!
//! What deliberately does not live here: what such calls add, spans ([`super::tracing`]) or guards. Invariant: every walk is bounded.

use portolan_grammars::catalog::MiddlewareOrder;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Input;
use super::reach::Reach;
use crate::FunctionRef;
use crate::chart::ServiceIndex;
use crate::resolve::link::{GuardDecl, RouteDecl, Router, Site};
use crate::resolve::value::CallRef;

/// Routers around routers that are followed.
const MAX_AROUND: u32 = 6;

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
        let at = match route.site {
            Site::Call(call) | Site::Row(call, ..) => Some(call),
            Site::Function(_) | Site::File(_) => None,
        };
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
    around: Around,
    of_routers: FxHashMap<Router, Vec<&'a GuardDecl>>,
}

impl<'a> Guards<'a> {
    /// Of all files.
    pub(super) fn of(input: &Input<'a>) -> Self {
        let mut of_routers: FxHashMap<Router, Vec<&GuardDecl>> = FxHashMap::default();
        for guard in input.links.iter().flatten().flat_map(|link| &link.guards) {
            of_routers.entry(guard.router).or_default().push(guard);
        }
        Self { around: Around::of(input), of_routers }
    }

    /// What a service runs before a route's handler, the outermost first.
    pub(super) fn of_route(&self, input: &Input<'_>, reach: &Reach, service: ServiceIndex, route: &RouteDecl) -> Vec<FunctionRef> {
        let mut found: Vec<FunctionRef> = Vec::new();
        if !self.of_routers.is_empty() {
            for (router, call) in self.around.routers(route).into_iter().rev() {
                let given = self.of_routers.get(&router).into_iter().flatten();
                let before = given.filter(|guard| stands_before(input, guard.order, guard.site, call));
                found.extend(before.flat_map(|guard| &guard.functions));
            }
        }
        found.extend(&route.guards);
        let mut seen = FxHashSet::default();
        found.retain(|function| Some(*function) != route.handler && seen.insert(*function) && reach.has(service, *function));
        found
    }
}
