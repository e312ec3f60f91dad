//! Attributes: what they say, and which of them mark test code.
//!
//! What deliberately does not live here: what a library makes of its attributes. Invariant: attributes are read from their tokens alone, so a
//! broken one costs nothing but itself.

use super::kinds::Kind;
use super::literals;
use super::tokens::{Token, TokenKind, split, tokenize};
use super::types::joined;
use super::walk::{Child, List, Lower};
use crate::facts::{Attribute, Entry, Expr, ExprId, Object, Symbol, TextRange};

/// Attributes that say nothing about what code does.
const SILENT: [&str; 11] =
    ["doc", "allow", "warn", "deny", "forbid", "expect", "inline", "must_use", "cold", "automatically_derived", "rustfmt::skip"];

/// Attributes of test functions, by their last segment.
const TESTS: [&str; 5] = ["test", "rstest", "test_case", "bench", "quickcheck"];

/// What `cfg` says of builds that nobody ships.
pub(super) const NOT_SHIPPED: [&str; 2] = ["test", "debug_assertions"];

/// What features are called that only tests and measurements of other crates switch on.
const TEST_FEATURES: [&str; 7] = ["mock", "mocks", "bench", "benches", "benchmarking", "fuzz", "fuzzing"];

/// How deep lists in attributes are followed.
const MAX_NESTING: u32 = 16;

/// An attribute or a part of one, as positions in its tokens.
struct Meta {
    path: Vec<Symbol>,
    /// What stands behind the path: tokens of the list in parentheses, or of the value behind `=`.
    body: Body,
    range: TextRange,
}

enum Body {
    Word,
    List(usize, usize),
    Value(usize, usize),
    /// Something else than a path: tokens of a literal or an expression.
    Other(usize, usize),
}

impl<'t> Lower<'t, '_, '_> {
    /// Whether one of these attributes marks test code.
    pub(super) fn is_test(&self, attributes: List) -> bool {
        self.nodes[attributes.start..attributes.end].iter().any(|child| child.kind == Kind::AttributeItem && self.marks_test(*child))
    }

    /// Whether `#![cfg(test)]` stands at the top.
    pub(super) fn is_test_file(&self, list: List) -> bool {
        self.nodes[list.start..list.end].iter().any(|child| child.kind == Kind::InnerAttributeItem && self.marks_test(*child))
    }

