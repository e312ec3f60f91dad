//! What a hover says about what manifests and contracts name: variables, services, rpcs.

use std::collections::BTreeSet;

use portolan_grammars::facts::Symbol;

use super::super::markdown::{code, escape, prose};
use super::super::subjects;
use super::Writer;
use crate::Place;
use crate::chart::index::RpcRef;
use crate::chart::{ServiceIndex, Target, VariableIndex};
use crate::words::counted;

impl Writer<'_> {
    /// A variable, in all services that have it from this place.
    pub(super) fn variable(&mut self, index: VariableIndex, place: Place) {
        let chart = &self.snapshot.chart;
        let name = &chart.variable(index).name;
        let all: Vec<VariableIndex> = subjects::variables_at(self.snapshot, place).collect();
        let kind = if name.starts_with('-') { "option" } else { "environment variable" };
        self.page.paragraph(&format!("{} · {kind}", code(name)));
        let (mut values, mut decided, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for index in all {
            let variable = chart.variable(index);
            let service = self.bold(variable.service);
            values.push(match variable.values.first() {
                Some((value, place)) => format!("{service} {} {}", code(&without_secrets(name, value)), self.page.link(*place)),
                None => format!("{service} has no value in the workspace"),
            });
            for call in subjects::decided_by(self.snapshot, index).map(|call| chart.call(call)) {
                let to = match &call.to {
                    Target::Service(to) => self.bold(*to),
                    Target::External(host) => format!("{} (outside)", escape(host)),
                };
                decided.push(format!("{service} → {to} {} {}", code(&chart.label_of(call)), self.page.link(call.place)));
            }
            reads.extend(variable.reads.iter().map(|place| (variable.service, *place)));
        }
        self.page.list("Set for", &values);
        self.page.list("Decides", &decided);
        let reads = self.by_service(reads.into_iter());
        self.page.list("Read by", &reads);
    }

    /// A service, where a manifest names it.
    pub(super) fn service(&mut self, index: ServiceIndex) {
        let chart = &self.snapshot.chart;
        let service = chart.service(index);
        let kind = if service.third_party { "not built here" } else { service.kind.as_str() };
        let code_root = if service.root.as_str().is_empty() { String::new() } else { format!(" · {}", code(service.root.as_str())) };
        self.page.paragraph(&format!("{} · {kind}{code_root}", self.bold(index)));
        let endpoints = chart.endpoints.iter().filter(|endpoint| endpoint.service == index).count();
        if endpoints > 0 {
            self.page.paragraph(&format!("Answers {}", counted(endpoints, "endpoint", "endpoints")));
        }
        let callers = subjects::calls_of(self.snapshot, index).map(|call| (chart.call(call).from, chart.call(call).place));
        let callers = self.by_service(callers);
        self.page.list("Called by", &callers);
        let asked = chart.calls.iter().filter(|call| call.from == index && call.status.is_settled());
        let asked = self.by_service(asked.filter_map(|call| Some((call.target().filter(|to| *to != index)?, call.place))));
        self.page.list("Asks", &asked);
        let stores: Vec<String> = chart
            .stores
            .iter()
            .filter_map(|store| {
                let (_, place) = store.users.iter().find(|(user, _)| *user == index)?;
                Some(format!("{} {}", code(&store.id), self.page.link(*place)))
            })
            .collect();
        self.page.list("Opens", &stores);
        let (mut sent, mut received): (BTreeSet<&Symbol>, BTreeSet<&Symbol>) = (BTreeSet::new(), BTreeSet::new());
        for channel in &chart.channels {
            if channel.producers.iter().any(|end| end.service == index) {
                sent.insert(&channel.name);
            }
            if channel.consumers.iter().any(|end| end.service == index) {
                received.insert(&channel.name);
            }
        }
        for (heading, channels) in [("Sends", sent), ("Receives", received)] {
            let rows: Vec<String> = channels.into_iter().map(|name| code(name)).collect();
            self.page.list(heading, &rows);
        }
        if let Some(tracing) = chart.tracing.iter().find(|row| row.service == index) {
            match tracing.evidence.first().filter(|_| tracing.instrumented) {
                Some(evidence) => {
                    self.page.paragraph(&format!("Traced: {} {}", prose(&evidence.what), self.page.link(evidence.place)));
                }
                None if tracing.instrumented => self.page.paragraph("Traced"),
                None => self.page.paragraph("Not traced: it starts no tracer"),
            }
        }
        self.owners(index);
    }

    /// An rpc of a contract.
    pub(super) fn rpc(&mut self, rpc: RpcRef) {
        let chart = &self.snapshot.chart;
        let Some((path, _)) = rpc.of(&self.snapshot.files) else { return };
        self.page.paragraph(&format!("{} · rpc", code(&path)));
        let endpoints = subjects::implementations(self.snapshot, rpc).map(|endpoint| chart.endpoint(endpoint));
        let implementations =
            self.by_service(endpoints.map(|endpoint| (endpoint.service, super::answering_place(self.snapshot, endpoint))));
        if implementations.is_empty() {
            self.page.paragraph("Nobody whose code is read here is known to implement it");
        }
        self.page.list("Implemented by", &implementations);
        let callers = subjects::rpc_calls(self.snapshot, rpc).map(|call| (chart.call(call).from, chart.call(call).place));
        let callers = self.by_service(callers);
        self.page.list("Called by", &callers);
    }
}

/// A value as it may be shown: passwords in addresses are left out, and all of what is called a secret.
fn without_secrets(name: &str, value: &str) -> String {
    let secret = ["SECRET", "PASSWORD", "TOKEN", "KEY", "CREDENTIAL"];
    if name.to_ascii_uppercase().split('_').any(|word| secret.contains(&word)) {
        return "…".to_owned();
    }
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    match rest.split_once('@') {
        Some((user, host)) if !user.contains('/') => format!("{scheme}://…@{host}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(without_secrets("A_URL", "postgres://u:p@db:5432/x"), "postgres://…@db:5432/x");
        assert_eq!(without_secrets("A_URL", "http://orders/x@y"), "http://orders/x@y");
        assert_eq!(without_secrets("API_KEY", "abc"), "…");
        assert_eq!(without_secrets("KEYBOARD", "abc"), "abc");
    }
}
