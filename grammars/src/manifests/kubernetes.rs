//! Kubernetes objects, also in templates.
//!
//! Templates are not evaluated: a `{{ … }}` reads as `TEMPLATE`. Any YAML file may hold objects, so most files that come here hold none, or are of
//! another format that only their content tells; what they may be is told by a text search, and most are not parsed.

mod routes;

use super::yaml::{self, Node, Templates};
use super::{ConfigMap, Container, Kubernetes, KubernetesService, Manifest, ManifestFacts, Reference, Variable, Workload};
use crate::facts::{Problem, Spanned, Symbol, TextRange};

/// Any YAML file but lock files and API descriptions.
pub(super) fn matches(name: &str) -> bool {
    (name.ends_with(".yaml") || name.ends_with(".yml")) && name != "pnpm-lock.yaml" && !name.starts_with("openapi")
}

/// Whether a text may hold objects.
pub(super) fn looks_like_objects(text: &str) -> bool {
    (text.contains("apiVersion:") && text.contains("kind:")) || is_kustomization(text)
}

/// Whether a text may be a template that takes its objects whole out of named templates.
fn includes(text: &str) -> bool {
    text.contains("{{") && (text.contains("include \"") || text.contains("template \""))
}

fn is_kustomization(text: &str) -> bool {
    text.contains("configMapGenerator:") || text.contains("secretGenerator:")
}

/// Reads the objects of a file, or what else its content says that it is.
pub(super) fn read(text: &str) -> ManifestFacts {
    if let Some(compose) = super::compose::read_content(text) {
        return compose;
    }
    let mut kubernetes = Kubernetes::default();
    let mut problems = Vec::new();
    if looks_like_objects(text) {
        let label = if text.contains("{{") { "Kubernetes template" } else { "Kubernetes file" };
        let (documents, faults) = yaml::read(text, label, Templates::Placeholder);
        documents.iter().for_each(|document| object(document, &mut kubernetes));
        problems = faults;
        kubernetes.template = text.contains("{{").then(|| Symbol::new(text));
    } else if super::http_rules::looks_like_rules(text) {
        return super::http_rules::read(text);
    } else if super::serverless::looks_like_functions(text) {
        return super::serverless::read_functions(text);
    } else if super::sam::looks_like_template(text) {
        return super::sam::read(text);
    } else if includes(text) {
        kubernetes.template = Some(Symbol::new(text));
    }
    ManifestFacts { manifest: Manifest::Kubernetes(kubernetes), problems }
}

/// The objects of a text that holds no templates any more, and what of it cannot be read.
pub(super) fn objects(text: &str) -> (Kubernetes, Vec<Problem>) {
    let mut kubernetes = Kubernetes::default();
    if !looks_like_objects(text) {
        return (kubernetes, Vec::new());
    }
    let (documents, problems) = yaml::read(text, "Kubernetes template, filled in", Templates::Keep);
    documents.iter().for_each(|document| object(document, &mut kubernetes));
    (kubernetes, problems)
}

/// A map that kustomize makes: of texts `NAME=value`, and of dotenv files.
fn generated(node: &Node) -> Option<ConfigMap> {
    let literals = node.list("literals").iter().filter_map(|literal| {
        let text = literal.text()?;
        let (name, value) = text.split_once('=')?;
        let value = value.trim_matches(['"', '\'']);
        Some(Variable { name: Symbol::new(name), value: Some(Symbol::new(value)), range: literal.range })
    });
    let listed = node.get("envs").or_else(|| node.get("env")).map(Node::scalars).unwrap_or_default();
    Some(ConfigMap {
        name: node.get("name")?.text()?,
        data: literals.collect(),
        env_files: listed.into_iter().map(|path| path.value).collect(),
    })
}

fn object(node: &Node, kubernetes: &mut Kubernetes) {
    for key in ["configMapGenerator", "secretGenerator"] {
        kubernetes.config_maps.extend(node.list(key).iter().filter_map(generated));
    }
    let (Some(_), Some(kind)) = (node.get("apiVersion"), node.get("kind").and_then(Node::text)) else { return };
    match kind.as_str() {
        "List" => node.list("items").iter().for_each(|item| object(item, kubernetes)),
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => kubernetes.workloads.extend(workload(node, kind, &["spec", "template"])),
        "CronJob" => kubernetes.workloads.extend(workload(node, kind, &["spec", "jobTemplate", "spec", "template"])),
        "Pod" => kubernetes.workloads.extend(workload(node, kind, &[])),
        "Service" => kubernetes.services.extend(service(node)),
        "ConfigMap" => kubernetes.config_maps.extend(config_map(node, "data")),
        "Secret" => kubernetes.config_maps.extend(config_map(node, "stringData")),
        "VirtualService" => kubernetes.limited_hosts.extend(routes::limited_hosts(node)),
        "Middleware" => kubernetes.middlewares.extend(routes::middleware(node)),
        kind => kubernetes.gateways.extend(routes::read(node, kind)),
    }
}

