//! Where the relay of an outbox begins: in the function that the process starts with, once it has the pool and what messages are sent with.
//!
//! Invariant: there is one of each, so it is what rows are written, and messages sent, with.

use portolan_grammars::facts::{Binding, Expr, FunctionId, TextRange, TypeRef};

use super::super::super::instrument_handler::last;
use super::super::super::packages::library;
use super::super::super::{Context, Edit, Refusal, Source, sqlx};
use super::super::NAME;
use super::sender::Sender;
use crate::FunctionRef;
use crate::rules::Finding;

/// How what messages are sent with begins, or ends, by its type.
const MADE: [(&str, &str); 4] = [
    ("Channel", ".create_channel("),
    ("FutureProducer", "create::<FutureProducer>("),
    ("Client", "async_nats::connect"),
    ("Context", "jetstream::new("),
];

/// Lets the process begin to send what is kept.
pub(super) fn start(context: &Context<'_>, root: &Source<'_>, sender: &Sender, finding: &Finding, edit: &mut Edit) -> Result<(), Refusal> {
    let unclear = || Refusal::new("where the process starts is not plain to see");
    let service = finding.services.first().ok_or_else(unclear)?;
    let deployment = context.snapshot.workspace.deployments.get(service.index()).ok_or_else(unclear)?;
    let facts = root.facts;
    let is_entry = deployment.entries.first() == Some(&root.file) && library(context.snapshot, root.file, "tokio").is_some();
    let at = facts.functions.iter().position(|it| it.name == "main" && it.is_async && it.parent == FunctionId::MODULE);
    let main = FunctionId(at.filter(|_| is_entry).ok_or_else(unclear)? as u32);
    let has = |what: &str| Refusal::new(format!("with what {what}, where the process starts, is not plain to see"));
    let pool = the_one(root, main, |binding| is_pool(context, root, binding)).ok_or_else(|| has("rows are written"))?;
    let client = the_one(root, main, |binding| is_client(context, root, sender, binding)).ok_or_else(|| has("messages are sent"))?;
    let statements = root.tree().map(|tree| tree.statements_in(facts.region(facts.function(main).body).range)).unwrap_or_default();
    let statement = |binding: &Binding| statements.iter().find(|statement| statement.contains(binding.range));
    let (Some(first), Some(second)) = (statement(pool), statement(client)) else { return Err(unclear()) };
    let (earlier, before, last) = if first.start < second.start { (pool, first, second) } else { (client, second, first) };
    // It must not be given away before it is used here.
    let between = root.slice(TextRange { start: before.end, end: last.end });
    let is_there = |at: usize| between[..at].ends_with('&') || between[at + earlier.name.len()..].starts_with(".clone()");
    if !Source::words(between, &earlier.name).all(is_there) {
        return Err(Refusal::new(format!("`{}` is given away where the process starts", earlier.name)));
    }
    let (newline, indent) = (root.newline(), root.indent_at(last.start));
    let relay = format!("tokio::spawn({NAME}::relay({}.clone(), {}.clone()));", pool.name, client.name);
    edit.insert(root.file, last.end, format!("{newline}{indent}{relay}"));
    Ok(())
}

/// The only binding of a function that is like that.
fn the_one<'a>(root: &Source<'a>, main: FunctionId, is_it: impl Fn(&Binding) -> bool) -> Option<&'a Binding> {
    let mut found = root.facts.bindings.iter().filter(|binding| binding.function == main && is_it(binding));
    found.next().filter(|binding| !binding.name.is_empty() && found.next().is_none())
}

fn is_pool(context: &Context<'_>, root: &Source<'_>, binding: &Binding) -> bool {
    let declared = binding.ty.as_ref().is_some_and(|ty| sqlx::is_pool(&ty.path));
    declared
        || value(root, binding).is_some_and(|text| sqlx::POOLS.iter().any(|made| text.starts_with(made)))
        || results_in(context, root, binding, "PgPool")
}

fn is_client(context: &Context<'_>, root: &Source<'_>, sender: &Sender, binding: &Binding) -> bool {
    let (_, _, ty) = sender.client;
    let declared = binding.ty.as_ref().is_some_and(|it| it.path.rsplit("::").next() == Some(ty));
    let made = |text: &str| MADE.iter().any(|(of, made)| *of == ty && text.contains(made));
    declared || value(root, binding).is_some_and(made) || results_in(context, root, binding, ty)
}

fn value<'s>(root: &'s Source<'_>, binding: &Binding) -> Option<&'s str> {
    Some(root.slice(root.facts.expr_range(binding.value?)))
}

/// Whether a value comes of a function of the workspace whose result is of that type, or would be if it could not fail.
fn results_in(context: &Context<'_>, root: &Source<'_>, binding: &Binding, ty: &str) -> bool {
    let Some(value) = binding.value else { return false };
    let Expr::Call(call) = root.facts.expr(value) else { return false };
    let is_tried = root.tried(root.facts.expr_range(value)) > 0;
    let is_it = |it: &TypeRef| last(&it.path) == ty;
    let (name, function) = (root.facts.call(*call).name_range, root.facts.call(*call).function);
    let edges = context.snapshot.index.edges_of(FunctionRef { file: root.file, function });
    edges.iter().filter(|edge| edge.place.range == name).any(|edge| {
        let home = context.snapshot.files.source(edge.callee.file);
        let result = home.and_then(|home| home.function(edge.callee.function).result.as_ref());
        result.is_some_and(|result| match last(&result.path) {
            "Result" | "Option" => is_tried && result.args.first().is_some_and(is_it),
            _ => is_it(result),
        })
    })
}
