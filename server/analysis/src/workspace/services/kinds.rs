//! What sort of process a service is and which languages it is written in.

use portolan_grammars::facts::{SourceFacts, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::known::{self, FRONTEND_PACKAGES, GATEWAY_PACKAGES, SERVER_PACKAGES, WORKER_PACKAGES};
use super::{Context, Draft, code, command_lines, is_cargo, starts};
use crate::chart::ServiceKind;
use crate::workspace::packages::CargoLinks;
use crate::workspace::paths;

/// The languages of each draft, most of it first: by counting files, else by the image it is built from.
pub(super) fn languages(context: &Context<'_>, drafts: &[Draft<'_>]) -> Vec<Vec<Symbol>> {
    let mut owners: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (index, draft) in drafts.iter().enumerate().filter(|(_, draft)| !draft.third_party) {
        owners.entry(draft.root.as_str()).or_default().push(index);
    }
    let mut counts: Vec<FxHashMap<&'static str, usize>> = vec![FxHashMap::default(); drafts.len()];
    let all = context.files.iter().filter(|(.., facts)| facts.source().is_some()).map(|(_, path, _)| path.as_str());
    for path in all.chain(context.files.foreign()) {
        let Some(language) = known::language(path) else { continue };
        let Some(owner) = paths::upwards(paths::folder(path)).find_map(|folder| owners.get(folder)) else { continue };
        for index in owner {
            *counts[*index].entry(language).or_default() += 1;
        }
    }
    let of = |(draft, counts): (&Draft<'_>, FxHashMap<&'static str, usize>)| {
        if draft.third_party {
            return Vec::new();
        }
        let mut counted: Vec<(&str, usize)> = counts.into_iter().collect();
        counted.sort_by_key(|(language, count)| (std::cmp::Reverse(*count), *language));
        let built_in =
            || context.stages(draft).iter().find_map(|stage| known::language_of_image(&code::with_build_args(context, draft, &stage.from)));
        let is_npm = draft.package.is_some_and(|package| !is_cargo(&context.packages[package]));
        if is_npm && counted.iter().any(|(language, _)| matches!(*language, "typescript" | "javascript")) {
            counted.sort_by_key(|(language, _)| !matches!(*language, "typescript" | "javascript"));
        }
        if draft.binary.is_some() {
            counted.retain(|(language, _)| *language == "rust");
        }
        // At the root of a workspace, files of everything are counted: the image tells more.
        if counted.is_empty() || draft.root.is_empty() {
            let at_build = || context.dockerfile(draft)?.facts.stages.iter().find_map(|stage| known::language_of_image(&stage.from));
            if let Some(language) = built_in().or_else(at_build).filter(|_| counted.is_empty()) {
                return vec![Symbol::new(language)];
            }
        }
        counted.into_iter().map(|(language, _)| Symbol::new(language)).collect()
    };
    drafts.iter().zip(counts).map(of).collect()
}

