//! How long calls wait: what sets a time limit for them, and what would have to.
//!
//! What deliberately does not live here: whom a call waits for. Invariant: where something may set a limit that cannot be followed, a call counts as
//! limited.

use core::time::Duration;

use portolan_grammars::catalog::{self, Limited, Meaning, Selector, Take};
use portolan_grammars::facts::{Call, CallId, Expr, ExprId, FunctionId, SourceFacts, Symbol};

use super::evaluate::{Evaluator, around};
use super::library::{CallView, LibraryCallee};
use super::link::{Linker, Unlimited};
use super::spans::Walk;
use super::value::{CallRef, Instance, ObjectValue, Value};

/// How far back a chain of calls is followed: `work().instrument(span)`.
const MAX_CHAIN: usize = 4;
/// How many wrappers a client is followed through that is passed as an argument.
const MAX_PASSED: u32 = 3;

/// Calls and a function that run as an argument is evaluated: the chain of calls that it is, or its closure, directly or by the name that it is
/// bound to.
pub(super) fn given_work(facts: &SourceFacts, argument: ExprId) -> (Vec<CallId>, Option<FunctionId>) {
    let (mut calls, mut expr) = (Vec::new(), argument);
    for _ in 0..MAX_CHAIN {
        expr = bound(facts, expr);
        match facts.expr(expr) {
            Expr::Call(inner) => {
                calls.push(*inner);
                match facts.expr(facts.call(*inner).callee) {
                    Expr::Member { object, .. } => expr = *object,
                    _ => break,
                }
            }
            Expr::Closure(function) => return (calls, Some(*function)),
            _ => break,
        }
    }
    (calls, None)
}

impl<'w> Linker<'w> {
    /// Finds calls that limit how long others wait, before those are looked at.
    pub(super) fn time_limits(&mut self, walk: &mut Walk<'w>) {
        let (facts, catalog) = (walk.facts, self.evaluator.cx.catalog);
        for (at, call) in facts.calls.iter().enumerate() {
            let candidate = super::index::callee_name(facts, call.callee).is_some_and(|name| {
                let alias = matches!(facts.expr(call.callee), Expr::Name(_)) && walk.index.imports.contains_key(name);
                catalog.may_limit(walk.family, name) || alias
            });
            if !candidate {
                continue;
            }
            self.each_meaning(facts, CallId(at as u32), |linker, meaning, view| {
                let Meaning::TimeLimit(entry) = meaning else { return };
                if entry.limit.as_ref().is_some_and(|selector| !linker.evaluator.may_say(selector, view)) {
                    return;
                }
                linker.link.limits.push((view.site, view.callee.name.as_str().into(), entry.of));
                if entry.of == Limited::Arguments {
                    limit_arguments(walk, call);
                }
            });
        }
        if walk.limited_calls.is_empty() && walk.limited_closures.is_empty() {
            return;
        }
        let within = |call: &Call| around(facts, call.function).any(|function| walk.limited_closures.contains(&function));
        let calls = facts.calls.iter().enumerate().map(|(at, call)| (CallId(at as u32), call));
        let limited = calls.filter(|(id, call)| walk.limited_calls.contains(id) || within(call));
        self.link.limited = limited.map(|(id, _)| id).collect();
    }

    /// How long a library's call waits at most, where that is written: a number of milliseconds in ECMAScript, a `Duration` in Rust.
    pub(super) fn limit(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::HttpClient) -> Option<Duration> {
        let following = entry.limited_by.as_ref().and_then(|methods| following(walk.facts, view.site.call, methods));
        let said = match following {
            Some(call) => self.evaluator.eval(self.file, call.args.first()?.value),
            None => self.evaluator.said_limit(entry.limit.as_ref()?, view)?,
        };
        let milliseconds: f64 = said.literal()?.parse().ok()?;
        Duration::try_from_secs_f64(milliseconds / 1e3).ok().filter(|limit| !limit.is_zero())
    }

