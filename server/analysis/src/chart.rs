//! The chart: services, endpoints, calls, channels and stores, each with places and evidence.
//!
//! Here live its types and the graph over it; making it from static spans is [`crate::resolve`]'s work. Invariants: everything is sorted (by
//! service, then path, then position), so that equal facts make equal charts; every edge has evidence.

pub mod diff;
pub mod document;
pub mod export;
pub mod flow;
pub mod graph;
pub mod index;
pub mod map;
pub mod operation;
pub mod origins;
pub(crate) mod switched;
pub mod trace;

use core::time::Duration;
use std::sync::Arc;

use camino::Utf8PathBuf;
use portolan_grammars::catalog::{Addition, Delivery, Operation, Refusal};
use portolan_grammars::facts::{CallId, Symbol};
pub use portolan_grammars::manifests::settings::ServiceKind;
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resolve::assemble::Reach;
use crate::{FunctionRef, Place};

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// The position in its list.
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}

indices! {
    /// Names a channel in [`Chart::channels`].
    ChannelIndex,
    /// Names a store in [`Chart::stores`].
    StoreIndex,
    /// Names a service in [`Chart::services`].
    ServiceIndex,
    /// Names an endpoint in [`Chart::endpoints`].
    EndpointIndex,
    /// Names a call in [`Chart::calls`].
    CallIndex,
    /// Names a variable in [`Chart::variables`].
    VariableIndex,
}

/// What a workspace's services are and what crosses between them.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// Its services, by id.
    pub services: Vec<Service>,
    /// What they answer.
    pub endpoints: Vec<Endpoint>,
    /// Whom they wait for.
    pub calls: Vec<Call>,
    /// Calls whose target could not be settled.
    pub unresolved: Vec<Unresolved>,
    /// Topics, queues and subjects.
    pub channels: Vec<Channel>,
    /// Databases, caches, object stores.
    pub stores: Vec<Store>,
    /// Transactions, by place.
    pub transactions: Vec<Transaction>,
    /// Environment variables that code reads or that decide where calls go, by service and name.
    pub variables: Vec<Variable>,
    /// Code that answers, sends or receives by names that are not known: what seems to be missing may be that.
    pub blind_spots: Vec<BlindSpot>,
    /// How each service traces, in the order of the services; services in other languages are left out.
    pub tracing: Vec<Tracing>,
    /// Which function calls which, within and across files; the ground of operation trees.
    pub functions: FxHashMap<FunctionRef, Vec<FunctionEdge>>,
    /// On which settings that are off by default messages and queries of a service depend, by where they stand.
    pub conditions: FxHashMap<(ServiceIndex, Place), Vec<Evidence>>,
    /// Calls, messages and queries of a service, by where they stand, that no build of its code has: features that they need are off.
    pub unbuilt: FxHashSet<(ServiceIndex, Place)>,
    /// The calls by which handlers of requests answer, where that is not what they return.
    pub answers: FxHashMap<FunctionRef, Vec<CallId>>,
    /// Which functions each service's process runs.
    pub(crate) reach: Arc<Reach>,
}

