//! What a hover says about what waits behind a call: the chain, and what it makes of availability.

use core::time::Duration;
use std::collections::BTreeSet;

use super::super::markdown::{code, escape};
use super::Writer;
use crate::chart::operation::{Root, SpanRef};
use crate::chart::trace::Trace;
use crate::chart::{Call, EndpointIndex, ServiceIndex};
use crate::words::duration;
use crate::{Snapshot, availability};

/// How many lines of the chain are shown, and how deep.
const MAX_CHAIN: usize = 10;
const MAX_CHAIN_DEPTH: usize = 4;

impl Writer<'_> {
    /// Whom an endpoint asks to answer, and whom those ask; and whether who waits for it, `limit` at most, waits as long as it may.
    pub(super) fn chain(&mut self, endpoint: EndpointIndex, limit: Option<Duration>) {
        let trace = Trace::of(self.snapshot, Root::Endpoint(endpoint));
        let (mut rows, services) = self.behind(&trace, endpoint);
        let more = rows.len().saturating_sub(MAX_CHAIN);
        rows.truncate(MAX_CHAIN);
        if more > 0 {
            rows.push((0, format!("and {more} more")));
        }
        self.page.tree("To answer, it asks", &rows);
        self.need(services);
        self.limits(&trace, endpoint, limit);
    }

    /// How long an endpoint may wait for others, if each of its calls has a limit: one after the other, each once.
    fn limits(&mut self, trace: &Trace, endpoint: EndpointIndex, own: Option<Duration>) {
        let chart = &self.snapshot.chart;
        let waited = trace.steps.iter().filter(|step| !step.step.detached);
        let calls: Vec<&Call> = waited
            .filter_map(|step| match step.step.span {
                SpanRef::Call(call) => Some(chart.call(call)),
                _ => None,
            })
            .collect();
        let Some(limits) = calls.iter().map(|call| call.limit).collect::<Option<Vec<Duration>>>() else { return };
        let sum = limits.iter().sum();
        let added = match limits.as_slice() {
            [] => return,
            [one] => duration(*one),
            many => format!("{} = {}", many.iter().map(|limit| duration(*limit)).collect::<Vec<_>>().join(" + "), duration(sum)),
        };
        let longer = own.is_some_and(|own| own < sum);
        let but = if longer { ": longer than this call waits for it" } else { "" };
        let service = self.bold(chart.endpoint(endpoint).service);
        self.page.paragraph(&format!("{service} may wait {added} for others (each call once, one after the other){but}"));
    }

    /// How often all services are there that an endpoint needs, where it needs others.
    pub(super) fn needs(&mut self, endpoint: EndpointIndex) {
        let trace = Trace::of(self.snapshot, Root::Endpoint(endpoint));
        let (_, services) = self.behind(&trace, endpoint);
        self.need(services);
        self.limits(&trace, endpoint, None);
    }

    /// The chain behind an endpoint as rows with depths, and how many services are waited for, its own among them.
    fn behind(&self, trace: &Trace, endpoint: EndpointIndex) -> (Vec<(usize, String)>, usize) {
        let (mut rows, mut waited) = (Vec::new(), BTreeSet::from([self.snapshot.chart.endpoint(endpoint).service]));
        chain(self.snapshot, trace, 0, true, &mut rows, &mut waited);
        (rows, waited.len())
    }

    fn need(&mut self, services: usize) {
        if services > 1 {
            let all = availability::of_all(services) * 100.0;
            let each = availability::ASSUMED_IN_WORDS;
            self.page.paragraph(&format!("Needs {services} services at once: each there {each} of the time (assumed) makes {all:.1} %"));
        }
    }
}

/// The calls of a trace as rows with depths, and the services that are waited for. Recurses as deep as a trace is.
fn chain(
    snapshot: &Snapshot,
    trace: &Trace,
    depth: usize,
    waits: bool,
    rows: &mut Vec<(usize, String)>,
    waited: &mut BTreeSet<ServiceIndex>,
) {
    let chart = &snapshot.chart;
    for step in &trace.steps {
        let SpanRef::Call(call) = step.step.span else { continue };
        let call = chart.call(call);
        let Some(to) = call.target().filter(|_| call.status.is_settled()) else { continue };
        let waits = waits && !step.step.detached;
        if waits {
            waited.insert(to);
        }
        if depth < MAX_CHAIN_DEPTH {
            let label = chart.label_of(call);
            let repeated = if step.repeated { ", in a loop" } else { "" };
            let detached = if step.step.detached { ", not waited for" } else { "" };
            let limit = call.limit.map(|limit| format!(", {} at most", duration(limit))).unwrap_or_default();
            rows.push((depth, format!("**{}** {}{limit}{repeated}{detached}", escape(&chart.service(to).id), code(&label))));
        }
        if let Some(answer) = &step.answer {
            chain(snapshot, answer, depth + 1, waits, rows, waited);
        }
    }
}
