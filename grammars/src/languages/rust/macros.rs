//! Macro invocations: their arguments are split by hand, simple ones are read off the tokens, all others are parsed anew in place.
//!
//! What deliberately does not live here: macro definitions; nothing is expanded. Invariant: a piece is parsed at its own place in the file, so
//! that all ranges are those of the file.

use std::ops::Range;

use tree_sitter::{Node, Point, Tree};

use super::flow::End;
use super::format::{self, Hole, Part};
use super::kinds::Kind;
use super::literals;
use super::tokens::{Token, TokenKind, is, split, tokenize};
use super::walk::{Builder, Child, Lower};
use crate::facts::{Arg, Call, CallKind, Entry, Expr, ExprId, Object, RegionKind, ResultUse, Symbol, TextRange};

/// Macros within macros are followed so deep: each level is parsed anew.
const MAX_MACROS: u32 = 12;

/// Macros whose content is code of another program, or text.
const OPAQUE: [&str; 6] = ["quote", "quote_spanned", "parse_quote", "stringify", "macro_rules", "asm"];

/// Where a macro takes its format string.
#[derive(Debug, Clone, Copy)]
enum FormatAt {
    /// At this position.
    Position(usize),
    /// The first argument that is a string: logging macros take fields before it.
    FirstText,
}

fn format_at(name: &str) -> Option<FormatAt> {
    Some(match name {
        "print" | "println" | "eprint" | "eprintln" | "panic" | "todo" | "unimplemented" | "unreachable" | "anyhow" | "bail" | "eyre"
        | "format_err" => FormatAt::Position(0),
        "write" | "writeln" | "ensure" | "assert" | "debug_assert" => FormatAt::Position(1),
        "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => FormatAt::Position(2),
        "trace" | "debug" | "info" | "warn" | "error" | "log" | "event" => FormatAt::FirstText,
        _ => return None,
    })
}

/// An invocation taken apart.
struct Invocation {
    callee: Vec<Symbol>,
    callee_range: TextRange,
    name_range: TextRange,
    range: TextRange,
    /// Whether the delimiters are braces.
    braces: bool,
    /// The bytes between the delimiters.
    inner: Range<usize>,
    tokens: Vec<Token>,
}

/// The arguments of a macro.
#[derive(Default)]
struct MacroArgs {
    values: Vec<ExprId>,
    /// Those with names.
    entries: Vec<Entry>,
}

impl<'a> Builder<'a> {
    /// Parses a piece of the text at its place, as if `prefix` stood before and `suffix` behind it.
    fn parse_piece(&mut self, piece: Range<usize>, prefix: &'static str, suffix: &'static str) -> Option<Tree> {
        let start = piece.start.checked_sub(prefix.len())?;
        let end = piece.end + suffix.len();
        let text = self.text.as_bytes();
        let place = tree_sitter::Range {
            start_byte: start,
            end_byte: end,
            start_point: Point { row: 0, column: start },
            end_point: Point { row: 0, column: end },
        };
        self.parser.set_included_ranges(&[place]).ok()?;
        let mut bytes_at = |at: usize, _: Point| -> &[u8] {
            let found = if at < piece.start {
                prefix.as_bytes().get(at.saturating_sub(start)..)
            } else if at < piece.end {
                text.get(at..piece.end)
            } else {
                suffix.as_bytes().get(at - piece.end..)
            };
            found.unwrap_or_default()
        };
        self.parser.parse_with_options(&mut bytes_at, None, None)
    }
}

