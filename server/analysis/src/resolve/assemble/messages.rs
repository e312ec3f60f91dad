//! Channels: who sends and who receives by one name on one system.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::catalog::{Delivery, Wildcards, broker, matches_wildcards};
use portolan_grammars::facts::Symbol;

use super::reach::Reach;
use super::text;
use super::tracing::Coverages;
use super::{Input, Places};
use crate::chart::{Channel, ChannelEnd, Chart, Coverage, Protocol, Reason, ServiceIndex, Status};
use crate::resolve::library::is_unnamed;
use crate::resolve::link::{BindingDecl, ListenerDecl, MessageDecl, is_qualified, shown_name};
use crate::resolve::value::Pattern;

/// More destinations than these are those that a sender may mean, and not those that it sends to.
const MAX_SENT_TO: usize = 3;

/// All channels, by system and name.
pub(super) fn find(input: &Input<'_>, reach: &Reach, coverage: &Coverages<'_>, asked: &Asked) -> Vec<Channel> {
    let places = Places { files: input.files };
    let mut channels: BTreeMap<(Symbol, Symbol), Channel> = BTreeMap::new();
    // A sender that waits for the answer calls.
    let links = || input.links.iter().flatten();
    let declared: Vec<&MessageDecl> = links().flat_map(|link| &link.messages).filter(|message| !message.replies).collect();
    let systems = Systems::find(input, reach);
    let mut wild: Vec<Wild> = Vec::new();
    for message in &declared {
        // A subscription's handler is often named by another call on the same value.
        let handler = message.handler.or_else(|| {
            let group = message.group?;
            declared.iter().find(|other| other.consumes && other.group == Some(group) && other.handler.is_some())?.handler
        });
        for service in input.own_services().filter(|service| reach.has(*service, message.function)) {
            for (name, status) in names(input, service, message) {
                let system = if message.consumes { systems.of(service, &message.system) } else { message.system.clone() };
                let channel = channels.entry((system.clone(), name.clone())).or_insert_with(|| Channel {
                    name,
                    system,
                    producers: Vec::new(),
                    consumers: Vec::new(),
                    halved: false,
                    delays: false,
                });
                let place = places.site(message.site);
                let end = ChannelEnd {
                    service,
                    place,
                    function: if message.consumes { handler.or(Some(message.function)) } else { Some(message.function) },
                    payload: message.payload.clone(),
                    asks: message.asks,
                    kept: message.kept,
                    delivery: systems.delivery(service, message),
                    refusals: message.refusals.clone(),
                    dead_letter: None,
                    expires: message.leaves.iter().any(|leaf| leaf.expires),
                    coverage: if message.consumes { coverage.consumer(input, service, message, handler) } else { Coverage::Unknown },
                    status,
                };
                if let Some(wildcards) = message.wildcards.filter(|wildcards| wildcards.are_in(&channel.name)) {
                    wild.push((wildcards, channel.system.clone(), channel.name.clone(), end.clone()));
                }
                let ends = if message.consumes { &mut channel.consumers } else { &mut channel.producers };
                if !ends.iter().any(|known| known.service == service && known.place == place) {
                    ends.push(end);
                }
            }
        }
    }
    answered_events(input, reach, coverage, &systems, &mut channels);
    join_unnamed(&mut channels);
    spread(&wild, &mut channels);
    for letter in links().flat_map(|link| &link.dead_letters) {
        hand_on(input, reach, letter, &mut channels);
    }
    for binding in links().flat_map(|link| &link.bindings) {
        bind(input, reach, binding, &mut channels);
    }
    // A queue that the broker names is known by what it is bound to.
    channels.retain(|(_, name), _| !is_unnamed(name));
    // Who receives what is only asked for answers it.
    channels.retain(|(system, name), channel| {
        !channel.producers.is_empty() || asked.of(system, name, wildcards_of(&wild, system, name)).is_empty()
    });
    let mut all: Vec<Channel> = channels.into_values().collect();
    for channel in &mut all {
        let key = |end: &ChannelEnd| (end.service, end.place);
        // One line that sends what it receives asks for it itself, as a clock does: no other process hears of it.
        channel.producers.retain(|end| !channel.consumers.iter().any(|other| other.place == end.place));
        channel.producers.sort_by_key(key);
        channel.consumers.sort_by_key(key);
    }
    all
}

