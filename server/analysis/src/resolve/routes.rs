//! What a process answers: routes, mounts, gateways in code, rpc implementations.

use camino::Utf8Path;
use portolan_grammars::catalog::{self, Meaning, TracingRole};
use portolan_grammars::facts::{Attribute, CallKind, Expr, ExprId, FunctionId, SourceFacts, Symbol, TypeKind};

use super::attributes::attributes_around;
use super::handlers::MethodAnswer;
use super::index::{is_bound_before, last_segment};
use super::library::{CallView, as_text};
use super::link::{LayerCode, LayerDecl, Linker, MountDecl, PortDecl, ProxyDecl, RouteDecl, Router, Site, VersioningDecl};
use super::outbound::{function_in, prefixed};
use super::registrars::{Handler, Registration, is_of_list};
use super::routers::{is_of, router_of};
use super::spans::{Walk, attribute_call};
use super::value::{CallRef, ClassRef, ObjectValue, ParamRef, Pattern, Source, Value, join_patterns};
use crate::{FileId, FunctionRef};

/// Routes of one list that are looked at.
const MAX_LISTED: usize = 512;
/// The trait of tower that layers implement.
const LAYER: &str = "Layer";
/// Expressions that are looked at to find what a layer is made of.
const MAX_LAYER_STEPS: u32 = 256;

impl<'w> Linker<'w> {
    pub(super) fn http_route(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::HttpRoute) -> bool {
        let receiver = view.callee.receiver.as_ref();
        let answers_itself =
            entry.unless.as_ref().is_some_and(|mark| receiver.is_some_and(|receiver| receiver.captures.contains_key(mark)));
        if view.call.args.len() < entry.min_arguments as usize || answers_itself {
            return false;
        }
        if let Some(each) = &entry.each {
            return self.listed_routes(function, view, entry, each);
        }
        let Some(mut path) = self.evaluator.select_text(&entry.path, view) else { return false };
        if path.patterns().is_empty() {
            return false;
        }
        if let Some(prefix) = &entry.host_prefix {
            let prefix = Pattern::text(self.host_prefix(prefix));
            path = Value::one_of(path.patterns().iter().map(|path| Value::pattern(join_patterns(&prefix, path))));
        }
        let router = self.router_around(view);
        let handler_expr = entry.handler.as_ref().and_then(|selector| argument_expr(walk.facts, selector, view));
        let path_expr = argument_expr(walk.facts, &entry.path, view);
        if entry.method.is_none()
            && let (Some(path), Some(handler)) = (path_expr, handler_expr)
            && let Some(rows) = self.evaluator.rows(self.file, path, handler)
        {
            self.routes_of_rows(walk, view.site, router, function, rows);
            return true;
        }
        if entry.method.is_some() && self.routes_of_table(walk, function, view, entry, [path_expr, handler_expr]) {
            return true;
        }
        // What a condition around the call asks of what callers pass decides for whom it is made: `if (route.method === "GET") app.get(route.path, …)`.
        if path.has_param()
            && let Some(at) = path_expr
        {
            path = self.evaluator.in_its_cases(as_text(path), self.file, walk.facts, at, None);
        }
        let own = self.route_guards(walk, view, entry, [path_expr, handler_expr]);
        self.route_body(walk, view, entry, handler_expr);
        let handler = handler_expr.map_or(Handler::Function(None), |expr| Handler::At(self.file, expr));
        let whole = Registration { router, method: Value::text("*"), path, handler, guards: own, site: view.site, function };
        if let Some(selector) = &entry.method {
            let method = self.evaluator.select(selector, view).unwrap_or(Value::Unknown);
            // Of several methods that are looked up, nothing says which of them is for which path.
            let is_looked_up = selector.takes().iter().any(|take| take.looked_up);
            if is_looked_up && !matches!(as_text(method.clone()), Value::Text(method) if !is_of_list(&Value::Text(method.clone()))) {
                return false;
            }
            self.register(Registration { method, ..whole });
            return true;
        }
        let answers = handler_expr.map(|expr| self.method_router(walk, expr)).unwrap_or_default();
        if answers.is_empty() {
            self.register(whole);
            return true;
        }
        for MethodAnswer { method, handler, guards } in answers {
            let guards = [whole.guards.clone(), guards].concat();
            let handler = Handler::Function(handler);
            self.register(Registration { method: Value::text(method), handler, guards, ..whole.clone() });
        }
        true
    }

