//! The skeleton in Rust, which sqlx keeps where the crate has it.
//!
//! Invariant: it is formatted as rustfmt does, and asks for no feature of a library that the crate may not have turned on.

use portolan_grammars::catalog::WordCase;

use super::super::chain::CHAIN;
use super::super::packages::library;
use super::super::source::RUST_WIDTH;
use super::super::template::filled;
use super::super::{Context, MARK, Source};
use super::{Saga, Step, upper_first};

const SNAKE: WordCase = WordCase::Snake;
const PASCAL: WordCase = WordCase::Pascal;
/// How far arms of the match stand in, and what is in them.
const ARM: &str = "            ";
const INNER: &str = "                ";

/// The module's text; its table is made by a migration, or is still to be made.
pub(super) fn text(context: &Context<'_>, source: &Source<'_>, saga: &Saga, migrated: bool) -> String {
    let has = |name: &str| library(context.snapshot, source.file, name).is_some();
    let (is_kept, is_any) = (has("sqlx"), has("anyhow"));
    let result = if is_any { "anyhow::Result<()>" } else { "Result<(), Failure>" };
    let befores: Vec<String> = std::iter::once("Started".to_owned()).chain(saga.steps.iter().map(|step| step.state(PASCAL))).collect();
    let actions = saga.steps.iter().map(|step| action(&step.says, &step.name(SNAKE), ("id: &str", result)));
    let backs = saga.taken_back().map(|step| action(&format!("{MARK}: {}", step.hint()), &step.back(SNAKE), ("id: &str", result)));
    let given = format!("saga: &{}Saga", saga.pascal());
    let save = (!is_kept).then(|| action("Remembers how far a saga has come", "save", (&given, result)));
    let values = [
        ("MARK", MARK.to_owned()),
        ("TABLE", saga.table()),
        ("MIGRATION", if migrated { String::new() } else { table(saga) }),
        ("POOLS", (if is_kept { "\nuse sqlx::PgPool;\n" } else { "" }).to_owned()),
        ("FAILURE", (if is_any { "" } else { FAILURE }).to_owned()),
        ("ENTITY", saga.entity.join(" ")),
        ("PASCAL", saga.pascal()),
        ("IDENTITY", saga.named(SNAKE, "id")),
        ("STATES", saga.steps.iter().map(|step| format!("    {},\n", step.state(PASCAL))).collect()),
        ("TEXTS", texts(saga)),
        ("ACTIONS", actions.chain(backs).chain(save).collect()),
        ("ADVANCE", advance(saga, is_kept, result)),
        ("ATTEMPTS", befores.iter().zip(&saga.steps).map(|(before, step)| attempt(before, step)).collect()),
        ("TAKEN", saga.taken_back().map(taken_back).collect()),
        ("LAST", befores.last().cloned().unwrap_or_default()),
        (
            "WARNING",
            (if has("tracing") {
                TRACED
            } else if has("log") {
                LOGGED
            } else {
                TOLD
            })
            .to_owned(),
        ),
        ("KEPT", if is_kept { kept(saga) } else { "        actions.save(self).await\n".to_owned() }),
    ];
    filled(TEMPLATE, &values)
}

/// The table as a comment.
fn table(saga: &Saga) -> String {
    let lines: String = saga.up().trim_end().lines().map(|line| format!("//! {line}\n")).collect();
    format!("//!\n//! {MARK}: make its table by a migration:\n//! ```sql\n{lines}//! ```\n")
}

/// What the database has for each state.
fn texts(saga: &Saga) -> String {
    let of = |step: &Step| format!("{ARM}Self::{} => \"{}\",\n", step.state(PASCAL), step.state(SNAKE));
    saga.steps.iter().map(of).collect()
}

/// A method of the trait.
fn action(says: &str, name: &str, (param, result): (&str, &str)) -> String {
    let line = format!("    fn {name}(&self, {param}) -> impl Future<Output = {result}> + Send;\n");
    let declared = if line.trim_end().len() <= RUST_WIDTH {
        line
    } else {
        format!("    fn {name}(\n        &self,\n        {param},\n    ) -> impl Future<Output = {result}> + Send;\n")
    };
    format!("    /// {}.\n{declared}", upper_first(says))
}

