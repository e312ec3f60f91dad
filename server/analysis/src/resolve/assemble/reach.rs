//! Which functions each service's process can reach: whose code is whose.
//!
//! A service owns the code of its own package, as far as its process loads it. A Rust binary starts from its root: what else its package
//! holds (a library, build scripts, examples) runs only where that leads. Code of a library package belongs to every service that reaches it: by
//! a call or mention that was resolved, or by the name of a method that is called on something unknown. A method runs only on an instance, so it
//! waits until code that is reached makes or names its type: rapid type analysis. Several services of one package (binaries, commands) start
//! from their own entries alone.

use std::collections::VecDeque;
use std::sync::Arc;

use camino::Utf8Path;
use portolan_grammars::facts::{Function, FunctionId, FunctionKind, SourceFacts, Symbol};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use self::names::{is_bag, is_built_in, is_everywhere};
use self::types::{Owner, Types};
use super::Input;
use crate::chart::ServiceIndex;
use crate::resolve::link::{FileLink, Mention};
use crate::resolve::uses::Arity;
use crate::workspace::Ecosystem;
use crate::workspace::paths::is_within;
use crate::{FileId, FunctionRef};

mod names;
mod started;
mod types;

/// The functions that each service reaches, in the order of the services.
#[derive(Debug, Default)]
pub(super) struct Reach {
    offsets: Vec<u32>,
    /// By calls, and by names of methods.
    reached: Vec<Vec<u64>>,
    /// By resolved calls alone, as far as Rust goes.
    certain: Vec<Vec<u64>>,
    package_of: Vec<Option<usize>>,
    own_package: Vec<Option<usize>>,
    /// Whether a service shares its package with others, and runs what its own entry leads to.
    by_entry: Vec<bool>,
}

impl Reach {
    /// Whether a service reaches a function.
    pub(super) fn has(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        let Some(id) = self.id(function) else { return false };
        self.reached.get(service.index()).is_some_and(|bits| bits[id as usize / 64] & (1 << (id % 64)) != 0)
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
        let by_entry = self.by_entry.get(service.index()).copied().unwrap_or_default();
        self.runs(service, function) && (!by_entry || self.has_certainly(service, function))
    }

    fn has_certainly(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        let Some(id) = self.id(function) else { return false };
        self.certain.get(service.index()).is_some_and(|bits| bits[id as usize / 64] & (1 << (id % 64)) != 0)
    }

    fn id(&self, function: FunctionRef) -> Option<u32> {
        let start = *self.offsets.get(function.file.0 as usize)?;
        let end = *self.offsets.get(function.file.0 as usize + 1)?;
        let id = start + function.function.0;
        (id < end).then_some(id)
    }

    /// Finds what every service reaches.
    pub(super) fn find(input: &Input<'_>) -> Self {
        let graph = Graph::build(input);
        let shared = shared_packages(input);
        let (reached, certain) = (0..input.workspace.services.len())
            .into_par_iter()
            .map(|at| {
                let service = ServiceIndex(at as u32);
                if input.workspace.services[at].third_party {
                    return (vec![0; graph.words()], vec![0; graph.words()]);
                }
                let own = graph.own_files(input, service, &shared);
                (graph.search(input, service, &own, false), graph.search(input, service, &own, true))
            })
            .unzip();
        let own_package = input.workspace.deployments.iter().map(|deployment| deployment.package).collect();
        let is_shared = |package: Option<usize>| package.is_some_and(|package| shared.contains(&package));
        let deployments = &input.workspace.deployments;
        let by_entry = deployments.iter().map(|service| is_shared(service.package) && !service.entries.is_empty()).collect();
        Self { offsets: graph.offsets, reached, certain, package_of: graph.package_of, own_package, by_entry }
    }
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

struct Graph<'a> {
    links: &'a [Option<Arc<FileLink>>],
    offsets: Vec<u32>,
    edges: Vec<Vec<u32>>,
    /// Edges that count only once one of some functions is reached, by where they start.
    switched: FxHashMap<u32, Vec<(u32, Vec<u32>)>>,
    /// Edges into the package of a service that the caller's package neither depends on nor imports, by where they start: an interface or a base
    /// class leads there, for that service alone.
    by_contract: FxHashMap<u32, Vec<(u32, usize)>>,
    /// Classes and types that each function may come by instances of.
    instances: Vec<Vec<Owner>>,
    /// What each function needs an instance of.
    owners: Vec<Option<Owner>>,
    named: FxHashMap<Symbol, Vec<FunctionRef>>,
    types: Types<'a>,
    package_of: Vec<Option<usize>>,
    /// Scripts for a load tester.
    load_tests: FxHashSet<FileId>,
    /// Packages that services run.
    of_services: FxHashSet<usize>,
}

