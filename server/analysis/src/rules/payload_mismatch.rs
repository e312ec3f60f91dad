//! `payload-mismatch`: a request or message whose body lacks what its handler requires.
//!
//! What is sent and what is required, [`crate::resolve::payloads`] says. Invariant: nothing is reported of a body of which a key may be unknown.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::{Context, Draft, Sink};
use crate::chart::{Channel, ChannelEnd};
use crate::resolve::payloads::RequiredKey;
use crate::words::enumerate;
use crate::{FunctionRef, Place};

/// Keys under which envelopes hold what is meant: who reads or writes one does so in a place that is not looked at.
const ENVELOPES: [&str; 8] = ["body", "data", "detail", "event", "message", "Message", "payload", "value"];

rule! {
    /// ## What it does
    /// Finds requests whose JSON body lacks a key that the handler at the other end requires: a field of the struct that `Json<T>` is made into, unless
    /// it is an `Option` or has a default; a field that a validator of the body's class checks, unless it is optional, where a NestJS application uses
    /// `ValidationPipe`; a key of a schema of zod by which the handler, or what is given to its route (`zValidator`, Fastify's `schema.body`), checks
    /// the body, unless it may be missing. A key that code of the service writes to a request's body (`req.body.userId = …`) is not required, and
    /// none is where code replaces the body itself. Names are compared as they are written to JSON, so `rename_all` counts. Of messages likewise:
    /// what a consumer parses with `serde_json::from_slice`, or a class behind `@Payload()`.
    ///
    /// Only bodies whose keys are all known are looked at: objects written at the call, and structs that serde writes field by field. One with a
    /// spread, of a type, or put together elsewhere is left alone, and so are envelopes, and channels on which somebody sends what the consumer
    /// requires: what else is sent there may be meant for others.
    ///
    /// ## Why it matters
    /// A request is refused on every try, with 400 or 422; a message is dropped, or handed over again and again. The two sides are often of two
    /// languages, so that no compiler compares them, and tests of either side replace the other.
    ///
    /// ## Example
    /// ```ts
    /// // orders: #[derive(Deserialize)] struct CreateOrder { customer_id: String, sku: String }
    /// await axios.post(`${process.env.ORDERS_URL}/orders`, { customerId: id, sku }); // customer_id is missing
    /// ```
    ///
    /// ## How to fix
    /// Send the key as the handler reads it, or let the handler do without: `#[serde(rename_all = "camelCase")]`, `Option<T>`, `#[serde(default)]`,
    /// `@IsOptional()`.
    "payload-mismatch", Contracts, Warning, "A request or message without what its handler requires", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for call in context.chart.calls.iter().filter(|call| call.status.is_settled()) {
        let (Some(to), Some(endpoint)) = (call.target(), call.endpoint) else { continue };
        let Some(sent) = context.snapshot.sent_by(call) else { continue };
        let missing = missing(context.snapshot.required_by(context.chart.endpoint(endpoint)), sent);
        if missing.is_empty() {
            continue;
        }
        let (from, name, label) = (context.id(call.from), context.id(to), context.chart.label_of(call));
        let keys = quoted(missing.iter().filter_map(|key| key.names.first()));
        sink.report(Draft {
            severity: None,
            message: format!("{name} {label} requires {keys}; {from} sends {}", sends(sent)),
            place: call.place,
            related: declared(context, name, &missing),
            services: vec![call.from, to],
            subject: vec![label, keys, context.file(call.function), context.symbol(call.function)],
        });
    }
    check_messages(context, sink);
}

fn check_messages(context: &Context<'_>, sink: &mut Sink<'_>) {
    // Of a function that handles several channels it is not known whose messages it parses.
    let mut handled: FxHashMap<FunctionRef, usize> = FxHashMap::default();
    for function in context.chart.channels.iter().flat_map(|channel| &channel.consumers).filter_map(|end| end.function) {
        *handled.entry(function).or_default() += 1;
    }
    for channel in &context.chart.channels {
        let handles_one = |end: &&ChannelEnd| end.function.is_some_and(|function| handled.get(&function) == Some(&1));
        for consumer in channel.consumers.iter().filter(|end| end.status.is_settled()).filter(handles_one) {
            let required = context.snapshot.required_of_messages(consumer);
            let fits = |sent: &Option<Vec<Symbol>>| sent.as_ref().is_none_or(|sent| missing(required, sent).is_empty());
            if channel.producers.iter().any(|producer| fits(&producer.payload)) {
                continue;
            }
            for producer in channel.producers.iter().filter(|end| end.status.is_settled()) {
                if let Some(sent) = producer.payload.as_ref().filter(|sent| !may_wrap(required, sent)) {
                    report_message(context, sink, channel, (producer, sent), (consumer, required));
                }
            }
        }
    }
}

/// Whether one side may hold its keys in an envelope that the other side does not write out.
fn may_wrap(required: &[RequiredKey], sent: &[Symbol]) -> bool {
    ENVELOPES
        .iter()
        .any(|envelope| required.iter().any(|key| key.names.iter().any(|name| name == envelope)) != sent.iter().any(|key| key == envelope))
}

fn report_message(
    context: &Context<'_>,
    sink: &mut Sink<'_>,
    channel: &Channel,
    (producer, sent): (&ChannelEnd, &[Symbol]),
    (consumer, required): (&ChannelEnd, &[RequiredKey]),
) {
    let missing = missing(required, sent);
    let (from, name) = (context.id(producer.service), context.id(consumer.service));
    let keys = quoted(missing.iter().filter_map(|key| key.names.first()));
    let mut related = vec![(consumer.place, format!("{name} consumes `{}`", channel.name))];
    related.extend(declared(context, name, &missing));
    sink.report(Draft {
        severity: None,
        message: format!("{name} requires {keys} in messages of `{}`; {from} sends {}", channel.name, sends(sent)),
        place: producer.place,
        related,
        services: vec![producer.service, consumer.service],
        subject: vec![channel.name.to_string(), keys, producer.function.map(|function| context.symbol(function)).unwrap_or_default()],
    });
}

fn missing<'a>(required: impl IntoIterator<Item = &'a RequiredKey>, sent: &[Symbol]) -> Vec<&'a RequiredKey> {
    required.into_iter().filter(|key| !key.names.iter().any(|name| sent.contains(name))).collect()
}

/// Where the keys are declared that a service requires.
fn declared(context: &Context<'_>, service: &str, keys: &[&RequiredKey]) -> Vec<(Place, String)> {
    keys.iter().filter_map(|key| Some((context.snapshot.place_of_key(key)?, format!("{service} requires it")))).collect()
}

fn sends(keys: &[Symbol]) -> String {
    if keys.is_empty() { "nothing".to_owned() } else { quoted(keys.iter()) }
}

fn quoted<'a>(names: impl Iterator<Item = &'a Symbol>) -> String {
    enumerate(&names.map(|name| format!("`{name}`")).collect::<Vec<_>>())
}
