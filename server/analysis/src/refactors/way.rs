//! How a function gets to what writes: the calls that lead there, and the functions that they pass, which are handed a transaction's client.
//!
//! Invariant: each of them waits for the next, and each function is called by name alone, so that one parameter more changes nothing for others.

use std::collections::{BTreeMap, BTreeSet};

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, FunctionId, Imported, SourceFacts, TextRange};

use super::imports::quote;
use super::option::width;
use super::passage::{Passage, Stuck};
use super::pool::{Library, Pool};
use super::{Context, Edit, Refusal, Source, imports, injected};
use crate::chart::flow::Spot;
use crate::resolve::evaluate::around;
use crate::resolve::value::CallRef;
use crate::{FileId, FunctionRef};

/// What files call the pool.
pub(super) type Pools = BTreeMap<FileId, String>;

/// How many functions lie at most between one and what writes.
const MAX_BETWEEN: usize = 4;

/// The way from a function to what writes.
pub(super) struct Way<'a> {
    pub(super) from: FunctionRef,
    /// Calls that write, or lead to what does, by the function that makes them.
    pub(super) calls: BTreeMap<FunctionRef, BTreeSet<CallId>>,
    /// Functions that write themselves.
    writers: BTreeSet<FunctionRef>,
    /// A file that has the pool, and a function in it that writes with it.
    pub(super) writer: Source<'a>,
    pub(super) function: FunctionId,
    /// The first call that writes.
    pub(super) written: CallRef,
    /// The pool.
    pub(super) pool: Pool<'a>,
}

impl<'a> Way<'a> {
    /// Finds the way from a function to all that writes.
    pub(super) fn find(context: &Context<'a>, from: FunctionRef, writes: Vec<CallRef>) -> Result<Self, Refusal> {
        let unclear = || Refusal::new("how the row is written is not plain to see");
        let first = *writes.first().ok_or_else(unclear)?;
        let snapshot = context.snapshot;
        let writer = context.source(first.file)?;
        let pool = Pool::of(context, &writer, first.call)?;
        for other in &writes[1..] {
            let source = context.source(other.file)?;
            if !Pool::of(context, &source, other.call)?.is_same(pool) {
                return Err(Refusal::new("rows are written with several pools"));
            }
        }
        let mut whole = Vec::new();
        for write in writes {
            let facts = snapshot.files.source(write.file).ok_or_else(unclear)?;
            whole.push(CallRef { file: write.file, call: pool.whole(facts, write.call)? });
        }
        let function = writer.facts.call(first.call).function;
        let mut way = Self { from, calls: BTreeMap::new(), writers: BTreeSet::new(), writer, function, written: first, pool };
        let mut search = Search { context, writes: whole, known: BTreeMap::new() };
        search.leads(from, 0, &mut way)?;
        if search.writes.iter().any(|write| !way.calls.values().any(|calls| calls.contains(&write.call))) {
            return Err(unclear());
        }
        Ok(way)
    }

    /// The first call of the function that is part of it.
    pub(super) fn first<'s>(&self, source: &'s Source<'_>) -> Option<&'s Call> {
        let first = self.calls.get(&self.from)?.first()?;
        Some(source.facts.call(*first))
    }

    /// Hands the client to what the calls of a function lead to.
    pub(super) fn give(&self, source: &Source<'_>, function: FunctionId, client: &str, edit: &mut Edit) -> Result<(), Refusal> {
        let key = FunctionRef { file: source.file, function };
        for call in self.calls.get(&key).into_iter().flatten() {
            let call = source.facts.call(*call);
            if self.pool.queried(source, call).is_some() {
                continue;
            }
            let text = source.slice(call.range);
            let inner = text.strip_suffix(')').ok_or_else(|| Refusal::new("its arguments are not written in brackets"))?.trim_end();
            let gap = if call.args.is_empty() {
                ""
            } else if inner.ends_with(',') {
                " "
            } else {
                ", "
            };
            let end = if inner.ends_with(',') { call.range.start + inner.len() as u32 } else { call.range.end - 1 };
            edit.insert(source.file, end, format!("{gap}{client}"));
        }
        Ok(())
    }

