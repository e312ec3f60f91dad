//! The link of one file: everything in it that crosses a process boundary, evaluated as far as code alone allows.
//!
//! What only a service can say (its environment, its hosts, which code it reaches) is left for [`super::assemble`]. Invariants: a link holds no
//! ranges, so it stays right when code moves; it depends on exactly the files and names in its [`Dependencies`].

use core::time::Duration;

use portolan_grammars::catalog::{
    Addition, Case, Delivery, FileRouteConvention, Headers, Identity, Limited, MiddlewareOrder, Operation, ProxyTableForm, TracingRole,
    Wildcards,
};
use portolan_grammars::facts::{Call, CallId, Expr, ExprId, FunctionId, SourceFacts, Symbol, TypeId};
use rustc_hash::FxHashSet;

use super::bases::Bases;
use super::dependencies::Dependencies;
use super::evaluate::{Context, Evaluator};
use super::payloads::BodyDecl;
use super::uses::Arity;
use super::value::{CallRef, ClassRef, ParamRef, Pattern, Source};
use crate::chart::Protocol;
use crate::{FileId, FunctionRef};

/// Everything in one file that crosses a process boundary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileLink {
    /// Calls that leave the process. Their sites may be in other files: where a wrapper is called.
    pub calls: Vec<OutboundCall>,
    /// Routes.
    pub routes: Vec<RouteDecl>,
    /// Routers put under prefixes.
    pub mounts: Vec<MountDecl>,
    /// Calls of functions that make a router anew for each caller: the router of the call, and the call within that makes it.
    pub routers_made: Vec<RouterMade>,
    /// What else is put under prefixes, and may answer anything there.
    pub opaque_mounts: Vec<MountDecl>,
    /// What is only a part of what answers, and answers nothing by itself.
    pub parts: Vec<Router>,
    /// Versions that routes of classes are put under.
    pub versionings: Vec<VersioningDecl>,
    /// Ports that servers listen on.
    pub ports: Vec<PortDecl>,
    /// Requests passed on.
    pub proxies: Vec<ProxyDecl>,
    /// Rules of tables in configuration files by which requests are passed on.
    pub table_rules: Vec<TableRule>,
    /// What functions require of what they are handed as a body.
    pub bodies: Vec<BodyDecl>,
    /// What functions require of a message that they parse.
    pub parsed_messages: Vec<BodyDecl>,
    /// Middleware that makes spans.
    pub layers: Vec<LayerDecl>,
    /// Rpc methods implemented.
    pub rpc_handlers: Vec<RpcHandler>,
    /// Places where an rpc implementation is put into a server, by the service's name.
    pub rpc_servers: Vec<(Symbol, FunctionRef)>,
    /// Functions that put such servers where they listen; what else is made of one answers its own process alone.
    pub rpc_mounts: Vec<FunctionRef>,
    /// Calls that name an operation: a root field of GraphQL, a procedure of a router.
    pub operations: Vec<OperationCall>,
    /// Clients that operations go through which name no other.
    pub operation_clients: Vec<OperationClient>,
    /// Operations implemented.
    pub operation_handlers: Vec<OperationHandler>,
    /// Queues bound to exchanges.
    pub bindings: Vec<BindingDecl>,
    /// Where refused messages of queues go: bindings the other way round.
    pub dead_letters: Vec<BindingDecl>,
    /// Queues that calls declare which may say so.
    pub queues: Vec<QueueDecl>,
    /// How messages reach handlers that decorators declare.
    pub listeners: Vec<ListenerDecl>,
    /// Messages sent and received.
    pub messages: Vec<MessageDecl>,
    /// Databases opened.
    pub connections: Vec<ConnectionDecl>,
    /// What is done with clients that send nothing by themselves.
    pub client_uses: Vec<ClientUse>,
    /// Calls of which one has opened what a line works through, each sorted.
    pub alternatives: Vec<Vec<CallRef>>,
    /// Databases read and written.
    pub accesses: Vec<AccessDecl>,
    /// Classes that are tables or collections, by what those are called.
    pub entities: Vec<(TypeId, Symbol)>,
    /// Transactions.
    pub transactions: Vec<TransactionDecl>,
    /// Environment variables read.
    pub variables: Vec<VariableDecl>,
    /// What makes spans.
    pub tracing: Vec<TracingDecl>,
    /// Calls that leave the caller's flow, and what the library calls them.
    pub spawns: Vec<(CallRef, Symbol)>,
    /// Calls that say how long others wait at most, what the library calls them, and whose waiting it is.
    pub limits: Vec<(CallRef, Symbol, Limited)>,
    /// Calls that such a call stands around, sorted.
    pub limited: Vec<CallId>,
    /// Whether it may give rpcs a deadline in a way that is not followed.
    pub limits_rpcs: bool,
    /// Calls that have others made again when they fail.
    pub retries: Vec<RetryDecl>,
    /// Function calls and mentions.
    pub edges: Vec<EdgeDecl>,
    /// What calls on an object of a trait with many implementations may mean, sorted: each counts only where there may be an instance of its type.
    pub dispatches: Vec<(FunctionId, FunctionRef)>,
    /// Functions that constant objects of the module keep.
    pub kept: Vec<KeptDecl>,
    /// What is called by a name that is not followed: `list`, with the name of what it is called on `orders.list`. Of an object that is handed
    /// on, all: `orders.*`.
    pub mentions: Vec<Mention>,
    /// Functions that attributes of types name: what a derive writes calls them.
    pub attributed: Vec<FunctionId>,
    /// Classes that its functions construct, name, or are injected with; ECMAScript only.
    pub classes: Vec<(FunctionId, ClassRef)>,
    /// Types that its functions name, sorted; Rust only.
    pub named_types: Vec<(FunctionId, Symbol)>,
    /// Files it loads: by imports, and by texts that are paths of files.
    pub imports: Vec<FileId>,
    /// Folders of whose files it loads some by names made at run time.
    pub loads: Vec<Symbol>,
    /// Whether a library loads the file by itself.
    pub entry: bool,
    /// What all this depends on.
    pub dependencies: Dependencies,
}

