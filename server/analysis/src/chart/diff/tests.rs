#![allow(clippy::panic)]

use portolan_grammars::catalog::Operation;

use super::*;
use crate::chart::document::Accepted;
use crate::chart::{ServiceIndex, ServiceKind};
use crate::testing::{Scene, access, end, module};

/// Two services, the first of which calls the second; and more, if `more`.
fn document(more: bool) -> Document {
    let mut scene = Scene::default();
    let file = scene.file("src/app.ts", if more { "\n\none\ntwo" } else { "one\ntwo" });
    let (one, two, function) = (scene.place(file, "one"), scene.place(file, "two"), module(file));
    let [shop, stock] = ["shop", "stock"].map(|name| scene.service(name, ServiceKind::Backend));
    let [sell, reserve] = [(shop, "POST /sell"), (stock, "POST /reserve")].map(|(to, label)| scene.endpoint(to, label, one, function));
    scene.call(shop, one, function, reserve);
    let mut accesses = vec![access(shop, Operation::Write, one, function)];
    if more {
        scene.call(stock, two, function, sell);
        let release = scene.endpoint(stock, "POST /release", two, function);
        scene.call(shop, two, function, release);
        accesses.push(access(stock, Operation::Write, two, function));
        scene.channel("sold", vec![end(shop, one, function)], Vec::new());
        scene.service("mail", ServiceKind::Worker);
    }
    scene.store("postgresql:db/shop", "postgresql", vec![("orders", accesses)]);
    assert!(scene.chart.services[ServiceIndex(0).index()].id == "shop");
    Document::new(&scene.snapshot())
}

#[test]
fn what_came_is_what_went_the_other_way_round() {
    let (base, head) = (document(false), document(true));
    let diff = Diff::new(&base, &head);
    assert_eq!(diff.services.added[0].service, "mail");
    let edge = &diff.edges.added[0];
    assert_eq!((edge.from.as_str(), edge.to.as_str(), edge.operations[0].0.as_str()), ("stock", "shop", "POST /sell"));
    assert_eq!(diff.closes(edge), Some(&["shop".to_owned(), "stock".to_owned()][..]));
    assert_eq!(diff.operations.added[0].operations[0].0, "POST /release");
    assert_eq!(diff.routes.added[0].route, "POST /release");
    assert!(diff.messages.added[0].sends);
    assert_eq!((diff.accesses.added[0].service.as_str(), diff.accesses.added[0].whole_table), ("stock", false));
    let found: Vec<&str> = diff.findings.added.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(found, ["shared-database", "shared-table-writers", "sync-cycle"]);
    let back = Diff::new(&head, &base);
    assert_eq!(back.services.removed, diff.services.added);
    assert_eq!(back.edges.removed, diff.edges.added);
    assert_eq!(back.cycles.removed, diff.cycles.added);
    assert!(back.services.added.is_empty() && back.findings.added.is_empty());
}

#[test]
fn a_service_that_is_only_deployed_from_now_on_neither_went_nor_came() {
    let (base, mut head) = (document(false), document(false));
    head.services[0].third_party = true;
    let diff = Diff::new(&base, &head);
    assert!(diff.services.is_empty() && !diff.is_empty());
    assert_eq!((diff.built.added.len(), diff.built.removed[0].service.as_str()), (0, "shop"));
    assert_eq!(Diff::new(&head, &base).built.added[0].service, "shop");
    let text = format!("{:?}", crate::report::Report::of_changes(&diff));
    assert!(text.contains("no longer builds the service") && text.contains("No longer built here"), "{text}");
}

#[test]
fn a_finding_that_is_accepted_neither_came_nor_went() {
    let (base, mut head) = (document(true), document(true));
    head.accepted = head.findings.drain(..).map(accepted).collect();
    assert!(Diff::new(&base, &head).findings.is_empty());
    assert!(Diff::new(&head, &base).findings.is_empty());
}

#[test]
fn a_new_finding_beside_one_that_both_sides_accept_is_told_where_it_stands() {
    let mut base = document(true);
    let accepted = base.findings.remove(0);
    base.accepted = vec![self::accepted(accepted.clone())];
    let mut head = base.clone();
    head.findings.push(Finding { file: "src/new.ts".to_owned(), ..accepted });
    assert_eq!(Diff::new(&base, &head).findings.added[0].file, "src/new.ts");
    let mut twice = document(true);
    let (mut old, mut new) = (twice.clone(), twice.findings[0].clone());
    new.file = "src/a.ts".to_owned();
    twice.findings.insert(0, new);
    old.accepted.clear();
    assert_eq!(Diff::new(&old, &twice).findings.added[0].file, "src/a.ts");
}

#[test]
fn a_finding_has_come_where_it_has_grown_and_not_where_it_has_shrunk() {
    let of = |parts: &[&str]| {
        let mut document = document(true);
        document.findings.truncate(1);
        document.findings[0].parts = parts.iter().map(ToString::to_string).collect();
        document
    };
    let (one, two) = (of(&["orders"]), of(&["customers", "orders"]));
    assert_eq!(Diff::new(&one, &two).findings.added, two.findings);
    assert!(Diff::new(&one, &two).findings.removed.is_empty() && Diff::new(&two, &one).findings.is_empty());
    let known = Document { accepted: one.findings.iter().cloned().map(accepted).collect(), findings: Vec::new(), ..one.clone() };
    assert_eq!(Diff::new(&known, &two).findings.added, two.findings);
    assert!(Diff::new(&known, &one).findings.is_empty());
}

fn accepted(finding: Finding) -> Accepted {
    Accepted { identity: finding.identity, file: finding.file, parts: finding.parts }
}

#[test]
fn a_chart_that_was_written_and_read_again_is_the_same() {
    let head = document(true);
    let again: Document = serde_json::from_str(&serde_json::to_string(&head).unwrap_or_default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(Diff::new(&head, &again).is_empty());
}
