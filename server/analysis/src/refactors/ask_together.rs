//! Questions that are asked one after the other, asked together: `Promise.all`, `tokio::try_join!`.
//!
//! What deliberately does not live here: calls that change something, which nothing here may bring into another order. Invariant: it is offered
//! only where everything that it rests on is seen in the code; a wrong one would compile.

use portolan_grammars::facts::{Binding, CallId, Expr, Function, FunctionId, FunctionKind, Language, Param, SourceFacts, TextRange};
use portolan_grammars::languages::{Binds, Statement};
use rustc_hash::FxHashSet;

use super::instrument_handler::{IDENTIFIERS, full_path, last};
use super::option::width;
use super::packages::library;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::rules::Finding;
use crate::rules::sequential_calls::RULE;
use crate::{FunctionRef, Place, Snapshot};

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// Functions between a call here and the one that leaves the process.
const MAX_HOPS: u32 = 3;
/// Aliases of `Result` that say their error, and what that is.
const ERRORS: [(&str, &str); 5] = [
    ("anyhow::Result", "anyhow::Error"),
    ("eyre::Result", "eyre::Report"),
    ("reqwest::Result", "reqwest::Error"),
    ("std::io::Result", "std::io::Error"),
    ("tonic::Result", "tonic::Status"),
];
/// Extractors of web frameworks, whose values handlers on several threads may share.
const EXTRACTORS: [&str; 5] = ["Extension", "Json", "Path", "Query", "State"];

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
            return Err(Refusal::new(format!("{} keeps something", facts.function(function.function).name)));
        }
        let edges = snapshot.chart.functions.get(&function).into_iter().flatten().filter(|_| hops < MAX_HOPS);
        open.extend(edges.map(|edge| edge.callee).filter(|callee| seen.insert(*callee)).map(|callee| (callee, hops + 1)));
    }
    Ok(())
}