/// Where something is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// By a call.
    Call(CallRef),
    /// By a call for one of the items that it is given, or that a loop around it goes through: the one that this expression of a file is part of.
    Row(CallRef, FileId, ExprId),
    /// By a function, most often through an attribute of it.
    Function(FunctionRef),
    /// By a file's path.
    File(FileId),
}

/// A call that leaves the process.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundCall {
    /// Where method and path are decided.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// The library's call that sends.
    pub leaf: CallRef,
    /// What is sent where.
    pub request: Request,
    /// Whether nobody waits: it stands in a spawned task.
    pub detached: bool,
    /// What would have to say how long it waits at most, as nothing does.
    pub unlimited: Option<Unlimited>,
    /// How long it waits at most, where that is written.
    pub limit: Option<Duration>,
    /// What its client, or the call itself, says of trying it again.
    pub retry: Option<Retry>,
    /// The call that made its client, where there is one alone.
    pub client: Option<CallRef>,
    /// The id of the library that sends it; empty where no library's entry says so.
    pub library: Symbol,
    /// The keys of its JSON body, where all of them are known.
    pub payload: Option<Vec<Symbol>>,
    /// Where the library's call says what is sent, if it does: an argument, or a key of one. The first that is there says it.
    pub body: Vec<(usize, Option<Symbol>)>,
}

impl OutboundCall {
    /// A call that is made where it is decided, of which nothing is known but what it asks.
    pub(super) fn direct(site: CallRef, function: FunctionRef, request: Request, detached: bool) -> Self {
        let (unlimited, limit, retry, client, library, payload, body) = Default::default();
        Self { site, function, leaf: site, request, detached, unlimited, limit, retry, client, library, payload, body }
    }
}

/// A call that could say how long others wait, and does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlimited {
    /// The one that makes a client, else the library's call that sends.
    pub call: CallRef,
    /// The library's id; empty of an rpc, whose client a generator made.
    pub library: Symbol,
    /// The argument and the key in it that would say it, where it is said so.
    pub option: Option<(usize, Symbol)>,
}

/// That requests are tried again when they fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Methods whose requests are; `*` for all.
    pub methods: Vec<Symbol>,
    /// How often at most, the first time not counted, where that is written.
    pub times: Option<u32>,
}

