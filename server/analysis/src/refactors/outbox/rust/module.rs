//! The module's text: what keeps a message, and what sends those that are kept.
//!
//! Invariant: rows are taken in the order in which they were written, and gone only once their message is sent. Those that failed too often come
//! behind all others, so that they hold none.

use super::super::super::Source;
use super::super::super::arguments::{Argument, called};
use super::super::super::chain::CHAIN;
use super::super::super::source::RUST_WIDTH;
use super::super::super::template::filled;
use super::sender::Sender;

/// Where statements of a function stand.
const INNER: &str = "    ";

/// The text, where a process traces with the context in which each message was kept; errors are logged or written.
pub(super) fn text(source: &Source<'_>, sender: &Sender, traced: bool, logs: bool) -> String {
    let (client, path, ty) = &sender.client;
    let params: Vec<String> = sender.kept.iter().map(|kept| format!("{}: {}", kept.name, kept.takes)).collect();
    let names: Vec<&str> = sender.kept.iter().map(|kept| kept.name.as_str()).collect();
    let types: Vec<&str> = sender.kept.iter().map(|kept| kept.is.as_str()).collect();
    let mut given: Vec<Argument> =
        sender.kept.iter().map(|kept| Argument::of(format!("{}{}", if kept.lent { "&" } else { "" }, kept.name))).collect();
    let (at, lent) = sender.client_at;
    given.insert(at, Argument::of(if lent { client.clone() } else { format!("{client}.clone()") }));
    let sends = match (called(source, INNER, &sender.path, &given, ".await?;"), traced) {
        (line, false) => line,
        (line, true) => {
            let sends = line.trim_end_matches(".await?;");
            let whole = format!("{sends}.instrument(span).await?;");
            let fits = !sends.contains('\n') && whole.len() - ";".len() <= CHAIN;
            // The links of what ends on a line of its own begin where that does.
            let deeper = if sends.contains('\n') { "" } else { "    " };
            if fits { whole } else { format!("{sends}\n{INNER}{deeper}.instrument(span)\n{INNER}{deeper}.await?;") }
        }
    };
    let texts = if traced { TRACED } else { UNTRACED };
    let uses = uses(path, traced);
    let (all_stay, one_stays) = if logs { LOGGED } else { PRINTED };
    let trace = if traced { ", trace" } else { "" };
    let values = [
        ("USES", uses.as_str()),
        ("MESSAGE", &tuple(&types)),
        ("ENQUEUE", &signature(&params)),
        ("TUPLE", &tuple(&names)),
        ("KEPT", texts.kept),
        ("ROW", texts.row),
        ("CHOSEN", texts.select),
        ("COLUMNS", texts.columns),
        ("SPAN", texts.span),
        ("SENDS", &sends),
        ("CLIENT", client),
        ("TYPE", ty),
        ("STAYS", one_stays),
        ("STAY", all_stay),
        ("TRACED", trace),
        ("TRACE", texts.param),
        ("PAUSE", PAUSE),
    ];
    filled(TEMPLATE, &values)
}

/// What the module imports, in the order of rustfmt.
fn uses(client: &str, traced: bool) -> String {
    let mut paths = vec![format!("use {client};"), "use sqlx::{PgPool, Postgres, Transaction};".to_owned()];
    if traced {
        paths.extend(
            ["use opentelemetry::global;", "use tracing::Instrument as _;", "use tracing_opentelemetry::OpenTelemetrySpanExt as _;"]
                .map(str::to_owned),
        );
    }
    paths.sort();
    let standard = if traced { "use std::collections::HashMap;\nuse std::time::Duration;" } else { "use std::time::Duration;" };
    format!("{standard}\n\n{}", paths.join("\n"))
}

/// A tuple of several, or of one.
fn tuple(items: &[&str]) -> String {
    if items.len() == 1 { format!("({},)", items[0]) } else { format!("({})", items.join(", ")) }
}

fn signature(params: &[String]) -> String {
    let own = std::iter::once("tx: &mut Transaction<'_, Postgres>".to_owned()).chain(params.iter().cloned());
    let own: Vec<String> = own.collect();
    let line = format!("pub async fn enqueue({}) -> sqlx::Result<()> {{", own.join(", "));
    if line.len() <= RUST_WIDTH {
        return line;
    }
    let lines: String = own.iter().map(|param| format!("    {param},\n")).collect();
    format!("pub async fn enqueue(\n{lines}) -> sqlx::Result<()> {{")
}

