//! Entries of what a framework does with what it is given: containers that hand out what was put into them or what a class says, calls of functions.
//!
//! What deliberately does not live here: what decorators say is injected. Invariant: an entry says where a class, a name or a value stands, never
//! what it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A call that hands out the instance of a class that it is given: `inject(Orders)`, `container.resolve(Orders)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceCall {
    /// What is called.
    pub callee: Names,
    /// The class.
    pub class: Selector,
}

/// A call that puts something on a framework's object, from where others take it by its name: `app.decorate("orders", new Orders())`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decoration {
    /// What is called: a method of that object.
    pub callee: Names,
    /// The name.
    pub name: Selector,
    /// What is put there.
    pub value: Selector,
}

/// Functions that are assigned to a member of one value are methods of those that are made with it: `schema.statics.build = …`, `Order.build(…)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The member that they are assigned to: `Schema.statics`.
    pub target: Symbol,
    /// The type whose values have them.
    #[serde(rename = "type")]
    pub type_name: Symbol,
    /// What such a value remembers as what it was made with.
    pub capture: Symbol,
}

/// A call of a function among its arguments with the arguments before it: `useSWR("/orders", ask)` is `ask("/orders")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedFunction {
    /// What is called.
    pub callee: Names,
    /// What it is called in code by custom: a default import has any name.
    pub known_as: Symbol,
    /// The argument that is the function, counted from 0.
    pub function: u32,
}
