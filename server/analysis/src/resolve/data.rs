//! Databases: connections, queries, tables.

use portolan_grammars::catalog::{self, Naming, Operation};
use portolan_grammars::facts::{Attribute, Expr, ExprId, ResultUse, Symbol, TypeId};

use super::evaluate::around;
use super::library::CallView;
use super::limits::is_preceded;
use super::link::{AccessDecl, CollectionUse, ConnectionDecl, HandleDecl, Linker, Url};
use super::outbound::Draft;
use super::spans::Walk;
use super::sql;
use super::value::{CallRef, ClassRef, ParamRef, Part, Pattern, Value};
use crate::workspace::modules::Specifier;
use crate::{FileId, FunctionRef};

impl<'w> Linker<'w> {
    pub(super) fn connection(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Connection) -> bool {
        if view.call.args.len() < entry.min_arguments as usize {
            return false;
        }
        if self.is_idle(view) {
            return true;
        }
        let opened = entry.over.as_ref().and_then(|over| self.evaluator.opened_through(over, view));
        self.handle(function, view, entry, opened.clone().unwrap_or_else(|| vec![view.site]));
        if let Some(opened) = opened {
            self.link.alternatives.extend(Some(opened).filter(|opened| opened.len() > 1));
            return true;
        }
        let facts = self.evaluator.facts(view.site.file);
        if entry.unless_by.as_ref().zip(facts).is_some_and(|(methods, facts)| is_preceded(facts, view.call, methods)) {
            return true;
        }
        let mut texts = |selector: &Option<catalog::Selector>| self.said(selector.as_ref()?, view);
        let [urls, hosts, databases] = [&entry.url, &entry.host, &entry.database].map(&mut texts);
        if urls.is_none() && entry.url.is_some() && entry.host.is_none() {
            return false;
        }
        let [urls, hosts, databases] = [urls, hosts, databases].map(Option::unwrap_or_default);
        let dialect = entry.dialect.as_ref().and_then(|dialect| self.evaluator.select_text(dialect, view));
        let dialect = dialect.and_then(|dialect| system_of_dialect(&dialect.literal()?));
        let system = dialect.filter(|_| entry.system == "*").map_or_else(|| entry.system.clone(), Symbol::from);
        let library = &self.evaluator.cx.catalog.libraries[view.callee.library];
        let prisma = is_prisma(library);
        let module = self.decorated_with(view.site);
        self.link.connections.push(ConnectionDecl { system, prisma, urls, hosts, databases, site: view.site, function, module });
        true
    }

    /// Notes which tables a handle of a database is given.
    fn handle(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Connection, opened: Vec<CallRef>) {
        let Some(given) = entry.tables.as_ref().and_then(|tables| self.evaluator.select(tables, view)) else { return };
        let mut tables = Vec::new();
        for given in given.alternatives() {
            match given {
                Value::Module(file) => tables.extend(self.handing_on(*file)),
                Value::Object(object) => {
                    tables.extend(object.fields.values().filter_map(declared_in));
                    for rest in &object.rest {
                        if let Value::Module(file) = rest {
                            tables.extend(self.handing_on(*file));
                        }
                    }
                }
                _ => {}
            }
        }
        tables.sort_unstable();
        tables.dedup();
        if !tables.is_empty() {
            self.link.handles.push(HandleDecl { tables, opened, function });
        }
    }

    /// A module, and those of which it hands on something.
    fn handing_on(&mut self, module: FileId) -> Vec<FileId> {
        let mut all: Vec<FileId> = self.evaluator.cx.stars.handed_on_by(module).chain([module]).collect();
        let imports = self.evaluator.facts(module).map_or(&[][..], |facts| &facts.imports);
        for import in imports.iter().filter(|import| import.reexport) {
            if let Specifier::File(file) = self.evaluator.specifier(module, &import.source) {
                all.push(file);
            }
        }
        all
    }

    /// The class in whose decorator a call stands, where a library's takes it: `@Module({ imports: [TypeOrmModule.forRoot(…)] })`.
    pub(super) fn decorated_with(&mut self, site: CallRef) -> Option<ClassRef> {
        let facts = self.evaluator.facts(site.file).filter(|facts| facts.language.is_ecmascript())?;
        let range = facts.call(site.call).range;
        let is_around = |attribute: &&Attribute| {
            let args = attribute.args.iter().map(|argument| facts.expr_range(*argument));
            args.into_iter().any(|around| around.start <= range.start && range.end <= around.end)
        };
        let (at, attribute) = facts.types.iter().enumerate().find_map(|(at, def)| Some((at, def.attributes.iter().find(is_around)?)))?;
        let is_librarys = self.evaluator.is_decorated_by_library(site.file, &attribute.path);
        is_librarys.then_some(ClassRef { file: site.file, class: TypeId(at as u32) })
    }

