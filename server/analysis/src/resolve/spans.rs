//! The walk over a file's calls and attributes that finds its static spans.

use std::sync::Arc;

use portolan_grammars::catalog::{Family, InstanceCall, Meaning, TracingRole};
use portolan_grammars::facts::{
    Arg, Attribute, Binding, Call, CallId, CallKind, Entry, Expr, ExprId, FunctionId, FunctionKind, Language, RegionId, ResultUse,
    SourceFacts, Symbol, TypeDef, TypeId,
};
use rustc_hash::FxHashSet;

use super::callers::MAX_PASSED_ON;
use super::index::{FileIndex, callee_name};
use super::kept::receiver;
use super::library::{CallView, LibraryCallee};
use super::limits::given_work;
use super::link::{EdgeDecl, Linker, Mention, RouterMade, Site, TracingDecl};
use super::named_types::named_types;
use super::outbound::is_awaited_request;
use super::subcommands::arm_around;
use super::value::{CallRef, ClassRef, Instance, ParamRef, Value};
use crate::FunctionRef;
use crate::chart::flow::closures_around;

/// The method of a class that is a consumer which is handed what is received.
pub(super) const HANDLER: &str = "process";

/// What the walk knows of a file before it looks at calls one by one.
pub(super) struct Walk<'w> {
    pub(super) facts: &'w SourceFacts,
    pub(super) index: &'w FileIndex,
    pub(super) family: Family,
    /// Calls whose result nobody waits for: arguments of a spawn, and what stands in closures given to one.
    pub(super) detached_calls: FxHashSet<CallId>,
    pub(super) detached_closures: FxHashSet<FunctionId>,
    /// The same for calls that wait no longer than somebody says.
    pub(super) limited_calls: FxHashSet<CallId>,
    pub(super) limited_closures: FxHashSet<FunctionId>,
}

/// What a call was found to mean so far.
#[derive(Default)]
struct Meant {
    /// Whether it is known what is called.
    known: bool,
    /// Whether that is a library's, of which the catalog says something.
    met: bool,
}

impl<'w> Linker<'w> {
    pub(super) fn run(&mut self) {
        let Some((facts, index)) = self.evaluator.file(self.file) else { return };
        let mut walk = Walk {
            facts,
            index,
            family: facts.language.into(),
            detached_calls: FxHashSet::default(),
            detached_closures: FxHashSet::default(),
            limited_calls: FxHashSet::default(),
            limited_closures: FxHashSet::default(),
        };
        self.loads(&walk);
        self.names(&walk);
        self.listed_classes(&walk);
        if facts.generated {
            return self.generated(&walk);
        }
        if self.proxy_tables(&walk) {
            return;
        }
        self.tracing_imports(&walk);
        self.subcommands(&walk);
        self.spawns(&mut walk);
        self.time_limits(&mut walk);
        self.retries(&walk);
        for at in 0..facts.calls.len() {
            self.call(&walk, CallId(at as u32));
        }
        self.link.limits_rpcs = self.may_limit_rpcs(&walk);
        self.mentions(&walk);
        self.injected_classes(&walk);
        self.handed_classes(&walk);
        self.variables(&walk);
        self.conditions(&walk);
        self.entities(&walk);
        if !facts.language.is_ecmascript() {
            self.link.named_types = named_types(facts);
        }
        self.closures(&walk);
        self.attributes(&walk);
        self.file_routes(&walk);
        self.platform_messages(&walk);
        self.exported_schemas(&walk);
        self.extractor_guards();
        self.bodies(&walk);
        self.checked_bodies(&walk);
        self.parsed_messages(&walk);
        self.rpc_implementations(&walk);
        self.handed_on(&walk);
    }

    /// Adds what follows of all that was found, and puts it in order.
    pub(super) fn finish(&mut self) {
        self.link.classes.sort();
        self.link.classes.dedup();
        self.calls_of_libraries();
        self.leave_out_common_tables();
        self.link.edges.sort();
        self.link.edges.dedup();
        self.link.dispatches.sort_unstable();
        self.link.dispatches.dedup();
        self.link.kept.sort();
        self.link.kept.dedup();
        self.link.mentions.sort();
        self.link.mentions.dedup();
    }

