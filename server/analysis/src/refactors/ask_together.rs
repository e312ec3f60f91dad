//! Questions that are asked one after the other, asked together: `Promise.all`, `tokio::try_join!`.
//!
//! What deliberately does not live here: calls that change something, which nothing here may bring into another order. Invariant: it is offered
//! only where everything that it rests on is seen in the code; a wrong one would compile.

use portolan_grammars::facts::{Binding, Expr, Function, FunctionId, FunctionKind, Language, SourceFacts, TextRange};
use portolan_grammars::languages::{Binds, Statement};
use rustc_hash::FxHashSet;

use super::changes::assigned_in;
use super::held::{self, Held, error, is_only_lent};
use super::option::width;
use super::packages::library;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::rules::Finding;
use crate::rules::sequential_calls::RULE;
use crate::{FunctionRef, Place, Snapshot};

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// Functions between a call here and the one that leaves the process.
const MAX_HOPS: u32 = 3;

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let calls: Vec<Place> = std::iter::once(finding.place).chain(finding.related.iter().map(|(place, _)| *place)).collect();
    let title = format!("Wait for these {} calls together", calls.len());
    Some(Plan { title, level: Level::Safe, edit: edit(context, &calls) })
}

fn edit(context: &Context<'_>, calls: &[Place]) -> Result<Edit, Refusal> {
    let source = context.source(calls[0].file)?;
    let row = row(&source, calls)?;
    for call in calls {
        keeps_nothing(context.snapshot, *call)?;
    }
    let mut edit = Edit::default();
    let text = match source.facts.language {
        Language::Rust => rust(context, &source, calls[0], &row)?,
        _ => ecmascript(&source, &row)?,
    };
    let range = TextRange { start: row[0].0.range.start, end: row[row.len() - 1].0.range.end };
    edit.replace(source.file, range, format!("{}{text}", comments(&source, &row)));
    Ok(edit)
}

/// The statements of calls, each of which binds an answer, with nothing between them but comments.
fn row(source: &Source<'_>, calls: &[Place]) -> Result<Vec<(Statement, Binds)>, Refusal> {
    let statements = source.tree().map(|tree| tree.block(calls[0].range.start)).unwrap_or_default();
    let at = |call: &Place| statements.iter().position(|statement| statement.range.contains(call.range));
    let first = at(&calls[0]).ok_or_else(|| Refusal::new("the calls stand in no block"))?;
    let mut row = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        if at(call) != Some(first + number) {
            return Err(Refusal::new("something else happens between the calls"));
        }
        let statement = &statements[first + number];
        let plain = statement.binds.clone().filter(|binds| binds.value.contains(call.range));
        let binds = plain.ok_or_else(|| Refusal::new("an answer is not bound to a name"))?;
        row.push((statement.clone(), binds));
    }
    // No answer is needed for a later question.
    for (number, (_, binds)) in row.iter().enumerate() {
        let own = |binding: &&Binding| binds.pattern.contains(binding.range);
        for name in source.facts.bindings.iter().filter(own).map(|binding| &binding.name) {
            if row.iter().skip(number + 1).any(|(later, _)| Source::has_word(source.slice(later.range), name)) {
                return Err(Refusal::new(format!("`{name}` is asked for again")));
            }
        }
    }
    let changes = |range: TextRange| {
        let within = |target: TextRange| range.contains(target);
        let text = source.slice(range);
        source.facts.assignments.iter().any(|it| within(source.facts.expr_range(it.target))) || text.contains("++") || text.contains("--")
    };
    if row.iter().any(|(_, binds)| changes(binds.value)) {
        return Err(Refusal::new("a question changes something"));
    }
    Ok(row)
}

