//! Lines of `[…]` and `{…}` that are not indented as YAML's grammar asks, which other parsers, and so the files people have, do not mind.
//!
//! Such a line is joined to the one before it. Invariant: joining keeps every byte offset.

use super::Node;
use crate::manifests::mend::{Fault, floor_boundary};

/// Which lines may be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// Any. An unclosed bracket makes one of all lines behind it, so this is good only if no fault is left.
    All,
    /// Those that begin with a closing bracket.
    Closing,
}

/// How often, and how many bytes, a text is read at most.
const MOST_JOINS: usize = 64;
const MOST_BYTES: usize = 1 << 20;
/// How the parser begins to say that a line within brackets is not indented enough.
const MESSAGE: &str = "invalid indentation";

/// Reads `text` with `build`, joining lines for as long as that helps. Returns the text and what was read at last.
pub(super) fn with_joined_lines(
    text: &str,
    lines: Lines,
    build: impl Fn(&str) -> (Vec<Node>, Option<Fault>),
) -> (String, (Vec<Node>, Option<Fault>)) {
    let mut text = text.to_owned();
    let mut read = build(&text);
    for _ in 0..MOST_JOINS.min(MOST_BYTES / text.len().max(1)) {
        let Some(fault) = read.1.as_ref().filter(|fault| fault.message.starts_with(MESSAGE)) else { break };
        let at = floor_boundary(&text, fault.at);
        let is_closing = text[at..].starts_with([']', '}']);
        if lines == Lines::Closing && !is_closing {
            break;
        }
        let Some(joined) = join(&text, at) else { break };
        let next = build(&joined);
        let is_better = next.1.as_ref().is_none_or(|next| next.at > fault.at);
        if !is_better {
            break;
        }
        (text, read) = (joined, next);
    }
    (text, read)
}

/// The text with spaces for all between byte `at`, which begins a line, and the last content before it: line breaks, and comments.
fn join(text: &str, at: usize) -> Option<String> {
    let line_start = text[..at].rfind('\n')? + 1;
    if !text[line_start..at].trim().is_empty() {
        return None;
    }
    let mut end = line_start;
    loop {
        let start = text[..end - 1].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &text[start..end];
        let content = line.find(" #").map_or(line, |comment| &line[..comment]).trim_end();
        if !content.is_empty() && !content.trim_start().starts_with('#') {
            let kept = start + content.len();
            return Some(format!("{}{}{}", &text[..kept], " ".repeat(at - kept), &text[at..]));
        }
        if start == 0 {
            return None;
        }
        end = start;
    }
}
