//! Routes of gateways that manifests describe, joined to the service that runs them.
//!
//! A configuration belongs to the services that hold its file; rules of a platform's own gateway (an Ingress) to a service of another's making
//! that stands for it, see [`objects`]. What deliberately does not live here: proxies written in code. Invariant: a configuration that no
//! service holds has no routes.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::dotenv;
use portolan_grammars::manifests::gateway::GatewayRule;

use super::services::{Context, Draft, index};
use super::{Deployment, GatewayRoute, paths};
use crate::chart::Evidence;
use crate::rewrite::{PathMatch, Step};
use crate::{FileId, Place};

mod caddy;
mod development;
mod envoy;
mod kong;
mod labels;
mod nginx;
pub(super) mod objects;

/// Ranks of rules of which the first counts begin below this.
const FIRST: u32 = 1 << 20;

/// The routes of all configurations.
pub(super) fn of(context: &Context<'_>, drafts: &[Draft<'_>], deployments: &[Deployment]) -> Vec<GatewayRoute> {
    let mut routes = Vec::new();
    let sources = context.sources;
    let is_any = !(sources.nginx.is_empty() && sources.envoy.is_empty() && sources.caddy.is_empty() && sources.kong.is_empty());
    if is_any {
        let held: Vec<Vec<String>> = drafts.iter().map(|draft| held_paths(context, draft)).collect();
        for source in &sources.nginx {
            let mut holders = owners(&held, drafts, source.path);
            if holders.is_empty() {
                let including = sources.nginx.iter().filter(|other| nginx::includes(other, source.path));
                holders = including.flat_map(|other| owners(&held, drafts, other.path)).collect();
            }
            holders.sort_unstable();
            holders.dedup();
            holders.retain(|owner| {
                held[*owner].iter().any(|path| path == source.path) || nginx::may_run(context, &drafts[*owner], &deployments[*owner])
            });
            for owner in holders {
                nginx::routes(context, source, owner, &deployments[owner], &mut routes);
            }
        }
        for source in &sources.caddy {
            for owner in owners(&held, drafts, source.path) {
                caddy::routes(source, owner, &deployments[owner], &mut routes);
            }
        }
        for source in &sources.kong {
            for owner in owners(&held, drafts, source.path) {
                kong::routes(source, owner, &mut routes);
            }
        }
        for source in &sources.envoy {
            for owner in owners(&held, drafts, source.path) {
                envoy::routes(source, owner, &deployments[owner], &mut routes);
            }
        }
    }
    objects::routes(context, drafts, &mut routes);
    development::routes(context, drafts, &mut routes);
    routes.sort_by_key(|route| (route.gateway, route.evidence.place));
    routes
}

/// Paths that a draft's container holds: mounted, or copied into its image.
fn held_paths(context: &Context<'_>, draft: &Draft<'_>) -> Vec<String> {
    let mut found = Vec::new();
    // What else its image holds is for the program that the image starts.
    if draft.shares_image {
        return found;
    }
    for (source, service, _) in &draft.compose {
        for volume in &service.volumes {
            let volume = context.variables.fill(source.folder(), &volume.value);
            let from = volume.split(':').next().unwrap_or_default();
            if from.starts_with('.') || from.contains('/') {
                found.extend(paths::join(source.folder(), from).filter(|path| !path.is_empty()));
            }
        }
    }
    let around = draft.context.as_deref();
    let folder = context.dockerfile(draft).map(|source| source.folder()).unwrap_or_default();
    for stage in context.stages(draft) {
        for copied in stage.copies.iter().filter(|copy| copy.from.is_none()).flat_map(|copy| &copy.sources) {
            // Without a compose file the context is not known: the Dockerfile's folder, or the root.
            let tries = [around.or(Some(folder)), around.is_none().then_some("")];
            found.extend(tries.into_iter().flatten().filter_map(|base| paths::join(base, copied)).filter(|path| !path.is_empty()));
        }
    }
    found
}

/// Services that hold a file: by mount or copy, else the one whose folder it is in.
fn owners(held: &[Vec<String>], drafts: &[Draft<'_>], path: &str) -> Vec<usize> {
    // Who is given the file itself, or the folder nearest to it, is meant; others hold it among all their code.
    let nearest = |held: &Vec<String>| held.iter().filter(|folder| paths::is_within(path, folder)).map(String::len).max();
    let found: Vec<(usize, usize)> = held.iter().enumerate().filter_map(|(at, held)| Some((nearest(held)?, at))).collect();
    if let Some((most, _)) = found.iter().max() {
        return found.iter().filter(|(length, _)| length == most).map(|(_, at)| *at).collect();
    }
    let around = drafts.iter().enumerate().filter(|(_, draft)| !draft.root.is_empty() && paths::is_within(path, &draft.root));
    around.max_by_key(|(_, draft)| draft.root.len()).map(|(at, _)| at).into_iter().collect()
}

fn filled(deployment: &Deployment, text: &str) -> Symbol {
    dotenv::expand(text, &|name| deployment.environment.get(name)?.first().map(|value| value.value.clone()))
}

/// How rules are weighed where the most specific one counts: one path before all prefixes, a longer text before a shorter one.
fn specific(matched: &PathMatch, length: usize) -> u32 {
    let exact = matches!(matched, PathMatch::Exact(_));
    (u32::from(exact) << 16) + length.min(0xffff) as u32
}

/// The route of a rule that needs no filling in, where the most specific rule counts; `None` where its patterns cannot be read.
fn plain(owner: usize, rule: &GatewayRule, steps: &[Step], what: String, file: FileId) -> Option<GatewayRoute> {
    let matched = PathMatch::of(rule.matching, &rule.path)?;
    let own: Option<Vec<Step>> = rule.steps.iter().map(Step::of).collect();
    Some(GatewayRoute {
        gateway: index(owner),
        hosts: rule.hosts.clone(),
        rank: specific(&matched, rule.path.trim_end_matches('/').len()),
        matched,
        steps: [steps, own?.as_slice()].concat(),
        target: rule.target.value.clone(),
        development: false,
        evidence: Evidence { what, place: Place { file, range: rule.range } },
    })
}
