//! Run modes: parts of one program of which a process runs the one or the other, never both.
//!
//! What decides is a choice that all ways to them lead through: `if shadow { watch() } else { serve() }`. Invariant: every search is bounded, and
//! where it ends without an answer, the parts run together.

use std::collections::BTreeSet;

use portolan_grammars::facts::{Region, RegionKind, SourceFacts, TextRange};

use super::Context;
use crate::chart::ServiceIndex;
use crate::chart::flow::Spot;
use crate::{FunctionRef, Place};

/// Functions that are looked at for the ways to one.
const MAX_FUNCTIONS: usize = 400;

/// Whether no process of a service runs both of two functions.
pub(super) fn exclude_each_other(context: &Context<'_>, service: ServiceIndex, one: FunctionRef, other: FunctionRef) -> bool {
    let runs = context.runs(service);
    let to = |function| Ways::to(context, &runs, function);
    let (Some(to_one), Some(to_other)) = (to(one), to(other)) else { return false };
    let shared: BTreeSet<FunctionRef> = to_one.functions().intersection(&to_other.functions()).copied().collect();
    shared.into_iter().any(|chooser| {
        let (ones, others) = (to_one.entries(chooser), to_other.entries(chooser));
        let apart = ones.iter().all(|one| others.iter().all(|other| are_arms(context, *one, *other)));
        apart && !ones.is_empty() && !others.is_empty() && to_one.all_pass(chooser) && to_other.all_pass(chooser)
    })
}

/// All ways to a function: who calls whom, and where.
struct Ways {
    start: FunctionRef,
    /// Caller, the place of its call, and who is called.
    steps: Vec<(FunctionRef, Place, FunctionRef)>,
}

impl Ways {
    /// Those in functions that a service `runs`; none where they are too many.
    fn to(context: &Context<'_>, runs: &impl Fn(FunctionRef) -> bool, start: FunctionRef) -> Option<Self> {
        let (mut open, mut seen, mut steps) = (vec![start], BTreeSet::from([start]), Vec::new());
        while let Some(function) = open.pop() {
            for runner in context.index.runners_of(function).iter().filter(|runner| runs(runner.function)) {
                steps.push((runner.function, runner.place, function));
                if seen.insert(runner.function) {
                    open.push(runner.function);
                }
            }
            if seen.len() > MAX_FUNCTIONS {
                return None;
            }
        }
        Some(Self { start, steps })
    }

    fn functions(&self) -> BTreeSet<FunctionRef> {
        self.steps.iter().map(|(caller, ..)| *caller).collect()
    }

    /// Where a function calls what leads on.
    fn entries(&self, caller: FunctionRef) -> Vec<Place> {
        self.steps.iter().filter(|(from, ..)| *from == caller).map(|(_, place, _)| *place).collect()
    }

    /// Whether no way begins elsewhere than behind a function.
    fn all_pass(&self, through: FunctionRef) -> bool {
        let (mut open, mut seen) = (vec![self.start], BTreeSet::from([self.start]));
        while let Some(function) = open.pop() {
            let mut callers = self.steps.iter().filter(|(.., called)| *called == function).map(|(caller, ..)| *caller).peekable();
            if callers.peek().is_none() {
                return false;
            }
            open.extend(callers.filter(|from| *from != through && seen.insert(*from)));
        }
        true
    }
}

/// Whether two places stand in arms of one choice: `if` and its `else`, arms of a `match`.
fn are_arms(context: &Context<'_>, one: Place, other: Place) -> bool {
    let files = &context.snapshot.files;
    let (Some(one), Some(other)) = (Spot::at(files, one), Spot::at(files, other)) else { return false };
    let source = one.source();
    let others: Vec<&Region> = other.regions().filter(|region| region.kind == RegionKind::Branch).collect();
    std::ptr::eq(source, other.source())
        && one.regions().filter(|region| region.kind == RegionKind::Branch).any(|one| {
            let beside = |other: &&&Region| other.parent == one.parent && other.function == one.function && other.range != one.range;
            others.iter().filter(beside).any(|other| is_one_choice(source, one, other))
        })
}

/// Whether nothing is asked between two arms but what other arms hold: behind an `if` of its own there is another condition.
fn is_one_choice(source: &SourceFacts, one: &Region, other: &Region) -> bool {
    let (first, second) = if one.range.start < other.range.start { (one, other) } else { (other, one) };
    let gap = TextRange { start: first.range.end, end: second.range.start.max(first.range.end) };
    let is_arm = |region: &Region| region.kind == RegionKind::Branch && region.parent == one.parent && region.function == one.function;
    let arms: Vec<TextRange> = source.regions.iter().filter(|region| is_arm(region)).map(|region| region.range).collect();
    let asks = |range: TextRange| gap.contains(range) && !arms.iter().any(|arm| arm.contains(range));
    !source.exprs.iter().any(|expression| asks(expression.range))
}