    /// Whether a client that sends nothing by itself is made for nothing: nobody names it again.
    fn is_idle(&mut self, view: &CallView<'_>) -> bool {
        let sends_later = !self.evaluator.cx.catalog.libraries[view.callee.library].sdk_call.is_empty();
        let Some(facts) = self.evaluator.facts(view.site.file).filter(|facts| sends_later && facts.language.is_ecmascript()) else {
            return false;
        };
        let is_made = |value: ExprId| matches!(facts.expr(value), Expr::Call(made) if *made == view.site.call);
        let Some(bound) = facts.bindings.iter().find(|binding| binding.value.is_some_and(is_made)) else {
            return view.call.result == ResultUse::Ignored;
        };
        bound.constant && !facts.exprs.iter().any(|expr| matches!(&expr.kind, Expr::Name(name) if *name == bound.name))
    }

    /// What the places of a selector say, `None` where none of them is there. Options that callers pass may have any of them.
    fn said(&mut self, selector: &catalog::Selector, view: &CallView<'_>) -> Option<Vec<Url>> {
        let [_, _, ..] = selector.takes() else {
            let value = self.evaluator.select_text(selector, view)?;
            return Some(self.given_bases(&value));
        };
        let (mut all, mut unknown): (Option<Vec<Url>>, _) = (None, None);
        for take in selector.takes() {
            let Some(value) = self.evaluator.select_text(&catalog::Selector::Take(take.clone()), view) else { continue };
            if value.is_unknown() {
                unknown = Some(value);
                continue;
            }
            let urls = self.given_bases(&value);
            all.get_or_insert_default().extend(urls);
            if !matches!(value, Value::Param(..)) {
                break;
            }
        }
        all.or_else(|| Some(self.given_bases(&unknown?)))
    }

    /// What a place in options may say, but for callers whose options are known not to have it: `open({ host })` says no database.
    fn given_bases(&mut self, value: &Value) -> Vec<Url> {
        let mut all = Vec::new();
        for text in value.patterns() {
            let mut urls = self.bases(&text);
            if let [Part::Param(param, path, None)] = text.parts.as_slice() {
                urls.retain(|url| !url.pattern.is_hole() || self.may_be_given(*param, path, &url.passed));
            }
            all.append(&mut urls);
        }
        all
    }

    /// Whether calls may pass a member of a parameter, from the inside out.
    fn may_be_given(&mut self, param: ParamRef, path: &[Symbol], passed: &[CallRef]) -> bool {
        let (mut param, mut path) = (param, path.to_vec());
        for call in passed {
            match given(&self.evaluator.passed(*call, param), &path) {
                Given::Never => return false,
                Given::Perhaps => return true,
                Given::By(outer, inner) => (param, path) = (outer, inner),
            }
        }
        true
    }