/// Leaves the packages out of names that constants from outside stand for, once it is known who means the same.
pub(super) fn show_names(chart: &mut Chart) {
    let channels = chart.channels.iter_mut().map(|channel| &mut channel.name);
    let is_message = |protocol: Protocol| protocol == Protocol::Message;
    let endpoints = chart.endpoints.iter_mut().filter(|endpoint| is_message(endpoint.protocol)).map(|endpoint| &mut endpoint.path);
    let calls = chart.calls.iter_mut().filter(|call| is_message(call.protocol)).map(|call| &mut call.path);
    let unresolved = chart.unresolved.iter_mut().flat_map(|call| match &mut call.reason {
        Reason::Answers(name) => vec![&mut call.path, name],
        _ => Vec::new(),
    });
    for name in channels.chain(endpoints).chain(calls).chain(unresolved).filter(|name| is_qualified(name)) {
        *name = shown_name(name);
    }
}

/// A consumer whose destination stands for several: how, on which system, and what it says.
type Wild = (Wildcards, Symbol, Symbol, ChannelEnd);

/// What a name with wildcards stands for on a system, where a consumer takes it so.
fn wildcards_of(wild: &[Wild], system: &Symbol, pattern: &Symbol) -> Option<Wildcards> {
    wild.iter().find(|(_, on, of, _)| on == system && of == pattern).map(|(wildcards, ..)| *wildcards)
}

/// What is asked over brokers of which whoever receives it answers, by system.
pub(super) struct Asked(BTreeMap<Symbol, BTreeSet<Symbol>>);

impl Asked {
    /// All that services ask.
    pub(super) fn find(input: &Input<'_>, reach: &Reach) -> Self {
        let mut all: BTreeMap<Symbol, BTreeSet<Symbol>> = BTreeMap::new();
        let messages = input.links.iter().flatten().flat_map(|link| &link.messages);
        for message in messages.filter(|message| !message.consumes && message.replies && broker(&message.system).answers) {
            for service in input.own_services().filter(|service| reach.has(*service, message.function)) {
                let names = names(input, service, message).into_iter().map(|(name, _)| name);
                all.entry(message.system.clone()).or_default().extend(names);
            }
        }
        Self(all)
    }

    /// Those that who receives a name, or what a pattern stands for, is asked.
    pub(super) fn of(&self, system: &str, name: &str, wildcards: Option<Wildcards>) -> Vec<Symbol> {
        let is_meant = |asked: &&Symbol| *asked == name || wildcards.is_some_and(|wildcards| wildcards.match_destination(name, asked));
        self.0.get(system).into_iter().flatten().filter(is_meant).cloned().collect()
    }
}

/// Lets consumers of several destinations receive what is sent to each.
fn spread(wild: &[Wild], channels: &mut BTreeMap<(Symbol, Symbol), Channel>) {
    for (wildcards, system, pattern, end) in wild {
        for ((_, name), channel) in channels.iter_mut().filter(|((of, _), _)| of == system) {
            let meant = name != pattern && !channel.producers.is_empty() && wildcards.match_destination(pattern, name);
            if meant && !channel.consumers.iter().any(|known| known.service == end.service && known.place == end.place) {
                channel.consumers.push(end.clone());
            }
        }
    }
}

/// Handlers that answer requests take events of the same name, too, if someone sends such.
fn answered_events(
    input: &Input<'_>,
    reach: &Reach,
    coverage: &Coverages<'_>,
    systems: &Systems,
    channels: &mut BTreeMap<(Symbol, Symbol), Channel>,
) {
    let places = Places { files: input.files };
    let links = || input.links.iter().flatten();
    for message in links().flat_map(|link| &link.messages).filter(|message| message.consumes && message.replies) {
        for service in input.own_services().filter(|service| reach.has(*service, message.function)) {
            for (name, status) in names(input, service, message) {
                let system = systems.of(service, &message.system);
                let sent = channels.values_mut().filter(|channel| channel.name == name && !channel.producers.is_empty());
                for channel in sent.filter(|channel| channel.system == system || channel.system == "*" || system == "*") {
                    let place = places.site(message.site);
                    if !channel.consumers.iter().any(|known| known.service == service && known.place == place) {
                        let coverage = coverage.consumer(input, service, message, message.handler);
                        let function = message.handler.or(Some(message.function));
                        let (payload, asks, delivery, dead_letter) = (None, false, systems.delivery(service, message), None);
                        channel.consumers.push(ChannelEnd {
                            service,
                            place,
                            function,
                            payload,
                            asks,
                            kept: false,
                            delivery,
                            refusals: message.refusals.clone(),
                            dead_letter,
                            expires: false,
                            coverage,
                            status,
                        });
                    }
                }
            }
        }
    }
}

