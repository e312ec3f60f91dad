//! Edits as people and `git apply` read them.

use similar::TextDiff;

/// What becomes of a file, whose text may not have been there.
pub fn diff(path: &str, old: Option<&str>, new: &str) -> String {
    let from = old.map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{path}"));
    TextDiff::from_lines(old.unwrap_or_default(), new).unified_diff().header(&from, &format!("b/{path}")).to_string()
}