/// The packages that a draft's code imports, where no manifest of its own tells, `None` where one does: such code lives in a monorepo with one
/// list for all.
pub(super) fn imports<'a>(context: &Context<'a>, drafts: &[Draft<'_>], languages: &[Vec<Symbol>]) -> Vec<Option<FxHashSet<&'a str>>> {
    let mut found: Vec<Option<FxHashSet<&str>>> = vec![None; drafts.len()];
    let mut owners: FxHashMap<&str, usize> = FxHashMap::default();
    for (index, draft) in drafts.iter().enumerate() {
        let has_own = context.npm_at.get(draft.root.as_str()).is_some_and(|at| !context.sources.npm[*at].facts.dependencies.is_empty());
        let is_ecmascript = languages[index].first().is_some_and(|language| matches!(language.as_str(), "typescript" | "javascript"));
        if is_ecmascript && !draft.third_party && draft.binary.is_none() && !draft.root.is_empty() && !has_own {
            owners.insert(draft.root.as_str(), index);
            found[index] = Some(FxHashSet::default());
        }
    }
    if owners.is_empty() {
        return found;
    }
    for (_, path, facts) in context.files.iter() {
        let Some(source) = facts.source().filter(|source| source.language.is_ecmascript()) else { continue };
        let Some(owner) = paths::upwards(paths::folder(path.as_str())).find_map(|folder| owners.get(folder)) else { continue };
        if let Some(found) = &mut found[*owner] {
            found.extend(imported_packages(source).map(|(package, _)| package.as_str()));
        }
    }
    found
}

/// What a file imports that is none of its neighbours, and whether types alone.
pub(crate) fn imported_packages(facts: &SourceFacts) -> impl Iterator<Item = (&Symbol, bool)> {
    facts.imports.iter().map(|import| (&import.source, import.type_only)).filter(|(source, _)| !source.starts_with('.'))
}

/// What sort of process a draft is; `imports` are the packages its code imports, where no manifest tells.
pub(super) fn kind(context: &Context<'_>, draft: &Draft<'_>, imports: Option<&FxHashSet<&str>>) -> ServiceKind {
    if let Some(kind) = draft.kind {
        return kind;
    }
    let says = |words: &[&str]| draft.name.split(['-', '_', '.']).any(|word| words.contains(&word));
    if draft.third_party {
        let image = draft.image.as_deref().unwrap_or_default();
        return if known::is_gateway_image(image) { ServiceKind::Gateway } else { ServiceKind::Backend };
    }
    if known::is_job_name(&draft.name) {
        return ServiceKind::Job;
    }
    let package = draft.package.filter(|package| !is_cargo(&context.packages[*package]));
    let npm = package
        .and_then(|package| context.npm_at.get(context.packages[package].root.as_str()))
        .map(|index| context.sources.npm[*index].facts);
    if npm.is_some() || imports.is_some_and(|imports| !imports.is_empty()) {
        let depends = |name: &str| npm.is_some_and(|npm| npm.dependencies.iter().any(|(known, _)| known == name));
        let has = |list: &[&str]| list.iter().any(|name| depends(name) || imports.is_some_and(|imports| imports.contains(name)));
        let builds = |list: &[&str]| npm.is_some_and(|npm| npm.dev_dependencies.iter().any(|(name, _)| list.contains(&name.as_str())));
        let serves = has(SERVER_PACKAGES) || draft.processes.iter().any(|(_, process)| !process.routes.is_empty());
        let is_tool = npm.is_some_and(|npm| !npm.bins.is_empty()) && draft.compose.is_empty() && draft.workloads.is_empty();
        return match () {
            () if starts::serves_bundle(context, draft) => ServiceKind::Frontend,
            () if has(&["next", "nuxt", "expo", "react-native", "gatsby", "@sveltejs/kit", "@remix-run/react"])
                || builds(&["@sveltejs/kit", "nuxt"]) =>
            {
                ServiceKind::Frontend
            }
            // A program with a window, on the machine of whoever looks at it.
            () if (has(&["electron"]) || builds(&["electron"])) && !serves => ServiceKind::Frontend,
            () if (has(FRONTEND_PACKAGES) || builds(&["svelte", "vue"]) || hands_out_files(context, draft)) && !serves => {
                ServiceKind::Frontend
            }
            // It has types of a server's library, but no process that would serve by it.
            () if has(FRONTEND_PACKAGES) && hands_out_files(context, draft) => ServiceKind::Frontend,
            () if has(GATEWAY_PACKAGES) => ServiceKind::Gateway,
            () if says(&["worker", "workers", "consumer", "cron", "scheduler"]) => ServiceKind::Worker,
            () if has(WORKER_PACKAGES) && !serves => ServiceKind::Worker,
            () if is_tool && !serves => ServiceKind::Cli,
            () => ServiceKind::Backend,
        };
    }
    if let Some(base) = context.stages(draft).last() {
        let image = code::with_build_args(context, draft, &base.from);
        if known::is_gateway_image(&image) {
            return ServiceKind::Gateway;
        }
        if draft.package.is_none()
            && known::image_name(&image).starts_with("nginx")
            && context.sources.nginx.iter().any(|nginx| paths::is_within(nginx.path, &draft.root) && !nginx.facts.locations.is_empty())
        {
            return ServiceKind::Gateway;
        }
    }
    match () {
        () if draws_pages(context, draft) => ServiceKind::Frontend,
        () if says(&["worker", "workers", "consumer", "cron", "scheduler"]) => ServiceKind::Worker,
        () if says(&["proxy", "gateway"]) => ServiceKind::Gateway,
        () if says(&["frontend", "web", "webapp", "ui"]) && draft.binary.is_none() => ServiceKind::Frontend,
        () if says(&["cli", "ctl"]) => ServiceKind::Cli,
        () => ServiceKind::Backend,
    }
}

/// Whether a draft is a Rust program that a browser runs: of a framework for pages, and with no server, not even one of the framework's own.
fn draws_pages(context: &Context<'_>, draft: &Draft<'_>) -> bool {
    let Some(package) = draft.package.filter(|package| is_cargo(&context.packages[*package])) else { return false };
    let manifest = context.packages[package].manifest;
    let Some(cargo) = context.cargo(manifest) else { return false };
    let of = |list: &'static [&str]| cargo.facts.dependencies.iter().filter(|dependency| list.contains(&dependency.name.as_str()));
    if of(known::PAGE_CRATES).next().is_none() || of(known::SERVER_CRATES).next().is_some() {
        return false;
    }
    let links = CargoLinks::of(context.sources, context.packages, context.roots);
    let features: Vec<&str> = of(known::PAGE_CRATES).flat_map(|dependency| links.features_in(cargo, dependency)).collect();
    let has = |list: &[&str]| features.iter().any(|feature| list.contains(feature));
    // By a feature for the desktop it draws a window, where it is not made for a browser as well.
    !has(known::SERVER_FEATURES) && (has(known::BROWSER_FEATURES) || !has(&["desktop"]))
}

/// Whether a draft's image does nothing but hand out what was built: a page and its scripts.
fn hands_out_files(context: &Context<'_>, draft: &Draft<'_>) -> bool {
    let stages = context.stages(draft);
    let Some(base) = stages.last() else { return false };
    let is_server = |name: &str| known::FILE_SERVERS.contains(&name);
    let commands = command_lines::written_commands(context, draft);
    let starts = commands.iter().any(|(command, _)| command_lines::words(command).any(|word| is_server(paths::file_name(word))));
    is_server(&known::image_name(&code::with_build_args(context, draft, &base.from))) || starts
}
