//! What a call says, and the statements that it is all of: what a message can say instead, and what it takes the place of.
//!
//! Invariant: whatever the request says that a message would not carry (who asks, what to answer with, how failures are told) is a reason to leave
//! it alone.

use portolan_grammars::facts::{self, Entry, Expr, ExprId, Object, TextRange};

use super::super::chain::Chain;
use super::super::packages::library;
use crate::chart::{Call, EndpointIndex};
use crate::refactors::{Context, Refusal, Source};
use crate::resolve::link::OutboundCall;
use crate::resolve::payloads::is_stringify;

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

/// What a message is to take the place of.
pub(super) struct Asked<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    /// Where the call stands.
    pub(super) source: &'c Source<'a>,
    pub(super) call: &'c Call,
    pub(super) outbound: &'c OutboundCall,
    /// What answers it.
    pub(super) endpoint: EndpointIndex,
}

impl Asked<'_, '_> {
    pub(super) fn request(&self) -> Result<Request, Refusal> {
        if self.outbound.site != self.outbound.leaf {
            return Err(Refusal::new("the request is made by a wrapper, which may say more in it"));
        }
        if self.source.facts.language.is_ecmascript() { self.ecmascript() } else { self.rust() }
    }

    fn ecmascript(&self) -> Result<Request, Refusal> {
        let (source, facts, body) = (self.source, self.source.facts, &self.outbound.body);
        let sent = facts.call(self.outbound.site.call);
        let (range, fails) = whole(source, sent, sent.range, &Form::ECMASCRIPT)?;
        let given = body.iter().find_map(|(argument, key)| {
            let value = sent.args.get(*argument)?.value;
            match key {
                None => Some((*argument, value)),
                Some(key) => entry(source, value, key).map(|value| (*argument, value)),
            }
        });
        if body.is_empty() {
            return Err(Refusal::new("what this client is told to send is not known"));
        }
        let is_whole = body.iter().any(|(argument, key)| key.is_none() && given.is_some_and(|(at, _)| at == *argument));
        let keys: Vec<&str> = body.iter().filter_map(|(_, key)| key.as_deref()).collect();
        for (at, argument) in sent.args.iter().enumerate() {
            let is_url = at == 0 && !matches!(facts.expr(argument.value), Expr::Object(_));
            let is_body = is_whole && given.is_some_and(|(body, _)| body == at);
            if !is_url && !is_body {
                plain_options(source, argument.value, &keys)?;
            }
        }
        let text = match given.map(|(_, value)| value) {
            None => None,
            Some(value) if !is_whole && keys.contains(&"body") => {
                Some(serialized(source, value).ok_or_else(|| Refusal::new("its body is not made by JSON.stringify"))?)
            }
            Some(value) => Some(value),
        };
        if let Some(value) = text {
            is_data(source, value)?;
        }
        let text = text.map(|value| source.slice(facts.expr_range(value)).to_owned());
        let params = self.params(sent.args.first().map(|argument| argument.value))?;
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

    fn rust(&self) -> Result<Request, Refusal> {
        let (source, id) = (self.source, self.outbound.site.call);
        let sent = source.facts.call(id);
        let chain = Chain::around(source, id).ok_or_else(|| Refusal::new("the call stands in a macro"))?;
        let (range, fails) = whole(source, sent, chain.range, &Form::RUST)?;
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
        let params = self.params(sent.args.last().map(|argument| argument.value))?;
        let payload = match (payload, params.as_slice()) {
            (Some(payload), []) => payload,
            (None, params) => {
                let said: Vec<String> = params.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
                format!("&serde_json::json!({{{}}})", if said.is_empty() { String::new() } else { format!(" {} ", said.join(", ")) })
            }
            (Some(_), _) => return Err(Refusal::new("it says something in its path and in its body, and no one value has both")),
        };
        if payload.contains("serde_json::json!") && library(self.context.snapshot, source.file, "serde_json").is_none() {
            return Err(Refusal::new("serde_json is no dependency of its crate"));
        }
        Ok(Request { range, payload, fails })
    }

    /// What stands in place of the parameters of the path, by their names.
    fn params(&self, url: Option<ExprId>) -> Result<Vec<(String, String)>, Refusal> {
        let (source, call) = (self.source, self.call);
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
        let answered = &self.context.snapshot.chart.endpoint(self.endpoint).path;
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
}

/// How a language writes a request that nothing but its success is asked of.
struct Form {
    /// What binds its answer.
    keyword: &'static str,
    /// What stands before the request itself.
    awaited: &'static str,
    /// What ends the function within a check.
    thrown: &'static [&'static str],
    /// What ends the condition of a check.
    then: char,
    /// Words before a request whose failure is ignored on purpose.
    ignoring: &'static [&'static str],
    /// Whether a request as such ends the function when it fails; where not, a `?` does.
    throws: bool,
}

