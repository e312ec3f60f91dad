//! Speaks: chart out to editors and terminals.
//!
//! What lives here: the disk ([`discover`], [`load`]), the command line ([`cli`]), the language server ([`lsp`]) and what either shows
//! ([`output`]). What deliberately does not: any thought about services, which is `portolan-analysis`'s. Invariant: only [`output`] writes to
//! the terminal, and only [`lsp`] names the protocol.

pub mod cli;
pub mod discover;
pub mod foretold;
pub mod guard;
pub mod load;
pub mod lsp;
pub mod output;
pub mod roots;
pub mod web;

pub use discover::discover;
pub use load::{Loaded, load};
