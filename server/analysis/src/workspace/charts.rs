//! Helm charts: which files make one, and what its templates say once they are filled in.
//!
//! What deliberately does not live here: the language of templates. Invariant: a template that says nothing with the values at hand (all of it
//! hangs on a switch that is off) is left as it is written, so that what it could deploy is not lost.

use portolan_grammars::facts::{Problem as Fault, Symbol};
use portolan_grammars::manifests::helm::{self, Helpers};
use portolan_grammars::manifests::tree::{Tree, TreeValue};
use portolan_grammars::manifests::{Kubernetes, Manifest};
use rustc_hash::FxHashMap;

use super::paths;
use super::settings::Problem;
use crate::files::Files;
use crate::{FileId, Place};

/// A chart while its files are gathered.
#[derive(Default)]
struct Chart<'a> {
    name: Symbol,
    values: Option<&'a Tree>,
    helpers: Vec<&'a str>,
    templates: Vec<(FileId, &'a Kubernetes)>,
}

/// What the templates of all charts say, and what of them cannot be read.
pub(super) fn render(files: &Files) -> (FxHashMap<FileId, Kubernetes>, Vec<Problem>) {
    let mut charts: FxHashMap<&str, Chart<'_>> = FxHashMap::default();
    for (_, path, facts) in files.iter() {
        if let Some(Manifest::HelmChart(name)) = facts.manifest() {
            let folder = paths::folder(path.as_str());
            let name = if name.is_empty() { Symbol::new(paths::file_name(folder)) } else { name.clone() };
            charts.insert(folder, Chart { name, ..Chart::default() });
        }
    }
    let mut rendered = FxHashMap::default();
    let mut problems = Vec::new();
    if charts.is_empty() {
        return (rendered, problems);
    }
    for (file, path, facts) in files.iter() {
        let Some(manifest) = facts.manifest() else { continue };
        if !matches!(manifest, Manifest::HelmValues(_) | Manifest::HelmHelpers(_) | Manifest::Kubernetes(_)) {
            continue;
        }
        let Some(chart) = paths::upwards(paths::folder(path.as_str())).find(|folder| charts.contains_key(folder)) else { continue };
        let Some(own) = charts.get_mut(chart) else { continue };
        match manifest {
            Manifest::HelmValues(values) if paths::folder(path.as_str()) == chart => own.values = Some(values),
            Manifest::HelmHelpers(text) => own.helpers.push(text),
            Manifest::Kubernetes(facts) => {
                if let Some(text) = &facts.template {
                    own.templates.push((file, facts));
                    if text.contains("define ") {
                        own.helpers.push(text);
                    }
                }
            }
            _ => {}
        }
    }
    for (folder, chart) in &charts {
        if chart.templates.is_empty() {
            continue;
        }
        let parent = parent(folder).and_then(|parent| charts.get(parent));
        let values = values(chart, parent);
        let shared = parent.into_iter().flat_map(|parent| parent.helpers.iter().copied());
        // Named templates of charts that this one depends on are called by name too.
        let inner =
            charts.iter().filter(|(other, _)| self::parent(other) == Some(*folder)).flat_map(|(_, inner)| inner.helpers.iter().copied());
        let mut texts: Vec<&str> = inner.collect();
        texts.sort_unstable();
        let helpers = Helpers::of(chart.helpers.iter().copied().chain(shared).chain(texts));
        for (file, written) in &chart.templates {
            let Some(text) = &written.template else { continue };
            let (objects, faults) = helm::render(text, &chart.name, &values, &helpers);
            // What cannot be read once it is filled in is read as it is written.
            if !faults.is_empty() && (containers(&objects) < containers(written) || says_nothing(&objects) && says_nothing(written)) {
                problems
                    .extend(faults.into_iter().map(|Fault { message, range }| Problem { place: Place { file: *file, range }, message }));
                continue;
            }
            if !says_nothing(&objects) {
                rendered.insert(*file, objects);
            }
        }
    }
    (rendered, problems)
}

fn says_nothing(objects: &Kubernetes) -> bool {
    objects.workloads.is_empty() && objects.services.is_empty() && objects.config_maps.is_empty() && objects.gateways.is_empty()
}

fn containers(objects: &Kubernetes) -> usize {
    objects.workloads.iter().map(|workload| workload.containers.len()).sum()
}

/// The folder of the chart that a chart is part of.
fn parent(folder: &str) -> Option<&str> {
    let charts = paths::folder(folder);
    (paths::file_name(charts) == "charts").then(|| paths::folder(charts))
}

/// A chart's own values, with those of the chart around it on top: what stands under its name, and what is global.
fn values(chart: &Chart<'_>, parent: Option<&Chart<'_>>) -> Tree {
    let mut values = chart.values.cloned().unwrap_or_default();
    let Some(outer) = parent.and_then(|parent| parent.values) else { return values };
    if let Some(over) = outer.get(&chart.name) {
        values.merge(over);
    }
    if let Some(global) = outer.get("global") {
        let global = TreeValue::Map(vec![("global".into(), global.clone())]);
        let over = Tree { value: global, range: outer.range };
        if matches!(values.value, TreeValue::Null) {
            values = over;
        } else {
            values.merge(&over);
        }
    }
    values
}
