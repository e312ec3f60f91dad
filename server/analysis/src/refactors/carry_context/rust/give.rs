//! The current context put into the headers of a message where a library is given it.
//!
//! Invariant: a message that is given headers already gets none.

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, TextRange};

use super::super::super::arguments::{Argument, give_arguments};
use super::super::super::chain::Chain;
use super::super::super::{Edit, Refusal, Source};
use super::super::desk::Desk;
use super::forms::{Form, Given};
use super::{Part, carries};
use crate::chart::Tracing;
use crate::resolve::link::MessageLeaf;

/// Puts the context into what a call sends.
pub(in super::super) fn give(desk: &mut Desk<'_, '_>, leaf: &MessageLeaf, tracing: &Tracing) -> Result<(), Refusal> {
    let context = desk.context;
    let unknown = || Refusal::new(format!("where {} is given headers is not known", leaf.library));
    let form = Form::of(&leaf.library).ok_or_else(unknown)?;
    let source = context.source(leaf.call.file)?;
    carries(context, &source, form, tracing)?;
    let call = source.facts.call(leaf.call.call);
    match &form.given {
        Given::Method { argument, made, method } => {
            let value = call.args.get(*argument).ok_or_else(unknown)?.value;
            let chain = chain(&source, call, value, made)?;
            if chain.links.iter().any(|link| link.starts_with(&format!("{method}("))) {
                return Err(Refusal::new("its headers are made elsewhere"));
            }
            let headers = desk.modules.need(context, &source, form, Part::Current)?;
            add_link(&source, (leaf.call.call, *argument), chain, format!("{method}({headers})"), &mut desk.edit)
        }
        Given::Second(methods) => {
            let name = source.slice(call.name_range);
            let (_, with) = methods.iter().find(|(without, _)| *without == name).ok_or_else(unknown)?;
            let headers = desk.modules.need(context, &source, form, Part::Current)?;
            let headers = Argument::of(headers.to_owned());
            give_arguments(&source, leaf.call.call, with, (1, headers, true), &mut desk.edit)
        }
    }
}

/// What an argument is made with, where it stands there or is bound to a name that is used nowhere else.
fn chain(source: &Source<'_>, call: &Call, value: ExprId, made: &[&str]) -> Result<Chain, Refusal> {
    let facts = source.facts;
    let elsewhere = || Refusal::new("what it sends is made elsewhere");
    let range = match facts.expr(value) {
        Expr::Name(name) => {
            let mut bound = facts.bindings.iter().filter(|it| it.name == *name && it.function == call.function);
            let bound = bound.next().filter(|it| it.constant && bound.next().is_none()).ok_or_else(elsewhere)?;
            facts.expr_range(bound.value.ok_or_else(elsewhere)?)
        }
        _ => facts.expr_range(value),
    };
    let begins = |call: &Call| call.range.start == range.start && made.iter().any(|made| source.slice(call.range).starts_with(made));
    let calls = facts.calls.iter().enumerate().filter(|(_, call)| begins(call));
    let (head, _) = calls.min_by_key(|(_, call)| call.range.end).ok_or_else(elsewhere)?;
    let chain = Chain::around(source, CallId(head as u32)).ok_or_else(elsewhere)?;
    if chain.range == range { Ok(chain) } else { Err(elsewhere()) }
}

/// Adds a link to what an argument is made with.
fn add_link(
    source: &Source<'_>,
    (call, argument): (CallId, usize),
    mut chain: Chain,
    link: String,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    chain.links.push(link);
    let before = source.slice(TextRange { start: source.line_start(chain.range.start) as u32, end: chain.range.start });
    let is_argument = source.facts.call(call).range.contains(chain.range);
    if !is_argument || before.trim().is_empty() {
        edit.replace(source.file, chain.range, chain.text(source));
        return Ok(());
    }
    let method = source.slice(source.facts.call(call).name_range).to_owned();
    give_arguments(source, call, &method, (argument, Argument { head: chain.head, links: chain.links }, false), edit)
}
