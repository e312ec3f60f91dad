//! Traits that an attribute makes clients and servers of, as JSON-RPC libraries do: the trait is the contract, and its name the identity.
//!
//! What deliberately does not live here: which traits there are ([`super::contracts`]), and who serves an operation that is called
//! ([`super::assemble`]). Invariant: a method is called over the network only where the client's trait is in scope, as Rust has it, and where
//! what it is called on has no method of that name of its own.

use portolan_grammars::catalog::RpcTrait;
use portolan_grammars::facts::{Expr, ExprId, Imported, Symbol};

use super::evaluate::Evaluator;
use super::index::last_segment;
use super::link::{EdgeDecl, Linker, OperationCall, OperationHandler};
use super::rpc::service_name;
use super::spans::Walk;
use super::value::{CallRef, ClassRef, Value};
use crate::FunctionRef;
use crate::chart::Protocol;

/// How a value of a client's type remembers the server's address; catalog entries capture it.
const ADDRESS: &str = "address";

impl<'w> Linker<'w> {
    /// A call of a method that a client's trait declares, or that puts an implementation into a server.
    pub(super) fn remote_call(&mut self, walk: &Walk<'w>, site: CallRef, function: FunctionRef) {
        if self.evaluator.cx.contracts.remote.is_empty() || walk.facts.language.is_ecmascript() {
            return;
        }
        let call = walk.facts.call(site.call);
        let entries: Vec<&'w RpcTrait> = entries(&self.evaluator).collect();
        let (operation, address) = match walk.facts.expr(call.callee) {
            Expr::Member { object, name } => {
                let value = self.evaluator.eval(self.file, *object);
                if let Some(entry) = entries.iter().find(|entry| entry.serve == *name) {
                    self.served(entry, &value, function);
                    return;
                }
                let value = match &value {
                    Value::Param(param, path) if path.is_empty() => self.evaluator.parameter_type(*param).unwrap_or(value),
                    _ => value,
                };
                let operation = self.in_scope(walk, &entries, name, call.args.len() as u32);
                let operation = operation.filter(|_| !self.has_its_own(&value, name) && !self.is_made_here(walk, *object, &value));
                let address = match &value {
                    Value::Instance(client) => client.captures.get(ADDRESS).cloned(),
                    _ => None,
                };
                (operation, address)
            }
            // `ShopClient::order(&client, id)`
            Expr::Path(path) => {
                let [.., of, name] = path.as_slice() else { return };
                let arity = (call.args.len() as u32).saturating_sub(1);
                (entries.iter().find_map(|entry| self.operation(service_name(&entry.client, of)?, name, arity)), None)
            }
            _ => return,
        };
        let Some(operation) = operation else { return };
        let mut addresses = Vec::new();
        for pattern in address.map(|address| address.patterns()).unwrap_or_default() {
            addresses.extend(self.bases(&pattern));
        }
        self.link.operations.push(OperationCall {
            protocol: Protocol::Jsonrpc,
            site,
            function,
            names: vec![operation],
            addresses,
            declared: None,
        });
    }

    /// The operation that a method is by the client's traits in scope, where they agree.
    fn in_scope(&mut self, walk: &Walk<'w>, entries: &[&'w RpcTrait], name: &Symbol, arity: u32) -> Option<Symbol> {
        let mut found: Option<Symbol> = None;
        for import in &walk.facts.imports {
            let Imported::Named(of) = &import.imported else { continue };
            for entry in entries {
                let operation = service_name(&entry.client, of).and_then(|simple| self.operation(simple, name, arity));
                match (&found, operation) {
                    (Some(known), Some(other)) if *known != other => return None,
                    (_, Some(other)) => found = Some(other),
                    _ => {}
                }
            }
        }
        found
    }

    /// `Shop/shop_order`, where a trait of that name has such a method.
    fn operation(&self, of: &str, name: &Symbol, arity: u32) -> Option<Symbol> {
        let methods = self.evaluator.cx.contracts.remote.get(of)?;
        let mut fitting = methods.iter().filter(|method| method.name == *name && method.arity == arity);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(format!("{of}/{}", only.wire).into()),
            _ => None,
        }
    }

    /// Whether a value has a method of that name of its own.
    fn has_its_own(&mut self, value: &Value, name: &Symbol) -> bool {
        value.alternatives().iter().any(|value| match value {
            Value::Class(class) | Value::Some(class) | Value::New(class, ..) => self.evaluator.has_method(*class, name),
            Value::Object(object) => object.class.is_some_and(|class| self.evaluator.has_method(class, name)),
            _ => false,
        })
    }

    /// Whether nothing is known of a value but that a method of the workspace gives it back, which then says too little of a client: traits of
    /// rows and of rpcs share many names.
    fn is_made_here(&mut self, walk: &Walk<'w>, object: ExprId, value: &Value) -> bool {
        let Expr::Call(made) = walk.facts.expr(object) else { return false };
        let Expr::Member { name, .. } = walk.facts.expr(walk.facts.call(*made).callee) else { return false };
        value.is_unknown() && self.evaluator.is_function(name)
    }

    /// Puts what a value implements into a server.
    fn served(&mut self, entry: &RpcTrait, value: &Value, function: FunctionRef) {
        for value in value.alternatives() {
            let class = match value {
                Value::Class(class) | Value::Some(class) | Value::New(class, ..) => *class,
                Value::Object(object) => match object.class {
                    Some(class) => class,
                    None => continue,
                },
                _ => continue,
            };
            for (name, handler) in self.implemented_remotely(entry, class) {
                self.link.edges.push(EdgeDecl::plain(function.function, handler, None));
                let handler = OperationHandler::plain(Protocol::Jsonrpc, name, function, Some(handler));
                if !self.link.operation_handlers.contains(&handler) {
                    self.link.operation_handlers.push(handler);
                }
            }
        }
    }

    /// The operations that a type implements, with the methods that do.
    fn implemented_remotely(&mut self, entry: &RpcTrait, class: ClassRef) -> Vec<(Symbol, FunctionRef)> {
        let Some(facts) = self.evaluator.facts(class.file) else { return Vec::new() };
        let type_name = facts.type_def(class.class).name.clone();
        let mut found = Vec::new();
        for &file in self.evaluator.impl_files(class, &type_name).iter() {
            let Some((facts, index)) = self.evaluator.file(file) else { continue };
            for at in index.impls.get(&type_name).into_iter().flatten() {
                let block = &facts.impls[*at as usize];
                let of = block.trait_ref.as_ref().and_then(|of| service_name(&entry.server, last_segment(&of.path)));
                let Some((of, methods)) = of.and_then(|of| Some((of, self.evaluator.cx.contracts.remote.get(of)?))) else { continue };
                for id in &block.methods {
                    let name = &facts.function(*id).name;
                    if let Some(method) = methods.iter().find(|method| method.name == *name) {
                        found.push((format!("{of}/{}", method.wire).into(), FunctionRef { file, function: *id }));
                    }
                }
            }
        }
        found
    }
}

fn entries<'w>(evaluator: &Evaluator<'w>) -> impl Iterator<Item = &'w RpcTrait> + use<'w> {
    evaluator.cx.catalog.libraries.iter().flat_map(|library| &library.rpc_trait)
}
