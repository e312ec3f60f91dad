//! Procedures of routers, by the path of keys that leads to them: who calls `orders.list`, and which function answers.
//!
//! What deliberately does not live here: who serves a procedure that is called ([`super::assemble`]). Invariant: only a router that is served has
//! procedures; one that is only part of others has none of its own.

use portolan_grammars::catalog;
use portolan_grammars::facts::Symbol;

use super::library::{CallView, LibraryCallee};
use super::link::{Linker, OperationCall, OperationClient, OperationHandler};
use super::outbound::function_in;
use super::value::{CallRef, Value};
use crate::FunctionRef;
use crate::chart::Protocol;

/// Routers within routers that are followed.
const MAX_DEPTH: u32 = 8;
/// Names of types behind which a router is looked for.
const MAX_TYPES: u32 = 6;

impl<'w> Linker<'w> {
    /// A method of a client that calls the procedure which the members before it name.
    pub(super) fn procedure_call(&mut self, site: CallRef, function: FunctionRef, found: &LibraryCallee) {
        let Some(receiver) = &found.receiver else { return };
        let Some((verb, path)) = receiver.members.split_last().filter(|(_, path)| !path.is_empty()) else { return };
        let entries = &self.evaluator.cx.catalog.libraries[found.library].procedure_call;
        if !entries.iter().any(|entry| entry.type_name == receiver.type_name && entry.verbs.iter().any(|known| known == verb)) {
            return;
        }
        let names = vec![path.join(".").into()];
        let declared = receiver.root.or(receiver.origin).and_then(|made| self.typed_procedure(made, found.library, path));
        self.link.operations.push(OperationCall { protocol: Protocol::Trpc, site, function, names, addresses: Vec::new(), declared });
    }

    /// The procedure at a path of the router whose type a client is made with: `createTRPCClient<typeof shop>()`.
    fn typed_procedure(&mut self, made: CallRef, library: usize, path: &[Symbol]) -> Option<CallRef> {
        let catalog = self.evaluator.cx.catalog;
        let entry = catalog.libraries[library].procedure_server.first()?;
        let of = self.evaluator.facts(made.file)?.call(made.call).type_args.first()?;
        let router = self.evaluator.taken_from(made.file, of, MAX_TYPES)?;
        procedure_at(&router, entry, path, 0)
    }

    /// Where the procedures of a process are called.
    pub(super) fn procedure_client(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::ProcedureClient) -> bool {
        let Some(url) = self.evaluator.select_text(&entry.url, view) else { return false };
        let mut addresses = Vec::new();
        for pattern in url.patterns() {
            addresses.extend(self.bases(&pattern));
        }
        self.link.operation_clients.push(OperationClient { protocol: Protocol::Trpc, function, addresses });
        true
    }

    /// A router that is served.
    pub(super) fn procedure_server(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::ProcedureServer) -> bool {
        let Some(router) = self.evaluator.select(&entry.router, view) else { return false };
        let mut found: Vec<Procedure> = Vec::new();
        procedures(&router, entry, "", 0, &mut found);
        found.sort();
        found.dedup();
        for (name, handler, declared) in found {
            self.link.operation_handlers.push(OperationHandler { protocol: Protocol::Trpc, name, function, handler, declared });
        }
        true
    }
}

/// A procedure's path, who answers, and the call that declares it.
type Procedure = (Symbol, Option<FunctionRef>, Option<CallRef>);

/// The call that declares the procedure at a path of a router.
fn procedure_at(value: &Value, entry: &catalog::ProcedureServer, path: &[Symbol], depth: u32) -> Option<CallRef> {
    if depth > MAX_DEPTH {
        return None;
    }
    value.alternatives().iter().find_map(|value| match (value, path) {
        (Value::Instance(instance), _) if instance.type_name == entry.router_type => {
            instance.captures.values().find_map(|part| procedure_at(part, entry, path, depth + 1))
        }
        (Value::Instance(instance), []) if instance.type_name == entry.procedure_type => instance.origin,
        (Value::Object(object), [key, rest @ ..]) => procedure_at(object.fields.get(key)?, entry, rest, depth + 1),
        _ => None,
    })
}

/// All procedures of a router, or of an object of them, with their paths.
fn procedures(value: &Value, entry: &catalog::ProcedureServer, path: &str, depth: u32, found: &mut Vec<Procedure>) {
    if depth > MAX_DEPTH {
        return;
    }
    for value in value.alternatives() {
        match value {
            Value::Instance(instance) if instance.type_name == entry.router_type => {
                instance.captures.values().for_each(|part| procedures(part, entry, path, depth + 1, found));
            }
            Value::Instance(instance) if instance.type_name == entry.procedure_type && !path.is_empty() => {
                found.push((path.into(), instance.captures.get("handler").and_then(function_in), instance.origin));
            }
            Value::Object(object) => {
                for (key, part) in &object.fields {
                    let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                    procedures(part, entry, &path, depth + 1, found);
                }
            }
            _ => {}
        }
    }
}
