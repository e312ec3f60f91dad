//! What an event is called: by what the caller has done, and as the workspace's channels are.
//!
//! Invariant: a name follows from the facts alone, and no two events of a workspace get the same channel.

use portolan_grammars::catalog::WordCase;
use portolan_grammars::facts::{Expr, FunctionId, SourceFacts, Symbol};

use super::passage::around;
use crate::chart::operation::{Root, roots_around};
use crate::chart::{Call, EndpointIndex};
use crate::words::words;
use crate::{FunctionRef, Snapshot};

/// Fewer names show no template.
const MIN_NAMES: usize = 3;
/// The share of names that must agree on it, in hundredths.
const AGREEMENT: usize = 60;

/// What somebody does, and what has been done then.
const VERBS: &[(&str, &str)] = &[
    ("accept", "accepted"),
    ("activate", "activated"),
    ("add", "added"),
    ("allocate", "allocated"),
    ("approve", "approved"),
    ("archive", "archived"),
    ("assign", "assigned"),
    ("authorize", "authorized"),
    ("book", "booked"),
    ("buy", "bought"),
    ("cancel", "cancelled"),
    ("capture", "captured"),
    ("change", "changed"),
    ("charge", "charged"),
    ("close", "closed"),
    ("complete", "completed"),
    ("confirm", "confirmed"),
    ("create", "created"),
    ("credit", "credited"),
    ("deactivate", "deactivated"),
    ("debit", "debited"),
    ("decline", "declined"),
    ("delete", "deleted"),
    ("deliver", "delivered"),
    ("deposit", "deposited"),
    ("disable", "disabled"),
    ("enable", "enabled"),
    ("expire", "expired"),
    ("finish", "finished"),
    ("free", "freed"),
    ("hold", "held"),
    ("import", "imported"),
    ("invite", "invited"),
    ("join", "joined"),
    ("leave", "left"),
    ("lock", "locked"),
    ("move", "moved"),
    ("open", "opened"),
    ("pause", "paused"),
    ("pay", "paid"),
    ("place", "placed"),
    ("publish", "published"),
    ("refund", "refunded"),
    ("register", "registered"),
    ("reject", "rejected"),
    ("release", "released"),
    ("remove", "removed"),
    ("rename", "renamed"),
    ("renew", "renewed"),
    ("reserve", "reserved"),
    ("reset", "reset"),
    ("restore", "restored"),
    ("resume", "resumed"),
    ("revert", "reverted"),
    ("schedule", "scheduled"),
    ("sell", "sold"),
    ("settle", "settled"),
    ("ship", "shipped"),
    ("start", "started"),
    ("stop", "stopped"),
    ("store", "stored"),
    ("submit", "submitted"),
    ("take", "taken"),
    ("unassign", "unassigned"),
    ("undo", "undone"),
    ("unlock", "unlocked"),
    ("unregister", "unregistered"),
    ("unreserve", "unreserved"),
    ("update", "updated"),
    ("upload", "uploaded"),
    ("void", "voided"),
    ("withdraw", "withdrawn"),
];

/// What has been done once somebody does something, of verbs that are known to be some.
pub(super) fn past(verb: &str) -> Option<&'static str> {
    VERBS.iter().find(|(known, _)| *known == verb).map(|(_, done)| *done)
}

/// An event, as words in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// What it is about: `order`.
    entity: Vec<String>,
    /// What has become of it: `placed`.
    done: String,
}

impl Event {
    /// The event that a call tells of: what the function around it does, or those that run it, else what they answer; else what is asked of the
    /// other service.
    pub(super) fn of(snapshot: &Snapshot, call: &Call, endpoint: EndpointIndex) -> Self {
        let mut event = Self::around(snapshot, call.function).unwrap_or_else(|| {
            let entity = path_words(&snapshot.chart.endpoint(endpoint).path).last().map(|segment| singular(segment)).unwrap_or_default();
            Self { entity, done: "requested".to_owned() }
        });
        if event.entity.is_empty() {
            event.entity = singular(&words(&snapshot.chart.service(call.from).id));
        }
        event
    }

    /// The event that a function is for: what it does by its name, or those that run it, else what they answer.
    fn around(snapshot: &Snapshot, function: FunctionRef) -> Option<Self> {
        Self::named(snapshot, function, |_| true).or_else(|| Self::of_root(snapshot, function))
    }

    /// What a function is about, as words, where its name or what it answers tells.
    pub(super) fn entity_around(snapshot: &Snapshot, function: FunctionRef) -> Option<Vec<String>> {
        let says = |event: &Self| !event.entity.is_empty();
        let event = Self::named(snapshot, function, says).or_else(|| Self::of_root(snapshot, function).filter(says));
        event.map(|event| event.entity)
    }

