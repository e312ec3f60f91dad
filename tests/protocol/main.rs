//! The real server, driven as an editor drives it.
//!
//! Here live the workspace that most tests open, and what a session is at all; what it is about lives in modules.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accepting;
mod diagnostics;
mod documents;
mod fixes;
mod folders;
mod refactors;
mod requests;
mod settings;
mod trace;

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
async fn the_chart_is_the_one_of_the_command_line_and_says_where_its_files_are() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    let mut chart = server.request("portolan/chart", Value::Null).await;
    let roots = chart.as_object_mut().unwrap().remove("roots").unwrap();
    assert_eq!(roots, json!([{"prefix": "", "uri": server.uri("").trim_end_matches('/')}]));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_folder_is_a_workspace_too() {
    let folder = Folder::empty();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert!(server.all_published().is_empty());
    server.end().await;
}
