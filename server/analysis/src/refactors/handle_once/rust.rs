//! The same in Rust: statements that write with a pool of sqlx become part of a transaction that begins with the mark.
//!
//! A function that is handed the pool takes any executor from then on. Invariant: whoever else calls it calls it as before.

use portolan_grammars::facts::{Binding, Call, CallId, Expr, ExprId, FunctionId, Param, SourceFacts, TextRange};

use super::super::chain::CHAIN;
use super::super::imports::without_unused;
use super::super::packages::library;
use super::super::stretch::indent as lines_in;
use super::super::{Context, Edit, Refusal, Source};
use super::{NAME, identity, module, writes};
use crate::FunctionRef;
use crate::chart::{Channel, ChannelEnd};
use crate::resolve::value::CallRef;
use crate::rules::Finding;

/// What the message's identity, and the transaction, are called.
const MESSAGE: &str = "message_id";
const TRANSACTION: &str = "tx";
/// Methods of sqlx that are given what a query is made with.
const EXECUTES: [&str; 5] = ["execute", "fetch_one", "fetch_all", "fetch_optional", "fetch"];
/// How often a message may be bound to another name.
const MAX_NAMES: usize = 8;

/// A call of the handler that writes, or whose function does.
struct Work {
    call: TextRange,
    /// What it is given to write with.
    executor: TextRange,
}

