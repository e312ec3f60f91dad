#![allow(clippy::unwrap_used, clippy::panic)]

use camino::Utf8PathBuf;

use crate::chart::{Service, ServiceKind};
use crate::files::Files;
use crate::workspace::{Deployment, HostMatch, Workspace};

fn build(texts: &[(&str, &str)]) -> (Files, Workspace) {
    let files = Files::from_texts(texts);
    let workspace = Workspace::build(&files);
    (files, workspace)
}

fn own(workspace: &Workspace) -> Vec<&str> {
    workspace.services.iter().filter(|service| !service.third_party).map(|service| service.id.as_str()).collect()
}

fn service<'a>(workspace: &'a Workspace, id: &str) -> (&'a Service, &'a Deployment) {
    let at = workspace.services.iter().position(|service| service.id == id).unwrap_or_else(|| panic!("no service {id}"));
    (&workspace.services[at], &workspace.deployments[at])
}

fn env<'a>(workspace: &'a Workspace, id: &str, name: &str) -> Vec<(&'a str, u8)> {
    let values = service(workspace, id).1.environment.get(name);
    values.into_iter().flatten().map(|value| (value.value.as_str(), value.rank)).collect()
}

fn host(workspace: &Workspace, host: &str, port: Option<&str>) -> String {
    match workspace.service_of_host(host, port) {
        HostMatch::One(service, kind, _) => format!("{} by {kind:?}", workspace.services[service.index()].id),
        HostMatch::Several(found) => format!("{} services", found.len()),
        HostMatch::None => "none".to_owned(),
    }
}

const SHOP: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "shop", "private": true, "workspaces": ["services/*", "libs/*"]}"#),
    (
        "compose.yaml",
        "services:
  orders:
    image: ghcr.io/shop/orders:${TAG:-latest}
    container_name: shop-orders
    environment:
      PORT: 8000
      STOCK_URL: http://stock:${STOCK_PORT}/v1
      MODE: production
    ports: ['9000:8000']
  stock:
    image: ghcr.io/shop/all:latest-stock
    environment:
      - STOCK_PORT
      - NOWHERE
    env_file: ./stock.env
  db:
    image: postgres:16
    environment: {POSTGRES_DB: shop}
  entry:
    image: nginx:1
    volumes: ['./deploy/nginx.conf:/etc/nginx/nginx.conf']
    environment: {ORDERS: 'orders:8000'}
",
    ),
    (
        "compose.dev.yaml",
        "services:
  orders:
    build: {context: ., dockerfile: services/orders/dev.Dockerfile}
    environment: {MODE: development}
",
    ),
    ("compose.test.yaml", "services:\n  orders:\n    environment: {MODE: test}\n  sut:\n    build: ./tests\n"),
    (".env", "STOCK_PORT=7000\nALL=$STOCK_PORT\n"),
    ("stock.env", "EXTRA=1\nEXTRA=2\n"),
    (
        "services/orders/package.json",
        r#"{"name": "@shop/orders", "private": true, "scripts": {"start": "node dist/main.js"}, "dependencies": {"express": "4", "@shop/common": "*"}}"#,
    ),
    ("services/orders/dev.Dockerfile", "FROM node:20\nENV FROM_IMAGE=yes\nCMD [\"npm\", \"start\"]\n"),
    ("services/orders/src/main.ts", "export const x = 1;"),
    ("services/orders/.env.example", "MODE=example\nONLY_EXAMPLE=e\n"),
    ("services/stock/Cargo.toml", "[package]\nname = \"stock\"\nversion = \"1.0.0\"\n"),
    ("services/stock/src/main.rs", "fn main() {}"),
    ("services/web/package.json", r#"{"name": "@shop/web", "private": true, "scripts": {"dev": "vite"}, "dependencies": {"react": "18"}}"#),
    ("services/web/src/main.tsx", "export {};"),
    (
        "libs/common/package.json",
        r#"{"name": "@shop/common", "scripts": {"dev": "tsc -w"}, "main": "dist/index.js", "dependencies": {"express": "4"}}"#,
    ),
    ("libs/common/src/index.ts", "export const y = 1;"),
    (
        "deploy/nginx.conf",
        "http { upstream back { server ${ORDERS}; } server { location /api/ { proxy_pass http://back/; } location / { proxy_pass http://web; } } }",
    ),
];

