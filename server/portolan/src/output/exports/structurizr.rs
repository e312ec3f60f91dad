//! Structurizr DSL: a workspace with one software system, whose containers are services, stores and channels.

use std::fmt::Write;

use portolan_analysis::chart::map::{Node, NodeKind, ServiceMap};

use super::kind;

// Writing to a String cannot fail, so results of `writeln!` are dropped throughout.

/// The map as a workspace.
pub fn render(map: &ServiceMap) -> String {
    let mut out = String::from("workspace \"Services\" {\n  model {\n");
    let (outside, inside): (Vec<&Node>, Vec<&Node>) = map.nodes.iter().partition(|node| node.kind == NodeKind::Outside);
    for node in outside {
        let _ = writeln!(out, "    {} = softwareSystem {} \"\" \"Outside\"", node.slug, text(&node.name));
    }
    out.push_str("    workspace_system = softwareSystem \"Workspace\" {\n");
    for node in inside {
        let tag = match node.kind {
            NodeKind::Bought => "Deployed",
            NodeKind::Store => "Store",
            NodeKind::Channel => "Channel",
            NodeKind::Service(_) | NodeKind::Outside => "Service",
        };
        let (slug, name) = (&node.slug, text(&node.name));
        let _ = writeln!(out, "      {slug} = container {name} {} {} \"{tag}\"", text(kind(node)), text(&node.technology));
    }
    out.push_str("    }\n");
    for (from, to, edge) in map.joined() {
        let _ = writeln!(out, "    {} -> {} {} {}", from.slug, to.slug, text(&edge.label), text(&edge.technology));
    }
    out.push_str("  }\n  views {\n    container workspace_system \"services\" {\n      include *\n      autoLayout lr\n    }\n");
    out.push_str("    styles {\n      element \"Store\" {\n        shape Cylinder\n      }\n      element \"Channel\" {\n        shape Pipe\n      }\n");
    out.push_str("      element \"Deployed\" {\n        background #999999\n      }\n      element \"Outside\" {\n        background #999999\n      }\n");
    out.push_str("    }\n  }\n}\n");
    out
}

/// A text between quotation marks. The language knows `\"` alone, reads `${…}` as a constant, and has no way to write a `\` at the end.
fn text(text: &str) -> String {
    let text: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    format!("\"{}\"", text.replace('\\', "/").replace('"', "\\\"").replace("${", "$ {"))
}