impl Form {
    const ECMASCRIPT: Self = Self { keyword: "const ", awaited: "await ", thrown: &["throw "], then: ')', ignoring: &[], throws: true };
    const RUST: Self = Self {
        keyword: "let ",
        awaited: "",
        thrown: &["bail!", "anyhow::bail!", "return Err"],
        then: '{',
        ignoring: &["let", "_", "="],
        throws: false,
    };

    /// `if (!response.ok) throw …`, with or without braces.
    fn is_check(&self, text: &str, name: &str) -> bool {
        let Some(rest) = text.strip_prefix("if") else { return false };
        let Some((condition, then)) = rest.trim_start().split_once(self.then) else { return false };
        let then = then.trim_start().trim_start_matches('{').trim_start();
        Source::has_word(condition, name) && self.thrown.iter().any(|start| then.starts_with(start)) && !text.contains("else")
    }
}

/// The statements that a request is all of, and whether its failure ends the function: `await call(…);`, or a constant that is only asked whether
/// it went well, and thrown for if not.
fn whole(source: &Source<'_>, call: &facts::Call, sent: TextRange, form: &Form) -> Result<(TextRange, bool), Refusal> {
    let tree = source.tree().ok_or_else(|| Refusal::new("the file cannot be parsed"))?;
    let all = tree.statements_around(sent);
    let at = all.iter().position(|statement| statement.contains(sent)).ok_or_else(|| Refusal::new("the call is no statement"))?;
    let text = source.slice(all[at]).trim_end_matches(';').trim_end();
    let request = format!("{}{}", form.awaited, source.slice(sent));
    let entangled = || Refusal::new("the call is part of a larger statement");
    let head = text.strip_suffix(&request).ok_or_else(entangled)?;
    let fails = form.throws || request.ends_with('?');
    if head.is_empty() || head.split_whitespace().eq(form.ignoring.iter().copied()) {
        return Ok((all[at], fails));
    }
    let name = head.trim_end().strip_suffix('=').and_then(|head| head.trim_end().strip_prefix(form.keyword)).map(str::trim);
    let is_name = |name: &&str| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$');
    let name = name.filter(is_name).ok_or_else(entangled)?;
    let checks = all[at + 1..].iter().take_while(|statement| form.is_check(source.slice(**statement), name)).count();
    let range = TextRange { start: all[at].start, end: all[at + checks].end };
    let function = source.facts.function(call.function).range;
    let elsewhere = tree.names_in(function).into_iter().any(|it| source.slice(it) == name && !range.contains(it));
    if elsewhere { Err(entangled()) } else { Ok((range, fails || checks > 0)) }
}

/// Refuses options of a request that a message would not carry.
fn plain_options(source: &Source<'_>, value: ExprId, body: &[&str]) -> Result<(), Refusal> {
    let facts = source.facts;
    let Some(object) = object(source, value) else { return Err(Refusal::new("its options are made elsewhere, and may say who asks")) };
    for entry in &object.entries {
        let (name, value) = match entry {
            Entry::Field { name, value, .. } => (name, value),
            _ => return Err(Refusal::new("its options are made elsewhere, and may say who asks")),
        };
        if name == "headers" {
            let headers = self::object(source, *value).map_or(&[][..], |headers| &headers.entries);
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

/// An object that is written there, or that a constant of the function is.
fn object<'s>(source: &'s Source<'_>, value: ExprId) -> Option<&'s Object> {
    match source.facts.expr(bound(source, value)) {
        Expr::Object(object) => Some(object),
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
    object(source, value)?.field(key)
}

/// What `JSON.stringify` is given.
fn serialized(source: &Source<'_>, value: ExprId) -> Option<ExprId> {
    let facts = source.facts;
    let Expr::Call(call) = facts.expr(bound(source, value)) else { return None };
    let call = facts.call(*call);
    is_stringify(facts, call).then(|| call.args.first().map(|argument| argument.value)).flatten()
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
