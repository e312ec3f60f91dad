//! The library catalog: what each library's calls mean, as data.
//!
//! One TOML file a library in `grammars/catalog/<role>/<library>.toml`, embedded in the binary; the same shape in a user's `portolan.toml`
//! describes a house-made client. Here live its types, its loading (`load`) and its index by name (`index`). What deliberately does not:
//! matching, which needs values from other files and so belongs to the analysis. Invariant: every file has an example and a
//! counterexample, which a test runs through the whole analysis.
//!
//! # A library in five minutes
//!
//! ```toml
//! # Shipper: a promise-based HTTP client.
//! id = "shipper"                                   # equal to the file's name
//! language = "typescript"                          # JavaScript is meant too; or "rust"
//! packages = ["shipper"]                           # what it is imported from
//!
//! [[value]]                                        # const ship = shipper.create({ base: "http://orders" })
//! callee = "create"
//! type = "Shipper"
//! captures = { base = { argument = 0, key = "base" } }
//!
//! [[http_client]]                                  # ship.get("/orders")
//! callee = ["Shipper.get", "Shipper.post"]
//! method = { called = true }
//! url = { argument = 0 }
//! base_url = { receiver = "base" }
//!
//! [[example]]
//! code = """
//! import shipper from "shipper";
//! const ship = shipper.create({ base: "http://orders" });
//! export const list = () => ship.get("/orders");
//! """
//! finds = ["CLIENT GET http://orders/orders"]
//!
//! [[counterexample]]
//! code = "new Map().get('/orders');"
//! ```
//!
//! # Names
//!
//! Code is evaluated, never searched for text: whatever a name is called in a file, an entry sees the library's own name for it.
//!
//! | code | callee |
//! |---|---|
//! | `axios.create()`, `import { create as c } from "axios"; c()` | `create` |
//! | the package itself, or its default export, called or constructed: `axios(…)`, `new Redis()` | `default` |
//! | the same behind a default export's name: `require("axios").default.get()` | `get` |
//! | a class constructed: `new Pool()` | `Pool` |
//! | a method of a value of a type: `instance.get()` | `AxiosInstance.get` |
//! | a value of a type, called itself: `instance(…)` | `AxiosInstance.default` |
//! | a method behind further members: `http.axiosRef.get()` | `HttpService.axiosRef.get` |
//! | a Rust path within the crate: `reqwest::Client::new()`, `actix_web::web::get()` | `Client::new`, `web::get` |
//! | a Rust macro: `sqlx::query!(…)` | `query` |
//! | an environment's name that nothing in scope declares: `fetch(…)`, package `global` | `fetch` |
//!
//! A segment `*` between dots stands for any one name: `PrismaClient.*.findMany` is `prisma.user.findMany(…)` and
//! `{ member = 0 }` then takes `user`, the name in place of the first `*`. `ClientBuilder.*` is any method of a builder. A callee without `*`
//! wins over one with, which then says only what the call hands out; of two with, the one with more names wins. A segment `**` stands for one
//! name or more, and what it stands for is one name with dots in it: `client.orders[":id"].$get()` is `HonoClient.**.$get`, `orders.:id`.
//!
//! # Types
//!
//! A value has a type because a [`Value`] entry says that a call hands one out, because it is declared so (`client: reqwest::Client`,
//! `producer: Producer`), or because an entry of [`Library::aliases`] says that a declared type is another's (`"blocking::Client" = "Client"`;
//! `"default" = "Redis"` for a type that is the default export). Types that only ever appear by declaration are listed in [`Library::types`]. A
//! class that is constructed needs a value entry of its own name. Promises, `Result`, `Option`, `Arc`, `&` and the like are looked
//! through: entries do not speak of them. A type handed out by a method on another value (a `Route` by a `Router`) belongs to it, so that its
//! routes are the router's. A class that extends a type is of that type too. Of the values that a callee makes, those with
//! [`Value::given_to`] count beside its result.
//!
//! # Selectors
//!
//! A [`Selector`] is a literal text, a place of the call (a [`Take`]), or a list of places of which the first that is there counts; a default
//! stands at the last. Where a text is wanted, a place that holds an object, a function or a number is not there.
//!
//! Where no place of a `url`, `path` of a route, `target`, `destination`, `statement` or `collection` is there, the entry does not apply to
//! the call; all else may be missing: a `method` is then `*`, a connection's host not known. Where the place is there but its value cannot be
//! known, the span exists and is unresolved. Of several entries of one kind for a callee the first that applies counts.
//!
//! A place that holds an array gives every element; a key of an array is the key of each element. Methods compare without case and by their
//! last name: `"post"`, `Method::POST` and `reqwest::Method::POST` are `POST`.

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::{Language, Symbol};

