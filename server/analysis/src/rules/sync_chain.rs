//! `sync-chain`: a request that waits on several services in a row.
//!
//! What a chain is, [`super::chains`] says. Invariant: a chain is reported once.

use super::chains::{self, Chain};
use super::{Context, Draft, Number, RuleOption, Severity, Sink};
use crate::chart::EndpointIndex;

const MIN_HOPS: Number = Number { name: "min_hops", meaning: "Fewer hops are no chain.", default: 3, least: 1 };
const WARNING_HOPS: Number = Number { name: "warning_hops", meaning: "From this many hops on it is a warning.", default: 5, least: 1 };
/// How many other endpoints that start the same chain are named.
const MAX_OTHERS: usize = 5;

rule! {
    /// ## What it does
    /// Finds endpoints whose answer waits for three or more other services, one behind the other. A warning from five on.
    ///
    /// A hop counts if the handler, at most six function calls deep, makes a call that it waits for, and the endpoint that answers is known. What
    /// checks the request before the handler runs counts as well: middleware of the route and of its routers, guards, extractors.
    /// Gateways and back ends of front ends only pass requests on and do not count; calls in spawned tasks, timers and dropped promises end a
    /// chain. A chain is reported once, at its first hop, and not again for the endpoints in its middle.
    ///
    /// ## Why it matters
    /// Availabilities multiply and delays add up: four services that are each there 99.9 % of the time answer together 99.6 % of the time, and
    /// the slowest of them sets the pace. Every timeout in the chain must be longer than all that follow.
    ///
    /// ## Example
    /// ```ts
    /// // orders
    /// app.post("/checkout", async (req, res) => {
    ///   await axios.post(`${process.env.SHIPPING_URL}/ship`, req.body); // shipping asks quote, and quote asks tax
    ///   res.sendStatus(201);
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Let the caller fetch what the far services know and pass it along, keep a copy of the data where it is read, or publish an event at the
    /// hop whose answer nobody needs.
    "sync-chain", Coupling, Information, "A request waits on several services in a row", check,
    related_is_path: true, options: &[RuleOption::Number(MIN_HOPS), RuleOption::Number(WARNING_HOPS)]
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let counts = |chain: &Chain| chain.place(context).is_some_and(|place| chain.len() >= sink.number(&MIN_HOPS, place.file));
    for (chain, others) in &chains::all(context, counts) {
        report(context, sink, chain, others);
    }
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, chain: &Chain, others: &[EndpointIndex]) {
    let Some(first) = chain.hops.first().map(|hop| hop.call) else { return };
    let (start, place) = (context.chart.endpoint(chain.start), context.chart.call(first).place);
    let names: Vec<&str> = chain.services.iter().map(|service| context.id(*service).as_str()).collect();
    let message = format!("{} waits on {} services in a row: {}", start.label(), chain.len(), names.join(" → "));
    let mut related = Vec::new();
    for hop in &chain.hops {
        let (call, endpoint) = (context.chart.call(hop.call), context.chart.endpoint(hop.endpoint));
        let (from, to) = (context.id(call.from), context.id(endpoint.service));
        let label = if hop.guards || checks_rights(&endpoint.path) { " (checks rights)" } else { "" };
        let via: Vec<&str> = call.via.iter().map(|service| context.id(*service).as_str()).collect();
        let via = if via.is_empty() { String::new() } else { format!(" through {}", via.join(", ")) };
        related.push((call.place, format!("{from} waits for {to}{via}{label}: {}", endpoint.label())));
        related.push((endpoint.place, format!("{to} answers {}", endpoint.label())));
    }
    for other in others.iter().take(MAX_OTHERS) {
        let other = context.chart.endpoint(*other);
        related.push((other.place, format!("{} starts the same chain", other.label())));
    }
    sink.report(Draft {
        severity: (chain.len() >= sink.number(&WARNING_HOPS, place.file)).then_some(Severity::Warning),
        message,
        place,
        related,
        services: chain.services.clone(),
        subject: vec![
            names.join(" > "),
            start.label(),
            context.file(context.chart.call(first).function),
            context.symbol(context.chart.call(first).function),
        ],
    });
}

