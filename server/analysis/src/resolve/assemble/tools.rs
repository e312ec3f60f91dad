//! Programs of the command line among the services: what their code says, where neither name nor manifest does.
//!
//! Invariant: what answers or consumes something is no tool, whatever commands it has.

use portolan_grammars::manifests::Manifest;
use rustc_hash::FxHashSet;

use super::Input;
use crate::FileId;
use crate::chart::{Chart, ServiceIndex, ServiceKind};
use crate::workspace::paths::file_name;
use crate::workspace::services::words;

/// What clap derives for a choice of commands.
const COMMANDS: &str = "Subcommand";

/// Makes a tool of each service that starts with a choice of commands, serves nothing and is started by nothing that is known.
pub(super) fn settle(input: &Input<'_>, chart: &mut Chart) {
    let mut serving: FxHashSet<ServiceIndex> = chart.endpoints.iter().map(|endpoint| endpoint.service).collect();
    serving.extend(chart.channels.iter().flat_map(|channel| &channel.consumers).map(|end| end.service));
    for (at, service) in chart.services.iter_mut().enumerate() {
        let own = !service.third_party && service.kind == ServiceKind::Backend && !serving.contains(&ServiceIndex(at as u32));
        if own && !is_started(input, at) && input.workspace.deployments[at].entries.iter().any(|entry| has_commands(input, *entry)) {
            service.kind = ServiceKind::Cli;
        }
    }
}

/// Whether something in the workspace starts a service, rather than that an image only has it: that it serves something may be out of sight.
fn is_started(input: &Input<'_>, at: usize) -> bool {
    let service = &input.workspace.services[at];
    let is_deployed = service.evidence.iter().any(|evidence| {
        let manifest = input.files.facts(evidence.place.file).and_then(|facts| facts.manifest());
        !matches!(manifest, Some(Manifest::Dockerfile(_) | Manifest::Cargo(_)))
    });
    let mut commands = input.workspace.deployments[at].commands.iter();
    is_deployed || commands.any(|(command, _)| words(command).any(|word| file_name(word) == service.id))
}

fn has_commands(input: &Input<'_>, entry: FileId) -> bool {
    let Some(facts) = input.files.source(entry) else { return false };
    facts.types.iter().any(|def| facts.derived(def).any(|name| name == COMMANDS))
}
