//! Arguments of a call of Rust's methods, laid out as rustfmt does.
//!
//! Invariant: arguments that stand on lines of their own stay there, and those that are not touched keep their text.

use portolan_grammars::facts::{CallId, TextRange};

use super::chain::{CHAIN, Chain, broken, laid_out};
use super::source::RUST_WIDTH;
use super::{Edit, Refusal, Source};

/// An argument: `head.link().link()`.
pub(super) struct Argument {
    pub(super) head: String,
    /// Without the dots.
    pub(super) links: Vec<String>,
}

impl Argument {
    /// One that is written as it is.
    pub(super) fn of(text: String) -> Self {
        Self { head: text, links: Vec::new() }
    }
}

/// A call at an indent, with something behind it: `crate::bus::publish(channel, &event).await?;`.
pub(super) fn called(source: &Source<'_>, indent: &str, callee: &str, arguments: &[Argument], behind: &str) -> String {
    let line = on_one_line(callee, arguments);
    let width = line.len() - callee.len() - "()".len();
    if width <= CHAIN && indent.len() + line.len() + behind.len() <= RUST_WIDTH {
        return line + behind;
    }
    on_lines(source, indent, callee, arguments) + behind
}

/// Lets a call be that of a method, with another argument at a position: before the one that is there, or in its place.
pub(super) fn give_arguments(
    source: &Source<'_>,
    id: CallId,
    method: &str,
    (at, argument, is_more): (usize, Argument, bool),
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let facts = source.facts;
    let call = facts.call(id);
    let spread = || Refusal::new("how it is sent is laid out in a way of its own");
    let first = call.args.first().map(|argument| facts.expr_range(argument.value)).ok_or_else(spread)?;
    let inside = TextRange { start: facts.expr_range(call.callee).end + 1, end: call.range.end - 1 };
    let on_lines = source.slice(TextRange { start: inside.start, end: first.start }).contains('\n');
    if on_lines && is_more && at > 0 {
        let before = call.args.get(at - 1).map(|argument| facts.expr_range(argument.value)).ok_or_else(spread)?;
        let indent = source.indent_at(first.start);
        let text = laid_out(source, (first.start, indent.len()), &argument.head, &argument.links);
        edit.replace(source.file, call.name_range, method);
        edit.insert(source.file, before.end, format!(",{}{indent}{text}", source.newline()));
        return Ok(());
    }
    if on_lines || source.slice(inside).contains('\n') {
        return Err(spread());
    }
    let mut arguments = Vec::new();
    let mut start = inside.start;
    for given in &call.args {
        let end = facts.expr_range(given.value).end;
        arguments.push(Argument { head: source.slice(TextRange { start, end }).trim().to_owned(), links: Vec::new() });
        start = source.slice(TextRange { start: end, end: inside.end }).find(',').map_or(inside.end, |comma| end + comma as u32 + 1);
    }
    if at > arguments.len() || !is_more && at == arguments.len() {
        return Err(spread());
    }
    arguments.splice(at..at + usize::from(!is_more), [argument]);
    lay_out(source, id, method, &arguments, edit).ok_or_else(spread)
}

/// Writes a call with its arguments, and what is called on it.
fn lay_out(source: &Source<'_>, id: CallId, method: &str, arguments: &[Argument], edit: &mut Edit) -> Option<()> {
    let call = source.facts.call(id);
    let (indent, unit) = (source.indent_at(call.name_range.start), source.indent_unit());
    let line = on_one_line(method, arguments);
    let width = line.chars().count() - method.chars().count() - "()".len();
    let before = source.slice(TextRange { start: source.line_start(call.name_range.start) as u32, end: call.name_range.start });
    if before.trim() == "." {
        let text =
            if width <= CHAIN && before.len() + line.len() < RUST_WIDTH { line } else { on_lines(source, indent, method, arguments) };
        edit.replace(source.file, TextRange { start: call.name_range.start, end: call.range.end }, text);
        return Some(());
    }
    let mut chain = Chain::with_receiver(source, id)?;
    let own = chain.position(source, id)?;
    let one = |link: &str| {
        let links = chain.links.iter().enumerate().map(|(at, other)| if at == own { link } else { other });
        std::iter::once(chain.head.as_str()).chain(links).collect::<Vec<_>>().join(".")
    };
    let start = source.slice(TextRange { start: source.line_start(chain.range.start) as u32, end: chain.range.start }).len();
    let whole = one(&line);
    let is_last = own + 1 == chain.links.len();
    let text = if width <= CHAIN && whole.len() <= CHAIN && start + whole.len() < RUST_WIDTH {
        whole
    } else if is_last {
        one(&on_lines(source, indent, method, arguments))
    } else {
        let inner = format!("{indent}{unit}");
        let fits = width <= CHAIN && inner.len() + ".".len() + line.len() < RUST_WIDTH;
        chain.links[own] = if fits { line } else { on_lines(source, &inner, method, arguments) };
        broken(source, (indent, start == indent.len()), &chain.head, &chain.links)
    };
    edit.replace(source.file, chain.range, text);
    Some(())
}

fn on_one_line(method: &str, arguments: &[Argument]) -> String {
    let texts: Vec<String> =
        arguments.iter().map(|it| std::iter::once(&it.head).chain(&it.links).map(String::as_str).collect::<Vec<_>>().join(".")).collect();
    format!("{method}({})", texts.join(", "))
}

/// A line for each argument, deeper than an indent.
fn on_lines(source: &Source<'_>, indent: &str, method: &str, arguments: &[Argument]) -> String {
    let newline = source.newline();
    let inner = format!("{indent}{}", source.indent_unit());
    let lines: String = arguments
        .iter()
        .map(|argument| {
            let line = std::iter::once(&argument.head).chain(&argument.links).map(String::as_str).collect::<Vec<_>>().join(".");
            let widest = if argument.links.len() > 1 { CHAIN } else { RUST_WIDTH - inner.len() - ",".len() };
            let text = if line.len() <= widest { line } else { broken(source, (&inner, true), &argument.head, &argument.links) };
            format!("{newline}{inner}{text},")
        })
        .collect();
    format!("{method}({lines}{newline}{indent})")
}
