//! `pnpm-workspace.yaml`.

use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts, PnpmWorkspace};

/// `pnpm-workspace.yaml`.
pub(super) fn matches(name: &str) -> bool {
    matches!(name, "pnpm-workspace.yaml" | "pnpm-workspace.yml")
}

/// Reads a `pnpm-workspace.yaml`.
pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "pnpm-workspace.yaml", Templates::Keep);
    let packages = documents.iter().filter_map(|document| document.get("packages")).flat_map(Node::scalars);
    let links = documents.iter().filter_map(|document| document.get("linkWorkspacePackages")).flat_map(Node::scalars);
    let links_ranges = links.into_iter().any(|value| matches!(value.value.as_str(), "true" | "deep"));
    let workspace = PnpmWorkspace { packages: packages.map(|package| package.value).collect(), links_ranges };
    ManifestFacts { manifest: Manifest::PnpmWorkspace(workspace), problems }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_packages() {
        let facts =
            read("packages:\n  - 'apps/*'\n  - \"!**/test/**\" # not\n  - libs/é\ncatalog:\n  react: ^18\nlinkWorkspacePackages: deep\n");
        let packages = ["apps/*", "!**/test/**", "libs/é"].map(Into::into).to_vec();
        assert_eq!(facts.manifest, Manifest::PnpmWorkspace(PnpmWorkspace { packages, links_ranges: true }));
        assert!(facts.problems.is_empty());
        for text in ["", "packages:", "packages: x", "- a"] {
            assert!(read(text).problems.is_empty(), "{text}");
        }
    }
}
