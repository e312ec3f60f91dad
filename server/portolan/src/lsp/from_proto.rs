//! From the editor's lines and characters to bytes.

use line_index::{LineCol, LineIndex, TextSize, WideEncoding, WideLineCol};
use portolan_analysis::FileId;
use tower_lsp::ls_types::{Position, TextDocumentPositionParams};

use super::session::{Session, View};
use super::to_proto::Encoding;
use super::uri;

/// The file of the world and the byte in it that are meant; `None` for a file that is not read.
pub(super) fn place(view: &View, session: &Session, at: &TextDocumentPositionParams) -> Option<(FileId, u32)> {
    let file = view.file(&uri::path(&at.text_document.uri)?)?;
    Some((file, offset(view.lines(file)?, session.encoding, at.position)))
}

/// The byte at a position; one beyond its line becomes the line's end (before the line feed), one beyond the text the text's end, one within a
/// character the character's start.
pub(super) fn offset(lines: &LineIndex, encoding: Encoding, position: Position) -> u32 {
    let Some(line) = lines.line(position.line) else { return lines.len().into() };
    let has_break = line.end() < lines.len() || lines.try_line_col(lines.len()).is_some_and(|last| last.line > position.line);
    let end = if has_break { line.end() - TextSize::from(1) } else { line.end() };
    let column = match encoding {
        Encoding::Utf8 => Some(position.character),
        Encoding::Utf16 => {
            lines.to_utf8(WideEncoding::Utf16, WideLineCol { line: position.line, col: position.character }).map(|LineCol { col, .. }| col)
        }
    };
    let column = column.unwrap_or(u32::MAX);
    let wanted = u32::from(line.start()).saturating_add(column).min(end.into());
    (u32::from(line.start())..=wanted).rev().find(|offset| lines.try_line_col(TextSize::from(*offset)).is_some()).unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::to_proto::position;
    use super::*;

    #[test]
    fn positions_lead_back_to_their_bytes() {
        let text = "plain\nlet é = \"🦀🦀\"; // e\u{301}\n\nend";
        let lines = LineIndex::new(text);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                assert_eq!(offset(&lines, encoding, position(&lines, encoding, at as u32)), at as u32, "{encoding:?} {at}");
            }
        }
    }

    #[test]
    fn positions_beyond_are_brought_back() {
        let lines = LineIndex::new("ab\né🦀\n");
        let at = |line, character| offset(&lines, Encoding::Utf16, Position::new(line, character));
        assert_eq!(at(0, 99), 2);
        assert_eq!(at(1, u32::MAX), 9);
        // Between the two halves of the crab.
        assert_eq!(at(1, 2), 5);
        assert_eq!(at(2, 5), 10);
        assert_eq!(at(77, 0), 10);
    }
}
