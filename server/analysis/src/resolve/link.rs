//! The link of one file: everything in it that crosses a process boundary, evaluated as far as code alone allows.
//!
//! What only a service can say (its environment, its hosts, which code it reaches) is left for [`super::assemble`]. Invariants: a link holds no
//! ranges, so it stays right when code moves; it depends on exactly the files and names in its [`Dependencies`].

use portolan_grammars::catalog::{Limited, TracingRole};
use portolan_grammars::facts::{CallId, ExprId, FunctionId, RegionId, Symbol, TypeId};
use rustc_hash::FxHashSet;

use super::bases::Bases;
use super::conditions::ConditionDecl;
use super::dependencies::Dependencies;
use super::evaluate::{Context, Evaluator};
use super::listed::Listed;
use super::named::Names;
use super::named_types::NamedType;
use super::payloads::BodyDecl;
use super::subcommands::{ArmDecl, SubcommandsDecl};
use super::uses::Arity;
use super::value::{CallRef, ClassRef, Source};
use crate::{FileId, FunctionRef};

pub use data::{AccessDecl, ClientUse, CollectionUse, ConnectionDecl, Extent, HandleDecl, TransactionDecl};
pub use messages::{BindingDecl, Carrier, ListenerDecl, MessageDecl, MessageLeaf, QueueDecl, is_qualified, qualified, shown_name};
pub use requests::{OutboundCall, Request, Retries, Retry, RetryDecl, Unlimited, Url};
pub use routes::{
    ControllerDecl, GuardDecl, LayerCode, LayerDecl, ModulePathDecl, MountDecl, OperationCall, OperationClient, OperationHandler, PortDecl,
    ProxyDecl, RouteDecl, Router, RouterMade, RpcHandler, TableRule, VersioningDecl,
};

mod data;
mod messages;
mod requests;
mod routes;

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
    /// Controllers that modules list.
    pub controllers: Vec<ControllerDecl>,
    /// Paths that such modules have.
    pub module_paths: Vec<ModulePathDecl>,
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
    /// Functions that run before handlers.
    pub guards: Vec<GuardDecl>,
    /// Rpc methods implemented.
    pub rpc_handlers: Vec<RpcHandler>,
    /// Places where an rpc implementation is put into a server, by the service's name.
    pub rpc_servers: Vec<(Symbol, FunctionRef)>,
    /// Places where an rpc implementation is served over HTTP, too, by the service's name.
    pub rpc_over_http: Vec<(Symbol, FunctionRef)>,
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
    /// Handles that are given their database's tables.
    pub handles: Vec<HandleDecl>,
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
    /// Code that runs only where settings say so.
    pub conditions: Vec<ConditionDecl>,
    /// Enums of which words of the command line choose variants.
    pub subcommands: Vec<SubcommandsDecl>,
    /// Such enums that a command line begins with, by structs of this file that it fills in.
    pub command_lines: Vec<ClassRef>,
    /// Arms for variants of such enums, by their regions.
    pub arms: Vec<ArmDecl>,
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
    pub named_types: Vec<NamedType>,
    /// Files it loads: by imports, and by texts that are paths of files.
    pub imports: Vec<FileId>,
    /// Files among them that it names by their path, for another to run: that calls what they hand out.
    pub programs: Vec<FileId>,
    /// Folders of whose files it loads some by names made at run time.
    pub loads: Vec<Symbol>,
    /// Whether a library loads the file by itself.
    pub entry: bool,
    /// What of its own and of other files its code names.
    pub names: Names,
    /// What it says of classes that a framework's modules list.
    pub listed: Listed,
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
    /// By a part of an object that a file has.
    Part(FileId, ExprId),
    /// By a function.
    Function(FunctionRef),
    /// By an attribute of a function, by its position among them.
    Attribute(FunctionRef, u32),
    /// By a file's path.
    File(FileId),
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
    /// What starts a tracer that was made before: the call that made it, where that is known.
    pub made_by: Option<CallRef>,
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
    /// Whether it is a method that runs only where there may be an instance of its type, as the object that it is called on may be of another.
    pub dispatched: bool,
    /// Where it depends on an option: the functions that switch the option on, of which one must run. Empty: it depends on none.
    pub switches: Vec<FunctionRef>,
}

impl EdgeDecl {
    /// A call that is waited for, or a mention, that depends on nothing.
    pub(super) fn plain(caller: FunctionId, callee: FunctionRef, call: Option<CallRef>) -> Self {
        Self { caller, callee, call, detached: false, dispatched: false, switches: Vec::new() }
    }
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
    /// Whose code makes the object, or gives the function another name.
    pub maker: FunctionId,
    /// Whether what makes the object says that it gives back one of a type of the workspace.
    pub declared: bool,
}

impl KeptDecl {
    /// Whether it is a function of an object that a function makes.
    pub(super) fn is_made(&self) -> bool {
        self.object.is_empty() && self.maker != FunctionId::MODULE
    }
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
    /// The innermost arm of the file's [`FileLink::arms`] that the call stands in.
    pub arm: Option<RegionId>,
}

/// Links one file.
pub fn link(cx: Context<'_>, file: FileId) -> FileLink {
    let evaluator = Evaluator::new(cx, file);
    let mut linker = Linker {
        evaluator,
        file,
        link: FileLink::default(),
        bases: Bases::default(),
        handed: FxHashSet::default(),
        common_tables: FxHashSet::default(),
    };
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
    /// Names that statements give what they select first, with the outermost function that does.
    pub(super) common_tables: FxHashSet<(FunctionId, Symbol)>,
}
