//! Which functions each service's process can reach: whose code is whose.
//!
//! A service owns the code of its own package. Code of a library package belongs to every service that reaches it: by a call or mention that
//! was resolved, or by the name of a method that is called on something unknown. Several services of one package (binaries, commands) start
//! from their own entries alone.

use std::collections::VecDeque;

use camino::Utf8Path;
use portolan_grammars::facts::{FunctionId, FunctionKind, Symbol};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Input;
use crate::chart::ServiceIndex;
use crate::{FileId, FunctionRef};

/// The functions that each service reaches, in the order of the services.
#[derive(Debug, Default)]
pub(super) struct Reach {
    offsets: Vec<u32>,
    reached: Vec<Vec<u64>>,
}

impl Reach {
    /// Whether a service reaches a function.
    pub(super) fn has(&self, service: ServiceIndex, function: FunctionRef) -> bool {
        let Some(id) = self.id(function) else { return false };
        self.reached.get(service.index()).is_some_and(|bits| bits[id as usize / 64] & (1 << (id % 64)) != 0)
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
        let reached = (0..input.workspace.services.len())
            .into_par_iter()
            .map(|at| {
                let service = ServiceIndex(at as u32);
                if input.workspace.services[at].third_party { vec![0; graph.words()] } else { graph.search(input, service, &shared) }
            })
            .collect();
        Self { offsets: graph.offsets, reached }
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

struct Graph {
    offsets: Vec<u32>,
    edges: Vec<Vec<u32>>,
    mentions: Vec<Vec<Symbol>>,
    named: FxHashMap<Symbol, Vec<FunctionRef>>,
    package_of: Vec<Option<usize>>,
}

impl Graph {
    fn words(&self) -> usize {
        (*self.offsets.last().unwrap_or(&0) as usize).div_ceil(64)
    }

    fn build(input: &Input<'_>) -> Self {
        let count = input.links.len();
        let mut offsets = Vec::with_capacity(count + 1);
        let mut next = 0;
        let mut package_of = vec![None; count];
        for (at, package) in package_of.iter_mut().enumerate() {
            offsets.push(next);
            let id = FileId(at as u32);
            if let Some(facts) = input.files.source(id) {
                next += facts.functions.len() as u32;
                *package = input.workspace.package_of(input.files.path(id));
            }
        }
        offsets.push(next);
        let mut edges = vec![Vec::new(); next as usize];
        let mut mentions = vec![Vec::new(); next as usize];
        let mut named: FxHashMap<Symbol, Vec<FunctionRef>> = FxHashMap::default();
        for (at, link) in input.links.iter().enumerate() {
            let id = FileId(at as u32);
            let Some(facts) = input.files.source(id) else { continue };
            for (function, declared) in facts.functions.iter().enumerate() {
                if !declared.name.is_empty() && declared.kind != FunctionKind::Module {
                    named.entry(declared.name.clone()).or_default().push(FunctionRef { file: id, function: FunctionId(function as u32) });
                }
            }
            let Some(link) = link else { continue };
            for edge in &link.edges {
                let from = offsets[at] + edge.caller.0;
                let to = offsets.get(edge.callee.file.0 as usize).map(|start| start + edge.callee.function.0);
                if let (Some(list), Some(to)) = (edges.get_mut(from as usize), to) {
                    list.push(to);
                }
            }
            for (function, name) in &link.mentions {
                if let Some(list) = mentions.get_mut((offsets[at] + function.0) as usize) {
                    list.push(name.clone());
                }
            }
        }
        Self { offsets, edges, mentions, named, package_of }
    }

    fn search(&self, input: &Input<'_>, service: ServiceIndex, shared: &FxHashSet<usize>) -> Vec<u64> {
        let workspace = input.workspace;
        let deployment = &workspace.deployments[service.index()];
        let packages = closure(input, deployment.package);
        let by_entry = deployment.package.is_some_and(|package| shared.contains(&package)) && !deployment.entries.is_empty();
        let mut search = Search {
            graph: self,
            bits: vec![0; self.words()],
            files: FxHashSet::default(),
            names: FxHashSet::default(),
            queue: VecDeque::new(),
        };
        let root = workspace.services[service.index()].root.as_path();
        if by_entry {
            for entry in &deployment.entries {
                search.whole_file(input, *entry);
            }
        } else {
            for at in 0..input.links.len() {
                let id = FileId(at as u32);
                if input.files.source(id).is_none() {
                    continue;
                }
                // A service in a folder of a larger package (one manifest for a whole repository) owns its folder, not the package.
                let whole = deployment.package.filter(|package| {
                    let package = workspace.packages[*package].root.as_path();
                    package == root || !root.starts_with(package)
                });
                let own = match whole {
                    Some(package) => self.package_of[at] == Some(package),
                    None => under(input.files.path(id), root) && !self.in_other_service(input, at, service, root),
                };
                if own {
                    search.whole_file(input, id);
                }
            }
        }
        search.run(input, &packages, deployment.package);
        search.bits
    }

    /// Whether a file below a service's folder lies in a deeper service's, or in a package that is a folder of its own.
    fn in_other_service(&self, input: &Input<'_>, file: usize, service: ServiceIndex, root: &Utf8Path) -> bool {
        let path = input.files.path(FileId(file as u32));
        input.workspace.services.iter().enumerate().any(|(at, other)| {
            at != service.index() && !other.third_party && other.root.as_str().len() > root.as_str().len() && under(path, &other.root)
        })
    }
}

fn under(path: &Utf8Path, root: &Utf8Path) -> bool {
    root.as_str().is_empty() || path.starts_with(root)
}

/// A package and all that it depends on in the workspace.
fn closure(input: &Input<'_>, package: Option<usize>) -> FxHashSet<usize> {
    let mut all = FxHashSet::default();
    let mut open: Vec<usize> = package.into_iter().collect();
    while let Some(next) = open.pop() {
        if all.insert(next) {
            open.extend(input.workspace.packages[next].dependencies.iter().copied());
        }
    }
    all
}

struct Search<'a> {
    graph: &'a Graph,
    bits: Vec<u64>,
    files: FxHashSet<FileId>,
    names: FxHashSet<Symbol>,
    queue: VecDeque<u32>,
}

impl Search<'_> {
    fn whole_file(&mut self, input: &Input<'_>, file: FileId) {
        let Some(facts) = input.files.source(file) else { return };
        self.files.insert(file);
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

    fn run(&mut self, input: &Input<'_>, packages: &FxHashSet<usize>, own: Option<usize>) {
        let graph = self.graph;
        while let Some(id) = self.queue.pop_front() {
            // The file that a function is in: its top-level code runs once anything in it does.
            let file = graph.offsets.partition_point(|start| *start <= id) - 1;
            let file_id = FileId(file as u32);
            let module = graph.offsets[file];
            if !self.has(module) {
                self.reach(module);
            }
            if id == module && self.files.insert(file_id) {
                // First visit by way of a function alone.
            }
            if id == module
                && let Some(link) = input.links[file].as_deref()
            {
                for import in &link.imports {
                    if let Some(start) = graph.offsets.get(import.0 as usize) {
                        self.reach(*start);
                    }
                }
            }
            for to in &graph.edges[id as usize] {
                self.reach(*to);
            }
            for name in &graph.mentions[id as usize] {
                if !self.names.insert(name.clone()) {
                    continue;
                }
                for function in graph.named.get(name).into_iter().flatten() {
                    let target = function.file.0 as usize;
                    let package = graph.package_of[target];
                    let visible = match package {
                        Some(package) => packages.contains(&package),
                        None => own.is_none(),
                    };
                    let to = graph.offsets[target] + function.function.0;
                    // ECMAScript: only of a file that something imports.
                    let loaded = match input.files.source(function.file) {
                        Some(facts) if facts.language.is_ecmascript() => self.has(graph.offsets[target]),
                        Some(_) => true,
                        None => false,
                    };
                    if visible && loaded {
                        self.reach(to);
                    }
                }
            }
        }
    }
}
