//! Entries of operations: calls that name what they want of a server, not where it is. GraphQL's root fields, procedures of a router.
//!
//! What deliberately does not live here: rpc services, which contracts declare. Invariant: an operation's name is the same on both sides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A call whose value is a text among its arguments, `` gql`query { orders { id } }` ``, or what it is given: `omit(options, "json")`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextCall {
    /// What is called.
    pub callee: Names,
    /// The text.
    pub text: Selector,
    /// How its words are written in the result, where that changes: `snakeCase(name)`.
    #[serde(default)]
    pub words: Option<WordCase>,
}

/// How the words of a name are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WordCase {
    /// `order_placed`.
    Snake,
    /// `order-placed`.
    Kebab,
    /// `orderPlaced`.
    Camel,
    /// `OrderPlaced`.
    Pascal,
    /// `ORDER_PLACED`.
    Constant,
}

impl WordCase {
    /// A name written so.
    pub fn apply(self, name: &str) -> String {
        self.join(&words(name))
    }

    /// Words as a name written so.
    pub fn join<T: AsRef<str>>(self, words: &[T]) -> String {
        let mut out = String::new();
        for (at, word) in words.iter().map(AsRef::as_ref).enumerate() {
            match self {
                WordCase::Snake | WordCase::Constant if at > 0 => out.push('_'),
                WordCase::Kebab if at > 0 => out.push('-'),
                _ => {}
            }
            let lower = word.to_lowercase();
            match self {
                WordCase::Snake | WordCase::Kebab => out.push_str(&lower),
                WordCase::Constant => out.push_str(&word.to_uppercase()),
                WordCase::Camel if at == 0 => out.push_str(&lower),
                WordCase::Camel | WordCase::Pascal => {
                    let mut letters = lower.chars();
                    out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                    out.push_str(letters.as_str());
                }
            }
        }
        out
    }
}

/// The words of a name: between other characters, before capitals, around digits.
fn words(name: &str) -> Vec<&str> {
    let sort = |letter: char| match letter {
        _ if letter.is_ascii_digit() => 1,
        _ if letter.is_uppercase() => 2,
        _ => 3,
    };
    let mut words = Vec::new();
    for part in name.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let letters: Vec<(usize, char)> = part.char_indices().collect();
        let mut start = 0;
        for pair in 1..letters.len() {
            let (before, (at, here)) = (sort(letters[pair - 1].1), letters[pair]);
            let next = letters.get(pair + 1).map(|(_, next)| sort(*next));
            // `HTTPServer` is two words, and so is `orderPlaced`.
            let begins = match (before, sort(here)) {
                (2, 3) => false,
                (2, 2) => next == Some(3),
                (left, right) => left != right,
            };
            if begins && at > start {
                words.push(&part[start..at]);
                start = at;
            }
        }
        words.push(&part[start..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::WordCase;

    #[test]
    fn names_are_written_by_their_words() {
        for (name, snake, camel) in [
            ("OrderPlaced", "order_placed", "orderPlaced"),
            ("HTTPServerUp", "http_server_up", "httpServerUp"),
            ("order-placed v2", "order_placed_v_2", "orderPlacedV2"),
            ("größeGeändert", "größe_geändert", "größeGeändert"),
            ("", "", ""),
        ] {
            assert_eq!((WordCase::Snake.apply(name).as_str(), WordCase::Camel.apply(name).as_str()), (snake, camel));
        }
        assert_eq!(WordCase::Kebab.apply("OrderPlaced"), "order-placed");
        assert_eq!(WordCase::Pascal.apply("order_placed"), "OrderPlaced");
        assert_eq!(WordCase::Constant.apply("orderPlaced"), "ORDER_PLACED");
    }
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
    /// The objects that resolve root fields by their methods: of queries, mutations and subscriptions, in this order.
    #[serde(default)]
    pub roots: Vec<Selector>,
    /// The attributes of the blocks whose methods are fields.
    #[serde(default)]
    pub objects: Vec<Symbol>,
    /// The derives of types that have the fields of those they hold.
    #[serde(default)]
    pub merged: Vec<Symbol>,
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