    /// Generated code is looked through: what it sends, those who call it send.
    fn generated(&mut self, walk: &Walk<'w>) {
        for (at, call) in walk.facts.calls.iter().enumerate() {
            if !self.is_interesting(walk, call.callee) {
                continue;
            }
            let site = CallRef { file: self.file, call: CallId(at as u32) };
            let function = FunctionRef { file: self.file, function: call.function };
            let callee = self.evaluator.eval(self.file, call.callee);
            let found: Vec<LibraryCallee> =
                callee.alternatives().iter().flat_map(|callee| self.evaluator.library_callees(walk.family, callee)).collect();
            for found in found {
                let meanings = self.evaluator.meanings(&found);
                let view = CallView { site, call, callee: &found, members: &meanings.members };
                for meaning in meanings.iter() {
                    let applies = match meaning {
                        Meaning::HttpClient(entry) => self.http_call(walk, function, &view, entry),
                        Meaning::GraphqlCall(entry) => self.graphql_call(walk, function, &view, entry),
                        _ => false,
                    };
                    if applies {
                        break;
                    }
                }
            }
        }
    }

    /// All that a call means to libraries, one after the other.
    pub(super) fn each_meaning(&mut self, facts: &'w SourceFacts, id: CallId, mut take: impl FnMut(&mut Self, Meaning<'w>, &CallView<'_>)) {
        let call = facts.call(id);
        let callee = self.evaluator.eval(self.file, call.callee);
        for found in self.evaluator.library_callees(facts.language.into(), &callee) {
            let meanings = self.evaluator.meanings(&found);
            let view = CallView { site: CallRef { file: self.file, call: id }, call, callee: &found, members: &meanings.members };
            for meaning in meanings.iter() {
                take(self, meaning, &view);
            }
        }
    }

    /// Whether a call is worth evaluating for what it means to a library.
    fn is_interesting(&self, walk: &Walk<'w>, callee: ExprId) -> bool {
        let catalog = self.evaluator.cx.catalog;
        let is_param = |name: &Symbol| {
            let mut function = walk.facts.exprs[callee.index()].function;
            loop {
                let here = walk.facts.function(function);
                if here.params.iter().any(|param| param.name == *name) {
                    return true;
                }
                if here.parent == function {
                    return false;
                }
                function = here.parent;
            }
        };
        match walk.facts.expr(callee) {
            Expr::Member { name, .. } => catalog.is_interesting(walk.family, name),
            Expr::Path(path) => path.last().is_some_and(|name| catalog.is_interesting(walk.family, name)),
            // A bare name may be an alias, a default import or a client that is called itself.
            Expr::Name(name) => {
                catalog.is_interesting(walk.family, name)
                    || walk.index.imports.contains_key(name)
                    || walk.index.bindings.contains_key(name)
                    || is_param(name)
            }
            // `axios[method](url)`
            Expr::Index { object, .. } => self.is_named_value(walk, *object),
            // `library(options)(address)`
            Expr::Call(made) => self.is_interesting(walk, walk.facts.call(*made).callee),
            _ => false,
        }
    }

    fn is_named_value(&self, walk: &Walk<'w>, expr: ExprId) -> bool {
        match walk.facts.expr(expr) {
            Expr::Name(name) => walk.index.imports.contains_key(name) || walk.index.bindings.contains_key(name),
            Expr::Member { .. } => true,
            _ => false,
        }
    }

