//! Modules and packages of Go: which folder an import means, and what a program is made of.
//!
//! What deliberately does not live here: who registers servers of rpcs ([`super::registered`]). Invariant: what a package imports of others'
//! modules is not followed, and of the workspace's every version is the one that is here.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::manifests::GoFile;

use super::paths;
use super::sources::{Source, Sources};

/// The Go code of a workspace.
#[derive(Debug, Default)]
pub(crate) struct GoCode<'a> {
    /// Modules: the path, and the folder that its `go.mod` lies in.
    modules: BTreeMap<&'a str, &'a str>,
    /// The files of each package, by its folder.
    packages: BTreeMap<&'a str, Vec<Source<'a, GoFile>>>,
}

impl<'a> GoCode<'a> {
    pub(crate) fn of(sources: &Sources<'a>) -> Self {
        let mut code = Self::default();
        for source in &sources.go_modules {
            code.modules.entry(source.facts.as_str()).or_insert_with(|| source.folder());
        }
        for source in sources.go.iter().filter(|source| !source.facts.package.is_empty()) {
            code.packages.entry(source.folder()).or_default().push(*source);
        }
        code
    }

    /// The files of a package.
    pub(crate) fn files(&self, package: &str) -> &[Source<'a, GoFile>] {
        self.packages.get(package).map_or(&[], Vec::as_slice)
    }

    /// Whether a folder holds a program.
    pub(crate) fn is_program(&self, folder: &str) -> bool {
        self.files(folder).iter().any(|file| file.facts.package == "main")
    }

    /// The folders at and below one that hold programs.
    pub(crate) fn programs_in(&self, folder: &str) -> impl Iterator<Item = &'a str> {
        self.packages.keys().copied().filter(move |package| paths::is_within(package, folder) && self.is_program(package))
    }

    /// The folder of the module around a folder.
    pub(crate) fn module_around<'f>(&self, folder: &'f str) -> Option<&'f str> {
        paths::upwards(folder).find(|folder| self.modules.values().any(|module| module == folder))
    }

    /// The folder that an import means, if it is of the workspace.
    pub(crate) fn folder_of(&self, import: &str) -> Option<String> {
        // An import begins with the path of its module; of several, the longest is meant.
        let (module, folder) = paths::upwards(import).find_map(|path| self.modules.get_key_value(path))?;
        paths::join(folder, import.strip_prefix(module)?)
    }

    /// The packages that programs are made of, each by its folder.
    pub(crate) fn reached(&self, programs: &[&'a str]) -> BTreeSet<&'a str> {
        let mut found: BTreeSet<&str> = programs.iter().copied().collect();
        let mut open: Vec<&str> = programs.to_vec();
        while let Some(package) = open.pop() {
            for import in self.files(package).iter().flat_map(|file| &file.facts.imports) {
                let Some(folder) = self.folder_of(import) else { continue };
                let Some((folder, _)) = self.packages.get_key_value(folder.as_str()) else { continue };
                if found.insert(folder) {
                    open.push(folder);
                }
            }
        }
        found
    }

    /// Whether programs wait for requests, or are controllers.
    pub(crate) fn listens(&self, programs: &[&'a str]) -> bool {
        self.own_files(programs).any(|file| file.facts.listens || !file.facts.servers.is_empty())
    }

    /// Whether programs register servers of rpcs.
    pub(crate) fn answers_rpcs(&self, programs: &[&'a str]) -> bool {
        self.own_files(programs).any(|file| !file.facts.servers.is_empty())
    }

    /// The files that programs are made of, of their own modules: a library of others waits for requests only where it is asked to.
    fn own_files(&self, programs: &[&'a str]) -> impl Iterator<Item = &Source<'a, GoFile>> {
        let modules: BTreeSet<Option<&str>> = programs.iter().map(|program| self.module_around(program)).collect();
        let own = self.reached(programs).into_iter().filter(move |package| modules.contains(&self.module_around(package)));
        own.flat_map(|package| self.files(package))
    }
}
