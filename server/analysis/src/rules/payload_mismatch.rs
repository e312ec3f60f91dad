//! `payload-mismatch`: a request whose body lacks what its handler requires.
//!
//! What is sent and what is required, [`crate::resolve::payloads`] says. Invariant: nothing is reported of a body of which a key may be unknown.

use portolan_grammars::facts::Symbol;

use super::{Context, Draft, Sink};
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
    for call in context.chart.calls.iter().filter(|call| call.status.is_settled()) {
        let (Some(to), Some(endpoint)) = (call.target(), call.endpoint) else { continue };
        let required = context.snapshot.required_by(context.chart.endpoint(endpoint));
        if required.is_empty() {
            continue;
        }
        let Some(sent) = context.snapshot.sent_by(call) else { continue };
        let missing: Vec<&RequiredKey> = required.iter().filter(|key| !key.names.iter().any(|name| sent.contains(name))).collect();
        if missing.is_empty() {
            continue;
        }
        let (from, name, label) = (context.id(call.from), context.id(to), context.chart.label_of(call));
        let keys = quoted(missing.iter().filter_map(|key| key.names.first()));
        let sends = if sent.is_empty() { "nothing".to_owned() } else { quoted(sent.iter()) };
        let place = |key: &RequiredKey| Some((context.snapshot.place_of_key(key)?, format!("{name} requires it")));
        sink.report(Draft {
            severity: None,
            message: format!("{name} {label} requires {keys}; {from} sends {sends}"),
            place: call.place,
            related: missing.into_iter().filter_map(place).collect(),
            services: vec![call.from, to],
            subject: vec![label, keys, context.file(call.function), context.symbol(call.function)],
        });
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a Symbol>) -> String {
    enumerate(&names.map(|name| format!("`{name}`")).collect::<Vec<_>>())
}
