//! What all parts of the walk share: the facts under construction, where the walk stands, and a cheap way to look at a node's children.
//!
//! What deliberately does not live here: any kind's meaning. Invariant: children are opened and closed like a stack, so one cursor and one
//! vector serve a whole tree; ranges handed out lie within the text.

use tree_sitter::{Node, Parser, Tree, TreeCursor};

use super::kinds::{Field, GRAMMAR, Kind};
use crate::facts::{
    Call, CallId, Expr, ExprId, Expression, FunctionId, Language, Region, RegionId, RegionKind, ResultUse, SourceFacts, Symbol, TextRange,
    TypeId,
};

/// Nesting beyond this is left alone: nobody writes it, and a thread's stack is small.
pub(super) const MAX_DEPTH: u32 = 120;

/// What an `impl` block or a trait makes of the functions in it.
#[derive(Debug, Clone)]
pub(super) enum Container {
    /// `impl T`: the name of the type.
    Impl(Symbol),
    /// `trait T`.
    Trait(TypeId),
}

/// The facts under construction, and where the walk stands. One for a file and all the pieces of it that are parsed anew.
pub(super) struct Builder<'a> {
    pub(super) text: &'a str,
    pub(super) facts: SourceFacts,
    /// Parses pieces.
    pub(super) parser: Parser,
    pub(super) function: FunctionId,
    pub(super) region: RegionId,
    /// Path of the inline modules around.
    pub(super) module: Symbol,
    /// The `impl` block or trait whose members are being read.
    pub(super) container: Option<Container>,
    pub(super) depth: u32,
    /// How many macros the walk stands in.
    pub(super) macros: u32,
    /// Operands of `break` of each `loop` around.
    pub(super) breaks: Vec<Vec<ExprId>>,
    /// By call: whether `?` follows it.
    tried: Vec<bool>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str, parser: Parser) -> Self {
        let mut facts = SourceFacts::empty(Language::Rust);
        let whole = TextRange::new(0, text.len());
        facts.functions[0].range = whole;
        facts.regions[0].range = whole;
        // A guess that spares most of the growing.
        facts.exprs.reserve(text.len() / 40);
        Self {
            text,
            facts,
            parser,
            function: FunctionId::MODULE,
            region: RegionId(0),
            module: Symbol::default(),
            container: None,
            depth: 0,
            macros: 0,
            breaks: Vec::new(),
            tried: Vec::new(),
        }
    }

    /// The text at `range`; empty where that is no text.
    pub(super) fn slice(&self, range: TextRange) -> &'a str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The name at `range`, without the `r#` of a raw identifier.
    pub(super) fn symbol(&self, range: TextRange) -> Symbol {
        let text = self.slice(range);
        Symbol::new(text.strip_prefix("r#").unwrap_or(text))
    }

    pub(super) fn push(&mut self, kind: Expr, range: TextRange) -> ExprId {
        let id = ExprId(self.facts.exprs.len() as u32);
        self.facts.exprs.push(Expression { kind, range, function: self.function });
        id
    }

    pub(super) fn unknown(&mut self, range: TextRange) -> ExprId {
        self.push(Expr::Unknown, range)
    }

    /// A name or path as a value; `None` and the like are what they mean.
    pub(super) fn path(&mut self, mut segments: Vec<Symbol>, range: TextRange) -> ExprId {
        let kind = match segments.pop() {
            None => Expr::Unknown,
            Some(name) if segments.is_empty() => match name.as_str() {
                "None" => Expr::Null,
                "self" => Expr::This,
                "true" => Expr::Bool(true),
                "false" => Expr::Bool(false),
                "" | "_" => Expr::Unknown,
                _ => Expr::Name(name),
            },
            Some(name) => {
                segments.push(name);
                Expr::Path(segments)
            }
        };
        self.push(kind, range)
    }

    /// Adds a call and the expression of its result.
    pub(super) fn call(&mut self, call: Call) -> ExprId {
        let range = call.range;
        let id = CallId(self.facts.calls.len() as u32);
        self.facts.calls.push(call);
        self.tried.push(false);
        self.push(Expr::Call(id), range)
    }

    /// The call that a value is the result of.
    fn call_of(&self, value: ExprId) -> Option<usize> {
        match self.facts.expr(value) {
            Expr::Call(id) => Some(id.index()),
            _ => None,
        }
    }

    /// Notes that a value is awaited.
    pub(super) fn awaited(&mut self, value: ExprId) {
        if let Some(call) = self.call_of(value) {
            self.facts.calls[call].awaited = true;
        }
    }

    /// Notes that `?` follows a value.
    pub(super) fn tried(&mut self, value: ExprId) {
        if let Some(call) = self.call_of(value) {
            self.tried[call] = true;
        }
    }

    /// Notes what becomes of a value, in each arm that it may come from.
    pub(super) fn used_as(&mut self, value: ExprId, result: ResultUse) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match self.facts.expr(value) {
                Expr::Choice(arms) => open.extend(arms.iter().copied()),
                Expr::Call(id) => {
                    let id = id.index();
                    let failure = result == ResultUse::Ignored && self.tried[id];
                    self.facts.calls[id].result = if failure { ResultUse::FailureOnly } else { result };
                }
                _ => {}
            }
        }
    }

    /// Enters a region within the present one; what it hands back is to be set again at the end.
    pub(super) fn enter(&mut self, kind: RegionKind, range: TextRange) -> RegionId {
        let outer = self.region;
        self.region = self.add_region(kind, Some(outer), self.function, range);
        outer
    }

    pub(super) fn add_region(&mut self, kind: RegionKind, parent: Option<RegionId>, function: FunctionId, range: TextRange) -> RegionId {
        let id = RegionId(self.facts.regions.len() as u32);
        self.facts.regions.push(Region { kind, parent, function, conditions: Vec::new(), range });
        id
    }

    /// The path of `name` within the inline modules around.
    pub(super) fn within(&self, name: &str) -> Symbol {
        if self.module.is_empty() { Symbol::new(name) } else { smol_str::format_smolstr!("{}::{name}", self.module) }
    }
}

