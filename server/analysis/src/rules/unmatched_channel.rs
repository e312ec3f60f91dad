//! `unmatched-channel`: a channel that somebody sends to and nobody receives from, or the other way round.
//!
//! What deliberately does not live here: what the messages hold. Invariant: the missing end is missing in code that is read whole; where a
//! name that is not known may be it, nothing is reported.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use portolan_grammars::FileFacts;
use portolan_grammars::catalog::broker;
use portolan_grammars::facts::{Call, Expr, SourceFacts};
use portolan_grammars::manifests::Connector;

use super::{Context, Draft, RuleOption, Severity, Sink, Texts, exempt};
use crate::chart::{Channel, ChannelEnd, ChannelIndex, May, ServiceIndex};
use crate::resolve::link::shown_name;
use crate::words::{digits, enumerate, letters};
use crate::{FileId, Place};

const EXTERNAL: Texts = Texts {
    name: "external_channels",
    meaning: "Names of channels, or words in them, whose other end is outside of the workspace.",
    default: &["dlq", "dlx", "dead", "deadletter", "health", "heartbeat", "keepalive", "alive", "ping"],
};
/// Words in the names of methods by which messages are received.
const RECEIVING: &[&str] = &["subscribe", "psubscribe", "consume", "consumer", "on", "listen", "receive", "process"];
/// Words in the names of methods by which messages are sent.
const SENDING: &[&str] = &["publish", "send", "emit", "produce", "enqueue", "dispatch", "push", "add"];
/// How many letters a slip changes at most.
const MAX_DISTANCE: usize = 2;
/// Shorter names differ in too little to tell a slip from another word.
const MIN_NAME: usize = 6;
/// How many places of an end are named.
const MAX_SITES: usize = 5;

rule! {
    /// ## What it does
    /// Finds channels that are sent to and that nobody receives from, and channels that are received from and that nobody sends to. If one of each
    /// have nearly the same name, it is a warning: `order.created` and `orders.created`, `order-created` and `orderCreated`, `created.v1` and
    /// `created.v2`.
    ///
    /// The workspace must be able to show the missing end: it has others of that kind on the same broker, all of its own services are in languages
    /// that are read, and no code receives (or sends) there by a name that is not known. Topics that a cloud provider's settings connect to queues,
    /// what connectors of Kafka Connect take and send, exchanges that queues are bound to elsewhere, notifications that a trigger of PostgreSQL may
    /// send, devices, patterns of names, dead letter queues, queues whose messages expire and go on from there, health checks and what keeps
    /// connections alive are left alone, and so is a request whose answer comes back from outside: `pay.request` and `pay.success`, both without
    /// another end.
    ///
    /// ## Why it matters
    /// Nothing fails: messages pile up or are thrown away, or a handler waits for what never comes. It is found when somebody misses the effect.
    ///
    /// ## Example
    /// ```ts
    /// await producer.send({ topic: "orders.created", messages });          // orders
    /// await consumer.subscribe({ topic: "order.created" });                // mailer
    /// ```
    ///
    /// ## How to fix
    /// Give both ends one name, best from one constant; take out the end that nobody needs any more; or say in `portolan.toml` that the other end is
    /// outside of the workspace.
    "unmatched-channel", Messaging, Information, "A channel has one end only", check,
    options: &[RuleOption::Texts(EXTERNAL)]
}

/// Which end a channel lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    Consumer,
    Producer,
}

/// Whether nobody receives from a channel, as far as the rule can show that. Of a request whose answer comes back from outside it does not tell.
pub(super) fn is_heard_by_nobody(context: &Context<'_>, index: ChannelIndex) -> bool {
    let channel = context.chart.channel(index);
    let lacks = lack(context, index) == Some(Lack::Consumer);
    // Who receives by nearly the same name means this one.
    let is_meant = |other: &Channel| other.system == channel.system && other.producers.is_empty() && is_slip(&other.name, &channel.name);
    lacks
        && !context.chart.channels.iter().any(is_meant)
        && is_shown(context, channel, Lack::Consumer)
        && has_others(context, channel, Lack::Consumer)
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let lacking: Vec<(ChannelIndex, Lack)> =
        (0..context.chart.channels.len() as u32).map(ChannelIndex).filter_map(|index| Some((index, lack(context, index)?))).collect();
    let mut told = BTreeSet::new();
    for &(index, _) in lacking.iter().filter(|(_, lack)| *lack == Lack::Producer) {
        let received = context.chart.channel(index);
        let near = lacking.iter().filter(|(_, lack)| *lack == Lack::Consumer).find(|(other, _)| {
            let sent = context.chart.channel(*other);
            sent.system == received.system
                && is_slip(&sent.name, &received.name)
                && (is_shown(context, sent, Lack::Consumer) || is_shown(context, received, Lack::Producer))
        });
        if let Some((other, _)) = near {
            told.extend([index, *other]);
            report_slip(context, sink, received, context.chart.channel(*other));
        }
    }
    for &(index, lack) in lacking.iter().filter(|(index, _)| !told.contains(index)) {
        let channel = context.chart.channel(index);
        let answered_outside = || lacking.iter().any(|(other, of)| *of != lack && is_conversation(channel, context.chart.channel(*other)));
        if is_shown(context, channel, lack) && has_others(context, channel, lack) && !answered_outside() {
            report(context, sink, channel, lack);
        }
    }
}

