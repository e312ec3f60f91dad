//! `payload-mismatch`: a request whose body lacks what its handler requires.
//!
//! What is sent and what is required, [`crate::resolve::payloads`] says. Invariant: nothing is reported of a body of which a key may be unknown.

use portolan_grammars::facts::Symbol;

use super::{Context, Draft, Sink};
use crate::Place;
use crate::chart::flow::Spot;
use crate::chart::{Call, Protocol};
use crate::resolve::payloads::RequiredKey;
use crate::words::enumerate;

rule! {
    /// ## What it does
    /// Finds requests whose JSON body lacks a key that the handler at the other end requires: a field of the struct that `Json<T>` is made into, unless
    /// it is an `Option` or has a default; a field that a validator of the body's class checks, unless it is optional. Names are compared as they
    /// are written to JSON, so `rename_all` counts.
    ///
    /// Only bodies whose keys are all known are looked at: objects written at the call, and structs that serde writes field by field. One with a
    /// spread, of a type, or put together elsewhere is left alone.
    ///
    /// ## Why it matters
    /// The request is refused on every try, with 400 or 422. The two sides are often of two languages, so that no compiler compares them, and tests
    /// of either side replace the other.
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
    "payload-mismatch", Contracts, Warning, "A request without what its handler requires", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for call in &context.chart.calls {
        let Some(sent) = sent(context, call) else { continue };
        let missing = required(context, call).iter().filter(|key| !key.names.iter().any(|name| sent.contains(name)));
        let missing: Vec<&RequiredKey> = missing.collect();
        if !missing.is_empty() {
            report(context, sink, call, sent, &missing);
        }
    }
}

/// The keys that a call sends, if all are known and it is known whom they reach.
fn sent<'a>(context: &Context<'a>, call: &Call) -> Option<&'a [Symbol]> {
    if call.protocol != Protocol::Http || call.endpoint.is_none() || !call.status.is_settled() {
        return None;
    }
    let made = Spot::at(&context.snapshot.files, call.place)?.call()?;
    let link = context.snapshot.links.get(call.place.file.0 as usize)?.as_ref()?;
    let mut here = link.calls.iter().filter(|outbound| outbound.site.file == call.place.file && outbound.site.call == made);
    let (first, second) = (here.next()?, here.next());
    if second.is_some() { None } else { first.payload.as_deref() }
}

/// What the handler of a call requires.
fn required<'a>(context: &Context<'a>, call: &Call) -> &'a [RequiredKey] {
    let handler = call.endpoint.and_then(|endpoint| context.chart.endpoint(endpoint).handler);
    let body = handler.and_then(|handler| {
        let link = context.snapshot.links.get(handler.file.0 as usize)?.as_ref()?;
        link.bodies.iter().find(|body| body.function == handler.function)
    });
    body.map_or(&[], |body| &body.required)
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, call: &Call, sent: &[Symbol], missing: &[&RequiredKey]) {
    let Some(to) = call.target() else { return };
    let (from, name, label) = (context.id(call.from), context.id(to), context.chart.label_of(call));
    let keys = quoted(missing.iter().filter_map(|key| key.names.first()));
    let sends = if sent.is_empty() { "nothing".to_owned() } else { quoted(sent.iter()) };
    let field = |key: &RequiredKey| {
        let class = key.class;
        let field = context.snapshot.files.source(class.file)?.type_def(class.class).fields.get(key.field)?;
        Some(Place { file: class.file, range: field.range })
    };
    let related = missing.iter().filter_map(|key| Some((field(key)?, format!("{name} requires it")))).collect();
    sink.report(Draft {
        severity: None,
        message: format!("{name} {label} requires {keys}; {from} sends {sends}"),
        place: call.place,
        related,
        services: vec![call.from, to],
        subject: vec![label, keys, context.symbol(call.function)],
    });
}

fn quoted<'a>(names: impl Iterator<Item = &'a Symbol>) -> String {
    enumerate(&names.map(|name| format!("`{name}`")).collect::<Vec<_>>())
}
