//! What a call says, and the statements that it is all of: what a message can say instead, and what it takes the place of.
//!
//! Invariant: whatever the request says that a message would not carry (who asks, what to answer with, how failures are told) is a reason to leave
//! it alone.

use portolan_grammars::facts::{CallId, Entry, Expr, ExprId, TextRange};

use super::super::chain::Chain;
use super::passage::around;
use crate::chart::{Call, EndpointIndex};
use crate::refactors::{Context, Refusal, Source};
use crate::resolve::link::OutboundCall;

/// Headers that say no more than a message's own form does.
const PLAIN_HEADERS: &[&str] = &["content-type", "accept"];
/// Options that say nothing of what is asked.
const PLAIN_OPTIONS: &[&str] = &["method", "timeout", "signal", "keepalive", "url", "baseURL", "retry"];
/// Links of Rust's requests that do not, either.
const PLAIN_LINKS: &[&str] = &["timeout", "send", "error_for_status", "unwrap", "expect", "await", "with_context", "context"];

/// A request that a message can take the place of.
pub(super) struct Request {
    /// The statements that are the request, checks of its answer included.
    pub(super) range: TextRange,
    /// What is sent, as text that a message can be given.
    pub(super) payload: String,
    /// Whether a failure ends the function.
    pub(super) fails: bool,
}

impl Request {
    pub(super) fn of(
        context: &Context<'_>,
        source: &Source<'_>,
        call: &Call,
        outbound: &OutboundCall,
        endpoint: EndpointIndex,
    ) -> Result<Self, Refusal> {
        if outbound.site != outbound.leaf {
            return Err(Refusal::new("the request is made by a wrapper, which may say more in it"));
        }
        if source.facts.language.is_ecmascript() {
            ecmascript(context, source, call, outbound, endpoint)
        } else {
            rust(context, source, call, outbound, endpoint)
        }
    }
}

fn ecmascript(
    context: &Context<'_>,
    source: &Source<'_>,
    call: &Call,
    outbound: &OutboundCall,
    endpoint: EndpointIndex,
) -> Result<Request, Refusal> {
    let (facts, id) = (source.facts, outbound.site.call);
    let (range, fails) = statements(source, id)?;
    let sent = facts.call(id);
    let body = outbound.body.iter().find_map(|(argument, key)| {
        let value = sent.args.get(*argument)?.value;
        match key {
            None => Some((*argument, value)),
            Some(key) => entry(source, value, key).map(|value| (*argument, value)),
        }
    });
    if outbound.body.is_empty() {
        return Err(Refusal::new("what this client is told to send is not known"));
    }
    let whole = outbound.body.iter().any(|(argument, key)| key.is_none() && body.is_some_and(|(at, _)| at == *argument));
    let keys: Vec<&str> = outbound.body.iter().filter_map(|(_, key)| key.as_deref()).collect();
    for (at, argument) in sent.args.iter().enumerate() {
        let is_url = at == 0 && !matches!(facts.expr(argument.value), Expr::Object(_));
        let is_body = whole && body.is_some_and(|(body, _)| body == at);
        if !is_url && !is_body {
            plain_options(source, argument.value, &keys)?;
        }
    }
    let text = match body.map(|(_, value)| value) {
        None => None,
        Some(value) if !whole && keys.contains(&"body") => {
            Some(serialized(source, value).ok_or_else(|| Refusal::new("its body is not made by JSON.stringify"))?)
        }
        Some(value) => Some(value),
    };
    if let Some(value) = text {
        is_data(source, value)?;
    }
    let text = text.map(|value| source.slice(facts.expr_range(value)).to_owned());
    let params = params(context, source, call, endpoint, sent.args.first().map(|argument| argument.value))?;
    let payload = match (text, params.as_slice()) {
        (Some(text), []) => text,
        (text, params) => {
            let said: Vec<String> =
                params.iter().map(|(name, value)| if name == value { name.clone() } else { format!("{name}: {value}") }).collect();
            let inner = text.as_deref().map(|text| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
                Some(inner) => inner.trim().trim_end_matches(',').to_owned(),
                None => format!("...{text}"),
            });
            let all: Vec<String> = said.into_iter().chain(inner.filter(|inner| !inner.is_empty())).collect();
            if all.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", all.join(", ")) }
        }
    };
    Ok(Request { range, payload, fails })
}

/// Refuses options of a request that a message would not carry.
fn plain_options(source: &Source<'_>, value: ExprId, body: &[&str]) -> Result<(), Refusal> {
    let facts = source.facts;
    let Some(object) = object(source, value) else { return Err(Refusal::new("its options are made elsewhere, and may say who asks")) };
    for entry in object {
        let (name, value) = match entry {
            Entry::Field { name, value, .. } => (name, value),
            _ => return Err(Refusal::new("its options are made elsewhere, and may say who asks")),
        };
        if name == "headers" {
            let headers = self::object(source, *value).unwrap_or_default();
            let plain = |entry: &Entry| matches!(entry, Entry::Field { name, .. } if PLAIN_HEADERS.contains(&name.to_lowercase().as_str()));
            if !matches!(facts.expr(*value), Expr::Object(_)) || !headers.iter().all(plain) {
                return Err(Refusal::new("it sends headers, which a message would not carry"));
            }
        } else if !PLAIN_OPTIONS.contains(&name.as_str()) && !body.contains(&name.as_str()) {
            return Err(Refusal::new(format!("its option `{name}` says what a message would not")));
        }
    }
    Ok(())
}

