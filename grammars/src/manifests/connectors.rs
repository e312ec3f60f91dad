//! Connectors of Kafka Connect, as JSON: what moves messages of topics into something else, or changes of a database into messages.
//!
//! Invariant: a file without `connector.class` says nothing, whatever it is called.

use jsonc_parser::ast::Value;

use super::{Connector, Manifest, ManifestFacts, json};
use crate::facts::Symbol;

/// A JSON file with a word for connectors in its name: `orders-connector.json`, `jdbc.sink.json`.
pub(super) fn matches(name: &str) -> bool {
    let words = |stem: &str| stem.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let tells = |word: &String| matches!(word.as_str(), "connect" | "connector" | "connectors" | "debezium" | "sink" | "source");
    name.strip_suffix(".json").is_some_and(|stem| words(stem).iter().any(tells))
}

/// Reads a connector, with its name around its settings or without.
pub(super) fn read(text: &str) -> ManifestFacts {
    // Most files of such a name are something else.
    let connector = text.contains("connector.class").then(|| json::read_value(text, "connector", take));
    let (connector, problems) = connector.unwrap_or_default();
    ManifestFacts { manifest: Manifest::Connector(connector), problems }
}

fn take(root: &Value<'_>) -> Option<Connector> {
    let root = root.as_object()?;
    let settings = root.get("config").and_then(|settings| settings.value.as_object()).unwrap_or(root);
    let text = |key: &str| Some(settings.get(key)?.value.as_string_lit()?.value.trim().to_owned());
    if text("connector.class").is_none() {
        return Some(Connector::default());
    }
    let list = |keys: &[&str]| -> Vec<Symbol> {
        let written = keys.iter().find_map(|key| text(key)).unwrap_or_default();
        written.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Symbol::new).collect()
    };
    Some(Connector {
        topics: list(&["topics"]),
        any_topic: text("topics.regex").is_some(),
        prefix: ["topic.prefix", "database.server.name"].iter().find_map(|key| text(key)).map(Symbol::from),
        tables: list(&["table.include.list", "table.whitelist", "collection.include.list"]),
        renames: settings.get("transforms").is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(text: &str) -> Connector {
        let Manifest::Connector(connector) = read(text).manifest else { panic!() };
        connector
    }

    #[test]
    fn sinks_and_sources_are_read() {
        let sink = connector(r#"{ "name": "dwh", "config": { "connector.class": "JdbcSink", "topics": "orders, carts" } }"#);
        assert_eq!(sink.topics, ["orders", "carts"]);
        assert!(sink.prefix.is_none() && !sink.any_topic && !sink.renames);
        let source = connector(
            r#"{ "connector.class": "Postgres", "topic.prefix": "shop", "table.include.list": "public.orders", "transforms": "unwrap" }"#,
        );
        assert_eq!((source.prefix.as_deref(), source.tables.as_slice()), (Some("shop"), &["public.orders".into()][..]));
        assert!(source.renames);
        assert_eq!(connector(r#"{ "topics": "orders" }"#), Connector::default());
    }

    #[test]
    fn words_of_the_name_decide() {
        assert!(matches("orders-connector.json") && matches("jdbc.sink.json") && !matches("package.json") && !matches("connected.json"));
    }
}