mod brokers;
mod containers;
mod database;
mod entries;
mod generated;
mod http;
mod index;
mod load;
mod lookups;
mod messaging;
mod operations;
mod retries;
mod sdk;
mod setting_readers;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;

pub use brokers::{Broker, broker};
pub use containers::{AppliedFunction, Decoration, Extension, Injected, InstanceCall, KeyedLookup, ListedClass, Provider, Registration};
pub use database::{Addition, Adds, CommonTable, Connection, Entity, ModelClass, Naming, NamingTrait, Operation, Query, Transaction};
pub use entries::EntryFile;
pub use generated::GeneratedClient;
pub use http::{
    BodySchema, ControllerModule, FileRoute, FileRouteConvention, Guard, HostPrefix, HttpClient, HttpRoute, Listen, MethodRouter,
    Middleware, MiddlewareOrder, ModuleRoutes, Mount, Proxy, ProxyTable, ProxyTableForm, RequestBody, RouteAttribute, Versioning,
};
pub use index::{Catalog, Meaning, Meanings};
pub use load::CatalogError;
pub(crate) use load::plain_message;
pub use lookups::KnownByArgument;
pub use messaging::{
    Binding, Consumer, ConsumerAttribute, DeadLetter, Delivery, Headers, Identity, Listener, Producer, Refusal, ServiceSchema, Transport,
    Wildcards, matches_wildcards,
};
pub use operations::{
    GRAPHQL_ROOTS, GraphqlCall, GraphqlClient, GraphqlServer, ProcedureCall, ProcedureClient, ProcedureServer, TextCall, WordCase,
};
pub use retries::{Retried, Retry};
pub use sdk::SdkCall;
pub use setting_readers::{EnvironmentModule, SettingReader, SettingSource, SettingStruct, Subcommands};

