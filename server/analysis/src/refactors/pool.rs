//! What TypeScript writes rows with, and what stands in its place within a transaction: a pool of pg, a client of Prisma, knex, or
//! repositories of TypeORM.
//!
//! Invariant: it is made once, and means the same in all functions of its file; or a framework hands it to the class of these functions.

use std::collections::BTreeSet;

use portolan_grammars::facts::{Call, CallId, CallKind, Expr, FunctionId, Param, SourceFacts, TextRange};

use super::chain::calls_from;
use super::injected::{self, is_of, param, superclass};
use super::packages::npm;
use super::source::is_part_of_name;
use super::{Context, Edit, Refusal, Source};
use crate::FileId;
use crate::chart::Access;
use crate::resolve::link::AccessDecl;
use crate::resolve::value::CallRef;

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    /// `pool.query(…)`, and a client that is taken out of the pool.
    Pg,
    /// `prisma.order.create(…)`, and a client that `prisma.$transaction` hands out.
    Prisma,
    /// `knex("orders").insert(…)`, and what `knex.transaction` hands out.
    Knex,
    /// `this.orders.save(…)` of a repository, and the manager that its manager's `transaction` hands out.
    TypeOrm,
}

/// What belongs to all of knex, not to a query.
const OF_KNEX: [&str; 7] = ["transaction", "transactionProvider", "schema", "migrate", "seed", "initialize", "destroy"];
/// What makes something else of a query's result.
const OF_PROMISES: [&str; 3] = ["then", "catch", "finally"];
/// Methods of repositories that ask the database for nothing.
const OF_REPOSITORIES: [&str; 7] = ["create", "merge", "getId", "hasId", "extend", "createQueryBuilder", "manager"];

/// What rows are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pool<'a> {
    /// What it is called.
    name: &'a str,
    /// The file that makes it, or has the class of what is handed out; of repositories, that of the class that writes.
    pub(super) home: FileId,
    pub(super) library: Library,
    /// Where it is a field that a framework fills in, the parameter by which it does.
    pub(super) handed_out: Option<Handed<'a>>,
    /// Whether its type is that of the value alone: an extended client of Prisma.
    pub(super) extended: bool,
}

/// What a framework hands out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handed<'a> {
    pub(super) param: &'a Param,
    /// The class by which it does.
    pub(super) class: &'a str,
}

impl PartialEq for Handed<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.class == other.class
    }
}

impl Eq for Handed<'_> {}

/// What a query is called on, and where that is written.
struct Root<'f> {
    name: &'f str,
    /// Whether it is a field: `this.prisma`.
    field: bool,
    range: TextRange,
}

impl Library {
    /// Names for a client, in the order in which they are tried.
    pub(super) fn clients(self) -> [&'static str; 2] {
        match self {
            Library::Pg => ["client", "connection"],
            Library::Prisma => ["tx", "transaction"],
            Library::Knex => ["trx", "transaction"],
            Library::TypeOrm => ["manager", "transaction"],
        }
    }

    /// The library that makes it, if it is one of these.
    fn of(home: &SourceFacts, made: &Call, by_schema: bool) -> Option<Self> {
        let loads = |local: &str, module: &str| home.imports.iter().any(|import| import.local == local && import.source == module);
        let is_new = made.kind == CallKind::New;
        match home.expr(made.callee) {
            Expr::Name(name) if loads(name, "knex") && !is_new => Some(Library::Knex),
            Expr::Name(name) if name == "PrismaClient" && by_schema && is_new => Some(Library::Prisma),
            Expr::Name(name) if name == "Pool" && loads(name, "pg") && is_new => Some(Library::Pg),
            Expr::Member { object, name } if name == "Pool" && is_new => {
                matches!(home.expr(*object), Expr::Name(of) if loads(of, "pg")).then_some(Library::Pg)
            }
            _ => None,
        }
    }

