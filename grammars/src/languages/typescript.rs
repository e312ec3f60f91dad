//! Lowers TypeScript and JavaScript to facts.
//!
//! What lives here: choice of grammar, parsing, and what is told of a file as a whole. The walk is in `walk.rs`, the meaning of nodes in the
//! files beside it. Nothing here knows a library or a second file. Invariant: reading never fails; what cannot be read is a problem.

use std::cell::RefCell;

use camino::Utf8Path;
use tree_sitter::{Parser, Range};

use super::Tree;
use crate::facts::{Language, Problem, SourceFacts, TextRange};
use syntax::Grammar;

mod cases;
mod chains;
mod component;
mod declarations;
mod elements;
mod expressions;
mod functions;
mod literals;
mod modules;
mod patterns;
mod respelled;
mod statements;
mod syntax;
#[cfg(test)]
mod tests;
mod types;
mod walk;

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
}

/// Reads a TypeScript or JavaScript file.
pub fn read(path: &Utf8Path, text: &str, language: Language, old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    let grammar: &'static Grammar = match path.extension() {
        Some("ts" | "mts" | "cts") => &syntax::TYPESCRIPT,
        _ => &syntax::TSX,
    };
    read_ranges(text, language, grammar, &[], old)
}

/// Reads the script block of a Vue or Svelte component; places are those of the whole file.
pub fn read_component(_path: &Utf8Path, text: &str, old: Option<&Tree>) -> (SourceFacts, Option<Tree>) {
    let scripts = component::scripts(text);
    let language = if scripts.typescript { Language::TypeScript } else { Language::JavaScript };
    if scripts.blocks.is_empty() {
        return (SourceFacts::empty(language), None);
    }
    let grammar: &'static Grammar = if scripts.typescript && !scripts.elements { &syntax::TYPESCRIPT } else { &syntax::TSX };
    let ranges = super::included(text, &scripts.blocks);
    read_ranges(text, language, grammar, &ranges, old)
}

/// Reads the given ranges of a text, or all of it if there are none.
fn read_ranges(
    text: &str,
    language: Language,
    grammar: &'static Grammar,
    ranges: &[Range],
    old: Option<&Tree>,
) -> (SourceFacts, Option<Tree>) {
    if super::is_minified(text) {
        return (failed(language, "minified, not read"), None);
    }
    let tree = PARSER.with_borrow_mut(|parser| {
        parser.set_language(&grammar.language).ok()?;
        parser.set_included_ranges(ranges).ok()?;
        // A file may change its language: the tree of another one is of no use.
        let old = old.map(|tree| &tree.0).filter(|tree| *tree.language() == grammar.language);
        parser.parse(text, old)
    });
    let Some(tree) = tree else { return (failed(language, "could not be parsed"), None) };
    // A tree of another spelling is none that an edit could go on with.
    if tree.root_node().has_error()
        && let Some(respelled) = respelled::respelled(text, &tree)
        && let Some(tree) = PARSER.with_borrow_mut(|parser| parser.parse(&respelled, None))
    {
        return (facts_of(&tree, text, language, grammar), None);
    }
    (facts_of(&tree, text, language, grammar), Some(Tree(tree)))
}

fn facts_of(tree: &tree_sitter::Tree, text: &str, language: Language, grammar: &'static Grammar) -> SourceFacts {
    let mut facts = walk::lower(tree, text, language, grammar);
    facts.generated = walk::leading_comments(tree, text, grammar).any(super::declares_generated);
    facts
}

fn failed(language: Language, message: &str) -> SourceFacts {
    let mut facts = SourceFacts::empty(language);
    facts.problems.push(Problem { message: message.to_owned(), range: TextRange::default() });
    facts
}
