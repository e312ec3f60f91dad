//! Services that compose and Kubernetes files deploy.
//!
//! Files of one folder are layers of one project. What only files for tests deploy is left out. Invariant: what is built here is told from
//! what is not by a `build` in any layer, or by a name that the workspace knows.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{Compose, ComposeService, Container, Kubernetes, KubernetesService, ManifestFormat, Workload, helm};
use rustc_hash::{FxHashMap, FxHashSet};

use super::images::Images;
use super::known::{self, image_name, is_stock_base, is_stock_image, normal};
use super::{Context, Draft, code, command_lines, evidence, image_names};
use crate::FileId;
use crate::chart::ServiceKind;
use crate::workspace::paths;
use crate::workspace::sources::Source;
use crate::workspace::variables::Variables;

/// How many services `extends` may lead through.
const MAX_EXTENDS: usize = 4;
/// Words that end the names of what only those run who write it.
const DEVELOPMENT: [&str; 4] = ["dev", "development", "local", "debug"];
/// The annotation that says by which name Dapr's sidecars know a workload.
const DAPR_NAME: &str = "dapr.io/app-id";

/// What deploys, in the order of the drafts found; third-party ones too.
pub(super) fn find<'a>(context: &Context<'a>, images: &Images) -> Vec<Draft<'a>> {
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    let mut by_key: FxHashMap<(String, String), usize> = FxHashMap::default();
    compose(context, &mut drafts, &mut by_key);
    find_jobs(&mut drafts);
    for draft in &mut drafts {
        describe_compose(context, draft);
    }
    let mut drafts = merge_projects(context, drafts);
    kubernetes(context, &mut drafts);
    let own = namesakes(&drafts);
    for draft in &mut drafts {
        images.settle(context, draft);
        decide_origin(context, draft);
        draft.third_party |= is_of_others(&own, draft);
    }
    leave_examples_out(context, &mut drafts);
    leave_shells_out(&mut drafts);
    drafts.retain(|draft| !only_says(context, draft));
    drafts
}

/// Whether all that a draft starts is to say something: an image that others take what was built in it from.
fn only_says(context: &Context<'_>, draft: &Draft<'_>) -> bool {
    let commands = command_lines::written_commands(context, draft);
    let says = |command: &str| {
        let mut words = command_lines::words(command).skip_while(|word| matches!(*word, "sh" | "bash" | "/bin/sh" | "/bin/bash" | "-c"));
        matches!(words.next(), Some("echo" | "true" | "/bin/true")) && !command.contains(['&', ';', '|', '`', '$'])
    };
    !draft.third_party && draft.workloads.is_empty() && !commands.is_empty() && commands.iter().all(|(command, _)| says(command))
}

/// Leaves out what only keeps an image running that something else runs in earnest: a container for people to step into.
fn leave_shells_out(drafts: &mut Vec<Draft<'_>>) {
    let runs: FxHashSet<usize> =
        drafts.iter().filter(|draft| !idles(draft)).filter_map(|draft| draft.dockerfile.as_ref().map(|(index, _)| *index)).collect();
    drafts.retain(|draft| !(idles(draft) && draft.dockerfile.as_ref().is_some_and(|(index, _)| runs.contains(index))));
}

/// Leaves out what is run once before others start and runs, in part, the very program that another service is: to make keys, to bring a database
/// up to date. Which part cannot be told, and it would be charged with all that the service does.
pub(super) fn leave_steps_out(drafts: &mut Vec<Draft<'_>>) {
    let is_step = |draft: &Draft<'_>| draft.kind == Some(ServiceKind::Job) && draft.workloads.is_empty();
    let others = || drafts.iter().filter(|draft| draft.kind != Some(ServiceKind::Job));
    let run: FxHashSet<Vec<FileId>> = others().map(|draft| draft.entries.clone()).collect();
    let built: FxHashSet<usize> = others().filter_map(|draft| draft.dockerfile.as_ref().map(|(index, _)| *index)).collect();
    // Nothing tells which part of another's image it runs, not even that it is a program of its own.
    let is_unknown = |draft: &Draft<'_>| {
        let shared = draft.dockerfile.as_ref().is_some_and(|(index, _)| built.contains(index));
        draft.kind == Some(ServiceKind::Job) && shared && draft.entries.is_empty() && draft.binary.is_none()
    };
    drafts.retain(|draft| {
        let is_same = is_step(draft) && !draft.entries.is_empty() && run.contains(&draft.entries);
        !is_same && !is_unknown(draft)
    });
}

