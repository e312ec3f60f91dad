//! `package.json`.
//!
//! Globs, entry files and versions stay as written: finding the packages and files they mean is the workspace's work.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use rustc_hash::FxHashSet;

use super::{Manifest, ManifestFacts, NpmManifest, Variable, json};
use crate::facts::Symbol;

/// `package.json`.
pub(super) fn matches(name: &str) -> bool {
    name == "package.json"
}

/// Reads a `package.json`.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (manifest, problems) = json::read(text, "package.json", take);
    ManifestFacts { manifest: Manifest::Npm(manifest), problems }
}

fn take(root: &Object<'_>) -> NpmManifest {
    let exports = exports(root);
    NpmManifest {
        name: root.get_string("name").map(json::spanned),
        version: json::string(root, "version"),
        package_manager: json::string(root, "packageManager"),
        entries: entries(root),
        bins: bins(root),
        scripts: json::entries(root, "scripts").iter().filter_map(script).collect(),
        dependencies: ["dependencies", "peerDependencies", "optionalDependencies"].iter().flat_map(|key| versions(root, key)).collect(),
        dev_dependencies: versions(root, "devDependencies"),
        workspaces: workspaces(root),
        private: root.get_boolean("private").is_some_and(|literal| literal.value),
        proxy: json::string(root, "proxy"),
        is_module: json::string(root, "type").is_some_and(|kind| kind == "module"),
        nx_targets: root
            .get_object("nx")
            .map_or(&[][..], |nx| json::entries(nx, "targets"))
            .iter()
            .map(|target| target.name.as_str().into())
            .collect(),
        nodemon: root.get_object("nodemonConfig").and_then(|config| json::string(config, "exec")),
        exports,
    }
}

fn entries(root: &Object<'_>) -> Vec<Symbol> {
    let mut entries: Vec<Symbol> =
        ["main", "module", "types", "typings", "source"].iter().filter_map(|key| json::string(root, key)).collect();
    if let Some(exports) = root.get("exports") {
        match &exports.value {
            Value::Object(object) if is_by_subpath(object) => {
                if let Some(main) = object.get(".") {
                    all_targets(&main.value, &mut entries);
                }
            }
            value => all_targets(value, &mut entries),
        }
    }
    let mut seen = FxHashSet::default();
    entries.retain(|entry| seen.insert(entry.clone()));
    entries
}

fn exports(root: &Object<'_>) -> Vec<(Symbol, Symbol)> {
    let Some(exports) = root.get("exports") else { return Vec::new() };
    let subpaths: Vec<(&str, &Value<'_>)> = match &exports.value {
        Value::Object(object) if is_by_subpath(object) => {
            object.properties.iter().map(|property| (property.name.as_str(), &property.value)).collect()
        }
        value => vec![(".", value)],
    };
    subpaths
        .into_iter()
        .filter_map(|(subpath, value)| {
            let mut targets = Vec::new();
            all_targets(value, &mut targets);
            Some((Symbol::new(subpath), targets.into_iter().next()?))
        })
        .collect()
}

/// Keys of `exports` are either all subpaths or all conditions.
fn is_by_subpath(object: &Object<'_>) -> bool {
    object.properties.iter().any(|property| property.name.as_str().starts_with('.'))
}

/// Every string below, in order. The parser bounds the depth.
fn all_targets(value: &Value<'_>, targets: &mut Vec<Symbol>) {
    match value {
        Value::StringLit(string) => targets.push(Symbol::new(&string.value)),
        Value::Object(object) => object.properties.iter().for_each(|property| all_targets(&property.value, targets)),
        Value::Array(array) => array.elements.iter().for_each(|element| all_targets(element, targets)),
        _ => {}
    }
}

fn bins(root: &Object<'_>) -> Vec<(Symbol, Symbol)> {
    if let Some(target) = json::string(root, "bin") {
        // A lone target takes the package's name without its scope.
        let name = json::string(root, "name").unwrap_or_default();
        return vec![(Symbol::new(name.rsplit('/').next().unwrap_or_default()), target)];
    }
    versions(root, "bin")
}

/// The pairs of strings of the object under `key`.
fn versions(root: &Object<'_>, key: &str) -> Vec<(Symbol, Symbol)> {
    json::entries(root, key)
        .iter()
        .filter_map(|property| Some((Symbol::new(property.name.as_str()), Symbol::new(&property.value.as_string_lit()?.value))))
        .collect()
}

fn script(property: &ObjectProp<'_>) -> Option<Variable> {
    let value = property.value.as_string_lit()?;
    Some(Variable { name: Symbol::new(property.name.as_str()), value: Some(Symbol::new(&value.value)), range: json::range(property.range) })
}

