//! A queue of RabbitMQ that keeps what a consumer refuses: declared beside the consumer's own, which hands on to it.
//!
//! It answers no finding, as a policy of the broker may keep such messages already. Invariant: whoever declares the queue declares it alike, as the
//! broker closes the channel of one who does not.

use portolan_grammars::facts::{Call, CallId, Expr, ExprId, Language, Symbol};

use super::imports::{quote, statement_end};
use super::option::{add_option, add_to_copy, added, change};
use super::{Context, Edit, Level, Plan, Refusal, Source};
use crate::FileId;
use crate::chart::Channel;
use crate::chart::index::Subject;
use crate::letters::{self, Refused, SYSTEM, refused};
use crate::resolve::link::QueueDecl;

mod rust;

/// What to check.
const CHECK: &str = "A broker that has the queue already takes no other arguments for it: check that it is deleted, or made by another name, before this is deployed, and that somebody looks at what is kept";
/// What a queue of refused messages is called behind the name of their own.
const SUFFIX: &str = ".dead";
/// Options of a queue that is gone when its consumer is.
const PASSING: [&str; 2] = ["exclusive", "autoDelete"];

pub(super) fn plan(context: &Context<'_>, subject: Subject) -> Option<Plan> {
    let Subject::Consumer(end) = subject else { return None };
    let chart = &context.snapshot.chart;
    let (channel, consumer) = (chart.channel(end.channel), end.consumer(chart));
    let refused = refused(context.snapshot, channel, consumer)?;
    let title = format!("Keep what is refused of `{0}` in a queue `{0}{SUFFIX}`", channel.name);
    let edit = match refused {
        Refused::Gone => edit(context, channel, consumer.place.file),
        Refused::Back => Err(Refusal::new(format!("what is refused goes back into `{}`, as nothing says otherwise", channel.name))),
    };
    Some(Plan { title, level: Level::Assisted(CHECK), edit })
}

fn edit(context: &Context<'_>, channel: &Channel, consumer: FileId) -> Result<Edit, Refusal> {
    let declared = letters::declared(context.snapshot, &channel.name);
    let dead = format!("{}{SUFFIX}", channel.name);
    let is_taken = context.snapshot.chart.channels.iter().any(|other| other.system == SYSTEM && other.name == dead);
    if is_taken || !letters::declared(context.snapshot, &dead).is_empty() {
        return Err(Refusal::new(format!("there is a queue `{dead}` already")));
    }
    // The queue of dead letters belongs to who refuses them.
    let own = declared.iter().position(|queue| queue.leaf.file == consumer).unwrap_or_default();
    let mut edit = Edit::default();
    for (at, queue) in declared.iter().enumerate() {
        if queue.lifted || letters::declares_others(context.snapshot, queue) {
            return Err(Refusal::new(format!("what declares `{}` declares other queues, too", channel.name)));
        }
        let source = context.source(queue.leaf.file)?;
        if source.facts.language == Language::Rust {
            rust::declare(context, &source, queue, at == own, &mut edit)?;
            continue;
        }
        let declaration = Declaration::of(&source, queue)?;
        if at == own {
            declaration.declare_dead(&mut edit)?;
        }
        declaration.hand_on(&mut edit)?;
    }
    Ok(edit)
}

/// A call that declares a queue.
struct Declaration<'s, 'a> {
    source: &'s Source<'a>,
    call: &'a Call,
    id: CallId,
    /// The queue of its dead letters, as code.
    dead: String,
    argument: usize,
    keys: &'s [Symbol; 2],
}

impl<'s, 'a> Declaration<'s, 'a> {
    fn of(source: &'s Source<'a>, queue: &'s QueueDecl) -> Result<Self, Refusal> {
        let unknown = || Refusal::new(format!("how the queue is declared in {} is not known", source.name()));
        let (argument, keys) = queue.option.as_ref().ok_or_else(unknown)?;
        let call = source.facts.call(queue.leaf.call);
        let name = call.args.get(queue.named).ok_or_else(unknown)?;
        let dead = dead_name(source, name.value).ok_or_else(unknown)?;
        Ok(Self { source, call, id: queue.leaf.call, dead, argument: *argument, keys })
    }

