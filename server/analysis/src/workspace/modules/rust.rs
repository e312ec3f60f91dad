//! Rust's crates and their module trees.
//!
//! What deliberately does not live here: `use` and names within a module. Invariants: a file that no crate root reaches by `mod` belongs to no
//! crate, and each module of a crate has one place, the first that declares it.

use portolan_grammars::facts::{Imported, Language, SourceFacts, Symbol};
use portolan_grammars::manifests::{CargoManifest, CargoTarget};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Crate, CrateId, ModuleId, RustModule};
use crate::FileId;
use crate::files::Files;
use crate::workspace::packages::{CargoLinks, Roots};
use crate::workspace::sources::{Source, Sources};
use crate::workspace::{Ecosystem, Package, paths};

/// Modules nested deeper than this are left out: no one writes them.
const MAX_DEPTH: usize = 40;

/// A module of a crate.
#[derive(Debug, Clone, PartialEq)]
struct Module {
    krate: CrateId,
    /// The module around it; its own for a crate's root.
    parent: ModuleId,
    /// Where it is; `None` while only something within it is known.
    place: Option<RustModule>,
}

/// Where modules are, and which crate a name means.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tree {
    modules: Vec<Module>,
    children: FxHashMap<ModuleId, FxHashMap<Symbol, ModuleId>>,
    /// By [`CrateId`].
    roots: Vec<ModuleId>,
    places: FxHashMap<FileId, Vec<ModuleId>>,
    /// Libraries by the package that names them and the name it uses.
    names: FxHashMap<usize, FxHashMap<Symbol, CrateId>>,
    /// The package of files that no crate reaches (examples, tests).
    strays: FxHashMap<FileId, usize>,
    packages: Vec<usize>,
}

impl Tree {
    pub(super) fn modules_of(&self, file: FileId) -> &[ModuleId] {
        self.places.get(&file).map_or(&[], Vec::as_slice)
    }
    pub(super) fn crate_of(&self, module: ModuleId) -> CrateId {
        self.module(module).krate
    }
    pub(super) fn root(&self, krate: CrateId) -> Option<ModuleId> {
        self.roots.get(krate.0 as usize).copied()
    }
    pub(super) fn parent(&self, module: ModuleId) -> ModuleId {
        self.module(module).parent
    }
    pub(super) fn child(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        self.children.get(&module)?.get(name).copied()
    }
    pub(super) fn place(&self, module: ModuleId) -> Option<&RustModule> {
        self.module(module).place.as_ref()
    }
    pub(super) fn crate_named(&self, from: FileId, name: &str) -> Option<CrateId> {
        let reached = self.modules_of(from).iter().filter_map(|module| self.packages.get(self.crate_of(*module).0 as usize));
        reached.chain(self.strays.get(&from)).find_map(|package| self.names.get(package)?.get(name).copied())
    }

    fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }
    fn add(&mut self, krate: CrateId, parent: Option<ModuleId>) -> ModuleId {
        let id = ModuleId(self.modules.len() as u32);
        self.modules.push(Module { krate, parent: parent.unwrap_or(id), place: None });
        id
    }
    /// The module below another by names, added where it is new.
    fn descend<'a>(&mut self, from: ModuleId, names: impl Iterator<Item = &'a str>) -> ModuleId {
        names.fold(from, |around, name| {
            self.child(around, name).unwrap_or_else(|| {
                let id = self.add(self.crate_of(around), Some(around));
                self.children.entry(around).or_default().insert(name.into(), id);
                id
            })
        })
    }
    /// Says where a module is, unless that is known.
    fn settle(&mut self, module: ModuleId, place: RustModule) {
        self.modules[module.0 as usize].place.get_or_insert(place);
    }
}

/// The names of a path in code.
pub(super) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split("::").filter(|name| !name.is_empty())
}

/// Crates whose macros a file brings in for the whole crate, where it is the root: `#[macro_use] extern crate x;`.
pub(crate) fn macros_of(facts: &SourceFacts) -> impl Iterator<Item = &Symbol> {
    facts.imports.iter().filter(|import| import.imported == Imported::Macros).map(|import| &import.source)
}

