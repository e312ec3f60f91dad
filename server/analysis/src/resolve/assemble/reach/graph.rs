//! The graph of all functions of a workspace that searches go through: what calls what, and what is called by a name.

use std::sync::Arc;

use portolan_grammars::facts::{FunctionId, FunctionKind, RegionId, SourceFacts, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::is_built_in;
use super::types::{Owner, Types};
use crate::files::Files;
use crate::resolve::assemble::Input;
use crate::resolve::evaluate::around;
use crate::resolve::link::{EdgeDecl, FileLink, KeptDecl};
use crate::resolve::named::Named;
use crate::resolve::named_types::NamedType;
use crate::resolve::subcommands::arm_around;
use crate::{FileId, FunctionRef};

/// All functions in one row: those of a file stand together, its module first.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The number of each file's module, and behind the last that of all functions.
    starts: Vec<u32>,
}

impl Numbers {
    fn of(files: &Files, count: usize) -> Self {
        let mut next = 0;
        let mut starts = vec![next];
        for file in (0..count as u32).map(FileId) {
            next += files.source(file).map_or(0, |facts| facts.functions.len() as u32);
            starts.push(next);
        }
        Self { starts }
    }

    /// How many functions there are.
    pub(super) fn count(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// The number of a file's module.
    pub(super) fn module(&self, file: FileId) -> u32 {
        self.starts[file.0 as usize]
    }

    /// The number of a function that there is.
    pub(super) fn at(&self, function: FunctionRef) -> u32 {
        self.module(function.file) + function.function.0
    }

    /// The number of a function, if there is one.
    pub(super) fn get(&self, function: FunctionRef) -> Option<u32> {
        let end = *self.starts.get(function.file.0 as usize + 1)?;
        Some(self.at(function)).filter(|number| *number < end)
    }

    /// The file that a number's function is in, and which of its functions that is.
    pub(super) fn function(&self, number: u32) -> (FileId, FunctionId) {
        let file = FileId(self.starts.partition_point(|start| *start <= number) as u32 - 1);
        (file, FunctionId(number - self.module(file)))
    }
}

/// An edge that counts only where a process may run an arm.
pub(super) struct InArm {
    /// The innermost arm.
    pub(super) arm: RegionId,
    /// Where it leads.
    pub(super) to: u32,
    /// Whether it counts only once there may be an instance of the type whose method that is, too.
    pub(super) dispatched: bool,
}

/// What may run once a function runs; functions by their [`Numbers`].
pub(super) struct Graph<'a> {
    pub(super) links: &'a [Option<Arc<FileLink>>],
    pub(super) numbers: Numbers,
    pub(super) edges: Vec<Vec<u32>>,
    /// Edges from arms for subcommands, by where they start.
    pub(super) in_arms: FxHashMap<u32, Vec<InArm>>,
    /// Edges that count only once one of some functions is reached, by where they start.
    pub(super) switched: FxHashMap<u32, Vec<(u32, Vec<u32>)>>,
    /// Edges that count only once there may be an instance of the type whose method they lead to, by where they start.
    pub(super) dispatched: FxHashMap<u32, Vec<u32>>,
    /// Edges into the package of a service that the caller's package neither depends on nor imports, by where they start: an interface or a base
    /// class leads there, for that service alone.
    pub(super) by_contract: FxHashMap<u32, Vec<(u32, usize)>>,
    /// Classes and types that each function may come by instances of.
    pub(super) instances: Vec<Vec<Owner>>,
    /// What each function needs an instance of.
    pub(super) owners: Vec<Option<Owner>>,
    pub(super) named: FxHashMap<Symbol, Vec<FunctionRef>>,
    /// Functions of objects that functions make.
    pub(super) made: FxHashSet<u32>,
    pub(super) types: Types<'a>,
    /// Of each file.
    pub(super) package_of: Vec<Option<usize>>,
    /// Packages that services run.
    pub(super) of_services: FxHashSet<usize>,
}

impl<'a> Graph<'a> {
    pub(super) fn build(input: &Input<'a>) -> Self {
        let files = input.links.len();
        let numbers = Numbers::of(input.files, files);
        let count = numbers.count();
        let package_of = |file| input.files.source(file).and_then(|_| input.workspace.package_of(input.files.path(file)));
        let package_of: Vec<Option<usize>> = (0..files as u32).map(FileId).map(package_of).collect();
        let mut graph = Self {
            links: input.links,
            numbers,
            edges: vec![Vec::new(); count],
            in_arms: FxHashMap::default(),
            switched: FxHashMap::default(),
            dispatched: FxHashMap::default(),
            by_contract: FxHashMap::default(),
            instances: vec![Vec::new(); count],
            owners: vec![None; count],
            named: FxHashMap::default(),
            made: FxHashSet::default(),
            types: Types::of(input, &package_of),
            package_of,
            of_services: input.workspace.deployments.iter().filter_map(|deployment| deployment.package).collect(),
        };
        let mut dependencies = Dependencies::default();
        let mut made = Vec::new();
        for (file, link) in (0..).map(FileId).zip(input.links) {
            let Some(facts) = input.files.source(file) else { continue };
            graph.add_functions(file, facts);
            let Some(link) = link else { continue };
            graph.add_loaded(file, facts, link);
            graph.add_attributed(input, file, link);
            for kept in &link.kept {
                graph.add_kept(kept);
                made.extend(kept.is_made().then_some((file, kept)));
            }
            for edge in &link.edges {
                graph.add_edge(input, file, link, edge, &mut dependencies);
            }
            graph.add_instances(file, link);
        }
        graph.add_made(input, &made, &mut dependencies);
        graph
    }

