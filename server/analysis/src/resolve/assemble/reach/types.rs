//! Whose method a function is, and what follows for Rust once there may be instances of a type: the types that it holds, and the methods that
//! code of others calls.
//!
//! Rust's types go by their own names, see [`crate::resolve::named_types`]: two of one name share their fate.

use portolan_grammars::facts::{FunctionId, Language, Symbol, TypeId, TypeKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::is_called_unseen;
use crate::resolve::assemble::Input;
use crate::resolve::index::last_segment;
use crate::resolve::named_types::held_types;
use crate::resolve::value::ClassRef;
use crate::{FileId, FunctionRef};

/// What a method needs an instance of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// An ECMAScript class.
    Class(ClassRef),
    /// A Rust type or trait, by its own name.
    Type(Symbol),
}

/// The types that the workspace's Rust code declares, by their own names.
#[derive(Default)]
pub(super) struct Types<'a> {
    declared: FxHashMap<&'a str, Vec<ClassRef>>,
    traits: FxHashSet<&'a str>,
    /// Positions of the `impl` blocks of traits, by the type's name.
    blocks: FxHashMap<&'a str, Vec<(FileId, u32)>>,
}

/// What follows once there may be instances of a type.
#[derive(Default)]
pub(super) struct Consequences {
    /// Other types that there may be instances of.
    pub(super) types: Vec<Symbol>,
    /// Functions that are called without being named.
    pub(super) functions: Vec<FunctionRef>,
}

impl<'a> Types<'a> {
    pub(super) fn of(input: &Input<'a>) -> Self {
        let mut types = Self::default();
        for at in 0..input.links.len() {
            let file = FileId(at as u32);
            let Some(facts) = input.files.source(file).filter(|facts| facts.language == Language::Rust) else { continue };
            for (at, def) in facts.types.iter().enumerate() {
                let class = ClassRef { file, class: TypeId(at as u32) };
                types.declared.entry(&def.name).or_default().push(class);
                if def.kind == TypeKind::Trait {
                    types.traits.insert(&def.name);
                }
            }
            for (at, block) in facts.impls.iter().enumerate().filter(|(_, block)| block.trait_ref.is_some()) {
                types.blocks.entry(last_segment(&block.self_type.path)).or_default().push((file, at as u32));
            }
        }
        types
    }

    /// Whether the workspace declares a type of that name; of others, a macro's or a library's, there always may be instances.
    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.declared.contains_key(name)
    }

    /// What follows once there may be instances of a type.
    pub(super) fn consequences(&self, input: &Input<'_>, name: &str) -> Consequences {
        let mut found = Consequences::default();
        for class in self.declared.get(name).into_iter().flatten() {
            if let Some(facts) = input.files.source(class.file) {
                found.types.extend(held_types(facts, facts.type_def(class.class)));
            }
        }
        for (file, block) in self.blocks.get(name).into_iter().flatten() {
            let Some(block) = input.files.source(*file).and_then(|facts| facts.impls.get(*block as usize)) else { continue };
            let Some(of) = &block.trait_ref else { continue };
            let of = last_segment(&of.path);
            if self.traits.contains(of) {
                // What the trait provides.
                found.types.push(of.into());
            }
            // What is not the workspace's is called by code that is not, either.
            if !self.traits.contains(of) || is_called_unseen(block) {
                found.functions.extend(block.methods.iter().map(|method| FunctionRef { file: *file, function: *method }));
            }
        }
        found
    }

    /// Functions of a file that are called without being named, and whose type the workspace does not declare.
    pub(super) fn unseen_in(&self, input: &Input<'_>, file: FileId) -> Vec<FunctionId> {
        let Some(facts) = input.files.source(file) else { return Vec::new() };
        let blocks = facts.impls.iter().filter(|block| !self.is_declared(last_segment(&block.self_type.path)) && is_called_unseen(block));
        blocks.flat_map(|block| block.methods.iter().copied()).collect()
    }

    /// What a function needs an instance of to run as a method.
    pub(super) fn owner(&self, input: &Input<'_>, function: FunctionRef) -> Option<Owner> {
        let facts = input.files.source(function.file)?;
        let declared = facts.function(function.function);
        if facts.language.is_ecmascript() {
            return declared.owner.map(|class| Owner::Class(ClassRef { file: function.file, class }));
        }
        if let Some(of) = declared.owner {
            return Some(Owner::Type(facts.type_def(of).name.clone()));
        }
        let name = last_segment(declared.impl_of.as_deref()?);
        self.is_declared(name).then(|| Owner::Type(name.into()))
    }
}
