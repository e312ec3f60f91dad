//! An idempotency key in a request's headers, made before the first try.
//!
//! Invariant: who answers reads a header of that name.

use portolan_grammars::facts::{Binding, Expr, ExprId, FunctionId, FunctionKind, Language, TextRange};

use super::super::chain::{CHAIN, Chain, broken};
use super::super::imports::{self, quote, statement_end};
use super::super::option::{add_option, added, change};
use super::super::packages::library;
use super::super::source::RUST_WIDTH;
use super::super::{Context, Edit, Refusal, Source};
use super::{Tried, field};
use crate::chart::Call;
use crate::resolve::link::OutboundCall;

/// What is written where a header is one by which a second coming is known.
const WORD: &str = "idempot";
/// What the key is called in ECMAScript.
const NAME: &str = "idempotencyKey";
/// And in Rust.
const RUST_NAME: &str = "idempotency_key";

/// Makes a key before what is retried, and sends it with each try.
pub(super) fn send(context: &Context<'_>, call: &Call, sent: &OutboundCall, tried: &Tried) -> Result<Edit, Refusal> {
    let header = read_by(context, call)?;
    let source = context.source(tried.place.file)?;
    let facts = source.facts;
    let retrier = facts.calls.iter().find(|it| it.name_range == tried.place.range);
    let retried = retrier.map_or(tried.place.range, |call| call.range);
    let leaf = facts.calls.get(sent.leaf.call.index()).filter(|_| sent.leaf.file == source.file);
    let leaf = leaf.ok_or_else(elsewhere)?;
    let statement = statement(&source, retried, leaf.range)?;
    let is_rust = facts.language == Language::Rust;
    let name = if is_rust { RUST_NAME } else { NAME };
    if !source.is_free_in(name, facts.function_around(retried)) {
        return Err(Refusal::new(format!("the name {name} means something else in {}", source.name())));
    }
    let mut edit = Edit::default();
    if is_rust {
        let made = format!("let {name} = {}::new_v4();", uuid(context, &source)?);
        add_link(&source, sent, &format!("header(\"{header}\", {name}.to_string())"), &mut edit)?;
        make(&source, (statement, retried), &made, &mut edit)?;
        return Ok(edit);
    }
    let names = imports::import(context, &source, "node:crypto", &["randomUUID"], &mut edit)?;
    if names.statement.is_some() {
        imports::add(&source, statement.start, names.statement, None, &mut edit);
    }
    let made = format!("const {name} = {}(){}", names.called.concat(), statement_end(&source));
    add_header(&source, sent, leaf, &header, &mut edit)?;
    make(&source, (statement, retried), &made, &mut edit)?;
    Ok(edit)
}

fn elsewhere() -> Refusal {
    Refusal::new("the request is made elsewhere than it is retried")
}

/// The statement that retries a request, or the one that makes the function for it: `let charge = || async { … };`.
fn statement(source: &Source<'_>, retried: TextRange, leaf: TextRange) -> Result<TextRange, Refusal> {
    let facts = source.facts;
    let tree = source.tree().ok_or_else(|| Refusal::new("the file is not read"))?;
    let statements = tree.statements_around(retried);
    let last = statements.iter().find(|statement| statement.contains(retried));
    let last = *last.ok_or_else(|| Refusal::new("what is retried stands in no block"))?;
    if last.contains(leaf) {
        return Ok(last);
    }
    let before = statements.iter().find(|statement| statement.contains(leaf) && statement.end <= last.start).ok_or_else(elsewhere)?;
    let is_work = |binding: &&Binding| {
        let value = binding.value.filter(|value| matches!(facts.expr(*value), Expr::Closure(_)));
        before.contains(binding.range) && value.is_some_and(|value| facts.expr_range(value).contains(leaf))
    };
    // What is run again elsewhere, too, is something else there.
    let is_used_once = |binding: &&Binding| {
        let body = facts.region(facts.function(facts.function_around(retried)).body).range;
        tree.names_in(body).into_iter().filter(|name| source.slice(*name) == binding.name).count() == 2
    };
    facts.bindings.iter().filter(is_work).find(is_used_once).map(|_| *before).ok_or_else(elsewhere)
}

