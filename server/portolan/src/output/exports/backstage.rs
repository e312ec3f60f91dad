//! Backstage: catalog entities, for a `catalog-info.yaml`. Services are components, stores and channels are resources; what a service answers is
//! an API, by protocol, and who calls it consumes that.
//!
//! The chart knows no owners: `owner` is `unknown`, as Backstage wants one.

use std::collections::{BTreeMap, BTreeSet};

use portolan_analysis::chart::ServiceKind;
use portolan_analysis::chart::document::{Document, Status};
use portolan_analysis::chart::map::{Node, NodeKind, ServiceMap};
use serde::Serialize;

const OWNER: &str = "unknown";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Serialize)]
struct Metadata {
    name: String,
    title: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle: Option<&'static str>,
    owner: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    provides_apis: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    consumes_apis: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<String>,
}

impl Spec {
    fn new(r#type: impl Into<String>) -> Self {
        Self {
            r#type: r#type.into(),
            lifecycle: None,
            owner: OWNER,
            provides_apis: Vec::new(),
            consumes_apis: Vec::new(),
            depends_on: Vec::new(),
            definition: None,
        }
    }
}

/// An API: the service that answers, and the protocol.
type Api<'a> = (&'a str, &'static str);

/// The chart as entities, one YAML document each.
pub fn render(document: &Document) -> Result<String, serde_saphyr::ser_error::Error> {
    let map = ServiceMap::new(document);
    let names = names(&map);
    let mut operations: BTreeMap<Api<'_>, BTreeSet<String>> = BTreeMap::new();
    for endpoint in &document.endpoints {
        operations.entry((&endpoint.service, endpoint.protocol.as_str())).or_default().insert(endpoint.label());
    }
    let mut consumed: BTreeMap<&str, BTreeSet<Api<'_>>> = BTreeMap::new();
    for call in document.calls.iter().filter(|call| call.status != Status::Ambiguous) {
        let api = (call.to.as_deref().unwrap_or_default(), call.protocol.as_str());
        if operations.contains_key(&api) && call.from != api.0 {
            consumed.entry(&call.from).or_default().insert(api);
        }
    }
    let api_name = |(service, protocol): Api<'_>| {
        let node = map.nodes.iter().position(|node| is_process(node) && node.id == service);
        shortened(&format!("{}-{protocol}", node.map_or(service, |node| names[node].as_str())))
    };
    let mut entities = Vec::new();
    for (at, node) in map.nodes.iter().enumerate() {
        let mut entity = entity(node, names[at].clone());
        entity.spec.depends_on =
            map.edges.iter().filter(|edge| edge.from == at).map(|edge| reference(&map.nodes[edge.to], &names[edge.to])).collect();
        if is_process(node) {
            let provided = operations.keys().filter(|(service, _)| *service == node.id);
            entity.spec.provides_apis = provided.map(|api| api_name(*api)).collect();
            entity.spec.consumes_apis = consumed.get(node.id.as_str()).into_iter().flatten().map(|api| api_name(*api)).collect();
        }
        entities.push(entity);
    }
    for (api, operations) in &operations {
        let (service, protocol) = *api;
        let mut spec = Spec::new(protocol);
        spec.lifecycle = Some("production");
        spec.definition = Some(operations.iter().map(|operation| format!("{operation}\n")).collect());
        let metadata = Metadata { name: api_name(*api), title: format!("{service} ({protocol})"), tags: Vec::new() };
        entities.push(Entity { api_version: "backstage.io/v1alpha1", kind: "API", metadata, spec });
    }
    let mut out = String::new();
    for entity in &entities {
        out.push_str("---\n");
        out.push_str(&serde_saphyr::to_string(entity)?);
    }
    Ok(out)
}

fn is_process(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Service(_) | NodeKind::Bought)
}

fn entity(node: &Node, name: String) -> Entity {
    let (kind, mut spec) = match node.kind {
        NodeKind::Service(ServiceKind::Frontend) => ("Component", Spec::new("website")),
        NodeKind::Service(ServiceKind::Cli) => ("Component", Spec::new("tool")),
        NodeKind::Service(_) => ("Component", Spec::new("service")),
        NodeKind::Bought => ("Component", Spec::new("third-party")),
        NodeKind::Store => ("Resource", Spec::new(if node.technology.is_empty() { "store" } else { &node.technology })),
        NodeKind::Channel => ("Resource", Spec::new("topic")),
        NodeKind::Outside => ("Resource", Spec::new("external")),
    };
    spec.lifecycle = (kind == "Component").then_some("production");
    let tags = node.technology.split(", ").map(tag).filter(|tag| !tag.is_empty());
    Entity { api_version: "backstage.io/v1alpha1", kind, metadata: Metadata { name, title: node.name.clone(), tags: tags.collect() }, spec }
}

fn reference(node: &Node, name: &str) -> String {
    let kind = if is_process(node) { "component" } else { "resource" };
    format!("{kind}:default/{name}")
}

/// Tags are lower case letters, digits and `+#:-`.
fn tag(text: &str) -> String {
    let text: String =
        text.chars().map(|character| if character.is_ascii_alphanumeric() || character == '+' { character } else { '-' }).collect();
    text.to_ascii_lowercase().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A name for each node: what the chart calls it, where Backstage takes that; no two entities of a kind share one.
fn names(map: &ServiceMap) -> Vec<String> {
    let mut taken: BTreeSet<(bool, String)> = BTreeSet::new();
    map.nodes
        .iter()
        .map(|node| {
            let plain: String = node
                .name
                .chars()
                .map(|character| if character.is_ascii_alphanumeric() || matches!(character, '.' | '_') { character } else { '-' })
                .collect();
            // Separators stand between other characters, one at a time.
            let words: Vec<&str> = plain.split('-').map(|word| word.trim_matches(['.', '_'])).filter(|word| !word.is_empty()).collect();
            let name = if words.is_empty() { node.slug.clone() } else { words.join("-") };
            let numbered = (2..).map(|number| format!("{}-{number}", shortened(&name)));
            let mut free =
                std::iter::once(shortened(&name)).chain(numbered).skip_while(|name| taken.contains(&(is_process(node), name.clone())));
            let name = free.next().unwrap_or_default();
            taken.insert((is_process(node), name.clone()));
            name
        })
        .collect()
}

/// Names have at most 63 characters; a number may follow.
fn shortened(name: &str) -> String {
    const MAX: usize = 58;
    let name: String = name.chars().take(MAX).collect();
    name.trim_end_matches(['-', '.', '_']).to_owned()
}