    /// Finds spawns first: what they are given, nobody waits for.
    fn spawns(&mut self, walk: &mut Walk<'w>) {
        for (at, call) in walk.facts.calls.iter().enumerate() {
            let spawns = |linker: &Self, name: &Symbol| linker.evaluator.cx.catalog.may_spawn(walk.family, name);
            let candidate = match walk.facts.expr(call.callee) {
                Expr::Member { name, .. } => spawns(self, name),
                Expr::Path(path) => path.last().is_some_and(|name| spawns(self, name)),
                Expr::Name(name) => spawns(self, name) || walk.index.imports.contains_key(name),
                _ => false,
            };
            if !candidate {
                continue;
            }
            let callee = self.evaluator.eval(self.file, call.callee);
            let found = self.evaluator.library_callees(walk.family, &callee);
            let is_spawn =
                |found: &&LibraryCallee| self.evaluator.meanings(found).iter().any(|meaning| matches!(meaning, Meaning::Spawn(_)));
            let Some(found) = found.iter().find(is_spawn) else { continue };
            let site = CallRef { file: self.file, call: CallId(at as u32) };
            self.link.spawns.push((site, found.name.as_str().into()));
            for argument in &call.args {
                let (calls, closure) = given_work(walk.facts, argument.value);
                walk.detached_calls.extend(calls);
                walk.detached_closures.extend(closure);
            }
        }
    }

    /// Whether a call runs in a task that nobody waits for, or only makes what such a task sends.
    pub(super) fn is_detached(&self, walk: &Walk<'w>, id: CallId) -> bool {
        walk.detached_calls.contains(&id) || is_in_task(walk, walk.facts.call(id).function) || is_sent_by_task(walk, id)
    }

    /// `super(…)` of a class that extends a library's is its construction.
    fn super_call(&mut self, walk: &Walk<'w>, site: CallRef, function: FunctionId) {
        let Some(class) = walk.facts.function(function).owner.map(|owner| walk.facts.type_def(owner)) else { return };
        let Some(superclass) = class.superclass else { return };
        let callee = self.evaluator.eval(self.file, superclass);
        if let Value::Class(base) = &callee
            && let Some(constructor) = self.evaluator.constructor(*base)
        {
            self.link.edges.push(EdgeDecl::plain(function, constructor, Some(site)));
        }
        if matches!(callee, Value::External(..)) {
            for found in self.evaluator.library_callees(walk.family, &callee) {
                self.library_call(walk, site, FunctionRef { file: self.file, function }, &found);
            }
        }
    }

    fn call(&mut self, walk: &Walk<'w>, id: CallId) {
        let facts = walk.facts;
        let call = facts.call(id);
        let site = CallRef { file: self.file, call: id };
        if matches!(facts.expr(call.callee), Expr::Super) {
            self.super_call(walk, site, call.function);
            return;
        }
        if self.bound_rpc(walk, id) || self.named_rpc(walk, id) || self.foreign_channel(walk, id) {
            return;
        }
        self.mount_table(walk, site);
        let name = callee_name(facts, call.callee);
        let interesting = self.is_interesting(walk, call.callee);
        let function_named = name.is_some_and(|name| self.evaluator.is_function(name))
            || call.kind == CallKind::New
            || matches!(facts.expr(call.callee), Expr::Import(_));
        let rpc = name.is_some_and(|name| self.evaluator.cx.contracts.methods.contains(name));
        // What a client is asked whose service is declared by others may be called anything.
        let asked_elsewhere = !self.evaluator.cx.contracts.asked.is_empty() && walk.family == Family::Rust && is_awaited_request(call);
        if asked_elsewhere && !rpc && self.rpc_by_name(walk, site) {
            return;
        }
        if !interesting && !function_named && !rpc {
            return;
        }
        if rpc {
            if self.rpc_by_name(walk, site) {
                return;
            }
            // What is called by the name alone is still followed as what it may be within the process.
            self.remote_call(walk, site, FunctionRef { file: self.file, function: call.function });
        }
        let callee = self.evaluator.eval(self.file, call.callee);
        let by_self = if facts.language.is_ecmascript() { Vec::new() } else { self.evaluator.dispatched_by_self(self.file, facts, call) };
        let mut meant = Meant::default();
        for callee in callee.alternatives().to_vec() {
            match &callee {
                // Which of them it is, the type says that is reached.
                Value::Function(called, _) if by_self.contains(called) => meant.known = true,
                callee => self.follow_callee(walk, site, callee, interesting, &mut meant),
            }
        }
        self.link.dispatches.extend(by_self.into_iter().map(|callee| (call.function, callee)));
        if !meant.met
            && let Some(found) = self.known_by_argument(walk, call)
        {
            self.library_call(walk, site, FunctionRef { file: self.file, function: call.function }, &found);
        }
        meant.known |= self.dispatch(walk, call, meant.known);
        if !meant.known
            && let Some(name) = name
        {
            self.call_by_name(walk, call, name);
        }
        self.unplaced_layer(walk, site);
    }