    /// What a query is called on.
    fn root<'f>(self, facts: &'f SourceFacts, query: &Call) -> Option<Root<'f>> {
        let Expr::Member { object, name } = facts.expr(query.callee) else {
            return (self == Library::Knex).then(|| root_of_knex(facts, query)).flatten();
        };
        let is_raw = name.starts_with("$queryRaw") || name.starts_with("$executeRaw");
        let on = match (self, facts.expr(*object)) {
            (Library::Knex, _) => return root_of_knex(facts, query),
            (Library::Pg, _) if name == "query" => *object,
            (Library::TypeOrm, Expr::Member { .. }) if !OF_REPOSITORIES.contains(&name.as_str()) => *object,
            (Library::Prisma, _) if is_raw => *object,
            (Library::Prisma, Expr::Member { object, .. }) => *object,
            _ => return None,
        };
        let range = facts.expr_range(on);
        match facts.expr(on) {
            Expr::Name(name) => Some(Root { name, field: false, range }),
            Expr::Member { object, name } if matches!(facts.expr(*object), Expr::This) => Some(Root { name, field: true, range }),
            _ => None,
        }
    }
}

/// The name that a query of knex begins with: `db` of `db("orders").where(paid).first()`, of `db.raw(statement)`.
fn root_of_knex<'f>(facts: &'f SourceFacts, query: &Call) -> Option<Root<'f>> {
    let mut at = query.callee;
    let mut first = None;
    loop {
        at = match facts.expr(at) {
            Expr::Member { object, name } => {
                first = Some(name.as_str());
                *object
            }
            Expr::Call(call) => {
                first = None;
                facts.call(*call).callee
            }
            Expr::Name(name) if first.is_none_or(|first| !OF_KNEX.contains(&first)) => {
                return Some(Root { name, field: false, range: facts.expr_range(at) });
            }
            _ => return None,
        };
    }
}

impl<'a> Pool<'a> {
    /// What a row is written with, where it is not of the function that writes.
    pub(super) fn of(context: &Context<'a>, source: &Source<'a>, writes: CallId) -> Result<Self, Refusal> {
        let snapshot = context.snapshot;
        let facts = source.facts;
        let refused =
            || Refusal::new("what it is written with is neither a pool of pg nor knex, a client of Prisma or a repository of TypeORM");
        let link = snapshot.link(source.file).ok_or_else(refused)?;
        let access = link.accesses.iter().find(|access| access.site == CallRef { file: source.file, call: writes }).ok_or_else(refused)?;
        let pool = Self::handed_out(context, source, facts.call(writes), access);
        let pool = pool.or_else(|| Self::made(context, source, facts.call(writes), access));
        let pool = pool.ok_or_else(|| unknown_repository(source, facts.call(writes)).unwrap_or_else(refused))?;
        let home = snapshot.files.source(pool.home).ok_or_else(refused)?;
        let extends = |home: &SourceFacts| {
            home.calls.iter().any(|call| matches!(home.expr(call.callee), Expr::Member { name, .. } if name == "$extends"))
        };
        let extended = pool.library == Library::Prisma && extends(home);
        if extended && pool.handed_out.is_some() {
            return Err(Refusal::new("its client of Prisma is an extended one, which is no instance of its class"));
        }
        let by_statement = matches!(pool.library, Library::Knex | Library::TypeOrm);
        if by_statement && !is_of_postgres(context, CallRef { file: source.file, call: writes }) {
            return Err(Refusal::new("its tables are of another database than PostgreSQL"));
        }
        let version = npm(snapshot, source.file).and_then(|npm| npm.dependencies.iter().find(|(name, _)| name == "typeorm"));
        let is_old = |version: &str| version.trim_start_matches(['^', '~', '=', 'v', '>', ' ']).starts_with("0.2");
        if pool.library == Library::TypeOrm && version.is_some_and(|(_, version)| is_old(version)) {
            return Err(Refusal::new("managers of this version of TypeORM cannot be given a repository"));
        }
        Ok(Self { extended, ..pool })
    }

    /// One that a file of the workspace makes once.
    fn made(context: &Context<'a>, source: &Source<'a>, writes: &Call, access: &AccessDecl) -> Option<Self> {
        let facts = source.facts;
        let made = access.connection?;
        let home = context.snapshot.files.source(made.file)?;
        let library = Library::of(home, home.call(made.call), access.prisma)?;
        let root = library.root(facts, writes).filter(|root| !root.field)?;
        let is_given = facts.functions.iter().flat_map(|function| &function.params).any(|param| param.name == *root.name);
        let is_own = writes.function != FunctionId::MODULE
            && facts.bindings.iter().any(|it| it.name == *root.name && it.function != FunctionId::MODULE);
        let pool = Self { name: root.name, home: made.file, library, handed_out: None, extended: false };
        (!is_own && !is_given).then_some(pool)
    }

