//! What settings must say, or which features must be built, for calls, messages and queries of a service to be made, where by default they do not
//! say it or are not.
//!
//! What counts is written around a place, around every way that leads to its function, and around what a call rests on: where its client is made.
//! Invariants: of a function that others may run than those who are seen nothing is said; what is said is evidence, and leaves nothing out, as a
//! deployment may set what no file here does.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use portolan_grammars::facts::{Expr, FunctionId, FunctionKind, Predicate, SourceFacts, Symbol, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::deduplicated;
use super::reach::Reach;
use super::text::texts;
use super::{Input, Places};
use crate::chart::{Chart, Evidence, ServiceIndex, Status};
use crate::resolve::conditions::{ConditionDecl, Guarded, Requirement, SettingTest};
use crate::resolve::evaluate::around;
use crate::resolve::link::EdgeDecl;
use crate::resolve::named::Named;
use crate::resolve::value::{CallRef, Source};
use crate::{FileId, FunctionRef, Place};

mod features;

/// Says of all that services do which settings it depends on.
pub(super) fn tell(input: &Input<'_>, reach: &Reach, chart: &mut Chart) {
    let conditions = Conditions::of(input);
    if conditions.by_file.is_empty() {
        return;
    }
    let ways = Ways::of(input, chart);
    for service in input.own_services() {
        let failing = conditions.failing(input, service);
        if failing.is_empty() {
            continue;
        }
        let runs = |function| reach.has(service, function);
        let known = Known { input, conditions: &conditions, failing, held: FxHashMap::default() }.along(&ways, runs);
        known.tell_calls(service, chart, runs);
        known.tell_places(service, chart);
    }
}

/// A condition on settings or features.
struct Condition<'a> {
    range: TextRange,
    asked: Place,
    requires: Needs<'a>,
}

#[derive(Clone, Copy)]
enum Needs<'a> {
    Settings(&'a Requirement),
    Features(&'a Predicate),
}

/// Names a condition: its file, and its position there.
type ConditionId = (FileId, u32);

struct Conditions<'a> {
    by_file: FxHashMap<FileId, Vec<Condition<'a>>>,
}

impl<'a> Conditions<'a> {
    fn of(input: &Input<'a>) -> Self {
        let places = Places { files: input.files };
        let mut by_file: FxHashMap<FileId, Vec<Condition<'a>>> = FxHashMap::default();
        for (file, link) in (0..).map(FileId).zip(input.links) {
            let Some(facts) = input.files.source(file) else { continue };
            let condition = |declared: &'a ConditionDecl| {
                let range = match declared.guarded {
                    Guarded::Stretch(at) => facts.conditions.get(at as usize)?.range,
                    Guarded::Region(region) => facts.region(region).range,
                };
                let asked = places.source(Source::Expr(file, declared.asked))?;
                Some(Condition { range, asked, requires: Needs::Settings(&declared.requires) })
            };
            let all: Vec<Condition<'a>> = link.iter().flat_map(|link| &link.conditions).filter_map(condition).collect();
            if !all.is_empty() {
                by_file.insert(file, all);
            }
            for (file, condition) in features::conditions(input, file, facts) {
                by_file.entry(file).or_default().push(condition);
            }
        }
        Self { by_file }
    }

    /// Those that do not hold by what is known of a service's settings, in words.
    fn failing(&self, input: &Input<'_>, service: ServiceIndex) -> FxHashMap<ConditionId, Evidence> {
        let mut failing = FxHashMap::default();
        for (file, conditions) in &self.by_file {
            for (at, condition) in (0..).zip(conditions) {
                let why = match condition.requires {
                    Needs::Settings(requires) => failure(input, service, requires).map(|why| format!("only where {why}")),
                    Needs::Features(needs) => features::failure(input, condition.asked, needs),
                };
                failing.extend(why.map(|what| ((*file, at), Evidence { what, place: condition.asked })));
            }
        }
        failing
    }
}

/// What is asked that does not hold in a service, in words, as far as files of the workspace tell.
fn failure(input: &Input<'_>, service: ServiceIndex, requires: &Requirement) -> Option<String> {
    let (parts, joint, all_must_fail) = match requires {
        Requirement::Setting(test) => return failure_of_setting(input, service, test),
        Requirement::All(parts) => (parts, " and ", false),
        Requirement::Any(parts) => (parts, " or ", true),
    };
    let mut words: Vec<String> = Vec::new();
    for part in parts {
        match failure(input, service, part) {
            Some(why) if !words.contains(&why) => words.push(why),
            None if all_must_fail => return None,
            _ => {}
        }
    }
    (!words.is_empty()).then(|| words.join(joint))
}

