//! The report: a written analysis of a distributed system, made of the chart.
//!
//! One file a section; each writes sentences from facts, in a neutral form ([`Block`], [`Text`]) that the command line renders. What deliberately
//! does not live here: Markdown, HTML, and any knowledge of single rules, whose findings are grouped by what the rules say of themselves.
//! Invariants: nothing is said that is not in the chart, every claim about code has its file and line, and equal snapshots make equal reports.

mod changes;
mod communication;
mod data;
mod decomposition;
mod facts;
mod limits;
mod risks;
mod summary;
mod technology;
mod text;
mod unresolved;

use crate::Snapshot;
use crate::chart::map::ServiceMap;
use facts::Facts;
pub use text::{Span, Text};

/// A written analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its title.
    pub title: String,
    /// The numbers that tell the size of it: what, and how many.
    pub figures: Vec<(&'static str, usize)>,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// A part of a report with a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading; empty where a report is of one piece.
    pub title: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading within the section.
    Heading(String),
    /// Sentences.
    Paragraph(Text),
    /// Points, one below the other.
    List(Vec<Text>),
    /// Rows below named columns.
    Table {
        /// The names of the columns.
        columns: Vec<String>,
        /// Rows, each with a cell for each column.
        rows: Vec<Vec<Text>>,
    },
    /// A picture of services and what joins them.
    Map(ServiceMap),
}

impl Report {
    /// Writes the report of a snapshot.
    pub fn new(snapshot: &Snapshot) -> Self {
        let facts = Facts::new(snapshot);
        let section = |title: &str, blocks: Vec<Block>| Section { title: title.to_owned(), blocks };
        let sections = vec![
            section("Summary", summary::blocks(&facts)),
            section("Service Decomposition", decomposition::blocks(&facts)),
            section("Communication Patterns", communication::blocks(&facts)),
            section("Data Management", data::blocks(&facts)),
            section("Technology Recommendations", technology::blocks(&facts)),
            section("Risks and Mitigations", risks::blocks(&facts)),
            section("Unresolved Calls", unresolved::blocks(&facts)),
            section("Method and Limits", limits::blocks(&facts)),
        ];
        Self {
            title: "Distributed Systems Analysis".to_owned(),
            figures: summary::figures(&facts),
            sections: sections.into_iter().filter(|section| !section.blocks.is_empty()).collect(),
        }
    }
}

/// A table; no block where there are no rows.
fn table(columns: &[&str], rows: Vec<Vec<Text>>) -> Option<Block> {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    (!rows.is_empty()).then_some(Block::Table { columns, rows })
}

/// Blocks below a heading; nothing where there are none.
fn below(heading: &str, blocks: Vec<Block>) -> Vec<Block> {
    if blocks.is_empty() { blocks } else { std::iter::once(Block::Heading(heading.to_owned())).chain(blocks).collect() }
}

#[cfg(test)]
mod tests;
