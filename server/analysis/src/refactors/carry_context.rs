//! The trace of who sends a message, gone on with by who consumes it.
//!
//! Where the message is sent, the current context is put into its headers, unless the process does that by itself; where it is consumed, the span
//! that is opened there gets what the headers carry as its parent. Where a library has its headers, the catalog says. What the parts are:
//! [`give`] is the sender's end, [`take`] the consumer's, [`desk`] the files and what they are given for it, [`rust`] the same in that language. Invariant: all that a process
//! consumes is done at once, as the rule holds that a process which takes any context out takes out all.

use std::collections::BTreeSet;

use super::{Context, Edit, Level, Plan, Refactor, Refusal};
use crate::chart::ServiceIndex;
use crate::rules::Finding;
use crate::rules::consumer_without_context::{self, Broken, RULE};
use crate::words::enumerate;

mod desk;
mod give;
mod rust;
mod take;

use desk::Desk;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let chart = &context.snapshot.chart;
    let consumer = *finding.services.first()?;
    let broken = found(context, consumer);
    let senders: BTreeSet<ServiceIndex> = broken.iter().flat_map(|broken| &broken.senders).map(|end| end.service).collect();
    let names: Vec<&str> = senders.into_iter().map(|service| chart.service(service).id.as_str()).collect();
    let traces = if names.len() == 1 { "trace" } else { "traces" };
    let title = format!("Go on with the {traces} of {} in {}", enumerate(&names), chart.service(consumer).id);
    (!broken.is_empty()).then(|| Plan { title, level: Level::Safe, edit: edit(context, &broken) })
}

/// What is found in a process.
fn found<'a>(context: &Context<'a>, service: ServiceIndex) -> Vec<Broken<'a>> {
    let snapshot = context.snapshot;
    let places: BTreeSet<_> = snapshot.findings.iter().filter(|found| found.rule == RULE.name).map(|found| found.place).collect();
    let all = consumer_without_context::all(&snapshot.chart);
    all.filter(|broken| broken.consumer.service == service && places.contains(&broken.consumer.place)).collect()
}

fn edit(context: &Context<'_>, all: &[Broken<'_>]) -> Result<Edit, Refusal> {
    let mut desk = Desk::new(context);
    for broken in all {
        take::take(&mut desk, broken)?;
        for sender in &broken.senders {
            give::give(&mut desk, broken, sender)?;
        }
    }
    desk.finish()
}

/// Refuses a sender that loses the traces of what it gets itself: once its code carries any context, nobody would be told of that.
fn goes_on(context: &Context<'_>, consumer: ServiceIndex, sender: ServiceIndex) -> Result<(), Refusal> {
    let comes_of = |broken: &Broken<'_>| broken.senders.iter().any(|end| end.service == consumer);
    // Where each sends to the other, one has to come first.
    if sender == consumer || found(context, sender).iter().all(comes_of) {
        return Ok(());
    }
    Err(Refusal::new(format!("{} loses traces itself, which has to be seen to first", context.snapshot.chart.service(sender).id)))
}
