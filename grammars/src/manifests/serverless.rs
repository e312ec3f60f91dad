//! `serverless.yml` of the Serverless Framework: a service and the functions it is made of.
//!
//! What calls the functions (`events`) is not read. Invariant: a function counts whose handler names a file of its own.

use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts, Process, Processes};
use crate::facts::{Spanned, Symbol};

pub(super) fn matches(name: &str) -> bool {
    matches!(name, "serverless.yml" | "serverless.yaml")
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "serverless configuration", Templates::KeepVariables);
    let mut found = Processes::default();
    if let Some(document) = documents.first() {
        found.service = document.get("service").and_then(|service| service.get("name").unwrap_or(service).spanned());
        found.service.take_if(|name| name.value.contains('$'));
        let functions = document.get("functions");
        // A list has functions of several files, each a map.
        let parts = functions.into_iter().flat_map(|node| std::iter::once(node).chain(node.items()));
        for entry in parts.flat_map(Node::entries) {
            let handler = entry.value.get("handler").and_then(Node::text);
            // `src/orders.create`: the file and what it exports.
            let file = handler.as_deref().and_then(|handler| handler.rsplit_once('.')).map(|(file, _)| file);
            let Some(file) = file.filter(|file| !file.is_empty() && !file.contains(['$', '{'])) else { continue };
            let name = Spanned::new(entry.key.value.clone(), entry.key.range);
            found.processes.push(Process { name, command: None, file: Some(Symbol::new(file.trim_start_matches("./"))), folder: None });
        }
    }
    ManifestFacts { manifest: Manifest::Processes(found), problems }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_in_files() {
        let read = |text: &str| match read(text).manifest {
            Manifest::Processes(found) => found,
            _ => panic!(),
        };
        let plain = read(
            "service: orders\nprovider: { name: aws }\nfunctions:\n  create:\n    handler: src/orders.create\n    events: [{ httpApi: 'POST /orders' }]\n  image: { image: orders }\n",
        );
        assert_eq!(plain.service.map(|name| name.value), Some("orders".into()));
        let files: Vec<_> = plain.processes.iter().map(|process| (process.name.value.as_str(), process.file.as_deref())).collect();
        assert_eq!(files, [("create", Some("src/orders"))]);
        let listed = read("service: { name: mail }\nfunctions:\n  - send: { handler: ./mail.send }\n  - ${file(more.yml)}\n");
        assert_eq!((listed.service.map(|name| name.value), listed.processes.len()), (Some("mail".into()), 1));
        assert_eq!(read("service: ${self:custom.name}\n").service, None);
    }
}