impl Chart {
    /// The service named by `index`.
    pub fn service(&self, index: ServiceIndex) -> &Service {
        &self.services[index.index()]
    }
    /// The endpoint named by `index`.
    pub fn endpoint(&self, index: EndpointIndex) -> &Endpoint {
        &self.endpoints[index.index()]
    }
    /// The call named by `index`.
    pub fn call(&self, index: CallIndex) -> &Call {
        &self.calls[index.index()]
    }
    /// Id of the service that answers, or the name of the one outside.
    pub fn name_of<'a>(&'a self, target: &'a Target) -> &'a Symbol {
        match target {
            Target::Service(service) => &self.service(*service).id,
            Target::External(name) => name,
        }
    }
    /// Method and path of a call as who answers it has them, as far as that is known: `GET /orders/{id}` rather than `GET /orders/{}`.
    pub fn label_of(&self, call: &Call) -> String {
        let Some(endpoint) = call.endpoint.map(|endpoint| self.endpoint(endpoint)) else { return call.label() };
        let method = endpoint.method.as_deref();
        // Who answers any method is asked by one.
        let method = call.method.as_deref().filter(|_| method == Some("*")).or(method);
        label(method, &endpoint.path)
    }
    /// On which settings that are off by default it depends whether a service does what stands at a place: a message, a query.
    pub fn conditions_at(&self, service: ServiceIndex, place: Place) -> &[Evidence] {
        self.conditions.get(&(service, place)).map_or(&[], Vec::as_slice)
    }
    /// The chart without what no build has, where it has any such thing.
    pub fn as_built(&self) -> Option<Self> {
        if self.unbuilt.is_empty() {
            return None;
        }
        let is_built = |service: ServiceIndex, place: Place| !self.unbuilt.contains(&(service, place));
        let mut built = self.clone();
        built.calls.retain(|call| is_built(call.from, call.place));
        built.unresolved.retain(|call| is_built(call.from, call.place));
        for channel in &mut built.channels {
            let sides = |channel: &Channel| (channel.producers.is_empty(), channel.consumers.is_empty());
            let before = sides(channel);
            channel.producers.retain(|end| is_built(end.service, end.place));
            channel.consumers.retain(|end| is_built(end.service, end.place));
            channel.halved = sides(channel) != before;
        }
        built.channels.retain(|channel| !(channel.producers.is_empty() && channel.consumers.is_empty()));
        for collection in built.stores.iter_mut().flat_map(|store| &mut store.collections) {
            collection.accesses.retain(|access| is_built(access.service, access.place));
        }
        Some(built)
    }
    /// How a service traces, if it starts a tracer.
    pub fn traced(&self, service: ServiceIndex) -> Option<&Tracing> {
        self.tracing.iter().find(|row| row.service == service && row.instrumented)
    }
    /// The channel named by `index`.
    pub fn channel(&self, index: ChannelIndex) -> &Channel {
        &self.channels[index.index()]
    }
    /// The variable named by `index`.
    pub fn variable(&self, index: VariableIndex) -> &Variable {
        &self.variables[index.index()]
    }
    /// The store named by `index`.
    pub fn store(&self, index: StoreIndex) -> &Store {
        &self.stores[index.index()]
    }
}

/// A process that the workspace deploys, or an image that it deploys but does not build.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Unique name: the manifest's, else the package's.
    pub id: Symbol,
    /// Name to show.
    pub name: Symbol,
    /// Other host names and names it goes by, sorted.
    pub aliases: Vec<Symbol>,
    /// Folder of its code, relative to the workspace's root; empty for the root itself.
    pub root: Utf8PathBuf,
    /// Languages of its code, most of it first: `typescript`, `go`, …
    pub languages: Vec<Symbol>,
    /// What sort of process.
    pub kind: ServiceKind,
    /// Whether the workspace only deploys it: a database, a broker, an image built elsewhere.
    pub third_party: bool,
    /// Who answers for it, and where that is written.
    pub owners: Vec<(Symbol, Place)>,
    /// Why it is thought to be a service.
    pub evidence: Vec<Evidence>,
}

impl Service {
    /// Whether most of its code, or all that it is, is read: else what it calls is known in part at best.
    pub fn is_read(&self) -> bool {
        let language = self.languages.first().map_or("", |language| language.as_str());
        self.kind == ServiceKind::Gateway || matches!(language, "typescript" | "javascript" | "rust")
    }
}

/// A reason, and where it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Evidence {
    /// In a few words: `env ORDER_URL = http://order:8080`, `route POST /orders`, `constructor argument baseUrl`.
    pub what: String,
    /// Where.
    pub place: Place,
}

/// How sure an edge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every hop is evidence in the workspace.
    Exact,
    /// One tier of inference, named in the evidence.
    Likely,
    /// Several candidates; listed, never drawn.
    Ambiguous,
}

impl Status {
    /// Its name in documents: `exact`, `likely`, `ambiguous`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Exact => "exact",
            Status::Likely => "likely",
            Status::Ambiguous => "ambiguous",
        }
    }
    /// Whether it may be drawn, and a finding may rest on it.
    pub fn is_settled(self) -> bool {
        self != Status::Ambiguous
    }
}

