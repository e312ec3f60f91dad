//! The same in Rust: statements that write with a pool of sqlx become part of a transaction that begins with the mark.
//!
//! A function that is handed the pool takes any executor from then on. Invariant: whoever else calls it calls it as before.

use portolan_grammars::facts::{Binding, Call, FunctionId, TextRange};

use super::super::chain::CHAIN;
use super::super::sqlx::{self, Query};
use super::super::stretch::indent as lines_in;
use super::super::{Context, Edit, Refusal, Source, modules, received};
use super::{NAME, identity, module, writes};
use crate::FunctionRef;
use crate::chart::{Channel, ChannelEnd};
use crate::rules::Finding;

/// What the message's identity, and the transaction, are called.
const MESSAGE: &str = "message_id";
const TRANSACTION: &str = "tx";

/// Lets the handler mark each message in the transaction of its work.
pub(super) fn edit(
    context: &Context<'_>,
    source: &Source<'_>,
    (handler, consumer): (FunctionRef, &str),
    (channel, end): (&Channel, &ChannelEnd),
    finding: &Finding,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let facts = source.facts;
    let mut work = Vec::new();
    for write in writes(context, finding)? {
        let found = sqlx::query(context, source, handler, write, edit)?;
        work.push(found);
    }
    let range = stretch(source, handler.function, &work)?;
    let pool = pool(context, source, handler.function, &work)?;
    let text = source.slice(facts.function(handler.function).range);
    if let Some(name) = [MESSAGE, TRANSACTION].iter().find(|name| Source::has_word(text, name)) {
        return Err(Refusal::new(format!("the name {name} means something else in the handler")));
    }
    let (lines, message) = told(context, source, (handler, channel), range, edit)?;
    let root = modules::root(context, source)?;
    let table = |edit: &mut Edit| module::migration(context, source, edit);
    if module::make(context, (modules::path(&root, NAME), module::RUST.to_owned()), end.service, edit, table)? {
        modules::declare(&root, NAME, edit)?;
    }
    let (newline, indent, unit) = (source.newline(), source.indent_at(range.start), source.indent_unit());
    let begins = format!(
        "{lines}{newline}{indent}let mut {TRANSACTION} = {pool}.begin().await?;{newline}{indent}if crate::{NAME}::first_time(&mut {TRANSACTION}, \"{consumer}\", {message}).await? {{{newline}{indent}{unit}"
    );
    edit.insert(source.file, range.start, begins);
    lines_in(source, range, &unit, edit);
    for it in &work {
        edit.replace(source.file, it.executor, format!("&mut *{TRANSACTION}"));
    }
    edit.insert(source.file, range.end, format!("{newline}{indent}}}{newline}{indent}{TRANSACTION}.commit().await?;"));
    Ok(())
}

/// The pool that all of it is written with.
fn pool<'s>(context: &Context<'_>, source: &'s Source<'_>, handler: FunctionId, work: &[Query]) -> Result<&'s str, Refusal> {
    let (first, others) = work.split_first().ok_or_else(|| Refusal::new("how the row is written is not plain to see"))?;
    if others.iter().any(|other| sqlx::named(source, other) != sqlx::named(source, first)) {
        return Err(Refusal::new("rows are written with several pools"));
    }
    sqlx::pool(context, source, handler, first)
}

/// The statements from the first that writes to the last: one block's, and nothing else waited for among them.
fn stretch(source: &Source<'_>, handler: FunctionId, work: &[Query]) -> Result<TextRange, Refusal> {
    let several = || Refusal::new("the rows are written in several branches");
    let facts = source.facts;
    let first = work.iter().map(|it| it.call).min_by_key(|call| call.start).ok_or_else(several)?;
    let block = source.tree().map(|tree| tree.block(first.start)).unwrap_or_default();
    let holding = |range: TextRange| block.iter().position(|statement| statement.range.contains(range));
    let positions: Vec<usize> = work.iter().map(|it| holding(it.call).ok_or_else(several)).collect::<Result<_, _>>()?;
    let (Some(from), Some(to)) = (positions.iter().min(), positions.iter().max()) else { return Err(several()) };
    let range = TextRange { start: block[*from].range.start, end: block[*to].range.end };
    let text = source.slice(range);
    if let Some(word) = ["return", "break", "continue"].iter().find(|word| Source::has_word(text, word)) {
        return Err(Refusal::new(format!("`{word}` stands in between")));
    }
    let inner = || facts.calls.iter().filter(|call| range.contains(call.range));
    let is_other = |call: &&Call| call.awaited && !work.iter().any(|it| it.call == call.range);
    if let Some(other) = inner().find(is_other) {
        return Err(Refusal::new(format!("`{}` is waited for in between", source.slice(other.name_range))));
    }
    for it in work {
        let behind = source.text.get(it.call.end as usize..).unwrap_or_default().trim_start();
        if !behind.starts_with(".await?") {
            return Err(Refusal::new("what becomes of a failed write is not plain to see"));
        }
    }
    let end = facts.function(handler).range.end;
    let rest = source.slice(TextRange { start: range.end, end });
    let own = |binding: &&Binding| range.contains(binding.range);
    if let Some(binding) = facts.bindings.iter().filter(own).find(|binding| Source::has_word(rest, &binding.name)) {
        return Err(Refusal::new(format!("`{}` is used behind it, which a second delivery would not have", binding.name)));
    }
    Ok(range)
}

/// What makes the message's identity, and how it is handed on.
fn told(
    context: &Context<'_>,
    source: &Source<'_>,
    (handler, channel): (FunctionRef, &Channel),
    range: TextRange,
    edit: &mut Edit,
) -> Result<(String, &'static str), Refusal> {
    let snapshot = context.snapshot;
    let unknown = || Refusal::new(format!("what tells messages of `{}` apart is not known", channel.name));
    let messages = snapshot.links.iter().flatten().flat_map(|link| &link.messages);
    let mut leaves = messages.filter(|it| it.consumes && it.function == handler).flat_map(|message| &message.leaves);
    let (identity, leaf) = leaves.find_map(|leaf| Some((leaf.identity.as_ref()?, leaf))).ok_or_else(unknown)?;
    if identity.sent {
        identity::sent_by_all(context, channel, edit)?;
    }
    sqlx::takes_transactions(context, source)?;
    let message = received::message(source, handler.function, range, leaf).ok_or_else(unknown)?;
    let (newline, indent) = (source.newline(), source.indent_at(range.start));
    let inner = format!("{newline}{indent}{}", source.indent_unit());
    let parts: Vec<String> = identity.keys.iter().map(|key| format!("{}.{key}", message.name)).collect();
    Ok(match parts.as_slice() {
        [one] => {
            let line = format!("{one}.as_ref().map(|id| id.as_str())");
            let links = one.split('.').skip(1).chain(["as_ref()", "map(|id| id.as_str())"]);
            let broken: String = links.map(|link| format!("{inner}.{link}")).collect();
            let chain = if line.len() <= CHAIN { line } else { format!("{}{broken}", message.name) };
            (format!("let {MESSAGE} = {chain};"), MESSAGE)
        }
        several => {
            let pattern = vec!["{}"; several.len()].join("/");
            (
                format!("let {MESSAGE} = format!({inner}\"{pattern}\",{inner}{}{newline}{indent});", several.join(&format!(",{inner}"))),
                "Some(&message_id)",
            )
        }
    })
}
