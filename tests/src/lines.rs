//! A chart as lines of text, by which specs compare it.
//!
//! What deliberately does not live here: line numbers and evidence of spans, so that a spec breaks only when a span changes. Invariant:
//! sorted within each kind, and equal spans are as many lines as there are spans.

use portolan_analysis::chart::{Call, Coverage, Protocol, ServiceIndex, Status, Target};
use portolan_analysis::{Place, Snapshot};
use portolan_grammars::catalog::Operation;

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `service orders backend at services/orders`.
    Services,
    /// `orders serves POST /orders`, with `covered` or `dark: reason` where the service traces.
    Endpoints,
    /// `web -> orders POST /orders exact via gateway`, `orders -> (api.example.com) GET /x exact`.
    Calls,
    /// `PRODUCER kafka order.placed orders`, `CONSUMER kafka order.placed notifications`.
    Channels,
    /// `orders writes orders in orders-db`.
    Stores,
    /// `orders traces http,grpc`, `orders does not trace`.
    Tracing,
}

impl Kind {
    /// The kinds that are static spans, which a `spans` block lists when it names none.
    pub const SPANS: [Kind; 4] = [Kind::Endpoints, Kind::Calls, Kind::Channels, Kind::Stores];

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Kind> {
        Some(match name {
            "services" => Kind::Services,
            "endpoints" => Kind::Endpoints,
            "calls" => Kind::Calls,
            "channels" => Kind::Channels,
            "stores" => Kind::Stores,
            "tracing" => Kind::Tracing,
            _ => return None,
        })
    }
}

/// The lines of some kinds, kind by kind.
pub fn spans(snapshot: &Snapshot, kinds: &[Kind]) -> Vec<String> {
    let mut all = Vec::new();
    for kind in kinds {
        let mut lines = match kind {
            Kind::Services => services(snapshot),
            Kind::Endpoints => endpoints(snapshot),
            Kind::Calls => snapshot.chart.calls.iter().map(|call| call_line(snapshot, call)).collect(),
            Kind::Channels => channels(snapshot),
            Kind::Stores => stores(snapshot),
            Kind::Tracing => tracing(snapshot),
        };
        lines.sort();
        all.extend(lines);
    }
    all
}

/// Calls whose target is not settled: `web src/api.ts:30 host is decided at run time`.
pub fn unresolved(snapshot: &Snapshot) -> Vec<String> {
    let chart = &snapshot.chart;
    let mut lines: Vec<String> = chart
        .unresolved
        .iter()
        .map(|call| format!("{} {} {}", name(snapshot, call.from), place(snapshot, call.place), call.reason))
        .collect();
    lines.sort();
    lines
}

/// What files say that is not understood: `portolan.toml:3 unknown key ...`.
pub fn problems(snapshot: &Snapshot) -> Vec<String> {
    let of_files = snapshot.files.iter().flat_map(|(file, _, facts)| {
        facts.problems().iter().map(move |problem| (Place { file, range: problem.range }, problem.message.as_str()))
    });
    let of_all = snapshot.workspace.problems.iter().map(|problem| (problem.place, problem.message.as_str()));
    let mut lines: Vec<String> = of_files.chain(of_all).map(|(at, message)| format!("{} {message}", place(snapshot, at))).collect();
    lines.sort();
    // What is wrong in settings is among the problems of both.
    lines.dedup();
    lines
}

/// `src/api.ts:30`.
pub fn place(snapshot: &Snapshot, place: Place) -> String {
    format!("{}:{}", snapshot.files.path(place.file), snapshot.files.line(place))
}

fn name(snapshot: &Snapshot, service: ServiceIndex) -> &str {
    &snapshot.chart.services[service.index()].id
}

fn services(snapshot: &Snapshot) -> Vec<String> {
    let line = |service: &portolan_analysis::chart::Service| {
        let kind = if service.third_party { "third-party" } else { service.kind.as_str() };
        match service.root.as_str() {
            "" => format!("service {} {kind}", service.id),
            root => format!("service {} {kind} at {root}", service.id),
        }
    };
    snapshot.chart.services.iter().map(line).collect()
}