fn failure_of_setting(input: &Input<'_>, service: ServiceIndex, test: &SettingTest) -> Option<String> {
    let name = test.name();
    let unset = format!("${{{name}}}");
    let mut fails: Option<(String, bool)> = None;
    for text in test.settings.iter().flat_map(|setting| texts(input, service, setting)) {
        let is_unset = text.text.is_empty() || text.text == unset;
        if !is_unset && text.text.contains(['$', '{']) {
            return None;
        }
        let value = if is_unset { "" } else { text.text.as_str() };
        // Whether `false` is as good as nothing, or a text in another case the same one, only the code knows that reads it.
        let is_unclear = if test.values.is_empty() {
            matches!(value, "false" | "0")
        } else {
            test.values.iter().any(|wanted| wanted != value && wanted.eq_ignore_ascii_case(value))
        };
        if is_unclear {
            return None;
        }
        let is_so = if test.values.is_empty() { !value.is_empty() } else { test.values.iter().any(|wanted| wanted == value) };
        if is_so != test.negated {
            return None;
        }
        let is_given = text.evidence.iter().any(|hop| hop.what.starts_with("env ") || hop.what.starts_with("option "));
        // A value says more than that there is none.
        if fails.as_ref().is_none_or(|(known, _)| known.is_empty()) {
            fails = Some((value.to_owned(), is_given));
        }
    }
    let (value, is_given) = fails?;
    let is = if test.negated { "is not" } else { "is" };
    let wanted = match test.values.as_slice() {
        [] => "set".to_owned(),
        values => values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or "),
    };
    let why = match value.as_str() {
        "" => "no deployment file here sets it".to_owned(),
        value if is_given => format!("it is `{value}`"),
        value => format!("default: `{value}`"),
    };
    Some(format!("`{name}` {is} {wanted} ({why})"))
}

/// Who runs which function, and where.
struct Ways<'a> {
    /// The function that runs another one, where it does, and the other.
    steps: FxHashMap<FunctionRef, Vec<(FunctionRef, Vec<TextRange>)>>,
    /// Functions that stand in others.
    nested: FxHashMap<FunctionRef, Vec<FunctionRef>>,
    /// The names that closures are bound to.
    names: FxHashMap<FunctionRef, &'a Symbol>,
    /// Functions that others may run, too: files as they are loaded, handlers, methods that are called by their names alone.
    open: FxHashSet<FunctionRef>,
    input: &'a Input<'a>,
}

impl<'a> Ways<'a> {
    fn of(input: &'a Input<'a>, chart: &Chart) -> Self {
        let (steps, nested, open) = Default::default();
        let mut ways = Self { steps, nested, names: names_of_closures(input), open, input };
        let mentioned: FxHashSet<&Symbol> =
            input.links.iter().flatten().flat_map(|link| &link.mentions).map(|mention| &mention.name).collect();
        for (file, link) in (0..).map(FileId).zip(input.links) {
            let (Some(facts), Some(link)) = (input.files.source(file), link) else { continue };
            ways.add_functions(file, facts, &mentioned);
            let kept = link.kept.iter().map(|kept| kept.function);
            let handed_out = link.names.exports.iter().filter(|_| link.entry).filter_map(|(_, named)| match named {
                Named::Own(function) => Some(FunctionRef { file, function: *function }),
                _ => None,
            });
            ways.open.extend(kept.chain(handed_out));
            let mut named = FxHashMap::default();
            for edge in &link.edges {
                ways.add_edge(file, facts, edge, &mut named);
            }
            for (caller, callee) in &link.dispatches {
                ways.add(FunctionRef { file, function: *caller }, *callee, Vec::new());
            }
        }
        ways.open.extend(chart.endpoints.iter().flat_map(|endpoint| endpoint.handler.into_iter().chain(endpoint.guards.iter().copied())));
        // Who registers a consumer lets its handler run.
        for consumer in chart.channels.iter().flat_map(|channel| &channel.consumers) {
            let Some(handler) = consumer.function else { continue };
            let Some(facts) = input.files.source(consumer.place.file) else { continue };
            let function = FunctionRef { file: consumer.place.file, function: facts.function_around(consumer.place.range) };
            if function != handler {
                ways.add(function, handler, vec![consumer.place.range]);
            }
        }
        ways
    }

    fn add_functions(&mut self, file: FileId, facts: &SourceFacts, mentioned: &FxHashSet<&Symbol>) {
        for (at, declared) in facts.functions.iter().enumerate() {
            let function = FunctionRef { file, function: FunctionId(at as u32) };
            let is_constructed = || declared.owner.is_some_and(|owner| !facts.type_def(owner).attributes.is_empty());
            let is_open = match declared.kind {
                FunctionKind::Module | FunctionKind::Getter => true,
                FunctionKind::Constructor => is_constructed(),
                FunctionKind::Method => mentioned.contains(&declared.name),
                FunctionKind::Function | FunctionKind::Closure => false,
            };
            // What a trait's method or a macro leads to is not known well enough.
            if is_open || !declared.attributes.is_empty() || !facts.language.is_ecmascript() {
                self.open.insert(function);
            }
            if declared.parent != FunctionId::MODULE {
                self.nested.entry(FunctionRef { file, function: declared.parent }).or_default().push(function);
            }
        }
    }

