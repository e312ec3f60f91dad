#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use portolan_grammars::catalog::Catalog;
use portolan_grammars::manifests::Manifest;
use portolan_grammars::manifests::settings::Settings;

use super::*;
use crate::World;

const SHOP: &[(&str, &str)] = &[
    ("compose.yaml", "services:\n  web: { build: ./web }\n  orders: { build: ./orders }\n"),
    ("web/package.json", r#"{"name": "web", "main": "index.ts", "dependencies": {"axios": "^1"}}"#),
    (
        "web/index.ts",
        "import axios from 'axios';\nexport const a = () => axios.get(`${process.env.SHOP_URL}/orders/list`);\nexport const b = () => axios.get(`${process.env.SHOP_URL}/other`);\nexport const c = () => axios.get('http://localhost:4000/orders/x');\nexport function d(base: string) { return axios.post(`${base}/pay`); }\n",
    ),
    ("orders/package.json", r#"{"name": "orders", "main": "index.ts", "dependencies": {"express": "^5"}}"#),
    (
        "orders/index.ts",
        "import express from 'express';\nconst app = express();\napp.post('/orders/list', () => 1);\napp.get('/orders/:id', () => 1);\n",
    ),
    ("stock/package.json", r#"{"name": "stock", "main": "index.ts", "dependencies": {"express": "^5"}}"#),
    ("stock/index.ts", "import express from 'express';\nconst app = express();\napp.get('/orders/list', () => 1);\napp.listen(1);\n"),
];

fn world(texts: &[(&str, &str)]) -> World {
    let world = World::new(Catalog::builtin());
    for (path, text) in texts {
        set(&world, path, text);
    }
    world
}

fn set(world: &World, path: &str, text: &str) {
    let kind = portolan_grammars::classify(path.into()).unwrap();
    world.set(path.into(), Arc::new(portolan_grammars::read(path.into(), text, kind)));
}

fn settings(text: &str) -> Settings {
    let facts = portolan_grammars::read("portolan.toml".into(), text, portolan_grammars::classify("portolan.toml".into()).unwrap());
    assert!(facts.problems().is_empty(), "{text}\n{:?}", facts.problems());
    match facts.manifest() {
        Some(Manifest::Settings(settings)) => (**settings).clone(),
        other => panic!("{other:?}"),
    }
}

/// Puts an insertion into a text.
fn inserted(text: &str, remedy: &Remedy) -> String {
    let insertion = insertion(&settings(text), "".into(), remedy).unwrap();
    let mut text = text.to_owned();
    text.insert_str(insertion.offset as usize, &insertion.text);
    settings(&text);
    text
}

#[test]
fn what_settles_most_comes_first() {
    let snapshot = world(SHOP).snapshot();
    let groups = groups(&snapshot);
    let reasons: Vec<String> = groups.iter().map(|group| format!("{} {}", group.calls.len(), group.reason)).collect();
    assert_eq!(
        reasons,
        [
            "2 SHOP_URL is set nowhere in the workspace",
            "1 no service is known to listen on localhost:4000",
            "1 its host is decided at run time"
        ]
        .map(str::to_owned)
    );
}

#[test]
fn every_remedy_settles_its_call() {
    let mut world = world(SHOP);
    let before = world.snapshot();
    for at in 0..before.chart.unresolved.len() {
        for to in [before.chart.services.iter().position(|service| service.id == "orders").map(|at| ServiceIndex(at as u32)), None] {
            let call = &before.chart.unresolved[at];
            let key = |snapshot: &Snapshot, place: crate::Place| (snapshot.files.path(place.file).to_owned(), place.range);
            let wanted = key(&before, call.place);
            let remedy = remedy(&before, call, to).unwrap();
            set(&world, "portolan.toml", &remedy.lines("".into()));
            let after = world.snapshot();
            assert!(after.workspace.problems.is_empty(), "{:?}", after.workspace.problems);
            assert!(!after.chart.unresolved.iter().any(|other| key(&after, other.place) == wanted), "{remedy:?}");
            let now = after.chart.calls.iter().find(|other| key(&after, other.place) == wanted).unwrap();
            assert_eq!(now.target().is_some(), to.is_some());
            assert!(now.evidence.iter().any(|evidence| after.files.path(evidence.place.file) == "portolan.toml"), "{now:?}");
        }
    }
    world.remove("portolan.toml".into());
    assert_eq!(world.snapshot().chart.unresolved.len(), before.chart.unresolved.len());
}

#[test]
fn lines_go_where_their_table_is() {
    let entry = |table: &str, key: &str| Remedy::Entry { table: table.to_owned(), key: key.into(), value: "orders".into() };
    assert_eq!(inserted("", &entry("hosts", "localhost:1")), "[hosts]\n\"localhost:1\" = \"orders\"\n");
    assert_eq!(inserted("ignore = []", &entry("environment", "A")), "ignore = []\n\n[environment]\nA = \"orders\"\n");
    let text = "[hosts]\n\"a\" = \"b\" # that\n\n# next\n[environment]\nX = \"1\"";
    assert_eq!(inserted(text, &entry("hosts", "c")), "[hosts]\n\"a\" = \"b\" # that\nc = \"orders\"\n\n# next\n[environment]\nX = \"1\"");
    assert_eq!(inserted(text, &entry("environment", "Y")), format!("{text}\nY = \"orders\"\n"));
    let calls = Remedy::Calls { file: "web/[id]/a \"b\".ts".into(), function: Some("go".into()), to: "orders".into() };
    assert!(inserted(text, &calls).ends_with("\n\n[[calls]]\nfile = \"web/?id?/a \\\"b\\\".ts\"\nfunction = \"go\"\nto = \"orders\"\n"));
    let said = "[hosts]\na = \"b\"\n[services.web]\norigin = \"x\"\n";
    for (table, key) in [("hosts", "a"), ("services.web", "origin")] {
        assert_eq!(insertion(&settings(said), "".into(), &entry(table, key)), None);
    }
    assert_eq!(insertion(&settings("environment = { A = \"1\" }\n"), "".into(), &entry("environment", "B")), None);
}

#[test]
fn the_template_explains_every_key_and_its_examples_are_right() {
    for texts in [SHOP, &[]] {
        let text = template(&world(texts).snapshot());
        settings(&text);
        let real: Vec<&str> = text
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with([' ', ':'])).unwrap_or(line))
            .collect();
        let real = real.join("\n");
        let read = settings(&real);
        assert!(!read.services.is_empty() && !read.hosts.is_empty() && !read.external.is_empty() && !read.environment.is_empty());
        assert!(!read.calls.is_empty() && !read.clients.is_empty() && !read.ignore.is_empty());
        assert!(!read.rules.rules.is_empty() && !read.allow.is_empty());
        let schema = serde_json::to_value(portolan_grammars::manifests::settings::schema()).unwrap();
        let defined = |name: &str| &schema["$defs"][name];
        let tables = ["ServiceSettings", "CallSettings", "AllowSettings"].map(defined);
        for of in tables.into_iter().chain([&schema]) {
            for key in of["properties"].as_object().unwrap().keys() {
                assert!(text.contains(key.as_str()), "{key} is not in\n{text}");
            }
        }
    }
}
