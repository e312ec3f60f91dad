//! `azure.yaml` of the Azure Developer CLI: the services that it deploys, each in a folder.
//!
//! How each is hosted is not read. Invariant: a service has a folder of its own, below the file's.

use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts, Process, Processes};
use crate::facts::{Spanned, Symbol};

pub(super) fn matches(name: &str) -> bool {
    matches!(name, "azure.yaml" | "azure.yml")
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "project of the Azure Developer CLI", Templates::KeepVariables);
    let services = documents.iter().filter_map(|document| document.get("services")).flat_map(Node::entries);
    let processes = services.filter_map(|entry| {
        let folder = entry.value.get("project").and_then(Node::text)?;
        let folder = Symbol::new(folder.trim_start_matches("./").trim_end_matches('/'));
        let is_own = !matches!(folder.as_str(), "" | ".");
        let name = Spanned::new(entry.key.value.clone(), entry.key.range);
        is_own.then(|| Process { folder: Some(folder), ..Process::named(name) })
    });
    ManifestFacts { manifest: Manifest::Processes(Processes { processes: processes.collect(), ..Processes::default() }), problems }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_in_folders() {
        let text = "name: shop\nservices:\n  orders:\n    project: ./src/orders/\n    host: function\n  all: { project: ., host: containerapp }\n  none: {}\n";
        let Manifest::Processes(found) = read(text).manifest else { panic!() };
        let rows: Vec<(&str, Option<&str>)> =
            found.processes.iter().map(|process| (process.name.value.as_str(), process.folder.as_deref())).collect();
        assert_eq!(rows, [("orders", Some("src/orders"))]);
    }
}