fn workspaces(root: &Object<'_>) -> Vec<Symbol> {
    match root.get("workspaces").map(|property| &property.value) {
        Some(Value::Object(object)) => object.get("packages").map(|packages| json::strings(&packages.value)).unwrap_or_default(),
        Some(value) => json::strings(value),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn npm(text: &str) -> (NpmManifest, Vec<crate::facts::Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::Npm(manifest) => (manifest, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    fn pair(name: &str, value: &str) -> (Symbol, Symbol) {
        (Symbol::new(name), Symbol::new(value))
    }

    #[test]
    fn reads_everything_with_places() {
        let text = "\u{feff}{\r\n \"name\": \"@acme/größe\", \"private\": true, \"type\": \"module\",\r\n \"main\": \"a.js\", \"types\": \"a.d.ts\",
            \"exports\": {\".\": {\"types\": \"a.d.ts\", \"import\": [\"b.mjs\", \"a.js\"]}, \"./server\": {\"node\": {\"default\": \"s.js\"}}},
            \"bin\": \"cli.js\", \"scripts\": {\"start\": \"node a.js\"}, \"proxy\": \"http://localhost:1\",
            \"dependencies\": {\"a\": \"1\"}, \"peerDependencies\": {\"b\": \"2\"}, \"optionalDependencies\": {\"c\": \"3\"},
            \"devDependencies\": {\"d\": \"workspace:*\", \"e\": 5}, \"workspaces\": {\"packages\": [\"apps/*\"]}}";
        let (manifest, problems) = npm(text);
        assert!(problems.is_empty(), "{problems:?}");
        let name = manifest.name.unwrap();
        assert_eq!(&text[name.range.start as usize..name.range.end as usize], "@acme/größe");
        assert_eq!(manifest.entries, ["a.js", "a.d.ts", "b.mjs"]);
        assert_eq!(manifest.exports, [pair(".", "a.d.ts"), pair("./server", "s.js")]);
        assert_eq!(manifest.bins, [pair("größe", "cli.js")]);
        let script = &manifest.scripts[0];
        assert_eq!(&text[script.range.start as usize..script.range.end as usize], "\"start\": \"node a.js\"");
        assert_eq!(manifest.dependencies, [pair("a", "1"), pair("b", "2"), pair("c", "3")]);
        assert_eq!(manifest.dev_dependencies, [pair("d", "workspace:*")]);
        assert_eq!(manifest.workspaces, ["apps/*"]);
        assert!(manifest.private && manifest.is_module);
        assert_eq!(manifest.proxy.as_deref(), Some("http://localhost:1"));
    }

    #[test]
    fn reads_short_forms() {
        let (manifest, _) = npm(r#"{"exports": "./x.js", "bin": {"x": "y.js"}, "workspaces": ["a", "b/*"], "scripts": []}"#);
        assert_eq!(manifest.entries, ["./x.js"]);
        assert_eq!(manifest.exports, [pair(".", "./x.js")]);
        assert_eq!(manifest.bins, [pair("x", "y.js")]);
        assert_eq!(manifest.workspaces, ["a", "b/*"]);
        let (manifest, _) = npm(r#"{"exports": {"import": "./m.js", "require": "./c.js"}}"#);
        assert_eq!(manifest.entries, ["./m.js", "./c.js"]);
        assert_eq!(manifest.exports, [pair(".", "./m.js")]);
    }

    #[test]
    fn keeps_what_a_half_typed_line_leaves() {
        let text = "{\n  \"name\": \"web\",\n  \"ma\n  \"dependencies\": {\n    \"a\": \"1\",\n    \"b\": \n  }\n}\n";
        let (manifest, problems) = npm(text);
        assert_eq!(manifest.name.unwrap().value, "web");
        assert_eq!(manifest.dependencies, [pair("a", "1")]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.starts_with("package.json: "), "{problems:?}");
        let (manifest, problems) = npm("{\n \"name\": \"web\", \"dependencies\": {\n \"a\": \"1\"");
        assert_eq!(manifest.dependencies, [pair("a", "1")]);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn survives_anything() {
        assert_eq!(npm("").1, []);
        for text in ["[1]", "{", "}", "\"", "{\"name\": \"é", "/*", "\\", "{\"a\\", "\u{feff}"] {
            npm(text);
        }
        assert_eq!(npm(&"[".repeat(100_000)).1.len(), 1);
        npm(&"{\"a\":".repeat(20_000));
    }
}
