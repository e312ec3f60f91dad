//! Blind spots: code that answers, sends or receives by names that are not known.
//!
//! What deliberately does not live here: code that is not read at all. Invariant: where there is none, whatever the chart lacks is not in code
//! that was understood.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashSet;

use super::endpoints::Routes;
use super::messages::{self, Systems};
use super::reach::Reach;
use super::text;
use super::{Input, Places};
use crate::FunctionRef;
use crate::chart::{BlindSpot, Endpoint, May, Protocol, Status};
use crate::resolve::link::is_qualified;
use crate::resolve::paths::{self, HOLE};
use crate::resolve::value::CallRef;

/// All of them, by service.
pub(super) fn find(input: &Input<'_>, reach: &Reach, routes: &Routes<'_>, endpoints: &[Endpoint]) -> Vec<BlindSpot> {
    let mut spots = Vec::new();
    answers(input, reach, routes, endpoints, &mut spots);
    ends(input, reach, &mut spots);
    spots.sort();
    spots.dedup();
    spots
}

/// Routes whose path is known in part, and what is mounted without being a router that is known.
fn answers(input: &Input<'_>, reach: &Reach, routes: &Routes<'_>, endpoints: &[Endpoint], spots: &mut Vec<BlindSpot>) {
    let places = Places { files: input.files };
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.protocol == Protocol::Http) {
        if let Some((before, _)) = endpoint.path.split_once(HOLE) {
            let may = May::Answer(before.trim_end_matches('/').into());
            spots.push(BlindSpot { service: endpoint.service, may, place: endpoint.place });
        }
    }
    for mount in routes.opaque(input) {
        for service in input.own_services().filter(|service| reach.has(*service, mount.function)) {
            let below = routes.below(mount, &|function: FunctionRef| reach.has(service, function));
            for text in below.iter().flat_map(|prefix| text::texts(input, service, prefix)) {
                let path = paths::normal_route(&text.text);
                let known = path.split_once(HOLE).map_or(path.as_str(), |(before, _)| before);
                let may = May::Answer(known.trim_end_matches('/').into());
                spots.push(BlindSpot { service, may, place: places.call(mount.site) });
            }
        }
    }
}

/// Ends of channels without a name. A subscription's handler is often given by another call on the same value: it needs no name.
fn ends(input: &Input<'_>, reach: &Reach, spots: &mut Vec<BlindSpot>) {
    let places = Places { files: input.files };
    let all = || input.links.iter().flatten().flat_map(|link| &link.messages);
    let named = all().filter(|message| message.consumes && !message.destinations.is_empty());
    let subscribed: FxHashSet<CallRef> = named.filter_map(|message| message.group).collect();
    let systems = Systems::find(input, reach);
    for message in all() {
        if message.destinations.is_empty() && message.group.is_some_and(|group| subscribed.contains(&group)) {
            continue;
        }
        for service in input.own_services().filter(|service| reach.has(*service, message.function)) {
            let destinations = messages::destinations(input, service, message);
            // What a constant from outside stands for is not known.
            let is_known = |destination: &Option<(Symbol, Status)>| destination.as_ref().is_some_and(|(name, _)| !is_qualified(name));
            if !destinations.is_empty() && destinations.iter().all(is_known) {
                continue;
            }
            let may = if message.consumes { May::Receive(systems.of(service, &message.system)) } else { May::Send(message.system.clone()) };
            spots.push(BlindSpot { service, may, place: places.site(message.site) });
        }
    }
}
