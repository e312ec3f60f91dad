//! Which features the Cargo packages of a workspace are built with: by default, by those who depend on them, by command lines of images, processes
//! and scripts.
//!
//! What workflows of continuous integration build is no deployment. What deliberately does not live here: the code that features switch on.
//! Invariant: a feature that any build may switch on is not off, but for one that is called after tests, which
//! only a product's build switches on; where nothing says how a package is built, Cargo's defaults are.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::CargoManifest;
use rustc_hash::{FxHashMap, FxHashSet};

use super::packages::CargoLinks;
use super::services::{self, Context, known};
use super::sources::Source;
use super::{Deployment, Ecosystem};
use crate::chart::{Service, ServiceKind};

/// What Cargo calls the features that are on unless someone says otherwise.
const DEFAULT: &str = "default";

/// Words that name, alone or among others, a feature which helps tests of other packages and is no part of a product.
const TEST_WORDS: &[&str] = &["fake", "fakes", "mock", "mocked", "mocking", "mocks", "test", "testing", "tests", "testutil", "testutils"];

/// Which features are on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Features {
    /// By the position of the package.
    packages: FxHashMap<usize, Built>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Built {
    /// On in some build.
    some: FxHashSet<Symbol>,
    /// On in every build.
    every: FxHashSet<Symbol>,
}

impl Features {
    /// Follows features from what is built.
    pub(super) fn of(context: &Context<'_>, services: &[Service], deployments: &[Deployment]) -> Self {
        let cargo = context.sources.cargo.iter();
        let manifests: FxHashMap<usize, &Source<'_, CargoManifest>> =
            cargo.filter_map(|source| Some((context.roots.at(source.folder(), Ecosystem::Cargo)?, source))).collect();
        if manifests.values().all(|source| source.facts.features.is_empty()) {
            return Self { packages: manifests.into_keys().map(|package| (package, Built::default())).collect() };
        }
        let links = CargoLinks::of(context.sources, context.packages, context.roots);
        let commands = commands(context, deployments);
        let mut walk = Walk { links, manifests: &manifests, open: Vec::new(), seen: FxHashSet::default(), bare: FxHashSet::default() };
        walk.begin(context, &product(context, services, deployments), deployments, &commands);
        walk.follow();
        let mut some: FxHashMap<usize, FxHashSet<Symbol>> = FxHashMap::default();
        for (package, feature) in walk.seen {
            some.entry(package).or_default().insert(feature);
        }
        let built = |(package, source): (&usize, &&Source<'_, CargoManifest>)| {
            let some = some.remove(package).unwrap_or_default();
            let every = if walk.bare.contains(package) { FxHashSet::default() } else { defaults(source.facts) };
            (*package, Built { some, every })
        };
        Self { packages: manifests.iter().map(built).collect() }
    }

    /// Whether a feature of a package is on; `None` where some builds have it, and some not.
    pub(super) fn is_on(&self, package: usize, feature: &str) -> Option<bool> {
        let built = self.packages.get(&package)?;
        if built.every.contains(feature) {
            return Some(true);
        }
        (!built.some.contains(feature)).then_some(false)
    }
}

/// What a package's defaults switch on of its own features.
fn defaults(manifest: &CargoManifest) -> FxHashSet<Symbol> {
    let mut on = FxHashSet::default();
    let mut open: Vec<&str> = vec![DEFAULT];
    while let Some(feature) = open.pop() {
        if on.insert(Symbol::new(feature)) {
            open.extend(turns_on(manifest, feature).filter(|entry| !entry.contains([':', '/'])));
        }
    }
    on
}

fn turns_on<'m>(manifest: &'m CargoManifest, feature: &str) -> impl Iterator<Item = &'m str> {
    let of = manifest.features.iter().find(|(name, _)| name == feature);
    of.into_iter().flat_map(|(_, entries)| entries).map(Symbol::as_str)
}

/// From features to those that they switch on.
struct Walk<'a> {
    links: CargoLinks<'a>,
    manifests: &'a FxHashMap<usize, &'a Source<'a, CargoManifest>>,
    open: Vec<(usize, Symbol)>,
    seen: FxHashSet<(usize, Symbol)>,
    /// Packages that some build has without their default features.
    bare: FxHashSet<usize>,
}

