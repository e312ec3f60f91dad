//! What Rust writes rows with, by sqlx: a pool, in whose place a transaction can stand.
//!
//! A function that is handed the pool takes any executor from then on. Invariant: whoever else calls it calls it as before.

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, Param, TextRange};

use super::imports::without_unused;
use super::packages::library;
use super::{Context, Edit, Refusal, Source};
use crate::FunctionRef;
use crate::resolve::value::CallRef;

/// Methods of sqlx that are given what a query is made with.
const EXECUTES: [&str; 5] = ["execute", "fetch_one", "fetch_all", "fetch_optional", "fetch"];
/// Versions, behind their `0.`, whose transactions are taken in another way.
const OLD: [&str; 4] = ["0.3", "0.4", "0.5", "0.6"];

/// A call of a function that writes, or whose function does.
pub(super) struct Query {
    pub(super) call: TextRange,
    /// What it is given to write with.
    pub(super) executor: TextRange,
}

/// Refuses a crate whose version of sqlx takes transactions in another way.
pub(super) fn takes_transactions(context: &Context<'_>, source: &Source<'_>) -> Result<(), Refusal> {
    let version = library(context.snapshot, source.file, "sqlx").and_then(|sqlx| sqlx.version.as_ref());
    let is_old = |version: &str| OLD.iter().any(|old| version.trim_start_matches(['^', '=', '~']).starts_with(old));
    if version.is_some_and(|version| is_old(version)) {
        return Err(Refusal::new("its version of sqlx takes transactions in another way"));
    }
    Ok(())
}

/// How a function writes a row: by itself, or by another function, which takes any executor from then on.
pub(super) fn query(
    context: &Context<'_>,
    source: &Source<'_>,
    function: FunctionRef,
    write: CallRef,
    edit: &mut Edit,
) -> Result<Query, Refusal> {
    if write.file == function.file && source.facts.call(write.call).function == function.function {
        return executed(source, write.call).ok_or_else(|| Refusal::new("how the row is written is not plain to see"));
    }
    behind(context, source, function, write, edit)
}

/// The call that a query is made by, and what it is given for that.
pub(super) fn executed(source: &Source<'_>, write: CallId) -> Option<Query> {
    let facts = source.facts;
    let start = facts.call(write).range.start;
    let is_it = |call: &&Call| {
        let named = matches!(facts.expr(call.callee), Expr::Member { name, .. } if EXECUTES.contains(&name.as_str()));
        named && call.range.start == start && call.args.len() == 1
    };
    let call = facts.calls.iter().filter(is_it).min_by_key(|call| call.range.end)?;
    Some(Query { call: call.range, executor: lent(source, call.args.first()?.value) })
}

/// An argument with the `&` before it.
fn lent(source: &Source<'_>, argument: ExprId) -> TextRange {
    let range = source.facts.expr_range(argument);
    let before = source.text.get(..range.start as usize).is_some_and(|before| before.ends_with('&'));
    TextRange { start: range.start - u32::from(before), end: range.end }
}

/// The call of a function that writes, which takes any executor from then on.
fn behind(context: &Context<'_>, source: &Source<'_>, handler: FunctionRef, write: CallRef, edit: &mut Edit) -> Result<Query, Refusal> {
    let unclear = || Refusal::new("which function writes the row is not plain to see");
    let snapshot = context.snapshot;
    let other = context.source(write.file)?;
    let writer = FunctionRef { file: write.file, function: other.facts.call(write.call).function };
    let mut edges = snapshot.index.edges_of(handler).iter().filter(|edge| edge.callee == writer);
    let edge = edges.next().filter(|edge| !edge.detached && edges.next().is_none()).ok_or_else(unclear)?;
    let call = source.facts.calls.iter().find(|call| call.name_range == edge.place.range).ok_or_else(unclear)?;
    let function = other.facts.function(writer.function);
    let executor = executed(&other, write.call).ok_or_else(unclear)?.executor;
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
    Ok(Query { call: call.range, executor: lent(source, call.args[at].value) })
}

/// Where a parameter's type is written, with what stands before its path.
pub(super) fn written_type(source: &Source<'_>, param: &Param) -> Option<TextRange> {
    let end = param.ty.as_ref()?.range.end;
    let between = source.slice(TextRange { start: param.range.end, end });
    let text = between.trim_start().strip_prefix(':')?.trim_start();
    Some(TextRange { start: end - text.len() as u32, end })
}

/// Whether that is a pool of PostgreSQL.
pub(super) fn is_pool(ty: &str) -> bool {
    let ty = ty.trim_start_matches('&').trim_start();
    matches!(ty, "PgPool" | "sqlx::PgPool" | "Pool<Postgres>" | "sqlx::Pool<sqlx::Postgres>" | "sqlx::postgres::PgPool")
}
