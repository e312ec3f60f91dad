//! Pages and pictures that are made of code. `UPDATE_EXPECT=1` writes them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portolan::output::findings::{Style, render, summary};
use portolan_analysis::rules::{self, Rule, Theme};
use portolan_tests::{disk, texts};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn page(rule: &Rule) -> String {
    let (name, theme, severity) = (rule.name, rule.theme.as_str(), rule.severity.as_str());
    format!("# {name}\n\n{}. Theme: {theme}. Severity: {severity}, unless said otherwise below.\n\n{}\n", rule.summary, rule.docs().trim())
}

/// Rules that were thought of and are not written, with what each would need.
const NOT_WRITTEN: &[(&str, &str)] = &[
    ("log-without-correlation", "what puts trace ids into logs: instrumentations, formatters, collectors"),
    ("no-circuit-breaker", "meshes and sidecars, which stop calls, too"),
    (
        "no-dead-letter",
        "policies of brokers: where a queue hands on what is refused is known of what code declares alone, so that nothing can be said to be missing",
    ),
    ("shared-cache", "a way to tell keys that are shared on purpose, and a measurement on real workspaces"),
    ("unversioned-event", "versions in headers, envelopes and registries, and a measurement on real workspaces"),
];

fn index() -> String {
    let mut text = String::from("# Rules\n\nBy what follows if their findings stay.\n");
    for theme in Theme::ALL {
        let rules: Vec<&Rule> = rules::all().iter().filter(|rule| rule.theme == theme).collect();
        if !rules.is_empty() {
            text += &format!("\n## {}\n\n| rule | finds |\n|---|---|\n", theme.consequence());
        }
        for rule in rules {
            text += &format!("| [`{0}`]({0}.md) | {1} |\n", rule.name, rule.summary);
        }
    }
    text += "\n## Not written\n\nRules that were thought of, and what each needs before its findings could be trusted.\n\n| rule | needs |\n|---|---|\n";
    for (name, needs) in NOT_WRITTEN {
        text += &format!("| `{name}` | {needs} |\n");
    }
    text
}

/// Every rule's page is what its file says, and there is no page of a rule that is gone.
#[test]
fn rule_pages_are_up_to_date() {
    let folder = root().join("docs/rules");
    let mut pages: BTreeMap<PathBuf, String> = rules::all().iter().map(|rule| (root().join(rule.page), page(rule))).collect();
    pages.insert(folder.join("README.md"), index());
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut stale = Vec::new();
    for (path, wanted) in &pages {
        if std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n") != *wanted {
            if update {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, wanted).unwrap();
            } else {
                stale.push(path.display().to_string());
            }
        }
    }
    for entry in std::fs::read_dir(&folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if !pages.contains_key(&path) {
            if update {
                std::fs::remove_file(&path).unwrap();
            } else {
                stale.push(path.display().to_string());
            }
        }
    }
    assert!(stale.is_empty(), "run `UPDATE_EXPECT=1 cargo test -p portolan-tests --test docs` for\n{}", stale.join("\n"));
}

/// The schema of `portolan.toml` is the one of the types that it is read into and of the rules.
#[test]
fn the_schema_of_settings_is_up_to_date() {
    let mut wanted = serde_json::to_string_pretty(&rules::settings_schema()).unwrap();
    wanted.push('\n');
    let path = root().join("grammars/portolan.schema.json");
    if std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n") != wanted {
        assert!(std::env::var_os("UPDATE_EXPECT").is_some(), "run `UPDATE_EXPECT=1 cargo test -p portolan-tests --test docs`");
        std::fs::write(path, wanted).unwrap();
    }
}

/// The README's picture is what `portolan check` prints for the demonstration, in the colours of a terminal.
#[test]
fn the_picture_of_check_is_up_to_date() {
    let demo = disk::workspace("chandlery");
    let snapshot = texts::world(&disk::texts(&demo)).snapshot();
    let mut screen = String::from("$ portolan check tests/workspaces/chandlery\n");
    screen += &render(&demo, &snapshot, &snapshot.findings, Style { colours: true, width: 120 });
    screen += &summary(&snapshot, &snapshot.findings);
    screen.push('\n');
    let drawn = anstyle_svg::Term::new().render_svg(&screen);
    let path = root().join("docs/check.svg");
    if std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n") != drawn {
        assert!(std::env::var_os("UPDATE_EXPECT").is_some(), "run `UPDATE_EXPECT=1 cargo test -p portolan-tests --test docs`");
        std::fs::write(&path, drawn).unwrap();
    }
}