    /// The call that would have to set a time limit for a library's call. Nothing where there is a limit, or may be one.
    pub(super) fn unlimited(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::HttpClient) -> Option<Unlimited> {
        if walk.facts.generated || (entry.limit.is_none() && entry.limited_by.is_none()) {
            return None;
        }
        if self.link.limited.binary_search(&view.site.call).is_ok() {
            return None;
        }
        if entry.limited_by.as_ref().is_some_and(|methods| is_followed_by(walk.facts, view.site.call, methods)) {
            return None;
        }
        if entry.limit.as_ref().is_some_and(|selector| self.evaluator.may_say(selector, view)) {
            return None;
        }
        let places = || entry.limit.iter().flat_map(Selector::takes);
        let of_client = places().find(|take| take.receiver.is_some());
        let (call, option) = match &view.callee.receiver {
            Some(receiver) if of_client.is_some() => {
                (self.evaluator.made_without(entry.limit.as_ref()?, receiver, view)?, of_client.map(|take| (0, &take.key)))
            }
            _ => {
                let arguments: Vec<_> = places().filter_map(|take| Some((usize::try_from(take.argument?).ok()?, &take.key))).collect();
                // What is told all in one object reads no other.
                let whole = arguments.iter().find(|(at, _)| is_last_object(walk.facts, view.site.call, *at));
                (view.site, whole.or(arguments.first()).copied())
            }
        };
        // An interceptor sets it for each request.
        let keys: Vec<&Symbol> = places().flat_map(|take| take.key.iter().chain(&take.receiver)).collect();
        let mut assigned = |file| {
            let indexed = self.evaluator.file(file);
            indexed.is_none_or(|(_, index)| keys.iter().any(|key| index.assignments.contains_key(*key)))
        };
        if assigned(view.site.file) || assigned(call.file) {
            return None;
        }
        let library = self.evaluator.cx.catalog.libraries[view.callee.library].id.clone();
        Some(Unlimited { call, library, option: option.and_then(|(argument, key)| Some((argument, key.clone()?))) })
    }
}

/// Whether a call's last argument is one at a position, and an object, or a name for one.
fn is_last_object(facts: &SourceFacts, call: CallId, at: usize) -> bool {
    let is_object = |value: ExprId| matches!(facts.expr(value), Expr::Object(_));
    let arguments = &facts.call(call).args;
    arguments.len() == at + 1
        && match facts.expr(arguments[at].value) {
            Expr::Name(name) => facts.bindings.iter().any(|bound| bound.name == *name && bound.value.is_some_and(is_object)),
            _ => is_object(arguments[at].value),
        }
}

