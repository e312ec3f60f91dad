//! The library catalog: what each library's calls mean, as data.
//!
//! One TOML file a library in `grammars/catalog/<role>/<library>.toml`, embedded in the binary; the same shape in a user's `portolan.toml`
//! describes a house-made client. Here live its types, its loading and its index by name. What deliberately does not: matching, which
//! needs values from other files and so belongs to the analysis. Invariant: every entry has an example and a counterexample, which a test
//! runs through the whole analysis.
//!
//! # Names
//!
//! A *callee* is written relative to the package: `create` is `axios.create`, `default` is the package itself called. A name behind a dot
//! is a method of a value of that type (`AxiosInstance.get`); Rust paths keep their `::` (`Client::new`). `new X()` is the callee `X`. Which
//! values have which type is said by [`Value`] entries, by declared types and by [`Library::aliases`].

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::facts::{Language, Symbol};

/// One library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Unique name, equal to the file's.
    pub id: Symbol,
    /// The family of languages: `rust` or `typescript` (JavaScript is meant too).
    pub language: Family,
    /// Names of the packages or crates it can be imported from; `global` for what the language's environment has without import.
    pub packages: Vec<Symbol>,
    /// Further names of its types: path in the package → the name used in this file (`"blocking::Client" = "Client"`).
    #[serde(default)]
    pub aliases: FxHashMap<Symbol, Symbol>,
    /// Calls that hand out a value of a type.
    #[serde(default)]
    pub value: Vec<Value>,
    /// Outbound HTTP calls.
    #[serde(default)]
    pub http_client: Vec<HttpClient>,
    /// Routes declared by a call.
    #[serde(default)]
    pub http_route: Vec<HttpRoute>,
    /// Routes declared by a decorator or attribute.
    #[serde(default)]
    pub route_attribute: Vec<RouteAttribute>,
    /// Calls that put routes under a prefix.
    #[serde(default)]
    pub mount: Vec<Mount>,
    /// Routes declared by a file's path.
    #[serde(default)]
    pub file_route: Vec<FileRoute>,
    /// Gateways in code: calls that pass requests on.
    #[serde(default)]
    pub proxy: Vec<Proxy>,
    /// Generated rpc clients.
    #[serde(default)]
    pub rpc_client: Vec<RpcClient>,
    /// Generated rpc servers.
    #[serde(default)]
    pub rpc_server: Vec<RpcServer>,
    /// Calls that send a message.
    #[serde(default)]
    pub producer: Vec<Producer>,
    /// Calls that receive messages.
    #[serde(default)]
    pub consumer: Vec<Consumer>,
    /// Handlers of messages declared by a decorator.
    #[serde(default)]
    pub consumer_attribute: Vec<ConsumerAttribute>,
    /// Calls that open a database.
    #[serde(default)]
    pub connection: Vec<Connection>,
    /// Calls that read or write a database.
    #[serde(default)]
    pub query: Vec<Query>,
    /// What makes spans.
    #[serde(default)]
    pub tracing: Vec<Tracing>,
    /// Calls that leave the caller's flow: `tokio::spawn`.
    #[serde(default)]
    pub spawn: Vec<Spawn>,
    /// Code in which the entry must find exactly what it says.
    #[serde(default)]
    pub example: Vec<Example>,
    /// Code in which the entry must find nothing.
    #[serde(default)]
    pub counterexample: Vec<Example>,
}

/// A family of languages that share libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Rust.
    Rust,
    /// TypeScript and JavaScript.
    TypeScript,
}

impl From<Language> for Family {
    fn from(language: Language) -> Self {
        match language {
            Language::Rust => Family::Rust,
            Language::TypeScript | Language::JavaScript => Family::TypeScript,
        }
    }
}

/// One name or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// One.
    One(Symbol),
    /// Several.
    Many(Vec<Symbol>),
}

impl Names {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Symbol> {
        match self {
            Names::One(name) => std::slice::from_ref(name).iter(),
            Names::Many(names) => names.iter(),
        }
    }
}

/// Where a call keeps something: a literal text, one place, or the first of several places that has a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Selector {
    /// The text itself.
    Literal(Symbol),
    /// One place.
    Take(Take),
    /// Several places.
    FirstOf(Vec<Take>),
}

/// One place of a call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Take {
    /// An argument, counted from 0; negative counts from the last (`-1`).
    pub argument: Option<i32>,
    /// Dotted path of keys into the argument's or captured object's fields: `config.url`.
    pub key: Option<Symbol>,
    /// Something captured by the value that the method is called on: see [`Value::captures`].
    pub receiver: Option<Symbol>,
    /// Something captured by the argument's value: a topic in `send(FutureRecord::to(topic))`.
    pub capture: Option<Symbol>,
    /// A type argument, counted from 0: its name.
    pub type_argument: Option<u32>,
    /// The name of the class given as argument, or of the object's class: `client.send(new SendMessageCommand(…))`.
    pub class_of: Option<i32>,
    /// The name of the method itself: `prisma.user` → see [`Query`].
    pub member: Option<u32>,
    /// The text to take when there is no such place.
    pub default: Option<Symbol>,
}

