//! `call-in-consumer`: whoever handles a message waits for other services to do so.
//!
//! Invariant: a consumer is reported once.

use super::caches::is_kept;
use super::{Context, Draft, Severity, Sink};
use crate::chart::index::EndRef;
use crate::chart::operation::{Operation, Root};
use crate::chart::{CallIndex, ChannelIndex, ServiceIndex};
use crate::words::enumerate;

/// Services that a message names.
const MAX_NAMES: usize = 3;

rule! {
    /// ## What it does
    /// Finds consumers that wait for the service which sent the message, or for two or more services, before a message is handled.
    ///
    /// Calls of third parties do not count: to deliver is what many consumers are for. Neither do calls that nobody waits for, and those whose
    /// answers are kept in a cache that is asked first. It is a warning if one of the calls has no time limit: then the consumer stands still with
    /// the other service.
    ///
    /// ## Why it matters
    /// A message was sent so that neither side has to wait for the other. A consumer that asks back brings that back: when the other service is
    /// away, messages are handed over again and again, and each time all that was asked before is asked once more.
    ///
    /// ## Example
    /// ```ts
    /// await consumer.run({
    ///   eachMessage: async ({ message }) => {
    ///     const { id } = JSON.parse(message.value.toString());
    ///     const { data } = await axios.get(`${process.env.ORDERS_URL}/orders/${id}`); // orders sent the message
    ///     await sendMail(data);
    ///   },
    /// });
    /// ```
    ///
    /// ## How to fix
    /// Put what the consumer needs into the message, or let it keep a copy of what it asks for.
    "call-in-consumer", Coupling, Hint, "A consumer waits for other services", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for (at, channel) in context.chart.channels.iter().enumerate() {
        for end in 0..channel.consumers.len() {
            let end = EndRef { channel: ChannelIndex(at as u32), end: end as u32 };
            let consumer = end.consumer(context.chart);
            if consumer.status.is_settled() && !context.stands_beside(consumer.place.file) {
                consumer_waits(context, sink, end);
            }
        }
    }
}

fn consumer_waits(context: &Context<'_>, sink: &mut Sink<'_>, end: EndRef) {
    let (chart, consumer) = (context.chart, end.consumer(context.chart));
    let channel = chart.channel(end.channel);
    let operation = Operation::of_root(chart, context.index, Root::Consumer(end));
    let mut waits: Vec<(ServiceIndex, CallIndex)> = Vec::new();
    for index in operation.awaited() {
        let call = chart.call(index);
        if let Some(to) = call.target()
            && call.status.is_settled()
            && to != consumer.service
            && !waits.iter().any(|(known, _)| *known == to)
            && !is_kept(context, call.function, call.place)
        {
            waits.push((to, index));
        }
    }
    let is_sender =
        |service: ServiceIndex| channel.producers.iter().any(|producer| producer.service == service && producer.status.is_settled());
    let back = waits.iter().find(|(service, _)| is_sender(*service));
    let Some(&(_, first)) = back.or_else(|| waits.first().filter(|_| waits.len() > 1)) else { return };
    let call = chart.call(first);
    let message = match back {
        Some((sender, _)) => {
            format!("The consumer of `{}` waits for {} {}, which sent the message", channel.name, context.id(*sender), call.label())
        }
        None => {
            let names: Vec<&str> = waits.iter().take(MAX_NAMES).map(|(service, _)| context.id(*service).as_str()).collect();
            format!("The consumer of `{}` waits for {} services: {}", channel.name, waits.len(), enumerate(&names))
        }
    };
    let mut related: Vec<_> = waits
        .iter()
        .map(|(service, call)| (chart.call(*call).place, format!("waits for {} {}", context.id(*service), chart.call(*call).label())))
        .collect();
    let senders = channel.producers.iter().filter(|producer| back.is_some_and(|(sender, _)| *sender == producer.service));
    related.extend(senders.take(1).map(|producer| (producer.place, format!("{} sends `{}`", context.id(producer.service), channel.name))));
    related.retain(|(place, _)| *place != call.place);
    let endless = waits.iter().any(|(_, call)| context.snapshot.endless().calls.contains(call));
    sink.report(Draft {
        severity: endless.then_some(Severity::Warning),
        message,
        place: call.place,
        related,
        services: std::iter::once(consumer.service).chain(waits.iter().map(|(service, _)| *service)).collect(),
        subject: vec![channel.name.to_string()],
    });
}
