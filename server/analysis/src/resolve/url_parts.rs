//! What is done to a URL after it was made: `url.set_path("/orders")`, `url.path_segments_mut()?.push(id)`, `url.pathname = "/orders"`, or
//! whatever a function does that is given for it: `customize(&mut url)`.
//!
//! What deliberately does not live here: calls that make a URL of another, see [`super::builtins`]. Invariant: only a variable of a function is
//! looked at, and what is done to it counts in the order of the code.

use std::sync::Arc;

use portolan_grammars::facts::{Binding, CallId, Expr, ExprId, FunctionId, SourceFacts, Symbol};

use super::evaluate::{Evaluator, around, inside};
use super::index::FileIndex;
use super::value::{ParamRef, Part, Pattern, Value, concat, join_url, origin};
use crate::{FileId, FunctionRef};

/// Calls between a URL and what is put behind its path.
const MAX_STEPS: u32 = 8;

/// By which name a function has, as if it were a member, what it puts behind the path of a URL that it is given. No member is called so.
pub(super) const PUT_BEHIND: &str = "&mut";

/// A variable that holds a URL, and the function that it is local to.
#[derive(Clone, Copy)]
struct Variable<'f> {
    name: &'f Symbol,
    function: FunctionId,
}

/// Something that changes the path of a URL.
enum Change {
    /// The path becomes another.
    Path(ExprId),
    /// It is made longer: `url.pathname += "/orders"`.
    Append(Vec<ExprId>),
    /// Something is put behind it.
    Behind(More),
}

/// What is put behind a path.
enum More {
    /// Segments.
    Segments(ExprId),
    /// What a function puts there that the code around was given.
    By(ParamRef),
}

impl<'w> Evaluator<'w> {
    /// The URL that a variable holds once its path is changed, if it is.
    pub(super) fn with_changed_path(&mut self, file: FileId, facts: &'w SourceFacts, binding: &Binding, url: &Value) -> Option<Value> {
        if binding.function == FunctionId::MODULE || !matches!(url, Value::Text(_) | Value::OneOf(_) | Value::Param(..) | Value::Unknown) {
            return None;
        }
        let (_, index) = self.file(file)?;
        let variable = Variable { name: &binding.name, function: binding.function };
        let changes = changes(file, facts, index, variable);
        if changes.is_empty() {
            return None;
        }
        let mut url = if url.patterns().is_empty() { Value::pattern(Pattern::part(Part::Hole(binding.name.clone()))) } else { url.clone() };
        for change in changes {
            url = match change {
                Change::Behind(more) => self.put(file, url, more),
                Change::Path(path) => {
                    let path = named_paths(self.eval(file, path));
                    let base = origin(&url);
                    join_url(if base.is_unknown() { &url } else { &base }, &path)
                }
                Change::Append(parts) => {
                    let parts: Vec<Value> = parts.iter().map(|part| self.eval(file, *part)).collect();
                    join_url(&url, &concat(&parts))
                }
            };
        }
        Some(url)
    }

    /// What a function puts behind the path of the URL that it is given first; unknown where it does something else to it.
    pub(super) fn put_behind(&mut self, function: FunctionRef) -> Value {
        let Some((facts, index)) = self.file(function.file) else { return Value::Unknown };
        let Some(url) = facts.function(function.function).params.first() else { return Value::Unknown };
        let variable = Variable { name: &url.name, function: function.function };
        let mut path = Value::text("");
        for change in changes(function.file, facts, index, variable) {
            let Change::Behind(more) = change else { return Value::Unknown };
            path = self.put(function.file, path, more);
        }
        path
    }

    /// A URL, or a path, with more behind it.
    fn put(&mut self, file: FileId, url: Value, more: More) -> Value {
        match more {
            More::Segments(segments) => self.pushed_segments(file, segments).iter().fold(url, |url, segment| join_url(&url, segment)),
            More::By(given) => join_url(&url, &Value::Param(given, Arc::from([Symbol::from(PUT_BEHIND)]))),
        }
    }

    /// The segments that are put behind a path at once.
    fn pushed_segments(&mut self, file: FileId, segments: ExprId) -> Vec<Value> {
        match self.eval(file, segments) {
            Value::Array(items) => items.to_vec(),
            Value::Param(param, path) => vec![Value::Param(param, path)],
            segment @ (Value::Text(_) | Value::OneOf(_)) => vec![segment],
            _ => vec![Value::pattern(Pattern::part(Part::Hole(Symbol::default())))],
        }
    }
}

/// Of several paths those that name something: `path ? `${base}/${path}` : base || "/"` is asked for by those who give one.
fn named_paths(paths: Value) -> Value {
    let is_bare = |path: &Value| path.literal().is_some_and(|path| matches!(path.as_str(), "" | "/"));
    match &paths {
        Value::OneOf(all) if all.iter().any(|path| !is_bare(path)) => Value::one_of(all.iter().filter(|path| !is_bare(path)).cloned()),
        _ => paths,
    }
}

