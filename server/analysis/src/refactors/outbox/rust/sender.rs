//! The function of the workspace that sends, and which of its arguments are kept.
//!
//! Invariant: it can be called from a module right below the crate's root, and what it is given is the same once it was JSON.

use camino::Utf8Path;
use portolan_grammars::facts::{Call, Expr, Function, Param, TextRange};

use super::super::super::instrument_handler::{full_path, last};
use super::super::super::packages::library;
use super::super::super::sqlx::written_type;
use super::super::super::{Context, Refusal, Source};
use crate::{FunctionRef, Place};

/// What brokers' libraries send with, by their paths; each can be had any number of times.
const CLIENTS: [(&str, &str); 7] = [
    ("lapin::Channel", "Channel"),
    ("lapin::channel::Channel", "Channel"),
    ("rdkafka::producer::FutureProducer", "FutureProducer"),
    ("rdkafka::producer::future_producer::FutureProducer", "FutureProducer"),
    ("async_nats::Client", "Client"),
    ("async_nats::client::Client", "Client"),
    ("async_nats::jetstream::Context", "Context"),
];
/// Crates whose errors are such, or become such, and whose results say so.
const ERRORS: [&str; 8] = ["anyhow::", "async_nats::", "eyre::", "lapin::", "rdkafka::", "serde_json::", "sqlx::", "std::io::"];
/// Types that are the same in JSON.
const PLAIN: [&str; 13] = ["bool", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f32", "f64"];
/// Names of the module's own.
const NAMES: [&str; 11] = ["tx", "pool", "number", "tries", "kept", "rows", "error", "sent", "send", "trace", "span"];
/// What is true of JSON that was read again, too.
const BOUNDS: [&str; 6] = ["Serialize", "Send", "Sync", "Debug", "?Sized", "'static"];

/// What sends.
pub(super) struct Sender {
    /// How it is called.
    pub(super) path: String,
    /// What it sends with: its name, the path of its type, and that type's name.
    pub(super) client: (String, &'static str, &'static str),
    /// Where that is given, and whether it is lent.
    pub(super) client_at: (usize, bool),
    /// What else it is given, in order.
    pub(super) kept: Vec<Kept>,
}

/// An argument that is kept.
pub(super) struct Kept {
    /// Which.
    pub(super) at: usize,
    pub(super) name: String,
    /// Whether it is lent.
    pub(super) lent: bool,
    /// What a function takes that keeps it, and what it is once it is read again.
    pub(super) takes: String,
    pub(super) is: String,
}

impl Sender {
    /// The function that a call calls.
    pub(super) fn of(context: &Context<'_>, source: &Source<'_>, root: &Source<'_>, sends: &Call) -> Result<Self, Refusal> {
        let snapshot = context.snapshot;
        let around = FunctionRef { file: source.file, function: sends.function };
        let callee = snapshot.index.callee_at(around, Place { file: source.file, range: sends.name_range });
        let callee = callee.ok_or_else(|| Refusal::new("what sends is no function of the workspace, whose arguments could be kept"))?;
        let home = context.source(callee.file)?;
        let function = home.facts.function(callee.function);
        if function.owner.is_some() || function.params.len() != sends.args.len() {
            return Err(Refusal::new(format!("`{}` belongs to a value", function.name)));
        }
        if !function.is_async {
            return Err(Refusal::new(format!("`{}` is no async function", function.name)));
        }
        if !fails_as_errors_do(context, &home, function) {
            return Err(Refusal::new(format!("whether the failure of `{}` is an error that can be handed on is not known", function.name)));
        }
        let path = path(context, root, &home, function)?;
        let (mut client, mut kept) = (None, Vec::new());
        for (at, param) in function.params.iter().enumerate() {
            let text = written_type(&home, param).map(|ty| home.slice(ty)).unwrap_or_default();
            let (lent, ty) = text.strip_prefix('&').map_or((false, text), |ty| (true, ty.trim_start()));
            let whole = full_path(home.facts, ty);
            match CLIENTS.iter().find(|(path, _)| *path == whole) {
                Some((path, name)) if client.is_none() => client = Some(((param.name.to_string(), *path, *name), (at, lent))),
                _ => kept.push(keep(&home, function, param, (at, lent, ty))?),
            }
        }
        let (client, client_at) = client.ok_or_else(|| Refusal::new(format!("what `{}` sends with is not known", function.name)))?;
        let names = || kept.iter().map(|kept| kept.name.as_str()).chain([client.0.as_str()]);
        if let Some(name) = names().find(|name| NAMES.contains(name)) {
            return Err(Refusal::new(format!("the name {name} would mean two things")));
        }
        if kept.is_empty() || library(snapshot, home.file, "sqlx").is_none() {
            return Err(Refusal::new(format!("`{}` is given nothing that could be kept", function.name)));
        }
        Ok(Self { path, client, client_at, kept })
    }

    /// What a call gives at a position, as written.
    pub(super) fn given(&self, source: &Source<'_>, sends: &Call, at: usize) -> String {
        let facts = source.facts;
        let end = facts.expr_range(sends.args[at].value).end;
        let start = match at.checked_sub(1) {
            None => facts.expr_range(sends.callee).end + 1,
            Some(before) => {
                let before = facts.expr_range(sends.args[before].value).end;
                let comma = source.slice(TextRange { start: before, end }).find(',').map_or(0, |comma| comma + 1);
                before + comma as u32
            }
        };
        source.slice(TextRange { start, end }).trim().to_owned()
    }
}

/// Whether a function fails with what implements `Error`, or becomes such.
fn fails_as_errors_do(context: &Context<'_>, home: &Source<'_>, function: &Function) -> bool {
    let Some(result) = &function.result else { return false };
    let known = |path: &str| ERRORS.iter().any(|of| path.starts_with(of));
    let [_, error] = result.args.as_slice() else { return known(&full_path(home.facts, &result.path)) };
    let path = full_path(home.facts, &error.path);
    if known(&path) || path == "String" {
        return true;
    }
    let package = context.snapshot.workspace.package_of(home.path);
    let own = |file: &Utf8Path| context.snapshot.workspace.package_of(file) == package;
    let mut files = context.snapshot.files.iter().filter(|(_, path, _)| own(path)).filter_map(|(_, _, facts)| facts.source());
    let name = last(&path);
    files.any(|facts| {
        let derives = facts.types.iter().filter(|ty| ty.name == name).flat_map(|ty| &ty.attributes).filter(|it| it.path == "derive");
        let derived = derives.flat_map(|attribute| &attribute.args).any(|argument| match facts.expr(*argument) {
            Expr::Name(name) => full_path(facts, name) == "thiserror::Error",
            Expr::Path(path) => path.join("::") == "thiserror::Error",
            _ => false,
        });
        let implements = facts.impls.iter().any(|block| {
            let is_error = block.trait_ref.as_ref().is_some_and(|ty| last(&ty.path) == "Error");
            is_error && last(&block.self_type.path) == name
        });
        derived || implements
    })
}

/// How a parameter is kept.
fn keep(home: &Source<'_>, function: &Function, param: &Param, (at, lent, ty): (usize, bool, &str)) -> Result<Kept, Refusal> {
    let head = home.slice(TextRange { start: function.name_range.end, end: home.facts.region(function.body).range.start });
    let bounds = bounds(head, ty);
    let is_json = bounds.contains(&"Serialize") && bounds.iter().all(|bound| BOUNDS.contains(bound));
    let plain = |is: &str| (is.to_owned(), is.to_owned());
    let (takes, is) = match ty {
        "str" if lent => ("str".to_owned(), "String".to_owned()),
        "String" => plain("String"),
        _ if PLAIN.contains(&ty) => plain(ty),
        _ if is_json && bounds.contains(&"?Sized") => ("(impl serde::Serialize + ?Sized)".to_owned(), "serde_json::Value".to_owned()),
        _ if is_json => ("impl serde::Serialize".to_owned(), "serde_json::Value".to_owned()),
        _ if last(&full_path(home.facts, ty)) == "Value" && full_path(home.facts, ty).starts_with("serde_json") => {
            plain("serde_json::Value")
        }
        _ => return Err(Refusal::new(format!("whether `{}` can be kept as JSON is not known", param.name))),
    };
    let takes = if lent { format!("&{takes}") } else { takes };
    Ok(Kept { at, name: param.name.to_string(), lent, takes, is })
}

/// The traits that are asked of a type: `Serialize` of `impl Serialize`, and of `T` where the head says `T: Serialize`.
fn bounds<'t>(head: &'t str, ty: &'t str) -> Vec<&'t str> {
    let named = Source::words(head, ty).filter_map(|at| head[at + ty.len()..].strip_prefix(':')).filter(|rest| !rest.starts_with(':'));
    let written = named.map(|rest| rest.split([',', '>', '{']).next().unwrap_or_default());
    ty.strip_prefix("impl ").into_iter().chain(written).flat_map(|bounds| bounds.split('+')).map(|bound| last(bound.trim())).collect()
}

/// How a function is reached from anywhere in its crate.
fn path(context: &Context<'_>, root: &Source<'_>, home: &Source<'_>, function: &Function) -> Result<String, Refusal> {
    let hidden = || Refusal::new(format!("`{}` is not seen from everywhere in its crate", function.name));
    let folder = root.path.parent().ok_or_else(hidden)?;
    let inner = home.path.strip_prefix(folder).map_err(|_| hidden())?;
    if home.file == root.file && function.module.is_empty() {
        return Ok(format!("crate::{}", function.name));
    }
    let is_public = |text: &str| text.starts_with("pub ") || text.starts_with("pub(crate) ");
    let inner = inner.as_str().trim_end_matches(".rs").trim_end_matches("/mod");
    let names: Vec<&str> = inner.split('/').collect();
    // The first lies right below the root, where all see it.
    for at in 1..names.len() {
        let around = folder.join(names[..at].join("/"));
        let mut files =
            [around.with_extension("rs"), around.join("mod.rs")].into_iter().filter_map(|path| context.snapshot.files.id(&path));
        let around = context.source(files.next().ok_or_else(hidden)?)?;
        let module = around.facts.modules.iter().find(|module| module.name == names[at]).ok_or_else(hidden)?;
        if !is_public(around.line_of(module.range.start)) {
            return Err(hidden());
        }
    }
    if !function.module.is_empty() || !is_public(home.slice(function.range)) {
        return Err(hidden());
    }
    Ok(format!("crate::{}::{}", names.join("::"), function.name))
}