/// A network protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP.
    Http,
    /// gRPC and its kin, by service and method.
    Grpc,
    /// A broker: a message whose sender waits for the answer.
    Message,
    /// GraphQL, by root type and field: `Query.orders`.
    Graphql,
    /// tRPC, by the path of a procedure: `orders.list`.
    Trpc,
    /// JSON-RPC, by the trait and the method's name: `Shop/shop_order`.
    Jsonrpc,
    /// A third party's SDK, which speaks whatever it speaks.
    Sdk,
}

impl Protocol {
    /// Its name in documents: `http`, `grpc`, `message`, `graphql`, `trpc`, `jsonrpc`, `sdk`.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Grpc => "grpc",
            Protocol::Message => "message",
            Protocol::Graphql => "graphql",
            Protocol::Trpc => "trpc",
            Protocol::Jsonrpc => "jsonrpc",
            Protocol::Sdk => "sdk",
        }
    }
}

/// Something a service answers: a SERVER span.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The service.
    pub service: ServiceIndex,
    /// The protocol.
    pub protocol: Protocol,
    /// `http.request.method` in upper case; `*` for all; `None` for rpc.
    pub method: Option<Symbol>,
    /// `http.route` with prefixes, parameters as `{name}`, rest as `{*name}`; or `package.Service/Method`.
    pub path: Symbol,
    /// Where it is declared.
    pub place: Place,
    /// The function that answers.
    pub handler: Option<FunctionRef>,
    /// Its name and where it stands.
    pub handler_name: Option<(Symbol, Place)>,
    /// What runs before that and may refuse the request, in order: middleware, guards.
    pub guards: Arc<[FunctionRef]>,
    /// Whether a span is recorded for it, and why (not).
    pub coverage: Coverage,
}

impl Endpoint {
    /// Method and path, as people write them: `POST /orders/{id}`, `shop.Cart/AddItem`.
    pub fn label(&self) -> String {
        label(self.method.as_deref(), &self.path)
    }
    /// Whether it may change something, as far as its protocol tells.
    pub fn changes(&self) -> Option<bool> {
        changes(self.protocol, self.method.as_deref(), &self.path)
    }
}

fn changes(protocol: Protocol, method: Option<&str>, path: &str) -> Option<bool> {
    match (protocol, method) {
        (Protocol::Http, Some(method)) => match method {
            "GET" | "HEAD" | "OPTIONS" => Some(false),
            "POST" | "PUT" | "PATCH" | "DELETE" => Some(true),
            _ => None,
        },
        (Protocol::Grpc, _) => is_question(path).then_some(false),
        (Protocol::Graphql, _) if path.starts_with("Query.") => Some(false),
        (Protocol::Graphql, _) if path.starts_with("Mutation.") => Some(true),
        _ => None,
    }
}

/// Whether a handler's work is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Its service starts no tracer, or its language is not read.
    NotTraced,
    /// A span is recorded; what makes it, in words, and where.
    Covered(Evidence),
    /// The service traces, but nothing makes a span here; why, in words that end a sentence: `OtelAxumLayer is added before this route`.
    Dark(String),
    /// It cannot be told.
    Unknown,
}

/// A call that leaves a service: a CLIENT span.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The service whose process runs it.
    pub from: ServiceIndex,
    /// Who answers.
    pub to: Target,
    /// The protocol.
    pub protocol: Protocol,
    /// `http.request.method`; `None` for rpc and where it is not known.
    pub method: Option<Symbol>,
    /// The path as called, holes as `{}`; or `package.Service/Method`.
    pub path: Symbol,
    /// Where method and path are decided.
    pub place: Place,
    /// The function that place is in.
    pub function: FunctionRef,
    /// The endpoint that answers.
    pub endpoint: Option<EndpointIndex>,
    /// Gateways it passes.
    pub via: Vec<ServiceIndex>,
    /// Whether it gets there through a development server's proxy alone: no gateway of production is known to have it.
    pub development: bool,
    /// How sure.
    pub status: Status,
    /// How long it waits at most, where that is written.
    pub limit: Option<Duration>,
    /// Hop by hop.
    pub evidence: Vec<Evidence>,
}

