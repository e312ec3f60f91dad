//! Options that code depends on: `if (options.useQueue) { … }`, and who switches them on.
//!
//! A shared library does for each service what the service's options ask for. Only conditions that are a plain parameter, a member of one, or a
//! field that such a condition guards count; whatever else a condition says is taken to hold. Invariant: where it is not sure that an option is
//! off, it is on.

use std::sync::Arc;

use portolan_grammars::facts::{Expr, ExprId, RegionId, SourceFacts, Symbol, TextRange};

use super::evaluate::{Evaluator, Switches, regions_around};
use super::link::Linker;
use super::spans::Walk;
use super::value::{CallRef, ParamRef, Value};
use crate::{FileId, FunctionRef};

/// Fields behind fields that are followed.
const MAX_FIELDS: u32 = 3;
/// Regions around a place that are looked at.
const MAX_REGIONS: usize = 32;

impl<'w> Linker<'w> {
    /// The functions that switch on the option which a region depends on; none where it depends on none.
    pub(super) fn switches(&mut self, walk: &Walk<'w>, region: RegionId) -> Vec<FunctionRef> {
        if !walk.facts.language.is_ecmascript() {
            return Vec::new();
        }
        self.evaluator.region_switches(self.file, region, MAX_FIELDS).map_or_else(Vec::new, |found| found.to_vec())
    }
}

impl<'w> Evaluator<'w> {
    fn region_switches(&mut self, file: FileId, region: RegionId, depth: u32) -> Switches {
        let facts = self.facts(file)?;
        let mut next = Some(region);
        for _ in 0..MAX_REGIONS {
            let here = facts.region(next?);
            if let Some(found) = self.all_switches(file, facts, &here.conditions, depth) {
                return Some(found);
            }
            next = here.parent;
        }
        None
    }

    /// What switches on all of some options: who passes each of them to one function; of options that come from elsewhere, the first alone.
    fn all_switches(&mut self, file: FileId, facts: &'w SourceFacts, conditions: &[ExprId], depth: u32) -> Switches {
        let mut held: Option<(Option<FunctionRef>, Arc<[FunctionRef]>)> = None;
        for condition in conditions {
            let Some(found) = self.kept_switches(file, facts, *condition, depth) else { continue };
            let of = match self.eval(file, *condition) {
                Value::Param(param, _) => Some(param.function),
                _ => None,
            };
            held = match held {
                None => Some((of, found)),
                Some((known, on)) if known.is_some() && known == of => {
                    Some((of, on.iter().filter(|function| found.contains(function)).copied().collect()))
                }
                held => held,
            };
        }
        held.map(|(_, on)| on).filter(|on| !on.is_empty())
    }

    /// Many calls stand under one condition, so what is found for it is kept.
    fn kept_switches(&mut self, file: FileId, facts: &'w SourceFacts, condition: ExprId, depth: u32) -> Switches {
        // Only what is written as a name or a member can be an option.
        if !matches!(facts.expr(condition), Expr::Name(_) | Expr::Member { .. } | Expr::Param { .. }) {
            return None;
        }
        if let Some(known) = self.switches.get(&(file, condition, depth)) {
            return known.clone();
        }
        let found: Switches = self.condition_switches(file, facts, condition, depth).map(Arc::from);
        self.switches.insert((file, condition, depth), found.clone());
        found
    }

    fn condition_switches(&mut self, file: FileId, facts: &'w SourceFacts, condition: ExprId, depth: u32) -> Option<Vec<FunctionRef>> {
        if let Value::Param(param, path) = self.eval(file, condition) {
            return self.switching_callers(param, &path);
        }
        let Expr::Member { object, name } = facts.expr(condition) else { return None };
        if depth == 0 || !matches!(facts.expr(*object), Expr::This) {
            return None;
        }
        // A field is there once one of its assignments has run.
        let class = self.this_class(file, facts, facts.exprs[condition.index()].function)?;
        let starts = facts.type_def(class.class).fields.iter().filter(|field| field.name == *name).filter_map(|field| field.value);
        if class.file != file || starts.clone().any(|value| !matches!(facts.expr(value), Expr::Null)) {
            return None;
        }
        let (_, index) = self.file(file)?;
        let mut switches = Vec::new();
        let mut assigned = false;
        for at in index.assignments.get(name).into_iter().flatten() {
            let assignment = &facts.assignments[*at as usize];
            let Expr::Member { object, .. } = facts.expr(assignment.target) else { continue };
            if !matches!(facts.expr(*object), Expr::This) || matches!(facts.expr(assignment.value), Expr::Null) {
                continue;
            }
            assigned = true;
            let region = region_at(facts, facts.expr_range(assignment.target))?;
            switches.extend(self.region_switches(file, region, depth - 1)?.iter());
        }
        assigned.then_some(switches)
    }

