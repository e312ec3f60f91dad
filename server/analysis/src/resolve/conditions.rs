//! What settings must say for a stretch of code to run: `if (env.SENTRY_DSN) { … }`, `if (config.queue !== "sqs") return;`.
//!
//! Conditions are followed through constants, through functions that give back nothing but a condition, and through imports of both. What
//! deliberately does not live here: what the settings of a service say, see [`super::assemble`]. Invariant: whatever else a condition asks, a
//! requirement that is told of it must hold.

use portolan_grammars::facts::{Asks, Case, Expr, ExprId, Extent, FunctionId, Imported, RegionId, SourceFacts, Symbol};

use super::evaluate::Evaluator;
use super::link::Linker;
use super::spans::Walk;
use super::value::{Part, Pattern, Value};
use crate::FileId;
use crate::workspace::modules::Specifier;

/// Names, calls and operators that are followed from a condition to settings.
const MAX_STEPS: u32 = 12;

/// Variables by which tools say how code is built or run; they switch nothing on.
const MODES: [&str; 5] = ["NODE_ENV", "MODE", "DEV", "PROD", "SSR"];

/// A stretch of code, and what settings must say for it to run.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionDecl {
    /// Which code.
    pub guarded: Guarded,
    /// What is asked.
    pub asked: ExprId,
    /// What settings must say.
    pub requires: Requirement,
}

/// A stretch of code of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// That of a condition, by its position in the file's facts.
    Stretch(u32),
    /// A region.
    Region(RegionId),
}

/// What settings must say.
#[derive(Debug, Clone, PartialEq)]
pub enum Requirement {
    /// One of them.
    Setting(SettingTest),
    /// All of several things.
    All(Vec<Requirement>),
    /// One of several things.
    Any(Vec<Requirement>),
}

/// What one setting must be.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingTest {
    /// The setting, as the only part of a text; several such texts where they differ in what counts if nobody sets it.
    pub settings: Vec<Pattern>,
    /// It is one of these; where there are none, it is set.
    pub values: Vec<Symbol>,
    /// Whether it must not be so.
    pub negated: bool,
}

impl SettingTest {
    /// The setting's name: a variable's, or the keys that lead to it.
    pub fn name(&self) -> String {
        match self.settings.first().map(|setting| setting.parts.as_slice()) {
            Some([Part::Env { name, .. }]) => name.to_string(),
            Some([Part::Setting { keys, .. }]) => keys.join("."),
            _ => String::new(),
        }
    }
}

impl<'w> Linker<'w> {
    /// Notes on which settings code of a file depends.
    pub(super) fn conditions(&mut self, walk: &Walk<'w>) {
        let facts = walk.facts;
        for (at, condition) in facts.conditions.iter().enumerate() {
            if let Some(requires) = self.evaluator.requirement(self.file, condition.asked, condition.holds, MAX_STEPS) {
                self.link.conditions.push(ConditionDecl { guarded: Guarded::Stretch(at as u32), asked: condition.asked, requires });
            }
        }
        for (region, case) in &facts.cases {
            if let Some(requires) = self.evaluator.requirement_of_case(self.file, case) {
                self.link.conditions.push(ConditionDecl { guarded: Guarded::Region(*region), asked: case.subject, requires });
            }
        }
    }
}

impl<'w> Evaluator<'w> {
    /// What settings must say for an expression to hold, or not to, as far as that is known.
    fn requirement(&mut self, file: FileId, id: ExprId, holds: bool, steps: u32) -> Option<Requirement> {
        let (facts, steps) = (self.facts(file)?, steps.checked_sub(1)?);
        let mut parts = Vec::new();
        for question in facts.questions_of(id) {
            if let Asks::Also(before) = question.asks {
                parts.push(self.requirement(file, before, holds, steps));
            }
        }
        parts.push(match facts.own_question(id) {
            Some(Asks::Not(of)) => self.requirement(file, of, !holds, steps),
            Some(Asks::Same(left, right)) => self.compared(file, left, right, holds),
            Some(Asks::Other(left, right)) => self.compared(file, left, right, !holds),
            _ => self.plain_requirement(file, facts, id, holds, steps),
        });
        if holds { all(parts) } else { any(parts) }
    }