    /// The routes of a list of paths and handlers that a loop goes through.
    fn routes_of_rows(
        &mut self,
        walk: &Walk<'w>,
        site: CallRef,
        router: Option<Router>,
        function: FunctionRef,
        rows: Vec<(ExprId, ExprId)>,
    ) {
        if let Some(router) = router {
            self.parameter_mounts(router, site, function);
        }
        for (path, handler) in rows {
            let paths = self.evaluator.eval(self.file, path).patterns();
            let mut routes = self.method_router(walk, handler);
            if routes.is_empty() {
                routes.push(MethodAnswer { method: "*".into(), handler: self.handler(walk, handler), guards: Vec::new() });
            }
            for MethodAnswer { method, handler, guards } in routes {
                let site = Site::Row(site, self.file, path);
                let route = RouteDecl::of_router(router, method, paths.clone(), site, function, handler);
                self.link.routes.push(RouteDecl { guards, ..route });
            }
        }
    }

    /// What the host of a file's package puts before all routes.
    fn host_prefix(&mut self, prefix: &catalog::HostPrefix) -> Symbol {
        let said = self.evaluator.config_file(self.file, &prefix.file).and_then(|(_, tree)| {
            let tree = prefix.key.split('.').try_fold(tree, |tree, key| tree.get(key))?;
            tree.text().cloned()
        });
        format!("/{}", said.as_ref().unwrap_or(&prefix.default).trim_matches('/')).into()
    }

    /// Routes that are objects, given to a call by themselves or in lists, wherever they are written.
    fn listed_routes(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::HttpRoute, each: &catalog::Selector) -> bool {
        let Some(given) = self.evaluator.select(each, view) else { return false };
        let router = view.callee.receiver.as_ref().and_then(|receiver| router_of(receiver));
        if let Some(router) = router {
            self.parameter_mounts(router, view.site, function);
        }
        let (mut open, mut found) = (vec![given], 0);
        while let Some(given) = open.pop().filter(|_| found < MAX_LISTED) {
            let object = match given {
                Value::Array(items) | Value::OneOf(items) => {
                    open.extend(items.iter().rev().cloned());
                    continue;
                }
                Value::Object(object) => object,
                _ => continue,
            };
            let Some((path, written)) = keyed(&object, &entry.path) else { continue };
            let method = entry.method.as_ref().and_then(|selector| keyed(&object, selector)).map_or(Value::Unknown, |(method, _)| method);
            let methods = match method {
                Value::Array(items) => Value::one_of(items.iter().cloned()),
                method => method,
            };
            let handler = match entry.handler.as_ref().and_then(|selector| keyed(&object, selector)) {
                Some((_, Some(Source::Expr(file, expr)))) => {
                    self.evaluator.facts(file).and_then(|facts| self.handler_in(file, facts, expr))
                }
                Some((handler, _)) => function_in(&handler),
                None => None,
            };
            let site = match written {
                Some(Source::Expr(file, expr)) => Site::Row(view.site, file, expr),
                _ => Site::Call(view.site),
            };
            for method in methods.patterns() {
                let method = method.literal().map_or_else(|| "*".into(), |method| Symbol::from(method.to_ascii_uppercase()));
                self.link.routes.push(RouteDecl::of_router(router, method, path.patterns(), site, function, handler));
                found += 1;
            }
        }
        found > 0
    }

    /// The prefix of a router that is given to a function of this file, where a library mounts the file by its folder.
    pub(super) fn mounted_folder(&self, router: Router) -> Option<Pattern> {
        let cx = self.evaluator.cx;
        let path = &cx.paths[self.file.0 as usize];
        let (Router::Param(param), Some(package)) = (router, cx.workspace.package_of(path)) else { return None };
        if param.function.file != self.file || param.index != 0 {
            return None;
        }
        let inner = path.strip_prefix(&cx.workspace.packages[package].root).ok()?;
        let folders: Vec<&str> = inner.parent()?.components().map(|part| part.as_str()).collect();
        let at = cx
            .catalog
            .mounting()
            .filter(|library| cx.package_depends_on(path, &library.packages))
            .find_map(|library| folders.iter().rposition(|folder| library.mounted_folders.iter().any(|mounted| mounted == folder)))?;
        let parts: Vec<String> = folders[at + 1..].iter().map(|folder| format!("/{folder}")).collect();
        Some(Pattern::text(parts.concat()))
    }

