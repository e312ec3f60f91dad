//! Lines of `portolan.toml` that an editor offers at a call which is not resolved.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::settings::FILE_NAME;

use crate::chart::index::Subject;
use crate::chart::{ServiceIndex, ServiceKind, Unresolved};
use crate::settle::{self, Insertion, Remedy, Serving};
use crate::{FileId, Snapshot};

/// How many services are offered for one call.
const MAX_SERVICES: usize = 8;

/// An edit that settles a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a line.
    pub title: String,
    /// What it says.
    pub remedy: Remedy,
}

/// Where the lines of a fix go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Into a file that is there.
    Insert(FileId, Insertion),
    /// Into a new file.
    Create(Utf8PathBuf, String),
}

/// What would settle the calls that stand between two offsets of a file: likely services first, then others, then someone outside.
pub fn fixes(snapshot: &Snapshot, file: FileId, start: u32, end: u32) -> Vec<Fix> {
    let chart = &snapshot.chart;
    let serving = Serving::new(chart);
    let mut fixes: Vec<Fix> = Vec::new();
    let mut seen = BTreeSet::new();
    for (subject, _) in snapshot.index.within(file, start, end) {
        let Subject::Unresolved(at) = subject else { continue };
        let Some(call) = chart.unresolved.get(at as usize) else { continue };
        let candidates = settle::candidates(snapshot, &serving, &[at]);
        let others = others(snapshot, call).filter(|other| !candidates.iter().any(|candidate| candidate.service == *other));
        let named = candidates.iter().map(|candidate| (candidate.service, format!(" ({})", candidate.why)));
        for (service, why) in named.chain(others.map(|other| (other, String::new()))).take(MAX_SERVICES) {
            if let Some(remedy) = settle::remedy(snapshot, call, Some(service)) {
                let name = &chart.service(service).id;
                fixes.push(Fix { title: format!("{} goes to {name}{why}: {}", call.label(), remedy.title()), remedy });
            }
        }
        if let Some(remedy) = settle::remedy(snapshot, call, None) {
            fixes.push(Fix { title: format!("{} leaves the workspace: {}", call.label(), remedy.title()), remedy });
        }
    }
    // A line of shared code stands there once for each service that runs it.
    fixes.retain(|fix| seen.insert(fix.title.clone()));
    fixes
}

/// Services that may be called at all.
fn others(snapshot: &Snapshot, call: &Unresolved) -> impl Iterator<Item = ServiceIndex> {
    let from = call.from;
    let called = |kind| matches!(kind, ServiceKind::Backend | ServiceKind::Gateway);
    let services = snapshot.chart.services.iter().enumerate();
    services
        .filter(move |(_, service)| called(service.kind) && !service.third_party)
        .map(|(at, _)| ServiceIndex(at as u32))
        .filter(move |service| *service != from)
}

/// Where the lines of a remedy go in the `portolan.toml` of a folder, the root of a workspace; `None` where they stand there already.
pub fn change(snapshot: &Snapshot, folder: &Utf8Path, remedy: &Remedy) -> Option<Change> {
    let path = folder.join(FILE_NAME);
    let Some(file) = snapshot.files.id(&path) else { return Some(Change::Create(path, remedy.lines(folder))) };
    match snapshot.files.facts(file)?.manifest()? {
        Manifest::Settings(settings) => Some(Change::Insert(file, settle::insertion(settings, folder, remedy)?)),
        _ => None,
    }
}
