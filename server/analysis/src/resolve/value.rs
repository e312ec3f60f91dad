//! What an expression may stand for: texts with named holes, library values, objects, functions and classes of the workspace.
//!
//! Values are symbolic: a parameter stays a hole until someone substitutes what a call site passes. Invariant: a value holds no range of
//! code, so that it stays right when code moves.

use std::sync::Arc;

use portolan_grammars::catalog::WordCase;
use portolan_grammars::facts::{CallId, ExprId, Extent, FunctionId, Symbol, TextRange, TypeId};
use rustc_hash::FxHashMap;

use crate::workspace::modules::ModuleId;
use crate::workspace::paths::join;
use crate::{FileId, FunctionRef};

/// Alternatives kept of a value; more are cut.
const MAX_ALTERNATIVES: usize = 24;

/// A class, struct, enum, trait or interface of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassRef {
    /// Its file.
    pub file: FileId,
    /// Its position there.
    pub class: TypeId,
}

/// A parameter of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamRef {
    /// The function.
    pub function: FunctionRef,
    /// Its position.
    pub index: u32,
}

impl ParamRef {
    /// The object that a method is called on, as one more parameter of it.
    pub fn own_object(function: FunctionRef) -> Self {
        Self { function, index: u32::MAX }
    }
    /// Whether it is the object that a method is called on.
    pub fn is_own_object(self) -> bool {
        self.index == u32::MAX
    }
}

/// A call of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallRef {
    /// The file.
    pub file: FileId,
    /// The call in it.
    pub call: CallId,
}

/// Where something that a value depends on was read: a line of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// An expression.
    Expr(FileId, ExprId),
    /// A call whose arguments decide.
    Call(FileId, CallId),
    /// A value of a configuration file. Manifests do not move without everything being linked anew.
    Setting(FileId, TextRange),
    /// A map that it was taken out of by a key.
    Keyed(FileId, ExprId),
}

/// A part of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Literal text.
    Text(Symbol),
    /// An environment variable, with the text to take when it is not set.
    Env {
        /// Its name.
        name: Symbol,
        /// The code's default.
        default: Option<Arc<Pattern>>,
        /// Whether the name is only that of a settings object's key, taken for the variable's.
        guessed: bool,
        /// Where it is read.
        source: Option<Source>,
    },
    /// An environment variable whose name the caller decides: `required("ORDERS_URL")`.
    NamedByCaller {
        /// Its name, which has parameters.
        name: Arc<Pattern>,
        /// The code's default.
        default: Option<Arc<Pattern>>,
        /// Where it is read.
        source: Option<Source>,
    },
    /// A parameter or a member of one, with the text to take where a caller passes none.
    Param(ParamRef, Vec<Symbol>, Option<Arc<Pattern>>),
    /// A value of the configuration file that a text names, which is another one for each service.
    Setting {
        /// The file's path.
        file: Arc<Pattern>,
        /// The keys that lead to it; `*` is each element of a list.
        keys: Arc<[Symbol]>,
        /// What counts where the file does not say.
        default: Option<Arc<Pattern>>,
    },
    /// Scheme and authority of a URL that is known only once its parameters and variables are.
    Origin(Arc<Pattern>),
    /// A text that is changed in a way, which is known only once its parameters and variables are.
    Changed(Change, Arc<Pattern>),
    /// Something that is decided at run time; its name, for people.
    Hole(Symbol),
}

impl Part {
    /// The texts that it is made of: what it is taken from, and what counts in its place.
    pub fn nested(&self) -> impl Iterator<Item = &Pattern> {
        let (of, default) = match self {
            Part::Env { default, .. } | Part::Param(_, _, default) => (None, default.as_ref()),
            Part::NamedByCaller { name: of, default, .. } | Part::Setting { file: of, default, .. } => (Some(of), default.as_ref()),
            Part::Origin(of) | Part::Changed(_, of) => (Some(of), None),
            Part::Text(_) | Part::Hole(_) => (None, None),
        };
        of.into_iter().chain(default).map(|pattern| &**pattern)
    }

    /// The first parameter that it is, or is made of.
    pub fn param(&self) -> Option<ParamRef> {
        match self {
            Part::Param(param, ..) => Some(*param),
            part => part.nested().flat_map(|text| &text.parts).find_map(Part::param),
        }
    }
}

