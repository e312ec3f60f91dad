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
    /// Whether it waits for an answer, which makes it a synchronous call.
    #[serde(default)]
    pub replies: bool,
    /// How it travels, where options say that.
    #[serde(default)]
    pub transport: Option<Transport>,
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
    /// The exchange.
    pub exchange: Selector,
    /// The pattern of routing keys.
    #[serde(default)]
    pub routing_key: Option<Selector>,
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
    /// The handler; missing where another call on the same value names it.
    #[serde(default)]
    pub handler: Option<Selector>,
    /// Where the handled messages' trace context comes from: the instrumentation that must be on (`kafkajs`).
    #[serde(default)]
    pub instrumentation: Option<Symbol>,
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
}