    pub(super) fn query(&mut self, walk: &Walk<'w>, function: FunctionRef, view: &CallView<'_>, entry: &catalog::Query) -> bool {
        let connection = view.callee.receiver.as_ref().and_then(|receiver| receiver.root);
        let prisma = is_prisma(&self.evaluator.cx.catalog.libraries[view.callee.library]);
        let told = entry.dialect.as_ref().and_then(|dialect| self.evaluator.select(dialect, view)?.literal());
        let base = AccessDecl {
            system: told.unwrap_or_else(|| entry.system.clone()),
            collections: Vec::new(),
            prisma,
            models: entry.naming == Naming::PrismaModel,
            site: view.site,
            function,
            connection,
            others: Vec::new(),
            declared_in: entry.collection.as_ref().and_then(|selector| self.declaring_file(selector, view)),
            left: false,
            hook_of: self.hook_of(walk, function),
        };
        let detached = self.is_detached(walk, view.site.call);
        if let Some(statement) = &entry.statement {
            let Some(value) = self.evaluator.select_text(statement, view) else { return false };
            for draft in self.drafts(view.site, function, &[value], detached) {
                for lifted in self.lift(draft, &|_, draft| whole_param(&draft.texts[0])) {
                    let mut statement = statement_text(&lifted.texts[0]);
                    // `query_file!("queries/orders.sql")`.
                    if statement.ends_with(".sql")
                        && let Some(text) = self.evaluator.sql_below(lifted.site.file, &statement)
                    {
                        statement = text.into();
                    }
                    if matches!(base.system.as_str(), "postgresql" | "*") {
                        self.notifications(lifted.site, lifted.function, &statement);
                    }
                    let collections = sql::accesses(&statement, matches!(base.system.as_str(), "postgresql" | "sqlite" | "*"));
                    let Draft { site, function, left, .. } = lifted;
                    self.access(AccessDecl { collections, site, function, left, ..base.clone() });
                }
            }
            return true;
        }
        let (Some(operation), Some(selector)) = (entry.operation, &entry.collection) else { return false };
        let adds = entry.adds.as_ref().filter(|adds| self.adds(walk, view, adds)).map(|adds| adds.what);
        if entry.naming == Naming::Entity {
            let Some(value) = self.evaluator.select(selector, view) else { return false };
            for class in value.alternatives() {
                let (Value::Class(class) | Value::Some(class)) = class else { continue };
                if let Some(name) = self.evaluator.collection_of_class(*class) {
                    let collections = vec![CollectionUse { name, said: None, operation, columns: Vec::new(), adds }];
                    self.access(AccessDecl { collections, ..base.clone() });
                }
            }
            return true;
        }
        let Some(value) = self.evaluator.select_text(selector, view) else { return false };
        for draft in self.drafts(view.site, function, &[value], detached) {
            for lifted in self.lift_to_owners(draft, &|_, draft| whole_param(&draft.texts[0])) {
                let text = &lifted.texts[0];
                let said = Some(text.clone()).filter(|text| entry.naming == Naming::default() && is_said_by_environment(text));
                // Of `client[model]` no name is known.
                let name = text.literal().filter(|name| name != "[]").or_else(|| said.as_ref().map(|_| Symbol::default()));
                let Some(name) = name else { continue };
                let collections =
                    vec![CollectionUse { name: collection_name(&name, entry.naming), said, operation, columns: Vec::new(), adds }];
                let Draft { site, function, left, .. } = lifted;
                self.access(AccessDecl { collections, site, function, left, ..base.clone() });
            }
        }
        let collections = self.joined(view, entry);
        self.access(AccessDecl { collections, ..base });
        true
    }

    /// Notes a name that is no table in the statements of a function.
    pub(super) fn common_table(&mut self, function: FunctionRef, view: &CallView<'_>, entry: &catalog::CommonTable) -> bool {
        let Some(name) = self.evaluator.select_text(&entry.name, view).and_then(|name| name.literal()) else { return false };
        self.common_tables.insert((function.function, aliased(&name)))
    }

    /// Takes such names for tables no more.
    pub(super) fn leave_out_common_tables(&mut self) {
        let Some(facts) = self.evaluator.facts(self.file).filter(|_| !self.common_tables.is_empty()) else { return };
        for access in self.link.accesses.iter_mut().filter(|access| access.function.file == self.file) {
            let is_common =
                |name: &Symbol| around(facts, access.function.function).any(|around| self.common_tables.contains(&(around, name.clone())));
            access.collections.retain(|of| of.operation != Operation::Read || !is_common(&of.name));
        }
        self.link.accesses.retain(|access| !access.collections.is_empty());
    }

    /// The file in which a library's call declares the table that a query asks for.
    fn declaring_file(&mut self, selector: &catalog::Selector, view: &CallView<'_>) -> Option<FileId> {
        let catalog::Selector::Take(take) = selector else { return None };
        take.capture.as_ref()?;
        let table = self.evaluator.select(&catalog::Selector::Take(catalog::Take { capture: None, ..take.clone() }), view)?;
        declared_in(&table)
    }

    /// The collections that a query reads beside its own.
    fn joined(&mut self, view: &CallView<'_>, entry: &catalog::Query) -> Vec<CollectionUse> {
        let texts: Vec<Value> = entry.joins.iter().filter_map(|place| self.evaluator.select_text(place, view)).collect();
        let names = texts.iter().flat_map(Value::alternatives).filter_map(Value::literal);
        names.map(|name| CollectionUse { name, said: None, operation: Operation::Read, columns: Vec::new(), adds: None }).collect()
    }

    /// Notes which classes of a file are tables or collections.
    pub(super) fn entities(&mut self, walk: &Walk<'w>) {
        for (at, _) in walk.facts.types.iter().enumerate().filter(|(_, def)| !def.attributes.is_empty()) {
            let class = TypeId(at as u32);
            if let Some(name) = self.evaluator.collection_of_class(ClassRef { file: self.file, class }) {
                self.link.entities.push((class, name));
            }
        }
    }

