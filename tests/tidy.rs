//! What the repository forbids itself, as tests.
//!
//! Only tracked and trackable files are looked at: the walk obeys the ignore rules. Invariant: each test names every offender, not the first.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

/// The longest file we keep in one piece.
const MAX_LINES: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of the repository: its path relative to the root, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs") && !self.path.starts_with("tests/workspaces/")
    }
    /// Unit tests in a file of their own, whose name says all.
    fn is_unit_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
    }
    /// Lines that are not comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
    /// As [`File::code`], up to the unit tests at the end of the file.
    fn product_code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code().take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
    }
}

/// All files that are text.
fn files() -> Vec<File> {
    let root = root();
    let walk = ignore::WalkBuilder::new(&root)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| !matches!(entry.file_name().to_str(), Some(".git" | "target" | "node_modules")))
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.unwrap();
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            let path = entry.path().strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "the walk found only {} files", files.len());
    files
}

#[track_caller]
fn none(what: &str, offenders: Vec<String>) {
    assert!(offenders.is_empty(), "{what}:\n{}", offenders.join("\n"));
}

/// `path:line: text` of each line of product code that contains one of the words, in the files that `covered` says.
fn mentions(words: &[&str], covered: impl Fn(&str) -> bool) -> Vec<String> {
    let mut offenders = Vec::new();
    for file in files().iter().filter(|file| file.is_rust() && !file.is_unit_test() && covered(&file.path)) {
        for (number, line) in file.product_code() {
            if words.iter().any(|word| has_word(line, word)) {
                offenders.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    offenders
}

/// Whether `word` stands in `line` and is not a part of a longer word or of a string such as `"std::fs::read"`.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let quoted = before.matches('"').count() % 2 == 1;
        !quoted && !before.ends_with(part) && !after.starts_with(part)
    })
}

#[test]
fn only_grammars_names_tree_sitter() {
    let elsewhere = |path: &str| !path.starts_with("grammars/") && !path.starts_with("tests/");
    none("tree_sitter outside of grammars", mentions(&["tree_sitter", "tree_sitter_rust", "tree_sitter_typescript"], elsewhere));
}

#[test]
fn only_the_binary_names_the_protocol_and_the_runtime() {
    let elsewhere = |path: &str| !path.starts_with("server/portolan/") && !path.starts_with("tests/");
    none("tower_lsp or tokio outside of server/portolan", mentions(&["tower_lsp", "tokio"], elsewhere));
    let beside_lsp = |path: &str| path.starts_with("server/portolan/src/") && !path.starts_with("server/portolan/src/lsp");
    none("tower_lsp outside of lsp", mentions(&["tower_lsp"], beside_lsp));
}

#[test]
fn reading_and_thinking_touch_no_disk_and_no_clock() {
    let pure = |path: &str| path.starts_with("grammars/src/") || path.starts_with("server/analysis/src/");
    let words = ["std::fs", "std::env", "std::net", "std::process", "std::time", "SystemTime", "Instant"];
    none("disk, environment or clock in grammars or analysis", mentions(&words, pure));
}

#[test]
fn manifests_keep_the_direction_of_imports() {
    let banned = [
        ("grammars/Cargo.toml", &["tokio", "tower-lsp", "portolan-analysis"][..]),
        ("server/analysis/Cargo.toml", &["tokio", "tower-lsp", "tree-sitter", "portolan"][..]),
        ("server/portolan/Cargo.toml", &["tree-sitter"][..]),
    ];
    let mut offenders = Vec::new();
    for (path, words) in banned {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let dependencies = text.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for line in dependencies.lines() {
            let name = line.split(['.', ' ', '=']).next().unwrap();
            if words.contains(&name) {
                offenders.push(format!("{path}: {line}"));
            }
        }
    }
    none("a dependency that its crate may not have", offenders);
}

#[test]
fn every_module_says_what_it_is() {
    let offenders = files()
        .iter()
        .filter(|file| file.is_rust() && !file.is_unit_test() && !file.text.starts_with("//!"))
        .map(|file| file.path.clone())
        .collect();
    none("files that do not open with `//!`", offenders);
}

#[test]
fn no_mod_rs() {
    let offenders = files().iter().filter(|file| file.path.ends_with("/mod.rs")).map(|file| file.path.clone()).collect();
    none("mod.rs: write foo.rs beside foo/", offenders);
}

#[test]
fn no_file_is_too_long() {
    let long = |file: &File| {
        let lines = file.text.lines().count();
        (file.is_rust() && lines > MAX_LINES).then(|| format!("{}: {lines} lines", file.path))
    };
    none("files to split", files().iter().filter_map(long).collect());
}

