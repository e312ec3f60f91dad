//! `unknown-route`: a request that the service it goes to does not answer, though it answers nearly the same.
//!
//! What deliberately does not live here: calls of procedures, see [`super::unknown_rpc`]. Invariant: nothing is reported of a service that may
//! answer what is not known, and nothing that is not one slip away from a route that is.

use portolan_grammars::facts::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Context, Draft, Severity, Sink, exempt};
use crate::chart::{Call, Endpoint, May, Protocol, ServiceIndex, ServiceKind, Status};
use crate::resolve::paths::{Segment, segments};
use crate::words::{digits, letters};

/// How many routes are named.
const MAX_ROUTES: usize = 3;
/// How many letters of a segment a slip changes at most.
const MAX_DISTANCE: usize = 2;
/// Segments of fewer letters differ in too little to tell a slip from another word.
const MIN_SEGMENT: usize = 4;

rule! {
    /// ## What it does
    /// Finds requests for a route that their service does not have, but nearly: the path has another method, differs in a slip of one segment,
    /// `/stocks` for `/stock`, or goes on by a word, `/stock/{sku}/prices` for `/stock/{sku}`. Shows the nearest routes. An error where the service is
    /// known exactly and all that it answers is known, else a warning; one that goes on by a word is a warning, too.
    ///
    /// The service must be read whole: one that answers whatever comes, passes requests on, mounts what is not known below
    /// that path, or inherits routes is left alone, and so is one in a language that is not read, and code in scripts, seeds and examples. A call that
    /// may ask for one of several paths is left alone where one of them is answered.
    ///
    /// ## Why it matters
    /// The request is answered with 404 or 405, today, on every try. No compiler sees it, as the two sides share no code; tests of either side
    /// pass, as they replace the other.
    ///
    /// ## Example
    /// ```ts
    /// // inventory serves GET and POST /stock/{sku}
    /// await axios.put(`${process.env.INVENTORY_URL}/stock/${sku}`, { count });
    /// ```
    ///
    /// ## How to fix
    /// Ask for the route that is there, or add the one that is asked for.
    "unknown-route", Contracts, Warning, "A request for a route that its service does not have", check
}

/// How far a request is from a route, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    /// So many letters of one segment.
    Slip(usize),
    /// It goes on by a word.
    Beyond,
}

/// A route that may be meant.
struct Near<'a> {
    distance: Distance,
    /// Whether it is for another method.
    other_method: bool,
    route: &'a Endpoint,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut whole: FxHashMap<ServiceIndex, bool> = FxHashMap::default();
    let mut is_whole = |service| *whole.entry(service).or_insert_with(|| answers_what_is_known(context, service));
    // Of several paths that one call may ask for, it is not known which it asks for.
    let one_of = |call: &Call| (call.place, call.from, call.target(), call.method.clone());
    let answered: FxHashSet<_> = context.chart.calls.iter().filter(|call| call.endpoint.is_some()).map(one_of).collect();
    for call in &context.chart.calls {
        let (Some(to), Some(method)) = (call.target(), &call.method) else { continue };
        if is_lost(context, call, method) && !answered.contains(&one_of(call)) && is_whole(to) && !may_answer(context, to, &call.path) {
            let near = nearest(context, call, to, method);
            if !near.is_empty() {
                report(context, sink, call, to, method, &near);
            }
        }
    }
}

/// Whether a request is known well enough, and nothing is known to answer it.
fn is_lost(context: &Context<'_>, call: &Call, method: &str) -> bool {
    let path = context.snapshot.files.path(call.place.file);
    call.protocol == Protocol::Http
        && call.endpoint.is_none()
        && call.status.is_settled()
        && call.via.is_empty()
        && !call.development
        && !matches!(method, "*" | "HEAD" | "OPTIONS")
        && !call.path.contains(['*', '%', '$'])
        && !exempt::stands_beside(path)
}

