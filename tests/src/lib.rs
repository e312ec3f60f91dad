//! Test support: workspaces made of texts, literate specs, and the lines a chart is compared by.
//!
//! What lives here: what more than one test file uses. What deliberately does not: assertions about one feature, which stand in specs.
//! Invariant: only [`disk`] touches the disk, and [`spec::update`], which rewrites the expectations of a spec when asked to.

#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod actions;
pub mod answers;
pub mod applied;
pub mod conformance;
pub mod disk;
pub mod lines;
pub mod markdown;
pub mod marks;
pub mod server;
pub mod spec;
pub mod texts;
