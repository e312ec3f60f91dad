//! The code that becomes a transaction: from the statement that writes to the one that sends.
//!
//! Invariant: the message is the last of it.

use portolan_grammars::facts::{Call, Expr, ExprId, Language, TextRange};

use super::super::imports::{statement_end, without_unused};
use super::super::stretch::{Stretch, pool};
use super::super::{Context, Edit, Refusal, Source};
use super::told;
use crate::FunctionRef;
use crate::chart::flow::Spot;
use crate::rules::Finding;

/// A write and a message behind it.
pub(super) struct Scene<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    /// What sends.
    pub(super) sends: &'a Call,
    /// From the one statement to the other.
    pub(super) stretch: Stretch<'s, 'a>,
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
        let (pool, _) = pool(context, source, writes)?;
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
        let range = TextRange { start: first.start, end: last.end };
        let stretch = Stretch { source, function: sends.function, pool, range };
        stretch.is_of_one_piece(|call| call.range == sends.range)?;
        let scene = Self { source, sends, stretch };
        told::check(context, &scene)?;
        Ok(scene)
    }

    /// Where it begins.
    pub(super) fn start(&self) -> u32 {
        self.stretch.range.start
    }

    /// Makes a transaction of it, which writes the message, with functions that are called so.
    pub(super) fn rewrite(&self, transaction: &str, enqueue: &str, edit: &mut Edit) -> Result<(), Refusal> {
        let (source, facts, stretch) = (self.source, self.source.facts, &self.stretch);
        let client = stretch.client()?;
        let (newline, unit, end) = (source.newline(), source.indent_unit(), statement_end(source));
        let indent = source.indent_at(self.start());
        let (bound, given) = match stretch.handed_out()?.as_slice() {
            [] => (String::new(), None),
            [one] => (format!("const {one} = "), Some((*one).to_owned())),
            many => (format!("const {{ {0} }} = ", many.join(", ")), Some(format!("{{ {} }}", many.join(", ")))),
        };
        let callee = facts.expr_range(self.sends.callee);
        let comma = if self.sends.args.is_empty() { "" } else { ", " };
        edit.replace(source.file, TextRange { start: callee.start, end: callee.end + 1 }, format!("{enqueue}({client}{comma}"));
        if let Some(given) = given {
            edit.insert(source.file, stretch.range.end, format!("{newline}{indent}{unit}return {given}{end}"));
        }
        stretch.wrap(&format!("{bound}await {transaction}({}, async ({client}) => {{", stretch.pool), client, "})", edit);
        without_unused(source, callee, enqueue, edit);
        Ok(())
    }
}

impl Scene<'_, '_> {
    /// The function of the workspace that sends, where it is one.
    pub(super) fn sender(&self, context: &Context<'_>) -> Option<FunctionRef> {
        let around = FunctionRef { file: self.source.file, function: self.sends.function };
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
