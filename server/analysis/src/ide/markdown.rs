//! Markdown for narrow windows: short lines, lists, links to places.
//!
//! Invariant: text of the workspace never becomes markup.

use std::fmt::Write;

use crate::{Place, Snapshot};

/// How many rows of a list are shown.
const MAX_ROWS: usize = 8;

/// A page in the making.
pub(super) struct Page<'a> {
    snapshot: &'a Snapshot,
    out: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, out: String::new() }
    }

    /// A paragraph, already Markdown.
    pub(super) fn paragraph(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push_str("\n\n");
        }
        self.out.push_str(text);
    }

    /// A heading line and a list below it, rows already Markdown; nothing at all for an empty list.
    pub(super) fn list(&mut self, heading: &str, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        self.paragraph(heading);
        self.out.push('\n');
        for row in rows.iter().take(MAX_ROWS) {
            let _ = write!(self.out, "\n- {row}");
        }
        if rows.len() > MAX_ROWS {
            let _ = write!(self.out, "\n- and {} more", rows.len() - MAX_ROWS);
        }
    }

    /// A list whose rows have depths, the outermost 0.
    pub(super) fn tree(&mut self, heading: &str, rows: &[(usize, String)]) {
        if rows.is_empty() {
            return;
        }
        self.paragraph(heading);
        self.out.push('\n');
        for (depth, row) in rows {
            let _ = write!(self.out, "\n{:indent$}- {row}", "", indent = depth * 2);
        }
    }

    /// A link to a place, named by file and line.
    pub(super) fn link(&self, place: Place) -> String {
        let (path, line) = (self.snapshot.files.path(place.file), self.snapshot.files.line(place));
        let name = path.file_name().unwrap_or(path.as_str());
        format!("[{}:{line}](portolan:{}#{line})", escape(name), encode(path.as_str()))
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Text as code.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace(['\n', '\r'], " "))
}

/// Text as text, whatever it holds.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(character);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for character in path.chars() {
        match character {
            ' ' => out.push_str("%20"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '#' => out.push_str("%23"),
            '%' => out.push_str("%25"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            _ => out.push(character),
        }
    }
    out
}
