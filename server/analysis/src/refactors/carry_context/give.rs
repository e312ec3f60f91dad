//! The current context put into the headers of a message where a library is given it.
//!
//! Invariant: headers that are there stay; a message whose headers may come from elsewhere gets none.

use portolan_grammars::facts::{Call, Entry, Expr, ExprId, Language, SourceFacts, TypeRef};

use super::super::edit::Replacement;
use super::super::option::{add_option, added, change, literal, object};
use super::super::{Refusal, Source};
use super::desk::{Desk, Helper};
use super::{goes_on, rust};
use crate::chart::{ChannelEnd, Tracing};
use crate::resolve::link::{MessageLeaf, Site};
use crate::rules::consumer_without_context::Broken;
use crate::{Place, Snapshot};

/// Puts the context into what a service sends at a place.
pub(super) fn give(desk: &mut Desk<'_, '_>, broken: &Broken<'_>, sender: &ChannelEnd) -> Result<(), Refusal> {
    let snapshot = desk.context.snapshot;
    let Some(tracing) = snapshot.chart.traced(sender.service) else { return Ok(()) };
    let leaves = leaves(snapshot, sender);
    if leaves.is_empty() {
        return Err(Refusal::new(format!("how `{}` is sent is not plain to see", broken.channel.name)));
    }
    for leaf in leaves {
        let by_process = tracing.covers.iter().any(|name| *name == leaf.library || name == "*");
        if !by_process && desk.done.insert(leaf.call) {
            goes_on(desk.context, broken.consumer.service, sender.service)?;
            one(desk, leaf, tracing)?;
        }
    }
    Ok(())
}

/// The libraries' calls by which a message is sent.
fn leaves<'a>(snapshot: &'a Snapshot, sender: &ChannelEnd) -> Vec<&'a MessageLeaf> {
    let messages = snapshot.links.iter().flatten().flat_map(|link| &link.messages).filter(|message| !message.consumes);
    let here = |site: Site| matches!(site, Site::Call(call) if snapshot.files.called_at(call) == Some(sender.place));
    messages.filter(|message| here(message.site)).flat_map(|message| &message.leaves).collect()
}

fn one(desk: &mut Desk<'_, '_>, leaf: &MessageLeaf, tracing: &Tracing) -> Result<(), Refusal> {
    let unknown = || Refusal::new(format!("where {} is given headers is not known", leaf.library));
    let snapshot = desk.context.snapshot;
    let facts = snapshot.files.source(leaf.call.file).ok_or_else(unknown)?;
    let call = facts.call(leaf.call.call);
    let around = facts.function(call.function).range;
    let carries = |place: Place| place.file == leaf.call.file && around.contains(place.range);
    if tracing.carriers.iter().any(|carrier| carries(carrier.place)) {
        return Ok(());
    }
    if facts.language == Language::Rust {
        return rust::give::give(desk, leaf, tracing);
    }
    let headers = leaf.headers.as_ref().ok_or_else(unknown)?;
    let elsewhere = || Refusal::new("its options are made elsewhere");
    if call.args.iter().any(|argument| argument.spread) {
        return Err(elsewhere());
    }
    let keys: Vec<&str> = headers.key.split('.').collect();
    let given = match call.args.get(headers.argument) {
        Some(given) => Some(object(facts, call, given.value).ok_or_else(elsewhere)?),
        None if keys.len() == 1 => None,
        None => return Err(elsewhere()),
    };
    let mut spots = Spots { facts, call, carries: !tracing.carriers.is_empty(), found: Vec::new() };
    if let Some(given) = given {
        spots.object(given, &keys)?;
        if spots.found.is_empty() {
            return Ok(());
        }
    }
    desk.open(leaf.call.file, call.range.start)?;
    let (file, edit) = desk.at(leaf.call.file)?;
    let made = format!("{}()", file.function(Helper::Headers)?);
    let source = &file.source;
    let Some(given) = given else { return add_option(source, call, headers.argument, &format!("headers: {made}"), edit) };
    let changes = spots.found.iter().map(|spot| spot.change(source, &made)).collect::<Result<_, _>>()?;
    change(source, call, given, changes, edit);
    Ok(())
}

/// Where headers are to be put.
enum Spot {
    /// Into an object without any.
    Object(ExprId),
    /// To those that are given: all of the entry, or only its value.
    Beside { value: ExprId, shorthand: bool },
    /// Into each message of a list that is made elsewhere.
    Each { list: ExprId, shorthand: bool },
}

