//! Settings: what readers of the catalog hand out, from the environment, from schemas, from sources in code and from configuration files.
//!
//! What deliberately does not live here: objects that a workspace makes of settings by itself; those are evaluated like all code. Invariant: a
//! setting is an environment variable only where the library or its schema says so.

use std::sync::Arc;

use portolan_grammars::catalog::{Family, Names, Selector, SettingReader};
use portolan_grammars::facts::{Attribute, Entry, Expr, ExprId, SourceFacts, Symbol};
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::tree::Tree;

use super::alternatives::{fallback, variable};
use super::evaluate::Evaluator;
use super::filled_structs::{FILLING, Given, MAX_DEPTH};
use super::library::CallView;
use super::uses::Use;
use super::value::{CallRef, ClassRef, Instance, ObjectValue, ParamRef, Part, Pattern, Source, Value, concat};
use crate::FileId;
use crate::workspace::paths::join;

/// What profiles are called that run on a developer's machine, the most usual first.
const PROFILES: [&str; 4] = ["local", "dev", "development", "default"];
/// Calls that make settings known which are looked at.
const MAX_SOURCES: usize = 48;

impl<'w> Evaluator<'w> {
    /// What a reader hands out.
    pub(super) fn setting_value(&mut self, entry: &'w SettingReader, view: &CallView<'_>) -> Option<Value> {
        if let Some(source) = &entry.source
            && !self.is_environment(source, view)
        {
            return None;
        }
        if entry.fills {
            return self.filling(entry, view);
        }
        let whole = self.described_settings(entry, view).or_else(|| self.settings_of_files(entry, view));
        let Some(key) = &entry.key else {
            let whole = whole?;
            return Some(match &entry.under {
                Some(under) => {
                    let fields = [(under.clone(), whole)].into_iter().collect();
                    Value::Object(Arc::new(ObjectValue { fields, ..ObjectValue::default() }))
                }
                None => whole,
            });
        };
        let key = self.select(key, view)?;
        let default = entry.default.as_ref().and_then(|default| self.select(default, view));
        let default = default.filter(|default| matches!(default, Value::Text(_) | Value::Param(..)));
        let mut found = None;
        if let Some(name) = key.literal() {
            found = match &whole {
                Some(whole) => self.dig(whole.clone(), &name),
                None => self.known_setting(view, &name),
            };
        }
        let found = found.filter(|found| !found.is_unknown()).or_else(|| {
            let source = Some(Source::Call(view.site.file, view.site.call));
            let value = Value::one_of(key.patterns().into_iter().map(|name| variable(name, None, source)));
            (entry.environment && whole.is_none() && !value.is_unknown()).then_some(value)
        });
        match (found, default) {
            (Some(found), Some(default)) => Some(fallback(vec![found, default])),
            (found, default) => found.or(default),
        }
    }

    /// Whether an argument is the process's environment: `process.env`, or a copy of it.
    fn is_environment(&mut self, source: &Selector, view: &CallView<'_>) -> bool {
        let Some(facts) = self.facts(view.site.file) else { return false };
        let Some(expr) = super::routes::argument_expr(facts, source, view) else { return false };
        is_environment(facts, expr) || self.is_environment_handed_back(view.site.file, facts, expr)
    }

    /// Whether a function is given the environment and hands it back: `withoutEmpty(process.env)`.
    fn is_environment_handed_back(&mut self, file: FileId, facts: &'w SourceFacts, expr: ExprId) -> bool {
        let Expr::Call(call) = facts.expr(expr) else { return false };
        let call = facts.call(*call);
        let [argument] = call.args.as_slice() else { return false };
        if !is_environment(facts, argument.value) {
            return false;
        }
        let Value::Function(function, _) = self.eval(file, call.callee) else { return false };
        let given = ParamRef { function, index: 0 };
        matches!(self.result_of(function), Value::Param(param, path) if param == given && path.is_empty())
    }

    /// The settings that a call's schemas describe.
    fn described_settings(&mut self, entry: &'w SettingReader, view: &CallView<'_>) -> Option<Value> {
        let mut all = ObjectValue::default();
        let mut is_known = false;
        let given = entry.values.as_ref().and_then(|values| self.select(values, view));
        for take in &entry.schema {
            let Some(schema) = self.select(&Selector::Take(take.clone()), view) else { continue };
            for schema in schema.alternatives() {
                if let Value::Object(schema) = schema {
                    is_known = true;
                    all.spread(self.described_schema(entry, schema, given.as_ref(), view.site, 0));
                }
            }
        }
        is_known.then(|| Value::Object(Arc::new(all)))
    }

