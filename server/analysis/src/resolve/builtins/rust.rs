//! Calls of Rust's standard library, and of those libraries whose types everybody wraps values in.
//!
//! What deliberately does not live here: what a client or a server library does. Invariant: a type's own method of a name here wins.

use portolan_grammars::facts::{ExprId, Symbol};

use super::super::alternatives::fallback;
use super::super::evaluate::Evaluator;
use super::super::index::own_name;
use super::super::value::{Change, Value, join_url};
use super::{Site, in_letters};

/// Calls that are followed from what is collected.
const MAX_STEPS: u32 = 8;

/// Methods that hand through what they are called on: its text, or what it wraps.
const TRANSPARENT: &[&str] = &[
    "and_then",
    "as_bytes",
    "as_deref",
    "as_mut",
    "as_path",
    "as_ref",
    "as_str",
    "borrow",
    "borrow_mut",
    "boxed",
    "clone",
    "cloned",
    "context",
    "copied",
    "deref",
    "expect",
    "expose_secret",
    "filter",
    "get_mut",
    "get_or_init",
    "get_ref",
    "in_current_span",
    "inspect_err",
    "instrument",
    "into",
    "into_boxed_str",
    "into_inner",
    "into_owned",
    "into_string",
    "leak",
    "load",
    "load_full",
    "lock",
    "map",
    "map_err",
    "next",
    "ok",
    "ok_or",
    "ok_or_else",
    "parse",
    "read",
    "take",
    "to_owned",
    "to_path_buf",
    "to_str",
    "to_string",
    "to_string_lossy",
    "trim",
    "trim_end",
    "trim_end_matches",
    "trim_start_matches",
    "try_into",
    "unwrap",
    "unwrap_or_default",
    "with_context",
    "wrap_err",
    "write",
];

impl<'w> Evaluator<'w> {
    /// What a method of the standard library gives back.
    pub(super) fn rust_method(&mut self, site: Site<'w>, object: ExprId, name: &Symbol) -> Option<Value> {
        let Site { file, facts, call } = site;
        match name.as_str() {
            "collect" if call.args.is_empty() => self.collected(file, facts, object, MAX_STEPS),
            "keys" | "into_keys" if call.args.is_empty() => self.keys_put(file, facts, object),
            "get" | "remove" | "pop" | "first" | "last" | "first_mut" | "last_mut" | "pop_front" | "pop_back" => {
                self.typed_lookup(file, object)
            }
            // That of a lock or of an only owner takes nothing.
            "get_mut" if !call.args.is_empty() => self.typed_lookup(file, object),
            "unwrap_or" | "or" | "or_else" | "unwrap_or_else" => self.or_else(site, object, name),
            // `Url::join` and `Path::join` both put a slash where it belongs.
            "join" if call.args.len() == 1 => {
                let receiver = self.eval(file, object);
                let tail = self.eval(file, site.argument(0)?);
                let is_text = |value: &Value| matches!(value, Value::Text(_) | Value::Param(..) | Value::Unknown);
                receiver.alternatives().iter().all(is_text).then(|| join_url(&receiver, &tail))
            }
            "replace" if call.args.len() == 2 => self.with_replaced(site, object),
            "to_uppercase" | "to_ascii_uppercase" => Some(in_letters(&Change::Upper, &self.eval(file, object))),
            "to_lowercase" | "to_ascii_lowercase" => Some(in_letters(&Change::Lower, &self.eval(file, object))),
            method if TRANSPARENT.binary_search(&method).is_ok() => self.unwrapped(site, object, name),
            _ => None,
        }
    }

    /// What a function of the prelude gives back.
    pub(super) fn rust_function(&mut self, site: Site<'w>, name: &Symbol) -> Option<Value> {
        match name.as_str() {
            "Some" | "Ok" | "Box" => Some(self.eval(site.file, site.argument(0)?)),
            "Err" => Some(Value::Unknown),
            _ => None,
        }
    }

