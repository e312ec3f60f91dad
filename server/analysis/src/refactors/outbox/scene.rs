//! The code that becomes a transaction: from the first statement that writes to the one that sends.
//!
//! Invariant: the message is the last of it.

use portolan_grammars::catalog::Operation;
use portolan_grammars::facts::{Call, CallKind, Expr, ExprId, FunctionId, Language, Param, TextRange, TypeRef};

use super::super::imports::{statement_end, without_unused};
use super::super::pool::{Library, Pool};
use super::super::source::is_part_of_name;
use super::super::stretch::Stretch;
use super::super::way::{Pools, Way, reached};
use super::super::{Context, Edit, Refusal, Source, injected};
use super::told;
use crate::chart::flow::Spot;
use crate::chart::index::AccessRef;
use crate::chart::{Access, Channel};
use crate::resolve::value::CallRef;
use crate::rules::Finding;
use crate::{FunctionRef, Place};

/// What the outbox calls what a framework hands out to send with.
pub(super) const SENDER: &str = "sender";

/// How many functions lie at most between what sends and what writes.
const MAX_HOPS: usize = 3;

/// A write and a message behind it.
pub(super) struct Scene<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    /// The way there.
    pub(super) way: Way<'a>,
    /// What sends.
    pub(super) sends: &'a Call,
    /// The statement that does, without what ends it.
    sent: TextRange,
    /// From the one statement to the other.
    pub(super) stretch: Stretch<'s, 'a>,
}

impl<'s, 'a> Scene<'s, 'a>
where
    's: 'a,
{
    /// The scene of a finding, whose message is sent at a place.
    pub(super) fn set(
        context: &Context<'a>,
        source: &'s Source<'a>,
        (finding, sent): (&Finding, Place),
        channel: &Channel,
    ) -> Result<Self, Refusal> {
        let snapshot = context.snapshot;
        let facts = source.facts;
        if facts.language != Language::TypeScript {
            return Err(Refusal::new("an outbox is written for TypeScript alone"));
        }
        let unclear = |what: &str| Refusal::new(format!("how {what} is not plain to see"));
        let (written, _) = finding.related.first().ok_or_else(|| unclear("the row is written"))?;
        let call = |place| Spot::at(&snapshot.files, place).and_then(|spot| spot.call());
        let sends = facts.call(call(sent).ok_or_else(|| unclear("the message is sent"))?);
        let from = FunctionRef { file: source.file, function: sends.function };
        let way = Way::find(context, from, writes(context, from, sent, *written)?)?;
        let writes: Vec<&Call> = way.calls.get(&from).into_iter().flatten().map(|id| facts.call(*id)).collect();
        if writes.iter().any(|write| write.function != sends.function) {
            return Err(Refusal::new("the row is written in another function"));
        }
        let tree = source.tree().ok_or_else(|| unclear("the row is written"))?;
        let statements = tree.statements_around(sends.range);
        let holding = |range: TextRange| statements.iter().find(|statement| statement.contains(range));
        let held: Option<Vec<&TextRange>> = writes.iter().map(|write| holding(write.range)).collect();
        let first = held.and_then(|held| held.into_iter().min_by_key(|statement| statement.start));
        let (Some(first), Some(last)) = (first, holding(sends.range)) else {
            return Err(Refusal::new("the row is written in another block"));
        };
        if writes.iter().any(|write| write.range.start > last.end) {
            return Err(Refusal::new("the row is written in several branches"));
        }
        let text = source.slice(*last).trim_end_matches(';');
        if first == last || !is_alone(text, source.slice(sends.range)) {
            return Err(unclear("the message is sent"));
        }
        let sent = TextRange { start: last.start, end: last.start + text.len() as u32 };
        let range = TextRange { start: first.start, end: last.end };
        let stretch = Stretch { source, function: sends.function, pool: way.pool, range };
        stretch.is_of_one_piece(|call| call.range.contains(sends.range) || writes.iter().any(|write| call.range == write.range))?;
        if !writes.iter().all(|write| write.awaited) {
            return Err(Refusal::new("nobody waits for what writes the row"));
        }
        let scene = Self { source, way, sends, sent, stretch };
        told::check(context, &scene, channel)?;
        Ok(scene)
    }

    /// Where it begins.
    pub(super) fn start(&self) -> u32 {
        self.stretch.range.start
    }

    /// The functions of the outbox that it calls: what keeps a message, and what makes a transaction where the library has nothing for that.
    pub(super) fn needs(&self) -> &'static [&'static str] {
        match self.stretch.pool.library {
            Library::Pg => &["enqueue", "transaction"],
            Library::Prisma | Library::Knex | Library::TypeOrm => &["enqueue"],
        }
    }

    /// Makes a transaction of it, which writes the message, with functions that are called so.
    pub(super) fn rewrite(&self, context: &Context<'a>, called: &[String], pools: &mut Pools, edit: &mut Edit) -> Result<(), Refusal> {
        let (source, facts, stretch) = (self.source, self.source.facts, &self.stretch);
        let client = stretch.client()?;
        let pool = self.way.pool_in(context, (source, stretch.function), self.start(), pools, edit)?;
        let (newline, unit, end) = (source.newline(), source.indent_unit(), statement_end(source));
        let indent = source.indent_at(self.start());
        let (bound, given) = match stretch.handed_out()?.as_slice() {
            [] => (String::new(), None),
            [one] => (format!("const {one} = "), Some((*one).to_owned())),
            many => (format!("const {{ {0} }} = ", many.join(", ")), Some(format!("{{ {} }}", many.join(", ")))),
        };
        let callee = facts.expr_range(self.sends.callee);
        let comma = if self.sends.args.is_empty() { "" } else { ", " };
        let Some(enqueue) = called.first() else { return Err(Refusal::new("nothing keeps the message")) };
        let begins = stretch.pool.begins(&pool, called.get(1).map_or("", String::as_str));
        let opening = TextRange { start: self.sent.start, end: callee.end + 1 };
        edit.replace(source.file, opening, format!("await {enqueue}({client}{comma}"));
        edit.replace(source.file, TextRange { start: self.sends.range.end, end: self.sent.end }, "");
        if let Some(given) = given {
            edit.insert(source.file, stretch.range.end, format!("{newline}{indent}{unit}return {given}{end}"));
        }
        stretch.wrap(&format!("{bound}await {begins}async ({client}) => {{"), client, "})", edit);
        without_unused(source, opening, enqueue, edit);
        if let Some(param) = self.sending_param() {
            injected::without_unused(context, source, stretch.function, &param.name, self.sent, edit);
        }
        self.way.give(source, stretch.function, client, edit)?;
        self.way.hand_on(context, pools, edit)
    }
}

