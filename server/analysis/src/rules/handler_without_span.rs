//! `handler-without-span`: work that a trace would not show, in a service that traces.
//!
//! Whether a span is recorded is the chart's knowledge; here it is weighed. Invariant: a handler of which it cannot be told is never reported.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::{Context, Draft, Sink, exempt};
use crate::chart::operation::reaches;
use crate::chart::{Coverage, EndpointIndex, ServiceIndex};
use crate::{FileId, FunctionRef, Place};

/// From this many dark handlers on, a service that is dark nearly everywhere is reported once.
const MIN_DARK_HANDLERS: usize = 3;
/// How many of them are named then.
const MAX_HANDLERS: usize = 10;
/// How many handlers of a file that are dark for one reason are told one by one.
const MAX_OF_A_CAUSE: usize = 3;

rule! {
    /// ## What it does
    /// Finds handlers of requests and messages that no span is recorded for, in services that start a tracer: no instrumentation of the process
    /// covers them, no layer of their router, no span of their own. A handler counts if a trace would miss work of it: it changes something by its
    /// method, or calls, sends, reads or writes.
    ///
    /// Left alone are pages and answers from memory, health checks, metrics, static files and what is there to look into a process, front ends,
    /// jobs, tools, and all services that do not trace at all. If more than four fifths of a service's handlers are dark, three at least, the
    /// service is reported once, where its tracing starts; handlers of a file that are dark for one reason, more than three, once.
    ///
    /// ## Why it matters
    /// A trace ends where a span is missing: what the handler does, calls and writes shows up nowhere, or as the work of somebody else.
    ///
    /// ## Example
    /// ```rust
    /// Router::new()
    ///     .route("/orders", post(create))
    ///     .layer(OtelAxumLayer::default())
    ///     .route("/orders/{id}", get(find)) // added after the layer, which does not cover it
    /// ```
    ///
    /// ## How to fix
    /// Add the instrumentation to the list of the process, move the route before the layer, or open a span in the handler:
    /// `#[tracing::instrument]`, `tracer.startActiveSpan`.
    "handler-without-span", Observability, Information, "A handler of a traced service has no span", check
}

/// A handler of a service.
struct Handler<'a> {
    /// What it is called in a message.
    label: String,
    /// `has no span: …`, if it has none.
    dark: Option<&'a str>,
    message: String,
    place: Place,
    function: Option<FunctionRef>,
    declared: Option<(Place, String)>,
    /// Whether it is known to do what a trace would miss.
    works: bool,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for (service, handlers) in handlers(context) {
        let mut dark: Vec<&Handler<'_>> = handlers.iter().filter(|handler| handler.dark.is_some()).collect();
        if !dark.iter().any(|handler| handler.works) {
            continue;
        }
        if dark.len() >= MIN_DARK_HANDLERS && dark.len() * 5 > handlers.len() * 4 {
            report_service(context, sink, service, &dark, handlers.len());
            continue;
        }
        dark.retain(|handler| handler.works);
        // One cause is one finding: a layer that is added too early, a router without one.
        let mut causes: BTreeMap<(FileId, &str), Vec<&Handler<'_>>> = BTreeMap::new();
        for handler in &dark {
            let of_cause = causes.entry((handler.place.file, handler.dark.unwrap_or_default())).or_default();
            // One route may be served under several prefixes.
            if !of_cause.iter().any(|other| other.place == handler.place) {
                of_cause.push(handler);
            }
        }
        for ((file, why), mut handlers) in causes.into_iter().filter(|(_, handlers)| handlers.len() > MAX_OF_A_CAUSE) {
            handlers.sort_by_key(|handler| handler.place);
            dark.retain(|handler| handler.dark != Some(why) || handler.place.file != file);
            report_cause(context, sink, service, &handlers, why);
        }
        for handler in dark {
            let symbol = handler.function.map(|function| context.symbol(function)).unwrap_or_default();
            sink.report(Draft {
                severity: None,
                message: handler.message.clone(),
                place: handler.place,
                related: handler.declared.iter().cloned().chain(tracer(context, service)).collect(),
                services: vec![service],
                subject: vec![handler.label.clone(), symbol],
            });
        }
    }
}

