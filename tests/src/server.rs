//! A client that drives the real server over pipes in memory.
//!
//! It never sleeps: it waits for messages, with a limit so that a server that says nothing fails the test. What deliberately does not live
//! here: protocol types; messages are JSON, as an editor sends them. Invariant: every message of the server is read and checked against the
//! protocol ([`Conformance`]), and one that breaks it, or that no editor would expect, fails the test when the server is dropped.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use portolan::lsp::{Ended, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::conformance::Conformance;

/// How long a message may take to come; only a hanging server ever takes so long.
const LIMIT: Duration = Duration::from_secs(60);

/// Diagnostics of a document, as last published.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Published {
    /// The document's version, where it is open.
    pub version: Option<i64>,
    /// LSP diagnostics.
    pub diagnostics: Vec<Value>,
    /// How many times they were published.
    pub times: usize,
}

impl Published {
    /// `line code message` of each, lines from 0 as the protocol counts.
    pub fn lines(&self) -> Vec<String> {
        let line = |each: &Value| {
            let message = each["message"].as_str().unwrap_or_default();
            format!("{} {} {message}", each["range"]["start"]["line"], each["code"].as_str().unwrap_or_default())
        };
        self.diagnostics.iter().map(line).collect()
    }
}

/// A running server and its client.
pub struct TestServer {
    root: PathBuf,
    input: DuplexStream,
    messages: mpsc::UnboundedReceiver<Value>,
    task: JoinHandle<Ended>,
    next_id: i64,
    /// How many changes the server was told of: what it counts in its status.
    changes: u64,
    /// Answers that nobody has asked for yet, and messages of kinds we do not know.
    unexpected: Vec<Value>,
    answers: VecDeque<Value>,
    diagnostics: BTreeMap<String, Published>,
    statuses: Vec<Value>,
    /// Methods of the requests that the server has made.
    requested: Vec<String>,
    /// What `workspace/configuration` is answered from, by section.
    pub settings: Value,
    messages_shown: VecDeque<String>,
    conformance: Conformance,
    ended: bool,
}

impl TestServer {
    /// Starts a server on a folder, up to and with `initialized`.
    pub async fn start(root: &Path) -> Self {
        Self::start_with(root, json!(["utf-16"])).await
    }

    /// As [`TestServer::start`], for a client that offers other position encodings.
    pub async fn start_with(root: &Path, encodings: Value) -> Self {
        let mut capabilities = Self::capabilities();
        capabilities["general"]["positionEncodings"] = encodings;
        Self::start_as(root, capabilities).await
    }

    /// What a capable client can.
    pub fn capabilities() -> Value {
        json!({
            "general": {"positionEncodings": ["utf-16"]},
            "workspace": {"workspaceEdit": {"documentChanges": true, "resourceOperations": ["create"]}, "configuration": true, "workspaceFolders": true, "didChangeWatchedFiles": {"dynamicRegistration": true}, "codeLens": {"refreshSupport": true}, "inlayHint": {"refreshSupport": true}},
            "window": {"workDoneProgress": true},
            "experimental": {"portolanStatus": true},
            "textDocument": {
                "publishDiagnostics": {"relatedInformation": true, "versionSupport": true, "codeDescriptionSupport": true, "dataSupport": true},
                "hover": {"contentFormat": ["markdown"]},
                "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}}
            }
        })
    }

    /// As [`TestServer::start`], for a client that can what these capabilities say.
    pub async fn start_as(root: &Path, capabilities: Value) -> Self {
        Self::start_set(root, capabilities, Value::Null).await
    }

    /// As [`TestServer::start_as`], with `initializationOptions`.
    pub async fn start_set(root: &Path, capabilities: Value, options: Value) -> Self {
        let mut server = Self::launch(root);
        let uri = server.uri("");
        let uri = uri.trim_end_matches('/');
        let folders = json!([{"uri": uri, "name": "test"}]);
        let params = json!({"processId": null, "rootUri": uri, "workspaceFolders": folders, "capabilities": capabilities, "initializationOptions": options});
        server.initialize(params).await;
        server
    }

    /// As [`TestServer::start`], for several folders below a common one.
    pub async fn start_in(root: &Path, folders: &[&str]) -> Self {
        let mut server = Self::launch(root);
        let folders: Vec<Value> = folders.iter().map(|folder| json!({"uri": server.uri(folder), "name": folder})).collect();
        server
            .initialize(json!({"processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": Self::capabilities()}))
            .await;
        server
    }

    async fn initialize(&mut self, parameters: Value) {
        let result = self.request("initialize", parameters).await;
        assert!(result["capabilities"].is_object(), "initialize answered {result}");
        self.notify("initialized", json!({})).await;
        self.changes = 1;
    }

    /// Tells of folders that joined or left the workspace.
    pub async fn folders(&mut self, added: &[&str], removed: &[&str]) {
        let list = |paths: &[&str]| -> Vec<Value> { paths.iter().map(|path| json!({"uri": self.uri(path), "name": path})).collect() };
        let event = json!({"event": {"added": list(added), "removed": list(removed)}});
        self.tell("workspace/didChangeWorkspaceFolders", event).await;
    }

