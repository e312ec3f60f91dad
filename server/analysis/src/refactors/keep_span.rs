//! The span of a request handed on to a task that it spawns.
//!
//! A future is put into the current span; a function that a thread runs enters it. What deliberately does not live here: spans of their own for
//! tasks. Invariant: whatever spawns takes the future or function that it is given then, as it takes any.

use portolan_grammars::facts::{Call, Expr, FunctionId, Imported, TextRange};

use super::packages::library;
use super::source::RUST_WIDTH;
use super::uses::add_use;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::rules::Finding;
use crate::rules::span_lost::RULE;

/// What a future is called that has no place where it is given.
const TASK: &str = "task";

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let facts = context.snapshot.files.source(finding.place.file)?;
    let call = facts.calls.iter().find(|call| call.name_range == finding.place.range)?;
    Some(Plan { title: "Keep the current span in this task".to_owned(), level: Level::Safe, edit: edit(context, finding, call) })
}

fn edit(context: &Context<'_>, finding: &Finding, call: &Call) -> Result<Edit, Refusal> {
    let source = context.source(finding.place.file)?;
    if library(context.snapshot, source.file, "tracing").is_none() {
        return Err(Refusal::new("tracing is no dependency of this crate"));
    }
    if source.tree().is_none_or(|tree| tree.macro_around(call.range.start).is_some()) {
        return Err(Refusal::new("the task stands in a macro"));
    }
    if source.declares("tracing") {
        return Err(Refusal::new(format!("the name tracing means something else in {}", source.name())));
    }
    let [argument] = call.args.as_slice() else { return Err(Refusal::new("it is given more than what it runs")) };
    let given = source.facts.expr_range(argument.value);
    let inner = inside(&source, call)?;
    if source.slice(inner).trim().trim_end_matches(',').trim_end() != source.slice(given) {
        return Err(Refusal::new("what it runs is no plain expression"));
    }
    let mut edit = Edit::default();
    // All that the catalog knows take any future, or any function, that needs nothing of its caller.
    let links = context.snapshot.link(source.file).into_iter().flat_map(|link| &link.spawns);
    let known = links.into_iter().find(|(site, _)| source.facts.call(site.call).range == call.range).map(|(_, name)| name.as_str());
    let takes_function = known.is_some_and(|name| name.ends_with("spawn_blocking") || name.starts_with("thread::"));
    let is_block = source.slice(given).strip_prefix("async").is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.strip_prefix("move").unwrap_or(rest).trim_start().starts_with('{')
    });
    let is_closure = matches!(source.facts.expr(argument.value), Expr::Closure(_)) && !is_block;
    // The type of a block has no name, so whoever takes one takes any.
    let is_future =
        is_block || !takes_function && known.is_some() && matches!(source.facts.expr(argument.value), Expr::Call(_) | Expr::Name(_));
    if is_closure && takes_function {
        closure(&source, call, given, &mut edit)?;
    } else if is_future {
        future(&source, call, inner, given, &mut edit);
        import(&source, call, &mut edit)?;
    } else {
        return Err(Refusal::new("whether it could run something else is not known"));
    }
    Ok(edit)
}

/// What stands in the brackets of a call.
fn inside(source: &Source<'_>, call: &Call) -> Result<TextRange, Refusal> {
    let behind = source.facts.expr_range(call.callee).end;
    let text = source.slice(TextRange { start: behind, end: call.range.end });
    if !(text.starts_with('(') && text.ends_with(')')) {
        return Err(Refusal::new("how it is called is not plain"));
    }
    Ok(TextRange { start: behind + 1, end: call.range.end - 1 })
}

/// Puts a future into the current span.
fn future(source: &Source<'_>, call: &Call, inner: TextRange, given: TextRange, edit: &mut Edit) {
    const METHOD: &str = ".in_current_span()";
    let (newline, unit) = (source.newline(), source.indent_unit());
    let on_lines = source.slice(given).contains('\n');
    let alone = source.slice(TextRange { start: inner.start, end: given.start }).contains('\n');
    let fits = source.line_of(given.start).chars().count() + METHOD.len() <= RUST_WIDTH;
    if alone && on_lines {
        edit.insert(source.file, given.end, format!("{newline}{}{METHOD}", source.indent_at(given.start)));
    } else if alone || !on_lines && fits {
        edit.insert(source.file, given.end, METHOD);
    } else if let Some(statement) = too_wide(source, given).then(|| named(source, call, given)).flatten() {
        let (before, behind) = (TextRange { end: given.start, ..statement }, TextRange { start: given.end, ..statement });
        let indent = source.indent_at(statement.start);
        let spawns = format!("{}{TASK}{METHOD}{}", source.slice(before), source.slice(behind));
        edit.replace(source.file, before, format!("let {TASK} = "));
        edit.replace(source.file, behind, format!(";{newline}{indent}{spawns}"));
    } else {
        let indent = source.indent_at(call.range.start);
        let moved = source.indented(given, 1);
        let method = if on_lines { format!("{newline}{indent}{unit}{METHOD}") } else { METHOD.to_owned() };
        edit.replace(source.file, inner, format!("{newline}{indent}{unit}{moved}{method},{newline}{indent}"));
    }
}