/// A way in which a text is changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// Its words are written in another way.
    Words(WordCase),
    /// Its letters are capital: `prefix.to_uppercase()`.
    Upper,
    /// Its letters are small.
    Lower,
    /// It begins behind so many of its letters: `path.slice(1)`.
    From(u32),
    /// It begins behind a text where it begins with that: `path.startsWith("/") ? path.slice(1) : path`.
    Behind(Symbol),
    /// It is made of the values of an object, where it is one: `{ cmd: "price" }`.
    Joined,
}

impl Change {
    /// What a text becomes.
    pub fn apply(&self, text: &str) -> String {
        match self {
            Change::Words(case) => case.apply(text),
            Change::Upper => text.to_uppercase(),
            Change::Lower => text.to_lowercase(),
            Change::From(start) => text.chars().skip(*start as usize).collect(),
            Change::Behind(start) => text.strip_prefix(start.as_str()).unwrap_or(text).to_owned(),
            Change::Joined => text.to_owned(),
        }
    }
}

/// What must hold for a text to be meant: a parameter, or a member of one, is one of certain texts, or begins or ends with one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guard {
    /// The parameter.
    pub param: ParamRef,
    /// The member.
    pub path: Vec<Symbol>,
    /// The texts.
    pub values: Vec<Symbol>,
    /// How much of it must be so.
    pub extent: Extent,
    /// Whether it must be none of them.
    pub negated: bool,
    /// Whether more must hold that is not known.
    pub partial: bool,
    /// Where this is not about texts of its own: conditions on the same thing that must not all hold.
    pub not_all: Vec<Guard>,
}

/// A text with holes, and where its parts come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pattern {
    /// Its parts in order; no two neighbours are both texts.
    pub parts: Vec<Part>,
    /// Evidence, in the order it was met.
    pub sources: Vec<Source>,
    /// What must hold for it to be meant.
    pub when: Vec<Guard>,
    /// Whether something that is not known may stand in its place: `query.id ?? "me"`.
    pub open: bool,
}

impl Pattern {
    /// A literal.
    pub fn text(text: impl Into<Symbol>) -> Self {
        Self { parts: vec![Part::Text(text.into())], ..Self::default() }
    }
    /// One part.
    pub fn part(part: Part) -> Self {
        Self { parts: vec![part], ..Self::default() }
    }
    /// Adds a part, joining neighbouring texts.
    pub fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => *last = format!("{last}{text}").into(),
            (_, part) => self.parts.push(part),
        }
    }
    /// Adds all of another.
    pub fn extend(&mut self, other: &Pattern) {
        for part in &other.parts {
            self.push(part.clone());
        }
        for source in &other.sources {
            if !self.sources.contains(source) {
                self.sources.push(*source);
            }
        }
        self.ask(&other.when);
        self.open |= other.open;
    }
    /// Whether it is never empty, whatever its holes are: it has a text, or a variable whose default is one.
    pub fn is_certain(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Text(text) => !text.is_empty(),
            Part::Env { default, .. } | Part::NamedByCaller { default, .. } | Part::Param(_, _, default) => {
                default.as_ref().is_some_and(|default| default.is_certain())
            }
            Part::Origin(of) | Part::Changed(_, of) => of.is_certain(),
            Part::Setting { .. } | Part::Hole(_) => false,
        })
    }
    /// The text, where it has no hole.
    pub fn literal(&self) -> Option<Symbol> {
        match self.parts.as_slice() {
            [] => Some(Symbol::default()),
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }
    /// Whether nothing of it is known.
    pub fn is_hole(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Hole(_)])
    }
    /// Whether it is known to be the empty text.
    pub fn is_empty(&self) -> bool {
        self.literal().is_some_and(|text| text.is_empty())
    }
    /// Whether a parameter is part of it.
    pub fn has_param(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::NamedByCaller { .. }) || part.param().is_some())
    }
}

/// A value of a type that a library of the catalog describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Position of the library in the catalog.
    pub library: u32,
    /// The type's name in the catalog.
    pub type_name: Symbol,
    /// What it remembers of the calls that made it.
    pub captures: FxHashMap<Symbol, Value>,
    /// Members read from it since: `prisma.user` has `user`.
    pub members: Vec<Symbol>,
    /// The call that made it: the identity of a consumer.
    pub origin: Option<CallRef>,
    /// The call that made what it was handed out by, if anything: the identity of a router, which its routes share.
    pub root: Option<CallRef>,
    /// The parameter that it is known by, where only its declared type is.
    pub param: Option<ParamRef>,
}

