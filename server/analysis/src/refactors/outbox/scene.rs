//! The code that becomes a transaction: from the statement that writes to the one that sends.
//!
//! Invariant: nothing else is waited for in it, nothing in it leaves it, and what it gives names to is handed out.

use portolan_grammars::facts::{Binding, Call, CallId, CallKind, Expr, ExprId, FunctionId, Language, TextRange};

use super::super::ask_together::assigned_in;
use super::super::imports::statement_end;
use super::super::imports::without_unused;
use super::super::{Context, Edit, Refusal, Source};
use super::told;
use crate::FunctionRef;
use crate::chart::flow::Spot;
use crate::resolve::value::CallRef;
use crate::rules::Finding;

/// A write and a message behind it.
pub(super) struct Scene<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    /// What sends.
    pub(super) sends: &'a Call,
    /// What is written with: a pool of connections.
    pub(super) pool: &'a str,
    function: FunctionId,
    /// From the one statement to the other.
    range: TextRange,
}

impl<'s, 'a> Scene<'s, 'a>
where
    's: 'a,
{
    pub(super) fn set(context: &Context<'a>, source: &'s Source<'a>, finding: &Finding) -> Result<Self, Refusal> {
        let snapshot = context.snapshot;
        let facts = source.facts;
        if facts.language != Language::TypeScript {
            return Err(Refusal::new("an outbox is written for TypeScript alone"));
        }
        let unclear = |what: &str| Refusal::new(format!("how {what} is not plain to see"));
        let (written, _) = finding.related.first().ok_or_else(|| unclear("the row is written"))?;
        if written.file != source.file {
            return Err(Refusal::new("the row is written in another file"));
        }
        let call = |place| Spot::at(&snapshot.files, place).and_then(|spot| spot.call());
        let writes = call(*written).ok_or_else(|| unclear("the row is written"))?;
        let sends = call(finding.place).ok_or_else(|| unclear("the message is sent"))?;
        let pool = pool(context, source, writes)?;
        let (writes, sends) = (facts.call(writes), facts.call(sends));
        if writes.function != sends.function {
            return Err(Refusal::new("the row is written in another function"));
        }
        let tree = source.tree().ok_or_else(|| unclear("the row is written"))?;
        let statements = tree.statements_around(sends.range);
        let holding = |range: TextRange| statements.iter().find(|statement| statement.contains(range));
        let (Some(first), Some(last)) = (holding(writes.range), holding(sends.range)) else {
            return Err(Refusal::new("the row is written in another block"));
        };
        let is_alone = source.slice(*last).trim_end_matches(';') == format!("await {}", source.slice(sends.range));
        if first == last || !is_alone {
            return Err(unclear("the message is sent"));
        }
        let scene = Self { source, sends, pool, function: sends.function, range: TextRange { start: first.start, end: last.end } };
        scene.is_of_one_piece()?;
        told::check(context, &scene)?;
        Ok(scene)
    }

    /// Where it begins.
    pub(super) fn start(&self) -> u32 {
        self.range.start
    }

    /// Refuses what would be something else in a function of its own, or in a transaction.
    fn is_of_one_piece(&self) -> Result<(), Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let text = source.slice(self.range);
        if let Some(word) = ["return", "break", "continue", "yield", "arguments", "super"].iter().find(|word| Source::has_word(text, word))
        {
            return Err(Refusal::new(format!("`{word}` stands between the two")));
        }
        let inner = || facts.calls.iter().filter(|call| self.range.contains(call.range));
        let is_other = |call: &&Call| call.awaited && call.range != self.sends.range && self.queried(call).is_none();
        if let Some(other) = inner().find(is_other) {
            return Err(Refusal::new(format!("`{}` is waited for in between", source.slice(facts.expr_range(other.callee)))));
        }
        if inner().any(|call| self.queried(call).is_some() && !call.awaited) {
            return Err(Refusal::new("a query is not waited for"));
        }
        let own = |name: &str| facts.bindings.iter().any(|it| it.name == name && self.range.contains(it.range));
        let outer = assigned_in(facts, self.range).any(|base| !matches!(base, Expr::Name(name) if own(name)));
        if outer {
            return Err(Refusal::new("something is assigned in between"));
        }
        // What a test has said of a field does not hold within a function.
        let start = if self.function == FunctionId::MODULE { 0 } else { facts.function(self.function).range.start };
        let before = source.slice(TextRange { start, end: self.range.start });
        let tests: Vec<&str> = before.lines().map(str::trim).filter(|line| line.starts_with("if ") || line.starts_with("if(")).collect();
        let fields = facts.exprs.iter().filter(|it| matches!(it.kind, Expr::Member { .. }) && self.range.contains(it.range));
        let mut fields = fields.map(|it| source.slice(it.range));
        match fields.find(|field| tests.iter().any(|test| Source::has_word(test, field))) {
            Some(field) => Err(Refusal::new(format!("what `{field}` is was tested before"))),
            None => Ok(()),
        }
    }

    /// The pool in `pool.query`.
    fn queried(&self, call: &Call) -> Option<TextRange> {
        let Expr::Member { object, name } = self.source.facts.expr(call.callee) else { return None };
        let range = self.source.facts.expr_range(*object);
        (name == "query" && self.source.slice(range) == self.pool).then_some(range)
    }

    /// Makes a transaction of it, which writes the message, with functions that are called so.
    pub(super) fn rewrite(&self, transaction: &str, enqueue: &str, edit: &mut Edit) -> Result<(), Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let whole = if self.function == FunctionId::MODULE { &source.text } else { source.slice(facts.function(self.function).range) };
        let free = |names: [&'static str; 2]| names.into_iter().find(|name| !Source::has_word(whole, name));
        let client = free(["client", "connection"]).ok_or_else(|| Refusal::new("the function has names for clients already"))?;
        let (newline, unit, end) = (source.newline(), source.indent_unit(), statement_end(source));
        let indent = source.indent_at(self.range.start);
        let handed_out = self.handed_out()?;
        let (bound, given) = match handed_out.as_slice() {
            [] => (String::new(), None),
            [one] => (format!("const {one} = "), Some((*one).to_owned())),
            many => (format!("const {{ {0} }} = ", many.join(", ")), Some(format!("{{ {} }}", many.join(", ")))),
        };
        let pool = self.pool;
        edit.insert(
            source.file,
            self.range.start,
            format!("{bound}await {transaction}({pool}, async ({client}) => {{{newline}{indent}{unit}"),
        );
        self.indent(&unit, edit);
        for call in facts.calls.iter().filter(|call| self.range.contains(call.range)) {
            if let Some(pool) = self.queried(call) {
                edit.replace(source.file, pool, client);
            }
        }
        let callee = facts.expr_range(self.sends.callee);
        let comma = if self.sends.args.is_empty() { "" } else { ", " };
        edit.replace(source.file, TextRange { start: callee.start, end: callee.end + 1 }, format!("{enqueue}({client}{comma}"));
        let given = given.map(|given| format!("{newline}{indent}{unit}return {given}{end}")).unwrap_or_default();
        edit.insert(source.file, self.range.end, format!("{given}{newline}{indent}}}){end}"));
        without_unused(source, callee, enqueue, edit);
        Ok(())
    }

    /// Puts each further line one level in, unless it begins within a literal.
    fn indent(&self, unit: &str, edit: &mut Edit) {
        let source = self.source;
        let literals = source.tree().map(portolan_grammars::languages::Tree::multiline_literals).unwrap_or_default();
        let mut offset = self.range.start;
        for line in source.slice(self.range).split_inclusive('\n') {
            let within = literals.iter().any(|literal| literal.start < offset && offset < literal.end);
            if offset > self.range.start && !within && !line.trim().is_empty() {
                edit.insert(source.file, offset, unit);
            }
            offset += line.len() as u32;
        }
    }

    /// What it gives names to that are used behind it.
    fn handed_out(&self) -> Result<Vec<&'a str>, Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let end = if self.function == FunctionId::MODULE { source.text.len() as u32 } else { facts.function(self.function).range.end };
        let rest = source.slice(TextRange { start: self.range.end, end });
        let own = |binding: &&Binding| binding.function == self.function && self.range.contains(binding.range);
        let used: Vec<&Binding> = facts.bindings.iter().filter(own).filter(|binding| Source::has_word(rest, &binding.name)).collect();
        match used.iter().find(|binding| !binding.constant) {
            Some(changing) => Err(Refusal::new(format!("`{}` is no constant", changing.name))),
            None => Ok(used.into_iter().map(|binding| binding.name.as_str()).collect()),
        }
    }
}

