//! Whether the arguments of a call that sends can be kept as JSON and be the same afterwards.
//!
//! Invariant: what may hold bytes, dates or functions that somebody looks at is not kept.

use portolan_grammars::facts::{Entry, Expr, ExprId, FunctionId, SourceFacts};

use super::super::{Context, Refusal};
use super::scene::Scene;
use crate::FunctionRef;
use crate::resolve::evaluate::around;
use crate::resolve::payloads::is_stringify;

/// How deep arguments are looked into.
const MAX_DEPTH: usize = 16;

/// Methods of libraries, and how many of their first arguments are texts or made JSON of by the library itself.
const SENT_AS_JSON: [(&str, &str, usize); 1] = [("bullmq", "add", 2)];

/// Refuses arguments that would be something else once they were read again.
pub(super) fn check(context: &Context<'_>, scene: &Scene<'_, '_>) -> Result<(), Refusal> {
    let source = scene.source;
    let sender = scene.sender(context);
    let library = library(context, scene);
    for (at, argument) in scene.sends.args.iter().enumerate() {
        let is_json = SENT_AS_JSON
            .iter()
            .any(|(by, method, first)| library == Some(by) && source.slice(scene.sends.name_range) == *method && at < *first);
        let is_kept = is_json || is_told(source.facts, argument.value, scene.sends.function, 0);
        let is_text = || sender.is_some_and(|sender| makes_a_text(context, sender, at).unwrap_or(false));
        if argument.spread || !(is_kept || is_text()) {
            let text: String = source.slice(source.facts.expr_range(argument.value)).split_whitespace().collect::<Vec<_>>().join(" ");
            return Err(Refusal::new(format!("whether `{text}` can be kept as JSON is not known")));
        }
    }
    Ok(())
}

/// The library whose call it is that sends, if it is one's own.
pub(super) fn library<'a>(context: &Context<'a>, scene: &Scene<'_, '_>) -> Option<&'a str> {
    let (source, sends) = (scene.source, scene.sends.range);
    let leaves = context.snapshot.link(source.file).into_iter().flat_map(|link| &link.messages).flat_map(|message| &message.leaves);
    let mut own = leaves.filter(|leaf| leaf.call.file == source.file && source.facts.call(leaf.call.call).range == sends);
    own.next().map(|leaf| leaf.library.as_str())
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
    let source = context.source(sender.file).ok()?;
    let facts = source.facts;
    let function = facts.function(sender.function);
    let param = function.params.get(at).filter(|param| !param.name.is_empty() && !param.rest)?;
    let made = facts.calls.iter().filter(|call| is_stringify(facts, call)).map(|call| call.range);
    let made: Vec<_> = made.collect();
    let mut mentions =
        source.tree()?.names_in(facts.region(function.body).range).into_iter().filter(|name| source.slice(*name) == param.name).peekable();
    Some(mentions.peek().is_some() && mentions.all(|name| made.iter().any(|call| call.contains(name))))
}
