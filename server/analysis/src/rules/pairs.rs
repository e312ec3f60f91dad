//! Which findings are known already: by identity, as a multiset.
//!
//! Invariant: what is known pairs with one finding, rather with one in its file than with another.

use rustc_hash::FxHashMap;

use super::Finding;
use crate::Snapshot;

/// Something that is known: an identity and a file. The file may be given from a folder further in.
pub(super) type Known<'a> = (&'a str, &'a str);

/// For each finding the position of what is known of it.
pub(super) fn pair(snapshot: &Snapshot, findings: &[Finding], known: &[Known<'_>]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; findings.len()];
    let mut left: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, (identity, _)) in known.iter().enumerate() {
        left.entry(identity).or_default().push(at);
    }
    for same_file in [true, false] {
        for (finding, pair) in findings.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let Some(fitting) = left.get_mut(finding.identity.as_str()) else { continue };
            let path = snapshot.files.path(finding.place.file);
            let found = fitting.iter().position(|at| !same_file || path.ends_with(known[*at].1));
            *pair = found.map(|found| fitting.remove(found));
        }
    }
    pairs
}

/// The findings of a snapshot that another one does not have, before any are left out for their number.
pub fn only_in(snapshot: &Snapshot, base: &Snapshot) -> Vec<Finding> {
    let known: Vec<Known<'_>> =
        base.open.iter().map(|finding| (finding.identity.as_str(), base.files.path(finding.place.file).as_str())).collect();
    let pairs = pair(snapshot, &snapshot.open, &known);
    snapshot.open.iter().zip(pairs).filter(|(_, pair)| pair.is_none()).map(|(finding, _)| finding.clone()).collect()
}
