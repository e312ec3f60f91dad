//! What the words that a service is started with choose of its program's subcommands, and what they leave out.
//!
//! Invariants: a word that is no subcommand's, as one behind an option may be, leaves the choice open, and all that lies behind it; what is left
//! out is found again wherever something else leads to it.

use portolan_grammars::facts::{FunctionId, FunctionKind, RegionId, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::graph::Graph;
use crate::chart::ServiceIndex;
use crate::resolve::assemble::Input;
use crate::resolve::evaluate::{inside, regions_around};
use crate::resolve::link::FileLink;
use crate::resolve::subcommands::{ArmDecl, SubcommandDecl, SubcommandsDecl};
use crate::resolve::value::ClassRef;
use crate::{FileId, FunctionRef};

/// What a service's command lines choose.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// The variants that may be chosen of an enum; of others, all may.
    variants: FxHashMap<ClassRef, FxHashSet<Symbol>>,
    /// Arms that no chosen variant leads to.
    idle: FxHashSet<(FileId, RegionId)>,
}

impl Chosen {
    /// What a service's command lines choose.
    pub(super) fn by(input: &Input<'_>, service: ServiceIndex) -> Self {
        let deployment = &input.workspace.deployments[service.index()];
        let mut walk = Walk { input, variants: FxHashMap::default(), open: FxHashSet::default() };
        if !deployment.arguments.is_empty() {
            let begun: Vec<ClassRef> = deployment.entries.iter().flat_map(|entry| command_lines(input, *entry)).collect();
            for of in begun {
                deployment.arguments.iter().for_each(|words| walk.choose(of, words));
            }
        }
        let Walk { mut variants, open, .. } = walk;
        variants.retain(|of, _| !open.contains(of));
        let mut chosen = Self { variants, idle: FxHashSet::default() };
        if !chosen.variants.is_empty() {
            let arms = links(input).flat_map(|(file, link)| link.arms.iter().map(move |arm| (file, arm)));
            let idle = arms.filter(|(_, arm)| !chosen.leads_to(arm)).map(|(file, arm)| (file, arm.region));
            chosen.idle = idle.collect();
        }
        chosen
    }

    fn leads_to(&self, arm: &ArmDecl) -> bool {
        let chosen = self.variants.get(&arm.of);
        chosen.is_none_or(|chosen| chosen.iter().any(|variant| arm.variants.contains(variant) != arm.negated))
    }

    /// Whether a variant of an enum may be chosen.
    pub(super) fn may_be(&self, of: ClassRef, variant: &Symbol) -> bool {
        self.variants.get(&of).is_none_or(|chosen| chosen.contains(variant))
    }

    /// Whether an arm, and all arms around it, may run.
    pub(super) fn may_run(&self, input: &Input<'_>, file: FileId, arm: RegionId) -> bool {
        if self.idle.is_empty() {
            return true;
        }
        input.files.source(file).is_none_or(|facts| regions_around(facts, arm).all(|region| !self.idle.contains(&(file, region))))
    }

    /// The functions that idle arms lead to: a process that begins in their file runs them only where something else leads to them.
    pub(super) fn left_out(&self, graph: &Graph<'_>, input: &Input<'_>) -> FxHashSet<u32> {
        let mut found = FxHashSet::default();
        if self.idle.is_empty() {
            return found;
        }
        let mut open = Vec::new();
        for (from, edges) in &graph.in_arms {
            let (file, _) = graph.numbers.function(*from);
            open.extend(edges.iter().filter(|edge| !self.may_run(input, file, edge.arm)).map(|edge| edge.to));
        }
        while let Some(function) = open.pop() {
            if !found.insert(function) {
                continue;
            }
            let (file, id) = graph.numbers.function(function);
            let Some(facts) = input.files.source(file) else { continue };
            let edges = graph.edges.get(function as usize).into_iter().flatten().copied();
            let others = graph.in_arms.get(&function).into_iter().flatten().map(|edge| edge.to);
            let dispatched = graph.dispatched.get(&function).into_iter().flatten().copied();
            open.extend(edges.chain(others).chain(dispatched).filter(|to| *to != graph.numbers.module(file)));
            let within = (0..facts.functions.len() as u32)
                .map(FunctionId)
                .filter(|at| facts.function(*at).kind == FunctionKind::Closure && inside(facts, *at, id));
            open.extend(within.map(|function| graph.numbers.at(FunctionRef { file, function })));
        }
        found
    }
}

