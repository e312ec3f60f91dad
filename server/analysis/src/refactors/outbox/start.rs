//! Where the relay of an outbox begins: behind the statement by which the process starts to listen.
//!
//! Invariant: it is given the pool that rows are written with.

use camino::Utf8Path;
use portolan_grammars::facts::{Expr, FunctionId};

use super::super::imports::{add, quote, statement_end};
use super::super::passage::{Passage, relative};
use super::super::{Context, Edit, Refusal, Source};
use super::scene::Scene;
use crate::FileId;
use crate::rules::Finding;
use crate::workspace::paths;

/// Lets the process begin to send what is kept; the result is the file in which it does.
pub(super) fn start(
    context: &Context<'_>,
    scene: &Scene<'_, '_>,
    outbox: &Utf8Path,
    extension: &str,
    finding: &Finding,
    edit: &mut Edit,
) -> Result<FileId, Refusal> {
    let unclear = || Refusal::new("where the process starts is not plain to see");
    let service = finding.services.first().ok_or_else(unclear)?;
    let deployment = context.snapshot.workspace.deployments.get(service.index()).ok_or_else(unclear)?;
    let entry = context.source(*deployment.entries.first().ok_or_else(unclear)?)?;
    let facts = entry.facts;
    let listens = |callee| matches!(facts.expr(callee), Expr::Member { name, .. } if name == "listen");
    let mut calls = facts.calls.iter().filter(|call| call.function == FunctionId::MODULE && listens(call.callee));
    let call = calls.next().filter(|_| calls.next().is_none()).ok_or_else(unclear)?;
    let statement = entry.tree().and_then(|tree| tree.statement_around(call.range)).ok_or_else(unclear)?;
    if entry.line_of(statement.start).starts_with([' ', '\t']) || entry.declares("relay") {
        return Err(unclear());
    }
    let mut passage = Passage::new(context, (scene.source, scene.sends.function), (&entry, FunctionId::MODULE), statement.end);
    let pool = passage.item(scene.stretch.pool, None).map_err(|stuck| stuck.refusal())?;
    passage.finish(edit)?;
    let path = outbox.as_str().trim_end_matches(".ts");
    let module = format!("{}{extension}", relative(paths::folder(entry.path.as_str()), path));
    if entry.file != scene.source.file {
        import(&entry, &module, edit);
    }
    let (newline, end) = (entry.newline(), statement_end(&entry));
    edit.insert(entry.file, statement.end, format!("{newline}void relay({pool}){end}"));
    Ok(entry.file)
}

fn import(entry: &Source<'_>, module: &str, edit: &mut Edit) {
    let (quote, end) = (quote(entry), statement_end(entry));
    add(entry, u32::MAX, Some(format!("import {{ relay }} from {quote}{module}{quote}{end}")), None, edit);
}
