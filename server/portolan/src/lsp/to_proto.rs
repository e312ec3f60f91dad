//! From bytes to the editor's lines and characters.

use std::path::Path;
use std::str::FromStr;

use line_index::{LineCol, LineIndex, TextSize, WideEncoding};
use portolan_analysis::rules::{self, Finding, Severity};
use portolan_analysis::workspace::settings::Problem;
use portolan_analysis::{FileId, Place};
use portolan_grammars::facts::TextRange;
use tower_lsp::ls_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position, Range, Uri,
};

use super::editor::Editor;
use super::session::View;
use super::uri;
use crate::web;

/// In which unit an editor counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of 16 bits.
    #[default]
    Utf16,
}

/// The position of a byte; one beyond the end becomes the end, one within a character its start.
pub(super) fn position(lines: &LineIndex, encoding: Encoding, offset: u32) -> Position {
    let mut offset = TextSize::from(offset).min(lines.len());
    let at = loop {
        match lines.try_line_col(offset) {
            Some(at) => break at,
            None if offset == TextSize::from(0) => break LineCol { line: 0, col: 0 },
            None => offset -= TextSize::from(1),
        }
    };
    match encoding {
        Encoding::Utf8 => Position::new(at.line, at.col),
        Encoding::Utf16 => {
            lines.to_wide(WideEncoding::Utf16, at).map_or(Position::new(at.line, 0), |wide| Position::new(wide.line, wide.col))
        }
    }
}

/// The range of some bytes.
pub(super) fn range(lines: &LineIndex, encoding: Encoding, range: TextRange) -> Range {
    Range::new(position(lines, encoding, range.start), position(lines, encoding, range.end))
}

/// The URI of a file of the world: the editor's own spelling where it has the file open.
pub(super) fn file(view: &View, id: FileId) -> Option<Uri> {
    uri_of(view, &view.roots.to_disk(view.snapshot.files.path(id))?)
}

/// The URI of a path on disk, likewise.
pub(super) fn uri_of(view: &View, path: &Path) -> Option<Uri> {
    view.open.get(path).map(|open| open.uri.clone()).or_else(|| uri::uri(path))
}

/// The location of a place.
pub(super) fn location(view: &View, encoding: Encoding, place: Place) -> Option<Location> {
    let lines = view.lines(place.file)?;
    Some(Location::new(file(view, place.file)?, range(lines, encoding, place.range)))
}

/// A finding as the editor shows it.
pub(super) fn diagnostic(view: &View, encoding: Encoding, editor: Editor, finding: &Finding) -> Option<Diagnostic> {
    let lines = view.lines(finding.place.file)?;
    let related: Vec<_> = finding
        .related
        .iter()
        .filter_map(|(place, words)| {
            Some(DiagnosticRelatedInformation { location: location(view, encoding, *place)?, message: words.clone() })
        })
        .collect();
    Some(Diagnostic {
        range: range(lines, encoding, finding.place.range),
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Information => DiagnosticSeverity::INFORMATION,
            Severity::Hint => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(finding.rule.to_owned())),
        code_description: rule_page(finding.rule).filter(|_| editor.code_descriptions).map(|href| CodeDescription { href }),
        source: Some("portolan".to_owned()),
        message: finding.message.clone(),
        related_information: (editor.related && !related.is_empty()).then_some(related),
        tags: None,
        data: editor.diagnostic_data.then(|| serde_json::json!({ "identity": finding.identity })),
    })
}

/// What is wrong in settings or a baseline, as the editor shows it.
pub(super) fn problem(view: &View, encoding: Encoding, problem: &Problem) -> Option<Diagnostic> {
    Some(Diagnostic {
        range: range(view.lines(problem.place.file)?, encoding, problem.place.range),
        severity: Some(DiagnosticSeverity::WARNING),
        code: view.snapshot.files.path(problem.place.file).file_name().map(|name| NumberOrString::String(name.to_owned())),
        source: Some("portolan".to_owned()),
        message: problem.message.clone(),
        ..Diagnostic::default()
    })
}

