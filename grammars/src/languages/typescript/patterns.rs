//! Patterns: what `{ a, b: { c = 1 }, ...rest }` and `[x, , y]` take out of a value.
//!
//! Invariant: each name of a pattern becomes one binding, or one assignment, whose value is told in terms of the value taken apart.

use super::literals::Key;
use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{Expr, ExprId, Symbol, TextRange};

/// What a pattern does with its names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// It declares them, for good or not.
    Bind {
        /// Whether they can never be assigned again.
        constant: bool,
    },
    /// It assigns to what exists.
    Assign,
}

impl<'t> Lowering<'t> {
    /// Lowers a pattern over a value.
    pub(super) fn pattern(&mut self, pattern: Child<'t>, value: ExprId, target: Target) {
        if !self.deeper() {
            return;
        }
        match pattern.kind {
            Kind::Identifier | Kind::ShorthandPropertyIdentifierPattern => {
                let name = self.symbol(pattern);
                self.bind_or_assign(pattern, name, value, target);
            }
            Kind::ObjectPattern => self.object_pattern(pattern, value, target),
            Kind::ArrayPattern => self.array_pattern(pattern, value, target),
            Kind::AssignmentPattern | Kind::ObjectAssignmentPattern => {
                let children = self.children(pattern);
                let (left, right) = (self.field(&children, Field::Left), self.field(&children, Field::Right));
                self.release(children);
                if let Some(left) = left {
                    let value = self.with_default(pattern, value, right);
                    self.pattern(left, value, target);
                }
            }
            Kind::RestPattern => {
                let children = self.children(pattern);
                let inner = self.first_named(&children);
                self.release(children);
                if let Some(inner) = inner {
                    self.pattern(inner, value, target);
                }
            }
            Kind::Undefined => {}
            _ if target == Target::Assign => {
                let place = self.expr(pattern, Context::USED);
                self.assign(place, value);
            }
            _ => self.look_within(pattern),
        }
        self.shallower();
    }

    /// Lowers a pattern that declares names; an object type written behind it, `{ a }: { a: A }`, tells their types.
    pub(super) fn declared_pattern(&mut self, pattern: Child<'t>, value: ExprId, annotation: Option<Child<'t>>, constant: bool) {
        let first = self.facts.bindings.len();
        self.pattern(pattern, value, Target::Bind { constant });
        let Some(annotation) = annotation else { return };
        let children = self.children(annotation);
        let object = self.of_kind(&children, Kind::ObjectType);
        self.release(children);
        let Some(object) = object else { return };
        self.each(object, |this, member| {
            if member.kind != Kind::PropertySignature {
                return;
            }
            let children = this.children(member);
            let (name, ty) = (this.field(&children, Field::Name), this.field(&children, Field::Type));
            this.release(children);
            let (Some(name), Some(ty)) = (name, ty) else { return };
            let name = this.property_name(name);
            for at in first..this.facts.bindings.len() {
                if this.is_field_of(this.facts.bindings[at].value, value, &name) {
                    this.facts.bindings[at].ty = this.annotation(ty);
                }
            }
        });
    }

    /// Whether a value is that field of the object, perhaps with a default.
    fn is_field_of(&self, value: Option<ExprId>, of: ExprId, field: &str) -> bool {
        match value.map(|value| self.facts.expr(value)) {
            Some(Expr::Member { object, name }) => *object == of && name == field,
            Some(Expr::Fallback(values)) => {
                let first = values.first().map(|first| self.facts.expr(*first));
                matches!(first, Some(Expr::Member { object, name }) if *object == of && name == field)
            }
            _ => false,
        }
    }

    fn bind_or_assign(&mut self, place: Child<'t>, name: Symbol, value: ExprId, target: Target) {
        match target {
            Target::Bind { constant } => self.bind(name, Some(value), None, constant, range(place)),
            Target::Assign => {
                let name = self.add_at(Expr::Name(name), place);
                self.assign(name, value);
            }
        }
    }