    /// One that a framework hands to the class that writes.
    fn handed_out(context: &Context<'a>, source: &Source<'a>, writes: &Call, access: &AccessDecl) -> Option<Self> {
        let library = if access.prisma { Library::Prisma } else { Library::TypeOrm };
        let root = library.root(source.facts, writes).filter(|root| root.field)?;
        let param = param(source.facts, writes.function, root.name)?;
        let class = param.ty.as_ref()?.path.as_str();
        let home = match library {
            Library::TypeOrm => is_of(source, class, "typeorm", "Repository").then_some(source.file)?,
            _ => {
                let (home, made) = injected::class(context, source.file, class)?;
                let facts = context.snapshot.files.source(home)?;
                superclass(facts, made).filter(|from| *from == "PrismaClient").map(|_| home)?
            }
        };
        let is_plain = if library == Library::TypeOrm { is_of_the_database(param) } else { param.attributes.is_empty() };
        is_plain.then_some(Self { name: root.name, home, library, handed_out: Some(Handed { param, class }), extended: false })
    }

    /// What it is called where it is written with.
    pub(super) fn text(self) -> String {
        if self.handed_out.is_some() { format!("this.{}", self.name) } else { self.name.to_owned() }
    }

    /// Its name, where it is no field.
    pub(super) fn name(self) -> Option<&'a str> {
        self.handed_out.is_none().then_some(self.name)
    }

    /// Whether what one write is written with is another one's, too: repositories of a class have one database.
    pub(super) fn is_same(self, other: Self) -> bool {
        self == other || self.library == Library::TypeOrm && other.library == self.library && other.home == self.home
    }

    /// The pool in `pool.query`, the client in `prisma.order.create`.
    pub(super) fn queried(self, source: &Source<'_>, call: &Call) -> Option<TextRange> {
        let root = self.library.root(source.facts, call)?;
        let is_it = match self.library {
            Library::TypeOrm => root.field && repository(source, call, root.name).is_some_and(is_of_the_database),
            Library::Knex if is_handed_over(source.facts, call) => false,
            _ => root.name == self.name && root.field == self.handed_out.is_some(),
        };
        is_it.then_some(root.range)
    }

    /// What queries of a range take of it: `query`, or `order` of `prisma.order.create`.
    pub(super) fn members(self, source: &Source<'_>, range: TextRange) -> BTreeSet<String> {
        let queries = source.facts.calls.iter().filter(|call| range.contains(call.range));
        let found = queries.filter_map(|call| {
            let on = self.queried(source, call)?;
            let rest = source.text.get(on.end as usize..)?.trim_start().strip_prefix('.')?.trim_start();
            Some(rest.chars().take_while(|letter| is_part_of_name(*letter)).collect())
        });
        found.collect()
    }

    /// The type of what a function is handed that may be the pool, of which queries take these members; `pool` is what it is called there.
    pub(super) fn handed(self, pool: &str, members: &BTreeSet<String>, quote: char) -> String {
        let pool = self.handed_out.map_or_else(|| format!("typeof {pool}"), |handed| handed.class.to_owned());
        match self.library {
            Library::Knex => pool,
            Library::TypeOrm => "EntityManager".to_owned(),
            Library::Pg | Library::Prisma => {
                let members = members.iter().map(|member| format!("{quote}{member}{quote}")).collect::<Vec<_>>().join(" | ");
                format!("Pick<{pool}, {members}>")
            }
        }
    }

    /// All of the query that a call is part of: `db("orders").insert(order).returning("id")` of `insert`.
    pub(super) fn whole(self, facts: &SourceFacts, call: CallId) -> Result<CallId, Refusal> {
        if self.library != Library::Knex {
            return Ok(call);
        }
        let method = |id: &CallId| match facts.expr(facts.call(*id).callee) {
            Expr::Member { name, .. } => name.as_str(),
            _ => "",
        };
        let whole = calls_from(facts, call).last().unwrap_or(call);
        if is_handed_over(facts, facts.call(whole)) {
            return Err(Refusal::new("it is part of a transaction that is handed over"));
        }
        match calls_from(facts, call).find(|id| OF_PROMISES.contains(&method(id))) {
            Some(other) => Err(Refusal::new(format!("`{}` makes something else of the query", method(&other)))),
            None => Ok(whole),
        }
    }

    /// A name for a client that a function has no other use for.
    pub(super) fn client(self, source: &Source<'_>, function: FunctionId) -> Result<&'static str, Refusal> {
        let whole = if function == FunctionId::MODULE { &source.text } else { source.slice(source.facts.function(function).range) };
        let free = self.library.clients().into_iter().find(|name| !Source::has_word(whole, name));
        free.ok_or_else(|| Refusal::new("the function has names for clients already"))
    }

    /// Lets queries of a range be those of a client.
    pub(super) fn write_with(self, source: &Source<'_>, range: TextRange, client: &str, edit: &mut Edit) {
        let queries = source.facts.calls.iter().filter(|call| range.contains(call.range));
        // Several calls may be of one query.
        let pools: BTreeSet<TextRange> = queries.filter_map(|call| self.queried(source, call)).collect();
        for pool in pools {
            let text = match self.library {
                Library::TypeOrm => format!("{client}.withRepository({})", source.slice(pool)),
                _ => client.to_owned(),
            };
            edit.replace(source.file, pool, text);
        }
    }

    /// What begins a transaction of it, up to the function that is given its client; `pool` is what it is called there, `transaction` the function
    /// that does so where the library has none.
    pub(super) fn begins(self, pool: &str, transaction: &str) -> String {
        match self.library {
            Library::Pg => format!("{transaction}({pool}, "),
            Library::Prisma => format!("{pool}.$transaction("),
            Library::Knex => format!("{pool}.transaction("),
            Library::TypeOrm => format!("{pool}.manager.transaction("),
        }
    }
}

