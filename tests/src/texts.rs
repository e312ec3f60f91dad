//! Workspaces made of texts: what the binary does with a folder, done with a map of paths and texts.
//!
//! Invariant: files are handed to the world in the order of their paths, as the binary does.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use portolan_analysis::World;
use portolan_grammars::catalog::Catalog;
use portolan_grammars::manifests::ManifestFormat;
use portolan_grammars::{FileFacts, FileKind, classify, read};

/// Paths relative to a workspace's root, and texts.
pub type Texts = BTreeMap<Utf8PathBuf, String>;

/// The facts of a file, or `None` where files at that path are not read.
pub fn facts(path: &Utf8Path, text: &str) -> Option<Arc<FileFacts>> {
    Some(Arc::new(read(path, text, classify(path)?)))
}

/// A world that holds the files, not yet linked; those that are not read by their paths.
pub fn world(texts: &Texts) -> World {
    let mut world = World::new(Catalog::builtin());
    let mut others = Vec::new();
    for (path, text) in texts {
        match facts(path, text) {
            Some(facts) => world.set(path.clone(), facts),
            None => others.push(path.clone()),
        }
    }
    world.set_others(others);
    read_documents(&world, texts);
    world
}

/// Hands in the documents that files name.
pub fn read_documents(world: &World, texts: &Texts) {
    for path in world.documents() {
        if let Some(text) = texts.get(&path) {
            let facts = read(&path, text, FileKind::Manifest(ManifestFormat::OpenApi));
            world.set(path, Arc::new(facts));
        }
    }
}