/// One library.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Unique name, equal to the file's.
    pub id: Symbol,
    /// The family of languages: `rust` or `typescript` (JavaScript is meant too).
    pub language: Family,
    /// Names of the packages or crates it can be imported from; `global` for what the language's environment has without import. In `portolan.toml`,
    /// also files: `./src/http.ts`.
    pub packages: Vec<Symbol>,
    /// Crates that hand it on, each with the module in which they do: `paperclip = "actix"`.
    #[serde(default)]
    pub handed_on: FxHashMap<Symbol, Symbol>,
    /// Further names of its types: path in the package → the name used in this file (`"blocking::Client" = "Client"`).
    #[serde(default)]
    pub aliases: FxHashMap<Symbol, Symbol>,
    /// Types, and in TypeScript objects of the package (`process.nextTick`), that no [`Value`] hands out.
    #[serde(default)]
    pub types: Vec<Symbol>,
    /// What parameters without a declared type are called by custom, and the type they are then of: `fastify = "FastifyInstance"`.
    #[serde(default)]
    pub parameters: FxHashMap<Symbol, Symbol>,
    /// Methods of what a handler is given second, or of what those hand out, by which it answers: `res.status(202).json`.
    #[serde(default)]
    pub answers: Vec<Symbol>,
    /// Members by which a handler reads the body off what it is given first, calls among them: `body`, `req.json`.
    #[serde(default)]
    pub bodies: Vec<Symbol>,
    /// Folders of a package whose files' routers it mounts by itself, each under the path of its folder from there.
    #[serde(default)]
    pub mounted_folders: Vec<Symbol>,
    /// Calls that hand out a value of a type.
    #[serde(default)]
    pub value: Vec<Value>,
    /// Decorators of a parameter or field that say which value is injected there.
    #[serde(default)]
    pub injected: Vec<Injected>,
    /// Objects that say which value is injected for a token.
    #[serde(default)]
    pub provider: Vec<Provider>,
    /// Decorators of classes that modules list as what may be injected.
    #[serde(default)]
    pub listed_class: Vec<ListedClass>,
    /// Members that are assigned to configure a value: `axios.defaults.baseURL = …`.
    #[serde(default)]
    pub setting: Vec<Setting>,
    /// Calls that hand out settings.
    #[serde(default)]
    pub setting_reader: Vec<SettingReader>,
    /// Calls that make settings known.
    #[serde(default)]
    pub setting_source: Vec<SettingSource>,
    /// Structs that are filled in from a command line.
    #[serde(default)]
    pub setting_struct: Vec<SettingStruct>,
    /// Modules that it makes of the environment.
    #[serde(default)]
    pub environment_module: Vec<EnvironmentModule>,
    /// Outbound HTTP calls.
    #[serde(default)]
    pub http_client: Vec<HttpClient>,
    /// A client that is generated while the code that uses it is built.
    #[serde(default)]
    pub generated_client: Option<GeneratedClient>,
    /// Routes declared by a call.
    #[serde(default)]
    pub http_route: Vec<HttpRoute>,
    /// Calls that make a method router, the handler of a route without a method: axum's `get(list).post(create)`.
    #[serde(default)]
    pub method_router: Vec<MethodRouter>,
    /// Routes declared by a decorator or attribute.
    #[serde(default)]
    pub route_attribute: Vec<RouteAttribute>,
    /// How handlers take a request's or a message's body.
    #[serde(default)]
    pub request_body: Vec<RequestBody>,
    /// Calls that check a request's body.
    #[serde(default)]
    pub body_schema: Vec<BodySchema>,
    /// Calls that put routes under a prefix.
    #[serde(default)]
    pub mount: Vec<Mount>,
    /// Calls that put the routes of decorators under versions.
    #[serde(default)]
    pub versioning: Vec<Versioning>,
    /// Calls that put the routes of controllers beneath the paths of modules that list them.
    #[serde(default)]
    pub module_routes: Vec<ModuleRoutes>,
    /// Decorators of modules that list controllers.
    #[serde(default)]
    pub controller_module: Vec<ControllerModule>,
    /// Calls that make a server listen.
    #[serde(default)]
    pub listen: Vec<Listen>,
    /// Calls that add a middleware to a router.
    #[serde(default)]
    pub middleware: Vec<Middleware>,
    /// Classes that check requests before a handler runs.
    #[serde(default)]
    pub guard: Vec<Guard>,
    /// Routes declared by a file's path.
    #[serde(default)]
    pub file_route: Vec<FileRoute>,
    /// Files of a package that the library loads by itself: no code imports them.
    #[serde(default)]
    pub entry_file: Vec<EntryFile>,
    /// Gateways in code: calls that pass requests on.
    #[serde(default)]
    pub proxy: Vec<Proxy>,
    /// Gateways in configuration files: tables by which a server passes requests on.
    #[serde(default)]
    pub proxy_table: Vec<ProxyTable>,
    /// Generated rpc clients.
    #[serde(default)]
    pub rpc_client: Vec<RpcClient>,
    /// Objects of generated code that describe an rpc service.
    #[serde(default)]
    pub rpc_contract: Vec<RpcContract>,
    /// Generated rpc servers.
    #[serde(default)]
    pub rpc_server: Vec<RpcServer>,
    /// Traits that an attribute makes a client and a server of.
    #[serde(default)]
    pub rpc_trait: Vec<RpcTrait>,
    /// Calls whose value is a text among their arguments.
    #[serde(default)]
    pub text: Vec<TextCall>,
    /// Calls that hand out the instance of a class.
    #[serde(default)]
    pub instance: Vec<InstanceCall>,
    /// Objects that declare services by the names of their actions and events.
    #[serde(default)]
    pub service_schema: Vec<ServiceSchema>,
    /// Calls that register something under a key.
    #[serde(default)]
    pub registration: Vec<Registration>,
    /// Calls that hand out what is registered under a key.
    #[serde(default)]
    pub lookup: Vec<KeyedLookup>,
    /// Calls of functions among the arguments.
    #[serde(default)]
    pub applied: Vec<AppliedFunction>,
    /// Calls that put something on an object of the library by a name.
    #[serde(default)]
    pub decoration: Vec<Decoration>,
    /// Functions that are put on what another value is made with.
    #[serde(default)]
    pub extension: Vec<Extension>,
    /// Calls that send a GraphQL document.
    #[serde(default)]
    pub graphql_call: Vec<GraphqlCall>,
    /// Calls that make the client of a process' GraphQL documents.
    #[serde(default)]
    pub graphql_client: Vec<GraphqlClient>,
    /// Resolvers of GraphQL's root fields.
    #[serde(default)]
    pub graphql_server: Vec<GraphqlServer>,
    /// Methods that call a procedure.
    #[serde(default)]
    pub procedure_call: Vec<ProcedureCall>,
    /// Calls that say where procedures are called.
    #[serde(default)]
    pub procedure_client: Vec<ProcedureClient>,
    /// Calls that serve procedures.
    #[serde(default)]
    pub procedure_server: Vec<ProcedureServer>,
    /// Calls that send a message.
    #[serde(default)]
    pub producer: Vec<Producer>,
    /// Calls that say how messages reach the handlers that decorators declare.
    #[serde(default)]
    pub listener: Vec<Listener>,
    /// Calls that bind a queue to an exchange.
    #[serde(default)]
    pub binding: Vec<Binding>,
    /// Calls that say where refused messages of a queue go.
    #[serde(default)]
    pub dead_letter: Vec<DeadLetter>,
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
    /// Calls that give names to what statements select first.
    #[serde(default)]
    pub common_table: Vec<CommonTable>,
    /// Classes that stand for a collection.
    #[serde(default)]
    pub entity: Vec<Entity>,
    /// Classes of the library that such classes derive from.
    #[serde(default)]
    pub model_class: Vec<ModelClass>,
    /// Calls of a third party's SDK, which go out by themselves.
    #[serde(default)]
    pub sdk_call: Vec<SdkCall>,
    /// Calls that begin a transaction.
    #[serde(default)]
    pub transaction: Vec<Transaction>,
    /// What makes spans.
    #[serde(default)]
    pub tracing: Vec<Tracing>,
    /// Calls that leave the caller's flow: `tokio::spawn`.
    #[serde(default)]
    pub spawn: Vec<Spawn>,
    /// Calls that say how long others wait at most: `tokio::time::timeout`.
    #[serde(default)]
    pub time_limit: Vec<TimeLimit>,
    /// Calls that have others made again when they fail.
    #[serde(default)]
    pub retry: Vec<Retry>,
    /// Code in which the entry must find exactly what it says.
    #[serde(default)]
    pub example: Vec<Example>,
    /// Code in which the entry must find nothing.
    #[serde(default)]
    pub counterexample: Vec<Example>,
}