impl<'a> Graph<'a> {
    fn words(&self) -> usize {
        (*self.offsets.last().unwrap_or(&0) as usize).div_ceil(64)
    }

    fn build(input: &Input<'a>) -> Self {
        let count = input.links.len();
        let mut offsets = Vec::with_capacity(count + 1);
        let mut next = 0;
        let mut package_of = vec![None; count];
        let mut load_tests = FxHashSet::default();
        for (at, package) in package_of.iter_mut().enumerate() {
            offsets.push(next);
            let id = FileId(at as u32);
            if let Some(facts) = input.files.source(id) {
                next += facts.functions.len() as u32;
                *package = input.workspace.package_of(input.files.path(id));
                if is_load_test(facts) {
                    load_tests.insert(id);
                }
            }
        }
        offsets.push(next);
        let mut edges = vec![Vec::new(); next as usize];
        let mut switched: FxHashMap<u32, Vec<(u32, Vec<u32>)>> = FxHashMap::default();
        let mut by_contract: FxHashMap<u32, Vec<(u32, usize)>> = FxHashMap::default();
        let of_services: FxHashSet<usize> = input.workspace.deployments.iter().filter_map(|deployment| deployment.package).collect();
        let mut known: FxHashMap<usize, FxHashSet<usize>> = FxHashMap::default();
        let mut instances = vec![Vec::new(); next as usize];
        let mut owners = vec![None; next as usize];
        let mut types = Types::of(input);
        let mut named: FxHashMap<Symbol, Vec<FunctionRef>> = FxHashMap::default();
        for (at, link) in input.links.iter().enumerate() {
            let id = FileId(at as u32);
            let Some(facts) = input.files.source(id) else { continue };
            let module = offsets[at];
            for (function, declared) in facts.functions.iter().enumerate() {
                if !declared.name.is_empty() && declared.kind != FunctionKind::Module {
                    let function = FunctionRef { file: id, function: FunctionId(function as u32) };
                    owners[(module + function.function.0) as usize] = types.owner(facts, function);
                    named.entry(declared.name.clone()).or_default().push(function);
                }
            }
            let Some(link) = link else { continue };
            // A file's top-level code runs what it imports.
            if let Some(list) = edges.get_mut(module as usize) {
                list.extend(types.unseen_in(facts).map(|method| module + method.0));
                list.extend(link.imports.iter().filter_map(|import| offsets.get(import.0 as usize)));
            }
            // What a derive calls runs with the package that holds the type; what is a binary's, with that binary.
            if !link.attributed.is_empty() {
                let modules = &input.workspace.modules;
                let own: Vec<FileId> = modules.crates_of(id).filter_map(|krate| modules.krate(krate)).map(|krate| krate.root).collect();
                let of_package = || modules.crates.iter().filter(|krate| Some(krate.package) == package_of[at]);
                let of_library = of_package().any(|krate| krate.library && own.contains(&krate.root));
                let crates = of_package().filter(|krate| of_library || own.contains(&krate.root));
                for root in crates.filter_map(|krate| offsets.get(krate.root.0 as usize)) {
                    if let Some(list) = edges.get_mut(*root as usize) {
                        list.extend(link.attributed.iter().map(|function| module + function.0));
                    }
                }
            }
            for kept in &link.kept {
                // What a function made goes by any name.
                if kept.object.is_empty() {
                    named.entry(kept.key.clone()).or_default().push(kept.function);
                    continue;
                }
                for key in [kept.key.as_str(), "*"] {
                    named.entry(format!("{}.{key}", kept.object).into()).or_default().push(kept.function);
                }
            }
            for edge in &link.edges {
                let from = module + edge.caller.0;
                let to = offsets.get(edge.callee.file.0 as usize).map(|start| start + edge.callee.function.0);
                let Some(to) = to else { continue };
                let [own, other] = [at, edge.callee.file.0 as usize].map(|file| package_of[file]);
                let foreign = other.filter(|other| own != Some(*other) && of_services.contains(other)).filter(|other| {
                    let depends = own.is_some_and(|own| {
                        known.entry(own).or_insert_with(|| input.workspace.with_dependencies(Some(own))).contains(other)
                    });
                    !depends && !link.imports.iter().any(|import| package_of[import.0 as usize] == Some(*other))
                });
                if let Some(package) = foreign {
                    by_contract.entry(from).or_default().push((to, package));
                } else if !edge.switches.is_empty() {
                    let id = |function: &FunctionRef| offsets.get(function.file.0 as usize).map(|start| start + function.function.0);
                    switched.entry(from).or_default().push((to, edge.switches.iter().filter_map(id).collect()));
                } else if let Some(list) = edges.get_mut(from as usize) {
                    list.push(to);
                }
            }
            let classes = link.classes.iter().map(|(function, class)| (*function, types.class(*class)));
            let classes: Vec<(FunctionId, Owner)> = classes.collect();
            let named = link.named_types.iter().filter_map(|(function, name)| Some((*function, types.named(name)?)));
            for (function, owner) in classes.into_iter().chain(named) {
                if let Some(list) = instances.get_mut((module + function.0) as usize) {
                    list.push(owner);
                }
            }
        }
        Self {
            links: input.links,
            offsets,
            edges,
            switched,
            by_contract,
            instances,
            owners,
            named,
            types,
            package_of,
            load_tests,
            of_services,
        }
    }