    /// What an expression says that asks nothing of others by an operator.
    fn plain_requirement(&mut self, file: FileId, facts: &'w SourceFacts, id: ExprId, holds: bool, steps: u32) -> Option<Requirement> {
        match facts.expr(id) {
            Expr::Fallback(parts) => {
                let open = parts.iter().filter(|part| !matches!(facts.expr(**part), Expr::Bool(false) | Expr::Null));
                let found = open.map(|part| self.requirement(file, *part, holds, steps)).collect();
                if holds { any(found) } else { all(found) }
            }
            Expr::Name(name) => {
                let (file, value) = self.constant(file, facts, id, name)?;
                self.requirement(file, value, holds, steps)
            }
            Expr::Call(call) => {
                let call = facts.call(*call);
                if let (Expr::Name(name), [argument]) = (facts.expr(call.callee), call.args.as_slice())
                    && name == "Boolean"
                {
                    return self.requirement(file, argument.value, holds, steps);
                }
                let Value::Function(called, _) = self.eval(file, call.callee) else { return None };
                match self.facts(called.file)?.function(called.function).returns.as_slice() {
                    // It may end without giving anything back, which does not hold.
                    [only] if holds => self.requirement(called.file, *only, holds, steps),
                    _ => None,
                }
            }
            Expr::Env(_) | Expr::Member { .. } => {
                let settings = settings(&self.eval(file, id))?;
                Some(Requirement::Setting(SettingTest { settings, values: Vec::new(), negated: !holds }))
            }
            _ => None,
        }
    }

    /// What a setting must be for two things to be the same, or not to be.
    fn compared(&mut self, file: FileId, left: ExprId, right: ExprId, same: bool) -> Option<Requirement> {
        let (left, right) = (self.eval(file, left), self.eval(file, right));
        let (settings, value) = match settings(&left) {
            Some(settings) => (settings, right),
            None => (settings(&right)?, left),
        };
        let values = match value {
            Value::Null => Vec::new(),
            Value::Text(text) => vec![text.literal()?],
            _ => return None,
        };
        // What is compared with nothing must be there, or not.
        let is_nothing = values.iter().all(|value| value.is_empty());
        let (values, negated) = if is_nothing { (Vec::new(), same) } else { (values, !same) };
        Some(Requirement::Setting(SettingTest { settings, values, negated }))
    }

    /// What a setting must be for an arm of a choice by its text to run.
    fn requirement_of_case(&mut self, file: FileId, case: &Case) -> Option<Requirement> {
        if case.extent != Extent::Whole {
            return None;
        }
        let settings = settings(&self.eval(file, case.subject))?;
        let values: Option<Vec<Symbol>> = case.values.iter().map(|value| self.eval(file, *value).literal()).collect();
        let values = values.filter(|values| !values.is_empty())?;
        Some(Requirement::Setting(SettingTest { settings, values, negated: case.negated }))
    }

    /// The value that a name is bound to for good, in its file or in the one that it is imported from.
    fn constant(&mut self, file: FileId, facts: &'w SourceFacts, at: ExprId, name: &Symbol) -> Option<(FileId, ExprId)> {
        let (_, index) = self.file(file)?;
        if let Some(binding) = index.binding_at(facts, at, name) {
            return Some((file, binding.value.filter(|_| binding.constant)?));
        }
        let import = index.imports.get(name)?.iter().map(|at| &facts.imports[*at as usize]).next()?;
        let (Specifier::File(file), Imported::Named(name)) = (self.specifier(file, &import.source), &import.imported) else { return None };
        let (facts, index) = self.file(file)?;
        let export = index.exports.get(name)?.first()?;
        match facts.expr(facts.exports[*export as usize].value) {
            Expr::Name(name) => {
                let binding = index.bindings_of(facts, name).find(|binding| binding.function == FunctionId::MODULE)?;
                Some((file, binding.value.filter(|_| binding.constant)?))
            }
            _ => None,
        }
    }
}

/// The setting that a value is, or nothing in its place.
fn settings(value: &Value) -> Option<Vec<Pattern>> {
    let known = value.alternatives().iter().filter(|one| !matches!(one, Value::Null));
    let texts: Option<Vec<Pattern>> = known.map(setting).collect();
    let is_same = |one: &Pattern, other: &Pattern| match (one.parts.as_slice(), other.parts.as_slice()) {
        ([Part::Env { name: one, .. }], [Part::Env { name: other, .. }]) => one == other,
        (one, other) => one == other,
    };
    texts.filter(|texts| texts.first().is_some_and(|first| texts.iter().all(|text| is_same(first, text))))
}

fn setting(value: &Value) -> Option<Pattern> {
    let Value::Text(text) = value else { return None };
    match text.parts.as_slice() {
        [Part::Env { name, guessed: false, .. }] if !MODES.contains(&name.as_str()) => {}
        [Part::Setting { .. }] => {}
        _ => return None,
    }
    text.when.is_empty().then(|| (**text).clone())
}

/// All of several things, as far as they are known.
fn all(parts: Vec<Option<Requirement>>) -> Option<Requirement> {
    joined(parts.into_iter().flatten().collect(), Requirement::All)
}

/// One of several things, if all are known.
fn any(parts: Vec<Option<Requirement>>) -> Option<Requirement> {
    joined(parts.into_iter().collect::<Option<Vec<_>>>()?, Requirement::Any)
}

fn joined(mut parts: Vec<Requirement>, join: impl Fn(Vec<Requirement>) -> Requirement) -> Option<Requirement> {
    if parts.len() > 1 { Some(join(parts)) } else { parts.pop() }
}
