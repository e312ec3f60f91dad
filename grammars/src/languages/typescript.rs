//! Lowers TypeScript and JavaScript to facts.

use camino::Utf8Path;

use super::Tree;
use crate::facts::{Language, SourceFacts};

/// Reads a TypeScript or JavaScript file.
pub fn read(_path: &Utf8Path, _text: &str, language: Language, _old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    (SourceFacts::empty(language), None)
}

/// Reads the script block of a Vue or Svelte component; places are those of the whole file.
pub fn read_component(_path: &Utf8Path, _text: &str, _old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    (SourceFacts::empty(Language::TypeScript), None)
}
