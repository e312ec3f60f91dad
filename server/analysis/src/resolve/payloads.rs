//! JSON bodies of requests and messages: the keys that a call sends, and those that a handler requires.
//!
//! What deliberately does not live here: comparing the two, which [`crate::rules`] does. Invariants: what is sent is known only where all of its
//! keys are; a key is required only where the handler is sure not to run without it.

use std::collections::BTreeMap;

use portolan_grammars::catalog::{self, Family, Meaning, RequestBody};
use portolan_grammars::facts::{
    Attribute, Call, CallId, Entry, Expr, ExprId, Field, FunctionId, Param, SourceFacts, Symbol, TypeKind, TypeRef,
};

use super::evaluate::Evaluator;
use super::index::last_segment;
use super::library::CallView;
use super::limits::following;
use super::link::{Linker, MessageDecl, MessageLeaf};
use super::routes::argument_expr;
use super::setting_readers::{cased, serde_text};
use super::spans::Walk;
use super::value::{CallRef, ClassRef, Value};
use crate::FileId;
use crate::chart::origins::{Origin, wholes};

/// What a function requires of the body of a request or message.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyDecl {
    /// The function.
    pub function: FunctionId,
    /// Keys without which it does not run.
    pub required: Vec<RequiredKey>,
    /// The class that its package must use, or nothing is checked.
    pub checked_by: Option<Symbol>,
}

/// A key without which a handler does not run.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredKey {
    /// Its name, then others that are taken for it.
    pub names: Vec<Symbol>,
    /// What requires it.
    pub declared: Declared,
}

/// Where a key is required.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Declared {
    /// By a field of a type, at this position.
    Field(ClassRef, usize),
    /// By what a schema says of it.
    Schema(FileId, ExprId),
}

impl<'w> Linker<'w> {
    /// The keys of the body that a call sends, sorted, where all of them are known.
    pub(super) fn payload(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::HttpClient) -> Option<Vec<Symbol>> {
        let named = entry.body.as_ref().and_then(|body| argument_expr(walk.facts, body, view));
        let chained = || following(walk.facts, view.site.call, entry.body_by.as_ref()?)?.args.first().map(|argument| argument.value);
        self.sorted_keys(walk, named.or_else(chained)?)
    }

    /// The keys of the message that a call sends, sorted, where all of them are known.
    pub(super) fn message_payload(&mut self, walk: &Walk<'w>, view: &CallView<'_>, entry: &catalog::Producer) -> Option<Vec<Symbol>> {
        let body = argument_expr(walk.facts, entry.body.as_ref()?, view)?;
        self.sorted_keys(walk, body)
    }

    fn sorted_keys(&mut self, walk: &Walk<'w>, body: ExprId) -> Option<Vec<Symbol>> {
        let mut keys = self.keys(walk, body, 0)?;
        keys.sort();
        Some(keys)
    }

    /// The keys of an object as JSON has them.
    fn keys(&mut self, walk: &Walk<'w>, value: ExprId, depth: u32) -> Option<Vec<Symbol>> {
        let facts = walk.facts;
        match facts.expr(value) {
            Expr::Object(object) if object.type_path.is_empty() => {
                let key = |entry: &Entry| match entry {
                    Entry::Field { name, .. } => Some(name.clone()),
                    _ => None,
                };
                object.entries.iter().map(key).collect()
            }
            Expr::Object(object) => {
                let class = self.evaluator.class_named(self.file, facts.exprs[value.index()].function, &object.type_path)?;
                self.evaluator.serialized(class)
            }
            Expr::Call(call) => self.keys(walk, serialized(facts, facts.call(*call))?, depth),
            // An object that is made for the call alone: nobody adds to it.
            Expr::Name(name) if depth == 0 => {
                let function = facts.exprs[value.index()].function;
                let mut bound = facts.bindings.iter().filter(|binding| binding.function == function && binding.name == *name);
                let mentions = facts.exprs.iter().filter(|expression| matches!(&expression.kind, Expr::Name(other) if other == name));
                match (bound.next(), bound.next(), mentions.count()) {
                    (Some(binding), None, 1) if binding.constant || !facts.language.is_ecmascript() => self.keys(walk, binding.value?, 1),
                    _ => self.keys_of_typed(walk, value),
                }
            }
            Expr::Name(_) | Expr::Member { .. } => self.keys_of_typed(walk, value),
            _ => None,
        }
    }