    pub(super) fn mount(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Mount) -> bool {
        let parent = self.router_around(view);
        if let Some(parent) = parent {
            self.parameter_mounts(parent, view.site, function);
        }
        // What is not known may be a middleware as well as a prefix.
        let prefix = entry.prefix.as_ref().and_then(|selector| self.evaluator.select_text(selector, view));
        let prefix = prefix.filter(|prefix| !prefix.is_unknown()).map(|prefix| self.evaluator.with_passed(prefix));
        let prefixes: Vec<Pattern> = prefix.map(|prefix| prefix.patterns()).unwrap_or_default();
        let site = view.site;
        let Some(selector) = &entry.router else {
            // Routes of classes have no router; a library that has them has one prefix for all.
            let library = &self.evaluator.cx.catalog.libraries[view.callee.library];
            let by_class = library.route_attribute.iter().any(|route| route.class_attribute.is_some());
            let own = if by_class { None } else { Some(parent.unwrap_or(Router::Made(site))) };
            if prefixes.iter().any(|prefix| prefix.literal().is_none_or(|prefix| !prefix.is_empty())) {
                self.link.mounts.push(MountDecl { parent: own, prefixes, child: own, method: None, site, function });
            }
            return true;
        };
        // What is made of others is what they are put into: `OpenApiService::new((Orders, Returns), …)`.
        let parent = parent.or_else(|| view.callee.receiver.is_none().then_some(Router::Made(site)));
        let Some(value) = self.evaluator.select(selector, view) else { return false };
        let mut values = value.alternatives().to_vec();
        if !entry.only.is_empty() {
            // Below no path of its own, what answers is put there whole: `warp::get().and(orders)`.
            let whole = prefixes.iter().all(Pattern::is_empty);
            if !whole {
                self.parts(view, entry, &values);
            }
            let of = |types: &[Symbol], value: &Value| is_of(value, types, view.callee.library).is_some();
            values.retain(|value| of(&entry.only, value) || whole && of(&entry.parts, value));
            if values.is_empty() {
                return false;
            }
        }
        // A macro is the list of its arguments: `routes![show, create]`.
        if let Some(Expr::Call(id)) = argument_expr(walk.facts, selector, view).map(|expr| walk.facts.expr(expr))
            && walk.facts.call(*id).kind == CallKind::Macro
        {
            values.extend(walk.facts.call(*id).args.iter().map(|argument| self.evaluator.eval(self.file, argument.value)));
        }
        // A tuple of what has routes of its own.
        let tuples: Vec<Value> = values
            .iter()
            .filter_map(|value| if let Value::Array(items) = value { Some(items) } else { None })
            .flat_map(|items| items.iter().cloned())
            .collect();
        values.extend(tuples);
        let mut children = Vec::new();
        for value in &values {
            match value {
                Value::Class(class) | Value::Some(class) | Value::New(class, ..) => {
                    children.extend(self.attributed_methods(*class).into_iter().map(Router::Attributed));
                }
                Value::Object(object) => {
                    let methods = object.class.map(|class| self.attributed_methods(class));
                    children.extend(methods.into_iter().flatten().map(Router::Attributed));
                }
                Value::Instance(instance) => {
                    let child = router_of(instance);
                    if let Some(Router::Param(param)) = child {
                        self.passed_routers(param, site, function);
                    }
                    children.extend(child);
                }
                Value::Param(param, path) if path.is_empty() && self.passed_routers(*param, site, function) => {
                    children.push(Router::Param(*param));
                }
                Value::Function(inner, _) => {
                    children.push(Router::Attributed(*inner));
                    children.push(Router::Param(ParamRef { function: *inner, index: 0 }));
                }
                _ => {}
            }
        }
        // Middleware between prefix and router may be proxies: any argument may be one.
        for argument in &view.call.args {
            if let Some(proxy) = self.proxy_call(walk, argument.value) {
                children.push(Router::Made(proxy));
            }
        }
        if children.is_empty() && prefixes.iter().any(|prefix| !prefix.parts.is_empty()) {
            self.link.opaque_mounts.push(MountDecl { parent, prefixes: prefixes.clone(), child: None, method: None, site, function });
        }
        self.mount_guards(walk, view, entry, &children);
        let method = entry.method.as_ref().and_then(|selector| self.evaluator.select(selector, view)).and_then(|method| method.literal());
        for child in children {
            let mount = MountDecl { parent, prefixes: prefixes.clone(), child: Some(child), method: method.clone(), site, function };
            self.link.mounts.push(mount);
        }
        true
    }