/// Whether all that a draft is told to start is to wait: `sleep infinity`, `tail -f /dev/null`.
fn idles(draft: &Draft<'_>) -> bool {
    let lines = draft.compose.iter().filter_map(|(_, service, _)| {
        let words = service.entrypoint.iter().chain(&service.command).flat_map(|text| command_lines::words(&text.value));
        let words: Vec<&str> = words.skip_while(|word| matches!(*word, "sh" | "bash" | "/bin/sh" | "/bin/bash" | "-c")).collect();
        (!words.is_empty()).then_some(words)
    });
    let lines: Vec<Vec<&str>> = lines.collect();
    let waits = |line: &Vec<&str>| matches!(line.as_slice(), ["sleep", "infinity" | "inf"] | ["tail", "-f" | "-F", "/dev/null"]);
    draft.workloads.is_empty() && !lines.is_empty() && lines.iter().all(waits)
}

/// Leaves out what only examples deploy, where the workspace deploys something besides: the same image once more, under the names that one
/// example has for it, and code that is an example itself.
fn leave_examples_out(context: &Context<'_>, drafts: &mut Vec<Draft<'_>>) {
    let own = || drafts.iter().filter(|draft| !draft.third_party && !is_example(draft));
    let image = |draft: &Draft<'_>| draft.image.as_deref().map(|image| repository(image).to_owned()).filter(|image| !image.contains('$'));
    let built: FxHashSet<usize> = own().filter_map(|draft| draft.dockerfile.as_ref().map(|(index, _)| *index)).collect();
    let run: FxHashSet<String> = own().filter_map(image).collect();
    if built.is_empty() && run.is_empty() {
        return;
    }
    drafts.retain(|draft| {
        let again = draft.dockerfile.as_ref().is_some_and(|(index, _)| {
            built.contains(index) || context.sources.dockerfiles.get(*index).is_some_and(|source| known::is_example_path(source.path))
        });
        draft.third_party || !is_example(draft) || !again && image(draft).is_none_or(|image| !run.contains(&image))
    });
}

/// Whether only compose files of examples run a draft.
fn is_example(draft: &Draft<'_>) -> bool {
    let is_aside = |source: &Source<'_, Compose>| known::is_example_path(source.folder());
    draft.workloads.is_empty() && !draft.compose.is_empty() && draft.compose.iter().all(|(source, ..)| is_aside(source))
}

/// Leaves out what only compose files run that are not called so, which somebody names to start them, where the workspace deploys the same program
/// besides: the same once more, under another name, unless it is started by another command. What stands beside nothing else in such a file is a
/// database once more.
pub(super) fn leave_repeated_out(drafts: &mut Vec<Draft<'_>>) {
    let program = |draft: &Draft<'_>| (draft.root.clone(), draft.package, draft.binary);
    let own = drafts.iter().filter(|draft| !draft.third_party && !draft.root.is_empty() && !is_called_otherwise(draft));
    let own: FxHashSet<_> = own.map(program).collect();
    let is_commanded =
        |draft: &Draft<'_>| draft.compose.iter().any(|(_, service, _)| service.command.is_some() || service.entrypoint.is_some());
    let is_again =
        |draft: &Draft<'_>| !draft.third_party && is_called_otherwise(draft) && !is_commanded(draft) && own.contains(&program(draft));
    let files = |draft: &Draft<'_>| draft.compose.iter().map(|(source, ..)| source.file).collect::<Vec<_>>();
    let kept: FxHashSet<FileId> = drafts.iter().filter(|draft| !draft.third_party && !is_again(draft)).flat_map(files).collect();
    let repeated: FxHashSet<FileId> =
        drafts.iter().filter(|draft| is_again(draft)).flat_map(files).filter(|file| !kept.contains(file)).collect();
    let is_beside =
        |draft: &Draft<'_>| draft.third_party && is_called_otherwise(draft) && files(draft).iter().all(|file| repeated.contains(file));
    drafts.retain(|draft| !is_again(draft) && !is_beside(draft));
}

