//! Kubernetes objects that route requests: Ingress, HTTPRoute, GRPCRoute, and traefik's IngressRoute and Middleware.
//!
//! What deliberately does not live here: which workload a Service selects. Invariant: a rule whose path a template decides is left out, as it
//! may be any.

use super::{name, namespace};
use crate::facts::{Spanned, Symbol};
use crate::manifests::gateway::{GatewayObject, GatewayRule, PathMatching, PathMiddleware, PathStep};
use crate::manifests::traefik;
use crate::manifests::yaml::Node;

/// What a template reads as.
const TEMPLATE: &str = "TEMPLATE";

/// The rules of an object of `kind`; none where it routes nothing.
pub(super) fn read(node: &Node, kind: &str) -> Vec<GatewayObject> {
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let name = name(node).map(|name| name.value.replace(TEMPLATE, "")).unwrap_or_default();
    let what: Symbol = format!("{kind} {}", name.trim_matches(['-', '_', '.', ' '])).trim_end().into();
    let one = |gateway: Symbol, rules: Vec<GatewayRule>, middlewares: Vec<Symbol>| {
        let object = GatewayObject { gateway, what: what.clone(), rules, middlewares };
        if object.rules.is_empty() { Vec::new() } else { vec![object] }
    };
    match kind {
        "Ingress" => one(ingress_class(node, spec), ingress(node, spec), ingress_middlewares(node)),
        "HTTPRoute" => one(parent(spec), routes(node, spec, http_matches), Vec::new()),
        "GRPCRoute" => one(parent(spec), routes(node, spec, grpc_matches), Vec::new()),
        "IngressRoute" => spec
            .list("routes")
            .iter()
            .flat_map(|route| {
                let middlewares = route.list("middlewares").iter().filter_map(|middleware| middleware.get("name")?.text());
                one("traefik".into(), traefik_rules(node, route), middlewares.collect())
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The hosts of a VirtualService of which every route of HTTP has a time limit.
pub(super) fn limited_hosts(node: &Node) -> Vec<Symbol> {
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let routes = spec.list("http");
    let is_limited = |route: &Node| route.get("timeout").and_then(Node::text).is_some_and(|limit| !limit.starts_with('0'));
    if routes.is_empty() || !routes.iter().all(is_limited) {
        return Vec::new();
    }
    spec.list("hosts").iter().filter_map(Node::text).filter(|host| !host.contains(TEMPLATE)).collect()
}

/// The middleware that an object of traefik's is.
pub(super) fn middleware(node: &Node) -> Option<PathMiddleware> {
    let steps = node.get("spec")?.entries().iter().flat_map(|kind| {
        let values =
            |option: &str| kind.value.get(option).map(Node::scalars).unwrap_or_default().into_iter().map(|value| value.value).collect();
        traefik::steps(&kind.key.value, &values)
    });
    Some(PathMiddleware { name: name(node)?.value, steps: steps.collect() })
}

fn annotation(node: &Node, name: &str) -> Option<Symbol> {
    node.at(&["metadata", "annotations", name])?.text().filter(|value| !value.contains(TEMPLATE))
}

fn ingress_class(node: &Node, spec: &Node) -> Symbol {
    let class = spec.get("ingressClassName").and_then(Node::text).or_else(|| annotation(node, "kubernetes.io/ingress.class"));
    match class.filter(|class| !class.contains(TEMPLATE) && !class.is_empty()) {
        Some(class) if class.contains("ingress") => class,
        Some(class) => format!("{class}-ingress").into(),
        None => "ingress".into(),
    }
}

/// `namespace-name@kubernetescrd`, of which the name is kept as far as the namespace is known.
fn ingress_middlewares(node: &Node) -> Vec<Symbol> {
    let Some(written) = annotation(node, "traefik.ingress.kubernetes.io/router.middlewares") else { return Vec::new() };
    let space = namespace(node).unwrap_or_else(|| "default".into());
    let names = written.split(',').map(|name| name.trim().split('@').next().unwrap_or_default());
    names.map(|name| name.strip_prefix(space.as_str()).and_then(|name| name.strip_prefix('-')).unwrap_or(name).into()).collect()
}

/// What annotations of an Ingress say of all its paths.
struct IngressRewrite {
    target: Option<Symbol>,
    is_pattern: bool,
    /// Before the first stable version a target replaced the prefix, not the path.
    is_old: bool,
    strips: bool,
}

impl IngressRewrite {
    fn of(node: &Node) -> Self {
        let target = ["nginx.ingress.kubernetes.io/rewrite-target", "ingress.kubernetes.io/rewrite-target"];
        let target = target.iter().find_map(|name| annotation(node, name));
        let is = |name: &str| annotation(node, name).is_some_and(|value| value == "true");
        let version = node.get("apiVersion").and_then(Node::text).unwrap_or_default();
        let strips = is("konghq.com/strip-path")
            || annotation(node, "traefik.ingress.kubernetes.io/rule-type").is_some_and(|rule| rule == "PathPrefixStrip");
        let is_old = version.ends_with("beta1") && target.as_ref().is_some_and(|target| !target.contains('$'));
        Self { is_pattern: target.is_some() && !is_old || is("nginx.ingress.kubernetes.io/use-regex"), target, is_old, strips }
    }

    fn rule(&self, path: &str, path_type: &str) -> (PathMatching, Symbol, Vec<PathStep>) {
        if self.is_pattern {
            let steps = self.target.iter().map(|target| PathStep::Whole(target.clone())).collect();
            return (PathMatching::PatternAnyCase, format!("^{}", path.trim_start_matches('^')).into(), steps);
        }
        let path = path.trim_end_matches('*');
        let from: Symbol = path.trim_end_matches('/').into();
        let steps = match &self.target {
            Some(target) if self.is_old => vec![PathStep::Prefix { from, to: target.clone() }],
            _ if self.strips => vec![PathStep::Prefix { from, to: "".into() }],
            _ => Vec::new(),
        };
        (if path_type == "Exact" { PathMatching::Exact } else { PathMatching::Prefix }, path.into(), steps)
    }
}

fn ingress(node: &Node, spec: &Node) -> Vec<GatewayRule> {
    let rewrite = IngressRewrite::of(node);
    let mut rules = Vec::new();
    for rule in spec.list("rules") {
        let hosts = host(rule.get("host"));
        for entry in rule.get("http").map_or(&[][..], |http| http.list("paths")) {
            let text = |key: &str| entry.get(key).and_then(Node::text);
            let Some(target) = entry.get("backend").and_then(|backend| ingress_backend(node, backend)) else { continue };
            let path = text("path").filter(|path| !path.is_empty()).unwrap_or_else(|| "/".into());
            if path.contains(TEMPLATE) {
                continue;
            }
            let (matching, path, steps) = rewrite.rule(&path, &text("pathType").unwrap_or_default());
            rules.push(GatewayRule { hosts: hosts.clone(), path, matching, steps, target, range: entry.range });
        }
    }
    for default in [spec.get("defaultBackend"), spec.get("backend")].into_iter().flatten() {
        let target = ingress_backend(node, default);
        rules.extend(target.map(|target| GatewayRule { path: "/".into(), target, range: default.range, ..GatewayRule::default() }));
    }
    rules
}

/// A public host; none where a template decides it, or where it is any.
fn host(node: Option<&Node>) -> Vec<Symbol> {
    let host = node.and_then(Node::text).filter(|host| !host.contains(TEMPLATE) && !host.is_empty() && host != "*");
    host.map(|host| Symbol::from(host.to_ascii_lowercase())).into_iter().collect()
}

/// The service of a backend: `service.name`, or `serviceName` before `networking.k8s.io/v1`.
fn ingress_backend(object: &Node, node: &Node) -> Option<Spanned<Symbol>> {
    let service = node.at(&["service", "name"]).or_else(|| node.get("serviceName"))?;
    let port = node.at(&["service", "port", "number"]).or_else(|| node.get("servicePort")).and_then(Node::text);
    target(service, namespace(object), port)
}

/// The address of a Service, by which the cluster knows it; of a templated name the part that is written out.
fn target(service: &Node, space: Option<Symbol>, port: Option<Symbol>) -> Option<Spanned<Symbol>> {
    let name = service.text()?.replace(TEMPLATE, "");
    let name = name.trim_matches(['-', '_', '.', ' ']);
    let space = space.filter(|space| !space.contains(TEMPLATE)).map(|space| format!(".{space}.svc")).unwrap_or_default();
    let port = port.filter(|port| port.bytes().all(|byte| byte.is_ascii_digit())).map(|port| format!(":{port}")).unwrap_or_default();
    (!name.is_empty()).then(|| Spanned::new(format!("http://{name}{space}{port}").into(), service.range))
}

/// The gateway that a route is attached to.
fn parent(spec: &Node) -> Symbol {
    let parent = spec.list("parentRefs").first().and_then(|parent| parent.get("name")?.text());
    parent.filter(|name| !name.contains(TEMPLATE)).unwrap_or_else(|| "gateway".into())
}

/// The rules of a route of the Gateway API; `matches` reads one entry of its `matches`.
fn routes(node: &Node, spec: &Node, matches: fn(&Node) -> Option<(PathMatching, Symbol)>) -> Vec<GatewayRule> {
    let hosts: Vec<Symbol> = spec.list("hostnames").iter().flat_map(|name| host(Some(name))).collect();
    let mut rules = Vec::new();
    for rule in spec.list("rules") {
        let all = rule.list("matches");
        let mut paths: Vec<(PathMatching, Symbol)> = all.iter().filter_map(matches).collect();
        if all.is_empty() {
            paths.push((PathMatching::Prefix, "/".into()));
        }
        for backend in rule.list("backendRefs") {
            let text = |key: &str| backend.get(key).and_then(Node::text);
            let is_service = text("kind").is_none_or(|kind| kind == "Service") && text("weight").is_none_or(|weight| weight != "0");
            let Some(service) = backend.get("name").filter(|_| is_service) else { continue };
            let Some(target) = target(service, text("namespace").or_else(|| namespace(node)), text("port")) else { continue };
            let filters: Vec<&Node> = rule.list("filters").iter().chain(backend.list("filters")).collect();
            for (matching, path) in &paths {
                let steps = filters.iter().filter_map(|filter| url_rewrite(filter, path)).collect();
                let (hosts, path, target) = (hosts.clone(), path.clone(), target.clone());
                rules.push(GatewayRule { hosts, path, matching: *matching, steps, target, range: rule.range });
            }
        }
    }
    rules
}

fn http_matches(node: &Node) -> Option<(PathMatching, Symbol)> {
    let Some(path) = node.get("path") else { return Some((PathMatching::Prefix, "/".into())) };
    let value = path.get("value").and_then(Node::text).unwrap_or_else(|| "/".into());
    let matching = match path.get("type").and_then(Node::text).as_deref() {
        Some("Exact") => PathMatching::Exact,
        Some("RegularExpression") => return Some((PathMatching::Pattern, format!("^{}", value.trim_start_matches('^')).into())),
        _ => PathMatching::Prefix,
    };
    (!value.contains(TEMPLATE)).then_some((matching, value))
}

fn grpc_matches(node: &Node) -> Option<(PathMatching, Symbol)> {
    let Some(method) = node.get("method") else { return Some((PathMatching::Prefix, "/".into())) };
    let text = |key: &str| method.get(key).and_then(Node::text);
    if text("type").is_some_and(|kind| kind != "Exact") {
        return None;
    }
    match (text("service"), text("method")) {
        (Some(service), Some(method)) => Some((PathMatching::Exact, format!("/{service}/{method}").into())),
        (Some(service), None) => Some((PathMatching::Prefix, format!("/{service}").into())),
        _ => None,
    }
}

fn url_rewrite(filter: &Node, path: &Symbol) -> Option<PathStep> {
    let rewrite = filter.at(&["urlRewrite", "path"])?;
    let text = |key: &str| rewrite.get(key).and_then(Node::text);
    match (text("replacePrefixMatch"), text("replaceFullPath")) {
        (Some(to), _) => Some(PathStep::Prefix { from: path.trim_end_matches('/').into(), to }),
        (None, Some(whole)) => Some(PathStep::Whole(whole)),
        (None, None) => None,
    }
}

fn traefik_rules(node: &Node, route: &Node) -> Vec<GatewayRule> {
    let rule = route.get("match").and_then(Node::text).filter(|rule| !rule.contains(TEMPLATE)).unwrap_or_default();
    let mut rules = Vec::new();
    for service in route.list("services") {
        let text = |key: &str| service.get(key).and_then(Node::text);
        let Some(name) = service.get("name").filter(|_| text("kind").is_none_or(|kind| kind == "Service")) else { continue };
        let Some(target) = target(name, text("namespace").or_else(|| namespace(node)), text("port")) else { continue };
        for one in traefik::alternatives(&rule) {
            let (matching, path) = one.path.unwrap_or((PathMatching::Prefix, "/".into()));
            rules.push(GatewayRule { hosts: one.hosts, path, matching, steps: Vec::new(), target: target.clone(), range: route.range });
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use crate::manifests::Manifest;
    use crate::manifests::gateway::GatewayRule;

    fn shown(rule: &GatewayRule) -> String {
        let steps: Vec<String> = rule.steps.iter().map(|step| format!("{step:?}")).collect();
        format!("{} {:?} {} -> {} {}", rule.hosts.join(","), rule.matching, rule.path, rule.target.value, steps.join(" ")).trim().to_owned()
    }

    fn rules(text: &str) -> Vec<(String, Vec<String>)> {
        let facts = super::super::read(text);
        assert!(facts.problems.is_empty(), "{:?}", facts.problems);
        let Manifest::Kubernetes(all) = facts.manifest else { panic!() };
        all.gateways.iter().map(|object| (object.gateway.to_string(), object.rules.iter().map(shown).collect())).collect()
    }

    #[test]
    fn reads_every_style_of_ingress() {
        let text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, namespace: n}\nspec:\n  ingressClassName: nginx\n  defaultBackend: {service: {name: d}}\n  rules:\n    - host: A.example\n      http:\n        paths:\n          - {path: /x, pathType: Prefix, backend: {service: {name: x, port: {number: 1}}}}\n          - backend: {serviceName: old, servicePort: 80}\n          - {path: '{{ .Values.path }}', backend: {service: {name: x}}}\n---\napiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {annotations: {nginx.ingress.kubernetes.io/rewrite-target: /}}\nspec: {rules: [{http: {paths: [{path: /o, backend: {serviceName: o, servicePort: http}}]}}]}\n";
        let expected = [
            (
                "nginx-ingress",
                vec!["a.example Prefix /x -> http://x.n.svc:1", "a.example Prefix / -> http://old.n.svc:80", "Prefix / -> http://d.n.svc"],
            ),
            ("ingress", vec!["Prefix /o -> http://o Prefix { from: \"/o\", to: \"/\" }"]),
        ];
        assert_eq!(rules(text), expected.map(|(gateway, rules)| (gateway.to_owned(), rules.iter().map(ToString::to_string).collect())));
    }

    #[test]
    fn reads_rewrites() {
        let text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}}\nspec: {rules: [{http: {paths: [{path: /o(/|$)(.*), backend: {service: {name: '{{ .Release.Name }}-o'}}}]}}]}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec:\n  parentRefs: [{name: front}]\n  hostnames: [h]\n  rules:\n    - matches: [{path: {type: PathPrefix, value: /r}}, {path: {type: Exact, value: /s}}]\n      filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]\n      backendRefs: [{name: r, port: 1}, {name: z, weight: 0}]\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nspec:\n  rules:\n    - matches: [{method: {service: shop.Cart}}, {method: {service: shop.Cart, method: Add}}]\n      backendRefs: [{name: cart, port: 1}]\n";
        let all: Vec<String> =
            rules(text).into_iter().flat_map(|(gateway, rules)| rules.into_iter().map(move |rule| format!("{gateway}: {rule}"))).collect();
        let expected = [
            "ingress: PatternAnyCase ^/o(/|$)(.*) -> http://o Whole(\"/$2\")",
            "front: h Prefix /r -> http://r:1 Prefix { from: \"/r\", to: \"/\" }",
            "front: h Exact /s -> http://r:1 Prefix { from: \"/s\", to: \"/\" }",
            "gateway: Prefix /shop.Cart -> http://cart:1",
            "gateway: Exact /shop.Cart/Add -> http://cart:1",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn reads_objects_of_traefik() {
        let text = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nspec:\n  routes:\n    - match: Host(`a`) && PathPrefix(`/x`)\n      middlewares: [{name: strip}]\n      services: [{name: x, port: 80}]\n---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: strip}\nspec: {stripPrefix: {prefixes: [/x]}}\n";
        assert_eq!(rules(text), [("traefik".to_owned(), vec!["a Prefix /x -> http://x:80".to_owned()])]);
        let Manifest::Kubernetes(all) = super::super::read(text).manifest else { panic!() };
        assert_eq!(
            (all.gateways[0].middlewares[0].as_str(), all.middlewares[0].name.as_str(), all.middlewares[0].steps.len()),
            ("strip", "strip", 1)
        );
    }
}
