//! Entries of what tries again when something fails.
//!
//! What deliberately does not live here: clients that are told with each request, which [`super::HttpClient`] has. Invariant: where an entry says
//! nothing of a place, the library lets nobody choose there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A call that has others made again when they fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// What is called; of a receiver, the method's name alone.
    pub callee: Names,
    /// What is tried again.
    pub of: Retried,
    /// The client whose requests are tried again.
    #[serde(default)]
    pub client: Option<Selector>,
    /// How often at most, the first time not counted.
    #[serde(default)]
    pub times: Option<Selector>,
    /// How often at most, the first time counted.
    #[serde(default)]
    pub tries: Option<Selector>,
    /// Places that choose the failures after which it is tried again: these may all be of requests that never arrived.
    #[serde(default)]
    pub unless: Option<Selector>,
    /// Methods of what the call hands out that choose them: `when` in `ask.retry(policy).when(refused)`.
    #[serde(default)]
    pub unless_by: Option<Names>,
    /// A place that chooses requests, where without a choice only those are tried again that do no harm twice.
    #[serde(default)]
    pub condition: Option<Selector>,
    /// Functions of the library for that place that leave out the others, too.
    #[serde(default)]
    pub sparing: Vec<Symbol>,
    /// Places that say how long it waits before the next try; without a word it does not. Missing where it waits anyway.
    #[serde(default)]
    pub pause: Option<Selector>,
}

/// What a [`Retry`] tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Retried {
    /// Functions among its arguments.
    Arguments,
    /// The function that it is called on, which an import of the library gives the method to.
    Receiver,
    /// All requests of a client.
    Client,
}
