//! `service-without-tracing`: a service that traced services talk to, and that no trace shows.
//!
//! What deliberately does not live here: whether a service traces, which is the chart's knowledge. Invariant: a service whose code is not read is
//! never reported, as it might trace.

use std::collections::BTreeSet;

use portolan_grammars::facts::TextRange;

use super::{Context, Draft, Severity, Sink, exempt};
use crate::Place;
use crate::chart::ServiceIndex;

/// How many services are named that trace.
const MAX_EXAMPLES: usize = 3;
/// Words in the names of images that may bring an agent along.
const AGENTS: &[&str] =
    &["otel", "opentelemetry", "apm", "tracing", "newrelic", "datadog", "ddtrace", "dynatrace", "instana", "appdynamics"];

rule! {
    /// ## What it does
    /// Finds services that start no tracer though services which do call them, are called by them, or share a channel with them. The mark is on the
    /// file that the service starts from.
    ///
    /// Whatever starts a tracer counts: an SDK in the code, an agent that a command line, an environment variable or an image loads. Front ends,
    /// jobs, command line tools and processes that only call others are left alone, and so are services that load an unknown library around
    /// OpenTelemetry, and a workspace in which nobody traces. It is a hint where the name of the image that a service is built on has a word for
    /// tracing or for an agent.
    ///
    /// ## Why it matters
    /// A trace ends where it reaches such a service. What it does, and whatever it calls in turn, is missing from the picture just when somebody
    /// looks for what takes so long.
    ///
    /// ## Example
    /// ```ts
    /// // mailer/src/index.ts: orders traces and calls mailer; nothing here starts a tracer
    /// const app = express();
    /// app.post("/mails", send);
    /// ```
    ///
    /// ## How to fix
    /// Start a tracer first thing in the process, as the services around it do.
    "service-without-tracing", Observability, Information, "A service among traced ones starts no tracer", check
}

/// The traced services that one is joined to.
#[derive(Default)]
struct Neighbours {
    callers: BTreeSet<ServiceIndex>,
    called: BTreeSet<ServiceIndex>,
    channels: BTreeSet<ServiceIndex>,
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let counts = |service: &ServiceIndex| exempt::records_what_it_answers(context.chart.service(*service));
    let traced: BTreeSet<ServiceIndex> = context.traced_services().into_iter().filter(counts).collect();
    let dark = context.chart.tracing.iter().filter(|row| !row.instrumented).map(|row| row.service);
    for service in dark.filter(|_| !traced.is_empty()) {
        // One that only calls others may be a tool that somebody starts.
        if !counts(&service) || !context.answers(service) {
            continue;
        }
        let neighbours = neighbours(context, service, &traced);
        if let (Some(joined), Some(place)) = (neighbours.sentence(), entry(context, service)) {
            report(context, sink, service, place, &joined, &neighbours);
        }
    }
}

fn neighbours(context: &Context<'_>, service: ServiceIndex, traced: &BTreeSet<ServiceIndex>) -> Neighbours {
    let mut found = Neighbours::default();
    for call in context.chart.calls.iter().filter(|call| call.status.is_settled() && !exempt::is_plumbing(&call.path)) {
        match call.target() {
            Some(target) if target == service && traced.contains(&call.from) => drop(found.callers.insert(call.from)),
            Some(target) if call.from == service && traced.contains(&target) => drop(found.called.insert(target)),
            _ => {}
        }
    }
    for channel in &context.chart.channels {
        let ends = || channel.producers.iter().chain(&channel.consumers).filter(|end| end.status.is_settled()).map(|end| end.service);
        if ends().any(|end| end == service) {
            found.channels.extend(ends().filter(|end| traced.contains(end)));
        }
    }
    found
}

impl Neighbours {
    /// How the service is joined to them; `None` if it is not.
    fn sentence(&self) -> Option<String> {
        let count = |services: &BTreeSet<ServiceIndex>| match services.len() {
            1 => "1 traced service".to_owned(),
            many => format!("{many} traced services"),
        };
        if !self.callers.is_empty() {
            Some(format!("is called by {}", count(&self.callers)))
        } else if !self.called.is_empty() {
            Some(format!("calls {}", count(&self.called)))
        } else if !self.channels.is_empty() {
            Some(format!("exchanges messages with {}", count(&self.channels)))
        } else {
            None
        }
    }
    fn all(&self) -> impl Iterator<Item = ServiceIndex> {
        self.callers.union(&self.called).copied().collect::<BTreeSet<_>>().into_iter().chain(self.channels.iter().copied())
    }
}

/// Where a service starts: `main`, or the top of its file.
fn entry(context: &Context<'_>, service: ServiceIndex) -> Option<Place> {
    let deployment = context.snapshot.workspace.deployments.get(service.index())?;
    let file = *deployment.entries.first().or(deployment.starts.first())?;
    let source = context.snapshot.files.source(file)?;
    let main = source.functions.iter().find(|function| function.name == "main" && !source.language.is_ecmascript());
    let first = || source.imports.iter().map(|import| import.range).min_by_key(|range| range.start);
    Some(Place { file, range: main.map(|main| main.name_range).or_else(first).unwrap_or(TextRange::new(0, 0)) })
}

/// Whether an image of the service is made on one that may bring an agent along, by its name.
fn may_bring_agent(context: &Context<'_>, service: ServiceIndex) -> bool {
    let deployment = context.snapshot.workspace.deployments.get(service.index());
    deployment.is_some_and(|deployment| deployment.made_on.iter().any(|image| exempt::has_word(image, AGENTS)))
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, service: ServiceIndex, place: Place, joined: &str, neighbours: &Neighbours) {
    let starts = |traced: ServiceIndex| {
        let row = context.traced(traced)?;
        Some((row.evidence.first()?.place, format!("{} starts its tracer here", context.id(traced))))
    };
    let mut related: Vec<(Place, String)> = neighbours.all().filter_map(starts).collect();
    related.dedup();
    related.truncate(MAX_EXAMPLES);
    sink.report(Draft {
        severity: may_bring_agent(context, service).then_some(Severity::Hint),
        message: format!("{} {joined} but starts no tracer", context.id(service)),
        place,
        related,
        services: vec![service],
        subject: Vec::new(),
    });
}
