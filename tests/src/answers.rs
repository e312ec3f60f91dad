//! Answers to an editor's questions as lines of text, by which specs compare them.
//!
//! Invariant: a line names its place as `path:line`, and the order is the one in which an editor is answered.

use portolan_analysis::ide::{self, call_hierarchy};
use portolan_analysis::{FileId, Place, Snapshot};
use portolan_grammars::facts::TextRange;

use crate::lines;

/// The answer to a question about a place.
pub fn at_cursor(snapshot: &Snapshot, question: &str, file: FileId, offset: u32) -> Vec<String> {
    let places = |places: Vec<Place>| places.into_iter().map(|place| lines::place(snapshot, place)).collect();
    let nodes = || call_hierarchy::items(snapshot, file, offset).into_iter().filter_map(|item| item.node);
    match question {
        "hover" => {
            let hover = ide::hover(snapshot, file, offset);
            hover.map_or_else(Vec::new, |hover| hover.markdown.lines().map(str::to_owned).collect())
        }
        "definition" => places(ide::definition(snapshot, file, offset)),
        "references" => places(ide::references(snapshot, file, offset, true)),
        "callers" => nodes().flat_map(|node| hierarchy(snapshot, call_hierarchy::incoming(snapshot, &node))).collect(),
        "callees" => nodes().flat_map(|node| hierarchy(snapshot, call_hierarchy::outgoing(snapshot, &node))).collect(),
        _ => {
            let mut lines = Vec::new();
            outline(snapshot, file, &ide::document_symbols(snapshot, file), 0, &mut lines);
            lines
        }
    }
}

/// `orders POST /orders orders/app.ts:3 in web/app.ts:7`.
fn hierarchy(snapshot: &Snapshot, links: Vec<call_hierarchy::Link>) -> Vec<String> {
    let line = |(item, places): call_hierarchy::Link| {
        let places: Vec<String> = places.into_iter().map(|place| lines::place(snapshot, place)).collect();
        format!("{} {} {} in {}", item.service, item.name, lines::place(snapshot, item.place), places.join(" "))
    };
    links.into_iter().map(line).collect()
}

fn outline(snapshot: &Snapshot, file: FileId, symbols: &[ide::Symbol], depth: usize, lines: &mut Vec<String>) {
    let line = |range: TextRange| snapshot.files.line(Place { file, range });
    for symbol in symbols {
        let last = line(TextRange { start: symbol.range.end, ..symbol.range });
        let indent = "  ".repeat(depth);
        lines.push(format!("{indent}{:?} {} ({}) {}-{last}", symbol.kind, symbol.name, symbol.detail, line(symbol.selection)));
        outline(snapshot, file, &symbol.children, depth + 1, lines);
    }
}

/// The lenses of all files; behind those that lead to places, how many.
pub fn lenses(snapshot: &Snapshot) -> Vec<String> {
    let line = |lens: ide::Lens| {
        let leads = match lens.leads {
            ide::Leads::Places(places) if !places.is_empty() => format!(" -> {}", places.len()),
            ide::Leads::Places(_) => String::new(),
            ide::Leads::Trace => " -> trace".to_owned(),
            ide::Leads::Map(_) => " -> map".to_owned(),
        };
        format!("{} {}{leads}", lines::place(snapshot, lens.place), lens.title)
    };
    files(snapshot).flat_map(|file| ide::lenses(snapshot, file)).map(line).collect()
}

/// The hints of all files.
pub fn hints(snapshot: &Snapshot) -> Vec<String> {
    let all = TextRange { start: 0, end: u32::MAX };
    let of_file = |file: FileId| {
        ide::hints(snapshot, file, all).into_iter().map(move |hint| {
            let at = Place { file, range: TextRange { start: hint.offset, end: hint.offset } };
            let answers: Vec<&str> = hint.answers.iter().map(|(text, _)| text.as_str()).collect();
            format!("{} {}", lines::place(snapshot, at), answers.join(", "))
        })
    };
    files(snapshot).flat_map(of_file).collect()
}

/// The links of all files.
pub fn links(snapshot: &Snapshot) -> Vec<String> {
    let of_file = |file: FileId| {
        ide::links(snapshot, file).into_iter().map(move |link| {
            let (from, to) = (Place { file, range: link.range }, lines::place(snapshot, link.target));
            format!("{} {} -> {to}", lines::place(snapshot, from), link.what)
        })
    };
    files(snapshot).flat_map(of_file).collect()
}

/// The symbols of the workspace that fit what was typed.
pub fn symbols(snapshot: &Snapshot, query: &str) -> Vec<String> {
    let line = |symbol: ide::WorkspaceSymbol| {
        format!("{:?} {} ({}) {}", symbol.kind, symbol.name, symbol.container, lines::place(snapshot, symbol.place))
    };
    ide::workspace_symbols(snapshot, query).into_iter().map(line).collect()
}

fn files(snapshot: &Snapshot) -> impl Iterator<Item = FileId> {
    (0..snapshot.files.paths().len() as u32).map(FileId)
}