    /// Its options, where they are written as an object.
    fn options(&self) -> Option<ExprId> {
        let options = self.call.args.get(self.argument)?.value;
        matches!(self.source.facts.expr(options), Expr::Object(_)).then_some(options)
    }

    fn option(&self, key: &str) -> Option<ExprId> {
        match self.source.facts.expr(self.options()?) {
            Expr::Object(object) => object.field(key),
            _ => None,
        }
    }

    /// Lets the queue hand on what is refused: by the default exchange, to the queue of the key's name.
    fn hand_on(&self, edit: &mut Edit) -> Result<(), Refusal> {
        let (source, [exchange, key]) = (self.source, self.keys);
        let quote = quote(source);
        let entries = [format!("{exchange}: {quote}{quote}"), format!("{key}: {}", self.dead)];
        let both = entries.join(", ");
        let Some(given) = self.call.args.get(self.argument) else { return add_option(source, self.call, self.argument, &both, edit) };
        match source.facts.expr(given.value) {
            Expr::Object(object) if object.entries.is_empty() => {
                change(source, self.call, given.value, vec![added(source, given.value, &both)?], edit);
            }
            Expr::Object(_) => {
                let changes = entries.iter().map(|entry| added(source, given.value, entry)).collect::<Result<_, _>>()?;
                change(source, self.call, given.value, changes, edit);
            }
            Expr::Name(_) | Expr::Member { .. } => add_to_copy(source, self.call, given.value, &both, edit),
            _ => return Err(Refusal::new("its options are made elsewhere")),
        }
        Ok(())
    }

    /// Declares the queue of dead letters before it, in the way it is declared itself.
    fn declare_dead(&self, edit: &mut Edit) -> Result<(), Refusal> {
        let source = self.source;
        let facts = source.facts;
        if let Some(passing) = PASSING.into_iter().find(|key| self.option(key).is_some_and(|value| facts.expr(value) != &Expr::Bool(false)))
        {
            return Err(Refusal::new(format!("the queue is {passing}, and gone with who consumes it")));
        }
        let callee = source.slice(facts.expr_range(self.call.callee));
        let durable = self.option("durable").map(|value| source.slice(facts.expr_range(value)));
        let options = durable.map(|durable| format!(", {{ durable: {durable} }}")).unwrap_or_default();
        let text = format!("{callee}({}{options})", self.dead);
        let (newline, range) = (source.newline(), self.call.range);
        let is_listed = |item: &ExprId| matches!(facts.expr(*item), Expr::Call(id) if *id == self.id);
        if facts.exprs.iter().any(|list| matches!(&list.kind, Expr::Array(items) if items.iter().any(is_listed))) {
            let begins = source.line_of(range.start).trim_start().starts_with(callee);
            let gap = if begins { format!("{newline}{}", source.indent_at(range.start)) } else { " ".to_owned() };
            edit.insert(source.file, range.start, format!("{text},{gap}"));
            return Ok(());
        }
        let elsewhere = || Refusal::new("the queue is declared within something else");
        let statement = source.tree().and_then(|tree| tree.statement_around(range)).ok_or_else(elsewhere)?;
        let is_own = facts.function_around(statement) == self.call.function;
        let bare = source.slice(statement).starts_with(source.slice(range));
        if !is_own || !(self.call.awaited || bare) {
            return Err(elsewhere());
        }
        let waits = if self.call.awaited { "await " } else { "" };
        let end = statement_end(source);
        edit.insert(source.file, statement.start, format!("{waits}{text}{end}{newline}{}", source.indent_at(statement.start)));
        Ok(())
    }
}

/// What the queue of dead letters is called in the words that its own is called in.
fn dead_name(source: &Source<'_>, name: ExprId) -> Option<String> {
    let text = source.slice(source.facts.expr_range(name));
    match source.facts.expr(name) {
        Expr::Str(_) | Expr::Concat(_) if text.ends_with(['"', '\'', '`']) => {
            let (inner, quote) = text.split_at(text.len() - 1);
            Some(format!("{inner}{SUFFIX}{quote}"))
        }
        Expr::Name(_) | Expr::Member { .. } => Some(format!("`${{{text}}}{SUFFIX}`")),
        _ => None,
    }
}
