//! The files that an npm package's process may start from, as far as manifests and common names tell.
//!
//! What deliberately does not live here: files that a framework loads by itself, which the catalog tells. Invariant: rather a file too many than
//! one too few, as all that no start leads to is not the service's code.

use super::code::{file_named, words};
use super::{Context, Draft, is_cargo};
use crate::FileId;
use crate::workspace::paths;

/// Scripts that run the package, or build what is run.
const STARTING_SCRIPTS: &[&str] =
    &["start", "serve", "dev", "develop", "preview", "watch", "worker", "server", "build", "bundle", "compile"];
/// Folders that the first file lies in.
const FOLDERS: &[&str] = &["", "src", "app", "lib", "server", "client", "src/server", "src/client", "src/app"];
/// What the first file is called.
const NAMES: &[&str] = &["main", "index", "server", "app", "client", "worker", "cli", "start", "bootstrap"];

/// The files that a draft's process may start from; empty where none is found.
pub(super) fn of(context: &Context<'_>, draft: &Draft<'_>) -> Vec<FileId> {
    if draft.third_party || draft.package.is_some_and(|package| is_cargo(&context.packages[package])) {
        return Vec::new();
    }
    let root = draft.root.as_str();
    let Some(npm) = context.npm_at.get(root).map(|at| context.sources.npm[*at].facts) else { return Vec::new() };
    let mut found = draft.entries.clone();
    let declared = npm.entries.iter().chain(npm.bins.iter().chain(&npm.exports).map(|(_, target)| target));
    found.extend(declared.filter_map(|target| context.modules.source_of(root, target)));
    let is_starting = |name: &str| name.split([':', '-', '.']).any(|part| STARTING_SCRIPTS.contains(&part));
    let scripts = npm.scripts.iter().filter(|script| is_starting(&script.name)).filter_map(|script| script.value.as_ref());
    for command in scripts.chain(draft.commands.iter().map(|(command, _)| command)) {
        let files = words(command).filter_map(|word| file_named(context, root, word));
        found.extend(files.filter(|file| paths::is_within(context.files.path(*file).as_str(), root)));
    }
    let usual = FOLDERS.iter().flat_map(|folder| NAMES.iter().map(move |name| (folder, name)));
    found.extend(usual.filter_map(|(folder, name)| context.modules.source_of(root, &paths::join(folder, name)?)));
    found.sort();
    found.dedup();
    found
}