/// An object with known fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectValue {
    /// The struct or class it is an instance of.
    pub class: Option<ClassRef>,
    /// Its fields.
    pub fields: FxHashMap<Symbol, Value>,
    /// Where each field's value is written.
    pub sources: FxHashMap<Symbol, Source>,
    /// What was spread into it whose fields are not known: it may have any field.
    pub rest: Vec<Value>,
    /// Of a value of an enum in Rust, which variant it is.
    pub variant: Option<Symbol>,
}

/// What an expression may stand for.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing is known.
    Unknown,
    /// `null`, `undefined`, `None`.
    Null,
    /// A text, number or flag.
    Text(Arc<Pattern>),
    /// An object or struct literal.
    Object(Arc<ObjectValue>),
    /// A list.
    Array(Arc<[Value]>),
    /// A name of a package outside of the workspace: the package, and the path in it.
    External(Symbol, Arc<[Symbol]>),
    /// A value of a library's type.
    Instance(Arc<Instance>),
    /// A generated rpc client of a service (`package.Service`), and the address it was made with.
    RpcClient(Symbol, Arc<Value>),
    /// A client of the rpc service whose generated object a parameter is, by a library of the catalog (its position), and the address.
    RpcClientOf(ParamRef, usize, Arc<Value>),
    /// A function, and the object it is a method of.
    Function(FunctionRef, Option<Arc<Value>>),
    /// What a function was given that gave back another, which has it in place of its object; and what the functions around that were given.
    Given(FunctionRef, Arc<[Value]>, Option<Arc<Value>>),
    /// A class or type itself.
    Class(ClassRef),
    /// What `new C(…)` made: the class and the arguments.
    New(ClassRef, Arc<[Value]>, CallRef),
    /// Some instance of a class: `this`, or something declared to be one.
    Some(ClassRef),
    /// A parameter, or a member of one.
    Param(ParamRef, Arc<[Symbol]>),
    /// An ECMAScript module.
    Module(FileId),
    /// A Rust module.
    RustModule(ModuleId),
    /// The path of something below the folder that a process runs in.
    WorkingPath(Symbol),
    /// A module below the folder that a process runs in, or a member of it; see [`super::working_directory`].
    WorkingModule(Symbol, Arc<[Symbol]>),
    /// One of several.
    OneOf(Arc<[Value]>),
}