    /// A call of a method that is called like an rpc, on a client of that.
    fn rpc_by_name(&mut self, walk: &Walk<'w>, site: CallRef) -> bool {
        let call = walk.facts.call(site.call);
        let Expr::Member { object, name } = walk.facts.expr(call.callee) else { return false };
        let mut object = self.evaluator.eval(self.file, *object);
        if let Value::Param(param, path) = &object
            && path.is_empty()
            && let Some(typed) = self.evaluator.parameter_type(*param)
        {
            object = typed;
        }
        self.rpc_call(walk, site, FunctionRef { file: self.file, function: call.function }, &object, name)
    }

    /// Notes what follows of a call if it is one of this value.
    fn follow_callee(&mut self, walk: &Walk<'w>, site: CallRef, callee: &Value, interesting: bool, meant: &mut Meant) {
        let call = walk.facts.call(site.call);
        let function = FunctionRef { file: self.file, function: call.function };
        let rust = !walk.facts.language.is_ecmascript();
        match callee {
            Value::Function(called, receiver) => {
                meant.known = true;
                let detached = walk.detached_calls.contains(&site.call);
                let dispatched = receiver.as_ref().is_some_and(|receiver| self.evaluator.is_dispatched(*called, receiver));
                let switches = self.switches(walk, call.region);
                self.link.edges.push(EdgeDecl { caller: call.function, callee: *called, call: Some(site), detached, dispatched, switches });
                if let Some(made) = self.evaluator.made_for_callers(*called) {
                    self.link.routers_made.push(RouterMade { site, made, function });
                }
            }
            Value::Class(class) => {
                meant.known = true;
                if let Some(constructor) = self.evaluator.constructor(*class) {
                    let switches = self.switches(walk, call.region);
                    self.link.edges.push(EdgeDecl { switches, ..EdgeDecl::plain(call.function, constructor, Some(site)) });
                }
                self.live_class(walk, call.function, *class);
            }
            Value::External(..) | Value::Instance(_) => {
                // `T::send(…)`: no crate is written so; it is a type parameter, or of the prelude.
                meant.known |= !matches!(callee, Value::External(package, _) if rust && package.starts_with(char::is_uppercase));
                meant.met |= self.library_calls(walk, site, callee);
            }
            // A client that is a parameter and is called itself: `function ($http) { $http({ url }) }`.
            Value::Param(param, path) if interesting && path.is_empty() && !rust => {
                if let Some(typed @ Value::Instance(_)) = self.evaluator.parameter_type(*param) {
                    self.library_calls(walk, site, &typed);
                }
            }
            // A router or client that came as an untyped parameter: what callers pass tells.
            Value::Param(param, path) if interesting && !path.is_empty() && self.looks_like_span(walk, call) => {
                meant.met |= self.member_of_untyped(walk, site, *param, path);
            }
            _ => {}
        }
    }

    /// All that a value of a library means where it is called; tells whether the catalog says anything of it.
    fn library_calls(&mut self, walk: &Walk<'w>, site: CallRef, callee: &Value) -> bool {
        let function = FunctionRef { file: self.file, function: walk.facts.call(site.call).function };
        let mut met = false;
        for found in self.evaluator.library_callees(walk.family, callee) {
            met |= self.library_call(walk, site, function, &found);
        }
        met
    }

