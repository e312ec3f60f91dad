//! Calls of ECMAScript and of its global objects.
//!
//! What deliberately does not live here: libraries, but for the ways of paths and React's own hooks. Invariant: what is not listed has no
//! meaning here.

use std::sync::Arc;

use portolan_grammars::facts::{Call, CallKind, Expr, ExprId, Symbol};

use super::super::evaluate::{Evaluator, inside};
use super::super::value::{Change, ObjectValue, Value, changed, concat, join_url};
use super::{Site, in_letters};
use crate::FileId;

/// How many things of a list are told apart.
const MAX_ELEMENTS: usize = 16;

impl<'w> Evaluator<'w> {
    /// What a method of a text, a list, a promise or a global object gives back.
    pub(super) fn ecmascript_method(&mut self, site: Site<'w>, object: ExprId, name: &Symbol) -> Option<Value> {
        let file = site.file;
        let is_of = |global: &str| matches!(site.facts.expr(object), Expr::Name(name) if name == global);
        match name.as_str() {
            // A pattern leaves the text as it is, as far as anybody can tell.
            "replace" | "replaceAll" => match site.facts.expr(site.argument(0)?) {
                Expr::Str(_) => self.with_replaced(site, object),
                _ => self.handed_through(site, object, name),
            },
            "map" | "flatMap" => self.each_mapped(site, object),
            // What is waited for together comes in the order that it is given in.
            "all" if is_of("Promise") => Some(self.eval(file, site.argument(0)?)).filter(|list| matches!(list, Value::Array(_))),
            "from" if is_of("Array") => self.list_from(site),
            "parseInt" if is_of("Number") => Some(self.eval(file, site.argument(0)?)),
            "get" if site.call.args.len() == 1 => {
                Some(self.put_by_key(file, site.facts, object, site.argument(0)?)).filter(|value| !value.is_unknown())
            }
            "split" => {
                let text = self.eval(file, object);
                let separator = self.eval(file, site.argument(0)?).literal()?;
                split(&text, &separator)
            }
            "filter" | "reverse" | "sort" => Some(self.eval(file, object)).filter(|list| matches!(list, Value::Array(_))),
            "slice" => match self.eval(file, object) {
                list @ Value::Array(_) => Some(list),
                text => self.sliced(site, &text),
            },
            // What ends a request after so many milliseconds is as good as their number.
            "timeout" if is_of("AbortSignal") => Some(self.eval(file, site.argument(0)?)),
            "freeze" | "assign" => self.merged(site, name == "freeze"),
            "concat" => {
                let text = self.eval(file, object);
                let is_text = matches!(text, Value::Text(_));
                is_text.then(|| concat(&[vec![text], self.written_arguments(site.file, site.call)].concat()))
            }
            "join" => self.joined(site, object),
            "toUpperCase" | "toLocaleUpperCase" => Some(in_letters(&Change::Upper, &self.eval(file, object))),
            "toLowerCase" | "toLocaleLowerCase" => Some(in_letters(&Change::Lower, &self.eval(file, object))),
            "bind" | "then" | "catch" | "finally" | "toString" | "trim" | "trimEnd" | "normalize" | "valueOf" | "asPromise"
            | "toPromise" | "lean" => self.handed_through(site, object, name),
            _ => None,
        }
    }

    /// What a function of the language, of a browser or of React gives back.
    pub(super) fn ecmascript_function(&mut self, site: Site<'w>, name: &Symbol) -> Option<Value> {
        match name.as_str() {
            "String" | "encodeURIComponent" | "encodeURI" | "decodeURIComponent" | "Number" | "parseInt" => {
                Some(self.eval(site.file, site.argument(0)?))
            }
            "useState" | "useMemo" | "useCallback" | "useContext" | "use" => self.hooked(site, name),
            "URL" if site.call.kind == CallKind::New => self.url(site),
            "Proxy" if site.call.kind == CallKind::New => self.behind_proxy(site),
            _ => None,
        }
    }

    /// What a method gives back that leaves the text, or the promise of it, as it is.
    fn handed_through(&mut self, site: Site<'w>, object: ExprId, name: &Symbol) -> Option<Value> {
        let receiver = self.eval(site.file, object);
        if name == "then"
            && let Some(made) = self.made_of_awaited(site.file, site.call, &receiver)
        {
            return Some(made);
        }
        match (&receiver, name.as_str()) {
            (Value::Function(..), "bind") => Some(receiver),
            (Value::External(..) | Value::Instance(_), _) => None,
            (_, "then" | "catch" | "finally" | "lean") => Some(receiver),
            (Value::Text(_) | Value::Param(..) | Value::OneOf(_), _) => Some(receiver),
            _ => None,
        }
    }