impl<'t> Lower<'t, '_, '_> {
    /// A macro invocation's value.
    pub(super) fn macro_invocation(&mut self, node: Child<'t>) -> End {
        let range = self.range(node);
        let list = self.open(node.node);
        let name = self.nodes[list.start..list.end].iter().find(|child| child.named && child.kind != Kind::TokenTree).copied();
        let tree = self.find_kind(list, Kind::TokenTree);
        self.close(list);
        let (Some(name), Some(tree)) = (name, tree) else { return End::Value(self.out.unknown(range)) };
        let parts = self.path_parts(name);
        let Some(last) = parts.segments.last().cloned() else { return End::Value(self.out.unknown(range)) };
        if OPAQUE.contains(&last.as_str()) || self.out.macros >= MAX_MACROS {
            return End::Value(self.out.unknown(range));
        }
        let place = self.range(tree);
        let mut tokens = tokenize(self.out.text, place.start as usize, place.end as usize);
        let braces = tokens.first().is_some_and(|token| token.mark == b'{');
        // Without the delimiters; the closing one may be missing.
        let close = tokens.first().map_or(0, |token| token.close);
        let end = tokens.get(close).filter(|_| close > 0).map_or(place.end as usize, |token| token.start);
        let start = (place.start as usize + 1).min(end);
        tokens.truncate(close);
        if !tokens.is_empty() {
            tokens.remove(0);
        }
        for token in &mut tokens {
            token.close = token.close.saturating_sub(1);
        }
        let invocation = Invocation {
            callee: parts.segments,
            callee_range: self.range(name),
            name_range: parts.name_range,
            range,
            braces,
            inner: start..end,
            tokens,
        };
        self.out.macros += 1;
        let end = self.invocation(&last, invocation);
        self.out.macros -= 1;
        end
    }

    fn invocation(&mut self, name: &str, invocation: Invocation) -> End {
        let tokens = invocation.tokens.as_slice();
        let (count, range) = (tokens.len(), invocation.range);
        let value = match name {
            "format" | "format_args" | "formatcp" => {
                let args = self.macro_args(tokens, Some(FormatAt::Position(0)));
                match args.values.first() {
                    Some(value) => *value,
                    None => self.out.unknown(range),
                }
            }
            "concat" | "concatcp" => {
                let args = self.macro_args(tokens, None);
                self.out.push(Expr::Concat(args.values), range)
            }
            "env" | "option_env" => {
                let args = self.macro_args(tokens, None);
                match args.values.first() {
                    Some(name) => self.out.push(Expr::Env(*name), range),
                    None => self.out.unknown(range),
                }
            }
            "vec" => {
                // `vec![value; count]` holds one value.
                let parts = split(self.out.text, tokens, 0, count, b';');
                let values = match parts.as_slice() {
                    [(start, end), rest @ ..] if !rest.is_empty() => {
                        let value = self.tokens_value(tokens, *start, *end);
                        for (start, end) in rest {
                            self.tokens_value(tokens, *start, *end);
                        }
                        vec![value]
                    }
                    _ => self.macro_args(tokens, None).values,
                };
                self.out.push(Expr::Array(values), range)
            }
            "json" => self.json(tokens, 0, count, range),
            "matches" => {
                if let Some((start, end)) = split(self.out.text, tokens, 0, count, b',').first() {
                    self.tokens_value(tokens, *start, *end);
                }
                self.out.unknown(range)
            }
            "join" | "try_join" => return End::Value(self.join(&invocation)),
            "select" | "select_biased" => return self.select(&invocation),
            "cfg_if" => {
                for at in 0..count {
                    let token = tokens[at];
                    if token.mark == b'{' && !tokens[..at].iter().any(|outer| outer.kind == TokenKind::Open && outer.close > at) {
                        let end = tokens.get(token.close).map_or(invocation.inner.end, |close| close.start);
                        self.piece_statements(token.end..end, true);
                    }
                }
                return End::Unit;
            }
            _ => return self.any_macro(name, &invocation),
        };
        End::Value(value)
    }

