//! What a function of Rust has by its names, and what becomes of that: whether it can be had several times, and by which error the function fails.
//!
//! Invariant: what is not seen to be lent, or to be had any number of times, is not known.

use portolan_grammars::facts::{Binding, CallId, Expr, Function, Param, TextRange};

use super::Source;
use super::instrument_handler::{IDENTIFIERS, full_path, last};
use super::source::is_part_of_name;

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

/// How a function has what goes by a name.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Held {
    /// It can be had any number of times.
    Shared,
    /// It can be lent any number of times, and given away once.
    Owned,
    /// It may be lent to one at a time, or not across threads.
    Unknown,
}

/// What a function of Rust has by names that are its own, as it comes to a place.
pub(super) fn names<'a>(source: &Source<'a>, function: &'a Function, start: u32) -> Vec<(&'a str, Held)> {
    let facts = source.facts;
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
    names
}

/// Whether a method has no more of its receiver than `&self`.
pub(super) fn only_reads_self(source: &Source<'_>, function: &Function) -> bool {
    let head = source.slice(TextRange { start: function.name_range.end, end: source.facts.region(function.body).range.start });
    let receiver: String = head.split([',', ')']).next().unwrap_or_default().chars().filter(|letter| !letter.is_whitespace()).collect();
    receiver.ends_with("&self")
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
    let lends = |at: usize| {
        let (before, after) = (text[..at].trim_end(), text[at + name.len()..].trim_start());
        let fields = after.trim_start_matches(|letter: char| is_part_of_name(letter) || letter == '.');
        // The last name of a path of fields is that of the method.
        let method = &after[..after.len() - fields.len()];
        let method = method.rfind('.').map_or(after, |dot| &after[dot..]);
        let called = after.len() != fields.len() && fields.starts_with('(');
        before.ends_with('&') && !called
            || before.ends_with('{') && after.starts_with(['}', ':'])
            || LENDING.iter().any(|lends| method.starts_with(lends))
    };
    Source::words(text, name).all(lends)
}

/// The error of a function, as written.
pub(super) fn error(source: &Source<'_>, function: &Function) -> Option<String> {
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
