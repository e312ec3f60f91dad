//! Lowers Rust to facts.

use super::Tree;
use crate::facts::{Language, SourceFacts};

/// Reads a Rust file.
pub fn read(_text: &str, _old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    (SourceFacts::empty(Language::Rust), None)
}
