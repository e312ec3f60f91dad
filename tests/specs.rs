//! Runs every section of every Markdown file below `tests/specs` as one test. `UPDATE_EXPECT=1` rewrites the expectations that differ.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};
use portolan_tests::markdown::{Document, parse};
use portolan_tests::spec::{self, Difference};

type Differences = Arc<Mutex<Vec<(PathBuf, Difference)>>>;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let differences = Differences::default();
    let mut trials = Vec::new();
    for path in files(&root) {
        let name = path.strip_prefix(&root).unwrap().with_extension("").to_string_lossy().replace('\\', "/");
        match parse(&std::fs::read_to_string(&path).unwrap()) {
            Ok(document) => trials.extend(sections(&path, &name, Arc::new(document), &differences)),
            Err(error) => trials.push(Trial::test(name, move || Err(Failed::from(error)))),
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if update {
        let differences = differences.lock().unwrap();
        let mut paths: Vec<&PathBuf> = differences.iter().map(|(path, _)| path).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let own: Vec<Difference> = differences.iter().filter(|(other, _)| other == path).map(|(_, each)| each.clone()).collect();
            spec::update(path, &own).unwrap();
        }
    }
    conclusion.exit();
}

fn sections(path: &Path, name: &str, document: Arc<Document>, differences: &Differences) -> Vec<Trial> {
    if document.sections.is_empty() {
        return vec![Trial::test(name.to_owned(), || Err(Failed::from("the spec has no section")))];
    }
    let own_rule = name.strip_prefix("rules/").map(str::to_owned);
    let each = |index: usize| {
        let (document, differences, path, own_rule) = (document.clone(), differences.clone(), path.to_owned(), own_rule.clone());
        Trial::test(format!("{name}: {}", document.sections[index].title), move || {
            let outcome = spec::run(&document, &document.sections[index], own_rule.as_deref());
            differences.lock().unwrap().extend(outcome.differences.into_iter().map(|each| (path.clone(), each)));
            if outcome.failures.is_empty() { Ok(()) } else { Err(Failed::from(outcome.failures.join("\n"))) }
        })
    };
    (0..document.sections.len()).map(each).collect()
}

/// All Markdown files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}
