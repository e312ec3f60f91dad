//! Snapshots made by hand, for unit tests: files with text, and a chart whose places are found by words of that text.
//!
//! What deliberately does not live here: reading code. Functions are told by hand too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::{Function, FunctionId, FunctionKind, Language, SourceFacts, Symbol, TextRange};
use portolan_grammars::{Content, FileFacts};

use crate::chart::{
    Access, Call, CallIndex, Channel, ChannelEnd, Chart, Collection, Coverage, Endpoint, EndpointIndex, Evidence, FunctionEdge, Protocol,
    Reason, Service, ServiceIndex, ServiceKind, Status, Store, Target, Tracing, Unresolved,
};
use crate::files::Files;
use crate::workspace::{Deployment, Workspace};
use crate::{FileId, FunctionRef, Place, Snapshot};

/// A snapshot in the making. Words name the place where they first stand in a file.
#[derive(Default)]
pub(crate) struct Scene {
    texts: Vec<(Utf8PathBuf, String, SourceFacts)>,
    pub(crate) chart: Chart,
    pub(crate) workspace: Workspace,
}

impl Scene {
    /// Adds a file.
    pub(crate) fn file(&mut self, path: &str, text: &str) -> FileId {
        let language = if path.ends_with(".rs") { Language::Rust } else { Language::TypeScript };
        self.texts.push((path.into(), text.to_owned(), SourceFacts::empty(language)));
        FileId(self.texts.len() as u32 - 1)
    }
    /// Where `words` stand in a file.
    pub(crate) fn place(&self, file: FileId, words: &str) -> Place {
        let (path, text, _) = &self.texts[file.0 as usize];
        let start = text.find(words).unwrap_or_else(|| panic!("`{words}` is not in {path}"));
        Place { file, range: TextRange::new(start, start + words.len()) }
    }
    /// Adds a function whose name stands where `name` first does.
    pub(crate) fn function(&mut self, file: FileId, name: &str) -> FunctionRef {
        let range = self.place(file, name).range;
        let source = &mut self.texts[file.0 as usize].2;
        let module = source.functions[0].clone();
        source.functions.push(Function { name: name.into(), kind: FunctionKind::Function, name_range: range, range, ..module });
        FunctionRef { file, function: FunctionId(source.functions.len() as u32 - 1) }
    }
    /// Adds a closure written in `parent`.
    pub(crate) fn closure(&mut self, parent: FunctionRef, words: &str) -> FunctionRef {
        let range = self.place(parent.file, words).range;
        let source = &mut self.texts[parent.file.0 as usize].2;
        let module = source.functions[0].clone();
        source.functions.push(Function { kind: FunctionKind::Closure, parent: parent.function, name_range: range, range, ..module });
        FunctionRef { file: parent.file, function: FunctionId(source.functions.len() as u32 - 1) }
    }
    /// Adds a service with a group of its own.
    pub(crate) fn service(&mut self, id: &str, kind: ServiceKind) -> ServiceIndex {
        self.chart.services.push(Service {
            id: id.into(),
            name: id.into(),
            aliases: Vec::new(),
            root: id.into(),
            languages: vec!["typescript".into()],
            kind,
            third_party: false,
            owners: Vec::new(),
            evidence: Vec::new(),
        });
        let group = self.workspace.deployments.len() as u32;
        self.workspace.deployments.push(Deployment { group, ..Deployment::default() });
        ServiceIndex(group)
    }
    /// Adds an endpoint: `POST /orders`, or an rpc.
    pub(crate) fn endpoint(&mut self, service: ServiceIndex, label: &str, place: Place, handler: FunctionRef) -> EndpointIndex {
        let (method, path) = method_and_path(label);
        let facts = &self.texts[handler.file.0 as usize].2.functions[handler.function.index()];
        let name = (facts.name.clone(), Place { file: handler.file, range: facts.name_range });
        self.chart.endpoints.push(Endpoint {
            service,
            protocol: if method.is_some() { Protocol::Http } else { Protocol::Grpc },
            method,
            path,
            place,
            handler: Some(handler),
            handler_name: Some(name),
            guards: Arc::default(),
            coverage: Coverage::NotTraced,
        });
        EndpointIndex(self.chart.endpoints.len() as u32 - 1)
    }
    /// Adds a call to an endpoint.
    pub(crate) fn call(&mut self, from: ServiceIndex, place: Place, function: FunctionRef, endpoint: EndpointIndex) -> CallIndex {
        let target = self.chart.endpoint(endpoint).clone();
        self.chart.calls.push(Call {
            method: target.method,
            endpoint: Some(endpoint),
            evidence: vec![Evidence { what: "a literal".into(), place }],
            ..Call::new(from, Target::Service(target.service), target.protocol, target.path, place, function)
        });
        CallIndex(self.chart.calls.len() as u32 - 1)
    }
    /// Adds a call that is not settled, by a file's own code.
    pub(crate) fn unresolved(&mut self, from: ServiceIndex, place: Place, reason: Reason, candidates: Vec<ServiceIndex>) {
        self.chart.unresolved.push(Unresolved {
            from,
            place,
            function: module(place.file),
            method: None,
            path: Symbol::default(),
            reason,
            candidates,
            evidence: Vec::new(),
            decided_by: Symbol::default(),
            decided_in: module(place.file),
            sender: module(place.file),
        });
    }
    /// Lets a function call another.
    pub(crate) fn edge(&mut self, from: FunctionRef, to: FunctionRef, place: Place, detached: bool) {
        self.chart.functions.entry(from).or_default().push(FunctionEdge { callee: to, place, detached });
    }
    /// Adds a channel.
    pub(crate) fn channel(&mut self, name: &str, producers: Vec<ChannelEnd>, consumers: Vec<ChannelEnd>) {
        self.chart.channels.push(Channel { name: name.into(), system: "kafka".into(), producers, consumers, halved: false, delays: false });
    }
    /// Adds a store.
    pub(crate) fn store(&mut self, id: &str, system: &str, collections: Vec<(&str, Vec<Access>)>) {
        let collections: Vec<Collection> =
            collections.into_iter().map(|(name, accesses)| Collection { name: name.into(), declared: Vec::new(), accesses }).collect();
        let mut users: Vec<(ServiceIndex, Place)> =
            collections.iter().flat_map(|collection| &collection.accesses).map(|access| (access.service, access.place)).collect();
        users.sort();
        users.dedup_by_key(|user| user.0);
        self.chart.stores.push(Store { id: id.into(), system: system.into(), identified: true, users, collections });
    }
    /// Says how a service traces.
    pub(crate) fn traces(&mut self, service: ServiceIndex, place: Place) {
        let evidence = vec![Evidence { what: "NodeSDK is started".into(), place }];
        self.chart.tracing.push(Tracing { service, instrumented: true, covers: Vec::new(), evidence, carriers: Vec::new() });
    }
    /// The snapshot.
    pub(crate) fn snapshot(self) -> Snapshot {
        let files = Files::in_order(self.texts.into_iter().map(|(path, text, source)| {
            let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect();
            (path, FileFacts { line_starts, content: Content::Source(source), suppressions: Vec::new() })
        }));
        Snapshot::new(1, files, Arc::new(self.workspace), Arc::default(), Arc::new(self.chart))
    }
}

