//! Which compose files are meant to run together: Compose makes a project of each folder, whose services find one another by their names and
//! nobody else's.
//!
//! What deliberately does not live here: layers of one folder, which are one project. Projects are one system where they say so, by `include`,
//! `extends`, an overlay, a project's name or a network that several know, where they build the same, and where they deploy services of one name
//! without each having code of its own: the same once more, in another way. Invariant: of two systems none is told by the order of files.

use portolan_grammars::manifests::{Compose, ComposeService};
use rustc_hash::{FxHashMap, FxHashSet};

use super::deployed::{build_of, part};
use super::{Draft, known};
use crate::workspace::sources::{Source, Sources};
use crate::workspace::variables::Variables;
use crate::workspace::{Package, paths};

/// The compose files of a workspace, by what is meant to run together.
#[derive(Debug, Default)]
pub(crate) struct Systems<'a> {
    /// The number of the system of each folder with compose files.
    of_folder: FxHashMap<&'a str, usize>,
    /// The systems that build something of a folder.
    building: FxHashMap<String, FxHashSet<usize>>,
    /// Before which names images are kept that the workspace builds: `ghcr.io/acme`.
    registries: FxHashSet<&'a str>,
}

/// A folder with compose files.
#[derive(Debug, Default)]
struct Project<'a> {
    folder: &'a str,
    sources: Vec<Source<'a, Compose>>,
    /// Folders that it builds, and paths of the Dockerfiles.
    builds: FxHashSet<String>,
    /// Folders that it builds, by the service that is built so.
    contexts: FxHashMap<&'a str, String>,
    /// Services that are only given an image.
    images: FxHashSet<&'a str>,
    /// Services of which it says neither.
    overlaid: FxHashSet<&'a str>,
}

impl<'a> Systems<'a> {
    /// Gathers what compose files say of one another.
    pub(super) fn of(sources: &Sources<'a>, dockerfiles: &FxHashMap<&str, usize>, packages: &[Package], variables: &Variables<'_>) -> Self {
        let projects = projects(sources, dockerfiles, variables);
        let mut joined = Joined((0..projects.len()).collect());
        let pairs = || (0..projects.len()).flat_map(|one| (one + 1..projects.len()).map(move |other| (one, other)));
        let told: Vec<_> = pairs().filter(|(one, other)| are_one(&projects[*one], &projects[*other])).collect();
        told.into_iter().for_each(|(one, other)| joined.join(one, other));
        for (at, project) in projects.iter().enumerate() {
            for service in &project.overlaid {
                let mut bases = (0..projects.len()).filter(|base| *base != at && projects[*base].deploys(service));
                if let (Some(base), None) = (bases.next(), bases.next()) {
                    joined.join(at, base);
                }
            }
        }
        let code: FxHashSet<&str> = packages.iter().map(|package| package.root.as_str()).collect();
        let is_again = |one: &Project<'_>, other: &Project<'_>| one.shares_name(other) && !are_apart(&code, one, other);
        let again: Vec<_> = pairs().filter(|(one, other)| is_again(&projects[*one], &projects[*other])).collect();
        again.into_iter().for_each(|(one, other)| joined.join(one, other));
        let mut systems = Self::default();
        for (at, project) in projects.iter().enumerate() {
            let system = joined.of(at);
            systems.of_folder.insert(project.folder, system);
            let services = project.sources.iter().flat_map(|source| &source.facts.services);
            let built = services.filter(|service| project.contexts.contains_key(service.name.value.as_str()));
            systems.registries.extend(built.filter_map(|service| registry(service.image.as_ref()?.value.as_str())));
            for built in project.contexts.values() {
                systems.building.entry(built.clone()).or_default().insert(system);
            }
        }
        systems
    }

    /// The systems that deploy a draft.
    pub(super) fn of_draft(&self, draft: &Draft<'_>) -> FxHashSet<usize> {
        draft.compose.iter().filter_map(|(source, ..)| self.of_folder.get(source.folder()).copied()).collect()
    }

    /// The systems that deploy a draft, or those that lie nearest around the code of one that nothing deploys.
    pub(crate) fn around(&self, draft: &Draft<'_>) -> FxHashSet<usize> {
        let deploying = self.of_draft(draft);
        if !deploying.is_empty() || draft.third_party || !draft.workloads.is_empty() {
            return deploying;
        }
        let at = |around: &str| -> FxHashSet<usize> {
            self.of_folder.iter().filter(|(folder, _)| part(folder) == around).map(|(_, system)| *system).collect()
        };
        let mut near = paths::upwards(&draft.root).map(at);
        near.find(|systems| !systems.is_empty()).unwrap_or_default()
    }

    /// Whether a folder is the code that another system builds than those which give a draft an image, and which build code of their own
    /// elsewhere. An image that is kept where those of the workspace are is its own.
    pub(super) fn is_of_another(&self, draft: &Draft<'_>, folder: &str) -> bool {
        let own = self.of_draft(draft);
        if draft.image.as_deref().and_then(registry).is_some_and(|registry| self.registries.contains(registry)) {
            return false;
        }
        let is_below = || draft.compose.iter().any(|(source, ..)| paths::is_within(folder, part(source.folder())));
        let builds = || self.building.values().any(|building| !building.is_disjoint(&own));
        let is_built = || self.building.get(folder).is_some_and(|building| building.is_disjoint(&own));
        !own.is_empty() && draft.workloads.is_empty() && is_built() && builds() && !is_below()
    }
}

