//! The Cargo and npm packages of a workspace and how they depend on each other.
//!
//! What deliberately does not live here: which file a module name means, that is [`super::modules`]. Invariant: packages are sorted by their
//! folder, Cargo before npm.

use camino::Utf8Path;
use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{CargoDependency, CargoManifest, NpmManifest};
use rustc_hash::{FxHashMap, FxHashSet};

use super::ranges::may_satisfy;
use super::sources::{Source, Sources};
use super::{Ecosystem, Package, paths};
use crate::FileId;

/// Packages by their folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Roots {
    by_folder: FxHashMap<Symbol, (Option<usize>, Option<usize>)>,
}

impl Roots {
    /// Indexes the packages.
    pub(crate) fn of(packages: &[Package]) -> Self {
        let mut by_folder: FxHashMap<Symbol, (Option<usize>, Option<usize>)> = FxHashMap::default();
        for (index, package) in packages.iter().enumerate() {
            let slot = by_folder.entry(package.root.as_str().into()).or_default();
            match package.ecosystem {
                Ecosystem::Cargo => slot.0 = Some(index),
                Ecosystem::Npm => slot.1 = Some(index),
            }
        }
        Self { by_folder }
    }
    /// The package of an ecosystem whose folder is `folder`.
    pub(crate) fn at(&self, folder: &str, ecosystem: Ecosystem) -> Option<usize> {
        let slot = self.by_folder.get(folder)?;
        match ecosystem {
            Ecosystem::Cargo => slot.0,
            Ecosystem::Npm => slot.1,
        }
    }
    /// The package of an ecosystem that a folder lies in.
    pub(crate) fn around(&self, folder: &str, ecosystem: Ecosystem) -> Option<usize> {
        paths::upwards(folder).find_map(|folder| self.at(folder, ecosystem))
    }
    /// The package that a file belongs to: the deepest folder around it that has one; a Rust file belongs to a Cargo package first, any
    /// other to an npm package.
    pub(crate) fn of_file(&self, path: &Utf8Path) -> Option<usize> {
        let rust = path.extension() == Some("rs") || path.file_name() == Some("Cargo.toml");
        paths::upwards(paths::folder(path.as_str())).find_map(|folder| {
            let slot = self.by_folder.get(folder)?;
            if rust { slot.0.or(slot.1) } else { slot.1.or(slot.0) }
        })
    }
}

/// Finds the packages.
pub(crate) fn find(sources: &Sources<'_>) -> Vec<Package> {
    let mut packages = Vec::with_capacity(sources.cargo.len() + sources.npm.len());
    for source in &sources.cargo {
        if let Some(name) = &source.facts.name {
            packages.push(package(name.value.clone(), source, Ecosystem::Cargo));
        }
    }
    for source in sources.npm.iter().filter(|source| paths::file_name(source.path) == "package.json") {
        let name = source.facts.name.as_ref().map(|name| name.value.clone()).filter(|name| !name.is_empty());
        // Without a name, scripts or dependencies it only says how the files of its folder are loaded.
        if name.is_none() && source.facts.scripts.is_empty() && source.facts.dependencies.is_empty() {
            continue;
        }
        packages.push(package(name.unwrap_or_else(|| paths::file_name(source.folder()).into()), source, Ecosystem::Npm));
    }
    packages.sort_by(|left, right| (&left.root, left.ecosystem as u8).cmp(&(&right.root, right.ecosystem as u8)));
    let roots = Roots::of(&packages);
    let cargo = CargoLinks::of(sources, &packages, &roots);
    let npm = NpmLinks::of(sources, &packages, &roots);
    let mut found: Vec<Vec<usize>> = vec![Vec::new(); packages.len()];
    let mut dialect_of = vec![None; packages.len()];
    let mut named: Vec<FxHashSet<Symbol>> = vec![FxHashSet::default(); packages.len()];
    for source in &sources.cargo {
        let Some(from) = roots.at(source.folder(), Ecosystem::Cargo) else { continue };
        let plain = source.facts.dependencies.iter().filter(|dependency| !dependency.dev);
        found[from].extend(plain.clone().filter_map(|dependency| cargo.target(source.folder(), dependency).map(|(package, _)| package)));
        let mut dialects = plain.flat_map(|dependency| cargo.features(source.folder(), dependency)).filter_map(|feature| dialect(feature));
        let first = dialects.next();
        dialect_of[from] = first.filter(|first| dialects.all(|other| other == *first));
    }
    for source in &sources.npm {
        let Some(from) = roots.at(source.folder(), Ecosystem::Npm) else { continue };
        found[from].extend(source.facts.dependencies.iter().filter_map(|(name, _)| npm.target(source.folder(), name)));
        let names = source.facts.dependencies.iter().chain(&source.facts.dev_dependencies).map(|(name, _)| name.clone());
        named[from].extend(names);
    }
    for (from, mut dependencies) in found.into_iter().enumerate() {
        dependencies.sort_unstable();
        dependencies.dedup();
        dependencies.retain(|to| *to != from);
        packages[from].dependencies = dependencies;
    }
    for ((package, named), dialect) in packages.iter_mut().zip(named).zip(dialect_of) {
        package.npm_dependencies = named;
        package.sql_dialect = dialect;
    }
    packages
}

