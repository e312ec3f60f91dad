//! What a hover says about what waits behind a call: the chain, and what it makes of availability.

use std::collections::BTreeSet;

use super::super::markdown::{code, escape};
use super::Writer;
use crate::chart::operation::{Root, SpanRef};
use crate::chart::trace::Trace;
use crate::chart::{EndpointIndex, ServiceIndex};
use crate::{Snapshot, availability};

/// How many lines of the chain are shown, and how deep.
const MAX_CHAIN: usize = 10;
const MAX_CHAIN_DEPTH: usize = 4;

impl Writer<'_> {
    /// Whom an endpoint asks to answer, and whom those ask.
    pub(super) fn chain(&mut self, endpoint: EndpointIndex) {
        let (mut rows, services) = self.behind(endpoint);
        let more = rows.len().saturating_sub(MAX_CHAIN);
        rows.truncate(MAX_CHAIN);
        if more > 0 {
            rows.push((0, format!("and {more} more")));
        }
        self.page.tree("To answer, it asks", &rows);
        self.need(services);
    }

    /// How often all services are there that an endpoint needs, where it needs others.
    pub(super) fn needs(&mut self, endpoint: EndpointIndex) {
        let (_, services) = self.behind(endpoint);
        self.need(services);
    }

    /// The chain behind an endpoint as rows with depths, and how many services are waited for, its own among them.
    fn behind(&self, endpoint: EndpointIndex) -> (Vec<(usize, String)>, usize) {
        let trace = Trace::of(self.snapshot, Root::Endpoint(endpoint));
        let (mut rows, mut waited) = (Vec::new(), BTreeSet::from([self.snapshot.chart.endpoint(endpoint).service]));
        chain(self.snapshot, &trace, 0, true, &mut rows, &mut waited);
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
            rows.push((depth, format!("**{}** {}{repeated}{detached}", escape(&chart.service(to).id), code(&label))));
        }
        if let Some(answer) = &step.answer {
            chain(snapshot, answer, depth + 1, waits, rows, waited);
        }
    }
}
