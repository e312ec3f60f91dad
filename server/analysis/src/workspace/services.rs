//! Which services there are: what compose and Kubernetes files deploy, then what packages and binaries are products without being deployed.
//!
//! What deliberately does not live here: their environment, their hosts. Invariant: services are sorted by id and ids are unique.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use portolan_grammars::facts::{Spanned, Symbol, TextRange};
use portolan_grammars::manifests::settings::{ServiceSettings, Settings};
use portolan_grammars::manifests::{CargoManifest, ComposeService, Container, Dockerfile, Process, Stage, Workload};
use rustc_hash::{FxHashMap, FxHashSet};

use super::go::GoCode;
use super::modules::{CrateId, Modules};
use super::packages::Roots;
use super::settings::Problem;
use super::sources::{Source, Sources};
use super::variables::Variables;
use super::{Deployment, Ecosystem, Package, gateways, paths};
use crate::chart::{Evidence, Service, ServiceIndex, ServiceKind};
use crate::files::Files;
use crate::{FileId, Place};
pub(crate) use command_lines::{commands, inner_commands, preloaded, program_paths, words, written_commands};
pub(crate) use kinds::imported_packages;
pub(crate) use known::is_start_script;
use known::{image_name, normal, unscoped};
use systems::Systems;
pub(crate) use systems::is_for_all;
pub(crate) use undeployed::processes::{is_hosted, receiving as receivers, routed as functions};

mod arguments;
mod code;
mod command_lines;
mod deployed;
mod images;
mod installed;
mod kinds;
pub(crate) mod known;
mod projects;
mod side_by_side;
pub(crate) mod starts;
mod systems;
mod told;
mod undeployed;

/// Everything that finding services looks at, with the maps that keep it linear.
pub(crate) struct Context<'a> {
    pub(crate) files: &'a Files,
    pub(crate) sources: &'a Sources<'a>,
    pub(crate) packages: &'a [Package],
    pub(crate) roots: &'a Roots,
    pub(crate) modules: &'a Modules,
    pub(crate) variables: &'a Variables<'a>,
    /// Positions of Dockerfiles by path.
    pub(crate) dockerfile_at: FxHashMap<&'a str, usize>,
    /// Folders that hold a package or a Dockerfile, by their normal name and by their package's.
    pub(crate) named_folders: FxHashMap<String, Vec<&'a str>>,
    /// Binaries by the name of their target.
    pub(crate) binaries: FxHashMap<&'a str, Vec<CrateId>>,
    /// Binaries by the normal name of their target.
    pub(crate) normal_binaries: FxHashMap<String, Vec<CrateId>>,
    /// Positions of npm manifests by folder.
    pub(crate) npm_at: FxHashMap<&'a str, usize>,
    /// Packages that another one depends on.
    pub(crate) depended: FxHashSet<usize>,
    pub(crate) go: GoCode<'a>,
    /// Which compose files are meant to run together.
    pub(super) systems: Systems<'a>,
}

