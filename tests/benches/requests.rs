//! How long the server takes to answer, request by request: p50 and p99 of 200 places of one workspace.
//!
//! `cargo bench -p portolan-tests --bench requests -- FOLDER [PLACES]` asks each request at places where something stands, spread evenly over the
//! chart, and once the workspace is charted. A time is from the question's last byte to the answer's, over pipes in memory, so it holds what an
//! editor on the same machine waits for, its own work left out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use portolan_tests::disk;
use portolan_tests::server::TestServer;
use serde_json::{Value, json};

const PLACES: usize = 200;

/// What is asked, and whether it is about a position or a document.
const REQUESTS: [(&str, bool); 10] = [
    ("textDocument/hover", true),
    ("textDocument/definition", true),
    ("textDocument/references", true),
    ("textDocument/prepareCallHierarchy", true),
    ("portolan/trace", true),
    ("textDocument/codeLens", false),
    ("textDocument/inlayHint", false),
    ("textDocument/documentLink", false),
    ("textDocument/documentSymbol", false),
    ("textDocument/codeAction", false),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = arguments.next().map_or_else(|| disk::workspace("chandlery"), PathBuf::from).canonicalize().unwrap();
    let count = arguments.next().map_or(PLACES, |count| count.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(&folder, count));
}

async fn run(folder: &std::path::Path, count: usize) {
    let mut capabilities = TestServer::capabilities();
    capabilities["textDocument"]["documentSymbol"] = json!({"hierarchicalDocumentSymbolSupport": true});
    let mut server = TestServer::start_as(folder, capabilities).await;
    server.settle().await;
    let places = places(&mut server, count).await;
    println!("{} places", places.len());
    for (method, at_position) in REQUESTS {
        let mut times = Vec::new();
        let mut answered = 0;
        for (path, line, character) in &places {
            let mut parameters = server.at(path, *line, *character);
            if !at_position {
                let end = if method == "textDocument/codeAction" { *line } else { 1_000_000 };
                let start = if method == "textDocument/codeAction" { *line } else { 0 };
                parameters["range"] = json!({"start": {"line": start, "character": 0}, "end": {"line": end, "character": 0}});
            }
            parameters["context"] = json!({"includeDeclaration": true, "diagnostics": []});
            let start = Instant::now();
            let answer = server.request(method, parameters).await;
            times.push(start.elapsed());
            answered += usize::from(!answer.is_null() && answer != json!([]));
        }
        show(method, &mut times, answered);
    }
    let mut times = Vec::new();
    for query in (0..count).map(|at| ["order", "post /", "get", "user", "/api/v1"][at % 5]) {
        let start = Instant::now();
        server.request("workspace/symbol", json!({"query": query})).await;
        times.push(start.elapsed());
    }
    show("workspace/symbol", &mut times, count);
    server.end().await;
}

/// Places where something of the chart stands, as path, line and character.
async fn places(server: &mut TestServer, count: usize) -> Vec<(String, u64, u64)> {
    let chart = server.request("portolan/chart", Value::Null).await;
    let mut files: Vec<String> = Vec::new();
    let manifests = chart["services"].as_array().unwrap().iter().flat_map(|service| service["evidence"].as_array().unwrap());
    let code = ["endpoints", "calls", "unresolved"].into_iter().flat_map(|rows| chart[rows].as_array().unwrap());
    files.extend(code.chain(manifests).map(|row| row["file"].as_str().unwrap().to_owned()));
    files.sort();
    files.dedup();
    let mut places = Vec::new();
    for path in files {
        let symbols = server.request("textDocument/documentSymbol", server.at(&path, 0, 0)).await;
        let mut open: Vec<&Value> = symbols.as_array().into_iter().flatten().collect();
        while let Some(symbol) = open.pop() {
            let start = &symbol["selectionRange"]["start"];
            places.push((path.clone(), start["line"].as_u64().unwrap(), start["character"].as_u64().unwrap()));
            open.extend(symbol["children"].as_array().into_iter().flatten());
        }
    }
    let step = (places.len() / count.max(1)).max(1);
    places.into_iter().step_by(step).take(count).collect()
}

fn show(name: &str, times: &mut [Duration], answered: usize) {
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("{name:<34} p50 {p50:>9.1?}   p99 {p99:>9.1?}   {answered} of {} answered", times.len());
}
