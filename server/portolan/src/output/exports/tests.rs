use portolan_analysis::chart::ServiceKind;
use portolan_analysis::chart::map::{Relation, ServiceMap};

use super::*;

/// A service whose name no language likes, and a store that it opens.
fn map() -> ServiceMap {
    let node =
        |kind, name: &str, slug: &str| Node { kind, id: name.into(), name: name.into(), slug: slug.into(), technology: String::new() };
    let edge = |from, to, relation, label: &str| Edge { from, to, relation, count: 2, label: label.into(), technology: "http".into() };
    ServiceMap {
        nodes: vec![
            node(NodeKind::Service(ServiceKind::Backend), "a \"b\" \\", "service_a_b"),
            node(NodeKind::Service(ServiceKind::Frontend), "web", "service_web"),
            node(NodeKind::Store, "${x}//y--z", "store_x_y_z"),
        ],
        edges: vec![edge(0, 2, Relation::Opens, "opens"), edge(1, 0, Relation::Calls, "GET /{id}")],
    }
}

#[test]
fn mermaid_writes_odd_characters_by_their_numbers() {
    let expected = "\
flowchart LR
  n0[\"a #34;b#34; #92;\"]
  n1[\"web\"]
  n2[(\"#36;#123;x#125;//y--z\")]
  n0 --- n2
  n1 -->|2| n0
";
    assert_eq!(mermaid::render(&map()), expected);
}

#[test]
fn quotation_marks_end_no_text() {
    assert!(dot::render(&map()).contains(r#"service_a_b [label="a \"b\" \\" "#));
    assert!(likec4::render(&map()).contains(r#"service_a_b = service "a \"b\" \\" {"#));
    assert!(structurizr::render(&map()).contains(r#"service_a_b = container "a \"b\" /" "backend" "" "Service""#));
    assert!(structurizr::render(&map()).contains("\"$ {x}//y--z\""));
    assert!(plantuml::render(&map()).contains("Container(service_a_b, \"a <U+0022>b<U+0022> <U+005C>\", "));
    assert!(plantuml::render(&map()).contains("<U+0024><U+007B>x<U+007D>/<U+002F>y-<U+002D>z"));
}
