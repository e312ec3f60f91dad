//! Messages sent and received, and the queues that are bound to exchanges.
//!
//! What deliberately does not live here: which destinations are one channel ([`super::assemble`]).

use portolan_grammars::catalog::{self, Delivery, Headers, Identity, Selector};
use portolan_grammars::facts::{Expr, ExprId, Language, Symbol};

use super::library::CallView;
use super::link::{BindingDecl, Carrier, Linker, ListenerDecl, MessageDecl, MessageLeaf, PortDecl, QueueDecl, Site, qualified};
use super::outbound::{Draft, function_in};
use super::spans::Walk;
use super::sql;
use super::value::{CallRef, Pattern, Value, concat};
use crate::FunctionRef;

impl<'w> Linker<'w> {
    pub(super) fn producer(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Producer) -> bool {
        let Some(destination) = self.evaluator.select_text(&entry.destination, view).map(named_elsewhere) else { return false };
        let key = entry.routing_key.as_ref().and_then(|selector| self.evaluator.select_text(selector, view)).unwrap_or(Value::text(""));
        let detached = self.is_detached(walk, view.site.call);
        let payload = self.message_payload(walk, view, entry);
        let (mut system, replies) = (entry.system.clone(), entry.replies);
        let mut carrier = Carrier::default();
        if let Some(transport) = &entry.transport
            && let Some((named, found)) = self.carrier(view, transport)
        {
            (system, carrier) = (named, found);
        }
        let asks = entry.reply_to.as_ref().is_some_and(|selector| self.evaluator.says(selector, view));
        let leaf = MessageLeaf {
            as_json: entry.as_json,
            observable: entry.observable,
            expires: entry.expiry.as_ref().is_some_and(|selector| self.evaluator.says(selector, view)),
            by_receiver: entry.destination.takes().iter().any(|take| take.receiver.is_some()),
            ..self.leaf(view, (entry.headers.as_ref(), entry.identity.as_ref()))
        };
        self.messages(view.site, function, &[destination, key], detached, |message| MessageDecl {
            system: system.clone(),
            replies,
            asks,
            kept: entry.kept,
            carrier: carrier.clone(),
            // What a wrapper sends, it may have put together of what it was given.
            payload: payload.clone().filter(|_| message.site == Site::Call(view.site)),
            leaves: vec![leaf.clone()],
            ..message
        });
        true
    }

    fn leaf(&self, view: &CallView<'_>, (headers, identity): (Option<&Headers>, Option<&Identity>)) -> MessageLeaf {
        let library = self.evaluator.cx.catalog.libraries[view.callee.library].id.clone();
        MessageLeaf {
            call: view.site,
            library,
            headers: headers.cloned(),
            identity: identity.cloned(),
            received: Vec::new(),
            as_json: 0,
            observable: false,
            expires: false,
            by_receiver: false,
        }
    }

    /// How the messages of a value travel: the system, and where they go.
    fn carrier(&mut self, view: &CallView<'_>, transport: &catalog::Transport) -> Option<(Symbol, Carrier)> {
        let names: Vec<Symbol> =
            self.evaluator.select(&transport.name, view)?.patterns().iter().filter_map(|name| last_word(&name.literal()?)).collect();
        let mut systems: Vec<&Symbol> = names.iter().filter_map(|name| transport.systems.get(name)).collect();
        systems.sort();
        systems.dedup();
        let [system] = systems.as_slice() else { return None };
        let mut carrier = Carrier::default();
        if names.iter().all(|name| transport.direct.contains(name)) {
            let mut place = |selector: &Option<catalog::Selector>, fallback: &str| {
                let value = selector.as_ref().and_then(|selector| self.evaluator.select(selector, view));
                value.filter(|value| !value.is_unknown()).unwrap_or(Value::text(fallback))
            };
            let (host, port) = (place(&transport.host, "localhost"), place(&transport.port, ""));
            let whole = [Value::text("tcp://"), host, Value::text(":"), port];
            for pattern in concat(&whole).patterns() {
                carrier.addresses.extend(self.bases(&pattern));
            }
        } else if let Some(queue) = transport.queue.as_ref().and_then(|selector| self.evaluator.select_text(selector, view)) {
            carrier.queues = queue.patterns();
        }
        Some(((*system).clone(), carrier))
    }

