//! Edits of actions, compiled with the real libraries.
//!
//! The real server is asked for every action of a kind in a workspace of `tests/workspaces`, one after the other; an independent client applies the
//! edits; the result is compared with the diff beside this file, and then checked by the languages' own compilers. As that
//! installs libraries, these tests are not among those that run by themselves: `cargo test -p portolan-tests --test compiles -- --ignored`.
//! Invariant: what is compiled is what the diff shows, and a workspace that does not compile without the edits fails first.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use portolan_tests::applied::apply;
use portolan_tests::disk::{self, Folder, texts};
use portolan_tests::server::TestServer;
use serde_json::{Value, json};
use similar::TextDiff;

mod postgres;
mod programs;
mod rabbit;

use postgres::Postgres;
use programs::output;
use rabbit::Rabbit;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("compiles")
}

/// The folder in which libraries are kept between runs.
fn cache() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| here().join("../../target"), PathBuf::from);
    target.join("compiles")
}

/// A command of cargo for a package of some workspace. All share one folder, as most of their libraries are the same.
fn cargo(source: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    // Nobody debugs what is run here, and without the tables for it, it is written in half the time.
    command.current_dir(source).env("CARGO_TARGET_DIR", cache().join("rust")).env("CARGO_PROFILE_DEV_DEBUG", "0");
    command
}

/// Checks a package of either language, its libraries installed once.
fn compile(workspace: &str, folder: &Path, package: &str) {
    let (source, kept) = (folder.join(package), cache().join(workspace).join(package));
    if source.join("Cargo.toml").exists() {
        output(cargo(&source).args(["check", "--quiet", "--locked"]));
        output(cargo(&source).args(["fmt", "--check"]));
        return;
    }
    std::fs::create_dir_all(&kept).unwrap();
    for file in ["package.json", "package-lock.json", "tsconfig.json"] {
        std::fs::copy(source.join(file), kept.join(file)).unwrap();
    }
    for part in ["src", "prisma"].into_iter().filter(|part| source.join(part).exists()) {
        let _ = std::fs::remove_dir_all(kept.join(part));
        for (path, text) in texts(&source.join(part)) {
            let path = kept.join(part).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
    let installed = kept.join("node_modules/.package-lock.json");
    let lock = kept.join("installed.json");
    if !installed.exists() || std::fs::read(&lock).ok() != std::fs::read(source.join("package-lock.json")).ok() {
        output(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&kept));
        std::fs::copy(source.join("package-lock.json"), &lock).unwrap();
    }
    if kept.join("prisma").exists() {
        // It looks for an engine that it does not run to write a client, and would fetch one.
        let engine = std::env::current_exe().unwrap();
        let generate = ["node_modules/prisma/build/index.js", "generate", "--no-hints"];
        output(Command::new("node").args(generate).env("PRISMA_SCHEMA_ENGINE_BINARY", engine).current_dir(&kept));
    }
    output(Command::new("node").args(["node_modules/typescript/bin/tsc", "-p", "."]).current_dir(&kept));
}

/// Takes every wanted action that the server offers for a diagnostic, then for a whole file, until none is left; the result is how many.
async fn act(folder: &Path, wanted: fn(&Value) -> bool) -> usize {
    let mut capabilities = TestServer::capabilities();
    let action = capabilities.pointer_mut("/textDocument/codeAction").unwrap();
    action["resolveSupport"] = json!({"properties": ["edit"]});
    action["dataSupport"] = true.into();
    action["isPreferredSupport"] = true.into();
    let mut server = TestServer::start_as(folder, capabilities).await;
    let mut taken = 0;
    'next: loop {
        server.settle().await;
        for path in texts(folder).into_keys() {
            let all = json!({"start": {"line": 0, "character": 0}, "end": {"line": u32::MAX >> 1, "character": 0}});
            let of_findings = server.published(path.as_str()).diagnostics.into_iter().map(|it| (it["range"].clone(), vec![it]));
            for (range, diagnostics) in of_findings.chain([(all, Vec::new())]) {
                let context = json!({"diagnostics": diagnostics});
                let document = json!({"uri": server.uri(path.as_str())});
                let params = json!({"textDocument": document, "range": range, "context": context});
                let actions = server.request("textDocument/codeAction", params).await;
                let mut actions = actions.as_array().into_iter().flatten();
                let Some(action) = actions.find(|action| wanted(action)) else { continue };
                let edit = server.request("codeAction/resolve", action.clone()).await["edit"].take();
                apply(&edit);
                taken += 1;
                // A file that is made is changed, too.
                for change in edit["documentChanges"].as_array().unwrap().iter().filter(|change| change["kind"] != "create") {
                    let uri = change["textDocument"]["uri"].as_str().unwrap();
                    let root = server.uri("");
                    server.watched(uri.strip_prefix(&root).unwrap(), 2).await;
                }
                continue 'next;
            }
        }
        break;
    }
    server.end().await;
    taken
}