impl Call {
    /// A call that is certain, with no more known of it.
    pub fn new(from: ServiceIndex, to: Target, protocol: Protocol, path: Symbol, place: Place, function: FunctionRef) -> Self {
        Self {
            from,
            to,
            protocol,
            method: None,
            path,
            place,
            function,
            endpoint: None,
            via: Vec::new(),
            development: false,
            status: Status::Exact,
            limit: None,
            evidence: Vec::new(),
        }
    }
    /// Whether it passes on whatever is asked below a path: a gateway's route.
    pub fn passes_on(&self) -> bool {
        self.method.is_none() && self.path.ends_with('*')
    }
    /// Method and path as called: `POST /orders/{}`, `shop.Cart/AddItem`.
    pub fn label(&self) -> String {
        label(self.method.as_deref(), &self.path)
    }
    /// Whether it may change something at the other end, as far as its protocol tells.
    pub fn changes(&self) -> Option<bool> {
        changes(self.protocol, self.method.as_deref(), &self.path)
    }
    /// The service that answers, if the workspace deploys it.
    pub fn target(&self) -> Option<ServiceIndex> {
        match self.to {
            Target::Service(service) => Some(service),
            Target::External(_) => None,
        }
    }
}

/// The system, the variable and the owner in the id of a store of which only the variable is known that says where it is:
/// `postgresql:${DATABASE_URL}@orders`.
pub(crate) fn store_variable(id: &str) -> Option<(&str, &str, &str)> {
    let (system, rest) = id.split_once(":${")?;
    let (variable, owner) = rest.split_once("}@")?;
    Some((system, variable, owner))
}

/// Whether an rpc only asks, by its method's first word.
fn is_question(path: &str) -> bool {
    const VERBS: [&str; 9] = ["Get", "List", "Find", "Search", "Fetch", "Read", "Query", "Check", "Describe"];
    let method = path.rsplit('/').next().unwrap_or(path);
    VERBS.iter().any(|verb| method.strip_prefix(verb).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase())))
}

fn label(method: Option<&str>, path: &str) -> String {
    match method {
        None => path.to_owned(),
        Some("*") => format!("any {path}"),
        Some(method) => format!("{method} {path}"),
    }
}

/// Who answers a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A service of the chart.
    Service(ServiceIndex),
    /// Someone else: a host or a vendor's name.
    External(Symbol),
}

/// A call whose target could not be settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Unresolved {
    /// The service whose process runs it.
    pub from: ServiceIndex,
    /// Where.
    pub place: Place,
    /// The function that place is in.
    pub function: FunctionRef,
    /// `http.request.method`; `None` for rpc and where it is not known.
    pub method: Option<Symbol>,
    /// The path as called, holes as `{}`; or `package.Service/Method`; empty where nothing of it is known.
    pub path: Symbol,
    /// Why.
    pub reason: Reason,
    /// Services that were considered.
    pub candidates: Vec<ServiceIndex>,
    /// What is known of the URL, hop by hop.
    pub evidence: Vec<Evidence>,
    /// What the code calls that which decides the host: `this.baseUrl`; empty where it has no name.
    pub decided_by: Symbol,
    /// The function that would have to be told where its calls go: that of the wrapper which sends them, if the host is decided there, else the
    /// call's own.
    pub decided_in: FunctionRef,
    /// The function that hands the request to a library: a wrapper's, where there is one.
    pub sender: FunctionRef,
}

impl Unresolved {
    /// A call of which no more is known than why it cannot be resolved, sent and decided where it stands.
    pub fn new(from: ServiceIndex, place: Place, function: FunctionRef, path: Symbol, reason: Reason) -> Self {
        let (method, candidates, evidence, decided_by) = Default::default();
        Self { from, place, function, method, path, reason, candidates, evidence, decided_by, decided_in: function, sender: function }
    }
    /// Method and path as called: `POST /orders/{}`; `a call` where neither is known.
    pub fn label(&self) -> String {
        match (&self.method, self.path.as_str()) {
            (None, "") => "a call".to_owned(),
            (Some(method), "") => method.to_string(),
            (method, path) => label(method.as_deref(), path),
        }
    }
}