impl Scene<'_, '_> {
    /// The function of the workspace that sends, where it is one.
    pub(super) fn sender(&self, context: &Context<'_>) -> Option<FunctionRef> {
        let around = FunctionRef { file: self.source.file, function: self.sends.function };
        context.snapshot.index.callee_at(around, Place { file: self.source.file, range: self.sends.name_range })
    }

    /// The parameter of the class by which a framework hands it what sends, and its type.
    pub(super) fn handed_out(&self) -> Option<&TypeRef> {
        self.sending_param()?.ty.as_ref().filter(|ty| ty.args.is_empty())
    }

    /// That parameter: `bus` of `this.bus.publish(…)`.
    pub(super) fn sending_param(&self) -> Option<&Param> {
        let facts = self.source.facts;
        let Expr::Member { object, .. } = facts.expr(self.sends.callee) else { return None };
        let Expr::Member { object, name: field } = facts.expr(*object) else { return None };
        let is_field = matches!(facts.expr(*object), Expr::This);
        injected::param(facts, self.sends.function, field).filter(|_| is_field)
    }

    /// What sends, where it is reached by names alone: `publish`, `producer.send`, `Queue.getInstance()?.add`.
    pub(super) fn callee(&self) -> Option<Callee<'_>> {
        let facts = self.source.facts;
        let range = facts.expr_range(self.sends.callee);
        let text = self.source.slice(range);
        let root = |id: ExprId| match facts.expr(id) {
            Expr::Name(name) => Some(name.as_str()),
            _ => None,
        };
        let path = |id: ExprId| match facts.expr(id) {
            Expr::Member { object, .. } => root(*object),
            _ => root(id),
        };
        // What is asked for type arguments, or is perhaps nothing, is another call.
        if !self.source.text.get(range.end as usize..)?.starts_with('(') {
            return None;
        }
        if let Some(root) = path(self.sends.callee).filter(|root| is_path(text) && self.made(root).is_none()) {
            return Some(Callee { text: text.to_owned(), root, ty: format!("typeof {text}") });
        }
        if let Some(handed) = self.handed_out() {
            let method = self.source.slice(self.sends.name_range);
            return Some(Callee { text: format!("{SENDER}.{method}"), root: &handed.path, ty: format!("{}[\"{method}\"]", handed.path) });
        }
        let Expr::Member { object, name } = facts.expr(self.sends.callee) else { return None };
        let made = match facts.expr(*object) {
            Expr::Call(made) => facts.call(*made),
            Expr::Name(local) => self.made(local)?,
            _ => return None,
        };
        let maker = self.source.slice(facts.expr_range(made.callee));
        let text = if text.starts_with(maker) { text.to_owned() } else { format!("{maker}()?.{name}") };
        // What is waited for, or said to be of another type, is not what the maker gives back.
        let member = text.strip_prefix(maker)?.strip_prefix("()")?;
        let is_plain = ["?.", "!.", "."].into_iter().any(|dot| member.strip_prefix(dot) == Some(name.as_str()));
        let is_made = is_plain && made.args.is_empty() && made.kind == CallKind::Call && !made.awaited && is_path(maker);
        let root = path(made.callee).filter(|_| is_made)?;
        Some(Callee { root, ty: format!("NonNullable<ReturnType<typeof {maker}>>[\"{name}\"]"), text })
    }

    /// The call that makes a constant of the function's.
    fn made(&self, local: &str) -> Option<&Call> {
        let facts = self.source.facts;
        let mut bound = facts.bindings.iter().filter(|binding| binding.name == *local);
        let only = bound.next().filter(|_| bound.next().is_none())?;
        match facts.expr(only.value.filter(|_| only.constant && only.function != FunctionId::MODULE)?) {
            Expr::Call(made) => Some(facts.call(*made)),
            _ => None,
        }
    }
}

