//! Several folders, and files that move.

use portolan_tests::server::TestServer;
use serde_json::{Value, json};

use crate::{RULE, count, shop};

/// The services that have code.
async fn services(server: &mut TestServer) -> Vec<String> {
    let chart = server.request("portolan/chart", Value::Null).await;
    let own = chart["services"].as_array().unwrap().iter().filter(|service| service["third_party"] == false);
    own.map(|service| service["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_come_and_go() {
    let folder = shop();
    for service in ["web", "orders", "payments"] {
        folder.write(&format!("{service}/Dockerfile"), "FROM node:24\nCOPY . .\nCMD [\"node\", \"src/index.ts\"]\n");
    }
    let mut server = TestServer::start_in(folder.path(), &["orders", "payments"]).await;
    assert_eq!(services(&mut server).await, ["orders", "payments"]);
    let symbols = server.request("workspace/symbol", json!({"query": "/charges"})).await;
    assert_eq!(symbols[0]["location"]["uri"], server.uri("payments/src/index.ts"), "{symbols}");
    server.folders(&["web"], &["payments"]).await;
    assert_eq!(services(&mut server).await, ["orders", "web"]);
    let roots = server.request("portolan/chart", Value::Null).await["roots"].clone();
    let root = |name: &str| json!({"prefix": name, "uri": server.uri(name)});
    assert_eq!(roots, json!([root("orders"), root("web")]));
    assert_eq!(server.request("workspace/symbol", json!({"query": "/charges"})).await, json!([]));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renamed_files_are_known_by_their_new_names() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1);
    for (old, new) in [("payments/src/index.ts", "payments/src/app.ts"), ("payments", "billing")] {
        std::fs::rename(folder.path().join(old), folder.path().join(new)).unwrap();
        server.renamed(&[(old, new)]).await;
    }
    let symbols = server.request("workspace/symbol", json!({"query": "/charges"})).await;
    assert_eq!(symbols[0]["location"]["uri"], server.uri("billing/src/app.ts"), "{symbols}");
    server.settle().await;
    assert_eq!(server.published("payments/src/index.ts").diagnostics, Vec::<Value>::new());
    server.end().await;
}