/// Follows words through enums.
struct Walk<'a> {
    input: &'a Input<'a>,
    variants: FxHashMap<ClassRef, FxHashSet<Symbol>>,
    /// Enums of which a word that is not known chooses.
    open: FxHashSet<ClassRef>,
}

impl<'a> Walk<'a> {
    fn choose(&mut self, of: ClassRef, words: &[Symbol]) {
        let Some(subcommands) = declared(self.input, of) else { return };
        let chosen = chosen_of(subcommands, words);
        if chosen.is_empty() {
            return self.leave_open(of);
        }
        for (variant, rest) in chosen {
            self.variants.entry(of).or_default().insert(variant.name.clone());
            variant.next.iter().for_each(|next| self.choose(*next, rest));
        }
    }

    fn leave_open(&mut self, of: ClassRef) {
        if self.open.insert(of)
            && let Some(subcommands) = declared(self.input, of)
        {
            subcommands.variants.iter().flat_map(|variant| &variant.next).for_each(|next| self.leave_open(*next));
        }
    }
}

/// The variants that words may choose, each with the words behind; none where that is not known.
fn chosen_of<'a, 'w>(subcommands: &'a SubcommandsDecl, words: &'w [Symbol]) -> Vec<(&'a SubcommandDecl, &'w [Symbol])> {
    let mut found = Vec::new();
    let mut behind_option = false;
    // `cargo run -- api`.
    let start = usize::from(words.first().is_some_and(|word| word == "--"));
    for (at, word) in words.iter().enumerate().skip(start) {
        if word.contains(['$', '{']) || word == "--" {
            return Vec::new();
        }
        if word.starts_with('-') {
            behind_option = !word.contains('=');
            continue;
        }
        let named = subcommands.variants.iter().find(|variant| variant.words.contains(word));
        found.extend(named.map(|variant| (variant, &words[at + 1..])));
        // What stands behind an option may be its value.
        if !std::mem::take(&mut behind_option) {
            return if named.is_some() { found } else { Vec::new() };
        }
    }
    found
}

fn links<'a>(input: &'a Input<'_>) -> impl Iterator<Item = (FileId, &'a FileLink)> {
    (0..).map(FileId).zip(input.links).filter_map(|(file, link)| Some((file, link.as_deref()?)))
}

fn declared<'a>(input: &'a Input<'_>, of: ClassRef) -> Option<&'a SubcommandsDecl> {
    let link = input.links.get(of.file.0 as usize)?.as_deref()?;
    link.subcommands.iter().find(|subcommands| subcommands.id == of.class)
}

/// The enums that the command line of a binary begins with: of its own files, or else of its package's library.
fn command_lines(input: &Input<'_>, entry: FileId) -> Vec<ClassRef> {
    let modules = &input.workspace.modules;
    let Some((own, krate)) =
        modules.crates_of(entry).filter_map(|id| Some((id, modules.krate(id)?))).find(|(_, krate)| krate.root == entry)
    else {
        return Vec::new();
    };
    let of_library = |file: FileId| {
        let mut crates = modules.crates_of(file).filter_map(|id| modules.krate(id));
        crates.any(|other| other.library && other.package == krate.package)
    };
    let of = |is_part: &dyn Fn(FileId) -> bool| -> Vec<ClassRef> {
        links(input)
            .filter(|(file, link)| !link.command_lines.is_empty() && is_part(*file))
            .flat_map(|(_, link)| link.command_lines.clone())
            .collect()
    };
    let begun = of(&|file| modules.crates_of(file).any(|id| id == own));
    if begun.is_empty() { of(&of_library) } else { begun }
}
