//! What is said in a line: of whom it is called, what it does. Plain text, which lenses and hints share.

use std::collections::BTreeMap;

use portolan_grammars::catalog::Operation as AccessKind;
use portolan_grammars::facts::Symbol;

use crate::Snapshot;
use crate::chart::operation::{Operation, SpanRef};
use crate::chart::{Coverage, ServiceIndex};
use crate::words::counted;

/// How many names a list in a line has.
const MAX_NAMES: usize = 3;

/// `a, b`, `a, b and 2 more`.
pub(super) fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = all.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    match all.len() {
        0..=MAX_NAMES => all.join(", "),
        more => format!("{} and {} more", all[..MAX_NAMES - 1].join(", "), more - MAX_NAMES + 1),
    }
}

/// `3 callers in 2 services`, `1 caller in web`.
pub(super) fn places_in_services(snapshot: &Snapshot, services: &[ServiceIndex], one: &str, several: &str) -> String {
    let mut distinct: Vec<ServiceIndex> = services.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let services_in_words = match distinct.as_slice() {
        [only] => snapshot.chart.service(*only).id.to_string(),
        more => counted(more.len(), "service", "services"),
    };
    format!("{} in {services_in_words}", counted(services.len(), one, several))
}

/// What some operations do, in a line: `asks inventory · reads stock · writes orders · sends order.placed`; empty where they do nothing.
pub(super) fn doings(snapshot: &Snapshot, operations: &[Operation]) -> Vec<String> {
    let chart = &snapshot.chart;
    let (mut asked, mut sent): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut tables: BTreeMap<&Symbol, bool> = BTreeMap::new();
    for step in operations.iter().flat_map(|operation| &operation.steps) {
        match step.span {
            SpanRef::Call(call) if chart.call(call).status.is_settled() => asked.push(chart.name_of(&chart.call(call).to)),
            SpanRef::Call(_) => {}
            SpanRef::Publish(end) => sent.push(&chart.channel(end.channel).name),
            SpanRef::Access(access) => {
                *tables.entry(&access.collection.of(chart).1.name).or_default() |= access.of(chart).operation == AccessKind::Write;
            }
        }
    }
    let by = |writes: bool| names(tables.iter().filter(|(_, written)| **written == writes).map(|(name, _)| name.as_str()));
    let parts = [("asks", names(asked)), ("reads", by(false)), ("writes", by(true)), ("sends", names(sent))];
    parts.into_iter().filter(|(_, list)| !list.is_empty()).map(|(verb, list)| format!("{verb} {list}")).collect()
}

/// What is missing of a handler's span, in a word or two; nothing where it is recorded or cannot be told.
pub(super) fn dark(snapshot: &Snapshot, service: ServiceIndex, coverage: &Coverage) -> Option<&'static str> {
    match coverage {
        Coverage::Dark(_) => Some("no span"),
        Coverage::NotTraced => misses_tracer(snapshot, service).then_some("not traced"),
        Coverage::Covered(_) | Coverage::Unknown => None,
    }
}

/// Whether a service starts no tracer although others do; where nobody traces, it need not be said of each.
pub(super) fn misses_tracer(snapshot: &Snapshot, service: ServiceIndex) -> bool {
    let tracing = &snapshot.chart.tracing;
    tracing.iter().any(|row| row.service == service && !row.instrumented) && tracing.iter().any(|row| row.instrumented)
}
