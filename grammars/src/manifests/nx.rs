//! `project.json` of Nx.

use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts, NxProject};

pub(super) fn matches(name: &str) -> bool {
    name == "project.json"
}

/// Reads a project. JSON is YAML, as far as these files go.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(&text.replace('\t', " "), "project.json", Templates::Keep);
    let mut project = NxProject::default();
    if let Some(node) = documents.first() {
        project.name = node.get("name").and_then(Node::spanned);
        project.is_application = node.get("projectType").and_then(Node::text).as_deref() == Some("application");
        let targets = node.get("targets").or_else(|| node.get("architect")).map_or(&[][..], Node::entries);
        for entry in targets {
            let executor = entry.value.get("executor").or_else(|| entry.value.get("builder")).and_then(Node::text).unwrap_or_default();
            project.targets.push((entry.key.value.clone(), executor));
            if entry.key.value == "build" {
                let main = ["main", "browser", "entryFile"].iter().find_map(|key| entry.value.at(&["options", key])?.text());
                project.main = main;
            }
        }
    }
    ManifestFacts { manifest: Manifest::Project(project), problems }
}
