//! The links of all files, kept up to date: what changed is linked again, and what depends on it.
//!
//! A file's link is made from the files it looked at, from the uses of the names it looked for, and from whether some names are a function's at
//! all. So a changed file asks for four things to be linked again: itself, whatever looked at it, whatever looked for a name that it has only
//! now, and whatever asked for the name of a function that came as the first or went as the last of its name. A file whose code only moved asks for
//! nothing, as links hold no places. Invariant: after [`Links::update`] every link equals the one that would be made from scratch.

use std::sync::Arc;

use camino::Utf8PathBuf;
use portolan_grammars::FileFacts;
use portolan_grammars::catalog::Catalog;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::contracts::{Contracts, Declared};
use super::evaluate::Context;
use super::exports::{StarExports, specifiers};
use super::index::{FileIndex, Indexed};
use super::link::{FileLink, link};
use super::shared_values::SharedValues;
use super::uses::{UseIndex, UseKey, without};
use crate::FileId;
use crate::files::Files;
use crate::workspace::Workspace;

/// The links of all files.
#[derive(Debug, Default)]
pub struct Links {
    indexed: Vec<Option<Indexed>>,
    uses: UseIndex,
    stars: StarExports,
    links: Vec<Option<Arc<FileLink>>>,
    contracts: Contracts,
}

impl Links {
    /// The links, by [`FileId`].
    pub fn all(&self) -> &[Option<Arc<FileLink>>] {
        &self.links
    }

    /// Links everything anew.
    pub fn rebuild(&mut self, files: &Files, paths: &[Utf8PathBuf], workspace: &Workspace, catalog: &Catalog) {
        let count = paths.len();
        let ids = (0..count as u32).into_par_iter().map(FileId);
        self.indexed = ids.map(|file| files.facts(file).map(|facts| indexed(file, facts, workspace, catalog))).collect();
        let sources = self.indexed.iter().enumerate();
        self.uses = UseIndex::of(sources.filter_map(|(at, entry)| Some((FileId(at as u32), entry.as_ref()?.index.as_deref()?))));
        self.stars = StarExports::of(&self.indexed);
        self.contracts = Contracts::collect(&self.indexed, catalog);
        self.links = vec![None; count];
        let all: Vec<FileId> = (0..count as u32).map(FileId).collect();
        self.relink(&all, paths, workspace, catalog);
    }

    /// Takes in changed files, whose paths and whose workspace are as before, and links again what depends on them.
    pub fn update(&mut self, changed: &[FileId], files: &Files, paths: &[Utf8PathBuf], workspace: &Workspace, catalog: &Catalog) {
        let mut gained: FxHashSet<UseKey> = FxHashSet::default();
        let mut was_used: FxHashMap<UseKey, bool> = FxHashMap::default();
        let mut declares = false;
        let changed: Vec<FileId> = changed.iter().copied().filter(|file| !self.take_move(*file, files)).collect();
        for &file in &changed {
            let new = files.facts(file).map(|facts| indexed(file, facts, workspace, catalog));
            declares |= [&new, &self.indexed[file.0 as usize]].into_iter().flatten().any(Indexed::declares);
            let old = std::mem::replace(&mut self.indexed[file.0 as usize], new);
            let old_index = old.as_ref().and_then(|entry| entry.index.as_deref());
            let new_index = self.indexed[file.0 as usize].as_ref().and_then(|entry| entry.index.as_deref());
            let (more, fewer) = (without(new_index, old_index), without(old_index, new_index));
            for key in more.iter().chain(&fewer) {
                was_used.entry(*key).or_insert_with(|| !self.uses.files_with(*key).is_empty());
            }
            if let Some(index) = old_index {
                self.uses.remove(file, index);
            }
            if let Some(index) = new_index {
                self.uses.insert(file, index);
            }
            gained.extend(more);
        }
        if declares {
            let contracts = Contracts::collect(&self.indexed, catalog);
            if contracts != self.contracts {
                self.contracts = contracts;
                let all: Vec<FileId> = (0..paths.len() as u32).map(FileId).collect();
                return self.relink(&all, paths, workspace, catalog);
            }
        }
        was_used.retain(|key, was| self.uses.files_with(*key).is_empty() == *was);
        let stale: Vec<FileId> = self
            .links
            .par_iter()
            .enumerate()
            .filter_map(|(at, link)| {
                let file = FileId(at as u32);
                let known = changed.contains(&file);
                let depends = link.as_ref().is_some_and(|link| {
                    let on = &link.dependencies;
                    changed.iter().any(|changed| on.files.binary_search(changed).is_ok())
                        || gained.iter().any(|key| on.uses.contains(key))
                        || was_used.keys().any(|key| on.asked.contains(key))
                });
                (known || depends).then_some(file)
            })
            .collect();
        self.relink(&stale, paths, workspace, catalog);
    }

    /// Takes in a file whose code only moved; `false` if it says something else than before.
    fn take_move(&mut self, file: FileId, files: &Files) -> bool {
        let (Some(entry), Some(new)) = (&mut self.indexed[file.0 as usize], files.facts(file)) else { return false };
        let moved = match (entry.facts.source(), new.source()) {
            (Some(before), Some(after)) => before.is_moved_to(after),
            _ => false,
        };
        if moved {
            entry.facts = new.clone();
        }
        moved
    }

    fn relink(&mut self, stale: &[FileId], paths: &[Utf8PathBuf], workspace: &Workspace, catalog: &Catalog) {
        let shared = SharedValues::default();
        let cx = Context {
            files: &self.indexed,
            paths,
            uses: &self.uses,
            stars: &self.stars,
            workspace,
            catalog,
            contracts: &self.contracts,
            initializers: Some(&shared.initializers),
            results: Some(&shared.results),
        };
        let source = |file: &&FileId| self.indexed[file.0 as usize].as_ref().is_some_and(|entry| entry.index.is_some());
        let made: Vec<(FileId, Option<Arc<FileLink>>)> =
            stale.par_iter().with_max_len(1).map(|file| (*file, source(&file).then(|| Arc::new(link(cx, *file))))).collect();
        for (file, link) in made {
            self.links[file.0 as usize] = link;
        }
    }
}

fn indexed(file: FileId, facts: &Arc<FileFacts>, workspace: &Workspace, catalog: &Catalog) -> Indexed {
    let specifiers = facts.source().map(|source| specifiers(file, source, workspace)).unwrap_or_default();
    let index = facts.source().map(|source| Arc::new(FileIndex::build(source, catalog)));
    let contracts = match (facts.source(), &index) {
        (Some(source), Some(index)) => Declared::read(source, index, catalog),
        _ => Declared::default(),
    };
    Indexed { facts: facts.clone(), index, specifiers, contracts }
}