/// The handlers of all services that the rule is about.
fn handlers<'a>(context: &Context<'a>) -> BTreeMap<ServiceIndex, Vec<Handler<'a>>> {
    let chart = context.chart;
    let mut handlers: BTreeMap<ServiceIndex, Vec<Handler<'a>>> = BTreeMap::new();
    let unsettled: FxHashSet<FunctionRef> = chart.unresolved.iter().map(|call| call.function).collect();
    for (at, endpoint) in chart.endpoints.iter().enumerate().filter(|(_, endpoint)| !exempt::is_plumbing(&endpoint.path)) {
        let (label, dark) = (endpoint.label(), reason(&endpoint.coverage));
        let message = format!("{label} has no span: {}", dark.unwrap_or_default());
        let declared = endpoint.handler_name.as_ref().filter(|(_, place)| *place != endpoint.place);
        let declared =
            declared.map(|(name, place)| (*place, if name == "handler" { "handler".to_owned() } else { format!("handler `{name}`") }));
        let works = endpoint.changes() == Some(true)
            || context.operation(EndpointIndex(at as u32)).own().next().is_some()
            || endpoint.handler.is_some_and(|handler| reaches(context.index, handler).any(|function| unsettled.contains(&function)));
        let handler = Handler { label, dark, message, place: endpoint.place, function: endpoint.handler, declared, works };
        handlers.entry(endpoint.service).or_default().push(handler);
    }
    for channel in &chart.channels {
        for end in channel.consumers.iter().filter(|end| end.status.is_settled()) {
            let dark = reason(&end.coverage);
            let label = format!("consumer of `{}`", channel.name);
            let message = format!("Consumer of `{}` runs without a span: {}", channel.name, dark.unwrap_or_default());
            let handler = Handler { label, dark, message, place: end.place, function: end.function, declared: None, works: true };
            handlers.entry(end.service).or_default().push(handler);
        }
    }
    handlers.retain(|service, _| exempt::records_what_it_answers(chart.service(*service)));
    handlers
}

fn reason(coverage: &Coverage) -> Option<&str> {
    match coverage {
        Coverage::Dark(why) => Some(why),
        Coverage::NotTraced | Coverage::Covered(_) | Coverage::Unknown => None,
    }
}

/// Where a service starts its tracer, and whether always.
fn tracer(context: &Context<'_>, service: ServiceIndex) -> Option<(Place, String)> {
    let evidence = context.traced(service)?.evidence.first()?;
    Some((evidence.place, evidence.what.clone()))
}