    /// A call that puts routes of classes under versions, where it does so by their path.
    pub(super) fn versioning(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Versioning) -> bool {
        let scheme = entry.scheme.as_ref().and_then(|selector| self.evaluator.select(selector, view));
        let by_path = match &scheme {
            Some(Value::External(_, path)) => path.last().is_some_and(|scheme| scheme == "URI"),
            Some(_) => false,
            None => true,
        };
        let Some(prefix) = self.evaluator.select_text(&entry.prefix, view).filter(|_| by_path) else { return false };
        let version = entry.version.as_ref().and_then(|selector| self.evaluator.select(selector, view));
        let versions = version.map(|version| versions(&version)).unwrap_or_default();
        let prefix = prefix.patterns().into_iter().next().unwrap_or_default();
        self.link.versionings.push(VersioningDecl { prefix, versions, function });
        true
    }

    /// A call that makes a server listen.
    pub(super) fn listen(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Listen) -> bool {
        let Some(mut address) = self.evaluator.select(&entry.port, view) else { return false };
        // `("0.0.0.0", 8080)`, `SocketAddr::from(([0, 0, 0, 0], 8080))`.
        if let Value::Array(parts) = &address {
            address = parts.last().cloned().unwrap_or(Value::Unknown);
        }
        let addresses = address.patterns();
        if addresses.is_empty() {
            return false;
        }
        self.link.ports.push(PortDecl { addresses, site: view.site, function });
        true
    }

    /// The call of a gateway library that an expression is.
    pub(super) fn proxy_call(&mut self, walk: &Walk<'w>, expr: ExprId) -> Option<CallRef> {
        let Expr::Call(id) = walk.facts.expr(expr) else { return None };
        let callee = self.evaluator.eval(self.file, walk.facts.call(*id).callee);
        let proxies = self
            .evaluator
            .library_callees(walk.family, &callee)
            .iter()
            .any(|found| self.evaluator.meanings(found).iter().any(|meaning| matches!(meaning, Meaning::Proxy(_))));
        proxies.then_some(CallRef { file: self.file, call: *id })
    }

    /// What callers pass for a router that a function puts somewhere is put there: `fn below(api: Router) -> Router { Router::new().nest("/v2", api) }`.
    /// Says whether anyone passes one.
    fn passed_routers(&mut self, param: ParamRef, site: CallRef, function: FunctionRef) -> bool {
        let (mut open, mut any) = (vec![(param, 0)], false);
        while let Some((param, depth)) = open.pop() {
            let around = Router::Param(param);
            if depth > 3 {
                continue;
            }
            for caller in self.evaluator.callers(param.function).iter() {
                let passed = self.evaluator.passed(*caller, param);
                for value in passed.alternatives() {
                    let inner = match value {
                        Value::Instance(instance) => router_of(instance),
                        Value::Param(outer, path) if path.is_empty() => Some(Router::Param(*outer)),
                        _ => None,
                    };
                    let Some(inner) = inner.filter(|inner| *inner != around) else { continue };
                    any |= !matches!(inner, Router::Param(_));
                    let mount = MountDecl { parent: Some(around), prefixes: Vec::new(), child: Some(inner), method: None, site, function };
                    if self.link.mounts.contains(&mount) {
                        continue;
                    }
                    self.link.mounts.push(mount);
                    if let Router::Param(outer) = inner {
                        open.push((outer, depth + 1));
                    }
                }
            }
        }
        any
    }

    /// A router that came as a parameter is the router of each caller.
    pub(super) fn parameter_mounts(&mut self, router: Router, site: CallRef, function: FunctionRef) {
        let mut open = vec![(router, 0)];
        while let Some((router, depth)) = open.pop() {
            let Router::Param(param) = router else { continue };
            let known = self.link.mounts.iter().any(|mount| mount.child == Some(router) && mount.prefixes.is_empty() && mount.site == site);
            if depth > 3 || known {
                continue;
            }
            for caller in self.evaluator.callers(param.function).iter() {
                let passed = self.evaluator.passed(*caller, param);
                for value in passed.alternatives() {
                    let parent = match value {
                        Value::Instance(instance) => router_of(instance),
                        Value::Param(outer, path) if path.is_empty() => Some(Router::Param(*outer)),
                        _ => None,
                    };
                    if let Some(parent) = parent.filter(|parent| *parent != router) {
                        self.link.mounts.push(MountDecl {
                            parent: Some(parent),
                            prefixes: Vec::new(),
                            child: Some(router),
                            method: None,
                            site,
                            function,
                        });
                        open.push((parent, depth + 1));
                    }
                }
            }
        }
    }