fn name(node: &Node) -> Option<Spanned<Symbol>> {
    node.at(&["metadata", "name"])?.spanned()
}

fn namespace(node: &Node) -> Option<Symbol> {
    node.at(&["metadata", "namespace"])?.text()
}

/// The scalars of a map by name.
fn pairs(node: Option<&Node>) -> Vec<(Symbol, Symbol)> {
    let entries = node.map_or(&[][..], Node::entries).iter();
    entries.filter_map(|entry| Some((entry.key.value.clone(), entry.value.text()?))).collect()
}

/// A workload whose pod template is found under `template`; a pod is its own.
fn workload(node: &Node, kind: Symbol, template: &[&str]) -> Option<Workload> {
    let pod = node.at(template)?;
    let mut annotations = pairs(node.at(&["metadata", "annotations"]));
    if !template.is_empty() {
        annotations.extend(pairs(pod.at(&["metadata", "annotations"])));
    }
    Some(Workload {
        kind,
        name: name(node)?,
        namespace: namespace(node),
        labels: pairs(pod.at(&["metadata", "labels"])),
        annotations,
        containers: pod.get("spec").map_or(&[][..], |spec| spec.list("containers")).iter().map(container).collect(),
        range: node.range,
    })
}

fn container(node: &Node) -> Container {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let env = node.list("env");
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    Container {
        name: text("name").unwrap_or_default(),
        image: node.get("image").and_then(Node::spanned),
        command: command(node),
        ports: node.list("ports").iter().filter_map(|port| port.get("containerPort")?.spanned()).collect(),
        environment: env.iter().filter_map(variable).collect(),
        references: env.iter().filter_map(reference).collect(),
        env_from: node.list("envFrom").iter().filter_map(env_from).collect(),
        has_probe: probes.iter().any(|probe| node.get(probe).is_some()),
    }
}

fn command(node: &Node) -> Option<Spanned<Symbol>> {
    let parts: Vec<&Node> = ["command", "args"].iter().filter_map(|key| node.get(key)).collect();
    let words: Vec<Symbol> = parts.iter().flat_map(|part| part.scalars()).map(|word| word.value).collect();
    let range = parts.iter().map(|part| part.range).reduce(|a, b| TextRange { start: a.start.min(b.start), end: a.end.max(b.end) })?;
    (!words.is_empty()).then(|| Spanned::new(Symbol::from(words.join(" ")), range))
}

fn variable(node: &Node) -> Option<Variable> {
    Some(Variable { name: node.get("name")?.text()?, value: Some(node.get("value")?.text()?), range: node.range })
}

fn reference(node: &Node) -> Option<Reference> {
    let from = node.get("valueFrom")?;
    let target = from.get("configMapKeyRef").or_else(|| from.get("secretKeyRef"))?;
    Some(Reference {
        variable: node.get("name")?.text()?,
        object: target.get("name")?.text()?,
        key: target.get("key")?.text()?,
        optional: target.get("optional").and_then(Node::text).is_some_and(|optional| optional == "true"),
        range: node.range,
    })
}

fn env_from(node: &Node) -> Option<Symbol> {
    node.get("configMapRef").or_else(|| node.get("secretRef"))?.get("name")?.text()
}

fn service(node: &Node) -> Option<KubernetesService> {
    let spec = node.get("spec");
    let ports = spec.map_or(&[][..], |spec| spec.list("ports")).iter();
    Some(KubernetesService {
        name: name(node)?,
        namespace: namespace(node),
        selector: pairs(spec.and_then(|spec| spec.get("selector"))),
        ports: ports.filter_map(|port| Some((port.get("port")?.text()?, port.get("targetPort").and_then(Node::text)))).collect(),
    })
}