/// Whether an endpoint's path says that it tells who may do what.
fn checks_rights(path: &str) -> bool {
    path.split(|character: char| !character.is_ascii_alphanumeric()).any(|word| {
        matches!(
            word.to_ascii_lowercase().as_str(),
            "auth" | "authenticate" | "authorize" | "authorise" | "introspect" | "verify" | "token" | "session" | "permissions" | "whoami"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{ServiceIndex, ServiceKind, Status};
    use crate::testing::{Scene, findings, findings_of};

    /// Services `names` in a row: each handler calls the next one's. A name that starts with `gateway` is one.
    fn row(names: &[&str]) -> Scene {
        let mut scene = Scene::default();
        let mut before = None;
        for name in names.iter().rev() {
            let file = scene.file(&format!("{name}/app.ts"), "app.post(\"/x\", handle)\nhandle() { axios.post(url) }\n");
            let kind = if name.starts_with("gateway") { ServiceKind::Gateway } else { ServiceKind::Backend };
            let service = scene.service(name, kind);
            let handler = scene.function(file, "handle");
            let place = scene.place(file, "app.post");
            let endpoint = scene.endpoint(service, &format!("POST /{name}"), place, handler);
            if let Some(target) = before.replace(endpoint) {
                let place = scene.place(file, "axios.post");
                scene.call(service, place, handler, target);
            }
        }
        scene
    }

    #[test]
    fn three_hops_are_reported_once_at_the_first() {
        let found = findings(&row(&["checkout", "shipping", "quote", "tax"]).snapshot());
        assert_eq!(
            found,
            ["sync-chain checkout/app.ts:2 information: POST /checkout waits on 3 services in a row: checkout → shipping → quote → tax"]
        );
    }

    #[test]
    fn five_hops_are_a_warning_and_their_tails_are_silent() {
        let found = findings(&row(&["a", "b", "c", "d", "e", "f"]).snapshot());
        assert_eq!(found, ["sync-chain a/app.ts:2 warning: POST /a waits on 5 services in a row: a → b → c → d → e → f"]);
    }

    #[test]
    fn gateways_do_not_count() {
        assert!(findings(&row(&["a", "gateway", "b", "c"]).snapshot()).is_empty());
        assert!(findings(&row(&["gateway", "a", "b", "c"]).snapshot()).is_empty());
        let found = findings(&row(&["gateway", "a", "b", "c", "d"]).snapshot());
        assert_eq!(found, ["sync-chain a/app.ts:2 information: POST /a waits on 3 services in a row: a → b → c → d"]);
    }

    #[test]
    fn ambiguous_and_detached_calls_end_a_chain() {
        let mut scene = row(&["a", "b", "c", "d"]);
        scene.chart.calls[1].status = Status::Ambiguous;
        assert!(findings(&scene.snapshot()).is_empty());
        let mut scene = row(&["a", "b", "c", "d"]);
        let (function, place) = (scene.chart.calls[1].function, scene.chart.calls[1].place);
        let task = scene.closure(function, "axios.post(url)");
        scene.edge(function, task, place, true);
        scene.chart.calls[1].function = task;
        assert!(findings(&scene.snapshot()).is_empty());
    }

    #[test]
    fn rings_end() {
        let mut scene = row(&["a", "b", "c"]);
        let first = EndpointIndex(2);
        let (service, place, function) = (ServiceIndex(0), scene.chart.endpoints[0].place, scene.chart.calls[0].function);
        let handler = crate::FunctionRef { file: place.file, function: function.function };
        scene.call(service, place, handler, first);
        assert!(findings_of(RULE.name, &scene.snapshot()).is_empty());
    }
}
