//! SQL: which tables a statement reads and writes, read from its parse.
//!
//! A statement that does not parse (a fragment, a dialect of its own) is looked through word by word for the tables behind `FROM`, `JOIN`,
//! `INTO`, `UPDATE`. Names of common table expressions are no tables.

use std::ops::ControlFlow;

use portolan_grammars::catalog::{Addition, Operation};
use portolan_grammars::facts::Symbol;
use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, Expr, FromTable, Ident, Insert, ObjectName, OnConflictAction, OnInsert, Query, SetExpr,
    Statement, TableFactor, TableObject, Visit, Visitor,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::additions::is_key;
use super::link::CollectionUse;

/// What stands for a hole of a statement.
pub const PLACEHOLDER: &str = "$1";

/// Tables of a statement, each with what is done to it; sorted, each once. Where the system folds names, those without quotes are in lower case.
pub fn accesses(statement: &str, folds: bool) -> Vec<CollectionUse> {
    if !looks_like_sql(statement) {
        return Vec::new();
    }
    let dialect = sqlparser::dialect::PostgreSqlDialect {};
    let parsed = Parser::parse_sql(&dialect, statement)
        .or_else(|_| Parser::parse_sql(&GenericDialect {}, statement))
        .or_else(|_| Parser::parse_sql(&sqlparser::dialect::MySqlDialect {}, statement));
    let mut found = match parsed {
        Ok(statements) => {
            let mut tables = Tables { folds, ..Tables::default() };
            for statement in &statements {
                tables.statement(statement);
                let _ = statement.visit(&mut tables);
            }
            tables.found.retain(|used| !tables.expressions.contains(&used.name));
            tables.found
        }
        Err(_) => words(statement, folds),
    };
    found.retain(|used| !used.name.is_empty() && !used.name.contains('$') && !is_system_catalog(&used.name));
    found.sort();
    found.dedup();
    found
}

/// The channels that a statement listens to (true) or notifies, where it names them: `LISTEN orders`, `SELECT pg_notify('orders', $1)`.
pub fn notifications(statement: &str) -> Vec<(bool, Symbol)> {
    let mut found = Vec::new();
    for part in statement.split(';') {
        let mut words = part.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let listens = verb.eq_ignore_ascii_case("listen");
        if listens || verb.eq_ignore_ascii_case("notify") {
            let name = words.next().unwrap_or_default().trim_end_matches(',');
            let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
            // Without quotes, names are in lower case.
            let name = quoted.map_or_else(|| name.to_ascii_lowercase(), str::to_owned);
            if !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '.')) {
                found.push((listens, name.into()));
            }
        }
    }
    let lower = statement.to_ascii_lowercase();
    for (at, call) in lower.match_indices("pg_notify(") {
        let rest = statement[at + call.len()..].trim_start();
        if let Some((name, _)) = rest.strip_prefix('\'').and_then(|rest| rest.split_once('\''))
            && !name.is_empty()
            && !name.contains('$')
        {
            found.push((false, name.into()));
        }
    }
    found
}

/// The position of the value, from zero, that says which channel a statement notifies: `SELECT pg_notify($1, $2)`.
pub fn notified_by_value(statement: &str) -> Option<usize> {
    let lower = statement.to_ascii_lowercase();
    let rest = lower.split_once("pg_notify(")?.1.trim_start().strip_prefix('$')?;
    let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse::<usize>().ok()?.checked_sub(1)
}

/// Whether a table is the database's own: nobody's data.
fn is_system_catalog(name: &str) -> bool {
    let starts = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    ["pg_", "information_schema.", "sqlite_master", "sqlite_schema", "system."].iter().any(|prefix| starts(prefix))
}

/// A statement from its first word on.
fn without_comments(statement: &str) -> &str {
    let mut rest = statement;
    loop {
        rest = rest.trim_start_matches(['(', ' ', '\n', '\t', '\r']);
        let behind = if rest.starts_with("--") {
            rest.split_once('\n')
        } else if rest.starts_with("/*") {
            rest.split_once("*/")
        } else {
            return rest;
        };
        rest = behind.map_or("", |(_, behind)| behind);
    }
}

fn looks_like_sql(statement: &str) -> bool {
    let first = without_comments(statement).split_whitespace().next().unwrap_or_default();
    ["select", "insert", "update", "delete", "with", "merge", "truncate", "copy", "replace", "lock"]
        .iter()
        .any(|verb| first.eq_ignore_ascii_case(verb))
}