    /// The keys of a struct, whatever its value. Other languages' types leave open what else there is.
    fn keys_of_typed(&mut self, walk: &Walk<'w>, value: ExprId) -> Option<Vec<Symbol>> {
        if walk.family != Family::Rust {
            return None;
        }
        let value = match self.evaluator.eval(self.file, value) {
            Value::Param(param, path) if path.is_empty() => self.evaluator.parameter_type(param)?,
            value => value,
        };
        match value {
            Value::Some(class) => self.evaluator.serialized(class),
            Value::Object(object) => self.evaluator.serialized(object.class?),
            _ => None,
        }
    }

    /// What the functions of a file require of a request's body.
    pub(super) fn bodies(&mut self, walk: &Walk<'w>) {
        for (at, function) in walk.facts.functions.iter().enumerate() {
            let id = FunctionId(at as u32);
            for param in &function.params {
                let body = self.body(walk, id, param).filter(|body| !body.required.is_empty());
                self.link.bodies.extend(body);
            }
        }
    }

    /// What the functions of a file require of messages that they make a struct of themselves. Which of several is made is not known.
    pub(super) fn parsed_messages(&mut self, walk: &Walk<'w>) {
        if walk.family != Family::Rust {
            return;
        }
        let mut parsed: BTreeMap<FunctionId, Vec<CallId>> = BTreeMap::new();
        for (at, call) in walk.facts.calls.iter().enumerate() {
            if json_function(walk.facts, call).is_some_and(|name| name.starts_with("from_")) {
                parsed.entry(call.function).or_default().push(CallId(at as u32));
            }
        }
        for (function, calls) in parsed {
            let [call] = calls.as_slice() else { continue };
            let Some(ty) = parsed_type(walk.facts, *call).filter(|_| self.takes_message(walk.facts, *call)) else { continue };
            let required = self.evaluator.class_named(self.file, function, &ty.path).map(|class| self.evaluator.deserialized(class));
            if let Some(required) = required.filter(|required| !required.is_empty()) {
                self.link.parsed_messages.push(BodyDecl { function, required, checked_by: None });
            }
        }
    }

    /// Whether what is parsed is the content of a message: one that the function asks for, or else is handed.
    fn takes_message(&self, facts: &SourceFacts, parse: CallId) -> bool {
        let call = facts.call(parse);
        let Some(content) = call.args.first().map(|argument| argument.value).filter(|value| is_content(facts, *value)) else {
            return false;
        };
        let own = |message: &&MessageDecl| message.consumes && message.handler.is_none() && message.function.function == call.function;
        let asked: Vec<&MessageLeaf> = self.link.messages.iter().filter(own).flat_map(|message| &message.leaves).collect();
        wholes(facts, content).into_iter().any(|origin| match origin {
            Origin::Result(got) => {
                let at = CallRef { file: self.file, call: got };
                asked.iter().any(|leaf| leaf.call == at || leaf.hands_over(facts, facts.call(got)))
            }
            Origin::Param(of, _) => asked.is_empty() && of == call.function,
            Origin::Element(_) => false,
        })
    }

    fn body(&mut self, walk: &Walk<'w>, function: FunctionId, param: &Param) -> Option<BodyDecl> {
        let ty = param.ty.as_ref()?;
        match walk.family {
            Family::Rust => {
                let class = self.body_of(walk, function, ty)?;
                Some(BodyDecl { function, required: self.evaluator.deserialized(class), checked_by: None })
            }
            Family::TypeScript => {
                let entry = self.body_attribute(&param.attributes)?;
                let class = self.evaluator.class_named(self.file, function, &ty.path)?;
                Some(BodyDecl { function, required: self.evaluator.validated(class, entry), checked_by: entry.checked_by.clone() })
            }
        }
    }

    /// The struct that a parameter of such a type takes the body as: `Json<CreateOrder>`.
    fn body_of(&mut self, walk: &Walk<'w>, function: FunctionId, ty: &TypeRef) -> Option<ClassRef> {
        let [of] = ty.args.as_slice() else { return None };
        if !self.evaluator.cx.catalog.may_take_body(walk.family, last_segment(&ty.path)) {
            return None;
        }
        let Value::External(package, path) = self.evaluator.type_value(self.file, walk.facts, function, &ty.path)? else { return None };
        let takes = self.evaluator.cx.catalog.takes_body(walk.family, &package, &path.join("::"));
        if takes { self.evaluator.class_named(self.file, function, &of.path) } else { None }
    }