impl Walk<'_> {
    /// Adds what is on without another feature.
    fn begin(&mut self, context: &Context<'_>, product: &FxHashSet<usize>, deployments: &[Deployment], commands: &[Command]) {
        let mut depended: FxHashMap<usize, bool> = FxHashMap::default();
        for (package, source) in self.manifests {
            for dependency in source.facts.dependencies.iter().filter(|dependency| !dependency.dev) {
                let Some((target, _)) = self.links.target(source.folder(), dependency) else { continue };
                let wants_defaults = self.links.wants_defaults(source.folder(), dependency);
                *depended.entry(target).or_default() |= wants_defaults;
                if !wants_defaults {
                    self.bare.insert(target);
                }
                let features = self.links.features(source.folder(), dependency);
                let counts = |feature: &&Symbol| product.is_empty() || product.contains(package) || !is_for_tests(feature);
                self.open.extend(features.filter(counts).map(|feature| (target, feature.clone())));
            }
        }
        let deployed: FxHashSet<usize> = deployments.iter().filter_map(|deployment| deployment.package).collect();
        for (&package, source) in self.manifests {
            if deployed.contains(&package) || depended.get(&package).is_none_or(|wants_defaults| *wants_defaults) {
                self.open.push((package, DEFAULT.into()));
            }
            // Tools of their own build these, and switch features on.
            if source.facts.dependencies.iter().any(|dependency| known::PAGE_CRATES.contains(&dependency.name.as_str())) {
                self.all_of(package);
            }
        }
        for krate in context.modules.crates.iter().filter(|krate| deployments.iter().any(|of| of.entries.contains(&krate.root))) {
            let Some(source) = self.manifests.get(&krate.package) else { continue };
            let bins = source.facts.bins.iter().filter(|bin| bin.name.as_ref().is_some_and(|name| name.value == krate.target));
            self.open.extend(bins.flat_map(|bin| &bin.required_features).map(|feature| (krate.package, feature.clone())));
        }
        commands.iter().for_each(|command| self.command(context, command));
    }

    /// Adds what a command line switches on: in the packages that it names, else in all.
    fn command(&mut self, context: &Context<'_>, command: &Command) {
        let is_meant = |package: &usize| command.packages.is_empty() || command.packages.contains(&context.packages[*package].name);
        let meant: Vec<usize> = self.manifests.keys().copied().filter(is_meant).collect();
        for &package in &meant {
            if command.without_defaults {
                self.bare.insert(package);
            }
            if command.all {
                self.all_of(package);
            }
        }
        for feature in &command.features {
            match feature.split_once('/') {
                Some((name, feature)) => {
                    let named = self.manifests.keys().filter(|package| context.packages[**package].name == name);
                    self.open.extend(named.map(|package| (*package, Symbol::new(feature))));
                }
                None => self.open.extend(meant.iter().map(|package| (*package, feature.clone()))),
            }
        }
    }

    fn all_of(&mut self, package: usize) {
        let Some(source) = self.manifests.get(&package) else { return };
        self.open.extend(source.facts.features.iter().map(|(name, _)| (package, name.clone())));
        // An optional dependency is a feature, too.
        self.open.extend(source.facts.dependencies.iter().map(|dependency| (package, dependency.name.clone())));
    }

    fn follow(&mut self) {
        while let Some((package, feature)) = self.open.pop() {
            let Some(source) = self.manifests.get(&package) else { continue };
            if !self.seen.insert((package, feature.clone())) {
                continue;
            }
            for entry in turns_on(source.facts, &feature) {
                let Some((name, feature)) = entry.split_once('/') else {
                    self.open.push((package, Symbol::new(entry)));
                    continue;
                };
                let name = name.trim_end_matches('?');
                self.open.push((package, Symbol::new(name)));
                let of = source.facts.dependencies.iter().filter(|dependency| dependency.name == name);
                let targets = of.filter_map(|dependency| self.links.target(source.folder(), dependency));
                self.open.extend(targets.map(|(target, _)| (target, Symbol::new(feature))));
            }
        }
    }
}

/// The packages that run as services, and those that they are built of; none where there are only programs that people run.
fn product(context: &Context<'_>, services: &[Service], deployments: &[Deployment]) -> FxHashSet<usize> {
    let running =
        services.iter().zip(deployments).filter(|(service, _)| service.kind != ServiceKind::Cli).map(|(_, deployment)| deployment);
    let entries: FxHashSet<_> = running.clone().flat_map(|deployment| &deployment.entries).collect();
    let started = context.modules.crates.iter().filter(|krate| entries.contains(&krate.root)).map(|krate| krate.package);
    let mut open: Vec<usize> = running.filter_map(|deployment| deployment.package).chain(started).collect();
    let mut all = FxHashSet::default();
    while let Some(package) = open.pop() {
        if all.insert(package) {
            open.extend(&context.packages[package].dependencies);
        }
    }
    all
}