fn endpoints(snapshot: &Snapshot) -> Vec<String> {
    let line = |endpoint: &portolan_analysis::chart::Endpoint| {
        let unnamed = match endpoint.protocol {
            Protocol::Message => "request",
            Protocol::Graphql => "graphql",
            Protocol::Trpc => "trpc",
            Protocol::Jsonrpc => "jsonrpc",
            _ => "rpc",
        };
        let method = endpoint.method.as_deref().unwrap_or(unnamed);
        format!("{} serves {method} {}{}", name(snapshot, endpoint.service), endpoint.path, coverage(&endpoint.coverage))
    };
    snapshot.chart.endpoints.iter().map(line).collect()
}

fn coverage(coverage: &Coverage) -> String {
    match coverage {
        Coverage::NotTraced => String::new(),
        Coverage::Covered(_) => " covered".to_owned(),
        Coverage::Dark(reason) => format!(" dark: {reason}"),
        Coverage::Unknown => " perhaps covered".to_owned(),
    }
}

fn call_line(snapshot: &Snapshot, call: &Call) -> String {
    let to = match &call.to {
        Target::Service(service) => name(snapshot, *service).to_owned(),
        Target::External(host) => format!("({host})"),
    };
    let method = match (&call.method, call.protocol) {
        (Some(method), _) => method.as_str(),
        (None, Protocol::Http) => "?",
        (None, Protocol::Grpc) => "rpc",
        (None, Protocol::Message) => "request",
        (None, Protocol::Graphql) => "graphql",
        (None, Protocol::Trpc) => "trpc",
        (None, Protocol::Jsonrpc) => "jsonrpc",
        (None, Protocol::Sdk) => "sdk",
    };
    let mut line = format!("{} -> {to} {method} {} {}", name(snapshot, call.from), call.path, status(call.status));
    if !call.via.is_empty() {
        let via: Vec<&str> = call.via.iter().map(|gateway| name(snapshot, *gateway)).collect();
        line += &format!(" via {}", via.join(", "));
    }
    if call.development {
        line += " in development";
    }
    line
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Exact => "exact",
        Status::Likely => "likely",
        Status::Ambiguous => "ambiguous",
    }
}

/// ` likely`; nothing where the status is exact.
fn unless_exact(given: Status) -> String {
    if given == Status::Exact { String::new() } else { format!(" {}", status(given)) }
}

fn channels(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for channel in &snapshot.chart.channels {
        for end in &channel.producers {
            lines.push(format!("PRODUCER {} {} {}{}", channel.system, channel.name, name(snapshot, end.service), unless_exact(end.status)));
        }
        for end in &channel.consumers {
            let status = unless_exact(end.status);
            let coverage = coverage(&end.coverage);
            lines.push(format!("CONSUMER {} {} {}{status}{coverage}", channel.system, channel.name, name(snapshot, end.service)));
        }
    }
    lines
}

fn stores(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for store in &snapshot.chart.stores {
        lines.extend(store.users.iter().map(|(service, _)| format!("{} opens {}", name(snapshot, *service), store.id)));
        for collection in &store.collections {
            for access in &collection.accesses {
                let verb = match access.operation {
                    Operation::Read => "reads",
                    Operation::Write => "writes",
                };
                let service = name(snapshot, access.service);
                lines.push(format!("{service} {verb} {} in {}{}", collection.name, store.id, unless_exact(access.status)));
            }
        }
    }
    lines
}

fn tracing(snapshot: &Snapshot) -> Vec<String> {
    let line = |tracing: &portolan_analysis::chart::Tracing| {
        let service = name(snapshot, tracing.service);
        if tracing.instrumented { format!("{service} traces {}", tracing.covers.join(",")) } else { format!("{service} does not trace") }
    };
    snapshot.chart.tracing.iter().map(|each| line(each).trim_end().to_owned()).collect()
}
