//! An idempotency key in a request's headers, made before the first try.
//!
//! Invariant: who answers reads a header of that name.

use portolan_grammars::facts::{Expr, ExprId, FunctionKind, TextRange};

use super::super::imports::{self, quote, statement_end};
use super::super::option::{add_option, added, change};
use super::super::{Context, Edit, Refusal, Source};
use super::{Tried, field};
use crate::chart::Call;
use crate::resolve::link::OutboundCall;

/// What is written where a header is one by which a second coming is known.
const WORD: &str = "idempot";
/// What the key is called.
const NAME: &str = "idempotencyKey";

/// Makes a key before what is retried, and sends it with each try.
pub(super) fn send(context: &Context<'_>, call: &Call, sent: &OutboundCall, tried: &Tried) -> Result<Edit, Refusal> {
    let header = read_by(context, call)?;
    let source = context.source(tried.place.file)?;
    let facts = source.facts;
    let retrier = facts.calls.iter().find(|it| it.name_range == tried.place.range);
    let retried = retrier.map_or(tried.place.range, |call| call.range);
    let tree = source.tree().ok_or_else(|| Refusal::new("the file is not read"))?;
    let statement = tree.statement_around(retried).ok_or_else(|| Refusal::new("what is retried stands in no block"))?;
    let leaf = facts.calls.get(sent.leaf.call.index()).filter(|_| sent.leaf.file == source.file);
    let leaf = leaf.filter(|leaf| statement.contains(leaf.range));
    let leaf = leaf.ok_or_else(|| Refusal::new("the request is made elsewhere than it is retried"))?;
    if !source.is_free_in(NAME, facts.function_around(retried)) {
        return Err(Refusal::new(format!("the name {NAME} means something else in {}", source.name())));
    }
    let mut edit = Edit::default();
    let names = imports::import(context, &source, "node:crypto", &["randomUUID"], &mut edit)?;
    if names.statement.is_some() {
        imports::add(&source, statement.start, names.statement, None, &mut edit);
    }
    let made = format!("const {NAME} = {}(){}", names.called.concat(), statement_end(&source));
    add_header(&source, sent, leaf, &header, &mut edit)?;
    make(&source, (statement, retried), &made, &mut edit)?;
    Ok(edit)
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
        _ => return Err(Refusal::new("how this client is told a header is not known")),
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