/// A call that has others made again when they fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryDecl {
    /// The call.
    pub site: CallRef,
    /// What the library calls it.
    pub name: Symbol,
    /// What is tried again.
    pub of: Retries,
    /// How often at most, the first time not counted, where that is written.
    pub times: Option<u32>,
    /// Whether it waits before the next try; `None` where the code may say either.
    pub pauses: Option<bool>,
    /// Whether what does harm twice is tried again like all else. Where it is not, or may not be, there is a choice that cannot be followed.
    pub harmful: bool,
}

/// What is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retries {
    /// Functions, and calls of the file itself.
    Work(Vec<FunctionRef>, Vec<CallId>),
    /// Requests of the client that this call made.
    Client(CallRef),
    /// Requests of the library, by its id, that are made without a client.
    Library(Symbol),
}

/// What is sent where.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// An HTTP request.
    Http {
        /// `http.request.method`; `None` where it is decided at run time.
        method: Option<Symbol>,
        /// Every URL it may have.
        urls: Vec<Url>,
    },
    /// A remote procedure call.
    Rpc {
        /// `package.Service`.
        service: Symbol,
        /// Method name as called.
        method: Symbol,
        /// How the method is written.
        case: Option<Case>,
        /// Every address its client may have.
        addresses: Vec<Url>,
    },
    /// A call of a third party's SDK.
    Sdk {
        /// The library's id: calls that do not say who answers have it of others of the same.
        library: Symbol,
        /// `peer.service`, where the call says it.
        peers: Vec<Symbol>,
        /// What is called: `charges.create`.
        operation: Symbol,
        /// Every address its client may have been set up with.
        addresses: Vec<Url>,
        /// Whether it only puts something into memory, to be sent later.
        queued: bool,
    },
}

/// A URL, and the call sites that it comes through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// The URL; its base may hold variables and holes.
    pub pattern: Pattern,
    /// Functions whose code decides the base: it is so only in services that reach all of them.
    pub contexts: Vec<FunctionRef>,
    /// Call sites that pass the base on, from the inside out.
    pub passed: Vec<CallRef>,
    /// Whether the base is what code falls back to where none is passed.
    pub fallback: bool,
}

impl Url {
    /// A URL that stands where it is used.
    pub(super) fn plain(pattern: Pattern) -> Self {
        Self { pattern, contexts: Vec::new(), passed: Vec::new(), fallback: false }
    }
}

/// What names a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Router {
    /// The call that made it.
    Made(CallRef),
    /// A parameter, which is a router that callers make.
    Param(ParamRef),
    /// A function that an attribute makes a route.
    Attributed(FunctionRef),
}

/// A router that a function makes anew for one of its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterMade {
    /// The call of the function.
    pub site: CallRef,
    /// The call within it that makes the router.
    pub made: CallRef,
    /// The function that calls.
    pub function: FunctionRef,
}

impl RouterMade {
    /// The router as the caller knows it.
    pub fn outer(&self) -> Router {
        Router::Made(self.site)
    }

    /// The router as the function that makes it knows it.
    pub fn inner(&self) -> Router {
        Router::Made(self.made)
    }
}

/// A route.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteDecl {
    /// The router it is added to; `None` for file-based routes and those of classes.
    pub router: Option<Router>,
    /// `http.request.method` in upper case, `*` for all.
    pub method: Symbol,
    /// Its path, before prefixes.
    pub paths: Vec<Pattern>,
    /// Where it is declared.
    pub site: Site,
    /// The function whose code declares it.
    pub function: FunctionRef,
    /// Who answers.
    pub handler: Option<FunctionRef>,
    /// Whether an application's global prefix is for it: routes of controller classes.
    pub globally_prefixed: bool,
    /// Versions that it is declared for, where versions are part of the path; `None` where it names none.
    pub versions: Option<Vec<Symbol>>,
    /// The prefix that its file's folder gives it where its router is mounted nowhere.
    pub folder: Option<Pattern>,
    /// Whether its path is a file's.
    pub convention: Option<FileRouteConvention>,
    /// Whether it is one only where its router is mounted.
    pub mounted: bool,
}

impl RouteDecl {
    /// A route that a call adds to a router.
    pub(super) fn of_router(
        router: Option<Router>,
        method: Symbol,
        paths: Vec<Pattern>,
        site: Site,
        function: FunctionRef,
        handler: Option<FunctionRef>,
    ) -> Self {
        Self {
            router,
            method,
            paths,
            site,
            function,
            handler,
            folder: None,
            globally_prefixed: false,
            versions: None,
            convention: None,
            mounted: false,
        }
    }
}

