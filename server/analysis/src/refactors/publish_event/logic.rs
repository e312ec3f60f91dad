//! What an endpoint does with what it is sent, where that is one plain call: its handler hands the data to a function and answers.
//!
//! Invariant: a handler that does anything else with the request says more than the call does, and is left to a person.

use portolan_grammars::facts::{Call, Expr, ExprId, Function, FunctionId, FunctionKind, Language, ResultUse, TextRange};

use super::super::passage::{Passage, Stuck};
use crate::chart::EndpointIndex;
use crate::refactors::imports::statement_end;
use crate::refactors::{Context, Edit, Source};

/// A handler's one call.
pub(super) struct Logic<'a> {
    source: Source<'a>,
    function: FunctionId,
    /// The call and its only argument.
    call: TextRange,
    callee: TextRange,
    awaited: bool,
    /// What the data is said to be.
    ty: Option<TextRange>,
    /// What follows the call in Rust: `.await?`.
    tail: String,
}

/// The call from another place.
pub(super) struct Called {
    pub(super) text: String,
    pub(super) ty: Option<String>,
}

impl<'a> Logic<'a> {
    pub(super) fn of(context: &Context<'a>, endpoint: EndpointIndex) -> Option<Self> {
        let endpoint = context.snapshot.chart.endpoint(endpoint);
        let handler = endpoint.handler.filter(|_| !endpoint.path.contains('{'))?;
        let source = context.source(handler.file).ok()?;
        let facts = source.facts;
        let function = facts.function(handler.function);
        let tree = source.tree()?;
        let (data, ty) = data(&source, handler.function, function)?;
        let body = facts.region(function.body).range;
        let is_data = |value: ExprId| source.slice(facts.expr_range(value)) == data;
        let within = |call: &&Call| call.function == handler.function && body.contains(call.range);
        let mut given = facts.calls.iter().filter(within).filter(|call| matches!(call.args.as_slice(), [only] if is_data(only.value)));
        let call = given.next().filter(|_| given.next().is_none())?;
        let statements = tree.statements_in(body);
        let own = statements.iter().find(|statement| statement.contains(call.range))?;
        // The data is said once; nothing else is waited for.
        let mentions = source.slice(body).matches(data.as_str()).count();
        let waits = facts
            .calls
            .iter()
            .filter(within)
            .filter(|other| other.awaited && !other.range.contains(call.range) && !call.range.contains(other.range))
            .count();
        let at_own = statements.first() == Some(own);
        if mentions != 1 || waits > 0 || !at_own || statements.len() > 2 {
            return None;
        }
        let after = source.text.get(call.range.end as usize..own.end as usize)?;
        let tail: String = if facts.language.is_ecmascript() { String::new() } else { after.trim_end_matches(';').trim_end().to_owned() };
        if !matches!(tail.as_str(), "" | ".await" | ".await?" | "?") {
            return None;
        }
        let callee = facts.expr_range(call.callee);
        // What the handler returns, the framework waits for.
        let (awaited, range) = (call.awaited || call.result == ResultUse::Returned, call.range);
        Some(Self { function: handler.function, call: range, callee, awaited, ty, tail, source })
    }

    /// The call for a message of the name `value` in a function of another file.
    pub(super) fn call(
        &self,
        context: &Context<'a>,
        to: (&Source<'a>, FunctionId),
        at: u32,
        value: &str,
        parsed: bool,
        edit: &mut Edit,
    ) -> Result<Called, Stuck> {
        let stuck = || Stuck::Local(self.source.slice(self.call).to_owned());
        let tree = self.source.tree().ok_or_else(stuck)?;
        let mut with = edit.clone();
        let mut passage = Passage::new(context, (&self.source, self.function), to, at);
        let mut parts = Vec::new();
        for name in tree.names_in(self.callee) {
            parts.extend(passage.name(name)?);
        }
        let callee = super::super::mirror::rewritten(&self.source, self.callee, &parts);
        let ecmascript = self.source.facts.language.is_ecmascript();
        let ty = match self.ty {
            Some(range) if !parsed || !ecmascript => {
                let mut parts = Vec::new();
                for name in tree.names_in(range) {
                    let (name, range) = (self.source.slice(name).to_owned(), name);
                    let taken = passage.item(&name, None)?;
                    parts.push((range, taken));
                }
                Some(super::super::mirror::rewritten(&self.source, range, &parts))
            }
            _ => None,
        };
        // What is not parsed there is of a type that somebody declares.
        if !parsed && ty.is_none() && self.source.facts.language == Language::TypeScript || !ecmascript && ty.is_none() {
            return Err(stuck());
        }
        if !ecmascript && self.tail.ends_with('?') {
            return Err(stuck());
        }
        passage.finish(&mut with)?;
        *edit = with;
        let text = if ecmascript {
            format!("{}{callee}({value}){}", if self.awaited { "await " } else { "" }, statement_end(to.0))
        } else {
            format!("{callee}({value}){};", self.tail)
        };
        Ok(Called { text, ty })
    }
}

/// What a handler calls the data that it is sent, and where it says what that is.
fn data(source: &Source<'_>, id: FunctionId, function: &Function) -> Option<(String, Option<TextRange>)> {
    let facts = source.facts;
    if facts.language == Language::Rust {
        let param = function.params.iter().find(|param| param.ty.as_ref().is_some_and(|ty| ty.path.rsplit("::").next() == Some("Json")))?;
        let name = facts.bindings.iter().find(|binding| binding.function == id && param.range.contains(binding.range))?;
        let ty = param.ty.as_ref()?.args.first()?;
        return Some((name.name.to_string(), Some(ty.range)));
    }
    let body = function.params.iter().find(|param| param.attributes.iter().any(|it| it.path == "Body" && it.args.is_empty()));
    if let Some(param) = body.filter(|_| function.kind == FunctionKind::Method) {
        return (!param.name.is_empty()).then(|| (param.name.to_string(), param.ty.as_ref().map(|ty| ty.range)));
    }
    let request = function.params.first().filter(|param| !param.name.is_empty())?;
    let said = format!("{}.body", request.name);
    let used = facts
        .exprs
        .iter()
        .any(|expr| matches!(&expr.kind, Expr::Member { name, .. } if name == "body") && source.slice(expr.range) == said);
    used.then_some((said, None))
}
