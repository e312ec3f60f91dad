//! Entries of HTTP clients, servers and gateways.
//!
//! What deliberately does not live here: rpc, whose calls need no URL. Invariant: routes are as the framework writes them, without prefixes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// An outbound HTTP call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpClient {
    /// What is called.
    pub callee: Names,
    /// `http.request.method`.
    pub method: Selector,
    /// The URL, or the part behind the base; a value made by `new URL` or `Url::parse` is its text.
    pub url: Selector,
    /// The base URL.
    #[serde(default)]
    pub base_url: Option<Selector>,
    /// Whether there always is a base: of one that is not known, the host is not known either.
    #[serde(default)]
    pub base_required: bool,
    /// The request's headers, an object: one may say whom a sidecar is to ask.
    #[serde(default)]
    pub headers: Option<Selector>,
    /// The request's body, an object or a text that `JSON.stringify` makes of one.
    #[serde(default)]
    pub body: Option<Selector>,
    /// Methods of what the call hands out whose first argument is the body, sent as JSON: `json` in `client.post(url).json(&order)`.
    #[serde(default)]
    pub body_by: Option<Names>,
    /// Where the call, or what it is made on, says how long it waits at most. An entry that has neither this nor `limited_by` leaves open how
    /// long a call waits.
    #[serde(default)]
    pub limit: Option<Selector>,
    /// Methods of what the call hands out that say so: `timeout` in `client.get(url).timeout(limit)`.
    #[serde(default)]
    pub limited_by: Option<Names>,
    /// Where the call, or what it is made on, lists the methods whose requests are tried again when they fail; `*` is all of them.
    #[serde(default)]
    pub retry: Option<Selector>,
    /// How often at most, the first time not counted.
    #[serde(default)]
    pub retry_times: Option<Selector>,
    /// Methods of what the call hands out that have it tried again, whatever its own method: `retry` in `request.post(url).retry(2)`.
    #[serde(default)]
    pub retried_by: Option<Names>,
}

/// A route declared by a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Whether all other arguments are functions that run before the handler: `router.get("/orders", requireUser, list)`.
    #[serde(default)]
    pub guarded: bool,
    /// Functions that run before the handler, or lists of such: `{ preHandler: [requireUser] }`.
    #[serde(default)]
    pub guards: Vec<Selector>,
    /// The schema by which the body is checked before the handler runs.
    #[serde(default)]
    pub body_schema: Option<Selector>,
    /// Fewer arguments make it something else: `app.get("env")`.
    #[serde(default)]
    pub min_arguments: u32,
    /// The routes, where the call is given an object that is one or a list of such, wherever they are written: the keys of `method`, `path` and
    /// `handler` are then those of each.
    #[serde(default)]
    pub each: Option<Selector>,
    /// What the host of the code puts before the path.
    #[serde(default)]
    pub host_prefix: Option<HostPrefix>,
    /// The capture that tells that what it is called on answers by itself: what is called then only changes the answer.
    #[serde(default)]
    pub unless: Option<Symbol>,
}

/// What a host puts before all routes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostPrefix {
    /// What it is where nothing else is said: `api`.
    pub default: Symbol,
    /// The configuration file of the package that may say something else.
    pub file: Symbol,
    /// The dotted path of keys under which it does.
    pub key: Symbol,
}

/// A link in the chain of calls that makes a method router. An entry with both is a route; entries with one each make a route together
/// (actix-web's `web::get().to(list)`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodRouter {
    /// What is called.
    pub callee: Names,
    /// `http.request.method`; `*` for all.
    #[serde(default)]
    pub method: Option<Selector>,
    /// The handler.
    #[serde(default)]
    pub handler: Option<Selector>,
}

