//! Rpc services that code implements: generated traits, calls that add an implementation, decorated methods.
//!
//! What deliberately does not live here: clients, and how names of generated code are told from others ([`super::rpc`]).

use portolan_grammars::catalog::{self, Family, OverHttp};
use portolan_grammars::facts::{Attribute, Call, Expr, FunctionId, Symbol};
use rustc_hash::FxHashMap;

use super::index::last_segment;
use super::library::CallView;
use super::link::{EdgeDecl, Linker, RpcHandler};
use super::outbound::function_in;
use super::routes::argument_expr;
use super::rows::RowPart;
use super::rpc::{is_rpc_method, picks, service_name, snake_case};
use super::spans::Walk;
use super::value::Value;
use crate::FunctionRef;

impl<'w> Linker<'w> {
    pub(super) fn rpc_server(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::RpcServer) -> bool {
        let Some(service) = &entry.service else { return false };
        let served = match self.served_in_turn(walk, view, entry) {
            Some(served) => served,
            None => {
                let Some(service) = self.evaluator.service_named(service, view) else { return false };
                let implementation = entry.implementation.as_ref().and_then(|selector| self.evaluator.select(selector, view));
                vec![(service, implementation.unwrap_or(Value::Unknown))]
            }
        };
        self.link.rpc_mounts.push(function);
        for (service, implementation) in served {
            self.implemented_by(&service, &implementation, function);
            self.link.rpc_servers.push((service, function));
        }
        true
    }

    /// The services and their implementations in a list of both, which a loop around a call goes through.
    fn served_in_turn(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::RpcServer) -> Option<Vec<(Symbol, Value)>> {
        let service = argument_expr(walk.facts, entry.service.as_ref()?, view)?;
        let implementation = argument_expr(walk.facts, entry.implementation.as_ref()?, view)?;
        let rows = self.evaluator.row_parts(self.file, service, implementation)?;
        let named =
            |[service, by]: [RowPart; 2]| Some((self.evaluator.service_in_row(self.file, view.callee.library, &service)?, by.value));
        Some(rows.into_iter().filter_map(named).collect())
    }

    /// The methods of an object, or of what a class makes, that implement those of a service.
    fn implemented_by(&mut self, service: &Symbol, implementation: &Value, function: FunctionRef) {
        for method in self.evaluator.cx.rpc_methods_of(service) {
            for value in implementation.alternatives().to_vec() {
                let names = [method.clone(), camel(&method)];
                let found = names.iter().find_map(|name| match &value {
                    Value::Object(object) => function_in(object.fields.get(name)?),
                    other => function_in(&self.evaluator.member(other, name, None)),
                });
                if let Some(handler) = found {
                    self.rpc_handler(service, &method, handler);
                    // Whatever object it is kept in, and wherever that was made: who serves it runs it.
                    self.link.edges.push(EdgeDecl::plain(function.function, handler, None));
                }
            }
        }
    }

    /// A method that a decorator makes an rpc's implementation.
    pub(super) fn rpc_attribute(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::RpcServer) {
        let Some(service) = entry.service.as_ref().and_then(|selector| self.evaluator.service_named(selector, view)) else { return };
        let named = entry.method.as_ref().and_then(|selector| self.evaluator.select_text(selector, view)).and_then(|name| name.literal());
        let name = named.unwrap_or_else(|| walk.facts.function(function.function).name.clone());
        let method = self.evaluator.cx.rpc_methods_of(&service).into_iter().find(|method| is_rpc_method(method, &name));
        if let Some(method) = method {
            self.rpc_handler(&service, &method, function);
        }
    }

    /// Classes whose decorator says that their methods implement a service.
    fn rpc_classes(&mut self, walk: &Walk<'w>) {
        for class in &walk.facts.types {
            let Some(service) = self.service_of_decorators(walk.family, &class.attributes) else { continue };
            for method in self.evaluator.cx.rpc_methods_of(&service) {
                let found = class.methods.iter().find(|id| is_rpc_method(&method, &walk.facts.function(**id).name));
                if let Some(id) = found {
                    let handler = FunctionRef { file: self.file, function: *id };
                    self.rpc_handler(&service, &method, handler);
                }
            }
        }
    }

