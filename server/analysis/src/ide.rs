//! Answers to an editor's questions, in editor terms but without its protocol: byte offsets in, plain data out.
//!
//! Here live the questions, one module each; [`crate::chart::index`] knows what stands where. What deliberately does not: protocols, URLs, columns.
//! Invariant: an answer depends on the snapshot alone, and asking costs a look-up, however large the workspace.

pub mod call_hierarchy;
mod definition;
mod hover;
mod inlay;
mod lens;
mod links;
mod markdown;
mod schema;
mod subjects;
mod symbols;
mod trace;
mod words;

pub use definition::{definition, handling_place, references};
pub use hover::{Hover, hover};
pub use inlay::{Hint, hints};
pub use lens::{Leads, Lens, lenses};
pub use links::{Link, links};
pub use symbols::{Symbol, SymbolKind, WorkspaceSymbol, document_symbols, workspace_symbols};
pub use trace::trace;

#[cfg(test)]
mod tests;