/// A family of languages that share libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Rust.
    #[default]
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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

/// Where a call keeps something: a literal text, one place, or the first of several places that is there.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Selector {
    /// The text itself.
    Literal(Symbol),
    /// One place.
    Take(Take),
    /// Several places.
    FirstOf(Vec<Take>),
}

impl Selector {
    /// The places, in order.
    pub fn takes(&self) -> &[Take] {
        match self {
            Selector::Literal(_) => &[],
            Selector::Take(take) => std::slice::from_ref(take),
            Selector::FirstOf(takes) => takes,
        }
    }
}

/// One place of a call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Take {
    /// An argument, counted from 0; negative counts from the last (`-1`).
    pub argument: Option<i32>,
    /// Dotted path of keys into the argument's or captured object's fields: `config.url`.
    pub key: Option<Symbol>,
    /// What the function found there gives back is meant, or what that has under this dotted path; the empty text is all of it.
    pub result: Option<Symbol>,
    /// Something captured by the value that the method is called on: see [`Value::captures`].
    pub receiver: Option<Symbol>,
    /// Of the captured value, the argument at this position of the call that made it is meant: the fields that a model's schema was given.
    pub made_with: Option<u32>,
    /// Of that, what stands under the dotted path that another place of this call says; of several paths, apart from each other by white space or
    /// in a list, what stands under each. `key` leads on from there.
    pub under: Option<Box<Selector>>,
    /// Something captured by the argument's value, or by what it has under `key`: a topic in `send(FutureRecord::to(topic))`.
    pub capture: Option<Symbol>,
    /// Whether the argument is meant only where it is not known which call of a library made it: it may have anything.
    pub unless_made: bool,
    /// A type argument, counted from 0: its name; with `result`, what the function gives back whose type it is taken from: `typeof createContext`.
    pub type_argument: Option<u32>,
    /// The name of the class given as argument, or of the object's class: `client.send(new SendMessageCommand(…))`.
    pub class_of: Option<i32>,
    /// Whether an object stands for the text of its values, `create` for `{ cmd: "create" }`; of several, in the order of their keys, joined as
    /// `cmd=create,role=item`.
    pub joined: bool,
    /// Whether a list stands for one text, a path of keys: its items, with dots between them.
    pub dotted: bool,
    /// The word that the argument is, of an attribute that has words of its own: `path(get, …)`.
    #[serde(default)]
    pub word: bool,
    /// The name in place of a `*` of the callee, counted from 0: `user` in `prisma.user.findMany()`.
    pub member: Option<u32>,
    /// The last name of the callee, as a method: `POST` for `client.post(…)`; `del` is `DELETE`, `all` and `any` are `*`. Only as `method`; loading
    /// makes one entry with a literal method of each callee, so that nobody sees this.
    pub called: bool,
    /// The name by which the callee `[]` is looked up, whatever a variable says: `post` for `client[method](…)`.
    pub looked_up: bool,
    /// Whether the names of an object's fields are meant, each a text: handlers by queue.
    pub keys: bool,
    /// An environment variable that the library reads by itself: `FLAGD_HOST`.
    pub env: Option<Symbol>,
    /// How the name that is meant follows from the text or class found there: a model's collection.
    pub naming: Option<Naming>,
    /// The text to take when there is no such place.
    pub default: Option<Symbol>,
}

