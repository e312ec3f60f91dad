//! Variables that manifests fill in: `.env` and other dotenv files, folder by folder.
//!
//! What deliberately does not live here: the environment of a service, that is [`super::environment`]. Invariant: filling in ends, however the
//! variables refer to each other.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::dotenv::{self, EXAMPLE_WORDS, is_example};
use portolan_grammars::manifests::{DotEnv, Variable};
use rustc_hash::{FxHashMap, FxHashSet};

use super::paths;
use super::sources::{Source, Sources};
use crate::Place;

/// How deep variables may refer to each other.
const MAX_DEPTH: usize = 8;

/// A variable of a dotenv file and how strong that file is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) file: Source<'a, DotEnv>,
    pub(crate) variable: &'a Variable,
    pub(crate) rank: u8,
}

impl Given<'_> {
    pub(crate) fn place(&self) -> Place {
        Place { file: self.file.file, range: self.variable.range }
    }
}

/// The dotenv files by folder, the strongest first.
#[derive(Debug, Default)]
pub(crate) struct Variables<'a> {
    files: FxHashMap<&'a str, Vec<(u8, Source<'a, DotEnv>)>>,
    by_name: FxHashMap<&'a str, FxHashMap<&'a str, Given<'a>>>,
    by_path: FxHashMap<&'a str, Source<'a, DotEnv>>,
}

/// How strong a dotenv file is, by its name: 1 for what runs, 2 for examples and development; `None` for tests.
pub(crate) fn rank(name: &str) -> Option<u8> {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['.', '-', '_']).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(&["test", "tests", "testing", "e2e", "ci"]) {
        return None;
    }
    Some(if has(&EXAMPLE_WORDS) || has(&["dev", "development", "local"]) { 2 } else { 1 })
}

/// Within a rank: `.env.docker` before `.env`, that and its plain example before others.
fn order(name: &str) -> u8 {
    match name {
        ".env" => 1,
        _ if is_example(name) && name.split(['.', '-', '_']).all(|word| matches!(word, "" | "env") || EXAMPLE_WORDS.contains(&word)) => 1,
        _ if name.contains("docker") || name.contains("compose") => 0,
        _ if name.starts_with(".env") => 2,
        _ => 3,
    }
}

/// Whether a dotenv file is the example of one setup among others.
fn is_variant(file: &Source<'_, DotEnv>) -> bool {
    let name = paths::file_name(file.path);
    is_example(name) && order(name) > 1
}

