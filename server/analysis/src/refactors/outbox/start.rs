//! Where the relay of an outbox begins: behind the statement by which the process starts to listen, in its entry or in the one function that this
//! runs.
//!
//! Invariant: it is given the pool that rows are written with.

use camino::Utf8Path;
use portolan_grammars::facts::{Expr, FunctionId};

use super::super::imports::{add, quote, statement_end};
use super::super::passage::{Passage, relative};
use super::super::pool::{Handed, Library};
use super::super::way::Pools;
use super::super::{Context, Edit, Refusal, Source, imports, injected};
use super::scene::Scene;
use crate::chart::index::Runner;
use crate::rules::Finding;
use crate::workspace::paths;
use crate::{FileId, FunctionRef};

/// Lets the process begin to send what is kept; the result is the file in which it does.
pub(super) fn start<'a>(
    context: &Context<'a>,
    scene: &Scene<'_, 'a>,
    outbox: &Utf8Path,
    extension: &str,
    finding: &Finding,
    pools: &mut Pools,
    edit: &mut Edit,
) -> Result<FileId, Refusal> {
    let unclear = || Refusal::new("where the process starts is not plain to see");
    let service = finding.services.first().ok_or_else(unclear)?;
    let deployment = context.snapshot.workspace.deployments.get(service.index()).ok_or_else(unclear)?;
    let entry = context.source(*deployment.entries.first().ok_or_else(unclear)?)?;
    let facts = entry.facts;
    let listens = |callee| matches!(facts.expr(callee), Expr::Member { name, .. } if name == "listen");
    let mut calls = facts.calls.iter().filter(|call| listens(call.callee));
    let call = calls.next().filter(|_| calls.next().is_none()).ok_or_else(unclear)?;
    let tree = entry.tree().ok_or_else(unclear)?;
    let statement = tree.statement_around(call.range).ok_or_else(unclear)?;
    let into = call.function;
    let is_reached = if into == FunctionId::MODULE {
        !entry.line_of(statement.start).starts_with([' ', '\t'])
    } else {
        let runs = context.snapshot.index.runners_of(FunctionRef { file: entry.file, function: into });
        let from_outside = |runner: &Runner| runner.function == FunctionRef { file: entry.file, function: FunctionId::MODULE };
        let body = tree.statements_in(facts.region(facts.function(into).body).range);
        matches!(runs, [only] if from_outside(only)) && body.contains(&statement) && !entry.slice(statement).starts_with("return")
    };
    if !is_reached || entry.declares("relay") {
        return Err(unclear());
    }
    let application = injected::application(facts, facts.expr(call.callee));
    let pool = match scene.way.pool.handed_out {
        None => scene.way.pool_in(context, (&entry, into), statement.end, pools, edit)?,
        Some(handed) => {
            let application = application.ok_or_else(unclear)?;
            database(context, scene, handed, application, (&entry, into, statement.end), edit)?
        }
    };
    let sender = match scene.sending_param() {
        None => String::new(),
        Some(param) => {
            let application = application.ok_or_else(unclear)?;
            let from = (scene.source, scene.sends.function);
            let mut passage = Passage::new(context, from, (&entry, into), statement.end);
            let got = injected::got(&mut passage, application, param, edit)?;
            passage.finish(edit)?;
            format!(", {got}")
        }
    };
    let path = outbox.as_str().trim_end_matches(".ts");
    let module = format!("{}{extension}", relative(paths::folder(entry.path.as_str()), path));
    if entry.file != scene.source.file {
        import(&entry, &module, edit);
    }
    let (newline, indent, end) = (entry.newline(), entry.indent_at(statement.start), statement_end(&entry));
    edit.insert(entry.file, statement.end, format!("{newline}{indent}void relay({pool}{sender}){end}"));
    Ok(entry.file)
}

/// How the entry gets the database that a framework hands out.
fn database<'a>(
    context: &Context<'a>,
    scene: &Scene<'_, 'a>,
    handed: Handed<'a>,
    application: &str,
    (entry, into, at): (&Source<'a>, FunctionId, u32),
    edit: &mut Edit,
) -> Result<String, Refusal> {
    if scene.way.pool.library == Library::TypeOrm {
        let names = imports::import(context, entry, "typeorm", &["DataSource"], edit)?;
        if names.statement.is_some() {
            add(entry, u32::MAX, names.statement, None, edit);
        }
        return Ok(format!("{application}.get({})", names.called.concat()));
    }
    let mut passage = Passage::new(context, (&scene.way.writer, scene.way.function), (entry, into), at);
    let got = injected::got(&mut passage, application, handed.param, edit)?;
    passage.finish(edit)?;
    Ok(got)
}

fn import(entry: &Source<'_>, module: &str, edit: &mut Edit) {
    let (quote, end) = (quote(entry), statement_end(entry));
    add(entry, u32::MAX, Some(format!("import {{ relay }} from {quote}{module}{quote}{end}")), None, edit);
}