/// Ends whose system options elsewhere decide belong to the only channel of their name, if there is one.
fn join_unnamed(channels: &mut BTreeMap<(Symbol, Symbol), Channel>) {
    let unnamed: Vec<(Symbol, Symbol)> = channels.keys().filter(|(system, _)| system == "*").cloned().collect();
    for key in unnamed {
        let mut named = channels.keys().filter(|(system, name)| *name == key.1 && system != "*");
        let (Some(only), None) = (named.next().cloned(), named.next()) else { continue };
        let Some(from) = channels.remove(&key) else { continue };
        let Some(to) = channels.get_mut(&only) else { continue };
        for (ends, known) in [(from.producers, &mut to.producers), (from.consumers, &mut to.consumers)] {
            for end in ends {
                if !known.iter().any(|known| known.service == end.service && known.place == end.place) {
                    known.push(end);
                }
            }
        }
    }
}

/// One way by which a service listens.
#[derive(Debug, Clone)]
struct Listens {
    system: Symbol,
    queues: Vec<String>,
    delivery: Option<Delivery>,
}

/// How messages reach the handlers of each service that decorators declare.
pub(super) struct Systems {
    by_service: Vec<Vec<Listens>>,
}

impl Systems {
    /// Reads what services listen to.
    pub(super) fn find(input: &Input<'_>, reach: &Reach) -> Self {
        let listeners: Vec<&ListenerDecl> = input.links.iter().flatten().flat_map(|link| &link.listeners).collect();
        let mut by_service = vec![Vec::new(); input.workspace.services.len()];
        if listeners.is_empty() {
            return Self { by_service };
        }
        for service in input.own_services() {
            for listener in listeners.iter().filter(|listener| reach.has(service, listener.function)) {
                let queues = texts(input, service, &listener.queues);
                by_service[service.index()].push(Listens { system: listener.system.clone(), queues, delivery: listener.delivery });
            }
        }
        Self { by_service }
    }

    /// The system of a service's handlers: the only one that it listens to, where they do not say.
    pub(super) fn of(&self, service: ServiceIndex, declared: &Symbol) -> Symbol {
        if declared != "*" {
            return declared.clone();
        }
        let mut all = self.by_service[service.index()].iter().map(|listens| &listens.system);
        match all.next() {
            Some(first) if all.all(|other| other == first) => first.clone(),
            _ => declared.clone(),
        }
    }