/// The page that explains a rule.
fn rule_page(rule: &str) -> Option<Uri> {
    Uri::from_str(&web::page(rules::named(rule)?)).ok()
}

/// Markdown with links to places (`portolan:PATH#LINE`) turned into links that the editor can follow.
pub(super) fn markdown(view: &View, markdown: &str) -> String {
    const SCHEME: &str = "](portolan:";
    let mut result = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(start) = rest.find(SCHEME) {
        let (before, link) = (&rest[..start], &rest[start + SCHEME.len()..]);
        let Some((path, line, after)) = place_link(link) else {
            result.push_str(&rest[..start + SCHEME.len()]);
            rest = link;
            continue;
        };
        result.push_str(before);
        match view.roots.to_disk(path.into()).and_then(|path| uri_of(view, &path)) {
            Some(target) => result.push_str(&format!("]({}#L{line})", target.as_str())),
            // A name without a link is better than a link that leads nowhere.
            None => result.push(']'),
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

/// Markdown of this server's own making as plain text: links as what they say, markup gone.
pub(super) fn plain_text(markdown: &str) -> String {
    let mut result = String::with_capacity(markdown.len());
    let mut rest = markdown;
    let mut in_code = false;
    while let Some(character) = rest.chars().next() {
        let mut taken = character.len_utf8();
        match character {
            '`' => in_code = !in_code,
            _ if in_code => result.push(character),
            '\\' => {
                let escaped = rest[1..].chars().next();
                taken += escaped.map_or(0, char::len_utf8);
                result.extend(escaped);
            }
            '*' | '[' => {}
            ']' => match rest[1..].strip_prefix("(portolan:").and_then(place_link) {
                Some((_, _, after)) => taken = rest.len() - after.len(),
                None => result.push(character),
            },
            _ => result.push(character),
        }
        rest = &rest[taken..];
    }
    result.replace("\n\n---\n\n", "\n\n")
}

/// Path, line and what follows of `PATH#LINE)…`; a path may hold brackets and `#`.
fn place_link(link: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let hash = from + link[from..].find('#')?;
        let digits = link[hash + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let after = &link[hash + 1 + digits..];
        if digits > 0 && after.starts_with(')') && !link[..hash].contains('\n') {
            return Some((&link[..hash], &link[hash + 1..hash + 1 + digits], &after[1..]));
        }
        from = hash + 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn characters_are_counted_in_the_editor_s_unit() {
        let text = "a\r\né🦀b\n";
        let lines = LineIndex::new(text);
        let at = |offset: usize| {
            let utf8 = position(&lines, Encoding::Utf8, offset as u32);
            let utf16 = position(&lines, Encoding::Utf16, offset as u32);
            assert_eq!(utf8.line, utf16.line);
            (utf8.line, utf8.character, utf16.character)
        };
        let b = text.find('b').unwrap();
        assert_eq!(at(0), (0, 0, 0));
        assert_eq!(at(3), (1, 0, 0));
        assert_eq!(at(b), (1, 6, 3));
        // Within the crab, and beyond the end.
        assert_eq!(at(b - 2), (1, 2, 1));
        assert_eq!(at(900), (2, 0, 0));
    }

    #[test]
    fn plain_text_says_the_same_without_markup() {
        let markdown = "`POST /a_b` · asks **or\\_der**\n\nCalled by\n\n- **web** [a (1).ts:3](portolan:web/a%20%281%29.ts#3) and\\[x\\]";
        assert_eq!(plain_text(markdown), "POST /a_b · asks or_der\n\nCalled by\n\n- web a (1).ts:3 and[x]");
    }

    #[test]
    fn links_to_places_are_taken_apart() {
        assert_eq!(place_link("a (b)/c#d.ts#12) and"), Some(("a (b)/c#d.ts", "12", " and")));
        assert_eq!(place_link("a.ts) and #3"), None);
        assert_eq!(place_link("a.ts#)"), None);
    }
}
