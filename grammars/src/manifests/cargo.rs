//! `Cargo.toml`.
//!
//! Targets that Cargo finds by itself (`src/main.rs`, `src/bin`) need the file system: they are the workspace's work.

use toml_span::Value;
use toml_span::value::Table;

use super::{CargoDependency, CargoManifest, CargoTarget, Manifest, ManifestFacts, mend, spanned_toml};
use crate::facts::Symbol;

/// `Cargo.toml`.
pub(super) fn matches(name: &str) -> bool {
    name == "Cargo.toml"
}

/// Reads a `Cargo.toml`.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (manifest, fault) = spanned_toml::read(text, take);
    // The parser knows no dates, which only free-form metadata holds.
    let fault = fault.filter(|fault| !is_date(&mend::without_mark(text), fault.at));
    ManifestFacts { manifest: Manifest::Cargo(manifest), problems: fault.iter().map(|fault| fault.problem("Cargo.toml", text)).collect() }
}

fn is_date(text: &str, at: usize) -> bool {
    let at = mend::floor_boundary(text, at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let value = line.split_once('=').map_or("", |(_, value)| value.trim());
    let digits = |range: std::ops::Range<usize>| value.as_bytes().get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    digits(0..4) && value[4..].starts_with('-') && digits(5..7)
}

fn take(root: &Table<'_>) -> CargoManifest {
    let package = table(root, "package").or_else(|| table(root, "project"));
    let workspace = table(root, "workspace");
    let mut dependencies = Vec::new();
    dependencies_of(root, &mut dependencies);
    for (_, target) in spanned_toml::in_order(table(root, "target")) {
        if let Some(target) = target.as_table() {
            dependencies_of(target, &mut dependencies);
        }
    }
    let mut workspace_dependencies = Vec::new();
    read_dependencies(workspace.and_then(|workspace| table(workspace, "dependencies")), false, &mut workspace_dependencies);
    workspace_dependencies.retain(|dependency| dependency.path.is_some() || !dependency.features.is_empty());
    CargoManifest {
        name: package.and_then(|package| package.get("name").and_then(spanned_toml::spanned)),
        lib: table(root, "lib").map(target),
        bins: root.get("bin").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table).map(target).collect(),
        default_run: package.and_then(|package| string(package, "default-run")),
        dependencies,
        members: workspace.map(|workspace| strings(workspace, "members")).unwrap_or_default(),
        exclude: workspace.map(|workspace| strings(workspace, "exclude")).unwrap_or_default(),
        workspace_dependencies,
        features: features(table(root, "features")),
    }
}

fn features(table: Option<&Table<'_>>) -> Vec<(Symbol, Vec<Symbol>)> {
    let Some(table) = table else { return Vec::new() };
    spanned_toml::in_order(Some(table)).into_iter().map(|(key, _)| (Symbol::new(&key.name), strings(table, &key.name))).collect()
}

fn target(table: &Table<'_>) -> CargoTarget {
    CargoTarget {
        name: table.get("name").and_then(spanned_toml::spanned),
        path: string(table, "path"),
        required_features: strings(table, "required-features"),
    }
}

fn dependencies_of(table: &Table<'_>, dependencies: &mut Vec<CargoDependency>) {
    read_dependencies(self::table(table, "dependencies"), false, dependencies);
    for key in ["dev-dependencies", "dev_dependencies"] {
        read_dependencies(self::table(table, key), true, dependencies);
    }
}

fn read_dependencies(table: Option<&Table<'_>>, dev: bool, dependencies: &mut Vec<CargoDependency>) {
    for (key, value) in spanned_toml::in_order(table) {
        let details = value.as_table();
        let string = |name: &str| details.and_then(|details| string(details, name));
        dependencies.push(CargoDependency {
            name: Symbol::new(&key.name),
            package: string("package"),
            path: string("path"),
            version: value.as_str().map(Symbol::new).or_else(|| string("version")),
            from_workspace: details.and_then(|details| details.get("workspace")).and_then(Value::as_bool) == Some(true),
            dev,
            features: details.map(|details| strings(details, "features")).unwrap_or_default(),
            default_features: ["default-features", "default_features"]
                .iter()
                .filter_map(|key| details?.get(*key)?.as_bool())
                .all(|wanted| wanted),
        });
    }
}

fn table<'t, 'd>(table: &'t Table<'d>, key: &str) -> Option<&'t Table<'d>> {
    table.get(key).and_then(Value::as_table)
}

