//! The files that an npm package's process may start from, as far as manifests and common names tell.
//!
//! What deliberately does not live here: files that a framework loads by itself, which the catalog tells. Invariant: rather a file too many than
//! one too few, as all that no start leads to is not the service's code.

use portolan_grammars::facts::{Entry, Expr, ExprId, Symbol};

use super::code::file_named;
use super::command_lines::{runs_script, words, written_commands};
use super::projects;
use super::{Context, Draft, is_cargo, known};
use crate::FileId;
use crate::workspace::paths;

/// Scripts that run the package, or build what is run.
const STARTING_SCRIPTS: &[&str] =
    &["start", "serve", "dev", "develop", "preview", "watch", "worker", "server", "build", "bundle", "compile"];
/// Folders that the first file lies in.
const FOLDERS: &[&str] = &["", "src", "app", "lib", "server", "client", "src/server", "src/client", "src/app"];
/// What the first file is called.
const NAMES: &[&str] = &["main", "index", "server", "app", "client", "worker", "cli", "start", "bootstrap"];

/// Whether what starts a draft is a bundler's development server: what runs is what it hands out, pages.
pub(super) fn serves_bundle(context: &Context<'_>, draft: &Draft<'_>) -> bool {
    // What a manifest says comes before what the image would start by itself.
    let Some((command, _)) = written_commands(context, draft).into_iter().next() else { return false };
    let npm = context.npm_at.get(draft.root.as_str()).map(|at| context.sources.npm[*at].facts);
    let scripts = npm.into_iter().flat_map(|npm| &npm.scripts).filter(|script| runs_script(&command, &script.name));
    scripts
        .filter_map(|script| script.value.as_ref())
        .chain([&command])
        .any(|command| known::serves_bundle(&words(command).map(paths::file_name).collect::<Vec<_>>()))
}

/// The files that a draft's process may start from; empty where none is found.
pub(super) fn of(context: &Context<'_>, draft: &Draft<'_>) -> Vec<FileId> {
    if draft.third_party || draft.package.is_some_and(|package| is_cargo(&context.packages[package])) {
        return Vec::new();
    }
    let root = draft.root.as_str();
    let npm = context.npm_at.get(root).map(|at| context.sources.npm[*at].facts);
    let of_project = of_project(context, root);
    if npm.is_none() && of_project.is_empty() {
        return Vec::new();
    }
    if serves_bundle(context, draft) {
        let is_config = |path: &str| paths::folder(path) == root && paths::file_name(path).starts_with(known::BUNDLER_CONFIG);
        let configs: Vec<FileId> = context.files.iter().filter(|(_, path, _)| is_config(path.as_str())).map(|(file, ..)| file).collect();
        if !configs.is_empty() {
            return configs;
        }
    }
    let mut found = draft.entries.clone();
    found.extend(of_project);
    let declared = npm.into_iter().flat_map(|npm| npm.entries.iter().chain(npm.bins.iter().chain(&npm.exports).map(|(_, target)| target)));
    found.extend(declared.filter_map(|target| context.modules.source_of(root, target)));
    let scripts = npm.into_iter().flat_map(|npm| &npm.scripts).filter(|script| is_starting(&script.name));
    let scripts = scripts.filter_map(|script| script.value.as_ref());
    let named = |command: &Symbol| -> Vec<FileId> {
        let files = words(command).filter_map(|word| file_named(context, root, entry_of_option(word).unwrap_or(word)));
        files.filter(|file| paths::is_within(context.files.path(*file).as_str(), root)).collect()
    };
    found.extend(scripts.flat_map(named));
    let started: Vec<FileId> = draft.commands.iter().flat_map(|(command, _)| named(command)).collect();
    let usual = FOLDERS.iter().flat_map(|folder| NAMES.iter().map(move |name| (folder, name)));
    let usual = usual.filter_map(|(folder, name)| context.modules.source_of(root, &paths::join(folder, name)?));
    // What lies beside the file that a command starts is started by hand: `client.js` beside `server.js`.
    let folder = |file: FileId| context.files.path(file).parent();
    found.extend(usual.filter(|file| !started.iter().any(|started| folder(*started) == folder(*file))));
    found.extend(started);
    found.sort();
    found.dedup();
    found
}

/// The file that an option of a bundler names: `--entry=src/main.ts`.
fn entry_of_option(word: &str) -> Option<&str> {
    ["--entry=", "--entry-point=", "--entryPoint=", "--entrypoint="].iter().find_map(|option| word.strip_prefix(option))
}

fn is_starting(script: &str) -> bool {
    script.split([':', '-', '.']).any(|part| STARTING_SCRIPTS.contains(&part))
}

/// The files that the workspace's list of projects names for the one in a folder; none where it does not say which of them is started.
fn of_project(context: &Context<'_>, root: &str) -> Vec<FileId> {
    let mut found = Vec::new();
    for source in context.sources.projects.iter().filter(|source| projects::folder(**source).as_deref() == Some(root)) {
        let named = |target: &Symbol| {
            let own = projects::source_of(context, *source, target);
            own.or_else(|| context.modules.source_of(root, target))
        };
        let Some(main) = source.facts.main.as_ref().and_then(named) else {
            found.extend(bundled(context, root));
            continue;
        };
        let started = source.facts.sources.iter().filter(|(target, _)| is_starting(target));
        found.push(main);
        found.extend(started.filter_map(|(_, file)| named(file)));
    }
    found
}

/// The files of a folder that its bundler's configuration says bundles begin with.
fn bundled(context: &Context<'_>, root: &str) -> Vec<FileId> {
    let is_config = |path: &str| paths::folder(path) == root && paths::file_name(path).starts_with(known::BUNDLER_CONFIG);
    let configs = context.files.iter().filter(|(_, path, _)| is_config(path.as_str())).filter_map(|(.., facts)| facts.source());
    let mut found = Vec::new();
    for facts in configs {
        let objects = facts.exprs.iter().filter_map(|expr| if let Expr::Object(object) = &expr.kind { Some(object) } else { None });
        let mut open: Vec<ExprId> = objects.flat_map(|object| ["main", "entry"].into_iter().filter_map(|key| object.field(key))).collect();
        while let Some(entry) = open.pop() {
            match facts.expr(entry) {
                Expr::Str(path) => found.extend(context.modules.source_of(root, path)),
                Expr::Array(all) => open.extend(all),
                Expr::Object(all) => open.extend(all.entries.iter().filter_map(|entry| match entry {
                    Entry::Field { value, .. } => Some(*value),
                    _ => None,
                })),
                _ => {}
            }
        }
    }
    found
}