    /// What an associated function gives back: `Arc::new(client)`, `Duration::from_secs(5)`.
    pub(super) fn rust_associated(&mut self, site: Site<'w>, path: &[Symbol]) -> Option<Value> {
        let [.., owner, name] = path else { return None };
        if owner == "Duration"
            && let Some(unit) = milliseconds_in(name)
        {
            let count = self.eval(site.file, site.argument(0)?).literal().and_then(|count| count.parse::<f64>().ok());
            return Some(count.map_or(Value::Unknown, |count| Value::text((count * unit).to_string())));
        }
        // `SocketAddr::new(address, port)`.
        if owner == "SocketAddr" && site.call.args.len() == 2 && own_name(site.facts, owner) == "SocketAddr" {
            return matches!(name.as_str(), "from" | "new").then(|| Value::Array(self.written_arguments(site.file, site.call).into()));
        }
        if !wraps(own_name(site.facts, owner), name) {
            return None;
        }
        // A library's endpoint is the library's business.
        if owner == "Endpoint" && matches!(self.eval(site.file, site.call.callee), Value::External(..)) {
            return None;
        }
        match self.eval(site.file, site.argument(0)?) {
            Value::Function(closure, _) if matches!(owner.as_str(), "LazyLock" | "Lazy" | "OnceCell") => Some(self.result_of(closure)),
            // `Lazy::new(Client::new)`
            made @ Value::External(..) if matches!(owner.as_str(), "LazyLock" | "Lazy") => {
                Some(self.type_made_by(site.facts.language.into(), &made).unwrap_or(made))
            }
            value => Some(value),
        }
    }

    /// What is there, or what is put in its place.
    fn or_else(&mut self, site: Site<'w>, object: ExprId, name: &Symbol) -> Option<Value> {
        let receiver = self.eval(site.file, object);
        if matches!(receiver, Value::Some(_)) || self.is_librarys_method(&receiver, name) {
            return None;
        }
        let other = match site.argument(0).map(|argument| self.eval(site.file, argument)) {
            Some(Value::Function(closure, _)) => self.result_of(closure),
            Some(value) => value,
            None => Value::Unknown,
        };
        Some(fallback(vec![receiver, other]))
    }

    /// What a method hands through of what it is called on.
    fn unwrapped(&mut self, site: Site<'w>, object: ExprId, name: &Symbol) -> Option<Value> {
        let receiver = self.eval(site.file, object);
        if self.has_own_method(&receiver, name) {
            return None;
        }
        if matches!(name.as_str(), "to_string" | "as_ref" | "into" | "to_owned" | "as_str") {
            let own = self.own_shown(site.file, site.facts, object).filter(|_| name == "to_string");
            let shown = own.unwrap_or_else(|| self.shown(&receiver));
            if shown != receiver {
                return Some(shown);
            }
        }
        match (&receiver, name.as_str()) {
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
}

/// Whether an associated function gives back what it is given, wrapped or parsed.
fn wraps(owner: &str, name: &str) -> bool {
    match owner {
        "Arc" | "Rc" | "Box" | "Mutex" | "RwLock" | "RefCell" | "Cell" | "OnceCell" | "LazyLock" | "Lazy" | "Cow" | "String" | "Data"
        | "Some" | "Ok" | "Pin" | "Extension" | "State" | "PathBuf" | "SecretString" | "SecretBox" | "Secret" => {
            matches!(name, "new" | "from" | "pin" | "clone" | "force" | "Borrowed" | "Owned" | "into_inner" | "from_str")
        }
        "Url" | "Uri" | "ApiUrl" | "Endpoint" => matches!(name, "parse" | "from_static" | "try_from" | "from_str" | "from_maybe_shared"),
        "str" => name == "from_utf8",
        "SocketAddr" => matches!(name, "from" | "new"),
        _ => false,
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
