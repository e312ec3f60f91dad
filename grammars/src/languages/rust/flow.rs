//! Statements, blocks, branches and loops: what runs when, and which value comes out.
//!
//! What deliberately does not live here: plain expressions. Invariant: the region that stands at the beginning stands again at the end.

use super::cases::Before;
use super::kinds::{Field, Kind};
use super::patterns::Matched;
use super::walk::{Child, List, Lower, MAX_DEPTH};
use crate::facts::{Asks, Case, Condition, Expr, ExprId, MAX_BEFORE, Question, RegionKind, ResultUse, TextRange};
use crate::languages::reads::asks_only;

/// How a block or an arm ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// With a value.
    Value(ExprId),
    /// Without one.
    Unit,
    /// Not at all: it returns, breaks or panics.
    Never,
}

/// What a condition's pattern says of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tested {
    Success,
    Failure,
    Other,
}

impl<'t> Lower<'t, '_, '_> {
    /// Runs `work` one level deeper, unless that is too deep.
    pub(super) fn deeper(&mut self, work: impl FnOnce(&mut Self)) {
        if self.out.depth < MAX_DEPTH {
            self.out.depth += 1;
            work(self);
            self.out.depth -= 1;
        }
    }

    /// Statements of a block or items of a module. With `tail`, the last may be the block's value.
    pub(super) fn statements(&mut self, list: List, tail: bool) -> End {
        let counts = |child: &Child<'t>| child.named && child.kind != Kind::AttributeItem;
        let last = (list.start..list.end).rev().find(|at| counts(&self.nodes[*at]));
        let mut end = End::Unit;
        let mut from = list.start;
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.kind == Kind::AttributeItem {
                continue;
            }
            let attributes = List { start: std::mem::replace(&mut from, at + 1), end: at };
            if !child.named || self.is_test(attributes) {
                continue;
            }
            end = self.statement(child, attributes, tail && last == Some(at));
        }
        end
    }

    pub(super) fn statement(&mut self, node: Child<'t>, attributes: List, last: bool) -> End {
        let end = match node.kind {
            Kind::ExpressionStatement => {
                let closed = self.text(node).ends_with(';');
                let end = match self.only_child(node) {
                    Some(inner) => self.flow(inner),
                    None => {
                        let list = self.open(node.node);
                        let end = self.first(list).map_or(End::Unit, |inner| self.flow(inner));
                        self.close(list);
                        end
                    }
                };
                if last && !closed {
                    return end;
                }
                end
            }
            Kind::LetDeclaration => {
                self.let_declaration(node);
                End::Unit
            }
            Kind::Label => End::Unit,
            _ if self.item(node, attributes) => End::Unit,
            Kind::Error => {
                self.effect(node);
                End::Unit
            }
            _ => {
                let end = self.flow(node);
                if last {
                    return end;
                }
                end
            }
        };
        match end {
            End::Value(value) => {
                self.out.used_as(value, ResultUse::Ignored);
                End::Unit
            }
            end => end,
        }
    }

    /// `let`; hands back the value.
    pub(super) fn let_declaration(&mut self, node: Child<'t>) -> Option<ExprId> {
        let list = self.open(node.node);
        let ty = self.find(list, Field::Type).map(|ty| self.type_ref(ty));
        let value = self.find(list, Field::Value).map(|value| self.expr(value));
        let constant = self.find_kind(list, Kind::MutableSpecifier).is_none();
        if let Some(pattern) = self.nodes[list.start..list.end].iter().find(|child| is_pattern_of_let(child)).copied() {
            self.pattern(pattern, value.map_or(Matched::Nothing, Matched::Value), ty, constant);
            let answers = |value: &ExprId| matches!(self.out.facts.expr(*value), Expr::Call(_) | Expr::Choice(_));
            if let Some(value) = value.filter(answers)
                && pattern.kind == Kind::Identifier
                && self.asks_only_status(node, pattern)
            {
                self.out.used_as(value, ResultUse::Ignored);
            }
        } else if let Some(value) = value {
            // `let _ = …`
            self.out.used_as(value, ResultUse::Ignored);
        }
        if let Some(alternative) = self.find(list, Field::Alternative) {
            self.arm(alternative, RegionKind::Catch, &[]);
        }
        self.close(list);
        value
    }

    /// Whether all that is asked of an answer behind its declaration is whether it went well: `if !response.status().is_success()`.
    fn asks_only_status(&self, declaration: Child<'t>, name: Child<'t>) -> bool {
        let block = self.out.facts.region(self.out.region).range;
        let behind = self.out.text.get(declaration.node.end_byte()..block.end as usize).unwrap_or_default();
        asks_only(behind, self.text(name), &[".status()", ".error_for_status()?", ".error_for_status_ref()?"])
    }

    /// The value of a block-like expression, or of any other.
    pub(super) fn flow(&mut self, node: Child<'t>) -> End {
        if self.out.depth >= MAX_DEPTH {
            let range = self.range(node);
            return End::Value(self.out.unknown(range));
        }
        self.out.depth += 1;
        let end = match self.control(node) {
            Some(end) => end,
            None if node.kind == Kind::MacroInvocation => self.macro_invocation(node),
            None => End::Value(self.chain(node)),
        };
        self.out.depth -= 1;
        end
    }

    /// What is not a plain expression.
    pub(super) fn control(&mut self, node: Child<'t>) -> Option<End> {
        Some(match node.kind {
            Kind::Block => self.block(node),
            Kind::UnsafeBlock | Kind::ConstBlock | Kind::TryBlock | Kind::GenBlock => {
                let list = self.open(node.node);
                let block = self.find_kind(list, Kind::Block);
                self.close(list);
                block.map_or(End::Unit, |block| self.block(block))
            }
            Kind::IfExpression => self.if_expression(node),
            Kind::MatchExpression => self.match_expression(node),
            Kind::LoopExpression => self.loop_expression(node),
            Kind::WhileExpression => self.while_expression(node),
            Kind::ForExpression => self.for_expression(node),
            Kind::ReturnExpression => {
                if let Some(value) = self.operand_of(node) {
                    self.out.used_as(value, ResultUse::Returned);
                    let function = self.out.function.index();
                    self.out.facts.functions[function].returns.push(value);
                }
                End::Never
            }
            Kind::BreakExpression => {
                if let Some(value) = self.operand_of(node)
                    && let Some(breaks) = self.out.breaks.last_mut()
                {
                    breaks.push(value);
                }
                End::Never
            }
            Kind::ContinueExpression => End::Never,
            _ => return None,
        })
    }

    fn operand_of(&mut self, node: Child<'t>) -> Option<ExprId> {
        let list = self.open(node.node);
        let value = self.first(list).map(|operand| self.expr(operand));
        self.close(list);
        value
    }

    fn block(&mut self, node: Child<'t>) -> End {
        let list = self.open(node.node);
        let end = self.statements(list, true);
        self.close(list);
        end
    }

    /// One arm in a region of its own, which runs in some cases only.
    fn arm<'c>(&mut self, node: Child<'t>, kind: RegionKind, cases: impl IntoIterator<Item = &'c Case>) -> End {
        let range = self.range(node);
        let outer = self.out.enter(kind, range);
        self.only_if(cases);
        let end = self.flow(node);
        self.out.region = outer;
        end
    }

    fn if_expression(&mut self, top: Child<'t>) -> End {
        let mut arms = Vec::new();
        // What did not hold for the arms before.
        let mut before: Vec<Case> = Vec::new();
        let mut next = Some(top);
        while let Some(node) = next.take() {
            let list = self.open(node.node);
            let condition = self.find(list, Field::Condition);
            let (tested, asked) = condition.map_or((Tested::Other, None), |condition| self.condition(condition));
            let case = condition.and_then(|condition| self.asked(condition));
            let (then_kind, else_kind) = match tested {
                Tested::Failure => (RegionKind::Catch, RegionKind::Branch),
                Tested::Success => (RegionKind::Branch, RegionKind::Catch),
                Tested::Other => (RegionKind::Branch, RegionKind::Branch),
            };
            if let Some(then) = self.find(list, Field::Consequence) {
                let calls = self.out.facts.calls.len();
                let end = self.arm(then, then_kind, before.iter().chain(&case));
                arms.push(end);
                let asked = asked.filter(|_| self.out.facts.calls.len() > calls);
                let range = self.range(then);
                self.out.facts.conditions.extend(asked.map(|asked| Condition { asked, holds: true, range }));
            }
            if before.len() < MAX_BEFORE {
                before.extend(case.as_ref().map(Case::otherwise));
            }
            let alternative = self.find(list, Field::Alternative);
            // That a chain does not hold says nothing of a part.
            let is_chain = condition.is_some_and(|condition| condition.kind == Kind::LetChain);
            if let (Some(asked), Some(alternative)) = (asked.filter(|_| !is_chain), alternative) {
                let range = self.range(alternative);
                self.out.facts.conditions.push(Condition { asked, holds: false, range });
            }
            self.close(list);
            let otherwise = alternative.and_then(|alternative| {
                let list = self.open(alternative.node);
                let inner = self.first(list);
                self.close(list);
                inner
            });
            match otherwise {
                // A chain of any length is followed in this loop.
                Some(inner) if inner.kind == Kind::IfExpression => next = Some(inner),
                Some(inner) => {
                    let end = self.arm(inner, else_kind, &before);
                    arms.push(end);
                }
                None => arms.push(End::Unit),
            }
        }
        let range = self.range(top);
        self.choice(arms, range)
    }

    /// A condition with its calls and the names that its patterns bind, and what must hold: that something is there, too.
    fn condition(&mut self, node: Child<'t>) -> (Tested, Option<ExprId>) {
        match node.kind {
            Kind::LetCondition => {
                let list = self.open(node.node);
                let value = self.find(list, Field::Value).map(|value| self.expr(value));
                let (mut tested, mut asked) = (Tested::Other, None);
                if let Some(pattern) = self.find(list, Field::Pattern) {
                    tested = self.tests(pattern);
                    let text = self.text(pattern);
                    asked = value.filter(|_| text.starts_with("Some(") || text.starts_with("Ok("));
                    self.pattern(pattern, value.map_or(Matched::Nothing, Matched::Value), None, true);
                }
                self.close(list);
                (tested, asked)
            }
            Kind::LetChain => {
                let list = self.open(node.node);
                let mut all: Option<ExprId> = None;
                for at in list.start..list.end {
                    let child = self.nodes[at];
                    if child.named {
                        self.deeper(|walk| {
                            let (_, asked) = walk.condition(child);
                            if let (Some(before), Some(answer)) = (all, asked) {
                                walk.out.facts.questions.push(Question { answer, asks: Asks::Also(before) });
                            }
                            all = asked.or(all);
                        });
                    }
                }
                self.close(list);
                (Tested::Other, all)
            }
            _ => (Tested::Other, Some(self.expr(node))),
        }
    }

    /// Whether a pattern asks for success or failure.
    fn tests(&self, pattern: Child<'t>) -> Tested {
        if pattern.kind != Kind::TupleStructPattern {
            return Tested::Other;
        }
        let text = self.text(pattern);
        match text.split('(').next().unwrap_or(text).trim_end() {
            "Ok" => Tested::Success,
            "Err" => Tested::Failure,
            _ => Tested::Other,
        }
    }

    fn match_expression(&mut self, node: Child<'t>) -> End {
        let list = self.open(node.node);
        let value = match self.find(list, Field::Value) {
            Some(value) => Matched::Value(self.expr(value)),
            None => Matched::Nothing,
        };
        let mut arms = Vec::new();
        let mut before = Before::default();
        if let Some(body) = self.find(list, Field::Body) {
            let body = self.open(body.node);
            for at in body.start..body.end {
                let child = self.nodes[at];
                match child.kind {
                    Kind::MatchArm => self.match_arm(child, value, &mut arms, &mut before),
                    Kind::Error => self.effect(child),
                    _ => {}
                }
            }
        }
        self.close(list);
        let range = self.range(node);
        self.choice(arms, range)
    }

    /// `before` is what the arms before are for.
    fn match_arm(&mut self, node: Child<'t>, value: Matched, arms: &mut Vec<End>, before: &mut Before) {
        let list = self.open(node.node);
        let attributes = List { start: list.start, end: list.end };
        if self.is_test(attributes) {
            self.close(list);
            return;
        }
        let range = self.range(node);
        let outer = self.out.enter(RegionKind::Branch, range);
        if let Some(pattern) = self.find(list, Field::Pattern) {
            let inner = self.open(pattern.node);
            if let Some(pattern) = self.nodes[inner.start..inner.end].iter().find(|child| child.named).copied() {
                if self.tests(pattern) == Tested::Failure {
                    let region = self.out.region.index();
                    self.out.facts.regions[region].kind = RegionKind::Catch;
                }
                if pattern.field != Field::Condition {
                    self.pattern(pattern, value, None, true);
                }
            }
            self.arm_case(inner, value, before);
            if let Some(guard) = self.find(inner, Field::Condition) {
                self.condition(guard);
            }
            self.close(inner);
        }
        if let Some(body) = self.find(list, Field::Value) {
            let end = self.flow(body);
            arms.push(end);
        }
        self.out.region = outer;
        self.close(list);
    }

    fn loop_expression(&mut self, node: Child<'t>) -> End {
        let range = self.range(node);
        let outer = self.out.enter(RegionKind::Loop, range);
        self.out.breaks.push(Vec::new());
        self.loop_body(node);
        self.out.region = outer;
        let values = self.out.breaks.pop().unwrap_or_default();
        if values.is_empty() {
            return End::Unit;
        }
        self.choice(values.into_iter().map(End::Value).collect(), range)
    }

    fn while_expression(&mut self, node: Child<'t>) -> End {
        let range = self.range(node);
        let outer = self.out.enter(RegionKind::While, range);
        if let Some(condition) = self.field(node, Field::Condition) {
            self.condition(condition);
        }
        self.loop_body(node);
        self.out.region = outer;
        End::Unit
    }

    fn for_expression(&mut self, node: Child<'t>) -> End {
        let list = self.open(node.node);
        let range = self.range(node);
        let value = self.find(list, Field::Value);
        let counting = value.is_some_and(|value| self.is_range(value));
        let over = match value {
            Some(value) => self.expr(value),
            None => self.out.unknown(range),
        };
        let outer = self.out.enter(if counting { RegionKind::For } else { RegionKind::ForEach { over } }, range);
        if let Some(pattern) = self.find(list, Field::Pattern) {
            let range = self.range(pattern);
            let value = Matched::Value(self.out.push(Expr::Element(over), range));
            self.pattern(pattern, value, None, true);
        }
        self.close(list);
        self.loop_body(node);
        self.out.region = outer;
        End::Unit
    }

    /// Whether something is a range literal, be it in parentheses.
    fn is_range(&mut self, node: Child<'t>) -> bool {
        match node.kind {
            Kind::RangeExpression => true,
            Kind::ParenthesizedExpression => {
                let list = self.open(node.node);
                let inner = self.first(list);
                self.close(list);
                inner.is_some_and(|inner| inner.kind == Kind::RangeExpression)
            }
            _ => false,
        }
    }

    fn loop_body(&mut self, node: Child<'t>) {
        if let Some(body) = self.field(node, Field::Body)
            && let End::Value(value) = self.flow(body)
        {
            self.out.used_as(value, ResultUse::Ignored);
        }
    }

    /// Several ends as one.
    pub(super) fn choice(&mut self, ends: Vec<End>, range: TextRange) -> End {
        let mut values: Vec<ExprId> = Vec::new();
        let mut unit = ends.is_empty();
        for end in ends {
            match end {
                End::Value(value) => values.push(value),
                End::Unit => unit = true,
                End::Never => {}
            }
        }
        match values.as_slice() {
            [] if unit => End::Unit,
            [] => End::Never,
            [only] => End::Value(*only),
            _ => End::Value(self.out.push(Expr::Choice(values), range)),
        }
    }

    /// An end where a value is needed.
    pub(super) fn value_of(&mut self, end: End, range: TextRange) -> ExprId {
        match end {
            End::Value(value) => value,
            End::Unit => self.out.push(Expr::Null, range),
            End::Never => self.out.unknown(range),
        }
    }
}

fn is_pattern_of_let(child: &Child<'_>) -> bool {
    child.named && child.field == Field::Pattern
}