/// A node as its parent sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child<'t> {
    pub(super) node: Node<'t>,
    pub(super) kind: Kind,
    pub(super) field: Field,
    pub(super) named: bool,
}

/// The children of an opened node, as positions in [`Lower::nodes`].
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The walk over one tree.
pub(super) struct Lower<'t, 'b, 'a> {
    pub(super) out: &'b mut Builder<'a>,
    pub(super) nodes: Vec<Child<'t>>,
    cursor: TreeCursor<'t>,
}

impl<'t, 'b, 'a> Lower<'t, 'b, 'a> {
    pub(super) fn new(tree: &'t Tree, out: &'b mut Builder<'a>) -> Self {
        Self { out, nodes: Vec::new(), cursor: tree.walk() }
    }

    /// A whole file.
    pub(super) fn file(&mut self, root: Node<'t>) {
        let list = self.open(root);
        self.inner_attributes(list);
        if !self.is_test_file(list) {
            self.statements(list, false);
        }
        self.close(list);
    }

    /// Lists the children of a node; comments are left out.
    pub(super) fn open(&mut self, node: Node<'t>) -> List {
        let start = self.nodes.len();
        // A step beyond the last child costs more than all others.
        let mut left = node.child_count();
        if left == 0 {
            return List { start, end: start };
        }
        self.cursor.reset(node);
        let mut more = self.cursor.goto_first_child();
        while more {
            let node = self.cursor.node();
            let (kind, named) = GRAMMAR.kind(node.kind_id());
            if !matches!(kind, Kind::LineComment | Kind::BlockComment) {
                let field = if named { self.cursor.field_id() } else { None };
                let field = field.map_or(Field::Other, |id| GRAMMAR.field(id.get()));
                self.nodes.push(Child { node, kind, field, named });
            }
            left -= 1;
            more = left > 0 && self.cursor.goto_next_sibling();
        }
        List { start, end: self.nodes.len() }
    }

    /// The same for a call, which nearly always has two children: asking for these is cheaper than walking over them.
    pub(super) fn open_call(&mut self, node: Node<'t>) -> List {
        let (2, Some(function), Some(arguments)) = (node.child_count(), node.child(0), node.child(1)) else { return self.open(node) };
        let start = self.nodes.len();
        for (node, field) in [(function, Field::Function), (arguments, Field::Arguments)] {
            let (kind, named) = GRAMMAR.kind(node.kind_id());
            self.nodes.push(Child { node, kind, field, named });
        }
        List { start, end: self.nodes.len() }
    }

    /// The first named child, without opening the node.
    pub(super) fn only_child(&self, node: Child<'t>) -> Option<Child<'t>> {
        let node = node.node.named_child(0)?;
        let (kind, named) = GRAMMAR.kind(node.kind_id());
        let plain = !matches!(kind, Kind::LineComment | Kind::BlockComment | Kind::AttributeItem | Kind::Label);
        plain.then_some(Child { node, kind, field: Field::Other, named })
    }

    /// Forgets the children of a node, and those opened since.
    pub(super) fn close(&mut self, list: List) {
        self.nodes.truncate(list.start);
    }

    /// The child that fills a field.
    pub(super) fn find(&self, list: List, field: Field) -> Option<Child<'t>> {
        self.nodes[list.start..list.end].iter().find(|child| child.field == field).copied()
    }

    /// The first child of a kind.
    pub(super) fn find_kind(&self, list: List, kind: Kind) -> Option<Child<'t>> {
        self.nodes[list.start..list.end].iter().find(|child| child.kind == kind).copied()
    }

    /// The first named child that is no attribute, label or `mut`.
    pub(super) fn first(&self, list: List) -> Option<Child<'t>> {
        let passed = |kind| matches!(kind, Kind::AttributeItem | Kind::MutableSpecifier | Kind::Label);
        self.nodes[list.start..list.end].iter().find(|child| child.named && !passed(child.kind)).copied()
    }

    /// Opens a node only to find one field of it.
    pub(super) fn field(&mut self, node: Child<'t>, field: Field) -> Option<Child<'t>> {
        let list = self.open(node.node);
        let found = self.find(list, field);
        self.close(list);
        found
    }

    /// Where a node stands. A piece may have been parsed with a closing mark that the text does not have.
    pub(super) fn range(&self, child: Child<'t>) -> TextRange {
        let range = child.node.byte_range();
        let end = range.end.min(self.out.text.len());
        TextRange::new(range.start.min(end), end)
    }

    /// The text of a node.
    pub(super) fn text(&self, child: Child<'t>) -> &'a str {
        self.out.slice(self.range(child))
    }

    /// The name that a node is.
    pub(super) fn symbol(&self, child: Child<'t>) -> Symbol {
        self.out.symbol(self.range(child))
    }
}