    /// A macro that is nothing special: a call.
    fn any_macro(&mut self, name: &str, invocation: &Invocation) -> End {
        let tokens = invocation.tokens.as_slice();
        let mut args = None;
        if invocation.braces && tokens.iter().any(|token| matches!(token.kind, TokenKind::Open | TokenKind::Text)) {
            args = self.piece_statements(invocation.inner.clone(), false).map(|end| match end {
                End::Value(value) => vec![value],
                End::Unit | End::Never => Vec::new(),
            });
        }
        let args = match args {
            Some(args) => args,
            None if name == "path" => vec![self.path_pattern(invocation)],
            None => self.macro_args(tokens, format_at(name)).with_entries(self.out, &invocation.inner),
        };
        let value = self.macro_call(invocation, args);
        match name {
            "panic" | "unreachable" | "todo" | "unimplemented" => {
                self.out.used_as(value, ResultUse::Ignored);
                End::Never
            }
            "bail" => {
                self.out.used_as(value, ResultUse::Returned);
                End::Never
            }
            _ => End::Value(value),
        }
    }

    /// A path whose segments are texts and types: `path!("orders" / u64 / "lines")`.
    fn path_pattern(&mut self, invocation: &Invocation) -> ExprId {
        let tokens = invocation.tokens.as_slice();
        let mut parts = Vec::new();
        for (start, end) in split(self.out.text, tokens, 0, tokens.len(), b'/') {
            let Some(first) = tokens.get(start).copied().filter(|first| start < end && !is(self.out.text, *first, "..")) else { continue };
            let range = TextRange::new(first.start, tokens[end - 1].end);
            if !parts.is_empty() {
                parts.push(self.out.push(Expr::Str("/".into()), range));
            }
            parts.push(match first.kind {
                TokenKind::Text if end == start + 1 => {
                    let text = literals::string(self.out.slice(range));
                    self.out.push(Expr::Str(text), range)
                }
                _ => self.out.unknown(range),
            });
        }
        self.out.push(Expr::Concat(parts), invocation.range)
    }

    fn macro_call(&mut self, invocation: &Invocation, args: Vec<ExprId>) -> ExprId {
        let callee = self.out.path(invocation.callee.clone(), invocation.callee_range);
        let call = Call {
            callee,
            kind: CallKind::Macro,
            args: args.into_iter().map(|value| Arg { value, spread: false }).collect(),
            type_args: Vec::new(),
            function: self.out.function,
            region: self.out.region,
            awaited: false,
            result: ResultUse::Used,
            name_range: invocation.name_range,
            range: invocation.range,
        };
        self.out.call(call)
    }

    /// `join!(a, b)`: its value is that of a tuple.
    fn join(&mut self, invocation: &Invocation) -> ExprId {
        let outer = self.out.enter(RegionKind::Parallel, invocation.range);
        let args = self.macro_args(&invocation.tokens, None).values;
        self.out.region = outer;
        for value in &args {
            self.out.awaited(*value);
        }
        self.macro_call(invocation, args.clone());
        self.out.push(Expr::Array(args), invocation.range)
    }

    /// `select! { pattern = future => handler, … }`.
    fn select(&mut self, invocation: &Invocation) -> End {
        let (tokens, text) = (invocation.tokens.as_slice(), self.out.text);
        let count = tokens.len();
        let outer = self.out.enter(RegionKind::Race, invocation.range);
        let (mut futures, mut ends) = (Vec::new(), Vec::new());
        let mut at = if count > 1 && is(text, tokens[0], "biased") && tokens[1].mark == b';' { 2 } else { 0 };
        while at < count {
            let Some(arrow) = outside_groups(tokens, at, count).find(|at| is(text, tokens[*at], "=>")) else {
                // `select!(a, b)` of futures.
                futures.extend(self.macro_args_between(tokens, at, count, None).values);
                break;
            };
            let guard = outside_groups(tokens, at, arrow)
                .find(|at| tokens[*at].mark == b',' && tokens.get(at + 1).is_some_and(|next| is(text, *next, "if")))
                .unwrap_or(arrow);
            if let Some(future) = self.select_arm(tokens, at, guard) {
                self.out.awaited(future);
                futures.push(future);
            }
            if guard < arrow {
                self.tokens_value(tokens, guard + 2, arrow);
            }
            let body = arrow + 1;
            let end = match tokens.get(body) {
                Some(open) if open.mark == b'{' => (open.close + 1).min(count),
                _ => split(text, tokens, body, count, b',').first().map_or(count, |(_, end)| *end),
            };
            if body < end {
                let range = TextRange::new(tokens[body].start, tokens[end - 1].end);
                let race = self.out.enter(RegionKind::Branch, range);
                ends.push(self.tokens_end(tokens, body, end));
                self.out.region = race;
            }
            at = end.max(body);
            if tokens.get(at).is_some_and(|token| token.mark == b',') {
                at += 1;
            }
        }
        self.out.region = outer;
        self.macro_call(invocation, futures);
        self.choice(ends, invocation.range)
    }