    /// A call of a member of a parameter without a type, as what callers pass. Several callers pass values of one type: the call is one.
    fn member_of_untyped(&mut self, walk: &Walk<'w>, site: CallRef, param: ParamRef, path: &[Symbol]) -> bool {
        if let Some(customary) = self.evaluator.customary_member(param, path) {
            self.library_calls(walk, site, &customary);
            return false;
        }
        let values = self.evaluator.param_values(param, MAX_PASSED_ON);
        let passed = values.alternatives().iter().find_map(|value| match value {
            Value::Instance(instance) => {
                // The router's identity is the parameter's: its routes are those of every caller's router.
                let param = instance.param.or(Some(param));
                Some(Value::Instance(Arc::new(Instance { param, root: None, origin: None, ..(**instance).clone() })))
            }
            Value::External(..) => Some(value.clone()),
            _ => None,
        });
        let Some(mut member) = passed else { return false };
        for name in path {
            member = self.evaluator.member(&member, name, None);
        }
        self.library_calls(walk, site, &member)
    }

    /// Notes which methods of implementing types a call in Rust may mean; tells whether there are any.
    fn dispatch(&mut self, walk: &Walk<'w>, call: &Call, known: bool) -> bool {
        let facts = walk.facts;
        let Expr::Member { object, name } = facts.expr(call.callee) else { return false };
        if facts.language.is_ecmascript() {
            return false;
        }
        let value = self.evaluator.eval(self.file, *object);
        let mut dispatched = self.evaluator.dispatched(&value, name);
        if !known && dispatched.is_empty() {
            dispatched = self.evaluator.methods_of_type_parameter(self.file, facts, *object, name);
        }
        let found = !dispatched.is_empty();
        self.link.dispatches.extend(dispatched.into_iter().map(|callee| (call.function, callee)));
        found
    }

    /// Notes a call of which only the name is known; not one of what surely is none of the workspace's.
    fn call_by_name(&mut self, walk: &Walk<'w>, call: &Call, name: &Symbol) {
        if walk.facts.language.is_ecmascript()
            && let Expr::Member { object, .. } = walk.facts.expr(call.callee)
            && self.evaluator.is_foreign(self.file, *object)
        {
            return;
        }
        self.mention(walk, call, name);
        if let Some(path) = super::kept::called_on(walk.facts, call) {
            let arm = arm_around(walk.facts, &self.link.arms, call.region);
            self.link.mentions.push(Mention { caller: call.function, name: path, receiver: None, arity: None, on_value: true, arm });
        }
    }

    /// What a method is that its first argument tells, whatever it is called on: `context.db.insert(orders)`, where `orders` is a library's table.
    fn known_by_argument(&mut self, walk: &Walk<'w>, call: &Call) -> Option<LibraryCallee> {
        let Expr::Member { name, .. } = walk.facts.expr(call.callee) else { return None };
        let known = self.evaluator.cx.catalog.known_by_argument(walk.family, name);
        if known.is_empty() {
            return None;
        }
        let argument = self.evaluator.eval(self.file, call.args.first()?.value);
        let is_given = |library: usize, of: &Symbol| {
            let mut values = argument.alternatives().iter();
            values.any(|value| matches!(value, Value::Instance(one) if one.library as usize == library && one.type_name == *of && one.members.is_empty()))
        };
        let known = known.iter().find(|known| is_given(known.library, &known.argument))?;
        Some(LibraryCallee { library: known.library, name: known.callee.to_string(), receiver: None })
    }

    /// Notes what is called by a name that is not followed.
    fn mention(&mut self, walk: &Walk<'w>, call: &Call, name: &Symbol) {
        let rust = !walk.facts.language.is_ecmascript();
        // A macro is no function.
        if rust && call.kind == CallKind::Macro {
            return;
        }
        let on_value = match walk.facts.expr(call.callee) {
            Expr::Member { .. } => true,
            Expr::Name(name) => !rust && super::kept::is_bound_within(walk, call.function, name),
            _ => false,
        };
        let arity = rust.then_some(call.args.len() as u32);
        let receiver = if rust { None } else { receiver(walk.facts, call) };
        let arm = arm_around(walk.facts, &self.link.arms, call.region);
        self.link.mentions.push(Mention { caller: call.function, name: name.clone(), receiver, arity, on_value, arm });
    }

