//! Whatever is edited, in whatever order: the incremental snapshot equals the one from scratch, and facts read with the old tree equal those
//! read without.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use portolan_analysis::World;
use portolan_analysis::chart::document::Document;
use portolan_grammars::FileFacts;
use portolan_grammars::catalog::Catalog;
use portolan_grammars::languages::{self, Edit};
use portolan_tests::disk;
use portolan_tests::texts::{Texts, facts, read_documents};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

fn config(cases: u32) -> Config {
    // A fixed seed: the same edits on every machine. `PROPTEST_CASES` asks for more of them.
    let mut config = Config { rng_seed: RngSeed::Fixed(0x9047), failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config
}

/// The workspace all edits start from.
fn base() -> &'static Texts {
    static BASE: OnceLock<Texts> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut texts = disk::texts(&disk::workspace("chandlery"));
        // An initializer that is long enough to be evaluated once for all files that name it.
        let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let settings = format!("export const settings = {{ url: process.env.ORDERS_URL, retries: [{}] }};\n", numbers.join(", "));
        texts.insert("services/checkout/src/settings.ts".into(), settings);
        let reminder = "import { settings } from \"./settings\";\n\nexport const remind = () => fetch(`${settings.url}/orders`);\n";
        texts.insert("services/checkout/src/reminder.ts".into(), reminder.to_owned());
        texts
    })
}

/// What is typed, pasted or half-typed.
const SNIPPETS: [&str; 15] = [
    "\n",
    "{",
    "}",
    "`${",
    "\"",
    "// portolan: allow(no-timeout) for a test\n",
    "await fetch(\"http://orders:4100/orders\");\n",
    "app.post(\"/extra\", (req, res) => res.end());\n",
    ".route(\"/extra\", get(show_stock))\n",
    "      EXTRA_URL: http://pricing:4400\n",
    "export const url = process.env.ORDERS_URL;\n",
    "é🦀",
    "/* code only moves */ ",
    "\nfunction createOrder() { return fetch(\"http://pricing:4400/\"); }\n",
    "\nfn stock() -> u32 { quotes::price() }\n",
];

/// Paths at which files come into being.
const PATHS: [&str; 8] = [
    "services/orders/src/extra.ts",
    "services/checkout/src/clients/index.ts",
    "services/inventory/src/extra.rs",
    "services/inventory/src/stock/mod.rs",
    "services/extra/package.json",
    "services/extra/src/index.ts",
    "compose.override.yaml",
    "packages/events/src/index.tsx",
];

/// What `portolan.toml` may come to say.
const SETTINGS: [&str; 9] = [
    "",
    "ignore = [\"services/payments\", \"*.service.ts\"]\n",
    "ignore = [\"portolan.toml\", \"pricing\"]\n",
    "[environment]\nORDERS_URL = \"http://pricing:4400\"\n[services.checkout.environment]\nPAYMENTS_URL = \"http://orders:4100\"\n",
    "[hosts]\n\"orders\" = \"payments\"\n[external]\n\"payments\" = \"bank\"\n",
    "[services.orders]\nroot = \"services/payments\"\n[services.extra]\nroot = \"services/extra\"\n[services.web]\norigin = \"orders\"\n",
    "[services.orders]\nignore = true\n[services.inventory]\nimplements = [\"Quotes\"]\n",
    "[[calls]]\nfile = \"services\"\nto = \"orders\"\n[[clients]]\nid = \"axios\"\nlanguage = \"typescript\"\npackages = [\"axios\"]\n",
    "[[clients]]\nid = \"own\"\nlanguage = \"typescript\"\npackages = [\"./services/checkout/src/clients/http.ts\"]\n[hosts",
];

/// What `portolan-baseline.toml` may come to say.
const BASELINES: [&str; 3] = [
    "",
    "[[finding]]\nrule = \"shared-table-writers\"\nfile = \"a.ts\"\nidentity = \"shared-table-writers | orders,payments | postgresql:postgres/orders orders\"\n",
    "[[finding]]\nrule = \"sync-chain\"\nfile = \"a.ts\"\nidentity = \"none\"\n[[finding]\n",
];

