//! The code that becomes a transaction: from the statement that writes to the one that sends.
//!
//! Invariant: nothing else is waited for in between, and nothing leaves it but a failure, which takes all of it back.

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::{Call, CallId, TextRange};
use portolan_grammars::languages::Statement;

use super::super::super::arguments::{Argument, called};
use super::super::super::imports::without_unused;
use super::super::super::sqlx::{self, Query};
use super::super::super::{Context, Edit, Refusal, Source};
use super::super::NAME;
use super::sender::Sender;
use crate::chart::flow::Spot;
use crate::resolve::value::CallRef;
use crate::rules::Finding;
use crate::{FunctionRef, Place};

/// What a transaction is called that is begun here.
const TRANSACTION: &str = "tx";

/// A write and a message behind it.
pub(super) struct Scene<'s, 'a> {
    source: &'s Source<'a>,
    /// What sends.
    pub(super) sends: &'a Call,
    /// The statement in which it does.
    sending: TextRange,
    transaction: Transaction,
}

/// What the row is written by.
enum Transaction {
    /// One that has this name, and the statement that commits it.
    Open { name: String, commit: TextRange },
    /// None yet: the pool, where it is to begin, and what is written with the pool from there on.
    New { pool: String, start: u32, queries: Vec<TextRange> },
}

impl<'s, 'a> Scene<'s, 'a>
where
    's: 'a,
{
    /// Refuses where it would be something else in a transaction.
    pub(super) fn set(context: &Context<'a>, source: &'s Source<'a>, finding: &Finding, edit: &mut Edit) -> Result<Self, Refusal> {
        let facts = source.facts;
        let unclear = |what: &str| Refusal::new(format!("how {what} is not plain to see"));
        let call = |place| Spot::at(&context.snapshot.files, place).and_then(|spot| spot.call());
        let (written, _) = finding.related.first().ok_or_else(|| unclear("the row is written"))?;
        let write = CallRef { file: written.file, call: call(*written).ok_or_else(|| unclear("the row is written"))? };
        let sends = facts.call(call(finding.place).ok_or_else(|| unclear("the message is sent"))?);
        let function = FunctionRef { file: source.file, function: sends.function };
        let query = sqlx::query(context, source, function, write, edit)?;
        let block = source.tree().map(|tree| tree.block(sends.range.start)).unwrap_or_default();
        let holding = |range: TextRange| block.iter().find(|statement| statement.range.contains(range));
        let (Some(first), Some(last)) = (holding(query.call), holding(sends.range)) else {
            return Err(Refusal::new("the row is written in another block"));
        };
        let is_alone = last.range.start == sends.range.start && without_space(source, sends.range.end, last.range.end) == ".await?;";
        if first.range == last.range || !is_alone {
            return Err(unclear("the message is sent"));
        }
        let transaction = match open(source, &query) {
            Some(name) => Transaction::Open { commit: commit(source, &block, name, sends)?, name: name.to_owned() },
            None => {
                let start = begins(context, source, function, *written, &query, &block)?;
                let within = TextRange { start, end: last.range.end };
                let queries = queries(source, &query, within, sends)?;
                if Source::has_word(source.slice(facts.function(sends.function).range), TRANSACTION) {
                    return Err(Refusal::new(format!("the name {TRANSACTION} means something else where the row is written")));
                }
                let pool = sqlx::pool(context, source, sends.function, &query)?.to_owned();
                Transaction::New { pool, start: within.start, queries }
            }
        };
        Ok(Self { source, sends, sending: last.range, transaction })
    }

    /// Refuses where a name of the function stood for what sends, and for nothing else.
    pub(super) fn leaves_no_name(&self, sender: &Sender) -> Result<(), Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let function = facts.function(self.sends.function);
        let Some(given) = self.sends.args.get(sender.client_at.0).map(|given| source.slice(facts.expr_range(given.value))) else {
            return Ok(());
        };
        let name = given.split('.').next().unwrap_or_default();
        let names = source.tree().map(|tree| tree.names_in(function.range)).unwrap_or_default();
        let own = names.into_iter().filter(|range| source.slice(*range) == name && !self.sending.contains(*range));
        let declares = |range: &TextRange| {
            function.params.iter().any(|param| param.range == *range) || facts.bindings.iter().any(|binding| binding.range == *range)
        };
        let (declared, used): (Vec<_>, Vec<_>) = own.partition(declares);
        if !declared.is_empty() && used.is_empty() {
            return Err(Refusal::new(format!("`{name}` would be left over, which is there to send alone")));
        }
        Ok(())
    }

    /// Keeps the message in the transaction.
    pub(super) fn rewrite(&self, sender: &Sender, edit: &mut Edit) {
        let (source, newline) = (self.source, self.source.newline());
        let indent = source.indent_at(self.sending.start);
        let name = match &self.transaction {
            Transaction::Open { name, commit } => {
                let start = source.line_start(commit.start) as u32;
                let rest = source.text.get(commit.end as usize..).unwrap_or_default();
                let end = commit.end + (rest.len() - rest.trim_start_matches([' ', '\r']).len()) as u32 + 1;
                edit.replace(source.file, TextRange { start, end }, "");
                name
            }
            Transaction::New { pool, start, queries } => {
                edit.insert(source.file, *start, format!("let mut {TRANSACTION} = {pool}.begin().await?;{newline}{indent}"));
                for query in queries {
                    edit.replace(source.file, *query, format!("&mut *{TRANSACTION}"));
                }
                TRANSACTION
            }
        };
        let given = sender.kept.iter().map(|kept| sender.given(source, self.sends, kept.at));
        let arguments: Vec<Argument> = std::iter::once(format!("&mut {name}")).chain(given).map(Argument::of).collect();
        let enqueue = called(source, indent, &format!("crate::{NAME}::enqueue"), &arguments, ".await?;");
        without_unused(source, source.facts.expr_range(self.sends.callee), "", edit);
        edit.replace(source.file, self.sending, format!("{enqueue}{newline}{indent}{name}.commit().await?;"));
    }
}

