//! Findings as a code quality report of GitLab.
//!
//! Invariant: a fingerprint is a finding's identity, with a number where several have the same, so that GitLab tells new findings from old ones
//! though lines move.

use portolan_analysis::rules::Severity;
use serde::Serialize;

use super::findings::{Fingerprints, Listing};

#[derive(Debug, Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Debug, Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// All findings as one list.
pub fn render(listing: &Listing<'_>) -> serde_json::Result<String> {
    let texts = listing.texts();
    let mut fingerprints = Fingerprints::default();
    let issues = listing.findings.iter().map(|finding| {
        let region = texts.region(finding.place);
        Issue {
            description: &finding.message,
            check_name: finding.rule,
            fingerprint: fingerprints.next(finding),
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Information => "minor",
                Severity::Hint => "info",
            },
            location: Location { path: listing.path(finding.place), lines: Lines { begin: region.line, end: region.end_line } },
        }
    });
    super::json(&issues.collect::<Vec<_>>())
}
