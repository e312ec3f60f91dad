//! The manifests of a workspace, sorted by format and path.
//!
//! Invariant: whatever the order files came in, manifests are seen in the order of their paths.

use camino::Utf8Path;
use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::settings::Settings;
use portolan_grammars::manifests::{
    self, Builds, Caddy, CargoManifest, Compose, Connector, Dockerfile, DotEnv, Envoy, GoFile, Kong, Kubernetes, Manifest, ManifestFormat,
    Nginx, NpmManifest, PnpmWorkspace, Processes, Project, Proto, ProxyConf, TsConfig,
};

use rustc_hash::{FxHashMap, FxHashSet};

use super::modules::package_name;
use super::paths;
use crate::FileId;
use crate::files::Files;

/// A manifest in its file.
#[derive(Debug)]
pub(crate) struct Source<'a, T> {
    /// The file.
    pub(crate) file: FileId,
    /// Its path.
    pub(crate) path: &'a str,
    /// What it says.
    pub(crate) facts: &'a T,
}

impl<T> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Source<'_, T> {}

impl<'a, T> Source<'a, T> {
    /// The folder it lies in.
    pub(crate) fn folder(&self) -> &'a str {
        paths::folder(self.path)
    }
    /// Whether its name alone says that it is of a format.
    pub(crate) fn is_called(&self, format: ManifestFormat) -> bool {
        manifests::format_of(Utf8Path::new(self.path)) == Some(format)
    }
}

/// All manifests, by format.
#[derive(Debug, Default)]
pub(crate) struct Sources<'a> {
    pub(crate) compose: Vec<Source<'a, Compose>>,
    pub(crate) kubernetes: Vec<Source<'a, Kubernetes>>,
    pub(crate) dockerfiles: Vec<Source<'a, Dockerfile>>,
    pub(crate) dotenv: Vec<Source<'a, DotEnv>>,
    pub(crate) cargo: Vec<Source<'a, CargoManifest>>,
    pub(crate) npm: Vec<Source<'a, NpmManifest>>,
    /// What nodemon runs.
    pub(crate) nodemon: Vec<Source<'a, Symbol>>,
    pub(crate) pnpm: Vec<Source<'a, PnpmWorkspace>>,
    pub(crate) tsconfig: Vec<Source<'a, TsConfig>>,
    pub(crate) nginx: Vec<Source<'a, Nginx>>,
    pub(crate) envoy: Vec<Source<'a, Envoy>>,
    pub(crate) caddy: Vec<Source<'a, Caddy>>,
    pub(crate) kong: Vec<Source<'a, Kong>>,
    pub(crate) proxy_confs: Vec<Source<'a, ProxyConf>>,
    pub(crate) settings: Vec<Source<'a, Settings>>,
    pub(crate) builds: Vec<Source<'a, Builds>>,
    pub(crate) projects: Vec<Source<'a, Project>>,
    pub(crate) processes: Vec<Source<'a, Processes>>,
    pub(crate) protos: Vec<Source<'a, Proto>>,
    pub(crate) go: Vec<Source<'a, GoFile>>,
    /// Paths of Go's modules.
    pub(crate) go_modules: Vec<Source<'a, Symbol>>,
    /// Connectors of Kafka Connect.
    pub(crate) connectors: Vec<&'a Connector>,
    /// Configuration files by path.
    pub(crate) configs: FxHashMap<&'a str, FileId>,
    /// Names of Helm charts.
    pub(crate) charts: Vec<Source<'a, Symbol>>,
}

impl<'a> Sources<'a> {
    /// A deployment manifest within the `src` folder of a package is what that package writes for others: a generator's template.
    fn leave_out_templates(&mut self) {
        let packages: FxHashSet<&str> =
            self.npm.iter().map(Source::folder).chain(self.cargo.iter().map(Source::folder)).filter(|folder| !folder.is_empty()).collect();
        let is_template = |path: &str| {
            let inner = path.match_indices("/src/").any(|(at, _)| packages.contains(&path[..at]));
            // The source folder of a workspace of services has packages of its own; then the manifest is theirs.
            inner && !packages.contains(paths::folder(path))
        };
        self.compose.retain(|source| !is_template(source.path));
        self.dockerfiles.retain(|source| !is_template(source.path));
        self.kubernetes.retain(|source| !is_template(source.path));
    }

    /// Puts what templates of charts say in place of the templates.
    pub(crate) fn fill_in(&mut self, rendered: &'a FxHashMap<FileId, Kubernetes>) {
        for source in &mut self.kubernetes {
            if let Some(facts) = rendered.get(&source.file) {
                source.facts = facts;
            }
        }
    }

    /// Puts manifests of npm packages that say more in place of those that they are made of.
    pub(crate) fn replace(&mut self, with: &'a FxHashMap<&'a str, (FileId, NpmManifest)>) {
        for source in &mut self.npm {
            if let Some((_, facts)) = with.get(source.folder()).filter(|(file, _)| *file == source.file) {
                source.facts = facts;
            }
        }
    }