/// A call that hands out a value of a known type, and what the value remembers of the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// The same, where what the receiver captured by the name stays beside it.
    #[serde(default)]
    pub gathers: FxHashMap<Symbol, Selector>,
    /// The same, where it is a path below the one that the receiver captured by the name: `path("orders").and(path("open"))`.
    #[serde(default)]
    pub below: FxHashMap<Symbol, Selector>,
    /// The same, where what the receiver captured by the name qualifies it: `pgSchema("shop").table("orders")` is `shop.orders`.
    #[serde(default)]
    pub qualified: FxHashMap<Symbol, Selector>,
    /// The same, where its fields lie over those of what the receiver captured by the name: what middleware adds to the context of a request.
    #[serde(default)]
    pub overlays: FxHashMap<Symbol, Selector>,
    /// What the receiver captured that nobody asks this value for: one that others gather by the hundred carries no more than it must.
    #[serde(default)]
    pub forgets: Vec<Symbol>,
    /// Whether it is a thing of its own though a method of another value hands it out: what its receiver is put into is not where it is put.
    #[serde(default)]
    pub own: bool,
    /// Functions that the value calls by a method of it, by the method's name: `fire` of a circuit breaker.
    #[serde(default)]
    pub methods: FxHashMap<Symbol, Selector>,
    /// The capture that the other side fills in where the call leaves it out or empty: the name of a queue that the broker names.
    #[serde(default)]
    pub unnamed: Option<Symbol>,
    /// The value of another library that it works through: `drizzle(pool)` asks the database that the pool opened.
    #[serde(default)]
    pub over: Option<Selector>,
    /// Where the value is not the call's result but handed to a function among its arguments: `prisma.$transaction(async (tx) => …)`.
    #[serde(default)]
    pub given_to: Option<GivenTo>,
}

/// The parameter of a function among the arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenTo {
    /// The argument that is a function, counted from 0; negative counts from the last.
    pub argument: i32,
    /// Dotted path of keys to it in the argument's fields.
    #[serde(default)]
    pub key: Option<Symbol>,
    /// Which of its parameters, counted from 0.
    pub parameter: u32,
    /// Where the parameter is an object that has the value: its field. What else the object has stays the parameter's own.
    #[serde(default)]
    pub field: Option<Symbol>,
    /// What the object has besides, or instead: fields, each a place of the call. Without a `field` the type is of no use.
    #[serde(default)]
    pub fields: FxHashMap<Symbol, Selector>,
}

/// A member that is assigned to configure a value; it counts as captured by that value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The member: `AxiosInstance.defaults.baseURL`; `defaults.baseURL` for the package itself.
    pub target: Names,
    /// The capture's name.
    pub capture: Symbol,
}