#[derive(Default)]
struct Tables {
    folds: bool,
    found: Vec<CollectionUse>,
    expressions: Vec<Symbol>,
}

impl Tables {
    fn read(&mut self, name: &ObjectName) {
        let name = table_name(name, self.folds);
        // `UPDATE t …` names its target once; that it also reads it is not worth a row.
        if !self.found.iter().any(|known| known.name == name && known.operation == Operation::Write) {
            self.found.push(CollectionUse { name, said: None, operation: Operation::Read, columns: Vec::new(), adds: None });
        }
    }

    fn write(&mut self, name: &ObjectName, mut columns: Vec<Symbol>, adds: Option<Addition>) {
        columns.sort();
        columns.dedup();
        self.found.push(CollectionUse { name: table_name(name, self.folds), said: None, operation: Operation::Write, columns, adds });
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Insert(insert) => {
                if let TableObject::TableName(name) = &insert.table {
                    let mut columns: Vec<Symbol> = insert.columns.iter().filter_map(column_name).collect();
                    columns.extend(assigned(&insert.assignments));
                    // Without a list of columns it sets all of them, and what else it sets on a conflict says nothing more.
                    if !columns.is_empty() {
                        columns.extend(match &insert.on {
                            Some(OnInsert::DuplicateKeyUpdate(assignments)) => assigned(assignments),
                            Some(OnInsert::OnConflict(conflict)) => match &conflict.action {
                                OnConflictAction::DoUpdate(update) => assigned(&update.assignments),
                                OnConflictAction::DoNothing => Vec::new(),
                            },
                            _ => Vec::new(),
                        });
                    }
                    let adds = adds_a_row(insert, &columns).then_some(Addition::Row);
                    self.write(name, columns, adds);
                }
            }
            Statement::Update(update) => {
                if let TableFactor::Table { name, .. } = &update.table.relation {
                    let columns = assigned(&update.assignments);
                    let once = update.selection.as_ref().is_some_and(|condition| asks_for_one_of(condition, &columns));
                    let adds = (!once && update.assignments.iter().any(adds_to_itself)).then_some(Addition::Amount);
                    self.write(name, columns, adds);
                }
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                for table in from {
                    if let TableFactor::Table { name, .. } = &table.relation {
                        self.write(name, Vec::new(), None);
                    }
                }
            }
            Statement::Truncate(truncate) => {
                for target in &truncate.table_names {
                    self.write(&target.name, Vec::new(), None);
                }
            }
            Statement::Merge(merge) => {
                if let TableFactor::Table { name, .. } = &merge.table {
                    self.write(name, Vec::new(), None);
                }
            }
            _ => {}
        }
    }
}

/// Whether an insert makes a row each time: one whose key is made by the database, as far as the columns tell, with nothing about conflicts.
fn adds_a_row(insert: &Insert, columns: &[Symbol]) -> bool {
    let plain = insert.on.is_none() && insert.or.is_none() && !insert.ignore && !insert.replace_into;
    let values = insert.source.as_ref().is_some_and(|source| matches!(source.body.as_ref(), SetExpr::Values(_)));
    plain && values && !columns.is_empty() && !columns.iter().any(|column| is_key(column))
}

/// Whether a condition asks for the value of one of the columns, as it is before they are set: `WHERE state = 'open'`. Then a second time finds
/// nothing to do.
fn asks_for_one_of(condition: &Expr, columns: &[Symbol]) -> bool {
    match condition {
        Expr::Nested(inner) => asks_for_one_of(inner, columns),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => asks_for_one_of(left, columns) || asks_for_one_of(right, columns),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, .. } | Expr::IsNull(left) | Expr::IsNotNull(left) => {
            column_of(left).is_some_and(|column| columns.iter().any(|known| *known == column.value))
        }
        _ => false,
    }
}

/// The column that an expression is.
fn column_of(expression: &Expr) -> Option<&Ident> {
    match expression {
        Expr::Identifier(ident) => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}

/// Whether an assignment makes a number grow: `count = count + 1`.
fn adds_to_itself(assignment: &Assignment) -> bool {
    let AssignmentTarget::ColumnName(target) = &assignment.target else { return false };
    let Expr::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, .. } = &assignment.value else { return false };
    column_of(left).map(|ident| Symbol::new(&ident.value)) == column_name(target)
}

