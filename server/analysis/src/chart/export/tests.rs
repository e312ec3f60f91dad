use super::*;
use crate::chart::{Evidence, Reason, ServiceKind};
use crate::testing::{Scene, access, end, module};

fn scene() -> Scene {
    let mut scene = Scene::default();
    let web = scene.file("web/src/app.ts", "axios.post(url)\naxios.get(other)\n");
    let order = scene.file("order/src/app.ts", "app.post('/orders')\npool.query('insert')\nproducer.send()\nsdk.start()\n");
    let from = scene.service("web", ServiceKind::Frontend);
    let to = scene.service("order", ServiceKind::Backend);
    let place = scene.place(order, "app.post('/orders')");
    let endpoint = scene.endpoint(to, "POST /orders", place, module(order));
    let place = scene.place(web, "axios.post(url)");
    let call = scene.call(from, place, module(web), endpoint);
    scene.chart.calls[call.index()].evidence = vec![Evidence { what: "env ORDER_URL = http://order:8080".into(), place }];
    let place = scene.place(web, "axios.get(other)");
    scene.unresolved(from, place, Reason::Host, Vec::new());
    let place = scene.place(order, "pool.query('insert')");
    scene.store("postgresql db:5432/shop", "postgresql", vec![("orders", vec![access(to, Operation::Write, place, module(order))])]);
    let place = scene.place(order, "producer.send()");
    scene.channel("orders \"placed\"", vec![end(to, place, module(order))], Vec::new());
    let place = scene.place(order, "sdk.start()");
    scene.traces(to, place);
    scene
}

#[test]
fn text_names_everything_with_its_place() {
    let expected = "\
Services (2)
  web    frontend  web    typescript
  order  backend   order  typescript

Calls (1)
  web
    -> order
      POST /orders  exact  web/src/app.ts:1
        env ORDER_URL = http://order:8080  web/src/app.ts:1
        answered by POST /orders  order/src/app.ts:1

Channels (1)
  orders \"placed\" (kafka)
    from order  exact  order/src/app.ts:3
    nobody here receives

Stores (1)
  postgresql db:5432/shop (postgres)  opened by order
    orders  owned by order

Tracing
  order  traced  NodeSDK is started  order/src/app.ts:4

Unresolved (1)
  web (1)
    web/src/app.ts:2  its host is decided at run time
";
    assert_eq!(text(&scene().snapshot()), expected);
}
