//! One search for what a service reaches.

use std::collections::VecDeque;

use fixedbitset::FixedBitSet;
use portolan_grammars::facts::{Function, FunctionId, FunctionKind, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Roots;
use super::graph::Graph;
use super::names::{is_bag, is_built_in, is_everywhere};
use super::subcommands::Chosen;
use super::types::Owner;
use crate::FunctionRef;
use crate::chart::ServiceIndex;
use crate::resolve::assemble::Input;
use crate::resolve::link::Mention;
use crate::resolve::uses::Arity;

/// What a service reaches from its roots on, and the types of which it may have instances; if `certain`, by resolved calls alone, as far as
/// Rust goes.
pub(super) fn search(
    graph: &Graph<'_>,
    input: &Input<'_>,
    service: ServiceIndex,
    roots: &Roots,
    chosen: &Chosen,
    certain: bool,
) -> (FixedBitSet, FixedBitSet) {
    let deployment = &input.workspace.deployments[service.index()];
    let mut search = Search {
        graph,
        certain,
        reached: FixedBitSet::with_capacity(graph.numbers.count()),
        names: FxHashSet::default(),
        queue: VecDeque::new(),
        waiting: FxHashMap::default(),
        live: FixedBitSet::with_capacity(graph.types.count()),
        dormant: FxHashMap::default(),
        packages: input.workspace.with_dependencies(deployment.package),
        own: deployment.package,
        chosen,
        parts: roots.parts.clone(),
        unheld: &roots.unheld,
    };
    roots.functions.iter().for_each(|function| search.reach(*function));
    search.run(input);
    (search.reached, search.live)
}

struct Search<'a> {
    graph: &'a Graph<'a>,
    certain: bool,
    reached: FixedBitSet,
    /// Calls by name that are followed already.
    names: FxHashSet<(&'a Symbol, Option<&'a Symbol>, Arity, bool)>,
    queue: VecDeque<u32>,
    /// What is reached as soon as a function is that switches it on.
    waiting: FxHashMap<u32, Vec<u32>>,
    /// Classes and types of which there may be instances, and methods called by name that wait for one of theirs.
    live: FixedBitSet,
    dormant: FxHashMap<Owner, Vec<u32>>,
    /// The service's package and all that it depends on.
    packages: FxHashSet<usize>,
    own: Option<usize>,
    /// What it is started with, as far as that leaves something out.
    chosen: &'a Chosen,
    /// Functions that run with one that runs where it is named.
    parts: FxHashMap<u32, Vec<u32>>,
    /// Methods of classes of which the service has no instance.
    unheld: &'a FxHashSet<u32>,
}

impl<'a> Search<'a> {
    fn reach(&mut self, id: u32) {
        if !self.reached.put(id as usize) {
            self.queue.push_back(id);
        }
    }

    fn has(&self, id: u32) -> bool {
        self.reached.contains(id as usize)
    }

    fn run(&mut self, input: &Input<'_>) {
        let graph = self.graph;
        while let Some(id) = self.queue.pop_front() {
            // The file that a function is in: its top-level code runs once anything in it does.
            let (file, function) = graph.numbers.function(id);
            self.reach(graph.numbers.module(file));
            for to in &graph.edges[id as usize] {
                self.reach(*to);
            }
            for (to, package) in graph.by_contract.get(&id).into_iter().flatten() {
                if self.own.is_none() || self.packages.contains(package) {
                    self.reach(*to);
                }
            }
            for edge in graph.in_arms.get(&id).into_iter().flatten().filter(|edge| self.chosen.may_run(input, file, edge.arm)) {
                if edge.dispatched { self.once_alive(edge.to) } else { self.reach(edge.to) }
            }
            for to in graph.dispatched.get(&id).into_iter().flatten() {
                self.once_alive(*to);
            }
            let parts = self.parts.remove(&id).unwrap_or_default();
            for to in self.waiting.remove(&id).into_iter().flatten().chain(parts) {
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
            let Some(link) = graph.links[file.0 as usize].as_deref() else { continue };
            for mention in of_function(&link.mentions, function, |mention| mention.caller) {
                if mention.arm.is_none_or(|arm| self.chosen.may_run(input, file, arm)) {
                    self.call_by_name(input, mention);
                }
            }
            for (_, callee) in of_function(&link.dispatches, function, |(caller, _)| *caller) {
                if self.is_visible(*callee) {
                    self.once_alive(graph.numbers.at(*callee));
                }
            }
        }
    }

    /// Notes that there may be instances of a class or type, and of all that it holds.
    fn enliven(&mut self, owner: Owner) {
        let graph = self.graph;
        let mut open = vec![owner];
        while let Some(owner) = open.pop() {
            if self.live.put(owner.index()) {
                continue;
            }
            for method in self.dormant.remove(&owner).unwrap_or_default() {
                self.reach(method);
            }
            let variants = graph.types.variants(owner).iter().filter(|variant| self.chosen.may_be(variant.of, variant.name));
            open.extend(variants.map(|variant| variant.holds));
            let Some(follows) = graph.types.consequences(owner) else { continue };
            open.extend(follows.types.iter().filter(|owner| !self.live[owner.index()]));
            for function in &follows.functions {
                if self.is_visible(*function) {
                    self.reach(graph.numbers.at(*function));
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
        // What a bag is given may be an object that a function makes.
        let is_made = |function: FunctionRef, receiver: &str| is_bag(receiver) && graph.made.contains(&graph.numbers.at(function));
        let is_meant = |function: FunctionRef, receiver: &str| is_namesake(function, receiver) || is_made(function, receiver);
        for function in named.iter().filter(|function| like.is_none_or(|receiver| is_meant(**function, receiver))) {
            let Some(facts) = input.files.source(function.file) else { continue };
            if !self.is_visible(*function) || self.unheld.contains(&graph.numbers.at(*function)) {
                continue;
            }
            let declared = facts.function(function.function);
            if facts.language.is_ecmascript() {
                if !self.is_callable(mention, *function, declared) {
                    continue;
                }
            } else if is_everywhere(&mention.name) || !fits(declared, mention) {
                continue;
            } else if self.certain && !self.graph.types.is_of_trait(*function) {
                // A name alone says little; that of a trait's method, and with it an instance of who implements it, says enough.
                continue;
            }
            self.once_alive(graph.numbers.at(*function));
        }
    }

    /// Whether an ECMAScript function may be what is called by a name, as something imports its file; notes what it waits for, if it may be later.
    fn is_callable(&mut self, mention: &Mention, function: FunctionRef, declared: &Function) -> bool {
        let numbers = &self.graph.numbers;
        let (module, to) = (numbers.module(function.file), numbers.at(function));
        let is_of_object = mention.name.contains('.');
        // A module's function is called on nothing but its module, and that is resolved.
        if mention.on_value && declared.kind == FunctionKind::Function && !is_of_object {
            return false;
        }
        // A function of an object is there once the function that makes the object has run.
        let maker = numbers.at(FunctionRef { file: function.file, function: declared.parent });
        if declared.owner.is_none() && maker != module && !self.has(maker) {
            self.waiting.entry(maker).or_default().push(to);
            return false;
        }
        // With the name of its object it is as good once its file is imported; a bare name is too weak.
        let is_there = self.has(module);
        if !is_there && is_of_object {
            self.waiting.entry(module).or_default().push(to);
        }
        is_there
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