    /// The files whose code a service runs by itself, as a whole.
    fn own_files(&self, input: &Input<'_>, service: ServiceIndex, shared: &FxHashSet<usize>) -> Vec<FileId> {
        let workspace = input.workspace;
        let deployment = &workspace.deployments[service.index()];
        let by_entry = |package: usize| shared.contains(&package) || workspace.packages[package].ecosystem == Ecosystem::Cargo;
        if deployment.package.is_some_and(by_entry) && !deployment.entries.is_empty() {
            return deployment.entries.clone();
        }
        let root = workspace.services[service.index()].root.as_path();
        // A service in a folder of a larger package (one manifest for a whole repository) owns its folder, not the package.
        let whole = deployment.package.filter(|package| {
            let package = workspace.packages[*package].root.as_path();
            package == root || !root.starts_with(package)
        });
        // A load test is a service's only where it is what the service's folder holds, not where it lies beside the code it tests.
        let beside =
            |id: FileId| self.load_tests.contains(&id) && !(deployment.package.is_none() && input.files.path(id).parent() == Some(root));
        let own: Vec<FileId> = (0..input.links.len())
            .filter(|&at| match whole {
                Some(package) => self.package_of[at] == Some(package),
                None => {
                    is_within(input.files.path(FileId(at as u32)).as_str(), root.as_str())
                        && !self.in_other_service(input, at, service, root)
                }
            })
            .map(|at| FileId(at as u32))
            .filter(|id| !beside(*id))
            .collect();
        started::of(input, service, own)
    }

    fn search(&self, input: &Input<'_>, service: ServiceIndex, own: &[FileId], certain: bool) -> Vec<u64> {
        let deployment = &input.workspace.deployments[service.index()];
        let packages = input.workspace.with_dependencies(deployment.package);
        let mut search = Search {
            graph: self,
            certain,
            bits: vec![0; self.words()],
            names: FxHashSet::default(),
            queue: VecDeque::new(),
            waiting: FxHashMap::default(),
            live: vec![false; self.types.count()],
            dormant: FxHashMap::default(),
            packages,
            own: deployment.package,
        };
        for file in own {
            search.whole_file(input, *file);
        }
        search.run(input);
        search.bits
    }