/// The SQL dialect that a feature is for: `sqlx-postgres`, `sqlite_bundled`.
fn dialect(feature: &str) -> Option<&'static str> {
    let words = || feature.split(['-', '_']);
    ["postgres", "mysql", "sqlite", "mssql"].into_iter().find(|dialect| words().any(|word| word == *dialect))
}

fn package<T>(name: Symbol, source: &Source<'_, T>, ecosystem: Ecosystem) -> Package {
    Package {
        name,
        root: source.folder().into(),
        manifest: source.file,
        ecosystem,
        dependencies: Vec::new(),
        npm_dependencies: FxHashSet::default(),
        sql_dialect: None,
    }
}

/// What Cargo dependencies refer to.
#[derive(Debug)]
pub(crate) struct CargoLinks<'a> {
    roots: &'a Roots,
    /// `workspace.dependencies` by the workspace's folder and the dependency's name.
    inherited: FxHashMap<(&'a str, &'a str), &'a CargoDependency>,
    by_name: FxHashMap<&'a str, usize>,
}

impl<'a> CargoLinks<'a> {
    /// Indexes `workspace.dependencies`.
    pub(crate) fn of(sources: &Sources<'a>, packages: &'a [Package], roots: &'a Roots) -> Self {
        let mut inherited = FxHashMap::default();
        for source in &sources.cargo {
            for dependency in &source.facts.workspace_dependencies {
                inherited.insert((source.folder(), dependency.name.as_str()), dependency);
            }
        }
        let cargo = packages.iter().enumerate().filter(|(_, package)| package.ecosystem == Ecosystem::Cargo);
        Self { roots, inherited, by_name: cargo.map(|(index, package)| (package.name.as_str(), index)).collect() }
    }
    /// The package a dependency of the manifest in `folder` refers to, and whether it was renamed.
    pub(crate) fn target(&self, folder: &str, dependency: &CargoDependency) -> Option<(usize, bool)> {
        let at = |folder: &str, path: &str| self.roots.at(&paths::join(folder, path)?, Ecosystem::Cargo);
        let renamed = dependency.package.is_some();
        if let Some(path) = &dependency.path {
            return at(folder, path).map(|package| (package, renamed));
        }
        if !dependency.from_workspace {
            return None;
        }
        for above in paths::upwards(folder) {
            if let Some(entry) = self.inherited.get(&(above, dependency.name.as_str()))
                && let Some(path) = &entry.path
            {
                return at(above, path).map(|package| (package, renamed || entry.package.is_some()));
            }
        }
        self.by_name.get(dependency.name.as_str()).map(|package| (*package, renamed))
    }
    /// The features that a dependency of the manifest in `folder` is built with, as far as the manifests say them.
    pub(crate) fn features<'d>(&'d self, folder: &'d str, dependency: &'d CargoDependency) -> impl Iterator<Item = &'d Symbol> {
        let entry = self.entry(folder, dependency);
        dependency.features.iter().chain(entry.into_iter().flat_map(|entry| &entry.features))
    }
    /// Whether a dependency of the manifest in `folder` is built with its default features.
    pub(crate) fn wants_defaults(&self, folder: &str, dependency: &CargoDependency) -> bool {
        dependency.default_features && self.entry(folder, dependency).is_none_or(|entry| entry.default_features)
    }
    /// What `workspace.dependencies` says of a dependency of the manifest in `folder`.
    fn entry(&self, folder: &str, dependency: &CargoDependency) -> Option<&'a CargoDependency> {
        let mut inherited = paths::upwards(folder).filter(|_| dependency.from_workspace);
        inherited.find_map(|above| self.inherited.get(&(above, dependency.name.as_str())).copied())
    }
    /// The features that a dependency of a manifest may be built with: those that it is built with, and those that the package's own turn on.
    pub(crate) fn features_in<'d>(
        &'d self,
        source: &'d Source<'_, CargoManifest>,
        dependency: &'d CargoDependency,
    ) -> impl Iterator<Item = &'d str> {
        let entries = source.facts.features.iter().flat_map(|(_, turns_on)| turns_on);
        let turned_on = entries.filter_map(|entry| {
            let (name, feature) = entry.split_once('/')?;
            (name.trim_end_matches('?') == dependency.name).then_some(feature)
        });
        self.features(source.folder(), dependency).map(Symbol::as_str).chain(turned_on)
    }
}

