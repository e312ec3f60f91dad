//! `#[tracing::instrument]` on a Rust handler that no span is recorded for.
//!
//! Arguments are skipped: they need not implement `Debug`, and may hold secrets. Invariant: what is recorded of an error or an identifier is known
//! to implement `Display`.

use portolan_grammars::facts::{Expr, Function, FunctionKind, Import, Imported, Language, Param, SourceFacts, TypeRef};

use super::handlers::{self, Handler, handler};
use super::packages::library;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::Snapshot;
use crate::rules::Finding;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[handlers::RULE], plan };

/// Errors of libraries that implement `Display`.
const ERRORS: [&str; 24] = [
    "String",
    "actix_web::Error",
    "anyhow::Error",
    "axum::Error",
    "axum::http::StatusCode",
    "color_eyre::Report",
    "color_eyre::eyre::Report",
    "eyre::Report",
    "http::StatusCode",
    "hyper::Error",
    "hyper::StatusCode",
    "io::Error",
    "lapin::Error",
    "rdkafka::error::KafkaError",
    "redis::RedisError",
    "reqwest::Error",
    "reqwest::StatusCode",
    "serde_json::Error",
    "sqlx::Error",
    "std::fmt::Error",
    "std::io::Error",
    "tokio_postgres::Error",
    "tonic::Status",
    "tower::BoxError",
];

/// Aliases of `Result` whose error does.
const RESULTS: [&str; 8] = [
    "actix_web::Result",
    "anyhow::Result",
    "color_eyre::Result",
    "color_eyre::eyre::Result",
    "eyre::Result",
    "io::Result",
    "sqlx::Result",
    "std::io::Result",
];

/// Types of identifiers that do.
pub(super) const IDENTIFIERS: [&str; 16] =
    ["String", "Uuid", "bool", "char", "i128", "i16", "i32", "i64", "isize", "str", "u128", "u16", "u32", "u64", "u8", "usize"];

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let handler = handler(context.snapshot, finding)?;
    let facts = context.snapshot.files.source(handler.function.file)?;
    if facts.language != Language::Rust {
        return None;
    }
    let function = facts.function(handler.function.function);
    let name = if function.name.is_empty() { "its handler" } else { &function.name };
    let title = format!("Open a span in {name} with #[tracing::instrument]");
    Some(Plan { title, level: Level::Safe, edit: edit(context, &handler, function) })
}

fn edit(context: &Context<'_>, handler: &Handler, function: &Function) -> Result<Edit, Refusal> {
    let snapshot = context.snapshot;
    if !matches!(function.kind, FunctionKind::Function | FunctionKind::Method) {
        return Err(Refusal::new("the handler is a closure, which takes no attribute"));
    }
    let source = context.source(handler.function.file)?;
    if library(snapshot, source.file, "tracing").is_none() {
        return Err(Refusal::new("tracing is no dependency of this crate"));
    }
    let head = source.text.get(function.range.start as usize..function.name_range.start as usize).unwrap_or_default();
    let mut words = head.split_whitespace().filter(|word| !word.starts_with("pub") && !word.ends_with(')'));
    // What a macro makes of its tokens is not known.
    if !words.clone().any(|word| word == "fn") || words.any(|word| !matches!(word, "async" | "unsafe" | "fn")) {
        return Err(Refusal::new("the handler is no plain function"));
    }
    if !function.is_async && function.result.as_ref().is_some_and(returns_future) {
        return Err(Refusal::new("the handler returns a future, and its span would end before the work begins"));
    }
    if is_spoken_of(&source, function) {
        return Err(Refusal::new("what is said above the handler speaks of `instrument`: somebody has decided that"));
    }
    let mut arguments = vec!["skip_all".to_owned()];
    let fields = fields(source.facts, handler, function);
    if !fields.is_empty() {
        arguments.push(format!("fields({})", fields.join(", ")));
    }
    if function.result.as_ref().is_some_and(|result| error_is_shown(snapshot, &source, result)) {
        arguments.push("err".to_owned());
    }
    let (indent, newline) = (source.indent_at(function.range.start), source.newline());
    let mut edit = Edit::default();
    let attribute = format!("#[tracing::instrument({})]{newline}{indent}", arguments.join(", "));
    edit.insert(source.file, function.range.start, attribute);
    Ok(edit)
}

/// Whether the comments and attributes right above a function speak of the macro.
fn is_spoken_of(source: &Source<'_>, function: &Function) -> bool {
    let above = source.text[..source.line_start(function.range.start)].lines().rev();
    let mut said = above.map(str::trim).take_while(|line| line.starts_with("//") || line.starts_with('#'));
    said.any(|line| line.contains("instrument"))
}

fn returns_future(result: &TypeRef) -> bool {
    let last = last(&result.path);
    last.ends_with("Future")
        || last == "Pin" && result.args.iter().any(returns_future)
        || last == "Box" && result.args.iter().any(returns_future)
}