    /// What a decorator of a parameter says of the body: `@Body() order: CreateOrder`.
    fn body_attribute(&mut self, attributes: &[Attribute]) -> Option<&'w RequestBody> {
        let catalog = self.evaluator.cx.catalog;
        for attribute in attributes.iter().filter(|attribute| attribute.args.is_empty()) {
            for found in self.evaluator.attribute_callees(self.file, FunctionId::MODULE, &attribute.path) {
                let mut meanings = catalog.attribute_meanings(found.library, &found.name).iter();
                let body = meanings.find_map(|meaning| match meaning {
                    Meaning::RequestBody(entry) => Some(entry),
                    _ => None,
                });
                if body.is_some() {
                    return body;
                }
            }
        }
        None
    }
}

impl<'w> Evaluator<'w> {
    /// The keys that serde writes of a struct, where its attributes leave no doubt.
    fn serialized(&mut self, class: ClassRef) -> Option<Vec<Symbol>> {
        let (facts, case) = self.plain_struct(class, "Serialize")?;
        let mut keys = Vec::new();
        for field in &facts.type_def(class.class).fields {
            let serde = Serde::of(facts, &field.attributes)?;
            if serde.has(&["flatten"]) {
                return None;
            }
            if !serde.has(&["skip", "skip_serializing"]) {
                keys.push(self.key(class.file, facts, field, case.as_deref()));
            }
        }
        Some(keys)
    }

    /// The keys without which serde does not read a struct.
    fn deserialized(&mut self, class: ClassRef) -> Vec<RequiredKey> {
        let Some((facts, case)) = self.plain_struct(class, "Deserialize") else { return Vec::new() };
        let mut required = Vec::new();
        let function = facts.type_def(class.class).function;
        for (at, field) in facts.type_def(class.class).fields.iter().enumerate() {
            const MAY_BE_MISSING: &[&str] = &["default", "skip", "skip_deserializing", "flatten", "with", "deserialize_with"];
            let Some(serde) = Serde::of(facts, &field.attributes).filter(|serde| !serde.has(MAY_BE_MISSING)) else { continue };
            let Some(ty) = field.ty.as_ref().filter(|ty| last_segment(&ty.path) != "Option") else { continue };
            // Another name may stand for an `Option`.
            let alias = self
                .class_named(class.file, function, &ty.path)
                .is_some_and(|class| self.facts(class.file).is_some_and(|facts| facts.type_def(class.class).kind == TypeKind::Alias));
            if alias {
                continue;
            }
            let mut names = vec![self.key(class.file, facts, field, case.as_deref())];
            names.extend(serde.values("alias").filter_map(|value| self.eval(class.file, value).literal()));
            required.push(RequiredKey { names, declared: Declared::Field(class, at) });
        }
        required
    }

    /// A struct that serde's derive reads or writes field by field, and the case of its keys.
    fn plain_struct(&mut self, class: ClassRef, derive: &str) -> Option<(&'w SourceFacts, Option<Symbol>)> {
        const OTHERWISE: &[&str] =
            &["default", "tag", "untagged", "content", "from", "try_from", "into", "transparent", "remote", "rename_all_fields"];
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        let is_derived = facts.derived(def).any(|name| name == derive);
        let plain = def.kind == TypeKind::Struct && is_derived && !Serde::of(facts, &def.attributes)?.has(OTHERWISE);
        let is_tuple = def.fields.iter().any(|field| field.name.starts_with(|first: char| first.is_ascii_digit()));
        if !plain || is_tuple {
            return None;
        }
        let case = serde_text(self, class.file, facts, &def.attributes, "rename_all");
        Some((facts, case))
    }

    fn key(&mut self, file: FileId, facts: &SourceFacts, field: &Field, case: Option<&str>) -> Symbol {
        let renamed = serde_text(self, file, facts, &field.attributes, "rename");
        renamed.unwrap_or_else(|| cased(field.name.trim_start_matches("r#"), case).into())
    }

    /// The keys that the validators of a class require.
    fn validated(&mut self, class: ClassRef, entry: &RequestBody) -> Vec<RequiredKey> {
        let Some(facts) = self.facts(class.file) else { return Vec::new() };
        let is_named = |names: &Option<catalog::Names>, name: &str| names.iter().flat_map(|names| names.iter()).any(|known| known == name);
        let validates = |attribute: &Attribute| {
            let local = attribute.path.split('.').next().unwrap_or_default();
            facts.imports.iter().any(|import| import.local == local && is_named(&entry.validators, &import.source))
        };
        let fields = facts.type_def(class.class).fields.iter().enumerate();
        let required = fields.filter(|(_, field)| {
            field.value.is_none()
                && !field.is_static
                && field.attributes.iter().any(validates)
                && !field.attributes.iter().any(|attribute| is_named(&entry.optional, last_segment(&attribute.path)))
        });
        required.map(|(at, field)| RequiredKey { names: vec![field.name.clone()], declared: Declared::Field(class, at) }).collect()
    }
}

