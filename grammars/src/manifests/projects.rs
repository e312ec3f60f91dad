//! Projects of a workspace that has one list of packages: `project.json` of Nx, `nest-cli.json` of Nest, `angular.json` of Angular, and the
//! `workspace.json` that Nx had before.

use camino::Utf8Path;

use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts, Project};
use crate::FileKind;
use crate::facts::Symbol;
use crate::languages::language_of;

pub(super) fn matches(name: &str) -> bool {
    matches!(name, "project.json" | "nest-cli.json" | "angular.json" | "workspace.json")
}

/// Reads projects: the one that a file is about, or all that it lists. JSON is YAML, as far as these files go.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(&text.replace('\t', " "), "list of projects", Templates::Keep);
    let projects = match documents.first() {
        Some(node) if node.get("projects").is_some() => {
            let listed = node.get("projects").map_or(&[][..], Node::entries);
            let objects = listed.iter().filter(|entry| !entry.value.entries().is_empty());
            objects.map(|entry| Project { name: Some(entry.key.clone()), ..project(&entry.value) }).collect()
        }
        // Where the file lies says more: Nx wrote the folder from the workspace's root, where it wrote one at all.
        Some(node) => vec![Project { folder: None, ..project(node) }],
        None => Vec::new(),
    };
    ManifestFacts { manifest: Manifest::Projects(projects), problems }
}

fn project(node: &Node) -> Project {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let targets = node.get("targets").or_else(|| node.get("architect")).map_or(&[][..], Node::entries);
    let build = targets.iter().find(|entry| entry.key.value == "build");
    let built = build.and_then(|entry| ["main", "browser"].iter().find_map(|key| entry.value.at(&["options", key])?.text()));
    // What Nest knows as an application, its command starts: a file in the folder of its sources.
    let is_nest = text("type").is_some();
    let sources = text("sourceRoot").map(|folder| folder.trim_end_matches('/').to_owned());
    let entered = text("entryFile").zip(sources.as_deref()).map(|(file, folder)| format!("{folder}/{file}").into());
    let folder = sources.as_deref().map(|folder| folder.strip_suffix("src").unwrap_or(folder).trim_end_matches('/')).map(Symbol::from);
    Project {
        name: node.get("name").and_then(Node::spanned),
        folder: text("root").filter(|root| !root.is_empty()).or(folder),
        is_application: text("projectType").or_else(|| text("type")).as_deref() == Some("application"),
        is_served: is_nest || targets.iter().any(|entry| entry.key.value == "serve"),
        main: built.or(entered),
        sources: targets.iter().flat_map(|target| files_in(&target.value).map(|file| (target.key.value.clone(), file))).collect(),
        implicit: node.get("implicitDependencies").map(Node::scalars).unwrap_or_default(),
    }
}

/// The source files that options and commands of a target name.
fn files_in(target: &Node) -> impl Iterator<Item = Symbol> {
    let mut found = Vec::new();
    let mut open = vec![target];
    while let Some(node) = open.pop() {
        let text = node.text().unwrap_or_default();
        let words = text.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        let files = words.filter(|word| is_source(Utf8Path::new(word)));
        let inner = files.map(|word| word.strip_prefix("{projectRoot}/").or_else(|| word.strip_prefix("{workspaceRoot}/")).unwrap_or(word));
        found.extend(inner.map(Symbol::from));
        open.extend(node.items());
        open.extend(node.entries().iter().map(|entry| &entry.value));
    }
    found.into_iter()
}

fn is_source(path: &Utf8Path) -> bool {
    path.extension().is_some() && matches!(language_of(path), Some(FileKind::Source(language)) if language.is_ecmascript())
}
