//! `hard-coded-endpoint`: code that has the address of another service written in it.
//!
//! What deliberately does not live here: addresses of others, outside of the workspace. Invariant: no variable, option or setting has a say in the
//! address.

use std::collections::BTreeSet;

use portolan_grammars::facts::{Call as CallFacts, Entry, Expr, ExprId, Expression, Function, Object, SourceFacts, Symbol, TextRange};
use rustc_hash::FxHashMap;

use super::{Context, Draft, Severity, Sink, exempt};
use crate::chart::{Call, ServiceIndex};
use crate::resolve::link::{OutboundCall, Request, Url};
use crate::resolve::value::Part;
use crate::{FileId, FunctionRef, Place, Snapshot, workspace};

/// How paths begin by which Dapr's sidecar is told whom to ask.
const INVOCATION: &str = "/v1.0/invoke/";

rule! {
    /// ## What it does
    /// Finds requests to services of the workspace whose host stands in the code as text. Told once for each pair of services. A warning where
    /// the host is this machine: where the service is deployed, nobody is there.
    ///
    /// A default for a variable that is not set is fine, as is one for an argument, one of two between which a condition or a function decides, and
    /// that of a struct whose field is set where one is made; addresses of Dapr's sidecar, of third parties and of tools, which somebody starts on
    /// the same machine, scripts, seeds, examples and the tables of development servers are left alone.
    ///
    /// ## Why it matters
    /// The code works in the one place where the name means the right machine. Every other environment needs another build, or asks the wrong one.
    ///
    /// ## Example
    /// ```ts
    /// const { data } = await axios.get(`http://localhost:3344/flights/${id}`);
    /// ```
    ///
    /// ## How to fix
    /// Read the base URL from a variable that the deployment sets; keep the text as its default if that helps in development.
    "hard-coded-endpoint", Resilience, Information, "The address of another service stands in the code", check
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let mut told = BTreeSet::new();
    // Many calls rest on one address.
    let mut known: FxHashMap<Place, Option<(Place, String)>> = FxHashMap::default();
    for call in &context.chart.calls {
        let Some(to) = call.target().filter(|to| *to != call.from && !told.contains(&(call.from, *to))) else { continue };
        if !counts(context.snapshot, call, to) {
            continue;
        }
        let mut address = |place: Place| known.entry(place).or_insert_with(|| address_at(context.snapshot, place)).clone();
        let Some((place, address)) = call.evidence.iter().find_map(|evidence| address(evidence.place)) else { continue };
        if !is_decided_elsewhere(context.snapshot, call) {
            told.insert((call.from, to));
            report(context, sink, call, to, place, &address);
        }
    }
}

/// All places at which the code of a service has the address of another one, and its scheme and host.
pub(crate) fn addresses(snapshot: &Snapshot, from: ServiceIndex, to: ServiceIndex) -> BTreeSet<(Place, String)> {
    let calls = snapshot.chart.calls.iter().filter(|call| call.from == from && call.target() == Some(to));
    let calls = calls.filter(|call| counts(snapshot, call, to) && !is_decided_elsewhere(snapshot, call));
    let places: BTreeSet<Place> = calls.flat_map(|call| &call.evidence).map(|evidence| evidence.place).collect();
    places.into_iter().filter_map(|place| address_at(snapshot, place)).collect()
}

/// Whether a host, with a port or without, is the machine itself.
pub(crate) fn is_local(host: &str) -> bool {
    workspace::is_local(host) || host.rsplit_once(':').is_some_and(|(name, _)| workspace::is_local(name))
}

fn counts(snapshot: &Snapshot, call: &Call, to: ServiceIndex) -> bool {
    let path = snapshot.files.path(call.place.file);
    let target = snapshot.chart.service(to);
    // A tool that somebody starts is on the machine of whoever asks it.
    call.status.is_settled() && !call.development && !target.third_party && !exempt::stands_beside(path) && !exempt::runs_and_ends(target)
}