    /// The first event that counts of those by whose names a function, or those that run it, are called.
    fn named(snapshot: &Snapshot, function: FunctionRef, counts: fn(&Self) -> bool) -> Option<Self> {
        let of_function = |function: FunctionRef| enclosing(snapshot, function).filter_map(|name| Self::of_name(&name)).find(counts);
        of_function(function).or_else(|| {
            let runners = snapshot.index.runners_of(function);
            let mut events: Vec<Self> = runners.iter().filter_map(|runner| of_function(runner.function)).collect();
            events.dedup();
            if events.len() == 1 { events.pop() } else { None }
        })
    }

    /// `placeOrder`: an order was placed. `place` alone does not say what.
    fn of_name(name: &str) -> Option<Self> {
        let words = words(name);
        let (verb, rest) = words.split_first()?;
        let done = past(verb)?.to_owned();
        // What comes behind a preposition says how.
        let rest = rest.iter().take_while(|word| !matches!(word.as_str(), "and" | "by" | "for" | "from" | "in" | "of" | "to" | "with"));
        Some(Self { entity: singular(&rest.cloned().collect::<Vec<_>>()), done })
    }

    /// `POST /orders`: an order was created. `POST /orders/{id}/cancel`: one was cancelled.
    fn of_root(snapshot: &Snapshot, function: FunctionRef) -> Option<Self> {
        let roots = roots_around(&snapshot.index, function);
        let [Root::Endpoint(only)] = roots[..] else { return None };
        let endpoint = snapshot.chart.endpoint(only);
        let mut segments = path_words(&endpoint.path);
        let last = segments.pop()?;
        if let (Some(mut event), Some(of)) = (Self::of_name(&last.join("-")), segments.last()) {
            event.entity = if event.entity.is_empty() { singular(of) } else { event.entity };
            return Some(event);
        }
        let done = match endpoint.method.as_deref()? {
            "POST" => "created",
            "PUT" | "PATCH" => "updated",
            "DELETE" => "deleted",
            _ => return None,
        };
        Some(Self { entity: singular(&last), done: done.to_owned() })
    }

    fn words(&self) -> Vec<String> {
        self.entity.iter().chain([&self.done]).cloned().collect()
    }

    /// `orderPlaced`.
    pub(super) fn camel(&self) -> String {
        WordCase::Camel.join(&self.words())
    }

    /// `order_placed`.
    pub(super) fn snake(&self) -> String {
        WordCase::Snake.join(&self.words())
    }

    /// `order-placed`.
    pub(super) fn kebab(&self) -> String {
        WordCase::Kebab.join(&self.words())
    }

    /// Written as another name is: `ORDER_PLACED` as `CART_LEFT`, `OrderPlaced` as `CartLeft`.
    pub(super) fn like(&self, name: &str) -> String {
        let upper = !name.chars().any(char::is_lowercase);
        match name.chars().next() {
            _ if upper && name.len() > 1 => WordCase::Constant.join(&self.words()),
            _ if name.contains('_') => self.snake(),
            Some(first) if first.is_uppercase() => WordCase::Pascal.join(&self.words()),
            _ => self.camel(),
        }
    }

    /// The channel's name, after the template that most names of its system follow.
    pub(super) fn channel(&self, names: &[Symbol], domain: &str) -> String {
        Template::of(names).map_or_else(|| format!("{}.{}.v1", words(domain).join("-"), self.kebab()), |template| template.filled(self))
    }
}

/// What names of channels have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template {
    /// What stands between segments, if there are several.
    separator: Option<char>,
    /// How many segments there are, without prefix and version.
    segments: usize,
    case: WordCase,
    /// Whether the last says a version: `v1`.
    version: bool,
    /// A first segment that all of them have.
    prefix: Option<String>,
}

impl Template {
    fn of(names: &[Symbol]) -> Option<Self> {
        if names.len() < MIN_NAMES {
            return None;
        }
        let firsts = || names.iter().filter_map(|name| split(name)).map(|(_, segments)| segments[0]);
        let shared = firsts().count() == names.len() && firsts().all(|other| Some(other) == firsts().next());
        let shapes: Vec<Self> = names.iter().filter_map(|name| Self::shape(name, shared)).collect();
        let commonest = shapes.iter().max_by_key(|shape| shapes.iter().filter(|other| other == shape).count())?;
        let agree = shapes.iter().filter(|other| *other == commonest).count();
        (agree * 100 >= names.len() * AGREEMENT && agree >= MIN_NAMES && commonest.segments <= 2).then(|| commonest.clone())
    }

