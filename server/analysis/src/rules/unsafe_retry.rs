//! `unsafe-retry`: a request that is sent again although the first one may have done its work.
//!
//! What tries again, [`super::retries`] knows. Invariant: of a request that may be harmless twice nothing is said but that nobody waits in between.

use portolan_grammars::catalog::Operation as Verb;

use super::context::named_function;
use super::retries::{Retries, Tried, mentions};
use super::{Context, Draft, RuleOption, Severity, Sink, Texts, exempt};
use crate::chart::operation::{Operation, SpanRef};
use crate::chart::{Call, CallIndex, Protocol, ServiceKind};
use crate::words::{counted, words};
use crate::{FunctionRef, Place};

const QUESTIONS: Texts = Texts {
    name: "questions",
    meaning: "Words in the paths of requests that ask for something, whatever their method.",
    default: &[
        "search",
        "query",
        "graphql",
        "find",
        "lookup",
        "filter",
        "list",
        "check",
        "validate",
        "verify",
        "preview",
        "estimate",
        "quote",
        "calculate",
        "compare",
        "count",
        "exists",
        "resolve",
        "batch-get",
        "login",
        "token",
        "introspect",
        "predict",
        "embed",
        "embeddings",
    ],
};
/// How messages end that are about requests which do something twice.
pub(crate) const KEY: &str = "without an idempotency key";
/// What is written where a request carries a key by which its second coming is known.
const KEYS: &[&str] = &["idempot", "dedup"];
/// Keys of a body that name what is made, so that it is made once.
const NATURAL_KEYS: &[&str] =
    &["id", "uuid", "key", "jobId", "job_id", "requestId", "request_id", "eventId", "event_id", "messageId", "message_id"];
/// First words of rpcs that make something more each time.
const MAKES: &[&str] =
    &["add", "append", "book", "charge", "create", "insert", "pay", "place", "publish", "reserve", "send", "ship", "submit"];

rule! {
    /// ## What it does
    /// Finds requests to other services that are sent again when they fail, although the first one may have arrived:
    ///
    /// - `POST` and `PATCH` requests, and rpcs that make something (`CreateOrder`, `Charge`), without an idempotency key. It is information where they
    ///   are retried for ever, which most often is meant.
    /// - requests that are retried by a service which is retried itself: three tries of three are nine.
    /// - as information, requests that a library sends again at once, without a pause.
    ///
    /// Retries are seen on clients and requests (axios-retry, got, ky, superagent, reqwest-retry), around calls (p-retry, async-retry, cockatiel,
    /// tokio-retry, backoff, backon, again), in the workspace's own functions that are called so, and in loops that count tries.
    ///
    /// Left alone are requests with something called an idempotency key in the functions around them, or whose body names what it makes (`id`,
    /// `requestId`); requests that only ask (the option lists words of their paths), or whose handler is known and adds nothing; retries of some
    /// failures only, which may be those to connect; code beside a service's work; and requests to others than the workspace's services.
    ///
    /// ## Why it matters
    /// A time-out does not say whether the order was placed. Who asks again may place a second one, and a service that recovers is met by the requests
    /// of all who could not wait.
    ///
    /// ## Example
    /// ```ts
    /// // a card that is charged three times, should the answer get lost
    /// await pRetry(() => axios.post(`${payments}/charges`, { cents }), { retries: 3 });
    /// ```
    ///
    /// ## How to fix
    /// Send a key that is the same for each try, and let the other side keep it with what it did; or retry only what is known not to have arrived. Wait
    /// longer before each try, by a random share, and let one side retry.
    "unsafe-retry", Resilience, Warning, "A request that may have done its work is sent again", check,
    options: &[RuleOption::Texts(QUESTIONS)]
}

fn check(context: &Context<'_>, sink: &mut Sink<'_>) {
    let retries = Retries::new(context);
    let tried: Vec<Option<Tried>> = (0..context.chart.calls.len() as u32)
        .map(|at| retries.of(CallIndex(at)).filter(|how| counts(context, context.chart.call(CallIndex(at)), how)))
        .collect();
    for (at, how) in tried.iter().enumerate() {
        let (Some(how), index) = (how, CallIndex(at as u32)) else { continue };
        let call = context.chart.call(index);
        let questions = sink.texts(&QUESTIONS, call.place.file);
        if how.harmful && makes(call) && !asks(call, &questions) && does_harm(context, call) && !has_key(context, call, how) {
            let often = match (how.endless, how.times) {
                (true, _) => " for ever".to_owned(),
                (false, Some(times)) => format!(" {}", counted(times as usize, "time", "times")),
                (false, None) => String::new(),
            };
            let severity = how.endless.then_some(Severity::Information);
            report(context, sink, call, how, severity, &format!("{often} {KEY}"), Vec::new());
        } else if let Some(inner) = nested(context, call, &tried) {
            let (other, behind) = (context.chart.call(inner.0), inner.1);
            let Some(third) = other.target() else { continue };
            let most = how.times.zip(behind.times).map(|(outer, inner)| format!(", up to {} times", (outer + 1) * (inner + 1)));
            let what = format!(", which retries {} {} itself{}", context.id(third), other.label(), most.unwrap_or_default());
            let related = vec![(behind.place, format!("{} retries {}", context.id(other.from), context.id(third)))];
            report(context, sink, call, how, None, &what, related);
        } else if how.at_once && how.times != Some(1) {
            report(context, sink, call, how, Some(Severity::Information), " at once, without a pause", Vec::new());
        }
    }
}