/// A router under a prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct MountDecl {
    /// The outer router; `None` for a prefix of everything. The inner router itself for a prefix of its own.
    pub parent: Option<Router>,
    /// The prefix.
    pub prefixes: Vec<Pattern>,
    /// The inner router; `None` where it is not known.
    pub child: Option<Router>,
    /// The method of its routes that name none.
    pub method: Option<Symbol>,
    /// Where.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
}

/// Routes of classes are put under versions: `/v1/orders`.
#[derive(Debug, Clone, PartialEq)]
pub struct VersioningDecl {
    /// What stands before the version: `v`.
    pub prefix: Pattern,
    /// The versions of routes that name none; without one, such routes have none.
    pub versions: Vec<Symbol>,
    /// The function that says so.
    pub function: FunctionRef,
}

/// A server listens.
#[derive(Debug, Clone, PartialEq)]
pub struct PortDecl {
    /// The port, or the address that ends in it.
    pub addresses: Vec<Pattern>,
    /// Where.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
}

/// A call that passes requests on.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyDecl {
    /// The call; a mount's child by this call puts it under a prefix.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// Base URL of the target.
    pub targets: Vec<Url>,
    /// Pattern and replacement pairs.
    pub rewrites: Vec<(Symbol, Symbol)>,
    /// Its own path filter.
    pub paths: Vec<Pattern>,
    /// Whether only a development server has it.
    pub development: bool,
}

/// A rule of a table in a configuration file: requests for a path are passed on.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRule {
    /// Where it is written.
    pub source: Source,
    /// How the table is written.
    pub form: ProxyTableForm,
    /// The prefix, pattern or route.
    pub path: Pattern,
    /// Base URL of the target, or the destination of a route.
    pub targets: Vec<Pattern>,
    /// Pattern and replacement pairs, applied in order; `None` where what becomes of the path is not known.
    pub rewrites: Option<Vec<(Symbol, Symbol)>>,
    /// Its position among the file's.
    pub order: u32,
    /// Whether only a development server has it.
    pub development: bool,
}

/// Middleware that makes spans, added to a router.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerDecl {
    /// The router.
    pub router: Option<Router>,
    /// Which routes it stands in front of.
    pub order: MiddlewareOrder,
    /// Where it is added.
    pub site: CallRef,
    /// Its name, for people.
    pub name: Symbol,
    /// Whose span it is, where the layer is of the workspace: without a span in it, it is no such layer.
    pub opens: Option<LayerCode>,
}

/// The code of a layer that the workspace has itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerCode {
    /// A function: `from_fn(with_span)`.
    Function(FunctionRef),
    /// A type that implements a layer, and what it wraps others in, in one file.
    File(FileId),
}

/// A method of an rpc service that the workspace implements.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcHandler {
    /// `package.Service`.
    pub service: Symbol,
    /// The method, as declared.
    pub method: Symbol,
    /// Who answers.
    pub handler: FunctionRef,
}

/// A call that names an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationCall {
    /// GraphQL or tRPC.
    pub protocol: Protocol,
    /// Where.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// The operations.
    pub names: Vec<Symbol>,
    /// Every address its client may have; empty where the process' client is meant.
    pub addresses: Vec<Url>,
}

/// A client that a process' operations go through.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationClient {
    /// GraphQL or tRPC.
    pub protocol: Protocol,
    /// The function that makes it.
    pub function: FunctionRef,
    /// Every address it may have.
    pub addresses: Vec<Url>,
}

/// An operation that is implemented.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationHandler {
    /// GraphQL or tRPC.
    pub protocol: Protocol,
    /// The operation.
    pub name: Symbol,
    /// The function that serves it: the resolver itself, or whoever gives it to a server.
    pub function: FunctionRef,
    /// Who answers.
    pub handler: Option<FunctionRef>,
}