    fn in_other_service(&self, input: &Input<'_>, file: usize, service: ServiceIndex, root: &Utf8Path) -> bool {
        let path = input.files.path(FileId(file as u32));
        input.workspace.services.iter().enumerate().any(|(at, other)| {
            at != service.index()
                && !other.third_party
                && other.root.as_str().len() > root.as_str().len()
                && is_within(path.as_str(), other.root.as_str())
        })
    }
}

/// Whether a file is a script for the load tester k6.
fn is_load_test(facts: &SourceFacts) -> bool {
    facts.imports.iter().any(|import| import.source == "k6" || import.source.starts_with("k6/"))
}

struct Search<'a> {
    graph: &'a Graph<'a>,
    certain: bool,
    bits: Vec<u64>,
    /// Calls by name that are followed already.
    names: FxHashSet<(&'a Symbol, Option<&'a Symbol>, Arity, bool)>,
    queue: VecDeque<u32>,
    /// What is reached as soon as a function is that switches it on.
    waiting: FxHashMap<u32, Vec<u32>>,
    /// Classes and types of which there may be instances, and methods called by name that wait for one of theirs.
    live: Vec<bool>,
    dormant: FxHashMap<Owner, Vec<u32>>,
    /// The service's package and all that it depends on.
    packages: FxHashSet<usize>,
    own: Option<usize>,
}

impl<'a> Search<'a> {
    fn whole_file(&mut self, input: &Input<'_>, file: FileId) {
        let Some(facts) = input.files.source(file) else { return };
        let start = self.graph.offsets[file.0 as usize];
        for function in 0..facts.functions.len() as u32 {
            self.reach(start + function);
        }
    }

    fn reach(&mut self, id: u32) {
        let (word, bit) = (id as usize / 64, 1u64 << (id % 64));
        if let Some(slot) = self.bits.get_mut(word)
            && *slot & bit == 0
        {
            *slot |= bit;
            self.queue.push_back(id);
        }
    }

    fn has(&self, id: u32) -> bool {
        self.bits.get(id as usize / 64).is_some_and(|word| word & (1 << (id % 64)) != 0)
    }

    fn run(&mut self, input: &Input<'_>) {
        let graph = self.graph;
        while let Some(id) = self.queue.pop_front() {
            // The file that a function is in: its top-level code runs once anything in it does.
            let file = graph.offsets.partition_point(|start| *start <= id) - 1;
            let module = graph.offsets[file];
            if !self.has(module) {
                self.reach(module);
            }
            for to in &graph.edges[id as usize] {
                self.reach(*to);
            }
            for (to, package) in graph.by_contract.get(&id).into_iter().flatten() {
                if self.own.is_none() || self.packages.contains(package) {
                    self.reach(*to);
                }
            }
            for to in self.waiting.remove(&id).unwrap_or_default() {
                self.reach(to);
            }
            for (to, switches) in graph.switched.get(&id).into_iter().flatten() {
                if switches.iter().any(|switch| self.has(*switch)) {
                    self.reach(*to);
                } else {
                    for switch in switches {
                        self.waiting.entry(*switch).or_default().push(*to);
                    }
                }
            }
            for owner in &graph.instances[id as usize] {
                self.enliven(*owner);
            }
            let Some(link) = graph.links[file].as_deref() else { continue };
            for mention in of_function(&link.mentions, FunctionId(id - module), |mention| mention.caller) {
                self.call_by_name(input, mention);
            }
            for (_, callee) in of_function(&link.dispatches, FunctionId(id - module), |(caller, _)| *caller) {
                if self.is_visible(*callee) {
                    self.once_alive(graph.offsets[callee.file.0 as usize] + callee.function.0);
                }
            }
        }
    }

    /// Notes that there may be instances of a class or type, and of all that it holds.
    fn enliven(&mut self, owner: Owner) {
        let graph = self.graph;
        let mut open = vec![owner];
        while let Some(owner) = open.pop() {
            if std::mem::replace(&mut self.live[owner.index()], true) {
                continue;
            }
            for method in self.dormant.remove(&owner).unwrap_or_default() {
                self.reach(method);
            }
            let Some(follows) = graph.types.consequences(owner) else { continue };
            open.extend(follows.types.iter().filter(|owner| !self.live[owner.index()]));
            for function in &follows.functions {
                if self.is_visible(*function) {
                    self.reach(graph.offsets[function.file.0 as usize] + function.function.0);
                }
            }
        }
    }

