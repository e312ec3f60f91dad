//! `dapr.yaml` of Dapr's multi-app run: the applications that it starts side by side, each in a folder.
//!
//! Invariant: an application has a folder, and is called as that where it has no name, as Dapr calls it.

use super::yaml::{self, Node, Templates};
use super::{Manifest, ManifestFacts, Process, Processes};
use crate::facts::{Spanned, Symbol, TextRange};

pub(super) fn matches(name: &str) -> bool {
    matches!(name, "dapr.yaml" | "dapr.yml")
}

pub(super) fn read(text: &str) -> ManifestFacts {
    let (documents, problems) = yaml::read(text, "run template of Dapr", Templates::KeepVariables);
    let applications = documents.iter().flat_map(|document| document.list("apps"));
    let processes = applications.filter_map(application).collect();
    ManifestFacts { manifest: Manifest::Processes(Processes { processes, ..Processes::default() }), problems }
}

fn application(node: &Node) -> Option<Process> {
    let folder = node.get("appDirPath")?.spanned().filter(|folder| !folder.value.is_empty())?;
    let last = || folder.value.trim_end_matches('/').rsplit('/').next().map(|name| Spanned::new(Symbol::new(name), folder.range));
    let name = node.get("appID").and_then(Node::spanned).or_else(last)?;
    let words = node.get("command").map(|command| command.scalars()).unwrap_or_default();
    let command = words.first().zip(words.last()).map(|(first, last)| {
        let line: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
        Spanned::new(Symbol::new(line.join(" ")), TextRange { start: first.range.start, end: last.range.end })
    });
    Some(Process { command, folder: Some(folder.value), ..Process::named(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applications_are_in_folders() {
        let text = "version: 1\napps:\n  - appID: orders\n    appDirPath: ./orders/\n    command: [\"npm\", \"start\"]\n  - appDirPath: mail\n  - appID: none\n";
        let Manifest::Processes(found) = read(text).manifest else { panic!() };
        let rows: Vec<(&str, &str, &str)> = found
            .processes
            .iter()
            .map(|process| {
                let command = process.command.as_ref().map_or("", |command| command.value.as_str());
                (process.name.value.as_str(), process.folder.as_deref().unwrap_or_default(), command)
            })
            .collect();
        assert_eq!(rows, [("orders", "./orders/", "npm start"), ("mail", "mail", "")]);
    }
}