/// A route declared by a decorator or attribute on the handler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteAttribute {
    /// The attribute's path in the package: `Get`, `get`.
    pub attribute: Names,
    /// `http.request.method`.
    pub method: Selector,
    /// The route; `default = ""` where it may be left out.
    pub path: Selector,
    /// The attribute of the class that holds a prefix: `Controller`.
    #[serde(default)]
    pub class_attribute: Option<Names>,
    /// Where that attribute keeps the prefix.
    #[serde(default)]
    pub class_path: Option<Selector>,
    /// Where that attribute keeps the version, which [`Versioning`] makes part of the route.
    #[serde(default)]
    pub class_version: Option<Selector>,
    /// The attribute of the class or method whose first argument is the version: `Version`.
    #[serde(default)]
    pub version_attribute: Option<Symbol>,
    /// Whether it makes a route only where the handler is put into a router; elsewhere it documents one.
    #[serde(default)]
    pub mounted: bool,
}

/// How a handler takes a request's or a message's JSON body as a whole; what does not fit is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestBody {
    /// By the type of a parameter, whose type argument is the body's: `Json`.
    #[serde(default, rename = "type")]
    pub type_name: Option<Names>,
    /// By a decorator, without arguments, of a parameter that has the body's type: `Body`.
    #[serde(default)]
    pub attribute: Option<Names>,
    /// Packages whose decorators say of a field that it is required, unless one of `optional` is among them; without any, serde's rules hold.
    #[serde(default)]
    pub validators: Option<Names>,
    /// Decorators by which a field may be missing.
    #[serde(default)]
    pub optional: Option<Names>,
    /// The class that the handler's package must import for the validators to run: `ValidationPipe`.
    #[serde(default)]
    pub checked_by: Option<Symbol>,
}

/// A call that checks a request's body by a schema of its keys: `schema.parse(req.body)`, or makes what does before a handler runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodySchema {
    /// What is called.
    pub callee: Names,
    /// What is checked; without it, the call makes a function that checks the body of the route that it is given to.
    #[serde(default)]
    pub body: Option<Selector>,
    /// The keys, each with its own schema: an object, or several that are put together.
    pub shape: Selector,
    /// What schemas capture of a key that may be missing.
    #[serde(default)]
    pub missing: Vec<Symbol>,
    /// Members of the result that say whether it was as it should be, where a failure does not end the handler by itself.
    #[serde(default)]
    pub told_by: Vec<Symbol>,
    /// What must be there for it to be the body that is checked, and what it must say: one of several parts of a request.
    #[serde(default)]
    pub part: Option<Selector>,
    /// The word for the body there.
    #[serde(default)]
    pub body_part: Option<Symbol>,
}

/// A call that puts routes under a prefix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// What is called: a method of a router value.
    pub callee: Names,
    /// The prefix.
    #[serde(default)]
    pub prefix: Option<Selector>,
    /// The router, or the function that fills one in; `None` where the prefix is for all routes of the receiver (`setGlobalPrefix`) or of the
    /// router that is constructed (`new Router({ prefix })`).
    #[serde(default)]
    pub router: Option<Selector>,
    /// Where the same call also puts together what is no router: the types of routers.
    #[serde(default)]
    pub only: Vec<Symbol>,
    /// Types of which a value, given or called on, is only a part of what the call makes where there is a prefix: it answers nothing by itself.
    #[serde(default)]
    pub parts: Vec<Symbol>,
    /// `http.request.method` of all its routes that name none.
    #[serde(default)]
    pub method: Option<Selector>,
    /// Whether all other arguments are functions that run before what the router's routes do.
    #[serde(default)]
    pub guarded: bool,
}

/// A call that puts the routes of decorators under versions: `/v1/orders`, behind a prefix for all routes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Versioning {
    /// What is called.
    pub callee: Names,
    /// How versions are told apart; only by path (a last name `URI`, which is also the default) they are part of the route.
    #[serde(default)]
    pub scheme: Option<Selector>,
    /// What stands before the version's number.
    pub prefix: Selector,
    /// The version of routes that name none; several where it is an array. Without one, such routes have none.
    #[serde(default)]
    pub version: Option<Selector>,
}