fn as_code(name: &str) -> Symbol {
    if name.contains('-') { name.replace('-', "_").into() } else { name.into() }
}

/// Finds crates and walks their modules.
pub(super) fn build(
    files: &Files,
    sources: &Sources<'_>,
    packages: &[Package],
    roots: &Roots,
    links: &CargoLinks<'_>,
) -> (Vec<Crate>, Tree) {
    let mut rust: FxHashMap<&str, FileId> = FxHashMap::default();
    // Roots of binaries that need no `[[bin]]`, by the folder of their package.
    let mut own: FxHashMap<&str, Vec<(&str, FileId)>> = FxHashMap::default();
    for (id, path, facts) in files.iter() {
        let path = path.as_str();
        if facts.source().is_none_or(|source| source.language != Language::Rust) {
            continue;
        }
        rust.insert(path, id);
        if let Some(at) = path.rfind("src/bin/").filter(|at| *at == 0 || path.as_bytes()[at - 1] == b'/') {
            let rest = &path[at + "src/bin/".len()..];
            let name = match rest.split_once('/') {
                None => rest.strip_suffix(".rs"),
                Some((name, "main.rs")) => Some(name),
                Some(_) => None,
            };
            if let Some(name) = name {
                own.entry(path[..at].trim_end_matches('/')).or_default().push((name, id));
            }
        }
    }
    own.values_mut().for_each(|found| found.sort_unstable());

    let mut crates: Vec<Crate> = Vec::new();
    for source in &sources.cargo {
        let Some(package) = roots.at(source.folder(), Ecosystem::Cargo) else { continue };
        let name = packages[package].name.as_str();
        let automatic = own.get(source.folder()).map_or(&[] as &[_], Vec::as_slice);
        targets(source, name, automatic, &rust, |target, root, library| {
            if !crates.iter().rev().take_while(|known| known.package == package).any(|known| known.root == root) {
                let macros_of = files.source(root).into_iter().flat_map(macros_of).cloned().collect();
                crates.push(Crate { name: as_code(target), target: target.into(), package, root, library, macros_of });
            }
        });
    }

    let mut tree = Tree { packages: crates.iter().map(|krate| krate.package).collect(), ..Tree::default() };
    for (index, krate) in crates.iter().enumerate() {
        walk(files, &rust, CrateId(index as u32), krate.root, &mut tree);
    }
    let libraries: FxHashMap<usize, CrateId> =
        crates.iter().enumerate().filter(|(_, krate)| krate.library).map(|(index, krate)| (krate.package, CrateId(index as u32))).collect();
    for source in &sources.cargo {
        let Some(package) = roots.at(source.folder(), Ecosystem::Cargo) else { continue };
        if let Some(library) = libraries.get(&package) {
            tree.names.entry(package).or_default().insert(crates[library.0 as usize].name.clone(), *library);
        }
        for dependency in &source.facts.dependencies {
            let Some((target, renamed)) = links.target(source.folder(), dependency) else { continue };
            let Some(library) = libraries.get(&target) else { continue };
            let names = tree.names.entry(package).or_default();
            if !renamed {
                names.entry(crates[library.0 as usize].name.clone()).or_insert(*library);
            }
            names.entry(as_code(&dependency.name)).or_insert(*library);
        }
    }
    for (path, file) in rust {
        if !tree.places.contains_key(&file)
            && let Some(package) = roots.around(paths::folder(path), Ecosystem::Cargo)
        {
            tree.strays.insert(file, package);
        }
    }
    (crates, tree)
}