/// The end that a channel lacks, if it has the other and the rule is about it.
fn lack(context: &Context<'_>, index: ChannelIndex) -> Option<Lack> {
    let channel = context.chart.channel(index);
    // The other end is there, behind a feature that is off.
    if channel.halved {
        return None;
    }
    let lack = match (channel.producers.is_empty(), channel.consumers.is_empty()) {
        (false, true) => Lack::Consumer,
        (true, false) => Lack::Producer,
        _ => return None,
    };
    let ends = present(channel, lack);
    let first = context.snapshot.files.path(ends.first()?.place.file);
    let external = context.snapshot.workspace.settings.rules().texts(&RULE, &EXTERNAL, first);
    let is_external = exempt::has_word(&channel.name, &external) || external.iter().any(|name| *name == channel.name);
    // Settings of a provider, or bindings made by hand, decide which queue a message ends in; devices are outside.
    let broker = broker(&channel.system);
    let elsewhere = broker.routed_outside
        || is_exchange(channel)
        || lack == Lack::Producer && (broker.in_database || broker.exchanges && context.chart.channels.iter().any(is_exchange));
    let files = &context.snapshot.files;
    let counts = ends.iter().all(|end| end.status.is_settled() && !exempt::stands_beside(files.path(end.place.file)));
    let waits = lack == Lack::Consumer && channel.delays;
    (counts && !elsewhere && !waits && !is_external && !channel.name.contains(['*', '#', '>', '+', '%'])).then_some(lack)
}

/// Whether a channel is an exchange with a routing key. Which queues are bound to it is not always said in code.
fn is_exchange(channel: &Channel) -> bool {
    broker(&channel.system).exchanges && channel.name.contains('/')
}

/// The ends that a channel has.
fn present(channel: &Channel, lack: Lack) -> &[ChannelEnd] {
    match lack {
        Lack::Consumer => &channel.producers,
        Lack::Producer => &channel.consumers,
    }
}

/// Whether the workspace would show the end that is missing.
fn is_shown(context: &Context<'_>, channel: &Channel, lack: Lack) -> bool {
    let blind = context.chart.blind_spots.iter().any(|spot| match (&spot.may, lack) {
        (May::Receive(system), Lack::Consumer) | (May::Send(system), Lack::Producer) => {
            system == "*" || channel.system == "*" || *system == channel.system
        }
        _ => false,
    });
    !blind
        && !is_connected(context, channel, lack)
        && context.chart.services.iter().all(|service| service.third_party || service.is_read())
        && !is_named_elsewhere(context, channel, lack)
}

/// Whether a connector of Kafka Connect is the missing end, or may be.
fn is_connected(context: &Context<'_>, channel: &Channel, lack: Lack) -> bool {
    let is_end = |connector: &Connector| match lack {
        Lack::Consumer => connector.any_topic || connector.topics.contains(&channel.name),
        Lack::Producer => connector.prefix.as_ref().is_some_and(|prefix| {
            connector.renames || channel.name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('.'))
        }),
    };
    channel.system == "kafka" && context.snapshot.workspace.connectors.iter().any(is_end)
}

/// Whether code of the workspace has, or may have, the missing end: code that no service is known to run, and calls that say the name to what is
/// not known.
fn is_named_elsewhere(context: &Context<'_>, channel: &Channel, lack: Lack) -> bool {
    let words = match lack {
        Lack::Consumer => RECEIVING,
        Lack::Producer => SENDING,
    };
    let files = &context.snapshot.files;
    let says_it = |source: &SourceFacts, call: &Call| {
        let first = call.args.first().map(|argument| source.expr(argument.value));
        matches!(first, Some(Expr::Str(text)) if *text == channel.name)
            && matches!(source.expr(call.callee), Expr::Member { name, .. } if exempt::has_word(name, words))
    };
    let is_end = |place: Place| present(channel, lack).iter().any(|end| end.place == place);
    let is_unknown = |(file, _, facts): (FileId, &Utf8Path, &Arc<FileFacts>)| {
        let source = facts.source();
        source
            .is_some_and(|source| source.calls.iter().any(|call| says_it(source, call) && !is_end(Place { file, range: call.name_range })))
    };
    if files.iter().any(is_unknown) {
        return true;
    }
    let consumes = lack == Lack::Consumer;
    let mut messages =
        context.snapshot.links.iter().flatten().flat_map(|link| &link.messages).filter(|message| message.consumes == consumes);
    messages.any(|message| message.destinations.iter().any(|name| name.literal().is_some_and(|name| shown_name(&name) == channel.name)))
}

