//! Conditions and arms that ask which of several texts something is: `if kind == "a"`, `match kind { "a" | "b" => … }`.
//!
//! Only a name or a field is asked by a condition, as it is read once more for the case. What deliberately does not live here: variants of enums.

use super::kinds::{Field, Kind};
use super::patterns::Matched;
use super::walk::{Child, List, Lower, MAX_DEPTH};
use crate::facts::{Case, ExprId, Extent};

impl<'t> Lower<'t, '_, '_> {
    /// What a condition asks, where it asks nothing else.
    pub(super) fn asked(&mut self, condition: Child<'t>) -> Option<Case> {
        if condition.kind != Kind::BinaryExpression {
            return None;
        }
        let list = self.open(condition.node);
        let sides = (self.find(list, Field::Left), self.find(list, Field::Right));
        self.close(list);
        let (subject, value) = (sides.0?, sides.1?);
        let negated = match self.out.text.get(subject.node.end_byte()..value.node.start_byte())?.trim() {
            "==" => false,
            "!=" => true,
            _ => return None,
        };
        let is_plain = matches!(subject.kind, Kind::Identifier | Kind::FieldExpression) && !self.text(subject).contains(['(', '[']);
        if !is_plain || !is_literal(value.kind) {
            return None;
        }
        let subject = self.expr(subject);
        let values = vec![self.expr(value)];
        Some(Case { subject, values, extent: Extent::Whole, negated, partial: false })
    }

    /// What must hold for an arm of `match` to run; `before` are the texts that the arms before are for.
    pub(super) fn arm_case(&mut self, pattern: List, value: Matched, before: &mut Vec<ExprId>) {
        let Matched::Value(subject) = value else { return };
        let partial = self.find(pattern, Field::Condition).is_some();
        let plain = self.nodes[pattern.start..pattern.end].iter().find(|child| child.named && child.field != Field::Condition).copied();
        let texts = plain.and_then(|pattern| self.literals_of(pattern));
        let negated = texts.is_none();
        let values = texts.unwrap_or_else(|| before.clone());
        if values.is_empty() {
            return;
        }
        self.only_if(&[Case { subject, values: values.clone(), extent: Extent::Whole, negated, partial }]);
        if !negated && !partial {
            before.extend(values);
        }
    }

    /// The texts that a pattern stands for, where it stands for nothing else.
    pub(super) fn literals_of(&mut self, pattern: Child<'t>) -> Option<Vec<ExprId>> {
        if is_literal(pattern.kind) {
            return Some(vec![self.expr(pattern)]);
        }
        if pattern.kind != Kind::OrPattern || self.out.depth >= MAX_DEPTH {
            return None;
        }
        self.out.depth += 1;
        let list = self.open(pattern.node);
        let mut values = Some(Vec::new());
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.named {
                let more = self.literals_of(child);
                values = values.zip(more).map(|(values, more)| [values, more].concat());
            }
        }
        self.close(list);
        self.out.depth -= 1;
        values
    }

    /// Says of the region that was just entered what must hold for it to run.
    pub(super) fn only_if<'c>(&mut self, cases: impl IntoIterator<Item = &'c Case>) {
        let region = self.out.region;
        self.out.facts.cases.extend(cases.into_iter().map(|case| (region, case.clone())));
    }
}

fn is_literal(kind: Kind) -> bool {
    matches!(kind, Kind::StringLiteral | Kind::RawStringLiteral | Kind::CharLiteral | Kind::BooleanLiteral | Kind::IntegerLiteral)
}
