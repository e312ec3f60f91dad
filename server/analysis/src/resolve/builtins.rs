//! What calls of the languages and of their standard libraries mean for texts: those that make, join or change them, and those that hand
//! through what they are given.
//!
//! What deliberately does not live here: libraries, which the catalog knows. Invariant: a method of the workspace's own wins over one here.

use std::sync::Arc;

use portolan_grammars::facts::{Call, CallId, CallKind, Expr, SourceFacts, Symbol};

use super::alternatives::fallback;
use super::evaluate::Evaluator;
use super::index::own_name;
use super::value::{Change, ObjectValue, Part, Pattern, Value, changed, concat, join_url};
use crate::FileId;

/// Calls that are followed from what is collected.
const MAX_STEPS: u32 = 8;
/// How many things of a list are told apart.
const MAX_ELEMENTS: usize = 16;

/// A list of what a function makes for each of so many elements. Things of a library are that many, to be taken out one by one; a text stands
/// for all of its kind.
fn repeated(made: Value, count: usize) -> Value {
    let is_thing = made.alternatives().iter().all(|made| matches!(made, Value::Instance(_)));
    Value::Array(vec![made; if is_thing { count.clamp(1, MAX_ELEMENTS) } else { 1 }].into())
}

impl<'w> Evaluator<'w> {
    /// A text behind so many of its letters; what a parameter holds is one if it is declared to be.
    fn sliced(&mut self, file: FileId, call: &Call, text: &Value) -> Option<Value> {
        let [start] = call.args.as_slice() else { return None };
        let start = self.eval(file, start.value).literal()?.parse().ok()?;
        let is_text = match text {
            Value::Text(_) => true,
            Value::Param(param, path) => path.is_empty() && self.is_textual(*param),
            _ => false,
        };
        let change = self.asked_start(file, call, start).map_or(Change::From(start), Change::Behind);
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

    /// What a promise's callback makes of what was waited for: `import("axios").then(axios => axios.create(…))`.
    fn made_of_awaited(&mut self, file: FileId, call: &Call, awaited: &Value) -> Option<Value> {
        let Value::Function(callback, receiver) = self.eval(file, call.args.first()?.value) else { return None };
        Some(self.apply(callback, receiver.as_deref(), std::slice::from_ref(awaited))).filter(|made| !made.is_unknown())
    }

    /// Language and standard-library calls that matter for texts, and those that hand through what they are given.
    pub(super) fn builtin(&mut self, file: FileId, facts: &'w SourceFacts, id: CallId) -> Option<Value> {
        let call = facts.call(id);
        let argument = |at: usize| call.args.get(at).map(|argument| argument.value);
        if let Some(text) = self.included(file, facts, id) {
            return Some(text);
        }
        match facts.expr(call.callee) {
            Expr::Member { object, name } => {
                let method = name.as_str();
                if facts.language.is_ecmascript() {
                    match method {
                        "bind" | "then" | "catch" | "finally" | "toString" | "trim" | "trimEnd" | "toLowerCase" | "toUpperCase"
                        | "normalize" | "valueOf" | "asPromise" | "toPromise" | "lean" | "freeze" => {}
                        // A pattern leaves the text as it is, as far as anybody can tell.
                        "replace" | "replaceAll" => {
                            let [from, to] = [argument(0)?, argument(1)?];
                            if matches!(facts.expr(from), Expr::Str(_)) {
                                let [receiver, from, to] = [*object, from, to].map(|expr| self.eval(file, expr));
                                return replaced(receiver, &from, &to);
                            }
                        }
                        // Parameters of the callback already stand for the elements.
                        "map" | "flatMap" => {
                            let list = self.eval(file, *object);
                            let element = match &list {
                                Value::Array(_) | Value::Param(..) => self.elements(&list),
                                _ => return None,
                            };
                            if matches!(list, Value::Param(..)) && element.is_unknown() {
                                return None;
                            }
                            let Value::Function(each, receiver) = self.eval(file, argument(0)?) else { return None };
                            let made = self.apply(each, receiver.as_deref(), &[element]);
                            return Some(repeated(made, if let Value::Array(items) = &list { items.len() } else { 1 }));
                        }
                        // What is waited for together comes in the order that it is given in.
                        "all" if matches!(facts.expr(*object), Expr::Name(name) if name == "Promise") => {
                            return Some(self.eval(file, argument(0)?)).filter(|list| matches!(list, Value::Array(_)));
                        }
                        "from" if matches!(facts.expr(*object), Expr::Name(name) if name == "Array") => {
                            let Value::Function(each, receiver) = self.eval(file, argument(1)?) else { return None };
                            let from = self.eval(file, argument(0)?);
                            let length = self.member(&from, &"length".into(), None).literal().and_then(|length| length.parse().ok());
                            let made = self.apply(each, receiver.as_deref(), &[]);
                            return Some(repeated(made, length.unwrap_or(1)));
                        }
                        "parseInt" if matches!(facts.expr(*object), Expr::Name(name) if name == "Number") => {
                            return Some(self.eval(file, argument(0)?));
                        }
                        "get" if call.args.len() == 1 => {
                            return Some(self.put_by_key(file, facts, *object, call.function)).filter(|value| !value.is_unknown());
                        }
                        "split" => {
                            let text = self.eval(file, *object);
                            let separator = self.eval(file, argument(0)?).literal()?;
                            return split(&text, &separator);
                        }
                        "filter" | "reverse" | "sort" | "slice" => {
                            let list = self.eval(file, *object);
                            return match list {
                                Value::Array(_) => Some(list),
                                _ if method == "slice" => self.sliced(file, call, &list),
                                _ => None,
                            };
                        }
                        // What ends a request after so many milliseconds is as good as their number.
                        "timeout" if matches!(facts.expr(*object), Expr::Name(name) if name == "AbortSignal") => {
                            return Some(self.eval(file, argument(0)?));
                        }
                        "assign" => {}
                        "concat" => {
                            let mut parts = vec![self.eval(file, *object)];
                            if matches!(parts[0], Value::Text(_)) {
                                for argument in &call.args {
                                    parts.push(self.eval(file, argument.value));
                                }
                                return Some(concat(&parts));
                            }
                            return None;
                        }
                        "join" => {
                            let items = match self.eval(file, *object) {
                                Value::Array(items) => items,
                                // The way of paths in URLs; that of the machine is one of files.
                                Value::External(package, path) if is_posix_paths(&package, &path) => {
                                    let parts: Vec<Value> = call.args.iter().map(|argument| self.eval(file, argument.value)).collect();
                                    return parts.into_iter().reduce(|path, part| join_url(&path, &part));
                                }
                                _ => return None,
                            };
                            let separator = argument(0).map_or(Value::text(","), |argument| self.eval(file, argument));
                            let mut parts = Vec::new();
                            for (at, item) in items.iter().enumerate() {
                                if at > 0 {
                                    parts.push(separator.clone());
                                }
                                parts.push(item.clone());
                            }
                            return Some(concat(&parts));
                        }
                        _ => return None,
                    }
                    if matches!(method, "freeze" | "assign") {
                        let arguments: Vec<Value> = call.args.iter().map(|argument| self.eval(file, argument.value)).collect();
                        let mut merged = ObjectValue::default();
                        for value in arguments {
                            match value {
                                Value::Object(object) => {
                                    merged.fields.extend(object.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
                                    merged.sources.extend(object.sources.iter().map(|(name, source)| (name.clone(), *source)));
                                }
                                other if method == "freeze" => return Some(other),
                                _ => {}
                            }
                        }
                        return Some(Value::Object(Arc::new(merged)));
                    }
                    let receiver = self.eval(file, *object);
                    if method == "then"
                        && let Some(made) = self.made_of_awaited(file, call, &receiver)
                    {
                        return Some(made);
                    }
                    return match (&receiver, method) {
                        (Value::Function(..), "bind") => Some(receiver),
                        (Value::External(..) | Value::Instance(_), _) => None,
                        (_, "then" | "catch" | "finally" | "lean") => Some(receiver),
                        (Value::Text(_) | Value::Param(..) | Value::OneOf(_), _) => Some(receiver),
                        _ => None,
                    };
                }
                let transparent = match method {
                    "collect" | "keys" | "into_keys" if call.args.is_empty() => {
                        let of = if method == "collect" { self.collected(file, facts, *object, MAX_STEPS) } else { None };
                        return of.or_else(|| self.keys_put(file, facts, *object).filter(|_| method != "collect"));
                    }
                    "get" | "remove" | "pop" | "first" | "last" | "first_mut" | "last_mut" | "pop_front" | "pop_back" => {
                        return self.typed_lookup(file, *object);
                    }
                    // That of a lock or of an only owner takes nothing.
                    "get_mut" if !call.args.is_empty() => return self.typed_lookup(file, *object),
                    "unwrap_or" | "or" | "or_else" | "unwrap_or_else" => {
                        let receiver = self.eval(file, *object);
                        if matches!(receiver, Value::Some(_)) || self.is_librarys_method(&receiver, method) {
                            return None;
                        }
                        let other = match argument(0).map(|argument| self.eval(file, argument)) {
                            Some(Value::Function(closure, _)) => self.result_of(closure),
                            Some(value) => value,
                            None => Value::Unknown,
                        };
                        return Some(fallback(vec![receiver, other]));
                    }
                    // `Url::join` and `Path::join` both put a slash where it belongs.
                    "join" if call.args.len() == 1 => {
                        let receiver = self.eval(file, *object);
                        let tail = self.eval(file, argument(0)?);
                        return matches!(receiver, Value::Text(_) | Value::Param(..) | Value::Unknown).then(|| join_url(&receiver, &tail));
                    }
                    "replace" if call.args.len() == 2 => {
                        let [receiver, from, to] = [*object, argument(0)?, argument(1)?].map(|expr| self.eval(file, expr));
                        return replaced(receiver, &from, &to);
                    }
                    "unwrap" | "expect" | "unwrap_or_default" | "clone" | "cloned" | "to_string" | "to_owned" | "into" | "as_str"
                    | "as_ref" | "as_deref" | "as_mut" | "as_bytes" | "ok" | "ok_or" | "ok_or_else" | "map_err" | "context"
                    | "with_context" | "borrow" | "lock" | "read" | "write" | "try_into" | "into_inner" | "get_ref" | "get_mut"
                    | "trim" | "trim_end_matches" | "trim_start_matches" | "trim_end" | "to_lowercase" | "parse" | "into_string"
                    | "to_str" | "to_string_lossy" | "as_path" | "to_path_buf" | "deref" | "boxed" | "borrow_mut" | "into_boxed_str"
                    | "copied" | "wrap_err" | "inspect_err" | "in_current_span" | "instrument" | "take" | "filter" | "and_then" | "map"
                    | "next" | "get_or_init" | "load" | "load_full" | "into_owned" | "leak" | "expose_secret" => true,
                    _ => false,
                };
                if !transparent {
                    return None;
                }
                let receiver = self.eval(file, *object);
                if self.has_own_method(&receiver, name) {
                    return None;
                }
                if matches!(method, "to_string" | "as_ref" | "into" | "to_owned" | "as_str") {
                    let own = self.own_shown(file, facts, *object).filter(|_| method == "to_string");
                    let shown = own.unwrap_or_else(|| self.shown(&receiver));
                    if shown != receiver {
                        return Some(shown);
                    }
                }
                match (&receiver, method) {
                    // A library's own method of that name is the library's business.
                    (
                        Value::Instance(_) | Value::External(..),
                        "clone" | "unwrap" | "expect" | "as_ref" | "borrow" | "lock" | "into_inner" | "to_owned" | "ok" | "context"
                        | "with_context" | "map_err" | "instrument" | "in_current_span",
                    ) => Some(receiver),
                    (Value::Instance(_) | Value::External(..), _) => None,
                    // An own method wins over the standard library's.
                    (Value::Some(class) | Value::New(class, ..), _) if self.has_method(*class, name) => None,
                    (Value::Unknown | Value::Null, _) => None,
                    (Value::Param(param, path), "get_or_init" | "map" | "and_then") => Some(Value::Param(*param, path.clone())),
                    (_, "get_or_init") => None,
                    _ => Some(receiver),
                }
            }
            Expr::Path(path) => {
                let [.., owner, name] = path.as_slice() else { return None };
                if owner == "Duration"
                    && let Some(unit) = milliseconds_in(name)
                {
                    let count = self.eval(file, argument(0)?).literal().and_then(|count| count.parse::<f64>().ok());
                    return Some(count.map_or(Value::Unknown, |count| Value::text((count * unit).to_string())));
                }
                let hands_through = matches!(
                    (own_name(facts, owner), name.as_str()),
                    (
                        "Arc"
                            | "Rc"
                            | "Box"
                            | "Mutex"
                            | "RwLock"
                            | "RefCell"
                            | "Cell"
                            | "OnceCell"
                            | "LazyLock"
                            | "Lazy"
                            | "Cow"
                            | "String"
                            | "Data"
                            | "Some"
                            | "Ok"
                            | "Pin"
                            | "Extension"
                            | "State"
                            | "PathBuf"
                            | "SecretString"
                            | "SecretBox"
                            | "Secret",
                        "new" | "from" | "pin" | "clone" | "force" | "Borrowed" | "Owned" | "into_inner" | "from_str"
                    ) | ("Url" | "Uri" | "ApiUrl" | "Endpoint", "parse" | "from_static" | "try_from" | "from_str" | "from_maybe_shared")
                        | ("str", "from_utf8")
                        | ("SocketAddr", "from" | "new")
                );
                if !hands_through {
                    return None;
                }
                if matches!(owner.as_str(), "Endpoint" | "Data" | "State" | "Extension" | "Secret")
                    && let Value::External(..) = self.eval(file, call.callee)
                    && owner == "Endpoint"
                {
                    return None;
                }
                // `SocketAddr::new(address, port)`.
                if owner == "SocketAddr" && call.args.len() == 2 {
                    let parts: Vec<Value> = call.args.iter().map(|argument| self.eval(file, argument.value)).collect();
                    return Some(Value::Array(parts.into()));
                }
                match self.eval(file, argument(0)?) {
                    Value::Function(closure, _) if matches!(owner.as_str(), "LazyLock" | "Lazy" | "OnceCell") => {
                        Some(self.result_of(closure))
                    }
                    // `Lazy::new(Client::new)`
                    made @ Value::External(..) if matches!(owner.as_str(), "LazyLock" | "Lazy") => {
                        Some(self.type_made_by(facts.language.into(), &made).unwrap_or(made))
                    }
                    value => Some(value),
                }
            }
            Expr::Name(name) => match name.as_str() {
                "Some" | "Ok" | "Err" | "Box" if facts.language == portolan_grammars::facts::Language::Rust => {
                    if name == "Err" {
                        return Some(Value::Unknown);
                    }
                    Some(self.eval(file, argument(0)?))
                }
                "String" | "encodeURIComponent" | "encodeURI" | "decodeURIComponent" | "Number" | "parseInt"
                    if facts.language.is_ecmascript() =>
                {
                    Some(self.eval(file, argument(0)?))
                }
                "useState" | "useMemo" | "useCallback" if facts.language.is_ecmascript() => {
                    match self.eval(file, call.callee) {
                        Value::External(package, _) if package == "react" => {}
                        _ => return None,
                    }
                    let given = self.eval(file, argument(0)?);
                    Some(match (name.as_str(), given) {
                        ("useCallback", given) => given,
                        ("useMemo", Value::Function(made, _)) => self.result_of(made),
                        ("useState", Value::Function(made, _)) => Value::Array(Arc::from([self.result_of(made)])),
                        ("useState", given) => Value::Array(Arc::from([given])),
                        _ => return None,
                    })
                }
                "require" if facts.language.is_ecmascript() => None,
                "URL" if call.kind == CallKind::New => {
                    if let Value::External(package, _) = self.eval(file, call.callee)
                        && package == "global"
                    {
                        let path = self.eval(file, argument(0)?);
                        return Some(match argument(1) {
                            Some(base) => {
                                let base = self.eval(file, base);
                                join_url(&base, &path)
                            }
                            _ => path,
                        });
                    }
                    None
                }
                _ => None,
            },
            _ => None,
        }
    }
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

/// How many milliseconds a unit of Rust's `Duration` has, by the name of the function that takes it.
fn milliseconds_in(constructor: &str) -> Option<f64> {
    Some(match constructor {
        "from_micros" => 1e-3,
        "from_millis" => 1.0,
        "from_secs" | "from_secs_f32" | "from_secs_f64" => 1e3,
        "from_mins" => 6e4,
        "from_hours" => 3.6e6,
        _ => return None,
    })
}

/// A text with another put in the place of what stands in it. Of one that is only passed, what it is without is as good as known.
fn replaced(text: Value, from: &Value, to: &Value) -> Option<Value> {
    let Some(from) = from.literal().filter(|from| !from.is_empty()) else {
        return matches!(text, Value::Text(_) | Value::Param(..)).then_some(text);
    };
    match &text {
        Value::Text(pattern) => Some(replaced_in(pattern, &from, to)),
        Value::Param(..) => Some(text),
        _ => None,
    }
}

/// A text with another in the place of what stands between its holes.
fn replaced_in(pattern: &Pattern, from: &str, to: &Value) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    for part in &pattern.parts {
        let Part::Text(text) = part else {
            parts.push(Value::pattern(Pattern::part(part.clone())));
            continue;
        };
        for (at, piece) in text.split(from).enumerate() {
            parts.extend((at > 0).then(|| to.clone()));
            parts.push(Value::text(piece));
        }
    }
    // Where it came from stays where it came from.
    parts.push(Value::pattern(Pattern { parts: Vec::new(), sources: pattern.sources.clone(), when: pattern.when.clone() }));
    concat(&parts)
}
