//! The context that a message's headers carry, made the parent of the span that its handler opens.
//!
//! A span of the handler itself is given its parent; a function that opens one is called within the context. Invariant: there is one span, and
//! whatever the handler was given means the same where it is opened.

use portolan_grammars::catalog::TracingRole;
use portolan_grammars::facts::{Call, CallKind, Expr, Function, FunctionId, Language, SourceFacts, TextRange};
use rustc_hash::FxHashSet;

use super::super::given::{Given, leaf};
use super::super::{Edit, Refusal, Source};
use super::desk::{Desk, Helper};
use super::rust;
use crate::chart::flow::Spot;
use crate::resolve::evaluate::around;
use crate::resolve::link::Site;
use crate::resolve::value::CallRef;
use crate::rules::consumer_without_context::Broken;
use crate::{FunctionRef, Place, Snapshot};

/// How many functions lie at most between a handler and what opens its span.
const MAX_DELEGATIONS: usize = 4;

/// Goes on with the sender's trace where a message is handled.
pub(super) fn take(desk: &mut Desk<'_, '_>, broken: &Broken<'_>) -> Result<(), Refusal> {
    let snapshot = desk.context.snapshot;
    let name = &broken.channel.name;
    let unknown = || Refusal::new(format!("what handles `{name}` is not known"));
    let handler = broken.consumer.function.ok_or_else(unknown)?;
    let facts = snapshot.files.source(handler.file).ok_or_else(unknown)?;
    if facts.language == Language::Rust {
        return rust::take::take(desk, broken, handler);
    }
    let leaf = leaf(snapshot, handler).ok_or_else(unknown)?;
    let headers = leaf.headers.as_ref();
    let headers = headers.ok_or_else(|| Refusal::new(format!("where {} has the headers of `{name}` is not known", leaf.library)))?;
    let opener = opener(snapshot, facts, handler, broken.span.place)?;
    let call = facts.call(opener.call.call);
    if !desk.done.insert(opener.call) {
        return Ok(());
    }
    let given = Given { facts, handler: handler.function, argument: headers.argument, optional: headers.optional };
    let lacks = || Refusal::new("its handler does not take the message's headers");
    desk.open(handler.file, facts.function(handler.function).range.start)?;
    let (file, edit) = desk.at(handler.file)?;
    let parent = format!("{}({})", file.function(Helper::Parent)?, given.reached(&file.source, &headers.key, call)?.ok_or_else(lacks)?);
    if opener.is_span {
        as_parent(&file.source, call, &parent, edit)
    } else {
        let with = format!("{}.with({parent}, ", file.context());
        within(&file.source, facts.function(handler.function), call, with, edit)
    }
}

/// What opens the span of a handler.
struct Opener {
    call: CallRef,
    /// Whether it is the library's call itself, and not of a function that makes it.
    is_span: bool,
}

/// The only call of a handler that opens a span.
fn opener(snapshot: &Snapshot, facts: &SourceFacts, handler: FunctionRef, span: Place) -> Result<Opener, Refusal> {
    let unclear = || Refusal::new("how its span is opened is not plain to see");
    let calls = openers(snapshot, facts, handler)?;
    // What is opened within a span is part of it.
    let range = |call: CallRef| facts.call(call.call).range;
    let (first, is_span) =
        calls.iter().copied().min_by_key(|(call, _)| (range(*call).start, std::cmp::Reverse(range(*call).end))).ok_or_else(unclear)?;
    if calls.iter().any(|(call, _)| !range(first).contains(range(*call))) {
        return Err(Refusal::new("its handler opens several spans"));
    }
    let is_known = !is_span || snapshot.files.called_at(first) == Some(span);
    if is_known { Ok(Opener { call: first, is_span }) } else { Err(unclear()) }
}

/// The calls of a handler that open a span, and whether each is the library's itself.
pub(super) fn openers(snapshot: &Snapshot, facts: &SourceFacts, handler: FunctionRef) -> Result<Vec<(CallRef, bool)>, Refusal> {
    let within = |function: FunctionId| around(facts, function).any(|outer| outer == handler.function);
    let spans: FxHashSet<FunctionRef> = snapshot
        .links
        .iter()
        .flatten()
        .flat_map(|link| &link.tracing)
        .filter(|it| it.role == TracingRole::Span)
        .map(|it| it.function)
        .collect();
    let mut places: Vec<(Place, bool)> = Vec::new();
    for made in snapshot.link(handler.file).into_iter().flat_map(|link| &link.tracing) {
        if let (TracingRole::Span, Site::Call(call), true) = (made.role, made.site, within(made.function.function)) {
            places.extend(snapshot.files.called_at(call).map(|place| (place, true)));
        }
    }
    let inner = (0..facts.functions.len()).map(|at| FunctionId(at as u32)).filter(|function| within(*function));
    for edge in inner.flat_map(|function| snapshot.index.edges_of(FunctionRef { file: handler.file, function })) {
        let is_own = edge.callee.file == handler.file && within(edge.callee.function);
        if !is_own && leads_to(snapshot, edge.callee, &spans) {
            places.push((edge.place, false));
        }
    }
    let unclear = || Refusal::new("how its span is opened is not plain to see");
    let mut calls = Vec::new();
    for (place, is_span) in places {
        let call = Spot::at(&snapshot.files, place).and_then(|spot| spot.call()).ok_or_else(unclear)?;
        calls.push((CallRef { file: handler.file, call }, is_span));
    }
    Ok(calls)
}

