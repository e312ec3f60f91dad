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
        self.link.operations.push(OperationCall { protocol: Protocol::Trpc, site, function, names, addresses: Vec::new() });
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
        let mut found: Vec<(Symbol, Option<FunctionRef>)> = Vec::new();
        procedures(&router, entry, "", 0, &mut found);
        found.sort();
        found.dedup();
        for (name, handler) in found {
            self.link.operation_handlers.push(OperationHandler { protocol: Protocol::Trpc, name, function, handler });
        }
        true
    }
}

/// All procedures of a router, or of an object of them, with their paths.
fn procedures(value: &Value, entry: &catalog::ProcedureServer, path: &str, depth: u32, found: &mut Vec<(Symbol, Option<FunctionRef>)>) {
    if depth > MAX_DEPTH {
        return;
    }
    for value in value.alternatives() {
        match value {
            Value::Instance(instance) if instance.type_name == entry.router_type => {
                instance.captures.values().for_each(|part| procedures(part, entry, path, depth + 1, found));
            }
            Value::Instance(instance) if instance.type_name == entry.procedure_type && !path.is_empty() => {
                found.push((path.into(), instance.captures.get("handler").and_then(function_in)));
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