/// What changes the path of a variable's URL, in the order of the code.
fn changes(file: FileId, facts: &SourceFacts, index: &FileIndex, variable: Variable<'_>) -> Vec<Change> {
    let mut found = own_changes(facts, index, variable);
    found.extend(given_changes(file, facts, index, variable));
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, change)| change).collect()
}

/// What the code itself does to it, by where that stands.
fn own_changes(facts: &SourceFacts, index: &FileIndex, variable: Variable<'_>) -> Vec<(u32, Change)> {
    let is_it = |expr: ExprId| variable.is_at(facts, expr);
    let mut found = Vec::new();
    if facts.language.is_ecmascript() {
        for at in index.assignments.get("pathname").into_iter().flatten() {
            let assignment = &facts.assignments[*at as usize];
            if let Expr::Member { object, .. } = facts.expr(assignment.target)
                && is_it(*object)
            {
                let is_path =
                    |part: &ExprId| matches!(facts.expr(*part), Expr::Member { object, name } if name == "pathname" && is_it(*object));
                let change = match facts.expr(assignment.value) {
                    Expr::Concat(parts) if parts.first().is_some_and(is_path) => Change::Append(parts[1..].to_vec()),
                    _ => Change::Path(assignment.value),
                };
                found.push((facts.expr_range(assignment.target).start, change));
            }
        }
        return found;
    }
    for call in index.calls.get("set_path").into_iter().flatten().map(|call| facts.call(*call)) {
        if let (Expr::Member { object, .. }, [path]) = (facts.expr(call.callee), call.args.as_slice())
            && is_it(*object)
        {
            found.push((call.name_range.start, Change::Path(path.value)));
        }
    }
    let segments = |call: CallId| match facts.expr(facts.call(call).callee) {
        Expr::Member { object, .. } => is_it(*object),
        _ => false,
    };
    let own: Vec<CallId> = index.calls.get("path_segments_mut").into_iter().flatten().copied().filter(|call| segments(*call)).collect();
    if own.is_empty() {
        return found;
    }
    for name in ["push", "extend"] {
        for call in index.calls.get(name).into_iter().flatten().map(|call| facts.call(*call)) {
            if let (Expr::Member { object, .. }, [segment]) = (facts.expr(call.callee), call.args.as_slice())
                && leads_to(facts, index, *object, &own, MAX_STEPS)
            {
                found.push((call.name_range.start, Change::Behind(More::Segments(segment.value))));
            }
        }
    }
    found
}

impl Variable<'_> {
    /// Whether an expression names it.
    fn is_at(self, facts: &SourceFacts, expr: ExprId) -> bool {
        matches!(facts.expr(expr), Expr::Name(name) if name == self.name)
            && inside(facts, facts.exprs[expr.index()].function, self.function)
    }
}

/// The functions which the code around a variable was given and which it hands the variable to; Rust only, where what is handed over to be
/// changed is a variable's own.
fn given_changes(file: FileId, facts: &SourceFacts, index: &FileIndex, variable: Variable<'_>) -> Vec<(u32, Change)> {
    let mut found = Vec::new();
    if facts.language.is_ecmascript() {
        return found;
    }
    for function in around(facts, variable.function) {
        for (at, param) in facts.function(function).params.iter().enumerate() {
            for call in index.calls.get(&param.name).into_iter().flatten().map(|call| facts.call(*call)) {
                let is_given = matches!(facts.expr(call.callee), Expr::Name(name) if *name == param.name);
                if is_given && matches!(call.args.as_slice(), [url] if variable.is_at(facts, url.value)) {
                    let function = FunctionRef { file, function };
                    found.push((call.name_range.start, Change::Behind(More::By(ParamRef { function, index: at as u32 }))));
                }
            }
        }
    }
    found
}

/// Whether an expression is the result of one of some calls, or of what is called on that: `url.path_segments_mut()?.pop_if_empty()`.
fn leads_to(facts: &SourceFacts, index: &FileIndex, expr: ExprId, calls: &[CallId], steps: u32) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return false };
    match facts.expr(expr) {
        Expr::Call(call) if calls.contains(call) => true,
        Expr::Call(call) => match facts.expr(facts.call(*call).callee) {
            Expr::Member { object, .. } => leads_to(facts, index, *object, calls, steps),
            _ => false,
        },
        Expr::Name(name) => {
            let function = facts.exprs[expr.index()].function;
            let bindings = index.bindings.get(name).into_iter().flatten().map(|at| &facts.bindings[*at as usize]);
            let mut own = bindings.filter(|binding| inside(facts, function, binding.function));
            own.any(|binding| binding.value.is_some_and(|value| leads_to(facts, index, value, calls, steps)))
        }
        _ => false,
    }
}
