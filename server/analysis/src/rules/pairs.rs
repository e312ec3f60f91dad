//! Which findings are known already: by identity, as a multiset.
//!
//! Invariants: what is known pairs with one finding, rather with one in its file than with another; and with none that has parts which nobody
//! knows of.

use camino::Utf8Path;
use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::Finding;
use crate::Snapshot;

/// A finding, or what is known of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a, T> {
    /// Its identity.
    pub(crate) identity: &'a str,
    /// Its file; that of what is known may be given from a folder further in.
    pub(crate) file: &'a str,
    /// What it stands for.
    pub(crate) parts: &'a [T],
}

/// For each finding the position of what is known of it.
pub(crate) fn pair<T: PartialEq>(findings: &[Known<'_, T>], known: &[Known<'_, T>]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; findings.len()];
    let mut left: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, known) in known.iter().enumerate() {
        left.entry(known.identity).or_default().push(at);
    }
    for same_file in [true, false] {
        for (finding, pair) in findings.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let Some(fitting) = left.get_mut(finding.identity) else { continue };
            let path = Utf8Path::new(finding.file);
            let fits = |known: &Known<'_, T>| (!same_file || path.ends_with(known.file)) && has_all(known.parts, finding.parts);
            let found = fitting.iter().position(|at| fits(&known[*at]));
            *pair = found.map(|found| fitting.remove(found));
        }
    }
    pairs
}

/// Whether all of some parts are among those that are known.
pub(crate) fn has_all<T: PartialEq>(known: &[T], parts: &[T]) -> bool {
    parts.iter().all(|part| known.contains(part))
}

/// Findings of a snapshot, to be paired.
pub(super) fn known<'a>(snapshot: &'a Snapshot, findings: &'a [Finding]) -> Vec<Known<'a, Symbol>> {
    let of = |finding: &'a Finding| Known {
        identity: &finding.identity,
        file: snapshot.files.path(finding.place.file).as_str(),
        parts: &finding.parts,
    };
    findings.iter().map(of).collect()
}

/// The findings of a snapshot that another one does not have, before any are left out for their number.
pub fn only_in(snapshot: &Snapshot, base: &Snapshot) -> Vec<Finding> {
    let pairs = pair(&known(snapshot, &snapshot.open), &known(base, &base.open));
    snapshot.open.iter().zip(pairs).filter(|(_, pair)| pair.is_none()).map(|(finding, _)| finding.clone()).collect()
}