    /// A first argument like a path, URL or anything evaluated; plain words are keys of maps.
    fn looks_like_span(&mut self, walk: &Walk<'w>, call: &Call) -> bool {
        let Some(first) = call.args.first() else { return false };
        match walk.facts.expr(first.value) {
            Expr::Str(text) => text.starts_with('/') || text.contains("://"),
            Expr::Concat(_) | Expr::Member { .. } | Expr::Object(_) => true,
            _ => false,
        }
    }

    /// Notes a class whose instances a function may come by, and the classes it derives from: their methods may be what it calls.
    pub(super) fn live_class(&mut self, walk: &Walk<'w>, function: FunctionId, class: ClassRef) {
        if walk.facts.language.is_ecmascript() {
            self.link.classes.extend(self.evaluator.lineage(class).into_iter().map(|class| (function, class)));
        }
    }

    /// A container makes the class whose instance it hands out.
    fn handed_instance(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &InstanceCall) -> bool {
        let Some(class) = self.evaluator.select(&entry.class, view) else { return false };
        for class in class.alternatives() {
            let Value::Class(class) = class else { continue };
            self.live_class(walk, view.call.function, *class);
            if let Some(callee) = self.evaluator.constructor(*class) {
                self.link.edges.push(EdgeDecl::plain(view.call.function, callee, Some(view.site)));
            }
        }
        true
    }

    /// Classes that constructors are injected with.
    fn injected_classes(&mut self, walk: &Walk<'w>) {
        for (at, function) in walk.facts.functions.iter().enumerate() {
            if function.kind != FunctionKind::Constructor {
                continue;
            }
            let id = FunctionId(at as u32);
            for ty in function.params.iter().filter_map(|param| param.ty.as_ref()) {
                if let Some(class) = self.evaluator.class_named(self.file, id, &ty.path) {
                    self.live_class(walk, id, class);
                }
            }
        }
    }

    /// Everything that a library's call means; tells whether the catalog says anything of it.
    pub(super) fn library_call(&mut self, walk: &Walk<'w>, site: CallRef, function: FunctionRef, found: &LibraryCallee) -> bool {
        let call = walk.facts.call(site.call);
        let meanings = self.evaluator.meanings(found);
        if meanings.is_empty() {
            self.procedure_call(site, function, found);
            return false;
        }
        let view = CallView { site, call, callee: found, members: &meanings.members };
        // Of several entries of one kind the first that applies counts.
        let mut applied = None;
        for meaning in meanings.iter() {
            let kind = std::mem::discriminant(&meaning);
            if applied == Some(kind) {
                continue;
            }
            let applies = match meaning {
                Meaning::HttpClient(entry) => self.http_call(walk, function, &view, entry),
                Meaning::HttpRoute(entry) => self.http_route(walk, function, &view, entry),
                Meaning::Mount(entry) => self.mount(walk, function, &view, entry),
                Meaning::Versioning(entry) => self.versioning(function, &view, entry),
                Meaning::ModuleRoutes(entry) => self.module_routes(walk, function, &view, entry),
                Meaning::Listen(entry) => self.listen(function, &view, entry),
                Meaning::Middleware(entry) => self.middleware(walk, &view, entry),
                Meaning::Proxy(entry) => self.proxy(function, &view, entry),
                Meaning::RpcServer(entry) => self.rpc_server(walk, function, &view, entry),
                Meaning::Producer(entry) => self.producer(walk, function, &view, entry),
                Meaning::Binding(entry) => self.binding(function, &view, entry),
                Meaning::DeadLetter(entry) => self.dead_letter(function, &view, entry),
                Meaning::GraphqlCall(entry) => self.graphql_call(walk, function, &view, entry),
                Meaning::GraphqlClient(entry) => self.graphql_client(function, &view, entry),
                Meaning::GraphqlServer(entry) => self.graphql_server(function, &view, entry),
                Meaning::ProcedureClient(entry) => self.procedure_client(function, &view, entry),
                Meaning::ProcedureServer(entry) => self.procedure_server(function, &view, entry),
                Meaning::Listener(entry) => self.listener(function, &view, entry),
                Meaning::InstanceCall(entry) => self.handed_instance(walk, &view, entry),
                Meaning::ServiceSchema(entry) => self.service_schema(function, &view, entry),
                Meaning::Consumer(entry) => self.consumer(walk, function, &view, entry),
                Meaning::Connection(entry) => self.connection(function, &view, entry),
                Meaning::Query(entry) => self.query(walk, function, &view, entry),
                Meaning::CommonTable(entry) => self.common_table(function, &view, entry),
                Meaning::SdkCall(entry) => self.sdk_call(walk, function, &view, entry),
                Meaning::Transaction(entry) => self.transaction(walk, function, &view, entry),
                Meaning::Tracing(entry) => match self.tracing(&view, entry) {
                    Some(covers) => {
                        let name = match entry.role {
                            TracingRole::Span => self.span_name(&view).unwrap_or_else(|| walk.facts.function(call.function).name.clone()),
                            _ => Symbol::new(super::index::last_segment(&found.name)),
                        };
                        let made_by = found.receiver.as_ref().and_then(|of| of.origin).filter(|_| entry.role == TracingRole::Start);
                        self.link.tracing.push(TracingDecl { role: entry.role, covers, site: Site::Call(site), made_by, function, name });
                        true
                    }
                    None => false,
                },
                // What a call hands out, and what is looked for where it matters: spawns, handlers of routes.
                _ => false,
            };
            if applies {
                applied = Some(kind);
            }
        }
        true
    }

