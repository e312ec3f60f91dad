//! Quick fixes that settle calls, and what is wrong in `portolan.toml`.

use portolan_tests::disk::Folder;
use portolan_tests::server::TestServer;
use serde_json::{Value, json};

use crate::{WEB, shop};

/// The shop, with a call whose host a variable decides that nobody sets.
fn puzzled_shop() -> Folder {
    let folder = shop();
    folder.write(
        "web/src/index.ts",
        format!("{WEB}export const pay = (id: string) => axios.post(`${{process.env.PAY_URL}}/charges`, {{ id }});\n"),
    );
    folder
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
    let offered = server.actions("web/src/index.ts", 3).await;
    let first = "POST /charges goes to payments (serves POST /charges): PAY_URL = \"http://payments\"";
    assert_eq!(titles(&offered)[0], first, "{offered:#?}");
    assert!(titles(&offered).iter().any(|title| title.starts_with("POST /charges leaves the workspace")), "{offered:#?}");
    let changes = &offered[0]["edit"]["documentChanges"];
    assert_eq!(changes[0], json!({"kind": "create", "uri": server.uri("portolan.toml"), "options": {"ignoreIfExists": true}}));
    assert_eq!(changes[1]["textDocument"], json!({"uri": server.uri("portolan.toml"), "version": null}));
    folder.write("portolan.toml", changes[1]["edits"][0]["newText"].as_str().unwrap());
    server.watched("portolan.toml", 1).await;
    assert_eq!(unresolved(&mut server).await, 0);
    let left = server.actions("web/src/index.ts", 3).await;
    assert!(!titles(&left).iter().any(|title| title.contains("POST /charges")), "{left:#?}");
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
    let offered = server.actions("web/src/index.ts", 3).await;
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
        assert_eq!(server.actions("web/src/index.ts", 3).await.len(), count, "{path}");
        server.end().await;
    }
    // Without changes of documents, a file that is there is edited all the same.
    folder.write("portolan.toml", "");
    let mut capabilities = TestServer::capabilities();
    capabilities["workspace"]["workspaceEdit"] = json!({});
    let mut server = TestServer::start_as(folder.path(), capabilities).await;
    let offered = server.actions("web/src/index.ts", 3).await;
    let edit = &offered[0]["edit"]["changes"][server.uri("portolan.toml")][0];
    assert_eq!(edit["newText"], "[environment]\nPAY_URL = \"http://payments\"\n", "{offered:#?}");
    assert_eq!(server.actions_of_kind("web/src/index.ts", 3, "refactor").await, Vec::<Value>::new());
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
