//! The context that a message's headers carry, made the parent of the span that is opened for it.
//!
//! A span of the loop itself is given its parent; a function that opens one runs within the context. Invariant: there is one span for each message,
//! and the message is still there where it is asked.

use portolan_grammars::catalog::TracingRole;
use portolan_grammars::facts::{Binding, CallId, Expr, FunctionId, Imported, TextRange};
use rustc_hash::FxHashSet;

use super::super::super::chain::{CHAIN, Chain};
use super::super::super::given::own_leaf;
use super::super::super::source::{RUST_WIDTH, is_part_of_name};
use super::super::super::uses::add_use;
use super::super::super::{Edit, Refusal, Source, received};
use super::super::desk::Desk;
use super::super::take::openers;
use super::forms::Form;
use super::{Part, carries};
use crate::resolve::link::{MessageLeaf, Site};
use crate::resolve::value::CallRef;
use crate::rules::consumer_without_context::Broken;
use crate::{FunctionRef, Snapshot};

/// What the context, and the span, are called.
const PARENT: &str = "parent";
const SPAN: &str = "span";
/// The trait by which a future runs within a context.
const WITHIN: (&str, &str) = ("opentelemetry::trace", "FutureExt");
/// Methods that run something in a span.
const IN_SPAN: [&str; 3] = ["instrument", "in_scope", "entered"];

/// Goes on with the sender's trace where a message is handled.
pub(in super::super) fn take(desk: &mut Desk<'_, '_>, broken: &Broken<'_>, handler: FunctionRef) -> Result<(), Refusal> {
    let context = desk.context;
    let snapshot = context.snapshot;
    let name = &broken.channel.name;
    let unknown = || Refusal::new(format!("what handles `{name}` is not known"));
    let leaf = own_leaf(snapshot, handler).ok_or_else(unknown)?;
    let form = Form::of(&leaf.library);
    let form = form.ok_or_else(|| Refusal::new(format!("where {} has the headers of `{name}` is not known", leaf.library)))?;
    let source = context.source(handler.file)?;
    let tracing = snapshot.chart.traced(broken.consumer.service).ok_or_else(unknown)?;
    carries(context, &source, form, tracing)?;
    let opener = opener(snapshot, &source, handler)?;
    if !desk.done.insert(opener.call) {
        return Ok(());
    }
    let unclear = || Refusal::new("how its span is opened is not plain to see");
    let call = opener.call.call;
    let range = source.facts.call(call).range;
    let block = source.tree().map(|tree| tree.block(range.start)).unwrap_or_default();
    let statement = block.iter().find(|statement| statement.range.contains(range)).ok_or_else(unclear)?;
    let before = &source.text[source.line_start(statement.range.start)..statement.range.start as usize];
    if !before.trim().is_empty() {
        return Err(unclear());
    }
    let message = message(&source, handler.function, (form, leaf), statement.range)?;
    if opener.is_span {
        let value = statement.binds.as_ref().map(|binds| binds.value);
        let continued = desk.modules.need(context, &source, form, Part::Continued)?;
        let scene = (handler.function, call, statement.range);
        return as_parent(&source, scene, value == Some(range), (continued, message), &mut desk.edit);
    }
    let called = snapshot.files.function_at(opener.call).zip(snapshot.files.called_at(opener.call));
    let callee = called.and_then(|(caller, place)| snapshot.index.callee_at(caller, place)).ok_or_else(unclear)?;
    let is_async = snapshot.files.source(callee.file).is_some_and(|facts| facts.function(callee.function).is_async);
    if !is_async {
        return Err(Refusal::new("what opens its span is no async function"));
    }
    if is_within_span(snapshot, handler) {
        return Err(Refusal::new("it runs in a span already, which would stay the parent"));
    }
    is_free(&source, handler.function, PARENT)?;
    let of = desk.modules.need(context, &source, form, Part::Of)?;
    let (newline, indent) = (source.newline(), source.indent_at(statement.range.start));
    desk.edit.insert(source.file, statement.range.start, format!("let {PARENT} = {of}(&{message});{newline}{indent}"));
    let mut chain = Chain::with_receiver(&source, call).ok_or_else(unclear)?;
    chain.put_behind(&source, call, format!("with_context({PARENT})"));
    desk.edit.replace(source.file, chain.range, chain.text(&source));
    if desk.within.insert(source.file) {
        import(&source, handler.function, &mut desk.edit)?;
    }
    Ok(())
}

