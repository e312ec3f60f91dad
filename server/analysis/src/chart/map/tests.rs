use portolan_grammars::catalog::Operation;

use super::*;
use crate::chart::Target;
use crate::testing::{Scene, access, end, module};

#[test]
fn calls_are_joined_and_what_is_bought_is_drawn_where_it_is_used() {
    let mut scene = Scene::default();
    let file = scene.file("src/app.ts", "one\ntwo\nthree");
    let function = module(file);
    let [one, two, three] = ["one", "two", "three"].map(|words| scene.place(file, words));
    let [web, api, mail, unused] = ["web", "api", "mail", "unused"].map(|name| scene.service(name, ServiceKind::Backend));
    for service in [mail, unused] {
        scene.chart.services[service.index()].third_party = true;
    }
    let [get, post, send] =
        [(api, "GET /x"), (api, "POST /x"), (mail, "POST /send")].map(|(to, label)| scene.endpoint(to, label, one, function));
    for (from, place, endpoint) in [(web, one, get), (web, two, post), (api, one, send), (api, one, get), (api, three, get)] {
        scene.call(from, place, function, endpoint);
    }
    scene.chart.calls[4].to = Target::External("pay".into());
    scene.channel("orders", vec![end(api, one, function)], vec![end(web, two, function)]);
    scene.store("postgresql:db/shop", "postgresql", vec![("t", vec![access(api, Operation::Read, one, function)])]);
    let map = ServiceMap::new(&Document::new(&scene.snapshot()));
    let nodes: Vec<&str> = map.nodes.iter().map(|node| node.slug.as_str()).collect();
    assert_eq!(nodes, ["service_api", "service_web", "deployed_mail", "store_db_shop", "channel_orders", "outside_pay"]);
    let edges: Vec<String> = map
        .joined()
        .map(|(from, to, edge)| format!("{} {:?} {}: {} ({})", from.name, edge.relation, to.name, edge.label, edge.count))
        .collect();
    assert_eq!(
        edges,
        [
            "api Calls mail: POST /send (1)",
            "api Opens db/shop: reads t (1)",
            "api Sends orders: sends (1)",
            "api Calls pay: GET /x (1)",
            "web Calls api: 2 operations (2)",
            "orders Delivers web: delivers (1)",
        ]
    );
    let services = map.only(|node| matches!(node.kind, NodeKind::Service(_)));
    assert_eq!((services.nodes.len(), services.edges.len()), (2, 1));
}

#[test]
fn names_and_slugs_are_one_nodes_each() {
    let mut maker = Maker::default();
    let slugs = ["a b", "A-B", "ö", "model"].map(|name| maker.slug(NodeKind::Store, name));
    let names = [NodeKind::Bought, NodeKind::Store, NodeKind::Store].map(|kind| maker.own_name(kind, "redis"));
    assert_eq!(names, ["redis", "redis (store)", "redis (2)"]);
    assert_eq!(slugs, ["store_a_b", "store_a_b_2", "store", "store_model"]);
}
