//! Whose method a function is, and what follows for Rust once there may be instances of a type: the types that it holds, and the methods that
//! code of others calls.
//!
//! Rust's types go by their own names, see [`crate::resolve::named_types`], and by the file that declares them: where several files declare one of a
//! name, it means that of the same file, or that of the module which its path means, or else those that its package may see.

use portolan_grammars::facts::{FunctionId, Impl, Language, SourceFacts, Symbol, TypeKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::is_called_unseen;
use crate::resolve::assemble::Input;
use crate::resolve::index::last_segment;
use crate::resolve::link::Router;
use crate::resolve::named_types::{HeldType, held_types};
use crate::resolve::subcommands::SubcommandDecl;
use crate::resolve::value::ClassRef;
use crate::workspace::modules::Modules;
use crate::{FileId, FunctionRef};

/// What a method needs an instance of: an ECMAScript class, or a Rust type or trait; by a number, as every service asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Owner(u32);

impl Owner {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an [`Owner`] stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Name<'a> {
    Class(ClassRef),
    /// By its own name, as it is said in Rust, and the file that declares it, if one of the workspace does.
    Type(&'a str, Option<FileId>),
    /// What a package may mean by the name of a Rust type that several files declare.
    AnyOf(&'a str, Option<usize>),
}

/// The classes and types that methods belong to.
#[derive(Default)]
pub(super) struct Types<'a> {
    owners: FxHashMap<Name<'a>, Owner>,
    /// Rust types that the workspace declares, with the files that do; of others, a macro's or a library's, there always may be instances.
    declared: FxHashMap<&'a str, Vec<FileId>>,
    /// The packages that code of each package may name types of, where several files declare one of a name.
    seen: FxHashMap<usize, FxHashSet<usize>>,
    modules: Option<&'a Modules>,
    /// Of each file.
    package_of: Vec<Option<usize>>,
    /// Methods of the workspace's traits, as types of Rust implement them and as traits provide them.
    of_traits: FxHashSet<FunctionRef>,
    /// By [`Owner`], as far as anything follows.
    consequences: Vec<Consequences>,
    /// What variants of enums of subcommands hold, by the enum.
    variants: FxHashMap<Owner, Vec<Variant<'a>>>,
}

/// What a variant of an enum of subcommands holds: a type of which there may be instances where the variant may be chosen.
pub(super) struct Variant<'a> {
    /// The enum.
    pub(super) of: ClassRef,
    /// The variant's name.
    pub(super) name: &'a Symbol,
    /// The type.
    pub(super) holds: Owner,
}

/// What follows once there may be instances of a type.
#[derive(Debug, Default)]
pub(super) struct Consequences {
    /// Other types that there may be instances of.
    pub(super) types: Vec<Owner>,
    /// Functions that are called without being named.
    pub(super) functions: Vec<FunctionRef>,
}

impl<'a> Types<'a> {
    pub(super) fn of(input: &Input<'a>, package_of: &[Option<usize>]) -> Self {
        let rust = (0..input.links.len() as u32).map(FileId).filter_map(|file| {
            let facts = input.files.source(file)?;
            (facts.language == Language::Rust).then_some((file, facts))
        });
        let rust: Vec<(FileId, &'a SourceFacts)> = rust.collect();
        let mut types = Self { modules: Some(&input.workspace.modules), package_of: package_of.to_vec(), ..Self::default() };
        let mut traits: FxHashSet<&str> = FxHashSet::default();
        for (file, facts) in &rust {
            for def in &facts.types {
                types.number(Name::Type(&def.name, Some(*file)));
                types.declared.entry(&def.name).or_default().push(*file);
                if def.kind == TypeKind::Trait {
                    traits.insert(&def.name);
                }
            }
        }
        types.declared.values_mut().for_each(Vec::dedup);
        let packages: FxHashSet<usize> = rust.iter().filter_map(|(file, _)| types.package(*file)).collect();
        types.seen = packages.into_iter().map(|package| (package, input.workspace.with_dependencies(Some(package)))).collect();
        for (_, facts) in &rust {
            for block in facts.impls.iter().filter(|block| block.trait_ref.is_some()) {
                let name = last_segment(&block.self_type.path);
                if !types.declared.contains_key(name) {
                    types.number(Name::Type(name, None));
                }
            }
        }
        types.consequences.resize_with(types.owners.len(), Consequences::default);
        for (file, facts) in rust {
            let subcommands = input.links.get(file.0 as usize).and_then(Option::as_deref).map_or(&[][..], |link| &link.subcommands);
            held_types(facts, |held| {
                let of = subcommands.iter().find(|subcommands| subcommands.id == held.holder);
                let chosen = of.and_then(|of| of.variants.iter().find(|variant| Some(&variant.name) == held.field));
                match chosen {
                    Some(variant) => types.follows_variant(input, file, variant, &held),
                    None => types.follows(file, &facts.type_def(held.holder).name, held.name, held.own, held.path.as_ref()),
                }
            });
            let provided = (0..facts.functions.len() as u32).map(FunctionId).filter(|function| {
                let owner = facts.function(*function).owner;
                owner.is_some_and(|owner| facts.type_def(owner).kind == TypeKind::Trait)
            });
            types.of_traits.extend(provided.map(|function| FunctionRef { file, function }));
            for block in &facts.impls {
                let Some(of) = &block.trait_ref else {
                    types.written_for(file, block);
                    continue;
                };
                let (name, of) = (last_segment(&block.self_type.path), last_segment(&of.path));
                if traits.contains(of) {
                    // What the trait provides.
                    types.follows(file, name, of, true, None);
                    types.of_traits.extend(block.methods.iter().map(|method| FunctionRef { file, function: *method }));
                }
                // What is not the workspace's is called by code that is not, either.
                if !traits.contains(of) || is_called_unseen(block) {
                    types.calls_unseen(file, name, &block.methods);
                }
            }
        }
        types.served(input);
        types
    }

    /// What implements an rpc, or answers a route by an attribute of its own, is called by generated code, wherever that is.
    fn served(&mut self, input: &Input<'a>) {
        let links = || input.links.iter().flatten();
        let rpcs = links().flat_map(|link| &link.rpc_handlers).map(|served| served.handler);
        let attributed = links().flat_map(|link| &link.routes).filter(|route| matches!(route.router, Some(Router::Attributed(_))));
        for handler in rpcs.chain(attributed.filter_map(|route| route.handler)) {
            let facts = input.files.source(handler.file).filter(|facts| facts.language == Language::Rust);
            let Some((facts, declared)) = facts.map(|facts| (facts, facts.function(handler.function))) else { continue };
            let of_trait = declared.owner.map(|of| facts.type_def(of).name.as_str());
            if let Some(of) = of_trait.or(declared.impl_of.as_deref()) {
                self.calls_unseen(handler.file, last_segment(of), &[handler.function]);
            }
        }
    }

    /// What a macro writes for a whole block calls the block's methods: `#[Object] impl Query`.
    fn written_for(&mut self, file: FileId, block: &Impl) {
        let is_taken = block.attributes.iter().any(|attribute| attribute.path != "cfg");
        if is_taken {
            self.calls_unseen(file, last_segment(&block.self_type.path), &block.methods);
        }
    }

    /// Notes that functions of a file run once there may be instances of a type that the file names.
    fn calls_unseen(&mut self, file: FileId, of: &str, functions: &[FunctionId]) {
        for owner in self.named(file, of) {
            let functions = functions.iter().map(|function| FunctionRef { file, function: *function });
            self.consequences[owner.index()].functions.extend(functions);
        }
    }

    fn number(&mut self, name: Name<'a>) -> Owner {
        let next = Owner(self.owners.len() as u32);
        *self.owners.entry(name).or_insert(next)
    }

    /// Notes that there may be instances of a type where there are some of another, both as a file names them.
    fn follows(&mut self, file: FileId, of: &str, name: &'a str, own: bool, path: Option<&Symbol>) {
        let Some(meant) = self.meant(file, name, own, path) else { return };
        for of in self.named(file, of) {
            self.consequences[of.index()].types.push(meant);
        }
    }

    /// The same for what only a variant of an enum of subcommands holds.
    fn follows_variant(&mut self, input: &Input<'a>, file: FileId, variant: &'a SubcommandDecl, held: &HeldType<'a>) {
        let type_of = |class: ClassRef| input.files.source(class.file).map(|facts| facts.type_def(class.class));
        // The type itself is known by its path; its name may be that of many.
        let exact = variant.held.and_then(|class| Some((class.file, type_of(class)?.name.as_str())));
        let exact = exact.filter(|(_, name)| *name == held.name).and_then(|(file, name)| self.declared_by(file, name));
        let of = ClassRef { file, class: held.holder };
        let (Some(holds), Some(def)) = (exact.or_else(|| self.meant(file, held.name, held.own, held.path.as_ref())), type_of(of)) else {
            return;
        };
        for owner in self.named(file, &def.name) {
            self.variants.entry(owner).or_default().push(Variant { of, name: &variant.name, holds });
        }
    }

    /// What variants of an enum of subcommands hold.
    pub(super) fn variants(&self, owner: Owner) -> &[Variant<'a>] {
        self.variants.get(&owner).map_or(&[], Vec::as_slice)
    }

    fn package(&self, file: FileId) -> Option<usize> {
        self.package_of.get(file.0 as usize).copied().flatten()
    }

    /// How many owners there are.
    pub(super) fn count(&self) -> usize {
        self.owners.len()
    }

    /// An ECMAScript class.
    pub(super) fn class(&mut self, class: ClassRef) -> Owner {
        self.number(Name::Class(class))
    }

    /// An ECMAScript class that any code makes part of a program.
    pub(super) fn known_class(&self, class: ClassRef) -> Option<Owner> {
        self.owners.get(&Name::Class(class)).copied()
    }

    /// What a name of a Rust type means in a file, as far as it means anything for what is reached; `own` is whether it may be one that the file
    /// declares, `path` that of its module. Of several that it may mean, one from which all of them follow.
    pub(super) fn meant(&mut self, file: FileId, name: &'a str, own: bool, path: Option<&Symbol>) -> Option<Owner> {
        let Some(files) = self.declared.get(name) else { return self.owners.get(&Name::Type(name, None)).copied() };
        if files.len() == 1 || own && files.contains(&file) {
            return self.declared_by(file, name);
        }
        // A module that only hands a type on declares none.
        if let Some(declaring) = path.and_then(|path| self.module_at(file, path)).filter(|declaring| files.contains(declaring)) {
            return self.declared_by(declaring, name);
        }
        let any = Name::AnyOf(name, self.package(file));
        if let Some(known) = self.owners.get(&any) {
            return Some(*known);
        }
        let types = self.seen_by(file, name);
        let owner = self.number(any);
        self.consequences.resize_with(self.owners.len(), Consequences::default);
        self.consequences[owner.index()].types = types;
        Some(owner)
    }

    /// The file of the module that a path means at the top of a file.
    fn module_at(&self, file: FileId, path: &str) -> Option<FileId> {
        let modules = self.modules?;
        let here = modules.modules_of(file).first().copied()?;
        let mut names = path.split("::");
        let first = names.next()?;
        let begins = match first {
            "crate" => modules.crate_root(modules.crate_of(here))?,
            "self" => here,
            "super" => modules.parent(here),
            _ => modules.child(here, first).or_else(|| modules.crate_root(modules.crate_named(file, first)?))?,
        };
        let module = names.try_fold(begins, |at, name| if name == "super" { Some(modules.parent(at)) } else { modules.child(at, name) })?;
        // What lies in a module within the file is told apart from the file's own by nothing here.
        modules.place(module).filter(|place| place.inline.is_empty()).map(|place| place.file)
    }

    /// All that a name of a Rust type may mean where a file says what its own type is or does.
    fn named(&self, file: FileId, name: &str) -> Vec<Owner> {
        let Some(files) = self.declared.get(name) else {
            return self.owners.get(&Name::Type(name, None)).copied().into_iter().collect();
        };
        if files.len() == 1 || files.contains(&file) {
            return self.declared_by(file, name).into_iter().collect();
        }
        self.seen_by(file, name)
    }

    /// The type of a name that a file declares; of one that only one file does, that.
    fn declared_by(&self, file: FileId, name: &str) -> Option<Owner> {
        let files = self.declared.get(name)?;
        let declaring = files.iter().find(|declaring| **declaring == file).or(files.first())?;
        self.owners.get(&Name::Type(name, Some(*declaring))).copied()
    }

    /// The types of a name that a file's package may see.
    fn seen_by(&self, file: FileId, name: &str) -> Vec<Owner> {
        let seen = self.package(file).and_then(|package| self.seen.get(&package));
        let is_seen = |declaring: &&FileId| match (seen, self.package(**declaring)) {
            (Some(seen), Some(package)) => seen.contains(&package),
            _ => true,
        };
        let files = self.declared.get(name).into_iter().flatten().filter(is_seen);
        files.filter_map(|declaring| self.owners.get(&Name::Type(name, Some(*declaring))).copied()).collect()
    }

    /// What follows once there may be instances of a class or type.
    pub(super) fn consequences(&self, owner: Owner) -> Option<&Consequences> {
        self.consequences.get(owner.index())
    }

    /// Functions of a Rust file that are called without being named, and whose type the workspace does not declare.
    pub(super) fn unseen_in(&self, facts: &SourceFacts) -> impl Iterator<Item = FunctionId> {
        let is_unseen = |block: &&Impl| !self.declared.contains_key(last_segment(&block.self_type.path)) && is_called_unseen(block);
        facts.impls.iter().filter(is_unseen).flat_map(|block| block.methods.iter().copied())
    }

    /// Whether a Rust function is a method of a trait of the workspace.
    pub(super) fn is_of_trait(&self, function: FunctionRef) -> bool {
        self.of_traits.contains(&function)
    }

    /// The name of the ECMAScript class that a function is a method of.
    pub(super) fn class_name(&self, input: &Input<'a>, function: FunctionRef) -> Option<&'a str> {
        let facts = input.files.source(function.file).filter(|facts| facts.language.is_ecmascript())?;
        let owner = facts.function(function.function).owner?;
        Some(facts.type_def(owner).name.as_str())
    }

    /// What a function needs an instance of to run as a method.
    pub(super) fn owner(&mut self, facts: &'a SourceFacts, function: FunctionRef) -> Option<Owner> {
        let declared = facts.function(function.function);
        if facts.language.is_ecmascript() {
            return declared.owner.map(|class| self.class(ClassRef { file: function.file, class }));
        }
        let name = match declared.owner {
            Some(of) => facts.type_def(of).name.as_str(),
            None => last_segment(declared.impl_of.as_deref()?),
        };
        // Of several that may be meant there always may be instances of one.
        match self.named(function.file, name).as_slice() {
            [only] if self.declared.contains_key(name) => Some(*only),
            _ => None,
        }
    }
}
