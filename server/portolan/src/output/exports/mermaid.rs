//! Mermaid: a flowchart that GitHub, GitLab and many editors show. What is waited for is solid, what is sent is dotted.

use std::fmt::Write;

use portolan_analysis::chart::map::{NodeKind, Relation, ServiceMap};

// Writing to a String cannot fail, so results of `writeln!` are dropped throughout.

/// The map as a flowchart.
pub fn render(map: &ServiceMap) -> String {
    let mut out = String::from("flowchart LR\n");
    for (at, node) in map.nodes.iter().enumerate() {
        let (open, close) = match node.kind {
            NodeKind::Service(_) => ("[", "]"),
            NodeKind::Bought => ("[[", "]]"),
            NodeKind::Store => ("[(", ")]"),
            NodeKind::Channel => ("{{", "}}"),
            NodeKind::Outside => ("([", "])"),
        };
        let _ = writeln!(out, "  n{at}{open}\"{}\"{close}", escape(&node.name));
    }
    for edge in &map.edges {
        let arrow = match edge.relation {
            Relation::Calls => "-->",
            Relation::Sends | Relation::Delivers => "-.->",
            Relation::Opens => "---",
        };
        let label = if edge.relation == Relation::Calls && edge.count > 1 { format!("|{}|", edge.count) } else { String::new() };
        let _ = writeln!(out, "  n{} {arrow}{label} n{}", edge.from, edge.to);
    }
    out
}

/// Mermaid reads entities, written with `#`, in labels; everything that could end a label becomes one.
pub(crate) fn escape(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    for character in label.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '_' | '-' | '.' | '/' | ':' | '@' | ',' => out.push(character),
            _ => {
                let _ = write!(out, "#{};", character as u32);
            }
        }
    }
    out
}
