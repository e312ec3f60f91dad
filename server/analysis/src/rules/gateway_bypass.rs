//! `gateway-bypass`: a front end that goes round the gateway, or a service that goes out and in again through it.
//!
//! What deliberately does not live here: services that come back to themselves, see [`super::sync_cycle`]. Invariant: the gateway is known to lead to
//! the service that is called.

use std::collections::BTreeSet;

use portolan_grammars::manifests::Manifest;

use super::{Context, Draft, Severity, Sink, exempt};
use crate::chart::{Call, ServiceIndex, ServiceKind, Variable};
use crate::{FileId, Place};

/// How many calls are named.
const MAX_SITES: usize = 5;
/// Words in the names of gateways.
const GATEWAYS: &[&str] = &["gateway", "bff"];
/// What variables are called that browsers may see.
const PUBLIC: [&str; 7] = ["NEXT_PUBLIC_", "REACT_APP_", "VITE_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "GATSBY_", "VUE_APP_"];

rule! {
    /// ## What it does
    /// Finds front ends whose browsers call a service directly that a gateway serves, too; and, as a hint, services that call another one of the
    /// workspace through the gateway. Told once for each pair.
    ///
    /// A front end's own server may use the inner address: only what browsers see counts, by the name of its variable. Load generators and other
    /// processes that answer nothing stand outside and may come in through the gateway; so may gateways, and nobody goes round one to ask another.
    /// What a front end passes on is for its own pages. A gateway of a cluster is none for what Compose starts, nor the other way round.
    ///
    /// ## Why it matters
    /// What the gateway does for everybody (rights, limits, headers, logs) does not happen round it, and the inner address must be open to the world.
    /// The other way round, an inner request pays for all of it, and waits for one more process.
    ///
    /// ## Example
    /// ```yaml
    /// web:
    ///   environment: { VITE_ORDERS_URL: "http://orders:3000" } # the gateway serves /api/orders
    /// ```
    ///
    /// ## How to fix
    /// Give browsers the gateway's address, and services each other's.
    "gateway-bypass", Topology, Information, "A call goes round the gateway, or out through it", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut told = BTreeSet::new();
    for call in context.chart.calls.iter().filter(|call| call.status.is_settled() && !call.development && !exempt::is_plumbing(&call.path))
    {
        let Some(to) = call.target().filter(|to| *to != call.from && !context.chart.service(*to).third_party) else { continue };
        if told.contains(&(call.from, to)) {
            continue;
        }
        let through = call.via.first().filter(|_| comes_from_inside(context, call.from));
        if let Some(passage) = goes_round(context, call, to).into_iter().find_map(|address| passage(context, to, address)) {
            report_round(context, sink, call, to, passage);
        } else if let Some(gateway) = through {
            report_through(context, sink, call, to, *gateway);
        } else {
            continue;
        }
        told.insert((call.from, to));
    }
}

/// The hop of a gateway that leads to a service, where that stands beside the address at a place. What a front end passes on, it does for its own
/// pages alone.
fn passage<'a>(context: &Context<'a>, to: ServiceIndex, address: Place) -> Option<&'a Call> {
    let is_for_all = |call: &Call| context.chart.service(call.from).kind != ServiceKind::Frontend;
    let passes_on = |call: &Call| call.passes_on() && !call.development && is_for_all(call);
    let is_beside = |call: &Call| !are_deployed_apart(context, call.place.file, address.file);
    context.chart.calls.iter().find(|call| passes_on(call) && call.target() == Some(to) && call.status.is_settled() && is_beside(call))
}

/// Whether one of two files is for Compose and the other for a cluster: what one of them sets up is not there beside the other.
fn are_deployed_apart(context: &Context<'_>, one: FileId, other: FileId) -> bool {
    let manifest = |file: FileId| context.snapshot.files.facts(file).and_then(|facts| facts.manifest());
    let is_compose = |file| matches!(manifest(file), Some(Manifest::Compose(_)));
    let is_cluster = |file| matches!(manifest(file), Some(Manifest::Kubernetes(_) | Manifest::HelmValues(_)));
    is_compose(one) && is_cluster(other) || is_cluster(one) && is_compose(other)
}

