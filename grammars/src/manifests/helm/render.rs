//! A template filled in: walks its steps and keeps, for each piece of the output, where it comes from.

use std::ops::Range;
use std::rc::Rc;

use super::RELEASE;
use super::functions;
use super::template::{self, Pipe, Step, Term};
use crate::facts::TextRange;
use crate::manifests::tree::{Tree, TreeValue};

/// How deep named templates may include each other.
const MAX_DEPTH: u32 = 24;
/// Steps and commands before the rest is left out.
const MAX_STEPS: u32 = 60_000;
/// Bytes of output before the rest is left out.
const MAX_OUTPUT: usize = 512 * 1024;
/// What stands for a value that is not known.
pub(super) const UNKNOWN: &str = "TEMPLATE";

/// A value while rendering. Shared, so that a copy costs nothing.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing.
    Null,
    /// A flag.
    Bool(bool),
    /// A text or number.
    Text(Rc<str>),
    /// A list.
    List(Rc<Vec<Value>>),
    /// A map, in order.
    Map(Rc<Vec<(String, Value)>>),
    /// Something that only a run decides.
    Unknown,
}

impl Value {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Value::Text(Rc::from(text.as_ref()))
    }
    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(flag) => *flag,
            Value::Text(text) => !text.is_empty() && &**text != "0",
            Value::List(items) => !items.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
            Value::Unknown => true,
        }
    }
    pub(super) fn get(&self, key: &str) -> Value {
        match self {
            Value::Map(entries) => entries.iter().find(|(name, _)| name == key).map_or(Value::Null, |(_, value)| value.clone()),
            Value::Unknown => Value::Unknown,
            _ => Value::Null,
        }
    }
    pub(super) fn print(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(flag) => flag.to_string(),
            Value::Text(text) => text.to_string(),
            Value::List(_) | Value::Map(_) => functions::yaml(self).trim_end().to_owned(),
            Value::Unknown => UNKNOWN.to_owned(),
        }
    }
}

impl From<&Tree> for Value {
    fn from(tree: &Tree) -> Self {
        match &tree.value {
            TreeValue::Null => Value::Null,
            TreeValue::Scalar(text) => match text.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => Value::text(text),
            },
            TreeValue::List(items) => Value::List(Rc::new(items.iter().map(Value::from).collect())),
            TreeValue::Map(entries) => Value::Map(Rc::new(entries.iter().map(|(name, value)| (name.to_string(), value.into())).collect())),
        }
    }
}

/// What a template became.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) text: String,
    /// Start in the output, place in the template, and whether it is the template's own text.
    pieces: Vec<(usize, Range<usize>, bool)>,
    /// Where lines are left out that nobody knows.
    pub(super) left_out: Vec<Range<usize>>,
}

/// Named templates.
type Named = Vec<(String, Vec<Step>)>;

pub(super) struct Renderer<'t> {
    named: &'t [&'t Named],
    depth: u32,
    steps: u32,
}

struct Scope {
    /// What `$` is: what the template was given.
    root: Value,
    dot: Value,
    variables: Vec<(String, Value)>,
}

