//! The address of another service, read from a variable of the environment; the text that was there is what counts while nobody sets it.
//!
//! What deliberately does not live here: code that browsers run, which has no environment. Invariant: with the variable unset, every call goes
//! where it went; where compose builds the service, it is set to the same, or to what the other is called there instead of this machine.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::facts::{Expr, FunctionId, Language, Symbol, TextRange};
use portolan_grammars::languages::TextRole;

use super::compose::Entry;
use super::imports::{add, quote, statement_end};
use super::packages::{library, npm};
use super::source::RUST_WIDTH;
use super::{Context, Edit, Level, Plan, Refactor, Refusal, Source};
use crate::chart::{ServiceIndex, ServiceKind};
use crate::resolve::link::Request;
use crate::rules::Finding;
use crate::rules::hard_coded_endpoint::{RULE, addresses};
use crate::{FileId, Place, Snapshot};

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What bundlers want variables to begin with that browsers may see.
const PUBLIC: [&str; 7] = ["NEXT_PUBLIC_", "NUXT_PUBLIC_", "PUBLIC_", "VITE_", "REACT_APP_", "GATSBY_", "EXPO_PUBLIC_"];

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let [from, to] = finding.services[..] else { return None };
    let found = addresses(context.snapshot, from, to);
    if found.is_empty() || is_in_browsers(context.snapshot, from, &found) {
        return None;
    }
    let name = name(context.snapshot, from, to);
    let title = format!("Read the address of {} from {name}", context.snapshot.chart.service(to).id);
    Some(Plan { title, level: Level::Safe, edit: edit(context, from, to, &name, &found) })
}

/// Whether browsers run the code, or may.
fn is_in_browsers(snapshot: &Snapshot, from: ServiceIndex, found: &BTreeSet<(Place, String)>) -> bool {
    let chart = &snapshot.chart;
    let is_front_end = |service: ServiceIndex| chart.service(service).kind == ServiceKind::Frontend;
    let runs = |file: FileId| {
        let Some(source) = snapshot.files.source(file) else { return true };
        let page = matches!(snapshot.files.path(file).extension(), Some("vue" | "svelte" | "jsx" | "tsx"));
        let client = source.directives.iter().any(|directive| directive == "use client");
        let is_global = |name: &Symbol| matches!(name.as_str(), "window" | "document" | "localStorage");
        page || client || source.exprs.iter().any(|expression| matches!(&expression.kind, Expr::Name(name) if is_global(name)))
    };
    let shared = |place: &Place| {
        chart.calls.iter().any(|call| is_front_end(call.from) && call.evidence.iter().any(|evidence| evidence.place == *place))
    };
    is_front_end(from) || found.iter().any(|(place, _)| runs(place.file) || shared(place))
}

/// What the variable is called: what others call it that ask the same service, else after the service.
fn name(snapshot: &Snapshot, from: ServiceIndex, to: ServiceIndex) -> String {
    let chart = &snapshot.chart;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let askers = chart.calls.iter().filter(|call| call.target() == Some(to) && call.via.is_empty() && call.status.is_settled());
    for call in askers.filter(|call| chart.service(call.from).kind != ServiceKind::Frontend) {
        for variable in chart.variables.iter().filter(|variable| variable.service == call.from) {
            let decides = |place: &Place| variable.reads.contains(place) || variable.values.iter().any(|(_, at)| at == place);
            let is_address = variable.values.iter().all(|(value, _)| is_origin(value))
                && (!variable.values.is_empty() || variable.name.ends_with("URL"));
            if is_address && is_own_name(&variable.name) && call.evidence.iter().any(|evidence| decides(&evidence.place)) {
                *counts.entry(&variable.name).or_default() += 1;
            }
        }
    }
    // What its own code calls it comes first; then the name with the most calls, the first of these.
    let own = |name: &str| chart.variables.iter().any(|variable| variable.service == from && variable.name == name);
    let most = counts.iter().max_by_key(|(name, count)| (own(name), **count, std::cmp::Reverse(**name)));
    most.map_or_else(|| format!("{}{}", upper(&chart.service(to).id), suffix(snapshot)), |(name, _)| (*name).to_owned())
}

/// Whether a name is one that servers use.
fn is_own_name(name: &str) -> bool {
    let plain = name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    plain && !name.starts_with(|letter: char| letter.is_ascii_digit()) && !PUBLIC.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a text is a scheme and a host, and no more.
fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, host)| !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '@', '$']))
}

