//! A time limit for a client that has none, or for each call that is made without a client.
//!
//! What is written is the library's own way to say it, and stands where the catalog looks for it. Invariant: nothing but the limit is added; a
//! client that could not be made was a panic before, and is one after.

use portolan_grammars::facts::{Call, Expr, ExprId, FunctionId, Import, Language, SourceFacts, Symbol, TextRange};

use super::chain::Chain;
use super::option::{add_option, add_to_copy, literal};
use super::packages::major;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::FunctionRef;
use crate::resolve::link::Unlimited;
use crate::resolve::value::CallRef;
use crate::rules::Finding;
use crate::rules::no_timeout::{Client, RULE, SECONDS, Waiting, streams};

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let (unlimited, seconds) = unlimited(context, finding)?;
    let what = if unlimited.calls.iter().all(|call| unlimited.is_client(call)) { "client" } else { "call" };
    let whom = match unlimited.calls.len() {
        1 => format!("this {what}"),
        count => format!("these {count} {what}s"),
    };
    let title = format!("Let {whom} wait for {seconds} s at most");
    Some(Plan { title, level: Level::Safe, edit: edit(context, &unlimited.calls, seconds) })
}

/// The calls that a finding is about, and how many seconds they are given; none where a generator made the client, and has its say.
pub(super) fn unlimited<'a>(context: &Context<'a>, finding: &Finding) -> Option<(&'a Waiting, usize)> {
    let snapshot = context.snapshot;
    let (client, waiting) = snapshot.endless().clients.iter().find(|(_, waiting)| {
        let first = waiting.calls.first().and_then(|first| snapshot.files.called_at(first.call));
        first == Some(finding.place)
    })?;
    let seconds = snapshot.workspace.settings.rules().number(&RULE, &SECONDS, snapshot.files.path(finding.place.file));
    (!matches!(client, Client::Stub(..))).then_some((waiting, seconds))
}

fn edit(context: &Context<'_>, calls: &[Unlimited], seconds: usize) -> Result<Edit, Refusal> {
    let mut edit = Edit::default();
    let Some(first) = calls.first() else { return Ok(edit) };
    let source = context.source(first.call.file)?;
    for unlimited in calls {
        match source.facts.language {
            Language::Rust if is_streamed(context, unlimited) => {
                return Err(Refusal::new("answers to some of its requests come bit by bit, and would be cut off"));
            }
            Language::Rust => rust(&source, unlimited, seconds, &mut edit)?,
            _ => ecmascript(context, &source, unlimited, seconds, &mut edit)?,
        }
    }
    Ok(edit)
}

/// Whether something is asked by a client whose answer is read bit by bit, where it is asked for or by a function that it is handed to.
fn is_streamed(context: &Context<'_>, unlimited: &Unlimited) -> bool {
    let snapshot = context.snapshot;
    let sent = snapshot.links.iter().flatten().flat_map(|link| &link.calls);
    let own = sent.filter(|outbound| outbound.client == Some(unlimited.call) && outbound.leaf != unlimited.call);
    let functions = own.flat_map(|outbound| {
        let handed = handed_on(context, outbound.function, outbound.site);
        [Some(outbound.function), snapshot.files.function_at(outbound.leaf)].into_iter().flatten().chain(handed)
    });
    functions.into_iter().any(|function| streams(snapshot, function))
}

/// The functions that a function hands a call's answer to; a name of which it is not said what it stands for may be that.
fn handed_on(context: &Context<'_>, function: FunctionRef, asks: CallRef) -> Vec<FunctionRef> {
    let snapshot = context.snapshot;
    let Some(facts) = snapshot.files.source(asks.file).filter(|_| asks.file == function.file) else { return Vec::new() };
    let asks = facts.call(asks.call).range;
    let mut answers: Vec<&str> = Vec::new();
    let has = |range: TextRange, answers: &[&str]| {
        let named = |kind: &Expr| matches!(kind, Expr::Name(name) if answers.contains(&name.as_str()));
        range.contains(asks) || facts.exprs.iter().any(|it| range.contains(it.range) && named(&it.kind))
    };
    // The later may be made of the earlier.
    for bound in facts.bindings.iter().filter(|bound| bound.function == function.function) {
        if bound.value.is_none_or(|value| has(facts.expr_range(value), &answers)) {
            answers.push(&bound.name);
        }
    }
    let edges = snapshot.index.edges_of(function).iter();
    let handed = edges.filter(|edge| {
        let call = facts.calls.iter().find(|call| call.name_range == edge.place.range);
        call.is_none_or(|call| {
            let given = call.args.iter().map(|argument| argument.value).chain([call.callee]);
            given.map(|value| facts.expr_range(value)).any(|range| has(range, &answers))
        })
    });
    handed.map(|edge| edge.callee).collect()
}

