//! A migration added behind those of a package: in SQL, or in code where knex or TypeORM runs it.
//!
//! Invariant: it is named and written as the last one, and comes after it.

use std::collections::BTreeSet;

use camino::Utf8Path;
use portolan_grammars::facts::{Imported, SourceFacts, TypeDef};

use super::imports::{Style, in_style, style};
use super::{Context, Edit, Refusal, Source};
use crate::Snapshot;
use crate::chart::{Access, ServiceIndex};

/// Refuses services that have a table of a name for something else.
pub(super) fn is_new(snapshot: &Snapshot, services: &[ServiceIndex], name: &str) -> Result<(), Refusal> {
    let own = |access: &Access| services.contains(&access.service);
    let mut tables = snapshot.chart.stores.iter().flat_map(|store| &store.collections).filter(|it| it.accesses.iter().any(own));
    if tables.any(|table| table.name == name) {
        return Err(Refusal::new(format!("there is a table `{name}` already")));
    }
    Ok(())
}

/// Adds a migration behind the last one of the package that a file is in: what it does, and what takes it back.
pub(super) fn add(context: &Context<'_>, source: &Source<'_>, name: &str, up: &str, down: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let package = snapshot.workspace.package_of(source.path);
    let refused = || Refusal::new("there is no one folder of numbered migrations in SQL");
    let mut found: Vec<Numbered<'_>> = snapshot
        .files
        .iter()
        .filter(|(_, path, _)| path.extension() == Some("sql") && snapshot.workspace.package_of(path) == package)
        .filter_map(|(_, path, _)| Numbered::of(path.as_str()))
        .collect();
    found.sort_by_key(|numbered| (numbered.number, numbered.path));
    let last = found.last().ok_or_else(refused)?;
    if found.iter().any(|other| other.folder != last.folder) {
        return Err(refused());
    }
    let text = context.texts.text(last.path.into()).map_err(|why| Refusal::new(format!("{} {why}", last.path)))?;
    let next = |rest: &str| format!("{}{rest}", last.next(name));
    if last.path.ends_with(".up.sql") || last.path.ends_with(".down.sql") {
        edit.create(next(".up.sql").into(), up);
        edit.create(next(".down.sql").into(), down);
    } else if text.contains("-- migrate:up") {
        edit.create(next(".sql").into(), format!("-- migrate:up\n{up}\n-- migrate:down\n{down}"));
    } else {
        edit.create(next(".sql").into(), up);
    }
    Ok(())
}

/// A table as knex makes it.
pub(super) struct Table<'t> {
    pub(super) name: &'static str,
    /// Its columns, as statements on lines of their own.
    pub(super) columns: &'t str,
}

/// Adds a migration that knex runs, as the last one of the package is written: in code, or else in SQL.
pub(super) fn add_with_knex(
    context: &Context<'_>,
    source: &Source<'_>,
    table: &Table<'_>,
    (up, down): (&str, &str),
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let Some((last, last_one)) = last_in_code(context, source)? else { return add(context, source, table.name, up, down, edit) };
    let (opening, between, closing) = match (last_one.path.extension(), style(context, &last_one)) {
        (Some("ts"), _) => (KNEX_OPENING, KNEX_BETWEEN, ""),
        (_, Style::Import) => (MODULE_OPENING, MODULE_BETWEEN, ""),
        (_, Style::Require) => (SCRIPT_OPENING, SCRIPT_BETWEEN, ";"),
    };
    if !["up", "down"].iter().all(|way| Source::has_word(&last_one.text, way)) {
        return Err(Refusal::new(format!("{} is no migration of knex", last_one.name())));
    }
    let Table { name, columns } = table;
    let text = format!(
        "{opening}  await knex.schema.createTable(\"{name}\", (table) => {{\n    {columns}\n  }});\n}}{closing}\n\n{between}  \
         await knex.schema.dropTable(\"{name}\");\n}}{closing}\n"
    );
    let extension = last_one.path.extension().unwrap_or_default();
    edit.create(format!("{}{name}.{extension}", last.next("")).into(), in_style(&last_one, &text));
    Ok(())
}

const KNEX_OPENING: &str = "import type { Knex } from \"knex\";

