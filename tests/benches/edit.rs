//! How long an edit takes in the real server, as a ratio to the incremental re-parse of the same edits in the same run.
//!
//! `cargo bench -p portolan-tests --bench edit -- FOLDER [FILE [EDITS]]` types 200 characters into a file, by default the largest source.
//! *Answer* is from the change to the answer of a hover that needs it; *diagnostics* is from the change until all that follows from it is
//! published, the server's pause for more typing included.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portolan_grammars::FileKind;
use portolan_grammars::facts::Language;
use portolan_tests::disk;
use portolan_tests::server::TestServer;

const EDITS: usize = 200;
const TYPED: &str = "\nfunction typed(x) { return [x, \"text\"].map((y) => y + 1); }\n// and a comment about it\n";
const TYPED_RUST: &str = "\nfn typed(x: u32) -> u32 { [x, 1].iter().map(|y| y + 1).sum() }\n// and a comment about it\n";

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = arguments.next().map_or_else(|| disk::workspace("chandlery"), PathBuf::from).canonicalize().unwrap();
    let (path, language) = match arguments.next() {
        Some(path) => (path.clone(), if path.ends_with(".rs") { Language::Rust } else { Language::TypeScript }),
        None => largest(&folder),
    };
    let edits = arguments.next().map_or(EDITS, |edits| edits.parse().unwrap());
    let text = std::fs::read_to_string(folder.join(&path)).unwrap();
    println!("{path}: {} lines, {edits} edits", text.lines().count());
    let mut floor = reparse(&text, language, path.ends_with("x"), edits);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut answers, mut diagnostics) = runtime.block_on(serve(&folder, &path, &text, language, edits));
    let base = show("re-parse with the old tree", &mut floor, None);
    show("answer", &mut answers, Some(base));
    show("diagnostics", &mut diagnostics, Some(base));
}

fn largest(folder: &Path) -> (String, Language) {
    let files = portolan::discover(&portolan::roots::Roots::one(folder.to_owned())).files;
    let size = |file: &portolan::discover::Found| std::fs::metadata(&file.disk).map_or(0, |data| data.len());
    let sources = files.iter().filter_map(|file| match file.kind {
        FileKind::Source(language) if size(file) <= portolan_grammars::MAX_FILE_BYTES as u64 => Some((file, language)),
        _ => None,
    });
    let (file, language) = sources.max_by_key(|(file, _)| size(file)).expect("the folder has no source");
    (file.path.to_string(), language)
}

/// The characters to type, one by one, over and over.
fn typed(language: Language, edits: usize) -> impl Iterator<Item = char> {
    (if language == Language::Rust { TYPED_RUST } else { TYPED }).chars().cycle().take(edits)
}

/// Where typing starts: at the end of the line in the middle.
fn middle(text: &str) -> (usize, usize, usize) {
    let row = text.lines().count() / 2;
    let start: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
    let column = text[start..].lines().next().map_or(0, str::len);
    (start + column, row, column)
}

/// What each edit costs a parser that keeps its tree.
fn reparse(text: &str, language: Language, jsx: bool, edits: usize) -> Vec<Duration> {
    let grammar = match language {
        Language::Rust => tree_sitter_rust::LANGUAGE,
        _ if jsx => tree_sitter_typescript::LANGUAGE_TSX,
        _ => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
    };
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&grammar.into()).unwrap();
    let mut text = text.to_owned();
    let mut tree = parser.parse(&text, None).unwrap();
    let (mut at, mut row, mut column) = middle(&text);
    let mut times = Vec::new();
    for letter in typed(language, edits) {
        let start = Instant::now();
        text.insert(at, letter);
        let (next_row, next_column) = if letter == '\n' { (row + 1, 0) } else { (row, column + 1) };
        let from = tree_sitter::Point { row, column };
        let to = tree_sitter::Point { row: next_row, column: next_column };
        let (start_byte, new_end_byte) = (at, at + 1);
        tree.edit(&tree_sitter::InputEdit {
            start_byte,
            old_end_byte: at,
            new_end_byte,
            start_position: from,
            old_end_position: from,
            new_end_position: to,
        });
        tree = parser.parse(&text, Some(&tree)).unwrap();
        times.push(start.elapsed());
        (at, row, column) = (at + 1, next_row, next_column);
    }
    times
}

/// The same edits in the server.
async fn serve(folder: &Path, path: &str, text: &str, language: Language, edits: usize) -> (Vec<Duration>, Vec<Duration>) {
    let mut server = TestServer::start(folder).await;
    let id = if language == Language::Rust { "rust" } else { "typescript" };
    server.open(path, id, text).await;
    server.settle().await;
    let (_, row, column) = middle(text);
    let line = text.lines().nth(row).unwrap_or_default();
    let (mut row, mut column) = (row as u64, line[..column].encode_utf16().count() as u64);
    let (mut answers, mut diagnostics) = (Vec::new(), Vec::new());
    for (version, letter) in (2..).zip(typed(language, edits)) {
        let start = Instant::now();
        server.edit(path, version, [row, column, row, column], &letter.to_string()).await;
        server.request("textDocument/hover", server.at(path, row, column)).await;
        answers.push(start.elapsed());
        server.settle().await;
        diagnostics.push(start.elapsed());
        (row, column) = if letter == '\n' { (row + 1, 0) } else { (row, column + 1) };
    }
    server.end().await;
    (answers, diagnostics)
}

fn show(name: &str, times: &mut [Duration], base: Option<(Duration, Duration)>) -> (Duration, Duration) {
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    let ratio = |time: Duration, base: Duration| format!("ratio {:.1}", time.as_secs_f64() / base.as_secs_f64());
    let ratios = base.map_or_else(String::new, |base| format!("   {}, {}", ratio(p50, base.0), ratio(p99, base.1)));
    println!("{name:<28} p50 {p50:>9.1?}   p99 {p99:>9.1?}{ratios}");
    (p50, p99)
}