    /// What nobody takes out by its key is handed to code that is not seen, and may run with what makes it; but not of an object of one of the
    /// workspace's own types.
    fn add_made(&mut self, input: &Input<'_>, made: &[(FileId, &KeptDecl)], dependencies: &mut Dependencies) {
        let keys: FxHashSet<&Symbol> = made.iter().map(|(_, kept)| &kept.key).filter(|key| !is_built_in(key)).collect();
        let mut mentioned: FxHashMap<&Symbol, FxHashSet<Option<usize>>> = FxHashMap::default();
        for (package, link) in self.package_of.iter().zip(self.links) {
            for mention in link.iter().flat_map(|link| &link.mentions).filter(|mention| keys.contains(&mention.name)) {
                mentioned.entry(&mention.name).or_default().insert(*package);
            }
        }
        let called: FxHashSet<FunctionRef> = self.links.iter().flatten().flat_map(|link| &link.edges).map(|edge| edge.callee).collect();
        for (file, kept) in made {
            // Who does not see what makes the object means another one.
            let own = self.package_of[file.0 as usize];
            let mut sees = |package: &Option<usize>| match (*package, own) {
                (Some(package), Some(own)) => package == own || dependencies.has(input, package, own),
                _ => true,
            };
            let is_mentioned = mentioned.get(&kept.key).is_some_and(|packages| packages.iter().any(&mut sees));
            let is_taken = kept.declared || is_mentioned || called.contains(&kept.function);
            let from = self.numbers.at(FunctionRef { file: *file, function: kept.maker });
            if let Some(to) = self.numbers.get(kept.function).filter(|_| !is_taken)
                && let Some(edges) = self.edges.get_mut(from as usize)
            {
                edges.push(to);
            }
        }
    }

    /// What functions are called, and whose they are.
    fn add_functions(&mut self, file: FileId, facts: &'a SourceFacts) {
        for (at, declared) in facts.functions.iter().enumerate() {
            if !declared.name.is_empty() && declared.kind != FunctionKind::Module {
                let function = FunctionRef { file, function: FunctionId(at as u32) };
                self.owners[self.numbers.at(function) as usize] = self.types.owner(facts, function);
                self.named.entry(declared.name.clone()).or_default().push(function);
            }
        }
    }

    /// The functions of objects that functions of a file make, with what stands in them: by their numbers, each with that of the object's function.
    pub(super) fn made_parts(&self, file: FileId, facts: &SourceFacts) -> FxHashMap<u32, u32> {
        let module = self.numbers.module(file);
        let kept = self.links[file.0 as usize].iter().flat_map(|link| &link.kept);
        let made = kept.filter(|kept| kept.is_made() && kept.function.file == file);
        let made: FxHashSet<FunctionId> = made.map(|kept| kept.function.function).collect();
        if made.is_empty() {
            return FxHashMap::default();
        }
        let made_around = |id: FunctionId| around(facts, id).find(|at| made.contains(at));
        let all = (1..facts.functions.len() as u32).map(FunctionId);
        all.filter_map(|id| Some((module + id.0, module + made_around(id)?.0))).collect()
    }

    /// A file's top-level code runs what it imports, what programs hand out that it names, and what files hand out by default that it loads
    /// without saying for which of their names.
    fn add_loaded(&mut self, file: FileId, facts: &'a SourceFacts, link: &FileLink) {
        let module = self.numbers.module(file);
        let Some(edges) = self.edges.get_mut(module as usize) else { return };
        edges.extend(self.types.unseen_in(facts).map(|method| module + method.0));
        let modules = link.imports.iter().map(|file| FunctionRef { file: *file, function: FunctionId::MODULE });
        edges.extend(modules.filter_map(|module| self.numbers.get(module)));
        let exports = |file: FileId| self.links[file.0 as usize].iter().flat_map(|link| &link.names.exports);
        let own = |file: FileId, named: &Named| match named {
            Named::Own(function) => self.numbers.get(FunctionRef { file, function: *function }),
            _ => None,
        };
        for program in &link.programs {
            edges.extend(exports(*program).filter_map(|(_, named)| own(*program, named)));
        }
        for (_, named) in &link.names.by {
            if let Named::All(other) = named {
                edges.extend(exports(*other).filter(|(name, _)| name == "default").filter_map(|(_, named)| own(*other, named)));
            }
        }
    }

