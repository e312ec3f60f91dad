//! Structs that settings fill in: field by field from configuration files and from variables of the environment, as `serde` calls them.
//!
//! What deliberately does not live here: which calls fill one. Invariant: what a file says that only a deployment names is said by its keys, and read
//! for each service by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_grammars::facts::{Field, FunctionId, SourceFacts, Symbol, TypeKind, TypeRef};
use portolan_grammars::manifests::tree::{Tree, TreeValue};

use super::collections::held;
use super::evaluate::Evaluator;
use super::index::last_segment;
use super::outbound::collect_params;
use super::setting_readers::{cased, leaf, serde_text, serde_word};
use super::value::{CallRef, ClassRef, ObjectValue, ParamRef, Part, Pattern, Source, Value, setting};
use crate::FileId;

/// How deep settings may nest.
pub(super) const MAX_DEPTH: usize = 6;
/// Fields that are filled in by one call.
const MAX_FIELDS: u32 = 400;
/// Elements of a list that are looked at.
const MAX_ITEMS: usize = 32;
/// Calls that are followed from what reads a file to who names it.
const MAX_CALLS: u32 = 5;
/// The type's name of settings that wait for the struct which they fill.
pub(super) const FILLING: &str = "settings that fill a struct";

/// How variables of a struct's fields are called.
struct Naming {
    prefix: String,
    separator: Option<Symbol>,
}

/// What fills a struct, and where it has got to.
struct Filling {
    naming: Option<Naming>,
    /// Files that only a deployment names, the weakest first.
    files: Vec<Value>,
    site: CallRef,
    path: Vec<Symbol>,
    left: u32,
}

impl<'w> Evaluator<'w> {
    /// The struct of a declared type, filled with the settings that wait for one, wherever it stands among what a value may be.
    pub(super) fn filled(&mut self, waiting: &Value, file: FileId, function: FunctionId, ty: &TypeRef) -> Option<Value> {
        let is_waiting = |value: &&Value| matches!(value, Value::Instance(instance) if instance.type_name == FILLING);
        let Value::Instance(instance) = waiting.alternatives().iter().find(is_waiting)? else { return None };
        let Some(Value::Some(class)) = self.typed(file, function, ty) else { return None };
        let site = instance.origin?;
        let text = |name: &str| instance.captures.get(&Symbol::new(name)).and_then(Value::literal);
        let naming = text("prefix").map(|prefix| Naming { prefix: prefix.to_string(), separator: text("separator") });
        let mut tree: Option<Given> = None;
        let mut files = Vec::new();
        if let Some(Value::Array(names)) = instance.captures.get(&Symbol::new("file")) {
            for name in names.iter() {
                let known = name.literal().and_then(|name| self.config_file(site.file, &name));
                match known {
                    Some((file, found)) => Given::add(&mut tree, file, found),
                    None => files.extend(self.named_files(name)),
                }
            }
        }
        if naming.is_none() && tree.is_none() && files.is_empty() {
            return None;
        }
        let mut filling = Filling { naming, files, site, path: Vec::new(), left: MAX_FIELDS };
        Some(self.fill(class, tree.as_ref(), &mut filling))
    }

    fn fill(&mut self, class: ClassRef, tree: Option<&Given>, filling: &mut Filling) -> Value {
        let mut all = ObjectValue { class: Some(class), ..ObjectValue::default() };
        let Some(facts) = self.facts(class.file) else { return Value::Some(class) };
        let def = facts.type_def(class.class);
        if def.kind != TypeKind::Struct {
            return Value::Some(class);
        }
        let case = serde_text(self, class.file, facts, &def.attributes, "rename_all");
        for field in &def.fields {
            let Some(ty) = &field.ty else { continue };
            let Some(left) = filling.left.checked_sub(1) else { break };
            filling.left = left;
            let renamed = serde_text(self, class.file, facts, &field.attributes, "rename");
            let key = renamed.unwrap_or_else(|| cased(field.name.trim_start_matches("r#"), case.as_deref()).into());
            let flat = serde_word(facts, &field.attributes, "flatten");
            let inner = if flat { tree } else { tree.and_then(|tree| tree.fields.get(&key)) };
            let default = self.serde_default(class, facts, field);
            let depth = filling.path.len();
            if !flat {
                filling.path.push(key);
            }
            // What a function of the code makes of a text is not what is written.
            let made = ["with", "deserialize_with"].iter().any(|key| serde_text(self, class.file, facts, &field.attributes, key).is_some());
            let files = if made { std::mem::take(&mut filling.files) } else { Vec::new() };
            let value = self.fill_one(class.file, def.function, ty, inner, default, filling);
            if made {
                filling.files = files;
            }
            filling.path.truncate(depth);
            all.fields.extend(value.map(|value| (field.name.clone(), value)));
        }
        Value::Object(Arc::new(all))
    }

