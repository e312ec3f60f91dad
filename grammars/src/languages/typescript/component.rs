//! Finds the script blocks of a Vue or Svelte component.
//!
//! The markup around them is not read. Invariant: the ranges found are in order, apart, and lie within the text.

use std::ops::Range;

/// The script blocks of a component.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scripts {
    /// Where their contents stand.
    pub(super) blocks: Vec<Range<usize>>,
    /// Whether any is TypeScript.
    pub(super) typescript: bool,
    /// Whether any has elements in it: `tsx`, `jsx`.
    pub(super) elements: bool,
}

/// Finds all script blocks.
pub(super) fn scripts(text: &str) -> Scripts {
    let mut found = Scripts::default();
    let mut at = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.find('<')) {
        let open = at + offset;
        let rest = &text[open..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            match comment.find("-->") {
                Some(end) => at = open + 4 + end + 3,
                None => break,
            }
            continue;
        }
        at = open + 1;
        if !opens(rest, "<script") {
            continue;
        }
        let Some((attributes, length)) = tag(&rest["<script".len()..]) else { break };
        let start = open + "<script".len() + length;
        at = start;
        if attributes.iter().any(|(name, _)| *name == "/") {
            continue;
        }
        let end = closing(text, start);
        at = end;
        let attribute = |wanted: &str| attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        // `type="application/json"` and templates are not code.
        if attribute("type").is_some_and(|ty| !["module", "text/javascript", "text/typescript", "ts", ""].contains(&ty)) {
            continue;
        }
        let language = attribute("lang").unwrap_or_default();
        found.typescript |= matches!(language, "ts" | "tsx" | "typescript") || attribute("type") == Some("text/typescript");
        found.elements |= matches!(language, "tsx" | "jsx");
        found.blocks.push(start..end);
    }
    found
}

/// Whether a tag of that name begins here, in whatever case.
fn opens(text: &str, tag: &str) -> bool {
    text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
        && text[tag.len()..].starts_with(|next: char| next.is_whitespace() || next == '>' || next == '/')
}

/// The attributes of a tag and its length up to behind `>`. A closing slash counts as an attribute.
fn tag(text: &str) -> Option<(Vec<(&str, &str)>, usize)> {
    let mut attributes = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        match trimmed.chars().next()? {
            '>' => return Some((attributes, at + 1)),
            '/' => {
                if trimmed[1..].starts_with('>') {
                    attributes.push(("/", ""));
                }
                at += 1;
                continue;
            }
            _ => {}
        }
        let length = trimmed.find(|letter: char| letter.is_whitespace() || matches!(letter, '=' | '>' | '/')).unwrap_or(trimmed.len());
        let name = &trimmed[..length];
        at += length;
        let Some(value) = text[at..].strip_prefix('=') else {
            attributes.push((name, ""));
            if length == 0 {
                at += trimmed.chars().next().map_or(1, char::len_utf8);
            }
            continue;
        };
        at += 1;
        let (value, length) = match value.chars().next()? {
            quote @ ('"' | '\'') => {
                let end = value[1..].find(quote)?;
                (&value[1..=end], end + 2)
            }
            _ => {
                let end = value.find(|letter: char| letter.is_whitespace() || letter == '>').unwrap_or(value.len());
                (&value[..end], end)
            }
        };
        at += length;
        attributes.push((name, value));
    }
}

/// Where `</script` stands; the end of the text, where it is still to be typed.
fn closing(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.find("</")) {
        let close = at + offset;
        if text.get(close + 2..close + 8).is_some_and(|name| name.eq_ignore_ascii_case("script")) {
            return close;
        }
        at = close + 2;
    }
    text.len()
}
