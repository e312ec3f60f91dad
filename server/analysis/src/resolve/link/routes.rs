//! What a process answers, as one file's code says it: routes and what they are put under, rpcs, operations.
//!
//! What deliberately does not live here: whole paths, which follow from all files ([`crate::resolve::assemble`]).

use portolan_grammars::catalog::{FileRouteConvention, MiddlewareOrder, ProxyTableForm};
use portolan_grammars::facts::Symbol;

use super::{Site, Url};
use crate::chart::Protocol;
use crate::resolve::value::{CallRef, ClassRef, ParamRef, Pattern, Source};
use crate::{FileId, FunctionRef};

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
    /// What of its own arguments or attributes runs before that, in order.
    pub guards: Vec<FunctionRef>,
    /// The class of the controller whose route it is: an application's global prefix and the paths of modules are for it.
    pub controller: Option<ClassRef>,
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
    pub(in crate::resolve) fn of_router(
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
            guards: Vec::new(),
            folder: None,
            controller: None,
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

/// A module lists a controller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControllerDecl {
    /// The controller's class.
    pub controller: ClassRef,
    /// The module's class.
    pub module: ClassRef,
}

/// Routes of the controllers that a module lists are beneath a path.
#[derive(Debug, Clone, PartialEq)]
pub struct ModulePathDecl {
    /// The module's class.
    pub module: ClassRef,
    /// The path.
    pub paths: Vec<Pattern>,
    /// The module whose decorator says so, where one does: it counts for programs that are made of that.
    pub within: Option<ClassRef>,
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
    /// Whether it is put around something of which nothing is known but that its method is called `layer`.
    pub unplaced: bool,
}

/// Functions that run before the handlers of a router's routes.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardDecl {
    /// The router.
    pub router: Router,
    /// Which of its routes they stand in front of.
    pub order: MiddlewareOrder,
    /// Where they are added.
    pub site: CallRef,
    /// Whether they stand in front of it only where that call puts it, and not wherever it is put.
    pub mount: bool,
    /// The functions, in order.
    pub functions: Vec<FunctionRef>,
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
    /// The methods and paths by which it is asked over HTTP, where something serves it so.
    pub http: Vec<(Symbol, Symbol)>,
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
    /// The call that declares the operation, where the client's type leads to it.
    pub declared: Option<CallRef>,
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
    /// The call that declares it, where one does.
    pub declared: Option<CallRef>,
}

impl OperationHandler {
    /// One that no call declares.
    pub fn plain(protocol: Protocol, name: Symbol, function: FunctionRef, handler: Option<FunctionRef>) -> Self {
        Self { protocol, name, function, handler, declared: None }
    }
}