/// A call that hands out a value of a known type, and what the value remembers of the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// What is called, constructed, or (without a call) read as a member.
    pub callee: Names,
    /// The type's name; `Self` for a builder's method that hands out its receiver with more captured.
    #[serde(rename = "type")]
    pub type_name: Symbol,
    /// Captured values by name. Captures of the receiver are kept.
    #[serde(default)]
    pub captures: FxHashMap<Symbol, Selector>,
}

/// An outbound HTTP call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpClient {
    /// What is called.
    pub callee: Names,
    /// `http.request.method`.
    pub method: Selector,
    /// The URL, or the part behind the base.
    pub url: Selector,
    /// The base URL.
    #[serde(default)]
    pub base_url: Option<Selector>,
}

/// A route declared by a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRoute {
    /// What is called: a method of a router value.
    pub callee: Names,
    /// `http.request.method`; `*` for all. Where it is missing, the handler argument is a method router (`get(h).post(h2)`).
    #[serde(default)]
    pub method: Option<Selector>,
    /// `http.route`, before prefixes; `:name`, `{name}`, `*rest` and the like as the framework writes them.
    pub path: Selector,
    /// The handler; wrappers around it are looked through.
    #[serde(default)]
    pub handler: Option<Selector>,
    /// Fewer arguments make it something else: `app.get("env")`.
    #[serde(default)]
    pub min_arguments: u32,
}

/// A route declared by a decorator or attribute on the handler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteAttribute {
    /// The attribute's path in the package: `Get`, `get`.
    pub attribute: Names,
    /// `http.request.method`.
    pub method: Selector,
    /// The route; missing for none.
    pub path: Selector,
    /// The attribute of the class that holds a prefix: `Controller`.
    #[serde(default)]
    pub class_attribute: Option<Symbol>,
    /// Where that attribute keeps the prefix.
    #[serde(default)]
    pub class_path: Option<Selector>,
}

/// A call that puts routes under a prefix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// What is called: a method of a router value.
    pub callee: Names,
    /// The prefix.
    #[serde(default)]
    pub prefix: Option<Selector>,
    /// The router, or the function that fills one in; `None` where the prefix is for all routes of the receiver (`setGlobalPrefix`).
    #[serde(default)]
    pub router: Option<Selector>,
}

/// Routes declared by a file's path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRoute {
    /// How paths become routes.
    pub convention: FileRouteConvention,
}

/// Conventions of file-based routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileRouteConvention {
    /// `pages/api/orders/[id].ts`, default export, all methods.
    NextPages,
    /// `app/orders/[id]/route.ts`, an export a method.
    NextApp,
}

/// A call that passes requests on to another host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// What is called; where it is mounted decides the prefix.
    pub callee: Names,
    /// The target's base URL.
    pub target: Selector,
    /// An object of pattern → replacement.
    #[serde(default)]
    pub rewrite: Option<Selector>,
    /// A path filter, where it is an argument.
    #[serde(default)]
    pub path: Option<Selector>,
}

/// A generated rpc client, known by its class name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RpcClient {
    /// The class's name with `{service}` for the rpc service's: `{service}Client`, `{service}`.
    pub class: Symbol,
    /// Associated functions that make one (Rust); empty where `new` does.
    #[serde(default)]
    pub constructors: Vec<Symbol>,
    /// Where its construction keeps the server's address.
    #[serde(default)]
    pub address: Option<Selector>,
    /// How rpc names are written as methods.
    pub method_case: Case,
}

/// A generated rpc server, known by its class or trait name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RpcServer {
    /// The trait that is implemented, with `{service}` for the rpc service's name.
    #[serde(default)]
    pub implements: Option<Symbol>,
    /// The call that adds an implementation: `Server.addService`.
    #[serde(default)]
    pub callee: Option<Names>,
    /// Where that call names the service: the last member of `package.Service.service`.
    #[serde(default)]
    pub service: Option<Selector>,
    /// Where that call keeps the implementation.
    #[serde(default)]
    pub implementation: Option<Selector>,
    /// How rpc names are written as methods.
    pub method_case: Case,
}

/// How an rpc's name is written as a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// `get_cart`.
    Snake,
    /// `getCart` or `GetCart`.
    Camel,
}

/// A call that sends a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Producer {
    /// What is called.
    pub callee: Names,
    /// `messaging.system`.
    pub system: Symbol,
    /// `messaging.destination.name`: topic, queue, subject; with a `routing_key` the exchange.
    pub destination: Selector,
    /// The routing key of an exchange.
    #[serde(default)]
    pub routing_key: Option<Selector>,
}

