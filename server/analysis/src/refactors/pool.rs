//! What TypeScript writes rows with, and what stands in its place within a transaction: a pool of pg, or a client of Prisma.
//!
//! Invariant: it is made once, and means the same in all functions of its file.

use std::collections::BTreeSet;

use portolan_grammars::facts::{Call, CallId, CallKind, Expr, FunctionId, SourceFacts, TextRange};

use super::source::is_part_of_name;
use super::{Context, Edit, Refusal, Source};
use crate::resolve::value::CallRef;

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    /// `pool.query(…)`, and a client that is taken out of the pool.
    Pg,
    /// `prisma.order.create(…)`, and a client that `prisma.$transaction` hands out.
    Prisma,
}

/// What rows are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pool<'a> {
    /// What it is called.
    pub(super) name: &'a str,
    /// The call that makes it.
    pub(super) made: CallRef,
    pub(super) library: Library,
}

impl Library {
    /// Names for a client, in the order in which they are tried.
    fn clients(self) -> [&'static str; 2] {
        match self {
            Library::Pg => ["client", "connection"],
            Library::Prisma => ["tx", "transaction"],
        }
    }

    /// The library that makes it, if it is one of these.
    fn of(home: &SourceFacts, made: &Call, by_schema: bool) -> Option<Self> {
        let loads = |local: &str| home.imports.iter().any(|import| import.local == local && import.source == "pg");
        let is_pool = match home.expr(made.callee) {
            Expr::Name(name) if name == "PrismaClient" && by_schema => return Some(Library::Prisma),
            Expr::Name(name) => name == "Pool" && loads("Pool"),
            Expr::Member { object, name } => name == "Pool" && matches!(home.expr(*object), Expr::Name(of) if loads(of)),
            _ => false,
        };
        is_pool.then_some(Library::Pg)
    }

    /// What a query is called on, and where that is written.
    fn root<'f>(self, facts: &'f SourceFacts, query: &Call) -> Option<(&'f str, TextRange)> {
        let Expr::Member { object, name } = facts.expr(query.callee) else { return None };
        let on = match (self, facts.expr(*object)) {
            (Library::Pg, _) if name == "query" => *object,
            (Library::Prisma, Expr::Member { object, .. }) => *object,
            (Library::Prisma, Expr::Name(_)) if name.starts_with("$queryRaw") || name.starts_with("$executeRaw") => *object,
            _ => return None,
        };
        match facts.expr(on) {
            Expr::Name(name) => Some((name, facts.expr_range(on))),
            _ => None,
        }
    }
}

impl<'a> Pool<'a> {
    /// What a row is written with, where it is not of the function that writes.
    pub(super) fn of(context: &Context<'a>, source: &Source<'a>, writes: CallId) -> Result<Self, Refusal> {
        let snapshot = context.snapshot;
        let facts = source.facts;
        let refused = || Refusal::new("what it is written with is neither a pool of pg nor a client of Prisma");
        let link = snapshot.link(source.file).ok_or_else(refused)?;
        let access = link.accesses.iter().find(|access| access.site == CallRef { file: source.file, call: writes }).ok_or_else(refused)?;
        let made = access.connection.ok_or_else(refused)?;
        let home = snapshot.files.source(made.file).ok_or_else(refused)?;
        let call = home.call(made.call);
        let library = Library::of(home, call, access.prisma).filter(|_| call.kind == CallKind::New).ok_or_else(refused)?;
        let name = library.root(facts, facts.call(writes)).map(|(name, _)| name).ok_or_else(refused)?;
        let function = facts.call(writes).function;
        let is_given = facts.functions.iter().flat_map(|function| &function.params).any(|param| param.name == *name);
        let is_own =
            function != FunctionId::MODULE && facts.bindings.iter().any(|it| it.name == *name && it.function != FunctionId::MODULE);
        let extends = |home: &SourceFacts| {
            home.calls.iter().any(|call| matches!(home.expr(call.callee), Expr::Member { name, .. } if name == "$extends"))
        };
        if library == Library::Prisma && extends(home) {
            return Err(Refusal::new("its client of Prisma is an extended one, whose transactions are of another type"));
        }
        if is_own || is_given { Err(refused()) } else { Ok(Self { name, made, library }) }
    }

    /// The pool in `pool.query`, the client in `prisma.order.create`.
    pub(super) fn queried(self, source: &Source<'_>, call: &Call) -> Option<TextRange> {
        let (name, range) = self.library.root(source.facts, call)?;
        (name == self.name).then_some(range)
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

    /// A name for a client that a function has no other use for.
    pub(super) fn client(self, source: &Source<'_>, function: FunctionId) -> Result<&'static str, Refusal> {
        let whole = if function == FunctionId::MODULE { &source.text } else { source.slice(source.facts.function(function).range) };
        let free = self.library.clients().into_iter().find(|name| !Source::has_word(whole, name));
        free.ok_or_else(|| Refusal::new("the function has names for clients already"))
    }

    /// Lets queries of a range be those of a client.
    pub(super) fn write_with(self, source: &Source<'_>, range: TextRange, client: &str, edit: &mut Edit) {
        for call in source.facts.calls.iter().filter(|call| range.contains(call.range)) {
            if let Some(pool) = self.queried(source, call) {
                edit.replace(source.file, pool, client);
            }
        }
    }
}