    fn described_schema(
        &mut self,
        entry: &SettingReader,
        schema: &ObjectValue,
        given: Option<&Value>,
        site: CallRef,
        depth: usize,
    ) -> Value {
        let mut all = ObjectValue::default();
        let mut names: Vec<&Symbol> = schema.fields.keys().collect();
        names.sort();
        for name in names {
            let field = &schema.fields[name];
            let value = match field {
                Value::Object(inner) if entry.variable.is_some() => {
                    let named = entry.variable.as_ref().and_then(|key| inner.fields.get(key)?.literal());
                    let default = entry.entry_default.as_ref().and_then(|key| inner.fields.get(key)).cloned();
                    match (&named, &default) {
                        (None, None) if depth < MAX_DEPTH => self.described_schema(entry, inner, None, site, depth + 1),
                        _ => leaf(named.as_ref(), default, Some(site)),
                    }
                }
                field => {
                    let default = entry.entry_default.as_ref().and_then(|key| match field {
                        Value::Instance(instance) => instance.captures.get(key).cloned(),
                        _ => None,
                    });
                    let given = match given {
                        Some(Value::Object(given)) => given.fields.get(name).filter(|given| matches!(given, Value::Text(_))).cloned(),
                        _ => None,
                    };
                    let value = match (given, default) {
                        (Some(given), Some(default)) => fallback(vec![given, default]),
                        (Some(given), None) => given,
                        (None, default) => leaf(Some(name), default, Some(site)),
                    };
                    self.made_of_entry(entry, field, value)
                }
            };
            all.fields.insert(name.clone(), value);
        }
        all.rest.extend(schema.rest.iter().cloned());
        Value::Object(Arc::new(all))
    }

    /// What the functions of a schema's entry make of its value, in their order; what is no text says less than the variable itself.
    fn made_of_entry(&mut self, entry: &SettingReader, field: &Value, value: Value) -> Value {
        let changes = entry.entry_change.as_ref().and_then(|key| match field {
            Value::Instance(instance) => instance.captures.get(key).cloned(),
            _ => None,
        });
        let mut value = value;
        for change in changes.iter().flat_map(Value::alternatives) {
            let Value::Function(function, receiver) = change else { continue };
            let made = self.apply(*function, receiver.as_deref(), std::slice::from_ref(&value));
            if made.alternatives().iter().all(|one| matches!(one, Value::Text(text) if !text.is_hole())) {
                value = made;
            }
        }
        value
    }