/// Whether a function is a span as a whole.
fn is_span(snapshot: &Snapshot, function: FunctionRef) -> bool {
    let mut made = snapshot.link(function.file).into_iter().flat_map(|link| &link.tracing);
    made.any(|made| made.role == TracingRole::Span && made.site == Site::Function(function))
}

/// Whether any function that leads to this one is a span.
fn is_within_span(snapshot: &Snapshot, function: FunctionRef) -> bool {
    let (mut open, mut seen) = (vec![function], FxHashSet::default());
    while let Some(function) = open.pop() {
        if is_span(snapshot, function) {
            return true;
        }
        if seen.insert(function) {
            open.extend(snapshot.index.runners_of(function).iter().map(|runner| runner.function));
        }
    }
    false
}

/// What opens the span of a message.
struct Opener {
    call: CallRef,
    /// Whether it is a span of the loop itself, and not a function that is one.
    is_span: bool,
}

fn opener(snapshot: &Snapshot, source: &Source<'_>, handler: FunctionRef) -> Result<Opener, Refusal> {
    let all = openers(snapshot, source.facts, handler)?;
    let several = || Refusal::new("its handler opens several spans");
    let mut own = all.iter().filter(|(_, is_span)| *is_span);
    let (call, is_span) = *own.next().or(all.first()).ok_or_else(|| Refusal::new("how its span is opened is not plain to see"))?;
    if own.next().is_some() {
        return Err(several());
    }
    for (other, _) in all.iter().filter(|(other, _)| *other != call) {
        if !(is_span && runs_in(source, other.call, call.call)) {
            return Err(several());
        }
    }
    Ok(Opener { call, is_span })
}

/// Whether a call is made in a span: `async { work().await }.instrument(span)`.
fn runs_in(source: &Source<'_>, call: CallId, span: CallId) -> bool {
    let facts = source.facts;
    let (call, span) = (facts.call(call).range, facts.call(span).range);
    let bound = facts.bindings.iter().find(|binding| binding.value.is_some_and(|value| facts.expr_range(value) == span));
    facts.calls.iter().any(|around| {
        let runs = matches!(facts.expr(around.callee), Expr::Member { name, .. } if IN_SPAN.contains(&name.as_str()));
        let is_of_it = around.range.contains(span) || bound.is_some_and(|bound| Source::has_word(source.slice(around.range), &bound.name));
        runs && around.range.contains(call) && is_of_it
    })
}

/// What the loop calls the message, if it has it still.
fn message<'a>(
    source: &Source<'a>,
    handler: FunctionId,
    (form, leaf): (&Form, &MessageLeaf),
    statement: TextRange,
) -> Result<&'a str, Refusal> {
    let facts = source.facts;
    let message: &Binding = received::message(source, handler, statement, leaf)
        .ok_or_else(|| Refusal::new("which message its span is opened for is not plain to see"))?;
    let bound = message.value.map_or(message.range.end, |value| facts.expr_range(value).end.max(message.range.end));
    let between = source.slice(TextRange { start: bound, end: statement.start.max(bound) });
    let is_renamed = facts.bindings.iter().any(|other| {
        other.name == message.name && other.range.start > message.range.start && other.range.end <= statement.start && other != message
    });
    if is_renamed || !is_there(between, &message.name, form) {
        return Err(Refusal::new(format!("whether `{}` is still there where its span is opened is not plain to see", message.name)));
    }
    Ok(&message.name)
}

