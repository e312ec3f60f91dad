//! Entries of containers: objects of a framework that hand out what was put into them, or what a class says.
//!
//! What deliberately does not live here: what decorators say is injected. Invariant: an entry says where a class, a name or a value stands, never
//! what it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};

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
