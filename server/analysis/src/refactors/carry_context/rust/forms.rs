//! What brokers' libraries have for headers, and what makes and reads them.
//!
//! Invariant: what is written compiles with each version of a library that is not too old.

use std::collections::BTreeSet;

use super::super::super::template::filled;
use super::Part;

/// How a library has headers.
pub(super) struct Form {
    /// The library.
    pub(super) library: &'static str,
    /// The first version, behind its `0.`, whose headers are like this.
    since: u32,
    /// The argument of what sends that has the headers.
    pub(super) given: Given,
    /// Methods of a message that take it away.
    pub(super) consuming: &'static [&'static str],
    /// What is imported to make headers, their type, and its function that makes empty ones.
    makes: (&'static str, &'static str, &'static str),
    /// Lines that set one.
    sets: &'static str,
    /// What is imported to read them, and the type that does, with what it implements for it.
    reads: (&'static [&'static str], &'static str),
    /// The functions that read one, and name all.
    gets: &'static str,
    /// Those of a message, if it has any.
    headers: &'static str,
    /// The type of a message, as a function is lent it.
    message: &'static str,
}

/// How a message is given headers.
pub(super) enum Given {
    /// By a method of what an argument is made with.
    Method {
        argument: usize,
        /// How that begins.
        made: &'static [&'static str],
        method: &'static str,
    },
    /// By an argument behind the first, of methods with another name.
    Second(&'static [(&'static str, &'static str)]),
}

/// The libraries.
const FORMS: [&Form; 3] = [&RDKAFKA, &LAPIN, &ASYNC_NATS];

impl Form {
    /// That of a library.
    pub(super) fn of(library: &str) -> Option<&'static Form> {
        FORMS.into_iter().find(|form| form.library == library)
    }

    /// Whether a version has headers of another kind.
    pub(super) fn is_too_old(&self, version: &str) -> bool {
        let mut numbers = version.trim_start_matches(['^', '~', '=', '>', ' ']).split('.');
        let is_beta = numbers.next() == Some("0");
        let second = numbers.next().map(|number| number.chars().take_while(char::is_ascii_digit).collect::<String>());
        is_beta && second.and_then(|number| number.parse().ok()).is_some_and(|number: u32| number < self.since)
    }

    /// A module with some of the functions.
    pub(super) fn text(&self, parts: &BTreeSet<Part>) -> String {
        if parts.contains(&Part::Current) {
            let (import, headers, made) = self.makes;
            let uses = uses(&[&CURRENT_USES, &[import]]);
            return filled(CURRENT, &[("USES", uses.as_str()), ("HEADERS", headers), ("MADE", made), ("SETS", self.sets)]);
        }
        let continued = parts.contains(&Part::Continued);
        let (imports, carrier) = self.reads;
        let (spans, function): (&[&str], &str) = if continued { (&SPAN_USES, CONTINUED) } else { (&[], "") };
        let uses = uses(&[&OF_USES, imports, spans]);
        // What nothing else calls is part of what does.
        let public = if parts.contains(&Part::Of) { "pub " } else { "" };
        let values = [
            ("USES", uses.as_str()),
            ("CARRIER", carrier),
            ("GETS", self.gets),
            ("PUBLIC ", public),
            ("HEADERS", self.headers),
            ("MESSAGE", self.message),
        ];
        filled(OF, &values) + &filled(function, &values)
    }
}

/// Imports as rustfmt sorts them.
fn uses(paths: &[&[&str]]) -> String {
    let mut lines: Vec<String> = paths.concat().into_iter().map(|path| format!("use {path};")).collect();
    lines.sort();
    lines.join("\n")
}

const CURRENT_USES: [&str; 3] =
    ["opentelemetry::global", "opentelemetry::propagation::Injector", "tracing_opentelemetry::OpenTelemetrySpanExt as _"];
const CURRENT: &str = "//! The current trace, for who gets a message.

USES

struct Carrier(HEADERS);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        SETS
    }
}

/// Headers by which who gets a message goes on with the current trace.
pub fn current() -> HEADERS {
    let mut carrier = Carrier(HEADERS::MADE());
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|it| it.inject_context(&context, &mut carrier));
    carrier.0
}
";

const OF_USES: [&str; 2] = ["opentelemetry::propagation::Extractor", "opentelemetry::{Context, global}"];
const OF: &str = "//! The trace of who sent a message, for who gets it.

USES

CARRIER {
    GETS
}

/// The context that a message's headers carry.
PUBLIC fn of(message: MESSAGE) -> Context {
    global::get_text_map_propagator(|it| match HEADERS {
        Some(headers) => it.extract(&Carrier(headers)),
        None => Context::current(),
    })
}
";

const SPAN_USES: [&str; 2] = ["tracing::Span", "tracing_opentelemetry::OpenTelemetrySpanExt as _"];
const CONTINUED: &str = "
/// A span that goes on with the trace of who sent a message.
pub fn continued(span: Span, message: MESSAGE) -> Span {
    let _ = span.set_parent(of(message));
    span
}
";

const RDKAFKA: Form = Form {
    library: "rdkafka",
    since: 29,
    given: Given::Method { argument: 0, made: &["FutureRecord::to(", "BaseRecord::to("], method: "headers" },
    consuming: &[],
    makes: ("rdkafka::message::{Header, OwnedHeaders}", "OwnedHeaders", "new"),
    sets: "let value = Some(&value);
        self.0 = std::mem::take(&mut self.0).insert(Header { key, value });",
    reads: (
        &["rdkafka::Message", "rdkafka::message::Headers"],
        "struct Carrier<'m, H>(&'m H);

impl<H: Headers> Extractor for Carrier<'_, H>",
    ),
    gets: "fn get(&self, key: &str) -> Option<&str> {
        let header = self.0.iter().find(|header| header.key == key)?;
        std::str::from_utf8(header.value?).ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|header| header.key).collect()
    }",
    headers: "message.headers()",
    message: "&impl Message",
};

const LAPIN: Form = Form {
    library: "lapin",
    since: 0,
    given: Given::Method { argument: 4, made: &["BasicProperties::default()"], method: "with_headers" },
    consuming: &[],
    makes: ("lapin::types::{AMQPValue, FieldTable}", "FieldTable", "default"),
    sets: "let value = AMQPValue::LongString(value.into());
        self.0.insert(key.into(), value);",
    reads: (
        &["lapin::message::Delivery", "lapin::types::{AMQPValue, FieldTable}"],
        "struct Carrier<'m>(&'m FieldTable);

impl Extractor for Carrier<'_>",
    ),
    gets: "fn get(&self, key: &str) -> Option<&str> {
        match self.0.inner().get(key)? {
            AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok(),
            AMQPValue::ShortString(text) => Some(text.as_str()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.inner().keys().map(|key| key.as_str()).collect()
    }",
    headers: "message.properties.headers()",
    message: "&Delivery",
};

const ASYNC_NATS: Form = Form {
    library: "async-nats",
    since: 33,
    given: Given::Second(&[("publish", "publish_with_headers")]),
    consuming: &["split"],
    makes: ("async_nats::HeaderMap", "HeaderMap", "new"),
    sets: "self.0.insert(key, value.as_str());",
    reads: (
        &["async_nats::{HeaderMap, Message}"],
        "struct Carrier<'m>(&'m HeaderMap);

impl Extractor for Carrier<'_>",
    ),
    gets: "fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_ref()).collect()
    }",
    headers: "&message.headers",
    message: "&Message",
};
