//! Values of a configuration file, whatever it is written in: lists, maps and scalars with their places.
//!
//! What the keys mean is not known here.

use serde::{Deserialize, Serialize};

use crate::facts::{Symbol, TextRange};

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tree {
    /// What it is.
    pub value: TreeValue,
    /// Where it is written.
    pub range: TextRange,
}

/// What a [`Tree`] is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum TreeValue {
    /// Nothing.
    #[default]
    Null,
    /// A text, number or flag, as text.
    Scalar(Symbol),
    /// A list.
    List(Vec<Tree>),
    /// A map, in order.
    Map(Vec<(Symbol, Tree)>),
}

impl Tree {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(Symbol, Tree)] {
        match &self.value {
            TreeValue::Map(entries) => entries,
            _ => &[],
        }
    }
    /// The elements of a list; none of anything else.
    pub fn items(&self) -> &[Tree] {
        match &self.value {
            TreeValue::List(items) => items,
            _ => &[],
        }
    }
    /// The text of a scalar.
    pub fn text(&self) -> Option<&Symbol> {
        match &self.value {
            TreeValue::Scalar(text) => Some(text),
            _ => None,
        }
    }
    /// Lays another one over this: maps are merged, anything else is replaced.
    pub fn merge(&mut self, over: &Tree) {
        match (&mut self.value, &over.value) {
            (TreeValue::Map(entries), TreeValue::Map(others)) => {
                for (key, value) in others {
                    match entries.iter_mut().find(|(name, _)| name == key) {
                        Some((_, known)) => known.merge(value),
                        None => entries.push((key.clone(), value.clone())),
                    }
                }
            }
            (_, TreeValue::Null) => {}
            _ => self.clone_from(over),
        }
    }
}
