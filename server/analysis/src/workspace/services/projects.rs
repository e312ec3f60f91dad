//! Projects of a monorepo that has one list of packages, by the command lines that start them: `nest start orders`, `nx serve orders`,
//! `npm run start:dev orders`, `node dist/apps/orders/main`.
//!
//! What deliberately does not live here: projects that nothing deploys ([`super::undeployed`]). Invariant: a name counts only where the workspace
//! lists an application of it.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Project, dotenv};

use super::code;
use super::command_lines::{runs_script, words, written_commands};
use super::known::unscoped;
use super::{Context, Draft};
use crate::FileId;
use crate::workspace::sources::Source;
use crate::workspace::{Ecosystem, paths};

/// The folder of a project, as a folder of the workspace.
pub(super) fn folder(source: Source<'_, Project>) -> Option<String> {
    paths::join(source.folder(), source.facts.folder.as_deref().unwrap_or_default().trim_end_matches('/'))
}

/// What a project is called.
pub(super) fn name(source: Source<'_, Project>, folder: &str) -> Symbol {
    let name = source.facts.name.as_ref().map_or_else(|| Symbol::new(paths::file_name(folder)), |name| name.value.clone());
    Symbol::new(unscoped(&name))
}

/// The source file that a project names, from its own folder or from that of the workspace.
pub(super) fn source_of(context: &Context<'_>, source: Source<'_, Project>, target: &Symbol) -> Option<FileId> {
    context.modules.source_of(source.folder(), target).or_else(|| context.modules.source_of("", target))
}

/// Takes folder and entry from the project that a draft's command lines start; tells whether there is one.
pub(super) fn settle(context: &Context<'_>, draft: &mut Draft<'_>) -> bool {
    let Some((source, folder)) = started(context, draft) else { return false };
    take(context, draft, source, folder);
    true
}

/// The same of the project that a draft, or its image, is called like, where it has no more than the folder around several: `acme/shop-orders`.
pub(super) fn settle_called(context: &Context<'_>, draft: &mut Draft<'_>) {
    if draft.binary.is_some() || !draft.entries.is_empty() {
        return;
    }
    let within = applications(context, &draft.root);
    if within.iter().filter(|(_, at)| *at != draft.root).count() < 2 || within.iter().any(|(_, at)| *at == draft.root) {
        return;
    }
    let images = draft.image.iter().flat_map(|image| super::image_names(image));
    let names: Vec<String> = images.chain([draft.name.to_string()]).collect();
    let is_called = |(source, at): &&(Source<'_, Project>, String)| {
        let name = name(*source, at);
        names.iter().any(|own| *own == name || own.strip_suffix(name.as_str()).is_some_and(|before| before.ends_with('-')))
    };
    // `shop-api` is meant by its own name, not by that of `api`.
    if let Some((source, folder)) = within.iter().filter(is_called).max_by_key(|(source, at)| name(*source, at).len()).cloned() {
        take(context, draft, source, folder);
    }
}

/// The applications that the workspace lists within a folder, each with its own.
fn applications<'a>(context: &Context<'a>, around: &str) -> Vec<(Source<'a, Project>, String)> {
    let listed = context.sources.projects.iter().filter(|source| source.facts.is_application);
    let folders = listed.filter_map(|source| Some((*source, folder(*source)?)));
    folders.filter(|(_, at)| !at.is_empty() && paths::is_within(at, around)).collect()
}

fn take(context: &Context<'_>, draft: &mut Draft<'_>, source: Source<'_, Project>, folder: String) {
    draft.package = context.roots.around(&folder, Ecosystem::Npm);
    draft.entries = source.facts.main.iter().filter_map(|main| source_of(context, source, main)).collect();
    draft.root = folder;
}

