//! What makes a consumer's body one: guards, parsing, acknowledging. What lies within that is what it does with its message.
//!
//! Invariant: what stays mentions nothing that goes.

use portolan_grammars::facts::{Call, Expr, Param, Symbol, TextRange};

use crate::refactors::Source;

/// How deep blocks are looked into.
const MAX_DEPTH: usize = 4;
/// Calls that parse a message.
const PARSES: &[&str] = &["JSON.parse", "serde_json::from_slice", "serde_json::from_str", "from_slice", "from_str"];
/// Methods by which a consumer tells the broker what became of a message.
const SETTLES: &[&str] = &[".ack(", ".nack(", ".reject(", ".ack_with(", ".commitOffsets(", ".commit_message("];

/// A consumer's body, taken apart.
pub(super) struct Inner {
    /// What makes the message data, where that is done there.
    pub(super) decode: Option<TextRange>,
    /// What the message is called.
    pub(super) value: String,
    /// What goes: the part that the new work takes the place of.
    pub(super) at: TextRange,
    /// How deep it stands.
    pub(super) indent: String,
}

/// Takes a body apart; nothing where something that stays needs something that goes.
pub(super) fn framed(source: &Source<'_>, body: TextRange, param: Option<&Param>) -> Option<Inner> {
    let tree = source.tree()?;
    if !source.slice(body).starts_with('{') {
        return None;
    }
    let decode = decoded(source, body);
    let mut split = Split { source, decode, kept: Vec::new(), gone: Vec::new() };
    split.block(body, 0)?;
    let Split { kept, gone, .. } = split;
    let first = *gone.first()?;
    let own = first.block;
    let at =
        gone.iter().filter(|part| part.block == own).fold(first.range, |range, part| TextRange { start: range.start, end: part.range.end });
    // What stays in between would be lost.
    if kept.iter().any(|range| at.contains(*range)) || gone.iter().any(|part| part.block != own) {
        return None;
    }
    let bound: Vec<&str> = {
        let facts = source.facts;
        let in_gone = |range: TextRange| at.contains(range);
        facts.bindings.iter().filter(|binding| in_gone(binding.range)).map(|binding| binding.name.as_str()).collect()
    };
    let needs = |range: &TextRange| tree.names_in(*range).into_iter().any(|name| !at.contains(name) && bound.contains(&source.slice(name)));
    if kept.iter().any(needs)
        || decode.is_some_and(|decode| tree.names_in(decode).into_iter().any(|name| bound.contains(&source.slice(name))))
    {
        return None;
    }
    let value = match (decode, param) {
        (Some(_), _) => "event".to_owned(),
        (None, Some(param)) if !param.name.is_empty() && source.facts.language.is_ecmascript() => param.name.to_string(),
        _ => return None,
    };
    if decode.is_some() && tree.names_in(body).into_iter().any(|name| !at.contains(name) && source.slice(name) == value) {
        return None;
    }
    let indent = source.indent_at(at.start).to_owned();
    Some(Inner { decode, value, at, indent })
}

/// The value that a statement of the body makes of the message by parsing it: with what is called on the result in Rust, where that says what
/// becomes of a failure.
fn decoded(source: &Source<'_>, body: TextRange) -> Option<TextRange> {
    let facts = source.facts;
    // `message.json()` of a message that the body is handed.
    let parses_itself = |call: &Call| match facts.expr(call.callee) {
        Expr::Member { object, name } if name == "json" && call.args.is_empty() && facts.language.is_ecmascript() => {
            let own = |message: &Symbol| !facts.bindings.iter().any(|binding| body.contains(binding.range) && binding.name == *message);
            matches!(facts.expr(*object), Expr::Name(message) if own(message))
        }
        _ => false,
    };
    let parses = |call: &Call| PARSES.contains(&callee(source, facts.expr_range(call.callee)).as_str()) || parses_itself(call);
    let mut parsing = facts.calls.iter().filter(|call| body.contains(call.range) && parses(call));
    let call = parsing.next().filter(|_| parsing.next().is_none())?;
    if facts.language.is_ecmascript() {
        return Some(call.range);
    }
    let statement = source.tree()?.statement_around(call.range)?;
    let text = source.slice(statement);
    let at = text.find(" = ").filter(|_| text.starts_with("let "))? + 3;
    let value = TextRange::new(statement.start as usize + at, statement.start as usize + text.trim_end_matches(';').len());
    let plain = value.start == call.range.start && call.type_args.is_empty() && !source.slice(value).contains('|');
    plain.then_some(value)
}

fn callee(source: &Source<'_>, range: TextRange) -> String {
    source.slice(range).split("::<").next().unwrap_or_default().to_owned()
}

#[derive(Clone, Copy)]
struct Part {
    range: TextRange,
    block: TextRange,
}

struct Split<'s, 'a> {
    source: &'s Source<'a>,
    decode: Option<TextRange>,
    kept: Vec<TextRange>,
    gone: Vec<Part>,
}

impl Split<'_, '_> {
    fn block(&mut self, block: TextRange, depth: usize) -> Option<()> {
        let tree = self.source.tree()?;
        let statements = tree.statements_in(block);
        for (at, statement) in statements.iter().enumerate() {
            let text = self.source.slice(*statement);
            if text.starts_with("try") && self.source.facts.language.is_ecmascript() && depth < MAX_DEPTH {
                let blocks = tree.blocks_in(*statement);
                let (first, rest) = blocks.split_first()?;
                self.kept.extend(rest);
                self.block(*first, depth + 1)?;
            } else if self.stays(*statement, &statements[at + 1..]) {
                self.kept.push(*statement);
            } else {
                self.gone.push(Part { range: *statement, block });
            }
        }
        Some(())
    }

    /// Whether a statement is of the frame: it gives a message up, tells the broker, or takes it out of what it came in.
    fn stays(&self, statement: TextRange, later: &[TextRange]) -> bool {
        let text = self.source.slice(statement);
        if self.decode.is_some_and(|decode| statement.contains(decode)) {
            return false;
        }
        if SETTLES.iter().any(|method| text.contains(method)) && self.is_short(statement) {
            return true;
        }
        let ends = ["return;", "return", "continue;", "continue", "{ return; }", "{ continue; }", "{ return }", "{ continue }"];
        if text.starts_with("if") && ends.iter().any(|end| text.ends_with(end)) {
            return true;
        }
        // `let message = message?;`
        let unpacked = text.strip_prefix("let ").and_then(|rest| rest.trim_end_matches(';').split_once(" = "));
        if unpacked.is_some_and(|(name, value)| value.trim_end_matches('?') == name) {
            return true;
        }
        // What is parsed may be taken out of the message before.
        let bound =
            self.source.facts.bindings.iter().find(|binding| statement.contains(binding.range)).map(|binding| binding.name.as_str());
        let Some((bound, decode, tree)) = bound.zip(self.decode).zip(self.source.tree()).map(|((a, b), c)| (a, b, c)) else { return false };
        let used = |range: TextRange| tree.names_in(range).into_iter().any(|name| self.source.slice(name) == bound);
        let elsewhere = later.iter().any(|range| !range.contains(decode) && used(*range));
        used(decode) && !elsewhere
    }

    /// Whether it is one call alone.
    fn is_short(&self, statement: TextRange) -> bool {
        let text = self.source.slice(statement);
        text.lines().count() <= 3 && !text.starts_with("if") && !text.starts_with("match")
    }
}
