//! Expressions, apart from chains of calls and from literals.
//!
//! Invariant: every expression node gives an [`Expr`]; what has no value of use gives [`Expr::Unknown`], after all calls in it were found.

use std::ops::Range;

use super::syntax::{Field, Kind};
use super::walk::{Child, Context, Lowering, range};
use crate::facts::{Asks, Assignment, Case, Expr, ExprId, FunctionKind, RegionKind, ResultUse};

/// Whether a node of that kind is an expression.
pub(super) fn is_expression(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Identifier
            | ShorthandPropertyIdentifier
            | MemberExpression
            | SubscriptExpression
            | CallExpression
            | NonNullExpression
            | NewExpression
            | String
            | TemplateString
            | Number
            | Regex
            | True
            | False
            | Null
            | Undefined
            | This
            | Super
            | MetaProperty
            | Object
            | Array
            | ArrowFunction
            | FunctionExpression
            | GeneratorFunction
            | Class
            | ParenthesizedExpression
            | AsExpression
            | SatisfiesExpression
            | TypeAssertion
            | InstantiationExpression
            | AwaitExpression
            | YieldExpression
            | SpreadElement
            | SequenceExpression
            | BinaryExpression
            | TernaryExpression
            | UnaryExpression
            | UpdateExpression
            | AssignmentExpression
            | AugmentedAssignment
            | JsxElement
            | JsxSelfClosingElement
            | JsxExpression
    )
}

impl<'t> Lowering<'t> {
    /// Lowers any expression.
    pub(super) fn expr(&mut self, child: Child<'t>, context: Context) -> ExprId {
        if !self.deeper() {
            return self.add_at(Expr::Unknown, child);
        }
        let id = self.expr_of_kind(child, context);
        self.shallower();
        id
    }

    fn expr_of_kind(&mut self, child: Child<'t>, context: Context) -> ExprId {
        match child.kind {
            Kind::Identifier | Kind::ShorthandPropertyIdentifier => self.name(child),
            Kind::MemberExpression
            | Kind::SubscriptExpression
            | Kind::CallExpression
            | Kind::NonNullExpression
            | Kind::NestedIdentifier => self.chain(child, context).0,
            Kind::NewExpression => self.construction(child, context),
            Kind::String => self.string_expr(child),
            Kind::TemplateString => self.template(child),
            Kind::Number => self.number(child),
            Kind::Regex => {
                let text = self.symbol(child);
                self.add_at(Expr::Regex(text), child)
            }
            Kind::True => self.add_at(Expr::Bool(true), child),
            Kind::False => self.add_at(Expr::Bool(false), child),
            Kind::Null | Kind::Undefined => self.add_at(Expr::Null, child),
            Kind::This => self.add_at(Expr::This, child),
            Kind::Super => self.add_at(Expr::Super, child),
            Kind::MetaProperty => self.meta_property(child),
            Kind::Object => self.object(child),
            Kind::Array => self.array(child),
            Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => {
                let id = self.closure(child, FunctionKind::Closure);
                self.add_at(Expr::Closure(id), child)
            }
            Kind::Class => {
                let id = self.class(child, Vec::new());
                self.add_at(Expr::Class(id), child)
            }
            Kind::ParenthesizedExpression
            | Kind::AsExpression
            | Kind::SatisfiesExpression
            | Kind::InstantiationExpression
            | Kind::TypeAssertion
            | Kind::YieldExpression
            | Kind::JsxExpression => self.transparent(child, context),
            Kind::JsxSelfClosingElement => self.element(child),
            Kind::SpreadElement => self.transparent(child, Context::USED),
            Kind::AwaitExpression => self.transparent(child, context.awaited()),
            Kind::SequenceExpression => self.sequence(child, context),
            Kind::BinaryExpression => self.binary(child, context),
            Kind::TernaryExpression => self.ternary(child, context),
            Kind::UnaryExpression => self.unary(child, context),
            Kind::AssignmentExpression => self.assignment(child),
            Kind::AugmentedAssignment => self.augmented_assignment(child),
            _ => {
                self.look_within(child);
                self.add_at(Expr::Unknown, child)
            }
        }
    }