fn config_map(node: &Node, key: &str) -> Option<ConfigMap> {
    let entries = node.get(key).map_or(&[][..], Node::entries).iter();
    let data = entries.map(|entry| Variable { name: entry.key.value.clone(), value: entry.value.text(), range: entry.range });
    Some(ConfigMap { name: name(node)?.value, data: data.collect(), env_files: Vec::new() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn kubernetes(text: &str) -> Kubernetes {
        let facts = read(text);
        assert!(facts.problems.is_empty(), "{:?}", facts.problems);
        match facts.manifest {
            Manifest::Kubernetes(kubernetes) => kubernetes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_workloads_and_services() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shöp\n  namespace: n\n  annotations: {a: b}\nspec:\n  template:\n    metadata:\n      labels: {app: shop}\n      annotations: {c: d}\n    spec:\n      initContainers: [{name: init}]\n      containers:\n        - name: web\n          image: \"shop:1\"\n          command: [node]\n          args: [a.js, --x]\n          ports: [{containerPort: 80}]\n          readinessProbe: {}\n          env:\n            - {name: A, value: \"1\"}\n            - name: B\n              valueFrom: {configMapKeyRef: {name: cm, key: k}}\n            - name: C\n              valueFrom: {fieldRef: {fieldPath: x}}\n          envFrom: [{configMapRef: {name: cm}}, {secretRef: {name: s}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: shop-svc}\nspec:\n  selector: {app: shop}\n  ports:\n    - {port: 80, targetPort: http}\n    - port: 81\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata:\n  k: v\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: cron}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}\n---\napiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Pod, metadata: {name: p, labels: {l: p}}, spec: {containers: [{name: q}]}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {PASS: x}\n";
        let all = kubernetes(text);
        let slice = |range: TextRange| &text[range.start as usize..range.end as usize];
        let names: Vec<_> = all.workloads.iter().map(|w| (w.kind.as_str(), w.name.value.as_str(), w.containers.len())).collect();
        assert_eq!(names, [("Deployment", "shöp", 1), ("CronJob", "cron", 1), ("Pod", "p", 1)]);
        let shop = &all.workloads[0];
        assert_eq!(slice(shop.name.range), "shöp");
        assert_eq!((shop.annotations.len(), shop.labels.len(), shop.namespace.as_deref()), (2, 1, Some("n")));
        let web = &shop.containers[0];
        assert_eq!(web.command.as_ref().unwrap().value, "node a.js --x");
        assert_eq!(slice(web.image.as_ref().unwrap().range), "shop:1");
        assert_eq!((web.environment.len(), web.env_from.len(), web.has_probe), (1, 2, true));
        let references: Vec<_> = web.references.iter().map(|of| [&of.variable, &of.object, &of.key].map(Symbol::as_str)).collect();
        assert_eq!(references, [["B", "cm", "k"]]);
        assert_eq!(all.services[0].ports, [("80".into(), Some("http".into())), ("81".into(), None)]);
        assert_eq!(all.config_maps.len(), 2);
    }

    #[test]
    fn reads_templates() {
        let text = "{{- if .Values.on }}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"x.fullname\" . }}-web\n  labels:\n    {{- include \"x.labels\" . | nindent 4 }}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: {{ .Values.image }}:{{ .Values.tag }}\n          env:\n            {{- range $k, $v := .Values.env }}\n            - name: {{ $k }}\n              value: {{ $v | quote }}\n            {{- end }}\n            - name: P\n              value: \"{{ .Values.port }}\"\n{{- end }}\n";
        let all = kubernetes(text);
        assert_eq!(all.workloads[0].name.value, "TEMPLATE-web");
        let web = &all.workloads[0].containers[0];
        assert_eq!(web.image.as_ref().unwrap().value, "TEMPLATE:TEMPLATE");
        assert_eq!(web.environment[1].name, "P");
    }

    #[test]
    fn leaves_other_yaml_alone() {
        assert!(!matches("pnpm-lock.yaml") && !matches("openapi.yaml") && matches("values.yaml"));
        assert_eq!(kubernetes("a: [broken"), Kubernetes::default());
        assert_eq!(kubernetes("apiVersion: 1\nkind: 2\n"), Kubernetes::default());
        let facts = read(
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nkind: [\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n",
        );
        let Manifest::Kubernetes(kubernetes) = facts.manifest else { panic!() };
        assert_eq!((kubernetes.services.len(), facts.problems.len()), (2, 1));
    }
}
