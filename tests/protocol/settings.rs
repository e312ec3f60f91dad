//! What a person sets in the editor.

use portolan_tests::server::TestServer;
use serde_json::{Value, json};

use crate::{RULE, count, shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn diagnostics_are_shown_as_the_editor_tells() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 1);
    let off = json!({"portolan": {"diagnostics": {"enable": false}}, "other": {}});
    server.configure(off).await;
    assert_eq!(count(&server, RULE), 0, "{:?}", server.all_published());
    // What another section holds changes nothing; the editor is asked, and has nothing to say.
    server.notify("workspace/didChangeConfiguration", json!({"settings": {"other": {}}})).await;
    server.request("portolan/chart", Value::Null).await;
    assert_eq!(count(&server, RULE), 0);
    server.configure(json!({"portolan": {}})).await;
    assert_eq!(count(&server, RULE), 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_come_with_the_first_message_or_are_asked_for() {
    let folder = shop();
    let options = json!({"diagnostics": {"enable": false}, "unknown": 1});
    let mut server = TestServer::start_set(folder.path(), TestServer::capabilities(), options).await;
    server.settle().await;
    assert_eq!(count(&server, RULE), 0, "{:?}", server.all_published());
    assert!(server.times_asked("workspace/configuration") > 0);
    server.settings = json!({"portolan": {"diagnostics": {"enable": true}}});
    server.configure(Value::Null).await;
    assert_eq!(count(&server, RULE), 1, "{:?}", server.all_published());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_is_said_and_changes_nothing() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    server.notify("workspace/didChangeConfiguration", json!({"settings": {"portolan": {"diagnostics": {"enable": "no"}}}})).await;
    let message = server.shown_message().await;
    assert!(message.contains("settings of portolan are not understood"), "{message}");
    assert_eq!(count(&server, RULE), 1);
    server.end().await;
}