/// A generated rpc client, known by its class name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RpcClient {
    /// The class's name with `{service}` for the rpc service's: `{service}Client`, `{service}`; with a `callee`, how the service's object is named.
    pub class: Symbol,
    /// How the names of generated files end that have such classes, so that what is imported of one needs no other mark: `shop.client`.
    #[serde(default)]
    pub module: Option<Symbol>,
    /// The call that makes one of a service's object: `createClient(CartService, transport)`.
    #[serde(default)]
    pub callee: Option<Names>,
    /// Where that call names the service: the object's name, or a text.
    #[serde(default)]
    pub service: Option<Selector>,
    /// Associated functions that make one (Rust); empty where `new` does.
    #[serde(default)]
    pub constructors: Vec<Symbol>,
    /// Where its construction keeps the server's address.
    #[serde(default)]
    pub address: Option<Selector>,
    /// The call in each method of a generated client that is checked in, by its last two names, whose argument is the rpc's path:
    /// `PathAndQuery::from_static`.
    #[serde(default)]
    pub stub: Option<Symbol>,
    /// Generic types of such a client, whose argument is the service's object: `Client<typeof CartService>`.
    #[serde(default)]
    pub types: Vec<Symbol>,
    /// How rpc names are written as methods.
    pub method_case: Case,
}

/// An object of generated code that describes an rpc service and so says which it is.
///
/// `{ typeName: "shop.Cart", methods: { getCart: { name: "GetCart" } } }` has `service`, `methods` and `name`;
/// `{ getCart: { path: "/shop.Cart/GetCart" } }` has `path` alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RpcContract {
    /// The key whose text is `package.Service`.
    #[serde(default)]
    pub service: Option<Symbol>,
    /// The key of the object that holds the methods.
    #[serde(default)]
    pub methods: Option<Symbol>,
    /// The key of a method whose text is its name; missing where the key in `methods` is.
    #[serde(default)]
    pub name: Option<Symbol>,
    /// The key of a method, an entry of the object itself, whose text is `/package.Service/Method`.
    #[serde(default)]
    pub path: Option<Symbol>,
}

/// A generated rpc server, known by its class or trait name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RpcServer {
    /// The trait that is implemented, with `{service}` for the rpc service's name.
    #[serde(default)]
    pub implements: Option<Symbol>,
    /// The call that adds an implementation: `Server.addService`.
    #[serde(default)]
    pub callee: Option<Names>,
    /// The attribute of a method that implements an rpc: `GrpcMethod`.
    #[serde(default)]
    pub attribute: Option<Names>,
    /// The decorator that generated code has for a class whose methods implement all rpcs of a service, with `{service}` for its name.
    #[serde(default)]
    pub class_attribute: Option<Symbol>,
    /// Where that attribute names the rpc; missing where the method's own name does.
    #[serde(default)]
    pub method: Option<Selector>,
    /// Where that call or attribute names the service: a text, an object's name, or its last member but `service` (`package.Service.service`).
    #[serde(default)]
    pub service: Option<Selector>,
    /// Where that call keeps the implementation.
    #[serde(default)]
    pub implementation: Option<Selector>,
    /// The constant of a generated server type that is checked in whose text names the service; the trait is called as the type without `Server`.
    #[serde(default)]
    pub named_by: Option<Symbol>,
    /// The generated function that serves an implementation over HTTP, too, by the paths that `google.api.http` gives its rpcs.
    #[serde(default)]
    pub over_http: Option<OverHttp>,
    /// How rpc names are written as methods.
    pub method_case: Case,
}

/// A generated function that serves an rpc service over HTTP, with `{service}` for the service's name in snake case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverHttp {
    /// The module that it is in.
    pub module: Symbol,
    /// Its name.
    pub function: Symbol,
}

/// An attribute of a trait that makes a client's and a server's trait of it: `#[rpc(client, server, namespace = "shop")]`.
///
/// Its words tell which are made. The wire's name of a method is what the method's own attribute says under `name`, behind the trait's `namespace`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RpcTrait {
    /// The attribute's last name.
    pub attribute: Symbol,
    /// Attributes of the methods that are called over the network.
    pub methods: Vec<Symbol>,
    /// The client's trait with `{service}` for the trait's name, whose methods any client has where it is in scope.
    pub client: Symbol,
    /// The server's trait, likewise.
    pub server: Symbol,
    /// The method by which an implementation is put into a server.
    pub serve: Symbol,
    /// Namespaces that a published specification describes and parties outside serve as well: an operation's name does not tell who is asked.
    #[serde(default)]
    pub public: Vec<Symbol>,
}

