//! What becomes of messages of RabbitMQ that a consumer refuses, as far as code says it.
//!
//! Invariant: what a policy of the broker may say as well is no finding; who asks says that there may be one.

use portolan_grammars::catalog::{Delivery, Refusal};
use portolan_grammars::facts::{Call, Expr, ExprId, SourceFacts, Symbol};

use crate::Snapshot;
use crate::chart::{Channel, ChannelEnd};
use crate::resolve::link::QueueDecl;

/// The broker that hands on what is refused as its queue says.
pub(crate) const SYSTEM: &str = "rabbitmq";

/// What becomes of refused messages where nothing but the broker's policies could keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Some of them are not handed over again.
    Gone,
    /// All of them go back into their queue.
    Back,
}

/// The calls that declare a queue of a name, each once.
pub(crate) fn declared<'a>(snapshot: &'a Snapshot, name: &str) -> Vec<&'a QueueDecl> {
    let is_it = |queue: &&QueueDecl| queue.system == SYSTEM && queue.queue.literal().is_some_and(|it| it == name);
    let mut declared: Vec<&QueueDecl> = snapshot.links.iter().flatten().flat_map(|link| &link.queues).filter(is_it).collect();
    declared.sort_by_key(|queue| queue.leaf);
    declared.dedup_by_key(|queue| queue.leaf);
    declared
}

/// Whether the call that declares a queue declares others, too, as one in a loop does.
pub(crate) fn declares_others(snapshot: &Snapshot, queue: &QueueDecl) -> bool {
    snapshot.links.iter().flatten().flat_map(|link| &link.queues).any(|other| other.leaf == queue.leaf && other.queue != queue.queue)
}

/// What becomes of the messages that a consumer refuses: nothing where it refuses none, or where its queue is made elsewhere, or hands them on or
/// may.
pub(crate) fn refused(snapshot: &Snapshot, channel: &Channel, consumer: &ChannelEnd) -> Option<Refused> {
    let is_kept = consumer.dead_letter.is_some() || consumer.delivery == Some(Delivery::AtMostOnce);
    if channel.system != SYSTEM || is_kept || !consumer.status.is_settled() {
        return None;
    }
    let handler = consumer.function?;
    let facts = snapshot.files.source(handler.file)?;
    let body = snapshot.files.function(handler)?.range;
    let refusals: Vec<Refused> =
        facts.calls.iter().filter(|call| body.contains(call.range)).filter_map(|call| refusal(facts, call, &consumer.refusals)).collect();
    if refusals.is_empty() {
        return None;
    }
    let declared = declared(snapshot, &channel.name);
    if declared.is_empty() || declared.iter().any(|queue| queue.hands_on) {
        return None;
    }
    Some(if refusals.contains(&Refused::Gone) { Refused::Gone } else { Refused::Back })
}

fn refusal(facts: &SourceFacts, call: &Call, refusals: &[Refusal]) -> Option<Refused> {
    let Expr::Member { name, .. } = facts.expr(call.callee) else { return None };
    let refusal = refusals.iter().find(|refusal| refusal.method == *name)?;
    let unsaid = if refusal.requeues { Refused::Back } else { Refused::Gone };
    let Some(said) = call.args.get(refusal.argument) else { return Some(unsaid) };
    let requeues = match &refusal.key {
        Some(key) => said_by(facts, said.value, key)?,
        None => Some(said.value),
    };
    Some(match requeues.map(|value| facts.expr(value)) {
        None => unsaid,
        Some(Expr::Bool(false)) => Refused::Gone,
        Some(_) => Refused::Back,
    })
}

/// What options say by a key, if anything: `BasicNackOptions { requeue: true, ..Default::default() }`, or their default. Nothing is known of others.
fn said_by(facts: &SourceFacts, options: ExprId, key: &Symbol) -> Option<Option<ExprId>> {
    match facts.expr(options) {
        Expr::Object(object) => Some(object.field(key)),
        Expr::Call(made) => match facts.expr(facts.call(*made).callee) {
            Expr::Path(path) => path.last().is_some_and(|made| made == "default").then_some(None),
            _ => None,
        },
        _ => None,
    }
}
