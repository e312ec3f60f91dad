#![allow(clippy::unwrap_used)]

use portolan_grammars::catalog::Operation;

use super::*;
use crate::chart::{CallIndex, ServiceKind};
use crate::testing::{Scene, access, end};

#[test]
fn the_schema_in_the_tree_is_the_one_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/chart.schema.json");
    let mut wanted = serde_json::to_string_pretty(&schema()).unwrap();
    wanted.push('\n');
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(found == wanted, "chart.schema.json is not the schema of the types: run this test with UPDATE_EXPECT=1");
}

#[test]
fn keys_are_those_of_the_format() {
    let mut scene = Scene::default();
    let web = scene.file("web/src/app.ts", "\nfunction load() { axios.get(url + '/orders/1'); fetch('https://api.example.com'); }\n");
    let order = scene
        .file("order/src/app.ts", "app.get('/orders/:id', getOrder);\nfunction getOrder() { pool.query('select'); producer.send(); }\n");
    let from = scene.service("web", ServiceKind::Frontend);
    let to = scene.service("order", ServiceKind::Backend);
    let (load, handler) = (scene.function(web, "load"), scene.function(order, "getOrder"));
    let place = scene.place(order, "app.get");
    let endpoint = scene.endpoint(to, "GET /orders/{id}", place, handler);
    let place = scene.place(web, "axios.get");
    scene.call(from, place, load, endpoint);
    let place = scene.place(web, "fetch");
    let CallIndex(external) = scene.call(from, place, load, endpoint);
    let external = &mut scene.chart.calls[external as usize];
    external.to = super::super::Target::External("api.example.com".into());
    external.endpoint = None;
    let place = scene.place(order, "pool.query");
    scene.store("orders-db", "postgresql", vec![("orders", vec![access(to, Operation::Read, place, handler)])]);
    let place = scene.place(order, "producer.send");
    scene.channel("orders", vec![end(to, place, handler)], Vec::new());
    scene.traces(to, place);
    let document = serde_json::to_value(Document::new(&scene.snapshot())).unwrap();
    let expected = serde_json::json!({
        "schema": 1,
        "generator": {"name": "portolan", "version": env!("CARGO_PKG_VERSION")},
        "services": [
            {"id": "order", "name": "order", "aliases": [], "root": "order", "languages": ["typescript"], "kind": "backend", "third_party": false, "evidence": []},
            {"id": "web", "name": "web", "aliases": [], "root": "web", "languages": ["typescript"], "kind": "frontend", "third_party": false, "evidence": []},
        ],
        "endpoints": [{"service": "order", "protocol": "http", "method": "GET", "path": "/orders/{id}", "file": "order/src/app.ts", "line": 1,
                       "handler": {"file": "order/src/app.ts", "line": 1, "name": "getOrder"}}],
        "calls": [
            {"from": "web", "to": null, "external": "api.example.com", "protocol": "http", "method": "GET", "path": "/orders/{id}",
             "file": "web/src/app.ts", "line": 2, "endpoint": null, "via": [], "status": "exact",
             "evidence": [{"what": "a literal", "file": "web/src/app.ts", "line": 2}]},
            {"from": "web", "to": "order", "external": null, "protocol": "http", "method": "GET", "path": "/orders/{id}",
             "file": "web/src/app.ts", "line": 2, "endpoint": {"file": "order/src/app.ts", "line": 1}, "via": [], "status": "exact",
             "evidence": [{"what": "a literal", "file": "web/src/app.ts", "line": 2}]},
        ],
        "unresolved": [],
        "channels": [{"name": "orders", "broker": "kafka", "producers": [{"service": "order", "file": "order/src/app.ts", "line": 2}], "consumers": []}],
        "stores": [{"id": "orders-db", "engine": "postgres", "identified": true, "services": ["order"],
                    "collections": [{"name": "orders", "reads": [{"service": "order", "file": "order/src/app.ts", "line": 2}], "writes": []}]}],
        "tracing": [{"service": "order", "instrumented": true, "evidence": [{"file": "order/src/app.ts", "line": 2}]}],
        "findings": [],
    });
    assert_eq!(document, expected);
}