    pub(super) fn listener(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Listener) -> bool {
        let Some((system, carrier)) = self.carrier(view, &entry.transport) else { return false };
        let said = entry.unacknowledged.as_ref().and_then(|selector| self.evaluator.select(selector, view));
        let delivery = match said.map(|value| value.literal()) {
            _ if !entry.at_most_once.contains(&system) => None,
            None => Some(Delivery::AtMostOnce),
            Some(Some(said)) if said == "true" => Some(Delivery::AtMostOnce),
            Some(Some(said)) if said == "false" => Some(Delivery::AtLeastOnce),
            Some(_) => None,
        };
        // Without a broker between, it is a server that listens.
        if !carrier.addresses.is_empty() {
            let addresses = carrier.addresses.into_iter().map(|address| address.pattern).collect();
            self.link.ports.push(PortDecl { addresses, site: view.site, function });
        }
        self.link.listeners.push(ListenerDecl { system, queues: carrier.queues, delivery, function });
        true
    }

    pub(super) fn consumer(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Consumer) -> bool {
        let destinations: Vec<Value> = entry.destination.iter().flat_map(|selector| self.received_from(selector, view)).collect();
        if entry.destination.is_some() && destinations.is_empty() {
            return false;
        }
        let handler =
            entry.handler.as_ref().and_then(|selector| self.evaluator.select(selector, view)).and_then(|value| function_in(&value));
        // The others are given something else.
        let first = entry.handler.as_ref().and_then(|selector| selector.takes().first()).cloned().map(Selector::Take);
        let is_first = first.and_then(|first| self.evaluator.select(&first, view)).and_then(|value| function_in(&value)).is_some();
        let identity = entry.identity.as_ref().filter(|_| is_first || entry.handler.is_none());
        let given = (entry.headers.as_ref().filter(|_| is_first), identity);
        let leaf = MessageLeaf { received: entry.received.clone(), ..self.leaf(view, given) };
        let group = view.callee.receiver.as_ref().and_then(|receiver| receiver.origin);
        let delivery = self.delivery(view, entry);
        let (system, wildcards, instrumentation) = (entry.system.clone(), entry.wildcards, entry.instrumentation.clone());
        let complete = |message: MessageDecl| MessageDecl {
            consumes: true,
            system: system.clone(),
            handler,
            group,
            wildcards,
            delivery,
            refusals: entry.refusal.clone(),
            instrumentation: instrumentation.clone(),
            leaves: vec![leaf.clone()],
            ..message
        };
        if destinations.is_empty() {
            let message = complete(message(Site::Call(view.site), function, Vec::new(), None));
            self.link.messages.push(message);
        }
        for destination in destinations {
            let detached = self.is_detached(walk, view.site.call);
            self.messages(view.site, function, &[named_elsewhere(destination), Value::text("")], detached, complete);
        }
        true
    }

    /// The names that a consumer receives from. Which of them a regular expression means, those know who send.
    fn received_from(&mut self, selector: &Selector, view: &CallView<'_>) -> Vec<Value> {
        let named = self.evaluator.select_text(selector, view);
        let others = self.evaluator.selects_regex(selector, view) && named != Some(Value::Unknown);
        named.into_iter().chain(others.then_some(Value::Unknown)).collect()
    }

    /// How often messages are handed over; not known where something decides it that is not known.
    fn delivery(&mut self, view: &CallView<'_>, entry: &catalog::Consumer) -> Option<Delivery> {
        let Some(value) = entry.unacknowledged.as_ref().and_then(|selector| self.evaluator.select(selector, view)) else {
            return entry.delivery;
        };
        match value.patterns().iter().map(Pattern::literal).collect::<Option<Vec<_>>>()?.as_slice() {
            [one] if *one == "true" => Some(Delivery::AtMostOnce),
            [one] if *one == "false" => entry.delivery,
            _ => None,
        }
    }

    fn messages(
        &mut self,
        site: CallRef,
        function: FunctionRef,
        values: &[Value],
        detached: bool,
        complete: impl Fn(MessageDecl) -> MessageDecl,
    ) {
        for draft in self.drafts(site, function, values, detached) {
            for lifted in self.lift_to_owners(draft, &|_, draft| draft.texts.iter().any(Pattern::is_open)) {
                let key = lifted.texts[1].clone();
                let key = (key.literal().as_deref() != Some("")).then_some(key);
                let declared = complete(message(Site::Call(lifted.site), lifted.function, vec![lifted.texts[0].clone()], key));
                let same = self.link.messages.iter_mut().find(|known| known.site == declared.site && known.consumes == declared.consumes);
                match same {
                    Some(known) => {
                        for leaf in declared.leaves {
                            if !known.leaves.contains(&leaf) {
                                known.leaves.push(leaf);
                            }
                        }
                        for destination in declared.destinations {
                            if !known.destinations.contains(&destination) {
                                known.destinations.push(destination);
                            }
                        }
                    }
                    None => self.link.messages.push(declared),
                }
            }
        }
    }

