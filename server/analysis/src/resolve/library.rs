//! Library calls: from an evaluated callee to what the catalog says of it, and from its selectors to values.

use std::sync::Arc;

use portolan_grammars::catalog::{self, Family, Meaning, Meanings, Naming, Selector, Take};
use portolan_grammars::facts::{Arg, Call, Expr, ExprId, SourceFacts, Symbol, TypeKind};

use super::alternatives::{fallback, variable};
use super::callers::MAX_PASSED_ON;
use super::evaluate::Evaluator;
use super::given::overlaid;
use super::value::{CallRef, Change, ClassRef, Instance, ParamRef, Part, Pattern, Source, Value, changed, join_patterns};
use crate::FileId;

/// Types within one another, and names of types, behind which a value is looked for.
const MAX_TYPES: u32 = 6;

/// A callee as the catalog knows it.
#[derive(Debug, Clone)]
pub struct LibraryCallee {
    /// Position of the library.
    pub library: usize,
    /// The callee's name there.
    pub name: String,
    /// What a method is called on.
    pub receiver: Option<Arc<Instance>>,
}

/// A call seen through the catalog: where its selectors look.
#[derive(Debug, Clone, Copy)]
pub struct CallView<'a> {
    /// The call.
    pub site: CallRef,
    /// Its facts.
    pub call: &'a Call,
    /// The library's callee.
    pub callee: &'a LibraryCallee,
    /// Names in place of the callee's `*`.
    pub members: &'a [Symbol],
}

impl<'a> CallView<'a> {
    /// The argument at a position, which counts from the last if it is negative.
    pub fn argument(&self, index: i32) -> Option<&'a Arg> {
        let at = if index < 0 { self.call.args.len() as i32 + index } else { index };
        self.call.args.get(usize::try_from(at).ok()?)
    }
}

impl<'w> Evaluator<'w> {
    /// What an evaluated callee is called in the libraries it may belong to.
    pub fn library_callees(&mut self, family: Family, callee: &Value) -> Vec<LibraryCallee> {
        match callee {
            Value::External(package, path) => {
                let separator = if family == Family::Rust { "::" } else { "." };
                let name = if path.is_empty() { "default".to_owned() } else { path.join(separator) };
                let libraries = self.cx.catalog.libraries_of(family, package);
                libraries.iter().map(|&library| LibraryCallee { library, name: name.clone(), receiver: None }).collect()
            }
            Value::Instance(instance) => vec![self.instance_callee(instance)],
            _ => Vec::new(),
        }
    }

