//! Helm charts: `Chart.yaml`, `values.yaml`, named templates, and templates filled in with values.
//!
//! The workspace knows which files make a chart and hands their texts and values to [`render`]. What a run alone decides (the release's name, the
//! cluster, random words) reads as [`RELEASE`] or `TEMPLATE`. Invariant: rendering is bounded in depth and size, and never fails.

mod functions;
mod render;
mod template;

use super::kubernetes;
use super::tree::Tree;
use super::yaml::{self, Node, Templates};
use super::{Kubernetes, Manifest, ManifestFacts};
use crate::facts::{Problem, Symbol, TextRange};

/// The name of a release that nobody has made yet, as `helm template` has it.
pub const RELEASE: &str = "release-name";

pub(super) fn is_chart(name: &str) -> bool {
    matches!(name, "Chart.yaml" | "Chart.yml")
}

/// Reads the name of a chart.
pub(super) fn read_chart(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "Chart.yaml", Templates::Keep);
    let name = documents.first().and_then(|node| node.get("name")).and_then(Node::text).unwrap_or_default();
    ManifestFacts { manifest: Manifest::HelmChart(name), problems }
}

pub(super) fn is_values(name: &str) -> bool {
    matches!(name, "values.yaml" | "values.yml")
}

/// Reads the values of a chart.
pub(super) fn read_values(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "values.yaml", Templates::Keep);
    ManifestFacts { manifest: Manifest::HelmValues(documents.first().map(Node::tree).unwrap_or_default()), problems }
}

pub(super) fn is_helpers(name: &str) -> bool {
    name.ends_with(".tpl")
}

/// Keeps the text of named templates.
pub(super) fn read_helpers(text: &str) -> ManifestFacts {
    let kept = if text.contains("define") { Symbol::new(text) } else { Symbol::default() };
    ManifestFacts { manifest: Manifest::HelmHelpers(kept), problems: Vec::new() }
}

/// Named templates of a chart, taken apart once.
#[derive(Debug, Default)]
pub struct Helpers(pub(super) Vec<(String, Vec<template::Step>)>);

impl Helpers {
    /// Takes apart the texts of a chart that may define names.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut all = Vec::new();
        for text in texts {
            template::parse(text, &mut all);
        }
        Self(all)
    }
}

/// The objects of a template, filled in with the values of its chart, and what of it cannot be read then. Places are those of the template.
pub fn render(template: &str, chart: &str, values: &Tree, helpers: &Helpers) -> (Kubernetes, Vec<Problem>) {
    let mut defined = Vec::new();
    let steps = template::parse(template, &mut defined);
    let output = render::Output::of(&steps, chart, values, &[&helpers.0, &defined]);
    let (mut objects, mut problems) = kubernetes::objects(&output.text);
    remap(&mut objects, &|range| output.source(range));
    problems.iter_mut().for_each(|problem| problem.range = output.source(problem.range));
    if output.text.trim().is_empty() {
        let message = "Kubernetes template: all that it says comes of a named template that is not known.";
        let unknown = output.left_out.first().map(|place| TextRange::new(place.start, place.end));
        problems.extend(unknown.map(|range| Problem { message: message.to_owned(), range }));
    }
    (objects, problems)
}