/// What a row is written with, where it is a pool of pg that is not of the function.
fn pool<'a>(context: &Context<'a>, source: &Source<'a>, writes: CallId) -> Result<&'a str, Refusal> {
    let snapshot = context.snapshot;
    let facts = source.facts;
    let refused = || Refusal::new("what it is written with is no pool of pg");
    let link = snapshot.link(source.file).ok_or_else(refused)?;
    let access = link.accesses.iter().find(|access| access.site == CallRef { file: source.file, call: writes }).ok_or_else(refused)?;
    let made = access.connection.ok_or_else(refused)?;
    let home = snapshot.files.source(made.file).ok_or_else(refused)?;
    let made = home.call(made.call);
    let loads = |local: &str| home.imports.iter().any(|import| import.local == local && import.source == "pg");
    let is_pool = match home.expr(made.callee) {
        Expr::Name(name) => name == "Pool" && loads("Pool"),
        Expr::Member { object, name } => name == "Pool" && matches!(home.expr(*object), Expr::Name(of) if loads(of)),
        _ => false,
    };
    let Expr::Member { object, .. } = facts.expr(facts.call(writes).callee) else { return Err(refused()) };
    let Expr::Name(name) = facts.expr(*object) else { return Err(refused()) };
    let function = facts.call(writes).function;
    let is_given = facts.functions.iter().flat_map(|function| &function.params).any(|param| param.name == *name);
    let is_own = function != FunctionId::MODULE && facts.bindings.iter().any(|it| it.name == *name && it.function != FunctionId::MODULE);
    if is_pool && made.kind == CallKind::New && !is_own && !is_given { Ok(name) } else { Err(refused()) }
}

impl Scene<'_, '_> {
    /// The function of the workspace that sends, where it is one.
    pub(super) fn sender(&self, context: &Context<'_>) -> Option<FunctionRef> {
        let around = FunctionRef { file: self.source.file, function: self.function };
        let mut edges = context.snapshot.index.edges_of(around).iter().filter(|edge| edge.place.range == self.sends.name_range);
        edges.next().map(|edge| edge.callee).filter(|_| edges.next().is_none())
    }

    /// What is called, and the name that it begins with: `producer.send`, `producer`.
    pub(super) fn callee(&self) -> Option<(&str, &str)> {
        let facts = self.source.facts;
        let root = |id: ExprId| match facts.expr(id) {
            Expr::Name(name) => Some(name.as_str()),
            _ => None,
        };
        let root = match facts.expr(self.sends.callee) {
            Expr::Member { object, .. } => root(*object),
            _ => root(self.sends.callee),
        }?;
        Some((self.source.slice(facts.expr_range(self.sends.callee)), root))
    }
}
