//! Which findings are known already: by identity, as a multiset.
//!
//! Invariants: what is known pairs with one finding, rather with one in its file than with another; and with none that has parts which nobody
//! knows of.

use portolan_grammars::facts::Symbol;
use rustc_hash::FxHashMap;

use super::Finding;
use crate::Snapshot;

/// Something that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// Its identity.
    pub(super) identity: &'a str,
    /// Its file, which may be given from a folder further in.
    pub(super) file: &'a str,
    /// What it stands for.
    pub(super) parts: &'a [Symbol],
}

/// For each finding the position of what is known of it.
pub(super) fn pair(snapshot: &Snapshot, findings: &[Finding], known: &[Known<'_>]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; findings.len()];
    let mut left: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, known) in known.iter().enumerate() {
        left.entry(known.identity).or_default().push(at);
    }
    for same_file in [true, false] {
        for (finding, pair) in findings.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let Some(fitting) = left.get_mut(finding.identity.as_str()) else { continue };
            let path = snapshot.files.path(finding.place.file);
            let fits = |known: &Known<'_>| (!same_file || path.ends_with(known.file)) && has_all(known.parts, &finding.parts);
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

/// The findings of a snapshot that another one does not have, before any are left out for their number.
pub fn only_in(snapshot: &Snapshot, base: &Snapshot) -> Vec<Finding> {
    let mut known = Vec::with_capacity(base.open.len());
    for Finding { identity, place, parts, .. } in base.open.iter() {
        known.push(Known { identity, file: base.files.path(place.file).as_str(), parts });
    }
    let pairs = pair(snapshot, &snapshot.open, &known);
    snapshot.open.iter().zip(pairs).filter(|(_, pair)| pair.is_none()).map(|(finding, _)| finding.clone()).collect()
}