/// Refuses calls of functions that keep something: another call could ask for it.
pub(super) fn keeps_nothing(snapshot: &Snapshot, call: Place) -> Result<(), Refusal> {
    let edges = snapshot.chart.functions.values().flatten().filter(|edge| edge.place == call);
    let mut open: Vec<(FunctionRef, u32)> = edges.map(|edge| (edge.callee, 0)).collect();
    let mut seen: FxHashSet<FunctionRef> = open.iter().map(|(function, _)| *function).collect();
    while let Some((function, hops)) = open.pop() {
        let Some(facts) = snapshot.files.source(function.file) else { continue };
        if keeps(facts, function.function) {
            let name = facts.function(function.function).name.as_str();
            let name = if name.is_empty() { "a function that it runs" } else { name };
            return Err(Refusal::new(format!("{name} keeps something")));
        }
        let edges = snapshot.chart.functions.get(&function).into_iter().flatten().filter(|_| hops < MAX_HOPS);
        open.extend(edges.map(|edge| edge.callee).filter(|callee| seen.insert(*callee)).map(|callee| (callee, hops + 1)));
    }
    Ok(())
}

/// Whether a function assigns to something that is there before and after it: what a constructor makes is not there before.
fn keeps(facts: &SourceFacts, function: FunctionId) -> bool {
    let (range, makes) = (facts.function(function).range, facts.function(function).kind == FunctionKind::Constructor);
    let own = |name: &str| facts.bindings.iter().any(|binding| binding.name == name && range.contains(binding.range));
    assigned_in(facts, range).any(|base| match base {
        Expr::Name(name) => !own(name),
        Expr::This => !makes,
        _ => true,
    })
}

/// The comments between the calls, each on a line of its own.
fn comments(source: &Source<'_>, row: &[(Statement, Binds)]) -> String {
    let indent = source.indent_at(row[0].0.range.start);
    let gaps = row.windows(2).map(|pair| TextRange { start: pair[0].0.range.end, end: pair[1].0.range.start });
    let lines = gaps.flat_map(|gap| source.slice(gap).lines().map(str::trim).filter(|line| !line.is_empty()));
    lines.map(|line| format!("{line}{}{indent}", source.newline())).collect()
}

fn ecmascript(source: &Source<'_>, row: &[(Statement, Binds)]) -> Result<String, Refusal> {
    if source.declares("Promise") {
        return Err(Refusal::new(format!("the name Promise means something else in {}", source.name())));
    }
    let (newline, unit, indent) = (source.newline(), source.indent_unit(), source.indent_at(row[0].0.range.start));
    let keyword = source.slice(row[0].1.keyword);
    if !matches!(keyword, "const" | "let") || row.iter().any(|(_, binds)| source.slice(binds.keyword) != keyword) {
        return Err(Refusal::new("the answers are not bound in the same way"));
    }
    let (mut patterns, mut questions) = (Vec::new(), Vec::new());
    for (_, binds) in row {
        let question = binds.awaited.ok_or_else(|| Refusal::new("an answer is taken apart while it is waited for"))?;
        if binds.ty.is_some() {
            return Err(Refusal::new("an answer has its type from its variable"));
        }
        // What is asked first would be on its way, and could fail, while nobody listens.
        if ["await", "yield"].iter().any(|word| Source::has_word(source.slice(question), word)) {
            return Err(Refusal::new("a question waits for something else"));
        }
        patterns.push(source.slice(binds.pattern));
        questions.push(source.indented(question, 1));
    }
    let end = if source.slice(row[0].0.range).ends_with(';') { ";" } else { "" };
    let fits = |line: &str| !line.contains('\n') && indent.chars().count() + line.chars().count() <= width(source);
    let listed = |items: &[String]| items.iter().map(|item| format!("{indent}{unit}{item},{newline}")).collect::<String>();
    let patterns: Vec<String> = patterns.into_iter().map(str::to_owned).collect();
    let mut begin = format!("{keyword} [{}] = await Promise.all([", patterns.join(", "));
    let line = format!("{begin}{}]){end}", questions.join(", "));
    if fits(&line) && comments(source, row).is_empty() {
        return Ok(line);
    }
    if !fits(&begin) {
        begin = format!("{keyword} [{newline}{}{indent}] = await Promise.all([", listed(&patterns));
    }
    Ok(format!("{begin}{newline}{}{indent}]){end}", listed(&questions)))
}

