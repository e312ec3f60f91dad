//! Statements of TypeScript that are put into a function which is given a transaction's client, in place of the pool.
//!
//! Invariant: nothing else is waited for in them, nothing in them leaves them, and what they give names to is handed out.

use portolan_grammars::facts::{Binding, Call, Expr, FunctionId, TextRange};

use super::changes::assigned_in;
use super::imports::statement_end;
use super::pool::Pool;
use super::{Edit, Refusal, Source};

/// Statements of a function that write with a pool.
pub(super) struct Stretch<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    pub(super) function: FunctionId,
    /// What is written with.
    pub(super) pool: Pool<'a>,
    pub(super) range: TextRange,
}

impl<'s, 'a> Stretch<'s, 'a>
where
    's: 'a,
{
    /// Refuses what would be something else in a function of its own, or in a transaction; calls that `is_own` says are part of it.
    pub(super) fn is_of_one_piece(&self, is_own: impl Fn(&Call) -> bool) -> Result<(), Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let text = source.slice(self.range);
        if let Some(word) = ["return", "break", "continue", "yield", "arguments", "super"].iter().find(|word| Source::has_word(text, word))
        {
            return Err(Refusal::new(format!("`{word}` stands in between")));
        }
        let inner = || facts.calls.iter().filter(|call| self.range.contains(call.range));
        let is_other = |call: &&Call| call.awaited && !is_own(call) && self.queried(call).is_none();
        if let Some(other) = inner().find(is_other) {
            return Err(Refusal::new(format!("`{}` is waited for in between", source.slice(facts.expr_range(other.callee)))));
        }
        // What is part of a query is waited for with it.
        let queries = || inner().filter(|call| self.queried(call).is_some());
        let is_waited_for = |call: &Call| queries().any(|whole| whole.awaited && whole.range.contains(call.range));
        if queries().any(|call| !is_waited_for(call)) {
            return Err(Refusal::new("a query is not waited for"));
        }
        let own = |name: &str| facts.bindings.iter().any(|it| it.name == name && self.range.contains(it.range));
        let outer = assigned_in(facts, self.range).any(|base| !matches!(base, Expr::Name(name) if own(name)));
        if outer {
            return Err(Refusal::new("something is assigned in between"));
        }
        is_untested(source, self.function, self.range)
    }

    fn queried(&self, call: &Call) -> Option<TextRange> {
        self.pool.queried(self.source, call)
    }

    /// A name for a client that the function has no other use for.
    pub(super) fn client(&self) -> Result<&'static str, Refusal> {
        self.pool.client(self.source, self.function)
    }

    /// Puts it between two texts, one level in, and lets it write with a client.
    pub(super) fn wrap(&self, opening: &str, client: &str, closing: &str, edit: &mut Edit) {
        let (source, newline) = (self.source, self.source.newline());
        let (unit, outer) = (source.indent_unit(), source.indent_at(self.range.start));
        edit.insert(source.file, self.range.start, format!("{opening}{newline}{outer}{unit}"));
        indent(source, self.range, &unit, edit);
        self.pool.write_with(source, self.range, client, edit);
        edit.insert(source.file, self.range.end, format!("{newline}{outer}{closing}{}", statement_end(source)));
    }

    /// What it gives names to that are used behind it.
    pub(super) fn handed_out(&self) -> Result<Vec<&'a str>, Refusal> {
        let (source, facts) = (self.source, self.source.facts);
        let end = if self.function == FunctionId::MODULE { source.text.len() as u32 } else { facts.function(self.function).range.end };
        let rest = source.slice(TextRange { start: self.range.end, end });
        let own = |binding: &&Binding| binding.function == self.function && self.range.contains(binding.range);
        let used: Vec<&Binding> = facts.bindings.iter().filter(own).filter(|binding| Source::has_word(rest, &binding.name)).collect();
        match used.iter().find(|binding| !binding.constant) {
            Some(changing) => Err(Refusal::new(format!("`{}` is no constant", changing.name))),
            None => Ok(used.into_iter().map(|binding| binding.name.as_str()).collect()),
        }
    }
}

/// Refuses a range that has a field in it which was tested before: what the test has said of it does not hold within a function.
pub(super) fn is_untested(source: &Source<'_>, function: FunctionId, range: TextRange) -> Result<(), Refusal> {
    let facts = source.facts;
    let start = if function == FunctionId::MODULE { 0 } else { facts.function(function).range.start };
    let before = source.slice(TextRange { start, end: range.start });
    let tests: Vec<&str> = before.lines().map(str::trim).filter(|line| line.starts_with("if ") || line.starts_with("if(")).collect();
    let fields = facts.exprs.iter().filter(|it| matches!(it.kind, Expr::Member { .. }) && range.contains(it.range));
    let mut fields = fields.map(|it| source.slice(it.range));
    match fields.find(|field| tests.iter().any(|test| Source::has_word(test, field))) {
        Some(field) => Err(Refusal::new(format!("what `{field}` is was tested before"))),
        None => Ok(()),
    }
}

/// Puts each further line of a range one level in, unless it begins within a literal.
pub(super) fn indent(source: &Source<'_>, range: TextRange, unit: &str, edit: &mut Edit) {
    let literals = source.tree().map(portolan_grammars::languages::Tree::multiline_literals).unwrap_or_default();
    let mut offset = range.start;
    for line in source.slice(range).split_inclusive('\n') {
        let within = literals.iter().any(|literal| literal.start < offset && offset < literal.end);
        if offset > range.start && !within && !line.trim().is_empty() {
            edit.insert(source.file, offset, unit);
        }
        offset += line.len() as u32;
    }
}
