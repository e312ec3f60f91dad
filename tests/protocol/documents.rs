//! Texts and files as they change.

use portolan_tests::server::TestServer;
use serde_json::json;

use crate::{PAYMENTS, RULE, WEB, count, shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_follow_edits() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.open("payments/src/index.ts", "typescript", PAYMENTS).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    // UPDATE orders → UPDATE charges
    server.edit("payments/src/index.ts", 2, [5, 27, 5, 33], "charges").await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 0, "{:?}", server.all_published());
    server.change("payments/src/index.ts", 3, PAYMENTS).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_document_counts_as_it_is_on_disk() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.open("payments/src/index.ts", "typescript", "export const nothing = 1;\n").await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 0, "{:?}", server.all_published());
    server.close("payments/src/index.ts").await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_and_go_on_disk() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    folder.delete("payments/src/index.ts");
    server.watched("payments/src/index.ts", 3).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 0, "{:?}", server.all_published());
    folder.write("payments/src/index.ts", PAYMENTS);
    server.watched("payments/src/index.ts", 1).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    assert!(server.times_asked("client/registerCapability") > 0, "nobody watches the files");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn characters_are_counted_as_the_client_counts() {
    // Behind a crab, which is two units of UTF-16 and four bytes.
    let web = WEB.replace("export const show = ", "/* 🦀 */ export const show = ");
    let column = web.lines().nth(2).unwrap().find("orders.get").unwrap() + 7;
    for (encodings, character) in [(json!(["utf-8"]), column), (json!(["utf-16"]), column - 2)] {
        let folder = shop();
        folder.write("web/src/index.ts", &web);
        let mut server = TestServer::start_with(folder.path(), encodings.clone()).await;
        server.settle().await;
        let hover = server.request("textDocument/hover", server.at("web/src/index.ts", 2, character as u64)).await;
        assert!(hover["contents"]["value"].is_string(), "{encodings}: {hover}");
        server.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_edits_is_applied_in_order() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.open("payments/src/index.ts", "typescript", PAYMENTS).await;
    // The name of the table is typed anew, letter by letter, many times; the last is another's again.
    let mut version = 1;
    let mut length = 6;
    for round in 0..40 {
        let name = if round % 2 == 0 { "charges" } else { "orders" };
        version += 1;
        server.edit("payments/src/index.ts", version, [5, 27, 5, 27 + length], "").await;
        for (index, letter) in name.chars().enumerate() {
            version += 1;
            let at = 27 + index as u64;
            server.edit("payments/src/index.ts", version, [5, at, 5, at], &letter.to_string()).await;
        }
        length = name.len() as u64;
    }
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_leaves_the_lines_of_others_alone() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    let at = server.at("web/src/index.ts", 2, 45);
    let before = server.request("textDocument/hover", at.clone()).await;
    assert!(before["range"].is_object(), "{before}");
    folder.write("a/short.ts", "export {};\n");
    server.watched("a/short.ts", 1).await;
    server.settle().await;
    assert_eq!(server.request("textDocument/hover", at).await, before);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_left_out_by_settings_are_gone_until_they_are_not() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    folder.write("portolan.toml", "ignore = [\"/payments\"]\n");
    server.watched("portolan.toml", 1).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 0, "{:?}", server.all_published());
    folder.write("portolan.toml", "ignore = []\n");
    server.watched("portolan.toml", 2).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    server.end().await;
}

/// A document that code names is read as it changes, wherever a link to it leads.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_code_names_are_followed_to_where_links_lead() {
    let folder = shop();
    let of = |operation: &str| {
        format!("{{\"openapi\": \"3.0.0\", \"paths\": {{\"/orders/{{id}}\": {{\"get\": {{\"operationId\": \"{operation}\"}}}}}}}}")
    };
    let client = "progenitor::generate_api!(\"../api/orders-latest.json\");\n";
    let main = "mod client;\nfn main() { client::Client::new(\"http://orders:8080\").order_view(&1); }\n";
    folder.write("till/Cargo.toml", "[package]\nname = \"till\"\n[dependencies]\nprogenitor = \"0.11\"\n");
    folder.write("till/src/main.rs", main);
    folder.write("till/src/client.rs", "");
    folder.write("api/orders-1.json", of("order_view"));
    std::os::unix::fs::symlink("orders-1.json", folder.path().join("api/orders-latest.json")).unwrap();
    let mut server = TestServer::start(folder.path()).await;
    server.open("till/src/client.rs", "rust", "").await;
    assert_eq!(hover_of_call(&mut server).await, None);
    server.change("till/src/client.rs", 2, client).await;
    assert!(hover_of_call(&mut server).await.is_some_and(|hover| hover.contains("orders")));
    for (operation, is_there) in [("order_show", false), ("order_view", true)] {
        folder.write("api/orders-1.json", of(operation));
        server.watched("api/orders-1.json", 2).await;
        assert_eq!(hover_of_call(&mut server).await.is_some(), is_there, "{operation}");
    }
    server.change("till/src/client.rs", 3, "").await;
    assert_eq!(hover_of_call(&mut server).await, None);
    server.end().await;
}

#[cfg(unix)]
async fn hover_of_call(server: &mut TestServer) -> Option<String> {
    server.settle().await;
    let at = server.at("till/src/main.rs", 1, 58);
    server.request("textDocument/hover", at).await["contents"]["value"].as_str().map(str::to_owned)
}