    /// What a value of a library's type is called as. Members that hand out a value of their own are that value: `source.manager.find`.
    fn instance_callee(&self, instance: &Arc<Instance>) -> LibraryCallee {
        let library = instance.library as usize;
        let mut receiver = instance.clone();
        for _ in 0..4 {
            let name = match receiver.members.as_slice() {
                [] => format!("{}.default", receiver.type_name),
                members => format!("{}.{}", receiver.type_name, members.join(".")),
            };
            let known = receiver.members.len() < 2 || !self.cx.catalog.meanings(library, &name).is_empty();
            let read = (1..receiver.members.len()).rev().filter(|_| !known).find_map(|count| {
                let prefix = format!("{}.{}", receiver.type_name, receiver.members[..count].join("."));
                let meanings = self.cx.catalog.meanings(library, &prefix);
                let handed_out = |meaning: Meaning<'w>| match meaning {
                    Meaning::Value(entry) if entry.given_to.is_none() && entry.type_name != "Self" => Some(entry.type_name.clone()),
                    _ => None,
                };
                if meanings.members.is_empty() { Some((count, meanings.iter().find_map(handed_out)?)) } else { None }
            });
            let Some((count, type_name)) = read else { return LibraryCallee { library, name, receiver: Some(receiver) } };
            let members = receiver.members[count..].to_vec();
            receiver = Arc::new(Instance { type_name, members, ..(*receiver).clone() });
        }
        LibraryCallee { library, name: String::new(), receiver: Some(receiver) }
    }

    /// Whether a value of a library's type has a method of its own by a name that options and results have as well.
    pub(super) fn is_librarys_method(&self, value: &Value, method: &str) -> bool {
        let Value::Instance(instance) = value else { return false };
        let name = format!("{}.{method}", instance.type_name);
        instance.members.is_empty() && !self.cx.catalog.meanings(instance.library as usize, &name).is_empty()
    }

    /// What a library callee means.
    pub fn meanings(&self, callee: &LibraryCallee) -> Meanings<'w> {
        self.cx.catalog.meanings(callee.library, &callee.name)
    }

    /// The value that a library's call hands out.
    pub(super) fn library_result(&mut self, callee: &Value, site: CallRef, facts: &'w SourceFacts) -> Value {
        let call = facts.call(site.call);
        if let Some(value) = self.working_directory_call(callee, site.file, facts, call) {
            return value;
        }
        let family = Family::from(facts.language);
        for found in self.library_callees(family, callee) {
            let meanings = self.meanings(&found);
            for meaning in meanings.iter() {
                let view = CallView { site, call, callee: &found, members: &meanings.members };
                match meaning {
                    Meaning::Value(entry) if entry.given_to.is_none() => return self.handed_out(entry, &view),
                    Meaning::TextCall(entry) => {
                        let text = self.select_text(&entry.text, &view).filter(|text| !text.is_unknown());
                        let text = text.or_else(|| self.select(&entry.text, &view)).unwrap_or(Value::Unknown);
                        return match entry.words {
                            Some(case) if !text.is_unknown() => changed(&Change::Words(case), &text),
                            _ => text,
                        };
                    }
                    Meaning::InstanceCall(entry) => {
                        if let Some(instance) = self.instance_for(entry, &view) {
                            return instance;
                        }
                    }
                    Meaning::KeyedLookup(entry) => {
                        if let Some(value) = self.registered(&entry.key, &view) {
                            return value;
                        }
                    }
                    Meaning::SettingReader(entry) => {
                        if let Some(setting) = self.setting_value(entry, &view) {
                            return setting;
                        }
                    }
                    Meaning::RpcClient(entry) => {
                        if let Some(client) = self.rpc_client_of(entry, &view) {
                            return client;
                        }
                    }
                    // `timeout(limit, pool.get()).await` is what was waited for.
                    Meaning::TimeLimit(entry) if entry.of == catalog::Limited::Arguments && family == Family::Rust => {
                        let waited = call.args.last().map(|argument| self.eval(site.file, argument.value));
                        return waited.filter(|value| !matches!(value, Value::Function(..))).unwrap_or(Value::Unknown);
                    }
                    _ => {}
                }
            }
        }
        Value::Unknown
    }

    /// Whether a call is of a router that came as a parameter, which it gives back: `app.route(…).route(…)`.
    fn is_passed_router(&mut self, view: &CallView<'_>) -> bool {
        let Some(receiver) = view.callee.receiver.as_ref().filter(|receiver| receiver.param.is_some()) else { return false };
        let routes = !self.cx.catalog.libraries[receiver.library as usize].http_route.is_empty();
        routes && self.facts(view.site.file).is_some_and(|facts| facts.language.is_ecmascript())
    }

    /// The value that an entry says a call makes.
    pub(super) fn handed_out(&mut self, entry: &catalog::Value, view: &CallView<'_>) -> Value {
        let receiver = view.callee.receiver.as_ref();
        let mut instance = match receiver {
            Some(receiver) if entry.type_name == "Self" => {
                let mut same = (**receiver).clone();
                same.members.clear();
                same
            }
            receiver => Instance {
                library: view.callee.library as u32,
                type_name: entry.type_name.clone(),
                captures: receiver.as_ref().map(|receiver| receiver.captures.clone()).unwrap_or_default(),
                members: Vec::new(),
                origin: Some(view.site),
                root: receiver
                    .as_ref()
                    .filter(|_| !entry.own)
                    .and_then(|receiver| receiver.root)
                    .or_else(|| self.worked_through(entry.over.as_ref()?, view))
                    .or_else(|| (!self.is_passed_router(view)).then_some(view.site)),
                param: receiver.as_ref().and_then(|receiver| receiver.param),
            },
        };
        for name in &entry.forgets {
            instance.captures.remove(name);
        }
        for (name, selector) in entry.captures.iter().chain(&entry.methods) {
            if let Some(value) = self.select(selector, view) {
                instance.captures.insert(name.clone(), value);
            }
        }
        for (name, selector) in &entry.below {
            if let Some(path) = self.select_text(selector, view) {
                let whole = match instance.captures.get(name) {
                    Some(before) => below(before, &path),
                    None => path,
                };
                instance.captures.insert(name.clone(), whole);
            }
        }
        for (name, selector) in &entry.qualified {
            if let Some(own) = self.select_text(selector, view) {
                let whole = match instance.captures.get(name) {
                    Some(before) => super::value::concat(&[before.clone(), Value::text("."), own]),
                    None => own,
                };
                instance.captures.insert(name.clone(), whole);
            }
        }
        if let Some(name) = &entry.unnamed
            && instance.captures.get(name).is_none_or(|given| given.is_unknown() || given.is_empty())
        {
            instance.captures.insert(name.clone(), Value::text(unnamed(view.site)));
        }
        for (name, selector) in &entry.gathers {
            if let Some(value) = self.select(selector, view) {
                let all = Value::one_of(instance.captures.remove(name).into_iter().chain([value]));
                instance.captures.insert(name.clone(), all);
            }
        }
        for (name, selector) in &entry.overlays {
            if let Some(added) = self.select(selector, view) {
                let whole = overlaid(instance.captures.remove(name).as_ref(), &added);
                instance.captures.extend(whole.is_light().then_some((name.clone(), whole)));
            }
        }
        Value::Instance(Arc::new(instance))
    }

    /// The call that made the value which another one works through; none where it may be several.
    pub(super) fn worked_through(&mut self, over: &Selector, view: &CallView<'_>) -> Option<CallRef> {
        match self.opened_through(over, view)?.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The calls of which one made the value that another one works through; `None` where something else may have.
    pub(super) fn opened_through(&mut self, over: &Selector, view: &CallView<'_>) -> Option<Vec<CallRef>> {
        let value = match self.select(over, view)? {
            Value::Param(param, path) => {
                let given = self.param_values(param, MAX_PASSED_ON);
                self.at_path(given, &path)
            }
            // Known by its declared type alone.
            Value::Instance(instance) if instance.root.is_none() => self.param_values(instance.param?, MAX_PASSED_ON),
            value => value,
        };
        // What a library that opens no database made, and a member of anything, is not what the database was opened by.
        let opens = |library: usize| library == view.callee.library || !self.cx.catalog.libraries[library].connection.is_empty();
        let root = |value: &Value| match value {
            Value::Instance(instance) if instance.members.is_empty() && opens(instance.library as usize) => instance.root,
            _ => None,
        };
        let mut roots = value.alternatives().iter().map(root).collect::<Option<Vec<CallRef>>>()?;
        roots.sort_unstable();
        roots.dedup();
        Some(roots)
    }

    /// The value that a selector finds in a call; `None` where there is no such place and no default.
    pub fn select(&mut self, selector: &Selector, view: &CallView<'_>) -> Option<Value> {
        match selector {
            Selector::Literal(text) => Some(Value::text(text.clone())),
            places => places.takes().iter().find_map(|take| self.take(take, view)),
        }
    }

    /// The text that a selector finds; a place that holds an object, a function or a number is not there.
    pub fn select_text(&mut self, selector: &Selector, view: &CallView<'_>) -> Option<Value> {
        if let Selector::Literal(text) = selector {
            return Some(Value::text(text.clone()));
        }
        let takes = selector.takes();
        let mut unknown = None;
        for (at, take) in takes.iter().enumerate() {
            match self.take_text(take, view) {
                // A caller's object may lack the key; what stands behind it counts then.
                Some(value) if take.key.is_some() && is_passed(&value) => {
                    let behind = takes[at + 1..].iter().find_map(|take| self.take_text(take, view));
                    let default = || takes.iter().find_map(|take| take.default.clone()).map(Value::text);
                    let text = match behind {
                        Some(text @ Value::Text(_)) => Some(text),
                        Some(Value::Unknown) => None,
                        _ => default(),
                    };
                    return Some(text.map_or(value.clone(), |text| behind_passed(value, text)));
                }
                // What is not known may be no text; a place behind it that holds one is it then.
                Some(Value::Unknown) => unknown = Some(Value::Unknown),
                Some(value) => return Some(value),
                None => {}
            }
        }
        unknown.or_else(|| takes.iter().find_map(|take| take.default.clone()).map(Value::text))
    }

    fn take_text(&mut self, take: &Take, view: &CallView<'_>) -> Option<Value> {
        let value = match self.take_place(take, view)? {
            Value::Array(items) if take.dotted => dotted(&items),
            Value::Array(items) => Value::one_of(items.iter().cloned()),
            value => value,
        };
        let value = if take.joined { Value::one_of(value.alternatives().iter().map(joined)) } else { value };
        let value = self.shown(&value);
        match value {
            Value::Null => None,
            Value::Unknown => Some(value),
            _ => {
                let texts: Vec<Value> = value.alternatives().iter().filter(|value| self.is_text(value)).cloned().collect();
                (!texts.is_empty()).then(|| Value::one_of(texts))
            }
        }
    }

    /// Whether one of the values that a selector means is a regular expression.
    pub fn selects_regex(&mut self, selector: &Selector, view: &CallView<'_>) -> bool {
        selector.takes().iter().any(|take| {
            let items = match self.take_place(take, view) {
                Some(Value::Array(items)) => items.iter().cloned().collect(),
                Some(value) => vec![value],
                None => Vec::new(),
            };
            items.iter().flat_map(Value::alternatives).any(|value| match value {
                Value::Text(pattern) => pattern.sources.iter().any(|source| {
                    matches!(source, Source::Expr(file, expr) if self.facts(*file).is_some_and(|facts| matches!(facts.expr(*expr), Expr::Regex(_))))
                }),
                _ => false,
            })
        })
    }

    /// Whether a value may be a text.
    fn is_text(&mut self, value: &Value) -> bool {
        match value {
            Value::Text(pattern) => match (pattern.parts.as_slice(), pattern.sources.as_slice()) {
                ([_], [Source::Expr(file, expr)]) => {
                    self.facts(*file).is_none_or(|facts| !matches!(facts.expr(*expr), Expr::Number(_) | Expr::Regex(_) | Expr::Bool(_)))
                }
                _ => true,
            },
            Value::Param(..) | Value::External(..) | Value::Some(_) => true,
            _ => false,
        }
    }

    fn take(&mut self, take: &Take, view: &CallView<'_>) -> Option<Value> {
        let value = self.take_place(take, view).map(|value| match value {
            Value::Array(items) => Value::one_of(items.iter().cloned()),
            value => value,
        });
        value.or_else(|| take.default.clone().map(Value::text))
    }

    fn take_place(&mut self, take: &Take, view: &CallView<'_>) -> Option<Value> {
        let found = self.take_unnamed(take, view);
        match take.naming {
            Some(naming) => self.renamed(found?, naming, take, view),
            None => found,
        }
    }

    /// A model's collection in place of its name or class.
    fn renamed(&mut self, value: Value, naming: Naming, take: &Take, view: &CallView<'_>) -> Option<Value> {
        if naming == Naming::Model {
            return self.collections_of_models(&value, view.callee.library);
        }
        if naming != Naming::Entity {
            let rename = |value: &Value| match value.literal() {
                Some(name) => Value::text(super::data::collection_name(&name, naming)),
                None => value.clone(),
            };
            return Some(Value::one_of(value.alternatives().iter().map(rename)));
        }
        let mut found = Vec::new();
        for value in value.alternatives() {
            match value {
                Value::Class(class) | Value::Some(class) => found.extend(self.collection_of_class(*class).map(Value::text)),
                Value::Param(..) => found.push(value.clone()),
                // `Order.name`
                _ => found.extend(self.named_class(take, view).and_then(|class| self.collection_of_class(class)).map(Value::text)),
            }
        }
        if found.is_empty() { None } else { Some(Value::one_of(found)) }
    }

    /// The class whose name an argument is.
    fn named_class(&mut self, take: &Take, view: &CallView<'_>) -> Option<ClassRef> {
        let argument = view.call.args.get(usize::try_from(take.argument?).ok()?)?;
        match self.facts(view.site.file)?.expr(argument.value) {
            Expr::Member { object, name } if name == "name" => match self.eval(view.site.file, *object) {
                Value::Class(class) => Some(class),
                _ => None,
            },
            _ => None,
        }
    }

    fn take_unnamed(&mut self, take: &Take, view: &CallView<'_>) -> Option<Value> {
        if let Some(name) = &take.env {
            return Some(variable(Pattern::text(name.clone()), None, None));
        }
        if let Some(index) = take.argument {
            return self.take_argument(take, index, view);
        }
        if let Some(name) = &take.receiver {
            return self.take_receiver(take, name, view);
        }
        if let Some(index) = take.class_of {
            return self.class_name_of(view.site.file, view.argument(index)?.value).map(Value::text);
        }
        if take.looked_up {
            return match self.facts(view.site.file)?.expr(view.call.callee) {
                Expr::Index { index, .. } => Some(self.eval(view.site.file, *index)),
                _ => None,
            };
        }
        if let Some(index) = take.member {
            return view.members.get(index as usize).cloned().map(Value::text);
        }
        if let (Some(index), Some(result)) = (take.type_argument, &take.result) {
            let of = self.taken_from(view.site.file, view.call.type_args.get(index as usize)?, MAX_TYPES)?;
            return self.given_back(&of, result).filter(Value::is_light);
        }
        if let Some(index) = take.type_argument {
            return view.call.type_args.get(index as usize).map(|ty| Value::text(ty.path.clone()));
        }
        None
    }

    fn take_argument(&mut self, take: &Take, index: i32, view: &CallView<'_>) -> Option<Value> {
        if take.word {
            let facts = self.facts(view.site.file)?;
            return match facts.expr(super::routes::taken_expr(facts, take, view)?) {
                Expr::Name(word) => Some(Value::text(word.clone())),
                _ => None,
            };
        }
        let value = self.argument(view, index)?;
        if take.unless_made {
            return (!is_made(&value)).then_some(Value::Unknown);
        }
        let value = self.take_part(take, value, view)?;
        let value = match &take.result {
            Some(path) => self.given_back(&value, path)?,
            None => value,
        };
        if take.keys {
            return keys(&value);
        }
        self.take_captured(take, value)
    }

    fn take_receiver(&mut self, take: &Take, name: &Symbol, view: &CallView<'_>) -> Option<Value> {
        let receiver = view.callee.receiver.as_ref();
        let value = match receiver.and_then(|receiver| receiver.captures.get(name)) {
            Some(value) => value.clone(),
            None => match self.setting(view, name) {
                Some(value) => value,
                // Known by its declared type alone, or made of what is: what callers pass remembers it.
                None => {
                    let remembers = |receiver: &&Arc<Instance>| {
                        receiver.origin.is_none() || self.cx.catalog.others_capture(receiver.library as usize, &receiver.type_name, name)
                    };
                    let receiver = receiver.filter(remembers)?;
                    Value::Param(receiver.param?, Arc::from([name.clone()]))
                }
            },
        };
        let value = match take.made_with {
            Some(index) => self.made_with(&value, index)?,
            None => value,
        };
        let value = self.take_part(take, value, view)?;
        // What it has by the name in place of a `*`: `db.query.orders.findMany()`.
        let Some(index) = take.member else { return Some(value) };
        let of = self.member(&value, view.members.get(index as usize)?, None);
        self.take_captured(take, of)
    }

    /// What an entry takes out of a value: what it has in a place that the call says, then what that has under a key.
    fn take_part(&mut self, take: &Take, value: Value, view: &CallView<'_>) -> Option<Value> {
        let value = match &take.under {
            Some(place) => self.under(&value, place, view)?,
            None => value,
        };
        match &take.key {
            Some(key) => self.dig(value, key),
            None => Some(value),
        }
    }

    fn take_captured(&mut self, take: &Take, value: Value) -> Option<Value> {
        match &take.capture {
            Some(name) => self.captured(&value, name),
            None => Some(value),
        }
    }

    /// What functions give back, or what that has under a dotted path.
    fn given_back(&mut self, functions: &Value, path: &str) -> Option<Value> {
        let mut found = Vec::new();
        for value in functions.alternatives() {
            let Value::Function(function, _) = value else { continue };
            for result in self.result_of(*function).alternatives() {
                found.extend(if path.is_empty() { Some(result.clone()) } else { self.dig(result.clone(), path) });
            }
        }
        (!found.is_empty()).then(|| Value::one_of(found))
    }

    /// What a value remembers under a name. A parameter that is declared to be of a library's type remembers what callers' values do.
    fn captured(&mut self, value: &Value, name: &Symbol) -> Option<Value> {
        let mut found = Vec::new();
        for value in value.alternatives() {
            match value {
                Value::Instance(instance) => found.extend(instance.captures.get(name).cloned()),
                Value::Param(param, path) if path.is_empty() => {
                    if let Some(Value::Instance(_)) = self.parameter_type(*param) {
                        found.push(Value::Param(*param, Arc::from([name.clone()])));
                    }
                }
                _ => {}
            }
        }
        if found.is_empty() { None } else { Some(Value::one_of(found)) }
    }

    fn argument(&mut self, view: &CallView<'_>, index: i32) -> Option<Value> {
        Some(self.eval(view.site.file, view.argument(index)?.value))
    }

    /// The name of the class that a value is of, or is; for one that a library's class makes, which need not be in the catalog, of that class.
    fn class_name_of(&mut self, file: FileId, expr: ExprId) -> Option<Symbol> {
        let value = self.eval(file, expr);
        let class = match &value {
            Value::Instance(instance) => return Some(instance.type_name.clone()),
            Value::New(class, ..) | Value::Some(class) | Value::Class(class) => *class,
            Value::Object(object) => object.class?,
            Value::External(_, path) => return path.last().cloned(),
            _ => {
                let (facts, index) = self.file(file)?;
                let Expr::Call(call) = facts.expr(index.written(facts, expr)) else { return None };
                let Value::External(_, path) = self.eval(file, facts.call(*call).callee) else { return None };
                return path.last().cloned();
            }
        };
        self.name_of_class(class)
    }

    /// Follows a dotted path of keys.
    pub(super) fn dig(&mut self, value: Value, keys: &str) -> Option<Value> {
        let mut value = value;
        for key in keys.split('.') {
            let key = Symbol::new(key);
            value = match &value {
                Value::Object(object) => match object.fields.get(&key) {
                    Some(value) => value.clone(),
                    // What callers pass may have it.
                    None => {
                        let spread = object.rest.iter().filter(|rest| matches!(rest, Value::Param(..)));
                        let members: Vec<Value> = spread.map(|rest| self.member(rest, &key, None)).collect();
                        // The last that has it wins: `{ ...request, ...options }`.
                        let found = members.into_iter().reduce(|before, last| fallback(vec![last, as_text(before)]))?;
                        Some(found).filter(|value| matches!(value, Value::Param(..) | Value::Text(_)))?
                    }
                },
                Value::Array(items) => {
                    let found: Vec<Value> = items.iter().filter_map(|item| self.dig(item.clone(), &key)).collect();
                    if found.is_empty() {
                        return None;
                    }
                    Value::one_of(found)
                }
                Value::OneOf(values) => {
                    let found: Vec<Value> = values.iter().filter_map(|item| self.dig(item.clone(), &key)).collect();
                    if found.is_empty() {
                        return None;
                    }
                    Value::one_of(found)
                }
                // What a factory gives back.
                Value::Function(function, _) => match self.result_of(*function) {
                    Value::Function(..) | Value::Unknown => return None,
                    result => self.dig(result, &key)?,
                },
                Value::Text(_) | Value::Null | Value::Instance(_) => return None,
                Value::Param(param, path) if path.is_empty() && self.is_textual(*param) => return None,
                Value::Unknown => return Some(Value::Unknown),
                // A class where options may stand has only what it declares.
                Value::Class(class) => self.static_member(*class, &key),
                other => self.member(other, &key, None),
            };
        }
        Some(value)
    }

    /// Whether a parameter is declared to be a text or an enum's member: then it has no keys.
    pub(super) fn is_textual(&mut self, param: ParamRef) -> bool {
        let Some(facts) = self.facts(param.function.file) else { return false };
        let declared = facts.function(param.function.function).params.get(param.index as usize);
        let Some(ty) = declared.and_then(|param| param.ty.as_ref()) else { return false };
        matches!(ty.path.as_str(), "string" | "String" | "str")
            || self
                .class_named(param.function.file, param.function.function, &ty.path)
                .and_then(|class| Some(self.facts(class.file)?.type_def(class.class).kind == TypeKind::Enum))
                .unwrap_or_default()
    }

    /// A capture that is assigned: `axios.defaults.baseURL = …`, anywhere in the workspace.
    pub(super) fn setting(&mut self, view: &CallView<'_>, capture: &Symbol) -> Option<Value> {
        let library = view.callee.library;
        let settings: Vec<Symbol> = self.cx.catalog.libraries[library]
            .setting
            .iter()
            .filter(|setting| setting.capture == *capture)
            .flat_map(|setting| setting.target.iter().cloned().collect::<Vec<_>>())
            .collect();
        let last = Symbol::new(super::index::last_segment(settings.first()?));
        let wanted = view.callee.receiver.as_ref();
        let mut values = Vec::new();
        for &file in self.files_with(super::uses::Use::Assignment(&last)) {
            let Some((facts, index)) = self.file(file) else { continue };
            let family = Family::from(facts.language);
            for at in index.assignments.get(&last).into_iter().flatten() {
                let assignment = &facts.assignments[*at as usize];
                if !matches!(facts.expr(assignment.target), Expr::Member { .. }) {
                    continue;
                }
                let target = self.eval(file, assignment.target);
                let same = match (&target, wanted) {
                    (Value::Instance(target), Some(receiver)) => target.origin.is_some() && target.origin == receiver.origin,
                    (Value::External(..), None) => true,
                    _ => false,
                };
                let named = self
                    .library_callees(family, &target)
                    .iter()
                    .any(|found| found.library == library && settings.contains(&Symbol::new(&found.name)));
                if same && named {
                    values.push(self.eval(file, assignment.value));
                }
            }
        }
        let value = Value::one_of(values);
        (!value.is_unknown()).then_some(value)
    }
}

