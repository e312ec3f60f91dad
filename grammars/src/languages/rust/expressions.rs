//! Expressions: chains of calls, fields and operators, and what stands at their beginning.
//!
//! What deliberately does not live here: blocks and branches, and macros. Invariant: a chain of any length (`a.b().c()…`, `a + b + …`) is
//! followed in a loop; only operands and arguments recurse.

use super::kinds::{Field, Kind};
use super::literals;
use super::walk::{Child, List, Lower};
use crate::facts::{
    Arg, Asks, Assignment, Call, CallKind, Entry, Expr, ExprId, Object, Question, RegionKind, ResultUse, Symbol, TextRange, TypeRef,
};

/// A wrapping node of a chain, its children opened.
struct Link<'t> {
    node: Child<'t>,
    list: List,
}

/// What has been read of a chain, from its beginning.
struct Chain {
    value: ExprId,
    /// Where the name stands that a call would call.
    name: TextRange,
    /// Generic arguments that belong to the next call.
    types: Vec<TypeRef>,
    /// Operands of a `+` that may go on, and its range.
    sum: Vec<ExprId>,
    sum_range: TextRange,
}

impl<'t> Lower<'t, '_, '_> {
    /// An expression's value.
    pub(super) fn expr(&mut self, node: Child<'t>) -> ExprId {
        let end = self.flow(node);
        let range = if matches!(end, super::flow::End::Value(_)) { TextRange::default() } else { self.range(node) };
        self.value_of(end, range)
    }

    /// A chain: follows its links to the beginning, then comes back along them.
    pub(super) fn chain(&mut self, top: Child<'t>) -> ExprId {
        if !top.kind.is_link() {
            return self.primary(top, &mut None);
        }
        let mut links: Vec<Link<'t>> = Vec::new();
        let mut node = top;
        let mut plain = None;
        while node.kind.is_link() {
            if node.kind == Kind::FieldExpression {
                plain = self.plain_fields(node);
                if plain.is_some() {
                    break;
                }
            }
            let list = if node.kind == Kind::CallExpression { self.open_call(node.node) } else { self.open(node.node) };
            let Some(inner) = self.inner_link(node.kind, list) else {
                self.close(list);
                break;
            };
            links.push(Link { node, list });
            node = inner;
        }
        let mut path = plain.map(|(_, name)| (name, Vec::new()));
        let value = match plain {
            Some((value, _)) => value,
            None => self.primary(node, &mut path),
        };
        let (name, types) = match path {
            Some((name, types)) => (name, types),
            None => (self.range(node), Vec::new()),
        };
        let mut chain = Chain { value, name, types, sum: Vec::new(), sum_range: TextRange::default() };
        while let Some(link) = links.pop() {
            self.climb(&link, &mut chain);
            self.close(link.list);
        }
        self.end_sum(&mut chain);
        chain.value
    }

    /// Fields of a name, `self.config.url`, read off the text: the value, and where the last field stands.
    fn plain_fields(&mut self, node: Child<'t>) -> Option<(ExprId, TextRange)> {
        let range = self.range(node);
        let text = self.out.slice(range);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        if text.starts_with(|first: char| first.is_ascii_digit())
            || text.contains("..")
            || text.ends_with('.')
            || !text.bytes().all(is_plain)
        {
            return None;
        }
        let mut fields = text.split('.');
        let mut end = range.start + fields.next()?.len() as u32;
        let first = TextRange { start: range.start, end };
        let mut value = self.out.path(vec![self.out.symbol(first)], first);
        let mut place = first;
        for field in fields {
            place = TextRange { start: end + 1, end: end + 1 + field.len() as u32 };
            end = place.end;
            let object = value;
            value = self.out.push(Expr::Member { object, name: Symbol::new(field) }, TextRange { start: range.start, end });
        }
        Some((value, place))
    }