    /// Manifests of packages that name no dependencies and are not published, by their folders, with what they import of the dependencies of the
    /// packages around them: that is where Node finds it.
    pub(crate) fn inheriting(&self, files: &Files) -> FxHashMap<&'a str, (FileId, NpmManifest)> {
        let by_folder: FxHashMap<&str, &NpmManifest> = self.npm.iter().map(|source| (source.folder(), source.facts)).collect();
        let has_none = |npm: &NpmManifest| npm.dependencies.is_empty() && npm.dev_dependencies.is_empty() && !npm.scripts.is_empty();
        let is_own = |npm: &NpmManifest| npm.private || npm.entries.is_empty() && npm.bins.is_empty() && npm.exports.is_empty();
        let around = |folder: &'a str| paths::upwards(folder).skip(1).filter_map(|folder| by_folder.get(folder));
        let mut found = FxHashMap::default();
        for source in self.npm.iter().filter(|source| has_none(source.facts) && is_own(source.facts)) {
            if around(source.folder()).any(|npm| !npm.dependencies.is_empty()) {
                found.insert(source.folder(), (source.file, source.facts.clone()));
            }
        }
        if found.is_empty() {
            return found;
        }
        for (_, path, facts) in files.iter() {
            let Some(facts) = facts.source() else { continue };
            let nearest = paths::upwards(paths::folder(path.as_str())).find_map(|folder| by_folder.get_key_value(folder));
            let Some((folder, (_, own))) = nearest.and_then(|(folder, _)| Some((*folder, found.get_mut(*folder)?))) else { continue };
            for import in facts.imports.iter().filter(|import| !import.type_only) {
                let Some((package, _)) = package_name(&import.source) else { continue };
                let mut offered = around(folder).flat_map(|npm| &npm.dependencies);
                own.dependencies.extend(offered.find(|(name, _)| name == package).cloned());
            }
        }
        for (_, npm) in found.values_mut() {
            npm.dependencies.sort();
            npm.dependencies.dedup();
        }
        found
    }

    /// The name of the chart that a file is part of.
    pub(crate) fn chart_around(&self, path: &str) -> Option<&'a str> {
        paths::upwards(paths::folder(path))
            .find_map(|folder| Some(self.charts.iter().find(|chart| chart.folder() == folder)?.facts.as_str()))
    }

    /// Finds all manifests among the files.
    pub(crate) fn of(files: &'a Files) -> Self {
        let mut sources = Self::default();
        for (file, path, facts) in files.iter() {
            let path = path.as_str();
            let Some(manifest) = facts.manifest() else { continue };
            match manifest {
                Manifest::Compose(facts) => sources.compose.push(Source { file, path, facts }),
                Manifest::Kubernetes(facts) => sources.kubernetes.push(Source { file, path, facts }),
                Manifest::Dockerfile(facts) => sources.dockerfiles.push(Source { file, path, facts }),
                Manifest::DotEnv(facts) => sources.dotenv.push(Source { file, path, facts }),
                Manifest::Cargo(facts) => sources.cargo.push(Source { file, path, facts }),
                Manifest::Npm(facts) => sources.npm.push(Source { file, path, facts }),
                Manifest::Nodemon(facts) => sources.nodemon.push(Source { file, path, facts }),
                Manifest::PnpmWorkspace(facts) => sources.pnpm.push(Source { file, path, facts }),
                Manifest::TsConfig(facts) => sources.tsconfig.push(Source { file, path, facts }),
                Manifest::Nginx(facts) => sources.nginx.push(Source { file, path, facts }),
                Manifest::Caddy(facts) => sources.caddy.push(Source { file, path, facts }),
                Manifest::Kong(facts) => sources.kong.push(Source { file, path, facts }),
                Manifest::ProxyConf(facts) => sources.proxy_confs.push(Source { file, path, facts }),
                Manifest::Envoy(facts) => sources.envoy.push(Source { file, path, facts }),
                Manifest::Settings(facts) => sources.settings.push(Source { file, path, facts }),
                Manifest::Builds(facts) => sources.builds.push(Source { file, path, facts }),
                Manifest::Projects(all) => sources.projects.extend(all.iter().map(|facts| Source { file, path, facts })),
                Manifest::Processes(facts) => sources.processes.push(Source { file, path, facts }),
                Manifest::Proto(facts) => sources.protos.push(Source { file, path, facts }),
                Manifest::Go(facts) => sources.go.push(Source { file, path, facts }),
                Manifest::GoModule(facts) => sources.go_modules.push(Source { file, path, facts }),
                Manifest::Prisma(_) | Manifest::Sql(_) | Manifest::OpenApi(_) => {}
                Manifest::Model(_) | Manifest::CodeOwners(_) | Manifest::Baseline(_) => {}
                Manifest::HelmChart(facts) => sources.charts.push(Source { file, path, facts }),
                Manifest::Config(_) => {
                    sources.configs.insert(path, file);
                }
                Manifest::Connector(facts) => sources.connectors.push(facts),
                Manifest::HelmValues(_) | Manifest::HelmHelpers(_) => {}
            }
        }
        sources.leave_out_templates();
        sort(&mut sources.compose);
        sort(&mut sources.kubernetes);
        sort(&mut sources.dockerfiles);
        sort(&mut sources.dotenv);
        sort(&mut sources.cargo);
        sort(&mut sources.npm);
        sort(&mut sources.nodemon);
        sort(&mut sources.pnpm);
        sort(&mut sources.tsconfig);
        sort(&mut sources.nginx);
        sort(&mut sources.envoy);
        sort(&mut sources.caddy);
        sort(&mut sources.kong);
        sort(&mut sources.proxy_confs);
        sort(&mut sources.settings);
        sort(&mut sources.builds);
        sort(&mut sources.projects);
        sort(&mut sources.processes);
        sort(&mut sources.protos);
        sort(&mut sources.go);
        sort(&mut sources.go_modules);
        sources
    }
}

fn sort<T>(sources: &mut [Source<'_, T>]) {
    sources.sort_by_key(|source| source.path);
}