/// Whether a request goes to a sidecar of its own machine, and its path names the service: the address is the same wherever the two run.
fn is_of_sidecar(snapshot: &Snapshot, call: &Call) -> bool {
    let names_application = |url: &Url| url.pattern.parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains(INVOCATION)));
    snapshot.outbound(call).any(|sent| match &sent.request {
        Request::Http { urls, .. } => urls.iter().any(names_application),
        _ => false,
    })
}

/// Whether a variable has a say in where a call goes, or who hands the base of its URL on, or what the same code has in place of the address, or a
/// sidecar.
fn is_decided_elsewhere(snapshot: &Snapshot, call: &Call) -> bool {
    let variables = || snapshot.chart.variables.iter().filter(|variable| variable.service == call.from);
    let decides =
        |place: &Place| variables().any(|variable| variable.reads.contains(place) || variable.values.iter().any(|(_, at)| at == place));
    let is_written = |url: &Url| matches!(url.pattern.parts.first(), Some(Part::Text(_)));
    let falls_back = |sent: &OutboundCall| match &sent.request {
        Request::Http { urls, .. } => urls
            .iter()
            .any(|url| url.fallback || is_written(url) && urls.iter().any(|other| other.passed == url.passed && !is_written(other))),
        _ => false,
    };
    let is_told = call.evidence.iter().any(|evidence| decides(&evidence.place)) || snapshot.outbound(call).any(falls_back);
    is_told || is_of_sidecar(snapshot, call)
}

/// The scheme and host of a text that stands at a place in code, unless it is what code falls back to.
fn address_at(snapshot: &Snapshot, place: Place) -> Option<(Place, String)> {
    let source = snapshot.files.source(place.file)?;
    let (at, text) = source.exprs.iter().enumerate().find_map(|(at, expression)| match &expression.kind {
        Expr::Str(text) if expression.range == place.range => Some((at, text)),
        _ => None,
    })?;
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    // A password before the host is nobody's to read.
    let host = authority.rsplit('@').next().unwrap_or_default();
    // The port of a template may be a hole, or what stands in the brackets of a host.
    let host = host.trim_end_matches([':', '[']);
    let whole = !scheme.is_empty() && !host.is_empty();
    let decided = || {
        is_fallback(source, at, place.range)
            || is_one_of_two(snapshot, source, place)
            || is_overridden(snapshot, source, place.file, ExprId(at as u32))
    };
    (whole && !decided()).then(|| (place, format!("{scheme}://{host}")))
}

/// Whether a text is given to a function of the workspace that hands out this or something else: `addressOf(process.env.ORDERS_URL, "http://…")`.
fn is_one_of_two(snapshot: &Snapshot, source: &SourceFacts, place: Place) -> bool {
    let given = |call: &&CallFacts| call.args.iter().any(|argument| source.expr_range(argument.value) == place.range);
    let called = |call: &CallFacts| {
        let caller = FunctionRef { file: place.file, function: call.function };
        snapshot.index.callee_at(caller, Place { range: call.name_range, ..place })
    };
    source.calls.iter().filter(given).any(|call| {
        let Some((callee, inner)) = called(call).and_then(|callee| Some((callee, snapshot.files.source(callee.file)?))) else {
            return false;
        };
        let at = call.args.iter().position(|argument| source.expr_range(argument.value) == place.range);
        let function = inner.function(callee.function);
        let Some(param) = at.and_then(|at| function.params.get(at)) else { return false };
        let is_it = |value: &ExprId| matches!(inner.expr(*value), Expr::Name(name) if *name == param.name);
        let one_of = |expression: &Expression| match &expression.kind {
            Expr::Choice(all) | Expr::Fallback(all) => function.range.contains(expression.range) && all.len() > 1 && all.iter().any(is_it),
            _ => false,
        };
        inner.exprs.iter().any(one_of) || function.returns.len() > 1 && function.returns.iter().any(is_it)
    })
}