    /// The node that a link continues.
    fn inner_link(&self, kind: Kind, list: List) -> Option<Child<'t>> {
        match kind {
            Kind::CallExpression | Kind::GenericFunction => self.find(list, Field::Function),
            Kind::FieldExpression | Kind::ReferenceExpression | Kind::TypeCastExpression => self.find(list, Field::Value),
            Kind::BinaryExpression => self.find(list, Field::Left),
            _ => self.first(list).filter(|inner| inner.kind != Kind::Error),
        }
    }

    fn end_sum(&mut self, chain: &mut Chain) {
        if !chain.sum.is_empty() {
            chain.value = self.out.push(Expr::Concat(std::mem::take(&mut chain.sum)), chain.sum_range);
        }
    }

    fn climb(&mut self, link: &Link<'t>, chain: &mut Chain) {
        let (kind, list) = (link.node.kind, link.list);
        if kind == Kind::BinaryExpression {
            self.binary(link, chain);
            return;
        }
        self.end_sum(chain);
        match kind {
            Kind::CallExpression => self.call_link(link, chain),
            Kind::GenericFunction => {
                if let Some(arguments) = self.find(list, Field::TypeArguments) {
                    chain.types = self.type_arguments(arguments);
                }
            }
            Kind::FieldExpression => {
                if let Some(field) = self.find(list, Field::Member) {
                    chain.name = self.range(field);
                    chain.types.clear();
                    let (object, name) = (chain.value, self.symbol(field));
                    let range = self.range(link.node);
                    chain.value = self.out.push(Expr::Member { object, name }, range);
                }
            }
            Kind::AwaitExpression => self.out.awaited(chain.value),
            Kind::TryExpression => self.out.tried(chain.value),
            Kind::UnaryExpression => self.unary(link, chain),
            Kind::IndexExpression => self.index(link, chain),
            _ => {}
        }
    }

    fn binary(&mut self, link: &Link<'t>, chain: &mut Chain) {
        let list = link.list;
        let adds = self.nodes[list.start..list.end].iter().any(|child| child.kind == Kind::Plus);
        if !adds {
            self.end_sum(chain);
        } else if chain.sum.is_empty() {
            chain.sum.push(chain.value);
        }
        let before = chain.value;
        let left = self.find(list, Field::Left).map_or(0, |left| left.node.end_byte());
        let right = self.find(list, Field::Right).map(|right| {
            let operator = self.out.text.get(left..right.node.start_byte()).unwrap_or_default().trim();
            (operator, self.expr(right))
        });
        chain.sum_range = self.range(link.node);
        match right {
            Some((_, right)) if adds => chain.sum.push(right),
            Some(("&&", right)) => {
                self.asks(right, Asks::Also(before));
                chain.value = right;
            }
            _ if adds => {}
            right => {
                chain.value = self.out.unknown(chain.sum_range);
                match right {
                    Some(("==", right)) => self.asks(chain.value, Asks::Same(before, right)),
                    Some(("!=", right)) => self.asks(chain.value, Asks::Other(before, right)),
                    _ => {}
                }
            }
        }
    }

    fn asks(&mut self, answer: ExprId, asks: Asks) {
        self.out.facts.questions.push(Question { answer, asks });
    }

    fn unary(&mut self, link: &Link<'t>, chain: &mut Chain) {
        let operator = self.nodes[link.list.start..link.list.end].first().map(|child| child.kind);
        let range = self.range(link.node);
        match operator {
            Some(Kind::Minus) => {
                let kind = match self.out.facts.expr(chain.value) {
                    Expr::Number(number) => Expr::Number(smol_str::format_smolstr!("-{number}")),
                    _ => Expr::Unknown,
                };
                chain.value = self.out.push(kind, range);
            }
            Some(Kind::Not) => {
                let of = chain.value;
                chain.value = self.out.unknown(range);
                self.asks(chain.value, Asks::Not(of));
            }
            _ => {}
        }
    }

    fn index(&mut self, link: &Link<'t>, chain: &mut Chain) {
        let operands = self.nodes[link.list.start..link.list.end].iter().filter(|child| child.named);
        let Some(index) = operands.clone().nth(1).copied() else { return };
        // `x[..]` is `x`.
        if index.kind == Kind::RangeExpression && self.text(index) == ".." {
            return;
        }
        let range = self.range(link.node);
        let object = chain.value;
        let index = self.expr(index);
        let kind = match self.out.facts.expr(index) {
            Expr::Str(name) => Expr::Member { object, name: name.clone() },
            _ => Expr::Index { object, index },
        };
        chain.value = self.out.push(kind, range);
    }

    fn call_link(&mut self, link: &Link<'t>, chain: &mut Chain) {
        let callee = chain.value;
        let range = self.range(link.node);
        let fan = self.fans_out(callee);
        let outer = self.out.region;
        if let Some(kind) = fan {
            self.out.enter(kind, range);
        }
        let args = self.find(link.list, Field::Arguments).map(|arguments| self.arguments(arguments)).unwrap_or_default();
        self.out.region = outer;
        if let [name] = args.as_slice()
            && self.reads_environment(callee)
        {
            chain.types.clear();
            chain.value = self.out.push(Expr::Env(name.value), range);
            return;
        }
        let call = Call {
            callee,
            kind: CallKind::Call,
            args,
            type_args: std::mem::take(&mut chain.types),
            function: self.out.function,
            region: self.out.region,
            awaited: false,
            result: ResultUse::Used,
            name_range: chain.name,
            range,
        };
        chain.value = self.out.call(call);
    }

    /// Whether a function runs its arguments side by side.
    fn fans_out(&self, callee: ExprId) -> Option<RegionKind> {
        let (before, name) = match self.out.facts.expr(callee) {
            Expr::Name(name) => ("", name.as_str()),
            Expr::Path(path) => match path.as_slice() {
                [.., before, name] => (before.as_str(), name.as_str()),
                _ => return None,
            },
            _ => return None,
        };
        match name {
            "join_all" | "try_join_all" => Some(RegionKind::Parallel),
            "join" | "join3" | "join4" | "join5" | "try_join" | "try_join3" | "try_join4" | "try_join5" if before == "future" => {
                Some(RegionKind::Parallel)
            }
            "select_all" | "select_ok" => Some(RegionKind::Race),
            "select" | "try_select" if before == "future" => Some(RegionKind::Race),
            _ => None,
        }
    }

    /// `std::env::var` and its like, also where `var` itself is imported.
    fn reads_environment(&self, callee: ExprId) -> bool {
        match self.out.facts.expr(callee) {
            Expr::Path(path) => match path.as_slice() {
                [.., module, name] => matches!(name.as_str(), "var" | "var_os") && matches!(module.as_str(), "env" | "dotenvy" | "dotenv"),
                _ => false,
            },
            Expr::Name(name) => {
                matches!(name.as_str(), "var" | "var_os")
                    && self
                        .out
                        .facts
                        .imports
                        .iter()
                        .any(|import| import.local == *name && matches!(import.source.as_str(), "std::env" | "env" | "dotenvy" | "dotenv"))
            }
            _ => false,
        }
    }

    fn arguments(&mut self, node: Child<'t>) -> Vec<Arg> {
        if self.text(node) == "()" {
            return Vec::new();
        }
        let list = self.open(node.node);
        let values = self.values(list);
        self.close(list);
        values.into_iter().map(|value| Arg { value, spread: false }).collect()
    }

    /// The operands among opened children.
    fn values(&mut self, list: List) -> Vec<ExprId> {
        let mut values = Vec::new();
        for at in list.start..list.end {
            let child = self.nodes[at];
            match child.kind {
                Kind::AttributeItem => {}
                Kind::Error => self.effect(child),
                _ if child.named && child.field != Field::Length => values.push(self.expr(child)),
                _ => {}
            }
        }
        values
    }

    /// What is no link of a chain. For a path, `path` receives the place of its last name and its generic arguments.
    fn primary(&mut self, node: Child<'t>, path: &mut Option<(TextRange, Vec<TypeRef>)>) -> ExprId {
        let range = self.range(node);
        let kind = match node.kind {
            Kind::Identifier | Kind::SelfValue | Kind::Metavariable => {
                let name = self.out.symbol(range);
                return self.out.path(vec![name], range);
            }
            Kind::ScopedIdentifier | Kind::Super | Kind::Crate => {
                let parts = self.path_parts(node);
                *path = Some((parts.name_range, parts.types));
                return self.out.path(parts.segments, range);
            }
            Kind::StringLiteral | Kind::RawStringLiteral | Kind::CharLiteral => Expr::Str(literals::string(self.out.slice(range))),
            Kind::IntegerLiteral | Kind::FloatLiteral | Kind::NegativeLiteral => Expr::Number(literals::number(self.out.slice(range))),
            Kind::BooleanLiteral => Expr::Bool(self.out.slice(range) == "true"),
            Kind::UnitExpression => Expr::Null,
            Kind::ArrayExpression | Kind::TupleExpression => {
                let list = self.open(node.node);
                let values = self.values(list);
                self.close(list);
                Expr::Array(values)
            }
            Kind::StructExpression => Expr::Object(Box::new(self.object(node))),
            Kind::ClosureExpression | Kind::AsyncBlock => Expr::Closure(self.closure(node)),
            Kind::MacroInvocation => {
                let end = self.macro_invocation(node);
                return self.value_of(end, range);
            }
            Kind::AssignmentExpression | Kind::CompoundAssignment => {
                self.assignment(node);
                Expr::Null
            }
            _ => {
                if let Some(end) = self.control(node) {
                    return self.value_of(end, range);
                }
                self.effects(node);
                Expr::Unknown
            }
        };
        self.out.push(kind, range)
    }

    fn object(&mut self, node: Child<'t>) -> Object {
        let list = self.open(node.node);
        let type_path = self.find(list, Field::Name).map(|name| self.written_path(name)).unwrap_or_default();
        let mut entries = Vec::new();
        if let Some(body) = self.find(list, Field::Body) {
            let body = self.open(body.node);
            for at in body.start..body.end {
                let child = self.nodes[at];
                if child.named {
                    self.entry(child, &mut entries);
                }
            }
        }
        self.close(list);
        Object { type_path, entries }
    }

    fn entry(&mut self, node: Child<'t>, entries: &mut Vec<Entry>) {
        if node.kind == Kind::ShorthandFieldInitializer
            && let Some(name) = self.only_child(node)
        {
            self.shorthand(name, entries);
            return;
        }
        let list = self.open(node.node);
        let inner = self.first(list);
        match (node.kind, inner) {
            (Kind::ShorthandFieldInitializer, Some(name)) => self.shorthand(name, entries),
            (Kind::FieldInitializer, _) => {
                if let Some(key) = self.find(list, Field::Member) {
                    let range = self.range(key);
                    let name = self.out.symbol(range);
                    let value = match self.find(list, Field::Value) {
                        Some(value) => self.expr(value),
                        None => self.out.unknown(range),
                    };
                    entries.push(Entry::Field { name, value, range });
                }
            }
            (Kind::BaseFieldInitializer, Some(base)) => {
                let value = self.expr(base);
                entries.push(Entry::Spread(value));
            }
            (Kind::Error, _) => self.effect(node),
            _ => {}
        }
        self.close(list);
    }

    fn shorthand(&mut self, name: Child<'t>, entries: &mut Vec<Entry>) {
        let range = self.range(name);
        let name = self.out.symbol(range);
        let value = self.out.path(vec![name.clone()], range);
        entries.push(Entry::Field { name, value, range });
    }

    /// `a.b = c` and `a += c`; other compound assignments only for the calls in them.
    fn assignment(&mut self, node: Child<'t>) {
        let list = self.open(node.node);
        let (left, right) = (self.find(list, Field::Left), self.find(list, Field::Right));
        let adds = self.find_kind(list, Kind::PlusAssign).is_some();
        let Some(left) = left else {
            self.close(list);
            return;
        };
        if self.text(left) == "_" {
            if let Some(right) = right {
                let value = self.expr(right);
                self.out.used_as(value, ResultUse::Ignored);
            }
            self.close(list);
            return;
        }
        let target = self.expr(left);
        let value = right.map(|right| self.expr(right));
        let assignable = matches!(self.out.facts.expr(target), Expr::Name(_) | Expr::Member { .. } | Expr::Index { .. });
        if let Some(value) = value
            && assignable
        {
            let value = match node.kind {
                Kind::AssignmentExpression => Some(value),
                _ if adds => {
                    let range = self.range(node);
                    Some(self.out.push(Expr::Concat(vec![target, value]), range))
                }
                _ => None,
            };
            if let Some(value) = value {
                self.out.facts.assignments.push(Assignment { target, value, function: self.out.function });
            }
        }
        self.close(list);
    }

    /// Reads a node only for the items and calls in it.
    pub(super) fn effect(&mut self, node: Child<'t>) {
        let none = List { start: self.nodes.len(), end: self.nodes.len() };
        match node.kind {
            Kind::LetDeclaration | Kind::ExpressionStatement => self.deeper(|walk| {
                walk.statement(node, none, false);
            }),
            _ if node.kind.is_compound_expression() => {
                if let super::flow::End::Value(value) = self.flow(node) {
                    self.out.used_as(value, ResultUse::Used);
                }
            }
            _ if self.item(node, none) => {}
            _ => self.deeper(|walk| walk.effects(node)),
        }
    }

    /// The same for all children of a node.
    pub(super) fn effects(&mut self, node: Child<'t>) {
        let list = self.open(node.node);
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.named {
                self.effect(child);
            }
        }
        self.close(list);
    }
}
