//! What an editor asks for, in the shape in which it asks.

use portolan_tests::server::TestServer;
use serde_json::{Value, json};

use crate::shop;

fn document(server: &TestServer, path: &str) -> Value {
    json!({"textDocument": {"uri": server.uri(path)}})
}

/// What a capable client can, and can do more.
fn capable() -> Value {
    let mut capabilities = TestServer::capabilities();
    let text = &mut capabilities["textDocument"];
    text["documentSymbol"] = json!({"hierarchicalDocumentSymbolSupport": true});
    text["definition"] = json!({"linkSupport": true});
    text["documentLink"] = json!({"tooltipSupport": true});
    capabilities
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lenses_lead_where_the_editor_can_go() {
    let folder = shop();
    for (commands, expected) in [(json!(["portolan.showReferences", "portolan.showTrace", "portolan.showMap"]), true), (Value::Null, false)]
    {
        let mut server = TestServer::start_set(folder.path(), TestServer::capabilities(), json!({"commands": commands})).await;
        let lenses = server.request("textDocument/codeLens", document(&server, "orders/src/index.ts")).await;
        let titles: Vec<&str> = lenses.as_array().unwrap().iter().map(|lens| lens["command"]["title"].as_str().unwrap()).collect();
        assert_eq!(titles, ["1 caller in web", "reads orders", "no known callers", "writes orders"]);
        let (references, trace) = (&lenses[0]["command"], &lenses[1]["command"]);
        if expected {
            assert_eq!((&references["command"], &trace["command"]), (&json!("portolan.showReferences"), &json!("portolan.showTrace")));
            let arguments = &references["arguments"];
            assert_eq!((&arguments[0], &arguments[1]), (&json!(server.uri("orders/src/index.ts")), &lenses[0]["range"]["start"]));
            assert_eq!(arguments[2][0]["uri"], server.uri("web/src/index.ts"));
            let at = json!({"textDocument": {"uri": trace["arguments"][0]}, "position": trace["arguments"][1]});
            assert_eq!(server.request("portolan/trace", at).await["endpoint"], "GET /orders/{id}");
        } else {
            assert_eq!((&references["command"], &trace["command"]), (&json!(""), &json!("")));
        }
        assert_eq!(lenses[2]["command"]["command"], "", "nowhere to go: {lenses}");
        let lenses = server.request("textDocument/codeLens", document(&server, "compose.yaml")).await;
        let map = &lenses[0]["command"];
        assert_eq!((&map["title"], map["command"] == "portolan.showMap"), (&json!("asks orders"), expected), "{lenses}");
        server.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_name_who_answers_within_the_range_asked_for() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    let ask = |server: &TestServer, lines: [u64; 2]| {
        let mut parameters = document(server, "web/src/index.ts");
        parameters["range"] = json!({"start": {"line": lines[0], "character": 0}, "end": {"line": lines[1], "character": 0}});
        parameters
    };
    let hints = server.request("textDocument/inlayHint", ask(&server, [0, 9])).await;
    let label = &hints[0]["label"];
    assert_eq!((&label[0]["value"], &label[1]["value"]), (&json!("→ "), &json!("orders GET /orders/{id}")), "{hints}");
    assert_eq!(label[1]["location"]["uri"], server.uri("orders/src/index.ts"));
    assert_eq!(hints[0]["position"], json!({"line": 2, "character": 63}));
    assert_eq!(server.request("textDocument/inlayHint", ask(&server, [0, 1])).await, json!([]));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_without_asking_can_be_turned_off() {
    let folder = shop();
    let off = json!({"codeLens": {"enable": false}, "inlayHints": {"enable": false}, "documentLinks": {"enable": false}});
    let mut server = TestServer::start_set(folder.path(), TestServer::capabilities(), off).await;
    let mut parameters = document(&server, "web/src/index.ts");
    parameters["range"] = json!({"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}});
    for method in ["textDocument/codeLens", "textDocument/inlayHint", "textDocument/documentLink"] {
        assert_eq!(server.request(method, parameters.clone()).await, Value::Null, "{method}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_of_manifests_open_the_line() {
    let folder = shop();
    let mut server = TestServer::start_as(folder.path(), capable()).await;
    let links = server.request("textDocument/documentLink", document(&server, "compose.yaml")).await;
    assert_eq!(links[0]["target"], format!("{}#L6", server.uri("compose.yaml")), "{links}");
    assert_eq!(links[0]["tooltip"], "service orders");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn symbols_come_as_the_editor_takes_them() {
    let folder = shop();
    for (capabilities, child) in [(capable(), "/0/children/0/name"), (TestServer::capabilities(), "/1/name")] {
        let mut server = TestServer::start_as(folder.path(), capabilities).await;
        let symbols = server.request("textDocument/documentSymbol", document(&server, "orders/src/index.ts")).await;
        assert_eq!(symbols[0]["name"], "GET /orders/{id}", "{symbols}");
        assert_eq!(symbols.pointer(child), Some(&json!("reads orders")), "{symbols}");
        let found = server.request("workspace/symbol", json!({"query": "post /char"})).await;
        assert_eq!((&found[0]["name"], &found[0]["containerName"]), (&json!("POST /charges"), &json!("payments")), "{found}");
        server.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_and_hierarchy_cross_services() {
    let folder = shop();
    let mut server = TestServer::start_as(folder.path(), capable()).await;
    let mut at = server.at("orders/src/index.ts", 4, 12);
    let items = server.request("textDocument/prepareCallHierarchy", at.clone()).await;
    assert_eq!((&items[0]["name"], &items[0]["detail"]), (&json!("GET /orders/{id}"), &json!("orders")), "{items}");
    let incoming = server.request("callHierarchy/incomingCalls", json!({"item": items[0]})).await;
    assert_eq!(incoming[0]["from"]["uri"], server.uri("web/src/index.ts"), "{incoming}");
    assert_eq!(incoming[0]["fromRanges"][0]["start"], json!({"line": 2, "character": 43}), "{incoming}");
    assert_eq!(server.request("callHierarchy/outgoingCalls", json!({"item": items[0]})).await, json!([]));
    at["context"] = json!({"includeDeclaration": false});
    let references = server.request("textDocument/references", at.clone()).await;
    assert_eq!(references.as_array().unwrap().len(), 1, "{references}");
    at["context"]["includeDeclaration"] = json!(true);
    assert_eq!(server.request("textDocument/references", at).await.as_array().unwrap().len(), 2);
    let definition = server.request("textDocument/definition", server.at("web/src/index.ts", 2, 45)).await;
    assert_eq!(definition[0]["originSelectionRange"]["start"], json!({"line": 2, "character": 43}), "{definition}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_without_markdown_gets_plain_text() {
    let folder = shop();
    let mut capabilities = TestServer::capabilities();
    capabilities["textDocument"]["hover"] = json!({"contentFormat": ["plaintext"]});
    let mut server = TestServer::start_as(folder.path(), capabilities).await;
    let hover = server.request("textDocument/hover", server.at("web/src/index.ts", 2, 45)).await;
    let text = hover["contents"]["value"].as_str().unwrap();
    assert_eq!(hover["contents"]["kind"], "plaintext");
    assert!(text.starts_with("GET /orders/{id} · asks orders\n\nAnswered by orders/src/index.ts:5\n"), "{text}");
    assert!(!text.contains('*') && !text.contains("]("), "{text}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_about_a_text_that_is_no_more_is_refused() {
    let folder = shop();
    let mut server = TestServer::start(folder.path()).await;
    let text = std::fs::read_to_string(folder.path().join("web/src/index.ts")).unwrap();
    server.open("web/src/index.ts", "typescript", &text).await;
    // Of so many questions with an edit behind each, some are overtaken; none is answered of another text.
    let mut asked = Vec::new();
    for version in 2..40 {
        let at = server.at("web/src/index.ts", 2 + u64::try_from(version).unwrap() - 2, 45);
        asked.push((version, server.send_request("textDocument/hover", at).await));
        server.edit("web/src/index.ts", version, [0, 0, 0, 0], "\n").await;
    }
    for (version, id) in asked {
        match server.answer(id).await {
            Ok(hover) => assert_eq!(hover["range"]["start"]["line"], version, "{hover}"),
            Err(error) => assert_eq!(error["code"], -32801, "{error}"),
        }
    }
    server.end().await;
}