    pub(super) fn middleware(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::Middleware) -> bool {
        let Some(expr) = argument_expr(walk.facts, &entry.middleware, view) else { return false };
        self.middleware_guards(walk, view, entry);
        let router = view.callee.receiver.as_ref().and_then(|receiver| router_of(receiver));
        let layers = self.layers(walk, expr);
        let is_any = !layers.is_empty();
        let declared = |(name, opens)| LayerDecl { router, order: entry.covers, site: view.site, name, opens, unplaced: false };
        self.link.layers.extend(layers.into_iter().map(declared));
        is_any
    }

    /// A layer of the workspace's own that is put around something, whatever that is: `ServiceBuilder::new().layer(Log).service(router)`.
    pub(super) fn unplaced_layer(&mut self, walk: &Walk<'w>, site: CallRef) {
        let call = walk.facts.call(site.call);
        let (Expr::Member { name, .. }, [given]) = (walk.facts.expr(call.callee), call.args.as_slice()) else { return };
        if name != "layer" || walk.facts.language.is_ecmascript() || self.link.layers.iter().any(|layer| layer.site == site) {
            return;
        }
        let own = self.layers(walk, given.value).into_iter().filter(|(_, opens)| opens.is_some());
        let order = catalog::MiddlewareOrder::Earlier;
        self.link.layers.extend(own.map(|(name, opens)| LayerDecl { router: None, order, site, name, opens, unplaced: true }));
    }

    /// The names of layers that make spans, or may, of which an expression is one or is built, here or by a function of the workspace; with each its
    /// code, where the layer is the workspace's own. A library's counts alone.
    fn layers(&mut self, walk: &Walk<'w>, expr: ExprId) -> Vec<(Symbol, Option<LayerCode>)> {
        let mut open = vec![(self.file, walk.facts, expr)];
        let mut steps = 0;
        let mut own: Vec<(Symbol, Option<LayerCode>)> = Vec::new();
        while let Some((file, facts, expr)) = open.pop() {
            steps += 1;
            if steps > MAX_LAYER_STEPS {
                break;
            }
            let callee = match facts.expr(expr) {
                Expr::Call(id) => {
                    let call = facts.call(*id);
                    if let Expr::Member { object, .. } = facts.expr(call.callee) {
                        open.push((file, facts, *object));
                    }
                    open.extend(call.args.iter().map(|argument| (file, facts, argument.value)));
                    call.callee
                }
                Expr::Name(name) => {
                    let at = facts.expr_range(expr).start;
                    let bound = self
                        .evaluator
                        .file(file)
                        .and_then(|(_, index)| index.bindings_of(facts, name).rfind(|binding| is_bound_before(facts, binding, at))?.value);
                    open.extend(bound.map(|bound| (file, facts, bound)));
                    expr
                }
                Expr::Path(_) => expr,
                _ => continue,
            };
            let value = self.evaluator.eval(file, callee);
            if let Some(named) = function_in(&value)
                && let Some(theirs) = self.evaluator.facts(named.file)
            {
                let declared = theirs.function(named.function);
                if callee != expr {
                    open.extend(declared.returns.iter().map(|made| (named.file, theirs, *made)));
                    let made = declared.impl_of.as_ref().filter(|_| !declared.has_self);
                    own.extend(made.and_then(|made| self.own_layer(named.file, made)));
                } else if file == self.file {
                    own.push((declared.name.clone(), Some(LayerCode::Function(named))));
                }
            }
            if let Value::Class(class) = value
                && let Some((theirs, _)) = self.evaluator.file(class.file)
            {
                own.extend(self.own_layer(class.file, &theirs.type_def(class.class).name));
            }
            for found in self.evaluator.library_callees(walk.family, &value) {
                let layer = self
                    .evaluator
                    .meanings(&found)
                    .iter()
                    .any(|meaning| matches!(meaning, Meaning::Tracing(entry) if entry.role == TracingRole::Layer));
                if layer {
                    return vec![(type_or_function(&found.name).into(), None)];
                }
            }
        }
        own.sort_by(|(one, _), (other, _)| one.cmp(other));
        own.dedup();
        own
    }