    fn attributes(&mut self, walk: &Walk<'w>) {
        for at in 0..walk.facts.functions.len() {
            let id = FunctionId(at as u32);
            let routes = self.link.routes.len();
            for (position, attribute) in walk.facts.function(id).attributes.iter().enumerate() {
                for found in self.evaluator.function_attribute_callees(self.file, id, &attribute.path) {
                    self.attribute(walk, id, position, &found);
                }
            }
            self.leave_out_documented(routes);
        }
        self.class_attributes(walk);
        self.functions_in_attributes(walk);
    }

    /// Functions that only an attribute of a type or of a field names, in a text: what a derive writes calls them.
    fn functions_in_attributes(&mut self, walk: &Walk<'w>) {
        if walk.facts.language.is_ecmascript() {
            return;
        }
        let Some((facts, index)) = self.evaluator.file(self.file) else { return };
        for def in &facts.types {
            let all = def.attributes.iter().chain(def.fields.iter().flat_map(|field| &field.attributes));
            let texts =
                all.filter(|attribute| attribute.path != "doc").flat_map(|attribute| &attribute.args).flat_map(|id| texts(facts, *id));
            for name in texts {
                let is_meant = |id: &&FunctionId| {
                    let function = facts.function(**id);
                    function.kind == FunctionKind::Function && function.impl_of.is_none() && function.module == def.module
                };
                self.link.attributed.extend(index.functions.get(name).and_then(|all| all.iter().find(is_meant)));
            }
        }
    }