/// A message sent or received.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageDecl {
    /// Whether it is received.
    pub consumes: bool,
    /// `messaging.system`.
    pub system: Symbol,
    /// Every destination it may have.
    pub destinations: Vec<Pattern>,
    /// Routing key, where the destination is an exchange.
    pub routing_key: Option<Pattern>,
    /// The keys of what is sent as JSON, where all of them are known.
    pub payload: Option<Vec<Symbol>>,
    /// Where.
    pub site: Site,
    /// The function that is in.
    pub function: FunctionRef,
    /// Consumers: who handles it.
    pub handler: Option<FunctionRef>,
    /// Consumers: the value that subscribes; a subscription and its handler share it.
    pub group: Option<CallRef>,
    /// Consumers: how the destination may stand for several.
    pub wildcards: Option<Wildcards>,
    /// Consumers: how often it is handed over, if that is known.
    pub delivery: Option<Delivery>,
    /// The instrumentation that makes its spans.
    pub instrumentation: Option<Symbol>,
    /// Whether the sender waits for an answer.
    pub replies: bool,
    /// Whether the message names a channel for its answer.
    pub asks: bool,
    /// Whether it is kept in an outbox first.
    pub kept: bool,
    /// Where it goes.
    pub carrier: Carrier,
    /// The library's calls that send or receive it.
    pub leaves: Vec<MessageLeaf>,
}

/// A library's call that sends or receives messages.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageLeaf {
    /// The call.
    pub call: CallRef,
    /// The library's id.
    pub library: Symbol,
    /// Where it is given the messages' headers, or gives them to its handler, as far as that is known.
    pub headers: Option<Headers>,
    /// The same of what tells a message from all others.
    pub identity: Option<Identity>,
    /// Methods by which code asks for the next message, where no handler is given it.
    pub received: Vec<Symbol>,
    /// How many of its first arguments are texts, or made JSON of by the library itself.
    pub as_json: usize,
    /// Whether what it gives back is an observable, not a promise.
    pub observable: bool,
    /// Whether the value that it is called on says where messages go.
    pub by_receiver: bool,
}

impl MessageLeaf {
    /// Whether a call asks for the next message.
    pub(super) fn hands_over(&self, facts: &SourceFacts, call: &Call) -> bool {
        matches!(facts.expr(call.callee), Expr::Member { name, .. } if self.received.contains(name))
    }
}

/// Where messages go, as far as options say that.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Carrier {
    /// Every address it may be, where no broker stands between.
    pub addresses: Vec<Url>,
    /// The queue, where all messages go through one.
    pub queues: Vec<Pattern>,
}

/// How messages reach the handlers that decorators declare.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerDecl {
    /// `messaging.system`.
    pub system: Symbol,
    /// The queue, where all messages go through one.
    pub queues: Vec<Pattern>,
    /// How often messages are handed over, if that is known.
    pub delivery: Option<Delivery>,
    /// The function that says so.
    pub function: FunctionRef,
}

/// A queue bound to an exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct BindingDecl {
    /// `messaging.system`.
    pub system: Symbol,
    /// The queue.
    pub queues: Vec<Pattern>,
    /// `messaging.system` of the queue.
    pub queue_system: Symbol,
    /// The exchange.
    pub exchanges: Vec<Pattern>,
    /// The pattern of routing keys: `*` is one word of them, `#` any number.
    pub routing_keys: Vec<Pattern>,
    /// Where that is decided.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// Whether it is decided where a function is called that binds.
    pub lifted: bool,
}

/// A queue declared by a call that may say where its refused messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueDecl {
    /// `messaging.system`.
    pub system: Symbol,
    /// What it is called.
    pub queue: Pattern,
    /// The library's call.
    pub leaf: CallRef,
    /// Whether who calls the function that declares it decides what it is called.
    pub lifted: bool,
    /// Whether it says where they go, or may.
    pub hands_on: bool,
    /// The argument that names the queue.
    pub named: usize,
    /// The argument and the keys in it that would say the exchange and the routing key, where the library is told by such.
    pub option: Option<(usize, [Symbol; 2])>,
}

/// A database opened.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionDecl {
    /// `db.system.name`, `*` where the URL tells.
    pub system: Symbol,
    /// Prisma: what the code does not say, the schema's data source does.
    pub prisma: bool,
    /// URLs or DSNs.
    pub urls: Vec<Url>,
    /// Hosts, where there is no URL.
    pub hosts: Vec<Url>,
    /// Database names, where there is no URL.
    pub databases: Vec<Url>,
    /// Where.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
}

