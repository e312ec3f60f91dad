//! Entries of brokers: who sends, who receives, and what is bound to what.
//!
//! What deliberately does not live here: events within a process, which cross no boundary. Invariant: a destination is named as the library
//! names it; which destinations are one is the analysis' to say.

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A call that sends a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Producer {
    /// What is called.
    pub callee: Names,
    /// `messaging.system`.
    pub system: Symbol,
    /// `messaging.destination.name`: topic, queue, subject; with a `routing_key` the exchange.
    pub destination: Selector,
    /// The routing key of an exchange; where the exchange is the empty text, the queue.
    #[serde(default)]
    pub routing_key: Option<Selector>,
    /// What is sent, if it is JSON; a list of messages stands for each of them.
    #[serde(default)]
    pub body: Option<Selector>,
    /// How many of its first arguments are texts, or made JSON of by the library itself.
    #[serde(default)]
    pub as_json: usize,
    /// Whether what it gives back is an observable, not a promise.
    #[serde(default)]
    pub observable: bool,
    /// Whether it waits for an answer, which makes it a synchronous call.
    #[serde(default)]
    pub replies: bool,
    /// Where it says which channel an answer is waited for on: what says so is a question, whose sender hears if it gets lost.
    #[serde(default)]
    pub reply_to: Option<Selector>,
    /// Whether it writes the message into an outbox: a row of the transaction that it is called in, from which something else sends it.
    #[serde(default)]
    pub kept: bool,
    /// How it travels, where options say that.
    #[serde(default)]
    pub transport: Option<Transport>,
    /// Where it says how long the message waits in its queue at most.
    #[serde(default)]
    pub expiry: Option<Selector>,
    /// Where it is given the message's headers.
    #[serde(default)]
    pub headers: Option<Headers>,
    /// Where it is given what tells the message from all others.
    #[serde(default)]
    pub identity: Option<Identity>,
}

/// What tells a message from all others, and is the same each time that it is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The argument that has it, counted from 0; of a consumer, the parameter of its handler.
    #[serde(default)]
    pub argument: usize,
    /// Dotted paths of keys to its parts; in Rust, what is called on the message.
    pub keys: Vec<Symbol>,
    /// Whether a consumer's handler may be called without a message.
    #[serde(default)]
    pub optional: bool,
    /// Whether a consumer is given it only where the sender gave it.
    #[serde(default)]
    pub sent: bool,
}

/// Where the headers of a message are, by which the context of a trace can travel: an object with texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// The argument that has them, counted from 0; of a consumer, the parameter of its handler.
    pub argument: usize,
    /// Dotted path of keys to them: `properties.headers`; `messages[]` is each of a list.
    pub key: Symbol,
    /// Whether a consumer's handler may be called without a message.
    #[serde(default)]
    pub optional: bool,
}

/// How messages travel, where options of the sending or receiving value say that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transport {
    /// The option that names it.
    pub name: Selector,
    /// `messaging.system` by that name.
    pub systems: FxHashMap<Symbol, Symbol>,
    /// Names of those that go to a host without a broker between.
    #[serde(default)]
    pub direct: Vec<Symbol>,
    /// The host of those.
    #[serde(default)]
    pub host: Option<Selector>,
    /// The port of those.
    #[serde(default)]
    pub port: Option<Selector>,
    /// The queue that all messages go through, where there is one.
    #[serde(default)]
    pub queue: Option<Selector>,
}

/// A call that says how messages reach the handlers that decorators declare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// What is called.
    pub callee: Names,
    /// How they travel.
    pub transport: Transport,
    /// `messaging.system` of those that hand each message over once, unless told otherwise.
    #[serde(default)]
    pub at_most_once: Vec<Symbol>,
    /// Where it says whether a message counts as handled when it is handed over: `false` has it handed over again.
    #[serde(default)]
    pub unacknowledged: Option<Selector>,
}

