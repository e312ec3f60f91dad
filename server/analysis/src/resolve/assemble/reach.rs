//! Which functions each service's process can reach: whose code is whose.
//!
//! A service owns the code of its own package, as far as its process loads it. A Rust binary starts from its root: what else its package
//! holds (a library, build scripts, examples) runs only where that leads. Code of a library package belongs to every service that reaches it: by
//! a call or mention that was resolved, or by the name of a method that is called on something unknown. A method runs only on an instance, so it
//! waits until code that is reached makes or names its type: rapid type analysis. Several services of one package (binaries, commands) start
//! from their own entries alone.

use camino::Utf8Path;
use fixedbitset::FixedBitSet;
use portolan_grammars::facts::{FunctionId, SourceFacts};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use self::graph::{Graph, Numbers};
use self::search::search;
use self::subcommands::Chosen;
use super::Input;
use crate::chart::ServiceIndex;
use crate::resolve::evaluate::around;
use crate::resolve::value::ClassRef;
use crate::workspace::paths::is_within;
use crate::workspace::{Ecosystem, Workspace};
use crate::{FileId, FunctionRef};

mod graph;
mod held;
mod idle;
mod names;
mod search;
mod started;
mod subcommands;
mod types;

/// The functions that each service reaches, in the order of the services.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    numbers: Numbers,
    /// By calls, and by names of methods.
    reached: Vec<FixedBitSet>,
    /// By resolved calls alone, as far as Rust goes.
    certain: Vec<FixedBitSet>,
    /// The modules of a framework that open something, or that list controllers, which each service is made of.
    modules: Vec<FxHashSet<ClassRef>>,
    package_of: Vec<Option<usize>>,
    own_package: Vec<Option<usize>>,
    /// Whether a service shares its package with others, and runs what its own entry leads to.
    by_entry: Vec<bool>,
}

impl Reach {
    /// Whether a service reaches a function.
    pub(super) fn has(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        self.is_in(&self.reached, service, function)
    }

    /// Whether a service runs a function that opens something for the whole process: a server's routes, a database, tracing. A library that
    /// it depends on does so only where a resolved call leads there; that a method is named so is not enough.
    pub(super) fn runs(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        if !self.has(service, function) {
            return false;
        }
        let package = self.package_of.get(function.file.0 as usize).copied().flatten();
        let own = self.own_package.get(service.index()).copied().flatten();
        if package == own {
            return true;
        }
        self.has_certainly(service, function)
    }

    /// Whether a service opens the database that a function opens. As [`Reach::runs`], but one of several services of a package does so only
    /// where a resolved call leads there.
    pub(super) fn opens(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        self.runs(service, function) && self.surely_runs(service, function)
    }

    /// Whether a service is made of a framework's module.
    pub(super) fn is_made_of(&self, service: ServiceIndex, module: ClassRef) -> bool {
        self.modules.get(service.index()).is_some_and(|modules| modules.contains(&module))
    }

    /// Whether it may be said of a service that it runs a function. Of several services that are made of one package, each runs what resolved calls
    /// lead to: a method that is named so may as well be another one's.
    pub(crate) fn surely_runs(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        let by_entry = self.by_entry.get(service.index()).copied().unwrap_or_default();
        if by_entry { self.has_certainly(service, function) } else { self.has(service, function) }
    }

    fn has_certainly(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        self.is_in(&self.certain, service, function)
    }

    fn is_in(&self, reached: &[FixedBitSet], service: ServiceIndex, function: FunctionRef) -> bool {
        let number = self.numbers.get(function);
        number.is_some_and(|number| reached.get(service.index()).is_some_and(|reached| reached.contains(number as usize)))
    }