/// A service while its parts are gathered.
#[derive(Default)]
pub(crate) struct Draft<'a> {
    pub(crate) name: Symbol,
    pub(crate) aliases: BTreeSet<Symbol>,
    /// Names by which others reach it over the network, with the place that says so.
    pub(crate) hosts: Vec<(Symbol, Evidence)>,
    pub(crate) evidence: Vec<Evidence>,
    /// Its entries in compose files, the strongest first, and how strong.
    pub(crate) compose: Vec<(Source<'a, portolan_grammars::manifests::Compose>, &'a ComposeService, u8)>,
    /// Its workloads.
    pub(crate) workloads: Vec<(FileId, &'a str, &'a Workload, &'a Container)>,
    /// What a platform starts of it without an image.
    pub(crate) processes: Vec<(FileId, &'a Process)>,
    /// The Dockerfile it is built by, as a position, and the stage that is run.
    pub(crate) dockerfile: Option<(usize, Option<Symbol>)>,
    /// Its image, variables filled in.
    pub(crate) image: Option<Symbol>,
    /// Build context, as a folder of the workspace.
    pub(crate) context: Option<String>,
    pub(crate) root: String,
    pub(crate) package: Option<usize>,
    pub(crate) entries: Vec<FileId>,
    /// Whether it starts a source file that is not there.
    pub(crate) starts_missing: bool,
    pub(crate) binary: Option<CrateId>,
    pub(crate) third_party: bool,
    /// Whether its image starts another program, and only holds this one too.
    pub(crate) shares_image: bool,
    pub(crate) kind: Option<ServiceKind>,
    pub(crate) commands: Vec<(Symbol, Place)>,
    /// What `portolan.toml` says of it, the strongest last.
    pub(crate) settings: Vec<(Source<'a, Settings>, &'a ServiceSettings)>,
    /// The gateway of the platform that it stands for, if it is none of the workspace's own.
    pub(crate) stands_for: Option<Symbol>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        files: &'a Files,
        sources: &'a Sources<'a>,
        packages: &'a [Package],
        roots: &'a Roots,
        modules: &'a Modules,
        variables: &'a Variables<'a>,
    ) -> Self {
        let dockerfile_at: FxHashMap<&str, usize> =
            sources.dockerfiles.iter().enumerate().map(|(index, source)| (source.path, index)).collect();
        let systems = Systems::of(sources, &dockerfile_at, packages, variables);
        let mut named_folders: FxHashMap<String, Vec<&str>> = FxHashMap::default();
        let mut name = |name: &str, folder: &'a str| {
            let known = named_folders.entry(normal(name)).or_default();
            if !known.contains(&folder) {
                known.push(folder);
            }
        };
        for package in packages {
            name(paths::file_name(package.root.as_str()), package.root.as_str());
            name(unscoped(&package.name), package.root.as_str());
        }
        for source in &sources.dockerfiles {
            name(paths::file_name(source.folder()), source.folder());
        }
        let mut binaries: FxHashMap<&str, Vec<CrateId>> = FxHashMap::default();
        for (index, krate) in modules.crates.iter().enumerate().filter(|(_, krate)| !krate.library) {
            binaries.entry(krate.target.as_str()).or_default().push(CrateId(index as u32));
        }
        let mut normal_binaries: FxHashMap<String, Vec<CrateId>> = FxHashMap::default();
        for (target, ids) in &binaries {
            normal_binaries.entry(normal(target)).or_default().extend(ids);
        }
        normal_binaries.values_mut().for_each(|ids| ids.sort_unstable());
        let npm_at = sources.npm.iter().enumerate().map(|(index, source)| (source.folder(), index)).collect();
        // What the package of a whole workspace names, it gathers for all of them.
        let parts = |package: &&Package| package.ecosystem != Ecosystem::Npm || !package.root.as_str().is_empty();
        let depended = packages.iter().filter(parts).flat_map(|package| package.dependencies.iter().copied()).collect();
        Self {
            files,
            sources,
            packages,
            roots,
            modules,
            variables,
            dockerfile_at,
            named_folders,
            binaries,
            normal_binaries,
            npm_at,
            depended,
            go: GoCode::of(sources),
            systems,
        }
    }

    /// The Dockerfile of a draft.
    pub(crate) fn dockerfile(&self, draft: &Draft<'_>) -> Option<Source<'a, Dockerfile>> {
        draft.dockerfile.as_ref().and_then(|(index, _)| self.sources.dockerfiles.get(*index).copied())
    }
    /// The stage that a draft runs, and the stages it is made from, itself first.
    pub(crate) fn stages(&self, draft: &Draft<'_>) -> Vec<&'a Stage> {
        let Some((index, target)) = &draft.dockerfile else { return Vec::new() };
        self.sources.dockerfiles.get(*index).map_or_else(Vec::new, |source| stage_chain(source.facts, target.as_deref()))
    }
    /// Whether what a draft runs by some name may be a folder's code: it has that name itself, or an image may be made of the folder. Where the
    /// workspace says how images are made at all, it does so in the folder, around it, or in a folder that is for images alone.
    pub(crate) fn may_run(&self, draft: &Draft<'_>, name: &str, folder: &str) -> bool {
        let dockerfiles = || self.sources.dockerfiles.iter().filter(|source| !known::is_example_path(source.path));
        let near = |at: &str| paths::is_within(at, folder) || paths::is_within(folder, at);
        let of_all = |path: &str, at: &str| paths::file_name(path) == "Dockerfile" && code::is_generic(paths::file_name(at));
        let is_made = || dockerfiles().any(|source| near(source.folder()) || of_all(source.path, source.folder()));
        draft.dockerfile.is_some() || normal(name) == normal(&draft.name) || dockerfiles().next().is_none() || is_made()
    }
    /// A Cargo manifest by its file.
    pub(crate) fn cargo(&self, manifest: FileId) -> Option<&Source<'a, CargoManifest>> {
        self.sources.cargo.iter().find(|source| source.file == manifest)
    }
    /// The folder of a binary's package.
    pub(crate) fn root_of(&self, binary: CrateId) -> &str {
        self.modules.krate(binary).map_or("", |krate| self.packages[krate.package].root.as_str())
    }
    /// Whether a folder is that of a library, and of no image: a Cargo package without a binary, or an npm package that others depend on and that
    /// has nothing to start. Nothing that is deployed starts there, whatever it is called.
    pub(crate) fn is_library(&self, folder: &str) -> bool {
        let npm = self.roots.at(folder, Ecosystem::Npm);
        let is_bare = |package| code::default_binary(self, package).is_none();
        let is_used = |package| self.depended.contains(&package) && self.npm_at.get(folder).is_some_and(|at| !self.starts(*at));
        let is_library = match (self.roots.at(folder, Ecosystem::Cargo), npm) {
            (Some(package), None) => is_bare(package),
            (None, Some(package)) => is_used(package),
            _ => false,
        };
        is_library && !self.sources.dockerfiles.iter().any(|source| source.folder() == folder)
    }
    /// Whether an npm manifest has a script or a program by which it is started.
    fn starts(&self, npm: usize) -> bool {
        let npm = self.sources.npm[npm].facts;
        !npm.bins.is_empty() || npm.scripts.iter().any(|script| is_start_script(&script.name))
    }
    /// The binaries of a name; an image or a service may write `-` for `_`.
    pub(crate) fn binaries_named(&self, name: &str) -> &[CrateId] {
        self.binaries.get(name).or_else(|| self.normal_binaries.get(&normal(name))).map_or(&[], Vec::as_slice)
    }
    /// The folder that a name of an image or a service means, when just one does; one of a product before those of examples.
    pub(crate) fn folder_named(&self, name: &str) -> Option<&'a str> {
        let folders = self.named_folders.get(&normal(name))?;
        let mut products = folders.iter().copied().filter(|folder| !known::is_example_path(folder));
        match (products.next(), products.next()) {
            (Some(only), None) => Some(only),
            (None, _) => folders.first().copied().filter(|_| folders.len() == 1),
            _ => None,
        }
    }
}

