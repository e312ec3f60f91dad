//! A part of a file written once more, with some of it in other words: what the workspace does already is the pattern for what it is to do.
//!
//! Invariant: what is not named in other words keeps its text.

use portolan_grammars::facts::{Entry, Expr, ExprId, SourceFacts, TextRange};

use super::Source;
use super::edit::{Replacement, replaced};
use crate::{FileId, Snapshot};

/// How deep arguments are looked into.
const MAX_DEPTH: usize = 16;

/// Parts of a text in other words.
pub(super) type Parts = Vec<(TextRange, String)>;

/// The text of a range with parts in other words; of one within another, the outer counts.
pub(super) fn rewritten(source: &Source<'_>, range: TextRange, parts: &Parts) -> String {
    let mut parts: Vec<&(TextRange, String)> = parts.iter().filter(|(part, _)| range.contains(*part)).collect();
    parts.sort_by_key(|(part, _)| (part.start, std::cmp::Reverse(part.end)));
    let mut replacements: Vec<Replacement> = Vec::new();
    let mut end = range.start;
    for (part, text) in parts {
        if part.start >= end || part.start == part.end && part.start + 1 > end {
            let moved = TextRange { start: part.start - range.start, end: part.end - range.start };
            replacements.push(Replacement { range: moved, text: text.clone() });
            end = part.end;
        }
    }
    replaced(source.slice(range), &replacements)
}

/// A text from a line that begins with `from` as it stands on one that begins with `to`.
pub(super) fn reindented(text: &str, from: &str, to: &str) -> String {
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| match line.strip_prefix(from) {
        Some(rest) => format!("{text}\n{to}{rest}"),
        None => format!("{text}\n{line}"),
    })
}

/// Where the name of a channel stands in a call.
pub(super) struct Named {
    pub(super) range: TextRange,
    /// The constant that has it, where it is not written there.
    pub(super) constant: Option<Constant>,
}

/// A constant that names a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) file: FileId,
    /// Its declaration's name.
    pub(super) name: TextRange,
    /// Its value.
    pub(super) value: TextRange,
    /// Whether it is an entry of an object or a member of an enum.
    pub(super) listed: bool,
}

/// Where `name` is said among the arguments of a call.
pub(super) fn named(snapshot: &Snapshot, facts: &SourceFacts, arguments: &[ExprId], name: &str) -> Option<Named> {
    let mut found = None;
    for argument in arguments {
        descend(facts, *argument, 0, &mut |id| {
            let range = facts.expr_range(id);
            match facts.expr(id) {
                _ if found.is_some() => {}
                Expr::Str(text) if text == name => found = Some(Named { range, constant: None }),
                Expr::Name(_) | Expr::Member { .. } | Expr::Path(_) => {
                    found = constant(snapshot, facts, id, name).map(|constant| Named { range, constant: Some(constant) });
                }
                _ => {}
            }
        });
    }
    found
}

/// Visits an argument and what it is made of.
pub(super) fn descend(facts: &SourceFacts, id: ExprId, depth: usize, visit: &mut dyn FnMut(ExprId)) {
    if depth > MAX_DEPTH {
        return;
    }
    visit(id);
    let mut inner: Vec<ExprId> = Vec::new();
    match facts.expr(id) {
        Expr::Object(object) => inner.extend(object.entries.iter().map(|entry| match entry {
            Entry::Field { value, .. } | Entry::Computed { value, .. } | Entry::Spread(value) => *value,
        })),
        Expr::Array(items) => inner.extend(items),
        Expr::Call(call) => {
            let call = facts.call(*call);
            inner.extend(call.args.iter().map(|argument| argument.value));
            if let Expr::Member { object, .. } = facts.expr(call.callee) {
                inner.push(*object);
            }
        }
        _ => {}
    }
    for id in inner {
        descend(facts, id, depth + 1, visit);
    }
}

/// The constant of the workspace by which an expression says a text: the only one of its name that does.
fn constant(snapshot: &Snapshot, facts: &SourceFacts, id: ExprId, text: &str) -> Option<Constant> {
    let (name, listed) = match facts.expr(id) {
        Expr::Name(name) => (name, false),
        Expr::Member { name, .. } => (name, true),
        Expr::Path(path) => (path.last()?, false),
        _ => return None,
    };
    let mut found = Vec::new();
    let ecmascript = facts.language.is_ecmascript();
    for (file, _, other) in snapshot.files.iter() {
        let Some(other) = other.source().filter(|other| other.language.is_ecmascript() == ecmascript) else { continue };
        let says = |value: ExprId| matches!(other.expr(value), Expr::Str(said) if said == text);
        let mut add = |name: TextRange, value: ExprId, listed| {
            if says(value) {
                found.push(Constant { file, name, value: other.expr_range(value), listed });
            }
        };
        if !listed {
            for binding in other.bindings.iter().filter(|binding| binding.name == *name && binding.constant) {
                binding.value.into_iter().for_each(|value| add(binding.range, value, false));
            }
            continue;
        }
        for member in other.types.iter().flat_map(|ty| &ty.fields).filter(|field| field.name == *name) {
            member.value.into_iter().for_each(|value| add(member.range, value, true));
        }
        for expression in &other.exprs {
            let Expr::Object(object) = &expression.kind else { continue };
            for entry in &object.entries {
                if let Entry::Field { name: key, value, range } = entry
                    && key == name
                {
                    add(*range, *value, true);
                }
            }
        }
    }
    found.dedup();
    if found.len() == 1 { found.pop() } else { None }
}