    /// A type of a file, where it implements a layer.
    fn own_layer(&mut self, file: FileId, name: &Symbol) -> Option<(Symbol, Option<LayerCode>)> {
        let (facts, index) = self.evaluator.file(file)?;
        let mut of_layer = index.trait_impls.get(LAYER).into_iter().flatten().map(|at| &facts.impls[*at as usize]);
        of_layer.any(|of| last_segment(&of.self_type.path) == name).then(|| (name.clone(), Some(LayerCode::File(file))))
    }

    pub(super) fn proxy(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Proxy) -> bool {
        let Some(target) = self.evaluator.select_text(&entry.target, view) else { return false };
        let mut targets = Vec::new();
        for pattern in target.patterns() {
            targets.extend(self.bases(&pattern));
        }
        let mut rewrites = Vec::new();
        if let Some(Value::Object(object)) = entry.rewrite.as_ref().and_then(|selector| self.evaluator.select(selector, view)) {
            for (pattern, replacement) in object.in_order() {
                if let Some(replacement) = replacement.literal() {
                    rewrites.push((pattern.clone(), replacement));
                }
            }
        }
        let paths = entry.path.as_ref().and_then(|selector| self.evaluator.select_text(selector, view));
        let paths = paths.map(|paths| paths.patterns()).unwrap_or_default();
        self.link.proxies.push(ProxyDecl { site: view.site, function, targets, rewrites, paths, development: false });
        true
    }

    /// What an attribute documents as a route is none where another attribute of the function makes it one: of the routes behind a position, which
    /// are all of one function.
    pub(super) fn leave_out_documented(&mut self, from: usize) {
        if self.link.routes[from..].iter().any(|route| !route.mounted) {
            let added = self.link.routes.split_off(from);
            self.link.routes.extend(added.into_iter().filter(|route| !route.mounted));
        }
    }

    /// The route that an attribute of a function makes, told by its position.
    pub(super) fn route_attribute(
        &mut self,
        walk: &Walk<'w>,
        function: FunctionRef,
        position: usize,
        view: &CallView<'_>,
        entry: &catalog::RouteAttribute,
    ) {
        let Some(path) = self.evaluator.select_text(&entry.path, view) else { return };
        let method = self.evaluator.select(&entry.method, view).unwrap_or(Value::text("*"));
        let mut paths = path.patterns();
        let mut versions = None;
        if let Some(wanted) = &entry.class_attribute {
            let mut prefixes = None;
            let mut class_versions = None;
            for attribute in attributes_around(walk.facts, function.function) {
                let call = attribute_call(attribute);
                for found in self.evaluator.attribute_callees(self.file, FunctionId::MODULE, &attribute.path) {
                    let view = CallView { site: view.site, call: &call, callee: &found, members: &[] };
                    if wanted.iter().any(|wanted| found.name == *wanted) {
                        let prefix = entry.class_path.as_ref().and_then(|selector| self.evaluator.select_text(selector, &view));
                        prefixes = Some(prefix.map_or_else(Vec::new, |prefix| prefix.patterns()));
                        let version = entry.class_version.as_ref().and_then(|selector| self.evaluator.select(selector, &view));
                        class_versions = class_versions.or(version.map(|version| self::versions(&version)));
                    }
                }
                class_versions = class_versions.or(self.version_attribute(entry, attribute));
            }
            let own =
                walk.facts.function(function.function).attributes.iter().find_map(|attribute| self.version_attribute(entry, attribute));
            versions = own.or(class_versions);
            // Without the class's attribute the method is no route.
            let Some(prefixes) = prefixes else { return };
            if !prefixes.is_empty() {
                paths = prefixes.iter().flat_map(|prefix| paths.iter().map(|path| super::outbound::prefixed(prefix, path))).collect();
            }
        }
        let guards = self.attribute_guards(walk, function.function);
        let methods = match &method {
            Value::Array(methods) => methods.iter().flat_map(Value::patterns).collect(),
            method => method.patterns(),
        };
        // One prefix is for all controllers of an application.
        let is_controller = entry.class_attribute.is_some() && walk.facts.language.is_ecmascript();
        let class = walk.facts.function(function.function).owner.filter(|_| is_controller);
        let controller = class.map(|class| ClassRef { file: self.file, class });
        for pattern in methods {
            let method = pattern.literal().map_or_else(|| "*".into(), |method| Symbol::from(method.to_ascii_uppercase()));
            for &handler in &self.answering(walk, function) {
                self.link.routes.push(RouteDecl {
                    router: (!is_controller).then_some(Router::Attributed(handler)),
                    method: method.clone(),
                    paths: paths.clone(),
                    site: Site::Attribute(function, position as u32),
                    function: handler,
                    handler: Some(handler),
                    guards: guards.clone(),
                    controller,
                    versions: versions.clone(),
                    folder: None,
                    convention: None,
                    mounted: entry.mounted,
                });
            }
        }
    }