/// What is said of messages with or without the trace that each belongs to.
struct Texts {
    kept: &'static str,
    row: &'static str,
    select: &'static str,
    columns: &'static str,
    param: &'static str,
    span: &'static str,
}

const UNTRACED: Texts = Texts {
    kept: r#"    sqlx::query("INSERT INTO outbox (message) VALUES ($1::json)")
        .bind(kept)"#,
    row: "(i64, i32, String)",
    select: "id, tries, message::text",
    columns: "(number, tries, kept)",
    param: "",
    span: "",
};
const TRACED: Texts = Texts {
    kept: r#"    let mut trace = HashMap::new();
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|it| it.inject_context(&context, &mut trace));
    let encoded = serde_json::to_string(&trace);
    let trace = encoded.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
    sqlx::query("INSERT INTO outbox (message, trace) VALUES ($1::json, $2::json)")
        .bind(kept)
        .bind(trace)"#,
    row: "(i64, i32, String, String)",
    select: "id, tries, message::text, trace::text",
    columns: "(number, tries, kept, trace)",
    param: ", trace: &str",
    span: "
    let trace: HashMap<String, String> = serde_json::from_str(trace)?;
    let span = tracing::info_span!(\"outbox\");
    let _ = span.set_parent(global::get_text_map_propagator(|it| it.extract(&trace)));",
};

/// What says that all messages stay, and that one does: logged, or written.
const LOGGED: (&str, &str) =
    ("tracing::error!(%error, \"messages stay in the outbox\");", "tracing::error!(%error, number, \"a message stays in the outbox\");");
const PRINTED: (&str, &str) =
    ("eprintln!(\"messages stay in the outbox: {error}\");", "eprintln!(\"message {number} stays in the outbox: {error}\");");

/// What it waits for where there is nothing to send.
const PAUSE: &str = "tokio::time::sleep(Duration::from_millis(500))";

const TEMPLATE: &str = r#"//! Messages that are kept with the rows they tell of, until they are sent.

USES

/// What a message is made of.
type Message = MESSAGE;

/// How often a message may fail before those behind it no longer wait for it.
const MAX_TRIES: i32 = 10;

/// Keeps a message that is to be sent if the transaction succeeds.
ENQUEUE
    let encoded = serde_json::to_string(&TUPLE);
    let kept = encoded.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
KEPT
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Sends what is kept, each message at least once; several processes may do it.
pub async fn relay(pool: PgPool, CLIENT: TYPE) {
    loop {
        let sent = flush(&pool, &CLIENT).await;
        if let Err(error) = &sent {
            STAY
        }
        if sent.unwrap_or(0) == 0 {
            PAUSE.await;
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn flush(pool: &PgPool, CLIENT: &TYPE) -> Result<usize, Failure> {
    let mut tx = pool.begin().await?;
    let rows: Vec<ROW> = sqlx::query_as(
        "SELECT CHOSEN FROM outbox ORDER BY tries >= $1, id LIMIT 100 FOR UPDATE SKIP LOCKED",
    )
    .bind(MAX_TRIES)
    .fetch_all(&mut *tx)
    .await?;
    let mut sent = 0;
    for COLUMNS in &rows {
        if let Err(error) = send(CLIENT, keptTRACED).await {
            STAYS
            sqlx::query("UPDATE outbox SET tries = tries + 1 WHERE id = $1")
                .bind(number)
                .execute(&mut *tx)
                .await?;
            if *tries < MAX_TRIES {
                break;
            }
            continue;
        }
        sqlx::query("DELETE FROM outbox WHERE id = $1")
            .bind(number)
            .execute(&mut *tx)
            .await?;
        sent += 1;
    }
    tx.commit().await?;
    Ok(sent)
}

/// Sends a message that was kept.
async fn send(CLIENT: &TYPE, kept: &strTRACE) -> Result<(), Failure> {
    let TUPLE: Message = serde_json::from_str(kept)?;SPAN
    SENDS
    Ok(())
}
"#;