/// How names begin that the other side gives to what a call makes.
const UNNAMED: &str = "\u{1}unnamed ";

/// What stands for a name that the other side gives to what a call makes: the call's identity.
fn unnamed(site: CallRef) -> Symbol {
    format!("{UNNAMED}{}#{}", site.file.0, site.call.0).into()
}

/// Whether a name stands for one that the other side gives.
pub(in crate::resolve) fn is_unnamed(name: &str) -> bool {
    name.starts_with(UNNAMED)
}

/// A path below another, each of which may be one of several.
fn below(before: &Value, path: &Value) -> Value {
    let (before, path) = (before.patterns(), path.patterns());
    Value::one_of(before.iter().flat_map(|before| path.iter().map(|path| Value::pattern(join_patterns(before, path)))))
}

/// A list as one text of its items, with dots between them.
fn dotted(items: &[Value]) -> Value {
    let parts: Vec<Value> =
        items.iter().enumerate().flat_map(|(at, item)| (at > 0).then(|| Value::text(".")).into_iter().chain([item.clone()])).collect();
    super::value::concat(&parts)
}

/// An object as one text of its values; what callers pass, once it is known.
pub(super) fn joined(value: &Value) -> Value {
    let object = match value {
        Value::Object(object) => object,
        Value::Param(..) => return changed(&Change::Joined, &as_text(value.clone())),
        _ => return value.clone(),
    };
    let mut fields: Vec<(&Symbol, &Value)> = object.fields.iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    if let [(_, only)] = fields.as_slice() {
        return (*only).clone();
    }
    let mut parts = Vec::new();
    for (at, (name, value)) in fields.into_iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        parts.push(Value::text(format!("{comma}{name}=")));
        parts.push(value.clone());
    }
    super::value::concat(&parts)
}

