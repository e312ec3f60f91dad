//! Where a value comes from, within one file: elements that are looped over, parameters, results of calls.
//!
//! What deliberately does not live here: values themselves, which the evaluator of [`crate::resolve`] finds, and ways across functions.
//! Invariant: it is followed by names as they are in scope, and no further than [`MAX_EXPRS`] expressions.

use portolan_grammars::facts::{Binding, CallId, Entry, Expr, ExprId, FunctionId, SourceFacts, Symbol};
use rustc_hash::FxHashSet;

use super::flow::iterated;

/// Expressions that are looked at for one value.
const MAX_EXPRS: usize = 400;

/// Something that a value is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// An element of what is looped over.
    Element(ExprId),
    /// A parameter.
    Param(FunctionId, u32),
    /// The result of a call.
    Result(CallId),
}

/// All that values are made of.
pub fn origins(source: &SourceFacts, values: impl IntoIterator<Item = ExprId>) -> FxHashSet<Origin> {
    followed(source, values, true)
}

/// All that a value is a part of, or is got from by methods: not what calls are given, and what else is only read on the way.
pub fn wholes(source: &SourceFacts, value: ExprId) -> FxHashSet<Origin> {
    followed(source, [value], false)
}

fn followed(source: &SourceFacts, values: impl IntoIterator<Item = ExprId>, with_given: bool) -> FxHashSet<Origin> {
    let mut found = FxHashSet::default();
    let mut open: Vec<ExprId> = values.into_iter().collect();
    let mut seen: FxHashSet<ExprId> = FxHashSet::default();
    while let Some(value) = open.pop() {
        if seen.len() >= MAX_EXPRS {
            break;
        }
        if !seen.insert(value) {
            continue;
        }
        let expression = &source.exprs[value.index()];
        match &expression.kind {
            Expr::Element(of) => {
                found.insert(Origin::Element(*of));
                open.push(*of);
            }
            Expr::Param { function, index } => parameter(source, *function, *index, &mut found, &mut open),
            Expr::Name(name) => match named(source, name, expression.function, expression.range.start) {
                Some(Named::Param(function, index)) => parameter(source, function, index, &mut found, &mut open),
                Some(Named::Binding(binding)) => open.extend(binding.value),
                None => {}
            },
            Expr::Member { object, .. } => open.push(*object),
            Expr::Index { object, index } => {
                open.push(*object);
                open.extend(with_given.then_some(*index));
            }
            Expr::Call(id) => {
                found.insert(Origin::Result(*id));
                let call = source.call(*id);
                if let Expr::Member { object, .. } = source.expr(call.callee) {
                    open.push(*object);
                }
                open.extend(call.args.iter().filter(|_| with_given).map(|argument| argument.value));
            }
            Expr::Object(object) if with_given => open.extend(object.entries.iter().flat_map(|entry| {
                match entry {
                    Entry::Field { value, .. } | Entry::Spread(value) => [Some(*value), None],
                    Entry::Computed { key, value } => [Some(*key), Some(*value)],
                }
                .into_iter()
                .flatten()
            })),
            Expr::Concat(parts) | Expr::Array(parts) | Expr::Choice(parts) | Expr::Fallback(parts) => open.extend(parts),
            _ => {}
        }
    }
    found
}

/// The value that a name is bound to where it stands.
pub fn bound(source: &SourceFacts, name: ExprId) -> Option<ExprId> {
    let expression = &source.exprs[name.index()];
    let Expr::Name(name) = &expression.kind else { return None };
    match named(source, name, expression.function, expression.range.start)? {
        Named::Binding(binding) => binding.value,
        Named::Param(..) => None,
    }
}

/// A parameter; that of a function which is run for each element of something is the element, too.
fn parameter(source: &SourceFacts, function: FunctionId, index: u32, found: &mut FxHashSet<Origin>, open: &mut Vec<ExprId>) {
    found.insert(Origin::Param(function, index));
    if let Some(of) = iterated(source, function).filter(|_| index == 0) {
        found.insert(Origin::Element(of));
        open.push(of);
    }
}

/// What a name stands for.
enum Named<'a> {
    Param(FunctionId, u32),
    Binding(&'a Binding),
}