/// Gives a call of ECMAScript its limit.
pub(super) fn ecmascript(
    context: &Context<'_>,
    source: &Source<'_>,
    unlimited: &Unlimited,
    seconds: usize,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let milliseconds = format!("{seconds}_000");
    let (argument, key) = unlimited.option.clone().ok_or_else(|| Refusal::new("how this library is told a limit is not known"))?;
    let (key, value) = match (unlimited.library.as_str(), key.as_str()) {
        ("fetch", _) if is_node_fetch_2(context, source) => ("timeout", milliseconds),
        ("got", _) => ("timeout", format!("{{ request: {milliseconds} }}")),
        (_, "signal") => ("signal", format!("AbortSignal.timeout({milliseconds})")),
        (_, key) => (key, milliseconds),
    };
    if key == "signal" && source.declares("AbortSignal") {
        return Err(Refusal::new(format!("the name AbortSignal means something else in {}", source.name())));
    }
    let call = source.facts.call(unlimited.call.call);
    let entry = format!("{key}: {value}");
    // A signal's time begins when it is made.
    let is_for_others =
        |options| is_shared(source, call, options) || key == "signal" && is_made_for_all_rounds(source.facts, call, options);
    match call.args.get(argument).filter(|given| is_for_others(given.value)) {
        Some(given) => add_to_copy(source, call, given.value, &entry, edit),
        None => add_option(source, call, argument, &entry, edit)?,
    }
    Ok(())
}

/// Whether options are a constant that the function mentions elsewhere, too.
fn is_shared(source: &Source<'_>, call: &Call, options: ExprId) -> bool {
    let facts = source.facts;
    let function = if call.function == FunctionId::MODULE { &source.text } else { source.slice(facts.function(call.function).range) };
    // It is declared, and mentioned by the call.
    let is_known = |name: &Symbol| Source::words(function, name).nth(2).is_some();
    literal(facts, call, options) != options && matches!(facts.expr(options), Expr::Name(name) if is_known(name))
}

/// Whether options are made before a loop that a call stands in, once for all of its rounds.
fn is_made_for_all_rounds(facts: &SourceFacts, call: &Call, options: ExprId) -> bool {
    let made = facts.expr_range(literal(facts, call, options));
    let loops = facts.regions.iter().filter(|region| region.function == call.function && region.kind.is_loop());
    loops.map(|region| region.range).any(|round| round.contains(call.range) && !round.contains(made))
}

/// Whether the file's `fetch` is that of a version which has no signal of its own.
fn is_node_fetch_2(context: &Context<'_>, source: &Source<'_>) -> bool {
    let imported = source.facts.imports.iter().any(|import| import.source == "node-fetch");
    imported && major(context.snapshot, source.file, "node-fetch").is_none_or(|major| major == 2)
}

pub(super) fn rust(source: &Source<'_>, unlimited: &Unlimited, seconds: usize, edit: &mut Edit) -> Result<(), Refusal> {
    let call = source.facts.call(unlimited.call.call);
    let callee = source.slice(source.facts.expr_range(call.callee)).to_owned();
    let limit = format!("timeout({}::from_secs({seconds}))", duration(source.facts));
    let behind = &source.text[call.range.end as usize..];
    let is_link = [".", "//"].iter().any(|link| behind.trim_start().starts_with(link));
    let indent = is_link.then(|| &behind[..behind.len() - behind.trim_start().len()]);
    if let Some(indent) = indent.filter(|indent| callee.ends_with("builder") && indent.contains('\n')) {
        // Each link has a line, and perhaps a comment.
        edit.insert(source.file, call.range.end, format!("{indent}.{limit}"));
        return Ok(());
    }
    let mut chain = Chain::around(source, unlimited.call.call).ok_or_else(|| Refusal::new("the call stands in a macro"))?;
    let (made, method) = callee.rsplit_once("::").unwrap_or(("", &callee));
    // A client that is made for one request, which then has the limit.
    let sends =
        |link: &String| ["get(", "post(", "put(", "patch(", "delete(", "head(", "request("].iter().any(|verb| link.starts_with(verb));
    match method {
        "new" | "default" if chain.links.first().is_some_and(sends) => chain.links.insert(1, limit),
        "builder" => chain.prepend([limit]),
        // It panics, too, where there is no client to be had.
        "new" | "default" if made.ends_with("Client") => {
            chain.head = format!("{made}::builder()");
            chain.prepend([limit, "build()".to_owned(), "expect(\"an HTTP client\")".to_owned()]);
        }
        "new" | "default" => chain.prepend([limit]),
        "get" if unlimited.library == "reqwest" => {
            let url = source.slice(call.range).strip_prefix(callee.as_str()).unwrap_or_default().to_owned();
            let client = if made.is_empty() { "reqwest" } else { made };
            chain.head = format!("{client}::Client::new()");
            chain.prepend([format!("get{url}"), limit, "send()".to_owned()]);
        }
        _ => return Err(Refusal::new("how this client is made is not known")),
    }
    edit.replace(source.file, chain.range, chain.text(source));
    Ok(())
}

/// What the file calls `std::time::Duration`.
fn duration(facts: &SourceFacts) -> String {
    let is_it = |import: &&Import| matches!(import.source.as_str(), "std::time" | "core::time" | "tokio::time") && import.module.is_empty();
    let named = |name: &str| facts.imports.iter().filter(is_it).any(|import| import.local == name);
    if named("Duration") { "Duration".to_owned() } else { "std::time::Duration".to_owned() }
}
