//! Where modules lead: what the specifiers of a file mean, and which files `export *` hands on.
//!
//! Both follow from paths, manifests and imports alone, so they are found once for all files rather than by each link. What deliberately does
//! not live here: what a name stands for, which the evaluator finds. Invariant: of several files that hand out a name, the first in the order
//! of declaration counts.

use portolan_grammars::facts::{Expr, Import, Imported, SourceFacts, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::index::Indexed;
use crate::FileId;
use crate::workspace::Workspace;
use crate::workspace::modules::Specifier;

/// Files that are handed on through one file before the rest is left out.
const MAX_HANDED_ON: usize = 20_000;

/// What the specifiers of one file mean.
pub type Specifiers = FxHashMap<Symbol, Specifier>;

/// The specifiers of an ECMAScript file, each led to what it means.
pub fn specifiers(file: FileId, facts: &SourceFacts, workspace: &Workspace) -> Specifiers {
    let mut found = Specifiers::default();
    if !facts.language.is_ecmascript() {
        return found;
    }
    let loaded = facts.exprs.iter().filter_map(|expression| match &expression.kind {
        Expr::Import(source) => Some(source),
        _ => None,
    });
    for source in facts.imports.iter().map(|import| &import.source).chain(loaded) {
        if !found.contains_key(source) {
            found.insert(source.clone(), workspace.modules.specifier(file, source));
        }
    }
    found
}

/// The modules that a file hands on as a whole: `export * from "./orders"`.
pub fn handed_on(facts: &SourceFacts) -> impl Iterator<Item = &Import> {
    facts.imports.iter().filter(|import| import.reexport && import.imported == Imported::Glob && facts.language.is_ecmascript())
}

/// For each file with an `export *`: what it hands on, through any number of other files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StarExports(FxHashMap<FileId, HandedOn>);

/// What one file hands on.
#[derive(Debug, Clone, Default, PartialEq)]
struct HandedOn {
    /// Files, with their ranks.
    files: FxHashMap<FileId, u32>,
    /// Packages and subpaths, in order.
    packages: Vec<(Symbol, Symbol)>,
}

impl StarExports {
    /// Those of all files.
    pub fn of(files: &[Option<Indexed>]) -> Self {
        let direct: FxHashMap<FileId, Vec<Specifier>> = files
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| {
                let entry = entry.as_ref()?;
                let targets = handed_on(entry.facts.source()?).filter_map(|import| entry.specifiers.get(&import.source).cloned());
                let targets: Vec<Specifier> = targets.filter(|target| *target != Specifier::Missing).collect();
                (!targets.is_empty()).then_some((FileId(at as u32), targets))
            })
            .collect();
        Self(direct.keys().map(|file| (*file, HandedOn::through(*file, &direct))).collect())
    }

    /// Of files that have a name, those that a file hands on, in the order in which they count.
    pub fn through(&self, file: FileId, having: &[FileId]) -> Vec<FileId> {
        let Some(handed_on) = self.0.get(&file) else { return Vec::new() };
        let mut found: Vec<(u32, FileId)> = having.iter().filter_map(|file| Some((*handed_on.files.get(file)?, *file))).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, file)| file).collect()
    }

    /// All files that a file hands on.
    pub fn handed_on_by(&self, file: FileId) -> impl Iterator<Item = FileId> {
        self.0.get(&file).into_iter().flat_map(|handed_on| handed_on.files.keys().copied())
    }

    /// The packages that a file hands on, with their subpaths.
    pub fn packages(&self, file: FileId) -> &[(Symbol, Symbol)] {
        self.0.get(&file).map_or(&[], |handed_on| &handed_on.packages)
    }
}

impl HandedOn {
    fn through(file: FileId, direct: &FxHashMap<FileId, Vec<Specifier>>) -> Self {
        let mut found = Self::default();
        let mut seen = FxHashSet::from_iter([file]);
        let next = |file: FileId| direct.get(&file).into_iter().flatten().rev();
        let mut open: Vec<&Specifier> = next(file).collect();
        while let Some(target) = open.pop() {
            match target {
                Specifier::File(file) if seen.insert(*file) && found.files.len() < MAX_HANDED_ON => {
                    found.files.insert(*file, found.files.len() as u32);
                    open.extend(next(*file));
                }
                Specifier::Package(package, subpath) => found.packages.push((package.clone(), subpath.clone())),
                _ => {}
            }
        }
        found
    }
}