#[test]
fn overlays_are_one_project() {
    let (files, workspace) = build(SHOP);
    assert_eq!(own(&workspace), ["orders", "stock", "web"]);
    let (orders, deployment) = service(&workspace, "orders");
    assert_eq!((orders.root.as_str(), orders.kind), ("services/orders", ServiceKind::Backend));
    assert_eq!(orders.aliases, ["shop-orders"]);
    assert_eq!(deployment.entries.iter().map(|file| files.path(*file).as_str()).collect::<Vec<_>>(), ["services/orders/src/main.ts"]);
    let commands: Vec<&str> = deployment.commands.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(commands, ["npm start", "node dist/main.js"]);
    assert_eq!(deployment.ports, ["8000"]);
    assert_eq!(files.path(orders.evidence[0].place.file), "compose.yaml");
    let (stock, deployment) = service(&workspace, "stock");
    assert_eq!(stock.root, "services/stock");
    assert_eq!(deployment.entries.iter().map(|file| files.path(*file).as_str()).collect::<Vec<_>>(), ["services/stock/src/main.rs"]);
    assert_eq!(service(&workspace, "web").0.kind, ServiceKind::Frontend);
    assert!(service(&workspace, "db").0.third_party && service(&workspace, "entry").0.third_party);
}

#[test]
fn the_environment_keeps_all_values_strongest_first() {
    let (_, workspace) = build(SHOP);
    assert_eq!(env(&workspace, "orders", "STOCK_URL"), [("http://stock:7000/v1", 0)]);
    assert_eq!(env(&workspace, "orders", "MODE"), [("production", 0), ("development", 1), ("example", 2)]);
    assert_eq!(env(&workspace, "orders", "ONLY_EXAMPLE"), [("e", 2)]);
    assert_eq!(env(&workspace, "orders", "FROM_IMAGE"), [("yes", 1)]);
    assert_eq!(env(&workspace, "stock", "STOCK_PORT"), [("7000", 0)]);
    assert_eq!(env(&workspace, "stock", "EXTRA").first(), Some(&("2", 1)));
    assert!(env(&workspace, "stock", "NOWHERE").is_empty());
    assert_eq!(env(&workspace, "db", "POSTGRES_DB"), [("shop", 0)]);
    // Nothing deploys the front end: the workspace's own file is read for it, weakly.
    assert_eq!(env(&workspace, "web", "ALL"), [("7000", 2)]);
}

#[test]
fn hosts_and_stems_find_their_service() {
    let (_, workspace) = build(SHOP);
    assert_eq!(host(&workspace, "Orders", None), "orders by Network");
    assert_eq!(host(&workspace, "shop-orders", Some("1")), "orders by Network");
    assert_eq!(host(&workspace, "localhost", Some("9000")), "orders by PublishedPort");
    assert_eq!(host(&workspace, "127.0.0.1", Some("8000")), "orders by OwnPort");
    assert_eq!(host(&workspace, "localhost", None), "none");
    assert_eq!(host(&workspace, "orders.shop.svc.cluster.local", None), "orders by Network");
    assert_eq!(host(&workspace, "orders.com", None), "none");
    assert_eq!(host(&workspace, "web", None), "web by Alias");
    let stem = |name: &str| match workspace.service_of_stem(name) {
        HostMatch::One(service, ..) => workspace.services[service.index()].id.to_string(),
        _ => "none".to_owned(),
    };
    assert_eq!(stem("NEXT_PUBLIC_ORDERS_SERVICE_BASE_URL"), "orders");
    assert_eq!(stem("STOCK_ADDR"), "stock");
    assert_eq!(stem("STOCK"), "none");
    assert_eq!(stem("_URL"), "none");
}

#[test]
fn gateways_lead_on_by_their_environment() {
    let (_, workspace) = build(SHOP);
    let routes: Vec<(&str, &str, usize, &str)> = workspace
        .gateways
        .iter()
        .map(|route| {
            (workspace.services[route.gateway.index()].id.as_str(), route.matched.prefix(), route.steps.len(), route.target.as_str())
        })
        .collect();
    assert_eq!(routes, [("entry", "/api/", 1, "http://orders:8000"), ("entry", "/", 0, "http://web")]);
}