/// What `#[serde(…)]` says of a type or a field.
struct Serde<'a> {
    words: Vec<(&'a str, Option<ExprId>)>,
}

impl<'a> Serde<'a> {
    /// Nothing where an attribute says it in a way that is not read: under a condition, or for one direction only.
    fn of(facts: &'a SourceFacts, attributes: &'a [Attribute]) -> Option<Self> {
        let mut words = Vec::new();
        for attribute in attributes {
            if attribute.path == "cfg_attr" || attribute.path == "cfg" {
                return None;
            }
            if attribute.path != "serde" {
                continue;
            }
            for arg in &attribute.args {
                match facts.expr(*arg) {
                    Expr::Name(word) => words.push((word.as_str(), None)),
                    Expr::Object(object) => {
                        for entry in &object.entries {
                            let Entry::Field { name, value, .. } = entry else { return None };
                            words.push((name.as_str(), Some(*value)));
                        }
                    }
                    _ => return None,
                }
            }
        }
        Some(Self { words })
    }
    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|(word, _)| words.contains(word))
    }
    fn values(&self, word: &'static str) -> impl Iterator<Item = ExprId> {
        self.words.iter().filter(move |(known, _)| *known == word).filter_map(|(_, value)| *value)
    }
}

/// What a call makes text or bytes of: `JSON.stringify(order)`, `Buffer.from(json)`, `serde_json::to_vec(&order)?.into()`.
fn serialized(facts: &SourceFacts, call: &Call) -> Option<ExprId> {
    let given = call.args.first().map(|argument| argument.value);
    match facts.expr(call.callee) {
        Expr::Member { object, name } => {
            let is_buffer = || name == "from" && matches!(facts.expr(*object), Expr::Name(of) if of == "Buffer");
            let hands_on = matches!(name.as_str(), "into" | "unwrap" | "expect" | "as_slice" | "as_bytes" | "as_ref" | "context" | "clone");
            match facts.language.is_ecmascript() {
                true => given.filter(|_| is_stringify(facts, call) || is_buffer()),
                false => hands_on.then_some(*object),
            }
        }
        Expr::Path(_) => given.filter(|_| json_function(facts, call).is_some_and(|name| name.starts_with("to_"))),
        _ => None,
    }
}

/// The function of serde_json that is called: `to_vec`, `from_slice`.
fn json_function<'a>(facts: &'a SourceFacts, call: &Call) -> Option<&'a Symbol> {
    match facts.expr(call.callee) {
        Expr::Path(path) => match path.as_slice() {
            [of, function] if of == "serde_json" => Some(function),
            _ => None,
        },
        _ => None,
    }
}

/// What `serde_json::from_slice` makes of a message, where that is written: `from_slice::<Order>(…)`, `let order: Order = from_slice(…)?`.
fn parsed_type(facts: &SourceFacts, parse: CallId) -> Option<&TypeRef> {
    let call = facts.call(parse);
    if let Some(ty) = call.type_args.last() {
        return Some(ty);
    }
    let binding = facts
        .bindings
        .iter()
        .find(|binding| binding.function == call.function && binding.value.is_some_and(|value| unwrapped(facts, value) == Some(parse)));
    binding?.ty.as_ref()
}

/// The call behind `….unwrap()`, `….context(…)?`.
fn unwrapped(facts: &SourceFacts, value: ExprId) -> Option<CallId> {
    let Expr::Call(id) = facts.expr(value) else { return None };
    match facts.expr(facts.call(*id).callee) {
        Expr::Member { object, name } if matches!(name.as_str(), "unwrap" | "expect" | "context" | "with_context" | "map_err") => {
            unwrapped(facts, *object)
        }
        _ => Some(*id),
    }
}

/// Whether it is called as brokers' libraries call the content of messages: `&delivery.data`, `message.payload().unwrap()`.
fn is_content(facts: &SourceFacts, mut value: ExprId) -> bool {
    const CONTENT: &[&str] = &["data", "payload", "body", "message", "value"];
    for _ in 0..4 {
        match facts.expr(value) {
            Expr::Member { name, .. } if CONTENT.contains(&name.as_str()) => return true,
            Expr::Member { object, .. } => value = *object,
            Expr::Call(id) => value = facts.call(*id).callee,
            _ => return false,
        }
    }
    false
}

/// `JSON.stringify(…)`.
pub(crate) fn is_stringify(facts: &SourceFacts, call: &Call) -> bool {
    let Expr::Member { object, name } = facts.expr(call.callee) else { return false };
    name == "stringify" && matches!(facts.expr(*object), Expr::Name(of) if of == "JSON")
}
