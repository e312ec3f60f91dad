//! How rpcs are asked over HTTP, as `google.api.http` says: in options of `.proto` files, and in a configuration of the service (`type:
//! google.api.Service`).
//!
//! What deliberately does not live here: the tokens of `.proto` files ([`super::proto`]), and whether anything serves such paths. Invariant: a rule
//! has a path.

use super::yaml::{self, Node, Templates};
use super::{HttpRule, Manifest, ManifestFacts, Proto};
use crate::facts::Symbol;

/// What such a configuration says of itself.
const KIND: &str = "google.api.Service";
/// The kinds of patterns, which are called like the methods.
pub(super) const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Whether a YAML file configures an rpc service.
pub(super) fn looks_like_rules(text: &str) -> bool {
    text.contains(KIND) && text.contains("selector:")
}

/// Reads the rules of a service's configuration.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "service configuration", Templates::KeepVariables);
    let mut proto = Proto::default();
    for document in documents.iter().filter(|document| document.get("type").and_then(Node::text).is_some_and(|kind| kind == KIND)) {
        for rule in document.at(&["http", "rules"]).map(Node::items).unwrap_or_default() {
            let Some(selector) = rule.get("selector").and_then(Node::text) else { continue };
            let Some((service, method)) = selector.rsplit_once('.') else { continue };
            let rpc = Symbol::from(format!("{service}/{method}"));
            let bindings = rule.list("additional_bindings").iter().chain([rule]);
            let found = bindings.flat_map(|binding| VERBS.iter().filter_map(move |verb| Some((verb, binding.get(verb)?.text()?))));
            proto.http.extend(found.map(|(verb, path)| http_rule(rpc.clone(), verb, &path)));
        }
    }
    ManifestFacts { manifest: Manifest::Proto(proto), problems }
}

/// A rule, its path as routes are written: `/v1/{name=shelves/*}` is `/v1/shelves/{name}`.
pub(super) fn http_rule(rpc: Symbol, verb: &str, template: &str) -> HttpRule {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, (inner, after))) = rest.split_once('{').and_then(|(before, inside)| Some((before, inside.split_once('}')?))) {
        path.push_str(before);
        let (name, pattern) = inner.split_once('=').unwrap_or((inner, "*"));
        let segments = pattern.split('/').map(|segment| match segment {
            "*" => format!("{{{name}}}"),
            "**" => format!("{{*{name}}}"),
            literal => literal.to_owned(),
        });
        path.push_str(&segments.collect::<Vec<_>>().join("/"));
        rest = after;
    }
    path.push_str(rest);
    HttpRule { rpc, method: verb.to_uppercase().into(), path: path.into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    #[test]
    fn reads_a_configuration() {
        let text = "type: google.api.Service\nhttp:\n  rules:\n    - selector: shop.v1.Orders.Get\n      get: /v1/{name=shops/*/orders/*}
      additional_bindings:\n        - post: /v1/orders:get\n          body: \"*\"\n    - selector: broken\n      get: /x\n";
        assert!(looks_like_rules(text));
        let Manifest::Proto(proto) = read(text).manifest else { panic!() };
        let rules: Vec<_> = proto.http.iter().map(|rule| format!("{} {} {}", rule.rpc, rule.method, rule.path)).collect();
        assert_eq!(rules, ["shop.v1.Orders/Get POST /v1/orders:get", "shop.v1.Orders/Get GET /v1/shops/{name}/orders/{name}"]);
    }
}