    /// Lowers whatever stands within a node of no meaning to us: elements, updates, code that does not parse.
    pub(super) fn look_within(&mut self, child: Child<'t>) {
        if !self.deeper() {
            return;
        }
        self.each(child, |this, child| this.anything(child));
        self.shallower();
    }

    /// Lowers a node that may be an expression, a statement or neither.
    pub(super) fn anything(&mut self, child: Child<'t>) {
        match child.kind {
            // Names of elements, attributes and labels, and patterns that lost their declaration.
            Kind::Identifier | Kind::PropertyIdentifier | Kind::TypeIdentifier | Kind::JsxClosingElement => {}
            Kind::MemberExpression if child.field == Field::Name => {}
            Kind::JsxOpeningElement => {
                self.element(child);
            }
            Kind::String | Kind::Number | Kind::True | Kind::False | Kind::Null => {}
            Kind::JsxAttribute if self.is_plain_text(child) => {}
            kind if is_expression(kind) => {
                self.expr(child, Context::USED);
            }
            _ => self.statement(child),
        }
    }

    fn name(&mut self, child: Child<'t>) -> ExprId {
        let name = self.symbol(child);
        let kind = if name.is_empty() { Expr::Unknown } else { Expr::Name(name) };
        self.add_at(kind, child)
    }

    /// The value is that of the first expression within: `(x)`, `x as T`, `await x`.
    fn transparent(&mut self, child: Child<'t>, context: Context) -> ExprId {
        let children = self.children(child);
        let inner = self.expression_among(&children);
        let id = match inner {
            Some(inner) => self.expr(inner, context),
            None => self.add_at(Expr::Unknown, child),
        };
        self.release(children);
        id
    }

