#![allow(clippy::unwrap_used)]

use portolan_grammars::catalog::Operation;

use super::*;
use crate::FileId;
use crate::Snapshot;
use crate::chart::{Coverage, Evidence, Reason, ServiceKind};
use crate::testing::{Scene, access, end};

/// `web` asks `order`, which asks `stock`, writes a table and sends a message that `mail` receives; `mail` reads the table.
fn scene() -> Scene {
    let mut scene = Scene::default();
    let web_file = scene.file("web/app (1).ts", "load\naxios.post(one)\naxios.post(two)\nfetch(any)\n");
    let order_file =
        scene.file("order/app.ts", "app.post('/orders', create)\ncreate\naxios.get(stock)\npool.query(insert)\nproducer.send(placed)\n");
    let stock_file = scene.file("stock/app.ts", "app.get('/stock', find)\nfind\n");
    let mail_file = scene.file("mail/app.ts", "consumer.run(handle)\nhandle\npool.query(select)\n");
    let web = scene.service("web", ServiceKind::Frontend);
    let order = scene.service("order", ServiceKind::Backend);
    let stock = scene.service("stock", ServiceKind::Backend);
    let mail = scene.service("mail", ServiceKind::Worker);
    let load = scene.function(web_file, "load");
    let create = scene.function(order_file, "create");
    let find = scene.function(stock_file, "find");
    let handle = scene.function(mail_file, "handle");
    let place = scene.place(order_file, "app.post('/orders', create)");
    let orders = scene.endpoint(order, "POST /orders", place, create);
    scene.chart.endpoints[orders.index()].coverage = Coverage::Dark("http is not in registerInstrumentations".into());
    let place = scene.place(stock_file, "app.get('/stock', find)");
    let stocks = scene.endpoint(stock, "GET /stock", place, find);
    for words in ["axios.post(one)", "axios.post(two)"] {
        let place = scene.place(web_file, words);
        let call = scene.call(web, place, load, orders);
        scene.chart.calls[call.index()].evidence = vec![Evidence { what: "env ORDER_URL = http://order:8080".into(), place }];
    }
    let place = scene.place(order_file, "axios.get(stock)");
    scene.call(order, place, create, stocks);
    let place = scene.place(web_file, "fetch(any)");
    scene.unresolved(web, place, Reason::Host, vec![order]);
    let write = access(order, Operation::Write, scene.place(order_file, "pool.query(insert)"), create);
    let read = access(mail, Operation::Read, scene.place(mail_file, "pool.query(select)"), handle);
    scene.store("db/shop", "postgresql", vec![("orders", vec![write, read])]);
    let producer = end(order, scene.place(order_file, "producer.send(placed)"), create);
    let consumer = end(mail, scene.place(mail_file, "consumer.run(handle)"), handle);
    scene.channel("placed", vec![producer], vec![consumer]);
    scene
}

fn at(snapshot: &Snapshot, file: u32, words: &str, texts: &Scene) -> Option<String> {
    let place = texts.place(FileId(file), words);
    hover(snapshot, FileId(file), place.range.start + 1).map(|hover| hover.markdown)
}

#[test]
fn a_call_tells_where_it_goes_and_why() {
    let expected = "\
`POST /orders` · asks **order**

Answered by `create` [app.ts:1](portolan:order/app.ts#1)

Certain, as each step stands in the workspace

- env ORDER\\_URL = `http://order:8080` [app (1).ts:2](portolan:web/app%20%281%29.ts#2)

To answer, it asks

- **stock** `GET /stock`

Needs 2 services at once: each there 99.9 % of the time (assumed) makes 99.8 %

Also called by

- **web** [app (1).ts:3](portolan:web/app%20%281%29.ts#3)

Answered without a span: http is not in registerInstrumentations";
    assert_eq!(at(&scene().snapshot(), 0, "axios.post(one)", &scene()).unwrap(), expected);
}

#[test]
fn a_handler_tells_who_calls_it_and_what_it_does() {
    let expected = "\
`POST /orders` · answered by **order**

Called by

- **web**, 2 places [app (1).ts:2](portolan:web/app%20%281%29.ts#2) [app (1).ts:3](portolan:web/app%20%281%29.ts#3)

Asks

- **stock** `GET /stock` [app.ts:3](portolan:order/app.ts#3)

Data

- `orders` written

Sends

- `placed` [app.ts:5](portolan:order/app.ts#5)

Needs 2 services at once: each there 99.9 % of the time (assumed) makes 99.8 %

No span: http is not in registerInstrumentations";
    assert_eq!(at(&scene().snapshot(), 1, "app.post", &scene()).unwrap(), expected);
}

#[test]
fn tables_have_owners_and_channels_have_two_ends() {
    let expected = "\
Reads table `orders` · postgres `db/shop`

Owned by **order**, its only writer

Written by

- **order** [app.ts:4](portolan:order/app.ts#4)

Read by

- **mail** [app.ts:3](portolan:mail/app.ts#3)";
    assert_eq!(at(&scene().snapshot(), 3, "pool.query(select)", &scene()).unwrap(), expected);
    let expected = "\
Sends to `placed` (kafka)

Received by

- **mail** [app.ts:1](portolan:mail/app.ts#1)";
    assert_eq!(at(&scene().snapshot(), 1, "producer.send", &scene()).unwrap(), expected);
    let received = at(&scene().snapshot(), 3, "consumer.run", &scene()).unwrap();
    assert!(received.starts_with("Receives from `placed` (kafka)") && received.contains("- `orders` read"));
}

#[test]
fn what_could_not_be_settled_says_why() {
    let expected = "Call of an unknown service: its host is decided at run time\n\nConsidered\n\n- **order**";
    assert_eq!(at(&scene().snapshot(), 0, "fetch(any)", &scene()).unwrap(), expected);
    assert_eq!(at(&scene().snapshot(), 0, "load", &scene()), None);
}

#[test]
fn definitions_cross_services() {
    let (snapshot, texts) = (scene().snapshot(), scene());
    let lead = |file: u32, words: &str| {
        let place = texts.place(FileId(file), words);
        let places = definition(&snapshot, FileId(file), place.range.start + 1);
        places.into_iter().map(|place| format!("{}:{}", snapshot.files.path(place.file), snapshot.files.line(place))).collect::<Vec<_>>()
    };
    assert_eq!(lead(0, "axios.post(two)"), ["order/app.ts:1"]);
    assert_eq!(lead(1, "producer.send"), ["mail/app.ts:1"]);
    assert_eq!(lead(3, "consumer.run"), ["order/app.ts:5"]);
    assert_eq!(lead(1, "pool.query"), ["mail/app.ts:3"]);
    assert_eq!(lead(3, "pool.query"), ["order/app.ts:4"]);
    assert!(lead(0, "fetch(any)").is_empty());
}