pub(super) fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Identifiers among the parameters: `order_id = %id`.
fn fields(facts: &SourceFacts, handler: &Handler, function: &Function) -> Vec<String> {
    let field = |param: &Param| {
        let ty = param.ty.as_ref()?;
        // `Path(id): Path<Uuid>` is a pattern with one name in it.
        let (name, ty) = if param.name.is_empty() {
            let mut names = facts.bindings.iter().filter(|binding| param.range.contains(binding.range));
            let name = names.next().filter(|_| names.next().is_none() && last(&ty.path) == "Path")?;
            (name.name.clone(), ty.args.first()?)
        } else {
            (param.name.clone(), ty)
        };
        let shown = IDENTIFIERS.contains(&last(&ty.path)) && ty.args.is_empty();
        if !shown || !(name == "id" || name.ends_with("_id")) {
            return None;
        }
        let field = if name == "id" {
            entity_of(&handler.route).map_or_else(|| "id".to_owned(), |entity| format!("{entity}_id"))
        } else {
            name.to_string()
        };
        Some(format!("{field} = %{name}"))
    };
    function.params.iter().filter_map(field).collect()
}

/// What `{id}` names in a route: `order` in `/orders/{id}`.
fn entity_of(route: &str) -> Option<String> {
    let segments: Vec<&str> = route.split('/').collect();
    let at = segments.iter().position(|segment| *segment == "{id}")?;
    let collection = segments.get(at.checked_sub(1)?)?.replace('-', "_");
    let plain = !collection.is_empty() && collection.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    let entity = match collection.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => collection.strip_suffix('s').filter(|stem| !stem.ends_with(['s', 'u'])).unwrap_or(&collection).to_owned(),
    };
    plain.then_some(entity)
}

/// Whether a function's result is a `Result` whose error is known to implement `Display`.
fn error_is_shown(snapshot: &Snapshot, source: &Source<'_>, result: &TypeRef) -> bool {
    let path = full_path(source.facts, &result.path);
    if RESULTS.contains(&path.as_str()) && result.args.len() < 2 {
        return true;
    }
    let standard = ["Result", "std::result::Result", "core::result::Result", "anyhow::Result", "actix_web::Result", "eyre::Result"];
    let [_, error] = result.args.as_slice() else { return false };
    if !standard.contains(&path.as_str()) {
        return false;
    }
    if last(&error.path) == "Box" {
        return error.args.first().is_some_and(|inner| full_path(source.facts, &inner.path) == "std::error::Error");
    }
    let path = full_path(source.facts, &error.path);
    ERRORS.contains(&path.as_str()) || error.args.is_empty() && house_made_is_shown(snapshot, source, last(&path))
}

/// A path as written, its first name put in place of what it was imported as.
pub(super) fn full_path(facts: &SourceFacts, path: &str) -> String {
    let (first, rest) = path.split_once("::").map_or((path, ""), |(first, _)| (first, &path[first.len()..]));
    let named = |import: &&Import| import.local == first && matches!(import.imported, Imported::Named(_) | Imported::Namespace);
    match facts.imports.iter().find(named) {
        Some(Import { source, imported: Imported::Named(name), .. }) if source.is_empty() => format!("{name}{rest}"),
        Some(Import { source, imported: Imported::Named(name), .. }) => format!("{source}::{name}{rest}"),
        _ => path.to_owned(),
    }
}

/// Whether the only type of this name in the file's crate is seen to implement `Display`.
fn house_made_is_shown(snapshot: &Snapshot, source: &Source<'_>, name: &str) -> bool {
    let package = snapshot.workspace.package_of(source.path);
    let own = |path: &camino::Utf8Path| path.extension() == Some("rs") && snapshot.workspace.package_of(path) == package;
    let files = snapshot.files.iter().filter(|(_, path, _)| own(path)).filter_map(|(_, _, facts)| facts.source());
    let (mut types, mut shown) = (0, false);
    for facts in files {
        for ty in facts.types.iter().filter(|ty| ty.name == name) {
            types += 1;
            let derived = |argument: &Expr| match argument {
                Expr::Name(name) => matches!(full_path(facts, name).as_str(), "thiserror::Error" | "snafu::Snafu"),
                Expr::Path(path) => matches!(path.join("::").as_str(), "thiserror::Error" | "snafu::Snafu"),
                _ => false,
            };
            let derives = ty.attributes.iter().filter(|attribute| attribute.path == "derive").flat_map(|attribute| &attribute.args);
            shown |= derives.into_iter().any(|argument| derived(facts.expr(*argument)));
        }
        shown |= facts.impls.iter().any(|block| {
            let display = block.trait_ref.as_ref().is_some_and(|ty| last(&ty.path) == "Display");
            display && last(&block.self_type.path) == name
        });
    }
    types == 1 && shown
}
