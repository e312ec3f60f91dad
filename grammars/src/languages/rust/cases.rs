//! Conditions and arms that ask which of several texts or variants something is: `if kind == "a"`, `match kind { "a" | "b" => … }`,
//! `match self { Kind::Order => … }`.
//!
//! Only a name or a field is asked by a condition, as it is read once more for the case. What deliberately does not live here: whether a name in a
//! pattern is a variant's, beyond how such names are written.

use super::kinds::{Field, Kind};
use super::patterns::Matched;
use super::walk::{Child, List, Lower, MAX_DEPTH};
use crate::facts::{Case, Expr, ExprId, Extent, VARIANT};

/// What the arms of a `match` before one are for.
#[derive(Default)]
pub(super) struct Before {
    values: Vec<ExprId>,
    /// Whether these are names of variants, not texts.
    variants: bool,
}

/// The variants that a pattern stands for.
#[derive(Default)]
struct Variants {
    names: Vec<ExprId>,
    /// Whether what one of them holds is asked, too.
    partial: bool,
}

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

    /// What must hold for an arm of `match` to run; `before` are the texts or variants that the arms before are for.
    pub(super) fn arm_case(&mut self, pattern: List, value: Matched, before: &mut Before) {
        let Matched::Value(mut subject) = value else { return };
        let mut partial = self.find(pattern, Field::Condition).is_some();
        let plain = self.nodes[pattern.start..pattern.end].iter().find(|child| child.named && child.field != Field::Condition).copied();
        let mut asked = plain.and_then(|pattern| self.literals_of(pattern));
        let mut variants = before.variants;
        if asked.is_none() && self.may_be_asked_for_its_variant(subject) {
            let mut found = Variants::default();
            if plain.is_some_and(|pattern| self.variants_of(pattern, &mut found)) {
                (asked, variants) = (Some(found.names), true);
                partial |= found.partial;
            }
        }
        let negated = asked.is_none();
        let values = asked.unwrap_or_else(|| before.values.clone());
        if values.is_empty() {
            return;
        }
        if variants {
            let range = self.out.facts.expr_range(subject);
            subject = self.out.push(Expr::Member { object: subject, name: VARIANT.into() }, range);
        }
        self.only_if(&[Case { subject, values: values.clone(), extent: Extent::Whole, negated, partial }]);
        if !negated && !partial {
            before.values.extend(values);
            before.variants = variants;
        }
    }

    /// Whether what is matched is a name, a field or the object itself: no other is known by its variant.
    fn may_be_asked_for_its_variant(&self, subject: ExprId) -> bool {
        matches!(self.out.facts.expr(subject), Expr::This | Expr::Name(_) | Expr::Member { .. })
    }

    /// Adds the names of the variants that a pattern stands for; whether it stands for nothing else. Options and results are what they hold.
    fn variants_of(&mut self, pattern: Child<'t>, found: &mut Variants) -> bool {
        if self.out.depth >= MAX_DEPTH {
            return false;
        }
        match pattern.kind {
            Kind::Identifier | Kind::ScopedIdentifier => {
                let path = self.written_path(pattern);
                self.variant(&path, pattern, found)
            }
            Kind::TupleStructPattern | Kind::StructPattern => {
                let list = self.open(pattern.node);
                let path = self.find(list, Field::Type).map(|name| self.written_path(name)).unwrap_or_default();
                let is_refutable = |child: &Child<'_>| {
                    let binds =
                        matches!(child.kind, Kind::Identifier | Kind::Underscore | Kind::RemainingFieldPattern | Kind::FieldPattern);
                    child.named && child.field != Field::Type && !binds
                };
                found.partial |= self.nodes[list.start..list.end].iter().any(is_refutable);
                self.close(list);
                self.variant(&path, pattern, found)
            }
            Kind::OrPattern | Kind::RefPattern | Kind::ReferencePattern => {
                self.out.depth += 1;
                let list = self.open(pattern.node);
                let mut all = true;
                for at in list.start..list.end {
                    let child = self.nodes[at];
                    all &= !child.named || self.variants_of(child, found);
                }
                self.close(list);
                self.out.depth -= 1;
                all
            }
            _ => false,
        }
    }

    /// Adds the variant that a path names, if it is written like one: `Kind::Order`, or `Order` where a `use` brings it in.
    fn variant(&mut self, path: &str, pattern: Child<'t>, found: &mut Variants) -> bool {
        let (of, name) = path.rsplit_once("::").unwrap_or(("", path));
        let of = of.rsplit("::").next().unwrap_or_default();
        let is_camel = |name: &str| name.starts_with(char::is_uppercase) && (name.len() == 1 || name.contains(char::is_lowercase));
        let is_variant =
            if of.is_empty() { is_camel(name) } else { of.starts_with(char::is_uppercase) && name.starts_with(char::is_uppercase) };
        if !is_variant || matches!(name, "Some" | "None" | "Ok" | "Err") {
            return false;
        }
        let range = self.range(pattern);
        let name = self.out.push(Expr::Str(name.into()), range);
        found.names.push(name);
        true
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