/// What names of addresses end with in the workspace behind the name of their service.
fn suffix(snapshot: &Snapshot) -> String {
    let (chart, workspace) = (&snapshot.chart, &snapshot.workspace);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, value) in workspace
        .deployments
        .iter()
        .flat_map(|it| &it.environment)
        .flat_map(|(name, values)| values.iter().map(move |value| (name, &value.value)))
    {
        let host = value.split_once("://").filter(|_| is_origin(value)).and_then(|(_, host)| host.split(':').next());
        let services = host.and_then(|host| workspace.hosts.get(host)).map(Vec::as_slice).unwrap_or_default();
        if let [service] = services
            && let Some(rest) =
                name.strip_prefix(upper(&chart.service(*service).id).as_str()).filter(|rest| rest.starts_with('_') && is_own_name(name))
        {
            *counts.entry(rest).or_default() += 1;
        }
    }
    // One alone is no custom.
    let most =
        counts.iter().filter(|(_, count)| **count > 1).max_by_key(|(rest, count)| (**count, **rest == "_URL", std::cmp::Reverse(**rest)));
    most.map_or("_URL", |(rest, _)| rest).to_owned()
}

/// `flight-service` as `FLIGHT_SERVICE`.
fn upper(id: &str) -> String {
    let name: String = id.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect();
    if name.starts_with(|letter: char| letter.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn edit(
    context: &Context<'_>,
    from: ServiceIndex,
    to: ServiceIndex,
    name: &str,
    found: &BTreeSet<(Place, String)>,
) -> Result<Edit, Refusal> {
    let snapshot = context.snapshot;
    let (caller, callee) = (snapshot.chart.service(from), snapshot.chart.service(to));
    let set = snapshot.workspace.deployments[from.index()].environment.get(name).map(Vec::as_slice).unwrap_or_default();
    if set.iter().any(|value| found.iter().any(|(_, address)| value.value != *address)) {
        return Err(Refusal::new(format!("{name} is set to something else for {}", caller.id)));
    }
    let mut edit = Edit::default();
    let files: BTreeSet<FileId> = found.iter().map(|(place, _)| place.file).collect();
    for file in files {
        let source = context.source(file)?;
        let own: Vec<(TextRange, &str)> =
            found.iter().filter(|(place, _)| place.file == file).map(|(place, address)| (place.range, address.as_str())).collect();
        match source.facts.language {
            Language::Rust => rust(context, &source, name, &own, &mut edit)?,
            _ => ecmascript(context, &source, name, &own, &mut edit)?,
        }
    }
    let addresses: BTreeSet<&str> = found.iter().map(|(_, address)| address.as_str()).collect();
    if let (true, Some(address)) = (set.is_empty() && addresses.len() == 1, addresses.first()) {
        Entry { from: caller, to: callee, name, address }.add(context, &mut edit)?;
    }
    Ok(edit)
}

/// An address in a literal: what the literal is part of, and what stands behind the address in it.
struct Written<'s> {
    literal: TextRange,
    role: TextRole,
    /// What is replaced of a literal with holes: the address alone.
    address: TextRange,
    /// The text behind it, as written.
    rest: &'s str,
}

fn written<'s>(source: &'s Source<'_>, range: TextRange, address: &str) -> Result<Written<'s>, Refusal> {
    let at = source.tree().and_then(|tree| tree.text_at(range.start)).ok_or_else(|| Refusal::new("the address is no plain text"))?;
    if let TextRole::Fixed(why) = at.role {
        return Err(Refusal::new(why));
    }
    let literal = source.slice(at.literal);
    let opening = literal.find(['"', '\'', '`']).map_or(0, |quote| quote + 1);
    let raw = &literal[opening..];
    let closing = raw.rfind(['"', '\'', '`']).unwrap_or(raw.len());
    // Whoever puts a user or an escape in the address is not followed.
    let rest = raw[..closing].strip_prefix(address).ok_or_else(|| Refusal::new("more than the host stands in the address"))?;
    if !(rest.is_empty() || rest.starts_with(['/', '?'])) {
        return Err(Refusal::new("a part of the address is put in when the program runs"));
    }
    let start = at.literal.start + opening as u32;
    Ok(Written { literal: at.literal, role: at.role, address: TextRange { start, end: start + address.len() as u32 }, rest })
}

fn ecmascript(context: &Context<'_>, source: &Source<'_>, name: &str, found: &[(TextRange, &str)], edit: &mut Edit) -> Result<(), Refusal> {
    if source.declares("process") {
        return Err(Refusal::new(format!("the name process means something else in {}", source.name())));
    }
    if source.facts.language == Language::TypeScript && !knows_process(context, source) {
        return Err(Refusal::new("its package has no types of Node.js"));
    }
    let (quote, end) = (quote(source), statement_end(source));
    let brackets = source.text.contains("process.env[") && !source.text.contains("process.env.");
    let variable = if brackets { format!("process.env[{quote}{name}{quote}]") } else { format!("process.env.{name}") };
    let address = found[0].1;
    // Once for all of a file; what loads the environment later than its imports would come too late for that.
    let once =
        found.len() > 1 && found.iter().all(|(_, other)| *other == address) && !source.declares(name) && !source.text.contains("dotenv");
    for (range, address) in found {
        let written = written(source, *range, address)?;
        let read = if once { name.to_owned() } else { format!("{variable} ?? {quote}{address}{quote}") };
        match written.role {
            TextRole::Template => edit.replace(source.file, written.address, format!("${{{read}}}")),
            TextRole::Value { bare } if written.rest.is_empty() => {
                let text = if bare || once { read } else { format!("({read})") };
                edit.replace(source.file, written.literal, text);
            }
            TextRole::Value { .. } if written.rest.contains(['`', '$', '\\']) => {
                return Err(Refusal::new("what stands behind the address would mean something else in a template"));
            }
            TextRole::Value { .. } => edit.replace(source.file, written.literal, format!("`${{{read}}}{}`", written.rest)),
            _ => return Err(Refusal::new("the address is no plain text")),
        }
    }
    if once {
        let constant = format!("const {name} = {variable} ?? {quote}{address}{quote}{end}");
        let first = found.iter().map(|(range, _)| range.start).min().unwrap_or_default();
        add(source, first, None, Some(constant), edit);
    }
    Ok(())
}

/// Whether TypeScript knows what `process` is: from its types, or because the package asks it already.
fn knows_process(context: &Context<'_>, source: &Source<'_>) -> bool {
    let snapshot = context.snapshot;
    let has_types = |file: FileId| {
        let manifest = npm(snapshot, file);
        let mut names = manifest.into_iter().flat_map(|manifest| manifest.dependencies.iter().chain(&manifest.dev_dependencies));
        names.any(|(name, _)| matches!(name.as_str(), "@types/node" | "@types/bun" | "bun-types"))
    };
    // Packages around it share what they have installed.
    let around = snapshot.workspace.packages.iter().filter(|package| source.path.starts_with(&package.root));
    has_types(source.file) || around.into_iter().any(|package| has_types(package.manifest)) || source.text.contains("process.")
}

fn rust(context: &Context<'_>, source: &Source<'_>, name: &str, found: &[(TextRange, &str)], edit: &mut Edit) -> Result<(), Refusal> {
    let address = found[0].1;
    let function = name.to_ascii_lowercase();
    let inline = |address: &str| format!("std::env::var(\"{name}\").unwrap_or_else(|_| \"{address}\".to_owned())");
    // A function of its own where it is read several times, or would not fit the line; within modules of the file it would need a path.
    let plain = found.iter().all(|(range, other)| *other == address && function_at(source, *range).is_some_and(|it| it.module.is_empty()));
    // The text itself goes, with its quotes.
    let wide = |range: TextRange| source.line_of(range.start).chars().count() + inline(address).len() > RUST_WIDTH + address.len() + 2;
    let once = plain && !source.declares(&function) && (found.len() > 1 || wide(found[0].0));
    for (range, address) in found {
        let written = written(source, *range, address)?;
        let read = if once { format!("{function}()") } else { inline(address) };
        let owned = || -> Result<String, Refusal> {
            match written.rest {
                "" => Ok(read.clone()),
                rest if rest.contains(['{', '}', '\\']) => {
                    Err(Refusal::new("what stands behind the address would mean something else in a format"))
                }
                rest => Ok(format!("format!(\"{{}}{rest}\", {read})")),
            }
        };
        match written.role {
            TextRole::Format if source.slice(macro_before(source, written.literal)) != "format!(" => {
                return Err(Refusal::new("it stands in a macro"));
            }
            TextRole::Format if has_positions(source.slice(written.literal)) => {
                return Err(Refusal::new("the holes of the format are numbered"));
            }
            TextRole::Format => {
                edit.replace(source.file, written.address, "{}");
                edit.insert(source.file, written.literal.end, format!(", {read}"));
            }
            TextRole::Owned(range) if makes_string(source.slice(range), source.slice(written.literal)) => {
                edit.replace(source.file, range, owned()?);
            }
            TextRole::Argument { call, index } => match takes_string(context, source, call, index) {
                Some(prefix) => edit.replace(source.file, written.literal, format!("{prefix}{}", owned()?)),
                None => return Err(Refusal::new("a String would not fit there")),
            },
            TextRole::Let(variable) if is_only_formatted(source, variable) => edit.replace(source.file, written.literal, owned()?),
            _ => return Err(Refusal::new("a String would not fit there")),
        }
    }
    if once {
        let newline = source.newline();
        let indent = source.indent_unit();
        let end = source.text.trim_end().len() as u32;
        let body = format!("fn {function}() -> String {{{newline}{indent}{}{newline}}}", inline(address));
        edit.insert(source.file, end, format!("{newline}{newline}{body}"));
    }
    Ok(())
}

/// The function that a place is in.
fn function_at<'s>(source: &'s Source<'_>, range: TextRange) -> Option<&'s portolan_grammars::facts::Function> {
    let around = source.facts.function_around(range);
    (around != FunctionId::MODULE).then(|| source.facts.function(around))
}

/// The macro's name and bracket before its first argument.
fn macro_before(source: &Source<'_>, literal: TextRange) -> TextRange {
    let before = source.text[..literal.start as usize].trim_end();
    TextRange::new(before.len().saturating_sub("format!(".len()), before.len())
}

/// Whether a format numbers its holes, or takes widths from its arguments.
fn has_positions(format: &str) -> bool {
    let holes = format.split('{').skip(1).map(|hole| hole.split('}').next().unwrap_or_default());
    holes.into_iter().any(|hole| hole.starts_with(|letter: char| letter.is_ascii_digit()) || hole.contains(['$', '*']))
}

/// Whether an expression makes a `String` of a literal, and no more.
fn makes_string(whole: &str, literal: &str) -> bool {
    let methods = [".to_owned()", ".to_string()"];
    methods.iter().any(|method| whole.strip_suffix(method).is_some_and(|it| it.trim_end() == literal))
        || whole.strip_prefix("String::from(").and_then(|it| it.strip_suffix(')')).is_some_and(|it| it.trim() == literal)
}

/// What has to stand before a `String` that is an argument of a call; nothing where it would not do.
fn takes_string(context: &Context<'_>, source: &Source<'_>, range: TextRange, index: usize) -> Option<&'static str> {
    let at = source.facts.calls.iter().position(|call| call.range == range)?;
    let callee = source.slice(source.facts.expr_range(source.facts.calls[at].callee));
    if index == 0 && (callee == "Url::parse" || callee.ends_with("::Url::parse")) {
        return Some("&");
    }
    let sends = context
        .snapshot
        .links
        .get(source.file.0 as usize)?
        .iter()
        .flat_map(|link| &link.calls)
        .any(|call| matches!(call.request, Request::Http { .. }) && call.leaf.file == source.file && call.leaf.call.index() == at);
    let others = ["awc", "isahc", "surf", "ureq"].iter().any(|other| library(context.snapshot, source.file, other).is_some());
    let reqwest = library(context.snapshot, source.file, "reqwest").is_some() && !others;
    (sends && reqwest && index == usize::from(callee.ends_with("request"))).then_some("")
}

/// Whether nothing but `format!` asks for a variable.
fn is_only_formatted(source: &Source<'_>, variable: TextRange) -> bool {
    let name = source.slice(variable);
    let Some(function) = function_at(source, variable) else { return false };
    let rest = TextRange { start: variable.end, end: function.range.end };
    let text = source.slice(rest);
    let Some(tree) = source.tree() else { return false };
    Source::words(text, name)
        .all(|at| tree.macro_around(rest.start + at as u32).is_some_and(|format| source.slice(format).starts_with("format!")))
}
