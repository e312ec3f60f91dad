//! Reading on past a syntax error: what the parsers of JSON, TOML and YAML have in common.
//!
//! Manifest formats are written line by line, and a broken one is most often broken in one line, the one being typed. So that line is blanked
//! out and the text read again. No format is known here. Invariant: blanking keeps every byte offset, so places stay right.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::facts::{Problem, TextRange};

/// A syntax error of some parser.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// Byte offset it is reported at.
    pub(super) at: usize,
    /// What is wrong: a clause without the format's name and without a full stop.
    pub(super) message: String,
}

impl Fault {
    /// The fault as a problem of a file of the format called `label`.
    pub(super) fn problem(&self, label: &str, text: &str) -> Problem {
        let start = floor_boundary(text, self.at);
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        Problem { message: format!("{label}: {}", self.message), range: TextRange::new(start, end.max(start)) }
    }
}

/// How many bytes, and how many texts, are read at most to find the lines at fault.
const MOST_BYTES: usize = 1 << 20;
const MOST_TEXTS: usize = 64;

/// Reads `text` with `parse`, and if that fails, without the lines that seem at fault, as few of them as possible; if that fails too, only what
/// stands before the first fault. Returns what was read, and the first fault.
pub(super) fn read<T>(text: &str, parse: impl Fn(&str) -> Result<T, Fault>) -> (Option<T>, Option<Fault>) {
    let first = match parse(text) {
        Ok(value) => return (Some(value), None),
        Err(fault) => fault,
    };
    let value = without_fewest(text, &first, &parse).or_else(|| {
        let at = floor_boundary(text, first.at);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        parse(&text[..start]).ok()
    });
    (value, Some(first))
}

/// Searches breadth first. A fault may be reported on the line at fault, on the line before it, or up to two lines behind it.
fn without_fewest<T>(text: &str, first: &Fault, parse: &impl Fn(&str) -> Result<T, Fault>) -> Option<T> {
    let mut budget = MOST_TEXTS.min(MOST_BYTES / text.len().max(1));
    let mut tried = Vec::new();
    let mut queue = VecDeque::from([(text.to_owned(), Vec::new(), first.at)]);
    while let Some((current, blanked, at)) = queue.pop_front() {
        let own = line_with_text(&current, at);
        let above = own.and_then(|(start, _)| line_with_text(&current, start.checked_sub(1)?));
        let further = above.and_then(|(start, _)| line_with_text(&current, start.checked_sub(1)?));
        let below = own.and_then(|(_, end)| next_line_with_text(&current, end));
        for (start, end) in [own, above, below, further].into_iter().flatten() {
            let mut lines: Vec<usize> = blanked.clone();
            lines.push(start);
            lines.sort_unstable();
            if tried.contains(&lines) {
                continue;
            }
            budget = budget.checked_sub(1)?;
            let candidate = blank(&current, start, end);
            match parse(&candidate) {
                Ok(value) => return Some(value),
                Err(fault) => queue.push_back((candidate, lines.clone(), fault.at)),
            }
            tried.push(lines);
        }
    }
    None
}

/// The text with a byte order mark turned into spaces; only for formats in which leading spaces mean nothing.
pub(super) fn without_mark(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Cow::Owned(format!("   {rest}")),
        None => Cow::Borrowed(text),
    }
}

/// The nearest character boundary at or before `at`, within the text.
pub(super) fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The line around the byte at `at`, or the nearest above that is not blank.
fn line_with_text(text: &str, at: usize) -> Option<(usize, usize)> {
    let mut at = floor_boundary(text, at);
    loop {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        if !text[start..end].trim().is_empty() {
            return Some((start, end));
        }
        at = start.checked_sub(1)?;
    }
}

/// The nearest line that is not blank behind the newline at `end`.
fn next_line_with_text(text: &str, end: usize) -> Option<(usize, usize)> {
    let rest = text.get(end..)?;
    line_with_text(text, end + rest.find(|letter: char| !letter.is_whitespace())?)
}

/// The text with spaces for the bytes from `start` to `end`; both are boundaries.
fn blank(text: &str, start: usize, end: usize) -> String {
    let mut copy = String::with_capacity(text.len());
    copy.push_str(&text[..start]);
    copy.extend(std::iter::repeat_n(' ', end - start));
    copy.push_str(&text[end..]);
    copy
}