/// Lets the handler mark each message in the transaction of its work.
pub(super) fn edit(
    context: &Context<'_>,
    source: &Source<'_>,
    (handler, consumer): (FunctionRef, &str),
    (channel, end): (&Channel, &ChannelEnd),
    finding: &Finding,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let unclear = || Refusal::new("how the row is written is not plain to see");
    let facts = source.facts;
    let mut work = Vec::new();
    for write in writes(context, finding)? {
        let found = if write.file == handler.file && facts.call(write.call).function == handler.function {
            let (call, executor) = executed(source, write.call).ok_or_else(unclear)?;
            Work { call, executor }
        } else {
            behind(context, source, handler, write, edit)?
        };
        work.push(found);
    }
    let range = stretch(source, handler.function, &work)?;
    let pool = pool(source, handler.function, &work)?;
    let text = source.slice(facts.function(handler.function).range);
    if let Some(name) = [MESSAGE, TRANSACTION].iter().find(|name| Source::has_word(text, name)) {
        return Err(Refusal::new(format!("the name {name} means something else in the handler")));
    }
    let (lines, message) = told(context, source, (handler, channel), range, edit)?;
    let root = root(context, source)?;
    let path = root.path.with_file_name(format!("{NAME}.rs"));
    let table = |edit: &mut Edit| module::migration(context, source, edit);
    if module::make(context, (path, module::RUST.to_owned()), end.service, edit, table)? {
        declare(&root, edit)?;
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

/// The call that a query is made by, and what it is given for that.
fn executed(source: &Source<'_>, write: CallId) -> Option<(TextRange, TextRange)> {
    let facts = source.facts;
    let start = facts.call(write).range.start;
    let is_it = |call: &&Call| {
        let named = matches!(facts.expr(call.callee), Expr::Member { name, .. } if EXECUTES.contains(&name.as_str()));
        named && call.range.start == start && call.args.len() == 1
    };
    let call = facts.calls.iter().filter(is_it).min_by_key(|call| call.range.end)?;
    Some((call.range, lent(source, call.args.first()?.value)))
}

/// An argument with the `&` before it.
fn lent(source: &Source<'_>, argument: ExprId) -> TextRange {
    let range = source.facts.expr_range(argument);
    let before = source.text.get(..range.start as usize).is_some_and(|before| before.ends_with('&'));
    TextRange { start: range.start - u32::from(before), end: range.end }
}

/// The handler's call of a function that writes, which takes any executor from then on.
fn behind(context: &Context<'_>, source: &Source<'_>, handler: FunctionRef, write: CallRef, edit: &mut Edit) -> Result<Work, Refusal> {
    let unclear = || Refusal::new("which function writes the row is not plain to see");
    let snapshot = context.snapshot;
    let other = context.source(write.file)?;
    let writer = FunctionRef { file: write.file, function: other.facts.call(write.call).function };
    let mut edges = snapshot.index.edges_of(handler).iter().filter(|edge| edge.callee == writer);
    let edge = edges.next().filter(|edge| !edge.detached && edges.next().is_none()).ok_or_else(unclear)?;
    let call = source.facts.calls.iter().find(|call| call.name_range == edge.place.range).ok_or_else(unclear)?;
    let function = other.facts.function(writer.function);
    let (_, executor) = executed(&other, write.call).ok_or_else(unclear)?;
    let at = function.params.iter().position(|param| param.name == other.slice(executor)).ok_or_else(unclear)?;
    let param = &function.params[at];
    let body = other.slice(other.facts.region(function.body).range);
    if body.matches(param.name.as_str()).count() != 1 || call.args.len() != function.params.len() || function.owner.is_some() {
        return Err(Refusal::new(format!("`{}` does more with its pool than to write a row", function.name)));
    }
    let ty = written_type(&other, param)
        .filter(|ty| is_pool(other.slice(*ty)))
        .ok_or_else(|| Refusal::new(format!("what `{}` writes with is no pool of sqlx", function.name)))?;
    let result = function.result.as_ref().map(|result| other.slice(result.range)).unwrap_or_default();
    let own = source.facts.function(handler.function).result.as_ref().map(|result| source.slice(result.range)).unwrap_or_default();
    if !(result.contains("sqlx::") || own.contains("anyhow::")) {
        return Err(Refusal::new("whether the handler can fail as sqlx does is not known"));
    }
    let any = "impl sqlx::PgExecutor<'_>";
    edit.replace(other.file, ty, any);
    without_unused(&other, ty, any, edit);
    Ok(Work { call: call.range, executor: lent(source, call.args[at].value) })
}

/// Where a parameter's type is written, with what stands before its path.
fn written_type(source: &Source<'_>, param: &Param) -> Option<TextRange> {
    let end = param.ty.as_ref()?.range.end;
    let between = source.slice(TextRange { start: param.range.end, end });
    let text = between.trim_start().strip_prefix(':')?.trim_start();
    Some(TextRange { start: end - text.len() as u32, end })
}

fn is_pool(ty: &str) -> bool {
    let ty = ty.trim_start_matches('&').trim_start();
    matches!(ty, "PgPool" | "sqlx::PgPool" | "Pool<Postgres>" | "sqlx::Pool<sqlx::Postgres>" | "sqlx::postgres::PgPool")
}

/// The pool that all of it is written with: a name of the handler.
fn pool<'s>(source: &'s Source<'_>, handler: FunctionId, work: &[Work]) -> Result<&'s str, Refusal> {
    let refused = || Refusal::new("what it is written with is no pool of sqlx");
    let facts = source.facts;
    let mut names = work.iter().map(|it| source.slice(it.executor).trim_start_matches('&'));
    let name = names.next().ok_or_else(refused)?;
    if names.any(|other| other != name) {
        return Err(Refusal::new("rows are written with several pools"));
    }
    let param = facts.function(handler).params.iter().find(|param| param.name == name);
    let is_param = param.and_then(|param| written_type(source, param)).is_some_and(|ty| is_pool(source.slice(ty)));
    let made = |value: ExprId| {
        let Expr::Call(call) = facts.expr(value) else { return false };
        source.slice(facts.call(*call).range).starts_with("PgPool::connect")
    };
    let mut bound = facts.bindings.iter().filter(|binding| binding.function == handler && binding.name == name).peekable();
    let is_bound = bound.peek().is_some() && bound.all(|binding| binding.value.is_some_and(made));
    if is_param || is_bound { Ok(name) } else { Err(refused()) }
}

/// The statements from the first that writes to the last: one block's, and nothing else waited for among them.
fn stretch(source: &Source<'_>, handler: FunctionId, work: &[Work]) -> Result<TextRange, Refusal> {
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
    let identity = leaves.find_map(|leaf| leaf.identity.as_ref()).ok_or_else(unknown)?;
    if identity.sent {
        identity::sent_by_all(context, channel, edit)?;
    }
    let version = library(snapshot, source.file, "sqlx").and_then(|sqlx| sqlx.version.as_ref());
    if version
        .is_some_and(|version| ["0.3", "0.4", "0.5", "0.6"].iter().any(|old| version.trim_start_matches(['^', '=', '~']).starts_with(old)))
    {
        return Err(Refusal::new("its version of sqlx takes transactions in another way"));
    }
    let facts = source.facts;
    let around =
        facts.regions.iter().filter(|region| region.function == handler.function && region.range.contains(range) && region.kind.is_loop());
    let once = around.map(|region| region.range).min_by_key(|range| range.end - range.start).ok_or_else(unknown)?;
    let own = |binding: &&Binding| binding.function == handler.function && once.contains(binding.range) && binding.range.end <= range.start;
    let handed = |binding: &&Binding| binding.value.is_some_and(|value| is_handed(facts, value, &identity.received, 0));
    let message = facts.bindings.iter().filter(own).filter(handed).max_by_key(|binding| binding.range.start).ok_or_else(unknown)?;
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

/// Whether a value is what one of the methods hands over, by whatever name.
fn is_handed(facts: &SourceFacts, value: ExprId, received: &[portolan_grammars::facts::Symbol], depth: usize) -> bool {
    if depth > MAX_NAMES {
        return false;
    }
    match facts.expr(value) {
        Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
            Expr::Member { name, .. } if received.contains(name) => true,
            Expr::Member { object, name } if matches!(name.as_str(), "unwrap" | "expect" | "context") => {
                is_handed(facts, *object, received, depth + 1)
            }
            _ => false,
        },
        Expr::Name(name) => {
            let start = facts.expr_range(value).start;
            let earlier = facts.bindings.iter().filter(|binding| binding.name == *name && binding.range.end <= start);
            let nearest = earlier.max_by_key(|binding| binding.range.start).and_then(|binding| binding.value);
            nearest.is_some_and(|value| is_handed(facts, value, received, depth + 1))
        }
        Expr::Member { object, .. } => is_handed(facts, *object, received, depth + 1),
        _ => false,
    }
}

/// The root of the crate that a file is part of.
fn root<'a>(context: &Context<'a>, source: &Source<'a>) -> Result<Source<'a>, Refusal> {
    let refused = || Refusal::new(format!("which crate {} is part of is not plain to see", source.name()));
    let folder = source.path.ancestors().skip(1).find(|folder| folder.file_name() == Some("src")).ok_or_else(refused)?;
    let mut roots = ["main.rs", "lib.rs"].into_iter().filter_map(|name| context.snapshot.files.id(&folder.join(name)));
    let root = roots.next().filter(|_| roots.next().is_none()).ok_or_else(refused)?;
    context.source(root)
}

/// Declares the module in the root of its crate, in the order in which others are.
fn declare(root: &Source<'_>, edit: &mut Edit) -> Result<(), Refusal> {
    let newline = root.newline();
    let modules: Vec<_> = root.facts.modules.iter().filter(|it| it.module.is_empty() && !it.inline).collect();
    if root.declares(NAME) || root.facts.modules.iter().any(|it| it.name == NAME) {
        return Err(Refusal::new(format!("the name {NAME} means something else in {}", root.name())));
    }
    let start = |range: TextRange| root.line_start(range.start) as u32;
    let behind = modules.iter().find(|module| module.name.as_str() > NAME);
    match (behind, modules.last()) {
        (Some(module), _) => edit.insert(root.file, start(module.range), format!("mod {NAME};{newline}")),
        (None, Some(last)) => {
            let end = root.text[last.range.start as usize..].find(';').map(|at| last.range.start + at as u32 + 1);
            let end = end.ok_or_else(|| Refusal::new("there is no place for a module"))?;
            edit.insert(root.file, end, format!("{newline}mod {NAME};"));
        }
        (None, None) => {
            let (_, first) = root.tree().map(portolan_grammars::languages::Tree::uses).unwrap_or_default();
            let first = first.ok_or_else(|| Refusal::new("there is no place for a module"))?;
            edit.insert(root.file, first, format!("mod {NAME};{newline}{newline}"));
        }
    }
    Ok(())
}
