//! Texts that stand for something only if a parameter is one of certain texts: `switch (kind) { case "a": return A; }`.
//!
//! Such a text carries what must hold, as [`Guard`]s, until someone says what is passed: then it stays or is gone. What deliberately does not live
//! here: reading conditions, which the grammars do. Invariant: a condition that is not known to fail holds.

use portolan_grammars::facts::{Case, ExprId, Extent, RegionId, SourceFacts, Symbol, TextRange};
use rustc_hash::FxHashSet;

use super::evaluate::Evaluator;
use super::switches::region_at;
use super::value::{Guard, ParamRef, Part, Pattern, Value};
use crate::FileId;

/// Conditions that a text carries.
const MAX_GUARDS: usize = 16;

impl<'w> Evaluator<'w> {
    /// A value that stands at an expression, with what must hold for the expression to be reached from `outside`, where it is a text.
    pub(super) fn in_its_cases(
        &mut self,
        value: Value,
        file: FileId,
        facts: &'w SourceFacts,
        at: ExprId,
        outside: Option<TextRange>,
    ) -> Value {
        if !value.alternatives().iter().any(|one| matches!(one, Value::Text(_) | Value::Param(..))) {
            return value;
        }
        let guards: Vec<Guard> = self.guards(file, facts, at, outside).into_iter().map(|(_, guard)| guard).collect();
        guarded(as_asked(value, &guards), &guards)
    }

    /// What must hold for an expression to be reached within its function, as far as parameters decide it, with the regions that ask it.
    fn guards(&mut self, file: FileId, facts: &'w SourceFacts, at: ExprId, outside: Option<TextRange>) -> Vec<(RegionId, Guard)> {
        let function = facts.exprs[at.index()].function;
        let Some((_, index)) = self.file(file) else { return Vec::new() };
        let place = facts.expr_range(at);
        let mut guards = Vec::new();
        for (region, case) in index.cases.get(&function).into_iter().flatten().map(|case| &facts.cases[*case as usize]) {
            let range = facts.region(*region).range;
            if !range.contains(place) || outside.is_some_and(|outside| range.contains(outside)) {
                continue;
            }
            if guards.len() == MAX_GUARDS {
                break;
            }
            let Value::Param(param, path) = self.eval(file, case.subject) else { continue };
            let values: Option<Vec<Symbol>> = case.values.iter().map(|value| self.eval(file, *value).literal()).collect();
            if let Some(values) = values {
                let Case { extent, negated, partial, .. } = *case;
                guards.push((*region, Guard { param, path: path.to_vec(), values, extent, negated, partial, not_all: Vec::new() }));
            }
        }
        guards
    }

    /// What a function gives back: each result only if none before it was given back.
    pub(super) fn returned(&mut self, file: FileId, facts: &'w SourceFacts, results: &[ExprId]) -> Value {
        let mut before: Vec<Guard> = Vec::new();
        let mut values = Vec::with_capacity(results.len());
        for result in results {
            let value = self.eval(file, *result);
            let guards = self.guards(file, facts, *result, None);
            // The arm of `else if` asks two things.
            let (regions, more): (FxHashSet<RegionId>, Vec<Guard>) =
                guards.iter().filter(|(_, guard)| !before.contains(guard)).cloned().unzip();
            let is_told = before.len() < MAX_GUARDS && is_told_by(facts, *result, regions.len());
            let negation = if is_told { not_all(more) } else { None };
            let all: Vec<Guard> = guards.into_iter().map(|(_, guard)| guard).chain(before.iter().cloned()).collect();
            values.push(guarded(value, &all));
            before.extend(negation);
        }
        Value::one_of(values)
    }

    /// What is left of what a text asks once parameters are replaced: `None` where something does not hold.
    pub(super) fn held_guards(&mut self, text: &Pattern, with: &dyn Fn(ParamRef) -> Option<Value>) -> Option<Vec<Guard>> {
        let mut left = Vec::new();
        for guard in &text.when {
            let Some(given) = with(guard.param) else {
                left.push(guard.clone());
                continue;
            };
            match self.at_path(given, &guard.path) {
                Value::Param(param, path) => left.push(Guard { param, path: path.to_vec(), ..guard.clone() }),
                given if !guard.may_hold(&given) => return None,
                _ => {}
            }
        }
        Some(left)
    }
}