/// How a file of Rust names what makes keys, which its crate must have.
fn uuid(context: &Context<'_>, source: &Source<'_>) -> Result<&'static str, Refusal> {
    let has = library(context.snapshot, source.file, "uuid").is_some_and(|uuid| uuid.features.iter().any(|feature| feature == "v4"));
    if !has {
        return Err(Refusal::new("this crate has no uuid with the feature `v4`"));
    }
    let imported = source.facts.imports.iter().any(|it| it.local == "Uuid" && it.source == "uuid" && it.function == FunctionId::MODULE);
    Ok(if imported { "Uuid" } else { "uuid::Uuid" })
}

/// Adds a link to the chain of a request of Rust, behind the method that begins it.
fn add_link(source: &Source<'_>, sent: &OutboundCall, link: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let facts = source.facts;
    let leaf = facts.call(sent.leaf.call);
    let Expr::Member { object, name } = facts.expr(leaf.callee) else { return Err(unknown_client()) };
    if sent.library != "reqwest" || !matches!(name.as_str(), "post" | "patch" | "request") {
        return Err(unknown_client());
    }
    let chain = Chain::around(source, sent.leaf.call).filter(|chain| chain.links.iter().any(|link| link.starts_with("send()")));
    let chain = chain.ok_or_else(|| Refusal::new("the request is not built in one go"))?;
    let (newline, unit) = (source.newline(), source.indent_unit());
    let behind = source.slice(TextRange { start: leaf.range.end, end: chain.range.end });
    if behind.starts_with(newline) {
        // Each link has a line of its own already.
        let space = &behind[..behind.len() - behind.trim_start().len()];
        let space = space.rfind('\n').map_or(space, |last| &space[last + 1..]);
        edit.insert(source.file, leaf.range.end, format!("{newline}{space}.{link}"));
        return Ok(());
    }
    let receiver = source.slice(TextRange { start: leaf.range.start, end: facts.expr_range(*object).end });
    let begins = source.slice(TextRange { start: facts.expr_range(*object).end, end: leaf.range.end }).trim_start_matches('.').to_owned();
    let links: Vec<String> = [begins, link.to_owned()].into_iter().chain(chain.links).collect();
    let (start, indent) = (source.line_start(chain.range.start), source.indent_at(chain.range.start));
    let before = &source.text[start..chain.range.start as usize];
    let after = &source.text[chain.range.end as usize..];
    let after = after.lines().next().unwrap_or_default();
    let one = format!("{receiver}.{}", links.join("."));
    if one.chars().count() <= CHAIN && before.chars().count() + one.chars().count() + after.chars().count() <= RUST_WIDTH {
        edit.replace(source.file, chain.range, one);
        return Ok(());
    }
    // What fills a block on one line gets lines within it.
    let is_block = before.trim_end().ends_with('{') && after.trim_start().starts_with('}');
    let own = if is_block { format!("{indent}{unit}") } else { indent.to_owned() };
    let mut text = broken(source, (&own, is_block || before.trim().is_empty()), receiver, &links);
    let (spaces, behind) = (before.len() - before.trim_end().len(), after.len() - after.trim_start().len());
    let mut range = chain.range;
    if is_block {
        text = format!("{newline}{own}{text}{newline}{indent}");
        range = TextRange { start: range.start - spaces as u32, end: range.end + behind as u32 };
        // What is called on a block of several lines begins a line.
        let rest = &after[behind + 1..];
        let closed = rest.trim_start_matches(')');
        if closed.len() < rest.len() && closed.starts_with('.') {
            let dot = range.end + 1 + (rest.len() - closed.len()) as u32;
            edit.insert(source.file, dot, format!("{newline}{indent}"));
        }
    } else if after == " {" {
        text.push_str(&format!("{newline}{indent}"));
        range.end += 1;
    }
    edit.replace(source.file, range, text);
    Ok(())
}

fn unknown_client() -> Refusal {
    Refusal::new("how this client is told a header is not known")
}

