//! Whether the arguments of a call that sends can be kept as JSON and be the same afterwards.
//!
//! Invariant: what may hold bytes, dates or functions that somebody looks at is not kept.

use portolan_grammars::facts::{Entry, Expr, ExprId, FunctionId, SourceFacts, TextRange};

use super::super::mirror::named;
use super::super::{Context, Refusal};
use super::scene::Scene;
use crate::FunctionRef;
use crate::chart::Channel;
use crate::resolve::evaluate::around;
use crate::resolve::link::MessageLeaf;
use crate::resolve::payloads::is_stringify;

/// How deep arguments are looked into.
const MAX_DEPTH: usize = 16;

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
            let is_plain = |path: &str| matches!(path, "string" | "number" | "boolean");
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
    let facts = context.snapshot.files.source(sender.file)?;
    only_goes_into(context, sender, at, facts.calls.iter().filter(|call| is_stringify(facts, call)).map(|call| call.range).collect())
}

/// Whether it does nothing with it but have JSON made of it, be it by a library.
fn makes_json(context: &Context<'_>, sender: FunctionRef, at: usize) -> Option<bool> {
    let snapshot = context.snapshot;
    let facts = snapshot.files.source(sender.file)?;
    let leaves = snapshot.links.iter().flatten().flat_map(|link| &link.messages).flat_map(|message| &message.leaves);
    let own = leaves.filter(|leaf| leaf.call.file == sender.file);
    let kept = own.flat_map(|leaf| facts.call(leaf.call.call).args.iter().take(leaf.as_json)).map(|it| facts.expr_range(it.value));
    let made = facts.calls.iter().filter(|call| is_stringify(facts, call)).map(|call| call.range);
    only_goes_into(context, sender, at, kept.chain(made).collect())
}

/// Whether what a function is given at a position is mentioned within these ranges alone.
fn only_goes_into(context: &Context<'_>, sender: FunctionRef, at: usize, ranges: Vec<TextRange>) -> Option<bool> {
    let source = context.source(sender.file).ok()?;
    let function = source.facts.function(sender.function);
    let param = function.params.get(at).filter(|param| !param.name.is_empty() && !param.rest)?;
    let body = source.facts.region(function.body).range;
    let mut mentions = source.tree()?.names_in(body).into_iter().filter(|name| source.slice(*name) == param.name).peekable();
    Some(mentions.peek().is_some() && mentions.all(|name| ranges.iter().any(|range| range.contains(name))))
}