/// All changed files, each as a diff against what it was.
fn changes(before: &Path, after: &Path) -> String {
    let (before, after) = (texts(before), texts(after));
    let changed = after.iter().filter(|(path, text)| before.get(*path) != Some(text));
    changed
        .map(|(path, text)| {
            let old = before.get(path).map_or("", String::as_str);
            TextDiff::from_lines(old, text).unified_diff().header(path.as_str(), path.as_str()).to_string()
        })
        .collect()
}

/// Proves the edits of a workspace, and that its compilers notice `wrong` ones: texts of the edits, and such as mean nothing.
async fn prove(workspace: &str, packages: &[&str], wanted: fn(&Value) -> bool, actions: usize, wrong: &[(&str, &str)]) {
    let folder = edited(workspace, packages, wanted, actions).await;
    is_noticed(workspace, &folder, packages, wrong);
}

/// A workspace with its edits, which are those of the diff and compile.
async fn edited(workspace: &str, packages: &[&str], wanted: fn(&Value) -> bool, actions: usize) -> Folder {
    let source = disk::workspace(workspace);
    let folder = Folder::empty();
    for (path, text) in texts(&source) {
        folder.write(path.as_str(), text);
    }
    for package in packages {
        compile(workspace, folder.path(), package);
    }
    assert_eq!(act(folder.path(), wanted).await, actions);
    let (expected, found) = (here().join(format!("{workspace}.diff")), changes(&source, folder.path()));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&expected, &found).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&expected).unwrap_or_default(), found);
    for package in packages {
        compile(workspace, folder.path(), package);
    }
    folder
}

/// A compiler that compiles nothing would be content with anything.
fn is_noticed(workspace: &str, folder: &Folder, packages: &[&str], wrong: &[(&str, &str)]) {
    for (path, text) in texts(folder.path()).into_iter().filter(|(path, _)| matches!(path.extension(), Some("rs" | "ts" | "js"))) {
        folder.write(path.as_str(), wrong.iter().fold(text, |text, (right, wrong)| text.replace(right, wrong)));
    }
    for package in packages {
        let compiled = std::panic::catch_unwind(|| compile(workspace, folder.path(), package));
        assert!(compiled.is_err(), "{package} compiles, whatever it says");
    }
}

/// One that the program is the same with.
fn is_safe(action: &Value) -> bool {
    action["isPreferred"] == true
}

/// One that a person must agree to, and that has no test of its own.
fn is_rewrite(action: &Value) -> bool {
    must_be_agreed_to(action) && !tries_again(action) && !keeps_letters(action)
}

fn must_be_agreed_to(action: &Value) -> bool {
    action["kind"] == "refactor.rewrite" && action.get("disabled").is_none()
}

fn has_in_title(action: &Value, words: &str) -> bool {
    action["title"].as_str().is_some_and(|title| title.contains(words))
}

/// One that begins what a person goes on with.
fn is_sketch(action: &Value) -> bool {
    action["kind"] == "refactor.extract" && action.get("disabled").is_none()
}

/// One by which requests are tried again.
fn tries_again(action: &Value) -> bool {
    must_be_agreed_to(action) && has_in_title(action, "Try again what may come twice")
}