    /// How often a service's handler is given a message: what it says itself, else what all that the service listens by say alike.
    fn delivery(&self, service: ServiceIndex, message: &MessageDecl) -> Option<Delivery> {
        if !message.consumes || message.delivery.is_some() || message.system != "*" {
            return message.delivery;
        }
        let mut all = self.by_service[service.index()].iter().map(|listens| listens.delivery);
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    /// Whether a service may receive what is sent over a system.
    pub(super) fn may_receive(&self, service: ServiceIndex, system: &str) -> bool {
        let all = &self.by_service[service.index()];
        system == "*" || all.is_empty() || all.iter().any(|listens| listens.system == system)
    }

    /// Whether a service listens to one of these queues.
    pub(super) fn listens(&self, service: ServiceIndex, queues: &[String]) -> bool {
        self.by_service[service.index()].iter().any(|listens| listens.queues.iter().any(|queue| queues.contains(queue)))
    }
}

/// Patterns as a service sees them, without those that it does not know all of.
pub(super) fn texts(input: &Input<'_>, service: ServiceIndex, patterns: &[Pattern]) -> Vec<String> {
    let all = patterns.iter().flat_map(|pattern| text::texts(input, service, pattern)).map(|text| text.text);
    all.filter(|text| !text.contains("{}") && !text.contains("${")).collect()
}

/// The destinations of a message as a service names them; an exchange with its routing key is `exchange/key`.
pub(super) fn names(input: &Input<'_>, service: ServiceIndex, message: &MessageDecl) -> Vec<(Symbol, Status)> {
    let mut names: Vec<(Symbol, Status)> = destinations(input, service, message).into_iter().flatten().collect();
    names.sort();
    names.dedup_by(|a, b| a.0 == b.0);
    names
}

/// The same, with `None` for those that are not known.
pub(super) fn destinations(input: &Input<'_>, service: ServiceIndex, message: &MessageDecl) -> Vec<Option<(Symbol, Status)>> {
    let mut names = Vec::new();
    for destination in &message.destinations {
        for text in text::texts(input, service, destination) {
            let key = match &message.routing_key {
                Some(key) => text::texts(input, service, key).into_iter().next().map(|text| text.text),
                None => None,
            };
            let whole = match key {
                // The default exchange delivers to the queue of the key's name.
                Some(key) if text.text.is_empty() => key,
                Some(key) if !key.is_empty() => format!("{}/{key}", text.text),
                _ => text.text.clone(),
            };
            let whole = queue_name(&message.system, whole);
            let known = !whole.is_empty() && !whole.contains("{}") && !whole.contains("${");
            // What a constant from outside says, its name alone tells.
            let status = if text.guessed || is_qualified(&whole) { Status::Likely } else { Status::Exact };
            let name = known.then(|| (Symbol::from(whole), status));
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    // A function that knows all destinations gives back one of them: which, only its argument tells.
    if !message.consumes && names.len() > MAX_SENT_TO { vec![None] } else { names }
}

/// The name of a queue or topic in the URL or ARN that stands for it.
fn queue_name(system: &str, text: String) -> String {
    match system {
        "aws_sqs" | "aws.sns" if !is_qualified(&text) => {
            text.rsplit(['/', ':']).next().filter(|last| !last.is_empty()).map(str::to_owned).unwrap_or(text)
        }
        _ => text,
    }
}

/// Who binds a queue. What only a function binds that no service runs, such as code that sets up an infrastructure, counts for all, as far as it
/// needs no environment.
fn binders(input: &Input<'_>, reach: &Reach, binding: &BindingDecl) -> Vec<Option<ServiceIndex>> {
    let mut binds: Vec<Option<ServiceIndex>> =
        input.own_services().filter(|service| reach.has(*service, binding.function)).map(Some).collect();
    if binds.is_empty() {
        binds.push(None);
    }
    binds
}

/// Names of a binding as who binds sees them.
fn names_of(input: &Input<'_>, service: Option<ServiceIndex>, system: &str, patterns: &[Pattern]) -> Vec<String> {
    let texts = patterns.iter().flat_map(|pattern| match service {
        Some(service) => text::texts(input, service, pattern).into_iter().map(|text| text.text).collect::<Vec<_>>(),
        None => pattern.literal().map(|text| text.to_string()).into_iter().collect(),
    });
    texts.map(|text| queue_name(system, text)).collect()
}

/// Lets the consumers of a queue know where messages go that they refuse, where one place alone is said, and those who look for consumers that it
/// needs none where it only holds messages back.
fn hand_on(input: &Input<'_>, reach: &Reach, letter: &BindingDecl, channels: &mut BTreeMap<(Symbol, Symbol), Channel>) {
    let place = Places { files: input.files }.call(letter.site);
    for service in binders(input, reach, letter) {
        let texts = |patterns: &[Pattern]| names_of(input, service, &letter.system, patterns);
        let (exchanges, keys) = (texts(&letter.exchanges), texts(&letter.routing_keys));
        let name = match (exchanges.as_slice(), keys.as_slice()) {
            // The default exchange delivers to the queue of the key's name.
            ([exchange], [key]) if exchange.is_empty() => key.clone(),
            ([exchange], [key]) if !key.is_empty() => format!("{exchange}/{key}"),
            ([exchange], _) => exchange.clone(),
            _ => continue,
        };
        if name.is_empty() || name.contains(['{', '$']) {
            continue;
        }
        for queue in texts(&letter.queues) {
            let Some(channel) = channels.get_mut(&(letter.queue_system.clone(), Symbol::new(&queue))) else { continue };
            let own = |end: &&mut ChannelEnd| !is_unnamed(&queue) || Some(end.service) == service;
            for end in channel.consumers.iter_mut().filter(own) {
                end.dead_letter = Some((name.as_str().into(), place));
            }
            channel.delays |= letter.expires || !channel.producers.is_empty() && channel.producers.iter().all(|end| end.expires);
        }
    }
}

/// Lets the consumers of a bound queue receive what is sent to its exchange.
fn bind(input: &Input<'_>, reach: &Reach, binding: &BindingDecl, channels: &mut BTreeMap<(Symbol, Symbol), Channel>) {
    for service in binders(input, reach, binding) {
        let texts = |system: &str, patterns: &[Pattern]| names_of(input, service, system, patterns);
        let exchanges = texts(&binding.system, &binding.exchanges);
        let keys = texts("", &binding.routing_keys);
        for queue in texts(&binding.queue_system, &binding.queues) {
            let key = (binding.queue_system.clone(), Symbol::new(&queue));
            let Some(mut consumers) = channels.get(&key).map(|channel| channel.consumers.clone()) else { continue };
            // A queue that the broker names is that of whoever binds it.
            if is_unnamed(&queue) {
                consumers.retain(|end| Some(end.service) == service);
                if binding.lifted {
                    let place = Places { files: input.files }.call(binding.site);
                    consumers.iter_mut().for_each(|end| end.place = place);
                }
                // Where nobody is known to send, the exchange is the channel all the same.
                for exchange in exchanges.iter().filter(|exchange| !exchange.is_empty() && !exchange.contains(['{', '$'])) {
                    let written = |key: &String| if key.is_empty() { exchange.clone() } else { format!("{exchange}/{key}") };
                    let plain = keys.iter().filter(|key| !key.contains(['{', '$', '*', '#'])).map(written);
                    for name in plain {
                        channels.entry((binding.system.clone(), name.as_str().into())).or_insert_with(|| Channel {
                            name: name.as_str().into(),
                            system: binding.system.clone(),
                            producers: Vec::new(),
                            consumers: Vec::new(),
                            halved: false,
                            delays: false,
                        });
                    }
                }
            }
            for ((system, name), channel) in channels.iter_mut() {
                let bound = exchanges.iter().any(|exchange| match name.strip_prefix(exchange.as_str()) {
                    Some("") => true,
                    Some(rest) => {
                        rest.strip_prefix('/').is_some_and(|key| keys.is_empty() || keys.iter().any(|pattern| is_routed(pattern, key)))
                    }
                    None => false,
                });
                if *system != binding.system || !bound || (*system == binding.queue_system && name.as_str() == queue) {
                    continue;
                }
                for end in &consumers {
                    if !channel.consumers.iter().any(|known| known.service == end.service && known.place == end.place) {
                        channel.consumers.push(end.clone());
                    }
                }
            }
        }
    }
}

/// Whether a pattern of routing keys lets a key through: `*` is one word, `#` any number; an empty pattern is a fanout's.
fn is_routed(pattern: &str, key: &str) -> bool {
    let [words, key]: [Vec<&str>; 2] = [pattern, key].map(|text| text.split('.').collect());
    pattern.is_empty() || matches_wildcards(&words, &key, |word| *word == "#", |word, given| *word == "*" || word == given)
}

#[cfg(test)]
mod tests {
    use portolan_grammars::catalog::Wildcards;
    use portolan_grammars::facts::TextRange;

    use super::{is_routed, wildcards_of};
    use crate::chart::ServiceIndex;
    use crate::testing::{end, module};
    use crate::{FileId, Place};

    #[test]
    fn wildcards_are_those_of_the_system() {
        let place = Place { file: FileId(0), range: TextRange::default() };
        let wild = [(Wildcards::Glob, "redis".into(), "orders.*".into(), end(ServiceIndex(0), place, module(FileId(0))))];
        assert_eq!(wildcards_of(&wild, &"redis".into(), &"orders.*".into()), Some(Wildcards::Glob));
        assert_eq!(wildcards_of(&wild, &"nats".into(), &"orders.*".into()), None);
    }

    #[test]
    fn many_wildcards_take_no_time() {
        let [pattern, key] = ["#.".repeat(200) + "b", "a.".repeat(2000) + "a"];
        assert!(!is_routed(&pattern, &key));
    }

    #[test]
    fn keys_are_routed_by_words() {
        for (pattern, key, routed) in [
            ("order.created", "order.created", true),
            ("order.*", "order.created", true),
            ("order.*", "order.line.created", false),
            ("order.#", "order.line.created", true),
            ("#", "anything.at.all", true),
            ("", "anything", true),
            ("*.created", "order.paid", false),
            ("#.b", "a.a.b", true),
            ("a.#.b.#", "a.b", true),
        ] {
            assert_eq!(is_routed(pattern, key), routed, "{pattern} {key}");
        }
    }
}