/// The project that a draft's command lines start.
fn started<'a>(context: &Context<'a>, draft: &Draft<'_>) -> Option<(Source<'a, Project>, String)> {
    if context.sources.projects.is_empty() {
        return None;
    }
    let around = draft.context.clone().unwrap_or_default();
    // An entry point may be the beginning of the line only: `npm run`.
    let line = written_commands(context, draft).iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
    let line = with_environment(draft, &line);
    let npm = context.npm_at.get(around.as_str()).map(|at| context.sources.npm[*at].facts);
    let scripts = npm.into_iter().flat_map(|npm| &npm.scripts).filter(|script| runs_script(&line, &script.name));
    let scripts: Vec<&str> = scripts.filter_map(|script| script.value.as_deref()).collect();
    let mut names: Vec<&str> = std::iter::once(line.as_str()).chain(scripts.iter().copied()).filter_map(started_by_name).collect();
    // `npm run start:dev orders`, of a script that starts whichever project it is told.
    if scripts.iter().any(|script| starts_projects(script)) {
        names.extend(words(&line));
    }
    let within = applications(context, &around);
    let named = |name: &str| within.iter().find(|(source, at)| self::name(*source, at) == name);
    let started = names.into_iter().find_map(named).or_else(|| {
        let inner = |at: &str| at.strip_prefix(&around).unwrap_or(at).trim_start_matches('/').to_owned();
        within.iter().find(|(_, at)| words(&line).any(|word| is_built_of(word, &inner(at))))
    });
    started.cloned().or_else(|| built(context, draft, named).cloned())
}

/// A command line with what compose gives as environment in place of its names: `node dist/apps/$APP/main`.
fn with_environment(draft: &Draft<'_>, line: &str) -> Symbol {
    let given = |name: &str| {
        let mut variables = draft.compose.iter().flat_map(|(_, service, _)| &service.environment);
        variables.find(|variable| variable.name == name)?.value.clone()
    };
    if line.contains('$') { dotenv::expand(line, &given) } else { line.into() }
}

/// Whether a file is in a folder, or built of what that holds: `dist/apps/orders/main.js`.
fn is_built_of(file: &str, folder: &str) -> bool {
    !folder.is_empty() && format!("/{file}").contains(&format!("/{folder}/"))
}

/// The only project that the Dockerfile of a draft builds: `RUN npx nest build orders`.
fn built<'p, 'a>(
    context: &Context<'_>,
    draft: &Draft<'_>,
    named: impl Fn(&str) -> Option<&'p (Source<'a, Project>, String)>,
) -> Option<&'p (Source<'a, Project>, String)> {
    let stages = &context.dockerfile(draft)?.facts.stages;
    let runs = stages.iter().flat_map(|stage| &stage.runs).map(|run| code::with_build_args(context, draft, &run.value));
    let mut found: Vec<&(Source<'a, Project>, String)> = Vec::new();
    for run in runs {
        let list: Vec<&str> = words(&run).collect();
        let built =
            (0..list.len()).filter(|at| *at > 0 && list[at - 1] == "build" && matches!(list[..at - 1].last(), Some(&"nest" | &"nx")));
        found.extend(built.filter_map(|at| named(list[at])));
    }
    found.dedup_by(|one, other| one.1 == other.1);
    match found.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// Whether a command line starts a project: of Nest, or of Nx.
fn starts_projects(line: &str) -> bool {
    let list: Vec<&str> = words(line).collect();
    list.windows(2).any(|pair| starts(pair[0], pair[1]))
}

fn starts(program: &str, verb: &str) -> bool {
    match program {
        "nest" => verb == "start",
        "nx" => matches!(verb, "serve" | "start" | "dev" | "run"),
        _ => false,
    }
}

/// The name of the project that a command line starts, where it says one: `nx run orders:serve`.
fn started_by_name(line: &str) -> Option<&str> {
    let list: Vec<&str> = words(line).collect();
    let at = list.windows(2).position(|pair| starts(pair[0], pair[1]))?;
    let name = list[at + 2..].iter().find(|word| !word.starts_with('-'))?;
    name.split(':').next()
}

#[cfg(test)]
mod tests {
    use super::{is_built_of, started_by_name, starts_projects};

    #[test]
    fn names_stand_behind_verbs() {
        for (line, name) in [
            ("yarn nx serve orders", Some("orders")),
            ("npx nx run orders:serve --prod", Some("orders")),
            ("nest start --watch orders", Some("orders")),
            ("nest start --watch", None),
            ("nest build orders", None),
        ] {
            assert_eq!(started_by_name(line), name, "{line}");
        }
        assert!(starts_projects("nest start --watch") && !starts_projects("nest build"));
        assert!(is_built_of("dist/apps/orders/main.js", "apps/orders") && is_built_of("/app/dist/apps/orders/main", "apps/orders"));
        assert!(!is_built_of("dist/main.js", "apps/orders") && !is_built_of("dist/apps/orders-admin/main", "apps/orders"));
    }
}
