//! Symbols: what a file answers, asks and sends, and the endpoints, channels, tables and services of a workspace by name.

use portolan_grammars::catalog::Operation as AccessKind;
use portolan_grammars::facts::TextRange;

use super::definition::answering_place;
use super::handling_place;
use crate::chart::ServiceIndex;
use crate::chart::index::Subject;
use crate::chart::operation::Root;
use crate::{FileId, FunctionRef, Place, Snapshot};

/// How many symbols of a workspace are told of.
const MAX_SYMBOLS: usize = 200;

/// What sort of thing a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SymbolKind {
    /// A service.
    Service,
    /// Something a service answers.
    Endpoint,
    /// An rpc of a contract.
    Rpc,
    /// A subscription.
    Consumer,
    /// A topic, queue or subject.
    Channel,
    /// A table or collection.
    Collection,
    /// A call of another service.
    Call,
    /// A message sent.
    Publish,
    /// A read or write.
    Access,
}

/// A symbol of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// `POST /orders`.
    pub name: String,
    /// What sort.
    pub kind: SymbolKind,
    /// The service it is part of, or that answers it.
    pub detail: String,
    /// All of it.
    pub range: TextRange,
    /// Its name's place, within `range`.
    pub selection: TextRange,
    /// What stands within it.
    pub children: Vec<Symbol>,
}

/// A symbol of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceSymbol {
    /// `POST /orders`.
    pub name: String,
    /// What sort.
    pub kind: SymbolKind,
    /// The service it is part of; the store of a table, the broker of a channel.
    pub container: String,
    /// Where it stands.
    pub place: Place,
}

/// The symbols of a file, by place; calls stand below the handler they are part of.
pub fn document_symbols(snapshot: &Snapshot, file: FileId) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::new();
    for (subject, place) in snapshot.index.within(file, 0, u32::MAX) {
        let Some((name, kind, detail, range)) = symbol(snapshot, subject, place) else { continue };
        let known = symbols.iter_mut().find(|known| known.name == name && known.kind == kind && known.selection == place.range);
        match known {
            // Shared code stands there once for each service that runs it.
            Some(known) if known.detail.split(", ").any(|part| part == detail) => {}
            Some(known) => known.detail = format!("{}, {detail}", known.detail),
            None => symbols.push(Symbol { name, kind, detail, range, selection: place.range, children: Vec::new() }),
        }
    }
    nested(symbols)
}

/// What a subject is as a symbol, and how far it reaches.
fn symbol(snapshot: &Snapshot, subject: Subject, place: Place) -> Option<(String, SymbolKind, String, TextRange)> {
    let chart = &snapshot.chart;
    let id = |service: ServiceIndex| chart.service(service).id.to_string();
    Some(match subject {
        Subject::Endpoint(_) | Subject::Consumer(_) => {
            let (root, kind, function, service) = match subject {
                Subject::Endpoint(index) => {
                    let endpoint = chart.endpoint(index);
                    (Root::Endpoint(index), SymbolKind::Endpoint, endpoint.handler, endpoint.service)
                }
                Subject::Consumer(end) => {
                    let consumer = end.consumer(chart);
                    (Root::Consumer(end), SymbolKind::Consumer, consumer.function, consumer.service)
                }
                _ => return None,
            };
            // Told of where its handler is; a route whose handler stands in another file, where it is declared.
            let handling = handling_place(snapshot, root);
            if handling.file == place.file && !(handling == place || handling.range.contains(place.range)) {
                return None;
            }
            (root.label(chart), kind, id(service), reach(snapshot, function, place))
        }
        Subject::Call(index) => {
            let call = chart.call(index);
            (chart.label_of(call), SymbolKind::Call, chart.name_of(&call.to).to_string(), place.range)
        }
        Subject::Unresolved(at) => {
            let row = chart.unresolved.get(at as usize)?;
            (row.label(), SymbolKind::Call, "unknown".to_owned(), place.range)
        }
        Subject::Producer(end) => {
            let channel = chart.channel(end.channel);
            (channel.name.to_string(), SymbolKind::Publish, channel.system.to_string(), place.range)
        }
        Subject::Access(access) => {
            let (store, collection) = access.collection.of(chart);
            let verb = match access.of(chart).operation {
                AccessKind::Read => "reads",
                AccessKind::Write => "writes",
            };
            (format!("{verb} {}", collection.name), SymbolKind::Access, store.id.to_string(), place.range)
        }
        Subject::Collection(collection) => {
            let (store, collection) = collection.of(chart);
            (collection.name.to_string(), SymbolKind::Collection, store.id.to_string(), place.range)
        }
        Subject::Service(service) => (id(service), SymbolKind::Service, chart.service(service).root.to_string(), place.range),
        // An outline of code is no list of variables, and a contract's own server has its rpcs.
        Subject::Variable(_) | Subject::Rpc(_) => return None,
    })
}

