use core::time::Duration;

use portolan_grammars::catalog::Operation;

use super::*;
use crate::chart::{Call, Protocol, Reason, ServiceIndex, ServiceKind, Target};
use crate::testing::{Scene, access, end, module};

/// A text with its marks: code between backticks, places between brackets.
fn plain(text: &Text) -> String {
    let spans = text.0.iter().map(|span| match span {
        Span::Words(words) => words.clone(),
        Span::Code(code) => format!("`{code}`"),
        Span::Service(name) => name.clone(),
        Span::Severity(severity) => severity.as_str().to_owned(),
        Span::Place { file, line } => format!("[{file}:{line}]"),
    });
    spans.collect()
}

fn lines(report: &Report, title: &str) -> Vec<String> {
    let section = report.sections.iter().find(|section| section.title == title);
    let blocks = section.map(|section| section.blocks.as_slice()).unwrap_or_default();
    blocks
        .iter()
        .flat_map(|block| match block {
            Block::Heading(heading) => vec![format!("# {heading}")],
            Block::Paragraph(text) => vec![plain(text)],
            Block::List(points) => points.iter().map(plain).collect(),
            Block::Table { rows, .. } => rows.iter().map(|row| row.iter().map(plain).collect::<Vec<_>>().join(" | ")).collect(),
            Block::Map(map) => vec![format!("({} nodes, {} edges)", map.nodes.len(), map.edges.len())],
        })
        .collect()
}

/// Web asks shop, shop writes, sends and asks stock; stock reads what shop writes.
fn scene() -> Scene {
    let mut scene = Scene::default();
    let file = scene.file("shop/app.ts", "route\nhandle\nwrite\nsend\nask\nread\n");
    let [route, write, send, ask, read] = ["route", "write", "send", "ask", "read"].map(|words| scene.place(file, words));
    let handle = scene.function(file, "handle");
    let web = scene.service("web", ServiceKind::Frontend);
    let [shop, stock] = ["shop", "stock"].map(|name| scene.service(name, ServiceKind::Backend));
    let order = scene.endpoint(shop, "POST /orders", route, handle);
    let reserve = scene.endpoint(stock, "POST /reserve", read, module(file));
    scene.call(web, ask, module(file), order);
    scene.call(shop, ask, handle, reserve);
    let accesses = vec![access(shop, Operation::Write, write, handle), access(stock, Operation::Read, read, module(file))];
    scene.store("postgresql:db/shop", "postgresql", vec![("orders", accesses)]);
    scene.channel("orders.placed", vec![end(shop, send, handle)], Vec::new());
    scene.unresolved(web, read, Reason::Host, Vec::new());
    scene
}

#[test]
fn sentences_follow_from_the_chart_and_name_their_lines() {
    let report = Report::new(&scene().snapshot());
    assert_eq!(
        lines(&report, "Communication Patterns"),
        [
            "# Who waits for whom",
            "web | shop | `POST /orders` [shop/app.ts:5] | 1 operation may change something while a person waits | ",
            "shop | stock | `POST /reserve` [shop/app.ts:5] | 1 operation may change something | ",
            "# Messages",
            "`orders.placed` | kafka | shop [shop/app.ts:4] | nobody here",
        ]
    );
    let data = lines(&report, "Data Management");
    for expected in [
        "`orders` | W | R | [shop/app.ts:3] | [shop/app.ts:6]",
        "stock [shop/app.ts:6] reads `orders`, which shop alone writes [shop/app.ts:3].",
        "`POST /orders` of shop [shop/app.ts:1] leads to a write of `orders` [shop/app.ts:3] and to a message on `orders.placed` [shop/app.ts:4].",
    ] {
        assert!(data.iter().any(|line| line == expected), "{expected}\n{data:#?}");
    }
    // What becomes of the answer is not known here.
    assert!(!data.iter().any(|line| line.contains("POST /reserve")), "{data:#?}");
    let summary = lines(&report, "Summary");
    assert_eq!(
        summary[..2],
        [
            "This workspace builds 3 services (2 back ends and 1 front end). Calls join 2 pairs of services, in 2 operations. 1 channel carries messages. 1 store holds 1 known table or collection.",
            "The rules find 2 notes; 1 call could not be followed.",
        ]
    );
    assert_eq!(lines(&report, "Unresolved Calls")[1], "its host is decided at run time | web | `a call` [shop/app.ts:6] | ");
}

#[test]
fn chains_are_counted_out_and_findings_come_with_what_can_be_done() {
    let mut scene = Scene::default();
    let mut before = None;
    for name in ["a", "b", "c", "d"].iter().rev() {
        let file = scene.file(&format!("{name}/app.ts"), "route\nhandle() { ask }\n");
        let service = scene.service(name, ServiceKind::Backend);
        let handler = scene.function(file, "handle");
        let place = scene.place(file, "route");
        let endpoint = scene.endpoint(service, &format!("GET /{name}"), place, handler);
        if let Some(target) = before.replace(endpoint) {
            let place = scene.place(file, "ask");
            scene.call(service, place, handler, target);
        }
    }
    let risks = lines(&Report::new(&scene.snapshot()), "Risks and Mitigations");
    assert_eq!(risks[0], "# Services wait for each other");
    assert!(risks[2].starts_with("information: GET /a waits on 3 services in a row: a → b → c → d [a/app.ts:2]; "), "{}", risks[2]);
    assert!(risks[3].starts_with("What to do: Let the caller fetch"), "{}", risks[3]);
    assert_eq!(risks.last().map(String::as_str), Some("`GET /a` [a/app.ts:1] | a → b → c → d | 4 | 99.60 % | 173 minutes"));
}