/// What says where browsers send a call, if no gateway is on its way: in each deployment that sets the variable to the service's own address.
fn goes_round(context: &Context<'_>, call: &Call, to: ServiceIndex) -> Vec<Place> {
    let kind = |service| context.chart.service(service).kind;
    let may_go_round = kind(call.from) == ServiceKind::Frontend && !is_gateway(context, to) && call.via.is_empty();
    let seen = || {
        context
            .chart
            .variables
            .iter()
            .filter(|variable| variable.service == call.from && PUBLIC.iter().any(|prefix| variable.name.starts_with(prefix)))
    };
    let is_evidence = |place: &Place| call.evidence.iter().any(|evidence| evidence.place == *place);
    let names_it = |value: &str| host_in(value) == context.id(to).as_str();
    // What a deployment fills in is not known to be the service's own address there.
    let is_written = |value: &str| !host_in(value).is_empty() && !host_in(value).contains(['$', '{']);
    // What a dotenv file says is for the machine of a developer.
    let deployed =
        |place: &Place| context.snapshot.files.path(place.file).extension().is_some_and(|ending| matches!(ending, "yaml" | "yml"));
    let decides = |variable: &&Variable| variable.values.iter().any(|(_, at)| is_evidence(at) && deployed(at));
    let values = seen().filter(|_| may_go_round).filter(decides).flat_map(|variable| &variable.values);
    values.filter(|(value, at)| deployed(at) && (is_evidence(at) && is_written(value) || names_it(value))).map(|(_, at)| *at).collect()
}

/// The first label of the host in an address.
fn host_in(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['.', ':', '/']).next().unwrap_or_default()
}

/// Whether a service is there to be asked from outside: a gateway by its kind or its name, or one that passes on all of a path.
fn is_gateway(context: &Context<'_>, service: ServiceIndex) -> bool {
    let passes_on = |call: &Call| call.from == service && call.passes_on() && !call.development;
    context.chart.service(service).kind == ServiceKind::Gateway
        || exempt::has_word(context.id(service), GATEWAYS)
        || context.chart.calls.iter().any(passes_on)
}

/// Whether a service is part of the system and not one of its users.
fn comes_from_inside(context: &Context<'_>, from: ServiceIndex) -> bool {
    context.chart.service(from).kind == ServiceKind::Backend && context.answers(from)
}

fn report_round(context: &Context<'_>, sink: &mut Sink<'_>, call: &Call, to: ServiceIndex, passage: &Call) {
    let (from_id, to_id, gateway) = (context.id(call.from), context.id(to), context.id(passage.from));
    sink.report(Draft {
        severity: None,
        message: format!("{from_id} calls {to_id} directly: {}; {gateway} serves {}", call.label(), passage.path),
        place: call.place,
        related: vec![(passage.place, format!("{gateway} passes {} on to {to_id}", passage.path))],
        services: vec![call.from, to, passage.from],
        subject: vec![from_id.to_string(), to_id.to_string()],
    });
}

fn report_through(context: &Context<'_>, sink: &mut Sink<'_>, call: &Call, to: ServiceIndex, gateway: ServiceIndex) {
    let (from_id, to_id, gateway_id) = (context.id(call.from), context.id(to), context.id(gateway));
    let same = |other: &&Call| other.from == call.from && other.target() == Some(to) && !other.via.is_empty() && other.place != call.place;
    let related = context.chart.calls.iter().filter(same).take(MAX_SITES);
    sink.report(Draft {
        severity: Some(Severity::Hint),
        message: format!("{from_id} reaches {to_id} through {gateway_id}: {}", call.label()),
        place: call.place,
        related: related.map(|call| (call.place, format!("so does {}", call.label()))).collect(),
        services: vec![call.from, to, gateway],
        subject: vec![from_id.to_string(), to_id.to_string()],
    });
}