/// How an rpc's name is written as a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// `get_cart`.
    Snake,
    /// `getCart` or `GetCart`.
    Camel,
}

/// Something that makes spans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Modules whose import alone is the evidence: `dd-trace/init`.
    #[serde(default)]
    pub import: Option<Names>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TracingRole {
    /// It starts a tracer for the process; covers what it lists, or what its instrumentations cover.
    Init,
    /// It starts the tracer that it is called on, which is only made by the `init` of it: where it is called is what counts.
    Start,
    /// It starts a tracer that makes no span by itself: OpenTelemetry's layer in a Rust subscriber, a span processor in Node.js.
    Exporter,
    /// It may start a tracer: a library around one, of which no more is known.
    Wrapper,
    /// One instrumentation, as an element of another's list.
    Instrumentation,
    /// A router's middleware: covers the routes of the router it is added to, as the framework orders them.
    Layer,
    /// It carries a trace across processes: puts its context into what is sent, or takes it out of what comes in.
    Carrier,
    /// It makes a span of the function it stands on or in. Its name is the first text among the arguments or the value of a key `name`; else the
    /// function's.
    Span,
}

/// A call that leaves the caller's flow: what its closure does, nobody waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spawn {
    /// What is called.
    pub callee: Names,
}

/// A call that says how long others wait at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeLimit {
    /// What is called.
    pub callee: Names,
    /// A place without which it says nothing of the kind.
    #[serde(default)]
    pub limit: Option<Selector>,
    /// Whose waiting it is.
    pub of: Limited,
}

/// Whose waiting a [`TimeLimit`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limited {
    /// Calls among its arguments, and those in functions among them.
    Arguments,
    /// All calls of the process that say nothing else.
    Process,
}

/// A piece of code and what is found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The file's path, where it matters; else `src/index.ts` or `src/main.rs`.
    #[serde(default)]
    pub path: Option<Symbol>,
    /// Its text.
    pub code: Symbol,
    /// What is found, in any order; `{}` is a hole of a value, `${NAME}` an environment variable:
    ///
    /// - `CLIENT GET http://orders:8080/orders/{}`, `CLIENT * ${ORDERS_URL}/orders` where the method is not known
    /// - `SERVER GET /orders/{id}`, `SERVER GET /files/{*path}`
    /// - `ENTRY`: the file is loaded without an import
    /// - `GATEWAY /api http://orders:8080`: where it is mounted, and the target; `in development` behind it, where only a development server has it
    /// - `RPC CLIENT shop.Cart/GetCart`, `RPC SERVER shop.Cart/GetCart`, `RPC OVER HTTP shop.Cart`
    /// - `GRAPHQL CLIENT Query.orders`, `GRAPHQL SERVER Query.orders`, `TRPC CLIENT orders.list`, `TRPC SERVER orders.list`
    /// - `PRODUCER kafka orders`, `CONSUMER kafka orders`
    /// - `BINDING rabbitmq billing shop/order.*`: a queue, the exchange that it is bound to and the pattern of routing keys
    /// - `DEAD LETTER rabbitmq billing shop.dead/billing`: a queue, and where its refused messages go
    /// - `CLIENT postgresql read orders`: system, operation, collection (`{}` where it is not known)
    /// - `SDK stripe charges.create`: the third party, or the address where that is known, and the operation
    /// - `STORE postgresql db/shop`: host and database; `STORE postgresql ${DATABASE_URL}` where the whole URL is one variable; `STORE s3`
    ///   where nothing is known but the system, `STORE redis cache` without a database
    /// - `TRACING init *`, `TRACING init http,grpc` (sorted), `TRACING exporter`, `TRACING layer`, `TRACING span load`
    /// - `SPAWN task::spawn`, `LIMIT time::timeout`, `RETRY retry`, `TRANSACTION PgPool.begin`: the callee
    #[serde(default)]
    pub finds: Vec<Symbol>,
    /// Further files it needs: path and text.
    #[serde(default)]
    pub files: FxHashMap<Symbol, Symbol>,
}
