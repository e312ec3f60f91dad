//! What runs only where a look-up has found nothing: `if (!known) { … }`, behind `if (known) return known;`, right of `known ?? …`.
//!
//! What deliberately does not live here: what is looked up, and what follows for a rule. Invariant: a condition that asks anything else than
//! whether the look-up's own result is there tells nothing; every walk is bounded.

use portolan_grammars::facts::{Asks, CallId, Condition, Expr, ExprId, SourceFacts, TextRange};

use crate::chart::origins::bound;

/// Steps from a condition to the look-up that it asks about.
const MAX_STEPS: usize = 16;
/// Members under which libraries hand out what was found, and how many that is.
const FOUND: &[&str] = &["rows", "rowCount", "length", "0"];
/// Methods that hand on what was found as it is.
const SAME: &[&str] = &["clone", "cloned", "copied", "as_ref", "as_deref"];

/// Whether what stands in a range runs only where a call before it has found nothing.
pub(super) fn runs_on_miss(source: &SourceFacts, range: TextRange, looked: CallId) -> bool {
    let behind = source.call(looked).range.end;
    let later = |condition: &&Condition| condition.range.start >= behind;
    source.conditions.iter().filter(later).any(|condition| {
        let runs_where = if condition.range.contains(range) {
            condition.holds
        } else if condition.range.end <= range.start && returns_within(source, looked, condition.range) {
            !condition.holds
        } else {
            return false;
        };
        is_missing(source, condition.asked, runs_where, looked)
    }) || source.exprs.iter().any(|it| match &it.kind {
        Expr::Fallback(parts) if it.range.contains(range) => {
            let (first, rest) = (parts.first(), parts.get(1..).unwrap_or_default());
            first.is_some_and(|first| is_found(source, *first, looked)) && rest.iter().any(|part| source.expr_range(*part).contains(range))
        }
        _ => false,
    })
}

/// Whether the function of a look-up returns in a stretch: Rust's facts do not tell what stands behind a check that leaves.
fn returns_within(source: &SourceFacts, looked: CallId, range: TextRange) -> bool {
    let returns = &source.function(source.call(looked).function).returns;
    !source.language.is_ecmascript() && returns.iter().any(|value| range.contains(source.expr_range(*value)))
}

/// Whether a look-up has found nothing where a condition holds, or where it does not.
fn is_missing(source: &SourceFacts, mut asked: ExprId, mut holds: bool, looked: CallId) -> bool {
    let is_nothing = |value: ExprId| match source.expr(value) {
        Expr::Null => true,
        Expr::Number(number) => number == "0",
        _ => false,
    };
    for _ in 0..MAX_STEPS {
        // That two things do not hold together says nothing of one.
        let also =
            source.questions_of(asked).iter().find_map(|question| if let Asks::Also(first) = question.asks { Some(first) } else { None });
        if also.is_some() && !holds {
            return false;
        }
        let compared = |one: ExprId, other: ExprId| {
            is_nothing(other) && is_found(source, one, looked) || is_nothing(one) && is_found(source, other, looked)
        };
        match source.own_question(asked) {
            Some(Asks::Not(inner)) if also.is_none() => {
                (asked, holds) = (inner, !holds);
                continue;
            }
            Some(Asks::Not(inner)) if is_found(source, inner, looked) => return true,
            Some(Asks::Same(one, other)) if holds && compared(one, other) => return true,
            Some(Asks::Other(one, other)) if !holds && compared(one, other) => return true,
            None if !holds && is_found(source, asked, looked) => return true,
            None if holds && says_none(source, asked, looked) => return true,
            _ => {}
        }
        let Some(first) = also else { return false };
        asked = first;
    }
    false
}

/// `known.is_none()`
fn says_none(source: &SourceFacts, asked: ExprId, looked: CallId) -> bool {
    let Expr::Call(call) = source.expr(asked) else { return false };
    matches!(source.expr(source.call(*call).callee), Expr::Member { object, name } if name == "is_none" && is_found(source, *object, looked))
}

/// Whether a value is what a call has found, or how many: by its name, its first row, its length. A column of it is something else.
pub(super) fn is_found(source: &SourceFacts, mut value: ExprId, looked: CallId) -> bool {
    let mut chained = false;
    for _ in 0..MAX_STEPS {
        value = match source.expr(value) {
            Expr::Call(call) if *call == looked => return true,
            Expr::Call(call) => match source.expr(source.call(*call).callee) {
                // What is called on a question before it is waited for is part of it.
                Expr::Member { object, name } if SAME.contains(&name.as_str()) || chained || source.call(*call).awaited => {
                    chained |= source.call(*call).awaited;
                    *object
                }
                _ => return false,
            },
            Expr::Member { object, name } if FOUND.contains(&name.as_str()) => *object,
            Expr::Index { object, index } if matches!(source.expr(*index), Expr::Number(number) if number == "0") => *object,
            Expr::Name(_) => match bound(source, value) {
                Some(bound) => bound,
                None => return false,
            },
            _ => return false,
        };
    }
    false
}