    pub(super) fn consumer_attribute(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::ConsumerAttribute) {
        let Some(destination) = self.evaluator.select_text(&entry.destination, view).map(named_elsewhere) else { return };
        let destinations = destination.patterns();
        let declared = MessageDecl {
            consumes: true,
            system: entry.system.clone(),
            handler: Some(function),
            replies: entry.replies,
            delivery: entry.delivery,
            ..message(Site::Function(function), function, destinations, None)
        };
        self.link.messages.push(declared);
    }

    /// Messages that a platform hands to functions of the file.
    pub(super) fn platform_messages(&mut self, walk: &Walk<'w>) {
        let workspace = self.evaluator.cx.workspace;
        for received in workspace.receivers.get(&self.file).into_iter().flatten() {
            let export = walk.facts.exports.iter().find(|export| export.name == received.exported);
            let Some(handler) = export.and_then(|export| self.handler(walk, export.value)) else { continue };
            let site = if handler.file == self.file { Site::Function(handler) } else { Site::File(self.file) };
            let function = super::value::module_function(self.file);
            let destinations = vec![Pattern::text(received.messages.channel.clone())];
            self.link.messages.push(MessageDecl {
                consumes: true,
                system: received.messages.system.clone(),
                handler: Some(handler),
                delivery: Some(Delivery::AtLeastOnce),
                ..message(site, function, destinations, None)
            });
        }
    }

    pub(super) fn binding(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Binding) -> bool {
        let queue_system = entry.queue_system.as_ref().unwrap_or(&entry.system);
        let systems = [&entry.system, queue_system];
        let Some(bound) = self.bound_together(function, view, systems, [&entry.queue, &entry.exchange], entry.routing_key.as_ref()) else {
            return false;
        };
        self.link.bindings.extend(bound);
        true
    }

    pub(super) fn dead_letter(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::DeadLetter) -> bool {
        self.declared_queue(function, view, entry);
        let systems = [&entry.system, &entry.system];
        let Some(bound) = self.bound_together(function, view, systems, [&entry.queue, &entry.exchange], entry.routing_key.as_ref()) else {
            return false;
        };
        let expires = entry.expiry.as_ref().is_some_and(|selector| self.evaluator.says(selector, view));
        self.link.dead_letters.extend(bound.into_iter().map(|letter| BindingDecl { expires, ..letter }));
        true
    }

    /// The queue that a call declares, whether or not it says where refused messages go.
    fn declared_queue(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::DeadLetter) {
        let Some(name) = self.evaluator.select_text(&entry.queue, view) else { return };
        let argument = |take: &catalog::Take| usize::try_from(take.argument?).ok();
        let Some(named) = entry.queue.takes().iter().find_map(argument) else { return };
        let hands_on = self.may_hand_on(view, entry);
        let first = |selector: &Selector| selector.takes().first().and_then(|take| Some((argument(take)?, take.key.clone()?)));
        let option = first(&entry.exchange).zip(entry.routing_key.as_ref().and_then(first));
        let option = option.filter(|((one, _), (other, _))| one == other).map(|((at, exchange), (_, key))| (at, [exchange, key]));
        for draft in self.drafts(view.site, function, &[name], false) {
            let undecided = |_: &mut Self, draft: &Draft| draft.texts.iter().any(Pattern::is_open);
            for lifted in self.lift_to_owners(draft, &undecided) {
                let [queue] = lifted.texts.as_slice() else { continue };
                self.link.queues.push(QueueDecl {
                    system: entry.system.clone(),
                    queue: queue.clone(),
                    leaf: view.site,
                    lifted: lifted.site != view.site,
                    hands_on,
                    named,
                    option: option.clone(),
                });
            }
        }
    }

    /// Whether a call says where refused messages go, or may. A table of Rust says nothing where it is made there and then, and is filled otherwise.
    fn may_hand_on(&mut self, view: &CallView<'_>, entry: &catalog::DeadLetter) -> bool {
        let facts = self.evaluator.facts(view.site.file).filter(|facts| facts.language == Language::Rust);
        let Some(facts) = facts else { return self.evaluator.may_say(&entry.exchange, view) };
        let is_empty = |table: ExprId| match facts.expr(table) {
            Expr::Call(made) => {
                matches!(facts.expr(facts.call(*made).callee), Expr::Path(path) if path.last().is_some_and(|it| it == "default"))
            }
            _ => false,
        };
        let table = entry.exchange.takes().iter().find_map(|take| view.argument(take.argument?));
        !table.is_some_and(|table| is_empty(table.value))
    }