/// One thing that happens to a workspace. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Cut { file: usize, from: usize, length: usize },
    Insert { file: usize, at: usize, snippet: usize },
    CopyOver { file: usize, from: usize },
    Delete { file: usize },
    Restore { file: usize },
    Create { path: usize, from: usize },
    Rename { file: usize, path: usize },
    Settle { text: usize },
    Accept { text: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let n = 0..10_000usize;
    prop_oneof![
        4 => (n.clone(), n.clone(), 1..200usize).prop_map(|(file, from, length)| Step::Cut { file, from, length }),
        4 => (n.clone(), n.clone(), n.clone()).prop_map(|(file, at, snippet)| Step::Insert { file, at, snippet }),
        2 => (n.clone(), n.clone()).prop_map(|(file, from)| Step::CopyOver { file, from }),
        2 => n.clone().prop_map(|file| Step::Delete { file }),
        3 => n.clone().prop_map(|file| Step::Restore { file }),
        2 => (n.clone(), n.clone()).prop_map(|(path, from)| Step::Create { path, from }),
        2 => (n.clone(), n.clone()).prop_map(|(file, path)| Step::Rename { file, path }),
        2 => n.clone().prop_map(|text| Step::Settle { text }),
        1 => n.prop_map(|text| Step::Accept { text }),
    ]
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn pick<V>(map: &BTreeMap<Utf8PathBuf, V>, index: usize) -> Utf8PathBuf {
    map.keys().nth(index % map.len()).unwrap().clone()
}

/// Applies a step; the result is what to tell the world: path and new text, or none for a file that is gone.
fn apply(texts: &mut Texts, step: &Step) -> Vec<(Utf8PathBuf, Option<String>)> {
    let mut changes = Vec::new();
    match *step {
        Step::Cut { file, from, length } => {
            let path = pick(texts, file);
            let mut text = texts[&path].clone();
            let start = boundary(&text, from);
            let end = boundary(&text, (start + length).min(text.len())).max(start);
            text.replace_range(start..end, "");
            changes.push((path, Some(text)));
        }
        Step::Insert { file, at, snippet } => {
            let path = pick(texts, file);
            let mut text = texts[&path].clone();
            let at = boundary(&text, at);
            text.insert_str(at, SNIPPETS[snippet % SNIPPETS.len()]);
            changes.push((path, Some(text)));
        }
        Step::CopyOver { file, from } => changes.push((pick(texts, file), Some(base()[&pick(base(), from)].clone()))),
        Step::Delete { file } if texts.len() > 1 => changes.push((pick(texts, file), None)),
        Step::Delete { .. } => {}
        Step::Restore { file } => {
            let path = pick(base(), file);
            changes.push((path.clone(), Some(base()[&path].clone())));
        }
        Step::Create { path, from } => {
            changes.push((PATHS[path % PATHS.len()].into(), Some(base()[&pick(base(), from)].clone())));
        }
        Step::Settle { text } => changes.push(("portolan.toml".into(), Some(SETTINGS[text % SETTINGS.len()].to_owned()))),
        Step::Accept { text } => {
            changes.push(("portolan-baseline.toml".into(), Some(BASELINES[text % BASELINES.len()].to_owned())));
        }
        Step::Rename { file, path } => {
            let old = pick(texts, file);
            let new = Utf8PathBuf::from(PATHS[path % PATHS.len()]);
            if old != new {
                let text = texts[&old].clone();
                changes.extend([(old, None), (new, Some(text))]);
            }
        }
    }
    for (path, text) in &changes {
        match text {
            Some(text) => texts.insert(path.clone(), text.clone()),
            None => texts.remove(path),
        };
    }
    changes
}

fn document(world: &mut World) -> String {
    serde_json::to_string_pretty(&Document::new(&world.snapshot())).unwrap()
}

/// The first lines that differ.
fn difference(incremental: &str, scratch: &str) -> String {
    let differing = incremental.lines().zip(scratch.lines()).enumerate().filter(|(_, (left, right))| left != right).take(8);
    differing.map(|(index, (left, right))| format!("{}: incremental {left}\n    scratch {right}\n", index + 1)).collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn incremental_equals_scratch(batches in prop::collection::vec(prop::collection::vec(step(), 1..4), 1..5)) {
        let mut texts = base().clone();
        let mut known: BTreeMap<Utf8PathBuf, Arc<FileFacts>> =
            texts.iter().filter_map(|(path, text)| Some((path.clone(), facts(path, text)?))).collect();
        let mut world = World::new(Catalog::builtin());
        for (path, facts) in &known {
            world.set(path.clone(), facts.clone());
        }
        world.snapshot();
        for batch in &batches {
            for (path, text) in batch.iter().flat_map(|step| apply(&mut texts, step)) {
                match text.and_then(|text| facts(&path, &text)) {
                    Some(facts) => {
                        known.insert(path.clone(), facts.clone());
                        world.set(path, facts);
                    }
                    None => {
                        known.remove(&path);
                        world.remove(&path);
                    }
                }
            }
            let mut fresh = World::new(Catalog::builtin());
            for (path, facts) in &known {
                fresh.set(path.clone(), facts.clone());
            }
            let (incremental, scratch) = (document(&mut world), document(&mut fresh));
            prop_assert!(incremental == scratch, "after {batch:?}:\n{}", difference(&incremental, &scratch));
        }
    }

    #[test]
    fn the_old_tree_changes_nothing(file in 0..10_000usize, edits in prop::collection::vec((0..10_000usize, 0..40usize, 0..SNIPPETS.len()), 1..6)) {
        let sources: Vec<&Utf8PathBuf> = base().keys().filter(|path| languages::language_of(path).is_some()).collect();
        let path: &Utf8Path = sources[file % sources.len()];
        let kind = languages::language_of(path).unwrap();
        let mut text = base()[path].clone();
        let (_, mut tree) = languages::read(path, &text, kind, None);
        for (at, cut, snippet) in edits {
            let start = boundary(&text, at);
            let old_end = boundary(&text, (start + cut).min(text.len())).max(start);
            let snippet = SNIPPETS[snippet];
            let mut new = text.clone();
            new.replace_range(start..old_end, snippet);
            let new_end = start + snippet.len();
            let edit = Edit {
                start,
                old_end,
                new_end,
                start_point: point(&text, start),
                old_end_point: point(&text, old_end),
                new_end_point: point(&new, new_end),
            };
            if let Some(tree) = &mut tree {
                tree.edit(&edit);
            }
            text = new;
            let (with, next) = languages::read(path, &text, kind, tree.as_ref());
            let (without, _) = languages::read(path, &text, kind, None);
            prop_assert!(with == without, "{path} after {edit:?}");
            tree = next;
        }
    }
}

/// Row and byte column of an offset.
fn point(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count(), offset - line_start)
}

