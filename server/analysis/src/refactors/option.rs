//! An entry added to the object of options that an ECMAScript call is given, or to one within it.
//!
//! Invariant: entries that are there keep their text, and the layout of an object that is written over several lines stays.

use portolan_grammars::facts::{Call, Expr, ExprId, SourceFacts, TextRange};

use super::edit::{Replacement, within};
use super::{Edit, Refusal, Source};

/// How long a line may get before an object is opened up: what prettier does unless it is told otherwise.
const WIDTH: usize = 80;

/// Adds `entry` (`timeout: 3_000`) to the object that is the argument at a position; makes the object where the call ends before it.
pub(super) fn add_option(source: &Source<'_>, call: &Call, argument: usize, entry: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let Some(given) = call.args.get(argument) else { return append(source, call, argument, entry, edit) };
    let object = object(source.facts, call, given.value).ok_or_else(|| Refusal::new("its options are made elsewhere"))?;
    change(source, call, object, vec![added(source, object, entry)?], edit);
    Ok(())
}

/// Puts an object in place of one that is made elsewhere, for others, too: all that it has, and `entry`.
pub(super) fn add_to_copy(source: &Source<'_>, call: &Call, options: ExprId, entry: &str, edit: &mut Edit) {
    let range = source.facts.expr_range(options);
    let entries = format!("...{}, {entry}", source.slice(range));
    let line = source.line_of(range.start).chars().count() + entries.len() + "{  }".len() - source.slice(range).len();
    let text = if line <= width(source) { format!("{{ {entries} }}") } else { opened(source, call, &entries) };
    edit.replace(source.file, range, text);
}

/// What adds `entry` to an object: on the line of the others, or on one of its own as they have.
pub(super) fn added(source: &Source<'_>, object: ExprId, entry: &str) -> Result<Replacement, Refusal> {
    let range = source.facts.expr_range(object);
    let text = source.slice(range);
    if !(text.starts_with('{') && text.ends_with('}')) {
        return Err(Refusal::new("its options are not written as an object"));
    }
    let inner = text[1..text.len() - 1].trim_end();
    if inner.trim().is_empty() {
        return Ok(Replacement { range, text: format!("{{ {entry} }}") });
    }
    let (end, comma) = (range.start + 1 + inner.len() as u32, inner.ends_with(','));
    let separator = if comma { "" } else { "," };
    let text = if text.contains('\n') {
        // The last entry may be closed on a line of its own, at the depth that it began with.
        let last = source.indent_at(end.saturating_sub(1));
        format!("{separator}{}{last}{entry}{}", source.newline(), if comma { "," } else { "" })
    } else {
        format!("{separator} {entry}")
    };
    Ok(Replacement { range: TextRange { start: end, end }, text })
}

/// Changes an object that a call is given, and what it is made with elsewhere; one that gets too long for its line is opened up.
pub(super) fn change(source: &Source<'_>, call: &Call, object: ExprId, mut changes: Vec<Replacement>, edit: &mut Edit) {
    changes.sort_by_key(|change| change.range.start);
    let range = source.facts.expr_range(object);
    let text = source.slice(range);
    let own = |change: &&Replacement| range.contains(change.range);
    let new = within(range, text, &changes);
    let length = source.line_of(range.start).chars().count() + new.chars().count() - text.chars().count();
    let is_opened = !text.contains('\n') && length > width(source);
    if is_opened {
        edit.replace(source.file, range, opened(source, call, &new[1..new.len() - 1]));
    }
    for change in changes.iter().filter(|change| !(is_opened && own(change))) {
        edit.replace(source.file, change.range, change.text.clone());
    }
}

/// The object literal that an argument is, or that a constant of the same function is made with.
pub(super) fn object(facts: &SourceFacts, call: &Call, value: ExprId) -> Option<ExprId> {
    Some(literal(facts, call, value)).filter(|value| matches!(facts.expr(*value), Expr::Object(_)))
}

/// What a constant of the function that a call stands in is made with, in place of its name; anything else is what it is.
pub(super) fn literal(facts: &SourceFacts, call: &Call, value: ExprId) -> ExprId {
    let Expr::Name(name) = facts.expr(value) else { return value };
    let mut bound = facts.bindings.iter().filter(|it| it.name == *name && it.constant && it.function == call.function);
    match (bound.next(), bound.next()) {
        (Some(binding), None) => binding.value.unwrap_or(value),
        _ => value,
    }
}

/// A further argument behind those that are there.
fn append(source: &Source<'_>, call: &Call, argument: usize, entry: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let text = source.slice(call.range);
    let Some(inner) = text.strip_suffix(')') else { return Err(Refusal::new("its arguments are not written in brackets")) };
    let inner = inner.trim_end();
    let (bare, comma) = (inner.trim_end_matches(','), inner.ends_with(','));
    let end = call.range.start + bare.len() as u32;
    let missing = "undefined, ".repeat(argument - call.args.len());
    let separator = if call.args.is_empty() { "" } else { ", " };
    let whole = TextRange { start: end, end: call.range.end - 1 };
    let on_lines = comma || source.slice(whole).contains('\n');
    if on_lines && !call.args.is_empty() {
        let indent = source.indent_at(end.saturating_sub(1)).to_owned();
        let (newline, missing) = (source.newline(), missing.replace(", ", &format!(",{}{indent}", source.newline())));
        let trailing = if comma { "," } else { "" };
        edit.replace(
            source.file,
            TextRange { start: end, end: end + u32::from(comma) },
            format!(",{newline}{indent}{missing}{{ {entry} }}{trailing}"),
        );
        return Ok(());
    }
    let short = format!("{separator}{missing}{{ {entry} }}");
    let line = source.line_of(call.range.end);
    let fits = line.chars().count() + short.len() <= width(source);
    edit.insert(source.file, end, if fits { short } else { format!("{separator}{missing}{}", opened(source, call, entry)) });
    Ok(())
}

/// An object over several lines, at the depth of the line that the call ends on.
fn opened(source: &Source<'_>, call: &Call, entries: &str) -> String {
    let (indent, unit, newline) = (source.indent_at(call.range.end), source.indent_unit(), source.newline());
    let entries = top_level(entries).join(&format!(",{newline}{indent}{unit}"));
    format!("{{{newline}{indent}{unit}{entries},{newline}{indent}}}")
}

/// The parts of a list between commas that stand in no bracket and no text.
fn top_level(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quoted, mut start, mut escaped) = (Vec::new(), 0_i32, None, 0, false);
    for (at, letter) in list.char_indices() {
        match (quoted, letter) {
            (Some(quote), _) => {
                if letter == quote && !escaped {
                    quoted = None;
                }
                escaped = letter == '\\' && !escaped;
            }
            (None, '"' | '\'' | '`') => quoted = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// How long the file's lines may be: as long as some are, and not shorter than is usual.
pub(super) fn width(source: &Source<'_>) -> usize {
    let longest = source.text.lines().map(|line| line.chars().count()).filter(|length| *length <= 120).max();
    longest.unwrap_or(WIDTH).max(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_their_own_commas() {
        assert_eq!(top_level("a: f(x, y), b: { c, d }, `e, ${f}`, 'g\\', h'"), ["a: f(x, y)", "b: { c, d }", "`e, ${f}`", "'g\\', h'"]);
        assert_eq!(top_level("a, "), ["a"]);
    }
}
