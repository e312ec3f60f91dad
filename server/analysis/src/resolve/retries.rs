//! What is tried again when it fails: by what stands around it, by its client, or because the request itself says so.
//!
//! What deliberately does not live here: whether that does harm, and loops that people write themselves ([`crate::rules`]). Invariant: where a
//! choice of failures cannot be followed, it counts as one that does no harm.

use portolan_grammars::catalog::{self, Meaning, Retried, Selector};
use portolan_grammars::facts::{Call, CallId, Expr, ExprId, SourceFacts, Symbol};

use super::index::callee_name;
use super::library::{CallView, LibraryCallee};
use super::limits::{following, given_work, may_have};
use super::link::{Linker, Retries, Retry, RetryDecl};
use super::outbound::function_in;
use super::spans::Walk;
use super::value::{CallRef, Value};
use crate::FunctionRef;

impl<'w> Linker<'w> {
    /// Finds calls that have others made again.
    pub(super) fn retries(&mut self, walk: &Walk<'w>) {
        let (facts, catalog) = (walk.facts, self.evaluator.cx.catalog);
        for (at, call) in facts.calls.iter().enumerate() {
            let candidate = callee_name(facts, call.callee).is_some_and(|name| {
                let alias = matches!(facts.expr(call.callee), Expr::Name(_)) && walk.index.imports.contains_key(name);
                catalog.may_retry(walk.family, name) || alias
            });
            if !candidate {
                continue;
            }
            let site = CallRef { file: self.file, call: CallId(at as u32) };
            let callee = self.evaluator.eval(self.file, call.callee);
            let mut found = self.evaluator.library_callees(walk.family, &callee);
            if found.is_empty() {
                found.extend(self.extension(walk, call));
            }
            for found in found {
                let meanings = self.evaluator.meanings(&found);
                let view = CallView { site, call, callee: &found, members: &meanings.members };
                for meaning in meanings.iter() {
                    let Meaning::Retry(entry) = meaning else { continue };
                    self.retry(walk, &view, entry);
                }
            }
        }
    }

    /// A method that an import of a library gives to functions: `ask.retry(policy)`.
    fn extension(&self, walk: &Walk<'w>, call: &Call) -> Option<LibraryCallee> {
        let (facts, catalog) = (walk.facts, self.evaluator.cx.catalog);
        let Expr::Member { name, .. } = facts.expr(call.callee) else { return None };
        let gives = |library: &usize| {
            let mut entries = catalog.libraries[*library].retry.iter();
            entries.any(|entry| entry.of == Retried::Receiver && entry.callee.iter().any(|callee| callee == name))
        };
        let package = |source: &Symbol| Symbol::new(source.split("::").next().unwrap_or_default());
        let mut libraries = facts.imports.iter().flat_map(|import| catalog.libraries_of(walk.family, &package(&import.source)));
        let library = *libraries.find(|library| gives(library))?;
        Some(LibraryCallee { library, name: name.to_string(), receiver: None })
    }

    fn retry(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::Retry) {
        let Some(of) = self.retried(walk, view, entry) else { return };
        let counted = |linker: &mut Self, selector: &Option<Selector>| {
            let said = linker.evaluator.select(selector.as_ref()?, view)?;
            said.literal()?.parse::<u32>().ok()
        };
        let times = counted(self, &entry.times).or_else(|| counted(self, &entry.tries)?.checked_sub(1));
        if times == Some(0) {
            return;
        }
        let chooses = entry.unless.as_ref().is_some_and(|selector| self.evaluator.may_say(selector, view))
            || entry.unless_by.as_ref().is_some_and(|methods| following(walk.facts, view.site.call, methods).is_some());
        let harmful = !chooses && entry.condition.as_ref().is_none_or(|condition| self.takes_all(condition, view, &entry.sparing));
        let pauses = match &entry.pause {
            None => Some(true),
            Some(pause) if self.evaluator.may_say(pause, view) => None,
            Some(_) => Some(false),
        };
        self.link.retries.push(RetryDecl { site: view.site, name: view.callee.name.as_str().into(), of, times, pauses, harmful });
    }

