//! Whose method a function is, and what follows for Rust once there may be instances of a type: the types that it holds, and the methods that
//! code of others calls.
//!
//! Rust's types go by their own names, see [`crate::resolve::named_types`]: two of one name share their fate.

use portolan_grammars::facts::{FunctionId, Impl, Language, SourceFacts, TypeKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::is_called_unseen;
use crate::resolve::assemble::Input;
use crate::resolve::index::last_segment;
use crate::resolve::link::Router;
use crate::resolve::named_types::held_types;
use crate::resolve::value::ClassRef;
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
    /// By its own name, as it is said in Rust.
    Type(&'a str),
}

/// The classes and types that methods belong to.
#[derive(Default)]
pub(super) struct Types<'a> {
    owners: FxHashMap<Name<'a>, Owner>,
    /// Rust types that the workspace declares; of others, a macro's or a library's, there always may be instances.
    declared: FxHashSet<&'a str>,
    /// Methods of the workspace's traits, as types of Rust implement them and as traits provide them.
    of_traits: FxHashSet<FunctionRef>,
    /// By [`Owner`], as far as anything follows.
    consequences: Vec<Consequences>,
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
    pub(super) fn of(input: &Input<'a>) -> Self {
        let rust = (0..input.links.len() as u32).map(FileId).filter_map(|file| {
            let facts = input.files.source(file)?;
            (facts.language == Language::Rust).then_some((file, facts))
        });
        let rust: Vec<(FileId, &'a SourceFacts)> = rust.collect();
        let mut types = Self::default();
        let mut traits: FxHashSet<&str> = FxHashSet::default();
        for (_, facts) in &rust {
            for def in &facts.types {
                types.number(Name::Type(&def.name));
                types.declared.insert(&def.name);
                if def.kind == TypeKind::Trait {
                    traits.insert(&def.name);
                }
            }
            for block in facts.impls.iter().filter(|block| block.trait_ref.is_some()) {
                types.number(Name::Type(last_segment(&block.self_type.path)));
            }
        }
        types.consequences.resize_with(types.owners.len(), Consequences::default);
        for (file, facts) in rust {
            held_types(facts, |def, held| types.follows(&def.name, held));
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
                    types.follows(name, of);
                    types.of_traits.extend(block.methods.iter().map(|method| FunctionRef { file, function: *method }));
                }
                // What is not the workspace's is called by code that is not, either.
                if (!traits.contains(of) || is_called_unseen(block))
                    && let Some(owner) = types.owners.get(&Name::Type(name))
                {
                    let functions = block.methods.iter().map(|method| FunctionRef { file, function: *method });
                    types.consequences[owner.index()].functions.extend(functions);
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
            if let Some(owner) = of_trait.or(declared.impl_of.as_deref()).and_then(|of| self.named(last_segment(of))) {
                self.consequences[owner.index()].functions.push(handler);
            }
        }
    }

    /// What a macro writes for a whole block calls the block's methods: `#[Object] impl Query`.
    fn written_for(&mut self, file: FileId, block: &Impl) {
        let is_taken = block.attributes.iter().any(|attribute| attribute.path != "cfg");
        if is_taken && let Some(owner) = self.named(last_segment(&block.self_type.path)) {
            let functions = block.methods.iter().map(|method| FunctionRef { file, function: *method });
            self.consequences[owner.index()].functions.extend(functions);
        }
    }

    fn number(&mut self, name: Name<'a>) -> Owner {
        let next = Owner(self.owners.len() as u32);
        *self.owners.entry(name).or_insert(next)
    }

    /// Notes that there may be instances of a type where there are some of another.
    fn follows(&mut self, of: &str, name: &str) {
        if let (Some(of), Some(owner)) = (self.owners.get(&Name::Type(of)), self.owners.get(&Name::Type(name))) {
            self.consequences[of.index()].types.push(*owner);
        }
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

    /// A Rust type, if it means anything for what is reached.
    pub(super) fn named(&self, name: &str) -> Option<Owner> {
        self.owners.get(&Name::Type(name)).copied()
    }

    /// What follows once there may be instances of a class or type.
    pub(super) fn consequences(&self, owner: Owner) -> Option<&Consequences> {
        self.consequences.get(owner.index())
    }

    /// Functions of a Rust file that are called without being named, and whose type the workspace does not declare.
    pub(super) fn unseen_in(&self, facts: &SourceFacts) -> impl Iterator<Item = FunctionId> {
        let is_unseen = |block: &&Impl| !self.declared.contains(last_segment(&block.self_type.path)) && is_called_unseen(block);
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
        self.named(name).filter(|_| self.declared.contains(name))
    }
}
