#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::manifests::Manifest;

fn settings(text: &str) -> (Settings, Vec<String>) {
    let facts = read(text);
    let Manifest::Settings(settings) = facts.manifest else { panic!("not settings") };
    let line = |at: u32| text[..at as usize].matches('\n').count() + 1;
    (*settings, facts.problems.iter().map(|problem| format!("{}: {}", line(problem.range.start), problem.message)).collect())
}

#[test]
fn the_schema_knows_the_keys_that_are_read() {
    let schema = serde_json::to_value(schema()).unwrap();
    let keys = |value: &serde_json::Value| value["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (value, table) in [
        (&schema, ""),
        (&schema["$defs"]["ServiceSettings"], "[services.a]\n"),
        (&schema["$defs"]["CallSettings"], "[[calls]]\n"),
        (&schema["$defs"]["AllowSettings"], "[[allow]]\n"),
    ] {
        assert_eq!(value["additionalProperties"], false);
        for key in keys(value) {
            let (_, problems) = settings(&format!("{table}{key} = 3.5\n"));
            assert!(problems.iter().all(|problem| !problem.contains("unknown key")), "{key}: {problems:?}");
        }
    }
    assert!(schema["$defs"]["Library"]["properties"]["http_client"].is_object());
}

#[test]
fn everything_is_read() {
    let text = r#"
ignore = ["legacy/", "**/*.gen.ts"]
[services.orders]
root = "apps/orders"
aliases = ["orders-api"]
kind = "backend"
ignore = false
implements = ["shop.Orders"]
[services.orders.environment]
PORT = 8080
DEBUG = true
[services.web]
origin = "gateway"
[hosts]
"Orders.internal:80" = "orders"
[external]
"*.stripe.com" = "Stripe"
[environment]
ORDERS_URL = "http://orders:8080"
[[calls]]
file = "web/src/api.ts"
function = "charge"
to = "Stripe"
[[clients]]
id = "http"
language = "typescript"
packages = ["./web/src/http.ts"]
[[clients.http_client]]
callee = "get"
method = "GET"
url = { argument = 0 }
"#;
    let (settings, problems) = settings(text);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(settings.ignore.len(), 2);
    let orders = &settings.services[0];
    assert_eq!((orders.name.value.as_str(), orders.kind.as_ref().unwrap().value), ("orders", ServiceKind::Backend));
    let values: Vec<_> = orders.environment.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref().unwrap())).collect();
    assert_eq!(values, [("PORT", "8080"), ("DEBUG", "true")]);
    assert_eq!(settings.services[1].origin.as_ref().unwrap().value, "gateway");
    assert_eq!(settings.hosts[0].name.value, "orders.internal:80");
    let at = settings.hosts[0].target.range;
    assert_eq!(&text[at.start as usize..at.end as usize], "\"orders\"");
    assert_eq!(settings.calls[0].function.as_ref().unwrap().value, "charge");
    assert_eq!(settings.clients[0].value.http_client.len(), 1);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_rest_is_read() {
    let text = r#"ignor = []
ignore = ["a[", 3]
[services.orders]
rot = "x"
kind = "backed"
root = "../elsewhere"
aliases = "one"
[services]
web = 1
[hosts]
"http://orders:80/x" = "orders"
orders.internal = "orders"
ok = "orders"
empty = ""
[environment]
LIST = [1]
[[calls]]
fil = "a"
[[calls]]
file = "a.ts"
[[clients]]
id = "http"
language = "typescript"
packages = ["x"]
[[clients.http_client]]
callee = "get"
method = "GET"
ur = { argument = 0 }
[[clients.http_client]]
callee = "post"
method = "POST"
url = { argument = 0 }
[[clients]]
id = "none"
"#;
    let (settings, problems) = settings(text);
    insta_like(
        &problems,
        &[
            "1: unknown key `ignor` in portolan.toml; did you mean `ignore`?",
            "2: `a[` is no pattern of paths",
            "2: `ignore` must be a text, not a number",
            "4: unknown key `rot` in [services.orders]; did you mean `root`?",
            "5: `backed` is no kind of service; did you mean `backend`?",
            "6: `../elsewhere` leads out of the folder of this file",
            "7: `aliases` must be a list of texts, not a text",
            "9: `web` must be a table, not a number",
            "11: `http://orders:80/x` is no host; write it without scheme and path: `\"orders:80\"`",
            "12: write a host with dots in quotes",
            "14: `empty` must not be empty",
            "16: `LIST` must be a text, a number, or true or false, not a list",
            "18: unknown key `fil` in [[calls]]; did you mean `file`?",
            "19: [[calls]] needs `to`",
            "28: unknown key `ur`; did you mean `url`?",
            "33: missing key `language`",
        ],
    );
    assert_eq!(settings.hosts.len(), 1);
    assert_eq!(settings.clients.len(), 1);
    assert_eq!(settings.clients[0].value.http_client.len(), 1, "the right one of two is kept");
}

#[track_caller]
fn insta_like(found: &[String], wanted: &[&str]) {
    let fits = found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| found.starts_with(wanted));
    assert!(fits, "{found:#?}");
}

#[test]
fn half_typed_settings_are_read_as_far_as_they_go() {
    for text in [
        "[",
        "[[",
        "a",
        "[hosts]\n\"a\" = ",
        "[services.\n",
        "ignore = [\"a\"",
        "[hosts]\na = \"b\"\n[serv",
        "\u{feff}ignore = [\"a\"]",
        "é = 1\r\n",
    ] {
        settings(text);
    }
    for deep in
        ["[".repeat(100_000), format!("a = {}", "[".repeat(100_000)), format!("a = {}1{}", "{a=".repeat(50_000), "}".repeat(50_000))]
    {
        settings(&deep);
    }
    settings(&format!("{} = 1\n[services.{}]\n", "k".repeat(500_000), "s.".repeat(10_000)));
    let (settings, problems) = settings("[environment]\nA = \"1\"\nB = \nC = \"3\"\n");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(settings.environment.iter().any(|variable| variable.name == "A"));
}

#[test]
fn lines_can_be_added_behind_the_last_one_of_a_table() {
    let text =
        "# head\n[hosts] # of ours\n\"a\" = \"b\"\n# next\n\n[services.web]\norigin = \"gate\"\n[[calls]]\nto = \"x\"\n[environment]";
    let (settings, _) = settings(text);
    let found: Vec<(&str, &str)> =
        settings.layout.tables.iter().map(|(name, end)| (name.as_str(), text[..*end as usize].lines().last().unwrap())).collect();
    assert_eq!(found, [("hosts", "\"a\" = \"b\""), ("services.web", "origin = \"gate\""), ("environment", "[environment]")]);
    assert!(settings.layout.open_line && settings.layout.end as usize == text.len());
}
