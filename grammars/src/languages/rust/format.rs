//! Format strings: `"{}/x/{name:?}/{0}"` as parts.
//!
//! What deliberately does not live here: which macros take one. Invariant: places within the literal are those of the file.

use super::literals::{self, Quoted};
use crate::facts::{Symbol, TextRange};

/// A part of a format string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text, its escapes and doubled braces resolved.
    Text(Symbol, TextRange),
    /// A hole.
    Hole(Hole, TextRange),
}

/// What fills a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hole {
    /// The next argument; `after` says how many are taken as precision first (`{:.*}`).
    Next {
        /// Arguments that come before.
        after: usize,
    },
    /// The argument of this position.
    Position(usize),
    /// The argument or variable of this name.
    Name(Symbol),
}

/// Takes a format string apart that starts at byte `start` of the file.
pub(super) fn parts(literal: &Quoted<'_>, start: usize) -> Vec<Part> {
    let content = literal.content;
    let bytes = content.as_bytes();
    let base = start + literal.offset;
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if !literal.raw => at = behind_escape(bytes, at),
            b'{' | b'}' if bytes.get(at + 1) == Some(&byte) => at += 2,
            b'{' => {
                let Some(length) = content[at..].find('}') else { break };
                push_text(&mut parts, literal, base, from, at);
                let inner = &content[at + 1..at + length];
                parts.push(Part::Hole(hole(inner), hole_range(inner, base + at + 1, length)));
                at += length + 1;
                from = at;
            }
            _ => at += 1,
        }
    }
    push_text(&mut parts, literal, base, from, content.len());
    parts
}

fn behind_escape(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'u') && bytes.get(at + 2) == Some(&b'{') {
        return bytes[at..].iter().position(|byte| *byte == b'}').map_or(bytes.len(), |closing| at + closing + 1);
    }
    at + 2
}

fn push_text(parts: &mut Vec<Part>, literal: &Quoted<'_>, base: usize, from: usize, to: usize) {
    let Some(text) = literal.content.get(from..to).filter(|text| !text.is_empty()) else { return };
    let value = if literal.raw { Symbol::new(text) } else { literals::unescape(text) };
    let value = if value.contains(['{', '}']) { Symbol::new(value.replace("{{", "{").replace("}}", "}")) } else { value };
    parts.push(Part::Text(value, TextRange::new(base + from, base + to)));
}

fn hole(inner: &str) -> Hole {
    let (name, spec) = inner.split_once(':').unwrap_or((inner, ""));
    let name = name.trim();
    if name.is_empty() {
        return Hole::Next { after: usize::from(spec.contains(".*")) };
    }
    match name.parse() {
        Ok(position) => Hole::Position(position),
        Err(_) => Hole::Name(Symbol::new(name.strip_prefix("r#").unwrap_or(name))),
    }
}

/// The place of a hole's name, or else of the hole with its braces.
fn hole_range(inner: &str, start: usize, length: usize) -> TextRange {
    let name = inner.split(':').next().unwrap_or_default();
    let trimmed = name.trim();
    if trimmed.is_empty() {
        return TextRange::new(start - 1, start + length);
    }
    let offset = name.len() - name.trim_start().len();
    TextRange::new(start + offset, start + offset + trimmed.len())
}
