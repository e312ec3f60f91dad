//! From facts to static spans: a partial evaluator over the facts of all files.
//!
//! The way of the data: [`index`] finds names in facts, [`evaluate`] finds values of expressions, [`link`] makes the static spans of one file
//! from them, and [`assemble`] joins the links of all files with the workspace into a chart. What deliberately does not live here: what
//! manifests say ([`crate::workspace`]) and what follows from a chart ([`crate::rules`]).

mod additions;
mod alternatives;
pub mod assemble;
mod assigned;
pub mod attributes;
mod bases;
pub mod builtins;
pub mod callers;
pub mod classes;
pub mod collections;
pub mod contracts;
pub mod data;
mod declared_types;
pub mod dependencies;
pub mod describe;
pub mod ecmascript;
pub mod evaluate;
pub mod exports;
pub mod fields;
mod filled_structs;
mod foreign;
pub mod graphql;
mod graphql_objects;
mod held_values;
mod holders;
mod included;
pub mod index;
mod kept;
pub mod library;
mod limits;
pub mod link;
pub mod links;
mod loads;
pub mod members;
mod memo;
pub mod messages;
mod named_types;
mod open_fields;
pub mod outbound;
pub mod paths;
pub mod payloads;
pub mod procedures;
mod providers;
mod remote_traits;
mod retries;
pub mod routes;
mod rows;
pub mod rpc;
pub mod rpc_servers;
pub mod rust_paths;
mod setting_readers;
mod size;
pub mod spans;
pub mod sql;
mod switches;
mod tables;
mod tracers;
mod transactions;
mod url_parts;
pub mod uses;
pub mod value;
mod variables;
mod working_directory;