/// The folders of workspaces of pnpm 9 and later, which links only what is asked for by `workspace:`, if it is not told otherwise.
fn strict(sources: &Sources<'_>) -> Vec<Symbol> {
    let is_late = |folder: &str| {
        let managers =
            sources.npm.iter().filter(|source| source.folder() == folder).filter_map(|source| source.facts.package_manager.as_ref());
        let mut major = managers.filter_map(|manager| manager.strip_prefix("pnpm@")?.split('.').next()?.parse::<u32>().ok());
        major.any(|major| major >= 9)
    };
    let all = sources.pnpm.iter().filter(|source| !source.facts.links_ranges && is_late(source.folder()));
    all.map(|source| Symbol::new(source.folder())).collect()
}

/// What npm dependencies refer to; kept, as specifiers are looked up later.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NpmLinks {
    /// Name and folder of each package.
    packages: Vec<(Symbol, Symbol)>,
    roots: Roots,
    by_name: FxHashMap<Symbol, Vec<usize>>,
    /// The version of each package that says one.
    versions: FxHashMap<usize, Symbol>,
    /// Declared versions by name, then by the folder of the manifest: of names of packages, and of those that some manifest gives a link for
    /// (`workspace:^`).
    declared: FxHashMap<Symbol, FxHashMap<Symbol, Symbol>>,
    /// Folders whose manifest has members.
    monorepos: Vec<Symbol>,
    /// Those of them whose package manager links nothing that is only asked for by a range of versions.
    strict: Vec<Symbol>,
}