/// The targets of a package: its library, then its binaries.
fn targets(
    source: &Source<'_, CargoManifest>,
    package: &str,
    automatic: &[(&str, FileId)],
    rust: &FxHashMap<&str, FileId>,
    mut found: impl FnMut(&str, FileId, bool),
) {
    let at = |path: &str| paths::join(source.folder(), path).and_then(|path| rust.get(path.as_str()).copied());
    let name_of = |target: &CargoTarget| target.name.as_ref().map(|name| name.value.clone());
    let library = source.facts.lib.as_ref();
    if let Some(root) = at(library.and_then(|lib| lib.path.as_deref()).unwrap_or("src/lib.rs")) {
        found(library.and_then(name_of).as_deref().unwrap_or(package), root, true);
    }
    for bin in &source.facts.bins {
        let name = name_of(bin).unwrap_or_else(|| package.into());
        let root = match &bin.path {
            Some(path) => at(path),
            None => at(&format!("src/bin/{name}.rs"))
                .or_else(|| at(&format!("src/bin/{name}/main.rs")))
                .or_else(|| (name == package || source.facts.bins.len() == 1).then(|| at("src/main.rs")).flatten()),
        };
        if let Some(root) = root {
            found(&name, root, false);
        }
    }
    if let Some(root) = at("src/main.rs") {
        found(package, root, false);
    }
    for (name, root) in automatic {
        found(name, *root, false);
    }
}

/// A file still to be looked at.
struct Pending {
    file: FileId,
    module: ModuleId,
    /// How many modules are around it.
    depth: usize,
    /// Folder that its `mod name;` are looked for in.
    children: String,
}

fn walk(files: &Files, rust: &FxHashMap<&str, FileId>, krate: CrateId, root: FileId, tree: &mut Tree) {
    let folder = paths::folder(files.path(root).as_str()).to_owned();
    let module = tree.add(krate, None);
    tree.roots.push(module);
    let mut pending = vec![Pending { file: root, module, depth: 0, children: folder }];
    let mut seen: FxHashSet<(FileId, ModuleId)> = FxHashSet::default();
    while let Some(Pending { file, module: own, depth, children }) = pending.pop() {
        if depth > MAX_DEPTH || !seen.insert((file, own)) {
            continue;
        }
        // A file that includes itself under another name would go on for ever.
        let known = tree.modules_of(file).iter().filter(|module| tree.crate_of(**module) == krate).count();
        if known >= 4 {
            continue;
        }
        tree.places.entry(file).or_default().push(own);
        tree.settle(own, RustModule { file, inline: Symbol::default() });
        let Some(source) = files.source(file) else { continue };
        let own_folder = paths::folder(files.path(file).as_str());
        // Folder of each inline module of this file; `#[path]` on one moves it.
        let mut inline: FxHashMap<Symbol, String> = FxHashMap::default();
        let mut found = Vec::new();
        for module in &source.modules {
            let around = match module.module.as_str() {
                "" => children.clone(),
                outer => inline.get(outer).cloned().unwrap_or_else(|| format!("{children}/{}", outer.replace("::", "/"))),
            };
            // On a file's own `mod`, `#[path]` counts from the file; within an inline module from that module's folder.
            let base = if module.module.is_empty() { own_folder } else { around.as_str() };
            if module.inline {
                let key: Symbol =
                    if module.module.is_empty() { module.name.clone() } else { format!("{}::{}", module.module, module.name).into() };
                let folder = match &module.path {
                    Some(given) => paths::join(base, given),
                    None => paths::join(&around, &module.name),
                };
                inline.insert(key.clone(), folder.unwrap_or_default());
                let found = tree.descend(own, names(&key));
                tree.settle(found, RustModule { file, inline: key });
                continue;
            }
            let name = module.name.strip_prefix("r#").unwrap_or(&module.name);
            let child = match &module.path {
                Some(given) => paths::join(base, given).and_then(|path| {
                    let file = *rust.get(path.as_str())?;
                    Some((file, paths::folder(&path).to_owned()))
                }),
                None => {
                    let beside = paths::join(&around, &format!("{name}.rs"));
                    let within = paths::join(&around, name);
                    within.and_then(|within| {
                        let file = beside
                            .and_then(|path| rust.get(path.as_str()).copied())
                            .or_else(|| rust.get(format!("{within}/mod.rs").as_str()).copied())?;
                        Some((file, within))
                    })
                }
            };
            if let Some((file, children)) = child {
                let around = names(&module.module).chain(std::iter::once(module.name.as_str()));
                let depth = depth + 1 + names(&module.module).count();
                found.push(Pending { file, module: tree.descend(own, around), depth, children });
            }
        }
        // The first declared is looked at first.
        pending.extend(found.into_iter().rev());
    }
}
