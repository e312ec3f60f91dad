//! The links of all files, kept up to date: what changed is linked again, and what depends on it.
//!
//! A file's link is made from the files it looked at and from the uses of the names it looked for. So a changed file asks for three things to be
//! linked again: itself, whatever looked at it, and whatever looked for a name that it has only now. Invariant: after [`Links::update`] every
//! link equals the one that would be made from scratch.

use std::sync::Arc;

use camino::Utf8PathBuf;
use portolan_grammars::FileFacts;
use portolan_grammars::catalog::Catalog;
use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::Manifest;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::evaluate::Context;
use super::index::{FileIndex, GlobalIndex, Indexed, names};
use super::link::{FileLink, link};
use super::rpc::snake_case;
use crate::FileId;
use crate::workspace::Workspace;
use crate::world::Files;

/// The links of all files.
#[derive(Debug, Default)]
pub struct Links {
    indexed: Vec<Option<Indexed>>,
    global: GlobalIndex,
    links: Vec<Option<Arc<FileLink>>>,
    rpc: Rpc,
}

/// Rpc services that `.proto` files declare.
#[derive(Debug, Default, PartialEq)]
struct Rpc {
    services: FxHashMap<Symbol, Vec<Symbol>>,
    declared: FxHashMap<Symbol, Vec<Symbol>>,
    methods: FxHashSet<Symbol>,
}

impl Links {
    /// The links, by [`FileId`].
    pub fn all(&self) -> &[Option<Arc<FileLink>>] {
        &self.links
    }

    /// Links everything anew.
    pub fn rebuild(&mut self, files: &Files, paths: &[Utf8PathBuf], workspace: &Workspace, catalog: &Catalog) {
        let count = paths.len();
        self.indexed = (0..count).into_par_iter().map(|at| files.facts(FileId(at as u32)).map(indexed)).collect();
        self.global = GlobalIndex::default();
        for (at, entry) in self.indexed.iter().enumerate() {
            if let Some(index) = entry.as_ref().and_then(|entry| entry.index.as_deref()) {
                self.global.insert(FileId(at as u32), index);
            }
        }
        self.rpc = rpc(files);
        self.links = vec![None; count];
        let all: Vec<FileId> = (0..count as u32).map(FileId).collect();
        self.relink(&all, paths, workspace, catalog);
    }

    /// Takes in changed files, whose paths and whose workspace are as before, and links again what depends on them.
    pub fn update(&mut self, changed: &[FileId], files: &Files, paths: &[Utf8PathBuf], workspace: &Workspace, catalog: &Catalog) {
        let mut added: FxHashSet<Symbol> = FxHashSet::default();
        for &file in changed {
            let new = files.facts(file).map(indexed);
            let old = std::mem::replace(&mut self.indexed[file.0 as usize], new);
            let old_index = old.as_ref().and_then(|entry| entry.index.as_deref());
            if let Some(index) = old_index {
                self.global.remove(file, index);
            }
            if let Some(index) = self.indexed[file.0 as usize].as_ref().and_then(|entry| entry.index.as_deref()) {
                self.global.insert(file, index);
                let before = old_index.map(names).unwrap_or_default();
                added.extend(names(index).into_iter().filter(|name| !before.contains(name)).cloned());
            }
        }
        let stale: Vec<FileId> = self
            .links
            .par_iter()
            .enumerate()
            .filter_map(|(at, link)| {
                let file = FileId(at as u32);
                let known = changed.contains(&file);
                let depends = link.as_ref().is_some_and(|link| {
                    changed.iter().any(|changed| link.dependencies.files.contains(changed))
                        || added.iter().any(|name| link.dependencies.names.contains(name))
                });
                (known || depends).then_some(file)
            })
            .collect();
        self.relink(&stale, paths, workspace, catalog);
    }

    fn relink(&mut self, stale: &[FileId], paths: &[Utf8PathBuf], workspace: &Workspace, catalog: &Catalog) {
        let cx = Context {
            files: &self.indexed,
            paths,
            global: &self.global,
            workspace,
            catalog,
            rpc_services: &self.rpc.services,
            rpc_declared: &self.rpc.declared,
            rpc_methods: &self.rpc.methods,
        };
        let source = |file: &&FileId| self.indexed[file.0 as usize].as_ref().is_some_and(|entry| entry.index.is_some());
        let made: Vec<(FileId, Option<Arc<FileLink>>)> =
            stale.par_iter().map(|file| (*file, source(&file).then(|| Arc::new(link(cx, *file))))).collect();
        for (file, link) in made {
            self.links[file.0 as usize] = link;
        }
    }
}

fn indexed(facts: &Arc<FileFacts>) -> Indexed {
    let index = facts.source().map(|source| Arc::new(FileIndex::build(source)));
    Indexed { facts: facts.clone(), index }
}

fn rpc(files: &Files) -> Rpc {
    let mut rpc = Rpc::default();
    for (_, _, facts) in files.iter() {
        let Some(Manifest::Proto(proto)) = facts.manifest() else { continue };
        for service in &proto.services {
            let simple = service.name.value.clone();
            let full: Symbol = if proto.package.is_empty() { simple.clone() } else { format!("{}.{simple}", proto.package).into() };
            let known = rpc.services.entry(simple).or_default();
            if !known.contains(&full) {
                known.push(full.clone());
                known.sort();
            }
            let methods = rpc.declared.entry(full).or_default();
            for method in &service.methods {
                let name = method.name.value.clone();
                if !methods.contains(&name) {
                    methods.push(name.clone());
                }
                rpc.methods.insert(snake_case(&name).into());
                let mut characters = name.chars();
                if let Some(first) = characters.next() {
                    rpc.methods.insert(format!("{}{}", first.to_ascii_lowercase(), characters.as_str()).into());
                }
                rpc.methods.insert(name);
            }
        }
    }
    rpc
}
