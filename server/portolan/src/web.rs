//! Addresses of the web: what is written with `%` in a path, and where a rule's page is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portolan_analysis::rules::Rule;

/// All but unreserved characters and `/`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path as a reference.
pub fn path_reference(path: &str) -> String {
    utf8_percent_encode(path, ESCAPED).to_string()
}

/// The page that explains a rule.
pub fn page(rule: &Rule) -> String {
    format!("{}/blob/main/{}", env!("CARGO_PKG_REPOSITORY"), rule.page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(path_reference("src/[id]/a b#é.ts"), "src/%5Bid%5D/a%20b%23%C3%A9.ts");
    }
}