/// A call that puts the routes of controllers beneath the paths of modules that list them:
/// `RouterModule.register([{ path: "admin", module: AdminModule }])`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleRoutes {
    /// What is called.
    pub callee: Names,
    /// The paths: a list of objects, wherever they are written.
    pub routes: Selector,
    /// The key of a path.
    pub path: Symbol,
    /// The key of the module that has it.
    pub module: Symbol,
    /// The key of a list of what lies beneath: such objects, and modules that have no path of their own.
    pub children: Symbol,
}

/// A decorator of modules that list controllers: `@Module({ controllers: [OrdersController] })`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControllerModule {
    /// The decorator's path in the package.
    pub attribute: Names,
    /// The key of the list.
    pub controllers: Symbol,
    /// The key by which an object is such a module where no decorator takes it: `{ module: OrdersModule, controllers: [] }`.
    pub module: Symbol,
}

/// A call that makes a server listen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// What is called.
    pub callee: Names,
    /// The port, or the address that ends in it.
    pub port: Selector,
}

/// A call that adds a middleware to a router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Middleware {
    /// What is called: a method of a router or server value.
    pub callee: Names,
    /// The middleware; a [`Tracing`](super::Tracing) entry of the role [`Layer`](super::TracingRole::Layer) may know its value.
    pub middleware: Selector,
    /// Which of the router's routes it stands in front of.
    pub covers: MiddlewareOrder,
    /// Whether functions given here, or to what is given here, run for each request before its handler; those behind a path are left out.
    #[serde(default)]
    pub guards: bool,
    /// A function with more parameters is something else: a handler of errors.
    #[serde(default)]
    pub max_parameters: Option<u32>,
    /// Where it says when the functions run.
    #[serde(default)]
    pub when: Option<Selector>,
    /// The words for times before the handler; without any, they always run then.
    #[serde(default)]
    pub before: Vec<Symbol>,
}

/// Classes of which a method runs before a handler, and may refuse the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The decorator of a handler or of its class that lists them: `UseGuards`.
    #[serde(default)]
    pub attribute: Option<Names>,
    /// The trait that the types of a handler's parameters implement: `extract::FromRequestParts`.
    #[serde(default)]
    pub implements: Option<Names>,
    /// The method that runs: `canActivate`.
    pub method: Symbol,
}

/// Which routes a middleware stands in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MiddlewareOrder {
    /// Those added earlier: axum.
    Earlier,
    /// Those added later: express.
    Later,
    /// All of them: actix-web.
    All,
}

/// Routes declared by a file's path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRoute {
    /// How paths become routes.
    pub convention: FileRouteConvention,
}

/// Conventions of file-based routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileRouteConvention {
    /// `pages/api/orders/[id].ts`, default export, all methods.
    NextPages,
    /// `app/orders/[id]/route.ts`, an export a method.
    NextApp,
    /// `app/routes/orders.$id.tsx`: the export `loader` reads, `action` does the rest.
    Remix,
    /// `src/routes/orders/[id]/+server.ts`, an export a method.
    SvelteKit,
    /// `src/pages/orders/[id].ts`, an export a method.
    Astro,
    /// `server/api/orders/[id].get.ts`, default export, the method in the file's name.
    Nitro,
}

/// A call that passes requests on to another host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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

/// A table in a configuration file by which a server passes requests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyTable {
    /// Names of files without their extension, or what those begin with before a dot: `vite.config`.
    pub files: Vec<Symbol>,
    /// Keys that lead to the table, joined by dots, wherever in the file they begin; empty where the file hands out the table itself.
    #[serde(default)]
    pub table: Symbol,
    /// How the table is written.
    pub form: ProxyTableForm,
    /// Whether only a development server has it; nothing else in such a file is part of what runs.
    #[serde(default)]
    pub development: bool,
}

/// How a [`ProxyTable`] is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyTableForm {
    /// An object of path → target, or of path → object with `target` and `rewrite` or `pathRewrite`; also a list of such objects that have
    /// a `context`. A path that begins with `^` is a pattern.
    Prefixes,
    /// A list of `source` and `destination` with named parameters, also as an object of such lists, and as what a function gives back.
    Routes,
    /// Calls that give proxies of libraries to a server: `app.use("/api", proxy)`.
    Middleware,
}
