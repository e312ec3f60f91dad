//! Whether what a server says is what the protocol lets it say to this client.
//!
//! Shapes are checked against types that are generated from the protocol's own machine-readable model (the `lsprotocol` crate), which the server
//! does not use: unknown members, missing ones and wrong values are found. Beyond shapes: null is nowhere where a member may only be left out,
//! ranges are in order, nothing is sent that the client did not announce, nothing is answered that the server did not. Invariant: messages are
//! shown in the order in which they pass.

use std::collections::{BTreeMap, BTreeSet};

use lsprotocol as lsp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Members that may hold anything.
const ANYTHING: [&str; 4] = ["data", "arguments", "registerOptions", "experimental"];

/// Watches both directions of a session.
#[derive(Debug, Default)]
pub struct Conformance {
    capabilities: Value,
    announced: Value,
    /// Methods of the client's requests that wait for an answer, by id.
    asked: BTreeMap<String, String>,
    tokens: BTreeSet<String>,
    problems: Vec<String>,
}

impl Conformance {
    /// What was found wrong so far.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Sees a message of the client.
    pub fn sent(&mut self, message: &Value) {
        let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) else { return };
        if method == "initialize" {
            self.capabilities = message["params"]["capabilities"].clone();
        }
        self.asked.insert(id.to_string(), method.to_owned());
    }

    /// Checks a message of the server.
    pub fn received(&mut self, message: &Value) {
        if message["jsonrpc"] != "2.0" {
            self.problem("a message", "is not of JSON-RPC 2.0");
        }
        match message["method"].as_str() {
            Some(method) => self.message(method, message),
            None => self.response(message),
        }
    }

    fn problem(&mut self, what: &str, problem: impl std::fmt::Display) {
        self.problems.push(format!("{what}: {problem}"));
    }

    fn message(&mut self, method: &str, message: &Value) {
        let early = matches!(method, "window/logMessage" | "window/showMessage");
        if self.announced.is_null() && !early {
            self.problem(method, "sent before the answer to `initialize`");
        }
        if let Err(error) = said(method, message) {
            self.problem(method, error);
        }
        if !method.starts_with("portolan/") {
            self.values(method, &message["params"]);
        }
        let can = |path: &str| self.capabilities.pointer(path) == Some(&json!(true));
        let allowed = match method {
            "portolan/status" => can("/experimental/portolanStatus"),
            "workspace/configuration" => can("/workspace/configuration"),
            "window/workDoneProgress/create" => {
                self.tokens.insert(message["params"]["token"].to_string());
                can("/window/workDoneProgress")
            }
            "$/progress" => self.tokens.contains(&message["params"]["token"].to_string()),
            "workspace/codeLens/refresh" => can("/workspace/codeLens/refreshSupport"),
            "workspace/inlayHint/refresh" => can("/workspace/inlayHint/refreshSupport"),
            "workspace/diagnostic/refresh" => can("/workspace/diagnostics/refreshSupport"),
            "client/registerCapability" => message["params"]["registrations"].as_array().into_iter().flatten().all(|registration| {
                let at = registration["method"].as_str().unwrap_or_default();
                can(&format!("/{at}/dynamicRegistration"))
            }),
            "textDocument/publishDiagnostics" => {
                let diagnostics = message["params"]["diagnostics"].as_array().into_iter().flatten();
                let announced = |member: &str, capability: &str| {
                    can(&format!("/textDocument/publishDiagnostics/{capability}")) || diagnostics.clone().all(|each| each[member].is_null())
                };
                announced("relatedInformation", "relatedInformation")
                    && announced("codeDescription", "codeDescriptionSupport")
                    && announced("data", "dataSupport")
                    && (message["params"]["version"].is_null() || can("/textDocument/publishDiagnostics/versionSupport"))
            }
            _ => true,
        };
        if !allowed {
            self.problem(method, format!("the client did not announce what this needs: {message}"));
        }
    }

    fn response(&mut self, message: &Value) {
        let Some(method) = self.asked.remove(&message["id"].to_string()) else {
            return self.problem("a response", format!("answers no open request: {message}"));
        };
        if let Some(error) = message.get("error") {
            if message.get("result").is_some() || !error["code"].is_i64() || !error["message"].is_string() {
                self.problem(&method, format!("is no error of JSON-RPC: {message}"));
            }
            return;
        }
        if method.starts_with("portolan/") {
            return;
        }
        let result = &message["result"];
        if let Err(error) = answered(&method, message) {
            self.problem(&method, error);
        }
        self.values(&method, result);
        if method == "initialize" {
            self.announced = result["capabilities"].clone();
        } else if let Some(provider) = provider(&method)
            && matches!(self.announced[provider], Value::Null | Value::Bool(false))
            && !result.is_null()
        {
            self.problem(&method, format!("answered, but {provider} is not announced"));
        }
        self.within_capabilities(&method, result);
    }

    /// Forms of an answer that a client must announce.
    fn within_capabilities(&mut self, method: &str, result: &Value) {
        let text = &self.capabilities["textDocument"];
        let first = &result[0];
        let needs = match method {
            "textDocument/hover" if result["contents"]["kind"] == "markdown" => {
                text["hover"]["contentFormat"].as_array().is_some_and(|formats| formats.contains(&json!("markdown")))
            }
            "textDocument/definition" if !first["targetUri"].is_null() => text["definition"]["linkSupport"] == true,
            "textDocument/documentSymbol" if !first["selectionRange"].is_null() => {
                text["documentSymbol"]["hierarchicalDocumentSymbolSupport"] == true
            }
            "textDocument/documentLink" if !first["tooltip"].is_null() => text["documentLink"]["tooltipSupport"] == true,
            "textDocument/codeAction" if !first["kind"].is_null() => {
                let takes = |member: &str, support: &str| first[member].is_null() || text["codeAction"][support] == true;
                text["codeAction"]["codeActionLiteralSupport"].is_object()
                    && takes("disabled", "disabledSupport")
                    && takes("isPreferred", "isPreferredSupport")
                    && takes("data", "dataSupport")
                    && (first["edit"]["documentChanges"].is_null()
                        || self.capabilities["workspace"]["workspaceEdit"]["documentChanges"] == true)
            }
            "textDocument/diagnostic" => text["diagnostic"].is_object(),
            _ => true,
        };
        if !needs {
            self.problem(method, format!("the client did not announce this form: {result}"));
        }
    }

    /// What types do not say: null and the order of ranges.
    fn values(&mut self, method: &str, value: &Value) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| self.values(method, element)),
            Value::Object(members) => {
                let at = |position: &Value| (position["line"].as_u64(), position["character"].as_u64());
                if let (Some(start), Some(end)) = (members.get("start"), members.get("end"))
                    && at(start) > at(end)
                {
                    self.problem(method, format!("a range that ends before it starts: {value}"));
                }
                // A version of a document that is not open is the one member that is null.
                let versioned = members.contains_key("uri");
                for (name, member) in members {
                    match member {
                        _ if ANYTHING.contains(&name.as_str()) => {}
                        Value::Null if name == "version" && versioned => {}
                        Value::Null => self.problem(method, format!("`{name}` is null, but may only be left out: {value}")),
                        member => self.values(method, member),
                    }
                }
            }
            _ => {}
        }
    }
}

