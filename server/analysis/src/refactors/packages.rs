//! What the manifest of a file's package says of libraries.
//!
//! Invariant: a library that only tests have is none.

use portolan_grammars::facts::Symbol;
use portolan_grammars::manifests::{CargoDependency, CargoManifest, Manifest, NpmManifest};

use crate::{FileId, Snapshot};

/// The `package.json` of a file's package.
pub(super) fn npm(snapshot: &Snapshot, file: FileId) -> Option<&NpmManifest> {
    match manifest(snapshot, file)? {
        Manifest::Npm(manifest) => Some(manifest),
        _ => None,
    }
}

/// The first version of a library of npm that a file's package takes, as far as its first number: 2 of `^2.6.1`; nothing where that is not one
/// number, or the package does not have the library.
pub(super) fn major(snapshot: &Snapshot, file: FileId, library: &str) -> Option<u32> {
    let (_, version) = npm(snapshot, file)?.dependencies.iter().find(|(name, _)| name == library)?;
    first_number(version)
}

/// The number that a requirement begins with.
fn first_number(version: &str) -> Option<u32> {
    let version = version.trim_start_matches(['^', '~', '=', 'v', '>', ' ']);
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// The `Cargo.toml` of a file's crate.
fn cargo(snapshot: &Snapshot, file: FileId) -> Option<&CargoManifest> {
    match manifest(snapshot, file)? {
        Manifest::Cargo(manifest) => Some(manifest),
        _ => None,
    }
}

/// What a file's crate says of a library that its code may name as such.
pub(super) fn library<'a>(snapshot: &'a Snapshot, file: FileId, name: &str) -> Option<&'a CargoDependency> {
    let is_it = |dependency: &&CargoDependency| {
        let renamed = |package: &Symbol| package != name;
        dependency.name == name && !dependency.package.as_ref().is_some_and(renamed) && !dependency.dev
    };
    cargo(snapshot, file)?.dependencies.iter().find(is_it)
}

fn manifest(snapshot: &Snapshot, file: FileId) -> Option<&Manifest> {
    let package = snapshot.workspace.package_of(snapshot.files.path(file))?;
    snapshot.files.facts(snapshot.workspace.packages[package].manifest)?.manifest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_begin_with_a_number() {
        assert_eq!(["^2.6.1", "4", ">= 10", "v3.0.0-beta.1"].map(first_number), [2, 4, 10, 3].map(Some));
        assert_eq!(["latest", "*", "workspace:*", "<3"].map(first_number), [None; 4]);
    }
}