/// The columns that assignments set.
fn assigned(assignments: &[Assignment]) -> Vec<Symbol> {
    assignments
        .iter()
        .flat_map(|assignment| match &assignment.target {
            AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
            AssignmentTarget::Tuple(names) => names,
        })
        .filter_map(column_name)
        .collect()
}

/// A column's name, without its table's.
fn column_name(name: &ObjectName) -> Option<Symbol> {
    name.0.last().and_then(|part| part.as_ident()).map(|ident| Symbol::new(&ident.value))
}

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.statement(statement);
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(with) = &query.with {
            let folds = self.folds;
            self.expressions.extend(with.cte_tables.iter().map(|table| Symbol::from(ident_name(&table.alias.name, folds))));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.read(relation);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // A function in FROM has arguments; its name is visited as a relation, so take it for an expression.
        if let TableFactor::Table { name, args: Some(_), .. } = factor {
            self.expressions.push(table_name(name, self.folds));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A table's name without quotes; PostgreSQL's default schema is left out.
fn table_name(name: &ObjectName, folds: bool) -> Symbol {
    let parts: Vec<String> = name.0.iter().filter_map(|part| Some(ident_name(part.as_ident()?, folds))).collect();
    let parts = match parts.as_slice() {
        [schema, rest @ ..] if schema == "public" && !rest.is_empty() => rest.to_vec(),
        _ => parts,
    };
    parts.join(".").into()
}

fn ident_name(ident: &Ident, folds: bool) -> String {
    if folds && ident.quote_style.is_none() { ident.value.to_lowercase() } else { ident.value.clone() }
}

/// Tables behind the keywords of a statement that does not parse.
fn words(statement: &str, folds: bool) -> Vec<CollectionUse> {
    let code = statement.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words: Vec<&str> = code.flat_map(str::split_whitespace).collect();
    let is_word = |at: usize, word: &str| words.get(at).is_some_and(|it: &&str| it.eq_ignore_ascii_case(word));
    // `WITH moved AS (…)` names what it selects itself.
    let is_named = |at: &usize| {
        let opens = |at: usize| words.get(at).is_some_and(|next| next.starts_with('('));
        // `AS MATERIALIZED (…)`, `AS NOT MATERIALIZED (…)` too.
        let kept = at + 2 + usize::from(is_word(at + 2, "not"));
        is_word(at + 1, "as(") || is_word(at + 1, "as") && (opens(at + 2) || is_word(kept, "materialized") && opens(kept + 1))
    };
    let bare = |word: &str| word.split('(').next().unwrap_or_default().trim_matches(['"', ',', ')']).to_lowercase();
    let expressions: Vec<String> = (0..words.len()).filter(is_named).map(|at| bare(words[at])).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        // `a IS DISTINCT FROM b` compares.
        let operation = if word.eq_ignore_ascii_case("from") && !before.eq_ignore_ascii_case("distinct") {
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
        let keyword = ["select", "only", "lateral", "unnest", "values", "where", "prewhere", "join", "having", "limit", "function"]
            .iter()
            .any(|keyword| name.eq_ignore_ascii_case(keyword));
        if plain && !keyword && !next.contains('(') && !expressions.contains(&bare(name)) {
            let name = if folds && !next.contains('"') { name.to_lowercase() } else { name.replace('"', "") };
            let name = name.trim_start_matches("public.").into();
            found.push(CollectionUse { name, said: None, operation, columns: Vec::new(), adds: None });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(statement: &str) -> Vec<String> {
        accesses(statement, true).iter().map(|used| format!("{:?} {}", used.operation, used.name).to_lowercase()).collect()
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
            ("UPDATE orders SET state = {} WHERE state IS DISTINCT FROM l.state AND {", vec!["write orders"]),
            ("WITH old AS MATERIALIZED (SELECT id FROM orders WHERE {) SELECT * FROM old", vec!["read orders"]),
            ("SELECT d.datname, o.id FROM pg_catalog.pg_database d, orders o", vec!["read orders"]),
            ("SELECT 1 FROM pg_stat_activity JOIN information_schema.tables ON true", vec![]),
            ("SELECT ,, FROM orders WHERE", vec!["read orders"]),
            ("SELECT ,, FROM  WHERE paid", vec![]),
            ("WITH paid AS (SELECT ,, FROM orders), late(id) AS (SELECT 1) SELECT * FROM paid JOIN late ON ,,", vec!["read orders"]),
            ("SELECT ,, -- taken from archives\nFROM orders", vec!["read orders"]),
            ("SELECT count(*) FROM \"Order\" WHERE id IN (SELECT order_id FROM lines)", vec!["read order", "read lines"]),
        ] {
            let mut expected = expected;
            expected.sort();
            let mut found = read(statement);
            found.sort();
            assert_eq!(found, expected, "{statement}");
        }
    }
    #[test]
    fn names_without_quotes_are_folded() {
        let name = |statement: &str, folds: bool| accesses(statement, folds)[0].name.to_string();
        assert_eq!(name("SELECT * FROM Orders", true), "orders");
        assert_eq!(name("SELECT * FROM \"Orders\"", true), "Orders");
        assert_eq!(name("SELECT ,, FROM ORDERS WHERE", true), "orders");
        assert_eq!(name("SELECT * FROM Orders", false), "Orders");
    }
    #[test]
    fn notifications_name_their_channels() {
        for (statement, expected) in [
            ("LISTEN Orders", vec![(true, "orders")]),
            ("listen \"Orders\"; LISTEN mails;", vec![(true, "Orders"), (true, "mails")]),
            ("NOTIFY orders, 'paid'", vec![(false, "orders")]),
            ("SELECT pg_notify('orders', $1)", vec![(false, "orders")]),
            ("SELECT pg_notify($1, $2)", vec![]),
            ("LISTEN $1", vec![]),
            ("UPDATE notify SET listen = true", vec![]),
        ] {
            let expected: Vec<(bool, Symbol)> = expected.into_iter().map(|(listens, name)| (listens, name.into())).collect();
            assert_eq!(notifications(statement), expected, "{statement}");
        }
    }
    #[test]
    fn writes_name_their_columns() {
        for (statement, expected) in [
            ("UPDATE orders SET street = $2, city = $3 WHERE id = $1", vec!["city", "street"]),
            ("UPDATE orders SET (a, b) = (1, 2)", vec!["a", "b"]),
            ("INSERT INTO orders (id, state) VALUES ($1, $2)", vec!["id", "state"]),
            ("INSERT INTO orders (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen = now()", vec!["id", "seen"]),
            ("INSERT INTO orders VALUES ($1, $2)", vec![]),
            ("DELETE FROM orders WHERE id = $1", vec![]),
        ] {
            let found = accesses(statement, true);
            assert_eq!(found.len(), 1, "{statement}");
            assert_eq!(found[0].columns, expected, "{statement}");
        }
    }
    #[test]
    fn what_is_done_again_adds_or_not() {
        for (statement, expected) in [
            ("INSERT INTO mails (order_id) VALUES ($1)", Some(Addition::Row)),
            ("INSERT INTO mails (order_id) VALUES ($1) ON CONFLICT DO NOTHING", None),
            ("INSERT INTO mails (order_id) VALUES (?) ON DUPLICATE KEY UPDATE seen = 1", None),
            ("INSERT OR IGNORE INTO mails (order_id) VALUES (?)", None),
            ("REPLACE INTO mails (order_id) VALUES (?)", None),
            ("INSERT INTO mails (id, order_id) VALUES ($1, $2)", None),
            ("INSERT INTO mails VALUES ($1, $2)", None),
            ("INSERT INTO mails (order_id) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM seen)", None),
            ("UPDATE stock SET count = count - $1 WHERE sku = $2", Some(Addition::Amount)),
            ("UPDATE stock SET count = $1 WHERE sku = $2", None),
            ("UPDATE stock SET state = 'sold', count = count - 1 WHERE sku = $1 AND state = 'open'", None),
            ("UPDATE stock SET count = count - 1 WHERE sku = $1 AND count > 0", Some(Addition::Amount)),
            ("UPDATE stock SET count = reserved + 1", None),
            ("DELETE FROM stock", None),
        ] {
            let written = accesses(statement, true).into_iter().find(|used| used.operation == Operation::Write);
            assert_eq!(written.and_then(|used| used.adds), expected, "{statement}");
        }
    }
}