/// Whether lines of a future would be too long one step deeper, which rustfmt would break.
fn too_wide(source: &Source<'_>, given: TextRange) -> bool {
    let unit = source.indent_unit().len();
    let lines = source.slice(given).lines().skip(1).map(|line| line.chars().count());
    lines.filter(|width| *width <= RUST_WIDTH).any(|width| width + unit > RUST_WIDTH)
}

/// The statement of a call, where what it is given may stand before it by a name of its own.
fn named(source: &Source<'_>, call: &Call, given: TextRange) -> Option<TextRange> {
    let statements = source.tree()?.block(call.range.start);
    let statement = statements.into_iter().map(|statement| statement.range).find(|statement| statement.contains(call.range))?;
    let head = source.slice(TextRange { start: statement.start, end: call.range.start });
    let is_whole = head.is_empty() || head.starts_with("let ") && head.ends_with("= ");
    let rest = source.slice(TextRange { start: given.end, end: statement.end });
    let is_known = Source::has_word(source.slice(source.facts.function(call.function).range), TASK);
    (is_whole && matches!(rest, ");" | ",);") && !is_known).then_some(statement)
}

/// Takes the current span along to a thread, and enters it there.
fn closure(source: &Source<'_>, call: &Call, given: TextRange, edit: &mut Edit) -> Result<(), Refusal> {
    let function = source.facts.function(call.function);
    let statements = source.tree().map(|tree| tree.block(call.range.start)).unwrap_or_default();
    let statement = statements.iter().find(|statement| statement.range.contains(call.range));
    let own = |range: TextRange| call.function == FunctionId::MODULE || function.range.contains(range);
    let statement = statement.filter(|statement| own(statement.range)).ok_or_else(|| Refusal::new("it stands in no block of its own"))?;
    let whole = source.slice(function.range);
    let span = ["span", "current_span"].into_iter().find(|name| !Source::has_word(whole, name));
    let span = span.ok_or_else(|| Refusal::new("the function has names for spans already"))?;
    let text = source.slice(given);
    let (moves, head) = match text.strip_prefix("move") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let body = head.strip_prefix("||").ok_or_else(|| Refusal::new("what it runs takes arguments"))?.trim_start();
    let (newline, unit) = (source.newline(), source.indent_unit());
    let indent = source.indent_at(statement.range.start).to_owned();
    edit.insert(source.file, statement.range.start, format!("let {span} = tracing::Span::current();{newline}{indent}"));
    if !moves {
        edit.insert(source.file, given.start, "move ");
    }
    let at = given.end - body.len() as u32;
    match (body.find('{'), body.ends_with('}')) {
        (Some(brace), true) if brace == 0 || body.starts_with("->") => {
            let inner = body[brace + 1..body.len() - 1].trim();
            let indent = source.indent_at(at);
            let enter = format!("{newline}{indent}{unit}let _guard = {span}.enter();");
            let open = at + brace as u32 + 1;
            if body[brace..].contains('\n') {
                edit.insert(source.file, open, enter);
            } else {
                let lines = if inner.is_empty() { enter } else { format!("{enter}{newline}{indent}{unit}{inner}") };
                edit.replace(source.file, TextRange { start: open, end: given.end - 1 }, format!("{lines}{newline}{indent}"));
            }
        }
        _ if body.contains('?') || Source::has_word(body, "return") => return Err(Refusal::new("what it runs may end early")),
        _ => {
            edit.insert(source.file, at, format!("{span}.in_scope(|| "));
            edit.insert(source.file, given.end, ")");
        }
    }
    Ok(())
}

/// Imports the trait that has the method, unless the file has it.
fn import(source: &Source<'_>, call: &Call, edit: &mut Edit) -> Result<(), Refusal> {
    let module = &source.facts.function(call.function).module;
    let mut others = source.facts.imports.iter().filter(|import| {
        let name = matches!(&import.imported, Imported::Named(name) if name == "Instrument");
        name || import.imported == Imported::Glob && import.source == "tracing"
    });
    let here = |import: &&portolan_grammars::facts::Import| import.module == *module && import.function == FunctionId::MODULE;
    if others.clone().any(|import| import.source != "tracing") {
        return Err(Refusal::new(format!("the name Instrument means something else in {}", source.name())));
    }
    if others.any(|import| here(&import)) {
        return Ok(());
    }
    if !module.is_empty() {
        return Err(Refusal::new("it stands in a module within the file"));
    }
    add_use(source, "tracing::Instrument as _", edit)
}
