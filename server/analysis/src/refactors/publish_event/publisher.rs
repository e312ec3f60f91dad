//! A message sent as the caller's service sends its messages already: the same call with another channel and other data, where its publisher is in
//! reach; else a function beside the one that sends such a message, as that does it.
//!
//! Invariant: what is written calls what is called already, with arguments of the same kinds; what cannot be told to be so is not written.

use portolan_grammars::catalog::broker;
use portolan_grammars::facts::{
    CallId, Entry, Expr, ExprId, Function, FunctionId, FunctionKind, Language, ResultUse, SourceFacts, Symbol, TextRange, TypeRef,
};

use super::super::chain::Chain;
use super::super::instrument_handler::{full_path, last};
use super::super::mirror::{self, Named, Parts, descend, named, rewritten};
use super::super::packages::library;
use super::super::passage::{Passage, Stuck};
use super::request::Request;
use super::{Event, renaming};
use crate::chart::flow::Spot;
use crate::chart::{Call, Channel, ChannelEnd};
use crate::refactors::{Context, Edit, Refusal, Source};
use crate::{FunctionRef, Place};

/// Verbs that functions which send messages begin with.
const SENDS: &[&str] = &["publish", "emit", "send", "dispatch", "produce", "announce", "notify"];
/// Types of parameters that take any data.
const ANYTHING: &[&str] =
    &["any", "unknown", "object", "Record", "T", "E", "P", "M", "Serialize", "serde::Serialize", "Value", "serde_json::Value"];
/// Keys under which messages carry their data.
const CARRIES: &[&str] = &["data", "payload", "value", "body", "message", "event", "content"];
/// Errors that any other becomes.
const ANY_ERRORS: &[&str] = &["anyhow::Error", "eyre::Report", "color_eyre::eyre::Report"];
/// Results with such an error.
const ANY_RESULTS: &[&str] = &["anyhow::Result", "eyre::Result", "color_eyre::Result", "color_eyre::eyre::Result"];

/// A message to be sent in place of a call.
pub(super) struct Publication {
    /// The statement, without the end of one.
    pub(super) text: String,
    pub(super) channel: String,
    pub(super) system: Symbol,
    pub(super) edit: Edit,
}

/// A place at which the service sends a message already.
struct Sent<'s> {
    channel: &'s Channel,
    end: &'s ChannelEnd,
}

/// What is sent where the call is made.
struct Wanted<'c, 'a> {
    context: &'c Context<'a>,
    source: &'c Source<'a>,
    call: &'c Call,
    request: &'c Request,
    event: &'c Event,
}

/// Finds how the message can be sent: as the nearest place does it that sends one already.
pub(super) fn find(
    context: &Context<'_>,
    source: &Source<'_>,
    call: &Call,
    request: &Request,
    event: &Event,
) -> Result<Publication, Refusal> {
    let chart = &context.snapshot.chart;
    let service = &chart.service(call.from).id;
    let own = chart.channels.iter().flat_map(|channel| channel.producers.iter().map(move |end| Sent { channel, end }));
    let mut sent: Vec<Sent<'_>> = own.filter(|sent| sent.end.service == call.from && sent.end.status.is_settled()).collect();
    if sent.is_empty() {
        return Err(Refusal::new(format!("{service} sends no messages yet: there is no publisher to use")));
    }
    // The nearest first: those of the same file, then of the same folder.
    let path = source.path.as_str();
    let near = |sent: &Sent<'_>| {
        let other = context.snapshot.files.path(sent.end.place.file).as_str();
        (other != path, std::cmp::Reverse(crate::workspace::paths::shared(path, other)), sent.end.place)
    };
    sent.sort_by_key(near);
    let wanted = Wanted { context, source, call, request, event };
    let mut reason = None;
    for of_one in [direct, beside] {
        for sent in &sent {
            match of_one(&wanted, sent) {
                Ok(publication) => return Ok(publication),
                Err(stuck) => {
                    reason.get_or_insert(stuck.refusal());
                }
            }
        }
    }
    Err(reason.unwrap_or_else(|| Refusal::new("there is no publisher to use")))
}