    /// The future of an arm; its pattern's names are bound.
    fn select_arm(&mut self, tokens: &[Token], start: usize, end: usize) -> Option<ExprId> {
        let equals = outside_groups(tokens, start, end).find(|at| tokens[*at].mark == b'=')?;
        if equals == start || equals + 1 >= end {
            return None;
        }
        if is(self.out.text, tokens[start], "_") {
            return Some(self.tokens_value(tokens, equals + 1, end));
        }
        let tree = self.out.parse_piece(tokens[start].start..tokens[end - 1].end, "let ", ";")?;
        Lower::new(&tree, self.out).piece_let(tree.root_node())
    }

    /// `json!` content.
    fn json(&mut self, tokens: &[Token], start: usize, end: usize, range: TextRange) -> ExprId {
        let Some(first) = tokens.get(start).copied().filter(|_| start < end) else { return self.out.unknown(range) };
        let whole = first.close + 1 == end;
        let range = TextRange::new(first.start, tokens[end - 1].end);
        if self.out.depth >= super::walk::MAX_DEPTH {
            return self.out.unknown(range);
        }
        self.out.depth += 1;
        let value = match first.mark {
            b'{' if whole => {
                let mut entries = Vec::new();
                for (start, end) in split(self.out.text, tokens, start + 1, end - 1, b',') {
                    self.json_entry(tokens, start, end, &mut entries);
                }
                self.out.push(Expr::Object(Box::new(Object { type_path: Symbol::default(), entries })), range)
            }
            b'[' if whole => {
                let parts = split(self.out.text, tokens, start + 1, end - 1, b',');
                let values = parts.into_iter().map(|(start, end)| self.json(tokens, start, end, range)).collect();
                self.out.push(Expr::Array(values), range)
            }
            _ if end == start + 1 && is(self.out.text, first, "null") => self.out.push(Expr::Null, range),
            _ => self.tokens_value(tokens, start, end),
        };
        self.out.depth -= 1;
        value
    }

    fn json_entry(&mut self, tokens: &[Token], start: usize, end: usize, entries: &mut Vec<Entry>) {
        let Some(colon) = outside_groups(tokens, start, end).find(|at| tokens[*at].mark == b':').filter(|colon| *colon > start) else {
            self.tokens_value(tokens, start, end);
            return;
        };
        let key = tokens[start];
        let place = key.range();
        if key.kind == TokenKind::Text && colon == start + 1 {
            let name = literals::string(self.out.slice(key.range()));
            let value = self.json(tokens, colon + 1, end, place);
            entries.push(Entry::Field { name, value, range: place });
        } else {
            let key = self.tokens_value(tokens, start, colon);
            let value = self.json(tokens, colon + 1, end, place);
            entries.push(Entry::Computed { key, value });
        }
    }

    fn macro_args(&mut self, tokens: &[Token], format: Option<FormatAt>) -> MacroArgs {
        self.macro_args_between(tokens, 0, tokens.len(), format)
    }

