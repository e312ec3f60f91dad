//! OpenAPI documents, in JSON or YAML: which operations an HTTP API has.
//!
//! What deliberately does not live here: what generators call an operation, and which documents are read, as only those are that code names.
//! Invariant: of a document the paths alone are looked at; of what else there is, by far the most, only the end is looked for.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::mend::Fault;
use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts};
use crate::facts::{Spanned, Symbol, TextRange};

/// How problems of documents begin.
const LABEL: &str = "OpenAPI document";
/// The keys of a path that are methods.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/// What dropshot says of an operation that hands out its results page by page.
const PAGINATED: &str = "x-dropshot-pagination";

/// An operation that a document declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiOperation {
    /// `operationId`.
    pub id: Spanned<Symbol>,
    /// `http.request.method` in upper case.
    pub method: Symbol,
    /// Its path, with `{name}` for parameters.
    pub path: Symbol,
    /// Whether it hands out its results page by page.
    pub paginated: bool,
}

/// Reads the operations of a document of version 2 or 3. Something else has none.
pub(super) fn read(text: &str) -> ManifestFacts {
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        let read = json(text);
        let problems = read.as_ref().err().map(|error| fault(error, text).problem(LABEL, text)).into_iter().collect();
        return ManifestFacts { manifest: Manifest::OpenApi(read.unwrap_or_default()), problems };
    }
    let (documents, problems) = yaml::read(text, LABEL, Templates::KeepVariables);
    ManifestFacts { manifest: Manifest::OpenApi(documents.first().map(from_yaml).unwrap_or_default()), problems }
}

fn is_known(version: &str) -> bool {
    version == "2.0" || version.starts_with("3.")
}

fn from_yaml(document: &Node) -> Vec<ApiOperation> {
    let version = document.get("openapi").or_else(|| document.get("swagger")).and_then(Node::text);
    if !version.is_some_and(|version| is_known(&version)) {
        return Vec::new();
    }
    let paths = document.get("paths").map(Node::entries).unwrap_or_default();
    let operations = paths.iter().flat_map(|path| path.value.entries().iter().map(move |operation| (path, operation)));
    let known = operations.filter(|(_, operation)| METHODS.contains(&operation.key.value.as_str()));
    let read = known.filter_map(|(path, operation)| {
        Some(ApiOperation {
            id: operation.value.get("operationId")?.spanned()?,
            method: operation.key.value.to_uppercase().into(),
            path: path.key.value.clone(),
            paginated: operation.value.get(PAGINATED).is_some(),
        })
    });
    read.collect()
}

fn json(text: &str) -> serde_json::Result<Vec<ApiOperation>> {
    let mut operations = Vec::new();
    let document: Fields<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    let version = document.get("openapi").or_else(|| document.get("swagger")).and_then(string);
    let Some(paths) = document.get("paths").filter(|_| version.is_some_and(|version| is_known(&version))) else { return Ok(operations) };
    for (path, of_path) in fields(paths) {
        for (method, operation) in fields(of_path).into_iter().filter(|(method, _)| METHODS.contains(&method.as_str())) {
            let operation = Fields(fields(operation));
            let Some((raw, id)) = operation.get("operationId").and_then(|raw| Some((raw, string(raw)?))) else { continue };
            operations.push(ApiOperation {
                id: Spanned { value: id, range: place(raw, text) },
                method: method.to_uppercase().into(),
                path: path.as_str().into(),
                paginated: operation.get(PAGINATED).is_some(),
            });
        }
    }
    Ok(operations)
}

/// The fields of an object of JSON, in order, their values as they are written.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Fields<'t> {
    fn get(&self, key: &str) -> Option<&'t RawValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| *value)
    }
}

impl<'de: 't, 't> Deserialize<'de> for Fields<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// The fields of a value; none where it is no object.
fn fields(value: &RawValue) -> Vec<(String, &RawValue)> {
    serde_json::from_str::<Fields<'_>>(value.get()).map(|fields| fields.0).unwrap_or_default()
}

fn string(value: &RawValue) -> Option<Symbol> {
    serde_json::from_str::<String>(value.get()).ok().map(Symbol::from)
}

/// Where a string of a text is written, without its quotes.
fn place(value: &RawValue, text: &str) -> TextRange {
    let start = value.get().as_ptr().addr() - text.as_ptr().addr();
    TextRange::new(start + 1, start + value.get().len() - 1)
}

/// Where a document breaks off, and why.
fn fault(error: &serde_json::Error, text: &str) -> Fault {
    let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    Fault { at: (line + error.column().saturating_sub(1)).min(text.len()), message }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn operations(text: &str) -> (Vec<String>, usize) {
        let facts = read(text);
        let Manifest::OpenApi(operations) = &facts.manifest else { panic!("{facts:?}") };
        let said = operations.iter().map(|operation| {
            let written = &text[operation.id.range.start as usize..operation.id.range.end as usize];
            assert_eq!(written, operation.id.value, "the place is that of the name");
            format!("{} {} {}{}", written, operation.method, operation.path, if operation.paginated { " *" } else { "" })
        });
        (said.collect(), facts.problems.len())
    }

    #[test]
    fn json_and_yaml_say_the_same() {
        let json = "\u{feff}{\"openapi\": \"3.0.3\", \"info\": {\"paths\": {}}, \"paths\": {\"/orders/{id}\": {\"parameters\": [],
            \"get\": {\"tags\": [\"orders\"], \"operationId\": \"order_view\"}, \"delete\": {}}, \"/orders\": {\"get\":
            {\"operationId\": \"orderList\", \"x-dropshot-pagination\": {\"required\": []}}}}, \"components\": {}}";
        let yaml = "swagger: \"2.0\"\npaths:\n  /orders/{id}:\n    parameters: []\n    get:\n      operationId: order_view\n    delete: {}\n  /orders:\n    get:\n      operationId: orderList\n      x-dropshot-pagination: { required: [] }\n";
        for text in [json, yaml] {
            assert_eq!(operations(text), (vec!["order_view GET /orders/{id}".to_owned(), "orderList GET /orders *".to_owned()], 0));
        }
    }

    #[test]
    fn what_is_no_document_has_no_operations() {
        for text in
            ["{}", "{\"paths\": {\"/\": {\"get\": {\"operationId\": \"a\"}}}}", "{\"openapi\": \"3.0.0\", \"paths\": []}", "a: b\n", "[1]"]
        {
            assert_eq!(operations(text), (Vec::new(), 0), "{text}");
        }
    }

    #[test]
    fn a_broken_document_is_a_problem_with_its_place() {
        let text = "{\"openapi\": \"3.0.0\",\n \"paths\": {\n  \"/\": }\n}";
        let facts = read(text);
        assert_eq!(facts.problems.len(), 1);
        assert_eq!(&text[facts.problems[0].range.start as usize..facts.problems[0].range.end as usize], "}");
        assert_eq!(facts.problems[0].message, "OpenAPI document: expected value");
    }

    #[test]
    fn what_nests_deeply_breaks_nothing() {
        let deep = format!("{{\"openapi\": \"3.0.0\", \"x\": {}{}, \"paths\": {{}}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(operations(&deep).0, Vec::<String>::new());
    }
}