    /// Decorators of classes that make their handler a consumer, a job's processor, or that list controllers.
    fn class_attributes(&mut self, walk: &Walk<'w>) {
        let is_decorated = |class: &TypeDef| walk.facts.language.is_ecmascript() && !class.attributes.is_empty();
        for (at, class) in walk.facts.types.iter().enumerate().filter(|(_, class)| is_decorated(class)) {
            let handler = class.methods.iter().find(|id| walk.facts.function(**id).name == HANDLER).copied();
            let function = FunctionRef { file: self.file, function: handler.unwrap_or(class.function) };
            for attribute in &class.attributes {
                let call = attribute_call(attribute);
                for found in self.evaluator.attribute_callees(self.file, class.function, &attribute.path) {
                    let meanings = self.evaluator.cx.catalog.attribute_meanings(found.library, &found.name);
                    let site = CallRef { file: self.file, call: CallId(0) };
                    let view = CallView { site, call: &call, callee: &found, members: &meanings.members };
                    for meaning in meanings.iter() {
                        match meaning {
                            Meaning::ConsumerAttribute(entry) => self.consumer_attribute(function, &view, entry),
                            Meaning::ControllerModule(entry) => self.controller_module(walk, TypeId(at as u32), &view, entry),
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn attribute(&mut self, walk: &Walk<'w>, id: FunctionId, position: usize, found: &LibraryCallee) {
        let function = FunctionRef { file: self.file, function: id };
        let attribute = &walk.facts.function(id).attributes[position];
        let meanings = self.evaluator.cx.catalog.attribute_meanings(found.library, &found.name);
        let call = attribute_call(attribute);
        let site = CallRef { file: self.file, call: CallId(0) };
        let view = CallView { site, call: &call, callee: found, members: &meanings.members };
        for meaning in meanings.iter() {
            match meaning {
                Meaning::RouteAttribute(entry) => self.route_attribute(walk, function, position, &view, entry),
                Meaning::ConsumerAttribute(entry) => self.consumer_attribute(function, &view, entry),
                Meaning::RpcServer(entry) => self.rpc_attribute(walk, function, &view, entry),
                Meaning::GraphqlServer(entry) => self.graphql_resolver(walk, id, &view, entry),
                Meaning::Tracing(entry) => {
                    let name = match entry.role {
                        TracingRole::Span => self.span_name(&view).unwrap_or_else(|| walk.facts.function(id).name.clone()),
                        _ => attribute.path.clone(),
                    };
                    let covers = entry.covers.clone();
                    let (role, site) = (entry.role, Site::Function(function));
                    self.link.tracing.push(TracingDecl { role, covers, site, made_by: None, function, name });
                }
                _ => {}
            }
        }
    }
}

/// The texts that an argument of an attribute is or has by name.
fn texts(facts: &SourceFacts, id: ExprId) -> Vec<&Symbol> {
    match facts.expr(id) {
        Expr::Str(text) => vec![text],
        Expr::Object(object) => {
            let values = object.entries.iter().filter_map(|entry| match entry {
                Entry::Field { name, value, .. } if !is_label(name) => Some(*value),
                _ => None,
            });
            let text = |id: ExprId| match facts.expr(id) {
                Expr::Str(text) => Some(text),
                _ => None,
            };
            values.filter_map(text).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether what an attribute says by a word is what something is called or described by, for people or in data, and no code.
fn is_label(word: &str) -> bool {
    matches!(
        word,
        "name" | "rename" | "alias" | "visible_alias" | "long" | "help" | "about" | "long_about" | "value_name" | "tag" | "content"
    )
}

/// An attribute as a call, so that selectors find its arguments.
pub(super) fn attribute_call(attribute: &Attribute) -> Call {
    Call {
        callee: ExprId(0),
        kind: CallKind::Call,
        args: attribute.args.iter().map(|value| Arg { value: *value, spread: false }).collect(),
        type_args: Vec::new(),
        function: FunctionId::MODULE,
        region: RegionId(0),
        awaited: false,
        result: ResultUse::Used,
        name_range: attribute.range,
        range: attribute.range,
    }
}

/// Whether code of a function runs in a task that nobody waits for.
fn is_in_task(walk: &Walk<'_>, function: FunctionId) -> bool {
    closures_around(walk.facts, function).any(|it| walk.detached_closures.contains(&it))
}

/// Whether a call of Rust makes a request that a task sends: `let request = client.post(url);`, and `spawn(async move { send(request).await })`.
fn is_sent_by_task(walk: &Walk<'_>, id: CallId) -> bool {
    let (facts, call) = (walk.facts, walk.facts.call(id));
    if walk.detached_closures.is_empty() || call.awaited || facts.language != Language::Rust {
        return false;
    }
    let makes = |binding: &&Binding| {
        binding.function == call.function && binding.value.is_some_and(|value| facts.expr_range(value).contains(call.range))
    };
    let Some(request) = facts.bindings.iter().find(makes).filter(|binding| !binding.name.is_empty()) else { return false };
    let mut later = facts.exprs.iter().filter(|expression| expression.range.start >= request.range.end);
    later.any(|it| {
        matches!(&it.kind, Expr::Name(name) if *name == request.name) && it.function != call.function && is_in_task(walk, it.function)
    })
}