impl Evaluator<'_> {
    /// Whether one of the places is there, or may be, and says something.
    pub(super) fn may_say(&mut self, selector: &Selector, view: &CallView<'_>) -> bool {
        selector.takes().iter().any(|take| {
            // What is spread may be any argument.
            if take.argument.is_some() && view.call.args.iter().any(|argument| argument.spread) {
                return true;
            }
            if self.taken(take, view).is_some_and(|value| may_have(&value, take.key.as_deref())) {
                return true;
            }
            let Some(name) = &take.receiver else { return false };
            take.key.is_none() && (self.setting(view, name).is_some() || self.default_setting(view, name))
        })
    }

    /// Whether one of the places is an object that is sure to have the key.
    pub(super) fn says(&mut self, selector: &Selector, view: &CallView<'_>) -> bool {
        selector.takes().iter().any(|take| match (self.taken(take, view), &take.key) {
            (Some(Value::Object(object)), Some(key)) => has(&object, key),
            _ => false,
        })
    }

    /// What the first of the places says that says something.
    fn said_limit(&mut self, selector: &Selector, view: &CallView<'_>) -> Option<Value> {
        if view.call.args.iter().any(|argument| argument.spread) {
            return None;
        }
        for take in selector.takes() {
            if let Some(value) = self.taken(take, view).filter(|value| may_have(value, take.key.as_deref())) {
                return match (&value, take.key.as_deref()) {
                    (Value::Object(object), Some(key)) => object.fields.get(key).cloned(),
                    (_, Some(_)) => None,
                    (_, None) => Some(value),
                };
            }
            if let (Some(name), None) = (&take.receiver, &take.key)
                && let Some(value) = self.setting(view, name)
            {
                return Some(value);
            }
        }
        None
    }

    /// The argument, or what the receiver remembers, that a place is about.
    fn taken(&mut self, take: &Take, view: &CallView<'_>) -> Option<Value> {
        if let Some(index) = take.argument {
            let value = view.argument(index)?.value;
            return Some(self.eval(view.site.file, value));
        }
        view.callee.receiver.as_ref()?.captures.get(take.receiver.as_ref()?).cloned()
    }

    /// Whether the package itself, whose defaults its values have, was told a setting.
    fn default_setting(&mut self, view: &CallView<'_>, name: &Symbol) -> bool {
        let package = LibraryCallee { receiver: None, ..view.callee.clone() };
        view.callee.receiver.is_some() && self.setting(&CallView { callee: &package, ..*view }, name).is_some()
    }

    /// The call that made a client without a limit. A client that is passed as an argument may be one of several: the first without one counts,
    /// and where it is not known how each is made, none.
    fn made_without(&mut self, selector: &Selector, client: &Instance, view: &CallView<'_>) -> Option<CallRef> {
        if client.root.is_some() {
            return client.root;
        }
        let mut without = Vec::new();
        for passed in self.param_values(client.param?, MAX_PASSED).alternatives() {
            let Value::Instance(passed) = passed else { return None };
            let made = passed.root?;
            let callee = LibraryCallee { receiver: Some(passed.clone()), ..view.callee.clone() };
            if !self.may_say(selector, &CallView { callee: &callee, ..*view }) {
                without.push(made);
            }
        }
        without.into_iter().min()
    }

    /// The call that a value was made by, or began with, if it is one alone.
    pub(super) fn made_by(&mut self, instance: &Instance) -> Option<CallRef> {
        if instance.root.is_some() {
            return instance.root;
        }
        let values = self.param_values(instance.param?, MAX_PASSED);
        let mut made = values.alternatives().iter().map(|value| match value {
            Value::Instance(instance) => instance.root,
            _ => None,
        });
        let first = made.next()??;
        made.all(|other| other == Some(first)).then_some(first)
    }
}

/// Whether an object is sure to have a key, be it in an object within: `arguments.x-message-ttl`.
fn has(object: &ObjectValue, key: &str) -> bool {
    let within = |(head, rest): (&str, &str)| matches!(object.fields.get(head), Some(Value::Object(inner)) if has(inner, rest));
    object.fields.contains_key(key) || key.split_once('.').is_some_and(within)
}

/// Whether a value has a key, or may have it; without a key, whether it is there itself.
pub(super) fn may_have(value: &Value, key: Option<&str>) -> bool {
    match (value, key) {
        (Value::OneOf(values), _) => values.iter().any(|value| may_have(value, key)),
        (Value::Object(object), Some(key)) => {
            let found = object.fields.get(key).map(|value| may_have(value, None)).or_else(|| {
                let (head, rest) = key.split_once('.')?;
                object.fields.get(head).map(|inner| may_have_within(inner, rest))
            });
            found.unwrap_or_else(|| object.rest.iter().any(|rest| may_have(rest, Some(key))))
        }
        (Value::Null | Value::Text(_) | Value::Array(_) | Value::Function(..), Some(_)) => false,
        (Value::Null, None) => false,
        // `timeout: 0` is none.
        (value, None) => value.literal().is_none_or(|text| !matches!(text.as_str(), "0" | "false")),
        (_, Some(_)) => true,
    }
}

