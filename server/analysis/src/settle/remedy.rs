//! Lines of `portolan.toml`, and where they go in a file that is there already.
//!
//! Invariant: what is there is kept to the letter, and what is added reads as it is meant: keys and values are quoted where they must be, and
//! no key is added where it stands already.

use camino::{Utf8Path, Utf8PathBuf};
use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::settings::Settings;

/// Something to say in `portolan.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A key of a table: `[hosts]`, `"localhost:4000" = "orders"`.
    Entry {
        /// The table's header, without brackets.
        table: String,
        /// The key, unquoted.
        key: Symbol,
        /// The value.
        value: Symbol,
    },
    /// A key whose value is a list: `implements = ["shop.Cart"]`.
    List {
        /// The table's header, without brackets.
        table: String,
        /// The key.
        key: Symbol,
        /// The only element.
        value: Symbol,
    },
    /// Where calls of a file, or of a function in it, go.
    Calls {
        /// The file, relative to the workspace.
        file: Utf8PathBuf,
        /// The function.
        function: Option<Symbol>,
        /// A service, or a name of someone outside.
        to: Symbol,
    },
}

/// Text to put into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// The byte it is put before.
    pub offset: u32,
    /// The text.
    pub text: String,
}

impl Remedy {
    /// The lines with their header, as they stand in a `portolan.toml` of `folder`; with a line feed at the end.
    pub fn lines(&self, folder: &Utf8Path) -> String {
        match self.table() {
            Some(table) => format!("[{table}]\n{}", self.body(folder)),
            None => format!("[[calls]]\n{}", self.body(folder)),
        }
    }

    /// The lines in one, for a title: `ORDERS_URL = "http://orders"`.
    pub fn title(&self) -> String {
        match self {
            Remedy::Entry { .. } | Remedy::List { .. } => self.body(Utf8Path::new("")).trim_end().to_owned(),
            Remedy::Calls { file, function, to } => {
                let of = function.as_ref().map_or_else(|| file.file_name().unwrap_or_default().to_owned(), |name| format!("`{name}`"));
                format!("calls of {of} go to {to}")
            }
        }
    }

    fn table(&self) -> Option<&str> {
        match self {
            Remedy::Entry { table, .. } | Remedy::List { table, .. } => Some(table),
            Remedy::Calls { .. } => None,
        }
    }

    fn body(&self, folder: &Utf8Path) -> String {
        match self {
            Remedy::Entry { key: name, value, .. } => format!("{} = {}\n", key(name), text(value)),
            Remedy::List { key: name, value, .. } => format!("{} = [{}]\n", key(name), text(value)),
            Remedy::Calls { file, function, to } => {
                let file = file.strip_prefix(folder).unwrap_or(file);
                let function = function.as_ref().map(|name| format!("function = {}\n", text(name))).unwrap_or_default();
                format!("file = {}\n{function}to = {}\n", text(&pattern_of(file)), text(to))
            }
        }
    }
}

/// A path as a pattern that means it alone: what would be a sign of patterns stands for any letter.
fn pattern_of(file: &Utf8Path) -> String {
    file.as_str().replace(['[', ']', '{', '}', '*'], "?")
}

/// Where the lines go in a `portolan.toml` of `folder`; `None` where they would stand there twice.
pub fn insertion(settings: &Settings, folder: &Utf8Path, remedy: &Remedy) -> Option<Insertion> {
    let layout = &settings.layout;
    let bare = |name: &str| name.replace(['"', '\'', ' '], "");
    let Some(table) = remedy.table() else { return Some(appended(settings, &remedy.lines(folder))) };
    if is_said(settings, remedy) {
        return None;
    }
    match layout.tables.iter().find(|(name, _)| bare(name) == bare(table)) {
        Some((_, end)) => {
            let line_feed = if *end == layout.end && layout.open_line { "\n" } else { "" };
            Some(Insertion { offset: *end, text: format!("{line_feed}{}", remedy.body(folder)) })
        }
        // The table is there, but as keys with dots or between braces.
        None if has_table(settings, table) => None,
        None => Some(appended(settings, &remedy.lines(folder))),
    }
}

fn appended(settings: &Settings, lines: &str) -> Insertion {
    let layout = &settings.layout;
    let before = match (layout.end, layout.open_line) {
        (0, _) => "",
        (_, true) => "\n\n",
        (_, false) => "\n",
    };
    Insertion { offset: layout.end, text: format!("{before}{lines}") }
}

fn service_of(table: &str) -> Option<String> {
    table.strip_prefix("services.").map(|name| name.replace('"', ""))
}

fn has_table(settings: &Settings, table: &str) -> bool {
    match table {
        "environment" => !settings.environment.is_empty(),
        "hosts" => !settings.hosts.is_empty(),
        "external" => !settings.external.is_empty(),
        _ => service_of(table).is_some_and(|name| settings.services.iter().any(|service| service.name.value == name)),
    }
}

/// Whether the key stands there already, whatever its value.
fn is_said(settings: &Settings, remedy: &Remedy) -> bool {
    let (Remedy::Entry { table, key, .. } | Remedy::List { table, key, .. }) = remedy else { return false };
    match table.as_str() {
        "environment" => settings.environment.iter().any(|variable| variable.name == *key),
        "hosts" => settings.hosts.iter().any(|host| host.name.value == *key),
        "external" => settings.external.iter().any(|host| host.name.value == *key),
        _ => service_of(table).is_some_and(|name| {
            settings.services.iter().filter(|service| service.name.value == name).any(|service| match key.as_str() {
                "origin" => service.origin.is_some(),
                "implements" => !service.implements.is_empty(),
                _ => false,
            })
        }),
    }
}

/// A key of TOML, quoted where it must be.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if bare { name.to_owned() } else { text(name) }
}

/// A text of TOML.
pub(crate) fn text(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", letter as u32)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