    /// A setting that a call of the same library makes known, by its dotted key.
    fn known_setting(&mut self, view: &CallView<'_>, key: &Symbol) -> Option<Value> {
        let library = view.callee.library;
        let catalog = self.cx.catalog;
        let entries = &catalog.libraries[library].setting_source;
        if entries.is_empty() {
            return None;
        }
        let mut calls: Vec<(FileId, usize, portolan_grammars::facts::CallId)> = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            for callee in entry.callee.iter() {
                let last = Symbol::new(super::index::last_segment(callee));
                for &file in self.files_with(Use::Call(&last, None)) {
                    let Some((_, index)) = self.file(file) else { continue };
                    calls.extend(index.calls.get(&last).into_iter().flatten().map(|call| (file, position, *call)));
                }
            }
        }
        let package = |file: FileId| self.cx.workspace.package_of(&self.cx.paths[file.0 as usize]);
        let own = package(view.site.file);
        if calls.iter().any(|(file, ..)| package(*file) == own) {
            calls.retain(|(file, ..)| package(*file) == own);
        }
        calls.truncate(MAX_SOURCES);
        let mut values = Vec::new();
        for (file, position, id) in calls {
            let Some(facts) = self.facts(file) else { continue };
            let call = facts.call(id);
            let callee = self.eval(file, call.callee);
            let entry = &entries[position];
            for found in self.library_callees(Family::from(facts.language), &callee) {
                if found.library != library || !entry.callee.iter().any(|name| name == found.name.as_str()) {
                    continue;
                }
                let view = CallView { site: CallRef { file, call: id }, call, callee: &found, members: &[] };
                let rest = match &entry.namespace {
                    Some(namespace) => {
                        let Some(space) = self.select(namespace, &view).and_then(|space| space.literal()) else { continue };
                        match key.strip_prefix(space.as_str()) {
                            Some("") => "",
                            Some(rest) if rest.starts_with('.') => &rest[1..],
                            _ => continue,
                        }
                    }
                    None => key.as_str(),
                };
                let Some(value) = self.select(&entry.value, &view) else { continue };
                for value in value.alternatives().to_vec() {
                    let object = match value {
                        Value::Function(function, _) => self.result_of(function),
                        other => other,
                    };
                    if !matches!(object, Value::Object(_) | Value::OneOf(_)) {
                        continue;
                    }
                    values.extend(if rest.is_empty() { Some(object) } else { self.dig(object, rest) });
                }
            }
        }
        let value = Value::one_of(values);
        (!value.is_unknown()).then_some(value)
    }

    /// The settings of files that a reader knows by name.
    fn settings_of_files(&mut self, entry: &SettingReader, view: &CallView<'_>) -> Option<Value> {
        let merged = self.tree_of_names(view.site.file, entry.files.as_ref()?);
        let names = entry.variables_file.as_ref().and_then(|names| self.tree_of_names(view.site.file, names));
        if merged.is_none() && names.is_none() {
            return None;
        }
        Some(of_files(merged.as_ref(), names.as_ref(), view.site))
    }

    fn tree_of_names(&mut self, file: FileId, names: &Names) -> Option<Given> {
        let mut merged: Option<Given> = None;
        for name in names.iter() {
            if let Some((file, tree)) = self.config_file(file, name) {
                Given::add(&mut merged, file, tree);
            }
        }
        merged
    }

    /// The configuration file that code names: as seen from its package, else from the workspace's root.
    pub(super) fn config_file(&mut self, file: FileId, name: &str) -> Option<(FileId, &'w Tree)> {
        let workspace = self.cx.workspace;
        let package = workspace.package_of(&self.cx.paths[file.0 as usize]);
        let root = package.map_or("", |package| workspace.packages[package].root.as_str());
        let found = [root, ""].into_iter().find_map(|folder| workspace.config_at(&join(folder, name)?))?;
        self.look_at(found);
        match self.cx.files.get(found.0 as usize)?.as_ref()?.facts.manifest()? {
            Manifest::Config(tree) => Some((found, tree)),
            _ => None,
        }
    }

    /// The file that a name with a profile in it, which is decided at run time, means while a program is developed: `settings-{profile}.yaml`.
    fn file_of_profile(&mut self, file: FileId, name: &Pattern) -> Option<Pattern> {
        let mut holes = name.parts.iter().enumerate().filter(|(_, part)| matches!(part, Part::Hole(_)));
        let (Some((hole, _)), None) = (holes.next(), holes.next()) else { return None };
        // A folder that is decided at run time is none of the workspace's.
        if name.parts[hole..].iter().any(|part| matches!(part, Part::Text(text) if text.contains('/'))) {
            return None;
        }
        PROFILES.iter().find_map(|profile| {
            let texts = name.parts.iter().map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Hole(_) => Some(*profile),
                _ => None,
            });
            let name = texts.collect::<Option<String>>()?;
            self.config_file(file, &name).map(|_| Pattern::text(name))
        })
    }

    /// What fills a struct: the struct, where the call names it, else something that waits for the declared type.
    fn filling(&mut self, entry: &SettingReader, view: &CallView<'_>) -> Option<Value> {
        let mut captures = rustc_hash::FxHashMap::default();
        let file = entry.file.as_ref().and_then(|file| self.select(file, view));
        let patterns = file.iter().flat_map(|file| file.patterns());
        let names = patterns.filter_map(|name| match name.parts.iter().any(|part| matches!(part, Part::Hole(_))) {
            true => self.file_of_profile(view.site.file, &name),
            false => Some(name),
        });
        let names: Vec<Value> = names.map(Value::pattern).collect();
        let has_file = !names.is_empty();
        captures.insert("file".into(), Value::Array(names.into()));
        // A function may be given what knows the prefix, `fn read(figment: Figment)`, or by each of its callers another one.
        let known = |this: &mut Self, selector: &Option<Selector>| {
            let value = this.select(selector.as_ref()?, view)?;
            let passed = this.with_passed(value.clone());
            [passed, value].into_iter().find(|value| value.literal().is_some() || matches!(value, Value::Text(_) | Value::Param(..)))
        };
        let prefix = known(self, &entry.prefix).filter(|prefix| prefix.literal().is_some() || prefix.has_param());
        let separator = known(self, &entry.separator).and_then(|separator| separator.literal());
        let reads_environment = prefix.is_some() || entry.unprefixed;
        if !has_file && !reads_environment {
            return None;
        }
        if reads_environment {
            let mut prefix = prefix.unwrap_or_else(|| Value::text(""));
            if entry.prefix_separated && !prefix.is_empty() {
                prefix = concat(&[prefix, Value::text(separator.clone().unwrap_or_else(|| "_".into()))]);
            }
            captures.insert("prefix".into(), prefix);
            captures.extend(separator.map(|separator| (Symbol::new("separator"), Value::text(separator))));
        }
        let waiting = Value::Instance(Arc::new(Instance {
            library: view.callee.library as u32,
            type_name: FILLING.into(),
            captures,
            members: Vec::new(),
            origin: Some(view.site),
            root: None,
            param: None,
        }));
        match view.call.type_args.first() {
            Some(ty) => Some(self.filled(&waiting, view.site.file, view.call.function, ty).unwrap_or(waiting)),
            None => Some(waiting),
        }
    }

    /// What a command line, the environment or a default gives a field of a struct that is filled in from them; `otherwise` where none of them
    /// does.
    pub(super) fn argument_field(&mut self, class: ClassRef, name: &Symbol, otherwise: Option<&Value>) -> Option<Value> {
        let catalog = self.cx.catalog;
        let facts = self.facts(class.file)?;
        let def = facts.type_def(class.class);
        let field = def.fields.iter().find(|field| field.name == *name)?;
        for (library, entry) in catalog.setting_structs() {
            let is_own = |attribute: &&Attribute| entry.attribute.iter().any(|name| *name == attribute.path);
            let attributes: Vec<&Attribute> = field.attributes.iter().filter(is_own).collect();
            if attributes.is_empty() || !self.derives(class, library, &entry.derive) {
                continue;
            }
            let spelled = |separator: &str| field.name.trim_start_matches("r#").replace('_', separator);
            let given = |this: &mut Self, key: &Symbol, word: Option<String>| -> Option<Value> {
                let mut all = attributes.iter().flat_map(|attribute| &attribute.args);
                all.find_map(|arg| match facts.expr(*arg) {
                    Expr::Name(name) if name == key => word.clone().map(Value::text),
                    Expr::Object(object) => object.field(key).map(|value| this.eval(class.file, value)),
                    _ => None,
                })
            };
            if let Some(fixed) = entry.skip.as_ref().and_then(|skip| given(self, skip, None)).filter(|fixed| !fixed.is_unknown()) {
                return Some(fixed);
            }
            let named = given(self, &entry.variable, Some(spelled("_").to_uppercase())).and_then(|name| name.literal());
            let default = entry.default.iter().find_map(|key| given(self, key, None)).filter(|value| matches!(value, Value::Text(_)));
            let option = entry.option.as_ref().and_then(|option| given(self, option, Some(spelled("-")))).and_then(|name| name.literal());
            let default = default.or_else(|| otherwise.cloned());
            let inner = (named.is_some() || default.is_some()).then(|| leaf(named.as_ref(), default, None));
            let first = || spelled("-").chars().next().map(String::from);
            let short = entry.short.as_ref().and_then(|short| given(self, short, first())).and_then(|name| name.literal());
            let inner = match option {
                Some(option) => Some(leaf(Some(&format!("--{option}").into()), inner, None)),
                None => inner,
            };
            // A command line has one of both; who is asked to set it is told the longer name.
            return match short {
                Some(letter) => Some(leaf(Some(&format!("-{letter}").into()), inner, None)),
                None => inner,
            };
        }
        None
    }

    /// Whether a type derives one of some traits of a library.
    pub(super) fn derives(&mut self, class: ClassRef, library: usize, traits: &Names) -> bool {
        let Some(facts) = self.facts(class.file) else { return false };
        let derived = facts.type_def(class.class).attributes.iter().filter(|attribute| attribute.path == "derive");
        let args: Vec<_> = derived.flat_map(|attribute| attribute.args.iter().copied()).collect();
        args.into_iter().any(|arg| {
            let path = match facts.expr(arg) {
                Expr::Name(name) => vec![name.clone()],
                Expr::Path(path) => path.clone(),
                _ => return false,
            };
            let wanted = path.last().is_some_and(|last| traits.iter().any(|name| name == last));
            wanted && {
                let value = self.rust_path_in(class.file, facts, portolan_grammars::facts::FunctionId::MODULE, &path);
                self.library_callees(Family::Rust, &value).iter().any(|found| found.library == library)
            }
        })
    }

    /// The struct that `Arguments::parse()` fills in.
    pub(super) fn parsed_arguments(
        &mut self,
        file: FileId,
        facts: &'w SourceFacts,
        call: &portolan_grammars::facts::Call,
    ) -> Option<Value> {
        let Expr::Path(path) = facts.expr(call.callee) else { return None };
        let (name, owner) = path.split_last()?;
        let catalog = self.cx.catalog;
        let (library, entry) = catalog.setting_structs().find(|(_, entry)| entry.made_by.iter().any(|made_by| made_by == name))?;
        let class = self.class_named(file, call.function, &owner.iter().map(Symbol::as_str).collect::<Vec<_>>().join("::").into())?;
        self.derives(class, library, &entry.derive).then_some(Value::Some(class))
    }
}

