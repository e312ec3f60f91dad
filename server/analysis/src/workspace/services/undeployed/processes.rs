//! Services that a platform starts from a folder: the processes of a `Procfile` or a `fly.toml`, the functions of a `serverless.yml` or of a
//! template of AWS SAM, the worker of a `wrangler.toml`, the applications of a `dapr.yaml`, the services of an `azure.yaml`; and the names by which
//! a platform knows services that something else finds.
//!
//! Invariant: code that something else deploys is not found again, and a process whose code is not read is none.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{FunctionMessages, FunctionRoute, Process, Processes};
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::known::{self, unscoped};
use super::super::{Context, Draft, code, evidence, is_cargo};
use crate::FileId;
use crate::chart::{Evidence, ServiceKind};
use crate::workspace::sources::Source;
use crate::workspace::{PlatformFunction, PlatformReceiver, paths};

/// Adds what platforms start.
pub(super) fn add<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) {
    let taken: FxHashSet<String> = drafts.iter().filter(|draft| !draft.third_party).map(|draft| draft.root.clone()).collect();
    let mut found: Vec<Draft<'a>> = Vec::new();
    for source in context.sources.processes.iter().filter(|source| !source.facts.is_part && !is_aside_manifest(source)) {
        name_applications(drafts, *source);
        let own = match &source.facts.service {
            Some(service) => {
                let sort = if source.facts.application.is_some() { "worker" } else { "serverless service" };
                let why = evidence(format!("{sort} {}", service.value), source.file, service.range);
                functions(context, *source, service.value.clone(), why).into_iter().collect()
            }
            None if source.facts.processes.iter().any(|process| process.exported.is_some()) => {
                stack(context, *source).into_iter().collect()
            }
            None if source.facts.processes.iter().any(|process| process.folder.is_some()) => applications(context, *source),
            None => lines(context, *source),
        };
        let is_new = |draft: &Draft<'_>| !taken.contains(&draft.root) && drafts.iter().all(|known| known.name != draft.name);
        found.extend(own.into_iter().filter(is_new));
    }
    drafts.extend(found);
}

/// Whether a manifest is that of a test or an example. AWS SAM's own name for its file is `template.yaml`, so a file's name tells no example.
fn is_aside_manifest(source: &Source<'_, Processes>) -> bool {
    known::is_test_path(source.path) || known::is_example_path(source.folder())
}

/// The service that the functions of a stack make up, which is called as their package or their folder is.
fn stack<'a>(context: &Context<'a>, source: Source<'a, Processes>) -> Option<Draft<'a>> {
    let first = &source.facts.processes.first()?.name;
    let own = code::package_at(context, source.folder()).map(|package| &context.packages[package]);
    let own = own.filter(|package| package.root == source.folder() && !package.name.is_empty()).map(|package| unscoped(&package.name));
    let names = [own.unwrap_or_default(), paths::file_name(source.folder()), first.value.as_str()];
    let name = names.into_iter().find(|name| !name.is_empty())?;
    let why = evidence(format!("function {} of {}", first.value, paths::file_name(source.path)), source.file, first.range);
    functions(context, source, name.into(), why)
}

/// The service that functions make up.
fn functions<'a>(context: &Context<'a>, source: Source<'a, Processes>, name: Symbol, why: Evidence) -> Option<Draft<'a>> {
    let mut draft = Draft { name, root: source.folder().to_owned(), evidence: vec![why], ..Draft::default() };
    for (manifest, process) in with_included(context, source) {
        let file = process.file.as_deref().and_then(|file| context.modules.source_of(source.folder(), file));
        let Some(file) = file else { continue };
        if !draft.entries.contains(&file) {
            draft.entries.push(file);
        }
        draft.processes.push((manifest, process));
    }
    if draft.entries.is_empty() || known::is_test_name(&draft.name) {
        return None;
    }
    draft.package = code::package_at(context, source.folder()).filter(|package| !is_cargo(&context.packages[*package]));
    Some(draft)
}