/// An access of `service`.
pub(crate) fn access(service: ServiceIndex, operation: Operation, place: Place, function: FunctionRef) -> Access {
    Access { service, operation, place, function, columns: Vec::new(), adds: None, detached: false, status: Status::Exact }
}

/// An end of a channel.
pub(crate) fn end(service: ServiceIndex, place: Place, function: FunctionRef) -> ChannelEnd {
    ChannelEnd {
        service,
        place,
        function: Some(function),
        payload: None,
        asks: false,
        kept: false,
        delivery: None,
        refusals: Vec::new(),
        dead_letter: None,
        expires: false,
        coverage: Coverage::NotTraced,
        status: Status::Exact,
    }
}

/// The file's own code.
pub(crate) fn module(file: FileId) -> FunctionRef {
    FunctionRef { file, function: FunctionId::MODULE }
}

/// The findings of one rule, as [`findings`] shows them.
pub(crate) fn findings_of(rule: &str, snapshot: &Snapshot) -> Vec<String> {
    let of = |line: &String| line.split(' ').next() == Some(rule);
    findings(snapshot).into_iter().filter(of).collect()
}

/// The 1-based lines of a snapshot's findings by rule: `sync-chain orders/src/app.ts:3`.
pub(crate) fn findings(snapshot: &Snapshot) -> Vec<String> {
    let line = |finding: &crate::rules::Finding| {
        let path: &Utf8Path = snapshot.files.path(finding.place.file);
        format!("{} {}:{} {}: {}", finding.rule, path, snapshot.files.line(finding.place), finding.severity.as_str(), finding.message)
    };
    snapshot.findings.iter().map(line).collect()
}

fn method_and_path(label: &str) -> (Option<Symbol>, Symbol) {
    match label.split_once(' ') {
        Some((method, path)) => (Some(method.into()), path.into()),
        None => (None, label.into()),
    }
}