/// A call that binds a queue to an exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// What is called.
    pub callee: Names,
    /// `messaging.system`.
    pub system: Symbol,
    /// The queue.
    pub queue: Selector,
    /// `messaging.system` of the queue, where it is another than the exchange's.
    #[serde(default)]
    pub queue_system: Option<Symbol>,
    /// The exchange.
    pub exchange: Selector,
    /// The pattern of routing keys.
    #[serde(default)]
    pub routing_key: Option<Selector>,
}

/// A call that says where messages of a queue go that are refused, or that nobody handles in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// What is called.
    pub callee: Names,
    /// `messaging.system`.
    pub system: Symbol,
    /// The queue.
    pub queue: Selector,
    /// The exchange that they go to.
    pub exchange: Selector,
    /// Their routing key there; where the exchange is the empty text, the queue.
    #[serde(default)]
    pub routing_key: Option<Selector>,
    /// Where it says how long messages wait in the queue at most.
    #[serde(default)]
    pub expiry: Option<Selector>,
}

/// How often a message is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Again, until it is known to be handled: perhaps twice.
    AtLeastOnce,
    /// Once, and perhaps never: it counts as handled when it is handed over.
    AtMostOnce,
}

/// A call that receives messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// What is called.
    pub callee: Names,
    /// `messaging.system`.
    pub system: Symbol,
    /// `messaging.destination.name`; missing where another call on the same value names it (`subscribe`, then `run`).
    #[serde(default)]
    pub destination: Option<Selector>,
    /// How the destination may stand for several.
    #[serde(default)]
    pub wildcards: Option<Wildcards>,
    /// The handler; missing where another call on the same value names it.
    #[serde(default)]
    pub handler: Option<Selector>,
    /// Methods that hand over the next message, where code asks for each and there is no handler.
    #[serde(default)]
    pub received: Vec<Symbol>,
    /// Where the handled messages' trace context comes from: the instrumentation that must be on (`kafkajs`).
    #[serde(default)]
    pub instrumentation: Option<Symbol>,
    /// Where the first `handler` is given the message's headers.
    #[serde(default)]
    pub headers: Option<Headers>,
    /// How often a message is handed over, if that follows from the call.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// What, where it is `true`, makes that at most once.
    #[serde(default)]
    pub unacknowledged: Option<Selector>,
    /// Methods by which a handler refuses a message.
    #[serde(default)]
    pub refusal: Vec<Refusal>,
    /// Where the first `handler` is given what tells the message from all others.
    #[serde(default)]
    pub identity: Option<Identity>,
}

/// A method by which a message is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The method.
    pub method: Symbol,
    /// The argument that says whether the message goes back into its queue, counted from 0.
    pub argument: usize,
    /// The key in it, where it is an object or struct.
    #[serde(default)]
    pub key: Option<Symbol>,
    /// Whether it does where that is not said.
    #[serde(default)]
    pub requeues: bool,
}

/// How one destination stands for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wildcards {
    /// Words between dots: `*` is one, `>` all that follow, at least one.
    Nats,
    /// Levels between slashes: `+` is one, `#` all that follow, perhaps none.
    Mqtt,
    /// Characters: `*` is any number of them, `?` one.
    Glob,
}

impl Wildcards {
    /// Whether a destination stands for others than itself.
    pub fn are_in(self, destination: &str) -> bool {
        match self {
            Wildcards::Nats => destination.split('.').any(|word| matches!(word, "*" | ">")),
            Wildcards::Mqtt => destination.split('/').any(|level| matches!(level, "+" | "#")),
            Wildcards::Glob => destination.contains(['*', '?']),
        }
    }

    /// Whether a destination with wildcards stands for another.
    pub fn match_destination(self, pattern: &str, destination: &str) -> bool {
        match self {
            Wildcards::Nats => match_words(pattern.split('.'), destination.split('.'), "*", ">", false),
            Wildcards::Mqtt => match_words(pattern.split('/'), destination.split('/'), "+", "#", true),
            Wildcards::Glob => match_glob(pattern.as_bytes(), destination.as_bytes()),
        }
    }
}