    /// What a derive calls runs with the package that holds the type; what is a binary's, with that binary.
    fn add_attributed(&mut self, input: &Input<'_>, file: FileId, link: &FileLink) {
        if link.attributed.is_empty() {
            return;
        }
        let (modules, package) = (&input.workspace.modules, self.package_of[file.0 as usize]);
        let own: Vec<FileId> = modules.crates_of(file).filter_map(|krate| modules.krate(krate)).map(|krate| krate.root).collect();
        let of_package = || modules.crates.iter().filter(|krate| Some(krate.package) == package);
        let of_library = of_package().any(|krate| krate.library && own.contains(&krate.root));
        for krate in of_package().filter(|krate| of_library || own.contains(&krate.root)) {
            let attributed = link.attributed.iter().map(|function| self.numbers.at(FunctionRef { file, function: *function }));
            if let Some(edges) = self.edges.get_mut(self.numbers.module(krate.root) as usize) {
                edges.extend(attributed);
            }
        }
    }

    fn add_kept(&mut self, kept: &KeptDecl) {
        let mut add = |name: Symbol| self.named.entry(name).or_default().push(kept.function);
        // What a function made goes by any name; by another name of its own, it is known.
        if kept.is_made() {
            add(kept.key.clone());
            self.made.extend(self.numbers.get(kept.function));
        }
        if kept.object.is_empty() {
            return;
        }
        for key in [kept.key.as_str(), "*"] {
            add(format!("{}.{key}", kept.object).into());
        }
    }

    fn add_edge(&mut self, input: &Input<'_>, file: FileId, link: &FileLink, edge: &EdgeDecl, dependencies: &mut Dependencies) {
        let from = self.numbers.at(FunctionRef { file, function: edge.caller });
        let Some(to) = self.numbers.get(edge.callee) else { return };
        let [own, other] = [file, edge.callee.file].map(|file| self.package_of[file.0 as usize]);
        let foreign = other.filter(|other| own != Some(*other) && self.of_services.contains(other)).filter(|other| {
            let imports = || link.imports.iter().any(|import| self.package_of[import.0 as usize] == Some(*other));
            !own.is_some_and(|own| dependencies.has(input, own, *other)) && !imports()
        });
        if let Some(package) = foreign {
            self.by_contract.entry(from).or_default().push((to, package));
        } else if let Some(arm) = input.files.source(file).and_then(|facts| arm_of(file, facts, link, edge)) {
            self.in_arms.entry(from).or_default().push(InArm { arm, to, dispatched: edge.dispatched });
        } else if !edge.switches.is_empty() {
            let switches = edge.switches.iter().filter_map(|function| self.numbers.get(*function)).collect();
            self.switched.entry(from).or_default().push((to, switches));
        } else if edge.dispatched {
            self.dispatched.entry(from).or_default().push(to);
        } else if let Some(edges) = self.edges.get_mut(from as usize) {
            edges.push(to);
        }
    }

    fn add_instances(&mut self, file: FileId, link: &'a FileLink) {
        for (function, class) in &link.classes {
            let owner = self.types.class(*class);
            self.add_instance(FunctionRef { file, function: *function }, owner);
        }
        for NamedType { function, name, own, path } in &link.named_types {
            if let Some(owner) = self.types.meant(file, name, *own, path.as_ref()) {
                self.add_instance(FunctionRef { file, function: *function }, owner);
            }
        }
    }

    fn add_instance(&mut self, function: FunctionRef, owner: Owner) {
        if let Some(instances) = self.instances.get_mut(self.numbers.at(function) as usize) {
            instances.push(owner);
        }
    }
}

/// The arm for subcommands that an edge is in: where it calls, or where the closure stands that it leads to.
fn arm_of(file: FileId, facts: &SourceFacts, link: &FileLink, edge: &EdgeDecl) -> Option<RegionId> {
    if link.arms.is_empty() {
        return None;
    }
    let region = match edge.call {
        Some(call) => (call.file == file).then(|| facts.call(call.call).region)?,
        None => {
            let callee = (edge.callee.file == file).then(|| facts.function(edge.callee.function))?;
            facts.region(callee.body).parent.filter(|_| callee.kind == FunctionKind::Closure)?
        }
    };
    arm_around(facts, &link.arms, region)
}

/// What packages depend on, each asked for once.
#[derive(Default)]
struct Dependencies(FxHashMap<usize, FxHashSet<usize>>);

impl Dependencies {
    fn has(&mut self, input: &Input<'_>, package: usize, other: usize) -> bool {
        self.0.entry(package).or_insert_with(|| input.workspace.with_dependencies(Some(package))).contains(&other)
    }
}