/// Whether a function, or one that it calls, opens a span.
fn leads_to(snapshot: &Snapshot, function: FunctionRef, spans: &FxHashSet<FunctionRef>) -> bool {
    let (mut open, mut seen) = (vec![function], FxHashSet::default());
    for _ in 0..MAX_DELEGATIONS {
        let mut next = Vec::new();
        for function in open {
            if spans.contains(&function) {
                return true;
            }
            if seen.insert(function) {
                next.extend(snapshot.index.edges_of(function).iter().filter(|edge| !edge.detached).map(|edge| edge.callee));
            }
        }
        open = next;
    }
    false
}

/// Gives a span its parent.
fn as_parent(source: &Source<'_>, call: &Call, parent: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let given = |at: usize| call.args.get(at).map(|argument| source.facts.expr_range(argument.value));
    let runs = source.slice(call.name_range) == "startActiveSpan";
    let is_plain = runs || source.slice(call.name_range) == "startSpan";
    if !is_plain || call.args.iter().any(|argument| argument.spread) {
        return Err(Refusal::new("how its span is opened is not plain to see"));
    }
    let (options, last) = match (call.args.len(), runs) {
        (1, false) | (2, true) => ("{}, ", given(1)),
        (2, false) | (3, true) => ("", given(2)),
        _ => return Err(Refusal::new("its span is given a context already")),
    };
    match last {
        // The function that it runs comes last.
        Some(function) => {
            let line = &source.text[source.line_start(function.start)..function.start as usize];
            let gap = if line.trim().is_empty() { format!("{}{line}", source.newline()) } else { " ".to_owned() };
            let text = format!("{options}{parent}, ").replace(", ", &format!(",{gap}"));
            edit.insert(source.file, function.start, text);
        }
        None => {
            let end = given(call.args.len() - 1).map_or(call.range.end, |range| range.end);
            edit.insert(source.file, end, format!(", {options}{parent}"));
        }
    }
    Ok(())
}

/// Lets a call of a handler be made within the context.
fn within(source: &Source<'_>, handler: &Function, call: &Call, with: String, edit: &mut Edit) -> Result<(), Refusal> {
    let text = source.slice(call.range);
    let behind = source.text[call.range.end as usize..].trim_start();
    let cut_short = text.contains("?.") && behind.starts_with(['.', '[', '(', '?']);
    let leaves = ["await", "yield", "arguments"].iter().any(|word| Source::has_word(text, word));
    if cut_short || leaves || call.kind != CallKind::Call {
        return Err(Refusal::new("what opens its span cannot be called within a function"));
    }
    if !loses_types(source, handler, call) {
        edit.insert(source.file, call.range.start, format!("{with}() => "));
        edit.insert(source.file, call.range.end, ")");
        return Ok(());
    }
    // Its arguments stay outside.
    let callee = source.facts.expr_range(call.callee);
    let this = match source.facts.expr(call.callee) {
        Expr::Name(_) => "undefined".to_owned(),
        Expr::Member { object, .. } => source.slice(source.facts.expr_range(*object)).to_owned(),
        _ => return Err(Refusal::new("what opens its span cannot be called within a function")),
    };
    let open = callee.end;
    let is_path = this.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.'));
    if !(is_path && this != "super" && source.text[open as usize..].starts_with('(') && call.type_args.is_empty()) {
        return Err(Refusal::new("what opens its span cannot be called within a function"));
    }
    edit.insert(source.file, call.range.start, with);
    edit.replace(source.file, TextRange { start: open, end: open + 1 }, format!(", {this}, "));
    Ok(())
}

/// Whether a call is given what has its type from a test before it, which does not hold within a function: a field of something.
fn loses_types(source: &Source<'_>, handler: &Function, call: &Call) -> bool {
    let before = source.slice(TextRange { start: handler.range.start, end: call.range.start });
    let fields = source.facts.exprs.iter().filter(|it| call.range.contains(it.range) && matches!(it.kind, Expr::Member { .. }));
    let mut texts = fields.filter(|it| it.range.start > call.name_range.end).map(|it| source.slice(it.range));
    source.facts.language == Language::TypeScript && texts.any(|field| Source::has_word(before, field))
}
