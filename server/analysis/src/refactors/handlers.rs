//! The function that a finding of `handler-without-span` is about.

use portolan_grammars::facts::Symbol;

use crate::chart::{Coverage, ServiceIndex};
use crate::rules::Finding;
use crate::{FunctionRef, Snapshot};

/// The rule whose findings are answered by a span.
pub(super) const RULE: &str = "handler-without-span";

/// A handler that no span is recorded for.
pub(super) struct Handler {
    pub(super) function: FunctionRef,
    pub(super) service: ServiceIndex,
    /// What it handles: `GET /orders`, `process payments`.
    pub(super) label: String,
    /// Path of the route that it answers; empty for rpcs and messages.
    pub(super) route: Symbol,
}

/// The handler that a finding names; nothing where it is about a whole service.
pub(super) fn handler(snapshot: &Snapshot, finding: &Finding) -> Option<Handler> {
    let chart = &snapshot.chart;
    let [service] = finding.services[..] else { return None };
    let dark = |coverage: &Coverage| matches!(coverage, Coverage::Dark(_));
    let endpoint = chart.endpoints.iter().find(|it| it.service == service && it.place == finding.place && dark(&it.coverage));
    if let Some(endpoint) = endpoint {
        let route = if endpoint.path.starts_with('/') { endpoint.path.clone() } else { Symbol::default() };
        return Some(Handler { function: endpoint.handler?, service, label: endpoint.label(), route });
    }
    let mut ends = chart.channels.iter().flat_map(|channel| channel.consumers.iter().map(move |end| (channel, end)));
    let (channel, end) = ends.find(|(_, end)| end.service == service && end.place == finding.place && dark(&end.coverage))?;
    Some(Handler { function: end.function?, service, label: format!("process {}", channel.name), route: Symbol::default() })
}
