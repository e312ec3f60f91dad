//! From the text of a `portolan.toml` to settings, with a problem and its place for all that is not understood.
//!
//! Invariant: what is right is read, whatever else is wrong.

use serde::Deserialize;
use toml::Spanned as At;
use toml::de::{DeArray, DeTable, DeValue, ValueDeserializer};

use super::super::mend;
use super::super::{Manifest, ManifestFacts, Variable};
use super::{
    AllowSettings, CallSettings, Layout, Level, Mapping, OptionValue, Profile, RuleSettings, RulesSettings, Scalar, ServiceKind,
    ServiceSettings, Settings, glob,
};
use crate::catalog::{Library, plain_message};
use crate::facts::{Problem, Spanned, Symbol, TextRange};
use crate::suggest;

const KEYS: &[&str] = &["ignore", "services", "hosts", "external", "environment", "calls", "clients", "rules", "allow"];
const SERVICE_KEYS: &[&str] = &["root", "aliases", "kind", "ignore", "origin", "implements", "environment"];
const CALL_KEYS: &[&str] = &["file", "function", "to"];
const ALLOW_KEYS: &[&str] = &["files", "rules"];

/// Reads settings. Never fails: what is not understood is among the problems.
pub(super) fn read(text: &str) -> ManifestFacts {
    let clean = mend::without_mark(text);
    let (root, errors) = DeTable::parse_recoverable(&clean);
    let mut reader = Reader { problems: Vec::new() };
    for error in errors {
        let at = error.span().unwrap_or_default();
        reader.problem(error.message(), range(at));
    }
    let mut settings = reader.settings(root.get_ref());
    settings.layout = layout(&clean);
    let end = clean.len() as u32;
    for problem in &mut reader.problems {
        problem.range.end = problem.range.end.min(end);
        problem.range.start = problem.range.start.min(problem.range.end);
    }
    reader.problems.sort_by_key(|problem| (problem.range.start, problem.range.end));
    reader.problems.dedup();
    ManifestFacts { manifest: Manifest::Settings(Box::new(settings)), problems: reader.problems }
}

struct Reader {
    problems: Vec<Problem>,
}

type Entry<'t, 'i> = (Spanned<&'t str>, &'t At<DeValue<'i>>);

fn range(at: std::ops::Range<usize>) -> TextRange {
    TextRange::new(at.start, at.end.max(at.start))
}

fn place<T>(value: &At<T>) -> TextRange {
    range(value.span())
}

/// The entries of a table in the order of the text.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<Entry<'t, 'i>> =
        table.iter().map(|(key, value)| (Spanned::new(key.get_ref().as_ref(), place(key)), value)).collect();
    entries.sort_by_key(|(key, _)| key.range.start);
    entries
}

