//! Who answers for a service: whom a catalog names, or else whom `CODEOWNERS` names for its folder.
//!
//! Invariant: an owner is one that is written down; none is inherited from a service's neighbours.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::models::ModelElement;
use portolan_grammars::manifests::settings::PathMatcher;
use portolan_grammars::manifests::{Manifest, OwnerRule};

use super::paths;
use super::services::known::normal;
use crate::chart::Service;
use crate::files::Files;
use crate::{FileId, Place};

/// Folders in which a forge looks for `CODEOWNERS`, beside the root; it takes the first one that is there.
const FOLDERS: &[&str] = &[".github", "", "docs", ".gitlab", ".bitbucket"];

/// Tells services who owns them.
pub(super) fn tell(files: &Files, services: &mut [Service]) {
    let mut elements: Vec<(FileId, &ModelElement)> = Vec::new();
    let mut books: Vec<Book<'_>> = Vec::new();
    for (file, path, facts) in files.iter() {
        match facts.manifest() {
            Some(Manifest::Model(model)) => elements.extend(model.elements.iter().map(|element| (file, element))),
            Some(Manifest::CodeOwners(rules)) => books.push(Book::new(file, path.as_str(), rules)),
            _ => {}
        }
    }
    books.sort_by_key(|book| (std::cmp::Reverse(book.root.len()), book.rank));
    for service in services.iter_mut().filter(|service| !service.third_party) {
        service.owners = of_catalog(&elements, service);
        if service.owners.is_empty() {
            service.owners = books
                .iter()
                .find(|book| paths::is_within(service.root.as_str(), book.root))
                .map_or_else(Vec::new, |book| book.owners(service));
        }
    }
}

fn of_catalog(elements: &[(FileId, &ModelElement)], service: &Service) -> Vec<(Symbol, Place)> {
    let own = [normal(&service.id), normal(&service.name)];
    let named = elements.iter().filter(|(_, element)| element.names.iter().any(|name| own.contains(&normal(name))));
    let owner = |(file, element): &(FileId, &ModelElement)| Some((element.owner.clone()?, Place { file: *file, range: element.range }));
    named.filter_map(owner).take(1).collect()
}

/// A `CODEOWNERS`, and the folder that its paths begin at.
struct Book<'a> {
    file: FileId,
    root: &'a str,
    rank: usize,
    rules: &'a [OwnerRule],
}

impl<'a> Book<'a> {
    fn new(file: FileId, path: &'a str, rules: &'a [OwnerRule]) -> Self {
        let folder = paths::folder(path);
        let rank = FOLDERS.iter().position(|name| !name.is_empty() && paths::file_name(folder) == *name);
        let root = if rank.is_some() { paths::folder(folder) } else { folder };
        Self { file, root, rank: rank.unwrap_or(1), rules }
    }

    /// The owners by the last rule that speaks of a service's whole folder.
    fn owners(&self, service: &Service) -> Vec<(Symbol, Place)> {
        let folder = service.root.as_str()[self.root.len()..].trim_start_matches('/');
        let Some(rule) = self.rules.iter().rfind(|rule| is_of(&rule.pattern, folder)) else { return Vec::new() };
        rule.owners.iter().map(|owner| (owner.clone(), Place { file: self.file, range: rule.range })).collect()
    }
}

/// Whether a pattern is of all that lies in a folder; `folder/*` is of what lies there directly, which is taken for all.
fn is_of(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix("/*") {
        Some(parent) => parent.trim_start_matches('/') == folder,
        None if folder.is_empty() => matches!(pattern, "*" | "**" | "/" | "/**"),
        // Most are no patterns at all.
        None if !pattern.contains(['*', '?', '[', '{']) => {
            let (name, anchored) = (pattern.trim_matches('/'), pattern.trim_end_matches('/').contains('/'));
            if anchored { paths::is_within(folder, name) } else { folder.split('/').any(|part| part == name) }
        }
        None => PathMatcher::new([pattern]).matches(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_pattern_is_of_a_folder_or_not() {
        for (pattern, folder) in [("*", "a/b"), ("/a/", "a/b"), ("b", "a/b"), ("a/b/*", "a/b"), ("*", ""), ("a/**", "a/b")] {
            assert!(is_of(pattern, folder), "{pattern} {folder}");
        }
        for (pattern, folder) in [("*.ts", "a/b"), ("/b/", "a/b"), ("a/*", "a/b"), ("a/b/src/", "a/b"), ("/a/", "")] {
            assert!(!is_of(pattern, folder), "{pattern} {folder}");
        }
    }
}
