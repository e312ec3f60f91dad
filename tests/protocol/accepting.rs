//! Findings that are accepted from within an editor: by a comment, and in the baseline.

use portolan_tests::applied::apply;
use portolan_tests::disk::Folder;
use portolan_tests::server::TestServer;
use serde_json::{Value, json};

const INDEX: &str = "\
import { Pool } from \"pg\";
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
export const ship = () =>
  pool
    .query(\"UPDATE orders SET state = 'é🦀'\");
setInterval(ship, 1000);
";

const PATH: &str = "shipping/index.ts";
const COMMENT: &str = "Accept here with a comment: allow(shared-table-writers)";
const BASELINE: &str = "Add to portolan-baseline.toml: shared-table-writers";

/// Two services that write one table.
fn shop() -> Folder {
    let service =
        |name: &str| format!("  {name}:\n    build: ./{name}\n    environment: {{ DATABASE_URL: \"postgres://app@db:5432/shop\" }}\n");
    let compose = format!("services:\n{}{}  db: {{ image: \"postgres:16\" }}\n", service("orders"), service("shipping"));
    let package = |name: &str| format!(r#"{{ "name": "{name}", "main": "index.ts", "dependencies": {{ "pg": "8.12.0" }} }}"#);
    let settings = "[rules]\nprofile = \"off\"\nshared-table-writers = \"on\"\nunused-suppression = \"on\"\n";
    let orders = INDEX.replace("state = 'é🦀'", "paid = true");
    Folder::with(&[
        ("compose.yaml", &compose),
        ("portolan.toml", settings),
        ("orders/package.json", &package("orders")),
        ("orders/index.ts", &orders),
        ("shipping/package.json", &package("shipping")),
        (PATH, INDEX),
    ])
}

async fn action(server: &mut TestServer, line: u64, title: &str) -> Value {
    let actions = server.actions(PATH, line).await;
    let found = actions.iter().find(|action| action["title"] == title);
    found.unwrap_or_else(|| panic!("{title}: {actions:#?}")).clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_accepts_a_finding_and_asks_for_the_reason() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert_eq!(server.published(PATH).lines().len(), 1);
    let comment = action(&mut server, 4, COMMENT).await;
    assert_eq!(comment["diagnostics"][0]["code"], "shared-table-writers");
    assert_eq!(comment.get("isPreferred"), None, "to accept is no repair");
    apply(&comment["edit"]);
    server.watched(PATH, 2).await;
    server.settle().await;
    let text = std::fs::read_to_string(folder.path().join(PATH)).unwrap();
    assert!(text.contains("1000);\n") && text.contains("\n// portolan: allow(shared-table-writers) <why>\nexport const ship"), "{text}");
    assert_eq!(server.published(PATH).lines(), ["2 unused-suppression This does not say why the finding is accepted"]);
    folder.write(PATH, text.replace("<why>", "until spring"));
    server.watched(PATH, 2).await;
    server.settle().await;
    assert_eq!(server.published(PATH).lines(), Vec::<String>::new());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_baseline_accepts_a_finding_and_is_followed() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    let add = action(&mut server, 4, BASELINE).await;
    assert_eq!(add["edit"]["documentChanges"][0]["kind"], "create");
    apply(&add["edit"]);
    server.watched("portolan-baseline.toml", 1).await;
    server.settle().await;
    assert_eq!(server.published(PATH).lines(), Vec::<String>::new());
    // What is settled is told at the entry, while the editor holds another text of it too.
    let text = std::fs::read_to_string(folder.path().join("portolan-baseline.toml")).unwrap();
    server.open("portolan-baseline.toml", "toml", &text.replace("orders,shipping", "orders,billing")).await;
    server.settle().await;
    assert_eq!(server.published(PATH).lines().len(), 1);
    let stale = server.published("portolan-baseline.toml").lines();
    assert!(stale[0].starts_with("3 unused-suppression shared-table-writers finds this no more: Table `orders`"), "{stale:?}");
    // A second entry goes where it belongs.
    let add = action(&mut server, 4, BASELINE).await;
    let change = &add["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({"uri": server.uri("portolan-baseline.toml"), "version": 1}), "{add:#}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_baseline_that_is_another_one_on_disk_is_not_edited() {
    let folder = shop();
    folder.write("portolan-baseline.toml", "[[finding]]\nrule = \"sync-chain\"\nfile = \"a.ts\"\nidentity = \"sync-chain | a\"\n");
    let mut capabilities = TestServer::capabilities();
    capabilities["textDocument"]["codeAction"]["disabledSupport"] = true.into();
    let mut server = TestServer::start_as(folder.path(), capabilities).await;
    server.settle().await;
    folder.write("portolan-baseline.toml", "");
    let refused = action(&mut server, 4, BASELINE).await;
    assert_eq!(refused["disabled"]["reason"], "portolan-baseline.toml was changed meanwhile");
    server.end().await;
}
