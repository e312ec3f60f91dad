//! What a block asks of a name that it binds, told by its text: cheap, and enough to tell that nothing is asked.
//!
//! Invariant: what may be a use of the name is one.

/// Whether a text asks something of a name, and all of it is one of these: `.ok`, `.status()`.
pub(super) fn asks_only(text: &str, name: &str, asked: &[&str]) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let mut occurrences = text.match_indices(name).filter(|(at, _)| {
        let (before, after) = (&text[..*at], &text[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    });
    let mut asks = false;
    occurrences.all(|(at, _)| {
        asks = true;
        let after = text[at + name.len()..].trim_start_matches('?');
        let rest = asked.iter().filter_map(|asked| after.strip_prefix(asked)).min_by_key(|rest| rest.len());
        rest.is_some_and(|rest| !rest.starts_with(is_part) && !rest.starts_with('('))
    }) && asks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_uses_count() {
        let asks = |text: &str| asks_only(text, "response", &[".ok", ".status"]);
        assert!(asks("if (!response.ok) throw new Error(`${response.status}`); responses.push(a.responseType);"));
        assert!(!asks("responses.push(1)"));
        assert!(!asks("if (response.ok) return response;"));
        assert!(!asks("use({ response })") && !asks("response.okay") && !asks("response.status(200)") && !asks("response?.data"));
        assert!(asks("if (response?.ok) done();"));
    }
}
