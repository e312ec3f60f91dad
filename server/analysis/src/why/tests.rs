#![allow(clippy::unwrap_used)]

use super::*;
use crate::World;
use portolan_grammars::catalog::Catalog;
use std::sync::Arc;

fn snapshot(texts: &[(&str, &str)]) -> Arc<Snapshot> {
    let mut world = World::new(Catalog::builtin());
    for (path, text) in texts {
        let kind = portolan_grammars::classify((*path).into()).unwrap();
        world.set((*path).into(), Arc::new(portolan_grammars::read((*path).into(), text, kind)));
    }
    world.snapshot()
}

const SHOP: &[(&str, &str)] = &[
    (
        "compose.yaml",
        "services:\n  web: { build: ./web, environment: { ORDERS_URL: 'http://orders:80' } }\n  orders: { build: ./orders }\n  stock: { build: ./stock }\n",
    ),
    ("web/package.json", r#"{"name": "web", "main": "index.ts", "dependencies": {"axios": "^1"}}"#),
    (
        "web/index.ts",
        "import axios from 'axios';\nexport const a = () => axios.get(`${process.env.ORDERS_URL}/orders/list`);\nexport const b = (base: string) => axios.get(`${base}/stock/items/1`);\nexport const c = (base: string) => axios.put(`${base}/stock/levels`);\n",
    ),
    ("orders/package.json", r#"{"name": "orders", "main": "index.ts", "dependencies": {"axios": "^1", "express": "^5"}}"#),
    (
        "orders/index.ts",
        "import express from 'express';\nimport axios from 'axios';\nconst app = express();\napp.get('/orders/list', () => axios.get('http://stock/stock/levels'));\napp.get('/stock/items/:id', () => 1);\n",
    ),
    ("stock/package.json", r#"{"name": "stock", "main": "index.ts", "dependencies": {"express": "^5"}}"#),
    (
        "stock/index.ts",
        "import express from 'express';\nconst app = express();\napp.get('/stock/items/:id', () => 1);\napp.get('/stock/levels', () => 1);\n",
    ),
];

fn target(snapshot: &Snapshot, name: &str) -> ServiceIndex {
    match named(snapshot, name).unwrap() {
        Target::Service(service) => service,
        Target::External(name) => unreachable!("{name}"),
    }
}

#[test]
fn an_edge_shows_its_hops() {
    let snapshot = snapshot(SHOP);
    let why = edge(&snapshot, target(&snapshot, "web"), &named(&snapshot, "Orders").unwrap());
    let [call] = why.edges.as_slice() else { panic!("{why:#?}") };
    assert_eq!(call.title, "web calls orders: GET /orders/list");
    let words: Vec<&str> = call.hops.iter().map(|(_, words)| words.as_str()).collect();
    assert!(words[0].starts_with("1. env ORDERS_URL = http://orders:80"), "{words:?}");
    assert!(words.last().unwrap().ends_with("orders answers GET /orders/list"), "{words:?}");
}

#[test]
fn what_is_no_edge_shows_what_might_be() {
    let snapshot = snapshot(SHOP);
    let why = edge(&snapshot, target(&snapshot, "web"), &named(&snapshot, "stock").unwrap());
    assert!(why.edges.is_empty());
    let titles: Vec<&str> = why.refused.iter().map(|account| account.title.as_str()).collect();
    assert_eq!(titles[0], "GET /stock/items/1 of web may go to stock, but that is not known", "{titles:?}");
    assert!(why.refused.iter().any(|account| account.title.contains("PUT /stock/levels")), "{titles:?}");
    assert!(why.notes.iter().any(|note| note.contains("web → orders → stock")), "{:?}", why.notes);
    let back = edge(&snapshot, target(&snapshot, "stock"), &named(&snapshot, "orders").unwrap());
    assert!(back.notes.iter().any(|note| note.contains("orders calls stock (1 call)")), "{:?}", back.notes);
}

#[test]
fn a_name_that_is_not_known_was_meant_otherwise() {
    let snapshot = snapshot(SHOP);
    assert_eq!(named(&snapshot, "ordres").unwrap_err(), "there is no service `ordres`; did you mean `orders`?");
    assert!(named(&snapshot, "zzzzzz").unwrap_err().ends_with("there are orders, stock, web"));
}