    /// What a promise's callback makes of what was waited for: `import("axios").then(axios => axios.create(…))`.
    fn made_of_awaited(&mut self, file: FileId, call: &Call, awaited: &Value) -> Option<Value> {
        let Value::Function(callback, receiver) = self.eval(file, call.args.first()?.value) else { return None };
        Some(self.apply(callback, receiver.as_deref(), std::slice::from_ref(awaited))).filter(|made| !made.is_unknown())
    }

    /// What a function makes of each element of a list. Parameters of the callback already stand for the elements.
    fn each_mapped(&mut self, site: Site<'w>, object: ExprId) -> Option<Value> {
        let list = self.eval(site.file, object);
        let element = match &list {
            Value::Array(_) | Value::Param(..) => self.elements(&list),
            _ => return None,
        };
        if matches!(list, Value::Param(..)) && element.is_unknown() {
            return None;
        }
        let Value::Function(each, receiver) = self.eval(site.file, site.argument(0)?) else { return None };
        let made = self.apply(each, receiver.as_deref(), &[element]);
        Some(repeated(made, if let Value::Array(items) = &list { items.len() } else { 1 }))
    }

    /// `Array.from({ length: 4 }, () => …)`.
    fn list_from(&mut self, site: Site<'w>) -> Option<Value> {
        let Value::Function(each, receiver) = self.eval(site.file, site.argument(1)?) else { return None };
        let from = self.eval(site.file, site.argument(0)?);
        let length = self.member(&from, &"length".into(), None).literal().and_then(|length| length.parse().ok());
        let made = self.apply(each, receiver.as_deref(), &[]);
        Some(repeated(made, length.unwrap_or(1)))
    }

