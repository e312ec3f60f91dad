//! What a file sends to brokers and receives of them, and how their channels are bound.
//!
//! What deliberately does not live here: who is at the other end ([`crate::resolve::assemble`]).

use portolan_grammars::catalog::{Delivery, Headers, Identity, Refusal, Wildcards};
use portolan_grammars::facts::{Call, Expr, SourceFacts, Symbol};

use super::{Site, Url};
use crate::FunctionRef;
use crate::resolve::value::{CallRef, Pattern};

/// What stands around the package in the name of a destination for which only a constant stands: no text of code has it.
const AROUND_PACKAGE: char = '\0';

/// The name of a destination for which a constant of a package stands whose text is outside of the workspace. Another package's constant of the same
/// name is another destination.
pub fn qualified(constant: &str, package: &str) -> Symbol {
    format!("{constant}{AROUND_PACKAGE}{package}{AROUND_PACKAGE}").into()
}

/// Whether a destination has such a name.
pub fn is_qualified(name: &str) -> bool {
    name.contains(AROUND_PACKAGE)
}

/// What is shown of a destination's name: of a constant its own name.
pub fn shown_name(name: &str) -> Symbol {
    let Some((constant, rest)) = name.split_once(AROUND_PACKAGE) else { return name.into() };
    let key = rest.split_once(AROUND_PACKAGE).map_or("", |(_, key)| key);
    format!("{constant}{key}").into()
}

/// A message sent or received.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageDecl {
    /// Whether it is received.
    pub consumes: bool,
    /// `messaging.system`.
    pub system: Symbol,
    /// Every destination it may have.
    pub destinations: Vec<Pattern>,
    /// Routing key, where the destination is an exchange.
    pub routing_key: Option<Pattern>,
    /// The keys of what is sent as JSON, where all of them are known.
    pub payload: Option<Vec<Symbol>>,
    /// Where.
    pub site: Site,
    /// The function that is in.
    pub function: FunctionRef,
    /// Consumers: who handles it.
    pub handler: Option<FunctionRef>,
    /// Consumers: the value that subscribes; a subscription and its handler share it.
    pub group: Option<CallRef>,
    /// Consumers: how the destination may stand for several.
    pub wildcards: Option<Wildcards>,
    /// Consumers: how often it is handed over, if that is known.
    pub delivery: Option<Delivery>,
    /// Consumers: by what a handler refuses it.
    pub refusals: Vec<Refusal>,
    /// The instrumentation that makes its spans.
    pub instrumentation: Option<Symbol>,
    /// Whether the sender waits for an answer.
    pub replies: bool,
    /// Whether the message names a channel for its answer.
    pub asks: bool,
    /// Whether it is kept in an outbox first.
    pub kept: bool,
    /// Where it goes.
    pub carrier: Carrier,
    /// The library's calls that send or receive it.
    pub leaves: Vec<MessageLeaf>,
}

/// A library's call that sends or receives messages.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageLeaf {
    /// The call.
    pub call: CallRef,
    /// The library's id.
    pub library: Symbol,
    /// Where it is given the messages' headers, or gives them to its handler, as far as that is known.
    pub headers: Option<Headers>,
    /// The same of what tells a message from all others.
    pub identity: Option<Identity>,
    /// Methods by which code asks for the next message, where no handler is given it.
    pub received: Vec<Symbol>,
    /// How many of its first arguments are texts, or made JSON of by the library itself.
    pub as_json: usize,
    /// Whether what it gives back is an observable, not a promise.
    pub observable: bool,
    /// Whether it is sure to say how long a message waits at most.
    pub expires: bool,
    /// Whether the value that it is called on says where messages go.
    pub by_receiver: bool,
}

impl MessageLeaf {
    /// Whether a call asks for the next message.
    pub(in crate::resolve) fn hands_over(&self, facts: &SourceFacts, call: &Call) -> bool {
        matches!(facts.expr(call.callee), Expr::Member { name, .. } if self.received.contains(name))
    }
}

/// Where messages go, as far as options say that.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Carrier {
    /// Every address it may be, where no broker stands between.
    pub addresses: Vec<Url>,
    /// The queue, where all messages go through one.
    pub queues: Vec<Pattern>,
}

/// How messages reach the handlers that decorators declare.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerDecl {
    /// `messaging.system`.
    pub system: Symbol,
    /// The queue, where all messages go through one.
    pub queues: Vec<Pattern>,
    /// How often messages are handed over, if that is known.
    pub delivery: Option<Delivery>,
    /// The function that says so.
    pub function: FunctionRef,
}

/// A queue bound to an exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct BindingDecl {
    /// `messaging.system`.
    pub system: Symbol,
    /// The queue.
    pub queues: Vec<Pattern>,
    /// `messaging.system` of the queue.
    pub queue_system: Symbol,
    /// The exchange.
    pub exchanges: Vec<Pattern>,
    /// The pattern of routing keys: `*` is one word of them, `#` any number.
    pub routing_keys: Vec<Pattern>,
    /// Where that is decided.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// Whether it is decided where a function is called that binds.
    pub lifted: bool,
    /// Whether it is sure to say how long messages wait in the queue at most.
    pub expires: bool,
}

/// A queue declared by a call that may say where its refused messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueDecl {
    /// `messaging.system`.
    pub system: Symbol,
    /// What it is called.
    pub queue: Pattern,
    /// The library's call.
    pub leaf: CallRef,
    /// Whether who calls the function that declares it decides what it is called.
    pub lifted: bool,
    /// Whether it says where they go, or may.
    pub hands_on: bool,
    /// The argument that names the queue.
    pub named: usize,
    /// The argument and the keys in it that would say the exchange and the routing key, where the library is told by such.
    pub option: Option<(usize, [Symbol; 2])>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_tell_constants_apart_and_are_not_shown() {
        let [one, other] = ["@shop/orders", "@shop/mail"].map(|package| qualified("QUEUE", package));
        assert!(one != other && is_qualified(&one) && !is_qualified("QUEUE"));
        assert_eq!(
            [shown_name(&one).as_str(), shown_name(&format!("{other}/paid")).as_str(), shown_name("a/b").as_str()],
            ["QUEUE", "QUEUE/paid", "a/b"]
        );
    }
}