/// Whether all that a service answers is in code that is read.
fn answers_what_is_known(context: &Context<'_>, service: ServiceIndex) -> bool {
    let facts = context.chart.service(service);
    let files = &context.snapshot.files;
    let passes_on = || context.chart.calls.iter().any(|call| call.from == service && call.passes_on());
    let half_read =
        || files.iter().any(|(_, path, facts)| !facts.problems().is_empty() && path.starts_with(&context.chart.service(service).root));
    !facts.third_party && facts.is_read() && facts.kind == ServiceKind::Backend && !passes_on() && !half_read()
}

/// Whether something that is not known may answer a path.
fn may_answer(context: &Context<'_>, service: ServiceIndex, path: &str) -> bool {
    open_below(context, service).any(|below| path.strip_prefix(below.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The paths below which a service may answer anything.
fn open_below<'a>(context: &Context<'a>, service: ServiceIndex) -> impl Iterator<Item = &'a Symbol> {
    context.chart.blind_spots.iter().filter(move |spot| spot.service == service).filter_map(|spot| match &spot.may {
        May::Answer(below) => Some(below),
        May::Send(_) | May::Receive(_) => None,
    })
}

/// The routes one slip or one segment away from a request, the nearest first; none where one of them means it after all.
fn nearest<'a>(context: &Context<'a>, call: &Call, service: ServiceIndex, method: &str) -> Vec<Near<'a>> {
    let (asked, certain) = (segments(&call.path), is_certain(context, service));
    let routes = context.chart.endpoints.iter().filter(|endpoint| endpoint.service == service && endpoint.protocol == Protocol::Http);
    let mut near: Vec<Near<'_>> = Vec::new();
    for route in routes {
        let served = segments(&route.path);
        let beyond = || (certain && goes_beyond(&asked, &served)).then_some(Distance::Beyond);
        let Some(distance) = slip(&asked, &served).map(Distance::Slip).or_else(beyond) else { continue };
        let declared = route.method.as_deref().unwrap_or("*");
        // Servers take paths in any case, or not: that is not known here.
        let means_it = distance == Distance::Slip(0) && (declared == "*" || declared == method);
        if means_it || inherits(context, route) {
            return Vec::new();
        }
        near.push(Near { distance, other_method: declared != method, route });
    }
    near.sort_by_key(|near| (near.distance, near.other_method, &near.route.path, &near.route.method));
    near
}

/// How many letters a route's path is away from what is asked for, if it is by a slip in one segment or by none.
fn slip(asked: &[Segment], route: &[Segment]) -> Option<usize> {
    if asked.len() != route.len() {
        return None;
    }
    let mut slips = asked.iter().zip(route).filter(|(asked, route)| !same(asked, route));
    let (first, second) = (slips.next(), slips.next());
    match (first, second) {
        (None, _) => Some(0),
        (Some((Segment::Literal(asked), Segment::Literal(route))), None) => slip_of_word(asked, route),
        _ => None,
    }
}

/// Whether a request asks for one word more than a route of some thing: `/stock/{}/prices` where `/stock/{sku}` is served.
fn goes_beyond(asked: &[Segment], route: &[Segment]) -> bool {
    let [asked @ .., Segment::Literal(_)] = asked else { return false };
    let of_some_thing = matches!(route, [Segment::Literal(_), .., Segment::Param(_)]);
    of_some_thing && asked.len() == route.len() && asked.iter().zip(route).all(|(asked, route)| same(asked, route))
}

/// Whether nothing is known that may answer other paths than those of a service's routes.
fn is_certain(context: &Context<'_>, service: ServiceIndex) -> bool {
    open_below(context, service).next().is_none()
}