    /// Arguments between commas. From the format string on, those that fill its holes are gone.
    fn macro_args_between(&mut self, tokens: &[Token], start: usize, end: usize, format: Option<FormatAt>) -> MacroArgs {
        let text = self.out.text;
        let parts = split(text, tokens, start, end, b',');
        let is_text = |(start, end): &(usize, usize)| end - start == 1 && tokens[*start].kind == TokenKind::Text;
        let position = match format {
            Some(FormatAt::Position(position)) => parts.get(position).filter(|part| is_text(part)).map(|_| position),
            Some(FormatAt::FirstText) => parts.iter().position(is_text),
            None => None,
        };
        let mut args = MacroArgs::default();
        for (at, (start, end)) in parts.iter().copied().enumerate() {
            if position == Some(at) {
                let mut rest = MacroArgs::default();
                for (start, end) in parts[at + 1..].iter().copied() {
                    self.macro_arg(tokens, start, end, &mut rest);
                }
                let value = self.formatted(tokens[start], &mut rest);
                args.values.push(value);
                args.values.append(&mut rest.values);
                args.entries.append(&mut rest.entries);
                break;
            }
            self.macro_arg(tokens, start, end, &mut args);
        }
        args
    }

    /// One argument: `value`, `name = value`, `name: value`, `key => value`.
    fn macro_arg(&mut self, tokens: &[Token], start: usize, end: usize, args: &mut MacroArgs) {
        let text = self.out.text;
        if let Some((name, range, from)) = self.entry_name(tokens, start, end) {
            let value = self.tokens_value(tokens, from, end);
            args.entries.push(Entry::Field { name, value, range });
            return;
        }
        if let Some(arrow) = outside_groups(tokens, start, end).find(|at| is(text, tokens[*at], "=>")) {
            if arrow == start + 1 && tokens[start].kind == TokenKind::Text {
                let (name, range) = (literals::string(self.out.slice(tokens[start].range())), tokens[start].range());
                let value = self.tokens_value(tokens, arrow + 1, end);
                args.entries.push(Entry::Field { name, value, range });
            } else if arrow > start && !tokens[start..arrow].iter().any(|token| token.kind == TokenKind::Open) {
                let key = self.tokens_value(tokens, start, arrow);
                let value = self.tokens_value(tokens, arrow + 1, end);
                args.entries.push(Entry::Computed { key, value });
            } else {
                let value = self.tokens_value(tokens, arrow + 1, end);
                args.values.push(value);
            }
            return;
        }
        for (start, end) in split(text, tokens, start, end, b';') {
            if start < end {
                let value = self.tokens_value(tokens, start, end);
                args.values.push(value);
            }
        }
    }

    /// The name before `=`, dotted or in quotes, or before a single `:`; its place; where the value begins.
    fn entry_name(&self, tokens: &[Token], start: usize, end: usize) -> Option<(Symbol, TextRange, usize)> {
        let first = tokens.get(start).filter(|_| start < end)?;
        let mut at = start + 1;
        match first.kind {
            TokenKind::Text => {}
            TokenKind::Ident => {
                while at + 1 < end && tokens[at].mark == b'.' && tokens[at + 1].kind == TokenKind::Ident {
                    at += 2;
                }
            }
            _ => return None,
        }
        let mark = tokens.get(at).filter(|_| at + 1 < end)?.mark;
        if mark != b'=' && (mark != b':' || at != start + 1) {
            return None;
        }
        let range = TextRange::new(first.start, tokens[at - 1].end);
        let written = self.out.slice(range);
        let name = if first.kind == TokenKind::Text { literals::string(written) } else { Symbol::new(written) };
        Some((name, range, at + 1))
    }