    fn object_pattern(&mut self, pattern: Child<'t>, value: ExprId, target: Target) {
        let children = self.children(pattern);
        for at in children.clone() {
            let part = self.stack[at];
            match part.kind {
                Kind::ShorthandPropertyIdentifierPattern => {
                    let name = self.symbol(part);
                    let field = self.taken(value, Key::Name(name, range(part)), part);
                    self.pattern(part, field, target);
                }
                Kind::ObjectAssignmentPattern => {
                    let inner = self.children(part);
                    let (left, right) = (self.field(&inner, Field::Left), self.field(&inner, Field::Right));
                    self.release(inner);
                    let Some(left) = left else { continue };
                    let name = self.symbol(left);
                    let field = self.taken(value, Key::Name(name, range(left)), left);
                    let field = self.with_default(part, field, right);
                    self.pattern(left, field, target);
                }
                Kind::PairPattern => {
                    let inner = self.children(part);
                    let (key, pattern) = (self.field(&inner, Field::Key), self.field(&inner, Field::Value));
                    self.release(inner);
                    let (Some(key), Some(pattern)) = (key, pattern) else { continue };
                    let place = key;
                    let key = self.key(key);
                    let field = self.taken(value, key, place);
                    self.pattern(pattern, field, target);
                }
                // What is left of an object still has the fields it had.
                Kind::RestPattern => self.pattern(part, value, target),
                _ => self.anything(part),
            }
        }
        self.release(children);
    }

    fn array_pattern(&mut self, pattern: Child<'t>, value: ExprId, target: Target) {
        let children = self.children(pattern);
        let mut position = 0_u32;
        for at in children.clone() {
            let part = self.stack[at];
            match part.kind {
                Kind::Comma => position += 1,
                Kind::RestPattern => {
                    let rest = self.add_at(Expr::Unknown, part);
                    self.pattern(part, rest, target);
                }
                _ => {
                    let index = self.add_at(Expr::Number(smol_str::format_smolstr!("{position}")), part);
                    let element = self.add_at(Expr::Index { object: value, index }, part);
                    self.pattern(part, element, target);
                }
            }
        }
        self.release(children);
    }

    /// A field taken out of a value; a variable, if the value is the environment.
    fn taken(&mut self, value: ExprId, key: Key, place: Child<'t>) -> ExprId {
        let environment = self.is_environment(value);
        match key {
            Key::Name(name, range) if environment => {
                let variable = self.add(Expr::Str(name), range);
                self.add_at(Expr::Env(variable), place)
            }
            Key::Name(name, _) => self.add_at(Expr::Member { object: value, name }, place),
            Key::Computed(key) if environment => self.add_at(Expr::Env(key), place),
            Key::Computed(index) => self.add_at(Expr::Index { object: value, index }, place),
        }
    }

    fn with_default(&mut self, place: Child<'t>, value: ExprId, default: Option<Child<'t>>) -> ExprId {
        let Some(default) = default else { return value };
        let default = self.expr(default, Context::USED);
        self.add_at(Expr::Fallback(vec![value, default]), place)
    }

    /// The names that a pattern takes straight out of a value, `(field, local, place)`; nothing if any goes deeper.
    pub(super) fn plain_names(&mut self, pattern: Child<'t>) -> Option<Vec<(Symbol, Symbol, TextRange)>> {
        let children = self.children(pattern);
        let mut names = Some(Vec::with_capacity(children.len()));
        for at in children.clone() {
            let part = self.stack[at];
            let pair = match part.kind {
                Kind::ShorthandPropertyIdentifierPattern => Some((self.symbol(part), self.symbol(part), range(part))),
                Kind::PairPattern => {
                    let inner = self.children(part);
                    let (key, value) = (self.field(&inner, Field::Key), self.field(&inner, Field::Value));
                    self.release(inner);
                    match (key, value) {
                        (Some(key), Some(value)) if key.kind != Kind::ComputedPropertyName && value.kind == Kind::Identifier => {
                            Some((self.property_name(key), self.symbol(value), range(value)))
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            match (pair, &mut names) {
                (Some(pair), Some(names)) => names.push(pair),
                _ => names = None,
            }
        }
        self.release(children);
        names
    }
}
