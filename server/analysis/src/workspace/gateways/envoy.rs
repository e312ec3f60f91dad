//! Routes of envoy configurations.
//!
//! The first route that matches counts. Invariant: a route whose cluster has no address is left out.

use portolan_grammars::manifests::Envoy;

use super::{FIRST, filled};
use crate::Place;
use crate::chart::Evidence;
use crate::rewrite::{PathMatch, Pattern, Step};
use crate::workspace::services::index;
use crate::workspace::sources::Source;
use crate::workspace::{Deployment, GatewayRoute};

/// Adds the routes of a configuration that a service runs.
pub(super) fn routes(envoy: &Source<'_, Envoy>, owner: usize, deployment: &Deployment, routes: &mut Vec<GatewayRoute>) {
    for (at, route) in envoy.facts.routes.iter().enumerate() {
        let cluster = filled(deployment, &route.cluster);
        let Some((_, address)) = envoy.facts.clusters.iter().find(|(name, _)| *name == route.cluster || *name == cluster) else { continue };
        let what = format!("envoy route {} to cluster {cluster}", route.prefix);
        let place = Place { file: envoy.file, range: route.range };
        let prefix = filled(deployment, &route.prefix);
        let mut steps: Vec<Step> = route.prefix_rewrite.iter().map(|to| Step::Prefix(prefix.clone(), to.clone())).collect();
        if let Some((pattern, to)) = &route.regex_rewrite {
            let Some(pattern) = Pattern::new(pattern, false) else { continue };
            steps.push(Step::Pattern { pattern, to: to.clone(), whole: false });
        }
        let Some(matched) = PathMatch::of(route.matching, &prefix) else { continue };
        routes.push(GatewayRoute {
            gateway: index(owner),
            hosts: route.hosts.iter().map(|host| filled(deployment, host).split(':').next().unwrap_or_default().into()).collect(),
            matched,
            rank: FIRST.saturating_sub(at as u32),
            steps,
            target: filled(deployment, &address.value),
            development: false,
            evidence: Evidence { what, place },
        });
    }
}
