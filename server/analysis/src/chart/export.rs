//! The chart for people, as text for a terminal.
//!
//! What deliberately does not live here: colours, widths of terminals, writing to anywhere. Invariant: equal snapshots make equal texts.

use std::collections::BTreeMap;
use std::fmt::Write;

use portolan_grammars::catalog::Operation;

use super::document::engine;
use super::{Call, ChannelEnd, Collection, ServiceIndex, Store, Target};
use crate::{Place, Snapshot};

/// How many unresolved calls of a service are written out.
const MAX_UNRESOLVED: usize = 5;

/// The chart as plain text.
pub fn text(snapshot: &Snapshot) -> String {
    let mut writer = TextWriter { snapshot, out: String::new() };
    writer.services();
    writer.calls();
    writer.channels();
    writer.stores();
    writer.tracing();
    writer.unresolved();
    writer.out
}

struct TextWriter<'a> {
    snapshot: &'a Snapshot,
    out: String,
}

impl TextWriter<'_> {
    // Writing to a String cannot fail, so results of `writeln!` are dropped throughout.
    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.out, "{:indent$}{}", "", text.trim_end(), indent = depth * 2);
    }

    fn heading(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.line(0, text);
    }

    fn at(&self, place: Place) -> String {
        format!("{}:{}", self.snapshot.files.path(place.file), self.snapshot.files.line(place))
    }

    fn name(&self, service: ServiceIndex) -> &str {
        &self.snapshot.chart.service(service).id
    }

    /// Lines of columns, each as wide as its widest cell; the last one as wide as it likes.
    fn table(&mut self, depth: usize, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count().min(48)).max().unwrap_or(0))
            .collect();
        for row in rows {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            self.line(depth, &cells.join("  "));
        }
    }

    fn services(&mut self) {
        let (bought, built): (Vec<_>, Vec<_>) = self.snapshot.chart.services.iter().partition(|service| service.third_party);
        self.heading(&format!("Services ({})", built.len()));
        let rows: Vec<Vec<String>> = built
            .iter()
            .map(|service| {
                let languages: Vec<&str> = service.languages.iter().map(|language| language.as_str()).collect();
                let root = if service.root.as_str().is_empty() { "." } else { service.root.as_str() };
                vec![service.id.to_string(), service.kind.as_str().to_owned(), root.to_owned(), languages.join(", ")]
            })
            .collect();
        self.table(1, &rows);
        if !bought.is_empty() {
            let names: Vec<&str> = bought.iter().map(|service| service.id.as_str()).collect();
            self.line(1, &format!("deployed, not built here: {}", names.join(", ")));
        }
    }

    fn calls(&mut self) {
        let chart = &self.snapshot.chart;
        let mut by_caller: BTreeMap<ServiceIndex, Vec<&Call>> = BTreeMap::new();
        for call in &chart.calls {
            by_caller.entry(call.from).or_default().push(call);
        }
        self.heading(&format!("Calls ({})", chart.calls.len()));
        for (from, calls) in by_caller {
            let name = self.name(from).to_owned();
            self.line(1, &name);
            let mut by_target: BTreeMap<&Target, Vec<&Call>> = BTreeMap::new();
            for call in calls {
                by_target.entry(&call.to).or_default().push(call);
            }
            for (to, calls) in by_target {
                let name = match to {
                    Target::Service(service) => self.name(*service).to_owned(),
                    Target::External(host) => format!("{host} (outside)"),
                };
                self.line(2, &format!("-> {name}"));
                for call in calls {
                    self.call(call);
                }
            }
        }
    }

    fn call(&mut self, call: &Call) {
        let mut line = format!("{}  {}  {}", call.label(), call.status.as_str(), self.at(call.place));
        if !call.via.is_empty() {
            let via: Vec<&str> = call.via.iter().map(|service| self.name(*service)).collect();
            let _ = write!(line, "  via {}", via.join(", "));
        }
        self.line(3, &line);
        for evidence in &call.evidence {
            let line = format!("{}  {}", evidence.what, self.at(evidence.place));
            self.line(4, &line);
        }
        let told = |place: Place| call.evidence.iter().any(|evidence| evidence.place == place);
        if let Some(endpoint) = call.endpoint.map(|endpoint| self.snapshot.chart.endpoint(endpoint)).filter(|it| !told(it.place)) {
            let line = format!("answered by {}  {}", endpoint.label(), self.at(endpoint.place));
            self.line(4, &line);
        }
    }

    fn channels(&mut self) {
        let chart = &self.snapshot.chart;
        if chart.channels.is_empty() {
            return;
        }
        self.heading(&format!("Channels ({})", chart.channels.len()));
        for channel in &chart.channels {
            self.line(1, &format!("{} ({})", channel.name, channel.system));
            self.ends("from", &channel.producers);
            self.ends("to", &channel.consumers);
        }
    }

    fn ends(&mut self, word: &str, ends: &[ChannelEnd]) {
        if ends.is_empty() {
            let nobody = if word == "from" { "nobody here sends" } else { "nobody here receives" };
            self.line(2, nobody);
        }
        for end in ends {
            let line = format!("{word} {}  {}  {}", self.name(end.service), end.status.as_str(), self.at(end.place));
            self.line(2, &line);
        }
    }

    fn stores(&mut self) {
        let chart = &self.snapshot.chart;
        if chart.stores.is_empty() {
            return;
        }
        self.heading(&format!("Stores ({})", chart.stores.len()));
        for store in &chart.stores {
            let users = names(self, store.users.iter().map(|(service, _)| *service));
            self.line(1, &format!("{} ({})  opened by {}", store.id, engine(&store.system), or_nobody(&users)));
            self.collections(store);
        }
    }

    fn collections(&mut self, store: &Store) {
        let rows: Vec<Vec<String>> = store
            .collections
            .iter()
            .map(|collection| {
                let by = |operation| names(self, services(collection, operation));
                let (writers, readers) = (by(Operation::Write), by(Operation::Read));
                let owner = match writers.as_slice() {
                    [] => "no writer here".to_owned(),
                    [owner] => format!("owned by {owner}"),
                    _ => format!("written by {}", writers.join(", ")),
                };
                let others: Vec<&str> = readers.iter().filter(|reader| !writers.contains(reader)).map(String::as_str).collect();
                let read = if others.is_empty() { String::new() } else { format!("read by {}", others.join(", ")) };
                vec![collection.name.to_string(), owner, read]
            })
            .collect();
        self.table(2, &rows);
    }

    fn tracing(&mut self) {
        let chart = &self.snapshot.chart;
        if chart.tracing.is_empty() {
            return;
        }
        self.heading("Tracing");
        let rows: Vec<Vec<String>> = chart
            .tracing
            .iter()
            .map(|row| {
                let state = if row.instrumented { "traced" } else { "not traced" };
                let why = row.evidence.first().map(|evidence| format!("{}  {}", evidence.what, self.at(evidence.place)));
                vec![self.name(row.service).to_owned(), state.to_owned(), why.unwrap_or_default()]
            })
            .collect();
        self.table(1, &rows);
    }

    fn unresolved(&mut self) {
        let chart = &self.snapshot.chart;
        if chart.unresolved.is_empty() {
            return;
        }
        self.heading(&format!("Unresolved ({})", chart.unresolved.len()));
        let mut by_caller: BTreeMap<ServiceIndex, Vec<_>> = BTreeMap::new();
        for row in &chart.unresolved {
            by_caller.entry(row.from).or_default().push(row);
        }
        for (from, rows) in by_caller {
            let line = format!("{} ({})", self.name(from), rows.len());
            self.line(1, &line);
            for row in rows.iter().take(MAX_UNRESOLVED) {
                let line = format!("{}  {}", self.at(row.place), row.reason);
                self.line(2, &line);
            }
            if rows.len() > MAX_UNRESOLVED {
                self.line(2, &format!("and {} more", rows.len() - MAX_UNRESOLVED));
            }
        }
    }
}

fn services(collection: &Collection, operation: Operation) -> impl Iterator<Item = ServiceIndex> {
    collection.accesses.iter().filter(move |access| access.operation == operation).map(|access| access.service)
}

fn names(writer: &TextWriter<'_>, services: impl Iterator<Item = ServiceIndex>) -> Vec<String> {
    let mut services: Vec<ServiceIndex> = services.collect();
    services.sort();
    services.dedup();
    services.into_iter().map(|service| writer.name(service).to_owned()).collect()
}

fn or_nobody(names: &[String]) -> String {
    if names.is_empty() { "nobody here".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests;