#[test]
fn binaries_of_one_image_are_services_and_replicas_are_one() {
    let (_, workspace) = build(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"*\"]\n"),
        (
            "Dockerfile",
            "FROM rust AS build\nRUN cargo build --release --bin keeper --bin edge\nFROM debian\nCOPY --from=build /src/target/release/keeper /src/target/release/edge /usr/bin/\nCOPY --from=build /src/target/release/healthcheck /usr/bin/\nEXPOSE 1\nCMD [\"/usr/bin/keeper\"]\n",
        ),
        (
            "docker/compose.yml",
            "services:
  keeper1: {image: 'ghcr.io/x/y:1', entrypoint: [/bin/sh, -c], command: ['keeper --id=1']}
  keeper2: {image: 'ghcr.io/x/y:1', entrypoint: [/bin/sh, -c], command: ['keeper --id=2']}
  storage: {image: minio/minio, command: server /data}
",
        ),
        ("keeper/Cargo.toml", "[package]\nname = \"keeper\"\n"),
        ("keeper/src/bin/keeper.rs", "fn main() {}"),
        ("keeper/src/bin/healthcheck.rs", "fn main() {}"),
        ("edge/Cargo.toml", "[package]\nname = \"edge\"\n"),
        ("edge/src/main.rs", "fn main() {}"),
        ("server/Cargo.toml", "[package]\nname = \"server-bench\"\n"),
        ("server/src/main.rs", "fn main() {}"),
        ("admin/Cargo.toml", "[package]\nname = \"admin-cli\"\n"),
        ("admin/src/main.rs", "fn main() {}"),
    ]);
    assert_eq!(own(&workspace), ["admin-cli", "edge", "keeper"]);
    assert_eq!(service(&workspace, "keeper").0.aliases, ["keeper1", "keeper2"]);
    assert_eq!(service(&workspace, "admin-cli").0.kind, ServiceKind::Cli);
    assert!(service(&workspace, "edge").1.ports.is_empty());
    assert_eq!(host(&workspace, "keeper2", None), "keeper by Network");
}

#[test]
fn kubernetes_workloads_have_hosts_and_configuration() {
    let (_, workspace) = build(&[
        (
            "k8s/cart.yaml",
            "apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-deployment}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
        - name: cart
          image: registry/shop/cart:1
          env:
            - {name: HOST, value: price}
            - {name: PRICE_URL, value: 'http://$(HOST):80'}
            - {name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: level}}}
          envFrom: [{configMapRef: {name: settings}}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {level: info}
",
        ),
        ("cart/package.json", r#"{"name": "cart", "dependencies": {"koa": "2"}}"#),
        ("cart/index.js", "module.exports = 1;"),
        ("cart/Dockerfile", "FROM node\nCMD [\"node\", \"index.js\"]\n"),
    ]);
    assert_eq!(own(&workspace), ["cart-deployment"]);
    assert_eq!(service(&workspace, "cart-deployment").0.root, "cart");
    assert_eq!(env(&workspace, "cart-deployment", "PRICE_URL"), [("http://price:80", 0)]);
    assert_eq!(env(&workspace, "cart-deployment", "LEVEL"), [("info", 0)]);
    assert_eq!(env(&workspace, "cart-deployment", "level"), [("info", 0)]);
    assert_eq!(host(&workspace, "cart.shop", None), "cart-deployment by Network");
    assert_eq!(host(&workspace, "cart.shop.svc", None), "cart-deployment by Network");
}

#[test]
fn an_image_around_stock_software_is_no_code() {
    let mut files = Files::from_texts(&[
        ("compose.yml", "services:\n  queue: {build: ./queue}\n  edge: {build: ./edge}\n  py: {build: ./py}\n"),
        ("queue/Dockerfile", "FROM apache/kafka:3\nENV A=1\n"),
        ("edge/Dockerfile", "FROM nginx\nCOPY x /x\n"),
        ("py/Dockerfile", "FROM python:3\nCMD [\"python\", \"app.py\"]\n"),
        ("lone/Dockerfile", "FROM golang AS b\nFROM scratch\nENTRYPOINT [\"/lone\"]\n"),
        ("genproto/Dockerfile", "FROM golang\nENTRYPOINT [\"/x\"]\n"),
    ]);
    files.set_others(vec![Utf8PathBuf::from("py/app.py"), Utf8PathBuf::from("lone/main.go"), Utf8PathBuf::from("genproto/x.go")]);
    let workspace = Workspace::build(&files);
    assert_eq!(own(&workspace), ["edge", "lone", "py"]);
    assert_eq!(service(&workspace, "py").0.languages, ["python"]);
    assert_eq!(service(&workspace, "edge").0.languages, ["nginx"]);
}

#[test]
fn odd_manifests_do_no_harm() {
    let (_, workspace) = build(&[
        (
            "compose.yaml",
            "services:\n  a: {extends: {service: b}}\n  b: {extends: {service: a}}\n  c:\n  d: {build: ../../..}\n  e: {build: 'https://x/y.git'}\n  '': {image: x}\n",
        ),
        ("Dockerfile", "FROM a AS b\nFROM b AS a\nFROM a AS a\n"),
        ("package.json", "{\"name\": 1, \"scripts\": {\"start\": \"npm start\"}}"),
        (".env", "A=$A\nB=${C}\nC=${B}\n"),
        ("Cargo.toml", "[package]\nname = \"\"\n"),
    ]);
    assert!(workspace.services.len() < 10);
}