impl NpmLinks {
    /// Indexes declared dependencies.
    pub(crate) fn of<'a>(sources: &Sources<'a>, packages: &[Package], roots: &Roots) -> Self {
        let mut by_name: FxHashMap<Symbol, Vec<usize>> = FxHashMap::default();
        let nameless: FxHashSet<FileId> =
            sources.npm.iter().filter(|source| source.facts.name.is_none()).map(|source| source.file).collect();
        let npm = packages.iter().enumerate().filter(|(_, package)| package.ecosystem == Ecosystem::Npm);
        for (index, package) in npm.filter(|(_, package)| !nameless.contains(&package.manifest)) {
            by_name.entry(package.name.clone()).or_default().push(index);
        }
        let mut declared: FxHashMap<Symbol, FxHashMap<Symbol, Symbol>> = FxHashMap::default();
        let mut monorepos: Vec<Symbol> = Vec::new();
        let all = |manifest: &'a NpmManifest| manifest.dev_dependencies.iter().chain(&manifest.dependencies);
        let is_meant = |(name, version): &&(Symbol, Symbol)| version.contains(':') || by_name.contains_key(name);
        for (name, _) in sources.npm.iter().flat_map(|source| all(source.facts)).filter(is_meant) {
            declared.entry(name.clone()).or_default();
        }
        for source in &sources.npm {
            for (name, version) in all(source.facts) {
                let Some(by_folder) = declared.get_mut(name) else { continue };
                let known = by_folder.entry(source.folder().into()).or_default();
                // A link that is also asked of those who depend on the package, as a range, is a link.
                if !known.contains(':') {
                    *known = version.clone();
                }
            }
            if !source.facts.workspaces.is_empty() {
                monorepos.push(source.folder().into());
            }
        }
        monorepos.extend(sources.pnpm.iter().map(|source| Symbol::new(source.folder())));
        let version = |source: &Source<'a, NpmManifest>| {
            Some((roots.at(source.folder(), Ecosystem::Npm)?, source.facts.version.clone().filter(|version| !version.is_empty())?))
        };
        let versions = sources.npm.iter().filter_map(version).collect();
        let packages = packages.iter().map(|package| (package.name.clone(), package.root.as_str().into())).collect();
        Self { packages, roots: roots.clone(), by_name, versions, declared, monorepos, strict: strict(sources) }
    }
    /// The package of the workspace that `name` means for code in `folder`; `None` for one from the registry.
    ///
    /// A declared link (`workspace:`, `file:`, `link:`, `portal:`) decides; else the name of a package is enough within one monorepo, or
    /// when the name has a scope. An unscoped name alone could be the registry's, and so is what the monorepo's package manager does not link: a
    /// version that the package has not.
    pub(crate) fn target(&self, folder: &str, name: &str) -> Option<usize> {
        if !self.declared.contains_key(name) && !self.by_name.contains_key(name) {
            return None;
        }
        let own = self.roots.around(folder, Ecosystem::Npm);
        if let Some(own) = own.filter(|own| self.packages[*own].0 == name) {
            return Some(own);
        }
        let by_folder = self.declared.get(name);
        let declared =
            by_folder.and_then(|by_folder| paths::upwards(folder).find_map(|above| Some((above, by_folder.get(above)?.as_str()))));
        let mut name = name;
        let mut linked = false;
        if let Some((above, version)) = declared {
            for scheme in ["file:", "link:", "portal:"] {
                if let Some(path) = version.strip_prefix(scheme) {
                    let path = path.split('#').next().unwrap_or(path);
                    return self.roots.at(&paths::join(above, path)?, Ecosystem::Npm);
                }
            }
            if let Some(range) = version.strip_prefix("workspace:") {
                linked = true;
                if let Some((real, _)) = range.rsplit_once('@').filter(|(real, _)| !real.is_empty()) {
                    name = real;
                }
                if range.starts_with('.') {
                    return self.roots.at(&paths::join(above, range)?, Ecosystem::Npm);
                }
            }
            if version.starts_with("npm:") {
                return None;
            }
        }
        let candidates = self.by_name.get(name)?;
        let nearest = candidates.iter().copied().max_by_key(|candidate| {
            let root = self.packages[*candidate].1.as_str();
            (paths::shared(root, folder), std::cmp::Reverse(*candidate))
        })?;
        let root = self.packages[nearest].1.as_str();
        let around = |top: &&Symbol| paths::is_within(folder, top) && paths::is_within(root, top);
        let together = self.monorepos.iter().any(|top| around(&top));
        let range = declared.map(|(_, version)| version).filter(|version| together && !version.contains(':'));
        if let Some(range) = range {
            let has_version = self.versions.get(&nearest).is_none_or(|version| may_satisfy(range, version));
            let is_linked_elsewhere = || by_folder.is_some_and(|all| all.values().any(|version| version.starts_with("workspace:")));
            if !has_version || (self.strict.iter().any(|top| around(&top)) && is_linked_elsewhere()) {
                return None;
            }
        }
        (linked || name.starts_with('@') || together).then_some(nearest)
    }
    /// The folder of the package at a position.
    pub(crate) fn root(&self, package: usize) -> &str {
        self.packages.get(package).map_or("", |(_, root)| root.as_str())
    }
    /// The folder of the npm package around a folder.
    pub(crate) fn root_around(&self, folder: &str) -> Option<&str> {
        self.roots.around(folder, Ecosystem::Npm).map(|package| self.root(package))
    }
}