/// The header by which who answers knows that a request comes again.
fn read_by(context: &Context<'_>, call: &Call) -> Result<String, Refusal> {
    let chart = &context.snapshot.chart;
    let endpoint = call.endpoint.map(|endpoint| chart.endpoint(endpoint));
    let handler = endpoint.and_then(|endpoint| endpoint.handler);
    let named = handler.and_then(|handler| {
        let facts = context.snapshot.files.source(handler.file)?;
        let range = facts.function(handler.function).range;
        let mut inside = facts.exprs.iter().filter(|it| range.contains(it.range));
        inside.find_map(|it| match &it.kind {
            Expr::Str(name) | Expr::Member { name, .. } if is_header(name) => Some(name.to_string()),
            _ => None,
        })
    });
    let whom = call.target().map_or_else(|| "who answers".to_owned(), |to| chart.service(to).id.to_string());
    named.ok_or_else(|| Refusal::new(format!("{whom} is not seen to read a header that such a key could be in")))
}

/// `Idempotency-Key`, `x-idempotency-key`.
fn is_header(name: &str) -> bool {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    plain && name.contains('-') && name.to_ascii_lowercase().contains(WORD)
}

/// Adds a header to a request.
fn add_header(
    source: &Source<'_>,
    sent: &OutboundCall,
    leaf: &portolan_grammars::facts::Call,
    header: &str,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let facts = source.facts;
    let method = match facts.expr(leaf.callee) {
        Expr::Member { name, .. } => name.as_str(),
        _ => "",
    };
    let at = match (sent.library.as_str(), method) {
        ("fetch" | "got" | "ky", _) => 1,
        ("axios", "post" | "put" | "patch") => 2,
        _ => return Err(unknown_client()),
    };
    let quote = quote(source);
    let entry = format!("{quote}{header}{quote}: {NAME}");
    let object = |value: ExprId| matches!(facts.expr(value), Expr::Object(_));
    let headers = leaf.args.get(at).and_then(|options| field(facts, options.value, "headers"));
    match headers {
        None => add_option(source, leaf, at, &format!("headers: {{ {entry} }}"), edit),
        Some(headers) if object(headers) => {
            let options = leaf.args[at].value;
            change(source, leaf, options, vec![added(source, headers, &entry)?], edit);
            Ok(())
        }
        Some(_) => Err(Refusal::new("its headers are made elsewhere")),
    }
}

/// Makes the key before a statement; where a function is nothing but what is retried, it gets a body.
fn make(source: &Source<'_>, (statement, retried): (TextRange, TextRange), made: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let facts = source.facts;
    let (newline, unit, end) = (source.newline(), source.indent_unit(), statement_end(source));
    let between = |range: TextRange| statement.contains(range) && range.contains(retried);
    let inner = facts
        .functions
        .iter()
        .filter(|it| it.kind != FunctionKind::Module && between(it.range))
        .min_by_key(|it| it.range.end - it.range.start);
    let Some(inner) = inner else {
        let indent = source.indent_at(statement.start);
        edit.insert(source.file, statement.start, format!("{made}{newline}{indent}"));
        return Ok(());
    };
    let head = source.slice(TextRange { start: inner.range.start, end: retried.start });
    if facts.region(inner.body).range != retried || !head.trim_end().ends_with("=>") || source.slice(retried).contains('\n') {
        return Err(Refusal::new("there is no place where the key could be made"));
    }
    // What is within stands one level deeper than the function, where it may stand already.
    let indent = source.indent_at(inner.range.start);
    let deeper = if head.contains('\n') { "" } else { &unit };
    let text = edit.take_within(source.file, retried, source.slice(retried));
    let text = text.replace('\n', &format!("\n{deeper}"));
    let space = head.len() - head.trim_end().len();
    let whole = TextRange { start: retried.start - space as u32, end: retried.end };
    let text = format!(" {{{newline}{indent}{unit}{made}{newline}{indent}{unit}return {text}{end}{newline}{indent}}}");
    edit.replace(source.file, whole, text);
    Ok(())
}