    /// Finds what every service reaches.
    pub(super) fn find(input: &Input<'_>) -> Self {
        let graph = Graph::build(input);
        let shared = shared_packages(input);
        let asked_for = modules_asked_for(input);
        let (modules, (reached, certain)) = (0..input.workspace.services.len())
            .into_par_iter()
            .map(|at| {
                let service = ServiceIndex(at as u32);
                if input.workspace.services[at].third_party {
                    return Default::default();
                }
                let chosen = Chosen::by(input, service);
                let mut roots = Roots::of(&graph, input, &own_files(input, &graph, service, &shared));
                roots.without(&chosen.left_out(&graph, input));
                let (reached, live) = search(&graph, input, service, &roots, &chosen, false);
                let is_live = |class: &ClassRef| graph.types.known_class(*class).is_some_and(|owner| live.contains(owner.index()));
                let modules: FxHashSet<ClassRef> = asked_for.iter().copied().filter(is_live).collect();
                (modules, (reached, search(&graph, input, service, &roots, &chosen, true).0))
            })
            .unzip();
        let own_package = input.workspace.deployments.iter().map(|deployment| deployment.package).collect();
        let is_shared = |package: Option<usize>| package.is_some_and(|package| shared.contains(&package));
        let deployments = &input.workspace.deployments;
        let by_entry =
            deployments.iter().map(|service| service.starts_missing || is_shared(service.package) && !service.entries.is_empty()).collect();
        Self { numbers: graph.numbers, reached, certain, modules, package_of: graph.package_of, own_package, by_entry }
    }
}

/// The code that a service runs by itself: files as a whole, but for functions that nothing names.
#[derive(Debug, Default)]
struct Own {
    files: Vec<FileId>,
    idle: FxHashSet<FunctionRef>,
    /// Files that others load by importing names of theirs, and in no other way: what an object of theirs keeps that a function makes runs only
    /// where it is taken out.
    imported: FxHashSet<FileId>,
    /// Those of the idle that are methods of classes of which nothing that is loaded has an instance.
    unheld: FxHashSet<FunctionRef>,
}

impl Own {
    /// Whether a function, or one around it, is named by nothing that runs.
    fn is_idle(&self, facts: &SourceFacts, function: FunctionRef) -> bool {
        !self.idle.is_empty() && around(facts, function.function).any(|at| self.idle.contains(&FunctionRef { function: at, ..function }))
    }
}

/// Where searches for what a service reaches begin.
struct Roots {
    functions: Vec<u32>,
    /// Functions that run with one that runs where it is named, by its number.
    parts: FxHashMap<u32, Vec<u32>>,
    /// Methods that no call by name means.
    unheld: FxHashSet<u32>,
}

impl Roots {
    fn of(graph: &Graph<'_>, input: &Input<'_>, own: &Own) -> Self {
        let mut roots = Self {
            functions: Vec::new(),
            parts: FxHashMap::default(),
            unheld: own.unheld.iter().map(|method| graph.numbers.at(*method)).collect(),
        };
        for file in own.files.iter().copied() {
            let Some(facts) = input.files.source(file) else { continue };
            let made = if own.imported.contains(&file) { graph.made_parts(file, facts) } else { FxHashMap::default() };
            for function in (0..facts.functions.len() as u32).map(|at| FunctionRef { file, function: FunctionId(at) }) {
                let number = graph.numbers.at(function);
                match made.get(&number) {
                    Some(whole) => roots.parts.entry(*whole).or_default().push(number),
                    None if own.is_idle(facts, function) => {}
                    None => roots.functions.push(number),
                }
            }
        }
        roots
    }

    /// Takes out what runs only where others lead to it.
    fn without(&mut self, left_out: &FxHashSet<u32>) {
        if !left_out.is_empty() {
            self.functions.retain(|function| !left_out.contains(function));
        }
    }
}