/// Whether code does nothing with a message but lend it, or call methods of it that do not take it away.
fn is_there(text: &str, name: &str, form: &Form) -> bool {
    Source::words(text, name).all(|at| {
        let (before, after) = (text[..at].trim_end(), &text[at + name.len()..]);
        let path = after.trim_start_matches(|letter: char| is_part_of_name(letter) || letter == '.' || letter.is_whitespace());
        let called = path.starts_with('(').then(|| after[..after.len() - path.len()].rsplit('.').next().unwrap_or_default().trim());
        match called {
            Some(method) if after.trim_start().starts_with('.') => !method.starts_with("into") && !form.consuming.contains(&method),
            // `{delivery:?}` of a text; of a struct it would be moved.
            _ => before.ends_with('&') || before.ends_with('{') && text[..at].matches('"').count() % 2 == 1,
        }
    })
}

/// Gives a span its parent: where it is bound to a name, else before the statement that opens it.
fn as_parent(
    source: &Source<'_>,
    (handler, call, statement): (FunctionId, CallId, TextRange),
    is_bound: bool,
    (continued, message): (&str, &str),
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let facts = source.facts;
    let range = facts.call(call).range;
    let made = source.slice(range);
    if Source::has_word(made, "parent") {
        return Err(Refusal::new("its span is given a parent already"));
    }
    let (newline, unit, indent) = (source.newline(), source.indent_unit(), source.indent_at(statement.start));
    let before =
        if is_bound { source.slice(TextRange { start: statement.start, end: range.start }).to_owned() } else { format!("let {SPAN} = ") };
    let line = format!("{continued}({made}, &{message})");
    let width = indent.len() + before.len() + line.len() + ";".len();
    let text = if !made.contains('\n') && made.len() + message.len() + ", &".len() <= CHAIN && width <= RUST_WIDTH {
        line
    } else {
        let made = source.indented(range, 1);
        format!("{continued}({newline}{indent}{unit}{made},{newline}{indent}{unit}&{message},{newline}{indent})")
    };
    if is_bound {
        edit.replace(source.file, range, text);
        return Ok(());
    }
    is_free(source, handler, SPAN)?;
    edit.insert(source.file, statement.start, format!("{before}{text};{newline}{indent}"));
    // A chain of calls may fit on a line then.
    let runs = facts.calls.iter().find(|it| it.range.contains(range) && it.args.iter().any(|arg| facts.expr_range(arg.value) == range));
    let on = runs.and_then(|runs| match facts.expr(runs.callee) {
        Expr::Member { object, .. } => match facts.expr(*object) {
            Expr::Call(on) => Some(*on),
            _ => None,
        },
        _ => None,
    });
    let Some(mut chain) = on.and_then(|on| Chain::with_receiver(source, on)).filter(|chain| chain.range.contains(range)) else {
        edit.replace(source.file, range, SPAN);
        return Ok(());
    };
    chain.links.iter_mut().for_each(|link| *link = link.replace(made, SPAN));
    edit.replace(source.file, chain.range, chain.text(source));
    Ok(())
}

fn is_free(source: &Source<'_>, handler: FunctionId, name: &str) -> Result<(), Refusal> {
    if Source::has_word(source.slice(source.facts.function(handler).range), name) {
        return Err(Refusal::new(format!("the name {name} means something else in the handler")));
    }
    Ok(())
}

/// Imports the trait by which a future runs within a context, unless the file has it.
fn import(source: &Source<'_>, handler: FunctionId, edit: &mut Edit) -> Result<(), Refusal> {
    let (from, name) = WITHIN;
    let module = &source.facts.function(handler).module;
    let has = source.facts.imports.iter().any(|import| {
        let is_it = matches!(&import.imported, Imported::Named(named) if named == name) || import.imported == Imported::Glob;
        import.source == from && is_it && import.module == *module
    });
    if has {
        return Ok(());
    }
    if !module.is_empty() {
        return Err(Refusal::new("it stands in a module within the file"));
    }
    add_use(source, &format!("{from}::{name} as _"), edit)
}
