//! `use` trees and `extern crate`.
//!
//! Invariant: one import for each leaf, in order.

use super::kinds::{Field, Kind};
use super::types::joined;
use super::walk::{Child, List, Lower, MAX_DEPTH};
use crate::facts::{Import, Imported, Symbol, TextRange};

impl<'t> Lower<'t, '_, '_> {
    /// `use a::{b, c as d};`
    pub(super) fn use_declaration(&mut self, node: Child<'t>) {
        let list = self.open(node.node);
        let reexport = self.find_kind(list, Kind::VisibilityModifier).is_some();
        if let Some(argument) = self.find(list, Field::Argument) {
            self.use_tree(argument, &mut Vec::new(), reexport);
        }
        self.close(list);
    }

    /// `extern crate a as b;`, perhaps with `#[macro_use]`.
    pub(super) fn extern_crate(&mut self, node: Child<'t>, attributes: List) {
        let list = self.open(node.node);
        let reexport = self.find_kind(list, Kind::VisibilityModifier).is_some();
        if let Some(name) = self.find(list, Field::Name) {
            let imported = self.symbol(name);
            let local = self.find(list, Field::Alias).map_or_else(|| imported.clone(), |alias| self.symbol(alias));
            let range = self.range(name);
            if self.uses_macros(attributes) {
                self.import(Symbol::default(), imported.clone(), Imported::Macros, false, range);
            }
            self.import(local, Symbol::default(), Imported::Named(imported), reexport, range);
        }
        self.close(list);
    }

    /// One node of a `use` tree; `prefix` is the path above it.
    fn use_tree(&mut self, node: Child<'t>, prefix: &mut Vec<Symbol>, reexport: bool) {
        if self.out.depth >= MAX_DEPTH {
            return;
        }
        self.out.depth += 1;
        let length = prefix.len();
        match node.kind {
            Kind::UseList | Kind::ScopedUseList | Kind::UseAsClause | Kind::UseWildcard => {
                let list = self.open(node.node);
                match node.kind {
                    Kind::UseList => {
                        for at in list.start..list.end {
                            let child = self.nodes[at];
                            if child.named {
                                self.use_tree(child, prefix, reexport);
                            }
                        }
                    }
                    Kind::ScopedUseList => {
                        if let Some(path) = self.find(list, Field::Path) {
                            prefix.extend(self.path_parts(path).segments);
                        }
                        if let Some(inner) = self.find(list, Field::List) {
                            self.use_tree(inner, prefix, reexport);
                        }
                    }
                    Kind::UseAsClause => {
                        if let (Some(path), Some(alias)) = (self.find(list, Field::Path), self.find(list, Field::Alias)) {
                            prefix.extend(self.path_parts(path).segments);
                            let alias = self.symbol(alias);
                            self.use_leaf(prefix, Some(alias), reexport, node);
                        }
                    }
                    _ => {
                        if let Some(path) = self.first(list) {
                            prefix.extend(self.path_parts(path).segments);
                        }
                        let range = self.range(node);
                        self.import(Symbol::default(), joined(prefix), Imported::Glob, reexport, range);
                    }
                }
                self.close(list);
            }
            Kind::Error => {}
            _ => {
                prefix.extend(self.path_parts(node).segments);
                self.use_leaf(prefix, None, reexport, node);
            }
        }
        prefix.truncate(length);
        self.out.depth -= 1;
    }

    /// A whole path: `a::b`, or `a::self` from `a::{self}`.
    fn use_leaf(&mut self, path: &[Symbol], alias: Option<Symbol>, reexport: bool, node: Child<'t>) {
        let path = match path {
            [before @ .., last] if last == "self" && !before.is_empty() => before,
            path => path,
        };
        let Some((name, before)) = path.split_last() else { return };
        if name.is_empty() {
            return;
        }
        let range = self.range(node);
        self.import(alias.unwrap_or_else(|| name.clone()), joined(before), Imported::Named(name.clone()), reexport, range);
    }

    fn import(&mut self, local: Symbol, source: Symbol, imported: Imported, reexport: bool, range: TextRange) {
        let import = Import {
            local,
            source,
            imported,
            reexport,
            type_only: false,
            function: self.out.function,
            module: self.out.module.clone(),
            range,
        };
        self.out.facts.imports.push(import);
    }
}