/// Whether a feature is called after tests: `test-utils`, `mock`.
fn is_for_tests(feature: &str) -> bool {
    feature.split(['-', '_']).any(|word| TEST_WORDS.contains(&word))
}

/// What a command line says of features.
#[derive(Debug, Default, PartialEq)]
struct Command {
    features: Vec<Symbol>,
    /// Whether any may be on: `--all-features`, a variable.
    all: bool,
    without_defaults: bool,
    packages: Vec<Symbol>,
}

/// The command lines of images, processes and scripts that speak of features.
fn commands(context: &Context<'_>, deployments: &[Deployment]) -> Vec<Command> {
    let stages = context.sources.dockerfiles.iter().flat_map(|source| &source.facts.stages);
    let runs = stages.flat_map(|stage| &stage.runs).map(|run| run.value.as_str());
    let started = deployments.iter().flat_map(|deployment| &deployment.commands).map(|(command, _)| command.as_str());
    let scripts = context.sources.npm.iter().flat_map(|source| &source.facts.scripts).filter_map(|script| script.value.as_deref());
    // A shell may be given what it runs as a text, and a text may be the value of an option.
    let lines = runs.chain(started).chain(scripts);
    lines
        .flat_map(|line| [services::commands(line), services::inner_commands(line)])
        .flatten()
        .filter_map(|words| command(&words))
        .collect()
}

fn command(words: &[String]) -> Option<Command> {
    let is_cargo = words.iter().any(|word| word.ends_with("cargo"));
    if !is_cargo && !words.iter().any(|word| word.contains("-features")) {
        return None;
    }
    let mut found = Command::default();
    let mut next = words.iter();
    while let Some(word) = next.next() {
        let (option, value) = word.split_once('=').map_or((word.as_str(), None), |(option, value)| (option, Some(value)));
        let mut value = || value.filter(|value| !value.is_empty()).or_else(|| next.next().map(String::as_str)).unwrap_or_default();
        match option {
            "--features" | "-F" if is_cargo || option != "-F" => {
                let value = value();
                found.all |= value.contains('$');
                found.features.extend(value.split([',', ' ']).filter(|name| !name.is_empty()).map(Symbol::new));
            }
            "--all-features" => found.all = true,
            "--no-default-features" => found.without_defaults = true,
            "-p" | "--package" => found.packages.push(Symbol::new(value())),
            "--bin" | "--example" | "--jobs" | "--manifest-path" | "--profile" | "--target" | "--target-dir" | "-j" => {
                value();
            }
            // What it stands for may be any option.
            _ => found.all |= is_cargo && option.starts_with('$'),
        }
    }
    // A variable may name any package.
    if found.packages.iter().any(|package| package.contains('$')) {
        found.packages.clear();
    }
    (found != Command { packages: found.packages.clone(), ..Command::default() }).then_some(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn some_features_are_called_after_tests() {
        for name in ["test-utils", "test_util", "testing", "mock", "mock-provider"] {
            assert!(is_for_tests(name), "{name}");
        }
        for name in ["latest", "attest", "contest-api", "tls"] {
            assert!(!is_for_tests(name), "{name}");
        }
    }

    #[test]
    fn command_lines_say_which_features_are_on() {
        let command = |line: &str| super::command(&services::commands(line)[0]);
        let names = |all: &[&str]| all.iter().map(Symbol::new).collect::<Vec<_>>();
        let one = command("cargo build --release -p orders --features \"kafka tls\" --no-default-features").unwrap();
        assert_eq!(
            (one.features, one.packages, one.without_defaults, one.all),
            (names(&["kafka", "tls"]), names(&["orders"]), true, false)
        );
        let one = command("cargo run --features=a,b -F c").unwrap();
        assert_eq!((one.features, one.packages), (names(&["a", "b", "c"]), names(&[])));
        assert!(command("cargo build --features=\"$FEATURES\"").unwrap().all);
        assert!(command("cargo install --path . --all-features").unwrap().all);
        assert!(command("cargo build $FLAGS -p orders").unwrap().all);
        assert_eq!(command("cargo build --release --bin $NAME -p orders"), None);
        assert_eq!(command("grep -F kafka"), None);
    }
}