    /// Reaches what a call by name may mean.
    fn call_by_name(&mut self, input: &Input<'_>, mention: &'a Mention) {
        if !self.names.insert((&mention.name, mention.receiver.as_ref(), mention.arity, mention.on_value)) {
            return;
        }
        let named = self.graph.named.get(&mention.name).map_or(&[][..], Vec::as_slice);
        // `runStore.cancel()` means the class that is called so, where one has such a method; with a name that says little, only that.
        let (graph, receiver) = (self.graph, mention.receiver.as_deref());
        let is_namesake = |function: FunctionRef, receiver: &str| {
            graph.types.class_name(input, function).is_some_and(|class| is_called_like(class, receiver))
        };
        let is_vague = |receiver: &str| is_bag(receiver) || is_built_in(&mention.name);
        let like = receiver.filter(|receiver| {
            is_vague(receiver) || named.iter().any(|function| self.is_visible(*function) && is_namesake(*function, receiver))
        });
        for function in named.iter().filter(|function| like.is_none_or(|receiver| is_namesake(**function, receiver))) {
            let Some(facts) = input.files.source(function.file) else { continue };
            let start = self.graph.offsets[function.file.0 as usize];
            if !self.is_visible(*function) {
                continue;
            }
            let to = start + function.function.0;
            // ECMAScript: only of a file that something imports.
            if facts.language.is_ecmascript() {
                // A module's function is called on nothing but its module, and that is resolved.
                if mention.on_value && facts.function(function.function).kind == FunctionKind::Function && !mention.name.contains('.') {
                    continue;
                }
                if !self.has(start) {
                    // With the name of its object that is as good once it is; a bare name is too weak.
                    if mention.name.contains('.') {
                        self.waiting.entry(start).or_default().push(to);
                    }
                    continue;
                }
            } else if is_everywhere(&mention.name) || !fits(facts.function(function.function), mention) {
                continue;
            } else if self.certain && !self.graph.types.is_of_trait(*function) {
                // A name alone says little; that of a trait's method, and with it an instance of who implements it, says enough.
                continue;
            }
            self.once_alive(to);
        }
    }

    /// Reaches a method once there may be an instance of its type: it runs only on one.
    fn once_alive(&mut self, to: u32) {
        match self.graph.owners[to as usize].filter(|owner| !self.live[owner.index()]) {
            Some(owner) => self.dormant.entry(owner).or_default().push(to),
            None => self.reach(to),
        }
    }

    /// Whether a service can run a function without a resolved call that leads there: the code of another service's own package only so.
    fn is_visible(&self, function: FunctionRef) -> bool {
        match self.graph.package_of[function.file.0 as usize] {
            Some(package) => self.packages.contains(&package) && (Some(package) == self.own || !self.graph.of_services.contains(&package)),
            None => self.own.is_none(),
        }
    }
}

/// Whether a value's name is that of a class, or the end of it: `runStore`, `store` of `RunStore`.
fn is_called_like(class: &str, value: &str) -> bool {
    let value = value.trim_start_matches(['_', '#', '$']);
    let class = class.strip_suffix("Impl").unwrap_or(class);
    value.len() >= 4
        && class.len() >= value.len()
        && class.is_char_boundary(class.len() - value.len())
        && class[class.len() - value.len()..].eq_ignore_ascii_case(value)
}

/// Whether a Rust function may be what is called by its name: with as many arguments, and as a method only if it is one.
fn fits(function: &Function, mention: &Mention) -> bool {
    let Some(given) = mention.arity.map(|arity| arity as usize) else { return false };
    if mention.on_value {
        function.has_self && function.params.len() == given
    } else {
        function.params.len() + usize::from(function.has_self) == given
    }
}

/// The part of a sorted list that is a function's.
fn of_function<T>(list: &[T], function: FunctionId, of: impl Fn(&T) -> FunctionId) -> &[T] {
    let start = list.partition_point(|one| of(one) < function);
    let end = list.partition_point(|one| of(one) <= function);
    &list[start..end]
}
