//! Entries of operations: calls that name what they want of a server, not where it is. GraphQL's root fields, procedures of a router.
//!
//! What deliberately does not live here: rpc services, which contracts declare. Invariant: an operation's name is the same on both sides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A call whose value is a text among its arguments: `` gql`query { orders { id } }` ``.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextCall {
    /// What is called.
    pub callee: Names,
    /// The text.
    pub text: Selector,
}

/// A call that sends a GraphQL document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphqlCall {
    /// What is called.
    pub callee: Names,
    /// The document: its root fields are what is called.
    pub document: Selector,
    /// The server's URL, where the call or the value that it is a method of knows it.
    #[serde(default)]
    pub url: Option<Selector>,
}

/// A call that makes the client through which all GraphQL documents of a process go that name no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphqlClient {
    /// What is called.
    pub callee: Names,
    /// The server's URL.
    pub url: Selector,
}

/// Resolvers of GraphQL's root fields: a method's decorator, or a map given to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphqlServer {
    /// The decorator, called as the root type: `Query`, `Mutation`, `Subscription`.
    #[serde(default)]
    pub attribute: Option<Names>,
    /// Where the decorator names the field; missing where the method's own name does.
    #[serde(default)]
    pub name: Option<Selector>,
    /// The call that is given a map of resolvers: `{ Query: { orders: () => … } }`.
    #[serde(default)]
    pub callee: Option<Names>,
    /// That map, or a list of such.
    #[serde(default)]
    pub resolvers: Option<Selector>,
}

/// Methods that call a procedure by the members before them: `client.orders.list.query()` calls `orders.list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureCall {
    /// The client's type, a type of this file.
    #[serde(rename = "type")]
    pub type_name: Symbol,
    /// The methods: `query`, `useQuery`.
    pub verbs: Names,
}

/// A call that says where the procedures of a process are called which name no other place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureClient {
    /// What is called.
    pub callee: Names,
    /// The server's URL.
    pub url: Selector,
}

/// A call that serves the procedures of a router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureServer {
    /// What is called.
    pub callee: Names,
    /// The router.
    pub router: Selector,
    /// The type of routers, a type of this file: all that one captures are its parts.
    pub router_type: Symbol,
    /// The type of procedures: one captures its `handler`.
    pub procedure_type: Symbol,
}

/// The root types of a GraphQL schema.
pub const GRAPHQL_ROOTS: [Symbol; 3] = [Symbol::new_static("Query"), Symbol::new_static("Mutation"), Symbol::new_static("Subscription")];