fn sort_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Reader {
    fn problem(&mut self, message: impl Into<String>, range: TextRange) {
        self.problems.push(Problem { message: message.into(), range });
    }

    fn unknown(&mut self, key: &Spanned<&str>, of: &str, known: &[&str]) {
        self.problem(format!("unknown key `{}` in {of}{}", key.value, suggest::hint(key.value, known)), key.range);
    }

    fn wrong(&mut self, key: &Spanned<&str>, wanted: &str, value: &At<DeValue<'_>>) {
        self.problem(format!("`{}` must be {wanted}, not {}", key.value, sort_of(value.get_ref())), place(value));
    }

    fn settings(&mut self, root: &DeTable<'_>) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in in_order(root) {
            match key.value {
                "ignore" => settings.ignore = self.patterns(&key, value),
                "services" => {
                    for (name, value) in self.table(&key, value) {
                        if let Some(table) = self.table_of(&name, value) {
                            settings.services.push(self.service(&name, table));
                        }
                    }
                }
                "hosts" => settings.hosts = self.mappings(&key, value),
                "external" => settings.external = self.mappings(&key, value),
                "environment" => settings.environment = self.variables(&key, value),
                "calls" => {
                    let elements = self.elements(&key, value);
                    settings.calls = elements.into_iter().filter_map(|element| self.call(element)).collect();
                }
                "clients" => {
                    for element in self.elements(&key, value) {
                        let library = self.client(element);
                        settings.clients.extend(library.map(|library| Spanned::new(library, place(element))));
                    }
                }
                "rules" => settings.rules = self.rules(&key, value),
                "allow" => {
                    let elements = self.elements(&key, value);
                    settings.allow = elements.into_iter().filter_map(|element| self.allow(element)).collect();
                }
                _ => self.unknown(&key, super::FILE_NAME, KEYS),
            }
        }
        settings
    }

    fn table<'t, 'i>(&mut self, key: &Spanned<&str>, value: &'t At<DeValue<'i>>) -> Vec<Entry<'t, 'i>> {
        self.table_of(key, value).map(in_order).unwrap_or_default()
    }

    fn table_of<'t, 'i>(&mut self, key: &Spanned<&str>, value: &'t At<DeValue<'i>>) -> Option<&'t DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong(key, "a table", value);
                None
            }
        }
    }

    /// The tables of a list of tables: `[[calls]]`.
    fn elements<'t, 'i>(&mut self, key: &Spanned<&str>, value: &'t At<DeValue<'i>>) -> Vec<&'t At<DeValue<'i>>> {
        let DeValue::Array(elements) = value.get_ref() else {
            let wanted = format!("a list of tables, written `[[{}]]`", key.value);
            self.wrong(key, &wanted, value);
            return Vec::new();
        };
        let (tables, others): (Vec<_>, Vec<_>) = elements.iter().partition(|element| matches!(element.get_ref(), DeValue::Table(_)));
        for other in others {
            self.wrong(key, "a list of tables", other);
        }
        tables
    }

    fn text(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> Option<Spanned<Symbol>> {
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.problem(format!("`{}` must not be empty", key.value), place(value));
                None
            }
            DeValue::String(text) => Some(Spanned::new(Symbol::new(text.trim()), place(value))),
            _ => {
                self.wrong(key, "a text", value);
                None
            }
        }
    }

    fn texts(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> Vec<Spanned<Symbol>> {
        match value.get_ref() {
            DeValue::Array(elements) => elements.iter().filter_map(|element| self.text(key, element)).collect(),
            _ => {
                self.wrong(key, "a list of texts", value);
                Vec::new()
            }
        }
    }

    fn patterns(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> Vec<Spanned<Symbol>> {
        let mut patterns = self.texts(key, value);
        patterns.retain(|pattern| self.is_pattern(pattern));
        patterns
    }

    fn is_pattern(&mut self, pattern: &Spanned<Symbol>) -> bool {
        let checked = glob::globs(&pattern.value);
        if let Err(error) = &checked {
            self.problem(format!("`{}` is no pattern of paths: {error}", pattern.value), pattern.range);
        }
        checked.is_ok()
    }

    fn mappings(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> Vec<Mapping> {
        let mut mappings = Vec::new();
        for (name, value) in self.table(key, value) {
            let host = name.value.trim();
            if host.is_empty() || host.contains("://") || host.contains('/') {
                let bare = host.split("://").last().unwrap_or_default().split('/').next().unwrap_or_default();
                self.problem(format!("`{host}` is no host; write it without scheme and path: `\"{bare}\"`"), name.range);
                continue;
            }
            // `orders.internal = "orders"` without quotes is a table of a table.
            if matches!(value.get_ref(), DeValue::Table(_)) {
                self.problem(format!("write a host with dots in quotes: `\"{host}.…\"`"), name.range);
                continue;
            }
            if let Some(target) = self.text(&name, value) {
                let name = Spanned::new(Symbol::new(host.to_ascii_lowercase()), name.range);
                mappings.push(Mapping { name, target });
            }
        }
        mappings
    }

    fn variables(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> Vec<Variable> {
        let mut variables = Vec::new();
        for (name, value) in self.table(key, value) {
            let given = match value.get_ref() {
                DeValue::String(text) => Some(Scalar::Text(text.to_string())),
                DeValue::Integer(number) => number.to_string().parse().ok().map(Scalar::Number),
                DeValue::Boolean(switch) => Some(Scalar::Switch(*switch)),
                _ => None,
            };
            let Some(given) = given else {
                self.wrong(&name, "a text, a number, or true or false", value);
                continue;
            };
            let text = match given {
                Scalar::Text(text) => text,
                Scalar::Number(number) => number.to_string(),
                Scalar::Switch(switch) => switch.to_string(),
            };
            let range = TextRange { start: name.range.start, end: place(value).end };
            variables.push(Variable { name: Symbol::new(name.value), value: Some(Symbol::new(text)), range });
        }
        variables
    }

    fn service(&mut self, name: &Spanned<&str>, table: &DeTable<'_>) -> ServiceSettings {
        let mut service = ServiceSettings { name: Spanned::new(Symbol::new(name.value), name.range), ..ServiceSettings::default() };
        for (key, value) in in_order(table) {
            match key.value {
                "root" => service.root = self.text(&key, value).filter(|root| self.is_inside(root)),
                "aliases" => service.aliases = self.texts(&key, value),
                "kind" => {
                    if let Some(kind) = self.text(&key, value) {
                        service.kind = self.kind(kind);
                    }
                }
                "ignore" => match value.get_ref() {
                    DeValue::Boolean(ignore) => service.ignore = *ignore,
                    _ => self.wrong(&key, "true or false", value),
                },
                "origin" => service.origin = self.text(&key, value),
                "implements" => service.implements = self.texts(&key, value),
                "environment" => service.environment = self.variables(&key, value),
                _ => self.unknown(&key, &format!("[services.{}]", name.value), SERVICE_KEYS),
            }
        }
        service
    }

    fn is_inside(&mut self, path: &Spanned<Symbol>) -> bool {
        let inside = !path.value.starts_with('/') && !path.value.split(['/', '\\']).any(|part| part == "..");
        if !inside {
            self.problem(format!("`{}` leads out of the folder of this file", path.value), path.range);
        }
        inside
    }

    fn kind(&mut self, kind: Spanned<Symbol>) -> Option<Spanned<ServiceKind>> {
        self.one_of(kind, "kind of service", &ServiceKind::ALL.map(|kind| (kind.as_str(), kind)))
    }

    /// What a word means, if it is one of those that are known.
    fn one_of<T: Copy>(&mut self, word: Spanned<Symbol>, what: &str, known: &[(&str, T)]) -> Option<Spanned<T>> {
        let found = known.iter().find(|(name, _)| *name == word.value);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.problem(format!("`{}` is no {what}{}", word.value, suggest::hint(&word.value, &names)), word.range);
        }
        found.map(|(_, meaning)| Spanned::new(*meaning, word.range))
    }

    fn rules(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> RulesSettings {
        let mut rules = RulesSettings::default();
        for (name, value) in self.table(key, value) {
            if name.value == "profile" {
                rules.profile = self.text(&name, value).and_then(|word| self.one_of(word, "profile of rules", &Profile::ALL));
                continue;
            }
            let own = Spanned::new(Symbol::new(name.value), name.range);
            let mut rule = RuleSettings { name: own, severity: None, options: Vec::new() };
            match value.get_ref() {
                DeValue::String(_) => rule.severity = self.level(&name, value),
                DeValue::Table(table) => {
                    for (key, value) in in_order(table) {
                        if key.value == "severity" {
                            rule.severity = self.level(&key, value);
                        } else if let Some(given) = self.option(&key, value) {
                            rule.options.push((Spanned::new(Symbol::new(key.value), key.range), given));
                        }
                    }
                }
                _ => self.wrong(&name, "a severity or a table", value),
            }
            rules.rules.push(rule);
        }
        rules
    }

    fn level(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> Option<Spanned<Level>> {
        let word = self.text(key, value)?;
        self.one_of(word, "severity", &Level::ALL)
    }

    fn option(&mut self, key: &Spanned<&str>, value: &At<DeValue<'_>>) -> Option<Spanned<OptionValue>> {
        let before = self.problems.len();
        let given = match value.get_ref() {
            DeValue::Integer(number) => match number.to_string().parse() {
                Ok(number) => OptionValue::Number(number),
                Err(_) => OptionValue::Other("such a number".into()),
            },
            DeValue::Array(_) => OptionValue::Texts(self.texts(key, value)),
            other => OptionValue::Other(sort_of(other).into()),
        };
        (before == self.problems.len()).then(|| Spanned::new(given, place(value)))
    }

    fn allow(&mut self, element: &At<DeValue<'_>>) -> Option<AllowSettings> {
        let DeValue::Table(table) = element.get_ref() else { return None };
        let before = self.problems.len();
        let mut allow = AllowSettings { files: Vec::new(), rules: Vec::new() };
        for (key, value) in in_order(table) {
            match key.value {
                "files" => allow.files = self.patterns(&key, value),
                "rules" => allow.rules = self.texts(&key, value),
                _ => self.unknown(&key, "[[allow]]", ALLOW_KEYS),
            }
        }
        // What is half understood might allow more than is meant.
        let understood = before == self.problems.len();
        if understood && allow.files.is_empty() {
            self.problem("[[allow]] needs `files`; to silence a rule everywhere, write `[rules]` and `RULE = \"off\"`", place(element));
        }
        (understood && !allow.files.is_empty()).then_some(allow)
    }

    fn call(&mut self, element: &At<DeValue<'_>>) -> Option<CallSettings> {
        let DeValue::Table(table) = element.get_ref() else { return None };
        let before = self.problems.len();
        let (mut file, mut function, mut to) = (None, None, None);
        for (key, value) in in_order(table) {
            match key.value {
                "file" => file = self.text(&key, value).filter(|file| self.is_pattern(file)),
                "function" => function = self.text(&key, value),
                "to" => to = self.text(&key, value),
                _ => self.unknown(&key, "[[calls]]", CALL_KEYS),
            }
        }
        match (file, to) {
            (Some(file), Some(to)) => Some(CallSettings { file, function, to }),
            (file, _) => {
                if before == self.problems.len() {
                    let missing = if file.is_none() { "file" } else { "to" };
                    self.problem(format!("[[calls]] needs `{missing}`"), place(element));
                }
                None
            }
        }
    }

    /// A library entry; of one that is broken, the parts that are right.
    fn client(&mut self, element: &At<DeValue<'_>>) -> Option<Library> {
        let parse = |value: &At<DeValue<'_>>| Library::deserialize(ValueDeserializer::from(value.clone()));
        if let Ok(library) = parse(element) {
            return Some(library);
        }
        let DeValue::Table(table) = element.get_ref() else { return None };
        let mut kept = DeTable::new();
        let is_list = |value: &DeValue<'_>| matches!(value, DeValue::Array(list) if list.iter().all(|one| one.get_ref().is_table()));
        for (key, value) in table.iter().filter(|(_, value)| !is_list(value.get_ref())) {
            kept.insert(key.clone(), value.clone());
        }
        let with = |table: &DeTable<'_>| -> Result<Library, toml::de::Error> {
            Library::deserialize(ValueDeserializer::from(At::new(element.span(), DeValue::Table(table.clone()))))
        };
        if let Err(error) = with(&kept) {
            self.refuse(&error, place(element));
            return None;
        }
        for (key, value) in table.iter().filter(|(_, value)| is_list(value.get_ref())) {
            let DeValue::Array(list) = value.get_ref() else { continue };
            let mut right = DeArray::new();
            for one in list.iter() {
                let mut single = DeArray::new();
                single.push(one.clone());
                let mut alone = kept.clone();
                alone.insert(key.clone(), At::new(value.span(), DeValue::Array(single)));
                match with(&alone) {
                    Ok(_) => right.push(one.clone()),
                    Err(error) => self.refuse(&error, place(one)),
                }
            }
            if !right.is_empty() {
                kept.insert(key.clone(), At::new(value.span(), DeValue::Array(right)));
            }
        }
        with(&kept).ok()
    }

    fn refuse(&mut self, error: &toml::de::Error, otherwise: TextRange) {
        let at = error.span().filter(|span| !span.is_empty()).map_or(otherwise, range);
        self.problem(plain_message(error.message()), at);
    }
}

/// Where lines can be added: told by lines alone, as text that does not parse is added to as well.
fn layout(text: &str) -> Layout {
    let mut tables: Vec<(Symbol, u32)> = Vec::new();
    let mut quoted = false;
    let mut offset = 0;
    // Lines before the first header, and those of `[[lists]]`, belong to no table that is added to.
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        offset += line.len();
        let bare = line.trim();
        let opens = (bare.matches("\"\"\"").count() + bare.matches("'''").count()) % 2 == 1;
        if !quoted && bare.starts_with('[') && !bare.contains('=') {
            let header = bare.split('#').next().unwrap_or_default().trim();
            let name = header.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|name| !name.starts_with('['));
            inside = name.is_some();
            tables.extend(name.map(|name| (Symbol::new(name.trim()), offset as u32)));
        } else if inside
            && !bare.is_empty()
            && (quoted || !bare.starts_with('#'))
            && let Some((_, end)) = tables.last_mut()
        {
            *end = offset as u32;
        }
        quoted ^= opens;
    }
    Layout { tables, end: text.len() as u32, open_line: !text.is_empty() && !text.ends_with('\n') }
}