    /// Who answers by a function: those that implement it, where it is a trait's and any do.
    fn answering(&mut self, walk: &Walk<'w>, function: FunctionRef) -> Vec<FunctionRef> {
        let declared = walk.facts.function(function.function);
        let of_trait = declared.owner.filter(|owner| walk.facts.type_def(*owner).kind == TypeKind::Trait);
        let implementing = of_trait.map(|class| self.evaluator.implementations(ClassRef { file: self.file, class }, &declared.name));
        implementing.filter(|all| !all.is_empty()).unwrap_or_else(|| vec![function])
    }

    /// The functions of a type that attributes may make routes of.
    fn attributed_methods(&mut self, class: ClassRef) -> Vec<FunctionRef> {
        let Some(facts) = self.evaluator.facts(class.file) else { return Vec::new() };
        let name = facts.type_def(class.class).name.clone();
        let mut all = Vec::new();
        for &file in self.evaluator.impl_files(class, &name).iter() {
            let Some((facts, index)) = self.evaluator.file(file) else { continue };
            let blocks = index.impls.get(&name).into_iter().flatten().map(|at| &facts.impls[*at as usize]);
            let methods = blocks.filter(|block| !block.attributes.is_empty()).flat_map(|block| &block.methods);
            let attributed = methods.filter(|method| facts.function(**method).attributes.iter().any(|attribute| attribute.path != "doc"));
            all.extend(attributed.map(|method| FunctionRef { file, function: *method }));
        }
        all
    }

    /// The versions that an attribute of a class or method names, if it is the one that does.
    fn version_attribute(&mut self, entry: &catalog::RouteAttribute, attribute: &Attribute) -> Option<Vec<Symbol>> {
        let wanted = entry.version_attribute.as_ref()?;
        let found = self.evaluator.attribute_callees(self.file, FunctionId::MODULE, &attribute.path);
        let first = *attribute.args.first().filter(|_| found.iter().any(|found| found.name == *wanted))?;
        Some(versions(&self.evaluator.eval(self.file, first)))
    }

    /// Routes by the file's own path, where its package uses a framework that has them.
    pub(super) fn file_routes(&mut self, walk: &Walk<'w>) {
        if !walk.facts.language.is_ecmascript() || walk.facts.exports.is_empty() {
            return;
        }
        self.platform_routes(walk);
        let path = self.evaluator.cx.paths[self.file.0 as usize].clone();
        let libraries = &self.evaluator.cx.catalog.libraries;
        let conventions = libraries.iter().flat_map(|library| library.file_route.iter().map(|entry| (entry.convention, &library.packages)));
        for (convention, packages) in conventions {
            let Some(route) = super::paths::file_route(convention, &path) else { continue };
            if !self.evaluator.cx.package_depends_on(&path, packages) {
                continue;
            }
            let paths: Vec<Pattern> = match self.next_base_path(&path) {
                Some(base) => base.patterns().iter().map(|base| prefixed(base, &Pattern::text(route.clone()))).collect(),
                None => vec![Pattern::text(route)],
            };
            let exports: Vec<(Symbol, ExprId)> = walk.facts.exports.iter().map(|export| (export.name.clone(), export.value)).collect();
            for (name, value) in exports {
                let Some(method) = super::paths::file_method(convention, &name, &path) else { continue };
                let handler = self.handler(walk, value);
                let site = handler.filter(|handler| handler.file == self.file).map_or(Site::File(self.file), Site::Function);
                self.link.routes.push(RouteDecl {
                    router: None,
                    method: method.into(),
                    paths: paths.clone(),
                    site,
                    function: super::value::module_function(self.file),
                    handler,
                    guards: Vec::new(),
                    controller: None,
                    versions: None,
                    folder: None,
                    convention: Some(convention),
                    mounted: false,
                });
            }
        }
    }