/// Whether a call is one of a service that waits for another's work.
fn counts(context: &Context<'_>, call: &Call, how: &Tried) -> bool {
    let from = context.chart.service(call.from);
    let other = call.target().filter(|to| *to != call.from).map(|to| context.chart.service(to));
    call.status.is_settled()
        && !call.development
        && !from.third_party
        && !matches!(from.kind, ServiceKind::Cli | ServiceKind::Frontend)
        && other.is_some_and(|to| !to.third_party)
        && !exempt::is_plumbing(&call.path)
        && [call.place, how.place].iter().all(|place| !context.stands_beside(place.file))
}

/// Whether a call makes something more each time it is made, as far as it says so itself.
fn makes(call: &Call) -> bool {
    match call.protocol {
        Protocol::Http => matches!(call.method.as_deref(), Some("POST" | "PATCH")),
        Protocol::Grpc | Protocol::Jsonrpc => {
            let method = call.path.rsplit('/').next().unwrap_or(&call.path);
            words(method).first().is_some_and(|first| MAKES.contains(&first.as_str()))
        }
        Protocol::Graphql => call.path.starts_with("Mutation."),
        Protocol::Message | Protocol::Trpc | Protocol::Sdk => false,
    }
}

/// Whether a request only asks, by the words of its path.
fn asks(call: &Call, questions: &[&str]) -> bool {
    call.path.split('/').any(|segment| questions.contains(&segment) || exempt::has_word(segment, questions))
}

/// Whether who answers may add something; where it is known what that does, whether it is known to.
fn does_harm(context: &Context<'_>, call: &Call) -> bool {
    let Some(endpoint) = call.endpoint else { return true };
    context.chart.endpoint(endpoint).handler.is_none() || harm(context, context.operation(endpoint)).is_some()
}

/// What an operation adds each time it runs, or tells others.
fn harm(context: &Context<'_>, operation: &Operation) -> Option<(Place, &'static str)> {
    operation.own().find_map(|step| match step.span {
        SpanRef::Publish(_) => Some((step.place, "sends a message")),
        SpanRef::Call(call) => {
            (context.chart.call(call).changes() != Some(false)).then_some((step.place, "asks others to change something"))
        }
        SpanRef::Access(access) => {
            let row = access.of(context.chart);
            (row.operation == Verb::Write && row.adds.is_some()).then_some((step.place, "adds to its data"))
        }
    })
}

/// Whether a request carries what its second coming is known by.
fn has_key(context: &Context<'_>, call: &Call, how: &Tried) -> bool {
    let snapshot = context.snapshot;
    let mentioned = |function: FunctionRef| {
        let named = named_function(snapshot, function).map_or(function.function, |(id, _)| id);
        let facts = snapshot.files.source(function.file);
        facts.is_none_or(|facts| mentions(facts, facts.function(named).range, KEYS))
    };
    let sent = snapshot.outbound(call);
    let by_body = |keys: &Vec<portolan_grammars::facts::Symbol>| keys.iter().any(|key| NATURAL_KEYS.contains(&key.as_str()));
    let leaf = |file, id| snapshot.files.source(file).map(|facts| FunctionRef { file, function: facts.call(id).function });
    let by_sender = sent.into_iter().any(|outbound| {
        outbound.payload.as_ref().is_some_and(by_body) || leaf(outbound.leaf.file, outbound.leaf.call).is_some_and(mentioned)
    });
    let around = snapshot.files.source(how.place.file).and_then(|facts| {
        let call = facts.calls.iter().find(|call| call.name_range == how.place.range)?;
        Some(FunctionRef { file: how.place.file, function: call.function })
    });
    by_sender || mentioned(call.function) || around.is_some_and(mentioned)
}

/// A call that is retried, too, by who answers a call.
fn nested<'t>(context: &Context<'_>, call: &Call, tried: &'t [Option<Tried>]) -> Option<(CallIndex, &'t Tried)> {
    let operation = context.operation(call.endpoint?);
    operation.awaited().find_map(|inner| Some((inner, tried.get(inner.index())?.as_ref()?)))
}

fn report(
    context: &Context<'_>,
    sink: &mut Sink<'_>,
    call: &Call,
    how: &Tried,
    severity: Option<Severity>,
    what: &str,
    further: Vec<(Place, String)>,
) {
    let Some(to) = call.target() else { return };
    let mut related = Vec::new();
    if how.place != call.place {
        related.push((how.place, format!("retried by {}", how.by)));
    }
    related.extend(further);
    if let Some(endpoint) = call.endpoint
        && let Some((place, does)) = harm(context, context.operation(endpoint))
    {
        related.push((place, format!("{} {does}", context.id(to))));
    }
    sink.report(Draft {
        severity,
        message: format!("{} retries {} {}{what}", context.id(call.from), context.id(to), call.label()),
        place: call.place,
        related,
        services: vec![call.from, to],
        subject: vec![call.label(), context.file(call.function), context.symbol(call.function)],
    });
}
