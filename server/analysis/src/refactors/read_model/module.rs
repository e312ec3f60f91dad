//! The table of a copy, and what puts a change into it.
//!
//! Invariant: a change that comes twice, or after a later one, changes nothing.

use portolan_grammars::catalog::WordCase;

use super::super::names::singular;
use super::super::template::filled;
use super::super::{MARK, Refusal};
use super::statement::Column;
use crate::words::{enumerate_first, words};

/// How many channels are named.
const MAX_NAMED: usize = 4;

/// What numbers the changes of a row.
const REVISION: &str = "revision";

/// A copy of a table.
pub(super) struct Copy<'t> {
    pub(super) table: &'t str,
    /// What the copy is called.
    pub(super) view: &'t str,
    /// Its columns, the key among them.
    pub(super) columns: Vec<Column>,
    /// The channels to which the owner sends.
    pub(super) sent: &'t [String],
    pub(super) owner: String,
}

impl Copy<'_> {
    /// What makes the table, as full as the one that it is a copy of.
    pub(super) fn up(&self) -> String {
        let definition = |column: &Column| {
            let end = match (column.key, column.required) {
                (true, _) => " PRIMARY KEY",
                (_, true) => " NOT NULL",
                _ => "",
            };
            format!("  {} {}{end},\n", column.name, column.ty)
        };
        let definitions: String = self.columns.iter().map(definition).collect();
        let (view, table, names) = (self.view, self.table, self.names().join(", "));
        format!(
            "CREATE TABLE {view} (\n{definitions}  {REVISION} bigint NOT NULL\n);\n\nINSERT INTO {view} ({names}, {REVISION})\n\
             SELECT {names}, 0 FROM {table};\n"
        )
    }

    fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    fn event(&self) -> Vec<String> {
        singular(&words(self.table)).into_iter().chain(["changed".to_owned()]).collect()
    }

    /// The statement, each of its lines but the first behind an indent.
    fn statement(&self, indent: &str) -> String {
        let all: Vec<&str> = self.names().into_iter().chain([REVISION]).collect();
        let holes: Vec<String> = (1..=all.len()).map(|at| format!("${at}")).collect();
        let keys = self.columns.iter().filter(|column| column.key).map(|column| column.name.as_str());
        let sets = self.columns.iter().filter(|column| !column.key).map(|column| column.name.as_str()).chain([REVISION]);
        let sets: Vec<String> = sets.map(|name| format!("{name} = EXCLUDED.{name}")).collect();
        let view = self.view;
        let lines = [
            format!("INSERT INTO {view} ({}) VALUES ({})", all.join(", "), holes.join(", ")),
            format!("ON CONFLICT ({}) DO UPDATE SET {}", keys.collect::<Vec<_>>().join(", "), sets.join(", ")),
            format!("WHERE {view}.{REVISION} < EXCLUDED.{REVISION}"),
        ];
        lines.join(&format!("\n{indent}"))
    }

    /// What there is to do, as lines of comments.
    fn to_do(&self, comment: &str) -> String {
        let channels: Vec<String> = self.sent.iter().map(|name| format!("`{name}`")).collect();
        let Self { table, view, owner, .. } = self;
        let channels = enumerate_first(&channels, MAX_NAMED);
        let lines = [
            format!("{MARK}: nothing is put into {view} yet, which its migration fills as {table} is then."),
            format!("Let a message of {owner} that tells of each change of a row do it, with a revision that grows"),
            "by each, and take away what is gone. Sent so far:".to_owned(),
            format!("{channels}."),
        ];
        lines.map(|line| format!("{comment} {line}\n")).concat()
    }

    /// The module in TypeScript.
    pub(super) fn typescript(&self) -> Result<String, Refusal> {
        let of = |column: &Column| {
            let ty = match column.kind() {
                "integer" | "int" | "int4" | "smallint" | "int2" | "real" | "double precision" | "float8" => "number",
                "text" | "varchar" | "character varying" | "char" | "uuid" | "bigint" | "int8" | "numeric" | "decimal" | "citext" => {
                    "string"
                }
                "boolean" | "bool" => "boolean",
                "timestamptz" | "timestamp" | "timestamp with time zone" | "timestamp without time zone" => "Date",
                _ => return Err(self.unknown(column)),
            };
            let null = if column.required { "" } else { " | null" };
            Ok(format!("  {}: {ty}{null};\n", column.name))
        };
        let fields: String = self.columns.iter().map(of).collect::<Result<_, _>>()?;
        let given: Vec<String> = self.names().into_iter().chain([REVISION]).map(|name| format!("row.{name}")).collect();
        let values = [
            ("WHAT", self.to_do("//")),
            ("TABLE", self.table.to_owned()),
            ("VIEW", self.view.to_owned()),
            ("EVENT", WordCase::Pascal.join(&self.event())),
            ("FIELDS", fields),
            ("STATEMENT", self.statement("     ")),
            ("GIVEN", given.join(", ")),
        ];
        Ok(filled(TYPESCRIPT, &values))
    }

    /// The module in Rust.
    pub(super) fn rust(&self) -> Result<String, Refusal> {
        let of = |column: &Column| {
            let ty = match column.kind() {
                "integer" | "int" | "int4" => "i32",
                "smallint" | "int2" => "i16",
                "bigint" | "int8" => "i64",
                "real" => "f32",
                "double precision" | "float8" => "f64",
                "text" | "varchar" | "character varying" => "String",
                "boolean" | "bool" => "bool",
                _ => return Err(self.unknown(column)),
            };
            let ty = if column.required { ty.to_owned() } else { format!("Option<{ty}>") };
            Ok(format!("    pub {}: {ty},\n", column.name))
        };
        let fields: String = self.columns.iter().map(of).collect::<Result<_, _>>()?;
        let binds = self.columns.iter().map(|column| {
            let lent = if column.ty.contains("text") || column.ty.contains("char") { "&" } else { "" };
            format!("    .bind({lent}row.{})\n", column.name)
        });
        let values = [
            ("WHAT", self.to_do("//!")),
            ("TABLE", self.table.to_owned()),
            ("VIEW", self.view.to_owned()),
            ("EVENT", WordCase::Pascal.join(&self.event())),
            ("FIELDS", fields),
            ("STATEMENT", self.statement("         ")),
            ("BINDS", binds.collect()),
        ];
        Ok(filled(RUST, &values))
    }

    fn unknown(&self, column: &Column) -> Refusal {
        Refusal::new(format!("what `{}` of `{}` is in code is not known: its type is {}", column.name, self.table, column.ty))
    }
}

const TYPESCRIPT: &str = r#"import type { Pool } from "pg";

WHAT
/** A row of TABLE after a change; of two changes, the later has the greater revision. */
export interface EVENT {
FIELDS  revision: number;
}

/** Puts a change into VIEW; one that comes twice, or behind a later one, changes nothing. */
export async function applyEVENT(pool: Pool, row: EVENT): Promise<void> {
  await pool.query(
    `STATEMENT`,
    [GIVEN],
  );
}
"#;

const RUST: &str = r#"//! A copy of TABLE, which another service keeps.
//!
WHAT#![allow(dead_code)]

use sqlx::PgPool;

/// A row of TABLE after a change; of two changes, the later has the greater revision.
#[derive(Debug, Clone)]
pub struct EVENT {
FIELDS    pub revision: i64,
}

/// Puts a change into VIEW; one that comes twice, or behind a later one, changes nothing.
pub async fn apply(pool: &PgPool, row: &EVENT) -> sqlx::Result<()> {
    sqlx::query(
        "STATEMENT",
    )
BINDS    .bind(row.revision)
    .execute(pool)
    .await?;
    Ok(())
}
"#;