/// The keys of objects, sorted.
fn keys(value: &Value) -> Option<Value> {
    let objects = value.alternatives().iter().filter_map(|value| match value {
        Value::Object(object) => Some(object),
        _ => None,
    });
    let mut names: Vec<Symbol> = objects.flat_map(|object| object.fields.keys().cloned()).collect();
    names.sort();
    if names.is_empty() { None } else { Some(Value::one_of(names.into_iter().map(Value::text))) }
}

/// Whether it is known of a value which call of a library made it.
fn is_made(value: &Value) -> bool {
    value.alternatives().iter().all(|value| matches!(value, Value::Instance(instance) if instance.origin.is_some()))
}

/// Whether a value is what callers pass and nothing else.
fn is_passed(value: &Value) -> bool {
    match value {
        Value::Param(..) => true,
        Value::Text(text) => matches!(text.parts.as_slice(), [Part::Param(..)]),
        _ => false,
    }
}

/// What callers pass, or a text where they pass nothing: behind all that they may pass in one another's place.
fn behind_passed(passed: Value, text: Value) -> Value {
    let Value::Text(all) = &passed else { return fallback(vec![passed, text]) };
    let [Part::Param(param, path, default)] = all.parts.as_slice() else { return fallback(vec![passed, text]) };
    let outer = Value::Param(*param, path.as_slice().into());
    match default {
        Some(default) => fallback(vec![outer, behind_passed(Value::Text(default.clone()), text)]),
        None => fallback(vec![outer, text]),
    }
}

/// A parameter as a text, which others may stand behind.
pub(super) fn as_text(value: Value) -> Value {
    match value {
        Value::Param(param, path) => Value::pattern(Pattern::part(Part::Param(param, path.to_vec(), None))),
        value => value,
    }
}
