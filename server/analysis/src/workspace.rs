//! Packages, services, environments and hosts: what the manifests say the workspace is made of.
//!
//! Here lives all that follows from manifests and paths alone. What deliberately does not: values of code; which clients are generated, code says,
//! and who builds a workspace hands in. Invariant: two equal sets of manifests and paths make equal workspaces.

mod charts;
mod copies;
mod environment;
mod features;
mod gateways;
mod go;
mod hosts;
pub mod modules;
mod mounts;
mod nodemon;
mod owners;
pub(crate) mod packages;
pub(crate) mod paths;
pub(crate) mod platform_hosts;
pub mod prisma;
pub(crate) mod ranges;
mod registered;
pub(crate) mod services;
pub mod settings;
pub(crate) mod sources;
mod variables;

pub(crate) use hosts::{ADDRESS_WORDS, is_local};
pub use hosts::{HostMatch, NameKind};
pub use mounts::Mounts;
pub use registered::Registered;

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Connector, FunctionMessages};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::chart::{Evidence, Service, ServiceIndex};
use crate::files::Files;
use crate::rewrite::{PathMatch, Step};
use crate::{FileId, Place};

/// What the manifests say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workspace {
    /// Cargo and npm packages.
    pub packages: Vec<Package>,
    /// Which file a module name means.
    pub modules: modules::Modules,
    /// Services, by id; third-party images too.
    pub services: Vec<Service>,
    /// What each service's process is made of, in the order of `services`.
    pub deployments: Vec<Deployment>,
    /// Gateway routes of manifests: nginx, envoy, Ingress and the like.
    pub gateways: Vec<GatewayRoute>,
    /// Prisma's schemas.
    pub prisma: prisma::PrismaSchemas,
    /// Host names in lower case (and `host:port` where only the port tells) → services; [`Workspace::service_of_host`] weighs them.
    pub hosts: FxHashMap<Symbol, Vec<ServiceIndex>>,
    /// What `portolan.toml` files settle.
    pub settings: settings::Settled,
    /// What of files that are written for Portolan alone cannot be as it is written, seen from the file or from the whole workspace, and what of
    /// charts' templates cannot be read once they are filled in; by place.
    pub problems: Vec<settings::Problem>,
    /// The documents that clients are generated of, by the ids of what those are in the catalog.
    pub documents: FxHashMap<Symbol, FileId>,
    /// Configuration files of services by path.
    pub config_files: FxHashMap<Symbol, FileId>,
    /// Connectors of Kafka Connect.
    pub connectors: Vec<Connector>,
    /// Servers of rpcs that services in Go register.
    pub registered: Vec<Registered>,
    /// Functions that a platform asks by routes, by the file that has them.
    pub functions: FxHashMap<FileId, Vec<PlatformFunction>>,
    /// Functions that a platform hands messages to, likewise.
    pub receivers: FxHashMap<FileId, Vec<PlatformReceiver>>,
    /// Folders in which what code imports tells what sort of process it is, or whether it is one.
    told_by_imports: Vec<String>,
    roots: packages::Roots,
    names: hosts::Hosts,
    features: features::Features,
}

/// A Cargo or npm package.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Its name; Cargo's with `-` as written.
    pub name: Symbol,
    /// Its folder.
    pub root: Utf8PathBuf,
    /// Its manifest.
    pub manifest: FileId,
    /// Cargo or npm.
    pub ecosystem: Ecosystem,
    /// Packages of the workspace that it depends on (not for tests alone), as positions in `packages`.
    pub dependencies: Vec<usize>,
    /// Names of all npm packages that it depends on, also while it is developed.
    pub npm_dependencies: FxHashSet<Symbol>,
    /// The one SQL dialect for which features of its Cargo dependencies are on.
    pub sql_dialect: Option<&'static str>,
}

/// Whose package it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ecosystem {
    /// Cargo.
    Cargo,
    /// npm, pnpm, yarn.
    Npm,
}