    fn add_edge<'f>(
        &mut self,
        file: FileId,
        facts: &'f SourceFacts,
        edge: &EdgeDecl,
        named: &mut FxHashMap<(FunctionId, &'f Symbol), Vec<TextRange>>,
    ) {
        let caller = FunctionRef { file, function: edge.caller };
        let places = match edge.call {
            Some(CallRef { file: of, call }) if of == file => vec![facts.call(call).range],
            _ => self.named_at(facts, edge, named),
        };
        self.add(caller, edge.callee, places);
    }

    /// Where a function names another one that it hands on.
    fn named_at<'f>(
        &self,
        facts: &'f SourceFacts,
        edge: &EdgeDecl,
        named: &mut FxHashMap<(FunctionId, &'f Symbol), Vec<TextRange>>,
    ) -> Vec<TextRange> {
        if named.is_empty() {
            for expression in &facts.exprs {
                if let Expr::Name(name) = &expression.kind {
                    named.entry((expression.function, name)).or_default().push(expression.range);
                }
            }
        }
        let own = || self.input.files.function(edge.callee).map(|callee| &callee.name).filter(|name| !name.is_empty());
        let name = self.names.get(&edge.callee).copied().or_else(own);
        name.and_then(|name| named.get(&(edge.caller, name))).cloned().unwrap_or_default()
    }

    fn add(&mut self, caller: FunctionRef, callee: FunctionRef, places: Vec<TextRange>) {
        self.steps.entry(caller).or_default().push((callee, places));
    }
}

fn names_of_closures<'a>(input: &'a Input<'a>) -> FxHashMap<FunctionRef, &'a Symbol> {
    let sources = (0..input.links.len() as u32).map(FileId).filter_map(|file| Some((file, input.files.source(file)?)));
    let named = sources.flat_map(|(file, facts)| {
        facts.bindings.iter().filter_map(move |binding| match facts.expr(binding.value?) {
            Expr::Closure(function) => Some((FunctionRef { file, function: *function }, &binding.name)),
            _ => None,
        })
    });
    named.collect()
}

/// What must hold for code of one service to run.
struct Known<'a> {
    input: &'a Input<'a>,
    conditions: &'a Conditions<'a>,
    /// Conditions that by default do not hold.
    failing: FxHashMap<ConditionId, Evidence>,
    /// What holds on all ways to a function.
    held: FxHashMap<FunctionRef, Vec<ConditionId>>,
}

impl<'a> Known<'a> {
    /// Follows all ways from functions that run without a condition.
    fn along(mut self, ways: &Ways<'_>, runs: impl Fn(FunctionRef) -> bool) -> Self {
        let callers: Vec<FunctionRef> = ways.steps.keys().copied().filter(|caller| runs(*caller)).collect();
        let run: FxHashSet<FunctionRef> = callers.iter().flat_map(|caller| &ways.steps[caller]).map(|(callee, _)| *callee).collect();
        // What nobody is seen to run may be run by anyone.
        let begun = callers.iter().copied().filter(|caller| !run.contains(caller));
        let begun: Vec<FunctionRef> = begun.chain(ways.open.iter().copied().filter(|function| runs(*function))).collect();
        self.follow(ways, begun);
        // The same holds of those that only run one another.
        let circles = callers.into_iter().filter(|caller| !self.held.contains_key(caller)).collect();
        self.follow(ways, circles);
        self
    }

    fn follow(&mut self, ways: &Ways<'_>, begun: Vec<FunctionRef>) {
        let mut open: VecDeque<FunctionRef> = begun.into();
        self.held.extend(open.iter().map(|function| (*function, Vec::new())));
        while let Some(caller) = open.pop_front() {
            let held = self.with_outer(caller);
            for (callee, places) in ways.steps.get(&caller).into_iter().flatten() {
                let mut here = held.clone();
                here.extend(self.around_all(caller.file, places));
                if self.holds_at_most(*callee, here) {
                    open.push_back(*callee);
                    open.extend(ways.nested.get(callee).into_iter().flatten());
                }
            }
        }
    }

