//! PlantUML with the macros of C4: a container diagram. The macros come with PlantUML, so that it draws this without a network.

use std::fmt::Write;

use portolan_analysis::chart::map::{Node, NodeKind, ServiceMap};

use super::kind;

// Writing to a String cannot fail, so results of `writeln!` are dropped throughout.

/// The map as a container diagram.
pub fn render(map: &ServiceMap) -> String {
    let mut out = String::from("@startuml\n!include <C4/C4_Container>\nLAYOUT_LEFT_RIGHT()\ntitle Services\n");
    out.push_str("System_Boundary(workspace, \"Workspace\") {\n");
    let (outside, inside): (Vec<&Node>, Vec<&Node>) = map.nodes.iter().partition(|node| node.kind == NodeKind::Outside);
    for node in inside {
        let what = match node.kind {
            NodeKind::Store => "ContainerDb",
            NodeKind::Channel => "ContainerQueue",
            NodeKind::Bought => "Container_Ext",
            NodeKind::Service(_) | NodeKind::Outside => "Container",
        };
        let (slug, name, technology) = (&node.slug, escape(&node.name), escape(&node.technology));
        let _ = writeln!(out, "  {what}({slug}, \"{name}\", \"{technology}\", \"{}\")", escape(kind(node)));
    }
    out.push_str("}\n");
    for node in outside {
        let _ = writeln!(out, "System_Ext({}, \"{}\")", node.slug, escape(&node.name));
    }
    for (from, to, edge) in map.joined() {
        let _ = writeln!(out, "Rel({}, {}, \"{}\", \"{}\")", from.slug, to.slug, escape(&edge.label), escape(&edge.technology));
    }
    out.push_str("@enduml\n");
    out
}

/// What could mean something to PlantUML is written by its number: quotation marks, and pairs such as `//` that change the letters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for character in text.chars() {
        let plain = character.is_alphanumeric() || matches!(character, ' ' | '.' | ',' | ':' | '@');
        let single = matches!(character, '/' | '-' | '_') && before != character;
        if plain || single {
            out.push(character);
        } else {
            let _ = write!(out, "<U+{:04X}>", if character.is_control() { ' ' } else { character } as u32);
        }
        before = character;
    }
    out
}