    /// Lets each function between write with what it is handed, and with the pool where it is handed nothing.
    pub(super) fn hand_on(&self, context: &Context<'a>, pools: &mut Pools, edit: &mut Edit) -> Result<(), Refusal> {
        let (mut members, mut imported) = (BTreeSet::new(), BTreeSet::new());
        for writer in &self.writers {
            let source = context.source(writer.file)?;
            members.extend(self.pool.members(&source, source.facts.function(writer.function).range));
        }
        for between in self.calls.keys().filter(|function| **function != self.from) {
            let source = context.source(between.file)?;
            let function = source.facts.function(between.function);
            let client = self.pool.client(&source, between.function)?;
            let pool = self.pool_in(context, (&source, between.function), function.range.start, pools, edit)?;
            let is_known = |class| injected::class(context, source.file, class).is_some_and(|(home, _)| home == self.pool.home);
            let class = self.pool.handed_out.filter(|_| self.pool.library == Library::Prisma).map(|handed| handed.class);
            if let Some(class) = class.filter(|class| !is_known(class)) {
                return Err(Refusal::new(format!("{class} is not known in {}", source.name())));
            }
            let handed = self.pool.handed(&pool, &members, quote(&source));
            let usual = if self.pool.library == Library::TypeOrm { format!("{pool}.manager") } else { pool };
            add_param(&source, between.function, &format!("{client}: {handed} = {usual}"), edit)?;
            if self.pool.library == Library::TypeOrm && imported.insert(source.file) {
                let names = imports::import(context, &source, "typeorm", &[&handed], edit)?;
                if names.statement.is_some() || names.called != [handed] {
                    return Err(Refusal::new(format!("how {} imports typeorm is not simple", source.name())));
                }
            }
            if self.writers.contains(between) {
                self.pool.write_with(&source, function.range, client, edit);
            }
            self.give(&source, between.function, client, edit)?;
        }
        Ok(())
    }