/// The modules of frameworks of which it matters who is made of them: some open something, others say beneath which paths controllers are.
fn modules_asked_for(input: &Input<'_>) -> FxHashSet<ClassRef> {
    let links = || input.links.iter().flatten();
    let opening = links().flat_map(|link| &link.connections).filter_map(|connection| connection.module);
    let listing = links().flat_map(|link| &link.controllers).map(|listed| listed.module);
    let routing = links().flat_map(|link| &link.module_paths).filter_map(|path| path.within);
    opening.chain(listing).chain(routing).collect()
}

/// Packages that more than one service runs.
fn shared_packages(input: &Input<'_>) -> FxHashSet<usize> {
    let mut seen = FxHashMap::default();
    for deployment in &input.workspace.deployments {
        if let Some(package) = deployment.package
            && !deployment.entries.is_empty()
        {
            let entries: &mut FxHashSet<Vec<FileId>> = seen.entry(package).or_default();
            entries.insert(deployment.entries.clone());
        }
    }
    seen.into_iter().filter(|(_, entries)| entries.len() > 1).map(|(package, _)| package).collect()
}

/// The code that a service runs by itself.
fn own_files(input: &Input<'_>, graph: &Graph<'_>, service: ServiceIndex, shared: &FxHashSet<usize>) -> Own {
    let workspace = input.workspace;
    let deployment = &workspace.deployments[service.index()];
    if deployment.starts_missing {
        return Own::default();
    }
    let by_entry = |package: usize| shared.contains(&package) || workspace.packages[package].ecosystem == Ecosystem::Cargo;
    let of_several = || deployment.entries.iter().all(|entry| input.files.path(*entry).extension() == Some("rs"));
    if deployment.package.map_or_else(of_several, by_entry) && !deployment.entries.is_empty() {
        return Own { files: deployment.entries.clone(), ..Own::default() };
    }
    let root = workspace.services[service.index()].root.as_path();
    // A service in a folder of a larger package (one manifest for a whole repository) owns its folder, not the package.
    let whole = deployment.package.filter(|package| {
        let package = workspace.packages[*package].root.as_path();
        package == root || !root.starts_with(package)
    });
    let is_own = |file: FileId| match whole {
        Some(package) => graph.package_of[file.0 as usize] == Some(package),
        None => {
            is_within(input.files.path(file).as_str(), root.as_str())
                && !is_in_other_service(input, file, service, root)
                && !graph.package_of[file.0 as usize].is_some_and(|package| is_library_below(workspace, package, root))
        }
    };
    // A load test is a service's only where it is what the service's folder holds, not where it lies beside the code it tests.
    let is_beside =
        |file: FileId| is_load_test(input, file) && !(deployment.package.is_none() && input.files.path(file).parent() == Some(root));
    let own = (0..input.links.len() as u32).map(FileId).filter(|file| is_own(*file) && !is_beside(*file));
    started::of(input, service, own.collect())
}

/// Whether a package below a folder is a Rust library alone: such code runs where a program leads to it.
fn is_library_below(workspace: &Workspace, package: usize, root: &Utf8Path) -> bool {
    let of = &workspace.packages[package];
    let mut crates = workspace.modules.crates.iter().filter(|krate| krate.package == package);
    of.ecosystem == Ecosystem::Cargo && of.root.as_path() != root && of.root.starts_with(root) && crates.all(|krate| krate.library)
}

/// Whether a file is in the folder of another service, within that of this one.
fn is_in_other_service(input: &Input<'_>, file: FileId, service: ServiceIndex, root: &Utf8Path) -> bool {
    let path = input.files.path(file);
    input.workspace.services.iter().enumerate().any(|(at, other)| {
        at != service.index()
            && !other.third_party
            && other.root.as_str().len() > root.as_str().len()
            && is_within(path.as_str(), other.root.as_str())
    })
}

/// Whether a file is a script for the load tester k6.
fn is_load_test(input: &Input<'_>, file: FileId) -> bool {
    let facts = input.files.source(file);
    facts.is_some_and(|facts| facts.imports.iter().any(|import| import.source == "k6" || import.source.starts_with("k6/")))
}