    /// What an entry's call tries again.
    fn retried(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::Retry) -> Option<Retries> {
        let work: Vec<ExprId> = match entry.of {
            Retried::Client => {
                let client = self.evaluator.select(entry.client.as_ref()?, view)?;
                return match client.alternatives() {
                    [Value::Instance(instance)] if instance.members.is_empty() => self.evaluator.made_by(instance).map(Retries::Client),
                    [package @ Value::External(_, path)] if path.is_empty() || matches!(&**path, [only] if only == "default") => {
                        let found = self.evaluator.library_callees(walk.family, package).into_iter().next()?;
                        Some(Retries::Library(self.evaluator.cx.catalog.libraries[found.library].id.clone()))
                    }
                    _ => None,
                };
            }
            Retried::Receiver => match walk.facts.expr(view.call.callee) {
                Expr::Member { object, .. } => vec![*object],
                _ => return None,
            },
            Retried::Arguments => view.call.args.iter().map(|argument| argument.value).collect(),
        };
        let (mut functions, mut calls) = (Vec::new(), Vec::new());
        for value in work {
            let (given, closure) = given_work(walk.facts, value);
            calls.extend(given);
            functions.extend(closure.map(|function| FunctionRef { file: self.file, function }));
            if matches!(walk.facts.expr(value), Expr::Name(_) | Expr::Path(_) | Expr::Member { .. }) {
                let value = self.evaluator.eval(self.file, value);
                functions.extend(function_in(&value));
            }
        }
        Some(Retries::Work(functions, calls))
    }

    /// Whether a condition is said and lets requests through that do harm twice.
    fn takes_all(&mut self, condition: &Selector, view: &CallView<'_>, sparing: &[Symbol]) -> bool {
        match self.evaluator.select(condition, view) {
            Some(Value::External(_, path)) => path.last().is_some_and(|name| !sparing.contains(name)),
            Some(Value::Function(function, _)) => {
                let Some(facts) = self.evaluator.facts(function.file) else { return false };
                !spares(facts, function, sparing)
            }
            _ => false,
        }
    }

    /// What a request, or the client that it is made on, says of trying it again.
    pub(super) fn request_retry(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::HttpClient) -> Option<Retry> {
        let number = |value: &Value| value.literal().and_then(|text| text.parse::<u32>().ok());
        if let Some(call) = entry.retried_by.as_ref().and_then(|methods| following(walk.facts, view.site.call, methods)) {
            let times = call.args.first().map(|times| self.evaluator.eval(self.file, times.value));
            if times.as_ref().is_some_and(|times| !may_have(times, None)) {
                return None;
            }
            return Some(Retry { methods: vec!["*".into()], times: times.as_ref().and_then(number) });
        }
        let said = self.evaluator.select(entry.retry.as_ref()?, view)?;
        let methods: Vec<Symbol> =
            said.patterns().iter().filter_map(|method| Some(method.literal()?.to_ascii_uppercase().into())).collect();
        let times = entry.retry_times.as_ref().and_then(|selector| self.evaluator.select(selector, view));
        let times = times.as_ref().and_then(number);
        (!methods.is_empty() && times != Some(0)).then_some(Retry { methods, times })
    }
}

/// Whether a function asks which method a request has, or leaves the question to a function of the library that does.
fn spares(facts: &SourceFacts, function: FunctionRef, sparing: &[Symbol]) -> bool {
    let range = facts.function(function.function).range;
    let within = facts.exprs.iter().filter(|expression| range.contains(expression.range));
    within.into_iter().any(|expression| match &expression.kind {
        Expr::Member { name, .. } => name == "method" || name == "code" || sparing.contains(name),
        Expr::Name(name) => sparing.contains(name),
        _ => false,
    })
}
