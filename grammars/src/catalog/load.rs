//! Loading of library files: the embedded texts, and how names and selectors are read from TOML.
//!
//! What deliberately does not live here: the index. Invariant: a text that is not a library gives a message and a place, never a panic, and no
//! key is ever ignored.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Catalog, Library, Names, Selector, Take};
use crate::facts::{Symbol, TextRange};
use crate::suggest;

/// Name and text of each embedded file, sorted by path.
pub(super) const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// Why a text is not a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError {
    /// One sentence: what is wrong and, for unknown keys, what would be right.
    pub message: String,
    /// The place in the text, where it is known.
    pub range: Option<TextRange>,
    /// 1-based line of the place; 0 where it is not known.
    pub line: usize,
    /// 1-based column of the place, in characters; 0 where it is not known.
    pub column: usize,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "{line}:{}: {}", self.column, self.message),
        }
    }
}

impl std::error::Error for CatalogError {}

impl CatalogError {
    fn new(error: &toml::de::Error, text: &str) -> Self {
        let span = error.span();
        let before = span.as_ref().and_then(|span| text.get(..span.start));
        let (line, column) = before.map_or((0, 0), |before| {
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
        });
        Self { message: plain_message(error.message()), range: span.map(|span| TextRange::new(span.start, span.end)), line, column }
    }
}

/// What serde says of a key, as a user of TOML would: an unknown key with the one that was meant.
pub(crate) fn plain_message(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let mut names = rest.split('`').skip(1).step_by(2);
        let name = names.next().unwrap_or_default();
        return format!("unknown key `{name}`{}", suggest::hint(name, &names.collect::<Vec<_>>()));
    }
    match message.strip_prefix("missing field ") {
        Some(rest) => format!("missing key {rest}"),
        None => message.to_owned(),
    }
}

impl Catalog {
    /// Reads one library from TOML.
    ///
    /// # Errors
    /// Where the text is no TOML, lacks a needed key, or has a key that a library does not have.
    pub fn parse_library(text: &str) -> Result<Library, CatalogError> {
        toml::from_str(text).map_err(|error| CatalogError::new(&error, text))
    }

    /// The embedded libraries by file name, each as it could be read.
    pub(super) fn embedded() -> impl Iterator<Item = (&'static str, Result<Library, CatalogError>)> {
        EMBEDDED.iter().map(|(name, text)| (*name, Self::parse_library(text)))
    }
}

// Written out instead of derived as untagged, which would say of any mistake only that nothing matched.
impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a list of names")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Names, E> {
        Ok(Names::One(Symbol::new(name)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Names, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(names)).map(Names::Many)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SelectorVisitor)
    }
}

struct SelectorVisitor;

impl<'de> Visitor<'de> for SelectorVisitor {
    type Value = Selector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a place such as `{ argument = 0 }`, or a list of places")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Selector, E> {
        Ok(Selector::Literal(Symbol::new(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, place: A) -> Result<Selector, A::Error> {
        Take::deserialize(MapAccessDeserializer::new(place)).map(Selector::Take)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, places: A) -> Result<Selector, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(places)).map(Selector::FirstOf)
    }
}