fn is_environment(facts: &SourceFacts, expr: ExprId) -> bool {
    match facts.expr(expr) {
        Expr::Member { object, name } if name == "env" => {
            matches!(facts.expr(*object), Expr::Name(_) | Expr::Member { .. } | Expr::Unknown)
        }
        Expr::Object(object) => object.entries.iter().any(
            |entry| matches!(entry, Entry::Spread(spread) if matches!(facts.expr(*spread), Expr::Member { name, .. } if name == "env")),
        ),
        _ => false,
    }
}

/// A variable with a default, or the default alone.
pub(super) fn leaf(name: Option<&Symbol>, default: Option<Value>, site: Option<CallRef>) -> Value {
    let default = default.filter(|default| matches!(default, Value::Text(_)));
    let Some(name) = name else { return default.unwrap_or(Value::Unknown) };
    let pattern = default.and_then(|default| match default.patterns().as_slice() {
        [one] => Some(Arc::new(one.clone())),
        _ => None,
    });
    let source = site.map(|site| Source::Call(site.file, site.call));
    Value::pattern(Pattern::part(Part::Env { name: name.clone(), default: pattern, guessed: false, source }))
}

/// The settings of files, where another file names their variables.
fn of_files(given: Option<&Given>, names: Option<&Given>, site: CallRef) -> Value {
    let scalar = given.and_then(|given| given.text.clone());
    if let Some(name) = names.and_then(|names| names.text.as_ref()?.literal()).filter(|name| !name.is_empty()) {
        return leaf(Some(&name), scalar, Some(site));
    }
    if let Some(scalar) = scalar {
        return scalar;
    }
    let items: Vec<Value> = given.iter().flat_map(|given| &given.items).filter_map(|item| item.text.clone()).collect();
    if !items.is_empty() {
        return Value::Array(items.into());
    }
    let mut all = ObjectValue::default();
    for key in [given, names].into_iter().flatten().flat_map(|given| given.fields.keys()) {
        if !all.fields.contains_key(key) {
            let value = of_files(given.and_then(|given| given.fields.get(key)), names.and_then(|names| names.fields.get(key)), site);
            all.fields.insert(key.clone(), value);
        }
    }
    if all.fields.is_empty() { Value::Unknown } else { Value::Object(Arc::new(all)) }
}