impl ObjectValue {
    /// Its fields in the order in which they are written.
    pub fn in_order(&self) -> Vec<(&Symbol, &Value)> {
        let mut fields: Vec<(&Symbol, &Value)> = self.fields.iter().collect();
        fields.sort_by_key(|(name, _)| (self.sources.get(*name), *name));
        fields
    }
    /// Takes in what is spread into it behind its fields so far.
    pub fn spread(&mut self, value: Value) {
        match value {
            Value::Object(other) => {
                self.fields.extend(other.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
                self.sources.extend(other.sources.iter().map(|(name, source)| (name.clone(), *source)));
                self.rest.extend(other.rest.iter().cloned());
            }
            Value::Null => {}
            // `...(options ?? {})`
            Value::OneOf(values) => {
                let mut telling = values.iter().filter(|value| !value.adds_nothing());
                match (telling.next(), telling.next()) {
                    (Some(only @ Value::Param(..)), None) => self.rest.push(only.clone()),
                    _ => self.rest.push(Value::OneOf(values.clone())),
                }
            }
            other => self.rest.push(other),
        }
    }
}

impl Value {
    /// A literal text.
    pub fn text(text: impl Into<Symbol>) -> Self {
        Value::Text(Arc::new(Pattern::text(text)))
    }
    /// A text with holes.
    pub fn pattern(pattern: Pattern) -> Self {
        Value::Text(Arc::new(pattern))
    }
    /// Whether it adds nothing to an object that it is spread into.
    fn adds_nothing(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Object(object) => object.fields.is_empty() && object.rest.is_empty(),
            _ => false,
        }
    }
    /// Whether nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown | Value::Null)
    }
    /// The same, whose texts may be something else that is not known.
    pub fn or_unknown(self) -> Self {
        let open = |value: Value| match value {
            Value::Text(mut text) => {
                Arc::make_mut(&mut text).open = true;
                Value::Text(text)
            }
            other => other,
        };
        match self {
            Value::OneOf(values) => Value::OneOf(values.iter().cloned().map(open).collect()),
            other => open(other),
        }
    }
    /// A text that nothing is known of, or an empty one in its place.
    pub fn maybe_nothing() -> Self {
        Value::OneOf(Arc::new([Value::pattern(Pattern::part(Part::Hole(Symbol::default()))), Value::text("").or_unknown()]))
    }
    /// Whether it is [`Value::maybe_nothing`], or that and more.
    fn is_maybe_nothing(&self) -> bool {
        let has = |parts: &[Part]| self.alternatives().iter().any(|value| matches!(value, Value::Text(text) if text.parts == parts));
        matches!(self, Value::OneOf(_)) && has(&[Part::Hole(Symbol::default())]) && (has(&[]) || has(&[Part::Text(Symbol::default())]))
    }
    /// Whether it is a text that is never empty, as far as its alternatives are known.
    pub fn is_certain(&self) -> bool {
        match self {
            Value::Text(pattern) => pattern.is_certain(),
            Value::OneOf(values) => values.iter().all(Value::is_certain),
            _ => false,
        }
    }
    /// Whether it is a thing that is made there and then, so that nothing takes its place.
    pub fn is_made(&self) -> bool {
        match self {
            Value::New(..) | Value::Class(_) | Value::Function(..) => true,
            Value::Instance(instance) => instance.origin.is_some() && instance.members.is_empty(),
            _ => false,
        }
    }
    /// One of several values; what is unknown leaves the others open, and counts only where there is nothing else.
    pub fn one_of(values: impl IntoIterator<Item = Value>) -> Self {
        let mut open = false;
        let mut values: Vec<Value> = values
            .into_iter()
            .filter(|value| {
                open |= matches!(value, Value::Unknown);
                !matches!(value, Value::Unknown)
            })
            .collect();
        // Most are one alone.
        let one = match values.as_slice() {
            [Value::OneOf(_)] | [_, _, ..] => Value::merged(&values),
            _ => values.pop().unwrap_or(Value::Unknown),
        };
        if open { one.or_unknown() } else { one }
    }
    /// One of several values that are known.
    fn merged(values: &[Value]) -> Self {
        let mut all: Vec<Value> = Vec::new();
        let mut null = false;
        let add = |value: &Value| {
            if matches!(value, Value::Null) {
                null = true;
                return;
            }
            // One text in several cases is that text in any of them.
            if let Value::Text(text) = value
                && let Some(Value::Text(known)) =
                    all.iter_mut().find(|one| matches!(one, Value::Text(one) if is_in_another_case(one, text)))
            {
                if text.open && !known.open {
                    Arc::make_mut(known).open = true;
                }
                if known.when.iter().any(|guard| !text.when.contains(guard)) {
                    Arc::make_mut(known).when.retain(|guard| text.when.contains(guard));
                }
                return;
            }
            if all.len() < MAX_ALTERNATIVES && !all.contains(value) {
                all.push(value.clone());
            }
        };
        let counts = || values.iter().map(|value| value.alternatives().len());
        if counts().sum::<usize>() <= MAX_ALTERNATIVES {
            values.iter().flat_map(Value::alternatives).for_each(add);
        } else {
            // Where there is not room for all, each of the values has its first ones.
            let turn = |round| values.iter().filter_map(move |value| value.alternatives().get(round));
            (0..counts().max().unwrap_or_default()).flat_map(turn).for_each(add);
        }
        match all.len() {
            0 if null => Value::Null,
            0 => Value::Unknown,
            1 => all.remove(0),
            _ => Value::OneOf(all.into()),
        }
    }
    /// Its alternatives.
    pub fn alternatives(&self) -> &[Value] {
        match self {
            Value::OneOf(values) => values,
            other => std::slice::from_ref(other),
        }
    }
    /// As texts: one pattern for each alternative; what has no text is a hole.
    pub fn patterns(&self) -> Vec<Pattern> {
        self.alternatives()
            .iter()
            .filter_map(|value| match value {
                Value::Text(pattern) => Some((**pattern).clone()),
                Value::Param(param, path) => Some(Pattern::part(Part::Param(*param, path.to_vec(), None))),
                Value::External(_, path) => {
                    let last = path.last()?;
                    let constant = last.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
                    Some(if constant { Pattern::text(last.clone()) } else { Pattern::part(Part::Hole(last.clone())) })
                }
                Value::Null => None,
                _ => Some(Pattern::part(Part::Hole(Symbol::default()))),
            })
            .collect()
    }
    /// The literal text, where it is one.
    pub fn literal(&self) -> Option<Symbol> {
        match self {
            Value::Text(pattern) => pattern.literal(),
            Value::External(..) => self.patterns().first()?.literal(),
            _ => None,
        }
    }
    /// Whether it is known to be the empty text.
    pub fn is_empty(&self) -> bool {
        self.literal().is_some_and(|text| text.is_empty())
    }
    /// The class or type of the workspace that it is an instance of.
    pub fn instance_of(&self) -> Option<ClassRef> {
        match self {
            Value::Object(object) => object.class,
            Value::New(class, ..) | Value::Some(class) => Some(*class),
            _ => None,
        }
    }
    /// Whether a parameter is part of it.
    pub fn has_param(&self) -> bool {
        match self {
            Value::Param(..) | Value::RpcClientOf(..) => true,
            Value::Text(pattern) => pattern.has_param() || !pattern.when.is_empty(),
            Value::OneOf(values) | Value::Array(values) => values.iter().any(Value::has_param),
            Value::Object(object) => object.fields.values().chain(&object.rest).any(Value::has_param),
            Value::New(_, arguments, _) => arguments.iter().any(Value::has_param),
            Value::Given(_, arguments, around) => arguments.iter().chain(around.as_deref()).any(Value::has_param),
            Value::Instance(instance) => instance.captures.values().any(Value::has_param),
            Value::RpcClient(_, address) => address.has_param(),
            Value::Function(_, Some(receiver)) => receiver.has_param(),
            _ => false,
        }
    }
}

