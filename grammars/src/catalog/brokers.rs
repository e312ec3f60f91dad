//! Brokers: what holds for one, whichever library speaks to it.
//!
//! What deliberately does not live here: what a call of a library means, which [`super::messaging`] has. Invariant: of a broker that is not listed
//! nothing is said.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// What holds for a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// Whether it hands a message over again when it is not told that it was handled.
    pub redelivers: bool,
    /// Whether its messages are rows of a database: a transaction holds them, and whatever writes rows sends them.
    pub in_database: bool,
    /// Whether a message is lost that nobody receives right then.
    pub forgets: bool,
    /// Whether settings outside of code decide where messages go, and who sends them.
    pub routed_outside: bool,
    /// Whether a queue or a topic has to be made before messages are sent to it, by who sets the broker up.
    pub made_first: bool,
    /// Whether messages go to exchanges, from which bindings lead on.
    pub exchanges: bool,
    /// Whether it remembers how far a handler came, and goes on from there when one of its steps failed.
    pub resumes: bool,
    /// Whether whoever receives what is sent by a name answers what is asked by it: a reply goes where the message itself says.
    pub answers: bool,
}

static BROKERS: LazyLock<BTreeMap<String, Broker>> = LazyLock::new(|| toml::from_str(include_str!("brokers.toml")).unwrap_or_default());

/// What holds for a broker, by its `messaging.system`.
pub fn broker(system: &str) -> Broker {
    BROKERS.get(system).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn brokers_are_those_of_libraries() {
        assert!(broker("kafka").redelivers && broker("pg-boss").in_database);
        assert_eq!(broker("nobody"), Broker::default());
        let libraries: Vec<_> = Catalog::embedded().filter_map(|(_, library)| library.ok()).collect();
        for system in BROKERS.keys() {
            let sends = libraries.iter().flat_map(|library| &library.producer).any(|producer| producer.system == system.as_str());
            let receives = libraries.iter().flat_map(|library| &library.consumer).any(|consumer| consumer.system == system.as_str());
            // SQL alone sends these.
            assert!(sends || receives || matches!(system.as_str(), "postgresql" | "pgmq"), "{system}");
        }
    }
}