    /// Notes what holds on one way to a function; whether less is known to hold on all of them now.
    fn holds_at_most(&mut self, function: FunctionRef, mut here: Vec<ConditionId>) -> bool {
        match self.held.entry(function) {
            Entry::Vacant(unknown) => {
                here.sort_unstable();
                here.dedup();
                unknown.insert(here);
                true
            }
            Entry::Occupied(mut known) => {
                let before = known.get().len();
                known.get_mut().retain(|condition| here.contains(condition));
                known.get().len() < before
            }
        }
    }

    /// What holds in a function: what does on all ways to it, and to those around it.
    fn with_outer(&self, function: FunctionRef) -> Vec<ConditionId> {
        let Some(facts) = self.input.files.source(function.file) else { return Vec::new() };
        let around = around(facts, function.function).map(|at| FunctionRef { function: at, ..function });
        around.flat_map(|function| self.held.get(&function).into_iter().flatten().copied()).collect()
    }

    /// What is written around all of some places of a file.
    fn around_all(&self, file: FileId, places: &[TextRange]) -> Vec<ConditionId> {
        let Some((first, others)) = places.split_first() else { return Vec::new() };
        let mut held = self.around(file, *first);
        held.retain(|(_, at)| others.iter().all(|other| self.conditions.by_file[&file][*at as usize].range.contains(*other)));
        held
    }

    fn around(&self, file: FileId, place: TextRange) -> Vec<ConditionId> {
        let all = self.conditions.by_file.get(&file).map_or(&[][..], Vec::as_slice);
        let around = (0..).zip(all).filter(|(_, condition)| condition.range.contains(place)).map(|(at, _)| (file, at));
        around.filter(|condition| self.failing.contains_key(condition)).collect()
    }

    /// What must hold for what stands at a place to run.
    fn at(&self, place: Place) -> Vec<ConditionId> {
        let Some(facts) = self.input.files.source(place.file) else { return Vec::new() };
        let function = FunctionRef { file: place.file, function: facts.function_around(place.range) };
        let mut held = self.with_outer(function);
        held.extend(self.around(place.file, place.range));
        held
    }

    /// Whether features are among what is asked: what is not built does not run, whatever a deployment sets.
    fn asks_for_features(&self, held: &[ConditionId]) -> bool {
        held.iter().any(|(file, at)| matches!(self.conditions.by_file[file][*at as usize].requires, Needs::Features(_)))
    }

    fn words(&self, mut held: Vec<ConditionId>) -> Vec<Evidence> {
        held.sort_unstable();
        held.dedup();
        let mut words: Vec<Evidence> = Vec::new();
        for condition in held {
            let Some(evidence) = self.failing.get(&condition) else { continue };
            if !words.iter().any(|known| known.what == evidence.what) {
                words.push(evidence.clone());
            }
        }
        words
    }

    /// Adds to the evidence of a service's calls what they depend on.
    fn tell_calls(&self, service: ServiceIndex, chart: &mut Chart, runs: impl Fn(FunctionRef) -> bool) {
        let is_own = |place: &Place| {
            let facts = self.input.files.source(place.file);
            facts.is_some_and(|facts| runs(FunctionRef { file: place.file, function: facts.function_around(place.range) }))
        };
        for call in chart.calls.iter_mut().filter(|call| call.from == service) {
            let rests_on = call.evidence.iter().map(|hop| hop.place).filter(is_own);
            let held: Vec<ConditionId> = std::iter::once(call.place).chain(rests_on).flat_map(|place| self.at(place)).collect();
            if self.asks_for_features(&held) {
                chart.unbuilt.insert((service, call.place));
            }
            let words = self.words(held);
            if !words.is_empty() && call.status == Status::Exact {
                call.status = Status::Likely;
            }
            call.evidence = deduplicated([std::mem::take(&mut call.evidence), words].concat());
        }
    }

    /// Notes what a service's messages and queries depend on.
    fn tell_places(&self, service: ServiceIndex, chart: &mut Chart) {
        let ends = chart.channels.iter().flat_map(|channel| channel.producers.iter().chain(&channel.consumers));
        let ends = ends.filter(|end| end.service == service).map(|end| end.place);
        let collections = chart.stores.iter().flat_map(|store| &store.collections);
        let accesses = collections.flat_map(|collection| &collection.accesses).filter(|access| access.service == service);
        let places: FxHashSet<Place> = ends.chain(accesses.map(|access| access.place)).collect();
        let unresolved = chart.unresolved.iter().filter(|call| call.from == service).map(|call| call.place);
        let unbuilt: Vec<Place> = unresolved.filter(|place| self.asks_for_features(&self.at(*place))).collect();
        chart.unbuilt.extend(unbuilt.into_iter().map(|place| (service, place)));
        for place in places {
            let held = self.at(place);
            if self.asks_for_features(&held) {
                chart.unbuilt.insert((service, place));
            }
            let words = self.words(held);
            if !words.is_empty() {
                chart.conditions.insert((service, place), words);
            }
        }
    }
}