/// Whether two texts are the same but for what must hold for them to be meant, and for what else may be meant.
fn is_in_another_case(one: &Pattern, other: &Pattern) -> bool {
    one.parts == other.parts && (one.open != other.open || !(one.when.is_empty() && other.when.is_empty()))
}

/// Joins texts, one pattern for each combination of alternatives, as far as they are few.
pub fn concat(parts: &[Value]) -> Value {
    if let [Value::WorkingPath(base), rest @ ..] = parts
        && let Some(below) = rest.iter().map(Value::literal).collect::<Option<Vec<_>>>()
        && let Some(path) = join(base, &below.concat())
    {
        return Value::WorkingPath(path.into());
    }
    let mut all = vec![Pattern::default()];
    for part in parts {
        let mut patterns = part.patterns();
        // What else a segment of a path may be makes another path of it. Of a beginning that is not known, nothing could be said.
        let is_beginning = all.iter().all(|head| head.parts.is_empty());
        let is_segment = |pattern: &Pattern| !pattern.parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains('/')));
        let is_open = !is_beginning
            && patterns.iter().any(|pattern| pattern.open)
            && patterns.iter().all(is_segment)
            && all.iter().all(|head| matches!(head.parts.last(), Some(Part::Text(text)) if text.ends_with(['/', '='])));
        if is_open {
            patterns.iter_mut().for_each(|pattern| pattern.open = false);
        }
        if is_open || patterns.is_empty() {
            patterns.push(Pattern::part(Part::Hole(Symbol::default())));
        }
        if all.len() * patterns.len() > MAX_ALTERNATIVES {
            patterns.truncate(1);
        }
        let maybe_nothing = part.is_maybe_nothing() || is_open && patterns.iter().any(Pattern::is_empty);
        all = all
            .iter()
            .flat_map(|head| {
                let likely = patterns.iter().filter(move |tail| !maybe_nothing || is_likely(head, tail));
                let joined = likely.map(|tail| {
                    let mut joined = head.clone();
                    joined.extend(tail);
                    joined
                });
                joined.filter(Pattern::is_possible)
            })
            .collect();
        if all.iter().any(Pattern::is_too_large) {
            return Value::Unknown;
        }
    }
    Value::one_of(all.into_iter().map(Value::pattern))
}

