//! `portolan/trace`.

use portolan_tests::disk::{self, Folder};
use portolan_tests::server::TestServer;
use serde_json::{Value, json};

use crate::shop;

/// A trace as lines: `order POST /orders recorded`, each step indented below.
fn lines(trace: &Value, depth: usize, out: &mut Vec<String>) {
    let recorded = |row: &Value| match &row["recorded"] {
        Value::Bool(true) => " recorded",
        Value::Bool(false) => " dark",
        _ => "",
    };
    let indent = "  ".repeat(depth);
    out.push(format!("{indent}{} {}{}", trace["service"].as_str().unwrap(), trace["endpoint"].as_str().unwrap(), recorded(trace)));
    for step in trace["steps"].as_array().unwrap() {
        assert!(step["location"]["uri"].is_string(), "{step}");
        let flags = ["repeated", "detached"].into_iter().filter(|flag| step[*flag] == true).map(|flag| format!(" {flag}"));
        let (kind, label) = (step["kind"].as_str().unwrap(), step["label"].as_str().unwrap());
        out.push(format!("{indent}  {kind} {label}{}{}", flags.collect::<String>(), recorded(step)));
        if step["answer"].is_object() {
            lines(&step["answer"], depth + 2, out);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_crosses_services() {
    let folder = Folder::empty();
    for (path, text) in disk::texts(&disk::workspace("chandlery")) {
        folder.write(path.as_str(), text);
    }
    let mut server = TestServer::start(folder.path()).await;
    let chart = server.request("portolan/chart", Value::Null).await;
    let endpoint = chart["endpoints"].as_array().unwrap().iter().find(|row| row["service"] == "orders" && row["method"] == "POST").unwrap();
    let (file, line) = (endpoint["file"].as_str().unwrap(), endpoint["line"].as_u64().unwrap() - 1);
    let at = server.at(file, line, 14);
    let trace = server.request("portolan/trace", at).await;
    let mut found = Vec::new();
    lines(&trace, 0, &mut found);
    let expected = [
        "orders POST /orders recorded",
        "  call GET /stock/{sku} repeated",
        "    inventory GET /stock/{sku} recorded",
        "      access reads stock",
        "  call POST /reservations",
        "    inventory POST /reservations recorded",
        "      access writes stock repeated",
        "      call GET /price-lists/{name}",
        "        pricing GET /price-lists/{name} recorded",
        "      access writes reservations",
        "  access writes orders",
        "  publish order.placed",
    ];
    assert_eq!(found, expected, "{}", found.join("\n"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_a_handler_its_trace_is_meant_and_elsewhere_none() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    let trace = server.request("portolan/trace", server.at("orders/src/index.ts", 5, 20)).await;
    assert_eq!((&trace["endpoint"], &trace["steps"][0]["label"]), (&json!("GET /orders/{id}"), &json!("reads orders")), "{trace}");
    assert_eq!(server.request("portolan/trace", server.at("orders/src/index.ts", 1, 3)).await, Value::Null);
    server.end().await;
}
