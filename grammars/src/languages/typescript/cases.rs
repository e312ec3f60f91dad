//! Conditions that ask which of several texts something is: `kind === "a"`, `path.startsWith("/orders")`, `event.endsWith(".paid")`, the labels of a
//! `switch`.
//!
//! Only a name or a member of one is asked, as it is read once more for the case. What deliberately does not live here: what the texts are.

use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{Asks, Case, Condition, ExprId, Extent, FunctionId, Question, RegionId, RegionKind, TextRange};

impl<'t> Lowering<'t> {
    /// Lowers a condition to what must hold for it to: of `a && b` each.
    pub(super) fn conditions(&mut self, condition: Child<'t>) -> Vec<ExprId> {
        let mut found = Vec::with_capacity(1);
        self.add_conditions(condition, &mut found);
        for parts in found.windows(2) {
            self.asks(parts[1], Asks::Also(parts[0]));
        }
        found
    }

    fn add_conditions(&mut self, condition: Child<'t>, found: &mut Vec<ExprId>) {
        let children = self.children(condition);
        let parts = match condition.kind {
            Kind::ParenthesizedExpression => [self.expression_among(&children), None],
            Kind::BinaryExpression if self.field(&children, Field::Operator).is_some_and(|operator| operator.kind == Kind::And) => {
                [self.field(&children, Field::Left), self.field(&children, Field::Right)]
            }
            _ => [None; 2],
        };
        self.release(children);
        if parts[0].is_some() && self.deeper() {
            let [first, second] = parts;
            first.into_iter().for_each(|part| self.add_conditions(part, found));
            second.into_iter().for_each(|part| self.optional(part, |this| this.add_conditions(part, found)));
            self.shallower();
        } else {
            found.push(self.expr(condition, Context::USED));
        }
    }

    /// Says what an expression asks.
    pub(super) fn asks(&mut self, answer: ExprId, asks: Asks) {
        self.facts.questions.push(Question { answer, asks });
    }

    /// Lowers what runs only if something holds, or only if it does not.
    pub(super) fn on_condition<R>(&mut self, asked: Option<ExprId>, holds: bool, place: Child<'t>, read: impl FnOnce(&mut Self) -> R) -> R {
        let calls = self.facts.calls.len();
        let result = read(self);
        if let Some(asked) = asked.filter(|_| self.facts.calls.len() > calls) {
            self.facts.conditions.push(Condition { asked, holds, range: range(place) });
        }
        result
    }

    /// Lowers statements one after the other: what stands behind `if (off) return;` runs only if that does not hold.
    pub(super) fn statements(&mut self, list: Child<'t>) {
        let mut passed = Vec::new();
        let end = list.node.end_byte();
        self.each(list, |this, statement| {
            this.statement(statement);
            if let Some(asked) = this.left_on(statement) {
                passed.push((asked, this.facts.calls.len(), TextRange::new(statement.node.end_byte(), end)));
            }
        });
        let calls = self.facts.calls.len();
        let guarding = passed.into_iter().filter(|(_, before, _)| calls > *before);
        self.facts.conditions.extend(guarding.map(|(asked, _, range)| Condition { asked, holds: false, range }));
    }

    /// What a statement asks that does nothing but to leave if it holds. A file that throws as it is loaded keeps the process from starting.
    fn left_on(&mut self, statement: Child<'t>) -> Option<ExprId> {
        if statement.kind != Kind::IfStatement || self.function == FunctionId::MODULE {
            return None;
        }
        let children = self.children(statement);
        let arm = self.field(&children, Field::Consequence).filter(|_| self.field(&children, Field::Alternative).is_none());
        self.release(children);
        let arm = arm.filter(|arm| self.leaves(*arm))?;
        let range = range(arm);
        let region = self.facts.regions.iter().rev().find(|region| region.range == range && region.kind == RegionKind::Branch)?;
        region.conditions.last().copied()
    }

    /// What a condition asks, where it asks nothing else.
    pub(super) fn asked(&mut self, condition: Child<'t>) -> Option<Case> {
        if !self.deeper() {
            return None;
        }
        let children = self.children(condition);
        let case = match condition.kind {
            Kind::ParenthesizedExpression => {
                let inner = self.first_named(&children);
                inner.and_then(|inner| self.asked(inner))
            }
            Kind::BinaryExpression => {
                let sides = (self.field(&children, Field::Left), self.field(&children, Field::Right));
                if let (Some(left), Some(right)) = sides { self.compared(left, right) } else { None }
            }
            Kind::CallExpression => {
                let called = (self.field(&children, Field::Function), self.field(&children, Field::Arguments));
                if let (Some(function), Some(arguments)) = called { self.part_of(function, arguments) } else { None }
            }
            _ => None,
        };
        self.release(children);
        self.shallower();
        case
    }

    /// `kind === "a"`, `"a" !== kind`, `kind === "a" || kind === "b"`.
    fn compared(&mut self, left: Child<'t>, right: Child<'t>) -> Option<Case> {
        let negated = match self.slice(left.node.end_byte(), right.node.start_byte()).trim() {
            "===" | "==" => false,
            "!==" | "!=" => true,
            "||" => {
                let (first, second) = (self.asked(left)?, self.asked(right)?);
                let same = self.facts.expr(first.subject) == self.facts.expr(second.subject);
                let plain = !(first.negated || second.negated) && first.extent == second.extent;
                return (same && plain).then(|| Case { values: [first.values, second.values].concat(), ..first });
            }
            _ => return None,
        };
        let (subject, value) = if self.is_plain(left) { (left, right) } else { (right, left) };
        let is_value = matches!(value.kind, Kind::String | Kind::Number | Kind::True | Kind::False) || self.is_plain(value);
        if !self.is_plain(subject) || !is_value {
            return None;
        }
        let subject = self.expr(subject, Context::USED);
        let values = vec![self.expr(value, Context::USED)];
        Some(Case { subject, values, extent: Extent::Whole, negated, partial: false })
    }

    /// `path.startsWith("/orders")`, `event.endsWith(".created")`.
    fn part_of(&mut self, function: Child<'t>, arguments: Child<'t>) -> Option<Case> {
        if function.kind != Kind::MemberExpression {
            return None;
        }
        let callee = self.children(function);
        let (object, property) = (self.field(&callee, Field::Object), self.field(&callee, Field::Property));
        self.release(callee);
        let given = self.children(arguments);
        let value = self.first_named(&given);
        let single = given.len() == 1;
        self.release(given);
        let (object, property, value) = (object?, property?, value?);
        let extent = match self.text_of(property) {
            "startsWith" => Extent::Start,
            "endsWith" => Extent::End,
            _ => return None,
        };
        if !single || value.kind != Kind::String || !self.is_plain(object) {
            return None;
        }
        let subject = self.expr(object, Context::USED);
        let values = vec![self.expr(value, Context::USED)];
        Some(Case { subject, values, extent, negated: false, partial: false })
    }

    /// Whether reading an expression once more does nothing.
    fn is_plain(&self, child: Child<'t>) -> bool {
        child.kind == Kind::Identifier || child.kind == Kind::MemberExpression && !self.text_of(child).contains(['(', '[', '`'])
    }

    /// Says of the next region what must hold for it to run.
    pub(super) fn only_if<'c>(&mut self, cases: impl IntoIterator<Item = &'c Case>) {
        let region = RegionId(self.facts.regions.len() as u32);
        self.facts.cases.extend(cases.into_iter().map(|case| (region, case.clone())));
    }
}