    /// A queue and an exchange that a call, or who calls its function, names together.
    fn bound_together(
        &mut self,
        function: FunctionRef,
        view: &CallView<'_>,
        [system, queue_system]: [&Symbol; 2],
        [queue, exchange]: [&Selector; 2],
        routing_key: Option<&Selector>,
    ) -> Option<Vec<BindingDecl>> {
        let queue = self.evaluator.select_text(queue, view)?;
        let exchange = self.evaluator.select_text(exchange, view)?;
        let key = routing_key.and_then(|selector| self.evaluator.select_text(selector, view));
        let values: Vec<Value> = [exchange, queue].into_iter().chain(key).collect();
        let mut all = Vec::new();
        for draft in self.drafts(view.site, function, &values, false) {
            let undecided = |_: &mut Self, draft: &Draft| draft.texts.iter().any(Pattern::is_open);
            for lifted in self.lift_to_owners(draft, &undecided) {
                let [exchange, queue, keys @ ..] = lifted.texts.as_slice() else { continue };
                all.push(BindingDecl {
                    system: system.clone(),
                    queues: vec![queue.clone()],
                    queue_system: queue_system.clone(),
                    exchanges: vec![exchange.clone()],
                    routing_keys: keys.to_vec(),
                    site: lifted.site,
                    function: lifted.function,
                    lifted: lifted.site != view.site,
                    expires: false,
                });
            }
        }
        Some(all)
    }
}

impl Linker<'_> {
    /// A message that a request to Dapr's sidecar publishes.
    pub(super) fn publication(&mut self, site: CallRef, function: FunctionRef, topic: Pattern) {
        let declared = MessageDecl { system: "dapr".into(), ..message(Site::Call(site), function, vec![topic], None) };
        if !self.link.messages.contains(&declared) {
            self.link.messages.push(declared);
        }
    }

    /// What a statement says of PostgreSQL's notifications, be it by a value that is bound to it.
    pub(super) fn notifications(&mut self, site: CallRef, function: FunctionRef, statement: &str) {
        let bound = sql::notified_by_value(statement).and_then(|at| self.evaluator.bound_value(site, at));
        let bound = bound.and_then(|channel| channel.literal()).map(|channel| (false, channel));
        for (listens, channel) in sql::notifications(statement).into_iter().chain(bound) {
            let declared = MessageDecl {
                consumes: listens,
                system: "postgresql".into(),
                delivery: listens.then_some(Delivery::AtMostOnce),
                ..message(Site::Call(site), function, vec![Pattern::text(channel)], None)
            };
            if !self.link.messages.contains(&declared) {
                self.link.messages.push(declared);
            }
        }
    }
}

/// A destination, with names in place of the constants of packages from outside of the workspace that stand for it: whoever else names the constant of
/// that package means the same.
pub(super) fn named_elsewhere(destination: Value) -> Value {
    let constant = |value: &Value| match value {
        Value::External(package, path) if package != "global" && is_constant(path) => path.last().map(|name| qualified(name, package)),
        _ => None,
    };
    if !destination.alternatives().iter().any(|value| constant(value).is_some()) {
        return destination;
    }
    let named = destination.alternatives().iter().map(|value| constant(value).map_or_else(|| value.clone(), Value::text));
    Value::one_of(named.collect::<Vec<_>>())
}

/// Whether a path in a package names a constant, by its spelling: `QUEUE`, `Topics.orderPlaced`. What the package has as its default, or as a whole,
/// may be settings, which are others in each service: `config.queue`.
fn is_constant(path: &[Symbol]) -> bool {
    path.first().is_some_and(|first| first != "default") && path.iter().any(|name| name.starts_with(char::is_uppercase))
}

pub(super) fn message(site: Site, function: FunctionRef, destinations: Vec<Pattern>, routing_key: Option<Pattern>) -> MessageDecl {
    MessageDecl {
        consumes: false,
        system: Default::default(),
        destinations,
        routing_key,
        payload: None,
        site,
        function,
        handler: None,
        group: None,
        wildcards: None,
        delivery: None,
        refusals: Vec::new(),
        instrumentation: None,
        replies: false,
        asks: false,
        kept: false,
        carrier: Carrier::default(),
        leaves: Vec::new(),
    }
}

/// `TCP` of `Transport.TCP`.
fn last_word(name: &str) -> Option<Symbol> {
    name.rsplit('.').next().map(Symbol::new)
}
