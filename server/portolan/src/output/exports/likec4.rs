//! LikeC4: specification, model and one view.

use std::fmt::Write;

use portolan_analysis::chart::map::{NodeKind, Relation, ServiceMap};

use super::{kind, quoted};

// Writing to a String cannot fail, so results of `writeln!` are dropped throughout.

const SPECIFICATION: &str = "\
specification {
  element service
  element deployed { style { color muted } }
  element store { style { shape storage } }
  element channel { style { shape queue } }
  element outside { style { color muted } }
  relationship calls
  relationship sends { line dotted }
  relationship delivers { line dotted }
  relationship opens { head none }
}
";

/// The map as a LikeC4 source.
pub fn render(map: &ServiceMap) -> String {
    let mut out = format!("{SPECIFICATION}\nmodel {{\n");
    for node in &map.nodes {
        let _ = writeln!(out, "  {} = {} {} {{", node.slug, node.kind.as_str(), quoted(&node.name));
        if !node.technology.is_empty() {
            let _ = writeln!(out, "    technology {}", quoted(&node.technology));
        }
        if let NodeKind::Service(_) = node.kind {
            let _ = writeln!(out, "    description {}", quoted(kind(node)));
        }
        out.push_str("  }\n");
    }
    out.push('\n');
    for (from, to, edge) in map.joined() {
        let relation = match edge.relation {
            Relation::Calls => "calls",
            Relation::Sends => "sends",
            Relation::Delivers => "delivers",
            Relation::Opens => "opens",
        };
        let technology = if edge.technology.is_empty() { String::new() } else { format!(" {{ technology {} }}", quoted(&edge.technology)) };
        let _ = writeln!(out, "  {} -[{relation}]-> {} {}{technology}", from.slug, to.slug, quoted(&edge.label));
    }
    out.push_str("}\n\nviews {\n  view index {\n    title \"Services\"\n    include *\n  }\n}\n");
    out
}