/// The entries of an object that is written there, or that a constant of the function is.
fn object<'s>(source: &'s Source<'_>, value: ExprId) -> Option<&'s [Entry]> {
    match source.facts.expr(bound(source, value)) {
        Expr::Object(object) => Some(&object.entries),
        _ => None,
    }
}

/// What a name is bound to, if it is bound once.
fn bound(source: &Source<'_>, value: ExprId) -> ExprId {
    let Expr::Name(name) = source.facts.expr(value) else { return value };
    let mut own = source.facts.bindings.iter().filter(|binding| binding.name == *name);
    match (own.next(), own.next()) {
        (Some(binding), None) => binding.value.unwrap_or(value),
        _ => value,
    }
}

fn entry(source: &Source<'_>, value: ExprId, key: &str) -> Option<ExprId> {
    object(source, value)?.iter().find_map(|entry| match entry {
        Entry::Field { name, value, .. } if name == key => Some(*value),
        _ => None,
    })
}

/// What `JSON.stringify` is given.
fn serialized(source: &Source<'_>, value: ExprId) -> Option<ExprId> {
    let facts = source.facts;
    let Expr::Call(call) = facts.expr(bound(source, value)) else { return None };
    let call = facts.call(*call);
    (source.slice(facts.expr_range(call.callee)) == "JSON.stringify").then(|| call.args.first().map(|argument| argument.value)).flatten()
}

/// Refuses what is no plain data: forms, streams, files.
fn is_data(source: &Source<'_>, value: ExprId) -> Result<(), Refusal> {
    let facts = source.facts;
    let made = match facts.expr(bound(source, value)) {
        Expr::Call(call) => source.slice(facts.expr_range(facts.call(*call).callee)),
        _ => return Ok(()),
    };
    let form = ["FormData", "URLSearchParams", "Blob", "Buffer", "stream", "qs.", "querystring."].iter().any(|word| made.contains(word));
    if form { Err(Refusal::new("it sends a form or bytes, not data")) } else { Ok(()) }
}

/// What stands in place of the parameters of the path, by their names.
fn params(
    context: &Context<'_>,
    source: &Source<'_>,
    call: &Call,
    endpoint: EndpointIndex,
    url: Option<ExprId>,
) -> Result<Vec<(String, String)>, Refusal> {
    let asks = |part: &ExprId| matches!(source.facts.expr(*part), Expr::Str(text) if text.contains('?'));
    let queried = url.is_some_and(|url| match source.facts.expr(bound(source, url)) {
        Expr::Concat(parts) => parts.iter().any(asks),
        _ => asks(&url),
    });
    if queried || call.path.contains('?') {
        return Err(Refusal::new("its URL has a query, which a message would not carry"));
    }
    let holes = call.path.split('/').filter(|segment| segment.contains("{}")).count();
    if holes == 0 {
        return Ok(Vec::new());
    }
    let unclear = || Refusal::new("what stands in its path is not plain to see");
    let facts = source.facts;
    let Expr::Concat(parts) = facts.expr(url.ok_or_else(unclear)?) else { return Err(unclear()) };
    let values: Vec<ExprId> = parts.iter().copied().filter(|part| !matches!(facts.expr(*part), Expr::Str(_))).collect();
    let answered = &context.snapshot.chart.endpoint(endpoint).path;
    let (mut called, mut declared) = (call.path.rsplit('/'), answered.rsplit('/'));
    let mut params = Vec::new();
    let mut values = values.iter().rev();
    while let (Some(segment), Some(name)) = (called.next(), declared.next()) {
        if !segment.contains("{}") {
            continue;
        }
        let name =
            name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).filter(|name| !name.starts_with('*')).ok_or_else(unclear)?;
        let value = values.next().filter(|_| segment == "{}").ok_or_else(unclear)?;
        let mut text = source.slice(facts.expr_range(*value)).to_owned();
        if let Expr::Call(call) = facts.expr(*value)
            && source.slice(facts.expr_range(facts.call(*call).callee)) == "encodeURIComponent"
            && let Some(inner) = facts.call(*call).args.first()
        {
            text = source.slice(facts.expr_range(inner.value)).to_owned();
        }
        params.push((name.to_owned(), text));
    }
    params.reverse();
    if params.len() == holes { Ok(params) } else { Err(unclear()) }
}