/// A call that sends a message, taken apart.
struct Site {
    function: FunctionId,
    /// All of it, with what is called on it.
    range: TextRange,
    channel: Named,
    payload: TextRange,
    /// What the payload's parameter takes, where a function of the workspace is called.
    takes: Option<TypeRef>,
}

impl Site {
    fn of(context: &Context<'_>, source: &Source<'_>, sent: &Sent<'_>) -> Result<Self, Stuck> {
        let snapshot = context.snapshot;
        let unclear = || Stuck::Refused(Refusal::new(format!("how `{}` is sent is not plain to see", sent.channel.name)));
        let id = Spot::at(&snapshot.files, sent.end.place).and_then(|spot| spot.call()).ok_or_else(unclear)?;
        let facts = source.facts;
        let call = facts.call(id);
        let arguments: Vec<ExprId> = call.args.iter().map(|argument| argument.value).collect();
        let of_environment = || {
            let why = format!("the environment says what `{}` is: one of its own has to be made there first", sent.channel.name);
            Stuck::Refused(Refusal::new(why))
        };
        let unknown = || if is_of_environment(facts, &arguments) { of_environment() } else { unclear() };
        if broker(&sent.channel.system).made_first && !is_of_environment(facts, &arguments) {
            let why = format!("`{}` was made before messages were sent to it: so must be one of its own", sent.channel.name);
            return Err(Stuck::Refused(Refusal::new(why)));
        }
        let channel = named(snapshot, facts, &arguments, &sent.channel.name).ok_or_else(unknown)?;
        let (payload, at) = payload(source, id, &channel).ok_or_else(unclear)?;
        let range = match facts.language.is_ecmascript() {
            true => call.range,
            false => Chain::around(source, id).ok_or_else(unclear)?.range,
        };
        let site = FunctionRef { file: source.file, function: call.function };
        let takes = match at {
            Some(at) => taken(context, site, Place { file: source.file, range: call.name_range }, at)?,
            None => None,
        };
        Ok(Self { function: call.function, range, channel, payload, takes })
    }
}

/// Whether arguments of a call mention a variable of the environment.
fn is_of_environment(facts: &SourceFacts, arguments: &[ExprId]) -> bool {
    let mut found = false;
    for argument in arguments {
        descend(facts, *argument, 0, &mut |id| found |= matches!(facts.expr(id), Expr::Env(_)));
    }
    found
}

/// Where the data stands in a call: what is made a text of, else the argument behind the channel; and which argument it is, where it is one.
fn payload(source: &Source<'_>, id: CallId, channel: &Named) -> Option<(TextRange, Option<usize>)> {
    let facts = source.facts;
    let call = facts.call(id);
    let mut serialized = Vec::new();
    for argument in &call.args {
        descend(facts, argument.value, 0, &mut |id| {
            let Expr::Call(inner) = facts.expr(id) else { return };
            let inner = facts.call(*inner);
            let called = source.slice(facts.expr_range(inner.callee));
            let makes = matches!(called, "JSON.stringify" | "serde_json::to_vec" | "serde_json::to_string" | "to_vec" | "to_string");
            if let (true, [only, ..]) = (makes, inner.args.as_slice()) {
                // Rust's `&` is no part of the expression.
                let text = source.slice(inner.range);
                let open = text.find('(').map_or(0, |at| at + 1);
                let inner_range = TextRange::new(inner.range.start as usize + open, inner.range.end as usize - 1);
                let range = if facts.language.is_ecmascript() { facts.expr_range(only.value) } else { trimmed(source, inner_range) };
                serialized.push(range);
            }
        });
    }
    if let [only] = serialized[..] {
        return Some((only, None));
    }
    if !serialized.is_empty() {
        return None;
    }
    let at = call.args.iter().position(|argument| argument_range(source, argument.value).contains(channel.range))?;
    if let Expr::Object(object) = facts.expr(call.args[at].value) {
        let mut carried = object.entries.iter().filter_map(|entry| match entry {
            Entry::Field { name, value, .. } if CARRIES.contains(&name.as_str()) => Some(facts.expr_range(*value)),
            _ => None,
        });
        return carried.next().filter(|_| carried.next().is_none()).map(|range| (range, Some(usize::MAX)));
    }
    let next = call.args.get(at + 1)?;
    (!next.spread).then(|| (argument_range(source, next.value), Some(at + 1)))
}