#[test]
fn what_is_asked_and_not_built_here_is_named_and_gateways_on_the_way() {
    let mut scene = scene();
    let file = scene.file("web/app.ts", "flags\ncards\nshop\n");
    let [flags, cards, shop] = ["flags", "cards", "shop"].map(|words| scene.place(file, words));
    let [web, flagger, gateway] =
        [0, scene.service("flagger", ServiceKind::Backend).0, scene.service("edge", ServiceKind::Gateway).0].map(ServiceIndex);
    scene.chart.services[flagger.index()].third_party = true;
    let call = |to, path: &str, place| Call::new(web, to, Protocol::Http, path.into(), place, module(file));
    scene.chart.calls.push(call(Target::Service(flagger), "/flags", flags));
    scene.chart.calls.push(call(Target::External("shop.example.com".into()), "/cards", cards));
    scene.chart.calls.push(Call {
        via: vec![gateway],
        limit: Some(Duration::from_secs(2)),
        ..call(Target::Service(ServiceIndex(1)), "/carts", shop)
    });
    let report = Report::new(&scene.snapshot());
    let rows = lines(&report, "Communication Patterns");
    for expected in
        ["flagger, deployed here | web [web/app.ts:1] | `/flags`", "`shop.example.com`, named like shop | web [web/app.ts:2] | `/cards`"]
    {
        assert!(rows.iter().any(|row| row == expected), "{expected}\n{rows:#?}");
    }
    assert!(rows.iter().any(|row| row.starts_with("web | shop | ") && row.contains(", some through edge | ")), "{rows:#?}");
    let there = lines(&report, "Technology Recommendations");
    assert!(
        there.contains(&"Time limits: web (2 s [web/app.ts:3]) says how long an answer is worth waiting for.".to_owned()),
        "{there:#?}"
    );
}

#[test]
fn code_that_runs_is_named_before_what_stands_beside_it() {
    let mut scene = Scene::default();
    let [seed, app] = ["shop/scripts/seed.ts", "shop/src/app.ts"].map(|path| scene.file(path, "write\n"));
    let shop = scene.service("shop", ServiceKind::Backend);
    let writes = [seed, app].map(|file| access(shop, Operation::Write, scene.place(file, "write"), module(file)));
    scene.store("postgresql:db/shop", "postgresql", vec![("orders", writes.to_vec())]);
    let rows = lines(&Report::new(&scene.snapshot()), "Data Management");
    let alone = "shop alone is known to use what is in it: of 1 table writes alone are known: `orders` [shop/src/app.ts:1].";
    assert!(rows.iter().any(|row| row.ends_with(alone)), "{rows:#?}");
}

#[test]
fn what_one_line_says_of_several_is_told_once() {
    let mut scene = scene();
    let file = scene.file("edge/app.ts", "health\nhost\nport\nroute\n");
    let [health, host, port, route] = ["health", "host", "port", "route"].map(|words| scene.place(file, words));
    let edge = scene.service("edge", ServiceKind::Gateway);
    for service in [1, 2].map(ServiceIndex) {
        let endpoint = scene.endpoint(service, "GET /health", route, module(file));
        scene.call(edge, health, module(file), endpoint);
    }
    for place in [host, port] {
        scene.unresolved(edge, place, Reason::Host, Vec::new());
    }
    let report = Report::new(&scene.snapshot());
    let waits = lines(&report, "Communication Patterns");
    assert!(
        waits.contains(&"edge | shop and stock | `GET /health` [edge/app.ts:1] | 1 operation asks for an answer | ".to_owned()),
        "{waits:#?}"
    );
    let unresolved = lines(&report, "Unresolved Calls");
    let expected = "its host is decided at run time | edge | `a call` [edge/app.ts:2] and `a call` [edge/app.ts:3] | ";
    assert!(unresolved.contains(&expected.to_owned()), "{unresolved:#?}");
}

#[test]
fn who_answers_for_a_service_is_told_where_a_file_says_so() {
    let limits = |report: &Report| lines(report, "Method and Limits").join("\n");
    assert!(limits(&Report::new(&scene().snapshot())).contains("No file of code owners says"));
    let mut scene = scene();
    let file = scene.file("CODEOWNERS", "/shop/ @shop-team\n");
    let place = scene.place(file, "/shop/ @shop-team");
    scene.chart.services[1].owners = vec![("@shop-team".into(), place)];
    let report = Report::new(&scene.snapshot());
    let rows = lines(&report, "Service Decomposition");
    assert!(rows.iter().any(|row| row.starts_with("shop |") && row.ends_with("@shop-team [CODEOWNERS:1]")), "{rows:#?}");
    assert!(rows.iter().any(|row| row.starts_with("web |") && row.ends_with("–")), "{rows:#?}");
    assert!(!limits(&report).contains("code owners"));
}

#[test]
fn a_workspace_without_services_says_so() {
    let report = Report::new(&Scene::default().snapshot());
    assert_eq!(lines(&report, "Summary"), ["No service was found that this workspace builds."]);
}