impl Output {
    pub(super) fn of(steps: &[Step], chart: &str, values: &Tree, named: &[&Named]) -> Self {
        let map =
            |entries: Vec<(&str, Value)>| Value::Map(Rc::new(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
        let root = map(vec![
            ("Values", values.into()),
            ("Chart", map(vec![("Name", Value::text(chart)), ("AppVersion", Value::Unknown), ("Version", Value::Unknown)])),
            ("Release", map(vec![("Name", Value::text(RELEASE)), ("Namespace", Value::Unknown), ("Service", Value::text("Helm"))])),
            ("Capabilities", Value::Unknown),
            ("Template", map(vec![("Name", Value::Unknown), ("BasePath", Value::Unknown)])),
            ("Files", Value::Unknown),
        ]);
        let mut renderer = Renderer { named, depth: 0, steps: 0 };
        let mut scope = Scope { root: root.clone(), dot: root, variables: Vec::new() };
        let mut output = Output::default();
        renderer.run(steps, &mut scope, &mut output, true);
        output
    }

    fn push(&mut self, text: &str, place: Range<usize>, own: bool) {
        if !text.is_empty() && self.text.len() + text.len() <= MAX_OUTPUT {
            self.pieces.push((self.text.len(), place, own));
            self.text.push_str(text);
        }
    }

    /// The place in the template of a place in the output.
    pub(super) fn source(&self, range: TextRange) -> TextRange {
        let at = |offset: u32, is_end: bool| {
            let offset = offset as usize;
            // The end of a range belongs to the piece before it.
            let wanted = if is_end { offset.saturating_sub(1) } else { offset };
            let index = self.pieces.partition_point(|(start, ..)| *start <= wanted).checked_sub(1)?;
            let (start, place, own) = &self.pieces[index];
            Some(match (own, is_end) {
                (true, _) => (place.start + (offset - start)).min(place.end),
                (false, false) => place.start,
                (false, true) => place.end,
            })
        };
        let start = at(range.start, false).unwrap_or_default();
        let end = at(range.end, true).unwrap_or(start).max(start);
        TextRange::new(start, end)
    }
}

impl Renderer<'_> {
    fn run(&mut self, steps: &[Step], scope: &mut Scope, output: &mut Output, own: bool) {
        for step in steps {
            self.steps += 1;
            if self.steps > MAX_STEPS || output.text.len() >= MAX_OUTPUT {
                return;
            }
            match step {
                Step::Text(text, start) => output.push(text, *start..*start + text.len(), own),
                Step::Print(pipe, place, alone) => match self.pipe(pipe, scope) {
                    // Lines that are not known would be no YAML where they stand.
                    Value::Unknown if *alone => output.left_out.push(place.clone()),
                    value => output.push(&value.print(), place.clone(), false),
                },
                Step::Set(name, pipe) => {
                    let value = self.pipe(pipe, scope);
                    match scope.variables.iter_mut().rev().find(|(known, _)| known == name) {
                        Some((_, known)) => *known = value,
                        None => scope.variables.push((name.clone(), value)),
                    }
                }
                Step::If(pipe, body, other) => {
                    let chosen = if self.pipe(pipe, scope).is_true() { body } else { other };
                    self.run(chosen, scope, output, own);
                }
                Step::With(pipe, body, other) => {
                    let value = self.pipe(pipe, scope);
                    if value.is_true() {
                        let before = std::mem::replace(&mut scope.dot, value);
                        self.run(body, scope, output, own);
                        scope.dot = before;
                    } else {
                        self.run(other, scope, output, own);
                    }
                }
                Step::Range(key, name, pipe, body, other) => {
                    let items: Vec<(Value, Value)> = match self.pipe(pipe, scope) {
                        Value::List(items) => {
                            items.iter().enumerate().map(|(at, item)| (Value::text(at.to_string()), item.clone())).collect()
                        }
                        Value::Map(entries) => entries.iter().map(|(key, value)| (Value::text(key), value.clone())).collect(),
                        _ => Vec::new(),
                    };
                    if items.is_empty() {
                        self.run(other, scope, output, own);
                    }
                    for (at, item) in items {
                        let count = scope.variables.len();
                        scope.variables.extend(key.iter().map(|key| (key.clone(), at.clone())));
                        scope.variables.extend(name.iter().map(|name| (name.clone(), item.clone())));
                        let before = std::mem::replace(&mut scope.dot, item);
                        self.run(body, scope, output, own);
                        scope.dot = before;
                        scope.variables.truncate(count);
                    }
                }
            }
        }
    }

    fn pipe(&mut self, pipe: &Pipe, scope: &mut Scope) -> Value {
        let mut last: Option<Value> = None;
        for command in pipe {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Value::Unknown;
            }
            last = Some(self.command(command, last, scope));
        }
        last.unwrap_or(Value::Null)
    }

    fn command(&mut self, command: &[Term], piped: Option<Value>, scope: &mut Scope) -> Value {
        let Some((first, rest)) = command.split_first() else { return piped.unwrap_or(Value::Null) };
        let Term::Function(name) = first else { return self.term(first, scope) };
        let mut arguments: Vec<Value> = Vec::with_capacity(rest.len() + 1);
        for term in rest {
            arguments.push(self.term(term, scope));
        }
        arguments.extend(piped);
        match name.as_str() {
            "include" | "template" => {
                let Some(Value::Text(name)) = arguments.first() else { return Value::Unknown };
                self.include(&name.clone(), arguments.get(1).cloned().unwrap_or(Value::Null))
            }
            "tpl" => {
                let Some(Value::Text(text)) = arguments.first() else { return arguments.first().cloned().unwrap_or(Value::Unknown) };
                if !text.contains("{{") {
                    return Value::Text(text.clone());
                }
                let steps = template::parse(text, &mut Vec::new());
                self.inner(&steps, arguments.get(1).cloned().unwrap_or(Value::Null))
            }
            name => functions::call(name, &arguments),
        }
    }

    fn include(&mut self, name: &str, dot: Value) -> Value {
        let named = self.named;
        match named.iter().flat_map(|all| all.iter()).find(|(known, _)| known == name) {
            Some((_, steps)) => self.inner(steps, dot),
            None => Value::Unknown,
        }
    }

    fn inner(&mut self, steps: &[Step], dot: Value) -> Value {
        if self.depth >= MAX_DEPTH {
            return Value::Unknown;
        }
        self.depth += 1;
        let mut output = Output::default();
        self.run(steps, &mut Scope { root: dot.clone(), dot, variables: Vec::new() }, &mut output, false);
        self.depth -= 1;
        Value::text(output.text)
    }

    fn term(&mut self, term: &Term, scope: &mut Scope) -> Value {
        let walk = |value: Value, path: &[String]| path.iter().fold(value, |value, key| value.get(key));
        match term {
            Term::Dot(path) => walk(scope.dot.clone(), path),
            Term::Variable(name, path) => {
                let value = if name.is_empty() {
                    scope.root.clone()
                } else {
                    scope.variables.iter().rev().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
                };
                walk(value, path)
            }
            Term::Text(text) => Value::text(text),
            Term::Group(pipe, path) => {
                let value = self.pipe(pipe, scope);
                walk(value, path)
            }
            Term::Function(_) => self.command(std::slice::from_ref(term), None, scope),
        }
    }
}