/// Turns the places of all facts.
fn remap(objects: &mut Kubernetes, at: &dyn Fn(TextRange) -> TextRange) {
    for workload in &mut objects.workloads {
        workload.name.range = at(workload.name.range);
        workload.range = at(workload.range);
        for container in &mut workload.containers {
            for text in container.image.iter_mut().chain(&mut container.command).chain(&mut container.ports) {
                text.range = at(text.range);
            }
            container.environment.iter_mut().for_each(|variable| variable.range = at(variable.range));
        }
    }
    objects.services.iter_mut().for_each(|service| service.name.range = at(service.name.range));
    objects.config_maps.iter_mut().flat_map(|map| &mut map.data).for_each(|entry| entry.range = at(entry.range));
    for rule in objects.gateways.iter_mut().flat_map(|gateway| &mut gateway.rules) {
        rule.range = at(rule.range);
        rule.target.range = at(rule.target.range);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn values(text: &str) -> Tree {
        let Manifest::HelmValues(tree) = read_values(text).manifest else { panic!("no values") };
        tree
    }

    const HELPERS: &str = "{{- define \"shop.fullname\" -}}\n{{- if .Values.fullnameOverride }}\n{{- .Values.fullnameOverride | trunc 63 | trimSuffix \"-\" }}\n{{- else }}\n{{- $name := default .Chart.Name .Values.nameOverride }}\n{{- if contains $name .Release.Name }}\n{{- .Release.Name }}\n{{- else }}\n{{- printf \"%s-%s\" .Release.Name $name | trunc 63 | trimSuffix \"-\" }}\n{{- end }}\n{{- end }}\n{{- end }}\n{{- define \"shop.labels\" -}}\napp: {{ include \"shop.fullname\" . }}\n{{- end }}\n";

    #[test]
    fn fills_in_names_values_and_lists() {
        let template = "{{- if .Values.api.enabled }}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"shop.fullname\" . }}-api\nspec:\n  template:\n    metadata:\n      labels:\n        {{- include \"shop.labels\" . | nindent 8 }}\n    spec:\n      containers:\n        - name: api\n          image: \"{{ .Values.api.image.repository }}:{{ .Values.api.image.tag | default .Chart.AppVersion }}\"\n          env:\n            - name: STOCK_URL\n              value: {{ printf \"http://%s-stock:%v\" (include \"shop.fullname\" .) .Values.stock.port | quote }}\n            {{- range $key, $value := .Values.api.env }}\n            - name: {{ $key }}\n              value: {{ $value | quote }}\n            {{- end }}\n            {{- with .Values.api.extra }}\n            {{- toYaml . | nindent 12 }}\n            {{- end }}\n{{- end }}\n";
        let values = values(
            "api:\n  enabled: true\n  image: {repository: acme/api}\n  env: {MODE: fast}\n  extra:\n    - name: MORE\n      value: \"1\"\nstock: {port: 8080}\n",
        );
        let (objects, problems) = render(template, "shop", &values, &Helpers::of([HELPERS]));
        assert!(problems.is_empty(), "{problems:?}");
        let workload = &objects.workloads[0];
        assert_eq!(workload.name.value, "release-name-shop-api");
        assert_eq!(workload.labels, [("app".into(), "release-name-shop".into())]);
        let container = &workload.containers[0];
        assert_eq!(container.image.as_ref().unwrap().value, "acme/api:TEMPLATE");
        let variables: Vec<_> = container.environment.iter().map(|one| format!("{}={}", one.name, one.value.as_deref().unwrap())).collect();
        assert_eq!(variables, ["STOCK_URL=http://release-name-shop-stock:8080", "MODE=fast", "MORE=1"]);
        let slice = |range: TextRange| &template[range.start as usize..range.end as usize];
        assert!(slice(workload.name.range).starts_with("{{ include"), "{}", slice(workload.name.range));
        assert!(slice(container.environment[0].range).starts_with("name: STOCK_URL"));
        assert!(slice(container.environment[2].range).contains("toYaml"), "{}", slice(container.environment[2].range));
    }

    #[test]
    fn a_list_of_services_makes_a_workload_each() {
        let template = "{{- range $name, $service := .Values.services }}\n{{- if ne $service.kind \"none\" }}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ $name }}\nspec:\n  selector: {app: {{ $name }}}\n  ports:\n  - port: {{ $service.port | default $.Values.port }}\n{{- end }}\n{{- end }}\n";
        let values = values("port: 80\nservices:\n  a: {port: 1}\n  b: {kind: x}\n  c: {kind: none}\n");
        let (objects, _) = render(template, "shop", &values, &Helpers::default());
        let found: Vec<_> = objects.services.iter().map(|service| format!("{} {}", service.name.value, service.ports[0].0)).collect();
        assert_eq!(found, ["a 1", "b 80"]);
    }

    #[test]
    fn survives_anything() {
        let endless = "{{ define \"a\" }}{{ include \"a\" . }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}apiVersion: v1\nkind: x";
        for text in [
            "{{",
            "{{ if }}",
            "{{ end }}",
            "{{ range .x }}",
            "{{ (((",
            "{{ \"",
            "{{ . | | }}",
            "{{ $x := }}",
            "{{- /* a",
            "é{{ é }}",
            endless,
        ] {
            render(text, "x", &Tree::default(), &Helpers::of([text]));
        }
        render(&"{{ if . }}".repeat(5_000), "x", &Tree::default(), &Helpers::default());
        render(&format!("{{{{ {} }}}}", "(".repeat(5_000)), "x", &Tree::default(), &Helpers::default());
    }
}