/// Whether a text is a field of what a struct is by default, and one is made somewhere for which that field is given.
fn is_overridden(snapshot: &Snapshot, source: &SourceFacts, file: FileId, text: ExprId) -> bool {
    let range = source.expr_range(text);
    let function = source.function(source.exprs[text.index()].function);
    let (Some(of), "default") = (&function.impl_of, function.name.as_str()) else { return false };
    let is_made_here = |object: &Object| is_of(object, of) || object.type_path == "Self";
    let fields = source.exprs.iter().filter_map(|expression| match &expression.kind {
        Expr::Object(object) if function.range.contains(expression.range) && is_made_here(object) => Some(object),
        _ => None,
    });
    let holds = |entry: &Entry| match entry {
        Entry::Field { name, value, .. } if source.expr_range(*value).contains(range) => Some(name.clone()),
        _ => None,
    };
    let Some(field) = fields.flat_map(|object| &object.entries).find_map(holds) else { return false };
    let sets = |other: &SourceFacts| {
        let made = |expression: &Expression| match &expression.kind {
            Expr::Object(object) => is_of(object, of) && object.field(&field).is_some(),
            _ => false,
        };
        other.exprs.iter().filter(|expression| !std::ptr::eq(other, source) || !function.range.contains(expression.range)).any(made)
    };
    let workspace = &snapshot.workspace;
    let own = workspace.package_of(snapshot.files.path(file));
    let may_name = |path| {
        let package = workspace.package_of(path);
        package == own || own.is_some_and(|own| workspace.with_dependencies(package).contains(&own))
    };
    let others = snapshot.files.iter().filter_map(|(_, path, facts)| Some((path, facts.source()?)));
    others.filter(|(_, other)| other.language == source.language).any(|(path, other)| sets(other) && may_name(path))
}

/// Whether a struct literal is of a type, by the last word of its path.
fn is_of(object: &Object, ty: &Symbol) -> bool {
    object.type_path.rsplit("::").next() == Some(ty.as_str())
}

/// Whether an expression counts only where something else is not given, or not so: behind `??`, as a parameter's default, in `unwrap_or`, as an arm
/// of a condition.
fn is_fallback(source: &SourceFacts, at: usize, range: TextRange) -> bool {
    let within = |id: &ExprId| id.index() == at || source.expr_range(*id).contains(range);
    let begins = |id: &ExprId| match source.expr(*id) {
        Expr::Concat(parts) => parts.first().is_some_and(|first| first.index() == at),
        _ => id.index() == at,
    };
    let behind = |expression: &Expression| match &expression.kind {
        Expr::Fallback(all) => all.iter().skip(1).any(within),
        Expr::Choice(arms) => arms.iter().any(begins),
        _ => false,
    };
    let given = |call: &CallFacts| {
        let name = match source.expr(call.callee) {
            Expr::Member { name, .. } => name.as_str(),
            _ => "",
        };
        (name.starts_with("unwrap_or") || name.starts_with("map_or")) && call.args.iter().any(|argument| within(&argument.value))
    };
    let default = |function: &Function| function.params.iter().any(|param| param.default.as_ref().is_some_and(within));
    source.exprs.iter().any(behind) || source.calls.iter().any(given) || source.functions.iter().any(default)
}

fn report(context: &Context<'_>, sink: &mut Sink<'_>, call: &Call, to: ServiceIndex, place: Place, address: &str) {
    let (from_id, to_id) = (context.id(call.from), context.id(to));
    let host = address.split_once("://").map_or(address, |(_, host)| host);
    let named = call.evidence.iter().filter(|evidence| evidence.place != place).map(|evidence| (evidence.place, evidence.what.clone()));
    let asked = (call.place != place).then(|| (call.place, format!("{from_id} calls {}", call.label())));
    sink.report(Draft {
        severity: is_local(host).then_some(Severity::Warning),
        message: format!("{to_id} is addressed as {address} in the code of {from_id}: {}", call.label()),
        place,
        related: asked.into_iter().chain(named).collect(),
        services: vec![call.from, to],
        subject: vec![from_id.to_string(), to_id.to_string()],
    });
}