/// Whether only compose files run a draft that Compose does not find by their names.
fn is_called_otherwise(draft: &Draft<'_>) -> bool {
    draft.workloads.is_empty()
        && !draft.compose.is_empty()
        && draft.compose.iter().all(|(source, ..)| !source.is_called(ManifestFormat::Compose))
}

/// An image without its tag and digest: `ghcr.io/acme/console`.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rfind('/').map_or(0, |at| at + 1);
    image[last..].find(':').map_or(image, |at| &image[..last + at])
}

/// Images that services of the same name run, by the last part of the image's name.
fn namesakes(drafts: &[Draft<'_>]) -> FxHashMap<String, Vec<String>> {
    let mut found: FxHashMap<String, Vec<String>> = FxHashMap::default();
    for draft in drafts {
        let Some(image) = draft.image.as_deref().filter(|image| !repository(image).contains('$')) else { continue };
        if normal(&image_name(image)) == normal(&draft.name) {
            found.entry(image_name(image)).or_default().push(repository(image).to_owned());
        }
    }
    found
}

/// Whether a draft only runs an image that is called like one that a service of that name runs, and is somebody else's.
fn is_of_others(namesakes: &FxHashMap<String, Vec<String>>, draft: &Draft<'_>) -> bool {
    let built = draft.compose.iter().any(|(_, service, _)| service.build_context.is_some() || service.dockerfile.is_some());
    let Some(image) = draft.image.as_deref().filter(|image| !built && repository(image).contains('/')) else { return false };
    let name = image_name(image);
    normal(&name) != normal(&draft.name)
        && namesakes.get(&name).is_some_and(|own| own.iter().all(|known| known.contains('/') && owner(known) != owner(image)))
}

/// Whose image it is: the part before its name.
fn owner(image: &str) -> Option<&str> {
    repository(image).rsplit('/').nth(1)
}

fn layer(path: &str) -> u8 {
    let name = paths::file_name(path).to_ascii_lowercase();
    let words: Vec<&str> = name.split(['.', '-', '_']).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    match () {
        () if has(&["dev", "development", "local", "debug", "override"]) => 1,
        () if known::is_example_path(paths::folder(path)) => 2,
        () => 0,
    }
}

/// Whether a file's name says that continuous integration alone uses it: `docker-compose.ci.yml`.
fn is_of_integration(path: &str) -> bool {
    paths::file_name(path).to_ascii_lowercase().split(['.', '-', '_']).any(|word| word == "ci")
}

fn compose<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>, by_key: &mut FxHashMap<(String, String), usize>) {
    // What only continuous integration runs deploys nothing, where something else does.
    let candidates = || context.sources.compose.iter().filter(|source| !known::is_test_path(source.path));
    let is_deployed = candidates().any(|source| !is_of_integration(source.path));
    let mut sources: Vec<(u8, usize, Source<'a, Compose>)> = candidates()
        .filter(|source| !(is_deployed && is_of_integration(source.path)))
        .map(|source| (layer(source.path), paths::file_name(source.path).len(), *source))
        .collect();
    sources.sort_by_key(|(layer, length, source)| (*layer, *length, source.path));
    let by_path: FxHashMap<&str, Source<'a, Compose>> = context.sources.compose.iter().map(|source| (source.path, *source)).collect();
    for (layer, _, source) in sources {
        for service in &source.facts.services {
            if known::is_test_name(&service.name.value) {
                continue;
            }
            let key = (source.folder().to_owned(), service.name.value.to_string());
            let at = *by_key.entry(key).or_insert_with(|| {
                drafts.push(Draft { name: service.name.value.clone(), ..Draft::default() });
                drafts.len() - 1
            });
            let draft = &mut drafts[at];
            let what = format!("compose service {}", service.name.value);
            draft.evidence.push(evidence(what.clone(), source.file, service.name.range));
            draft.hosts.push((service.name.value.clone(), evidence(what, source.file, service.name.range)));
            draft.compose.push((source, service, layer));
            let mut next = service.extends.as_ref();
            let mut here = source;
            for _ in 0..MAX_EXTENDS {
                let Some((file, name)) = next else { break };
                let base = match file {
                    None => Some(here),
                    Some(file) => paths::join(here.folder(), file).and_then(|path| by_path.get(path.as_str()).copied()),
                };
                let Some(base) = base else { break };
                let Some(extended) = base.facts.services.iter().find(|service| service.name.value == *name) else { break };
                draft.compose.push((base, extended, layer));
                (here, next) = (base, extended.extends.as_ref());
            }
        }
    }
}

/// What others wait for to end is a job.
fn find_jobs(drafts: &mut [Draft<'_>]) {
    let ended: FxHashSet<(String, Symbol)> = drafts
        .iter()
        .flat_map(|draft| &draft.compose)
        .flat_map(|(source, service, _)| service.after.iter().map(|name| (source.folder().to_owned(), name.clone())))
        .collect();
    for draft in drafts {
        let is_job =
            draft.compose.iter().any(|(source, service, _)| ended.contains(&(source.folder().to_owned(), service.name.value.clone())));
        if is_job {
            draft.kind = Some(ServiceKind::Job);
        }
    }
}

fn describe_compose(context: &Context<'_>, draft: &mut Draft<'_>) {
    for (source, service, _) in &draft.compose {
        let folder = source.folder();
        for alias in &service.aliases {
            let name = context.variables.fill(folder, &alias.value);
            if !name.contains('$') {
                draft.hosts.push((name.clone(), evidence(format!("alias {name}"), source.file, alias.range)));
                draft.aliases.insert(name);
            }
        }
        if draft.image.is_none() {
            draft.image = service.image.as_ref().map(|image| context.variables.fill(folder, &image.value));
        }
    }
    // Production is looked at before development: `dev.Dockerfile` runs a watcher.
    struct Build {
        is_development: bool,
        dockerfile: Option<usize>,
        context: Option<String>,
        target: Option<Symbol>,
    }
    let mut builds: Vec<Build> = Vec::new();
    for (source, service, _) in &draft.compose {
        let Some((at, dockerfile)) = build_of(context.variables, &context.dockerfile_at, source.folder(), service) else { continue };
        let path = dockerfile.as_deref().unwrap_or_default();
        let name = paths::file_name(path).to_ascii_lowercase();
        let is_development = name.split(['.', '-', '_']).any(|word| matches!(word, "dev" | "development" | "local"));
        let dockerfile = context.dockerfile_at.get(path).copied();
        builds.push(Build { is_development, dockerfile, context: at, target: service.build_target.clone() });
    }
    builds.sort_by_key(|build| (build.dockerfile.is_none(), build.is_development));
    if let Some(build) = builds.into_iter().next() {
        draft.dockerfile = build.dockerfile.map(|index| (index, build.target));
        draft.context = Some(build.context.unwrap_or_default());
    }
}

/// The folder and the Dockerfile's path of a `build`; the folder is `None` where it is elsewhere.
pub(super) fn build_of(
    variables: &Variables<'_>,
    dockerfiles: &FxHashMap<&str, usize>,
    folder: &str,
    service: &ComposeService,
) -> Option<(Option<String>, Option<String>)> {
    let fill = |text: &str| variables.fill(folder, text);
    if service.build_context.is_none() && service.dockerfile.is_none() {
        return None;
    }
    let given = service.build_context.as_ref().map_or_else(|| Symbol::new("."), |given| fill(&given.value));
    if given.contains("://") || given.contains('$') {
        return None;
    }
    let at = paths::join(folder, &given)?;
    let name = service.dockerfile.as_ref().map_or_else(|| Symbol::new("Dockerfile"), |name| fill(&name.value));
    let dockerfile = paths::join(&at, &name);
    // A folder that only sorts compose files, of a project in the folder around it: `docker compose --project-directory .`.
    let is_there = |path: &Option<String>| path.as_deref().is_some_and(|path| dockerfiles.contains_key(path));
    if at == folder && code::is_generic(paths::file_name(folder)) && !is_there(&dockerfile) {
        let around = paths::join(paths::folder(folder), &name);
        if is_there(&around) {
            return Some((Some(paths::folder(folder).to_owned()), around));
        }
    }
    Some((Some(at), dockerfile))
}

/// One service that several folders' projects deploy: the same code, or the same stock image where they are one system.
fn merge_projects<'a>(context: &Context<'a>, drafts: Vec<Draft<'a>>) -> Vec<Draft<'a>> {
    let mut merged: Vec<Draft<'_>> = Vec::new();
    let mut by_name: FxHashMap<Symbol, Vec<usize>> = FxHashMap::default();
    for draft in drafts {
        let known = by_name.entry(draft.name.clone()).or_default();
        let same = known.iter().copied().find(|at| {
            let other = &merged[*at];
            let builds_example = |draft: &Draft<'_>| is_example(draft) && draft.context.as_deref().is_some_and(known::is_example_path);
            match (draft.dockerfile.as_ref(), other.dockerfile.as_ref()) {
                (Some((left, _)), Some((right, _))) => left == right,
                _ if context.systems.of_draft(&draft).is_disjoint(&context.systems.of_draft(other)) => false,
                _ if builds_example(&draft) != builds_example(other) => false,
                _ => draft.context.is_none() || other.context.is_none() || draft.context == other.context,
            }
        });
        match same {
            Some(at) => absorb(&mut merged[at], draft),
            None => {
                known.push(merged.len());
                merged.push(draft);
            }
        }
    }
    merged
}

/// One service that several projects deploy by one name, now that it is known that they run the code of one folder.
pub(super) fn merge_same_code(drafts: Vec<Draft<'_>>) -> Vec<Draft<'_>> {
    let mut merged: Vec<Draft<'_>> = Vec::new();
    let mut by_code: FxHashMap<(Symbol, String), usize> = FxHashMap::default();
    for draft in drafts {
        let known = match !draft.third_party && !draft.root.is_empty() {
            true => *by_code.entry((draft.name.clone(), draft.root.clone())).or_insert(merged.len()),
            false => merged.len(),
        };
        match merged.get_mut(known) {
            Some(same) => absorb(same, draft),
            None => merged.push(draft),
        }
    }
    merged
}

/// Adds to a draft what another one of the same service knows.
pub(super) fn absorb<'a>(draft: &mut Draft<'a>, other: Draft<'a>) {
    if other.name != draft.name {
        draft.aliases.insert(other.name);
    }
    draft.aliases.extend(other.aliases);
    draft.hosts.extend(other.hosts);
    draft.evidence.extend(other.evidence);
    draft.compose.extend(other.compose);
    draft.compose.sort_by_key(|(.., layer)| *layer);
    draft.workloads.extend(other.workloads);
    if draft.context.is_none() {
        draft.context = other.context;
    }
    draft.dockerfile = draft.dockerfile.take().or(other.dockerfile);
    draft.image = draft.image.take().or(other.image);
    draft.kind = draft.kind.or(other.kind);
    draft.binary = draft.binary.or(other.binary);
    draft.package = draft.package.or(other.package);
    for entry in other.entries {
        if !draft.entries.contains(&entry) {
            draft.entries.push(entry);
        }
    }
}

/// What Kubernetes runs, and the names by which that is reached.
fn kubernetes<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) {
    let mut by_name: FxHashMap<String, usize> =
        drafts.iter().enumerate().rev().map(|(index, draft)| (normal(&draft.name), index)).collect();
    for source in manifests(context) {
        for workload in &source.facts.workloads {
            let mut containers: Vec<_> = workload.containers.iter().collect();
            containers.sort_by_key(|container| container.image.as_ref().is_none_or(|image| is_stock_image(&image.value)));
            let Some(container) = containers.first() else { continue };
            let Some(name) = workload_name(context, &workload.name.value, &container.name, source.path) else { continue };
            if known::is_test_name(&name) {
                continue;
            }
            let at = *by_name.entry(normal(&name)).or_insert_with(|| {
                drafts.push(Draft { name: name.clone(), ..Draft::default() });
                drafts.len() - 1
            });
            run_by(&mut drafts[at], source, workload, container, name);
        }
    }
    for (index, source, service) in selected(context, drafts) {
        named_by(context, &mut drafts[index], source, service);
    }
}

/// The manifests of Kubernetes that are no test's.
fn manifests<'c, 'a>(context: &'c Context<'a>) -> impl Iterator<Item = &'c Source<'a, Kubernetes>> {
    context.sources.kubernetes.iter().filter(|source| !known::is_test_path(source.path))
}

/// Notes that a workload, called by `name`, runs a draft.
fn run_by<'a>(draft: &mut Draft<'a>, source: &Source<'a, Kubernetes>, workload: &'a Workload, container: &'a Container, name: Symbol) {
    draft.evidence.push(evidence(format!("{} {name}", workload.kind), source.file, workload.name.range));
    if draft.name != name {
        draft.aliases.insert(name);
    }
    for (_, name) in workload.annotations.iter().filter(|(key, _)| key == DAPR_NAME) {
        draft.hosts.push((name.clone(), evidence(format!("Dapr application {name}"), source.file, workload.name.range)));
        draft.aliases.insert(name.clone());
    }
    if matches!(workload.kind.as_str(), "Job" | "CronJob") && draft.compose.is_empty() {
        draft.kind = Some(ServiceKind::Job);
    }
    if draft.image.is_none() {
        draft.image = container.image.as_ref().map(|image| image.value.clone()).filter(|image| !image_name(image).contains("template"));
    }
    draft.workloads.push((source.file, source.folder(), workload, container));
}

