//! Routes of Caddyfiles.
//!
//! The most specific path counts, as Caddy sorts directives so. Invariant: variables of the service that runs it are filled in.

use portolan_grammars::facts::Spanned;
use portolan_grammars::manifests::Caddy;
use portolan_grammars::manifests::gateway::GatewayRule;

use super::{filled, plain};
use crate::workspace::sources::Source;
use crate::workspace::{Deployment, GatewayRoute};

/// Adds the routes of a configuration that a service runs.
pub(super) fn routes(caddy: &Source<'_, Caddy>, owner: usize, deployment: &Deployment, routes: &mut Vec<GatewayRoute>) {
    for rule in &caddy.facts.rules {
        let rule = GatewayRule {
            hosts: rule.hosts.iter().map(|host| filled(deployment, host)).filter(|host| host.contains('.') || host.contains('$')).collect(),
            target: Spanned::new(filled(deployment, &rule.target.value), rule.target.range),
            ..rule.clone()
        };
        routes.extend(plain(owner, &rule, &[], format!("Caddy reverse_proxy of {}", rule.path), caddy.file));
    }
}
