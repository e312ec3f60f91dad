//! Services as `portolan.toml` tells of them: where their code lies, what else they are called, what they are.
//!
//! What is told comes before what is found: a service with a `root` is placed before undeployed ones are looked for, so that its package is not
//! found again. Invariant: a name meets at most one service.

use portolan_grammars::manifests::settings::{ServiceSettings, Settings};
use rustc_hash::FxHashSet;

use super::known::{normal, unscoped};
use super::{Context, Draft, code, evidence};
use crate::Place;
use crate::workspace::paths;
use crate::workspace::settings::Problem;
use crate::workspace::sources::Source;

fn all<'a>(context: &Context<'a>) -> impl Iterator<Item = (Source<'a, Settings>, &'a ServiceSettings)> {
    // What lies further in speaks last.
    let mut sources = context.sources.settings.clone();
    sources.sort_by_key(|source| (source.path.matches('/').count(), source.path));
    sources.into_iter().flat_map(|source| source.facts.services.iter().map(move |service| (source, service)))
}

/// Which draft a name means: its own name before its other names.
fn named(context: &Context<'_>, drafts: &[Draft<'_>], name: &str) -> Option<usize> {
    let wanted = normal(name);
    drafts.iter().position(|draft| draft.name == name).or_else(|| drafts.iter().position(|draft| normal(&draft.name) == wanted)).or_else(
        || {
            let goes_by = |draft: &Draft<'_>| {
                let package = draft.package.map(|package| unscoped(&context.packages[package].name));
                let folder = Some(paths::file_name(&draft.root)).filter(|folder| !folder.is_empty() && !draft.third_party);
                draft.aliases.iter().any(|alias| normal(alias) == wanted)
                    || package.into_iter().chain(folder).any(|name| normal(name) == wanted)
            };
            let mut fitting = (0..drafts.len()).filter(|at| goes_by(&drafts[*at]));
            fitting.next().filter(|_| fitting.next().is_none())
        },
    )
}

/// Puts services at the roots that settings give them, and adds those that only settings know.
pub(super) fn place<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>, problems: &mut Vec<Problem>) {
    for (source, service) in all(context).filter(|(_, service)| !service.ignore) {
        let Some(root) = &service.root else { continue };
        let Some(folder) = paths::join(source.folder(), &root.value) else { continue };
        let mut files =
            context.files.iter().map(|(_, path, _)| path.as_str()).chain(context.files.others().iter().map(|path| path.as_str()));
        if !files.any(|path| paths::is_within(path, &folder)) {
            let message = format!("there is nothing in `{}`", root.value);
            problems.push(Problem { place: Place { file: source.file, range: root.range }, message });
            continue;
        }
        let at = named(context, drafts, &service.name.value).unwrap_or_else(|| {
            drafts.push(Draft { name: service.name.value.clone(), ..Draft::default() });
            drafts.len() - 1
        });
        let draft = &mut drafts[at];
        draft.root = folder;
        draft.package = None;
        draft.binary = None;
        draft.entries.clear();
        draft.third_party = false;
        if draft.dockerfile.is_none() {
            let beside = if draft.root.is_empty() { "Dockerfile".to_owned() } else { format!("{}/Dockerfile", draft.root) };
            draft.dockerfile = context.dockerfile_at.get(beside.as_str()).map(|index| (*index, None));
        }
        let folder = draft.root.clone();
        code::settle_package(context, draft);
        draft.root = folder;
        draft.evidence.push(evidence(format!("service {} of portolan.toml", service.name.value), source.file, service.name.range));
    }
}

/// Tells services what settings say of them, and takes away those that are to be left out. The result are the places of names that met a
/// service.
pub(super) fn describe<'a>(context: &Context<'a>, drafts: &mut Vec<Draft<'a>>) -> FxHashSet<Place> {
    let mut told = FxHashSet::default();
    let mut ignored = FxHashSet::default();
    for (source, service) in all(context) {
        let Some(at) = named(context, drafts, &service.name.value) else { continue };
        told.insert(Place { file: source.file, range: service.name.range });
        let draft = &mut drafts[at];
        if service.ignore {
            ignored.insert(draft.name.clone());
        }
        for alias in &service.aliases {
            let why = evidence(format!("alias {} of portolan.toml", alias.value), source.file, alias.range);
            draft.hosts.push((alias.value.clone(), why));
            draft.aliases.insert(alias.value.clone());
        }
        // The name that is used here is one that it goes by.
        draft.aliases.insert(service.name.value.clone());
        draft.kind = service.kind.as_ref().map(|kind| kind.value).or(draft.kind);
        draft.settings.push((source, service));
    }
    drafts.retain(|draft| !ignored.contains(&draft.name));
    told
}
