//! Whether the arguments of a call that sends can be kept as JSON and be the same afterwards.
//!
//! Invariant: what may hold bytes, dates or functions that somebody looks at is not kept.

use portolan_grammars::facts::{Entry, Expr, ExprId, FunctionId, SourceFacts, TextRange};

use super::super::mirror::named;
use super::super::{Context, Refusal};
use super::scene::Scene;
use crate::chart::Channel;
use crate::resolve::evaluate::around;
use crate::resolve::link::MessageLeaf;
use crate::resolve::payloads::is_stringify;
use crate::{FileId, FunctionRef, Place};

/// How deep arguments are looked into.
const MAX_DEPTH: usize = 16;
/// How many functions may hand on what is sent.
const MAX_CALLS: usize = 3;
/// What libraries call texts that they are told beside a message.
const KEYS: [&str; 8] = ["key", "topic", "routingKey", "partitionKey", "queue", "exchange", "subject", "type"];
/// What they call the message.
const CONTENTS: [&str; 6] = ["value", "content", "body", "data", "payload", "message"];

/// Refuses arguments that would be something else once they were read again.
pub(super) fn check(context: &Context<'_>, scene: &Scene<'_, '_>, channel: &Channel) -> Result<(), Refusal> {
    let (source, facts) = (scene.source, scene.source.facts);
    let sender = scene.sender(context);
    let as_json = leaf(context, scene).map_or(0, |leaf| leaf.as_json);
    for (at, argument) in scene.sends.args.iter().enumerate() {
        let value = argument.value;
        let names_channel =
            || named(context.snapshot, facts, &[value], &channel.name).is_some_and(|it| it.range == facts.expr_range(value));
        let made = || at < as_json || sender.is_some_and(|sender| makes_json(context, sender, at).unwrap_or(false));
        // What has bytes in it, some libraries send as those.
        let is_made = || made() && (channel.system != "kafka" || is_of_objects(facts, value, scene.sends.function));
        let is_text = || sender.is_some_and(|sender| makes_a_text(context, sender, at).unwrap_or(false));
        if argument.spread || !(is_told(facts, value, scene.sends.function, 0) || names_channel() || is_text() || is_made()) {
            let text: String = source.slice(facts.expr_range(value)).split_whitespace().collect::<Vec<_>>().join(" ");
            return Err(Refusal::new(format!("whether `{text}` can be kept as JSON is not known")));
        }
    }
    Ok(())
}

/// Whether a value is an object whose parts are seen to be no bytes: objects themselves, or texts, numbers and the like.
fn is_of_objects(facts: &SourceFacts, value: ExprId, function: FunctionId) -> bool {
    match facts.expr(value) {
        Expr::Object(object) => object.entries.iter().all(|entry| match entry {
            Entry::Field { value, .. } => {
                matches!(facts.expr(*value), Expr::Object(_) | Expr::Array(_)) || is_told(facts, *value, function, 0)
            }
            _ => false,
        }),
        Expr::Name(name) => {
            let mut bound = facts.bindings.iter().filter(|binding| binding.name == *name);
            let only = bound.next().filter(|_| bound.next().is_none());
            let made = only.filter(|binding| binding.constant).and_then(|binding| binding.value);
            made.is_some_and(|made| matches!(facts.expr(made), Expr::Object(_)) && is_of_objects(facts, made, function))
        }
        _ => false,
    }
}

/// The library's own call, if it is that which sends.
pub(super) fn leaf<'a>(context: &Context<'a>, scene: &Scene<'_, '_>) -> Option<&'a MessageLeaf> {
    let (source, sends) = (scene.source, scene.sends.range);
    let mut leaves = context.snapshot.link(source.file).into_iter().flat_map(|link| &link.messages).flat_map(|message| &message.leaves);
    leaves.find(|leaf| leaf.call.file == source.file && source.facts.call(leaf.call.call).range == sends)
}