#[test]
fn nothing_knows_the_machine_it_was_written_on() {
    // Spelled in pieces, so that this file is not its own offender.
    let words =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("arti", "factory"), concat!("index.cra", "tes.io")];
    let mut offenders = Vec::new();
    for file in files() {
        for (index, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                offenders.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    none("machine paths or registry hosts", offenders);
}

#[test]
fn nothing_is_left_for_later() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut offenders = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        for (index, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| has_word(line, word)) {
                offenders.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    none("notes to self", offenders);
}

/// The headings that a rule's documentation has.
const RULE_HEADINGS: [&str; 5] = ["## What it does", "## Why it matters", "## Example", "## How to fix", "## Options"];

#[test]
fn every_rule_is_documented_and_specified() {
    let mut offenders = Vec::new();
    for rule in portolan_analysis::rules::all() {
        let docs = rule.docs();
        for heading in RULE_HEADINGS.iter().filter(|heading| !docs.lines().any(|line| line == **heading)) {
            offenders.push(format!("{}: no `{heading}`", rule.name));
        }
        let file = format!("server/analysis/src/rules/{}.rs", rule.name.replace('-', "_"));
        let spec = format!("tests/specs/rules/{}.md", rule.name);
        for path in [file, spec].iter().filter(|path| !root().join(path).exists()) {
            offenders.push(format!("{}: no {path}", rule.name));
        }
    }
    for file in files() {
        let Some(spec) = file.path.strip_prefix("tests/specs/rules/").and_then(|name| name.strip_suffix(".md")) else { continue };
        if !portolan_analysis::rules::all().iter().any(|rule| rule.name == spec) {
            offenders.push(format!("{}: there is no such rule", file.path));
        }
    }
    none("rules without documentation, spec or file", offenders);
}

#[test]
fn every_catalog_entry_stands_in_its_own_file() {
    let mut offenders = Vec::new();
    for file in files().iter().filter(|file| file.path.starts_with("grammars/catalog/") && file.path.ends_with(".toml")) {
        let name = file.path.rsplit('/').next().unwrap().trim_end_matches(".toml");
        if !file.text.lines().any(|line| line.split('#').next().unwrap().replace(' ', "") == format!("id=\"{name}\"").trim_end()) {
            offenders.push(format!("{}: its id is not `{name}`", file.path));
        }
    }
    none("catalog entries named otherwise than their file", offenders);
}

#[test]
fn every_path_in_the_documents_exists() {
    let mut offenders = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "tests/README.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let folder = Path::new(document).parent().unwrap();
        for (index, line) in text.lines().enumerate() {
            for word in words_in_code(line) {
                let known = ["grammars/", "server/", "tests/", "editors/", ".ci/"].iter().any(|start| word.starts_with(start));
                let placeholder = word.contains(['<', '…', '*', '{']);
                let exists = || root().join(word).exists() || root().join(folder).join(word).exists();
                if known && !placeholder && !exists() {
                    offenders.push(format!("{document}:{}: {word}", index + 1));
                }
            }
        }
    }
    none("paths that do not exist", offenders);
}

/// The words within back quotes, and the targets of links.
fn words_in_code(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    code.chain(links)
}

#[test]
fn the_changelog_has_room_for_the_next_release() {
    let text = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(text.lines().any(|line| line.trim() == "## [Unreleased]"), "CHANGELOG.md has no `## [Unreleased]`");
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let command = "cargo test --workspace";
    let lines = |path: &str| -> Vec<String> {
        std::fs::read_to_string(root().join(path)).unwrap().lines().map(|line| line.trim().to_owned()).collect()
    };
    for path in ["README.md", ".ci/run"] {
        assert!(lines(path).iter().any(|line| line == command), "{path} does not have the line `{command}`");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let architecture = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let dependencies = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim());
    let extension = ["editors/vscode/package.json", "editors/vscode/test/workbench/package.json"];
    let extension = extension.map(|path| std::fs::read_to_string(root().join(path)).unwrap());
    let extension = extension.map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap());
    let packages = extension.iter().flat_map(|manifest| manifest["devDependencies"].as_object().unwrap().keys()).map(String::as_str);
    let packages = packages.filter(|name| !name.starts_with("@types/"));
    let names: Vec<&str> = names.filter(|name| !name.starts_with('#') && !name.starts_with("portolan-")).chain(packages).collect();
    let table = architecture.split("## Dependencies").nth(1).unwrap();
    let reasons: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let missing = names.iter().filter(|name| !reasons.contains(name)).map(|name| format!("{name}: no reason in ARCHITECTURE.md"));
    let stale = reasons.iter().filter(|name| !names.contains(name)).map(|name| format!("{name}: a reason, but no dependency"));
    none("dependencies and their reasons", missing.chain(stale).collect());
}
