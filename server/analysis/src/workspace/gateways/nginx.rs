//! Routes of nginx configurations: which location takes a request, and what the target sees of it.
//!
//! nginx takes an exact location first, then the longest prefix if that is marked `^~`, then the first pattern, then the longest prefix.
//! Invariant: a location whose target a variable of the request decides has no route.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Nginx, NginxLocation, Stage};

use super::filled;
use crate::Place;
use crate::chart::Evidence;
use crate::rewrite::{PathMatch, Pattern, Step};
use crate::workspace::paths;
use crate::workspace::services::{Context, Draft, index};
use crate::workspace::sources::Source;
use crate::workspace::{Deployment, GatewayRoute};

/// Whether nginx may run in a service's container: where it is known how its image is made, something there must name it.
pub(super) fn may_run(context: &Context<'_>, draft: &Draft<'_>, deployment: &Deployment) -> bool {
    let stages = context.stages(draft);
    let named = |text: &str| text.contains("nginx") || text.contains("openresty");
    let names = |stage: &&Stage| {
        let started = [&stage.entrypoint, &stage.command].into_iter().flatten();
        let lines = stage.runs.iter().chain(started).map(|line| line.value.as_str());
        let copied = stage.copies.iter().flat_map(|copy| copy.sources.iter().chain([&copy.destination])).map(Symbol::as_str);
        lines.chain(copied).chain([stage.from.as_str()]).any(named)
    };
    let is_started = || deployment.commands.iter().any(|(command, _)| named(command));
    stages.is_empty() || stages.iter().any(names) || is_started()
}

/// Adds the routes of a configuration that a service runs.
pub(super) fn routes(
    context: &Context<'_>,
    nginx: &Source<'_, Nginx>,
    owner: usize,
    deployment: &Deployment,
    routes: &mut Vec<GatewayRoute>,
) {
    let upstream = |name: &str| {
        let own = nginx.facts.upstreams.iter().find(|(known, _)| known == name);
        // Files that include one another lie in one folder, as a rule.
        let beside = || context.sources.nginx.iter().filter(|other| other.folder() == nginx.folder());
        own.or_else(|| beside().find_map(|other| other.facts.upstreams.iter().find(|(known, _)| known == name)))
    };
    for (at, location) in nginx.facts.locations.iter().enumerate() {
        let written = filled(deployment, &location.target.value);
        let (scheme, rest) = written.split_once("://").unwrap_or(("", &written));
        let (host, uri) = match rest.find(['/', '$']) {
            Some(at) if rest[at..].starts_with('/') || is_request(&rest[at..]) => (&rest[..at], Some(&rest[at..])),
            _ => (rest, None),
        };
        let server = upstream(host).and_then(|(_, servers)| servers.first());
        let host = server.map_or_else(|| host.into(), |server| filled(deployment, &server.value));
        // What the request itself decides may be any host.
        if host.is_empty() || host.starts_with('$') && !host.starts_with("${") {
            continue;
        }
        let target = if scheme.is_empty() { host } else { format!("{scheme}://{host}").into() };
        let Some((matched, rank)) = matched(location, at) else { continue };
        let Some(steps) = steps(location, &matched, uri) else { continue };
        let what = format!("nginx location {}", location.path);
        let place = Place { file: nginx.file, range: location.target.range };
        routes.push(GatewayRoute {
            gateway: index(owner),
            hosts: location.hosts.clone(),
            matched,
            rank,
            steps,
            target,
            development: false,
            evidence: Evidence { what, place },
        });
    }
}

/// Whether a configuration includes the one at `path`: the places in a container are not those of the workspace, so names and the nearest
/// folders tell.
pub(super) fn includes(nginx: &Source<'_, Nginx>, path: &str) -> bool {
    let name = paths::file_name(path);
    let is_near = paths::is_within(path, nginx.folder()) && nginx.path != path;
    let fits = |pattern: &str| match pattern.split_once('*') {
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
        None => name == pattern || name.strip_suffix(".template") == Some(pattern),
    };
    is_near && nginx.facts.includes.iter().any(|written| fits(paths::file_name(written)))
}

/// Whether a text is the request's own path, as nginx names it.
fn is_request(text: &str) -> bool {
    ["$request_uri", "$uri", "$document_uri"].iter().any(|name| text.starts_with(name))
}

/// What a location takes, and how strong it is.
fn matched(location: &NginxLocation, at: usize) -> Option<(PathMatch, u32)> {
    let length = location.path.trim_end_matches('/').len().min(0xffff) as u32;
    let plain = |class: u32| (class << 20) + length;
    let path = location.path.clone();
    match location.modifier.as_str() {
        "=" => Some((PathMatch::Exact(path), plain(4))),
        "^~" => Some((PathMatch::Prefix(path), plain(3))),
        "~" | "~*" => {
            let pattern = Pattern::new(&path, location.modifier == "~*")?;
            Some((PathMatch::Pattern(pattern), (3 << 20) - 1 - at.min(0xffff) as u32))
        }
        _ => path.starts_with('/').then(|| (PathMatch::Prefix(path), plain(1))),
    }
}

/// What becomes of the path: first rewrites, then the path of the target takes the place of the prefix.
fn steps(location: &NginxLocation, matched: &PathMatch, uri: Option<&str>) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for rewrite in &location.rewrites {
        let (pattern, to): (&Symbol, &Symbol) = (&rewrite.0, &rewrite.1);
        if to.contains("://") {
            continue;
        }
        steps.push(Step::Pattern { pattern: Pattern::new(pattern, false)?, to: to.clone(), whole: true });
    }
    let Some(uri) = uri else { return Some(steps) };
    // With variables in it the target's path is all of the path.
    if let Some(at) = uri.find('$') {
        let (head, variables) = uri.split_at(at);
        if is_request(variables) {
            // nginx's variables hold the path as it came, or as it is rewritten.
            let rest = Step::Prefix(Symbol::default(), head.trim_end_matches('/').into());
            steps.extend((head != "/" && !head.is_empty()).then_some(rest));
        } else if matches!(matched, PathMatch::Pattern(_)) && variables[1..].starts_with(|letter: char| letter.is_ascii_digit()) {
            steps.push(Step::Whole(uri.into()));
        } else if !["$is_args", "$args", "$query_string"].iter().any(|name| variables.starts_with(name)) {
            steps.push(Step::Whole(format!("{head}{}", "{}").into()));
        } else {
            steps.push(Step::Whole(head.trim_end_matches('?').into()));
        }
        return Some(steps);
    }
    if let PathMatch::Prefix(prefix) | PathMatch::Exact(prefix) = matched
        && steps.is_empty()
    {
        steps.push(Step::Prefix(prefix.clone(), uri.into()));
    }
    Some(steps)
}