/// A call that receives messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// What is called.
    pub callee: Names,
    /// `messaging.system`.
    pub system: Symbol,
    /// `messaging.destination.name`; missing where another call on the same value names it (`subscribe`, then `run`).
    #[serde(default)]
    pub destination: Option<Selector>,
    /// The handler; missing where another call on the same value names it.
    #[serde(default)]
    pub handler: Option<Selector>,
    /// Where the handled messages' trace context comes from: the instrumentation that must be on (`kafkajs`).
    #[serde(default)]
    pub instrumentation: Option<Symbol>,
}

/// A handler of messages declared by a decorator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerAttribute {
    /// The attribute's path in the package.
    pub attribute: Names,
    /// `messaging.system`; `*` where the transport is configured elsewhere.
    pub system: Symbol,
    /// `messaging.destination.name`.
    pub destination: Selector,
    /// Whether the sender waits for an answer, which makes it a synchronous call.
    #[serde(default)]
    pub replies: bool,
}

/// A call that opens a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// What is called.
    pub callee: Names,
    /// `db.system.name`; `*` where the URL's scheme decides.
    pub system: Symbol,
    /// The URL or DSN.
    #[serde(default)]
    pub url: Option<Selector>,
    /// The host, where there is no URL.
    #[serde(default)]
    pub host: Option<Selector>,
    /// The database's name, where there is no URL.
    #[serde(default)]
    pub database: Option<Selector>,
}

/// A call that reads or writes a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// What is called.
    pub callee: Names,
    /// `db.system.name`; `*` where the connection decides.
    pub system: Symbol,
    /// The SQL text; then the rest is read from it.
    #[serde(default)]
    pub statement: Option<Selector>,
    /// `db.collection.name`.
    #[serde(default)]
    pub collection: Option<Selector>,
    /// How the collection's name is derived from what was selected.
    #[serde(default)]
    pub naming: Naming,
    /// Whether it reads or writes.
    #[serde(default)]
    pub operation: Option<Operation>,
}

/// How a collection's name follows from a model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// It is the name.
    #[default]
    Same,
    /// mongoose: lower case, plural.
    MongoosePlural,
    /// The Prisma schema says.
    PrismaModel,
}

/// What a query does to a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

/// Something that makes spans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracing {
    /// What it is.
    pub role: TracingRole,
    /// The call, macro or construction that is the evidence.
    #[serde(default)]
    pub callee: Option<Names>,
    /// The attribute that is the evidence.
    #[serde(default)]
    pub attribute: Option<Names>,
    /// Words of a command line or of `NODE_OPTIONS` that are the evidence: `@opentelemetry/auto-instrumentations-node/register`.
    #[serde(default)]
    pub flag: Option<Names>,
    /// An argument key without which it does not trace (`tracesSampleRate`).
    #[serde(default)]
    pub requires_key: Option<Names>,
    /// Names of what is instrumented: `http`, `grpc`, `kafkajs`, `amqplib`, …; `*` for everything a handler can be.
    #[serde(default)]
    pub covers: Vec<Symbol>,
    /// An argument that lists the instrumentations, each the value of another `[[tracing]]` entry.
    #[serde(default)]
    pub list: Option<Selector>,
}

/// What a [`Tracing`] entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TracingRole {
    /// It starts a tracer for the process; covers what it lists, or what its instrumentations cover.
    Init,
    /// It starts a tracer that makes no span by itself: OpenTelemetry's layer in a Rust subscriber.
    Exporter,
    /// One instrumentation, as an element of another's list.
    Instrumentation,
    /// A router's middleware: covers the routes of the router it is added to, as the framework orders them.
    Layer,
    /// It makes a span of the function it stands on or in.
    Span,
}

/// A call that leaves the caller's flow: what its closure does, nobody waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spawn {
    /// What is called.
    pub callee: Names,
}

/// A piece of code and what is found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The file's path, where it matters; else `src/index.ts` or `src/main.rs`.
    #[serde(default)]
    pub path: Option<Symbol>,
    /// Its text.
    pub code: Symbol,
    /// Static spans, a line each: `CLIENT GET http://orders/x`, `SERVER GET /orders/{id}`, `PRODUCER kafka orders`, `CONSUMER kafka orders`,
    /// `CLIENT postgresql read orders`, `RPC CLIENT shop.Cart/GetCart`, `TRACING init http,grpc`.
    #[serde(default)]
    pub finds: Vec<Symbol>,
    /// Further files it needs: path and text.
    #[serde(default)]
    pub files: FxHashMap<Symbol, Symbol>,
}

/// All libraries that are known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalog {
    /// The libraries, sorted by id.
    pub libraries: Vec<Library>,
}

impl Catalog {
    /// The catalog that comes with Portolan.
    pub fn builtin() -> Self {
        Self::default()
    }
}
