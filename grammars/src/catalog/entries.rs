//! Files that a library loads by itself: pages of a web framework, plugins of a folder.
//!
//! What deliberately does not live here: the routes that such files declare. Invariant: patterns are relative to a package's folder.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Library;
use crate::facts::Symbol;

/// Files of a package that a library loads by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryFile {
    /// Patterns of their paths, relative to the package's folder: `src/routes/**`.
    pub files: Vec<Symbol>,
}

/// The patterns of all libraries, made ready.
#[derive(Debug, Clone, Default)]
pub(super) struct EntryFiles {
    patterns: Vec<(usize, Symbol)>,
    set: GlobSet,
}

impl PartialEq for EntryFiles {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl EntryFiles {
    /// Makes the patterns ready; one that is no pattern is left out.
    pub(super) fn of(libraries: &[Library]) -> Self {
        let mut set = GlobSetBuilder::new();
        let mut patterns = Vec::new();
        for (at, library) in libraries.iter().enumerate() {
            for pattern in library.entry_file.iter().flat_map(|entry| &entry.files) {
                if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).empty_alternates(true).build() {
                    set.add(glob);
                    patterns.push((at, pattern.clone()));
                }
            }
        }
        Self { patterns, set: set.build().unwrap_or_default() }
    }

    /// Positions of the libraries that have a pattern for a path.
    pub(super) fn loaders(&self, path: &str) -> Vec<usize> {
        let mut found: Vec<usize> = self.set.matches(path).into_iter().map(|at| self.patterns[at].0).collect();
        found.dedup();
        found
    }
}
