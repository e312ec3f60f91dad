//! What brokers' libraries have for headers, and what makes and reads them.
//!
//! Invariant: what is written compiles with each version of a library that is not too old.

use std::collections::BTreeSet;

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
    current: &'static str,
    of: &'static str,
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
            return self.current.to_owned();
        }
        let continued = parts.contains(&Part::Continued);
        // What nothing else calls is part of what does.
        let text = self.of.replace("PUBLIC ", if parts.contains(&Part::Of) { "pub " } else { "" });
        let (uses, function) = if continued { (SPANS, CONTINUED) } else { ("", "") };
        text.replace("SPANS", uses) + &function.replace("MESSAGE", self.message)
    }
}

const SPANS: &str = "
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;";
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
    current: r#"//! The current trace, for who gets a message.

use opentelemetry::global;
use opentelemetry::propagation::Injector;
use rdkafka::message::{Header, OwnedHeaders};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

struct Carrier(OwnedHeaders);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        let value = Some(&value);
        self.0 = std::mem::take(&mut self.0).insert(Header { key, value });
    }
}

/// Headers by which who gets a message goes on with the current trace.
pub fn current() -> OwnedHeaders {
    let mut carrier = Carrier(OwnedHeaders::new());
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|it| it.inject_context(&context, &mut carrier));
    carrier.0
}
"#,
    of: r#"//! The trace of who sent a message, for who gets it.

use opentelemetry::propagation::Extractor;
use opentelemetry::{Context, global};
use rdkafka::Message;
use rdkafka::message::Headers;SPANS

struct Carrier<'m, H>(&'m H);

impl<H: Headers> Extractor for Carrier<'_, H> {
    fn get(&self, key: &str) -> Option<&str> {
        let header = self.0.iter().find(|header| header.key == key)?;
        std::str::from_utf8(header.value?).ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|header| header.key).collect()
    }
}

/// The context that a message's headers carry.
PUBLIC fn of(message: &impl Message) -> Context {
    global::get_text_map_propagator(|it| match message.headers() {
        Some(headers) => it.extract(&Carrier(headers)),
        None => Context::current(),
    })
}
"#,
    message: "&impl Message",
};

const LAPIN: Form = Form {
    library: "lapin",
    since: 0,
    given: Given::Method { argument: 4, made: &["BasicProperties::default()"], method: "with_headers" },
    consuming: &[],
    current: r#"//! The current trace, for who gets a message.

use lapin::types::{AMQPValue, FieldTable};
use opentelemetry::global;
use opentelemetry::propagation::Injector;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

struct Carrier(FieldTable);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        let value = AMQPValue::LongString(value.into());
        self.0.insert(key.into(), value);
    }
}

/// Headers by which who gets a message goes on with the current trace.
pub fn current() -> FieldTable {
    let mut carrier = Carrier(FieldTable::default());
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|it| it.inject_context(&context, &mut carrier));
    carrier.0
}
"#,
    of: r#"//! The trace of who sent a message, for who gets it.

use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use opentelemetry::propagation::Extractor;
use opentelemetry::{Context, global};SPANS

struct Carrier<'m>(&'m FieldTable);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match self.0.inner().get(key)? {
            AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok(),
            AMQPValue::ShortString(text) => Some(text.as_str()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.inner().keys().map(|key| key.as_str()).collect()
    }
}

/// The context that a message's headers carry.
PUBLIC fn of(message: &Delivery) -> Context {
    global::get_text_map_propagator(|it| match message.properties.headers() {
        Some(headers) => it.extract(&Carrier(headers)),
        None => Context::current(),
    })
}
"#,
    message: "&Delivery",
};

const ASYNC_NATS: Form = Form {
    library: "async-nats",
    since: 33,
    given: Given::Second(&[("publish", "publish_with_headers")]),
    consuming: &["split"],
    current: r#"//! The current trace, for who gets a message.

use async_nats::HeaderMap;
use opentelemetry::global;
use opentelemetry::propagation::Injector;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

struct Carrier(HeaderMap);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key, value.as_str());
    }
}

/// Headers by which who gets a message goes on with the current trace.
pub fn current() -> HeaderMap {
    let mut carrier = Carrier(HeaderMap::new());
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|it| it.inject_context(&context, &mut carrier));
    carrier.0
}
"#,
    of: r#"//! The trace of who sent a message, for who gets it.

use async_nats::{HeaderMap, Message};
use opentelemetry::propagation::Extractor;
use opentelemetry::{Context, global};SPANS

struct Carrier<'m>(&'m HeaderMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_ref()).collect()
    }
}

/// The context that a message's headers carry.
PUBLIC fn of(message: &Message) -> Context {
    global::get_text_map_propagator(|it| match &message.headers {
        Some(headers) => it.extract(&Carrier(headers)),
        None => Context::current(),
    })
}
"#,
    message: "&Message",
};