    fn shape(name: &str, shared: bool) -> Option<Self> {
        let (separator, mut segments) = split(name).unwrap_or((' ', vec![name]));
        let separator = (segments.len() > 1).then_some(separator);
        let version = segments.len() > 1 && segments.last().is_some_and(|last| is_version(last));
        if version {
            segments.pop();
        }
        let prefix = (shared && segments.len() > 1).then(|| segments.remove(0).to_owned());
        let has = |mark: char| segments.iter().any(|segment| segment.contains(mark));
        let case = match segments.first()?.chars().next()? {
            _ if has('-') => WordCase::Kebab,
            _ if has('_') => WordCase::Snake,
            letter if letter.is_uppercase() => WordCase::Pascal,
            _ if segments.iter().any(|segment| segment.chars().any(char::is_uppercase)) => WordCase::Camel,
            _ => WordCase::Kebab,
        };
        Some(Self { separator, segments: segments.len(), case, version, prefix })
    }

    fn filled(&self, event: &Event) -> String {
        let body = if self.segments == 1 {
            vec![self.case.join(&event.words())]
        } else {
            vec![self.case.join(&event.entity), self.case.join(std::slice::from_ref(&event.done))]
        };
        let version = self.version.then(|| "v1".to_owned());
        let all: Vec<String> = self.prefix.iter().cloned().chain(body).chain(version).collect();
        all.join(&self.separator.map(String::from).unwrap_or_default())
    }
}

/// The segments of a name, and what stands between them.
fn split(name: &str) -> Option<(char, Vec<&str>)> {
    let separator = ['.', '/', ':'].into_iter().find(|separator| name.contains(*separator))?;
    Some((separator, name.split(separator).collect()))
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|number| !number.is_empty() && number.chars().all(|letter| letter.is_ascii_digit()))
}

/// The words of each segment of a path that stands for itself.
pub(super) fn path_words(path: &str) -> Vec<Vec<String>> {
    let literal = |segment: &&str| !segment.is_empty() && !segment.contains(['{', '$', '*']) && !is_version(segment) && *segment != "api";
    path.split('/').filter(literal).map(words).filter(|words| !words.is_empty()).collect()
}

/// The last of some words as one of its kind.
pub(super) fn singular(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        *last = match last.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None if ["sses", "xes", "ches", "shes"].iter().any(|end| last.ends_with(end)) => last[..last.len() - 2].to_owned(),
            None if last.ends_with('s') && !last.ends_with("ss") && !last.ends_with("us") => last[..last.len() - 1].to_owned(),
            None => last.clone(),
        };
    }
    words
}

/// The names of a function and of those that it is written in, the innermost first.
fn enclosing(snapshot: &Snapshot, function: FunctionRef) -> impl Iterator<Item = Symbol> {
    let facts = snapshot.files.source(function.file);
    facts.into_iter().flat_map(move |facts| around(facts, function.function).take(16).filter_map(move |id| name_of(facts, id)))
}

/// The name of a function, or of what it is bound to.
fn name_of(facts: &SourceFacts, id: FunctionId) -> Option<Symbol> {
    let name = &facts.function(id).name;
    let is_it = |value| matches!(facts.expr(value), Expr::Closure(it) if *it == id);
    let bound = || facts.bindings.iter().find(|binding| binding.value.is_some_and(is_it)).map(|binding| binding.name.clone());
    if name.is_empty() { bound() } else { Some(name.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(names: &[&str]) -> String {
        let names: Vec<Symbol> = names.iter().map(Symbol::new).collect();
        let event = Event { entity: vec!["stock".to_owned(), "item".to_owned()], done: "moved".to_owned() };
        event.channel(&names, "back_office")
    }

    #[test]
    fn channels_are_called_as_others_are() {
        assert_eq!(channel(&["order.placed", "cart.left", "payment.settled"]), "stock-item.moved");
        assert_eq!(channel(&["shop.order-placed.v1", "shop.cart-left.v1", "shop.pay-day.v2"]), "shop.stock-item-moved.v1");
        assert_eq!(channel(&["OrderPlaced", "CartLeft", "PaymentSettled"]), "StockItemMoved");
        assert_eq!(channel(&["order_placed", "cart_left", "payment_settled", "Else"]), "stock_item_moved");
        for unclear in [&["order.placed", "cart.left"][..], &["order.placed", "cart-left", "PaymentSettled"], &[]] {
            assert_eq!(channel(unclear), "back-office.stock-item-moved.v1");
        }
    }

    #[test]
    fn names_say_what_was_done() {
        let of = |name: &str| Event::of_name(name).map(|event| event.kebab());
        assert_eq!(of("placeOrder").as_deref(), Some("order-placed"));
        assert_eq!(of("create_orders_for_user").as_deref(), Some("order-created"));
        assert_eq!(of("place").as_deref(), Some("placed"));
        assert_eq!(of("notify"), None);
    }

    #[test]
    fn names_are_written_like_others() {
        let event = Event { entity: vec!["order".to_owned()], done: "placed".to_owned() };
        let like = ["CART_LEFT", "cartLeft", "CartLeft", "cart_left"].map(|name| event.like(name));
        assert_eq!(like, ["ORDER_PLACED", "orderPlaced", "OrderPlaced", "order_placed"]);
    }
}
