//! Services that a platform starts from a folder without an image: the processes of a `Procfile`, the functions of a `serverless.yml`, the
//! applications of a `dapr.yaml`, the services of an `azure.yaml`.
//!
//! Invariant: code that something else deploys is not found again, and a process whose code is not read is none.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Process, Processes};
use rustc_hash::FxHashSet;

use super::super::known::{self, unscoped};
use super::super::{Context, Draft, code, evidence, is_cargo};
use super::is_aside;
use crate::chart::ServiceKind;
use crate::workspace::paths;
use crate::workspace::sources::Source;

/// Adds what platforms start.
pub(super) fn add<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) {
    let taken: FxHashSet<String> = drafts.iter().filter(|draft| !draft.third_party).map(|draft| draft.root.clone()).collect();
    let mut found: Vec<Draft<'a>> = Vec::new();
    for source in context.sources.processes.iter().filter(|source| !is_aside(source.path)) {
        name_applications(drafts, *source);
        let own = match &source.facts.service {
            Some(_) => functions(context, *source).into_iter().collect(),
            None if source.facts.processes.iter().any(|process| process.folder.is_some()) => applications(context, *source),
            None => lines(context, *source),
        };
        let is_new = |draft: &Draft<'_>| !taken.contains(&draft.root) && drafts.iter().all(|known| known.name != draft.name);
        found.extend(own.into_iter().filter(is_new));
    }
    drafts.extend(found);
}

/// The service that functions make up.
fn functions<'a>(context: &Context<'a>, source: Source<'a, Processes>) -> Option<Draft<'a>> {
    let service = source.facts.service.as_ref()?;
    let mut draft = Draft { name: service.value.clone(), root: source.folder().to_owned(), ..Draft::default() };
    draft.evidence.push(evidence(format!("serverless service {}", service.value), source.file, service.range));
    for process in &source.facts.processes {
        let file = process.file.as_deref().and_then(|file| context.modules.source_of(source.folder(), file));
        if let Some(file) = file.filter(|file| !draft.entries.contains(file)) {
            draft.entries.push(file);
            draft.processes.push((source.file, process));
        }
    }
    if draft.entries.is_empty() || known::is_test_name(&draft.name) {
        return None;
    }
    draft.package = code::package_at(context, source.folder()).filter(|package| !is_cargo(&context.packages[*package]));
    Some(draft)
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
        draft.name = if all.len() == 1 || name == "web" || code.is_empty() { code.into() } else { format!("{code}-{name}").into() };
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