    /// A format string with its holes filled in; what fills one is taken out of `args`.
    fn formatted(&mut self, literal: Token, args: &mut MacroArgs) -> ExprId {
        let range = literal.range();
        let Some(quoted) = literals::quoted(self.out.slice(range)) else { return self.out.unknown(range) };
        let parts = format::parts(&quoted, literal.start);
        if !parts.iter().any(|part| matches!(part, Part::Hole(..))) {
            let text = match parts.into_iter().next() {
                Some(Part::Text(text, _)) => text,
                _ => Symbol::default(),
            };
            return self.out.push(Expr::Str(text), range);
        }
        let mut used = vec![false; args.values.len()];
        let mut named = vec![false; args.entries.len()];
        let mut next = 0;
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            let (hole, place) = match part {
                Part::Text(text, place) => {
                    values.push(self.out.push(Expr::Str(text), place));
                    continue;
                }
                Part::Hole(hole, place) => (hole, place),
            };
            let position = match &hole {
                Hole::Next { after } => {
                    for skipped in used.iter_mut().skip(next).take(*after) {
                        *skipped = true;
                    }
                    next += after + 1;
                    Some(next - 1)
                }
                Hole::Position(position) => Some(*position),
                Hole::Name(_) => None,
            };
            let value = match (position, hole) {
                (Some(position), _) => args.values.get(position).copied().inspect(|_| used[position] = true),
                (None, Hole::Name(name)) => {
                    let entry = args.entries.iter().position(|entry| matches!(entry, Entry::Field { name: key, .. } if *key == name));
                    match entry.map(|at| (at, &args.entries[at])) {
                        Some((at, Entry::Field { value, .. })) => {
                            named[at] = true;
                            Some(*value)
                        }
                        _ => Some(self.out.path(vec![name], place)),
                    }
                }
                _ => None,
            };
            let value = match value {
                Some(value) => value,
                None => self.out.unknown(place),
            };
            values.push(value);
        }
        let mut used = used.into_iter();
        args.values.retain(|_| !used.next().unwrap_or(false));
        let mut named = named.into_iter();
        args.entries.retain(|_| !named.next().unwrap_or(false));
        self.out.push(Expr::Concat(values), range)
    }

    /// The value of an argument.
    pub(super) fn tokens_value(&mut self, tokens: &[Token], start: usize, end: usize) -> ExprId {
        let end_of = self.tokens_end(tokens, start, end);
        let range = tokens.get(start).map_or_else(TextRange::default, |token| token.range());
        self.value_of(end_of, range)
    }

    fn tokens_end(&mut self, tokens: &[Token], mut start: usize, end: usize) -> End {
        let text = self.out.text;
        let end = end.min(tokens.len());
        // How a logging macro shows a value, and what makes no other value.
        while start < end
            && (matches!(tokens[start].mark, b'%' | b'?' | b'&' | b'*') || is(text, tokens[start], "mut") || is(text, tokens[start], "&&"))
        {
            start += 1;
        }
        if start >= end {
            let range = start.checked_sub(1).and_then(|at| tokens.get(at)).map_or_else(TextRange::default, |token| token.range());
            return End::Value(self.out.unknown(range));
        }
        if let Some(value) = self.simple_value(&tokens[start..end]) {
            return End::Value(value);
        }
        let place = tokens[start].start..tokens[end - 1].end;
        let worth = tokens[start..end].iter().any(|token| matches!(token.kind, TokenKind::Open | TokenKind::Text));
        let tree = if worth { self.out.parse_piece(place.clone(), "", ";") } else { None };
        match tree {
            Some(tree) => Lower::new(&tree, self.out).piece_value(tree.root_node()),
            None => End::Value(self.out.unknown(TextRange::new(place.start, place.end))),
        }
    }

    /// A literal, a path, or fields of one.
    fn simple_value(&mut self, tokens: &[Token]) -> Option<ExprId> {
        let text = self.out.text;
        let (first, rest) = tokens.split_first()?;
        let range = first.range();
        let written = self.out.slice(range);
        match first.kind {
            TokenKind::Text if rest.is_empty() => return Some(self.out.push(Expr::Str(literals::string(written)), range)),
            TokenKind::Number if rest.is_empty() => return Some(self.out.push(Expr::Number(literals::number(written)), range)),
            TokenKind::Ident => {}
            _ => return None,
        }
        let is_field = |pair: &[Token]| pair[0].mark == b'.' && matches!(pair[1].kind, TokenKind::Ident | TokenKind::Number);
        let path_pairs = rest.chunks(2).take_while(|pair| pair.len() == 2 && is(text, pair[0], "::") && pair[1].kind == TokenKind::Ident);
        let path_length = 1 + 2 * path_pairs.count();
        let fields = &tokens[path_length..];
        if !fields.len().is_multiple_of(2) || !fields.chunks(2).all(is_field) {
            return None;
        }
        let segments = tokens[..path_length].iter().step_by(2).map(|token| self.out.symbol(token.range())).collect();
        let mut value = self.out.path(segments, TextRange::new(first.start, tokens[path_length - 1].end));
        for field in fields.chunks(2) {
            if is(text, field[1], "await") {
                continue;
            }
            let name = self.out.symbol(field[1].range());
            value = self.out.push(Expr::Member { object: value, name }, TextRange::new(first.start, field[1].end));
        }
        Some(value)
    }

    /// Reads a piece as statements. Unless `broken` code is wanted too, nothing is read from a piece that does not parse.
    pub(super) fn piece_statements(&mut self, piece: Range<usize>, broken: bool) -> Option<End> {
        let tree = self.out.parse_piece(piece, "", "")?;
        let root = tree.root_node();
        if root.has_error() && !broken {
            return None;
        }
        let mut walk = Lower::new(&tree, self.out);
        let mut end = End::Unit;
        walk.deeper(|walk| {
            let list = walk.open(root);
            end = walk.statements(list, true);
            walk.close(list);
        });
        Some(end)
    }

    /// Reads a piece that is one expression.
    fn piece_value(&mut self, root: Node<'t>) -> End {
        let list = self.open(root);
        let mut value = None;
        for at in list.start..list.end {
            let child = self.nodes[at];
            match child.kind {
                Kind::ExpressionStatement if value.is_none() => {
                    let inner = self.open(child.node);
                    value = self.first(inner).map(|inner| self.flow(inner));
                    self.close(inner);
                }
                Kind::MacroInvocation if value.is_none() => value = Some(self.flow(child)),
                _ if child.named => self.effect(child),
                _ => {}
            }
        }
        self.close(list);
        match value {
            Some(value) => value,
            None => {
                let range = root.byte_range();
                let end = range.end.min(self.out.text.len());
                End::Value(self.out.unknown(TextRange::new(range.start.min(end), end)))
            }
        }
    }

    /// Reads a piece that is a `let`; hands back its value.
    fn piece_let(&mut self, root: Node<'t>) -> Option<ExprId> {
        let list = self.open(root);
        let mut value = None;
        for at in list.start..list.end {
            let child = self.nodes[at];
            if child.kind == Kind::LetDeclaration && value.is_none() {
                value = self.let_declaration(child);
            } else if child.named {
                self.effect(child);
            }
        }
        self.close(list);
        value
    }
}

impl MacroArgs {
    /// The arguments, those with names gathered in one object at the end.
    fn with_entries(self, out: &mut Builder<'_>, inner: &Range<usize>) -> Vec<ExprId> {
        let mut values = self.values;
        if !self.entries.is_empty() {
            let object = Object { type_path: Symbol::default(), entries: self.entries };
            values.push(out.push(Expr::Object(Box::new(object)), TextRange::new(inner.start, inner.end)));
        }
        values
    }
}

/// Positions of tokens that stand in no group within `start..end`; of a group, its opening token.
fn outside_groups(tokens: &[Token], start: usize, end: usize) -> impl Iterator<Item = usize> {
    let end = end.min(tokens.len());
    let mut at = start;
    std::iter::from_fn(move || {
        let token = *tokens.get(at).filter(|_| at < end)?;
        let here = at;
        at = if token.kind == TokenKind::Open { token.close.max(at) + 1 } else { at + 1 };
        Some(here)
    })
}