    /// Routes by which a platform asks functions of a file.
    fn platform_routes(&mut self, walk: &Walk<'w>) {
        let workspace = self.evaluator.cx.workspace;
        for asked in workspace.functions.get(&self.file).into_iter().flatten() {
            let export = walk.facts.exports.iter().find(|export| export.name == asked.exported);
            let handler = export.and_then(|export| self.handler(walk, export.value));
            let site = handler.filter(|handler| handler.file == self.file).map_or(Site::File(self.file), Site::Function);
            let (method, paths) = (asked.method.clone(), vec![Pattern::text(asked.path.clone())]);
            let function = super::value::module_function(self.file);
            self.link.routes.push(RouteDecl::of_router(None, method, paths, site, function, handler));
        }
    }

    /// The `basePath` in the `next.config` of the package that a file belongs to.
    pub(super) fn next_base_path(&mut self, path: &Utf8Path) -> Option<Value> {
        let workspace = self.evaluator.cx.workspace;
        let manifest = workspace.packages[workspace.package_of(path)?].manifest;
        let folder = self.evaluator.cx.paths[manifest.0 as usize].parent()?.to_owned();
        let config = ["js", "mjs", "ts", "cjs"].iter().find_map(|extension| {
            let file = workspace.modules.source_of(folder.as_str(), &format!("next.config.{extension}"))?;
            (self.evaluator.cx.paths[file.0 as usize].file_stem() == Some("next.config")).then_some(file)
        })?;
        let facts = self.evaluator.facts(config)?;
        // Of a rewrite, a flag of the same name says that it has none.
        let value = facts.exprs.iter().find_map(|expression| {
            let Expr::Object(object) = &expression.kind else { return None };
            object.field("basePath").filter(|value| !matches!(facts.expr(*value), Expr::Bool(_)))
        })?;
        let value = self.evaluator.eval(config, value);
        matches!(value, Value::Text(_) | Value::OneOf(_)).then_some(value)
    }
}

/// What an object has under the keys of a selector's first place that is there, and where it is written.
fn keyed(object: &ObjectValue, selector: &catalog::Selector) -> Option<(Value, Option<Source>)> {
    selector.takes().iter().find_map(|take| {
        let mut keys = take.key.as_deref()?.split('.');
        let first = keys.next()?;
        let mut found = (object.fields.get(first)?.clone(), object.sources.get(first).copied());
        for key in keys {
            let Value::Object(inner) = &found.0 else { return None };
            found = (inner.fields.get(key)?.clone(), inner.sources.get(key).copied());
        }
        Some(found)
    })
}

/// The versions that a value names; none where it says that there is none.
fn versions(value: &Value) -> Vec<Symbol> {
    let all = match value {
        Value::Array(items) => items.to_vec(),
        value => value.alternatives().to_vec(),
    };
    all.iter().filter(|version| matches!(version, Value::Text(_))).filter_map(Value::literal).collect()
}

/// The expression that a selector takes, where it takes an argument or a field of one that is written out.
pub(super) fn argument_expr(facts: &SourceFacts, selector: &catalog::Selector, view: &CallView<'_>) -> Option<ExprId> {
    selector.takes().iter().find_map(|take| taken_expr(facts, take, view))
}

/// The same, of one place.
pub(super) fn taken_expr(facts: &SourceFacts, take: &catalog::Take, view: &CallView<'_>) -> Option<ExprId> {
    let argument = view.argument(take.argument?)?.value;
    let keys = take.key.as_deref().map(|key| key.split('.')).into_iter().flatten();
    keys.into_iter().try_fold(argument, |object, key| {
        // One of a list stands for all.
        let object = match facts.expr(object) {
            Expr::Array(items) if items.len() == 1 => items[0],
            _ => object,
        };
        let Expr::Object(object) = facts.expr(object) else { return None };
        object.field(key)
    })
}

/// What people call a library's callee: its type, `OtelAxumLayer` of `middleware::OtelAxumLayer::default`, else its function.
fn type_or_function(name: &str) -> &str {
    let mut segments = name.rsplit([':', '.']).filter(|segment| !segment.is_empty());
    segments.clone().find(|segment| segment.starts_with(char::is_uppercase)).or_else(|| segments.next()).unwrap_or_default()
}