/// What is done with a client that sends nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientUse {
    /// The call that made it.
    pub client: CallRef,
    /// The function that does it.
    pub function: FunctionRef,
    /// Whether a request is sent; else it only signs for others' requests.
    pub sends: bool,
}

/// What is done to a table or collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CollectionUse {
    /// Its name.
    pub name: Symbol,
    /// Read or write.
    pub operation: Operation,
    /// Columns that a write sets, sorted; empty where they are not known.
    pub columns: Vec<Symbol>,
    /// What a write leaves more of each time it is done.
    pub adds: Option<Addition>,
}

/// A collection read or written.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessDecl {
    /// `db.system.name`, `*` where the connection tells.
    pub system: Symbol,
    /// Tables or collections, and what is done to them.
    pub collections: Vec<CollectionUse>,
    /// Prisma: the schema says which database it is.
    pub prisma: bool,
    /// Prisma: the collections are models, named by the schema.
    pub models: bool,
    /// Where.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// The call that opened the database or made the model, where it can be followed.
    pub connection: Option<CallRef>,
    /// Others that may have in its place.
    pub others: Vec<CallRef>,
    /// The file of the model whose writes run it, where it stands in a hook of a schema.
    pub hook_of: Option<FileId>,
}

/// A transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionDecl {
    /// The call that begins it.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// What the library calls that call.
    pub callee: Symbol,
    /// How long it is open.
    pub extent: Extent,
}

/// How long a transaction is open.
#[derive(Debug, Clone, PartialEq)]
pub enum Extent {
    /// While a function runs.
    Function(FunctionRef),
    /// Until one of these calls of its file, in their order.
    Until(Vec<CallId>),
}

/// An environment variable that is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariableDecl {
    /// Its name.
    pub name: Symbol,
    /// Where.
    pub source: Source,
    /// The function that is in.
    pub function: FunctionId,
}

/// Something that makes spans.
#[derive(Debug, Clone, PartialEq)]
pub struct TracingDecl {
    /// What it is.
    pub role: TracingRole,
    /// What its process records by itself.
    pub covers: Vec<Symbol>,
    /// Where.
    pub site: Site,
    /// The function that is in.
    pub function: FunctionRef,
    /// Its name, for people.
    pub name: Symbol,
}

/// A function calls another, or hands it on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeDecl {
    /// The function whose code it is.
    pub caller: FunctionId,
    /// The other function.
    pub callee: FunctionRef,
    /// The call; `None` where the function is only named.
    pub call: Option<CallRef>,
    /// Whether the caller does not wait.
    pub detached: bool,
    /// Where it depends on an option: the functions that switch the option on, of which one must run. Empty: it depends on none.
    pub switches: Vec<FunctionRef>,
}

/// A function that a constant object of a module keeps: it runs where it is taken out of the object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeptDecl {
    /// The name of the object.
    pub object: Symbol,
    /// The function's key in it.
    pub key: Symbol,
    /// The function.
    pub function: FunctionRef,
}

/// A function calls something by name, and what that is cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mention {
    /// The function whose code it is.
    pub caller: FunctionId,
    /// The name.
    pub name: Symbol,
    /// ECMAScript: the name of what it is called on.
    pub receiver: Option<Symbol>,
    /// How many arguments it is given, where that tells functions apart.
    pub arity: Arity,
    /// Whether it is called on a value: as a method.
    pub on_value: bool,
}

/// Links one file.
pub fn link(cx: Context<'_>, file: FileId) -> FileLink {
    let evaluator = Evaluator::new(cx, file);
    let mut linker = Linker { evaluator, file, link: FileLink::default(), bases: Bases::default(), handed: FxHashSet::default() };
    linker.run();
    linker.finish();
    let Linker { evaluator, mut link, .. } = linker;
    link.dependencies = evaluator.into_dependencies();
    link
}

/// One file being linked.
pub(super) struct Linker<'w> {
    pub(super) evaluator: Evaluator<'w>,
    pub(super) file: FileId,
    pub(super) link: FileLink,
    pub(super) bases: Bases,
    /// Classes that libraries are given and call, see [`super::unseen`].
    pub(super) handed: FxHashSet<ClassRef>,
}