export async function up(knex: Knex): Promise<void> {
";
const KNEX_BETWEEN: &str = "export async function down(knex: Knex): Promise<void> {\n";
const MODULE_OPENING: &str = "export async function up(knex) {\n";
const MODULE_BETWEEN: &str = "export async function down(knex) {\n";
const SCRIPT_OPENING: &str = "exports.up = async function (knex) {\n";
const SCRIPT_BETWEEN: &str = "exports.down = async function (knex) {\n";

/// The last migration in code of the package that a file is in: where it stands, and what it says.
fn last_in_code<'a>(context: &Context<'a>, source: &Source<'a>) -> Result<Option<(Numbered<'a>, Source<'a>)>, Refusal> {
    let snapshot = context.snapshot;
    let package = snapshot.workspace.package_of(source.path);
    let is_code = |path: &Utf8Path| matches!(path.extension(), Some("ts" | "js" | "mjs" | "cjs"));
    let own = snapshot.files.iter().filter(|(_, path, _)| is_code(path) && snapshot.workspace.package_of(path) == package);
    let mut found: Vec<_> = own.filter_map(|(file, path, _)| Some((Numbered::of(path.as_str())?, file))).collect();
    found.sort_by_key(|(numbered, _)| (numbered.number, numbered.path));
    let folders: BTreeSet<&str> = found.iter().map(|(numbered, _)| numbered.folder).collect();
    match found.pop() {
        None => Ok(None),
        Some(_) if folders.len() > 1 => Err(Refusal::new("there is no one folder of numbered migrations")),
        Some((last, file)) => Ok(Some((last, context.source(file)?))),
    }
}

/// Adds a migration as TypeORM runs them: a class behind the last one of the package, named by its number as its file is.
pub(super) fn add_with_typeorm(
    context: &Context<'_>,
    source: &Source<'_>,
    (name, class): (&str, &str),
    (up, down): (&str, &str),
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let (last, last_one) = last_in_code(context, source)?.ok_or_else(|| Refusal::new("there are no numbered migrations"))?;
    let is_one = |ty: &TypeDef| ty.bases.iter().any(|base| base.path == "MigrationInterface");
    let before = last_one.facts.types.iter().find(|ty| is_one(ty) && ty.name.ends_with(&last.number.to_string()));
    let before = before.ok_or_else(|| Refusal::new(format!("{} is no migration of TypeORM", last_one.name())))?;
    // Others may list them one by one.
    let lists =
        |facts: &SourceFacts| facts.imports.iter().any(|import| matches!(&import.imported, Imported::Named(it) if *it == before.name));
    if snapshot.files.iter().filter_map(|(.., facts)| facts.source()).any(lists) {
        return Err(Refusal::new("its migrations are listed one by one"));
    }
    let indented = |statement: &str| statement.trim_end_matches([';', '\n']).replace('\n', "\n      ");
    let text = TYPEORM
        .replace("CLASS", &format!("{class}{}", last.number + 1))
        .replace("UP", &indented(up))
        .replace("DOWN", down.trim_end_matches([';', '\n']));
    let text = in_style(&last_one, &text);
    edit.create(format!("{}{}.ts", last.next(""), if last.names_classes() { class } else { name }).into(), text);
    Ok(())
}

const TYPEORM: &str = "import { MigrationInterface, QueryRunner } from \"typeorm\";

export class CLASS implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      UP
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DOWN`);
  }
}
";

/// Adds a migration as Prisma keeps them: a folder behind the last one of the package that a schema is in. Where there are none, the schema alone
/// says what the database is like.
pub(super) fn add_folder(context: &Context<'_>, schema: &Utf8Path, name: &str, up: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let workspace = &context.snapshot.workspace;
    let all = context.snapshot.files.iter().filter(|(_, path, _)| path.file_name() == Some("migration.sql"));
    let own = all.filter(|(_, path, _)| workspace.package_of(path) == workspace.package_of(schema));
    // Behind one without a number, nothing says where the next would come.
    let found: Option<Vec<Numbered<'_>>> = own.map(|(_, path, _)| Numbered::of(path.parent()?.as_str())).collect();
    let mut found = found.ok_or_else(|| Refusal::new("a migration beside the schema has no number"))?;
    found.sort_by_key(|numbered| (numbered.number, numbered.path));
    let Some(last) = found.last() else { return Ok(()) };
    if found.iter().any(|other| other.folder != last.folder) {
        return Err(Refusal::new("there is no one folder of migrations beside the schema"));
    }
    edit.create(format!("{}/migration.sql", last.next(name)).into(), up);
    Ok(())
}

/// A migration that is known by its number: `migrations/0007_orders.sql`.
struct Numbered<'p> {
    path: &'p str,
    folder: &'p str,
    number: u64,
    width: usize,
    separator: char,
}

impl<'p> Numbered<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/')?;
        let named = folder.rsplit('/').next()?.to_lowercase();
        let width = name.len() - name.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let number = name[..width].parse().ok()?;
        let separator = name[width..].chars().next().filter(|letter| matches!(letter, '_' | '-'))?;
        named.contains("migration").then_some(Self { path, folder, number, width, separator })
    }

    /// Whether it is called as a class is: `1700000000000-AddOrders`.
    fn names_classes(&self) -> bool {
        let name = self.path.rsplit(self.separator).next().unwrap_or_default();
        name.starts_with(char::is_uppercase)
    }

    /// The path of the one behind it.
    fn next(&self, name: &str) -> String {
        format!("{}/{:0width$}{}{name}", self.folder, self.number + 1, self.separator, width = self.width)
    }
}