/// The processes of a manifest and of the files that it includes, each with the file that says so.
fn with_included<'a>(context: &Context<'a>, source: Source<'a, Processes>) -> Vec<(FileId, &'a Process)> {
    let paths: Vec<String> = source.facts.included.iter().filter_map(|path| paths::join(source.folder(), path)).collect();
    let parts = context.sources.processes.iter().filter(|part| paths.iter().any(|path| path == part.path));
    let all = std::iter::once(&source).chain(parts);
    all.flat_map(|source| source.facts.processes.iter().map(|process| (source.file, process))).collect()
}

/// The functions of services that a platform asks by routes, by their files.
pub(crate) fn routed(context: &Context<'_>, drafts: &[Draft<'_>]) -> FxHashMap<FileId, Vec<PlatformFunction>> {
    let mut found: FxHashMap<FileId, Vec<PlatformFunction>> = FxHashMap::default();
    for (file, exported, process) in exported(context, drafts) {
        let route =
            |route: &FunctionRoute| PlatformFunction { exported: exported.clone(), method: route.method.clone(), path: route.path.clone() };
        found.entry(file).or_default().extend(process.routes.iter().map(route));
    }
    found
}

/// The functions of services that a platform hands messages to, by their files.
pub(crate) fn receiving(context: &Context<'_>, drafts: &[Draft<'_>]) -> FxHashMap<FileId, Vec<PlatformReceiver>> {
    let mut found: FxHashMap<FileId, Vec<PlatformReceiver>> = FxHashMap::default();
    for (file, exported, process) in exported(context, drafts).filter(|(.., process)| !process.receives.is_empty()) {
        let receiver = |messages: &FunctionMessages| PlatformReceiver { exported: exported.clone(), messages: messages.clone() };
        found.entry(file).or_default().extend(process.receives.iter().map(receiver));
    }
    found
}

/// The functions that services hand out to a platform: the file, the name there, and what the platform says of it.
fn exported<'d>(context: &'d Context<'_>, drafts: &'d [Draft<'_>]) -> impl Iterator<Item = (FileId, &'d Symbol, &'d Process)> {
    let all = drafts.iter().flat_map(|draft| draft.processes.iter().map(move |(_, process)| (draft, *process)));
    all.filter_map(|(draft, process)| {
        let file = context.modules.source_of(&draft.root, process.file.as_deref()?)?;
        Some((file, process.exported.as_ref()?, process))
    })
}

/// The folder of an application, as a folder of the workspace.
fn root(source: Source<'_, Processes>, process: &Process) -> Option<String> {
    paths::join(source.folder(), process.folder.as_deref()?.trim_end_matches('/'))
}

/// Gives services that something else deploys the names by which their sidecars and platforms know them.
fn name_applications(drafts: &mut [Draft<'_>], source: Source<'_, Processes>) {
    for process in &source.facts.processes {
        let Some(root) = root(source, process) else { continue };
        let mut there = drafts.iter_mut().filter(|draft| !draft.third_party && draft.root == root);
        if let (Some(draft), None) = (there.next(), there.next()) {
            let name = &process.name.value;
            let why = format!("application {name} of {}", paths::file_name(source.path));
            draft.hosts.push((name.clone(), evidence(why, source.file, process.name.range)));
            draft.aliases.insert(name.clone());
        }
    }
}

/// The applications that are started side by side.
fn applications<'a>(context: &Context<'a>, source: Source<'a, Processes>) -> Vec<Draft<'a>> {
    let application = |process: &'a Process| {
        let processes = vec![(source.file, process)];
        let mut draft = Draft { name: process.name.value.clone(), root: root(source, process)?, processes, ..Draft::default() };
        match code::binary_of_commands(context, &draft) {
            Some(binary) => code::settle_binary(context, &mut draft, binary),
            None => code::settle_package(context, &mut draft),
        }
        let why = format!("application {} of {}", draft.name, paths::file_name(source.path));
        let why = evidence(why, source.file, process.name.range);
        draft.hosts.push((draft.name.clone(), why.clone()));
        draft.evidence.push(why);
        Some(draft)
    };
    source.facts.processes.iter().filter_map(application).collect()
}