/// What a service's process is made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    /// The package it runs, as a position in `packages`.
    pub package: Option<usize>,
    /// The source files it starts from, where known: a Rust binary's root, a script named by a command.
    pub entries: Vec<FileId>,
    /// Whether it starts a source file that is not there: of the code around nothing tells what runs.
    pub starts_missing: bool,
    /// The source files that its process may start from, those of `entries` among them; empty where that is not known.
    pub starts: Vec<FileId>,
    /// Its environment: name → value with its place, the strongest source first, variables filled in as far as known.
    pub environment: FxHashMap<Symbol, Vec<EnvValue>>,
    /// Paths of the dotenv files that compose files give it and that say nothing: they are not in the workspace.
    pub env_files: Vec<Symbol>,
    /// What it sees of the workspace's files.
    pub mounts: Mounts,
    /// Ports it listens on, as the manifests say.
    pub ports: Vec<Symbol>,
    /// Command lines it is started with (compose, Dockerfile, package.json scripts they name), for agent flags.
    pub commands: Vec<(Symbol, Place)>,
    /// The words behind its Rust binary's name, of each command line that starts it; empty where one of them is not known.
    pub arguments: Vec<Vec<Symbol>>,
    /// The images that its own is made on, as far as build arguments are known.
    pub made_on: Vec<Symbol>,
    /// Whether a mesh ends each request to it that takes too long.
    pub limited_by_mesh: bool,
    /// Where an agent is asked for that the OpenTelemetry operator puts into the process.
    pub agent: Option<Place>,
    /// Group of services that are one bounded context: same image, or same package.
    pub group: u32,
}

/// One value of an environment variable.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvValue {
    /// The value.
    pub value: Symbol,
    /// Where it is set.
    pub place: Place,
    /// How strong its source is: the manifest that deploys it is 0, then `env_file` and `.env` 1, an example or development file 2,
    /// what a cluster alone fills in 3.
    pub rank: u8,
}

/// A function that a platform asks by a route.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformFunction {
    /// What of its file is called.
    pub exported: Symbol,
    /// `http.request.method` in upper case, `*` for all.
    pub method: Symbol,
    /// The route.
    pub path: Symbol,
}

/// A function that a platform hands messages to.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformReceiver {
    /// What of its file is called.
    pub exported: Symbol,
    /// Where the messages come from.
    pub messages: FunctionMessages,
}

/// A rule by which a gateway passes requests on.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayRoute {
    /// The gateway.
    pub gateway: ServiceIndex,
    /// Public hosts that it is for, in lower case; none for any. `*.example.com` is everything below, `*` whatever no other rule names.
    pub hosts: Vec<Symbol>,
    /// Which paths it takes.
    pub matched: PathMatch,
    /// Of the rules of one gateway that take a path, the one of the highest rank counts.
    pub rank: u32,
    /// What becomes of the path, in order.
    pub steps: Vec<Step>,
    /// The target's URL or `host:port`, variables of the gateway's environment filled in.
    pub target: Symbol,
    /// Whether only a development server has it.
    pub development: bool,
    /// Where it stands.
    pub evidence: Evidence,
}