    /// The file of the schema, if a function is one of its hooks: `schema.post("save", …)`.
    fn hook_of(&mut self, walk: &Walk<'w>, function: FunctionRef) -> Option<FileId> {
        let mut function = function.function;
        loop {
            if let Some((call, _)) = walk.index.argument_of.get(&function)
                && let Expr::Member { object, name } = walk.facts.expr(walk.facts.call(*call).callee)
                && matches!(name.as_str(), "pre" | "post")
                && let Value::Instance(schema) = self.evaluator.eval(self.file, *object)
                && schema.type_name == "Schema"
            {
                return Some(schema.origin.map_or(self.file, |made| made.file));
            }
            let parent = walk.facts.function(function).parent;
            if parent == function {
                return None;
            }
            function = parent;
        }
    }

    fn access(&mut self, access: AccessDecl) {
        if access.collections.is_empty() {
            return;
        }
        match self.link.accesses.iter_mut().find(|known| known.site == access.site && known.system == access.system) {
            Some(known) => {
                known.left &= access.left;
                for collection in access.collections {
                    if !known.collections.contains(&collection) {
                        known.collections.push(collection);
                    }
                }
                if known.connection.is_none() {
                    known.connection = access.connection;
                }
                let other = access.connection.filter(|call| known.connection != Some(*call) && !known.others.contains(call));
                known.others.extend(other);
            }
            None => self.link.accesses.push(access),
        }
    }
}

/// Whether variables of the environment, and what stands around them, are all of a name.
fn is_said_by_environment(name: &Pattern) -> bool {
    name.parts.iter().all(|part| matches!(part, Part::Text(_) | Part::Env { .. })) && name.literal().is_none()
}

/// The file of the call that made a library's value.
fn declared_in(value: &Value) -> Option<FileId> {
    match value {
        Value::Instance(made) if made.members.is_empty() => made.origin.map(|call| call.file),
        _ => None,
    }
}

/// Whether a library's models are those of a schema.
fn is_prisma(library: &catalog::Library) -> bool {
    library.query.iter().any(|query| query.naming == Naming::PrismaModel)
}

/// Whether a value has a member.
enum Given {
    Never,
    Perhaps,
    /// If that member of a parameter is given.
    By(ParamRef, Vec<Symbol>),
}

fn given(value: &Value, path: &[Symbol]) -> Given {
    let any = |values: &mut dyn Iterator<Item = &Value>, path: &[Symbol]| {
        let mut found = values.map(|value| given(value, path)).filter(|found| !matches!(found, Given::Never));
        match (found.next(), found.next()) {
            (None, _) => Given::Never,
            (Some(only), None) => only,
            _ => Given::Perhaps,
        }
    };
    match (value, path.split_first()) {
        (Value::Null, _) | (Value::Text(_), Some(_)) => Given::Never,
        (Value::OneOf(values), _) => any(&mut values.iter(), path),
        (Value::Object(object), Some((name, inner))) if object.class.is_none() => match object.fields.get(name) {
            Some(field) => given(field, inner),
            None => any(&mut object.rest.iter(), path),
        },
        (Value::Param(param, outer), _) => Given::By(*param, outer.iter().chain(path).cloned().collect()),
        _ => Given::Perhaps,
    }
}

fn whole_param(text: &Pattern) -> bool {
    matches!(text.parts.as_slice(), [Part::Param(..)])
}

/// A statement with its holes as placeholders: a bound value where a value may stand, which is nearly everywhere.
fn statement_text(text: &Pattern) -> String {
    let mut statement = String::new();
    for part in &text.parts {
        match part {
            Part::Text(text) => statement.push_str(text),
            Part::Env { .. }
            | Part::NamedByCaller { .. }
            | Part::Param(..)
            | Part::Setting { .. }
            | Part::Origin(_)
            | Part::Changed(..)
            | Part::Hole(_) => statement.push_str(sql::PLACEHOLDER),
        }
    }
    statement
}

