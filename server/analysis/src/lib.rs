//! Thinks: all facts in, chart and findings out.
//!
//! What lives here: which packages and services there are ([`workspace`]), the evaluator that turns facts into static spans ([`resolve`]), the
//! chart of services ([`chart`]), the rules that read it ([`rules`]), the findings that are known already ([`baseline`]), what would settle what
//! the chart leaves open ([`settle`]), the edits that answer it all ([`refactors`]) and the answers to an editor's questions ([`ide`]). What deliberately does not: syntax trees, protocols, disks and
//! clocks. Invariant: a snapshot depends on the facts handed in and on nothing else, whatever
//! the order they came in.

pub mod availability;
pub mod baseline;
mod bodies;
pub mod chart;
pub mod files;
pub mod ide;
mod letters;
pub mod refactors;
pub mod report;
pub mod resolve;
pub mod rewrite;
pub mod rules;
pub mod settle;
#[cfg(test)]
mod testing;
pub mod why;
pub mod words;
pub mod workspace;
pub mod world;

pub use files::{FileId, Files, FunctionRef, Place};
pub use world::{Snapshot, World};
