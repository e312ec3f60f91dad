//! The real server, driven as an editor drives it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use portolan::lsp::Ended;
use portolan_tests::disk::Folder;
use portolan_tests::server::TestServer;
use serde_json::{Value, json};

const COMPOSE: &str = "\
services:
  web:
    build: ./web
    environment:
      ORDERS_URL: http://orders:8080
  orders:
    build: ./orders
    environment:
      DATABASE_URL: postgres://shop@db:5432/shop
  payments:
    build: ./payments
    environment:
      DATABASE_URL: postgres://shop@db:5432/shop
  db:
    image: postgres:17
";

const WEB: &str = "\
import axios from \"axios\";
const orders = axios.create({ baseURL: process.env.ORDERS_URL, timeout: 1000 });
export const show = (id: string) => orders.get(`/orders/${id}`);
";

const ORDERS: &str = "\
import express from \"express\";
import { Pool } from \"pg\";
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.get(\"/orders/:id\", async (req, res) => {
  res.json(await pool.query(\"SELECT * FROM orders WHERE id = $1\", [req.params.id]));
});
app.post(\"/orders\", async (req, res) => {
  await pool.query(\"INSERT INTO orders (id) VALUES ($1)\", [req.body.id]);
  res.sendStatus(201);
});
app.listen(8080);
";

const PAYMENTS: &str = "\
import express from \"express\";
import { Pool } from \"pg\";
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.post(\"/charges\", async (req, res) => {
  await pool.query(\"UPDATE orders SET paid = true WHERE id = $1\", [req.body.id]);
  res.sendStatus(201);
});
app.listen(8081);
";

/// Three services, one of which writes into another's table.
fn shop() -> Folder {
    Folder::with(&[
        ("compose.yaml", COMPOSE),
        ("web/package.json", r#"{"name": "web", "main": "src/index.ts", "dependencies": {"axios": "^1"}}"#),
        ("web/src/index.ts", WEB),
        ("orders/package.json", r#"{"name": "orders", "main": "src/index.ts", "dependencies": {"express": "^5", "pg": "^8"}}"#),
        ("orders/src/index.ts", ORDERS),
        ("payments/package.json", r#"{"name": "payments", "main": "src/index.ts", "dependencies": {"express": "^5", "pg": "^8"}}"#),
        ("payments/src/index.ts", PAYMENTS),
    ])
}

/// How many findings of a rule are published.
fn count(server: &TestServer, rule: &str) -> usize {
    server.all_published().iter().filter(|line| line.contains(rule)).count()
}

const RULE: &str = "shared-table-writers";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_come_without_asking() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    let status = server.status().unwrap();
    assert_eq!((&status["services"], &status["quiescent"]), (&json!(3), &json!(true)), "{status}");
    server.end().await;
}

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
    assert!(server.was_asked("client/registerCapability"), "nobody watches the files");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hover_and_definition_cross_the_boundary() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    let at = server.at("web/src/index.ts", 2, 45);
    let hover = server.request("textDocument/hover", at.clone()).await;
    let text = hover["contents"]["value"].as_str().unwrap_or_default();
    assert!(text.contains("orders") && text.contains("/orders/"), "{hover}");
    let definition = server.request("textDocument/definition", at).await;
    let first = if definition.is_array() { definition[0].clone() } else { definition.clone() };
    let uri = first["uri"].as_str().or(first["targetUri"].as_str()).unwrap_or_default();
    assert_eq!(uri, server.uri("orders/src/index.ts"), "{definition}");
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
async fn the_chart_is_the_one_of_the_command_line() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    let chart = server.request("portolan/chart", Value::Null).await;
    let mut loaded = portolan::load(folder.path());
    let expected = serde_json::to_value(portolan_analysis::chart::document::Document::new(&loaded.world.snapshot())).unwrap();
    assert_eq!(chart, expected);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_and_harms_nothing() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    let error = server.try_request("portolan/nonsense", json!({})).await.unwrap_err();
    assert_eq!(error["code"], -32601, "{error}");
    let nowhere = server.at("nowhere.ts", 900, 900);
    assert_eq!(server.request("textDocument/hover", nowhere).await, Value::Null);
    let beyond = server.at("web/src/index.ts", 9_000, 9_000);
    server.request("textDocument/definition", beyond).await;
    server.notify("textDocument/didClose", json!({"textDocument": {"uri": server.uri("never-opened.ts")}})).await;
    server.notify("$/setTrace", json!({"value": "off"})).await;
    server.request("portolan/chart", Value::Null).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_request_is_answered_once() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    let id = server.send_request("portolan/chart", Value::Null).await;
    server.notify("$/cancelRequest", json!({"id": id})).await;
    if let Err(error) = server.answer(id).await {
        assert_eq!(error["code"], -32800, "{error}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_answered_before_initialize() {
    let folder = shop();
    let mut server = TestServer::launch(folder.path());
    let at = server.at("web/src/index.ts", 0, 0);
    let error = server.try_request("textDocument/hover", at).await.unwrap_err();
    assert_eq!(error["code"], -32002, "{error}");
    assert_eq!(server.exit().await, Ended::Abruptly);
}

/// The shop, with a call whose host a variable decides that nobody sets.
fn puzzled_shop() -> Folder {
    let folder = shop();
    folder.write(
        "web/src/index.ts",
        format!("{WEB}export const pay = (id: string) => axios.post(`${{process.env.PAY_URL}}/charges`, {{ id }});\n"),
    );
    folder
}

/// The quick fixes at a line.
async fn fixes(server: &mut TestServer, path: &str, line: u64) -> Vec<Value> {
    let at = json!({"line": line, "character": 3});
    let context = json!({"diagnostics": [], "only": ["quickfix"]});
    let params = json!({"textDocument": {"uri": server.uri(path)}, "range": {"start": at, "end": at}, "context": context});
    server.request("textDocument/codeAction", params).await.as_array().cloned().unwrap_or_default()
}

fn titles(fixes: &[Value]) -> Vec<&str> {
    fixes.iter().map(|fix| fix["title"].as_str().unwrap()).collect()
}

/// How many calls are not resolved.
async fn unresolved(server: &mut TestServer) -> usize {
    server.request("portolan/chart", Value::Null).await["unresolved"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fix_makes_a_settings_file_and_the_call_is_resolved() {
    let folder = puzzled_shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert_eq!(unresolved(&mut server).await, 1);
    let offered = fixes(&mut server, "web/src/index.ts", 3).await;
    let first = "POST /charges goes to payments (serves POST /charges): PAY_URL = \"http://payments\"";
    assert_eq!(titles(&offered)[0], first, "{offered:#?}");
    assert!(titles(&offered).iter().any(|title| title.starts_with("POST /charges leaves the workspace")), "{offered:#?}");
    let changes = &offered[0]["edit"]["documentChanges"];
    assert_eq!(changes[0], json!({"kind": "create", "uri": server.uri("portolan.toml"), "options": {"ignoreIfExists": true}}));
    assert_eq!(changes[1]["textDocument"], json!({"uri": server.uri("portolan.toml"), "version": null}));
    folder.write("portolan.toml", changes[1]["edits"][0]["newText"].as_str().unwrap());
    server.watched("portolan.toml", 1).await;
    assert_eq!(unresolved(&mut server).await, 0);
    assert!(fixes(&mut server, "web/src/index.ts", 3).await.is_empty());
    folder.delete("portolan.toml");
    server.watched("portolan.toml", 3).await;
    assert_eq!(unresolved(&mut server).await, 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fix_goes_into_the_settings_that_the_editor_holds() {
    let folder = puzzled_shop();
    folder.write("portolan.toml", "# old\n");
    let mut server = TestServer::start(folder.path()).await;
    server.open("portolan.toml", "toml", "[environment]\n\"É\" = \"🦀\"\n\n[hosts]\n").await;
    let offered = fixes(&mut server, "web/src/index.ts", 3).await;
    let change = &offered[0]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({"uri": server.uri("portolan.toml"), "version": 1}), "{offered:#?}");
    let edit = &change["edits"][0];
    assert_eq!(
        (&edit["range"]["start"], edit["newText"].as_str()),
        (&json!({"line": 2, "character": 0}), Some("PAY_URL = \"http://payments\"\n"))
    );
    server.edit("portolan.toml", 2, [2, 0, 2, 0], edit["newText"].as_str().unwrap()).await;
    assert_eq!(unresolved(&mut server).await, 0);
    server.close("portolan.toml").await;
    assert_eq!(unresolved(&mut server).await, 1, "on disk nothing was written");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_offered_only_what_it_can_apply() {
    let folder = puzzled_shop();
    for (path, value, count) in [
        ("/textDocument/codeAction", json!({}), 0),
        ("/workspace/workspaceEdit", json!({"documentChanges": true}), 0),
        ("/workspace/workspaceEdit/resourceOperations", json!(["create", "rename"]), 3),
    ] {
        let mut capabilities = TestServer::capabilities();
        *capabilities.pointer_mut(path).unwrap() = value;
        let mut server = TestServer::start_as(folder.path(), capabilities).await;
        assert_eq!(fixes(&mut server, "web/src/index.ts", 3).await.len(), count, "{path}");
        server.end().await;
    }
    // Without changes of documents, a file that is there is edited all the same.
    folder.write("portolan.toml", "");
    let mut capabilities = TestServer::capabilities();
    capabilities["workspace"]["workspaceEdit"] = json!({});
    let mut server = TestServer::start_as(folder.path(), capabilities).await;
    let offered = fixes(&mut server, "web/src/index.ts", 3).await;
    let edit = &offered[0]["edit"]["changes"][server.uri("portolan.toml")][0];
    assert_eq!(edit["newText"], "[environment]\nPAY_URL = \"http://payments\"\n", "{offered:#?}");
    let at = json!({"line": 3, "character": 0});
    let context = json!({"diagnostics": [], "only": ["refactor"]});
    let params = json!({"textDocument": {"uri": server.uri("web/src/index.ts")}, "range": {"start": at, "end": at}, "context": context});
    assert_eq!(server.request("textDocument/codeAction", params).await, Value::Null);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_settings_is_shown_while_it_is_wrong() {
    let folder = puzzled_shop();
    let mut server = TestServer::start(folder.path()).await;
    server.open("portolan.toml", "toml", "[environmnt]\nPAY_URL = \"http://payments\"\n[hosts]\na = \"ordrs\"\n").await;
    server.settle().await;
    assert_eq!(
        server.published("portolan.toml").lines(),
        [
            "0 portolan.toml unknown key `environmnt` in portolan.toml; did you mean `environment`?",
            "3 portolan.toml there is no service `ordrs`; did you mean `orders`?",
        ]
    );
    server.change("portolan.toml", 2, "[environment]\nPAY_URL = \"http://payments\"\n[hosts]\na = \"orders\"\n").await;
    server.settle().await;
    assert_eq!(server.published("portolan.toml").lines(), Vec::<String>::new());
    assert_eq!(unresolved(&mut server).await, 0);
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
async fn an_empty_folder_is_a_workspace_too() {
    let folder = Folder::empty();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert!(server.all_published().is_empty());
    server.end().await;
}
