//! `consumer-without-context`: a message whose handler starts a trace of its own, though its sender traces.
//!
//! What deliberately does not live here: consumers without any span, see [`super::handler_without_span`]. Invariant: a process that takes a
//! trace's context out of anything is never reported.

use std::collections::BTreeSet;

use super::{Context, Draft, Sink, exempt};
use crate::Place;
use crate::chart::{Channel, ChannelEnd, Chart, Coverage, Evidence, ServiceIndex};
use crate::words::enumerate;

/// How many senders are named.
const MAX_SITES: usize = 5;

rule! {
    /// ## What it does
    /// Finds consumers that open a span by hand, while nothing in their process takes the trace's context out of the headers of messages: neither
    /// an instrumentation of the broker's library nor code. The sender must be in a service that traces.
    ///
    /// In Rust, the span must be opened within the loop that asks for messages, or by a function that is called there: one around the loop is none of a
    /// message.
    ///
    /// Whatever takes context out counts for the whole process: `propagation.extract`, a text map propagator, telemetry that is given to the library.
    ///
    /// ## Why it matters
    /// The trace stops at the broker. What the message sets off is there, but in traces of its own that nobody finds from the request; the delay in
    /// the queue is in none of them.
    ///
    /// ## Example
    /// ```ts
    /// await consumer.run({
    ///   eachMessage: async ({ message }) =>
    ///     tracer.startActiveSpan("order placed", (span) => { /* the headers of the message are not read */ span.end(); }),
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Add the instrumentation of the broker's library on both sides, or start the span in `propagation.extract(context.active(), message.headers)`.
    "consumer-without-context", Observability, Warning, "A consumer does not go on with the trace of its sender", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for broken in all(context.chart) {
        report(context, sink, &broken);
    }
}

/// A consumer at which traces stop.
pub(crate) struct Broken<'a> {
    pub(crate) channel: &'a Channel,
    pub(crate) consumer: &'a ChannelEnd,
    /// The span that starts a trace of its own.
    pub(crate) span: &'a Evidence,
    /// The ends that send from services that trace.
    pub(crate) senders: Vec<&'a ChannelEnd>,
}

/// The consumers at which traces stop.
pub(crate) fn all(chart: &Chart) -> impl Iterator<Item = Broken<'_>> {
    let ends = chart.channels.iter().flat_map(|channel| channel.consumers.iter().map(move |consumer| (channel, consumer)));
    ends.filter_map(|(channel, consumer)| {
        let senders = senders(chart, channel);
        let span = breaks_off(chart, consumer).filter(|_| !senders.is_empty())?;
        Some(Broken { channel, consumer, span, senders })
    })
}

fn senders<'a>(chart: &Chart, channel: &'a Channel) -> Vec<&'a ChannelEnd> {
    channel.producers.iter().filter(|end| end.status.is_settled() && chart.traced(end.service).is_some()).collect()
}

/// A consumer's span, where it is there and has no parent.
fn breaks_off<'a>(chart: &Chart, consumer: &'a ChannelEnd) -> Option<&'a Evidence> {
    let tracing = chart.traced(consumer.service).filter(|row| row.carriers.is_empty())?;
    let Coverage::Covered(span) = &consumer.coverage else { return None };
    // What the process records by itself, it joins by itself.
    let by_hand = !tracing.evidence.iter().any(|evidence| evidence.place == span.place);
    (by_hand && consumer.status.is_settled() && !exempt::from_span_rules(chart.service(consumer.service))).then_some(span)
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, broken: &Broken<'_>) {
    let Broken { channel, consumer, span, senders } = broken;
    let services: BTreeSet<ServiceIndex> = senders.iter().map(|end| end.service).collect();
    let names: Vec<&str> = services.iter().map(|service| context.id(*service).as_str()).collect();
    let id = context.id(consumer.service);
    let mut related: Vec<(Place, String)> =
        senders.iter().take(MAX_SITES).map(|end| (end.place, format!("{} publishes it", context.id(end.service)))).collect();
    related.push((span.place, format!("the span that starts a trace of its own: {}", span.what)));
    sink.report(Draft {
        severity: None,
        message: format!("The trace stops at `{}`: {id} takes no trace context from the messages of {}", channel.name, enumerate(&names)),
        place: consumer.place,
        related,
        services: std::iter::once(consumer.service).chain(services).collect(),
        subject: vec![channel.name.to_string(), consumer.function.map(|function| context.symbol(function)).unwrap_or_default()],
    });
}
