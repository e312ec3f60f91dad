//! A span around the body of a TypeScript or JavaScript handler that none is recorded for.
//!
//! The body moves unchanged into the callback of `startActiveSpan`. Invariant: the callback may stand where the body stood; a function whose
//! body says something that it would not say there is left alone.

use portolan_grammars::facts::{Expr, ExprId, Function, FunctionId, FunctionKind, Import, Imported, Language, TextRange};

use super::handlers::{self, Handler, handler};
use super::imports::{add, import, quote, statement_end};
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::rules::Finding;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[handlers::RULE], plan };

/// The package that has spans.
const API: &str = "@opentelemetry/api";

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let handler = handler(context.snapshot, finding)?;
    let facts = context.snapshot.files.source(handler.function.file)?;
    if !facts.language.is_ecmascript() {
        return None;
    }
    let function = facts.function(handler.function.function);
    let is_it = |value: ExprId| matches!(facts.expr(value), Expr::Closure(id) if *id == handler.function.function);
    let bound = facts.bindings.iter().find(|binding| binding.value.is_some_and(is_it));
    let name = bound.map_or(&function.name, |binding| &binding.name);
    let shown = if name.is_empty() { "its handler" } else { name };
    let title = format!("Open a span in {shown} with startActiveSpan");
    let span = if name.is_empty() { &handler.label } else { name.as_str() };
    // A callback, and what is bound to a name with a type, are checked against what stands outside.
    let typed_outside = function.kind == FunctionKind::Closure && bound.is_none_or(|binding| binding.ty.is_some());
    Some(Plan { title, level: Level::Safe, edit: edit(context, &handler, function, span, typed_outside) })
}

fn edit(context: &Context<'_>, handler: &Handler, function: &Function, name: &str, typed_outside: bool) -> Result<Edit, Refusal> {
    let source = context.source(handler.function.file)?;
    let body = source.facts.region(function.body).range;
    refuse(&source, function, body, typed_outside)?;
    let mut edit = Edit::default();
    let tracer = own_tracer(&source);
    let mut needed = vec!["SpanStatusCode"];
    needed.extend(tracer.is_none().then_some("trace"));
    let names = import(context, &source, API, &needed, &mut edit)?;
    let (tracer, constant) = match (tracer, names.called.as_slice()) {
        (Some(tracer), _) => (tracer, None),
        (None, called) => {
            let tracer = ["tracer", "otelTracer"].into_iter().find(|name| !source.declares(name));
            let tracer = tracer.ok_or_else(|| Refusal::new(format!("the name tracer is taken in {}", source.name())))?;
            let (quote, service) = (quote(&source), &context.snapshot.chart.service(handler.service).id);
            let trace = called.last().map_or("trace", String::as_str);
            (tracer, Some(format!("const {tracer} = {trace}.getTracer({quote}{service}{quote}){}", statement_end(&source))))
        }
    };
    if names.statement.is_some() || constant.is_some() {
        add(&source, function.range.start, names.statement, constant, &mut edit);
    }
    let span = ["span", "handlerSpan"].into_iter().find(|name| !Source::has_word(source.slice(body), name));
    let span = span.ok_or_else(|| Refusal::new("the handler has names for spans already"))?;
    edit.replace(source.file, body, wrapped(&source, function, body, &Words { name, tracer, code: &names.called[0], span }));
    Ok(edit)
}

/// Refuses functions whose body would say something else within a callback.
fn refuse(source: &Source<'_>, function: &Function, body: TextRange, typed_outside: bool) -> Result<(), Refusal> {
    let text = source.slice(body);
    if !(text.starts_with('{') && text.ends_with('}')) {
        return Err(Refusal::new("the handler's body is an expression"));
    }
    if !function.is_async {
        return Err(Refusal::new("the handler is not async, and its span could end before the work does"));
    }
    let head =
        source.slice(TextRange { start: function.range.start, end: function.params.first().map_or(body.start, |param| param.range.start) });
    if head.contains('*') {
        return Err(Refusal::new("the handler is a generator"));
    }
    for word in ["arguments", "yield", "super"] {
        if Source::has_word(text, word) {
            return Err(Refusal::new(format!("the handler uses `{word}`, which means something else within a callback")));
        }
    }
    let literal = |value: &ExprId| is_literal(source.facts.expr(*value));
    if function.result.is_none() && typed_outside && function.returns.iter().any(literal) {
        return Err(Refusal::new("what the handler returns has its type from outside: declare its result first"));
    }
    Ok(())
}

/// Values whose type would be wider without the one that the context gives them.
fn is_literal(value: &Expr) -> bool {
    !matches!(value, Expr::Call(_) | Expr::Name(_) | Expr::Member { .. } | Expr::Null | Expr::This | Expr::Param { .. })
}

/// What things are called in the text.
struct Words<'a> {
    name: &'a str,
    tracer: &'a str,
    code: &'a str,
    span: &'a str,
}

/// The new body, braces included.
fn wrapped(source: &Source<'_>, function: &Function, body: TextRange, words: &Words<'_>) -> String {
    let Words { name, tracer, code, span } = words;
    let (indent, unit, newline, quote) = (source.indent_at(body.start), source.indent_unit(), source.newline(), quote(source));
    let end = statement_end(source);
    let typescript = source.facts.language == Language::TypeScript;
    let result =
        function.result.as_ref().filter(|_| typescript).map(|result| format!(": {}", source.slice(result.range))).unwrap_or_default();
    let error = if typescript { "error as Error" } else { "error" };
    let message = if typescript { "(error as Error).message" } else { "error.message" };
    let inner = TextRange { start: body.start + 1, end: body.end - 1 };
    let moved = source.indented(inner, 2);
    let moved = moved.trim_end();
    // What stood behind the brace on its line stays behind it.
    let moved = if moved.starts_with(['\n', '\r']) {
        moved.to_owned()
    } else {
        format!("{newline}{indent}{}{}", unit.repeat(3), moved.trim_start())
    };
    let lines = [
        format!("{{{newline}{indent}{unit}return {tracer}.startActiveSpan({quote}{name}{quote}, async ({span}){result} => {{"),
        format!("{unit}{unit}try {{{moved}"),
        format!("{unit}{unit}}} catch (error) {{"),
        format!("{unit}{unit}{unit}{span}.recordException({error}){end}"),
        format!("{unit}{unit}{unit}{span}.setStatus({{ code: {code}.ERROR, message: {message} }}){end}"),
        format!("{unit}{unit}{unit}throw error{end}"),
        format!("{unit}{unit}}} finally {{"),
        format!("{unit}{unit}{unit}{span}.end(){end}"),
        format!("{unit}{unit}}}"),
        format!("{unit}}}){end}"),
        "}".to_owned(),
    ];
    lines.join(&format!("{newline}{indent}"))
}

/// The tracer that the file has already.
fn own_tracer<'a>(source: &Source<'a>) -> Option<&'a str> {
    let facts = source.facts;
    let from_api = |import: &Import| import.source == API && import.imported == Imported::Named("trace".into());
    let is_tracer = |value: ExprId| {
        let Expr::Call(call) = facts.expr(value) else { return false };
        let Expr::Member { object, name } = facts.expr(facts.call(*call).callee) else { return false };
        let Expr::Name(object) = facts.expr(*object) else { return false };
        name == "getTracer" && facts.imports.iter().any(|import| from_api(import) && import.local == *object)
    };
    let mut constants = facts.bindings.iter().filter(|binding| binding.function == FunctionId::MODULE && binding.constant);
    constants.find(|binding| binding.value.is_some_and(is_tracer)).map(|binding| binding.name.as_str())
}
