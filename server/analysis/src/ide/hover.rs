//! What a hover says about each thing of the chart.
//!
//! Each page opens with what it is and where it leads, then why that is thought, then what hangs on it.

use std::collections::BTreeMap;

use portolan_grammars::catalog::Operation as AccessKind;
use portolan_grammars::facts::Symbol;

use super::definition::answering_place;
use super::markdown::{Page, code, escape, prose};
use super::{subjects, words};
use crate::chart::index::Subject;
use crate::chart::operation::{Operation, SpanRef};
use crate::chart::{CallIndex, Coverage, EndpointIndex, Evidence, ServiceIndex, Status, Target};
use crate::words::enumerate;
use crate::{FileId, Place, Snapshot};

mod behind;
mod data;
mod manifests;
mod messages;
mod travel;

/// How many things that stand at one place are told of.
const MAX_SUBJECTS: usize = 4;

/// What to show when the cursor rests somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// Markdown. Links to places are written as `[text](portolan:PATH#LINE)`, which the server turns into its editor's links; in `PATH`
    /// blanks, parentheses, `#` and `%` are percent-encoded, `LINE` counts from 1.
    pub markdown: String,
    /// What it is about.
    pub place: Place,
}

/// What stands at `offset`: a call, a handler, a table, a channel.
pub fn hover(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<Hover> {
    let subjects = subjects::at(snapshot, file, offset);
    let place = subjects.first()?.1;
    // A line of a shared library stands there once for each service that runs it, and mostly says the same for all.
    let mut pages: Vec<String> = Vec::new();
    for (subject, place) in subjects {
        let page = page(snapshot, subject, place);
        if !pages.contains(&page) {
            pages.push(page);
        }
    }
    let more = pages.len().saturating_sub(MAX_SUBJECTS);
    pages.truncate(MAX_SUBJECTS);
    if more > 0 {
        pages.push(format!("and {more} more"));
    }
    Some(Hover { markdown: pages.join("\n\n---\n\n"), place })
}

/// The page about `subject` at `place`.
fn page(snapshot: &Snapshot, subject: Subject, place: Place) -> String {
    let mut writer = Writer { snapshot, page: Page::new(snapshot) };
    match subject {
        Subject::Call(call) => writer.call(call),
        Subject::Unresolved(position) => writer.unresolved(position),
        Subject::Endpoint(endpoint) => writer.endpoint(endpoint),
        Subject::Producer(end) => writer.producer(end),
        Subject::Consumer(end) => writer.consumer(end),
        Subject::Access(access) => writer.access(access),
        Subject::Collection(collection) => writer.collection(collection, ""),
        Subject::Variable(variable) => writer.variable(variable, place),
        Subject::Service(service) => writer.service(service),
        Subject::Rpc(rpc) => writer.rpc(rpc),
    }
    writer.page.finish()
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    page: Page<'a>,
}

impl Writer<'_> {
    fn call(&mut self, index: CallIndex) {
        let chart = &self.snapshot.chart;
        let call = chart.call(index);
        let service = match &call.to {
            Target::External(host) => {
                self.page.paragraph(&format!("{} · outside, **{}**", code(&call.label()), escape(host)));
                self.evidence("Because of", &call.evidence);
                return;
            }
            Target::Service(service) => *service,
        };
        let via: Vec<String> = call.via.iter().map(|service| self.bold(*service)).collect();
        let via = if via.is_empty() { String::new() } else { format!(" through {}", via.join(", ")) };
        let via = if call.development { format!("{via} in development, by a proxy of the development server") } else { via };
        let endpoint = call.endpoint.map(|endpoint| (endpoint, chart.endpoint(endpoint)));
        self.page.paragraph(&format!("{} · asks {}{via}", code(&chart.label_of(call)), self.bold(service)));
        match endpoint {
            Some((_, endpoint)) => {
                let function = endpoint.handler.and_then(|handler| self.snapshot.files.function(handler));
                let name = function.map(|function| function.name.as_str()).filter(|name| !name.is_empty());
                let name = name.map(|name| format!("{} ", code(name))).unwrap_or_default();
                let link = self.page.link(answering_place(self.snapshot, endpoint));
                self.page.paragraph(&format!("Answered by {name}{link}"));
            }
            None if chart.service(service).third_party => self.page.paragraph("It is deployed, not built here"),
            None if !chart.service(service).is_read() => {
                let languages = chart.service(service).languages.join(", ");
                let named = self.bold(service);
                self.page
                    .paragraph(&format!("Which endpoint answers is not known: the code of {named} is not read ({})", escape(&languages)));
            }
            None => self.page.paragraph("Which endpoint answers is not known"),
        }
        let certainty = match call.status {
            Status::Exact => "Certain, as each step stands in the workspace",
            Status::Likely => "Likely, as one step is inferred",
            Status::Ambiguous => "Ambiguous, as others may be meant as well",
        };
        self.evidence(certainty, &call.evidence);
        if let Some(sent) = self.snapshot.sent_by(call).filter(|sent| !sent.is_empty()) {
            self.page.paragraph(&format!("Sends {} as JSON", keys(sent.iter())));
        }
        self.limit(index, call);
        self.propagation(call);
        let Some((index_of_endpoint, endpoint)) = endpoint else { return };
        self.chain(index_of_endpoint, call.limit);
        let callers = self.snapshot.index.callers_of(index_of_endpoint).iter().filter(|other| **other != index);
        let callers = self.by_service(callers.map(|other| (chart.call(*other).from, chart.call(*other).place)));
        self.page.list("Also called by", &callers);
        self.coverage("Answered in a span", "Answered without a span", &endpoint.coverage, endpoint.service);
        self.owners(service);
    }

    /// Who answers for a service.
    fn owners(&mut self, service: ServiceIndex) {
        let owners = &self.snapshot.chart.service(service).owners;
        let Some((_, place)) = owners.first() else { return };
        let names: Vec<String> = owners.iter().map(|(owner, _)| escape(owner)).collect();
        self.page.paragraph(&format!("{} belongs to {} {}", self.bold(service), names.join(", "), self.page.link(*place)));
    }

    /// On which settings it depends whether a service does what stands at a place.
    fn conditions(&mut self, service: ServiceIndex, place: Place) {
        self.evidence("Depends on settings", self.snapshot.chart.conditions_at(service, place));
    }

    fn evidence(&mut self, heading: &str, evidence: &[Evidence]) {
        let rows: Vec<String> =
            evidence.iter().map(|evidence| format!("{} {}", prose(&evidence.what), self.page.link(evidence.place))).collect();
        self.page.list(heading, &rows);
    }

    fn unresolved(&mut self, position: u32) {
        let Some(row) = self.snapshot.chart.unresolved.get(position as usize) else { return };
        let known = row.method.is_some() || !row.path.is_empty();
        let call = if known { format!("{} · asks", code(&row.label())) } else { "Call of".to_owned() };
        self.page.paragraph(&format!("{call} an unknown service: {}", prose(&row.reason.to_string())));
        self.evidence("Known of it", &row.evidence);
        let candidates: Vec<String> = row.candidates.iter().map(|service| self.bold(*service)).collect();
        self.page.list("Considered", &candidates);
    }

    fn endpoint(&mut self, index: EndpointIndex) {
        let chart = &self.snapshot.chart;
        let endpoint = chart.endpoint(index);
        self.page.paragraph(&format!("{} · answered by {}", code(&endpoint.label()), self.bold(endpoint.service)));
        let callers = self.snapshot.index.callers_of(index).iter().map(|call| (chart.call(*call).from, chart.call(*call).place));
        let callers = self.by_service(callers);
        if callers.is_empty() {
            self.page.paragraph("Nobody in this workspace is known to call it");
        }
        self.page.list("Called by", &callers);
        let required = self.snapshot.required_by(endpoint);
        if !required.is_empty() {
            self.page.paragraph(&format!("Requires {} of the body", keys(required.iter().filter_map(|key| key.names.first()))));
        }
        let operation = Operation::of_endpoint(chart, &self.snapshot.index, index);
        self.operation(&operation);
        self.needs(index);
        self.coverage("Traced", "No span", &endpoint.coverage, endpoint.service);
        self.owners(endpoint.service);
    }

    /// Calls, messages and tables of a handler.
    fn operation(&mut self, operation: &Operation) {
        let chart = &self.snapshot.chart;
        let (mut calls, mut sends) = (Vec::new(), Vec::new());
        let mut tables: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        for step in &operation.steps {
            let detached = if step.detached { ", not waited for" } else { "" };
            let link = self.page.link(step.place);
            match step.span {
                SpanRef::Call(call) => {
                    let call = chart.call(call);
                    let to = match &call.to {
                        Target::Service(service) => self.bold(*service),
                        Target::External(host) => format!("{} (outside)", escape(host)),
                    };
                    calls.push(format!("{to} {}{detached} {link}", code(&chart.label_of(call))));
                }
                SpanRef::Publish(end) => sends.push(format!("{}{detached} {link}", code(&chart.channel(end.channel).name))),
                SpanRef::Access(access) => {
                    let (reads, writes) = tables.entry(code(&access.collection.of(chart).1.name)).or_default();
                    match access.of(chart).operation {
                        AccessKind::Read => *reads = true,
                        AccessKind::Write => *writes = true,
                    }
                }
            }
        }
        let tables: Vec<String> = tables
            .into_iter()
            .map(|(name, how)| match how {
                (true, true) => format!("{name} read and written"),
                (false, true) => format!("{name} written"),
                _ => format!("{name} read"),
            })
            .collect();
        self.page.list("Asks", &calls);
        self.page.list("Data", &tables);
        self.page.list("Sends", &sends);
    }

    /// Whether who answers or consumes leaves a span; `covered` and `dark` are the words for it.
    fn coverage(&mut self, covered: &str, dark: &str, coverage: &Coverage, service: ServiceIndex) {
        match coverage {
            Coverage::Covered(evidence) => {
                self.page.paragraph(&format!("{covered}: {} {}", prose(&evidence.what), self.page.link(evidence.place)));
            }
            Coverage::Dark(why) => self.page.paragraph(&format!("{dark}: {}", prose(why))),
            Coverage::NotTraced => {
                if words::misses_tracer(self.snapshot, service) {
                    self.page.paragraph(&format!("Not traced: {} starts no tracer", self.bold(service)));
                }
            }
            Coverage::Unknown => {}
        }
    }

    /// A row for each service: its name, how many places, and the first of them.
    fn by_service(&self, rows: impl Iterator<Item = (ServiceIndex, Place)>) -> Vec<String> {
        let mut services: BTreeMap<ServiceIndex, Vec<Place>> = BTreeMap::new();
        for (service, place) in rows {
            services.entry(service).or_default().push(place);
        }
        services
            .into_iter()
            .map(|(service, mut places)| {
                places.sort_by(|a, b| (self.snapshot.files.path(a.file), a.range).cmp(&(self.snapshot.files.path(b.file), b.range)));
                places.dedup();
                let links: Vec<String> = places.iter().take(3).map(|place| self.page.link(*place)).collect();
                let count = if places.len() > 1 { format!(", {} places", places.len()) } else { String::new() };
                format!("{}{count} {}", self.bold(service), links.join(" "))
            })
            .collect()
    }

    fn bold(&self, service: ServiceIndex) -> String {
        format!("**{}**", escape(&self.snapshot.chart.service(service).id))
    }
}

/// Keys of a body, in a sentence.
fn keys<'a>(names: impl Iterator<Item = &'a Symbol>) -> String {
    enumerate(&names.map(|name| code(name)).collect::<Vec<_>>())
}