/// Whatever settings said before, what they say now counts, and nothing else.
#[test]
fn settings_come_and_go() {
    let path = Utf8Path::new("portolan.toml");
    let mut world = portolan_tests::texts::world(base());
    let without = document(&mut world);
    let mut seen = std::collections::BTreeSet::from([without.clone()]);
    for text in SETTINGS.iter().chain(SETTINGS.iter().rev()) {
        world.set(path.to_owned(), facts(path, text).unwrap());
        let incremental = document(&mut world);
        let mut texts = base().clone();
        texts.insert(path.to_owned(), (*text).to_owned());
        let scratch = document(&mut portolan_tests::texts::world(&texts));
        assert!(incremental == scratch, "{text}\n{}", difference(&incremental, &scratch));
        seen.insert(incremental);
    }
    assert!(seen.len() >= SETTINGS.len() - 1, "settings change nothing: {} charts", seen.len());
    world.remove(path);
    assert_eq!(document(&mut world), without);
}

/// A document of which a client is generated counts as soon as code names it, as it is by then, and no longer.
#[test]
fn documents_come_and_go() {
    let manifest = "[package]\nname = \"till\"\n[dependencies]\nprogenitor = \"0.11\"\ntokio = \"1\"\n";
    let [root, client, api] = ["till/src/main.rs", "till/src/client.rs", "till/orders.json"];
    let main =
        "mod client;\n#[tokio::main]\nasync fn main() { client::Client::new(\"http://orders:8080\").order_view(&1).await.unwrap(); }\n";
    let of =
        |path: &str| format!("{{\"openapi\": \"3.0.0\", \"paths\": {{\"{path}\": {{\"get\": {{\"operationId\": \"order_view\"}}}}}}}}");
    let mut texts = Texts::default();
    for (path, text) in [(root, main), (client, ""), ("till/Cargo.toml", manifest)] {
        texts.insert(path.into(), text.to_owned());
    }
    let mut world = portolan_tests::texts::world(&texts);
    let generates = "progenitor::generate_api!(\"orders.json\");\n".to_owned();
    let steps = [
        (client, generates, None),
        (api, of("/orders/{id}"), Some("/orders/{id}")),
        (api, of("/v2/orders/{id}"), Some("/v2/orders/{id}")),
        (api, "{ \"openapi\":".to_owned(), None),
        (api, of("/orders/{id}"), Some("/orders/{id}")),
        (client, String::new(), None),
    ];
    for (path, text, asked) in steps {
        texts.insert(path.into(), text.clone());
        facts(Utf8Path::new(path), &text).into_iter().for_each(|facts| world.set(path.into(), facts));
        read_documents(&world, &texts);
        let incremental = document(&mut world);
        let scratch = document(&mut portolan_tests::texts::world(&texts));
        assert!(incremental == scratch, "{path}: {text}\n{}", difference(&incremental, &scratch));
        match asked {
            Some(asked) => assert!(incremental.contains(&format!("\"path\": \"{asked}\"")), "{path}: {text}\n{incremental}"),
            None => assert!(!incremental.contains("orders/{id}"), "{path}: {text}\n{incremental}"),
        }
    }
}

