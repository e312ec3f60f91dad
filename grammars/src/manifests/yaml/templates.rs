//! Templates in YAML: `{{ … }}` of Helm, Jinja and the like, `{% … %}`, `{# … #}`, `${…}`.
//!
//! A text with templates is no YAML; with them masked it mostly is. Nothing is evaluated. Invariant: masking keeps every byte offset.

use std::borrow::Cow;

use crate::facts::{Symbol, TextRange};

/// Which templates are masked, and how they read within a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifests) enum Templates {
    /// `{{ … }}` reads as written.
    Keep,
    /// `{{ … }}` reads as the word `TEMPLATE`.
    Placeholder,
    /// `{{ … }}` and `${…}` read as written, also where `${…}` is not YAML because it is filled in before that is read.
    KeepVariables,
}

/// The first and the further bytes of a masked template: control characters, which YAML itself does not allow.
const FIRST: u8 = 1;
const FURTHER: u8 = 2;

/// A text whose templates are masked.
pub(super) struct Masked<'t> {
    /// The text to parse, as long as the one it came from.
    pub(super) text: Cow<'t, str>,
    original: &'t str,
    /// The templates that were masked as values, in order.
    pieces: Vec<TextRange>,
    templates: Templates,
}

/// Masks the templates of `text`: those that fill a line and those that only steer turn to spaces, those that give a value to a mark.
pub(super) fn mask(text: &str, templates: Templates) -> Masked<'_> {
    let has_variables = templates == Templates::KeepVariables;
    let is_template = text.contains("{{") || text.contains("{%") || has_variables && text.contains("${");
    let mut pieces = if is_template { pieces(text, has_variables) } else { Vec::new() };
    join_other_branches(text, &mut pieces);
    if pieces.is_empty() {
        return Masked { text: Cow::Borrowed(text), original: text, pieces: Vec::new(), templates };
    }
    let mut bytes = text.as_bytes().to_vec();
    for (start, end) in &pieces {
        bytes[*start..*end].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }
    // With all of them blank it shows which stand alone on their line. Lines are looked at once, however many templates they have.
    let mut line = (0, 0, false);
    let mut values = Vec::new();
    for (start, end) in &pieces {
        if *start >= line.1 {
            line = line_around(&bytes, *start);
        }
        if !line.2 && !is_control(&text[*start..*end]) {
            let line_end = text[*start..*end].find(['\r', '\n']).map_or(*end, |length| start + length);
            values.push(TextRange::new(*start, line_end));
        }
    }
    for range in &values {
        bytes[range.start as usize..range.end as usize].fill(FURTHER);
        bytes[range.start as usize] = FIRST;
    }
    let masked = String::from_utf8_lossy(&bytes).into_owned();
    Masked { text: Cow::Owned(masked), original: text, pieces: values, templates }
}

/// Where the templates are; one that is not closed is none.
fn pieces(text: &str, has_variables: bool) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('{').map(|length| at + length) {
        let closer = match text.as_bytes().get(start + 1) {
            Some(b'{') => "}}",
            _ if has_variables && start > 0 && text.as_bytes()[start - 1] == b'$' => {
                // Where none closes before the line ends, none further on in the line does.
                let Some(length) = text[start..].find(['}', '\n']) else { break };
                at = start + length + 1;
                if text[start + length..].starts_with('}') {
                    pieces.push((start - 1, at));
                }
                continue;
            }
            Some(b'%') => "%}",
            Some(b'#') if start == 0 || text.as_bytes()[start - 1] != b'$' => "#}",
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(length) = text[start + 2..].find(closer) else {
            // Without a closer ahead none of this kind can follow; the others are rare enough to give up on.
            break;
        };
        at = start + 2 + length + 2;
        pieces.push((start, at));
    }
    pieces
}

/// Makes one piece of what stands from an `else` to the `end` on the same line: of two values of which one is taken, the first is read.
fn join_other_branches(text: &str, pieces: &mut Vec<(usize, usize)>) {
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(pieces.len());
    let (mut at, mut line, mut has_if) = (0, 0, false);
    while let Some((start, end)) = pieces.get(at).copied() {
        if text[line..start].contains('\n') {
            has_if = false;
        }
        line = start;
        let closing = match word_of(&text[start..end]) {
            "if" => {
                has_if = true;
                None
            }
            "else" if has_if => end_of_branch(text, start, &pieces[at + 1..]),
            _ => None,
        };
        let last = closing.map_or(at, |offset| at + 1 + offset);
        joined.push((start, pieces[last].1));
        at = last + 1;
    }
    *pieces = joined;
}

/// The position, among the pieces behind an `else`, of the `end` that closes it on its line.
fn end_of_branch(text: &str, branch: usize, pieces: &[(usize, usize)]) -> Option<usize> {
    let mut depth = 0_u32;
    let line = text[branch..].find('\n').map_or(text.len(), |length| branch + length);
    pieces.iter().take_while(|(_, end)| *end <= line).position(|(start, end)| {
        match word_of(&text[*start..*end]) {
            "if" | "range" | "with" | "define" | "block" => depth += 1,
            "end" if depth == 0 => return true,
            "end" => depth -= 1,
            _ => {}
        }
        false
    })
}

/// The first word of a template.
fn word_of(piece: &str) -> &str {
    let inner = piece.trim_start_matches('{').trim_start_matches('-').trim_start();
    inner.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default()
}

/// Whether a template steers and gives no value.
fn is_control(piece: &str) -> bool {
    let Some(inner) = piece.strip_prefix("{{").and_then(|inner| inner.strip_suffix("}}")) else { return !piece.starts_with('$') };
    let inner = inner.trim_matches('-').trim();
    inner.starts_with("/*")
        || inner.starts_with('$') && inner.contains(":=")
        || matches!(word_of(piece), "if" | "else" | "end" | "range" | "with" | "define" | "block" | "break" | "continue")
}

/// Start and end of the line around byte `at`, and whether it is blank.
fn line_around(bytes: &[u8], at: usize) -> (usize, usize, bool) {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length);
    (start, end, bytes[start..end].iter().all(u8::is_ascii_whitespace))
}

impl Masked<'_> {
    /// The text of a scalar that stands from byte `start` to `end`, its marks turned into what they stand for.
    pub(super) fn restore(&self, scalar: &str, start: usize, end: usize) -> Symbol {
        if self.pieces.is_empty() || !scalar.as_bytes().contains(&FIRST) {
            return Symbol::new(scalar);
        }
        let first = self.pieces.partition_point(|piece| (piece.start as usize) < start);
        let mut pieces = self.pieces[first..].iter().take_while(|piece| piece.end as usize <= end);
        let mut restored = String::new();
        for letter in scalar.chars() {
            match u32::from(letter) {
                1 => restored.push_str(match (self.templates, pieces.next()) {
                    (Templates::Keep | Templates::KeepVariables, Some(piece)) => &self.original[piece.start as usize..piece.end as usize],
                    _ => "TEMPLATE",
                }),
                2 => {}
                _ => restored.push(letter),
            }
        }
        Symbol::from(restored)
    }
}