    /// What the pool is called in a function, whose file is given it if it has none.
    pub(super) fn pool_in(
        &self,
        context: &Context<'a>,
        to: (&Source<'a>, FunctionId),
        at: u32,
        pools: &mut Pools,
        edit: &mut Edit,
    ) -> Result<String, Refusal> {
        if let Some(known) = pools.get(&to.0.file) {
            return Ok(known.clone());
        }
        let mut passage = Passage::new(context, (&self.writer, self.function), to, at);
        let pool = match self.pool.name() {
            Some(name) => passage.item(name, None).map_err(Stuck::refusal)?,
            None => {
                let written = self.pool.queried(&self.writer, self.writer.facts.call(self.written.call));
                let this = written.map(|range| TextRange { start: range.start, end: range.start + "this".len() as u32 });
                let unclear = || Refusal::new("how the row is written is not plain to see");
                let reached = passage.name(this.ok_or_else(unclear)?).map_err(Stuck::refusal)?;
                reached.map_or_else(|| self.pool.text(), |(_, reached)| reached)
            }
        };
        passage.finish(edit)?;
        pools.insert(to.0.file, pool.clone());
        Ok(pool)
    }
}

/// Looks for what writes.
struct Search<'c, 'a> {
    context: &'c Context<'a>,
    writes: Vec<CallRef>,
    /// Functions that were looked at, and whether they lead there.
    known: BTreeMap<FunctionRef, bool>,
}

impl Search<'_, '_> {
    /// Whether a function writes, or calls one that does; all calls that do are noted.
    fn leads(&mut self, function: FunctionRef, depth: usize, way: &mut Way<'_>) -> Result<bool, Refusal> {
        if let Some(known) = self.known.get(&function) {
            return Ok(*known);
        }
        self.known.insert(function, false);
        let snapshot = self.context.snapshot;
        let Some(facts) = snapshot.files.source(function.file) else { return Ok(false) };
        let within = |inner: FunctionId| around(facts, inner).any(|around| around == function.function);
        let own = self.writes.iter().filter(|write| write.file == function.file && within(facts.call(write.call).function));
        let mut calls: BTreeSet<CallId> = own.map(|write| write.call).collect();
        let writes = !calls.is_empty();
        if function != way.from && calls.iter().any(|write| !is_waited_for(facts, *write)) {
            return Err(Refusal::new("nobody waits for what writes the row"));
        }
        let inner = (0..facts.functions.len() as u32).map(FunctionId).filter(|inner| within(*inner));
        let inner: Vec<_> = inner.map(|inner| FunctionRef { file: function.file, function: inner }).collect();
        let edges = inner.iter().flat_map(|inner| snapshot.index.edges_of(*inner));
        let edges: Vec<_> = edges.filter(|edge| edge.callee.file != function.file || !within(edge.callee.function)).collect();
        for edge in edges.iter().filter(|_| depth < MAX_BETWEEN) {
            if !self.leads(edge.callee, depth + 1, way)? {
                continue;
            }
            let unclear = || Refusal::new("which function writes the row is not plain to see");
            let call = Spot::at(&snapshot.files, edge.place).and_then(|spot| spot.call()).ok_or_else(unclear)?;
            if edges.iter().any(|other| other.place == edge.place && other.callee != edge.callee) {
                return Err(unclear());
            }
            let callee = snapshot.files.source(edge.callee.file).ok_or_else(unclear)?.function(edge.callee.function);
            let given = facts.call(call);
            if edge.detached || given.args.iter().any(|it| it.spread) || given.args.len() != callee.params.len() {
                return Err(unclear());
            }
            if depth > 0 && !is_waited_for(facts, call) {
                return Err(Refusal::new("nobody waits for what writes the row"));
            }
            calls.insert(call);
        }
        let leads = !calls.is_empty();
        if leads && function != way.from {
            is_only_called(self.context, function)?;
            // What it does elsewhere would stay outside of the transaction.
            let is_other = |callee: FunctionRef| depth == MAX_BETWEEN || self.known.get(&callee) != Some(&true);
            let others = edges.iter().map(|edge| edge.callee).filter(|callee| is_other(*callee));
            let has_own = !writes && inner.iter().any(|inner| !snapshot.index.accesses_in(*inner).is_empty());
            if has_own || reach_rows(self.context, others) {
                return Err(Refusal::new("it reads or writes by other functions, too"));
            }
        }
        if writes {
            way.writers.insert(function);
        }
        if leads {
            way.calls.insert(function, calls);
        }
        self.known.insert(function, leads);
        Ok(leads)
    }
}

/// Whether any of these functions, or one that they run, reads or writes.
fn reach_rows(context: &Context<'_>, functions: impl Iterator<Item = FunctionRef>) -> bool {
    reached(context, functions).iter().any(|function| !context.snapshot.index.accesses_in(*function).is_empty())
}

/// These functions, and all that they run.
pub(super) fn reached(context: &Context<'_>, functions: impl Iterator<Item = FunctionRef>) -> BTreeSet<FunctionRef> {
    let mut open: Vec<FunctionRef> = functions.collect();
    let mut seen: BTreeSet<FunctionRef> = open.iter().copied().collect();
    while let Some(function) = open.pop() {
        let callees = context.snapshot.index.edges_of(function).iter().map(|edge| edge.callee);
        open.extend(callees.filter(|callee| seen.insert(*callee)));
    }
    seen
}

/// Whether a call is waited for where it stands, or given back to who may wait for it.
fn is_waited_for(facts: &SourceFacts, call: CallId) -> bool {
    let made = facts.call(call);
    made.awaited || facts.function(made.function).returns.iter().any(|value| is_call(facts, *value, call))
}

/// Whether a value is the result of a call.
fn is_call(facts: &SourceFacts, value: ExprId, call: CallId) -> bool {
    matches!(facts.expr(value), Expr::Call(other) if *other == call)
}

/// Refuses a function that is handed to others, who may call it with more than they are said to.
fn is_only_called(context: &Context<'_>, function: FunctionRef) -> Result<(), Refusal> {
    let snapshot = context.snapshot;
    let unclear = || Refusal::new("which function writes the row is not plain to see");
    let facts = snapshot.files.source(function.file).ok_or_else(unclear)?;
    let is_it = |value: ExprId| matches!(facts.expr(value), Expr::Closure(id) if *id == function.function);
    let bound = || facts.bindings.iter().find(|binding| binding.value.is_some_and(is_it)).map(|binding| &binding.name);
    let own = &facts.function(function.function).name;
    let name = if own.is_empty() { bound().ok_or_else(unclear)? } else { own };
    for (file, _, other) in snapshot.files.iter() {
        let Some(other) = other.source().filter(|other| other.language.is_ecmascript()) else { continue };
        let imports = |named: &Imported| matches!(named, Imported::Named(it) if it == name);
        let has = file == function.file || other.imports.iter().any(|import| import.local == *name || imports(&import.imported));
        let locals = other.imports.iter().filter(|import| imports(&import.imported)).map(|import| &import.local);
        let names: BTreeSet<&str> = locals.map(|local| local.as_str()).chain([name.as_str()]).collect();
        let mut mentions = other.exprs.iter().filter(|it| match &it.kind {
            Expr::Name(mentioned) | Expr::Member { name: mentioned, .. } => names.contains(mentioned.as_str()),
            _ => false,
        });
        let called: BTreeSet<TextRange> = other.calls.iter().map(|call| other.expr_range(call.callee)).collect();
        let is_declared = |range: TextRange| {
            let functions = other.functions.iter().map(|function| function.name_range);
            let names = functions.chain(other.bindings.iter().map(|it| it.range)).chain(other.imports.iter().map(|it| it.range));
            names.into_iter().any(|name| name.contains(range))
        };
        if has && mentions.any(|it| !called.contains(&it.range) && !is_declared(it.range)) {
            return Err(Refusal::new(format!("`{name}` is not only called")));
        }
    }
    Ok(())
}

/// Gives a function a last parameter: on its own line where its line would get too long.
fn add_param(source: &Source<'_>, function: FunctionId, param: &str, edit: &mut Edit) -> Result<(), Refusal> {
    let function = source.facts.function(function);
    let unclear = || Refusal::new(format!("the parameters of {} are not simple", source.slice(function.name_range)));
    let rest = |at: u32| source.text.get(at as usize..).unwrap_or_default();
    let Some(last) = function.params.last() else {
        let body = source.facts.region(function.body).range;
        let head = source.slice(TextRange { start: function.range.start, end: body.start });
        let at = function.range.start + head.find('(').ok_or_else(unclear)? as u32 + 1;
        if !rest(at).starts_with(')') {
            return Err(unclear());
        }
        edit.insert(source.file, at, param);
        return Ok(());
    };
    let end = last.ty.as_ref().map_or(last.range.end, |ty| ty.range.end);
    let behind = rest(end).trim_start();
    let closes = behind.starts_with(')') || behind.strip_prefix(',').is_some_and(|behind| behind.trim_start().starts_with(')'));
    if last.rest || last.default.is_some() || !closes {
        return Err(unclear());
    }
    let first = function.params[0].range.start;
    let params = source.slice(TextRange { start: first, end });
    let line = source.line_of(first);
    if params.contains('\n') || source.text[..first as usize].trim_end_matches([' ', '\t']).ends_with('\n') {
        edit.insert(source.file, end, format!(",{}{}{param}", source.newline(), source.indent_at(end)));
    } else if line.chars().count() + param.chars().count() + ", ".len() <= width(source) {
        edit.insert(source.file, end, format!(", {param}"));
    } else {
        let (newline, indent, unit) = (source.newline(), source.indent_at(first), source.indent_unit());
        let broken: Vec<String> = function
            .params
            .iter()
            .map(|it| TextRange { start: it.range.start, end: it.ty.as_ref().map_or(it.range.end, |ty| ty.range.end) })
            .map(|range| format!("{newline}{indent}{unit}{},", source.slice(range)))
            .collect();
        let close = end + (rest(end).len() - behind.len()) as u32;
        let all = TextRange { start: first, end: close };
        edit.replace(source.file, all, format!("{}{newline}{indent}{unit}{param},{newline}{indent}", broken.concat()));
    }
    Ok(())
}