/// The system that a driver or dialect is for.
pub fn system_of_dialect(dialect: &str) -> Option<&'static str> {
    Some(match dialect {
        "pg" | "pg-native" | "postgres" | "postgresql" | "pgnative" | "cockroachdb" | "aurora-postgres" => "postgresql",
        "mysql" | "mysql2" | "mariadb" | "aurora-mysql" => "mysql",
        "sqlite" | "sqlite3" | "better-sqlite3" | "sqljs" | "libsql" => "sqlite",
        "mssql" | "tedious" | "sqlserver" => "mssql",
        "mongodb" => "mongodb",
        // Types of connections.
        "PgConnection" | "AsyncPgConnection" => "postgresql",
        "MysqlConnection" | "AsyncMysqlConnection" => "mysql",
        "SqliteConnection" => "sqlite",
        _ => return None,
    })
}

pub(super) fn collection_name(name: &Symbol, naming: Naming) -> Symbol {
    match naming {
        Naming::Same | Naming::PrismaModel | Naming::Entity | Naming::Model => name.clone(),
        Naming::SnakeCase => super::rpc::snake_case(name).into(),
        Naming::Plural => plural(name).into(),
        Naming::Aliased => aliased(name),
        Naming::MongoosePlural => mongoose_plural(name).into(),
        Naming::Path => path_of_names(name).into(),
    }
}

/// `/orders/:id` of the names `orders.:id`.
fn path_of_names(names: &str) -> String {
    let names = names.strip_suffix("index").filter(|before| before.is_empty() || before.ends_with('.')).unwrap_or(names);
    format!("/{}", names.replace('.', "/"))
}

/// A table without the name or the columns that the statement gives it: `orders` of `orders as o`, of `orders (id, at)`.
fn aliased(name: &str) -> Symbol {
    let name = name.split('(').next().unwrap_or(name).trim_end();
    let mut words = name.split_whitespace();
    let first = words.next().unwrap_or_default();
    match words.next() {
        Some(word) if !word.eq_ignore_ascii_case("as") => Symbol::new(name),
        _ => Symbol::new(first),
    }
}

/// The plural of the English noun that a name ends with, in its own case: `OrderLine` is `OrderLines`, `Category` is `Categories`.
fn plural(name: &str) -> String {
    let start =
        name.char_indices().rev().find(|(_, character)| character.is_ascii_uppercase() || *character == '_').map_or(0, |(at, _)| at);
    let (head, noun) = name.split_at(start);
    let plural = mongoose_plural(noun);
    let mut cased: String = head.to_owned();
    for (at, character) in plural.chars().enumerate() {
        match noun.chars().nth(at) {
            Some(original) if original.is_ascii_uppercase() => cased.push(character.to_ascii_uppercase()),
            _ => cased.push(character),
        }
    }
    cased
}

/// Mongoose's legacy pluralisation, as far as English nouns of models need it.
fn mongoose_plural(name: &str) -> String {
    let name = name.to_lowercase();
    let irregular = [("person", "people"), ("child", "children"), ("man", "men"), ("foot", "feet"), ("tooth", "teeth"), ("goose", "geese")];
    if let Some((_, plural)) = irregular.iter().find(|(singular, _)| name == *singular) {
        return (*plural).to_owned();
    }
    if ["advice", "energy", "experience", "news", "equipment", "information", "money", "series", "species", "staff"]
        .contains(&name.as_str())
    {
        return name;
    }
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    if name.ends_with('s') && !ends(&["ss", "us", "is"]) {
        return name;
    }
    if ends(&["ay", "ey", "oy", "uy"]) {
        return format!("{name}s");
    }
    if let Some(stem) = name.strip_suffix('y') {
        return format!("{stem}ies");
    }
    if let Some(stem) = name.strip_suffix("sis") {
        return format!("{stem}ses");
    }
    if ends(&["s", "x", "ch", "sh", "z"]) {
        return format!("{name}es");
    }
    format!("{name}s")
}

#[cfg(test)]
mod tests {
    use super::{aliased, mongoose_plural, plural};

    #[test]
    fn models_are_pluralised() {
        for (model, collection) in [
            ("Tenant", "tenants"),
            ("Property", "properties"),
            ("Box", "boxes"),
            ("Day", "days"),
            ("Address", "addresses"),
            ("Person", "people"),
        ] {
            assert_eq!(mongoose_plural(model), collection);
        }
        for (model, table) in [("User", "Users"), ("OrderLine", "OrderLines"), ("Category", "Categories"), ("order_item", "order_items")] {
            assert_eq!(plural(model), table);
        }
        for (text, table) in
            [("orders as o", "orders"), ("orders (id, at)", "orders"), ("shop.orders", "shop.orders"), ("orders", "orders")]
        {
            assert_eq!(aliased(text), table);
        }
    }
}