impl<'a> Variables<'a> {
    pub(crate) fn of(sources: &Sources<'a>) -> Self {
        let mut all = Self::default();
        for source in &sources.dotenv {
            all.by_path.insert(source.path, *source);
            if let Some(rank) = rank(paths::file_name(source.path)) {
                all.files.entry(source.folder()).or_default().push((rank, *source));
            }
        }
        for (folder, files) in &mut all.files {
            files.sort_by_key(|(rank, source)| (*rank, order(paths::file_name(source.path)), source.path));
            let names = all.by_name.entry(folder).or_default();
            let mut torn: FxHashSet<&str> = FxHashSet::default();
            for (rank, file) in files.iter() {
                // Within one file the last one counts.
                for variable in file.facts.variables.iter().rev().filter(|variable| variable.value.is_some()) {
                    let given = Given { file: *file, variable, rank: *rank };
                    let known = names.entry(variable.name.as_str()).or_insert(given);
                    // A value left empty in an earlier file is for others to give.
                    if known.variable.value.as_deref() == Some("") {
                        *known = given;
                    }
                    if is_variant(&known.file) && is_variant(file) && known.variable.value != variable.value {
                        torn.insert(&variable.name);
                    }
                }
            }
            // Examples of several setups that disagree: which one is copied nobody knows.
            names.retain(|name, _| !torn.contains(name));
        }
        all
    }
    /// The dotenv files of a folder, the strongest first.
    pub(crate) fn files_in(&self, folder: &str) -> &[(u8, Source<'a, DotEnv>)] {
        self.files.get(folder).map_or(&[], Vec::as_slice)
    }
    /// The dotenv file at a path.
    pub(crate) fn file_at(&self, path: &str) -> Option<Source<'a, DotEnv>> {
        self.by_path.get(path).copied()
    }
    /// The strongest value of a variable in a folder's dotenv files.
    pub(crate) fn given(&self, folder: &str, name: &str) -> Option<Given<'a>> {
        self.by_name.get(folder)?.get(name).copied()
    }
    /// `text` with the variables of a folder's dotenv files filled in.
    pub(crate) fn fill(&self, folder: &str, text: &str) -> Symbol {
        self.fill_with(folder, text, &|_| None)
    }
    /// The same for a value of a dotenv file: what no file of its folder gives, those of the folders around give.
    pub(crate) fn fill_upwards(&self, folder: &str, text: &str, first: &dyn Fn(&str) -> Option<Symbol>) -> Symbol {
        // What is escaped must not be filled in by the next folder.
        if text.contains("$$") {
            return self.fill_with(folder, text, first);
        }
        paths::upwards(folder).fold(text.into(), |text: Symbol, folder| self.fill_with(folder, &text, first))
    }
    /// The same, where `first` knows variables that come before those of the dotenv files.
    pub(crate) fn fill_with(&self, folder: &str, text: &str, first: &dyn Fn(&str) -> Option<Symbol>) -> Symbol {
        let filled = self.fill_from(folder, text, first, &[], true);
        // A default that is written beats what examples and development set; these fill in what is left.
        if text.contains("$$") { filled } else { self.fill_from(folder, &filled, first, &[], false) }
    }

    /// Fills in from the files that run, or from all; `open` are the variables in whose values `text` stands. One that refers to itself has what
    /// stands beside it for when it is not set: `PORT=${PORT:-80}`.
    fn fill_from(&self, folder: &str, text: &str, first: &dyn Fn(&str) -> Option<Symbol>, open: &[&str], strong: bool) -> Symbol {
        if !text.contains('$') || open.len() >= MAX_DEPTH {
            return text.into();
        }
        dotenv::expand(text, &|name| {
            if open.contains(&name) {
                return None;
            }
            if let Some(value) = first(name) {
                return Some(value);
            }
            let given = self.given(folder, name).filter(|given| !strong || given.rank == 1)?;
            Some(self.fill_from(folder, given.variable.value.as_ref()?, first, &[open, &[name]].concat(), strong))
        })
    }

    /// Whether only an example, or a file of development, decides what `text` begins with.
    pub(crate) fn is_weak(&self, folder: &str, text: &str) -> bool {
        text.starts_with('$') && {
            let strong = self.fill_from(folder, text, &|_| None, &[], true);
            strong.starts_with('$') && self.fill(folder, text) != strong
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Files;

    #[test]
    fn fills_in_chains_and_survives_cycles() {
        let files = Files::from_texts(&[
            ("a/.env", "HOST=cart\nPORT=80\nADDR=$HOST:${PORT}\nX=$Y\nY=$X\n"),
            ("a/.env.example", "PORT=81\nONLY=example\n"),
            ("a/.env.test", "HOST=fake\n"),
        ]);
        let sources = Sources::of(&files);
        let variables = Variables::of(&sources);
        assert_eq!(variables.fill("a", "http://${ADDR}/x"), "http://cart:80/x");
        assert_eq!(variables.fill("a", "${ONLY} ${NONE:-d}"), "example d");
        assert!(variables.fill("a", "$X").len() < 100);
        assert_eq!(variables.fill("b", "$HOST"), "$HOST");
    }

    #[test]
    fn what_refers_to_itself_has_its_default_and_folders_around_fill_in() {
        let files = Files::from_texts(&[(".env", "PORT=${PORT:-8000}\nNAME=root\n"), ("a/b/.env", "NAME=own\n")]);
        let sources = Sources::of(&files);
        let variables = Variables::of(&sources);
        assert_eq!(variables.fill("", "$PORT"), "8000");
        assert_eq!(variables.fill_upwards("a/b", "$NAME:$PORT", &|_| None), "own:8000");
    }

    #[test]
    fn examples_are_weaker_than_written_defaults() {
        let files = Files::from_texts(&[
            ("a/.env.cloud.example", "STORE=http://cloud:1\nONE=1\nMODE=cloud\n"),
            ("a/.env.edge.example", "STORE=http://edge:1\nONE=1\nMODE=edge\n"),
            ("b/.env.cloud.example", "STORE=http://cloud:1\n"),
            ("b/.env.example", "STORE=http://plain:1\n"),
            ("c/.env", "STORE=http://own:1\n"),
        ]);
        let sources = Sources::of(&files);
        let variables = Variables::of(&sources);
        for folder in ["a", "b"] {
            assert_eq!(variables.fill(folder, "${STORE:-http://store:9000}"), "http://store:9000");
            assert!(!variables.is_weak(folder, "${STORE:-http://store:9000}"));
        }
        assert_eq!(variables.fill("c", "${STORE:-http://store:9000}"), "http://own:1");
        assert_eq!(variables.fill("a", "${STORE} ${ONE} ${MODE}"), "${STORE} 1 ${MODE}");
        assert_eq!(variables.fill("b", "${STORE}"), "http://plain:1");
        assert!(variables.is_weak("b", "${STORE}") && !variables.is_weak("c", "${STORE}") && !variables.is_weak("b", "http://$STORE"));
    }
}