/// What the root of a crate says of macros counts in its other files as soon as it says so.
#[test]
fn macros_come_and_go() {
    let [root, other] = ["orders/src/main.rs", "orders/src/handlers.rs"];
    let main = |declared: &str| {
        let run = "HttpServer::new(|| App::new().service(handlers::list)).bind(\"0.0.0.0:80\")";
        format!("{declared}extern crate actix_web;\nuse actix_web::{{App, HttpServer}};\nmod handlers;\nfn main() {{ {run}; }}\n")
    };
    let handlers = "#[get(\"/orders\")]\npub async fn list() -> &'static str { \"[]\" }\n";
    let manifest = "[package]\nname = \"orders\"\n[dependencies]\nactix-web = \"3\"\n";
    let mut texts = Texts::default();
    for (path, text) in [(root, main("")), (other, handlers.to_owned()), ("orders/Cargo.toml", manifest.to_owned())] {
        texts.insert(path.into(), text);
    }
    let mut world = portolan_tests::texts::world(&texts);
    let without = document(&mut world);
    for (declared, serves) in [("#[macro_use] ", true), ("", false)] {
        world.set(root.into(), facts(Utf8Path::new(root), &main(declared)).unwrap());
        let now = document(&mut world);
        assert_eq!((now.contains("/orders"), now != without), (serves, serves), "{now}");
    }
}

/// Where no manifest tells what a service is, what its code imports does, as soon as it does.
#[test]
fn imports_that_tell_what_a_service_is_come_and_go() {
    let (compose, react) = ("services: { shop: { build: shop } }\n", "import React from \"react\";\n");
    let hono = "{ \"name\": \"shop\", \"dependencies\": { \"hono\": \"4\", \"react\": \"19\", \"react-scripts\": \"5\" }, \"scripts\": { \"start\": \"react-scripts start\" } }\n";
    let (server, client) = ("import { Hono } from \"hono\";\n", "import { hc } from \"hono/client\";\n");
    imports_tell(
        [("compose.yaml", compose), ("shop/package.json", "{ \"name\": \"shop\" }\n")],
        ["require(\"express\")().listen(80);\n", react],
    );
    imports_tell([("package.json", "{}"), ("shop/package.json", hono)], [server, client]);
}

/// Whether a service is another one by what its file imports, whichever came before.
fn imports_tell(manifests: [(&str, &str); 2], [one, other]: [&str; 2]) {
    let path = Utf8Path::new("shop/src/index.js");
    let mut texts: Texts = manifests.into_iter().map(|(path, text)| (path.into(), text.to_owned())).collect();
    texts.insert(path.to_owned(), one.to_owned());
    let mut world = portolan_tests::texts::world(&texts);
    let before = document(&mut world);
    for (text, is_other) in [(other, true), (one, false)] {
        world.set(path.to_owned(), facts(path, text).unwrap());
        let incremental = document(&mut world);
        texts.insert(path.to_owned(), text.to_owned());
        assert_eq!(incremental, document(&mut portolan_tests::texts::world(&texts)));
        assert_eq!(incremental != before, is_other, "{text}");
    }
}

/// The order in which files come to be known says nothing.
#[test]
fn order_does_not_matter() {
    let mut forward = World::new(Catalog::builtin());
    let mut backward = World::new(Catalog::builtin());
    for (path, text) in base() {
        facts(path, text).into_iter().for_each(|facts| forward.set(path.clone(), facts));
    }
    for (path, text) in base().iter().rev() {
        facts(path, text).into_iter().for_each(|facts| backward.set(path.clone(), facts));
    }
    let (forward, backward) = (document(&mut forward), document(&mut backward));
    assert!(forward == backward, "{}", difference(&forward, &backward));
}
