//! Code actions that answer findings: offered, asked for, applied, refused.

use portolan_tests::applied::apply;
use portolan_tests::disk::{Folder, texts, workspace};
use portolan_tests::server::TestServer;
use serde_json::{Value, json};

const INDEX: &str = "\
import { registerInstrumentations } from \"@opentelemetry/instrumentation\";
import express from \"express\";

registerInstrumentations({ instrumentations: [] });

const app = express();
app.put(\"/🦀\", async (req, res) => { res.send(\"é\"); });
app.put(\"/mails\", (req, res) => {
  res.json([]);
});
app.listen(8080);
";

const PACKAGE: &str = r#"{"name": "mail", "main": "src/index.ts", "dependencies":
{"@opentelemetry/api": "1.9.0", "@opentelemetry/instrumentation": "0.203.0", "express": "5.1.0"}}"#;

const PATH: &str = "mail/src/index.ts";

fn mail() -> Folder {
    let compose = "services:\n  mail:\n    build: ./mail\n";
    Folder::with(&[("compose.yaml", compose), ("mail/package.json", PACKAGE), (PATH, INDEX)])
}

/// A client that asks for edits when it needs them.
fn resolving() -> Value {
    let mut capabilities = TestServer::capabilities();
    let action = capabilities.pointer_mut("/textDocument/codeAction").unwrap();
    action["resolveSupport"] = json!({"properties": ["edit"]});
    action["dataSupport"] = true.into();
    action["disabledSupport"] = true.into();
    action["isPreferredSupport"] = true.into();
    capabilities
}

fn only(actions: &[Value], words: &str) -> Value {
    let found: Vec<&Value> = actions.iter().filter(|action| action["title"].as_str().unwrap().contains(words)).collect();
    assert_eq!(found.len(), 1, "{words}: {actions:#?}");
    found[0].clone()
}