    /// The file's inner attributes, as written.
    pub(super) fn inner_attributes(&mut self, list: List) {
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.kind == Kind::InnerAttributeItem {
                let text = self.text(child).trim_start_matches("#!").trim_start();
                let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
                self.out.facts.directives.push(Symbol::new(text.trim()));
            }
        }
    }

    fn marks_test(&self, node: Child<'t>) -> bool {
        let text = self.text(node);
        if !TESTS.iter().chain(&NOT_SHIPPED).any(|word| text.contains(word)) {
            return false;
        }
        let tokens = self.attribute_tokens(node);
        let Some(meta) = self.meta(&tokens, 0, tokens.len()) else { return false };
        match meta.path.last().map(Symbol::as_str) {
            Some("cfg") => match meta.body {
                Body::List(start, end) => self.needs_test(&tokens, start, end, 0),
                _ => false,
            },
            Some(name) => TESTS.contains(&name),
            None => false,
        }
    }

    /// Whether a `cfg` predicate holds in builds for tests and for developers only.
    fn needs_test(&self, tokens: &[Token], start: usize, end: usize, depth: u32) -> bool {
        let Some(meta) = self.meta(tokens, start, end) else { return false };
        let name = meta.path.last().map_or("", Symbol::as_str);
        match meta.body {
            Body::Word => NOT_SHIPPED.contains(&name),
            Body::List(start, end) if depth < MAX_NESTING => {
                let parts = split(self.out.text, tokens, start, end, b',');
                let needs = |(start, end): &(usize, usize)| self.needs_test(tokens, *start, *end, depth + 1);
                match name {
                    "all" => parts.iter().any(needs),
                    // What tests of other crates, or of the whole system, share: `any(test, feature = "test-utils")`.
                    "any" => {
                        parts.iter().any(needs) && parts.iter().all(|part| needs(part) || self.is_test_feature(tokens, part.0, part.1))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether a `cfg` predicate is a feature that is called for tests: `feature = "test-utils"`.
    fn is_test_feature(&self, tokens: &[Token], start: usize, end: usize) -> bool {
        let Some(meta) = self.meta(tokens, start, end) else { return false };
        let Body::Value(value, _) = meta.body else { return false };
        let is_feature = meta.path.last().is_some_and(|name| name == "feature");
        let Some(token) = tokens.get(value).filter(|_| is_feature) else { return false };
        let feature = literals::string(self.out.slice(token.range()));
        let is_word = |word: &str| word.starts_with("test") || TEST_FEATURES.contains(&word);
        feature.split(['-', '_']).any(is_word)
    }

    /// `#[path = "…"]`.
    pub(super) fn path_attribute(&self, attributes: List) -> Option<Symbol> {
        self.nodes[attributes.start..attributes.end].iter().find_map(|child| {
            let tokens = self.attribute_tokens(*child);
            let meta = self.meta(&tokens, 0, tokens.len())?;
            match meta.body {
                Body::Value(start, _) if meta.path.len() == 1 && meta.path[0] == "path" => {
                    tokens.get(start).map(|token| literals::string(self.out.slice(token.range())))
                }
                _ => None,
            }
        })
    }

    /// `#[macro_use]`.
    pub(super) fn uses_macros(&self, attributes: List) -> bool {
        self.nodes[attributes.start..attributes.end].iter().any(|child| {
            let tokens = self.attribute_tokens(*child);
            self.meta(&tokens, 0, tokens.len()).is_some_and(|meta| matches!(meta.path.as_slice(), [name] if name == "macro_use"))
        })
    }

    /// Lowers attributes.
    pub(super) fn attributes(&mut self, attributes: List) -> Vec<Attribute> {
        let mut lowered = Vec::new();
        for at in attributes.start..attributes.end {
            let child = self.nodes[at];
            if child.kind == Kind::AttributeItem {
                let tokens = self.attribute_tokens(child);
                self.attribute(&tokens, 0, tokens.len(), &mut lowered, 0);
            }
        }
        lowered
    }

    fn attribute_tokens(&self, node: Child<'t>) -> Vec<Token> {
        let range = self.range(node);
        let tokens = tokenize(self.out.text, range.start as usize, range.end as usize);
        // Without `#`, `[` and `]`.
        let Some(open) = tokens.iter().position(|token| token.kind == TokenKind::Open) else { return Vec::new() };
        let close = tokens[open].close;
        let mut inner = tokens.get(open + 1..close).map(<[Token]>::to_vec).unwrap_or_default();
        for token in &mut inner {
            token.close = token.close.saturating_sub(open + 1);
        }
        inner
    }

    fn attribute(&mut self, tokens: &[Token], start: usize, end: usize, into: &mut Vec<Attribute>, depth: u32) {
        let Some(meta) = self.meta(tokens, start, end) else { return };
        let path = joined(&meta.path);
        if path.is_empty() || SILENT.contains(&path.as_str()) {
            return;
        }
        if path == "cfg_attr"
            && let Body::List(start, end) = meta.body
            && depth < MAX_NESTING
        {
            for (start, end) in split(self.out.text, tokens, start, end, b',').into_iter().skip(1) {
                self.attribute(tokens, start, end, into, depth + 1);
            }
            return;
        }
        let args = match meta.body {
            Body::List(start, end) => self.meta_list(tokens, start, end, depth),
            Body::Value(start, end) => vec![self.tokens_value(tokens, start, end)],
            Body::Word | Body::Other(..) => Vec::new(),
        };
        into.push(Attribute { path, args, range: meta.range });
    }

    /// What stands in parentheses: words and literals, then one object with what has names.
    fn meta_list(&mut self, tokens: &[Token], start: usize, end: usize, depth: u32) -> Vec<ExprId> {
        let mut args = Vec::new();
        let mut entries = Vec::new();
        for (start, end) in split(self.out.text, tokens, start, end, b',') {
            let Some(meta) = self.meta(tokens, start, end) else { continue };
            let name_range = tokens.get(start).map_or(meta.range, |token| token.range());
            match meta.body {
                Body::Word => args.push(self.out.path(meta.path, meta.range)),
                Body::Other(start, end) => args.push(self.tokens_value(tokens, start, end)),
                Body::Value(start, end) => {
                    let value = self.tokens_value(tokens, start, end);
                    let name = joined(&meta.path);
                    // `method = "GET", method = "POST"`: what is said more than once is a list.
                    let known = entries.iter_mut().find_map(|entry| match entry {
                        Entry::Field { name: known, value, .. } if *known == name => Some(value),
                        _ => None,
                    });
                    let Some(known) = known else {
                        entries.push(Entry::Field { name, value, range: name_range });
                        continue;
                    };
                    let mut values = match self.out.facts.expr(*known) {
                        Expr::Array(values) => values.clone(),
                        _ => vec![*known],
                    };
                    values.push(value);
                    *known = self.out.push(Expr::Array(values), meta.range);
                }
                Body::List(start, end) if depth < MAX_NESTING => {
                    let inner = self.meta_list(tokens, start, end, depth + 1);
                    let value = match inner.as_slice() {
                        [only] if matches!(self.out.facts.expr(*only), Expr::Object(_)) => *only,
                        _ => self.out.push(Expr::Array(inner), meta.range),
                    };
                    entries.push(Entry::Field { name: joined(&meta.path), value, range: name_range });
                }
                Body::List(..) => {}
            }
        }
        if !entries.is_empty() {
            let range = TextRange { start: self.token_start(tokens, start), end: self.token_end(tokens, end) };
            args.push(self.out.push(Expr::Object(Box::new(Object { type_path: Symbol::default(), entries })), range));
        }
        args
    }

    fn token_start(&self, tokens: &[Token], at: usize) -> u32 {
        tokens.get(at).map_or(0, |token| token.start as u32)
    }

    fn token_end(&self, tokens: &[Token], end: usize) -> u32 {
        end.checked_sub(1).and_then(|last| tokens.get(last)).map_or(0, |token| token.end as u32)
    }

    /// Takes one attribute, or one entry of a list, apart.
    fn meta(&self, tokens: &[Token], start: usize, end: usize) -> Option<Meta> {
        let end = end.min(tokens.len());
        let first = tokens.get(start).filter(|_| start < end)?;
        let range = TextRange::new(first.start, tokens[end - 1].end);
        let text = |at: usize| tokens.get(at).filter(|_| at < end).map_or("", |token| self.out.slice(token.range()));
        let mut path = Vec::new();
        let mut at = start;
        // `unsafe(no_mangle)` and its like are not worth a case.
        while at < end && tokens[at].kind == TokenKind::Ident {
            let name = self.out.symbol(tokens[at].range());
            match path.last_mut() {
                // The name of a field of a span: `http.method`.
                Some(last) if text(at - 1) == "." => *last = smol_str::format_smolstr!("{last}.{name}"),
                _ => path.push(name),
            }
            at += 1;
            if matches!(text(at), "::" | ".") {
                at += 1;
            } else {
                break;
            }
        }
        let body = match text(at) {
            _ if path.is_empty() => Body::Other(start, end),
            "" => Body::Word,
            "(" | "[" | "{" if tokens[at].close + 1 >= end => Body::List(at + 1, tokens[at].close.min(end)),
            "=" => Body::Value(at + 1, end),
            _ => Body::Other(start, end),
        };
        Some(Meta { path, body, range })
    }
}
