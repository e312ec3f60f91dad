//! Commands and their options, on the demonstration and in small folders.

use std::process::Command;

use tempfile::TempDir;

use crate::run::{self, Run, commit_all, demo, folder, git};

/// A run on the demonstration.
fn portolan(arguments: &[&str]) -> Run {
    run::portolan(&demo(), arguments)
}

fn shown(run: &Run) -> String {
    run.shown(&demo(), "[DEMO]")
}

#[test]
fn check_shows_the_findings_of_the_demo() {
    insta::assert_snapshot!("check", shown(&portolan(&["check", "."])));
}

#[test]
fn chart_shows_the_demo() {
    for format in ["text", "mermaid", "json"] {
        insta::assert_snapshot!(format!("chart_{format}"), shown(&portolan(&["chart", "--format", format, "."])));
    }
}

#[test]
fn report_tells_of_the_demo() {
    insta::assert_snapshot!("report", shown(&portolan(&["report", "."])));
}

#[test]
fn diff_tells_what_came_and_went_and_leaves_the_repository_alone() {
    let package = |name: &str| format!(r#"{{"name": "{name}", "main": "index.ts", "dependencies": {{"axios": "^1", "express": "^5"}}}}"#);
    let server = |route: &str| {
        format!(
            "import axios from \"axios\";\nimport express from \"express\";\nconst app = express();\napp.post(\"{route}\", async (q, r) => r.end());\n"
        )
    };
    let call = |url: &str| format!("export const ask = () => axios.post(\"{url}\");\n");
    let shop = server("/orders") + &call("http://bill/bills");
    let folder = folder(&[
        ("deep/compose.yaml", "services:\n  shop: { build: ./shop }\n  bill: { build: ./bill }\n"),
        ("deep/shop/package.json", &package("shop")),
        ("deep/shop/index.ts", &shop),
        ("deep/bill/package.json", &package("bill")),
        ("deep/bill/index.ts", &server("/bills")),
    ]);
    commit_all(folder.path());
    let deep = folder.path().join("deep");
    let bill = deep.join("bill/index.ts");
    std::fs::write(&bill, server("/bills") + &call("http://shop/orders")).unwrap();
    let diff = |arguments: &[&str]| shown(&portolan(&[&["diff", "-C", deep.to_str().unwrap()], arguments].concat()));
    insta::assert_snapshot!("diff_text", diff(&["HEAD"]));
    insta::assert_snapshot!("diff_markdown", diff(&["HEAD", "--format", "markdown"]));
    let chart = folder.path().join("chart.json");
    portolan(&["chart", "--format", "json", "-o", chart.to_str().unwrap(), deep.to_str().unwrap()]);
    assert_eq!(diff(&[chart.to_str().unwrap()]), "exit 0\n--- stdout\nNothing changes between services.\n--- stderr\n");
    let back: serde_json::Value = serde_json::from_str(
        &portolan(&["diff", "-C", deep.to_str().unwrap(), chart.to_str().unwrap(), "HEAD", "--format", "json"]).stdout,
    )
    .unwrap();
    assert_eq!(back["edges"]["removed"][0]["from"], "bill");
    assert_eq!(git(folder.path(), &["status", "--porcelain"]), " M deep/bill/index.ts\n?? chart.json");
}

#[test]
fn diff_says_what_a_side_is_not() {
    let riddles = riddles();
    let (path, file) = (riddles.path().to_str().unwrap(), riddles.path().join("compose.yaml"));
    for (side, message) in [
        ("--no-such", "unexpected argument"),
        ("nothing", "`nothing` is no file, no folder and no git revision"),
        (file.to_str().unwrap(), "is no chart as"),
    ] {
        let run = portolan(&["diff", "-C", path, side]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{side}");
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
}

/// A shop whose calls need help.
fn riddles() -> TempDir {
    folder(&[
        ("compose.yaml", "services:\n  web: { build: ./web }\n  orders: { build: ./orders }\n  payments: { build: ./payments }\n"),
        ("web/package.json", r#"{"name": "web", "main": "index.ts", "dependencies": {"axios": "^1"}}"#),
        (
            "web/index.ts",
            "import axios from \"axios\";\n\
             const shop = axios.create({ baseURL: process.env.SHOP_URL });\n\
             export const list = () => shop.get(\"/orders/open\");\n\
             export const add = () => shop.post(\"/orders\");\n\
             export const pay = () => axios.post(\"http://localhost:4100/charges/card\");\n\
             export function ask(base: string) {\n  return axios.get(`${base}/answers`);\n}\n\
             export function tell(target: string) {\n  return axios.post(`${target}/stories`);\n}\n",
        ),
        ("orders/package.json", r#"{"name": "orders", "main": "index.ts", "dependencies": {"express": "^5"}}"#),
        (
            "orders/index.ts",
            "import express from \"express\";\nconst app = express();\napp.get(\"/orders/open\", (q, r) => r.end());\napp.post(\"/orders\", (q, r) => r.end());\n",
        ),
        ("payments/package.json", r#"{"name": "payments", "main": "index.ts", "dependencies": {"express": "^5"}}"#),
        (
            "payments/index.ts",
            "import express from \"express\";\nconst app = express();\napp.get(\"/orders/open\", (q, r) => r.end());\napp.get(\"/charges/card\", (q, r) => r.end());\n",
        ),
    ])
}

/// A run in a folder of its own, the folder's name taken out of what it says.
fn shown_in(folder: &TempDir, arguments: &[&str]) -> String {
    let path = folder.path().to_str().unwrap();
    let run = portolan(&[arguments, &[path]].concat());
    shown(&run).replace(path, "[FOLDER]")
}

#[test]
fn why_shows_an_edge_hop_by_hop_or_what_speaks_against_it() {
    insta::assert_snapshot!("why_edge", shown(&portolan(&["why", "checkout", "orders"])));
    insta::assert_snapshot!("why_no_edge", shown(&portolan(&["why", "web", "payments"])));
    insta::assert_snapshot!("why_line", shown(&portolan(&["why", "clients/orders.ts:17:20"])));
    let riddles = riddles();
    insta::assert_snapshot!("why_refused", shown_in(&riddles, &["why", "web", "payments"]));
    insta::assert_snapshot!("why_unresolved_line", shown_in(&riddles, &["why", "web/index.ts:7"]));
}

#[test]
fn why_asks_back_where_a_name_is_not_known() {
    for (arguments, message) in [
        (&["why", "web", "ordres"][..], "there is no service `ordres`; did you mean `orders`?"),
        (&["why", "web"], "why `web` what?"),
        (
            &["why", "services/web/src/lib/apy.ts:3"],
            "there is no file `services/web/src/lib/apy.ts`; did you mean `services/web/src/lib/api.ts`?",
        ),
        (&["why", "services/web/src/lib/api.ts:9999"], "services/web/src/lib/api.ts has "),
        (&["why", "README.md:1"], "README.md is not read"),
    ] {
        let run = portolan(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
    let nothing = portolan(&["why", "services/web/src/lib/api.ts:1"]);
    assert_eq!(nothing.code, 1);
    assert!(nothing.stdout.contains("lines that do: 11, 16, 21"), "{}", nothing.stdout);
}

#[test]
fn unresolved_lists_what_settles_most_first() {
    let riddles = riddles();
    insta::assert_snapshot!("unresolved_text", shown_in(&riddles, &["unresolved"]));
    insta::assert_snapshot!("unresolved_json", shown_in(&riddles, &["unresolved", "--format", "json"]));
    let settled = "[environment]\nSHOP_URL = \"http://orders\"\n[hosts]\n\"localhost:4100\" = \"payments\"\n\
                   [[calls]]\nfile = \"web/index.ts\"\nto = \"oracle\"\n";
    std::fs::write(riddles.path().join("portolan.toml"), settled).unwrap();
    assert_eq!(shown_in(&riddles, &["unresolved"]), "exit 0\n--- stdout\nEvery call is resolved: 5 calls.\n--- stderr\n");
}

#[test]
fn init_writes_settings_that_say_nothing_yet() {
    let riddles = riddles();
    let before = shown_in(&riddles, &["unresolved"]);
    let file = riddles.path().join("portolan.toml");
    assert_eq!(shown_in(&riddles, &["init"]), "exit 0\n--- stdout\n--- stderr\nwrote [FOLDER]/portolan.toml\n");
    insta::assert_snapshot!("init", std::fs::read_to_string(&file).unwrap());
    assert_eq!(shown_in(&riddles, &["unresolved"]), before);
    let again = shown_in(&riddles, &["init"]);
    assert_eq!(again, "exit 2\n--- stdout\n--- stderr\nportolan: [FOLDER]/portolan.toml is there already: --force replaces it\n");
    std::fs::write(&file, "ignore = [\"web\"]\n").unwrap();
    assert!(shown_in(&riddles, &["init", "--force"]).starts_with("exit 0"));
    assert!(std::fs::read_to_string(&file).unwrap().contains("#[hosts]"));
}

#[test]
fn what_is_wrong_in_settings_is_always_said() {
    let riddles = riddles();
    std::fs::write(riddles.path().join("portolan.toml"), "[host]\na = \"b\"\n[hosts]\n\"a\" = \"ordres\"\n").unwrap();
    for command in ["check", "chart", "unresolved"] {
        let run = portolan(&[command, riddles.path().to_str().unwrap()]);
        assert!(run.stderr.contains("portolan.toml:1: unknown key `host` in portolan.toml; did you mean `hosts`?"), "{}", run.stderr);
        assert!(run.stderr.contains("portolan.toml:4: there is no service `ordres`; did you mean `orders`?"), "{}", run.stderr);
    }
}

#[test]
fn paths_do_not_depend_on_where_one_stands() {
    let chart = |arguments: &[&str]| portolan(&[&["chart", "--format", "json"], arguments].concat()).stdout;
    assert_eq!(chart(&["."]), chart(&[demo().to_str().unwrap()]));
    assert_eq!(chart(&["."]), chart(&[]));
}

#[test]
fn threads_change_nothing() {
    let chart = |jobs| portolan(&["chart", "--format", "json", "--jobs", jobs, "."]).stdout;
    let one = chart("1");
    for _ in 0..3 {
        assert_eq!(one, chart("4"));
    }
}

#[test]
fn the_exit_code_follows_the_severity_asked_for() {
    let findings = portolan(&["check", "--format", "json", "."]);
    let report: serde_json::Value = serde_json::from_str(&findings.stdout).unwrap();
    let count = report["findings"].as_array().unwrap().len();
    assert!(count > 0, "the demo has nothing to show");
    assert_eq!(portolan(&["check", "--fail-on", "hint", "."]).code, 1);
    assert_eq!(portolan(&["check", "--fail-on", "never", "."]).code, 0);
}

#[test]
fn a_missing_folder() {
    let run = portolan(&["check", "nowhere"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("no such folder: nowhere"), "{}", run.stderr);
}

#[test]
fn a_file_instead_of_a_folder() {
    for command in ["check", "chart"] {
        let run = portolan(&[command, "compose.yaml"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains("compose.yaml is a file: give its folder"), "{}", run.stderr);
    }
}

#[test]
fn unresolved_lists_messages_without_a_known_channel() {
    let folder = folder(&[
        ("package.json", r#"{ "name": "mailer", "main": "index.js", "dependencies": { "kafkajs": "2" } }"#),
        ("compose.yaml", "services:\n  mailer:\n    build: .\n"),
        (
            "index.js",
            "const { Kafka } = require('kafkajs');\nconst producer = new Kafka({}).producer();\n\
             exports.tell = (message) => producer.send({ topic: message.topic, messages: [] });\nexports.tell(JSON.parse(process.argv[2]));\n",
        ),
    ]);
    let run = portolan(&["unresolved", folder.path().to_str().unwrap()]);
    assert!(
        run.stdout.ends_with("\n1 message has a channel whose name is known at run time only:\n  index.js:3  mailer  sends by kafka\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn an_empty_folder() {
    let folder = folder(&[]);
    let run = portolan(&["check", folder.path().to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.contains("no services found") && run.stderr.ends_with(" in 0 files\n"), "{}", run.stderr);
    for (arguments, code, said) in [
        (&["unresolved"][..], 0, "no services found"),
        (&["fix", "--dry-run"], 0, "nothing to edit"),
        (&["trace", "POST /orders"], 2, "no services found"),
        (&["check", "--changed-since", "main"], 2, "`main` is no git revision of ., which is in no git repository"),
    ] {
        let run = run::portolan(folder.path(), arguments);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{arguments:?}");
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
    let chart = portolan(&["chart", "--format", "json", folder.path().to_str().unwrap()]);
    assert_eq!(chart.code, 0);
    let chart: serde_json::Value = serde_json::from_str(&chart.stdout).unwrap();
    assert_eq!(chart["services"], serde_json::json!([]));
}

#[test]
fn problems_are_counted_and_listed_on_demand() {
    let folder = folder(&[("compose.yaml", "services: [\n"), ("src/a.ts", "export const a = 1;\n")]);
    let path = folder.path().to_str().unwrap();
    let brief = portolan(&["check", path]);
    assert!(brief.stderr.contains("1 problem while reading"), "{}", brief.stderr);
    assert!(!brief.stderr.contains("compose.yaml:"), "{}", brief.stderr);
    let full = portolan(&["check", "-v", path]);
    assert!(full.stderr.contains("compose.yaml:"), "{}", full.stderr);
}

#[test]
fn the_chart_goes_to_a_file_if_asked() {
    let folder = folder(&[]);
    let file = folder.path().join("chart.json");
    let run = portolan(&["chart", "--output", file.to_str().unwrap(), "."]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), portolan(&["chart", "."]).stdout);
    let nowhere = portolan(&["chart", "--output", folder.path().to_str().unwrap(), "."]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.stderr.contains("cannot write"), "{}", nowhere.stderr);
    let nowhere = portolan(&["chart", "--output", folder.path().join("none/chart").to_str().unwrap(), "."]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("there is no folder "), "{}", nowhere.stderr);
}

#[test]
fn nonsense_is_refused() {
    for arguments in [&["chek"][..], &["check", "--fail-on", "doom"], &["check", "--jobs", "0"], &["chart", "--format", "png"], &[]] {
        let run = portolan(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.stderr.is_empty());
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = portolan(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("check") && help.stdout.contains("chart"));
    let version = portolan(&["--version"]);
    assert_eq!((version.code, version.stdout.as_str()), (0, concat!("portolan ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["chart", "."])
        .current_dir(demo())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// A traced service with two handlers in the dark, of which one can be given a span.
fn dark() -> TempDir {
    let package = r#"{"name": "mail", "main": "src/index.ts", "dependencies":
{"@opentelemetry/api": "1.9.0", "@opentelemetry/instrumentation": "0.203.0", "express": "5.1.0"}}"#;
    let index = "\
import { registerInstrumentations } from \"@opentelemetry/instrumentation\";
import express from \"express\";

registerInstrumentations({ instrumentations: [] });

const app = express();
app.post(\"/letters\", async (req, res) => {
  res.json([]);
});
app.post(\"/mails\", (req, res) => {
  res.json([]);
});
app.listen(8080);
";
    folder(&[("compose.yaml", "services:\n  mail:\n    build: ./mail\n"), ("mail/package.json", package), ("mail/src/index.ts", index)])
}

#[test]
fn fix_shows_what_it_does_and_says_what_it_leaves() {
    let folder = dark();
    let path = folder.path().to_str().unwrap();
    let run = portolan(&["fix", "--dry-run", path]);
    insta::assert_snapshot!("fix", shown(&run));
    let index = folder.path().join("mail/src/index.ts");
    let before = std::fs::read_to_string(&index).unwrap();
    assert!(!before.contains("startActiveSpan"), "a dry run writes nothing");
    let written = portolan(&["fix", "--allow-dirty", "--rule", "handler-without-span", path]);
    assert_eq!(written.stdout, run.stdout);
    assert!(std::fs::read_to_string(&index).unwrap().contains("startActiveSpan"));
    let again = portolan(&["fix", "--allow-dirty", path]);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
}

#[test]
fn fix_refuses_what_could_not_be_taken_back() {
    let folder = dark();
    let path = folder.path().to_str().unwrap();
    let refused = portolan(&["fix", path]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("is in no git repository"), "{}", refused.stderr);
    git(folder.path(), &["init", "--quiet"]);
    let refused = portolan(&["fix", path]);
    assert!(refused.code == 2 && refused.stderr.contains("not committed"), "{}", refused.stderr);
    commit_all(folder.path());
    assert_eq!(portolan(&["fix", path]).code, 0);
    git(folder.path(), &["diff", "--exit-code", "--stat", "--", "compose.yaml"]);
    assert!(portolan(&["fix", "--rule", "handler-without-spam", path]).stderr.contains("did you mean `handler-without-span`?"));
}