fn projects<'a>(sources: &Sources<'a>, dockerfiles: &FxHashMap<&str, usize>, variables: &Variables<'_>) -> Vec<Project<'a>> {
    let mut projects: Vec<Project<'a>> = Vec::new();
    for source in sources.compose.iter().filter(|source| !known::is_test_path(source.path)) {
        let folder = source.folder();
        if projects.last().is_none_or(|project| project.folder != folder) {
            let at = projects.iter().position(|project| project.folder == folder);
            let project = at.map_or_else(|| Project { folder, ..Project::default() }, |at| projects.remove(at));
            projects.push(project);
        }
        let Some(project) = projects.last_mut() else { continue };
        project.sources.push(*source);
        for service in &source.facts.services {
            project.add(build_of(variables, dockerfiles, folder, service), service);
        }
    }
    for project in &mut projects {
        let Project { contexts, images, overlaid, .. } = project;
        images.retain(|name| !contexts.contains_key(name));
        overlaid.retain(|name| !contexts.contains_key(name) && !images.contains(name));
    }
    projects.sort_by_key(|project| project.folder);
    projects
}

impl<'a> Project<'a> {
    fn add(&mut self, build: Option<(Option<String>, Option<String>)>, service: &'a ComposeService) {
        let name = service.name.value.as_str();
        match build {
            Some((Some(at), dockerfile)) => {
                self.builds.insert(dockerfile.unwrap_or_else(|| at.clone()));
                self.contexts.insert(name, at);
            }
            Some((None, _)) => {}
            None if service.image.is_some() || service.extends.is_some() || service.build_context.is_some() => {
                self.images.insert(name);
            }
            None => {
                self.overlaid.insert(name);
            }
        }
    }

    fn deploys(&self, service: &str) -> bool {
        self.contexts.contains_key(service) || self.images.contains(service)
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.sources.iter().flat_map(|source| &source.facts.services).map(|service| service.name.value.as_str())
    }

    fn shares_name(&self, other: &Self) -> bool {
        let own: FxHashSet<&str> = self.names().collect();
        other.names().any(|name| own.contains(name))
    }

    /// Whether one of its files leads to one of another's.
    fn leads_to(&self, other: &Self) -> bool {
        self.sources.iter().any(|source| {
            let extended = source.facts.services.iter().filter_map(|service| service.extends.as_ref()?.0.as_ref());
            let mut led = source.facts.includes.iter().map(|path| &path.value).chain(extended);
            led.any(|path| paths::join(self.folder, path).is_some_and(|path| other.sources.iter().any(|source| source.path == path)))
        })
    }

    /// Whether it knows a network of another project, by the name that Compose gives what is a project's own.
    fn knows_network_of(&self, other: &Self) -> bool {
        let name = other.project_name();
        let is_own = |network: &str| network.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
        !name.is_empty() && self.networks().any(|network| is_own(network) || other.networks().any(|known| known == network))
    }

    fn project_name(&self) -> &'a str {
        let said = self.sources.iter().find_map(|source| source.facts.project.as_deref());
        said.unwrap_or_else(|| paths::file_name(self.folder))
    }

    fn networks(&self) -> impl Iterator<Item = &'a str> {
        self.sources.iter().flat_map(|source| &source.facts.networks).map(|network| network.as_str())
    }

    /// Whether it is given as an image what another builds, of a folder that it is around.
    fn runs_image_of(&self, other: &Self) -> bool {
        let around = part(self.folder);
        self.images.iter().any(|name| other.contexts.get(name).is_some_and(|built| paths::is_within(built, around)))
    }
}

/// What stands before an image's name: `ghcr.io/acme`.
fn registry(image: &str) -> Option<&str> {
    let before = image.rsplit_once('/')?.0;
    (!before.contains('$')).then_some(before)
}

/// Whether a manifest is for the whole workspace, and not for one part of it.
pub(crate) fn is_for_all(manifest: &str) -> bool {
    part(paths::folder(manifest)).is_empty()
}

/// Whether two projects are one by what they say.
fn are_one(one: &Project<'_>, other: &Project<'_>) -> bool {
    let said = |project: &Project<'_>| project.sources.iter().find_map(|source| source.facts.project.clone());
    let led = |one: &Project<'_>, other: &Project<'_>| one.leads_to(other) || one.knows_network_of(other) || one.runs_image_of(other);
    led(one, other) || led(other, one) || !one.builds.is_disjoint(&other.builds) || said(one).is_some() && said(one) == said(other)
}

/// Whether two projects that say nothing of one another are those of different code.
fn are_apart(code: &FxHashSet<&str>, one: &Project<'_>, other: &Project<'_>) -> bool {
    let (left, right) = (part(one.folder), part(other.folder));
    let is_around_code = |at: &str| code.iter().any(|root| paths::is_within(root, at));
    let are_beside = || !paths::is_within(left, right) && !paths::is_within(right, left) && is_around_code(left) && is_around_code(right);
    !one.builds.is_empty() && !other.builds.is_empty() || are_beside()
}

/// Sets that grow together; each is called by the least of its members.
struct Joined(Vec<usize>);

impl Joined {
    fn of(&self, at: usize) -> usize {
        if self.0[at] == at { at } else { self.of(self.0[at]) }
    }
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }
}