/// Whether a value is seen to be of texts, numbers and the like.
fn is_told(facts: &SourceFacts, value: ExprId, function: FunctionId, depth: usize) -> bool {
    let inner = |value: ExprId| depth < MAX_DEPTH && is_told(facts, value, function, depth + 1);
    match facts.expr(value) {
        Expr::Str(_) | Expr::Number(_) | Expr::Bool(_) | Expr::Null | Expr::Concat(_) => true,
        Expr::Array(items) => items.iter().all(|item| inner(*item)),
        Expr::Object(object) => object.entries.iter().all(|entry| matches!(entry, Entry::Field { value, .. } if inner(*value))),
        Expr::Call(call) => {
            let callee = facts.call(*call).callee;
            match facts.expr(callee) {
                Expr::Name(name) => name == "String" || name == "Number",
                Expr::Member { name, .. } => {
                    is_stringify(facts, facts.call(*call)) || matches!(name.as_str(), "toString" | "toISOString" | "toFixed")
                }
                _ => false,
            }
        }
        Expr::Name(name) => {
            let mut params = around(facts, function).flat_map(|function| &facts.function(function).params);
            let mut bound = facts.bindings.iter().filter(|binding| binding.name == *name);
            match (params.find(|param| param.name == *name), bound.next(), bound.next()) {
                (Some(param), None, _) => param.ty.as_ref().is_some_and(|ty| is_plain(&ty.path)),
                (None, Some(binding), None) => {
                    binding.ty.as_ref().is_some_and(|ty| is_plain(&ty.path)) || binding.constant && binding.value.is_some_and(inner)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether a function does nothing with what it is given at a position but make a text of it.
fn makes_a_text(context: &Context<'_>, sender: FunctionRef, at: usize) -> Option<bool> {
    only_becomes_json(context, sender, at, false, 0)
}

/// Whether it does nothing with it but have JSON made of it, be it by a library.
fn makes_json(context: &Context<'_>, sender: FunctionRef, at: usize) -> Option<bool> {
    only_becomes_json(context, sender, at, true, 0)
}

/// Whether all that becomes of what a function is given at a position is JSON, there or in functions that it hands it to, as it is or in an object.
fn only_becomes_json(context: &Context<'_>, sender: FunctionRef, at: usize, by_libraries: bool, depth: usize) -> Option<bool> {
    let (index, source) = (&context.snapshot.index, context.source(sender.file).ok()?);
    let facts = source.facts;
    let function = facts.function(sender.function);
    let param = function.params.get(at).filter(|param| !param.name.is_empty() && !param.rest)?;
    if param.ty.as_ref().is_some_and(|ty| is_plain(&ty.path)) {
        return Some(true);
    }
    let body = facts.region(function.body).range;
    let names = source.tree()?.names_in(body);
    let mut ranges: Vec<TextRange> =
        json_made_in(context, sender.file, by_libraries).into_iter().flat_map(|value| bare(facts, value, 0)).collect();
    ranges.extend(told_beside(context, sender.file));
    for call in facts.calls.iter().filter(|call| depth < MAX_CALLS && body.contains(call.range)) {
        let place = Place { file: sender.file, range: call.name_range };
        let Some(callee) = index.callee_at(FunctionRef { file: sender.file, function: call.function }, place) else { continue };
        let becomes = |at| only_becomes_json(context, callee, at, by_libraries, depth + 1) == Some(true);
        let given = call.args.iter().enumerate().filter(|(at, argument)| !argument.spread && becomes(*at));
        ranges.extend(given.flat_map(|(_, argument)| bare(facts, argument.value, 0)));
    }
    let mentions = |name: &str, declared: Option<TextRange>| -> Vec<TextRange> {
        names.iter().copied().filter(|it| Some(*it) != declared && source.slice(*it) == name).collect()
    };
    let all_within = |mentions: &[TextRange], ranges: &[TextRange]| {
        !mentions.is_empty() && mentions.iter().all(|name| ranges.iter().any(|range| range.contains(*name)))
    };
    // The later may be made of the earlier.
    for bound in facts.bindings.iter().rev().filter(|bound| bound.constant && body.contains(bound.range)) {
        let Some(object) = bound.value.filter(|value| matches!(facts.expr(*value), Expr::Object(_))) else { continue };
        if all_within(&mentions(&bound.name, Some(bound.range)), &ranges) {
            ranges.extend(bare(facts, object, 0));
        }
    }
    Some(all_within(&mentions(&param.name, None), &ranges))
}

/// The names, and parts of what they stand for, that a value is or has in it as they are: what a function makes of one, or somebody asks of it, may
/// be something else once JSON was made of that.
fn bare(facts: &SourceFacts, value: ExprId, depth: usize) -> Vec<TextRange> {
    let inner = |values: &[ExprId]| match depth < MAX_DEPTH {
        true => values.iter().flat_map(|value| bare(facts, *value, depth + 1)).collect(),
        false => Vec::new(),
    };
    match facts.expr(value) {
        Expr::Array(items) | Expr::Fallback(items) => inner(items),
        Expr::Object(object) => {
            let fields = object.entries.iter().filter_map(|entry| match entry {
                Entry::Field { value, .. } => Some(*value),
                _ => None,
            });
            inner(&fields.collect::<Vec<_>>())
        }
        _ if is_part(facts, value) => vec![facts.expr_range(value)],
        _ => Vec::new(),
    }
}

/// Whether a value is a name, or a part of what that stands for.
fn is_part(facts: &SourceFacts, value: ExprId) -> bool {
    match facts.expr(value) {
        Expr::Name(_) => true,
        Expr::Member { object, .. } => is_part(facts, *object),
        _ => false,
    }
}

/// What the library's own calls of a file are told of a value beside it: parts that are their destination, or their key.
fn told_beside(context: &Context<'_>, file: FileId) -> Vec<TextRange> {
    let Some(facts) = context.snapshot.files.source(file) else { return Vec::new() };
    let leaves = context.snapshot.link(file).into_iter().flat_map(|link| &link.messages).flat_map(|message| &message.leaves);
    let mut told = Vec::new();
    for leaf in leaves.filter(|leaf| leaf.call.file == file) {
        let args = &facts.call(leaf.call.call).args;
        // Who is told by the call where a message goes, is told so first.
        if let [destination, _, ..] = args.as_slice()
            && !leaf.by_receiver
        {
            texts(facts, destination.value, &mut told);
        }
        args.iter().for_each(|argument| keys(facts, argument.value, 0, &mut told));
    }
    told
}

/// The parts that keys of options are made of, which stand beside what is sent.
fn keys(facts: &SourceFacts, options: ExprId, depth: usize, found: &mut Vec<TextRange>) {
    match facts.expr(options) {
        _ if depth == MAX_DEPTH => {}
        Expr::Array(items) => items.iter().for_each(|item| keys(facts, *item, depth + 1, found)),
        Expr::Object(object) => {
            for entry in &object.entries {
                match entry {
                    Entry::Field { name, value, .. } if KEYS.contains(&name.as_str()) => texts(facts, *value, found),
                    Entry::Field { name, value, .. } if !CONTENTS.contains(&name.as_str()) => keys(facts, *value, depth + 1, found),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// The parts that a text is, or is made of.
fn texts(facts: &SourceFacts, text: ExprId, found: &mut Vec<TextRange>) {
    let parts = match facts.expr(text) {
        Expr::Concat(parts) => parts.as_slice(),
        _ => &[text],
    };
    let parts = parts.iter().filter(|part| matches!(facts.expr(**part), Expr::Member { .. }) && is_part(facts, **part));
    found.extend(parts.map(|part| facts.expr_range(*part)));
}

/// Whether values of a type are the same once JSON was made of them.
fn is_plain(path: &str) -> bool {
    matches!(path, "string" | "number" | "boolean")
}

/// What a file makes JSON of, be it by a library.
fn json_made_in(context: &Context<'_>, file: FileId, by_libraries: bool) -> Vec<ExprId> {
    let snapshot = context.snapshot;
    let Some(facts) = snapshot.files.source(file) else { return Vec::new() };
    let leaves = snapshot.links.iter().flatten().flat_map(|link| &link.messages).flat_map(|message| &message.leaves);
    let own = leaves.filter(|leaf| by_libraries && leaf.call.file == file);
    let kept = own.flat_map(|leaf| facts.call(leaf.call.call).args.iter().take(leaf.as_json));
    let made = facts.calls.iter().filter(|call| is_stringify(facts, call)).filter_map(|call| call.args.first());
    kept.chain(made).map(|argument| argument.value).collect()
}
