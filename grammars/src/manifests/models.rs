//! Models of the services that people keep by hand: Backstage's catalog, LikeC4, Structurizr.
//!
//! Here lives what they have in common: things with names, and which of them depends on which. Views, tags and styles are not read. Invariant:
//! a relation is only what is written as one, so that what is missing is missing in the file.

mod arrows;
mod backstage;

pub(super) use arrows::{matches as is_arrows, read as read_arrows};
pub(super) use backstage::{matches as is_backstage, read as read_backstage};
use serde::{Deserialize, Serialize};

use crate::facts::{Symbol, TextRange};

/// A model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Model {
    /// The things in it.
    pub elements: Vec<ModelElement>,
    /// Which depends on which.
    pub relations: Vec<ModelRelation>,
}

/// A thing of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelElement {
    /// What relations call it.
    pub id: Symbol,
    /// What people call it.
    pub names: Vec<Symbol>,
    /// Who answers for it.
    pub owner: Option<Symbol>,
    /// Where it stands.
    pub range: TextRange,
}

/// One thing depends on another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRelation {
    /// The id of what depends.
    pub from: Symbol,
    /// The id of what it depends on.
    pub to: Symbol,
    /// Where that is written.
    pub range: TextRange,
}
