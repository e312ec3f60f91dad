//! The same in Rust, for lapin: the arguments of the queue are made by a function of a module of their own.
//!
//! Invariant: a queue whose arguments are filled elsewhere is left alone.

use portolan_grammars::facts::TextRange;

use super::super::{Context, Edit, Refusal, Source, modules};
use super::SUFFIX;
use crate::resolve::link::QueueDecl;

/// The module.
const MODULE: &str = "dead_letters";
/// The library whose types the module names.
const TABLE: &str = "FieldTable::default()";

/// Lets a queue hand on what is refused, and declares the queue that it goes to before it, where that is wanted.
pub(super) fn declare(
    context: &Context<'_>,
    source: &Source<'_>,
    queue: &QueueDecl,
    with_dead: bool,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let facts = source.facts;
    let call = facts.call(queue.leaf.call);
    let unknown = || Refusal::new(format!("how the queue is declared in {} is not known", source.name()));
    let name = call.args.get(queue.named).map(|name| facts.expr_range(name.value)).ok_or_else(unknown)?;
    let table = call.args.last().map(|table| facts.expr_range(table.value)).ok_or_else(unknown)?;
    if !source.slice(table).ends_with(TABLE) {
        return Err(Refusal::new("its arguments are made elsewhere"));
    }
    let literal = queue.queue.literal().map(|name| format!("\"{name}\"")).ok_or_else(unknown)?;
    let at = source.slice(name).find(&literal).ok_or_else(|| Refusal::new("the queue's name is not written there"))?;
    let literal = TextRange::new(name.start as usize + at, name.start as usize + at + literal.len());
    let dead = format!("{}{SUFFIX}\"", source.slice(literal).trim_end_matches('"'));
    if with_dead {
        let statement = source.tree().and_then(|tree| tree.statement_around(call.range)).ok_or_else(unknown)?;
        let all = source.slice(statement);
        // What its declaration hands out is of no use for the other one.
        let bound =
            all.strip_prefix("let ").and_then(|rest| rest.split_once(" = ")).map_or(0, |(name, _)| "let ".len() + name.len() + " = ".len());
        let begins = statement.start + bound as u32;
        let receiver = source.slice(TextRange { start: begins, end: call.range.end }).trim_start();
        if facts.function_around(statement) != call.function || !source.slice(call.range).starts_with(receiver) || !all.ends_with(';') {
            return Err(Refusal::new("the queue is declared within something else"));
        }
        let before = source.slice(TextRange { start: begins, end: literal.start });
        let after = source.slice(TextRange { start: literal.end, end: statement.end });
        let gap = format!("{}{}", source.newline(), source.indent_at(statement.start));
        edit.insert(source.file, statement.start, format!("{before}{dead}{after}{gap}"));
    }
    let root = modules::root(context, source)?;
    modules::make(context, &root, MODULE, TEXT, edit)?;
    edit.replace(source.file, table, format!("crate::{MODULE}::to({dead})"));
    Ok(())
}

const TEXT: &str = r#"//! Queues that keep what consumers refuse.

use lapin::types::{AMQPValue, FieldTable};

/// The arguments of a queue that hands on what is refused to another one.
pub fn to(queue: &str) -> FieldTable {
    let mut arguments = FieldTable::default();
    // The default exchange delivers to the queue of the key's name.
    arguments.insert(
        "x-dead-letter-exchange".into(),
        AMQPValue::LongString("".into()),
    );
    arguments.insert(
        "x-dead-letter-routing-key".into(),
        AMQPValue::LongString(queue.into()),
    );
    arguments
}
"#;