const SPAN: &str = "Open a span in its handler with startActiveSpan";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_is_offered_asked_for_and_applied() {
    let folder = mail();
    let mut server = TestServer::start_as(folder.path(), resolving()).await;
    server.settle().await;
    assert_eq!(server.published(PATH).lines().len(), 2);
    let action = only(&server.actions(PATH, 6).await, SPAN);
    assert_eq!(action["kind"], "quickfix");
    assert_eq!(action["isPreferred"], true);
    assert_eq!(action["diagnostics"][0]["code"], "handler-without-span");
    assert!(action.get("edit").is_none());
    let resolved = server.request("codeAction/resolve", action.clone()).await;
    apply(&resolved["edit"]);
    server.watched(PATH, 2).await;
    server.settle().await;
    assert_eq!(server.published(PATH).lines().len(), 1);
    let text = std::fs::read_to_string(folder.path().join(PATH)).unwrap();
    let expected = "\
import { registerInstrumentations } from \"@opentelemetry/instrumentation\";
import express from \"express\";
import { SpanStatusCode, trace } from \"@opentelemetry/api\";

const tracer = trace.getTracer(\"mail\");

registerInstrumentations({ instrumentations: [] });

const app = express();
app.put(\"/🦀\", async (req, res) => {
  return tracer.startActiveSpan(\"PUT /🦀\", async (span) => {
    try {
      res.send(\"é\");
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      throw error;
    } finally {
      span.end();
    }
  });
});
";
    assert!(text.starts_with(expected), "{text}");
    // The place has another meaning now.
    let error = server.try_request("codeAction/resolve", action).await.unwrap_err();
    assert_eq!(error["message"], "the document was changed meanwhile");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_is_of_the_text_that_the_editor_holds() {
    let folder = mail();
    let mut server = TestServer::start_as(folder.path(), resolving()).await;
    server.open(PATH, "typescript", INDEX).await;
    let action = only(&server.actions(PATH, 6).await, SPAN);
    let resolved = server.request("codeAction/resolve", action.clone()).await;
    assert_eq!(resolved["edit"]["documentChanges"][0]["textDocument"]["version"], 1);
    server.edit(PATH, 2, [0, 0, 0, 0], "\n").await;
    let error = server.try_request("codeAction/resolve", action).await.unwrap_err();
    assert_eq!(error["message"], "the document was changed meanwhile");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_try_an_edit_out_is_no_change() {
    let folder = mail();
    let mut server = TestServer::start(folder.path()).await;
    server.settle().await;
    let changes = server.status().unwrap()["changes"].as_u64().unwrap();
    assert!(only(&server.actions(PATH, 6).await, SPAN)["edit"].is_object());
    server.watched(PATH, 2).await;
    server.settle().await;
    assert_eq!(server.status().unwrap()["changes"], changes + 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_says_why() {
    let folder = mail();
    let mut server = TestServer::start_as(folder.path(), resolving()).await;
    let refused = only(&server.actions(PATH, 7).await, SPAN);
    assert_eq!(refused["disabled"]["reason"], "the handler is not async, and its span could end before the work does");
    // The text on disk is another one than the one that was read.
    folder.write(PATH, INDEX.replace("mails", "letters"));
    let refused = only(&server.actions(PATH, 6).await, SPAN);
    assert_eq!(refused["disabled"]["reason"], "index.ts was changed meanwhile");
    folder.write(PATH, INDEX);
    let path = folder.path().join(PATH);
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let refused = only(&server.actions(PATH, 6).await, SPAN);
    assert_eq!(refused["disabled"]["reason"], "index.ts is read-only");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_that_asks_for_nothing_gets_the_edit_at_once() {
    let folder = mail();
    let mut server = TestServer::start(folder.path()).await;
    let action = only(&server.actions(PATH, 6).await, SPAN);
    assert!(action["edit"]["documentChanges"].is_array() && action.get("data").is_none(), "{action:#?}");
    let others = server.actions(PATH, 7).await;
    assert!(others.iter().all(|action| action["title"] != SPAN), "it shows nothing that cannot be done: {others:#?}");
    let error = server.try_request("codeAction/resolve", json!({"title": SPAN})).await.unwrap_err();
    assert_eq!(error["message"], "this action is not one of portolan's");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_the_program_is_to_be_confirmed() {
    let folder = Folder::empty();
    for (path, text) in texts(&workspace("events")) {
        folder.write(path.as_str(), text);
    }
    let mut capabilities = resolving();
    capabilities["workspace"]["workspaceEdit"]["changeAnnotationSupport"] = json!({});
    let mut server = TestServer::start_as(folder.path(), capabilities).await;
    server.settle().await;
    let path = "shop/src/orders.ts";
    let ask = |only: &str| {
        let at = json!({"line": 9, "character": 0});
        let document = json!({"uri": server.uri(path)});
        json!({"textDocument": document, "range": {"start": at, "end": at}, "context": {"diagnostics": [], "only": [only]}})
    };
    let (rewrites, fixes) = (ask("refactor"), ask("quickfix"));
    let actions = server.request("textDocument/codeAction", rewrites).await.as_array().cloned().unwrap();
    let [action] = &actions[..] else { panic!("{actions:#?}") };
    assert_eq!(action["title"], "Publish `shop.order-placed.v1` for mail to consume, instead of waiting for POST /receipts");
    assert_eq!(action["kind"], "refactor.rewrite");
    assert!(action.get("isPreferred").is_none());
    let others = server.request("textDocument/codeAction", fixes).await.as_array().cloned().unwrap();
    assert!(others.iter().all(|other| other["kind"] == "quickfix"), "{others:#?}");
    let edit = server.request("codeAction/resolve", action.clone()).await["edit"].take();
    let (annotation, said) = edit["changeAnnotations"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(said["needsConfirmation"], true);
    let check = said["description"].as_str().unwrap();
    assert!(check.starts_with("The other end works later"), "{check}");
    let changes = edit["documentChanges"].as_array().unwrap();
    let edits: Vec<&Value> = changes.iter().flat_map(|change| change["edits"].as_array().unwrap()).collect();
    assert!(edits.iter().all(|edit| edit["annotationId"] == annotation.as_str()), "{edits:#?}");
    let touched: Vec<&str> = changes.iter().filter_map(|change| change["textDocument"]["uri"].as_str()?.rsplit('/').nth(2)).collect();
    assert!(touched.contains(&"shop") && touched.contains(&"mail"), "{touched:?}");
    // One end alone would be a message that nobody takes, or nobody sends.
    apply(&edit);
    for change in changes {
        let root = server.uri("");
        let uri = change["textDocument"]["uri"].as_str().unwrap().strip_prefix(&root).unwrap().to_owned();
        server.watched(&uri, 2).await;
    }
    server.settle().await;
    assert!(!server.published(path).lines().iter().any(|line| line.contains("POST /receipts")));
    server.end().await;
}
