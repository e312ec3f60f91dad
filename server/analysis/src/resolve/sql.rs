//! SQL: which tables a statement reads and writes, read from its parse.
//!
//! A statement that does not parse (a fragment, a dialect of its own) is looked through word by word for the tables behind `FROM`, `JOIN`,
//! `INTO`, `UPDATE`. Names of common table expressions are no tables.

use std::ops::ControlFlow;

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::Symbol;
use sqlparser::ast::{Expr, FromTable, ObjectName, Query, Statement, TableFactor, TableObject, Visit, Visitor};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

/// What stands for a hole of a statement.
pub const PLACEHOLDER: &str = "$1";

/// Tables of a statement, each with what is done to it; sorted, each once.
pub fn accesses(statement: &str) -> Vec<(Symbol, Operation)> {
    if !looks_like_sql(statement) {
        return Vec::new();
    }
    let dialect = sqlparser::dialect::PostgreSqlDialect {};
    let parsed = Parser::parse_sql(&dialect, statement)
        .or_else(|_| Parser::parse_sql(&GenericDialect {}, statement))
        .or_else(|_| Parser::parse_sql(&sqlparser::dialect::MySqlDialect {}, statement));
    let mut found = match parsed {
        Ok(statements) => {
            let mut tables = Tables::default();
            for statement in &statements {
                tables.statement(statement);
                let _ = statement.visit(&mut tables);
            }
            tables.found.retain(|(name, _)| !tables.expressions.contains(name));
            tables.found
        }
        Err(_) => words(statement),
    };
    found.retain(|(name, _)| !name.is_empty() && !name.contains('$'));
    found.sort();
    found.dedup();
    found
}

fn looks_like_sql(statement: &str) -> bool {
    let first = statement.trim_start_matches(['(', ' ', '\n', '\t', '\r']).split_whitespace().next().unwrap_or_default();
    ["select", "insert", "update", "delete", "with", "merge", "truncate", "copy", "replace", "lock"]
        .iter()
        .any(|verb| first.eq_ignore_ascii_case(verb))
}

#[derive(Default)]
struct Tables {
    found: Vec<(Symbol, Operation)>,
    expressions: Vec<Symbol>,
}

impl Tables {
    fn add(&mut self, name: &ObjectName, operation: Operation) {
        let name = table_name(name);
        if operation == Operation::Read && self.found.contains(&(name.clone(), Operation::Write)) {
            // `UPDATE t …` names its target once; that it also reads it is not worth a row.
            return;
        }
        self.found.push((name, operation));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Insert(insert) => {
                if let TableObject::TableName(name) = &insert.table {
                    self.add(name, Operation::Write);
                }
            }
            Statement::Update(update) => {
                if let TableFactor::Table { name, .. } = &update.table.relation {
                    self.add(name, Operation::Write);
                }
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                for table in from {
                    if let TableFactor::Table { name, .. } = &table.relation {
                        self.add(name, Operation::Write);
                    }
                }
            }
            Statement::Truncate(truncate) => {
                for target in &truncate.table_names {
                    self.add(&target.name, Operation::Write);
                }
            }
            Statement::Merge(merge) => {
                if let TableFactor::Table { name, .. } = &merge.table {
                    self.add(name, Operation::Write);
                }
            }
            _ => {}
        }
    }
}

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.statement(statement);
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(with) = &query.with {
            self.expressions.extend(with.cte_tables.iter().map(|table| Symbol::new(&table.alias.name.value)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.add(relation, Operation::Read);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // A function in FROM has arguments; its name is visited as a relation, so take it for an expression.
        if let TableFactor::Table { name, args: Some(_), .. } = factor {
            self.expressions.push(table_name(name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A table's name without quotes; PostgreSQL's default schema is left out.
fn table_name(name: &ObjectName) -> Symbol {
    let parts: Vec<String> = name.0.iter().filter_map(|part| part.as_ident().map(|ident| ident.value.clone())).collect();
    let parts = match parts.as_slice() {
        [schema, rest @ ..] if schema == "public" && !rest.is_empty() => rest.to_vec(),
        _ => parts,
    };
    parts.join(".").into()
}

/// Tables behind the keywords of a statement that does not parse.
fn words(statement: &str) -> Vec<(Symbol, Operation)> {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        let operation = if word.eq_ignore_ascii_case("from") {
            if before.eq_ignore_ascii_case("delete") { Operation::Write } else { Operation::Read }
        } else if word.eq_ignore_ascii_case("join") {
            Operation::Read
        } else if word.eq_ignore_ascii_case("into") || (word.eq_ignore_ascii_case("update") && at == 0) {
            Operation::Write
        } else {
            continue;
        };
        let Some(next) = words.get(at + 1) else { continue };
        let name = next.trim_end_matches([',', ';', ')']).trim_matches(['"', '`', '\'']);
        let name = name.split('(').next().unwrap_or_default();
        let plain = !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '.' | '"'));
        let keyword = ["select", "only", "lateral", "unnest", "values"].iter().any(|keyword| name.eq_ignore_ascii_case(keyword));
        if plain && !keyword && !next.contains('(') {
            found.push((name.replace('"', "").trim_start_matches("public.").into(), operation));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(statement: &str) -> Vec<String> {
        accesses(statement).iter().map(|(name, operation)| format!("{operation:?} {name}").to_lowercase()).collect()
    }

    #[test]
    fn statements_name_their_tables() {
        for (statement, expected) in [
            ("SELECT * FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.id = $1", vec!["read lines", "read orders"]),
            ("INSERT INTO public.orders (id) VALUES ($1) RETURNING id", vec!["write orders"]),
            ("INSERT INTO a SELECT * FROM b", vec!["read b", "write a"]),
            ("UPDATE orders SET state = 'x' WHERE id = $1", vec!["write orders"]),
            ("DELETE FROM shop.orders WHERE id = ?", vec!["write shop.orders"]),
            ("WITH moved AS (DELETE FROM jobs RETURNING *) INSERT INTO done SELECT * FROM moved", vec!["write done", "write jobs"]),
            ("SELECT generate_series FROM generate_series(1, 2)", vec![]),
            ("hello from orders", vec![]),
            ("SELECT ,, FROM orders WHERE", vec!["read orders"]),
            ("SELECT count(*) FROM \"Order\" WHERE id IN (SELECT order_id FROM lines)", vec!["read order", "read lines"]),
        ] {
            let mut expected = expected;
            expected.sort();
            let mut found = read(statement);
            found.sort();
            assert_eq!(found, expected, "{statement}");
        }
    }
}
