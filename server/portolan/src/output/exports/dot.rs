//! Graphviz: a directed graph for `dot -Tsvg`.

use std::fmt::Write;

use portolan_analysis::chart::map::{NodeKind, Relation, ServiceMap};

use super::{label, quoted};

// Writing to a String cannot fail, so results of `writeln!` are dropped throughout.

/// The map as a digraph.
pub fn render(map: &ServiceMap) -> String {
    let mut out = String::from(
        "digraph services {\n  rankdir=LR\n  node [shape=box fontname=\"Helvetica\"]\n  edge [fontname=\"Helvetica\" fontsize=10]\n",
    );
    for node in &map.nodes {
        let look = match node.kind {
            NodeKind::Service(_) => "style=\"rounded,filled\" fillcolor=\"#e8eff7\"",
            NodeKind::Bought => "style=dashed",
            NodeKind::Store => "shape=cylinder",
            NodeKind::Channel => "shape=hexagon",
            NodeKind::Outside => "shape=ellipse style=dashed",
        };
        let _ = writeln!(out, "  {} [label={} {look}]", node.slug, quoted(&node.name));
    }
    for (from, to, edge) in map.joined() {
        let look = match edge.relation {
            Relation::Calls => "",
            Relation::Sends | Relation::Delivers => " style=dashed",
            Relation::Opens => " arrowhead=none",
        };
        let _ = writeln!(out, "  {} -> {} [label={}{look}]", from.slug, to.slug, quoted(&label(edge)));
    }
    out.push_str("}\n");
    out
}