/// How far a handler reaches that is named at `place`: to the end of its code, where that follows its name.
fn reach(snapshot: &Snapshot, function: Option<FunctionRef>, place: Place) -> TextRange {
    let facts = function.filter(|function| function.file == place.file).and_then(|function| snapshot.files.function(function));
    match facts {
        Some(facts) if facts.range.contains(place.range) => facts.range,
        // A closure in the arguments of the call that declares the route.
        Some(facts) if facts.name.is_empty() && facts.range.start >= place.range.start => {
            TextRange { start: place.range.start, end: facts.range.end.max(place.range.end) }
        }
        _ => place.range,
    }
}

/// Puts symbols below those that reach around them.
fn nested(mut symbols: Vec<Symbol>) -> Vec<Symbol> {
    symbols.sort_by(|a, b| {
        let key = |symbol: &Symbol| (symbol.range.start, std::cmp::Reverse(symbol.range.end), symbol.kind);
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    let mut top: Vec<Symbol> = Vec::new();
    for symbol in symbols {
        let is_handler = matches!(symbol.kind, SymbolKind::Endpoint | SymbolKind::Consumer);
        match top.last_mut().filter(|last| !is_handler && last.range.contains(symbol.range)) {
            Some(last) => last.children.push(symbol),
            None => top.push(symbol),
        }
    }
    top
}

/// The services, endpoints, rpcs, channels and tables whose names hold the letters of `query` in order, those that fit best first.
pub fn workspace_symbols(snapshot: &Snapshot, query: &str) -> Vec<WorkspaceSymbol> {
    let chart = &snapshot.chart;
    let mut all: Vec<WorkspaceSymbol> = Vec::new();
    for service in &chart.services {
        if let Some(evidence) = service.evidence.first() {
            let (name, container) = (service.id.to_string(), service.root.to_string());
            all.push(WorkspaceSymbol { name, kind: SymbolKind::Service, container, place: evidence.place });
        }
    }
    for endpoint in &chart.endpoints {
        let container = chart.service(endpoint.service).id.to_string();
        let place = answering_place(snapshot, endpoint);
        all.push(WorkspaceSymbol { name: endpoint.label(), kind: SymbolKind::Endpoint, container, place });
    }
    for (name, place) in snapshot.index.rpcs().iter().filter_map(|rpc| rpc.of(&snapshot.files)) {
        let container = snapshot.files.path(place.file).file_name().unwrap_or_default().to_owned();
        all.push(WorkspaceSymbol { name: name.to_string(), kind: SymbolKind::Rpc, container, place });
    }
    for channel in &chart.channels {
        if let Some(end) = channel.producers.first().or(channel.consumers.first()) {
            let (name, container) = (channel.name.to_string(), channel.system.to_string());
            all.push(WorkspaceSymbol { name, kind: SymbolKind::Channel, container, place: end.place });
        }
    }
    for store in &chart.stores {
        for collection in &store.collections {
            let write = collection.accesses.iter().find(|access| access.operation == AccessKind::Write);
            let used = write.or(collection.accesses.first()).map(|access| access.place);
            if let Some(place) = collection.declared.first().copied().or(used) {
                let (name, container) = (collection.name.to_string(), store.id.to_string());
                all.push(WorkspaceSymbol { name, kind: SymbolKind::Collection, container, place });
            }
        }
    }
    let mut ranked: Vec<(u32, WorkspaceSymbol)> =
        all.into_iter().filter_map(|symbol| Some((distance(&symbol.name, query)?, symbol))).collect();
    ranked.sort_by(|(a, one), (b, other)| {
        let key = |symbol: &WorkspaceSymbol| (symbol.kind, symbol.place);
        a.cmp(b).then_with(|| one.name.cmp(&other.name)).then_with(|| one.container.cmp(&other.container)).then(key(one).cmp(&key(other)))
    });
    ranked.truncate(MAX_SYMBOLS);
    ranked.into_iter().map(|(_, symbol)| symbol).collect()
}

/// How far a name is from what was typed: its letters, without regard to case, must stand in it in order; less where they stand together.
fn distance(name: &str, query: &str) -> Option<u32> {
    let name = name.to_lowercase();
    let query = query.trim().to_lowercase();
    if let Some(at) = name.find(&query) {
        return Some(at.min(1) as u32);
    }
    let mut rest = name.chars();
    let mut skipped = 2;
    for wanted in query.chars().filter(|letter| !letter.is_whitespace()) {
        loop {
            match rest.next()? {
                letter if letter == wanted => break,
                _ => skipped += 1,
            }
        }
    }
    Some(skipped)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn names_that_begin_with_what_was_typed_come_first() {
        let at = |query: &str| distance("POST /orders/{id}", query);
        assert_eq!(at(""), Some(0));
        assert_eq!(at("post /ord"), Some(0));
        assert_eq!(at("/orders"), Some(1));
        assert!(at("porders") > at("/orders"));
        assert_eq!(at("get"), None);
    }
}
