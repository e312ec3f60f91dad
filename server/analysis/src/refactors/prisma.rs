//! Prisma's client as a new file imports it, and models that its schema is given.
//!
//! Invariant: a schema is of PostgreSQL, has no such model yet, and gets a migration with it if it has any.

use camino::Utf8Path;
use portolan_grammars::facts::{Expr, Imported, Symbol};

use super::passage::{lower_first, relative, usual_extension};
use super::pool::Pool;
use super::{Context, Edit, Refusal, Source, imports, injected, migrations};
use crate::resolve::value::CallRef;
use crate::workspace::modules::package_name;
use crate::workspace::paths;
use crate::workspace::prisma::PrismaSchema;

/// A model that a schema is given.
pub(super) struct Model {
    pub(super) name: &'static str,
    /// Its table.
    pub(super) table: &'static str,
    pub(super) text: String,
    /// What makes the table.
    pub(super) up: String,
}

/// An extended client, whose type is only that of the value.
pub(super) struct Extended {
    /// What the file calls it that writes with it.
    name: String,
    /// The same as a new file imports it.
    pub(super) imported: String,
    /// And from where.
    pub(super) module: String,
}

/// What stands for the name of an extended client.
const NAME: &str = "EXTENDED";
/// What a transaction of one is, and an empty line behind it.
pub(super) const TRANSACTION: &str = "/** The client as it is in a transaction. */
type Transaction = Omit<
  typeof EXTENDED,
  \"$connect\" | \"$disconnect\" | \"$extends\" | \"$on\" | \"$transaction\" | \"$use\"
>;

";

impl Extended {
    /// The client that a file writes with, as another one beside it may import it, if it is an extended one.
    pub(super) fn of(context: &Context<'_>, pool: Pool<'_>, writer: &Source<'_>, path: &Utf8Path) -> Result<Option<Self>, Refusal> {
        if !pool.extended {
            return Ok(None);
        }
        let home = context.source(pool.home)?;
        if Source::has_word(&home.text, "$transaction") {
            return Err(Refusal::new("its client of Prisma may be extended by transactions of its own"));
        }
        let name = pool.name().ok_or_else(|| Refusal::new("its client of Prisma is an extended one, which is a field"))?;
        let unclear = || Refusal::new(format!("from where {name} is imported is not simple"));
        let Some(import) = injected::import(writer.facts, name) else {
            let is_exported = pool.home == writer.file && home.text.contains(&format!("export const {name} "));
            let extension = usual_extension(context, &home).filter(|_| is_exported).ok_or_else(unclear)?;
            let module = relative(paths::folder(path.as_str()), home.path.with_extension("").as_str()) + extension;
            return Ok(Some(Self { name: name.to_owned(), imported: name.to_owned(), module }));
        };
        let imported = match &import.imported {
            Imported::Named(outer) if outer == name => name.to_owned(),
            Imported::Named(outer) => format!("{outer} as {name}"),
            _ => return Err(unclear()),
        };
        let module = if import.source.starts_with('.') {
            let joined = paths::join(paths::folder(writer.path.as_str()), &import.source).ok_or_else(unclear)?;
            relative(paths::folder(path.as_str()), &joined)
        } else {
            import.source.to_string()
        };
        let workspace = &context.snapshot.workspace;
        let is_own = workspace.package_of(writer.path) == workspace.package_of(path);
        is_own.then_some(Some(Self { name: name.to_owned(), imported, module })).ok_or_else(unclear)
    }

    /// A text in which it goes by its name.
    pub(super) fn named(&self, text: &str) -> String {
        text.replace(NAME, &self.name)
    }
}

/// What a new file imports the client's types from; it stands in the package of a source.
pub(super) fn client(context: &Context<'_>, pool: Pool<'_>, source: &Source<'_>, path: &Utf8Path) -> Result<String, Refusal> {
    let workspace = &context.snapshot.workspace;
    let unseen = || Refusal::new("where Prisma's client comes from is not seen");
    let (from, facts) = (context.snapshot.files.path(pool.home), context.snapshot.files.source(pool.home));
    let is_client = |imported: &Imported| matches!(imported, Imported::Named(name) if name == "PrismaClient");
    let import = facts.and_then(|facts| facts.imports.iter().find(|import| is_client(&import.imported) && !import.reexport));
    let module = import.map(|import| import.source.as_str()).ok_or_else(unseen)?;
    if workspace.package_of(from) != workspace.package_of(path) {
        // `@prisma/client` of `@prisma/client/edge`.
        let (package, _) = package_name(module).ok_or_else(unseen)?;
        if module.starts_with('.') || !imports::depends_on(context, source, package) {
            return Err(Refusal::new(format!("Prisma's client is of another package than {}", source.name())));
        }
    }
    if !module.starts_with('.') {
        return Ok(module.to_owned());
    }
    let joined = paths::join(paths::folder(from.as_str()), module).ok_or_else(unseen)?;
    Ok(relative(paths::folder(path.as_str()), &joined))
}

/// Adds a model to the schema of what a call writes, and the migration that makes its table.
pub(super) fn add_model(context: &Context<'_>, written: CallRef, model: &Model, edit: &mut Edit) -> Result<(), Refusal> {
    let schema = schema(context, written)?;
    let text = context.text(schema.file)?;
    if text.contains("@@schema(") {
        return Err(Refusal::new("its models are in schemas of their own"));
    }
    if schema.table(&Symbol::new(lower_first(model.name))).is_some() {
        return Err(Refusal::new(format!("there is a model `{}` already", model.name)));
    }
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if text.ends_with('\n') { newline.to_owned() } else { newline.repeat(2) };
    edit.insert(schema.file, text.len() as u32, format!("{gap}{}", model.text.replace('\n', newline)));
    migrations::add_folder(context, schema.path.as_str().into(), model.table, &model.up, edit)
}

/// The schema of what a call writes.
fn schema<'a>(context: &Context<'a>, written: CallRef) -> Result<&'a PrismaSchema, Refusal> {
    let snapshot = context.snapshot;
    let facts = snapshot.files.source(written.file);
    let model = facts.and_then(|facts| match facts.expr(facts.call(written.call).callee) {
        Expr::Member { object, .. } => match facts.expr(*object) {
            Expr::Member { name, .. } => Some(name),
            _ => None,
        },
        _ => None,
    });
    let schema = snapshot.workspace.prisma.of_code(snapshot.files.path(written.file), model);
    let is_postgres = |schema: &&PrismaSchema| matches!(schema.provider.as_deref(), Some("postgresql" | "postgres"));
    schema.filter(is_postgres).ok_or_else(|| Refusal::new("its tables are of another database than PostgreSQL"))
}