/// The stage that is run, then those it is made from; the last one's `from` is an image.
pub(crate) fn stage_chain<'a>(dockerfile: &'a Dockerfile, target: Option<&str>) -> Vec<&'a Stage> {
    let stages = &dockerfile.stages;
    let named = |name: &str, before: usize| {
        stages[..before].iter().rposition(|stage| stage.name.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name)))
    };
    let mut at = target.and_then(|target| named(target, stages.len())).or(stages.len().checked_sub(1));
    let mut chain = Vec::new();
    while let Some(index) = at {
        chain.push(&stages[index]);
        at = named(&stages[index].from, index);
    }
    chain
}

/// The services and what they are made of.
pub(crate) struct Services<'a> {
    /// The services, by id.
    pub(crate) services: Vec<Service>,
    /// What each is made of.
    pub(crate) deployments: Vec<Deployment>,
    /// What was gathered of each.
    pub(crate) drafts: Vec<Draft<'a>>,
    /// Places of names in settings that met a service.
    pub(crate) told: FxHashSet<Place>,
    /// Folders in which what code imports tells what sort of process it is, or whether it is one.
    pub(crate) told_by_imports: Vec<String>,
}

/// Finds the services and what they are made of.
pub(crate) fn find<'a>(context: &Context<'a>, problems: &mut Vec<Problem>) -> Services<'a> {
    let images = images::Images::of(context);
    let mut drafts = deployed::find(context, &images);
    for draft in &mut drafts {
        code::locate(context, draft);
    }
    side_by_side::split(context, &mut drafts);
    share_roots(context, &mut drafts);
    let mut drafts = deployed::merge_same_code(drafts);
    deployed::leave_repeated_out(&mut drafts);
    deployed::leave_steps_out(&mut drafts);
    let drafts = deployed::merge_twins(drafts);
    let drafts = merge_deployments(drafts);
    let mut drafts = deployed::merge_replicas(context, drafts);
    told::place(context, &mut drafts, problems);
    undeployed::add(context, &images, &mut drafts);
    gateways::objects::add(context, &mut drafts);
    let told = told::describe(context, &mut drafts);
    make_unique(&mut drafts);
    drafts.sort_by(|left, right| left.name.cmp(&right.name));
    let languages = kinds::languages(context, &drafts);
    let imports = kinds::imports(context, &drafts, &languages);
    let by_kind = drafts.iter().zip(&imports).filter(|(_, imports)| imports.is_some()).map(|(draft, _)| draft.root.clone());
    let told_by_imports = by_kind.chain(undeployed::told_by_imports(context)).collect();
    let (services, deployments, drafts) = finish(context, drafts, &languages, &imports);
    Services { services, deployments, drafts, told, told_by_imports }
}

