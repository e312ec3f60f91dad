//! The walk itself: where it is (function, region, depth), how it looks at the children of a node, and how facts get into their arenas.
//!
//! What any kind of node means is in the neighbouring files. Invariant: every recursion passes through [`Lowering::deeper`] or is bounded by
//! it, and every slice of the text goes through [`Lowering::slice`], so no tree can bring the walk down.

use std::ops::Range;

use tree_sitter::{Node, Tree, TreeCursor};

use super::modules;
use super::syntax::{Field, Grammar, Kind, have_fields, roles};
use crate::facts::{
    Binding, Expr, ExprId, Expression, FunctionId, Language, Problem, Region, RegionId, RegionKind, ResultUse, SourceFacts, Symbol,
    TextRange, TypeRef,
};

/// Nesting beyond this depth is read as unknown.
pub(super) const MAX_DEPTH: u32 = 300;

/// At most this many syntax errors are told of one file.
const MAX_PROBLEMS: usize = 3;

/// A node as its parent sees it.
#[derive(Clone, Copy)]
pub(super) struct Child<'t> {
    pub(super) node: Node<'t>,
    pub(super) kind: Kind,
    pub(super) field: Field,
}

/// What happens to the value of an expression.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) result: ResultUse,
    pub(super) awaited: bool,
}

impl Context {
    pub(super) const USED: Context = Context { result: ResultUse::Used, awaited: false };
    pub(super) const IGNORED: Context = Context { result: ResultUse::Ignored, awaited: false };
    pub(super) const RETURNED: Context = Context { result: ResultUse::Returned, awaited: false };

    /// Of what is waited for: its failure, at least, is of interest.
    pub(super) fn awaited(self) -> Self {
        Self { result: if self.result == ResultUse::Ignored { ResultUse::FailureOnly } else { self.result }, awaited: true }
    }
}

/// The state of one walk.
pub(super) struct Lowering<'t> {
    pub(super) text: &'t str,
    grammar: &'static Grammar,
    cursor: TreeCursor<'t>,
    /// Children of the nodes that the walk is inside of, each node's own in a row.
    pub(super) stack: Vec<Child<'t>>,
    /// Links of the call chains that the walk is inside of.
    pub(super) links: Vec<super::chains::Link<'t>>,
    pub(super) facts: SourceFacts,
    pub(super) function: FunctionId,
    pub(super) region: RegionId,
    depth: u32,
    /// How many `namespace` bodies are around.
    pub(super) namespaces: u32,
    /// The latest `require("…")`, as it is an import where a declaration binds it.
    pub(super) latest_require: Option<ExprId>,
}

/// Lowers a whole file.
pub(super) fn lower(tree: &Tree, text: &str, language: Language, grammar: &'static Grammar) -> SourceFacts {
    let root = tree.root_node();
    let mut facts = SourceFacts::empty(language);
    facts.exprs.reserve(text.len() / 40);
    let whole = TextRange::new(0, text.len());
    facts.regions[0].range = whole;
    facts.functions[0].range = whole;
    let mut lowering = Lowering {
        text,
        grammar,
        cursor: root.walk(),
        stack: Vec::with_capacity(256),
        links: Vec::new(),
        facts,
        function: FunctionId::MODULE,
        region: RegionId(0),
        depth: 0,
        namespaces: 0,
        latest_require: None,
    };
    lowering.program(Child { node: root, kind: Kind::Other, field: Field::None });
    if root.has_error() {
        lowering.syntax_errors(root);
    }
    let mut facts = lowering.facts;
    modules::leave_out_types(&mut facts, root, text);
    // Facts are kept for long.
    facts.exprs.shrink_to_fit();
    facts.calls.shrink_to_fit();
    facts
}

impl<'t> Lowering<'t> {
    /// Puts the children of a node, without comments and plain punctuation, on the stack, and tells where. [`Self::release`] takes them off.
    pub(super) fn children(&mut self, parent: Child<'t>) -> Range<usize> {
        let start = self.stack.len();
        if let Some(roles) = roles(parent.kind) {
            for field in roles {
                let Some(node) = parent.node.child_by_field_id(self.grammar.id(*field)) else { continue };
                if let Some(kind) = self.grammar.kind(node.kind_id()) {
                    self.stack.push(Child { node, kind, field: *field });
                }
            }
            return start..self.stack.len();
        }
        let fields = have_fields(parent.kind);
        // A step beyond the last child costs more than the others.
        let mut left = parent.node.child_count();
        self.cursor.reset(parent.node);
        let mut more = left > 0 && self.cursor.goto_first_child();
        while more {
            let node = self.cursor.node();
            match self.grammar.kind(node.kind_id()) {
                None | Some(Kind::Comment) => {}
                // A comma tells which element of an array pattern is left out, and nothing anywhere else.
                Some(Kind::Comma) if parent.kind != Kind::ArrayPattern => {}
                Some(kind) => {
                    let field = if fields { self.grammar.field(self.cursor.field_id()) } else { Field::None };
                    self.stack.push(Child { node, kind, field });
                }
            }
            left -= 1;
            more = left > 0 && self.cursor.goto_next_sibling();
        }
        start..self.stack.len()
    }

    /// Takes children off the stack.
    pub(super) fn release(&mut self, children: Range<usize>) {
        self.stack.truncate(children.start);
    }

