//! Limits of volume: not more findings of a file than anybody reads.
//!
//! Invariant: what is left out is counted, and no finding is left out for another one that is not shown.

use rustc_hash::FxHashMap;

use super::{AND_MORE, Finding, MAX_FINDINGS_PER_FILE};
use crate::FileId;
use crate::files::Files;

/// Of the findings of a rule in a file, sorted by place, the first ones, and one more that says how many there are.
pub fn capped(files: &Files, findings: &[Finding]) -> Vec<Finding> {
    let mut counts: FxHashMap<(&str, FileId), usize> = FxHashMap::default();
    for finding in findings {
        *counts.entry((finding.rule, finding.place.file)).or_default() += 1;
    }
    let mut seen: FxHashMap<(&str, FileId), usize> = FxHashMap::default();
    let mut kept = Vec::with_capacity(findings.len());
    for finding in findings {
        let of = (finding.rule, finding.place.file);
        let nth = seen.entry(of).or_default();
        *nth += 1;
        let total = counts.get(&of).copied().unwrap_or(0);
        if *nth <= MAX_FINDINGS_PER_FILE || total == MAX_FINDINGS_PER_FILE + 1 {
            kept.push(finding.clone());
        } else if *nth == MAX_FINDINGS_PER_FILE + 1 {
            kept.push(Finding {
                message: format!("and {} more findings of {} in this file", total - MAX_FINDINGS_PER_FILE, finding.rule),
                related: Vec::new(),
                parts: Vec::new(),
                identity: format!("{} | {}{AND_MORE}", finding.rule, files.path(finding.place.file)).into(),
                ..finding.clone()
            });
        }
    }
    kept
}