fn is<T: DeserializeOwned>(message: &Value) -> Result<(), String> {
    serde_json::from_value::<T>(message.clone()).map(drop).map_err(|error| format!("{error}: {message}"))
}

/// Checks a request or notification of a server.
fn said(method: &str, message: &Value) -> Result<(), String> {
    match method {
        "textDocument/publishDiagnostics" => is::<lsp::PublishDiagnosticsNotification>(message),
        "window/logMessage" => is::<lsp::LogMessageNotification>(message),
        "window/showMessage" => is::<lsp::ShowMessageNotification>(message),
        "$/progress" => is::<lsp::ProgressNotification>(message),
        "client/registerCapability" => is::<lsp::RegistrationRequest>(message),
        "window/workDoneProgress/create" => is::<lsp::WorkDoneProgressCreateRequest>(message),
        "workspace/configuration" => is::<lsp::ConfigurationRequest>(message),
        "workspace/codeLens/refresh" => is::<lsp::CodeLensRefreshRequest>(message),
        "workspace/inlayHint/refresh" => is::<lsp::InlayHintRefreshRequest>(message),
        "workspace/diagnostic/refresh" => is::<lsp::DiagnosticRefreshRequest>(message),
        "portolan/status" => Ok(()),
        _ => Err("no server sends this, as far as this check knows".to_owned()),
    }
}

/// Checks the answer to a request.
fn answered(method: &str, message: &Value) -> Result<(), String> {
    // The generated types of responses name their method, which messages do not.
    let mut message = message.clone();
    message["method"] = json!(method);
    let message = &message;
    match method {
        "initialize" => is::<lsp::InitializeResponse>(message),
        "shutdown" => is::<lsp::ShutdownResponse>(message),
        "textDocument/hover" => is::<lsp::HoverResponse>(message),
        "textDocument/definition" => is::<lsp::DefinitionResponse>(message),
        "textDocument/references" => is::<lsp::ReferencesResponse>(message),
        "textDocument/prepareCallHierarchy" => is::<lsp::CallHierarchyPrepareResponse>(message),
        "callHierarchy/incomingCalls" => is::<lsp::CallHierarchyIncomingCallsResponse>(message),
        "callHierarchy/outgoingCalls" => is::<lsp::CallHierarchyOutgoingCallsResponse>(message),
        "textDocument/documentSymbol" => is::<lsp::DocumentSymbolResponse>(message),
        "workspace/symbol" => is::<lsp::WorkspaceSymbolResponse>(message),
        "textDocument/codeLens" => is::<lsp::CodeLensResponse>(message),
        "textDocument/inlayHint" => is::<lsp::InlayHintResponse>(message),
        "textDocument/documentLink" => is::<lsp::DocumentLinkResponse>(message),
        "textDocument/codeAction" => is::<lsp::CodeActionResponse>(message),
        "codeAction/resolve" => is::<lsp::CodeActionResolveResponse>(message),
        "textDocument/diagnostic" => is::<lsp::DocumentDiagnosticResponse>(message),
        "workspace/diagnostic" => is::<lsp::WorkspaceDiagnosticResponse>(message),
        _ => Err("no server answers this, as far as this check knows".to_owned()),
    }
}

