//! Rpc services that code implements: generated traits, calls that add an implementation, decorated methods.
//!
//! What deliberately does not live here: clients, and how names of generated code are told from others ([`super::rpc`]).

use portolan_grammars::catalog;
use portolan_grammars::facts::{Expr, FunctionId, Symbol};

use super::index::last_segment;
use super::library::CallView;
use super::link::{Linker, RpcHandler};
use super::outbound::function_in;
use super::rpc::{is_rpc_method, service_name};
use super::spans::Walk;
use super::value::Value;
use crate::FunctionRef;

impl<'w> Linker<'w> {
    pub(super) fn rpc_server(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::RpcServer) -> bool {
        let Some(service) = entry.service.as_ref().and_then(|selector| self.evaluator.service_named(selector, view)) else { return false };
        self.link.rpc_servers.push((last_segment(&service).into(), function));
        let implementation = entry.implementation.as_ref().and_then(|selector| self.evaluator.select(selector, view));
        let Some(implementation) = implementation else { return true };
        for method in self.evaluator.cx.rpc_methods_of(&service) {
            for value in implementation.alternatives().to_vec() {
                let names = [method.clone(), camel(&method)];
                let found = names.iter().find_map(|name| match &value {
                    Value::Object(object) => function_in(object.fields.get(name)?),
                    other => function_in(&self.evaluator.member(other, name, None)),
                });
                if let Some(handler) = found {
                    self.link.rpc_handlers.push(RpcHandler { service: service.clone(), method: method.clone(), handler });
                }
            }
        }
        true
    }

    /// A method that a decorator makes an rpc's implementation.
    pub(super) fn rpc_attribute(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::RpcServer) {
        let Some(service) = entry.service.as_ref().and_then(|selector| self.evaluator.service_named(selector, view)) else { return };
        let named = entry.method.as_ref().and_then(|selector| self.evaluator.select_text(selector, view)).and_then(|name| name.literal());
        let name = named.unwrap_or_else(|| walk.facts.function(function.function).name.clone());
        let method = self.evaluator.cx.rpc_methods_of(&service).into_iter().find(|method| is_rpc_method(method, &name));
        if let Some(method) = method {
            self.link.rpc_handlers.push(RpcHandler { service, method, handler: function });
        }
    }

    /// Traits of generated servers that the file implements, and where implementations are put into a server.
    pub(super) fn rpc_implementations(&mut self, walk: &Walk<'w>) {
        if self.evaluator.cx.rpc_services.is_empty() || walk.facts.language.is_ecmascript() {
            return;
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
                let Some(simple) = service_name(pattern, last_segment(&of.path)) else { continue };
                let Some(service) = self.evaluator.cx.rpc_services.get(simple).and_then(|all| all.first()).cloned() else { continue };
                // A trait that the workspace declares is not a generated one.
                if self.evaluator.class_named(self.file, FunctionId::MODULE, &of.path).is_some() {
                    continue;
                }
                for method in self.evaluator.cx.rpc_methods_of(&service) {
                    let found = block.methods.iter().find(|id| is_rpc_method(&method, &walk.facts.function(**id).name));
                    if let Some(id) = found {
                        let handler = FunctionRef { file: self.file, function: *id };
                        self.link.rpc_handlers.push(RpcHandler { service: service.clone(), method, handler });
                    }
                }
            }
        }
        for call in &walk.facts.calls {
            let Expr::Path(path) = walk.facts.expr(call.callee) else { continue };
            let [.., class, constructor] = path.as_slice() else { continue };
            if !matches!(constructor.as_str(), "new" | "with_interceptor" | "from_arc") {
                continue;
            }
            if let Some(simple) = class.strip_suffix("Server")
                && self.evaluator.cx.rpc_services.contains_key(simple)
            {
                self.link.rpc_servers.push((simple.into(), FunctionRef { file: self.file, function: call.function }));
            }
        }
    }
}

fn camel(name: &str) -> Symbol {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => format!("{}{}", first.to_ascii_lowercase(), characters.as_str()).into(),
        None => Symbol::default(),
    }
}
