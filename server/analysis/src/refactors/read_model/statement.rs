//! What a statement of SQL asks a table for, and how migrations make that table.
//!
//! Invariant: a table that is made in several ways, or changed after it was made in a way that is not followed, is not known.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    AlterTableOperation, ColumnDef, ColumnOption, CreateTable, Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr,
    Statement, TableConstraint, TableFactor, Visit, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::super::{Context, Refusal};

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Its type in lower case: `bigint`.
    pub(super) ty: String,
    pub(super) required: bool,
    pub(super) key: bool,
}

impl Column {
    /// Its type without its length: `varchar` of `varchar(20)`.
    pub(super) fn kind(&self) -> &str {
        self.ty.split('(').next().unwrap_or_default().trim()
    }
}

/// A table as migrations make it.
pub(super) struct Made(Vec<Column>);

impl Made {
    /// The key and the columns that are asked for.
    pub(super) fn of(&self, asked: &BTreeSet<String>, table: &str) -> Result<Vec<Column>, Refusal> {
        let unknown = asked.iter().find(|name| !self.0.iter().any(|column| column.name == **name));
        if let Some(name) = unknown {
            return Err(Refusal::new(format!("no migration gives `{table}` a column `{name}`")));
        }
        if self.0.iter().filter(|column| column.key).count() != 1 {
            return Err(Refusal::new(format!("`{table}` has no key of one column")));
        }
        Ok(self.0.iter().filter(|column| column.key || asked.contains(&column.name)).cloned().collect())
    }
}

/// The columns that a statement asks a table for, if it asks for them by name, and nothing else.
pub(super) fn columns(text: &str, table: &str) -> Option<Vec<String>> {
    let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, text).ok()?;
    let (Some(Statement::Query(query)), true) = (statements.pop(), statements.is_empty()) else { return None };
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let is_plain = query.with.is_none() && query.locks.is_empty() && is_of(select, table);
    let named = select.projection.iter().all(|item| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }));
    let mut asked = Asked::default();
    let _ = query.visit(&mut asked);
    (is_plain && named && asked.queries == 1).then_some(asked.columns)
}

fn is_of(select: &Select, table: &str) -> bool {
    let [from] = &select.from[..] else { return false };
    matches!(&from.relation, TableFactor::Table { name, .. } if is_called(name, table)) && from.joins.is_empty()
}

/// Whether a name is a table's; one of another schema than `public`, which goes without saying, is another table's.
fn is_called(name: &ObjectName, table: &str) -> bool {
    let is = |part: &ObjectNamePart, wanted: &str| {
        let same = |word: &Ident| if word.quote_style.is_some() { word.value == wanted } else { word.value.eq_ignore_ascii_case(wanted) };
        part.as_ident().is_some_and(same)
    };
    match &name.0[..] {
        [only] => is(only, table),
        [schema, last] => is(schema, "public") && is(last, table),
        _ => false,
    }
}

/// Names of columns in a statement, and how many queries it is made of.
#[derive(Default)]
struct Asked {
    columns: Vec<String>,
    queries: usize,
}

impl Visitor for Asked {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        let name = match expression {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        self.columns.extend(name.map(|name| name.value.clone()));
        ControlFlow::Continue(())
    }
}

/// How the migrations of the workspace make a table.
pub(super) fn made(context: &Context<'_>, table: &str) -> Result<Made, Refusal> {
    let unseen = || Refusal::new(format!("how `{table}` is made is not seen in one migration"));
    let mut found: Option<Vec<Column>> = None;
    for (_, path, _) in context.snapshot.files.iter().filter(|(_, path, _)| path.extension() == Some("sql")) {
        let Ok(text) = context.texts.text(path) else { continue };
        let named = || text.to_lowercase().contains(&format!("table {table}")) || text.contains(&format!("\"{table}\""));
        // What takes a table back is no part of what makes it.
        if path.as_str().ends_with(".down.sql") || !named() {
            continue;
        }
        let up = text.split("-- migrate:down").next().unwrap_or_default();
        for statement in Parser::parse_sql(&PostgreSqlDialect {}, up).map_err(|_| unseen())? {
            match statement {
                Statement::CreateTable(create) if is_called(&create.name, table) => {
                    let other = found.replace(columns_of(&create));
                    other.map_or(Ok(()), |_| Err(unseen()))?;
                }
                Statement::AlterTable(alter) if is_called(&alter.name, table) => {
                    let known = found.as_mut().ok_or_else(unseen)?;
                    for operation in &alter.operations {
                        match operation {
                            AlterTableOperation::AddColumn { column_def, .. } => known.push(column(column_def)),
                            AlterTableOperation::AddConstraint { .. } => {}
                            _ => return Err(unseen()),
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found.map(Made).ok_or_else(unseen)
}

fn columns_of(create: &CreateTable) -> Vec<Column> {
    let mut columns: Vec<Column> = create.columns.iter().map(column).collect();
    for constraint in &create.constraints {
        if let TableConstraint::PrimaryKey(key) = constraint {
            let names: Vec<String> = key.columns.iter().map(|column| column.column.expr.to_string().replace('"', "")).collect();
            columns.iter_mut().filter(|column| names.contains(&column.name)).for_each(|column| {
                column.key = true;
                column.required = true;
            });
        }
    }
    columns
}

fn column(def: &ColumnDef) -> Column {
    let key = def.options.iter().any(|option| matches!(option.option, ColumnOption::PrimaryKey(_)));
    let required = key || def.options.iter().any(|option| matches!(option.option, ColumnOption::NotNull));
    let ty = def.data_type.to_string().to_lowercase();
    let ty = match ty.as_str() {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        ty => ty,
    };
    Column { name: def.name.value.clone(), ty: ty.to_owned(), required, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_statements_name_their_columns() {
        let asked = |text| columns(text, "orders");
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked("SELECT state FROM orders WHERE id = $1"), names(&["state", "id"]));
        assert_eq!(asked("SELECT o.state AS s FROM public.orders o ORDER BY o.placed"), names(&["state", "placed"]));
        for other in [
            "SELECT * FROM orders",
            "SELECT state FROM orders, mails",
            "SELECT state FROM orders JOIN mails ON true",
            "SELECT state FROM orders WHERE id IN (SELECT id FROM mails)",
            "SELECT state FROM orders FOR UPDATE",
            "UPDATE orders SET state = 'new'",
            "SELECT state FROM mails",
            "SELECT state FROM shop.orders",
            "SELECT state FROM shop.public.orders",
        ] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
