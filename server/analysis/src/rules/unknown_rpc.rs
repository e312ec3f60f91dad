//! `unknown-rpc`: a procedure that is declared and called, and that the server leaves out.
//!
//! What deliberately does not live here: requests for paths, see [`super::unknown_route`]. Invariant: only servers in languages that let them leave
//! a procedure out are looked at, and of those only what is written out whole.

use portolan_grammars::facts::{Entry, Expr, Expression};

use super::{Context, Draft, Sink};
use crate::FunctionRef;
use crate::chart::{Call, Endpoint, Protocol, ServiceIndex, Status};

/// How many procedures are named.
const MAX_NAMES: usize = 4;

rule! {
    /// ## What it does
    /// Finds calls of a declared procedure whose server implements others of the same service, but not this one.
    ///
    /// Servers in TypeScript and JavaScript may leave procedures out. One that spreads other objects into its implementation, or inherits, may
    /// have it from there and is left alone. In Rust the compiler sees to it.
    ///
    /// ## Why it matters
    /// The call is answered with `UNIMPLEMENTED`, on every try, though both sides agree on the contract.
    ///
    /// ## Example
    /// ```ts
    /// // cart.proto declares AddItem and RemoveItem; shop calls both
    /// server.addService(shop.Cart.service, { addItem });
    /// ```
    ///
    /// ## How to fix
    /// Implement the procedure, or take it out of the contract so that nobody can call it.
    "unknown-rpc", Contracts, Error, "A call of a procedure that its server leaves out", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    for call in &context.chart.calls {
        let lost = call.protocol == Protocol::Grpc && call.endpoint.is_none() && call.status == Status::Exact;
        let (Some(to), Some((service, _))) = (call.target().filter(|_| lost), call.path.split_once('/')) else { continue };
        let served: Vec<&Endpoint> = served(context, to, service);
        if !served.is_empty() && served.iter().all(|endpoint| endpoint.handler.is_some_and(|handler| is_written_out(context, handler))) {
            report(context, sink, call, to, &served);
        }
    }
}

/// The procedures of an rpc service that a service implements.
fn served<'a>(context: &Context<'a>, to: ServiceIndex, service: &str) -> Vec<&'a Endpoint> {
    let of = |endpoint: &&Endpoint| {
        let name = endpoint.path.split_once('/').map(|(name, _)| name);
        endpoint.service == to && endpoint.protocol == Protocol::Grpc && name == Some(service)
    };
    context.chart.endpoints.iter().filter(of).collect()
}

/// Whether nothing is added to what stands in the file that implements a procedure.
fn is_written_out(context: &Context<'_>, handler: FunctionRef) -> bool {
    let Some(source) = context.snapshot.files.source(handler.file).filter(|source| source.language.is_ecmascript()) else { return false };
    let spreads = |expression: &Expression| match &expression.kind {
        Expr::Object(object) => object.entries.iter().any(|entry| matches!(entry, Entry::Spread { .. })),
        _ => false,
    };
    !source.exprs.iter().any(spreads) && source.types.iter().all(|class| class.superclass.is_none()) && source.problems.is_empty()
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, call: &Call, to: ServiceIndex, served: &[&Endpoint]) {
    let to_id = context.id(to);
    let mut names: Vec<&str> = served.iter().filter_map(|endpoint| Some(endpoint.path.split_once('/')?.1)).collect();
    names.truncate(MAX_NAMES);
    sink.report(Draft {
        severity: None,
        message: format!(
            "{} calls {to_id} {}, which {to_id} leaves out; it implements {}",
            context.id(call.from),
            call.path,
            names.join(", ")
        ),
        place: call.place,
        related: served.iter().map(|endpoint| (endpoint.place, format!("{to_id} implements {}", endpoint.path))).collect(),
        services: vec![call.from, to],
        subject: vec![call.path.to_string(), context.file(call.function), context.symbol(call.function)],
    });
}