impl Spot {
    fn change(&self, source: &Source<'_>, made: &str) -> Result<Replacement, Refusal> {
        let facts = source.facts;
        let replaced = |value: ExprId, key: &str, shorthand: bool, text: String| {
            let key = if shorthand { format!("{key}: ") } else { String::new() };
            Ok(Replacement { range: facts.expr_range(value), text: format!("{key}{text}") })
        };
        match *self {
            Spot::Object(object) => added(source, object, &format!("headers: {made}")),
            Spot::Beside { value, .. } if matches!(facts.expr(value), Expr::Object(_)) => added(source, value, &format!("...{made}")),
            Spot::Beside { value, shorthand } => {
                let given = source.slice(facts.expr_range(value));
                replaced(value, given, shorthand, format!("{{ ...{given}, ...{made} }}"))
            }
            Spot::Each { list, shorthand } => {
                let given = source.slice(facts.expr_range(list));
                let headers = format!("{{ ...message.headers, ...{made} }}");
                replaced(list, given, shorthand, format!("{given}.map((message) => ({{ ...message, headers: {headers} }}))"))
            }
        }
    }
}

/// Looks for the places in a call.
struct Spots<'s> {
    facts: &'s SourceFacts,
    call: &'s Call,
    /// Whether the process carries contexts already: headers that are given may have one.
    carries: bool,
    found: Vec<Spot>,
}

impl Spots<'_> {
    /// Looks into an object, which has the headers under the keys.
    fn object(&mut self, object: ExprId, keys: &[&str]) -> Result<(), Refusal> {
        let (Expr::Object(given), Some((key, rest))) = (self.facts.expr(object), keys.split_first()) else { return Ok(()) };
        let key = key.trim_end_matches("[]");
        let mut fields = given.entries.iter().filter_map(|entry| match entry {
            Entry::Field { name, value, range } if name == key => Some((*value, self.facts.expr_range(*value) == *range)),
            _ => None,
        });
        match fields.next() {
            None if given.entries.iter().any(|entry| !matches!(entry, Entry::Field { .. })) => {
                return Err(Refusal::new(format!("its {key} may come from elsewhere")));
            }
            None if rest.is_empty() => self.found.push(Spot::Object(object)),
            None => return Err(Refusal::new(format!("its {key} are not given"))),
            Some(_) if rest.is_empty() && self.carries => {}
            Some((value, shorthand)) if rest.is_empty() => self.found.push(Spot::Beside { value, shorthand }),
            Some((value, shorthand)) => self.list(value, shorthand, rest)?,
        }
        Ok(())
    }

    fn list(&mut self, value: ExprId, shorthand: bool, keys: &[&str]) -> Result<(), Refusal> {
        let elsewhere = || Refusal::new("its messages are made elsewhere");
        let items: Vec<ExprId> = match self.facts.expr(literal(self.facts, self.call, value)) {
            Expr::Array(items) => items.clone(),
            Expr::Call(call) => self.mapped(self.facts.call(*call)).ok_or_else(elsewhere)?,
            Expr::Name(name) if keys.len() == 1 && self.is_typed(name) => {
                self.found.push(Spot::Each { list: value, shorthand });
                return Ok(());
            }
            _ => return Err(elsewhere()),
        };
        for item in items {
            self.object(object(self.facts, self.call, item).ok_or_else(elsewhere)?, keys)?;
        }
        Ok(())
    }

    /// What `orders.map((order) => ({ … }))` makes of each.
    fn mapped(&self, call: &Call) -> Option<Vec<ExprId>> {
        let is_map = matches!(self.facts.expr(call.callee), Expr::Member { name, .. } if name == "map");
        let Expr::Closure(function) = self.facts.expr(call.args.first()?.value) else { return None };
        let returns = &self.facts.function(*function).returns;
        (is_map && !returns.is_empty()).then(|| returns.clone())
    }

    /// Whether a name is a parameter's of the function, whose type says what the messages are.
    fn is_typed(&self, name: &str) -> bool {
        let mut params = self.facts.function(self.call.function).params.iter();
        let says = |ty: &TypeRef| !matches!(ty.path.as_str(), "any" | "unknown" | "object");
        params.find(|param| param.name == name).is_some_and(|param| {
            let ty = param.ty.as_ref();
            self.facts.language == Language::JavaScript || ty.is_some_and(|ty| says(ty) && ty.args.iter().all(says))
        })
    }
}
