//! Environment variables: who reads them, and what manifests set them to.
//!
//! What deliberately does not live here: what a variable decides, which the evidence of calls tells. Invariant: a variable that no code is known to
//! read and that decides nothing is left out, as others may read it.

use std::collections::BTreeMap;

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashSet;

use super::reach::Reach;
use super::{Input, Places};
use crate::chart::{Chart, ServiceIndex, Variable};
use crate::{FileId, FunctionRef, Place};

/// The variables of all services, by service and name.
pub(super) fn find(input: &Input<'_>, reach: &Reach, chart: &Chart) -> Vec<Variable> {
    let places = Places { files: input.files };
    let mut reads: BTreeMap<(ServiceIndex, Symbol), Vec<Place>> = BTreeMap::new();
    for (at, link) in input.links.iter().enumerate() {
        for variable in link.iter().flat_map(|link| &link.variables) {
            let function = FunctionRef { file: FileId(at as u32), function: variable.function };
            let Some(place) = places.source(variable.source) else { continue };
            for service in input.own_services().filter(|service| reach.has(*service, function)) {
                reads.entry((service, variable.name.clone())).or_default().push(place);
            }
        }
    }
    // Those that settings of libraries read, or manifests, are told by the calls that they decide.
    let deciding: FxHashSet<Place> = chart.calls.iter().flat_map(|call| &call.evidence).map(|evidence| evidence.place).collect();
    for service in input.own_services() {
        for (name, values) in &input.workspace.deployments[service.index()].environment {
            if values.iter().any(|value| deciding.contains(&value.place)) {
                reads.entry((service, name.clone())).or_default();
            }
        }
    }
    let variables = reads.into_iter().map(|((service, name), mut reads)| {
        reads.sort_unstable();
        reads.dedup();
        let values = input.workspace.deployments[service.index()].environment.get(&name);
        let values = values.into_iter().flatten().map(|value| (value.value.clone(), value.place)).collect();
        Variable { service, name, reads, values }
    });
    variables.collect()
}
