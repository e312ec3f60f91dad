//! Conditions on features of Cargo packages: what is written behind `#[cfg(feature = "…")]`, and the files of modules that are declared so.
//!
//! What deliberately does not live here: which features are on, see [`crate::workspace`]. Invariant: a feature that any build may switch on is no
//! condition.

use portolan_grammars::facts::{FeatureGate, Predicate, SourceFacts, TextRange};

use super::super::Input;
use super::{Condition, Needs};
use crate::workspace::modules::ModuleId;
use crate::{FileId, Place};

/// How deep modules lie at most in one that is declared behind a feature.
const MAX_DEPTH: u32 = 20;

/// What a file says that only certain features build, each with the file that it is in: its own, or that of a module which it declares.
pub(super) fn conditions<'a>(input: &Input<'_>, file: FileId, facts: &'a SourceFacts) -> Vec<(FileId, Condition<'a>)> {
    let mut found = Vec::new();
    for gate in &facts.features {
        let asked = Place { file, range: gate.asked };
        let condition = |range| Condition { range, asked, requires: Needs::Features(&gate.needs) };
        found.push((file, condition(gate.range)));
        let within =
            modules_within(input, file, facts, gate).into_iter().map(|file| (file, condition(TextRange::new(0, u32::MAX as usize))));
        found.extend(within);
    }
    found
}

/// The files of modules that are declared in a stretch of a file, and nowhere else.
fn modules_within(input: &Input<'_>, file: FileId, facts: &SourceFacts, gate: &FeatureGate) -> Vec<FileId> {
    let modules = &input.workspace.modules;
    let mut open: Vec<(ModuleId, u32)> = Vec::new();
    for declared in facts.modules.iter().filter(|module| !module.inline && gate.range.contains(module.range)) {
        let around = modules.modules_of(file).iter().filter_map(|of| modules.below(*of, &declared.module));
        open.extend(around.filter_map(|around| modules.child(around, &declared.name)).map(|module| (module, 0)));
    }
    let mut files = Vec::new();
    while let Some((module, depth)) = open.pop() {
        let Some(place) = modules.place(module).filter(|place| place.inline.is_empty() && place.file != file) else { continue };
        if modules.modules_of(place.file).len() > 1 || depth > MAX_DEPTH || files.contains(&place.file) {
            continue;
        }
        files.push(place.file);
        let declared = input.files.source(place.file).map_or(&[][..], |facts| &facts.modules);
        for inner in declared.iter().filter(|module| !module.inline) {
            let around = modules.below(module, &inner.module);
            open.extend(around.and_then(|around| modules.child(around, &inner.name)).map(|module| (module, depth + 1)));
        }
    }
    files
}

/// What a predicate asks that no build has, in words.
pub(super) fn failure(input: &Input<'_>, asked: Place, needs: &Predicate) -> Option<String> {
    let path = input.files.path(asked.file);
    let is_on = |feature: &str| input.workspace.has_feature(path, feature);
    (needs.holds(&is_on) == Some(false)).then(|| format!("only {}", words(needs, &is_on, true)))
}

/// What of a predicate decides that it does not hold, or that it does.
fn words(needs: &Predicate, is_on: &dyn Fn(&str) -> Option<bool>, wanted: bool) -> String {
    let joined = |parts: &[Predicate], all: bool| {
        let decides = |part: &&Predicate| part.asks_for_feature() && (all || part.holds(is_on) == Some(!wanted));
        let parts: Vec<String> = parts.iter().filter(decides).map(|part| words(part, is_on, wanted)).collect();
        parts.join(if all == wanted { " or " } else { " and " })
    };
    match needs {
        Predicate::Feature(name) if wanted => format!("with the feature `{name}`"),
        Predicate::Feature(name) => format!("without the feature `{name}`"),
        Predicate::Not(of) => words(of, is_on, !wanted),
        Predicate::Any(parts) => joined(parts, wanted),
        Predicate::All(parts) => joined(parts, !wanted),
        Predicate::NotShipped | Predicate::Unknown => String::new(),
    }
}