/// A part of the text without white space.
fn without_space(source: &Source<'_>, start: u32, end: u32) -> String {
    source.slice(TextRange { start, end }).split_whitespace().collect()
}

/// The transaction that a query is made with: `tx` of `&mut *tx`.
fn open<'s>(source: &'s Source<'_>, query: &Query) -> Option<&'s str> {
    let range = query.executor;
    let before = source.text.get(..range.start as usize)?.trim_end_matches(['*', ' ']);
    let before = before.strip_suffix("mut").map_or(before, str::trim_end);
    let text = source.slice(range).trim_start_matches(['&', '*']);
    let text = text.strip_prefix("mut ").unwrap_or(text).trim_start_matches('*');
    let is_lent = before.ends_with('&') || source.slice(range).starts_with("&mut");
    let begun = |name: &str| {
        let mut bound = source.facts.bindings.iter().filter(|binding| binding.name == name);
        bound.any(|binding| binding.value.is_some_and(|value| source.slice(source.facts.expr_range(value)).contains(".begin()")))
    };
    (is_lent && begun(text)).then_some(text)
}

/// The statement that commits a transaction, behind which nothing but the message is waited for.
fn commit(source: &Source<'_>, block: &[Statement], name: &str, sends: &Call) -> Result<TextRange, Refusal> {
    let line = format!("{name}.commit().await?;");
    let mut commits = block.iter().map(|statement| statement.range).filter(|it| without_space(source, it.start, it.end) == line);
    let commit = commits.next().filter(|it| commits.next().is_none() && it.end <= sends.range.start);
    let commit = commit.ok_or_else(|| Refusal::new("where its transaction ends is not plain to see"))?;
    is_of_one_piece(source, TextRange { start: commit.end, end: sends.range.start }, &[])?;
    let alone = source.line_of(commit.start).trim() == source.slice(commit);
    if alone { Ok(commit) } else { Err(Refusal::new("where its transaction ends is not plain to see")) }
}