    /// The rpc service that a generated decorator makes a class serve.
    pub(super) fn service_of_decorators(&self, family: Family, decorators: &[Attribute]) -> Option<Symbol> {
        let contracts = self.evaluator.cx.contracts;
        if decorators.is_empty() || contracts.services.is_empty() {
            return None;
        }
        let libraries = self.evaluator.cx.catalog.libraries.iter().filter(|library| library.language == family);
        let patterns: Vec<&Symbol> =
            libraries.flat_map(|library| library.rpc_server.iter().filter_map(|entry| entry.class_attribute.as_ref())).collect();
        decorators.iter().find_map(|decorator| {
            let name = last_segment(&decorator.path);
            patterns.iter().find_map(|pattern| contracts.services.get(service_name(pattern, name)?)?.first().cloned())
        })
    }

    /// Traits of generated servers that the file implements, and where implementations are put into a server.
    pub(super) fn rpc_implementations(&mut self, walk: &Walk<'w>) {
        if self.evaluator.cx.contracts.services.is_empty() {
            return;
        }
        if walk.facts.language.is_ecmascript() {
            return self.rpc_classes(walk);
        }
        let patterns: Vec<Symbol> = self
            .evaluator
            .cx
            .catalog
            .libraries
            .iter()
            .filter(|library| library.language == walk.family)
            .flat_map(|library| library.rpc_server.iter().filter_map(|entry| entry.implements.clone()))
            .collect();
        for block in &walk.facts.impls {
            let Some(of) = &block.trait_ref else { continue };
            for pattern in &patterns {
                let Some(service) = self.implemented(pattern, &of.path) else { continue };
                for method in self.evaluator.cx.rpc_methods_of(&service) {
                    let found = block.methods.iter().find(|id| is_rpc_method(&method, &walk.facts.function(**id).name));
                    if let Some(id) = found {
                        let handler = FunctionRef { file: self.file, function: *id };
                        self.rpc_handler(&service, &method, handler);
                    }
                }
            }
        }
        let generated = self.serving_over_http();
        for call in &walk.facts.calls {
            let function = FunctionRef { file: self.file, function: call.function };
            let over_http = self.over_http(walk, call, &generated);
            self.link.rpc_over_http.extend(over_http.into_iter().map(|service| (service, function)));
            match walk.facts.expr(call.callee) {
                Expr::Member { name, .. } | Expr::Name(name) if is_mount(name) => self.link.rpc_mounts.push(function),
                Expr::Path(path) => {
                    let [of @ .., constructor] = path.as_slice() else { continue };
                    if of.last().is_some_and(|of| of == "Routes") {
                        self.link.rpc_mounts.push(function);
                    }
                    if matches!(constructor.as_str(), "new" | "with_interceptor" | "from_arc") {
                        let services = self.made_servers(of);
                        self.link.rpc_servers.extend(services.into_iter().map(|service| (service, function)));
                    }
                }
                _ => {}
            }
        }
    }

    /// The rpc services that a generated server is of, whatever the file calls it.
    fn made_servers(&mut self, path: &[Symbol]) -> Vec<Symbol> {
        // Few names have that form; where a path leads is asked for those alone.
        if !path.last().is_some_and(|name| name.ends_with("Server")) {
            return Vec::new();
        }
        let mut modules = self.evaluator.imported_path(self.file, path);
        let class = modules.pop().unwrap_or_default();
        let candidates = class.strip_suffix("Server").and_then(|simple| self.evaluator.cx.contracts.services.get(simple));
        let mut services = candidates.map(|candidates| picks(candidates, &modules)).unwrap_or_default();
        services.retain(|service| self.evaluator.may_come_from(service, &modules));
        services
    }
}

/// Whether a method, or a macro around it, puts a generated server among those that listen, or serves connections by it.
fn is_mount(name: &str) -> bool {
    matches!(
        name,
        "add_service" | "add_optional_service" | "add_routes" | "route_service" | "serve_connection" | "serve_connection_with_upgrades"
    )
}