/// An argument with the `&` before it.
fn argument_range(source: &Source<'_>, value: ExprId) -> TextRange {
    let mut range = source.facts.expr_range(value);
    if source.text[..range.start as usize].ends_with('&') {
        range.start -= 1;
    }
    range
}

fn trimmed(source: &Source<'_>, range: TextRange) -> TextRange {
    let text = source.slice(range);
    let start = range.start as usize + text.len() - text.trim_start().len();
    TextRange::new(start, start + text.trim().trim_end_matches(',').len())
}

/// What the parameter takes that an argument is given to; nothing where the function is a library's.
fn taken(context: &Context<'_>, site: FunctionRef, place: Place, argument: usize) -> Result<Option<TypeRef>, Refusal> {
    let snapshot = context.snapshot;
    let mut edges = snapshot.index.edges_of(site).iter().filter(|edge| edge.place == place);
    let Some(edge) = edges.next() else { return Ok(None) };
    let source = context.source(edge.callee.file)?;
    let function = source.facts.function(edge.callee.function);
    let narrow = || Refusal::new(format!("{} does not take any data", function.name));
    let param = function.params.get(argument).ok_or_else(narrow)?;
    match &param.ty {
        Some(ty) if ANYTHING.contains(&ty.path.as_str()) && !is_bound(&source, function, &ty.path) => Ok(Some(ty.clone())),
        None if source.facts.language == Language::JavaScript => Ok(None),
        _ => Err(narrow()),
    }
}

/// Whether a type parameter stands for some types alone.
fn is_bound(source: &Source<'_>, function: &Function, ty: &str) -> bool {
    let body = source.facts.region(function.body).range;
    let head = source.text.get(function.name_range.end as usize..body.start as usize).unwrap_or_default();
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut mentions = head.match_indices(ty).filter(|(at, _)| !head[..*at].ends_with(part));
    mentions.any(|(at, _)| {
        let rest = head[at + ty.len()..].trim_start();
        let bounds = rest.strip_prefix("extends ").or_else(|| rest.strip_prefix(':').filter(|_| source.facts.language == Language::Rust));
        let Some(bounds) = bounds else { return false };
        let bounds = bounds.split([',', '>', '{', ')']).next().unwrap_or_default();
        let mut all = bounds.split('+').map(str::trim);
        !all.all(|bound| matches!(bound, "Serialize" | "serde::Serialize" | "Send" | "Sync" | "?Sized" | "object" | "unknown"))
    })
}

/// The same call where the request is made.
fn direct(wanted: &Wanted<'_, '_>, sent: &Sent<'_>) -> Result<Publication, Stuck> {
    let (context, to) = (wanted.context, wanted.source);
    let from = context.source(sent.end.place.file)?;
    let site = Site::of(context, &from, sent)?;
    let mut edit = Edit::default();
    let (channel, said) = channel(wanted, &from, sent, &site, &mut edit)?;
    let into = wanted.call.function.function;
    let mut passage = Passage::new(context, (&from, site.function), (to, into), wanted.request.range.start);
    let mut parts: Parts = vec![(site.payload, payload_text(wanted.request, &site, &from)), (site.channel.range, said.0)];
    carry(&from, &site, &mut passage, &mut parts, said.1.as_deref())?;
    let text = rewritten(&from, site.range, &parts);
    let text = mirror::reindented(&text, from.indent_at(site.range.start), to.indent_at(wanted.request.range.start));
    let text = if to.facts.language.is_ecmascript() { awaited(context, sent, text) } else { failing(wanted, &from, site.function, text)? };
    passage.finish(&mut edit)?;
    Ok(Publication { text, channel, system: sent.channel.system.clone(), edit })
}

