//! What becomes of messages of RabbitMQ that a consumer refuses, as far as code says it.
//!
//! Invariant: what a policy of the broker may say as well is no finding; who asks says that there may be one.

use portolan_grammars::catalog::Delivery;
use portolan_grammars::facts::{Call, Expr, ExprId, Language, SourceFacts};

use crate::Snapshot;
use crate::chart::{Channel, ChannelEnd};
use crate::resolve::link::QueueDecl;

/// The broker that hands on what is refused as its queue says.
pub(crate) const SYSTEM: &str = "rabbitmq";
/// By what libraries of ECMAScript refuse a message, and which argument says whether it goes back into its queue: it does, where that is not said.
const REFUSALS: [(&str, usize); 2] = [("nack", 2), ("reject", 1)];
/// The same of Rust: the type of options, which say it where it does.
const REFUSING: [(&str, &str); 2] = [("nack", "BasicNackOptions"), ("reject", "BasicRejectOptions")];

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
        facts.calls.iter().filter(|call| body.contains(call.range)).filter_map(|call| refusal(facts, call)).collect();
    if refusals.is_empty() {
        return None;
    }
    let declared = declared(snapshot, &channel.name);
    if declared.is_empty() || declared.iter().any(|queue| queue.hands_on) {
        return None;
    }
    Some(if refusals.contains(&Refused::Gone) { Refused::Gone } else { Refused::Back })
}

fn refusal(facts: &SourceFacts, call: &Call) -> Option<Refused> {
    let Expr::Member { name, .. } = facts.expr(call.callee) else { return None };
    if facts.language == Language::Rust {
        let (_, options) = REFUSING.into_iter().find(|(method, _)| name == *method)?;
        return refusal_with(facts, call.args.first()?.value, options);
    }
    let (_, requeue) = REFUSALS.into_iter().find(|(method, _)| name == *method)?;
    let requeue = call.args.get(requeue).map(|argument| facts.expr(argument.value));
    Some(if requeue == Some(&Expr::Bool(false)) { Refused::Gone } else { Refused::Back })
}

/// What options of Rust say: `BasicNackOptions { requeue: true, ..Default::default() }`, or their default.
fn refusal_with(facts: &SourceFacts, options: ExprId, ty: &str) -> Option<Refused> {
    match facts.expr(options) {
        Expr::Object(object) if object.type_path.rsplit("::").next() == Some(ty) => {
            match object.field("requeue").map(|value| facts.expr(value)) {
                None | Some(Expr::Bool(false)) => Some(Refused::Gone),
                Some(_) => Some(Refused::Back),
            }
        }
        Expr::Call(made) => match facts.expr(facts.call(*made).callee) {
            Expr::Path(path) => path.ends_with(&[ty.into(), "default".into()]).then_some(Refused::Gone),
            _ => None,
        },
        _ => None,
    }
}