/// Whether a segment that is asked for is the route's. A number is what a parameter is for; a word may be a route of its own.
fn same(asked: &Segment, route: &Segment) -> bool {
    match (asked, route) {
        (Segment::Literal(asked), Segment::Literal(route)) => asked.eq_ignore_ascii_case(route),
        (Segment::Literal(asked), Segment::Param(_)) => asked.bytes().all(|byte| byte.is_ascii_digit()),
        (Segment::Param(_), Segment::Param(_)) => true,
        _ => false,
    }
}

/// How many letters two words differ in, if that is a slip: one is no number, version or negation of the other.
fn slip_of_word(asked: &str, route: &str) -> Option<usize> {
    let (asked, route) = (letters(asked), letters(route));
    let negates = |one: &str, other: &str| ["un", "de", "re", "in"].iter().any(|prefix| one.strip_prefix(prefix) == Some(other));
    if asked.len().min(route.len()) < MIN_SEGMENT || digits(&asked) != digits(&route) || negates(&asked, &route) || negates(&route, &asked)
    {
        return None;
    }
    let distance = strsim::osa_distance(&asked, &route);
    // Words that differ in their separators alone are one letter away.
    (distance <= MAX_DISTANCE).then_some(distance.max(1))
}

/// Whether the class that a route stands in may have more routes than are written there: of a base class, or made by a decorator.
fn inherits(context: &Context<'_>, route: &Endpoint) -> bool {
    let Some(handler) = route.handler else { return false };
    let Some(source) = context.snapshot.files.source(handler.file) else { return true };
    let owner = source.functions.get(handler.function.index()).and_then(|function| function.owner);
    owner.and_then(|owner| source.types.get(owner.index())).is_some_and(|class| {
        class.superclass.is_some() || class.attributes.iter().any(|attribute| exempt::has_word(&attribute.path, &["crud"]))
    })
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, call: &Call, to: ServiceIndex, method: &str, near: &[Near<'_>]) {
    let Some(&Near { distance, route: first, .. }) = near.first() else { return };
    let (from_id, to_id) = (context.id(call.from), context.id(to));
    let mut methods: Vec<&str> =
        near.iter().filter(|near| near.route.path == first.path).filter_map(|near| near.route.method.as_deref()).collect();
    methods.sort_unstable();
    methods.dedup();
    let related = near.iter().take(MAX_ROUTES).map(|near| (near.route.place, format!("{to_id} answers {}", near.route.label())));
    let certain = call.status == Status::Exact && distance != Distance::Beyond && is_certain(context, to);
    sink.report(Draft {
        severity: certain.then_some(Severity::Error),
        message: format!("{from_id} calls {method} {to_id} {}; {to_id} serves {} {}", call.path, methods.join(", "), first.path),
        place: call.place,
        related: related.collect(),
        services: vec![call.from, to],
        subject: vec![call.label(), context.file(call.function), context.symbol(call.function)],
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_change_few_letters_of_one_segment() {
        let distance = |asked: &str, route: &str| slip(&segments(asked), &segments(route));
        assert_eq!(distance("/stocks/{}", "/stock/{sku}"), Some(1));
        assert_eq!(distance("/mark_as", "/mark-as"), Some(1));
        assert_eq!(distance("/stock/{}", "/stock/{sku}"), Some(0));
        assert_eq!(distance("/Stock/7", "/stock/{sku}"), Some(0));
        assert!(goes_beyond(&segments("/stock/{}/prices"), &segments("/stock/{sku}")));
        assert!(!goes_beyond(&segments("/stock/prices"), &segments("/stock")));
        assert!(!goes_beyond(&segments("/v1/{}"), &segments("/v1")));
        for (asked, route) in [
            ("/v1/stock", "/v2/stock"),
            ("/unseen", "/seen"),
            ("/stock/latest", "/stock/{sku}"),
            ("/stocks/lines", "/stock/line"),
            ("/a/stock", "/stock"),
            ("/{}/stocks", "/all/stocks"),
            ("/cat", "/car"),
        ] {
            assert_eq!(distance(asked, route), None, "{asked} {route}");
        }
    }
}