fn report_cause(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, handlers: &[&Handler<'_>], why: &str) {
    let Some((first, others)) = handlers.split_first() else { return };
    sink.report(Draft {
        severity: None,
        message: format!(
            "{} and {} more handlers of {} have no span: {}",
            first.label,
            others.len(),
            context.id(service),
            why.replace("this route", "these routes")
        ),
        place: first.place,
        related: others
            .iter()
            .take(MAX_HANDLERS)
            .map(|handler| (handler.place, handler.label.clone()))
            .chain(tracer(context, service))
            .collect(),
        services: vec![service],
        subject: vec![why.to_owned(), context.snapshot.files.path(first.place.file).to_string()],
    });
}

fn report_service(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, dark: &[&Handler<'_>], all: usize) {
    let tracer = tracer(context, service).map(|(place, _)| place);
    let Some(place) = tracer.or(dark.first().map(|handler| handler.place)) else { return };
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for why in dark.iter().filter_map(|handler| handler.dark) {
        *reasons.entry(why).or_default() += 1;
    }
    // The commonest reason; of equals the first by name.
    let why = reasons.iter().min_by_key(|(why, count)| (std::cmp::Reverse(**count), **why)).map(|(why, _)| *why).unwrap_or_default();
    sink.report(Draft {
        severity: None,
        message: format!("{} of {all} handlers of {} have no span: {why}", dark.len(), context.id(service)),
        place,
        related: dark.iter().take(MAX_HANDLERS).map(|handler| (handler.place, handler.label.clone())).collect(),
        services: vec![service],
        subject: vec!["service".to_owned()],
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Evidence, ServiceKind};
    use crate::testing::{Scene, end, findings};

    /// A service with the given routes; those that start with `!` are dark.
    fn scene(kind: ServiceKind, routes: &[&str]) -> Scene {
        let mut scene = Scene::default();
        let file = scene.file("src/app.ts", &format!("sdk.start()\n{}\n", routes.join("\n")));
        let service = scene.service("orders", kind);
        for route in routes {
            let place = scene.place(file, route);
            let function = scene.function(file, route);
            let endpoint = scene.endpoint(service, &format!("POST {}", route.trim_start_matches('!')), place, function);
            scene.chart.endpoints[endpoint.index()].coverage = if route.starts_with('!') {
                Coverage::Dark("OtelAxumLayer is added before this route".into())
            } else {
                Coverage::Covered(Evidence { what: "OtelAxumLayer".into(), place })
            };
        }
        let place = scene.place(file, "sdk.start()");
        scene.traces(service, place);
        scene
    }

    #[test]
    fn dark_handlers_are_reported_where_they_are_declared() {
        let found = findings(&scene(ServiceKind::Backend, &["/orders", "!/orders/{id}"]).snapshot());
        assert_eq!(
            found,
            ["handler-without-span src/app.ts:3 information: POST /orders/{id} has no span: OtelAxumLayer is added before this route"]
        );
    }

    #[test]
    fn plumbing_and_front_ends_are_silent() {
        assert!(findings(&scene(ServiceKind::Backend, &["/orders", "!/health", "!/metrics"]).snapshot()).is_empty());
        assert!(findings(&scene(ServiceKind::Frontend, &["/orders", "!/carts"]).snapshot()).is_empty());
    }

    #[test]
    fn a_service_in_the_dark_is_reported_once() {
        let found = findings(&scene(ServiceKind::Backend, &["!/a", "!/b", "!/c", "/health"]).snapshot());
        assert_eq!(
            found,
            [
                "handler-without-span src/app.ts:1 information: 3 of 3 handlers of orders have no span: OtelAxumLayer is added before this route"
            ]
        );
        assert_eq!(findings(&scene(ServiceKind::Backend, &["!/a", "!/b", "!/c", "/d"]).snapshot()).len(), 3);
    }

    #[test]
    fn a_cause_is_reported_once() {
        let found = findings(&scene(ServiceKind::Backend, &["!/a", "!/b", "!/c", "!/d", "/e"]).snapshot());
        let message = "POST /a and 3 more handlers of orders have no span: OtelAxumLayer is added before these routes";
        assert_eq!(found, [format!("handler-without-span src/app.ts:2 information: {message}")]);
    }

    #[test]
    fn consumers_are_handlers_too() {
        let mut scene = scene(ServiceKind::Backend, &["/orders"]);
        let file = crate::FileId(0);
        let (service, place, function) = (ServiceIndex(0), scene.place(file, "/orders"), scene.chart.endpoints[0].handler);
        let mut consumer = end(service, place, function.unwrap_or(crate::testing::module(file)));
        consumer.coverage = Coverage::Dark("kafkajs is not in registerInstrumentations".into());
        scene.channel("orders", Vec::new(), vec![consumer]);
        let found = findings(&scene.snapshot());
        assert_eq!(
            found,
            [
                "handler-without-span src/app.ts:2 information: Consumer of `orders` runs without a span: kafkajs is not in registerInstrumentations"
            ]
        );
    }
}
