//! envoy configurations, also as templates: routes and the clusters they go to.
//!
//! Placeholders such as `${VAR}` stay as written. Routes and clusters are taken wherever they stand, as static and dynamic configurations and
//! filters wrap them differently.

use super::gateway::PathMatching;
use super::yaml::{self, Node, Templates};
use super::{Envoy, EnvoyRoute, Manifest, ManifestFacts, kubernetes};
use crate::facts::{Spanned, Symbol};

/// YAML files, also as `.tmpl`, that have `envoy` as a word of their name.
pub(super) fn matches(name: &str) -> bool {
    let name = name.strip_suffix(".tmpl").unwrap_or(name);
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return false };
    stem.split(['-', '_', '.']).any(|word| word == "envoy")
}

/// Reads an envoy configuration; Kubernetes objects named for envoy are read as what they are.
pub(super) fn read(text: &str) -> ManifestFacts {
    if kubernetes::looks_like_objects(text) {
        return kubernetes::read(text);
    }
    let (documents, problems) = yaml::read(text, "envoy configuration", Templates::KeepVariables);
    let mut envoy = Envoy::default();
    documents.iter().for_each(|document| search(document, &mut envoy));
    ManifestFacts { manifest: Manifest::Envoy(envoy), problems }
}

/// Goes through a tree; its depth and size are bounded.
fn search(node: &Node, envoy: &mut Envoy) {
    for entry in node.entries() {
        match entry.key.value.as_str() {
            "virtual_hosts" => {
                for host in entry.value.items() {
                    let domains = host.get("domains").map(Node::scalars).unwrap_or_default();
                    let hosts = domains.into_iter().map(|domain| domain.value).filter(|domain| domain != "*").collect::<Vec<_>>();
                    envoy.routes.extend(host.list("routes").iter().flat_map(|route| routes(route, &hosts)));
                }
            }
            "clusters" => envoy.clusters.extend(entry.value.items().iter().flat_map(cluster)),
            _ => search(&entry.value, envoy),
        }
    }
    node.items().iter().for_each(|item| search(item, envoy));
}

fn routes(node: &Node, hosts: &[Symbol]) -> Vec<EnvoyRoute> {
    let matched = |key: &str| node.at(&["match", key]).and_then(Node::text);
    let Some(route) = node.get("route") else { return Vec::new() };
    let pattern = node.at(&["match", "safe_regex", "regex"]).and_then(Node::text);
    let prefix = matched("prefix").or_else(|| matched("path_separated_prefix")).map(|prefix| (PathMatching::Prefix, prefix));
    let exact = || matched("path").map(|path| (PathMatching::Exact, path));
    // The whole path must match.
    let pattern = || pattern.map(|pattern| (PathMatching::Pattern, format!("^(?:{pattern})$").into()));
    let Some((matching, prefix)) = prefix.or_else(exact).or_else(pattern) else { return Vec::new() };
    let rewrite = |keys: &[&str]| route.at(keys).and_then(Node::text);
    let regex_rewrite = rewrite(&["regex_rewrite", "pattern", "regex"]).zip(rewrite(&["regex_rewrite", "substitution"]));
    let weighted = route.at(&["weighted_clusters", "clusters"]).map_or(&[][..], Node::items).iter();
    let clusters = route.get("cluster").and_then(Node::text).into_iter().chain(weighted.filter_map(|cluster| cluster.get("name")?.text()));
    clusters
        .map(|cluster| EnvoyRoute {
            hosts: hosts.to_vec(),
            prefix: prefix.clone(),
            matching,
            regex_rewrite: regex_rewrite.clone(),
            prefix_rewrite: route.get("prefix_rewrite").and_then(Node::text),
            cluster,
            range: node.range,
        })
        .collect()
}

fn cluster(node: &Node) -> Vec<(Symbol, Spanned<Symbol>)> {
    let (Some(name), Some(assignment)) = (node.get("name").and_then(Node::text), node.get("load_assignment")) else { return Vec::new() };
    let mut addresses = Vec::new();
    socket_addresses(assignment, &mut addresses);
    addresses.into_iter().map(|address| (name.clone(), address)).collect()
}

fn socket_addresses(node: &Node, addresses: &mut Vec<Spanned<Symbol>>) {
    for entry in node.entries() {
        match entry.key.value.as_str() {
            "socket_address" => addresses.extend(socket_address(&entry.value)),
            _ => socket_addresses(&entry.value, addresses),
        }
    }
    node.items().iter().for_each(|item| socket_addresses(item, addresses));
}

fn socket_address(node: &Node) -> Option<Spanned<Symbol>> {
    let address = node.get("address")?.spanned()?;
    Some(match node.get("port_value").and_then(Node::text) {
        Some(port) => Spanned::new(Symbol::from(format!("{}:{port}", address.value)), address.range),
        None => address,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    #[test]
    fn reads_routes_and_clusters() {
        for name in ["envoy.yaml", "envoy.tmpl.yaml", "envoy-dev.yml", "front-envoy.yaml.tmpl"] {
            assert!(matches(name), "{name}");
        }
        assert!(!matches("envoyage.yaml") && !matches("envoy.json"));
        let text = "# é\nstatic_resources:\n  listeners:\n    - filter_chains:\n        - filters:\n            - typed_config:\n                route_config:\n                  virtual_hosts:\n                    - name: x\n                      routes:\n                        - match: { prefix: \"/a/\" }\n                          route: { cluster: a, prefix_rewrite: \"/\" }\n                        - match: { path: /b }\n                          route: { weighted_clusters: { clusters: [{name: b, weight: 1}, {name: c}] } }\n                        - match: { prefix: /r }\n                          redirect: { path_redirect: / }\n  clusters:\n    - name: a\n      load_assignment:\n        endpoints:\n          - lb_endpoints:\n              - endpoint: { address: { socket_address: { address: \"${A_HOST}\", port_value: ${A_PORT} } } }\n    - name: none\n";
        let facts = read(text);
        assert!(facts.problems.is_empty(), "{:?}", facts.problems);
        let Manifest::Envoy(envoy) = facts.manifest else { panic!() };
        let routes: Vec<_> = envoy
            .routes
            .iter()
            .map(|r| (r.prefix.as_str(), r.matching == PathMatching::Exact, r.prefix_rewrite.as_deref(), r.cluster.as_str()))
            .collect();
        assert_eq!(routes, [("/a/", false, Some("/"), "a"), ("/b", true, None, "b"), ("/b", true, None, "c")]);
        assert_eq!(envoy.clusters.len(), 1);
        let (name, address) = &envoy.clusters[0];
        assert_eq!((name.as_str(), address.value.as_str()), ("a", "${A_HOST}:${A_PORT}"));
        assert_eq!(&text[address.range.start as usize..address.range.end as usize], "${A_HOST}");
    }

    #[test]
    fn objects_named_for_envoy_are_objects() {
        let facts = read("apiVersion: v1\nkind: Service\nmetadata: {name: envoy}\n");
        assert!(matches!(facts.manifest, Manifest::Kubernetes(kubernetes) if kubernetes.services.len() == 1));
        assert!(read("").problems.is_empty());
    }
}
