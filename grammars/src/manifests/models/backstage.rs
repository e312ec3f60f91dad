//! `catalog-info.yaml` of Backstage: components, what they depend on, and whose APIs they consume.

use super::{Model, ModelElement, ModelRelation};
use crate::facts::Symbol;
use crate::manifests::yaml::{self, Node, Templates};
use crate::manifests::{Manifest, ManifestFacts};

pub(in crate::manifests) fn matches(name: &str) -> bool {
    matches!(name, "catalog-info.yaml" | "catalog-info.yml")
}

pub(in crate::manifests) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "catalog of Backstage", Templates::Keep);
    let mut model = Model::default();
    documents.iter().for_each(|document| entity(document, &mut model));
    ManifestFacts { manifest: Manifest::Model(model), problems }
}

fn entity(node: &Node, model: &mut Model) {
    let is_component = node.get("kind").and_then(Node::text).as_deref() == Some("Component");
    let Some(name) = node.at(&["metadata", "name"]).and_then(Node::spanned).filter(|_| is_component) else { return };
    let title = node.at(&["metadata", "title"]).and_then(Node::text);
    let names: Vec<Symbol> = std::iter::once(name.value.clone()).chain(title).collect();
    let id = reference("component", &name.value);
    let owner = node.at(&["spec", "owner"]).and_then(Node::text).map(|owner| Symbol::new(last(&owner)));
    let list = |key: &str| node.at(&["spec", key]).map(Node::scalars).unwrap_or_default();
    // Who consumes an API depends on who provides it.
    for api in list("providesApis") {
        model.elements.push(ModelElement { id: reference("api", &api.value), names: names.clone(), owner: None, range: name.range });
    }
    for (key, kind) in [("dependsOn", "component"), ("consumesApis", "api")] {
        let relations = list(key).into_iter().map(|to| ModelRelation { from: id.clone(), to: reference(kind, &to.value), range: to.range });
        model.relations.extend(relations);
    }
    model.elements.push(ModelElement { id, names, owner, range: name.range });
}

/// A reference `[kind:][namespace/]name` without its namespace, in lower case, as Backstage compares them.
fn reference(kind: &str, text: &str) -> Symbol {
    let (kind, rest) = text.split_once(':').unwrap_or((kind, text));
    Symbol::new(format!("{kind}:{}", last(rest)).to_lowercase())
}

/// The name itself of `group:default/name`.
fn last(reference: &str) -> &str {
    reference.rsplit([':', '/']).next().unwrap_or(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_depend_on_components_and_on_apis() {
        let text = "kind: Component\nmetadata: {name: web, title: Shop}\nspec:\n  dependsOn: [\"component:default/Bill\", \"resource:db\"]\n  consumesApis:\n    - orders-http\n---\nkind: API\nmetadata: {name: x}\n---\nkind: Component\nmetadata:\n  name: orders\nspec: {providesApis: [orders-http]}\n";
        let Manifest::Model(model) = read(text).manifest else { return };
        let elements: Vec<(&str, usize)> = model.elements.iter().map(|element| (element.id.as_str(), element.names.len())).collect();
        assert_eq!(elements, [("component:web", 2), ("api:orders-http", 1), ("component:orders", 1)]);
        let relations: Vec<(&str, &str)> = model.relations.iter().map(|relation| (relation.from.as_str(), relation.to.as_str())).collect();
        assert_eq!(
            relations,
            [("component:web", "component:bill"), ("component:web", "resource:db"), ("component:web", "api:orders-http")]
        );
        let range = model.relations[2].range;
        assert_eq!(&text[range.start as usize..range.end as usize], "orders-http");
    }
}