/// The new channel's name, and what says it.
fn channel(
    wanted: &Wanted<'_, '_>,
    from: &Source<'_>,
    sent: &Sent<'_>,
    site: &Site,
    edit: &mut Edit,
) -> Result<(String, (String, Option<String>)), Stuck> {
    let chart = &wanted.context.snapshot.chart;
    let names: Vec<Symbol> =
        chart.channels.iter().filter(|channel| channel.system == sent.channel.system).map(|channel| channel.name.clone()).collect();
    let channel = wanted.event.channel(&names, &chart.service(wanted.call.from).id);
    if chart.channels.iter().any(|known| known.name == channel.as_str()) {
        return Err(Stuck::Refused(Refusal::new(format!("`{channel}` is sent already: let it be consumed"))));
    }
    let said = renaming::rename(wanted.context, from, &site.channel, wanted.event, &channel, edit)?;
    Ok((channel, said))
}

/// What takes the place of the data.
fn payload_text(request: &Request, site: &Site, from: &Source<'_>) -> String {
    let (old, new) = (from.slice(site.payload), request.payload.as_str());
    if from.facts.language.is_ecmascript() {
        let record = site.takes.as_ref().is_some_and(|ty| ty.path == "Record");
        return if record && !new.starts_with('{') { format!("{{ ...{new} }}") } else { new.to_owned() };
    }
    let value = site.takes.as_ref().is_some_and(|ty| ty.path.ends_with("Value"));
    match (old.starts_with('&'), new.strip_prefix('&')) {
        (by_reference, Some(json)) if value && json.starts_with("serde_json::json!") => {
            format!("{}{json}", if by_reference { "&" } else { "" })
        }
        (by_reference, _) if value => format!("{}serde_json::json!({new})", if by_reference { "&" } else { "" }),
        (true, None) => format!("&{new}"),
        _ => new.to_owned(),
    }
}

