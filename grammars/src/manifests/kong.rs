//! Declarative configurations of Kong: services, the routes that lead to them, and upstreams.
//!
//! Plugins are left out. A route's methods and headers are, too: what it takes by its path alone counts.

use super::gateway::{GatewayRule, PathMatching, PathStep};
use super::yaml::{self, Node, Templates};
use super::{Kong, Manifest, ManifestFacts};
use crate::facts::{Spanned, Symbol};

/// YAML files that have `kong` as a word of their name.
pub(super) fn matches(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return false };
    stem.split(['-', '_', '.']).any(|word| word == "kong")
}

/// Reads a configuration; Kubernetes objects named for Kong are read as what they are.
pub(super) fn read(text: &str) -> ManifestFacts {
    if super::kubernetes::looks_like_objects(text) {
        return super::kubernetes::read(text);
    }
    let (documents, problems) = yaml::read(text, "Kong configuration", Templates::KeepVariables);
    let mut kong = Kong::default();
    for document in documents.iter().filter(|document| document.get("_format_version").is_some()) {
        let services = document.list("services");
        for service in services {
            kong.rules.extend(service.list("routes").iter().flat_map(|route| rules(document, service, route)));
        }
        for route in document.list("routes") {
            let name = route.at(&["service", "name"]).or_else(|| route.get("service")).and_then(Node::text);
            let service = services.iter().find(|service| name.is_some() && service.get("name").and_then(Node::text) == name);
            kong.rules.extend(service.into_iter().flat_map(|service| rules(document, service, route)));
        }
    }
    ManifestFacts { manifest: Manifest::Kong(kong), problems }
}

/// A rule for each path of a route; one for all where it names none.
fn rules(document: &Node, service: &Node, route: &Node) -> Vec<GatewayRule> {
    let Some((target, base)) = target(document, service) else { return Vec::new() };
    let hosts: Vec<Symbol> = route.get("hosts").map(Node::scalars).unwrap_or_default().into_iter().map(|host| host.value).collect();
    let mut paths: Vec<Symbol> = route.get("paths").map(Node::scalars).unwrap_or_default().into_iter().map(|path| path.value).collect();
    if paths.is_empty() {
        paths.push("/".into());
    }
    let strips = route.get("strip_path").and_then(Node::text).is_none_or(|strips| strips != "false");
    let rule = |path: Symbol| {
        let (matching, path) = match path.strip_prefix('~') {
            Some(pattern) => (PathMatching::Pattern, Symbol::from(format!("^{pattern}"))),
            None => (PathMatching::Prefix, path),
        };
        let mut steps = Vec::new();
        if strips && matching == PathMatching::Prefix {
            steps.push(PathStep::Prefix { from: path.trim_end_matches('/').into(), to: Symbol::default() });
        } else if strips {
            steps.push(PathStep::Pattern { pattern: path.clone(), to: Symbol::default(), whole: false });
        }
        if !base.is_empty() {
            steps.push(PathStep::Prefix { from: Symbol::default(), to: base.clone() });
        }
        GatewayRule { hosts: hosts.clone(), path, matching, steps, target: target.clone(), range: route.range }
    };
    paths.into_iter().map(rule).collect()
}

/// Where a service is, `host:port`, and what stands before its paths.
fn target(document: &Node, service: &Node) -> Option<(Spanned<Symbol>, Symbol)> {
    let own = |key: &str| service.get(key).and_then(Node::text);
    let (address, base, range) = match service.get("url").and_then(Node::spanned) {
        Some(url) => {
            let rest = url.value.split_once("://").map_or(url.value.as_str(), |(_, rest)| rest);
            let (address, base) = rest.split_once('/').map_or((rest, ""), |(address, base)| (address, base));
            (address.to_owned(), base.to_owned(), url.range)
        }
        None => {
            let host = service.get("host").and_then(Node::spanned)?;
            let address = own("port").map_or(host.value.to_string(), |port| format!("{}:{port}", host.value));
            (address, own("path").unwrap_or_default().to_string(), host.range)
        }
    };
    let host = address.split(':').next().unwrap_or_default();
    let upstream =
        document.list("upstreams").iter().find(|upstream| upstream.get("name").and_then(Node::text).is_some_and(|name| name == host));
    let behind = upstream.and_then(|upstream| upstream.list("targets").first()?.get("target")?.spanned());
    let base = base.trim_matches('/');
    let base = if base.is_empty() { Symbol::default() } else { Symbol::from(format!("/{base}")) };
    Some((behind.unwrap_or_else(|| Spanned::new(address.as_str().into(), range)), base))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    #[test]
    fn reads_services_and_their_routes() {
        assert!(matches("kong.yml") && matches("kong.dev.yaml") && !matches("kongo.yml"));
        let text = "_format_version: \"3.0\"\nservices:\n  - name: orders\n    url: http://orders:8080/v1\n    routes:\n      - paths: [/orders, \"~/o/\\\\d+$\"]\n  - name: carts\n    host: carts-up\n    routes:\n      - { paths: [/carts], strip_path: false, hosts: [shop.example.com] }\nupstreams:\n  - name: carts-up\n    targets: [{ target: \"carts:80\" }]\nroutes:\n  - { name: r, service: { name: orders } }\n";
        let facts = read(text);
        let Manifest::Kong(kong) = facts.manifest else { panic!() };
        let rules: Vec<_> = kong.rules.iter().map(|rule| (rule.path.as_str(), rule.target.value.as_str(), rule.steps.len())).collect();
        assert_eq!(
            rules,
            [("/orders", "orders:8080", 2), ("^/o/\\d+$", "orders:8080", 2), ("/carts", "carts:80", 0), ("/", "orders:8080", 2)]
        );
        assert_eq!(kong.rules[2].hosts, ["shop.example.com"]);
        let Manifest::Kong(other) = read("plugins: []\n").manifest else { panic!() };
        assert!(other.rules.is_empty());
    }
}