    /// Tells that files or folders were renamed in the editor, by their old and new paths.
    pub async fn renamed(&mut self, renames: &[(&str, &str)]) {
        let files: Vec<Value> = renames.iter().map(|(old, new)| json!({"oldUri": self.uri(old), "newUri": self.uri(new)})).collect();
        self.tell("workspace/didRenameFiles", json!({"files": files})).await;
    }

    /// Starts a server and sends nothing.
    pub fn launch(root: &Path) -> Self {
        let (input, server_input) = tokio::io::duplex(1 << 16);
        let (server_output, output) = tokio::io::duplex(1 << 16);
        let task = tokio::spawn(serve(server_input, server_output));
        let (sender, messages) = mpsc::unbounded_channel();
        tokio::spawn(read_messages(output, sender));
        Self {
            root: root.to_owned(),
            input,
            messages,
            task,
            next_id: 0,
            changes: 0,
            unexpected: Vec::new(),
            answers: VecDeque::new(),
            diagnostics: BTreeMap::new(),
            statuses: Vec::new(),
            requested: Vec::new(),
            settings: Value::Null,
            messages_shown: VecDeque::new(),
            conformance: Conformance::default(),
            ended: false,
        }
    }

    /// The URI of a path relative to the workspace.
    pub fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.root.display())
    }

    /// Sends a notification.
    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Sends a notification that the server counts as a change.
    async fn tell(&mut self, method: &str, params: Value) {
        self.changes += 1;
        self.notify(method, params).await;
    }

    /// Sends a request and waits for its result; an error fails the test.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        match self.try_request(method, params).await {
            Ok(result) => result,
            Err(error) => panic!("{method} failed: {error}"),
        }
    }

    /// Sends a request and waits for its result or error.
    pub async fn try_request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.send_request(method, params).await;
        self.answer(id).await
    }

    /// Sends a request without waiting; the result is its id.
    pub async fn send_request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message).await;
        id
    }

    /// Waits for the answer of a request.
    pub async fn answer(&mut self, id: i64) -> Result<Value, Value> {
        loop {
            if let Some(index) = self.answers.iter().position(|answer| answer["id"] == id) {
                let mut answer = self.answers.remove(index).unwrap();
                return if answer.get("error").is_some() { Err(answer["error"].take()) } else { Ok(answer["result"].take()) };
            }
            self.read().await;
        }
    }

    /// Opens a document.
    pub async fn open(&mut self, path: &str, language: &str, text: &str) {
        let document = json!({"uri": self.uri(path), "languageId": language, "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    /// Replaces the whole text of an open document.
    pub async fn change(&mut self, path: &str, version: i64, text: &str) {
        let document = json!({"uri": self.uri(path), "version": version});
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": [{"text": text}]})).await;
    }

    /// Replaces a range, `[line, character, line, character]`, of an open document.
    pub async fn edit(&mut self, path: &str, version: i64, range: [u64; 4], text: &str) {
        let range = json!({"start": {"line": range[0], "character": range[1]}, "end": {"line": range[2], "character": range[3]}});
        let document = json!({"uri": self.uri(path), "version": version});
        let changes = json!([{"range": range, "text": text}]);
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes})).await;
    }

    /// Closes a document.
    pub async fn close(&mut self, path: &str) {
        self.tell("textDocument/didClose", json!({"textDocument": {"uri": self.uri(path)}})).await;
    }

    /// Tells of a change on disk: 1 created, 2 changed, 3 deleted.
    pub async fn watched(&mut self, path: &str, kind: u32) {
        self.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": self.uri(path), "type": kind}]})).await;
    }

    /// A position in a document, as a request's parameters.
    pub fn at(&self, path: &str, line: u64, character: u64) -> Value {
        json!({"textDocument": {"uri": self.uri(path)}, "position": {"line": line, "character": character}})
    }

    /// The code actions that are offered at the fourth character of a line, lines counted from 0.
    pub async fn actions(&mut self, path: &str, line: u64) -> Vec<Value> {
        self.actions_of_kind(path, line, "quickfix").await
    }

    /// As [`TestServer::actions`], of one kind.
    pub async fn actions_of_kind(&mut self, path: &str, line: u64, kind: &str) -> Vec<Value> {
        let at = json!({"line": line, "character": 3});
        let context = json!({"diagnostics": [], "only": [kind]});
        let params = json!({"textDocument": {"uri": self.uri(path)}, "range": {"start": at, "end": at}, "context": context});
        self.request("textDocument/codeAction", params).await.as_array().cloned().unwrap_or_default()
    }

    /// Waits until the server has seen all changes and published what follows from them.
    pub async fn settle(&mut self) {
        let changes = self.changes;
        self.until(|status| status["quiescent"] == true && status["changes"].as_u64() >= Some(changes)).await;
    }

    /// Tells of settings, and waits until what follows from them is published.
    pub async fn configure(&mut self, settings: Value) {
        let seen = self.statuses.len();
        self.notify("workspace/didChangeConfiguration", json!({"settings": settings})).await;
        while self.statuses.len() == seen {
            self.read().await;
        }
    }

    /// Waits for a message to the user.
    pub async fn shown_message(&mut self) -> String {
        loop {
            if let Some(message) = self.messages_shown.pop_front() {
                return message;
            }
            self.read().await;
        }
    }

    /// Waits for a status.
    async fn until(&mut self, right: impl Fn(&Value) -> bool) {
        while !self.statuses.last().is_some_and(&right) {
            self.read().await;
        }
    }

    /// Diagnostics of a document as last published.
    pub fn published(&self, path: &str) -> Published {
        self.diagnostics.get(&self.uri(path)).cloned().unwrap_or_default()
    }

    /// The last status.
    pub fn status(&self) -> Option<&Value> {
        self.statuses.last()
    }

    /// How often the server has made a request with that method.
    pub fn times_asked(&self, method: &str) -> usize {
        self.requested.iter().filter(|asked| *asked == method).count()
    }

    /// Findings of all documents as last published: `path: line code message`, lines from 0 as the protocol counts.
    pub fn all_published(&self) -> Vec<String> {
        let start = self.uri("");
        let lines = |(uri, published): (&String, &Published)| {
            let path = uri.strip_prefix(&start).unwrap_or(uri).to_owned();
            published.lines().into_iter().map(move |line| format!("{path}: {line}"))
        };
        self.diagnostics.iter().flat_map(lines).collect()
    }

    /// Ends the server as an editor does, waits until it is gone, and checks what is left.
    pub async fn end(mut self) {
        self.request("shutdown", Value::Null).await;
        assert_eq!(self.exit().await, Ended::Orderly);
    }

    /// Says `exit` and waits until the server is gone.
    pub async fn exit(&mut self) -> Ended {
        self.notify("exit", Value::Null).await;
        let ended = tokio::time::timeout(LIMIT, &mut self.task).await.expect("the server does not end after `exit`").unwrap();
        while let Some(message) = tokio::time::timeout(LIMIT, self.messages.recv()).await.expect("the output stays open") {
            self.take(message).await;
        }
        self.ended = true;
        ended
    }

    async fn send(&mut self, message: &Value) {
        self.conformance.sent(message);
        let body = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        tokio::time::timeout(LIMIT, self.input.write_all(text.as_bytes()))
            .await
            .expect("the server does not read")
            .expect("the server is gone");
    }

    /// Reads one message and files it.
    async fn read(&mut self) {
        let message = tokio::time::timeout(LIMIT, self.messages.recv()).await.expect("the server says nothing");
        self.take(message.expect("the server has closed its output")).await;
    }

    async fn take(&mut self, message: Value) {
        self.conformance.received(&message);
        let Some(method) = message["method"].as_str() else {
            self.answers.push_back(message);
            return;
        };
        if let Some(id) = message.get("id") {
            self.requested.push(method.to_owned());
            let result = match method {
                "workspace/configuration" => {
                    let items = message["params"]["items"].as_array().cloned().unwrap_or_default();
                    let section = |item: &Value| self.settings[item["section"].as_str().unwrap_or_default()].clone();
                    items.iter().map(section).collect()
                }
                "client/registerCapability" | "client/unregisterCapability" | "window/workDoneProgress/create" => Value::Null,
                method if method.starts_with("workspace/") && method.ends_with("/refresh") => Value::Null,
                _ => {
                    self.unexpected.push(message.clone());
                    Value::Null
                }
            };
            let answer = json!({"jsonrpc": "2.0", "id": id, "result": result});
            if !self.task.is_finished() {
                self.send(&answer).await;
            }
            return;
        }
        match method {
            "textDocument/publishDiagnostics" => {
                let params = &message["params"];
                let uri = params["uri"].as_str().expect("diagnostics without a URI").to_owned();
                let published = self.diagnostics.entry(uri).or_default();
                published.version = params["version"].as_i64();
                published.diagnostics = params["diagnostics"].as_array().cloned().unwrap_or_default();
                published.times += 1;
            }
            "portolan/status" => self.statuses.push(message["params"].clone()),
            "window/showMessage" => {
                self.messages_shown.push_back(message["params"]["message"].as_str().unwrap_or_default().to_owned());
            }
            "$/progress" | "window/logMessage" => {}
            _ => self.unexpected.push(message),
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert!(self.ended, "the test did not end the server");
        assert!(self.conformance.problems().is_empty(), "the server breaks the protocol: {:#?}", self.conformance.problems());
        assert!(self.unexpected.is_empty(), "the server sent what no editor expects: {:#?}", self.unexpected);
        assert!(self.answers.is_empty(), "the server answered what nobody asked, or twice: {:#?}", self.answers);
    }
}

async fn read_messages(output: DuplexStream, sender: mpsc::UnboundedSender<Value>) {
    let mut output = BufReader::new(output);
    loop {
        let mut length = None;
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                line => {
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.parse().ok();
                    }
                }
            }
        }
        let mut body = vec![0; length.expect("a message without its length")];
        if output.read_exact(&mut body).await.is_err() {
            return;
        }
        let message = serde_json::from_slice(&body).expect("a message that is not JSON");
        if sender.send(message).is_err() {
            return;
        }
    }
}