/// Whether a part that may be nothing is rather this. A whole segment of a path is there; what is put to the end of one is an addition, which
/// may be left out. At the beginning both may be.
fn is_likely(head: &Pattern, tail: &Pattern) -> bool {
    let is_hole = matches!(tail.parts.as_slice(), [Part::Hole(name)] if name.is_empty());
    match head.parts.last() {
        None => true,
        Some(Part::Text(text)) if text.ends_with(['/', '=']) => !tail.is_empty(),
        Some(_) => !is_hole,
    }
}

/// Scheme and authority of each URL that a value may be.
pub fn origin(of: &Value) -> Value {
    let known = of.patterns().into_iter().filter(|pattern| !pattern.parts.iter().all(|part| matches!(part, Part::Hole(_))));
    Value::one_of(known.map(|pattern| {
        let (sources, when, open) = (pattern.sources.clone(), pattern.when.clone(), pattern.open);
        Value::pattern(Pattern { parts: vec![Part::Origin(Arc::new(pattern))], sources, when, open })
    }))
}

/// What the configuration files say that a value may name.
pub fn setting(file: &Value, keys: &Arc<[Symbol]>, default: Option<Arc<Pattern>>) -> Value {
    let known = file.patterns().into_iter().filter(|file| !file.parts.iter().any(|part| matches!(part, Part::Hole(_))));
    let values: Vec<Value> = known
        .map(|file| Value::pattern(Pattern::part(Part::Setting { file: Arc::new(file), keys: keys.clone(), default: default.clone() })))
        .collect();
    // A file that nobody can name leaves what counts in its place.
    if values.is_empty() { default.map_or(Value::Unknown, Value::Text) } else { Value::one_of(values) }
}

/// A text as it is once it is changed.
pub fn changed(change: &Change, of: &Value) -> Value {
    Value::one_of(of.patterns().into_iter().map(|pattern| {
        let (sources, when, open) = (pattern.sources.clone(), pattern.when.clone(), pattern.open);
        let part = match pattern.literal() {
            Some(text) => Part::Text(change.apply(&text).into()),
            None => Part::Changed(change.clone(), Arc::new(pattern)),
        };
        Value::pattern(Pattern { parts: vec![part], sources, when, open })
    }))
}

/// The module function of a file.
pub fn module_function(file: FileId) -> FunctionRef {
    FunctionRef { file, function: FunctionId::MODULE }
}

/// A path put behind a base: `new URL(path, base)`, `base.join(path)`. An absolute URL as path replaces the base.
pub(super) fn join_url(base: &Value, path: &Value) -> Value {
    let bases = base.patterns();
    let mut joined = Vec::new();
    for path in path.patterns() {
        let absolute = matches!(path.parts.first(), Some(Part::Text(text)) if has_scheme(text));
        if absolute || bases.is_empty() {
            joined.push(Value::pattern(path));
            continue;
        }
        let whole = bases.iter().map(|base| join_patterns(base, &path)).filter(Pattern::is_possible);
        joined.extend(whole.map(Value::pattern));
    }
    Value::one_of(joined)
}

/// Whether a URL begins with a scheme; one that stands in its query is another's.
fn has_scheme(url: &str) -> bool {
    let is_scheme = |scheme: &str| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    url.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// A path put behind a base, with exactly one slash between.
pub fn join_patterns(base: &Pattern, path: &Pattern) -> Pattern {
    let mut joined = base.clone();
    let ends = matches!(joined.parts.last(), Some(Part::Text(text)) if text.ends_with('/'));
    let starts = matches!(path.parts.first(), Some(Part::Text(text)) if text.starts_with('/'));
    if path.is_empty() {
        return joined;
    }
    // A base that is empty is none.
    if base.is_empty() {
        return path.clone();
    }
    if ends && starts {
        if let Some(Part::Text(text)) = joined.parts.last_mut() {
            *text = text.trim_end_matches('/').into();
            if text.is_empty() {
                joined.parts.pop();
            }
        }
    } else if !ends && !starts && !joined.parts.is_empty() {
        joined.push(Part::Text("/".into()));
    }
    joined.extend(path);
    joined
}
