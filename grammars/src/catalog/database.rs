//! Entries of databases: connections, queries, and classes that stand for a collection.
//!
//! What deliberately does not live here: the reading of SQL. Invariant: an entry says where a name stands and how it follows from a model's, never
//! which store it is in.

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Names, Selector};
use crate::facts::Symbol;

/// A call that opens a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// What is called.
    pub callee: Names,
    /// `db.system.name`; `*` where the URL's scheme decides.
    pub system: Symbol,
    /// Names the system where `system` is `*`, as drivers are called: `pg`, `mysql2`, `better-sqlite3`.
    #[serde(default)]
    pub dialect: Option<Selector>,
    /// The URL or DSN. Where it may be missing, `host` or a second entry without it says what then.
    #[serde(default)]
    pub url: Option<Selector>,
    /// The host, where there is no URL or none is known.
    #[serde(default)]
    pub host: Option<Selector>,
    /// The database's name, where there is no URL or none is known.
    #[serde(default)]
    pub database: Option<Selector>,
    /// Number of arguments below which the entry does not apply.
    #[serde(default)]
    pub min_arguments: u32,
    /// A value that has opened the database already; where one is given, this opens nothing.
    #[serde(default)]
    pub over: Option<Selector>,
    /// The tables that the database has, which tell it from others: an object or a module of them.
    #[serde(default)]
    pub tables: Option<Selector>,
    /// Methods that make something else of what it is called on: where one is called before, this opens no database. `replication_mode`.
    #[serde(default)]
    pub unless_by: Option<Names>,
}

/// A call that reads or writes a database. Several in one chain of calls with the same collection and operation are one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// What is called.
    pub callee: Names,
    /// `db.system.name`; `*` where the connection decides.
    pub system: Symbol,
    /// Where something else than the connection tells the system, too: the table that is asked for.
    #[serde(default)]
    pub dialect: Option<Selector>,
    /// The SQL text; then the rest is read from it. Of several places the first that holds a text counts: macros have a type before it.
    #[serde(default)]
    pub statement: Option<Selector>,
    /// `db.collection.name`.
    #[serde(default)]
    pub collection: Option<Selector>,
    /// How the collection's name is derived from what was selected.
    #[serde(default)]
    pub naming: Naming,
    /// Other collections that it reads, too: `from` of a pipeline's `$lookup`. Each place that is there counts.
    #[serde(default)]
    pub joins: Vec<Selector>,
    /// Whether it reads or writes.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Whether doing it once more leaves more behind: an insert, a counter's step. What SQL does, its text says.
    #[serde(default)]
    pub adds: Option<Adds>,
    /// The type of a first argument by which the method is known, whatever it is called on: a wrapper of the client, a field of a context.
    #[serde(default)]
    pub anywhere: Option<Symbol>,
}

/// A call that gives a name to what a statement selects first, a common table expression: `db.with("paid", …)`. In that statement the name is no table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommonTable {
    /// What is called.
    pub callee: Names,
    /// The name.
    pub name: Selector,
}

/// When a write leaves more behind each time it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adds {
    /// What each time adds.
    pub what: Addition,
    /// Where the row is that it inserts. One that may have a key of its own does not count: a second one is refused.
    #[serde(default)]
    pub row: Option<Selector>,
    /// Methods of what the call hands out whose first argument is that row: `values` in `db.insert(orders).values(order)`.
    #[serde(default)]
    pub row_by: Option<Names>,
    /// It adds only where this is given: `{ $inc: { count: 1 } }`.
    #[serde(default)]
    pub given: Option<Selector>,
    /// It does not add where this is given, or may be: `skipDuplicates`.
    #[serde(default)]
    pub unless: Option<Selector>,
    /// Methods of what the call hands out by which it does not: `onConflict`.
    #[serde(default)]
    pub unless_by: Option<Names>,
}

/// What a write leaves more of each time it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Addition {
    /// One more row, under a key that the database makes.
    Row,
    /// A number that is already there grows.
    Amount,
}

/// A call that begins a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// What is called.
    pub callee: Names,
    /// The function among the arguments that runs within it, counted from 0; negative counts from the last: `prisma.$transaction(async (tx) => …)`.
    #[serde(default)]
    pub runs: Option<i32>,
    /// Where no function does, methods of what the call hands out that end it: `tx.commit()`.
    #[serde(default)]
    pub ends: Vec<Symbol>,
    /// Whether those are methods of what the call is a method of, too: `session.startTransaction()`.
    #[serde(default)]
    pub on_receiver: bool,
    /// The argument with a statement, counted from 0, where statements begin and end it: `client.query("BEGIN")`. They are given to the same method
    /// of the same value.
    #[serde(default)]
    pub statement: Option<i32>,
}

/// A decorator of a class that stands for a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// The decorator's path in the package.
    pub attribute: Names,
    /// Where it keeps the collection's name.
    pub collection: Selector,
    /// How the name follows from the class's where it has none.
    #[serde(default)]
    pub naming: Naming,
    /// Rust: types that a derive makes beside the struct, by name, and which type of this file each is: a value of it captures `collection`.
    #[serde(default)]
    pub beside: FxHashMap<Symbol, Symbol>,
    /// Rust: how code that is written out in full says the name instead, of the same types.
    #[serde(default)]
    pub named_by: Option<NamingTrait>,
}

/// A trait by which a type says what it is called: `impl EntityName for Entity { fn table_name(&self) -> &str { "orders" } }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamingTrait {
    /// The trait.
    pub implements: Symbol,
    /// Its method, which gives back the name.
    pub method: Symbol,
}

/// A class of the library that classes derive from which stand for a collection: `class User extends Model`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelClass {
    /// The library's class.
    pub superclass: Names,
    /// The type of this file that such a class is, where what it inherits is used: `User.findAll()`. It captures `collection`, which an
    /// [`Entity`] says where one is, and this otherwise.
    #[serde(rename = "type")]
    pub type_name: Symbol,
    /// The static member of such a class that is the collection's name: `static tableName = "users"`.
    #[serde(default)]
    pub member: Option<Symbol>,
    /// The inherited static method that names the collection: `User.init({}, { tableName: "users" })`.
    #[serde(default)]
    pub named_by: Option<Symbol>,
    /// Where that call has the name.
    #[serde(default)]
    pub collection: Option<Selector>,
    /// How the name follows from the class's where that call does not have it.
    #[serde(default)]
    pub naming: Option<Naming>,
}

/// How a collection's name follows from a model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// It is the name.
    #[default]
    Same,
    /// mongoose: lower case, plural.
    MongoosePlural,
    /// The Prisma schema says.
    PrismaModel,
    /// It is a class, of which an [`Entity`] says it.
    Entity,
    /// It is a model, a value that captures its `collection`, or the name that one captures as `model`, wherever it is made.
    Model,
    /// A class's name in `snake_case`.
    SnakeCase,
    /// A class's name in the plural, as it is written otherwise.
    Plural,
    /// A table's name, perhaps followed by what the statement calls it: `orders as o`.
    Aliased,
    /// No collection but the path of a URL: the names in place of a `**` are its segments, and a last `index` is none.
    Path,
}

/// What a query does to a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// It reads.
    Read,
    /// It writes.
    Write,
}
