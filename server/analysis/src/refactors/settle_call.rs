//! Lines of `portolan.toml` that settle a call which is not resolved.

use camino::Utf8Path;
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::settings::FILE_NAME;

use super::{Edit, Level, Offer};
use crate::chart::index::Subject;
use crate::chart::{ServiceIndex, ServiceKind, Unresolved};
use crate::settle::{self, Remedy, Serving};
use crate::{FileId, Snapshot};

/// How many services are offered for one call.
const MAX_SERVICES: usize = 8;

/// What would settle the calls that stand between two offsets of a file: likely services first, then others, then someone outside.
pub(super) fn offers(snapshot: &Snapshot, folder: &Utf8Path, file: FileId, start: u32, end: u32) -> Vec<Offer> {
    let chart = &snapshot.chart;
    let serving = Serving::new(chart);
    let mut offers: Vec<Offer> = Vec::new();
    let mut offer = |title: String, remedy: &Remedy| {
        if let Some(edit) = edit(snapshot, folder, remedy) {
            offers.push(Offer { title: format!("{title}: {}", remedy.title()), level: Level::Statement, finding: None, plan: Ok(edit) });
        }
    };
    for (subject, _) in snapshot.index.within(file, start, end) {
        let Subject::Unresolved(at) = subject else { continue };
        let Some(call) = chart.unresolved.get(at as usize) else { continue };
        let candidates = settle::candidates(snapshot, &serving, &[at]);
        let others = others(snapshot, call).filter(|other| !candidates.iter().any(|candidate| candidate.service == *other));
        let named = candidates.iter().map(|candidate| (candidate.service, format!(" ({})", candidate.why)));
        for (service, why) in named.chain(others.map(|other| (other, String::new()))).take(MAX_SERVICES) {
            if let Some(remedy) = settle::remedy(snapshot, call, Some(service)) {
                offer(format!("{} goes to {}{why}", call.label(), chart.service(service).id), &remedy);
            }
        }
        if let Some(remedy) = settle::remedy(snapshot, call, None) {
            offer(format!("{} leaves the workspace", call.label()), &remedy);
        }
    }
    offers
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

/// The lines of a remedy, in the `portolan.toml` of a folder; `None` where they stand there already.
fn edit(snapshot: &Snapshot, folder: &Utf8Path, remedy: &Remedy) -> Option<Edit> {
    let path = folder.join(FILE_NAME);
    let mut edit = Edit::default();
    let Some(file) = snapshot.files.id(&path) else {
        edit.create(path, remedy.lines(folder));
        return Some(edit);
    };
    let Manifest::Settings(settings) = snapshot.files.facts(file)?.manifest()? else { return None };
    let insertion = settle::insertion(settings, folder, remedy)?;
    edit.insert(file, insertion.offset, insertion.text);
    Some(edit)
}