/// Where a transaction begins: at the first write of the block with the same pool. Refuses where a row would be written outside of it.
fn begins(
    context: &Context<'_>,
    source: &Source<'_>,
    function: FunctionRef,
    written: Place,
    query: &Query,
    block: &[Statement],
) -> Result<u32, Refusal> {
    let snapshot = context.snapshot;
    let (chart, index) = (&snapshot.chart, &snapshot.index);
    let behind = index.edges_of(function).iter().flat_map(|edge| index.accesses_in(edge.callee).iter().map(|access| (*access, edge.place)));
    let own = index.accesses_in(function).iter().map(|access| (*access, access.of(chart).place));
    let writes: Vec<_> = own.chain(behind).filter(|(access, _)| access.of(chart).operation == Operation::Write).collect();
    let store = writes.iter().find(|(access, _)| access.of(chart).place == written).map(|(access, _)| access.collection.store);
    let writes = writes.iter().filter(|(access, _)| store.is_none_or(|store| store == access.collection.store));
    let holding = |range: TextRange| block.iter().map(|statement| statement.range).find(|statement| statement.contains(range));
    let statement = |place: Place| {
        let call = Spot::at(&snapshot.files, place)?.call()?;
        holding(sqlx::executed(source, call).filter(|other| sqlx::named(source, other) == sqlx::named(source, query))?.call)
    };
    let starts = writes.clone().filter_map(|(_, place)| Some(statement(*place)?.start));
    let unclear = || Refusal::new("how the row is written is not plain to see");
    let start = starts.chain(holding(query.call).map(|first| first.start)).min().ok_or_else(unclear)?;
    match writes.clone().find(|(_, place)| place.range.end <= start) {
        Some((access, _)) => {
            let (_, table) = access.collection.of(chart);
            Err(Refusal::new(format!("`{}` is written before, outside of the transaction", table.name)))
        }
        None => Ok(start),
    }
}

/// What queries between the first and the message are made with, all of them the same pool.
fn queries(source: &Source<'_>, first: &Query, within: TextRange, sends: &Call) -> Result<Vec<TextRange>, Refusal> {
    let facts = source.facts;
    let pool = sqlx::named(source, first);
    let inner = facts.calls.iter().filter(|call| within.contains(call.range) && call.function == sends.function);
    let mut all: Vec<Query> = Vec::new();
    for call in inner {
        let at = facts.calls.iter().position(|other| other.range == call.range && other.callee == call.callee);
        let query = at.and_then(|at| sqlx::executed(source, CallId(at as u32)));
        let is_of_pool = |query: &Query| sqlx::named(source, query) == pool;
        if let Some(query) = query.filter(|query| query.call == call.range && is_of_pool(query)) {
            all.push(query);
        }
    }
    if !all.iter().any(|query| query.call == first.call) {
        all.push(Query { call: first.call, executor: first.executor });
    }
    for query in &all {
        let behind = source.text.get(query.call.end as usize..).unwrap_or_default().trim_start();
        if !behind.starts_with(".await?") {
            return Err(Refusal::new("what becomes of a failed write is not plain to see"));
        }
    }
    let calls: Vec<TextRange> = all.iter().map(|query| query.call).chain([sends.range]).collect();
    is_of_one_piece(source, within, &calls)?;
    Ok(all.into_iter().map(|query| query.executor).collect())
}

/// Refuses a range in which something else than these calls is waited for, or that is left in the middle.
fn is_of_one_piece(source: &Source<'_>, range: TextRange, own: &[TextRange]) -> Result<(), Refusal> {
    let text = source.slice(range);
    if let Some(word) = ["return", "break", "continue"].iter().find(|word| Source::has_word(text, word)) {
        return Err(Refusal::new(format!("`{word}` stands in between")));
    }
    let mut others = source.facts.calls.iter().filter(|call| range.contains(call.range) && call.awaited && !own.contains(&call.range));
    match others.next() {
        Some(other) => Err(Refusal::new(format!("`{}` is waited for in between", source.slice(other.name_range)))),
        None => Ok(()),
    }
}