/// A root that several drafts claim by their build context alone belongs to none of them.
fn share_roots(context: &Context<'_>, drafts: &mut [Draft<'_>]) {
    let mut claims: FxHashMap<String, usize> = FxHashMap::default();
    for draft in drafts.iter().filter(|draft| !draft.third_party) {
        *claims.entry(draft.root.clone()).or_default() += 1;
    }
    for draft in drafts.iter_mut().filter(|draft| !draft.third_party) {
        if claims.get(&draft.root).is_some_and(|count| *count > 1)
            && draft.binary.is_none()
            && let Some(folder) = context.folder_named(&draft.name)
            && folder != draft.root
            && paths::is_within(folder, &draft.root)
        {
            draft.root = folder.to_owned();
            draft.package = None;
            draft.entries.clear();
            code::settle_package(context, draft);
        }
    }
}

/// A package that compose deploys once and Kubernetes once is one service, whatever each calls it; so is what several compose files build of one
/// folder in one way, which is called as the outermost of them calls it.
fn merge_deployments(drafts: Vec<Draft<'_>>) -> Vec<Draft<'_>> {
    let is_known = |draft: &Draft<'_>| !draft.third_party && !draft.root.is_empty();
    let by_package = groups(&drafts, |draft| draft.package.filter(|_| is_known(draft)).map(|package| (package, draft.binary)));
    let by_folder = groups(&drafts, |draft| is_known(draft).then_some((draft.root.as_str(), draft.binary, draft.dockerfile.as_ref()?)));
    let mut into: BTreeMap<usize, usize> = BTreeMap::new();
    for of in by_package {
        if let [first, second] = of[..]
            && is_deployed_elsewhere(&drafts[first], &drafts[second])
        {
            into.insert(second, first);
        }
    }
    for mut of in by_folder {
        of.sort_by_key(|at| outermost(&drafts[*at]));
        let Some((own, others)) = of.split_first() else { continue };
        let alike = others.iter().filter(|other| is_built_alike(&drafts[*own], &drafts[**other]));
        into.extend(alike.map(|other| (*other, *own)));
    }
    let mut merged: Vec<Option<Draft<'_>>> = drafts.into_iter().map(Some).collect();
    for (from, to) in into {
        let Some(mut from) = merged[from].take() else { continue };
        // By the name of another service, others mean that one.
        if merged.iter().flatten().any(|other| other.name == from.name) {
            from.hosts.retain(|(host, _)| *host != from.name);
            from.name = merged[to].as_ref().map_or_else(Symbol::default, |to| to.name.clone());
        }
        if let Some(to) = merged[to].as_mut() {
            deployed::absorb(to, from);
        }
    }
    merged.into_iter().flatten().collect()
}

/// How far down the outermost compose file of a draft lies, and whether the draft is not called like its folder.
fn outermost(draft: &Draft<'_>) -> (usize, bool) {
    let depth = draft.compose.iter().map(|(source, ..)| paths::upwards(source.folder()).count()).min();
    (depth.unwrap_or(usize::MAX), draft.name != paths::file_name(&draft.root))
}

/// The positions of drafts that have something in common.
fn groups<'d, 'a, K: Hash + Eq>(drafts: &'d [Draft<'a>], key: impl Fn(&'d Draft<'a>) -> Option<K>) -> Vec<Vec<usize>> {
    let mut by_key: FxHashMap<K, Vec<usize>> = FxHashMap::default();
    for (at, draft) in drafts.iter().enumerate() {
        if let Some(key) = key(draft) {
            by_key.entry(key).or_default().push(at);
        }
    }
    by_key.into_values().filter(|of| of.len() > 1).collect()
}