impl<'w> Linker<'w> {
    fn rpc_handler(&mut self, service: &Symbol, method: &Symbol, handler: FunctionRef) {
        let rpc = Symbol::from(format!("{service}/{method}"));
        let http = self.evaluator.cx.contracts.http.get(&rpc).cloned().unwrap_or_default();
        self.link.rpc_handlers.push(RpcHandler { service: service.clone(), method: method.clone(), handler, http });
    }

    /// The generated functions that serve rpc services over HTTP, where any service says by which paths.
    fn serving_over_http(&self) -> Vec<&'w OverHttp> {
        if self.evaluator.cx.contracts.http.is_empty() {
            return Vec::new();
        }
        let entries = self.evaluator.cx.catalog.libraries.iter().flat_map(|library| &library.rpc_server);
        entries.filter_map(|entry| entry.over_http.as_ref()).collect()
    }

    /// The rpc services that a call serves over HTTP: of a generated function, which is not in the workspace.
    fn over_http(&mut self, walk: &Walk<'_>, call: &Call, generated: &[&OverHttp]) -> Vec<Symbol> {
        let path = match walk.facts.expr(call.callee) {
            Expr::Name(name) => std::slice::from_ref(name),
            Expr::Path(path) => path,
            _ => return Vec::new(),
        };
        let named =
            |entry: &&OverHttp| path.last().and_then(|name| Some((entry.module.clone(), service_name(&entry.function, name)?.to_owned())));
        let Some((pattern, stem)) = generated.iter().find_map(named) else { return Vec::new() };
        let mut modules = self.evaluator.imported_path(self.file, path);
        modules.pop();
        let is_generated = modules.pop().is_some_and(|module| service_name(&pattern, &module) == Some(&stem));
        if !is_generated || matches!(self.evaluator.eval(self.file, call.callee), Value::Function(..)) {
            return Vec::new();
        }
        let candidates = written_as(&self.evaluator.cx.contracts.services, &stem);
        candidates.map(|candidates| picks(candidates, &modules)).unwrap_or_default()
    }

    /// The rpc service that an implemented trait stands for. A trait that the workspace declares is one only if it is known to be generated.
    fn implemented(&mut self, pattern: &str, path: &Symbol) -> Option<Symbol> {
        let contracts = self.evaluator.cx.contracts;
        let mut modules = self.evaluator.imported_path(self.file, &path.split("::").map(Symbol::new).collect::<Vec<_>>());
        let name = modules.pop()?;
        let simple = service_name(pattern, &name)?;
        let candidates = contracts.services.get(simple);
        if candidates.is_none() && contracts.traits.is_empty() {
            return None;
        }
        match self.evaluator.class_named(self.file, FunctionId::MODULE, path) {
            Some(declared) => contracts.traits.get(&declared).cloned(),
            // Of several that nothing tells apart none is the one.
            None => match picks(candidates?, &modules).as_slice() {
                [only] => Some(only.clone()).filter(|service| self.evaluator.may_come_from(service, &modules)),
                _ => None,
            },
        }
    }
}

/// The services whose name is written so in snake case; of several names always the same one, in whichever order they were read.
fn written_as<'s>(services: &'s FxHashMap<Symbol, Vec<Symbol>>, stem: &str) -> Option<&'s Vec<Symbol>> {
    let named = services.iter().filter(|(name, _)| snake_case(name) == stem);
    named.min_by_key(|(name, _)| *name).map(|(_, services)| services)
}

fn camel(name: &str) -> Symbol {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => format!("{}{}", first.to_ascii_lowercase(), characters.as_str()).into(),
        None => Symbol::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_names_written_alike_it_is_always_the_same() {
        let mut names = ["OrderApi", "Order_Api", "OrderAPI", "Orders"];
        for _ in 0..names.len() {
            names.rotate_left(1);
            let services: FxHashMap<Symbol, Vec<Symbol>> = names.iter().map(|name| ((*name).into(), vec![(*name).into()])).collect();
            assert_eq!(written_as(&services, "order_api").map(Vec::as_slice), Some(&["OrderAPI".into()][..]));
            assert_eq!(written_as(&services, "order"), None);
        }
    }
}