/// Whether a service sends to one channel and waits for the answer on the other, by their names: whoever answers is outside.
fn is_conversation(one: &Channel, other: &Channel) -> bool {
    let topic = |channel: &Channel| -> Vec<String> {
        let words = unversioned(&channel.name).split(['.', '-', '_', '/', ':']).map(str::to_ascii_lowercase);
        let mut words: Vec<String> = words.collect();
        words.pop();
        words
    };
    let services = |channel: &Channel| -> BTreeSet<ServiceIndex> {
        channel.producers.iter().chain(&channel.consumers).map(|end| end.service).collect()
    };
    one.system == other.system && !topic(one).is_empty() && topic(one) == topic(other) && !services(one).is_disjoint(&services(other))
}

/// Whether the workspace has ends of the kind that is missing on the same broker: else they are all outside of it.
fn has_others(context: &Context<'_>, channel: &Channel, lack: Lack) -> bool {
    let same = |other: &&Channel| channel.system == "*" || other.system == channel.system;
    context.chart.channels.iter().filter(same).any(|other| match lack {
        Lack::Consumer => !other.consumers.is_empty(),
        Lack::Producer => !other.producers.is_empty(),
    })
}

/// Whether two names differ in a way in which one is mistaken for the other: case, separators, a version at the end, a letter or two.
fn is_slip(one: &str, other: &str) -> bool {
    if letters(one).len().min(letters(other).len()) < MIN_NAME {
        return false;
    }
    let same_but_version = unversioned(one) == unversioned(other);
    same_but_version || letters(one) == letters(other) || (digits(one) == digits(other) && strsim::osa_distance(one, other) <= MAX_DISTANCE)
}

/// A name without a version at its end: `.v1`, `-2`, `.0`.
fn unversioned(name: &str) -> &str {
    let short = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let short = short.strip_suffix(['v', 'V']).filter(|rest| rest.ends_with(['.', '-', '_', '/', ':'])).unwrap_or(short);
    match short.strip_suffix(['.', '-', '_', '/', ':']) {
        Some(rest) if rest.len() < name.len() => rest,
        _ => name,
    }
}

fn names(context: &Context<'_>, ends: &[ChannelEnd]) -> String {
    let services: BTreeSet<ServiceIndex> = ends.iter().map(|end| end.service).collect();
    enumerate(&services.iter().map(|service| context.id(*service).as_str()).collect::<Vec<_>>())
}

fn draft(context: &Context<'_>, channel: &Channel, lack: Lack, message: String) -> Option<Draft> {
    let ends = present(channel, lack);
    let (first, others) = ends.split_first()?;
    let verb = if lack == Lack::Consumer { "publishes" } else { "consumes" };
    let related = others.iter().filter(|end| end.place != first.place).take(MAX_SITES);
    let services: BTreeSet<ServiceIndex> = ends.iter().map(|end| end.service).collect();
    Some(Draft {
        severity: None,
        message,
        place: first.place,
        related: related.map(|end| (end.place, format!("{} {verb} it, too", context.id(end.service)))).collect(),
        services: services.into_iter().collect(),
        subject: vec![channel.system.to_string(), channel.name.to_string()],
    })
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, channel: &Channel, lack: Lack) {
    let names = names(context, present(channel, lack));
    let message = match lack {
        Lack::Consumer => format!("Nobody consumes `{}` (published by {names})", channel.name),
        Lack::Producer => format!("Nobody publishes `{}` (consumed by {names})", channel.name),
    };
    if let Some(draft) = draft(context, channel, lack, message) {
        sink.report(draft);
    }
}

fn report_slip(context: &Context<'_>, sink: &mut Sink<'_>, received: &Channel, sent: &Channel) {
    let (consumers, producers) = (names(context, &received.consumers), names(context, &sent.producers));
    let verb = if producers.contains([',', ' ']) { "publish" } else { "publishes" };
    let message =
        format!("Nobody publishes `{}` (consumed by {consumers}); did you mean `{}`? {producers} {verb} it", received.name, sent.name);
    let Some(mut draft) = draft(context, received, Lack::Producer, message) else { return };
    let sites = sent.producers.iter().take(MAX_SITES);
    draft.related.extend(sites.map(|end| (end.place, format!("{} publishes `{}`", context.id(end.service), sent.name))));
    for end in &sent.producers {
        if !draft.services.contains(&end.service) {
            draft.services.push(end.service);
        }
    }
    sink.report(Draft { severity: Some(Severity::Warning), ..draft });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_other_names() {
        for (one, other) in [
            ("order.created", "orders.created"),
            ("order-created", "orderCreated"),
            ("ORDER_CREATED", "order.created"),
            ("order.created.v1", "order.created.v2"),
            ("order.created.0", "order.created"),
        ] {
            assert!(is_slip(one, other), "{one} {other}");
        }
        for (one, other) in
            [("order.created", "order.deleted"), ("mail", "main"), ("shard-1.orders", "shard-2.orders"), ("user.a", "user.b")]
        {
            assert!(!is_slip(one, other), "{one} {other}");
        }
    }
}
