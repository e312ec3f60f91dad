//! The steps of a saga by name, each with what seems to take it back.
//!
//! Invariant: what a step is called says what its service is asked for, and no two have the same name.

use std::collections::BTreeSet;

use portolan_grammars::catalog::WordCase;

use super::super::names::{past, path_words, singular};
use super::super::{Context, Refusal};
use crate::chart::operation::SpanRef;
use crate::chart::{Endpoint, Protocol};
use crate::rules::uncompensated_steps::{Change, Steps};
use crate::words::words;

/// What takes back what a verb does, what fits best first.
const INVERSES: &[(&str, &[&str])] = &[
    ("activate", &["deactivate"]),
    ("add", &["remove", "delete"]),
    ("assign", &["unassign"]),
    ("authorize", &["void", "cancel", "release"]),
    ("capture", &["refund", "void"]),
    ("charge", &["refund", "void"]),
    ("create", &["delete", "cancel", "remove", "void"]),
    ("credit", &["debit"]),
    ("debit", &["credit", "refund"]),
    ("deposit", &["withdraw"]),
    ("enable", &["disable"]),
    ("hold", &["release"]),
    ("lock", &["unlock"]),
    ("open", &["close"]),
    ("pay", &["refund"]),
    ("register", &["unregister", "deregister"]),
    ("reserve", &["release", "unreserve", "free"]),
    ("start", &["stop"]),
    ("take", &["release", "refund", "restore"]),
    ("withdraw", &["deposit"]),
];
/// What takes back whatever was done.
const ANY: [&str; 6] = ["cancel", "undo", "revert", "release", "refund", "rollback"];

/// What is done to what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Act {
    verb: String,
    noun: Vec<String>,
}

impl Act {
    /// `POST /seats/reserve`, `shop.Stock/ReserveSeat`: a seat is reserved. `POST /charges`: a charge is created.
    fn of(endpoint: &Endpoint, service: &str) -> Self {
        let mut segments = path_words(&endpoint.path);
        let last = segments.pop().unwrap_or_default();
        let of = || singular(segments.last().map_or(&[], Vec::as_slice));
        let found = match last.split_first() {
            Some((first, rest)) if endpoint.protocol != Protocol::Http || past(first).is_some() => {
                Self { verb: first.clone(), noun: if rest.is_empty() { of() } else { singular(rest) } }
            }
            _ => {
                let verb = match endpoint.method.as_deref() {
                    Some("DELETE") => "delete",
                    Some("PUT" | "PATCH") => "update",
                    _ => "create",
                };
                Self { verb: verb.to_owned(), noun: singular(&last) }
            }
        };
        if found.noun.is_empty() { Self { noun: words(service), ..found } } else { found }
    }

    /// How well another one takes it back, the less the better.
    fn is_taken_back_by(&self, other: &Self) -> Option<usize> {
        let own = INVERSES.iter().find(|(verb, _)| *verb == self.verb).map_or(&[][..], |(_, inverses)| inverses);
        let at = own.iter().chain(&ANY).position(|verb| *verb == other.verb);
        at.filter(|_| other.noun == self.noun && other.verb != self.verb)
    }

    fn name(&self) -> Vec<String> {
        std::iter::once(self.verb.clone()).chain(self.noun.iter().cloned()).collect()
    }
}

/// Who does it.
pub(super) enum Whom {
    /// Another service.
    Service(String),
    /// The service itself, in a table.
    Own,
}

/// A step.
pub(super) struct Step {
    pub(super) whom: Whom,
    act: Act,
    /// What it is today: `POST /seats/reserve of flight`.
    pub(super) says: String,
    /// What it is called that takes it back.
    back: Vec<String>,
    /// What is seen to do so.
    pub(super) inverse: Option<String>,
}

impl Step {
    /// `reserveSeat`.
    pub(super) fn name(&self, case: WordCase) -> String {
        case.join(&self.act.name())
    }

    /// `seatReserved`.
    pub(super) fn state(&self, case: WordCase) -> String {
        let verb = &self.act.verb;
        // An rpc's first word may be no verb: `CheckoutCart`.
        let done = past(verb).map_or_else(|| format!("{verb}_done"), str::to_owned);
        let words: Vec<String> = self.act.noun.iter().cloned().chain(words(&done)).collect();
        case.join(&words)
    }

    /// `releaseSeat`.
    pub(super) fn back(&self, case: WordCase) -> String {
        case.join(&self.back)
    }

    /// What there is to be said of what takes it back.
    pub(super) fn hint(&self) -> String {
        match (&self.inverse, &self.whom) {
            (Some(inverse), _) => format!("by its name, {inverse} takes back {}", self.says),
            (None, Whom::Service(service)) => format!("nothing of {service} is called as if it took back {}", self.says),
            (None, Whom::Own) => format!("takes back {}", self.says),
        }
    }
}

/// The steps, which are called differently.
pub(super) fn named(context: &Context<'_>, steps: &Steps) -> Result<Vec<Step>, Refusal> {
    let mut all: Vec<Step> = Vec::new();
    for change in &steps.changes {
        let mut step = step(context, change).ok_or_else(|| Refusal::new("what one of its steps asks for is not known"))?;
        if all.iter().any(|other| other.act == step.act)
            && let Whom::Service(service) = &step.whom
        {
            step.act.noun = words(service).into_iter().chain(step.act.noun).collect();
        }
        all.push(step);
    }
    let names = all.iter().map(|step| step.act.name()).chain(all.iter().map(|step| step.back.clone()));
    let different = names.collect::<BTreeSet<_>>().len();
    if different < 2 * all.len() {
        return Err(Refusal::new("two of its steps, or of what takes them back, would have one name"));
    }
    Ok(all)
}

fn step(context: &Context<'_>, change: &Change) -> Option<Step> {
    let chart = &context.snapshot.chart;
    match change.span {
        SpanRef::Call(call) => {
            let endpoint = chart.endpoint(chart.call(call).endpoint?);
            let service = &chart.service(endpoint.service).id;
            let act = Act::of(endpoint, service);
            let others = chart.endpoints.iter().filter(|other| other.service == endpoint.service);
            let rated = others.filter_map(|other| Some((act.is_taken_back_by(&Act::of(other, service))?, other)));
            let inverse = rated.min_by_key(|(rank, other)| (*rank, other.label())).map(|(_, other)| other);
            Some(Step {
                whom: Whom::Service(service.to_string()),
                says: format!("{} of {service}", endpoint.label()),
                back: inverse.map_or_else(|| undone(&act), |inverse| Act::of(inverse, service).name()),
                inverse: inverse.map(|inverse| format!("{} of {service}", inverse.label())),
                act,
            })
        }
        SpanRef::Access(access) => {
            let table = &access.collection.of(chart).1.name;
            let act = Act { verb: "store".to_owned(), noun: singular(&words(table)) };
            Some(Step { whom: Whom::Own, says: format!("the write of `{table}`"), back: undone(&act), inverse: None, act })
        }
        SpanRef::Publish(_) => None,
    }
}

/// What takes something back that nothing is known to.
fn undone(act: &Act) -> Vec<String> {
    std::iter::once("undo".to_owned()).chain(act.name()).collect()
}
