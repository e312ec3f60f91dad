//! The service map in the languages of other tools: one file a language.
//!
//! Here lives what they share. What deliberately does not: what is drawn, which is [`portolan_analysis::chart::map`]'s. Invariants: names are
//! escaped as their language wants it, whatever they hold, and equal maps make equal texts.

pub mod backstage;
pub mod dot;
pub mod likec4;
pub mod matrix;
pub mod mermaid;
pub mod plantuml;
pub mod structurizr;

use portolan_analysis::chart::map::{Edge, Node, NodeKind};

/// What a node is, for people: `frontend`, `deployed, not built here`, `database`.
fn kind(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::Service(kind) => kind.as_str(),
        NodeKind::Bought => "deployed, not built here",
        NodeKind::Store => "store",
        NodeKind::Channel => "channel",
        NodeKind::Outside => "outside",
    }
}

/// What an edge's label says in one line: `POST /orders`, `4 operations (http)`.
fn label(edge: &Edge) -> String {
    if edge.technology.is_empty() { edge.label.clone() } else { format!("{} ({})", edge.label, edge.technology) }
}

/// A text between quotation marks, with `\` before what would end it. Line feeds, which no name has, become spaces.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