fn match_words<'a>(
    mut pattern: impl Iterator<Item = &'a str>,
    mut words: impl Iterator<Item = &'a str>,
    one: &str,
    rest: &str,
    rest_may_be_none: bool,
) -> bool {
    loop {
        match (pattern.next(), words.next()) {
            (None, None) => return true,
            (Some(wanted), Some(_)) if wanted == rest => return true,
            (Some(wanted), None) => return wanted == rest && rest_may_be_none,
            (Some(wanted), Some(word)) if wanted == one || wanted == word => {}
            _ => return false,
        }
    }
}

fn match_glob(pattern: &[u8], text: &[u8]) -> bool {
    matches_wildcards(pattern, text, |byte| *byte == b'*', |byte, given| *byte == b'?' || byte == given)
}

/// Whether a pattern fits, some of whose items stand for any number of items (`is_any`), others for one each (`fits_one`). In linear space and, with
/// its one point of return, never more than quadratic time.
pub fn matches_wildcards<T>(pattern: &[T], items: &[T], is_any: impl Fn(&T) -> bool, fits_one: impl Fn(&T, &T) -> bool) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while place < items.len() {
        match pattern.get(at) {
            Some(wanted) if is_any(wanted) => {
                star = Some((at, place));
                at += 1;
            }
            Some(wanted) if fits_one(wanted, &items[place]) => {
                at += 1;
                place += 1;
            }
            _ => match &mut star {
                Some((of, from)) => {
                    *from += 1;
                    (at, place) = (*of + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(is_any)
}

/// A handler of messages declared by a decorator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsumerAttribute {
    /// The attribute's path in the package.
    pub attribute: Names,
    /// `messaging.system`; `*` where the transport is configured elsewhere.
    pub system: Symbol,
    /// `messaging.destination.name`.
    pub destination: Selector,
    /// Whether the sender waits for an answer, which makes it a synchronous call.
    #[serde(default)]
    pub replies: bool,
    /// How often a message is handed over, if that follows from the decorator.
    #[serde(default)]
    pub delivery: Option<Delivery>,
}

/// An object that declares a service of a framework: the actions that others ask it for by name, and the events that it listens to. Calls are
/// given such objects; what a file of a package exports that depends on the library is one, too, if it has the keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSchema {
    /// Calls that are given one.
    pub callee: Names,
    /// Where.
    pub schema: Selector,
    /// `messaging.system`.
    pub system: Symbol,
    /// The key of the service's name, which the names of its actions begin with.
    pub name: Symbol,
    /// The key of its version, which goes before the name.
    pub version: Symbol,
    /// The key of its actions.
    pub actions: Symbol,
    /// The key of its events.
    pub events: Symbol,
    /// The key of the function, where an action or event is more than one.
    pub handler: Symbol,
}

#[cfg(test)]
mod tests {
    use super::Wildcards;

    #[test]
    fn wildcards_stand_for_what_their_broker_says() {
        for (kind, pattern, destination, matches) in [
            (Wildcards::Nats, "orders.*", "orders.placed", true),
            (Wildcards::Nats, "orders.*", "orders.line.added", false),
            (Wildcards::Nats, "orders.>", "orders.line.added", true),
            (Wildcards::Nats, "orders.>", "orders", false),
            (Wildcards::Nats, "*.placed", "orders.placed", true),
            (Wildcards::Mqtt, "home/+/light", "home/hall/light", true),
            (Wildcards::Mqtt, "home/#", "home", true),
            (Wildcards::Mqtt, "home/+", "home/hall/light", false),
            (Wildcards::Glob, "orders:*", "orders:1:paid", true),
            (Wildcards::Glob, "orders:?", "orders:12", false),
            (Wildcards::Glob, "*:paid", "orders:1:paid", true),
        ] {
            assert_eq!(kind.match_destination(pattern, destination), matches, "{pattern} {destination}");
            assert!(kind.are_in(pattern));
        }
        assert!(!Wildcards::Nats.are_in("orders.placed"));
    }
}