/// Why the target of a call could not be settled. Shown, it is a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A variable decides the host, and nobody sets it.
    Variable(Symbol),
    /// A port of this machine, as `localhost:4000`, that no service is known to listen on.
    Port(Symbol),
    /// This machine, without a port: `localhost`.
    Machine(Symbol),
    /// Several services go by the host.
    SharedHost(Symbol),
    /// A path without a host, and no gateway is known to have it.
    Relative,
    /// A path without a host that several gateways have.
    Gateways,
    /// It reaches a gateway, but what decides where that passes it on is known at run time only.
    GatewayTarget,
    /// An rpc service, by its full name, that not exactly one service is known to implement.
    Rpc(Symbol),
    /// A message's destination, or an operation, that not exactly one service is known to answer.
    Answers(Symbol),
    /// The host is known at run time only.
    Host,
    /// Nothing of the URL is known.
    Url,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Variable(name) => write!(f, "{name} is set nowhere in the workspace"),
            Reason::Port(host) => write!(f, "no service is known to listen on {host}"),
            Reason::Machine(host) => write!(f, "{host} is no service's name"),
            Reason::SharedHost(host) => write!(f, "several services answer at {host}"),
            Reason::Relative => f.write_str("the URL is relative, and no gateway is known to have it"),
            Reason::Gateways => f.write_str("several gateways have this path"),
            Reason::GatewayTarget => f.write_str("which of the gateway's targets is meant is decided at run time"),
            Reason::Rpc(service) => write!(f, "no one service is known to implement {service}"),
            Reason::Answers(name) => write!(f, "no one service is known to answer `{name}`"),
            Reason::Host => f.write_str("its host is decided at run time"),
            Reason::Url => f.write_str("the URL is decided at run time"),
        }
    }
}

/// A topic, queue, subject or exchange with key.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// `messaging.destination.name`.
    pub name: Symbol,
    /// `messaging.system`.
    pub system: Symbol,
    /// Who sends: PRODUCER spans.
    pub producers: Vec<ChannelEnd>,
    /// Who receives: CONSUMER spans.
    pub consumers: Vec<ChannelEnd>,
    /// Whether ends were left out that no build has, and none on their side is left: see [`Chart::as_built`].
    pub halved: bool,
    /// Whether its messages only wait there: they expire, and go where the queue says.
    pub delays: bool,
}

/// One end of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelEnd {
    /// The service.
    pub service: ServiceIndex,
    /// Where the call or decorator stands.
    pub place: Place,
    /// The function that place is in; for a consumer its handler, if known.
    pub function: Option<FunctionRef>,
    /// Producers: the keys of what is sent as JSON, sorted, where all of them are known.
    pub payload: Option<Vec<Symbol>>,
    /// Producers: whether the message names a channel for its answer.
    pub asks: bool,
    /// Producers: whether it is kept in an outbox first, by the transaction that it is sent in.
    pub kept: bool,
    /// Consumers: how often a message is handed over, if that is known.
    pub delivery: Option<Delivery>,
    /// Consumers: by what a handler refuses a message.
    pub refusals: Vec<Refusal>,
    /// Consumers: where messages go that are refused, and where that is said; known of queues that code declares, not of brokers' policies.
    pub dead_letter: Option<(Symbol, Place)>,
    /// Producers: whether the message says how long it waits at most.
    pub expires: bool,
    /// Consumers: whether a span is recorded.
    pub coverage: Coverage,
    /// How sure.
    pub status: Status,
}

/// Code that answers, sends or receives by a name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlindSpot {
    /// The service.
    pub service: ServiceIndex,
    /// What it may do.
    pub may: May,
    /// Where.
    pub place: Place,
}

/// What code may do whose names are not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum May {
    /// Answer any request below a path.
    Answer(Symbol),
    /// Send to any channel of a system; `*` where options elsewhere decide that.
    Send(Symbol),
    /// Receive from any channel of a system, likewise.
    Receive(Symbol),
}

