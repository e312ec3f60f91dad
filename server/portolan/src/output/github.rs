//! Findings as annotations of GitHub: workflow commands that its runner reads from the standard output of a step.
//!
//! Invariant: whatever a message says, it is one command of one line.

use std::fmt::Write;

use portolan_analysis::rules::Severity;

use super::findings::Listing;

/// One command a finding.
pub fn render(listing: &Listing<'_>) -> String {
    let texts = listing.texts();
    let mut out = String::new();
    for finding in listing.findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information | Severity::Hint => "notice",
        };
        let region = texts.region(finding.place);
        let file = property(listing.path(finding.place));
        // Writing to a String cannot fail.
        let _ = write!(out, "::{command} file={file},line={},endLine={}", region.line, region.end_line);
        // GitHub takes columns within one line only.
        if let Some((start, end)) = region.columns.filter(|_| region.line == region.end_line) {
            let _ = write!(out, ",col={start},endColumn={end}");
        }
        let _ = writeln!(out, ",title={}::{}", property(finding.rule), data(&finding.message));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("100 %\r\nof: a, b"), "100 %25%0D%0Aof: a, b");
        assert_eq!(property("a,b:c%.ts"), "a%2Cb%3Ac%25.ts");
    }
}