/// The text of a key in `#[serde(…)]`.
pub(super) fn serde_text(
    evaluator: &mut Evaluator<'_>,
    file: FileId,
    facts: &SourceFacts,
    attributes: &[Attribute],
    key: &str,
) -> Option<Symbol> {
    let args = attributes.iter().filter(|attribute| attribute.path == "serde").flat_map(|attribute| &attribute.args);
    let value = args.into_iter().find_map(|arg| match facts.expr(*arg) {
        Expr::Object(object) => object.field(key),
        _ => None,
    })?;
    evaluator.eval(file, value).literal()
}

/// Whether a word stands in `#[serde(…)]`.
pub(super) fn serde_word(facts: &SourceFacts, attributes: &[Attribute], word: &str) -> bool {
    let mut args = attributes.iter().filter(|attribute| attribute.path == "serde").flat_map(|attribute| &attribute.args);
    args.any(|arg| matches!(facts.expr(*arg), Expr::Name(name) if name == word))
}

/// A field's name as `rename_all` has it.
pub(super) fn cased(name: &str, case: Option<&str>) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    match case {
        Some("kebab-case") => name.replace('_', "-"),
        Some("SCREAMING_SNAKE_CASE" | "UPPERCASE") => name.to_uppercase(),
        Some("SCREAMING-KEBAB-CASE") => name.replace('_', "-").to_uppercase(),
        Some("PascalCase") => name.split('_').map(capital).collect(),
        Some("camelCase") => {
            let mut parts = name.split('_');
            parts.next().map(str::to_owned).into_iter().chain(parts.map(capital)).collect()
        }
        _ => name.to_owned(),
    }
}