/// Takes all names of a call along; entries of objects that say what only their place knows are left out.
fn carry(from: &Source<'_>, site: &Site, passage: &mut Passage<'_, '_>, parts: &mut Parts, constant: Option<&str>) -> Result<(), Stuck> {
    let tree = from.tree().ok_or_else(|| Stuck::Local(from.name().to_owned()))?;
    let facts = from.facts;
    let here = |range: TextRange| site.range.contains(range);
    let own = |name: &str| {
        let param = facts.functions.iter().flat_map(|function| &function.params).any(|param| here(param.range) && param.name == name);
        param || facts.bindings.iter().any(|binding| here(binding.range) && binding.name == name)
    };
    // Texts that mention names within are no plain literals.
    if !facts.language.is_ecmascript() && from.slice(site.range).contains("format!") {
        return Err(Stuck::Local("format!".to_owned()));
    }
    for range in tree.names_in(site.range) {
        let name = from.slice(range);
        if site.payload.contains(range) || own(name) || parts.iter().any(|(part, text)| part.contains(range) && text.is_empty()) {
            continue;
        }
        if site.channel.range == range {
            if let Some(new) = constant {
                let reached = passage.item(name, Some(new))?;
                parts.retain(|(part, _)| *part != range);
                parts.push((range, reached));
            }
            continue;
        }
        match passage.name(range) {
            Ok(Some((range, text))) if site.channel.range.contains(range) => {
                // The root of a constant: `Topics` of `Topics.orderPlaced`.
                let old = from.slice(range);
                for (_, said) in parts.iter_mut().filter(|(part, _)| *part == site.channel.range) {
                    if let Some(rest) = said.strip_prefix(old) {
                        *said = format!("{text}{rest}");
                    }
                }
            }
            Ok(Some(part)) => parts.push(part),
            Ok(None) => {}
            Err(Stuck::Local(name)) => match tree.entry_around(range, site.range) {
                Some(entry) if !entry.contains(site.payload) && !entry.contains(site.channel.range) => parts.push((entry, String::new())),
                _ => return Err(Stuck::Local(name)),
            },
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// The call as a statement: it is waited for where it is at the place that it is like.
fn awaited(context: &Context<'_>, sent: &Sent<'_>, text: String) -> String {
    let spot = Spot::at(&context.snapshot.files, sent.end.place);
    let waits = spot.is_some_and(|spot| spot.is_awaited() || spot.result() == ResultUse::Returned);
    if waits { format!("await {text}") } else { text }
}

/// The call as a statement of Rust: a failure goes where the request's went.
fn failing(wanted: &Wanted<'_, '_>, from: &Source<'_>, function: FunctionId, text: String) -> Result<String, Stuck> {
    if !wanted.request.fails {
        return Ok(format!("let _ = {}", text.trim_end_matches('?')));
    }
    if !text.contains('?') {
        return Ok(text);
    }
    let unknown = || Stuck::Refused(Refusal::new("whether its error takes that of a message that is not sent is not known"));
    let (facts, other) = (wanted.source.facts, from.facts);
    let own = facts.function(wanted.call.function.function);
    let theirs = other.function(function);
    let (Some(own), Some(theirs)) = (&own.result, &theirs.result) else { return Err(unknown()) };
    let (own_path, their_path) = (full_path(facts, &own.path), full_path(other, &theirs.path));
    let any = ANY_RESULTS.contains(&own_path.as_str()) && own.args.len() < 2
        || own.args.get(1).is_some_and(|error| ANY_ERRORS.contains(&full_path(facts, &error.path).as_str()) || error.path == "Box");
    // An alias of the house counts as itself.
    let same = match (own.args.get(1), theirs.args.get(1)) {
        (Some(one), Some(two)) => last(&full_path(facts, &one.path)) == last(&full_path(other, &two.path)),
        (None, None) => own_path == their_path && own_path != "Result",
        _ => false,
    };
    if any || same { Ok(text) } else { Err(unknown()) }
}

/// A function beside one that does nothing but send a message, and its call where the request is made.
fn beside(wanted: &Wanted<'_, '_>, sent: &Sent<'_>) -> Result<Publication, Stuck> {
    let (context, to) = (wanted.context, wanted.source);
    let from = context.source(sent.end.place.file)?;
    let site = Site::of(context, &from, sent)?;
    let facts = from.facts;
    let function = facts.function(site.function);
    let other = || Stuck::Refused(Refusal::new(format!("no publisher of `{}` is in reach where the call is made", sent.channel.name)));
    let tree = from.tree().ok_or_else(other)?;
    let [param] = function.params.as_slice() else { return Err(other()) };
    let body = facts.region(function.body).range;
    let alone = matches!(tree.statements_in(body).as_slice(), [only] if only.contains(site.range));
    let given = from.slice(site.payload).trim_start_matches('&') == param.name.as_str();
    let named = matches!(function.kind, FunctionKind::Function | FunctionKind::Method) && !function.name.is_empty();
    if !(alone && given && named && is_free(context, FunctionRef { file: from.file, function: site.function })) {
        return Err(other());
    }
    let method = function.kind == FunctionKind::Method;
    let whole = if method {
        TextRange { start: start_of(function), end: function.range.end }
    } else {
        tree.statement_around(function.range).ok_or_else(other)?
    };
    let ecmascript = facts.language.is_ecmascript();
    let name = new_name(&function.name, wanted.event, ecmascript);
    if Source::has_word(&from.text, &name) {
        return Err(Stuck::Refused(Refusal::new(format!("{} has something called {name} already", from.name()))));
    }
    let mut edit = Edit::default();
    let (channel, said) = channel(wanted, &from, sent, &site, &mut edit)?;
    let mut within = Passage::new(context, (&from, site.function), (&from, site.function), site.range.start);
    if let Some(constant) = &said.1 {
        within.item(from.slice(site.channel.range), Some(constant))?;
    }
    within.finish(&mut edit)?;
    let mut parts: Parts = vec![(function.name_range, name.clone()), (site.channel.range, said.0)];
    if let Some(ty) = &param.ty {
        let wide = if ecmascript {
            "object".to_owned()
        } else if library(context.snapshot, from.file, "serde").is_some() {
            "impl serde::Serialize".to_owned()
        } else {
            "serde_json::Value".to_owned()
        };
        parts.push((ty.range, wide));
    }
    // What else is asked of the data, another may not have.
    for range in tree.names_in(site.range) {
        if from.slice(range) == param.name.as_str() && !site.payload.contains(range) {
            let entry = tree.entry_around(range, site.range).filter(|entry| !entry.contains(site.payload)).ok_or_else(other)?;
            parts.push((entry, String::new()));
        }
    }
    let text = rewritten(&from, whole, &parts);
    let gap = format!("{0}{0}{1}", from.newline(), from.indent_at(whole.start));
    edit.insert(from.file, whole.end, format!("{gap}{text}"));
    let into = wanted.call.function.function;
    let mut passage = Passage::new(context, (&from, site.function), (to, into), wanted.request.range.start);
    let callee = if method { format!("{}.{name}", passage.this_of(site.function)?) } else { passage.item(&function.name, Some(&name))? };
    let payload = match (ecmascript, wanted.request.payload.strip_prefix('&')) {
        (true, _) | (false, Some(_)) => wanted.request.payload.clone(),
        (false, None) => format!("&{}", wanted.request.payload),
    };
    let called = format!("{callee}({payload})");
    let text = if ecmascript {
        let waits = function.is_async || function.result.as_ref().is_some_and(|result| result.path == "Promise");
        if waits { format!("await {called}") } else { called }
    } else {
        let is_result = function.result.as_ref().is_some_and(|result| result.path.ends_with("Result"));
        let text = format!("{called}{}{}", if function.is_async { ".await" } else { "" }, if is_result { "?" } else { "" });
        failing(wanted, &from, site.function, text)?
    };
    passage.finish(&mut edit)?;
    Ok(Publication { text, channel, system: sent.channel.system.clone(), edit })
}

/// Whether a function is run by others of the workspace alone: neither a handler nor one that a framework finds by what is said of it.
fn is_free(context: &Context<'_>, function: FunctionRef) -> bool {
    let index = &context.snapshot.index;
    let attributes =
        context.snapshot.files.function(function).is_none_or(|it| it.attributes.iter().all(|it| it.path == "tracing::instrument"));
    index.endpoints_of(function).is_empty() && index.consumers_of(function).is_empty() && attributes
}

/// Where a function begins with its decorators or attributes.
pub(super) fn start_of(function: &Function) -> u32 {
    function.attributes.iter().map(|attribute| attribute.range.start).chain([function.range.start]).min().unwrap_or(function.range.start)
}

/// `publishOrderPlaced` beside `publishCartLeft`, `orderPlaced` beside `cartLeft`.
fn new_name(old: &str, event: &Event, ecmascript: bool) -> String {
    let verb =
        SENDS.iter().find(|verb| old.strip_prefix(**verb).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase())));
    match (verb, ecmascript) {
        (Some(verb), true) => format!("{verb}{}", event.like("Pascal")),
        (None, true) => event.camel(),
        (Some(verb), false) => format!("{verb}_{}", event.snake()),
        (None, false) => event.snake(),
    }
}