fn string(table: &Table<'_>, key: &str) -> Option<Symbol> {
    table.get(key).and_then(Value::as_str).map(Symbol::new)
}

fn strings(table: &Table<'_>, key: &str) -> Vec<Symbol> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(Symbol::new).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn cargo(text: &str) -> (CargoManifest, Vec<crate::facts::Problem>) {
        let facts = read(text);
        match facts.manifest {
            Manifest::Cargo(manifest) => (manifest, facts.problems),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_a_package() {
        let text = "\u{feff}# größe\r\n[package]\r\nname = \"shop\"\r\ndefault-run = \"web\"\r\nversion.workspace = true\r\n
[lib]\npath = \"src/l.rs\"\n[[bin]]\nname = \"web\"\npath = \"src/web.rs\"\nrequired-features = [\"x\"]\n[[bin]]\nname = 'job'\n
[dependencies]\nserde = \"1\"\naxum.workspace = true\nclient = { path = \"../client\", package = \"shop-client\", features = [\"a\"] }\n
[dev-dependencies]\ninsta = { version = \"1\" }\n[build-dependencies]\ncc = \"1\"\n
[target.'cfg(unix)'.dependencies]\nnix = { version = \"0.29\", optional = true, default-features = false }\n[features]\ndefault = []\nx = [\"dep:nix\"]\n";
        let (manifest, problems) = cargo(text);
        assert!(problems.is_empty(), "{problems:?}");
        let name = manifest.name.unwrap();
        assert_eq!(&text[name.range.start as usize..name.range.end as usize], "shop");
        assert_eq!(manifest.default_run.as_deref(), Some("web"));
        assert_eq!(manifest.lib.unwrap().path.as_deref(), Some("src/l.rs"));
        let bins: Vec<_> = manifest.bins.iter().map(|bin| bin.name.as_ref().unwrap().value.as_str()).collect();
        assert_eq!(bins, ["web", "job"]);
        assert_eq!(manifest.bins[0].required_features, ["x"]);
        let job = manifest.bins[1].name.clone().unwrap().range;
        assert_eq!(&text[job.start as usize..job.end as usize], "job");
        let names: Vec<_> = manifest.dependencies.iter().map(|dependency| dependency.name.as_str()).collect();
        assert_eq!(names, ["serde", "axum", "client", "insta", "nix"]);
        assert!(manifest.dependencies[1].from_workspace);
        assert_eq!(manifest.dependencies[2].package.as_deref(), Some("shop-client"));
        assert_eq!(manifest.dependencies[2].features, ["a"]);
        assert!(manifest.dependencies[2].default_features && !manifest.dependencies[4].default_features);
        assert!(manifest.dependencies[3].dev && !manifest.dependencies[4].dev);
        assert_eq!(manifest.features, [("default".into(), vec![]), ("x".into(), vec!["dep:nix".into()])]);
    }

    #[test]
    fn reads_a_workspace() {
        let (manifest, _) = cargo(
            "[workspace]\nmembers = [\"a\", \"libs/*\"]\nexclude = [\"x\"]\n[workspace.dependencies]\nserde = \"1\"\na = { path = \"a\" }\n",
        );
        assert_eq!(manifest.members, ["a", "libs/*"]);
        assert_eq!(manifest.exclude, ["x"]);
        assert_eq!(manifest.workspace_dependencies.len(), 1);
        assert_eq!(manifest.workspace_dependencies[0].path.as_deref(), Some("a"));
    }

    #[test]
    fn keeps_what_a_half_typed_line_leaves() {
        let text = "[package]\nname = \"shop\"\n[dependencies]\nserde = \"1\"\nto\nanyhow = \"1\"\nbad = \"\n";
        let (manifest, problems) = cargo(text);
        assert_eq!(manifest.name.unwrap().value, "shop");
        assert_eq!(manifest.dependencies.len(), 2);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.starts_with("Cargo.toml: "), "{problems:?}");
    }

    #[test]
    fn a_date_is_no_problem() {
        let (manifest, problems) = cargo("[package]\nname = \"a\"\n[package.metadata]\nsince = 2026-01-02\n");
        assert_eq!((manifest.name.unwrap().value.as_str(), problems.len()), ("a", 0));
    }

    #[test]
    fn survives_anything() {
        for text in ["", "[", "a", "\u{feff}", "é = \"", "[package]\nname = 1", "a = [[", "package = 1", "bin = 1"] {
            cargo(text);
        }
        cargo(&format!("a = {}", "[".repeat(50_000)));
        cargo(&"a.".repeat(50_000));
    }
}
