//! `service-undeclared`: a service that says whether it is well, and that nobody asks.
//!
//! What deliberately does not live here: what the check looks at. Invariant: whatever probes the service in any manifest counts, and only where
//! other services are probed is it expected.

use std::collections::BTreeSet;

use camino::Utf8Path;
use portolan_grammars::facts::TextRange;
use portolan_grammars::manifests::{Compose, ComposeService, Manifest};

use super::{Context, Draft, Sink, exempt};
use crate::chart::{Endpoint, Service, ServiceIndex, ServiceKind};
use crate::workspace::paths;
use crate::{FileId, Place};

/// How many services `extends` may lead through.
const MAX_EXTENDS: usize = 4;

rule! {
    /// ## What it does
    /// Finds services that serve a health route, and that neither compose (`healthcheck`), nor Kubernetes (probes), nor their Dockerfile (`HEALTHCHECK`)
    /// asks, while another service of the workspace is asked. The mark is on the manifest that deploys the service.
    ///
    /// Front ends, gateways, jobs, command line tools and stand-ins for tests are left alone, and services that no manifest deploys. What a manifest
    /// deploys several times from one code is told once.
    ///
    /// ## Why it matters
    /// Requests are sent to it before it is ready and after it has hung itself up; whoever depends on it starts too early. The route that would tell
    /// is there.
    ///
    /// ## Example
    /// ```yaml
    /// services:
    ///   pdf:
    ///     build: ./pdf # serves GET /health
    ///   api:
    ///     build: ./api
    ///     healthcheck: { test: ["CMD", "curl", "-f", "http://localhost:8200/health"] }
    /// ```
    ///
    /// ## How to fix
    /// Let the manifest ask the route, as it does for the others.
    "service-undeclared", Topology, Hint, "A service's health route is asked by nobody", check
}

/// A manifest's entry that deploys a service.
struct Deployed {
    place: Place,
    checked: bool,
    word: &'static str,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let manifests: Vec<_> = context.snapshot.files.iter().filter_map(|(file, path, facts)| Some((file, path, facts.manifest()?))).collect();
    let own = (0..context.chart.services.len() as u32).map(ServiceIndex).filter(|service| !context.chart.service(*service).third_party);
    let deployed: Vec<(ServiceIndex, Vec<Deployed>)> =
        own.map(|service| (service, deployed(context.chart.service(service), &manifests))).collect();
    let Some(example) = deployed.iter().flat_map(|(_, all)| all).find(|entry| entry.checked).map(|entry| entry.place) else { return };
    // What is deployed several times from one code is told once.
    let mut told: BTreeSet<(Place, FileId)> = BTreeSet::new();
    for (service, entries) in &deployed {
        let facts = context.chart.service(*service);
        let first = entries.iter().find(|entry| entry.word != "the Dockerfile");
        if let (Some(first), Some(route), ServiceKind::Backend) = (first, health_route(context, *service), facts.kind)
            && entries.iter().all(|entry| !entry.checked)
            && !exempt::is_aside(facts)
            && told.insert((route.place, first.place.file))
        {
            report(context, sink, *service, first, route, example);
        }
    }
}

/// The route by which a service says whether it is well.
fn health_route<'a>(context: &Context<'a>, service: ServiceIndex) -> Option<&'a Endpoint> {
    let words = ["health", "healthz", "healthcheck", "livez", "readyz", "liveness", "readiness"];
    context
        .chart
        .endpoints
        .iter()
        .find(|endpoint| endpoint.service == service && endpoint.method.is_some() && exempt::has_word(&endpoint.path, &words))
}

/// The entries of manifests that deploy a service, and the Dockerfiles in its folder.
fn deployed(facts: &Service, manifests: &[(FileId, &Utf8Path, &Manifest)]) -> Vec<Deployed> {
    let is_named = |name: &str| facts.id == name || facts.name == name || facts.aliases.iter().any(|alias| alias == name);
    let mut entries = Vec::new();
    for &(file, path, manifest) in manifests {
        let at = |range: TextRange| Place { file, range };
        match manifest {
            Manifest::Compose(compose) => {
                entries.extend(compose.services.iter().filter(|entry| is_named(&entry.name.value)).map(|entry| Deployed {
                    place: at(entry.name.range),
                    checked: is_checked(path, compose, entry, manifests, MAX_EXTENDS),
                    word: "compose",
                }))
            }
            Manifest::Kubernetes(objects) => {
                entries.extend(objects.workloads.iter().filter(|entry| is_named(&entry.name.value)).map(|entry| {
                    let checked = entry.containers.iter().any(|container| container.has_probe);
                    Deployed { place: at(entry.name.range), checked, word: "its workload" }
                }))
            }
            Manifest::Dockerfile(dockerfile) if !facts.root.as_str().is_empty() && path.starts_with(&facts.root) => {
                let checked = dockerfile.stages.iter().any(|stage| stage.has_healthcheck);
                entries.push(Deployed { place: at(TextRange::default()), checked, word: "the Dockerfile" });
            }
            _ => {}
        }
    }
    entries
}

/// Whether a service of a compose file has a health check, or one that it extends.
fn is_checked(
    path: &Utf8Path,
    compose: &Compose,
    entry: &ComposeService,
    manifests: &[(FileId, &Utf8Path, &Manifest)],
    left: usize,
) -> bool {
    let extended = || {
        let (file, name) = entry.extends.as_ref()?;
        let (path, compose) = match file {
            None => (path, compose),
            Some(file) => {
                let path = paths::join(paths::folder(path.as_str()), file)?;
                manifests.iter().find_map(|(_, at, manifest)| match manifest {
                    Manifest::Compose(compose) if *at == path.as_str() => Some((*at, compose)),
                    _ => None,
                })?
            }
        };
        let entry = compose.services.iter().find(|entry| entry.name.value == *name)?;
        Some(is_checked(path, compose, entry, manifests, left.checked_sub(1)?))
    };
    entry.has_healthcheck || extended().unwrap_or_default()
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, entry: &Deployed, route: &Endpoint, example: Place) {
    let id = context.id(service);
    sink.report(Draft {
        severity: None,
        message: format!("{id} serves {} but {} has no health check for it", route.path, entry.word),
        place: entry.place,
        related: vec![(route.place, format!("{id} answers {}", route.label())), (example, "another service is checked here".to_owned())],
        services: vec![service],
        subject: Vec::new(),
    });
}