/// What a name stands for in a function, at an offset: the nearest binding before it, or a parameter, of the function or one around it.
fn named<'a>(source: &'a SourceFacts, name: &Symbol, mut function: FunctionId, offset: u32) -> Option<Named<'a>> {
    loop {
        let facts = source.function(function);
        // Bindings are in the order of the text.
        let first = source.bindings.partition_point(|binding| binding.range.start < facts.range.start);
        let behind = source.bindings.partition_point(|binding| binding.range.start <= facts.range.end);
        let here = source.bindings[first..behind.max(first)].iter().filter(|binding| binding.function == function && binding.name == *name);
        let (before, after): (Vec<&Binding>, Vec<&Binding>) = here.partition(|binding| {
            // In `let y = y + 1`, the second is another.
            let is_within =
                binding.value.map(|value| source.expr_range(value)).is_some_and(|range| range.start <= offset && offset < range.end);
            binding.range.start < offset && !is_within
        });
        if let Some(binding) = before.last().or(after.first()) {
            return Some(Named::Binding(binding));
        }
        if let Some(index) = facts.params.iter().position(|param| param.name == *name) {
            return Some(Named::Param(function, index as u32));
        }
        if facts.parent == function {
            return None;
        }
        function = facts.parent;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// What the arguments of the last call of `send` are made of: names of what is looped over, of parameters, and of what is called.
    fn origins_of(path: &str, text: &str) -> Vec<String> {
        let kind = portolan_grammars::classify(path.into()).unwrap_or(portolan_grammars::FileKind::Component);
        let facts = portolan_grammars::read(path.into(), text, kind);
        let Some(source) = facts.source() else { return Vec::new() };
        let sends = |call: &&portolan_grammars::facts::Call| text[call.name_range.start as usize..].starts_with("send");
        let Some(call) = source.calls.iter().rfind(sends) else { return Vec::new() };
        let slice = |range: portolan_grammars::facts::TextRange| text[range.start as usize..range.end as usize].to_owned();
        let told = origins(source, call.args.iter().map(|argument| argument.value)).into_iter().map(|origin| match origin {
            Origin::Element(of) => format!("each {}", slice(source.expr_range(of))),
            Origin::Param(function, index) => format!("param {}", slice(source.function(function).params[index as usize].range)),
            Origin::Result(call) => format!("call {}", slice(source.call(call).name_range)),
        });
        let mut told: Vec<String> = told.collect();
        told.sort();
        told
    }

    #[test]
    fn wholes_are_no_arguments() {
        let text = "async fn f(xs: Vec<u8>) { for x in &xs { let reply = ask(&x.id).await?; parse(&reply.body); parse(x.body()?); } }";
        let facts = portolan_grammars::read("a.rs".into(), text, portolan_grammars::classify("a.rs".into()).unwrap());
        let source = facts.source().unwrap();
        let parsed = source.calls.iter().filter(|call| text[call.name_range.start as usize..].starts_with("parse"));
        let told = parsed.map(|call| wholes(source, call.args[0].value).iter().any(|origin| matches!(origin, Origin::Element(_))));
        assert_eq!(told.collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn values_are_followed_through_names_in_scope() {
        let text = "async function f(req, xs) { for (const x of xs) { const { id } = x; const body = { id: String(id), at: req.at }; send(body); } }";
        assert_eq!(origins_of("a.ts", text), ["call String", "each xs", "param req", "param xs"]);
        let text = "async function f(xs) { await Promise.all(xs.map(async ({ id }) => { const url = `/x/${id}`; await send(url); })); }";
        assert_eq!(origins_of("a.ts", text), ["each xs", "param xs", "param { id }"]);
        let text = "async function f(xs) { const id = 1; for (const x of xs) { send(id); } }";
        assert_eq!(origins_of("a.ts", text), [""; 0]);
        let text = "async fn f(xs: Vec<u8>) { for x in &xs { let y = x.id; let y = format!(\"/{y}\"); send(&y).await; } }";
        assert_eq!(origins_of("a.rs", text), ["each xs", "param xs"]);
    }
}
