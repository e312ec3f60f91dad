//! Diagnostics that are pulled, and what the editor is told to ask for again.

use portolan_tests::disk::Folder;
use portolan_tests::server::TestServer;
use serde_json::{Value, json};

use crate::{PAYMENTS, RULE, WEB, count, shop};

/// A client that pulls diagnostics.
fn pulling() -> Value {
    let mut capabilities = TestServer::capabilities();
    capabilities["textDocument"]["diagnostic"] = json!({"relatedDocumentSupport": true});
    capabilities["workspace"]["diagnostics"] = json!({"refreshSupport": true});
    capabilities
}

async fn pull(server: &mut TestServer, path: &str, previous: &Value) -> Value {
    let mut parameters = json!({"textDocument": {"uri": server.uri(path)}, "identifier": "portolan"});
    if !previous.is_null() {
        parameters["previousResultId"] = previous.clone();
    }
    server.request("textDocument/diagnostic", parameters).await
}

/// The shop, whose settings leave one finding of its payments.
fn shop_with_one_finding() -> Folder {
    let folder = shop();
    folder.write("portolan.toml", "[rules]\nshared-database = \"off\"\n");
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_documents_are_pulled_and_others_published() {
    let folder = shop_with_one_finding();
    let mut server = TestServer::start_as(folder.path(), pulling()).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "the file is not open: {:?}", server.all_published());
    server.open("payments/src/index.ts", "typescript", PAYMENTS).await;
    let first = pull(&mut server, "payments/src/index.ts", &Value::Null).await;
    assert_eq!((&first["kind"], &first["items"][0]["code"]), (&json!("full"), &json!(RULE)), "{first}");
    assert!(first["items"][0]["codeDescription"]["href"].as_str().unwrap().ends_with("/docs/rules/shared-table-writers.md"), "{first}");
    server.settle().await;
    assert_eq!(count(&server, RULE), 0, "shown twice: {:?}", server.all_published());
    let again = pull(&mut server, "payments/src/index.ts", &first["resultId"]).await;
    assert_eq!(again, json!({"kind": "unchanged", "resultId": first["resultId"]}));
    server.edit("payments/src/index.ts", 2, [5, 27, 5, 33], "charges").await;
    let edited = pull(&mut server, "payments/src/index.ts", &first["resultId"]).await;
    assert_eq!((&edited["kind"], &edited["items"]), (&json!("full"), &json!([])));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_pulls_the_workspace_is_published_nothing() {
    let folder = shop_with_one_finding();
    let mut server = TestServer::start_as(folder.path(), pulling()).await;
    let first = server.request("workspace/diagnostic", json!({"previousResultIds": []})).await;
    let item = &first["items"][0];
    assert_eq!((&item["uri"], &item["version"]), (&json!(server.uri("payments/src/index.ts")), &Value::Null), "{first}");
    assert_eq!(item["items"].as_array().unwrap().len(), 1);
    let previous = json!({"previousResultIds": [{"uri": item["uri"], "value": item["resultId"]}]});
    let again = server.request("workspace/diagnostic", previous.clone()).await;
    assert_eq!(again["items"][0]["kind"], "unchanged", "{again}");
    folder.write("payments/src/index.ts", PAYMENTS.replace("orders", "charges"));
    server.watched("payments/src/index.ts", 2).await;
    let gone = server.request("workspace/diagnostic", previous).await;
    assert_eq!((&gone["items"][0]["kind"], &gone["items"][0]["items"]), (&json!("full"), &json!([])), "{gone}");
    let known = json!({"previousResultIds": [{"uri": item["uri"], "value": gone["items"][0]["resultId"]}]});
    assert_eq!(server.request("workspace/diagnostic", known).await, json!({"items": []}));
    server.settle().await;
    assert!(server.published("payments/src/index.ts").diagnostics.is_empty(), "{:?}", server.all_published());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_gone_is_reported_though_the_editor_has_forgotten_it() {
    let folder = shop_with_one_finding();
    let mut server = TestServer::start_as(folder.path(), pulling()).await;
    let (old, new) = ("payments/src/index.ts", "payments/src/app.ts");
    server.open(old, "typescript", PAYMENTS).await;
    let shown = pull(&mut server, old, &Value::Null).await;
    assert_eq!(shown["items"].as_array().unwrap().len(), 1);
    std::fs::rename(folder.path().join(old), folder.path().join(new)).unwrap();
    server.close(old).await;
    server.open(new, "typescript", PAYMENTS).await;
    server.renamed(&[(old, new)]).await;
    let report = server.request("workspace/diagnostic", json!({"previousResultIds": []})).await;
    let counts: Vec<_> =
        report["items"].as_array().unwrap().iter().map(|item| (&item["uri"], item["items"].as_array().unwrap().len())).collect();
    assert_eq!(counts, [(&json!(server.uri(new)), 1), (&json!(server.uri(old)), 0)]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_editor_is_told_to_ask_again_when_others_change() {
    let folder = shop();
    let mut server = TestServer::start_as(folder.path(), pulling()).await;
    let (payments, orders) = ("payments/src/index.ts", "orders/src/index.ts");
    server.open(payments, "typescript", PAYMENTS).await;
    let text = std::fs::read_to_string(folder.path().join(orders)).unwrap();
    server.open(orders, "typescript", &text).await;
    server.open("web/src/index.ts", "typescript", WEB).await;
    server.settle().await;
    let asked =
        |server: &TestServer| ["diagnostic", "codeLens", "inlayHint"].map(|what| server.times_asked(&format!("workspace/{what}/refresh")));
    let before = asked(&server);
    // Another route: the hint in the other document leads there, and nobody calls the old one.
    server.change(orders, 2, &text.replace("\"/orders/:id\"", "\"/baskets/:id\"")).await;
    server.settle().await;
    server.request("portolan/chart", Value::Null).await;
    let after = asked(&server);
    assert_eq!((after[0] - before[0], after[2] - before[2]), (0, 1), "{before:?} {after:?}");
    // The other writer is gone.
    server.change(orders, 3, &text.replace("INSERT INTO orders", "INSERT INTO baskets")).await;
    server.settle().await;
    server.request("portolan/chart", Value::Null).await;
    assert_eq!(asked(&server)[0] - after[0], 1, "{after:?}");
    server.end().await;
}
