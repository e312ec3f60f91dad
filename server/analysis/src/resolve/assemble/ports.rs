//! Which service listens on a port of this machine, by its own code: where services run without containers, that is how they find each other.
//!
//! What deliberately does not live here: ports that manifests publish, which come first. Invariant: a port that several services listen on says
//! nothing of who is meant.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::reach::Reach;
use super::{Input, Places, text};
use crate::chart::{Evidence, ServiceIndex};

/// Services by the ports that their code listens on.
#[derive(Debug, Default)]
pub(super) struct Ports(FxHashMap<Symbol, Vec<(ServiceIndex, Evidence)>>);

impl Ports {
    /// Gathers what all services listen on.
    pub(super) fn find(input: &Input<'_>, reach: &Reach) -> Self {
        let places = Places { files: input.files };
        let mut ports = Self::default();
        let declared: Vec<_> = input.links.iter().flatten().flat_map(|link| &link.ports).collect();
        for service in input.own_services() {
            for listens in declared.iter().filter(|listens| reach.runs(service, listens.function)) {
                for address in listens.addresses.iter().flat_map(|address| text::texts(input, service, address)) {
                    let port = address.text.rsplit(':').next().unwrap_or_default();
                    if port.is_empty() || port == "0" || !port.bytes().all(|byte| byte.is_ascii_digit()) {
                        continue;
                    }
                    let known = ports.0.entry(port.into()).or_default();
                    if known.iter().all(|(known, _)| *known != service) {
                        let what = format!("{} listens on {port}", input.workspace.services[service.index()].name);
                        known.push((service, Evidence { what, place: places.call(listens.site) }));
                    }
                }
            }
        }
        ports
    }

    /// Whether a service's code says where it listens.
    pub(super) fn are_known_of(&self, service: ServiceIndex) -> bool {
        self.0.values().flatten().any(|(listening, _)| *listening == service)
    }

    /// The services that listen on a port.
    pub(super) fn of(&self, port: &str) -> &[(ServiceIndex, Evidence)] {
        self.0.get(port).map_or(&[], Vec::as_slice)
    }
}