/// The member of a server's capabilities that announces a request.
fn provider(method: &str) -> Option<&'static str> {
    Some(match method {
        "textDocument/hover" => "hoverProvider",
        "textDocument/definition" => "definitionProvider",
        "textDocument/references" => "referencesProvider",
        "textDocument/prepareCallHierarchy" | "callHierarchy/incomingCalls" | "callHierarchy/outgoingCalls" => "callHierarchyProvider",
        "textDocument/documentSymbol" => "documentSymbolProvider",
        "workspace/symbol" => "workspaceSymbolProvider",
        "textDocument/codeLens" => "codeLensProvider",
        "textDocument/inlayHint" => "inlayHintProvider",
        "textDocument/documentLink" => "documentLinkProvider",
        "textDocument/codeAction" | "codeAction/resolve" => "codeActionProvider",
        "textDocument/diagnostic" | "workspace/diagnostic" => "diagnosticProvider",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session whose client can what `capabilities` say, up to the answer to `initialize`.
    fn session(capabilities: Value, announced: Value) -> Conformance {
        let mut session = Conformance::default();
        session.sent(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": capabilities}}));
        session.received(&json!({"jsonrpc": "2.0", "id": 1, "result": {"capabilities": announced}}));
        assert_eq!(session.problems(), Vec::<String>::new());
        session
    }

    fn diagnostics(each: Value) -> Value {
        let params = json!({"uri": "file:///a.ts", "diagnostics": [each]});
        json!({"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": params})
    }

    fn range(from: u32, to: u32) -> Value {
        json!({"start": {"line": from, "character": 0}, "end": {"line": to, "character": 0}})
    }

    #[test]
    fn every_kind_of_break_is_found() {
        let hover = |result: Value| {
            let mut session = session(json!({"textDocument": {"hover": {"contentFormat": ["plaintext"]}}}), json!({"hoverProvider": true}));
            session.sent(&json!({"jsonrpc": "2.0", "id": 2, "method": "textDocument/hover", "params": {}}));
            session.received(&json!({"jsonrpc": "2.0", "id": 2, "result": result}));
            session.problems().len()
        };
        let contents = json!({"kind": "plaintext", "value": "x"});
        assert_eq!(hover(json!({"contents": contents, "range": range(1, 2)})), 0);
        assert_eq!(hover(Value::Null), 0);
        assert_eq!(hover(json!({"contents": contents, "range": range(2, 1)})), 1, "a range that ends before it starts");
        assert_eq!(hover(json!({"contents": contents, "range": null})), 1, "null");
        assert_eq!(hover(json!({"contents": contents, "extra": 1})), 1, "an unknown member");
        assert_eq!(hover(json!({"range": range(1, 2)})), 1, "a missing member");
        assert_eq!(hover(json!({"contents": {"kind": "html", "value": "x"}})), 1, "an unknown kind");
        assert_eq!(hover(json!({"contents": {"kind": "markdown", "value": "x"}})), 1, "Markdown was not announced");
        let send = |message: Value| {
            let mut session = session(json!({}), json!({}));
            session.received(&message);
            session.problems().len()
        };
        let plain = json!({"range": range(1, 1), "message": "x", "severity": 2});
        assert_eq!(send(diagnostics(plain.clone())), 0);
        assert_eq!(send(diagnostics(json!({"range": range(1, 1), "message": "x", "severity": 9}))), 1, "a value out of its enumeration");
        assert_eq!(send(diagnostics(json!({"range": range(1, 1), "message": "x", "data": {"a": null}}))), 1, "data was not announced");
        assert_eq!(send(json!({"jsonrpc": "2.0", "id": 7, "result": null})), 1, "nobody asked");
        assert_eq!(send(json!({"jsonrpc": "2.0", "method": "portolan/status", "params": {}})), 1, "not announced");
        assert_eq!(send(json!({"jsonrpc": "2.0", "id": 3, "method": "workspace/codeLens/refresh"})), 1, "not announced");
        assert_eq!(send(json!({"jsonrpc": "2.0", "method": "textDocument/other", "params": {}})), 1, "no such method");
        let mut unanswered = session(json!({}), json!({}));
        unanswered.sent(&json!({"jsonrpc": "2.0", "id": 2, "method": "textDocument/references", "params": {}}));
        unanswered.received(&json!({"jsonrpc": "2.0", "id": 2, "result": []}));
        assert_eq!(unanswered.problems().len(), 1, "answered, but not announced");
        let mut early = Conformance::default();
        early.received(&diagnostics(plain));
        assert_eq!(early.problems().len(), 1, "sent before the answer to `initialize`");
    }
}
