//! What a value of an AWS template means that refers to a resource: `!Ref Orders`, `{ "Fn::GetAtt": [Orders, Arn] }`, an ARN.
//!
//! What deliberately does not live here: the formats that have such values ([`super::serverless`], [`super::sam`]). Invariant: a resource is called
//! what its properties call it, else what the template does.

use super::yaml::Node;
use crate::facts::Symbol;

/// Properties that say what a resource is called.
const NAMES: [&str; 5] = ["TableName", "QueueName", "TopicName", "BucketName", "Name"];

/// The id of the resource that a value refers to. A text without a tag refers to none, however a resource is called.
pub(super) fn referred(value: &Node) -> Option<Symbol> {
    // `Orders.Arn` is an attribute of `Orders`.
    let of_attribute = |text: Symbol| text.split_once('.').map_or(text.clone(), |(id, _)| id.into());
    match (value.tag.as_deref(), value.text()) {
        (Some("!Ref"), id) => return id,
        (Some("!GetAtt"), Some(attribute)) => return Some(of_attribute(attribute)),
        _ => {}
    }
    if let Some(id) = value.get("Ref").and_then(Node::text) {
        return Some(id);
    }
    let attribute = value.get("Fn::GetAtt")?;
    attribute.text().map(of_attribute).or_else(|| attribute.items().first()?.text())
}

/// What the resource that a value refers to is called, of a map of resources; the text that it is, where it refers to none.
pub(super) fn named(value: &Node, resources: Option<&Node>, fill: &dyn Fn(&str) -> Option<Symbol>) -> Option<Symbol> {
    let Some(id) = referred(value) else { return fill(&value.text()?) };
    let Some(resource) = resources.and_then(|resources| resources.get(&id)) else { return fill(&id) };
    let name = NAMES.iter().find_map(|name| resource.at(&["Properties", name])?.text()).and_then(|name| fill(&name));
    Some(name.unwrap_or(id))
}

/// What a queue or topic is called that a value refers to; of an ARN or URL, its last part.
pub(super) fn channel(value: &Node, resources: Option<&Node>, fill: &dyn Fn(&str) -> Option<Symbol>) -> Option<Symbol> {
    let name = named(value, resources, fill)?;
    let last = name.rsplit([':', '/']).next().unwrap_or_default();
    (!last.is_empty()).then(|| last.into())
}
