//! The real binary: what it prints, where, and how it ends. One binary, as linking takes longer than the tests.
//!
//! `INSTA_UPDATE=always` rewrites the snapshots; read what it wrote.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(unix)]
mod ci;
mod cli;
mod formats;
mod gate;
mod run;