/// What assignments within a range assign to, or to a part of: `order` of `order.lines[0] = line`.
pub(super) fn assigned_in(facts: &SourceFacts, range: TextRange) -> impl Iterator<Item = &Expr> {
    facts.assignments.iter().filter(move |it| range.contains(facts.expr_range(it.target))).map(|assignment| {
        let mut target = facts.expr(assignment.target);
        while let Expr::Member { object, .. } | Expr::Index { object, .. } = target {
            target = facts.expr(*object);
        }
        target
    })
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

/// The error of a function, as written.
fn error(source: &Source<'_>, function: &Function) -> Option<String> {
    let result = function.result.as_ref()?;
    let path = full_path(source.facts, &result.path);
    let error = match result.args.as_slice() {
        [_, error] if last(&path) == "Result" => source.slice(error.range).to_owned(),
        [_] => ERRORS.iter().find(|(alias, _)| *alias == path)?.1.to_owned(),
        _ => return None,
    };
    // A boxed error may be bound to its thread.
    (!error.contains("dyn") && !error.contains("impl") && !error.contains('\'')).then_some(error)
}

/// Refuses what two blocks that run at the same time may not both have, or not keep while they wait.
fn shares(source: &Source<'_>, function: &Function, row: &[(Statement, Binds)]) -> Result<(), Refusal> {
    let facts = source.facts;
    let texts: Vec<&str> = row.iter().map(|(_, binds)| source.slice(binds.value)).collect();
    let asked = |name: &str| texts.iter().filter(|text| Source::has_word(text, name)).count();
    if asked("self") > 0 {
        let head = source.slice(TextRange { start: function.name_range.end, end: facts.region(function.body).range.start });
        let receiver: String = head.split([',', ')']).next().unwrap_or_default().chars().filter(|letter| !letter.is_whitespace()).collect();
        if !receiver.ends_with("&self") {
            return Err(Refusal::new("`self` is not only read"));
        }
    }
    let start = row[0].0.range.start;
    let inside = |range: TextRange| row.iter().any(|(_, binds)| binds.value.contains(range));
    let mut names: Vec<(&str, Held)> = Vec::new();
    for param in &function.params {
        if param.name.is_empty() {
            let bound = facts.bindings.iter().filter(|binding| param.range.contains(binding.range));
            names.extend(bound.map(|binding| (binding.name.as_str(), of_pattern(source, param, binding))));
        } else {
            names.push((param.name.as_str(), of_param(source, param)));
        }
    }
    let bindings = facts.bindings.iter().filter(|binding| {
        function.range.contains(binding.range)
            && binding.range.start < start
            && !function.params.iter().any(|param| param.range.contains(binding.range))
    });
    names.extend(bindings.map(|binding| (binding.name.as_str(), of_binding(source, binding))));
    // What a closure in a question takes is its own, and hides nothing here.
    if facts.bindings.iter().any(|binding| inside(binding.range)) {
        return Err(Refusal::new("a question has names of its own"));
    }
    for (name, held) in names {
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

/// How a function has what goes by a name.
#[derive(Clone, Copy, PartialEq)]
enum Held {
    /// It can be had any number of times.
    Shared,
    /// It can be lent any number of times, and given away once.
    Owned,
    /// It may be lent to one at a time, or not across threads.
    Unknown,
}

fn of_param(source: &Source<'_>, param: &Param) -> Held {
    let before = source.text[..param.range.start as usize].trim_end();
    let rest = source.text[param.range.end as usize..].trim_start().strip_prefix(':').map_or("", str::trim_start);
    if before.ends_with("mut") || source.slice(param.range).starts_with("mut ") {
        return Held::Unknown;
    }
    if let Some(of) = rest.strip_prefix('&') {
        let of = if of.starts_with('\'') { of.split_once(' ').map_or("", |(_, of)| of) } else { of };
        return if of.trim_start().starts_with("mut ") || of.contains("dyn ") { Held::Unknown } else { Held::Shared };
    }
    param.ty.as_ref().map_or(Held::Unknown, |ty| of_type(&ty.path, ty.args.is_empty()))
}

fn of_type(path: &str, plain: bool) -> Held {
    match last(path) {
        "String" if plain => Held::Owned,
        name if plain && IDENTIFIERS.contains(&name) => Held::Shared,
        _ => Held::Unknown,
    }
}

fn of_pattern(source: &Source<'_>, param: &Param, binding: &Binding) -> Held {
    let pattern = source.slice(param.range);
    let Some(ty) = param.ty.as_ref().filter(|ty| EXTRACTORS.contains(&last(&ty.path)) && !pattern.contains("mut ")) else {
        return Held::Unknown;
    };
    // `Path(id): Path<u64>`, and no pattern within.
    let alone = pattern.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')')).is_some_and(|inner| inner.trim() == binding.name);
    match ty.args.as_slice() {
        [inner] if alone && of_type(&inner.path, inner.args.is_empty()) == Held::Shared => Held::Shared,
        _ => Held::Owned,
    }
}

fn of_binding(source: &Source<'_>, binding: &Binding) -> Held {
    let value = binding.value.filter(|_| binding.constant).map(|value| source.facts.expr(value));
    let made = |id: &CallId| {
        let callee = source.slice(source.facts.expr_range(source.facts.call(*id).callee));
        full_path(source.facts, callee) == "reqwest::Client::new"
    };
    match value {
        Some(Expr::Concat(_)) => Held::Owned,
        Some(Expr::Str(_) | Expr::Number(_) | Expr::Bool(_)) => Held::Shared,
        Some(Expr::Call(id)) if made(id) => Held::Owned,
        _ => Held::Unknown,
    }
}

/// Whether a text does nothing with a name but lend what it stands for: `&name`, `name.clone()`, `"{name}"`, `name.get(url)`.
pub(super) fn is_only_lent(text: &str, name: &str) -> bool {
    const LENDING: [&str; 9] =
        [".clone()", ".as_ref()", ".as_str()", ".to_string()", ".to_owned()", ".get(", ".head(", ".iter()", ".len()"];
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let uses = text.match_indices(name).filter(|(at, _)| !text[..*at].ends_with(part) && !text[at + name.len()..].starts_with(part));
    uses.into_iter().all(|(at, _)| {
        let (before, after) = (text[..at].trim_end(), text[at + name.len()..].trim_start());
        let fields = after.trim_start_matches(|letter: char| part(letter) || letter == '.');
        // The last name of a path of fields is that of the method.
        let method = &after[..after.len() - fields.len()];
        let method = method.rfind('.').map_or(after, |dot| &after[dot..]);
        let called = after.len() != fields.len() && fields.starts_with('(');
        before.ends_with('&') && !called
            || before.ends_with('{') && after.starts_with(['}', ':'])
            || LENDING.iter().any(|lends| method.starts_with(lends))
    })
}