/// A database, cache or object store.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    /// Unique name, made of engine, host and database.
    pub id: Symbol,
    /// `db.system.name`: `postgresql`, `mongodb`, `redis`, `s3`, …
    pub system: Symbol,
    /// Whether a host, a name or a variable tells which database it is; else several may go by this id.
    pub identified: bool,
    /// Who opens it, and where.
    pub users: Vec<(ServiceIndex, Place)>,
    /// Tables and collections.
    pub collections: Vec<Collection>,
}

impl Store {
    /// What people call one of its collections: `Table`, `Collection`, `Bucket`, `Index` or `Key`.
    pub fn collection_word(&self) -> &'static str {
        collection_word(document::engine(&self.system))
    }

    /// Whether it is a file that its service opens itself, and no server: another service has one of its own by the same name.
    pub fn is_embedded(&self) -> bool {
        matches!(self.system.as_str(), "sqlite" | "duckdb" | "rocksdb")
    }

    /// Where its server is, as far as it is identified: `db:5433` of `postgresql:db:5433/shop`.
    pub fn host(&self) -> &str {
        self.id.split_once(':').map_or("", |(_, address)| address.split('/').next().unwrap_or_default())
    }
}

/// What people call one of the collections of a store, by its engine's everyday name.
pub(crate) fn collection_word(engine: &str) -> &'static str {
    match engine {
        "mongodb" | "firestore" | "couchdb" | "cosmosdb" | "qdrant" => "Collection",
        "s3" | "gcs" | "filesystem" => "Bucket",
        "elasticsearch" | "opensearch" | "meilisearch" => "Index",
        "redis" | "memcached" => "Key",
        _ => "Table",
    }
}

/// An environment variable, as one service has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The service.
    pub service: ServiceIndex,
    /// Its name.
    pub name: Symbol,
    /// Where code reads it that the service runs.
    pub reads: Vec<Place>,
    /// The values that manifests give it, the strongest first, and where.
    pub values: Vec<(Symbol, Place)>,
}

/// A table or collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// `db.collection.name`.
    pub name: Symbol,
    /// Where code or a schema declares it: a model, an entity.
    pub declared: Vec<Place>,
    /// Who reads and writes it.
    pub accesses: Vec<Access>,
}

/// A read or write of a collection: a CLIENT span of a database.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// The service.
    pub service: ServiceIndex,
    /// Read or write.
    pub operation: Operation,
    /// Where.
    pub place: Place,
    /// The function that place is in.
    pub function: FunctionRef,
    /// Columns or fields that a write sets, sorted; empty where they are not known, as for a delete or a whole document.
    pub columns: Vec<Symbol>,
    /// What a write leaves more of each time it is done; nothing where it is not known to.
    pub adds: Option<Addition>,
    /// Whether what is called there does not wait for it: it keeps what it is given, to write it later.
    pub detached: bool,
    /// How sure.
    pub status: Status,
}

/// A stretch of code in which a transaction of a database is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// The call that begins it.
    pub place: Place,
    /// The function whose code it is.
    pub function: FunctionRef,
    /// From where to where it is open at most.
    pub region: Place,
    /// The calls that end it, each on some way through the region; none where it ends with the region.
    pub ends: Vec<Place>,
    /// What within the region only runs once it is committed: `transaction.afterCommit(async () => …)`.
    pub later: Vec<Place>,
}

/// How a service traces.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracing {
    /// The service.
    pub service: ServiceIndex,
    /// Whether a tracer is started in its process.
    pub instrumented: bool,
    /// Names of what makes spans by itself: `http`, `grpc`, `kafkajs`; `*` for everything.
    pub covers: Vec<Symbol>,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// What puts the context of traces into what the process sends, or takes it out of what comes in, beside what it covers.
    pub carriers: Vec<Evidence>,
}

/// A function calls another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionEdge {
    /// The function called.
    pub callee: FunctionRef,
    /// Where.
    pub place: Place,
    /// Whether the caller does not wait: the call stands in a spawned task or timer.
    pub detached: bool,
}
