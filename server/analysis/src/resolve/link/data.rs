//! Databases that a file opens, reads and writes, and its transactions.
//!
//! What deliberately does not live here: which database a line opens for whom ([`crate::resolve::assemble`]).

use portolan_grammars::catalog::{Addition, Operation};
use portolan_grammars::facts::{CallId, Symbol};

use super::Url;
use crate::resolve::value::{CallRef, ClassRef, Pattern};
use crate::{FileId, FunctionRef};

/// A database opened.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionDecl {
    /// `db.system.name`, `*` where the URL tells.
    pub system: Symbol,
    /// Prisma: what the code does not say, the schema's data source does.
    pub prisma: bool,
    /// URLs or DSNs.
    pub urls: Vec<Url>,
    /// Hosts, where there is no URL.
    pub hosts: Vec<Url>,
    /// Database names, where there is no URL.
    pub databases: Vec<Url>,
    /// Where.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// The class whose decorator says it: a module of a framework opens something only where it is made part of a program.
    pub module: Option<ClassRef>,
}

/// A handle of a database that is given the tables which the database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandleDecl {
    /// The files that declare those tables, sorted.
    pub tables: Vec<FileId>,
    /// The calls of which one opened the database.
    pub opened: Vec<CallRef>,
    /// The function that makes the handle.
    pub function: FunctionRef,
}

/// What is done with a client that sends nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientUse {
    /// The call that made it.
    pub client: CallRef,
    /// The function that does it.
    pub function: FunctionRef,
    /// Whether a request is sent; else it only signs for others' requests.
    pub sends: bool,
}

/// What is done to a table or collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CollectionUse {
    /// Its name; empty where the environment says it.
    pub name: Symbol,
    /// The variables that its name is made of, where it is.
    pub said: Option<Pattern>,
    /// Read or write.
    pub operation: Operation,
    /// Columns that a write sets, sorted; empty where they are not known.
    pub columns: Vec<Symbol>,
    /// What a write leaves more of each time it is done.
    pub adds: Option<Addition>,
}

/// A collection read or written.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessDecl {
    /// `db.system.name`, `*` where the connection tells.
    pub system: Symbol,
    /// Tables or collections, and what is done to them.
    pub collections: Vec<CollectionUse>,
    /// Prisma: the schema says which database it is.
    pub prisma: bool,
    /// Prisma: the collections are models, named by the schema.
    pub models: bool,
    /// Where.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// The call that opened the database or made the model, where it can be followed.
    pub connection: Option<CallRef>,
    /// Others that may have in its place.
    pub others: Vec<CallRef>,
    /// The file that declares the table, where a library's call does.
    pub declared_in: Option<FileId>,
    /// Whether who calls there does not wait for it, as a call behind that does not either.
    pub left: bool,
    /// The file of the model whose writes run it, where it stands in a hook of a schema.
    pub hook_of: Option<FileId>,
}

/// A transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionDecl {
    /// The call that begins it.
    pub site: CallRef,
    /// The function that is in.
    pub function: FunctionRef,
    /// What the library calls that call.
    pub callee: Symbol,
    /// How long it is open.
    pub extent: Extent,
}

/// How long a transaction is open.
#[derive(Debug, Clone, PartialEq)]
pub enum Extent {
    /// While a function runs.
    Function(FunctionRef),
    /// Until one of these calls of its file, in their order.
    Until(Vec<CallId>),
}
