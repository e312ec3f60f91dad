//! Configuration files of services: TOML, YAML and JSON as plain trees of values.
//!
//! What the keys mean, the code that reads them says.

use toml_span::Value;
use toml_span::value::ValueInner;

use super::tree::{Tree, TreeValue};
use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts, kubernetes};
use crate::facts::{Symbol, TextRange};

/// Beyond this size a file holds data.
const MAX_BYTES: usize = 128 * 1024;
/// How deep values may nest.
const MAX_DEPTH: usize = 16;

/// No name alone is a configuration's: see [`is_config`].
pub(super) fn by_path(_: &str) -> bool {
    false
}

/// Whether a file of a format that is nobody else's may configure a service: by its folder, or by its name.
pub(super) fn is_config(path: &camino::Utf8Path) -> bool {
    let Some((name, extension)) = path.file_stem().zip(path.extension()) else { return false };
    let folder = path.parent().and_then(camino::Utf8Path::file_name).unwrap_or_default();
    let is_named = |name: &str| {
        let word = name.split(['.', '-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        matches!(word.as_str(), "config" | "configs" | "configuration" | "conf" | "settings" | "appsettings" | "application")
    };
    match extension {
        "toml" => !matches!(name, "rustfmt" | "clippy" | "deny" | "pyproject" | "rust-toolchain" | "cliff" | "release-plz" | "typos"),
        // What Azure Functions reads for all functions of an application.
        "json" if name == "host" => true,
        "json" | "yaml" | "yml" => is_named(folder) || is_named(name),
        _ => false,
    }
}

/// Reads a file; compose files and Kubernetes objects are told by what they hold.
pub(super) fn read(text: &str) -> ManifestFacts {
    if let Some(compose) = super::compose::read_content(text) {
        return compose;
    }
    if kubernetes::looks_like_objects(text) || super::http_rules::looks_like_rules(text) {
        return kubernetes::read(text);
    }
    let tree = if text.len() > MAX_BYTES { Tree::default() } else { tree(text) };
    ManifestFacts { manifest: Manifest::Config(tree), problems: Vec::new() }
}

fn tree(text: &str) -> Tree {
    // What is TOML is no YAML: `a = 1` is one long text there.
    if let Ok(value) = toml_span::parse(text)
        && value.as_table().is_some_and(|table| !table.is_empty())
    {
        return of_toml(&value, 0);
    }
    let (documents, _) = yaml::read(&text.replace('\t', " "), "configuration file", Templates::Keep);
    documents.first().map(Node::tree).unwrap_or_default()
}

fn of_toml(value: &Value<'_>, depth: usize) -> Tree {
    let range = TextRange::new(value.span.start, value.span.end);
    let scalar = |text: String| TreeValue::Scalar(text.into());
    let value = match value.as_ref() {
        ValueInner::String(text) => scalar(text.to_string()),
        ValueInner::Integer(number) => scalar(number.to_string()),
        ValueInner::Float(number) => scalar(number.to_string()),
        ValueInner::Boolean(flag) => scalar(flag.to_string()),
        _ if depth > MAX_DEPTH => TreeValue::Null,
        ValueInner::Array(items) => TreeValue::List(items.iter().map(|item| of_toml(item, depth + 1)).collect()),
        ValueInner::Table(table) => {
            TreeValue::Map(table.iter().map(|(key, value)| (Symbol::new(&key.name), of_toml(value, depth + 1))).collect())
        }
    };
    Tree { value, range }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn all_three_languages_make_the_same_tree() {
        for text in ["[orders]\nurl = \"http://o\"\n", "orders:\n  url: http://o\n", "{\n\t\"orders\": { \"url\": \"http://o\" }\n}"] {
            let Manifest::Config(tree) = read(text).manifest else { panic!("no tree") };
            let url = tree.get("orders").unwrap().get("url").unwrap();
            assert_eq!(url.text().unwrap(), "http://o", "{text}");
            assert_eq!(text[url.range.start as usize..url.range.end as usize].trim_matches('"'), "http://o");
        }
        read(&"a = [".repeat(3_000));
    }

    #[test]
    fn a_path_tells() {
        for (path, is) in
            [("config/default.json", true), ("a/settings.dev.yaml", true), ("a/b.json", false), ("Gate.toml", true), ("clippy.toml", false)]
        {
            assert_eq!(is_config(path.into()), is, "{path}");
        }
    }
}