    /// The first of the children in that role.
    pub(super) fn field(&self, children: &Range<usize>, field: Field) -> Option<Child<'t>> {
        self.stack[children.clone()].iter().find(|child| child.field == field).copied()
    }

    /// The first of the children of that kind.
    pub(super) fn of_kind(&self, children: &Range<usize>, kind: Kind) -> Option<Child<'t>> {
        self.stack[children.clone()].iter().find(|child| child.kind == kind).copied()
    }

    /// The first named child.
    pub(super) fn first_named(&self, children: &Range<usize>) -> Option<Child<'t>> {
        self.stack[children.clone()].iter().find(|child| child.node.is_named()).copied()
    }

    /// Does something for each child.
    pub(super) fn each(&mut self, parent: Child<'t>, mut each: impl FnMut(&mut Self, Child<'t>)) {
        let children = self.children(parent);
        for at in children.clone() {
            let child = self.stack[at];
            each(self, child);
        }
        self.release(children);
    }

    /// Whether the walk may go a level deeper; if so, [`Self::shallower`] must follow.
    pub(super) fn deeper(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            return false;
        }
        self.depth += 1;
        true
    }

    pub(super) fn shallower(&mut self) {
        self.depth -= 1;
    }

    /// Text of a range; empty where there is none.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn text_of(&self, child: Child<'t>) -> &'t str {
        self.slice(child.node.start_byte(), child.node.end_byte())
    }

    pub(super) fn symbol(&self, child: Child<'t>) -> Symbol {
        Symbol::new(self.text_of(child))
    }

    /// Adds an expression.
    pub(super) fn add(&mut self, kind: Expr, range: TextRange) -> ExprId {
        let id = ExprId(self.facts.exprs.len() as u32);
        self.facts.exprs.push(Expression { kind, range, function: self.function });
        id
    }

    /// Adds an expression that stands where the node stands.
    pub(super) fn add_at(&mut self, kind: Expr, child: Child<'t>) -> ExprId {
        self.add(kind, range(child))
    }

    /// Takes back an expression that nothing refers to, if it is the latest.
    pub(super) fn take_back(&mut self, id: ExprId) {
        if id.index() + 1 == self.facts.exprs.len() {
            self.facts.exprs.pop();
            self.facts.questions.pop_if(|question| question.answer == id);
        }
    }

    /// Adds a binding of the function that the walk is in.
    pub(super) fn bind(&mut self, name: Symbol, value: Option<ExprId>, ty: Option<TypeRef>, constant: bool, range: TextRange) {
        if !name.is_empty() {
            let function = self.function;
            self.facts.bindings.push(Binding { name, function, module: Symbol::default(), value, ty, constant, range });
        }
    }

    /// Does something within a new region.
    pub(super) fn within<R>(&mut self, kind: RegionKind, place: Child<'t>, body: impl FnOnce(&mut Self) -> R) -> R {
        self.within_conditions(kind, Vec::new(), place, body)
    }

    /// Does something within a new region that runs only if conditions hold.
    pub(super) fn within_conditions<R>(
        &mut self,
        kind: RegionKind,
        conditions: Vec<ExprId>,
        place: Child<'t>,
        body: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let outer = self.region;
        self.region = RegionId(self.facts.regions.len() as u32);
        self.facts.regions.push(Region { kind, parent: Some(outer), function: self.function, conditions, range: range(place) });
        let result = body(self);
        self.region = outer;
        result
    }

    fn syntax_errors(&mut self, root: Node<'t>) {
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            // The grammar does not know the type arguments of a tagged template, and puts a `!` behind them: nothing is missing.
            if node.is_missing() && node.kind() == "!" {
                continue;
            }
            if node.is_error() || node.is_missing() {
                let message = if node.is_missing() { format!("syntax error: {} expected", node.kind()) } else { "syntax error".to_owned() };
                self.facts.problems.push(Problem { message, range: TextRange::new(node.start_byte(), node.end_byte()) });
                if self.facts.problems.len() == MAX_PROBLEMS {
                    break;
                }
                continue;
            }
            self.cursor.reset(node);
            let first = open.len();
            if self.cursor.goto_first_child() {
                loop {
                    let child = self.cursor.node();
                    if child.has_error() || child.is_missing() {
                        open.push(child);
                    }
                    if !self.cursor.goto_next_sibling() {
                        break;
                    }
                }
            }
            open[first..].reverse();
        }
    }
}

/// Where a node stands.
pub(super) fn range(child: Child<'_>) -> TextRange {
    TextRange::new(child.node.start_byte(), child.node.end_byte())
}

/// The comments in front of the first statement; directives may stand between.
pub(super) fn leading_comments<'t>(tree: &Tree, text: &'t str, grammar: &Grammar) -> impl Iterator<Item = &'t str> {
    let mut cursor = tree.root_node().walk();
    let mut comments = Vec::new();
    let mut more = cursor.goto_first_child();
    while more {
        let node = cursor.node();
        match grammar.kind(node.kind_id()) {
            Some(Kind::Comment) => comments.push(text.get(node.start_byte()..node.end_byte()).unwrap_or_default()),
            Some(Kind::ExpressionStatement) if matches!(text.as_bytes().get(node.start_byte()), Some(b'"' | b'\'')) => {}
            _ => break,
        }
        more = cursor.goto_next_sibling();
    }
    comments.into_iter()
}
