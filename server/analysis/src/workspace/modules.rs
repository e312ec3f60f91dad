//! Which file a module name means: ECMAScript specifiers and Rust module paths.
//!
//! What deliberately does not live here: names within a module, which the evaluator looks up in its facts.

use portolan_grammars::facts::Symbol;

use super::Package;
use crate::FileId;
use crate::world::Files;

/// Names a Rust crate of the workspace: a library or one of the binaries of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CrateId(pub u32);

/// A Rust crate of the workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Crate {
    /// Its name as code writes it, with `_`.
    pub name: Symbol,
    /// The package it belongs to, as a position in the workspace's packages.
    pub package: usize,
    /// Its root file.
    pub root: FileId,
    /// Whether it is the library.
    pub library: bool,
}

/// What an ECMAScript specifier means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Specifier {
    /// A file of the workspace.
    File(FileId),
    /// A package outside of it: name and subpath (`next`, `server`).
    Package(Symbol, Symbol),
    /// A relative file that is not there, or no source.
    Missing,
}

/// A Rust module: the file it is in and the path of inline modules within that file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RustModule {
    /// The file.
    pub file: FileId,
    /// Inline modules, joined by `::`; empty for the file's own.
    pub inline: Symbol,
}

/// The table of modules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Modules {
    /// The Rust crates.
    pub crates: Vec<Crate>,
}

impl Modules {
    /// Builds the table from all paths, manifests and Rust's `mod` declarations.
    pub fn build(files: &Files, packages: &[Package]) -> Self {
        let _ = (files, packages);
        Self::default()
    }
    /// What `specifier` means in an ECMAScript file: relative paths with extensions and index files (`.js` may stand for `.ts`), `tsconfig`
    /// paths and base URL, packages of the workspace by name (source before build output), else a package outside.
    pub fn specifier(&self, from: FileId, specifier: &str) -> Specifier {
        let _ = (from, specifier);
        Specifier::Missing
    }
    /// The crate a file belongs to and its module path in it (`["config", "client"]`); several where binaries share a file by `mod`.
    pub fn crates_of(&self, file: FileId) -> &[(CrateId, Vec<Symbol>)] {
        let _ = file;
        &[]
    }
    /// The module of a crate at a path of module names; empty for its root.
    pub fn rust_module(&self, krate: CrateId, path: &[Symbol]) -> Option<RustModule> {
        let _ = (krate, path);
        None
    }
    /// The crate of the workspace that `name` means in a file: the library of its own package for a binary, else a dependency's, renames
    /// included.
    pub fn crate_named(&self, from: FileId, name: &str) -> Option<CrateId> {
        let _ = (from, name);
        None
    }
}