fn rust(context: &Context<'_>, source: &Source<'_>, call: Place, row: &[(Statement, Binds)]) -> Result<String, Refusal> {
    let runtime = library(context.snapshot, source.file, "tokio");
    let has_macros = runtime.is_some_and(|it| it.features.iter().any(|feature| matches!(feature.as_str(), "macros" | "full")));
    let join = if has_macros {
        "tokio::try_join!"
    } else if library(context.snapshot, source.file, "futures").is_some() {
        "futures::try_join!"
    } else {
        return Err(Refusal::new("this crate has no try_join!: it is in tokio's feature `macros`, and in futures"));
    };
    if source.tree().is_none_or(|tree| tree.macro_around(call.range.start).is_some()) {
        return Err(Refusal::new("the calls stand in a macro"));
    }
    let facts = source.facts;
    let own = facts.calls.iter().find(|it| it.name_range == call.range).map(|it| facts.function(it.function));
    let function = own.filter(|it| it.is_async && matches!(it.kind, FunctionKind::Function | FunctionKind::Method));
    let function = function.ok_or_else(|| Refusal::new("the calls are not in an async function of their own"))?;
    let error = error(source, function).ok_or_else(|| Refusal::new("the function does not say what its error is"))?;
    let (newline, unit, indent) = (source.newline(), source.indent_unit(), source.indent_at(row[0].0.range.start));
    shares(source, function, row)?;
    let (mut patterns, mut types, mut questions) = (Vec::new(), Vec::new(), Vec::new());
    for (_, binds) in row {
        let question = source.slice(binds.value);
        if !question.ends_with('?') {
            return Err(Refusal::new("a failure is not handed on"));
        }
        if ["return", "break", "continue", "yield"].iter().any(|word| Source::has_word(question, word)) {
            return Err(Refusal::new("a question may end early"));
        }
        patterns.push(source.slice(binds.pattern));
        types.push(binds.ty.map_or("_", |ty| source.slice(ty)));
        questions.push(if question.contains('\n') {
            let (one, two, moved) = (format!("{indent}{unit}"), format!("{indent}{unit}{unit}"), source.indented(binds.value, 3));
            format!("{one}async {{{newline}{two}Ok::<_, {error}>({newline}{two}{unit}{moved},{newline}{two}){newline}{one}}},{newline}")
        } else {
            format!("{indent}{unit}async {{ Ok::<_, {error}>({question}) }},{newline}")
        });
    }
    let typed = if types.iter().any(|ty| *ty != "_") { format!(": ({})", types.join(", ")) } else { String::new() };
    Ok(format!("let ({}){typed} = {join}({newline}{}{indent})?;", patterns.join(", "), questions.concat()))
}

/// Refuses what two blocks that run at the same time may not both have, or not keep while they wait.
fn shares(source: &Source<'_>, function: &Function, row: &[(Statement, Binds)]) -> Result<(), Refusal> {
    let facts = source.facts;
    let texts: Vec<&str> = row.iter().map(|(_, binds)| source.slice(binds.value)).collect();
    let asked = |name: &str| texts.iter().filter(|text| Source::has_word(text, name)).count();
    if asked("self") > 0 && !held::only_reads_self(source, function) {
        return Err(Refusal::new("`self` is not only read"));
    }
    let inside = |range: TextRange| row.iter().any(|(_, binds)| binds.value.contains(range));
    // What a closure in a question takes is its own, and hides nothing here.
    if facts.bindings.iter().any(|binding| inside(binding.range)) {
        return Err(Refusal::new("a question has names of its own"));
    }
    for (name, held) in held::names(source, function, row[0].0.range.start) {
        match (asked(name), held) {
            (0, _) | (_, Held::Shared) => {}
            (1, Held::Owned) => {}
            (_, Held::Owned) if texts.iter().all(|text| is_only_lent(text, name)) => {}
            (_, Held::Owned) => return Err(Refusal::new(format!("`{name}` may be given away by one of the questions"))),
            (_, Held::Unknown) => return Err(Refusal::new(format!("whether both can have `{name}` at once is not known"))),
        }
    }
    Ok(())
}