/// Whether a query of knex is told whose transaction it is part of: `db("orders").transacting(trx).insert(order)`.
fn is_handed_over(facts: &SourceFacts, query: &Call) -> bool {
    let before = |call: &&Call| match facts.expr(call.callee) {
        Expr::Member { object, .. } => match facts.expr(*object) {
            Expr::Call(of) => Some(facts.call(*of)),
            _ => None,
        },
        _ => None,
    };
    std::iter::successors(Some(query), before)
        .any(|call| matches!(facts.expr(call.callee), Expr::Member { name, .. } if name == "transacting"))
}

/// The parameter by which the class around a call is handed a repository of TypeORM, as a field of that name.
fn repository<'a>(source: &Source<'a>, call: &Call, field: &str) -> Option<&'a Param> {
    let is_one = |param: &&Param| param.ty.as_ref().is_some_and(|ty| is_of(source, &ty.path, "typeorm", "Repository"));
    param(source.facts, call.function, field).filter(is_one)
}

/// Whether a repository is of the application's only database: a second argument says which of several is meant.
fn is_of_the_database(repository: &Param) -> bool {
    matches!(repository.attributes.as_slice(), [only] if only.path == "InjectRepository" && only.args.len() == 1)
}

/// Why a call is none of a known repository's, where it is one of another's.
fn unknown_repository(source: &Source<'_>, writes: &Call) -> Option<Refusal> {
    let facts = source.facts;
    let Expr::Member { object, .. } = facts.expr(writes.callee) else { return None };
    let made = match facts.expr(*object) {
        Expr::Member { name, .. } => {
            let is_named = repository(source, writes, name)?.attributes.iter().any(|attribute| attribute.path == "InjectRepository");
            let why = if is_named {
                "its repository is that of one of several databases"
            } else {
                "how its repository is injected is not simple"
            };
            return Some(Refusal::new(why));
        }
        Expr::Name(name) => facts.bindings.iter().find(|binding| binding.name == *name)?.value?,
        _ => *object,
    };
    let Expr::Call(made) = facts.expr(made) else { return None };
    let is_got = matches!(facts.expr(facts.call(*made).callee), Expr::Member { name, .. } if name == "getRepository");
    is_got.then(|| Refusal::new("its repository is not handed out by NestJS"))
}

/// Whether what a call writes is of PostgreSQL.
fn is_of_postgres(context: &Context<'_>, writes: CallRef) -> bool {
    let snapshot = context.snapshot;
    let place = snapshot.files.called_at(writes);
    let own = |access: &Access| Some(access.place) == place;
    let mut stores = snapshot.chart.stores.iter().filter(|store| store.collections.iter().any(|it| it.accesses.iter().any(own)));
    stores.any(|store| store.system == "postgresql")
}