fn advance(saga: &Saga, is_kept: bool, result: &str) -> String {
    let pool = is_kept.then(|| "pool: &PgPool".to_owned());
    let params: Vec<String> =
        std::iter::once("&mut self".to_owned()).chain(pool).chain([format!("actions: &impl {}Actions", saga.pascal())]).collect();
    let line = format!("    pub async fn advance({}) -> {result} {{", params.join(", "));
    if line.len() <= RUST_WIDTH {
        return line;
    }
    let lines: String = params.iter().map(|param| format!("        {param},\n")).collect();
    format!("    pub async fn advance(\n{lines}    ) -> {result} {{")
}

fn attempt(before: &str, step: &Step) -> String {
    let links = [format!("{}(id)", step.name(SNAKE)), "await".to_owned(), format!("map(|()| {})", step.state(PASCAL))];
    let line = format!("actions.{}", links.join("."));
    if line.len() <= CHAIN {
        return format!("{ARM}{before} => {line},\n");
    }
    format!("{ARM}{before} => actions\n{INNER}.{},\n", links.join(&format!("\n{INNER}.")))
}

fn taken_back(step: &Step) -> String {
    let name = step.back(SNAKE);
    let line = format!("actions.{name}(id).await?");
    if line.len() <= CHAIN { format!("{INNER}{line};\n") } else { format!("{INNER}actions\n{INNER}    .{name}(id)\n{INNER}    .await?;\n") }
}

fn kept(saga: &Saga) -> String {
    let statement = format!("UPDATE {} SET step = $2, updated_at = now() WHERE id = $1", saga.table());
    let binds = "            .bind(self.id)\n            .bind(self.step.as_str())\n            .execute(pool)\n            .await?;\n";
    format!("        sqlx::query(\"{statement}\")\n{binds}        Ok(())\n")
}

const FAILURE: &str = "\npub type Failure = Box<dyn std::error::Error + Send + Sync>;\n";

const TRACED: &str = "tracing::warn!(saga = self.id, %error, \"a step failed, what was done is taken back\");";
const LOGGED: &str = "log::warn!(\"saga {} is taken back, as a step failed: {error}\", self.id);";
const TOLD: &str = "eprintln!(\"saga {} is taken back, as a step failed: {error}\", self.id);";

const TEMPLATE: &str = r#"//! The steps of one ENTITY, and how they are taken back where one fails.
//!
//! MARK: nothing runs this yet. Say what the actions do, begin a saga where the steps are
//! taken today, and let a worker call `advance` for those of TABLE that are not over, so that
//! one whose process ended goes on.
MIGRATION#![allow(dead_code)]

use std::future::Future;
POOLSFAILURE
/// How far a saga has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PASCALStep {
    Started,
STATES    Compensating,
    Failed,
}

impl PASCALStep {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
TEXTS            Self::Compensating => "compensating",
            Self::Failed => "failed",
        }
    }
}

/// One ENTITY, as a row of TABLE.
#[derive(Debug, Clone)]
pub struct PASCALSaga {
    pub id: i64,
    pub IDENTITY: String,
    pub step: PASCALStep,
}

/// What each step does, and what takes it back. Each may be called twice, for a process may end
/// before it is remembered that it was done; and what takes a step back, also where that step was
/// not taken.
pub trait PASCALActions {
ACTIONS}

impl PASCALSaga {
    /// Takes the next step, or back all that may have been done, and remembers it.
ADVANCE
        use PASCALStep::*;
        let id = self.IDENTITY.as_str();
        let outcome = match self.step {
ATTEMPTS            Compensating => {
TAKEN                Ok(Failed)
            }
            LAST | Failed => return Ok(()),
        };
        self.step = match outcome {
            Ok(next) => next,
            Err(error) => {
                WARNING
                Compensating
            }
        };
KEPT    }
}
"#;