/// Where a message is sent behind the row that a finding is about: there, or where a function is called that sends it and does not write.
pub(super) fn sent_behind(context: &Context<'_>, finding: &Finding) -> Place {
    let (files, index) = (&context.snapshot.files, &context.snapshot.index);
    let written = finding.related.first().map(|(place, _)| *place);
    let sends = Spot::at(files, finding.place).and_then(|spot| spot.call());
    let sends = sends.and_then(|call| files.function_at(CallRef { file: finding.place.file, call }));
    let mut around: Vec<(FunctionRef, Place)> = sends.map(|function| (function, finding.place)).into_iter().collect();
    for _ in 0..MAX_HOPS {
        let behind =
            |(from, sent): &&(FunctionRef, Place)| written.is_some_and(|written| writes(context, *from, *sent, written) != Err(unseen()));
        if let Some((_, sent)) = around.iter().find(behind) {
            return *sent;
        }
        let runners = around.iter().flat_map(|(function, _)| index.runners_of(*function));
        around = runners.map(|runner| (runner.function, runner.place)).collect();
    }
    finding.place
}

/// Why nothing is made of a row that no call is seen to write.
fn unseen() -> Refusal {
    Refusal::new("how the row is written is not plain to see")
}

/// The call that writes a row before a message is sent, and all others of the function that write to the same database before.
fn writes(context: &Context<'_>, from: FunctionRef, sent: Place, written: Place) -> Result<Vec<CallRef>, Refusal> {
    let snapshot = context.snapshot;
    let (chart, index, files) = (&snapshot.chart, &snapshot.index, &snapshot.files);
    let call = |place: Place| Some(CallRef { file: place.file, call: Spot::at(files, place)?.call()? });
    let message = Spot::at(files, sent).ok_or_else(unseen)?;
    let is_before = |place: Place| place.file == sent.file && Spot::at(files, place).is_some_and(|spot| message.follows(&spot));
    let edges = index.edges_of(from).iter().filter(|edge| is_before(edge.place));
    let behind = reached(context, edges.map(|edge| edge.callee));
    let own = index.accesses_in(from).iter().filter(|access| is_before(access.of(chart).place));
    let all: Vec<&AccessRef> = own.chain(behind.iter().flat_map(|function| index.accesses_in(*function))).collect();
    let named = all.iter().find(|access| access.of(chart).place == written).ok_or_else(unseen)?;
    let first = call(written).ok_or_else(unseen)?;
    let pool = Pool::of(context, &context.source(first.file)?, first.call)?;
    let mut writes = vec![first];
    for access in all.iter().filter(|access| access.collection.store == named.collection.store) {
        let Access { operation, place, .. } = access.of(chart);
        let Some(other) = call(*place).filter(|other| *operation == Operation::Write && !writes.contains(other)) else { continue };
        if !Pool::of(context, &context.source(other.file)?, other.call).is_ok_and(|it| it.is_same(pool)) {
            let table = &access.collection.of(chart).1.name;
            return Err(Refusal::new(format!("`{table}` is written before, outside of the transaction")));
        }
        writes.push(other);
    }
    Ok(writes)
}

/// Whether a statement does nothing but send, and waits for that; also for an observable.
fn is_alone(statement: &str, sends: &str) -> bool {
    let waited = statement.strip_prefix("await ").unwrap_or_default();
    let observed = |of: &str| waited.strip_prefix(of).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
    [Some(waited), observed("lastValueFrom"), observed("firstValueFrom")].contains(&Some(sends))
}

/// Whether a text is names with dots between them, of which `typeof` can be asked.
fn is_path(text: &str) -> bool {
    text.chars().all(|letter| letter == '.' || is_part_of_name(letter))
}

/// What sends.
pub(super) struct Callee<'t> {
    pub(super) text: String,
    /// The name that it begins with.
    pub(super) root: &'t str,
    /// Its type.
    pub(super) ty: String,
}