/// Whether only compose deploys one of two, and only Kubernetes the other.
fn is_deployed_elsewhere(one: &Draft<'_>, other: &Draft<'_>) -> bool {
    let is_apart = |draft: &Draft<'_>| draft.compose.is_empty() != draft.workloads.is_empty();
    is_apart(one) && is_apart(other) && one.compose.is_empty() != other.compose.is_empty() && one.kind == other.kind
}

/// Whether different compose files build two in one way, and start them so.
fn is_built_alike(one: &Draft<'_>, other: &Draft<'_>) -> bool {
    let starts = |draft: &Draft<'_>| {
        // A command of no words, as `.`, starts what the image starts.
        let is_command = |said: &&Spanned<Symbol>| said.value.contains(char::is_alphanumeric);
        let text = |said: &Option<Spanned<Symbol>>| said.as_ref().filter(is_command).map(|said| said.value.clone());
        let arguments = |service: &ComposeService| -> Vec<(Symbol, Option<Symbol>)> {
            service.build_args.iter().map(|argument| (argument.name.clone(), argument.value.clone())).collect()
        };
        draft.compose.first().map(|(_, service, _)| (text(&service.command), text(&service.entrypoint), arguments(service)))
    };
    let files = |draft: &Draft<'_>| -> FxHashSet<FileId> { draft.compose.iter().map(|(source, ..)| source.file).collect() };
    one.entries == other.entries && starts(one).is_some() && starts(one) == starts(other) && files(one).is_disjoint(&files(other))
}

/// Gives each draft a name of its own. Of several of one name, the one whose folder is called so keeps it; another that no manifest deploys is
/// called like its folder.
fn make_unique(drafts: &mut [Draft<'_>]) {
    let mut seen: FxHashSet<Symbol> = FxHashSet::default();
    let all: FxHashSet<Symbol> = drafts.iter().map(|draft| draft.name.clone()).collect();
    let is_in_place = |draft: &Draft<'_>| normal(paths::file_name(&draft.root)) == normal(&draft.name);
    let is_deployed = |draft: &Draft<'_>| !draft.compose.is_empty() || !draft.workloads.is_empty();
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|at| (!is_deployed(&drafts[*at]), drafts[*at].third_party, !is_in_place(&drafts[*at])));
    for at in order {
        let draft = &mut drafts[at];
        let plain = draft.name.clone();
        let mut count = 1;
        while !seen.insert(draft.name.clone()) {
            // What others wrote has no folder but that of who deploys it.
            let deploying = || draft.compose.first().map_or("", |(source, ..)| deployed::part(source.folder()));
            let folder = paths::file_name(if draft.root.is_empty() { deploying() } else { &draft.root });
            let says_more = count == 1 && !folder.is_empty() && normal(folder) != normal(&plain);
            let is_free = says_more && !known::is_layout_folder(folder) && !all.contains(folder) && !is_deployed(draft);
            draft.name = match () {
                () if is_free && !seen.contains(folder) => folder.into(),
                () if says_more => format!("{folder}-{plain}").into(),
                () => format!("{plain}-{}", count + 1).into(),
            };
            draft.aliases.insert(plain.clone());
            count += 1;
        }
    }
}