    /// A value of a declared type: a struct, a list of them, or a text.
    fn fill_one(
        &mut self,
        file: FileId,
        function: FunctionId,
        ty: &TypeRef,
        tree: Option<&Given>,
        default: Option<Value>,
        filling: &mut Filling,
    ) -> Option<Value> {
        let is_deep = filling.path.len() > MAX_DEPTH;
        if let Some(element) = element(held(ty)) {
            if is_deep {
                return None;
            }
            let mut items = Vec::new();
            let naming = filling.naming.take();
            let files = std::mem::take(&mut filling.files);
            for item in tree.iter().flat_map(|tree| &tree.items).take(MAX_ITEMS) {
                items.extend(self.fill_one(file, function, element, Some(item), None, filling));
            }
            filling.files = files;
            if !filling.files.is_empty() {
                filling.path.push("*".into());
                items.extend(self.fill_one(file, function, element, None, None, filling));
                filling.path.pop();
            }
            filling.naming = naming;
            return (!items.is_empty()).then(|| Value::Array(items.into()));
        }
        let nested = match self.typed(file, function, ty) {
            Some(Value::Some(nested)) => Some(nested),
            _ => None,
        };
        if let Some(nested) = nested
            && !is_deep
            && self.facts(nested.file).is_some_and(|facts| facts.type_def(nested.class).kind == TypeKind::Struct)
        {
            return Some(self.fill(nested, tree, filling));
        }
        let naming = filling.naming.as_ref().filter(|naming| filling.path.len() == 1 || naming.separator.is_some());
        let named = naming.map(|naming| {
            let separator = naming.separator.as_deref().unwrap_or_default();
            let parts: Vec<&str> = filling.path.iter().map(Symbol::as_str).collect();
            Symbol::from(format!("{}{}", naming.prefix, parts.join(separator)).to_uppercase())
        });
        let written = tree.and_then(|tree| tree.text.clone());
        let mut value = written.or(default);
        // One of several forms is not told by a text.
        if nested.is_none() {
            let keys: Arc<[Symbol]> = filling.path.as_slice().into();
            for file in &filling.files {
                let default = match &value {
                    Some(Value::Text(text)) => Some(text.clone()),
                    _ => None,
                };
                value = Some(setting(file, &keys, default)).filter(|value| !value.is_unknown()).or(value);
            }
        }
        if named.is_none() && value.is_none() {
            return None;
        }
        Some(match named {
            Some(named) => leaf(Some(&named), value, Some(filling.site)),
            None => value.filter(|value| value.alternatives().iter().all(|one| matches!(one, Value::Text(_)))).unwrap_or(Value::Unknown),
        })
    }

    /// The files that a name with parameters may mean, by what the calls of their functions pass; the name itself where these do not tell.
    fn named_files(&mut self, name: &Value) -> Vec<Value> {
        let mut all = Vec::new();
        for pattern in name.patterns() {
            self.closed(&pattern, MAX_CALLS, &mut all);
        }
        if all.is_empty() { vec![name.clone()] } else { all }
    }

    fn closed(&mut self, text: &Pattern, calls: u32, all: &mut Vec<Value>) {
        let mut params = Vec::new();
        collect_params(text, &mut params);
        let Some(function) = params.first().map(|param| param.function) else {
            let found = Value::pattern(text.clone());
            if !text.parts.iter().any(|part| matches!(part, Part::Hole(_))) && all.len() < MAX_ITEMS && !all.contains(&found) {
                all.push(found);
            }
            return;
        };
        let Some(calls) = calls.checked_sub(1) else { return };
        params.retain(|param| param.function == function);
        for caller in self.callers(function).iter().take(MAX_ITEMS) {
            let passed: Vec<(ParamRef, Value)> = params.iter().map(|param| (*param, self.passed(*caller, *param))).collect();
            let with = |param: ParamRef| passed.iter().find(|(known, _)| *known == param).map(|(_, value)| value.clone());
            for text in self.substitute_pattern(text, &with).patterns() {
                self.closed(&text, calls, all);
            }
        }
    }