impl Workspace {
    /// Reads all manifests among the files.
    pub fn build(files: &Files) -> Self {
        let (rendered, mut problems) = charts::render(files);
        let mut sources = sources::Sources::of(files);
        sources.fill_in(&rendered);
        let inheriting = sources.inheriting(files);
        sources.replace(&inheriting);
        let watching = nodemon::watching(&sources);
        sources.replace(&watching);
        let packages = packages::find(&sources);
        let roots = packages::Roots::of(&packages);
        let prisma = prisma::PrismaSchemas::of(files, &sources.npm, &sources.compose);
        let mut modules = modules::Modules::from_sources(files, &sources, &packages, &prisma);
        modules.set_house_made(files, &sources, &packages, &mut problems);
        let variables = variables::Variables::of(&sources);
        let context = services::Context::new(files, &sources, &packages, &roots, &modules, &variables);
        let services::Services { mut services, mut deployments, drafts, told, mut told_by_imports } =
            services::find(&context, &mut problems);
        told_by_imports.extend(inheriting.keys().map(|folder| (*folder).to_owned()));
        told_by_imports.sort_unstable();
        owners::tell(files, &mut services);
        for (deployment, environment) in deployments.iter_mut().zip(environment::of(&context, &drafts)) {
            deployment.environment = environment;
        }
        for (deployment, draft) in deployments.iter_mut().zip(&drafts) {
            deployment.mounts = Mounts::of(&context, draft);
        }
        let gateways = gateways::of(&context, &drafts, &deployments);
        let names = hosts::Hosts::of(&context, &drafts, &services, &deployments, &gateways);
        let settings = settings::Settled::of(&context, &drafts, &services, &told, &mut problems);
        problems.extend(settings::own_problems(files));
        problems.sort_by_key(|problem| problem.place);
        let config_files = sources.configs.iter().map(|(path, file)| (Symbol::new(path), *file)).collect();
        let hosts = names.table();
        let functions = services::functions(&context, &drafts);
        let receivers = services::receivers(&context, &drafts);
        let registered = registered::of(&context, &drafts);
        let connectors = sources.connectors.iter().map(|connector| (*connector).clone()).collect();
        let features = features::Features::of(&context, &services, &deployments);
        let limited: Vec<&Symbol> = sources.kubernetes.iter().flat_map(|source| &source.facts.limited_hosts).collect();
        let mut workspace = Self {
            hosts,
            services,
            deployments,
            gateways,
            prisma,
            packages,
            modules,
            settings,
            problems,
            documents: FxHashMap::default(),
            config_files,
            connectors,
            registered,
            functions,
            receivers,
            told_by_imports,
            roots,
            names,
            features,
        };
        copies::join(files, &mut workspace, &sources.nginx);
        for host in limited {
            if let HostMatch::One(service, ..) = workspace.service_of_host(host, None) {
                workspace.deployments[service.index()].limited_by_mesh = true;
            }
        }
        workspace
    }
    /// Whether what a file imports may tell what sort of process a service is, or whether it is one.
    pub fn asks_for_imports(&self, path: &Utf8Path) -> bool {
        self.told_by_imports.iter().any(|folder| paths::is_within(path.as_str(), folder))
    }
    /// A package and all that it depends on, as positions in `packages`.
    pub fn with_dependencies(&self, package: Option<usize>) -> FxHashSet<usize> {
        let mut all = FxHashSet::default();
        let mut open: Vec<usize> = package.into_iter().collect();
        while let Some(next) = open.pop() {
            if all.insert(next) {
                open.extend(self.packages[next].dependencies.iter().copied());
            }
        }
        all
    }
    /// The configuration file at a path, whose ending may be left out.
    pub fn config_at(&self, path: &str) -> Option<FileId> {
        let endings = ["", ".toml", ".yaml", ".yml", ".json"];
        endings.iter().find_map(|ending| self.config_files.get(format!("{path}{ending}").as_str()).copied())
    }
    /// The configuration file that a service's process finds under a path.
    pub fn config_of(&self, service: ServiceIndex, path: &str) -> Option<FileId> {
        self.deployments[service.index()].mounts.places(path).iter().find_map(|path| self.config_at(path))
    }
    /// Whether a feature is on of the package that a Rust file belongs to; `None` where some builds have it, and some not.
    pub fn has_feature(&self, path: &Utf8Path, feature: &str) -> Option<bool> {
        self.features.is_on(self.package_of(path)?, feature)
    }
    /// The package that a file belongs to, as a position in `packages`: the deepest one whose folder is around it.
    pub fn package_of(&self, path: &Utf8Path) -> Option<usize> {
        self.roots.of_file(path)
    }
}
