//! What Rust writes rows with, by sqlx: a pool, in whose place a transaction can stand.
//!
//! A function that is handed the pool takes any executor from then on. Invariant: whoever else calls it calls it as before.

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, FunctionId, Param, TextRange};

use super::imports::without_unused;
use super::instrument_handler::last;
use super::packages::library;
use super::source::is_part_of_name;
use super::{Context, Edit, Refusal, Source};
use crate::FunctionRef;
use crate::resolve::value::CallRef;

/// Methods of sqlx that are given what a query is made with.
const EXECUTES: [&str; 5] = ["execute", "fetch_one", "fetch_all", "fetch_optional", "fetch"];
/// Versions, behind their `0.`, whose transactions are taken in another way.
const OLD: [&str; 4] = ["0.3", "0.4", "0.5", "0.6"];

/// What a pool is made with, and how that ends.
pub(super) const POOLS: [&str; 4] =
    ["PgPool::connect", "PgPoolOptions::new", "sqlx::PgPool::connect", "sqlx::postgres::PgPoolOptions::new"];
const CONNECTS: [&str; 7] = ["connect", "connect_with", "connect_lazy", "connect_lazy_with", "unwrap", "expect", "context"];

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
    fits_others(context, handler, (writer, &function.name), at)?;
    let any = "impl sqlx::PgExecutor<'_>";
    edit.replace(other.file, ty, any);
    without_unused(&other, ty, any, edit);
    Ok(Query { call: call.range, executor: lent(source, call.args[at].value) })
}

/// Refuses where somebody else hands over what only becomes a pool where one is asked for: `&Arc<PgPool>`.
fn fits_others(context: &Context<'_>, handler: FunctionRef, (writer, name): (FunctionRef, &str), at: usize) -> Result<(), Refusal> {
    for runner in context.snapshot.index.runners_of(writer).iter().filter(|runner| runner.function != handler) {
        let source = context.source(runner.place.file)?;
        let call = source.facts.calls.iter().find(|call| call.name_range == runner.place.range);
        let given = call.and_then(|call| call.args.get(at)).map(|given| source.slice(lent(&source, given.value)));
        let is_lent = |given: &str| {
            let pool = given.trim_start_matches('&');
            let references = references(context, &source, runner.function.function, pool);
            references.is_some_and(|references| references + given.len() - pool.len() == 1)
        };
        if !given.is_some_and(is_lent) {
            return Err(Refusal::new(format!("whether {} calls `{name}` with a pool is not plain to see", source.name())));
        }
    }
    Ok(())
}

/// The pool that a query is made with, which has a name or is a field of something.
pub(super) fn pool<'s>(context: &Context<'_>, source: &'s Source<'_>, function: FunctionId, query: &Query) -> Result<&'s str, Refusal> {
    let name = named(source, query);
    let is_pool = references(context, source, function, name).is_some();
    is_pool.then_some(name).ok_or_else(|| Refusal::new("what it is written with is no pool of sqlx"))
}

/// What a query is made with, without what lends it.
pub(super) fn named<'s>(source: &'s Source<'_>, query: &Query) -> &'s str {
    source.slice(query.executor).trim_start_matches('&')
}

/// How many references are around the pool that a name of a function, or a field of something, stands for, if it does.
fn references(context: &Context<'_>, source: &Source<'_>, function: FunctionId, name: &str) -> Option<usize> {
    let facts = source.facts;
    if !name.split('.').all(|part| !part.is_empty() && part.chars().all(is_part_of_name)) {
        return None;
    }
    if let Some((_, field)) = name.rsplit_once('.') {
        let files = context.snapshot.files.iter().filter_map(|(_, _, facts)| facts.source());
        let own = files.filter(|other| other.language == facts.language);
        let mut fields = own.flat_map(|other| &other.types).flat_map(|ty| &ty.fields).filter(|it| it.name == field).peekable();
        let are_pools = fields.peek().is_some() && fields.all(|it| it.ty.as_ref().is_some_and(|ty| is_pool(&ty.path)));
        return are_pools.then_some(0);
    }
    if extracted(source, function, name) {
        return Some(0);
    }
    let mut bound = facts.bindings.iter().filter(|binding| binding.function == function && binding.name == name).peekable();
    if bound.peek().is_some() {
        return bound.all(|binding| binding.value.is_some_and(|value| is_made(source, value))).then_some(0);
    }
    let param = facts.function(function).params.iter().find(|param| param.name == name)?;
    let ty = source.slice(written_type(source, param)?);
    is_pool(ty).then(|| ty.len() - ty.trim_start_matches('&').len())
}

/// Whether a value is a pool that is made there.
fn is_made(source: &Source<'_>, value: ExprId) -> bool {
    let facts = source.facts;
    let Expr::Call(call) = facts.expr(value) else { return false };
    let call = facts.call(*call);
    let text = source.slice(call.range);
    POOLS.iter().any(|made| text.starts_with(made)) && CONNECTS.contains(&source.slice(call.name_range))
}

/// Whether a name is what an extractor of a web framework hands over: `State(pool): State<PgPool>`.
fn extracted(source: &Source<'_>, function: FunctionId, name: &str) -> bool {
    let facts = source.facts;
    let mut params = facts.function(function).params.iter().filter(|param| param.name.is_empty());
    params.any(|param| {
        let bound = facts.bindings.iter().any(|it| it.name == name && param.range.contains(it.range));
        let inner = param.ty.as_ref().filter(|ty| matches!(last(&ty.path), "State" | "Extension" | "Data")).and_then(|ty| ty.args.first());
        bound && inner.is_some_and(|ty| is_pool(&ty.path))
    })
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