    /// Whether a parameter is declared to be a struct that is read from somewhere.
    pub(super) fn is_of_settings(&mut self, param: ParamRef) -> bool {
        let Some(Value::Some(class)) = self.parameter_type(param) else { return false };
        let Some(facts) = self.facts(class.file) else { return false };
        facts.derived(facts.type_def(class.class)).any(|name| name == "Deserialize")
    }

    /// What settings give a parameter, or a member of one, by the calls of its function. Where they give it different values, or a call passes
    /// something else that is known, none: it is not told which.
    pub(super) fn passed_settings(&mut self, param: ParamRef, path: &[Symbol]) -> Option<Value> {
        if param.is_own_object() || !self.settings_guard.insert(param) {
            return None;
        }
        let mut found: Option<Value> = None;
        let mut clear = true;
        for caller in self.callers(param.function).iter().take(MAX_ITEMS) {
            let passed = self.passed(*caller, param);
            let passed = self.at_path(passed, path);
            let passed = match &passed {
                Value::Param(outer, path) => self.passed_settings(*outer, path).unwrap_or(Value::Unknown),
                _ => passed,
            };
            if passed.is_unknown() {
                continue;
            }
            if !is_setting(&passed) || found.as_ref().is_some_and(|found| *found != passed) {
                clear = false;
                break;
            }
            found = Some(passed);
        }
        self.settings_guard.remove(&param);
        found.filter(|_| clear)
    }

    /// What `#[serde(default = "function")]` gives.
    pub(super) fn serde_default(&mut self, class: ClassRef, facts: &'w SourceFacts, field: &Field) -> Option<Value> {
        let path = serde_text(self, class.file, facts, &field.attributes, "default")?;
        let segments: Vec<Symbol> = path.split("::").map(Symbol::new).collect();
        let function = facts.type_def(class.class).function;
        match self.rust_path_in(class.file, facts, function, &segments) {
            Value::Function(function, _) => Some(self.result_of(function)).filter(|value| matches!(value, Value::Text(_))),
            _ => None,
        }
    }
}

/// Whether a value is what a file says that a deployment names.
fn is_setting(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.parts.iter().any(|part| matches!(part, Part::Setting { .. })),
        Value::Array(values) => values.iter().any(is_setting),
        Value::Object(object) => object.fields.values().any(is_setting),
        _ => false,
    }
}

/// The type of a list's elements.
fn element(ty: &TypeRef) -> Option<&TypeRef> {
    matches!(last_segment(&ty.path), "Vec" | "VecDeque" | "HashSet" | "BTreeSet" | "IndexSet" | "[]").then(|| ty.args.first()).flatten()
}

/// What configuration files give, one laid over the other.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// A scalar.
    pub(super) text: Option<Value>,
    /// The elements of a list.
    pub(super) items: Vec<Given>,
    /// What a map holds.
    pub(super) fields: BTreeMap<Symbol, Given>,
}

impl Given {
    pub(super) fn add(all: &mut Option<Given>, file: FileId, tree: &Tree) {
        all.get_or_insert_with(Given::default).lay(file, tree, 0);
    }

    fn lay(&mut self, file: FileId, tree: &Tree, depth: usize) {
        match &tree.value {
            TreeValue::Null => {}
            TreeValue::Scalar(text) => {
                let sources = vec![Source::Setting(file, tree.range)];
                self.text = Some(Value::pattern(Pattern { parts: vec![Part::Text(text.clone())], sources, ..Pattern::default() }));
            }
            TreeValue::List(items) if depth < MAX_DEPTH => {
                let of = |item: &Tree| {
                    let mut given = Given::default();
                    given.lay(file, item, depth + 1);
                    given
                };
                self.items = items.iter().take(MAX_ITEMS).map(of).collect();
            }
            TreeValue::Map(entries) if depth < MAX_DEPTH => {
                for (key, value) in entries {
                    self.fields.entry(key.clone()).or_default().lay(file, value, depth + 1);
                }
            }
            TreeValue::List(_) | TreeValue::Map(_) => {}
        }
    }
}