/// One by which refused messages are kept.
fn keeps_letters(action: &Value) -> bool {
    must_be_agreed_to(action) && has_in_title(action, "Keep what is refused")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn spans() {
    let wrong = [("recordException", "recordExeption"), ("tracing::instrument(", "tracing::instrumnt(")];
    prove("spans", &["orders", "mail", "notify"], is_safe, 5, &wrong).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn limits() {
    let wrong = [("30_000", "'30_000'"), (".timeout(", ".timout(")];
    prove("limits", &["web", "till"], is_safe, 7, &wrong).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn events() {
    let packages = ["shop", "mail", "desk", "print", "stall", "kitchen", "till", "ledger", "gate", "dock"];
    let wrong = [
        ("await publish(\"", "await publsh(\""),
        ("await sendReceipt(event)", "await sendReceipt(1)"),
        ("this.events.emit(", "this.events.emt("),
        ("await this.printer.print(event)", "await this.printer.prnt(event)"),
        ("channel.sendToQueue(", "channel.sndToQueue("),
        ("message.content.", "message.contnt."),
        ("bus::publish(", "bus::publsh("),
        ("entries::record(event)", "entries::recrd(event)"),
        ("nats.publish(", "nats.publsh("),
        ("await take(event)", "await take(1)"),
    ];
    prove("events", &packages, is_rewrite, 6, &wrong).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn calls() {
    let wrong = [("process.env", "process.enw"), ("std::env::var(", "std::env::vr(")];
    prove("calls", &["web", "shop"], is_safe, 10, &wrong).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn traces() {
    let wrong = [
        ("headers: traceHeaders()", "headers: traceHeaders"),
        ("propagation.inject(", "propagation.injct("),
        ("traceOf(message.headers)", "traceOf(message.value)"),
        ("carts.leave, carts, ", "carts.leave, carts, 1, "),
    ];
    let packages = ["mail", "shop"];
    // A sender's span, and one for each of its six messages.
    let traces = || run_with_brokers("traces", &packages);
    let different = |traces: &[String]| traces.iter().collect::<BTreeSet<_>>().len();
    packages.iter().for_each(|package| compile("traces", &disk::workspace("traces"), package));
    let before = traces();
    assert_eq!((before.len(), different(&before)), (7, 7), "{before:#?}");
    let folder = edited("traces", &packages, is_safe, 1).await;
    let after = traces();
    assert_eq!((after.len(), different(&after)), (7, 1), "{after:#?}");
    is_noticed("traces", &folder, &packages, &wrong);
}

/// What packages that were compiled last say first on each line, when they run in one process with brokers within it.
fn run_with_brokers(workspace: &str, packages: &[&str]) -> Vec<String> {
    let entries = packages.iter().map(|package| emitted(workspace, package).join("index.js"));
    let said = output(Command::new("node").arg(here().join("brokers/run.js")).args(entries));
    said.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The folder of what a package that was compiled last is in JavaScript.
fn emitted_for_real(workspace: &str, package: &str) -> PathBuf {
    let package = cache().join(workspace).join(package);
    let _ = std::fs::remove_dir_all(package.join("out"));
    let emit = ["node_modules/typescript/bin/tsc", "-p", ".", "--noEmit", "false", "--rootDir", "src", "--outDir", "out"];
    output(Command::new("node").args(emit).current_dir(&package));
    package.join("out")
}

/// The program that a package of Rust is, or that one of several is.
fn built(workspace: &str, folder: &Path, package: &str, program: &str) -> PathBuf {
    /// Programs of two workspaces may have one name: none is built before the last one is where it stays.
    static ONE: Mutex<()> = Mutex::new(());
    let kept = cache().join(workspace).join(package).join(program);
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    output(cargo(&folder.join(package)).args(["build", "--quiet", "--locked", "--package", program]));
    std::fs::copy(cache().join("rust/debug").join(program), &kept).unwrap();
    drop(one);
    kept
}

/// The same, with brokers of this process in place of their libraries.
fn emitted(workspace: &str, package: &str) -> PathBuf {
    let out = emitted_for_real(workspace, package);
    let brokers = here().join("brokers");
    for library in ["kafkajs", "amqplib"] {
        let folder = out.join("node_modules").join(library);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("package.json"), "{ \"type\": \"module\", \"exports\": \"./index.js\" }").unwrap();
        std::fs::copy(brokers.join(library).with_extension("js"), folder.join("index.js")).unwrap();
        std::fs::copy(brokers.join("queue.js"), folder.join("queue.js")).unwrap();
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn loops() {
    let packages = ["orders", "desk", "till", "packer"];
    let folder = edited("loops", &packages, is_rewrite, 15).await;
    let services = ["orders", "desk", "till"].map(|package| emitted_for_real("loops", package));
    let packer = built("loops", folder.path(), "packer", "packer");
    let told = output(Command::new("node").arg(here().join("brokers/loops.js")).args(services).arg(packer));
    let expected = [
        "missing: 20 asked, 8 at a time, in order",
        "check: 20 asked, 8 at a time",
        "place: 20 asked, 8 at a time, in order",
        "gone: 10 asked, 4 at a time, in order",
        "shelves: 20 asked, 8 at a time, in order",
        "desk: 20 asked, 8 at a time, 20",
        "known: 20 asked, 8 at a time",
        "till: 20 asked, 8 at a time, 20",
        "packer's missing: 20 asked, 8 at a time, in order",
        "packer's count: 60 asked, 8 at a time, 20",
        "packer's shelves: 20 asked, 8 at a time, in order",
        "packer's left: 20 asked, 8 at a time, 0",
        "packer's odd: 10 asked, 4 at a time, in order",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    let wrong = [
        ("await inBatches(", "await inBatchs("),
        ("{ concurrency: 8 }", "{ concurency: 8 }"),
        ("pLimit(8)", "pLimit('8')"),
        (".buffered(8)", ".bufered(8)"),
    ];
    is_noticed("loops", &folder, &packages, &wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn retries() {
    let packages = ["shop", "till"];
    let folder = edited("retries", &packages, is_rewrite, 10).await;
    let (shop, till) = (emitted_for_real("retries", "shop"), built("retries", folder.path(), "till", "till"));
    let told = output(Command::new("node").arg(here().join("brokers/retries.js")).args([shop, till]));
    let expected = [
        "charge: 3 times, keys 1, done",
        "chargeAll: 3 times, keys 1, done",
        "insist: 3 times, keys 1, done",
        "chargeByGot: 3 times, keys 1, done",
        "chargeByKy: 3 times, keys 1, done",
        "enter: 1 times, keys 0, failed",
        "record: 1 times, keys 0, failed",
        "charge: 3 times, keys 1, 201",
        "charge-at-once: 3 times, keys 1, 201",
        "insist: 3 times, keys 1, 201",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    is_noticed("retries", &folder, &packages, &[("randomUUID()", "randomUUD()"), ("Uuid::new_v4()", "Uuid::nw_v4()")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn tries() {
    let packages = ["web", "desk", "depot"];
    let folder = edited("tries", &packages, tries_again, 4).await;
    let services = ["web", "desk"].map(|package| emitted_for_real("tries", package));
    let depot = built("tries", folder.path(), "depot", "depot");
    let told = output(Command::new("node").arg(here().join("brokers/tries.js")).args(services).arg(depot));
    let expected = [
        "shelf 200: 1 times, done",
        "shelf 404: 1 times, Error",
        "shelf 500 500 200: 3 times, done",
        "shelf 503: 3 times, Error",
        "shelf : 3 times, TimeoutError",
        "fill 502 204: 2 times, done",
        "add 500 201: 1 times, Error",
        "desk's shelf 500 200: 2 times, 200",
        "prices 500 200: 2 times, done",
        "prices 404: 1 times, AxiosError",
        "mark 503 503 204: 3 times, done",
        "note 503 201: 1 times, AxiosError",
        "depot's shelf 200: 1 times, 200 OK",
        "depot's shelf 404: 1 times, failed",
        "depot's shelf 500 500 200: 3 times, 200 OK",
        "depot's shelf 503: 3 times, failed",
        "depot's shelf : 3 times, timeout",
        "depot's fill 502 204: 2 times, 204 No Content",
        "depot's add 500 201: 1 times, failed",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    let wrong = [
        ("AbortSignal.timeout(", "AbortSignal.timout("),
        ("withRetry(() =>", "withRetry((it) =>"),
        (".send_with_retry()", ".send_with_rtry()"),
    ];
    is_noticed("tries", &folder, &packages, &wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries"]
async fn sagas() {
    let packages = ["booking", "services"];
    let folder = edited("sagas", &packages, is_sketch, 3).await;
    let told = output(Command::new("node").arg(here().join("brokers/sagas.js")).arg(emitted_for_real("sagas", "booking")));
    let expected = [
        "nothing fails: reserveSeat createCharge storeBooking, kept seatReserved chargeCreated bookingStored",
        "storeBooking fails: reserveSeat createCharge storeBooking refundCharge releaseSeat, kept seatReserved chargeCreated compensating failed",
        "refundCharge fails once: refundCharge refundCharge releaseSeat, kept failed",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    is_noticed(
        "sagas",
        &folder,
        &packages,
        &[("actions.reserveSeat(", "actions.reserveSaet("), ("actions.reserve_seat(", "actions.reserve_saet(")],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts PostgreSQL"]
async fn copies() {
    let packages = ["mailer", "desk"];
    let folder = edited("copies", &packages, is_sketch, 2).await;
    let database = Postgres::start();
    let migrations = ["orders/migrations/0001_orders.sql", "mailer/migrations/0001_mails.sql", "mailer/migrations/0002_orders_view.sql"];
    let mut driven = Command::new("node");
    driven.arg(here().join("brokers/copies.js")).arg(emitted_for_real("copies", "mailer"));
    let told = output(driven.args(migrations.map(|path| folder.path().join(path))).env("DATABASE_URL", &database.url));
    let expected =
        ["as it was filled: new ring twice", "a change twice: paid null", "an older change: paid null", "another row: paid null"];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    is_noticed("copies", &folder, &packages, &[("row.revision]", "row.revison]"), (".bind(row.revision)", ".bind(row.revison)")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts PostgreSQL"]
async fn extended() {
    let folder = edited("extended", &["parcels"], is_rewrite, 3).await;
    let database = Postgres::start();
    let mut driven = Command::new("node");
    driven.arg(here().join("brokers/outbox.js")).arg(emitted("extended", "parcels")).arg(folder.path().join("parcels/prisma/migrations"));
    let told = output(driven.arg("parcels").env("DATABASE_URL", &database.url));
    let expected = [
        "the same name failed",
        "no outbox failed",
        "rows 2, kept 3, sent 0",
        "kept 3, sent 0",
        "parcel.placed {\"id\":1,\"name\":\"tea\"}",
        "parcel.placed {\"id\":2,\"name\":\"milk\"}",
        "parcel.withdrawn {\"id\":1}",
        "kept 1, sent 4",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    is_noticed("extended", &folder, &["parcels"], &[("await enqueue(tx, ", "await enqueue("), ("await once(prisma, ", "await once(")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts RabbitMQ"]
async fn letters() {
    let packages = ["shop", "billing", "parcels"];
    let folder = edited("letters", &packages, keeps_letters, 3).await;
    let broker = Rabbit::start();
    let mut driven = Command::new("node");
    driven.arg(here().join("brokers/letters.js")).args(["shop", "billing"].map(|package| emitted_for_real("letters", package)));
    driven.arg(built("letters", folder.path(), "parcels", "parcels"));
    let told = output(driven.env("AMQP_URL", &broker.url));
    let expected = ["shop ended with 0", "orders: kept \"no order\", waiting 0", "parcels: kept \"\", waiting 0"];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    let wrong = [("deadLetterExchange: ", "deadLetterExchnge: "), ("crate::dead_letters::to(", "crate::dead_letters::tu(")];
    is_noticed("letters", &folder, &packages, &wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts PostgreSQL"]
async fn outbox() {
    let packages = ["orders", "stock", "parcels", "labels", "carts", "bills", "seats"];
    let folder = edited("outbox", &packages, is_rewrite, 11).await;
    let kept = |name: &str, first: &str, second: &str, third: &str| {
        let sent = [format!("{name}.placed {first}"), format!("{name}.placed {second}"), format!("{name}.withdrawn {third}")];
        let told = ["the same name failed", "no outbox failed", "rows 2, kept 3, sent 0", "kept 3, sent 0"].map(str::to_owned);
        told.into_iter().chain(sent).chain(["kept 1, sent 4".to_owned()]).collect::<Vec<String>>()
    };
    // Migrations in SQL are read as they are; those in code, as they were compiled.
    let written = |package: &str, at: &str| folder.path().join(package).join(at);
    let compiled = |at: &str| cache().join("outbox/carts/out").join(at);
    let services = [
        ("orders", "order", written("orders", "migrations")),
        ("parcels", "parcel", written("parcels", "prisma/migrations")),
        ("carts", "cart", compiled("migrations")),
        // They run as it starts.
        ("bills", "bill", PathBuf::new()),
    ];
    for (package, name, migrations) in services {
        let database = Postgres::start();
        let mut driven = Command::new("node");
        driven.arg(here().join("brokers/outbox.js")).arg(emitted("outbox", package)).arg(migrations);
        let told = output(driven.arg(package).env("DATABASE_URL", &database.url));
        let expected = kept(name, "{\"id\":1,\"name\":\"tea\"}", "{\"id\":2,\"name\":\"milk\"}", "{\"id\":1}");
        assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{package}");
    }
    let database = Postgres::start();
    let migrations =
        ["20240501120000_items.sql", "20240501120001_outbox.sql"].map(|name| folder.path().join("stock/migrations").join(name));
    let mut driven = Command::new("node");
    driven.arg(here().join("brokers/outbox-trace.js")).arg(emitted("outbox", "stock")).args(migrations).env("DATABASE_URL", &database.url);
    let told = output(&mut driven);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[1..], [lines[0], "tea {\"name\":\"tea\",\"count\":2} item"]);
    let wrong = [
        ("await enqueue(client, ", "await enqueue("),
        ("await enqueue(tx, ", "await enqueue("),
        ("await enqueue(trx, ", "await enqueue("),
        ("await enqueue(manager, ", "await enqueue("),
        ("(...message)", "(message)"),
    ];
    is_noticed("outbox", &folder, &packages, &wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts PostgreSQL"]
async fn once() {
    let packages = ["billing", "club", "ledger", "mart", "bank", "shop", "till"];
    let folder = edited("once", &packages, is_rewrite, 7).await;
    // What fails at first, and numbers that grow by each delivery.
    let services = [
        (
            "billing",
            "UPDATE stock SET left_over = 9",
            ["SELECT count(*) FROM invoices", "SELECT sum(left_over) FROM stock"],
            ["failed 0 0 0", "done 2 14 2", "again 2 14 2"],
        ),
        (
            "club",
            "INSERT INTO members (name, points) VALUES ('ada', 0)",
            ["SELECT count(*) FROM entries", "SELECT sum(points) FROM members"],
            ["failed 0 0 0", "done 2 1000 2", "again 2 1000 2"],
        ),
        (
            "ledger",
            "DROP TRIGGER closed ON accounts",
            ["SELECT count(*) FROM entries", "SELECT cents FROM accounts"],
            ["failed 0 0 0", "done 2 1000 2", "again 2 1000 2"],
        ),
        (
            "mart",
            "ALTER TABLE tills DROP CONSTRAINT closed",
            ["SELECT count(*) FROM sales", "SELECT cents FROM tills"],
            ["failed 0 0 0", "done 2 1000 2", "again 2 1000 2"],
        ),
    ];
    let shop = emitted("once", "shop");
    for (service, mend, questions, expected) in services {
        let database = Postgres::start();
        let emitted = emitted("once", service);
        let migrations = match service {
            "club" => folder.path().join("club/prisma/migrations"),
            "mart" => emitted.join("migrations"),
            _ => folder.path().join(service).join("migrations"),
        };
        let mut driven = Command::new("node");
        driven.arg(here().join("brokers/once.js")).args([&shop, &emitted]).arg(migrations);
        let told = output(driven.arg(mend).args(questions).env("DATABASE_URL", &database.url));
        assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{service}");
    }
    let wrong = [
        ("await once(pool, ", "await once("),
        ("await once(prisma, ", "await once("),
        ("await once(db, ", "await once("),
        ("await once(this.payments.manager, ", "await once("),
        ("messageId: randomUUID()", "messageId: randomUUID"),
        ("crate::once::first_time(", "crate::once::frst_time("),
    ];
    is_noticed("once", &folder, &packages, &wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts PostgreSQL and RabbitMQ"]
async fn delivery() {
    let packages = ["billing", "orders"];
    let folder = edited("delivery", &packages, is_rewrite, 2).await;
    let (database, broker) = (Postgres::start(), Rabbit::start());
    let mut driven = Command::new("node");
    driven.arg(here().join("brokers/delivery.js")).args(["orders", "billing"].map(|package| emitted_for_real("delivery", package)));
    let migrations =
        ["orders/migrations/0001_orders.sql", "orders/migrations/0002_outbox.sql", "billing/migrations/0001_invoices.sql"].into_iter();
    let migrations = migrations.chain(["billing/migrations/0002_processed_messages.sql"]).map(|path| folder.path().join(path));
    let told = output(driven.args(migrations).env("DATABASE_URL", &database.url).env("AMQP_URL", &broker.url).env("PORT", "0"));
    let expected = [
        "orders ended by SIGKILL: orders 1, outbox 1, invoices 0",
        "orders started again: orders 1, outbox 0, invoices 1",
        "billing ended by SIGKILL: outbox 0, invoices 2",
        "billing started again: invoices 2, processed_messages 2",
        "waiting 0",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts RabbitMQ"]
async fn headers() {
    let different = |traces: &[String]| traces.iter().collect::<BTreeSet<_>>().len();
    let before = traces_of(&disk::workspace("headers"));
    assert_eq!((before.len(), different(&before)), (4, 4), "{before:#?}");
    let folder = edited("headers", &["services"], is_safe, 3).await;
    let after = traces_of(folder.path());
    assert_eq!((after.len(), different(&after)), (4, 2), "{after:#?}");
    let wrong =
        [("crate::trace_headers::current()", "crate::trace_headers::curent()"), ("crate::trace_parent::of(", "crate::trace_parent::off(")];
    is_noticed("headers", &folder, &["services"], &wrong);
}

/// How long a program may be silent that is to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The traces of two messages, as their sender and their consumer say: each with a line that begins with one.
fn traces_of(folder: &Path) -> Vec<String> {
    // What one run has not acknowledged must not come in the next.
    let broker = Rabbit::start();
    let [mail, orders] = ["mail", "orders"].map(|program| built("headers", folder, "services", program));
    let mut mail = Running(Command::new(mail).env("AMQP_URL", &broker.url).stdout(Stdio::piped()).spawn().unwrap());
    let (told, heard) = mpsc::channel();
    let said_by_mail = BufReader::new(mail.0.stdout.take().unwrap()).lines();
    std::thread::spawn(move || said_by_mail.map_while(Result::ok).try_for_each(|line| told.send(line)));
    // They end where it is silent for too long.
    let mut lines = std::iter::from_fn(|| heard.recv_timeout(PATIENCE).ok());
    assert!(lines.any(|line| line == "ready"), "it does not start");
    let sent = output(Command::new(orders).env("AMQP_URL", &broker.url));
    let handled = lines.filter(|line| line.ends_with(" confirm") || line.ends_with(" thank")).take(2);
    let all: Vec<String> = sent.lines().map(str::to_owned).chain(handled).collect();
    all.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs and compiles libraries, and starts PostgreSQL and RabbitMQ"]
async fn relayed() {
    let folder = edited("relayed", &["services"], is_rewrite, 2).await;
    let (database, broker) = (Postgres::start(), Rabbit::start());
    compile("delivery", &disk::workspace("delivery"), "orders");
    let mut driven = Command::new("node");
    driven.arg(here().join("brokers/relayed.js")).arg(emitted_for_real("delivery", "orders"));
    driven.arg(built("relayed", folder.path(), "services", "shop"));
    let migrations = ["0001_orders.sql", "0002_outbox.sql"].map(|name| folder.path().join("services/shop/migrations").join(name));
    let told = output(driven.args(migrations).env("DATABASE_URL", &database.url).env("AMQP_URL", &broker.url));
    let expected = [
        "tea: 201",
        "ended by SIGKILL: orders 1, outbox 1, sent 0",
        "started again: orders 1, outbox 0, sent 1",
        "tea: 500",
        "milk: 201",
        "in the end: orders 2, outbox 0, sent 2",
        "oil: 201",
        "behind one that fails: orders 3, outbox 1, sent 3",
        "{\"id\":1,\"name\":\"tea\"}",
        "{\"id\":3,\"name\":\"milk\"}",
        "{\"id\":4,\"name\":\"oil\"}",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    let wrong = [("crate::outbox::enqueue(", "crate::outbox::enque("), ("outbox::relay(pool.clone()", "outbox::relay(pool.clne()")];
    is_noticed("relayed", &folder, &["services"], &wrong);
}
