//! Services whose code is one, though it lies in several folders: replicas that stand beside one another.
//!
//! What deliberately does not live here: services that run one package or one image. Invariant: all source files of two such packages are equal.

use camino::Utf8Path;
use portolan_grammars::facts::SourceFacts;
use portolan_grammars::manifests::Nginx;
use rustc_hash::{FxHashMap, FxHashSet};

use super::sources::Source;
use super::{HostMatch, Workspace, paths};
use crate::files::Files;

/// Puts services of equal code into one group: members of one upstream, and those of packages of one name.
pub(super) fn join(files: &Files, workspace: &mut Workspace, nginx: &[Source<'_, Nginx>]) {
    let mut pairs: FxHashSet<(usize, usize)> = FxHashSet::default();
    for (_, servers) in nginx.iter().flat_map(|source| &source.facts.upstreams) {
        let members: Vec<usize> = servers.iter().filter_map(|server| member(workspace, &server.value)).collect();
        pairs.extend(members.iter().flat_map(|one| members.iter().map(move |other| (*one, *other))));
    }
    let mut named: FxHashMap<_, Vec<usize>> = FxHashMap::default();
    for (at, deployment) in workspace.deployments.iter().enumerate() {
        if let Some(package) = deployment.package.map(|package| &workspace.packages[package]) {
            named.entry((package.name.as_str(), package.ecosystem)).or_default().push(at);
        }
    }
    pairs.extend(named.values().flat_map(|same| same.iter().map(|other| (same[0], *other))));
    let mut pairs: Vec<(usize, usize)> = pairs.into_iter().filter(|(one, other)| one < other).collect();
    pairs.sort_unstable();
    let mut known: FxHashMap<usize, Code<'_>> = FxHashMap::default();
    for (one, other) in pairs {
        let (kept, joined) = (workspace.deployments[one].group, workspace.deployments[other].group);
        if kept == joined {
            continue;
        }
        for at in [one, other] {
            known.entry(at).or_insert_with(|| code_of(files, workspace, at));
        }
        if !known[&one].is_empty() && known[&one] == known[&other] {
            workspace.deployments.iter_mut().filter(|deployment| deployment.group == joined).for_each(|deployment| deployment.group = kept);
        }
    }
}

/// The service that a member of an upstream is.
fn member(workspace: &Workspace, server: &str) -> Option<usize> {
    let (host, port) = server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port)));
    match workspace.service_of_host(host, port) {
        HostMatch::One(service, ..) => Some(service.index()),
        _ => None,
    }
}

/// Source files by their paths below the folder of their package.
type Code<'f> = FxHashMap<&'f Utf8Path, &'f SourceFacts>;

/// The code of a service's package.
fn code_of<'f>(files: &'f Files, workspace: &Workspace, service: usize) -> Code<'f> {
    let Some(package) = workspace.deployments[service].package else { return Code::default() };
    let root = &workspace.packages[package].root;
    let within = files.iter().filter(|(_, path, _)| paths::is_within(path.as_str(), root.as_str()));
    within.filter_map(|(_, path, facts)| Some((path.strip_prefix(root).ok()?, facts.source()?))).collect()
}
