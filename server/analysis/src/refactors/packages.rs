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