    /// The functions with a call that passes something else than nothing or `false` for a parameter's member.
    fn switching_callers(&mut self, param: ParamRef, path: &[Symbol]) -> Option<Vec<FunctionRef>> {
        let callers = self.callers(param.function);
        if callers.is_empty() || self.has_from_the_start(param, path) {
            return None;
        }
        let mut on = Vec::new();
        for caller in callers.iter() {
            let mut value = self.passed(*caller, param);
            // A caller that passes an option on is as good as one that switches it on.
            let mut off = is_off(&value) || (matches!(value, Value::Unknown) && self.passes_nothing(*caller, param));
            for name in path {
                if let Value::Object(object) = &value
                    && object.class.is_none()
                    && object.rest.is_empty()
                    && !object.fields.contains_key(name)
                {
                    off = true;
                    break;
                }
                value = self.member(&value, name, None);
                off |= is_off(&value);
            }
            if !off {
                on.push(self.function_of(*caller));
            }
        }
        // Where nobody switches it on, its own function stands for those who are not seen.
        if on.is_empty() { None } else { Some(on) }
    }

    /// Whether the class that a parameter is an instance of gives a field its value itself.
    fn has_from_the_start(&mut self, param: ParamRef, path: &[Symbol]) -> bool {
        let FunctionRef { file, function } = param.function;
        let declared = self.facts(file).and_then(|facts| facts.function(function).params.get(param.index as usize)?.ty.as_ref());
        let (Some(ty), Some(name)) = (declared, path.first()) else { return false };
        let Some(class) = self.class_named(file, function, &ty.path) else { return false };
        self.lineage(class).into_iter().any(|class| {
            let fields = self.facts(class.file).map_or(&[][..], |facts| &facts.type_def(class.class).fields);
            fields.iter().any(|field| field.name == *name && field.value.is_some())
        })
    }

    /// Whether a call in a function does not run for one of the function's callers, as it stands under an argument that the caller leaves out:
    /// `if (body) post(url, body)`.
    pub(super) fn is_left_out_by(&mut self, caller: CallRef, function: FunctionRef, site: CallRef) -> bool {
        let facts = self.facts(site.file).filter(|facts| site.file == function.file && facts.language.is_ecmascript());
        let Some(facts) = facts else { return false };
        let conditions = regions_around(facts, facts.call(site.call).region).flat_map(|region| &facts.region(region).conditions);
        // What is given later is not left out.
        let given =
            |name: &Symbol| facts.assignments.iter().any(|of| matches!(facts.expr(of.target), Expr::Name(target) if target == name));
        let named = conditions.filter(|condition| matches!(facts.expr(**condition), Expr::Name(name) if !given(name)));
        named.take(MAX_REGIONS).any(|condition| match self.eval(site.file, *condition) {
            Value::Param(param, path) if path.is_empty() && param.function == function => {
                let params = &facts.function(function.function).params;
                let is_given = params.get(param.index as usize).is_none_or(|param| param.rest || param.default.is_some());
                !is_given && matches!(self.passed(caller, param), Value::Unknown) && self.passes_nothing(caller, param)
            }
            _ => false,
        })
    }

    fn passes_nothing(&mut self, caller: CallRef, param: ParamRef) -> bool {
        self.facts(caller.file).is_some_and(|facts| {
            let call = facts.call(caller.call);
            call.args.len() <= param.index as usize && call.args.iter().all(|argument| !argument.spread)
        })
    }
}

fn is_off(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.literal().is_some_and(|text| text == "false" || text.is_empty()),
        _ => false,
    }
}

/// The innermost region that a place lies in.
pub(super) fn region_at(facts: &SourceFacts, place: TextRange) -> Option<RegionId> {
    let around = facts.regions.iter().enumerate().filter(|(at, region)| *at == 0 || region.range.contains(place));
    around
        .min_by_key(|(at, region)| if *at == 0 { u32::MAX } else { region.range.end - region.range.start })
        .map(|(at, _)| RegionId(at as u32))
}