fn finish<'a>(
    context: &Context<'a>,
    mut drafts: Vec<Draft<'a>>,
    languages: &[Vec<Symbol>],
    imports: &[Option<FxHashSet<&str>>],
) -> (Vec<Service>, Vec<Deployment>, Vec<Draft<'a>>) {
    let mut groups: FxHashMap<String, u32> = FxHashMap::default();
    let mut running: FxHashMap<usize, u32> = FxHashMap::default();
    for package in drafts.iter().filter(|draft| !draft.third_party).filter_map(|draft| draft.package) {
        *running.entry(package).or_default() += 1;
    }
    let mut services = Vec::with_capacity(drafts.len());
    let mut deployments = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter_mut().enumerate() {
        code::commands(context, draft);
        let kind = kinds::kind(context, draft, imports[index].as_ref());
        let mut aliases = std::mem::take(&mut draft.aliases);
        if !draft.third_party {
            if let Some((at, package)) = draft.package.map(|package| (package, &context.packages[package])) {
                // One of several applications within a package is not called like the package.
                let shared = match draft.binary {
                    Some(binary) => context.modules.krate(binary).is_some_and(|krate| krate.target != package.name),
                    None => package.root != draft.root && running.get(&at).is_some_and(|services| *services > 1),
                };
                if !shared {
                    aliases.insert(unscoped(&package.name).into());
                }
            }
            let called_so = draft.binary.is_none_or(|binary| is_called_like_folder(context, binary, &draft.root));
            if called_so && !draft.root.is_empty() && !known::is_layout_folder(paths::file_name(&draft.root)) {
                aliases.insert(paths::file_name(&draft.root).into());
            }
        }
        aliases.retain(|alias| *alias != draft.name && !alias.is_empty() && !alias.contains('$'));
        draft.evidence.sort();
        draft.evidence.dedup();
        // What deploys it comes before what it is built from.
        let deployed: Vec<FileId> =
            draft.compose.iter().map(|(source, ..)| source.file).chain(draft.workloads.iter().map(|(file, ..)| *file)).collect();
        draft.evidence.sort_by_key(|evidence| deployed.iter().position(|file| *file == evidence.place.file).unwrap_or(usize::MAX));
        let group_key = match (draft.package, &draft.image) {
            (Some(package), _) => format!("package {package}"),
            (None, Some(image)) if !draft.third_party => format!("image {image}"),
            _ => format!("service {index}"),
        };
        let next = groups.len() as u32;
        let group = *groups.entry(group_key).or_insert(next);
        services.push(Service {
            id: draft.name.clone(),
            name: draft.name.clone(),
            aliases: aliases.iter().cloned().collect(),
            root: draft.root.as_str().into(),
            languages: languages[index].clone(),
            kind,
            third_party: draft.third_party,
            owners: Vec::new(),
            evidence: draft.evidence.clone(),
        });
        deployments.push(Deployment {
            package: draft.package,
            entries: draft.entries.clone(),
            starts_missing: draft.starts_missing,
            starts: starts::of(context, draft),
            environment: FxHashMap::default(),
            env_files: env_files(context, draft),
            mounts: Default::default(),
            ports: ports(context, draft),
            commands: draft.commands.clone(),
            arguments: arguments::of(context, draft),
            made_on: context.stages(draft).iter().map(|stage| code::with_build_args(context, draft, &stage.from)).collect(),
            limited_by_mesh: false,
            agent: agent(draft),
            group,
        });
    }
    (services, deployments, drafts)
}

/// Whether a program is the only one of its package and called like its folder, with words of the product before that: `shop-stock-service` in
/// `stock-service`.
fn is_called_like_folder(context: &Context<'_>, binary: CrateId, root: &str) -> bool {
    let Some(program) = context.modules.krate(binary) else { return false };
    let programs = context.modules.crates.iter().filter(|krate| !krate.library && krate.package == program.package).count();
    let (name, folder) = (program.target.replace('_', "-"), paths::file_name(root).replace('_', "-"));
    programs == 1 && name.strip_suffix(&folder).is_some_and(|before| before.is_empty() || before.ends_with('-'))
}