/// The statements that a call is all of, and whether its failure ends the function: `await call(…);`, or a constant that is only asked whether it
/// went well, and thrown for if not.
fn statements(source: &Source<'_>, id: CallId) -> Result<(TextRange, bool), Refusal> {
    let (facts, call) = (source.facts, source.facts.call(id));
    let tree = source.tree().ok_or_else(|| Refusal::new("the file cannot be parsed"))?;
    let all = tree.statements_around(call.range);
    let at = all.iter().position(|statement| statement.contains(call.range)).ok_or_else(|| Refusal::new("the call is no statement"))?;
    let statement = all[at];
    let text = source.slice(statement).trim_end_matches(';').trim_end();
    let awaited = format!("await {}", source.slice(call.range));
    if text == awaited {
        return Ok((statement, true));
    }
    let entangled = || Refusal::new("the call is part of a larger statement");
    let name = text.strip_suffix(&awaited).and_then(|head| head.trim_end().strip_suffix('='));
    let name = name.and_then(|head| head.trim_end().strip_prefix("const ")).map(str::trim).ok_or_else(entangled)?;
    if !name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$') {
        return Err(entangled());
    }
    let checks: Vec<TextRange> = all[at + 1..].iter().copied().take_while(|it| is_check(source, *it, name)).collect();
    let range = TextRange { start: statement.start, end: checks.last().unwrap_or(&statement).end };
    let function = around(facts, call.function).next().map_or(TextRange::default(), |id| facts.function(id).range);
    let elsewhere = tree.names_in(function).into_iter().any(|it| source.slice(it) == name && !range.contains(it));
    if elsewhere { Err(entangled()) } else { Ok((range, !checks.is_empty())) }
}

/// `if (!response.ok) throw …`, with or without braces.
fn is_check(source: &Source<'_>, statement: TextRange, name: &str) -> bool {
    let text = source.slice(statement);
    let Some(rest) = text.strip_prefix("if") else { return false };
    let Some((condition, then)) = rest.trim_start().split_once(')') else { return false };
    let then = then.trim_start().trim_start_matches('{').trim_start();
    Source::has_word(condition, name) && then.starts_with("throw ") && !text.contains("else")
}

fn rust(
    context: &Context<'_>,
    source: &Source<'_>,
    call: &Call,
    outbound: &OutboundCall,
    endpoint: EndpointIndex,
) -> Result<Request, Refusal> {
    let id = outbound.site.call;
    let tree = source.tree().ok_or_else(|| Refusal::new("the file cannot be parsed"))?;
    let chain = Chain::around(source, id).ok_or_else(|| Refusal::new("the call stands in a macro"))?;
    let all = tree.statements_around(chain.range);
    let at = all.iter().position(|it| it.contains(chain.range)).ok_or_else(|| Refusal::new("the call is no statement"))?;
    let statement = all[at];
    let text = source.slice(statement).trim_end_matches(';').trim_end();
    let chained = source.slice(chain.range);
    let entangled = || Refusal::new("the call is part of a larger statement");
    let ignored = text.strip_suffix(chained).is_some_and(|head| head.split_whitespace().eq(["let", "_", "="]));
    let (range, fails) = if text == chained || ignored {
        (statement, chained.ends_with('?'))
    } else {
        let head = text.strip_suffix(chained).and_then(|head| head.trim_end().strip_suffix('='));
        let name = head.and_then(|head| head.trim_end().strip_prefix("let ")).map(str::trim).ok_or_else(entangled)?;
        let fails = |it: &TextRange| {
            let text = source.slice(*it);
            let Some((condition, then)) = text.strip_prefix("if ").and_then(|rest| rest.split_once('{')) else { return false };
            let then = then.trim_start();
            Source::has_word(condition, name)
                && ["bail!", "anyhow::bail!", "return Err"].iter().any(|start| then.starts_with(start))
                && !text.contains("else")
        };
        let checks = all[at + 1..].iter().take_while(|it| fails(it)).count();
        let range = TextRange { start: statement.start, end: all[at + checks].end };
        let function = source.facts.function(source.facts.call(id).function).range;
        let elsewhere = tree.names_in(function).into_iter().any(|it| source.slice(it) == name && !range.contains(it));
        if elsewhere {
            return Err(entangled());
        }
        (range, true)
    };
    let mut payload = None;
    for link in &chain.links {
        let (name, arguments) = link.split_once('(').unwrap_or((link.trim_end_matches('?'), ""));
        match name.trim() {
            "json" => payload = arguments.rsplit_once(')').map(|(inner, _)| inner.trim().trim_end_matches(',').to_owned()),
            "header" if arguments.to_lowercase().contains("content_type") || arguments.to_lowercase().contains("content-type") => {}
            name if PLAIN_LINKS.contains(&name) => {}
            name => return Err(Refusal::new(format!("its `{name}` says what a message would not"))),
        }
    }
    let url = source.facts.call(id).args.last().map(|argument| argument.value);
    let params = params(context, source, call, endpoint, url)?;
    let payload = match (payload, params.as_slice()) {
        (Some(payload), []) => payload,
        (None, params) => {
            let said: Vec<String> = params.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
            format!("&serde_json::json!({{{}}})", if said.is_empty() { String::new() } else { format!(" {} ", said.join(", ")) })
        }
        (Some(_), _) => return Err(Refusal::new("it says something in its path and in its body, and no one value has both")),
    };
    if payload.contains("serde_json::json!") && !super::depends_on(context, source.path, "serde_json") {
        return Err(Refusal::new("serde_json is no dependency of its crate"));
    }
    Ok(Request { range, payload, fails })
}
