//! A consumer that does its work once for each message: what is handled is marked by the transaction that writes the rows.
//!
//! For pg, Prisma, knex and TypeORM of TypeScript, and for sqlx in Rust ([`rust`]). The work runs with a client in place of the pool; functions between the
//! handler and what writes are handed it ([`super::way`]). What the parts are: [`work`] is what the handler does, [`identity`] what tells a
//! message from others, [`module`] what is written into files of their own. Invariant: rows are written with their mark or not at all, and a
//! message that is new is never taken for one that was handled.

use std::collections::BTreeSet;

use portolan_grammars::facts::{Language, TextRange};

use super::given::leaf;
use super::imports::{quote, statement_end};
use super::passage::usual_extension;
use super::pool::Library;
use super::stretch::Stretch;
use super::way::{Pools, Way};
use super::{Context, Edit, Level, Plan, Refactor, Refusal, imports};
use crate::Place;
use crate::chart::flow::Spot;
use crate::chart::{Channel, ChannelEnd};
use crate::resolve::value::CallRef;
use crate::rules::Finding;
use crate::rules::non_idempotent_consumer::RULE;

mod identity;
mod module;
mod rust;
mod work;

use work::Work;

pub(super) const REFACTOR: Refactor = Refactor { rules: &[RULE.name], plan };

/// What the module, and the function in it, is called.
const NAME: &str = "once";
/// What the message's identity is called in the handler.
const DELIVERY: &str = "delivery";

/// What to check.
const CHECK: &str = "A message whose mark is there is passed over: check that a message which is sent again keeps its id, and that the migration runs first";

fn plan(context: &Context<'_>, finding: &Finding) -> Option<Plan> {
    let snapshot = context.snapshot;
    let consumer = *finding.services.first()?;
    let is_its = |end: &&ChannelEnd| {
        let place = finding.related.first().map_or(finding.place, |(place, _)| *place);
        end.service == consumer && (end.place == place || end.place == finding.place)
    };
    let mut ends = snapshot.chart.channels.iter().filter_map(|it| Some((it, it.consumers.iter().find(is_its)?)));
    let (channel, end) = ends.next()?;
    let title = format!("Handle each message of `{}` once, by a mark that is written with its rows", channel.name);
    Some(Plan { title, level: Level::Assisted(CHECK), edit: edit(context, finding, channel, end) })
}

fn edit(context: &Context<'_>, finding: &Finding, channel: &Channel, end: &ChannelEnd) -> Result<Edit, Refusal> {
    let snapshot = context.snapshot;
    let service = |at: usize| finding.services.get(at).map(|service| snapshot.chart.service(*service).id.clone());
    let consumer = service(0).unwrap_or_default();
    if let Some(other) = service(1).filter(|other| *other != consumer) {
        return Err(Refusal::new(format!("the row is written by {other}, which does not see the message")));
    }
    if channel.consumers.iter().filter(|other| other.service == end.service).count() > 1 {
        return Err(Refusal::new(format!("{consumer} consumes `{}` in several places", channel.name)));
    }
    let unknown = || Refusal::new(format!("what handles `{}` is not known", channel.name));
    let handler = end.function.ok_or_else(unknown)?;
    let source = context.source(handler.file)?;
    let mut edit = Edit::default();
    match source.facts.language {
        Language::Rust => {
            rust::edit(context, &source, (handler, &consumer), (channel, end), finding, &mut edit)?;
            return Ok(edit);
        }
        Language::JavaScript => return Err(Refusal::new("messages are marked in TypeScript and Rust alone")),
        Language::TypeScript => {}
    }
    let leaf = leaf(snapshot, handler).ok_or_else(unknown)?;
    let way = Way::find(context, handler, writes(context, finding)?)?;
    let work = work::of(&way, &source)?;
    let delivery = identity::of(context, channel, leaf, (&source, handler), &way, &mut edit)?;
    let extension =
        usual_extension(context, &source).ok_or_else(|| Refusal::new(format!("how {} imports others is not seen", source.name())))?;
    module::add(context, &source, &way, end.service, &mut edit)?;
    let mut pools = Pools::new();
    rewrite(context, &work, &way, (&consumer, &delivery, extension), &mut pools, &mut edit)?;
    way.hand_on(context, &mut pools, &mut edit)?;
    Ok(edit)
}

/// Lets the handler do its work within the transaction that marks the message.
fn rewrite<'a>(
    context: &Context<'a>,
    work: &Work<'_, 'a>,
    way: &Way<'a>,
    (consumer, delivery, extension): (&str, &str, &str),
    pools: &mut Pools,
    edit: &mut Edit,
) -> Result<(), Refusal> {
    let Stretch { source, function, range, .. } = work.stretch;
    let handler = source.facts.function(function);
    if let Some(name) = [NAME, DELIVERY].iter().find(|name| source.declares(name)) {
        return Err(Refusal::new(format!("the name {name} means something else in {}", source.name())));
    }
    let pool = way.pool_in(context, (source, function), handler.range.start, pools, edit)?;
    let (quote, end) = (quote(source), statement_end(source));
    let import = format!("import {{ {NAME} }} from {quote}./{NAME}{extension}{quote}{end}");
    imports::add(source, handler.range.start, Some(import), None, edit);
    let client = work.stretch.client()?;
    let (newline, unit, indent) = (source.newline(), source.indent_unit(), source.indent_at(range.start));
    let keyword = if handler.is_async && !work.returns { "await" } else { "return" };
    let database = if way.pool.library == Library::TypeOrm { format!("{pool}.manager") } else { pool };
    let call = format!("{keyword} {NAME}({database}, {quote}{consumer}{quote}, {DELIVERY}, async ({client}) => {{");
    let opening = |indent: &str| format!("const {DELIVERY} = {delivery}{end}{newline}{indent}{call}");
    let waits = |text: &str| if text.starts_with("await ") { "" } else { "await " };
    if work.whole {
        // The value of an arrow becomes a body.
        let inner = format!("{indent}{unit}");
        let waits = waits(source.slice(range));
        edit.insert(source.file, range.start, format!("{{{newline}{inner}{}{newline}{inner}{unit}{waits}", opening(&inner)));
        edit.insert(source.file, range.end, format!("{end}{newline}{inner}}}){end}{newline}{indent}}}"));
    } else {
        work.stretch.wrap(&opening(indent), client, "})", edit);
        if work.returns {
            let handed = TextRange { start: range.start, end: range.start + "return ".len() as u32 };
            let waits = waits(source.slice(TextRange { start: handed.end, end: range.end }));
            edit.replace(source.file, handed, waits);
        }
    }
    way.give(source, function, client, edit)
}

/// All calls by which a finding's consumer writes more each time.
fn writes(context: &Context<'_>, finding: &Finding) -> Result<Vec<CallRef>, Refusal> {
    let snapshot = context.snapshot;
    let end = |finding: &Finding| finding.related.first().map(|(place, _)| *place);
    let of_it = |other: &&Finding| other.rule == RULE.name && other.services == finding.services && end(other) == end(finding);
    let places: BTreeSet<Place> = snapshot.findings.iter().filter(of_it).map(|it| it.place).collect();
    let call = |place: Place| Some(CallRef { file: place.file, call: Spot::at(&snapshot.files, place)?.call()? });
    let calls = places.into_iter().map(|place| call(place).ok_or_else(|| Refusal::new("how the row is written is not plain to see")));
    calls.collect()
}