/// Gives services the names by which a platform that hosts them lets others reach them: the hosts of a `fly.toml`.
pub(super) fn name_hosted(context: &Context<'_>, drafts: &mut [Draft<'_>]) {
    for source in context.sources.processes.iter().filter(|source| !is_aside_manifest(source)) {
        let Some(application) = &source.facts.application else { continue };
        let hosted: Vec<usize> = (0..drafts.len()).filter(|at| is_hosted(context, *source, &drafts[*at])).collect();
        // Of several processes of one application, the one that serves is reached.
        let serves = |at: &&usize| drafts[**at].processes.iter().any(|(file, process)| *file == source.file && is_web(&process.name.value));
        let one = match hosted.as_slice() {
            [one] => Some(*one),
            several => several.iter().find(serves).copied(),
        };
        let Some(draft) = one.and_then(|at| drafts.get_mut(at)) else { continue };
        let why =
            || evidence(format!("application {} of {}", application.value, paths::file_name(source.path)), source.file, application.range);
        draft.hosts.extend(source.facts.hosts.iter().map(|host| (host.value.clone(), why())));
        draft.aliases.insert(application.value.clone());
    }
}

/// Whether a platform's manifest is about a service: it stands in the service's folder, or names the Dockerfile that the service is built by.
pub(crate) fn is_hosted(context: &Context<'_>, source: Source<'_, Processes>, draft: &Draft<'_>) -> bool {
    if draft.third_party {
        return false;
    }
    let built = source.facts.dockerfile.as_deref().and_then(|path| paths::join(source.folder(), path));
    let by = context.dockerfile(draft).map(|dockerfile| dockerfile.path);
    match (built, by) {
        (Some(built), Some(by)) => built == by,
        _ => draft.root == source.folder(),
    }
}

/// Whether a process of a platform is by its name the one that serves the web.
fn is_web(name: &str) -> bool {
    matches!(name, "web" | "app")
}

/// The services that the lines of a `Procfile` start.
fn lines<'a>(context: &Context<'a>, source: Source<'a, Processes>) -> Vec<Draft<'a>> {
    // What runs before a release is no process that stays.
    let stays = |process: &&Process| process.name.value != "release";
    let all: Vec<&'a Process> = source.facts.processes.iter().filter(stays).collect();
    let mut found = Vec::new();
    for process in &all {
        let mut draft = Draft { root: source.folder().to_owned(), processes: vec![(source.file, *process)], ..Draft::default() };
        match code::binary_of_commands(context, &draft) {
            Some(binary) => code::settle_binary(context, &mut draft, binary),
            None => code::settle_package(context, &mut draft),
        }
        let Some(package) = draft.package else { continue };
        let code = unscoped(&context.packages[package].name);
        let code = if code.is_empty() { paths::file_name(&draft.root) } else { code };
        let name = &process.name.value;
        // The process that serves the web is the package's; others are beside it.
        draft.name = if all.len() == 1 || is_web(name) || code.is_empty() { code.into() } else { format!("{code}-{name}").into() };
        if draft.name.is_empty() {
            draft.name = name.clone();
        }
        if name.split(['-', '_']).any(|word| matches!(word, "worker" | "consumer")) {
            draft.kind = Some(ServiceKind::Worker);
        }
        draft.evidence.push(evidence(format!("process {name}"), source.file, process.name.range));
        found.push(draft);
    }
    let mut names = FxHashSet::default();
    found.retain(|draft: &Draft<'_>| names.insert(Symbol::clone(&draft.name)));
    found
}
