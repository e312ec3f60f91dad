//! Routes of Kong's declarative configurations.
//!
//! The longest path counts. Invariant: a rule whose expression cannot be read is left out.

use portolan_grammars::manifests::Kong;

use super::plain;
use crate::workspace::GatewayRoute;
use crate::workspace::sources::Source;

/// Adds the routes of a configuration that a service runs.
pub(super) fn routes(kong: &Source<'_, Kong>, owner: usize, routes: &mut Vec<GatewayRoute>) {
    let rules = kong.facts.rules.iter();
    routes.extend(rules.filter_map(|rule| plain(owner, rule, &[], format!("Kong route {}", rule.path), kong.file)));
}
