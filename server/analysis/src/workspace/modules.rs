//! Which file a module name means: ECMAScript specifiers and Rust module paths.
//!
//! What deliberately does not live here: names within a module, which the evaluator looks up in its facts.

use camino::Utf8Path;
use portolan_grammars::catalog::Family;
use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::Package;
use super::packages::{CargoLinks, NpmLinks, Roots};
use super::prisma::PrismaSchemas;
use super::settings::{HouseMade, Problem};
use super::sources::Sources;
use crate::FileId;
use crate::files::Files;
use crate::workspace::paths;

mod ecmascript;
mod images;
mod rust;
mod tsconfig;

pub(crate) use ecmascript::package_name;
pub(crate) use rust::macros_of;

/// Names a Rust crate of the workspace: a library or one of the binaries of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CrateId(pub u32);

/// Names a module of a Rust crate of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// A Rust crate of the workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Crate {
    /// Its name as code writes it, with `_`.
    pub name: Symbol,
    /// The name of its target as the manifest has it: a binary's file name, `-` kept.
    pub target: Symbol,
    /// The package it belongs to, as a position in the workspace's packages.
    pub package: usize,
    /// Its root file.
    pub root: FileId,
    /// Whether it is the library.
    pub library: bool,
    /// Crates whose macros and attributes are seen in all of it: `#[macro_use] extern crate x;` in its root.
    pub macros_of: Vec<Symbol>,
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
    rust: rust::Tree,
    ecmascript: ecmascript::Resolver,
    house_made: HouseMade,
    /// Modules, by their file and the inline modules in it, whose items a generator makes, and what the catalog calls those.
    generated: FxHashMap<(FileId, Symbol), Symbol>,
}

impl Modules {
    /// Builds the table from all paths, manifests and Rust's `mod` declarations.
    pub fn build(files: &Files, packages: &[Package]) -> Self {
        let sources = Sources::of(files);
        Self::from_sources(files, &sources, packages, &PrismaSchemas::of(files, &sources.npm, &sources.compose))
    }
    /// The same, where the manifests are at hand.
    pub(crate) fn from_sources(files: &Files, sources: &Sources<'_>, packages: &[Package], prisma: &PrismaSchemas) -> Self {
        let roots = Roots::of(packages);
        let links = CargoLinks::of(sources, packages, &roots);
        let (crates, rust) = rust::build(files, sources, packages, &roots, &links);
        let ecmascript = ecmascript::Resolver::build(files, sources, NpmLinks::of(sources, packages, &roots), prisma.clone());
        Self { crates, rust, ecmascript, house_made: HouseMade::default(), generated: FxHashMap::default() }
    }
    /// Takes what hands out house-made clients for packages outside: what they do is told by settings, not by their code.
    pub(crate) fn set_house_made(&mut self, files: &Files, sources: &Sources<'_>, packages: &[Package], problems: &mut Vec<Problem>) {
        let file = |language: Family, folder: &str, path: &str| match language {
            Family::TypeScript => self.source_of(folder, path),
            Family::Rust => files.id(Utf8Path::new(&paths::join(folder, path)?)),
        };
        let own = HouseMade::of(sources, packages, &file, &|package| self.package_entry(package), problems);
        self.house_made = own;
    }
    /// Takes the modules whose items a generator makes, with what the catalog calls those.
    pub(crate) fn set_generated(&mut self, generated: FxHashMap<(FileId, Symbol), Symbol>) {
        self.generated = generated;
    }
    /// What the catalog calls the items that a generator makes in a module of a file.
    pub(crate) fn generated(&self, module: &RustModule) -> Option<&Symbol> {
        if self.generated.is_empty() {
            return None;
        }
        self.generated.get(&(module.file, module.inline.clone()))
    }
    /// Whether a file's code is told by settings, as it hands out a house-made client.
    pub fn is_house_made(&self, file: FileId) -> bool {
        self.house_made(file).is_some()
    }
    /// What the catalog calls a file that hands out a house-made client.
    pub(crate) fn house_made(&self, file: FileId) -> Option<&Symbol> {
        self.house_made.file(file)
    }
    /// What `specifier` means in an ECMAScript file: relative paths with extensions and index files (`.js` may stand for `.ts`), `tsconfig`
    /// paths and base URL, packages of the workspace by name (source before build output), else a package outside.
    pub fn specifier(&self, from: FileId, specifier: &str) -> Specifier {
        if let Some((package, subpath)) = self.house_made.package(specifier) {
            return Specifier::Package(package.into(), subpath.into());
        }
        match self.ecmascript.specifier(from, specifier) {
            Specifier::File(file) => match self.house_made.file(file) {
                Some(package) => Specifier::Package(package.clone(), Symbol::default()),
                None => Specifier::File(file),
            },
            other => other,
        }
    }
    /// The source file that a manifest in `folder` means by `target`: a script's file, `main`, `dist/index.js`; build output is led back to
    /// the source it is made from.
    pub fn source_of(&self, folder: &str, target: &str) -> Option<FileId> {
        self.ecmascript.source_of(folder, target)
    }
    /// The file that a package of the workspace hands out under its own name.
    pub fn package_entry(&self, package: usize) -> Option<FileId> {
        self.ecmascript.package_entry(package)
    }
    /// The modules that a Rust file is; several where binaries share a file by `mod`.
    pub fn modules_of(&self, file: FileId) -> &[ModuleId] {
        self.rust.modules_of(file)
    }
    /// The crates that a Rust file belongs to.
    pub fn crates_of(&self, file: FileId) -> impl Iterator<Item = CrateId> {
        self.modules_of(file).iter().map(|module| self.rust.crate_of(*module))
    }
    /// The crate of a module.
    pub fn crate_of(&self, module: ModuleId) -> CrateId {
        self.rust.crate_of(module)
    }
    /// The root module of a crate.
    pub fn crate_root(&self, krate: CrateId) -> Option<ModuleId> {
        self.rust.root(krate)
    }
    /// The module around a module; itself for a crate's root.
    pub fn parent(&self, module: ModuleId) -> ModuleId {
        self.rust.parent(module)
    }
    /// A module within a module.
    pub fn child(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        self.rust.child(module, name)
    }
    /// The module below another by a path of names joined by `::`.
    pub fn below(&self, module: ModuleId, path: &str) -> Option<ModuleId> {
        rust::names(path).try_fold(module, |around, name| self.child(around, name))
    }
    /// Where a module is.
    pub fn place(&self, module: ModuleId) -> Option<&RustModule> {
        self.rust.place(module)
    }
    /// The crate of the workspace that `name` means in a file: the library of its own package for a binary, else a dependency's, renames
    /// included.
    pub fn crate_named(&self, from: FileId, name: &str) -> Option<CrateId> {
        if self.house_made.is_crate(name) { None } else { self.rust.crate_named(from, name) }
    }
    /// The crate with this position's root, target and package.
    pub fn krate(&self, id: CrateId) -> Option<&Crate> {
        self.crates.get(id.0 as usize)
    }
}

#[cfg(test)]
mod tests;