    /// The first of the children that is an expression.
    pub(super) fn expression_among(&self, children: &Range<usize>) -> Option<Child<'t>> {
        self.stack[children.clone()].iter().find(|child| is_expression(child.kind)).copied()
    }

    fn meta_property(&mut self, child: Child<'t>) -> ExprId {
        if !self.text_of(child).starts_with("import") {
            return self.add_at(Expr::Unknown, child);
        }
        let object = self.add_at(Expr::Name("import".into()), child);
        self.add_at(Expr::Member { object, name: "meta".into() }, child)
    }

    fn sequence(&mut self, child: Child<'t>, context: Context) -> ExprId {
        let children = self.children(child);
        let mut last = None;
        for at in children.clone() {
            let part = self.stack[at];
            // A sequence of more than two nests to the left or the right, depending on nothing of interest.
            let context = if at + 1 == children.end { context } else { Context::IGNORED };
            last = Some(self.expr(part, context));
        }
        self.release(children);
        last.unwrap_or_else(|| self.add_at(Expr::Unknown, child))
    }

    /// Operators of the same rank nest to the left, hundreds deep where a text is put together, so the left side is taken apart in a loop.
    fn binary(&mut self, outer: Child<'t>, context: Context) -> ExprId {
        let floor = self.stack.len();
        let mut operations = Vec::new();
        let mut child = outer;
        let leftmost = loop {
            let children = self.children(child);
            let operator = self.field(&children, Field::Operator).map_or(Kind::Other, |operator| operator.kind);
            operations.push((child, operator, self.field(&children, Field::Right)));
            match self.field(&children, Field::Left) {
                Some(left) if left.kind == Kind::BinaryExpression => child = left,
                other => break other,
            }
        };
        let passed_on = |operator| if matches!(operator, Kind::Or | Kind::Coalesce) { context } else { Context::USED };
        let value = match leftmost {
            Some(left) => {
                let context = operations.last().map_or(Context::USED, |(_, operator, _)| passed_on(*operator));
                self.expr(left, context)
            }
            None => self.add_at(Expr::Unknown, child),
        };
        let mut joint = Joint { parts: vec![value], make: None, place: child };
        while let Some((place, operator, right)) = operations.pop() {
            let make: Option<Make> = match operator {
                Kind::Plus => Some(Expr::Concat),
                Kind::Or | Kind::Coalesce => Some(Expr::Fallback),
                _ => None,
            };
            if joint.parts.len() > 1 && variant(joint.make) != variant(make) {
                let value = self.close(&mut joint);
                joint.parts.push(value);
            }
            joint.make = make;
            joint.place = place;
            if joint.parts.len() == 1 {
                self.splice(&mut joint);
            }
            let Some(right) = right else { continue };
            let before = joint.parts[0];
            let value = match operator {
                Kind::And => self.on_condition(Some(before), true, right, |this| this.optional(right, |this| this.expr(right, context))),
                Kind::Or | Kind::Coalesce => self.optional(right, |this| this.expr(right, context)),
                _ => self.expr(right, Context::USED),
            };
            if make.is_some() {
                joint.parts.push(value);
                self.splice(&mut joint);
            } else {
                joint.parts = vec![self.joined(operator, before, value, place)];
            }
        }
        self.stack.truncate(floor);
        self.close(&mut joint)
    }

    /// What an operator makes of two sides, where it puts no list of them together.
    fn joined(&mut self, operator: Kind, left: ExprId, right: ExprId, place: Child<'t>) -> ExprId {
        if operator == Kind::And {
            self.asks(right, Asks::Also(left));
            return right;
        }
        let value = self.add_at(Expr::Unknown, place);
        match operator {
            Kind::Same | Kind::LooselySame => self.asks(value, Asks::Same(left, right)),
            Kind::NotSame | Kind::LooselyNotSame => self.asks(value, Asks::Other(left, right)),
            _ => {}
        }
        value
    }

    /// Reads an operand that need not run.
    pub(super) fn optional<R>(&mut self, operand: Child<'t>, read: impl FnOnce(&mut Self) -> R) -> R {
        let calls = self.facts.calls.len();
        let value = read(self);
        if self.facts.calls.len() > calls {
            self.facts.optional.push(range(operand));
        }
        value
    }

    /// Takes over the parts of the last operand, if it is itself joined likewise.
    fn splice(&mut self, joint: &mut Joint<'t>) {
        let Some(last) = joint.parts.last().copied() else { return };
        // What is asked before it would be lost.
        if self.facts.questions.last().is_some_and(|question| question.answer == last) {
            return;
        }
        let kind = self.facts.expr(last);
        if let Expr::Concat(inner) | Expr::Fallback(inner) = kind
            && Some(std::mem::discriminant(kind)) == variant(joint.make)
        {
            joint.parts.pop();
            joint.parts.extend_from_slice(inner);
            self.take_back(last);
        }
    }

    fn close(&mut self, joint: &mut Joint<'t>) -> ExprId {
        match (std::mem::take(&mut joint.parts), joint.make) {
            (parts, Some(make)) if parts.len() > 1 => self.add_at(make(parts), joint.place),
            (parts, _) => match parts.first() {
                Some(first) => *first,
                None => self.add_at(Expr::Unknown, joint.place),
            },
        }
    }

    fn ternary(&mut self, child: Child<'t>, context: Context) -> ExprId {
        let children = self.children(child);
        let asks = self.field(&children, Field::Condition);
        let conditions = asks.map(|condition| self.conditions(condition)).unwrap_or_default();
        let asked = conditions.last().copied();
        let case = asks.and_then(|condition| self.asked(condition));
        let otherwise = case.as_ref().map(Case::otherwise);
        let mut arms = Vec::with_capacity(2);
        for (field, conditions, case) in [(Field::Consequence, conditions, case), (Field::Alternative, Vec::new(), otherwise)] {
            if let Some(arm) = self.field(&children, field) {
                self.only_if(&case);
                let holds = field == Field::Consequence;
                let read = |this: &mut Self| this.within_conditions(RegionKind::Branch, conditions, arm, |this| this.expr(arm, context));
                arms.push(self.on_condition(asked, holds, arm, read));
            }
        }
        self.release(children);
        self.add_at(Expr::Choice(arms), child)
    }

    fn unary(&mut self, child: Child<'t>, context: Context) -> ExprId {
        let children = self.children(child);
        let operator = self.field(&children, Field::Operator).map_or(Kind::Other, |operator| operator.kind);
        let argument = self.expression_among(&children);
        self.release(children);
        let Some(argument) = argument else { return self.add_at(Expr::Unknown, child) };
        match operator {
            Kind::Minus if argument.kind == Kind::Number => self.number(child),
            // `+x` is `x` as a number.
            Kind::Plus => self.expr(argument, Context::USED),
            Kind::VoidToken => {
                let ignored = context.result == ResultUse::Ignored;
                self.expr(argument, if ignored { context } else { Context::USED });
                self.add_at(Expr::Null, child)
            }
            Kind::Not => {
                let argument = self.expr(argument, Context::USED);
                let value = self.add_at(Expr::Unknown, child);
                self.asks(value, Asks::Not(argument));
                value
            }
            _ => {
                self.expr(argument, Context::USED);
                self.add_at(Expr::Unknown, child)
            }
        }
    }

    fn assignment(&mut self, child: Child<'t>) -> ExprId {
        let children = self.children(child);
        let (left, right) = (self.field(&children, Field::Left), self.field(&children, Field::Right));
        self.release(children);
        let (Some(left), Some(right)) = (left, right) else { return self.add_at(Expr::Unknown, child) };
        if matches!(left.kind, Kind::ObjectPattern | Kind::ArrayPattern) {
            let value = self.expr(right, Context::USED);
            self.pattern(left, value, super::patterns::Target::Assign);
            return value;
        }
        let target = self.expr(left, Context::USED);
        let value = self.expr(right, Context::USED);
        self.assign(target, value);
        value
    }

    /// Records an assignment, and the export that it is in a CommonJS module.
    pub(super) fn assign(&mut self, target: ExprId, value: ExprId) {
        let assignable = matches!(self.facts.expr(target), Expr::Name(_) | Expr::Member { .. } | Expr::Index { .. });
        if assignable {
            self.facts.assignments.push(Assignment { target, value, function: self.function });
            self.export_by_assignment(target, value);
        }
    }

    fn augmented_assignment(&mut self, child: Child<'t>) -> ExprId {
        let children = self.children(child);
        let (left, right) = (self.field(&children, Field::Left), self.field(&children, Field::Right));
        let operator = self.field(&children, Field::Operator).map_or(Kind::Other, |operator| operator.kind);
        self.release(children);
        let (Some(left), Some(right)) = (left, right) else { return self.add_at(Expr::Unknown, child) };
        let target = self.expr(left, Context::USED);
        let logical = matches!(operator, Kind::OrAssign | Kind::CoalesceAssign | Kind::AndAssign);
        let right = if logical { self.optional(right, |this| this.expr(right, Context::USED)) } else { self.expr(right, Context::USED) };
        let value = match operator {
            Kind::PlusAssign => self.add_at(Expr::Concat(vec![target, right]), child),
            Kind::OrAssign | Kind::CoalesceAssign => self.add_at(Expr::Fallback(vec![target, right]), child),
            Kind::AndAssign => right,
            _ => self.add_at(Expr::Unknown, child),
        };
        self.assign(target, value);
        value
    }
}

type Make = fn(Vec<ExprId>) -> Expr;

/// Operands that are being joined to one value.
struct Joint<'t> {
    parts: Vec<ExprId>,
    make: Option<Make>,
    place: Child<'t>,
}

fn variant(make: Option<Make>) -> Option<std::mem::Discriminant<Expr>> {
    make.map(|make| std::mem::discriminant(&make(Vec::new())))
}