    /// One object of the fields of all that are given; what is `frozen` without being an object stays what it is.
    fn merged(&mut self, site: Site<'w>, frozen: bool) -> Option<Value> {
        let mut merged = ObjectValue::default();
        for value in self.written_arguments(site.file, site.call) {
            match value {
                Value::Object(object) => {
                    merged.fields.extend(object.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
                    merged.sources.extend(object.sources.iter().map(|(name, source)| (name.clone(), *source)));
                }
                other if frozen => return Some(other),
                _ => {}
            }
        }
        Some(Value::Object(Arc::new(merged)))
    }

    /// The elements of a list as one text, or parts of a path as one.
    fn joined(&mut self, site: Site<'w>, object: ExprId) -> Option<Value> {
        let items = match self.eval(site.file, object) {
            Value::Array(items) => items,
            // The way of paths in URLs; that of the machine is one of files.
            Value::External(package, path) if is_posix_paths(&package, &path) => {
                return self.written_arguments(site.file, site.call).into_iter().reduce(|path, part| join_url(&path, &part));
            }
            _ => return None,
        };
        let separator = site.argument(0).map_or(Value::text(","), |argument| self.eval(site.file, argument));
        let mut parts = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                parts.push(separator.clone());
            }
            parts.push(item.clone());
        }
        Some(concat(&parts))
    }

    /// A text behind so many of its letters; what a parameter holds is one if it is declared to be.
    fn sliced(&mut self, site: Site<'w>, text: &Value) -> Option<Value> {
        let [start] = site.call.args.as_slice() else { return None };
        let start = self.eval(site.file, start.value).literal()?.parse().ok()?;
        let is_text = match text {
            Value::Text(_) => true,
            Value::Param(param, path) => path.is_empty() && self.is_textual(*param),
            _ => false,
        };
        let change = self.asked_start(site.file, site.call, start).map_or(Change::From(start), Change::Behind);
        is_text.then(|| changed(&change, text))
    }

    /// The text of so many letters that the function asks what is sliced whether it begins with it: another text is not meant then.
    fn asked_start(&mut self, file: FileId, slice: &Call, start: u32) -> Option<Symbol> {
        let (facts, index) = self.file(file)?;
        let named = |call: &Call| match facts.expr(call.callee) {
            Expr::Member { object, .. } => match facts.expr(*object) {
                Expr::Name(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        let sliced = named(slice)?;
        let asks = index.calls.get("startsWith").into_iter().flatten().map(|id| facts.call(*id));
        let texts = asks.filter(|call| call.function == slice.function && named(call).as_ref() == Some(&sliced));
        let mut texts = texts.filter_map(|call| self.eval(file, call.args.first()?.value).literal());
        texts.find(|text| text.chars().count() == start as usize)
    }

    /// What React keeps between two times of drawing.
    fn hooked(&mut self, site: Site<'w>, hook: &Symbol) -> Option<Value> {
        if !matches!(self.eval(site.file, site.call.callee), Value::External(package, _) if package == "react") {
            return None;
        }
        if matches!(hook.as_str(), "useContext" | "use") {
            return self.given_to_context(site.file, site.argument(0)?);
        }
        match (hook.as_str(), site.argument(0).map(|given| self.eval(site.file, given))) {
            ("useCallback", given) => given,
            ("useMemo", Some(Value::Function(made, _))) => Some(self.result_of(made)),
            ("useState", first) => {
                let states = first.into_iter().chain(self.states_set(site));
                Some(Value::Array(Arc::from([Value::one_of(states.map(|state| self.state_given(state)).collect::<Vec<_>>())])))
            }
            _ => None,
        }
    }

    /// What a component sets its state to where it names the function for that: `const [open, setOpen] = useState()`, `setOpen({ url })`.
    fn states_set(&mut self, site: Site<'w>) -> Vec<Value> {
        let Some((facts, index)) = self.file(site.file) else { return Vec::new() };
        let is_state = |of: ExprId| matches!(facts.expr(of), Expr::Call(call) if facts.call(*call).range == site.call.range);
        let is_second = |at: ExprId| matches!(facts.expr(at), Expr::Number(at) if at == "1");
        let setter = facts.bindings.iter().find(|binding| {
            binding.function == site.call.function
                && binding.value.is_some_and(
                    |value| matches!(facts.expr(value), Expr::Index { object, index } if is_state(*object) && is_second(*index)),
                )
        });
        let Some(setter) = setter else { return Vec::new() };
        let calls = index.calls.get(&setter.name).into_iter().flatten().map(|id| facts.call(*id));
        let sets = |call: &&Call| matches!(facts.expr(call.callee), Expr::Name(_)) && inside(facts, call.function, setter.function);
        calls.filter(sets).filter_map(|call| Some(self.eval(site.file, call.args.first()?.value))).collect()
    }

    /// A state as it is given, or as what is given makes it.
    fn state_given(&mut self, given: Value) -> Value {
        if let Value::Function(made, _) = given { self.result_of(made) } else { given }
    }

    /// What `new Proxy(of, handler)` of the language itself stands in front of.
    fn behind_proxy(&mut self, site: Site<'w>) -> Option<Value> {
        let is_own = matches!(self.eval(site.file, site.call.callee), Value::External(package, _) if package == "global");
        Some(self.eval(site.file, site.argument(0).filter(|_| is_own)?))
    }

    /// `new URL(path, base)` of the language itself.
    fn url(&mut self, site: Site<'w>) -> Option<Value> {
        if !matches!(self.eval(site.file, site.call.callee), Value::External(package, _) if package == "global") {
            return None;
        }
        let path = self.eval(site.file, site.argument(0)?);
        let Some(base) = site.argument(1) else { return Some(path) };
        let base = self.eval(site.file, base);
        Some(join_url(&base, &path))
    }
}

/// A list of what a function makes for each of so many elements. Things of a library are that many, to be taken out one by one; a text stands
/// for all of its kind.
fn repeated(made: Value, count: usize) -> Value {
    let is_thing = made.alternatives().iter().all(|made| matches!(made, Value::Instance(_)));
    Value::Array(vec![made; if is_thing { count.clamp(1, MAX_ELEMENTS) } else { 1 }].into())
}

/// The pieces of a text between separators. What stands before a query or a fragment is the whole as far as paths go, so that a text which only
/// callers know is no less known.
fn split(text: &Value, separator: &str) -> Option<Value> {
    if let Some(whole) = text.literal() {
        return Some(Value::Array(whole.split(separator).map(Value::text).collect()));
    }
    let before_query = matches!(separator, "?" | "#") && matches!(text, Value::Text(_) | Value::Param(..) | Value::OneOf(_));
    before_query.then(|| Value::Array(Arc::from([text.clone()])))
}

/// Whether a value is Node's module of paths with `/`.
fn is_posix_paths(package: &str, path: &[Symbol]) -> bool {
    match package.strip_prefix("node:").unwrap_or(package) {
        "path" => matches!(path, [posix] if posix == "posix"),
        package => package == "path/posix" && path.is_empty(),
    }
}
