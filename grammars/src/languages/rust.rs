//! Lowers Rust to facts.
//!
//! What lives here and below: one walk over the syntax tree, split by what it meets: items, types, expressions, flow,
//! patterns, attributes, macros. The arguments of macros, which the grammar leaves as tokens, are parsed anew in place.
//! What deliberately does not: any library's name, beyond the macros of the standard library and the shapes they share with
//! logging and async macros. Invariant: any text gives facts whose ranges lie within it; recursion is bounded, chains are followed in loops.

use std::cell::RefCell;

use tree_sitter::Parser;

use super::Tree;
use crate::facts::{Language, Problem, SourceFacts, TextRange};

mod attributes;
mod cases;
mod definitions;
mod expressions;
mod features;
mod flow;
mod format;
mod given;
mod imports;
mod items;
mod kinds;
mod literals;
mod macros;
mod patterns;
#[cfg(test)]
mod printer;
mod test_modules;
#[cfg(test)]
mod tests;
mod tokens;
mod types;
mod walk;

use kinds::{GRAMMAR, Kind};
use walk::{Builder, Lower};

/// How many syntax errors of a file are told.
const MAX_PROBLEMS: usize = 5;

/// One parser for files, one for pieces of them.
struct Parsers {
    file: Parser,
    piece: Parser,
}

thread_local! {
    static PARSERS: RefCell<Option<Parsers>> = const { RefCell::new(None) };
}

impl Parsers {
    fn new() -> Option<Self> {
        let (mut file, mut piece) = (Parser::new(), Parser::new());
        file.set_language(&GRAMMAR.language).ok()?;
        piece.set_language(&GRAMMAR.language).ok()?;
        Some(Self { file, piece })
    }
}

/// Reads a Rust file. `old` is the tree of its former text, told of every edit since.
pub fn read(text: &str, old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    let Some(mut parsers) = PARSERS.with(|kept| kept.borrow_mut().take()).or_else(Parsers::new) else {
        return (unreadable("the Rust grammar does not fit this parser"), None);
    };
    let ranges = super::included(text, &test_modules::ranges_around(text));
    if parsers.file.set_included_ranges(&ranges).is_err() {
        return (unreadable("its parts overlap"), None);
    }
    let Some(tree) = parsers.file.parse(text, old.map(|old| &old.0)) else {
        return (unreadable("the file could not be parsed"), None);
    };
    let (facts, piece) = lower(text, &tree, parsers.piece);
    parsers.piece = piece;
    PARSERS.with(|kept| *kept.borrow_mut() = Some(parsers));
    (facts, Some(Tree(tree)))
}

fn unreadable(message: &str) -> SourceFacts {
    let mut facts = SourceFacts::empty(Language::Rust);
    facts.problems.push(Problem { message: message.to_owned(), range: TextRange::default() });
    facts
}

/// Walks the tree of a whole file. Hands the parser for pieces back.
fn lower(text: &str, tree: &tree_sitter::Tree, piece: Parser) -> (SourceFacts, Parser) {
    let mut builder = Builder::new(text, piece);
    builder.facts.generated = is_generated(text, tree);
    builder.facts.problems = syntax_errors(text, tree);
    builder.facts.features = features::gates(text, tree);
    Lower::new(tree, &mut builder).file(tree.root_node());
    (builder.facts, builder.parser)
}

/// Whether a comment before the first item says so.
fn is_generated(text: &str, tree: &tree_sitter::Tree) -> bool {
    const MARKS: [&str; 4] = ["@generated", "do not edit", "code generated", "automatically generated"];
    let mut cursor = tree.walk();
    let mut more = cursor.goto_first_child();
    while more {
        let node = cursor.node();
        match GRAMMAR.kind(node.kind_id()).0 {
            Kind::LineComment | Kind::BlockComment => {
                let comment = text.get(node.byte_range()).unwrap_or_default().to_ascii_lowercase();
                if MARKS.iter().any(|mark| comment.contains(mark)) {
                    return true;
                }
            }
            Kind::InnerAttributeItem => {}
            _ => return false,
        }
        more = cursor.goto_next_sibling();
    }
    false
}

/// The first few places that do not parse, found by following only what holds an error.
fn syntax_errors(text: &str, tree: &tree_sitter::Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut cursor = tree.walk();
    while problems.len() < MAX_PROBLEMS {
        let node = cursor.node();
        let broken = node.is_error() || node.is_missing();
        if broken {
            let range = TextRange::new(node.start_byte().min(text.len()), node.end_byte().min(text.len()));
            problems.push(Problem { message: "syntax error".to_owned(), range });
        }
        if !broken && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return problems;
            }
        }
    }
    problems
}