/// Services of Kubernetes, with the only draft whose workloads each selects, wherever both are written.
fn selected<'c, 'a>(context: &'c Context<'a>, drafts: &[Draft<'a>]) -> Vec<(usize, &'c Source<'a, Kubernetes>, &'a KubernetesService)> {
    let mut by_label: FxHashMap<(&str, &str), Vec<usize>> = FxHashMap::default();
    for (index, draft) in drafts.iter().enumerate() {
        for (key, value) in draft.workloads.iter().flat_map(|(_, _, workload, _)| &workload.labels) {
            let known = by_label.entry((key, value)).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
    }
    let mut found = Vec::new();
    for source in manifests(context) {
        for service in &source.facts.services {
            let Some((first, rest)) = service.selector.split_first() else { continue };
            let candidates = by_label.get(&(first.0.as_str(), first.1.as_str())).map_or(&[] as &[_], Vec::as_slice);
            let mut fitting = candidates.iter().copied().filter(|index| {
                drafts[*index]
                    .workloads
                    .iter()
                    .any(|(_, _, workload, _)| rest.iter().chain([first]).all(|pair| workload.labels.iter().any(|label| label == pair)))
            });
            if let (Some(index), None) = (fitting.next(), fitting.next()) {
                found.push((index, source, service));
            }
        }
    }
    found
}

/// Notes the names by which a service of Kubernetes makes a draft known.
fn named_by<'a>(context: &Context<'a>, draft: &mut Draft<'a>, source: &Source<'a, Kubernetes>, service: &KubernetesService) {
    let Some(name) = workload_name(context, &service.name.value, &draft.name, source.path) else { return };
    let why = evidence(format!("Kubernetes service {name}"), source.file, service.name.range);
    let space = service.namespace.as_deref().filter(|space| !space.contains("TEMPLATE"));
    draft.hosts.push((name.clone(), why.clone()));
    if service.name.value.starts_with(helm::RELEASE) && service.name.value != name {
        draft.hosts.push((service.name.value.clone(), why.clone()));
    }
    if let Some(space) = space {
        draft.hosts.push((format!("{name}.{space}").into(), why));
    }
    if name != draft.name {
        draft.aliases.insert(name);
    }
}

/// A workload's name; of a template the part that is written out, else the container's, else the chart's folder.
fn workload_name(context: &Context<'_>, name: &str, container: &str, path: &str) -> Option<Symbol> {
    let plain = |name: &str| {
        let left = name.replace("TEMPLATE", "");
        let left = left.trim_matches(['-', '_', '.', ' ']);
        (!left.is_empty()).then(|| Symbol::new(left))
    };
    // Names of a release begin with the release's, and often the chart's.
    if let Some(rest) = name.strip_prefix(helm::RELEASE) {
        let rest = rest.trim_start_matches('-');
        let chart = context.sources.chart_around(path).unwrap_or_default();
        let own = rest.strip_prefix(chart).and_then(|rest| rest.strip_prefix('-')).filter(|own| !own.is_empty() && !chart.is_empty());
        return plain(own.unwrap_or(rest)).or_else(|| plain(chart));
    }
    if !name.contains("TEMPLATE") {
        return (!name.is_empty()).then(|| name.into());
    }
    plain(name).or_else(|| plain(container)).or_else(|| {
        let chart = path.split("/templates/").next().unwrap_or(path);
        plain(paths::file_name(chart)).filter(|_| chart != path)
    })
}

/// Decides whether the workspace builds a draft.
fn decide_origin(context: &Context<'_>, draft: &mut Draft<'_>) {
    if draft.context.is_some() {
        if let Some(base) = context.stages(draft).last() {
            let base = code::with_build_args(context, draft, &base.from);
            let foreign = is_stock_base(&base) || runs_its_base(context, draft, &base);
            // Code beside it is nothing to an image that takes none.
            let takes = context.stages(draft).iter().any(|stage| !stage.copies.is_empty() || !stage.binds.is_empty());
            draft.third_party = foreign && !(takes && holds_code(context, draft)) || code::installs_its_program(context, draft);
        }
        return;
    }
    let stock = draft.image.as_deref().is_some_and(is_stock_image);
    if stock {
        draft.third_party = true;
        return;
    }
    let names = draft.image.iter().flat_map(|image| image_names(image)).chain([draft.name.to_string()]);
    let mut is_known = false;
    for name in names {
        let folders = context.named_folders.get(&normal(&name)).map_or(&[] as &[_], Vec::as_slice);
        let products = folders.iter().filter(|folder| !folder.is_empty() && !known::is_test_path(folder));
        let is_another = |folder: &str| is_called_so_by_chance(draft, &name, folder) || context.systems.is_of_another(draft, folder);
        let products = products.filter(|folder| !is_another(folder) && !context.is_library(folder));
        is_known |= products.into_iter().any(|folder| context.may_run(draft, &name, folder));
        let mut binaries = context.binaries_named(&name).iter().map(|binary| context.root_of(*binary));
        is_known |= binaries.any(|folder| context.may_run(draft, &name, folder) && !is_another(folder));
    }
    if !is_known && (draft.image.is_some() || !draft.workloads.is_empty()) {
        is_known = code::binary_of_commands(context, draft).is_some();
    }
    draft.third_party = !is_known;
}

/// Whether a folder has nothing but its name in common with a compose service that runs an image: one that is called otherwise, in a compose file of
/// another part of the workspace.
fn is_called_so_by_chance(draft: &Draft<'_>, name: &str, folder: &str) -> bool {
    let Some(image) = draft.image.as_deref().filter(|_| !draft.compose.is_empty() && draft.workloads.is_empty()) else { return false };
    let called = image_name(image);
    if called.is_empty() || called.contains(['$', '{']) {
        return false;
    }
    let is_of_image = || image_names(image).iter().any(|of_image| normal(of_image) == normal(name));
    let ends_so = || normal(&called).ends_with(&normal(name));
    let is_below = || draft.compose.iter().any(|(source, ..)| paths::is_within(folder, part(source.folder())));
    !is_of_image() && !ends_so() && !is_below()
}

/// The part of the workspace that a folder is for, which may only sort manifests.
pub(super) fn part(folder: &str) -> &str {
    paths::upwards(folder).find(|folder| !code::is_generic(paths::file_name(folder))).unwrap_or_default()
}

/// Whether an image only adds files to another that is not the workspace's, and starts what that starts.
fn runs_its_base(context: &Context<'_>, draft: &Draft<'_>, base: &str) -> bool {
    let [stage] = context.stages(draft)[..] else { return false };
    // A folder may hold anything.
    let is_code = |source: &Symbol| !paths::file_name(source.trim_end_matches('/')).trim_start_matches('.').contains('.');
    let adds_code = stage.copies.iter().any(|copy| copy.from.is_some() || copy.sources.iter().any(is_code));
    let name = image_name(base);
    let is_own = context.named_folders.contains_key(&normal(&name)) || code::dockerfiles_of(context, draft, &name).next().is_some();
    let starts = !command_lines::written_commands(context, draft).is_empty();
    stage.runs.is_empty() && !adds_code && !is_own && !starts && !known::is_configured_image(base)
}

/// Whether there is source code, not settings alone, beside a draft's Dockerfile.
fn holds_code(context: &Context<'_>, draft: &Draft<'_>) -> bool {
    let Some(source) = context.dockerfile(draft) else { return false };
    !source.folder().is_empty()
        && context
            .roots
            .of_file(camino::Utf8Path::new(source.path))
            .is_some_and(|package| context.packages[package].root == source.folder())
}

/// What one compose file builds in one way twice, once for those who write it, is one service: it is called like the other one, and its port is the
/// other one's, so that only one of them runs at a time.
pub(super) fn merge_twins(drafts: Vec<Draft<'_>>) -> Vec<Draft<'_>> {
    let file = |draft: &Draft<'_>| draft.compose.first().map(|(source, ..)| source.file);
    let ports = |draft: &Draft<'_>| -> FxHashSet<Symbol> {
        let ports = draft.compose.iter().flat_map(|(_, service, _)| &service.ports);
        ports.filter_map(|port| port.host.clone()).collect()
    };
    let is_twin = |draft: &Draft<'_>, other: &Draft<'_>| {
        let stem = DEVELOPMENT.iter().find_map(|word| draft.name.strip_suffix(word)?.strip_suffix(['-', '_']));
        stem == Some(other.name.as_str())
            && file(draft).is_some()
            && file(draft) == file(other)
            && draft.dockerfile.is_some()
            && draft.dockerfile == other.dockerfile
            && draft.context == other.context
            && ports(draft) == ports(other)
    };
    let twins: Vec<(usize, usize)> =
        (0..drafts.len()).filter_map(|at| Some((at, drafts.iter().position(|other| is_twin(&drafts[at], other))?))).collect();
    let mut merged: Vec<Option<Draft<'_>>> = drafts.into_iter().map(Some).collect();
    for (from, to) in twins {
        let Some(mut from) = merged[from].take() else { continue };
        from.compose.iter_mut().for_each(|(.., layer)| *layer = 1);
        if let Some(to) = merged[to].as_mut() {
            absorb(to, from);
        }
    }
    merged.into_iter().flatten().collect()
}

/// Several deployments of one program that differ by a number alone are one service.
pub(super) fn merge_replicas<'a>(context: &Context<'a>, drafts: Vec<Draft<'a>>) -> Vec<Draft<'a>> {
    let mut merged: Vec<Draft<'a>> = Vec::new();
    let mut by_stem: FxHashMap<_, usize> = FxHashMap::default();
    for mut draft in drafts {
        let stem = draft.name.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches(['-', '_']).to_owned();
        if stem.is_empty() || draft.compose.is_empty() {
            merged.push(draft);
            continue;
        }
        let what = draft.image.as_ref().map(|image| image_name(image));
        let mut systems: Vec<usize> = context.systems.of_draft(&draft).into_iter().collect();
        systems.sort_unstable();
        let key = (stem.clone(), what, draft.dockerfile.as_ref().map(|(index, _)| *index), systems);
        match by_stem.get(&key) {
            Some(at) if merged[*at].binary == draft.binary && merged[*at].third_party == draft.third_party => {
                let first = &mut merged[*at];
                let is_known = first.binary.and_then(|binary| context.modules.krate(binary)).is_some_and(|krate| krate.target == stem)
                    || context.named_folders.contains_key(&normal(&stem));
                if is_known && first.name != stem.as_str() {
                    let old = std::mem::replace(&mut first.name, stem.as_str().into());
                    first.aliases.insert(old);
                }
                absorb(first, draft);
            }
            _ => {
                by_stem.insert(key, merged.len());
                draft.evidence.dedup();
                merged.push(draft);
            }
        }
    }
    merged
}
