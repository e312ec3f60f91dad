//! Routes of nginx and envoy configurations, joined to the service that runs them.
//!
//! What deliberately does not live here: proxies written in code. Invariant: a configuration that no service holds has no routes.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Envoy, Nginx, NginxLocation, dotenv};

use super::services::{Context, Draft, index};
use super::sources::Source;
use super::{Deployment, GatewayRoute, paths};
use crate::Place;
use crate::chart::Evidence;

/// The routes of all configurations.
pub(super) fn of(context: &Context<'_>, drafts: &[Draft<'_>], deployments: &[Deployment]) -> Vec<GatewayRoute> {
    let mut routes = Vec::new();
    if context.sources.nginx.is_empty() && context.sources.envoy.is_empty() {
        return routes;
    }
    let held: Vec<Vec<(String, u8)>> = drafts.iter().map(|draft| held_paths(context, draft)).collect();
    for nginx in &context.sources.nginx {
        for owner in owners(&held, drafts, nginx.path) {
            nginx_routes(nginx, owner, &deployments[owner], &mut routes);
        }
    }
    for envoy in &context.sources.envoy {
        for owner in owners(&held, drafts, envoy.path) {
            envoy_routes(envoy, owner, &deployments[owner], &mut routes);
        }
    }
    routes.sort_by_key(|route| (route.gateway, route.evidence.place));
    routes
}

/// Paths that a draft's container holds: mounted, or copied into its image.
fn held_paths(context: &Context<'_>, draft: &Draft<'_>) -> Vec<(String, u8)> {
    let mut found = Vec::new();
    for (source, service, _) in &draft.compose {
        for volume in &service.volumes {
            let volume = context.variables.fill(source.folder(), &volume.value);
            let from = volume.split(':').next().unwrap_or_default();
            if from.starts_with('.') || from.contains('/') {
                found.extend(paths::join(source.folder(), from).filter(|path| !path.is_empty()).map(|path| (path, 0)));
            }
        }
    }
    let around = draft.context.as_deref();
    let folder = context.dockerfile(draft).map(|source| source.folder()).unwrap_or_default();
    for stage in context.stages(draft) {
        for copied in stage.copies.iter().filter(|copy| copy.from.is_none()).flat_map(|copy| &copy.sources) {
            // Without a compose file the context is not known: the Dockerfile's folder, or the root.
            let tries = [around.or(Some(folder)), around.is_none().then_some("")];
            found.extend(
                tries
                    .into_iter()
                    .flatten()
                    .filter_map(|base| paths::join(base, copied))
                    .filter(|path| !path.is_empty())
                    .map(|path| (path, 1)),
            );
        }
    }
    found
}

/// Services that hold a file: by mount or copy, else the one whose folder it is in.
fn owners(held: &[Vec<(String, u8)>], drafts: &[Draft<'_>], path: &str) -> Vec<usize> {
    let found: Vec<usize> = held
        .iter()
        .enumerate()
        .filter(|(_, held)| held.iter().any(|(folder, _)| paths::is_within(path, folder)))
        .map(|(at, _)| at)
        .collect();
    if !found.is_empty() {
        return found;
    }
    let around = drafts.iter().enumerate().filter(|(_, draft)| !draft.root.is_empty() && paths::is_within(path, &draft.root));
    around.max_by_key(|(_, draft)| draft.root.len()).map(|(at, _)| at).into_iter().collect()
}

fn filled(deployment: &Deployment, text: &str) -> Symbol {
    dotenv::expand(text, &|name| deployment.environment.get(name)?.first().map(|value| value.value.clone()))
}

fn nginx_routes(nginx: &Source<'_, Nginx>, owner: usize, deployment: &Deployment, routes: &mut Vec<GatewayRoute>) {
    for location in &nginx.facts.locations {
        let written = filled(deployment, &location.target.value);
        let (scheme, rest) = written.split_once("://").unwrap_or(("", &written));
        let (host, uri) = match rest.find('/') {
            Some(at) => (&rest[..at], Some(&rest[at..])),
            None => (rest, None),
        };
        let servers = nginx.facts.upstreams.iter().find(|(name, _)| name == host);
        let host = servers.and_then(|(_, servers)| servers.first()).map_or_else(|| host.into(), |server| filled(deployment, &server.value));
        let target = if scheme.is_empty() { host } else { format!("{scheme}://{host}").into() };
        let Some((prefix, exact, rewrite)) = matched(location, uri) else { continue };
        let what = format!("nginx location {}", location.path);
        let place = Place { file: nginx.file, range: location.target.range };
        routes.push(GatewayRoute { gateway: index(owner), prefix, exact, rewrite, target, evidence: Evidence { what, place } });
    }
}

/// The literal start of a pattern.
fn literal(pattern: &str) -> &str {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let end = pattern.find(['(', '[', '.', '*', '+', '?', '$', '|', '\\', '{']).unwrap_or(pattern.len());
    &pattern[..end]
}

/// What a location matches and what becomes of it.
fn matched(location: &NginxLocation, uri: Option<&str>) -> Option<(Symbol, bool, Option<Symbol>)> {
    let is_pattern = location.modifier.starts_with('~');
    let prefix = if is_pattern { literal(&location.path) } else { location.path.as_str() };
    if !prefix.starts_with('/') {
        return None;
    }
    let exact = location.modifier == "=";
    // A rewrite whose pattern and replacement both end in the rest of the path swaps prefixes.
    for (pattern, replacement) in &location.rewrites {
        let from = literal(pattern);
        let (to, rest) = replacement.split_once('$').unwrap_or((replacement, ""));
        if from.starts_with('/') && (rest.is_empty() || rest.starts_with('1')) && (from.starts_with(prefix) || prefix.starts_with(from)) {
            return Some((from.into(), exact, Some(to.into())));
        }
    }
    let rewrite = uri.filter(|uri| !is_pattern && !uri.contains('$')).map(Symbol::new);
    Some((prefix.into(), exact, rewrite))
}

fn envoy_routes(envoy: &Source<'_, Envoy>, owner: usize, deployment: &Deployment, routes: &mut Vec<GatewayRoute>) {
    for route in &envoy.facts.routes {
        let cluster = filled(deployment, &route.cluster);
        let Some((_, address)) = envoy.facts.clusters.iter().find(|(name, _)| *name == route.cluster || *name == cluster) else { continue };
        let what = format!("envoy route {} to cluster {cluster}", route.prefix);
        let place = Place { file: envoy.file, range: route.range };
        routes.push(GatewayRoute {
            gateway: index(owner),
            prefix: filled(deployment, &route.prefix),
            exact: route.exact,
            rewrite: route.prefix_rewrite.clone(),
            target: filled(deployment, &address.value),
            evidence: Evidence { what, place },
        });
    }
}