/// Whether nothing but some regions around an expression, of one condition each, decides in its function whether it is reached.
fn is_told_by(facts: &SourceFacts, at: ExprId, regions: usize) -> bool {
    let body = facts.function(facts.exprs[at.index()].function).body;
    let mut region = region_at(facts, facts.expr_range(at));
    for _ in 0..regions {
        region = region.filter(|region| *region != body).and_then(|region| facts.region(region).parent);
    }
    regions > 0 && region == Some(body)
}

/// What holds where some conditions do not all hold: said of one thing only, and where nothing else must hold.
fn not_all(mut guards: Vec<Guard>) -> Option<Guard> {
    let first = guards.first()?.clone();
    if guards.iter().any(|guard| guard.partial || guard.param != first.param || guard.path != first.path) {
        return None;
    }
    if guards.len() == 1 {
        return guards.pop().map(|only| only.otherwise());
    }
    Some(Guard { values: Vec::new(), extent: Extent::Whole, negated: true, not_all: guards, ..first })
}

/// A value whose parameters are texts, as something asks how they begin or end: `base.endsWith("/") ? base : base + "/"`.
fn as_asked(value: Value, guards: &[Guard]) -> Value {
    let is_asked = |value: &Value| match value {
        Value::Param(param, path) => {
            guards.iter().any(|guard| guard.param == *param && guard.path[..] == path[..] && guard.extent != Extent::Whole)
        }
        _ => false,
    };
    if !value.alternatives().iter().any(is_asked) {
        return value;
    }
    Value::one_of(value.alternatives().iter().map(|one| match one {
        Value::Param(param, path) if is_asked(one) => Value::pattern(Pattern::part(Part::Param(*param, path.to_vec(), None))),
        one => one.clone(),
    }))
}

/// A value whose texts carry conditions, too.
pub(super) fn guarded(value: Value, guards: &[Guard]) -> Value {
    if guards.is_empty() {
        return value;
    }
    let with_guards = |one: &Value| match one {
        Value::Text(text) => {
            let mut text = (**text).clone();
            text.ask(guards);
            if text.is_possible() { Value::pattern(text) } else { Value::Null }
        }
        other => other.clone(),
    };
    Value::one_of(value.alternatives().iter().map(with_guards))
}

impl Guard {
    /// What must hold where this does not.
    pub(super) fn otherwise(&self) -> Self {
        Self { negated: !self.negated, ..self.clone() }
    }

    /// Whether it holds for a text.
    fn holds(&self, text: &str) -> bool {
        if !self.not_all.is_empty() {
            return !self.not_all.iter().all(|guard| guard.holds(text));
        }
        self.values.iter().any(|value| self.extent.fits(text, value)) != self.negated
    }

    /// Whether it may hold for what is given: it must where nothing says that it does not.
    fn may_hold(&self, given: &Value) -> bool {
        given.alternatives().iter().any(|one| match one {
            Value::Text(text) => text.literal().is_none_or(|text| self.holds(&text)),
            Value::Null => self.negated,
            _ => true,
        })
    }
}

impl Pattern {
    /// Adds conditions.
    pub(super) fn ask(&mut self, guards: &[Guard]) {
        for guard in guards {
            if self.when.len() < MAX_GUARDS && !self.when.contains(guard) {
                self.when.push(guard.clone());
            }
        }
    }

    /// Whether callers decide what it is, or whether it is meant.
    pub(super) fn is_open(&self) -> bool {
        self.has_param() || !self.when.is_empty()
    }

    /// Whether its conditions may all hold at once, as far as those on one thing tell.
    pub(super) fn is_possible(&self) -> bool {
        let of_values = |guard: &&Guard| !guard.negated && guard.extent == Extent::Whole;
        self.when.iter().filter(of_values).all(|must| {
            let about = self.when.iter().filter(|other| other.param == must.param && other.path == must.path);
            let about: Vec<&Guard> = about.collect();
            must.values.iter().any(|value| about.iter().all(|other| other.may_hold(&Value::text(value.clone()))))
        })
    }
}