/// The dotenv files that compose files give a draft and that are not in the workspace.
fn env_files(context: &Context<'_>, draft: &Draft<'_>) -> Vec<Symbol> {
    let given = draft.compose.iter().flat_map(|(source, service, _)| service.env_files.iter().map(|path| (source.folder(), path)));
    let paths = given.filter_map(|(folder, path)| paths::join(folder, &context.variables.fill(folder, &path.value)));
    let absent = paths.filter(|path| context.variables.file_at(path).is_none());
    absent.map(Symbol::from).collect()
}

/// Where a workload asks the OpenTelemetry operator for an agent.
fn agent(draft: &Draft<'_>) -> Option<Place> {
    let asks = |(name, value): &(Symbol, Symbol)| name.starts_with("instrumentation.opentelemetry.io/inject-") && value != "false";
    let workload = draft.workloads.iter().find(|(_, _, workload, _)| workload.annotations.iter().any(asks));
    workload.map(|(file, _, workload, _)| Place { file: *file, range: workload.name.range })
}

fn ports(context: &Context<'_>, draft: &Draft<'_>) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    // What stands in front of the programs of an image listens where the image does.
    for (source, service, _) in draft.compose.iter().filter(|_| !draft.shares_image) {
        let written = service.ports.iter().map(|port| &port.container).chain(service.expose.iter().map(|port| &port.value));
        found.extend(written.map(|port| context.variables.fill(source.folder(), port)));
    }
    found.extend(draft.workloads.iter().flat_map(|(.., container)| container.ports.iter().map(|port| port.value.clone())));
    found.extend(
        context
            .stages(draft)
            .first()
            .filter(|_| !draft.shares_image)
            .into_iter()
            .flat_map(|stage| stage.expose.iter().map(|port| port.value.clone())),
    );
    let mut ports: Vec<Symbol> = found.into_iter().map(|port| port.split('/').next().unwrap_or_default().into()).collect();
    ports.retain(|port: &Symbol| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    ports.sort();
    ports.dedup();
    ports
}

/// Evidence for a service.
pub(crate) fn evidence(what: impl Into<String>, file: FileId, range: TextRange) -> Evidence {
    Evidence { what: what.into(), place: Place { file, range } }
}

/// The position of a service in the list.
pub(crate) fn index(at: usize) -> ServiceIndex {
    ServiceIndex(at as u32)
}

/// Whether a package is of Cargo.
pub(crate) fn is_cargo(package: &Package) -> bool {
    package.ecosystem == Ecosystem::Cargo
}

/// Names that an image goes by: its last part, also without the name of its owner before it (`acme/acme-stock`), and the end or the beginning of a
/// tag that tells images of one repository apart: `latest-stock`, `stock-1.2`.
pub(crate) fn image_names(image: &str) -> Vec<String> {
    let mut names = vec![image_name(image)];
    let of_owner = known::image_owner(image).and_then(|owner| names[0].strip_prefix(owner)?.strip_prefix(['-', '_']));
    names.extend(of_owner.filter(|name| !name.is_empty()).map(str::to_owned));
    let Some(tag) = known::image_tag(image) else { return names };
    names.extend(tag.split_once('-').filter(|(_, end)| !is_version(end)).map(|(_, end)| end.to_owned()));
    names.extend(tag.rsplit_once('-').filter(|(_, version)| is_version(version)).map(|(beginning, _)| beginning.to_owned()));
    names
}

/// Whether a word says which of an image's versions is meant.
fn is_version(word: &str) -> bool {
    let number = word.strip_prefix('v').unwrap_or(word);
    matches!(word, "latest" | "main" | "master" | "edge" | "stable" | "nightly" | "dev" | "prod")
        || number.starts_with(|first: char| first.is_ascii_digit()) && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests;