/// The same of what an object has under a key: an object of its own, or a library's value that remembers it. Nothing is known of others that would
/// have it.
fn may_have_within(value: &Value, key: &str) -> bool {
    match value {
        Value::OneOf(values) => values.iter().any(|value| may_have_within(value, key)),
        Value::Instance(instance) => instance.captures.get(key).is_some_and(|value| may_have(value, None)),
        Value::Object(_) => may_have(value, Some(key)),
        _ => false,
    }
}

/// What a name is bound to in the function that it stands in, the latest; anything else as it is.
fn bound(facts: &SourceFacts, expr: ExprId) -> ExprId {
    let Expr::Name(name) = facts.expr(expr) else { return expr };
    let function = facts.exprs[expr.index()].function;
    let own = facts.bindings.iter().rfind(|binding| binding.name == *name && binding.function == function);
    own.and_then(|binding| binding.value).unwrap_or(expr)
}

/// Notes that what an argument does is limited, directly or by the name that it is bound to.
fn limit_arguments(walk: &mut Walk<'_>, call: &Call) {
    let facts = walk.facts;
    for argument in &call.args {
        let bound = bound(facts, argument.value);
        let elements = match facts.expr(bound) {
            Expr::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(&bound),
        };
        for element in elements {
            let (calls, closure) = given_work(facts, *element);
            walk.limited_calls.extend(calls);
            walk.limited_closures.extend(closure);
        }
    }
}

/// Whether one of these methods is called on what a call hands out: in the same chain, or by the name that it is bound to.
fn is_followed_by(facts: &SourceFacts, call: CallId, methods: &catalog::Names) -> bool {
    following(facts, call, methods).is_some()
}

/// Whether one of these methods was called on what a call is made on: in the same chain, or by the same name.
pub(super) fn is_preceded(facts: &SourceFacts, call: &Call, methods: &catalog::Names) -> bool {
    let is_meant = |name: &Symbol| methods.iter().any(|method| method == name);
    let Expr::Member { object, .. } = facts.expr(call.callee) else { return false };
    let mut on = *object;
    while let Expr::Call(before) = facts.expr(on) {
        let Expr::Member { object, name } = facts.expr(facts.call(*before).callee) else { return false };
        if is_meant(name) {
            return true;
        }
        on = *object;
    }
    let Expr::Name(of) = facts.expr(on) else { return false };
    let by_name = |value: ExprId| matches!(facts.expr(value), Expr::Name(name) if name == of);
    let mut before = facts.calls.iter().filter(|other| other.function == call.function && other.range.start < call.range.start);
    before.any(|other| matches!(facts.expr(other.callee), Expr::Member { object, name } if is_meant(name) && by_name(*object)))
}

/// The call of one of these methods on what a call hands out: in the same chain, or by the name that it is bound to.
pub(super) fn following<'w>(facts: &'w SourceFacts, call: CallId, methods: &catalog::Names) -> Option<&'w Call> {
    let function = facts.call(call).function;
    let mut chain = vec![call];
    // Calls stand behind those in their callees.
    for (at, other) in facts.calls.iter().enumerate().skip(call.index() + 1) {
        let Expr::Member { object, name } = facts.expr(other.callee) else { continue };
        let is_ours = |expr: ExprId| matches!(facts.expr(expr), Expr::Call(of) if chain.contains(of));
        let ours = match facts.expr(*object) {
            Expr::Name(of) if other.function == function => {
                let mut bound = facts.bindings.iter().filter(|binding| binding.function == function && binding.name == *of);
                bound.any(|binding| binding.value.is_some_and(is_ours))
            }
            _ => is_ours(*object),
        };
        if ours && methods.iter().any(|method| method == name) {
            return Some(other);
        }
        if ours {
            chain.push(CallId(at as u32));
        }
    }
    None
}
